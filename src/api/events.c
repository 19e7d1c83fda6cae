/* SPDX-License-Identifier: MIT */
/* api/events.c - live changes: one thread follows the log and tells every stream what its user may see.
 *
 * A stream carries no data of records, only that one has changed: entity, id, version, operation. Whether the
 * user may see it is asked of `record` with his rights of this moment.
 *
 * The id of an event is a place in the log: seq on SQLite, xid on PostgreSQL, where it is the order of what became
 * final. Whoever comes again with Last-Event-ID (WHATWG HTML 9.2) is told what he missed, at the least once, and then
 * `hello` with "resumed": true; when that is too much, or the place is none of this log, "resumed" is false: he reads
 * anew. A stream begins with `hello` in any case, so that one on which nothing happened can be resumed, too.
 */
#include "api/api_int.h"

#include "auth/key.h"
#include "base/log.h"
#include "os/os.h"
#include "record/log.h"

#include <stdatomic.h>
#include <time.h>

enum { SLICE = 200, POLL_MS = 1000, RIGHTS_EVERY_MS = 3000, MISSED_MAX = 500, BULK_ROWS = 20 };
enum { FROM_NOW = -1, GREETED = -2 };

struct stream {
    struct stream *next;
    struct events *ev;
    int64_t id, user;
    int64_t after; /* the follower's: what Last-Event-ID said, FROM_NOW, GREETED */
    str token;
    bool gone;
};

struct events {
    struct app *app;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool woken;
    bool greet; /* a stream is new */
    _Atomic bool stop;
    struct stream *streams;
    struct db_pos pos;
    struct arena *a;
};

static void stream_gone(void *tag)
{
    struct stream *s = tag;
    pthread_mutex_lock(&s->ev->lock);
    s->gone = true;
    pthread_mutex_unlock(&s->ev->lock);
}

enum err api_events(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct events *ev = cx->app->events;
    struct stream *s =
        mem_new(sizeof *s + KEY_CHARS_MAX); /* freed by the follower when its connection is gone */
    str token = {0};
    if (!who_token(cx, rq, &token) || token.n > KEY_CHARS_MAX) {
        mem_free(s);
        return fail(cx, E_AUTH, "Please log in first");
    }
    memcpy(s + 1, token.p, token.n);
    int64_t after = FROM_NOW;
    if (!str_to_int(http_header(rq, S("Last-Event-ID")), &after) || after < 0) after = FROM_NOW;
    *s = (struct stream){
        .ev = ev, .user = cx->who.user, .after = after, .token = {(const char *)(s + 1), token.n}};
    pthread_mutex_lock(&ev->lock);
    enum err e = http_sse_begin(cx, rs, s, stream_gone, &s->id);
    if (e == E_OK) {
        s->next = ev->streams;
        ev->streams = s;
        ev->woken = ev->greet = true;
        pthread_cond_signal(&ev->wake);
    } else {
        mem_free(s);
    }
    pthread_mutex_unlock(&ev->lock);
    return e;
}

/* ---- the follower ---- */
static enum err enter(struct cx *cx, const struct stream *s)
{
    struct session in = {0};
    if (key_is(s->token)) return key_enter(cx, s->ev->app->auth, s->token);
    return auth_session_enter(cx, s->ev->app->auth, s->token, &in);
}

static bool sees(struct cx *cx, const struct entity *e, int64_t id)
{
    struct record r = {0};
    struct arena_mark m = arena_mark(cx->a);
    bool ok = acl_may(cx, e, ACT_SEE) && record_get_deleted(cx, e, id, &r) == E_OK;
    arena_back(cx->a, m);
    return ok;
}

static str change_json(struct cx *cx, int64_t seq, str entity, int64_t id, int64_t version, str op, int64_t batch)
{
    struct buf b = buf_new(cx->a, 1024);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kid(&w, S("seq"), seq);
    jw_kstr(&w, S("entity"), entity);
    jw_kid(&w, S("id"), id);
    jw_kint(&w, S("version"), version);
    jw_kstr(&w, S("op"), op);
    jw_kid(&w, S("batch"), batch);
    jw_obj_end(&w);
    return buf_str(&b);
}

static int64_t place(const struct cx *cx, const struct db_rows *r, size_t i)
{
    return db_int(r, i, db_is_pg(cx) ? 10 : 0);
}

/* A slice of an import says once that much has changed, not a thousand times what. To ask for each row would take
 * longer than the import: who sees nothing of such a kind hears nothing, and who did it is told which batch it was. */
