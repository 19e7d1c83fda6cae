/* SPDX-License-Identifier: MIT */
/* hook/run.c - the threads: one follows the log, some send. */
#include "hook/hook_int.h"

#include "base/log.h"
#include "os/os.h"

#include <time.h>

enum { SENDERS = 4, POLL_MS = 1000, AFTER_ERROR_MS = 3000, STACK_BYTES = 1024 * 1024 };

struct hooks {
    struct hooks_opts o;
    pthread_t follower, sender[SENDERS];
    int senders;
    bool follows;
    pthread_mutex_t lock;
    pthread_cond_t committed, queued;
    bool is_committed;
    int is_queued;
    _Atomic bool stop, active; /* active: there is a hook to follow for */
};

static void wait_for(struct hooks *h, pthread_cond_t *c, int ms)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    int64_t ns = t.tv_nsec + (int64_t)ms % 1000 * 1000000;
    t.tv_sec += ms / 1000 + ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    if (!atomic_load(&h->stop)) (void)pthread_cond_timedwait(c, &h->lock, &t);
}

static struct cx cx_of(struct hooks *h, struct arena *a)
{
    return (struct cx){.a = a, .db = db_get(h->o.db), .now_ms = clock_ms(), .lang = S("en"), .req = S("hook")};
}

/* ---- following ---- */
static void queued(struct hooks *h)
{
    pthread_mutex_lock(&h->lock);
    h->is_queued = SENDERS;
    pthread_cond_broadcast(&h->queued);
    pthread_mutex_unlock(&h->lock);
}

static bool follow(struct hooks *h, struct arena *a)
{
    bool more = true, active = false;
    enum err e = E_OK;
    while (more && e == E_OK && !atomic_load(&h->stop)) {
        struct cx cx = cx_of(h, a);
        e = follow_slice(&cx, &h->o, &more);
        if (e == E_OK) e = queue_active(&cx, &active);
        if (e != E_OK) log_say(&cx, LOG_WARN, S("hook"), "the log could not be followed: %.*s", FS(cx.msg));
        db_put(&cx.db);
        arena_reset(a);
    }
    atomic_store(&h->active, active);
    if (active) queued(h);
    return e == E_OK;
}

static void *follower(void *arg)
{
    struct hooks *h = arg;
    struct arena *a = arena_new();
    bool ok = true;
    while (!atomic_load(&h->stop)) {
        pthread_mutex_lock(&h->lock);
        if (!h->is_committed || !ok) wait_for(h, &h->committed, ok ? POLL_MS : AFTER_ERROR_MS);
        h->is_committed = false;
        pthread_mutex_unlock(&h->lock);
        if (!atomic_load(&h->stop)) ok = follow(h, a);
    }
    arena_free(&a);
    return NULL;
}

/* ---- sending ---- */
/* Body, under the owner's rights of this moment, and secret. */
static enum err ready(struct cx *cx, const struct hooks_opts *o, const struct sending *s, struct posting *p,
                      struct sent *ret)
{
    struct cx one = *cx;
    str secret = {0};
    *ret = (struct sent){.how = SENT_NO_OWNER, .answer = S("")};
    enum err e = o->cx_begin(o->arg, &one, s->owner, s->key);
    if (e == E_OK) {
        ret->how = SENT_UNSEEN;
        e = body_make(&one, s, &p->body);
    }
    o->cx_end(o->arg, &one);
    cx->db = one.db;
    if (e == E_LIMIT) *ret = (struct sent){.how = SENT_DEAD, .answer = S("too_large")};
    if (e == E_BUSY || e == E_SLOW || e == E_INTERNAL) *ret = (struct sent){.how = SENT_FAILED, .answer = S("broken")};
    if (e != E_OK) return e;
    ret->how = SENT_NO_SECRET;
    TRY(vault_unseal(cx, o->env.vault, HOOK_WHERE(cx, s->hook), s->secret, &secret));
    p->signature = body_sign(cx, secret, p->id, p->at_s, p->body);
    return E_OK;
}

