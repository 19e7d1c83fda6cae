/* SPDX-License-Identifier: MIT */
/* cli/own_json.c - what the options of field and entity say, as an object that the API takes. */
#include "cli/cli_int.h"

enum { OWN_JSON_MAX = 64 * 1024 };

/* The member that an option sets: --help-text sets "help", --no-unique "unique". */
static str key_of(str opt)
{
    if (str_eq(opt, S("help-text"))) return S("help");
    if (str_eq(opt, S("dry-run"))) return S("dry");
    return str_has_prefix(opt, S("no-")) ? str_cut(opt, 3, opt.n) : opt;
}

static bool is_told(const struct cli *c, str key)
{
    for (size_t i = 0; i < c->n_value; i++)
        if (str_eq(key_of(c->value[i].opt->name), key)) return true;
    return false;
}

/* ---- texts in several languages ---- */
/* The texts of option `opt` over those that were (NULL: none); *ret_all is the one without a language. */
static bool texts_told(const struct cli *c, str opt, const str *was, str ret[LANG_MAX], str *ret_all)
{
    bool by_lang = false;
    str text = {0};
    for (int l = 0; was && l < LANG_MAX; l++) ret[l] = was[l];
    for (size_t i = 0; i < c->n_value; i++) {
        if (!str_eq(c->value[i].opt->name, opt) || cli_lang(c->value[i].v, &text) < LANG_MAX) continue;
        for (int l = 0; l < LANG_MAX; l++) ret[l] = text;
        *ret_all = text;
    }
    for (size_t i = 0; i < c->n_value; i++) {
        enum lang l = str_eq(c->value[i].opt->name, opt) ? cli_lang(c->value[i].v, &text) : LANG_MAX;
        if (l == LANG_MAX) continue;
        ret[l] = text;
        by_lang = true;
    }
    return by_lang;
}

static void put_texts(struct jw *w, const str label[LANG_MAX])
{
    jw_obj(w);
    for (int l = 0; l < LANG_MAX; l++)
        if (label[l].n) jw_kstr(w, lang_code[l], label[l]);
    jw_obj_end(w);
}

static void put_label(const struct cli *c, struct jw *w, str opt, const str *was)
{
    str label[LANG_MAX] = {{0}}, all = {0};
    if (!is_told(c, key_of(opt))) return;
    bool by_lang = texts_told(c, opt, was, label, &all);
    jw_key(w, key_of(opt));
    if (by_lang) put_texts(w, label);
    else jw_str(w, all);
}

/* A section's name, or the one it has (or will get from its label) and its texts. */
static void put_section(const struct cli *c, struct jw *w, const struct own_told *t)
{
    str label[LANG_MAX] = {{0}}, all = {0};
    const struct section *now = NULL;
    if (!is_told(c, S("section"))) return;
    for (size_t i = 0; t->field && t->field->section.n && i < t->e->n_sections; i++)
        if (str_eq(t->e->sections[i].name, t->field->section)) now = &t->e->sections[i];
    bool by_lang = texts_told(c, S("section"), now ? now->label : NULL, label, &all);
    if (!by_lang) {
        jw_kstr(w, S("section"), all);
        return;
    }
    jw_key(w, S("section"));
    jw_obj(w);
    if (all.n || now) jw_kstr(w, S("name"), all.n ? all : now->name);
    jw_key(w, S("label"));
    put_texts(w, label);
    jw_obj_end(w);
}

/* ---- the others ---- */
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

static void put_names(struct jw *w, str list)
{
    jw_arr(w);
    while (list.n) {
        str one = {0};
        (void)str_split(list, ',', &one, &list);
        if (str_trim(one).n) jw_str(w, str_trim(one));
    }
    jw_arr_end(w);
}

/* JSON as records take it, else a text; a field of texts has no other JSON. "" takes it away. */
static void put_default(const struct cli *c, struct jw *w, str v, const struct kind *k)
{
    const struct json *j = NULL;
    bool text = !k || k->store == ST_TEXT || k->store == ST_FOLDED;
    jw_key(w, S("default"));
    if (!v.n) jw_null(w);
    else if (json_parse(c->cx, v, &j) == E_OK && (!text || j->t == JT_STR)) jw_json(w, j);
    else jw_str(w, v);
}

