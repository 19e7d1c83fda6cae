/* SPDX-License-Identifier: MIT */
/* api/hooks.c - outgoing webhooks: made, changed, tried and looked through by those who manage the settings.
 *
 * A webhook tells what its owner sees. So only he, by the same way, and those who manage users anyway may point it
 * elsewhere.
 */
#include "api/api_int.h"

#include "base/log.h"
#include "base/time.h"

enum { LOG_PAGE = 50, FILTER_MAX = 32768 };

static bool may_change(const struct cx *cx, const struct hook *h)
{
    if (acl_sys(cx, SYS_USERS) && !cx->who.key) return true;
    return h->owner == cx->who.user && (!cx->who.key || cx->who.key == h->key);
}

static void ops_json(struct jw *w, unsigned ops)
{
    jw_key(w, S("ops"));
    jw_arr(w);
    for (size_t i = 0; i < COUNT(hook_op_name); i++)
        if (ops & 1u << i) jw_str(w, hook_op_name[i]);
    jw_arr_end(w);
}

static void text_or_null(struct jw *w, str key, str s)
{
    jw_key(w, key);
    if (s.n) jw_str(w, s);
    else jw_null(w);
}

/* The object is left open. */
static void hook_json(struct cx *cx, const struct hook *h, struct jw *w)
{
    jw_obj(w);
    jw_kid(w, S("id"), h->id);
    jw_kstr(w, S("name"), h->name);
    jw_kstr(w, S("url"), h->url);
    text_or_null(w, S("entity"), h->entity);
    ops_json(w, h->ops);
    jw_key(w, S("filter"));
    if (h->filter.n) jw_raw(w, h->filter);
    else jw_null(w);
    titled_json(w, S("owner"), h->owner, h->owner_name);
    jw_kbool(w, S("active"), h->active);
    jw_kstr(w, S("stopped"), h->stopped);
    jw_kint(w, S("fails"), h->fails);
    time_json(cx, w, S("paused_until"), h->paused_until > cx->now_ms ? h->paused_until : 0);
    time_json(cx, w, S("created_at"), h->created_at);
    jw_kint(w, S("waiting"), h->waiting);
    jw_kbool(w, S("may"), may_change(cx, h));
}

