/* SPDX-License-Identifier: MIT */
/* R21: each column of each kind of record, turned over by hand, is named by record and field; what the program itself does is
 * never called damage. On both engines. */
#include "audit/audit.h"
#include "backup/verify.h"
#include "demo/demo.h"
#include "meta/sql.h"
#include "record/sums.h"
#include "record_make.h"

static struct verify_report looked(struct bed *t)
{
    struct verify_report v = {0};
    T_OK(&t->cx, verify_base(&t->cx, t->b, NULL, &v));
    return v;
}

static void clean(struct bed *t, const char *after)
{
    struct verify_report v = looked(t);
    T(v.ok);
    for (size_t i = 0; i < v.n; i++)
        if (v.v[i].bad)
            fprintf(stderr, "after %s: %.*s %.*s, %.*s: " ID "\n", after, FS(v.v[i].what), FS(v.v[i].where), FS(v.v[i].text),
                    v.v[i].n_ids ? v.v[i].ids[0] : v.v[i].sample);
}

/* The record that `where` is told of alone; 0 = it is not. */
static int64_t named(struct bed *t, const char *what, str where)
{
    struct verify_report v = looked(t);
    T(!v.ok);
    for (size_t i = 0; i < v.n; i++)
        if (v.v[i].bad && str_eq(v.v[i].what, str_from(what)) && str_eq(v.v[i].where, where) && v.v[i].n_ids == 1)
            return v.v[i].ids[0];
    for (size_t i = 0; i < v.n; i++) fprintf(stderr, "only %.*s %.*s\n", FS(v.v[i].what), FS(v.v[i].where));
    return 0;
}

/* ---- by hand ---- */
static enum err run_sql(struct cx *cx, void *arg) { return sql_run(cx, arg, NULL, NULL); }
static enum err run_text(struct cx *cx, void *arg) { return db_run(cx, NULL, NULL, str_from(arg), NULL, 0); }

static void by_hand(struct bed *t, const char *sql)
{
    union {
        const char *in;
        void *out;
    } text = {.in = sql};
    T_OK(&t->cx, db_write(&t->cx, run_text, text.out));
}

static void column_set(struct bed *t, const struct entity *e, str col, int64_t id, struct db_val v)
{
    struct cx *cx = &t->cx;
    struct sql q = sql_new(cx);
    sql_lit(&q, "UPDATE ");
    sql_name(&q, e->table);
    sql_lit(&q, " SET ");
    sql_name(&q, col);
    sql_lit(&q, " = ");
    sql_val(cx, &q, v);
    sql_lit(&q, " WHERE id = ");
    sql_val(cx, &q, V(id));
    T_OK(cx, db_write(cx, run_sql, &q));
}

