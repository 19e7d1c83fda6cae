/* SPDX-License-Identifier: MIT */
/* record/record_list.c - pages by key, counts, and walks over all that match.
 *
 * A page never uses OFFSET: the cursor is the last row's sort value and id. Rows without a value come last in
 * both directions, as a second walk by id alone, so that each walk can follow its index.
 */
#include "record/record_int.h"

enum { LIMIT_MAX = 200, EACH_SLICE = 500, CURSOR_MAX = 16 * 1024 };

/* ---- cursors: "<check>.<id>.<n|i|t>.<value>", the value of a text in hex ---- */
static uint64_t cursor_check(const struct entity *e, const struct query *q)
{
    uint64_t h = str_hash(e->name) * 31 + (q->sort ? str_hash(q->sort->name) : 7) * 3 + q->desc;
    return h & 0xFFFFFFFF;
}

str cursor_text(struct cx *cx, const struct entity *e, const struct query *q, int64_t id,
                const struct db_val *v)
{
    struct buf b = buf_new(cx->a, CURSOR_MAX);
    buf_fmt(&b, "%" PRIx64 ".%" PRId64 ".", cursor_check(e, q), id);
    if (!v || v->t == DB_NULL) buf_byte(&b, 'n');
    else if (v->t == DB_INT) buf_fmt(&b, "i.%" PRId64, v->i);
    else {
        static const char hex[] = "0123456789abcdef";
        buf_add(&b, S("t."));
        for (size_t i = 0; i < v->s.n; i++) {
            buf_byte(&b, hex[(unsigned char)v->s.p[i] >> 4]);
            buf_byte(&b, hex[(unsigned char)v->s.p[i] & 15]);
        }
    }
    return buf_str(&b);
}

static bool hex_value(struct arena *a, str s, str *ret)
{
    char *p = arena_get(a, s.n / 2 + 1);
    if (s.n % 2) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (d < 0) return false;
        p[i / 2] = (char)(i % 2 ? p[i / 2] | d : d << 4);
    }
    *ret = (str){p, s.n / 2};
    return utf8_valid(*ret);
}

enum err cursor_read(struct cx *cx, const struct entity *e, const struct query *q,
                     struct cursor *ret)
{
    str check = {0}, id = {0}, kind = {0}, rest = q->cursor;
    struct cursor c = {.started = true};
    if (!rest.n) return E_OK;
    str_split(rest, '.', &check, &rest);
    str_split(rest, '.', &id, &rest);
    str_split(rest, '.', &kind, &rest);
    bool ok =
        str_eq(check, arena_fmt(cx->a, "%" PRIx64, cursor_check(e, q))) && str_to_int(id, &c.id);
    if (str_eq(kind, S("n"))) c.nulls = true;
    else if (str_eq(kind, S("i")) && ok) ok = str_to_int(rest, &c.v.i) && (c.v.t = DB_INT);
    else if (str_eq(kind, S("t")) && ok) ok = hex_value(cx->a, rest, &c.v.s) && (c.v.t = DB_TEXT);
    else ok = false;
    if (!ok) return fail_at(cx, E_BAD, S("cursor"), "This cursor does not belong to this list");
    *ret = c;
    return E_OK;
}

/* ---- conditions ---- */
static void seen(struct cx *cx, const struct entity *e, struct sql *q, str alias)
{
    acl_where(cx, e, ACT_SEE, alias, q);
}

static void where_common(struct cx *cx, const struct entity *e, const struct query *in,
                         struct sql *q)
{
    const struct cond *where = in->where;
    if (in->deleted) sql_lit(q, " WHERE t.deleted_at IS NOT NULL AND ");
    else sql_lit(q, " WHERE t.deleted_at IS NULL AND ");
    acl_where(cx, e, ACT_SEE, S("t"), q);
    if (in->exported) {
        sql_lit(q, " AND ");
        acl_where(cx, e, ACT_EXPORT, S("t"), q);
    }
    if (in->n_ids) {
        sql_lit(q, " AND t.id IN ");
        sql_ids(cx, q, in->ids, in->n_ids);
    }
    if (in->also) {
        sql_lit(q, " AND ");
        sql_append(cx, q, in->also);
    }
    if (!where || where->k == C_TRUE) return;
    sql_lit(q, " AND ");
    filter_sql(cx, where, S("t"), q, seen);
}

struct db_val sort_key(struct cx *cx, const struct field *f, const struct val *v)
{
    if (v->t == VT_INT) return V(v->i);
    if (v->t != VT_TEXT || !v->s.n) return DB_NONE;
    return V(f->kind->store == ST_FOLDED ? filter_fold(cx->a, v->s) : v->s);
}

