/* SPDX-License-Identifier: MIT */
/* db/db_search.c - the search text: FTS5 trigrams without positions on SQLite, pg_trgm on PostgreSQL.
 *
 * On SQLite a word is asked as the AND of trigrams that cover it (fewer lists to walk than all of them),
 * so a hit may hold them apart or out of order: each is compared with its text here. */
#include "db/db_int.h"

enum {
    SHORT_SCAN = 50000,
    WORDS_MAX = 16,
    WORD_MAX = 200,
    TRIGRAMS_MAX = 24,
    QUERY_MAX = 64 * 1024
};

static enum err doc_put(struct cx *cx, str entity, int64_t id, str text)
{
    if (!text.n) return db_exec(cx, NULL, "DELETE FROM search_doc WHERE record = $1", V(id));
    return db_exec(
        cx, NULL,
        "INSERT INTO search_doc(record, entity, text) VALUES($1, $2, $3)"
        " ON CONFLICT(record) DO UPDATE SET entity = excluded.entity, text = excluded.text",
        V(id), V(entity), V(text));
}

static enum err put_now(struct cx *cx, str entity, int64_t id, str text)
{
    struct db_rows was = {0};
    TRY(db_query(cx, &was, "SELECT entity, text FROM search_doc WHERE record = $1", V(id)));
    if (was.n && str_eq(db_str(&was, 0, 1), text) && str_eq(db_str(&was, 0, 0), entity))
        return E_OK;
    if (was.n)
        TRY(db_exec(cx, NULL,
                    "INSERT INTO search_fts(search_fts, rowid, text) VALUES('delete', $1, $2)",
                    V(id), V(db_str(&was, 0, 1))));
    if (text.n)
        TRY(db_exec(cx, NULL, "INSERT INTO search_fts(rowid, text) VALUES($1, $2)", V(id),
                    V(text)));
    return was.n || text.n ? doc_put(cx, entity, id, text) : E_OK;
}

enum err db_search_put(struct cx *cx, str entity, int64_t id, str old, str text)
{
    struct db *db = cx->db;
    (void)old; /* what stands in search_doc is what was indexed, whoever remembers it otherwise */
    assert(db_is_writing(cx));
    if (db_is_pg(cx)) return doc_put(cx, entity, id, text);
    if (!db->later_a) return put_now(cx, entity, id, text);
    struct db_later l = {id, arena_dup(db->later_a, entity), arena_dup(db->later_a, text)};
    *LIST_ADD(db->later_a, &db->later) = l;
    return E_OK;
}

enum err db_search_flush(struct cx *cx, struct db *db)
{
    enum err e = E_OK;
    for (size_t i = 0; e == E_OK && i < db->later.n; i++) {
        struct arena_mark m = arena_mark(cx->a);
        e = put_now(cx, db->later.v[i].entity, db->later.v[i].id, db->later.v[i].text);
        if (e == E_OK) arena_back(cx->a, m);
    }
    db->later.n = 0;
    return e;
}

/* ---- asking ---- */

struct ask {
    const str *words;
    size_t n_words, max, left;
    str entity;
    LIST(struct db_hit) hits;
    bool full;
};

static bool holds(str text, str word) { return memmem(text.p, text.n, word.p, word.n) != NULL; }

/* row: record, entity, text. Ends the walk by an error of its own when enough was found. */
static enum err on_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct ask *q = arg;
    (void)cols;
    q->full = q->left-- == 0;
    if (q->full) return E_LIMIT;
    if (q->entity.n && !str_eq(row[1].s, q->entity)) return E_OK;
    for (size_t i = 0; i < q->n_words; i++)
        if (!holds(row[2].s, q->words[i])) return E_OK;
    *LIST_ADD(cx->a, &q->hits) =
        (struct db_hit){row[0].i, arena_dup(cx->a, row[1].s), arena_dup(cx->a, row[2].s)};
    q->full = q->hits.n == q->max;
    return q->full ? E_LIMIT : E_OK;
}

static void trigram_put(struct buf *b, str t)
{
    if (b->n) buf_add(b, S(" AND "));
    buf_byte(b, '"');
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] == '"') buf_byte(b, '"');
        buf_byte(b, t.p[i]);
    }
    buf_byte(b, '"');
}

