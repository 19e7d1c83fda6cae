/* SPDX-License-Identifier: MIT */
/* acl/shared.c - what others share with a user or with his teams: single records beside the reaches of his roles. */
#include "acl/acl_int.h"

bool acl_shared(const struct cx *cx, const struct entity *e, enum action act)
{
    const struct acl *a = cx->acl;
    if (!a || (act != ACT_SEE && act != ACT_CHANGE)) return false;
    for (size_t i = 0; i < a->n_shares; i++)
        if (a->share[i].entity == e->at && (act == ACT_SEE || a->share[i].change) && a->share[i].until_ms > cx->now_ms)
            return true;
    return false;
}

/* Of him or one of his teams, and not over. */
static void his_sql(struct cx *cx, const struct acl *a, struct sql *q)
{
    int64_t *ids = NEW_N(cx->a, int64_t, a->n_teams + 1);
    ids[0] = a->user;
    for (size_t i = 0; i < a->n_teams; i++) ids[i + 1] = a->teams[i];
    sql_lit(q, "s.receiver IN ");
    sql_ids(cx, q, ids, a->n_teams + 1);
    sql_lit(q, " AND s.until > ");
    sql_val(cx, q, V(cx->now_ms));
}

/* Those of one entity, with the right to change where that is asked for. */
static void good_sql(struct cx *cx, const struct entity *e, enum action act, struct sql *q)
{
    his_sql(cx, cx->acl, q);
    sql_lit(q, " AND s.entity = ");
    sql_val(cx, q, V(e->name));
    if (act == ACT_CHANGE) sql_lit(q, " AND s.may_change = 1");
}

void acl_shared_where(struct cx *cx, const struct entity *e, enum action act, str alias, struct sql *q)
{
    if (!acl_shared(cx, e, act)) {
        sql_lit(q, "(1 = 0)");
        return;
    }
    sql_lit(q, "(");
    sql_col(q, alias, S("\"id\""));
    if (db_is_pg(cx)) sql_lit(q, " = ANY (ARRAY("); /* else it walks all rows beside an index of owners */
    else sql_lit(q, " IN (");
    sql_lit(q, "SELECT s.record FROM share s WHERE ");
    good_sql(cx, e, act, q);
    if (db_is_pg(cx)) sql_lit(q, ")");
    sql_lit(q, "))");
}

enum err acl_row(struct cx *cx, const struct entity *e, enum action act, int64_t id, int64_t owner, int64_t team,
                 bool *ret)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    TRY(acl_reaches(cx, e, act, id, owner, team, ret));
    if (*ret || !acl_shared(cx, e, act)) return E_OK;
    sql_lit(&q, "SELECT 1 FROM share s WHERE s.record = ");
    sql_val(cx, &q, V(id));
    sql_lit(&q, " AND ");
    good_sql(cx, e, act, &q);
    TRY(sql_run(cx, &q, &r, NULL));
    *ret = r.n > 0;
    return E_OK;
}

enum err acl_shares(struct cx *cx, struct acl *acl)
{
    struct db_rows r = {0};
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT s.entity, s.may_change, max(s.until) FROM share s WHERE ");
    his_sql(cx, acl, &q);
    sql_lit(&q, " GROUP BY s.entity, s.may_change ORDER BY s.entity, s.may_change LIMIT 1024");
    TRY(sql_run(cx, &q, &r, NULL));
    struct acl_share *v = NEW_N(cx->a, struct acl_share, r.n + 1);
    for (size_t i = 0; i < r.n; i++) {
        const struct entity *e = meta_entity(cx->meta, db_str(&r, i, 0));
        if (!e || e->admin) continue;
        v[acl->n_shares++] = (struct acl_share){(uint32_t)e->at, db_int(&r, i, 1) != 0, db_int(&r, i, 2)};
    }
    acl->share = v;
    return E_OK;
}
