/* SPDX-License-Identifier: MIT */
/* meta/meta.c - reads the descriptions into one immutable snapshot with an arena of its own. */
#include "meta/meta_int.h"

#include "base/map.h"
#include "meta/formula.h"

#include <stdatomic.h>

const str lang_code[LANG_MAX] = {S0("en"), S0("de"), S0("lt"), S0("ru")};
#define X(e, name) S0(name),
const str op_name[OP_MAX] = {OP_LIST(X)};
#undef X
const str check_name[CHECK_MAX] = {S0(""),    S0("inn"),  S0("kpp"), S0("ogrn"),
                                   S0("vat"), S0("iban"), S0("bic")};

/* What every entity begins with, in the order of F_*. */
static const char system_fields[] =
    "[{\"name\":\"created_at\",\"kind\":\"timestamp\",\"readonly\":true,\"label\":[\"Created\","
    "\"Angelegt\",\"Sukurta\",\"Создано\"]},"
    "{\"name\":\"created_by\",\"kind\":\"user\",\"readonly\":true,\"label\":[\"Created "
    "by\",\"Angelegt von\",\"Sukūrė\",\"Создал\"]},"
    "{\"name\":\"changed_at\",\"kind\":\"timestamp\",\"readonly\":true,\"index\":true,\"label\":["
    "\"Changed\",\"Geändert\",\"Pakeista\",\"Изменено\"]},"
    "{\"name\":\"changed_by\",\"kind\":\"user\",\"readonly\":true,\"label\":[\"Changed "
    "by\",\"Geändert von\",\"Pakeitė\",\"Изменил\"]},"
    "{\"name\":\"owner\",\"kind\":\"user\",\"index\":true,\"label\":[\"Responsible\",\"Zuständig\","
    "\"Atsakingas\",\"Ответственный\"]},"
    "{\"name\":\"team\",\"kind\":\"link\",\"to\":\"team\",\"label\":[\"Team\",\"Team\",\"Komanda\","
    "\"Команда\"]},"
    "{\"name\":\"firm\",\"kind\":\"link\",\"to\":\"firm\",\"label\":[\"Own firm\",\"Eigene "
    "Firma\",\"Sava įmonė\",\"Своя фирма\"]},"
    "{\"name\":\"deleted_at\",\"kind\":\"timestamp\",\"readonly\":true,\"hidden\":true,\"label\":["
    "\"Deleted\",\"Gelöscht\",\"Ištrinta\",\"Удалено\"]}]";

enum { SECTION_MAX = 100 };
/* Where own fields stand that name no section. */
static const struct section own_section = {
    .name = S0("own"), .label = {S0("Own fields"), S0("Eigene Felder"), S0("Savi laukai"), S0("Свои поля")}};

enum lang lang_of(str code)
{
    for (enum lang l = 0; l < LANG_MAX; l++)
        if (str_eq(lang_code[l], code)) return l;
    return LANG_EN;
}

str label_of(const str *labels, str lang)
{
    str s = labels[lang_of(lang)];
    if (!s.n) s = labels[LANG_EN];
    for (enum lang l = 0; !s.n && l < LANG_MAX; l++) s = labels[l];
    return s;
}

bool val_eq(const struct val *a, const struct val *b)
{
    if (a->t != b->t) return false;
    if (a->t == VT_NULL) return true;
    if (a->t == VT_INT)
        return a->i == b->i; /* money's currency: kind_money compares nothing else by this */
    if (a->t == VT_TEXT) return str_eq(a->s, b->s);
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct item *x = &a->v[i], *y = &b->v[i];
        if (x->id != y->id) return false;
        if (x->id) continue; /* links: the title does not count */
        if (!str_eq(x->type, y->type) || !str_eq(x->typed, y->typed) || !str_eq(x->norm, y->norm) ||
            !str_eq(x->ext, y->ext) || !str_eq(x->extra, y->extra))
            return false;
    }
    return true;
}

str quoted(struct arena *a, str name) { return arena_fmt(a, "\"%.*s\"", FS(name)); }

