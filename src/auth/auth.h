/* SPDX-License-Identifier: MIT */
/* auth/auth.h - users' passwords and sessions.
 *
 * Passwords are argon2id (libsodium, t=2, 19 MiB; RFC 9106), at most AUTH_HASHES at once (one a core); AUTH_WAITING
 * more may wait, who comes then is told E_BUSY. A session's token is 32 random bytes; the database holds its SHA-256
 * alone.
 */
#pragma once
#include "acl/acl.h"
#include "acl/sessions.h"
#include "audit/event.h"
#include "os/vault.h"
#include "record/record.h"

enum { AUTH_HASHES = 4, AUTH_WAITING = 48, PASSWORD_MIN = 8, PASSWORD_MAX = 1024, TOKEN_CHARS = 64 };
enum { PROOF_MS = 15 * 60 * 1000, PROOF_OWN_MS = 5 * 60 * 1000 };
enum { FIRST_PASSWORD_MS = 7 * 86400 * 1000 };
#define SESSION_MAX_MS (INT64_C(30) * 86400000)

struct auth; /* the queue of hashes and the sessions remembered; one per process */
/* `v` seals what a second factor is made of; it outlives `au`. NULL: there are no such things (tests). */
struct auth *auth_open(const struct vault *v);
/* Where log-ins that are not looked at are counted; before the first one. It outlives `au`; NULL: nowhere. */
void auth_tally(struct auth *au, struct tally *t);
void auth_close(struct auth **au);
/* From here on hashes are made by the process behind `sock` (os_child_start with HASHER_ARG), which stays the caller's
 * until auth_close. Without it, and when it dies, by the threads that ask. */
#define HASHER_ARG "hash-passwords"
MUST enum err auth_hasher(struct cx *cx, struct auth *au, int sock);
int hasher_child(void); /* the whole life of that process; its exit code */

/* E_INVALID at "password": too short, too long, common, or made of the words given (name, mail, firm). */
MUST enum err auth_password_check(struct cx *cx, str password, const str *words, size_t n);
/* Checks nothing: see auth_password_check. Ends all sessions of the user. */
MUST enum err auth_password_set(struct cx *cx, struct auth *au, int64_t user, str password);
/* The two halves of it: the hash (slow, outside of db_write) and its row (inside or outside); told: as what it stands
 * in the security log, of EVENT_PASSWORD_*. */
MUST enum err auth_password_hash(struct cx *cx, struct auth *au, str password, str *ret);
MUST enum err auth_hash_set(struct cx *cx, int64_t user, str hash, enum event_kind told);
/* The same for a password that somebody else has chosen: he must choose an own one before anything else, and within
 * FIRST_PASSWORD_MS. */
MUST enum err auth_hash_first(struct cx *cx, int64_t user, str hash);

/* What a session still lacks before it opens more than the next step. As numbers in the table but the last, which is
 * found out anew each time: a second factor that is asked for and that the user has not set up. A session that was
 * whole lacks STAGE_FACTOR again when a passkey is asked for that it has not shown. */
enum stage { STAGE_IN, STAGE_PASSWORD, STAGE_FACTOR, STAGE_ENROL };
/* By what a session's second factor was shown, for those who ask for more than any. As numbers in the table. */
enum shown {
    SHOWN_HERE,     /* a code of an app, or none */
    SHOWN_THERE,    /* at the provider that he came by: that is enough for us */
    SHOWN_PASSKEY,
    SHOWN_RECOVERY, /* a recovery code: who needs a passkey makes another one first */
};
struct session {
    int64_t user;
    str token, csrf;  /* token only of a new one: 64 hex characters */
    str name, mail, lang, role;
    enum stage stage;
    enum shown shown;
    int64_t idp;       /* the provider or directory that he came by; 0 = none */
    int64_t created_at, proved_at; /* proved_at: when he last proved who he is; as created_at: by the log-in */
};

/* ---- log-in ---- */
struct visitor {      /* who asks, as far as his request tells */
    str addr, agent;
    str device;       /* the device cookie's value, "" = none: TOKEN_CHARS */
};
struct captcha {
    str id;           /* "" = none is asked for */
    str image;        /* a BMP in base64 */
    str question;     /* the other way: a small sum in words */
};
struct login {
    str mail, password, captcha, answer; /* given; captcha: the id of the one that `answer` is for */
    struct session s;                    /* E_OK */
    str device;                          /* E_OK: what the device cookie is to hold from now on; "" = as it was */
    struct captcha next;                 /* E_AUTH, E_INVALID: to be answered with the next try */
    int64_t wait_ms;                     /* E_RATE */
};
/* E_AUTH for unknown, inactive and wrong alike, in the same time. E_INVALID at "captcha": one is needed, or the answer
 * is wrong. E_RATE: the account is locked for devices like this one, the address or all strangers together had too many
 * failures. E_DENIED: the address is blocked by hand. Limits: auth/limits.h. Every attempt is written down. */
MUST enum err auth_login(struct cx *cx, struct auth *au, const struct visitor *v, struct login *io);
/* Has he a password that could be asked for, here or in a directory? Who comes in by a provider alone has none. */
MUST enum err auth_has_password(struct cx *cx, int64_t user, bool *ret);
/* An own new password for who knows the present one (io->password); counted like a log-in. All his sessions end but
 * the new one, of which token and csrf come back. It proves no more than io->s.proved_at, the old one's, where he has a
 * second factor (a password alone is half of a proof then), and has shown io->s.shown. `words`: see
 * auth_password_check. */
