/* SPDX-License-Identifier: MIT */
/* sync/apply.c - one item through the one door, with the rights of who sent it. */
#include "sync/sync_int.h"

#include "record/external.h"

str sync_wants(struct arena *a, str system, str entity, str key)
{
    return arena_fmt(a, "%.*s\n%.*s\n%.*s", FS(system), FS(entity), FS(key));
}

/* ---- {"by":{"system","key"}} in the place of an id ---- */
static const struct json *by_of(const struct json *j)
{
    const struct json *by = j->t == JT_OBJ && j->n == 1 ? json_get(j, S("by")) : NULL;
    return by && by->t == JT_OBJ ? by : NULL;
}

struct linking {
    struct sync_todo *t;
    str system;
    const struct field *f;
};

static enum err by_read(struct cx *cx, struct linking *l, const struct json *by, struct json *ret)
{
    str system = {0}, key = {0};
    int64_t id = 0;
    TRY(json_str_of(cx, by, S("system"), l->system, &system));
    TRY(json_str_of(cx, by, S("key"), S(""), &key));
    enum err e = external_find(cx, l->f->target, system, key, &id);
    if (e == E_INVALID) cx->at = l->f->name;
    TRY(e);
    if (!id) {
        l->t->wants = sync_wants(cx->a, system, l->f->target->name, key);
        return fail_at(cx, E_NOTFOUND, l->f->name, "%.*s: no record has the key %.*s of %.*s yet",
                       FS(label_of(l->f->label, cx->lang)), FS(key), FS(system));
    }
    *ret = (struct json){.t = JT_STR, .key = ret->key, .s = arena_fmt(cx->a, "%" PRId64, id)};
    return E_OK;
}

/* A copy of a member's value with ids where keys of systems stood. */
static enum err member_read(struct cx *cx, struct linking *l, struct json *j)
{
    const struct json *by = by_of(j);
    if (by) return by_read(cx, l, by, j);
    if (j->t != JT_ARR) return E_OK;
    struct json *v = NEW_N(cx->a, struct json, j->n + 1);
    for (size_t i = 0; i < j->n; i++) {
        v[i] = j->v[i];
        if ((by = by_of(&v[i]))) TRY(by_read(cx, l, by, &v[i]));
    }
    j->v = v;
    return E_OK;
}

static enum err links_read(struct cx *cx, struct sync_todo *t, str system, const struct json *in, struct json *ret)
{
    struct json *v = NEW_N(cx->a, struct json, in->n + 1);
    for (size_t i = 0; i < in->n; i++) {
        v[i] = in->v[i];
        struct linking l = {t, system, entity_field(t->e, v[i].key)};
        bool links = l.f && l.f->target && (l.f->kind->store == ST_LINKS || l.f->kind->store == ST_INT);
        if (links && acl_field_read(cx, l.f)) TRY(member_read(cx, &l, &v[i]));
    }
    *ret = *in;
    ret->v = v;
    return E_OK;
}

static enum err sets_read(struct cx *cx, struct sync_todo *t, str system)
{
    const struct json *j = NULL;
    struct json linked = {0};
    TRY(json_parse(cx, t->row.values, &j));
    if (t->has_links) {
        TRY(links_read(cx, t, system, j, &linked));
        j = &linked;
    }
    return record_sets(cx, t->e, j, &t->s, &t->n);
}

/* ---- before the writer ---- */
void sync_prepare(struct cx *cx, struct sync_todo *t, str system)
{
    cx->at = cx->msg = S("");
    t->unfit = E_OK;
    t->e = meta_entity(cx->meta, t->row.entity);
    if (!t->e || !acl_may(cx, t->e, ACT_SEE))
        t->unfit = fail_at(cx, E_INVALID, S("entity"), "There is nothing of this name");
    t->has_links = str_find(t->row.values, S("\"by\":")) >= 0;
    if (t->unfit == E_OK && t->row.op == SYNC_UPSERT && !t->has_links) t->unfit = sets_read(cx, t, system);
    if (t->unfit == E_OK) return;
    t->row.field = cx->at;
    t->row.why = cx->msg;
}

/* ---- inside of it ---- */
static enum err item_upsert(struct cx *cx, struct sync_todo *t, str system, struct written *w)
{
    bool made = false;
    if (t->has_links) TRY(sets_read(cx, t, system));
    return record_upsert(cx, t->e, system, t->row.key, 0, t->s, t->n, w, &made);
}

/* Whose key it is, is gone already: then nothing is to be done. */
static enum err item_delete(struct cx *cx, struct sync_todo *t, str system, struct written *w)
{
    struct record r = {0};
    int64_t id = 0;
    TRY(external_find(cx, t->e, system, t->row.key, &id));
    if (!id) return E_OK;
    enum err e = record_get(cx, t->e, id, &r);
    if (e == E_OK) return record_delete(cx, t->e, id, 0, w);
    if (e != E_NOTFOUND) return e;
    w->id = id;
    e = record_get_deleted(cx, t->e, id, &r);
    return e == E_NOTFOUND ? fail_at(cx, E_CONFLICT, S("key"),
                                     "The record of this key is in the trash, or you may not see it")
                           : e;
}

static enum err item_link(struct cx *cx, struct sync_todo *t, str system, struct written *w, bool *ret_done)
{
    int64_t now = 0;
    TRY(external_find(cx, t->e, system, t->row.key, &now));
    TRY(external_add(cx, t->e, t->row.record, system, t->row.key));
    w->id = t->row.record;
    *ret_done = now != t->row.record;
    return E_OK;
}

struct apply {
    struct sync_todo *t;
    str system;
    struct written w;
    bool linked;
};

static enum err apply_inside(struct cx *cx, void *arg)
{
    struct apply *x = arg;
    x->w = (struct written){0};
    x->linked = false;
    switch (x->t->row.op) {
    case SYNC_UPSERT: return item_upsert(cx, x->t, x->system, &x->w);
    case SYNC_DELETE: return item_delete(cx, x->t, x->system, &x->w);
    case SYNC_LINK: return item_link(cx, x->t, x->system, &x->w, &x->linked);
    case SYNC_OPS: break;
    }
    return E_OK;
}

enum err sync_apply(struct cx *cx, struct sync_todo *t, str system, enum sync_state *ret)
{
    struct apply x = {.t = t, .system = system};
    cx->at = cx->msg = S("");
    cx->err = E_OK;
    t->wants = S("");
    cx->batch = t->batch_change;
    enum err e = db_write(cx, apply_inside, &x);
    cx->batch = 0;
    TRY(e);
    if (x.w.id) t->row.record = x.w.id;
    t->row.change = x.w.seq;
    *ret = x.w.seq || x.linked ? SYNC_APPLIED : SYNC_UNCHANGED;
    return E_OK;
}
