/* SPDX-License-Identifier: MIT */
/* db: values, levels of writing, threads, snapshots, walks, faults and a full disk, on both engines. */
#include "test_db_bed.h"

#include <fcntl.h>

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
    _Atomic pid_t come[2];
    int bulk_turn, fast_turn;
};
static enum err slow_slice(struct cx *cx, void *arg)
{
    struct order *o = arg;
    (void)cx;
    atomic_store(&o->slow_runs, 1);
    for (int i = 0; i < 2; i++) wait_asleep(&o->come[i]); /* both stand in the queue */
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
    if (fn != slow_slice) atomic_store(&o->come[bulk], gettid());
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
/* The first of a batch fails after it has written; who came while it ran is none the worse for it. */
struct company_of {
    struct bed *t;
    _Atomic int runs;
    _Atomic pid_t come;
    enum err first, second;
};
static enum err fails_late(struct cx *cx, void *arg)
{
    struct company_of *o = arg;
    TRY(db_exec(cx, NULL, "INSERT INTO thing(id, name) VALUES($1, $2)", V(1), V(S("a"))));
    atomic_store(&o->runs, 1);
    wait_asleep(&o->come); /* it stands in the queue */
    return fail(cx, E_PRECOND, "as told");
}
static void *first_of_batch(void *arg)
{
    struct company_of *o = arg;
    struct cx cx = t_cx();
    cx.db = db_get(o->t->b);
    o->first = db_write(&cx, fails_late, o);
    db_put(&cx.db);
    t_cx_free(&cx);
    return NULL;
}
static void *second_of_batch(void *arg)
{
    struct company_of *o = arg;
    struct thing x = {.id = 2, .name = S("a")}; /* the name is free again */
    struct cx cx = t_cx();
    cx.db = db_get(o->t->b);
    atomic_store(&o->come, gettid());
    o->second = db_write(&cx, put_thing, &x);
    db_put(&cx.db);
    t_cx_free(&cx);
    return NULL;
}
static void test_first_fails(void)
{
    if (pg_server) return; /* there each has a transaction of his own */
    struct bed t = bed_things((struct db_opts){0});
    struct company_of o = {.t = &t, .first = E_OK, .second = E_INTERNAL};
    pthread_t th[2];
    T(pthread_create(&th[0], NULL, first_of_batch, &o) == 0);
    while (!atomic_load(&o.runs)) usleep(100);
    T(pthread_create(&th[1], NULL, second_of_batch, &o) == 0);
    for (int i = 0; i < 2; i++) pthread_join(th[i], NULL);
    T(o.first == E_PRECOND);
    T(o.second == E_OK);
    T_INT(count(&t.cx), 1);
    bed_end(&t);
}

static void test_writes_of_people(void)
{
    struct bed t = bed_things((struct db_opts){0});
    struct thing a = {.id = 1, .name = S("a")}, b = {.id = 2, .name = S("b")},
                 c = {.id = 3, .name = S("c")};
    t.cx.way = WAY_API;
    T_OK(&t.cx, db_write(&t.cx, put_thing, &a));
    T_INT(db_writes_of_people(&t.cx), pg_server ? 0 : 1);
    T_OK(&t.cx, db_write_bulk(&t.cx, put_thing, &b));
    t.cx.way = WAY_IMPORT;
    T_OK(&t.cx, db_write(&t.cx, put_thing, &c));
    T_INT(db_writes_of_people(&t.cx), pg_server ? 0 : 1);
    T_INT(count(&t.cx), 3);
    bed_end(&t);
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

/* A deadline that is over before the reading has begun: what a connection reads later is today's all the same. */
static void test_snapshot_late(void)
{
    if (pg_server) return;
    struct bed t = bed_things((struct db_opts){.readers = 1});
    for (int64_t i = 1; i <= 100; i++) {
        struct thing next = {.id = i, .name = arena_fmt(t.cx.a, "late %d", (int)i)};
        db_deadline(&t.cx, 1);
        T_OK(&t.cx, db_snapshot(&t.cx));
        db_snapshot_end(&t.cx);
        db_put(&t.cx.db);
        t.cx.db = db_get(t.b);
        T_OK(&t.cx, db_write(&t.cx, put_thing, &next));
        T_INT(count(&t.cx), i);
    }
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
/* More than the writer's memory takes: pages go into the log before the end and are read again from there. */
struct spill {
    int64_t rows, seen;
    bool keep;
};

static enum err spill_inside(struct cx *cx, void *arg)
{
    struct spill *s = arg;
    struct db_rows r = {0};
    static char page[4000];
    str text = {page, sizeof page};
    memset(page, 'x', sizeof page);
    for (int64_t i = 1; i <= s->rows; i++)
        TRY(db_exec(cx, NULL, "INSERT INTO thing(id, at) VALUES($1, $2)", V(1000 + i), V(text)));
    TRY(db_exec(cx, NULL,
                "UPDATE thing SET n = 1 WHERE id > 1000")); /* pages that are in the log already */
    TRY(db_query(cx, &r, "SELECT count(*), sum(n), sum(length(at)) FROM thing WHERE id > 1000"));
    s->seen = db_int(&r, 0, 0) + db_int(&r, 0, 1) + db_int(&r, 0, 2);
    return s->keep ? E_OK : fail(cx, E_INVALID, "taken back");
}

static void test_spill(void)
{
    struct bed t = bed_things((struct db_opts){0});
    struct cx *cx = &t.cx;
    struct db_rows r = {0};
    struct spill s = {.rows = 20000};
    T(db_write(cx, spill_inside, &s) == E_INVALID);
    T_INT(s.seen, s.rows * 4002);
    T_INT(count(cx), 0);
    s.keep = true;
    T_OK(cx, db_write(cx, spill_inside, &s));
    T_OK(cx, db_query(cx, &r, "SELECT count(*), sum(length(at)) FROM thing"));
    T_INT(db_int(&r, 0, 0), s.rows);
    T_INT(db_int(&r, 0, 1), s.rows * 4000);
    bed_end(&t);
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

struct stubborn {
    enum err full, after, level, ddl;
};

/* Goes on where the engine gave the transaction up. */
static enum err go_on(struct cx *cx, void *arg)
{
    struct stubborn *s = arg;
    struct thing inner = {.id = 2, .name = S("b")};
    static char page[100000];
    str text = {page, sizeof page};
    memset(page, 'x', sizeof page);
    for (int64_t i = 1000; i < 2000 && s->full == E_OK; i++)
        s->full = db_exec(cx, NULL, "INSERT INTO thing(id, at) VALUES($1, $2)", V(i), V(text));
    s->after = db_exec(cx, NULL, "INSERT INTO thing(id, name) VALUES(1, 'a')");
    s->level = db_write(cx, put_thing, &inner);
    s->ddl = db_ddl(cx, S("CREATE TABLE half(id @ID)"));
    return E_OK;
}

static void test_given_up(void)
{
    if (pg_server) return;
    struct bed t = bed_things((struct db_opts){.max_bytes = 4 << 20});
    struct cx *cx = &t.cx;
    struct stubborn s = {0};
    bool half = true;
    T(db_write(cx, go_on, &s) == E_FULL);
    T(s.full == E_FULL && s.after == E_FULL && s.level == E_FULL && s.ddl == E_FULL);
    T_INT(count(cx), 0);
    T_OK(cx, db_has_table(cx, S("half"), &half));
    T(!half);
    struct thing a = {.id = 1, .name = S("a")};
    T_OK(cx, db_write(cx, put_thing, &a));
    T_INT(count(cx), 1);
    bed_end(&t);
}

static const struct db_ops *whole;
static enum err cannot_take_back(struct cx *cx, struct db *db, enum db_ctl what)
{
    return what == DB_BACK ? fail(cx, E_INTERNAL, "torn") : whole->ctl(cx, db, what);
}
static enum err torn(struct cx *cx, void *arg)
{
    static struct db_ops ops;
    struct thing *x = arg;
    whole = cx->db->ops;
    ops = *whole;
    ops.ctl = cannot_take_back;
    cx->db->ops = &ops;
    TRY(put_thing(cx, x));
    return fail(cx, E_INVALID, "as told");
}
static enum err mended(struct cx *cx, void *arg)
{
    cx->db->ops = whole;
    return put_thing(cx, arg);
}

/* What failed cannot be taken back out of the transaction: nothing of it is kept. */
static void test_torn(void)
{
    if (pg_server) return;
    struct bed t = bed_things((struct db_opts){0});
    struct thing a = {.id = 1, .name = S("a")}, b = {.id = 2, .name = S("b")};
    T(db_write(&t.cx, torn, &a) == E_INVALID);
    T_INT(count(&t.cx), 0);
    T_OK(&t.cx, db_write(&t.cx, mended, &b));
    T_INT(count(&t.cx), 1);
    bed_end(&t);
}

/* ---- quiet work on a full disk ---- */
static enum err put_text(struct cx *cx, void *arg)
{
    const struct thing *x = arg;
    return db_search_put(cx, S("person"), x->id, S(""), x->name);
}

static enum err put_small(struct cx *cx, void *arg)
{
    static char page[3000];
    str text = {page, sizeof page};
    memset(page, 'x', sizeof page);
    return db_exec(cx, NULL, "INSERT INTO thing(id, at) VALUES($1, $2)", V(*(int64_t *)arg), V(text));
}

static enum err more_columns(struct cx *cx, void *name)
{
    return db_ddl(cx, arena_fmt(cx->a, "ALTER TABLE thing ADD COLUMN %s BIGINT", (const char *)name));
}
static enum err all_columns(struct cx *cx, void *ret) { return db_query(cx, ret, "SELECT * FROM thing"); }

/* Plans that DDL made stale are made anew without a word: nobody needs to act. */
static void test_stale_plans(void)
{
    if (!pg_server) return;
    struct bed t = bed_things((struct db_opts){.readers = 1});
    struct cx *cx = &t.cx;
    struct db_rows r = {0};
    char one[] = "one", two[] = "two", three[] = "three";
    struct thing a = {.id = 1, .name = S("a")};
    int was = -1;
    T_OK(cx, db_write(cx, put_thing, &a));
    T_OK(cx, all_columns(cx, &r));
    const char *log = t_log_away(t.cx.a, t.folder, &was);
    enum err e = db_write(cx, more_columns, one);
    if (e == E_OK) e = all_columns(cx, &r);
    if (e == E_OK) e = db_write(cx, more_columns, two);
    if (e == E_OK) e = db_write(cx, all_columns, &r);
    if (e == E_OK) e = db_write(cx, all_columns, &r);
    if (e == E_OK) e = db_write(cx, more_columns, three);
    if (e == E_OK) e = db_write(cx, all_columns, &r);
    t_log_back(was);
    T_OK(cx, e);
    T_INT((int64_t)r.cols, 7);
    T_INT(t_times_in(log, S("level=")), 0);
    bed_end(&t);
}

static void test_told_once(void)
{
    if (pg_server) return;
    struct bed t = bed_things((struct db_opts){.max_bytes = 4 << 20});
    struct cx *cx = &t.cx;
    int from = 0, to = 0;
    enum err e = E_OK;
    const str waits = S("search texts wait");
    T_OK(cx, db_migrate(cx, t.b, &from, &to));
    for (int64_t round = 1; round <= 2; round++) {
        char *text = arena_get(cx->a, 60000);
        for (int i = 0; i < 60000; i++) text[i] = (char)('a' + (i % 997 * (i % 991) + i * (int)round) % 26);
        struct thing x = {.id = 100 + round, .name = {text, 60000}};
        int was = -1;
        db_fault_at(t.b, INT32_MAX); /* never comes, and no quiet work before the base is full */
        T_OK(cx, db_write(cx, put_text, &x));
        const char *log = t_log_away(t.cx.a, t.folder, &was);
        (void)fill_up(&t, &e);
        for (int64_t id = 5000; (e = db_write(cx, put_small, &id)) == E_OK; id++) cx->msg = S("");
        db_fault_at(t.b, 0);
        for (int i = 0; i < 600 && t_times_in(log, waits) < round; i++) usleep(100000);
        int64_t tries = dbase_stats(t.b).errors, more = tries + 2; /* nobody but the quiet work asks any more */
        for (int i = 0; i < 600 && (tries = dbase_stats(t.b).errors) < more; i++) usleep(100000);
        t_log_back(was);
        T(tries >= more);
        T(e == E_FULL);
        T_INT(t_times_in(log, waits), round);
        T_INT(t_times_in(log, S("sqlite=13")), 3 * round); /* two of ours, and that of the first try */
        T_OK(cx, db_write(cx, empty, NULL));
        for (int i = 0; i < 600 && atomic_load(&t.b->unindexed) > 0; i++) usleep(100000);
        T_INT(atomic_load(&t.b->unindexed), 0);
    }
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

/* A reading connection has a time to answer in; the next holder begins anew. */
static void test_deadline(void)
{
    struct bed t = bed_make((struct db_opts){.readers = 1});
    struct cx *cx = &t.cx;
    struct db_rows r = {0};
    if (!pg_server) {
        T_OK(cx, db_snapshot(cx));
        db_deadline(cx, db_mono_us() + 5000);
        T_OK(cx, db_query(cx, &r, "SELECT 1"));
        T(!db_was_slow(cx));
        T(db_query(
              cx, &r,
              "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000000)"
              " SELECT count(*) FROM c") == E_SLOW);
        T(db_was_slow(cx));
        db_put(&cx->db);
        cx->db = db_get(t.b);
        T(!db_was_slow(cx));
        T_OK(cx,
             db_query(
                 cx, &r,
                 "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100000)"
                 " SELECT count(*) FROM c"));
        T_INT(db_int(&r, 0, 0), 100000);
    }
    bed_end(&t);
}

/* PostgreSQL keeps a row within a page, whatever goes aside: more is told in words. */
enum { WIDE = 600, ONE = 40 };
static enum err wide_make(struct cx *cx, void *arg)
{
    struct buf b = buf_new(cx->a, 1 << 16);
    (void)arg;
    buf_add(&b, S("CREATE TABLE wide(id @ID"));
    for (int i = 0; i < WIDE; i++) buf_fmt(&b, ", t%d TEXT", i);
    buf_byte(&b, ')');
    return db_ddl(cx, buf_str(&b));
}
static enum err wide_put(struct cx *cx, void *arg)
{
    struct buf b = buf_new(cx->a, 1 << 16);
    struct db_val v[WIDE];
    (void)arg;
    buf_add(&b, S("INSERT INTO wide VALUES(1"));
    for (int i = 0; i < WIDE; i++) {
        buf_fmt(&b, ", $%d", i + 1);
        v[i] = V(arena_fmt(cx->a, "%0*d", ONE, i));
    }
    buf_byte(&b, ')');
    return db_run(cx, NULL, NULL, buf_str(&b), v, WIDE);
}
static void test_wide(void)
{
    struct bed t = bed_make((struct db_opts){0});
    T_OK(&t.cx, db_write(&t.cx, wide_make, NULL));
    T(db_write(&t.cx, wide_put, NULL) == (pg_server ? E_LIMIT : E_OK));
    if (pg_server) T_STR(t.cx.msg, S("This record has too much text in its fields"));
    t.cx.lang = S("lt");
    T(db_write(&t.cx, wide_put, NULL) == (pg_server ? E_LIMIT : E_CONFLICT));
    if (pg_server) T_STR(t.cx.msg, S("Šio įrašo laukuose per daug teksto"));
    bed_end(&t);
}

static void all(void)
{
    test_deadline();
    test_values();
    test_nested();
    test_failed_level();
    test_threads();
    test_first_fails();
    test_bulk_gives_way();
    test_writes_of_people();
    test_snapshot();
    test_snapshot_late();
    test_each();
    test_fault();
    if (!pg_server) test_spill();
    test_full();
    test_given_up();
    test_torn();
    test_stale_plans();
    test_told_once();
    test_full_disk();
    test_wide();
}

int main(void)
{
    all();
    pg_server = getenv("KONTOR_TEST_PG");
    if (pg_server) all();
    return t_end("db");
}
