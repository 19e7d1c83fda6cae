/* SPDX-License-Identifier: MIT */
/* xfer/plan_json.c - a plan as JSON for the user to change, and the mapping that comes back. */
#include "acl/acl.h"
#include "xfer/head.h"
#include "xfer/plan.h"

#include <stdio.h>

static const str address_parts[] = {S0("city"), S0("street"), S0("zip"), S0("region"),
                                    S0("country")};
static const str part_label[][LANG_MAX] = {
    {S0("City"), S0("Ort"), S0("Miestas"), S0("Город")},
    {S0("Street"), S0("Straße"), S0("Gatvė"), S0("Улица")},
    {S0("Postcode"), S0("Postleitzahl"), S0("Pašto kodas"), S0("Индекс")},
    {S0("Region"), S0("Region"), S0("Regionas"), S0("Регион")},
    {S0("Country"), S0("Land"), S0("Šalis"), S0("Страна")},
};
static const struct special {
    str to, label[LANG_MAX];
} specials[] = {
    {S0("new"), {S0("New field"), S0("Neues Feld"), S0("Naujas laukas"), S0("Новое поле")}},
    {S0("history"), {S0("History"), S0("Verlauf"), S0("Istorija"), S0("История")}},
    {S0("skip"), {S0("Leave out"), S0("Nicht übernehmen"), S0("Praleisti"), S0("Не брать")}},
};
static const str new_kinds[] = {S0("text"), S0("decimal"), S0("date")};

static bool takes_import(const struct field *f)
{
    enum storage s = f->kind->store;
    if (f->system || f->trashed || f->readonly || f->hidden || s == ST_NONE || s == ST_LINES)
        return false;
    return !str_eq(f->kind->name, S("file")) && !str_eq(f->kind->name, S("picture")) &&
           !str_eq(f->kind->name, S("json")) && !str_eq(f->kind->name, S("autonumber"));
}

static bool field_ok(const struct meta *m, str entity, str name)
{
    const struct entity *e = meta_entity(m, entity);
    const struct field *f = e ? entity_field(e, name) : NULL;
    return f && takes_import(f);
}

bool plan_target_ok(const struct meta *m, str entity, str to)
{
    for (size_t i = 0; i < COUNT(specials); i++)
        if (str_eq(to, specials[i].to)) return true;
    if (str_eq(entity, S("user")) && (str_eq(to, S("team.name")) || str_eq(to, S("branch.name"))))
        return true;
    if (str_has_prefix(to, S("addresses."))) {
        str part = str_cut(to, 10, to.n);
        for (size_t i = 0; i < COUNT(address_parts); i++)
            if (str_eq(part, address_parts[i]))
                return str_eq(entity, S("person")) || str_eq(entity, S("company"));
        return false;
    }
    if (!m) return true;
    if (str_has_prefix(to, S("company.")))
        return str_eq(entity, S("person")) && field_ok(m, S("company"), str_cut(to, 8, to.n));
    return field_ok(m, entity, to);
}

static bool may_write(const struct cx *cx, str entity, str name)
{
    const struct entity *e = cx->meta ? meta_entity(cx->meta, entity) : NULL;
    const struct field *f = e ? entity_field(e, name) : NULL;
    return !f || acl_field_write(cx, f);
}

static bool may_fill(const struct cx *cx, str entity, str to)
{
    ptrdiff_t dot = str_find(to, S("."));
    str own = dot < 0 ? to : str_eq(to, S("team.name")) ? S("team_of") : str_cut(to, 0, (size_t)dot);
    if (!may_write(cx, entity, own)) return false; /* "company.inn": the link */
    return !str_has_prefix(to, S("company.")) || may_write(cx, S("company"), str_cut(to, 8, to.n));
}

void plan_leave_masked(const struct cx *cx, struct plan *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (!may_fill(cx, p->entity, p->v[i].to)) p->v[i].to = S("skip");
}

static bool new_kind_ok(str kind)
{
    for (size_t i = 0; i < COUNT(new_kinds); i++)
        if (str_eq(kind, new_kinds[i])) return true;
    return false;
}

/* The column that is meant: by its place, but where a heading is told, one with that heading. A mapping that was kept
 * meets files whose columns have moved: NULL for a heading that is not there. */
static struct plan_column *column_meant(struct cx *cx, struct plan *p, int64_t index, str heading)
{
    struct plan_column *at = NULL;
    str head = head_norm(cx->a, heading);
    for (size_t i = 0; i < p->n; i++)
        if ((int64_t)p->v[i].index == index) at = &p->v[i];
    if (!head.n || (at && str_eq(head_norm(cx->a, at->heading), head))) return at;
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(head_norm(cx->a, p->v[i].heading), head)) return &p->v[i];
    return NULL;
}