enum err api_hook_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct hook *h = NULL;
    size_t n = 0;
    (void)rq;
    TRY(settings_only(cx));
    TRY(hook_list(cx, &h, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        hook_json(cx, &h[i], &w);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

static enum err hook_of(struct cx *cx, const struct req *rq, struct hook *ret)
{
    int64_t id = 0;
    TRY(settings_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    return hook_get(cx, id, ret);
}

enum err api_hook_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct hook h = {0};
    TRY(hook_of(cx, rq, &h));
    struct jw w = reply_json(rs);
    hook_json(cx, &h, &w);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- what is sent ---- */
static enum err ops_of(struct cx *cx, const struct json *a, unsigned *ret)
{
    unsigned ops = 0;
    if (!a) return E_OK;
    if (a->t != JT_ARR) return fail_at(cx, E_INVALID, S("ops"), "This must be a list of texts");
    for (size_t i = 0; i < a->n; i++) {
        unsigned bit = 0;
        for (size_t k = 0; k < COUNT(hook_op_name); k++)
            if (a->v[i].t == JT_STR && str_eq(a->v[i].s, hook_op_name[k])) bit = 1u << k;
        if (!bit) return fail_at(cx, E_INVALID, S("ops"), "Please choose what is to be told");
        ops |= bit;
    }
    *ret = ops;
    return E_OK;
}

static enum err filter_of(struct cx *cx, const struct json *f, str *ret)
{
    struct buf b = buf_new(cx->a, FILTER_MAX);
    struct jw w = jw_new(&b);
    if (!f) return E_OK;
    if (f->t != JT_NULL && f->t != JT_OBJ) return fail_at(cx, E_INVALID, S("filter"), "The filter must be an object");
    if (f->t == JT_OBJ && f->n) jw_json(&w, f);
    if (b.full) return fail_at(cx, E_LIMIT, S("filter"), "This is too large");
    *ret = buf_str(&b);
    return E_OK;
}

/* Members that are there, over what h has. */
static enum err body_of(struct cx *cx, const struct json *j, struct hook *h)
{
    const struct json *entity = json_get(j, S("entity"));
    int64_t owner = h->owner;
    TRY(json_str_of(cx, j, S("name"), h->name, &h->name));
    TRY(json_str_of(cx, j, S("url"), h->url, &h->url));
    if (entity && entity->t == JT_NULL) h->entity = S("");
    else TRY(json_str_of(cx, j, S("entity"), h->entity, &h->entity));
    TRY(json_bool_of(cx, j, S("active"), h->active, &h->active));
    TRY(json_id_of(cx, j, S("owner"), owner, &owner));
    TRY(ops_of(cx, json_get(j, S("ops")), &h->ops));
    TRY(filter_of(cx, json_get(j, S("filter")), &h->filter));
    if (owner == h->owner) return E_OK;
    return fail_at(cx, E_INVALID, S("owner"), "A webhook tells what the one sees who made it: he cannot be changed");
}

/* Its answer holds a secret: it is not kept for an Idempotency-Key. */
enum err api_hook_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct hook h = {.owner = cx->who.user, .key = cx->who.key, .active = true};
    str secret = {0};
    TRY(settings_only(cx));
    TRY(body_json(cx, rq, &j));
    TRY(body_of(cx, j, &h));
    TRY(hook_new(cx, &cx->app->hook_env, &h, &secret));
    log_say(cx, LOG_INFO, S("hook"), "webhook %" PRId64 " was made", h.id);
    rs->status = 201;
    struct jw w = reply_json(rs);
    hook_json(cx, &h, &w);
    jw_kstr(&w, S("secret"), secret);
    jw_obj_end(&w);
    return E_OK;
}

static enum err makers_only(struct cx *cx, const struct hook *h)
{
    if (may_change(cx, h)) return E_OK;
    return fail(cx, E_DENIED, "Only who made this webhook and those who manage users may change it");
}

static enum err change(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct hook h = {0};
    bool renew = false;
    str secret = {0};
    TRY(hook_of(cx, rq, &h));
    TRY(makers_only(cx, &h));
    TRY(body_json(cx, rq, &j));
    TRY(body_of(cx, j, &h));
    TRY(json_bool_of(cx, j, S("renew_secret"), false, &renew));
    TRY(hook_change(cx, &cx->app->hook_env, &h, renew, &secret));
    if (h.active) h.stopped = S("");
    else h.waiting = 0;
    h.fails = h.paused_until = 0;
    struct jw w = reply_json(rs);
    hook_json(cx, &h, &w);
    if (renew) jw_kstr(&w, S("secret"), secret);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_hook_patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    bool renew = false;
    TRY(body_json(cx, rq, &j));
    TRY(json_bool_of(cx, j, S("renew_secret"), false, &renew));
    return renew ? change(cx, rq, rs) : once(cx, rq, rs, change); /* a secret is not kept */
}

static enum err end_hook(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct hook h = {0};
    TRY(hook_of(cx, rq, &h));
    if (cx->who.key) TRY(makers_only(cx, &h));
    TRY(hook_end(cx, h.id));
    log_say(cx, LOG_INFO, S("hook"), "webhook %" PRId64 " was ended", h.id);
    rs->status = 204;
    return E_OK;
}

enum err api_hook_delete(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, end_hook); }

static void delivery_reply(struct resp *rs, int64_t id)
{
    rs->status = 202;
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("delivery"), id);
    jw_obj_end(&w);
}

static enum err test(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct hook h = {0};
    int64_t id = 0;
    TRY(hook_of(cx, rq, &h));
    TRY(hook_test(cx, h.id, &id));
    delivery_reply(rs, id);
    return E_OK;
}

enum err api_hook_test(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, test); }

static enum err again(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(settings_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(hook_again(cx, id));
    delivery_reply(rs, id);
    return E_OK;
}

enum err api_hook_again(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, again); }

static void delivery_json(struct cx *cx, const struct hook_delivery *d, struct jw *w)
{
    jw_obj(w);
    jw_kid(w, S("id"), d->id);
    jw_kstr(w, S("type"), hook_type(cx, d->entity, d->op));
    jw_kstr(w, S("entity"), d->entity);
    jw_kid(w, S("record"), d->record);
    jw_kstr(w, S("op"), d->op);
    jw_kstr(w, S("state"), d->state);
    jw_kint(w, S("tries"), d->tries);
    time_json(cx, w, S("due_at"), str_eq(d->state, S("waiting")) ? d->due_at : 0);
    time_json(cx, w, S("created_at"), d->created_at);
    time_json(cx, w, S("sent_at"), d->sent_at);
    jw_kint(w, S("status"), d->status);
    jw_kstr(w, S("answer"), d->answer);
    jw_obj_end(w);
}

enum err api_hook_log(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct hook h = {0};
    struct hook_delivery *d = NULL;
    int64_t before = 0;
    size_t n = 0;
    TRY(hook_of(cx, rq, &h));
    TRY(query_cursor(cx, rq, &before));
    TRY(hook_log(cx, h.id, before, LOG_PAGE, &d, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) delivery_json(cx, &d[i], &w);
    jw_arr_end(&w);
    jw_kid(&w, S("next"), n == LOG_PAGE ? d[n - 1].id : 0);
    jw_obj_end(&w);
    return E_OK;
}
