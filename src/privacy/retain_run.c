/* SPDX-License-Identifier: MIT */
/* privacy/retain_run.c - a run of a rule: found by readers, written in slices, each with the run's own row. */
#include "privacy/retain_int.h"

#include "base/log.h"
#include "base/tr.h"
#include "notice/notice.h"
#include "record/log.h"

enum { TOLD_MAX = 20, NOTICE_BYTES = 4096 };

struct going {
    struct retention rule;
    const struct retain_env *env;
    const struct entity *e;
    struct query q;
    struct set *s;
    size_t n_sets;
    int64_t run, batch, found;
    int64_t *id;
    size_t n, at, to;          /* the slice in hand */
    int64_t done, refused;     /* of it */
    str why;
    bool over;                 /* this run has been */
};

/* ---- the run's row ---- */
static enum err begin_inside(struct cx *cx, void *arg)
{
    struct going *g = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT batch, state FROM retention_run WHERE id = $1", V(g->run)));
    g->batch = r.n ? db_int(&r, 0, 0) : 0;
    g->over = r.n && (str_eq(db_str(&r, 0, 1), S("done")) || str_eq(db_str(&r, 0, 1), S("stopped")));
    if (g->over) return E_OK;
    if (r.n) /* it was cut short: what was done is done, the rest is found anew */
        return db_exec(cx, NULL, "UPDATE retention_run SET state = 'running', refused = 0, why = '' WHERE id = $1",
                       V(g->run));
    return db_exec(cx, NULL,
                   "INSERT INTO retention_run (id, rule, at, ended_at, state, found, done, refused, why, batch)"
                   " VALUES ($1, $2, $3, 0, 'running', 0, 0, 0, '', 0)",
                   V(g->run), V(g->rule.id), V(cx->now_ms));
}

static enum err found_inside(struct cx *cx, void *arg)
{
    struct going *g = arg;
    if (g->rule.act != RETAIN_ERASE && !g->batch && g->n) {
        TRY(batch_begin(cx, S("retention"), (int64_t)g->n, &g->batch));
        cx->batch = 0;
    }
    return db_exec(cx, NULL, "UPDATE retention_run SET found = done + $2, batch = $3 WHERE id = $1", V(g->run),
                   V(g->found), V(g->batch));
}

struct ending {
    const struct going *g;
    str state, why;
};
static enum err end_inside(struct cx *cx, void *arg)
{
    const struct ending *x = arg;
    bool ends = !str_eq(x->state, S("failed")); /* else it goes on: what was confirmed for it is so yet */
    if (ends) TRY(db_exec(cx, NULL, "UPDATE retention SET confirmed = 0 WHERE id = $1", V(x->g->rule.id)));
    return db_exec(cx, NULL,
                   "UPDATE retention_run SET state = $2, ended_at = $3, why = CASE WHEN $4 <> '' THEN $4 ELSE why END"
                   " WHERE id = $1",
                   V(x->g->run), V(x->state), V(cx->now_ms), V(x->why));
}

/* However it ends, the batch can be undone. */
static enum err batch_closed(struct cx *cx, const struct going *g, enum err e)
{
    str msg = cx->msg, at = cx->at;
    if (!g->batch) return e;
    enum err ended = batch_end(cx, g->batch, e == E_OK ? S("done") : S("failed"), S(""));
    if (e == E_OK || ended != E_OK) return ended;
    cx->msg = msg;
    cx->at = at;
    return cx->err = e;
}

/* ---- too many ---- */
static enum err stop_inside(struct cx *cx, void *arg)
{
    struct ending *x = arg;
    struct buf b = buf_new(cx->a, NOTICE_BYTES);
    struct jw w = jw_new(&b);
    int64_t *ids = NULL;
    size_t n = 0;
    TRY(end_inside(cx, x));
    TRY(db_exec(cx, NULL, "UPDATE retention_run SET found = $2 WHERE id = $1", V(x->g->run), V(x->g->found)));
    TRY(db_exec(cx, NULL, "UPDATE retention SET active = 0 WHERE id = $1", V(x->g->rule.id)));
    jw_obj(&w);
    jw_kstr(&w, S("source"), x->g->rule.name);
    jw_obj_end(&w);
    TRY(acl_holders(cx, SYS_PRIVACY, TOLD_MAX, &ids, &n));
    for (size_t i = 0; i < n; i++) /* about no record: it hangs on himself */
        TRY(notice_put(cx, ids[i], S("retention"), ENT(cx, "user"), ids[i], buf_str(&b)));
    return E_OK;
}

