/* SPDX-License-Identifier: MIT */
/* auth/outside_int.h - what coming in by somebody else's word and by a directory's password share. */
#pragma once
#include "auth/auth_int.h"
#include "auth/outside.h"

struct settling {
    const struct outside_rules *r;
    const struct outsider *w;
    int64_t user;       /* his; of a new one the id that he will have */
    bool is_new;
    str mail, mail_f;   /* "" = it is none */
    int64_t *want;      /* roles that his groups give */
    size_t n_want;
};
/* Who it is, from r and w; reads alone. Errors as outside_login. */
MUST enum err outside_settling(struct cx *cx, struct settling *s);
/* Inside db_write: the user, his identity and his roles as they are to be. arg: struct settling. */
MUST enum err outside_settle(struct cx *cx, void *arg);
