/* SPDX-License-Identifier: MIT */
/* api/openapi.c - GET /api/v1/openapi.json: OpenAPI 3.1 out of the route table and the description, as the asker sees.
 *
 * A route's shape, words with blanks between: "<X" the body, "200:X" a reply ("204": an empty one), "?name" a
 * parameter of the query (any other: 400; "?*": others pass), "^" takes If-Match, "+change" the right to the entity
 * without which the row is left out.
 * X is a schema of schemas.def; %, %New, %Change, %Page are the entity's; text, bytes and events are no JSON.
 * "!code" a refusal (base/errors.def) beyond those that its flags, path and shape tell of (openapi_refuse.c).
 */
#include "api/openapi.h"

static const struct {
    const char *name, *json;
} schemas[] = {
#define SCHEMA(name, json) {name, json},
#include "api/schemas.def"
#undef SCHEMA
};

static const struct {
    str name, type, doc;
} params[] = {
    {S0("addr"), S0("string"), S0("from this address alone")},
    {S0("all"), S0("integer"), S0("1: everybody's")},
    {S0("batch"), S0("string"), S0("of this batch alone")},
    {S0("code"), S0("string"), S0("refused or waiting for this reason alone")},
    {S0("external"), S0("string"), S0("the key that another system knows it by")},
    {S0("from"), S0("string"), S0("from this time on, 2026-11-01T00:00:00Z")},
    {S0("until"), S0("string"), S0("before this time, 2026-11-01T00:00:00Z")},
    {S0("user"), S0("string"), S0("by or about this user alone: his id")},
    {S0("at"), S0("string"), S0("as of this time, 2026-11-01T00:00:00Z")},
    {S0("as"), S0("string"), S0("picture: to be shown as one")},
    {S0("count"), S0("integer"), S0("1: how many there are, too")},
    {S0("country"), S0("string"), S0("two letters")},
    {S0("cursor"), S0("string"), S0("next of the page before")},
    {S0("days"), S0("integer"), S0("1 to 31")},
    {S0("deleted"), S0("integer"), S0("1: those in the trash")},
    {S0("entity"), S0("string"), S0("in this entity alone")},
    {S0("fields"), S0("string"), S0("a,b,company.owner: these fields")},
    {S0("filter"), S0("string"), S0("a filter as JSON")},
    {S0("format"), S0("string"), S0("csv, xlsx, vcf or jsonl")},
    {S0("include"), S0("string"), S0("company,owner: records these links point to; of one record also task.person")},
    {S0("kind"), S0("string"), S0("of this kind, or of those that begin with this word")},
    {S0("limit"), S0("integer"), S0("1 to 200")},
    {S0("name"), S0("string"), S0("its name")},
    {S0("number"), S0("string"), S0("in any notation")},
    {S0("outcome"), S0("string"), S0("with this outcome alone")},
    {S0("q"), S0("string"), S0("words to search for")},
    {S0("shared_with"), S0("string"), S0("me: what is shared with me alone")},
    {S0("shared"), S0("string"), S0("erase: what stays without it goes as well")},
    {S0("sort"), S0("string"), S0("a,-b: by these fields, -: the greatest first")},
    {S0("state"), S0("string"), S0("in this state alone")},
    {S0("unread"), S0("integer"), S0("1: unread ones alone")},
};

struct doc {
    struct cx *cx;
    struct jw *w;
    const struct route *r;
    const struct entity *e; /* whose the row is; NULL = no entity's */
};

static str shape_of(const struct route *r)
{
    str doc = {0}, shape = {0};
    str_split(r->doc, '\n', &doc, &shape);
    return shape;
}

bool openapi_takes(struct cx *cx, const struct route *r, str part)
{
    const struct req one = {.query = part};
    str word = {0}, value = {0}, shape = shape_of(r);
    if (!shape.n) return true;
    while (shape.n) {
        str_split(shape, ' ', &word, &shape);
        if (!str_has_prefix(word, S("?"))) continue;
        if (str_eq(word, S("?*")) || http_query(cx, &one, str_cut(word, 1, word.n), &value)) return true;
    }
    return false;
}

bool openapi_is_of_each(const struct route *r)
{
    return str_find(r->path, S("{entity}")) >= 0 && !str_has_prefix(r->path, S("/api/v1/meta/"));
}

/* ---- schemas ---- */
static void ref_json(const struct doc *d, str x)
{
    struct arena *a = d->cx->a;
    if (x.n && x.p[0] == '%') x = arena_fmt(a, "%.*s%.*s", FS(d->e->name), FS(str_cut(x, 1, x.n)));
    jw_obj(d->w);
    jw_kstr(d->w, S("$ref"), arena_fmt(a, "#/components/schemas/%.*s", FS(x)));
    jw_obj_end(d->w);
}

