/* SPDX-License-Identifier: MIT */
/* auth/hash.c - the queue of hashes: few at once, some wait, who comes then is refused.
 *
 * A hash takes a core for some 30 ms and 19 MiB of fresh memory. In the server a crowd of log-ins would take the cores
 * from the event loops, and its mappings would hold up every thread that needs a page meanwhile. So it is done by a
 * process of its own, which gets the CPU after the others. Without one (commands, tests, or when it has died) the
 * thread that asks does it. */
#include "auth/auth_int.h"
#include "auth/hash_int.h"
#include "base/log.h"
#include "os/os.h"

#include <errno.h>
#include <sodium.h>
#include <sys/socket.h>
#include <time.h>

enum { ANSWER_S = 20 };

struct hash_wait {
    struct hash_wait *next;
    struct hash_reply *r;
    bool is_done;
    pthread_cond_t done;
};

void hashes_open(struct hashes *h)
{
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->free, NULL);
    h->sock = -1;
    h->most = os_cores() < AUTH_HASHES ? os_cores() : AUTH_HASHES;
}

/* Called with the lock. */
static void answer(struct hashes *h, const struct hash_reply *r)
{
    for (struct hash_wait **p = &h->asked; *p; p = &(*p)->next)
        if ((*p)->r->id == r->id) {
            struct hash_wait *w = *p;
            *p = w->next;
            *w->r = *r;
            w->is_done = true;
            pthread_cond_signal(&w->done);
            return;
        }
}

static void *hear(void *arg)
{
    struct hashes *h = arg;
    struct hash_reply r = {0};
    ssize_t n = 0;
    while ((n = recv(h->sock, &r, sizeof r, 0)) == (ssize_t)sizeof r || (n < 0 && errno == EINTR)) {
        if (n < 0) continue;
        pthread_mutex_lock(&h->lock);
        answer(h, &r);
        pthread_mutex_unlock(&h->lock);
    }
    pthread_mutex_lock(&h->lock);
    h->is_deaf = true; /* whoever waits does it himself */
    for (struct hash_wait *w = h->asked; w; w = w->next) pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&h->lock);
    if (!h->ends)
        log_say(NULL, LOG_ERROR, S("auth"), "the process that hashes passwords has died: a restart brings it back");
    return NULL;
}

enum err auth_hasher(struct cx *cx, struct auth *au, int sock)
{
    struct hashes *h = &au->hashes;
    h->sock = sock;
    enum err e = os_thread(cx, "hashes", 0, hear, h, &h->hears);
    if (e != E_OK) h->sock = -1;
    return e;
}

void hashes_close(struct hashes *h)
{
    h->ends = true;
    if (h->sock >= 0) {
        (void)shutdown(h->sock, SHUT_RDWR);
        (void)pthread_join(h->hears, NULL);
    }
    pthread_cond_destroy(&h->free);
    pthread_mutex_destroy(&h->lock);
}

static enum err too_many(struct cx *cx) { return fail(cx, E_BUSY, "Too many log-ins wait: please try again shortly"); }

enum err hash_room(struct cx *cx, struct hashes *h)
{
    pthread_mutex_lock(&h->lock);
    bool full = h->waiting >= AUTH_WAITING;
    pthread_mutex_unlock(&h->lock);
    return full ? too_many(cx) : E_OK;
}

enum err hash_begin(struct cx *cx, struct hashes *h)
{
    pthread_mutex_lock(&h->lock);
    bool full = h->running >= h->most && h->waiting >= AUTH_WAITING;
    if (!full) {
        h->waiting++;
        while (h->running >= h->most) pthread_cond_wait(&h->free, &h->lock);
        h->waiting--;
        h->running++;
    }
    pthread_mutex_unlock(&h->lock);
    return full ? too_many(cx) : E_OK;
}

void hash_end(struct hashes *h)
{
    pthread_mutex_lock(&h->lock);
    h->running--;
    pthread_cond_signal(&h->free);
    pthread_mutex_unlock(&h->lock);
}

