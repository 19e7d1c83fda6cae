/* SPDX-License-Identifier: MIT */
/* search/search_find.c - typed words to records: candidates from the index, scored in C, rights in the SQL. */
#include "search/find_int.h"

#include <stdlib.h>

enum {
    PER_ENTITY = 50,
    POOL = 32,   /* candidates of a part of the index, newest first */
    POOL_NOTES = 16, /* what is said and to be done is three times as much as people are, and its newest matter */
    BATCH = 200, /* candidates per look into the index for one entity, newest first */
    BATCHES = 4,
    SEEN_CHUNK = 64, /* rows read per look whose right is not sure from the index */
    TITLE_ROWS = 64,
    RECENT = 300,
    SHARED = 1000,
    INDEX_WORDS = 10,
    INDEX_WORD_BYTES = 120
};

struct finding {
    const struct entity *e;
    const struct ask *q;
    str whole;
    size_t per_entity;
    bool alone;      /* no other entity was asked for */
    bool title_only; /* a field behind the text is hidden from the asker */
    struct found *v; /* per_entity + 1 */
    struct hit *hit;
    size_t n;
};

/* Candidates of one part of the index, newest first. */
struct pool {
    struct db_hit *v;
    size_t n;
    bool read, whole; /* asked for; there are no others */
};

static int best_first(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->id > y->id ? -1 : x->id < y->id;
}

/* ---- rows: title, company or person for the second line ---- */
static void second_line_sql(struct cx *cx, const struct entity *e, struct sql *q, struct sql *joins)
{
    const struct field *c = link_to(cx, e, S("company"), S("company")),
                       *p = link_to(cx, e, S("person"), S("person"));
    if (c) {
        sql_lit(joins, " LEFT JOIN company c ON c.id = ");
        sql_col(joins, S("r"), c->col);
        sql_lit(joins, " AND ");
        seen_sql(cx, c->target, S("c"), joins);
    }
    if (p) {
        sql_lit(joins, " LEFT JOIN person p ON p.id = ");
        sql_col(joins, S("r"), p->col);
        sql_lit(joins, " AND ");
        seen_sql(cx, p->target, S("p"), joins);
    }
    if (c && p) sql_lit(q, "COALESCE(p.name, c.name)");
    else if (c) sql_lit(q, "c.name");
    else if (p) sql_lit(q, "p.name");
    else sql_lit(q, "''");
}

static enum err rows_read(struct cx *cx, const struct finding *f, const struct hit *h, size_t n,
                          struct db_rows *ret)
{
    struct sql q = sql_new(cx), joins = sql_new(cx);
    int64_t *ids = NEW_N(cx->a, int64_t, n);
    for (size_t i = 0; i < n; i++) ids[i] = h[i].id;
    sql_lit(&q, "SELECT r.id, ");
    title_sql(&q, f->e, S("r"));
    sql_lit(&q, ", ");
    second_line_sql(cx, f->e, &q, &joins);
    sql_lit(&q, " FROM ");
    sql_name(&q, f->e->table);
    sql_lit(&q, " r");
    sql_append(cx, &q, &joins);
    sql_lit(&q, " WHERE r.id IN ");
    sql_ids(cx, &q, ids, n);
    sql_lit(&q, " AND ");
    seen_sql(cx, f->e, S("r"), &q);
    return sql_run(cx, &q, ret, NULL);
}

static bool is_taken(const struct finding *f, int64_t id)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].id == id) return true;
    return false;
}

/* Takes what is seen of h, best first, until one more than wanted is there. */
static enum err take_seen(struct cx *cx, struct finding *f, const struct hit *h, size_t n)
{
    bool sure = acl_all(cx, f->e, ACT_SEE);
    size_t want = f->per_entity + 1;
    for (size_t from = 0, step; from < n && f->n < want; from += step) {
        struct db_rows r = {0};
        step = sure ? want - f->n : SEEN_CHUNK;
        if (step > n - from) step = n - from;
        TRY(rows_read(cx, f, h + from, step, &r));
        for (size_t i = from; i < from + step && f->n < want; i++)
            for (size_t k = 0; k < r.n; k++) {
                if (db_int(&r, k, 0) != h[i].id || is_taken(f, h[i].id)) continue;
                f->hit[f->n] = h[i];
                f->v[f->n++] =
                    (struct found){f->e,  h[i].id,   title_of(cx, f->e, &r, k, 1), db_str(&r, k, 2),
                                   S(""), h[i].score};
                break;
            }
    }
    return E_OK;
}

