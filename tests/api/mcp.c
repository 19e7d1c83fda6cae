/* SPDX-License-Identifier: MIT */
/* The MCP server at /mcp: its protocol, its tools with the key's rights, dry runs, and a session that is one batch. */
#include "api_bed.h"

#define KEY(k)     "Authorization: Bearer $" k ".key"
#define IN(k, s)   KEY(k) "\nMcp-Session-Id: $" s
#define RPC(m)     "{'jsonrpc':'2.0','id':7,'method':'" m "'}"
#define TOOL(n, a) "{'jsonrpc':'2.0','id':7,'method':'tools/call','params':{'name':'" n "','arguments':" a "}}"
#define INIT       "{'jsonrpc':'2.0','id':'a','method':'initialize','params':{'protocolVersion':'2025-06-18','capabilities':{},'clientInfo':{'name':'t','version':'1'}}}"
#define FINE       "\"isError\":false"
#define BAD        "\"isError\":true"

/* $session: a new session by a key. */
static void session_make(struct api_bed *t, const char *key, const char *session)
{
    struct arena *a = t->b.cx.a;
    struct answer r = api_call(t, a, ANON, S("POST /mcp"), api_body(t, INIT), api_expand(t, a, arena_fmt(a, "Authorization: Bearer $%s.key", key).p));
    T_INT(r.status, 200);
    str name = answer_head(&r, S("Mcp-Session-Id")), batch = {0}, secret = {0};
    T(str_split(name, '-', &batch, &secret) && secret.n == 32);
    var_put(t, session, name);
    var_put(t, arena_fmt(a, "%s.batch", session).p, batch);
}

/* What a tool answers, as JSON; also kept in $last.id and $last.version when it is of a record. */
static const struct json *tool(struct api_bed *t, const char *key, const char *session, const char *body)
{
    struct cx *cx = &t->b.cx;
    const struct json *j = NULL;
    str head = api_expand(t, cx->a, arena_fmt(cx->a, "Authorization: Bearer $%s.key\nMcp-Session-Id: $%s", key, session).p);
    struct answer r = api_call(t, cx->a, ANON, S("POST /mcp"), api_body(t, body), head);
    T_INT(r.status, 200);
    T_OK(cx, json_parse(cx, r.body, &j));
    const struct json *result = json_get(j, S("result")), *out = json_get(result, S("structuredContent")), *text = json_get(result, S("content"));
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    T(out && text && text->n == 1);
    if (!out || !text) {
        fprintf(stderr, "  mcp: %.*s\n", FS(r.body));
        return NULL;
    }
    jw_json(&w, out);
    T_STR(json_get(&text->v[0], S("text"))->s, buf_str(&b)); /* the same, for programs that know no structured results */
    const struct json *record = json_get(out, S("record")), *id = json_get(record, S("id")), *version = json_get(record, S("version"));
    if (id) var_put(t, "last.id", id->s);
    if (version) var_put(t, "last.version", version->s);
    return out;
}

