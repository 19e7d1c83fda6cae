/* SPDX-License-Identifier: MIT */
/* The whole of db's face, on a SQLite file of its own and, when KONTOR_TEST_PG names a server
 * ("postgresql://postgres@127.0.0.1:5432"), on a PostgreSQL database that the run makes and drops. */
#include "db/db_int.h"
#include "t.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

struct bed {
    str url, folder;
    struct cx cx;
    struct dbase *b;
};
static const char *pg_server; /* the engine under test: NULL is SQLite */

static void pg_admin(const char *before, const char *name, const char *after)
{
    char sql[200];
    PGconn *c = PQconnectdb(pg_server);
    (void)snprintf(sql, sizeof sql, "%s \"%s\"%s", before, name, after);
    PGresult *r = PQexec(c, sql);
    T(PQresultStatus(r) == PGRES_COMMAND_OK);
    PQclear(r);
    PQfinish(c);
}

static struct bed bed_make(struct db_opts o)
{
    struct bed t = {.cx = t_cx()};
    char folder[] = "/tmp/kontor-db-XXXXXX";
    T(mkdtemp(folder) != NULL);
    t.folder = arena_dup(t.cx.a, str_from(folder));
    if (pg_server) {
        pg_admin("CREATE DATABASE", t.folder.p + 5, "");
        t.url = arena_fmt(t.cx.a, "%s/%s", pg_server, t.folder.p + 5);
    } else {
        t.url = arena_fmt(t.cx.a, "sqlite:%s/k.db", folder);
    }
    o.url = t.url;
    o.create = true;
    if (!o.readers) o.readers = 4;
    T_OK(&t.cx, dbase_open(&t.cx, &o, &t.b));
    t.cx.db = db_get(t.b);
    return t;
}

static void bed_end(struct bed *t)
{
    db_put(&t->cx.db);
    dbase_close(&t->b);
    if (pg_server) pg_admin("DROP DATABASE", t->folder.p + 5, " WITH (FORCE)");
    char cmd[200];
    (void)snprintf(cmd, sizeof cmd, "rm -rf '%s'", t->folder.p);
    T(system(cmd) == 0);
    t_cx_free(&t->cx);
}

static enum err make_table(struct cx *cx, void *arg)
{
    (void)arg;
    return db_ddl(
        cx,
        S("CREATE TABLE thing(id @ID, name TEXT UNIQUE, n BIGINT NOT NULL DEFAULT 0, at TEXT)"));
}
static struct bed bed_things(struct db_opts o)
{
    struct bed t = bed_make(o);
    T_OK(&t.cx, db_write(&t.cx, make_table, NULL));
    return t;
}

struct thing {
    int64_t id;
    str name;
    enum err then; /* what the function says after its work */
    struct thing *inner;
    enum err inner_got;
    bool swallow;
};
static enum err put_thing(struct cx *cx, void *arg)
{
    struct thing *x = arg;
    TRY(db_exec(cx, NULL, "INSERT INTO thing(id, name) VALUES($1, $2)", V(x->id), V(x->name)));
    if (x->inner) {
        x->inner_got = db_write(cx, put_thing, x->inner);
        if (!x->swallow) TRY(x->inner_got);
    }
    return x->then == E_OK ? E_OK : fail(cx, x->then, "as told");
}
static int64_t count(struct cx *cx)
{
    struct db_rows r = {0};
    return T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM thing")) ? db_int(&r, 0, 0) : -1;
}

/* ---- tests ---- */

