/* SPDX-License-Identifier: MIT */
/* db/db_sqlite.c - one SQLite connection: opening, statement cache, running, levels.
 *
 * A connection stays in the hands of one thread at a time (SQLITE_OPEN_NOMUTEX). Statements are kept
 * prepared; parameters are named $1, $2..., and SQLite numbers them by first appearance, so the way from
 * $k to its index is computed once, when the statement is prepared. The authorizer refuses DDL, ATTACH,
 * PRAGMA and transaction words in whatever comes through db_run; only this file's own words pass.
 */
#include "base/tr.h"
#include "db/db_int.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SLOTS = 1024,
    BUSY_MS = 10000,
    CACHE_KIB = 8192,
    WRITER_CACHE_KIB = 65536,
    FIRST_ROWS = 2, /* most questions have one row as their answer; wide ones are 60 values */
    MORE_ROWS = 4,
    LEVELS = 8
};
struct stmt {
    sqlite3_stmt *st;
    char *sql;
    size_t n;
    uint64_t hash;
    struct stmt *same_hash, *newer, *older; /* chain; the LRU ring */
    bool busy, cached, watched; /* watched: writes into one of those tables */
    uint16_t params, index[]; /* index[k - 1] of $k */
};
struct sq {
    struct db db;
    sqlite3 *h;
    bool open_door;                         /* the authorizer lets DDL and transaction words pass */
    bool watched;                           /* it saw a statement that writes into a watched table */
    bool in_tx;                             /* between our BEGIN and our COMMIT or ROLLBACK */
    enum err given_up;                      /* sq_given_up */
    sqlite3_stmt *tx[3], *level[3][LEVELS]; /* BEGIN..., savepoints by depth */
    sqlite3_stmt *snap[3];                  /* a reading transaction */
    struct stmt *by_ptr[SLOTS], *by_hash[SLOTS], *newest, *oldest;
    size_t stmts;
};

sqlite3 *sq_handle(struct db *db) { return ((struct sq *)db)->h; }

/* ---- errors ---- */

static enum err code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return E_BUSY;
    case SQLITE_FULL: return E_FULL;
    case SQLITE_TOOBIG: return E_LIMIT;
    case SQLITE_INTERRUPT: return E_SLOW;
    case SQLITE_CONSTRAINT:
        return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
                       rc == SQLITE_CONSTRAINT_ROWID
                   ? E_CONFLICT
                   : E_INVALID;
    case SQLITE_IOERR: return rc == SQLITE_IOERR_SHMSIZE ? E_FULL : E_INTERNAL;
    default: return E_INTERNAL;
    }
}

enum err sq_err(sqlite3 *h, int rc, bool told)
{
    enum err e = code_of(rc);
    if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) {
        /* a second fsync may succeed although the data is gone: only a restart and recovery is honest */
        db_log("error", "fsync failed (errno %d): stopping, nothing was acknowledged",
               sqlite3_system_errno(h));
        abort();
    }
    bool silent = told || e == E_CONFLICT || e == E_INVALID || e == E_SLOW;
    if (!silent) db_log("error", "sqlite=%d %s", rc, sqlite3_errmsg(h));
    return e;
}

static const char *err_text(enum err e)
{
    switch ((int)e) {
    case E_BUSY: return TR("The database is busy");
    case E_FULL: return TR("The disk is full");
    case E_CONFLICT: return TR("There is such an entry already");
    case E_LIMIT: return TR("This is too large");
    case E_SLOW: return TR("This takes too long: please narrow the search or the filter");
    case E_INVALID: return TR("A rule of the database refuses this value");
    default: return TR("The database failed");
    }
}

static enum err oops(struct cx *cx, struct sq *q, int rc)
{
    bool told = q->db.own_sql && (rc == SQLITE_ERROR || rc == SQLITE_READONLY || rc == SQLITE_AUTH);
    if (told) return fail(cx, E_INVALID, "%s", sqlite3_errmsg(q->h));
    enum err e = sq_err(q->h, rc, q->db.told);
    db_count(e == E_BUSY ? &q->db.busy : &q->db.errors);
    if (q->db.depth) q->db.failed = e;
    if (q->in_tx && q->given_up == E_OK && sqlite3_get_autocommit(q->h)) q->given_up = e;
    if (e != E_CONFLICT && e != E_INVALID) return fail(cx, e, "%s", tr_format(cx->lang, err_text(e)));
    str why = str_from(sqlite3_errmsg(q->h));
    ptrdiff_t colon = str_find(why, S(": "));
    str at = colon < 0 ? S("") : arena_dup(cx->a, str_cut(why, (size_t)colon + 2, why.n));
    return fail_at(cx, e, at, "%s", tr_format(cx->lang, err_text(e)));
}

