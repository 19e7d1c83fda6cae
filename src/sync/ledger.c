/* SPDX-License-Identifier: MIT */
/* sync/ledger.c - what became of each item, to be looked through and counted; and what is old goes. */
#include "sync/sync_int.h"

#include "base/time.h"
#include "record/log.h"

enum { COUNT_MAX = 1000000, REASONS_MAX = 20, REASONS_OF = 100000, TRIES_SHOWN = 100 };
enum { TIDY_ROWS = 1000, HEAL_ROWS = 100 };
const str sync_state_name[SYNC_STATES] = {S0("received"), S0("retry"),     S0("held"),   S0("refused"),
                                          S0("applied"),  S0("unchanged"), S0("dropped")};

/* ---- reading ---- */
#define ROW                                                                                                          \
    "SELECT i.id, i.batch, i.seq, i.due_at, i.done_at, i.tries, i.record, i.change, i.user_id, i.entity, i.key,"      \
    " i.item, i.code, i.field, i.why, i.op, i.state, i.value, u.name"                                                 \
    " FROM sync_item i LEFT JOIN \"user\" u ON u.id = i.user_id WHERE i.system = "

static struct sync_row row_of(const struct db_rows *r, size_t i)
{
    return (struct sync_row){.id = db_int(r, i, 0),
                             .batch = db_int(r, i, 1),
                             .seq = db_int(r, i, 2),
                             .at = id_time_ms(db_int(r, i, 0)),
                             .due_at = db_int(r, i, 3),
                             .done_at = db_int(r, i, 4),
                             .tries = db_int(r, i, 5),
                             .record = db_int(r, i, 6),
                             .change = db_int(r, i, 7),
                             .user = db_int(r, i, 8),
                             .entity = db_str(r, i, 9),
                             .key = db_str(r, i, 10),
                             .item = db_str(r, i, 11),
                             .code = db_str(r, i, 12),
                             .field = db_str(r, i, 13),
                             .why = db_str(r, i, 14),
                             .op = (enum sync_op)db_int(r, i, 15),
                             .state = (enum sync_state)db_int(r, i, 16),
                             .values = db_str(r, i, 17),
                             .user_name = db_str(r, i, 18)};
}

/* The ids of a batch lie between its own and its last item's. */
static enum err batch_range(struct cx *cx, int64_t batch, int64_t *ret_last)
{
    bool there = false;
    str state = {0}, info = {0};
    const struct json *j = NULL;
    *ret_last = batch;
    TRY(batch_look(cx, batch, &there, &state, &info));
    if (!there || !info.n) return E_OK;
    TRY(json_parse(cx, info, &j));
    return json_id_of(cx, j, S("last"), batch, ret_last);
}

static void where_batch(struct cx *cx, struct sql *q, int64_t batch, int64_t last)
{
    sql_lit(q, " AND i.batch = ");
    sql_val(cx, q, V(batch));
    sql_lit(q, " AND i.id >= ");
    sql_val(cx, q, V(batch));
    sql_lit(q, " AND i.id <= ");
    sql_val(cx, q, V(last));
}

static void where_state(struct cx *cx, struct sql *q, int state)
{
    if (state < 0) return;
    if (state < SYNC_APPLIED || state == SYNC_STATES) sql_lit(q, " AND i.due_at IS NOT NULL");
    if (state == SYNC_STATES) return;
    sql_lit(q, " AND i.state = ");
    sql_val(cx, q, V(state));
}

static void where_key(struct cx *cx, struct sql *q, const struct sync_query *f)
{
    if (f->entity.n) {
        sql_lit(q, " AND i.entity = ");
        sql_val(cx, q, V(f->entity));
    }
    if (f->key.n) {
        sql_lit(q, " AND i.key = ");
        sql_val(cx, q, V(f->key));
    }
    if (f->code.n) {
        sql_lit(q, " AND i.code = ");
        sql_val(cx, q, V(f->code));
    }
}

