/* SPDX-License-Identifier: MIT */
/* sync/slice.c - a slice of a system's queue: what is due, in the order it came, some milliseconds of the writer. */
#include "sync/sync_int.h"

#include "base/log.h"
#include "os/os.h"
#include "record/log.h"

enum { SLICE_MAX = 100, SENDERS_MAX = 8, FIRST_RETRY_MS = 1000, RETRY_MAX_MS = 15 * 60000, LINK_RETRY_MAX_MS = 60000 };

struct sender {
    int64_t user, key;
    struct cx cx;
    enum err e;       /* E_OK: he is in; E_AUTH: no more */
    str why;
};
struct slice {
    const struct syncer_opts *o;
    const struct sync_server *me;
    int64_t system, budget_us;
    str name;
    struct sync_todo *v;
    size_t n;
    struct sender sender[SENDERS_MAX];
    size_t n_senders;
    bool mine;        /* the lease */
    bool waits;       /* some item waits for a record */
    int64_t freed;    /* items that are due now because of this slice */
    size_t done;      /* items looked at */
    struct sync_slice_stats st;
    enum err failed;  /* of a careful slice */
    str why;
};

/* ---- what is due ---- */
#define OPEN                                                                                                         \
    "SELECT id, batch, entity, key, op, seq, replaces, record, state, tries, user_id, api_key, value, item, wants"    \
    " FROM sync_item WHERE system = $1 AND due_at IS NOT NULL AND state = "

static void todo_add(const struct db_rows *r, size_t i, struct sync_todo *t)
{
    *t = (struct sync_todo){.row = {.id = db_int(r, i, 0),
                                    .batch = db_int(r, i, 1),
                                    .entity = db_str(r, i, 2),
                                    .key = db_str(r, i, 3),
                                    .op = (enum sync_op)db_int(r, i, 4),
                                    .seq = db_int(r, i, 5),
                                    .record = db_int(r, i, 7),
                                    .state = (enum sync_state)db_int(r, i, 8),
                                    .tries = db_int(r, i, 9),
                                    .user = db_int(r, i, 10),
                                    .values = db_str(r, i, 12),
                                    .item = db_str(r, i, 13)},
                            .replaces = db_int(r, i, 6),
                            .wants = db_str(r, i, 14),
                            .key_id = db_int(r, i, 11)};
}

/* Each list in the order of its time, one that is due again behind two new ones: neither can keep the other waiting.
 * The order of a key is not their matter (turn_of). */
static enum err todo_find(struct cx *cx, struct slice *s)
{
    struct db_rows fresh = {0}, again = {0};
    TRY(db_query(cx, &fresh, OPEN "0 ORDER BY due_at, id LIMIT $2", V(s->system), V((int64_t)SLICE_MAX)));
    TRY(db_query(cx, &again, OPEN "1 AND due_at <= $2 ORDER BY due_at, id LIMIT $3", V(s->system), V(cx->now_ms),
                 V((int64_t)SLICE_MAX)));
    s->v = NEW_N(cx->a, struct sync_todo, fresh.n + again.n + 1);
    for (size_t f = 0, a = 0; f < fresh.n || a < again.n;) {
        bool old = f == fresh.n || (a < again.n && s->n % 3 == 2);
        if (old) todo_add(&again, a++, &s->v[s->n++]);
        else todo_add(&fresh, f++, &s->v[s->n++]);
    }
    return E_OK;
}

/* ---- who sent it ---- */
static struct sender *sender_of(struct cx *cx, struct slice *s, int64_t user, int64_t key)
{
    for (size_t i = 0; i < s->n_senders; i++)
        if (s->sender[i].user == user && s->sender[i].key == key) return &s->sender[i];
    if (s->n_senders == SENDERS_MAX) return NULL;
    struct sender *x = &s->sender[s->n_senders++];
    *x = (struct sender){.user = user, .key = key, .cx = *cx};
    x->e = s->o->cx_begin(s->o->arg, &x->cx, user, key);
    x->cx.way = WAY_API;
    x->cx.req = S("sync");
    x->why = x->cx.msg;
    return x;
}

