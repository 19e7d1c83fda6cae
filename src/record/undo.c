/* SPDX-License-Identifier: MIT */
/* record/undo.c - taking changes back: ordinary new writes in one batch, checked against later edits.
 *
 * A change is in conflict when something outside of its own batch has touched the same record later (for an
 * update: the same field). Undoing the undo's batch is redo.
 */
#include "record/record_int.h"

enum { SLICE = 200, KEPT_LISTED = 100 };

struct step { /* one change to take back */
    int64_t seq, batch, record, version;
    str entity, op, old;
};

struct undoing {
    enum undo_mode mode;
    struct undo_result *ret;
    LIST(struct undo_conflict) kept;
    const struct step *v;
    size_t n;
};

/* A later change is an edit unless it is of the same batch, or written by this very undo. */
static bool counts(const struct cx *cx, const struct step *s, int64_t other)
{
    return !other || (other != s->batch && other != cx->batch);
}

/* Fields of `sets` that later changes of others touched; for other ops: any later change at all. */
static enum err later_edits(struct cx *cx, const struct entity *e, const struct step *s,
                            const struct set *sets, size_t n, struct undo_conflict *ret,
                            bool *ret_any)
{
    struct db_rows r = {0};
    const struct field **f = NEW_N(cx->a, const struct field *, n + 1);
    size_t hit = 0;
    TRY(db_query(cx, &r,
                 "SELECT batch, op, old, way FROM change WHERE record = $1 AND seq > $2 ORDER BY "
                 "seq LIMIT 1000",
                 V(s->record), V(s->seq)));
    for (size_t i = 0; i < r.n; i++) {
        const struct json *old = NULL;
        if (!counts(cx, s, db_int(&r, i, 0))) continue;
        if (!str_eq(s->op, S("update"))) {
            *ret_any = true;
            continue;
        }
        if (!db_str(&r, i, 2).n) continue;
        TRY(json_parse(cx, db_str(&r, i, 2), &old));
        for (size_t k = 0; k < n; k++) {
            bool listed = false;
            for (size_t m = 0; m < hit; m++) listed |= f[m] == sets[k].f;
            if (!listed && json_get(old, sets[k].f->name)) f[hit++] = sets[k].f;
        }
    }
    *ret_any |= hit > 0;
    *ret = (struct undo_conflict){.e = e, .id = s->record, .f = f, .n = hit};
    return E_OK;
}

static bool is_in(const struct field *const *f, size_t n, const struct field *x)
{
    for (size_t i = 0; i < n; i++)
        if (f[i] == x) return true;
    return false;
}

static enum err keep(struct cx *cx, struct undoing *u, struct undo_conflict c)
{
    str title = S("");
    u->ret->n_kept_all++;
    if (u->kept.n >= KEPT_LISTED) return E_OK;
    for (size_t i = 0; i < u->kept.n; i++)
        if (u->kept.v[i].id == c.id) return E_OK;
    TRY(record_titles(cx, c.e, &c.id, 1, &title));
    c.title = title;
    *LIST_ADD(cx->a, &u->kept) = c;
    return E_OK;
}

static enum err take_back_update(struct cx *cx, struct undoing *u, const struct record *r,
                                 const struct step *s, const struct set *sets, size_t n,
                                 const struct undo_conflict *c)
{
    struct set *use = NEW_N(cx->a, struct set, n + 1);
    struct written w = {0};
    size_t m = 0;
    (void)s;
    for (size_t i = 0; i < n; i++)
        if (u->mode == UNDO_FORCE || !is_in(c->f, c->n, sets[i].f)) use[m++] = sets[i];
    TRY(update_write(cx, r->e, r, use, m, &w));
    if (w.seq) u->ret->undone++;
    return E_OK;
}

/* A creation taken back is a deletion: it needs the same right. */
static enum action act_of(const struct step *s)
{
    return str_eq(s->op, S("update")) ? ACT_CHANGE : ACT_DELETE;
}

static enum err redirect_drop(struct cx *cx, const struct step *s)
{
    return str_eq(s->op, S("merge"))
               ? db_exec(cx, NULL, "DELETE FROM redirect WHERE id = $1", V(s->record))
               : E_OK;
}