static void handshake(struct api_bed *t)
{
    api_key_make(t, "k", REPA1, "read write", 0);
    api_key_make(t, "other", REPA1, "read write", 0);
    api_key_make(t, "foreign", REPB1, "read write", 0);
    ROWS(t,
         {ANON, "POST /mcp", INIT, 401, "key is needed|@WWW-Authenticate: Bearer", "", NULL, NULL},
         {REPA1, "POST /mcp", INIT, 401, "key is needed", "", NULL, NULL}, /* no log-in by a cookie */
         {ANON, "POST /mcp", INIT, 401, "@WWW-Authenticate: Bearer error", "", NULL, "Authorization: Bearer kontor_1_2"},
         {ANON, "GET /mcp", NULL, 405, "@Allow: POST, DELETE, OPTIONS", NULL, NULL, KEY("k")},
         {ANON, "POST /mcp", INIT, 403, "other sites", "", NULL, KEY("k") "\nOrigin: https://evil.example"},
         {ANON, "POST /mcp", INIT, 403, "other sites", "", NULL, KEY("k") "\nSec-Fetch-Site: cross-site"},
         {ANON, "DELETE /mcp", NULL, 403, "other sites", "", NULL, KEY("k") "\nOrigin: http://127.0.0.1.evil.example"},
         {ANON, "POST /mcp", INIT, 200, "\"jsonrpc\":\"2.0\",\"id\":\"a\"|\"protocolVersion\":\"2025-06-18\"|\"tools\":{|\"name\":\"kontor\"|\"instructions\"", "", NULL, KEY("k")},
         {ANON, "POST /mcp", "{'jsonrpc':'2.0','id':1.5,'method':'initialize','params':{'protocolVersion':'2025-03-26'}}", 200, "\"id\":1.5|\"protocolVersion\":\"2025-06-18\"", "", NULL, KEY("k")},
         {ANON, "POST /mcp", "{'jsonrpc':'2.0','id':1,'method':'initialize','params':{'protocolVersion':'2099-01-01'}}", 200, "\"protocolVersion\":\"2025-06-18\"", "", NULL, KEY("k")},
         {ANON, "POST /mcp", RPC("initialize"), 200, "\"code\":-32602", "", NULL, KEY("k")},
         {ANON, "POST /mcp", INIT, 400, "\"field\":\"Idempotency-Key\"", "", NULL, KEY("k") "\nIdempotency-Key: a"},
         {ANON, "POST /mcp", "a,b", 415, NULL, "", NULL, KEY("k") "\nContent-Type: text/csv"});
    session_make(t, "k", "s");
    ROWS(t,
         {ANON, "POST /mcp", "{'jsonrpc':'2.0','method':'notifications/initialized'}", 202, NULL, "", NULL, IN("k", "s") "\nMCP-Protocol-Version: 2025-06-18"},
         {ANON, "POST /mcp", "{'jsonrpc':'2.0','method':'tools/call','params':{'name':'create','arguments':{'entity':'person','values':{'name':'x'}}}}", 202, NULL, "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", "{'jsonrpc':'2.0','id':1,'result':{}}", 202, NULL, "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", RPC("ping"), 200, "\"id\":7,\"result\":{}", "", NULL, IN("k", "s") "\nMCP-Protocol-Version: 2025-03-26"},
         {ANON, "POST /mcp", RPC("ping"), 400, "not spoken", "", NULL, IN("k", "s") "\nMCP-Protocol-Version: 1900-01-01"},
         {ANON, "POST /mcp", RPC("resources/list"), 200, "\"code\":-32601", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", "{'jsonrpc':'2.0','id':1,'method':'ping','params':[1]}", 200, "\"code\":-32602", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", "{\"jsonrpc\":", 400, "\"code\":-32700|\"id\":null|\"code\":\"bad_request\"", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", "", 400, "\"code\":-32700", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", 400, "\"code\":-32600", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", "{'id':1,'method':'ping'}", 400, "\"code\":-32600", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", "{'jsonrpc':'2.0','id':null,'method':'ping'}", 400, "\"code\":-32600", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", "{'jsonrpc':'2.0','id':1}", 400, "\"code\":-32600", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", "{'jsonrpc':'2.0','id':1,'method':5}", 400, "\"code\":-32600", "", NULL, IN("k", "s")},
         /* whose session */
         {ANON, "POST /mcp", RPC("ping"), 400, "initialize", "", NULL, KEY("k")},
         {ANON, "POST /mcp", RPC("ping"), 404, "initialize", "", NULL, KEY("k") "\nMcp-Session-Id: 1-2"},
         {ANON, "POST /mcp", RPC("ping"), 404, NULL, "", NULL, KEY("k") "\nMcp-Session-Id: $s.batch"},
         {ANON, "POST /mcp", RPC("ping"), 404, NULL, "", NULL, KEY("k") "\nMcp-Session-Id: $s.batch-00000000000000000000000000000000"},
         {ANON, "POST /mcp", RPC("ping"), 404, NULL, "", NULL, IN("k", "s") "0"},
         {ANON, "POST /mcp", RPC("ping"), 404, NULL, "", NULL, IN("other", "s")},
         {ANON, "POST /mcp", RPC("ping"), 404, NULL, "", NULL, IN("foreign", "s")},
         {ANON, "DELETE /mcp", NULL, 404, NULL, "", NULL, IN("foreign", "s")},
         {ANON, "DELETE /mcp", NULL, 400, NULL, "", NULL, KEY("k")},
         {REPA1, "GET /api/v1/batch", NULL, 200, "!$s.batch", "", NULL, NULL}, /* it has written nothing */
         {ANON, "DELETE /mcp", NULL, 204, NULL, "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", RPC("ping"), 404, NULL, "", NULL, IN("k", "s")},
         {ANON, "DELETE /mcp", NULL, 404, NULL, "", NULL, IN("k", "s")});
    session_make(t, "k", "s");
    t->ahead_ms = INT64_C(86400000) * 6;
    ROWS(t, {ANON, "POST /mcp", RPC("ping"), 200, NULL, "", NULL, IN("k", "s")});
    t->ahead_ms = INT64_C(86400000) * 8; /* a session does not last for ever */
    ROWS(t, {ANON, "POST /mcp", RPC("ping"), 404, NULL, "", NULL, IN("k", "s")});
    t->ahead_ms = 0;
}

static void reads(struct api_bed *t)
{
    api_key_make(t, "k", REPA1, "read write", 0);
    session_make(t, "k", "s");
    ROWS(t,
         {REPA1, "POST /api/v1/company", "{'name':'Wolkenbau'}", 201, NULL, "company.create", "co", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Anna Wolke','company':'$co','job_title':'buyer'}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'head'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Bodo Wolke'}", 201, NULL, "person.create", "q", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'CANARY Wolke'}", 201, NULL, "person.create", "far", NULL},
         {ANON, "POST /mcp", RPC("tools/list"), 200, "\"name\":\"describe\"|\"name\":\"find\"|\"name\":\"list\"|\"name\":\"get\"|\"name\":\"create\"|\"name\":\"change\"|\"name\":\"undo_session\"|\"inputSchema\":{\"type\":\"object\"|\"additionalProperties\":false", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("describe", "{}"), 200, "\"structuredContent\":{\"entities\":[|\"name\":\"person\"|\"create\":true|" FINE, "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("describe", "{'entity':'person'}"), 200, "\"name\":\"job_title\"|\"ops\"|" FINE, "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("describe", "{'entity':'nosuch'}"), 200, BAD "|\"code\":\"not_found\"", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("find", "{'text':'wolke'}"), 200, "Anna Wolke|Bodo Wolke|Wolkenbau|!CANARY|" FINE, "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("find", "{'text':'wolke & bau','entity':'company&q=wolke'}"), 200, BAD "|\"field\":\"entity\"", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("find", "{'text':'wolke','entity':'company'}"), 200, "!Anna Wolke|Wolkenbau", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("list", "{'entity':'person','filter':{'field':'name','op':'contains','value':'wolke'},'sort':['-name'],'fields':['name','company.name'],'limit':1}"), 200,
          "Bodo Wolke|!Anna Wolke|!job_title|\"next\":\"|!CANARY|" FINE, "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("list", "{'entity':'person','limit':201}"), 200, BAD "|\"field\":\"limit\"", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("list", "{'entity':'person','filter':{'field':'nosuch','op':'eq','value':'1'}}"), 200, BAD, "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'person','id':'$p'}"), 200, "Anna Wolke|\"version\":2|!\"history\":{|" FINE, "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'person','id':'$p','history':true}"), 200, "\"history\":{|\"old\":\"buyer\",\"new\":\"head\"", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'person','id':'$far'}"), 200, BAD "|\"code\":\"not_found\"|!CANARY", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'person','id':'../1'}"), 200, BAD "|\"code\":\"not_found\"", "", NULL, IN("k", "s")},
         /* calls that the schemas do not know */
         {ANON, "POST /mcp", TOOL("drop", "{}"), 200, "\"code\":-32602|Unknown tool", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", RPC("tools/call"), 200, "\"code\":-32602", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'person'}"), 200, "\"code\":-32602|id is missing", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'person','id':5}"), 200, "\"code\":-32602|another type", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("list", "{'entity':'person','sort':[1]}"), 200, "\"code\":-32602", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("list", "{'entity':'person','deleted':true}"), 200, "\"code\":-32602", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("find", "[]"), 200, "\"code\":-32602", "", NULL, IN("k", "s")});
    const struct json *page = tool(t, "k", "s", TOOL("list", "{'entity':'person','filter':{'field':'name','op':'contains','value':'wolke'},'sort':['-name'],'limit':1}"));
    if (page) var_put(t, "next", json_get(page, S("next"))->s);
    ROWS(t, {ANON, "POST /mcp", TOOL("list", "{'entity':'person','filter':{'field':'name','op':'contains','value':'wolke'},'sort':['-name'],'limit':1,'cursor':'$next'}"), 200,
             "Anna Wolke|!Bodo Wolke|\"next\":null", "", NULL, IN("k", "s")});
}

