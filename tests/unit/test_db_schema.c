/* SPDX-License-Identifier: MIT */
/* db: migrations, opening, what the door refuses, search, the log's followers, copies, ids, on both engines. */
#include "test_db_bed.h"

static const struct db_step two_steps[] = {
    {1, STEP_BOTH, S0("CREATE TABLE a(id @ID, text TEXT)")},
    {1, STEP_BOTH, S0("CREATE TABLE change(seq @ID, at BIGINT@XID)")},
    {2, STEP_BOTH, S0("ALTER TABLE a ADD COLUMN b BIGINT")},
    {2, STEP_PG_MAY, S0("CREATE EXTENSION no_such_extension")},
};
static void test_migrate(void)
{
    struct bed t = bed_make((struct db_opts){0});
    int from = -1, to = -1, v = -1;
    bool has = true;
    T_OK(&t.cx, db_schema_version(&t.cx, &v));
    T_INT(v, 0);
    T_OK(&t.cx, db_migrate_with(&t.cx, t.b, two_steps, 2, NULL, &from, &to));
    T_INT(from * 10 + to, 1);
    T_OK(&t.cx, db_has_column(&t.cx, S("a"), S("b"), &has));
    T(!has);
    T_OK(&t.cx, db_migrate_with(&t.cx, t.b, two_steps, 4, NULL, &from, &to));
    T_INT(from * 10 + to, 12);
    T_OK(&t.cx, db_has_column(&t.cx, S("a"), S("b"), &has));
    T(has);
    T_OK(&t.cx, db_migrate_with(&t.cx, t.b, two_steps, 4, NULL, &from, &to));
    T_INT(from * 10 + to, 22);
    T(db_migrate_with(&t.cx, t.b, two_steps, 2, NULL, &from, &to) == E_PRECOND);
    if (!pg_server) { /* the way back lies beside the file */
        struct db_report r = {0};
        T_OK(&t.cx, dbase_check(&t.cx, arena_fmt(t.cx.a, "%.*s/k.db.before-2", FS(t.folder)), &r));
        T(r.integrity_ok && r.schema == 1);
    }
    bed_end(&t);
}

/* ---- an upgrade tells how far it is ---- */
#define BOTH(n, sql)   {n, STEP_BOTH, S0(sql)},
#define SQLITE(n, sql) {n, STEP_SQLITE, S0(sql)},
#define PG(n, sql)     {n, STEP_PG, S0(sql)},
#define PG_MAY(n, sql) {n, STEP_PG_MAY, S0(sql)},
static const struct db_step all_steps[] = {
#include "db/schema.def"
};

struct heard {
    int calls[DB_TABLES + 1], order;
    enum db_phase last;
    int64_t done, total;
};
static void hear(void *arg, enum db_phase phase, int64_t done, int64_t total)
{
    struct heard *h = arg;
    T(phase >= h->last && done <= total);
    h->calls[phase]++;
    h->last = phase;
    h->done = done;
    h->total = total;
    if (phase == DB_CHANGING) T(done < total);
}

/* A base of the form before this one, then this one. */
static void upgrade(bool no_copy)
{
    struct bed t = bed_make((struct db_opts){0});
    struct heard h = {0};
    struct db_upgrade how = {.no_copy = no_copy, .at = hear, .arg = &h};
    int from = 0, to = 0;
    size_t n = COUNT(all_steps);
    while (all_steps[n - 1].n == db_schema_latest()) n--;
    T_OK(&t.cx, db_migrate_with(&t.cx, t.b, all_steps, n, &how, &from, &to));
    for (size_t i = 0; i < COUNT(h.calls); i++) T_INT(h.calls[i], 0); /* empty: nothing to wait for */
    T_OK(&t.cx, db_migrate_how(&t.cx, t.b, &how, &from, &to));
    T_INT(to, db_schema_latest());
    T_INT(to - from, 1);
    bool any = false; /* a step may be of one engine alone */
    for (size_t i = n; i < COUNT(all_steps); i++)
        any |= all_steps[i].on == STEP_BOTH || (all_steps[i].on != STEP_SQLITE) == (pg_server != NULL);
    T((h.calls[DB_CHANGING] > 0) == any);
    T(!any || (h.last == DB_CHANGING && h.done == h.total - 1));
    T((h.calls[DB_COPYING] > 0) == (!pg_server && !no_copy));
    T((h.calls[DB_CHECKING] > 0) == (!pg_server && !no_copy));
    const char *copy = arena_fmt(t.cx.a, "%.*s/k.db.before-%d", FS(t.folder), to).p;
    T((access(copy, F_OK) == 0) == (!pg_server && !no_copy));
    bed_end(&t);
}
static void test_upgrade(void)
{
    upgrade(false);
    upgrade(true);
}

