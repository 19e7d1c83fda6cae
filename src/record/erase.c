/* SPDX-License-Identifier: MIT */
/* record/erase.c - one record out of the base for good, or out of the texts of another. */
#include "record/erase.h"

#include "audit/audit.h"
#include "record/record_int.h"
#include "record/sums_int.h"
#include "search/search.h"

enum { OLD_MAX = 4 * 1024 * 1024, ROWS_AT_ONCE = 10000 };

enum err erase_look(struct cx *cx, const struct entity *e, int64_t id, struct record *ret)
{
    return read_one(cx, e, id, ACT_DELETE, EITHER, true, ret);
}

enum err erase_files(struct cx *cx, const struct entity *e, int64_t id, struct db_rows *ret)
{
    return db_query(cx, ret,
                    "SELECT id FROM file WHERE entity = $1 AND record = $2 ORDER BY id LIMIT 10000",
                    V(e->name), V(id));
}

enum err erase_pointing(struct cx *cx, const struct field *f, int64_t to, int64_t after,
                        struct db_rows *ret)
{
    struct sql q = sql_new(cx);
    if (f->kind->store == ST_LINKS) {
        sql_lit(&q, "SELECT l.a FROM link l JOIN ");
        sql_name(&q, f->entity->table);
        sql_lit(&q, " t ON t.id = l.a WHERE l.b = ");
        sql_val(cx, &q, V(to));
        sql_lit(&q, " AND l.field = ");
        sql_val(cx, &q, V(f->name));
        sql_lit(&q, " AND l.a > ");
        sql_val(cx, &q, V(after));
        sql_lit(&q, " ORDER BY l.a LIMIT 1000");
        return sql_run(cx, &q, ret, NULL);
    }
    sql_lit(&q, "SELECT t.id FROM ");
    sql_name(&q, f->entity->table);
    sql_lit(&q, " t WHERE ");
    sql_col(&q, S("t"), f->col);
    sql_lit(&q, " = ");
    sql_val(cx, &q, V(to));
    sql_lit(&q, " AND t.id > ");
    sql_val(cx, &q, V(after));
    sql_lit(&q, " ORDER BY t.id LIMIT 1000");
    return sql_run(cx, &q, ret, NULL);
}

/* ---- the log ---- */
enum err erase_row(struct cx *cx, int64_t seq, const struct erasing *er, int64_t *rows)
{
    struct db_rows r = {0};
    const struct json *j = NULL;
    struct buf b = buf_new(cx->a, OLD_MAX);
    struct jw w = jw_new(&b);
    TRY(db_query(cx, &r,
                 "SELECT old FROM change WHERE seq = $1 AND old IS NOT NULL AND op <> 'erase'",
                 V(seq)));
    if (!r.n) return E_OK;
    if (json_parse(cx, db_str(&r, 0, 0), &j) == E_OK) redact_json(cx->a, er->words, j, &w);
    else buf_add(&b, S("{}"));
    str now = b.full ? S("{}") : buf_str(&b);
    if (str_eq(now, db_str(&r, 0, 0))) return E_OK;
    TRY(db_exec(cx, NULL, "UPDATE change SET old = $2 WHERE seq = $1", V(seq), V(now)));
    ++*rows;
    return audit_mark(cx, er->vault, er->erasure, &seq, 1);
}

static enum err own_rows(struct cx *cx, int64_t id, struct db_rows *ret)
{
    return db_query(cx, ret,
                    "SELECT seq FROM change WHERE record = $1 AND old IS NOT NULL AND op <> "
                    "'erase' ORDER BY seq LIMIT 10000",
                    V(id));
}

static enum err log_empty(struct cx *cx, int64_t id, const struct erasing *er, int64_t *rows)
{
    struct db_rows r = {.n = ROWS_AT_ONCE};
    while (r.n == ROWS_AT_ONCE) {
        struct arena_mark m = arena_mark(cx->a);
        TRY(own_rows(cx, id, &r));
        int64_t *seq = NEW_N(cx->a, int64_t, r.n + 1);
        for (size_t i = 0; i < r.n; i++) {
            seq[i] = db_int(&r, i, 0);
            TRY(db_exec(cx, NULL, "UPDATE change SET old = NULL WHERE seq = $1", V(seq[i])));
        }
        TRY(audit_mark(cx, er->vault, er->erasure, seq, r.n));
        *rows += (int64_t)r.n;
        arena_back(cx->a, m);
    }
    return E_OK;
}

