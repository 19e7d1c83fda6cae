/* SPDX-License-Identifier: MIT */
/* db/id.c - ids and the clock. The one process-wide state of the room: an id must never come twice in a
 * process, whoever asks, so its last value cannot belong to a caller. */
#include "db/db_int.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static const int64_t EPOCH_MS = 1577836800000; /* 2020-01-01T00:00:00Z */
static _Atomic int64_t last;                   /* milliseconds since EPOCH << 16 | sequence */
static _Atomic uint64_t seed;                  /* 0 until first use; low 6 bits: the node */
enum { SEQ_BITS = 16, NODE_BITS = 6, NODES = 1 << NODE_BITS };
static const uint64_t SEED_SET = (uint64_t)1 << 63;

static uint64_t seed_get(void)
{
    uint64_t s = atomic_load_explicit(&seed, memory_order_relaxed), r = 0;
    if (s) return s;
    if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r) abort();
    if (atomic_compare_exchange_strong(&seed, &s, r | SEED_SET)) return r | SEED_SET;
    return s;
}

void id_set_node(int node)
{
    uint64_t s = seed_get();
    atomic_store(&seed, (s & ~(uint64_t)(NODES - 1)) | ((uint64_t)node & (NODES - 1)));
}

/* A millisecond's first sequence number: spread, so that two processes with one node rarely meet. */
static int64_t first_seq(uint64_t s, int64_t ms)
{
    uint64_t x = (s + (uint64_t)ms) * 0x9E3779B97F4A7C15u;
    return (int64_t)((x ^ (x >> 29)) * 0xBF58476D1CE4E5B9u >> 50);
}

int64_t id_new(int64_t now_ms)
{
    uint64_t s = seed_get();
    int64_t ms = now_ms > EPOCH_MS ? now_ms - EPOCH_MS : 0;
    int64_t want = (ms << SEQ_BITS) | first_seq(s, ms), old = atomic_load(&last), t = 0;
    do {
        t = old >> SEQ_BITS >= ms ? old + 1 : want;
    } while (!atomic_compare_exchange_weak(&last, &old, t));
    return (t >> SEQ_BITS) << (SEQ_BITS + NODE_BITS) | (int64_t)(s & (NODES - 1)) << SEQ_BITS |
           (t & ((1 << SEQ_BITS) - 1));
}

void id_floor(int64_t id)
{
    int64_t t = (id >> (SEQ_BITS + NODE_BITS)) << SEQ_BITS | ((1 << SEQ_BITS) - 1);
    int64_t old = atomic_load(&last);
    while (old < t && !atomic_compare_exchange_weak(&last, &old, t)) continue;
}

void id_forget(void) { atomic_store(&last, 0); }

int64_t id_time_ms(int64_t id) { return (id >> (SEQ_BITS + NODE_BITS)) + EPOCH_MS; }

int64_t id_first(int64_t ms)
{
    static const int64_t most = INT64_MAX >> (SEQ_BITS + NODE_BITS);
    int64_t since = ms > EPOCH_MS ? ms - EPOCH_MS : 0;
    return (since < most ? since : most) << (SEQ_BITS + NODE_BITS);
}

static int64_t look(clockid_t which)
{
    struct timespec t = {0};
    if (clock_gettime(which, &t) != 0) abort();
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_ms(void) { return look(CLOCK_REALTIME); }

enum { JUMP_MS = 60000, BELIEVE_MS = 24 * 3600 * 1000 };
static pthread_mutex_t believed_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t believed, doubted_at; /* wall - monotonic as last believed; since when it differs, 0 = it does not */

/* Small corrections are followed at once, a jump when it has stood for a day. */
int64_t clock_aged_ms(int64_t now_ms)
{
    int64_t mono = look(CLOCK_MONOTONIC), diff = clock_ms() - mono;
    pthread_mutex_lock(&believed_lock);
    int64_t off = diff - believed;
    if (!believed || (off > -JUMP_MS && off < JUMP_MS) || (doubted_at && mono - doubted_at > BELIEVE_MS)) {
        believed = diff;
        doubted_at = 0;
    } else if (!doubted_at) {
        doubted_at = mono;
    }
    int64_t lived = believed + mono;
    pthread_mutex_unlock(&believed_lock);
    return now_ms < lived ? now_ms : lived;
}