static enum err from_the_future(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "INSERT INTO migration(n, name, at) VALUES(99, 'later', 0)");
}
static enum err has_all(struct cx *cx)
{
    static const char *const table[] = {
        "setting",    "change",      "batch",      "contact_point", "link",          "dup_key",
        "dup_reject", "redirect",    "session",    "credential",    "login_attempt", "idem",
        "counter",    "job",         "follower",   "file",          "mapping",       "proposal",
        "search_doc", "meta_entity", "meta_field", "migration"};
    for (size_t i = 0; i < COUNT(table); i++) {
        bool has = false;
        TRY(db_has_table(cx, str_from(table[i]), &has));
        T(has);
    }
    return E_OK;
}
static void test_schema(void)
{
    struct bed t = bed_make((struct db_opts){0});
    int from = -1, to = -1;
    struct dbase *other = NULL;
    bool has = true;
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    T_INT(from, 0);
    T_INT(to, db_schema_latest());
    T_OK(&t.cx, has_all(&t.cx));
    T_OK(&t.cx, db_has_table(&t.cx, S("nothing"), &has));
    T(!has);
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    T_INT(from, to);
    T_OK(&t.cx, db_write(&t.cx, from_the_future, NULL));
    T(db_migrate(&t.cx, t.b, &from, &to) == E_PRECOND);
    T(dbase_open(&t.cx, &(struct db_opts){.url = t.url, .readers = 1}, &other) == E_PRECOND);
    T(!other);
    bed_end(&t);
}

static void test_open(void)
{
    struct cx cx = t_cx();
    struct dbase *b = NULL;
    T(dbase_open(&cx, &(struct db_opts){.url = S("mysql://x")}, &b) == E_INVALID);
    T(dbase_open(&cx, &(struct db_opts){.url = S("")}, &b) == E_INVALID);
    T(dbase_open(&cx, &(struct db_opts){.url = S("sqlite:")}, &b) == E_INVALID);
    T(dbase_open(&cx, &(struct db_opts){.url = S("sqlite:/no/such/file")}, &b) == E_NOTFOUND);
    T(dbase_open(&cx, &(struct db_opts){.url = S("sqlite:/etc/passwd"), .read_only = true}, &b) ==
      E_INTERNAL);
    T(dbase_open(&cx, &(struct db_opts){.url = S("postgresql://nobody@127.0.0.1:1/x")}, &b) ==
      E_BUSY);
    T(!b);
    dbase_close(&b);
    struct bed t = bed_things((struct db_opts){0});
    if (!pg_server) {
        struct stat st = {0};
        T(stat(t.url.p + 7, &st) == 0 && (st.st_mode & 0777) == 0600);
        T_OK(&cx,
             dbase_open(&cx, &(struct db_opts){.url = t.url, .read_only = true, .readers = 1}, &b));
        cx.db = db_get(b);
        T_INT(count(&cx), 0);
        T(db_write(&cx, make_table, NULL) == E_DENIED);
        db_put(&cx.db);
        dbase_close(&b);
    }
    bed_end(&t);
    t_cx_free(&cx);
}

struct bad_sql {
    str sql;
    enum err got;
};
static enum err run_bad(struct cx *cx, void *arg)
{
    struct bad_sql *q = arg;
    return q->got = db_run(cx, NULL, NULL, q->sql, NULL, 0);
}
static void test_refuses(void)
{
    static const str bad[] = {S0("DROP TABLE thing"),
                              S0("CREATE TABLE x(a BIGINT)"),
                              S0("ALTER TABLE thing ADD y TEXT"),
                              S0("ATTACH '/tmp/x' AS x"),
                              S0("PRAGMA journal_mode=DELETE"),
                              S0("COMMIT"),
                              S0("BEGIN"),
                              S0("ROLLBACK"),
                              S0("SAVEPOINT x"),
                              S0("VACUUM"),
                              S0("CREATE INDEX i ON thing(n)"),
                              S0("REINDEX"),
                              S0("ANALYZE"),
                              S0("CREATE TEMP TABLE x(a BIGINT)"),
                              S0("UPDATE sqlite_schema SET sql = ''"),
                              S0("CREATE VIEW v AS SELECT 1"),
                              S0("")};
    struct bed t = bed_things((struct db_opts){0});
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct bad_sql q = {.sql = bad[i]};
        T(db_write(&t.cx, run_bad, &q) == E_INTERNAL);
        T(q.got == E_INTERNAL);
    }
    T_INT(count(&t.cx), 0);
    bed_end(&t);
}

static enum err ddl_bad(struct cx *cx, void *arg)
{
    struct bad_sql *q = arg;
    enum err opened = db_ddl(cx, S("PRAGMA writable_schema = ON"));
    T(opened == E_OK || opened == E_INTERNAL);
    return q->got = db_ddl(cx, q->sql);
}

static str many(struct cx *cx, const char *head, const char *each, int n, const char *tail)
{
    struct buf b = buf_new(cx->a, 2 << 20);
    buf_add(&b, str_from(head));
    for (int i = 0; i < n; i++) buf_add(&b, str_from(each));
    buf_add(&b, str_from(tail));
    return buf_str(&b);
}

/* SQLite's own bounds, each passed by one statement, beside one that keeps within; and a schema that no statement
 * writes, even where the authorizer lets it through. */
