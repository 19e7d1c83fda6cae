/* SPDX-License-Identifier: MIT */
/* sync/run.c - the thread that writes what was received; who may send, and what was done so far. */
#include "sync/sync_int.h"

#include "base/log.h"
#include "http/http.h"
#include "os/os.h"

#include <time.h>

enum {
    POLL_MS = 1000,
    AFTER_ERROR_US = 300000,
    LOOK_MS = 10000,       /* between two looks at how much is open, and at who is to be told */
    STACK_BYTES = 1024 * 1024,
    ALONE_US = 15000,      /* of the writer's time in a slice; */
    BESIDE_US = 4000,      /* ... while people write, who then come first: ... */
    REST = 2,              /* ... it rests so many times as long as it wrote */
    CAREFUL_SLICES = 20,
    SENDERS = 1024,
    HEAL_EVERY = 60,       /* looks */
    MINUTE_MS = 60000
};

struct full {
    char system[64];
};
struct syncer {
    struct syncer_opts o;
    struct sync_server me;
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_woken;
    _Atomic bool stop;
    int careful;           /* slices to come of one item each */
    int64_t of_people, looked_ms, looks;
    _Atomic int64_t full_us[SENDERS];
    struct full full[SYNC_SYSTEMS_MAX];
    size_t n_full;         /* both under lock */
    struct sync_stats st;  /* likewise */
    int64_t minute, minute_n;
};

static struct cx cx_of(struct syncer *s, struct arena *a)
{
    return (struct cx){.a = a, .db = db_get(s->o.db), .now_ms = clock_ms(), .lang = S("en"), .req = S("sync")};
}

/* ---- figures ---- */
static void minute_turn(struct syncer *s, int64_t now_ms)
{
    int64_t minute = now_ms / MINUTE_MS;
    if (minute == s->minute) return;
    s->st.applied_minute = minute == s->minute + 1 ? s->minute_n : 0;
    s->minute = minute;
    s->minute_n = 0;
}

static void count(struct syncer *s, const struct sync_slice_stats *x, int64_t now_ms)
{
    pthread_mutex_lock(&s->lock);
    minute_turn(s, now_ms);
    s->st.slices++;
    s->st.applied += x->applied;
    s->st.unchanged += x->unchanged;
    s->st.refused += x->refused;
    s->st.retried += x->retried;
    s->minute_n += x->applied + x->unchanged;
    pthread_mutex_unlock(&s->lock);
}

struct sync_stats syncer_stats(struct syncer *s)
{
    pthread_mutex_lock(&s->lock);
    minute_turn(s, clock_ms());
    struct sync_stats st = s->st;
    pthread_mutex_unlock(&s->lock);
    return st;
}

void syncer_received(struct syncer *s, int64_t n)
{
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->st.received += n;
    pthread_mutex_unlock(&s->lock);
    syncer_wake(s);
}

/* ---- who may send ---- */
int64_t syncer_wait_ms(struct syncer *s, const struct who *w)
{
    static const int64_t each_us = INT64_C(60000000) / SYNC_RATE_MIN;
    if (!s) return 0;
    uint64_t h = (uint64_t)(w->key ? w->key : w->user) * UINT64_C(0x9E3779B97F4A7C15);
    int64_t over = http_bucket_take(&s->full_us[h >> 54], os_mono_us(), each_us, each_us * SYNC_BURST);
    return over > 0 ? (over + 999) / 1000 : 0;
}

bool syncer_is_full(struct syncer *s, str system)
{
    bool is = false;
    if (!s) return false;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_full; i++) is |= str_eq(str_from(s->full[i].system), system);
    pthread_mutex_unlock(&s->lock);
    return is;
}

int syncer_waiting_max(const struct syncer *s) { return s->o.waiting_max; }

static void full_is(struct syncer *s, const struct db_rows *r)
{
    pthread_mutex_lock(&s->lock);
    s->n_full = 0;
    for (size_t i = 0; i < r->n && i < SYNC_SYSTEMS_MAX; i++) {
        str name = str_cut(db_str(r, i, 0), 0, sizeof s->full[0].system - 1);
        struct full *f = &s->full[s->n_full++];
        *f = (struct full){0};
        memcpy(f->system, name.p, name.n);
    }
    pthread_mutex_unlock(&s->lock);
}

