/* SPDX-License-Identifier: MIT */
/* record/undo.c - taking changes back: ordinary new writes in one batch, checked against later edits.
 *
 * A change is in conflict when something outside of its own batch has touched the same record later (for an
 * update: the same field). Undoing the undo's batch is redo.
 */
#include "record/undo_int.h"

#include "base/tr.h"

/* ---- notes ---- */
/* A field that is hidden from the asker is not named. */
static void names_keep(const struct cx *cx, struct arena *a, struct undo_note *n)
{
    const str *told = n->field;
    str *keep = NEW_N(a, str, n->n + 1);
    size_t m = 0;
    for (size_t i = 0; i < n->n; i++) {
        const struct field *f = entity_field(n->e, told[i]);
        if (!f || acl_field_read(cx, f)) keep[m++] = arena_dup(a, told[i]);
    }
    n->field = keep;
    n->n = m;
}

enum err undo_note_add(struct cx *cx, struct undoing *u, struct undo_notes *to, struct undo_note n)
{
    str title = S("");
    to->all++;
    for (size_t i = 0; i < to->v.n; i++)
        if (to->v.v[i].id == n.id) return E_OK;
    if (to->v.n >= NOTES_LISTED) return E_OK;
    TRY(record_titles(cx, n.e, &n.id, 1, &title));
    n.title = arena_dup(u->keep, title);
    names_keep(cx, u->keep, &n);
    n.why = arena_dup(u->keep, n.why);
    *LIST_ADD(u->keep, &to->v) = n;
    return E_OK;
}

void undo_tell(const struct undoing *u, struct undo_result *ret)
{
    ret->undone = u->now.undone;
    ret->kept = u->now.kept.v.v;
    ret->n_kept = u->now.kept.v.n;
    ret->n_kept_all = u->now.kept.all;
    ret->left = u->now.left.v.v;
    ret->n_left = u->now.left.v.n;
    ret->n_left_all = u->now.left.all;
}

enum err undo_asked(struct cx *cx, const struct undoing *u, struct undo_result *ret)
{
    undo_tell(u, ret);
    return fail(cx, E_CONFLICT, "%zu records were changed later", ret->n_kept_all);
}

static void notes_json(struct jw *w, str key, const struct undo_note *v, size_t n, bool why)
{
    jw_key(w, key);
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(w);
        jw_kstr(w, S("entity"), v[i].e->name);
        jw_kid(w, S("id"), v[i].id);
        jw_kstr(w, S("title"), v[i].title);
        jw_key(w, S("fields"));
        jw_arr(w);
        for (size_t k = 0; k < v[i].n; k++) jw_str(w, v[i].field[k]);
        jw_arr_end(w);
        if (why) jw_kstr(w, S("why"), v[i].why);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

void undo_notes_json(struct jw *w, const struct undo_result *u)
{
    notes_json(w, S("kept"), u->kept, u->n_kept, false);
    notes_json(w, S("left"), u->left, u->n_left, true);
}

void undo_conflicts_json(struct jw *w, str key, const struct undo_result *u)
{
    notes_json(w, key, u->kept, u->n_kept, false);
}

/* ---- later edits ---- */
/* A later change is an edit unless it is of the same batch, or written by this very undo. */
static bool counts(const struct cx *cx, const struct step *s, int64_t other)
{
    return !other || (other != s->batch && other != cx->batch);
}

static bool is_in(const str *f, size_t n, str x)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(f[i], x)) return true;
    return false;
}

/* Fields of `sets` that later changes of others touched; of a share that same share; for other ops any later change. */
static enum err later_edits(struct cx *cx, const struct entity *e, const struct step *s,
                            const struct set *sets, size_t n, struct undo_note *ret, bool *ret_any)
{
    struct db_rows r = {0};
    str *f = NEW_N(cx->a, str, n + 1);
    size_t hit = 0;
    if (str_eq(s->op, S("share"))) {
        *ret = (struct undo_note){.e = e, .id = s->record};
        return share_moved(cx, s->record, s->old, ret_any);
    }
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
        for (size_t k = 0; k < n; k++)
            if (!is_in(f, hit, sets[k].f->name) && json_get(old, sets[k].f->name))
                f[hit++] = sets[k].f->name;
    }
    *ret_any |= hit > 0;
    *ret = (struct undo_note){.e = e, .id = s->record, .field = f, .n = hit};
    return E_OK;
}

