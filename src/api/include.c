/* SPDX-License-Identifier: MIT */
/* api/include.c - ?include=company,owner,interaction.person: the records that others point to, with them in one answer.
 *
 * A link's name: those it points to. For one record also "entity.field": those that point to it by that field. With
 * a past time (?at=, of one record): they as they were then. */
#include "api/api_int.h"

#include "record/log.h"

enum { NAMES_MAX = 10, TARGETS_MAX = 200, BACK_MAX = 50 };

static enum err unknown(struct cx *cx)
{
    return fail_at(cx, E_BAD, S("include"), "There are no records of this name to include");
}

static void id_add(int64_t *ids, size_t *n, int64_t id)
{
    for (size_t i = 0; i < *n; i++)
        if (ids[i] == id) return;
    if (id && *n < TARGETS_MAX) ids[(*n)++] = id;
}

static size_t targets(const struct page *p, const struct field *f, int64_t *ids)
{
    size_t n_ids = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct val *x = &p->v[i].v[f->at];
        if (!p->v[i].has[f->at]) continue;
        if (x->t == VT_INT) id_add(ids, &n_ids, x->i);
        for (size_t k = 0; x->t == VT_LIST && k < x->n; k++) id_add(ids, &n_ids, x->v[k].id);
    }
    return n_ids;
}

static void page_member(struct cx *cx, str name, const struct page *p, struct jw *w)
{
    jw_key(w, name);
    page_json(cx, p, w);
    jw_obj_end(w);
}

/* Those that were there then. */
static enum err each_as_of(struct cx *cx, const struct entity *to, const struct query *q, int64_t at,
                           struct page *ret)
{
    struct record *v = NEW_N(cx->a, struct record, q->n_ids);
    ret->v = v;
    for (size_t i = 0; i < q->n_ids; i++) {
        enum err e = record_as_of(cx, to, q->ids[i], at, &v[ret->n]);
        if (e == E_NOTFOUND) continue;
        TRY(e);
        ret->n++;
    }
    return E_OK;
}

static enum err pointed_to(struct cx *cx, const struct field *f, str name, const struct page *from, int64_t at,
                           struct jw *w)
{
    const struct entity *to = link_target(cx, f);
    int64_t ids[TARGETS_MAX];
    struct page p = {.next = S("")};
    if (!to || !acl_may(cx, to, ACT_SEE)) return unknown(cx);
    struct query q = {.ids = ids, .n_ids = targets(from, f, ids), .limit = TARGETS_MAX, .cursor = S("")};
    if (q.n_ids && at) TRY(each_as_of(cx, to, &q, at, &p));
    else if (q.n_ids) TRY(record_list(cx, to, &q, &p));
    page_member(cx, name, &p, w);
    return E_OK;
}

/* "interaction.person" */
static enum err pointing(struct cx *cx, const struct entity *e, str name, const struct page *to, int64_t at,
                         struct jw *w)
{
    str entity = {0}, field = {0};
    if (to->n != 1 || !str_split(name, '.', &entity, &field)) return unknown(cx);
    const struct entity *from = meta_entity(cx->meta, entity);
    const struct field *f = from && acl_may(cx, from, ACT_SEE) ? entity_field(from, field) : NULL;
    if (!f || f->hidden || f->kind->store != ST_INT || link_target(cx, f) != e || !acl_field_read(cx, f))
        return unknown(cx);
    struct page p = {.next = S("")};
    struct val id = VAL_INT(to->v->id);
    struct cond where = {.k = C_CMP, .e = from, .f = f, .op = OP_EQ, .v = &id, .n_v = 1};
    struct query q = {.where = &where, .limit = BACK_MAX, .cursor = S("")};
    if (at) TRY(record_list_as_of(cx, from, &q, at, &p));
    else TRY(record_list(cx, from, &q, &p));
    page_member(cx, name, &p, w);
    return E_OK;
}

enum err include_json(struct cx *cx, const struct req *rq, const struct entity *e, const struct page *p,
                      int64_t at, struct jw *w)
{
    str text = {0}, name = {0};
    size_t names = 0;
    if (!http_query(cx, rq, S("include"), &text) || !text.n) return E_OK;
    jw_key(w, S("included"));
    jw_obj(w);
    for (bool more = true; more;) {
        more = str_split(text, ',', &name, &text);
        name = str_trim(name);
        const struct field *f = entity_field(e, name);
        if (++names > NAMES_MAX) return unknown(cx);
        if (f && !f->hidden && acl_field_read(cx, f) && link_target(cx, f)) TRY(pointed_to(cx, f, name, p, at, w));
        else TRY(pointing(cx, e, name, p, at, w));
    }
    jw_obj_end(w);
    return E_OK;
}
