/* SPDX-License-Identifier: MIT */
/* auth/bucket.c - failures in stock, by address and for all strangers together. In memory and by process: a restart
 * fills all buckets. A table of fixed size: when all places of an address are taken by others whose buckets are not yet
 * full again, it shares the bucket of one of them. */
#include "auth/auth_int.h"
#include "auth/limits.h"
#include "os/os.h"

#include <stdlib.h>

enum { PLACES = 4, ALL_KEY = 2 };

str auth_addr_key(struct arena *a, str addr)
{
    char net[OS_NET_MAX];
    return arena_dup(a, os_addr_net(addr, net));
}

void buckets_open(struct buckets *b)
{
    pthread_mutex_init(&b->lock, NULL);
    os_random(&b->seed, sizeof b->seed);
    b->all.key = ALL_KEY; /* no address has an even one */
}

void buckets_close(struct buckets *b) { pthread_mutex_destroy(&b->lock); }

/* What still has to come back, in ms. A clock that was set back makes nothing longer. */
static int64_t missing(const struct bucket *x, int64_t now_ms)
{
    int64_t gone = now_ms > x->at ? now_ms - x->at : 0;
    return x->missing_ms > gone ? x->missing_ms - gone : 0;
}

static struct bucket *place_of(struct buckets *b, str key, int64_t now_ms)
{
    uint64_t h = (str_hash(key) ^ b->seed) * UINT64_C(0x9E3779B97F4A7C15) | 1;
    struct bucket *free = NULL;
    for (size_t i = 0; i < PLACES; i++) {
        struct bucket *x = &b->of[((h >> 32) + i) % BUCKETS];
        if (x->key == h) return x;
        if (!free && !missing(x, now_ms)) free = x;
    }
    if (!free) return &b->of[(h >> 32) % BUCKETS];
    *free = (struct bucket){.key = h, .at = now_ms};
    memcpy(free->net, key.p, key.n < OS_NET_MAX ? key.n : OS_NET_MAX - 1);
    return free;
}

static int64_t wait_of(const struct bucket *x, int64_t now_ms, int burst, int every_ms)
{
    int64_t over = missing(x, now_ms) - (int64_t)(burst - 1) * every_ms;
    return over > 0 ? over : 0;
}

static bool take(struct bucket *x, int64_t now_ms, int burst, int every_ms)
{
    int64_t was = missing(x, now_ms);
    x->missing_ms = was + every_ms;
    x->at = now_ms;
    bool empty = wait_of(x, now_ms, burst, every_ms) > 0;
    x->held = empty || (was && x->held);
    return empty;
}

int64_t buckets_wait_ms(struct buckets *b, str addr, bool stranger, int64_t now_ms)
{
    pthread_mutex_lock(&b->lock);
    int64_t ms = wait_of(place_of(b, addr, now_ms), now_ms, LOGIN_ADDR_BURST, LOGIN_ADDR_EVERY_MS);
    int64_t all = stranger ? wait_of(&b->all, now_ms, LOGIN_ALL_BURST, LOGIN_ALL_EVERY_MS) : 0;
    pthread_mutex_unlock(&b->lock);
    return ms > all ? ms : all;
}

bool buckets_take(struct buckets *b, str addr, bool stranger, int64_t now_ms)
{
    pthread_mutex_lock(&b->lock);
    bool empty = take(place_of(b, addr, now_ms), now_ms, LOGIN_ADDR_BURST, LOGIN_ADDR_EVERY_MS);
    if (stranger) (void)take(&b->all, now_ms, LOGIN_ALL_BURST, LOGIN_ALL_EVERY_MS);
    pthread_mutex_unlock(&b->lock);
    return empty;
}

/* ---- seen and freed by hand ---- */
static bool is_held(const struct bucket *x, int64_t now_ms) { return x->held && missing(x, now_ms); }

/* As a record's number: positive. */
static int64_t id_of(const struct bucket *x) { return (int64_t)(x->key >> 1); }

static int longest_first(const void *x, const void *y)
{
    const struct held_row *a = x, *b = y;
    return (a->until < b->until) - (a->until > b->until);
}

size_t buckets_held(struct cx *cx, struct buckets *b, struct held_row *ret)
{
    size_t n = 0;
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i <= BUCKETS && n < HELD_SHOWN; i++) {
        const struct bucket *x = i ? &b->of[i - 1] : &b->all;
        if (is_held(x, cx->now_ms))
            ret[n++] = (struct held_row){.id = id_of(x),
                                         .until = cx->now_ms + missing(x, cx->now_ms),
                                         .addr = arena_dup(cx->a, str_from(x->net))};
    }
    pthread_mutex_unlock(&b->lock);
    if (n) qsort(ret, n, sizeof *ret, longest_first);
    return n;
}

bool buckets_fill(struct buckets *b, int64_t id, int64_t now_ms)
{
    bool found = false;
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i <= BUCKETS && !found; i++) {
        struct bucket *x = i ? &b->of[i - 1] : &b->all;
        found = id_of(x) == id && is_held(x, now_ms);
        if (found) x->missing_ms = 0, x->held = false;
    }
    pthread_mutex_unlock(&b->lock);
    return found;
}
