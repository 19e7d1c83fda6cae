/* SPDX-License-Identifier: MIT */
/* hook/hook.h - outgoing webhooks: what changes is told to other programs (Standard Webhooks: id, time stamp, HMAC).
 *
 * They follow the log. A thread reads `change` behind a position that is kept (follower 'hook') and puts a row into
 * hook_delivery for each hook that a change concerns; rows and position go in one transaction, so a change is told at
 * least once wherever the process dies, and writers do nothing for it. Some threads send what is due; a delivery keeps
 * its id over all tries, and one of a record waits for the earlier ones of it. With no active hook nothing is followed.
 *
 * What leaves is bounded by the rights of the hook's owner at that moment: the body is made anew at each try.
 */
#pragma once
#include "auth/auth.h"
#include "os/outgoing.h"
#include "os/vault.h"

enum {
    HOOK_NAME_MAX = 100,
    HOOKS_MAX = 100,
    HOOK_TRIES = 10,           /* over 48 hours: hook_delay_ms */
    HOOK_TIMEOUT_MS = 10000,
    HOOK_ANSWER_BYTES = 1024,  /* of the answer that are kept */
    HOOK_READ_BYTES = 65536,   /* of the answer that are read */
    HOOK_BREAKER = 5,          /* failures in a row, then it rests and is probed by one delivery at a time */
    HOOK_RECORD_HOUR = 200,    /* deliveries of one record in an hour: more is a loop, and the hook is stopped */
    HOOK_KEEP_DAYS = 30
};
enum hook_op { HOOK_CREATE = 1, HOOK_UPDATE = 2, HOOK_DELETE = 4, HOOK_RESTORE = 8, HOOK_MERGE = 16, HOOK_OPS = 31 };
extern const str hook_op_name[5]; /* by bit: as the log has them */

struct hook {
    int64_t id, owner;
    int64_t key;               /* of auth/key.h, by which it was made, and which narrows the owner's rights; 0 = none */
    str name, url, entity;     /* entity "": all */
    unsigned ops;
    str filter;                /* JSON of a filter on the entity, "" = none */
    bool active;
    /* Why it is not active: "" = somebody's will, gone (410), owner (he or the key may not come in any more), filter
     * (fits no more), loop, secret (cannot be opened) */
    str stopped;
    int64_t fails, paused_until, created_at;
    str owner_name;            /* when read */
    int64_t waiting;           /* deliveries, when read */
};
struct hook_env {              /* of the process; lives as long as it */
    const struct vault *vault;
    struct outgoing_rules rules;
};
/* "person.updated" of an entity and an operation of the log; "hook.test". */
str hook_type(struct cx *cx, str entity, str op);
/* For h->owner; fills id, created_at, owner_name. E_INVALID at the field at fault, E_LIMIT beyond HOOKS_MAX.
 * *ret_secret, "whsec_...", is told this once. */
MUST enum err hook_new(struct cx *cx, const struct hook_env *env, struct hook *h, str *ret_secret);
/* name, url, entity, ops, filter, active of h. Switched off, what waits is stopped; on, it begins with what changes
 * from now on. renew: a new secret, *ret_secret. E_NOTFOUND. */
MUST enum err hook_change(struct cx *cx, const struct hook_env *env, const struct hook *h, bool renew, str *ret_secret);
MUST enum err hook_list(struct cx *cx, struct hook **ret, size_t *ret_n);
MUST enum err hook_get(struct cx *cx, int64_t id, struct hook *ret);
MUST enum err hook_end(struct cx *cx, int64_t id); /* with its deliveries */
/* Tells the receiver "hook.test"; *ret: the delivery. E_PRECOND when the hook is not active. */
MUST enum err hook_test(struct cx *cx, int64_t id, int64_t *ret);

struct hook_delivery {
    int64_t id, hook, record, tries, due_at, created_at, sent_at, status;
    str entity, op;
    str state;                 /* waiting, sending, delivered, dead, stopped, unseen (its owner may see it no more) */
    /* The body's first bytes; without status the kind of failure: refused, unknown, unreached, certificate, timeout,
     * broken, too_large */
    str answer;
};
/* The newest n below `before` (0 = from the newest). */
MUST enum err hook_log(struct cx *cx, int64_t hook, int64_t before, size_t n, struct hook_delivery **ret,
                       size_t *ret_n);
/* Once more from the first try, under the same id. E_PRECOND: it waits already, or its hook is not active. */
MUST enum err hook_again(struct cx *cx, int64_t delivery);
/* What is older than HOOK_KEEP_DAYS goes. */
MUST enum err hook_tidy(struct cx *cx);
/* Their secrets sealed with the vault's first key. Inside db_write. */
MUST enum err hooks_reseal(struct cx *cx, const struct vault *v, struct resealing *io);
/* How long after the nth failure, without jitter. */
int64_t hook_delay_ms(int64_t tries);

/* ---- the threads ---- */
struct hooks;
struct hooks_opts {
    struct dbase *db;
    struct hook_env env;
    void *arg;
    /* As in jobs.h: rights, description; end gives back what it holds. user 0: the system. */
    enum err (*cx_begin)(void *arg, struct cx *cx, int64_t user, int64_t key);
    void (*cx_end)(void *arg, struct cx *cx);
    int timeout_ms;            /* 0 = HOOK_TIMEOUT_MS */
};
MUST enum err hooks_start(struct cx *cx, const struct hooks_opts *o, struct hooks **ret);
void hooks_wake(struct hooks *h);    /* after a commit; nothing when there is no hook */
void hooks_stop(struct hooks **h);   /* takes NULL; what is being sent is given up, to be sent again */
