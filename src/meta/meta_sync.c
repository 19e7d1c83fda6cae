/* SPDX-License-Identifier: MIT */
/* meta/meta_sync.c - makes the tables be what the descriptions say: missing tables, columns, indexes. */
#include "meta/meta_int.h"
#include "base/log.h"
#include "meta/points.h"

enum { DDL_MAX = 256 * 1024 };

/* Texts sort bytewise on both engines; SQLite does so by itself. */
static str text_type(struct cx *cx) { return db_is_pg(cx) ? S("TEXT COLLATE \"C\"") : S("TEXT"); }

static void column(struct cx *cx, struct buf *b, const struct field *f, int which)
{
    buf_add(b, which ? f->col2 : f->col);
    buf_byte(b, ' ');
    switch (f->kind->store) {
    case ST_INT: buf_add(b, S("BIGINT")); break;
    case ST_MONEY: buf_add(b, which ? text_type(cx) : S("BIGINT")); break;
    case ST_TEXT:
    case ST_FOLDED:
    case ST_KEYS:
    case ST_POINTS: buf_add(b, text_type(cx)); break;
    case ST_NONE:
    case ST_LINKS:
    case ST_LINES: assert(0 && "a column for a field without one"); break;
    }
}

static enum err table_create(struct cx *cx, const struct entity *e)
{
    struct buf b = buf_new(cx->a, DDL_MAX);
    buf_fmt(&b, "CREATE TABLE IF NOT EXISTS %.*s (id @ID, version BIGINT NOT NULL, sum1 BIGINT, sum2 BIGINT",
            FS(e->table));
    for (size_t i = 0; i < e->n; i++)
        for (int w = 0; w < 2; w++)
            if (w ? e->f[i].col2.n : e->f[i].col.n) {
                buf_add(&b, S(", "));
                column(cx, &b, &e->f[i], w);
            }
    buf_byte(&b, ')');
    return b.full ? fail(cx, E_LIMIT, "%.*s: too many columns", FS(e->name))
                  : db_ddl(cx, buf_str(&b));
}

/* ---- names of indexes ---- */

/* What is built in has names that do not meet: "entity_field". Parts that are made at run time are told apart by
 * points, which no name holds; PostgreSQL cuts a name behind 63 bytes, so a longer one ends in its hash. */
enum { INDEX_NAME_MAX = 63, HASH_DIGITS = 16 };
enum role { BY, UNIQUE, ORDER, LINK, OWNER, ROLL };

static str name_cut(struct arena *a, str name)
{
    if (name.n <= INDEX_NAME_MAX) return name;
    return arena_fmt(a, "%.*s~%0*" PRIx64, FS(str_cut(name, 0, INDEX_NAME_MAX - HASH_DIGITS - 1)), HASH_DIGITS,
                     str_hash(name));
}

/* order: the second field of ORDER and ROLL, else NULL. */
static str index_name(struct arena *a, const struct entity *e, const struct field *f, enum role role,
                      const struct field *order)
{
    static const char *const word[] = {"by", "unique", "order", "link", "owner", "roll"};
    str second = order ? order->name : S("");
    if (f->own || role == ROLL || (order && order->own))
        return name_cut(a, arena_fmt(a, "%s.%.*s.%.*s%s%.*s", word[role], FS(e->name), FS(f->name),
                                     second.n ? "." : "", FS(second)));
    switch (role) {
    case UNIQUE: return arena_fmt(a, "%.*s_%.*s_unique", FS(e->name), FS(f->name));
    case ORDER: return arena_fmt(a, "%.*s_%.*s_%.*s", FS(e->name), FS(f->name), FS(second));
    case LINK:
    case OWNER: return arena_fmt(a, "%.*s_%s_%.*s", FS(e->name), word[role], FS(f->name));
    case BY:
    case ROLL: break;
    }
    return arena_fmt(a, "%.*s_%.*s", FS(e->name), FS(f->name));
}

bool field_is_unique_index(struct cx *cx, const struct field *f, str told)
{
    const struct entity *e = f->entity;
    str key = f->kind->store == ST_FOLDED ? f->col2 : f->col; /* SQLite tells table and column */
    return f->unique && key.n &&
           (str_eq(told, index_name(cx->a, e, f, UNIQUE, NULL)) ||
            str_eq(told, arena_fmt(cx->a, "%.*s.%.*s", FS(e->name), FS(str_cut(key, 1, key.n - 1)))));
}