/* Items up to the first whose sender has no more room in this slice. E_BUSY and the like: of a sender's rights. */
static enum err senders_enter(struct cx *cx, struct slice *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct sync_todo *t = &s->v[i];
        struct sender *x = sender_of(cx, s, t->row.user, t->key_id);
        if (!x) {
            s->n = i;
            break;
        }
        t->who = &x->cx;
        if (x->e == E_AUTH) {
            t->unfit = E_AUTH;
            t->row.why = x->why;
            continue;
        }
        if (x->e != E_OK) return fail(cx, x->e, "The sender's rights could not be read");
        sync_prepare(&x->cx, t, s->name);
    }
    return E_OK;
}

static void senders_leave(struct slice *s)
{
    for (size_t i = 0; i < s->n_senders; i++) s->o->cx_end(s->o->arg, &s->sender[i].cx);
}

/* ---- what became of an item ---- */
static int64_t delay_ms(int64_t tries, int64_t most)
{
    int64_t ms = (int64_t)FIRST_RETRY_MS << (tries < 20 ? tries : 20);
    return ms < most ? ms : most;
}

static enum err row_end(struct cx *cx, struct sync_todo *t, enum sync_state to, int64_t due_at, str code)
{
    t->row.state = to;
    bool open = to < SYNC_APPLIED, keeps = open || to == SYNC_DROPPED;
    return db_exec(cx, NULL,
                   "UPDATE sync_item SET state = $2, due_at = $3, tries = $4, record = $5, change = $6, done_at = $7,"
                   " code = $8, field = $9, why = $10, wants = $11, value = $12 WHERE id = $1 AND due_at IS NOT NULL",
                   V(t->row.id), V((int64_t)to), open ? V(due_at) : DB_NONE, V(t->row.tries), V(t->row.record),
                   V(t->row.change), V(to == SYNC_RETRY || to == SYNC_HELD ? 0 : cx->now_ms), V(code), V(t->row.field),
                   V(t->row.why), V(to == SYNC_RETRY ? t->wants : S("")), V(keeps ? t->row.values : S("")));
}

static enum err refused(struct cx *cx, struct slice *s, struct sync_todo *t, str code)
{
    s->st.refused++;
    TRY(sync_try_put(cx, t->row.id, S("refused"), code, t->row.field, t->row.why));
    return row_end(cx, t, SYNC_REFUSED, cx->now_ms, code);
}

/* Ours to mend, or a record that is yet to come. */
static enum err again(struct cx *cx, struct slice *s, struct sync_todo *t, str code, int64_t most_ms)
{
    bool first = t->row.tries == 1;
    s->st.retried++;
    s->waits |= t->wants.n > 0;
    if (first) TRY(sync_try_put(cx, t->row.id, S("again"), code, t->row.field, t->row.why));
    return row_end(cx, t, SYNC_RETRY, cx->now_ms + delay_ms(t->row.tries - 1, most_ms), code);
}

/* Nothing that the sender could mend: the next try may do. */
static bool passes(enum err e) { return err_info[e].http >= 500 || e == E_SLOW; }

static enum err failed(struct cx *cx, struct slice *s, struct sync_todo *t, enum err e)
{
    bool link = t->wants.n && e == E_NOTFOUND;
    if (link && cx->now_ms - id_time_ms(t->row.id) < (int64_t)SYNC_LINK_HOURS * SYNC_HOUR_MS)
        return again(cx, s, t, S("link"), LINK_RETRY_MAX_MS);
    if (passes(e) && t->row.tries < SYNC_TRIES)
        return again(cx, s, t, err_info[e].name, RETRY_MAX_MS);
    return refused(cx, s, t, link ? S("link") : err_info[e].name);
}