MUST enum err auth_password_change(struct cx *cx, struct auth *au, const struct visitor *v, str fresh, const str *words,
                                   size_t n_words, struct login *io);
/* An address as it is counted and blocked: IPv4 as it is, IPv6 as its "/64"; "" when it is none. */
str auth_addr_key(struct arena *a, str addr);
/* A session without a password: set-up and tests. */
MUST enum err auth_session_new(struct cx *cx, int64_t user, str addr, str agent, struct session *ret);
/* E_AUTH when unknown, idle too long, past its end, or its user is inactive. Fills cx->who, cx->acl, cx->lang and
 * cx->tz_min (the user's own zone, else the firm's).
 * With `au` (may be NULL) what was read is remembered until something of sessions or rights is written: db_epoch. */
MUST enum err auth_session_enter(struct cx *cx, struct auth *au, str token, struct session *ret);
/* The same for one that may lack something yet: for the routes that do the next step. */
MUST enum err auth_session_half(struct cx *cx, str token, struct session *ret);
/* E_AUTH, telling what is to be done first; E_OK for STAGE_IN. */
MUST enum err auth_lacks(struct cx *cx, enum stage s);
/* What is to be said at the provider when somebody logs out there, too: `idp` 0 = he came by none that wants it. The
 * words are the idp room's own. */
struct parting {
    int64_t idp;
    str words;
};
/* `au` NULL: nothing is to be said anywhere. */
MUST enum err auth_logout(struct cx *cx, struct auth *au, str token, struct parting *ret);
/* What is to be said at log-outs, sealed with the vault's first key. Inside db_write. */
MUST enum err partings_reseal(struct cx *cx, const struct vault *v, struct resealing *io);
/* A session's name in lists: nobody can come in by it. */
str auth_session_key(struct cx *cx, str token);
/* The user as who this process works (command line, jobs): acl, who, language, his own time zone if he has one. user 0
 * is refused. */
MUST enum err auth_as(struct cx *cx, int64_t user);
/* What the firm's clocks are ahead of UTC at cx->now_ms, in minutes: this machine's zone, or the country's when the
 * machine runs by UTC, as servers mostly do. */
int auth_firm_tz(const struct cx *cx);
MUST enum err auth_user_by_mail(struct cx *cx, str mail, int64_t *ret); /* E_NOTFOUND */

/* ---- who is in ---- */
struct session_row {
    str key;          /* auth_session_key */
    int64_t user, created_at, seen_at;
    str addr, agent;
};
/* Open ones, the last used first, at most SESSIONS_SHOWN; user 0 = of all. */
MUST enum err auth_sessions(struct cx *cx, int64_t user, struct session_row **ret, size_t *ret_n);
/* E_NOTFOUND; user 0 = whosever it is. */
MUST enum err auth_session_end(struct cx *cx, int64_t user, str key);
/* All of the user but that key ("" = all). */
MUST enum err auth_sessions_end(struct cx *cx, int64_t user, str but);

/* ---- who tried to come in ---- */
struct attempt_row {
    int64_t id, at, user;
    str name, addr, agent, outcome; /* in, half, wrong, pending, captcha, locked, blocked, rate */
    bool known;                     /* by a device that had been in before */
};
struct attempt_query {
    str name, addr, outcome;        /* part of the name; the address; "" = any */
    int64_t before;                 /* cursor: ids below; 0 = from the newest */
};
/* At most ATTEMPT_PAGE, newest first; *ret_next: the next cursor, 0 = no more. */
MUST enum err auth_attempts(struct cx *cx, const struct attempt_query *q, struct attempt_row **ret, size_t *ret_n,
                            int64_t *ret_next);
struct lock_row {
    int64_t id, until, user;
    str name;
    bool known;                     /* one device of the user's own; else all strangers */
};
MUST enum err auth_locks(struct cx *cx, struct lock_row **ret, size_t *ret_n);
MUST enum err auth_lock_free(struct cx *cx, int64_t id); /* E_NOTFOUND */
/* Held by too many failures: one more is looked at now and then, until all are forgotten. In this process. */
struct held_row {
    int64_t id, until;
    str addr;                       /* "": all unknown devices together */
};
void auth_held(struct cx *cx, struct auth *au, struct held_row **ret, size_t *ret_n);
MUST enum err auth_held_free(struct cx *cx, struct auth *au, int64_t id); /* E_NOTFOUND */
struct block_row {
    int64_t id, at, by, until;      /* until: 0 = for good */
    str addr, why;
};
MUST enum err auth_blocks(struct cx *cx, struct block_row **ret, size_t *ret_n);
/* b: addr, why, until. Ends the sessions that came from there. E_INVALID at "addr": none, or one's own (`self`). */
MUST enum err auth_block(struct cx *cx, const struct block_row *b, str self, int64_t *ret);
MUST enum err auth_block_free(struct cx *cx, int64_t id); /* E_NOTFOUND */
/* Nightly: attempts, devices, captchas, locks and blocks whose time is over. */
MUST enum err auth_tidy(struct cx *cx);
