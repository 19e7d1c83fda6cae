/* SPDX-License-Identifier: MIT */
/* fmt/redact.c - the search is plain: a handful of words, each text looked through once. */
#include "fmt/redact.h"

enum { ID_DIGITS = 24 };

static unsigned char low(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

/* Bytes beyond ASCII are letters: a word of any script ends where they do. */
static bool is_letter(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (low(c) >= 'a' && low(c) <= 'z');
}

static bool is_at(str text, size_t at, str word)
{
    for (size_t i = 0; i < word.n; i++)
        if (low((unsigned char)text.p[at + i]) != low((unsigned char)word.p[i])) return false;
    bool before =
        at && is_letter((unsigned char)text.p[at - 1]) && is_letter((unsigned char)word.p[0]);
    size_t end = at + word.n;
    bool behind = end < text.n && is_letter((unsigned char)text.p[end]) &&
                  is_letter((unsigned char)word.p[word.n - 1]);
    return !before && !behind;
}

/* The longest word that stands at this place; 0 = none. */
static size_t word_at(const struct redact *r, str text, size_t at)
{
    size_t best = 0;
    for (size_t i = 0; i < r->n; i++) {
        str w = r->word[i];
        if (w.n > best && w.n <= text.n - at &&
            low((unsigned char)w.p[0]) == low((unsigned char)text.p[at]) && is_at(text, at, w))
            best = w.n;
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

bool redact_has(const struct redact *r, str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (word_at(r, text, i)) return true;
    return has_id(r, text);
}

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

bool redact_word(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '<')
            return false;
    return s.n >= REDACT_WORD_MIN;
}