static enum err stop(struct cx *cx, struct going *g, const struct rehearsal *r)
{
    struct ending x = {g, S("stopped"), S("")};
    TRY(batch_closed(cx, g, E_OK)); /* of a run that was cut short */
    g->found = r->found;
    log_say(cx, LOG_WARN, S("privacy"),
            "rule of retention %" PRId64 " was turned off: it would take %" PRId64 " of %" PRId64 " records",
            g->rule.id, r->found, r->total);
    return db_write(cx, stop_inside, &x);
}

/* ---- what it takes ---- */
static enum err take(struct cx *cx, void *arg, const struct record *r)
{
    struct going *g = arg;
    size_t max = g->rule.act == RETAIN_ERASE ? ERASE_A_RUN : RETAIN_A_RUN;
    (void)cx;
    if (g->n < max) g->id[g->n++] = r->id;
    g->found++;
    return E_OK;
}

static void refuse(struct cx *cx, struct going *g)
{
    g->refused++;
    if (!g->why.n) g->why = arena_dup(cx->a, cx->msg);
}

static enum err one(struct cx *cx, const struct going *g, int64_t id)
{
    struct written w = {0};
    return g->rule.act == RETAIN_TRASH ? record_delete(cx, g->e, id, 0, &w)
                                       : record_update(cx, g->e, id, 0, g->s, g->n_sets, &w);
}

static enum err told(struct cx *cx, const struct going *g)
{
    return db_exec(cx, NULL,
                   "UPDATE retention_run SET done = done + $2, refused = refused + $3,"
                   " why = CASE WHEN why = '' THEN $4 ELSE why END WHERE id = $1",
                   V(g->run), V(g->done), V(g->refused), V(g->why));
}

/* Is it the rule yet that this run began with, and on? Somebody may have seen what it does. */
static enum err still_on(struct cx *cx, const struct going *g)
{
    struct retention now = {0};
    const struct retention *was = &g->rule;
    enum err e = retention_get(cx, was->id, &now);
    if (e != E_OK && e != E_NOTFOUND) return e;
    bool same = e == E_OK && now.active && now.rehearsed_at == was->rehearsed_at && now.act == was->act &&
                now.since == was->since && now.n == was->n && now.unit == was->unit &&
                str_eq(now.entity, was->entity) && str_eq(now.filter, was->filter) && str_eq(now.fields, was->fields);
    return same ? E_OK : fail(cx, E_CONFLICT, "The rule was turned off or changed while it ran");
}

/* Those of the slice that are still meant: somebody may have touched one since. */
static enum err slice_read(struct cx *cx, struct going *g, struct page *ret)
{
    struct query q = g->q;
    g->done = g->refused = 0;
    g->why = S("");
    q.ids = g->id + g->at;
    q.n_ids = g->to - g->at;
    q.limit = q.n_ids;
    TRY(still_on(cx, g));
    return record_list(cx, g->e, &q, ret);
}

/* What somebody took back from a rule, or out of the trash, stays with him until it is as old as that. */
static enum err brought_back(struct cx *cx, const struct going *g, int64_t id)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT 1 FROM change WHERE record = $1 AND at > $2 AND (op = 'restore' OR way = 'undo') LIMIT 1",
                 V(id), V(retention_before(cx, &g->rule))));
    return r.n ? fail(cx, E_CONFLICT, "Somebody has brought it back since") : E_OK;
}

static enum err slice_write(struct cx *cx, void *arg)
{
    struct going *g = arg;
    struct page p = {0};
    TRY(slice_read(cx, g, &p));
    cx->batch = g->batch;
    enum err e = E_OK;
    for (size_t i = 0; i < p.n && e == E_OK; i++) {
        e = brought_back(cx, g, p.v[i].id);
        if (e == E_OK) e = one(cx, g, p.v[i].id);
        if (e == E_OK) g->done++;
        else if (err_info[e].http < 500) refuse(cx, g), e = E_OK;
    }
    cx->batch = 0;
    TRY(e);
    if (g->batch) TRY(batch_progress(cx, g->batch, (int64_t)g->to));
    return told(cx, g);
}

