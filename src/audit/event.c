/* SPDX-License-Identifier: MIT */
/* audit/event.c - security events: their table, and how they are written. */
#include "audit/audit_int.h"

#include "base/json.h"
#include "base/tr.h"

const struct event_kind_info event_kinds[EVENT_N] = {
#define SERVER false
#define CLI    true
#define EVENT(id, name, by, subject, keys, text, more) \
    {S0(name), by, EVENT_OF_##subject, S0(keys), S0(text), S0(more)},
#include "audit/event.def"
};
const struct event_key_info event_keys[EVENT_KEYS_N] = {
    {S0(""), EVENT_FORM_PROOF, S0(""), S0("")},
#define EVENT_KEY(id, name, form, text, more) {S0(name), EVENT_FORM_##form, S0(text), S0(more)},
#include "audit/event.def"
};
const struct event_code_info event_codes[EVENT_CODES_N] = {
#define EVENT_CODE(key, id, name, text) {EVENT_KEY_##key, S0(name), S0(text)},
#include "audit/event.def"
};

const struct event_kind_info *event_kind_find(str name)
{
    for (size_t i = 0; i < EVENT_N; i++)
        if (str_eq(event_kinds[i].name, name)) return &event_kinds[i];
    return NULL;
}

const struct event_key_info *event_key_find(str name)
{
    for (size_t i = EVENT_KEY_NONE + 1; i < EVENT_KEYS_N; i++)
        if (str_eq(event_keys[i].name, name)) return &event_keys[i];
    return NULL;
}

const struct event_code_info *event_code_find(str key, str name)
{
    for (size_t i = 0; i < EVENT_CODES_N; i++)
        if (str_eq(event_codes[i].name, name) && str_eq(event_keys[event_codes[i].key].name, key))
            return &event_codes[i];
    return NULL;
}

bool event_is_of(str kind, str name)
{
    return str_has_prefix(name, kind) && (name.n == kind.n || name.p[kind.n] == '.');
}

enum err event_kind_check(struct cx *cx, str kind)
{
    for (size_t i = 0; kind.n && i < EVENT_N; i++)
        if (event_is_of(kind, event_kinds[i].name)) return E_OK;
    return kind.n ? fail_at(cx, E_INVALID, S("kind"), "There is nothing of this name") : E_OK;
}

/* ---- writing ---- */
str event_detail(struct cx *cx, enum event_key key, str value)
{
    struct buf b = buf_new(cx->a, EVENT_DETAIL_MAX);
    struct jw w = jw_new(&b);
    if (!utf8_valid(value)) value = S("?");
    jw_obj(&w);
    jw_kstr(&w, event_keys[key].name, utf8_cut(value, EVENT_VALUE_MAX));
    jw_obj_end(&w);
    return b.full ? S("") : buf_str(&b);
}

str event_coded(struct cx *cx, enum event_code code)
{
    return event_detail(cx, event_codes[code].key, event_codes[code].name);
}

str event_flag(struct cx *cx, enum event_key key)
{
    return arena_fmt(cx->a, "{\"%.*s\":true}", FS(event_keys[key].name));
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

/* Counted refusals bring theirs; else it is that of the request, unless the event is of somebody else. */
static int64_t key_of(const struct cx *cx, const struct event *e)
{
    if (e->api_key) return e->api_key;
    return !e->who || e->who == cx->who.user ? cx->who.key : 0;
}

/* SQLite's followers go by the number alone, and other processes (commands beside a server) write, too: no number may
 * come before one that stands there already. PostgreSQL's go by the transaction first. */
static enum err number_new(struct cx *cx, int64_t *ret)
{
    struct db_rows r = {0};
    if (!db_is_pg(cx)) {
        TRY(db_query(cx, &r, "SELECT max(seq) FROM security_event"));
        if (!db_is_null(&r, 0, 0)) id_floor(db_int(&r, 0, 0));
    }
    *ret = id_new(cx->now_ms);
    return E_OK;
}

static enum err insert(struct cx *cx, const struct event *e, int64_t *ret_seq)
{
    int64_t who = e->who ? e->who : cx->real ? cx->real : cx->who.user;
    str addr = utf8_cut(e->addr.n ? e->addr : cx->addr, EVENT_ADDR_MAX);
    TRY(number_new(cx, ret_seq));
    return db_exec(cx, NULL,
                   "INSERT INTO security_event (seq, at, kind, who, api_key, subject, addr, way, n, detail)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                   V(*ret_seq), V(cx->now_ms), V(event_kinds[e->kind].name), V(who), V(key_of(cx, e)), V(e->subject),
                   V(addr), V(way_name[cx->way]), V(e->n == EVENT_NONE ? 0 : e->n ? e->n : 1), V(detail_of(cx, e)));
}

enum err event_put(struct cx *cx, const struct event *e)
{
    int64_t seq = 0;
    return insert(cx, e, &seq);
}

enum err event_setting(struct cx *cx, enum event_code what, int64_t subject)
{
    struct event e = {.kind = EVENT_SETTING_CHANGED, .subject = subject, .detail = event_coded(cx, what)};
    return event_put(cx, &e);
}

struct writing {
    const struct event *e;
    int64_t seq;
};
static enum err write_inside(struct cx *cx, void *arg)
{
    struct writing *w = arg;
    return insert(cx, w->e, &w->seq);
}

enum err event_write(struct cx *cx, const struct event *e, int64_t *ret_seq)
{
    struct writing w = {.e = e};
    TRY(db_write(cx, write_inside, &w));
    if (ret_seq) *ret_seq = w.seq;
    return E_OK;
}