enum err sq_given_up(const struct db *db) { return ((const struct sq *)db)->given_up; }

/* What followed a transaction that SQLite gave up would be committed statement by statement. */
static enum err tx_stands(struct cx *cx, struct sq *q)
{
    if (!q->in_tx || !sqlite3_get_autocommit(q->h)) return E_OK;
    if (q->given_up == E_OK) q->given_up = E_INTERNAL;
    if (q->db.depth) q->db.failed = q->given_up;
    return fail(cx, q->given_up, "%s", tr_format(cx->lang, err_text(q->given_up)));
}

/* ---- statements ---- */

static void lru_out(struct sq *q, struct stmt *s)
{
    *(s->newer ? &s->newer->older : &q->newest) = s->older;
    *(s->older ? &s->older->newer : &q->oldest) = s->newer;
    s->newer = s->older = NULL;
}

static void lru_front(struct sq *q, struct stmt *s)
{
    s->older = q->newest;
    s->newer = NULL;
    if (q->newest) q->newest->newer = s;
    q->newest = s;
    if (!q->oldest) q->oldest = s;
}

static void stmt_free(struct stmt *s)
{
    sqlite3_finalize(s->st);
    free(s->sql);
    free(s);
}

static void stmt_forget(struct sq *q, struct stmt *s)
{
    struct stmt **at = &q->by_hash[s->hash % SLOTS];
    while (*at != s) at = &(*at)->same_hash;
    *at = s->same_hash;
    for (size_t i = 0; i < SLOTS; i++)
        if (q->by_ptr[i] == s) q->by_ptr[i] = NULL;
    lru_out(q, s);
    q->stmts--;
    stmt_free(s);
}

static void stmt_keep(struct sq *q, struct stmt *s)
{
    struct stmt *old = q->oldest;
    while (q->stmts >= DB_STMTS && old) {
        struct stmt *next = old->newer;
        if (!old->busy) stmt_forget(q, old);
        old = next;
    }
    s->cached = true;
    s->same_hash = q->by_hash[s->hash % SLOTS];
    q->by_hash[s->hash % SLOTS] = s;
    lru_front(q, s);
    q->stmts++;
}

/* $k of the text to SQLite's index; false when a name is not $1... or one is left out. */
static bool map_params(struct stmt *s, int n)
{
    for (int i = 1; i <= n; i++) {
        const char *name = sqlite3_bind_parameter_name(s->st, i);
        int64_t k = 0;
        if (!name || name[0] != '$' || !str_to_int(str_from(name + 1), &k) || k < 1 || k > n)
            return false;
        s->index[k - 1] = (uint16_t)i;
    }
    s->params = (uint16_t)n;
    return true;
}

static enum err stmt_make(struct cx *cx, struct sq *q, str sql, struct stmt **ret)
{
    sqlite3_stmt *st = NULL;
    const char *tail = NULL;
    if (sql.n > INT32_MAX) return fail(cx, E_LIMIT, "This is too large");
    q->watched = false;
    int rc = sqlite3_prepare_v3(q->h, sql.p, (int)sql.n, SQLITE_PREPARE_PERSISTENT, &st, &tail);
    if (rc != SQLITE_OK) return oops(cx, q, rc);
    int n = sqlite3_bind_parameter_count(st);
    struct stmt *s = calloc(1, sizeof *s + sizeof s->index[0] * (size_t)n);
    if (!s) abort();
    s->st = st;
    str rest = str_trim((str){tail, (size_t)(sql.p + sql.n - tail)});
    if (!st || rest.n || !map_params(s, n)) {
        stmt_free(s);
        db_log("error", "not one statement with parameters $1 to $n: %.*s", FS(sql));
        return fail(cx, E_INTERNAL, "The database failed");
    }
    s->sql = db_zdup(sql);
    s->n = sql.n;
    s->watched = q->watched;
    *ret = s;
    return E_OK;
}

