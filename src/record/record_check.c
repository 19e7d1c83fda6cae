/* SPDX-License-Identifier: MIT */
/* record/record_check.c - what must hold of values before they are written. */
#include "record/record_int.h"

enum err check_sets(struct cx *cx, const struct entity *e, const struct set *s, size_t n)
{
    bool *seen = NEW_N(cx->a, bool, e->n);
    for (size_t i = 0; i < n; i++) {
        const struct field *f = s[i].f;
        assert(f->entity == e || str_eq(f->entity->name, e->name));
        if (!acl_field_read(cx, f)) return fail_at(cx, E_INVALID, f->name, "There is no such field");
        if (f->readonly && cx->acl)
            return fail_at(cx, E_INVALID, f->name, "%.*s cannot be changed", FS(f->name));
        if (!acl_field_write(cx, f))
            return fail_at(cx, E_DENIED, f->name, "You may not change %.*s", FS(f->name));
        if (seen[f->at]) return fail_at(cx, E_INVALID, f->name, "%.*s is given twice", FS(f->name));
        seen[f->at] = true;
        if (str_eq(e->name, S("role")) && str_eq(f->name, S("rights")) && s[i].v.t == VT_TEXT)
            TRY(acl_check(cx, s[i].v.s));
    }
    return E_OK;
}

enum err check_required(struct cx *cx, const struct entity *e, const struct val *v)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->f[i].required && !e->f[i].trashed && v[i].t == VT_NULL)
            return fail_at(cx, E_INVALID, e->f[i].name, "%.*s is needed",
                           FS(label_of(e->f[i].label, cx->lang)));
    return E_OK;
}

enum err check_rules(struct cx *cx, const struct entity *e, int64_t id, const struct val *v)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct field *f = &e->f[i];
        const struct cond *c = NULL;
        bool holds = true;
        if (!f->rule || f->rule->t != JT_OBJ || f->trashed || v[i].t == VT_NULL) continue;
        TRY(filter_parse(cx, e, f->rule, NULL, &c));
        TRY(filter_eval(cx, c, id, v, NULL, &holds));
        if (!holds)
            return fail_at(cx, E_INVALID, f->name, "%.*s does not meet the rule of this field",
                           FS(label_of(f->label, cx->lang)));
    }
    return E_OK;
}

static enum err target_seen(struct cx *cx, const struct field *f, int64_t id)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    if (!f->target || f->kind->store == ST_LINES) return E_OK;
    sql_lit(&q, "SELECT 1 FROM ");
    sql_name(&q, f->target->table);
    sql_lit(&q, " t WHERE t.id = ");
    sql_val(cx, &q, V(id));
    sql_lit(&q, " AND t.deleted_at IS NULL AND ");
    acl_where(cx, f->target, ACT_SEE, S("t"), &q);
    TRY(sql_run(cx, &q, &r, NULL));
    return r.n ? E_OK
               : fail_at(cx, E_INVALID, f->name, "%.*s: there is no such record",
                         FS(label_of(f->label, cx->lang)));
}

enum err check_links(struct cx *cx, const struct entity *e, const struct set *s, size_t n)
{
    (void)e;
    for (size_t i = 0; i < n; i++) {
        if (!s[i].f->target) continue;
        if (s[i].v.t == VT_INT && s[i].f->kind->store == ST_INT &&
            !str_eq(s[i].f->kind->name, S("rollup")))
            TRY(target_seen(cx, s[i].f, s[i].v.i));
        for (size_t k = 0; s[i].v.t == VT_LIST && k < s[i].v.n; k++)
            TRY(target_seen(cx, s[i].f, s[i].v.v[k].id));
    }
    return E_OK;
}

enum { CHAIN_MAX = 10000 };

static enum err no_circle(struct cx *cx, const struct field *f, int64_t id, int64_t at)
{
    for (int i = 0; at && i < CHAIN_MAX; i++) {
        struct sql q = sql_new(cx);
        struct db_rows r = {0};
        if (at == id)
            return fail_at(cx, E_INVALID, f->name, "%.*s: this would go round in a circle",
                           FS(label_of(f->label, cx->lang)));
        sql_lit(&q, "SELECT ");
        sql_name(&q, f->col);
        sql_lit(&q, " FROM ");
        sql_name(&q, f->entity->table);
        sql_lit(&q, " WHERE id = ");
        sql_val(cx, &q, V(at));
        TRY(sql_run(cx, &q, &r, NULL));
        at = r.n ? db_int(&r, 0, 0) : 0;
    }
    return E_OK;
}

enum err check_circles(struct cx *cx, const struct entity *e, int64_t id, const struct set *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct field *f = s[i].f;
        if (f->target && f->target->at == e->at && f->kind->store == ST_INT && s[i].v.t == VT_INT)
            TRY(no_circle(cx, f, id, s[i].v.i));
    }
    return E_OK;
}

enum err apply_defaults(struct cx *cx, const struct entity *e, struct val *v)
{
    for (size_t i = F_SYSTEM_N; i < e->n; i++) {
        const struct field *f = &e->f[i];
        if (v[i].t != VT_NULL || !f->dflt || f->dflt->t == JT_NULL || f->trashed) continue;
        TRY(f->kind->from_json(cx, f, f->dflt, &v[i]));
    }
    if (v[F_OWNER].t == VT_NULL && cx->who.user) v[F_OWNER] = VAL_INT(cx->who.user);
    if (v[F_TEAM].t == VT_NULL && cx->who.team) v[F_TEAM] = VAL_INT(cx->who.team);
    return E_OK;
}