static enum err told_inside(struct cx *cx, void *arg) { return told(cx, arg); }

static enum err erase_slice(struct cx *cx, struct going *g)
{
    struct page p = {0};
    TRY(slice_read(cx, g, &p));
    for (size_t i = 0; i < p.n; i++) {
        struct record r = {0};
        enum err e = brought_back(cx, g, p.v[i].id);
        if (e == E_OK) e = g->rule.since == SINCE_TRASHED ? record_get_deleted(cx, g->e, p.v[i].id, &r)
                                                          : record_get(cx, g->e, p.v[i].id, &r);
        if (e == E_NOTFOUND) continue;
        if (e == E_OK) e = g->env->erase(cx, g->env->arg, &r);
        if (e == E_OK) g->done++;
        else if (err_info[e].http < 500) refuse(cx, g);
        else return e;
    }
    return db_write_bulk(cx, told_inside, g);
}

static enum err slices(struct cx *cx, struct going *g)
{
    for (g->at = 0; g->at < g->n; g->at = g->to) {
        struct arena_mark m = arena_mark(cx->a);
        g->to = g->at + RETAIN_SLICE < g->n ? g->at + RETAIN_SLICE : g->n;
        TRY(g->rule.act == RETAIN_ERASE ? erase_slice(cx, g) : db_write_bulk(cx, slice_write, g));
        arena_back(cx->a, m);
        if (!g->env->progress(g->env->arg, (int64_t)g->to, (int64_t)g->n)) return cx->err;
    }
    return E_OK;
}

static enum err work(struct cx *cx, struct going *g)
{
    struct rehearsal r = {0};
    TRY(retention_rehearse(cx, &g->rule, &r));
    if (r.over && !g->rule.confirmed) return stop(cx, g, &r);
    TRY(retention_query(cx, &g->rule, true, &g->e, &g->q));
    if (g->rule.act == RETAIN_EMPTY) TRY(retention_sets(cx, &g->rule, g->e, &g->s, &g->n_sets));
    g->id = NEW_N(cx->a, int64_t, RETAIN_A_RUN);
    TRY(record_each(cx, g->e, &g->q, take, g));
    TRY(db_write(cx, found_inside, g));
    TRY(batch_closed(cx, g, slices(cx, g)));
    return db_write(cx, end_inside, &(struct ending){g, S("done"), S("")});
}

/* A run that was cut short and whose rule is off or gone by now: what it did can be undone. */
static enum err left(struct cx *cx, struct going *g)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT batch FROM retention_run WHERE id = $1 AND state IN ('running', 'failed')",
                 V(g->run)));
    if (!r.n) return E_OK;
    g->batch = db_int(&r, 0, 0);
    TRY(batch_closed(cx, g, E_OK));
    str why = tr(cx->lang, S("The rule was turned off or changed while it ran"));
    return db_write(cx, end_inside, &(struct ending){g, S("stopped"), why});
}

/* What a rule speaks of is not there any more: it is off until somebody has looked. */
static enum err failed(struct cx *cx, struct going *g, enum err e)
{
    str msg = cx->msg, at = cx->at;
    struct ending x = {g, S("failed"), msg};
    enum err closed = batch_closed(cx, g, E_OK);
    enum err ended = closed == E_OK ? db_write(cx, e == E_INVALID ? stop_inside : end_inside, &x) : closed;
    if (ended != E_OK) return ended;
    cx->msg = msg;
    cx->at = at;
    return cx->err = e;
}

enum err retention_run(struct cx *cx, int64_t rule, int64_t run, const struct retain_env *env)
{
    struct going g = {.env = env, .run = run};
    enum way way = cx->way;
    enum err e = retention_get(cx, rule, &g.rule);
    if (e == E_NOTFOUND || (e == E_OK && !g.rule.active)) return left(cx, &g);
    TRY(e);
    TRY(db_write(cx, begin_inside, &g));
    if (g.over) return E_OK;
    if (g.batch) TRY(batch_go_on(cx, g.batch));
    cx->way = WAY_RULE;
    e = work(cx, &g);
    cx->way = way;
    return e == E_OK ? E_OK : failed(cx, &g, e);
}
