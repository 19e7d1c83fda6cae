/* SPDX-License-Identifier: MIT */
/* auth/bucket.c - failures in stock, by address and for all strangers together. In memory and by process: a restart
 * fills all buckets. A table of fixed size: when all places of an address are taken by others whose buckets are not yet
 * full again, it shares the bucket of one of them. */
#include "auth/auth_int.h"
#include "auth/limits.h"
#include "os/os.h"

enum { PLACES = 4 };

str auth_addr_key(struct arena *a, str addr)
{
    char net[OS_NET_MAX];
    return arena_dup(a, os_addr_net(addr, net));
}

void buckets_open(struct buckets *b)
{
    pthread_mutex_init(&b->lock, NULL);
    os_random(&b->seed, sizeof b->seed);
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
    return free;
}

static int64_t wait_of(const struct bucket *x, int64_t now_ms, int burst, int every_ms)
{
    int64_t over = missing(x, now_ms) - (int64_t)(burst - 1) * every_ms;
    return over > 0 ? over : 0;
}

static void take(struct bucket *x, int64_t now_ms, int every_ms)
{
    x->missing_ms = missing(x, now_ms) + every_ms;
    x->at = now_ms;
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
    struct bucket *x = place_of(b, addr, now_ms);
    take(x, now_ms, LOGIN_ADDR_EVERY_MS);
    if (stranger) take(&b->all, now_ms, LOGIN_ALL_EVERY_MS);
    bool empty = wait_of(x, now_ms, LOGIN_ADDR_BURST, LOGIN_ADDR_EVERY_MS) > 0;
    pthread_mutex_unlock(&b->lock);
    return empty;
}
