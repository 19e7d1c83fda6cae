/* SPDX-License-Identifier: MIT */
/* auth/link.h - links sent by mail: whoever follows one has read that mailbox.
 *
 * A token is 256 bits of chance, good once, for a while, for one purpose and one user, and for the address it was sent
 * to as long as that is his. It is made when its mail is sent; the database holds its SHA-256. A newer link of the same
 * kind ends the older one, a new password ends those that could set one.
 */
#pragma once
#include "auth/auth.h"
#include "mail/mail.h"

enum link_kind { LINK_RESET, LINK_INVITE, LINK_UNLOCK, LINK_ADDRESS, LINK_SIGNUP, LINK_KINDS };
extern const str link_name[LINK_KINDS];
#define RESET_MS   INT64_C(3600000)
#define INVITE_MS  (7 * INT64_C(86400000))
#define UNLOCK_MS  INT64_C(1800000)
#define CONFIRM_MS INT64_C(86400000)

struct link {
    enum link_kind kind;
    int64_t user;         /* 0 of LINK_SIGNUP: there is no such user yet */
    str name, mail, lang; /* his */
    str data;             /* LINK_ADDRESS: the new address */
};
/* E_NOTFOUND, the same for unknown, used, ended and too old. */
MUST enum err link_find(struct cx *cx, str token, struct link *ret);
/* Inside db_write. */
MUST enum err link_end(struct cx *cx, enum link_kind k, int64_t user);

/* ---- a forgotten password ---- */
/* The same for every address, known or not, in the same time: whether somebody is there is looked at when the mail is
 * made. Counted against the address it comes from like a log-in that failed. E_INVALID at "mail": that is none. E_RATE:
 * *ret_wait_ms. E_DENIED: the address is blocked by hand. */
MUST enum err auth_forgot(struct cx *cx, struct auth *au, const struct visitor *v, str mail, int64_t *ret_wait_ms);
/* By a link of LINK_RESET or LINK_INVITE: his sessions end, strangers may try again, nobody is logged in by it.
 * E_NOTFOUND: see link_find. `words`: see auth_password_check. */
MUST enum err auth_link_password(struct cx *cx, struct auth *au, str token, str fresh, const str *words,
                                 size_t n_words);

/* ---- an invitation ---- */
/* To a user who is active, has an address and chose no password yet; earlier ones end. E_INVALID: why not. */
MUST enum err auth_invite(struct cx *cx, int64_t user);

/* ---- another address ---- */
/* cx->who's own, proved by his password before (auth_present). It is his when he follows the link that is sent there;
 * the old one is told. E_INVALID at "mail": none, or somebody's. */
MUST enum err auth_address_ask(struct cx *cx, str mail);
MUST enum err auth_link_address(struct cx *cx, str token); /* E_NOTFOUND; E_CONFLICT: somebody else's by now */

/* ---- registration ---- */
struct signup_rules {
    bool is_open;
    str domains;  /* of mail addresses, with blanks between; "" = any */
    int64_t role; /* what a new user gets */
};
enum { SIGNUP_DOMAINS_MAX = 1000 };
MUST enum err auth_signup_rules(struct cx *cx, struct signup_rules *ret);
/* E_INVALID at "domains" or "role". */
MUST enum err auth_signup_rules_set(struct cx *cx, const struct signup_rules *r);
/* The same for known and unknown addresses, counted as auth_forgot. E_DENIED: registration is closed. E_INVALID at
 * "name" or "mail". */
MUST enum err auth_signup(struct cx *cx, struct auth *au, const struct visitor *v, str name, str mail,
                          int64_t *ret_wait_ms);
/* Makes the user, with this password. E_NOTFOUND: the link; E_CONFLICT: there is one by now; E_DENIED: closed. */
MUST enum err auth_link_signup(struct cx *cx, struct auth *au, str token, str password, const str *words,
                               size_t n_words);

/* ---- an account locked for strangers ---- */
MUST enum err auth_link_unlock(struct cx *cx, str token); /* E_NOTFOUND */

/* The mails of this room. */
extern const struct mail_kind auth_mails[];
extern const size_t auth_mails_n;