static enum err map_column(struct cx *cx, const struct json *j, struct plan *p)
{
    int64_t index = -1, scale = 2;
    str to = {0}, kind = {0}, label = {0}, heading = {0};
    TRY(json_int_of(cx, j, S("index"), -1, &index));
    TRY(json_str_of(cx, j, S("to"), S("skip"), &to));
    TRY(json_str_of(cx, j, S("kind"), S("text"), &kind));
    TRY(json_str_of(cx, j, S("label"), S(""), &label));
    TRY(json_str_of(cx, j, S("heading"), S(""), &heading));
    TRY(json_int_of(cx, j, S("scale"), 2, &scale));
    if (scale < 0 || scale > 6)
        return fail_at(cx, E_INVALID, S("scale"), "The number of decimal places is 0 to 6");
    if (!plan_target_ok(cx->meta, p->entity, to))
        return fail_at(cx, E_INVALID, S("to"), "There is no field \"%.*s\" to import into", FS(to));
    if (str_eq(to, S("new")) && !new_kind_ok(kind))
        return fail_at(cx, E_INVALID, S("kind"), "A new field is text, decimal or date");
    struct plan_column *c = column_meant(cx, p, index, heading);
    if (!c && heading.n) return E_OK;
    if (!c) return fail_at(cx, E_INVALID, S("index"), "The table has no column %" PRId64, index);
    c->to = to;
    c->guess = 1000;
    if (str_eq(to, S("new"))) {
        c->kind = kind;
        c->scale = (int)scale;
        if (label.n) c->label = label;
    }
    return E_OK;
}

enum err plan_map(struct cx *cx, const struct json *mapping, struct plan *p)
{
    if (!mapping) return E_OK;
    if (mapping->t != JT_OBJ)
        return fail_at(cx, E_INVALID, S("mapping"), "The mapping must be an object");
    const struct json *cols = json_get(mapping, S("columns"));
    TRY(json_bool_of(cx, mapping, S("history"), p->history, &p->history));
    TRY(json_bool_of(cx, mapping, S("join"), p->join, &p->join));
    if (!cols) return E_OK;
    if (cols->t != JT_ARR) return fail_at(cx, E_INVALID, S("columns"), "Columns must be a list");
    for (size_t i = 0; i < p->n; i++) p->v[i].to = S("skip");
    for (size_t i = 0; i < cols->n; i++) TRY(map_column(cx, &cols->v[i], p));
    return E_OK;
}

static void put_labels(struct jw *w, const str *label, str before)
{
    char text[512];
    jw_key(w, S("label"));
    jw_obj(w);
    for (int i = 0; i < LANG_MAX; i++) {
        str s = label[i].n ? label[i] : label[LANG_EN];
        size_t n = 0;
        if (before.n && before.n + s.n + 2 < sizeof text) {
            memcpy(text, before.p, before.n);
            memcpy(text + before.n, ": ", 2);
            n = before.n + 2;
        }
        if (s.n && n + s.n < sizeof text) memcpy(text + n, s.p, s.n), n += s.n; /* none of the language, none at all */
        jw_kstr(w, lang_code[i], (str){text, n});
    }
    jw_obj_end(w);
}

static void put_target(struct jw *w, str prefix, str to, const str *label, str before)
{
    char name[FIELD_NAME_MAX + 16];
    if (prefix.n + to.n > sizeof name) return;
    memcpy(name, prefix.p, prefix.n);
    memcpy(name + prefix.n, to.p, to.n);
    jw_obj(w);
    jw_kstr(w, S("to"), (str){name, prefix.n + to.n});
    put_labels(w, label, before);
    jw_obj_end(w);
}

static void put_fields(const struct cx *cx, struct jw *w, const struct entity *e, str prefix, str before)
{
    for (size_t i = 0; i < e->n; i++)
        if (takes_import(&e->f[i]) && acl_field_write(cx, &e->f[i]))
            put_target(w, prefix, e->f[i].name, e->f[i].label, before);
}

static void put_parts(const struct cx *cx, struct jw *w, str entity)
{
    for (size_t i = 0; i < COUNT(address_parts) && may_write(cx, entity, S("addresses")); i++)
        put_target(w, S("addresses."), address_parts[i], part_label[i], S(""));
}

