/* SPDX-License-Identifier: MIT */
/* api/mcp_tools.c - the tools of the MCP server: one table of names, parameters and what they do.
 *
 * Each is an inner request to a handler of the REST API, with its rights, limits and masks. Writes run in one
 * transaction with the session's batch; a dry run is the same write, looked at and rolled back.
 */
#include "api/mcp.h"

#include "os/os.h"
#include "record/log.h"

enum { INNER_MAX = 5 * 1024 * 1024, REFUSAL_MAX = 64 * 1024, ARGS_MAX = 6, READ_US = 30 * 1000 * 1000 };
enum arg_type { A_STR, A_INT, A_BOOL, A_OBJ, A_NAMES };

struct call {
    struct cx *cx;
    const struct req *rq;
    const struct rpc *r;
    const struct json *args; /* NULL: none */
    struct buf out;          /* the result, one JSON object */
    bool failed;             /* it is a refusal */
};
struct tool {
    str name, title, text;
    bool writes, destroys;
    enum err (*fn)(struct call *c);
    struct tool_arg {
        str name;
        enum arg_type t;
        bool needed;
        str text;
    } arg[ARGS_MAX];
};

/* ---- inner requests ---- */
static str arg_text(const struct call *c, str name)
{
    const struct json *j = json_get(c->args, name);
    return j && j->t == JT_STR ? j->s : S("");
}

static bool arg_yes(const struct call *c, str name)
{
    const struct json *j = json_get(c->args, name);
    return j && j->t == JT_BOOL && j->b;
}

static struct req inner_req(const struct call *c, str body)
{
    static const struct header json[] = {{S0("Content-Type"), S0("application/json")}};
    struct req rq = *c->rq;
    rq.headers = json; /* the outer ones are of the outer request: no key, no If-Match, no Idempotency-Key */
    rq.n_headers = COUNT(json);
    rq.query = S("");
    rq.body = body;
    rq.body_bytes = (int64_t)body.n;
    rq.param[0] = arg_text(c, S("entity"));
    rq.param[1] = arg_text(c, S("id"));
    return rq;
}

static struct resp inner_resp(const struct call *c) { return (struct resp){.body = buf_new(c->cx->a, INNER_MAX)}; }

static enum err inner(struct call *c, handler_fn *fn, const struct req *rq, struct resp *rs)
{
    TRY(fn(c->cx, rq, rs));
    if (rs->body.full) return fail(c->cx, E_LIMIT, "The answer is too large: ask for less at once");
    c->failed = rs->status >= 400;
    return E_OK;
}

/* The answer of one handler is the tool's. */
static enum err inner_all(struct call *c, handler_fn *fn, const struct req *rq)
{
    struct resp rs = inner_resp(c);
    TRY(inner(c, fn, rq, &rs));
    buf_add(&c->out, buf_str(&rs.body));
    return E_OK;
}

/* ---- reading ---- */
static void entity_brief(struct cx *cx, const struct entity *e, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("name"), e->name);
    jw_kstr(w, S("label"), label_of(e->label, cx->lang));
    jw_kstr(w, S("plural"), label_of(e->plural, cx->lang));
    jw_key(w, S("rights"));
    acl_json(cx, e, w);
    jw_obj_end(w);
}

