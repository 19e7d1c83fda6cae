/* SPDX-License-Identifier: MIT */
/* record/undo_batch.c - a whole batch taken back: small ones at once, large ones by slices.
 *
 * While it is taken back the batch's state is "undoing"; its undo is a batch with undo_of set from the start, in state
 * "running" or, stopped half-way, "failed". The undo's row holds the position: `done` is how many changes were walked
 * (each slice asks that nobody else has moved it), `info` the last change's seq and what is to be told at the end.
 */
#include "base/log.h"
#include "os/os.h"
#include "record/undo_int.h"

enum {
    SLICE_FIRST = 16,
    SLICE_MIN = 4,
    SLICE_MAX = 200,
    SLICE_US = 20000,
    LEASE_MS = 15000, /* nobody has moved it for so long: whoever did it is gone */
    INFO_MAX = 4 * 1024 * 1024
};

struct place { /* where a large undo stands */
    int64_t undo, target, seq, done, total;
};

/* ---- info ---- */
static str mode_name(enum undo_mode m) { return m == UNDO_FORCE ? S("force") : S("keep"); }

static str info_text(struct cx *cx, const struct undoing *u, int64_t seq)
{
    struct buf b = buf_new(cx->a, INFO_MAX);
    struct jw w = jw_new(&b);
    struct undo_result r = {0};
    undo_tell(u, &r);
    jw_obj(&w);
    jw_kstr(&w, S("mode"), mode_name(u->mode));
    jw_kid(&w, S("before"), seq);
    jw_kint(&w, S("moved"), clock_ms());
    jw_kint(&w, S("undone"), r.undone);
    jw_kint(&w, S("kept_all"), (int64_t)r.n_kept_all);
    jw_kint(&w, S("left_all"), (int64_t)r.n_left_all);
    undo_notes_json(&w, &r);
    jw_obj_end(&w);
    return buf_str(&b);
}

static enum err notes_read(struct cx *cx, struct undoing *u, const struct json *list, int64_t all,
                           struct undo_notes *ret)
{
    for (size_t i = 0; list && i < list->n; i++) {
        const struct json *x = &list->v[i], *f = json_get(x, S("fields"));
        struct undo_note n = {0};
        str entity = {0}, title = {0}, why = {0};
        TRY(json_str_of(cx, x, S("entity"), S(""), &entity));
        TRY(json_str_of(cx, x, S("title"), S(""), &title));
        TRY(json_str_of(cx, x, S("why"), S(""), &why));
        TRY(json_id_of(cx, x, S("id"), 0, &n.id));
        n.e = meta_entity(cx->meta, entity);
        if (!n.e) continue;
        str *names = NEW_N(u->keep, str, (f ? f->n : 0) + 1);
        for (; f && n.n < f->n; n.n++) names[n.n] = arena_dup(u->keep, f->v[n.n].s);
        n.field = names;
        n.title = arena_dup(u->keep, title);
        n.why = arena_dup(u->keep, why);
        *LIST_ADD(u->keep, &ret->v) = n;
    }
    ret->all = (size_t)all;
    return E_OK;
}

static enum err info_read(struct cx *cx, str text, struct undoing *u, struct place *p)
{
    const struct json *j = NULL;
    str mode = {0};
    int64_t kept = 0, left = 0;
    if (!text.n) return E_OK;
    TRY(json_parse(cx, text, &j));
    TRY(json_str_of(cx, j, S("mode"), S("keep"), &mode));
    TRY(json_id_of(cx, j, S("before"), INT64_MAX, &p->seq));
    TRY(json_int_of(cx, j, S("undone"), 0, &u->before.undone));
    TRY(json_int_of(cx, j, S("kept_all"), 0, &kept));
    TRY(json_int_of(cx, j, S("left_all"), 0, &left));
    u->mode = str_eq(mode, S("force")) ? UNDO_FORCE : UNDO_KEEP;
    TRY(notes_read(cx, u, json_get(j, S("kept")), kept, &u->before.kept));
    return notes_read(cx, u, json_get(j, S("left")), left, &u->before.left);
}

/* ---- states ---- */
/* What a batch proposed goes with its undo and is back with the redo: undos of undos lead to it. */
static enum err proposals_follow(struct cx *cx, int64_t target)
{
    struct db_rows r = {0};
    int64_t batch = target;
    bool gone = true;
    for (;;) {
        TRY(db_query(cx, &r, "SELECT undo_of FROM batch WHERE id = $1 AND undo_of > 0", V(batch)));
        if (!r.n) break;
        batch = db_int(&r, 0, 0);
        gone = !gone;
    }
    return db_exec(cx, NULL, "UPDATE proposal SET state = $2 WHERE batch = $1 AND batch > 0 AND state = $3", V(batch),
                   V(gone ? S("undone") : S("open")), V(gone ? S("open") : S("undone")));
}

