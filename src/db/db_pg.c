/* SPDX-License-Identifier: MIT */
/* db/db_pg.c - PostgreSQL: pooled connections, statements kept prepared, writes with retry.
 *
 * A session is read-only by default; db_write opens READ WRITE at REPEATABLE READ: a clash with another
 * writer (40001, 40P01) runs fn again with a fresh snapshot. A connection lost at COMMIT, and the WARNING
 * that a wait for the synchronous standby was cancelled, are E_UNCERTAIN: nobody knows.
 */
#include "base/tr.h"
#include "db/db_pg_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum {
    POOL = 16,
    TRIES = 40,
    LOST_TRIES = 3,
    WAIT_MAX_US = 50000,
    TIMEOUT_MS = 30000,
    GRACE_MS = 5000, /* behind the server's own time-out */
    FETCH = 500,
    OID_BOOL = 16,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_OID = 26,
    OID_NUMERIC = 1700
};
struct stmt {
    char *sql;
    size_t n, n_types;
    uint64_t hash, used; /* used: the connection's clock at the last call */
    char name[24];
    Oid type[];
};
struct pg {
    struct db db;
    struct pg_link l;
    struct stmt *st[DB_STMTS];
    uint64_t clock, serial;
    bool retry, lost, warned; /* of the running transaction; warned: by its COMMIT */
    bool stale;               /* the running call met a plan that DDL made stale: it is made again, once in silence */
    bool walk_tx;             /* a read-only transaction that carries the cursors of db_each */
    int cursors;
};

static void res_free(PGresult **r) { PQclear(*r); }

/* ---- errors ---- */

static bool is_class(const char *state, const char *prefix)
{
    return strncmp(state, prefix, strlen(prefix)) == 0;
}

static enum err code_of(const char *state)
{
    static const struct {
        const char *prefix;
        enum err e;
    } map[] = {{"23505", E_CONFLICT}, {"23", E_INVALID},  {"22021", E_INVALID},
               {"40001", E_BUSY},     {"40P01", E_BUSY},  {"55P03", E_BUSY},
               {"57014", E_BUSY},     {"53100", E_FULL},  {"53", E_BUSY},
               {"54", E_LIMIT},       {"57P", E_BUSY},    {"08P01", E_INTERNAL},
               {"08", E_BUSY},        {"25006", E_DENIED}};
    for (size_t i = 0; i < COUNT(map); i++)
        if (is_class(state, map[i].prefix)) return map[i].e;
    return E_INTERNAL;
}

static const char *err_text(enum err e, const char *state, bool writing)
{
    if (writing && is_class(state, "54000")) /* a row or an entry of an index is larger than a page */
        return TR("This record has too much text in its fields");
    switch ((int)e) {
    case E_BUSY: return TR("The database is busy");
    case E_FULL: return TR("The disk is full");
    case E_CONFLICT: return TR("There is such an entry already");
    case E_LIMIT: return TR("This is too large");
    case E_INVALID: return TR("A rule of the database refuses this value");
    default: return TR("The database failed");
    }
}

/* A person's own statement: the server's words. */
static enum err told(struct cx *cx, enum err e, const PGresult *r)
{
    str why = str_from(r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : "the connection broke");
    return fail(cx, e == E_INTERNAL ? E_INVALID : e, "%.*s", FS(why));
}

/* A value that does not fit, a transaction or a plan that is simply made again: nobody need act. */
static bool is_silent(const struct pg *g, enum err e, const char *state)
{
    if (e == E_CONFLICT || e == E_INVALID || is_class(state, "40")) return true;
    return g->stale && (is_class(state, "0A000") || is_class(state, "25P02"));
}

