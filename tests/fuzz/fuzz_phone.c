/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_phone.c - cells are split and read; what was read reads again as itself. */
#include "fmt/phone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A number told by its last digits ("765-43-21/22") is put together: its end at least stands in the cell. */
static bool is_piece_or_tail(str cell, str typed)
{
    size_t n = 0;
    if (typed.p >= cell.p && typed.p + typed.n <= cell.p + cell.n) return true;
    while (n < 2 && n < typed.n && typed.p[typed.n - 1 - n] >= '0' && typed.p[typed.n - 1 - n] <= '9') n++;
    return n == 2 && typed.n <= cell.n && str_find(cell, str_cut(typed, typed.n - n, typed.n)) >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const str countries[] = {S0("RU"), S0("LT"), S0("DE"), S0("US"), S0("")};
    struct arena *a = arena_new();
    struct phone_part part[PHONE_PARTS];
    struct phone p = {0}, q = {0};
    str last7 = S(""), country = countries[size ? data[0] % COUNT(countries) : 0];
    str s = {(const char *)data, size};
    size_t n = phone_split(a, s, part);
    assert(n <= PHONE_PARTS);
    for (size_t i = 0; i < n; i++) {
        assert(part[i].typed.n && is_piece_or_tail(s, part[i].typed));
        bool ok = phone_parse(a, part[i].typed, country, &p);
        assert(ok == p.valid && ok == (p.why == PHONE_OK));
        if (!ok) continue;
        bool again = phone_parse(a, p.e164, country, &q);
        assert(again && str_eq(p.e164, q.e164) && p.e164.p[0] == '+');
    }
    phone_query(a, s, country, &p, &last7);
    assert(last7.n == 0 || last7.n == 7);
    (void)phone_digits(a, s);
    arena_free(&a);
    return 0;
}
