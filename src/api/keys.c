/* SPDX-License-Identifier: MIT */
/* api/keys.c - API keys: made, listed, named and ended by their users; those who manage users see and end all. */
#include "api/api_int.h"

#include "auth/key.h"
#include "base/log.h"
#include "base/time.h"

enum { KEYS_PAGE = 100 };

static void scopes_json(struct jw *w, str scopes)
{
    str word = {0};
    jw_key(w, S("scopes"));
    jw_arr(w);
    while (scopes.n) {
        str_split(scopes, ' ', &word, &scopes);
        jw_str(w, word);
    }
    jw_arr_end(w);
}

/* The object is left open. */
static void key_json(struct cx *cx, const struct key *k, struct jw *w)
{
    jw_obj(w);
    jw_kid(w, S("id"), k->id);
    jw_kstr(w, S("name"), k->name);
    scopes_json(w, k->scopes);
    titled_json(w, S("role"), k->role, k->role_name);
    titled_json(w, S("user"), k->user, k->user_name);
    time_json(cx, w, S("created_at"), k->created_at);
    time_json(cx, w, S("expires_at"), k->expires_at);
    time_json(cx, w, S("used_at"), k->used_at);
}

enum err api_key_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct key *k = NULL;
    size_t n = 0;
    int64_t before = 0;
    str s = {0};
    bool all = http_query(cx, rq, S("all"), &s) && str_eq(s, S("1"));
    if (all && !acl_sys(cx, SYS_USERS)) return fail(cx, E_DENIED, "Only those who manage users may do that");
    if (http_query(cx, rq, S("cursor"), &s) && s.n && !str_to_int(s, &before))
        return fail_at(cx, E_BAD, S("cursor"), "This cursor is not valid");
    TRY(key_list(cx, all, before, KEYS_PAGE, &k, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        key_json(cx, &k[i], &w);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_kid(&w, S("next"), n == KEYS_PAGE ? k[n - 1].id : 0);
    jw_obj_end(&w);
    return E_OK;
}

/* ["read","write:person"] -> "read write:person" */
static enum err scopes_of(struct cx *cx, const struct json *j, str *ret)
{
    const struct json *a = json_get(j, S("scopes"));
    struct buf b = buf_new(cx->a, KEY_SCOPES_MAX + 1);
    if (!a || a->t != JT_ARR) return fail_at(cx, E_INVALID, S("scopes"), "This must be a list of texts");
    for (size_t i = 0; i < a->n; i++) {
        if (a->v[i].t != JT_STR || str_find(a->v[i].s, S(" ")) >= 0)
            return fail_at(cx, E_INVALID, S("scopes"), "This must be a list of texts");
        if (i) buf_byte(&b, ' ');
        buf_add(&b, a->v[i].s);
    }
    if (b.full) return fail_at(cx, E_LIMIT, S("scopes"), "These are too many scopes");
    *ret = buf_str(&b);
    return E_OK;
}

/* Its answer holds a secret: it is not kept for an Idempotency-Key. */
enum err api_key_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct key k = {.user = cx->who.user};
    str expires = {0}, token = {0};
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("name"), S(""), &k.name));
    TRY(json_id_of(cx, j, S("role"), 0, &k.role));
    TRY(json_str_of(cx, j, S("expires_at"), S(""), &expires));
    TRY(scopes_of(cx, j, &k.scopes));
    if (expires.n && !time_parse(expires, cx->tz_min, &k.expires_at))
        return fail_at(cx, E_INVALID, S("expires_at"), "A time like 2026-11-01T00:00:00Z is needed");
    TRY(key_new(cx, &k, &token));
    log_say(cx, LOG_INFO, S("auth"), "key %" PRId64 " was made", k.id);
    rs->status = 201;
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("id"), k.id);
    jw_kstr(&w, S("name"), k.name);
    scopes_json(&w, k.scopes);
    time_json(cx, &w, S("expires_at"), k.expires_at);
    jw_kstr(&w, S("key"), token);
    jw_obj_end(&w);
    return E_OK;
}

static enum err rename_key(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct key k = {0};
    int64_t id = 0;
    str name = {0};
    bool all = acl_sys(cx, SYS_USERS);
    TRY(path_id(cx, rq, 0, &id));
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("name"), S(""), &name));
    TRY(key_get(cx, id, all, &k)); /* all that is answered is read before anything is written */
    TRY(key_rename(cx, id, all, name));
    k.name = str_trim(name);
    struct jw w = reply_json(rs);
    key_json(cx, &k, &w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_key_patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, rename_key);
}

static enum err end_key(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(path_id(cx, rq, 0, &id));
    TRY(key_end(cx, id, acl_sys(cx, SYS_USERS)));
    log_say(cx, LOG_INFO, S("auth"), "key %" PRId64 " was ended", id);
    rs->status = 204;
    return E_OK;
}

enum err api_key_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, end_key);
}
