/* SPDX-License-Identifier: MIT */
/* db/db.c - the half that both engines share: the pool, results, levels of writing, faults, statistics. */
#include "db/db_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void db_log(const char *level, const char *fmt, ...)
{
    char line[1024];
    int n = snprintf(line, sizeof line, "level=%s room=db ", level);
    va_list ap;
    va_start(ap, fmt);
    int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
    va_end(ap);
    if (m < 0) return;
    size_t len = strlen(line);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 127) line[i] = ' ';
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0) return; /* nowhere left to complain */
}

int64_t db_mono_us(void)
{
    struct timespec t = {0};
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) abort();
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

char *db_zdup(str s)
{
    char *z = malloc(s.n + 1);
    if (!z) abort();
    if (s.n) memcpy(z, s.p, s.n);
    z[s.n] = 0;
    return z;
}

enum err db_fault(struct cx *cx, struct db *db)
{
    struct dbase *b = db->base;
    if (atomic_load_explicit(&b->fault, memory_order_relaxed) <= 0) return E_OK;
    if (atomic_fetch_sub(&b->fault, 1) != 1) return E_OK;
    if (db->depth) db->failed = E_BUSY;
    return fail(cx, E_BUSY, "The database is busy");
}

void db_fault_at(struct dbase *b, int64_t nth) { atomic_store(&b->fault, nth); }

/* Limits that both engines keep alike, whatever they themselves would allow. */
static enum err params_check(struct cx *cx, const struct db_val *v, size_t n)
{
    if (n > DB_PARAMS_MAX) return fail(cx, E_LIMIT, "There are too many parameters");
    for (size_t i = 0; i < n; i++) {
        if (v[i].t != DB_TEXT || !v[i].s.n) continue;
        if (v[i].s.n > DB_TEXT_MAX)
            return fail(cx, E_LIMIT, "The text is longer than %d bytes", DB_TEXT_MAX);
        if (memchr(v[i].s.p, 0, v[i].s.n)) return fail(cx, E_INVALID, "The text holds a NUL character");
    }
    return E_OK;
}

static enum err call(struct cx *cx, const struct db_call *c)
{
    struct db *db = cx->db;
    assert(db);
    TRY(params_check(cx, c->v, c->n));
    TRY(db_fault(cx, db));
    db_count(&db->queries);
    return db->ops->run(cx, db, c);
}

enum err db_run(struct cx *cx, struct db_rows *ret, int64_t *ret_changed, str sql,
                const struct db_val *v, size_t n)
{
    return call(
        cx, &(struct db_call){.sql = sql, .v = v, .n = n, .ret = ret, .ret_changed = ret_changed});
}

static enum err walk(struct cx *cx, const struct db_call *c)
{
    struct db *db = cx->db;
    assert(db);
    db->walks++;
    enum err e = call(cx, c);
    db->walks--;
    return e;
}

enum err db_each(struct cx *cx, str sql, const struct db_val *v, size_t n, db_row_fn *fn, void *arg)
{
    return walk(cx, &(struct db_call){.sql = sql, .v = v, .n = n, .fn = fn, .arg = arg});
}

enum err db_each_named(struct cx *cx, str sql, db_head_fn *head, db_row_fn *fn, void *arg)
{
    cx->db->own_sql = true;
    enum err e = walk(cx, &(struct db_call){.sql = sql, .fn = fn, .arg = arg, .head = head});
    cx->db->own_sql = false;
    return e;
}

static const struct db_val *cell(const struct db_rows *r, size_t row, size_t col)
{
    assert(row < r->n && col < r->cols);
    return &r->v[row * r->cols + col];
}
int64_t db_int(const struct db_rows *r, size_t row, size_t col)
{
    const struct db_val *v = cell(r, row, col);
    return v->t == DB_INT ? v->i : 0;
}
str db_str(const struct db_rows *r, size_t row, size_t col)
{
    const struct db_val *v = cell(r, row, col);
    return v->t == DB_TEXT ? v->s : S("");
}
bool db_is_null(const struct db_rows *r, size_t row, size_t col)
{
    return cell(r, row, col)->t == DB_NULL;
}

/* ---- writing ---- */

enum err db_level(struct cx *cx, db_write_fn *fn, void *arg)
{
    struct db *db = cx->db;
    enum err outer = db->failed;
    size_t waiting = db->later.n;
    db->depth++;
    enum err e = db->ops->ctl(cx, db, DB_SAVE);
    if (e == E_OK) {
        db->failed = E_OK;
        e = fn(cx, arg);
        if (e == E_OK && db->failed != E_OK)
            e = fail(cx, db->failed, "A part of the change failed");
        if (e == E_OK) e = db->ops->ctl(cx, db, DB_RELEASE);
        if (e != E_OK) {
            db->later.n = waiting;
            str msg = cx->msg, at = cx->at;
            if (db->ops->ctl(cx, db, DB_BACK) != E_OK)
                outer = e; /* the whole transaction is gone */
            cx->err = e;
            cx->msg = msg;
            cx->at = at;
        }
        db->failed = outer;
    }
    db->depth--;
    return e;
}