static enum err oops(struct cx *cx, struct pg *g, const PGresult *r)
{
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    const char *at = r ? PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME) : NULL;
    if (!state) state = "08000"; /* no word from the server: the connection broke */
    enum err e = code_of(state);
    g->lost = g->lost || PQstatus(g->l.c) == CONNECTION_BAD;
    g->retry = g->retry || g->lost || is_class(state, "40");
    if (g->db.depth) g->db.failed = e;
    db_count(e == E_BUSY ? &g->db.busy : &g->db.errors);
    if (g->db.own_sql) return told(cx, e, r);
    if (!is_silent(g, e, state))
        db_log(e == E_BUSY ? "warn" : "error", "postgres=%s %s", state, PQerrorMessage(g->l.c));
    const char *text = err_text(e, state, g->db.depth > 0);
    return fail_at(cx, e, at ? arena_dup(cx->a, str_from(at)) : S(""), "%s", tr_format(cx->lang, text));
}

/* ---- connection ---- */

static void on_notice(void *arg, const PGresult *r)
{
    struct pg *g = arg;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *level = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (!state || !is_class(state, "01") || !level || strcmp(level, "WARNING") != 0) return;
    g->warned = true;
    db_log("warn", "postgres=%s %s", state, PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY));
}

static void forget_all(struct pg *g)
{
    for (size_t i = 0; i < DB_STMTS; i++) {
        if (g->st[i]) free(g->st[i]->sql);
        free(g->st[i]);
        g->st[i] = NULL;
    }
}

static enum err command(struct cx *cx, struct pg *g, const char *sql)
{
    PGresult *r OWNED(res_free) = pg_link_exec(&g->l, sql);
    return PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK
               ? E_OK
               : oops(cx, g, r);
}

static enum err connect_now(struct cx *cx, struct pg *g)
{
    const struct dbase *b = g->db.base;
    int ms = b->o.statement_timeout_ms > 0 ? b->o.statement_timeout_ms : TIMEOUT_MS;
    forget_all(g);
    g->l.base = g->db.base;
    g->l.limit_us = INT64_C(1000) * (ms + GRACE_MS);
    g->lost = true;
    TRY(pg_link_open(cx, &g->l));
    PQsetNoticeReceiver(g->l.c, on_notice, g);
    g->lost = g->retry = g->walk_tx = false;
    return command(
        cx, g,
        arena_fmt(cx->a,
                  "SET jit = off; SET statement_timeout = %d; SET idle_in_transaction_session_timeout = 600000;"
                  "SET client_min_messages = warning; SET default_transaction_read_only = on;"
                  "SET standard_conforming_strings = on; SET synchronous_commit = on",
                  ms)
            .p);
}

/* A connection outside of a transaction may be made anew; inside, its loss is the transaction's. */
static enum err ready(struct cx *cx, struct pg *g)
{
    bool idle = !g->db.depth && !g->db.snapshot && !g->walk_tx;
    bool old = g->l.era != atomic_load(&g->db.base->era); /* its server fell silent for somebody else */
    if (!idle) return PQstatus(g->l.c) == CONNECTION_OK ? E_OK : oops(cx, g, NULL);
    if (PQstatus(g->l.c) == CONNECTION_OK && !g->lost && !old) return E_OK;
    return connect_now(cx, g);
}

/* ---- statements ---- */

static Oid type_of(const struct db_val *v)
{
    return v->t == DB_INT ? OID_INT8 : v->t == DB_TEXT ? OID_TEXT : 0;
}

/* A kept statement serves when each value has the type it was made with, is NULL, or its type was left to
 * the server (the first value was NULL). */
