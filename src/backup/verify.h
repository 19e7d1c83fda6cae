/* SPDX-License-Identifier: MIT */
/* backup/verify.h - is everything in order? Each finding says where, how many, an example, and what to do.
 *
 * Looks at one snapshot and changes nothing: pages and indexes (SQLite), the schema, contact points and links
 * whose record is gone, links to records that are gone, search text against living records and against what was
 * written, roll-ups against a recount, the log's order, each record's version against the log's last word on it, and
 * each record's values against the numbers that were written with them (record/sums.h).
 */
#pragma once
#include "base/json.h"
#include "db/db.h"

enum { VERIFY_IDS = 20 };
struct finding {
    str what, where;   /* "rollup", "company.people_count" */
    int64_t n, sample; /* rows at fault; one of their ids, 0 = none */
    bool bad;          /* false: odd, but nothing is lost or wrong */
    str text, todo;    /* for a person, in English */
    int64_t ids[VERIFY_IDS]; /* the first of them, where each is named */
    size_t n_ids;
};
struct verify_report {
    bool ok;           /* nothing bad */
    str engine;
    int schema;
    int64_t last_seq, ms, checks;
    const struct finding *v;
    size_t n;
};
/* Told how many records were looked through; may be NULL. */
struct verify_watch {
    void (*progress)(void *arg, int64_t done, int64_t total);
    void *arg;
};
/* The base as it is. cx needs an arena and now_ms. Raise statement_timeout_ms for a large PostgreSQL. watch may be
 * NULL. */
MUST enum err verify_base(struct cx *cx, struct dbase *b, const struct verify_watch *watch, struct verify_report *ret);
/* A data folder (kontor.db in it, in use or not) or a backup's .db file with its list and attachments. Damage is
 * a finding, not an error. E_NOTFOUND: neither is there. */
MUST enum err verify_path(struct cx *cx, str path, const struct verify_watch *watch, struct verify_report *ret);
/* One more finding, in cx->a. */
void verify_add(struct cx *cx, struct verify_report *r, const struct finding *f);
void verify_json(const struct verify_report *r, struct jw *w);
void verify_text(const struct verify_report *r, struct buf *b);
