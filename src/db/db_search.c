/* SPDX-License-Identifier: MIT */
/* db/db_search.c - the search text: FTS5 without positions on SQLite (terms: db_terms.c), pg_trgm on PostgreSQL.
 *
 * On SQLite a word is asked as the AND of some of its terms (db_grams.c: fewer lists to walk than all of them),
 * so a hit may hold them apart or out of order: each is compared with its text here. */
#include "db/db_int.h"
#include "db/search_sum.h"

#include <stdlib.h>

enum {
    SHORT_SCAN = 50000,
    WORDS_MAX = 16,
    WORD_MAX = 200,
    QUERY_MAX = 64 * 1024,
    WAITING_MAX = 128,
    TIDY_PAGES = 64, /* of 4 KB: some milliseconds of the writer */
    TIDY_STEPS = 100000
};

static int64_t doc_sum(int64_t id, str entity, str text)
{
    return (int64_t)(str_hash(text) * 31 + str_hash(entity) + (uint64_t)id);
}

static enum err doc_put(struct cx *cx, str entity, int64_t id, str text)
{
    if (!text.n) return db_exec(cx, NULL, "DELETE FROM search_doc WHERE record = $1", V(id));
    return db_exec(
        cx, NULL,
        "INSERT INTO search_doc(record, entity, text, sum) VALUES($1, $2, $3, $4)"
        " ON CONFLICT(record) DO UPDATE SET entity = excluded.entity, text = excluded.text, sum = excluded.sum",
        V(id), V(entity), V(text), V(doc_sum(id, entity, text)));
}

/* An index's rowid is ~record: what is newest then stands first in its lists, and FTS5 walks them forward, without
 * turning each page around. */
static int64_t row_of(int64_t record) { return ~record; }

/* What has very many records has an index of its own: a walk through the newest of one is not a walk past the others,
 * and an index without them is short. A name here is only a matter of speed. */
static const struct part {
    str table, put, del, ask, segments, merge, pages; /* SQLite */
    str only;                 /* PostgreSQL has one index: " AND ..." */
} parts[DB_SEARCH_PARTS] = {
#define PART(name, entities)                                                                       \
    {S0("\"" name "\""), S0("INSERT INTO " name "(rowid, text) VALUES($1, $2)"),                   \
     S0("INSERT INTO " name "(" name ", rowid, text) VALUES('delete', $1, $2)"),                   \
     S0("SELECT d.record, d.entity, d.text FROM " name " f CROSS JOIN search_doc d"                \
        " ON d.record = ~f.rowid WHERE " name " MATCH $1 AND f.rowid > $2 ORDER BY f.rowid"),  \
     S0("SELECT count(DISTINCT segid) FROM " name "_idx"),                                         \
     S0("INSERT INTO " name "(" name ", rank) VALUES('merge', $1)"),                               \
     /* of each segment: from the page that may hold the term to the first that begins behind it */ \
     S0("WITH RECURSIVE s(id) AS (SELECT min(segid) FROM " name "_idx UNION ALL"                   \
        " SELECT (SELECT min(segid) FROM " name "_idx WHERE segid > s.id) FROM s WHERE s.id IS NOT NULL)" \
        " SELECT sum(coalesce((SELECT pgno FROM " name "_idx WHERE segid = s.id AND term > CAST($1 AS BLOB)" \
        " ORDER BY term LIMIT 1), 4) / 2 - coalesce((SELECT pgno FROM " name "_idx WHERE segid = s.id" \
        " AND term <= CAST($1 AS BLOB) ORDER BY term DESC LIMIT 1), 2) / 2)"                       \
        " FROM s WHERE s.id IS NOT NULL"),                                                         \
     S0(" AND entity " entities)}
    PART("search_fts", "NOT IN ('person', 'interaction', 'task')"),
    PART("search_fts_people", "= 'person'"),
    PART("search_fts_notes", "IN ('interaction', 'task')"),
#undef PART
};

int db_search_part(str entity)
{
    if (str_eq(entity, S("person"))) return 1;
    return str_eq(entity, S("interaction")) || str_eq(entity, S("task")) ? 2 : 0;
}

str db_search_table(str entity) { return parts[db_search_part(entity)].table; }

/* ---- what waits for the index ----
 * FTS5 writes a segment in each transaction that touched it: for a single save that is a quarter of all its work. So a
 * text that is newer than search_upto stands in search_doc alone, where a search looks through the few there are, and
 * goes into the index with a hundred others, or when the house is quiet. */

