/* SPDX-License-Identifier: MIT */
/* backup/verify.h - is everything in order? Each finding says where, how many, an example, and what to do.
 *
 * Looks at one snapshot and changes nothing: pages and indexes (SQLite), the schema, contact points and links
 * whose record is gone, links to records that are gone, search text against living records, roll-ups against
 * a recount, the log's order, and each record's version against the log's last word on it.
 */
#pragma once
#include "base/json.h"
#include "db/db.h"

struct finding {
    str what, where;   /* "rollup", "company.people_count" */
    int64_t n, sample; /* rows at fault; one of their ids, 0 = none */
    bool bad;          /* false: odd, but nothing is lost or wrong */
    str text, todo;    /* for a person, in English */
};
struct verify_report {
    bool ok;           /* nothing bad */
    str engine;
    int schema;
    int64_t last_seq, ms, checks;
    const struct finding *v;
    size_t n;
};
/* The base as it is. cx needs an arena and now_ms. Raise statement_timeout_ms for a large PostgreSQL. */
MUST enum err verify_base(struct cx *cx, struct dbase *b, struct verify_report *ret);
/* A data folder (kontor.db in it, in use or not) or a backup's .db file with its list and attachments. Damage is
 * a finding, not an error. E_NOTFOUND: neither is there. */
MUST enum err verify_path(struct cx *cx, str path, struct verify_report *ret);
void verify_json(const struct verify_report *r, struct jw *w);
void verify_text(const struct verify_report *r, struct buf *b);
