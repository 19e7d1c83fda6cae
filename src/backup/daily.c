/* SPDX-License-Identifier: MIT */
/* backup/daily.c - one thread that looks at the clock. */
#include "backup/daily.h"

#include "audit/event.h"
#include "base/log.h"
#include "base/time.h"
#include "os/os.h"

#include <errno.h>
#include <time.h>

enum { HOUR_MS = 3600000, LAST_MAX = 64 * 1024, TICK_MS = 60000, STACK = 1024 * 1024 };

struct backup_daily {
    struct arena *a;
    struct daily_opts o;
    struct s3 s3;
    pthread_t thread;
    pthread_mutex_t mu;
    pthread_cond_t wake;
    bool stop;
    int64_t last_try_ms, last_tidy_ms;
};

bool backup_due(int64_t now_ms, int64_t last_good_ms, int64_t last_try_ms, int quiet_hour,
                int tz_min)
{
    int64_t age = now_ms - last_good_ms, local = now_ms + (int64_t)tz_min * 60000;
    if (last_good_ms > now_ms) age = DAY_MS; /* the clock was put back: believe nothing */
    if (last_try_ms > last_good_ms && now_ms - last_try_ms < HOUR_MS && now_ms >= last_try_ms)
        return false;
    if (age >= DAY_MS) return true;
    return age >= DAY_MS / 2 && (local % DAY_MS + DAY_MS) % DAY_MS / HOUR_MS == quiet_hour;
}

enum err backup_last(struct cx *cx, str *ret_json)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT value FROM setting WHERE key = 'backup_last'"));
    *ret_json = r.n ? db_str(&r, 0, 0) : S("");
    return E_OK;
}

static enum err last_good(struct cx *cx, int64_t *ret)
{
    const struct json *j = NULL;
    str text = {0};
    *ret = 0;
    TRY(backup_last(cx, &text));
    if (!text.n || json_parse(cx, text, &j) != E_OK) return E_OK;
    return json_int_of(cx, j, S("last_good_ms"), 0, ret);
}

struct last {
    str text, made; /* made: the name of a backup; "" = it failed */
};
static enum err put(struct cx *cx, void *arg)
{
    const struct last *l = arg;
    struct event e = {.kind = EVENT_BACKUP_MADE, .detail = event_detail(cx, EVENT_KEY_NAME, l->made)};
    if (l->made.n) TRY(event_put(cx, &e));
    return db_setting_put(cx, S("backup_last"), l->text);
}

enum err backup_last_set(struct cx *cx, const struct backup_report *r)
{
    struct buf b = buf_new(cx->a, LAST_MAX);
    struct jw w = jw_new(&b);
    str why = r ? S("") : cx->msg;
    int64_t good = 0, now = cx->now_ms ? cx->now_ms : os_now_ms();
    TRY(last_good(cx, &good));
    if (r) good = now;
    jw_obj(&w);
    jw_kint(&w, S("at"), now);
    jw_kbool(&w, S("ok"), r != NULL);
    jw_kstr(&w, S("error"), why);
    jw_kint(&w, S("last_good_ms"), good);
    jw_kint(&w, S("next_ms"), r ? now + DAY_MS : now + HOUR_MS);
    if (r) {
        jw_key(&w, S("report"));
        backup_json(r, &w);
    }
    jw_obj_end(&w);
    struct last l = {.text = buf_str(&b), .made = r ? r->name : S("")};
    if (b.full) return fail(cx, E_LIMIT, "the report of the backup is too long");
    return db_write(cx, put, &l);
}

enum err backup_make(struct cx *cx, struct dbase *db, const struct backup_opts *o, struct backup_made *ret)
{
    struct db *held = cx->db;
    *ret = (struct backup_made){0};
    ret->e = backup_run(cx, db, o, &ret->r);
    cx->db = held;
    if (ret->e != E_OK) ret->why = cx->msg;
    return ret->e == E_CONFLICT ? E_OK : backup_last_set(cx, ret->e == E_OK ? &ret->r : NULL);
}

/* ---- the thread ---- */

static void tell(struct cx *cx, const struct backup_made *m)
{
    if (m->e == E_CONFLICT) return; /* somebody makes one by hand */
    if (m->e != E_OK) log_say(cx, LOG_ERROR, S("backup"), "the daily backup failed: %.*s", FS(m->why));
    if (m->r.remote_problem.n)
        log_say(cx, LOG_ERROR, S("backup"), "the backup is here but not in the store: %.*s", FS(m->r.remote_problem));
    if (m->e == E_OK)
        log_say(cx, LOG_INFO, S("backup"), "%.*s: %" PRId64 " bytes in %" PRId64 " ms", FS(m->r.name), m->r.bytes,
                m->r.ms);
}

