/* SPDX-License-Identifier: MIT */
/* cli/cmd_own.c - field and entity: own fields and entities, from options or a JSON object as the API takes it. */
#include "cli/cli_int.h"
#include "record/record.h"

enum { OWN_JSON_MAX = 64 * 1024 };

struct own {
    str verb, entity, name;
    const struct json *j;
    bool is_field;
    struct recast recast;
};

/* ---- options -> JSON ---- */
static void put_choices(struct jw *w, str list)
{
    jw_arr(w);
    while (list.n) {
        str one = {0};
        (void)str_split(list, ',', &one, &list);
        one = str_trim(one);
        if (!one.n) continue;
        jw_arr(w);
        jw_str(w, one); /* the key and its label */
        jw_str(w, one);
        jw_arr_end(w);
    }
    jw_arr_end(w);
}

static bool is_option(const struct cli *c, str key)
{
    for (size_t i = 0; i < c->n_value; i++)
        if (str_eq(c->value[i].opt->name, key)) return true;
    return false;
}

static void put_option(struct jw *w, const struct cli_value *v)
{
    static const str texts[] = {S0("label"), S0("plural"), S0("icon"), S0("kind"), S0("to"),
                                S0("section")};
    static const str flags[] = {S0("required"), S0("unique"), S0("index"), S0("force")};
    str name = v->opt->name;
    if (str_eq(name, S("dry-run"))) jw_kbool(w, S("dry"), true);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (str_eq(name, texts[i])) jw_kstr(w, name, v->v);
    for (size_t i = 0; i < COUNT(flags); i++)
        if (str_eq(name, flags[i])) jw_kbool(w, name, true);
    if (!str_eq(name, S("choices"))) return;
    jw_key(w, name);
    put_choices(w, v->v);
}

/* The members of `text` (an object, "" = none), over them the options, and the entity. */
static enum err own_json(struct cli *c, str entity, str text, const struct json **ret)
{
    const struct json *in = NULL;
    int64_t scale = 0, pos = 0;
    struct buf b = buf_new(c->cx->a, OWN_JSON_MAX);
    struct jw w = jw_new(&b);
    TRY(cli_int(c, "scale", 0, 0, 9, &scale));
    TRY(cli_int(c, "pos", 0, 0, FIELDS_MAX, &pos));
    if (text.n && (json_parse(c->cx, text, &in) != E_OK || in->t != JT_OBJ))
        return cli_usage(c, "this is no JSON object: %.*s", FS(text));
    jw_obj(&w);
    if (entity.n) jw_kstr(&w, S("entity"), entity);
    for (size_t i = 0; in && i < in->n; i++) {
        if (str_eq(in->v[i].key, S("entity")) || is_option(c, in->v[i].key)) continue;
        jw_key(&w, in->v[i].key);
        jw_json(&w, &in->v[i]);
    }
    for (size_t i = 0; i < c->n_value; i++) put_option(&w, &c->value[i]);
    if (cli_has(c, "scale")) jw_kint(&w, S("scale"), scale);
    if (cli_has(c, "pos")) jw_kint(&w, S("pos"), pos);
    jw_obj_end(&w);
    if (b.full) return fail(c->cx, E_LIMIT, "a description has at most 64 KiB");
    if (!utf8_valid(buf_str(&b))) return fail(c->cx, E_BAD, "the description is not UTF-8");
    return json_parse(c->cx, buf_str(&b), ret);
}

/* ---- writing ---- */
static enum err field_write(struct cx *cx, struct own *o)
{
    if (str_eq(o->verb, S("trash"))) return meta_field_trash(cx, o->entity, o->name, true);
    if (str_eq(o->verb, S("restore"))) {
        TRY(meta_field_trash(cx, o->entity, o->name, false));
        return record_field_fill(cx, o->entity, o->name); /* it followed nothing meanwhile */
    }
    if (str_eq(o->verb, S("change"))) return record_field_change(cx, o->entity, o->name, o->j, &o->recast);
    TRY(meta_field_add(cx, o->j, &o->name));
    return json_get(o->j, S("def")) ? record_field_fill(cx, o->entity, o->name) : E_OK;
}

static enum err own_write(struct cx *cx, void *arg)
{
    struct own *o = arg;
    if (o->is_field) return field_write(cx, o);
    if (str_eq(o->verb, S("add"))) return meta_entity_add(cx, o->j, &o->name);
    if (str_eq(o->verb, S("change"))) return meta_entity_change(cx, o->name, o->j);
    return meta_entity_trash(cx, o->name, str_eq(o->verb, S("trash")));
}

static void recast_say(struct cli *c, const struct recast *r)
{
    cli_say(c, "%" PRId64 " values %s, %" PRId64 " do not fit\n", r->fits, r->dry ? "would fit" : "fit", r->misfits);
    for (size_t i = 0; i < r->sample.n; i++)
        cli_say(c, "  %" PRId64 " %.*s '%.*s': %.*s\n", r->sample.v[i].id, FS(r->sample.v[i].title),
                FS(r->sample.v[i].value), FS(r->sample.v[i].why));
}