static enum err log_redact(struct cx *cx, int64_t id, const struct erasing *er, int64_t *rows)
{
    struct db_rows r = {0};
    TRY(own_rows(cx, id, &r));
    for (size_t i = 0; i < r.n; i++) TRY(erase_row(cx, db_int(&r, i, 0), er, rows));
    return E_OK;
}

/* ---- words ---- */
static void word(struct cx *cx, struct erase_words *w, bool mark, str s)
{
    s = str_trim(s);
    if (!redact_word(s)) return;
    for (size_t i = 0; i < w->names.n + w->marks.n; i++)
        if (str_eq(i < w->names.n ? w->names.v[i] : w->marks.v[i - w->names.n], s)) return;
    s = arena_dup(cx->a, s);
    if (mark) *LIST_ADD(cx->a, &w->marks) = s;
    else *LIST_ADD(cx->a, &w->names) = s;
}

static void words_of(struct cx *cx, const struct field *f, const struct val *v,
                     struct erase_words *w)
{
    bool points = f->kind->store == ST_POINTS, mark = f->check != CHECK_NONE || points;
    if (str_eq(f->kind->name, S("addresses"))) mark = false;
    if (v->t == VT_TEXT &&
        (f->at == f->entity->title || f->check != CHECK_NONE || str_eq(f->name, S("alias"))))
        word(cx, w, mark, v->s);
    for (size_t i = 0; v->t == VT_LIST && points && i < v->n; i++) {
        word(cx, w, mark, v->v[i].typed);
        word(cx, w, mark, v->v[i].norm);
    }
}

static str text_of(const struct record *r, const char *name)
{
    const struct field *f = entity_field(r->e, str_from(name));
    return f && r->v[f->at].t == VT_TEXT ? r->v[f->at].s : S("");
}

static void both_names(struct cx *cx, const struct record *r, struct erase_words *w)
{
    str first = text_of(r, "first_name"), last = text_of(r, "last_name");
    if (!first.n || !last.n) return;
    word(cx, w, false, arena_fmt(cx->a, "%.*s %.*s", FS(first), FS(last)));
    word(cx, w, false, arena_fmt(cx->a, "%.*s %.*s", FS(last), FS(first)));
    word(cx, w, false, arena_fmt(cx->a, "%.*s, %.*s", FS(last), FS(first)));
}

/* The values that the first `max` rows of its log hold; what nobody can read any more is passed over. */
typedef enum err old_fn(struct cx *cx, void *arg, const struct record *r, const struct set *s);
static enum err olds_each(struct cx *cx, const struct record *r, int64_t max, old_fn *fn, void *arg)
{
    struct db_rows rows = {0};
    TRY(db_query(cx, &rows,
                 "SELECT old FROM change WHERE record = $1 AND old IS NOT NULL AND op <> 'erase' "
                 "ORDER BY seq LIMIT $2",
                 V(r->id), V(max)));
    for (size_t i = 0; i < rows.n; i++) {
        struct set *s = NULL;
        size_t n = 0;
        if (log_old_sets(cx, r->e, db_str(&rows, i, 0), &s, &n) != E_OK) continue;
        for (size_t k = 0; k < n; k++) TRY(fn(cx, arg, r, &s[k]));
    }
    return E_OK;
}

static enum err old_words(struct cx *cx, void *arg, const struct record *r, const struct set *s)
{
    (void)r;
    words_of(cx, s->f, &s->v, arg);
    return E_OK;
}

enum err erase_words(struct cx *cx, const struct record *r, struct erase_words *add_to)
{
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++) words_of(cx, &r->e->f[i], &r->v[i], add_to);
    both_names(cx, r, add_to);
    return olds_each(cx, r, 10000, old_words, add_to);
}