static enum err put_values(struct cx *cx, void *arg)
{
    int64_t changed = 0;
    (void)arg;
    TRY(db_exec(cx, &changed, "INSERT INTO thing(id, name, n, at) VALUES($2, $1, $3, $4)",
                V(S("Käte \"О'Брайен\" $1")), V(INT64_MAX), V(INT64_MIN), DB_NONE));
    T_INT(changed, 1);
    TRY(db_exec(cx, &changed, "INSERT INTO thing(id, name, at) VALUES($1, $2, $3)", V(2), V(S("")),
                V(S("x"))));
    TRY(db_exec(cx, &changed, "UPDATE thing SET n = n WHERE id > $1", V(0)));
    T_INT(changed, 2);
    return E_OK;
}
static void test_values(void)
{
    struct bed t = bed_things((struct db_opts){0});
    struct db_rows r = {0};
    T_OK(&t.cx, db_write(&t.cx, put_values, NULL));
    for (int i = 0; i < 3; i++) {
        T_OK(&t.cx,
             db_query(
                 &t.cx, &r,
                 "SELECT id, name, n, at FROM thing WHERE name = $2 OR id = $1 ORDER BY id DESC",
                 V(2), V(S("Käte \"О'Брайен\" $1"))));
        T_INT((int64_t)r.n, 2);
        T_INT((int64_t)r.cols, 4);
        T_INT(db_int(&r, 0, 0), INT64_MAX);
        T_STR(db_str(&r, 0, 1), S("Käte \"О'Брайен\" $1"));
        T_INT(db_int(&r, 0, 2), INT64_MIN);
        T(db_is_null(&r, 0, 3) && !db_is_null(&r, 1, 1));
        T_STR(db_str(&r, 1, 1), S(""));
        T_STR(db_str(&r, 0, 3), S(""));
    }
    T_OK(&t.cx, db_query(&t.cx, &r, "SELECT sum(n), count(*) FROM thing WHERE id = $1", V(2)));
    T_INT(db_int(&r, 0, 1), 1);
    T_OK(&t.cx,
         db_query(&t.cx, &r, "SELECT id FROM thing WHERE at IS NOT DISTINCT FROM $1", DB_NONE));
    T_INT((int64_t)r.n, 1);
    T_OK(&t.cx,
         db_query(&t.cx, &r, "SELECT id FROM thing WHERE at IS NOT DISTINCT FROM $1", V(S("x"))));
    T_INT(db_int(&r, 0, 0), 2);
    T(db_query(&t.cx, &r, "SELECT id FROM thing WHERE name = $1", V(((str){"a\0b", 3}))) ==
      E_INVALID);
    T(db_query(&t.cx, &r, "SELECT id FROM thing WHERE id = $1 OR id = $2", V(1)) == E_INTERNAL);
    T(db_query(&t.cx, &r, "SELEC") == E_INTERNAL);
    T(db_query(&t.cx, &r, "SELECT 1; SELECT 2") == E_INTERNAL);
    T(db_query(&t.cx, &r, "DROP TABLE thing") != E_OK);
    T(db_exec(&t.cx, NULL, "DELETE FROM thing") != E_OK); /* a reading connection cannot write */
    T_INT(count(&t.cx), 2);
    bed_end(&t);
}

static void test_nested(void)
{
    struct bed t = bed_things((struct db_opts){0});
    struct cx *cx = &t.cx;
    struct thing dup = {.id = 11, .name = S("a")}, ok = {.id = 12, .name = S("c")};
    struct thing a = {.id = 1, .name = S("a")}, again = {.id = 2, .name = S("a")};
    T_OK(cx, db_write(cx, put_thing, &a));
    T(!db_is_writing(cx));
    T(db_write(cx, put_thing, &again) == E_CONFLICT);
    T(str_find(cx->at, S("name")) >= 0);
    struct thing fails = {.id = 3, .name = S("x"), .then = E_PRECOND};
    T(db_write(cx, put_thing, &fails) == E_PRECOND);
    T_STR(cx->msg, S("as told"));
    T_INT(count(cx), 1);
    struct thing keeps = {.id = 4, .name = S("b"), .inner = &dup, .swallow = true};
    T_OK(cx,
         db_write(cx, put_thing, &keeps)); /* the inner level failed and is gone, the outer stays */
    T(keeps.inner_got == E_CONFLICT);
    T_INT(count(cx), 2);
    struct thing deep = {.id = 5, .name = S("d"), .inner = &ok, .then = E_INVALID};
    T(db_write(cx, put_thing, &deep) ==
      E_INVALID); /* what the inner level kept goes with the outer */
    T_INT(count(cx), 2);
    struct thing both = {.id = 5, .name = S("d"), .inner = &ok};
    T_OK(cx, db_write_bulk(cx, put_thing, &both));
    T_INT(count(cx), 4);
    bed_end(&t);
}

