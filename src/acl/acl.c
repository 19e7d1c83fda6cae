/* SPDX-License-Identifier: MIT */
/* acl/acl.c - reaches and filters into SQL conditions; what may be done at all. */
#include "acl/acl_int.h"

#include "meta/filter.h"

const str action_name[ACT_MAX] = {S0("see"),    S0("create"), S0("change"), S0("delete"),
                                  S0("export"), S0("import"), S0("mass")};
const str factor_want_name[FACTOR_WANTS] = {S0("none"), S0("any"), S0("passkey")};
const str reach_name[REACHES] = {S0("none"), S0("own"), S0("team"), S0("branch"), S0("all")};
const str field_right_name[FIELD_RIGHTS] = {
    [FIELD_WRITE] = S0("write"), [FIELD_READ] = S0("read"), [FIELD_HIDDEN] = S0("hidden")};
const struct sys_name sys_names[SYS_NAMES] = {{S0("settings"), SYS_SETTINGS},
                                              {S0("users"), SYS_USERS},
                                              {S0("log"), SYS_LOG},
                                              {S0("backup"), SYS_BACKUP},
                                              {S0("privacy"), SYS_PRIVACY}};

size_t word_at(const str *names, size_t n, str word)
{
    size_t i = 0;
    while (i < n && !str_eq(names[i], word)) i++;
    return i;
}

str word_of(const struct json *j) { return j->t == JT_STR ? j->s : S(""); }

size_t rights_of(const struct field *f) { return f->at == f->entity->title ? FIELD_HIDDEN : FIELD_RIGHTS; }

bool acl_may(const struct cx *cx, const struct entity *e, enum action act)
{
    return acl_may_by_role(cx, e, act) || acl_shared(cx, e, act);
}

bool acl_may_by_role(const struct cx *cx, const struct entity *e, enum action act)
{
    return !cx->acl || cx->acl->reach[e->at][act] != REACH_NONE;
}

bool acl_sys(const struct cx *cx, enum sysright r) { return !cx->acl || (cx->acl->sys & r) != 0; }

bool acl_all(const struct cx *cx, const struct entity *e, enum action act)
{
    return !cx->acl || (cx->acl->reach[e->at][act] == REACH_ALL && !cx->acl->filtered[e->at]);
}

bool acl_own(const struct cx *cx, const struct entity *e, enum action act)
{
    return cx->acl && cx->acl->reach[e->at][act] <= REACH_OWN;
}

bool acl_exports_seen(const struct cx *cx, const struct entity *e)
{
    const struct acl *a = cx->acl;
    if (!a || (acl_all(cx, e, ACT_EXPORT) && acl_all(cx, e, ACT_SEE))) return true;
    if (acl_shared(cx, e, ACT_SEE)) return false;
    if (acl_all(cx, e, ACT_EXPORT)) return true;
    for (size_t i = 0; i < a->n_grants; i++)
        if (a->grant[i].entity == e->at && a->grant[i].reach[ACT_EXPORT] < a->grant[i].reach[ACT_SEE]) return false;
    return acl_may(cx, e, ACT_EXPORT) && a->reach[e->at][ACT_EXPORT] >= a->reach[e->at][ACT_SEE];
}

/* ---- rows ---- */
static void own_sql(struct cx *cx, struct sql *q, str alias)
{
    sql_col(q, alias, S("\"owner\""));
    sql_lit(q, " = ");
    sql_val(cx, q, V(cx->acl->user));
}

static void teams_sql(struct cx *cx, struct sql *q, str alias)
{
    if (!cx->acl->n_teams) return;
    sql_lit(q, " OR ");
    sql_col(q, alias, S("\"team\""));
    sql_lit(q, " IN ");
    sql_ids(cx, q, cx->acl->teams, cx->acl->n_teams);
}

static void branches_sql(struct cx *cx, struct sql *q, str alias)
{
    if (!cx->acl->n_branches) return;
    sql_lit(q, " OR ");
    sql_col(q, alias, S("\"team\""));
    sql_lit(q, " IN (SELECT bt.id FROM \"team\" bt WHERE bt.branch IN ");
    sql_ids(cx, q, cx->acl->branches, cx->acl->n_branches);
    sql_lit(q, ")");
}

static void reach_sql(struct cx *cx, enum reach r, str alias, struct sql *q)
{
    if (r == REACH_ALL) sql_lit(q, "(1 = 1)");
    if (r == REACH_NONE) sql_lit(q, "(1 = 0)");
    if (r == REACH_ALL || r == REACH_NONE) return;
    sql_lit(q, "(");
    own_sql(cx, q, alias);
    if (r == REACH_TEAM || r == REACH_BRANCH) teams_sql(cx, q, alias);
    if (r == REACH_BRANCH) branches_sql(cx, q, alias);
    sql_lit(q, ")");
}

/* The roles' own conditions of an entity where at least one has a filter. */
static void grants_sql(struct cx *cx, const struct entity *e, enum action act, str alias, struct sql *q)
{
    const struct acl *a = cx->acl;
    size_t n = 0;
    sql_lit(q, "(");
    for (size_t i = 0; i < a->n_grants; i++) {
        const struct grant *g = &a->grant[i];
        if (g->entity != e->at || g->reach[act] == REACH_NONE) continue;
        if (n++) sql_lit(q, " OR ");
        reach_sql(cx, (enum reach)g->reach[act], alias, q);
        if (!g->only) continue;
        sql_lit(q, " AND ");
        filter_sql(cx, g->only, alias, q, NULL);
    }
    if (!n) sql_lit(q, "1 = 0");
    sql_lit(q, ")");
}

