/* SPDX-License-Identifier: MIT */
/* search/find_score.c - reading the question, and how well a text answers it. */
#include "search/find_int.h"

#include "fmt/phone.h"

enum { NOWHERE, INSIDE, WORD_START, WHOLE_WORD, TEXT_START };
enum { SURE_DIGITS = 7, PIECE_BYTES = 60 };

/* ---- the question ---- */
bool is_short(const struct fold_word *w)
{
    return utf8_len(w->text) < SHORT_LETTERS || w->key.n < SHORT_LETTERS;
}

static bool all_digits(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return s.n > 0;
}

/* Digits with what people put between them. */
static bool looks_like_number(str q)
{
    size_t digits = 0;
    for (size_t i = 0; i < q.n; i++) {
        if (q.p[i] >= '0' && q.p[i] <= '9') digits++;
        else if (!strchr(" +-()/.~", q.p[i]) || !q.p[i]) return false;
    }
    return digits >= SHORT_LETTERS;
}

static void add_ask(struct asks *r, const struct fold_word *w, size_t n)
{
    struct ask *q = &r->v[r->n];
    *q = (struct ask){.n = n, .all_short = true};
    for (size_t i = 0; i < n; i++) {
        q->w[i] = w[i];
        q->all_short &= is_short(&w[i]);
    }
    for (size_t k = 0; k < r->n; k++)
        if (r->v[k].n == 1 && n == 1 && str_eq(r->v[k].w[0].text, w[0].text)) return;
    if (n && r->n < ASK_VARIANTS) r->n++;
}

static void add_number(struct asks *r, str digits)
{
    if (digits.n >= SHORT_LETTERS) add_ask(r, &(struct fold_word){digits, digits}, 1);
}

/* Without what is dialled before a national number; the index has the international form. */
static str national(str d)
{
    size_t i = 0;
    if (str_has_prefix(d, S("810"))) return str_cut(d, 3, d.n);
    while (i < d.n && d.p[i] == '0') i++;
    if (!i && d.n > SHORT_LETTERS && d.p[0] == '8') i = 1;
    return str_cut(d, i, d.n);
}

static void number_asks(struct cx *cx, str q, struct asks *r)
{
    struct phone p = {0};
    str digits = phone_digits(cx->a, q);
    if (phone_parse(cx->a, q, cx->country, &p)) add_number(r, str_cut(p.e164, 1, p.e164.n));
    add_number(r, digits);
    add_number(r, national(digits));
}

struct asks asks_of(struct cx *cx, str q)
{
    struct asks r = {.whole = str_trim(fold_text(cx->a, q))};
    struct fold_words w = fold_query(cx->a, q);
    if (looks_like_number(q)) number_asks(cx, q, &r);
    for (size_t i = 0; i < w.n; i++) {
        if (all_digits(w.v[i].text) && w.v[i].text.n > SHORT_LETTERS) { /* 0151 stands as 49151 */
            size_t z = 0;
            while (z + SHORT_LETTERS < w.v[i].text.n && w.v[i].text.p[z] == '0') z++;
            w.v[i].text = w.v[i].key = str_cut(w.v[i].text, z, w.v[i].text.n);
        }
    }
    add_ask(&r, w.v, w.n);
    return r;
}

/* ---- the answer ---- */
static bool is_wordy(char c)
{
    return (c & 0x80) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static int place_at(str hay, size_t at, size_t n)
{
    bool whole = at + n == hay.n || !is_wordy(hay.p[at + n]);
    if (at == 0) return TEXT_START;
    if (is_wordy(hay.p[at - 1])) return INSIDE;
    return whole ? WHOLE_WORD : WORD_START;
}

static int place_of(str hay, str w)
{
    int best = NOWHERE;
    for (size_t from = 0; from < hay.n;) {
        ptrdiff_t at = str_find(str_cut(hay, from, hay.n), w);
        if (at < 0 || best >= WHOLE_WORD) return best;
        int p = place_at(hay, from + (size_t)at, w.n);
        if (p > best) best = p;
        from += (size_t)at + 1;
    }
    return best;
}

static int best_place(str hay, const struct fold_word *w)
{
    int x = place_of(hay, w->text), y = str_eq(w->text, w->key) ? NOWHERE : place_of(hay, w->key);
    return x > y ? x : y;
}

static bool is_contact(str w)
{
    return memchr(w.p, '@', w.n) || (w.n >= SURE_DIGITS && all_digits(w));
}

static int word_score(const struct fold_word *w, const struct hit *h, bool *ret_in_title)
{
    static const int in_title[] = {
        [INSIDE] = 60, [WORD_START] = 80, [WHOLE_WORD] = 85, [TEXT_START] = 100};
    static const int in_rest[] = {
        [INSIDE] = 25, [WORD_START] = 40, [WHOLE_WORD] = 45, [TEXT_START] = 40};
    int need = is_short(w) ? WORD_START : INSIDE, p = best_place(h->title, w);
    *ret_in_title = p >= need;
    if (p >= need) return in_title[p];
    p = best_place(h->rest, w);
    if (p < need) return 0;
    if (p != INSIDE && is_contact(w->key)) return 110;
    return in_rest[p];
}

bool hit_score(const struct ask *q, str whole, struct hit *h)
{
    int sum = 0;
    if (!q->n) return false;
    h->in_title = true;
    for (size_t i = 0; i < q->n; i++) {
        bool in_title = false;
        int s = word_score(&q->w[i], h, &in_title);
        if (!s) return false;
        sum += s;
        h->in_title &= in_title;
    }
    h->score = sum / (int)q->n + (h->in_title ? 10 : 0) + (str_eq(h->title, whole) ? 10 : 0);
    return true;
}

/* The line around, cut to whole characters. */
static str piece_at(str s, size_t at)
{
    size_t from = at, to = at;
    while (from > 0 && s.p[from - 1] != '\n' && at - from < PIECE_BYTES) from--;
    while (to < s.n && s.p[to] != '\n' && to - at < PIECE_BYTES) to++;
    while (from < to && (s.p[from] & 0xC0) == 0x80) from++;
    while (to > from && to < s.n && (s.p[to] & 0xC0) == 0x80) to--;
    return str_trim(str_cut(s, from, to));
}

str hit_piece(struct cx *cx, const struct ask *q, const struct hit *h)
{
    for (size_t i = 0; i < q->n; i++) {
        bool in_title = false;
        (void)word_score(&q->w[i], h, &in_title);
        if (in_title) continue;
        ptrdiff_t at = str_find(h->rest, q->w[i].text);
        if (at < 0) at = str_find(h->rest, q->w[i].key);
        return at < 0 ? S("") : arena_dup(cx->a, piece_at(h->rest, (size_t)at));
    }
    return S("");
}
