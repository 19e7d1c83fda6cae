/* SPDX-License-Identifier: MIT */
/* xfer/plan.h - what a table holds and where each column goes: found by headings and content, changed
 * by the user, kept as a mapping.
 *
 * A target ("to") is a field of the plan's entity ("name", "phones", "x_area"), of a person's firm
 * ("company.name", "company.inn"), a part of the address ("addresses.city"), or one of
 *   "new"      an own field is made: kind, scale, label
 *   "history"  dated lines become interactions ("12.03.2020 called ... (Maria)")
 *   "skip"     left out
 * and for users "team.name" and "branch.name". A row of a person's plan may give a person with his firm,
 * a person alone or a firm alone.
 */
#pragma once
#include "meta/meta.h"
#include "xfer/look.h"

enum { PLAN_COLUMNS_MAX = 512, PLAN_SAMPLES = 3 };
struct plan_column {
    size_t index;             /* in the row, from 0 */
    str heading, samples[PLAN_SAMPLES];
    size_t n_samples;
    str to;
    int guess;                /* how sure, 0..1000 */
    str kind, label;          /* "new": text, decimal, date */
    int scale;
    bool five;                /* most cells are five digits: what has four lost a nought */
};
struct plan_sheet {
    str name;
    int64_t rows;
    bool used, hidden;        /* used: its rows are imported */
};
struct plan {
    str entity;               /* "person", "company", "user" or any other */
    struct plan_sheet *sheets;
    size_t n_sheets, sheet;   /* sheet: the one whose headings the plan has; others alike may be used, too */
    bool several, asked;      /* more than one is used; one was asked for */
    int64_t header_row;       /* as numbered in the file; 0 = no headings */
    str encoding;             /* "" for workbooks */
    bool encoding_sure;
    char separator;           /* 0 for workbooks */
    bool is_1904;             /* a workbook whose days are counted from 1904 */
    struct plan_column *v;
    size_t n;
    bool history, join;       /* make interactions; join rows with each other and with the base */
    bool nobody;              /* people or firms were looked for, and no column says who a row is about */
};
/* Guesses all columns from headings (row `head` of g, -1: none) and content below. `entity` "" = find out.
 * m may be NULL: then own fields are not known. */
void plan_columns(struct arena *a, const struct meta *m, const struct grid *g, int head, str entity, struct plan *ret);
/* How well the sheet would do as the one to import: for picking one. */
int64_t plan_weight(const struct plan *p, const struct grid *g);
/* The user's mapping (docs/api.md) over a plan that was found: unknown targets and columns are E_INVALID. */
MUST enum err plan_map(struct cx *cx, const struct json *mapping, struct plan *p);
/* Leaves columns out that would go where the asker may not write: a hidden field is nowhere for him. */
void plan_leave_masked(const struct cx *cx, struct plan *p);
/* {"sheets":...,"columns":...,"targets":...} as POST /import/plan answers. */
void plan_json(struct cx *cx, const struct plan *p, struct jw *w);
/* The mapping alone, as plan_map takes it back, for other files of the kind: columns by heading; sheet, header row and
 * encoding are found anew. */
void plan_mapping_json(const struct plan *p, struct jw *w);
/* Settles `nobody` by where the columns go now. */
void plan_look_for_who(struct plan *p);
/* May several columns go there? */
bool plan_target_many(str to);
/* Is this a target for that entity? */
bool plan_target_ok(const struct meta *m, str entity, str to);
