/* SPDX-License-Identifier: MIT */
/* api/describe.c - the description, and own fields and entities. */
#include "api/api_int.h"

#include "base/log.h"

enum { RELOADS = 5 };

/* The description tells rights too: others, or changed ones, are another description. */
static uint64_t rights_hash(const struct cx *cx)
{
    const struct acl *a = cx->acl;
    if (!a) return 0;
    uint64_t h = str_hash((str){(const char *)a->reach, sizeof a->reach}) + a->sys;
    if (a->mask) h ^= str_hash((str){(const char *)a->mask, a->mask_n});
    return h;
}

enum err api_meta_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str tag = arena_fmt(cx->a, "\"m%" PRId64 "-%" PRIx64 "-%.*s\"", cx->meta->version,
                        rights_hash(cx), FS(S(KONTOR_VERSION)));
    struct jw w = reply_json(rs);
    if (str_eq(http_header(rq, S("If-None-Match")), tag)) {
        rs->status = 304;
        return E_OK;
    }
    http_head(rs, S("ETag"), tag);
    http_head(rs, S("Cache-Control"), S("private, no-cache"));
    static const struct meta_rights rights = {acl_json, acl_field_read, acl_field_write};
    meta_json(cx, cx->meta, &w, acl_sys(cx, SYS_SETTINGS), &rights);
    return E_OK;
}

struct describing {
    const struct json *j;
    str entity, name;
    bool trash;
    struct recast recast;
};

static enum err fill_computed(struct cx *cx, const struct describing *d)
{
    const struct json *def = json_get(d->j, S("def"));
    return def ? record_field_fill(cx, d->entity, d->name) : E_OK;
}

static enum err field_add(struct cx *cx, void *arg)
{
    struct describing *d = arg;
    TRY(meta_field_add(cx, d->j, &d->name));
    TRY(json_str_of(cx, d->j, S("entity"), S(""), &d->entity));
    return fill_computed(cx, d);
}
static enum err entity_add(struct cx *cx, void *arg)
{
    return meta_entity_add(cx, ((struct describing *)arg)->j, &((struct describing *)arg)->name);
}
static enum err entity_change(struct cx *cx, void *arg)
{
    const struct describing *d = arg;
    return meta_entity_change(cx, d->name, d->j);
}
static enum err entity_trash(struct cx *cx, void *arg)
{
    const struct describing *d = arg;
    return meta_entity_trash(cx, d->name, d->trash);
}

static enum err field_change(struct cx *cx, void *arg)
{
    struct describing *d = arg;
    return record_field_change(cx, d->entity, d->name, d->j, &d->recast);
}

static enum err field_trash(struct cx *cx, void *arg)
{
    const struct describing *d = arg;
    TRY(meta_field_trash(cx, d->entity, d->name, d->trash));
    return d->trash ? E_OK : record_field_fill(cx, d->entity, d->name); /* it followed nothing meanwhile */
}

/* "recast": what became, or would become, of the values under the new kind. */
static void recast_json(const struct recast *r, struct jw *w)
{
    jw_key(w, S("recast"));
    jw_obj(w);
    jw_kbool(w, S("dry"), r->dry);
    jw_kint(w, S("fits"), r->fits);
    jw_kint(w, S("misfits"), r->misfits);
    jw_key(w, S("sample"));
    jw_arr(w);
    for (size_t i = 0; i < r->sample.n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), r->sample.v[i].id);
        jw_kstr(w, S("title"), r->sample.v[i].title);
        jw_kstr(w, S("value"), r->sample.v[i].value);
        jw_kstr(w, S("why"), r->sample.v[i].why);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_obj_end(w);
}

static enum err refuse_recast(struct cx *cx, const struct describing *d, struct resp *rs)
{
    struct jw w = conflict_json(cx, rs);
    jw_kstr(&w, S("field"), S("kind"));
    recast_json(&d->recast, &w);
    jw_obj_end(&w);
    return E_OK;
}

static enum err described(struct cx *cx, struct resp *rs, db_write_fn *fn, struct describing *d,
                          int status)
{
    TRY(settings_only(cx));
    enum err e = db_write(cx, fn, d);
    if (e == E_CONFLICT && d->recast.misfits) return refuse_recast(cx, d, rs);
    TRY(e);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kstr(&w, S("name"), d->name);
    if (d->recast.needed) recast_json(&d->recast, &w);
    jw_obj_end(&w);
    rs->status = status;
    return E_OK;
}

static enum err field_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct describing d = {0};
    TRY(body_json(cx, rq, &d.j));
    return described(cx, rs, field_add, &d, 201);
}

static enum err field_patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct describing d = {.entity = rq->param[0], .name = rq->param[1]};
    TRY(body_json(cx, rq, &d.j));
    return described(cx, rs, field_change, &d, 200);
}

static enum err field_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct describing d = {.entity = rq->param[0], .name = rq->param[1], .trash = true};
    return described(cx, rs, field_trash, &d, 200);
}

static enum err field_restore(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct describing d = {.entity = rq->param[0], .name = rq->param[1]};
    return described(cx, rs, field_trash, &d, 200);
}

static enum err entity_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct describing d = {0};
    TRY(body_json(cx, rq, &d.j));
    return described(cx, rs, entity_add, &d, 201);
}

static enum err entity_patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct describing d = {.name = rq->param[0]};
    TRY(body_json(cx, rq, &d.j));
    return described(cx, rs, entity_change, &d, 200);
}

static enum err entity_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct describing d = {.name = rq->param[0], .trash = true};
    return described(cx, rs, entity_trash, &d, 200);
}

static enum err entity_restore(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct describing d = {.name = rq->param[0]};
    return described(cx, rs, entity_trash, &d, 200);
}

/* The new description is read when it is kept for good, not inside of the transaction. */
enum err then_reload(struct cx *cx, const struct req *rq, struct resp *rs, handler_fn *fn)
{
    TRY(once(cx, rq, rs, fn));
    enum err e = app_meta_reload(cx);
    for (int i = 0; e == E_BUSY && i < RELOADS; i++) e = app_meta_reload(cx);
    if (e != E_OK) log_say(cx, LOG_ERROR, S("api"), "the new description was not read");
    return E_OK; /* what was asked for is done */
}

#define DESCRIBING(name)                                                               \
    enum err api_##name(struct cx *cx, const struct req *rq, struct resp *rs)          \
    {                                                                                  \
        return then_reload(cx, rq, rs, name);                                          \
    }
DESCRIBING(field_post)
DESCRIBING(field_patch)
DESCRIBING(field_delete)
DESCRIBING(field_restore)
DESCRIBING(entity_post)
DESCRIBING(entity_patch)
DESCRIBING(entity_delete)
DESCRIBING(entity_restore)
