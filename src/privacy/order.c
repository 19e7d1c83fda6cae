/* SPDX-License-Identifier: MIT */
/* privacy/order.c - an erasure from its order to its beginning: its row, and what a rule of retention ordered looked at
 * once more. What is begun goes to its end: half of it would be gone already. */
#include "jobs/jobs.h"
#include "os/os.h"
#include "privacy/privacy_int.h"
#include "privacy/retain_int.h"

enum { REF_BYTES = 5 };

enum err erasure_insert(struct cx *cx, const struct erased *x)
{
    return db_exec(cx, NULL,
                   "INSERT INTO erasure (id, ref, at, who, ground, entity, record, state, records, "
                   "told, done_at,"
                   " swept_at, rule, mark) VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, "
                   "'{}', 0, 0, $9, $10)",
                   V(x->id), V(x->ref), V(x->at), V(x->who), V(x->ground), V(x->entity),
                   V(x->record), V(x->records), V(x->rule), V(x->mark));
}

/* Ten letters and digits that say nothing: to be told on the telephone. */
static str ref_new(struct cx *cx)
{
    unsigned char raw[REF_BYTES];
    os_random(raw, sizeof raw);
    return arena_fmt(cx->a, "E-%.*s", FS(os_hex(cx->a, raw, sizeof raw)));
}

/* The same once more, by who asks now. Columns: id, ref, rule, state, job. */
static enum err open_again(struct cx *cx, const struct erasure_ask *ask, const struct db_rows *r)
{
    bool at_work = false, begun = str_eq(db_str(r, 0, 3), S("begun"));
    bool taken_over = db_int(r, 0, 2) && !ask->rule && !begun;
    TRY(job_is_open(cx, db_int(r, 0, 4), &at_work));
    if (at_work && !taken_over) return fail(cx, E_CONFLICT, "This record is being erased already");
    if (begun) return E_OK;
    return db_exec(
        cx, NULL,
        "UPDATE erasure SET at = $2, who = $3, ground = $4, rule = $5, mark = $6 WHERE id = $1",
        V(db_int(r, 0, 0)), V(cx->now_ms), V(cx->who.user), V(ask->ground), V(ask->rule),
        V(ask->mark));
}

enum err erasure_open(struct cx *cx, const struct record *r, const struct erasure_ask *ask,
                      int64_t *ret, str *ret_ref)
{
    struct erased x = {
        .id = id_new(cx->now_ms), .at = cx->now_ms, .who = cx->who.user, .record = r->id};
    struct db_rows rows = {0};
    x.ref = ref_new(cx);
    x.ground = ask->ground;
    x.entity = r->e->name;
    x.rule = ask->rule;
    x.mark = ask->mark;
    TRY(db_query(cx, &rows,
                 "SELECT id, ref, rule, state, job FROM erasure WHERE record = $1 AND state NOT IN "
                 "('done', 'dropped')"
                 " ORDER BY id DESC LIMIT 1",
                 V(r->id)));
    if (rows.n) {
        TRY(open_again(cx, ask, &rows));
        *ret = db_int(&rows, 0, 0);
        *ret_ref = db_str(&rows, 0, 1);
        return E_OK;
    }
    TRY(erasure_insert(cx, &x));
    *ret = x.id;
    *ret_ref = x.ref;
    return E_OK;
}

enum err erasure_job_set(struct cx *cx, int64_t erasure, int64_t job)
{
    return db_exec(cx, NULL, "UPDATE erasure SET job = $2 WHERE id = $1", V(erasure), V(job));
}

enum err erasure_at_work(struct cx *cx, int64_t erasure, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT job FROM erasure WHERE id = $1", V(erasure)));
    return job_is_open(cx, r.n ? db_int(&r, 0, 0) : 0, ret);
}

/* ---- the beginning ---- */
struct beginning {
    int64_t id, job;
    bool kept, dropped;
};

static enum err begin_inside(struct cx *cx, void *arg)
{
    struct beginning *b = arg;
    struct db_rows r = {0};
    bool means = true;
    TRY(db_query(cx, &r, "SELECT state, rule, mark, record, job FROM erasure WHERE id = $1",
                 V(b->id)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such erasure");
    int64_t job = db_int(&r, 0, 4);
    b->dropped =
        b->job && job && job != b->job; /* somebody took it over from the rule: his job does it */
    if (b->dropped) return E_OK;
    if (str_eq(db_str(&r, 0, 0), S("begun"))) return E_OK;
    int64_t rule = db_int(&r, 0, 1);
    if (rule && !b->kept)
        TRY(retention_means(cx, rule, db_str(&r, 0, 2), db_int(&r, 0, 3), &means));
    b->dropped = rule && (b->kept || !means);
    if (b->dropped)
        return db_exec(
            cx, NULL,
            "UPDATE erasure SET state = 'dropped', done_at = $2, swept_at = $2 WHERE id = $1",
            V(b->id), V(cx->now_ms));
    if (b->kept) return E_OK; /* it is not begun: who asked for it is told */
    return db_exec(cx, NULL, "UPDATE erasure SET state = 'begun' WHERE id = $1", V(b->id));
}

enum err erasure_begin(struct cx *cx, int64_t id, int64_t job, bool kept, bool *ret_dropped)
{
    struct beginning b = {.id = id, .job = job, .kept = kept};
    TRY(db_write(cx, begin_inside, &b));
    *ret_dropped = b.dropped;
    return E_OK;
}
