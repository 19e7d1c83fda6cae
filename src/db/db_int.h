/* SPDX-License-Identifier: MIT */
/* db/db_int.h - what the engines and the common half share. Only files in db/ (and tests) include this. */
#pragma once
#include "db/db.h"

#include <pthread.h>
#include <stdatomic.h>

struct db_call { /* one statement and where its result goes: rows copied (ret) or given to fn */
    str sql;
    const struct db_val *v;
    size_t n;
    struct db_rows *ret;
    int64_t *ret_changed;
    db_row_fn *fn;
    void *arg;
    db_head_fn *head; /* or NULL: the columns' names, before the rows */
};
enum db_ctl { DB_SNAP, DB_SNAP_END, DB_SAVE, DB_RELEASE, DB_BACK };
/* A search text to be written: see db_search_flush. */
struct db_later {
    int64_t id;
    size_t nth; /* in the order they were given */
    str entity, text;
};
/* The writer's view of search_upto; known = false after a transaction that was lost, and at the start. */
struct db_indexed {
    int64_t upto;
    bool known;
};
struct db {
    const struct db_ops *ops;
    struct dbase *base;
    struct db *next_free, *next_all;
    int depth;       /* levels of db_write running on this connection */
    enum err failed; /* a statement of the running level failed: the level is lost */
    bool snapshot;   /* a reading transaction of db_snapshot is open */
    int walks;       /* db_each running */
    int64_t epoch;   /* the base's when the snapshot was opened */
    int64_t until_us; /* db_deadline */
    bool was_slow;   /* a statement was given up at the deadline */
    bool watched;    /* the running transaction wrote into a watched table */
    bool whole; /* SQLite's writer: the transaction holds this request alone, so its level needs no savepoint */
    struct arena *later_a; /* the writer's: holds what waits in `later` */
    LIST(struct db_later) later;
    struct db_indexed indexed;
    db_write_fn *fence; /* db_fence */
    void *fence_arg;
    bool own_sql;    /* a person's own statement runs: the engine's words are for him */
    bool told;       /* quiet work runs that failed before: its trouble is in the log */
    _Atomic int64_t queries, errors, busy; /* written by the holder alone */
};
struct db_ops {
    MUST enum err (*run)(struct cx *cx, struct db *db, const struct db_call *c);
    MUST enum err (*ctl)(struct cx *cx, struct db *db, enum db_ctl what); /* level: db->depth */
    MUST enum err (*ddl)(struct cx *cx, struct db *db, str sql);
    MUST enum err (*write)(struct cx *cx, db_write_fn *fn, void *arg, bool bulk);
    void (*close)(struct db *db);
    bool is_pg;
};
struct dbase {
    const struct db_ops *ops;
    char *path;         /* SQLite: the file; PostgreSQL: the connection text */
    struct db_opts o;   /* texts of it are not kept: use path */
    int clone_from;     /* SQLite: the file, opened for db_clone; -1 = not. Closing it drops the engine's locks */
    pthread_mutex_t mu; /* pool and listener */
    pthread_cond_t freed;
    struct db *free, *all;
    int64_t opened_ms;
    int spare;          /* SQLite: reading connections that may still be opened */
    void (*on_commit)(void *arg);
    void *on_commit_arg;
    struct writer *writer; /* SQLite */
    _Atomic int64_t fault, writes, of_people, commits, checkpoints, wal_bytes, epoch;
    _Atomic int64_t era, down_until_us; /* PostgreSQL: silent servers so far; until when none is reached, 0 = it is */
    _Atomic bool knocking, asking;      /* PostgreSQL: somebody tries to reach it, asks whether it lives */
    _Atomic int64_t unindexed; /* SQLite: texts that wait for their index, about */
    _Atomic uint64_t often[16384]; /* SQLite: how long the lists of terms are, see db_grams.c */
};

enum { DB_STEP = 50 };   /* the engine's operations between two looks at the bounds */
enum { DB_STMTS = 256 }; /* statements kept prepared per connection */

