/* SPDX-License-Identifier: MIT */
/* record/record_list.c - pages by key, counts, and walks over all that match.
 *
 * A page never uses OFFSET: the cursor is the last row's sort value and id. Rows without a value come last in
 * both directions, as a second walk by id alone, so that each walk can follow its index.
 */
#include "record/record_int.h"

enum { LIMIT_MAX = 200, EACH_SLICE = 500, CURSOR_MAX = 16 * 1024 };

/* ---- cursors: "<check>.<id>", and for each sort ".n", ".i<value>" or ".t<text in hex>" ---- */
static uint64_t cursor_check(const struct entity *e, const struct query *q)
{
    uint64_t h = str_hash(e->name) * 31;
    for (size_t i = 0; i < q->n_sort; i++)
        h = (h + str_hash(q->sort[i].f->name)) * 31 + q->sort[i].desc;
    return h & 0xFFFFFFFF;
}

str cursor_text(struct cx *cx, const struct entity *e, const struct query *q, int64_t id,
                const struct db_val *v)
{
    struct buf b = buf_new(cx->a, CURSOR_MAX);
    buf_fmt(&b, "%" PRIx64 ".%" PRId64, cursor_check(e, q), id);
    for (size_t k = 0; k < q->n_sort; k++) {
        static const char hex[] = "0123456789abcdef";
        if (v[k].t == DB_NULL) buf_add(&b, S(".n"));
        else if (v[k].t == DB_INT) buf_fmt(&b, ".i%" PRId64, v[k].i);
        else buf_add(&b, S(".t"));
        for (size_t i = 0; v[k].t == DB_TEXT && i < v[k].s.n; i++) {
            buf_byte(&b, hex[(unsigned char)v[k].s.p[i] >> 4]);
            buf_byte(&b, hex[(unsigned char)v[k].s.p[i] & 15]);
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

static bool cursor_value(struct cx *cx, str s, struct db_val *ret)
{
    char kind = s.n ? s.p[0] : 0;
    str rest = s.n ? str_cut(s, 1, s.n) : s;
    *ret = DB_NONE;
    if (kind == 'n') return !rest.n;
    ret->t = kind == 'i' ? DB_INT : DB_TEXT;
    return kind == 'i' ? str_to_int(rest, &ret->i) : kind == 't' && hex_value(cx->a, rest, &ret->s);
}

enum err cursor_read(struct cx *cx, const struct entity *e, const struct query *q,
                     struct cursor *ret)
{
    str part = {0}, rest = q->cursor;
    struct cursor c = {.started = true};
    *ret = (struct cursor){0};
    if (!rest.n) return E_OK;
    str_split(rest, '.', &part, &rest);
    bool ok = str_eq(part, arena_fmt(cx->a, "%" PRIx64, cursor_check(e, q)));
    str_split(rest, '.', &part, &rest);
    ok = ok && str_to_int(part, &c.id);
    for (size_t k = 0; ok && k < q->n_sort; k++) {
        str_split(rest, '.', &part, &rest);
        ok = cursor_value(cx, part, &c.v[k]);
    }
    if (!ok || rest.n)
        return fail_at(cx, E_BAD, S("cursor"), "This cursor does not belong to this list");
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
    if (in->shared) {
        sql_lit(q, " AND ");
        acl_shared_where(cx, e, ACT_SEE, S("t"), q);
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

static struct db_val sort_key(struct cx *cx, const struct field *f, const struct val *v)
{
    if (v->t == VT_INT) return V(v->i);
    if (v->t != VT_TEXT || !v->s.n) return DB_NONE;
    return V(f->kind->store == ST_FOLDED ? filter_fold(cx->a, v->s) : v->s);
}

const struct db_val *sort_keys(struct cx *cx, const struct query *q, const struct val *v)
{
    if (!q->n_sort) return NULL;
    struct db_val *k = NEW_N(cx->a, struct db_val, q->n_sort);
    for (size_t i = 0; i < q->n_sort; i++) k[i] = sort_key(cx, q->sort[i].f, &v[q->sort[i].f->at]);
    return k;
}

bool sort_down(const struct query *q) { return !q->n_sort || q->sort[0].desc; }

static void sort_col(struct sql *s, const struct sort *by)
{
    sql_col(s, S("t"), by->f->kind->store == ST_FOLDED ? by->f->col2 : by->f->col);
}

static void sort_than(struct cx *cx, struct sql *s, const struct sort *by, struct db_val v)
{
    sort_col(s, by);
    if (by->desc) sql_lit(s, " < ");
    else sql_lit(s, " > ");
    sql_val(cx, s, v);
}

/* Of rows that are equal in what comes before `at`: those behind the cursor. */
static void behind(struct cx *cx, const struct query *q, const struct cursor *c, size_t at,
                   struct sql *s)
{
    const struct sort *by = &q->sort[at];
    if (at == q->n_sort) {
        if (sort_down(q)) sql_lit(s, "t.id < ");
        else sql_lit(s, "t.id > ");
        sql_val(cx, s, V(c->id));
        return;
    }
    sql_lit(s, "(");
    if (c->v[at].t != DB_NULL) {
        sort_than(cx, s, by, c->v[at]);
        sql_lit(s, " OR ");
        sort_col(s, by);
        sql_lit(s, " IS NULL OR ");
    }
    sort_col(s, by);
    if (c->v[at].t == DB_NULL) sql_lit(s, " IS NULL");
    else {
        sql_lit(s, " = ");
        sql_val(cx, s, c->v[at]);
    }
    sql_lit(s, " AND ");
    behind(cx, q, c, at + 1, s);
    sql_lit(s, ")");
}

/* Behind the cursor among rows that have a value of the first sort: a range of its index. */
static void behind_value(struct cx *cx, const struct query *q, const struct cursor *c,
                         struct sql *s)
{
    const struct sort *by = &q->sort[0];
    if (q->n_sort == 1) {
        sql_lit(s, "(");
        sort_col(s, by);
        if (by->desc) sql_lit(s, ", t.id) < (");
        else sql_lit(s, ", t.id) > (");
        sql_val(cx, s, c->v[0]);
        sql_lit(s, ", ");
        sql_val(cx, s, V(c->id));
        sql_lit(s, ")");
        return;
    }
    sort_col(s, by);
    if (by->desc) sql_lit(s, " <= ");
    else sql_lit(s, " >= ");
    sql_val(cx, s, c->v[0]);
    sql_lit(s, " AND (");
    sort_than(cx, s, by, c->v[0]);
    sql_lit(s, " OR ");
    behind(cx, q, c, 1, s);
    sql_lit(s, ")");
}

static void keyset(struct cx *cx, const struct query *q, const struct cursor *c, bool nulls,
                   struct sql *s)
{
    if (q->n_sort) {
        sql_lit(s, " AND ");
        sort_col(s, &q->sort[0]);
        if (nulls) sql_lit(s, " IS NULL");
        else sql_lit(s, " IS NOT NULL");
    }
    if (!c->started || (q->n_sort && (c->v[0].t == DB_NULL) != nulls)) return;
    sql_lit(s, " AND ");
    if (q->n_sort && !nulls) behind_value(cx, q, c, s);
    else behind(cx, q, c, q->n_sort ? 1 : 0, s);
}

static void order_by(const struct query *q, bool nulls, struct sql *s)
{
    sql_lit(s, " ORDER BY ");
    for (size_t i = nulls; i < q->n_sort; i++) {
        sort_col(s, &q->sort[i]);
        if (q->sort[i].desc) sql_lit(s, " DESC");
        if (i) sql_lit(s, " NULLS LAST, ");
        else sql_lit(s, ", ");
    }
    if (sort_down(q)) sql_lit(s, "t.id DESC");
    else sql_lit(s, "t.id");
}

/* ---- one walk: rows with a value, or rows without ---- */
struct walk {
    const struct entity *e;
    const struct query *q;
    const struct reading *r;
    struct record *v;
    const struct db_val **row; /* as they were read */
    size_t n, want;
};

static enum err walk_rows(struct cx *cx, struct walk *w, const struct cursor *c, bool nulls)
{
    struct sql s = sql_new(cx);
    struct db_rows rows = {0};
    reading_select(cx, w->r, &s);
    where_common(cx, w->e, w->q, &s);
    keyset(cx, w->q, c, nulls, &s);
    order_by(w->q, nulls, &s);
    sql_lit(&s, " LIMIT ");
    sql_val(cx, &s, V((int64_t)(w->want - w->n)));
    TRY(sql_run(cx, &s, &rows, NULL));
    for (size_t i = 0; i < rows.n; i++) {
        const struct db_val *row = &rows.v[i * rows.cols];
        w->v[w->n] = reading_row(cx, w->r, row);
        w->row[w->n++] = row;
    }
    return E_OK;
}

/* The cursor behind row `at`: what the walk is ordered by is the folded text. */
static str cursor_behind(struct cx *cx, const struct walk *w, size_t at)
{
    struct db_val key[SORT_MAX];
    for (size_t k = 0; k < w->q->n_sort; k++) {
        const struct field *f = w->q->sort[k].f;
        key[k] = w->row[at][w->r->col[f->at]];
        if (key[k].t == DB_TEXT && f->kind->store == ST_FOLDED)
            key[k].s = filter_fold(cx->a, key[k].s);
    }
    return cursor_text(cx, w->e, w->q, w->v[at].id, key);
}

enum err list_fields(struct cx *cx, const struct query *q, struct fields *ret)
{
    *ret = q->fields;
    for (size_t i = 0; i < q->n_sort; i++) {
        const struct field *f = q->sort[i].f;
        if (!f->kind->sort || !f->col.n || !acl_field_read(cx, f))
            return fail_at(cx, E_BAD, S("sort"), "Sorting by this field is not possible");
    }
    if (ret->all || !q->n_sort) return E_OK;
    size_t n = ret->n;
    const struct field **f = NEW_N(cx->a, const struct field *, n + q->n_sort);
    for (size_t i = 0; i < n; i++) f[i] = ret->f[i];
    for (size_t i = 0; i < q->n_sort; i++) f[n + i] = q->sort[i].f;
    ret->list = !n && !ret->n_linked;
    ret->f = f;
    ret->n = n + q->n_sort;
    return E_OK;
}

static enum err read_page(struct cx *cx, struct walk *w)
{
    struct cursor c = {0};
    TRY(cursor_read(cx, w->e, w->q, &c));
    w->v = NEW_N(cx->a, struct record, w->want);
    w->row = NEW_N(cx->a, const struct db_val *, w->want);
    if (!w->q->n_sort) return walk_rows(cx, w, &c, false);
    if (!c.started || c.v[0].t != DB_NULL) TRY(walk_rows(cx, w, &c, false));
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
