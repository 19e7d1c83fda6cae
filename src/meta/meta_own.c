/* SPDX-License-Identifier: MIT */
/* meta/meta_own.c - own fields and entities: a row of the description, then the column or table. All of it
 * stands in the transaction of the caller; both engines roll DDL back with it. */
#include "meta/meta_int.h"

#include "base/map.h"
#include "fmt/fold.h"

enum { OWN_INDEXED_MAX = 16, OWN_MAX = 800, COLUMNS_MAX = 1500, DEF_MAX = 64 * 1024 }; /* PostgreSQL: 1600 */

str name_from_label(struct arena *a, str label)
{
    struct buf b = buf_new(a, FIELD_NAME_MAX - 8);
    struct fold_words w = fold_query(a, label);
    buf_add(&b, S("x"));
    for (size_t i = 0; i < w.n; i++) {
        buf_byte(&b, '_');
        for (size_t k = 0; k < w.v[i].key.n; k++) {
            char c = w.v[i].key.p[k];
            if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) buf_byte(&b, c);
        }
    }
    str s = buf_str(&b);
    while (s.n && s.p[s.n - 1] == '_') s.n--;
    return s.n > 1 ? s : S("");
}

enum err meta_touch(struct cx *cx)
{
    struct db_rows r = {0};
    int64_t v = 0;
    TRY(db_query(cx, &r, "SELECT value FROM setting WHERE key = 'meta_version'"));
    if (r.n && !str_to_int(db_str(&r, 0, 0), &v)) v = 0;
    return db_setting_put(cx, S("meta_version"), arena_fmt(cx->a, "%" PRId64, v + 1));
}

/* What the API's JSON says beside the description of a field. */
static bool is_aside(str key)
{
    static const str aside[] = {S0("name"), S0("entity"), S0("trashed"), S0("dry"), S0("force"), S0("pos")};
    for (size_t i = 0; i < COUNT(aside); i++)
        if (str_eq(key, aside[i])) return true;
    return false;
}

