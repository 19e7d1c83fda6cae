/* SPDX-License-Identifier: MIT */
/* xfer/source.h - a file that is being imported: opened, planned, and read row by row from below its
 * headings. Counts rows as a person sees them: empty ones between others too.
 */
#pragma once
#include "fmt/table.h"
#include "xfer/plan.h"

struct source_opt {
    str path;          /* the file */
    str entity;        /* "" = find out */
    const struct json *mapping; /* or NULL; may also name sheet, header_row, encoding, separator */
    int64_t sheet;     /* -1 = the best one */
};
struct source_span;    /* cells merged downwards: what rows share */
struct source {
    struct table *table;
    struct plan plan;
    int64_t last;      /* number of the row read before */
    int64_t skip_empty;/* empty rows still to tell of */
    bool is_xlsx, has_row;
    struct cell_row next;
    struct source_span *spans; /* of the picked sheet, by column, then row */
    size_t n_spans;
    size_t span_at;        /* the next one */
    struct source_span **now; /* by column */
    struct cell *filled;   /* the row at hand with them */
    struct arena *own;     /* their texts: cx->a may be wound back between rows */
};
/* Everything lives in cx->a. Errors as table_open; E_INVALID: the mapping does not fit. */
MUST enum err source_open(struct cx *cx, const struct source_opt *o, struct source *ret);
/* The next row below the headings. An empty row has n = 0. */
MUST enum err source_next(struct cx *cx, struct source *s, struct cell_row *ret, bool *ret_more);
MUST enum err source_rewind(struct cx *cx, struct source *s);
void source_close(struct source *s);