/* What waits for this record to be there. */
static enum err waiters_wake(struct cx *cx, struct slice *s, const struct sync_todo *t)
{
    int64_t n = 0;
    if (!s->waits || t->row.op == SYNC_DELETE) return E_OK;
    TRY(db_exec(cx, &n, "UPDATE sync_item SET due_at = 0 WHERE wants = $1 AND wants <> '' AND state = 1",
                V(sync_wants(cx->a, s->name, t->row.entity, t->row.key))));
    s->freed += n;
    return E_OK;
}

static enum err key_free(struct cx *cx, struct slice *s, const struct sync_todo *t)
{
    int64_t n = 0;
    TRY(sync_key_free(cx, s->system, t->row.entity, t->row.key, &n));
    s->freed += n;
    return E_OK;
}

/* ---- order ---- */
enum turn { TURN_NOW, TURN_LATER, TURN_HELD };

/* Any earlier one will do: in no order, for with one PostgreSQL walks all ids to find the first. One that is found
 * among what is new comes to its turn before. Its own row is looked at, too: released, changed or dropped meanwhile
 * it is not ours. */
static enum err turn_of(struct cx *cx, const struct slice *s, const struct sync_todo *t, enum turn *ret)
{
    struct db_rows r = {0};
    if (!t->row.key.n)
        TRY(db_query(cx, &r, "SELECT id, state, tries FROM sync_item WHERE id = $1", V(t->row.id)));
    else
        TRY(db_query(cx, &r,
                     "SELECT id, state, tries FROM sync_item WHERE system = $1 AND entity = $2 AND key = $3"
                     " AND id <= $4 AND due_at IS NOT NULL LIMIT 2",
                     V(s->system), V(t->row.entity), V(t->row.key), V(t->row.id)));
    *ret = TURN_LATER;
    for (size_t i = 0; i < r.n; i++) {
        int64_t state = db_int(&r, i, 1);
        bool own = db_int(&r, i, 0) == t->row.id;
        if (own && (state != (int64_t)t->row.state || db_int(&r, i, 2) != t->row.tries)) return *ret = TURN_LATER, E_OK;
        if (own && r.n == 1) *ret = TURN_NOW;
        if (!own && state != SYNC_RECEIVED) *ret = TURN_HELD;
    }
    return E_OK;
}

/* Its sender's own ones of the key that are stuck; not when he may not send any more, nor when this one is not ours. */
static enum err replace(struct cx *cx, const struct slice *s, const struct sync_todo *t)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT state, tries FROM sync_item WHERE id = $1 AND due_at IS NOT NULL", V(t->row.id)));
    bool ours = r.n && db_int(&r, 0, 0) == (int64_t)t->row.state && db_int(&r, 0, 1) == t->row.tries;
    if (!ours || t->unfit != E_OK) return E_OK;
    return db_exec(cx, NULL,
                   "UPDATE sync_item SET state = 6, code = 'replaced', wants = '', due_at = NULL, done_at = $5"
                   " WHERE system = $1 AND entity = $2 AND key = $3 AND id < $4 AND due_at IS NOT NULL"
                   " AND state IN (1, 2, 3) AND user_id = $6",
                   V(s->system), V(t->row.entity), V(t->row.key), V(t->row.id), V(cx->now_ms), V(t->row.user));
}

/* A newer one of the key was applied before: by the sender's own numbers. */
static enum err is_stale(struct cx *cx, const struct slice *s, const struct sync_todo *t, bool *ret)
{
    struct db_rows r = {0};
    *ret = false;
    if (!t->row.seq) return E_OK;
    TRY(db_query(cx, &r,
                 "SELECT max(seq) FROM (SELECT seq FROM sync_item WHERE system = $1 AND entity = $2 AND key = $3"
                 " AND state IN (4, 5) AND code <> 'stale' ORDER BY id DESC LIMIT 100) AS last",
                 V(s->system), V(t->row.entity), V(t->row.key)));
    *ret = r.n && db_int(&r, 0, 0) > t->row.seq;
    return E_OK;
}

