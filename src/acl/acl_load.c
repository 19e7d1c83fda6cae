/* SPDX-License-Identifier: MIT */
/* acl/acl_load.c - the JSON of a user's roles into reaches, conditions and the mask of fields.
 *
 * Roles add up: who has two may do what either lets him do. A row is reached when one role reaches it by its reach and
 * its filter. A mask holds for all rows alike, so only a role that sees as far as any of them, and without a condition,
 * opens a field. */
#include "acl/acl_int.h"

#include "meta/filter.h"

enum { ROLES_MAX = 16 };

struct role {
    const struct json *rights;
    uint8_t (*reach)[ACT_MAX]; /* by entity.at */
    bool *broken;              /* likewise: its filter means nothing any more */
};
struct roles {
    struct role v[ROLES_MAX];
    size_t n;
};

static void reach_read(const struct json *j, uint8_t out[ACT_MAX])
{
    for (size_t a = 0; a < ACT_MAX; a++) {
        const struct json *r = json_get(j, action_name[a]);
        size_t at = r && r->t == JT_STR ? word_at(reach_name, REACHES, r->s) : REACHES;
        if (at < REACHES) out[a] = (uint8_t)at;
        else if (r) out[a] = REACH_NONE;
    }
}

unsigned sys_of(const struct json *rights)
{
    const struct json *j = json_get(rights, S("sys"));
    unsigned sys = 0;
    for (size_t i = 0; j && j->t == JT_ARR && i < j->n; i++)
        for (size_t k = 0; k < SYS_NAMES; k++)
            if (str_eq(word_of(&j->v[i]), sys_names[k].name)) sys |= sys_names[k].bit;
    return sys;
}

static enum factor_want factor_of(const struct json *rights)
{
    const struct json *j = json_get(rights, S("second_factor"));
    if (j && j->t == JT_BOOL) return j->b ? WANT_FACTOR : WANT_NONE;
    return j && str_eq(word_of(j), factor_want_name[WANT_PASSKEY]) ? WANT_PASSKEY : WANT_NONE;
}

enum factor_want acl_factor_want(str name)
{
    size_t at = word_at(factor_want_name, FACTOR_WANTS, name);
    return at < FACTOR_WANTS ? (enum factor_want)at : WANT_NONE;
}

static void factor_join(struct acl *acl, enum factor_want want)
{
    if (want > acl->factor) acl->factor = want;
}

static const struct json *filter_of(const struct role *r, const struct entity *e)
{
    const struct json *j = json_get(json_get(r->rights, e->name), S("filter"));
    return j && j->t != JT_NULL && !e->admin ? j : NULL;
}

/* ---- the mask of fields ---- */
struct masking {
    struct acl *acl;
    uint8_t *mask;
    uint8_t *of;  /* the place of a computed field */
    bool changed;
};

static void hide_with(void *arg, const struct field *source)
{
    struct masking *m = arg;
    if (m->mask[m->acl->mask_at[source->entity->at] + source->at] != FIELD_HIDDEN || *m->of == FIELD_HIDDEN) return;
    *m->of = FIELD_HIDDEN;
    m->changed = true;
}

/* What one role says of the fields of e. */
static void fields_read(const struct entity *e, const struct json *rights, uint8_t *mask)
{
    const struct json *fields = json_get(json_get(rights, e->name), S("fields"));
    for (size_t i = 0; fields && fields->t == JT_OBJ && i < fields->n; i++) {
        const struct field *f = entity_field(e, fields->v[i].key);
        size_t n = f ? rights_of(f) : 0, right = word_at(field_right_name, n, word_of(&fields->v[i]));
        if (right < n) mask[f->at] = (uint8_t)right;
    }
}

/* Does the role let see any record of e? Colleagues and teams are seen by all. */
static bool sees(const struct role *r, const struct entity *e)
{
    return e->admin || (r->reach[e->at][ACT_SEE] != REACH_NONE && !r->broken[e->at]);
}

/* Which roles open a field: those that see as far as any and without a condition, the freest of them. Where none does,
 * no role opens it for the rows of another: the strictest of those that see e, else of all. */
enum opening { OPEN_BY_FAR, OPEN_BY_SEEING, OPEN_BY_ALL };

