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
    AGAIN_MS = 1000, /* and twice as long each time, up to a minute */
    END_TRIES = 60,  /* one a second */
    REST = 4,        /* times what a job took: while people write */
    REST_US = 1000000,
    THREADS_MAX = 8,
    STACK_BYTES = 1024 * 1024
};

struct jobs {
    struct jobs_opts o;
    struct job_kind *kinds;
    pthread_t thread[THREADS_MAX], keeper;
    int threads;
    pthread_mutex_t lock;
    pthread_cond_t wake, ending; /* ending: for the keeper */
    int woken;
    _Atomic int64_t at[THREADS_MAX]; /* the jobs in hand, 0 = free */
    _Atomic unsigned claims;
    _Atomic bool stop, added; /* added: in a transaction that is not committed yet */
    str node;
    struct arena *a;
};

struct claim {
    struct jobs *q;
    struct job job;
    int64_t tries;
    bool got, more; /* more: none was got, but another may be to be had */
};

#define JOBS(where) \
    "SELECT id, kind, args, created_by, tries, api_key, due_at FROM job WHERE " where " ORDER BY due_at, id LIMIT 1"
/* On PostgreSQL without one at which another is just now, be it that he stands still. */
#define ONE_JOB(cx, ret, where, ...)                                                                         \
    (db_is_pg(cx) ? db_query((cx), (ret), JOBS(where) " FOR UPDATE SKIP LOCKED", __VA_ARGS__)                 \
                  : db_query((cx), (ret), JOBS(where), __VA_ARGS__))

/* Whose turn it is: one that waits and is due, or one whose holder has not been heard of. Each by an index, however
 * many wait; what was made before the clock was put back is looked for when nothing else is to be done. */
static enum err turn(struct cx *cx, struct db_rows *ret)
{
    struct db_rows lost = {0};
    struct db_val now = V(cx->now_ms), far = V(cx->now_ms + LEASE_MAX_MS), long_ago = V(cx->now_ms - JOB_PATIENCE_MS);
    TRY(ONE_JOB(cx, ret, "state = 'waiting' AND due_at < $1", long_ago));
    if (!ret->n) TRY(ONE_JOB(cx, ret, "state = 'waiting' AND prio = 0 AND due_at <= $1", now));
    if (!ret->n) TRY(ONE_JOB(cx, ret, "state = 'waiting' AND prio = 1 AND due_at <= $1", now));
    TRY(ONE_JOB(cx, &lost, "state = 'running' AND (lease_until < $1 OR lease_until > $2)", now, far));
    if (lost.n && (!ret->n || db_int(&lost, 0, 6) <= db_int(ret, 0, 6))) *ret = lost;
    if (ret->n) return E_OK;
    return ONE_JOB(cx, ret, "state = 'waiting' AND due_at > $1 AND created_at > $1", now);
}

static enum err claim_inside(struct cx *cx, void *arg)
{
    struct claim *c = arg;
    struct db_rows r = {0};
    int64_t n = 0;
    c->got = c->more = false;
    TRY(turn(cx, &r));
    if (!r.n) return E_OK;
    int64_t id = db_int(&r, 0, 0);
    c->more = true;
    c->tries = db_int(&r, 0, 4) + 1;
    if (c->tries > JOB_TRIES)
        return db_exec(cx, NULL, "UPDATE job SET state = 'failed', error = $2, lease_by = '' WHERE id = $1", V(id),
                       V(S(TR("It was given up after too many tries"))));
    TRY(db_exec(cx, &n,
                "UPDATE job SET state = 'running', lease_by = $2, lease_until = $3, tries = $4 WHERE id = $1"
                " AND (state = 'waiting' OR lease_until < $5 OR lease_until > $6)",
                V(id), V(c->job.token), V(cx->now_ms + c->q->o.lease_ms), V(c->tries), V(cx->now_ms),
                V(cx->now_ms + LEASE_MAX_MS)));
    c->got = n == 1;
    str token = c->job.token;
    c->job = (struct job){id, db_int(&r, 0, 3), db_int(&r, 0, 5), db_str(&r, 0, 1), db_str(&r, 0, 2), token, c->q};
    return E_OK;
}

struct ending {
    int64_t id, due_at;
    str token, state, result, error;
};

static enum err end_inside(struct cx *cx, void *arg)
{
    const struct ending *e = arg;
    return db_exec(cx, NULL,
                   "UPDATE job SET state = $2, result = $3, error = $4, lease_until = 0,"
                   " due_at = CASE WHEN $5 > 0 THEN $5 ELSE due_at END WHERE id = $1 AND state = 'running'"
                   " AND lease_by = $6",
                   V(e->id), V(e->state), V(e->result), V(e->error), V(e->due_at), V(e->token));
}

/* Locks the job's row until the transaction ends: nobody takes it over meanwhile. */
static enum err hold_inside(struct cx *cx, void *arg)
{
    const struct job *j = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE job SET lease_until = $3 WHERE id = $1 AND state = 'running' AND lease_by = $2", V(j->id),
                V(j->token), V(clock_ms() + j->q->o.lease_ms)));
    return n == 1 ? E_OK : fail(cx, E_CONFLICT, "The job was cancelled");
}

