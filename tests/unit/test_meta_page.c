/* SPDX-License-Identifier: MIT */
/* Pages by key: each walk over all pages gives every record once, in the order that memory says, on both engines;
 * a foreign or broken cursor is refused. */
#include "meta/page.h"
#include "meta_filter_ents.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROWS = 120 };
struct row {
    int64_t id;
    struct val num, txt, name;
};
struct rows {
    struct row v[ROWS];
};

static uint64_t chance = 0x2545F4914F6CDD1Du;
static uint32_t roll(uint32_t n)
{
    chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
    return (uint32_t)(chance >> 33) % n;
}

static struct rows *rows_random(struct cx *cx)
{
    static const str texts[] = {S0(""), S0("a"), S0("B"), S0("b"), S0("ä"), S0("Щ"), S0("щ"), S0("\xF4\x8F\xBF\xBF"),
                                S0("'"), S0("a b")};
    static const int64_t ints[] = {INT64_MIN, -1, 0, 1, 7, INT64_MAX};
    struct rows *r = NEW(cx->a, struct rows);

    for (size_t i = 0; i < ROWS; i++) {
        struct row *w = &r->v[i];
        w->id = (int64_t)((i * 37) % ROWS) + 1;
        if (roll(4)) w->num = VAL_INT(ints[roll(COUNT(ints))]);
        if (roll(4)) w->txt = VAL_TEXT(texts[roll(COUNT(texts))]);
        if (roll(4)) w->name = VAL_TEXT(texts[roll(COUNT(texts))]);
    }
    return r;
}

static enum err rows_put(struct cx *cx, void *arg)
{
    const struct rows *r = arg;
    const char *text = db_is_pg(cx) ? "TEXT COLLATE \"C\"" : "TEXT";

    TRY(db_ddl(cx, arena_fmt(cx->a, "CREATE TABLE tf_thing (\"id\" @ID, num BIGINT, txt %s, name %s, name_f %s)", text,
                             text, text)));
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *w = &r->v[i];
        struct db_val num = w->num.t ? V(w->num.i) : DB_NONE, txt = w->txt.t ? V(w->txt.s) : DB_NONE;
        struct db_val name = DB_NONE, fold = DB_NONE;
        if (w->name.t) name = V(w->name.s), fold = V(filter_fold(cx->a, w->name.s));
        const struct db_val v[] = {V(w->id), num, txt, name, fold};
        TRY(db_run(cx, NULL, NULL, S("INSERT INTO tf_thing VALUES ($1, $2, $3, $4, $5)"), v, COUNT(v)));
    }
    return E_OK;
}

/* ---- what memory says ---- */
static const struct val *val_of(const struct row *w, const struct field *f)
{
    return f == &thing_f[NUM] ? &w->num : f == &thing_f[TXT] ? &w->txt : &w->name;
}

static bool is_before(struct cx *cx, const struct row *a, const struct row *b, const struct field *f, bool desc)
{
    if (!f) return a->id > b->id;
    struct val x = *val_of(a, f), y = *val_of(b, f);
    int sign = 0;
    if ((x.t == VT_NULL) != (y.t == VT_NULL)) return y.t == VT_NULL;
    if (x.t == VT_INT) sign = (x.i > y.i) - (x.i < y.i);
    if (f == &thing_f[NAME]) x.s = filter_fold(cx->a, x.s), y.s = filter_fold(cx->a, y.s);
    if (x.t == VT_TEXT) sign = str_cmp(x.s, y.s);
    if (!sign) sign = (a->id > b->id) - (a->id < b->id);
    return desc ? sign > 0 : sign < 0;
}

static str order_memory(struct cx *cx, const struct rows *r, const struct field *f, bool desc)
{
    const struct row *v[ROWS];
    struct buf b = buf_new(cx->a, 10000);

    for (size_t i = 0; i < ROWS; i++) {
        size_t k = i;
        for (; k && is_before(cx, &r->v[i], v[k - 1], f, desc); k--) v[k] = v[k - 1];
        v[k] = &r->v[i];
    }
    for (size_t i = 0; i < ROWS; i++) buf_fmt(&b, "%" PRId64 " ", v[i]->id);
    return buf_str(&b);
}

/* ---- what the pages say ---- */
static const struct row *row_of(const struct rows *r, int64_t id)
{
    for (size_t i = 0; i < ROWS; i++)
        if (r->v[i].id == id) return &r->v[i];
    assert(false && "an id that was never written");
    return NULL;
}

/* One page into b, at most `size` rows; the last one's id in *ret_last. */
static enum err page_read(struct cx *cx, const struct field *f, bool desc, str cursor, size_t size, struct buf *b,
                          int64_t *ret_last, size_t *ret_n)
{
    struct cursor c = {0};
    size_t n = 0;

    TRY(page_parse(cx, &ents[THING], f, desc, cursor, &c));
    do {
        struct sql q = sql_new(cx);
        struct db_rows rows = {0};
        sql_lit(&q, "SELECT t.id FROM tf_thing t WHERE ");
        page_sql(cx, f, desc, &c, S("t"), &q);
        page_order(f, desc, &c, S("t"), &q);
        sql_lit(&q, " LIMIT ");
        sql_val(cx, &q, V((int64_t)(size - n)));
        TRY(sql_run(cx, &q, &rows, NULL));
        for (size_t i = 0; i < rows.n; i++) buf_fmt(b, "%" PRId64 " ", *ret_last = db_int(&rows, i, 0));
        n += rows.n;
    } while (n < size && page_rest(f, &c));
    *ret_n = n;
    return E_OK;
}

