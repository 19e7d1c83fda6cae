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