/* Own, foreign, hidden: as the key's user by the REST API. */
static void rights(struct api_bed *t)
{
    api_prove(t, ADMIN);
    ROWS(t,
         {ADMIN, "POST /api/v1/role", "{'name':'masked','rights':{'person':{'see':'all','create':'all','change':'own','fields':{'job_title':'hidden','note':'read'}}}}", 201, NULL, "role.create", "masked", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Rolfs','job_title':'CANARY','note':'n'}", 201, NULL, "person.create", "own", NULL},
         {REPA1, "PATCH /api/v1/person/$own", "{'job_title':'CANARY two'}", 200, NULL, "person.update", NULL, NULL},
         {REPB1, "POST /api/v1/person", "{'name':'Bernds','job_title':'CANARY'}", 201, NULL, "person.create", "far", NULL});
    int64_t role = 0;
    T(str_to_int(var_get(t, "masked"), &role));
    api_key_make(t, "k", REPA1, "read write", 0);
    api_key_make(t, "m", REPA1, "read write", role);
    api_key_make(t, "r", REPA1, "read", 0);
    api_key_make(t, "c", REPA1, "write:company", 0);
    session_make(t, "k", "s");
    session_make(t, "m", "sm");
    session_make(t, "r", "sr");
    session_make(t, "c", "sc");
    ROWS(t,
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$far','version':1,'values':{'name':'x'}}"), 200, BAD "|\"code\":\"not_found\"", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("create", "{'entity':'person','values':{'name':'x','owner':'$repb1'}}"), 200, BAD "|\"code\":\"denied\"", "", NULL, IN("k", "s")},
         /* a hidden field is not there, wherever one looks */
         {ANON, "POST /mcp", TOOL("describe", "{'entity':'person'}"), 200, "!job_title|\"name\":\"note\"|" FINE, "", NULL, IN("m", "sm")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'person','id':'$own','history':true}"), 200, "Rolfs|\"history\":{|!CANARY", "", NULL, IN("m", "sm")},
         {ANON, "POST /mcp", TOOL("list", "{'entity':'person'}"), 200, "Rolfs|!CANARY|!job_title", "", NULL, IN("m", "sm")},
         {ANON, "POST /mcp", TOOL("list", "{'entity':'person','fields':['name','job_title']}"), 200, BAD "|!CANARY", "", NULL, IN("m", "sm")},
         {ANON, "POST /mcp", TOOL("list", "{'entity':'person','filter':{'field':'job_title','op':'contains','value':'CAN'}}"), 200, BAD "|!CANARY", "", NULL, IN("m", "sm")},
         {ANON, "POST /mcp", TOOL("find", "{'text':'Rolfs'}"), 200, "Rolfs|!CANARY", "", NULL, IN("m", "sm")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$own','version':2,'values':{'job_title':'x'}}"), 200, BAD "|\"field\":\"job_title\"|!CANARY", "", NULL, IN("m", "sm")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$own','version':2,'values':{'note':'x'}}"), 200, BAD "|\"field\":\"note\"", "", NULL, IN("m", "sm")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$own','version':2,'values':{'name':'Rolfs Zwei'},'dry_run':true}"), 200, FINE "|\"new\":\"Rolfs Zwei\"|!CANARY|!job_title", "", NULL, IN("m", "sm")},
         /* a key for reading has no tools that write */
         {ANON, "POST /mcp", RPC("tools/list"), 200, "\"name\":\"get\"|!\"name\":\"create\"|!\"name\":\"change\"|!\"name\":\"undo_session\"", "", NULL, IN("r", "sr")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'person','id':'$own'}"), 200, "Rolfs", "", NULL, IN("r", "sr")},
         {ANON, "POST /mcp", TOOL("create", "{'entity':'person','values':{'name':'x'}}"), 200, BAD "|\"code\":\"denied\"|only read", "", NULL, IN("r", "sr")},
         {ANON, "POST /mcp", TOOL("create", "{'entity':'person','values':{'name':'x'},'dry_run':true}"), 200, BAD "|only read", "", NULL, IN("r", "sr")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$own','version':2,'values':{'name':'x'}}"), 200, BAD "|only read", "", NULL, IN("r", "sr")},
         {ANON, "POST /mcp", TOOL("undo_session", "{}"), 200, BAD "|only read", "", NULL, IN("r", "sr")},
         {ANON, "DELETE /mcp", NULL, 204, NULL, "", NULL, IN("r", "sr")},
         /* one of a single entity */
         {ANON, "POST /mcp", TOOL("describe", "{}"), 200, "\"name\":\"company\"|!\"name\":\"person\"", "", NULL, IN("c", "sc")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'person','id':'$own'}"), 200, BAD "|\"code\":\"not_found\"|!Rolfs", "", NULL, IN("c", "sc")},
         {ANON, "POST /mcp", TOOL("create", "{'entity':'person','values':{'name':'x'}}"), 200, BAD "|\"code\":\"not_found\"", "", NULL, IN("c", "sc")},
         {ANON, "POST /mcp", TOOL("create", "{'entity':'company','values':{'name':'Cc'}}"), 200, FINE, "company.create", NULL, IN("c", "sc")},
         /* who may not delete cannot take back that he made something: as by the REST API */
         {ANON, "POST /mcp", TOOL("undo_session", "{}"), 200, BAD "|\"code\":\"denied\"", "", NULL, IN("c", "sc")},
         {ANON, "POST /mcp", TOOL("undo_session", "{'keep':true}"), 200, FINE "|\"undone\":0|\"left\":[{", "", NULL, IN("c", "sc")});
}

