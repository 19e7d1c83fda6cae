/* SPDX-License-Identifier: MIT */
/* db/db_terms.c - the terms of the search index on SQLite: our own tokenizer of FTS5, "kontor".
 *
 * Trigrams of code points, and beside them pieces of words of five: the list of "ndrova" or of "12345" is short where
 * those of their trigrams are long and have to be walked side by side. Shorter words are found by trigrams as before.
 *
 * Left out is what nobody can ask for: trigrams over the end of a word (but for a blank before two letters: a word that
 * begins so), and Cyrillic letters, which stand in each text, and in each question, once more in Latin ones
 * (fold_search). That is half of all trigrams, more than the longer pieces cost. */
#include "db/db_int.h"

#include <sqlite3.h>

enum { SHORT_TERM = 3, LONG_TERM = 5, KEPT = 8 }; /* KEPT: a power of two, >= LONG_TERM */
enum { LETTER = 1, ASKED = 2, BEGINS = 4, TOKEN = 8 }; /* kinds of code points */
enum { CYRILLIC_A = 0x430, CYRILLIC_YA = 0x44F };

/* ASKED: what a typed word may hold (fold_word_next). TOKEN: begins a trigram of search/search_int.h. */
static int kind_of(uint32_t cp)
{
    if (cp >= CYRILLIC_A && cp <= CYRILLIC_YA) return 0;
    if (cp >= 0x80 || (cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9')) return LETTER | ASKED;
    if (cp == ' ') return BEGINS;
    if (cp && strchr(".@_&+", (int)cp)) return ASKED;
    return cp == 2 || cp == 3 ? TOKEN : 0;
}

int db_terms(str text, db_term_fn *fn, void *arg)
{
    size_t at[KEPT], run = 0; /* where the last code points began; letters in a row */
    int k0 = 0, k1 = 0, k2 = 0, rc = 0;
    for (size_t n = 0, end = 0; end < text.n && !rc; n++) {
        at[n % KEPT] = end;
        k0 = k1;
        k1 = k2;
        k2 = kind_of(text.p[end] & 0x80 ? utf8_next(text, &end) : (uint32_t)text.p[end++]);
        run = k2 & LETTER ? run + 1 : 0;
        if (k0 & TOKEN || (k0 & (ASKED | BEGINS) && k1 & k2 & ASKED))
            rc = fn(arg, str_cut(text, at[(n - SHORT_TERM + 1) % KEPT], end), SHORT_TERM);
        if (!rc && run >= LONG_TERM)
            rc = fn(arg, str_cut(text, at[(n - LONG_TERM + 1) % KEPT], end), LONG_TERM);
    }
    return rc;
}

/* ---- as FTS5 wants it ---- */
struct out {
    int (*token)(void *, int, const char *, int, int, int);
    void *arg;
};

static int term_out(void *arg, str term, size_t cps)
{
    struct out *o = arg;
    (void)cps;
    return o->token(o->arg, 0, term.p, (int)term.n, 0, (int)term.n); /* the index keeps no places */
}

static int fts_create(void *unused, const char **args, int n_args, Fts5Tokenizer **ret)
{
    static char nothing; /* there is no state, but FTS5 wants a pointer */
    (void)unused, (void)args, (void)n_args;
    *ret = (Fts5Tokenizer *)&nothing;
    return SQLITE_OK;
}

static void fts_delete(Fts5Tokenizer *t) { (void)t; }

/* A piece of a question is a term as it stands: db_grams.c has chosen it. */
static int fts_tokenize(Fts5Tokenizer *t, void *arg, int flags, const char *text, int n,
                        int (*token)(void *, int, const char *, int, int, int))
{
    struct out o = {token, arg};
    (void)t;
    if (!text || n <= 0) return SQLITE_OK;
    if (flags & FTS5_TOKENIZE_QUERY) return token(arg, 0, text, n, 0, n);
    return db_terms((str){text, (size_t)n}, term_out, &o);
}

int sq_terms(sqlite3 *h)
{
    static fts5_tokenizer ours = {fts_create, fts_delete, fts_tokenize};
    fts5_api *api = NULL;
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(h, "SELECT fts5(?1)", -1, &st, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_bind_pointer(st, 1, &api, "fts5_api_ptr", NULL);
    if (rc == SQLITE_OK) (void)sqlite3_step(st); /* what it gives is told by api and by finalize */
    int end = sqlite3_finalize(st);
    if (rc != SQLITE_OK || end != SQLITE_OK) return rc != SQLITE_OK ? rc : end;
    return api ? api->xCreateTokenizer(api, "kontor", NULL, &ours, NULL) : SQLITE_ERROR;
}
