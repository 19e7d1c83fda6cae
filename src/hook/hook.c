/* SPDX-License-Identifier: MIT */
/* hook/hook.c - subscriptions: made, changed, listed, ended. */
#include "hook/hook_int.h"

#include "audit/event.h"
#include "os/os.h"

#include <sodium.h>

enum { SECRET_BYTES = 32, FILTER_BYTES = 20000 };
const str hook_op_name[5] = {S0("create"), S0("update"), S0("delete"), S0("restore"), S0("merge")};

static bool may_read(const struct cx *cx, const struct field *f) { return acl_field_read(cx, f); }
static bool may_see(const struct cx *cx, const struct entity *e) { return acl_may(cx, e, ACT_SEE); }

enum err hook_condition(struct cx *cx, const struct hook *h, const struct entity **ret_e, const struct cond **ret)
{
    static const struct filter_opts opts = {may_read, may_see};
    const struct json *j = NULL;
    *ret = NULL;
    *ret_e = h->entity.n ? meta_entity(cx->meta, h->entity) : NULL;
    if (h->entity.n && (!*ret_e || !acl_may(cx, *ret_e, ACT_SEE)))
        return fail_at(cx, E_INVALID, S("entity"), "There is nothing of this name");
    if (!h->filter.n) return E_OK;
    if (!*ret_e) return fail_at(cx, E_INVALID, S("filter"), "A filter needs one entity");
    TRY(json_parse(cx, h->filter, &j));
    return filter_parse(cx, *ret_e, j, &opts, ret);
}

static enum err check(struct cx *cx, const struct hook_env *env, struct hook *h)
{
    const struct entity *e = NULL;
    const struct cond *c = NULL;
    struct outgoing o = {0};
    h->name = str_trim(h->name);
    if (!h->name.n) return fail_at(cx, E_INVALID, S("name"), "Please give the webhook a name");
    if (utf8_len(h->name) > HOOK_NAME_MAX)
        return fail_at(cx, E_INVALID, S("name"), "A name has at most %d characters", HOOK_NAME_MAX);
    if (!h->ops || (h->ops & ~(unsigned)HOOK_OPS))
        return fail_at(cx, E_INVALID, S("ops"), "Please choose what is to be told");
    if (h->filter.n > FILTER_BYTES) return fail_at(cx, E_LIMIT, S("filter"), "This is too large");
    TRY(outgoing_url(cx, &env->rules, h->url, &o));
    return hook_condition(cx, h, &e, &c);
}

static enum err secret_make(struct cx *cx, const struct hook_env *env, int64_t id, str *ret_secret, str *ret_sealed)
{
    unsigned char raw[SECRET_BYTES];
    os_random(raw, sizeof raw);
    *ret_secret = arena_fmt(cx->a, "whsec_%.*s", FS(os_base64(cx->a, OS_BASE64, raw, sizeof raw)));
    return vault_seal(cx, env->vault, HOOK_WHERE(cx, id), *ret_secret, ret_sealed);
}

struct changing {
    const struct hook *h;
    str sealed; /* "" = it stays */
};

static enum err no_hook(struct cx *cx) { return fail(cx, E_NOTFOUND, "There is no such webhook"); }

/* With the first active one following begins, with what changes from now on. */
static enum err begin(struct cx *cx, int64_t but)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id FROM hook WHERE active = 1 AND id <> $1 LIMIT 1", V(but)));
    return r.n ? E_OK : queue_from_now(cx, NULL);
}

static enum err insert(struct cx *cx, void *arg)
{
    const struct changing *x = arg;
    const struct hook *h = x->h;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT count(*) FROM hook"));
    if (db_int(&r, 0, 0) >= HOOKS_MAX) return fail(cx, E_LIMIT, "There are %d webhooks already", HOOKS_MAX);
    if (h->active) TRY(begin(cx, h->id));
    TRY(event_setting(cx, EVENT_WHAT_HOOK_MADE, h->id));
    return db_exec(cx, NULL,
                   "INSERT INTO hook (id, owner, name, url, entity, ops, filter_json, secret, active, stopped, fails,"
                   " paused_until, created_at, api_key)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 0, 0, $10, $11)",
                   V(h->id), V(h->owner), V(h->name), V(h->url), V(h->entity), V((int64_t)h->ops), V(h->filter),
                   V(x->sealed), V(h->active), V(cx->now_ms), V(h->key));
}

enum err hook_new(struct cx *cx, const struct hook_env *env, struct hook *h, str *ret_secret)
{
    struct changing x = {.h = h};
    struct db_rows r = {0};
    str secret = {0};
    TRY(check(cx, env, h));
    TRY(db_query(cx, &r, "SELECT name FROM \"user\" WHERE id = $1", V(h->owner)));
    h->owner_name = r.n ? db_str(&r, 0, 0) : S("");
    h->id = id_new(cx->now_ms);
    TRY(secret_make(cx, env, h->id, &secret, &x.sealed));
    TRY(db_write(cx, insert, &x));
    h->created_at = cx->now_ms;
    *ret_secret = secret;
    return E_OK;
}

