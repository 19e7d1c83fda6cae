/* SPDX-License-Identifier: MIT */
/* record/rollup.c - roll-ups of parents, kept up to date in the child's own transaction.
 *
 * count and sum move by the difference; min, max and latest are read again over the index of the child's link (own
 * roll-ups: of the link and what orders them, so that one row is read), and so is what gathers another roll-up, when
 * that moves. A condition (f->where) is asked of the child before and after: one that does not meet it is nobody's
 * child. No version, no log row: a roll-up follows from the children, so undo needs none either.
 */
#include "meta/filter.h"
#include "record/record_int.h"

struct roll {
    const struct field *f, *via, /* the parent's field; the child's link to it */
        *of,                     /* what is aggregated, NULL for count */
        *by;                     /* latest: the date that orders the children; min, max: `of` */
    str agg;
    bool sums;                   /* count or sum */
};

static const struct field *child_field(const struct field *f, const struct entity *child, str key)
{
    const struct json *name = json_get(f->def, key);
    return name && name->t == JT_STR ? entity_field(child, name->s) : NULL;
}

static bool gathers(const struct field *f, const struct entity *child)
{
    return str_eq(f->kind->name, S("rollup")) && !f->trashed && f->target && f->target->at == child->at &&
           (f->where || !rollup_has_where(f));
}

static bool roll_of(const struct field *f, const struct entity *child, struct roll *ret)
{
    const struct json *agg = json_get(f->def, S("agg"));
    if (!gathers(f, child) || !agg) return false;
    bool count = str_eq(agg->s, S("count"));
    *ret = (struct roll){.f = f,
                         .via = entity_field(child, f->via),
                         .of = child_field(f, child, S("field")),
                         .agg = agg->s,
                         .sums = count || str_eq(agg->s, S("sum"))};
    ret->by = str_eq(agg->s, S("latest")) ? child_field(f, child, S("by")) : ret->of;
    return ret->via && ret->via->col.n && (count || (ret->of && ret->of->col.n && ret->by && ret->by->col.n));
}

static enum err add(struct cx *cx, const struct roll *r, int64_t parent, int64_t by)
{
    struct sql q = sql_new(cx);
    if (!parent || !by) return E_OK;
    sql_lit(&q, "UPDATE ");
    sql_name(&q, r->f->entity->table);
    sql_lit(&q, " SET ");
    sql_name(&q, r->f->col);
    sql_lit(&q, " = COALESCE(");
    sql_name(&q, r->f->col);
    sql_lit(&q, ", 0) + ");
    sql_val(cx, &q, V(by));
    sql_lit(&q, " WHERE id = ");
    sql_val(cx, &q, V(parent));
    TRY(sql_run(cx, &q, NULL, NULL));
    return rollup_moved(cx, r->f, parent);
}

/* " FROM child c WHERE alive AND c.via = parent AND condition" with the parent's id, or (0) that of the row being
 * updated */
static void children(struct cx *cx, struct sql *q, const struct roll *r, int64_t parent)
{
    sql_lit(q, " FROM ");
    sql_name(q, r->via->entity->table);
    sql_lit(q, " c WHERE c.deleted_at IS NULL AND ");
    sql_col(q, S("c"), r->via->col);
    sql_lit(q, " = ");
    if (parent) sql_val(cx, q, V(parent));
    else sql_col(q, r->f->entity->table, S("\"id\""));
    if (!r->f->where) return;
    sql_lit(q, " AND ");
    filter_sql(cx, r->f->where, S("c"), q, NULL);
}

/* col = (SELECT ...) for the field's column, or its second one */
static void assign(struct cx *cx, struct sql *q, const struct roll *r, bool second, int64_t parent)
{
    str col = second ? r->of->col2 : r->of ? r->of->col : S("");
    sql_name(q, second ? r->f->col2 : r->f->col);
    if (!str_eq(r->agg, S("latest"))) {
        if (!r->of) sql_lit(q, " = (SELECT count(*");
        else if (r->sums) sql_lit(q, " = (SELECT sum(");
        else if (str_eq(r->agg, S("min"))) sql_lit(q, " = (SELECT min(");
        else sql_lit(q, " = (SELECT max(");
        if (r->of) sql_col(q, S("c"), col);
        sql_lit(q, ")");
        children(cx, q, r, parent);
        sql_lit(q, ")");
        return;
    }
    sql_lit(q, " = (SELECT ");
    sql_col(q, S("c"), col);
    children(cx, q, r, parent);
    sql_lit(q, " AND ");
    sql_col(q, S("c"), r->by->col);
    sql_lit(q, " IS NOT NULL ORDER BY ");
    sql_col(q, S("c"), r->by->col);
    sql_lit(q, " DESC, c.id DESC LIMIT 1)");
}

static void update(struct cx *cx, struct sql *q, const struct roll *r, int64_t parent)
{
    sql_lit(q, "UPDATE ");
    sql_name(q, r->f->entity->table);
    sql_lit(q, " SET ");
    assign(cx, q, r, false, parent);
    if (!r->of || !r->f->col2.n) return;
    sql_lit(q, ", ");
    assign(cx, q, r, true, parent);
}