void db_fence(struct cx *cx, db_write_fn *fence, void *arg)
{
    cx->db->fence = fence;
    cx->db->fence_arg = arg;
}

struct fenced {
    db_write_fn *fence, *fn;
    void *fence_arg, *arg;
};
static enum err fenced_inside(struct cx *cx, void *arg)
{
    const struct fenced *f = arg;
    TRY(f->fence(cx, f->fence_arg));
    return f->fn(cx, f->arg);
}

static enum err write_any(struct cx *cx, db_write_fn *fn, void *arg, bool bulk)
{
    struct db *db = cx->db;
    assert(db);
    if (db->depth) return db_level(cx, fn, arg);
    if (db->base->o.read_only) return fail(cx, E_DENIED, "The database is open for reading only");
    if (!db->fence) return db->ops->write(cx, fn, arg, bulk);
    struct fenced f = {db->fence, fn, db->fence_arg, arg};
    return db->ops->write(cx, fenced_inside, &f, bulk);
}
enum err db_write(struct cx *cx, db_write_fn *fn, void *arg)
{
    return write_any(cx, fn, arg, false);
}
enum err db_write_bulk(struct cx *cx, db_write_fn *fn, void *arg)
{
    return write_any(cx, fn, arg, true);
}
enum err db_write_part(struct cx *cx, db_write_fn *fn, void *arg)
{
    struct db *db = cx->db;
    if (!db->depth) return write_any(cx, fn, arg, true);
    enum err e = fn(cx, arg);
    if (e != E_OK && db->failed == E_OK) db->failed = e;
    return e;
}
bool db_is_writing(const struct cx *cx) { return cx->db && cx->db->depth > 0; }

