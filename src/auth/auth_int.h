/* SPDX-License-Identifier: MIT */
/* auth/auth_int.h - what the files of this room share. */
#pragma once
#include "auth/auth.h"

#include <pthread.h>

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
