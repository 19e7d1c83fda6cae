/* SPDX-License-Identifier: MIT */
/* xfer/look.h - what the cells of a column look like: counts of a sample, without any parser's exactness.
 *
 * Used for guessing alone: what a cell really means is decided in xfer/row.h. Pure.
 */
#pragma once
#include "base/base.h"
#include "fmt/cell.h"

/* The first rows of a table, copied into an arena. */
struct grid {
    const struct cell_row *row;
    size_t n, columns;
};
struct look {
    size_t n;        /* cells that hold something */
    size_t phone, mail, date, number, tax, history, firm, person, serial, whole, five, heading;
    size_t distinct; /* among the first LOOK_DISTINCT */
    int decimals;    /* most digits behind the mark */
};
enum { LOOK_DISTINCT = 64, GRID_ROWS = 400, GRID_CELL_MAX = 400 };
/* Rows [from, g->n) of column `c`. */
struct look look_column(struct arena *a, const struct grid *g, size_t from, size_t c);
/* At least `percent` of the cells. */
bool look_mostly(const struct look *l, size_t count, size_t percent);
bool look_is_date(str s);    /* 12.03.2020, 1.2.99, 2020-03-12 */
bool look_is_history(str s); /* begins with a date and goes on with words */
/* The row (index into g) with the headings, and how sure (0..1000). -1: the first row holds data already. */
int look_header(struct arena *a, const struct grid *g, int *ret_score);
