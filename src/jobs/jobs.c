/* SPDX-License-Identifier: MIT */
/* jobs/jobs.c - see jobs.h. One process runs the jobs of a SQLite base; on PostgreSQL a lease is taken by one node. */
#include "jobs/jobs.h"

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "base/tr.h"
#include "os/os.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    LEASE_MS = 60000,
    LEASE_MAX_MS = 10 * LEASE_MS,
    RENEWALS = 4, /* within a lease */
    POLL_MS = 2000,
    THREADS_MAX = 8,
    STACK_BYTES = 1024 * 1024
};

struct jobs {
    struct jobs_opts o;
    struct job_kind *kinds;
    pthread_t thread[THREADS_MAX], keeper;
    int threads;
    bool kept; /* there is a keeper */
    pthread_mutex_t lock;
    pthread_cond_t wake, ending; /* ending: for the keeper */
    int woken;
    _Atomic int64_t at[THREADS_MAX]; /* the jobs in hand, 0 = free */
    _Atomic bool stop, added; /* added: in a transaction that is not committed yet */
    str node;
    struct arena *a;
};

struct claim {
    struct jobs *q;
    struct job job;
    bool got;
};

static enum err claim_inside(struct cx *cx, void *arg)
{
    struct claim *c = arg;
    struct db_rows r = {0};
    int64_t n = 0;
    c->got = false;
    TRY(db_query(
        cx, &r,
        "SELECT id, kind, args, created_by, tries, api_key FROM job WHERE (state = 'waiting' AND "
        "(due_at <= $1 OR created_at > $1))" /* made before the clock was put back */
        " OR (state = 'running' AND (lease_until < $1 OR lease_until > $2))"
        " ORDER BY CASE WHEN due_at < $3 THEN 0 ELSE prio END, due_at, id LIMIT 1",
        V(cx->now_ms), V(cx->now_ms + LEASE_MAX_MS), V(cx->now_ms - JOB_PATIENCE_MS)));
    if (!r.n) return E_OK;
    int64_t id = db_int(&r, 0, 0);
    if (db_int(&r, 0, 4) >= JOB_TRIES)
        return db_exec(cx, NULL, "UPDATE job SET state = 'failed', error = $2 WHERE id = $1", V(id),
                       V(S(TR("It was given up after too many tries"))));
    TRY(db_exec(cx, &n,
                "UPDATE job SET state = 'running', lease_by = $2, lease_until = $3, tries = tries "
                "+ 1 WHERE id = $1"
                " AND (state = 'waiting' OR lease_until < $4)",
                V(id), V(c->q->node), V(cx->now_ms + c->q->o.lease_ms), V(cx->now_ms)));
    c->got = n == 1;
    c->job = (struct job){id, db_int(&r, 0, 3), db_int(&r, 0, 5), db_str(&r, 0, 1), db_str(&r, 0, 2), c->q};
    return E_OK;
}

struct ending {
    int64_t id;
    str state, result, error, node;
};

static enum err end_inside(struct cx *cx, void *arg)
{
    const struct ending *e = arg;
    return db_exec(cx, NULL,
                   "UPDATE job SET state = $2, result = $3, error = $4, lease_until = 0 WHERE id = "
                   "$1 AND state = 'running' AND lease_by = $5",
                   V(e->id), V(e->state), V(e->result), V(e->error), V(e->node));
}

static enum err job_call(struct cx *cx, const struct job *j, str *ret)
{
    for (size_t i = 0; i < j->q->o.n; i++)
        if (str_eq(j->q->kinds[i].kind, j->kind)) return j->q->kinds[i].fn(cx, j, ret);
    return fail(cx, E_INVALID, "There is no kind of job \"%.*s\"", FS(j->kind));
}