static enum err upto_read(struct cx *cx, struct db *db)
{
    struct db_rows upto = {0}, n = {0};
    if (db->indexed.known) return E_OK;
    TRY(db_query(cx, &upto, "SELECT record FROM search_upto"));
    if (!upto.n) return fail(cx, E_INTERNAL, "The table search_upto is empty");
    TRY(db_query(cx, &n, "SELECT count(*) FROM search_doc WHERE record > $1", V(db_int(&upto, 0, 0))));
    db->indexed = (struct db_indexed){db_int(&upto, 0, 0), true};
    atomic_store(&db->base->unindexed, db_int(&n, 0, 0));
    return E_OK;
}

/* row: record, entity, text */
static enum err index_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    int64_t *newest = arg;
    struct db_val v[] = {V(row_of(row[0].i)), row[2]};
    (void)cols;
    if (row[0].i > *newest) *newest = row[0].i;
    return db_run(cx, NULL, NULL, parts[db_search_part(row[1].s)].put, v, COUNT(v));
}

enum err db_search_index(struct cx *cx, void *unused)
{
    struct db *db = cx->db;
    (void)unused;
    TRY(upto_read(cx, db));
    int64_t newest = db->indexed.upto;
    struct db_val v[] = {V(newest)};
    TRY(db_each(cx,
                S("SELECT record, entity, text FROM search_doc WHERE record > $1"
                  " ORDER BY record DESC"), /* FTS5 begins a new segment at each rowid below the last */
                v, COUNT(v), index_row, &newest));
    if (newest != db->indexed.upto) {
        db->indexed.known = false; /* until the next transaction has seen that this one was kept */
        TRY(db_exec(cx, NULL, "UPDATE search_upto SET record = $1", V(newest)));
    }
    atomic_store(&db->base->unindexed, 0);
    return E_OK;
}

static enum err put_now(struct cx *cx, str entity, int64_t id, str text)
{
    struct db_rows was = {0};
    bool indexed = id <= cx->db->indexed.upto;
    TRY(db_query(cx, &was, "SELECT entity, text FROM search_doc WHERE record = $1", V(id)));
    if (was.n && str_eq(db_str(&was, 0, 1), text) && str_eq(db_str(&was, 0, 0), entity))
        return E_OK;
    if (was.n && indexed) {
        struct db_val v[] = {V(row_of(id)), V(db_str(&was, 0, 1))};
        TRY(db_run(cx, NULL, NULL, parts[db_search_part(db_str(&was, 0, 0))].del, v, COUNT(v)));
    }
    if (text.n && indexed) {
        struct db_val v[] = {V(row_of(id)), V(text)};
        TRY(db_run(cx, NULL, NULL, parts[db_search_part(entity)].put, v, COUNT(v)));
    }
    if (!indexed) atomic_fetch_add(&cx->db->base->unindexed, 1);
    return was.n || text.n ? doc_put(cx, entity, id, text) : E_OK;
}

enum err db_search_put(struct cx *cx, str entity, int64_t id, str old, str text)
{
    struct db *db = cx->db;
    (void)old; /* what stands in search_doc is what was indexed, whoever remembers it otherwise */
    assert(db_is_writing(cx));
    if (db_is_pg(cx)) return doc_put(cx, entity, id, text);
    struct db_later l = {id, db->later.n, arena_dup(db->later_a, entity), arena_dup(db->later_a, text)};
    *LIST_ADD(db->later_a, &db->later) = l;
    return E_OK;
}

/* The newest record first, FTS5 begins a new segment at each rowid below the last; of a record's texts the last. */
static int by_row(const void *a, const void *b)
{
    const struct db_later *x = a, *y = b;
    if (x->id != y->id) return x->id > y->id ? -1 : 1;
    return x->nth > y->nth ? -1 : x->nth < y->nth;
}

enum err db_search_flush(struct cx *cx, struct db *db)
{
    if (!db->later.n) return E_OK;
    enum err e = upto_read(cx, db);
    qsort(db->later.v, db->later.n, sizeof *db->later.v, by_row);
    for (size_t i = 0; e == E_OK && i < db->later.n; i++) {
        if (i && db->later.v[i].id == db->later.v[i - 1].id) continue;
        struct arena_mark m = arena_mark(cx->a);
        e = put_now(cx, db->later.v[i].entity, db->later.v[i].id, db->later.v[i].text);
        if (e == E_OK) arena_back(cx->a, m);
    }
    db->later.n = 0;
    if (e == E_OK && atomic_load(&db->base->unindexed) >= WAITING_MAX) e = db_search_index(cx, NULL);
    return e;
}

/* ---- asking ---- */

