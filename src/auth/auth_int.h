/* SPDX-License-Identifier: MIT */
/* auth/auth_int.h - what the files of this room share. */
#pragma once
#include "auth/auth.h"
#include "os/os.h"

#include <pthread.h>

/* password.c: what leaked most often, of PASSWORD_MIN characters and more: small letters, in order of their bytes, each
 * with "\n" behind it. Made by tools/passwords.py. */
extern const char auth_leaked[];
extern const size_t auth_leaked_n;

/* A session as its row says, and its user's rights. */
struct entered {
    struct session s;        /* token: its hash, as the table has it */
    int64_t seen_at, expires_at;
    int tz_min;              /* the user's own zone, or his firm's, ... */
    int64_t quarter;         /* ... in this quarter of an hour: clocks are put on at its ends */
    const struct acl *acl;
    int64_t key;             /* it is no session but this API key */
};
/* Sessions that were read from the database, good while its epoch and the description stay as they were
 * (db_epoch). `kept_get` copies into cx->a. */
struct kept;
enum { KEPT_SLOTS = 256 };
struct keep {
    pthread_mutex_t lock;
    struct kept *slot[KEPT_SLOTS];
};
void keep_open(struct keep *k);
void keep_close(struct keep *k);
bool kept_get(struct cx *cx, struct keep *k, str hash, int64_t epoch, struct entered *ret);
struct keep *auth_keep(struct auth *au);
/* cx is his from here on. */
void auth_become(struct cx *cx, const struct acl *acl, str lang, int tz_min);
/* Was `e` read in this quarter of an hour? */
bool auth_is_now(const struct cx *cx, const struct entered *e);
int64_t auth_quarter(const struct cx *cx);
void kept_put(struct cx *cx, struct keep *k, int64_t epoch, const struct entered *e);

/* ---- failures in stock (limits.h) ---- */
enum { BUCKETS = 4096 };
struct bucket {
    uint64_t key;       /* of the address, with a secret seed */
    int64_t missing_ms; /* the time it takes until it is full again, ... */
    int64_t at;         /* ... as of then */
    bool held;          /* it was used up, and was not full again since */
    char net[OS_NET_MAX]; /* the address; of the bucket of all "" */
};
struct buckets {
    pthread_mutex_t lock;
    uint64_t seed;
    struct bucket of[BUCKETS], all;
};
void buckets_open(struct buckets *b);
void buckets_close(struct buckets *b);
/* How long this address (auth_addr_key) has to wait; 0 = it may try. Strangers wait for the bucket of all, too. */
int64_t buckets_wait_ms(struct buckets *b, str addr, bool stranger, int64_t now_ms);
/* A failure; true when it was the last in stock for this address. */
bool buckets_take(struct buckets *b, str addr, bool stranger, int64_t now_ms);
/* Those that are held, the longest first; at most HELD_SHOWN. */
size_t buckets_held(struct cx *cx, struct buckets *b, struct held_row *ret);
/* Full again at once; false: there is no such one that is held. */
bool buckets_fill(struct buckets *b, int64_t id, int64_t now_ms);

/* ---- captchas; inside db_write ---- */
MUST enum err captcha_make(struct cx *cx, struct captcha *ret);
/* Used up by this, whether it fits or not. */
MUST enum err captcha_solved(struct cx *cx, str id, str answer, bool *ret);

/* ---- hash.c: the queue of hashes ---- */
struct hash_wait;
struct hashes {
    pthread_mutex_t lock;
    pthread_cond_t free;
    int running, most, waiting; /* most: one a core, AUTH_HASHES at most */
    struct hash_wait *asked;    /* by those who run */
    uint32_t last;
    int sock;                   /* to the process that hashes; -1 = there is none */
    bool is_deaf;               /* it is gone */
    _Atomic bool ends;
    pthread_t hears;
};
void hashes_open(struct hashes *h);
void hashes_close(struct hashes *h); /* nobody waits any more */
/* E_BUSY when a hash would be refused now: before anything is written for a try that nobody will look at. */
MUST enum err hash_room(struct cx *cx, struct hashes *h);
/* A place in the queue, and its end. E_BUSY: all run, and AUTH_WAITING wait. */
MUST enum err hash_begin(struct cx *cx, struct hashes *h);
void hash_end(struct hashes *h);
/* All: E_BUSY, also when there is no memory to look. `hash` "" = nobody's: never right, in the same time. */
MUST enum err hash_make(struct cx *cx, struct hashes *h, str secret, str *ret);
MUST enum err hash_fits(struct cx *cx, struct hashes *h, str hash, str secret, bool *ret);
/* argon2id in hex under a salt of one's own: for what is looked up among several. */
MUST enum err hash_salted(struct cx *cx, struct hashes *h, str secret, str salt, str *ret);