static enum err swallow(struct cx *cx, void *arg)
{
    enum err e = db_exec(cx, NULL, "INSERT INTO thing(id, name) VALUES($1, NULL)", V(1));
    if (e == E_OK) e = db_exec(cx, NULL, "INSERT INTO thing(id, name) VALUES($1, NULL)", V(1));
    *(enum err *)arg = e;
    return E_OK;
}
static void test_failed_level(void)
{
    struct bed t = bed_things((struct db_opts){0});
    enum err got = E_OK;
    T(db_write(&t.cx, swallow, &got) == E_CONFLICT); /* the same on both engines */
    T(got == E_CONFLICT);
    T_INT(count(&t.cx), 0);
    bed_end(&t);
}

static enum err bump(struct cx *cx, void *arg)
{
    struct db_rows r = {0};
    (void)arg; /* read, think, write: must not lose an update */
    TRY(db_query(cx, &r, "SELECT n FROM thing WHERE id = 0"));
    return db_exec(cx, NULL, "UPDATE thing SET n = $1 WHERE id = 0", V(db_int(&r, 0, 0) + 1));
}
enum { THREADS = 64, EACH = 20 };
static void *client(void *arg)
{
    struct bed *t = arg;
    struct cx cx = t_cx();
    for (int i = 0; i < EACH; i++) {
        cx.db = db_get(t->b);
        struct thing x = {.id = id_new(cx.now_ms)};
        x.name = arena_fmt(cx.a, "n%" PRId64, x.id);
        enum err e = i % 5 == 4 ? db_write_bulk(&cx, put_thing, &x) : db_write(&cx, put_thing, &x);
        if (e == E_OK && i == 0 && !pg_server) e = db_write(&cx, bump, NULL);
        if (e != E_OK) x.id = 0;
        db_put(&cx.db);
        if (!x.id) break;
        arena_reset(cx.a);
    }
    t_cx_free(&cx);
    return NULL;
}
static void on_commit(void *arg) { atomic_fetch_add((_Atomic int *)arg, 1); }
static void *bumper(void *arg)
{
    struct bed *t = arg;
    struct cx cx = t_cx();
    cx.db = db_get(t->b);
    for (int i = 0; i < EACH; i++)
        if (db_write(&cx, bump, NULL) != E_OK) break; /* the sum tells */
    db_put(&cx.db);
    t_cx_free(&cx);
    return NULL;
}
static void test_threads(void)
{
    struct bed t = bed_things((struct db_opts){0});
    _Atomic int commits = 0;
    pthread_t th[THREADS];
    struct db_rows r = {0};
    struct thing zero = {.id = 0, .name = S("zero")};
    T_OK(&t.cx, db_write(&t.cx, put_thing, &zero));
    db_put(&t.cx.db);
    dbase_on_commit(t.b, on_commit, &commits);
    for (int i = 0; i < THREADS; i++) T(pthread_create(&th[i], NULL, client, &t) == 0);
    for (int i = 0; i < THREADS; i++) pthread_join(th[i], NULL);
    int first = atomic_load(&commits);
    T(first > 0);
    for (int i = 0; i < 3; i++) T(pthread_create(&th[i], NULL, bumper, &t) == 0);
    for (int i = 0; i < 3; i++) pthread_join(th[i], NULL);
    dbase_on_commit(t.b, NULL, NULL);
    t.cx.db = db_get(t.b);
    T_INT(count(&t.cx), THREADS * EACH + 1);
    T_OK(&t.cx, db_query(&t.cx, &r, "SELECT n FROM thing WHERE id = 0"));
    T_INT(db_int(&r, 0, 0), 3 * EACH + (pg_server ? 0 : THREADS));
    struct db_stats s = dbase_stats(t.b);
    T(s.writes >= THREADS * EACH && s.commits > 0 && s.queries >= s.writes);
    if (!pg_server) T(s.commits < s.writes); /* they were committed together */
    bed_end(&t);
}