static str sort_col(const struct field *f)
{
    return f->kind->store == ST_FOLDED ? f->col2 : f->col;
}

static void keyset(struct cx *cx, const struct query *q, const struct cursor *c, bool nulls,
                   struct sql *s)
{
    if (q->sort) {
        sql_lit(s, " AND ");
        sql_col(s, S("t"), sort_col(q->sort));
        if (nulls) sql_lit(s, " IS NULL");
        else sql_lit(s, " IS NOT NULL");
    }
    if (!c->started || (q->sort && c->nulls != nulls)) return;
    if (!q->sort || nulls) {
        if (q->desc) sql_lit(s, " AND t.id < ");
        else sql_lit(s, " AND t.id > ");
        sql_val(cx, s, V(c->id));
        return;
    }
    sql_lit(s, " AND (");
    sql_col(s, S("t"), sort_col(q->sort));
    if (q->desc) sql_lit(s, ", t.id) < (");
    else sql_lit(s, ", t.id) > (");
    sql_val(cx, s, c->v);
    sql_lit(s, ", ");
    sql_val(cx, s, V(c->id));
    sql_lit(s, ")");
}

static void order_by(const struct query *q, bool nulls, struct sql *s)
{
    sql_lit(s, " ORDER BY ");
    if (q->sort && !nulls) {
        sql_col(s, S("t"), sort_col(q->sort));
        if (q->desc) sql_lit(s, " DESC, ");
        else sql_lit(s, ", ");
    }
    if (q->desc) sql_lit(s, "t.id DESC");
    else sql_lit(s, "t.id");
}

/* ---- one walk: rows with a value, or rows without ---- */
struct walk {
    const struct entity *e;
    const struct query *q;
    const struct reading *r;
    struct record *v;
    struct db_val *key; /* the sort value of each row */
    size_t n, want;
};

static enum err walk_rows(struct cx *cx, struct walk *w, const struct cursor *c, bool nulls)
{
    struct sql s = sql_new(cx);
    struct db_rows rows = {0};
    uint16_t key = 0;
    reading_select(cx, w->r, &s);
    where_common(cx, w->e, w->q, &s);
    keyset(cx, w->q, c, nulls, &s);
    order_by(w->q, nulls, &s);
    sql_lit(&s, " LIMIT ");
    sql_val(cx, &s, V((int64_t)(w->want - w->n)));
    TRY(sql_run(cx, &s, &rows, NULL));
    if (w->q->sort) key = w->r->col[w->q->sort->at];
    for (size_t i = 0; i < rows.n; i++) {
        const struct db_val *row = &rows.v[i * rows.cols];
        w->v[w->n] = reading_row(cx, w->r, row);
        w->key[w->n++] = key ? row[key] : DB_NONE;
    }
    return E_OK;
}

/* The cursor behind row `at`: what the walk is ordered by is the folded text. */
static str cursor_behind(struct cx *cx, const struct walk *w, size_t at)
{
    struct db_val key = w->key[at];
    if (key.t == DB_TEXT && w->q->sort->kind->store == ST_FOLDED) key.s = filter_fold(cx->a, key.s);
    return cursor_text(cx, w->e, w->q, w->v[at].id, w->q->sort ? &key : NULL);
}

enum err list_fields(struct cx *cx, const struct query *q, struct fields *ret)
{
    *ret = q->fields;
    if (!q->sort) return E_OK;
    if (!q->sort->kind->sort || !q->sort->col.n || !acl_field_read(cx, q->sort))
        return fail_at(cx, E_BAD, S("sort"), "Sorting by this field is not possible");
    if (ret->all) return E_OK;
    size_t n = ret->n;
    const struct field **f = NEW_N(cx->a, const struct field *, n + 1);
    for (size_t i = 0; i < n; i++) f[i] = ret->f[i];
    f[n] = q->sort;
    ret->list = !n && !ret->n_linked;
    ret->f = f;
    ret->n = n + 1;
    return E_OK;
}

static enum err read_page(struct cx *cx, struct walk *w)
{
    struct cursor c = {0};
    TRY(cursor_read(cx, w->e, w->q, &c));
    w->v = NEW_N(cx->a, struct record, w->want);
    w->key = NEW_N(cx->a, struct db_val, w->want);
    if (!w->q->sort) return walk_rows(cx, w, &c, false);
    if (!c.nulls) TRY(walk_rows(cx, w, &c, false));
    return w->n < w->want ? walk_rows(cx, w, &c, true) : E_OK;
}

