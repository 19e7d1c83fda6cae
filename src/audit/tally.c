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

enum { STACK_BYTES = 512 * 1024, SIDES = 2, ASKERS = 1024, PLACES = 4 };

struct cell {
    struct refused x; /* its address is `addr` */
    uint64_t asker;
    int64_t n;
    size_t addr_n;
    char addr[EVENT_ADDR_MAX];
};
struct counts {
    struct cell cell[SIDES * TALLY_CELLS];
    size_t n, of[SIDES];   /* users, strangers */
    int64_t rest[EVENT_N]; /* what did not fit */
};
struct asker {
    uint64_t who;
    int64_t rows;
};
struct tally {
    struct dbase *b;
    pthread_t thread;
    pthread_mutex_t lock; /* of now, day, day_rows, askers, stop */
    pthread_cond_t wake;
    struct counts *now, *spare; /* spare: empty, taken in turn with the other */
    int64_t day, day_rows[SIDES];
    struct asker askers[ASKERS]; /* of the day; who finds no place shares one */
    bool stop, started;
    pthread_mutex_t flushing; /* one flush at a time: spare is its own then */
};

/* ---- counting ---- */
static int side_of(const struct refused *x) { return x->who ? 0 : 1; }

static str addr_of(const struct cell *c) { return (str){c->addr, c->addr_n}; }

static bool is_plain(str addr)
{
    bool is = true;
    for (size_t i = 0; i < addr.n; i++) is &= addr.p[i] > ' ' && addr.p[i] < 0x7F;
    return is;
}

static struct cell cell_of(const struct refused *x, str addr)
{
    struct cell c = {.x = *x};
    c.x.addr = S(""); /* the request's, which ends */
    addr = is_plain(addr) ? utf8_cut(addr, EVENT_ADDR_MAX) : S("?");
    c.addr_n = addr.n;
    if (addr.n) memcpy(c.addr, addr.p, addr.n);
    return c;
}

/* A user, or a stranger's net (FNV-1a; two in one place share what they may). */
static uint64_t asker_of(const struct refused *x, str net)
{
    uint64_t h = 0xCBF29CE484222325u;
    if (x->who) return (uint64_t)x->who;
    for (size_t i = 0; i < net.n; i++) h = (h ^ (unsigned char)net.p[i]) * 0x100000001B3u;
    return h | (uint64_t)1 << 63;
}

static bool is_same(const struct cell *c, const struct cell *x)
{
    return c->x.kind == x->x.kind && c->x.way == x->x.way && c->x.who == x->x.who && c->x.subject == x->x.subject &&
           c->x.api_key == x->x.api_key && c->x.key == x->x.key && str_eq(addr_of(c), addr_of(x)) &&
           str_eq(c->x.value, x->x.value);
}

static struct cell *cell_find(struct counts *c, const struct cell *x)
{
    for (size_t i = 0; i < c->n; i++)
        if (is_same(&c->cell[i], x)) return &c->cell[i];
    return NULL;
}

static size_t cells_of(const struct counts *c, uint64_t asker)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) n += c->cell[i].asker == asker;
    return n;
}

static struct asker *asker_find(struct tally *t, uint64_t who)
{
    struct asker *a = NULL;
    for (uint64_t i = 0; i < PLACES; i++) {
        a = &t->askers[(who * 0x9E3779B97F4A7C15u + i) % ASKERS];
        if (a->who == who || !a->who) break;
    }
    if (!a->who) a->who = who;
    return a;
}

static bool has_cell(const struct counts *c, int side) { return c->of[side] < TALLY_CELLS; }

/* A day has so many rows: who comes from a thousand addresses for weeks fills no disk. */
static bool has_room(struct tally *t, int side, uint64_t asker, int64_t at_ms)
{
    int64_t day = at_ms / DAY_MS;
    if (day != t->day) {
        t->day = day;
        memset(t->day_rows, 0, sizeof t->day_rows);
        memset(t->askers, 0, sizeof t->askers);
    }
    return has_cell(t->now, side) && t->day_rows[side] < TALLY_ROWS_DAY &&
           asker_find(t, asker)->rows < TALLY_OWN_DAY;
}

static struct cell *cell_add(struct counts *c, int side, const struct cell *x)
{
    c->of[side]++;
    c->cell[c->n] = *x;
    return &c->cell[c->n++];
}

/* Its cell, or a new one; NULL: there is no room. */
static struct cell *cell_get(struct tally *t, struct cell *x, uint64_t asker, int64_t at_ms)
{
    struct cell *at = cell_find(t->now, x);
    if (at || !has_room(t, side_of(&x->x), asker, at_ms)) return at;
    x->asker = asker;
    t->day_rows[side_of(&x->x)]++;
    asker_find(t, asker)->rows++;
    return cell_add(t->now, side_of(&x->x), x);
}

void tally_count(struct tally *t, const struct refused *x, int64_t at_ms)
{
    char buf[OS_NET_MAX];
    str net = os_addr_net(x->addr, buf);
    struct refused bare = {.kind = x->kind, .way = x->way, .who = x->who, .api_key = x->api_key};
    if (event_keys[x->key].form == EVENT_FORM_FLAG) bare.key = x->key;
    if (!t) return;
    if (!net.n) net = x->addr;
    struct cell whole = cell_of(x, x->addr), part = cell_of(&bare, x->who ? S("") : net);
    uint64_t asker = asker_of(x, net);
    pthread_mutex_lock(&t->lock);
    struct cell *at = cell_find(t->now, &whole);
    if (!at && cells_of(t->now, asker) < TALLY_OWN) at = cell_get(t, &whole, asker, at_ms);
    if (!at) at = cell_get(t, &part, asker, at_ms);
    if (at) at->n++;
    else t->now->rest[x->kind]++;
    pthread_mutex_unlock(&t->lock);
}

/* ---- writing ---- */
static enum err cell_write(struct cx *cx, const struct cell *c)
{
    struct event e = {.kind = c->x.kind,
                      .who = c->x.who,
                      .api_key = c->x.api_key,
                      .subject = c->x.subject,
                      .addr = addr_of(c),
                      .n = c->n};
    if (event_keys[c->x.key].form == EVENT_FORM_FLAG) e.detail = event_flag(cx, c->x.key);
    else if (c->x.value.n) e.detail = event_detail(cx, c->x.key, c->x.value);
    cx->way = c->x.way;
    return event_put(cx, &e);
}

static enum err counts_write(struct cx *cx, void *arg)
{
    const struct counts *c = arg;
    enum way way = cx->way;
    enum err err = E_OK;
    for (size_t i = 0; i < c->n && err == E_OK; i++) err = cell_write(cx, &c->cell[i]);
    cx->way = way;
    TRY(err);
    for (size_t k = 0; k < EVENT_N; k++) {
        struct event more = {.kind = (enum event_kind)k, .detail = event_flag(cx, EVENT_KEY_MORE), .n = c->rest[k]};
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

/* What could not be written is counted still: by its kind alone only where the next minute has taken all room. */
static void put_back(struct tally *t, const struct counts *c)
{
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < c->n; i++) {
        const struct cell *x = &c->cell[i];
        int side = side_of(&x->x);
        struct cell *at = cell_find(t->now, x);
        if (at) at->n += x->n;
        else if (has_cell(t->now, side)) (void)cell_add(t->now, side, x);
        else t->now->rest[x->x.kind] += x->n;
    }
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
