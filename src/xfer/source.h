/* SPDX-License-Identifier: MIT */
/* xfer/source.h - a file that is being imported: opened, planned, and read row by row from below its
 * headings. Counts rows as a person sees them: empty ones between others too.
 *
 * A workbook may hold one table in several sheets (one for each year, town, manager): unless one sheet is asked for,
 * all visible ones whose headings are those of the best one are read, one after the other, whatever order their columns
 * have.
 */
#pragma once
#include "fmt/table.h"
#include "xfer/plan.h"

struct source_opt {
    str path;          /* the file */
    str entity;        /* "" = find out */
    const struct json *mapping; /* or NULL; may also name sheet, header_row, encoding, separator */
    int64_t sheet;     /* -1 = the best one, and those like it */
};
enum { SOURCE_NOWHERE = SIZE_MAX };
struct source_span {   /* cells merged downwards: what rows share */
    size_t column;     /* of the plan */
    int64_t from, to;
    struct cell held;  /* what stands in its first row, once read */
};
struct source_part {   /* a sheet that is read */
    size_t sheet, columns; /* columns: of the sheet, those behind are not looked at */
    int64_t header_row;
    const size_t *place;   /* its columns' places in the plan, SOURCE_NOWHERE; NULL = as they stand */
    struct source_span *spans; /* by row */
    size_t n_spans;
};
struct source {
    struct table *table;
    struct plan plan;
    int64_t last;      /* number of the row read before */
    int64_t skip_empty;/* empty rows still to tell of */
    bool is_xlsx, has_row;
    bool is_same;      /* the row read last has its name from a merged cell: it is about whom the one above is */
    struct cell_row next;
    struct source_part *parts; /* in the workbook's order */
    size_t n_parts, part;  /* part: the one that is read */
    struct cell *placed;   /* the row at hand, its cells where the plan has them */
    size_t span_at;        /* the next span */
    struct source_span **now; /* by column */
    struct cell *filled;   /* the row at hand with them */
    struct arena *own;     /* their texts: cx->a may be wound back between rows */
};
/* Everything lives in cx->a. Errors as table_open; E_INVALID: the mapping does not fit. */
MUST enum err source_open(struct cx *cx, const struct source_opt *o, struct source *ret);
/* The next row below the headings. An empty row has n = 0. */
MUST enum err source_next(struct cx *cx, struct source *s, struct cell_row *ret, bool *ret_more);
MUST enum err source_rewind(struct cx *cx, struct source *s);
/* The sheet of the row read last; "" when there is but one to read. */
str source_sheet(const struct source *s);
void source_close(struct source *s);
