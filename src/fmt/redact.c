/* SPDX-License-Identifier: MIT */
/* fmt/redact.c - the search is plain: a handful of words, each text looked through once. */
#include "fmt/redact.h"

#include <unicode/uchar.h>

enum { ID_DIGITS = 24 };

static unsigned char low(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static uint32_t folded(uint32_t c)
{
    return c < 0x80 ? low((unsigned char)c) : (uint32_t)u_foldCase((UChar32)c, U_FOLD_CASE_DEFAULT);
}

static bool is_letter(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') ||
               (low((unsigned char)c) >= 'a' && low((unsigned char)c) <= 'z');
    return (U_MASK(u_charType((UChar32)c)) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK)) != 0;
}

static bool is_inside(char c) { return ((unsigned char)c & 0xC0) == 0x80; }

static uint32_t cp_before(str text, size_t at)
{
    size_t p = at - 1;
    while (p && at - p < 4 && is_inside(text.p[p])) p--;
    return utf8_next(text, &p);
}

static uint32_t cp_at(str text, size_t at) { return utf8_next(text, &at); }

/* How many bytes of the text from `at` on are this word; 0 = they are not, or inside of a longer one. */
static size_t match(str text, size_t at, str word)
{
    size_t i = 0, t = at;
    while (i < word.n)
        if (t >= text.n || folded(utf8_next(word, &i)) != folded(utf8_next(text, &t))) return 0;
    if (at && is_letter(cp_at(word, 0)) && is_letter(cp_before(text, at))) return 0;
    if (t < text.n && is_letter(cp_before(word, word.n)) && is_letter(cp_at(text, t))) return 0;
    return t - at;
}

/* The longest word that stands at this place, in bytes of the text; 0 = none. */
static size_t word_at(const struct redact *r, str text, size_t at)
{
    size_t best = 0;
    unsigned char c = (unsigned char)text.p[at];
    if (is_inside(text.p[at])) return 0;
    for (size_t i = 0; i < r->n; i++) {
        unsigned char first = (unsigned char)r->word[i].p[0];
        if (c < 0x80 && first < 0x80 && low(c) != low(first)) continue;
        size_t n = match(text, at, r->word[i]);
        if (n > best) best = n;
    }
    return best;
}

bool redact_is_id(const struct redact *r, int64_t id)
{
    size_t lo = 0, hi = r->n_ids;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (r->id[mid] == id) return true;
        if (r->id[mid] < id) lo = mid + 1;
        else hi = mid;
    }
    return false;
}

static bool is_id(const struct redact *r, str s)
{
    int64_t id = 0;
    return r->n_ids && s.n <= ID_DIGITS && str_to_int(s, &id) && redact_is_id(r, id);
}

static bool has_id(const struct redact *r, str text)
{
    for (size_t i = 0, run = 0; r->n_ids && i <= text.n; i++) {
        bool digit = i < text.n && text.p[i] >= '0' && text.p[i] <= '9';
        if (!digit && run && is_id(r, str_cut(text, i - run, i))) return true;
        run = digit ? run + 1 : 0;
    }
    return false;
}

static bool has_word(const struct redact *r, str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (word_at(r, text, i)) return true;
    return false;
}

bool redact_has(const struct redact *r, str text) { return has_word(r, text) || has_id(r, text); }

str redact_text(struct arena *a, const struct redact *r, str text)
{
    size_t at = 0;
    while (at < text.n && !word_at(r, text, at)) at++;
    if (at == text.n) return text;
    struct buf b = buf_new(a, SIZE_MAX / 2);
    buf_add(&b, str_cut(text, 0, at));
    while (at < text.n) {
        size_t n = word_at(r, text, at);
        if (n) buf_add(&b, S(REDACTED));
        else buf_byte(&b, text.p[at]);
        at += n ? n : 1;
    }
    return buf_str(&b);
}

static bool goes(const struct redact *r, const struct json *j)
{
    const struct json *id = j->t == JT_OBJ ? json_get(j, S("id")) : j->t == JT_STR ? j : NULL;
    return id && (id->t == JT_STR || id->t == JT_NUM) && is_id(r, id->s);
}

static void list(struct arena *a, const struct redact *r, const struct json *j, struct jw *w)
{
    jw_arr(w);
    for (size_t i = 0; i < j->n; i++)
        if (!goes(r, &j->v[i])) redact_json(a, r, &j->v[i], w);
    jw_arr_end(w);
}

static void object(struct arena *a, const struct redact *r, const struct json *j, struct jw *w)
{
    jw_obj(w);
    for (size_t i = 0; i < j->n; i++) {
        const struct json *m = &j->v[i];
        jw_key(w, m->key);
        if (m->key.n && m->key.p[0] == '@') jw_json(w, m);
        else redact_json(a, r, m, w);
    }
    jw_obj_end(w);
}

void redact_json(struct arena *a, const struct redact *r, const struct json *j, struct jw *w)
{
    if (goes(r, j)) jw_null(w);
    else if (j->t == JT_STR) jw_str(w, redact_text(a, r, j->s));
    else if (j->t == JT_ARR) list(a, r, j, w);
    else if (j->t == JT_OBJ) object(a, r, j, w);
    else jw_json(w, j);
}

/* Strings alone, never keys; true when one was changed. */
static bool values(struct arena *a, const struct redact *r, const struct json *j, struct jw *w)
{
    bool any = false;
    if (j->t == JT_STR) {
        str now = redact_text(a, r, j->s);
        jw_str(w, now);
        return !str_eq(now, j->s);
    }
    if (j->t != JT_ARR && j->t != JT_OBJ) {
        jw_json(w, j);
        return false;
    }
    if (j->t == JT_ARR) jw_arr(w);
    else jw_obj(w);
    for (size_t i = 0; i < j->n; i++) {
        if (j->t == JT_OBJ) jw_key(w, j->v[i].key);
        any |= values(a, r, &j->v[i], w);
    }
    if (j->t == JT_ARR) jw_arr_end(w);
    else jw_obj_end(w);
    return any;
}

str redact_stored(struct cx *cx, const struct redact *r, str text)
{
    const struct json *j = NULL;
    bool looks = text.n && (text.p[0] == '{' || text.p[0] == '[' || text.p[0] == '"');
    if (str_find(text, S("\\")) < 0 && !has_word(r, text)) return text;
    if (!looks || json_parse(cx, text, &j) != E_OK) return redact_text(cx->a, r, text);
    struct buf b = buf_new(cx->a, SIZE_MAX / 2);
    struct jw w = jw_new(&b);
    return values(cx->a, r, j, &w) ? buf_str(&b) : text;
}

bool redact_word(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ') return false;
    return s.n >= REDACT_WORD_MIN;
}