/* ---- one step ---- */
/* Old values that have no place any more: the field is in the trash, gone, or of another kind. */
static enum err lost_fields(struct cx *cx, struct undoing *u, const struct entity *e,
                            const struct step *s, const struct set *sets, size_t n)
{
    const struct json *old = NULL;
    size_t lost = 0;
    if (!s->old.n) return E_OK;
    TRY(json_parse(cx, s->old, &old));
    str *f = NEW_N(cx->a, str, old->n + 1);
    for (size_t i = 0; i < old->n; i++) {
        bool has = false;
        for (size_t k = 0; k < n; k++) has |= str_eq(sets[k].f->name, old->v[i].key);
        if (!has && old->v[i].key.p[0] != '@') f[lost++] = old->v[i].key;
    }
    if (!lost) return E_OK;
    struct undo_note note = {
        e, s->record, S(""), f, lost,
        tr(cx->lang, S(TR("The field is in the trash, or of another kind now")))};
    return undo_note_add(cx, u, &u->now.left, note);
}

static enum err take_back_update(struct cx *cx, struct undoing *u, const struct record *r,
                                 const struct set *sets, size_t n, const struct undo_note *c)
{
    struct set *use = NEW_N(cx->a, struct set, n + 1);
    struct written w = {0};
    struct lent lent = {0};
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (u->mode == UNDO_FORCE || !is_in(c->field, c->n, sets[i].f->name)) use[m++] = sets[i];
    TRY(lent_before(cx, r->e, r->id, &lent));
    TRY(update_write(cx, r->e, r, use, m, &w));
    TRY(lent_after(cx, r->e, r->id, &lent));
    if (w.seq) u->now.undone++;
    return E_OK;
}

/* A creation taken back is a deletion: it needs the same right. */
static enum action act_of(const struct step *s)
{
    return str_eq(s->op, S("update")) || str_eq(s->op, S("share")) ? ACT_CHANGE : ACT_DELETE;
}

/* Is f of a record the way to what it is a part of? */
static bool is_parent(const struct field *f)
{
    const struct entity *p = f->target;
    if (!p || f->kind->store != ST_INT || f->trashed) return false;
    for (size_t i = 0; i < p->n; i++)
        if (p->f[i].kind->store == ST_LINES && p->f[i].target &&
            p->f[i].target->at == f->entity->at && str_eq(p->f[i].via, f->name))
            return true;
    return f->required && !str_eq(p->name, S("user"));
}

/* What comes back comes back to where it was: not into something that is itself in the trash, unless that comes
 * back with the same batch. */
static enum err parents_there(struct cx *cx, const struct undoing *u, const struct record *r)
{
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++) {
        const struct field *f = &r->e->f[i];
        struct db_rows rows = {0};
        struct sql q = sql_new(cx);
        if (!is_parent(f) || r->v[i].t == VT_NULL) continue;
        sql_lit(&q, "SELECT 1 FROM ");
        sql_name(&q, f->target->table);
        sql_lit(&q, " t WHERE t.id = ");
        sql_val(cx, &q, V(r->v[i].i));
        sql_lit(&q, " AND (t.deleted_at IS NULL OR EXISTS (SELECT 1 FROM change c WHERE c.record = "
                    "t.id AND c.op IN ('delete', 'merge') AND c.batch <> 0 AND c.batch = ");
        sql_val(cx, &q, V(u->target));
        sql_lit(&q, "))");
        TRY(sql_run(cx, &q, &rows, NULL));
        if (!rows.n)
            return fail_at(cx, E_CONFLICT, f->name,
                           "%.*s: this is in the trash itself: take that out first",
                           FS(label_of(f->label, cx->lang)));
    }
    return E_OK;
}

/* Taking it back puts the record into the trash. */
static bool takes_away(const struct step *s)
{
    return str_eq(s->op, S("create")) || str_eq(s->op, S("restore"));
}

/* A merge goes back with its redirect, and comes again (redo) with it. */
static enum err trash_again(struct cx *cx, const struct record *r, const struct step *s,
                            bool to_trash)
{
    struct written w = {0};
    int64_t winner = 0;
    TRY(log_merge_other(cx, s->old, S(LOG_WINNER), &winner));
    str op = !to_trash ? S("restore") : winner ? S("merge") : S("delete");
    TRY(trash_write(cx, r->e, r, to_trash, op, winner ? s->old : S(""), &w));
    if (r->e->files && !to_trash && winner) TRY(files_back(cx, r, winner));
    if (str_eq(op, S("merge"))) return redirect_put(cx, r->e, r->id, winner);
    return str_eq(s->op, S("merge"))
               ? db_exec(cx, NULL, "DELETE FROM redirect WHERE id = $1", V(r->id))
               : E_OK;
}

static enum err trash_back(struct cx *cx, struct undoing *u, const struct record *r,
                           const struct step *s)
{
    bool away = r->v[F_DELETED_AT].t != VT_NULL, to_trash = takes_away(s);
    if (to_trash == away) return E_OK;
    if (!to_trash && u->mode != UNDO_FORCE) TRY(parents_there(cx, u, r));
    TRY(trash_again(cx, r, s, to_trash));
    u->now.undone++;
    return E_OK;
}

