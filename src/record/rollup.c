/* SPDX-License-Identifier: MIT */
/* record/rollup.c - roll-ups of parents, kept up to date in the child's own transaction.
 *
 * count and sum move by the difference; min, max and latest are read again by one aggregate over the index of
 * the child's link. No version, no log row: a roll-up follows from the children, so undo needs none either.
 */
#include "record/record_int.h"

struct roll {
    const struct field *f, *via,
        *of; /* the parent's field; the child's link to it; what is aggregated, NULL for count */
    str agg;
};

static bool roll_of(const struct field *f, const struct entity *child, struct roll *ret)
{
    const struct json *agg = json_get(f->def, S("agg")), *of = json_get(f->def, S("field"));
    if (!str_eq(f->kind->name, S("rollup")) || f->trashed || !f->target ||
        f->target->at != child->at || !agg)
        return false;
    *ret = (struct roll){.f = f,
                         .via = entity_field(child, f->via),
                         .of = of ? entity_field(child, of->s) : NULL,
                         .agg = agg->s};
    return ret->via && (ret->of || str_eq(agg->s, S("count")));
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
    return sql_run(cx, &q, NULL, NULL);
}

static enum err again(struct cx *cx, const struct roll *r, int64_t parent)
{
    struct sql q = sql_new(cx);
    if (!parent) return E_OK;
    assert(r->of); /* only count does without: roll_of */
    sql_lit(&q, "UPDATE ");
    sql_name(&q, r->f->entity->table);
    sql_lit(&q, " SET ");
    sql_name(&q, r->f->col);
    if (str_eq(r->agg, S("min"))) sql_lit(&q, " = (SELECT min(");
    else sql_lit(&q, " = (SELECT max(");
    sql_col(&q, S("c"), r->of->col);
    sql_lit(&q, ") FROM ");
    sql_name(&q, r->via->entity->table);
    sql_lit(&q, " c WHERE c.deleted_at IS NULL AND ");
    sql_col(&q, S("c"), r->via->col);
    sql_lit(&q, " = ");
    sql_val(cx, &q, V(parent));
    sql_lit(&q, ") WHERE id = ");
    sql_val(cx, &q, V(parent));
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

static enum err follow(struct cx *cx, const struct roll *r, const struct val *old,
                       const struct val *now)
{
    int64_t from = old ? old[r->via->at].i : 0, to = now ? now[r->via->at].i : 0;
    if (str_eq(r->agg, S("count")) || str_eq(r->agg, S("sum")))
        return follow_sum(cx, r, from, from ? weight(r, old) : 0, to, to ? weight(r, now) : 0);
    assert(r->of); /* only count does without: roll_of */
    if (from == to && old && now && val_eq(&old[r->of->at], &now[r->of->at])) return E_OK;
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
    return E_OK;
}
