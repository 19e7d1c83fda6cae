/* SPDX-License-Identifier: MIT */
/* A whole installation between the engines, both ways: rows, own fields, extremes, search, followers, proof. */
#include "backup/backup_int.h"
#include "backup/move.h"
#include "backup/verify.h"
#include "bed.h"
#include "fmt/fold.h"
#include "record/record.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

static const struct json *parsed(struct cx *cx, str text)
{
    const struct json *j = NULL;
    T_OK(cx, json_parse(cx, text, &j));
    return j;
}

static int64_t create(struct cx *cx, const char *entity, str json)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct set *s = NULL;
    struct written w = {0};
    size_t n = 0;
    T_OK(cx, record_sets(cx, e, parsed(cx, json), &s, &n));
    T_OK(cx, record_create(cx, e, 0, s, n, &w));
    return w.id;
}

static enum err own_fields(struct cx *cx, void *arg)
{
    str name = {0};
    int many = *(const int *)arg;
    TRY(meta_field_add(
        cx, parsed(cx, S("{\"entity\":\"person\",\"label\":\"Umsatz 2025\",\"kind\":\"money\"}")),
        &name));
    TRY(meta_field_add(
        cx,
        parsed(cx, S("{\"entity\":\"person\",\"label\":\"Farbe der Augen\",\"kind\":\"text\"}")),
        &name));
    for (int i = 0; i < many; i++)
        TRY(meta_field_add(
            cx,
            parsed(cx, arena_fmt(cx->a,
                                 "{\"entity\":\"company\",\"label\":\"Wide %d\",\"kind\":\"text\"}",
                                 i)),
            &name));
    return E_OK;
}

/* What the API would refuse may still stand in an old base: extremes go straight into tables. */
static enum err extremes(struct cx *cx, void *arg)
{
    (void)arg;
    static const char *const text[] = {"", " ", "\xF0\x9F\x98\x80 Ł ё ß \xE2\x80\xA8",
                                       "a'b\"c\\d$1 %s\t\n\r", "\x01\x7F"};
    static const int64_t n[] = {INT64_MIN, INT64_MAX, -1, 0, 1};
    for (size_t i = 0; i < COUNT(text); i++)
        TRY(db_exec(
            cx, NULL,
            "INSERT INTO mapping(id, name, json, created_by, at) VALUES($1, $2, $3, $4, $5)",
            V(n[i]), V(str_from(text[i])), i % 2 ? DB_NONE : V(str_from(text[i])),
            V(n[COUNT(n) - 1 - i]), DB_NONE));
    TRY(db_exec(cx, NULL,
                "INSERT INTO setting(key, value) VALUES('', NULL), ('Ключ', 'Значение'), ('a', "
                "''), ('B', 'x')"));
    TRY(db_exec(cx, NULL,
                "INSERT INTO dup_key(record, entity, key) VALUES(1, 'x', 'k'), (2, 'x', 'k'), (1, "
                "'x', 'ß')"));
    TRY(db_exec(cx, NULL, "INSERT INTO session(token, user_id) VALUES('t', 1)"));
    return db_exec(cx, NULL, "INSERT INTO follower(name, seq, xid, at) VALUES('new', 0, 0, 1)");
}

struct place {
    int64_t xid, seq;
};
static enum err follower_put(struct cx *cx, void *arg)
{
    const struct place *p = arg;
    return db_exec(cx, NULL,
                   "INSERT INTO follower(name, seq, xid, at) VALUES('half', $1, $2, NULL)",
                   V(p->seq), V(p->xid));
}

static void fill(struct bed *t, int many)
{
    struct cx *cx = &t->cx;
    int64_t firm = 0, last = 0;
    T_OK(cx, db_write(cx, own_fields, &many));
    bed_reload(t);
    for (int i = 0; i < 400; i++) {
        struct arena_mark m = arena_mark(cx->a);
        if (i % 10 == 0)
            firm = create(
                cx, "company",
                arena_fmt(cx->a, "{\"name\":\"Firma %d GmbH\",\"kinds\":[\"customer\"]%s}", i,
                          many ? ",\"x_wide_1\":\"one\",\"x_wide_250\":\"far out\"" : ""));
        last = create(cx, "person",
                      arena_fmt(cx->a,
                                "{\"name\":\"Müller Łukasz ё %d\",\"company\":\"%" PRId64 "\","
                                "\"mails\":[{\"typed\":\"a%d@example.com\"}]%s}",
                                i, firm, i,
                                i % 3 ? ",\"birthday\":\"1970-01-31\",\"x_umsatz_2025\":{"
                                        "\"amount\":\"-92233720368547.07\",\"currency\":\"EUR\"}"
                                      : ""));
        arena_back(cx->a, m);
        if (i != 200) continue;
        struct db_pos pos = {0};
        struct db_rows r = {0};
        for (size_t n = 1; n;) {
            T_OK(cx, db_changes(cx, &pos, 1000, &r));
            n = r.n;
        }
        struct place p = {pos.xid, pos.seq};
        T_OK(cx, db_write(cx, follower_put, &p));
    }
    struct written w = {0};
    T_OK(cx, record_delete(cx, ENT(cx, "person"), last, 0, &w));
    T_OK(cx, db_write(cx, extremes, NULL));
}

