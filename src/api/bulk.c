/* SPDX-License-Identifier: MIT */
/* api/bulk.c - many records at one stroke: each item has a fate of its own, or all of them one. One batch, one undo. */
#include "api/api_int.h"

#include "record/external.h"
#include "record/log.h"

enum { BULK_MAX = 200 };
enum deed { DO_CREATE, DO_CHANGE, DO_DELETE, DO_RESTORE, DO_UPSERT, DO_MAX };
static const str deed_name[DO_MAX] = {S0("create"), S0("change"), S0("delete"), S0("restore"), S0("upsert")};
enum fate { REFUSED, CREATED, CHANGED, UNCHANGED, DELETED, RESTORED, FATES };
static const str fate_name[FATES] = {S0("refused"), S0("created"), S0("changed"), S0("unchanged"), S0("deleted"),
                                     S0("restored")};
struct bulk_item {
    const struct json *j;
    enum deed deed;
    int64_t id, version;
    str system, key;
    const struct set *s;
    size_t n;
    enum err unfit;        /* what is wrong with it before anything is written; E_OK: nothing */
    enum err e;            /* what came of it; */
    str at, msg;           /* ... the words for both */
    enum fate fate;
    struct written w;
};
struct bulk {
    const struct entity *e;
    struct bulk_item *item;
    size_t n;
    bool atomic;
    int64_t batch;
    bool wrote;
};

/* ---- reading ---- */
static enum err deed_of(struct cx *cx, const struct json *j, enum deed *ret)
{
    str name = {0};
    TRY(json_str_of(cx, j, S("op"), S(""), &name));
    for (int i = 0; i < DO_MAX; i++)
        if (str_eq(name, deed_name[i])) return *ret = (enum deed)i, E_OK;
    return fail_at(cx, E_INVALID, S("op"), "An item is one of create, change, delete, restore and upsert");
}

static enum err values_of(struct cx *cx, const struct entity *e, struct bulk_item *it)
{
    const struct json *v = json_get(it->j, S("values"));
    if (!v || v->t != JT_OBJ) return fail_at(cx, E_INVALID, S("values"), "The values must be an object");
    return record_sets(cx, e, v, &it->s, &it->n);
}

static enum err item_read(struct cx *cx, const struct entity *e, struct bulk_item *it)
{
    if (it->j->t != JT_OBJ) return fail(cx, E_INVALID, "An item must be an object");
    TRY(deed_of(cx, it->j, &it->deed));
    TRY(json_id_of(cx, it->j, S("id"), 0, &it->id));
    TRY(json_int_of(cx, it->j, S("version"), 0, &it->version));
    if (it->deed == DO_UPSERT) {
        TRY(json_str_of(cx, it->j, S("system"), S(""), &it->system));
        TRY(json_str_of(cx, it->j, S("key"), S(""), &it->key));
        TRY(external_check(cx, it->system, it->key));
    } else if (it->deed != DO_CREATE && !it->id) {
        return fail_at(cx, E_INVALID, S("id"), "Which record? Its id is missing");
    }
    return it->deed == DO_DELETE || it->deed == DO_RESTORE ? E_OK : values_of(cx, e, it);
}

static void keep_words(struct cx *cx, struct bulk_item *it)
{
    it->at = cx->at;
    it->msg = cx->msg;
}

static enum err bulk_read(struct cx *cx, const struct req *rq, struct bulk *b)
{
    const struct json *j = NULL, *items = NULL;
    TRY(path_entity(cx, rq, &b->e));
    TRY(body_json(cx, rq, &j));
    TRY(json_bool_of(cx, j, S("atomic"), false, &b->atomic));
    items = json_get(j, S("items"));
    if (!items || items->t != JT_ARR || !items->n || items->n > BULK_MAX)
        return fail_at(cx, E_INVALID, S("items"), "This must be a list of 1 to %d items", BULK_MAX);
    b->n = items->n;
    b->item = NEW_N(cx->a, struct bulk_item, b->n);
    for (size_t i = 0; i < b->n; i++) {
        struct bulk_item *it = &b->item[i];
        it->j = &items->v[i];
        cx->at = cx->msg = S("");
        it->unfit = item_read(cx, b->e, it);
        if (it->unfit != E_OK) keep_words(cx, it);
    }
    return E_OK;
}

/* ---- writing ---- */
static enum err item_write(struct cx *cx, const struct entity *e, struct bulk_item *it)
{
    bool made = false;
    enum fate then = CHANGED;
    it->w = (struct written){0};
    switch (it->deed) {
    case DO_CREATE:
        TRY(record_create(cx, e, it->id, it->s, it->n, &it->w));
        then = CREATED;
        break;
    case DO_CHANGE: TRY(record_update(cx, e, it->id, it->version, it->s, it->n, &it->w)); break;
    case DO_DELETE:
        TRY(record_delete(cx, e, it->id, it->version, &it->w));
        then = DELETED;
        break;
    case DO_RESTORE:
        TRY(record_restore(cx, e, it->id, &it->w));
        then = RESTORED;
        break;
    case DO_UPSERT:
        TRY(record_upsert(cx, e, it->system, it->key, it->version, it->s, it->n, &it->w, &made));
        then = made ? CREATED : CHANGED;
        break;
    case DO_MAX: break;
    }
    it->fate = then == CHANGED && !it->w.seq ? UNCHANGED : then;
    return E_OK;
}

/* Where it is wrong, as seen from the request: "items.3.mails". */
static enum err refuse_all(struct cx *cx, const struct bulk *b, const struct bulk_item *it)
{
    str at = arena_fmt(cx->a, "items.%zu%s%.*s", (size_t)(it - b->item), it->at.n ? "." : "", FS(it->at));
    return fail_at(cx, it->e, at, "%.*s", FS(it->msg));
}

