/* SPDX-License-Identifier: MIT */
/* hook/queue.c - deliveries: what is due, who sends it, what became of it. */
#include "hook/hook_int.h"

#include "base/time.h"
#include "os/os.h"

enum { PER_HOOK = 2, REST_MS = 60000, REST_MAX = 6, JITTER = 10, TIDY_ROWS = 1000 };

/* Ten tries within 48 hours. */
static const int64_t delay_s[HOOK_TRIES - 1] = {10, 60, 300, 1800, 7200, 18000, 28800, 50400, 64800};

int64_t hook_delay_ms(int64_t tries)
{
    if (tries < 1) return 0;
    return 1000 * delay_s[tries < HOOK_TRIES ? tries - 1 : HOOK_TRIES - 2];
}

static int64_t jittered(int64_t ms)
{
    uint32_t r = 0;
    os_random(&r, sizeof r);
    return ms * (int64_t)(100 - JITTER + r % (2 * JITTER + 1)) / 100;
}

/* ---- following ---- */
enum err queue_from_now(struct cx *cx, void *none)
{
    (void)none;
    struct db_rows r = {0};
    struct db_pos p = {0};
    TRY(db_query(cx, &r, "SELECT seq FROM change ORDER BY seq DESC LIMIT 1"));
    if (r.n) p.seq = db_int(&r, 0, 0);
    if (db_is_pg(cx)) {
        TRY(db_horizon(cx, &p.xid));
        p = (struct db_pos){p.xid - 1, INT64_MAX};
    }
    return db_exec(cx, NULL,
                   "INSERT INTO follower (name, seq, xid, at) VALUES ('hook', $1, $2, $3)"
                   " ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, xid = excluded.xid, at = excluded.at",
                   V(p.seq), V(p.xid), V(cx->now_ms));
}

enum err queue_active(struct cx *cx, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id FROM hook WHERE active = 1 LIMIT 1"));
    *ret = r.n > 0;
    return E_OK;
}

enum err queue_stop(struct cx *cx, int64_t hook, str why)
{
    TRY(db_exec(cx, NULL, "UPDATE hook SET active = 0, stopped = $2 WHERE id = $1", V(hook), V(why)));
    /* an erasure waits until it is turned on again */
    return db_exec(cx, NULL,
                   "UPDATE hook_delivery SET state = 'stopped' WHERE hook = $1 AND state = 'waiting' AND op <> 'erase'",
                   V(hook));
}

/* ---- sending ---- */
/* One that is due: its hook neither rests nor has enough under way, and no earlier one of the record is undone. */
#define DUE                                                                                                          \
    " FROM hook_delivery d JOIN hook h ON h.id = d.hook WHERE h.active = 1 AND h.paused_until <= $1"                 \
    " AND ((d.state = 'waiting' AND d.due_at <= $1) OR (d.state = 'sending' AND d.lease_until < $1))"                \
    " AND (SELECT count(*) FROM hook_delivery s WHERE s.state = 'sending' AND s.hook = d.hook"                       \
    " AND s.lease_until >= $1) < CASE WHEN h.fails >= $2 THEN 1 ELSE $3 END"                                         \
    " AND NOT EXISTS (SELECT 1 FROM hook_delivery e WHERE e.hook = d.hook AND e.record = d.record AND e.id < d.id"   \
    " AND e.state IN ('waiting', 'sending')) ORDER BY d.due_at, d.id LIMIT 1"
#define DUE_ARGS(cx) V((cx)->now_ms), V((int64_t)HOOK_BREAKER), V((int64_t)PER_HOOK)

enum err queue_due(struct cx *cx, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT d.id" DUE, DUE_ARGS(cx)));
    *ret = r.n > 0;
    return E_OK;
}

struct taking {
    struct sending s;
    bool got;
};