static enum err describe(struct call *c)
{
    static const struct meta_rights rights = {acl_json, acl_field_read, acl_field_write};
    struct cx *cx = c->cx;
    const struct entity *e = NULL;
    struct req rq = inner_req(c, S(""));
    struct jw w = jw_new(&c->out);
    if (rq.param[0].n) {
        TRY(path_entity(cx, &rq, &e));
        meta_entity_json(cx, e, &w, &rights);
        return E_OK;
    }
    jw_obj(&w);
    jw_key(&w, S("entities"));
    jw_arr(&w);
    for (size_t i = 0; i < cx->meta->n; i++)
        if (!cx->meta->entity[i].trashed && acl_may(cx, &cx->meta->entity[i], ACT_SEE))
            entity_brief(cx, &cx->meta->entity[i], &w);
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

static enum err find(struct call *c)
{
    struct buf b = buf_new(c->cx->a, BODY_RECORD * 8);
    struct req rq = inner_req(c, S(""));
    buf_add(&b, S("q="));
    query_encoded(&b, arg_text(c, S("text")));
    buf_add(&b, S("&entity="));
    query_encoded(&b, arg_text(c, S("entity")));
    rq.query = buf_str(&b);
    return inner_all(c, api_search, &rq);
}

static enum err list(struct call *c)
{
    struct buf b = buf_new(c->cx->a, BODY_RECORD * 2);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    for (size_t i = 0; i < c->args->n; i++) {
        if (str_eq(c->args->v[i].key, S("entity"))) continue;
        jw_key(&w, c->args->v[i].key);
        jw_json(&w, &c->args->v[i]);
    }
    jw_obj_end(&w);
    struct req rq = inner_req(c, buf_str(&b));
    return inner_all(c, api_query, &rq);
}

static enum err get(struct call *c)
{
    struct resp rs = inner_resp(c), history = inner_resp(c);
    struct req rq = inner_req(c, S(""));
    TRY(inner(c, api_get, &rq, &rs));
    if (arg_yes(c, S("history"))) TRY(inner(c, api_history, &rq, &history));
    struct jw w = jw_new(&c->out);
    jw_obj(&w);
    jw_key(&w, S("record"));
    jw_raw(&w, buf_str(&rs.body));
    if (history.body.n) {
        jw_key(&w, S("history"));
        jw_raw(&w, buf_str(&history.body));
    }
    jw_obj_end(&w);
    return E_OK;
}

/* ---- writing ---- */
struct writing {
    struct call *c;
    handler_fn *fn;
    struct req rq;
    bool dry, changes, rehearsed; /* changes: tells what of the record that was there */
};

/* In the transaction of the write; an undo reads in its own what there is to take back: one of both comes first. */
static enum err session_takes(struct cx *cx, int64_t batch)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT 1 FROM batch b WHERE b.id = $1 AND b.state = 'done' AND NOT EXISTS"
                 " (SELECT 1 FROM batch u WHERE u.id > $1 AND u.undo_of = $1)",
                 V(batch)));
    return r.n ? E_OK : fail(cx, E_CONFLICT, "This session was taken back: begin a new one to write");
}

static bool has_change(const struct resp *rs)
{
    for (size_t i = 0; i < rs->n_head; i++)
        if (str_eq(rs->head[i].name, S("X-Change"))) return true;
    return false;
}

/* As the record's history tells of it: old and new values of the fields that the key may read. */
static enum err change_json(struct writing *w, bool wrote, struct jw *j)
{
    struct cx *cx = w->c->cx;
    int64_t id = 0, next = 0;
    jw_key(j, S("change"));
    jw_arr(j);
    if (wrote) {
        TRY(path_id(cx, &w->rq, 1, &id));
        enum err e = log_history_json(cx, meta_entity(cx->meta, w->rq.param[0]), id, 0, 1, j, &next);
        if (e == E_NOTFOUND) cx->msg = cx->at = S(""); /* it went out of his sight by this very change */
        else TRY(e);
    }
    jw_arr_end(j);
    return E_OK;
}

static enum err written(struct writing *w, const struct resp *rs)
{
    struct jw j = jw_new(&w->c->out);
    jw_obj(&j);
    jw_kbool(&j, S("dry_run"), w->dry);
    jw_kbool(&j, S("changed"), has_change(rs));
    jw_key(&j, S("record"));
    jw_raw(&j, buf_str(&rs->body));
    if (w->changes) TRY(change_json(w, has_change(rs), &j));
    jw_obj_end(&j);
    return E_OK;
}

static enum err write_inside(struct cx *cx, void *arg)
{
    struct writing *w = arg;
    struct resp rs = inner_resp(w->c);
    w->rehearsed = false;
    w->c->out = buf_new(cx->a, INNER_MAX); /* it may run again */
    TRY(session_takes(cx, w->c->r->batch));
    cx->batch = w->c->r->batch;
    enum err e = inner(w->c, w->fn, &w->rq, &rs);
    cx->batch = 0;
    TRY(e);
    TRY(written(w, &rs));
    if (w->c->out.full) return fail(cx, E_LIMIT, "The answer is too large: ask for less at once");
    if (w->dry) {
        w->rehearsed = true;
        return fail(cx, E_INVALID, "Nothing was to be written"); /* it rolls back */
    }
    return has_change(&rs) ? batch_count(cx, w->c->r->batch, 1) : E_OK;
}

