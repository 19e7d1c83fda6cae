/* SPDX-License-Identifier: MIT */
/* fmt/table.h - one face over CSV and XLSX, so that an import need not know which it reads.
 *
 * What the file is, its first bytes say, never its name. Old .xls, OpenDocument, password-protected
 * and unknown files give E_TYPE with a message that says what to do.
 */
#pragma once
#include "fmt/cell.h"

enum table_kind { TABLE_CSV, TABLE_XLSX };
struct table_opt {
    str lang;       /* of the user: settles short CSV texts */
    str charset;    /* CSV, fmt/charset.h; "" = guess */
    char sep;       /* CSV; 0 = guess */
    bool no_quotes; /* CSV: '"' is an ordinary character */
};
struct table_look {
    enum table_kind kind;
    str charset;       /* CSV, else "" */
    bool charset_sure; /* false: ask the user with a preview */
    char sep;          /* CSV, else 0 */
    bool is_1904;      /* XLSX: its days are counted from 1904 */
    size_t columns;    /* CSV: of most rows; else 0 */
};
struct table_sheet {
    str name; /* "" for CSV */
    bool hidden;
};

struct table;
/* The first visible sheet is picked already. Errors as xlsx_open and csv_open. */
MUST enum err table_open(struct cx *cx, const char *path, const struct table_opt *opt,
                         struct table **ret);
/* The bytes stay the caller's and must outlive the table. */
MUST enum err table_open_bytes(struct cx *cx, str bytes, const struct table_opt *opt,
                               struct table **ret);
struct table_look table_look(const struct table *t);
size_t table_sheets(const struct table *t); /* at least 1 */
struct table_sheet table_sheet(const struct table *t, size_t i);
/* Starts sheet i from its top, also once more. */
MUST enum err table_pick(struct cx *cx, struct table *t, size_t i);
/* The next row; *ret_more false at the end. Empty cells behind the last one with content are left
 * out: a row of formats or separators alone has n = 0, a blank line is no row at all. After an
 * error only pick and close are allowed. */
MUST enum err table_next(struct cx *cx, struct table *t, struct cell_row *ret, bool *ret_more);
/* Bytes so far that were not valid in the CSV's encoding. */
int64_t table_bad(const struct table *t);
/* XLSX, once the end was told: merged ranges like "A1:C1". */
const str *table_merges(const struct table *t, size_t *ret_n);
void table_close(struct table **t);