/* ---- candidates from the index ---- */
/* False when nothing typed can be asked of the index. What is more or longer than the index takes is looked for in the
 * text all the same. e NULL: in all entities. */
static bool index_words(struct cx *cx, const struct ask *q, const struct entity *e, bool own,
                        str *out, size_t *ret_n)
{
    size_t n = 0, tokens;
    if (e && !db_is_pg(cx)) out[n++] = token_entity(cx->a, e);
    if (own) out[n++] = token_owner(cx->a, cx->acl->user);
    tokens = n;
    for (size_t i = 0; i < q->n && n < INDEX_WORDS; i++) {
        str w = q->w[i].key;
        if (q->all_short) w = arena_fmt(cx->a, " %.*s", FS(w)); /* two letters begin a word */
        else if (is_short(&q->w[i])) continue;
        if (w.n < SHORT_LETTERS) continue;
        size_t end = w.n > INDEX_WORD_BYTES ? INDEX_WORD_BYTES : w.n;
        while (end < w.n && end && (w.p[end] & 0xC0) == 0x80) end--;
        out[n++] = str_cut(w, 0, end);
    }
    *ret_n = n;
    return n > tokens;
}

static void hit_add(struct cx *cx, const struct finding *f, struct hits *c, int64_t id, str text)
{
    struct hit h = {.id = id};
    const char *tokens = text.n ? memrchr(text.p, TOKEN_ENTITY, text.n) : NULL; /* they end the text, behind a "\n" */
    str body = tokens && tokens > text.p ? str_cut(text, 0, (size_t)(tokens - text.p) - 1) : text;
    (void)str_split(body, '\n', &h.title, &h.rest);
    if (f->title_only) h.rest = S("");
    if (hit_score(f->q, f->whole, &h)) *LIST_ADD(cx->a, c) = h;
}

static enum err take_hits(struct cx *cx, struct finding *f, const struct db_hit *v, size_t n)
{
    struct hits c = {0};
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].entity, f->e->name)) hit_add(cx, f, &c, v[i].id, v[i].text);
    if (c.n) qsort(c.v, c.n, sizeof *c.v, best_first);
    return take_seen(cx, f, c.v, c.n);
}

/* Do the asker's rights end at his own records in all entities of the part? */
static bool part_is_own(const struct cx *cx, int part)
{
    bool own = true;
    for (size_t i = 0; i < cx->meta->n && own; i++) {
        const struct entity *e = &cx->meta->entity[i];
        if (!e->search || e->trashed || db_search_part(e->name) != part) continue;
        own = !acl_may(cx, e, ACT_SEE) || acl_own(cx, e, ACT_SEE);
    }
    return own;
}

/* Does the asker see all records of the part? */
static bool part_is_seen(const struct cx *cx, int part)
{
    bool seen = true;
    for (size_t i = 0; i < cx->meta->n && seen; i++) {
        const struct entity *e = &cx->meta->entity[i];
        if (e->search && !e->trashed && db_search_part(e->name) == part) seen = acl_all(cx, e, ACT_SEE);
    }
    return seen;
}

static size_t pool_of(int part) { return part == db_search_part(S("interaction")) ? POOL_NOTES : POOL; }

/* The newest candidates of a part by one look, once for all its entities: when it gave everything there is, no other
 * is needed. */
static enum err pool_read(struct cx *cx, const struct ask *q, int part, struct pool *p)
{
    str words[INDEX_WORDS + 2];
    size_t n_words = 0;
    if (p->read || q->all_short) return E_OK;
    p->read = true;
    if (!index_words(cx, q, NULL, part_is_own(cx, part), words, &n_words)) return E_OK;
    TRY(db_search(cx, part, S(""), words, n_words, 0, pool_of(part), &p->v, &p->n));
    p->whole = p->n < pool_of(part);
    return E_OK;
}

/* A word that very many texts of the part hold: companies must not be lost behind others of their part, so they are
 * then looked for on their own; and so is the one entity that was asked for, and what may stand behind records that
 * the asker does not see. */