static enum err index_create(struct cx *cx, const struct entity *e, str name, bool unique, str cols, const char *where)
{
    return db_ddl(cx, arena_fmt(cx->a, "CREATE %sINDEX IF NOT EXISTS \"%.*s\" ON %.*s (%.*s)%s",
                                unique ? "UNIQUE " : "", FS(name), FS(e->table), FS(cols), where));
}

static enum err index_drop(struct cx *cx, str name)
{
    return db_ddl(cx, arena_fmt(cx->a, "DROP INDEX IF EXISTS \"%.*s\"", FS(name)));
}

/* Until version 11 names of own indexes could meet, then one of the two was missing, and those of own links held what
 * is empty, too: they are made anew. */
static enum err old_indexes_drop(struct cx *cx, const struct entity *e, const struct db_rows *r)
{
    for (size_t i = 0; i < r->n; i++) {
        str name = db_str(r, i, 0);
        bool parted = str_find(name, S(".")) >= 0,
             own = e->own || str_find(name, S("_x_")) >= 0 || str_has_suffix(name, S("_roll"));
        if (own && !parted) TRY(index_drop(cx, name));
    }
    return E_OK;
}

/* ---- fields ---- */

static bool is_link(const struct field *f) { return str_eq(f->kind->name, S("link")); }

/* Nobody asks for what links to nothing, and most records have links that are empty: they stand in no index. Until
 * version 6 they did, in one of another name. */
static enum err link_index_create(struct cx *cx, const struct entity *e, const struct field *f)
{
    TRY(index_drop(cx, index_name(cx->a, e, f, BY, NULL)));
    return index_create(cx, e, index_name(cx->a, e, f, LINK, NULL), false, arena_fmt(cx->a, "%.*s, id", FS(f->col)),
                        arena_fmt(cx->a, " WHERE %.*s IS NOT NULL", FS(f->col)).p);
}

static enum err field_index(struct cx *cx, const struct entity *e, const struct field *f)
{
    if (!f->col.n || (!f->index && !f->unique && !f->index_by.n)) return E_OK;
    str col = f->kind->store == ST_FOLDED ? f->col2 : f->col, by = arena_fmt(cx->a, "%.*s, id", FS(col));
    if (f->unique)
        TRY(index_create(cx, e, index_name(cx->a, e, f, UNIQUE, NULL), true, col, " WHERE deleted_at IS NULL"));
    const struct field *order = f->index_by.n ? entity_field(e, f->index_by) : NULL;
    if (order && order->col.n)
        TRY(index_create(cx, e, index_name(cx->a, e, f, ORDER, order), false,
                         arena_fmt(cx->a, "%.*s, %.*s, id", FS(col), FS(order->col)), ""));
    if (f->index && is_link(f)) return link_index_create(cx, e, f);
    if (f->index) TRY(index_create(cx, e, index_name(cx->a, e, f, BY, NULL), false, by, ""));
    if (f->index && f->at == e->title)
        TRY(index_create(cx, e, index_name(cx->a, e, f, OWNER, NULL), false,
                         arena_fmt(cx->a, "\"owner\", %.*s", FS(by)), ""));
    return E_OK;
}

enum err field_ddl_add(struct cx *cx, const struct entity *e, const struct field *f)
{
    for (int w = 0; w < 2; w++) {
        str col = w ? f->col2 : f->col;
        bool there = false;
        if (!col.n) continue;
        TRY(db_has_column(cx, e->name, str_cut(col, 1, col.n - 1), &there));
        if (there) continue;
        struct buf b = buf_new(cx->a, DDL_MAX);
        buf_fmt(&b, "ALTER TABLE %.*s ADD COLUMN ", FS(e->table));
        column(cx, &b, f, w);
        TRY(db_ddl(cx, buf_str(&b)));
    }
    return field_index(cx, e, f);
}