/* While the net is waited for, no connection of the database is held. */
static enum err send_one(struct hooks *h, struct cx *cx, const struct sending *s)
{
    struct sent how = {.how = SENT_FAILED, .answer = S("")};
    struct posting p = {.rules = &h->o.env.rules,
                        .url = s->url,
                        .id = arena_fmt(cx->a, "msg_%" PRId64, s->id),
                        .at_s = cx->now_ms / 1000,
                        .timeout_ms = h->o.timeout_ms ? h->o.timeout_ms : HOOK_TIMEOUT_MS,
                        .stop = &h->stop};
    if (ready(cx, &h->o, s, &p, &how) == E_OK) {
        db_put(&cx->db);
        post_send(cx, &p, &how);
        cx->db = db_get(h->o.db);
    }
    cx->now_ms = clock_ms();
    log_say(cx, how.how == SENT_OK || how.how == SENT_NOT ? LOG_DEBUG : LOG_WARN, S("hook"),
            "delivery %" PRId64 " of webhook %" PRId64 ": outcome %d, status %" PRId64, s->id, s->hook, (int)how.how,
            how.status);
    return queue_done(cx, s, &how);
}

/* *ret: something was sent, and there may be more. */
static enum err step(struct hooks *h, struct arena *a, bool *ret)
{
    struct cx cx = cx_of(h, a);
    struct sending s = {0};
    bool due = false;
    enum err e = queue_due(&cx, &due);
    *ret = false;
    if (e == E_OK && due) e = queue_take(&cx, &s, ret);
    if (e == E_OK && *ret) e = send_one(h, &cx, &s);
    if (e != E_OK) log_say(&cx, LOG_WARN, S("hook"), "a delivery could not be written down: %.*s", FS(cx.msg));
    db_put(&cx.db);
    arena_reset(a);
    return e;
}

static void *sender(void *arg)
{
    struct hooks *h = arg;
    struct arena *a = arena_new();
    bool more = false;
    while (!atomic_load(&h->stop)) {
        pthread_mutex_lock(&h->lock);
        if (!more && !h->is_queued) wait_for(h, &h->queued, POLL_MS);
        if (h->is_queued) h->is_queued--;
        pthread_mutex_unlock(&h->lock);
        if (!atomic_load(&h->stop) && atomic_load(&h->active) && step(h, a, &more) != E_OK) more = false;
    }
    arena_free(&a);
    return NULL;
}

/* ---- from outside ---- */
enum err hooks_start(struct cx *cx, const struct hooks_opts *o, struct hooks **ret)
{
    TRY(outgoing_rules_check(cx, &o->env.rules));
    TRY(queue_orphans(cx));
    struct hooks *h = mem_new(sizeof *h); /* hooks_stop */
    h->o = *o;
    (void)pthread_mutex_init(&h->lock, NULL);
    (void)pthread_cond_init(&h->committed, NULL);
    (void)pthread_cond_init(&h->queued, NULL);
    h->is_committed = true;
    enum err e = os_thread(cx, "hooks", STACK_BYTES, follower, h, &h->follower);
    h->follows = e == E_OK;
    while (e == E_OK && h->senders < SENDERS) {
        e = os_thread(cx, "hook", STACK_BYTES, sender, h, &h->sender[h->senders]);
        h->senders += e == E_OK;
    }
    if (e != E_OK) hooks_stop(&h);
    else *ret = h;
    return e;
}

void hooks_wake(struct hooks *h)
{
    if (!atomic_load(&h->active)) return;
    pthread_mutex_lock(&h->lock);
    h->is_committed = true;
    pthread_cond_signal(&h->committed);
    pthread_mutex_unlock(&h->lock);
}

void hooks_stop(struct hooks **ret)
{
    struct hooks *h = *ret;
    if (!h) return;
    *ret = NULL;
    atomic_store(&h->stop, true);
    pthread_mutex_lock(&h->lock);
    pthread_cond_broadcast(&h->committed);
    pthread_cond_broadcast(&h->queued);
    pthread_mutex_unlock(&h->lock);
    if (h->follows) (void)pthread_join(h->follower, NULL);
    for (int i = 0; i < h->senders; i++) (void)pthread_join(h->sender[i], NULL);
    (void)pthread_mutex_destroy(&h->lock);
    (void)pthread_cond_destroy(&h->committed);
    (void)pthread_cond_destroy(&h->queued);
    mem_free(h);
}