/* One line to stderr: level, room and the engine's own words; control characters become spaces. */
void db_log(const char *level, const char *fmt, ...) PRINTF(2, 3);
int64_t db_mono_us(void);                             /* the steady clock of db_deadline */
char *db_zdup(str s);                                 /* malloc'd, NUL-ended */
void id_forget(void); /* tests: the next id is of the present time, whatever an earlier bed's clock said */
MUST enum err db_fault(struct cx *cx, struct db *db); /* counts down db_fault_at */
/* fn in a savepoint of its own on cx->db. */
MUST enum err db_level(struct cx *cx, db_write_fn *fn, void *arg);
void db_pool_add(struct dbase *b, struct db *db, bool is_free);
void db_committed(struct dbase *b);             /* counts, calls the listener */
static inline void db_count(_Atomic int64_t *c) /* one writer: no locked instruction */
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* FTS5 writes a segment at the end of every savepoint that touched it: so the search texts of a batch wait until
 * all its savepoints are released and are written just before the commit. Empties the list. */
MUST enum err db_search_flush(struct cx *cx, struct db *db);
/* A db_write_fn: brings the texts that wait into the index. Of SQLite; the writer calls it when the house is quiet. */
MUST enum err db_search_index(struct cx *cx, void *unused);
/* The terms of the search index for a text of any bytes, in its order, some of them several times; cps: how many code
 * points one has. Ends early with what fn gives when that is not 0. The terms of a word are among those of each text
 * that holds it. */
typedef int db_term_fn(void *arg, str term, size_t cps);
int db_terms(str text, db_term_fn *fn, void *arg);
/* What to ask of the search index `table` so that each text with all words is among the hits; "" when no word has
 * three letters. pages_sql: how many pages the list of the term $1 takes. */
MUST enum err db_grams_match(struct cx *cx, str table, str pages_sql, const str *words, size_t n_words, str *ret);
MUST enum err sq_open_base(struct cx *cx, struct dbase *b);
MUST enum err sq_open_reader(struct cx *cx, struct dbase *b, struct db **ret); /* not free: the caller's */
MUST enum err pg_open_base(struct cx *cx, struct dbase *b);
/* E_INVALID at "db": the address cannot be read, or it leads to another machine without TLS for certain: nothing but
 * sslmode require, verify-ca, verify-full (or gssencmode require) is, and libpq's own default is not. */
MUST enum err pg_way_check(struct cx *cx, str url);

/* ---- SQLite alone ---- */
typedef struct sqlite3 sqlite3;
enum sq_role { SQ_READER, SQ_WRITER, SQ_CHECKPOINT };
MUST enum err sq_open(struct cx *cx, struct dbase *b, enum sq_role role, struct db **ret);
/* The name of the file system that gathers a commit's pages into one write. For a connection with synchronous=FULL. */
const char *sq_writer_vfs(void);
sqlite3 *sq_handle(struct db *db);
/* Tells a connection how search texts are cut into terms: it needs that to touch the index. Gives a SQLITE_ code. */
int sq_terms(sqlite3 *h);
enum sq_tx { SQ_BEGIN, SQ_COMMIT, SQ_ROLLBACK };
/* E_OK or what the engine said; the text goes to the log. */
MUST enum err sq_tx(struct db *db, enum sq_tx what);
/* Why SQLite gave the running transaction up by itself (disk full, input or output failed): from there to SQ_ROLLBACK
 * nothing runs on this connection. E_OK: it did not. */
enum err sq_given_up(const struct db *db);
/* What it is to us; the engine's words go to the log, unless told. An fsync that failed does not return. */
MUST enum err sq_err(sqlite3 *h, int rc, bool told);
MUST enum err writer_start(struct cx *cx, struct dbase *b);
void writer_stop(struct writer **w); /* when all that was queued is written */
MUST enum err writer_write(struct cx *cx, db_write_fn *fn, void *arg, bool bulk);

/* ---- schema ---- */
enum db_step_for { STEP_BOTH, STEP_SQLITE, STEP_PG, STEP_PG_MAY };
struct db_step {
    int n;
    enum db_step_for on;
    str sql;
};
/* db_migrate over a given list, whose last number is the latest version: tests bring their own. */
MUST enum err db_migrate_with(struct cx *cx, struct dbase *b, const struct db_step *step, size_t n_steps,
                              const struct db_upgrade *how, int *ret_from, int *ret_to);
/* A copy at to_path that shares its blocks with the file until one of them changes (btrfs, XFS): at once, however
 * large. Only when nothing is in the log and nobody writes meanwhile; false = make one page by page. */
bool db_clone(struct cx *cx, struct dbase *b, str to_path);