static void test_bounds(void)
{
    struct bed t = bed_things((struct db_opts){0});
    struct cx *cx = &t.cx;
    if (db_is_pg(cx)) {
        bed_end(&t);
        return;
    }
    const struct {
        const char *head, *each, *tail;
        int good, bad;
    } all_of[] = {{"SELECT '", "0123456789abcdef", "'", 60000, 70000},      /* SQL's length, 1 MiB */
                  {"SELECT 1", " + 1", "", 150, 250},                      /* depth of an expression */
                  {"SELECT 1", " UNION ALL SELECT 1", "", 40, 60},         /* selects put together */
                  {"SELECT max(1", ", 1", ")", 20, 40},                    /* arguments of a function */
                  {"SELECT 'x' LIKE '", "a", "'", 900, 1100},              /* a pattern's length */
                  {"SELECT 1", ", 1", "", 1900, 2100}};                    /* columns */
    for (size_t i = 0; i < COUNT(all_of); i++) {
        struct db_rows r = {0};
        T_OK(cx, db_run(cx, &r, NULL, many(cx, all_of[i].head, all_of[i].each, all_of[i].good, all_of[i].tail), NULL, 0));
        enum err e = db_run(cx, &r, NULL, many(cx, all_of[i].head, all_of[i].each, all_of[i].bad, all_of[i].tail), NULL, 0);
        T(e != E_OK);
        if (e == E_OK) fprintf(stderr, "  no bound: %s %s\n", all_of[i].head, all_of[i].each);
    }
    struct bad_sql q = {.sql = S("UPDATE sqlite_schema SET sql = replace(sql, 'thing', 'thing')")};
    T(db_write(cx, ddl_bad, &q) != E_OK && q.got != E_OK);
    bed_end(&t);
}

struct doc {
    int64_t id;
    str entity, old, text;
};
static enum err put_doc(struct cx *cx, void *arg)
{
    struct doc *d = arg;
    return db_search_put(cx, d->entity, d->id, d->old, d->text);
}
static void doc(struct bed *t, const char *entity, int64_t id, const char *text)
{
    struct doc d = {id, str_from(entity), S(""), str_from(text)};
    T_OK(&t->cx, db_write(&t->cx, put_doc, &d));
}
static int newest_first(const void *a, const void *b)
{
    const struct db_hit *x = a, *y = b;
    return x->id < y->id ? 1 : -(x->id > y->id);
}
/* "3 1" for the ids that came; entity "" asks all parts of the index, newest first */
static str find(struct bed *t, const char *entity, const char *words, int64_t before, size_t max)
{
    str w[16], rest = str_from(words), e = str_from(entity);
    size_t n = 0, n_all = 0;
    struct db_hit all[64];
    for (bool more = true; more && n < COUNT(w); n++) more = str_split(rest, ' ', &w[n], &rest);
    for (int part = 0; part < DB_SEARCH_PARTS; part++) {
        struct db_hit *hits = NULL;
        size_t n_hits = 0;
        if (e.n && part != db_search_part(e)) continue;
        enum err x = db_search(&t->cx, part, e, w, n, before, max, &hits, &n_hits);
        if (x != E_OK) return err_info[x].name;
        for (size_t i = 0; i < n_hits && n_all < COUNT(all); i++) all[n_all++] = hits[i];
    }
    qsort(all, n_all, sizeof *all, newest_first);
    struct buf b = buf_new(t->cx.a, 4096);
    for (size_t i = 0; i < n_all && i < max; i++) buf_fmt(&b, i ? " %" PRId64 : "%" PRId64, all[i].id);
    return buf_str(&b);
}
/* Before step 6 a search text's rowid was its record: it must be found afterwards, in the same order. */
static enum err docs_of_old(struct cx *cx, void *arg)
{
    static const char *const part[] = {"search_fts", "search_fts_people", "search_fts_notes"},
                      *const entity[] = {"company", "person", "task"};
    (void)arg;
    for (int64_t i = 0; i < 9; i++) {
        TRY(db_exec(cx, NULL, "INSERT INTO search_doc(record, entity, text) VALUES($1, $2, 'ivan the great')", V(11 + i),
                    V(str_from(entity[i % 3]))));
        TRY(db_run(cx, NULL, NULL,
                   arena_fmt(cx->a, "INSERT INTO %s(rowid, text) VALUES($1, 'ivan the great')", part[i % 3]),
                   (struct db_val[]){V(11 + i)}, 1));
    }
    return E_OK;
}
static void test_rows_turned(void)
{
    if (pg_server) return;
    struct bed t = bed_make((struct db_opts){0});
    int from = 0, to = 0;
    size_t n = 0;
    while (all_steps[n].n < 6) n++;
    T_OK(&t.cx, db_migrate_with(&t.cx, t.b, all_steps, n, NULL, &from, &to));
    T_OK(&t.cx, db_write(&t.cx, docs_of_old, NULL));
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    T_STR(find(&t, "", "ivan great", 0, 20), S("19 18 17 16 15 14 13 12 11"));
    T_STR(find(&t, "person", "ivan", 18, 1), S("15"));
    doc(&t, "person", 15, "");
    T_STR(find(&t, "person", "ivan", 0, 20), S("18 12"));
    bed_end(&t);
}