static enum err put_json(struct cli *c, struct jw *w, str key, str v)
{
    const struct json *j = NULL;
    jw_key(w, key);
    if (!v.n) jw_null(w);
    else if (json_parse(c->cx, v, &j) == E_OK) jw_json(w, j);
    else return cli_usage(c, "--%.*s takes JSON", FS(key));
    return E_OK;
}

static enum err put_option(struct cli *c, struct jw *w, const struct cli_value *v, const struct kind *k)
{
    static const str texts[] = {S0("icon"), S0("kind"), S0("to"), S0("via")};
    static const str flags[] = {S0("required"), S0("unique"), S0("index"), S0("force"), S0("dry")};
    str key = key_of(v->opt->name);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (str_eq(key, texts[i])) jw_kstr(w, key, v->v);
    for (size_t i = 0; i < COUNT(flags); i++)
        if (str_eq(key, flags[i])) jw_kbool(w, key, !str_has_prefix(v->opt->name, S("no-")));
    if (str_eq(key, S("default"))) put_default(c, w, v->v, k);
    if (str_eq(key, S("rule")) || str_eq(key, S("sections")) || str_eq(key, S("def"))) return put_json(c, w, key, v->v);
    if (str_eq(key, S("choices"))) jw_key(w, key), put_choices(w, v->v);
    if (str_eq(key, S("list"))) jw_key(w, key), put_names(w, v->v);
    return E_OK;
}

static enum err want_one(struct cli *c)
{
    static const char *const flag[] = {"required", "unique", "index"};
    for (size_t i = 0; i < COUNT(flag); i++)
        if (cli_has(c, flag[i]) && cli_has(c, arena_z(c->cx->a, arena_fmt(c->cx->a, "no-%s", flag[i]))))
            return cli_usage(c, "--%s or --no-%s, not both", flag[i], flag[i]);
    return E_OK;
}

/* What kind the values are of: as told, else as the field is, else texts. */
static const struct kind *kind_told(const struct cli *c, const struct own_told *t, const struct json *in)
{
    const struct json *j = json_get(in, S("kind"));
    str name = cli_opt(c, "kind");
    if (name.n) return kind_find(name);
    if (j && j->t == JT_STR) return kind_find(j->s);
    return t->field ? t->field->kind : NULL;
}

static void put_told(const struct cli *c, struct jw *w, const struct own_told *t)
{
    const struct field *f = t->field;
    bool of_entity = t->e && !t->is_field;
    put_label(c, w, S("label"), f ? f->label : of_entity ? t->e->label : NULL);
    put_label(c, w, S("plural"), of_entity ? t->e->plural : NULL);
    put_label(c, w, S("help-text"), f ? f->help : NULL);
    put_section(c, w, t);
}

enum err own_json(struct cli *c, const struct own_told *t, const struct json **ret)
{
    const struct json *in = NULL;
    int64_t scale = 0, pos = 0;
    struct buf b = buf_new(c->cx->a, OWN_JSON_MAX);
    struct jw w = jw_new(&b);
    TRY(want_one(c));
    TRY(cli_int(c, "scale", 0, 0, 9, &scale));
    TRY(cli_int(c, "pos", 0, 0, FIELDS_MAX, &pos));
    if (t->text.n && (json_parse(c->cx, t->text, &in) != E_OK || in->t != JT_OBJ))
        return cli_usage(c, "this is no JSON object: %.*s", FS(t->text));
    jw_obj(&w);
    if (t->is_field) jw_kstr(&w, S("entity"), t->e->name);
    for (size_t i = 0; in && i < in->n; i++) {
        if (str_eq(in->v[i].key, S("entity")) || is_told(c, in->v[i].key)) continue;
        jw_key(&w, in->v[i].key);
        jw_json(&w, &in->v[i]);
    }
    put_told(c, &w, t);
    for (size_t i = 0; i < c->n_value; i++) TRY(put_option(c, &w, &c->value[i], kind_told(c, t, in)));
    if (cli_has(c, "scale")) jw_kint(&w, S("scale"), scale);
    if (cli_has(c, "pos")) jw_kint(&w, S("pos"), pos);
    jw_obj_end(&w);
    if (b.full) return fail(c->cx, E_LIMIT, "a description has at most 64 KiB");
    if (!utf8_valid(buf_str(&b))) return fail(c->cx, E_BAD, "the description is not UTF-8");
    return json_parse(c->cx, buf_str(&b), ret);
}
