/* SPDX-License-Identifier: MIT */
/* audit/look.c - security events read, newest first. Whatever is asked for, one index leads: a kind's, a user's, an
 * address' rows stand in it by their number, and the rest is looked at row by row; a group of kinds, or by whom and
 * about whom, are several such walks, of which each ends after a page. */
#include "audit/audit_int.h"
#include "audit/event.h"

#include "base/time.h"

#include <stdlib.h>

enum { RARE = 2000, WALK_ROWS = EVENT_PAGE + 1 };
#define PUT_BACK_MS (31 * (int64_t)DAY_MS)
enum walk_by { BY_NUMBER, BY_KIND, BY_WHO, BY_SUBJECT, BY_ADDR };
/* $5: the kind, $6: a user, of whom $8 says as what, $7: the address; whatever is not asked for is '' or 0. */
#define WALK(leads)                                                                                \
    S0("SELECT seq, at, who, api_key, subject, n, kind, addr, way, detail FROM security_event"     \
       " WHERE seq < $1 AND seq >= $2 AND at >= $3 AND at < $4 AND (CAST($5 AS TEXT) = '' OR "     \
       "kind = CAST($5 AS TEXT))"                                                                  \
       " AND (CAST($8 AS BIGINT) = 0 OR (CAST($8 AS BIGINT) = 1 AND who = CAST($6 AS BIGINT))"     \
       " OR (CAST($8 AS BIGINT) = 2 AND subject = CAST($6 AS BIGINT)))"                            \
       " AND (CAST($7 AS TEXT) = '' OR addr = CAST($7 AS TEXT))" leads                             \
       " ORDER BY seq DESC LIMIT 101")
static const str walk_sql[] = {[BY_NUMBER] = WALK(""),
                               [BY_KIND] = WALK(" AND kind = CAST($5 AS TEXT)"),
                               [BY_WHO] = WALK(" AND who = CAST($6 AS BIGINT)"),
                               [BY_SUBJECT] = WALK(" AND subject = CAST($6 AS BIGINT)"),
                               [BY_ADDR] = WALK(" AND addr = CAST($7 AS TEXT)")};
_Static_assert(EVENT_PAGE == 100, "as the LIMIT says, one more to know whether there is more");

struct walk {
    const struct event_query *q;
    str kind;
    int64_t as; /* 1: by whom, 2: about whom, 0: anybody */
    LIST(struct event_row) found;
};

struct event_row event_row_of(struct cx *cx, const struct db_val *v)
{
    return (struct event_row){.seq = v[0].i,
                              .at = v[1].i,
                              .who = v[2].i,
                              .api_key = v[3].i,
                              .subject = v[4].i,
                              .n = v[5].i,
                              .kind = arena_dup(cx->a, v[6].s),
                              .addr = arena_dup(cx->a, v[7].s),
                              .way = arena_dup(cx->a, v[8].s),
                              .detail = arena_dup(cx->a, v[9].s)};
}

static enum err take(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct walk *w = arg;
    if (cols != 10) return E_INTERNAL;
    *LIST_ADD(cx->a, &w->found) = event_row_of(cx, row);
    return E_OK;
}

/* Of a kind there are often few, whoever did it. */
static enum err is_rare(struct cx *cx, str kind, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT count(*) FROM (SELECT 1 AS x FROM security_event WHERE kind = $1 LIMIT "
                 "2000) AS few",
                 V(kind)));
    static_assert(RARE == 2000, "as the LIMIT says");
    *ret = db_int(&r, 0, 0) < RARE;
    return E_OK;
}

static enum err leader(struct cx *cx, const struct walk *w, enum walk_by *ret)
{
    bool rare = w->kind.n > 0, other = w->as || w->q->addr.n;
    if (w->kind.n && other) TRY(is_rare(cx, w->kind, &rare));
    *ret = rare           ? BY_KIND
           : w->as == 1   ? BY_WHO
           : w->as == 2   ? BY_SUBJECT
           : w->q->addr.n ? BY_ADDR
                          : BY_NUMBER;
    return E_OK;
}

/* A number is no older than its row's time, and hardly more than a month younger: the clock may have been put back. */
enum err event_walk_of(struct cx *cx, const struct event_query *q, str kind, int64_t as,
                       str *ret_sql, struct db_val ret[EVENT_WALK_VALUES])
{
    struct walk w = {.q = q, .kind = kind, .as = as};
    enum walk_by by = BY_NUMBER;
    TRY(leader(cx, &w, &by));
    int64_t below = q->before ? q->before : INT64_MAX, to = q->to ? q->to : INT64_MAX;
    int64_t last = q->to && q->to < INT64_MAX - PUT_BACK_MS ? id_first(q->to + PUT_BACK_MS) : INT64_MAX;
    const struct db_val v[EVENT_WALK_VALUES] = {V(below < last ? below : last),
                                                V(id_first(q->from)),
                                                V(q->from),
                                                V(to),
                                                V(kind),
                                                V(q->who),
                                                V(q->addr),
                                                V(as)};
    memcpy(ret, v, sizeof v);
    *ret_sql = walk_sql[by];
    return E_OK;
}

static enum err walk(struct cx *cx, struct walk *w)
{
    struct db_val v[EVENT_WALK_VALUES];
    str sql = {0};
    TRY(event_walk_of(cx, w->q, w->kind, w->as, &sql, v));
    return db_each(cx, sql, v, COUNT(v), take, w);
}

/* By whom, and about whom: a row that is both comes twice. */
static enum err walks_of_kind(struct cx *cx, struct walk *w, str kind)
{
    w->kind = kind;
    w->as = w->q->who ? 1 : 0;
    TRY(walk(cx, w));
    if (!w->q->who) return E_OK;
    w->as = 2;
    return walk(cx, w);
}

static int newest_first(const void *x, const void *y)
{
    const struct event_row *a = x, *b = y;
    return (a->seq < b->seq) - (a->seq > b->seq);
}

enum err event_list(struct cx *cx, const struct event_query *q, struct event_row **ret,
                    size_t *ret_n, int64_t *ret_next)
{
    struct walk w = {.q = q};
    size_t n = 0;
    if (!q->kind.n) TRY(walks_of_kind(cx, &w, S("")));
    for (size_t k = 0; q->kind.n && k < EVENT_N; k++)
        if (event_is_of(q->kind, event_kinds[k].name))
            TRY(walks_of_kind(cx, &w, event_kinds[k].name));
    if (w.found.n) qsort(w.found.v, w.found.n, sizeof *w.found.v, newest_first);
    struct event_row *v = NEW_N(cx->a, struct event_row, EVENT_PAGE + 1);
    for (size_t i = 0; i < w.found.n && n < WALK_ROWS; i++)
        if (!n || w.found.v[i].seq != v[n - 1].seq) v[n++] = w.found.v[i];
    *ret = v;
    *ret_n = n < EVENT_PAGE ? n : EVENT_PAGE;
    *ret_next = n > EVENT_PAGE ? v[EVENT_PAGE - 1].seq : 0;
    return E_OK;
}
