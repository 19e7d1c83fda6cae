/* SPDX-License-Identifier: MIT */
/* cli/cmd_own.c - field and entity: own fields and entities, from options or a JSON object as the API takes it. */
#include "cli/cli_int.h"
#include "record/record.h"

struct own {
    str verb, entity, name;
    const struct json *j;
    bool is_field;
    struct recast recast;
};

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

/* arg: entity; field, when one is there; JSON. */
static enum err field_do(struct cli *c, struct own *o, const str *arg, bool add)
{
    const struct entity *e = NULL;
    TRY(cli_entity(c, arg[0], &e));
    o->entity = e->name;
    o->name = add ? S("") : arg[1];
    struct own_told told = {e, add ? NULL : entity_field(e, o->name), true, add ? arg[1] : arg[2]};
    TRY(own_json(c, &told, &o->j));
    return own_do(c, o);
}

enum err cmd_field(struct cli *c)
{
    static const char *const verbs[] = {"add", "change", "trash", "restore", "list"};
    struct own o = {.verb = c->args[0], .is_field = true};
    str arg[3] = {{0}};
    for (size_t i = 1; i < c->n_args; i++) arg[i - 1] = c->args[i];
    bool add = str_eq(o.verb, S("add")), change = str_eq(o.verb, S("change")), list = str_eq(o.verb, S("list"));
    size_t least = list ? 1 : add ? 2 : 3, most = list ? 2 : add ? 3 : change ? 4 : 3;
    if (!is_verb(o.verb, verbs, COUNT(verbs)))
        return cli_usage(c, "field knows add, change, trash, restore and list, not '%.*s'", FS(o.verb));
    if (c->n_args < least || c->n_args > most)
        return cli_usage(c, "%s", list  ? "field list takes an entity or nothing"
                                  : add ? "field add takes an entity and options or a JSON object"
                                        : "this takes an entity and a field");
    TRY(may_describe(c));
    if (list) return own_list(c, true, arg[0]);
    return field_do(c, &o, arg, add);
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
    struct own_told told = {meta_entity(c->cx->meta, o.name), NULL, false, add ? arg : more};
    TRY(own_json(c, &told, &o.j));
    return own_do(c, &o);
}
