/* SPDX-License-Identifier: MIT */
/* audit/event.c - security events: written and read. */
#include "audit/event.h"

#include "base/json.h"

const str event_name[EVENT_N] = {
#define X(id, name) S0(name),
    EVENT_KINDS(X)
#undef X
};

static bool is_of(str kind, str name) /* the kind itself, or its group */
{
    return str_has_prefix(name, kind) && (name.n == kind.n || name.p[kind.n] == '.');
}

enum err event_kind_check(struct cx *cx, str kind)
{
    for (size_t i = 0; kind.n && i < EVENT_N; i++)
        if (is_of(kind, event_name[i])) return E_OK;
    return kind.n ? fail_at(cx, E_INVALID, S("kind"), "There is nothing of this name") : E_OK;
}

/* ---- writing ---- */
str event_detail(struct cx *cx, str key, str value)
{
    struct buf b = buf_new(cx->a, EVENT_DETAIL_MAX);
    struct jw w = jw_new(&b);
    if (!utf8_valid(value)) value = S("?");
    jw_obj(&w);
    jw_kstr(&w, key, utf8_cut(value, EVENT_VALUE_MAX));
    jw_obj_end(&w);
    return b.full ? S("") : buf_str(&b);
}

/* Who looks as somebody else does so himself; as whom stands beside it. */
static str detail_of(struct cx *cx, const struct event *e)
{
    bool none = e->detail.n < 3 || e->detail.n > EVENT_DETAIL_MAX;
    if (!cx->real || e->who) return e->detail.n <= EVENT_DETAIL_MAX ? e->detail : S("");
    str own = none ? S("") : str_cut(e->detail, 1, e->detail.n - 1); /* without its braces */
    str all = arena_fmt(cx->a, "{\"as\":\"%" PRId64 "\"%s%.*s}", cx->who.user, none ? "" : ",", FS(own));
    return all.n <= EVENT_DETAIL_MAX ? all : arena_fmt(cx->a, "{\"as\":\"%" PRId64 "\"}", cx->who.user);
}

static enum err insert(struct cx *cx, const struct event *e, int64_t seq)
{
    int64_t who = e->who ? e->who : cx->real ? cx->real : cx->who.user;
    str addr = utf8_cut(e->addr.n ? e->addr : cx->addr, EVENT_ADDR_MAX);
    return db_exec(cx, NULL,
                   "INSERT INTO security_event (seq, at, kind, who, subject, addr, way, n, detail)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                   V(seq), V(cx->now_ms), V(event_name[e->kind]), V(who), V(e->subject),
                   V(addr), V(way_name[cx->way]), V(e->n == EVENT_NONE ? 0 : e->n ? e->n : 1),
                   V(detail_of(cx, e)));
}

enum err event_put(struct cx *cx, const struct event *e) { return insert(cx, e, id_new(cx->now_ms)); }

enum err event_setting(struct cx *cx, str what, int64_t subject)
{
    struct event e = {.kind = EVENT_SETTING_CHANGED, .subject = subject, .detail = event_detail(cx, S("what"), what)};
    return event_put(cx, &e);
}

struct writing {
    const struct event *e;
    int64_t seq;
};
static enum err write_inside(struct cx *cx, void *arg)
{
    struct writing *w = arg;
    w->seq = id_new(cx->now_ms);
    return insert(cx, w->e, w->seq);
}

enum err event_write(struct cx *cx, const struct event *e, int64_t *ret_seq)
{
    struct writing w = {.e = e};
    TRY(db_write(cx, write_inside, &w));
    if (ret_seq) *ret_seq = w.seq;
    return E_OK;
}

/* ---- looking ---- */
enum err event_list(struct cx *cx, const struct event_query *q, struct event_row **ret, size_t *ret_n,
                    int64_t *ret_next)
{
    struct db_rows r = {0};
    int64_t before = q->before ? q->before : INT64_MAX, to = q->to ? q->to : INT64_MAX;
    TRY(db_query(cx, &r,
                 "SELECT seq, at, who, subject, n, kind, addr, way, detail FROM security_event"
                 " WHERE seq < $1 AND at >= $2 AND at < $11 AND ($3 = '' OR kind = $4 OR kind LIKE $5)"
                 " AND ($6 = 0 OR who = $7 OR subject = $8) AND ($9 = '' OR addr = $10) ORDER BY seq DESC LIMIT 101",
                 V(before), V(q->from), V(q->kind), V(q->kind), V(arena_fmt(cx->a, "%.*s.%%", FS(q->kind))), V(q->who),
                 V(q->who), V(q->who), V(q->addr), V(q->addr), V(to)));
    static_assert(EVENT_PAGE == 100, "as the LIMIT says, one more to know whether there is more");
    struct event_row *v = NEW_N(cx->a, struct event_row, r.n + 1);
    size_t n = r.n < EVENT_PAGE ? r.n : EVENT_PAGE;
    for (size_t i = 0; i < n; i++)
        v[i] = (struct event_row){.seq = db_int(&r, i, 0),
                                  .at = db_int(&r, i, 1),
                                  .who = db_int(&r, i, 2),
                                  .subject = db_int(&r, i, 3),
                                  .n = db_int(&r, i, 4),
                                  .kind = db_str(&r, i, 5),
                                  .addr = db_str(&r, i, 6),
                                  .way = db_str(&r, i, 7),
                                  .detail = db_str(&r, i, 8)};
    *ret = v;
    *ret_n = n;
    *ret_next = r.n > n ? v[n - 1].seq : 0;
    return E_OK;
}
