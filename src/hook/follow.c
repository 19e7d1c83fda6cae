/* SPDX-License-Identifier: MIT */
/* hook/follow.c - a slice of the log becomes deliveries: rows and position in one transaction. */
#include "hook/hook_int.h"

#include "base/log.h"

enum { HOUR_MS = 3600000 };

struct told {
    int64_t hook, seq, record;
    str entity, op;
};
struct stop {
    int64_t hook;
    str why;
};
struct slice {
    struct db_pos was, now;
    LIST(struct told) told;
    LIST(struct stop) stops;
    LIST(struct told) erased; /* no rights are asked: it was told of them, and is told an id */
};

static unsigned op_bit(str op)
{
    for (size_t i = 0; i < COUNT(hook_op_name); i++)
        if (str_eq(hook_op_name[i], op)) return 1u << i;
    return 0;
}

/* Seen by cx and fitting, in the trash or outside of it. */
static enum err fits(struct cx *cx, const struct entity *e, int64_t id, const struct cond *c, bool *ret)
{
    struct record r = {0};
    *ret = false;
    if (!acl_may(cx, e, ACT_SEE)) return E_OK;
    if (!c) {
        enum err err = record_get_deleted(cx, e, id, &r);
        *ret = err == E_OK;
        return err == E_NOTFOUND ? E_OK : err;
    }
    for (int deleted = 0; deleted < 2 && !*ret; deleted++) {
        const struct query q = {
            .where = c, .limit = 1, .deleted = deleted, .ids = &id, .n_ids = 1, .fields = {.bare = true}};
        struct page p = {0};
        TRY(record_list(cx, e, &q, &p));
        *ret = p.n > 0;
    }
    return E_OK;
}

/* What of the changes concerns a hook, with the rights of its owner, who is in cx. */
static enum err match(struct cx *cx, const struct hook *h, const struct db_rows *r, struct arena *a, struct slice *s)
{
    const struct entity *only = NULL;
    const struct cond *c = NULL;
    if (hook_condition(cx, h, &only, &c) != E_OK) {
        if (cx->err != E_INVALID) return cx->err;
        *LIST_ADD(a, &s->stops) = (struct stop){h->id, S("filter")};
        return E_OK;
    }
    for (size_t i = 0; i < r->n; i++) {
        str name = db_str(r, i, 5), op = db_str(r, i, 7);
        const struct entity *e = meta_entity(cx->meta, name);
        bool yes = false;
        if (!e || (only && e != only) || !(op_bit(op) & h->ops) || db_int(r, i, 1) < h->created_at) continue;
        TRY(fits(cx, e, db_int(r, i, 6), c, &yes));
        if (yes) *LIST_ADD(a, &s->told) = (struct told){h->id, db_int(r, i, 0), db_int(r, i, 6), name, op};
    }
    return E_OK;
}

static enum err as_owner(struct cx *cx, const struct hooks_opts *o, const struct hook *h, const struct db_rows *r,
                         struct slice *s)
{
    struct cx one = *cx;
    enum err e = o->cx_begin(o->arg, &one, h->owner, h->key);
    if (e == E_OK) e = match(&one, h, r, cx->a, s);
    else if (e == E_AUTH) {
        *LIST_ADD(cx->a, &s->stops) = (struct stop){h->id, S("owner")};
        e = E_OK;
    }
    o->cx_end(o->arg, &one);
    cx->db = one.db;
    return e;
}

/* Too many of one record in an hour: what the receiver does comes back to it. */
static enum err is_loop(struct cx *cx, const struct told *t, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT count(*) FROM hook_delivery WHERE hook = $1 AND record = $2 AND created_at > $3",
                 V(t->hook), V(t->record), V(cx->now_ms - HOUR_MS)));
    *ret = db_int(&r, 0, 0) >= HOOK_RECORD_HOUR;
    return E_OK;
}

static enum err put(struct cx *cx, const struct told *t, int64_t due_at)
{
    return db_exec(cx, NULL,
                   "INSERT INTO hook_delivery (id, hook, seq, entity, record, op, state, tries, due_at, lease_until,"
                   " status, answer, created_at, sent_at)"
                   " VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $8, 0, 0, '', $7, 0)",
                   V(id_new(cx->now_ms)), V(t->hook), V(t->seq), V(t->entity), V(t->record), V(t->op), V(cx->now_ms),
                   V(due_at));
}

