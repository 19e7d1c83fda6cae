/* SPDX-License-Identifier: MIT */
/* fmt/fold_query.c - words, and words of the other alphabet: what the index holds and what is asked for. */
#include "fmt/fold_int.h"

/* а to я. Way 0 is BGN without its apostrophes (and the index always has it); 1 and 2 are what people write
 * instead; 3 is German. */
static const char letters[LATIN_WAYS][32][8] = {
    {"a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p",
     "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya"},
    {"a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p",
     "r", "s", "t", "u", "f", "h", "ts", "ch", "sh", "sch", "", "y", "", "e", "yu", "ya"},
    {"a", "b", "v", "g", "d", "e", "zh", "z", "i", "i", "k", "l", "m", "n", "o", "p",
     "r", "s", "t", "u", "f", "h", "c", "ch", "sh", "sh", "", "y", "", "e", "iu", "ia"},
    {"a", "b", "w", "g", "d", "e", "sch", "s", "i", "j", "k", "l", "m", "n", "o", "p",
     "r", "s", "t", "u", "f", "ch", "z", "tsch", "sch", "schtsch", "", "y", "", "e", "ju", "ja"},
};

bool fold_is_cyrillic(str word)
{
    for (size_t i = 0; i < word.n; i++)
        if ((word.p[i] & ~1) == '\xD0') return true;
    return false;
}

/* Letters of Russian's neighbours. */
static str neighbour(uint32_t cp)
{
    switch (cp) {
    case 0x456: return S("i");  /* і */
    case 0x457: return S("yi"); /* ї */
    case 0x454: return S("ye"); /* є */
    case 0x491: return S("g");  /* ґ */
    case 0x45E: return S("u");  /* ў */
    case 0x452: return S("dj"); /* ђ */
    case 0x458: return S("j");  /* ј */
    case 0x459: return S("lj"); /* љ */
    case 0x45A: return S("nj"); /* њ */
    case 0x45B: return S("c");  /* ћ */
    case 0x45F: return S("dz"); /* џ */
    default: return S("");
    }
}

/* In way 1 people also write Dmitry for Дмитрий and Alexey for Алексей. */
static str human_pair(str rest)
{
    if (str_eq(rest, S("ий")) || str_eq(rest, S("ый"))) return S("y");
    if (str_has_prefix(rest, S("кс"))) return S("x");
    return S("");
}

str fold_latin(struct arena *a, str word, int way)
{
    struct buf b = buf_new(a, word.n * 4 + 8);
    for (size_t i = 0; i < word.n;) {
        str rest = str_cut(word, i, word.n), pair = way == 1 ? human_pair(rest) : S("");
        size_t from = i;
        uint32_t cp = utf8_next(word, &i);
        if (pair.n) {
            buf_add(&b, pair);
            i = from + 4;
        } else if (cp >= 0x430 && cp < 0x450) buf_add(&b, str_from(letters[way][cp - 0x430]));
        else if (cp > 0x450 && cp < 0x4A0) buf_add(&b, neighbour(cp));
        else buf_add(&b, str_cut(word, from, i));
    }
    return buf_str(&b);
}

str fold_no_ue(struct arena *a, str w)
{
    char *p = NULL;
    size_t n = 0;
    for (size_t i = 0; i < w.n; i++) {
        if (p) p[n] = w.p[i];
        n++;
        bool pair = i + 1 < w.n && w.p[i + 1] == 'e' && strchr("aou", w.p[i]) && w.p[i];
        if (!pair || (i && strchr("aeiouq", w.p[i - 1]))) continue; /* Neue, Manoeuvre, Quelle */
        if (!p) {
            p = arena_get(a, w.n);
            memcpy(p, w.p, n);
        }
        i++;
    }
    return p ? (str){p, n} : w;
}

static bool is_word_byte(char c)
{
    return (c & 0x80) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool fold_word_next(str s, size_t *at, str *word)
{
    size_t i = *at;
    while (i < s.n && !is_word_byte(s.p[i])) i++;
    size_t from = i;
    while (i < s.n && (is_word_byte(s.p[i]) || strchr(".@_&+", s.p[i])) && s.p[i]) i++;
    *at = i;
    while (i > from && !is_word_byte(s.p[i - 1])) i--;
    *word = str_cut(s, from, i);
    return word->n > 0;
}

static void add_word(struct buf *b, str w)
{
    buf_byte(b, ' ');
    buf_add(b, w);
}

static void add_latin(struct arena *a, struct buf *b, str word)
{
    str seen[LATIN_WAYS];
    for (int way = 0; way < LATIN_WAYS; way++) {
        bool twice = false;
        seen[way] = fold_latin(a, word, way);
        for (int k = 0; k < way && !twice; k++) twice = str_eq(seen[k], seen[way]);
        if (!twice && seen[way].n) add_word(b, seen[way]);
    }
}

str fold_search(struct arena *a, str s)
{
    str plain = fold_text(a, s), ue = fold_has_umlaut(s) ? fold_text_ue(a, s) : S(""), w, u = S("");
    struct buf b = buf_new(a, plain.n * 24 + 64);
    buf_add(&b, plain);
    for (size_t at = 0, at_ue = 0; fold_word_next(plain, &at, &w);) {
        if (fold_is_cyrillic(w)) add_latin(a, &b, w);
        str no_ue = fold_no_ue(a, w);
        if (no_ue.n < w.n) add_word(&b, no_ue);
        if (ue.n && fold_word_next(ue, &at_ue, &u) && u.n > w.n) add_word(&b, u);
    }
    return buf_str(&b);
}

struct fold_words fold_query(struct arena *a, str q)
{
    struct fold_words r = {.v = NEW_N(a, struct fold_word, FOLD_WORDS)};
    str folded = fold_text(a, q), w;
    for (size_t at = 0; r.n < FOLD_WORDS && fold_word_next(folded, &at, &w);) {
        str key = fold_is_cyrillic(w) ? fold_latin(a, w, 0) : w;
        r.v[r.n++] = (struct fold_word){w, key.n ? key : w};
    }
    return r;
}
