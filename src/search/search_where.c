/* SPDX-License-Identifier: MIT */
/* search/search_where.c - typed words as a condition in SQL: all that match, where search_find gives the best alone.
 *
 * Both ask the same words to be there, those of one or two letters at the beginning of a word. Where no word is longer
 * the index of trigrams cannot help: rows are looked at one by one until a page is full. */
#include "search/find_int.h"

enum { WORD_BYTES = 120, INDEX_WORDS = 10 };
static const str word_ends = S0(" \n-.,;:@_/()+&'\"#");

static str like(struct cx *cx, const char *before, str word, const char *after)
{
    struct buf b = buf_new(cx->a, 4096);
    buf_add(&b, str_from(before));
    for (size_t i = 0; i < word.n; i++) {
        if (memchr("%_\\", word.p[i], 3)) buf_byte(&b, '\\');
        buf_byte(&b, word.p[i]);
    }
    buf_add(&b, str_from(after));
    return buf_str(&b);
}

enum where { IN_TEXT, IN_TITLE_OF_TEXT, IN_COLUMN };
struct place { /* where a word may stand */
    enum where where;
    str col;           /* IN_COLUMN: of t */
    const char *after; /* LIKE: what follows; the tokens end the text */
};

static void place_put(struct cx *cx, const struct place *p, struct sql *s)
{
    if (p->where == IN_COLUMN) sql_col(s, S("t"), p->col);
    else if (p->where == IN_TEXT) sql_lit(s, "d.text");
    else if (db_is_pg(cx)) sql_lit(s, "split_part(d.text, chr(10), 1)");
    else sql_lit(s, "substr(d.text, 1, instr(d.text, char(10)) - 1)");
}

static void like_put(struct cx *cx, struct sql *s, const struct place *p, str pattern)
{
    place_put(cx, p, s);
    sql_lit(s, " LIKE ");
    sql_val(cx, s, V(pattern));
    sql_lit(s, " ESCAPE '\\'");
}

/* ---- the search text: title, rest, tokens ---- */
static void begins_put(struct cx *cx, str w, const struct place *p, struct sql *s)
{
    like_put(cx, s, p, like(cx, "", w, p->after));
    for (size_t i = 0; i < word_ends.n; i++) {
        char c = word_ends.p[i], before[4] = {'%', c, 0, 0};
        if (c == '_') memcpy(before, "%\\_", 3);
        sql_lit(s, " OR ");
        like_put(cx, s, p, like(cx, before, w, p->after));
    }
}

static void word_put(struct cx *cx, const struct fold_word *w, const struct place *p, struct sql *s)
{
    if (!is_short(w)) {
        like_put(cx, s, p, like(cx, "%", w->key, p->after));
        return;
    }
    sql_lit(s, "(");
    begins_put(cx, w->text, p, s);
    if (w->key.n && !str_eq(w->text, w->key)) {
        sql_lit(s, " OR ");
        begins_put(cx, w->key, p, s);
    }
    sql_lit(s, ")");
}

static void words_put(struct cx *cx, const struct ask *q, const struct entity *e, bool title_only,
                      struct sql *s)
{
    static const char tokens[] = {'%', '\n', TOKEN_ENTITY, '%', 0};
    struct place p = {.where = IN_TEXT, .after = tokens};
    if (title_only) p = (struct place){.where = IN_TITLE_OF_TEXT, .after = "%"};
    sql_lit(s, "d.entity = ");
    sql_val(cx, s, V(e->name));
    for (size_t i = 0; i < q->n; i++) {
        sql_lit(s, " AND ");
        word_put(cx, &q->w[i], &p, s);
    }
}

/* What the index can be asked for: the words long enough, cut to what it takes. */
static str index_match(struct cx *cx, const struct ask *q, const struct entity *e)
{
    str w[INDEX_WORDS + 1];
    size_t n = 0;
    w[n++] = token_entity(cx->a, e);
    for (size_t i = 0; i < q->n && n <= INDEX_WORDS; i++) {
        if (is_short(&q->w[i])) continue;
        size_t end = q->w[i].key.n > WORD_BYTES ? WORD_BYTES : q->w[i].key.n;
        while (end < q->w[i].key.n && end && (q->w[i].key.p[end] & 0xC0) == 0x80) end--;
        w[n++] = str_cut(q->w[i].key, 0, end);
    }
    return db_search_match(cx, w, n);
}