static bool is_text(const struct stmt *s, str sql)
{
    return s && s->n == sql.n && !s->busy && memcmp(s->sql, sql.p, sql.n) == 0;
}

/* Literals are found by their address (the text is compared all the same), built SQL by its hash. */
static enum err stmt_get(struct cx *cx, struct sq *q, str sql, struct stmt **ret)
{
    struct stmt **slot = &q->by_ptr[((uintptr_t)sql.p >> 3) * 0x9E3779B97F4A7C15u >> 54];
    struct stmt *s = *slot;
    if (!is_text(s, sql)) {
        uint64_t hash = str_hash(sql);
        bool in_use = false;
        for (s = q->by_hash[hash % SLOTS]; s && !is_text(s, sql); s = s->same_hash)
            if (s->hash == hash && s->busy) in_use = true;
        if (!s) {
            TRY(stmt_make(cx, q, sql, &s));
            assert(s);
            s->hash = hash;
            if (!in_use)
                stmt_keep(q, s); /* a walk holds the kept one: this copy lives for one call */
        }
        if (s->cached) *slot = s;
    }
    if (s->cached && q->newest != s) {
        lru_out(q, s);
        lru_front(q, s);
    }
    s->busy = true;
    *ret = s;
    return E_OK;
}

static void stmt_put(struct stmt **ret)
{
    struct stmt *s = *ret;
    if (!s) return;
    sqlite3_reset(s->st); /* its result is the step's, which was looked at */
    s->busy = false;
    if (!s->cached) stmt_free(s);
}

/* ---- running ---- */

static enum err bind(struct cx *cx, struct sq *q, struct stmt *s, const struct db_val *v, size_t n)
{
    if (n != s->params) {
        db_log("error", "%zu values for %d parameters: %s", n, s->params, s->sql);
        return fail(cx, E_INTERNAL, "The database failed");
    }
    for (size_t i = 0; i < n; i++) {
        int at = s->index[i], rc = SQLITE_MISUSE;
        switch (v[i].t) {
        case DB_NULL: rc = sqlite3_bind_null(s->st, at); break;
        case DB_INT: rc = sqlite3_bind_int64(s->st, at, v[i].i); break;
        case DB_TEXT:
            rc = sqlite3_bind_text64(s->st, at, v[i].s.p ? v[i].s.p : "", v[i].s.n, SQLITE_STATIC,
                                     SQLITE_UTF8);
            break;
        }
        if (rc != SQLITE_OK) return oops(cx, q, rc);
    }
    return E_OK;
}

static struct db_val column(struct arena *a, sqlite3_stmt *st, int c)
{
    sqlite3_value *v = sqlite3_column_value(st, c); /* one look for all that is asked below */
    int type = sqlite3_value_type(v);
    if (type == SQLITE_INTEGER) return db_from_int(sqlite3_value_int64(v));
    if (type == SQLITE_NULL) return DB_NONE;
    const char *p = (const char *)sqlite3_value_text(v);
    str s = {p ? p : "", (size_t)sqlite3_value_bytes(v)};
    if (!s.n) return db_from_str(S(""));
    return db_from_str(a ? arena_dup(a, s) : s);
}

static enum err head(struct cx *cx, sqlite3_stmt *st, const struct db_call *c)
{
    int cols = sqlite3_column_count(st);
    str *name = NEW_N(cx->a, str, (size_t)cols);
    for (int i = 0; i < cols; i++) name[i] = arena_dup(cx->a, str_from(sqlite3_column_name(st, i)));
    return c->head(cx, c->arg, name, (size_t)cols);
}

static enum err walk(struct cx *cx, struct sq *q, sqlite3_stmt *st, const struct db_call *c)
{
    int cols = sqlite3_column_count(st), rc = 0;
    if (c->head) TRY(head(cx, st, c));
    struct db_val *row = NEW_N(cx->a, struct db_val, (size_t)cols);
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        for (int i = 0; i < cols; i++) row[i] = column(NULL, st, i);
        TRY(c->fn(cx, c->arg, row, (size_t)cols));
    }
    return rc == SQLITE_DONE ? E_OK : oops(cx, q, rc);
}

