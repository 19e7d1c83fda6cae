/* SPDX-License-Identifier: MIT */
/* backup/move.h - a whole installation from one database into another, with proof.
 *
 * SQLite and PostgreSQL in any direction. The source is read in one snapshot; the target is brought to
 * this program's schema and filled in batches. Then both sides are counted and summed: for each table the
 * sum (modulo 2^64, in two lanes) of the SHA-256 of every row's values, which no order and no engine changes.
 * Left behind: sessions (everybody logs in again) and what is an engine's own (transaction numbers, index
 * of the search text, which is built anew).
 */
#pragma once
#include "base/json.h"
#include "db/db.h"

struct table_sum {
    int64_t rows;
    uint64_t sum[2];
};
struct move_table {
    str table;
    struct table_sum from, to;
};
struct move_report {
    bool from_pg, to_pg, equal;
    const struct move_table *tables;
    size_t n_tables;
    int64_t rows, last_seq, ms;
    str unlike; /* the first table that differs, "" when equal */
};
struct move_opts {
    void (*progress)(void *arg, str table, int64_t rows); /* may be NULL; rows of this table so far */
    void *arg;
};
/* cx needs an arena alone. The target has no tables at all, or those of db_migrate without a row (else
 * E_PRECOND). The source must have this program's schema (E_PRECOND: upgrade first). A move that fails
 * leaves the target unfinished: drop it. Differing sums are E_INTERNAL with *ret filled. Nobody may write
 * to the target meanwhile; who writes to the source is not in the copy. */
MUST enum err move_run(struct cx *cx, struct dbase *from, struct dbase *to, const struct move_opts *o,
                       struct move_report *ret);
void move_json(struct cx *cx, const struct move_report *r, struct jw *w);
