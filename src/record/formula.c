/* SPDX-License-Identifier: MIT */
/* record/formula.c - formulas of records: stored ones follow what they read in the same transaction, others are
 * computed when read.
 *
 * Like a roll-up a stored formula changes no version and has no row in the log: it follows from what has. Its order
 * (entity.formulas) and who depends on whom (entity.dependants) are settled with the description, where circles are
 * refused; so following ends.
 */
#include "record/formula_int.h"

#include <stdlib.h>

enum { ROWS = 500, IDS_AT_ONCE = 400, FOLLOW_MAX = 100000 };

/* ---- values of linked records ---- */
struct look {
    const struct field *f;
    int64_t *id; /* ascending */
    struct val *v;
    size_t n;
};
struct looks {
    struct cx *cx;
    LIST(struct look) l;
    enum err err;
};

static struct val column_value(const struct field *f, const struct db_val *c)
{
    if (c->t == DB_NULL) return VAL_NULL;
    if (f->kind->store == ST_MONEY) return (struct val){.t = VT_INT, .i = c->i, .s = c[1].s};
    return f->kind->store == ST_INT ? VAL_INT(c->i) : VAL_TEXT(c->s);
}

static enum err look_slice(struct cx *cx, struct look *k, const int64_t *ids, size_t n)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    sql_lit(&q, "SELECT id, ");
    sql_name(&q, k->f->col);
    if (k->f->kind->store == ST_MONEY) {
        sql_lit(&q, ", ");
        sql_name(&q, k->f->col2);
    }
    sql_lit(&q, " FROM ");
    sql_name(&q, k->f->entity->table);
    sql_lit(&q, " WHERE id IN ");
    sql_ids(cx, &q, ids, n);
    sql_lit(&q, " ORDER BY id LIMIT 400");
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < r.n; i++) {
        k->id[k->n] = db_int(&r, i, 0);
        k->v[k->n++] = column_value(k->f, &r.v[i * r.cols + 1]);
    }
    return E_OK;
}

/* ids ascending, none twice */
static enum err look_up(struct looks *l, const struct field *f, const int64_t *ids, size_t n)
{
    struct look *k = LIST_ADD(l->cx->a, &l->l);
    *k = (struct look){.f = f, .id = NEW_N(l->cx->a, int64_t, n), .v = NEW_N(l->cx->a, struct val, n)};
    for (size_t at = 0; at < n; at += IDS_AT_ONCE)
        TRY(look_slice(l->cx, k, ids + at, n - at < IDS_AT_ONCE ? n - at : IDS_AT_ONCE));
    return E_OK;
}

static const struct val *look_in(const struct look *k, int64_t id)
{
    size_t lo = 0, hi = k->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (k->id[mid] == id) return &k->v[mid];
        if (k->id[mid] < id) lo = mid + 1;
        else hi = mid;
    }
    return NULL;
}