static enum err copy(struct cx *cx, struct sq *q, sqlite3_stmt *st, struct db_rows *ret)
{
    size_t cols = (size_t)sqlite3_column_count(st), rows = 0, cap = 0;
    struct db_val *out = NULL;
    int rc = 0;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        if (!ret) continue;
        if (rows == DB_ROWS_MAX) return fail(cx, E_LIMIT, "There are more than %d rows", DB_ROWS_MAX);
        if (rows == cap) {
            struct db_val *old = out;
            cap = cap ? cap * MORE_ROWS : FIRST_ROWS;
            out = NEW_N(cx->a, struct db_val, mul_size(cap, cols));
            if (rows) memcpy(out, old, sizeof *out * rows * cols);
        }
        for (size_t i = 0; i < cols; i++) out[rows * cols + i] = column(cx->a, st, (int)i);
        rows++;
    }
    if (rc != SQLITE_DONE) return oops(cx, q, rc);
    if (ret) *ret = (struct db_rows){rows, cols, out};
    return E_OK;
}

static enum err sq_run(struct cx *cx, struct db *db, const struct db_call *c)
{
    struct sq *q = (struct sq *)db;
    struct stmt *s OWNED(stmt_put) = NULL;
    TRY(tx_stands(cx, q));
    TRY(stmt_get(cx, q, c->sql, &s));
    TRY(bind(cx, q, s, c->v, c->n));
    if (s->watched) db->watched = true;
    if (c->fn) return walk(cx, q, s->st, c);
    bool reads = sqlite3_stmt_readonly(s->st);
    TRY(copy(cx, q, s->st, c->ret));
    if (c->ret_changed) *c->ret_changed = reads ? 0 : sqlite3_changes64(q->h);
    return E_OK;
}

/* Our own words: DDL, pragmas, savepoints. */
static enum err own(struct cx *cx, struct sq *q, const char *sql)
{
    bool before = q->open_door;
    q->open_door = true;
    q->watched = false;
    int rc = sqlite3_exec(q->h, sql, NULL, NULL, NULL);
    q->open_door = before;
    if (q->watched) q->db.watched = true;
    return rc == SQLITE_OK ? E_OK : oops(cx, q, rc);
}

static enum err sq_ddl(struct cx *cx, struct db *db, str sql)
{
    TRY(tx_stands(cx, (struct sq *)db));
    return own(cx, (struct sq *)db, arena_z(cx->a, sql));
}

enum { SNAP_BEGIN, SNAP_LOOK, SNAP_END };