/* The undo is through: what it took back is undone, and what that had undone stands again. */
static enum err mark_undone(struct cx *cx, int64_t target, int64_t undo)
{
    TRY(proposals_follow(cx, target));
    TRY(db_exec(cx, NULL, "UPDATE batch SET state = 'undone' WHERE id = $1", V(target)));
    TRY(db_exec(cx, NULL, "UPDATE batch SET undo_of = $2, state = 'done' WHERE id = $1", V(undo),
                V(target)));
    return db_exec(
        cx, NULL,
        "UPDATE batch SET state = 'done' WHERE id IN (SELECT undo_of FROM batch WHERE id = $1)",
        V(target));
}

static enum err stopped_inside(struct cx *cx, void *arg)
{
    const int64_t *undo = arg;
    return db_exec(cx, NULL,
                   "UPDATE batch SET state = 'failed' WHERE id = $1 AND state = 'running'", V(*undo));
}

/* ---- small: all in one transaction ---- */
static enum err steps_below(struct cx *cx, int64_t target, int64_t seq, size_t n, struct undoing *u)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT seq, batch, record, version, entity, op, old FROM change WHERE batch = $1 "
                 "AND batch <> 0 AND seq < $2 ORDER BY seq DESC LIMIT $3",
                 V(target), V(seq), V((int64_t)n)));
    undo_steps(cx, &r, u);
    return E_OK;
}

struct opening {
    struct undoing *u;
    str title;
    int64_t total, undo;
    undo_opened_fn *opened;
    void *arg;
};

static enum err small_inside(struct cx *cx, void *arg)
{
    struct opening *o = arg;
    /* read here: a batch that is done may still grow (a session by MCP), and what was added must not be left behind */
    TRY(steps_below(cx, o->u->target, INT64_MAX, UNDO_SMALL + 1, o->u));
    if (o->u->n > UNDO_SMALL) return fail(cx, E_CONFLICT, "This batch has grown meanwhile: try again");
    TRY(batch_begin(cx, o->title, o->total, &o->undo));
    TRY(undo_slice(cx, o->u));
    return mark_undone(cx, o->u->target, o->undo);
}

static enum err small(struct cx *cx, struct opening *o, struct undo_result *ret)
{
    enum way way = cx->way;
    cx->way = WAY_UNDO;
    enum err e = db_write(cx, small_inside, o);
    cx->way = way;
    cx->batch = 0;
    TRY(e);
    undo_tell(o->u, ret);
    ret->batch = o->undo;
    return E_OK;
}

/* ---- large: opened here, done by undo_run ---- */
static enum err large_inside(struct cx *cx, void *arg)
{
    struct opening *o = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE batch SET state = 'undoing' WHERE id = $1 AND state IN ('done', 'failed')",
                V(o->u->target)));
    if (!n) return fail(cx, E_CONFLICT, "This batch is just being taken back");
    TRY(batch_begin(cx, o->title, o->total, &o->undo));
    TRY(db_exec(cx, NULL, "UPDATE batch SET undo_of = $2, info = $3 WHERE id = $1", V(o->undo),
                V(o->u->target), V(info_text(cx, o->u, INT64_MAX))));
    return o->opened ? o->opened(cx, o->arg, o->undo) : E_OK;
}

static enum err large(struct cx *cx, struct opening *o, struct undo_result *ret)
{
    enum way way = cx->way;
    cx->way = WAY_UNDO;
    enum err e = db_write(cx, large_inside, o);
    cx->way = way;
    cx->batch = 0;
    TRY(e);
    ret->batch = o->undo;
    ret->running = true;
    return E_OK;
}

/* ---- opening ---- */
/* The newest undo of a batch; *ret 0 when there is none. */
static enum err undo_of(struct cx *cx, int64_t batch, struct db_rows *r, int64_t *ret)
{
    TRY(db_query(cx, r,
                 "SELECT id, state, info, total FROM batch WHERE id > $1 AND undo_of = $1 ORDER BY id "
                 "DESC LIMIT 1",
                 V(batch)));
    *ret = r->n ? db_int(r, 0, 0) : 0;
    return E_OK;
}

static enum err again_inside(struct cx *cx, void *arg)
{
    const struct opening *o = arg;
    TRY(db_exec(cx, NULL, "UPDATE batch SET state = 'running' WHERE id = $1 AND state = 'failed'",
                V(o->undo)));
    return o->opened ? o->opened(cx, o->arg, o->undo) : E_OK;
}

