/* SPDX-License-Identifier: MIT */
/* http/http_rate.c - what one address may take: its connections, and its requests by a token bucket.
 *
 * Tables of fixed size, hashed with secret seeds: a million addresses cost what one costs. Each address has a cell in
 * two rows, and the kinder one counts: who shares one with a flood is not refused for it.
 */
#include "http/http_int.h"

enum { US = 1000000, SPREAD_S = 4 };

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
}

static size_t cell(const struct addr_counts *t, const struct addr *a, int row)
{
    uint64_t hi = 0, lo = 0;
    memcpy(&hi, a->ip, 8);
    if (addr_is_v4(a))
        memcpy(&lo, a->ip + 8, 8); /* of IPv6 only the network: a customer has a whole /64 */
    return mix(mix(hi ^ t->seed[row]) ^ lo ^ t->seed[1 - row]) % ADDR_CELLS;
}

uint32_t addr_count(struct addr_counts *t, const struct addr *a, int by)
{
    uint32_t least = UINT32_MAX;
    for (int row = 0; row < 2; row++) {
        uint32_t v = atomic_fetch_add(&t->n[row][cell(t, a, row)], (uint32_t)by) + (uint32_t)by;
        if (v < least) least = v;
    }
    return least;
}

int64_t http_bucket_take(_Atomic int64_t *full_us, int64_t now_us, int64_t each_us, int64_t depth_us)
{
    int64_t then = atomic_load_explicit(full_us, memory_order_relaxed), next = 0;
    do {
        next = (then > now_us ? then : now_us) + each_us;
        if (next - now_us > depth_us) return next - now_us - depth_us;
    } while (!atomic_compare_exchange_weak_explicit(full_us, &then, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return next - now_us - depth_us;
}

int64_t addr_rate(struct addr_counts *t, const struct addr *a, int64_t now_us, int per_s, int burst, int *ret_left)
{
    int64_t each_us = US / per_s > 0 ? US / per_s : 1, least = INT64_MAX;
    for (int row = 0; row < 2; row++) {
        int64_t over = http_bucket_take(&t->full_us[row][cell(t, a, row)], now_us, each_us,
                                        each_us * (burst > 0 ? burst : 1));
        if (over < least) least = over;
    }
    *ret_left = least > 0 ? 0 : (int)(-least / each_us);
    return least > 0 ? (least + 999) / 1000 : 0;
}

int http_retry_s(int64_t least)
{
    uint32_t r = 0;
    os_random(&r, sizeof r);
    return (int)(least + r % ((uint32_t)least + SPREAD_S));
}
