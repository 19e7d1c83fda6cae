/* SPDX-License-Identifier: MIT */
/* The queue: in order, once each, held by whom; a worker that stands still, a job that kills, a base that is busy. */
#include "bed.h"
#include "jobs/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { MANY = 600, WAIT_MS = 60000, SHORT_LEASE_MS = 3000, LONG_LEASE_MS = 300000 };

/* What the handlers of these tests do, and where they stand still. */
static struct {
    pthread_mutex_t mu;
    pthread_cond_t moved;
    bool hold, standing;
    int runs;
    _Atomic int busy; /* how often `shaky` is told that the base is */
} hall = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false, 0, 0};

static enum err effect_table(struct cx *cx, void *arg)
{
    (void)arg;
    return db_ddl(cx, S("CREATE TABLE effect(id @ID, job BIGINT NOT NULL)"));
}

static enum err effect_put(struct cx *cx, void *arg)
{
    const struct job *j = arg;
    return db_exec(cx, NULL, "INSERT INTO effect (id, job) VALUES ($1, $2)", V(id_new(clock_ms())),
                   V(j->id));
}

static enum err effect(struct cx *cx, const struct job *j)
{
    return db_write(cx, effect_put, (void *)(uintptr_t)j);
}

static enum err cheap(struct cx *cx, const struct job *j, str *ret)
{
    *ret = S("{}");
    return effect(cx, j);
}

/* The first who comes stands still until he is let go, between what he has read and what he writes. */
static enum err slow(struct cx *cx, const struct job *j, str *ret)
{
    pthread_mutex_lock(&hall.mu);
    bool first = hall.runs++ == 0;
    hall.standing |= first;
    pthread_cond_broadcast(&hall.moved);
    while (first && hall.hold) pthread_cond_wait(&hall.moved, &hall.mu);
    pthread_mutex_unlock(&hall.mu);
    enum err e = effect(cx, j);
    pthread_mutex_lock(&hall.mu);
    if (first) hall.standing = false;
    pthread_cond_broadcast(&hall.moved);
    pthread_mutex_unlock(&hall.mu);
    *ret = S("{}");
    return e;
}

static enum err shaky(struct cx *cx, const struct job *j, str *ret)
{
    *ret = S("{}");
    if (atomic_fetch_sub(&hall.busy, 1) > 0) return fail(cx, E_BUSY, "The database is busy");
    return effect(cx, j);
}

static enum err begin(void *arg, struct cx *cx, int64_t user, int64_t key)
{
    (void)arg, (void)cx, (void)user, (void)key;
    return E_OK;
}
static void end(void *arg, struct cx *cx) { (void)arg, (void)cx; }
static void changed(void *arg, int64_t job, int64_t by) { (void)arg, (void)job, (void)by; }

static const struct job_kind hall_kinds[] = {
    {S0("cheap"), cheap}, {S0("slow"), slow}, {S0("shaky"), shaky}};

static struct jobs *start_with(struct bed *t, int threads, int64_t lease_ms)
{
    struct jobs *q = NULL;
    struct jobs_opts o = {.db = t->b,
                          .kinds = hall_kinds,
                          .n = COUNT(hall_kinds),
                          .threads = threads,
                          .lease_ms = lease_ms,
                          .cx_begin = begin,
                          .cx_end = end,
                          .changed = changed};
    T_OK(&t->cx, jobs_start(&t->cx, &o, &q));
    return q;
}
static struct jobs *start(struct bed *t, int threads) { return start_with(t, threads, 0); }

static int64_t number(struct cx *cx, str sql)
{
    struct db_rows r = {0};
    struct arena_mark m = arena_mark(cx->a);
    int64_t n = T_OK(cx, db_run(cx, &r, NULL, sql, NULL, 0)) && r.n ? db_int(&r, 0, 0) : -1;
    arena_back(cx->a, m);
    return n;
}

static void until(struct cx *cx, str sql, int64_t want)
{
    int64_t got = -1;
    for (int i = 0; i < WAIT_MS / 5 && (got = number(cx, sql)) != want; i++) usleep(5000);
    T_INT(got, want);
}

static enum err run_sql(struct cx *cx, void *arg)
{
    return db_run(cx, NULL, NULL, *(const str *)arg, NULL, 0);
}
static void say(struct cx *cx, str sql) { T_OK(cx, db_write(cx, run_sql, &sql)); }

static void clean(struct bed *t)
{
    say(&t->cx, S("DELETE FROM job"));
    say(&t->cx, S("DELETE FROM effect"));
    hall.runs = 0;
    hall.hold = hall.standing = false;
}

static int64_t add(struct bed *t, struct jobs *q, str kind)
{
    int64_t id = 0;
    t->cx.now_ms = clock_ms();
    T_OK(&t->cx, job_add(&t->cx, q, kind, S("{}"), S(""), &id));
    return id;
}