/* A record that has something in this column. */
static int64_t column_any(struct bed *t, const struct entity *e, str col, struct db_val *ret)
{
    struct cx *cx = &t->cx;
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    sql_lit(&q, "SELECT id, ");
    sql_name(&q, col);
    sql_lit(&q, " FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " WHERE ");
    sql_name(&q, col);
    sql_lit(&q, " IS NOT NULL ORDER BY id DESC LIMIT 1");
    T_OK(cx, sql_run(cx, &q, &r, NULL));
    if (!r.n) return 0;
    *ret = r.v[1];
    return db_int(&r, 0, 0);
}

struct seen {
    const struct field *f;
    int64_t id, n;
};
static void see(void *arg, const struct entity *e, const struct field *f, int64_t id)
{
    struct seen *s = arg;
    (void)e;
    *s = (struct seen){f, id, s->n + 1};
}

static struct seen walked(struct bed *t, const struct entity *e)
{
    struct seen s = {0};
    struct sums_watch w = {.found = see, .arg = &s};
    T_OK(&t->cx, sums_walk(&t->cx, e, &w));
    T_INT(w.bare, 0);
    return s;
}

/* One bit of a number, one letter of a text, the value gone. */
static void column_turned(struct bed *t, const struct field *f, str col)
{
    struct cx *cx = &t->cx;
    struct db_val was = DB_NONE;
    int64_t id = column_any(t, f->entity, col, &was);
    if (!id) return;
    struct db_val other = was.t == DB_INT ? V(was.i ^ 4) : V(arena_fmt(cx->a, "%.*s~", FS(was.s))), turn[] = {other, DB_NONE};
    for (size_t i = 0; i < COUNT(turn); i++) {
        column_set(t, f->entity, col, id, turn[i]);
        struct seen s = walked(t, f->entity);
        T_INT(s.n, 1);
        T_INT(s.id, id);
        T(s.f == f);
        if (s.f != f) fprintf(stderr, "%.*s of %.*s\n", FS(col), FS(f->entity->name));
    }
    column_set(t, f->entity, col, id, was);
    T_INT(walked(t, f->entity).n, 0);
}

static str add(struct bed *t, const char *kind, const char *more)
{
    struct cx *cx = &t->cx;
    struct own f = {.j = parsed(cx, J("{\"entity\":\"person\",\"kind\":\"%s\",\"label\":\"Own %s\"%s}", kind, kind, more))};
    T_OK(cx, db_write(cx, add_field, &f));
    bed_reload(t);
    return f.name;
}

/* A house with something in most fields of each kind. */
static int64_t house(struct bed *t)
{
    struct cx *cx = &t->cx;
    static const char *const own_kinds[] = {"text", "longtext", "int", "bool", "date", "timestamp", "url", "json", "rating", "tags",
                                        "duration", "money", "phones", "mails", "addresses", "urls"};
    struct demo_opt o = {.lang = S("en"), .people = 40, .seed = 21};
    struct demo_result r = {0};
    T_OK(cx, demo_make(cx, &o, &r));
    for (size_t i = 0; i < COUNT(own_kinds); i++) (void)add(t, own_kinds[i], "");
    (void)add(t, "decimal", ",\"scale\":2");
    (void)add(t, "percent", "");
    int64_t group = create(cx, "group", "{\"name\":\"Flipped\"}"), firm = create(cx, "company", "{\"name\":\"Bit GmbH\"}");
    return create(cx, "person",
                  J("{\"name\":\"Own\",\"company\":\"" ID "\",\"groups\":[\"" ID "\"],\"phones\":[{\"value\":\"+49 151 23456789\"}],"
                    "\"mails\":[{\"value\":\"own@example.org\"}],\"x_own_text\":\"Text\",\"x_own_longtext\":\"Long\",\"x_own_int\":7,"
                    "\"x_own_bool\":true,\"x_own_date\":\"2026-02-01\",\"x_own_timestamp\":\"2026-02-01T10:00:00Z\","
                    "\"x_own_url\":\"https://example.org/\",\"x_own_json\":{\"a\":1},\"x_own_rating\":3,\"x_own_tags\":[\"red\",\"blue\"],"
                    "\"x_own_money\":{\"amount\":\"12.50\",\"currency\":\"EUR\"},\"x_own_urls\":[{\"value\":\"https://example.org/a\"}]}",
                    firm, group));
}

static void each_column(struct bed *t)
{
    struct cx *cx = &t->cx;
    size_t fields = 0;
    (void)house(t);
    clean(t, "a house was made");
    for (size_t i = 0; i < cx->meta->n; i++)
        for (size_t k = 0; k < cx->meta->entity[i].n; k++) {
            struct arena_mark m = arena_mark(cx->a);
            const struct field *f = &cx->meta->entity[i].f[k];
            if (str_eq(f->kind->name, S("rollup")) || str_eq(f->kind->name, S("formula"))) continue;
            if (f->col.n) column_turned(t, f, f->col);
            if (f->col2.n) column_turned(t, f, f->col2);
            fields++;
            arena_back(cx->a, m);
        }
    T(fields > 100);
    clean(t, "all was put back");
}

/* ---- beside the rows ---- */
static void beside(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t p = house(t);
    static const struct {
        const char *sql, *back, *what, *where;
    } turn[] = {
        {"UPDATE contact_point SET typed = 'x' WHERE field = 'mails' AND record = ",
         "UPDATE contact_point SET typed = 'own@example.org' WHERE field = 'mails' AND record = ", "contact_point", "person.mails"},
        {"UPDATE contact_point SET tail = '1111111' WHERE field = 'phones' AND record = ",
         "UPDATE contact_point SET tail = '3456789' WHERE field = 'phones' AND record = ", "contact_point", "tail"},
        {"UPDATE contact_point SET entity = 'persom' WHERE field = 'mails' AND record = ",
         "UPDATE contact_point SET entity = 'person' WHERE field = 'mails' AND record = ", "contact_point", "field"},
        {"UPDATE link SET pos = pos + 1 WHERE a = ", "UPDATE link SET pos = pos - 1 WHERE a = ", "values", "person.groups"},
        {"UPDATE link SET b = b + 1 WHERE a = ", "UPDATE link SET b = b - 1 WHERE a = ", "values", "person.groups"},
        {"UPDATE person SET owner = 1, created_at = 5 WHERE id = ", NULL, "values", "person"},
        {"DELETE FROM change WHERE record = ", NULL, "log", "person"},
    };
    for (size_t i = 0; i < COUNT(turn); i++) {
        by_hand(t, J("%s" ID, turn[i].sql, p));
        T_INT(named(t, turn[i].what, str_from(turn[i].where)), p);
        if (turn[i].back) by_hand(t, J("%s" ID, turn[i].back, p));
        if (turn[i].back) clean(t, turn[i].back);
    }
}

static void search_text(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t p = house(t);
    by_hand(t, J("UPDATE search_doc SET text = text || 'x' WHERE record = " ID, p));
    struct verify_report v = looked(t);
    T(!v.ok && v.n == 1);
    T_STR(v.v[0].where, S("search_doc"));
    T_INT(v.v[0].sample, p);
    HAS(v.v[0].todo, "Nothing is lost");
    (void)change(cx, "person", p, "{\"name\":\"Otherwise\"}"); /* as it is told */
    clean(t, "the text was made anew");
}

/* ---- the program's own doings ---- */
static void damage_stays(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t p = house(t);
    by_hand(t, J("UPDATE person SET x_own_int = 6 WHERE id = " ID, p));
    (void)change(cx, "person", p, "{\"x_own_text\":\"Other\"}");
    T_INT(named(t, "values", S("person.x_own_int")), p); /* not covered up by another field */
    (void)change(cx, "person", p, "{\"x_own_int\":9}");
    clean(t, "the field was written");
}

static void recast(struct bed *t, const char *json, bool force)
{
    struct cx *cx = &t->cx;
    struct recast rc = {0};
    T_OK(cx, record_field_change(cx, S("person"), S("x_own_text"), parsed(cx, json), &rc));
    T(force ? rc.misfits > 0 : rc.fits > 0);
    bed_reload(t);
}

static void own_doings(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct undo_result u = {0};
    int64_t p = house(t), q = create(cx, "person", "{\"name\":\"Second\",\"x_own_text\":\"12\",\"x_own_tags\":[\"red\"]}");
    const struct entity *person = meta_entity(cx->meta, S("person"));
    int64_t seq = change(cx, "person", p, "{\"phones\":[],\"groups\":[],\"x_own_tags\":[],\"x_own_money\":null,\"company\":null}");
    clean(t, "fields were emptied");
    T_OK(cx, undo_change(cx, seq, UNDO_ASK, &u));
    clean(t, "a change was taken back");
    T_OK(cx, record_delete(cx, person, q, 0, &w));
    T_OK(cx, record_restore(cx, person, q, &w));
    (void)create(cx, "consent", J("{\"person\":\"" ID "\",\"purpose\":\"news\",\"channel\":\"mail\"}", p));
    clean(t, "the trash and a consent");
    T_OK(cx, record_merge(cx, person, p, q, 0, NULL, 0, &w));
    clean(t, "a merge");
    T_OK(cx, undo_change(cx, w.seq, UNDO_ASK, &u));
    clean(t, "a merge was taken back");
    recast(t, "{\"kind\":\"int\",\"force\":true}", true);
    clean(t, "a text became a number");
    recast(t, "{\"kind\":\"text\"}", false);
    clean(t, "a number became a text");
}

/* Rows of an older version are told, are no damage, and get their numbers. */
static void older(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t n = 0, p = house(t);
    by_hand(t, "UPDATE person SET sum1 = NULL, sum2 = NULL");
    by_hand(t, J("UPDATE person SET x_own_int = 6 WHERE id = " ID, p));
    struct verify_report v = looked(t);
    T(v.ok && v.n == 1 && v.v[0].n > 40);
    (void)change(cx, "person", p, "{\"x_own_int\":8}");
    T_INT(looked(t).v[0].n, v.v[0].n - 1);
    T_OK(cx, sums_fill(cx, meta_entity(cx->meta, S("person")), 1000000, &n));
    T_INT(n, v.v[0].n - 1);
    T_INT((int64_t)looked(t).n, 0);
}

int main(void)
{
    bed_both(each_column);
    bed_both(beside);
    bed_both(search_text);
    bed_both(damage_stays);
    bed_both(own_doings);
    bed_both(older);
    return t_end("sums");
}