static bool serves(const struct stmt *s, uint64_t hash, str sql, const struct db_val *v, size_t n)
{
    if (s->hash != hash || s->n != sql.n || s->n_types != n || memcmp(s->sql, sql.p, sql.n) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (v[i].t != DB_NULL && s->type[i] && s->type[i] != type_of(&v[i])) return false;
    return true;
}

/* SQL words that change data or read it; all else goes through db_ddl or is our own. */
static bool is_data(str sql)
{
    static const str word[] = {S0("SELECT"), S0("INSERT"), S0("UPDATE"),
                               S0("DELETE"), S0("WITH"),   S0("VALUES")};
    sql = str_trim(sql);
    for (size_t i = 0; i < COUNT(word); i++)
        if (str_eq_nocase(str_cut(sql, 0, word[i].n), word[i])) return true;
    return false;
}

static enum err prepare(struct cx *cx, struct pg *g, const struct db_call *c, uint64_t hash,
                        struct stmt **slot)
{
    if (!is_data(c->sql)) {
        db_log("error", "refused: %.*s", FS(c->sql));
        return fail(cx, E_INTERNAL, "The database failed");
    }
    if (*slot) {
        TRY(command(cx, g, arena_fmt(cx->a, "DEALLOCATE %s", (*slot)->name).p));
        free((*slot)->sql);
        free(*slot);
        *slot = NULL;
    }
    struct stmt *s = calloc(1, sizeof *s + sizeof s->type[0] * c->n);
    if (!s) abort();
    s->sql = db_zdup(c->sql);
    s->n = c->sql.n;
    s->n_types = c->n;
    s->hash = hash;
    (void)snprintf(s->name, sizeof s->name, "k%" PRIu64, ++g->serial);
    for (size_t i = 0; i < c->n; i++) s->type[i] = type_of(&c->v[i]);
    PGresult *r OWNED(res_free) =
        pg_link_wait(&g->l, PQsendPrepare(g->l.c, s->name, s->sql, (int)c->n, s->type));
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        free(s->sql);
        free(s);
        return oops(cx, g, r);
    }
    *slot = s;
    return E_OK;
}

static enum err stmt_get(struct cx *cx, struct pg *g, const struct db_call *c, const char **ret)
{
    enum {
        WAYS = 8
    }; /* a text may stand in any of eight places; the one least lately used gives way */
    uint64_t hash = str_hash(c->sql);
    struct stmt **set = &g->st[hash % (DB_STMTS / WAYS) * WAYS], **slot = NULL, **old = set;
    for (size_t i = 0; i < WAYS && !slot; i++) {
        if (set[i] && serves(set[i], hash, c->sql, c->v, c->n)) slot = &set[i];
        else if (*old && (!set[i] || set[i]->used < (*old)->used)) old = &set[i];
    }
    if (!slot) {
        TRY(prepare(cx, g, c, hash, old));
        slot = old;
    }
    (*slot)->used = ++g->clock;
    *ret = (*slot)->name;
    return E_OK;
}

/* ---- running ---- */

/* As many as the call has; all are text. */
struct params {
    const char **p;
    Oid *type;
};

static struct params *params_of(struct cx *cx, const struct db_call *c)
{
    struct params *a = NEW(cx->a, struct params);
    a->p = NEW_N(cx->a, const char *, c->n);
    a->type = NEW_N(cx->a, Oid, c->n);
    for (size_t i = 0; i < c->n; i++) {
        const struct db_val *v = &c->v[i];
        if (v->t == DB_INT) a->p[i] = arena_fmt(cx->a, "%" PRId64, v->i).p;
        if (v->t == DB_TEXT) a->p[i] = arena_z(cx->a, v->s);
        a->type[i] = type_of(v);
    }
    return a;
}

static struct db_val value(struct arena *a, const PGresult *r, int row, int col)
{
    if (PQgetisnull(r, row, col)) return DB_NONE;
    str s = {PQgetvalue(r, row, col), (size_t)PQgetlength(r, row, col)};
    int64_t i = 0;
    switch (PQftype(r, col)) {
    case OID_BOOL: return db_from_int(s.p[0] == 't');
    case OID_INT8:
    case OID_INT2:
    case OID_INT4:
    case OID_OID:
    case OID_NUMERIC:
        if (str_to_int(s, &i)) return db_from_int(i);
        break;
    default: break;
    }
    return db_from_str(a ? arena_dup(a, s) : s);
}

