/* SPDX-License-Identifier: MIT */
/* jobs/jobs.h - the durable queue: a row in `job`, run by one of a few threads, with progress and cancel.
 *
 * A job's handler works in its own cx (arena, connection, the description, the rights of who asked for it).
 * Three outcomes: done with a result (JSON), failed with a reason, or cancelled. A job that was running when the
 * process died is run again (tries + 1) up to JOB_TRIES: handlers are idempotent or resumable. So is one that met a
 * database that was busy or away, a little later. While the process lives a job's lease is renewed, however long one
 * statement of it takes.
 *
 * Who runs a job holds it by a token of his own. Each of his transactions first makes sure that he still holds it
 * (db_fence): one who stood still for longer than his lease and wakes up, or whose job was cancelled, writes nothing
 * more.
 */
#pragma once
#include "base/base.h"
#include "base/json.h"
#include "db/db.h"

enum { JOB_TRIES = 8 };
struct jobs;
struct job {
    int64_t id, by;            /* by: the user who asked, 0 = the system */
    int64_t key;               /* the API key that he asked by, 0 = none */
    str kind, args;            /* args: JSON */
    str token;                 /* whose it is at present */
    struct jobs *q;
};
/* Runs on a job thread; gives the result as JSON in cx->a. */
typedef enum err job_fn(struct cx *cx, const struct job *j, str *ret_result);
struct job_kind {
    str kind;
    job_fn *fn;
};
struct jobs_opts {
    struct dbase *db;
    const struct job_kind *kinds;
    size_t n;
    int threads;
    int64_t lease_ms; /* 0 = a minute */
    void *arg;
    /* Makes a cx for a job (rights, description, app); end gives back what it holds. */
    enum err (*cx_begin)(void *arg, struct cx *cx, int64_t user, int64_t key);
    void (*cx_end)(void *arg, struct cx *cx);
    void (*changed)(void *arg, int64_t job, int64_t by); /* progress or state: for live events */
};
MUST enum err jobs_start(struct cx *cx, const struct jobs_opts *o, struct jobs **ret);
/* lets running jobs end their slice; they are run again at the next start */
void jobs_stop(struct jobs **q);
/* A transaction was committed: a job that was added in it is begun at once. On the committing thread. */
void jobs_committed(struct jobs *q);
/* The caller's user is whose job it is; came he by an API key, the job may what that opens. May be called inside
 * db_write. key "" = none; the same key twice is the same job. */
MUST enum err job_add(struct cx *cx, struct jobs *q, str kind, str args, str key, int64_t *ret);
/* The same for what may wait: it is begun when nothing else is due, or after JOB_PATIENCE_MS all the same. */
enum { JOB_PATIENCE_MS = 3600000 };
MUST enum err job_add_behind(struct cx *cx, struct jobs *q, str kind, str args, str key,
                             int64_t *ret);
/* Is it waiting or running? false when there is none. */
MUST enum err job_is_open(struct cx *cx, int64_t id, bool *ret);
/* The job of this key, 0 = none. */
MUST enum err job_find(struct cx *cx, str key, int64_t *ret);
/* From inside a handler: shows done of total; E_CONFLICT when somebody cancelled it, another has
 * taken it over, or we stop. */
MUST enum err job_progress(struct cx *cx, const struct job *j, int64_t done, int64_t total);
/* {"id","kind","state","done","total","asked","result","error"}, asked: the arguments; only own jobs unless
 * cx->acl == NULL or SYS right `all`. */
MUST enum err job_json(struct cx *cx, int64_t id, bool all, struct jw *w);
/* What an own job of this kind was asked and, when it is done, its result; E_NOTFOUND when there is none or it is not
 * done. */
MUST enum err job_done(struct cx *cx, int64_t id, str kind, str *ret_args, str *ret_result);
/* The newest n jobs below `before` (0 = from the newest) as array members, without their results: own ones, `all`: all.
 * "may": the caller can cancel it or have it tried again; others' when he `rules`.
 * *ret_next: the next call's before, 0 at the end. */
MUST enum err job_list_json(struct cx *cx, bool all, bool rules, int64_t before, size_t n, struct jw *w,
                            int64_t *ret_next);
/* All jobs of a kind: what each was asked and what came of it. */
typedef enum err job_each_fn(struct cx *cx, void *arg, str state, str args, str result);
MUST enum err job_each(struct cx *cx, str kind, job_each_fn *fn, void *arg);
/* A failed job, once more from where it stands, with the rights of him whose it is: handlers go on. E_NOTFOUND when
 * there is none that has failed. */
MUST enum err job_retry(struct cx *cx, struct jobs *q, int64_t id, bool all);
/* *ret_by: whose it was. */
MUST enum err job_cancel(struct cx *cx, int64_t id, bool all, int64_t *ret_by);