/* A write that takes the record out of the writer's sight is done, as by PATCH; there is no more to be told of it. */
static void out_of_sight(struct api_bed *t)
{
    int64_t role = 0;
    api_prove(t, ADMIN);
    ROWS(t,
         {ADMIN, "POST /api/v1/role", "{'name':'open ones','rights':{'task':{'see':'all','change':'all','filter':{'field':'subject','op':'eq','value':'Offen'}}}}", 201, NULL, "role.create", "open", NULL},
         {ADMIN, "POST /api/v1/task", "{'subject':'Offen'}", 201, NULL, "task.create", "t", NULL});
    T(str_to_int(var_get(t, "open"), &role));
    api_key_make(t, "o", ADMIN, "read write", role);
    session_make(t, "o", "so");
    ROWS(t,
         {ANON, "POST /mcp", TOOL("change", "{'entity':'task','id':'$t','version':1,'values':{'subject':'Zu'},'dry_run':true}"), 200, FINE "|\"change\":[]", "", NULL, IN("o", "so")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'task','id':'$t','version':1,'values':{'subject':'Zu'}}"), 200, FINE "|\"changed\":true|\"change\":[]", "task.update", NULL, IN("o", "so")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'task','id':'$t'}"), 200, BAD "|\"code\":\"not_found\"", "", NULL, IN("o", "so")},
         {ADMIN, "GET /api/v1/task/$t", NULL, 200, "\"subject\":\"Zu\"", NULL, NULL, NULL});
}