static const struct val *look_get(void *arg, const struct field *link, int64_t id, const struct field *f)
{
    struct looks *l = arg;
    (void)link;
    for (size_t i = 0; i < l->l.n; i++) {
        const struct val *v = l->l.v[i].f == f ? look_in(&l->l.v[i], id) : NULL;
        if (v) return v;
    }
    if (!f->col.n || l->err != E_OK) return NULL;
    l->err = look_up(l, f, &id, 1);
    return l->err == E_OK ? look_in(&l->l.v[l->l.n - 1], id) : NULL;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Values that many records look at, by one query for all. */
struct ahead {
    struct looks *l;
    const struct record *v;
    size_t n;
};

static void look_ahead_at(void *arg, const struct expr *x)
{
    struct ahead *a = arg;
    struct looks *l = a->l;
    if (!x->link || !x->f->col.n || l->err != E_OK) return;
    int64_t *ids = NEW_N(l->cx->a, int64_t, a->n + 1);
    size_t n = 0, m = 0;
    for (size_t i = 0; i < a->n; i++)
        if (a->v[i].v[x->link->at].t == VT_INT) ids[n++] = a->v[i].v[x->link->at].i;
    if (!n) return;
    qsort(ids, n, sizeof *ids, by_number);
    for (size_t i = 0; i < n; i++)
        if (!m || ids[m - 1] != ids[i]) ids[m++] = ids[i];
    l->err = look_up(l, x->f, ids, m);
}

static enum err look_ahead(struct looks *l, const struct field *f, const struct record *v, size_t n)
{
    struct ahead a = {l, v, n};
    if (f->expr) formula_reads(f->expr, look_ahead_at, &a);
    return l->err;
}

/* ---- computing ---- */
struct asks {
    const bool *changed;
    bool yes;
};

static void ask(void *arg, const struct expr *x)
{
    struct asks *a = arg;
    a->yes |= a->changed[x->link ? x->link->at : x->f->at];
}

static bool val_same(const struct val *a, const struct val *b)
{
    return val_eq(a, b) && (a->t != VT_INT || str_eq(a->s, b->s));
}

/* Those that `force` marks or that read what has changed. changed NULL: all. */
static enum err compute(struct looks *l, const struct entity *e, struct val *v, bool *changed, const bool *force)
{
    for (size_t i = 0; i < e->n_formulas; i++) {
        const struct field *f = &e->f[e->formulas[i]];
        struct asks a = {.changed = changed};
        if (changed && !(force && force[f->at])) {
            formula_reads(f->expr, ask, &a);
            if (!a.yes) continue;
        }
        struct val is = formula_value(l->cx, f, v, look_get, l);
        if (changed && !val_same(&is, &v[f->at])) changed[f->at] = true;
        v[f->at] = is;
    }
    return l->err;
}

enum err formulas_fill(struct cx *cx, const struct entity *e, struct val *v, bool *changed)
{
    struct looks l = {.cx = cx};
    return compute(&l, e, v, changed, NULL);
}

/* ---- rows past the door ---- */
static struct db_val column_of(struct cx *cx, const struct val *v, bool second)
{
    if (v->t == VT_NULL) return DB_NONE;
    if (v->t == VT_TEXT) return V(second ? filter_fold(cx->a, v->s) : v->s);
    return second ? V(v->s) : V(v->i);
}

static enum err write_row(struct cx *cx, const struct entity *e, int64_t id, const struct val *v, const bool *changed)
{
    struct sql q = sql_new(cx);
    bool any = false;
    sql_lit(&q, "UPDATE ");
    sql_name(&q, e->table);
    sql_lit(&q, " SET ");
    for (size_t i = 0; i < e->n_formulas; i++) {
        const struct field *f = &e->f[e->formulas[i]];
        for (int w = 0; w < 2 && changed[f->at]; w++) {
            str col = w ? f->col2 : f->col;
            if (!col.n) continue;
            if (any) sql_lit(&q, ", ");
            any = true;
            sql_name(&q, col);
            sql_lit(&q, " = ");
            sql_val(cx, &q, column_of(cx, &v[f->at], w));
        }
    }
    if (!any) return E_OK;
    sql_lit(&q, " WHERE id = ");
    sql_val(cx, &q, V(id));
    return sql_run(cx, &q, NULL, NULL);
}

/* What follows from formulas of one record, already marked in `changed`. */
static enum err settle(struct cx *cx, const struct record *r, const struct val *v, const bool *changed)
{
    bool any = false;
    for (size_t i = 0; i < r->e->n_formulas; i++) any |= changed[r->e->formulas[i]];
    if (any) TRY(write_row(cx, r->e, r->id, v, changed));
    if (any && v[F_DELETED_AT].t == VT_NULL) TRY(rollups_follow(cx, r->e, r->v, v));
    return r->e->n_dependants ? formulas_follow(cx, r->e, r->id, changed) : E_OK;
}

enum err formula_rows(struct cx *cx, const struct entity *e, const struct field *link, int64_t to, const bool *force)
{
    struct cx all = *cx;
    struct reading rd = {0};
    int64_t after = 0;
    size_t done = 0;
    all.acl = NULL;
    TRY(reading_of(&all, e, &FIELDS_ALL, &rd));
    for (size_t n = ROWS; n == ROWS; done += n) {
        struct arena_mark m = arena_mark(cx->a);
        struct sql q = sql_new(cx);
        struct db_rows rows = {0};
        struct looks l = {.cx = cx};
        if (link && done >= FOLLOW_MAX)
            return fail(cx, E_LIMIT, "More than %d records follow this one by a formula", FOLLOW_MAX);
        reading_select(cx, &rd, &q);
        sql_lit(&q, " WHERE t.id > ");
        sql_val(cx, &q, V(after));
        if (link) {
            sql_lit(&q, " AND ");
            sql_col(&q, S("t"), link->col);
            sql_lit(&q, " = ");
            sql_val(cx, &q, V(to));
        }
        sql_lit(&q, " ORDER BY t.id LIMIT 500");
        TRY(sql_run(cx, &q, &rows, NULL));
        n = rows.n;
        struct record *r = NEW_N(cx->a, struct record, n + 1);
        for (size_t i = 0; i < n; i++) r[i] = reading_row(cx, &rd, &rows.v[i * rows.cols]);
        for (size_t i = 0; i < e->n_formulas; i++) TRY(look_ahead(&l, &e->f[e->formulas[i]], r, n));
        for (size_t i = 0; i < n; i++) {
            bool *changed = NEW_N(cx->a, bool, e->n);
            struct val *v = NEW_N(cx->a, struct val, e->n);
            memcpy(v, r[i].v, sizeof *v * e->n);
            TRY(compute(&l, e, v, changed, force));
            TRY(settle(cx, &r[i], v, changed));
        }
        if (n) after = r[n - 1].id;
        arena_back(cx->a, m);
    }
    return E_OK;
}

enum err formulas_follow(struct cx *cx, const struct entity *e, int64_t id, const bool *changed)
{
    bool *done = NEW_N(cx->a, bool, e->n_dependants + 1);
    for (size_t i = 0; i < e->n_dependants; i++) {
        const struct dependant *d = &e->dependants[i];
        if (done[i] || !changed[d->f->at]) continue;
        bool *force = NEW_N(cx->a, bool, d->formula->entity->n);
        for (size_t k = i; k < e->n_dependants; k++) {
            const struct dependant *o = &e->dependants[k];
            if (o->link != d->link || !changed[o->f->at]) continue;
            force[o->formula->at] = done[k] = true;
        }
        TRY(formula_rows(cx, d->formula->entity, d->link, id, force));
    }
    return E_OK;
}

enum err formulas_again(struct cx *cx, const struct field *f, int64_t id)
{
    struct cx all = *cx;
    struct record r = {0};
    struct looks l = {.cx = cx};
    const struct entity *e = f->entity;
    bool *changed = NEW_N(cx->a, bool, e->n);
    struct val *v = NEW_N(cx->a, struct val, e->n);
    all.acl = NULL;
    enum err err = read_one(&all, e, id, ACT_SEE, EITHER, false, &r);
    if (err == E_NOTFOUND) return E_OK;
    if (err != E_OK) return fail_at(cx, err, all.at, "%.*s", FS(all.msg));
    memcpy(v, r.v, sizeof *v * e->n);
    changed[f->at] = true;
    TRY(compute(&l, e, v, changed, NULL));
    return settle(cx, &r, v, changed);
}

/* ---- computed when read ---- */
struct needs {
    bool *need;
};

static void need_one(void *arg, const struct expr *x)
{
    struct needs *n = arg;
    n->need[x->link ? x->link->at : x->f->at] = true;
}

void formulas_need(const struct reading *r, bool *need)
{
    struct needs n = {need};
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++)
        if (r->want[i] && r->e->f[i].live && r->e->f[i].expr) formula_reads(r->e->f[i].expr, need_one, &n);
}

enum err formulas_live(struct cx *cx, const struct reading *r, struct record *v, size_t n)
{
    struct looks l = {.cx = cx};
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++) {
        const struct field *f = &r->e->f[i];
        if (!r->want[i] || !f->live) continue;
        TRY(look_ahead(&l, f, v, n));
        for (size_t k = 0; k < n; k++) {
            struct val *mine = NEW_N(cx->a, struct val, r->e->n);
            memcpy(mine, v[k].v, sizeof *mine * r->e->n);
            mine[i] = formula_value(cx, f, v[k].v, look_get, &l);
            v[k].v = mine;
        }
    }
    return l.err;
}