/* PostgreSQL's horizon is the whole server's: another test's transaction may hold our own rows back for a while. */
static void settle(struct cx *cx)
{
    int64_t horizon = 0, held = 1;
    for (int i = 0; db_is_pg(cx) && held && i < 600; i++) {
        struct db_rows r = {0};
        if (i) (void)usleep(50000);
        T_OK(cx, db_horizon(cx, &horizon));
        T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM change WHERE xid >= $1", V(horizon)));
        held = db_int(&r, 0, 0);
    }
}

static int64_t unread(struct cx *cx, const char *follower)
{
    struct db_rows r = {0};
    settle(cx);
    T_OK(cx,
         db_query(cx, &r, "SELECT xid, seq FROM follower WHERE name = $1", V(str_from(follower))));
    struct db_pos pos =
        r.n ? (struct db_pos){db_int(&r, 0, 0), db_int(&r, 0, 1)} : (struct db_pos){0};
    int64_t n = 0;
    do {
        T_OK(cx, db_changes(cx, &pos, 500, &r));
        n += (int64_t)r.n;
    } while (r.n);
    return n;
}

static struct dbase *fresh(struct bed *t, bool pg, const char *name)
{
    struct dbase *b = NULL;
    str url = arena_fmt(t->cx.a, "sqlite:%.*s/%s.db", FS(t->folder), name);
    if (pg) {
        PGconn *c = PQconnectdb(getenv("KONTOR_TEST_PG"));
        str db = arena_fmt(t->cx.a, "%.*s-%s", FS(str_cut(t->folder, 5, t->folder.n)), name);
        PGresult *r = PQexec(c, arena_fmt(t->cx.a, "CREATE DATABASE \"%.*s\"", FS(db)).p);
        T(PQresultStatus(r) == PGRES_COMMAND_OK);
        PQclear(r);
        PQfinish(c);
        url = arena_fmt(t->cx.a, "%s/%.*s", getenv("KONTOR_TEST_PG"), FS(db));
    }
    struct db_opts o = {.url = url, .create = true, .readers = 3};
    T_OK(&t->cx, dbase_open(&t->cx, &o, &b));
    return b;
}

static void fresh_end(struct bed *t, struct dbase **b, const char *name)
{
    bool pg = dbase_is_pg(*b);
    dbase_close(b);
    if (!pg) return;
    PGconn *c = PQconnectdb(getenv("KONTOR_TEST_PG"));
    str db = arena_fmt(t->cx.a, "%.*s-%s", FS(str_cut(t->folder, 5, t->folder.n)), name);
    PQclear(PQexec(c, arena_fmt(t->cx.a, "DROP DATABASE \"%.*s\" WITH (FORCE)", FS(db)).p));
    PQfinish(c);
}

static enum err one_more(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "INSERT INTO setting(key, value) VALUES('later', 'x')");
}

/* The moved base works: verify is content, search finds, followers go on where they stood, a write succeeds. */
static void works(struct bed *t, struct dbase *b, int64_t half, int64_t all)
{
    struct cx cx = t->cx;
    struct verify_report v = {0};
    struct db_hit *hit = NULL;
    struct meta *m = NULL;
    size_t n = 0;
    str word = S("lukasz");
    cx.db = db_get(b);
    T_OK(&cx, verify_base(&cx, b, NULL, &v));
    T(v.ok);
    for (size_t i = 0; i < v.n; i++)
        fprintf(stderr, "%.*s %.*s: %.*s\n", FS(v.v[i].what), FS(v.v[i].where), FS(v.v[i].text));
    T_OK(&cx, db_search(&cx, db_search_part(S("person")), S("person"), &word, 1, 0, 1000, &hit, &n));
    T_INT((int64_t)n, 399);
    T_INT(unread(&cx, "half"), half);
    T_INT(unread(&cx, "new"), all);
    T_OK(&cx, meta_load(&cx, &m));
    cx.meta = m;
    struct record r = {0};
    int64_t id =
        create(&cx, "person", S("{\"name\":\"Nach dem Umzug\",\"x_farbe_der_augen\":\"grün\"}"));
    T_OK(&cx, record_get(&cx, ENT(&cx, "person"), id, &r));
    T_INT(unread(&cx, "half"), half + 1);
    T_OK(&cx, db_write(&cx, one_more, NULL));
    meta_drop(&m);
    db_put(&cx.db);
}

