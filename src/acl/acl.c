/* SPDX-License-Identifier: MIT */
/* acl/acl.c - a role's JSON into reaches; reaches into SQL conditions. */
#include "acl/acl.h"

const str action_name[ACT_MAX] = {S0("see"),    S0("create"), S0("change"), S0("delete"),
                                  S0("export"), S0("import"), S0("mass")};
static const str reach_name[] = {S0("none"), S0("own"), S0("team"), S0("branch"), S0("all")};
static const struct {
    str name;
    enum sysright bit;
} sys_names[] = {{S0("settings"), SYS_SETTINGS},
                 {S0("users"), SYS_USERS},
                 {S0("log"), SYS_LOG},
                 {S0("backup"), SYS_BACKUP}};

static uint8_t reach_of(str s)
{
    for (size_t i = 0; i < COUNT(reach_name); i++)
        if (str_eq(reach_name[i], s)) return (uint8_t)i;
    return REACH_NONE;
}

static void reach_read(const struct json *j, uint8_t out[ACT_MAX])
{
    for (size_t a = 0; a < ACT_MAX; a++) {
        const struct json *r = json_get(j, action_name[a]);
        if (r && r->t == JT_STR) out[a] = reach_of(r->s);
    }
}

static void sys_read(const struct json *j, struct acl *acl)
{
    for (size_t i = 0; j && j->t == JT_ARR && i < j->n; i++)
        for (size_t k = 0; k < COUNT(sys_names); k++)
            if (str_eq(j->v[i].s, sys_names[k].name)) acl->sys |= sys_names[k].bit;
}

static void entity_reach(const struct meta *m, const struct json *rights, struct acl *acl)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct entity *e = &m->entity[i];
        uint8_t *out = acl->reach[e->at];
        reach_read(json_get(rights, S("*")), out);
        reach_read(json_get(rights, e->name), out);
        if (!e->admin)
            continue; /* colleagues and teams are known to all, written by those who manage users */
        for (size_t a = 0; a < ACT_MAX; a++) out[a] = acl->sys & SYS_USERS ? REACH_ALL : REACH_NONE;
        out[ACT_SEE] = REACH_ALL;
    }
}

enum err acl_load(struct cx *cx, int64_t user, struct acl **ret)
{
    struct db_rows r = {0};
    const struct json *rights = NULL;
    TRY(db_query(cx, &r,
                 "SELECT u.team_of, t.branch, r.rights, u.role FROM \"user\" u LEFT JOIN \"team\" "
                 "t ON t.id = u.team_of"
                 " LEFT JOIN \"role\" r ON r.id = u.role AND r.deleted_at IS NULL"
                 " WHERE u.id = $1 AND u.deleted_at IS NULL AND u.active = 1",
                 V(user)));
    if (!r.n) return fail(cx, E_AUTH, "This user is not active");
    struct acl *acl = NEW(cx->a, struct acl);
    acl->user = user;
    acl->team = db_int(&r, 0, 0);
    acl->branch = db_int(&r, 0, 1);
    if (db_str(&r, 0, 2).n) TRY(json_parse(cx, db_str(&r, 0, 2), &rights));
    sys_read(json_get(rights, S("sys")), acl);
    entity_reach(cx->meta, rights, acl);
    *ret = acl;
    return E_OK;
}

bool acl_may(const struct cx *cx, const struct entity *e, enum action act)
{
    return !cx->acl || cx->acl->reach[e->at][act] != REACH_NONE;
}

bool acl_sys(const struct cx *cx, enum sysright r) { return !cx->acl || (cx->acl->sys & r) != 0; }

static void where_own(struct cx *cx, struct sql *q, str alias)
{
    sql_lit(q, "(");
    sql_col(q, alias, S("\"owner\""));
    sql_lit(q, " = ");
    sql_val(cx, q, V(cx->acl->user));
}

void acl_where(struct cx *cx, const struct entity *e, enum action act, str alias, struct sql *q)
{
    enum reach r = cx->acl ? (enum reach)cx->acl->reach[e->at][act] : REACH_ALL;
    switch (r) {
    case REACH_ALL: sql_lit(q, "(1 = 1)"); return;
    case REACH_NONE: sql_lit(q, "(1 = 0)"); return;
    case REACH_OWN: where_own(cx, q, alias); break;
    case REACH_TEAM:
        where_own(cx, q, alias);
        sql_lit(q, " OR ");
        sql_col(q, alias, S("\"team\""));
        sql_lit(q, " = ");
        sql_val(cx, q, V(cx->acl->team));
        break;
    case REACH_BRANCH:
        where_own(cx, q, alias);
        sql_lit(q, " OR ");
        sql_col(q, alias, S("\"team\""));
        sql_lit(q, " IN (SELECT bt.id FROM \"team\" bt WHERE bt.branch = ");
        sql_val(cx, q, V(cx->acl->branch));
        sql_lit(q, ")");
        break;
    }
    sql_lit(q, ")");
}

static bool same_branch(const struct cx *cx, int64_t team)
{
    struct cx look = *cx; /* only reads */
    struct db_rows r = {0};
    return db_query(&look, &r, "SELECT 1 FROM \"team\" WHERE id = $1 AND branch = $2", V(team),
                    V(cx->acl->branch)) == E_OK &&
           r.n;
}

bool acl_row(const struct cx *cx, const struct entity *e, enum action act, int64_t owner,
             int64_t team)
{
    enum reach r = cx->acl ? (enum reach)cx->acl->reach[e->at][act] : REACH_ALL;
    bool own = cx->acl && owner == cx->acl->user;
    switch (r) {
    case REACH_ALL: return true;
    case REACH_NONE: return false;
    case REACH_OWN: return own;
    case REACH_TEAM: return own || (team && team == cx->acl->team);
    case REACH_BRANCH: return own || (team && same_branch(cx, team));
    }
    return false;
}

enum { FREE, READ_ONLY, HIDDEN };

static int mask_of(const struct cx *cx, const struct field *f)
{
    if (!cx->acl || !cx->acl->mask) return FREE;
    return cx->acl->mask[(size_t)f->entity->at * FIELDS_MAX + f->at];
}

bool acl_field_read(const struct cx *cx, const struct field *f) { return mask_of(cx, f) != HIDDEN; }
bool acl_field_write(const struct cx *cx, const struct field *f) { return mask_of(cx, f) == FREE; }

void acl_json(struct cx *cx, const struct entity *e, struct jw *w)
{
    jw_obj(w);
    for (enum action a = 0; a < ACT_MAX; a++) jw_kbool(w, action_name[a], acl_may(cx, e, a));
    jw_obj_end(w);
}