/* An erasure, unless it is on its way already. */
static enum err put_erased(struct cx *cx, const struct told *t)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id FROM hook_delivery WHERE hook = $1 AND record = $2 AND op = 'erase'"
                 " AND state IN ('waiting', 'sending') LIMIT 1",
                 V(t->hook), V(t->record)));
    return r.n ? E_OK : put(cx, t, cx->now_ms + HOOK_ERASED_MS);
}

enum err follow_erased(struct cx *cx, int64_t hook)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT c.seq, c.entity, t.record FROM hook_told t"
                 " JOIN change c ON c.record = t.record AND c.op = 'erase' WHERE t.hook = $1 ORDER BY c.seq",
                 V(hook)));
    for (size_t i = 0; i < r.n; i++) {
        struct told t = {hook, db_int(&r, i, 0), db_int(&r, i, 2), db_str(&r, i, 1), S("erase")};
        TRY(put_erased(cx, &t));
    }
    return E_OK;
}

static enum err write_inside(struct cx *cx, void *arg)
{
    const struct slice *s = arg;
    int64_t n = 0, looped = 0;
    TRY(db_exec(cx, &n, "UPDATE follower SET seq = $1, xid = $2, at = $3 WHERE name = 'hook' AND seq = $4 AND xid = $5",
                V(s->now.seq), V(s->now.xid), V(cx->now_ms), V(s->was.seq), V(s->was.xid)));
    if (!n) return E_OK; /* another node was faster */
    for (size_t i = 0; i < s->told.n; i++) {
        const struct told *t = &s->told.v[i];
        bool loop = false;
        if (t->hook == looped) continue;
        TRY(is_loop(cx, t, &loop));
        if (!loop) {
            TRY(put(cx, t, cx->now_ms));
            continue;
        }
        log_say(cx, LOG_ERROR, S("hook"), "webhook %" PRId64 " is stopped: it goes round in a circle", t->hook);
        looped = t->hook;
        TRY(queue_stop(cx, t->hook, S("loop")));
    }
    for (size_t i = 0; i < s->erased.n; i++) TRY(put_erased(cx, &s->erased.v[i]));
    for (size_t i = 0; i < s->stops.n; i++) TRY(queue_stop(cx, s->stops.v[i].hook, s->stops.v[i].why));
    return E_OK;
}

/* Who was ever sent what is erased now. */
static enum err erased_find(struct cx *cx, const struct db_rows *r, struct slice *s)
{
    for (size_t i = 0; i < r->n; i++) {
        struct db_rows h = {0};
        if (!str_eq(db_str(r, i, 7), S("erase"))) continue;
        TRY(db_query(cx, &h, "SELECT hook FROM hook_told WHERE record = $1 ORDER BY hook", V(db_int(r, i, 6))));
        for (size_t k = 0; k < h.n; k++)
            *LIST_ADD(cx->a, &s->erased) =
                (struct told){db_int(&h, k, 0), db_int(r, i, 0), db_int(r, i, 6), db_str(r, i, 5), S("erase")};
    }
    return E_OK;
}

static enum err position(struct cx *cx, struct db_pos *ret, bool *ret_there)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT xid, seq FROM follower WHERE name = 'hook'"));
    *ret_there = r.n > 0;
    if (r.n) *ret = (struct db_pos){db_int(&r, 0, 0), db_int(&r, 0, 1)};
    return E_OK;
}

enum err follow_slice(struct cx *cx, const struct hooks_opts *o, bool *ret_more)
{
    struct hook *h = NULL;
    struct db_rows r = {0};
    struct slice s = {0};
    size_t n = 0;
    bool active = false, there = false;
    *ret_more = false;
    TRY(queue_active(cx, &active));
    if (!active) return E_OK;
    TRY(position(cx, &s.was, &there));
    if (!there) {
        log_say(cx, LOG_ERROR, S("hook"), "the place in the log was lost: webhooks tell what changes from now on");
        return db_write(cx, queue_from_now, NULL);
    }
    s.now = s.was;
    TRY(db_changes(cx, &s.now, HOOK_SLICE, &r));
    if (!r.n) return E_OK;
    TRY(hook_list(cx, &h, &n)); /* after the changes: one of a new hook is older than they */
    for (size_t i = 0; i < n; i++)
        if (h[i].active) TRY(as_owner(cx, o, &h[i], &r, &s));
    TRY(erased_find(cx, &r, &s));
    TRY(db_write_bulk(cx, write_inside, &s));
    *ret_more = r.n == HOOK_SLICE;
    return E_OK;
}
