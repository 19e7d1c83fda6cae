/* SPDX-License-Identifier: MIT */
/* app/wiring.c - the only file that knows everybody: who calls whom at run time. */
#include "app/wiring.h"

#include "audit/audit.h"
#include "auth/key.h"
#include "auth/link.h"
#include "base/log.h"
#include "os/os.h"
#include "ui/ui.h"
#include "usage/usage.h"

#include <pthread.h>

enum { JOB_THREADS = 2 };
/* A question that takes longer than this in a loop goes to a worker, few at once, so that everybody else's short
 * ones go on; and there it is given up in the end. */
enum { LOOP_MS = 20, ANSWER_MS = 30000, LONG_AT_ONCE = 8 };

struct wired {
    struct app app;
    struct arena *a; /* lives as long as the server */
    pthread_mutex_t meta_lock;
    struct router *router;
    struct route *routes;
    pthread_mutex_t long_lock;
    pthread_cond_t long_end;
    int longs; /* running */
    struct sealer *sealer;
};

/* ---- one request ---- */
struct thread {
    struct arena *a;
};

static void *thread_start(void *arg)
{
    struct thread *t = mem_new(sizeof *t); /* freed by thread_end */
    (void)arg;
    t->a = arena_new();
    return t;
}

static void thread_end(void *arg, void *thread)
{
    struct thread *t = thread;
    (void)arg;
    arena_free(&t->a);
    mem_free(t);
}

static struct arena *thread_arena(void *thread) { return ((struct thread *)thread)->a; }

static struct arena *thread_lend(void *thread, struct arena *a)
{
    struct thread *t = thread;
    struct arena *was = t->a;
    t->a = a;
    return was;
}

static bool is_fast(void *arg, const struct req *rq)
{
    const struct wired *w = arg;
    bool reads = !rq->route || (rq->route->flags & R_FAST);
    if (rq->route && api_may_wait(&w->app, rq)) return true;
    return reads && (!rq->route || !dbase_is_pg(w->app.db) || (rq->route->flags & R_BARE));
}

static str wanted_lang(const struct req *rq)
{
    str h = http_header(rq, S("Accept-Language")), first = str_cut(h, 0, 2);
    return lang_code[lang_of(first)];
}

static void long_begin(struct wired *w)
{
    pthread_mutex_lock(&w->long_lock);
    while (w->longs >= LONG_AT_ONCE) pthread_cond_wait(&w->long_end, &w->long_lock);
    w->longs++;
    pthread_mutex_unlock(&w->long_lock);
}

static void long_end(struct wired *w)
{
    pthread_mutex_lock(&w->long_lock);
    w->longs--;
    pthread_cond_signal(&w->long_end);
    pthread_mutex_unlock(&w->long_lock);
}

/* One state for all a reading request looks at (SQLite takes its locks once, not at every statement), and not for
 * ever: an export alone may take its time. */
static void read_begin(struct cx *cx, const struct req *rq, enum http_place place)
{
    bool is_export = rq->route && (rq->route->flags & R_STREAM);
    bool reads = rq->method == GET || (rq->route && (rq->route->flags & R_FAST));
    if (!reads || db_is_pg(cx)) return;
    if (!is_export) db_deadline(cx, os_mono_us() + INT64_C(1000) * (place == PLACE_LOOP ? LOOP_MS : ANSWER_MS));
    if (db_snapshot(cx) != E_OK) log_say(cx, LOG_WARN, S("http"), "no snapshot: %.*s", FS(cx->msg));
}

static void refused(void *arg, str addr, bool is_proxy, int status)
{
    api_refused_unread(&((struct wired *)arg)->app, addr, is_proxy, status);
}

static void handle(void *arg, void *thread, struct req *rq, struct resp *rs)
{
    struct wired *w = arg;
    struct arena *a = ((struct thread *)thread)->a;
    bool bare = rq->route && (rq->route->flags & R_BARE);
    enum http_place place = http_place(rs);
    if (place == PLACE_AGAIN) long_begin(w);
    int64_t start = os_mono_us(), now = clock_ms();
    struct meta *m = bare ? NULL : app_meta_hold(&w->app);
    struct cx cx = {.a = a,
                    .db = bare ? NULL : db_get(w->app.db),
                    .meta = m,
                    .app = &w->app,
                    .now_ms = now,
                    .lang = wanted_lang(rq),
                    .country = app_country(a, &w->app),
                    .req = arena_fmt(a, "%" PRIx64, (uint64_t)id_new(now)),
                    .addr = rq->remote};
    if (!bare) read_begin(&cx, rq, place);
    http_dispatch(&cx, w->router, api_guard, rq, rs);
    rs->again = place == PLACE_LOOP && cx.err == E_SLOW && db_was_slow(&cx);
    if (!rs->later.start) {
        api_log(&cx, rq, rs, os_mono_us() - start);
        api_refused(&cx, rq, rs);
        api_use(&cx, rq, rs);
    }
    db_put(&cx.db);
    meta_drop(&m);
    if (place == PLACE_AGAIN) long_end(w);
}