enum err labels_read(struct cx *cx, const struct json *j, bool needed, str ret[LANG_MAX])
{
    bool any = false;
    for (enum lang l = 0; j && l < LANG_MAX; l++) {
        const struct json *m =
            j->t == JT_ARR ? (l < j->n ? &j->v[l] : NULL) : json_get(j, lang_code[l]);
        if (j->t == JT_STR) m = j; /* one text for all */
        if (!m) continue;
        if (m->t != JT_STR || m->s.n > 400)
            return fail_at(cx, E_INVALID, S("label"), "A label is a text of at most 400 bytes");
        ret[l] = m->s;
        any |= m->s.n > 0;
    }
    return any || !needed ? E_OK : fail_at(cx, E_INVALID, S("label"), "A label is needed");
}

static enum err hue_read(struct cx *cx, const struct json *j, int64_t *ret)
{
    if (j->t != JT_NUM || !str_to_int(j->s, ret) || *ret < -1 || *ret > 360)
        return fail_at(cx, E_INVALID, S("choices"), "A hue is 0 to 360");
    return E_OK;
}

/* ["key", labels, hue] or {"key","label","hue"}. */
static enum err choice_read(struct cx *cx, const struct json *k, struct choice *ret)
{
    bool arr = k->t == JT_ARR && k->n >= 2;
    const struct json *key = arr ? &k->v[0] : json_get(k, S("key"));
    const struct json *hue = arr ? (k->n > 2 ? &k->v[2] : NULL) : json_get(k, S("hue"));
    int64_t h = -1;
    if (!key || key->t != JT_STR || !key->s.n || key->s.n > 60 || str_find(key->s, S("|")) >= 0)
        return fail_at(cx, E_INVALID, S("choices"),
                       "A choice needs a key of 1 to 60 bytes without |");
    if (hue) TRY(hue_read(cx, hue, &h));
    *ret = (struct choice){.key = key->s, .hue = (int)h};
    return labels_read(cx, arr ? &k->v[1] : json_get(k, S("label")), true, ret->label);
}

static enum err choices_read(struct cx *cx, const struct json *j, struct field *f)
{
    if (!j || j->t == JT_NULL) return E_OK;
    if (j->t != JT_ARR || j->n > 500)
        return fail_at(cx, E_INVALID, S("choices"), "Choices are a list of at most 500");
    struct choice *c = NEW_N(cx->a, struct choice, j->n + 1);
    for (size_t i = 0; i < j->n; i++) TRY(choice_read(cx, &j->v[i], &c[i]));
    f->choices = c;
    f->n_choices = j->n;
    return E_OK;
}

static bool name_ok(str s)
{
    if (!s.n || s.n > FIELD_NAME_MAX || s.p[0] < 'a' || s.p[0] > 'z') return false;
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
              s.p[i] == '_'))
            return false;
    return true;
}

static void field_columns(struct cx *cx, struct field *f)
{
    enum storage st = f->kind->store;
    if (st == ST_POINTS) f->col2 = quoted(cx->a, arena_fmt(cx->a, "%.*s__p", FS(f->name)));
    if (st == ST_NONE || st == ST_POINTS || st == ST_LINKS || st == ST_LINES) return;
    f->col = quoted(cx->a, f->name);
    if (st == ST_FOLDED) f->col2 = quoted(cx->a, arena_fmt(cx->a, "%.*s_f", FS(f->name)));
    if (st == ST_MONEY) f->col2 = quoted(cx->a, arena_fmt(cx->a, "%.*s_cur", FS(f->name)));
}

static enum err check_read(struct cx *cx, const struct json *j, struct field *f)
{
    str name = {0};
    TRY(json_str_of(cx, j, S("check"), S(""), &name));
    for (enum check c = CHECK_NONE; c < CHECK_MAX; c++)
        if (str_eq(check_name[c], name)) {
            f->check = c;
            return c == CHECK_NONE || f->kind == &kind_text
                       ? E_OK
                       : fail_at(cx, E_INVALID, S("check"), "Only a text can be checked as a number");
        }
    return fail_at(cx, E_INVALID, S("check"), "There is no check \"%.*s\"", FS(name));
}

