/* SPDX-License-Identifier: MIT */
/* db/db_writer.c - SQLite's one writer: a thread that takes what has queued up, runs each request in its
 * own savepoint and commits them together; and the thread that moves the log into the file.
 *
 * There is one seat. In a quiet house who comes with a request sits down himself, runs the batch in his own thread
 * and gets up again: no hand-over between threads, no sleep but the disk's. When others have queued up meanwhile, the
 * thread takes the seat and keeps it while there is work. Bulk work is the thread's, unless it has waited long.
 *
 * A request lives on its caller's stack; the caller sleeps on `done` until it is through, so whoever sits may use the
 * caller's cx and arena. One that nobody waits for lives in its own arena and has `then` instead; who brings it never
 * runs it. Nobody is woken or told before the commit is durable.
 */
#include "base/tr.h"
#include "db/db_int.h"

#include <linux/futex.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH_MAX = 512,
    BATCH_MS = 20,
    BULK_PATIENCE_MS = 1000,
    PAGE_BYTES = 4096,
    CK_PAGES = 8000, /* this much new log wakes the checkpoint thread: pages written again and again move once */
    CK_EVERY_MS = 1000,             /* or this long after the last commit */
    CK_ROUNDS = 10,                 /* or so many of these rounds in a house that never rests */
    QUIET_BYTES = 16 * 1024 * 1024, /* a quiet house: the log begins anew when longer than this */
    FORCE_BYTES = 256 * 1024 * 1024 /* a loud one: its reset is waited for from here on */
};
struct wreq {
    struct wreq *next;
    struct cx *cx;
    db_write_fn *fn;
    void *arg;
    db_done_fn *then; /* NULL: its caller waits */
    int64_t since_ms;
    enum err e;
    _Atomic uint32_t done; /* OPEN, DONE, or WAITED for by its caller, who sleeps */
};
enum { OPEN, DONE, WAITED };
struct lane {
    struct wreq *head, **tail;
};
struct writer {
    struct dbase *base;
    struct db *db, *ck_db;
    pthread_t thread, ck_thread;
    pthread_mutex_t mu;
    pthread_cond_t work, ck_work;
    struct lane lane[2]; /* interactive, bulk */
    bool seated; /* somebody runs batches; it alone uses `db` */
    bool stop, ck_stop, running, ck_running;
    bool ck_failed, quiet_failed; /* the checkpoint thread's: its last try at these; a trouble is told once */
    _Atomic int64_t wal_pages, ck_pages; /* in the log now; at the last checkpoint */
};

static int64_t mono_ms(void) { return db_mono_us() / 1000; }

static void wake(struct wreq *r)
{
    if (r->then) {
        r->then(r->cx, r->arg, r->e);
        return;
    }
    _Atomic uint32_t *done = &r->done;
    if (atomic_exchange_explicit(done, DONE, memory_order_acq_rel) == WAITED) /* r may be gone from here on */
        syscall(SYS_futex, done, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void wait_done(struct wreq *r)
{
    uint32_t open = OPEN;
    if (!atomic_compare_exchange_strong(&r->done, &open, WAITED)) return; /* done already */
    while (atomic_load_explicit(&r->done, memory_order_acquire) == WAITED)
        syscall(SYS_futex, &r->done, FUTEX_WAIT_PRIVATE, WAITED, NULL, NULL, 0);
}

/* ---- the queue ---- */

/* True: the seat was free and is the caller's now. */
static bool push(struct writer *w, struct wreq *r, bool bulk)
{
    struct lane *l = &w->lane[bulk];
    pthread_mutex_lock(&w->mu);
    *l->tail = r;
    l->tail = &r->next;
    bool mine = !w->seated && !bulk && !r->then;
    if (mine) w->seated = true;
    else if (!w->seated) pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->mu);
    return mine;
}

static bool is_work(const struct writer *w) { return w->lane[0].head || w->lane[1].head; }

static void get_up(struct writer *w)
{
    pthread_mutex_lock(&w->mu);
    w->seated = false;
    if (is_work(w) || w->stop) pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->mu);
}

static struct wreq *lane_take(struct lane *l)
{
    struct wreq *r = l->head;
    l->head = r->next;
    if (!l->head) l->tail = &l->head;
    r->next = NULL;
    return r;
}

/* The next request of this batch, NULL ends it: interactive first. A bulk slice begins a batch when nobody else waits
 * or when it has waited too long: behind others it would hold up their answers. */