static int64_t upto(struct bed *t)
{
    struct db_rows r = {0};
    T_OK(&t->cx, db_query(&t->cx, &r, "SELECT record FROM search_upto"));
    return r.n == 1 ? db_int(&r, 0, 0) : -1;
}
/* Before step 13 the index had other terms, and some of the newest texts were not in it. */
static enum err docs_of_trigrams(struct cx *cx, void *arg)
{
    (void)arg;
    for (int64_t id = 11; id < 20; id++) {
        TRY(db_exec(cx, NULL, "INSERT INTO search_doc(record, entity, text) VALUES($1, $2, 'petrova anna 4915551234')", V(id),
                    V(id % 2 ? S("person") : S("task"))));
        if (id > 16) continue;
        TRY(db_run(cx, NULL, NULL,
                   arena_fmt(cx->a, "INSERT INTO search_fts_%s(rowid, text) VALUES(~$1, 'petrova anna 4915551234')",
                             id % 2 ? "people" : "notes"),
                   (struct db_val[]){V(id)}, 1));
    }
    return db_exec(cx, NULL, "UPDATE search_upto SET record = 16");
}
static void test_terms_changed(void)
{
    if (pg_server) return;
    struct bed t = bed_make((struct db_opts){0});
    int from = 0, to = 0;
    size_t n = 0;
    struct db_report r = {0};
    while (all_steps[n].n < 13) n++;
    T_OK(&t.cx, db_migrate_with(&t.cx, t.b, all_steps, n, NULL, &from, &to));
    T_OK(&t.cx, db_write(&t.cx, docs_of_trigrams, NULL));
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    T_INT(upto(&t), 19);
    T_STR(find(&t, "", "petrova 555", 0, 20), S("19 18 17 16 15 14 13 12 11"));
    T_STR(find(&t, "task", "trov 15551 anna", 0, 20), S("18 16 14 12"));
    doc(&t, "person", 15, "");
    doc(&t, "person", 19, "petrova maria");
    doc(&t, "task", 20, "petrova again");
    T_STR(find(&t, "", "petrova", 0, 20), S("20 19 18 17 16 14 13 12 11"));
    T_STR(find(&t, "person", "15551", 0, 20), S("17 13 11"));
    T_OK(&t.cx, dbase_check(&t.cx, str_from(t.url.p + 7), &r));
    T(r.integrity_ok);
    bed_end(&t);
}

static void test_search(void)
{
    struct bed t = bed_make((struct db_opts){0});
    int from = 0, to = 0;
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    doc(&t, "person", 1, "ivan petrov иван петров 4915551234");
    doc(&t, "person", 2, "anna ivanova 555");
    doc(&t, "company", 3, "ivan & sons \"100%_real\" \\ gmbh");
    doc(&t, "company", 4, "nan ana van iva");
    T_STR(find(&t, "", "ivan", 0, 10), S("3 2 1"));
    T_STR(find(&t, "person", "ivan", 0, 10), S("2 1"));
    doc(&t, "task", 5, "call ivan");
    T_STR(find(&t, "task", "ivan", 0, 10), S("5"));
    T_STR(find(&t, "", "ivan", 0, 10), S("5 3 2 1"));
    doc(&t, "task", 5, "");
    T_STR(find(&t, "", "ivan", 0, 10), S("3 2 1"));
    T_STR(find(&t, "company", "ivan", 0, 10), S("3"));
    T_STR(find(&t, "", "ivan 555", 0, 10), S("2 1"));
    T_STR(find(&t, "", "ivan", 3, 1), S("2"));
    T_STR(find(&t, "", "петров", 0, 10), S("1"));
    T_STR(find(&t, "", "ив", 0, 10), S("1"));
    T_STR(find(&t, "", "00%_", 0, 10), S("3"));
    T_STR(find(&t, "", "%%%", 0, 10), S(""));
    T_STR(find(&t, "", "\"100", 0, 10), S("3"));
    T_STR(find(&t, "", "\\ gmbh", 0, 10), S("invalid")); /* one byte is no word */
    T_STR(find(&t, "", "ivan OR anna", 0, 10), S("invalid"));
    T_STR(find(&t, "", "text:ivan", 0, 10), S(""));
    T_STR(find(&t, "", "ivan", 0, 0), S(""));
    T_STR(find(&t, "nobody", "ivan", 0, 10), S(""));
    doc(&t, "person", 2, "anna maria");
    T_STR(find(&t, "", "ivan", 0, 10), S("3 1"));
    T_STR(find(&t, "", "maria", 0, 10), S("2"));
    doc(&t, "person", 1, "");
    doc(&t, "person", 9, "");
    T_STR(find(&t, "", "ivan", 0, 10), S("3"));
    T_STR(find(&t, "", "555", 0, 10), S(""));
    doc(&t, "person", 1, "ivan again");
    T_STR(find(&t, "person", "ivan", 0, 10), S("1"));
    for (int64_t i = 100; i < 160; i++) doc(&t, "person", i, arena_fmt(t.cx.a, "anton number %d", (int)i).p);
    T_OK(&t.cx, db_search_tidy(&t.cx));
    struct db_rows segments = {0};
    if (!pg_server)
        T_OK(&t.cx, db_query(&t.cx, &segments, "SELECT count(DISTINCT segid) FROM search_fts_people_idx"));
    T(pg_server || db_int(&segments, 0, 0) == 1);
    T_STR(find(&t, "person", "anton 159", 0, 10), S("159"));
    T_STR(find(&t, "", "ivan", 0, 10), S("3 1"));
    struct db_report r = {0};
    if (!pg_server) T_OK(&t.cx, dbase_check(&t.cx, str_from(t.url.p + 7), &r));
    T(pg_server || r.integrity_ok);
    bed_end(&t);
}

