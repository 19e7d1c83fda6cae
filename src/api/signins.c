/* SPDX-License-Identifier: MIT */
/* api/signins.c - for who manages users: who tried to come in, which accounts are locked, which addresses blocked. */
#include "api/api_int.h"

#include "base/time.h"

/* ---- attempts ---- */
static enum err attempts_json(struct cx *cx, const struct attempt_row *v, size_t n, struct jw *w)
{
    int64_t *ids = NEW_N(cx->a, int64_t, n + 1);
    str *titles = NEW_N(cx->a, str, n + 1);
    for (size_t i = 0; i < n; i++) ids[i] = v[i].user;
    TRY(record_titles(cx, ENT(cx, "user"), ids, n, titles));
    for (size_t i = 0; i < n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), v[i].id);
        jw_kstr(w, S("at"), time_text(cx->a, v[i].at));
        jw_kstr(w, S("name"), v[i].name);
        titled_json(w, S("user"), v[i].user, titles[i]);
        jw_kstr(w, S("addr"), v[i].addr);
        jw_kstr(w, S("agent"), v[i].agent);
        jw_kbool(w, S("known"), v[i].known);
        jw_kstr(w, S("outcome"), v[i].outcome);
        jw_obj_end(w);
    }
    return E_OK;
}

enum err api_attempt_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct attempt_query q = {0};
    struct attempt_row *v = NULL;
    size_t n = 0;
    int64_t next = 0;
    TRY(users_only(cx));
    TRY(query_cursor(cx, rq, &q.before));
    (void)http_query(cx, rq, S("name"), &q.name);
    (void)http_query(cx, rq, S("addr"), &q.addr);
    (void)http_query(cx, rq, S("outcome"), &q.outcome);
    q.addr = str_trim(q.addr);
    TRY(auth_attempts(cx, &q, &v, &n, &next));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    TRY(attempts_json(cx, v, n, &w));
    jw_arr_end(&w);
    jw_kid(&w, S("next"), next);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- locked accounts ---- */
enum err api_lock_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct lock_row *v = NULL;
    size_t n = 0;
    (void)rq;
    TRY(users_only(cx));
    TRY(auth_locks(cx, &v, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(&w);
        jw_kid(&w, S("id"), v[i].id);
        jw_kstr(&w, S("name"), v[i].name);
        jw_kid(&w, S("user"), v[i].user);
        jw_kbool(&w, S("known"), v[i].known);
        jw_kstr(&w, S("until"), time_text(cx->a, v[i].until));
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_lock_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(users_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(auth_lock_free(cx, id));
    rs->status = 204;
    return E_OK;
}

/* ---- addresses held by too many failures ---- */
enum err api_held_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct held_row *v = NULL;
    size_t n = 0;
    (void)rq;
    TRY(users_only(cx));
    auth_held(cx, cx->app->auth, &v, &n);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(&w);
        jw_kid(&w, S("id"), v[i].id);
        jw_kstr(&w, S("addr"), v[i].addr);
        jw_kstr(&w, S("until"), time_text(cx->a, v[i].until));
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_held_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(users_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(auth_held_free(cx, cx->app->auth, id));
    rs->status = 204;
    return E_OK;
}

/* ---- blocked addresses ---- */
enum err api_block_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct block_row *v = NULL;
    size_t n = 0;
    (void)rq;
    TRY(users_only(cx));
    TRY(auth_blocks(cx, &v, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(&w);
        jw_kid(&w, S("id"), v[i].id);
        jw_kstr(&w, S("addr"), v[i].addr);
        jw_kstr(&w, S("why"), v[i].why);
        jw_kstr(&w, S("at"), time_text(cx->a, v[i].at));
        time_json(cx, &w, S("until"), v[i].until);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_block_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct block_row b = {0};
    int64_t id = 0;
    str until = {0};
    TRY(users_only(cx));
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("addr"), S(""), &b.addr));
    TRY(json_str_of(cx, j, S("why"), S(""), &b.why));
    TRY(json_str_of(cx, j, S("until"), S(""), &until));
    if (until.n && (!time_parse(until, 0, &b.until) || b.until <= cx->now_ms))
        return fail_at(cx, E_INVALID, S("until"), "A time to come is needed");
    TRY(auth_block(cx, &b, rq->remote, &id));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("id"), id);
    jw_obj_end(&w);
    rs->status = 201;
    return E_OK;
}

enum err api_block_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(users_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(auth_block_free(cx, id));
    rs->status = 204;
    return E_OK;
}