enum err field_indexes_drop(struct cx *cx, const struct entity *e, const struct field *old, const struct field *now)
{
    if (old->unique && !(now && now->unique)) TRY(index_drop(cx, index_name(cx->a, e, old, UNIQUE, NULL)));
    if (!old->index || (now && now->index)) return E_OK;
    if (old->at == e->title) TRY(index_drop(cx, index_name(cx->a, e, old, OWNER, NULL)));
    return index_drop(cx, index_name(cx->a, e, old, is_link(old) ? LINK : BY, NULL));
}

str field_aside(struct arena *a, str column)
{
    return column.n ? arena_fmt(a, "%.*s__old\"", FS(str_cut(column, 0, column.n - 1))) : S("");
}

enum err field_aside_make(struct cx *cx, const struct entity *e, const struct field *f)
{
    for (int w = 0; w < 2; w++) {
        str col = w ? f->col2 : f->col, aside = field_aside(cx->a, col);
        if (col.n)
            TRY(db_ddl(cx, arena_fmt(cx->a, "ALTER TABLE %.*s RENAME COLUMN %.*s TO %.*s", FS(e->table), FS(col),
                                     FS(aside))));
    }
    return E_OK;
}

enum err field_aside_drop(struct cx *cx, const struct entity *e, const struct field *aside)
{
    for (int w = 0; w < 2; w++) {
        str col = w ? aside->col2 : aside->col;
        if (col.n) TRY(db_ddl(cx, arena_fmt(cx->a, "ALTER TABLE %.*s DROP COLUMN %.*s", FS(e->table), FS(col))));
    }
    return E_OK;
}

enum err rollup_index(struct cx *cx, const struct field *f)
{
    const struct entity *c = f->target;
    const struct field *via = c ? entity_field(c, f->via) : NULL;
    const struct json *by = json_get(f->def, S("by")), *of = by ? by : json_get(f->def, S("field"));
    const struct field *order = c && of && of->t == JT_STR ? entity_field(c, of->s) : NULL;
    const struct json *agg = json_get(f->def, S("agg"));
    if (!f->own || f->trashed || !str_eq(f->kind->name, S("rollup")) || !via || !via->col.n || !order ||
        !order->col.n || !agg || str_eq(agg->s, S("sum")))
        return E_OK;
    return index_create(cx, c, index_name(cx->a, c, via, ROLL, order), false,
                        arena_fmt(cx->a, "%.*s, %.*s, id", FS(via->col), FS(order->col)), "");
}

/* record/sums.h; rows of older versions have none until the night gives them theirs. */
static enum err sums_add(struct cx *cx, const struct entity *e)
{
    bool there = false;
    TRY(db_has_column(cx, e->name, S("sum2"), &there));
    if (there) return E_OK;
    TRY(db_ddl(cx, arena_fmt(cx->a, "ALTER TABLE %.*s ADD COLUMN sum1 BIGINT", FS(e->table))));
    return db_ddl(cx, arena_fmt(cx->a, "ALTER TABLE %.*s ADD COLUMN sum2 BIGINT", FS(e->table)));
}

/* Fields whose items stand in contact_point alone so far get their text in the rows. */
static enum err points_fill(struct cx *cx, const struct entity *e, const bool *which)
{
    struct sql q = sql_new(cx);
    bool any = false;
    sql_lit(&q, "UPDATE ");
    sql_name(&q, e->table);
    for (size_t i = 0; i < e->n; i++) {
        if (!which[i]) continue;
        if (any) sql_lit(&q, ", ");
        else sql_lit(&q, " SET ");
        any = true;
        sql_name(&q, e->f[i].col2);
        sql_lit(&q, " = ");
        points_sql(&q, &e->f[i]);
    }
    sql_lit(&q, ", sum1 = NULL, sum2 = NULL"); /* of what the rows held before (record/sums.h) */
    buf_fmt(&q.text, " WHERE EXISTS (SELECT 1 FROM contact_point x WHERE x.record = %.*s.id)", FS(e->table));
    return any ? db_ddl(cx, buf_str(&q.text)) : E_OK;
}

