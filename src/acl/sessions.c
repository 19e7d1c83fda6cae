/* SPDX-License-Identifier: MIT */
/* acl/sessions.c - who is in no more. */
#include "acl/sessions.h"

#include "meta/sql.h"

/* " WHERE ..." of them, with more on request: only those that are open. */
static struct sql those(struct cx *cx, const char *begin, const struct sessions_of *x, bool open)
{
    struct sql q = sql_new(cx);
    assert(x->user || x->idp || x->addr.n);
    buf_add(&q.text, str_from(begin));
    sql_lit(&q, " FROM session WHERE ");
    if (x->user) sql_lit(&q, "user_id = "), sql_val(cx, &q, V(x->user));
    if (x->idp && x->user) sql_lit(&q, " AND ");
    if (x->idp) sql_lit(&q, "idp = "), sql_val(cx, &q, V(x->idp));
    if (x->addr.n) sql_lit(&q, "addr = "), sql_val(cx, &q, V(x->addr));
    if (x->but.n) sql_lit(&q, " AND substr(token, 1, 16) <> "), sql_val(cx, &q, V(x->but));
    if (!open) return q;
    sql_lit(&q, " AND expires_at > ");
    sql_val(cx, &q, V(cx->now_ms));
    sql_lit(&q, " AND seen_at > ");
    sql_val(cx, &q, V(cx->now_ms - SESSION_IDLE_MS));
    sql_lit(&q, " GROUP BY user_id ORDER BY user_id");
    return q;
}

enum err sessions_end(struct cx *cx, const struct sessions_of *x, enum event_code why)
{
    struct db_rows r = {0};
    struct sql open = those(cx, "SELECT user_id, count(*)", x, true), all = those(cx, "DELETE", x, false);
    TRY(sql_run(cx, &open, &r, NULL));
    for (size_t i = 0; i < r.n; i++) {
        struct event e = {.kind = EVENT_SESSION_ENDED,
                          .subject = db_int(&r, i, 0),
                          .n = db_int(&r, i, 1),
                          .detail = event_coded(cx, why)};
        TRY(event_put(cx, &e));
    }
    return sql_run(cx, &all, NULL, NULL);
}