static enum err change_inside(struct cx *cx, void *arg)
{
    const struct changing *x = arg;
    const struct hook *h = x->h;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT active, secret FROM hook WHERE id = $1", V(h->id)));
    if (!r.n) return no_hook(cx);
    bool was = db_int(&r, 0, 0) != 0;
    if (!was && h->active) {
        TRY(begin(cx, h->id));
        TRY(follow_erased(cx, h->id));
    }
    if (was && !h->active) TRY(queue_stop(cx, h->id, S("")));
    TRY(event_setting(cx, EVENT_WHAT_HOOK_CHANGED, h->id));
    return db_exec(cx, NULL,
                   "UPDATE hook SET name = $2, url = $3, entity = $4, ops = $5, filter_json = $6, secret = $7,"
                   " active = $8, fails = 0, paused_until = 0, stopped = CASE $8 WHEN 1 THEN '' ELSE stopped END"
                   " WHERE id = $1",
                   V(h->id), V(h->name), V(h->url), V(h->entity), V((int64_t)h->ops), V(h->filter),
                   V(x->sealed.n ? x->sealed : db_str(&r, 0, 1)), V(h->active));
}

enum err hook_change(struct cx *cx, const struct hook_env *env, const struct hook *h, bool renew, str *ret_secret)
{
    struct hook fresh = *h;
    struct changing x = {.h = &fresh};
    str secret = {0};
    TRY(check(cx, env, &fresh));
    if (renew) TRY(secret_make(cx, env, h->id, &secret, &x.sealed));
    TRY(db_write(cx, change_inside, &x));
    *ret_secret = secret;
    return E_OK;
}

static struct hook hook_of(const struct db_rows *r, size_t i)
{
    return (struct hook){.id = db_int(r, i, 0),
                         .owner = db_int(r, i, 1),
                         .name = db_str(r, i, 2),
                         .url = db_str(r, i, 3),
                         .entity = db_str(r, i, 4),
                         .ops = (unsigned)db_int(r, i, 5),
                         .filter = db_str(r, i, 6),
                         .active = db_int(r, i, 7) != 0,
                         .stopped = db_str(r, i, 8),
                         .fails = db_int(r, i, 9),
                         .paused_until = db_int(r, i, 10),
                         .created_at = db_int(r, i, 11),
                         .owner_name = db_str(r, i, 12),
                         .waiting = db_int(r, i, 13),
                         .key = db_int(r, i, 14)};
}

#define HOOKS                                                                                                        \
    "SELECT h.id, h.owner, h.name, h.url, h.entity, h.ops, h.filter_json, h.active, h.stopped, h.fails,"             \
    " h.paused_until, h.created_at, u.name, (SELECT count(*) FROM hook_delivery d WHERE d.state = 'waiting'"         \
    " AND d.hook = h.id), h.api_key FROM hook h LEFT JOIN \"user\" u ON u.id = h.owner"

enum err hook_list(struct cx *cx, struct hook **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, HOOKS " ORDER BY h.id DESC LIMIT $1", V((int64_t)HOOKS_MAX)));
    struct hook *h = NEW_N(cx->a, struct hook, r.n + 1);
    for (size_t i = 0; i < r.n; i++) h[i] = hook_of(&r, i);
    *ret = h;
    *ret_n = r.n;
    return E_OK;
}

enum err hook_get(struct cx *cx, int64_t id, struct hook *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, HOOKS " WHERE h.id = $1", V(id)));
    if (!r.n) return no_hook(cx);
    *ret = hook_of(&r, 0);
    return E_OK;
}

static enum err end_inside(struct cx *cx, void *arg)
{
    const int64_t *id = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM hook WHERE id = $1", V(*id)));
    if (!n) return no_hook(cx);
    TRY(event_setting(cx, EVENT_WHAT_HOOK_ENDED, *id));
    TRY(db_exec(cx, NULL, "DELETE FROM hook_told WHERE hook = $1", V(*id)));
    return db_exec(cx, NULL, "DELETE FROM hook_delivery WHERE hook = $1", V(*id));
}

enum err hook_end(struct cx *cx, int64_t id) { return db_write(cx, end_inside, &id); }

enum err hooks_reseal(struct cx *cx, const struct vault *v, struct resealing *io)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id, secret FROM hook ORDER BY id LIMIT 1000"));
    static_assert(HOOKS_MAX <= 1000, "all of them");
    for (size_t i = 0; i < r.n; i++) {
        str fresh = {0};
        TRY(vault_reseal(cx, v, HOOK_WHERE(cx, db_int(&r, i, 0)), db_str(&r, i, 1), io, &fresh));
        if (fresh.n) TRY(db_exec(cx, NULL, "UPDATE hook SET secret = $2 WHERE id = $1", V(db_int(&r, i, 0)), V(fresh)));
    }
    return E_OK;
}