/* One slow slice holds the writer; a bulk slice and then an interactive write queue up: who comes first? */
struct order {
    struct bed *t;
    _Atomic int turn, slow_runs;
    int bulk_turn, fast_turn;
};
static enum err slow_slice(struct cx *cx, void *arg)
{
    struct order *o = arg;
    (void)cx;
    atomic_store(&o->slow_runs, 1);
    usleep(60000);
    return E_OK;
}
static enum err bulk_slice(struct cx *cx, void *arg)
{
    struct order *o = arg;
    (void)cx;
    o->bulk_turn = atomic_fetch_add(&o->turn, 1) + 1;
    return E_OK;
}
static enum err fast_slice(struct cx *cx, void *arg)
{
    struct order *o = arg;
    (void)cx;
    o->fast_turn = atomic_fetch_add(&o->turn, 1) + 1;
    return E_OK;
}
static void order_run(struct order *o, db_write_fn *fn, bool bulk)
{
    struct cx cx = t_cx();
    cx.db = db_get(o->t->b);
    enum err e = bulk ? db_write_bulk(&cx, fn, o) : db_write(&cx, fn, o);
    if (e != E_OK) atomic_store(&o->turn, 100); /* the order tells */
    db_put(&cx.db);
    t_cx_free(&cx);
}
static void *run_slow(void *arg)
{
    order_run(arg, slow_slice, false);
    return NULL;
}
static void *run_bulk(void *arg)
{
    order_run(arg, bulk_slice, true);
    return NULL;
}
static void *run_fast(void *arg)
{
    order_run(arg, fast_slice, false);
    return NULL;
}
static void test_bulk_gives_way(void)
{
    if (pg_server) return;
    struct bed t = bed_make((struct db_opts){0});
    struct order o = {.t = &t};
    pthread_t th[3];
    T(pthread_create(&th[0], NULL, run_slow, &o) == 0);
    while (!atomic_load(&o.slow_runs)) usleep(100);
    T(pthread_create(&th[1], NULL, run_bulk, &o) == 0);
    usleep(15000);
    T(pthread_create(&th[2], NULL, run_fast, &o) == 0);
    for (int i = 0; i < 3; i++) pthread_join(th[i], NULL);
    T_INT(o.fast_turn, 1);
    T_INT(o.bulk_turn, 2);
    bed_end(&t);
}

static void test_snapshot(void)
{
    struct bed t = bed_things((struct db_opts){0});
    struct thing a = {.id = 1, .name = S("a")};
    T_OK(&t.cx, db_snapshot(&t.cx));
    T_INT(count(&t.cx), 0);
    T_OK(&t.cx, db_write(&t.cx, put_thing, &a)); /* the holder itself may write meanwhile */
    T_INT(count(&t.cx), 0);
    db_snapshot_end(&t.cx);
    db_snapshot_end(&t.cx);
    T_INT(count(&t.cx), 1);
    T_OK(&t.cx, db_snapshot(&t.cx));
    db_put(&t.cx.db); /* giving back ends it */
    t.cx.db = db_get(t.b);
    T_INT(count(&t.cx), 1);
    bed_end(&t);
}