static bool is_dead(const struct cx *cx, int64_t moved)
{
    if (!db_is_pg(cx) && moved < dbase_opened_ms(db_base(cx->db))) return true;
    return moved < clock_ms() - LEASE_MS;
}

/* A batch in state "undoing": its undo goes on when it has stopped. */
static enum err take_up(struct cx *cx, int64_t batch, struct opening *o, struct undo_result *ret)
{
    struct db_rows r = {0};
    const struct json *j = NULL;
    int64_t moved = 0;
    TRY(undo_of(cx, batch, &r, &o->undo));
    if (!o->undo) return fail(cx, E_CONFLICT, "This batch is just being taken back");
    TRY(json_parse(cx, db_str(&r, 0, 2), &j));
    TRY(json_int_of(cx, j, S("moved"), 0, &moved));
    str state = db_str(&r, 0, 1);
    bool stopped =
        str_eq(state, S("failed")) || (str_eq(state, S("running")) && is_dead(cx, moved));
    if (!stopped) return fail(cx, E_CONFLICT, "This batch is just being taken back");
    TRY(db_write(cx, again_inside, o));
    *ret = (struct undo_result){.batch = o->undo, .running = true, .total = db_int(&r, 0, 3)};
    return E_OK;
}

/* A batch that was undone and brought back: what is to be undone is the newest bringing back. */
static enum err newest_redo(struct cx *cx, int64_t *batch)
{
    for (;;) {
        struct db_rows r = {0};
        int64_t undo = 0, redo = 0;
        TRY(undo_of(cx, *batch, &r, &undo));
        if (!undo || !str_eq(db_str(&r, 0, 1), S("undone"))) return E_OK;
        TRY(undo_of(cx, undo, &r, &redo));
        if (!redo || !str_eq(db_str(&r, 0, 1), S("done"))) return E_OK;
        *batch = redo;
    }
}

enum err undo_size(struct cx *cx, int64_t batch, int64_t *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT count(*) FROM change WHERE batch = $1 AND batch <> 0", V(batch)));
    *ret = db_int(&r, 0, 0);
    return E_OK;
}

enum err undo_open(struct cx *cx, int64_t batch, enum undo_mode mode, undo_opened_fn *opened,
                   void *arg, struct undo_result *ret)
{
    struct db_rows r = {0};
    struct undoing u = {.mode = mode, .keep = cx->a};
    struct opening o = {.u = &u, .opened = opened, .arg = arg};
    *ret = (struct undo_result){0};
    TRY(db_query(cx, &r, "SELECT title, state, who FROM batch WHERE id = $1", V(batch)));
    if (!r.n || (cx->acl && db_int(&r, 0, 2) != cx->who.user && !acl_sys(cx, SYS_LOG)))
        return fail(cx, E_NOTFOUND, "There is no such batch");
    str state = db_str(&r, 0, 1);
    if (str_eq(state, S("running"))) return fail(cx, E_CONFLICT, "This batch is still running");
    if (str_eq(state, S("undone")))
        return fail(cx, E_CONFLICT, "This batch has been undone already");
    if (str_eq(state, S("undoing"))) return take_up(cx, batch, &o, ret);
    if (str_eq(state, S("done"))) TRY(newest_redo(cx, &batch));
    u.target = batch;
    o.title = db_str(&r, 0, 0);
    if (mode == UNDO_ASK) {
        TRY(undo_conflicts(cx, &u));
        if (u.now.kept.all) return undo_asked(cx, &u, ret);
    }
    TRY(undo_size(cx, batch, &o.total));
    ret->total = o.total;
    u.careful = mode != UNDO_ASK;
    if (mode == UNDO_ASK) u.mode = UNDO_KEEP; /* an edit that comes in between stays */
    return o.total <= UNDO_SMALL ? small(cx, &o, ret) : large(cx, &o, ret);
}

/* ---- the run ---- */
static enum err place_find(struct cx *cx, int64_t undo, struct undoing *u, struct place *ret,
                           bool *ret_over)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT state, undo_of, done, total, info, who FROM batch WHERE id = $1",
                 V(undo)));
    if (!r.n || !db_int(&r, 0, 1) ||
        (cx->acl && db_int(&r, 0, 5) != cx->who.user && !acl_sys(cx, SYS_LOG)))
        return fail(cx, E_NOTFOUND, "There is no such batch");
    *ret = (struct place){undo, db_int(&r, 0, 1), INT64_MAX, db_int(&r, 0, 2), db_int(&r, 0, 3)};
    *ret_over = str_eq(db_str(&r, 0, 0), S("done")) || str_eq(db_str(&r, 0, 0), S("undone"));
    return info_read(cx, db_str(&r, 0, 4), u, ret);
}