/* The first id of a moment. */
static int64_t id_at(int64_t ms)
{
    int64_t since = ms - id_time_ms(0);
    return since > 0 ? since << 22 : 0;
}

enum err sync_list(struct cx *cx, const struct sync_query *f, struct sync_row **ret, size_t *ret_n, int64_t *ret_next)
{
    struct db_rows r = {0};
    struct sql q = sql_new(cx);
    int64_t system = 0, last = 0;
    TRY(sync_system_of(cx, f->system, f->user, &system));
    sql_lit(&q, ROW);
    sql_val(cx, &q, V(system));
    where_state(cx, &q, f->state);
    where_key(cx, &q, f);
    if (f->user) {
        sql_lit(&q, " AND i.user_id = ");
        sql_val(cx, &q, V(f->user));
    }
    if (f->batch) {
        TRY(batch_range(cx, f->batch, &last));
        where_batch(cx, &q, f->batch, last);
    }
    int64_t below = f->until_ms ? id_at(f->until_ms) : INT64_MAX;
    if (f->before && f->before < below) below = f->before;
    sql_lit(&q, " AND i.id >= ");
    sql_val(cx, &q, V(f->from_ms ? id_at(f->from_ms) : 0));
    sql_lit(&q, " AND i.id < ");
    sql_val(cx, &q, V(below));
    /* few are open among many: sorted, not looked for from the newest on */
    if (f->state == SYNC_STATES || (f->state >= 0 && f->state < SYNC_APPLIED)) sql_lit(&q, " ORDER BY i.id + 0");
    else sql_lit(&q, " ORDER BY i.id");
    sql_lit(&q, " DESC LIMIT ");
    sql_val(cx, &q, V((int64_t)SYNC_PAGE + 1));
    TRY(sql_run(cx, &q, &r, NULL));
    struct sync_row *v = NEW_N(cx->a, struct sync_row, r.n + 1);
    size_t n = r.n > SYNC_PAGE ? SYNC_PAGE : r.n;
    for (size_t i = 0; i < n; i++) v[i] = row_of(&r, i);
    *ret = v;
    *ret_n = n;
    *ret_next = r.n > SYNC_PAGE ? v[n - 1].id : 0;
    return E_OK;
}

enum err sync_get(struct cx *cx, str system, int64_t user, int64_t id, struct sync_row *ret)
{
    struct db_rows r = {0};
    int64_t of = 0;
    TRY(sync_system_of(cx, system, user, &of));
    TRY(db_query(cx, &r, ROW "$1 AND i.id = $2 AND (i.user_id = $3 OR $3 = 0)", V(of), V(id), V(user)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such item");
    *ret = row_of(&r, 0);
    return E_OK;
}

enum err sync_tries(struct cx *cx, int64_t item, struct sync_try **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT t.at, t.by_user, t.what, t.code, t.field, t.why, u.name FROM sync_try t"
                 " LEFT JOIN \"user\" u ON u.id = t.by_user WHERE t.item = $1 ORDER BY t.n LIMIT $2",
                 V(item), V((int64_t)TRIES_SHOWN)));
    struct sync_try *t = NEW_N(cx->a, struct sync_try, r.n + 1);
    for (size_t i = 0; i < r.n; i++)
        t[i] = (struct sync_try){.at = db_int(&r, i, 0),
                                 .by = db_int(&r, i, 1),
                                 .what = db_str(&r, i, 2),
                                 .code = db_str(&r, i, 3),
                                 .field = db_str(&r, i, 4),
                                 .why = db_str(&r, i, 5),
                                 .by_name = db_str(&r, i, 6)};
    *ret = t;
    *ret_n = r.n;
    return E_OK;
}