static enum err write_call(struct call *c, handler_fn *fn, str body, bool changes)
{
    struct writing w = {
        .c = c, .fn = fn, .rq = inner_req(c, body), .dry = arg_yes(c, S("dry_run")), .changes = changes};
    enum err e = db_write(c->cx, write_inside, &w);
    if (!w.rehearsed) return e;
    c->cx->msg = c->cx->at = S("");
    return E_OK;
}

/* {"version","values"} as the body of a record: the version by the tool's own parameter alone. */
static str values_text(struct call *c)
{
    struct buf b = buf_new(c->cx->a, BODY_RECORD * 2);
    const struct json *v = json_get(c->args, S("values")), *version = json_get(c->args, S("version"));
    struct jw w = jw_new(&b);
    jw_obj(&w);
    for (size_t i = 0; i < v->n; i++) {
        if (str_eq(v->v[i].key, S("version")) || str_eq(v->v[i].key, S("id"))) continue;
        jw_key(&w, v->v[i].key);
        jw_json(&w, &v->v[i]);
    }
    if (version) {
        jw_key(&w, S("version"));
        jw_json(&w, version);
    }
    jw_obj_end(&w);
    return buf_str(&b);
}

static enum err create(struct call *c) { return write_call(c, api_create, values_text(c), false); }

static enum err change(struct call *c)
{
    int64_t version = 0;
    TRY(json_int_of(c->cx, c->args, S("version"), 0, &version));
    if (version < 1) return fail_at(c->cx, E_INVALID, S("version"), "This value is not of the right kind");
    return write_call(c, api_patch, values_text(c), true);
}

static enum err undo_session(struct call *c)
{
    int64_t n = 0;
    TRY(undo_size(c->cx, c->r->batch, &n));
    if (!n) return fail(c->cx, E_CONFLICT, "This session has written nothing yet");
    const char *keep = arg_yes(c, S("keep")) ? "true" : "false", *force = arg_yes(c, S("force")) ? "true" : "false";
    struct req rq = inner_req(c, arena_fmt(c->cx->a, "{\"batch\":\"%" PRId64 "\",\"keep\":%s,\"force\":%s}",
                                           c->r->batch, keep, force));
    return inner_all(c, api_undo, &rq);
}

/* ---- the table ---- */
#define ARG_ENTITY                                                                                                    \
    {S0("entity"), A_STR, true, S0("Name of the entity, as describe tells it: person, company, task, ...")}
#define ARG_ID  {S0("id"), A_STR, true, S0("Id of the record")}
#define ARG_DRY {S0("dry_run"), A_BOOL, false, S0("Check it and show what would be, but write nothing")}
static const struct tool tools[] = {
    {S0("describe"), S0("Describe"),
     S0("The entities that you may see, or the fields of one: kinds, choices, rules, operators of filters, and what "
        "you may do."),
     false, false, describe,
     {{S0("entity"), A_STR, false, S0("One entity, with its fields; without it all, by name")}}},
    {S0("find"), S0("Find"), S0("Search all records by words, numbers, mail addresses; the best hits by entity."),
     false, false, find,
     {{S0("text"), A_STR, true, S0("What to look for")},
      {S0("entity"), A_STR, false, S0("In this entity alone")}}},
    {S0("list"), S0("List"),
     S0("A page of records of one entity. Filter: {\"field\":\"name\",\"op\":\"contains\",\"value\":\"a\"}, "
        "{\"and\":[...]}, {\"or\":[...]}, {\"not\":...}; operators: see describe."),
     false, false, list,
     {ARG_ENTITY,
      {S0("filter"), A_OBJ, false, S0("Condition as a tree")},
      {S0("sort"), A_NAMES, false, S0("Fields to sort by; -name: downwards")},
      {S0("fields"), A_NAMES, false, S0("Fields to read, also of linked records: company.name")},
      {S0("limit"), A_INT, false, S0("1 to 200; 50 without it")},
      {S0("cursor"), A_STR, false, S0("\"next\" of the page before")}}},
    {S0("get"), S0("Get"), S0("One record with its version, and if wished what happened to it."), false, false, get,
     {ARG_ENTITY, ARG_ID, {S0("history"), A_BOOL, false, S0("Its newest changes, too")}}},
    {S0("create"), S0("Create"), S0("Make a record. Look for duplicates by find before."), true, false, create,
     {ARG_ENTITY, {S0("values"), A_OBJ, true, S0("Fields and their values")}, ARG_DRY}},
    {S0("change"), S0("Change"),
     S0("Change fields of a record. Refused as a conflict when it is not of this version any more: read it again "
        "then."),
     true, true, change,
     {ARG_ENTITY,
      ARG_ID,
      {S0("version"), A_INT, true, S0("The version that you have read")},
      {S0("values"), A_OBJ, true, S0("Fields and their new values; null empties one")},
      ARG_DRY}},
    {S0("undo_session"), S0("Undo session"),
     S0("Take back all that this session has written, in one step. It takes no writes after that. Refused as a "
        "conflict when others have changed these records since: ask the user, then keep or force."),
     true, true, undo_session,
     {{S0("keep"), A_BOOL, false, S0("Leave what others have changed since")},
      {S0("force"), A_BOOL, false, S0("Overwrite it")}}},
};

