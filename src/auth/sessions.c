/* SPDX-License-Identifier: MIT */
/* auth/sessions.c - who is in: sessions listed and ended. In lists a session goes by the beginning of its hash. */
#include "auth/auth_int.h"
#include "auth/limits.h"

enum { KEY_CHARS = 16 };

str auth_session_key(struct cx *cx, str token) { return str_cut(token_hash(cx, token), 0, KEY_CHARS); }

enum err auth_sessions(struct cx *cx, int64_t user, struct session_row **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT substr(token, 1, 16), user_id, created_at, seen_at, addr, agent FROM session"
                 " WHERE ($1 = 0 OR user_id = $2) AND expires_at > $3 AND seen_at > $4 AND stage = 0"
                 " ORDER BY seen_at DESC, token LIMIT 1000",
                 V(user), V(user), V(cx->now_ms), V(cx->now_ms - SESSION_IDLE_MS)));
    struct session_row *v = NEW_N(cx->a, struct session_row, r.n + 1);
    for (size_t i = 0; i < r.n; i++)
        v[i] = (struct session_row){.key = db_str(&r, i, 0),
                                    .user = db_int(&r, i, 1),
                                    .created_at = db_int(&r, i, 2),
                                    .seen_at = db_int(&r, i, 3),
                                    .addr = db_str(&r, i, 4),
                                    .agent = db_str(&r, i, 5)};
    *ret = v;
    *ret_n = r.n;
    return E_OK;
}

/* ---- ended ---- */
struct ended {
    int64_t user, n;
    str key;
};

static enum err one_end(struct cx *cx, void *arg)
{
    struct ended *e = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT user_id FROM session WHERE substr(token, 1, 16) = $1 LIMIT 1", V(e->key)));
    TRY(db_exec(cx, &e->n, "DELETE FROM session WHERE substr(token, 1, 16) = $1 AND ($2 = 0 OR user_id = $3)",
                V(e->key), V(e->user), V(e->user)));
    if (!e->n) return E_OK;
    struct event told = {
        .kind = EVENT_SESSION_ENDED, .subject = db_int(&r, 0, 0), .detail = event_coded(cx, EVENT_WHY_HAND)};
    return event_put(cx, &told);
}

enum err auth_session_end(struct cx *cx, int64_t user, str key)
{
    struct ended e = {.user = user, .key = key};
    if (key.n == KEY_CHARS) TRY(db_write(cx, one_end, &e));
    return e.n ? E_OK : fail(cx, E_NOTFOUND, "There is no such session");
}

static enum err others_end(struct cx *cx, void *arg)
{
    const struct ended *e = arg;
    return sessions_end(cx, &(struct sessions_of){.user = e->user, .but = e->key}, EVENT_WHY_HAND);
}

enum err auth_sessions_end(struct cx *cx, int64_t user, str but)
{
    struct ended e = {.user = user, .key = but};
    return db_write(cx, others_end, &e);
}
