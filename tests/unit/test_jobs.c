/* SPDX-License-Identifier: MIT */
/* The queue: what may wait goes behind what people asked for, but not for ever; a job that shows nothing for longer than
 * its lease stays with who is at it. */
#include "jobs/jobs.h"

#include "bed.h"

#include <stdatomic.h>
#include <unistd.h>

enum { LEASE = 400, WAIT_US = 20000, WAITS = 500 };
static char order[16];
static _Atomic int n_order, begun, ended;

static enum err ordered(struct cx *cx, const struct job *j, str *ret)
{
    (void)cx;
    int i = atomic_fetch_add(&n_order, 1);
    if (i < (int)sizeof order - 1) order[i] = j->args.p[1];
    *ret = S("{}");
    return E_OK;
}

static enum err slow(struct cx *cx, const struct job *j, str *ret)
{
    (void)cx, (void)j;
    atomic_fetch_add(&begun, 1);
    usleep(4 * LEASE * 1000);
    atomic_fetch_add(&ended, 1);
    *ret = S("{}");
    return E_OK;
}

static enum err cx_begin(void *arg, struct cx *cx, int64_t user, int64_t key)
{
    (void)arg, (void)cx, (void)user, (void)key;
    return E_OK;
}
static void cx_end(void *arg, struct cx *cx) { (void)arg, (void)cx; }
static void changed(void *arg, int64_t job, int64_t by) { (void)arg, (void)job, (void)by; }

static struct jobs *begin(struct bed *t, int threads)
{
    static const struct job_kind sorts[] = {{S0("ordered"), ordered}, {S0("slow"), slow}};
    struct jobs *q = NULL;
    struct jobs_opts o = {.db = t->b, .kinds = sorts, .n = COUNT(sorts), .threads = threads, .lease_ms = LEASE,
                          .cx_begin = cx_begin, .cx_end = cx_end, .changed = changed};
    T_OK(&t->cx, jobs_start(&t->cx, &o, &q));
    return q;
}

static void wait_for(const _Atomic int *what, int n)
{
    for (int i = 0; i < WAITS && atomic_load(what) < n; i++) usleep(WAIT_US);
}

static void behind(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t id = 0, now = clock_ms();
    bool open = false;
    atomic_store(&n_order, 0);
    memset(order, 0, sizeof order);
    cx->now_ms = now - 3000;
    T_OK(cx, job_add_behind(cx, NULL, S("ordered"), S("\"a\""), S(""), &id));
    cx->now_ms = now - 2000;
    T_OK(cx, job_add_behind(cx, NULL, S("ordered"), S("\"b\""), S(""), &id));
    cx->now_ms = now - 1000;
    T_OK(cx, job_add(cx, NULL, S("ordered"), S("\"c\""), S(""), &id));
    cx->now_ms = now - JOB_PATIENCE_MS - 1000; /* it has waited long enough */
    T_OK(cx, job_add_behind(cx, NULL, S("ordered"), S("\"d\""), S(""), &id));
    cx->now_ms = now;
    T_OK(cx, job_is_open(cx, id, &open));
    T(open);
    struct jobs *q = begin(t, 1);
    wait_for(&n_order, 4);
    jobs_stop(&q);
    T_STR(str_from(order), S("dcab"));
    T_OK(cx, job_is_open(cx, id, &open));
    T(!open);
    T_OK(cx, job_is_open(cx, 1, &open));
    T(!open);
}

/* Two nodes on one base: one at work on what takes four leases, the other with nothing to do. */
static void held(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct db_rows r = {0};
    int64_t id = 0;
    if (!db_is_pg(cx)) return; /* a SQLite base has one process */
    atomic_store(&begun, 0);
    atomic_store(&ended, 0);
    T_OK(cx, job_add(cx, NULL, S("slow"), S("{}"), S(""), &id));
    struct jobs *a = begin(t, 1);
    wait_for(&begun, 1);
    struct jobs *b = begin(t, 1);
    for (int i = 0; i < WAITS && !atomic_load(&ended); i++) {
        struct db_rows job = {0};
        T_OK(cx, db_query(cx, &job, "SELECT tries FROM job WHERE id = $1", V(id)));
        T_INT(db_int(&job, 0, 0), 1);
        usleep(WAIT_US);
    }
    jobs_stop(&a);
    jobs_stop(&b);
    T_INT(atomic_load(&begun), 1);
    T_OK(cx, db_query(cx, &r, "SELECT state, tries FROM job WHERE id = $1", V(id)));
    T_STR(db_str(&r, 0, 0), S("done"));
    T_INT(db_int(&r, 0, 1), 1);
}

/* Who has lost his lease to another can neither show progress nor write its end. */
static enum err lose(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE job SET lease_by = 'another' WHERE id = $1", V(*(const int64_t *)arg));
}

static enum err robbed(struct cx *cx, const struct job *j, str *ret)
{
    int64_t id = j->id;
    T_OK(cx, job_progress(cx, j, 0, 1));
    T_OK(cx, db_write(cx, lose, &id));
    T_INT(job_progress(cx, j, 1, 1), E_CONFLICT);
    atomic_fetch_add(&ended, 1);
    *ret = S("{\"mine\":true}");
    return E_OK;
}

static void lost(struct bed *t)
{
    static const struct job_kind sorts[] = {{S0("robbed"), robbed}};
    struct cx *cx = &t->cx;
    struct db_rows r = {0};
    struct jobs *q = NULL;
    int64_t id = 0;
    atomic_store(&ended, 0);
    T_OK(cx, job_add(cx, NULL, S("robbed"), S("{}"), S(""), &id));
    struct jobs_opts o = {.db = t->b, .kinds = sorts, .n = 1, .threads = 1,
                          .cx_begin = cx_begin, .cx_end = cx_end, .changed = changed};
    T_OK(cx, jobs_start(cx, &o, &q));
    wait_for(&ended, 1);
    jobs_stop(&q);
    T_OK(cx, db_query(cx, &r, "SELECT state, result FROM job WHERE id = $1", V(id)));
    T_STR(db_str(&r, 0, 0), S("running"));
    T_STR(db_str(&r, 0, 1), S(""));
}

int main(void)
{
    bed_both(behind);
    bed_both(held);
    bed_both(lost);
    return t_end("jobs");
}