static enum err formula_read(struct cx *cx, const struct json *j, struct field *f)
{
    TRY(json_str_of(cx, j, S("result"), S(""), &f->result));
    if (!f->result.n) return E_OK; /* still to be settled, or a roll-up of numbers */
    f->live = f->kind == &kind_formula && formula_is_live(f->def);
    f->kind = formula_kind(cx, f->kind, f->result, f->live);
    return f->kind ? E_OK
                   : fail_at(cx, E_INVALID, S("result"), "A formula cannot give values of that kind");
}

/* A default, a rule: null is none. */
static const struct json *told(const struct json *j, str key)
{
    const struct json *m = json_get(j, key);
    return m && m->t != JT_NULL ? m : NULL;
}

static enum err section_read(struct cx *cx, const struct json *j, struct field *f)
{
    const struct json *in = json_get(j, S("section"));
    str name = {0}, label[LANG_MAX] = {{0}};
    if (in && in->t == JT_OBJ) { /* a section of its own, named in several languages */
        TRY(labels_read(cx, json_get(in, S("label")), false, label));
        TRY(json_str_of(cx, in, S("name"), label_of(label, S("en")), &name));
        str *keep = NEW_N(cx->a, str, LANG_MAX);
        memcpy(keep, label, sizeof label);
        f->section_label = label_of(label, S("en")).n ? keep : NULL;
    } else TRY(json_str_of(cx, j, S("section"), S(""), &name));
    f->section = str_trim(name);
    if (str_eq(f->section, own_section.name)) f->section = S("");
    return f->section.n <= SECTION_MAX
               ? E_OK
               : fail_at(cx, E_INVALID, S("section"), "A section's name has at most %d bytes", SECTION_MAX);
}

enum err field_read(struct cx *cx, const struct json *j, struct field *f)
{
    str kind = {0};
    int64_t scale = 0;
    TRY(json_str_of(cx, j, S("name"), S(""), &f->name));
    if (!name_ok(f->name))
        return fail_at(cx, E_INVALID, S("name"), "A field's name has at most 60 characters: a-z, 0-9 and _");
    TRY(json_str_of(cx, j, S("kind"), S("text"), &kind));
    f->kind = kind_find(kind);
    if (!f->kind) return fail_at(cx, E_INVALID, S("kind"), "There is no kind of field \"%.*s\"", FS(kind));
    TRY(labels_read(cx, json_get(j, S("label")), true, f->label));
    TRY(check_read(cx, j, f));
    TRY(labels_read(cx, json_get(j, S("help")), false, f->help));
    TRY(json_bool_of(cx, j, S("required"), false, &f->required));
    TRY(json_bool_of(cx, j, S("unique"), false, &f->unique));
    TRY(json_bool_of(cx, j, S("readonly"), false, &f->readonly));
    TRY(json_bool_of(cx, j, S("hidden"), false, &f->hidden));
    TRY(json_bool_of(cx, j, S("index"), false, &f->index));
    TRY(json_bool_of(cx, j, S("search"), f->kind->search, &f->search));
    TRY(json_int_of(cx, j, S("scale"), 2, &scale));
    if (scale < 0 || scale > 9) return fail_at(cx, E_INVALID, S("scale"), "The number of decimal places is 0 to 9");
    f->scale = (int)scale;
    TRY(json_int_of(cx, j, S("max"), 0, &f->max));
    TRY(json_str_of(cx, j, S("to"), str_eq(kind, S("user")) ? S("user") : S(""), &f->to));
    TRY(json_str_of(cx, j, S("via"), S(""), &f->via));
    TRY(json_str_of(cx, j, S("index_by"), S(""), &f->index_by));
    TRY(section_read(cx, j, f));
    f->dflt = told(j, S("default"));
    f->rule = told(j, S("rule"));
    f->def = json_get(j, S("def"));
    if (f->kind == &kind_rollup || f->kind == &kind_formula || f->kind == &kind_autonumber)
        f->readonly = true;
    if (f->kind == &kind_formula || f->kind == &kind_rollup) TRY(formula_read(cx, j, f));
    field_columns(cx, f);
    return choices_read(cx, json_get(j, S("choices")), f);
}

