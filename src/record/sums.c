/* SPDX-License-Identifier: MIT */
/* record/sums.c - the two numbers of a row: made at each write, and walked through. */
#include "record/sums.h"

#include "base/log.h"
#include "record/sums_int.h"

enum { FILL = 200, TELL_EVERY = 4096 };
static const int64_t prime = ((int64_t)1 << 61) - 1;

/* ---- numbers ---- */
static int64_t less(uint64_t x) { return (int64_t)(x % (uint64_t)prime); }
static int64_t add(int64_t x, int64_t y) { return less((uint64_t)x + (uint64_t)y); }
static int64_t times(int64_t x, int64_t y) { return (int64_t)((__int128)x * y % prime); }
static int64_t minus(int64_t x) { return x ? prime - x : 0; }

/* Each step is reversible: different words of one length never meet before the end. */
static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static int64_t not_nought(uint64_t h)
{
    int64_t x = less(mix(h, h >> 32));
    return x ? x : 1;
}

static uint64_t text_mix(uint64_t h, str s)
{
    uint64_t word = 0;
    size_t i = 0;
    for (; i + sizeof word <= s.n; i += sizeof word) {
        memcpy(&word, s.p + i, sizeof word);
        h = mix(h, word);
    }
    word = 0;
    if (i < s.n) memcpy(&word, s.p + i, s.n - i);
    return mix(mix(h, word), s.n);
}

static int64_t weight(str name) { return not_nought(text_mix(1, name)); }

/* Lists of keys that are empty are read as nothing. */
static bool is_nothing(const struct field *f, const struct db_val *c)
{
    return c->t == DB_NULL || (c->t == DB_TEXT && f->kind->store == ST_KEYS && c->s.n <= 2);
}

static int64_t value_hash(int64_t w, const struct field *f, int which, const struct db_val *c)
{
    if (is_nothing(f, c)) return 0;
    uint64_t h = mix((uint64_t)w, (uint64_t)which + 2);
    return not_nought(c->t == DB_TEXT ? text_mix(h, c->s) : mix(h, (uint64_t)c->i));
}

static void put(struct sums *s, int64_t w, int64_t h)
{
    s->a = add(s->a, h);
    s->b = add(s->b, times(w, h));
}

static bool is_derived(const struct field *f)
{
    return str_eq(f->kind->name, S("rollup")) || str_eq(f->kind->name, S("formula"));
}

struct sums sums_of_id(int64_t id)
{
    struct sums s = {0};
    put(&s, weight(S("id")), not_nought(mix(7, (uint64_t)id)));
    return s;
}

void sums_put(struct sums *s, const struct field *f, int which, const struct db_val *c)
{
    if (is_derived(f)) return;
    int64_t w = weight(f->name);
    put(s, w, value_hash(w, f, which, c));
}

struct sums sums_without(const struct field *f, const struct db_val *c)
{
    struct sums s = {0};
    sums_put(&s, f, 0, c);
    return (struct sums){minus(s.a), minus(s.b)};
}

int64_t sums_link(int64_t a, str field, int64_t pos, int64_t b)
{
    uint64_t h = mix(mix(text_mix(3, field), (uint64_t)a), (uint64_t)pos);
    return not_nought(mix(h, (uint64_t)b));
}

void sums_assign(struct cx *cx, struct sql *q, const struct sums *s)
{
    sql_lit(q, ", \"sum1\" = ");
    sql_val(cx, q, V(s->a));
    sql_lit(q, ", \"sum2\" = ");
    sql_val(cx, q, V(s->b));
}

void sums_assign_more(struct cx *cx, struct sql *q, const struct sums *more)
{
    sql_lit(q, ", \"sum1\" = (\"sum1\" + ");
    sql_val(cx, q, V(more->a));
    sql_lit(q, ") % ");
    sql_val(cx, q, V(prime));
    sql_lit(q, ", \"sum2\" = (\"sum2\" + ");
    sql_val(cx, q, V(more->b));
    sql_lit(q, ") % ");
    sql_val(cx, q, V(prime));
}

/* ---- rows ---- */
struct column {
    const struct field *f;
    int which;
    int64_t w;
};
struct columns {
    struct column *v; /* as they follow on id, sum1, sum2 */
    size_t n;
};
enum { AT_ID, AT_A, AT_B, AT_FIRST };