static bool counts(const struct role *r, const struct entity *e, enum opening how, uint8_t far)
{
    if (how == OPEN_BY_ALL) return true;
    if (how == OPEN_BY_SEEING || e->admin) return sees(r, e);
    return sees(r, e) && r->reach[e->at][ACT_SEE] == far && !filter_of(r, e);
}

/* What cannot be written by a role is not freed for writing by it. */
static uint8_t right_under(const struct role *r, const struct entity *e, uint8_t right)
{
    bool writes = e->admin || r->reach[e->at][ACT_CREATE] != REACH_NONE || r->reach[e->at][ACT_CHANGE] != REACH_NONE;
    return right == FIELD_WRITE && !writes ? FIELD_READ : right;
}

static enum opening opening_of(const struct entity *e, const struct roles *roles, uint8_t *ret_far)
{
    bool far = false, seeing = false;
    *ret_far = REACH_NONE;
    for (size_t i = 0; i < roles->n; i++)
        if (sees(&roles->v[i], e) && roles->v[i].reach[e->at][ACT_SEE] > *ret_far)
            *ret_far = roles->v[i].reach[e->at][ACT_SEE];
    for (size_t i = 0; i < roles->n; i++) {
        far |= counts(&roles->v[i], e, OPEN_BY_FAR, *ret_far);
        seeing |= sees(&roles->v[i], e);
    }
    return far ? OPEN_BY_FAR : seeing ? OPEN_BY_SEEING : OPEN_BY_ALL;
}

static void fields_join(struct cx *cx, const struct entity *e, const struct roles *roles, uint8_t *mask)
{
    struct arena_mark m = arena_mark(cx->a);
    uint8_t far = REACH_NONE;
    enum opening how = opening_of(e, roles, &far);
    bool first = true;
    for (size_t i = 0; i < roles->n; i++) {
        if (!counts(&roles->v[i], e, how, far)) continue;
        uint8_t *one = arena_get(cx->a, e->n);
        fields_read(e, roles->v[i].rights, one);
        for (size_t k = 0; k < e->n; k++) {
            uint8_t right = roles->n > 1 ? right_under(&roles->v[i], e, one[k]) : one[k];
            if (first || (how == OPEN_BY_FAR ? right < mask[k] : right > mask[k])) mask[k] = right;
        }
        first = false;
    }
    arena_back(cx->a, m);
}

static bool has_fields(const struct meta *m, const struct roles *roles)
{
    for (size_t r = 0; r < roles->n; r++)
        for (size_t i = 0; i < m->n; i++)
            if (json_get(json_get(roles->v[r].rights, m->entity[i].name), S("fields"))) return true;
    return false;
}

static void mask_read(struct cx *cx, const struct roles *roles, struct acl *acl)
{
    const struct meta *meta = cx->meta;
    if (!has_fields(meta, roles)) return;
    for (size_t i = 0; i < meta->n; i++) {
        acl->mask_at[meta->entity[i].at] = (uint32_t)acl->mask_n;
        acl->mask_fields[meta->entity[i].at] = (uint16_t)meta->entity[i].n;
        acl->mask_n += meta->entity[i].n;
    }
    struct masking m = {.acl = acl, .mask = arena_get(cx->a, acl->mask_n), .changed = true};
    for (size_t i = 0; i < meta->n; i++)
        fields_join(cx, &meta->entity[i], roles, m.mask + acl->mask_at[meta->entity[i].at]);
    while (m.changed) { /* what is computed may be computed from again */
        m.changed = false;
        for (size_t i = 0; i < meta->n; i++)
            for (size_t k = F_SYSTEM_N; k < meta->entity[i].n; k++) {
                m.of = &m.mask[acl->mask_at[meta->entity[i].at] + k];
                field_sources(&meta->entity[i].f[k], hide_with, &m);
            }
    }
    acl->mask = m.mask;
}

/* ---- reaches and filters ---- */
/* A filter that means nothing any more (its field is in the trash) lets nothing through. */
static bool grant_of(struct cx *cx, const struct role *r, const struct entity *e, struct grant *ret)
{
    const struct json *j = filter_of(r, e);
    struct cx look = *cx; /* its failure is not the request's */
    *ret = (struct grant){.entity = (uint32_t)e->at};
    memcpy(ret->reach, r->reach[e->at], sizeof ret->reach);
    return !j || (filter_parse(&look, e, j, NULL, &ret->only) == E_OK);
}

