/* SPDX-License-Identifier: MIT */
#include "fmt/fold.h"
#include "fmt/fold_int.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

/* U+00C0 to U+017F */
static const char latin[][3] = {
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", /* 00C0 */
    "d", "n", "o", "o", "o", "o", "o", "x", "o", "u", "u", "u", "u", "y", "th", "ss",
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
    "d", "n", "o", "o", "o", "o", "o", "/", "o", "u", "u", "u", "u", "y", "th", "y",
    "a", "a", "a", "a", "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d", /* 0100 */
    "d", "d", "e", "e", "e", "e", "e", "e", "e", "e", "e", "e", "g", "g", "g", "g",
    "g", "g", "g", "g", "h", "h", "h", "h", "i", "i", "i", "i", "i", "i", "i", "i",
    "i", "i", "ij", "ij", "j", "j", "k", "k", "k", "l", "l", "l", "l", "l", "l", "l",
    "l", "l", "l", "n", "n", "n", "n", "n", "n", "n", "n", "n", "o", "o", "o", "o",
    "o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r", "s", "s", "s", "s", "s", "s",
    "s", "s", "t", "t", "t", "t", "t", "t", "u", "u", "u", "u", "u", "u", "u", "u",
    "u", "u", "u", "u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s",
};

/* U+2000 to U+202F: '\0' = dropped */
static const char punct[] = "           \0\0\0\0\0------|_''''\"\"\"\"++*>...-  \0\0\0\0\0 ";

static size_t known_latin(uint32_t cp, bool ue, char out[4])
{
    const char *t = latin[cp - 0xC0];
    uint32_t low = cp | 0x20;
    out[0] = t[0];
    out[1] = t[1];
    if (ue && (low == 0xE4 || low == 0xF6 || low == 0xFC)) return out[1] = 'e', 2;
    if (ue && low == 0xE5) return out[1] = 'a', 2;
    return t[1] ? 2 : 1;
}

static size_t known_cyrillic(uint32_t cp, char out[4])
{
    if (cp < 0x410) cp += 0x50;
    else if (cp < 0x430) cp += 0x20;
    if (cp == 0x450 || cp == 0x451) cp = 0x435; /* ѐ ё */
    if (cp == 0x45D) cp = 0x438;                /* ѝ */
    return utf8_put(out, cp);
}

/* The folded form of a character the tables know, at most 2 bytes for 2 and 3 for 3; SIZE_MAX: unknown. */
static size_t known(uint32_t cp, bool ue, char out[4])
{
    if (cp < 0x80) return out[0] = (char)(cp >= 'A' && cp <= 'Z' ? cp + 32 : cp), 1;
    if (cp >= 0xC0 && cp < 0x180) return known_latin(cp, ue, out);
    if (cp >= 0x400 && cp < 0x460) return known_cyrillic(cp, out);
    if (cp >= 0x2000 && cp < 0x2030) return out[0] = punct[cp - 0x2000], out[0] != 0;
    switch (cp) {
    case 0xA0: return out[0] = ' ', 1;
    case 0xAB: /* « */
    case 0xBB: return out[0] = '"', 1;
    case 0xAD:
    case 0xFEFF: return 0;
    case 0xA7: /* § ° € and the mark for what cannot be read stay */
    case 0xB0:
    case 0x20AC:
    case 0xFFFD: return utf8_put(out, cp);
    default: return SIZE_MAX;
    }
}

static bool is_generic_mark(uint32_t c)
{
    return (c >= 0x300 && c < 0x370) || (c >= 0x1DC0 && c < 0x1E00) || (c >= 0x20D0 && c < 0x2100);
}

static void add_cp(struct buf *b, uint32_t cp)
{
    char t[4];
    if (cp >= 0xD800 && cp < 0xE000) cp = 0xFFFD;
    buf_add(b, (str){t, utf8_put(t, cp)});
}

/* A character outside of the tables: compatibility form, case folded, without generic marks. Its parts may be
 * known to the tables again (full width letters, ligatures). */