static enum err put_and_fail(struct cx *cx, void *arg)
{
    TRY(put_doc(cx, arg));
    return fail(cx, E_INVALID, "Not this one");
}
/* New texts wait beside their index for a while: they are found there, changed, taken away, and move in together. */
static void test_waiting(void)
{
    if (pg_server) return;
    struct bed t = bed_make((struct db_opts){0});
    int from = 0, to = 0;
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    for (int64_t i = 11; i < 20; i++) doc(&t, i % 2 ? "person" : "task", i, "ivan the great");
    struct doc lost = {21, S("person"), S(""), S("ivan the lost")};
    T(db_write(&t.cx, put_and_fail, &lost) == E_INVALID);
    doc(&t, "person", 13, "anna the great");
    doc(&t, "task", 14, "");
    T_STR(find(&t, "", "ivan", 0, 10), S("19 18 17 16 15 12 11"));
    T_STR(find(&t, "person", "ivan", 17, 1), S("15"));
    T_OK(&t.cx, db_search_tidy(&t.cx));
    T_INT(upto(&t), 19);
    T_STR(find(&t, "", "ivan", 0, 10), S("19 18 17 16 15 12 11"));
    T_STR(find(&t, "", "anna great", 0, 10), S("13"));
    doc(&t, "person", 13, "ivan again"); /* in the index by now */
    doc(&t, "task", 12, "");
    doc(&t, "person", 9, "ivan the late"); /* an id below those that are in */
    doc(&t, "person", 22, "ivan the new");
    T_STR(find(&t, "person", "ivan", 0, 10), S("22 19 17 15 13 11 9"));
    for (int64_t nth = 1, kept = 22; nth < 9; nth++) { /* a batch lost in the midst: what the writer knew is unsure */
        struct doc next = {30 + nth, S("person"), S(""), S("ivan the next")};
        db_fault_at(t.b, nth);
        if (db_write(&t.cx, put_doc, &next) == E_OK) kept = next.id;
        db_fault_at(t.b, 0);
        T_STR(find(&t, "person", "ivan", 0, 1), arena_fmt(t.cx.a, "%" PRId64, kept));
    }
    doc(&t, "person", 39, "ivan the last");
    for (int64_t i = 100; i < 300; i++) doc(&t, "company", i, arena_fmt(t.cx.a, "anton number %d", (int)i).p);
    T(upto(&t) >= 200); /* nobody had to tidy for that */
    T_STR(find(&t, "person", "ivan", 0, 1), S("39"));
    T_STR(find(&t, "company", "anton 299", 0, 3), S("299"));
    T_STR(find(&t, "company", "anton", 0, 3), S("299 298 297"));
    T_STR(find(&t, "company", "anton", 230, 2), S("229 228"));
    struct db_report r = {0};
    T_OK(&t.cx, dbase_check(&t.cx, str_from(t.url.p + 7), &r));
    T(r.integrity_ok);
    bed_end(&t);
}

/* Lists that are very long beside the others are not walked: the texts tell. How long is a made-up table here, and
 * remembered: asked again, another answer changes nothing. */
static void test_grams(void)
{
    struct bed t = bed_make((struct db_opts){0});
    str lengths = S("SELECT CASE $1 WHEN '0abc' THEN 5000 WHEN '0bc.' THEN 2 WHEN '0bcd' THEN 2 WHEN '0def' THEN 8"
                    " WHEN '0ako' THEN 400 WHEN '0yak' THEN 20 WHEN '0bcdef' THEN 3 WHEN '0cdefg' THEN 9"
                    " WHEN '0fghij' THEN 10 ELSE 40 END"),
        same = S("SELECT 7 WHERE $1 <> ''"), got = {0};
    const str one[] = {S("abc.def")}, two[] = {S("abc"), S("xbcd")}, name[] = {S("yako")}, none[] = {S("ab")},
              quoted[] = {S("\"abc")}, longer[] = {S("abcdefghij"), S("def")};
    if (!pg_server) {
        T_OK(&t.cx, db_grams_match(&t.cx, S("x"), lengths, one, 1, &got));
        T_STR(got, S("\"bc.\" AND \"def\""));
        T_OK(&t.cx, db_grams_match(&t.cx, S("x"), lengths, two, 2, &got));
        T_STR(got, S("\"bcd\""));
        T_OK(&t.cx, db_grams_match(&t.cx, S("x"), lengths, name, 1, &got));
        T_STR(got, S("\"yak\""));
        T_OK(&t.cx, db_grams_match(&t.cx, S("x"), same, name, 1, &got));
        T_STR(got, S("\"yak\""));
        T_OK(&t.cx, db_grams_match(&t.cx, S("y"), same, one, 1, &got));
        T_STR(got, S("\"abc\" AND \"bc.\" AND \"c.d\" AND \".de\" AND \"def\"")); /* all of them are short */
        T_OK(&t.cx, db_grams_match(&t.cx, S("y"), same, quoted, 1, &got));
        T_STR(got, S("\"abc\"")); /* no word holds a quote */
        T_OK(&t.cx, db_grams_match(&t.cx, S("y"), same, none, 1, &got));
        T_STR(got, S(""));
        T_OK(&t.cx, db_grams_match(&t.cx, S("z"), lengths, longer, 1, &got));
        T_STR(got, S("\"bcdef\" AND \"fghij\"")); /* no trigram of a longer word */
        T_OK(&t.cx, db_grams_match(&t.cx, S("z"), lengths, longer, 2, &got));
        T_STR(got, S("\"bcdef\" AND \"def\""));
        T_STR(db_search_match(&t.cx, longer, 2), S("\"abcde\" AND \"fghij\" AND \"def\""));
        T_STR(db_search_match(&t.cx, one, 1), S("\"abc\" AND \".de\" AND \"def\""));
    }
    bed_end(&t);
}

