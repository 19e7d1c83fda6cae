/* SPDX-License-Identifier: MIT */
/* demo/house.c - who works here: branches, teams, users; and the groups that people are put into. What has the same
 * name (users: the same mail) already is taken as it is. */
#include "demo/demo_int.h"

#include "meta/filter.h"

enum { USERS_PER_TEAM = 3, HUE_ALL = 360 };

struct find {
    const struct entity *e;
    const struct field *f;
    str text;
};

static enum err find_same(struct cx *cx, const struct find *w, int64_t *ret)
{
    struct val v = VAL_TEXT(filter_fold(cx->a, w->text));
    struct cond c = {.k = C_CMP, .e = w->e, .f = w->f, .op = OP_EQ, .v = &v, .n_v = 1};
    struct query q = {.where = &c, .limit = 1};
    struct page p = {0};
    TRY(record_list(cx, w->e, &q, &p));
    *ret = p.n ? p.v[0].id : 0;
    return E_OK;
}

/* The record whose `key` is `text`: there already, or planned now. */
static enum err ensure(struct draft *d, const char *key, int64_t *n_new, int64_t *ret)
{
    struct find w = {.e = d->e, .f = entity_field(d->e, str_from(key))};
    *ret = 0;
    for (size_t i = 0; i < d->n; i++)
        if (d->s[i].f == w.f) w.text = d->s[i].v.s;
    if (!w.f) return E_OK;
    for (size_t i = 0; i < d->m->plan.n && !*ret; i++) {
        const struct planned *p = &d->m->plan.v[i];
        for (size_t k = 0; k < p->n && !*ret; k++)
            if (p->s[k].f == w.f && str_eq(p->s[k].v.s, w.text)) *ret = p->id;
    }
    if (!*ret) TRY(find_same(d->m->cx, &w, ret));
    if (*ret) return E_OK;
    *ret = draft_plan(d);
    ++*n_new;
    return E_OK;
}

static enum err user_make(struct maker *m, int64_t team, struct owner *ret)
{
    struct cx *cx = m->cx;
    struct draft d = draft_new(m, ENT(cx, "user"));
    bool woman = rng_of100(&m->r, 50);
    struct list forms = list_of(cx->a, arena_z(cx->a, pick(&m->r, &m->last)), '/');
    struct list given =
        list_of(cx->a, arena_z(cx->a, pick(&m->r, woman ? &m->female : &m->male)), '/');
    str last = forms.v[woman ? forms.n - 1 : 0];
    str name = arena_fmt(cx->a, "%.*s %.*s", FS(given.v[0]), FS(last));
    draft_text(&d, "name", name);
    str box = demo_slug(cx, name, '.');
    draft_text(&d, "mail", arena_fmt(cx->a, "%.*s@kontor.example", FS(box)));
    draft_int(&d, "team_of", team);
    draft_text(&d, "language", str_from(m->w->code));
    draft_text(&d, "timezone", str_from(m->w->city[0].timezone));
    draft_int(&d, "active", 1);
    TRY(ensure(&d, "mail", &m->ret->users, &ret->user));
    ret->team = team;
    return E_OK;
}

static enum err team_make(struct maker *m, const struct list *branches, size_t branch,
                          int64_t branch_id, str name, bool both, int64_t *ret)
{
    struct draft d = draft_new(m, ENT(m->cx, "team"));
    draft_text(&d, "name",
               both ? arena_fmt(m->cx->a, "%.*s, %.*s", FS(name), FS(branches->v[branch])) : name);
    draft_int(&d, "branch", branch_id);
    return ensure(&d, "name", &m->ret->teams, ret);
}

/* Head office has all teams; each further branch has the first one. */
static enum err staff(struct maker *m, struct arena *keep)
{
    struct cx *cx = m->cx;
    struct list branches = list_of(cx->a, m->w->branches, '|'),
                teams = list_of(cx->a, m->w->teams, '|');
    struct owner *o = NEW_N(keep, struct owner, (branches.n + teams.n) * USERS_PER_TEAM);
    int64_t head = 0;
    m->owners = o;
    for (size_t b = 0; b < branches.n; b++) {
        struct draft d = draft_new(m, ENT(cx, "branch"));
        int64_t branch = 0;
        draft_text(&d, "name", branches.v[b]);
        if (b) draft_int(&d, "parent", head);
        TRY(ensure(&d, "name", &m->ret->branches, &branch));
        if (!b) head = branch;
        for (size_t t = 0; t < (b ? 1 : teams.n); t++) {
            int64_t team = 0;
            TRY(team_make(m, &branches, b, branch, teams.v[t], b > 0, &team));
            for (int u = 0; u < USERS_PER_TEAM; u++) TRY(user_make(m, team, &o[m->n_owners++]));
        }
    }
    return E_OK;
}

static enum err groups_make(struct maker *m, struct arena *keep)
{
    int64_t *ids = NEW_N(keep, int64_t, m->groups.n);
    for (size_t i = 0; i < m->groups.n; i++) {
        struct draft d = draft_new(m, ENT(m->cx, "group"));
        draft_text(&d, "name", m->groups.v[i]);
        draft_int(&d, "colour", (int64_t)(25 + i * HUE_ALL / m->groups.n) % HUE_ALL);
        TRY(ensure(&d, "name", &m->ret->groups, &ids[i]));
    }
    m->group_ids = ids;
    m->n_groups = m->groups.n;
    return E_OK;
}

enum err demo_house(struct maker *m, struct arena *keep)
{
    TRY(staff(m, keep));
    return groups_make(m, keep);
}
