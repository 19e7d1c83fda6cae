/* SPDX-License-Identifier: MIT */
/* Records for the tests of finding, written through the one door. */
#pragma once
#include "bed.h"
#include "record/record.h"
#include "search/search.h"

#define ID "%" PRId64
#define J(...) arena_fmt(cx->a, __VA_ARGS__).p

static inline int64_t make(struct cx *cx, const char *entity, const char *json)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct json *j = NULL;
    const struct set *s = NULL;
    struct written w = {0};
    size_t n = 0;
    T_OK(cx, json_parse(cx, str_from(json), &j));
    T_OK(cx, record_sets(cx, e, j, &s, &n));
    T_OK(cx, record_create(cx, e, 0, s, n, &w));
    return w.id;
}

static inline void change(struct cx *cx, const char *entity, int64_t id, const char *json)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct json *j = NULL;
    const struct set *s = NULL;
    struct written w = {0};
    size_t n = 0;
    T_OK(cx, json_parse(cx, str_from(json), &j));
    T_OK(cx, record_sets(cx, e, j, &s, &n));
    T_OK(cx, record_update(cx, e, id, 0, s, n, &w));
}

static inline void trash(struct cx *cx, const char *entity, int64_t id)
{
    struct written w = {0};
    T_OK(cx, record_delete(cx, meta_entity(cx->meta, str_from(entity)), id, 0, &w));
}

/* The values that a form would hold. */
static inline const struct val *typed(struct cx *cx, const char *entity, const char *json)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    struct val *v = NEW_N(cx->a, struct val, e->n);
    const struct json *j = NULL;
    const struct set *s = NULL;
    size_t n = 0;
    T_OK(cx, json_parse(cx, str_from(json), &j));
    T_OK(cx, record_sets(cx, e, j, &s, &n));
    for (size_t i = 0; i < n; i++) v[s[i].f->at] = s[i].v;
    return v;
}

/* A user whose role has this reach over everything. */
static inline int64_t make_user(struct cx *cx, const char *name, const char *reach, int64_t team)
{
    int64_t role = make(cx, "role", J("{\"name\":\"%s %s\",\"rights\":{\"*\":{\"see\":\"%s\",\"create\":\"%s\",\"change\":\"%s\",\"delete\":\"%s\"}}}",
                                      name, reach, reach, reach, reach, reach));
    return team ? make(cx, "user", J("{\"name\":\"%s\",\"role\":\"" ID "\",\"team_of\":\"" ID "\"}", name, role, team))
                : make(cx, "user", J("{\"name\":\"%s\",\"role\":\"" ID "\"}", name, role));
}

/* 0 = the system again. */
static inline void become(struct cx *cx, int64_t user)
{
    struct acl *acl = NULL;
    if (user) T_OK(cx, acl_load(cx, user, &acl));
    cx->acl = acl;
    cx->who = (struct who){.user = user, .team = acl ? acl->team : 0};
}