struct ask {
    const str *words;
    size_t n_words, max, left;
    size_t waiting; /* of the hits: found among the texts that are not in the index yet */
    str entity;
    const struct part *part;
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
    if (&parts[db_search_part(row[1].s)] != q->part) return E_OK; /* the short scan walks through all */
    for (size_t i = 0; i < q->waiting; i++)
        if (q->hits.v[i].id == row[0].i) return E_OK; /* indexed between the two looks */
    for (size_t i = 0; i < q->n_words; i++)
        if (!holds(row[2].s, q->words[i])) return E_OK;
    *LIST_ADD(cx->a, &q->hits) =
        (struct db_hit){row[0].i, arena_dup(cx->a, row[1].s), arena_dup(cx->a, row[2].s)};
    q->full = q->hits.n == q->max;
    return q->full ? E_LIMIT : E_OK;
}

static enum err ask_sqlite(struct cx *cx, struct ask *q, int64_t below)
{
    str match = {0};
    TRY(db_grams_match(cx, q->part->table, q->part->pages, q->words, q->n_words, &match));
    if (!match.n) {
        struct db_val v[] = {V(below), V(SHORT_SCAN)};
        q->left = SHORT_SCAN;
        return db_each(cx,
                       S("SELECT record, entity, text FROM search_doc WHERE record < $1"
                         " ORDER BY record DESC LIMIT $2"),
                       v, COUNT(v), on_row, q);
    }
    struct db_val wait[] = {V(below)}, v[] = {V(match), V(row_of(below))};
    TRY(db_each(cx,
                S("SELECT record, entity, text FROM search_doc WHERE record > (SELECT record FROM search_upto)"
                  " AND record < $1 ORDER BY record DESC"),
                wait, COUNT(wait), on_row, q));
    q->waiting = q->hits.n;
    return db_each(cx, q->part->ask, v, COUNT(v), on_row, q);
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
    } else buf_add(&sql, q->part->only);
    buf_add(&sql, S(" ORDER BY record DESC LIMIT $2"));
    struct db_rows r = {0};
    TRY(db_run(cx, &r, NULL, buf_str(&sql), v, n));
    for (size_t i = 0; i < r.n; i++)
        *LIST_ADD(cx->a, &q->hits) =
            (struct db_hit){db_int(&r, i, 0), db_str(&r, i, 1), db_str(&r, i, 2)};
    return E_OK;
}

enum err db_search(struct cx *cx, int part, str entity, const str *words, size_t n_words,
                   int64_t before, size_t max, struct db_hit **ret, size_t *ret_n)
{
    assert(part >= 0 && part < DB_SEARCH_PARTS);
    struct ask q = {.words = words,
                    .n_words = n_words,
                    .entity = entity,
                    .part = &parts[part],
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

/* ---- looking ---- */
static enum err doc_look(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct db_search_bad *bad = arg;
    (void)cx, (void)cols;
    if (row[3].t == DB_NULL || row[3].i == doc_sum(row[0].i, row[1].s, row[2].s)) return E_OK;
    if (!bad->n++) bad->first = row[0].i;
    return E_OK;
}

enum err db_search_verify(struct cx *cx, struct db_search_bad *ret)
{
    *ret = (struct db_search_bad){0};
    return db_each(cx, S("SELECT record, entity, text, sum FROM search_doc ORDER BY record"), NULL, 0, doc_look, ret);
}

/* ---- tidying ---- */
struct tidy {
    const struct part *part;
    int64_t pages, left;
};

static enum err tidy_step(struct cx *cx, void *arg)
{
    struct tidy *t = arg;
    struct db_rows r = {0};
    struct db_val v[] = {V(t->pages)};
    TRY(db_run(cx, NULL, NULL, t->part->merge, v, COUNT(v)));
    TRY(db_run(cx, &r, NULL, t->part->segments, NULL, 0));
    t->left = db_int(&r, 0, 0);
    return E_OK;
}

enum err db_search_tidy(struct cx *cx)
{
    if (!db_is_pg(cx)) TRY(db_write_bulk(cx, db_search_index, NULL));
    for (int i = 0; i < DB_SEARCH_PARTS && !db_is_pg(cx); i++) {
        struct tidy t = {.part = &parts[i], .pages = -TIDY_PAGES};
        for (int step = 0; step < TIDY_STEPS; step++) { /* the first one, with a minus, takes all segments in hand */
            struct arena_mark m = arena_mark(cx->a);
            TRY(db_write(cx, tidy_step, &t));
            arena_back(cx->a, m);
            if (t.left <= 1) break;
            t.pages = TIDY_PAGES;
        }
    }
    return E_OK;
}