static enum err take_back(struct cx *cx, struct undoing *u, const struct step *s)
{
    const struct entity *e = meta_entity(cx->meta, s->entity);
    struct record r = {0};
    struct set *sets = NULL;
    size_t n = 0;
    struct undo_conflict c = {0};
    bool conflict = false;
    struct written w = {0};
    if (!e) return E_OK;
    enum err err = read_one(cx, e, s->record, act_of(s), EITHER, false, &r);
    if (err == E_NOTFOUND) return E_OK; /* purged meanwhile, or not ours to see */
    TRY(err);
    TRY(log_old_sets(cx, e, s->old, &sets, &n));
    TRY(later_edits(cx, e, s, sets, n, &c, &conflict));
    if (conflict && u->mode != UNDO_FORCE) {
        TRY(keep(cx, u, c));
        if (!str_eq(s->op, S("update"))) return E_OK;
    }
    bool away = r.v[F_DELETED_AT].t != VT_NULL;
    if (str_eq(s->op, S("update")))
        return away ? E_OK : take_back_update(cx, u, &r, s, sets, n, &c);
    bool to_trash = str_eq(s->op, S("create")) || str_eq(s->op, S("restore"));
    if (to_trash == away) return E_OK;
    TRY(trash_write(cx, e, &r, to_trash, to_trash ? S("delete") : S("restore"), &w));
    u->ret->undone++;
    return redirect_drop(cx, s);
}

static enum err slice_inside(struct cx *cx, void *arg)
{
    struct undoing *u = arg;
    int64_t undone = u->ret->undone;
    size_t kept_all = u->ret->n_kept_all, kept = u->kept.n;
    for (size_t i = 0; i < u->n; i++) {
        enum err e = take_back(cx, u, &u->v[i]);
        if (e == E_OK) continue;
        u->ret->undone = undone; /* the slice is rolled back, and may be tried again */
        u->ret->n_kept_all = kept_all;
        u->kept.n = kept;
        return e;
    }
    return E_OK;
}

static void steps_of(struct cx *cx, const struct db_rows *r, struct undoing *u)
{
    struct step *s = NEW_N(cx->a, struct step, r->n + 1);
    for (size_t i = 0; i < r->n; i++)
        s[i] = (struct step){db_int(r, i, 0), db_int(r, i, 1), db_int(r, i, 2), db_int(r, i, 3),
                             db_str(r, i, 4), db_str(r, i, 5), db_str(r, i, 6)};
    u->v = s;
    u->n = r->n;
}

/* Records of the batch that others have touched after it: known by one query, before anything is written. */
static enum err batch_conflicts(struct cx *cx, int64_t batch, struct undoing *u)
{
    struct db_rows r = {0};
    TRY(db_query(
        cx, &r,
        "SELECT DISTINCT c.seq, c.batch, c.record, c.version, c.entity, c.op, c.old FROM change c"
        " JOIN change l ON l.record = c.record AND l.seq > c.seq AND l.batch <> c.batch"
        " WHERE c.batch = $1 AND c.batch <> 0 ORDER BY c.seq DESC LIMIT 10000",
        V(batch)));
    steps_of(cx, &r, u);
    for (size_t i = 0; i < u->n; i++) {
        const struct step *s = &u->v[i];
        const struct entity *e = meta_entity(cx->meta, s->entity);
        struct set *sets = NULL;
        size_t n = 0;
        struct undo_conflict c = {0};
        bool hit = false;
        if (!e) continue;
        TRY(log_old_sets(cx, e, s->old, &sets, &n));
        TRY(later_edits(cx, e, s, sets, n, &c, &hit));
        if (hit) TRY(keep(cx, u, c));
    }
    return E_OK;
}

static enum err mark_undone(struct cx *cx, void *arg)
{
    const int64_t *ids = arg; /* the batch undone, the batch that undid it */
    TRY(db_exec(cx, NULL, "UPDATE batch SET state = 'undone' WHERE id = $1", V(ids[0])));
    TRY(db_exec(cx, NULL, "UPDATE batch SET undo_of = $2, state = 'done' WHERE id = $1", V(ids[1]),
                V(ids[0])));
    return db_exec(
        cx, NULL,
        "UPDATE batch SET state = 'done' WHERE id IN (SELECT undo_of FROM batch WHERE id = $1)",
        V(ids[0]));
}

static enum err asked(struct cx *cx, struct undoing *u)
{
    u->ret->kept = u->kept.v;
    u->ret->n_kept = u->kept.n;
    return fail(cx, E_CONFLICT, "%zu records were changed later", u->ret->n_kept_all);
}