static void put_targets(struct cx *cx, const struct plan *p, struct jw *w)
{
    const struct entity *e = cx->meta ? meta_entity(cx->meta, p->entity) : NULL;
    bool person = str_eq(p->entity, S("person"));
    jw_arr(w);
    if (e) put_fields(cx, w, e, S(""), S(""));
    if (person || str_eq(p->entity, S("company"))) put_parts(cx, w, p->entity);
    const struct entity *company = person && cx->meta ? ENT(cx, "company") : NULL;
    if (company && may_write(cx, p->entity, S("company")))
        put_fields(cx, w, company, S("company."), label_of(company->label, cx->lang));
    if (str_eq(p->entity, S("user"))) {
        static const str names[] = {S0("team"), S0("branch")};
        for (size_t i = 0; i < COUNT(names) && cx->meta; i++) {
            const struct entity *t = meta_entity(cx->meta, names[i]);
            if (t)
                put_target(w, arena_fmt(cx->a, "%.*s.", FS(names[i])), S("name"), t->label, S(""));
        }
    }
    for (size_t i = 0; i < COUNT(specials); i++)
        put_target(w, S(""), specials[i].to, specials[i].label, S(""));
    jw_arr_end(w);
}

static void put_column(struct jw *w, const struct plan_column *c)
{
    char guess[16];
    jw_obj(w);
    jw_kint(w, S("index"), (int64_t)c->index);
    jw_kstr(w, S("heading"), c->heading);
    jw_key(w, S("samples"));
    jw_arr(w);
    for (size_t i = 0; i < c->n_samples; i++) jw_str(w, c->samples[i]);
    jw_arr_end(w);
    jw_kstr(w, S("to"), c->to);
    int n = snprintf(guess, sizeof guess, "%d.%02d", c->guess / 1000, c->guess % 1000 / 10);
    jw_key(w, S("guess"));
    jw_raw(w, (str){guess, n > 0 ? (size_t)n : 0});
    jw_key(w, S("new_field"));
    jw_obj(w);
    jw_kstr(w, S("kind"), c->kind);
    jw_kstr(w, S("label"), c->label);
    jw_kint(w, S("scale"), c->scale);
    jw_obj_end(w);
    jw_obj_end(w);
}

static void put_look(const struct plan *p, struct jw *w)
{
    jw_kint(w, S("sheet"), p->several ? -1 : (int64_t)p->sheet);
    jw_kint(w, S("header_row"), p->header_row);
    jw_kstr(w, S("entity"), p->entity);
    if (p->encoding.n) {
        jw_kstr(w, S("encoding"), p->encoding);
        jw_kbool(w, S("encoding_sure"), p->encoding_sure);
        jw_kstr(w, S("separator"), (str){&p->separator, p->separator != 0});
    }
    jw_kbool(w, S("history"), p->history);
    jw_kbool(w, S("join"), p->join);
    jw_kbool(w, S("nobody"), p->nobody);
}

void plan_json(struct cx *cx, const struct plan *p, struct jw *w)
{
    jw_obj(w);
    jw_key(w, S("sheets"));
    jw_arr(w);
    for (size_t i = 0; i < p->n_sheets; i++) {
        jw_obj(w);
        jw_kstr(w, S("name"), p->sheets[i].name);
        jw_kint(w, S("rows"), p->sheets[i].rows);
        jw_kbool(w, S("used"), p->sheets[i].used);
        jw_kbool(w, S("hidden"), p->sheets[i].hidden);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    put_look(p, w);
    jw_key(w, S("columns"));
    jw_arr(w);
    for (size_t i = 0; i < p->n; i++) put_column(w, &p->v[i]);
    jw_arr_end(w);
    jw_key(w, S("targets"));
    put_targets(cx, p, w);
    jw_key(w, S("new_field_kinds"));
    jw_arr(w);
    for (size_t i = 0; i < COUNT(new_kinds); i++) jw_str(w, new_kinds[i]);
    jw_arr_end(w);
    jw_obj_end(w);
}

void plan_mapping_json(const struct plan *p, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("entity"), p->entity);
    jw_kbool(w, S("history"), p->history);
    jw_kbool(w, S("join"), p->join);
    jw_key(w, S("columns"));
    jw_arr(w);
    for (size_t i = 0; i < p->n; i++) {
        const struct plan_column *c = &p->v[i];
        jw_obj(w);
        jw_kint(w, S("index"), (int64_t)c->index);
        if (c->heading.n) jw_kstr(w, S("heading"), c->heading);
        jw_kstr(w, S("to"), c->to);
        if (str_eq(c->to, S("new"))) {
            jw_kstr(w, S("kind"), c->kind);
            jw_kstr(w, S("label"), c->label);
            jw_kint(w, S("scale"), c->scale);
        }
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_obj_end(w);
}