struct sum {
    int64_t rows, sum, stop_at;
};
static enum err fill(struct cx *cx, void *arg)
{
    for (int i = 1; i <= *(int *)arg; i++)
        TRY(db_exec(cx, NULL, "INSERT INTO thing(id, n) VALUES($1, $2)", V(i), V(i * 2)));
    return E_OK;
}
static enum err on_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct sum *s = arg;
    struct db_rows r = {0};
    T_INT((int64_t)cols, 2);
    s->rows++;
    s->sum += row[1].i;
    if (s->rows % 4000 == 0) /* the connection is free for other questions */
        TRY(db_query(cx, &r, "SELECT count(*) FROM thing WHERE id <= $1", V(row[0].i)));
    return s->rows == s->stop_at ? fail(cx, E_PRECOND, "enough") : E_OK;
}
static void test_each(void)
{
    struct bed t = bed_things((struct db_opts){0});
    int n = DB_ROWS_MAX + 1;
    struct sum s = {0}, stop = {.stop_at = 700};
    struct db_rows r = {0};
    struct db_val v[] = {V(0)};
    T_OK(&t.cx, db_write(&t.cx, fill, &n));
    T(db_query(&t.cx, &r, "SELECT id, n FROM thing") == E_LIMIT);
    T_OK(&t.cx,
         db_each(&t.cx, S("SELECT id, n FROM thing WHERE id > $1 ORDER BY id"), v, 1, on_row, &s));
    T_INT(s.rows, n);
    T_INT(s.sum, (int64_t)n * (n + 1));
    T(db_each(&t.cx, S("SELECT id, n FROM thing WHERE id > $1 ORDER BY id"), v, 1, on_row, &stop) ==
      E_PRECOND);
    T_INT(stop.rows, 700);
    T_INT(count(&t.cx), n);
    bed_end(&t);
}

static void test_fault(void)
{
    struct bed t = bed_things((struct db_opts){0});
    struct thing in = {.id = 2, .name = S("b")}, out = {.id = 1, .name = S("a"), .inner = &in};
    int nth = 0;
    for (enum err e = E_BUSY; e != E_OK && nth < 20;) {
        db_fault_at(t.b, ++nth);
        e = db_write(&t.cx, put_thing, &out);
        db_fault_at(t.b, 0);
        T(e == E_BUSY || e == E_OK);
        T_INT(count(&t.cx), e == E_OK ? 2 : 0);
    }
    T_INT(nth, 4); /* two inserts, the commit, and then it passes */
    bed_end(&t);
}

static enum err put_big(struct cx *cx, void *arg)
{
    char *p = arena_get(cx->a, 100000);
    memset(p, 'x', 100000);
    return db_exec(cx, NULL, "INSERT INTO thing(id, at) VALUES($1, $2)", V(*(int64_t *)arg),
                   V(((str){p, 100000})));
}
static int64_t fill_up(struct bed *t, enum err *ret)
{
    int64_t n = 0;
    for (*ret = E_OK; *ret == E_OK && n < 500;) {
        struct arena_mark m = arena_mark(t->cx.a);
        int64_t id = 1000 + n;
        *ret = db_write(&t->cx, put_big, &id);
        if (*ret == E_OK) n++;
        arena_back(t->cx.a, m);
        t->cx.msg = t->cx.at = S("");
    }
    return n;
}
static enum err empty(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "DELETE FROM thing WHERE id >= 1000");
}
static void test_full(void)
{
    if (pg_server) return;
    struct bed t = bed_things((struct db_opts){.max_bytes = 4 << 20});
    enum err e = E_OK;
    int64_t n = fill_up(&t, &e);
    T(n > 10 && e == E_FULL);
    T_INT(count(&t.cx), n);
    T_OK(&t.cx, db_write(&t.cx, empty, NULL)); /* without a restart */
    struct thing a = {.id = 1, .name = S("a")};
    T_OK(&t.cx, db_write(&t.cx, put_thing, &a));
    T_INT(count(&t.cx), 1);
    bed_end(&t);
}