enum err record_list(struct cx *cx, const struct entity *e, const struct query *in,
                     struct page *ret)
{
    struct query q = *in;
    struct reading r = {0};
    *ret = (struct page){.next = S("")};
    if (!acl_may(cx, e, ACT_SEE)) return fail(cx, E_DENIED, "You may not see these records");
    if (q.limit < 1 || q.limit > LIMIT_MAX)
        return fail_at(cx, E_BAD, S("limit"), "The limit is 1 to %d", LIMIT_MAX);
    if (!q.sort) q.desc = true; /* newest first */
    TRY(list_fields(cx, &q, &q.fields));
    TRY(reading_of(cx, e, &q.fields, &r));
    struct walk w = {.e = e, .q = &q, .r = &r, .want = q.limit + 1};
    TRY(read_page(cx, &w));
    size_t n = w.n > q.limit ? q.limit : w.n;
    if (w.n > q.limit) ret->next = cursor_behind(cx, &w, n - 1);
    TRY(fill_parts(cx, &r, w.v, n));
    TRY(fill_titles(cx, &r, w.v, n));
    TRY(fill_linked(cx, &q.fields, w.v, n));
    ret->v = w.v;
    ret->n = n;
    return E_OK;
}

enum err record_count(struct cx *cx, const struct entity *e, const struct cond *where, bool deleted,
                      int64_t max, int64_t *ret, bool *ret_exact)
{
    struct query q = {.where = where, .deleted = deleted};
    return record_count_query(cx, e, &q, max, ret, ret_exact);
}

enum err record_count_query(struct cx *cx, const struct entity *e, const struct query *q,
                            int64_t max, int64_t *ret, bool *ret_exact)
{
    struct sql s = sql_new(cx);
    struct db_rows r = {0};
    if (!acl_may(cx, e, ACT_SEE)) return fail(cx, E_DENIED, "You may not see these records");
    sql_lit(&s, "SELECT count(*) FROM (SELECT 1 FROM ");
    sql_name(&s, e->table);
    sql_lit(&s, " t");
    where_common(cx, e, q, &s);
    if (max) {
        sql_lit(&s, " LIMIT ");
        sql_val(cx, &s, V(max + 1));
    }
    sql_lit(&s, ") x");
    TRY(sql_run(cx, &s, &r, NULL));
    int64_t n = db_int(&r, 0, 0);
    *ret_exact = !max || n <= max;
    *ret = *ret_exact ? n : max;
    return E_OK;
}

static enum err each_slice(struct cx *cx, const struct entity *e, const struct query *q,
                           const struct reading *r, int64_t after, struct record **ret,
                           size_t *ret_n)
{
    struct sql s = sql_new(cx);
    struct db_rows rows = {0};
    reading_select(cx, r, &s);
    where_common(cx, e, q, &s);
    sql_lit(&s, " AND t.id > ");
    sql_val(cx, &s, V(after));
    sql_lit(&s, " ORDER BY t.id LIMIT ");
    sql_val(cx, &s, V(EACH_SLICE));
    TRY(sql_run(cx, &s, &rows, NULL));
    struct record *v = NEW_N(cx->a, struct record, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) v[i] = reading_row(cx, r, &rows.v[i * rows.cols]);
    TRY(fill_parts(cx, r, v, rows.n));
    TRY(fill_titles(cx, r, v, rows.n));
    TRY(fill_linked(cx, &q->fields, v, rows.n));
    *ret = v;
    *ret_n = rows.n;
    return E_OK;
}

static enum err each_all(struct cx *cx, const struct entity *e, const struct query *q,
                         record_each_fn *fn, void *arg)
{
    struct reading r = {0};
    int64_t after = 0;
    TRY(reading_of(cx, e, &q->fields, &r));
    for (size_t n = EACH_SLICE; n == EACH_SLICE;) {
        struct arena_mark m = arena_mark(cx->a);
        struct record *v = NULL;
        TRY(each_slice(cx, e, q, &r, after, &v, &n));
        for (size_t i = 0; i < n; i++) TRY(fn(cx, arg, &v[i]));
        if (n) after = v[n - 1].id;
        arena_back(cx->a, m);
    }
    return E_OK;
}

enum err record_each(struct cx *cx, const struct entity *e, const struct query *q,
                     record_each_fn *fn, void *arg)
{
    if (!acl_may(cx, e, ACT_SEE)) return fail(cx, E_DENIED, "You may not see these records");
    TRY(db_snapshot(cx));
    enum err err = each_all(cx, e, q, fn, arg);
    db_snapshot_end(cx);
    return err;
}
