/* SPDX-License-Identifier: MIT */
/* fmt/fold_name.c - names in order and names compared. */
#include "fmt/fold_int.h"

#include <unicode/ucol.h>
#include <unicode/ustring.h>

/* ---- sort keys ---- */
static void close_collator(UCollator **c) { ucol_close(*c); }

str collate_key(struct arena *a, str lang, str s)
{
    static const char hex[] = "0123456789abcdef";
    UErrorCode e = U_ZERO_ERROR;
    uint8_t key[COLLATE_BYTES + 1];
    UChar u[256]; /* more letters than the key has bytes */
    int32_t n = 0;
    UCollator *c OWNED(close_collator) = ucol_open(arena_z(a, lang), &e);
    str cut = str_cut(s, 0, COUNT(u) - 1);
    while (cut.n < s.n && cut.n && (cut.p[cut.n] & 0xC0) == 0x80) cut.n--;
    u_strFromUTF8WithSub(u, COUNT(u), &n, cut.p, (int32_t)cut.n, 0xFFFD, NULL, &e);
    if (U_FAILURE(e)) return fold_text(a, s);
    int32_t len = ucol_getSortKey(c, u, n, key, sizeof key) - 1; /* without the closing 0 */
    size_t bytes = len < 0 ? 0 : len > COLLATE_BYTES ? COLLATE_BYTES : (size_t)len;
    char *p = arena_get(a, bytes * 2 + 1);
    for (size_t i = 0; i < bytes; i++) {
        p[2 * i] = hex[key[i] >> 4];
        p[2 * i + 1] = hex[key[i] & 15];
    }
    return (str){p, bytes * 2};
}

/* ---- names of one person? ---- */
enum { NAME_WORDS = 12 };
struct name {
    str w[NAME_WORDS], bone[NAME_WORDS]; /* folded; with all spellings of one sound made one */
    size_t n;
};

bool fold_is_title(str w)
{
    static const str t[] = {S0("dr"), S0("prof"), S0("herr"), S0("herrn"), S0("frau"), S0("mr"), S0("mrs"),
                            S0("ms"), S0("господин"), S0("госпожа"), S0("dipl"), S0("ing"), S0("ponas"), S0("ponia")};
    for (size_t i = 0; i < COUNT(t); i++)
        if (str_eq(t[i], w)) return true;
    return false;
}

/* Longest first. */
static const struct {
    str from, to;
} sounds[] = {{S0("schtsch"), S0("sh")}, {S0("shch"), S0("sh")}, {S0("tsch"), S0("ch")}, {S0("sch"), S0("sh")},
              {S0("kh"), S0("h")},       {S0("ts"), S0("c")},    {S0("tz"), S0("c")},    {S0("ks"), S0("x")},
              {S0("ph"), S0("f")},       {S0("j"), S0("i")},     {S0("y"), S0("i")},     {S0("w"), S0("v")}};

str fold_bone(struct arena *a, str w)
{
    str s = fold_no_ue(a, fold_is_cyrillic(w) ? fold_latin(a, w, 0) : w);
    char *p = arena_get(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        str rest = str_cut(s, i, s.n);
        size_t k = 0;
        while (k < COUNT(sounds) && !str_has_prefix(rest, sounds[k].from)) k++;
        str to = k < COUNT(sounds) ? sounds[k].to : str_cut(rest, 0, 1);
        i += k < COUNT(sounds) ? sounds[k].from.n : 1;
        if (to.n == 1 && n && p[n - 1] == to.p[0] && to.p[0] == 'i') continue; /* -iy, -ij, -ii */
        memcpy(p + n, to.p, to.n);
        n += to.n;
    }
    return (str){p, n};
}

static bool is_name_byte(char c)
{
    return (c & 0x80) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '?' || c == '\'';
}

static struct name name_of(struct arena *a, str s)
{
    struct name r = {0};
    str f = fold_text(a, str_cut(s, 0, 400));
    for (size_t i = 0; i < f.n && r.n < NAME_WORDS;) {
        size_t from = i;
        while (i < f.n && is_name_byte(f.p[i])) i++;
        str w = str_cut(f, from, i);
        if (w.n && !fold_is_title(w)) {
            r.w[r.n] = w;
            r.bone[r.n++] = fold_bone(a, w);
        }
        if (i == from) i++;
    }
    return r;
}

static size_t lost_letters(str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += s.p[i] == '?';
    return n;
}

/* Letter by letter, '?' fits any one letter. A word of which less than half is left fits nothing. */
static bool fits_lost(str x, str y)
{
    size_t i = 0, k = 0, lost = lost_letters(x) + lost_letters(y), len = utf8_len(x);
    if (lost == 0 || lost * 2 > len) return false;
    while (i < x.n && k < y.n) {
        uint32_t c = utf8_next(x, &i), d = utf8_next(y, &k);
        if (c != d && c != '?' && d != '?') return false;
    }
    return i == x.n && k == y.n;
}

static bool is_initial_of(str x, str y)
{
    return utf8_len(x) == 1 && y.n > x.n && x.p[0] != '?' && str_has_prefix(y, x);
}

static int word_score(const struct name *x, size_t i, const struct name *y, size_t k)
{
    str a = x->w[i], b = y->w[k];
    if (str_eq(a, b)) return 100;
    if (x->bone[i].n > 1 && str_eq(x->bone[i], y->bone[k])) return 95;
    if (fits_lost(a, b)) return 95;
    if (is_initial_of(a, b) || is_initial_of(b, a)) return 80;
    if (is_initial_of(x->bone[i], y->bone[k]) || is_initial_of(y->bone[k], x->bone[i])) return 80;
    return 0;
}

/* Pairs each word of x with the best free one of y, best pairs first. Gives the least score of the pairs. */
static int pair_up(const struct name *x, const struct name *y, size_t *pairs, size_t *full)
{
    bool used_x[NAME_WORDS] = {false}, used_y[NAME_WORDS] = {false};
    static const int levels[] = {100, 95, 80};
    int least = 100;
    for (size_t l = 0; l < COUNT(levels); l++)
        for (size_t i = 0; i < x->n; i++)
            for (size_t k = 0; k < y->n && !used_x[i]; k++) {
                if (used_y[k] || word_score(x, i, y, k) != levels[l]) continue;
                used_x[i] = used_y[k] = true;
                least = levels[l];
                ++*pairs;
                *full += levels[l] > 80 && utf8_len(x->w[i]) > 1 && utf8_len(y->w[k]) > 1;
            }
    return least;
}

int fold_compat(struct arena *a, str name1, str name2)
{
    struct name x = name_of(a, name1), y = name_of(a, name2);
    size_t pairs = 0, full = 0, least_n = x.n < y.n ? x.n : y.n;
    if (!least_n) return 0;
    int score = pair_up(&x, &y, &pairs, &full);
    if (pairs < least_n || !full) return 0;
    if (x.n == y.n) return score;
    if (full >= 2) return score < 80 ? score : 70;
    return pairs >= 2 ? 60 : 40;
}