enum err db_setting_put(struct cx *cx, str key, str value)
{
    return db_exec(cx, NULL,
                   "INSERT INTO setting (key, value) VALUES ($1, $2)"
                   " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                   V(key), V(value));
}

enum err db_snapshot(struct cx *cx)
{
    struct db *db = cx->db;
    if (db->snapshot || db->depth) return E_OK; /* a running write sees one state anyway */
    TRY(db_fault(cx, db));
    int64_t epoch = atomic_load(&db->base->epoch); /* before the state it is to speak for */
    TRY(db->ops->ctl(cx, db, DB_SNAP));
    db->epoch = epoch;
    db->snapshot = true;
    return E_OK;
}

void db_deadline(struct cx *cx, int64_t until_us)
{
    cx->db->until_us = until_us;
    cx->db->was_slow = false;
}

bool db_was_slow(const struct cx *cx) { return cx->db && cx->db->was_slow; }

int64_t db_epoch(const struct cx *cx)
{
    const struct db *db = cx->db;
    if (!db || db->depth || db->ops->is_pg) return -1;
    return db->snapshot ? db->epoch : atomic_load(&db->base->epoch);
}

static void snapshot_drop(struct cx *cx, struct db *db)
{
    if (!db->snapshot) return;
    db->snapshot = false;
    if (db->ops->ctl(cx, db, DB_SNAP_END) != E_OK) db_log("warn", "a snapshot did not end well");
}
void db_snapshot_end(struct cx *cx)
{
    if (cx->db) snapshot_drop(cx, cx->db);
}

/* ---- the process's database ---- */

void db_pool_add(struct dbase *b, struct db *db, bool is_free)
{
    db->base = b;
    db->ops = b->ops;
    pthread_mutex_lock(&b->mu);
    db->next_all = b->all;
    b->all = db;
    if (is_free) {
        db->next_free = b->free;
        b->free = db;
    }
    pthread_mutex_unlock(&b->mu);
}

/* One more reading connection; NULL when it cannot be had: the caller waits for another's. */
static struct db *db_more(struct dbase *b)
{
    struct cx cx = {.a = arena_new()};
    struct db *db = NULL;
    enum err e = sq_open_reader(&cx, b, &db);
    if (e != E_OK) db_log("warn", "no further reading connection: %.*s", FS(cx.msg));
    arena_free(&cx.a);
    return e == E_OK ? db : NULL;
}

struct db *db_get(struct dbase *b)
{
    pthread_mutex_lock(&b->mu);
    if (!b->free && b->spare > 0) {
        b->spare--;
        pthread_mutex_unlock(&b->mu);
        struct db *more = db_more(b);
        if (more) return more;
        pthread_mutex_lock(&b->mu);
    }
    while (!b->free) pthread_cond_wait(&b->freed, &b->mu);
    struct db *db = b->free;
    b->free = db->next_free;
    pthread_mutex_unlock(&b->mu);
    return db;
}

void db_put(struct db **db)
{
    struct db *d = *db;
    if (!d) return;
    *db = NULL;
    assert(d->depth == 0 && d->walks == 0);
    d->until_us = 0;
    d->fence = NULL;
    d->was_slow = false;
    if (d->snapshot) {
        struct cx cx = {.a = arena_new()};
        snapshot_drop(&cx, d);
        arena_free(&cx.a);
    }
    struct dbase *b = d->base;
    pthread_mutex_lock(&b->mu);
    d->next_free = b->free;
    b->free = d;
    pthread_cond_signal(&b->freed);
    pthread_mutex_unlock(&b->mu);
}

/* The log's newest row lifts the ids: a clock that was put back between two runs must not repeat one. */
enum { EVENTS_SINCE = 23 }; /* the schema that has them */
static enum err schema_greet(struct cx *cx, struct dbase *b)
{
    struct db *held = cx->db;
    cx->db = db_get(b);
    int version = 0;
    struct db_rows r = {0};
    enum err e = db_schema_version(cx, &version);
    if (e == E_OK && version > db_schema_latest())
        e = fail(cx, E_PRECOND,
                 "The database was made by a newer version (schema %d, this program knows %d)",
                 version, db_schema_latest());
    if (e == E_OK && version > 0) e = db_query(cx, &r, "SELECT max(seq) FROM change");
    if (e == E_OK && r.n) id_floor(db_int(&r, 0, 0));
    if (e == E_OK && version >= EVENTS_SINCE) e = db_query(cx, &r, "SELECT max(seq) FROM security_event");
    if (e == E_OK && r.n) id_floor(db_int(&r, 0, 0));
    (void)clock_aged_ms(0); /* the clock of the start is believed */
    db_put(&cx->db);
    cx->db = held;
    return e;
}

/* Of the whole program, for tests over its door. */
static void sabotage(struct dbase *b)
{
#ifdef KONTOR_SABOTAGE
    const char *how = getenv("KONTOR_SABOTAGE");
    if (how && strcmp(how, "answer_first") == 0) b->o.sabotage = DB_ANSWER_FIRST;
#else
    (void)b;
#endif
}

enum err dbase_open(struct cx *cx, const struct db_opts *o, struct dbase **ret)
{
    bool pg =
        str_has_prefix(o->url, S("postgres://")) || str_has_prefix(o->url, S("postgresql://"));
    str path = o->url;
    if (!pg && !str_has_prefix(path, S("sqlite:")))
        return fail(cx, E_INVALID, "Unknown kind of database address");
    if (!pg) path = str_cut(path, sizeof "sqlite:" - 1, path.n);
    if (!path.n || memchr(path.p, 0, path.n))
        return fail(cx, E_INVALID, "No database file is named");
    struct dbase *b = calloc(1, sizeof *b);
    if (!b) abort();
    b->o = *o;
    sabotage(b);
    b->o.url = S("");
    b->path = db_zdup(path);
    b->opened_ms = clock_ms();
    b->clone_from = -1;
    pthread_mutex_init(&b->mu, NULL);
    pthread_cond_init(&b->freed, NULL);
    enum err e = pg ? pg_open_base(cx, b) : sq_open_base(cx, b);
    if (e == E_OK) e = schema_greet(cx, b);
    if (e == E_OK && !pg && !o->read_only) e = writer_start(cx, b);
    if (e != E_OK) dbase_close(&b);
    else *ret = b;
    return e;
}

void dbase_close(struct dbase **ret)
{
    struct dbase *b = *ret;
    if (!b) return;
    *ret = NULL;
    writer_stop(&b->writer);
    while (b->all) {
        struct db *db = b->all;
        b->all = db->next_all;
        db->ops->close(db);
    }
    if (b->clone_from >= 0) (void)close(b->clone_from);
    pthread_mutex_destroy(&b->mu);
    pthread_cond_destroy(&b->freed);
    free(b->path);
    free(b);
}

bool dbase_is_pg(const struct dbase *b) { return b->ops->is_pg; }
bool db_is_pg(const struct cx *cx) { return cx->db->ops->is_pg; }
struct dbase *db_base(const struct db *db) { return db->base; }
int64_t dbase_opened_ms(const struct dbase *b) { return b->opened_ms; }

void dbase_on_commit(struct dbase *b, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&b->mu);
    b->on_commit = fn;
    b->on_commit_arg = arg;
    pthread_mutex_unlock(&b->mu);
}

void db_committed(struct dbase *b)
{
    atomic_fetch_add_explicit(&b->commits, 1, memory_order_relaxed);
    pthread_mutex_lock(&b->mu);
    if (b->on_commit) b->on_commit(b->on_commit_arg);
    pthread_mutex_unlock(&b->mu);
}

struct db_stats dbase_stats(const struct dbase *b)
{
    struct dbase *w = (struct dbase *)(uintptr_t)b; /* the lock is no part of what a caller sees */
    struct db_stats s = {.writes = atomic_load(&w->writes),
                         .commits = atomic_load(&w->commits),
                         .wal_bytes = atomic_load(&w->wal_bytes),
                         .checkpoints = atomic_load(&w->checkpoints)};
    pthread_mutex_lock(&w->mu);
    for (struct db *d = w->all; d; d = d->next_all) {
        s.queries += atomic_load_explicit(&d->queries, memory_order_relaxed);
        s.errors += atomic_load_explicit(&d->errors, memory_order_relaxed);
        s.busy += atomic_load_explicit(&d->busy, memory_order_relaxed);
    }
    pthread_mutex_unlock(&w->mu);
    return s;
}