static void grants_read(struct cx *cx, struct roles *roles, struct acl *acl)
{
    LIST(struct grant) all = {0};
    for (size_t i = 0; i < cx->meta->n; i++) {
        const struct entity *e = &cx->meta->entity[i];
        bool any = false;
        for (size_t r = 0; r < roles->n && !any; r++) any = filter_of(&roles->v[r], e) != NULL;
        if (!any) continue;
        memset(acl->reach[e->at], REACH_NONE, sizeof acl->reach[e->at]);
        acl->filtered[e->at] = true;
        for (size_t r = 0; r < roles->n; r++) {
            struct grant g;
            roles->v[r].broken[e->at] = !grant_of(cx, &roles->v[r], e, &g);
            if (roles->v[r].broken[e->at]) continue;
            *LIST_ADD(cx->a, &all) = g;
            for (size_t a = 0; a < ACT_MAX; a++)
                if (g.reach[a] > acl->reach[e->at][a]) acl->reach[e->at][a] = g.reach[a];
        }
    }
    acl->grant = all.v;
    acl->n_grants = all.n;
}

static void role_reach(struct cx *cx, struct role *r)
{
    r->reach = arena_get(cx->a, sizeof *r->reach * ENTITIES_MAX);
    r->broken = NEW_N(cx->a, bool, ENTITIES_MAX);
    for (size_t i = 0; i < cx->meta->n; i++) {
        const struct entity *e = &cx->meta->entity[i];
        reach_read(json_get(r->rights, S("*")), r->reach[e->at]);
        reach_read(json_get(r->rights, e->name), r->reach[e->at]);
    }
}

static void reach_join(const struct meta *m, const struct roles *roles, struct acl *acl)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct entity *e = &m->entity[i];
        uint8_t *out = acl->reach[e->at];
        for (size_t r = 0; r < roles->n; r++)
            for (size_t a = 0; a < ACT_MAX; a++)
                if (roles->v[r].reach[e->at][a] > out[a]) out[a] = roles->v[r].reach[e->at][a];
        if (!e->admin)
            continue; /* colleagues and teams are known to all, written by those who manage users */
        for (size_t a = 0; a < ACT_MAX; a++) out[a] = acl->sys & SYS_USERS ? REACH_ALL : REACH_NONE;
        out[ACT_SEE] = REACH_ALL;
    }
}

/* ---- teams ---- */
static bool needs_team(const struct meta *m, const struct acl *acl, enum reach r)
{
    for (size_t i = 0; i < m->n; i++)
        for (size_t a = 0; a < ACT_MAX; a++)
            if (acl->reach[m->entity[i].at][a] == r) return true;
    for (size_t i = 0; i < acl->n_grants; i++)
        for (size_t a = 0; a < ACT_MAX; a++)
            if (acl->grant[i].reach[a] == r) return true;
    return false;
}

static void ids_take(struct cx *cx, const struct db_rows *r, const int64_t **ret, size_t *ret_n)
{
    int64_t *ids = NEW_N(cx->a, int64_t, r->n + 1);
    for (size_t i = 0; i < r->n; i++) ids[i] = db_int(r, i, 0);
    *ret = ids;
    *ret_n = r->n;
}

static enum err mine_read(struct cx *cx, struct acl *acl)
{
    struct db_rows mine = {0};
    if (acl->teams) return E_OK;
    TRY(db_query(cx, &mine,
                 "SELECT t.id FROM \"team\" t WHERE t.id = (SELECT u.team_of FROM \"user\" u WHERE u.id = $1)"
                 " OR t.id IN (SELECT l.b FROM link l WHERE l.a = $1 AND l.field = 'teams') ORDER BY t.id",
                 V(acl->user)));
    ids_take(cx, &mine, &acl->teams, &acl->n_teams);
    return E_OK;
}