/* ---- gone ---- */
static enum err pointers_empty(struct cx *cx, const struct entity *e, int64_t id)
{
    for (size_t i = 0; i < cx->meta->n; i++)
        for (size_t k = F_SYSTEM_N; k < cx->meta->entity[i].n; k++) {
            const struct field *f = &cx->meta->entity[i].f[k];
            if (!f->target || f->target->at != e->at || f->kind->store != ST_INT || f->via.n)
                continue;
            struct sql q = sql_new(cx);
            sql_lit(&q, "UPDATE ");
            sql_name(&q, f->entity->table);
            sql_lit(&q, " SET ");
            sql_name(&q, f->col);
            sql_lit(&q, " = NULL");
            struct db_val was = V(id);
            struct sums less = sums_without(f, &was);
            sums_assign_more(cx, &q, &less);
            sql_lit(&q, " WHERE ");
            sql_name(&q, f->col);
            sql_lit(&q, " = ");
            sql_val(cx, &q, V(id));
            TRY(sql_run(cx, &q, NULL, NULL));
        }
    return E_OK;
}

/* What other systems sent under its keys, also what waits: it would make the record anew. Before the keys go. */
static enum err items_drop(struct cx *cx, int64_t id)
{
    TRY(db_exec(cx, NULL,
                "DELETE FROM sync_try WHERE item IN (SELECT i.id FROM external_id x JOIN "
                "sync_system s ON s.name = x.system JOIN sync_item i ON i.system = s.id AND "
                "i.entity = x.entity AND i.key = x.key WHERE x.record = $1)",
                V(id)));
    return db_exec(cx, NULL,
                   "DELETE FROM sync_item WHERE id IN (SELECT i.id FROM external_id x JOIN "
                   "sync_system s ON s.name = x.system JOIN sync_item i ON i.system = s.id AND "
                   "i.entity = x.entity AND i.key = x.key WHERE x.record = $1)",
                   V(id));
}

static enum err beside_drop(struct cx *cx, const struct entity *e, int64_t id)
{
    TRY(items_drop(cx, id));
    TRY(db_exec(cx, NULL, "DELETE FROM contact_point WHERE record = $1", V(id)));
    TRY(db_exec(cx, NULL, "DELETE FROM link WHERE a = $1", V(id)));
    TRY(db_exec(cx, NULL, "DELETE FROM link WHERE b = $1", V(id)));
    TRY(db_exec(cx, NULL, "DELETE FROM dup_key WHERE record = $1", V(id)));
    TRY(db_exec(cx, NULL, "DELETE FROM dup_reject WHERE a = $1 OR b = $1", V(id)));
    TRY(db_exec(cx, NULL, "DELETE FROM redirect WHERE id = $1 OR winner = $1", V(id)));
    TRY(db_exec(cx, NULL, "DELETE FROM external_id WHERE record = $1", V(id)));
    TRY(db_exec(cx, NULL, "DELETE FROM share WHERE record = $1 OR receiver = $1", V(id)));
    return db_exec(cx, NULL, "DELETE FROM file WHERE entity = $1 AND record = $2", V(e->name),
                   V(id));
}

static enum err row_drop(struct cx *cx, const struct entity *e, int64_t id)
{
    struct sql q = sql_new(cx);
    sql_lit(&q, "DELETE FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " WHERE id = ");
    sql_val(cx, &q, V(id));
    return sql_run(cx, &q, NULL, NULL);
}

static enum err old_tags(struct cx *cx, void *none, const struct record *r, const struct set *s)
{
    (void)none;
    return tags_forget(cx, s->f, r->id, &s->v);
}

/* Tags that only this record has, or had. */
static enum err tags_drop(struct cx *cx, const struct record *r)
{
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++)
        TRY(tags_forget(cx, &r->e->f[i], r->id, &r->v[i]));
    return olds_each(cx, r, 1000, old_tags, NULL);
}

enum err erase_record(struct cx *cx, const struct entity *e, int64_t id, const struct erasing *er,
                      bool last, int64_t *rows)
{
    struct record r = {0};
    int64_t seq = 0;
    str told = S("");
    enum err err = read_one(cx, e, id, ACT_SEE, EITHER, false, &r);
    bool there = err == E_OK;
    if (err != E_NOTFOUND) TRY(err);
    if (there) TRY(tags_drop(cx, &r));
    TRY(log_empty(cx, id, er, rows));
    if (there) {
        TRY(search_put(cx, e, id, r.v, NULL));
        TRY(pointers_empty(cx, e, id));
        TRY(beside_drop(cx, e, id));
        TRY(row_drop(cx, e, id));
        /* behind it: what gathers the latest looks at who is there */
        if (r.v[F_DELETED_AT].t == VT_NULL) TRY(rollups_follow(cx, e, r.v, NULL));
    }
    if (last) TRY(audit_marks_told(cx, er->erasure, &told));
    return there || last ? log_write(cx, e, id, S("erase"), r.version + 1, told, &seq) : E_OK;
}