static enum err rows_of(struct cx *cx, const PGresult *r, struct db_rows *ret)
{
    size_t rows = (size_t)PQntuples(r), cols = (size_t)PQnfields(r);
    if (rows > DB_ROWS_MAX) return fail(cx, E_LIMIT, "There are more than %d rows", DB_ROWS_MAX);
    struct db_val *out = rows && cols ? NEW_N(cx->a, struct db_val, mul_size(rows, cols)) : NULL;
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < cols; c++) out[i * cols + c] = value(cx->a, r, (int)i, (int)c);
    *ret = (struct db_rows){rows, cols, out};
    return E_OK;
}

static int64_t touched(PGresult *r)
{
    int64_t n = 0;
    bool reads = strncmp(PQcmdStatus(r), "SELECT", 6) == 0;
    return !reads && str_to_int(str_from(PQcmdTuples(r)), &n) ? n : 0;
}

static enum err once(struct cx *cx, struct pg *g, const struct db_call *c, const struct params *a)
{
    const char *name = NULL;
    TRY(ready(cx, g));
    TRY(stmt_get(cx, g, c, &name));
    PGresult *r OWNED(res_free) =
        pg_link_wait(&g->l, PQsendQueryPrepared(g->l.c, name, (int)c->n, a->p, NULL, NULL, 0));
    ExecStatusType s = PQresultStatus(r);
    if (s != PGRES_TUPLES_OK && s != PGRES_COMMAND_OK) {
        const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
        bool stale = state && strcmp(state, "0A000") == 0, reading = g->db.snapshot || g->walk_tx;
        if (stale) g->lost = g->retry = true; /* DDL went by: plans are stale */
        g->stale = stale && !g->stale && (g->db.depth || !reading);
        return oops(cx, g, r);
    }
    if (c->ret) TRY(rows_of(cx, r, c->ret));
    if (c->ret_changed) *c->ret_changed = touched(r);
    return E_OK;
}

/* ---- walking: a cursor, so that fn may use the connection ---- */

static enum err head(struct cx *cx, const PGresult *r, const struct db_call *c)
{
    int cols = PQnfields(r);
    str *name = NEW_N(cx->a, str, (size_t)cols);
    for (int i = 0; i < cols; i++) name[i] = arena_dup(cx->a, str_from(PQfname(r, i)));
    return c->head(cx, c->arg, name, (size_t)cols);
}

static enum err fetch_all(struct cx *cx, struct pg *g, const struct db_call *c, int cursor)
{
    const char *sql = arena_fmt(cx->a, "FETCH %d FROM w%d", FETCH, cursor).p;
    struct db_val *row = NULL;
    for (int rows = FETCH; rows == FETCH;) {
        PGresult *r OWNED(res_free) = pg_link_exec(&g->l, sql);
        if (PQresultStatus(r) != PGRES_TUPLES_OK) return oops(cx, g, r);
        rows = PQntuples(r);
        int cols = PQnfields(r);
        if (!row && c->head) TRY(head(cx, r, c));
        if (!row) row = NEW_N(cx->a, struct db_val, (size_t)cols);
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < cols; k++) row[k] = value(NULL, r, i, k);
            TRY(c->fn(cx, c->arg, row, (size_t)cols));
        }
    }
    return E_OK;
}

static enum err walk_in_tx(struct cx *cx, struct pg *g, const struct db_call *c,
                           const struct params *a)
{
    int cursor = ++g->cursors;
    if (!is_data(c->sql)) return fail(cx, E_INTERNAL, "The database failed");
    const char *sql =
        arena_fmt(cx->a, "DECLARE w%d NO SCROLL CURSOR FOR %.*s", cursor, FS(c->sql)).p;
    PGresult *r OWNED(res_free) =
        pg_link_wait(&g->l, PQsendQueryParams(g->l.c, sql, (int)c->n, a->type, a->p, NULL, NULL, 0));
    if (PQresultStatus(r) != PGRES_COMMAND_OK) return oops(cx, g, r);
    enum err e = fetch_all(cx, g, c, cursor);
    if (PQtransactionStatus(g->l.c) != PQTRANS_INTRANS) return e;
    PGresult *end OWNED(res_free) = pg_link_exec(&g->l, arena_fmt(cx->a, "CLOSE w%d", cursor).p);
    return PQresultStatus(end) == PGRES_COMMAND_OK || e != E_OK ? e : oops(cx, g, end);
}