/* ---- counting ---- */
static enum err count_one(struct cx *cx, int64_t user, struct sync_count *c)
{
    struct db_rows r = {0};
    struct sql q = sql_new(cx);
    int64_t all = 0;
    sql_lit(&q, "SELECT state, count(*), min(id) FROM (SELECT state, id FROM sync_item WHERE due_at IS NOT NULL");
    sql_lit(&q, " AND system = ");
    sql_val(cx, &q, V(c->id));
    if (user) sql_lit(&q, " AND user_id = "); /* else the index alone tells */
    if (user) sql_val(cx, &q, V(user));
    sql_lit(&q, " LIMIT ");
    sql_val(cx, &q, V((int64_t)COUNT_MAX));
    sql_lit(&q, ") AS open GROUP BY state");
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < r.n; i++) {
        int64_t at = id_time_ms(db_int(&r, i, 2));
        c->open[db_int(&r, i, 0)] = db_int(&r, i, 1);
        all += db_int(&r, i, 1);
        if (!c->oldest_ms || at < c->oldest_ms) c->oldest_ms = at;
    }
    c->exact = all < COUNT_MAX;
    return E_OK;
}

enum err sync_counts(struct cx *cx, str system, int64_t user, struct sync_count **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id, name, created_at FROM sync_system WHERE (name = $1 OR $1 = '') AND ($2 = 0 OR EXISTS"
                 " (SELECT 1 FROM sync_sender s WHERE s.system = sync_system.id AND s.user_id = $2))"
                 " ORDER BY name LIMIT $3",
                 V(system), V(user), V((int64_t)SYNC_SYSTEMS_MAX)));
    struct sync_count *c = NEW_N(cx->a, struct sync_count, r.n + 1);
    for (size_t i = 0; i < r.n; i++) {
        c[i] = (struct sync_count){.id = db_int(&r, i, 0), .system = db_str(&r, i, 1), .created_at = db_int(&r, i, 2)};
        TRY(count_one(cx, user, &c[i]));
    }
    if (system.n && !r.n) return fail(cx, E_NOTFOUND, "No such system has sent anything");
    *ret = c;
    *ret_n = r.n;
    return E_OK;
}

enum err sync_reasons(struct cx *cx, str system, int64_t user, struct sync_reason **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    int64_t of = 0;
    TRY(sync_system_of(cx, system, user, &of));
    TRY(db_query(cx, &r,
                 "SELECT code, field, count(*) FROM (SELECT code, field FROM sync_item WHERE system = $1"
                 " AND due_at IS NOT NULL AND state IN (1, 3) AND (user_id = $2 OR $2 = 0) LIMIT $3) AS open"
                 " WHERE code <> ''"
                 " GROUP BY code, field ORDER BY count(*) DESC, code, field LIMIT $4",
                 V(of), V(user), V((int64_t)REASONS_OF), V((int64_t)REASONS_MAX)));
    struct sync_reason *v = NEW_N(cx->a, struct sync_reason, r.n + 1);
    for (size_t i = 0; i < r.n; i++)
        v[i] = (struct sync_reason){db_str(&r, i, 0), db_str(&r, i, 1), db_int(&r, i, 2)};
    *ret = v;
    *ret_n = r.n;
    return E_OK;
}

