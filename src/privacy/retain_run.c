/* SPDX-License-Identifier: MIT */
/* privacy/retain_run.c - a run of a rule: found by readers, written in slices, each with the run's own row. */
#include "privacy/retain_int.h"

#include "audit/event.h"
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
    int64_t after, total; /* the run begins behind this id; what it has done so far */
    int64_t *id;
    size_t n, at, to;          /* the slice in hand */
    int64_t done, refused;     /* of it */
    str why;
    bool full, over; /* there are more than one run looks at; this run has been */
};

/* ---- the run's row ---- */
static enum err begin_anew(struct cx *cx, struct going *g)
{
    struct db_rows last = {0};
    TRY(db_query(cx, &last,
                 "SELECT reached FROM retention_run WHERE rule = $1 AND state = 'done' AND at >= $2"
                 " ORDER BY id DESC LIMIT 1",
                 V(g->rule.id), V(g->rule.on.at)));
    g->after = last.n ? db_int(&last, 0, 0) : 0;
    return db_exec(cx, NULL,
                   "INSERT INTO retention_run (id, rule, at, ended_at, state, found, done, "
                   "refused, why, batch, reached)"
                   " VALUES ($1, $2, $3, 0, 'running', 0, 0, 0, '', 0, $4)",
                   V(g->run), V(g->rule.id), V(cx->now_ms), V(g->after));
}

static enum err begin_inside(struct cx *cx, void *arg)
{
    struct going *g = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT batch, state, reached, done FROM retention_run WHERE id = $1",
                 V(g->run)));
    if (!r.n) return begin_anew(cx, g);
    g->batch = db_int(&r, 0, 0);
    g->after = db_int(&r, 0, 2);
    g->total = db_int(&r, 0, 3);
    g->over = str_eq(db_str(&r, 0, 1), S("done")) || str_eq(db_str(&r, 0, 1), S("stopped"));
    if (g->over) return E_OK; /* else it was cut short: it goes on */
    return db_exec(cx, NULL, "UPDATE retention_run SET state = 'running' WHERE id = $1", V(g->run));
}

static enum err found_inside(struct cx *cx, void *arg)
{
    struct going *g = arg;
    if (g->rule.act != RETAIN_ERASE && !g->batch && g->n) {
        TRY(batch_begin(cx, S("retention"), (int64_t)g->n, &g->batch));
        cx->batch = 0;
    }
    return db_exec(
        cx, NULL,
        "UPDATE retention_run SET found = done + $2, batch = $3, confirmed = $4 WHERE id = $1",
        V(g->run), V(g->found), V(g->batch), V(g->rule.confirmed));
}

struct ending {
    const struct going *g;
    str state, why;
    bool more; /* the next run goes on: what was confirmed is so yet */
};
static enum err end_inside(struct cx *cx, void *arg)
{
    const struct ending *x = arg;
    bool failed = str_eq(x->state, S("failed"));
    if (!failed && !x->more)
        TRY(db_exec(cx, NULL,
                    "UPDATE retention SET confirmed = 0, version = version + 1 WHERE id = $1 AND "
                    "confirmed = 1",
                    V(x->g->rule.id)));
    if (!failed && !x->more)
        TRY(db_exec(cx, NULL, "UPDATE retention_run SET reached = 0 WHERE id = $1", V(x->g->run)));
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
    int64_t *ids = NULL, changed = 0;
    size_t n = 0;
    TRY(end_inside(cx, x));
    TRY(db_exec(cx, NULL, "UPDATE retention_run SET found = $2 WHERE id = $1", V(x->g->run), V(x->g->found)));
    TRY(db_exec(
        cx, &changed,
        "UPDATE retention SET active = 0, version = version + 1 WHERE id = $1 AND active = 1",
        V(x->g->rule.id)));
    if (changed)
        TRY(event_put(cx, &(struct event){.kind = EVENT_RULE_OFF, .subject = x->g->rule.id}));
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
    struct ending x = {.g = g, .state = S("stopped")};
    TRY(batch_closed(cx, g, E_OK)); /* of a run that was cut short */
    g->found = r->found;
    enum err many = fail(cx, E_LIMIT,
                         "It would take %zu of %zu records, and took %zu in the last %d days; %zu "
                         "were shown when it "
                         "was turned on",
                         (size_t)r->found, (size_t)r->total, (size_t)r->taken, RETAIN_WINDOW_DAYS,
                         (size_t)g->rule.shown);
    x.why = many == E_OK ? S("") : cx->msg;
    cx->err = E_OK;
    log_say(cx, LOG_WARN, S("privacy"),
            "rule of retention %" PRId64 " was turned off: it would take %" PRId64 " of %" PRId64 " records",
            g->rule.id, r->found, r->total);
    return db_write(cx, stop_inside, &x);
}

/* Is it the first run since somebody saw what it would do? */
static enum err is_first(struct cx *cx, const struct going *g, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT 1 FROM retention_run WHERE rule = $1 AND at >= $2 AND id <> $3 LIMIT 1",
                 V(g->rule.id), V(g->rule.on.at), V(g->run)));
    *ret = g->rule.on.at && !r.n;
    return E_OK;
}