static struct wreq *take(struct writer *w, bool is_first)
{
    struct lane *fast = &w->lane[0], *bulk = &w->lane[1];
    struct wreq *r = NULL;
    pthread_mutex_lock(&w->mu);
    bool due = is_first && bulk->head && (!fast->head || mono_ms() - bulk->head->since_ms > BULK_PATIENCE_MS);
    if (due) r = lane_take(bulk);
    else if (fast->head) r = lane_take(fast);
    pthread_mutex_unlock(&w->mu);
    return r;
}

/* The thread's: sits down when there is work and nobody sits; stays while there is more. False: the end. */
static bool sit_down(struct writer *w)
{
    pthread_mutex_lock(&w->mu);
    while (w->seated || (!is_work(w) && !w->stop)) pthread_cond_wait(&w->work, &w->mu);
    bool work = w->seated = is_work(w);
    pthread_mutex_unlock(&w->mu);
    return work;
}

/* ---- one batch ---- */

static const char *why(enum err e)
{
    return e == E_FULL   ? TR("The disk is full")
           : e == E_BUSY ? TR("The database is busy")
                         : TR("The database failed");
}

/* Those that were well so far share the fate of their transaction. */
static void batch_fail(struct wreq *r, enum err e)
{
    for (; r; r = r->next)
        if (r->e == E_OK) r->e = fail(r->cx, e, "%s", tr_format(r->cx->lang, why(e)));
}

static void batch_wake(struct wreq *r)
{
    while (r) {
        struct wreq *next = r->next;
        wake(r);
        r = next;
    }
}

/* The first of a batch has the transaction to itself so far: a savepoint would copy each page that it touches. */
static void run_one(struct writer *w, struct wreq *r, bool is_first)
{
    struct db *held = r->cx->db;
    r->cx->db = w->db;
    w->db->failed = E_OK;
    w->db->whole = is_first;
    w->db->told = false; /* quiet work sets it; a commit is then told of unless that stood alone */
    r->e = db_level(r->cx, r->fn, r->arg);
    r->cx->db = held;
}

/* Runs requests until the queue is empty or the batch is full; gives them as a list. Ends early when SQLite gave the
 * whole transaction up (disk full in the midst) or what failed could not be taken back out of it: then *ret_lost says
 * why. */
static struct wreq *batch_run(struct writer *w, size_t *ret_n, enum err *ret_lost)
{
    struct wreq *list = NULL, **tail = &list, *r = NULL;
    int64_t t0 = mono_ms();
    for (*ret_n = 0; *ret_n < BATCH_MAX && (*ret_n == 0 || mono_ms() - t0 < BATCH_MS); ++*ret_n) {
        if (!(r = take(w, *ret_n == 0))) break;
        run_one(w, r, *ret_n == 0);
        *tail = r;
        tail = &r->next;
        *ret_lost = sq_given_up(w->db) != E_OK ? sq_given_up(w->db) : w->db->failed;
        if (*ret_lost == E_OK) continue;
        ++*ret_n;
        break;
    }
    return list;
}

static enum err commit(struct writer *w)
{
    struct dbase *b = w->base;
    if (atomic_load_explicit(&b->fault, memory_order_relaxed) > 0 &&
        atomic_fetch_sub(&b->fault, 1) == 1)
        return E_BUSY;
    return sq_tx(w->db, SQ_COMMIT);
}

/* Nothing can begin: who waits now is told so. */
static void refuse_all(struct writer *w, enum err e)
{
    pthread_mutex_lock(&w->mu);
    struct wreq *list[2] = {w->lane[0].head, w->lane[1].head};
    for (int i = 0; i < 2; i++) w->lane[i] = (struct lane){NULL, &w->lane[i].head};
    pthread_mutex_unlock(&w->mu);
    for (int i = 0; i < 2; i++) {
        batch_fail(list[i], e);
        batch_wake(list[i]);
    }
}

/* The batch's search texts; cx->msg of a failure is of no use to those who wait: each gets its own. */
static enum err texts_write(struct writer *w)
{
    if (!w->db->later.n) return E_OK;
    struct cx cx = {.a = arena_new(), .db = w->db, .lang = S("en")};
    enum err e = db_search_flush(&cx, w->db);
    arena_free(&cx.a);
    return e;
}

static void texts_drop(struct writer *w)
{
    w->db->later.n = w->db->later.cap = 0;
    w->db->later.v = NULL;
    arena_reset(w->db->later_a);
}

static bool answers_first(const struct dbase *b)
{
#ifdef KONTOR_SABOTAGE
    return b->o.sabotage == DB_ANSWER_FIRST;
#else
    (void)b;
    return false;
#endif
}