/* A field that held one value and now holds several (urls): what its old column has goes into contact_point, once. */
static enum err column_to_points(struct cx *cx, const struct entity *e, const struct field *f, bool *ret_moved)
{
    bool there = false;
    TRY(db_has_column(cx, e->name, f->name, &there));
    if (!there || f->own) return E_OK;
    *ret_moved = true;
    str col = quoted(cx->a, f->name), folded = quoted(cx->a, arena_fmt(cx->a, "%.*s_f", FS(f->name)));
    TRY(db_ddl(cx, arena_fmt(cx->a,
                             "INSERT INTO contact_point"
                             " (entity, record, field, pos, kind, type, typed, norm, ext, extra)"
                             " SELECT '%.*s', id, '%.*s', 0, '%.*s', '', %.*s, %.*s, '', '' FROM %.*s"
                             " WHERE %.*s IS NOT NULL",
                             FS(e->name), FS(f->name), FS(f->kind->name), FS(col), FS(folded), FS(e->table), FS(col))));
    TRY(db_ddl(cx, arena_fmt(cx->a, "ALTER TABLE %.*s DROP COLUMN %.*s", FS(e->table), FS(col))));
    return db_ddl(cx, arena_fmt(cx->a, "ALTER TABLE %.*s DROP COLUMN %.*s", FS(e->table), FS(folded)));
}

/* Values that came in twice while an old index was missing must not keep the base from opening. */
static enum err unique_or_not(struct cx *cx, const struct entity *e, const struct db_rows *had, struct field *f)
{
    bool there = false;
    str name = index_name(cx->a, e, f, UNIQUE, NULL);
    for (size_t i = 0; i < had->n; i++) there |= str_eq(db_str(had, i, 0), name);
    if (!f->own || !f->unique || there) return E_OK;
    TRY(db_has_column(cx, e->name, f->name, &there));
    enum err err = there ? unique_already(cx, e, f) : E_OK;
    if (err != E_CONFLICT) return err;
    log_say(cx, LOG_WARN, S("meta"), "%.*s.%.*s holds values twice and is not kept unique", FS(e->name), FS(f->name));
    f->unique = false;
    return E_OK;
}

static enum err table_complete(struct cx *cx, const struct entity *e)
{
    struct db_rows had = {0};
    bool *fill = NEW_N(cx->a, bool, e->n);
    TRY(db_indexes(cx, e->name, &had));
    TRY(old_indexes_drop(cx, e, &had));
    TRY(sums_add(cx, e));
    for (size_t k = 0; k < e->n; k++) {
        struct field own = e->f[k], *f = &own;
        bool there = true;
        TRY(unique_or_not(cx, e, &had, f));
        if (f->kind->store == ST_POINTS) {
            TRY(db_has_column(cx, e->name, str_cut(f->col2, 1, f->col2.n - 1), &there));
            TRY(column_to_points(cx, e, f, &fill[k]));
        }
        fill[k] |= !there;
        TRY(field_ddl_add(cx, e, f));
    }
    return points_fill(cx, e, fill);
}

enum err meta_sync_entity(struct cx *cx, const struct entity *e)
{
    bool there = false;
    TRY(db_has_table(cx, e->name, &there));
    if (there) return table_complete(cx, e);
    TRY(table_create(cx, e));
    for (size_t k = 0; k < e->n; k++) TRY(field_index(cx, e, &e->f[k]));
    return E_OK;
}

static enum err towns_again(struct cx *cx, const struct meta *m)
{
    bool any = false;
    TRY(towns_fill(cx, &any));
    for (size_t i = 0; any && i < m->n; i++) {
        const struct entity *e = &m->entity[i];
        bool *which = NEW_N(cx->a, bool, e->n);
        for (size_t k = 0; k < e->n; k++) which[k] = e->f[k].kind == &kind_addresses;
        TRY(points_fill(cx, e, which));
    }
    return E_OK;
}

enum err meta_sync(struct cx *cx, const struct meta *m)
{
    for (size_t i = 0; i < m->n; i++) TRY(meta_sync_entity(cx, &m->entity[i]));
    for (size_t i = 0; i < m->n; i++) /* on tables of others: all are there by now */
        for (size_t k = F_SYSTEM_N; k < m->entity[i].n; k++)
            TRY(rollup_index(cx, &m->entity[i].f[k]));
    TRY(towns_again(cx, m));
    return tag_words_fill(cx, m);
}
