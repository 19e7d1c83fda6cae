/* SPDX-License-Identifier: MIT */
/* fmt/csv_int.h - the row cutter, shared by the reader and by the search for the separator. */
#pragma once
#include "fmt/csv.h"

enum csv_at { AT_START, AT_BARE, AT_QUOTED, AT_QUOTE };
/* Cuts rows out of blocks; knows no source and no encoding. */
struct csv_cut {
    struct arena *a;  /* pool and ends grow here */
    char sep, quote;  /* quote 0: none */
    enum csv_at at;
    bool had_cr;      /* a LF at the next place belongs to it */
    bool in_row;      /* something of this row was seen */
    bool quoted;      /* it has a quoted cell: not blank even when that is empty */
    int64_t line, row_line, quote_line;
    char *pool;
    size_t n, cap, cell_from; /* bytes of the row so far, where this cell began */
    size_t *ends;
    size_t cells, cells_cap;
};
/* Goes on from *pos in `text`; *ret_row true: a row is complete in pool and ends. Else the text is
 * used up. */
MUST enum err csv_cut(struct cx *cx, struct csv_cut *c, str text, size_t *pos, bool *ret_row);
/* At the end of the file: the last row without line end. */
MUST enum err csv_cut_end(struct cx *cx, struct csv_cut *c, bool *ret_row);
void csv_cut_clear(struct csv_cut *c); /* forgets the row that was delivered */
bool csv_cut_blank(const struct csv_cut *c);
/* The separator of this head of a file, ';' when there is none. `whole`: nothing follows. */
char csv_find_sep(struct cx *cx, str head, bool whole, char quote, size_t *ret_columns);
size_t csv_count_columns(struct cx *cx, str head, bool whole, char sep, char quote);
