/* SPDX-License-Identifier: MIT */
/* db/db_grams.c - which trigrams of the words are worth asking for: FTS5 walks the lists of all it is asked for side
 * by side, and the list of "ков" is a hundred times as long as that of "яко". What is left out is found in the text:
 * each hit is compared with its words anyway.
 *
 * How long a list is stands in the index's own table of pages, which names the first term of each: good enough, and
 * remembered for a while. A wrong guess costs time, never a hit. */
#include "db/db_int.h"

enum {
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
    size_t word;
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

/* ---- the trigrams of a word (of code points), each once: 00000 is asked for as one ---- */
static bool is_in(const struct grams *g, str t)
{
    for (size_t i = 0; i < g->n; i++)
        if (str_eq(g->v[i].t, t)) return true;
    return false;
}

static void word_grams(struct grams *g, str w, size_t word)
{
    size_t at[3] = {0}, end = 0, first = g->n; /* where the last three code points began */
    for (size_t cps = 1; end < w.n && g->n < GRAMS_MAX && g->n - first < WORD_GRAMS; cps++) {
        at[0] = at[1];
        at[1] = at[2];
        at[2] = end;
        (void)utf8_next(w, &end);
        if (cps < 3) continue;
        str t = str_cut(w, at[0], end);
        if (!is_in(g, t)) g->v[g->n++] = (struct gram){t, word, 1, cps % 3 == 0 || end == w.n};
    }
}

static const struct gram *rarest(const struct grams *g, size_t word, bool any_word)
{
    const struct gram *best = NULL;
    for (size_t i = 0; i < g->n; i++)
        if ((any_word || g->v[i].word == word) && (!best || g->v[i].pages < best->pages)) best = &g->v[i];
    return best;
}

void db_gram_put(struct buf *b, str t)
{
    if (b->n) buf_add(b, S(" AND "));
    buf_byte(b, '"');
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] == '"') buf_byte(b, '"');
        buf_byte(b, t.p[i]);
    }
    buf_byte(b, '"');
}

enum err db_grams_match(struct cx *cx, str table, str pages_sql, const str *words, size_t n_words, str *ret)
{
    struct grams g = {.n = 0};
    struct buf match = buf_new(cx->a, MATCH_MAX);
    for (size_t i = 0; i < n_words; i++) word_grams(&g, words[i], i);
    for (size_t i = 0; g.n > 1 && i < g.n; i++) TRY(pages_of(cx, table, pages_sql, g.v[i].t, &g.v[i].pages));
    const struct gram *least = rarest(&g, 0, true);
    for (size_t i = 0; i < g.n; i++) {
        const struct gram *x = &g.v[i], *own = rarest(&g, x->word, false);
        if (x == own ? x->pages <= OTHER_WORD * least->pages
                     : x->pages <= SHORT_PAGES || (x->covers && x->pages <= SAME_WORD * least->pages))
            db_gram_put(&match, x->t);
    }
    *ret = buf_str(&match);
    return E_OK;
}