static enum err add_change(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL,
                   "INSERT INTO change(seq, at, who, way, entity, record, op) VALUES($1, 0, 0, "
                   "'web', 'person', 1, 'set')",
                   V(*(int64_t *)arg));
}
/* A transaction that numbered its change earlier commits later: PostgreSQL's follower must not pass it by. */
static enum err late(struct cx *cx, void *arg)
{
    struct bed *t = arg;
    int64_t early_seq = 5;
    TRY(add_change(cx, &early_seq));
    if (!pg_server) return E_OK;
    struct cx other = t_cx();
    struct db_pos pos = {0};
    struct db_rows r = {0};
    int64_t later_seq = 6, horizon = 0;
    other.db = db_get(t->b);
    T_OK(&other, db_write(&other, add_change, &later_seq));
    T_OK(&other, db_horizon(&other, &horizon));
    T(horizon > 0 && horizon < INT64_MAX);
    T_OK(&other, db_changes(&other, &pos, 10, &r));
    T_INT((int64_t)r.n, 0);
    db_put(&other.db);
    t_cx_free(&other);
    return E_OK;
}
static void test_changes(void)
{
    struct bed t = bed_make((struct db_opts){0});
    int from = 0, to = 0;
    int64_t horizon = 0, six = 6, seven = 7;
    struct db_pos pos = {0};
    struct db_rows r = {0};
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    T_OK(&t.cx, db_write(&t.cx, late, &t));
    if (!pg_server) T_OK(&t.cx, db_write(&t.cx, add_change, &six));
    T_OK(&t.cx, db_write(&t.cx, add_change, &seven));
    T_OK(&t.cx, db_horizon(&t.cx, &horizon));
    T(pg_server || horizon == INT64_MAX);
    for (int i = 0; i < 600 && r.n != 3; i++) { /* another test's transaction may hold the horizon back */
        struct db_pos all = {0};
        if (i) (void)usleep(50000);
        T_OK(&t.cx, db_changes(&t.cx, &all, 10, &r));
    }
    T_OK(&t.cx, db_changes(&t.cx, &pos, 2, &r));
    T_INT((int64_t)r.n, 2);
    T_INT(db_int(&r, 0, 0), 5);
    T_STR(db_str(&r, 0, 5), S("person"));
    T_OK(&t.cx, db_changes(&t.cx, &pos, 2, &r));
    T_INT((int64_t)r.n, 1);
    T_INT(db_int(&r, 0, 0), 7);
    T_OK(&t.cx, db_changes(&t.cx, &pos, 2, &r));
    T_INT((int64_t)r.n, 0);
    bed_end(&t);
}

static void on_progress(void *arg, int64_t done, int64_t total)
{
    T(done <= total);
    ++*(int *)arg;
}
static void test_backup(void)
{
    struct bed t = bed_make((struct db_opts){0});
    str to = arena_fmt(t.cx.a, "%.*s/a copy?#.db", FS(t.folder));
    struct db_report r = {0};
    int from = 0, latest = 0, calls = 0;
    if (pg_server) {
        T(dbase_backup(&t.cx, t.b, to, NULL, NULL) == E_TYPE);
        bed_end(&t);
        return;
    }
    int64_t seq = 77;
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &latest));
    T_OK(&t.cx, db_write(&t.cx, add_change, &seq));
    for (int i = 0; i < 2; i++) T_OK(&t.cx, dbase_backup(&t.cx, t.b, to, on_progress, &calls));
    T(calls > 1);
    T_OK(&t.cx, dbase_check(&t.cx, to, &r));
    T(r.integrity_ok);
    T_INT(r.last_seq, 77);
    T_INT(r.schema, db_schema_latest());
    T(r.n_tables > 20);
    for (size_t i = 0; i < r.n_tables; i++)
        if (str_eq(r.tables[i].table, S("change"))) T_INT(r.tables[i].rows, 1);
    FILE *f = fopen(to.p, "r+");
    T(f && fseek(f, 4096 * 3, SEEK_SET) == 0);
    for (int i = 0; f && i < 4096; i++) fputc(i * 7, f);
    if (f) fclose(f);
    T_OK(&t.cx, dbase_check(&t.cx, to, &r));
    T(!r.integrity_ok && r.problem.n > 0);
    T(dbase_check(&t.cx, S("/no/such"), &r) == E_NOTFOUND);
    T_OK(&t.cx, dbase_check(&t.cx, S("/etc/passwd"), &r));
    T(!r.integrity_ok);
    T(dbase_backup(&t.cx, t.b, S("/no/such/folder/x"), NULL, NULL) == E_NOTFOUND);
    bed_end(&t);
}

