/* SPDX-License-Identifier: MIT */
/* record/asof.c - a record as it was: today's values with every later change taken off, newest first. */
#include "record/record_int.h"

static enum err take_off(struct cx *cx, const struct entity *e, str old_json, struct val *v)
{
    struct set *s = NULL;
    size_t n = 0;
    TRY(log_old_sets(cx, e, old_json, &s, &n));
    for (size_t i = 0; i < n; i++) v[s[i].f->at] = s[i].v;
    return E_OK;
}

enum err record_as_of(struct cx *cx, const struct entity *e, int64_t id, int64_t at_ms,
                      struct record *ret)
{
    struct record r = {0};
    struct db_rows later = {0};
    struct reading all = {0};
    TRY(read_one(cx, e, id, ACT_SEE, EITHER, false, &r));
    struct val *v = NEW_N(cx->a, struct val, e->n);
    memcpy(v, r.v, sizeof *v * e->n);
    TRY(db_query(cx, &later,
                 "SELECT at, op, old, version FROM change WHERE record = $1 AND at > $2 ORDER BY "
                 "seq DESC LIMIT 10000",
                 V(id), V(at_ms)));
    for (size_t i = 0; i < later.n; i++) {
        str op = db_str(&later, i, 1);
        if (str_eq(op, S("create"))) return fail(cx, E_NOTFOUND, "The record did not exist yet at that time");
        if (str_eq(op, S("delete")) || str_eq(op, S("merge"))) v[F_DELETED_AT] = VAL_NULL;
        if (str_eq(op, S("restore"))) v[F_DELETED_AT] = VAL_INT(db_int(&later, i, 0));
        TRY(take_off(cx, e, db_str(&later, i, 2), v));
        r.version = db_int(&later, i, 3) - 1;
    }
    if (v[F_DELETED_AT].t != VT_NULL && v[F_DELETED_AT].i <= at_ms)
        return fail(cx, E_NOTFOUND, "The record was in the trash at that time");
    if (e->n_formulas) TRY(formulas_fill(cx, e, v, NULL));
    r.v = v;
    TRY(reading_of(cx, e, &FIELDS_ALL, &all));
    TRY(fill_titles(cx, &all, &r, 1));
    *ret = r;
    return E_OK;
}

/* ---- lists ---- */
struct as_of {
    const struct entity *e;
    const struct cond *where;
    int64_t at_ms;
    int64_t *changed; /* ids changed since, newest first */
    size_t n;
};

static enum err id_add(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct as_of *x = arg;
    (void)cols;
    if (x->n == AS_OF_MAX)
        return fail(cx, E_LIMIT, "More than %d records have changed since then", AS_OF_MAX);
    x->changed[x->n++] = row[0].i;
    return E_OK;
}

static enum err changed_since(struct cx *cx, struct as_of *x)
{
    const struct db_val v[] = {V(x->e->name), V(x->at_ms)};
    x->changed = NEW_N(cx->a, int64_t, AS_OF_MAX);
    return db_each(cx,
                   S("SELECT DISTINCT record FROM change WHERE entity = $1 AND at > $2"
                     " ORDER BY record DESC LIMIT 50001"),
                   v, COUNT(v), id_add, x);
}

static bool is_changed(const struct as_of *x, int64_t id)
{
    size_t lo = 0, hi = x->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (x->changed[mid] == id) return true;
        if (x->changed[mid] > id) lo = mid + 1;
        else hi = mid;
    }
    return false;
}

/* The next changed record below `before` that matched then; ret->id 0 at the end. */
static enum err next_changed(struct cx *cx, const struct as_of *x, size_t *at, int64_t before,
                             struct record *ret)
{
    for (; *at < x->n; ++*at) {
        bool fits = true;
        struct arena_mark m = arena_mark(cx->a);
        if (before && x->changed[*at] >= before) continue;
        enum err e = record_as_of(cx, x->e, x->changed[*at], x->at_ms, ret);
        if (e != E_OK && e != E_NOTFOUND) return e;
        if (e == E_OK && x->where) TRY(filter_eval(cx, x->where, ret->id, ret->v, NULL, &fits));
        if (e == E_OK && fits) return ++*at, E_OK;
        arena_back(cx->a, m);
    }
    *ret = (struct record){0};
    return E_OK;
}

/* A page of today's matches, without those that have changed. */
static enum err unchanged(struct cx *cx, const struct as_of *x, struct query *q, struct page *ret)
{
    TRY(record_list(cx, x->e, q, ret));
    struct record *v = NEW_N(cx->a, struct record, ret->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < ret->n; i++)
        if (!is_changed(x, ret->v[i].id)) v[n++] = ret->v[i];
    ret->v = v;
    ret->n = n;
    q->cursor = ret->next;
    return E_OK;
}

static struct query from_below(struct cx *cx, const struct as_of *x, int64_t before)
{
    struct query q = {.where = x->where, .limit = 200, .cursor = S(""), .fields = FIELDS_ALL};
    if (before) q.cursor = list_cursor(cx, x->e, before);
    return q;
}

enum err record_list_as_of(struct cx *cx, const struct entity *e, const struct cond *where,
                           int64_t at_ms, int64_t before, size_t limit, struct page *ret)
{
    struct as_of x = {.e = e, .where = where, .at_ms = at_ms};
    struct record *out = NEW_N(cx->a, struct record, limit + 1), was = {0};
    struct page today = {0};
    size_t n = 0, at = 0, k = 0;
    TRY(changed_since(cx, &x));
    struct query q = from_below(cx, &x, before);
    TRY(next_changed(cx, &x, &at, before, &was));
    TRY(unchanged(cx, &x, &q, &today));
    while (n <= limit) {
        while (k == today.n && q.cursor.n) {
            TRY(unchanged(cx, &x, &q, &today));
            k = 0;
        }
        bool more = k < today.n;
        if (!more && !was.id) break;
        if (more && (!was.id || today.v[k].id > was.id)) {
            out[n++] = today.v[k++];
            continue;
        }
        out[n++] = was;
        TRY(next_changed(cx, &x, &at, before, &was));
    }
    ret->v = out;
    ret->n = n > limit ? limit : n;
    ret->next = n > limit ? arena_fmt(cx->a, "%" PRId64, out[limit - 1].id) : S("");
    return E_OK;
}
