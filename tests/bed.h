/* SPDX-License-Identifier: MIT */
/* tests/bed.h - a database with the whole description on either engine, for tests of rooms above `db`. */
#pragma once
#include "meta/meta.h"
#include "t.h"

struct bed {
    str folder;
    struct cx cx;          /* ready: db, meta, clock; the system itself (acl NULL) */
    struct dbase *b;
    struct meta *m;
};
/* pg: KONTOR_TEST_PG names a server; else SQLite in a temporary folder. */
struct bed bed_make(bool pg);
void bed_end(struct bed *t);
/* Reads the description again (own fields were added). */
void bed_reload(struct bed *t);
/* PostgreSQL: until every row of the log is final (db_changes), which transactions of other databases of the same server
 * may put off. */
void bed_settle(struct bed *t);
/* Runs fn on SQLite and, when KONTOR_TEST_PG is set, on PostgreSQL; each on a bed of its own. */
void bed_both(void (*fn)(struct bed *t));
