/* SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "t.h"

static void parse(void)
{
    static const struct {
        str in;
        int scale;
        bool ok;
        int64_t v;
        str text, fixed;
    } rows[] = {
        {S0("12.50"), 2, true, 1250, S0("12.5"), S0("12.50")},
        {S0("12"), 2, true, 1200, S0("12"), S0("12.00")},
        {S0("-0.05"), 2, true, -5, S0("-0.05"), S0("-0.05")},
        {S0("0"), 2, true, 0, S0("0"), S0("0.00")},
        {S0("-0"), 2, true, 0, S0("0"), S0("0.00")},
        {S0("007.1"), 1, true, 71, S0("7.1"), S0("7.1")},
        {S0("12.5000000000000000000000"), 2, true, 1250, S0("12.5"), S0("12.50")},
        {S0("12.0"), 0, true, 12, S0("12"), S0("12")},
        {S0("9223372036854775807"), 0, true, INT64_MAX, S0("9223372036854775807"), S0("9223372036854775807")},
        {S0("-9223372036854775808"), 0, true, INT64_MIN, S0("-9223372036854775808"), S0("-9223372036854775808")},
        {S0("9.223372036854775807"), 18, true, INT64_MAX, S0("9.223372036854775807"), S0("9.223372036854775807")},
        {S0("0.000000000000000001"), 18, true, 1, S0("0.000000000000000001"), S0("0.000000000000000001")},
        {S0("12.505"), 2, false, 0, S0(""), S0("")},
        {S0("12.001"), 2, false, 0, S0(""), S0("")},
        {S0("0.1"), 0, false, 0, S0(""), S0("")},
        {S0("9223372036854775808"), 0, false, 0, S0(""), S0("")},
        {S0("-9223372036854775809"), 0, false, 0, S0(""), S0("")},
        {S0("92233720368547758.08"), 2, false, 0, S0(""), S0("")},
        {S0("92233720368547759"), 2, false, 0, S0(""), S0("")},
        {S0(""), 2, false, 0, S0(""), S0("")},
        {S0("-"), 2, false, 0, S0(""), S0("")},
        {S0("."), 2, false, 0, S0(""), S0("")},
        {S0("5."), 2, false, 0, S0(""), S0("")},
        {S0(".5"), 2, false, 0, S0(""), S0("")},
        {S0("1,5"), 2, false, 0, S0(""), S0("")},
        {S0("1.5 "), 2, false, 0, S0(""), S0("")},
        {S0("+1"), 2, false, 0, S0(""), S0("")},
        {S0("1e3"), 2, false, 0, S0(""), S0("")},
        {S0("1.2.3"), 2, false, 0, S0(""), S0("")},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t v = 77;
        bool ok = dec_parse(rows[i].in, rows[i].scale, &v);
        T(ok == rows[i].ok);
        T_INT(v, ok ? rows[i].v : 77);
        if (!ok) continue;
        T_STR(dec_text(a, v, rows[i].scale), rows[i].text);
        T_STR(dec_fixed(a, v, rows[i].scale), rows[i].fixed);
    }
    arena_free(&a);
}

static void rounding(void)
{
    int64_t v = 0;
    static const int64_t rows[][3] = {{5, 2, 3},   {-5, 2, -3}, {5, -2, -3}, {-5, -2, 3}, {4, 3, 1},   {-4, 3, -1},
                                      {1, 2, 1},   {1, 3, 0},   {0, 9, 0},   {7, 7, 1},   {149, 100, 1}, {150, 100, 2}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        T(dec_div_round(rows[i][0], rows[i][1], &v));
        T_INT(v, rows[i][2]);
    }
    T(!dec_div_round(1, 0, &v));
    T(!dec_div_round(INT64_MIN, -1, &v));
    T(dec_div_round(INT64_MIN, INT64_MIN, &v) && v == 1);
    T(dec_muldiv(INT64_MAX, INT64_MAX, INT64_MAX, &v) && v == INT64_MAX);
    T(!dec_muldiv(INT64_MAX, 3, 2, &v));
    T(dec_muldiv(1999, 19, 100, &v) && v == 380); /* 19 % of 19.99 */
    T(dec_rescale(12345, 4, 2, &v) && v == 123);
    T(dec_rescale(-12350, 4, 2, &v) && v == -124);
    T(dec_rescale(5, 0, 18, &v) && v == 5000000000000000000);
    T(!dec_rescale(10, 0, 18, &v));
}

TESTS("base_decimal", parse, rounding)
