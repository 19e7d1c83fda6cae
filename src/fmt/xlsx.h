/* SPDX-License-Identifier: MIT */
/* fmt/xlsx.h - reading Excel workbooks (ECMA-376) row by row.
 *
 * Only the sheet's rows are streamed; what the cells point to (shared strings, formats) is held.
 * A hostile file meets: no DTD and so no entities, limits on entries, on unpacked bytes and on the
 * ratio of packing, names of the archive used only to find parts, nothing written anywhere.
 */
#pragma once
#include "fmt/cell.h"

enum {
    XLSX_UNPACKED_MAX = 200 << 20, /* bytes of all parts that are read for one sheet */
    XLSX_RATIO_MAX = 100,          /* unpacked to packed, above the first MiB */
    XLSX_ENTRIES_MAX = 10000,
    XLSX_SHEETS_MAX = 1024,
    XLSX_STRINGS_MAX = 4 << 20,    /* shared strings */
    XLSX_COLUMNS_MAX = 16384,
    XLSX_ROWS_MAX = 1048576,
    XLSX_CELL_MAX = 1 << 20, /* bytes of one cell */
    XLSX_ROW_MAX = 8 << 20,
    XLSX_MERGES_MAX = 100000,
};

struct xlsx_sheet {
    str name;
    bool hidden;
};
struct xlsx;
/* E_TYPE: no XLSX, and the message says what it is instead (old .xls, password, OpenDocument, some
 * zip). E_INVALID: an XLSX that is cut off or broken. E_LIMIT: a limit above. */
MUST enum err xlsx_open(struct cx *cx, const char *path, struct xlsx **ret);
/* The bytes stay the caller's and must outlive the reader. */
MUST enum err xlsx_open_bytes(struct cx *cx, str bytes, struct xlsx **ret);
/* Sheets in the order of the workbook; charts are not listed. */
size_t xlsx_sheets(const struct xlsx *x);
bool xlsx_is_1904(const struct xlsx *x); /* days are counted from 1904, not from 1900 */
struct xlsx_sheet xlsx_sheet(const struct xlsx *x, size_t i);
/* Starts sheet i from its top; may be called again and again. */
MUST enum err xlsx_pick(struct cx *cx, struct xlsx *x, size_t i);
/* The next row that stands in the file. Empty cells behind the last one with content or formula are
 * left out, so a row of nothing but formats has n = 0. A damaged file may show itself (CRC) only
 * at its last row. */
MUST enum err xlsx_next(struct cx *cx, struct xlsx *x, struct cell_row *ret, bool *ret_more);
/* Merged ranges like "A1:C1" of the picked sheet: they stand behind the rows, so they are known
 * when xlsx_next has told the end. */
const str *xlsx_merges(const struct xlsx *x, size_t *ret_n);
void xlsx_close(struct xlsx **x);