enum err sync_batch_counts(struct cx *cx, str system, int64_t user, int64_t batch, int64_t ret[SYNC_STATES])
{
    struct db_rows r = {0};
    int64_t of = 0, last = 0;
    TRY(sync_system_of(cx, system, user, &of));
    TRY(batch_range(cx, batch, &last));
    TRY(db_query(cx, &r,
                 "SELECT state, count(*) FROM sync_item WHERE system = $1 AND batch = $2 AND id >= $2 AND id <= $3"
                 " AND (user_id = $4 OR $4 = 0) GROUP BY state",
                 V(of), V(batch), V(last), V(user)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such batch");
    memset(ret, 0, sizeof *ret * SYNC_STATES);
    for (size_t i = 0; i < r.n; i++) ret[db_int(&r, i, 0)] = db_int(&r, i, 1);
    return E_OK;
}

/* ---- old ones ---- */
struct tidying {
    int64_t applied_id, refused_id, gone;
};

/* Refused so long ago that nobody will look: dropped, with what is held behind it as old. */
static enum err drop_old(struct cx *cx, void *arg)
{
    struct tidying *x = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id, system, entity, key FROM sync_item WHERE id < $1 AND due_at IS NOT NULL"
                 " AND state IN (1, 2, 3)"
                 " ORDER BY id LIMIT $2",
                 V(x->refused_id), V((int64_t)TIDY_ROWS)));
    for (size_t i = 0; i < r.n; i++) {
        TRY(sync_try_put(cx, db_int(&r, i, 0), S("dropped"), S("old"), S(""), S("")));
        TRY(db_exec(cx, NULL, "UPDATE sync_item SET state = 6, due_at = NULL, wants = '', done_at = $2 WHERE id = $1",
                    V(db_int(&r, i, 0)), V(cx->now_ms)));
        TRY(sync_key_free(cx, db_int(&r, i, 1), db_str(&r, i, 2), db_str(&r, i, 3), NULL));
    }
    x->gone = (int64_t)r.n;
    return E_OK;
}

static enum err remove_old(struct cx *cx, void *arg)
{
    struct tidying *x = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id FROM sync_item WHERE id < $1 AND (state IN (4, 5) OR (state = 6 AND id < $2))"
                 " ORDER BY id LIMIT $3",
                 V(x->applied_id), V(x->refused_id), V((int64_t)TIDY_ROWS)));
    for (size_t i = 0; i < r.n; i++) {
        TRY(db_exec(cx, NULL, "DELETE FROM sync_try WHERE item = $1", V(db_int(&r, i, 0))));
        TRY(db_exec(cx, NULL, "DELETE FROM sync_item WHERE id = $1", V(db_int(&r, i, 0))));
    }
    x->gone = (int64_t)r.n;
    return E_OK;
}

struct healing {
    int64_t id[HEAL_ROWS];
    size_t n;
};

static enum err heal_inside(struct cx *cx, void *arg)
{
    const struct healing *x = arg;
    for (size_t i = 0; i < x->n; i++)
        TRY(db_exec(cx, NULL,
                    "UPDATE sync_item SET state = 1, due_at = 0, code = '' WHERE id = $1 AND state = 2",
                    V(x->id[i])));
    return E_OK;
}

enum err sync_heal(struct cx *cx)
{
    struct healing x = {.n = HEAL_ROWS};
    while (x.n == HEAL_ROWS) {
        struct db_rows r = {0};
        TRY(db_query(cx, &r,
                     "SELECT i.id FROM sync_item i WHERE i.due_at IS NOT NULL AND i.state = 2 AND NOT EXISTS"
                     " (SELECT 1 FROM sync_item b WHERE b.system = i.system AND b.entity = i.entity AND b.key = i.key"
                     " AND b.id < i.id AND b.due_at IS NOT NULL) LIMIT $1",
                     V((int64_t)HEAL_ROWS)));
        for (x.n = 0; x.n < r.n; x.n++) x.id[x.n] = db_int(&r, x.n, 0);
        if (x.n) TRY(db_write_bulk(cx, heal_inside, &x));
    }
    return E_OK;
}

enum err sync_tidy(struct cx *cx)
{
    int64_t now = clock_aged_ms(cx->now_ms);
    struct tidying x = {.applied_id = id_at(now - (int64_t)SYNC_APPLIED_DAYS * DAY_MS),
                        .refused_id = id_at(now - (int64_t)SYNC_REFUSED_DAYS * DAY_MS),
                        .gone = TIDY_ROWS};
    while (x.gone == TIDY_ROWS) TRY(db_write_bulk(cx, drop_old, &x));
    x.gone = TIDY_ROWS;
    while (x.gone == TIDY_ROWS) TRY(db_write_bulk(cx, remove_old, &x));
    return sync_heal(cx);
}
