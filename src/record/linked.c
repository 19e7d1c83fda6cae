/* SPDX-License-Identifier: MIT */
/* record/linked.c - columns of a list that stand in the record a link points to: "company.owner". One list of the
 * linked records for each link and page, by the same door as any list: what may not be seen is no value.
 */
#include "record/record_int.h"

enum { AT_ONCE = 200 };

static bool is_readable(const struct cx *cx, const struct field *f)
{
    return f && !f->trashed && !f->hidden && acl_field_read(cx, f);
}

/* Lines are lists of their own. */
static const struct field *linked_field(const struct cx *cx, const struct field *link, str name)
{
    if (!is_readable(cx, link) || !str_eq(link->kind->name, S("link")) || !link->target) return NULL;
    if (link->target->trashed || !acl_may(cx, link->target, ACT_SEE)) return NULL;
    const struct field *f = entity_field(link->target, name);
    return is_readable(cx, f) && f->kind->store != ST_LINES ? f : NULL;
}

static struct list_column column_of(struct cx *cx, const struct entity *e, str name)
{
    str first = {0}, rest = {0};
    if (!str_split(name, '.', &first, &rest)) {
        const struct field *f = entity_field(e, name);
        return (struct list_column){.f = f && acl_field_read(cx, f) ? f : NULL};
    }
    const struct field *link = entity_field(e, first);
    return (struct list_column){link, linked_field(cx, link, rest)};
}

enum err record_columns(struct cx *cx, const struct entity *e, str text, const struct list_column **ret, size_t *ret_n)
{
    LIST(struct list_column) l = {0};
    size_t n_linked = 0;
    str name = {0};
    for (bool more = true; more && l.n < e->n + LINKED_MAX;) {
        more = str_split(text, ',', &name, &text);
        struct list_column c = column_of(cx, e, str_trim(name));
        if (!c.f) return fail_at(cx, E_BAD, S("fields"), "There is no field of this name");
        if (c.link && ++n_linked > LINKED_MAX)
            return fail_at(cx, E_BAD, S("fields"), "At most %d fields of linked records can be asked for", LINKED_MAX);
        *LIST_ADD(cx->a, &l) = c;
    }
    *ret = l.v;
    *ret_n = l.n;
    return E_OK;
}

struct fields record_fields(struct cx *cx, const struct list_column *c, size_t n)
{
    const struct field **own = NEW_N(cx->a, const struct field *, n + 1);
    struct list_column *linked = NEW_N(cx->a, struct list_column, n + 1);
    size_t n_own = 0, n_linked = 0;
    for (size_t i = 0; i < n; i++) {
        if (c[i].link) linked[n_linked++] = c[i];
        else own[n_own++] = c[i].f;
    }
    return (struct fields){.f = own, .n = n_own, .linked = linked, .n_linked = n_linked};
}

/* ---- filling ---- */
struct filling {
    const struct fields *want;
    const struct record *v;
    struct linked *out; /* n_linked for each record */
    size_t n;
};

static int64_t target_of(const struct record *r, const struct field *link)
{
    return r->has[link->at] && r->v[link->at].t == VT_INT ? r->v[link->at].i : 0;
}

static size_t targets(struct cx *cx, const struct filling *x, const struct field *link, int64_t **ret)
{
    int64_t *ids = NEW_N(cx->a, int64_t, x->n);
    size_t n = 0;
    for (size_t i = 0; i < x->n; i++) {
        int64_t id = target_of(&x->v[i], link);
        bool known = !id;
        for (size_t k = 0; !known && k < n; k++) known = ids[k] == id;
        if (!known) ids[n++] = id;
    }
    *ret = ids;
    return n;
}

static void place(const struct filling *x, const struct field *link, const struct record *to)
{
    size_t m = x->want->n_linked;
    for (size_t i = 0; i < x->n; i++) {
        if (target_of(&x->v[i], link) != to->id) continue;
        for (size_t k = 0; k < m; k++) {
            const struct list_column *c = &x->want->linked[k];
            if (c->link == link && to->has[c->f->at]) x->out[i * m + k].v = &to->v[c->f->at];
        }
    }
}

static enum err fill_link(struct cx *cx, const struct filling *x, const struct field *link)
{
    const struct field **f = NEW_N(cx->a, const struct field *, x->want->n_linked);
    size_t n = 0;
    int64_t *ids = NULL;
    for (size_t k = 0; k < x->want->n_linked; k++)
        if (x->want->linked[k].link == link) f[n++] = x->want->linked[k].f;
    size_t all = targets(cx, x, link, &ids);
    for (size_t at = 0; at < all; at += AT_ONCE) {
        struct query q = {.limit = AT_ONCE, .cursor = S(""), .ids = ids + at, .fields = {.f = f, .n = n}};
        struct page p = {0};
        q.n_ids = all - at < AT_ONCE ? all - at : AT_ONCE;
        TRY(record_list(cx, link->target, &q, &p));
        for (size_t i = 0; i < p.n; i++) place(x, link, &p.v[i]);
    }
    return E_OK;
}

static bool is_first(const struct fields *want, size_t at)
{
    for (size_t k = 0; k < at; k++)
        if (want->linked[k].link == want->linked[at].link) return false;
    return true;
}

enum err fill_linked(struct cx *cx, const struct fields *want, struct record *v, size_t n)
{
    size_t m = want->n_linked;
    if (!n || !m) return E_OK;
    struct filling x = {want, v, NEW_N(cx->a, struct linked, n * m), n};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < m; k++) x.out[i * m + k].column = want->linked[k];
        v[i].linked = &x.out[i * m];
        v[i].n_linked = m;
    }
    for (size_t k = 0; k < m; k++)
        if (is_first(want, k)) TRY(fill_link(cx, &x, want->linked[k].link));
    return E_OK;
}
