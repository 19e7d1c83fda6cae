/* SPDX-License-Identifier: MIT */
/* usage/usage.c - see usage.h. A table of open addressing, full at CELLS_USED: then the thread is woken early, and what
 * does not fit until it has written is not counted. */
#include "usage/usage.h"

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "os/os.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
    CELLS = 8192,
    CELLS_USED = CELLS / 4 * 3,
    STACK_BYTES = 512 * 1024,
    HOUR_MS = 3600 * 1000,
    RULES_BYTES = 200
};

struct cell {
    int64_t user, hour; /* user 0: empty */
    uint32_t pages, actions;
    uint8_t n;
    char area[USAGE_AREA_MAX];
};
struct usage {
    struct dbase *b;
    pthread_t thread;
    pthread_mutex_t lock; /* of cell, n, woken */
    pthread_cond_t wake;
    struct cell *cell, *spare; /* CELLS each; spare: all empty, taken in turn with the other */
    size_t n;
    bool woken, started;
    _Atomic bool stop, on;
    pthread_mutex_t flushing; /* one flush at a time: spare is its own then */
};

/* ---- counting ---- */
static struct cell *cell_of(struct usage *u, int64_t user, int64_t hour, str area)
{
    uint64_t h = (str_hash(area) ^ (uint64_t)user * 0x9E3779B97F4A7C15u) + (uint64_t)hour;
    for (size_t at = (h ^ h >> 29) % CELLS;; at = (at + 1) % CELLS) {
        struct cell *c = &u->cell[at];
        if (!c->user) {
            if (u->n == CELLS_USED) return NULL;
            u->n++;
            *c = (struct cell){.user = user, .hour = hour, .n = (uint8_t)area.n};
            memcpy(c->area, area.p, area.n);
            return c;
        }
        if (c->user == user && c->hour == hour && str_eq((str){c->area, c->n}, area)) return c;
    }
}

void usage_count(struct usage *u, int64_t user, int64_t at_ms, str area, bool is_action)
{
    if (!u || !user || !area.n || !atomic_load(&u->on)) return;
    pthread_mutex_lock(&u->lock);
    struct cell *c = cell_of(u, user, at_ms / HOUR_MS, str_cut(area, 0, USAGE_AREA_MAX));
    if (c && is_action) c->actions++;
    else if (c) c->pages++;
    if (u->n > CELLS_USED / 2 && !u->woken) {
        u->woken = true;
        pthread_cond_signal(&u->wake);
    }
    pthread_mutex_unlock(&u->lock);
}

/* What was counted is the caller's, in u->spare; counting goes on in an empty table. */
static size_t cells_take(struct usage *u)
{
    pthread_mutex_lock(&u->lock);
    struct cell *full = u->cell;
    size_t n = u->n;
    u->cell = u->spare;
    u->spare = full;
    u->n = 0;
    u->woken = false;
    pthread_mutex_unlock(&u->lock);
    return n;
}

/* ---- writing ---- */
static enum err cells_write(struct cx *cx, void *arg)
{
    const struct cell *c = arg;
    for (size_t i = 0; i < CELLS; i++)
        if (c[i].user)
            TRY(db_exec(cx, NULL,
                        "INSERT INTO user_hour (hour, user_id, area, pages, actions) VALUES ($1, "
                        "$2, $3, $4, $5)"
                        " ON CONFLICT (hour, user_id, area) DO UPDATE SET pages = user_hour.pages "
                        "+ excluded.pages,"
                        " actions = user_hour.actions + excluded.actions",
                        V(c[i].hour), V(c[i].user), V(((str){c[i].area, c[i].n})),
                        V((int64_t)c[i].pages), V((int64_t)c[i].actions)));
    return E_OK;
}

enum err usage_flush(struct cx *cx, struct usage *u)
{
    struct usage_rules r = {0};
    enum err e = usage_rules_get(cx, &r);
    if (e != E_OK) return e;
    atomic_store(&u->on, r.on);
    pthread_mutex_lock(&u->flushing);
    size_t n = cells_take(u);
    if (n && r.on) e = db_write_bulk(cx, cells_write, u->spare);
    if (n) memset(u->spare, 0, sizeof *u->spare * CELLS);
    pthread_mutex_unlock(&u->flushing);
    return e;
}

static void look(struct usage *u, struct arena *a)
{
    struct cx cx = {
        .a = a, .db = db_get(u->b), .now_ms = clock_ms(), .lang = S("en"), .req = S("usage")};
    if (usage_flush(&cx, u) != E_OK)
        log_say(&cx, LOG_WARN, S("usage"), "counts of requests were not written: %.*s", FS(cx.msg));
    db_put(&cx.db);
}

static void rest(struct usage *u)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += USAGE_FLUSH_MS / 1000;
    pthread_mutex_lock(&u->lock);
    while (!u->woken && !atomic_load(&u->stop))
        if (pthread_cond_timedwait(&u->wake, &u->lock, &t) != 0) break;
    pthread_mutex_unlock(&u->lock);
}

static void *work(void *arg)
{
    struct usage *u = arg;
    struct arena *a = arena_new();
    while (!atomic_load(&u->stop)) {
        rest(u);
        look(u, a);
        arena_reset(a);
    }
    look(u, a); /* what was counted while it wrote for the last time */
    arena_free(&a);
    return NULL;
}