struct outside_question;
struct outside_found;
struct auth {
    const struct vault *vault;
    struct tally *tally; /* NULL: log-ins that are not looked at are not told */
    enum err (*ask)(struct cx *cx, void *arg, const struct outside_question *q,
                    struct outside_found *ret); /* NULL: there is no directory */
    void *ask_arg;
    struct hashes hashes;
    struct keep keep;
    struct buckets buckets;
};
/* Is it the user's present one, here or in his directory? Between try_begin and try_end. */
MUST enum err password_is(struct cx *cx, struct auth *au, int64_t user, str password, bool *ret);
/* SHA-256 in hex: as the tables have tokens. */
str token_hash(struct cx *cx, str token);

/* The row of a session, made inside db_write; its token is in `o` alone. */
struct opening {
    int64_t user;
    enum stage stage;
    str token, hash, csrf, addr, agent;
    enum shown shown;   /* by what the second factor was shown */
    int64_t proved_at;  /* when who he is was proved: mostly now */
    int64_t idp;        /* the provider that he comes by; 0 = none */
    str parting;        /* sealed: PARTING_WHERE; "" = none */
};
struct opening session_opening(struct cx *cx, int64_t user, enum stage stage, str addr, str agent);
enum err session_insert(struct cx *cx, void *opening);
/* Where what is said at a provider at log-out is sealed for, and what a half session has of it, as it stands there. */
#define PARTING_WHERE(cx, user) arena_fmt((cx)->a, "session:%" PRId64 ":parting", (user))
MUST enum err session_parting(struct cx *cx, str hash, str *ret);

/* ---- a try to come in, or to prove who one is: counted before it is looked at, so that a hundred at once are no more
 * than a hundred in turn ---- */
struct try {
    const struct visitor *v;
    str name;            /* folded */
    str captcha, answer;
    int64_t user;        /* 0 = nobody of that name */
    int64_t id;          /* its row */
    str addr, agent;     /* fit to be stored */
    str device;          /* its hash when this user's, else "": a stranger */
    bool is_in;          /* he is in already, and proves once more who he is: no captcha */
    bool is_second;      /* his password was right, this is the second factor: no captcha */
    bool is_vouched;     /* he has shown elsewhere who he is: who guesses at his password does not keep him out */
    bool by_name;        /* `user` was found by a name of a directory, which may be another's by now */
    bool is_other;       /* neither a password nor a second factor proves it, but `by` */
    enum event_code by;
    const char *as;      /* how it is written down when right; NULL = "in" */
    const char *refused; /* why it was not looked at; NULL = it may be */
    int64_t wait_ms;
    struct captcha next; /* to be answered with the next try */
};
/* E_OK: look now whether it is right, then try_end. Else refused: E_RATE (wait_ms), E_DENIED (address), E_INVALID at
 * "captcha" (next). */
MUST enum err try_begin(struct cx *cx, struct auth *au, struct try *t);
/* What comes of it; `then` (may be NULL) runs in the same transaction when it was right. */
MUST enum err try_end(struct cx *cx, struct auth *au, struct try *t, bool right, db_write_fn *then, void *arg);
/* A try that ended in a fault of ours is nobody's failure; gives `e` back. */
MUST enum err try_forgiven(struct cx *cx, struct try *t, enum err e);
MUST enum err try_own_name(struct cx *cx, struct try *t);

/* ---- coming in, when it was right ---- */
struct coming {
    struct opening o;
    str device;         /* its hash; "" = it stays unknown */
    str fresh;          /* the hash of a new password; "" = it stays */
    int64_t idp;        /* the provider of the half session, or the directory */
    enum shown shown;   /* as it was */
    str parting;        /* of the half session, as it stands there */
    bool half;          /* it was a half session, ... */
    int64_t proved_at;  /* ... and its first half was proved then: two are as old as the older */
    db_write_fn *first; /* in the same transaction, before all else; may be NULL */
    void *arg;
    const struct session *whose; /* read before, so that nothing can fail afterwards; NULL = read then */
};
/* try_end with all that follows: the session, io->device and io->s. */
MUST enum err session_open(struct cx *cx, struct auth *au, struct try *t, bool right, struct coming *c,
                           struct login *io);
