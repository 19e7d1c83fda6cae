/* SPDX-License-Identifier: MIT */
/* search/search_common.c - pieces of SQL that the reading half shares. */
#include "search/search_int.h"

void title_sql(struct sql *q, const struct entity *e, str alias)
{
    const struct field *f = &e->f[e->title];
    if (f->col.n) sql_col(q, alias, f->col);
    else sql_lit(q, "''");
}

str title_of(struct cx *cx, const struct entity *e, const struct db_rows *r, size_t row, size_t col)
{
    const struct field *f = &e->f[e->title];
    const struct db_val *v = &r->v[row * r->cols + col];
    struct buf b = buf_new(cx->a, 4096);
    if (v->t != DB_INT || !f->kind->to_text) return v->t == DB_TEXT ? v->s : S("");
    f->kind->to_text(cx, f, &VAL_INT(v->i), &b);
    return buf_str(&b);
}

void seen_sql(struct cx *cx, const struct entity *e, str alias, struct sql *q)
{
    sql_col(q, alias, S("\"deleted_at\""));
    sql_lit(q, " IS NULL AND ");
    acl_where(cx, e, ACT_SEE, alias, q);
}

bool field_seen(const struct cx *cx, const struct entity *e, str name)
{
    const struct field *f = e ? entity_field(e, name) : NULL;
    return f && acl_field_read(cx, f);
}

const struct field *link_to(struct cx *cx, const struct entity *e, str name, str to)
{
    const struct field *f = entity_field(e, name);
    bool is_link = f && f->kind->store == ST_INT && f->target && str_eq(f->target->name, to);
    return is_link && !f->target->trashed && acl_field_read(cx, f) &&
                   acl_may(cx, f->target, ACT_SEE)
               ? f
               : NULL;
}