/* The members of was (NULL: none), and over them those of in, under the one name; "" when it is too large. */
static str def_text(struct cx *cx, const struct json *was, const struct json *in, str name)
{
    struct buf b = buf_new(cx->a, DEF_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kstr(&w, S("name"), name);
    for (size_t i = 0; was && i < was->n; i++) {
        if (str_eq(was->v[i].key, S("name")) || json_get(in, was->v[i].key)) continue;
        jw_key(&w, was->v[i].key);
        jw_json(&w, &was->v[i]);
    }
    for (size_t i = 0; i < in->n; i++) {
        if (is_aside(in->v[i].key)) continue;
        jw_key(&w, in->v[i].key);
        jw_json(&w, &in->v[i]);
    }
    jw_obj_end(&w);
    return b.full ? S("") : buf_str(&b);
}

/* Columns that a field of this name may have, now or after a change of its kind: see field_columns and field_aside. */
static bool is_column_of(str field, str column)
{
    static const str more[] = {S0(""), S0("_f"), S0("_cur"), S0("__p"), S0("__old"), S0("_f__old"), S0("_cur__old")};
    if (!str_has_prefix(column, field)) return false;
    str rest = str_cut(column, field.n, column.n);
    for (size_t i = 0; i < COUNT(more); i++)
        if (str_eq(rest, more[i])) return true;
    return false;
}

static bool taken(const struct entity *e, str name)
{
    for (size_t i = 0; i < e->n; i++)
        if (is_column_of(e->f[i].name, name) || is_column_of(name, e->f[i].name)) return true;
    return false;
}

static str free_name(struct cx *cx, const struct entity *e, str base)
{
    str s = base;
    for (int i = 2; taken(e, s); i++) s = arena_fmt(cx->a, "%.*s_%d", FS(base), i);
    return s;
}

static size_t columns_of(const struct field *f) { return (f->col.n ? 1u : 0u) + (f->col2.n ? 1u : 0u); }

static enum err own_limits(struct cx *cx, const struct entity *e, const struct field *f)
{
    size_t own = 0, indexed = 0, columns = 2 + columns_of(f);
    for (size_t i = 0; i < e->n; i++) {
        if (str_eq(e->f[i].name, f->name)) continue; /* being changed: it counts once */
        own += e->f[i].own;
        columns += columns_of(&e->f[i]);
        indexed += e->f[i].own && e->f[i].index && !e->f[i].trashed;
    }
    if (e->n + 1 > FIELDS_MAX || own >= OWN_MAX || columns > COLUMNS_MAX)
        return fail(cx, E_LIMIT, "%.*s can take no more own fields", FS(e->name));
    if ((f->index || f->unique) && indexed >= OWN_INDEXED_MAX)
        return fail_at(cx, E_LIMIT, S("index"), "An entity can have at most %d indexed own fields",
                       OWN_INDEXED_MAX);
    return E_OK;
}

static enum err computed_settle(struct cx *cx, const struct entity *e, struct field *f, str *text)
{
    bool formula = str_eq(f->kind->name, kind_formula.name), rollup = str_eq(f->kind->name, kind_rollup.name);
    if (formula) TRY(formula_settle(cx, e, f, text));
    if (rollup) TRY(rollup_settle(cx, f, text));
    return formula || rollup ? formula_no_circle(cx, f) : E_OK;
}

/* Among the own fields that are not in the trash: 0 = the first. */
static enum err field_move(struct cx *cx, const struct field *f, int64_t pos)
{
    struct db_rows r = {0};
    int64_t at = 0;
    TRY(db_query(cx, &r,
                 "SELECT name, pos FROM meta_field WHERE entity = $1 AND state = 'active' AND name <> $2"
                 " ORDER BY pos, name LIMIT 1024",
                 V(f->entity->name), V(f->name)));
    if (pos > (int64_t)r.n) pos = (int64_t)r.n;
    for (size_t i = 0; i < r.n; i++, at++) {
        at += at == pos; /* its place */
        if (db_int(&r, i, 1) == at) continue;
        TRY(db_exec(cx, NULL, "UPDATE meta_field SET pos = $3 WHERE entity = $1 AND name = $2", V(f->entity->name),
                    V(db_str(&r, i, 0)), V(at)));
    }
    return db_exec(cx, NULL, "UPDATE meta_field SET pos = $3 WHERE entity = $1 AND name = $2", V(f->entity->name),
                   V(f->name), V(pos));
}

static enum err move_as_told(struct cx *cx, const struct field *f, const struct json *in)
{
    int64_t pos = 0;
    TRY(json_int_of(cx, in, S("pos"), -1, &pos));
    if (!json_get(in, S("pos"))) return E_OK;
    return pos >= 0 ? field_move(cx, f, pos)
                    : fail_at(cx, E_INVALID, S("pos"), "A place in the order is a number from 0");
}

/* The entity it points to, or whose records point here. */
static enum err target_settle(struct cx *cx, const struct entity *e, struct field *f)
{
    f->target = f->to.n ? meta_entity(cx->meta, f->to) : NULL;
    if (f->to.n && !f->target) return fail_at(cx, E_INVALID, S("to"), "There is no such entity");
    if ((f->kind == &kind_link || f->kind == &kind_links) && !f->target)
        return fail_at(cx, E_INVALID, S("to"), "A link needs an entity to point to");
    if (f->kind != &kind_lines) return E_OK;
    const struct field *via = f->target ? entity_field(f->target, f->via) : NULL;
    return via && via->kind == &kind_link && str_eq(via->to, e->name)
               ? E_OK
               : fail_at(cx, E_INVALID, S("via"), "Lines need an entity and its link that points here");
}

enum err meta_field_add(struct cx *cx, const struct json *in, str *ret_name)
{
    assert(db_is_writing(cx));
    str ent = {0}, label[LANG_MAX] = {{0}};
    struct field f = {0};
    TRY(json_str_of(cx, in, S("entity"), S(""), &ent));
    const struct entity *e = meta_entity(cx->meta, ent);
    if (!e) return fail_at(cx, E_INVALID, S("entity"), "There is no such entity");
    TRY(labels_read(cx, json_get(in, S("label")), true, label));
    str base = name_from_label(cx->a, label_of(label, cx->lang));
    str name = free_name(cx, e, base.n ? base : S("x_field")), text = def_text(cx, NULL, in, name);
    const struct json *def = NULL;
    if (!text.n) return fail(cx, E_LIMIT, "The description of a field has at most 64 KiB");
    TRY(json_parse(cx, text, &def));
    TRY(field_read(cx, def, &f));
    f.entity = e;
    f.own = true;
    f.at = (uint32_t)e->n;
    TRY(target_settle(cx, e, &f));
    TRY(computed_settle(cx, e, &f, &text));
    TRY(promises_read(cx, e, &f));
    TRY(own_limits(cx, e, &f));
    TRY(db_exec(
        cx, NULL,
        "INSERT INTO meta_field (entity, name, json, state, pos) VALUES ($1, $2, $3, 'active', $4)",
        V(e->name), V(name), V(text), V((int64_t)e->n)));
    TRY(field_ddl_add(cx, e, &f));
    TRY(rollup_index(cx, &f));
    TRY(move_as_told(cx, &f, in));
    TRY(meta_touch(cx));
    *ret_name = name;
    return E_OK;
}

/* Is what stands in the column the same under both descriptions? Many kinds share a column's type, but 500 is not 5.00
 * and no date; an id means nothing in another entity. */
static bool is_same_data(const struct field *old, const struct field *now)
{
    const str text = S("text"), longtext = S("longtext");
    bool texts = (str_eq(old->kind->name, text) && str_eq(now->kind->name, longtext)) ||
                 (str_eq(old->kind->name, longtext) && str_eq(now->kind->name, text));
    return (texts || str_eq(old->kind->name, now->kind->name)) &&
           old->kind->store == now->kind->store && old->scale == now->scale &&
           str_eq(old->to, now->to);
}

/* Values of one column that a text can be made of and read from. */
static bool may_recast(const struct field *f)
{
    enum storage s = f->kind->store;
    bool column = s == ST_INT || s == ST_TEXT || s == ST_FOLDED || s == ST_KEYS || s == ST_MONEY;
    return column && !f->to.n && !f->kind->file && !f->readonly && f->kind != &kind_json;
}

static bool names(const struct field *f, str key, const struct field *read)
{
    const struct json *j = json_get(f->def, key);
    return j && j->t == JT_STR && str_eq(j->s, read->name);
}

struct naming {
    const struct field *f;
    bool named;
};
static void where_names(void *arg, const struct field *f)
{
    struct naming *n = arg;
    n->named |= str_eq(f->name, n->f->name);
}

/* Does another field follow from it: a formula, or a roll-up elsewhere? */
static bool is_read(struct cx *cx, const struct field *f)
{
    bool read = f->read;
    for (size_t i = 0; i < cx->meta->n; i++)
        for (size_t k = F_SYSTEM_N; k < cx->meta->entity[i].n && !read; k++) {
            const struct field *o = &cx->meta->entity[i].f[k];
            if (o->trashed || cx->meta->entity[i].trashed || !str_eq(o->kind->name, S("rollup")) ||
                !str_eq(o->to, f->entity->name))
                continue;
            struct naming where = {.f = f};
            rollup_where_reads(o->where, where_names, &where);
            read = where.named || str_eq(o->via, f->name) || names(o, S("field"), f) || names(o, S("by"), f);
        }
    return read;
}

static enum err recast_settle(struct cx *cx, const struct field *old, const struct field *now, bool *ret)
{
    *ret = !is_same_data(old, now);
    if (!*ret) return E_OK;
    if (is_read(cx, old))
        return fail(cx, E_CONFLICT, "A formula or roll-up reads this field: change or remove that first");
    return may_recast(old) && may_recast(now)
               ? E_OK
               : fail_at(cx, E_INVALID, S("kind"), "The data of this field does not fit that kind");
}

/* The field as `in` makes it, over what it is, and the text of its description. */
static enum err field_merged(struct cx *cx, const struct field *old, const struct json *in, struct field *f,
                             str *ret_text)
{
    struct db_rows r = {0};
    const struct json *was = NULL, *now = NULL;
    TRY(db_query(cx, &r, "SELECT json FROM meta_field WHERE entity = $1 AND name = $2", V(old->entity->name),
                 V(old->name)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such own field");
    TRY(json_parse(cx, db_str(&r, 0, 0), &was));
    str text = def_text(cx, was, in, old->name);
    if (!text.n) return fail(cx, E_LIMIT, "The description of a field has at most 64 KiB");
    TRY(json_parse(cx, text, &now));
    TRY(field_read(cx, now, f));
    f->entity = old->entity;
    f->own = true;
    f->at = old->at;
    f->target = f->to.n ? meta_entity(cx->meta, f->to) : NULL; /* may be in the trash by now */
    bool same = str_eq(f->kind->name, old->kind->name) && str_eq(f->to, old->to) && str_eq(f->via, old->via);
    if (!same) TRY(target_settle(cx, old->entity, f));
    TRY(computed_settle(cx, old->entity, f, &text));
    *ret_text = text;
    return E_OK;
}

enum err meta_field_change(struct cx *cx, str entity, str name, const struct json *in, bool *ret_recast)
{
    assert(db_is_writing(cx));
    const struct entity *e = meta_entity(cx->meta, entity);
    const struct field *old = e ? entity_field(e, name) : NULL;
    struct field f = {0};
    str text = {0};
    if (!old || !old->own || old->system) return fail(cx, E_NOTFOUND, "There is no such own field");
    TRY(field_merged(cx, old, in, &f, &text));
    TRY(promises_read(cx, e, &f));
    TRY(rules_kept(cx, e, &f));
    TRY(recast_settle(cx, old, &f, ret_recast));
    if (f.unique && !old->unique && !*ret_recast) TRY(unique_already(cx, e, &f));
    TRY(own_limits(cx, e, &f));
    TRY(db_exec(cx, NULL, "UPDATE meta_field SET json = $3 WHERE entity = $1 AND name = $2",
                V(entity), V(name), V(text)));
    TRY(field_indexes_drop(cx, e, old, *ret_recast ? NULL : &f));
    if (*ret_recast) TRY(field_aside_make(cx, e, old));
    TRY(field_ddl_add(cx, e, &f));
    TRY(rollup_index(cx, &f));
    TRY(move_as_told(cx, &f, in));
    return meta_touch(cx);
}

enum err meta_field_trash(struct cx *cx, str entity, str name, bool trashed)
{
    int64_t n = 0;
    str text = S("{}");
    const struct entity *e = meta_entity(cx->meta, entity);
    for (size_t i = F_SYSTEM_N; e && i < e->n; i++) {
        struct field f = e->f[i];
        if (!str_eq(f.name, name) || !f.own || f.trashed == trashed) continue;
        if (trashed && is_read(cx, &f))
            return fail(cx, E_CONFLICT, "A formula or roll-up reads this field: change or remove that first");
        f.trashed = trashed;
        TRY(rules_kept(cx, e, &f));
        if (trashed || !str_eq(f.kind->name, kind_rollup.name)) continue;
        TRY(rollup_settle(cx, &f, &text)); /* what it reads may be gone, or of another kind */
        TRY(rollup_index(cx, &f));
    }
    TRY(db_exec(cx, &n, "UPDATE meta_field SET state = $3 WHERE entity = $1 AND name = $2",
                V(entity), V(name), V(trashed ? S("trash") : S("active"))));
    if (!n) return fail(cx, E_NOTFOUND, "There is no such own field");
    return meta_touch(cx);
}

static const str lasting[] = {S0("personal"), S0("kept_years")};

/* How long records last: members that `in` need not have. */
static enum err lasting_put(struct cx *cx, const struct json *in, struct jw *w)
{
    bool personal = false;
    int64_t years = 0;
    TRY(json_bool_of(cx, in, lasting[0], false, &personal));
    TRY(json_int_of(cx, in, lasting[1], 0, &years));
    jw_kbool(w, lasting[0], personal);
    jw_kint(w, lasting[1], years);
    return E_OK;
}

enum err meta_entity_add(struct cx *cx, const struct json *in, str *ret_name)
{
    assert(db_is_writing(cx));
    str label[LANG_MAX] = {{0}};
    struct meta *m = NULL;
    TRY(labels_read(cx, json_get(in, S("label")), true, label));
    str base = name_from_label(cx->a, label_of(label, cx->lang)),
        name = base.n ? base : S("x_entity");
    for (int i = 2; map_has(cx->meta->by_name, name); i++)
        name = arena_fmt(cx->a, "%.*s_%d", FS(base), i);
    struct buf b = buf_new(cx->a, DEF_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kstr(&w, S("name"), name);
    jw_kbool(&w, S("search"), true);
    for (int p = 0; p < 2; p++) {
        const struct json *l = json_get(in, p ? S("plural") : S("label"));
        jw_key(&w, p ? S("plural") : S("label"));
        jw_json(&w, l ? l : json_get(in, S("label")));
    }
    str icon = {0};
    TRY(json_str_of(cx, in, S("icon"), S("box"), &icon));
    jw_kstr(&w, S("icon"), icon);
    TRY(lasting_put(cx, in, &w));
    jw_key(&w, S("fields"));
    jw_raw(&w,
           S("[{\"name\":\"name\",\"kind\":\"text\",\"required\":true,\"index\":true,\"max\":200,"
             "\"label\":[\"Name\",\"Name\",\"Pavadinimas\",\"Название\"]}]"));
    jw_key(&w, S("list"));
    jw_raw(&w, S("[\"name\",\"owner\",\"changed_at\"]"));
    jw_key(&w, S("sections"));
    jw_raw(&w, S("[{\"name\":\"main\",\"label\":[\"Main\",\"Allgemein\",\"Pagrindiniai "
                 "duomenys\",\"Основное\"],\"fields\":[\"name\",\"owner\",\"team\"]}]"));
    jw_obj_end(&w);
    if (b.full) return fail(cx, E_LIMIT, "The description of an entity has at most 64 KiB");
    TRY(db_exec(cx, NULL,
                "INSERT INTO meta_entity (name, json, state, pos) VALUES ($1, $2, 'active', $3)",
                V(name), V(buf_str(&b)), V((int64_t)cx->meta->n)));
    TRY(meta_touch(cx));
    TRY(meta_load(cx, &m));
    const struct entity *made = meta_entity(m, name);
    enum err e = made ? meta_sync_entity(cx, made) : fail(cx, E_NOTFOUND, "There is no such own entity");
    meta_drop(&m);
    *ret_name = name;
    return e;
}

/* The description of an own entity with the members of `in` over what it is. */
static enum err entity_merged(struct cx *cx, const struct json *was, const struct json *in, str *ret)
{
    struct buf b = buf_new(cx->a, DEF_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    for (size_t i = 0; i < was->n; i++) {
        const struct json *now = json_get(in, was->v[i].key);
        jw_key(&w, was->v[i].key);
        jw_json(&w, now ? now : &was->v[i]);
    }
    for (size_t i = 0; i < COUNT(lasting); i++) { /* those made before there were any have none */
        const struct json *now = json_get(in, lasting[i]);
        if (!now || json_get(was, lasting[i])) continue;
        jw_key(&w, lasting[i]);
        jw_json(&w, now);
    }
    jw_obj_end(&w);
    *ret = buf_str(&b);
    return b.full ? fail(cx, E_LIMIT, "The description of an entity has at most 64 KiB") : E_OK;
}

/* A list of objects ("sections") or of texts ("list"). */
static enum err want_list(struct cx *cx, const struct json *in, str key, enum jt of)
{
    const struct json *l = json_get(in, key);
    bool is = !l || l->t == JT_ARR;
    for (size_t i = 0; l && is && i < l->n; i++) is = l->v[i].t == of;
    return is ? E_OK : fail_at(cx, E_INVALID, key, "A list is needed here");
}

static enum err entity_told(struct cx *cx, const struct json *in)
{
    static const str may[] = {S0("label"), S0("plural"),   S0("icon"),      S0("sections"),
                              S0("list"),  S0("personal"), S0("kept_years")};
    for (size_t i = 0; i < in->n; i++) {
        bool known = false;
        for (size_t k = 0; k < COUNT(may); k++) known |= str_eq(in->v[i].key, may[k]);
        if (!known)
            return fail_at(cx, E_INVALID, in->v[i].key,
                           "Of an entity its names, icon, sections, list and how long its records last can be changed");
    }
    TRY(want_list(cx, in, S("sections"), JT_OBJ));
    return want_list(cx, in, S("list"), JT_STR);
}

enum err meta_entity_change(struct cx *cx, str name, const struct json *in)
{
    struct db_rows r = {0};
    const struct json *was = NULL;
    struct meta *m = NULL;
    str text = {0};
    assert(db_is_writing(cx));
    TRY(db_query(cx, &r, "SELECT json FROM meta_entity WHERE name = $1 AND state = 'active'", V(name)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such own entity");
    TRY(entity_told(cx, in));
    TRY(json_parse(cx, db_str(&r, 0, 0), &was));
    TRY(entity_merged(cx, was, in, &text));
    TRY(db_exec(cx, NULL, "UPDATE meta_entity SET json = $2 WHERE name = $1", V(name), V(text)));
    TRY(meta_touch(cx));
    TRY(meta_load(cx, &m)); /* what cannot be read must not stay: the next start reads it */
    meta_drop(&m);
    return E_OK;
}

enum err meta_entity_trash(struct cx *cx, str name, bool trashed)
{
    int64_t n = 0;
    TRY(db_exec(cx, &n, "UPDATE meta_entity SET state = $2 WHERE name = $1", V(name),
                V(trashed ? S("trash") : S("active"))));
    if (!n) return fail(cx, E_NOTFOUND, "There is no such own entity");
    return meta_touch(cx);
}
