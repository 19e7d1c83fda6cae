/* SPDX-License-Identifier: MIT */
/* acl/narrow.c - what an API key leaves of its user's rights: scopes, and a role. Only ever less. */
#include "acl/acl_int.h"

#include "meta/filter.h"

static const struct {
    str name;
    bool reads, writes; /* records: of all entities, or of those that are named */
    unsigned sys;
} scopes_known[] = {{S0("read"), true, false, 0},
                    {S0("write"), true, true, 0},
                    {S0("settings"), false, true, SYS_SETTINGS},
                    {S0("users"), false, true, SYS_USERS},
                    {S0("log"), false, false, SYS_LOG},
                    {S0("backup"), false, false, SYS_BACKUP}};

/* "write:person" -> its place among scopes_known, "person". */
static size_t scope_of(str word, str *ret_entity)
{
    str name = {0};
    size_t i = 0;
    bool limited = str_split(word, ':', &name, ret_entity);
    while (i < COUNT(scopes_known) && !str_eq(scopes_known[i].name, name)) i++;
    bool fits = i < COUNT(scopes_known) && (!limited || scopes_known[i].reads);
    return fits && (!limited || ret_entity->n) ? i : COUNT(scopes_known);
}

enum err acl_scopes_check(struct cx *cx, str scopes)
{
    str word = {0}, entity = {0};
    if (!scopes.n) return fail_at(cx, E_INVALID, S("scopes"), "Choose what the key may do");
    while (scopes.n) {
        str_split(scopes, ' ', &word, &scopes);
        if (scope_of(word, &entity) == COUNT(scopes_known))
            return fail_at(cx, E_INVALID, S("scopes"), "There is no scope \"%.*s\"", FS(word));
        if (entity.n && !meta_entity(cx->meta, entity))
            return fail_at(cx, E_INVALID, S("scopes"), "There is no entity \"%.*s\"", FS(entity));
    }
    return E_OK;
}

struct left { /* by entity.at */
    uint8_t reads[ENTITIES_MAX], writes[ENTITIES_MAX];
    unsigned sys, opens;
};

static void scope_take(const struct meta *m, size_t scope, str entity, struct left *l)
{
    bool reads = scopes_known[scope].reads, writes = scopes_known[scope].writes;
    l->sys |= scopes_known[scope].sys;
    if (writes) l->opens |= OPENS_WRITING;
    if (!reads) return;
    if (!entity.n) l->opens |= writes ? OPENS_OWN | OPENS_OWN_WRITING : OPENS_OWN;
    for (size_t i = 0; i < m->n; i++) {
        if (entity.n && !str_eq(m->entity[i].name, entity)) continue;
        l->reads[m->entity[i].at] = true;
        l->writes[m->entity[i].at] |= writes;
    }
}

/* Whom one knows is a matter of reading, who may do what one of managing users. */
static void users_narrow(const struct entity *e, const struct acl *acl, struct left *l)
{
    bool users = acl->sys & SYS_USERS;
    if (!e->admin) return;
    l->writes[e->at] = users;
    l->reads[e->at] = users || (l->reads[e->at] && !str_eq(e->name, S("role")));
}

static void reach_narrow(const struct entity *e, const struct left *l, struct acl *acl)
{
    uint8_t *reach = acl->reach[e->at];
    for (size_t a = 0; a < ACT_MAX; a++) {
        bool reads = a == ACT_SEE || a == ACT_EXPORT;
        if (!(reads ? l->reads : l->writes)[e->at]) reach[a] = REACH_NONE;
    }
}

/* ---- by a role ---- */
/* An entity's grants; one that has no filter is a grant of its reach. */
static size_t grants_of(const struct acl *acl, const struct entity *e, struct grant *one, const struct grant **ret)
{
    size_t n = 0;
    *one = (struct grant){.entity = (uint32_t)e->at};
    memcpy(one->reach, acl->reach[e->at], sizeof one->reach);
    *ret = one;
    if (!acl->filtered[e->at]) return 1;
    for (size_t i = 0; i < acl->n_grants; i++)
        if (acl->grant[i].entity == e->at && !n++) *ret = &acl->grant[i]; /* they stand side by side */
    return n;
}

static const struct cond *both(struct cx *cx, const struct entity *e, const struct cond *x, const struct cond *y)
{
    if (!x || !y) return x ? x : y;
    struct cond *kids = NEW_N(cx->a, struct cond, 2), *and = NEW(cx->a, struct cond);
    kids[0] = *x;
    kids[1] = *y;
    *and = (struct cond){.k = C_AND, .e = e, .kids = kids, .n = 2};
    return and;
}