static void walk(struct cx *cx, const struct rows *r, const struct field *f, bool desc, size_t size)
{
    struct buf b = buf_new(cx->a, 10000);
    str cursor = S("");
    size_t pages = 0, n = size;

    for (; n == size && pages <= ROWS + 1; pages++) {
        int64_t last = 0;
        if (!T_OK(cx, page_read(cx, f, desc, cursor, size, &b, &last, &n))) return;
        if (!n) break;
        struct cursor c = page_behind(cx, f, f ? val_of(row_of(r, last), f) : NULL, last);
        cursor = page_text(cx, &ents[THING], f, desc, &c);
    }
    T(pages <= ROWS + 1);
    T_STR(buf_str(&b), order_memory(cx, r, f, desc));
}

static void on_engine(str url)
{
    static const struct field *const sorts[] = {NULL, &thing_f[NUM], &thing_f[TXT], &thing_f[NAME]};
    static const size_t sizes[] = {1, 7, ROWS, ROWS + 1};
    struct cx cx = t_cx();
    struct meta m = describe(&cx);
    struct dbase *base = NULL;
    const struct db_opts o = {.url = url, .create = true};

    cx.meta = &m;
    if (!T_OK(&cx, dbase_open(&cx, &o, &base))) return;
    cx.db = db_get(base);
    struct rows *r = rows_random(&cx);
    if (T_OK(&cx, db_write(&cx, rows_put, r)))
        for (size_t i = 0; i < COUNT(sorts) * COUNT(sizes) * 2; i++)
            walk(&cx, r, sorts[i / 2 / COUNT(sizes)], i % 2, sizes[i / 2 % COUNT(sizes)]);
    db_put(&cx.db);
    dbase_close(&base);
    t_cx_free(&cx);
}

static void pages_on_sqlite(void)
{
    char dir[] = "/tmp/kontor-page-XXXXXX";
    struct cx cx = t_cx();

    T(mkdtemp(dir) != NULL);
    on_engine(arena_fmt(cx.a, "sqlite:%s/t.db", dir));
    T(system(arena_z(cx.a, arena_fmt(cx.a, "rm -r %s", dir))) == 0);
    t_cx_free(&cx);
}

static void pg_do(const char *url, const char *sql)
{
    PGconn *c = PQconnectdb(url);
    PGresult *r = PQexec(c, sql);
    T(PQresultStatus(r) == PGRES_COMMAND_OK);
    PQclear(r);
    PQfinish(c);
}

static void pages_on_postgresql(void)
{
    const char *url = getenv("KONTOR_TEST_PG");
    struct cx cx = t_cx();

    if (url) {
        pg_do(url, "CREATE SCHEMA kontor_page");
        on_engine(arena_fmt(cx.a, "%s?options=-csearch_path%%3Dkontor_page", url));
        pg_do(url, "DROP SCHEMA kontor_page CASCADE");
    } else fprintf(stderr, "meta_page: KONTOR_TEST_PG is not set, PostgreSQL left out\n");
    t_cx_free(&cx);
}

static void foreign_cursors(void)
{
    struct cx cx = t_cx();
    struct meta m = describe(&cx);
    const struct entity *e = &ents[THING];
    const struct field *num = &thing_f[NUM], *name = &thing_f[NAME];
    struct cursor c = page_behind(&cx, num, &VAL_INT(-5), 77), back = {0};
    str text = page_text(&cx, e, num, true, &c);

    cx.meta = &m;
    T_OK(&cx, page_parse(&cx, e, num, true, text, &back));
    T(back.behind && !back.rest && back.id == 77 && back.v.t == VT_INT && back.v.i == -5);
    T_INT(page_parse(&cx, e, num, false, text, &back), E_INVALID);
    T_STR(cx.at, S("cursor"));
    T_INT(page_parse(&cx, e, name, true, text, &back), E_INVALID);
    T_INT(page_parse(&cx, e, NULL, true, text, &back), E_INVALID);
    T_INT(page_parse(&cx, &ents[OTHER_E], &other_f[O_NUM], true, text, &back), E_INVALID);
    for (size_t i = 1; i < text.n; i++) T_INT(page_parse(&cx, e, num, true, str_cut(text, 0, i), &back), E_INVALID);
    static const char *const junk[] = {"A", "====", "\xFF\xFF", "'; DROP TABLE x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < COUNT(junk); i++) T_INT(page_parse(&cx, e, num, true, str_from(junk[i]), &back), E_INVALID);
    c = (struct cursor){.behind = true, .v = VAL_TEXT(((str){"a\0b", 3})), .id = 1};
    T_INT(page_parse(&cx, e, name, true, page_text(&cx, e, name, true, &c), &back), E_INVALID);
    c.v = VAL_TEXT(((str){"\xFF", 1}));
    T_INT(page_parse(&cx, e, name, true, page_text(&cx, e, name, true, &c), &back), E_INVALID);
    c.v = VAL_INT(3);
    T_INT(page_parse(&cx, e, name, true, page_text(&cx, e, name, true, &c), &back), E_INVALID);
    t_cx_free(&cx);
}

TESTS("meta_page", foreign_cursors, pages_on_sqlite, pages_on_postgresql)