static enum err by_text(struct cx *cx, struct finding *f, struct pool *pools)
{
    str words[INDEX_WORDS + 2];
    size_t n_words = 0, n = BATCH;
    int64_t before = 0;
    int part = db_search_part(f->e->name);
    struct pool *p = &pools[part];
    bool own = acl_own(cx, f->e, ACT_SEE);
    TRY(pool_read(cx, f->q, part, p));
    TRY(take_hits(cx, f, p->v, p->n));
    if (p->whole || (f->n && !f->alone)) return E_OK;
    if (!f->e->dups && !f->alone && p->n && part_is_seen(cx, part)) return E_OK;
    if (!index_words(cx, f->q, f->e, own, words, &n_words)) return E_OK;
    for (int batch = 0; batch < BATCHES && n == BATCH && f->n <= f->per_entity; batch++) {
        struct db_hit *v = NULL;
        TRY(db_search(cx, part, f->e->name, words, n_words, before, BATCH, &v, &n));
        TRY(take_hits(cx, f, v, n));
        if (n) before = v[n - 1].id;
    }
    return E_OK;
}

/* ---- one or two letters: the start of the title first, then of any word ---- */
static void title_range(struct cx *cx, const struct finding *f, str from, size_t max, struct sql *q)
{
    const struct field *t = &f->e->f[f->e->title];
    sql_lit(q, "SELECT r.id, ");
    sql_col(q, S("r"), t->col2);
    sql_lit(q, " FROM ");
    sql_name(q, f->e->table);
    sql_lit(q, " r WHERE ");
    sql_col(q, S("r"), t->col2);
    sql_lit(q, " >= ");
    sql_val(cx, q, V(from));
    sql_lit(q, " AND ");
    sql_col(q, S("r"), t->col2);
    sql_lit(q, " < ");
    sql_val(cx, q, V(arena_fmt(cx->a, "%.*s\xF4\x8F\xBF\xBF", FS(from))));
    sql_lit(q, " AND ");
    seen_sql(cx, f->e, S("r"), q);
    sql_lit(q, " ORDER BY ");
    sql_col(q, S("r"), t->col2);
    sql_lit(q, ", r.id LIMIT ");
    sql_val(cx, q, V((int64_t)max));
}

static void newest(struct cx *cx, const struct finding *f, struct sql *q)
{
    const struct field *t = &f->e->f[f->e->title];
    sql_lit(q, "SELECT r.id, ");
    sql_col(q, S("r"), t->col2);
    sql_lit(q, " FROM (SELECT * FROM ");
    sql_name(q, f->e->table);
    sql_lit(q, " ORDER BY id DESC LIMIT ");
    sql_val(cx, q, V(RECENT));
    sql_lit(q, ") r WHERE ");
    seen_sql(cx, f->e, S("r"), q);
}

static enum err rows_add(struct cx *cx, const struct finding *f, const struct sql *q,
                         struct hits *c)
{
    struct db_rows r = {0};
    TRY(sql_run(cx, q, &r, NULL));
    for (size_t i = 0; i < r.n; i++) {
        bool twice = false;
        for (size_t k = 0; k < c->n && !twice; k++) twice = c->v[k].id == db_int(&r, i, 0);
        if (!twice) hit_add(cx, f, c, db_int(&r, i, 0), db_str(&r, i, 1));
    }
    return E_OK;
}

/* The longest pieces first. */
str cyrillic_start(struct arena *a, str w)
{
    static const struct {
        const char *from, *to;
    } t[] = {{"sh", "ш"}, {"ch", "ч"}, {"zh", "ж"}, {"kh", "х"}, {"ts", "ц"}, {"ya", "я"},
             {"yu", "ю"}, {"ye", "е"}, {"a", "а"},  {"b", "б"},  {"v", "в"},  {"g", "г"},
             {"d", "д"},  {"e", "е"},  {"z", "з"},  {"i", "и"},  {"k", "к"},  {"l", "л"},
             {"m", "м"},  {"n", "н"},  {"o", "о"},  {"p", "п"},  {"r", "р"},  {"s", "с"},
             {"t", "т"},  {"u", "у"},  {"f", "ф"},  {"h", "х"},  {"c", "ц"},  {"y", "й"},
             {"w", "в"},  {"j", "й"}};
    struct buf b = buf_new(a, 64);
    for (size_t i = 0; i < w.n;) {
        size_t k = 0;
        while (k < COUNT(t) && !str_has_prefix(str_cut(w, i, w.n), str_from(t[k].from))) k++;
        if (k == COUNT(t)) return S("");
        buf_add(&b, str_from(t[k].to));
        i += strlen(t[k].from);
    }
    return buf_str(&b);
}