/* One who waits for his answer, but not for ever: a process that stands still hashes for nobody, and from then on it is
 * done here. */
static struct hash_wait *wait_new(struct hash_reply *r)
{
    struct hash_wait *w = mem_new(sizeof *w);
    pthread_condattr_t by;
    pthread_condattr_init(&by);
    pthread_condattr_setclock(&by, CLOCK_MONOTONIC);
    pthread_cond_init(&w->done, &by);
    pthread_condattr_destroy(&by);
    w->r = r;
    return w;
}

/* With the lock. */
static void wait_for(struct hashes *h, struct hash_wait *w)
{
    struct timespec until = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ANSWER_S;
    while (!w->is_done && !h->is_deaf)
        if (pthread_cond_timedwait(&w->done, &h->lock, &until) == ETIMEDOUT && !h->is_deaf) {
            h->is_deaf = true;
            log_say(NULL, LOG_ERROR, S("auth"), "the process that hashes passwords does not answer");
        }
}

/* False: there is nobody to do it. */
static bool ask(struct hashes *h, struct hash_ask *q, struct hash_reply *ret)
{
    struct hash_wait *w = wait_new(ret), **p = NULL;
    pthread_mutex_lock(&h->lock);
    q->id = ret->id = ++h->last;
    w->next = h->asked;
    h->asked = w;
    if (!h->is_deaf && send(h->sock, q, sizeof *q, MSG_NOSIGNAL) == (ssize_t)sizeof *q) wait_for(h, w);
    for (p = &h->asked; *p && *p != w;) p = &(*p)->next;
    if (*p) *p = w->next;
    bool done = w->is_done;
    pthread_mutex_unlock(&h->lock);
    pthread_cond_destroy(&w->done);
    mem_free(w);
    return done;
}

static enum err run(struct cx *cx, struct hashes *h, struct hash_ask *q, str secret, struct hash_reply *ret)
{
    if (secret.n > HASH_SECRET_MAX) return fail(cx, E_LIMIT, "A password has at most %d characters", PASSWORD_MAX);
    q->secret_n = (unsigned)secret.n;
    if (secret.n) memcpy(q->secret, secret.p, secret.n);
    enum err e = hash_begin(cx, h);
    if (e == E_OK) {
        if (h->sock < 0 || !ask(h, q, ret)) hash_do(q, ret);
        hash_end(h);
    }
    sodium_memzero(q, sizeof *q);
    return e;
}

static enum err no_memory(struct cx *cx)
{
    return fail(cx, E_BUSY, "The server is short of memory: please try again shortly");
}

enum err hash_make(struct cx *cx, struct hashes *h, str secret, str *ret)
{
    struct hash_ask q = {.what = HASH_MAKE};
    struct hash_reply r = {0};
    TRY(run(cx, h, &q, secret, &r));
    if (!r.ok) return no_memory(cx);
    *ret = arena_dup(cx->a, str_from(r.hash));
    return E_OK;
}

enum err hash_fits(struct cx *cx, struct hashes *h, str hash, str secret, bool *ret)
{
    struct hash_ask q = {.what = HASH_VERIFY};
    struct hash_reply r = {0};
    if (hash.n < HASH_TEXT) memcpy(q.hash, hash.p ? hash.p : "", hash.n);
    TRY(run(cx, h, &q, secret, &r));
    if (r.is_short) return no_memory(cx);
    *ret = r.ok;
    return E_OK;
}

enum err hash_salted(struct cx *cx, struct hashes *h, str secret, str salt, str *ret)
{
    struct hash_ask q = {.what = HASH_SALTED};
    struct hash_reply r = {0};
    crypto_generichash(q.salt, sizeof q.salt, (const unsigned char *)salt.p, salt.n, NULL, 0);
    TRY(run(cx, h, &q, secret, &r));
    if (!r.ok) return no_memory(cx);
    *ret = os_hex(cx->a, r.out, sizeof r.out);
    return E_OK;
}