/* The log's batch while it can take more: one that was taken back cannot, nor has a single item any. */
static enum err batch_of(struct cx *cx, struct slice *s, struct sync_todo *t)
{
    bool there = false;
    str state = {0}, info = {0};
    t->batch_change = 0;
    if (t->row.batch == t->row.id) return E_OK;
    for (size_t i = s->done; i-- > 0;)
        if (s->v[i].row.batch == t->row.batch && s->v[i].batch_change) {
            t->batch_change = t->row.batch;
            return E_OK;
        }
    TRY(batch_look(cx, t->row.batch, &there, &state, &info));
    if (there && (str_eq(state, S("running")) || str_eq(state, S("done")))) t->batch_change = t->row.batch;
    return E_OK;
}

/* ---- one item ---- */
static enum err item_run(struct cx *cx, struct slice *s, struct sync_todo *t)
{
    enum sync_state to = SYNC_UNCHANGED;
    bool stale = false;
    t->row.tries++;
    TRY(is_stale(cx, s, t, &stale));
    if (stale) {
        t->row.field = t->row.why = S("");
        s->st.unchanged++;
        return row_end(cx, t, SYNC_UNCHANGED, 0, S("stale"));
    }
    if (t->unfit != E_OK) return failed(cx, s, t, t->unfit);
    t->row.field = t->row.why = S("");
    TRY(batch_of(cx, s, t));
    t->who->db = cx->db;
    t->who->now_ms = cx->now_ms;
    enum err e = sync_apply(t->who, t, s->name, &to);
    if (e == E_CONFLICT && str_find(t->who->at, S("external_id")) >= 0) e = E_BUSY; /* made by another at this moment */
    if (passes(e)) { /* the whole transaction may be lost: the slice begins anew */
        cx->msg = t->who->msg;
        return cx->err = e;
    }
    if (e != E_OK) {
        t->row.field = t->who->at;
        t->row.why = t->who->msg;
        return failed(cx, s, t, e);
    }
    if (to == SYNC_APPLIED) s->st.applied++;
    else s->st.unchanged++;
    if (to == SYNC_APPLIED) TRY(waiters_wake(cx, s, t));
    return row_end(cx, t, to, 0, S(""));
}

static enum err item_turn(struct cx *cx, struct slice *s, struct sync_todo *t)
{
    enum turn turn = TURN_NOW;
    enum sync_state was = t->row.state;
    t->counts = false;
    if (t->replaces) TRY(replace(cx, s, t));
    TRY(turn_of(cx, s, t, &turn));
    if (turn == TURN_LATER) return E_OK;
    if (turn == TURN_HELD) {
        s->st.held++;
        TRY(row_end(cx, t, SYNC_HELD, 0, S("held")));
    } else {
        TRY(item_run(cx, s, t));
    }
    if ((was == SYNC_RETRY || t->replaces) && t->row.state >= SYNC_APPLIED) TRY(key_free(cx, s, t));
    t->counts = was == SYNC_RECEIVED && t->row.batch != t->row.id;
    return E_OK;
}

static enum err lease(struct cx *cx, struct slice *s)
{
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE sync_system SET lease_by = $2, lease_until = $3 WHERE id = $1"
                " AND (lease_by = $2 OR lease_until < $4)",
                V(s->system), V(str_from(s->me->name)), V(cx->now_ms + SYNC_LEASE_MS), V(cx->now_ms)));
    s->mine = n == 1;
    return E_OK;
}

/* The transaction may run again: what an item was stays as it is. */
static enum err item_once(struct cx *cx, struct slice *s, struct sync_todo *t)
{
    struct sync_row before = t->row;
    enum err e = item_turn(cx, s, t);
    t->row = before;
    return e;
}