static enum err job_call(struct cx *cx, const struct job *j, str *ret)
{
    for (size_t i = 0; i < j->q->o.n; i++)
        if (str_eq(j->q->kinds[i].kind, j->kind)) return j->q->kinds[i].fn(cx, j, ret);
    return fail(cx, E_INVALID, "There is no kind of job \"%.*s\"", FS(j->kind));
}

/* Also when the database is away for a while: else the job would lie there until its lease ends. */
static void end_write(struct cx *cx, struct jobs *q, struct ending *end)
{
    enum err e = db_write_bulk(cx, end_inside, end);
    for (int n = 0; n < END_TRIES && (e == E_BUSY || e == E_UNCERTAIN) && !atomic_load(&q->stop); n++) {
        os_sleep_us(1000000);
        e = db_write_bulk(cx, end_inside, end);
    }
    if (e != E_OK)
        log_say(cx, LOG_ERROR, S("jobs"), "the end of job %" PRId64 " was not written", end->id);
}

/* What the handler's result makes of the job. */
static void outcome(struct cx *cx, struct jobs *q, enum err e, int64_t tries, struct ending *end)
{
    bool stopping = e == E_CONFLICT && atomic_load(&q->stop);
    bool again = (e == E_BUSY || e == E_UNCERTAIN) && tries < JOB_TRIES;
    int64_t ms = (int64_t)AGAIN_MS << tries;
    end->state = e == E_OK ? S("done") : stopping || again ? S("waiting") : S("failed");
    if (again) end->due_at = clock_ms() + (ms < LEASE_MS ? ms : LEASE_MS);
    if (e != E_OK) end->error = cx->msg;
}

/* A cx for the job; what the handler leaves in it is of no use afterwards. */
static void job_run(struct jobs *q, struct arena *a, struct claim *c)
{
    struct job *j = &c->job;
    struct cx cx = {.a = a,
                    .db = db_get(q->o.db),
                    .now_ms = clock_ms(),
                    .req = arena_fmt(a, "job-%" PRId64, j->id)};
    struct ending end = {.id = j->id, .token = j->token, .result = S(""), .error = S("")};
    enum err e = q->o.cx_begin(q->o.arg, &cx, j->by, j->key);
    db_fence(&cx, hold_inside, j);
    if (e == E_OK) e = job_call(&cx, j, &end.result);
    db_fence(&cx, NULL, NULL);
    outcome(&cx, q, e, c->tries, &end);
    cx.acl = NULL;
    cx.batch = 0;
    end_write(&cx, q, &end);
    q->o.cx_end(q->o.arg, &cx);
    db_put(&cx.db);
    q->o.changed(q->o.arg, j->id, j->by);
}

/* Nobody knows whether the claim was written. If it was, the job is held by a token that is nobody's: it would lie
 * there until its lease ends. */
static void give_back(struct cx *cx, struct jobs *q, const struct claim *c)
{
    struct ending end = {
        .id = c->job.id, .token = c->job.token, .state = S("waiting"), .result = S(""), .error = S("")};
    log_say(cx, LOG_WARN, S("jobs"), "job %" PRId64 " may have been taken by nobody: it is given back", end.id);
    end_write(cx, q, &end);
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

/* While people write, a crowd of small jobs leaves them the writer for most of the time: each of its commits is one
 * that somebody waits for. */
static void rest(int64_t took_us, bool people)
{
    int64_t us = took_us * REST;
    if (people) os_sleep_us(us < REST_US ? us : REST_US);
}

static void *worker(void *arg)
{
    struct jobs *q = arg;
    struct arena *a = arena_new();
    int64_t of_people = 0;
    while (!atomic_load(&q->stop)) {
        struct cx cx = {.a = a, .db = db_get(q->o.db), .now_ms = clock_ms()};
        str token = arena_fmt(a, "%.*s-%u", FS(q->node), atomic_fetch_add(&q->claims, 1));
        struct claim c = {.q = q, .job.token = token};
        int64_t begun = os_mono_us(), others = db_writes_of_people(&cx);
        enum err e = db_write_bulk(&cx, claim_inside, &c);
        if (e == E_UNCERTAIN && c.got) give_back(&cx, q, &c);
        db_put(&cx.db);
        if (e == E_OK && c.got) {
            _Atomic int64_t *at = hand_take(q, c.job.id);
            job_run(q, a, &c);
            atomic_store(at, 0);
            rest(os_mono_us() - begun, others != of_people);
            of_people = others;
        } else if (e != E_OK || !c.more) {
            wait_for_work(q);
        }
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
                        "substr(lease_by, 1, length($2)) = $2",
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

/* A search over a million records shows no progress: another node, or another thread of this one, would take the job
 * from who is at it. */
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
    TRY(os_thread(cx, "leases", STACK_BYTES, keeper, q, &q->keeper));
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
    pthread_join((*q)->keeper, NULL);
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
    int64_t id;
    str progress;
};

static enum err progress_inside(struct cx *cx, void *arg)
{
    const struct showing *s = arg;
    return db_exec(cx, NULL, "UPDATE job SET progress = $2 WHERE id = $1", V(s->id), V(s->progress));
}

enum err job_progress(struct cx *cx, const struct job *j, int64_t done, int64_t total)
{
    struct showing s = {j->id, arena_fmt(cx->a, "%" PRId64 "/%" PRId64, done, total)};
    if (atomic_load(&j->q->stop)) return fail(cx, E_CONFLICT, "The server is stopping");
    TRY(db_write_bulk(cx, progress_inside, &s)); /* behind hold_inside */
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
