/* SPDX-License-Identifier: MIT */
/* base/map.h - hash map from text to pointer, in an arena, and the keyed hash under it.
 *
 * Open addressing with linear probing, at most 3/4 full. The hash is SipHash-1-3 keyed with random
 * bytes of the process, so that nobody outside can choose keys that collide. Order of iteration is
 * that of insertion. Nothing is removed; keys are not copied and must live as long as the map.
 */
#pragma once
#include "base/base.h"

struct map_item {
    str key;
    void *v;
    uint64_t hash;
};
struct map {
    struct arena *a;
    struct map_item *item; /* [0, n) in order of insertion */
    uint32_t *slot;        /* index into item + 1; 0 = empty */
    size_t n, cap, slots;
};

struct map map_new(struct arena *a);
/* The value's place: NULL inside when the key is new. Valid until the next map_at. */
void **map_at(struct map *m, str key);
void map_put(struct map *m, str key, void *v); /* replaces */
void *map_get(const struct map *m, str key);   /* NULL when absent */
bool map_has(const struct map *m, str key);
/* Same text, same number within one run of the process only: never store it. */
uint64_t hash_keyed(str s);
