/* SPDX-License-Identifier: MIT */
/* record/asof_list.c - lists as they were: today's matches without those that have changed since, merged in the list's
 * order with those that have, as they were. A page reads only as much of both as it shows; the whole (for a job) goes
 * through memory: 40 bytes a match and its sort value.
 */
#include "record/record_int.h"

#include <stdlib.h>

enum { RELATED_MAX = 10000 };

struct row {
    const struct db_val *key; /* what the list is sorted by: sort_keys */
    int64_t id;
    struct record r; /* pages alone */
};

struct as_of {
    const struct entity *e;
    const struct query *q;
    int64_t at_ms;
    int64_t *changed; /* ids changed since, ascending */
    size_t n, room, max;
    struct row *was; /* those that matched then, when the list has a sort */
    size_t n_was,
        at; /* at: the next of was; without a sort: how many of changed are still to be looked at */
    struct cursor from;
};

/* Rows without a value come last in both directions, as in record_list. */
static int order(const struct query *q, const struct row *a, const struct row *b)
{
    for (size_t i = 0; i < q->n_sort; i++) {
        const struct db_val *x = &a->key[i], *y = &b->key[i];
        int c = 0;
        if ((x->t == DB_NULL) != (y->t == DB_NULL)) return x->t == DB_NULL ? 1 : -1;
        if (x->t == DB_INT) c = (x->i > y->i) - (x->i < y->i);
        else if (x->t == DB_TEXT) c = str_cmp(x->s, y->s);
        if (c) return q->sort[i].desc ? -c : c;
    }
    int c = (a->id > b->id) - (a->id < b->id);
    return sort_down(q) ? -c : c;
}

static int order_qsort(const void *a, const void *b, void *q) { return order(q, a, b); }

/* ---- what has changed ---- */
static enum err id_add(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct as_of *x = arg;
    (void)cols;
    if (x->n == x->max)
        return fail(cx, E_LIMIT,
                    "More than %zu records have changed since then: such a list is made as a job",
                    x->max);
    if (x->n == x->room) {
        x->room = x->room ? x->room * 2 : 1024;
        int64_t *more = NEW_N(cx->a, int64_t, x->room);
        if (x->n) memcpy(more, x->changed, sizeof *more * x->n);
        x->changed = more;
    }
    x->changed[x->n++] = row[0].i;
    return E_OK;
}

static enum err changed_since(struct cx *cx, struct as_of *x)
{
    const struct db_val v[] = {V(x->e->name), V(x->at_ms), V((int64_t)x->max + 1)};
    return db_each(cx,
                   S("SELECT DISTINCT record FROM change WHERE entity = $1 AND at > $2"
                     " ORDER BY record LIMIT $3"),
                   v, COUNT(v), id_add, x);
}

static bool is_changed(const struct as_of *x, int64_t id)
{
    size_t lo = 0, hi = x->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (x->changed[mid] == id) return true;
        if (x->changed[mid] < id) lo = mid + 1;
        else hi = mid;
    }
    return false;
}

/* ---- conditions on related records: as those are today ---- */
static enum err link_today(struct cx *cx, void *arg, const struct entity *e, int64_t id,
                           const struct val **ret_v)
{
    struct record r = {0};
    (void)arg;
    *ret_v = NULL;
    enum err err = read_one(cx, e, id, ACT_SEE, LIVING, false, &r);
    if (err == E_NOTFOUND) return E_OK;
    if (err == E_OK) *ret_v = r.v;
    return err;
}

static enum err related_today(struct cx *cx, void *arg, const struct field *back, int64_t id,
                              const int64_t **ret_id, const struct val *const **ret_v,
                              size_t *ret_n)
{
    const struct val v = VAL_INT(id);
    const struct cond c = {
        .k = C_CMP, .e = back->entity, .f = back, .op = OP_EQ, .v = &v, .n_v = 1};
    struct query q = {.where = &c, .limit = 200, .cursor = S(""), .fields = FIELDS_ALL};
    int64_t *ids = NEW_N(cx->a, int64_t, RELATED_MAX);
    const struct val **vs = NEW_N(cx->a, const struct val *, RELATED_MAX);
    size_t n = 0;
    (void)arg;
    for (bool more = true; more;) {
        struct page p = {0};
        TRY(record_list(cx, back->entity, &q, &p));
        if (n + p.n > RELATED_MAX)
            return fail(cx, E_LIMIT, "A record has more than %d related ones", RELATED_MAX);
        for (size_t i = 0; i < p.n; i++, n++) {
            ids[n] = p.v[i].id;
            vs[n] = p.v[i].v;
        }
        q.cursor = p.next;
        more = p.next.n > 0;
    }
    *ret_id = ids;
    *ret_v = vs;
    *ret_n = n;
    return E_OK;
}

