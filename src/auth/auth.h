/* SPDX-License-Identifier: MIT */
/* auth/auth.h - users' passwords and sessions.
 *
 * Passwords are argon2id (libsodium, t=2, 19 MiB; RFC 9106), at most AUTH_HASHES at once. A session's token is
 * 32 random bytes; the database holds its SHA-256 alone.
 */
#pragma once
#include "acl/acl.h"
#include "record/record.h"

enum { AUTH_HASHES = 4, PASSWORD_MIN = 8, PASSWORD_MAX = 1024, TOKEN_CHARS = 64 };
enum { SESSION_IDLE_MS = 12 * 3600 * 1000, SESSION_TRIES = 10, SESSION_BAN_MS = 30 * 60 * 1000 };
#define SESSION_MAX_MS (INT64_C(30) * 86400000)

struct auth; /* the queue of hashes and the sessions remembered; one per process */
struct auth *auth_open(void);
void auth_close(struct auth **au);

/* E_INVALID at "password": too short, too long, common, or made of the words given (name, mail, firm). */
MUST enum err auth_password_check(struct cx *cx, str password, const str *words, size_t n);
/* Checks nothing: see auth_password_check. Ends all sessions of the user. */
MUST enum err auth_password_set(struct cx *cx, struct auth *au, int64_t user, str password);
/* The two halves of it: the hash (slow, outside of db_write) and its row (inside or outside). */
MUST enum err auth_password_hash(struct cx *cx, struct auth *au, str password, str *ret);
MUST enum err auth_hash_set(struct cx *cx, int64_t user, str hash);

struct session {
    int64_t user;
    str token, csrf;  /* token only from auth_login: 64 hex characters */
    str name, mail, lang, role;
};
/* E_AUTH for unknown, inactive and wrong alike, in the same time; E_RATE after SESSION_TRIES failures of this name
 * from this address in half an hour. Every attempt is written down. */
MUST enum err auth_login(struct cx *cx, struct auth *au, str mail, str password, str addr, str agent,
                         struct session *ret);
/* Is this the present password of cx->who? E_DENIED at "password", and written down, when not; E_RATE as auth_login. */
MUST enum err auth_present(struct cx *cx, struct auth *au, str password, str addr, str agent);
/* A session without a password: set-up and tests. */
MUST enum err auth_session_new(struct cx *cx, int64_t user, str addr, str agent, struct session *ret);
/* E_AUTH when unknown, idle too long, past its end, or its user is inactive. Fills cx->who, cx->acl, cx->lang and
 * cx->tz_min (the user's own zone, else the firm's).
 * With `au` (may be NULL) what was read is remembered until something of sessions or rights is written: db_epoch. */
MUST enum err auth_session_enter(struct cx *cx, struct auth *au, str token, struct session *ret);
MUST enum err auth_logout(struct cx *cx, str token);
/* The user as who this process works (command line, jobs): acl, who, language, his own time zone if he has one. user 0
 * is refused. */
MUST enum err auth_as(struct cx *cx, int64_t user);
/* What the firm's clocks are ahead of UTC at cx->now_ms, in minutes: this machine's zone, or the country's when the
 * machine runs by UTC, as servers mostly do. */
int auth_firm_tz(const struct cx *cx);
MUST enum err auth_user_by_mail(struct cx *cx, str mail, int64_t *ret); /* E_NOTFOUND */