/* On a file system that shares blocks the copy is there at once and whole; elsewhere there is none and no trace. */
static void test_clone(void)
{
    struct bed t = bed_make((struct db_opts){0});
    int from = 0, to = 0;
    int64_t seq = 77;
    struct db_report r = {0};
    str copy = arena_fmt(t.cx.a, "%.*s/clone.db", FS(t.folder));
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    T_OK(&t.cx, db_write(&t.cx, add_change, &seq));
    bool ok = db_clone(&t.cx, t.b, copy);
    T(access(arena_fmt(t.cx.a, "%.*s.part", FS(copy)).p, F_OK) != 0);
    T((access(arena_z(t.cx.a, copy), F_OK) == 0) == ok);
    if (ok) {
        T_OK(&t.cx, dbase_check(&t.cx, copy, &r));
        T(r.integrity_ok);
        T_INT(r.last_seq, 77);
    }
    T(!pg_server || !ok);
    seq = 78; /* the base goes on, and the copy stays as it was */
    T_OK(&t.cx, db_write(&t.cx, add_change, &seq));
    if (ok) {
        T_OK(&t.cx, dbase_check(&t.cx, copy, &r));
        T_INT(r.last_seq, 77);
        struct cx other = t_cx(); /* reads what stands in the log: it cannot be emptied */
        struct db_rows rows = {0};
        other.db = db_get(t.b);
        T_OK(&other, db_snapshot(&other));
        T_OK(&other, db_query(&other, &rows, "SELECT max(seq) FROM change"));
        seq = 79;
        T_OK(&t.cx, db_write(&t.cx, add_change, &seq));
        T(!db_clone(&t.cx, t.b, copy));
        db_snapshot_end(&other);
        T(db_clone(&t.cx, t.b, copy));
        db_put(&other.db);
        t_cx_free(&other);
    }
    bed_end(&t);
}

/* What PostgreSQL alone can do to a writer: the connection dies in the midst (fn runs again) or at COMMIT
 * (nobody knows), and a COMMIT that warns, as one does whose wait for the standby was cancelled. */
static enum err die_once(struct cx *cx, void *arg)
{
    struct db_rows r = {0};
    struct thing a = {.id = 1, .name = S("a")};
    TRY(put_thing(cx, &a));
    if (++*(int *)arg > 1) return E_OK;
    return db_query(cx, &r, "SELECT pg_terminate_backend(pg_backend_pid())");
}
static enum err make_trap(struct cx *cx, void *arg)
{
    str body = *(const str *)arg;
    return db_ddl(
        cx,
        arena_fmt(
            cx->a,
            "DROP TRIGGER IF EXISTS trap ON thing; CREATE OR REPLACE FUNCTION trap() RETURNS "
            "trigger"
            " LANGUAGE plpgsql AS $f$ BEGIN %.*s; RETURN NULL; END $f$;"
            " CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON thing DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION trap()",
            FS(body)));
}
static void test_pg_uncertain(void)
{
    if (!pg_server) return;
    struct bed t = bed_things((struct db_opts){.statement_timeout_ms = 500});
    struct cx *cx = &t.cx;
    int runs = 0;
    struct db_rows r = {0};
    T_OK(cx, db_write(cx, die_once, &runs));
    T_INT(runs, 2);
    T_INT(count(cx), 1);
    str warns = S("RAISE WARNING 'canceling wait for synchronous replication'");
    str dies = S("PERFORM pg_terminate_backend(pg_backend_pid())");
    str refuses = S("RAISE EXCEPTION 'no' USING ERRCODE = '23514'");
    struct thing a = {.id = 2, .name = S("b")}, b = {.id = 3, .name = S("c")},
                 c = {.id = 4, .name = S("d")};
    T_OK(cx, db_write(cx, make_trap, &warns));
    T(db_write(cx, put_thing, &a) == E_UNCERTAIN);
    T_INT(count(cx), 2);
    T_OK(cx, db_write(cx, make_trap, &dies));
    T(db_write(cx, put_thing, &b) == E_UNCERTAIN);
    T_INT(count(cx), 2); /* over a new connection */
    T_OK(cx, db_write(cx, make_trap, &refuses));
    T(db_write(cx, put_thing, &c) == E_INVALID);
    T_INT(count(cx), 2);
    T(db_query(cx, &r, "SELECT pg_terminate_backend(pg_backend_pid())") == E_BUSY);
    T_INT(count(cx), 2);
    T(db_query(cx, &r, "SELECT pg_sleep(5)") == E_BUSY); /* the time-out */
    T_INT(count(cx), 2);
    bed_end(&t);
}

