/* SPDX-License-Identifier: MIT */
/* fmt/xlsx_put.h - writing one sheet to a file, row by row, in flat memory.
 *
 * Texts are written as inline strings, never as formulas, so nothing a customer typed can run.
 * The file is made whole by xlsx_put_end alone; before it there is no file, or a useless one.
 */
#pragma once
#include "fmt/cell.h"

enum { XLSX_TEXT_MAX = 32767 }; /* UTF-16 units that Excel allows in a cell */

struct xlsx_column {
    str title;
    int width;      /* in characters; 0 = Excel's default */
    int decimals;   /* for CELL_NUMBER: -1 = as they come, else a fixed number, 0 to 6 */
};
struct xlsx_put;
/* Writes the header (bold, frozen, with a filter). `tmpdir` holds the rows until the end, "" = the
 * system's. `sheet` is cut to 31 characters and freed of []:*?/\. */
MUST enum err xlsx_put_new(struct cx *cx, const char *path, str tmpdir, str sheet,
                           const struct xlsx_column *columns, size_t n, struct xlsx_put **ret);
/* One row: kind and text of each cell. CELL_DATE, CELL_DATETIME and CELL_TIME as in fmt/cell.h;
 * a date that Excel cannot hold (before 1900), a number with more than 15 digits and a text that is no
 * number are written as text. Longer texts than XLSX_TEXT_MAX are cut and counted.
 * E_LIMIT: the sheet is full. */
MUST enum err xlsx_put_row(struct cx *cx, struct xlsx_put *x, const struct cell *cells, size_t n);
/* Finishes the file and closes. *ret_cut: texts that were cut. */
MUST enum err xlsx_put_end(struct cx *cx, struct xlsx_put **x, int64_t *ret_cut);
/* Gives up: no file is written. Accepts NULL and what xlsx_put_end has closed. */
void xlsx_put_drop(struct xlsx_put **x);
