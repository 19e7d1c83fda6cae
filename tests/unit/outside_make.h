/* SPDX-License-Identifier: MIT */
/* What those who let somebody else vouch for users look at. */
#pragma once
#include "bed.h"

/* The further roles of a user, by name, with blanks between. */
static inline str roles_of(struct cx *cx, int64_t user)
{
    struct db_rows r = {0};
    struct buf b = buf_new(cx->a, 1000);
    T_OK(cx, db_query(cx, &r, "SELECT r.name FROM link l JOIN \"role\" r ON r.id = l.b WHERE l.a = $1 AND l.field = 'roles' ORDER BY r.name", V(user)));
    for (size_t i = 0; i < r.n; i++) buf_fmt(&b, "%s%.*s", i ? " " : "", FS(db_str(&r, i, 0)));
    return buf_str(&b);
}

struct firm {
    int64_t admin, plain, extra, strict; /* roles: all rights; two of none; one that asks for a second factor */
};

static inline int64_t made(struct cx *cx, const char *entity, const char *name, struct set extra)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    struct written w = {0};
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(str_from(name))}, extra};
    T_OK(cx, record_create(cx, e, 0, s, extra.f ? 2 : 1, &w));
    return w.id;
}

static inline int64_t role_made(struct cx *cx, const char *name, const char *rights)
{
    return made(cx, "role", name, (struct set){FLD(ENT(cx, "role"), "rights"), VAL_TEXT(str_from(rights))});
}

static inline struct firm firm_made(struct cx *cx)
{
    return (struct firm){role_made(cx, "Administrator", "{\"sys\":[\"users\"]}"), role_made(cx, "Plain", "{}"), role_made(cx, "Extra", "{}"),
                         role_made(cx, "Strict", "{\"second_factor\":true}")};
}

static inline void set_user(struct cx *cx, int64_t user, const char *field, struct val v)
{
    struct written w = {0};
    struct set s = {entity_field(ENT(cx, "user"), str_from(field)), v};
    T_OK(cx, record_update(cx, ENT(cx, "user"), user, 0, &s, 1, &w));
}
