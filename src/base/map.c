/* SPDX-License-Identifier: MIT */
#include "base/map.h"

#include <sys/auxv.h>

static inline uint64_t rotl(uint64_t x, int n) { return x << n | x >> (64 - n); }

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

uint64_t hash_keyed(str s)
{
    uint64_t k[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u}, w;
    const char *seed = (const char *)getauxval(AT_RANDOM); /* 16 bytes from the kernel */
    if (seed) memcpy(k, seed, sizeof k);
    uint64_t v[4] = {k[0] ^ 0x736f6d6570736575u, k[1] ^ 0x646f72616e646f6du,
                     k[0] ^ 0x6c7967656e657261u, k[1] ^ 0x7465646279746573u};
    size_t i = 0;
    for (; s.n - i >= 8; i += 8) {
        memcpy(&w, s.p + i, 8);
        v[3] ^= w;
        sip_round(v);
        v[0] ^= w;
    }
    w = 0;
    if (s.n > i) memcpy(&w, s.p + i, s.n - i);
    w |= (uint64_t)s.n << 56;
    v[3] ^= w;
    sip_round(v);
    v[0] ^= w;
    v[2] ^= 0xff;
    for (int r = 0; r < 3; r++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map map_new(struct arena *a) { return (struct map){.a = a}; }

/* The slot that holds the key, or the empty one where it belongs. slots > 0. */
static size_t find(const struct map *m, str key, uint64_t h)
{
    size_t at = h & (m->slots - 1);
    for (; m->slot[at]; at = (at + 1) & (m->slots - 1)) {
        const struct map_item *it = &m->item[m->slot[at] - 1];
        if (it->hash == h && str_eq(it->key, key)) break;
    }
    return at;
}

static void grow(struct map *m)
{
    assert(m->n < UINT32_MAX / 2);
    m->slots = m->slots ? m->slots * 2 : 16;
    m->slot = NEW_N(m->a, uint32_t, m->slots);
    for (size_t i = 0; i < m->n; i++) {
        size_t at = m->item[i].hash & (m->slots - 1);
        while (m->slot[at]) at = (at + 1) & (m->slots - 1);
        m->slot[at] = (uint32_t)(i + 1);
    }
}

void **map_at(struct map *m, str key)
{
    uint64_t h = hash_keyed(key);
    if ((m->n + 1) * 4 > m->slots * 3) grow(m);
    size_t at = find(m, key, h);
    if (m->slot[at]) return &m->item[m->slot[at] - 1].v;
    if (m->n == m->cap) m->item = list_grow_(m->a, m->item, m->n, &m->cap, sizeof *m->item);
    m->item[m->n] = (struct map_item){key, NULL, h};
    m->slot[at] = (uint32_t)++m->n;
    return &m->item[m->n - 1].v;
}

void map_put(struct map *m, str key, void *v) { *map_at(m, key) = v; }

void *map_get(const struct map *m, str key)
{
    if (!m->n) return NULL;
    uint32_t i = m->slot[find(m, key, hash_keyed(key))];
    return i ? m->item[i - 1].v : NULL;
}

bool map_has(const struct map *m, str key)
{
    return m->n && m->slot[find(m, key, hash_keyed(key))] != 0;
}