/* ---- building a snapshot ---- */
static enum err entity_fields(struct cx *cx, struct entity *e, const struct json *own, size_t n_own,
                              const struct json *def)
{
    const struct json *sys = NULL, *mine = json_get(def, S("fields"));
    TRY(json_parse(cx, (str){system_fields, sizeof system_fields - 1}, &sys));
    size_t max = sys->n + (mine ? mine->n : 0) + n_own;
    if (max > FIELDS_MAX)
        return fail(cx, E_LIMIT, "%.*s: more than %d fields", FS(e->name), FIELDS_MAX);
    struct field *f = NEW_N(cx->a, struct field, max);
    const struct json *from[3] = {sys->v, mine ? mine->v : NULL, own};
    size_t count[3] = {sys->n, mine ? mine->n : 0, n_own};
    for (int s = 0; s < 3; s++)
        for (size_t i = 0; i < count[s]; i++) {
            struct field *x = &f[e->n];
            TRY(field_read(cx, &from[s][i], x));
            x->entity = e;
            x->at = (uint32_t)e->n++;
            x->system = s == 0;
            x->own = s == 2 || e->own;
            e->checks |= x->check != CHECK_NONE;
            e->files |= x->kind->file;
            x->trashed = json_get(&from[s][i], S("trashed")) != NULL;
        }
    e->f = f;
    return E_OK;
}

static const struct field *field_any(const struct entity *e, str name)
{
    for (size_t i = 0; i < e->n; i++)
        if (str_eq(e->f[i].name, name)) return &e->f[i];
    return NULL;
}

static enum err names_to_places(struct cx *cx, const struct entity *e, const struct json *j,
                                const uint32_t **ret, size_t *ret_n)
{
    uint32_t *at = NEW_N(cx->a, uint32_t, (j ? j->n : 0) + 1);
    size_t n = 0;
    for (size_t i = 0; j && i < j->n; i++) {
        const struct field *f = field_any(e, j->v[i].s);
        if (!f) return fail(cx, E_INVALID, "%.*s: there is no field %.*s", FS(e->name), FS(j->v[i].s));
        at[n++] = f->at;
    }
    *ret = at;
    *ret_n = n;
    return E_OK;
}

/* The section of that name among the *n; else it is begun there. */
static size_t section_at(struct section *s, size_t *n, str name)
{
    size_t i = 0;
    while (i < *n && !str_eq(s[i].name, name)) i++;
    if (i < *n) return i;
    s[*n] = str_eq(name, own_section.name) ? own_section : (struct section){.name = name, .label = {name}};
    return (*n)++;
}

/* Own fields that no section names stand where they say themselves; those that say nothing come last. */
static void own_sections(struct cx *cx, const struct entity *e, const bool *placed, struct section *s, size_t *n)
{
    uint32_t **room = NEW_N(cx->a, uint32_t *, *n + e->n + 1); /* of a section that takes own fields: for all of them */
    size_t theirs = *n;
    for (int last = 0; last < 2; last++)
        for (size_t i = F_SYSTEM_N; i < e->n; i++) {
            const struct field *f = &e->f[i];
            if (placed[i] || !f->own || f->trashed || (f->section.n == 0) != last) continue;
            size_t k = section_at(s, n, last ? own_section.name : f->section);
            if (!room[k]) {
                room[k] = NEW_N(cx->a, uint32_t, e->n + 1);
                if (s[k].n) memcpy(room[k], s[k].fields, s[k].n * sizeof *room[k]);
                s[k].fields = room[k];
            }
            room[k][s[k].n++] = (uint32_t)i;
            if (k >= theirs && f->section_label) memcpy(s[k].label, f->section_label, sizeof s[k].label);
        }
}

static enum err entity_sections(struct cx *cx, struct entity *e, const struct json *j)
{
    size_t n = j ? j->n : 0;
    struct section *s = NEW_N(cx->a, struct section, n + e->n + 1);
    bool *placed = NEW_N(cx->a, bool, e->n + 1);
    for (size_t i = 0; i < n; i++) {
        TRY(json_str_of(cx, &j->v[i], S("name"), S(""), &s[i].name));
        TRY(labels_read(cx, json_get(&j->v[i], S("label")), true, s[i].label));
        TRY(names_to_places(cx, e, json_get(&j->v[i], S("fields")), &s[i].fields, &s[i].n));
        for (size_t k = 0; k < s[i].n; k++) placed[s[i].fields[k]] = true;
    }
    own_sections(cx, e, placed, s, &n);
    e->sections = s;
    e->n_sections = n;
    return E_OK;
}