/* One after the other: whoever is refused leaves the others alone. */
static enum err items_write(struct cx *cx, struct bulk *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct bulk_item *it = &b->item[i];
        it->fate = REFUSED;
        it->e = it->unfit;
        if (it->e == E_OK) {
            cx->at = cx->msg = S("");
            it->e = item_write(cx, b->e, it);
            if (it->e != E_OK) keep_words(cx, it);
        }
        if (err_info[it->e].http >= 500) return it->e; /* ours, not the item's */
        if (it->e != E_OK && b->atomic) return refuse_all(cx, b, it);
        b->wrote |= it->e == E_OK && it->w.seq;
    }
    return E_OK;
}

static enum err bulk_write(struct cx *cx, void *arg)
{
    struct bulk *b = arg;
    b->wrote = false;
    TRY(batch_begin(cx, S("bulk"), (int64_t)b->n, &b->batch));
    enum err e = items_write(cx, b);
    cx->batch = 0;
    TRY(e);
    return b->wrote ? batch_end(cx, b->batch, S("done"), S("")) : fail(cx, E_INVALID, "Nothing was to be written");
}

static void item_json(const struct bulk_item *it, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("outcome"), fate_name[it->fate]);
    if (it->fate == REFUSED) {
        jw_kint(w, S("status"), err_info[it->e].http);
        jw_kstr(w, S("code"), err_info[it->e].name);
        jw_kstr(w, S("detail"), it->msg);
        if (it->at.n) jw_kstr(w, S("field"), it->at);
    } else {
        jw_kid(w, S("id"), it->w.id ? it->w.id : it->id);
        jw_kint(w, S("version"), it->w.version);
        jw_kid(w, S("change"), it->w.seq);
    }
    jw_obj_end(w);
}

static enum err bulk(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct bulk b = {0};
    int64_t count[FATES] = {0};
    TRY(bulk_read(cx, rq, &b));
    enum err e = db_write(cx, bulk_write, &b);
    bool nothing = e == E_INVALID && !b.wrote && !cx->at.n;
    if (!nothing) TRY(e);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("batch"), nothing ? 0 : b.batch);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < b.n; i++) {
        item_json(&b.item[i], &w);
        count[b.item[i].fate]++;
    }
    jw_arr_end(&w);
    jw_key(&w, S("counts"));
    jw_obj(&w);
    for (int i = 0; i < FATES; i++) jw_kint(&w, fate_name[i], count[i]);
    jw_obj_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_bulk(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, bulk); }

/* ---- one record by another system's key ---- */
static enum err by_key(struct cx *cx, const struct req *rq, const struct entity **ret_e, int64_t *ret_id)
{
    TRY(path_entity(cx, rq, ret_e));
    TRY(external_find(cx, *ret_e, rq->param[1], rq->param[2], ret_id));
    return *ret_id ? E_OK : fail(cx, E_NOTFOUND, "There is no such record");
}

enum err api_by_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    struct record r = {0};
    int64_t id = 0;
    TRY(by_key(cx, rq, &e, &id));
    TRY(record_get(cx, e, id, &r));
    http_head(rs, S("ETag"), arena_fmt(cx->a, "\"%" PRId64 "\"", r.version));
    struct jw w = reply_json(rs);
    record_json(cx, &r, &w);
    return E_OK;
}

static enum err by_put(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    const struct json *j = NULL;
    const struct set *s = NULL;
    size_t n = 0;
    int64_t match = 0, version = 0;
    struct written w = {0};
    bool made = false;
    TRY(path_entity(cx, rq, &e));
    TRY(body_json(cx, rq, &j));
    TRY(if_match(cx, rq, &match));
    TRY(json_int_of(cx, j, S("version"), 0, &version));
    TRY(record_sets(cx, e, j, &s, &n));
    enum err err = record_upsert(cx, e, rq->param[1], rq->param[2], match ? match : version, s, n, &w, &made);
    if (err == E_CONFLICT && match && !cx->at.n)
        return fail(cx, E_PRECOND, "Somebody has changed this record in the meantime");
    TRY(err);
    if (made) {
        rs->status = 201;
        http_head(rs, S("Location"), arena_fmt(cx->a, "/api/v1/%.*s/%" PRId64, FS(e->name), w.id));
    }
    return reply_after(cx, e, &w, rs);
}

enum err api_by_put(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, by_put); }

static enum err by_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    int64_t id = 0;
    struct written w = {0};
    TRY(by_key(cx, rq, &e, &id));
    TRY(record_delete(cx, e, id, 0, &w));
    reply_written(cx, rs, &w);
    rs->status = 204;
    return E_OK;
}

enum err api_by_delete(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, by_delete); }

/* ---- the keys of a record ---- */
enum err api_external_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    struct record r = {0};
    int64_t id = 0;
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(record_get(cx, e, id, &r));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    TRY(external_json(cx, e, id, &w));
    jw_obj_end(&w);
    return E_OK;
}

static enum err external_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    const struct json *j = NULL;
    str system = {0}, key = {0};
    int64_t id = 0;
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("system"), S(""), &system));
    TRY(json_str_of(cx, j, S("key"), S(""), &key));
    TRY(external_add(cx, e, id, system, key));
    rs->status = 204;
    return E_OK;
}

enum err api_external_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, external_post);
}

static enum err external_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    int64_t id = 0;
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(external_drop(cx, e, id, rq->param[2], rq->param[3]));
    rs->status = 204;
    return E_OK;
}

enum err api_external_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, external_delete);
}
