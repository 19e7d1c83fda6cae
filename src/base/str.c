/* SPDX-License-Identifier: MIT */
/* base/str.c - slices of text and UTF-8. */
#include "base/base.h"

bool str_eq(str a, str b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

static unsigned char lower(char c) { return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c); }

bool str_eq_nocase(str a, str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    return true;
}

bool str_has_prefix(str s, str prefix)
{
    return s.n >= prefix.n && str_eq((str){s.p, prefix.n}, prefix);
}

bool str_has_suffix(str s, str suffix)
{
    return s.n >= suffix.n && str_eq((str){s.p + (s.n - suffix.n), suffix.n}, suffix);
}

int str_cmp(str a, str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

str str_trim(str s)
{
    while (s.n && is_space(s.p[0])) s.p++, s.n--;
    while (s.n && is_space(s.p[s.n - 1])) s.n--;
    return s;
}

str str_from(const char *z) { return z ? (str){z, strlen(z)} : S(""); }

str str_cut(str s, size_t from, size_t to)
{
    if (to > s.n) to = s.n;
    if (from > to) from = to;
    return (str){s.p ? s.p + from : s.p, to - from};
}

bool str_split(str s, char sep, str *head, str *tail)
{
    const char *at = s.n ? memchr(s.p, sep, s.n) : NULL;
    if (!at) {
        *head = s;
        *tail = S("");
        return false;
    }
    size_t i = (size_t)(at - s.p);
    *head = (str){s.p, i};
    *tail = (str){at + 1, s.n - i - 1};
    return true;
}

ptrdiff_t str_find(str hay, str needle)
{
    if (!needle.n) return 0;
    if (!hay.n) return -1;
    const char *at = memmem(hay.p, hay.n, needle.p, needle.n);
    return at ? at - hay.p : -1;
}

uint64_t str_hash(str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    return h;
}

bool str_to_int(str s, int64_t *ret)
{
    bool neg = s.n && s.p[0] == '-';
    size_t i = neg;
    int64_t v = 0;
    if (i == s.n) return false;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        int d = s.p[i] - '0';
        if (__builtin_mul_overflow(v, 10, &v)) return false;
        if (__builtin_add_overflow(v, neg ? -d : d, &v)) return false;
    }
    *ret = v;
    return true;
}

/* Bytes that a lead byte promises, 0 when it is none (RFC 3629, table of section 4). */
static size_t utf8_lead(unsigned char c)
{
    if (c < 0x80) return 1;
    if (c < 0xC2) return 0;
    if (c < 0xE0) return 2;
    if (c < 0xF0) return 3;
    return c < 0xF5 ? 4 : 0;
}

static bool utf8_scalar(uint32_t c, size_t n)
{
    if (n == 3) return c >= 0x800 && (c < 0xD800 || c > 0xDFFF);
    return n != 4 || (c >= 0x10000 && c <= 0x10FFFF);
}

/* Length of the well-formed sequence at s.p[i], 0 when there is none. */
static size_t utf8_seq(str s, size_t i, uint32_t *cp)
{
    const unsigned char *p = (const unsigned char *)s.p + i;
    size_t n = utf8_lead(p[0]);
    if (!n || n > s.n - i) return 0;
    uint32_t c = n == 1 ? p[0] : p[0] & (0xFFu >> (n + 1));
    for (size_t k = 1; k < n; k++) {
        if ((p[k] & 0xC0) != 0x80) return 0;
        c = c << 6 | (p[k] & 0x3Fu);
    }
    if (!utf8_scalar(c, n)) return 0;
    *cp = c;
    return n;
}

bool utf8_valid(str s)
{
    uint32_t cp;
    for (size_t i = 0; i < s.n;) {
        if ((unsigned char)s.p[i] < 0x80) {
            i++;
            continue;
        }
        size_t n = utf8_seq(s, i, &cp);
        if (!n) return false;
        i += n;
    }
    return true;
}

uint32_t utf8_next(str s, size_t *at)
{
    uint32_t cp = 0xFFFD;
    size_t n = utf8_seq(s, *at, &cp);
    *at += n ? n : 1;
    return n ? cp : 0xFFFD;
}

size_t utf8_put(char out[4], uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

bool str_has_control(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F) return true;
    return false;
}

str utf8_cut(str s, size_t max)
{
    if (s.n > max) s.n = max;
    while (!utf8_valid(s)) s.n--;
    return s;
}

size_t utf8_len(str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; n++) utf8_next(s, &i);
    return n;
}