static enum err add_many(struct cx *cx, void *arg)
{
    int64_t id = 0;
    for (int i = 0; i < *(int *)arg; i++) TRY(job_add(cx, NULL, S("cheap"), S("{}"), S(""), &id));
    return E_OK;
}

/* One worker: in the order in which they were asked for. Four: each once. */
static void in_order(struct bed *t)
{
    int many = MANY;
    for (int threads = 1; threads <= 4; threads += 3) {
        clean(t);
        t->cx.now_ms = clock_ms();
        T_OK(&t->cx, db_write(&t->cx, add_many, &many));
        struct jobs *q = start(t, threads);
        until(&t->cx, S("SELECT count(*) FROM job WHERE state = 'done' AND tries = 1"), MANY);
        jobs_stop(&q);
        T_INT(number(&t->cx, S("SELECT count(*) FROM effect")), MANY);
        T_INT(number(&t->cx, S("SELECT count(DISTINCT job) FROM effect")), MANY);
        int64_t back = number(&t->cx, S("SELECT count(*) FROM (SELECT job, lag(job) OVER (ORDER BY "
                                        "id) AS before FROM effect) AS o WHERE job < before"));
        T(threads > 1 || back == 0);
    }
}

static void wait_standing(bool standing)
{
    pthread_mutex_lock(&hall.mu);
    while (hall.standing != standing) pthread_cond_wait(&hall.moved, &hall.mu);
    pthread_mutex_unlock(&hall.mu);
}

static void let_go(void)
{
    pthread_mutex_lock(&hall.mu);
    hall.hold = false;
    pthread_cond_broadcast(&hall.moved);
    pthread_mutex_unlock(&hall.mu);
    wait_standing(false);
}

/* One of two workers stands still in a job: the other works on; its lease ends, the job is taken over and done; the
 * first wakes up and writes nothing. Then he works as before. */
static void stands_still(struct bed *t)
{
    clean(t);
    hall.hold = true;
    struct jobs *q = start_with(t, 2, LONG_LEASE_MS); /* nobody renews it meanwhile */
    int64_t id = add(t, q, S("slow"));
    wait_standing(true);
    for (int i = 0; i < 20; i++) (void)add(t, q, S("cheap"));
    until(&t->cx, S("SELECT count(*) FROM job WHERE kind = 'cheap' AND state = 'done'"), 20);
    T_INT(number(&t->cx, S("SELECT count(*) FROM job WHERE kind = 'slow' AND state = 'running'")),
          1);
    say(&t->cx, S("UPDATE job SET lease_until = 1 WHERE kind = 'slow'")); /* a minute has gone by */
    until(&t->cx,
          S("SELECT count(*) FROM job WHERE kind = 'slow' AND state = 'done' AND tries = 2"), 1);
    let_go();
    (void)add(t, q, S("cheap"));
    until(&t->cx, S("SELECT count(*) FROM job WHERE kind = 'cheap' AND state = 'done'"), 21);
    jobs_stop(&q);
    T_INT(
        number(&t->cx, arena_fmt(t->cx.a, "SELECT count(*) FROM effect WHERE job = %" PRId64, id)),
        1);
    T_INT(number(&t->cx, S("SELECT count(*) FROM job WHERE state <> 'done' OR error <> ''")), 0);
}

/* One statement that takes longer than a lease: while its process lives nobody takes the job over, on either engine. */
static void takes_long(struct bed *t)
{
    clean(t);
    hall.hold = true;
    struct jobs *q = start_with(t, 2, SHORT_LEASE_MS);
    (void)add(t, q, S("slow"));
    wait_standing(true);
    usleep((SHORT_LEASE_MS + 500) * 1000);
    (void)add(t, q, S("cheap")); /* the other worker looks whose turn it is */
    until(&t->cx, S("SELECT count(*) FROM job WHERE kind = 'cheap' AND state = 'done'"), 1);
    T_INT(hall.runs, 1);
    let_go();
    until(&t->cx,
          S("SELECT count(*) FROM job WHERE kind = 'slow' AND state = 'done' AND tries = 1"), 1);
    jobs_stop(&q);
    T_INT(number(&t->cx, S("SELECT count(*) FROM effect")), 2);
}

/* A job that is cancelled while its worker is at it writes nothing more. */
static void cancelled(struct bed *t)
{
    clean(t);
    hall.hold = true;
    struct jobs *q = start(t, 1);
    int64_t by = 0, id = add(t, q, S("slow"));
    wait_standing(true);
    T_OK(&t->cx, job_cancel(&t->cx, id, true, &by));
    let_go();
    (void)add(t, q, S("cheap"));
    until(&t->cx, S("SELECT count(*) FROM job WHERE kind = 'cheap' AND state = 'done'"), 1);
    jobs_stop(&q);
    T_INT(
        number(&t->cx, arena_fmt(t->cx.a, "SELECT count(*) FROM effect WHERE job = %" PRId64, id)),
        0);
    T_INT(number(&t->cx, S("SELECT count(*) FROM job WHERE kind = 'slow' AND state = 'cancelled'")),
          1);
}