static void checkpoint_wanted(struct writer *w)
{
    if (atomic_load(&w->wal_pages) - atomic_load(&w->ck_pages) < CK_PAGES) return;
    pthread_mutex_lock(&w->mu);
    pthread_cond_signal(&w->ck_work);
    pthread_mutex_unlock(&w->mu);
}

static void batch(struct writer *w)
{
    struct dbase *b = w->base;
    w->db->watched = w->db->told = false;
    enum err e = sq_tx(w->db, SQ_BEGIN), lost = E_OK;
    if (e != E_OK) {
        db_count(&w->db->busy);
        refuse_all(w, e);
        return;
    }
    size_t n = 0;
    struct wreq *list = batch_run(w, &n, &lost);
    bool early = answers_first(b);
    if (early) {
        batch_wake(list);
        list = NULL;
    }
    e = lost != E_OK ? lost : texts_write(w);
    if (e == E_OK) e = commit(w);
    if (w->db->watched) atomic_fetch_add(&b->epoch, 1); /* failed or not: who is unsure forgets */
    texts_drop(w);
    if (e != E_OK) {
        w->db->indexed.known = false;
        atomic_store(&b->unindexed, 1); /* or more: quiet work looks */
        if (sq_tx(w->db, SQ_ROLLBACK) != E_OK)
            abort(); /* a writer whose transaction cannot end is no writer */
        batch_fail(list, e);
    }
    atomic_fetch_add_explicit(&b->writes, (int64_t)n, memory_order_relaxed);
    if (!early) batch_wake(list);
    if (e == E_OK) db_committed(b);
    checkpoint_wanted(w);
}

static void *writer_main(void *arg)
{
    struct writer *w = arg;
    while (sit_down(w)) {
        batch(w);
        get_up(w);
    }
    return NULL;
}

static int on_wal(void *arg, sqlite3 *h, const char *name, int pages)
{
    struct writer *w = arg;
    (void)h, (void)name;
    if (pages < atomic_load(&w->ck_pages)) atomic_store(&w->ck_pages, 0); /* the log began anew */
    atomic_store(&w->wal_pages, pages);
    atomic_store_explicit(&w->base->wal_bytes, (int64_t)pages * PAGE_BYTES, memory_order_relaxed);
    return SQLITE_OK;
}

/* ---- the checkpoint thread ---- */

/* Waits for enough new log, else a second; false at the end. */
static bool ck_wait(struct writer *w)
{
    struct timespec until = {0};
    if (clock_gettime(CLOCK_MONOTONIC, &until) != 0) abort();
    until.tv_sec += CK_EVERY_MS / 1000;
    pthread_mutex_lock(&w->mu);
    if (!w->ck_stop) pthread_cond_timedwait(&w->ck_work, &w->mu, &until);
    bool go_on = !w->ck_stop;
    pthread_mutex_unlock(&w->mu);
    return go_on;
}

static void checkpoint(struct writer *w, int mode)
{
    int log = 0, moved = 0;
    int rc = sqlite3_wal_checkpoint_v2(sq_handle(w->ck_db), NULL, mode, &log, &moved);
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY) {
        bool told = w->ck_failed;
        w->ck_failed = true;
        if (sq_err(sq_handle(w->ck_db), rc, told) != E_OK) return; /* the next round tries again */
    }
    if (rc == SQLITE_OK) w->ck_failed = false;
    atomic_fetch_add_explicit(&w->base->checkpoints, 1, memory_order_relaxed);
    if (rc == SQLITE_OK && mode == SQLITE_CHECKPOINT_RESTART) { /* the file stays long: its place is written again */
        atomic_store(&w->wal_pages, 0);
        atomic_store_explicit(&w->base->wal_bytes, 0, memory_order_relaxed);
    }
    atomic_store(&w->ck_pages, atomic_load(&w->wal_pages));
}

static enum err index_quietly(struct cx *cx, void *told)
{
    cx->db->told = *(const bool *)told;
    return db_search_index(cx, NULL);
}

/* A quiet hour's work: search texts that wait go into their index. In a base that is still to be upgraded none do. */
static enum err index_texts(struct cx *cx, bool told)
{
    bool there = false;
    TRY(db_has_table(cx, S("search_upto"), &there));
    return there ? writer_write(cx, index_quietly, &told, true) : E_OK;
}

static void quiet_hour(struct writer *w)
{
    struct cx cx = {.a = arena_new(), .db = w->ck_db, .lang = S("en")};
    bool test = atomic_load(&w->base->fault) > 0; /* its count is not for us */
    if (!test && atomic_load(&w->base->unindexed) > 0) {
        bool told = w->quiet_failed;
        w->quiet_failed = index_texts(&cx, told) != E_OK;
        if (w->quiet_failed && !told) db_log("warn", "search texts wait for their index: %.*s", FS(cx.msg));
    }
    arena_free(&cx.a);
}