/* A real full disk, where the run may mount one. */
static void test_full_disk(void)
{
    char at[] = "/tmp/kontor-full-XXXXXX", ballast[64], file[64];
    if (pg_server || !mkdtemp(at)) return;
    if (mount("tmpfs", at, "tmpfs", 0, "size=4m") != 0) {
        rmdir(at);
        return;
    }
    struct cx cx = t_cx();
    struct dbase *b = NULL;
    (void)snprintf(ballast, sizeof ballast, "%s/ballast", at);
    (void)snprintf(file, sizeof file, "sqlite:%s/k.db", at);
    FILE *f = fopen(ballast, "w");
    for (int i = 0; f && i < 1024; i++)
        fputs("00000000000000000000000000000000000000000000000000000000000000", f);
    if (f) fclose(f);
    T_OK(&cx, dbase_open(
                  &cx, &(struct db_opts){.url = str_from(file), .create = true, .readers = 2}, &b));
    struct bed t = {.cx = cx, .b = b};
    t.cx.db = db_get(b);
    T_OK(&t.cx, db_write(&t.cx, make_table, NULL));
    enum err e = E_OK;
    int64_t n = fill_up(&t, &e);
    T(n > 3 && e == E_FULL);
    T_INT(count(&t.cx), n); /* readers go on */
    unlink(ballast);
    T_INT(fill_up(&t, &e) >= 0, 1);
    T_INT(count(&t.cx) >= n, 1);
    db_put(&t.cx.db);
    dbase_close(&t.b);
    struct db_report r = {0};
    T_OK(&t.cx, dbase_check(&t.cx, str_from(file + 7), &r));
    T(r.integrity_ok);
    t_cx_free(&t.cx);
    T(umount2(at, MNT_DETACH) == 0);
    rmdir(at);
}

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
    T_OK(&t.cx, db_migrate_with(&t.cx, t.b, two_steps, 2, &from, &to));
    T_INT(from * 10 + to, 1);
    T_OK(&t.cx, db_has_column(&t.cx, S("a"), S("b"), &has));
    T(!has);
    T_OK(&t.cx, db_migrate_with(&t.cx, t.b, two_steps, 4, &from, &to));
    T_INT(from * 10 + to, 12);
    T_OK(&t.cx, db_has_column(&t.cx, S("a"), S("b"), &has));
    T(has);
    T_OK(&t.cx, db_migrate_with(&t.cx, t.b, two_steps, 4, &from, &to));
    T_INT(from * 10 + to, 22);
    T(db_migrate_with(&t.cx, t.b, two_steps, 2, &from, &to) == E_PRECOND);
    if (!pg_server) { /* the way back lies beside the file */
        struct db_report r = {0};
        T_OK(&t.cx, dbase_check(&t.cx, arena_fmt(t.cx.a, "%.*s/k.db.before-2", FS(t.folder)), &r));
        T(r.integrity_ok && r.schema == 1);
    }
    bed_end(&t);
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
/* "3 1" for the ids that came */
static str find(struct bed *t, const char *entity, const char *words, int64_t before, size_t max)
{
    str w[16], rest = str_from(words);
    size_t n = 0, n_hits = 0;
    struct db_hit *hits = NULL;
    for (bool more = true; more && n < COUNT(w); n++) more = str_split(rest, ' ', &w[n], &rest);
    enum err e = db_search(&t->cx, str_from(entity), w, n, before, max, &hits, &n_hits);
    if (e != E_OK) return err_info[e].name;
    struct buf b = buf_new(t->cx.a, 4096);
    for (size_t i = 0; i < n_hits; i++) buf_fmt(&b, i ? " %" PRId64 : "%" PRId64, hits[i].id);
    return buf_str(&b);
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
    struct db_report r = {0};
    if (!pg_server) T_OK(&t.cx, dbase_check(&t.cx, str_from(t.url.p + 7), &r));
    T(pg_server || r.integrity_ok);
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
    test_values();
    test_nested();
    test_failed_level();
    test_threads();
    test_bulk_gives_way();
    test_snapshot();
    test_each();
    test_fault();
    test_full();
    test_full_disk();
    test_migrate();
    test_schema();
    test_open();
    test_refuses();
    test_search();
    test_changes();
    test_backup();
    test_pg_uncertain();
    test_ids();
}

int main(void)
{
    all();
    pg_server = getenv("KONTOR_TEST_PG");
    if (pg_server) all();
    return t_end("db");
}