/* ---- tools/list ---- */
static void arg_json(const struct tool_arg *a, struct jw *w)
{
    static const str type[] = {[A_STR] = S0("string"),
                               [A_INT] = S0("integer"),
                               [A_BOOL] = S0("boolean"),
                               [A_OBJ] = S0("object"),
                               [A_NAMES] = S0("array")};
    jw_key(w, a->name);
    jw_obj(w);
    jw_kstr(w, S("type"), type[a->t]);
    if (a->t == A_NAMES) {
        jw_key(w, S("items"));
        jw_raw(w, S("{\"type\":\"string\"}"));
    }
    jw_kstr(w, S("description"), a->text);
    jw_obj_end(w);
}

static void schema_json(const struct tool *t, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("type"), S("object"));
    jw_key(w, S("properties"));
    jw_obj(w);
    for (size_t i = 0; i < ARGS_MAX && t->arg[i].name.n; i++) arg_json(&t->arg[i], w);
    jw_obj_end(w);
    jw_key(w, S("required"));
    jw_arr(w);
    for (size_t i = 0; i < ARGS_MAX && t->arg[i].name.n; i++)
        if (t->arg[i].needed) jw_str(w, t->arg[i].name);
    jw_arr_end(w);
    jw_kbool(w, S("additionalProperties"), false);
    jw_obj_end(w);
}

static void tool_json(const struct tool *t, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("name"), t->name);
    jw_kstr(w, S("title"), t->title);
    jw_kstr(w, S("description"), t->text);
    jw_key(w, S("inputSchema"));
    schema_json(t, w);
    jw_key(w, S("annotations"));
    jw_obj(w);
    jw_kbool(w, S("readOnlyHint"), !t->writes);
    if (t->writes) jw_kbool(w, S("destructiveHint"), t->destroys);
    jw_kbool(w, S("openWorldHint"), false);
    jw_obj_end(w);
    jw_obj_end(w);
}

static bool may_write(const struct cx *cx) { return cx->acl->opens & OPENS_WRITING; }

enum err mcp_tools_list(struct cx *cx, const struct req *rq, const struct rpc *r, struct resp *rs)
{
    (void)rq;
    struct jw w = rpc_result(r, rs);
    jw_obj(&w);
    jw_key(&w, S("tools"));
    jw_arr(&w);
    for (size_t i = 0; i < COUNT(tools); i++)
        if (!tools[i].writes || may_write(cx)) tool_json(&tools[i], &w);
    jw_arr_end(&w);
    jw_obj_end(&w);
    rpc_end(&w);
    return E_OK;
}

/* ---- tools/call ---- */
static bool is_names(const struct json *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i].t != JT_STR) return false;
    return true;
}