static int64_t one_int(struct api_bed *t, str batch)
{
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    int64_t id = 0;
    T(str_to_int(batch, &id));
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM change WHERE batch = $1", V(id)));
    return db_int(&r, 0, 0);
}

/* It says what would be, and the base is the same to the last row. */
static void dry(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    api_key_make(t, "k", REPA1, "read write", 0);
    session_make(t, "k", "s");
    ROWS(t, {REPA1, "POST /api/v1/person", "{'name':'Anna','note':'old'}", 201, NULL, "person.create", "p", NULL},
         {ANON, "POST /mcp", RPC("ping"), 200, NULL, "", NULL, IN("k", "s")});
    str before = arena_dup(cx->a, api_digest(t, S("")));
    ROWS(t,
         {ANON, "POST /mcp", TOOL("create", "{'entity':'person','values':{'name':'Neu','phones':['0221 5550'],'tags':['neu']},'dry_run':true}"), 200, FINE "|\"dry_run\":true,\"changed\":true|\"name\":\"Neu\"|+492215550", "", NULL,
          IN("k", "s")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$p','version':1,'values':{'note':'new'},'dry_run':true}"), 200, FINE "|\"dry_run\":true,\"changed\":true|\"version\":2|\"old\":\"old\",\"new\":\"new\"", "", NULL,
          IN("k", "s")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$p','version':1,'values':{'note':'old'},'dry_run':true}"), 200, FINE "|\"changed\":false|\"change\":[]", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("create", "{'entity':'person','values':{'name':''},'dry_run':true}"), 200, BAD "|\"code\":\"invalid\"|\"field\":\"name\"", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$p','version':9,'values':{'note':'new'},'dry_run':true}"), 200, BAD "|\"code\":\"conflict\"", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("undo_session", "{}"), 200, BAD "|written nothing", "", NULL, IN("k", "s")});
    T_STR(api_digest(t, S("")), before);
    ROWS(t, {REPA1, "GET /api/v1/person/$p", NULL, 200, "\"note\":\"old\"|\"version\":1", "", NULL, NULL});
}