/* A cx for the job; what the handler leaves in it is of no use afterwards. */
static void job_run(struct jobs *q, struct arena *a, const struct job *j)
{
    struct cx cx = {.a = a,
                    .db = db_get(q->o.db),
                    .now_ms = clock_ms(),
                    .req = arena_fmt(a, "job-%" PRId64, j->id)};
    struct ending end = {.id = j->id, .result = S(""), .error = S(""), .node = q->node};
    enum err e = q->o.cx_begin(q->o.arg, &cx, j->by, j->key);
    if (e == E_OK) e = job_call(&cx, j, &end.result);
    bool stopping = e == E_CONFLICT && atomic_load(&q->stop);
    end.state = e == E_OK ? S("done") : stopping ? S("waiting") : S("failed");
    if (e != E_OK) end.error = cx.msg;
    cx.acl = NULL;
    cx.batch = 0;
    if (db_write(&cx, end_inside, &end) != E_OK)
        log_say(&cx, LOG_ERROR, S("jobs"), "the end of job %" PRId64 " was not written", j->id);
    q->o.cx_end(q->o.arg, &cx);
    db_put(&cx.db);
    q->o.changed(q->o.arg, j->id, j->by);
}

static _Atomic int64_t *hand_take(struct jobs *q, int64_t id)
{
    for (int i = 0;; i = (i + 1) % THREADS_MAX) { /* one for each thread */
        int64_t free_one = 0;
        if (atomic_compare_exchange_strong(&q->at[i], &free_one, id)) return &q->at[i];
    }
}

static void wait_for_work(struct jobs *q)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += POLL_MS / 1000;
    pthread_mutex_lock(&q->lock);
    if (!q->woken && !atomic_load(&q->stop)) pthread_cond_timedwait(&q->wake, &q->lock, &t);
    q->woken = 0;
    pthread_mutex_unlock(&q->lock);
}

static void *worker(void *arg)
{
    struct jobs *q = arg;
    struct arena *a = arena_new();
    while (!atomic_load(&q->stop)) {
        struct cx cx = {.a = a, .db = db_get(q->o.db), .now_ms = clock_ms()};
        struct claim c = {.q = q};
        enum err e = db_write(&cx, claim_inside, &c);
        db_put(&cx.db);
        if (e == E_OK && c.got) {
            _Atomic int64_t *at = hand_take(q, c.job.id);
            job_run(q, a, &c.job);
            atomic_store(at, 0);
        } else wait_for_work(q);
        arena_reset(a);
    }
    arena_free(&a);
    return NULL;
}

/* ---- leases ---- */
static enum err renew_inside(struct cx *cx, void *arg)
{
    struct jobs *q = arg;
    for (int i = 0; i < THREADS_MAX; i++) {
        int64_t id = atomic_load(&q->at[i]);
        if (id)
            TRY(db_exec(cx, NULL,
                        "UPDATE job SET lease_until = $3 WHERE id = $1 AND state = 'running' AND "
                        "lease_by = $2",
                        V(id), V(q->node), V(clock_ms() + q->o.lease_ms)));
    }
    return E_OK;
}

static bool is_at_work(struct jobs *q)
{
    for (int i = 0; i < THREADS_MAX; i++)
        if (atomic_load(&q->at[i])) return true;
    return false;
}

static void wait_to_renew(struct jobs *q)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t ns = t.tv_nsec + q->o.lease_ms / RENEWALS * 1000000;
    t.tv_sec += ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&q->lock);
    if (!atomic_load(&q->stop)) pthread_cond_timedwait(&q->ending, &q->lock, &t);
    pthread_mutex_unlock(&q->lock);
}

/* A search over a million records shows no progress: another node would take the job from who is at it. */
static void *keeper(void *arg)
{
    struct jobs *q = arg;
    struct arena *a = arena_new();
    for (wait_to_renew(q); !atomic_load(&q->stop); wait_to_renew(q)) {
        struct cx cx = {.a = a, .now_ms = clock_ms()};
        if (!is_at_work(q)) continue;
        cx.db = db_get(q->o.db);
        if (db_write(&cx, renew_inside, q) != E_OK)
            log_say(&cx, LOG_WARN, S("jobs"), "leases were not renewed: %.*s", FS(cx.msg));
        db_put(&cx.db);
        arena_reset(a);
    }
    arena_free(&a);
    return NULL;
}