/* Jobs that have killed the process too often are given up without a pause for each, and those behind them go on. */
static void poisoned(struct bed *t)
{
    int many = 50;
    clean(t);
    t->cx.now_ms = clock_ms();
    T_OK(&t->cx, db_write(&t->cx, add_many, &many));
    say(&t->cx, S("UPDATE job SET tries = 8, state = 'running', lease_until = 1"));
    struct jobs *q = start(t, 1);
    (void)add(t, q, S("cheap"));
    int64_t begun = clock_ms();
    until(&t->cx, S("SELECT count(*) FROM job WHERE state = 'done'"), 1);
    T(clock_ms() - begun < 20000);
    jobs_stop(&q);
    T_INT(number(&t->cx, S("SELECT count(*) FROM job WHERE state = 'failed'")), many);
    T_INT(number(&t->cx, S("SELECT count(*) FROM effect")), 1);
}

/* A base that was busy or away is no fault of the job: once more a little later, but not for ever. */
static void base_away(struct bed *t)
{
    clean(t);
    atomic_store(&hall.busy, 1);
    struct jobs *q = start(t, 1);
    (void)add(t, q, S("shaky"));
    until(&t->cx,
          S("SELECT count(*) FROM job WHERE state = 'waiting' AND tries = 1 AND error <> ''"), 1);
    (void)add(t, q, S("cheap")); /* is not held up by it */
    until(&t->cx, S("SELECT count(*) FROM job WHERE kind = 'cheap' AND state = 'done'"), 1);
    until(&t->cx,
          S("SELECT count(*) FROM job WHERE kind = 'shaky' AND state = 'done' AND tries = 2 AND "
            "error = ''"),
          1);
    jobs_stop(&q);
    T_INT(number(&t->cx, S("SELECT count(*) FROM effect")), 2);
    clean(t);
    atomic_store(&hall.busy, 1);
    int64_t id = add(t, NULL, S("shaky"));
    say(&t->cx, S("UPDATE job SET tries = 7"));
    q = start(t, 1);
    until(&t->cx, S("SELECT count(*) FROM job WHERE state = 'failed' AND tries = 8"), 1);
    jobs_stop(&q);
    T(id > 0);
    T_INT(number(&t->cx, S("SELECT count(*) FROM effect")), 0);
}

/* The answer to a commit that takes a job is lost (PostgreSQL): nobody works at it, and nobody waits for its lease to end. */
static enum err unsure_claims(struct cx *cx, void *arg)
{
    (void)arg;
    return db_ddl(cx, S("CREATE OR REPLACE FUNCTION unsure() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN"
                        " RAISE WARNING 'canceling wait for synchronous replication'; RETURN NULL; END $f$;"
                        " CREATE CONSTRAINT TRIGGER unsure AFTER UPDATE ON job DEFERRABLE INITIALLY DEFERRED"
                        " FOR EACH ROW WHEN (OLD.state = 'waiting' AND NEW.tries = 1) EXECUTE FUNCTION unsure()"));
}
static enum err sure_claims(struct cx *cx, void *arg)
{
    (void)arg;
    return db_ddl(cx, S("DROP TRIGGER unsure ON job"));
}
static void unsure(struct bed *t)
{
    if (!db_is_pg(&t->cx)) return;
    clean(t);
    T_OK(&t->cx, db_write(&t->cx, unsure_claims, NULL));
    struct jobs *q = start_with(t, 1, LONG_LEASE_MS);
    (void)add(t, q, S("cheap"));
    until(&t->cx, S("SELECT count(*) FROM job WHERE state = 'done' AND tries = 2"), 1);
    jobs_stop(&q);
    T_INT(number(&t->cx, S("SELECT count(*) FROM effect")), 1);
    T_OK(&t->cx, db_write(&t->cx, sure_claims, NULL));
}

/* The clock was ahead when a job was taken, and its server died: it is not held for as long as the clock was ahead. */
static void clock_back(struct bed *t)
{
    clean(t);
    (void)add(t, NULL, S("cheap"));
    struct jobs *q = start(t, 1);
    until(&t->cx, S("SELECT count(*) FROM job WHERE state = 'done'"), 1);
    say(&t->cx, S("UPDATE job SET state = 'running', lease_by = 'x', lease_until = 9000000000000"));
    until(&t->cx, S("SELECT count(*) FROM job WHERE state = 'done' AND tries = 2"), 1);
    jobs_stop(&q);
}

static void all(struct bed *t)
{
    T_OK(&t->cx, db_write(&t->cx, effect_table, NULL));
    in_order(t);
    stands_still(t);
    takes_long(t);
    cancelled(t);
    poisoned(t);
    base_away(t);
    unsure(t);
    clock_back(t);
}

int main(void)
{
    bed_both(all);
    return t_end("jobs_held");
}