static enum err begin(struct cx *cx, struct slice *s)
{
    struct db_rows r = {0};
    s->st = (struct sync_slice_stats){0};
    s->done = 0;
    s->freed = 0;
    TRY(lease(cx, s));
    if (!s->mine) return E_OK;
    TRY(db_query(cx, &r, "SELECT id FROM sync_item WHERE wants <> '' LIMIT 1"));
    s->waits = r.n > 0;
    return E_OK;
}

/* Items of a batch stand together. */
static enum err batches_count(struct cx *cx, const struct slice *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->done; i++) {
        n += s->v[i].counts;
        bool last = i + 1 == s->done || s->v[i + 1].row.batch != s->v[i].row.batch;
        if (last && n) TRY(batch_count(cx, s->v[i].row.batch, n));
        if (last) n = 0;
    }
    return E_OK;
}

static enum err slice_write(struct cx *cx, void *arg)
{
    struct slice *s = arg;
    int64_t from = os_mono_us();
    TRY(begin(cx, s));
    while (s->mine && s->done < s->n && (!s->done || os_mono_us() - from < s->budget_us)) {
        TRY(item_once(cx, s, &s->v[s->done]));
        s->done++;
    }
    TRY(batches_count(cx, s));
    s->st.writer_us = os_mono_us() - from;
    return E_OK;
}

/* The one item of a careful slice has failed by no fault of its own: it is tried again later, and the others go on. */
static enum err blame_inside(struct cx *cx, void *arg)
{
    struct slice *s = arg;
    struct sync_todo *t = &s->v[0];
    struct sync_row before = t->row;
    TRY(begin(cx, s));
    if (!s->mine) return E_OK;
    t->row.tries++;
    t->row.field = S("");
    t->row.why = s->why;
    enum err e = failed(cx, s, t, s->failed);
    t->row = before;
    TRY(e);
    return before.state == SYNC_RECEIVED && before.batch != before.id ? batch_count(cx, before.batch, 1) : E_OK;
}

static enum err blame(struct cx *cx, struct slice *s, enum err e)
{
    if (!s->n || !passes(e)) return e;
    s->failed = e;
    s->why = cx->msg;
    return db_write_bulk(cx, blame_inside, s);
}

static enum err system_name(struct cx *cx, struct slice *s, bool *ret_free)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT name, lease_by, lease_until FROM sync_system WHERE id = $1", V(s->system)));
    *ret_free = r.n && (str_eq(db_str(&r, 0, 1), str_from(s->me->name)) || db_int(&r, 0, 2) < cx->now_ms);
    s->name = r.n ? db_str(&r, 0, 0) : S("");
    return E_OK;
}

enum err sync_slice(struct cx *cx, const struct syncer_opts *o, const struct sync_server *me, int64_t system,
                    int64_t budget_us, bool careful, struct sync_slice_stats *ret, bool *ret_more)
{
    struct slice s = {.o = o, .me = me, .system = system, .budget_us = budget_us};
    bool is_free = false;
    *ret_more = false;
    TRY(todo_find(cx, &s));
    if (!s.n) return E_OK;
    TRY(system_name(cx, &s, &is_free));
    if (!is_free) return E_OK;
    size_t found = s.n;
    if (careful) s.n = 1;
    enum err e = senders_enter(cx, &s);
    if (e == E_OK && s.n) e = db_write_bulk(cx, slice_write, &s);
    if (e != E_OK && careful) e = blame(cx, &s, e);
    senders_leave(&s);
    TRY(e);
    *ret = s.st;
    int64_t moved = s.st.applied + s.st.unchanged + s.st.refused + s.st.retried + s.st.held;
    *ret_more = s.mine && moved > 0 && (s.done < found || found >= SLICE_MAX || s.freed);
    return E_OK;
}

static enum err leases_inside(struct cx *cx, void *none)
{
    (void)none;
    return db_exec(cx, NULL, "UPDATE sync_system SET lease_until = 0 WHERE lease_until > 0");
}

enum err sync_leases_end(struct cx *cx) { return db_is_pg(cx) ? E_OK : db_write(cx, leases_inside, NULL); }