static bool is_of(const struct json *v, enum arg_type t)
{
    static const enum jt type[] = {
        [A_STR] = JT_STR, [A_INT] = JT_NUM, [A_BOOL] = JT_BOOL, [A_OBJ] = JT_OBJ, [A_NAMES] = JT_ARR};
    int64_t n = 0;
    return v->t == type[t] && (t != A_INT || str_to_int(v->s, &n)) && (t != A_NAMES || is_names(v));
}

/* What does not fit the tool's schema; "" = all does. */
static str args_fault(struct cx *cx, const struct tool *t, const struct json *args)
{
    size_t known = 0;
    if (args && args->t != JT_OBJ) return S("arguments must be an object");
    for (size_t i = 0; i < ARGS_MAX && t->arg[i].name.n; i++) {
        const struct json *v = json_get(args, t->arg[i].name);
        if (!v && t->arg[i].needed) return arena_fmt(cx->a, "%.*s is missing", FS(t->arg[i].name));
        if (v && !is_of(v, t->arg[i].t)) return arena_fmt(cx->a, "%.*s is of another type", FS(t->arg[i].name));
        known += v != NULL;
    }
    return args && known < args->n ? S("An argument that this tool does not know") : S("");
}

/* The server's own words, as the tool's result. Counted as any refusal is. */
static void refusal(struct call *c, enum err e)
{
    struct resp told = {.status = err_info[e].http};
    c->failed = true;
    c->out = buf_new(c->cx->a, REFUSAL_MAX);
    struct jw w = jw_new(&c->out);
    jw_obj(&w);
    jw_kstr(&w, S("code"), err_info[e].name);
    jw_kstr(&w, S("detail"), c->cx->msg);
    if (c->cx->at.n) jw_kstr(&w, S("field"), c->cx->at);
    jw_obj_end(&w);
    if (e == E_DENIED) api_refused(c->cx, c->rq, &told);
}

static enum err tool_run(struct call *c, const struct tool *t)
{
    struct cx *cx = c->cx;
    bool once = !t->writes && !db_is_pg(cx); /* one state, and not for ever: as a GET has it */
    if (t->writes && !may_write(cx)) return fail(cx, E_DENIED, "This API key may only read");
    if (once) db_deadline(cx, os_mono_us() + READ_US);
    if (once) TRY(db_snapshot(cx));
    enum err e = t->fn(c);
    if (once) db_deadline(cx, 0);
    TRY(e);
    return c->out.full ? fail(cx, E_LIMIT, "The answer is too large: ask for less at once") : E_OK;
}

static const struct tool *tool_of(const struct json *params)
{
    const struct json *name = json_get(params, S("name"));
    for (size_t i = 0; name && name->t == JT_STR && i < COUNT(tools); i++)
        if (str_eq(tools[i].name, name->s)) return &tools[i];
    return NULL;
}

enum err mcp_tools_call(struct cx *cx, const struct req *rq, const struct rpc *r, struct resp *rs)
{
    struct call c = {.cx = cx, .rq = rq, .r = r, .args = json_get(r->params, S("arguments"))};
    c.out = buf_new(cx->a, INNER_MAX);
    const struct tool *t = tool_of(r->params);
    if (!t) return rpc_error(r, rs, RPC_PARAMS, S("Unknown tool"));
    str fault = args_fault(cx, t, c.args);
    if (fault.n) return rpc_error(r, rs, RPC_PARAMS, fault);
    enum err e = tool_run(&c, t);
    if (e != E_OK && err_info[e].http >= 500) return e; /* ours, not the tool's */
    if (e != E_OK) refusal(&c, e);
    struct jw w = rpc_result(r, rs);
    jw_obj(&w);
    jw_key(&w, S("content"));
    jw_arr(&w);
    jw_obj(&w);
    jw_kstr(&w, S("type"), S("text"));
    jw_kstr(&w, S("text"), buf_str(&c.out));
    jw_obj_end(&w);
    jw_arr_end(&w);
    jw_key(&w, S("structuredContent"));
    jw_raw(&w, buf_str(&c.out));
    jw_kbool(&w, S("isError"), c.failed);
    jw_obj_end(&w);
    rpc_end(&w);
    return E_OK;
}