static enum err snap_step(struct cx *cx, struct sq *q, int which)
{
    static const char *const text[] = {"BEGIN", "SELECT 1 FROM sqlite_schema LIMIT 1", "COMMIT"};
    int rc = SQLITE_OK;
    if (!q->snap[which])
        rc = sqlite3_prepare_v3(q->h, text[which], -1, SQLITE_PREPARE_PERSISTENT, &q->snap[which], NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(q->snap[which]);
    sqlite3_reset(q->snap[which]);
    return rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW ? E_OK : oops(cx, q, rc);
}

/* A reading transaction; the look makes its state the present one. No deadline holds for these three: one that was over
 * in the midst would leave the transaction open, and its connection would read yesterday's state for good. */
static enum err snap(struct cx *cx, struct sq *q, bool begin)
{
    bool before = q->open_door;
    int64_t until = q->db.until_us;
    q->open_door = true;
    q->db.until_us = 0;
    enum err e = snap_step(cx, q, begin ? SNAP_BEGIN : SNAP_END);
    if (e == E_OK && begin && (e = snap_step(cx, q, SNAP_LOOK)) != E_OK && snap_step(cx, q, SNAP_END) != E_OK)
        db_log("warn", "a snapshot that did not begin did not end well");
    q->db.until_us = until;
    q->open_door = before;
    return e;
}

/* Takes back all of a transaction that held one request alone; those after it find it open. */
static enum err begin_anew(struct db *db)
{
    if (sq_tx(db, SQ_ROLLBACK) != E_OK) abort(); /* a writer whose transaction cannot end is no writer */
    return sq_tx(db, SQ_BEGIN);
}

static enum err sq_ctl(struct cx *cx, struct db *db, enum db_ctl what)
{
    static const char *const word[] = {
        [DB_SAVE] = "SAVEPOINT", [DB_RELEASE] = "RELEASE", [DB_BACK] = "ROLLBACK TO"};
    struct sq *q = (struct sq *)db;
    if (what == DB_SNAP || what == DB_SNAP_END) return snap(cx, q, what == DB_SNAP);
    bool all = db->whole && db->depth == 1;
    if (all && what == DB_BACK) return begin_anew(db);
    TRY(tx_stands(cx, q)); /* a savepoint would begin one of its own */
    if (all) return E_OK;
    int level = db->depth < LEVELS ? db->depth - 1 : LEVELS - 1;
    sqlite3_stmt **st = &q->level[what - DB_SAVE][level];
    bool before = q->open_door;
    q->open_door = true;
    int rc = SQLITE_OK;
    if (!*st) {
        char sql[32];
        (void)snprintf(sql, sizeof sql, "%s k%d", word[what], level);
        rc = sqlite3_prepare_v3(q->h, sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(*st);
        sqlite3_reset(*st);
    }
    q->open_door = before;
    if (rc != SQLITE_OK && rc != SQLITE_DONE) return oops(cx, q, rc);
    return what == DB_BACK ? sq_ctl(cx, db, DB_RELEASE) : E_OK;
}

enum err sq_tx(struct db *db, enum sq_tx what)
{
    struct sq *q = (struct sq *)db;
    int rc = SQLITE_DONE;
    if (what != SQ_ROLLBACK || !sqlite3_get_autocommit(q->h)) { /* else SQLite did it itself */
        q->open_door = true;
        rc = sqlite3_step(q->tx[what]);
        sqlite3_reset(q->tx[what]);
        q->open_door = false;
    }
    if (rc != SQLITE_DONE) return sq_err(q->h, rc, db->told);
    q->in_tx = what == SQ_BEGIN;
    q->given_up = E_OK;
    return E_OK;
}

static void sq_close(struct db *db)
{
    struct sq *q = (struct sq *)db;
    while (q->newest) stmt_forget(q, q->newest);
    for (size_t i = 0; i < COUNT(q->tx); i++) sqlite3_finalize(q->tx[i]);
    for (size_t i = 0; i < COUNT(q->snap); i++) sqlite3_finalize(q->snap[i]);
    for (size_t i = 0; i < 3 * LEVELS; i++) sqlite3_finalize(q->level[i / LEVELS][i % LEVELS]);
    if (sqlite3_close(q->h) != SQLITE_OK)
        db_log("error", "a connection did not close: %s", sqlite3_errmsg(q->h));
    free(q);
}

/* ---- opening ---- */

/* Sessions and rights hang on these: db_epoch. */
static bool is_watched(int action, const char *table)
{
    static const char *const watched[] = {"user",    "role",    "team",     "branch", "tag_word",
                                          "session", "api_key", "user_totp", "passkey", "share",
                                          "setting"};
    if (action != SQLITE_INSERT && action != SQLITE_UPDATE && action != SQLITE_DELETE) return false;
    for (size_t i = 0; i < COUNT(watched); i++)
        if (strcmp(table, watched[i]) == 0) return true;
    return false;
}

static int door(void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
    struct sq *q = arg;
    (void)b, (void)c, (void)d;
    if (is_watched(action, a)) q->watched = true;
    if (q->open_door) return SQLITE_OK;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE: return SQLITE_OK;
    case SQLITE_PRAGMA: /* FTS5 asks for the first, db_has_column for the second: both only read */
        return strcmp(a, "data_version") == 0 || strcmp(a, "table_info") == 0 ? SQLITE_OK
                                                                              : SQLITE_DENY;
    default: return SQLITE_DENY;
    }
}

/* Between operations of a statement: is its time over? */
static int bounds(void *arg)
{
    struct db *db = arg;
    if (!db->until_us || db_mono_us() < db->until_us) return 0;
    db->was_slow = true;
    return 1;
}

static void limits(struct sq *q, enum sq_role role)
{
    static const int limit[][2] = {{SQLITE_LIMIT_LENGTH, DB_TEXT_MAX + 1024 * 1024},
                                   {SQLITE_LIMIT_SQL_LENGTH, 1024 * 1024},
                                   {SQLITE_LIMIT_COLUMN, 2000},
                                   {SQLITE_LIMIT_EXPR_DEPTH, 200},
                                   {SQLITE_LIMIT_COMPOUND_SELECT, 50},
                                   {SQLITE_LIMIT_FUNCTION_ARG, 32},
                                   {SQLITE_LIMIT_ATTACHED, 0},
                                   {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
                                   {SQLITE_LIMIT_VARIABLE_NUMBER, DB_PARAMS_MAX},
                                   {SQLITE_LIMIT_TRIGGER_DEPTH, 8},
                                   {SQLITE_LIMIT_WORKER_THREADS, 0}};
    for (size_t i = 0; i < COUNT(limit); i++) sqlite3_limit(q->h, limit[i][0], limit[i][1]);
    if (role == SQ_READER) sqlite3_progress_handler(q->h, DB_STEP, bounds, &q->db);
}

#ifdef KONTOR_SABOTAGE
static int no_sync(sqlite3_file *f, int flags)
{
    (void)f, (void)flags;
    return SQLITE_OK;
}
/* The lying disk: sync of the log and of the file does nothing. The method table is one per process. */
static void skip_fsync(struct sq *q)
{
    static sqlite3_io_methods lying[2];
    static const int which[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
    for (size_t i = 0; i < COUNT(which); i++) {
        sqlite3_file *f = NULL;
        if (sqlite3_file_control(q->h, "main", which[i], &f) != SQLITE_OK || !f || !f->pMethods)
            continue;
        if (f->pMethods == &lying[i]) continue;
        lying[i] = *f->pMethods;
        lying[i].xSync = no_sync;
        f->pMethods = &lying[i];
    }
}
#else
static void skip_fsync(struct sq *q) { (void)q; }
#endif

/* A reader that meets another's commit would unmap the whole file (and fault it in again, page by page), lest another
 * program had made it shorter and longer again meanwhile. Nobody else writes here, the file only grows, and under Linux
 * a mapping stays true even then. One time in so many it is mapped anew, as long as the file is by then. */
enum { REMAP_ONE_IN = 256 };
static int (*real_unfetch)(sqlite3_file *, sqlite3_int64, void *);

static int keep_mapped(sqlite3_file *f, sqlite3_int64 at, void *page)
{
    static _Thread_local uint32_t dice = 1;
    dice = dice * 1664525u + 1013904223u;
    return page || (dice >> 8) % REMAP_ONE_IN == 0 ? real_unfetch(f, at, page) : SQLITE_OK;
}

static void mapping_keep(struct sq *q)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static const sqlite3_io_methods *real;
    static sqlite3_io_methods ours;
    sqlite3_file *f = NULL;
    if (sqlite3_file_control(q->h, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK || !f ||
        !f->pMethods || f->pMethods->iVersion < 3)
        return;
    pthread_mutex_lock(&lock);
    if (!real) {
        real = f->pMethods;
        ours = *real;
        real_unfetch = real->xUnfetch;
        ours.xUnfetch = keep_mapped;
    }
    if (f->pMethods == real) f->pMethods = &ours; /* the few ways of locking files have methods of their own */
    pthread_mutex_unlock(&lock);
}

static bool is_sabotage(const struct dbase *b, enum db_sabotage s)
{
#ifdef KONTOR_SABOTAGE
    return b->o.sabotage == s;
#else
    (void)b, (void)s;
    return false;
#endif
}

static enum err pragmas(struct cx *cx, struct sq *q, struct dbase *b, enum sq_role role)
{
    bool writer = role == SQ_WRITER;
    if (role != SQ_READER) TRY(own(cx, q, "PRAGMA journal_mode=WAL"));
    str sql = arena_fmt(
        cx->a,
        "PRAGMA synchronous=%s; PRAGMA mmap_size=%lld; PRAGMA cache_size=-%d; PRAGMA "
        "temp_store=MEMORY;"
        "PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=ON; PRAGMA cell_size_check=%s;"
        "PRAGMA trusted_schema=OFF; PRAGMA query_only=%s; PRAGMA journal_size_limit=%d; PRAGMA secure_delete=%s",
        is_sabotage(b, DB_SYNC_NORMAL) ? "NORMAL" : "FULL", b->o.no_mmap ? 0LL : 0x40000000000LL,
        writer ? WRITER_CACHE_KIB : CACHE_KIB,
        /* under mmap a page is looked at anew each time it is touched: a fifth of a read */
        role == SQ_READER && !b->o.read_only ? "OFF" : "ON", role == SQ_READER ? "ON" : "OFF", 64 * 1024 * 1024,
        /* what is taken out is overwritten: an erasure by law finds nothing of older states in free places */
        writer ? "ON" : "OFF");
    TRY(own(cx, q, sql.p));
    if (writer && b->o.max_bytes > 0)
        TRY(own(cx, q,
                arena_fmt(cx->a, "PRAGMA max_page_count=%" PRId64, b->o.max_bytes / 4096 + 1).p));
    TRY(own(cx, q,
            "SELECT 1 FROM sqlite_schema LIMIT 1")); /* opens the log: a broken file is told here */
    int rc = sq_terms(q->h);
    if (rc != SQLITE_OK) return oops(cx, q, rc);
    if (is_sabotage(b, DB_SKIP_FSYNC)) skip_fsync(q);
    else if (role == SQ_READER) mapping_keep(q);
    return E_OK;
}

static const char *file_system(const struct dbase *b, enum sq_role role)
{
    bool full = !is_sabotage(b, DB_SYNC_NORMAL) && !is_sabotage(b, DB_SKIP_FSYNC);
    return role == SQ_WRITER && full ? sq_writer_vfs() : NULL;
}

enum err sq_open(struct cx *cx, struct dbase *b, enum sq_role role, struct db **ret)
{
    static const char *const tx[] = {
        [SQ_BEGIN] = "BEGIN IMMEDIATE", [SQ_COMMIT] = "COMMIT", [SQ_ROLLBACK] = "ROLLBACK"};
    struct sq *q = calloc(1, sizeof *q);
    if (!q) abort();
    q->db.base = b;
    q->open_door = true;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE |
                (b->o.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int rc = sqlite3_open_v2(b->path, &q->h, flags, file_system(b, role));
    if (rc == SQLITE_OK) rc = sqlite3_busy_timeout(q->h, role == SQ_CHECKPOINT ? 200 : BUSY_MS);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(q->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* plans that do not depend on values: else a partial index has a statement prepared again at every use */
    if (rc == SQLITE_OK) rc = sqlite3_db_config(q->h, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_set_authorizer(q->h, door, q);
    for (size_t i = 0; i < COUNT(tx) && rc == SQLITE_OK; i++)
        rc = sqlite3_prepare_v3(q->h, tx[i], -1, SQLITE_PREPARE_PERSISTENT, &q->tx[i], NULL);
    enum err e = rc == SQLITE_OK ? E_OK : oops(cx, q, rc);
    if (e == E_OK) limits(q, role);
    if (e == E_OK) e = pragmas(cx, q, b, b->o.read_only ? SQ_READER : role);
    if (e != E_OK) {
        sq_close(&q->db);
        return e;
    }
    q->open_door = false;
    *ret = &q->db;
    return E_OK;
}

static const struct db_ops sq_ops = {sq_run, sq_ctl, sq_ddl, writer_write, sq_close, false};

/* The file is made here, for its owner's eyes alone; SQLite gives its log the same mode. */
static enum err file_there(struct cx *cx, const struct dbase *b)
{
    int fd = open(
        b->path,
        b->o.create && !b->o.read_only ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
    if (fd < 0) return fail(cx, E_NOTFOUND, "Cannot open the database file %s", b->path);
    close(fd);
    return E_OK;
}

enum { READERS_AT_START = 4 }; /* the others are opened when so many are busy at once */

enum err sq_open_base(struct cx *cx, struct dbase *b)
{
    b->ops = &sq_ops;
    TRY(file_there(cx, b));
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int readers = b->o.readers > 0 ? b->o.readers : 4 + 2 * (cpus > 0 ? (int)cpus : 1);
    struct db *db = NULL;
    if (!b->o.read_only) { /* turns the file to WAL before any reader looks */
        TRY(sq_open(cx, b, SQ_CHECKPOINT, &db));
        db->ops = b->ops;
        db->ops->close(db);
    }
    for (int i = 0; i < readers && i < READERS_AT_START; i++) {
        TRY(sq_open(cx, b, SQ_READER, &db));
        db_pool_add(b, db, true);
    }
    b->spare = readers > READERS_AT_START ? readers - READERS_AT_START : 0;
    return E_OK;
}

enum err sq_open_reader(struct cx *cx, struct dbase *b, struct db **ret)
{
    TRY(sq_open(cx, b, SQ_READER, ret));
    db_pool_add(b, *ret, false);
    return E_OK;
}