/* Trigrams (of code points) side by side and the last one: they cover the word. */
static void word_put(struct buf *b, str w, size_t *n)
{
    size_t at[3] = {0}, end = 0; /* where the last three code points began */
    for (size_t cps = 1; end < w.n && *n < TRIGRAMS_MAX; cps++) {
        at[0] = at[1];
        at[1] = at[2];
        at[2] = end;
        (void)utf8_next(w, &end);
        if (cps < 3 || (cps % 3 != 0 && end < w.n)) continue;
        trigram_put(b, str_cut(w, at[0], end));
        ++*n;
    }
}

str db_search_match(struct cx *cx, const str *words, size_t n_words)
{
    struct buf match = buf_new(cx->a, QUERY_MAX);
    size_t n = 0;
    for (size_t i = 0; i < n_words; i++) word_put(&match, words[i], &n);
    return buf_str(&match);
}

static enum err ask_sqlite(struct cx *cx, struct ask *q, int64_t below)
{
    str match = db_search_match(cx, q->words, q->n_words);
    if (!match.n) {
        struct db_val v[] = {V(below), V(SHORT_SCAN)};
        q->left = SHORT_SCAN;
        return db_each(cx,
                       S("SELECT record, entity, text FROM search_doc WHERE record < $1"
                         " ORDER BY record DESC LIMIT $2"),
                       v, COUNT(v), on_row, q);
    }
    struct db_val v[] = {V(match), V(below)};
    return db_each(cx,
                   S("SELECT d.record, d.entity, d.text FROM search_fts f CROSS JOIN search_doc d"
                     " ON d.record = f.rowid WHERE search_fts MATCH $1 AND f.rowid < $2 ORDER BY "
                     "f.rowid DESC"),
                   v, COUNT(v), on_row, q);
}

static str like(struct cx *cx, str word)
{
    struct buf b = buf_new(cx->a, 2 * WORD_MAX + 2);
    buf_byte(&b, '%');
    for (size_t i = 0; i < word.n; i++) {
        if (strchr("%_\\", word.p[i])) buf_byte(&b, '\\');
        buf_byte(&b, word.p[i]);
    }
    buf_byte(&b, '%');
    return buf_str(&b);
}

static enum err ask_pg(struct cx *cx, struct ask *q, int64_t below)
{
    struct buf sql = buf_new(cx->a, QUERY_MAX);
    struct db_val v[WORDS_MAX + 3] = {V(below), V((int64_t)q->max)};
    size_t n = 2;
    buf_add(&sql, S("SELECT record, entity, text FROM search_doc WHERE record < $1"));
    for (size_t i = 0; i < q->n_words; i++) {
        v[n++] = V(like(cx, q->words[i]));
        buf_fmt(&sql, " AND text LIKE $%zu", n);
    }
    if (q->entity.n) {
        v[n++] = V(q->entity);
        buf_fmt(&sql, " AND entity = $%zu", n);
    }
    buf_add(&sql, S(" ORDER BY record DESC LIMIT $2"));
    struct db_rows r = {0};
    TRY(db_run(cx, &r, NULL, buf_str(&sql), v, n));
    for (size_t i = 0; i < r.n; i++)
        *LIST_ADD(cx->a, &q->hits) =
            (struct db_hit){db_int(&r, i, 0), db_str(&r, i, 1), db_str(&r, i, 2)};
    return E_OK;
}

enum err db_search(struct cx *cx, str entity, const str *words, size_t n_words, int64_t before,
                   size_t max, struct db_hit **ret, size_t *ret_n)
{
    struct ask q = {.words = words,
                    .n_words = n_words,
                    .entity = entity,
                    .left = SIZE_MAX,
                    .max = max < DB_ROWS_MAX ? max : DB_ROWS_MAX};
    if (!n_words || n_words > WORDS_MAX)
        return fail(cx, E_INVALID, "A search has 1 to %d words", WORDS_MAX);
    for (size_t i = 0; i < n_words; i++)
        if (words[i].n < 3 || words[i].n > WORD_MAX || memchr(words[i].p, 0, words[i].n))
            return fail(cx, E_INVALID, "A search word has 3 to %d bytes", WORD_MAX);
    int64_t below = before > 0 ? before : INT64_MAX;
    enum err e = !q.max ? E_OK : db_is_pg(cx) ? ask_pg(cx, &q, below) : ask_sqlite(cx, &q, below);
    if (e != E_OK && !(e == E_LIMIT && q.full)) return e;
    *ret = q.hits.v;
    *ret_n = q.hits.n;
    return E_OK;
}