/* E_OK when the record is only not ours to see. */
static enum err gone_for_good(struct cx *cx, const struct entity *e, int64_t id)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    sql_lit(&q, "SELECT 1 FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " t WHERE t.id = ");
    sql_val(cx, &q, V(id));
    TRY(sql_run(cx, &q, &r, NULL));
    return r.n ? E_OK
               : fail(cx, E_NOTFOUND, "This record was removed for good: it cannot be brought back");
}

static enum err take_back_share(struct cx *cx, struct undoing *u, const struct record *r, const struct step *s)
{
    bool kept = false, done = false;
    enum err e = share_back(cx, r, s->old, u->mode == UNDO_FORCE, &kept, &done);
    if (u->target && (e == E_INVALID || e == E_LIMIT)) /* it cannot be given to him any more: the rest of a batch can */
        return undo_note_add(cx, u, &u->now.left, (struct undo_note){.e = r->e, .id = r->id, .why = cx->msg});
    TRY(e);
    if (done) u->now.undone++;
    return kept ? undo_note_add(cx, u, &u->now.kept, (struct undo_note){.e = r->e, .id = r->id}) : E_OK;
}

/* By a share nobody takes back that something was given away. */
static enum err own_reach(struct cx *cx, const struct record *r, const struct set *s, size_t n)
{
    bool may = true;
    for (size_t i = 0; may && i < n; i++)
        if (s[i].f->at == F_OWNER || s[i].f->at == F_TEAM)
            TRY(acl_reaches(cx, r->e, ACT_CHANGE, r->id, r->v[F_OWNER].i, r->v[F_TEAM].i, &may));
    return may ? E_OK : fail(cx, E_DENIED, "You may not change this record");
}

static enum err take_back(struct cx *cx, struct undoing *u, const struct step *s)
{
    const struct entity *e = meta_entity(cx->meta, s->entity);
    struct record r = {0};
    struct set *sets = NULL;
    size_t n = 0;
    struct undo_note c = {0};
    bool conflict = false, update = str_eq(s->op, S("update"));
    if (!e) return E_OK;
    enum err err = read_one(cx, e, s->record, act_of(s), EITHER, false, &r);
    if (err == E_NOTFOUND)
        return takes_away(s) ? E_OK : gone_for_good(cx, e, s->record);
    TRY(err);
    if (str_eq(s->op, S("share"))) return take_back_share(cx, u, &r, s);
    TRY(log_old_sets(cx, e, s->old, &sets, &n));
    TRY(own_reach(cx, &r, sets, n));
    TRY(later_edits(cx, e, s, sets, n, &c, &conflict));
    if (conflict && u->mode != UNDO_FORCE) {
        TRY(undo_note_add(cx, u, &u->now.kept, c));
        if (!update) return E_OK;
    }
    if (!update) return trash_back(cx, u, &r, s);
    TRY(lost_fields(cx, u, e, s, sets, n));
    return r.v[F_DELETED_AT].t != VT_NULL ? E_OK : take_back_update(cx, u, &r, sets, n, &c);
}

/* ---- several ---- */
struct one {
    struct undoing *u;
    const struct step *s;
};

static enum err one_inside(struct cx *cx, void *arg)
{
    const struct one *o = arg;
    return take_back(cx, o->u, o->s);
}

bool undo_is_steps_fault(enum err e)
{
    return e == E_DENIED || e == E_INVALID || e == E_CONFLICT || e == E_NOTFOUND || e == E_LIMIT;
}

static enum err one_careful(struct cx *cx, struct undoing *u, const struct step *s)
{
    struct one o = {u, s};
    struct undo_tally was = u->now;
    enum err e = db_write(cx, one_inside, &o);
    if (e == E_OK || !undo_is_steps_fault(e)) return e;
    u->now = was;
    struct undo_note note = {
        .e = meta_entity(cx->meta, s->entity), .id = s->record, .field = &cx->at, .n = cx->at.n > 0, .why = cx->msg};
    return undo_note_add(cx, u, &u->now.left, note);
}

enum err undo_slice(struct cx *cx, struct undoing *u)
{
    u->now = u->before;
    for (size_t i = 0; i < u->n; i++)
        TRY(u->careful ? one_careful(cx, u, &u->v[i]) : take_back(cx, u, &u->v[i]));
    return E_OK;
}

void undo_steps(struct cx *cx, const struct db_rows *r, struct undoing *u)
{
    struct step *s = NEW_N(cx->a, struct step, r->n + 1);
    for (size_t i = 0; i < r->n; i++)
        s[i] = (struct step){db_int(r, i, 0), db_int(r, i, 1), db_int(r, i, 2), db_int(r, i, 3),
                             db_str(r, i, 4), db_str(r, i, 5), db_str(r, i, 6)};
    u->v = s;
    u->n = r->n;
}

