/* SPDX-License-Identifier: MIT */
/* record/recast.c - an own field is changed: of another kind, its values are read again as a person would type them.
 *
 * The old columns stand aside while the values are brought over, in the transaction of the change: either all of it
 * happens or nothing. A value that does not fit stops it, unless told otherwise; then it goes into the record's
 * history.
 */
#include "record/record_int.h"
#include "record/sums_int.h"
#include "search/search.h"

enum { SLICE = 500 }; /* as the text says */

struct changing {
    struct recast *rc;
    str entity, name;
    const struct json *in;
    const struct entity *was, *now; /* was: with the columns where they stand aside */
    const struct field *f_was, *f_now;
    bool back; /* the transaction is to be undone */
};

/* The entity as it was, its field's columns under the names they have by now. */
static void stand_aside(struct cx *cx, struct changing *c)
{
    struct entity *e = NEW(cx->a, struct entity);
    struct field *f = NEW_N(cx->a, struct field, c->was->n);
    const struct field *old = entity_field(c->was, c->name);
    memcpy(f, c->was->f, c->was->n * sizeof *f);
    *e = *c->was;
    e->f = f;
    f[old->at].col = field_aside(cx->a, old->col);
    f[old->at].col2 = field_aside(cx->a, old->col2);
    c->was = e;
    c->f_was = &f[old->at];
}

/* "5.00" is a whole number, too. */
static str without_zeros(const struct field *f, str s)
{
    size_t n = s.n;
    if (f->kind->store != ST_INT || !str_eq(f->kind->name, S("int"))) return s;
    while (n && s.p[n - 1] == '0') n--;
    return n > 1 && s.p[n - 1] == '.' ? str_cut(s, 0, n - 1) : s;
}

static str text_of(struct cx *cx, const struct field *f, const struct val *v)
{
    struct buf b = buf_new(cx->a, 64 * 1024);
    f->kind->to_text(cx, f, v, &b);
    return str_trim(buf_str(&b));
}

static enum err misfit(struct cx *cx, struct changing *c, const struct record *r, str text)
{
    int64_t seq = 0;
    bool *changed = NEW_N(cx->a, bool, c->was->n);
    c->rc->misfits++;
    if (c->rc->sample.n < RECAST_SAMPLE) {
        struct recast_misfit *m = LIST_ADD(c->rc->a, &c->rc->sample);
        str title = S("");
        TRY(record_titles(cx, c->was, &r->id, 1, &title));
        *m = (struct recast_misfit){r->id, arena_dup(c->rc->a, title), arena_dup(c->rc->a, text),
                                    arena_dup(c->rc->a, cx->msg)};
    }
    if (!c->rc->force) return E_OK;
    changed[c->f_was->at] = true;
    struct sql q = sql_new(cx);
    sql_lit(&q, "UPDATE ");
    sql_name(&q, c->was->table);
    sql_lit(&q, " SET version = version + 1 WHERE id = ");
    sql_val(cx, &q, V(r->id));
    TRY(sql_run(cx, &q, NULL, NULL));
    return log_write(cx, c->was, r->id, S("update"), r->version + 1, log_old_json(cx, c->was, r->v, changed, 0), &seq);
}

static enum err value_take(struct cx *cx, struct changing *c, const struct record *r)
{
    const struct val *old = &r->v[c->f_was->at];
    struct val v = VAL_NULL;
    str text = text_of(cx, c->f_was, old);
    if (!text.n) return E_OK;
    enum err e = c->f_now->kind->from_text(cx, c->f_now, without_zeros(c->f_now, text), &v);
    if (e == E_INVALID) return misfit(cx, c, r, text);
    TRY(e);
    c->rc->fits++;
    TRY(tags_settle(cx, c->f_now, r->id, NULL, &v));
    return value_write(cx, c->now, r->id, c->f_now, &v);
}

static enum err value_bring(struct cx *cx, struct changing *c, const struct record *r)
{
    TRY(value_take(cx, c, r));
    return sums_again(cx, c->now, r->id); /* what stood in the old column is no part of it any more */
}

/* The next records with a value, behind `after`. */
static enum err slice_read(struct cx *cx, const struct field *f, int64_t after, bool living, const struct reading *r,
                           struct db_rows *ret)
{
    struct sql q = sql_new(cx);
    reading_select(cx, r, &q);
    sql_lit(&q, " WHERE t.id > ");
    sql_val(cx, &q, V(after));
    if (f->col.n) {
        sql_lit(&q, " AND ");
        sql_col(&q, S("t"), f->col);
        sql_lit(&q, " IS NOT NULL");
    }
    if (living) sql_lit(&q, " AND t.deleted_at IS NULL");
    sql_lit(&q, " ORDER BY t.id LIMIT ");
    sql_val(cx, &q, V(SLICE));
    return sql_run(cx, &q, ret, NULL);
}

