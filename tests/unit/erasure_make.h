/* SPDX-License-Identifier: MIT */
/* What a base does at its start with the file of erasures, for the tests of it: again_inside is a db_write_fn. */
#pragma once
#include "privacy/privacy_int.h"

struct again {
    const struct erase_env *env;
    int64_t got; /* the erasure that is to be done again, 0 = none */
};

static inline enum err again_one(struct cx *cx, void *arg, int64_t erasure, bool shared_too)
{
    int64_t *ret = arg;
    (void)cx, (void)shared_too;
    *ret = erasure;
    return E_OK;
}

static inline enum err again_inside(struct cx *cx, void *arg)
{
    struct again *a = arg;
    a->got = 0;
    return erasures_again(cx, a->env, again_one, &a->got);
}