/* Jobs of this node that were running when it died are due at once. */
static enum err orphans_inside(struct cx *cx, void *arg)
{
    (void)arg;
    if (db_is_pg(cx)) return E_OK; /* another node may be at it: the lease decides */
    return db_exec(cx, NULL,
                   "UPDATE job SET state = 'waiting', lease_until = 0 WHERE state = 'running'");
}

enum err jobs_start(struct cx *cx, const struct jobs_opts *o, struct jobs **ret)
{
    unsigned char node[8];
    struct arena *a = arena_new();
    struct jobs *q = NEW(a, struct jobs);
    q->a = a;
    q->o = *o;
    if (!q->o.lease_ms) q->o.lease_ms = LEASE_MS;
    q->kinds = NEW_N(a, struct job_kind, o->n + 1);
    memcpy(q->kinds, o->kinds, sizeof *q->kinds * o->n);
    os_random(node, sizeof node);
    q->node = os_hex(a, node, sizeof node);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->wake, NULL);
    pthread_cond_init(&q->ending, NULL);
    TRY(db_write(cx, orphans_inside, NULL));
    for (int i = 0; i < o->threads && i < THREADS_MAX; i++, q->threads++)
        TRY(os_thread(cx, "job", STACK_BYTES, worker, q, &q->thread[i]));
    if (db_is_pg(cx)) { /* a SQLite base has one process: nobody takes anything from it */
        TRY(os_thread(cx, "leases", STACK_BYTES, keeper, q, &q->keeper));
        q->kept = true;
    }
    *ret = q;
    return E_OK;
}

static void wake(struct jobs *q)
{
    pthread_mutex_lock(&q->lock);
    q->woken = 1;
    pthread_cond_broadcast(&q->wake);
    pthread_cond_broadcast(&q->ending);
    pthread_mutex_unlock(&q->lock);
}

void jobs_stop(struct jobs **q)
{
    if (!*q) return;
    atomic_store(&(*q)->stop, true);
    wake(*q);
    for (int i = 0; i < (*q)->threads; i++) pthread_join((*q)->thread[i], NULL);
    if ((*q)->kept) pthread_join((*q)->keeper, NULL);
    pthread_mutex_destroy(&(*q)->lock);
    pthread_cond_destroy(&(*q)->wake);
    pthread_cond_destroy(&(*q)->ending);
    struct arena *a = (*q)->a;
    arena_free(&a);
    *q = NULL;
}

/* ---- asking for work ---- */
struct adding {
    int64_t id;
    str kind, args, key;
    int prio;
};

static enum err add_inside(struct cx *cx, void *arg)
{
    struct adding *x = arg;
    struct db_rows r = {0};
    if (x->key.n) {
        TRY(db_query(cx, &r, "SELECT id FROM job WHERE key = $1", V(x->key)));
        if (r.n) {
            x->id = db_int(&r, 0, 0);
            return E_OK;
        }
    }
    return db_exec(
        cx, NULL,
        "INSERT INTO job (id, kind, args, state, due_at, lease_by, lease_until, tries, key, "
        "created_at, created_by, progress,"
        " result, error, api_key, prio) VALUES ($1, $2, $3, 'waiting', $4, '', 0, 0, $5, $4, $6, "
        "'', '', '', $7, $8)",
        V(x->id), V(x->kind), V(x->args), V(cx->now_ms), x->key.n ? V(x->key) : DB_NONE,
        V(cx->who.user), cx->who.key ? V(cx->who.key) : DB_NONE, V((int64_t)x->prio));
}

static enum err add(struct cx *cx, struct jobs *q, struct adding *x, int64_t *ret)
{
    TRY(db_write(cx, add_inside, x));
    *ret = x->id;
    if (q && db_is_writing(cx)) atomic_store(&q->added, true); /* not to be seen yet */
    else if (q) wake(q);
    return E_OK;
}

enum err job_add(struct cx *cx, struct jobs *q, str kind, str args, str key, int64_t *ret)
{
    return add(cx, q, &(struct adding){id_new(cx->now_ms), kind, args, key, 0}, ret);
}

