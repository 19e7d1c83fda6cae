/* SPDX-License-Identifier: MIT */
/* usage/usage.h - who works when and where: what the server itself counts of people's requests, by user, hour and area.
 *
 * A request costs a few dozen nanoseconds: counts stay in memory and a thread adds them to the table `user_hour` every
 * USAGE_FLUSH_MS. What a killed process had not written yet is lost; nothing else depends on it. No address, no record
 * and no text is kept.
 */
#pragma once
#include "base/base.h"
#include "db/db.h"

enum { USAGE_FLUSH_MS = 15000, USAGE_AREA_MAX = 63, USAGE_DAYS_MIN = 1, USAGE_DAYS_MAX = 1100, USAGE_DAYS = 400 };
struct usage; /* one per process */
/* Reads the rules and begins to write; `b` outlives it. */
MUST enum err usage_start(struct cx *cx, struct dbase *b, struct usage **ret);
void usage_stop(struct usage **u); /* writes what is left; takes NULL */

/* One request of this user at that time. `area`: a word, cut at USAGE_AREA_MAX bytes. Any thread; never waits for the
 * database. Nothing is counted when the rules say so, or `u` is NULL. */
void usage_count(struct usage *u, int64_t user, int64_t at_ms, str area, bool is_action);
/* Adds what was counted so far to the table, and follows the rules that another server may have set. */
MUST enum err usage_flush(struct cx *cx, struct usage *u);

/* ---- the rules: setting "usage" ---- */
struct usage_rules {
    bool on;
    int days; /* kept so long */
};
MUST enum err usage_rules_get(struct cx *cx, struct usage_rules *ret);
/* E_INVALID at "days". From now on; here at once, in other servers of the same database within USAGE_FLUSH_MS. */
MUST enum err usage_rules_set(struct cx *cx, struct usage *u, const struct usage_rules *r);
/* All counts are thrown away, also those that are not written yet. */
MUST enum err usage_forget(struct cx *cx, struct usage *u);
/* Counts that are older than the rules keep. */
MUST enum err usage_tidy(struct cx *cx);

/* ---- reading ---- */
struct usage_row {
    int64_t user, hour; /* hours since 1970, UTC */
    str area;
    int64_t pages, actions;
};
/* Users with counts in [from, to) hours, ids above `after`, in their order: at most max. */
MUST enum err usage_users(struct cx *cx, int64_t from, int64_t to, int64_t after, int64_t *ids, size_t max,
                          size_t *ret_n);
/* All rows of the users with ids in [first, last], ordered by user, hour, area. */
MUST enum err usage_rows(struct cx *cx, int64_t from, int64_t to, int64_t first, int64_t last, struct usage_row **ret,
                         size_t *ret_n);