static void tell_bulk(struct cx *cx, struct events *ev, const struct stream *s, const struct db_rows *r, size_t i)
{
    int64_t batch = db_int(r, i, 2) == s->user ? db_int(r, i, 4) : 0;
    (void)http_sse_send(ev->app->http, s->id, S("change"), place(cx, r, i),
                        change_json(cx, db_int(r, i, 0), S("*"), 0, 0, S("bulk"), batch));
}

/* cx has entered as the stream's user. */
static void tell_rows(struct cx *cx, struct events *ev, const struct stream *s, const struct db_rows *r)
{
    int64_t bulk = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct entity *e = meta_entity(cx->meta, db_str(r, i, 5));
        int64_t batch = db_int(r, i, 4);
        if (!e || !acl_may(cx, e, ACT_SEE)) continue;
        if (batch && r->n > BULK_ROWS) {
            if (batch != bulk) tell_bulk(cx, ev, s, r, i);
            bulk = batch;
            continue;
        }
        if (sees(cx, e, db_int(r, i, 6)))
            (void)http_sse_send(ev->app->http, s->id, S("change"), place(cx, r, i),
                                change_json(cx, db_int(r, i, 0), e->name, db_int(r, i, 6), db_int(r, i, 8),
                                            db_str(r, i, 7), batch));
    }
}

static void tell(struct cx *cx, struct events *ev, const struct stream *s, const struct db_rows *r)
{
    if (enter(cx, s) == E_OK) tell_rows(cx, ev, s, r);
    else http_sse_end(ev->app->http, s->id); /* ended, or its user is: so is the stream */
}

/* Where the follower stands, as the id of an event. On PostgreSQL the last transaction may be told again: a slice may
 * have ended in its midst. */
static int64_t place_now(const struct cx *cx, const struct events *ev)
{
    return db_is_pg(cx) ? ev->pos.xid : ev->pos.seq;
}

/* What s missed, oldest first; false: more than is worth telling one by one. */
static bool tell_missed(struct cx *cx, struct events *ev, const struct stream *s)
{
    struct db_pos pos = db_is_pg(cx) ? (struct db_pos){s->after, -1} : (struct db_pos){0, s->after};
    struct db_rows r = {0};
    if (s->after > place_now(cx, ev)) return false; /* of another base, or of one that was put back */
    if (db_changes(cx, &pos, MISSED_MAX + 1, &r) != E_OK || r.n > MISSED_MAX) return false;
    tell_rows(cx, ev, s, &r);
    return true;
}

static void greet(struct cx *cx, struct events *ev, struct stream *s)
{
    if (s->after == GREETED) return;
    if (enter(cx, s) != E_OK) {
        http_sse_end(ev->app->http, s->id);
        return;
    }
    bool resumed = s->after >= 0 && tell_missed(cx, ev, s);
    s->after = GREETED;
    (void)http_sse_send(ev->app->http, s->id, S("hello"), place_now(cx, ev),
                        resumed ? S("{\"resumed\":true}") : S("{\"resumed\":false}"));
}

static struct stream *
streams_take(struct events *ev) /* those that are gone are freed here, by one thread alone */
{
    pthread_mutex_lock(&ev->lock);
    for (struct stream **p = &ev->streams; *p;) {
        struct stream *s = *p;
        if (!s->gone) {
            p = &s->next;
            continue;
        }
        *p = s->next;
        mem_free(s);
    }
    struct stream *all =
        ev->streams; /* new ones are put before it: the rest of the list is ours to walk */
    pthread_mutex_unlock(&ev->lock);
    return all;
}

/* To be given back: its db, `meta` and the arena. */
static struct cx cx_of(struct events *ev, const struct meta *meta)
{
    return (struct cx){.a = ev->a,
                       .db = db_get(ev->app->db),
                       .meta = meta,
                       .now_ms = clock_ms(),
                       .app = ev->app,
                       .lang = S("en"),
                       .country = app_country(ev->a, ev->app),
                       .req = S("events")};
}

/* fn(cx of its own, ...) for each stream. */
static void each_stream(struct events *ev, void (*fn)(struct cx *cx, struct events *ev, struct stream *s))
{
    struct meta *m = app_meta_hold(ev->app);
    struct cx cx = cx_of(ev, m);
    for (struct stream *s = streams_take(ev); s; s = s->next) {
        struct arena_mark mark = arena_mark(cx.a);
        struct cx one = cx;
        fn(&one, ev, s);
        cx.db = one.db;
        arena_back(cx.a, mark);
    }
    meta_drop(&m);
    db_put(&cx.db);
    arena_reset(ev->a);
}