enum err acl_teams(struct cx *cx, struct acl *acl)
{
    struct db_rows below = {0};
    bool branch = !acl->branches && needs_team(cx->meta, acl, REACH_BRANCH);
    if (branch || needs_team(cx->meta, acl, REACH_TEAM)) TRY(mine_read(cx, acl));
    if (!branch) return E_OK;
    TRY(db_query(cx, &below,
                 "WITH RECURSIVE below(id) AS (SELECT t.branch FROM \"team\" t WHERE t.branch IS NOT NULL AND (t.id ="
                 " (SELECT u.team_of FROM \"user\" u WHERE u.id = $1)"
                 " OR t.id IN (SELECT l.b FROM link l WHERE l.a = $1 AND l.field = 'teams'))"
                 " UNION SELECT b.id FROM \"branch\" b JOIN below ON b.parent = below.id)"
                 " SELECT id FROM below ORDER BY id",
                 V(acl->user)));
    ids_take(cx, &below, &acl->branches, &acl->n_branches);
    return E_OK;
}

/* ---- loading ---- */
static enum err roles_read(struct cx *cx, const struct db_rows *r, size_t col, struct roles *roles)
{
    for (size_t i = 0; i < r->n; i++) {
        struct role *one = &roles->v[roles->n];
        if (!db_str(r, i, col).n) continue;
        if (roles->n == ROLES_MAX) return fail(cx, E_LIMIT, "A user has at most %d roles", ROLES_MAX);
        TRY(json_parse(cx, db_str(r, i, col), &one->rights));
        role_reach(cx, one);
        roles->n++;
    }
    return E_OK;
}

static void fill(struct cx *cx, struct roles *roles, struct acl *acl)
{
    struct who was = cx->who; /* filters speak of "me": of him whose rights these are */
    for (size_t i = 0; i < roles->n; i++) {
        acl->sys |= sys_of(roles->v[i].rights);
        factor_join(acl, factor_of(roles->v[i].rights));
    }
    reach_join(cx->meta, roles, acl);
    cx->who = (struct who){.user = acl->user, .team = acl->team, .branch = acl->branch};
    grants_read(cx, roles, acl);
    cx->who = was;
    mask_read(cx, roles, acl);
    acl->opens = OPENS_ALL;
}

enum err acl_fill(struct cx *cx, str rights, struct acl *acl)
{
    struct roles *roles = NEW(cx->a, struct roles);
    if (rights.n) TRY(json_parse(cx, rights, &roles->v[0].rights));
    role_reach(cx, &roles->v[0]);
    roles->n = 1;
    fill(cx, roles, acl);
    return E_OK;
}

enum err acl_load(struct cx *cx, int64_t user, struct acl **ret)
{
    struct db_rows r = {0};
    struct roles *roles = NEW(cx->a, struct roles);
    struct acl *acl = NEW(cx->a, struct acl);
    TRY(db_query(cx, &r,
                 "SELECT u.team_of, t.branch, r.rights, CASE WHEN"
                 " EXISTS (SELECT 1 FROM share s WHERE s.receiver = u.id AND s.until > $2)"
                 " OR EXISTS (SELECT 1 FROM share s WHERE s.receiver = u.team_of AND s.until > $2)"
                 " OR EXISTS (SELECT 1 FROM link g JOIN share s ON s.receiver = g.b WHERE g.a = u.id AND s.until > $2"
                 " AND g.field = 'teams') THEN 1 ELSE 0 END, (SELECT f.value FROM setting f WHERE f.key = 'factor')"
                 " FROM \"user\" u LEFT JOIN \"team\" t ON t.id = u.team_of"
                 " LEFT JOIN \"role\" r ON r.deleted_at IS NULL AND (r.id = u.role"
                 " OR r.id IN (SELECT l.b FROM link l WHERE l.a = u.id AND l.field = 'roles'))"
                 " WHERE u.id = $1 AND u.deleted_at IS NULL AND u.active = 1 ORDER BY r.id",
                 V(user), V(cx->now_ms)));
    if (!r.n) return fail(cx, E_AUTH, "This user is not active");
    acl->user = user;
    acl->team = db_int(&r, 0, 0);
    acl->branch = db_int(&r, 0, 1);
    TRY(roles_read(cx, &r, 2, roles));
    fill(cx, roles, acl);
    factor_join(acl, acl_factor_want(db_str(&r, 0, 4)));
    if (db_int(&r, 0, 3)) {
        TRY(mine_read(cx, acl));
        TRY(acl_shares(cx, acl));
    }
    TRY(acl_teams(cx, acl));
    *ret = acl;
    return E_OK;
}