/* Record id as it was, when it was there and matched; else ret->id is 0. */
static enum err matched_then(struct cx *cx, const struct as_of *x, int64_t id, struct row *ret)
{
    static const struct filter_get get = {.link = link_today, .related = related_today};
    struct record r = {0};
    bool fits = true;
    *ret = (struct row){0};
    enum err e = values_as_of(cx, x->e, id, x->at_ms, &r);
    if (e == E_NOTFOUND) return E_OK;
    TRY(e);
    if (x->q->where) TRY(filter_eval(cx, x->q->where, id, r.v, &get, &fits));
    if (!fits) return E_OK;
    *ret = (struct row){sort_keys(cx, x->q, r.v), id, r};
    return E_OK;
}

/* ---- a page ---- */
static bool behind_cursor(const struct as_of *x, const struct row *r)
{
    const struct row from = {.key = x->from.v, .id = x->from.id};
    return !x->from.started || order(x->q, r, &from) > 0;
}

/* With a sort those that have changed must all be known before the first is. */
static enum err sort_changed(struct cx *cx, struct as_of *x)
{
    x->was = NEW_N(cx->a, struct row, x->n + 1);
    for (size_t i = 0; i < x->n; i++) {
        struct row *r = &x->was[x->n_was];
        TRY(matched_then(cx, x, x->changed[i], r));
        if (r->id && behind_cursor(x, r)) x->n_was++;
    }
    struct query by = *x->q;
    qsort_r(x->was, x->n_was, sizeof *x->was, order_qsort, &by);
    return E_OK;
}

/* The next changed record behind the cursor that matched then; ret->id 0 at the end. */
static enum err next_changed(struct cx *cx, struct as_of *x, struct row *ret)
{
    *ret = (struct row){0};
    if (x->q->n_sort) {
        if (x->at < x->n_was) *ret = x->was[x->at++];
        return E_OK;
    }
    while (!ret->id && x->at) { /* newest first */
        struct arena_mark m = arena_mark(cx->a);
        const struct row r = {.id = x->changed[--x->at]};
        if (behind_cursor(x, &r)) TRY(matched_then(cx, x, r.id, ret));
        if (!ret->id) arena_back(cx->a, m);
    }
    return E_OK;
}

/* The next of today's matches that has not changed; ret->id 0 at the end. */
struct today {
    struct query q;
    struct page p;
    size_t at;
    bool end;
};

static enum err next_today(struct cx *cx, const struct as_of *x, struct today *t, struct row *ret)
{
    *ret = (struct row){0};
    for (;;) {
        for (; t->at < t->p.n; t->at++) {
            const struct record *r = &t->p.v[t->at];
            if (is_changed(x, r->id)) continue;
            *ret = (struct row){sort_keys(cx, x->q, r->v), r->id, *r};
            t->at++;
            return E_OK;
        }
        if (t->end) return E_OK;
        TRY(record_list(cx, x->e, &t->q, &t->p));
        t->q.cursor = t->p.next;
        t->at = 0;
        t->end = !t->p.next.n;
    }
}

static enum err merge_page(struct cx *cx, struct as_of *x, struct row *out, size_t *ret_n)
{
    struct today t = {.q = *x->q};
    struct row now = {0}, was = {0};
    size_t n = 0;
    TRY(next_changed(cx, x, &was));
    TRY(next_today(cx, x, &t, &now));
    while (n <= x->q->limit && (now.id || was.id)) {
        if (now.id && (!was.id || order(x->q, &now, &was) < 0)) {
            out[n++] = now;
            TRY(next_today(cx, x, &t, &now));
        } else {
            out[n++] = was;
            TRY(next_changed(cx, x, &was));
        }
    }
    *ret_n = n;
    return E_OK;
}

static enum err page_of(struct cx *cx, const struct as_of *x, const struct row *out, size_t n,
                        struct page *ret)
{
    const struct query *q = x->q;
    size_t shown = n > q->limit ? q->limit : n;
    struct record *v = NEW_N(cx->a, struct record, shown + 1);
    struct reading r = {0};
    TRY(reading_of(cx, x->e, &q->fields, &r));
    for (size_t i = 0; i < shown; i++) {
        v[i] = out[i].r;
        v[i].has = r.want;
    }
    TRY(fill_titles(cx, &r, v, shown));
    *ret = (struct page){.v = v, .n = shown, .next = S("")};
    if (n > q->limit) ret->next = cursor_text(cx, x->e, q, out[shown - 1].id, out[shown - 1].key);
    return E_OK;
}

