/* SPDX-License-Identifier: MIT */
/* api/find.c - search, and who is calling. */
#include "api/api_int.h"

#include "search/search.h"

enum { HITS_PER_ENTITY = 8, LAST_INTERACTIONS = 3, OPEN_TASKS = 5 };

/* "groups":[{"id","title","hue"}], left out when there are none. */
static void groups_json(struct cx *cx, const struct record *r, struct jw *w)
{
    const struct field *f = FLD(r->e, "groups");
    if (!f || !r->has[f->at] || r->v[f->at].t != VT_LIST) return;
    jw_key(w, S("groups"));
    f->kind->to_json(cx, f, &r->v[f->at], w);
}

static void hit_json(struct cx *cx, const struct found *f, const struct page *groups, struct jw *w)
{
    jw_obj(w);
    jw_kid(w, S("id"), f->id);
    jw_kstr(w, S("title"), f->title);
    jw_kstr(w, S("subtitle"), f->subtitle);
    jw_kstr(w, S("match"), f->match);
    for (size_t i = 0; i < groups->n; i++)
        if (groups->v[i].id == f->id) groups_json(cx, &groups->v[i], w);
    jw_obj_end(w);
}

static enum err hits_json(struct cx *cx, const struct found_group *g, struct jw *w)
{
    const struct field *f = FLD(g->e, "groups");
    int64_t *ids = NEW_N(cx->a, int64_t, g->n);
    struct page p = {0};
    struct query q = {.limit = g->n, .ids = ids, .n_ids = g->n, .fields = {.f = &f, .n = 1, .bare = true}};
    for (size_t i = 0; i < g->n; i++) ids[i] = g->v[i].id;
    if (f && f->kind->store == ST_LINKS && acl_field_read(cx, f)) TRY(record_list(cx, g->e, &q, &p));
    jw_obj(w);
    jw_kstr(w, S("entity"), g->e->name);
    jw_key(w, S("items"));
    jw_arr(w);
    for (size_t i = 0; i < g->n; i++) hit_json(cx, &g->v[i], &p, w);
    jw_arr_end(w);
    jw_kbool(w, S("more"), g->more);
    jw_obj_end(w);
    return E_OK;
}

enum err api_search(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str q = {0}, name = {0};
    const struct entity *only = NULL;
    struct found_group *g = NULL;
    size_t n = 0;
    (void)http_query(cx, rq, S("q"), &q);
    if (http_query(cx, rq, S("entity"), &name) && name.n && !(only = meta_entity(cx->meta, name)))
        return fail_at(cx, E_BAD, S("entity"), "There is nothing of this name");
    if (str_trim(q).n) TRY(search_find(cx, q, only, HITS_PER_ENTITY, &g, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) TRY(hits_json(cx, &g[i], &w));
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

/* The newest records of e whose link `by` points to the caller. */
static enum err hanging_json(struct cx *cx, struct jw *w, str key, const struct entity *e,
                             const struct caller *c, const char *filter, size_t limit)
{
    const struct json *j = NULL;
    const struct cond *cond = NULL;
    struct page p = {0};
    const struct field *by = entity_field(e, c->e->name);
    bool known = (str_eq(c->e->name, S("company")) || str_eq(c->e->name, S("person"))) && by && acl_field_read(cx, by);
    jw_key(w, key);
    jw_arr(w);
    if (known && acl_may(cx, e, ACT_SEE)) {
        TRY(json_parse(cx,
                       arena_fmt(cx->a,
                                 "{\"and\":[{\"field\":\"%.*s\",\"op\":\"eq\",\"value\":\"%" PRId64
                                 "\"}%s]}",
                                 FS(c->e->name), c->id, filter),
                       &j));
        TRY(filter_parse(cx, e, j, NULL, &cond));
        struct query q = {.where = cond, .limit = limit};
        TRY(record_list(cx, e, &q, &p));
    }
    for (size_t i = 0; i < p.n; i++) record_json(cx, &p.v[i], w);
    jw_arr_end(w);
    return E_OK;
}

static enum err caller_json(struct cx *cx, const struct caller *c, struct jw *w)
{
    struct page p = {0};
    const struct field *phones = phones_of(cx, c->e), *groups = FLD(c->e, "groups"), *want[2] = {phones, groups};
    struct query q = {.limit = 1, .ids = &c->id, .n_ids = 1};
    q.fields = (struct fields){.f = want, .n = !phones ? 0 : groups ? 2 : 1, .bare = true};
    TRY(record_list(cx, c->e, &q, &p));
    jw_obj(w);
    jw_kstr(w, S("entity"), c->e->name);
    jw_kid(w, S("id"), c->id);
    jw_kstr(w, S("title"), c->title);
    jw_kbool(w, S("exact"), c->exact);
    titled_json(w, S("company"), c->company, c->company_title);
    titled_json(w, S("owner"), c->owner, c->owner_title);
    jw_key(w, S("phones"));
    if (p.n && phones && p.v[0].v[phones->at].t == VT_LIST)
        phones->kind->to_json(cx, phones, &p.v[0].v[phones->at], w);
    else jw_raw(w, S("[]"));
    if (p.n) groups_json(cx, &p.v[0], w);
    TRY(hanging_json(cx, w, S("interactions"), ENT(cx, "interaction"), c, "", LAST_INTERACTIONS));
    TRY(hanging_json(cx, w, S("tasks"), ENT(cx, "task"), c,
                     ",{\"field\":\"status\",\"op\":\"in\",\"value\":[\"open\",\"doing\"]}",
                     OPEN_TASKS));
    jw_obj_end(w);
    return E_OK;
}

enum err api_who(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str number = {0}, e164 = {0};
    struct caller *c = NULL;
    size_t n = 0;
    if (!http_query(cx, rq, S("number"), &number) || !number.n || number.n > 200)
        return fail_at(cx, E_BAD, S("number"), "A number is needed");
    TRY(who_find(cx, number, &e164, &c, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kstr(&w, S("number"), e164);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) TRY(caller_json(cx, &c[i], &w));
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}
