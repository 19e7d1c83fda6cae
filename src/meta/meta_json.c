/* SPDX-License-Identifier: MIT */
/* meta/meta_json.c - the description as the API shows it. */
#include "meta/filter.h"
#include "meta/meta_int.h"

void labels_json(struct jw *w, str key, const str *l)
{
    jw_key(w, key);
    jw_obj(w);
    for (enum lang i = 0; i < LANG_MAX; i++)
        if (l[i].n) jw_kstr(w, lang_code[i], l[i]);
    jw_obj_end(w);
}

static void choices(struct jw *w, const struct field *f)
{
    jw_key(w, S("choices"));
    jw_arr(w);
    for (size_t i = 0; i < f->n_choices; i++) {
        jw_obj(w);
        jw_kstr(w, S("key"), f->choices[i].key);
        labels_json(w, S("label"), f->choices[i].label);
        if (f->choices[i].hue >= 0) jw_kint(w, S("hue"), f->choices[i].hue);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void computed(struct jw *w, const struct field *f)
{
    if (f->result.n) jw_kstr(w, S("result"), f->result);
    if (f->live) jw_kbool(w, S("live"), true);
    if (f->def && (f->result.n || f->kind == &kind_rollup)) {
        jw_key(w, S("def"));
        jw_json(w, f->def);
    }
}

static void field_json(struct jw *w, const struct field *f, bool writes)
{
    jw_obj(w);
    jw_kstr(w, S("name"), f->name);
    jw_kstr(w, S("kind"), f->kind->name);
    labels_json(w, S("label"), f->label);
    labels_json(w, S("help"), f->help);
    jw_kbool(w, S("required"), f->required);
    jw_kbool(w, S("unique"), f->unique);
    jw_kbool(w, S("readonly"), f->readonly || !writes);
    jw_kbool(w, S("own"), f->own);
    jw_kbool(w, S("system"), f->system);
    jw_kbool(w, S("sort"), f->kind->sort);
    jw_kbool(w, S("index"), f->index);
    jw_key(w, S("ops"));
    jw_arr(w);
    for (enum op o = 0; o < OP_MAX; o++)
        if (filter_ops(f) & OPM(o)) jw_str(w, op_name[o]);
    jw_arr_end(w);
    if (f->to.n) jw_kstr(w, S("to"), f->to);
    if (f->via.n) jw_kstr(w, S("via"), f->via);
    if (f->section.n) jw_kstr(w, S("section"), f->section);
    if (f->check) jw_kstr(w, S("check"), check_name[f->check]);
    if (f->max) jw_kint(w, S("max"), f->max);
    computed(w, f);
    str values = f->result.n ? f->result : f->kind->name;
    if (str_eq(values, S("decimal")) || str_eq(values, S("percent"))) jw_kint(w, S("scale"), f->scale);
    if (f->n_choices) choices(w, f);
    if (f->dflt) {
        jw_key(w, S("default"));
        jw_json(w, f->dflt);
    }
    if (f->rule) {
        jw_key(w, S("rule"));
        jw_json(w, f->rule);
    }
    jw_obj_end(w);
}

/* For whom the description is. */
struct sight {
    struct cx *cx;
    const struct meta_rights *r;
};

static bool reads(const struct sight *s, const struct field *f) { return !f->trashed && s->r->reads(s->cx, f); }

static void names(const struct sight *s, struct jw *w, str key, const struct entity *e, const uint32_t *at, size_t n)
{
    jw_key(w, key);
    jw_arr(w);
    for (size_t i = 0; i < n; i++)
        if (reads(s, &e->f[at[i]])) jw_str(w, e->f[at[i]].name);
    jw_arr_end(w);
}

static void sections(const struct sight *s, struct jw *w, const struct entity *e)
{
    jw_key(w, S("sections"));
    jw_arr(w);
    for (size_t i = 0; i < e->n_sections; i++) {
        jw_obj(w);
        jw_kstr(w, S("name"), e->sections[i].name);
        labels_json(w, S("label"), e->sections[i].label);
        names(s, w, S("fields"), e, e->sections[i].fields, e->sections[i].n);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void trashed_fields(struct jw *w, const struct entity *e)
{
    jw_key(w, S("trash"));
    jw_arr(w);
    for (size_t k = 0; k < e->n; k++)
        if (e->f[k].trashed) field_json(w, &e->f[k], true);
    jw_arr_end(w);
}

static void trashed_entities(struct jw *w, const struct meta *m)
{
    jw_key(w, S("trash"));
    jw_arr(w);
    for (size_t i = 0; i < m->n; i++) {
        const struct entity *e = &m->entity[i];
        if (!e->trashed) continue;
        jw_obj(w);
        jw_kstr(w, S("name"), e->name);
        labels_json(w, S("label"), e->label);
        labels_json(w, S("plural"), e->plural);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void entity_json(const struct sight *s, struct jw *w, const struct entity *e, bool trash)
{
    jw_obj(w);
    jw_kstr(w, S("name"), e->name);
    labels_json(w, S("label"), e->label);
    labels_json(w, S("plural"), e->plural);
    jw_kstr(w, S("icon"), e->icon);
    jw_kbool(w, S("own"), e->own);
    jw_kbool(w, S("internal"), e->internal);
    jw_kbool(w, S("admin"), e->admin);
    jw_kbool(w, S("dups"), e->dups);
    jw_kbool(w, S("personal"), e->personal);
    jw_kint(w, S("kept_years"), e->kept_years);
    jw_kstr(w, S("title"), e->f[e->title].name);
    jw_key(w, S("rights"));
    s->r->entity(s->cx, e, w);
    names(s, w, S("list"), e, e->list, e->n_list);
    sections(s, w, e);
    jw_key(w, S("fields"));
    jw_arr(w);
    for (size_t k = 0; k < e->n; k++)
        if (!e->f[k].hidden && reads(s, &e->f[k])) field_json(w, &e->f[k], s->r->writes(s->cx, &e->f[k]));
    jw_arr_end(w);
    if (trash) trashed_fields(w, e);
    jw_obj_end(w);
}

void meta_entity_json(struct cx *cx, const struct entity *e, struct jw *w, const struct meta_rights *rights)
{
    entity_json(&(struct sight){cx, rights}, w, e, false);
}

void meta_json(struct cx *cx, const struct meta *m, struct jw *w, bool trash, const struct meta_rights *rights)
{
    struct sight s = {cx, rights};
    jw_obj(w);
    jw_kint(w, S("version"), m->version);
    if (trash) trashed_entities(w, m);
    jw_key(w, S("entities"));
    jw_arr(w);
    for (size_t i = 0; i < m->n; i++)
        if (!m->entity[i].trashed) entity_json(&s, w, &m->entity[i], trash);
    jw_arr_end(w);
    jw_obj_end(w);
}