static enum err list_as_of(struct cx *cx, struct as_of *x, struct page *ret)
{
    struct row *out = NEW_N(cx->a, struct row, x->q->limit + 2);
    size_t n = 0;
    TRY(changed_since(cx, x));
    x->at = x->q->n_sort ? 0 : x->n;
    if (x->q->n_sort) TRY(sort_changed(cx, x));
    TRY(merge_page(cx, x, out, &n));
    return page_of(cx, x, out, n, ret);
}

/* The query with the fields it sorts by among those that are read. */
static enum err query_as_of(struct cx *cx, const struct entity *e, const struct query *in,
                            struct query *ret)
{
    *ret = *in;
    if (!acl_may(cx, e, ACT_SEE)) return fail(cx, E_DENIED, "You may not see these records");
    return list_fields(cx, ret, &ret->fields);
}

enum err record_list_as_of(struct cx *cx, const struct entity *e, const struct query *in,
                           int64_t at_ms, struct page *ret)
{
    struct query q = {0};
    struct as_of x = {
        .e = e, .q = &q, .at_ms = at_ms, .max = in->n_sort ? AS_OF_SORTED : AS_OF_MAX};
    TRY(query_as_of(cx, e, in, &q));
    TRY(cursor_read(cx, e, &q, &x.from));
    TRY(db_snapshot(cx));
    enum err err = list_as_of(cx, &x, ret);
    db_snapshot_end(cx);
    return err;
}

/* ---- the whole ---- */
struct whole {
    struct as_of x;
    struct arena *keep; /* sort values */
    struct row *v;
    size_t n, room;
};

static enum err whole_add(struct cx *cx, struct whole *w, const struct db_val *key, int64_t id)
{
    size_t n = w->x.q->n_sort;
    struct db_val *kept = n ? NEW_N(w->keep, struct db_val, n) : NULL;
    if (w->n == AS_OF_IDS_MAX)
        return fail(cx, E_LIMIT, "More than %d records match: narrow the list down", AS_OF_IDS_MAX);
    if (w->n == w->room) {
        w->room = w->room ? w->room * 2 : 1024;
        struct row *more = NEW_N(w->keep, struct row, w->room);
        if (w->n) memcpy(more, w->v, sizeof *more * w->n);
        w->v = more;
    }
    for (size_t i = 0; i < n; i++) {
        kept[i] = key[i];
        if (key[i].t == DB_TEXT) kept[i].s = arena_dup(w->keep, key[i].s);
    }
    w->v[w->n++] = (struct row){.key = kept, .id = id};
    return E_OK;
}

static enum err whole_today(struct cx *cx, void *arg, const struct record *r)
{
    struct whole *w = arg;
    return whole_add(cx, w, sort_keys(cx, w->x.q, r->v), r->id);
}

static enum err whole_then(struct cx *cx, struct whole *w, as_of_progress_fn *progress, void *arg)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n;
         i++) /* today's that have changed are looked at once more, as they were */
        if (!is_changed(&w->x, w->v[i].id)) w->v[n++] = w->v[i];
    w->n = n;
    for (size_t i = 0; i < w->x.n; i++) {
        struct arena_mark m = arena_mark(cx->a);
        struct row r = {0};
        TRY(matched_then(cx, &w->x, w->x.changed[i], &r));
        if (r.id) TRY(whole_add(cx, w, r.key, r.id));
        arena_back(cx->a, m);
        if (progress && !progress(arg, (int64_t)i + 1, (int64_t)w->x.n))
            return fail(cx, E_CONFLICT, "The job was cancelled");
    }
    return E_OK;
}

enum err record_ids_as_of(struct cx *cx, const struct entity *e, const struct query *in,
                          int64_t at_ms, as_of_progress_fn *progress, void *arg, int64_t **ret,
                          size_t *ret_n)
{
    struct arena *keep OWNED(arena_free) = arena_new();
    struct query q = {0};
    struct whole w = {.x = {.e = e, .q = &q, .at_ms = at_ms, .max = AS_OF_IDS_MAX}, .keep = keep};
    TRY(query_as_of(cx, e, in, &q));
    const struct field *key[SORT_MAX] = {&e->f[F_CREATED_AT]};
    for (size_t i = 0; i < q.n_sort; i++) key[i] = q.sort[i].f;
    q.fields = (struct fields){.f = key, .n = q.n_sort ? q.n_sort : 1};
    TRY(record_each(cx, e, &q, whole_today, &w));
    TRY(changed_since(cx, &w.x)); /* after today's: what changed meanwhile is among these */
    TRY(whole_then(cx, &w, progress, arg));
    qsort_r(w.v, w.n, sizeof *w.v, order_qsort, &q);
    *ret = NEW_N(cx->a, int64_t, w.n + 1);
    for (size_t i = 0; i < w.n; i++) (*ret)[i] = w.v[i].id;
    *ret_n = w.n;
    return E_OK;
}
