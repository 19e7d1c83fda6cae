/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_filter.c - any JSON over the built-in description: refused with a text and a place, or SQL with as
 * many values as it names and no quote of the request, which runs on a sample firm and finds there what the evaluator in
 * memory finds. The first byte picks the entity. */
#include "bed.h"
#include "demo/demo.h"
#include "record/record.h"

enum { PEOPLE = 40, ROWS_MAX = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only the characters of our literals and names; brackets and quotes close; '' is the one text in it. */
static void check(const struct sql *q)
{
    static const char ours[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_\"'$()<>=,. ";
    str t = buf_str(&q->text);
    size_t open = 0, quotes = 0, params = 0;

    for (size_t i = 0; i < t.n; i++) {
        char c = t.p[i];
        assert(memchr(ours, c, sizeof ours - 1));
        open += c == '(';
        assert(c != ')' || open);
        open -= c == ')';
        quotes += c == '"';
        params += c == '$';
        if (c != '\'') continue;
        i++; /* a quote stands only as two */
        assert(t.p[i] == '\'');
    }
    assert(!open && quotes % 2 == 0 && params == q->v.n);
}

/* ---- the sample firm, in the base and in memory ---- */
static struct bed bed;
static struct rows {
    int64_t id[ROWS_MAX];
    const struct val *v[ROWS_MAX];
    size_t n;
} rows[ENTITIES_MAX];

static struct rows *rows_of(const struct entity *e) { return &rows[e - bed.m->entity]; }

static void keep(const struct record *r)
{
    struct rows *to = rows_of(r->e);
    size_t at = to->n++;
    assert(to->n <= ROWS_MAX);
    for (; at && to->id[at - 1] > r->id; at--) to->id[at] = to->id[at - 1], to->v[at] = to->v[at - 1];
    to->id[at] = r->id;
    to->v[at] = r->v;
}

static void load(struct cx *cx, const struct entity *e)
{
    struct query q = {.limit = 200, .cursor = S(""), .fields = FIELDS_ALL};
    for (bool more = true; more;) {
        struct page p = {0};
        T_OK(cx, record_list(cx, e, &q, &p));
        for (size_t i = 0; i < p.n; i++) keep(&p.v[i]);
        q.cursor = p.next;
        more = p.next.n > 0;
    }
}

static void firm_make(void)
{
    static struct demo_result done;
    const struct demo_opt o = {.lang = S("de"), .people = PEOPLE, .seed = 1, .slice_ms = 1000};
    bed = bed_make(false);
    T_OK(&bed.cx, demo_make(&bed.cx, &o, &done));
    assert(bed.m->n <= ENTITIES_MAX);
    for (size_t i = 0; i < bed.m->n; i++) load(&bed.cx, &bed.m->entity[i]);
    assert(!t_bad && rows_of(ENT(&bed.cx, "person"))->n == PEOPLE);
}

static enum err linked(struct cx *cx, void *arg, const struct entity *e, int64_t id, const struct val **ret)
{
    const struct rows *in = rows_of(e);
    (void)cx;
    (void)arg;
    *ret = NULL;
    for (size_t i = 0; i < in->n; i++)
        if (in->id[i] == id) *ret = in->v[i];
    return E_OK;
}

static bool points_to(const struct val *v, int64_t id)
{
    bool is = v->t == VT_INT && v->i == id;
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++) is |= v->v[i].id == id;
    return is;
}

static enum err related(struct cx *cx, void *arg, const struct field *back, int64_t id, const int64_t **ret_id,
                        const struct val *const **ret_v, size_t *ret_n)
{
    const struct rows *in = rows_of(back->entity);
    int64_t *ids = NEW_N(cx->a, int64_t, ROWS_MAX);
    const struct val **v = NEW_N(cx->a, const struct val *, ROWS_MAX);
    (void)arg;
    *ret_n = 0;
    for (size_t i = 0; i < in->n; i++) {
        if (!points_to(&in->v[i][back->at], id)) continue;
        ids[*ret_n] = in->id[i];
        v[(*ret_n)++] = in->v[i];
    }
    *ret_id = ids;
    *ret_v = v;
    return E_OK;
}

/* Too deep or too wide for the engine (E_LIMIT) is an answer; another error, or another set of records, is not. */
static void both_agree(struct cx *cx, const struct entity *e, const struct cond *c)
{
    static const struct filter_get get = {.link = linked, .related = related};
    const struct rows *in = rows_of(e);
    struct sql q = sql_new(cx);
    struct db_rows found = {0};
    size_t at = 0;
    sql_lit(&q, "SELECT t.id FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " t WHERE t.deleted_at IS NULL AND ");
    filter_sql(cx, c, S("t"), &q, NULL);
    sql_lit(&q, " ORDER BY t.id LIMIT 10000");
    enum err err = sql_run(cx, &q, &found, NULL);
    if (err == E_LIMIT || err == E_SLOW) return;
    if (err != E_OK) fprintf(stderr, "%.*s\n", FS(cx->msg));
    assert(err == E_OK);
    for (size_t i = 0; i < in->n; i++) {
        bool fits = false, was = at < found.n && db_int(&found, at, 0) == in->id[i];
        assert(filter_eval(cx, c, in->id[i], in->v[i], &get, &fits) == E_OK);
        assert(fits == was);
        at += was;
    }
    assert(at == found.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json *j = NULL;
    const struct cond *c = NULL;

    if (!bed.b) firm_make();
    struct cx cx = bed.cx;
    cx.a = arena_new();
    cx.who = (struct who){.user = rows_of(ENT(&cx, "user"))->id[0], .team = rows_of(ENT(&cx, "team"))->id[0]};
    if (size && json_parse(&cx, (str){(const char *)data + 1, size - 1}, &j) == E_OK) {
        const struct entity *e = &bed.m->entity[data[0] % bed.m->n];
        if (filter_parse(&cx, e, j, NULL, &c) == E_OK) {
            struct sql q = sql_new(&cx);
            filter_sql(&cx, c, S("t"), &q, NULL);
            if (!q.text.full) {
                check(&q);
                both_agree(&cx, e, c);
            }
        } else assert(cx.msg.n && utf8_valid(cx.msg) && utf8_valid(cx.at));
    }
    arena_free(&cx.a);
    return 0;
}
