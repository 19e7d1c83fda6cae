/* SPDX-License-Identifier: MIT */
/* Records and own fields for the tests of the description, written through the one door. */
#pragma once
#include "bed.h"
#include "record/log.h"
#include "record/record.h"

#define ID "%" PRId64
#define J(...) arena_fmt(cx->a, __VA_ARGS__).p
#define HAS(text, part) has((text), S(part), __LINE__)

static inline void has(str text, str part, int line)
{
    T(str_find(text, part) >= 0);
    if (str_find(text, part) < 0)
        fprintf(stderr, "line %d: no %.*s in %.*s\n", line, FS(part), FS(text));
}

static inline const struct json *parsed(struct cx *cx, const char *text)
{
    const struct json *j = NULL;
    T_OK(cx, json_parse(cx, str_from(text), &j));
    return j;
}

static inline enum err try_create(struct cx *cx, const char *entity, const char *json, struct written *w)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct set *s = NULL;
    size_t n = 0;
    TRY(record_sets(cx, e, parsed(cx, json), &s, &n));
    return record_create(cx, e, 0, s, n, w);
}

static inline int64_t create(struct cx *cx, const char *entity, const char *json)
{
    struct written w = {0};
    T_OK(cx, try_create(cx, entity, json, &w));
    return w.id;
}

static inline enum err try_change(struct cx *cx, const char *entity, int64_t id, const char *json, struct written *w)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct set *s = NULL;
    size_t n = 0;
    TRY(record_sets(cx, e, parsed(cx, json), &s, &n));
    return record_update(cx, e, id, 0, s, n, w);
}

static inline int64_t change(struct cx *cx, const char *entity, int64_t id, const char *json)
{
    struct written w = {0};
    T_OK(cx, try_change(cx, entity, id, json, &w));
    return w.seq;
}

/* The record as the API shows it. */
static inline str shown(struct cx *cx, const char *entity, int64_t id)
{
    struct record r = {0};
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    if (!T_OK(cx, record_get(cx, meta_entity(cx->meta, str_from(entity)), id, &r))) return S("");
    record_json(cx, &r, &w);
    return buf_str(&b);
}

/* An own field; add_field is a db_write_fn. */
struct own {
    const struct json *j;
    str name;
};
static inline enum err add_field(struct cx *cx, void *arg)
{
    struct own *f = arg;
    return meta_field_add(cx, f->j, &f->name);
}