enum err job_add_behind(struct cx *cx, struct jobs *q, str kind, str args, str key, int64_t *ret)
{
    return add(cx, q, &(struct adding){id_new(cx->now_ms), kind, args, key, 1}, ret);
}

enum err job_is_open(struct cx *cx, int64_t id, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT 1 FROM job WHERE id = $1 AND state IN ('waiting', 'running')",
                 V(id)));
    *ret = r.n > 0;
    return E_OK;
}

void jobs_committed(struct jobs *q)
{
    if (atomic_load(&q->added) && atomic_exchange(&q->added, false)) wake(q);
}

enum err job_find(struct cx *cx, str key, int64_t *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id FROM job WHERE key = $1", V(key)));
    *ret = r.n ? db_int(&r, 0, 0) : 0;
    return E_OK;
}

struct showing {
    int64_t id, lease_ms;
    str progress, node;
    bool running;
};

static enum err progress_inside(struct cx *cx, void *arg)
{
    struct showing *s = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE job SET progress = $2, lease_until = $3 WHERE id = $1 AND state = "
                "'running' AND lease_by = $4",
                V(s->id), V(s->progress), V(clock_ms() + s->lease_ms), V(s->node)));
    s->running = n == 1;
    return E_OK;
}

enum err job_progress(struct cx *cx, const struct job *j, int64_t done, int64_t total)
{
    struct showing s = {.id = j->id,
                        .lease_ms = j->q->o.lease_ms,
                        .progress = arena_fmt(cx->a, "%" PRId64 "/%" PRId64, done, total),
                        .node = j->q->node};
    if (atomic_load(&j->q->stop)) return fail(cx, E_CONFLICT, "The server is stopping");
    TRY(db_write_bulk(cx, progress_inside, &s));
    if (!s.running) return fail(cx, E_CONFLICT, "The job was cancelled");
    j->q->o.changed(j->q->o.arg, j->id, j->by);
    return E_OK;
}

static void raw_or_null(struct jw *w, str key, str json)
{
    jw_key(w, key);
    if (json.n) jw_raw(w, json);
    else jw_null(w);
}

/* Columns: kind, state, progress, result, error, created_by, args. What the queue itself wrote as an error is English;
 * a handler's own is told already. */
static void row_json(struct cx *cx, struct jw *w, const struct db_rows *r, size_t i, int64_t id, bool whole)
{
    str done = {0}, total = {0};
    str_split(db_str(r, i, 2), '/', &done, &total);
    jw_obj(w);
    jw_kid(w, S("id"), id);
    jw_kstr(w, S("kind"), db_str(r, i, 0));
    jw_kstr(w, S("state"), db_str(r, i, 1));
    raw_or_null(w, S("done"), done.n ? done : S("0"));
    raw_or_null(w, S("total"), total.n ? total : S("0"));
    if (whole) raw_or_null(w, S("asked"), db_str(r, i, 6));
    if (whole) raw_or_null(w, S("result"), db_str(r, i, 3));
    jw_key(w, S("error"));
    if (db_str(r, i, 4).n) jw_str(w, tr(cx->lang, db_str(r, i, 4)));
    else jw_null(w);
}

/* What a job takes in is named by the file it came from: "import" alone says little beside five others. */
static enum err file_json(struct cx *cx, str args, struct jw *w)
{
    const struct json *j = NULL, *file = NULL;
    struct db_rows r = {0};
    int64_t id = 0;
    if (args.n && json_parse(cx, args, &j) == E_OK) file = json_get(j, S("file"));
    if (!file || file->t != JT_STR || !str_to_int(file->s, &id)) return E_OK;
    TRY(db_query(cx, &r, "SELECT name FROM file WHERE id = $1", V(id)));
    if (r.n) jw_kstr(w, S("file"), db_str(&r, 0, 0));
    return E_OK;
}