static enum err take_inside(struct cx *cx, void *arg)
{
    struct taking *t = arg;
    struct db_rows r = {0};
    int64_t n = 0;
    t->got = false;
    TRY(db_query(cx, &r,
                 "SELECT d.id, d.hook, h.owner, d.seq, d.record, d.tries, h.fails, d.entity, d.op, h.url, h.secret,"
                 " h.name, h.api_key" DUE,
                 DUE_ARGS(cx)));
    if (!r.n) return E_OK;
    t->s = (struct sending){.id = db_int(&r, 0, 0),
                            .hook = db_int(&r, 0, 1),
                            .owner = db_int(&r, 0, 2),
                            .seq = db_int(&r, 0, 3),
                            .record = db_int(&r, 0, 4),
                            .tries = db_int(&r, 0, 5),
                            .fails = db_int(&r, 0, 6),
                            .entity = db_str(&r, 0, 7),
                            .op = db_str(&r, 0, 8),
                            .url = db_str(&r, 0, 9),
                            .secret = db_str(&r, 0, 10),
                            .name = db_str(&r, 0, 11),
                            .key = db_int(&r, 0, 12)};
    TRY(db_exec(cx, &n,
                "UPDATE hook_delivery SET state = 'sending', lease_until = $2 WHERE id = $1"
                " AND (state = 'waiting' OR lease_until < $3)",
                V(t->s.id), V(cx->now_ms + HOOK_LEASE_MS), V(cx->now_ms)));
    t->got = n == 1;
    if (!t->got || str_eq(t->s.op, S("test")) || str_eq(t->s.op, S("erase"))) return E_OK;
    return db_exec(cx, NULL,
                   "INSERT INTO hook_told (hook, record) VALUES ($1, $2) ON CONFLICT (hook, record) DO NOTHING",
                   V(t->s.hook), V(t->s.record));
}

enum err queue_take(struct cx *cx, struct sending *ret, bool *ret_got)
{
    struct taking t = {0};
    TRY(db_write(cx, take_inside, &t));
    *ret = t.s;
    *ret_got = t.got;
    return E_OK;
}

struct ending {
    const struct sending *s;
    const struct sent *how;
};

/* Of what tells of an erasure no answer is kept: it could bring the name back. */
static enum err row_end(struct cx *cx, const struct ending *x, str state, int64_t tries, int64_t due_at)
{
    str answer = str_eq(x->s->op, S("erase")) ? S("") : x->how->answer;
    return db_exec(cx, NULL,
                   "UPDATE hook_delivery SET state = $2, tries = $3, due_at = $4, lease_until = 0, status = $5,"
                   " answer = $6, sent_at = $7 WHERE id = $1 AND state = 'sending'",
                   V(x->s->id), V(state), V(tries), V(due_at), V(x->how->status), V(answer), V(cx->now_ms));
}

/* After so many in a row it rests, longer each time, and is then probed by one delivery. */
static enum err failed(struct cx *cx, const struct ending *x)
{
    int64_t tries = x->s->tries + 1, fails = x->s->fails + 1, over = fails - HOOK_BREAKER;
    int64_t rest = over < 0 ? 0 : jittered((int64_t)REST_MS << (over < REST_MAX ? over : REST_MAX));
    bool dead = tries >= HOOK_TRIES || x->how->how == SENT_DEAD;
    TRY(row_end(cx, x, dead ? S("dead") : S("waiting"), tries, cx->now_ms + jittered(hook_delay_ms(tries))));
    return db_exec(cx, NULL, /* one that was under way when the rest began does not end it */
                   "UPDATE hook SET fails = fails + 1,"
                   " paused_until = CASE WHEN paused_until > $2 THEN paused_until ELSE $2 END WHERE id = $1",
                   V(x->s->hook), V(rest ? cx->now_ms + rest : 0));
}

static enum err done_inside(struct cx *cx, void *arg)
{
    const struct ending *x = arg;
    int64_t tries = x->s->tries + 1;
    switch (x->how->how) {
    case SENT_OK:
        TRY(row_end(cx, x, S("delivered"), tries, 0));
        if (str_eq(x->s->op, S("erase")))
            TRY(db_exec(cx, NULL, "DELETE FROM hook_told WHERE hook = $1 AND record = $2", V(x->s->hook),
                        V(x->s->record)));
        return db_exec(cx, NULL, "UPDATE hook SET fails = 0, paused_until = 0 WHERE id = $1 AND fails > 0",
                       V(x->s->hook));
    case SENT_FAILED:
    case SENT_DEAD: return failed(cx, x);
    case SENT_UNSEEN: return row_end(cx, x, S("unseen"), x->s->tries, 0);
    case SENT_NOT: return row_end(cx, x, S("waiting"), x->s->tries, cx->now_ms);
    case SENT_GONE:
        TRY(row_end(cx, x, S("dead"), tries, 0));
        return queue_stop(cx, x->s->hook, S("gone"));
    case SENT_NO_OWNER:
    case SENT_NO_SECRET: break;
    }
    TRY(row_end(cx, x, S("stopped"), x->s->tries, 0));
    return queue_stop(cx, x->s->hook, x->how->how == SENT_NO_OWNER ? S("owner") : S("secret"));
}

enum err queue_done(struct cx *cx, const struct sending *s, const struct sent *how)
{
    struct ending x = {s, how};
    return db_write(cx, done_inside, &x);
}

static enum err orphans_inside(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "UPDATE hook_delivery SET state = 'waiting', lease_until = 0 WHERE state = 'sending'");
}

