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
/* A password that was typed, after it was held against ours (*io_right). `s` gets a user (s->user) when a directory
 * has vouched for somebody: outside_settle is to run with it then. `by_name`: `user` is whose that name was there
 * once (the directory's word goes before it), else it is his own address and nobody else comes in by it. The password
 * of whose account lies in a directory counts there alone; when it cannot be reached, ours counts for those who
 * manage users. E_BUSY: it cannot be reached. Other errors as outside_login: the password was right. */
MUST enum err directory_check(struct cx *cx, struct auth *au, int64_t user, bool by_name, str login, str password,
                              bool *io_right, struct settling *s);
/* The name by which a user came in by a directory last; "" = none, or there is no directory. */
MUST enum err directory_login(struct cx *cx, int64_t user, str *ret);
/* A name as it is kept and looked for: capitals of ASCII aside, letter for letter. Müller and Muller are two. */
str directory_name(struct cx *cx, str login);
/* Whose a name that is no address of ours was when he came in by a directory last; 0 = nobody's. */
MUST enum err directory_user(struct cx *cx, str login, int64_t *ret);
/* Inside db_write: the roles that his groups there gave go. */
MUST enum err outside_roles_drop(struct cx *cx, const struct outside_rules *r, int64_t user);
/* Inside db_write: the user, his identity and his roles as they are to be. arg: struct settling. */
MUST enum err outside_settle(struct cx *cx, void *arg);