struct slicing {
    struct undoing *u;
    const struct place *p;
    bool lost; /* somebody else has moved it */
};

/* The slice and its position; the last one, with nothing to do, closes both batches. */
static enum err run_inside(struct cx *cx, void *arg)
{
    struct slicing *s = arg;
    struct undoing *u = s->u;
    int64_t n = 0, seq = u->n ? u->v[u->n - 1].seq : 0;
    TRY(undo_slice(cx, u));
    TRY(db_exec(cx, &n,
                "UPDATE batch SET done = $2, info = $3 WHERE id = $1 AND state = 'running' AND done "
                "= $4",
                V(s->p->undo), V(s->p->done + (int64_t)u->n), V(info_text(cx, u, seq)),
                V(s->p->done)));
    s->lost = n != 1;
    if (s->lost) return fail(cx, E_CONFLICT, "This batch is just being taken back");
    return u->n ? E_OK : mark_undone(cx, s->p->target, s->p->undo);
}

static size_t learn(size_t want, size_t n, int64_t us)
{
    if (us < 1 || n < want) return want;
    size_t next = n * SLICE_US / (size_t)us;
    if (next > want * 2) next = want * 2;
    return next < SLICE_MIN ? SLICE_MIN : next > SLICE_MAX ? SLICE_MAX : next;
}

/* One slice in the memory of cx->a, which is given back after it. */
static enum err run_slice(struct cx *cx, struct undoing *u, struct place *p, size_t *want,
                          bool *ret_lost)
{
    struct slicing s = {.u = u, .p = p};
    TRY(steps_below(cx, p->target, p->seq, *want, u));
    int64_t from = os_mono_us();
    u->careful = false;
    enum err e = db_write_bulk(cx, run_inside, &s);
    if (undo_is_steps_fault(e) && !s.lost) { /* one of them: the others go on */
        u->careful = true;
        e = db_write_bulk(cx, run_inside, &s);
    }
    *ret_lost = s.lost;
    TRY(e);
    *want = learn(*want, u->n, os_mono_us() - from);
    u->before = u->now;
    p->done += (int64_t)u->n;
    if (u->n) p->seq = u->v[u->n - 1].seq;
    return E_OK;
}

static enum err run_all(struct cx *cx, struct undoing *u, struct place *p,
                        undo_progress_fn *progress, void *arg, bool *ret_lost)
{
    size_t want = SLICE_FIRST;
    struct arena *outer = cx->a, *scratch OWNED(arena_free) = arena_new();
    enum err e = E_OK;
    do {
        cx->a = scratch;
        e = run_slice(cx, u, p, &want, ret_lost);
        cx->a = outer;
        if (e != E_OK) {
            cx->msg = arena_dup(outer, cx->msg);
            cx->at = arena_dup(outer, cx->at);
        }
        arena_reset(scratch);
        if (e == E_OK && u->n && progress && !progress(arg, p->done, p->total))
            e = fail(cx, E_CONFLICT, "Stopped half-way: undoing it again goes on");
    } while (e == E_OK && u->n);
    return e;
}

enum err undo_run(struct cx *cx, int64_t undo, undo_progress_fn *progress, void *arg,
                  struct undo_result *ret)
{
    struct undoing u = {.keep = cx->a};
    struct opening again = {.undo = undo};
    struct place p = {0};
    enum way way = cx->way;
    bool over = false, lost = false;
    TRY(place_find(cx, undo, &u, &p, &over));
    *ret = (struct undo_result){.batch = undo, .total = p.total};
    u.now = u.before;
    if (over) {
        undo_tell(&u, ret);
        return E_OK;
    }
    TRY(db_write(cx, again_inside, &again));
    cx->way = WAY_UNDO;
    cx->batch = undo;
    enum err e = run_all(cx, &u, &p, progress, arg, &lost);
    cx->way = way;
    cx->batch = 0;
    undo_tell(&u, ret);
    if (e == E_OK || lost) return e;
    str msg = cx->msg, at = cx->at;
    if (db_write(cx, stopped_inside, &undo) != E_OK) /* it counts as stopped after a while */
        log_say(cx, LOG_WARN, S("undo"), "the stop of undo %" PRId64 " was not written", undo);
    cx->msg = msg;
    cx->at = at;
    return cx->err = e;
}

enum err undo_batch(struct cx *cx, int64_t batch, enum undo_mode mode, struct undo_result *ret)
{
    TRY(undo_open(cx, batch, mode, NULL, NULL, ret));
    return ret->running ? undo_run(cx, ret->batch, NULL, NULL, ret) : E_OK;
}