/* ---- jobs and events ---- */
static enum err job_begin(void *arg, struct cx *cx, int64_t user, int64_t key)
{
    struct wired *w = arg;
    struct firm f = {0};
    struct meta *m = app_meta_hold(&w->app);
    cx->meta = m;
    cx->app = &w->app;
    cx->lang = S("en");
    cx->country = app_country(cx->a, &w->app);
    TRY(app_firm(cx, &f));
    if (f.lang.n) cx->lang = f.lang;
    cx->tz_min = auth_firm_tz(cx);
    return user ? key_as(cx, user, key) : E_OK;
}

static void job_end(void *arg, struct cx *cx)
{
    union {
        const struct meta *in;
        struct meta *out;
    } held = {.in = cx->meta}; /* job_begin held it */
    (void)arg;
    meta_drop(&held.out);
    cx->meta = NULL;
}

enum err wired_tidy(void *arg, struct cx *cx)
{
    enum err e = job_begin(arg, cx, 0, 0);
    if (e == E_OK) e = api_tidy(cx);
    job_end(arg, cx);
    return e;
}

static void job_changed(void *arg, int64_t job, int64_t by)
{
    struct wired *w = arg;
    if (w->app.events) events_job(w->app.events, job, by);
}

static void committed(void *arg)
{
    struct wired *w = arg;
    if (w->app.events) events_wake(w->app.events);
    if (w->app.jobs) jobs_committed(w->app.jobs);
    if (w->app.hooks) hooks_wake(w->app.hooks);
}

static enum err setup_token(struct cx *cx, struct wired *w)
{
    bool needed = false;
    unsigned char raw[16];
    TRY(setup_needed(cx, &needed));
    os_random(raw, sizeof raw);
    w->app.setup_token = needed ? os_hex(w->a, raw, sizeof raw) : S("");
    return E_OK;
}

static enum err mail_begin(void *arg, struct cx *cx) { return job_begin(arg, cx, 0, 0); }

static enum err mailer_begin(struct cx *cx, struct wired *w)
{
    struct mail_kind *mails = NEW_N(w->a, struct mail_kind, auth_mails_n + sync_mails_n);
    memcpy(mails, auth_mails, sizeof *mails * auth_mails_n);
    memcpy(mails + auth_mails_n, sync_mails, sizeof *mails * sync_mails_n);
    struct mailer_opts o = {.db = w->app.db,
                            .vault = w->app.vault,
                            .url = w->app.url,
                            .plain = w->app.hook_env.rules.plain,
                            .kinds = mails,
                            .n = auth_mails_n + sync_mails_n,
                            .arg = w,
                            .cx_begin = mail_begin,
                            .cx_end = job_end};
    return mailer_start(cx, &o, &w->app.mailer);
}

static enum err jobs_begin(struct cx *cx, struct wired *w)
{
    struct jobs_opts o = {.db = w->app.db,
                          .kinds = api_jobs,
                          .n = api_jobs_n,
                          .threads = JOB_THREADS,
                          .arg = w,
                          .cx_begin = job_begin,
                          .cx_end = job_end,
                          .changed = job_changed};
    return jobs_start(cx, &o, &w->app.jobs);
}

/* A base that came out of an older backup forgets again whom it had forgotten. */
static void erase_again(struct wired *w)
{
    struct arena *a OWNED(arena_free) = arena_new();
    struct cx cx = {.a = a, .db = db_get(w->app.db), .now_ms = clock_ms()};
    enum err e = job_begin(w, &cx, 0, 0);
    if (e == E_OK) e = api_erase_again(&cx);
    if (e != E_OK) log_say(&cx, LOG_ERROR, S("app"), "erasures are not held against this base: %.*s", FS(cx.msg));
    job_end(w, &cx);
    db_put(&cx.db);
}

static enum err hooks_begin(struct cx *cx, struct wired *w)
{
    struct hooks_opts o = {
        .db = w->app.db, .env = w->app.hook_env, .arg = w, .cx_begin = job_begin, .cx_end = job_end};
    return hooks_start(cx, &o, &w->app.hooks);
}

static enum err syncer_begin(struct cx *cx, const struct wired_opts *wo, struct wired *w)
{
    struct syncer_opts o = {
        .db = w->app.db, .arg = w, .waiting_max = wo->sync_waiting, .cx_begin = job_begin, .cx_end = job_end};
    return syncer_start(cx, &o, &w->app.syncer);
}

