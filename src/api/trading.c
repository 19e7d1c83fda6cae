/* SPDX-License-Identifier: MIT */
/* api/trading.c - trade templates: what a firm of that trade adds to the description, and its groups; at the first
 * set-up or later. Fields go into the trash again one by one, groups are one batch. */
#include "api/trading.h"

#include "meta/filter.h"
#include "record/log.h"

enum { GROUPS_MAX = 16 };

void trades_json(struct cx *cx, struct jw *w)
{
    struct trade t = {0};
    bool is = false;
    jw_arr(w);
    for (size_t i = 0; trade_at(cx, i, &t, &is) == E_OK && is; i++) {
        jw_obj(w);
        trade_json(cx, &t, w);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static enum err group_is(struct cx *cx, const struct entity *e, str name, bool *ret)
{
    const struct field *f = FLD(e, "name");
    struct val v = VAL_TEXT(filter_fold(cx->a, name));
    struct cond c = {.k = C_CMP, .e = e, .f = f, .op = OP_EQ, .v = &v, .n_v = 1};
    struct query q = {.where = &c, .limit = 1};
    struct page p = {0};
    TRY(record_list(cx, e, &q, &p));
    *ret = p.n > 0;
    return E_OK;
}

static enum err groups_make(struct cx *cx, const struct trade *t, int64_t *ret)
{
    const struct entity *e = ENT(cx, "group");
    str names[GROUPS_MAX];
    int64_t hues[GROUPS_MAX];
    if (!acl_may(cx, e, ACT_CREATE)) return E_OK; /* the fields are his to add */
    size_t n = trade_groups(cx, t, names, hues, GROUPS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct set s[] = {{FLD(e, "name"), VAL_TEXT(names[i])},
                          {FLD(e, "colour"), VAL_INT(hues[i])}};
        struct written w = {0};
        bool is = false;
        const struct acl *acl = cx->acl; /* also one that he does not see */
        cx->acl = NULL;
        enum err seen = group_is(cx, e, names[i], &is);
        cx->acl = acl;
        TRY(seen);
        if (is) continue;
        TRY(record_create(cx, e, 0, s, COUNT(s), &w));
        ++*ret;
    }
    return E_OK;
}

enum err trade_apply(struct cx *cx, struct trading *g)
{
    cx->meta = g->before;
    g->groups = 0;
    /* First, for rights were read for this description and not for the next. */
    TRY(groups_make(cx, &g->t, &g->groups));
    TRY(trade_describe(cx, &g->t, &g->made));
    for (size_t i = 0; i < g->made.n; i++) {
        const struct trade_new *v = &g->made.v[i];
        const struct field *f =
            v->field.n ? entity_field(meta_entity(cx->meta, v->entity), v->field) : NULL;
        if (f && f->def) TRY(record_field_fill(cx, v->entity, v->field));
    }
    return E_OK;
}

static enum err apply_as_batch(struct cx *cx, void *arg)
{
    struct trading *g = arg;
    cx->batch = 0;
    TRY(batch_begin(cx, S("trade"), 0, &g->batch));
    TRY(trade_apply(cx, g));
    return batch_end(cx, g->batch, S("done"), S(""));
}

static void made_json(const struct trading *g, struct resp *rs)
{
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("batch"), g->groups ? g->batch : 0);
    jw_kint(&w, S("groups"), g->groups);
    jw_key(&w, S("made"));
    jw_arr(&w);
    for (size_t i = 0; i < g->made.n; i++) {
        jw_obj(&w);
        jw_kstr(&w, S("entity"), g->made.v[i].entity);
        if (g->made.v[i].field.n) jw_kstr(&w, S("field"), g->made.v[i].field);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    rs->status = 201;
}

static enum err apply(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct trading g = {.before = cx->meta};
    str name = {0};
    TRY(settings_only(cx));
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("trade"), S(""), &name));
    TRY(trade_named(cx, name, &g.t));
    int64_t batch = cx->batch;
    enum err e = db_write(cx, apply_as_batch, &g);
    cx->batch = batch;
    cx->meta = g.before;
    if (e == E_OK) made_json(&g, rs);
    meta_drop(&g.made.meta);
    return e;
}

enum err api_trade_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)rq;
    TRY(settings_only(cx));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    trades_json(cx, &w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_trade_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return then_reload(cx, rq, rs, apply);
}