static void *ck_main(void *arg)
{
    struct writer *w = arg;
    int64_t seen = 0;
    int waited = 0;
    while (ck_wait(w)) {
        int64_t commits = atomic_load(&w->base->commits),
                bytes = atomic_load(&w->wal_pages) * PAGE_BYTES;
        bool quiet = commits == seen,
             settled = atomic_load(&w->ck_pages) == atomic_load(&w->wal_pages);
        bool few = atomic_load(&w->wal_pages) - atomic_load(&w->ck_pages) < CK_PAGES;
        seen = commits;
        if (!quiet && few && bytes <= FORCE_BYTES && ++waited < CK_ROUNDS) continue;
        waited = 0;
        if (bytes > FORCE_BYTES) checkpoint(w, SQLITE_CHECKPOINT_RESTART);
        else if (quiet && bytes > QUIET_BYTES) checkpoint(w, SQLITE_CHECKPOINT_RESTART);
        else if (!quiet || !settled) checkpoint(w, SQLITE_CHECKPOINT_PASSIVE);
        if (quiet) quiet_hour(w);
    }
    return NULL;
}

/* ---- public ---- */

static void count_people(struct writer *w, const struct cx *cx)
{
    if (cx->way == WAY_WEB || cx->way == WAY_API)
        atomic_fetch_add_explicit(&w->base->of_people, 1, memory_order_relaxed);
}

enum err writer_write(struct cx *cx, db_write_fn *fn, void *arg, bool bulk)
{
    struct writer *w = cx->db->base->writer;
    assert(w && cx->db != w->db); /* not from inside a write */
    struct wreq r = {.cx = cx, .fn = fn, .arg = arg, .since_ms = bulk ? mono_ms() : 0};
    if (!bulk) count_people(w, cx);
    if (push(w, &r, bulk)) {
        batch(w);
        get_up(w);
    }
    wait_done(&r);
    return r.e;
}

void dbase_write_later(struct dbase *b, struct cx *cx, db_write_fn *fn, void *arg, db_done_fn *done)
{
    struct writer *w = b->writer;
    assert(w && done);
    struct wreq *r = NEW(cx->a, struct wreq);
    *r = (struct wreq){.cx = cx, .fn = fn, .arg = arg, .then = done};
    count_people(w, cx);
    bool mine = push(w, r, false); /* r may be gone from here on */
    assert(!mine);
}

int64_t db_writes_of_people(const struct cx *cx)
{
    return atomic_load_explicit(&cx->db->base->of_people, memory_order_relaxed);
}

enum err writer_start(struct cx *cx, struct dbase *b)
{
    struct writer *w = calloc(1, sizeof *w);
    if (!w) abort();
    b->writer = w;
    w->base = b;
    for (int i = 0; i < 2; i++) w->lane[i].tail = &w->lane[i].head;
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->mu, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_cond_init(&w->ck_work, &mono);
    pthread_condattr_destroy(&mono);
    TRY(sq_open(cx, b, SQ_WRITER, &w->db));
    w->db->later_a = arena_new();
    db_pool_add(b, w->db, false);
    TRY(sq_open(cx, b, SQ_CHECKPOINT, &w->ck_db));
    db_pool_add(b, w->ck_db, false);
    sqlite3_wal_hook(sq_handle(w->db), on_wal, w);
    b->unindexed = 1; /* nobody has looked yet */
    w->running = pthread_create(&w->thread, NULL, writer_main, w) == 0;
    w->ck_running = w->running && pthread_create(&w->ck_thread, NULL, ck_main, w) == 0;
    return w->ck_running ? E_OK : fail(cx, E_INTERNAL, "Cannot start a thread");
}

void writer_stop(struct writer **ret)
{
    struct writer *w = *ret;
    if (!w) return;
    pthread_mutex_lock(&w->mu);
    w->ck_stop = true; /* first: it has work for the writer */
    pthread_cond_signal(&w->ck_work);
    pthread_mutex_unlock(&w->mu);
    if (w->ck_running) pthread_join(w->ck_thread, NULL);
    pthread_mutex_lock(&w->mu);
    w->stop = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->mu);
    if (w->running) pthread_join(w->thread, NULL);
    if (w->db) arena_free(&w->db->later_a);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->ck_work);
    pthread_mutex_destroy(&w->mu);
    *ret = NULL; /* the checkpoint thread looked there until its end */
    free(w);
}
