/* SPDX-License-Identifier: MIT */
/* tests/unit/audit_make.h - a key, a look, and a stroke behind the program's back, for the tests of what is sealed. */
#pragma once
#include "audit/audit.h"
#include "bed.h"

static inline struct vault *key_of(struct bed *t, const char *name)
{
    struct vault *v = NULL;
    T_OK(&t->cx, vault_open(&t->cx, arena_fmt(t->cx.a, "%.*s/%s", FS(t->folder), name), true, &v));
    return v;
}

static inline struct audit_report looked(struct bed *t, const struct vault *v, const struct audit_head *kept)
{
    static const struct audit_head none = {0};
    struct audit_report r = {0};
    T_OK(&t->cx, audit_verify(&t->cx, v, kept ? kept : &none, t->folder, NULL, NULL, &r));
    return r;
}

struct stroke {
    str sql;
    int64_t n;
};
static inline enum err strike(struct cx *cx, void *arg)
{
    const struct stroke *s = arg;
    int64_t done = 0;
    struct db_val v = V(s->n);
    TRY(db_run(cx, NULL, &done, s->sql, &v, 1));
    return done == 1 ? E_OK : fail(cx, E_NOTFOUND, "nothing was struck");
}

static inline void behind_the_back(struct bed *t, str sql, int64_t n)
{
    struct stroke s = {sql, n};
    T_OK(&t->cx, db_write(&t->cx, strike, &s));
}