enum err usage_start(struct cx *cx, struct dbase *b, struct usage **ret)
{
    struct usage_rules r = {0};
    TRY(usage_rules_get(cx, &r));
    struct usage *u = mem_new(sizeof *u);
    u->b = b;
    u->cell = mem_new(sizeof *u->cell * CELLS);
    u->spare = mem_new(sizeof *u->spare * CELLS);
    atomic_store(&u->on, r.on);
    pthread_mutex_init(&u->lock, NULL);
    pthread_mutex_init(&u->flushing, NULL);
    pthread_cond_init(&u->wake, NULL);
    *ret = u; /* from here on usage_stop tidies up */
    TRY(os_thread(cx, "usage", STACK_BYTES, work, u, &u->thread));
    u->started = true;
    return E_OK;
}

void usage_stop(struct usage **u)
{
    struct usage *x = *u;
    if (!x) return;
    pthread_mutex_lock(&x->lock);
    atomic_store(&x->stop, true);
    pthread_cond_signal(&x->wake);
    pthread_mutex_unlock(&x->lock);
    if (x->started) pthread_join(x->thread, NULL); /* it looks once more then */
    pthread_mutex_destroy(&x->lock);
    pthread_mutex_destroy(&x->flushing);
    pthread_cond_destroy(&x->wake);
    mem_free(x->cell);
    mem_free(x->spare);
    mem_free(x);
    *u = NULL;
}

/* ---- rules ---- */
enum err usage_rules_get(struct cx *cx, struct usage_rules *ret)
{
    struct db_rows r = {0};
    const struct json *j = NULL;
    int64_t days = USAGE_DAYS;
    *ret = (struct usage_rules){.on = true, .days = USAGE_DAYS};
    TRY(db_query(cx, &r, "SELECT value FROM setting WHERE key = 'usage'"));
    if (!r.n) return E_OK;
    TRY(json_parse(cx, db_str(&r, 0, 0), &j));
    TRY(json_bool_of(cx, j, S("on"), true, &ret->on));
    TRY(json_int_of(cx, j, S("days"), USAGE_DAYS, &days));
    ret->days = (int)days;
    return E_OK;
}

static enum err rules_put(struct cx *cx, void *arg)
{
    return db_setting_put(cx, S("usage"), *(const str *)arg);
}

enum err usage_rules_set(struct cx *cx, struct usage *u, const struct usage_rules *r)
{
    struct buf b = buf_new(cx->a, RULES_BYTES);
    struct jw w = jw_new(&b);
    if (r->days < USAGE_DAYS_MIN || r->days > USAGE_DAYS_MAX)
        return fail_at(cx, E_INVALID, S("days"), "A number from %d to %d is needed", USAGE_DAYS_MIN,
                       USAGE_DAYS_MAX);
    jw_obj(&w);
    jw_kbool(&w, S("on"), r->on);
    jw_kint(&w, S("days"), r->days);
    jw_obj_end(&w);
    str text = buf_str(&b);
    TRY(db_write(cx, rules_put, &text));
    if (u) atomic_store(&u->on, r->on);
    return E_OK;
}

static enum err all_delete(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "DELETE FROM user_hour");
}

enum err usage_forget(struct cx *cx, struct usage *u)
{
    if (u) {
        pthread_mutex_lock(&u->flushing);
        (void)cells_take(u);
        memset(u->spare, 0, sizeof *u->spare * CELLS);
        pthread_mutex_unlock(&u->flushing);
    }
    return db_write(cx, all_delete, NULL);
}

static enum err old_delete(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "DELETE FROM user_hour WHERE hour < $1", V(*(const int64_t *)arg));
}

enum err usage_tidy(struct cx *cx)
{
    struct usage_rules r = {0};
    TRY(usage_rules_get(cx, &r));
    int64_t before = clock_aged_ms(cx->now_ms) / HOUR_MS - (int64_t)r.days * 24;
    return db_write(cx, old_delete, &before);
}

/* ---- reading ---- */
enum err usage_users(struct cx *cx, int64_t from, int64_t to, int64_t after, int64_t *ids,
                     size_t max, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(
        cx, &r,
        "SELECT DISTINCT user_id FROM user_hour WHERE hour >= $1 AND hour < $2 AND user_id > $3"
        " ORDER BY user_id LIMIT $4",
        V(from), V(to), V(after), V((int64_t)max)));
    for (size_t i = 0; i < r.n; i++) ids[i] = db_int(&r, i, 0);
    *ret_n = r.n;
    return E_OK;
}

struct reading {
    LIST(struct usage_row) v;
};

static enum err row_add(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct reading *r = arg;
    (void)cols;
    *LIST_ADD(cx->a, &r->v) =
        (struct usage_row){row[0].i, row[1].i, arena_dup(cx->a, row[2].s), row[3].i, row[4].i};
    return E_OK;
}

enum err usage_rows(struct cx *cx, int64_t from, int64_t to, int64_t first, int64_t last,
                    struct usage_row **ret, size_t *ret_n)
{
    const struct db_val v[] = {V(from), V(to), V(first), V(last)};
    struct reading r = {0};
    TRY(db_each(
        cx,
        S("SELECT user_id, hour, area, pages, actions FROM user_hour WHERE hour >= $1 AND hour < $2"
          " AND user_id >= $3 AND user_id <= $4 ORDER BY user_id, hour, area"),
        v, COUNT(v), row_add, &r));
    *ret = r.v.n ? r.v.v : NEW(cx->a, struct usage_row);
    *ret_n = r.v.n;
    return E_OK;
}