enum err job_list_json(struct cx *cx, bool all, bool rules, int64_t before, size_t n, struct jw *w,
                       int64_t *ret_next)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT kind, state, progress, '', error, created_by, id, created_at, args FROM job WHERE "
                 "id < $1 AND (created_by = $2 OR $3 = 1) ORDER BY id DESC LIMIT $4",
                 V(before ? before : INT64_MAX), V(cx->who.user), V(all), V((int64_t)n)));
    for (size_t i = 0; i < r.n; i++) {
        row_json(cx, w, &r, i, db_int(&r, i, 6), false);
        jw_kid(w, S("by"), db_int(&r, i, 5));
        jw_kbool(w, S("may"), rules || db_int(&r, i, 5) == cx->who.user);
        jw_kstr(w, S("at"), time_text(cx->a, db_int(&r, i, 7)));
        TRY(file_json(cx, db_str(&r, i, 8), w));
        jw_obj_end(w);
    }
    *ret_next = r.n == n && n ? db_int(&r, r.n - 1, 6) : 0;
    return E_OK;
}

enum err job_json(struct cx *cx, int64_t id, bool all, struct jw *w)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT kind, state, progress, result, error, created_by, args FROM job WHERE id = $1",
                 V(id)));
    if (!r.n || (!all && db_int(&r, 0, 5) != cx->who.user))
        return fail(cx, E_NOTFOUND, "There is no such job");
    row_json(cx, w, &r, 0, id, true);
    jw_obj_end(w);
    return E_OK;
}

enum err job_done(struct cx *cx, int64_t id, str kind, str *ret_args, str *ret_result)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT args, result FROM job WHERE id = $1 AND created_by = $2 AND kind = $3 AND state = 'done'",
                 V(id), V(cx->who.user), V(kind)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such job that is done");
    *ret_args = db_str(&r, 0, 0);
    *ret_result = db_str(&r, 0, 1);
    return E_OK;
}

struct each {
    job_each_fn *fn;
    void *arg;
};
static enum err each_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    const struct each *e = arg;
    (void)cols;
    return e->fn(cx, e->arg, row[0].s, row[1].s, row[2].s);
}

enum err job_each(struct cx *cx, str kind, job_each_fn *fn, void *arg)
{
    struct each e = {fn, arg};
    const struct db_val v = V(kind);
    return db_each(cx, S("SELECT state, args, result FROM job WHERE kind = $1"), &v, 1, each_row, &e);
}

struct cancelling {
    int64_t id, user;
    bool all;
    int64_t by; /* found out */
};

static enum err cancel_inside(struct cx *cx, void *arg)
{
    struct cancelling *c = arg;
    struct db_rows r = {0};
    int64_t n = 0;
    TRY(db_query(cx, &r, "SELECT created_by FROM job WHERE id = $1", V(c->id)));
    c->by = r.n ? db_int(&r, 0, 0) : 0;
    TRY(db_exec(cx, &n,
                "UPDATE job SET state = 'cancelled' WHERE id = $1 AND state IN ('waiting', "
                "'running') AND (created_by = $2 OR $3 = 1)",
                V(c->id), V(c->user), V(c->all)));
    return n ? E_OK : fail(cx, E_NOTFOUND, "There is no such job that could be cancelled");
}

static enum err retry_inside(struct cx *cx, void *arg)
{
    const struct cancelling *c = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE job SET state = 'waiting', tries = 0, error = '', due_at = $4 WHERE id = $1 "
                "AND state = 'failed' AND (created_by = $2 OR $3 = 1)",
                V(c->id), V(c->user), V(c->all), V(cx->now_ms)));
    return n ? E_OK : fail(cx, E_NOTFOUND, "There is no such job that has failed");
}

enum err job_retry(struct cx *cx, struct jobs *q, int64_t id, bool all)
{
    struct cancelling c = {.id = id, .user = cx->who.user, .all = all};
    TRY(db_write(cx, retry_inside, &c));
    if (q && db_is_writing(cx)) atomic_store(&q->added, true);
    else if (q) wake(q);
    return E_OK;
}

enum err job_cancel(struct cx *cx, int64_t id, bool all, int64_t *ret_by)
{
    struct cancelling c = {.id = id, .user = cx->who.user, .all = all};
    TRY(db_write(cx, cancel_inside, &c));
    *ret_by = c.by;
    return E_OK;
}