static enum err too_many(struct cx *cx, const struct going *g, const struct rehearsal *r, bool *ret)
{
    bool first = false;
    TRY(is_first(cx, g, &first));
    bool unseen = (first || g->rule.confirmed) && retention_unseen(&g->rule, r->found);
    *ret = unseen || (r->over && !g->rule.confirmed);
    return E_OK;
}

/* ---- what it takes ---- */
static enum err take(struct cx *cx, void *arg, const struct record *r)
{
    struct going *g = arg;
    g->full = g->n == RETAIN_A_RUN;
    if (g->full) return fail(cx, E_LIMIT, "There are more");
    g->id[g->n++] = r->id;
    return E_OK;
}

static enum err find(struct cx *cx, struct going *g)
{
    g->id = NEW_N(cx->a, int64_t, RETAIN_A_RUN);
    enum err e = record_each(cx, g->e, &g->q, take, g);
    if (!g->full) return e;
    cx->msg = S("");
    return cx->err = E_OK;
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
    return db_exec(
        cx, NULL,
        "UPDATE retention_run SET done = done + $2, refused = refused + $3, reached = $5,"
        " why = CASE WHEN why = '' THEN $4 ELSE why END WHERE id = $1",
        V(g->run), V(g->done), V(g->refused), V(g->why), V(g->id[g->to - 1]));
}

/* Is it the rule yet that this run began with, and on? Somebody may have seen what it does. */
static enum err still_on(struct cx *cx, const struct going *g)
{
    struct retention now = {0};
    enum err e = retention_get(cx, g->rule.id, &now);
    if (e != E_OK && e != E_NOTFOUND) return e;
    bool same =
        e == E_OK && now.active && str_eq(retention_mark(cx, &now), retention_mark(cx, &g->rule));
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
    bool back = false;
    TRY(retention_brought_back(cx, &g->rule, id, &back));
    return back ? fail(cx, E_CONFLICT, "Somebody has brought it back since") : E_OK;
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

static enum err erase_one(struct cx *cx, struct going *g, int64_t id)
{
    struct record r = {0};
    TRY(brought_back(cx, g, id));
    TRY(g->rule.since == SINCE_TRASHED ? record_get_deleted(cx, g->e, id, &r)
                                       : record_get(cx, g->e, id, &r));
    return g->env->erase(cx, g->env->arg, &r, &g->rule);
}

static enum err erase_slice(struct cx *cx, struct going *g)
{
    struct page p = {0};
    TRY(slice_read(cx, g, &p));
    for (size_t i = p.n; i-- > 0;) { /* the list is newest first, the run goes up */
        if (g->total + g->done == ERASE_A_RUN) {
            while (g->id[g->to - 1] >= p.v[i].id) g->to--;
            break;
        }
        enum err e = erase_one(cx, g, p.v[i].id);
        if (e == E_OK) g->done++;
        else if (e != E_NOTFOUND && err_info[e].http < 500) refuse(cx, g);
        else if (e != E_NOTFOUND) return e;
    }
    return db_write_bulk(cx, told_inside, g);
}

static enum err slices(struct cx *cx, struct going *g)
{
    for (g->at = 0; g->at < g->n; g->at = g->to) {
        struct arena_mark m = arena_mark(cx->a);
        if (g->rule.act == RETAIN_ERASE && g->total >= ERASE_A_RUN) break;
        g->to = g->at + RETAIN_SLICE < g->n ? g->at + RETAIN_SLICE : g->n;
        TRY(g->rule.act == RETAIN_ERASE ? erase_slice(cx, g) : db_write_bulk(cx, slice_write, g));
        g->total += g->done;
        arena_back(cx->a, m);
        if (!g->env->progress(g->env->arg, (int64_t)g->to, (int64_t)g->n)) return cx->err;
    }
    return E_OK;
}

static enum err work(struct cx *cx, struct going *g)
{
    struct rehearsal r = {0};
    bool many = false;
    TRY(retention_rehearse(cx, &g->rule, &r));
    TRY(too_many(cx, g, &r, &many));
    if (many) return stop(cx, g, &r);
    g->found = r.found;
    TRY(retention_query(cx, &g->rule, true, g->after, &g->e, &g->q));
    if (g->rule.act == RETAIN_EMPTY) TRY(retention_sets(cx, &g->rule, g->e, &g->s, &g->n_sets));
    TRY(find(cx, g));
    TRY(db_write(cx, found_inside, g));
    TRY(batch_closed(cx, g, slices(cx, g)));
    bool more = g->full || g->at < g->n;
    return db_write(cx, end_inside, &(struct ending){g, S("done"), S(""), more});
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
    return db_write(cx, end_inside, &(struct ending){g, S("stopped"), why, false});
}

/* What a rule speaks of is not there any more: it is off until somebody has looked. */
static enum err failed(struct cx *cx, struct going *g, enum err e)
{
    str msg = cx->msg, at = cx->at;
    struct ending x = {g, S("failed"), msg, false};
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