static enum err look(struct cx *cx, struct backup_daily *d)
{
    struct backup_made m = {0};
    int64_t good = 0;
    TRY(last_good(cx, &good));
    if (!backup_due(cx->now_ms, good, d->last_try_ms, d->o.quiet_hour, d->o.tz_min)) return E_OK;
    d->last_try_ms = cx->now_ms;
    enum err e = backup_make(cx, d->o.db, &d->o.backup, &m);
    tell(cx, &m);
    return e;
}

static enum err tidied(struct cx *cx, void *arg)
{
    return db_setting_put(cx, S("tidy_last"), *(const str *)arg);
}

/* Housekeeping: a day without it does no harm, so what fails is tried again after an hour. */
static enum err tidy(struct cx *cx, struct backup_daily *d)
{
    struct db_rows r = {0};
    int64_t last = 0;
    TRY(db_query(cx, &r, "SELECT value FROM setting WHERE key = 'tidy_last'"));
    if (r.n && !str_to_int(db_str(&r, 0, 0), &last)) last = 0;
    if (!backup_due(cx->now_ms, last, d->last_tidy_ms, d->o.quiet_hour, d->o.tz_min)) return E_OK;
    d->last_tidy_ms = cx->now_ms;
    if (d->o.tidy) TRY(d->o.tidy(d->o.arg, cx));
    TRY(db_search_tidy(cx));
    str now = arena_fmt(cx->a, "%" PRId64, cx->now_ms);
    return db_write(cx, tidied, &now);
}

static bool wait_tick(struct backup_daily *d)
{
    struct timespec t = {0};
    int64_t ms = d->o.tick_ms > 0 ? d->o.tick_ms : TICK_MS;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    ms += t.tv_nsec / 1000000;
    t.tv_sec += ms / 1000;
    t.tv_nsec = ms % 1000 * 1000000;
    pthread_mutex_lock(&d->mu);
    while (!d->stop && pthread_cond_timedwait(&d->wake, &d->mu, &t) != ETIMEDOUT) continue;
    bool on = !d->stop;
    pthread_mutex_unlock(&d->mu);
    return on;
}

static void *run(void *arg)
{
    struct backup_daily *d = arg;
    while (wait_tick(d)) {
        struct cx cx = {.a = arena_new(), .now_ms = os_now_ms(), .req = S("daily")};
        cx.db = db_get(d->o.db);
        if (!d->o.no_backup && look(&cx, d) != E_OK)
            log_say(&cx, LOG_ERROR, S("backup"),
                    "the daily backup cannot look or store its outcome: %.*s", FS(cx.msg));
        if (tidy(&cx, d) != E_OK)
            log_say(&cx, LOG_WARN, S("backup"), "the housekeeping did not come to its end: %.*s", FS(cx.msg));
        db_put(&cx.db);
        arena_free(&cx.a);
    }
    return NULL;
}

static void texts_keep(struct backup_daily *d)
{
    struct backup_opts *b = &d->o.backup;
    str *text[] = {&b->dir,       &b->files,  &d->s3.endpoint, &d->s3.bucket,
                   &d->s3.region, &d->s3.key, &d->s3.secret,   &d->s3.prefix};
    if (b->s3) d->s3 = *b->s3;
    if (b->s3) b->s3 = &d->s3;
    for (size_t i = 0; i < COUNT(text); i++) *text[i] = arena_dup(d->a, *text[i]);
}

enum err backup_daily_start(struct cx *cx, const struct daily_opts *o, struct backup_daily **ret)
{
    struct arena *a = arena_new();
    struct backup_daily *d = NEW(a, struct backup_daily);
    pthread_condattr_t at;
    d->a = a;
    d->o = *o;
    texts_keep(d);
    (void)pthread_mutex_init(&d->mu, NULL);
    (void)pthread_condattr_init(&at);
    (void)pthread_condattr_setclock(&at, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&d->wake, &at);
    (void)pthread_condattr_destroy(&at);
    enum err e = os_thread(cx, "backup", STACK, run, d, &d->thread);
    if (e != E_OK) arena_free(&a);
    else *ret = d;
    return e;
}

void backup_daily_stop(struct backup_daily **ret)
{
    struct backup_daily *d = *ret;
    if (!d) return;
    *ret = NULL;
    pthread_mutex_lock(&d->mu);
    d->stop = true;
    pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->mu);
    (void)pthread_join(d->thread, NULL);
    (void)pthread_mutex_destroy(&d->mu);
    (void)pthread_cond_destroy(&d->wake);
    struct arena *a = d->a;
    arena_free(&a);
}