static void content_json(const struct doc *d, str x)
{
    static const struct {
        str name, type;
    } raw[] = {{S0("text"), S0("text/plain")}, {S0("bytes"), S0("*/*")}, {S0("events"), S0("text/event-stream")}};
    str type = S("application/json");
    bool is_json = true;
    for (size_t i = 0; i < COUNT(raw); i++)
        if (str_eq(raw[i].name, x)) type = raw[i].type, is_json = false;
    jw_key(d->w, S("content"));
    jw_obj(d->w);
    jw_key(d->w, type);
    jw_obj(d->w);
    if (is_json) {
        jw_key(d->w, S("schema"));
        ref_json(d, x);
    }
    jw_obj_end(d->w);
    jw_obj_end(d->w);
}

/* ---- an operation ---- */
static void param_json(const struct doc *d, str in, str name, str type, str doc)
{
    bool path = str_eq(in, S("path"));
    jw_obj(d->w);
    jw_kstr(d->w, S("name"), name);
    jw_kstr(d->w, S("in"), in);
    jw_kbool(d->w, S("required"), path);
    if (doc.n) jw_kstr(d->w, S("description"), doc);
    jw_key(d->w, S("schema"));
    jw_obj(d->w);
    jw_kstr(d->w, S("type"), type);
    jw_obj_end(d->w);
    jw_obj_end(d->w);
}

static void query_json(const struct doc *d, str name)
{
    size_t i = 0;
    if (str_eq(name, S("*"))) return;
    while (i < COUNT(params) && !str_eq(params[i].name, name)) i++;
    assert(i < COUNT(params)); /* a slip in routes.def: a test reads the document */
    param_json(d, S("query"), name, params[i].type, params[i].doc);
}

static void parameters_json(const struct doc *d, str path)
{
    str seg = {0}, word = {0}, shape = shape_of(d->r);
    jw_key(d->w, S("parameters"));
    jw_arr(d->w);
    for (bool more = true; more;) {
        more = str_split(path, '/', &seg, &path);
        if (!str_has_prefix(seg, S("{"))) continue;
        param_json(d, S("path"), str_cut(seg, 1, seg.n - 1), S("string"), S(""));
    }
    while (shape.n) {
        str_split(shape, ' ', &word, &shape);
        if (str_has_prefix(word, S("?"))) query_json(d, str_cut(word, 1, word.n));
        if (str_eq(word, S("^")))
            param_json(d, S("header"), S("If-Match"), S("string"), S("the version in quotes; another: 412"));
    }
    if (d->r->flags & R_WRITE)
        param_json(d, S("header"), S("Idempotency-Key"), S("string"),
                   S("the same key and body: the first answer again, for 72 h"));
    jw_arr_end(d->w);
}

static void response_json(const struct doc *d, str status, str x, str doc)
{
    jw_key(d->w, status);
    jw_obj(d->w);
    jw_kstr(d->w, S("description"), doc);
    if (x.n) content_json(d, x);
    jw_obj_end(d->w);
}

/* "301" -> "Moved Permanently" */
static str status_words(str status)
{
    int64_t n = 0;
    return str_to_int(status, &n) ? http_status_text((int)n) : status;
}

static void body_of(const struct doc *d, str x)
{
    jw_key(d->w, S("requestBody"));
    jw_obj(d->w);
    content_json(d, x);
    jw_obj_end(d->w);
}

/* Bodies before replies; a row that tells no reply has one of which nothing is known. */
static void exchange_json(const struct doc *d)
{
    str word = {0}, shape = shape_of(d->r), status = {0}, x = {0};
    bool told = false;
    while (shape.n) {
        str_split(shape, ' ', &word, &shape);
        if (str_has_prefix(word, S("<"))) body_of(d, str_cut(word, 1, word.n));
    }
    jw_key(d->w, S("responses"));
    jw_obj(d->w);
    for (shape = shape_of(d->r); shape.n;) {
        str_split(shape, ' ', &word, &shape);
        if (!word.n || word.p[0] < '0' || word.p[0] > '9') continue;
        str_split(word, ':', &status, &x);
        response_json(d, status, x, status.p[0] == '2' ? S("done") : status_words(status));
        told = true;
    }
    if (!told) response_json(d, S("2XX"), S("Object"), S("done"));
    openapi_refusals_json(d->cx, d->w, openapi_refusals(d->r, d->e ? d->e->name : S("")));
    jw_obj_end(d->w);
}

static void operation_json(const struct doc *d, str path)
{
    static const str method[METHOD_MAX] = {S0("get"),   S0("head"),   S0("post"),   S0("put"),
                                           S0("patch"), S0("delete"), S0("options")};
    struct cx *cx = d->cx;
    str doc = {0}, shape = {0};
    str_split(d->r->doc, '\n', &doc, &shape);
    str group = d->e ? label_of(d->e->plural, cx->lang) : S("Kontor");
    jw_key(d->w, method[d->r->method]);
    jw_obj(d->w);
    jw_kstr(d->w, S("summary"), doc);
    jw_key(d->w, S("tags"));
    jw_arr(d->w);
    jw_str(d->w, group);
    jw_arr_end(d->w);
    parameters_json(d, path);
    exchange_json(d);
    if (d->r->flags & (R_OPEN | R_BEARER)) {
        jw_key(d->w, S("security"));
        jw_raw(d->w, d->r->flags & R_OPEN ? S("[]") : S("[{\"key\":[]}]"));
    }
    jw_obj_end(d->w);
}

