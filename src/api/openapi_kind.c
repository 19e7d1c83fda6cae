/* SPDX-License-Identifier: MIT */
/* api/openapi_kind.c - records as JSON schemas: as they are read, made and changed, field by field of its kind. */
#include "api/openapi.h"

#define NULLED(type) "{'type':['" type "','null']}"
#define IN_ANY(...)  "{'type':[" __VA_ARGS__ ",'null']}"
#define LIST_OF(x)   "{'type':['array','null'],'items':" x "}"
#define OBJ(props)   "{'type':['object','null'],'properties':{" props "}}"
#define TEXTS        LIST_OF("{'type':'string'}")
#define VALUED(more)                                                                                                   \
    LIST_OF("{'type':'object','required':['value'],'properties':{'type':{'type':'string'},"                            \
            "'value':{'type':'string'}" more "}}")
#define VALUED_IN    LIST_OF("{'type':['object','string']}")
#define TITLED       "{'$ref':'#/components/schemas/Titled'}"
#define TITLED_IN    IN_ANY("'object','string','integer'")
#define STORED       OBJ("'id':{'type':['string','null']},'title':{'type':'string'},'type':{'type':'string'},"        \
                         "'bytes':{'type':'integer'}")
#define MONEY        OBJ("'amount':{'type':'string'},'currency':{'type':'string','pattern':'^[A-Z]{3}$'}")
#define PHONES       VALUED(",'e164':{'type':'string'},'ext':{'type':'string'},'operator':{'type':'string'}")
#define DAY          "{'type':['string','null'],'pattern':'^[0-9]{4}-[0-9]{2}-[0-9]{2}$'}"
#define INSTANT      "{'type':['string','null'],'pattern':'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$'}"

/* out: as it is told; in: as it may be sent. "" = nothing is said of it. */
static const struct {
    str kind;
    const char *out, *in;
} forms[] = {{S0("text"), NULLED("string"), NULLED("string")},
             {S0("longtext"), NULLED("string"), NULLED("string")},
             {S0("url"), NULLED("string"), NULLED("string")},
             {S0("choice"), NULLED("string"), NULLED("string")},
             {S0("choices"), TEXTS, TEXTS},
             {S0("tags"), TEXTS, TEXTS},
             {S0("int"), NULLED("integer"), IN_ANY("'integer','string'")},
             {S0("rating"), NULLED("integer"), IN_ANY("'integer','string'")},
             {S0("autonumber"), IN_ANY("'integer','string'"), ""},
             {S0("duration"), NULLED("integer"), IN_ANY("'integer','string'")},
             {S0("decimal"), NULLED("string"), IN_ANY("'string','number'")},
             {S0("percent"), NULLED("string"), IN_ANY("'string','number'")},
             {S0("money"), MONEY, IN_ANY("'object','string','number'")},
             {S0("bool"), NULLED("boolean"), NULLED("boolean")},
             {S0("date"), DAY, NULLED("string")},
             {S0("timestamp"), INSTANT, NULLED("string")},
             {S0("link"), TITLED, TITLED_IN},
             {S0("user"), TITLED, TITLED_IN},
             {S0("links"), LIST_OF(TITLED), LIST_OF(TITLED_IN)},
             {S0("file"), STORED, TITLED_IN},
             {S0("picture"), STORED, TITLED_IN},
             {S0("phones"), PHONES, VALUED_IN},
             {S0("mails"), VALUED(""), VALUED_IN},
             {S0("urls"), VALUED(""), VALUED_IN},
             {S0("addresses"), LIST_OF("{'type':'object'}"), VALUED_IN},
             {S0("lines"), LIST_OF("{'type':'object'}"), LIST_OF("{'type':'object'}")}};

void openapi_quoted(struct jw *w, struct arena *a, const char *text)
{
    str s = arena_dup(a, str_from(text));
    char *to = arena_get(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) to[i] = s.p[i] == '\'' ? '"' : s.p[i];
    jw_raw(w, (str){to, s.n});
}

static const char *form_of(const struct field *f, enum openapi_form form)
{
    str kind = f->result.n ? f->result : f->kind->name;
    for (size_t i = 0; i < COUNT(forms); i++)
        if (str_eq(forms[i].kind, kind)) return form == FORM_READ ? forms[i].out : forms[i].in;
    return "";
}

/* {"allOf":[form],"title":label,...}: what is told of a field stands beside the form of its kind. */
static void field_schema(struct cx *cx, const struct field *f, enum openapi_form form, struct jw *w)
{
    const char *text = form_of(f, form);
    jw_key(w, f->name);
    jw_obj(w);
    jw_kstr(w, S("title"), label_of(f->label, cx->lang));
    if (*text) {
        jw_key(w, S("allOf"));
        jw_arr(w);
        openapi_quoted(w, cx->a, text);
        jw_arr_end(w);
    }
    if (form == FORM_READ && (f->readonly || !acl_field_write(cx, f))) jw_kbool(w, S("readOnly"), true);
    if (form != FORM_READ && f->n_choices && str_eq(f->kind->name, S("choice"))) {
        jw_key(w, S("enum"));
        jw_arr(w);
        for (size_t i = 0; i < f->n_choices; i++) jw_str(w, f->choices[i].key);
        jw_null(w);
        jw_arr_end(w);
    }
    jw_kstr(w, S("x-kind"), f->kind->name);
    jw_obj_end(w);
}

static bool takes_part(struct cx *cx, const struct field *f, enum openapi_form form)
{
    if (f->trashed || f->hidden || !acl_field_read(cx, f) || str_eq(f->name, S("title"))) return false;
    return form == FORM_READ || (!f->readonly && acl_field_write(cx, f));
}

static void required_json(struct cx *cx, const struct entity *e, enum openapi_form form, struct jw *w)
{
    bool any = form == FORM_READ;
    for (size_t i = 0; form == FORM_NEW && i < e->n; i++)
        any |= e->f[i].required && !e->f[i].dflt && takes_part(cx, &e->f[i], form);
    if (!any) return;
    jw_key(w, S("required"));
    jw_arr(w);
    if (form == FORM_READ) jw_str(w, S("id")), jw_str(w, S("version"));
    for (size_t i = 0; form == FORM_NEW && i < e->n; i++)
        if (e->f[i].required && !e->f[i].dflt && takes_part(cx, &e->f[i], form)) jw_str(w, e->f[i].name);
    jw_arr_end(w);
}

void openapi_entity(struct cx *cx, const struct entity *e, enum openapi_form form, struct jw *w)
{
    static const char *const suffix[] = {"", "New", "Change"};
    jw_key(w, arena_fmt(cx->a, "%.*s%s", FS(e->name), suffix[form]));
    jw_obj(w);
    jw_kstr(w, S("type"), S("object"));
    jw_kstr(w, S("title"), label_of(e->label, cx->lang));
    required_json(cx, e, form, w);
    jw_key(w, S("properties"));
    jw_obj(w);
    jw_key(w, S("id"));
    openapi_quoted(w, cx->a, "{'$ref':'#/components/schemas/Id'}");
    if (form != FORM_NEW) {
        jw_key(w, S("version"));
        openapi_quoted(w, cx->a, "{'type':'integer'}");
    }
    if (form == FORM_READ) {
        jw_key(w, S("title"));
        openapi_quoted(w, cx->a, "{'type':'string'}");
    }
    for (size_t i = 0; i < e->n; i++)
        if (takes_part(cx, &e->f[i], form)) field_schema(cx, &e->f[i], form, w);
    jw_obj_end(w);
    if (form != FORM_READ) jw_kbool(w, S("additionalProperties"), false);
    jw_obj_end(w);
}