static struct columns columns_of(struct cx *cx, const struct entity *e)
{
    struct columns c = {.v = NEW_N(cx->a, struct column, 2 * e->n)};
    for (size_t i = 0; i < e->n; i++)
        for (int w = 0; w < 2; w++)
            if ((w ? e->f[i].col2 : e->f[i].col).n && !is_derived(&e->f[i]))
                c.v[c.n++] = (struct column){&e->f[i], w, weight(e->f[i].name)};
    return c;
}

static struct sql row_query(struct cx *cx, const struct entity *e, const struct columns *c)
{
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT t.id, t.sum1, t.sum2");
    for (size_t i = 0; i < c->n; i++) {
        sql_lit(&q, ", ");
        sql_col(&q, S("t"), c->v[i].which ? c->v[i].f->col2 : c->v[i].f->col);
    }
    sql_lit(&q, " FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " t WHERE t.id ");
    return q;
}

static struct sums row_sums(const struct columns *c, const struct db_val *row)
{
    struct sums s = sums_of_id(row[AT_ID].i);
    for (size_t i = 0; i < c->n; i++)
        put(&s, c->v[i].w, value_hash(c->v[i].w, c->v[i].f, c->v[i].which, &row[AT_FIRST + i]));
    return s;
}

/* By how much the row's numbers differ from what they should be: {0, 0} also when there are none. */
static struct sums row_off(const struct columns *c, const struct db_val *row)
{
    if (row[AT_A].t == DB_NULL || row[AT_B].t == DB_NULL) return (struct sums){0};
    struct sums is = row_sums(c, row);
    uint64_t a = (uint64_t)row[AT_A].i, b = (uint64_t)row[AT_B].i;
    return (struct sums){add(less(a), minus(is.a)), add(less(b), minus(is.b))};
}

/* The one field whose value makes the difference; NULL = it is not one. */
static const struct field *field_off(const struct columns *c, const struct sums *off)
{
    for (size_t i = 0; i < c->n; i++)
        if (off->a && times(c->v[i].w, off->a) == off->b) return c->v[i].f;
    return NULL;
}

static enum err row_read(struct cx *cx, const struct entity *e, const struct columns *c, int64_t id,
                         struct db_rows *ret)
{
    struct sql q = row_query(cx, e, c);
    sql_lit(&q, "= ");
    sql_val(cx, &q, V(id));
    return sql_run(cx, &q, ret, NULL);
}

enum err sums_change(struct cx *cx, const struct entity *e, int64_t id, const struct val *v, const bool *changed,
                     struct sums *ret)
{
    struct columns c = columns_of(cx, e);
    struct db_rows r = {0};
    TRY(row_read(cx, e, &c, id, &r));
    struct sums s = sums_of_id(id), off = r.n ? row_off(&c, r.v) : (struct sums){0};
    for (size_t i = 0; i < c.n; i++) {
        const struct column *x = &c.v[i];
        struct db_val now = DB_NONE;
        if (changed[x->f->at]) now = stored(cx, x->f, &v[x->f->at], x->which);
        else if (r.n) now = r.v[AT_FIRST + i];
        put(&s, x->w, value_hash(x->w, x->f, x->which, &now));
    }
    *ret = s;
    const struct field *f = field_off(&c, &off);
    if ((!off.a && !off.b) || (f && changed[f->at])) return E_OK;
    log_say(cx, LOG_WARN, S("record"), "%.*s %" PRId64 " does not hold what was written in %.*s", FS(e->name), id,
            FS(f ? f->name : S("several fields")));
    *ret = (struct sums){add(s.a, off.a), add(s.b, off.b)};
    return E_OK;
}

static enum err row_give(struct cx *cx, const struct entity *e, const struct columns *c, const struct db_val *row)
{
    struct sums s = row_sums(c, row);
    struct sql q = sql_new(cx);
    sql_lit(&q, "UPDATE ");
    sql_name(&q, e->table);
    sql_lit(&q, " SET id = id");
    sums_assign(cx, &q, &s);
    sql_lit(&q, " WHERE id = ");
    sql_val(cx, &q, V(row[AT_ID].i));
    return sql_run(cx, &q, NULL, NULL);
}

enum err sums_again(struct cx *cx, const struct entity *e, int64_t id)
{
    struct columns c = columns_of(cx, e);
    struct db_rows r = {0};
    TRY(row_read(cx, e, &c, id, &r));
    return r.n ? row_give(cx, e, &c, r.v) : E_OK;
}

/* ---- the walk ---- */
struct walk {
    const struct entity *e;
    struct columns c;
    struct sums_watch *w;
};

static enum err row_look(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct walk *k = arg;
    (void)cx;
    if (cols != AT_FIRST + k->c.n) return E_INTERNAL;
    struct sums off = row_off(&k->c, row);
    k->w->bare += row[AT_A].t == DB_NULL;
    if (off.a || off.b) k->w->found(k->w->arg, k->e, field_off(&k->c, &off), row[AT_ID].i);
    if (++k->w->rows % TELL_EVERY == 0 && k->w->progress) k->w->progress(k->w->arg, k->w->rows);
    return E_OK;
}

static enum err link_look(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct walk *k = arg;
    bool fits = row[4].t == DB_NULL || row[4].i == sums_link(row[0].i, row[1].s, row[2].i, row[3].i);
    const struct field *f = entity_field(k->e, row[1].s);
    (void)cx, (void)cols;
    if (!fits) k->w->found(k->w->arg, k->e, f, row[0].i);
    return E_OK;
}

/* Of the fields of this entity; what belongs to none is links_check's. */
static enum err links_walk(struct cx *cx, struct walk *k)
{
    bool any = false;
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT l.a, l.field, l.pos, l.b, l.mark FROM link l WHERE l.field IN (");
    for (size_t i = 0; i < k->e->n; i++) {
        if (k->e->f[i].kind->store != ST_LINKS) continue;
        if (any) sql_lit(&q, ", ");
        any = true;
        sql_val(cx, &q, V(k->e->f[i].name));
    }
    if (!any) return E_OK;
    sql_lit(&q, ") AND EXISTS (SELECT 1 FROM ");
    sql_name(&q, k->e->table);
    sql_lit(&q, " t WHERE t.id = l.a)");
    return db_each(cx, buf_str(&q.text), q.v.v, q.v.n, link_look, k);
}

enum err sums_walk(struct cx *cx, const struct entity *e, struct sums_watch *w)
{
    struct walk k = {e, columns_of(cx, e), w};
    struct sql q = row_query(cx, e, &k.c);
    sql_lit(&q, "IS NOT NULL ORDER BY t.id");
    TRY(db_each(cx, buf_str(&q.text), NULL, 0, row_look, &k));
    return links_walk(cx, &k);
}

/* ---- rows of older versions ---- */
struct filling {
    const struct entity *e;
    const struct db_rows *ids;
};

static enum err fill_some(struct cx *cx, void *arg)
{
    const struct filling *f = arg;
    for (size_t i = 0; i < f->ids->n; i++) {
        struct arena_mark m = arena_mark(cx->a);
        TRY(sums_again(cx, f->e, db_int(f->ids, i, 0)));
        arena_back(cx->a, m);
    }
    return E_OK;
}

static enum err bare_after(struct cx *cx, const struct entity *e, int64_t after, struct db_rows *ret)
{
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT id FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " WHERE id > ");
    sql_val(cx, &q, V(after));
    sql_lit(&q, " AND sum1 IS NULL ORDER BY id LIMIT ");
    sql_val(cx, &q, V((int64_t)FILL));
    return sql_run(cx, &q, ret, NULL);
}

enum err sums_fill(struct cx *cx, const struct entity *e, int64_t max, int64_t *ret)
{
    int64_t after = 0;
    size_t n = FILL;
    for (*ret = 0; *ret < max && n == FILL; *ret += (int64_t)n) {
        struct arena_mark m = arena_mark(cx->a);
        struct db_rows ids = {0};
        TRY(bare_after(cx, e, after, &ids));
        n = ids.n;
        if (n) after = db_int(&ids, n - 1, 0);
        if (n) TRY(db_write_bulk(cx, fill_some, &(struct filling){e, &ids}));
        arena_back(cx->a, m);
    }
    return E_OK;
}
