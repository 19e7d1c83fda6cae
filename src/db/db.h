/* SPDX-License-Identifier: MIT */
/* db/db.h - one face for SQLite and PostgreSQL. The only room that includes their headers.
 *
 * SQL text is a string literal with $1, $2...: both engines take it as it stands. Values travel only
 * as bound parameters. A result is copied whole into cx->a (at most DB_ROWS_MAX rows), so no cursor,
 * lock or engine pointer outlives the call; more rows go through db_each().
 *
 * A `struct dbase` is the process's database: a writer (SQLite: one thread with group commit and
 * synchronous=FULL; PostgreSQL: pooled connections) and readers. A `struct db` is one connection in
 * the hands of one thread; it lives in cx->db. Reading uses cx->db as it is; writing goes through
 * db_write() alone.
 */
#pragma once
#include "base/base.h"

enum db_type { DB_NULL, DB_INT, DB_TEXT };
struct db_val {
    enum db_type t;
    int64_t i;
    str s;
};
struct db_rows {
    size_t n, cols;
    const struct db_val *v; /* row by row */
};
enum { DB_ROWS_MAX = 10000, DB_PARAMS_MAX = 2000, DB_TEXT_MAX = 16 * 1024 * 1024 };

static inline struct db_val db_from_int(int64_t i) { return (struct db_val){.t = DB_INT, .i = i}; }
static inline struct db_val db_from_bool(bool b) { return (struct db_val){.t = DB_INT, .i = b}; }
static inline struct db_val db_from_str(str s) { return (struct db_val){.t = DB_TEXT, .s = s}; }
#define V(x)                                                                                       \
    _Generic((x), bool                                                                             \
             : db_from_bool, int                                                                   \
             : db_from_int, long                                                                   \
             : db_from_int, long long                                                              \
             : db_from_int, str                                                                    \
             : db_from_str)(x)
#define DB_NONE ((struct db_val){.t = DB_NULL})