static enum err by_title(struct cx *cx, struct finding *f)
{
    const struct field *t = &f->e->f[f->e->title];
    const struct fold_word *w = &f->q->w[0];
    struct hits c = {0};
    str way[3] = {w->text, str_eq(w->text, w->key) ? S("") : w->key, cyrillic_start(cx->a, w->text)};
    if (t->kind->store != ST_FOLDED) return E_OK;
    for (size_t i = 0; t->index && i < COUNT(way); i++) {
        struct sql q = sql_new(cx);
        struct ask as = *f->q;
        struct finding look = *f;
        if (!way[i].n) continue;
        as.w[0].text = as.w[0].key = way[i];
        look.q = &as;
        title_range(cx, &look, way[i], TITLE_ROWS, &q);
        TRY(rows_add(cx, &look, &q, &c));
    }
    if (!t->index || !f->e->search) {
        struct sql q = sql_new(cx);
        newest(cx, f, &q);
        TRY(rows_add(cx, f, &q, &c));
    }
    if (c.n) qsort(c.v, c.n, sizeof *c.v, best_first);
    return take_seen(cx, f, c.v, c.n);
}

/* What was typed as one piece, in one of its spellings ("" = it has none): text, key or other alphabet. */
static str piece(struct cx *cx, const struct ask *q, int way)
{
    struct buf b = buf_new(cx->a, 4 * QUERY_CHARS * FOLD_WORDS);
    for (size_t i = 0; i < q->n; i++) {
        str w = way == 0 ? q->w[i].text : way == 1 ? q->w[i].key : cyrillic_start(cx->a, q->w[i].text);
        if (!w.n) return S("");
        if (b.n) buf_byte(&b, ' ');
        buf_add(&b, w);
    }
    return buf_str(&b);
}

/* Titles that begin with what was typed: nothing answers better, and a range of the title's index has them at once.
 * Only where all is seen: it would be a long way through the rows of others. */
static enum err by_start(struct cx *cx, struct finding *f)
{
    const struct field *t = &f->e->f[f->e->title];
    if (!f->e->dups || !t->index || t->kind->store != ST_FOLDED || !acl_all(cx, f->e, ACT_SEE))
        return E_OK;
    str typed = piece(cx, f->q, 0);
    for (int i = 0; i < 3 && f->n <= f->per_entity; i++) {
        struct sql q = sql_new(cx);
        struct hits c = {0};
        struct ask as = {.n = 1};
        struct finding look = *f;
        str way = i ? piece(cx, f->q, i) : typed;
        if (!way.n || (i && str_eq(way, typed))) continue;
        as.w[0] = (struct fold_word){way, way};
        look.q = &as;
        title_range(cx, &look, way, f->per_entity + 1, &q);
        TRY(rows_add(cx, &look, &q, &c));
        if (c.n) qsort(c.v, c.n, sizeof *c.v, best_first);
        TRY(take_seen(cx, f, c.v, c.n));
    }
    return E_OK;
}

/* What is shared with the asker stands in the index among what he does not see: it is few, and looked through by
 * itself. */
static enum err by_share(struct cx *cx, struct finding *f)
{
    struct sql q = sql_new(cx);
    struct hits c = {0};
    if (!acl_shared(cx, f->e, ACT_SEE) || acl_all(cx, f->e, ACT_SEE)) return E_OK;
    sql_lit(&q, "SELECT r.id, d.text FROM ");
    sql_name(&q, f->e->table);
    sql_lit(&q, " r JOIN search_doc d ON d.record = r.id WHERE ");
    acl_shared_where(cx, f->e, ACT_SEE, S("r"), &q);
    sql_lit(&q, " ORDER BY r.id DESC LIMIT ");
    sql_val(cx, &q, V(SHARED));
    TRY(rows_add(cx, f, &q, &c));
    if (c.n) qsort(c.v, c.n, sizeof *c.v, best_first);
    return take_seen(cx, f, c.v, c.n);
}

/* ---- what is shown beside the title ---- */
static bool fits(const struct ask *q, str norm, str typed)
{
    for (size_t i = 0; i < q->n; i++)
        if (str_find(norm, q->w[i].text) >= 0 || str_find(norm, q->w[i].key) >= 0 ||
            str_find(typed, q->w[i].text) >= 0)
            return true;
    return false;
}