/* What is shared is another matter. */
static void role_sql(struct cx *cx, const struct entity *e, enum action act, str alias, struct sql *q)
{
    enum reach r = cx->acl ? (enum reach)cx->acl->reach[e->at][act] : REACH_ALL;
    if (r != REACH_NONE && cx->acl && cx->acl->filtered[e->at]) grants_sql(cx, e, act, alias, q);
    else reach_sql(cx, r, alias, q);
}

/* Where a share lets see what his roles do not, seeing is no longer asked for by whoever asks for more: nobody does by
 * his roles what he does not see by them. */
static bool asks_to_see(const struct cx *cx, const struct entity *e, enum action act)
{
    return act != ACT_SEE && acl_shared(cx, e, ACT_SEE) && !acl_all(cx, e, ACT_SEE);
}

static void roles_sql(struct cx *cx, const struct entity *e, enum action act, str alias, struct sql *q)
{
    if (asks_to_see(cx, e, act)) {
        sql_lit(q, "(");
        role_sql(cx, e, ACT_SEE, alias, q);
        sql_lit(q, " AND ");
    }
    role_sql(cx, e, act, alias, q);
    if (asks_to_see(cx, e, act)) sql_lit(q, ")");
}

void acl_where(struct cx *cx, const struct entity *e, enum action act, str alias, struct sql *q)
{
    bool more = acl_shared(cx, e, act) && !(acl_all(cx, e, act) && acl_all(cx, e, ACT_SEE));
    if (more) sql_lit(q, "(");
    roles_sql(cx, e, act, alias, q);
    if (!more) return;
    sql_lit(q, " OR ");
    acl_shared_where(cx, e, act, alias, q);
    sql_lit(q, ")");
}

/* By owner and team alone; *ret_ask: it hangs on where the team belongs. */
static bool reached_by(const struct acl *a, enum reach r, int64_t owner, int64_t team, bool *ret_ask)
{
    *ret_ask = false;
    if (r == REACH_ALL || r == REACH_NONE) return r == REACH_ALL;
    if (owner == a->user) return true;
    if (r == REACH_OWN || !team) return false;
    for (size_t i = 0; i < a->n_teams; i++)
        if (a->teams[i] == team) return true;
    *ret_ask = r == REACH_BRANCH && a->n_branches;
    return false;
}

enum err acl_owner(struct cx *cx, const struct entity *e, enum action act, int64_t owner, int64_t team, bool *ret)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    bool ask = false;
    *ret = !cx->acl || reached_by(cx->acl, (enum reach)cx->acl->reach[e->at][act], owner, team, &ask);
    if (!ask) return E_OK;
    sql_lit(&q, "SELECT 1 FROM \"team\" WHERE id = ");
    sql_val(cx, &q, V(team));
    sql_lit(&q, " AND branch IN ");
    sql_ids(cx, &q, cx->acl->branches, cx->acl->n_branches);
    TRY(sql_run(cx, &q, &r, NULL));
    *ret = r.n > 0;
    return E_OK;
}

enum err acl_reaches(struct cx *cx, const struct entity *e, enum action act, int64_t id, int64_t owner, int64_t team,
                     bool *ret)
{
    TRY(acl_owner(cx, e, act, owner, team, ret));
    if (*ret) TRY(acl_fits(cx, e, act, id, ret));
    if (!*ret || !asks_to_see(cx, e, act)) return E_OK;
    TRY(acl_owner(cx, e, ACT_SEE, owner, team, ret));
    return *ret ? acl_fits(cx, e, ACT_SEE, id, ret) : E_OK;
}

enum err acl_rights(struct cx *cx, const struct entity *e, int64_t id, unsigned *ret)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    *ret = 0;
    for (enum action a = 0; a < ACT_MAX; a++) {
        if (a) sql_lit(&q, ", CASE WHEN ");
        else sql_lit(&q, "SELECT CASE WHEN ");
        roles_sql(cx, e, a, S("t"), &q);
        sql_lit(&q, " THEN 1 ELSE 0 END");
    }
    sql_lit(&q, " FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " t WHERE t.id = ");
    sql_val(cx, &q, V(id));
    TRY(sql_run(cx, &q, &r, NULL));
    for (enum action a = 0; r.n && a < ACT_MAX; a++)
        if (db_int(&r, 0, a)) *ret |= 1U << a;
    return E_OK;
}

enum err acl_fits(struct cx *cx, const struct entity *e, enum action act, int64_t id, bool *ret)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    *ret = true;
    if (!cx->acl || !cx->acl->filtered[e->at]) return E_OK;
    sql_lit(&q, "SELECT 1 FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " t WHERE t.id = ");
    sql_val(cx, &q, V(id));
    sql_lit(&q, " AND ");
    role_sql(cx, e, act, S("t"), &q);
    TRY(sql_run(cx, &q, &r, NULL));
    *ret = r.n > 0;
    return E_OK;
}

/* ---- fields ---- */
static enum field_right right_of(const struct cx *cx, const struct field *f)
{
    const struct acl *a = cx->acl;
    size_t at = f->entity->at;
    return a && a->mask && f->at < a->mask_fields[at] ? (enum field_right)a->mask[a->mask_at[at] + f->at] : FIELD_WRITE;
}

bool acl_field_read(const struct cx *cx, const struct field *f) { return right_of(cx, f) != FIELD_HIDDEN; }
bool acl_field_write(const struct cx *cx, const struct field *f) { return right_of(cx, f) == FIELD_WRITE; }

void acl_json(struct cx *cx, const struct entity *e, struct jw *w)
{
    jw_obj(w);
    for (enum action a = 0; a < ACT_MAX; a++) jw_kbool(w, action_name[a], acl_may(cx, e, a));
    jw_obj_end(w);
}
