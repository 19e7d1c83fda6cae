/* SPDX-License-Identifier: MIT */
#include "t.h"

static void slices(void)
{
    str head, tail;
    int64_t v = 7;
    T(str_split(S("a=b=c"), '=', &head, &tail));
    T_STR(head, S("a"));
    T_STR(tail, S("b=c"));
    T(!str_split(S("abc"), '=', &head, &tail) && tail.n == 0);
    T(str_to_int(S("-9223372036854775808"), &v) && v == INT64_MIN);
    T(!str_to_int(S("9223372036854775808"), &v) && v == INT64_MIN);
    T(!str_to_int(S(""), &v) && !str_to_int(S("-"), &v) && !str_to_int(S("1x"), &v));
    T_STR(str_trim(S(" \t a b \r\n")), S("a b"));
    T_INT(str_find(S("hello"), S("ll")), 2);
    T_INT(str_find(S("hello"), S("x")), -1);
    T(str_cmp(S("a"), S("ab")) < 0 && str_cmp(S("b"), S("ab")) > 0 && str_cmp(S("x"), S("x")) == 0);
}

static void utf8(void)
{
    T(utf8_valid(S("Žukauskaitė Щёголева \xF0\x9F\x98\x80")));
    T(!utf8_valid(S("\xC0\xAE")) && !utf8_valid(S("\xED\xA0\x80")) && !utf8_valid(S("\xF5\x80\x80\x80")));
    T(!utf8_valid(S("ab\xE2\x82")));
    T_INT((int64_t)utf8_len(S("Щё")), 2);
    T_STR(utf8_cut(S("aЩё"), 9), S("aЩё"));
    T_STR(utf8_cut(S("aЩё"), 4), S("aЩ")); /* none is cut in two */
    T_STR(utf8_cut(S("Щ"), 1), S(""));
    T(str_has_control(S("a\tb")) && str_has_control(S("\x7F")) && !str_has_control(S("a Щ")) && !str_has_control(S("")));
    char out[4];
    T_INT((int64_t)utf8_put(out, 0x20AC), 3);
    T_STR(((str){out, 3}), S("€"));
}

static void arenas(void)
{
    struct arena *a = arena_new();
    size_t start = arena_bytes(a);
    struct arena_mark m = arena_mark(a);
    for (int i = 0; i < 1000; i++) (void)arena_get(a, 1000);
    T(arena_bytes(a) > start);
    arena_back(a, m);
    T_INT((int64_t)arena_bytes(a), (int64_t)start);
    struct buf b = buf_new(a, 10);
    buf_add(&b, S("12345"));
    buf_int(&b, -42);
    T_STR(buf_str(&b), S("12345-42"));
    buf_add(&b, S("abc"));
    T(b.full);
    T_STR(buf_str(&b), S("12345-42"));
    LIST(int) l = {0};
    for (int i = 0; i < 100; i++) *LIST_ADD(a, &l) = i;
    T(l.n == 100 && l.v[99] == 99);
    arena_free(&a);
}

TESTS("base_str", slices, utf8, arenas)