enum err queue_orphans(struct cx *cx)
{
    struct db_rows r = {0};
    if (db_is_pg(cx)) return E_OK; /* another node may be at it: the lease decides */
    TRY(db_query(cx, &r, "SELECT id FROM hook_delivery WHERE state = 'sending' LIMIT 1"));
    return r.n ? db_write(cx, orphans_inside, NULL) : E_OK;
}

/* ---- by hand ---- */
struct asking {
    int64_t id, hook;
};

static enum err is_active(struct cx *cx, int64_t hook)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT active FROM hook WHERE id = $1", V(hook)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such webhook");
    return db_int(&r, 0, 0) ? E_OK : fail(cx, E_PRECOND, "This webhook is switched off");
}

static enum err test_inside(struct cx *cx, void *arg)
{
    const struct asking *x = arg;
    TRY(is_active(cx, x->hook));
    return db_exec(cx, NULL,
                   "INSERT INTO hook_delivery (id, hook, seq, entity, record, op, state, tries, due_at, lease_until,"
                   " status, answer, created_at, sent_at)"
                   " VALUES ($1, $2, 0, 'hook', $1, 'test', 'waiting', 0, $3, 0, 0, '', $3, 0)",
                   V(x->id), V(x->hook), V(cx->now_ms));
}

enum err hook_test(struct cx *cx, int64_t id, int64_t *ret)
{
    struct asking x = {id_new(cx->now_ms), id};
    TRY(db_write(cx, test_inside, &x));
    *ret = x.id;
    return E_OK;
}

static enum err again_inside(struct cx *cx, void *arg)
{
    const struct asking *x = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT hook, state FROM hook_delivery WHERE id = $1", V(x->id)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such delivery");
    TRY(is_active(cx, db_int(&r, 0, 0)));
    if (str_eq(db_str(&r, 0, 1), S("waiting")) || str_eq(db_str(&r, 0, 1), S("sending")))
        return fail(cx, E_PRECOND, "This delivery is under way");
    return db_exec(cx, NULL, "UPDATE hook_delivery SET state = 'waiting', tries = 0, due_at = $2 WHERE id = $1",
                   V(x->id), V(cx->now_ms));
}

enum err hook_again(struct cx *cx, int64_t delivery)
{
    struct asking x = {.id = delivery};
    return db_write(cx, again_inside, &x);
}

/* ---- the log ---- */
enum err hook_log(struct cx *cx, int64_t hook, int64_t before, size_t n, struct hook_delivery **ret,
                  size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id, record, tries, due_at, created_at, sent_at, status, entity, op, state, answer"
                 " FROM hook_delivery WHERE hook = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                 V(hook), V(before ? before : INT64_MAX), V((int64_t)n)));
    struct hook_delivery *d = NEW_N(cx->a, struct hook_delivery, r.n + 1);
    for (size_t i = 0; i < r.n; i++)
        d[i] = (struct hook_delivery){.id = db_int(&r, i, 0),
                                      .hook = hook,
                                      .record = db_int(&r, i, 1),
                                      .tries = db_int(&r, i, 2),
                                      .due_at = db_int(&r, i, 3),
                                      .created_at = db_int(&r, i, 4),
                                      .sent_at = db_int(&r, i, 5),
                                      .status = db_int(&r, i, 6),
                                      .entity = db_str(&r, i, 7),
                                      .op = db_str(&r, i, 8),
                                      .state = db_str(&r, i, 9),
                                      .answer = db_str(&r, i, 10)};
    *ret = d;
    *ret_n = r.n;
    return E_OK;
}

struct tidying {
    int64_t before, gone;
};

static enum err tidy_inside(struct cx *cx, void *arg)
{
    struct tidying *x = arg;
    return db_exec(cx, &x->gone,
                   "DELETE FROM hook_delivery WHERE id IN"
                   " (SELECT id FROM hook_delivery WHERE id < $1 ORDER BY id LIMIT $2)",
                   V(x->before), V((int64_t)TIDY_ROWS));
}

/* Ids are made of their time (id_new). */
enum err hook_tidy(struct cx *cx)
{
    int64_t old_ms = clock_aged_ms(cx->now_ms) - (int64_t)HOOK_KEEP_DAYS * DAY_MS, of_2020 = INT64_C(1577836800000);
    struct tidying x = {.before = (old_ms - of_2020) << 22, .gone = TIDY_ROWS};
    if (old_ms <= of_2020) return E_OK;
    while (x.gone == TIDY_ROWS) TRY(db_write_bulk(cx, tidy_inside, &x));
    return E_OK;
}