/* ---- the look around ---- */
static enum err look(struct cx *cx, struct syncer *s, const struct db_rows *systems)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT name FROM sync_system s WHERE $1 <= (SELECT count(*) FROM (SELECT 1 FROM sync_item i"
                 " WHERE i.system = s.id AND i.due_at IS NOT NULL LIMIT $1) AS open) LIMIT $2",
                 V((int64_t)s->o.waiting_max + 1), V((int64_t)SYNC_SYSTEMS_MAX)));
    full_is(s, &r);
    for (size_t i = 0; i < systems->n; i++) TRY(sync_tell(cx, db_int(systems, i, 0)));
    return s->looks++ % HEAL_EVERY ? E_OK : sync_heal(cx);
}

/* ---- slices ---- */
static enum err one_slice(struct syncer *s, struct cx *cx, int64_t system, bool *ret_more)
{
    struct sync_slice_stats st = {0};
    int64_t people = db_writes_of_people(cx);
    bool beside = people != s->of_people, careful = s->careful > 0;
    s->of_people = people;
    enum err e = sync_slice(cx, &s->o, &s->me, system, beside ? BESIDE_US : ALONE_US, careful, &st, ret_more);
    if (e != E_OK) return e;
    if (careful) s->careful--;
    if (st.writer_us) count(s, &st, cx->now_ms);
    if (beside && st.writer_us && *ret_more) os_sleep_us(REST * st.writer_us);
    return E_OK;
}

/* A slice of each system in turn; *ret: there is more. */
static enum err round_of(struct syncer *s, struct arena *a, bool *ret)
{
    struct cx cx = cx_of(s, a);
    struct db_rows systems = {0};
    enum err e =
        db_query(&cx, &systems, "SELECT id FROM sync_system ORDER BY id LIMIT $1", V((int64_t)SYNC_SYSTEMS_MAX));
    *ret = false;
    for (size_t i = 0; e == E_OK && i < systems.n && !atomic_load(&s->stop); i++) {
        bool more = false;
        cx.now_ms = clock_ms();
        e = one_slice(s, &cx, db_int(&systems, i, 0), &more);
        *ret |= more;
    }
    if (e == E_OK && systems.n && os_mono_ms() - s->looked_ms > LOOK_MS) {
        e = look(&cx, s, &systems);
        s->looked_ms = os_mono_ms();
    }
    if (e != E_OK) {
        log_say(&cx, LOG_WARN, S("sync"), "a slice could not be written: %.*s", FS(cx.msg));
        pthread_mutex_lock(&s->lock);
        s->st.failed_slices++;
        pthread_mutex_unlock(&s->lock);
        s->careful = CAREFUL_SLICES;
    }
    db_put(&cx.db);
    arena_reset(a);
    return e;
}

static void wait_ms(struct syncer *s, int ms)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    pthread_mutex_lock(&s->lock);
    if (!s->is_woken && !atomic_load(&s->stop)) (void)pthread_cond_timedwait(&s->wake, &s->lock, &t);
    s->is_woken = false;
    pthread_mutex_unlock(&s->lock);
}

static void *run(void *arg)
{
    struct syncer *s = arg;
    struct arena *a = arena_new();
    bool more = true;
    while (!atomic_load(&s->stop)) {
        enum err e = round_of(s, a, &more);
        if (e != E_OK) os_sleep_us(AFTER_ERROR_US);
        else if (!more) wait_ms(s, POLL_MS);
    }
    arena_free(&a);
    return NULL;
}

/* ---- from outside ---- */
static enum err ids_lift(struct cx *cx)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT max(id) FROM sync_item"));
    if (r.n) id_floor(db_int(&r, 0, 0));
    return sync_leases_end(cx);
}

enum err syncer_start(struct cx *cx, const struct syncer_opts *o, struct syncer **ret)
{
    unsigned char raw[16];
    TRY(ids_lift(cx));
    struct syncer *s = mem_new(sizeof *s); /* syncer_stop */
    s->o = *o;
    if (!s->o.waiting_max) s->o.waiting_max = SYNC_WAITING_MAX;
    os_random(raw, sizeof raw);
    str name = os_hex(cx->a, raw, sizeof raw);
    memcpy(s->me.name, name.p, name.n);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->wake, NULL);
    enum err e = os_thread(cx, "sync", STACK_BYTES, run, s, &s->thread);
    s->runs = e == E_OK;
    if (e != E_OK) syncer_stop(&s);
    else *ret = s;
    return e;
}

void syncer_wake(struct syncer *s)
{
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->is_woken = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

void syncer_stop(struct syncer **ret)
{
    struct syncer *s = *ret;
    if (!s) return;
    *ret = NULL;
    atomic_store(&s->stop, true);
    syncer_wake(s);
    if (s->runs) (void)pthread_join(s->thread, NULL);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->wake);
    mem_free(s);
}
