/* SPDX-License-Identifier: MIT */
/* audit/tally.c - what is refused, counted: a small table in memory, written once a minute by a thread. */
#include "audit/event.h"

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "os/os.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { STACK_BYTES = 512 * 1024 };

struct cell {
    int64_t who, subject, n;
    enum event_kind kind;
    str route;
    size_t addr_n;
    char addr[EVENT_ADDR_MAX];
};
struct counts {
    struct cell cell[TALLY_CELLS];
    size_t n;
    int64_t rest[EVENT_N]; /* what did not fit */
};
struct tally {
    struct dbase *b;
    pthread_t thread;
    pthread_mutex_t lock; /* of now, day, day_rows, stop */
    pthread_cond_t wake;
    struct counts *now, *spare; /* spare: empty, taken in turn with the other */
    int64_t day, day_rows;
    bool stop, started;
    pthread_mutex_t flushing; /* one flush at a time: spare is its own then */
};

/* ---- counting ---- */
static bool is_same(const struct cell *c, const struct cell *x)
{
    return c->kind == x->kind && c->who == x->who && c->subject == x->subject && c->addr_n == x->addr_n &&
           memcmp(c->addr, x->addr, c->addr_n) == 0 && str_eq(c->route, x->route);
}

/* A day has so many rows: who comes from a thousand addresses for weeks fills no disk. */
static bool has_room(struct tally *t, int64_t at_ms)
{
    int64_t day = at_ms / DAY_MS;
    if (day != t->day) t->day = day, t->day_rows = 0;
    return t->now->n < TALLY_CELLS && t->day_rows < TALLY_ROWS_DAY;
}

void tally_count(struct tally *t, enum event_kind kind, int64_t who, int64_t subject, str addr, str route,
                 int64_t at_ms)
{
    struct cell x = {.who = who, .subject = subject, .kind = kind, .route = route};
    if (!t) return;
    addr = utf8_valid(addr) ? utf8_cut(addr, EVENT_ADDR_MAX) : S("?");
    x.addr_n = addr.n;
    if (addr.n) memcpy(x.addr, addr.p, addr.n);
    pthread_mutex_lock(&t->lock);
    size_t i = 0;
    while (i < t->now->n && !is_same(&t->now->cell[i], &x)) i++;
    if (i < t->now->n) t->now->cell[i].n++;
    else if (has_room(t, at_ms)) {
        t->now->cell[i] = x;
        t->now->cell[i].n = 1;
        t->now->n++;
        t->day_rows++;
    } else t->now->rest[kind]++;
    pthread_mutex_unlock(&t->lock);
}

/* ---- writing ---- */
static str route_detail(struct cx *cx, str route)
{
    return route.n ? event_detail(cx, S("route"), route) : S("");
}

static enum err counts_write(struct cx *cx, void *arg)
{
    const struct counts *c = arg;
    for (size_t i = 0; i < c->n; i++) {
        const struct cell *x = &c->cell[i];
        TRY(event_put(cx, &(struct event){.kind = x->kind,
                                          .who = x->who,
                                          .subject = x->subject,
                                          .addr = {x->addr, x->addr_n},
                                          .detail = route_detail(cx, x->route),
                                          .n = x->n}));
    }
    for (size_t k = 0; k < EVENT_N; k++) {
        struct event more = {.kind = (enum event_kind)k, .detail = S("{\"more\":true}"), .n = c->rest[k]};
        if (more.n) TRY(event_put(cx, &more));
    }
    return E_OK;
}

static bool is_empty(const struct counts *c)
{
    bool any = c->n > 0;
    for (size_t k = 0; k < EVENT_N; k++) any |= c->rest[k] > 0;
    return !any;
}

/* What could not be written is counted still, by its kind. */
static void put_back(struct tally *t, const struct counts *c)
{
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < c->n; i++) t->now->rest[c->cell[i].kind] += c->cell[i].n;
    for (size_t k = 0; k < EVENT_N; k++) t->now->rest[k] += c->rest[k];
    pthread_mutex_unlock(&t->lock);
}

enum err tally_flush(struct cx *cx, struct tally *t)
{
    enum err e = E_OK;
    pthread_mutex_lock(&t->flushing);
    pthread_mutex_lock(&t->lock);
    struct counts *c = t->now;
    t->now = t->spare;
    pthread_mutex_unlock(&t->lock);
    if (!is_empty(c)) e = db_write_bulk(cx, counts_write, c);
    if (e != E_OK && e != E_UNCERTAIN) put_back(t, c);
    memset(c, 0, sizeof *c);
    t->spare = c;
    pthread_mutex_unlock(&t->flushing);
    return e;
}

static void look(struct tally *t, struct arena *a)
{
    struct cx cx = {
        .a = a, .db = db_get(t->b), .now_ms = clock_ms(), .lang = S("en"), .req = S("tally"), .way = WAY_SYSTEM};
    if (tally_flush(&cx, t) != E_OK)
        log_say(&cx, LOG_WARN, S("audit"), "refusals were not written: %.*s", FS(cx.msg));
    db_put(&cx.db);
    arena_reset(a);
}

static bool rest(struct tally *t) /* false: it is the end */
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += TALLY_FLUSH_MS / 1000;
    pthread_mutex_lock(&t->lock);
    while (!t->stop)
        if (pthread_cond_timedwait(&t->wake, &t->lock, &until) != 0) break;
    bool on = !t->stop;
    pthread_mutex_unlock(&t->lock);
    return on;
}

static void *work(void *arg)
{
    struct tally *t = arg;
    struct arena *a = arena_new();
    while (rest(t)) look(t, a);
    look(t, a);
    arena_free(&a);
    return NULL;
}

enum err tally_start(struct cx *cx, struct dbase *b, struct tally **ret)
{
    pthread_condattr_t mono;
    struct tally *t = mem_new(sizeof *t); /* tally_stop */
    t->b = b;
    t->now = mem_new(sizeof *t->now);
    t->spare = mem_new(sizeof *t->spare);
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_mutex_init(&t->flushing, NULL);
    (void)pthread_condattr_init(&mono);
    (void)pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&t->wake, &mono);
    (void)pthread_condattr_destroy(&mono);
    *ret = t; /* from here on tally_stop tidies up */
    TRY(os_thread(cx, "tally", STACK_BYTES, work, t, &t->thread));
    t->started = true;
    return E_OK;
}

void tally_stop(struct tally **tp)
{
    struct tally *t = *tp;
    if (!t) return;
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    if (t->started) pthread_join(t->thread, NULL); /* it looks once more then */
    (void)pthread_mutex_destroy(&t->lock);
    (void)pthread_mutex_destroy(&t->flushing);
    (void)pthread_cond_destroy(&t->wake);
    mem_free(t->now);
    mem_free(t->spare);
    mem_free(t);
    *tp = NULL;
}