static enum err points_show(struct cx *cx, struct finding *f)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    int64_t *ids = NEW_N(cx->a, int64_t, f->n + 1);
    bool any = false;
    for (size_t i = 0; i < f->n; i++) ids[i] = f->v[i].id;
    for (size_t i = 0; i < f->e->n; i++) any |= f->e->f[i].kind->store == ST_POINTS;
    if (!any || !f->n) return E_OK;
    sql_lit(&q, "SELECT record, field, typed, norm FROM contact_point WHERE record IN ");
    sql_ids(cx, &q, ids, f->n);
    sql_lit(&q, " ORDER BY record, kind DESC, field, pos"); /* phones, mails, addresses */
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t k = 0; k < r.n; k++)
        for (size_t i = 0; i < f->n; i++) {
            if (db_int(&r, k, 0) != f->v[i].id) continue;
            const struct field *x = entity_field(f->e, db_str(&r, k, 1));
            if (!x || !acl_field_read(cx, x)) continue;
            if (!f->v[i].subtitle.n) f->v[i].subtitle = db_str(&r, k, 2);
            if (!f->hit[i].in_title && !f->v[i].match.n &&
                fits(f->q, db_str(&r, k, 3), fold_text(cx->a, db_str(&r, k, 2))))
                f->v[i].match = db_str(&r, k, 2);
        }
    return E_OK;
}

static enum err show(struct cx *cx, struct finding *f)
{
    TRY(points_show(cx, f));
    for (size_t i = 0; i < f->n; i++)
        if (!f->hit[i].in_title && !f->v[i].match.n)
            f->v[i].match = hit_piece(cx, f->q, &f->hit[i]);
    return E_OK;
}

bool hides_something(const struct cx *cx, const struct entity *e)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->f[i].search && !e->f[i].trashed && i >= F_SYSTEM_N && !acl_field_read(cx, &e->f[i]))
            return true;
    return false;
}

static enum err entity_find(struct cx *cx, const struct entity *e, const struct ask *q,
                            struct pool *pools, struct finding f, struct found_group *ret)
{
    f.e = e;
    f.q = q;
    f.title_only = hides_something(cx, e);
    f.v = NEW_N(cx->a, struct found, f.per_entity + 1);
    f.hit = NEW_N(cx->a, struct hit, f.per_entity + 1);
    if (!acl_field_read(cx, &e->f[e->title])) return E_OK;
    if (q->all_short || !e->search) TRY(by_title(cx, &f));
    else TRY(by_start(cx, &f));
    if (e->search && f.n <= f.per_entity) TRY(by_text(cx, &f, pools));
    if (e->search && f.n <= f.per_entity) TRY(by_share(cx, &f));
    bool more = f.n > f.per_entity;
    if (more) f.n = f.per_entity;
    TRY(show(cx, &f));
    *ret = (struct found_group){e, f.v, f.n, more};
    return E_OK;
}

static size_t entities_of(struct cx *cx, const struct entity *only, const struct entity **out)
{
    size_t n = 0;
    for (size_t i = 0; i < cx->meta->n; i++) {
        const struct entity *e = &cx->meta->entity[i];
        if ((only ? e != only : !e->search) || e->trashed || !acl_may(cx, e, ACT_SEE)) continue;
        out[n++] = e;
    }
    return n;
}

enum err search_find(struct cx *cx, str q, const struct entity *only, size_t per_entity,
                     struct found_group **ret, size_t *ret_n)
{
    const struct entity **e = NEW_N(cx->a, const struct entity *, cx->meta->n + 1);
    struct found_group *g = NEW_N(cx->a, struct found_group, cx->meta->n + 1);
    size_t n = 0;
    if (q.n > 4 * QUERY_CHARS || utf8_len(q) > QUERY_CHARS)
        return fail(cx, E_BAD, "A search has at most %d characters", QUERY_CHARS);
    struct asks as = asks_of(cx, q);
    struct finding f = {.whole = as.whole,
                        .alone = only != NULL,
                        .per_entity = per_entity < 1            ? 1
                                      : per_entity > PER_ENTITY ? PER_ENTITY
                                                                : per_entity};
    size_t n_e = entities_of(cx, only, e);
    for (size_t v = 0; n_e && v < as.n && !n; v++) {
        struct pool pools[DB_SEARCH_PARTS] = {{0}};
        for (size_t i = 0; i < n_e; i++) {
            TRY(entity_find(cx, e[i], &as.v[v], pools, f, &g[n]));
            n += g[n].n > 0;
        }
    }
    *ret = g;
    *ret_n = n;
    return E_OK;
}
