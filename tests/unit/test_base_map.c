/* SPDX-License-Identifier: MIT */
#include "base/map.h"
#include "t.h"

static void few(void)
{
    struct arena *a = arena_new();
    struct map m = map_new(a);
    int x = 1, y = 2;
    T(!map_get(&m, S("a")) && !map_has(&m, S("a")));
    map_put(&m, S("a"), &x);
    map_put(&m, S(""), &y);
    map_put(&m, S("nothing"), NULL);
    T(map_get(&m, S("a")) == &x && map_get(&m, S("")) == &y && !map_get(&m, S("b")));
    T(map_has(&m, S("nothing")) && !map_get(&m, S("nothing")) && !map_has(&m, S("nothin")));
    map_put(&m, S("a"), &y);
    T(map_get(&m, S("a")) == &y && m.n == 3);
    T_STR(m.item[0].key, S("a"));
    T_STR(m.item[2].key, S("nothing"));
    arena_free(&a);
}

static void many(void)
{
    struct arena *a = arena_new();
    struct map m = map_new(a);
    static int v[50000];
    for (int i = 0; i < 50000; i++) map_put(&m, arena_fmt(a, "key %d", i), &v[i]);
    T_INT((int64_t)m.n, 50000);
    T(m.slots * 3 >= m.n * 4);
    int wrong = 0;
    for (int i = 0; i < 50000; i++) wrong += map_get(&m, arena_fmt(a, "key %d", i)) != &v[i];
    for (int i = 50000; i < 60000; i++) wrong += map_has(&m, arena_fmt(a, "key %d", i));
    T_INT(wrong, 0);
    arena_free(&a);
}

static void hashing(void)
{
    T(hash_keyed(S("a")) == hash_keyed(S("a")));
    T(hash_keyed(S("a")) != hash_keyed(S("b")));
    T(hash_keyed(S("")) != hash_keyed(S("\0")));
    T(hash_keyed(S("12345678")) != hash_keyed(S("12345678\0")));
    T(hash_keyed(S("1234567890123456x")) != hash_keyed(S("1234567890123456y")));
}

TESTS("base_map", few, many, hashing)
