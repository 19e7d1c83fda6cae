/* SPDX-License-Identifier: MIT */
#include "base/decimal.h"

int64_t dec_pow10(int n)
{
    int64_t v = 1;
    assert(n >= 0 && n <= DEC_SCALE);
    while (n-- > 0) v *= 10;
    return v;
}

/* Negative on the way, so that INT64_MIN needs no special case. */
static bool add_digit(int64_t *v, int d)
{
    return !__builtin_mul_overflow(*v, 10, v) && !__builtin_sub_overflow(*v, d, v);
}

static int digit(str s, size_t i) { return i < s.n && s.p[i] >= '0' && s.p[i] <= '9' ? s.p[i] - '0' : -1; }

/* The digits behind the point, and zeros up to the scale. */
static bool add_fraction(str s, size_t *i, int scale, int64_t *v)
{
    for (; digit(s, *i) >= 0; ++*i) {
        if (scale == 0 && digit(s, *i) > 0) return false;
        if (scale == 0) continue;
        if (!add_digit(v, digit(s, *i))) return false;
        scale--;
    }
    for (; scale > 0; scale--)
        if (!add_digit(v, 0)) return false;
    return true;
}

bool dec_parse(str s, int scale, int64_t *ret)
{
    bool neg = s.n && s.p[0] == '-';
    size_t i = neg, from = i;
    int64_t v = 0;
    assert(scale >= 0 && scale <= DEC_SCALE);
    for (; digit(s, i) >= 0; i++)
        if (!add_digit(&v, digit(s, i))) return false;
    if (i == from) return false;
    if (i < s.n && (s.p[i] != '.' || digit(s, ++i) < 0)) return false;
    if (!add_fraction(s, &i, scale, &v)) return false;
    if (i != s.n || (!neg && v == INT64_MIN)) return false;
    *ret = neg ? v : -v;
    return true;
}

str dec_fixed(struct arena *a, int64_t v, int scale)
{
    char t[DEC_SCALE + 24];
    size_t at = sizeof t;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    assert(scale >= 0 && scale <= DEC_SCALE);
    for (int i = 0; i <= scale || u; i++, u /= 10) {
        if (i && i == scale) t[--at] = '.';
        t[--at] = (char)('0' + u % 10);
    }
    if (v < 0) t[--at] = '-';
    return arena_dup(a, (str){t + at, sizeof t - at});
}

str dec_text(struct arena *a, int64_t v, int scale)
{
    for (; scale > 0 && v % 10 == 0; scale--) v /= 10;
    return dec_fixed(a, v, scale);
}

bool dec_muldiv(int64_t a, int64_t b, int64_t c, int64_t *ret)
{
    if (c == 0) return false;
    __int128 n = (__int128)a * b, q = n / c, r = n % c;
    __int128 r2 = r < 0 ? -2 * r : 2 * r, c1 = c < 0 ? -(__int128)c : c;
    if (r2 >= c1) q += (n < 0) == (c < 0) ? 1 : -1;
    if (q > INT64_MAX || q < INT64_MIN) return false;
    *ret = (int64_t)q;
    return true;
}

bool dec_div_round(int64_t a, int64_t b, int64_t *ret) { return dec_muldiv(a, 1, b, ret); }

bool dec_rescale(int64_t v, int from, int to, int64_t *ret)
{
    if (to >= from) return dec_muldiv(v, dec_pow10(to - from), 1, ret);
    return dec_div_round(v, dec_pow10(from - to), ret);
}