static enum err entity_read(struct cx *cx, const struct json *j, const struct json *own,
                            size_t n_own, struct entity *e)
{
    str title = {0}, hue = {0};
    TRY(json_str_of(cx, j, S("name"), S(""), &e->name));
    if (!name_ok(e->name))
        return fail_at(cx, E_INVALID, S("name"), "An entity's name has at most 60 characters: a-z, 0-9 and _");
    e->table = quoted(cx->a, e->name);
    TRY(labels_read(cx, json_get(j, S("label")), true, e->label));
    TRY(labels_read(cx, json_get(j, S("plural")), true, e->plural));
    TRY(json_str_of(cx, j, S("icon"), S("box"), &e->icon));
    TRY(json_bool_of(cx, j, S("internal"), false, &e->internal));
    TRY(json_bool_of(cx, j, S("admin"), false, &e->admin));
    TRY(json_bool_of(cx, j, S("search"), false, &e->search));
    TRY(json_bool_of(cx, j, S("dups"), false, &e->dups));
    TRY(json_bool_of(cx, j, S("personal"), false, &e->personal));
    TRY(json_bool_of(cx, j, S("append"), false, &e->append));
    TRY(json_int_of(cx, j, S("kept_years"), 0, &e->kept_years));
    if (e->kept_years < 0 || e->kept_years > KEPT_YEARS_MAX)
        return fail_at(cx, E_INVALID, S("kept_years"), "Records are kept for 0 to %d years", KEPT_YEARS_MAX);
    TRY(entity_fields(cx, e, own, n_own, j));
    TRY(json_str_of(cx, j, S("title"), S("name"), &title));
    const struct field *t = field_any(e, title);
    if (!t) return fail(cx, E_INVALID, "%.*s: there is no title field %.*s", FS(e->name), FS(title));
    e->title = t->at;
    TRY(json_str_of(cx, j, S("hue"), S(""), &hue));
    const struct field *h = hue.n ? field_any(e, hue) : NULL;
    e->hue = h && h->kind == &kind_int ? h->at : 0;
    TRY(names_to_places(cx, e, json_get(j, S("list")), &e->list, &e->n_list));
    return entity_sections(cx, e, json_get(j, S("sections")));
}

/* Own entities and fields as JSON trees, from the database. */
struct own_defs {
    struct db_rows entities, fields;
};

static enum err own_load(struct cx *cx, struct own_defs *ret)
{
    TRY(db_query(cx, &ret->entities,
                 "SELECT name, json, state FROM meta_entity ORDER BY pos, name LIMIT 512"));
    return db_query(cx, &ret->fields,
                    "SELECT entity, name, json, state FROM meta_field WHERE state <> 'pending' "
                    "ORDER BY entity, pos, name LIMIT 10000");
}

static enum err own_fields_of(struct cx *cx, const struct own_defs *o, str entity,
                              struct json **ret, size_t *ret_n)
{
    LIST(struct json) l = {0};
    for (size_t i = 0; i < o->fields.n; i++) {
        if (!str_eq(db_str(&o->fields, i, 0), entity)) continue;
        const struct json *j = NULL;
        str text = db_str(&o->fields, i, 2);
        if (str_eq(db_str(&o->fields, i, 3), S("trash"))) /* {...} -> {"trashed":true,...} */
            text = arena_fmt(cx->a, "{\"trashed\":true,%.*s", (int)(text.n - 1), text.p + 1);
        TRY(json_parse(cx, text, &j));
        *LIST_ADD(cx->a, &l) = *j;
    }
    *ret = l.v;
    *ret_n = l.n;
    return E_OK;
}