static enum err own_do(struct cli *c, struct own *o)
{
    struct cli_json j;
    enum err e = db_write(c->cx, own_write, o);
    if (o->recast.needed && !c->json && (e == E_OK || o->recast.misfits)) recast_say(c, &o->recast);
    TRY(e);
    if (o->recast.dry) return E_OK;
    if (!c->json) {
        cli_say(c, "%.*s%s%.*s\n", FS(o->entity), o->is_field ? " " : "", FS(o->name));
        return E_OK;
    }
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    if (o->is_field) jw_kstr(&j.w, S("entity"), o->entity);
    jw_kstr(&j.w, S("name"), o->name);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}

/* ---- listing ---- */
static void row_put(struct cli *c, struct cli_json *j, str entity, str name, str kind, str label, bool trashed)
{
    if (!c->json) {
        cli_say(c, "%-20.*s %-30.*s %-10.*s %.*s%s\n", FS(entity), FS(name), FS(kind), FS(label),
                trashed ? " (in the trash)" : "");
        return;
    }
    jw_obj(&j->w);
    if (kind.n) jw_kstr(&j->w, S("entity"), entity);
    jw_kstr(&j->w, S("name"), name);
    if (kind.n) jw_kstr(&j->w, S("kind"), kind);
    jw_kstr(&j->w, S("label"), label);
    jw_kbool(&j->w, S("trashed"), trashed);
    jw_obj_end(&j->w);
}

static void fields_put(struct cli *c, struct cli_json *j, const struct entity *e)
{
    for (size_t k = 0; k < e->n; k++) {
        const struct field *f = &e->f[k];
        if (f->own && !f->system)
            row_put(c, j, e->name, f->name, f->kind->name, label_of(f->label, c->cx->lang), f->trashed);
    }
}

static enum err own_list(struct cli *c, bool is_field, str entity)
{
    struct cli_json j;
    const struct meta *m = c->cx->meta;
    const struct entity *one = NULL;
    if (entity.n) TRY(cli_entity(c, entity, &one));
    cli_json_begin(c, &j);
    if (c->json) jw_arr(&j.w);
    for (size_t i = 0; i < m->n; i++) {
        const struct entity *e = &m->entity[i];
        if (one && e != one) continue;
        if (is_field) fields_put(c, &j, e);
        else if (e->own) row_put(c, &j, S("entity"), e->name, S(""), label_of(e->label, c->cx->lang), e->trashed);
    }
    if (!c->json) return E_OK;
    jw_arr_end(&j.w);
    return cli_json_end(c, &j);
}

static enum err may_describe(struct cli *c)
{
    return acl_sys(c->cx, SYS_SETTINGS) ? E_OK : fail(c->cx, E_DENIED, "this needs the right to manage the settings");
}

static bool is_verb(str s, const char *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(s, str_from(v[i]))) return true;
    return false;
}

enum err cmd_field(struct cli *c)
{
    static const char *const verbs[] = {"add", "change", "trash", "restore", "list"};
    struct own o = {.verb = c->args[0], .is_field = true};
    str arg[3] = {{0}};
    for (size_t i = 1; i < c->n_args; i++) arg[i - 1] = c->args[i];
    bool add = str_eq(o.verb, S("add")), change = str_eq(o.verb, S("change")), list = str_eq(o.verb, S("list"));
    size_t least = list ? 1 : add ? 2 : 3, most = list ? 2 : add ? 3 : change ? 4 : 3;
    const struct entity *e = NULL;
    if (!is_verb(o.verb, verbs, COUNT(verbs)))
        return cli_usage(c, "field knows add, change, trash, restore and list, not '%.*s'", FS(o.verb));
    if (c->n_args < least || c->n_args > most)
        return cli_usage(c, "%s", list  ? "field list takes an entity or nothing"
                                  : add ? "field add takes an entity and options or a JSON object"
                                        : "this takes an entity and a field");
    TRY(may_describe(c));
    if (list) return own_list(c, true, arg[0]);
    TRY(cli_entity(c, arg[0], &e));
    o.entity = e->name;
    o.name = add ? S("") : arg[1];
    TRY(own_json(c, o.entity, add ? arg[1] : arg[2], &o.j));
    return own_do(c, &o);
}

enum err cmd_entity(struct cli *c)
{
    static const char *const verbs[] = {"add", "change", "trash", "restore", "list"};
    struct own o = {.verb = c->args[0]};
    str arg = c->n_args > 1 ? c->args[1] : S(""), more = c->n_args > 2 ? c->args[2] : S("");
    bool add = str_eq(o.verb, S("add")), change = str_eq(o.verb, S("change")), list = str_eq(o.verb, S("list"));
    if (!is_verb(o.verb, verbs, COUNT(verbs)))
        return cli_usage(c, "entity knows add, change, trash, restore and list, not '%.*s'", FS(o.verb));
    if (list ? arg.n > 0 : (!add && !arg.n) || (!change && more.n))
        return cli_usage(c, list ? "entity list takes no argument" : "this takes an entity");
    TRY(may_describe(c));
    if (list) return own_list(c, false, S(""));
    if (!add) o.name = arg;
    TRY(own_json(c, S(""), add ? arg : more, &o.j));
    return own_do(c, &o);
}