static enum err batch_walk(struct cx *cx, int64_t batch, struct undoing *u)
{
    int64_t before = INT64_MAX;
    for (;;) {
        struct db_rows r = {0};
        TRY(db_query(cx, &r,
                     "SELECT seq, batch, record, version, entity, op, old FROM change WHERE batch "
                     "= $1 AND batch <> 0 AND seq < $2"
                     " ORDER BY seq DESC LIMIT 200",
                     V(batch), V(before)));
        if (!r.n) return E_OK;
        steps_of(cx, &r, u);
        TRY(db_write_bulk(cx, slice_inside, u));
        before = u->v[u->n - 1].seq;
    }
}

static enum err begin(struct cx *cx, str title, enum way *ret_way, struct undo_result *ret)
{
    *ret_way = cx->way;
    cx->way = WAY_UNDO;
    return batch_begin(cx, title, 0, &ret->batch);
}

static void end(struct cx *cx, enum way way, struct undoing *u)
{
    cx->way = way;
    cx->batch = 0;
    u->ret->kept = u->kept.v;
    u->ret->n_kept = u->kept.n;
}

enum err undo_batch(struct cx *cx, int64_t batch, enum undo_mode mode, struct undo_result *ret)
{
    struct db_rows r = {0};
    struct undoing u = {.mode = mode, .ret = ret};
    enum way way = cx->way;
    *ret = (struct undo_result){0};
    TRY(db_query(cx, &r, "SELECT title, state, who FROM batch WHERE id = $1", V(batch)));
    if (!r.n || (cx->acl && db_int(&r, 0, 2) != cx->who.user && !acl_sys(cx, SYS_LOG)))
        return fail(cx, E_NOTFOUND, "There is no such batch");
    if (str_eq(db_str(&r, 0, 1), S("running")))
        return fail(cx, E_CONFLICT, "This batch is still running");
    if (str_eq(db_str(&r, 0, 1), S("undone")))
        return fail(cx, E_CONFLICT, "This batch has been undone already");
    if (mode == UNDO_ASK) {
        TRY(batch_conflicts(cx, batch, &u));
        if (ret->n_kept_all) return asked(cx, &u);
    }
    TRY(begin(cx, db_str(&r, 0, 0), &way, ret));
    u.mode = mode == UNDO_ASK ? UNDO_KEEP : mode; /* an edit that came in between stays */
    enum err e = batch_walk(cx, batch, &u);
    int64_t ids[2] = {batch, ret->batch};
    if (e == E_OK) e = db_write(cx, mark_undone, ids);
    else if (batch_end(cx, ret->batch, S("failed"), S("")) != E_OK) e = cx->err;
    end(cx, way, &u);
    return e;
}

/* A single change: batch and all in one transaction. */
static enum err change_inside(struct cx *cx, void *arg)
{
    struct undoing *u = arg;
    u->ret->undone = 0; /* the transaction may be run again */
    u->ret->n_kept_all = u->kept.n = 0;
    TRY(batch_begin(cx, S("undo"), 0, &u->ret->batch));
    TRY(slice_inside(cx, u));
    return batch_end(cx, u->ret->batch, S("done"), S(""));
}

enum err undo_change(struct cx *cx, int64_t seq, enum undo_mode mode, struct undo_result *ret)
{
    struct db_rows r = {0};
    struct undoing u = {.mode = mode, .ret = ret};
    enum way way = cx->way;
    *ret = (struct undo_result){0};
    TRY(db_query(cx, &r,
                 "SELECT seq, batch, record, version, entity, op, old FROM change WHERE seq = $1",
                 V(seq)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such record");
    steps_of(cx, &r, &u);
    const struct entity *e = meta_entity(cx->meta, u.v[0].entity);
    struct record rec = {0};
    struct set *sets = NULL;
    size_t n = 0;
    struct undo_conflict c = {0};
    bool hit = false;
    if (!e) return fail(cx, E_NOTFOUND, "There is no such record");
    TRY(read_one(cx, e, u.v[0].record, act_of(&u.v[0]), EITHER, false, &rec));
    struct step one = u.v[0];
    one.batch = 0; /* a single change is taken back by itself, whatever its batch did later */
    u.v = &one;
    TRY(log_old_sets(cx, e, one.old, &sets, &n));
    TRY(later_edits(cx, e, &one, sets, n, &c, &hit));
    if (hit && mode == UNDO_ASK) {
        TRY(keep(cx, &u, c));
        return asked(cx, &u);
    }
    u.mode = mode == UNDO_ASK ? UNDO_KEEP : mode;
    cx->way = WAY_UNDO;
    enum err err = db_write(cx, change_inside, &u);
    end(cx, way, &u);
    return err;
}