static void follow(struct events *ev)
{
    struct meta *m = app_meta_hold(ev->app);
    struct cx cx = cx_of(ev, m);
    struct db_rows r = {0};
    do {
        struct arena_mark mark = arena_mark(cx.a);
        if (db_changes(&cx, &ev->pos, SLICE, &r) != E_OK) r.n = 0;
        struct stream *all = r.n ? streams_take(ev) : NULL;
        for (struct stream *s = all; s; s = s->next) {
            struct cx one = cx;
            tell(&one, ev, s, &r);
            cx.db = one.db;
        }
        arena_back(cx.a, mark);
    } while (r.n == SLICE && !atomic_load(&ev->stop));
    meta_drop(&m);
    db_put(&cx.db);
    arena_reset(ev->a);
}

/* Rights and sessions that ended meanwhile: their streams end too, also when nothing happens. */
static void check_session(struct cx *cx, struct events *ev, struct stream *s)
{
    if (enter(cx, s) != E_OK) http_sse_end(ev->app->http, s->id);
}

static void *follower(void *arg)
{
    struct events *ev = arg;
    int64_t checked = os_mono_ms();
    while (!atomic_load(&ev->stop)) {
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_sec += POLL_MS / 1000;
        pthread_mutex_lock(&ev->lock);
        if (!ev->woken) pthread_cond_timedwait(&ev->wake, &ev->lock, &t);
        bool greet_some = ev->greet;
        ev->woken = ev->greet = false;
        pthread_mutex_unlock(&ev->lock);
        if (greet_some) each_stream(ev, greet); /* before the news: what was missed is older */
        follow(ev);
        if (os_mono_ms() - checked < RIGHTS_EVERY_MS) continue;
        each_stream(ev, check_session);
        checked = os_mono_ms();
    }
    return NULL;
}

static enum err newest(struct cx *cx, struct db_pos *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT seq FROM change ORDER BY seq DESC LIMIT 1"));
    if (r.n) ret->seq = db_int(&r, 0, 0);
    if (db_is_pg(cx)) TRY(db_horizon(cx, &ret->xid));
    if (ret->xid) ret->xid--, ret->seq = INT64_MAX;
    return E_OK;
}

enum err events_open(struct cx *cx, struct app *app, struct events **ret)
{
    struct events *ev = mem_new(sizeof *ev); /* for the life of the process */
    ev->app = app;
    ev->a = arena_new();
    pthread_mutex_init(&ev->lock, NULL);
    pthread_cond_init(&ev->wake, NULL);
    enum err e = newest(cx, &ev->pos);
    if (e == E_OK) e = os_thread(cx, "events", 1024 * 1024, follower, ev, &ev->thread);
    if (e != E_OK) {
        arena_free(&ev->a);
        mem_free(ev);
        return e;
    }
    *ret = ev;
    return E_OK;
}

void events_wake(struct events *ev)
{
    pthread_mutex_lock(&ev->lock);
    ev->woken = true;
    pthread_cond_signal(&ev->wake);
    pthread_mutex_unlock(&ev->lock);
}

void events_job(struct events *ev, int64_t job, int64_t by)
{
    struct arena *a = arena_new();
    str data = arena_fmt(a, "{\"id\":\"%" PRId64 "\"}", job);
    int64_t ids[64];
    size_t n = 0;
    pthread_mutex_lock(&ev->lock);
    for (struct stream *s = ev->streams; s && n < COUNT(ids); s = s->next)
        if (!s->gone && s->user == by) ids[n++] = s->id;
    pthread_mutex_unlock(&ev->lock);
    for (size_t i = 0; i < n; i++) (void)http_sse_send(ev->app->http, ids[i], S("job"), 0, data);
    arena_free(&a);
}

void events_close(struct events **ev)
{
    if (!*ev) return;
    atomic_store(&(*ev)->stop, true);
    events_wake(*ev);
    pthread_join((*ev)->thread, NULL);
    while ((*ev)->streams) {
        struct stream *s = (*ev)->streams;
        (*ev)->streams = s->next;
        mem_free(s);
    }
    arena_free(&(*ev)->a);
    mem_free(*ev);
    *ev = NULL;
}