/* All of a session is one batch, and one call takes it back: the tool, or anybody's undo of the batch. */
static void whole(struct api_bed *t)
{
    api_key_make(t, "k", MGRA, "read write", 0);
    session_make(t, "k", "s");
    ROWS(t, {MGRA, "POST /api/v1/person", "{'name':'Anna','note':'old'}", 201, NULL, "person.create", "p", NULL});
    T(tool(t, "k", "s", TOOL("create", "{'entity':'company','values':{'name':'Firma','version':5}}")) != NULL);
    var_put(t, "co", var_get(t, "last.id"));
    ROWS(t, {ANON, "POST /mcp", TOOL("create", "{'entity':'company','values':{'nosuch':1}}"), 200, BAD "|\"field\":\"nosuch\"", "company.create", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$p','version':1,'values':{'note':'new','company':'$co','version':9}}"), 200, FINE "|\"changed\":true|\"old\":\"old\",\"new\":\"new\"", "person.update", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$p','version':1,'values':{'note':'late'}}"), 200, BAD "|\"code\":\"conflict\"", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$p','version':0,'values':{'note':'late'}}"), 200, BAD "|\"field\":\"version\"", "", NULL, IN("k", "s")},
         {MGRA, "GET /api/v1/person/$p/history", NULL, 200, "\"batch\":\"$s.batch\"", "", NULL, NULL},
         {MGRA, "GET /api/v1/batch/$s.batch", NULL, 200, "\"title\":\"mcp\"|\"state\":\"done\"|\"create\":1|\"update\":1", "", NULL, NULL},
         {MGRA, "GET /api/v1/batch", NULL, 200, "$s.batch", "", NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'batch':'$s.batch'}", 404, NULL, "", NULL, NULL});
    T_INT(one_int(t, var_get(t, "s.batch")), 2);
    ROWS(t,
         {ANON, "POST /mcp", TOOL("undo_session", "{}"), 200, FINE "|\"undone\":2", "person.update company.delete", NULL, IN("k", "s")},
         {MGRA, "GET /api/v1/person/$p", NULL, 200, "\"note\":\"old\"|\"company\":null", "", NULL, NULL},
         {MGRA, "GET /api/v1/company/$co", NULL, 404, NULL, "", NULL, NULL},
         {ANON, "POST /mcp", TOOL("create", "{'entity':'company','values':{'name':'Firma'}}"), 200, BAD "|\"code\":\"conflict\"|begin a new one", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("undo_session", "{}"), 200, BAD "|\"code\":\"conflict\"", "", NULL, IN("k", "s")},
         {ANON, "POST /mcp", TOOL("get", "{'entity':'person','id':'$p'}"), 200, FINE, "", NULL, IN("k", "s")});
    /* by the user himself, when the program has gone */
    session_make(t, "k", "s2");
    T(tool(t, "k", "s2", TOOL("change", "{'entity':'person','id':'$p','version':3,'values':{'note':'second'}}")) != NULL);
    ROWS(t,
         {ANON, "DELETE /mcp", NULL, 204, NULL, "person.update", NULL, IN("k", "s2")},
         {ANON, "POST /mcp", TOOL("change", "{'entity':'person','id':'$p','version':4,'values':{'note':'x'}}"), 404, NULL, "", NULL, IN("k", "s2")},
         {MGRA, "POST /api/v1/undo", "{'batch':'$s2.batch'}", 200, "\"undone\":1", "person.update", "undo", NULL},
         {MGRA, "GET /api/v1/person/$p", NULL, 200, "\"note\":\"old\"", "", NULL, NULL});
    /* a redo of it opens it for no more writes: the next undo would leave them */
    session_make(t, "k", "s3");
    T(tool(t, "k", "s3", TOOL("change", "{'entity':'person','id':'$p','version':5,'values':{'note':'third'}}")) != NULL);
    ROWS(t,
         {MGRA, "POST /api/v1/undo", "{'batch':'$s3.batch'}", 200, NULL, "person.update person.update", "u3", NULL},
         {MGRA, "POST /api/v1/undo", "{'batch':'$u3.batch'}", 200, NULL, "person.update", NULL, NULL},
         {ANON, "POST /mcp", TOOL("create", "{'entity':'company','values':{'name':'Firma'}}"), 200, BAD "|begin a new one", "", NULL, IN("k", "s3")});
    /* what others have changed since is asked about */
    session_make(t, "k", "s4");
    T(tool(t, "k", "s4", TOOL("change", "{'entity':'person','id':'$p','version':8,'values':{'note':'fourth'}}")) != NULL);
    ROWS(t,
         {MGRA, "PATCH /api/v1/person/$p", "{'note':'mine'}", 200, NULL, "person.update person.update", NULL, NULL},
         {ANON, "POST /mcp", TOOL("undo_session", "{}"), 200, BAD "|\"code\":\"conflict\"|\"conflicts\":[{", "", NULL, IN("k", "s4")},
         {ANON, "POST /mcp", TOOL("undo_session", "{'force':true}"), 200, FINE "|\"undone\":1", "person.update", NULL, IN("k", "s4")},
         {MGRA, "GET /api/v1/person/$p", NULL, 200, "\"note\":\"third\"", "", NULL, NULL});
}

/* Those that wrote nothing go when they are ended, or at night when they are old; those that wrote stay. */
static void swept(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct db_rows r = {0};
    api_key_make(t, "k", REPA1, "read write", 0);
    session_make(t, "k", "s");
    session_make(t, "k", "wrote");
    session_make(t, "k", "ended");
    ROWS(t, {ANON, "DELETE /mcp", NULL, 204, NULL, "", NULL, IN("k", "ended")});
    T(tool(t, "k", "wrote", TOOL("create", "{'entity':'company','values':{'name':'Firma'}}")) != NULL);
    cx.app = t->app;
    cx.acl = NULL;
    cx.now_ms = clock_ms();
    T_OK(&cx, mcp_tidy(&cx, cx.now_ms));
    T_OK(&cx, db_query(&cx, &r, "SELECT id FROM batch WHERE title = 'mcp' ORDER BY id"));
    T_INT((int64_t)r.n, 2);
    T_OK(&cx, mcp_tidy(&cx, cx.now_ms + INT64_C(86400000) * 8));
    T_OK(&cx, db_query(&cx, &r, "SELECT id FROM batch WHERE title = 'mcp' ORDER BY id"));
    T(r.n == 1 && str_eq(arena_fmt(cx.a, "%" PRId64, db_int(&r, 0, 0)), var_get(t, "wrote.batch")));
    (void)api_events_came(t);
}

void mcp_tests(void)
{
    api_both(handshake, false, true);
    api_both(reads, false, true);
    api_both(rights, false, true);
    api_both(out_of_sight, false, true);
    api_both(dry, false, true);
    api_both(whole, false, true);
    api_both(swept, false, true);
}
