/* SPDX-License-Identifier: MIT */
/* xfer/import_int.h - what import.c, decide.c, apply.c and report.c share. */
#pragma once
#include "base/map.h"
#include "base/tr.h"
#include "xfer/import.h"
#include "xfer/join.h"

/* A record to be written: made, or found again and filled up. */
struct step {
    const struct entity *e;
    int64_t id;
    bool is_new;           /* else merge */
    bool in_file;          /* the record came from an earlier row: amounts add up */
    bool is_main;          /* its refusal is the row's */
    struct set *s;
    size_t n;
    const struct row *row; /* history of the main op */
    int64_t firm;          /* link for the history */
    size_t outcome;        /* index into slice.v */
    int64_t print;         /* of a row to be known again by nothing else; 0 = none */
};
struct outcome {           /* of one row */
    struct row row;
    str sheet;             /* the plan's; "" when there is but one */
    enum fate fate;
    str title, why;        /* why: English, "" none */
    str *texts;            /* the row's cells, when they will be needed in the file of refused rows */
    size_t n_texts;
    bool is_same;          /* as above: the name is merged over the rows */
    bool unsure, is_main_new, by_write; /* by_write: whether it is changed or joined, the write tells */
    enum fate decided;     /* before the write, which may run twice */
    str decided_why;
};
struct slice {
    struct arena *a;
    LIST(struct step) ops;
    LIST(struct outcome) v;
    int64_t done;          /* position after it */
    int64_t made, companies, groups, interactions; /* counted while writing */
};
struct names {             /* all records of a small entity by folded name */
    const struct entity *e;
    struct map by_name;    /* -> int64_t* */
};
struct report;
struct import {
    struct cx *cx;
    const struct import_opt *o;
    struct import_result *ret;
    struct source src;
    struct row_plan *rp;
    const struct entity *main, *company;
    struct joiner *joiner;
    struct names groups, teams, branches, users;
    struct report *report;
    struct slice slice;
    int64_t fake_id;       /* dry run: records that will never be */
    int64_t sums[PLAN_COLUMNS_MAX]; /* of the adding columns, by place in the plan */
    str sums_of;           /* the sheet they are of: each has totals of its own */
    size_t total_at[PLAN_COLUMNS_MAX]; /* its entry in ret->totals, from 1; 0 = none yet */
    struct arena *keep;    /* lives as long as the import; nobody else's marks go back in it */
    struct arena *out;     /* the caller's: what the result holds */
    int64_t writer_us;     /* what the slice before took inside of the writer */
    struct joined above;   /* whom the row before was about: a merged name goes on with him */
    bool base_has_people;
    bool again;            /* the row was written by an earlier run of this batch */
    bool careful;          /* each write in a savepoint: after one has failed in this slice */
};

/* ---- decide.c: a row to its ops; reads the base, writes nothing ---- */
MUST enum err names_load(struct import *im, str entity, struct names *ret);
MUST enum err row_decide(struct import *im, struct outcome *o);
/* ---- known.c ---- */
/* `beside`: the print of the row that this one stands in, 0 = none. 0: it has none. */
int64_t row_print(struct cx *cx, const struct row *r, int64_t beside);
/* Who was made of such a row by another batch than that; *ret stays as it is when nobody was, or he is gone. */
MUST enum err row_known(struct cx *cx, int64_t print, int64_t but_batch, struct joined *ret);
MUST enum err row_remember(struct cx *cx, int64_t print, int64_t record); /* inside db_write */
/* ---- apply.c ---- */
/* What a row brings to a record that is there: sets that change something. */
size_t merge_sets(struct cx *cx, const struct record *now, const struct step *step,
                  const struct row_plan *rp, struct set *ret);
/* Inside db_write_bulk. Quick first, without savepoints: a row's fault then fails the slice, and it is done again
 * with `careful`, where it fails that row alone. */
MUST enum err slice_apply(struct cx *cx, void *im);
bool import_is_rows_fault(enum err e);
MUST enum err slice_rehearse(struct import *im);    /* dry: only tells joined from changed */
/* ---- report.c ---- */
MUST enum err report_new(struct import *im, struct report **ret);
MUST enum err report_row(struct import *im, struct outcome *o);
MUST enum err report_end(struct import *im, bool ok);
