/* SPDX-License-Identifier: MIT */
/* acl/acl_copy.c - rights as one piece of memory, so that they can be remembered between requests. */
#include "acl/acl_int.h"

#include "meta/filter.h"

enum { ALIGN = 8 };

struct pack {
    char *room; /* NULL: only counts */
    size_t n;
};

/* NULL when it only counts, or when there is nothing to put. */
static void *put(struct pack *p, const void *from, size_t bytes)
{
    size_t at = (p->n + ALIGN - 1) / ALIGN * ALIGN;
    if (!bytes) return NULL;
    p->n = at + bytes;
    return p->room ? memcpy(p->room + at, from, bytes) : NULL;
}

static const struct val *vals_put(struct pack *p, const struct val *v, size_t n)
{
    struct val *to = put(p, v, n * sizeof *v);
    for (size_t i = 0; i < n; i++) {
        assert(!v[i].n); /* a filter compares with numbers and texts */
        const char *s = put(p, v[i].s.p, v[i].s.n);
        if (to) to[i].s.p = s;
    }
    return to;
}

/* As deep as a filter is: FILTER_DEPTH. */
static const struct cond *conds_put(struct pack *p, const struct cond *c, size_t n)
{
    struct cond *to = put(p, c, n * sizeof *c);
    for (size_t i = 0; i < n; i++) {
        const struct cond *kids = conds_put(p, c[i].kids, c[i].n);
        const struct val *v = vals_put(p, c[i].v, c[i].n_v);
        if (to) to[i].kids = kids, to[i].v = v;
    }
    return to;
}

static void acl_put(struct pack *p, const struct acl *a)
{
    struct acl *to = put(p, a, sizeof *a), none;
    if (!to) to = &none; /* only counted */
    to->teams = put(p, a->teams, a->n_teams * sizeof *a->teams);
    to->branches = put(p, a->branches, a->n_branches * sizeof *a->branches);
    to->share = put(p, a->share, a->n_shares * sizeof *a->share);
    to->mask = put(p, a->mask, a->mask_n);
    struct grant *g = put(p, a->grant, a->n_grants * sizeof *a->grant);
    to->grant = g;
    for (size_t i = 0; i < a->n_grants; i++) {
        const struct cond *only = conds_put(p, a->grant[i].only, a->grant[i].only ? 1 : 0);
        if (g) g[i].only = only;
    }
}

size_t acl_bytes(const struct acl *a)
{
    struct pack p = {0};
    acl_put(&p, a);
    return p.n;
}

const struct acl *acl_copy(const struct acl *a, void *room)
{
    struct pack p = {.room = room};
    acl_put(&p, a);
    return room;
}