/* fn over all records with a value of f, in an arena of its own that is emptied every slice. */
typedef enum err each_fn(struct cx *cx, struct changing *c, const struct record *r);
static enum err each_value(struct cx *cx, struct changing *c, const struct entity *e, const struct field *f,
                           bool living, each_fn *fn)
{
    struct arena *scratch OWNED(arena_free) = arena_new();
    const struct field *one[] = {f};
    struct reading r = {0};
    struct cx in = *cx;
    enum err err = E_OK;
    int64_t after = 0;
    TRY(reading_of(cx, e, &(struct fields){.f = one, .n = 1}, &r));
    in.a = scratch;
    for (size_t n = SLICE; n == SLICE && err == E_OK; arena_reset(scratch)) {
        struct db_rows rows = {0};
        err = slice_read(&in, f, after, living, &r, &rows);
        n = rows.n;
        for (size_t i = 0; i < n && err == E_OK; i++) {
            struct record rec = reading_row(&in, &r, &rows.v[i * rows.cols]);
            after = rec.id;
            err = fn(&in, c, &rec);
        }
        if (err != E_OK) err = fail_at(cx, err, arena_dup(cx->a, in.at), "%.*s", FS(in.msg));
    }
    return err;
}

/* What of the field can be found has changed. */
static enum err text_again(struct cx *cx, struct changing *c, const struct record *r)
{
    struct record all = {0};
    TRY(read_one(cx, c->now, r->id, ACT_SEE, LIVING, true, &all));
    return search_again(cx, c->now, r->id, all.v);
}

/* With the description as this transaction has it. */
static enum err changed(struct cx *cx, struct changing *c, bool recast)
{
    const struct field *old = entity_field(c->was, c->name);
    bool found_before = old->search;
    c->now = meta_entity(cx->meta, c->entity);
    c->f_now = c->now ? entity_field(c->now, c->name) : NULL;
    if (!c->f_now) return fail(cx, E_NOTFOUND, "There is no such own field");
    if (recast) {
        stand_aside(cx, c);
        TRY(each_value(cx, c, c->was, c->f_was, false, value_bring));
        TRY(field_aside_drop(cx, c->was, c->f_was));
    }
    c->back = c->rc->dry || (c->rc->misfits && !c->rc->force);
    if (c->back || !c->now->search) return E_OK;
    bool again = recast ? found_before || c->f_now->search : found_before != c->f_now->search;
    return again ? each_value(cx, c, c->now, c->f_now, true, text_again) : E_OK;
}

static enum err change_inside(struct cx *cx, void *arg)
{
    struct changing *c = arg;
    struct meta *m = NULL;
    const struct meta *before = cx->meta;
    struct cx all = *cx; /* whoever manages the settings moves values that he may not see */
    struct arena *keep = c->rc->a;
    bool recast = false;
    *c->rc = (struct recast){.a = keep, .dry = c->rc->dry, .force = c->rc->force};
    c->was = meta_entity(before, c->entity);
    TRY(meta_field_change(cx, c->entity, c->name, c->in, &recast));
    c->rc->needed = recast;
    TRY(meta_load(cx, &m));
    all.meta = m;
    all.acl = NULL;
    enum err e = changed(&all, c, recast);
    if (e != E_OK) cx->msg = all.msg, cx->at = all.at, cx->err = all.err;
    meta_drop(&m);
    TRY(e);
    if (c->back) return fail(cx, E_CONFLICT, "Some values do not fit the new kind");
    bool anew = json_get(c->in, S("def")) || json_get(c->in, S("via"));
    return anew ? record_field_fill(cx, c->entity, c->name) : E_OK;
}

enum err record_field_change(struct cx *cx, str entity, str name, const struct json *in, struct recast *ret)
{
    ret->a = cx->a;
    TRY(json_bool_of(cx, in, S("dry"), false, &ret->dry));
    TRY(json_bool_of(cx, in, S("force"), false, &ret->force));
    struct changing c = {.rc = ret, .entity = entity, .name = name, .in = in};
    enum err e = db_write(cx, change_inside, &c);
    return e == E_CONFLICT && c.back && ret->dry ? E_OK : e;
}
