/* SPDX-License-Identifier: MIT */
#include "meta/trade.h"

#include "meta/meta_int.h"

enum { LABELS = LANG_MAX };

static size_t members(const struct json *j) { return j && j->t == JT_ARR ? j->n : 0; }

enum err trade_at(struct cx *cx, size_t i, struct trade *ret, bool *ret_is)
{
    *ret_is = i < builtin_trades_n;
    if (!*ret_is) return E_OK;
    ret->name = builtin_trades[i].name;
    return json_parse(cx, builtin_trades[i].text, &ret->def);
}

enum err trade_named(struct cx *cx, str name, struct trade *ret)
{
    bool is = true;
    for (size_t i = 0; is; i++) {
        TRY(trade_at(cx, i, ret, &is));
        if (is && str_eq(ret->name, name)) return E_OK;
    }
    return fail_at(cx, E_INVALID, S("trade"), "There is no template of that name");
}

/* Names come out of the English label, whatever the firm speaks: the same template finds its own again. */
static str name_of(struct cx *cx, const struct json *def)
{
    str label[LABELS] = {{0}};
    if (labels_read(cx, json_get(def, S("label")), true, label) != E_OK) return S("");
    return name_from_label(cx->a, label[LANG_EN]);
}

static str text_of(const struct json *def, str key)
{
    const struct json *j = json_get(def, key);
    return j && j->t == JT_STR ? j->s : S("");
}

static const struct entity *entity_of(const struct meta *m, str name) /* also one in the trash */
{
    for (size_t i = 0; i < m->n; i++)
        if (str_eq(m->entity[i].name, name)) return &m->entity[i];
    return NULL;
}

static const struct field *field_of(const struct entity *e, str name)
{
    for (size_t i = F_SYSTEM_N; e && i < e->n; i++)
        if (e->f[i].own && str_eq(e->f[i].name, name)) return &e->f[i];
    return NULL;
}

/* Of the kind, and pointing where, the template has it. */
static bool is_same(const struct field *f, const struct json *def)
{
    return str_eq(f->kind->name, text_of(def, S("kind"))) && str_eq(f->to, text_of(def, S("to")));
}

static bool is_there(struct cx *cx, const struct trade *t)
{
    const struct json *fields = json_get(t->def, S("fields")),
                      *ents = json_get(t->def, S("entities"));
    for (size_t i = 0; i < members(ents); i++) {
        if (!meta_entity(cx->meta, name_of(cx, &ents->v[i]))) return false;
    }
    for (size_t i = 0; i < members(fields); i++) {
        const struct entity *e = meta_entity(cx->meta, text_of(&fields->v[i], S("entity")));
        const struct field *f = field_of(e, name_of(cx, &fields->v[i]));
        if (!f || f->trashed || !is_same(f, &fields->v[i])) return false;
    }
    return true;
}

void trade_json(struct cx *cx, const struct trade *t, struct jw *w)
{
    static const str keys[] = {S0("label"), S0("text")};
    jw_kstr(w, S("name"), t->name);
    jw_kstr(w, S("icon"), text_of(t->def, S("icon")));
    for (size_t i = 0; i < COUNT(keys); i++) {
        str l[LABELS] = {{0}};
        if (labels_read(cx, json_get(t->def, keys[i]), true, l) == E_OK) labels_json(w, keys[i], l);
    }
    jw_kbool(w, S("there"), is_there(cx, t));
}

/* Each step stands on the description that the one before has left. */
static enum err read_anew(struct cx *cx, struct trade_made *made)
{
    struct meta *fresh = NULL;
    TRY(meta_load(cx, &fresh));
    cx->meta = fresh;
    meta_drop(&made->meta);
    made->meta = fresh;
    return E_OK;
}

static enum err note(struct cx *cx, struct trade_made *made, str entity, str field)
{
    if (made->n == TRADE_NEW_MAX)
        return fail(cx, E_LIMIT, "A template adds at most %d things", TRADE_NEW_MAX);
    made->v[made->n++] = (struct trade_new){entity, field};
    return read_anew(cx, made);
}

static enum err entity_begin(struct cx *cx, const struct json *def, struct trade_made *made)
{
    str name = name_of(cx, def), given = {0};
    const struct entity *e = entity_of(cx->meta, name);
    if (e && !e->trashed) return E_OK;
    if (e) TRY(meta_entity_trash(cx, name, false));
    else TRY(meta_entity_add(cx, def, &given));
    return note(cx, made, name, S(""));
}

static enum err field_begin(struct cx *cx, const struct json *def, struct trade_made *made)
{
    str entity = text_of(def, S("entity")), name = name_of(cx, def), given = {0};
    const struct field *f = field_of(meta_entity(cx->meta, entity), name);
    if (f && !is_same(f, def)) {
        cx->lang = made->lang;
        return fail_at(cx, E_CONFLICT, S("trade"),
                       "The firm has a field \"%.*s\" of another kind: rename or remove that first",
                       FS(label_of(f->label, cx->lang)));
    }
    if (f && !f->trashed) return E_OK;
    if (f) TRY(meta_field_trash(cx, entity, name, false));
    else TRY(meta_field_add(cx, def, &given));
    return note(cx, made, arena_dup(cx->a, entity), name);
}

static bool is_new(const struct trade_made *made, str entity)
{
    for (size_t i = 0; i < made->n; i++)
        if (str_eq(made->v[i].entity, entity) && !made->v[i].field.n) return true;
    return false;
}

/* In English: see name_of. */
static enum err describe(struct cx *cx, const struct trade *t, struct trade_made *made)
{
    const struct json *fields = json_get(t->def, S("fields")),
                      *ents = json_get(t->def, S("entities"));
    for (size_t i = 0; i < members(ents); i++) TRY(entity_begin(cx, &ents->v[i], made));
    for (size_t i = 0; i < members(fields); i++) TRY(field_begin(cx, &fields->v[i], made));
    for (size_t i = 0; i < members(ents); i++) {
        const struct json *shape = json_get(&ents->v[i], S("shape"));
        str name = name_of(cx, &ents->v[i]);
        if (!shape || !is_new(made, name)) continue;
        TRY(meta_entity_change(cx, name, shape));
        TRY(read_anew(cx, made));
    }
    return E_OK;
}

enum err trade_describe(struct cx *cx, const struct trade *t, struct trade_made *ret)
{
    ret->lang = cx->lang;
    meta_drop(&ret->meta);
    ret->n = 0;
    cx->lang = lang_code[LANG_EN];
    enum err e = describe(cx, t, ret);
    cx->lang = ret->lang;
    return e;
}

size_t trade_groups(const struct cx *cx, const struct trade *t, str *names, int64_t *hues, size_t n)
{
    const struct json *groups = json_get(t->def, S("groups"));
    size_t got = 0;
    for (size_t i = 0; i < members(groups) && got < n; i++) {
        const struct json *g = &groups->v[i];
        if (members(g) != 2 || members(&g->v[0]) != LABELS || !str_to_int(g->v[1].s, &hues[got]))
            continue;
        names[got++] = g->v[0].v[lang_of(cx->lang)].s;
    }
    return got;
}