static enum err again(struct cx *cx, const struct roll *r, int64_t parent)
{
    struct sql q = sql_new(cx);
    if (!parent) return E_OK;
    update(cx, &q, r, parent);
    sql_lit(&q, " WHERE id = ");
    sql_val(cx, &q, V(parent));
    TRY(sql_run(cx, &q, NULL, NULL));
    return rollup_moved(cx, r->f, parent);
}

/* ---- what reads a roll-up ---- */
static enum err above(struct cx *cx, const struct roll *r, int64_t id)
{
    struct sql q = sql_new(cx);
    struct db_rows rows = {0};
    sql_lit(&q, "SELECT ");
    sql_name(&q, r->via->col);
    sql_lit(&q, " FROM ");
    sql_name(&q, r->via->entity->table);
    sql_lit(&q, " WHERE deleted_at IS NULL AND id = ");
    sql_val(cx, &q, V(id));
    TRY(sql_run(cx, &q, &rows, NULL));
    return rows.n ? again(cx, r, db_int(&rows, 0, 0)) : E_OK;
}

/* The next roll-up of f itself, from *at on. */
static bool next_above(const struct cx *cx, const struct field *f, size_t *at, struct roll *ret)
{
    for (; *at < cx->meta->n * FIELDS_MAX; ++*at) {
        const struct entity *e = &cx->meta->entity[*at / FIELDS_MAX];
        size_t k = *at % FIELDS_MAX;
        bool rolls = k < e->n && e->f[k].to.n && roll_of(&e->f[k], f->entity, ret);
        if (k >= e->n) *at += FIELDS_MAX - 1 - k; /* on to the next entity */
        if (rolls && (ret->of == f || ret->by == f)) return ++*at, true;
    }
    return false;
}

bool rollup_is_read(const struct cx *cx, const struct field *f)
{
    struct roll r = {0};
    size_t at = 0;
    return f->read || next_above(cx, f, &at, &r);
}

enum err rollup_moved(struct cx *cx, const struct field *f, int64_t id)
{
    struct roll r = {0};
    if (f->read) TRY(formulas_again(cx, f, id));
    for (size_t at = 0; next_above(cx, f, &at, &r);) TRY(above(cx, &r, id));
    return E_OK;
}

enum err rollup_fill(struct cx *cx, const struct field *f)
{
    struct roll r = {0};
    struct sql q = sql_new(cx);
    if (!f->target || !roll_of(f, f->target, &r)) return E_OK;
    update(cx, &q, &r, 0);
    return sql_run(cx, &q, NULL, NULL);
}

/* What the record adds to its parent: 1, or the summed field. */
static int64_t weight(const struct roll *r, const struct val *v)
{
    return r->of ? v[r->of->at].i : 1;
}

static enum err follow_sum(struct cx *cx, const struct roll *r, int64_t from, int64_t was,
                           int64_t to, int64_t is)
{
    if (from == to) return add(cx, r, to, is - was);
    if (to && to < from) { /* parents in the order of their ids: no deadlock */
        TRY(add(cx, r, to, is));
        return add(cx, r, from, -was);
    }
    TRY(add(cx, r, from, -was));
    return add(cx, r, to, is);
}

static bool same(const struct field *f, const struct val *a, const struct val *b)
{
    return val_eq(&a[f->at], &b[f->at]) && (f->kind->store != ST_MONEY || str_eq(a[f->at].s, b[f->at].s));
}

static bool unmoved(const struct roll *r, const struct val *old, const struct val *now)
{
    return old && now && same(r->of, old, now) && same(r->by, old, now);
}

/* The parent that gathers a child with these values; 0 none. */
static enum err parent_of(struct cx *cx, const struct roll *r, const struct val *v, int64_t *ret)
{
    bool fits = true;
    *ret = v ? v[r->via->at].i : 0;
    if (!*ret || !r->f->where) return E_OK;
    TRY(filter_eval(cx, r->f->where, 0, v, NULL, &fits));
    if (!fits) *ret = 0;
    return E_OK;
}

static enum err follow(struct cx *cx, const struct roll *r, const struct val *old,
                       const struct val *now)
{
    int64_t from = 0, to = 0;
    TRY(parent_of(cx, r, old, &from));
    TRY(parent_of(cx, r, now, &to));
    if (r->sums)
        return follow_sum(cx, r, from, from ? weight(r, old) : 0, to, to ? weight(r, now) : 0);
    assert(r->of && r->by); /* only count does without: roll_of */
    if (from == to && unmoved(r, old, now)) return E_OK;
    int64_t first = from < to ? from : to, second = from < to ? to : from;
    if (first) TRY(again(cx, r, first));
    return second != first ? again(cx, r, second) : E_OK;
}

enum err rollups_follow(struct cx *cx, const struct entity *e, const struct val *old,
                        const struct val *now)
{
    for (size_t i = 0; i < cx->meta->n; i++) {
        const struct entity *parent = &cx->meta->entity[i];
        for (size_t k = F_SYSTEM_N; k < parent->n; k++) {
            struct roll r = {0};
            if (parent->f[k].to.n && roll_of(&parent->f[k], e, &r)) TRY(follow(cx, &r, old, now));
        }
    }
    return consents_follow(cx, e, old, now);
}