/* ---- paths: a row of each for every entity one sees ---- */
static bool may(const struct doc *d)
{
    str word = {0}, shape = shape_of(d->r);
    while (shape.n) {
        str_split(shape, ' ', &word, &shape);
        for (enum action a = 0; str_has_prefix(word, S("+")) && a < ACT_MAX; a++)
            if (str_eq(str_cut(word, 1, word.n), action_name[a]) && !acl_may(d->cx, d->e, a)) return false;
    }
    return true;
}

static str path_of(const struct doc *d)
{
    ptrdiff_t at = d->e ? str_find(d->r->path, S("{entity}")) : -1;
    if (at < 0) return d->r->path;
    return arena_fmt(d->cx->a, "%.*s%.*s%.*s", FS(str_cut(d->r->path, 0, (size_t)at)), FS(d->e->name),
                     FS(str_cut(d->r->path, (size_t)at + 8, d->r->path.n)));
}

/* All rows of the path that row i is the first of. */
static void path_json(struct doc *d, size_t i)
{
    bool begun = false;
    for (size_t k = 0; k < i; k++)
        if (str_eq(api_routes[k].path, api_routes[i].path)) return;
    for (size_t k = i; k < api_routes_n; k++) {
        d->r = &api_routes[k];
        if (!str_eq(d->r->path, api_routes[i].path) || (d->e && !may(d))) continue;
        if (!begun) jw_key(d->w, path_of(d)), jw_obj(d->w);
        begun = true;
        operation_json(d, path_of(d));
    }
    if (begun) jw_obj_end(d->w);
}

static void paths_json(struct cx *cx, struct jw *w)
{
    struct doc d = {.cx = cx, .w = w};
    jw_key(w, S("paths"));
    jw_obj(w);
    for (size_t i = 0; i < api_routes_n; i++)
        if (!openapi_is_of_each(&api_routes[i])) path_json(&d, i);
    for (size_t k = 0; k < cx->meta->n; k++) {
        d.e = &cx->meta->entity[k];
        if (d.e->trashed || !acl_may(cx, d.e, ACT_SEE)) continue;
        for (size_t i = 0; i < api_routes_n; i++)
            if (openapi_is_of_each(&api_routes[i])) path_json(&d, i);
    }
    jw_obj_end(w);
}

static void page_schema(struct cx *cx, const struct entity *e, struct jw *w)
{
    jw_key(w, arena_fmt(cx->a, "%.*sPage", FS(e->name)));
    openapi_quoted(w, cx->a,
                   arena_fmt(cx->a,
                             "{'type':'object','required':['data','next'],'properties':{'data':{'type':'array','items':"
                             "{'$ref':'#/components/schemas/%.*s'}},'next':{'type':['string','null']},'count':"
                             "{'$ref':'#/components/schemas/Count'}}}",
                             FS(e->name))
                       .p);
}

static void components_json(struct cx *cx, struct jw *w)
{
    jw_key(w, S("components"));
    jw_obj(w);
    jw_key(w, S("securitySchemes"));
    openapi_quoted(w, cx->a,
                   "{'key':{'type':'http','scheme':'bearer','description':'an API key'},"
                   "'session':{'type':'apiKey','in':'cookie','name':'kontor'}}");
    openapi_answers(cx, w);
    jw_key(w, S("schemas"));
    jw_obj(w);
    jw_key(w, S("Code"));
    openapi_codes(w);
    for (size_t i = 0; i < COUNT(schemas); i++) {
        jw_key(w, str_from(schemas[i].name));
        openapi_quoted(w, cx->a, schemas[i].json);
    }
    for (size_t k = 0; k < cx->meta->n; k++) {
        const struct entity *e = &cx->meta->entity[k];
        if (e->trashed || !acl_may(cx, e, ACT_SEE)) continue;
        for (enum openapi_form form = FORM_READ; form <= FORM_CHANGE; form++) openapi_entity(cx, e, form, w);
        page_schema(cx, e, w);
    }
    jw_obj_end(w);
    jw_obj_end(w);
}

enum err api_openapi(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct jw w = reply_json(rs);
    (void)rq;
    jw_obj(&w);
    jw_kstr(&w, S("openapi"), S("3.1.0"));
    jw_key(&w, S("info"));
    jw_obj(&w);
    jw_kstr(&w, S("title"), S("Kontor"));
    jw_kstr(&w, S("version"), S(KONTOR_VERSION));
    jw_obj_end(&w);
    jw_key(&w, S("security"));
    openapi_quoted(&w, cx->a, "[{'key':[]},{'session':[]}]");
    paths_json(cx, &w);
    components_json(cx, &w);
    jw_obj_end(&w);
    return E_OK;
}