static void routes_make(struct wired *w)
{
    w->routes = NEW_N(w->a, struct route, api_routes_n + ui_routes_n);
    memcpy(w->routes, api_routes, sizeof *w->routes * api_routes_n);
    memcpy(w->routes + api_routes_n, ui_routes, sizeof *w->routes * ui_routes_n);
    w->router = router_new(w->a, w->routes, api_routes_n + ui_routes_n);
}

static enum err wired_fill(struct cx *cx, const struct wired_opts *o, struct wired *w)
{
    struct firm f = {0};
    struct http_opts h = o->http;
    TRY(app_firm(cx, &f));
    app_country_set(&w->app, f.country);
    TRY(setup_token(cx, w));
    TRY(events_open(cx, &w->app, &w->app.events));
    TRY(jobs_begin(cx, w));
    erase_again(w);
    TRY(mailer_begin(cx, w));
    str kept = w->app.data_dir.n ? arena_fmt(cx->a, "%.*s/" AUDIT_KEPT, FS(w->app.data_dir)) : S("");
    if (w->app.vault) TRY(sealer_start(cx, w->app.db, w->app.vault, o->sink, kept, &w->sealer));
    TRY(hooks_begin(cx, w));
    TRY(syncer_begin(cx, o, w));
    TRY(usage_start(cx, w->app.db, &w->app.usage));
    TRY(tally_start(cx, w->app.db, &w->app.tally));
    auth_tally(w->app.auth, w->app.tally);
    dbase_on_commit(w->app.db, committed, w);
    routes_make(w);
    h.arg = w;
    h.thread_start = thread_start;
    h.thread_end = thread_end;
    h.is_fast = is_fast;
    h.handle = handle;
    h.refused = refused;
    h.arena = thread_arena;
    h.lend = thread_lend;
    h.router = w->router;
    h.csp = ui_csp;
    w->app.tls = h.tls_cert.n > 0 || str_has_prefix(o->url, S("https://"));
    return http_start(cx, &h, &w->app.http);
}

enum err wired_start(struct cx *cx, struct store *st, const struct wired_opts *o,
                     struct wired **ret)
{
    struct arena *a = arena_new();
    struct wired *w = NEW(a, struct wired);
    w->a = a;
    pthread_mutex_init(&w->meta_lock, NULL);
    pthread_mutex_init(&w->long_lock, NULL);
    pthread_cond_init(&w->long_end, NULL);
    w->app = (struct app){.db = st->db,
                          .auth = auth_open(st->vault),
                          .vault = st->vault,
                          .meta = st->meta,
                          .meta_lock = &w->meta_lock,
                          .data_dir = arena_dup(a, st->data_dir),
                          .url = arena_dup(a, o->url),
                          .registers = o->registers,
                          .pictures = o->pictures,
                          .intake = o->intake,
                          .backups = o->backups,
                          .hook_env = {.vault = st->vault, .rules = {.allow = o->outgoing_allow,
                                                 .ca = o->outgoing_ca,
                                                 .plain = o->plain_outgoing}},
                          .started_ms = clock_ms()};
    w->app.idps = idps_open(&(struct idp_env){
        .vault = st->vault, .rules = w->app.hook_env.rules, .url = w->app.url});
    if (o->hasher.pid > 0 && auth_hasher(cx, w->app.auth, o->hasher.sock) != E_OK)
        log_say(cx, LOG_WARN, S("app"), "passwords are hashed here: %.*s", FS(cx->msg));
    outside_directory(w->app.auth, ldap_ask, w->app.idps);
    meta_hold(st->meta);
    enum err e = wired_fill(cx, o, w);
    if (e != E_OK) {
        str msg = cx->msg;
        wired_stop(&w, 0);
        cx->msg = msg;
        return cx->err = e;
    }
    *ret = w;
    return E_OK;
}

struct app *wired_app(struct wired *w) { return &w->app; }

void wired_still(struct wired *w)
{
    mailer_stop(&w->app.mailer);
    hooks_stop(&w->app.hooks);
    syncer_stop(&w->app.syncer);
    usage_stop(&w->app.usage);
    auth_tally(w->app.auth, NULL);
    tally_stop(&w->app.tally);
    sealer_stop(&w->sealer); /* behind all that writes */
}

void wired_stop(struct wired **w, int drain_ms)
{
    struct wired *x = *w;
    if (!x) return;
    if (x->app.http) http_drain(x->app.http, drain_ms);
    dbase_on_commit(x->app.db, NULL, NULL);
    jobs_stop(&x->app.jobs);
    http_stop(&x->app.http);
    wired_still(x);
    events_close(&x->app.events);
    auth_close(&x->app.auth);
    idps_close(&x->app.idps);
    meta_drop(&x->app.meta);
    pthread_mutex_destroy(&x->meta_lock);
    pthread_mutex_destroy(&x->long_lock);
    pthread_cond_destroy(&x->long_end);
    struct arena *a = x->a;
    arena_free(&a);
    *w = NULL;
}