/* Rows that both reach: each of the one's grants under each of the other's. */
static void grants_narrow(struct cx *cx, const struct acl *by, struct acl *acl)
{
    LIST(struct grant) all = {0};
    for (size_t i = 0; i < cx->meta->n; i++) {
        const struct entity *e = &cx->meta->entity[i];
        struct grant ones[2];
        const struct grant *x = NULL, *y = NULL;
        if (!acl->filtered[e->at] && !by->filtered[e->at]) continue;
        size_t n_x = grants_of(acl, e, &ones[0], &x), n_y = grants_of(by, e, &ones[1], &y);
        for (size_t k = 0; k < n_x * n_y; k++) {
            struct grant g = x[k / n_y];
            const struct grant *h = &y[k % n_y];
            for (size_t a = 0; a < ACT_MAX; a++)
                if (h->reach[a] < g.reach[a]) g.reach[a] = h->reach[a];
            g.only = both(cx, e, g.only, h->only);
            *LIST_ADD(cx->a, &all) = g;
        }
        acl->filtered[e->at] = true;
    }
    acl->grant = all.v;
    acl->n_grants = all.n;
}

static void role_narrow(const struct acl *by, struct acl *acl)
{
    acl->sys &= by->sys;
    acl->opens &= OPENS_WRITING;
    for (size_t i = 0; i < ENTITIES_MAX; i++)
        for (size_t a = 0; a < ACT_MAX; a++)
            if (by->reach[i][a] < acl->reach[i][a]) acl->reach[i][a] = by->reach[i][a];
}

/* Both are made from one description: the same places. */
static void mask_narrow(struct cx *cx, const struct acl *by, struct acl *acl)
{
    if (!by->mask) return;
    uint8_t *mask = arena_get(cx->a, by->mask_n);
    for (size_t i = 0; i < by->mask_n; i++)
        mask[i] = acl->mask && acl->mask[i] > by->mask[i] ? acl->mask[i] : by->mask[i];
    acl->mask = mask;
    acl->mask_n = by->mask_n;
    memcpy(acl->mask_at, by->mask_at, sizeof acl->mask_at);
    memcpy(acl->mask_fields, by->mask_fields, sizeof acl->mask_fields);
}

/* A share opens what it opens only where the key lets do it with any record: who gave it knew the user, not the key. */
static void shares_narrow(struct cx *cx, const struct acl *by, const struct left *l, struct acl *acl)
{
    struct acl_share *keep = NEW_N(cx->a, struct acl_share, acl->n_shares + 1);
    size_t n = 0;
    for (size_t i = 0; i < acl->n_shares; i++) {
        struct acl_share s = acl->share[i];
        const uint8_t *reach = by ? by->reach[s.entity] : NULL;
        if (!l->reads[s.entity] || (by && (by->filtered[s.entity] || reach[ACT_SEE] != REACH_ALL))) continue;
        s.change = s.change && l->writes[s.entity] && (!by || reach[ACT_CHANGE] == REACH_ALL);
        keep[n++] = s;
    }
    acl->share = keep;
    acl->n_shares = n;
}

enum err acl_narrow(struct cx *cx, struct acl *acl, str scopes, bool by_role, str rights)
{
    struct left *l = NEW(cx->a, struct left);
    str word = {0}, entity = {0};
    while (scopes.n) {
        str_split(scopes, ' ', &word, &scopes);
        size_t at = scope_of(word, &entity);
        if (at < COUNT(scopes_known)) scope_take(cx->meta, at, entity, l);
    }
    acl->sys &= l->sys;
    acl->opens &= l->opens;
    struct acl *by = by_role ? NEW(cx->a, struct acl) : NULL;
    if (by) {
        *by = (struct acl){.user = acl->user, .team = acl->team, .branch = acl->branch};
        TRY(acl_fill(cx, rights, by));
        grants_narrow(cx, by, acl);
        role_narrow(by, acl);
        mask_narrow(cx, by, acl);
    }
    shares_narrow(cx, by, l, acl);
    for (size_t i = 0; i < cx->meta->n; i++) {
        users_narrow(&cx->meta->entity[i], acl, l);
        reach_narrow(&cx->meta->entity[i], l, acl);
    }
    return acl_teams(cx, acl);
}