enum { IDS = 20000 };
static void *make_ids(void *arg)
{
    int64_t *ids = arg;
    for (int i = 0; i < IDS; i++)
        ids[i] = id_new(1795341600000 - i / 100); /* the clock goes back */
    return NULL;
}
static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}
static void test_ids(void)
{
    static int64_t ids[4 * IDS];
    pthread_t th[4];
    for (int i = 0; i < 4; i++) T(pthread_create(&th[i], NULL, make_ids, &ids[i * IDS]) == 0);
    for (int i = 0; i < 4; i++) pthread_join(th[i], NULL);
    for (int k = 0; k < 4; k++)
        for (int i = 1; i < IDS; i++)
            if (ids[k * IDS + i] <= ids[k * IDS + i - 1]) T(false);
    qsort(ids, (size_t)4 * IDS, sizeof ids[0], by_id);
    for (int i = 1; i < 4 * IDS; i++)
        if (ids[i] == ids[i - 1]) T(false);
    T(id_time_ms(id_new(clock_ms())) >= clock_ms() - 1000);
    int64_t t = id_time_ms(id_new(clock_ms())), id = id_new(t + 1000000000);
    T_INT(id_time_ms(id), t + 1000000000);
    T(id_new(0) > id && id_new(-5) > id);
    int64_t high = (t + 2000000000 - 1577836800000) << 22;
    id_floor(high);
    T(id_new(t) > high);
    id_set_node(63);
    T_INT(id_new(t) >> 16 & 63, 63);
    id_floor(0);
    T(id_new(t) > high);
}

static void all(void)
{
    test_migrate();
    test_upgrade();
    test_schema();
    test_open();
    test_refuses();
    test_bounds();
    test_search();
    test_waiting();
    test_rows_turned();
    test_terms_changed();
    test_grams();
    test_changes();
    test_backup();
    test_clone();
    test_pg_uncertain();
    test_ids();
}

/* Another machine is reached by TLS for certain, or not at all; what libpq would do by itself is no TLS for certain. */
static void test_way(void)
{
    struct cx cx = t_cx();
    struct dbase *b = NULL;
    static const char *const refused[] = {
        "postgresql://u@db.example/x", "postgres://u@10.0.0.1/x", "postgresql://u@db.example/x?sslmode=prefer", "postgresql://u@db.example/x?sslmode=allow", "postgresql://u@db.example/x?sslmode=disable",
        "postgresql://u@127.0.0.1,db.example/x", "postgresql:///x?host=10.0.0.1", "postgresql://u@localhost/x?hostaddr=10.0.0.1", "postgresql://u@127.evil.example/x", "postgresql://u@[fd00::1]/x",
        "postgresql:///x?service=there", "postgresql://u@db.example,db.example/x?hostaddr=127.0.0.1,", "postgresql://u@0.0.0.0:1/x", "postgresql://u@db.example/x?gssencmode=prefer", "postgresql://u@h/x?nonsense=1"};
    static const char *const taken[] = {
        "postgresql:///x", "postgresql://u@localhost/x", "postgresql://u@127.0.0.1:5433/x?sslmode=disable", "postgresql://u@[::1]/x", "postgresql://u@127.0.0.1,localhost/x", "postgresql:///x?host=/run/postgresql",
        "postgresql:///x?host=@kontor", "postgresql://u@db.example/x?hostaddr=127.0.0.1", "postgresql://u@db.example/x?sslmode=require", "postgresql://u@db.example/x?sslmode=verify-ca",
        "postgresql://u@db.example/x?sslmode=verify-full&sslrootcert=/etc/ca.pem", "postgresql://u@db.example/x?gssencmode=require", "postgresql:///x?service=there&sslmode=verify-full"};
    for (size_t i = 0; i < COUNT(refused); i++) {
        cx.at = S("");
        enum err e = dbase_open(&cx, &(struct db_opts){.url = str_from(refused[i])}, &b);
        T(e == E_INVALID && str_eq(cx.at, S("db")) && str_find(cx.msg, S("db: ")) == 0);
        if (e != E_INVALID) fprintf(stderr, "  taken: %s\n", refused[i]);
    }
    T(dbase_open(&cx, &(struct db_opts){.url = S("postgresql://u@db.example/x")}, &b) == E_INVALID && str_find(cx.msg, S("sslmode=verify-full")) > 0 && str_find(cx.msg, S("plain_outgoing")) > 0);
    for (size_t i = 0; i < COUNT(taken); i++) T_OK(&cx, pg_way_check(&cx, str_from(taken[i])));
    T(dbase_open(&cx, &(struct db_opts){.url = S("postgresql://u@0.0.0.0:1/x"), .plain = true}, &b) == E_BUSY); /* asked, and nobody answers */
    T(setenv("PGSSLMODE", "require", 1) == 0);
    T_OK(&cx, pg_way_check(&cx, S("postgresql://u@db.example/x")));
    T(pg_way_check(&cx, S("postgresql://u@db.example/x?sslmode=prefer")) == E_INVALID);
    T(pg_way_check(&cx, S("postgresql:///x?service=there")) == E_INVALID);
    T(unsetenv("PGSSLMODE") == 0 && setenv("PGHOST", "db.example", 1) == 0);
    T(pg_way_check(&cx, S("postgresql:///x")) == E_INVALID);
    T(unsetenv("PGHOST") == 0 && !b);
    t_cx_free(&cx);
}

int main(void)
{
    test_way();
    all();
    pg_server = getenv("KONTOR_TEST_PG");
    if (pg_server) all();
    return t_end("db_schema");
}
