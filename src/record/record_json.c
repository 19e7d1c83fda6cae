/* SPDX-License-Identifier: MIT */
/* record/record_json.c - the API's form of records, in and out. */
#include "base/time.h"
#include "record/record_int.h"

enum err record_sets(struct cx *cx, const struct entity *e, const struct json *in,
                     const struct set **ret, size_t *ret_n)
{
    if (!in || in->t != JT_OBJ)
        return fail(cx, E_INVALID, "An object with the record's values is needed");
    struct set *s = NEW_N(cx->a, struct set, in->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < in->n; i++) {
        const struct json *j = &in->v[i];
        if (str_eq(j->key, S("id")) || str_eq(j->key, S("version"))) continue;
        const struct field *f = entity_field(e, j->key);
        if (!f || f->hidden || !acl_field_read(cx, f))
            return fail_at(cx, E_INVALID, str_cut(j->key, 0, 100),
                           "There is no field of this name");
        if (f->readonly)
            return fail_at(cx, E_INVALID, f->name, "%.*s cannot be changed",
                           FS(label_of(f->label, cx->lang)));
        s[n].f = f;
        if (j->t != JT_NULL) TRY(f->kind->from_json(cx, f, j, &s[n].v));
        n++;
    }
    *ret = s;
    *ret_n = n;
    return E_OK;
}

static void linked_json(struct cx *cx, const struct linked *x, struct jw *w)
{
    const struct field *f = x->column.f;
    jw_key(w, arena_fmt(cx->a, "%.*s.%.*s", FS(x->column.link->name), FS(f->name)));
    if (!x->v || x->v->t == VT_NULL) jw_null(w);
    else f->kind->to_json(cx, f, x->v, w);
}

void record_members_json(struct cx *cx, const struct record *r, struct jw *w)
{
    jw_kid(w, S("id"), r->id);
    jw_kint(w, S("version"), r->version);
    jw_kstr(w, S("title"), record_title(r));
    for (size_t i = 0; i < r->e->n; i++) {
        const struct field *f = &r->e->f[i];
        if (!r->has[i] || f->trashed || str_eq(f->name, S("title"))) continue;
        jw_key(w, f->name);
        if (r->v[i].t == VT_NULL) jw_null(w);
        else f->kind->to_json(cx, f, &r->v[i], w);
    }
    for (size_t i = 0; i < r->n_linked; i++) linked_json(cx, &r->linked[i], w);
}

void record_json(struct cx *cx, const struct record *r, struct jw *w)
{
    jw_obj(w);
    record_members_json(cx, r, w);
    jw_obj_end(w);
}