static enum err entity_add(struct cx *cx, struct meta *m, struct map *names, struct entity *all,
                           const struct own_defs *o, str text, bool own, bool trashed)
{
    const struct json *j = NULL;
    struct json *fields = NULL;
    size_t n = 0;
    str name = {0};
    if (m->n == ENTITIES_MAX) return fail(cx, E_LIMIT, "There are more than %d entities", ENTITIES_MAX);
    TRY(json_parse(cx, text, &j));
    TRY(json_str_of(cx, j, S("name"), S(""), &name));
    TRY(own_fields_of(cx, o, name, &fields, &n));
    struct entity *e = &all[m->n];
    e->own = own;
    e->trashed = trashed;
    e->at = (uint32_t)m->n;
    TRY(entity_read(cx, j, fields, n, e));
    map_put(names, e->name, e);
    m->n++;
    return E_OK;
}

static enum err targets_resolve(struct cx *cx, const struct map *names, struct entity *all,
                                size_t n)
{
    struct field **fields = NEW_N(cx->a, struct field *, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct field *fs = fields[i] = NEW_N(cx->a, struct field, all[i].n);
        memcpy(fs, all[i].f, sizeof *fs * all[i].n);
        for (size_t k = 0; k < all[i].n; k++)
            if (fs[k].to.n) {
                fs[k].target = map_get(names, fs[k].to);
                if (!fs[k].target && !fs[k].own)
                    return fail(cx, E_INVALID, "%.*s.%.*s: there is no entity %.*s", FS(all[i].name),
                                FS(fs[k].name), FS(fs[k].to));
            }
        all[i].f = fs;
    }
    formulas_resolve(cx, all, fields, n);
    rollup_wheres_resolve(cx, fields, all, n);
    return E_OK;
}

static enum err snapshot_fill(struct cx *cx, struct meta *m)
{
    struct own_defs own = {0};
    struct entity *all = NEW_N(cx->a, struct entity, ENTITIES_MAX);
    struct map *names = NEW(cx->a, struct map);
    *names = map_new(cx->a);
    if (cx->db) {
        struct db_rows v = {0};
        TRY(own_load(cx, &own));
        TRY(db_query(cx, &v, "SELECT value FROM setting WHERE key = 'meta_version'"));
        if (v.n && !str_to_int(db_str(&v, 0, 0), &m->version)) m->version = 0;
    }
    for (size_t i = 0; i < builtin_entities_n; i++)
        TRY(entity_add(cx, m, names, all, &own, builtin_entities[i].text, false, false));
    for (size_t i = 0; i < own.entities.n; i++)
        TRY(entity_add(cx, m, names, all, &own, db_str(&own.entities, i, 1), true,
                       str_eq(db_str(&own.entities, i, 2), S("trash"))));
    m->entity = all;
    m->by_name = names;
    return targets_resolve(cx, names, all, m->n);
}

static atomic_uint_fast64_t loaded; /* snapshots so far in this process */

enum err meta_load(struct cx *cx, struct meta **ret)
{
    struct arena *a = arena_new();
    struct meta *m = NEW(a, struct meta);
    struct cx in = *cx;
    in.a = a;
    m->a = a;
    m->holders = 1;
    m->serial = atomic_fetch_add(&loaded, 1) + 1;
    enum err e = snapshot_fill(&in, m);
    if (e != E_OK) {
        e = fail_at(cx, e, in.at, "%.*s", FS(in.msg));
        arena_free(&a);
        return e;
    }
    *ret = m;
    return E_OK;
}

void meta_hold(struct meta *m) { __atomic_add_fetch(&m->holders, 1, __ATOMIC_RELAXED); }

void meta_drop(struct meta **m)
{
    struct meta *old = *m;
    *m = NULL;
    if (!old || __atomic_sub_fetch(&old->holders, 1, __ATOMIC_ACQ_REL) > 0) return;
    struct arena *a = old->a;
    arena_free(&a);
}

const struct entity *meta_entity(const struct meta *m, str name)
{
    const struct entity *e = map_get(m->by_name, name);
    return e && !e->trashed ? e : NULL;
}

const struct field *entity_field(const struct entity *e, str name)
{
    const struct field *f = field_any(e, name);
    return f && !f->trashed ? f : NULL;
}