#define DB_ARGS(...)                                                                               \
    (const struct db_val[]){DB_NONE, ##__VA_ARGS__} + 1,                                           \
        sizeof((const struct db_val[]){DB_NONE, ##__VA_ARGS__}) / sizeof(struct db_val) - 1
/* SQL must be a literal: a variable does not compile. */
#define db_query(cx, ret, sql, ...)  db_run((cx), (ret), NULL, S(sql), DB_ARGS(__VA_ARGS__))
#define db_exec(cx, ret_n, sql, ...) db_run((cx), NULL, (ret_n), S(sql), DB_ARGS(__VA_ARGS__))
/* Built SQL: only for the one builder in `meta` and for migrations (a gate checks who calls it).
 * ret and ret_changed (rows touched) may be NULL. E_CONFLICT: a uniqueness rule (cx->at names the
 * index or column when the engine tells). E_BUSY: try again. E_FULL: disk full. E_UNCERTAIN: lost at
 * commit. The engine's own text goes to the log, not to cx->msg. */
MUST enum err db_run(struct cx *cx, struct db_rows *ret, int64_t *ret_changed, str sql,
                     const struct db_val *v, size_t n);
/* Any number of rows, one at a time; `row` lives only during the call; fn's error ends the walk. */
typedef enum err db_row_fn(struct cx *cx, void *arg, const struct db_val *row, size_t cols);
MUST enum err db_each(struct cx *cx, str sql, const struct db_val *v, size_t n, db_row_fn *fn,
                      void *arg);
int64_t db_int(const struct db_rows *r, size_t row, size_t col); /* 0 for NULL */
str db_str(const struct db_rows *r, size_t row, size_t col);     /* "" for NULL */
bool db_is_null(const struct db_rows *r, size_t row, size_t col);
/* The same for one statement of a person's own (`kontor sql`), on a base opened read_only: `head` gets the
 * columns' names before the first row. SELECT, WITH, VALUES alone. cx->msg holds the engine's own words. */
typedef enum err db_head_fn(struct cx *cx, void *arg, const str *name, size_t cols);
MUST enum err db_each_named(struct cx *cx, str sql, db_head_fn *head, db_row_fn *fn, void *arg);

/* ---- writing ----
 * Runs fn in one transaction and returns when its commit is durable (SQLite: together with whatever
 * else queued up, each in its own savepoint; PostgreSQL: a transaction with retry on serialisation
 * failure, so fn may run again and must not keep effects outside of the database and its own results).
 * cx->db is the writing connection while fn runs, on whatever thread; the caller waits. Inside a
 * running db_write the call nests: fn runs at once, in a savepoint of its own. No network call, no
 * hash, no file work inside fn. fn's error rolls its work back and is returned. cx->db must be set. */
typedef enum err db_write_fn(struct cx *cx, void *arg);
MUST enum err db_write(struct cx *cx, db_write_fn *fn, void *arg);
/* The same for slices of long work (imports): waits while interactive writes are queued (but never
 * longer than a second, so that a busy house does not stop an import for good). */
MUST enum err db_write_bulk(struct cx *cx, db_write_fn *fn, void *arg);
struct dbase;
/* db_write for who does not wait, SQLite alone: fn runs on another thread, then done with fn's or the commit's
 * result, when that is durable, on some thread. cx, what fn uses and the arena are the writer's from this call on
 * until done has been called; cx->db need not be set. done does nothing long and writes nothing. */
typedef void db_done_fn(struct cx *cx, void *arg, enum err e);
void dbase_write_later(struct dbase *b, struct cx *cx, db_write_fn *fn, void *arg, db_done_fn *done);
/* How many writes of people (by the web app or the API) have been queued so far: a bulk writer that sees it grow keeps
 * its slices short. Always 0 on PostgreSQL, where nobody waits for another's transaction. */
int64_t db_writes_of_people(const struct cx *cx);
/* Inside a running db_write: fn becomes a part of that level, without a savepoint of its own (a savepoint
 * costs as much as a small write). When it fails, that whole level fails, whatever its fn returns.
 * Outside of one: as db_write_bulk. */
MUST enum err db_write_part(struct cx *cx, db_write_fn *fn, void *arg);
bool db_is_writing(const struct cx *cx);
/* Until db_put each db_write on this connection begins with `fence`, in the same transaction: its error is the write's,
 * and nothing of it is written. For who may have lost the right to write and not know it yet (jobs). NULL ends it. */
void db_fence(struct cx *cx, db_write_fn *fence, void *arg);
/* When a statement inside fn failed, that level of db_write is lost on both engines, even if fn goes on
 * and returns E_OK: what may fail is wrapped in a nested db_write. PostgreSQL writes at REPEATABLE READ:
 * what fn read cannot have changed under its writes; a clash runs fn again. */

/* One consistent snapshot over several reads (exports). db_snapshot_end is safe to repeat. */
MUST enum err db_snapshot(struct cx *cx);
void db_snapshot_end(struct cx *cx);

/* Until when (CLOCK_MONOTONIC) this connection may read: a statement that still runs then fails with E_SLOW, and
 * db_was_slow is true. 0 = as long as it takes; so is every connection fresh from db_get. PostgreSQL has its
 * statement_timeout instead. */
void db_deadline(struct cx *cx, int64_t until_us);
bool db_was_slow(const struct cx *cx);

/* ---- the process's database ---- */
struct db_opts {
    str url;           /* "sqlite:/path/kontor.db" or "postgresql://..." */
    int readers;       /* connections kept for reading; 0 = a sensible number */
    bool read_only;    /* `kontor sql`, `verify` */
    bool create;       /* make the file when it is not there */
    enum db_sabotage { /* the tests' own test: builds with -DKONTOR_SABOTAGE alone honour it */
                       DB_HONEST,
                       DB_SYNC_NORMAL,
                       DB_ANSWER_FIRST,
                       DB_SKIP_FSYNC
    } sabotage;
    bool no_mmap;             /* SQLite reads through pread: for file systems that cannot map */
    int64_t max_bytes;        /* SQLite: the file grows no further (E_FULL); 0 = no limit */
    int statement_timeout_ms; /* PostgreSQL; 0 = 30,000 */
    bool plain;               /* PostgreSQL: the setting plain_outgoing, another machine is reached without TLS, too */
};
/* Opens, checks that the schema is not newer than this program, starts the writer and checkpoint
 * threads. cx needs only an arena. E_INVALID at "db": the way to PostgreSQL would not be encrypted (db_pg_way.c). */
MUST enum err dbase_open(struct cx *cx, const struct db_opts *o, struct dbase **ret);
void dbase_close(struct dbase **b); /* waits for queued writes */
/* A reading connection for this thread; blocks while all are in use. Give it back soon. */
struct db *db_get(struct dbase *b);
void db_put(struct db **db);
bool dbase_is_pg(const struct dbase *b);
bool db_is_pg(const struct cx *cx);
struct dbase *db_base(const struct db *db);
/* UTC ms. A SQLite base has one process: what was at work before has died. */
int64_t dbase_opened_ms(const struct dbase *b);
struct db_stats {
    int64_t writes, commits, wal_bytes, checkpoints, queries, errors, busy;
};
struct db_stats dbase_stats(const struct dbase *b);
/* A row of the table `setting`, new or in place of the old one. Inside db_write. */
MUST enum err db_setting_put(struct cx *cx, str key, str value);
/* ---- what may be remembered of sessions and rights ----
 * Grows with every commit that wrote into "user", role, team, share, session or api_key, before anybody is told of it:
 * what was read under a number is still true while the number is the same. -1: nothing may be remembered (PostgreSQL,
 * where other processes write too; inside db_write, whose rows are not yet true). */
int64_t db_epoch(const struct cx *cx);
/* Called after each durable commit, on the committing thread: wake followers, do nothing long, and
 * write nothing. One listener; NULL ends it. */
void dbase_on_commit(struct dbase *b, void (*fn)(void *arg), void *arg);
/* Tests: the nth statement or commit from now on fails with E_BUSY, on whatever connection; 0 = off. */
void db_fault_at(struct dbase *b, int64_t nth);

/* ---- copies of a SQLite database (PostgreSQL has its own tools: E_TYPE) ----
 * One consistent copy at to_path while writers go on: made under another name, synced, then renamed.
 * progress (may be NULL) gets pages done and in all. */
MUST enum err dbase_backup(struct cx *cx, struct dbase *b, str to_path,
                           void (*progress)(void *arg, int64_t done, int64_t total), void *arg);
struct db_count {
    str table;
    int64_t rows;
};
struct db_report {
    bool integrity_ok;
    int schema;       /* migration number, 0 = no schema of ours */
    int64_t last_seq; /* newest row of the change log, 0 = none */
    str audit;        /* its last seal, "12:k3J..."; "" = none */
    struct db_count *tables;
    size_t n_tables;
    str problem; /* the engine's first words when not integrity_ok */
};
/* Opens the file for reading alone, checks every page and counts every table. E_NOTFOUND: no file;
 * a file that is no database is a report that is not integrity_ok. */
MUST enum err dbase_check(struct cx *cx, str path, struct db_report *ret);

/* ---- what is gone is gone ----
 * The writer overwrites what it takes out of the file (secure_delete). What was written lately stands in the log beside
 * the file as well: this empties it. Waits for readers up to some seconds, else E_BUSY. PostgreSQL, which clears by
 * itself (vacuum): nothing. Outside of db_write. */
MUST enum err db_log_clear(struct cx *cx);

/* ---- schema ---- */
/* DDL text is one for both engines but for these tokens, which db replaces:
 *   @ID          INTEGER PRIMARY KEY | BIGINT PRIMARY KEY
 *   @XID         nothing | a further column xid, the transaction's number
 *   @CLUSTERED   WITHOUT ROWID | nothing: behind the closing bracket of a table with an own primary key
 * Runs in the transaction it is called in (inside db_write); the authorizer opens for this call. */
MUST enum err db_ddl(struct cx *cx, str sql);
/* Brings the schema to this program's version (db/schema.def): numbered, forward only, each in its own
 * transaction, a verified snapshot of the file beside it before (SQLite, when there was data).
 * E_PRECOND when the database is newer. */
MUST enum err db_migrate(struct cx *cx, struct dbase *b, int *ret_from, int *ret_to);
/* What an upgrade is at: pages of the copy, the proof of the copy (total 0: nobody knows how long), statements of
 * the steps. DB_TABLES is the caller's own, when he then makes tables of the description. */
enum db_phase { DB_COPYING, DB_CHECKING, DB_CHANGING, DB_TABLES };
struct db_upgrade {
    bool no_copy; /* it is a copy itself */
    void (*at)(void *arg, enum db_phase phase, int64_t done, int64_t total); /* may be NULL; not for an empty base */
    void *arg;
};
/* The same; how may be NULL. */
MUST enum err db_migrate_how(struct cx *cx, struct dbase *b, const struct db_upgrade *how, int *ret_from,
                             int *ret_to);
MUST enum err db_schema_version(struct cx *cx, int *ret);
int db_schema_latest(void);
MUST enum err db_has_column(struct cx *cx, str table, str column, bool *ret);
MUST enum err db_has_table(struct cx *cx, str table, bool *ret);
/* The names of a table's indexes, but for that of its key. */
MUST enum err db_indexes(struct cx *cx, str table, struct db_rows *ret);

/* ---- following the log ----
 * A transaction that commits late may carry an earlier seq: on PostgreSQL the log is read in the order
 * (xid, seq) and only below the oldest transaction still running; on SQLite xid is 0 and seq is the order.
 * Store both (table follower) in the transaction of the work done. */
struct db_pos {
    int64_t xid, seq;
};
/* At most max changes behind *pos, oldest first; columns: seq, at, who, way, batch, entity, record, op,
 * version, old, api_key, xid. *pos moves to the last one given. */
MUST enum err db_changes(struct cx *cx, struct db_pos *pos, size_t max, struct db_rows *ret);
/* Rows of xid below this are final: the snapshot's xmin; INT64_MAX on SQLite. */
MUST enum err db_horizon(struct cx *cx, int64_t *ret);

/* ---- ids: 64 bit, time-ordered: ms since 2020-01-01 << 22 | node (6 bits) and sequence (16 bits).
 * Never twice in a process, never backwards even when the clock goes back. Thread-safe. */
int64_t id_new(int64_t now_ms);
int64_t id_time_ms(int64_t id); /* the UTC ms it was made */
int64_t id_first(int64_t ms);   /* none that was made then or later is below; 0 before 2020 */
int64_t clock_ms(void);         /* UTC ms now: for cx->now_ms */
/* For throwing away what is too old: the earlier of now_ms and of the time this process has lived through since the
 * clock was last believed. A clock that jumps ahead and comes back within a day ages nothing. Thread-safe. */
int64_t clock_aged_ms(int64_t now_ms);
void id_set_node(int node);     /* 0 to 63; without it a random one is drawn at first use */
void id_floor(int64_t id);      /* ids to come are above this one (dbase_open: the logs' newest) */

/* ---- search text: FTS5 (contentless; terms of our own: db_terms.c) | pg_trgm ----
 * One row per record: folded text (fmt/fold). `old` is the text given last time ("" at first). */
MUST enum err db_search_put(struct cx *cx, str entity, int64_t id, str old, str text);
/* The index has parts, so that what has very many records does not stand before the others: which one holds the texts
 * of this entity, and (SQLite) its table, quoted; its rowid is ~record. */
enum { DB_SEARCH_PARTS = 3 };
int db_search_part(str entity);
str db_search_table(str entity);
/* SQLite: what the table of a part is asked by MATCH for texts that may hold all words (to be compared then);
 * "" = nothing. */
str db_search_match(struct cx *cx, const str *words, size_t n_words);
struct db_hit {
    int64_t id;
    str entity, text;
};
/* Ids of a part, newest first, whose text contains all words (each >= 3 bytes; folded already, literal: no syntax).
 * Words of which the index knows nothing (fewer than three letters; SQLite: Cyrillic, as fold_search has it in Latin)
 * alone look at the newest 50,000 records only. entity "" = all of the part.
 * before: only ids below (0 = from the newest). At most `max`. */
MUST enum err db_search(struct cx *cx, int part, str entity, const str *words, size_t n_words,
                        int64_t before, size_t max, struct db_hit **ret, size_t *ret_n);
/* Brings the pieces that writing left behind into one for each part, in short writes of its own: searches then read
 * half as much. For a quiet hour; never inside db_write. PostgreSQL: nothing. */
MUST enum err db_search_tidy(struct cx *cx);
