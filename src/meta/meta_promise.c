/* SPDX-License-Identifier: MIT */
/* meta/meta_promise.c - what a description promises about values to come: defaults and rules. What could not be kept
 * is refused when it is told, or when the field that a rule names changes: else no record could be written any more. */
#include "meta/meta_int.h"

#include "meta/filter.h"

/* e as it will be with f in its place, or behind the others. */
static struct entity with_field(struct cx *cx, const struct entity *e, const struct field *f)
{
    struct entity ret = *e;
    struct field *all = NEW_N(cx->a, struct field, e->n + 1);
    memcpy(all, e->f, e->n * sizeof *all);
    all[f->at] = *f;
    ret.f = all;
    ret.n = f->at < e->n ? e->n : e->n + 1;
    return ret;
}

/* A rule is asked of a record alone, while it is written. */
static bool is_alone(const struct cond *c)
{
    if (c->k == C_HAS || c->k == C_ANY || c->k == C_ALL) return false;
    bool not_or = c->k == C_AND || c->k == C_OR || c->k == C_NOT;
    for (size_t i = 0; not_or && i < c->n; i++)
        if (!is_alone(&c->kids[i])) return false;
    return true;
}

static bool is_rule(struct cx *cx, const struct entity *e, const struct json *j)
{
    const struct cond *c = NULL;
    return j->t == JT_OBJ && filter_parse(cx, e, j, NULL, &c) == E_OK && is_alone(c);
}

enum err promises_read(struct cx *cx, const struct entity *e, const struct field *f)
{
    struct val v = VAL_NULL;
    bool none = f->readonly || f->to.n || f->kind->file || f->kind->store == ST_LINES;
    if (f->dflt && none) return fail_at(cx, E_INVALID, S("default"), "A field of this kind has no default value");
    if (f->dflt && f->kind->from_json(cx, f, f->dflt, &v) != E_OK)
        return fail_at(cx, E_INVALID, S("default"), "%.*s", FS(cx->msg));
    if (!f->rule) return E_OK;
    struct entity with = with_field(cx, e, f); /* a rule speaks of its field */
    return is_rule(cx, &with, f->rule)
               ? E_OK
               : fail_at(cx, E_INVALID, S("rule"), "A rule is a filter over the fields of the entity");
}

enum err rules_kept(struct cx *cx, const struct entity *e, const struct field *f)
{
    struct entity with = with_field(cx, e, f);
    for (size_t i = F_SYSTEM_N; i < with.n; i++) {
        const struct field *o = &with.f[i];
        if (!o->rule || o->trashed || (o->at == f->at && e->f[i].trashed == f->trashed)) continue;
        bool held = o->at == f->at || is_rule(cx, e, o->rule);
        if (held && !is_rule(cx, &with, o->rule))
            return fail(cx, E_CONFLICT, "A rule names this field: change or remove the rule first");
    }
    return E_OK;
}