/* ---- stays ---- */
static bool is_going(const struct erasing *er, int64_t id) { return redact_is_id(er->words, id); }

static struct val without(struct cx *cx, const struct erasing *er, const struct val *v)
{
    struct item *keep = NEW_N(cx->a, struct item, v->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < v->n; i++)
        if (!is_going(er, v->v[i].id)) keep[n++] = v->v[i];
    return n ? (struct val){.t = VT_LIST, .v = keep, .n = n} : VAL_NULL;
}

static struct val left_of(struct cx *cx, const struct field *f, const struct erasing *er,
                          const struct val *v)
{
    static const str texts[] = {S0("text"), S0("longtext"), S0("url"), S0("json")};
    enum storage st = f->kind->store;
    if (f->via.n) return *v; /* a roll-up follows by itself */
    if (f->target && st == ST_INT && v->t == VT_INT && is_going(er, v->i)) return VAL_NULL;
    if (f->target && st == ST_LINKS && v->t == VT_LIST) return without(cx, er, v);
    for (size_t i = 0; v->t == VT_TEXT && i < COUNT(texts); i++)
        if (str_eq(f->kind->name, texts[i])) return VAL_TEXT(redact_stored(cx, er->words, v->s));
    return *v;
}

static enum err left_write(struct cx *cx, const struct record *r, struct val *v, bool *changed)
{
    const struct entity *e = r->e;
    bool living = r->v[F_DELETED_AT].t == VT_NULL;
    if (e->n_formulas) TRY(formulas_fill(cx, e, v, changed));
    for (size_t i = F_SYSTEM_N; i < e->n; i++) {
        if (!changed[i]) continue;
        if (e->f[i].kind->store == ST_LINKS) TRY(links_write(cx, r->id, &e->f[i], &v[i], true));
        else if (e->f[i].col.n) TRY(value_write(cx, e, r->id, &e->f[i], &v[i]));
    }
    if (living && (e->search || e->dups)) TRY(search_put(cx, e, r->id, r->v, v));
    if (living) TRY(rollups_follow(cx, e, r->v, v));
    return e->n_dependants ? formulas_follow(cx, e, r->id, changed) : E_OK;
}

/* Whoever has the record open has to read it again before he can write: his texts may have the words in them. */
static enum err version_on(struct cx *cx, const struct record *r)
{
    struct sql q = sql_new(cx);
    int64_t seq = 0;
    sql_lit(&q, "UPDATE ");
    sql_name(&q, r->e->table);
    sql_lit(&q, " SET version = version + 1 WHERE id = ");
    sql_val(cx, &q, V(r->id));
    TRY(sql_run(cx, &q, NULL, NULL));
    return log_write(cx, r->e, r->id, S("update"), r->version + 1, S("{}"), &seq);
}

enum err erase_from(struct cx *cx, const struct entity *e, int64_t id, const struct erasing *er,
                    int64_t *rows)
{
    struct record r = {0};
    bool any = false;
    enum err err = read_one(cx, e, id, ACT_SEE, EITHER, false, &r);
    if (err == E_NOTFOUND) return E_OK;
    TRY(err);
    struct val *v = NEW_N(cx->a, struct val, e->n);
    bool *changed = NEW_N(cx->a, bool, e->n);
    memcpy(v, r.v, sizeof *v * e->n);
    for (size_t i = F_SYSTEM_N; i < e->n; i++) {
        v[i] = left_of(cx, &e->f[i], er, &r.v[i]);
        any |= changed[i] = !val_eq(&v[i], &r.v[i]);
    }
    if (any) {
        TRY(left_write(cx, &r, v, changed));
        TRY(version_on(cx, &r));
    }
    return log_redact(cx, id, er, rows);
}
