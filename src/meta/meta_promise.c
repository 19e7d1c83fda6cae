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

/* Conditions of roll-ups over records of e, as it is to be. */
static enum err wheres_kept(struct cx *cx, const struct entity *e, const struct entity *with)
{
    for (size_t i = 0; i < cx->meta->n; i++)
        for (size_t k = F_SYSTEM_N; k < cx->meta->entity[i].n; k++) {
            const struct field *o = &cx->meta->entity[i].f[k];
            const struct cond *c = NULL;
            if (o->where && !o->trashed && o->target == e && rollup_where(cx, o, with, &c) != E_OK)
                return fail(cx, E_CONFLICT, "A formula or roll-up reads this field: change or remove that first");
        }
    return E_OK;
}

enum err rules_kept(struct cx *cx, const struct entity *e, const struct field *f)
{
    struct entity with = with_field(cx, e, f);
    TRY(wheres_kept(cx, e, &with));
    for (size_t i = F_SYSTEM_N; i < with.n; i++) {
        const struct field *o = &with.f[i];
        if (!o->rule || o->trashed || (o->at == f->at && e->f[i].trashed == f->trashed)) continue;
        bool held = o->at == f->at || is_rule(cx, e, o->rule);
        if (held && !is_rule(cx, &with, o->rule))
            return fail(cx, E_CONFLICT, "A rule names this field: change or remove the rule first");
    }
    return E_OK;
}

/* A value as it stands in its column, for people; "" when it cannot be told alone. */
static str value_text(struct cx *cx, const struct field *f, const struct db_rows *r, size_t row)
{
    struct buf b = buf_new(cx->a, 16 * 1024);
    bool number = f->kind->store == ST_INT, text = f->kind->store == ST_TEXT || f->kind->store == ST_FOLDED;
    if (f->to.n || f->kind->file || (!number && !text)) return S("");
    struct val v = number ? VAL_INT(db_int(r, row, 0)) : VAL_TEXT(db_str(r, row, 0));
    f->kind->to_text(cx, f, &v, &b);
    str s = str_trim(buf_str(&b));
    return s.n > 100 ? S("") : s;
}

enum err unique_already(struct cx *cx, const struct entity *e, const struct field *f)
{
    enum { TOLD = 3 };
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    struct buf b = buf_new(cx->a, 1024);
    if (!f->col.n) return E_OK;
    str key = f->kind->store == ST_FOLDED ? f->col2 : f->col;
    sql_lit(&q, "SELECT MIN(");
    sql_name(&q, f->col);
    sql_lit(&q, ") FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " WHERE deleted_at IS NULL AND ");
    sql_name(&q, key);
    sql_lit(&q, " IS NOT NULL GROUP BY ");
    sql_name(&q, key);
    sql_lit(&q, " HAVING COUNT(*) > 1 ORDER BY 1 LIMIT ");
    sql_val(cx, &q, V((int64_t)TOLD));
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < r.n; i++) {
        str s = value_text(cx, f, &r, i);
        if (s.n) buf_fmt(&b, "%s%.*s", b.n ? ", " : "", FS(s));
    }
    if (!r.n) return E_OK;
    return b.n ? fail_at(cx, E_CONFLICT, S("unique"), "Values stand more than once: %.*s", FS(buf_str(&b)))
               : fail_at(cx, E_CONFLICT, S("unique"), "Some values stand more than once");
}
