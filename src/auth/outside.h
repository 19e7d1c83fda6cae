/* SPDX-License-Identifier: MIT */
/* auth/outside.h - whom somebody else vouches for: an identity of a provider or a directory becomes a user, his roles
 * and a session.
 *
 * An identity is an issuer and its subject (idp_link). Roles that groups give are remembered (idp_role), so that they
 * go when the group is gone, while those given by hand stay. Nothing takes the last right to manage users away.
 */
#pragma once
#include "auth/auth.h"

enum { OUTSIDE_GROUPS_MAX = 2000, OUTSIDE_SUBJECT_MAX = 255 };
struct outside_role {
    str group;           /* as the provider calls it */
    int64_t role;
};
struct outside_rules {
    int64_t id;          /* the provider's */
    str name, issuer;    /* the provider's name, for the log; what its subjects are told apart by */
    bool creates;        /* who is not known becomes a user, ... */
    int64_t role;        /* ... with this role; 0 = only with those of his groups */
    bool links;          /* a user of the same mail address is he */
    bool follows;        /* name, mail and phone are taken over at every log-in */
    const struct outside_role *map;
    size_t n_map;
    bool any_case;       /* groups are the same in capitals and small letters */
};
struct outsider {
    str subject, login;  /* login: the name he came in by, as a directory spells it; "" = none */
    const str *names;    /* all that lead to him there, that one among them */
    size_t n_names;
    str name, mail, phone, lang;
    bool mail_proved;    /* the issuer says that the address is his */
    int64_t proved_at;   /* when he showed there who he is, as far as that is told; 0 = who knows */
    bool factored;       /* a second factor was asked for there, and that is enough for us */
    str parting;         /* what is to be said there at his log-out (struct parting); "" = nothing */
    const str *groups;
    size_t n_groups;
};
/* ---- a directory that passwords are held against ---- */
struct outside_found {
    struct outside_rules rules;
    struct outsider who;
};
struct outside_question {
    str login, password; /* as typed */
    bool is_local;       /* a user of Kontor's own: his password goes only where users are linked by address */
};
/* E_OK: *ret, he is who he says; E_AUTH: nobody of that name there, or the password is wrong, or his account is closed;
 * E_NOTFOUND: there is no directory; E_BUSY: it cannot be reached. Takes its time, and lets go of the database's
 * connection meanwhile. */
typedef enum err outside_ask_fn(struct cx *cx, void *arg, const struct outside_question *q, struct outside_found *ret);
/* Once, before anybody logs in. What begins an issuer of a directory: */
#define OUTSIDE_DIRECTORY "ldap:"
void outside_directory(struct auth *au, outside_ask_fn *fn, void *arg);
/* Does his password lie in a directory that is asked? One that is turned off or ended says nothing of anybody. */
MUST enum err outside_is_theirs(struct cx *cx, int64_t user, bool *ret);

/* ---- coming in ---- */
/* The session of who is vouched for; io->s and io->device as auth_login. E_DENIED at "user": nobody of that name here,
 * or no group of his opens anything. E_CONFLICT: his address is another user's. E_AUTH: his user was ended. E_RATE and
 * E_DENIED (an address that is blocked) as auth_login. Every attempt is written down. */
MUST enum err outside_login(struct cx *cx, struct auth *au, const struct visitor *v, const struct outside_rules *r,
                            const struct outsider *w, struct login *io);
/* Before somebody's word is asked for: E_RATE (*ret_wait_ms) when his address had too many failures. */
MUST enum err outside_may_try(struct cx *cx, struct auth *au, const struct visitor *v, int64_t *ret_wait_ms);
/* What was shown as a provider's word was none: written down and counted against the address. */
MUST enum err outside_refused(struct cx *cx, struct auth *au, const struct visitor *v, str provider);
/* Whom a provider does not let in, or we do not who comes by it: written down, and nobody's failure. */
MUST enum err outside_turned_away(struct cx *cx, const struct visitor *v, str provider);
/* Inside db_write, when a provider ends, is turned off, or becomes another one: the sessions that came by it end. When
 * `gone`, the roles that its groups gave are taken, but for the last right to manage users; a directory's identities
 * are forgotten, for nobody else will have its issuer. */
MUST enum err outside_ended(struct cx *cx, const struct outside_rules *r, bool gone);
/* ---- identities of somebody ---- */
struct identity {
    str key;             /* what it goes by in lists and addresses */
    str issuer, subject, login;
    int64_t at;          /* when he last came in by it */
};
MUST enum err identities_of(struct cx *cx, int64_t user, struct identity **ret, size_t *ret_n); /* newest first */
/* Ends one: it lets nobody in any more, the sessions that came by it end but for `but` (auth_session_key), and the
 * roles that its groups gave go. r->id 0: the provider is gone. `own`: it is his own doing, and he keeps another way
 * in: E_PRECOND else. E_NOTFOUND. There is no way back but a log-in there: whoever could put it back by hand could
 * put in a stranger's. */
struct identity_end {
    int64_t user;
    struct identity of;
    const struct outside_rules *r;
    str but;
    bool own;
};
MUST enum err identity_end(struct cx *cx, const struct identity_end *x);
/* Is there a user of this identity? */
MUST enum err outside_known(struct cx *cx, str issuer, str subject, int64_t *ret_user); /* 0 = none */