static void and_on(struct bed *t, struct dbase *from, const struct move_report *first, bool pg,
                   int64_t half)
{
    struct cx *cx = &t->cx;
    struct dbase *to = fresh(t, pg, "on");
    struct move_report r = {0};
    T_OK(cx, move_run(cx, from, to, NULL, &r));
    T(r.equal && r.to_pg == pg);
    T_INT((int64_t)r.n_tables, (int64_t)first->n_tables);
    for (size_t i = 0; i < r.n_tables; i++)
        if (!str_eq(r.tables[i].table,
                    S("follower")) && /* its place in the log has another name on the way */
            memcmp(&r.tables[i].to, &first->tables[i].from, sizeof r.tables[i].to) != 0) {
            T_STR(r.tables[i].table, S("a table that came through unchanged"));
        }
    works(t, to, half, unread(cx, "new"));
    T(move_run(cx, from, to, NULL, &r) == E_PRECOND);
    T(str_find(cx->msg, S("not empty")) >= 0);
    fresh_end(t, &to, "on");
}

static void there_and_on(struct bed *t, bool to_pg, bool on_pg, int many)
{
    struct cx *cx = &t->cx;
    struct move_report r = {0};
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    fill(t, many);
    int64_t half = unread(cx, "half");
    struct dbase *to = fresh(t, to_pg, "to");
    if (!T_OK(cx, move_run(cx, t->b, to, NULL, &r))) return fresh_end(t, &to, "to");
    T(r.equal && !r.unlike.n);
    T(r.rows > 1500);
    move_json(cx, &r, &w);
    T(str_find(buf_str(&b), S("\"table\":\"x_")) < 0 &&
      str_find(buf_str(&b), S("\"table\":\"session\"")) < 0);
    (void)parsed(cx, buf_str(&b));
    and_on(t, to, &r, on_pg, half);
    works(t, to, half, unread(cx, "new"));
    fresh_end(t, &to, "to");
}

static void all_ways(void)
{
    bool pg = getenv("KONTOR_TEST_PG") != NULL;
    struct bed t = bed_make(false);
    there_and_on(&t, pg, false, 255);
    bed_end(&t);
    if (!pg) return;
    t = bed_make(true);
    there_and_on(&t, false, true, 0);
    bed_end(&t);
}

static enum err foreign(struct cx *cx, void *arg)
{
    (void)arg;
    return db_ddl(cx, S("CREATE TABLE orders(id @ID)"));
}

static void refused(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct move_report r = {0};
    struct dbase *to = fresh(t, db_is_pg(cx), "to");
    struct cx side = *cx;
    T(move_run(cx, t->b, t->b, NULL, &r) == E_PRECOND);
    T(move_run(cx, to, t->b, NULL, &r) == E_PRECOND);
    T_STR(cx->msg, S("the source holds no data of Kontor"));
    side.db = db_get(to);
    T_OK(&side, db_write(&side, foreign, NULL));
    db_put(&side.db);
    T(move_run(cx, t->b, to, NULL, &r) == E_PRECOND);
    T_STR(cx->msg, S("the target is not empty: it has a table \"orders\""));
    fresh_end(t, &to, "to");
}

/* Each statement fails once: an error or a proven copy, never a silent difference. */
static void torture(struct bed *t)
{
    struct cx *cx = &t->cx;
    create(cx, "company", S("{\"name\":\"Firma\"}"));
    bool through = false;
    for (int64_t nth = 1; nth < 4000 && !through; nth += 23) {
        struct move_report r = {0};
        str path = arena_fmt(cx->a, "%.*s/tort.db", FS(t->folder));
        struct dbase *to = fresh(t, false, "tort");
        db_fault_at(t->b, nth);
        enum err e = move_run(cx, t->b, to, NULL, &r);
        db_fault_at(t->b, 0);
        T(e == E_OK ? r.equal : e == E_BUSY);
        through = e == E_OK;
        dbase_close(&to);
        (void)unlink(path.p);
    }
    T(through);
}

static void sums(void)
{
    struct column col[2] = {{.name = S("id")}, {.name = S("x")}};
    struct table t = {.col = col, .n = 2, .n_keys = 1};
    const struct db_val rows[][2] = {
        {V(1), DB_NONE}, {V(1), V(S(""))}, {V(1), V(0)}, {V(1), V(S("0"))}, {V(2), DB_NONE}};
    struct table_sum there = {0}, back = {0};
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t k = 0; k < COUNT(rows); k++) {
            struct table_sum a = {0}, b = {0};
            row_sum(&t, rows[i], &a);
            row_sum(&t, rows[k], &b);
            T((memcmp(&a, &b, sizeof a) == 0) == (i == k));
        }
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_sum(&t, rows[i], &there);
        row_sum(&t, rows[COUNT(rows) - 1 - i], &back);
    }
    T(memcmp(&there, &back, sizeof there) == 0);
    T_INT(there.rows, 5);
}

static void refused_both(void) { bed_both(refused); }
static void torture_both(void) { bed_both(torture); }

TESTS("backup_move", sums, all_ways, refused_both, torture_both)
