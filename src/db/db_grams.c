/* SPDX-License-Identifier: MIT */
/* db/db_grams.c - which terms of the words (db_terms.c) are worth asking for: FTS5 walks the lists of all it is asked
 * for side by side, and the list of "kov" is a hundred times as long as that of "yak". What is left out is found in the
 * text: each hit is compared with its words anyway.
 *
 * How long a list is stands in the index's own table of pages, which names the first term of each: good enough, and
 * remembered for a while. A wrong guess costs time, never a hit. */
#include "db/db_int.h"

enum {
    SHORT_TERM = 3, /* code points */
    GRAMS_MAX = 48,
    WORD_GRAMS = 16,
    MATCH_MAX = 16 * 1024,
    OTHER_WORD = 24, /* a list so many times as long as the shortest costs more than reading the texts it would spare */
    SAME_WORD = 4,   /* what stands beside the rarest says less */
    SHORT_PAGES = 12, /* walking so many costs less than reading some twenty texts for nothing */
    REMEMBER_MIN = 10
};

struct gram {
    str t;
    size_t word, cps;
    int64_t pages;
    bool covers; /* one of those side by side that hold the whole word */
};

struct grams {
    struct gram v[GRAMS_MAX];
    size_t n;
};

/* ---- how often ---- */
static enum err pages_ask(struct cx *cx, str sql, str gram, int64_t *ret)
{
    struct db_rows r = {0};
    struct db_val v[] = {V(arena_fmt(cx->a, "0%.*s", FS(gram)))}; /* "0": the main index */
    TRY(db_run(cx, &r, NULL, sql, v, COUNT(v)));
    int64_t n = r.n ? db_int(&r, 0, 0) : 0;
    *ret = n < 1 ? 1 : n > UINT16_MAX ? UINT16_MAX : n;
    return E_OK;
}

static enum err pages_of(struct cx *cx, str table, str sql, str gram, int64_t *ret)
{
    struct dbase *b = cx->db->base;
    uint64_t age = (uint64_t)(db_mono_us() / (REMEMBER_MIN * INT64_C(60000000)));
    uint64_t h = (str_hash(gram) * 31 + str_hash(table)) * 31 + age;
    _Atomic uint64_t *kept = &b->often[h % COUNT(b->often)];
    uint64_t k = atomic_load_explicit(kept, memory_order_relaxed), mark = h >> 16 << 16;
    if ((k & ~(uint64_t)UINT16_MAX) == mark && k) {
        *ret = (int64_t)(k & UINT16_MAX);
        return E_OK;
    }
    TRY(pages_ask(cx, sql, gram, ret));
    atomic_store_explicit(kept, mark | (uint64_t)*ret, memory_order_relaxed);
    return E_OK;
}

/* ---- the longest terms of a word, each once: 00000000 is asked for as one ---- */
struct word {
    struct grams *g;
    size_t word, first, nth, cps;
    str last;
};

static bool is_in(const struct grams *g, str t)
{
    for (size_t i = 0; i < g->n; i++)
        if (str_eq(g->v[i].t, t)) return true;
    return false;
}

static int gram_take(void *arg, str term, size_t cps)
{
    struct word *w = arg;
    struct grams *g = w->g;
    if (cps < w->cps) return 0;
    if (cps > w->cps) g->n = w->first, w->nth = 0; /* the shorter ones say less */
    w->cps = cps;
    w->last = term;
    bool covers = w->nth++ % cps == 0;
    if (g->n < GRAMS_MAX && g->n - w->first < WORD_GRAMS && !is_in(g, term))
        g->v[g->n++] = (struct gram){term, w->word, cps, 1, covers};
    return 0;
}

static void word_grams(struct grams *g, str w, size_t word)
{
    struct word t = {.g = g, .word = word, .first = g->n};
    (void)db_terms(w, gram_take, &t);
    for (size_t i = t.first; i < g->n; i++) g->v[i].covers |= str_eq(g->v[i].t, t.last);
}

static const struct gram *rarest(const struct grams *g, size_t word, bool any_word)
{
    const struct gram *best = NULL;
    for (size_t i = 0; i < g->n; i++)
        if ((any_word || g->v[i].word == word) && (!best || g->v[i].pages < best->pages)) best = &g->v[i];
    return best;
}

static void gram_put(struct buf *b, str t)
{
    if (b->n) buf_add(b, S(" AND "));
    buf_byte(b, '"');
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] == '"') buf_byte(b, '"');
        buf_byte(b, t.p[i]);
    }
    buf_byte(b, '"');
}

str db_search_match(struct cx *cx, const str *words, size_t n_words)
{
    struct grams g = {.n = 0};
    struct buf match = buf_new(cx->a, MATCH_MAX);
    for (size_t i = 0; i < n_words; i++) word_grams(&g, words[i], i);
    for (size_t i = 0; i < g.n; i++)
        if (g.v[i].covers) gram_put(&match, g.v[i].t);
    return buf_str(&match);
}

/* Is a term asked for beside the rarest one of its word? Of a long word that stands alone; where there are others,
 * their lists spare more texts than its second one. */
static bool is_worth(const struct gram *x, const struct gram *least, bool alone)
{
    bool is_long = x->cps > SHORT_TERM;
    if (!is_long && x->pages <= SHORT_PAGES) return true;
    return (!is_long || alone) && x->covers && x->pages <= SAME_WORD * least->pages;
}

enum err db_grams_match(struct cx *cx, str table, str pages_sql, const str *words, size_t n_words, str *ret)
{
    struct grams g = {.n = 0};
    struct buf match = buf_new(cx->a, MATCH_MAX);
    for (size_t i = 0; i < n_words; i++) word_grams(&g, words[i], i);
    for (size_t i = 0; g.n > 1 && i < g.n; i++) TRY(pages_of(cx, table, pages_sql, g.v[i].t, &g.v[i].pages));
    const struct gram *least = rarest(&g, 0, true);
    for (size_t i = 0; i < g.n; i++) {
        const struct gram *x = &g.v[i];
        if (x == rarest(&g, x->word, false) ? x->pages <= OTHER_WORD * least->pages : is_worth(x, least, n_words == 1))
            gram_put(&match, x->t);
    }
    *ret = buf_str(&match);
    return E_OK;
}