static void add_by_icu(struct buf *b, uint32_t cp)
{
    UErrorCode e = U_ZERO_ERROR;
    UChar in[2], cf[64], kd[128];
    char out[512];
    int32_t n = 0, bytes = 0;
    U16_APPEND_UNSAFE(in, n, (UChar32)cp);
    n = unorm2_normalize(unorm2_getNFKCCasefoldInstance(&e), in, n, cf, COUNT(cf), &e);
    n = unorm2_normalize(unorm2_getNFKDInstance(&e), cf, n, kd, COUNT(kd), &e);
    u_strToUTF8WithSub(out, sizeof out, &bytes, kd, n, 0xFFFD, NULL, &e);
    if (U_FAILURE(e)) {
        add_cp(b, cp);
        return;
    }
    for (size_t i = 0; i < (size_t)bytes;) {
        char t[4];
        uint32_t c = utf8_next((str){out, (size_t)bytes}, &i);
        if (is_generic_mark(c)) continue;
        size_t k = known(c, false, t);
        if (k == SIZE_MAX) add_cp(b, c);
        else buf_add(b, (str){t, k});
    }
}

/* Composes, so that letter and mark are what the tables know; the text itself when ICU cannot. */
static str composed(struct arena *a, str s)
{
    UErrorCode e = U_ZERO_ERROR;
    int32_t n = 0, cap = (int32_t)s.n + 1, out = 0;
    if (s.n > INT32_MAX / 16) return s;
    UChar *u = NEW_N(a, UChar, (size_t)cap), *c = NEW_N(a, UChar, (size_t)cap * 3);
    u_strFromUTF8WithSub(u, cap, &n, s.p, (int32_t)s.n, 0xFFFD, NULL, &e);
    n = unorm2_normalize(unorm2_getNFCInstance(&e), u, n, c, cap * 3, &e);
    char *p = arena_get(a, (size_t)n * 3 + 1);
    u_strToUTF8WithSub(p, n * 3 + 1, &out, c, n, 0xFFFD, NULL, &e);
    return U_FAILURE(e) ? s : (str){p, (size_t)out};
}

static str fold_slow(struct arena *a, str s, bool ue)
{
    s = composed(a, s);
    struct buf b = buf_new(a, s.n * 18 + 64); /* the longest expansion of one character (U+FDFA) */
    for (size_t i = 0; i < s.n;) {
        char t[4];
        uint32_t cp = utf8_next(s, &i);
        size_t k = known(cp, ue, t);
        if (k != SIZE_MAX) buf_add(&b, (str){t, k});
        else if (!is_generic_mark(cp)) add_by_icu(&b, cp);
    }
    return buf_str(&b);
}

static str fold(struct arena *a, str s, bool ue)
{
    unsigned char high = 0, upper = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        high |= c;
        upper |= c >= 'A' && c <= 'Z';
    }
    if (high < 0x80 && !upper) return s;
    char *out = arena_get(a, s.n + 4);
    if (high < 0x80) {
        for (size_t i = 0; i < s.n; i++) out[i] = (char)(s.p[i] | (s.p[i] >= 'A' && s.p[i] <= 'Z' ? 32 : 0));
        return (str){out, s.n};
    }
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        char t[4];
        size_t from = i, k = known(utf8_next(s, &i), ue, t);
        if (k > i - from) return fold_slow(a, s, ue); /* unknown, or bytes that are not UTF-8 */
        memcpy(out + n, t, 4);
        n += k;
    }
    return (str){out, n};
}

str fold_text(struct arena *a, str s) { return fold(a, s, false); }
str fold_text_ue(struct arena *a, str s) { return fold(a, s, true); }

bool fold_has_umlaut(str s)
{
    for (size_t i = 0; i + 1 < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i], d = (unsigned char)s.p[i + 1] | 0x20;
        if (c == 0xC3 && (d == 0xA4 || d == 0xA5 || d == 0xB6 || d == 0xBC)) return true;
        if (c == 0xCC && (unsigned char)s.p[i + 1] == 0x88) return true; /* combining diaeresis */
    }
    return false;
}