static enum err walk(struct cx *cx, struct pg *g, const struct db_call *c, const struct params *a)
{
    TRY(ready(cx, g));
    bool own = PQtransactionStatus(g->l.c) == PQTRANS_IDLE;
    if (own) TRY(command(cx, g, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    if (own) g->walk_tx = true;
    enum err e = walk_in_tx(cx, g, c, a);
    if (!own) return e;
    g->walk_tx = false;
    PGresult *end OWNED(res_free) = pg_link_exec(&g->l, "COMMIT");
    if (PQresultStatus(end) != PGRES_COMMAND_OK) g->lost = true; /* it only read */
    return e;
}

static enum err pg_run(struct cx *cx, struct db *db, const struct db_call *c)
{
    struct pg *g = (struct pg *)db;
    const struct params *a = params_of(cx, c);
    if (c->fn) return walk(cx, g, c, a);
    bool in_tx = db->depth || db->snapshot || g->walk_tx;
    if (!in_tx) g->stale = false;
    enum err e = once(cx, g, c, a);
    return e == E_OK || !g->lost || g->l.gone || in_tx
               ? e
               : once(cx, g, c, a); /* outside of db_write it only reads */
}

static enum err pg_ctl(struct cx *cx, struct db *db, enum db_ctl what)
{
    struct pg *g = (struct pg *)db;
    switch (what) {
    case DB_SNAP:
        TRY(ready(cx, g));
        return command(cx, g, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1");
    case DB_SNAP_END: return command(cx, g, "COMMIT");
    case DB_SAVE: return command(cx, g, arena_fmt(cx->a, "SAVEPOINT k%d", db->depth).p);
    case DB_RELEASE: return command(cx, g, arena_fmt(cx->a, "RELEASE k%d", db->depth).p);
    case DB_BACK:
        return command(cx, g,
                       arena_fmt(cx->a, "ROLLBACK TO k%d; RELEASE k%d", db->depth, db->depth).p);
    }
    return E_OK;
}

static enum err pg_ddl(struct cx *cx, struct db *db, str sql)
{
    struct pg *g = (struct pg *)db;
    int64_t limit = g->l.limit_us;
    g->l.limit_us = 0;
    enum err e = command(cx, g, arena_fmt(cx->a, "SET LOCAL statement_timeout = 0; %.*s", FS(sql)).p);
    g->l.limit_us = limit;
    return e;
}

/* ---- writing ---- */

static enum err uncertain(struct cx *cx)
{
    return fail(cx, E_UNCERTAIN,
                "The database did not confirm: the change may or may not have happened");
}

static enum err commit(struct cx *cx, struct pg *g)
{
    TRY(db_fault(cx, &g->db));
    g->warned = false;
    PGresult *r OWNED(res_free) = pg_link_exec(&g->l, "COMMIT");
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
        /* the server itself refused, so it did not happen; one that goes down or fails is no witness */
        bool told = state && PQstatus(g->l.c) == CONNECTION_OK && !is_class(state, "57P") &&
                    !is_class(state, "08") && !is_class(state, "58") && !is_class(state, "XX");
        enum err e = oops(cx, g, r);
        if (told) return e;
        g->retry = false;
        return uncertain(cx);
    }
    if (g->warned) return uncertain(cx);
    if (strcmp(PQcmdStatus(r), "COMMIT") != 0) return fail(cx, E_INTERNAL, "The database failed");
    return E_OK;
}

/* Who stands still inside of a write holds its locks no longer than a minute. */
#define BEGIN_WRITE                                         \
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE;"     \
    "SET LOCAL idle_in_transaction_session_timeout = 60000"
static enum err attempt(struct cx *cx, struct pg *g, db_write_fn *fn, void *arg)
{
    struct db *db = &g->db;
    TRY(ready(cx, g));
    g->retry = g->lost = false;
    TRY(command(cx, g, BEGIN_WRITE));
    db->depth = 1;
    db->failed = E_OK;
    enum err e = fn(cx, arg);
    if (e == E_OK && db->failed != E_OK) e = fail(cx, db->failed, "A part of the change failed");
    if (e == E_OK) e = commit(cx, g);
    db->depth = 0;
    if (e == E_OK || PQtransactionStatus(g->l.c) == PQTRANS_IDLE) return e;
    PGresult *r OWNED(res_free) = pg_link_exec(&g->l, "ROLLBACK");
    if (PQresultStatus(r) != PGRES_COMMAND_OK) g->lost = true;
    return e;
}

static void back_off(int n)
{
    uint32_t r = 0;
    if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r) return;
    int64_t us = 500ll << (n < 8 ? n : 8);
    if (us > WAIT_MAX_US) us = WAIT_MAX_US;
    us = us / 4 + r % us;
    nanosleep(&(struct timespec){0, us * 1000}, NULL);
}

static enum err write_on(struct cx *cx, struct pg *g, db_write_fn *fn, void *arg)
{
    struct dbase *b = g->db.base;
    enum err e = E_BUSY;
    int lost = 0;
    g->stale = false;
    for (int n = 0; n < TRIES && lost < LOST_TRIES; n++) {
        if (n) back_off(n);
        e = attempt(cx, g, fn, arg);
        if (g->lost) lost++;
        if (e == E_OK || e == E_UNCERTAIN || !g->retry || g->l.gone) break;
    }
    if (e != E_OK)
        return g->retry && !g->l.gone && e != E_UNCERTAIN ? fail(cx, E_BUSY, "The database is busy") : e;
    atomic_fetch_add_explicit(&b->writes, 1, memory_order_relaxed);
    db_committed(b);
    return E_OK;
}

static struct pg *pg_new(struct dbase *b);

static void pg_close(struct db *db)
{
    struct pg *g = (struct pg *)db;
    forget_all(g);
    PQfinish(g->l.c);
    free(g);
}

/* A connection that reads in a transaction of its own (snapshot, walk) cannot write: another one does,
 * outside of the pool, because waiting for the pool while holding a part of it would be a deadlock. */
static enum err pg_write(struct cx *cx, db_write_fn *fn, void *arg, bool bulk)
{
    (void)bulk;
    struct db *held = cx->db;
    struct pg *g = (struct pg *)held;
    if (!held->snapshot && !held->walks) return write_on(cx, g, fn, arg);
    struct pg *extra = pg_new(held->base);
    cx->db = &extra->db;
    enum err e = write_on(cx, extra, fn, arg);
    cx->db = held;
    pg_close(&extra->db);
    return e;
}

static const struct db_ops pg_ops = {pg_run, pg_ctl, pg_ddl, pg_write, pg_close, true};

static struct pg *pg_new(struct dbase *b)
{
    struct pg *g = calloc(1, sizeof *g);
    if (!g) abort();
    g->db.ops = &pg_ops;
    g->db.base = b;
    return g;
}

enum err pg_open_base(struct cx *cx, struct dbase *b)
{
    b->ops = &pg_ops;
    if (!b->o.plain) TRY(pg_way_check(cx, str_from(b->path)));
    int n = b->o.readers > 0 ? b->o.readers : POOL;
    for (int i = 0; i < n; i++)
        db_pool_add(b, &pg_new(b)->db, true); /* each connects at its first use */
    struct db *db = db_get(b);
    enum err e = connect_now(cx, (struct pg *)db);
    db_put(&db);
    return e;
}
