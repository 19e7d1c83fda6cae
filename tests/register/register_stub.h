/* SPDX-License-Identifier: MIT */
/* The registers of tests/register/stub.py on a free port of loopback. */
#pragma once
#include "register/register.h"
#include "stub.h"

struct reg_stub {
    struct stub s;
    str base;
    struct register_conf conf;
};

static inline struct reg_stub reg_stub_start(struct cx *cx)
{
    struct stub s = stub_start(cx, "tests/register/stub.py");
    return (struct reg_stub){.s = s, .base = s.base,
                             .conf = {.providers = S("vies,gleif,dadata"),
                                      .vies_url = arena_fmt(cx->a, "%.*s/vies/", FS(s.base)),
                                      .gleif_url = arena_fmt(cx->a, "%.*s/gleif", FS(s.base)),
                                      .dadata_url = arena_fmt(cx->a, "%.*s/dadata", FS(s.base)),
                                      .dadata_key = S("GEHEIM"),
                                      .timeout_ms = 1500}};
}

static inline void reg_stub_stop(struct reg_stub *t) { stub_stop(&t->s); }
