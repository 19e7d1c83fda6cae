/* SPDX-License-Identifier: MIT */
/* meta/tag_words.c - how the tags of a field are spelled: "VIP" and "vip" are one tag, and the first spelling stays.
 *
 * A record keeps its tags as texts ("|VIP|neu|"), so that SQL compares them as they stand; table tag_word knows every
 * spelling that was ever written, by its folded form. A write takes the first one, a filter asks for all of them.
 */
#include "meta/filter_int.h"
#include "meta/meta_int.h"

static bool is_tags(const struct field *f) { return str_eq(f->kind->name, kind_tags.name); }

static enum err spellings(struct cx *cx, const struct field *f, str folded, struct db_rows *ret)
{
    return db_query(cx, ret,
                    "SELECT typed FROM tag_word WHERE entity = $1 AND field = $2 AND folded = $3"
                    " ORDER BY at, typed LIMIT $4",
                    V(f->entity->name), V(f->name), V(folded), V((int)TAG_SPELLINGS_MAX));
}

static enum err spelling_add(struct cx *cx, const struct field *f, str folded, str typed)
{
    return db_exec(cx, NULL,
                   "INSERT INTO tag_word(entity, field, folded, typed, at) VALUES($1, $2, $3, $4, $5)"
                   " ON CONFLICT DO NOTHING",
                   V(f->entity->name), V(f->name), V(folded), V(typed), V(cx->now_ms));
}

enum err tag_spellings(struct cx *cx, const struct field *f, struct val *v, size_t *n)
{
    struct db_rows r = {0};
    if (!is_tags(f) || !cx->db) return E_OK;
    TRY(spellings(cx, f, filter_fold(cx->a, v->s), &r));
    for (size_t i = 0; i < r.n; i++) v[i] = VAL_TEXT(db_str(&r, i, 0));
    if (r.n) *n = r.n;
    return E_OK;
}

/* Does no other record (in the trash or out of it) have the tag in this spelling? */
static enum err is_sole(struct cx *cx, const struct field *f, int64_t id, str typed, bool *ret)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    sql_lit(&q, "SELECT 1 FROM ");
    sql_name(&q, f->entity->table);
    sql_lit(&q, " t WHERE t.id <> ");
    sql_val(cx, &q, V(id));
    sql_lit(&q, " AND ");
    sql_col(&q, S("t"), f->col);
    if (db_is_pg(cx)) sql_lit(&q, " IS NOT NULL AND strpos(");
    else sql_lit(&q, " IS NOT NULL AND instr(");
    sql_col(&q, S("t"), f->col);
    sql_lit(&q, ", ");
    sql_val(cx, &q, V(arena_fmt(cx->a, "|%.*s|", FS(typed))));
    sql_lit(&q, ") > 0 LIMIT 1");
    TRY(sql_run(cx, &q, &r, NULL));
    *ret = r.n == 0;
    return E_OK;
}

static bool has_typed(const struct val *v, str typed)
{
    for (size_t i = 0; v && v->t == VT_LIST && i < v->n; i++)
        if (str_eq(v->v[i].norm, typed)) return true;
    return false;
}

static enum err settle_one(struct cx *cx, const struct field *f, int64_t id, const struct val *old, struct item *it)
{
    str folded = filter_fold(cx->a, it->norm), first = {0};
    struct db_rows r = {0};
    bool sole = false;
    TRY(spellings(cx, f, folded, &r));
    if (!r.n) return spelling_add(cx, f, folded, it->norm);
    first = db_str(&r, 0, 0);
    if (str_eq(first, it->norm)) return E_OK;
    if (has_typed(old, first)) TRY(is_sole(cx, f, id, first, &sole));
    if (!sole) {
        it->norm = first;
        return E_OK;
    }
    TRY(db_exec(cx, NULL, "DELETE FROM tag_word WHERE entity = $1 AND field = $2 AND folded = $3",
                V(f->entity->name), V(f->name), V(folded)));
    return spelling_add(cx, f, folded, it->norm);
}

enum err tags_settle(struct cx *cx, const struct field *f, int64_t id, const struct val *old, struct val *v)
{
    if (!is_tags(f) || v->t != VT_LIST) return E_OK;
    struct item *it = NEW_N(cx->a, struct item, v->n);
    struct val now = {.t = VT_LIST, .v = it};
    for (size_t i = 0; i < v->n; i++) {
        struct item one = v->v[i];
        TRY(settle_one(cx, f, id, old, &one));
        if (!has_typed(&now, one.norm)) it[now.n++] = one;
    }
    *v = now;
    return E_OK;
}

enum err tags_forget(struct cx *cx, const struct field *f, int64_t id, const struct val *v)
{
    for (size_t i = 0; is_tags(f) && f->col.n && v->t == VT_LIST && i < v->n; i++) {
        bool sole = false;
        TRY(is_sole(cx, f, id, v->v[i].norm, &sole));
        if (!sole) continue;
        TRY(db_exec(cx, NULL, "DELETE FROM tag_word WHERE entity = $1 AND field = $2 AND typed = $3",
                    V(f->entity->name), V(f->name), V(v->v[i].norm)));
    }
    return E_OK;
}

/* ---- a base that is older than the table ---- */
struct filling {
    const struct field *f;
    struct arena *a;
};

static enum err fill_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    const struct filling *x = arg;
    str rest = row[0].s, word = {0};
    (void)cols;
    for (bool more = true; more;) {
        more = str_split(rest, '|', &word, &rest);
        if (word.n) TRY(spelling_add(cx, x->f, filter_fold(x->a, word), word));
    }
    arena_reset(x->a);
    return E_OK;
}

static enum err fill_field(struct cx *cx, const struct field *f)
{
    struct arena *a OWNED(arena_free) = arena_new();
    struct filling x = {f, a};
    struct sql q = sql_new(cx);
    if (!is_tags(f) || !f->col.n) return E_OK;
    sql_lit(&q, "SELECT DISTINCT ");
    sql_name(&q, f->col);
    sql_lit(&q, " FROM ");
    sql_name(&q, f->entity->table);
    sql_lit(&q, " WHERE ");
    sql_name(&q, f->col);
    sql_lit(&q, " IS NOT NULL");
    return db_each(cx, buf_str(&q.text), q.v.v, q.v.n, fill_row, &x);
}

enum err tag_words_fill(struct cx *cx, const struct meta *m)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT 1 FROM tag_word LIMIT 1"));
    for (size_t i = 0; !r.n && i < m->n; i++)
        for (size_t k = F_SYSTEM_N; k < m->entity[i].n; k++) TRY(fill_field(cx, &m->entity[i].f[k]));
    return E_OK;
}