enum err undo_conflicts(struct cx *cx, struct undoing *u)
{
    struct db_rows r = {0};
    TRY(db_query(
        cx, &r,
        "SELECT DISTINCT c.seq, c.batch, c.record, c.version, c.entity, c.op, c.old FROM change c"
        " JOIN change l ON l.record = c.record AND l.seq > c.seq AND l.batch <> c.batch"
        " WHERE c.batch = $1 AND c.batch <> 0 ORDER BY c.seq DESC LIMIT 10000",
        V(u->target)));
    undo_steps(cx, &r, u);
    for (size_t i = 0; i < u->n; i++) {
        const struct step *s = &u->v[i];
        const struct entity *e = meta_entity(cx->meta, s->entity);
        struct set *sets = NULL;
        size_t n = 0;
        struct undo_note c = {0};
        bool hit = false;
        if (!e) continue;
        TRY(log_old_sets(cx, e, s->old, &sets, &n));
        TRY(later_edits(cx, e, s, sets, n, &c, &hit));
        if (hit) TRY(undo_note_add(cx, u, &u->now.kept, c));
    }
    return E_OK;
}

/* ---- a single change: batch and all in one transaction ---- */
static enum err change_inside(struct cx *cx, void *arg)
{
    struct undoing *u = arg;
    int64_t batch = 0;
    TRY(batch_begin(cx, S("undo"), 0, &batch));
    TRY(undo_slice(cx, u));
    return batch_end(cx, batch, S("done"), S(""));
}

enum err undo_merge_of(struct cx *cx, int64_t seq, int64_t *ret)
{
    struct db_rows r = {0};
    int64_t winner = 0, loser = 0;
    *ret = 0;
    TRY(db_query(cx, &r,
                 "SELECT c.old, b.id FROM change c JOIN batch b ON b.id = c.batch WHERE c.seq = $1 "
                 "AND b.title = 'merge' AND b.way <> 'undo' AND (b.who = $2 OR $3 = 1)",
                 V(seq), V(cx->who.user), V(acl_sys(cx, SYS_LOG))));
    if (!r.n) return E_OK;
    TRY(log_merge_other(cx, db_str(&r, 0, 0), S(LOG_WINNER), &winner));
    TRY(log_merge_other(cx, db_str(&r, 0, 0), S(LOG_LOSER), &loser));
    if (winner || loser) *ret = db_int(&r, 0, 1);
    return E_OK;
}

/* Who may not write a field does not take its change back either; a hidden one is not named. */
static enum err fields_writable(struct cx *cx, const struct set *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!acl_field_write(cx, s[i].f)) return fail(cx, E_DENIED, "You may not change this record");
    return E_OK;
}

enum err undo_change(struct cx *cx, int64_t seq, enum undo_mode mode, struct undo_result *ret)
{
    struct db_rows r = {0};
    struct undoing u = {.mode = mode, .keep = cx->a};
    enum way way = cx->way;
    *ret = (struct undo_result){.total = 1};
    TRY(db_query(cx, &r,
                 "SELECT seq, batch, record, version, entity, op, old FROM change WHERE seq = $1",
                 V(seq)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such record");
    undo_steps(cx, &r, &u);
    struct step one = u.v[0];
    const struct entity *e = meta_entity(cx->meta, one.entity);
    struct record rec = {0};
    struct set *sets = NULL;
    size_t n = 0;
    struct undo_note c = {0};
    bool hit = false;
    if (!e) return fail(cx, E_NOTFOUND, "There is no such record");
    enum err err = read_one(cx, e, one.record, act_of(&one), EITHER, false, &rec);
    if (err == E_NOTFOUND && acl_sys(cx, SYS_LOG)) TRY(gone_for_good(cx, e, one.record));
    if (err == E_NOTFOUND) return fail(cx, err, "There is no such record");
    TRY(err);
    one.batch = 0; /* a single change is taken back by itself, whatever its batch did later */
    u.v = &one;
    TRY(log_old_sets(cx, e, one.old, &sets, &n));
    TRY(fields_writable(cx, sets, n));
    TRY(later_edits(cx, e, &one, sets, n, &c, &hit));
    if (hit && mode == UNDO_ASK) {
        TRY(undo_note_add(cx, &u, &u.now.kept, c));
        return undo_asked(cx, &u, ret);
    }
    u.mode = mode == UNDO_ASK ? UNDO_KEEP : mode;
    cx->way = WAY_UNDO;
    err = db_write(cx, change_inside, &u);
    ret->batch = err == E_OK ? cx->batch : 0;
    cx->way = way;
    cx->batch = 0;
    undo_tell(&u, ret);
    return err;
}