static void by_text(struct cx *cx, const struct ask *q, const struct entity *e, bool walk,
                    bool title_only, struct sql *s)
{
    if (walk) {
        sql_lit(s, "EXISTS (SELECT 1 FROM search_doc d WHERE d.record = t.id AND ");
    } else if (db_is_pg(cx)) {
        sql_lit(s, "t.id IN (SELECT d.record FROM search_doc d WHERE ");
    } else {
        str table = db_search_table(e->name);
        sql_lit(s, "t.id IN (SELECT d.record FROM search_doc d WHERE d.record > (SELECT record FROM search_upto) AND ");
        words_put(cx, q, e, title_only, s);
        sql_lit(s, " UNION ALL SELECT d.record FROM ");
        sql_name(s, table);
        sql_lit(s, " f CROSS JOIN search_doc d ON d.record = ~f.rowid WHERE ");
        sql_name(s, table);
        sql_lit(s, " MATCH ");
        sql_val(cx, s, V(index_match(cx, q, e)));
        sql_lit(s, " AND ");
    }
    words_put(cx, q, e, title_only, s);
    sql_lit(s, ")");
}

/* ---- titles alone ---- */
static void title_way(struct cx *cx, const struct ask *q, str col, str first, struct sql *s)
{
    struct place p = {IN_COLUMN, col, "%"};
    sql_lit(s, "(");
    place_put(cx, &p, s);
    sql_lit(s, " >= ");
    sql_val(cx, s, V(first));
    sql_lit(s, " AND ");
    place_put(cx, &p, s);
    sql_lit(s, " < ");
    sql_val(cx, s, V(arena_fmt(cx->a, "%.*s\xF4\x8F\xBF\xBF", FS(first))));
    for (size_t i = 1; i < q->n; i++) {
        sql_lit(s, " AND ");
        word_put(cx, &q->w[i], &p, s);
    }
    sql_lit(s, ")");
}

static void by_title(struct cx *cx, const struct ask *q, const struct entity *e, struct sql *s)
{
    const struct field *t = &e->f[e->title];
    const struct fold_word *w = &q->w[0];
    str way[3] = {w->text, str_eq(w->text, w->key) ? S("") : w->key, cyrillic_start(cx->a, w->text)};
    sql_lit(s, "(1 = 0");
    for (size_t i = 0; t->kind->store == ST_FOLDED && i < COUNT(way); i++) {
        if (!way[i].n) continue;
        sql_lit(s, " OR ");
        title_way(cx, q, t->col2, way[i], s);
    }
    sql_lit(s, ")");
}

/* ---- which reading ---- */
static void condition(struct cx *cx, const struct ask *q, const struct entity *e, bool walk,
                      struct sql *s)
{
    if (!acl_field_read(cx, &e->f[e->title])) {
        sql_lit(s, "(1 = 0)");
        return;
    }
    sql_lit(s, "(");
    if (q->all_short || !e->search) by_title(cx, q, e, s);
    if (q->all_short && e->search) sql_lit(s, " OR ");
    if (e->search) by_text(cx, q, e, walk || q->all_short, hides_something(cx, e), s);
    sql_lit(s, ")");
}

static enum err finds(struct cx *cx, const struct ask *q, const struct entity *e, bool *ret)
{
    struct sql s = sql_new(cx);
    struct db_rows r = {0};
    sql_lit(&s, "SELECT 1 FROM ");
    sql_name(&s, e->table);
    sql_lit(&s, " t WHERE ");
    seen_sql(cx, e, S("t"), &s);
    sql_lit(&s, " AND ");
    condition(cx, q, e, false, &s);
    sql_lit(&s, " LIMIT 1");
    TRY(sql_run(cx, &s, &r, NULL));
    *ret = r.n > 0;
    return E_OK;
}

enum err search_where(struct cx *cx, str q, const struct entity *e, bool walk, struct sql *ret)
{
    if (q.n > 4 * QUERY_CHARS || utf8_len(q) > QUERY_CHARS)
        return fail(cx, E_BAD, "A search has at most %d characters", QUERY_CHARS);
    struct asks as = asks_of(cx, q);
    size_t v = 0;
    for (bool any = false; v + 1 < as.n; v++) { /* a number's first reading that finds something */
        TRY(finds(cx, &as.v[v], e, &any));
        if (any) break;
    }
    if (as.n) condition(cx, &as.v[v], e, walk, ret);
    else sql_lit(ret, "(1 = 0)");
    return E_OK;
}
