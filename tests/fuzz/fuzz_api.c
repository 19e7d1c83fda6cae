/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_api.c - any request through the whole stack: parser, router, guard, handler, base, answer.
 *
 * An input is one letter for who asks (a administrator, m manager of a team, s seller, k a seller's API key, n nobody)
 * and a request: its line, further headers, an empty line, the body. $name is an id of the firm; session, token and
 * lengths are added. Behind '!' it goes to the parser as it stands. The mutator knows the table of routes.
 *
 * Held: no answer is an error of ours, each refusal is one that the route declares, what says that it is JSON is JSON,
 * and nobody is shown a word of another team's records.
 */
#include "api/openapi.h"
#include "http/http_int.h"
#include "os/os.h"
#include "../api/api_bed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

#define CANARY "kq7731zx"
enum { COMMITS_MAX = 2000, LAST = 32, LAST_BYTES = 600 };

/* ---- the firm: one for its administrator, who may give everything away, and one for all others ---- */
static struct api_bed *beds[2];
static char last[LAST][LAST_BYTES];
static size_t n_last;

static const struct row things[] = {
    {REPA1, "POST /api/v1/company", "{'name':'Eigene'}", 201, NULL, "company.create", "c", NULL},
    {REPA1, "POST /api/v1/person", "{'name':'Anna','company':'$c','phones':['0221 5550'],'mails':['a@b.example']}", 201, NULL, "person.create", "p", NULL},
    {REPA1, "POST /api/v1/person", "{'name':'Anna'}", 201, NULL, "person.create", "q", NULL},
    {REPA1, "POST /api/v1/task", "{'subject':'t','person':'$p'}", 201, NULL, "task.create", "t", NULL},
    {REPA1, "PATCH /api/v1/person/$p", "{'note':'n'}", 200, NULL, "person.update", "u", NULL},
    {REPA1, "POST /api/v1/draft", "{'data':{}}", 201, NULL, "", "d", NULL},
    {REPA1, "POST /api/v1/sync/fuzz", "{'items':[{'entity':'person','key':'1','values':{'name':'s'}}]}", 202, NULL, "", NULL, NULL},
    {REPA1, "PUT /api/v1/person/by/fuzz/2", "{'name':'x'}", 201, NULL, "person.create", "x", NULL},
    {MGRA, "POST /api/v1/file?name=k.csv", "Name;Telefon\nAnna;0221 5551\n", 201, NULL, NULL, "f", "Content-Type: text/csv"},
    {MGRA, "POST /api/v1/import/dry", "{'file':'$f','entity':'person'}", 202, NULL, NULL, "j", NULL},
    {REPA1, "POST /api/v1/upload", NULL, 201, NULL, "", "tus", "Upload-Length: 9"},
    {ADMIN, "POST /api/v1/group", "{'name':'Gruppe'}", 201, NULL, "group.create", "g", NULL},
    {ADMIN, "POST /api/v1/hook", "{'name':'f','url':'https://example.com/','ops':['create']}", 201, NULL, "", "hook", NULL},
    {ADMIN, "POST /api/v1/retention", "{'name':'g','reason':'g','entity':'person','n':1,'act':'trash'}", 201, NULL, "", "retention", NULL},
    {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'text','label':'Fuzz'}", 201, NULL, NULL, NULL, NULL},
};
static const struct row foreign[] = {
    {REPB1, "POST /api/v1/company", "{'name':'" CANARY " GmbH','note':'" CANARY "'}", 201, NULL, "company.create", "fc", NULL},
    {REPB1, "POST /api/v1/person", "{'name':'" CANARY "','company':'$fc','job_title':'" CANARY "','note':'" CANARY "','phones':['0221 7731'],'mails':['" CANARY "@b.example'],'tags':['" CANARY "']}", 201, NULL,
     "person.create", "fp", NULL},
    {REPB1, "PATCH /api/v1/person/$fp", "{'note':'" CANARY " anders'}", 200, NULL, "person.update", "fu", NULL},
    {REPB1, "POST /api/v1/task", "{'subject':'" CANARY "','person':'$fp'}", 201, NULL, "task.create", "ft", NULL},
    {REPB1, "POST /api/v1/interaction", "{'kind':'note','subject':'" CANARY "','text':'" CANARY "','person':'$fp'}", 201, NULL, "interaction.create", "fi", NULL},
    {REPB1, "POST /api/v1/draft", "{'title':'" CANARY "','data':{'name':'" CANARY "'}}", 201, NULL, "", "fd", NULL},
    {REPB1, "PUT /api/v1/setting/f", "{'value':'" CANARY "'}", 204, NULL, "", NULL, NULL},
    {REPB1, "POST /api/v1/file?name=" CANARY ".csv", CANARY ";1\n", 201, NULL, NULL, "ff", "Content-Type: text/csv"},
    {REPB1, "POST /api/v1/sync/foreign", "{'items':[{'entity':'person','key':'" CANARY "','values':{'name':'" CANARY "'}}]}", 202, NULL, "", NULL, NULL},
};

static void key_put(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct key k = {.user = t->who[REPA1].id, .name = S("fuzz"), .scopes = S("read write")};
    str token = {0};
    cx.now_ms = t->still_ms;
    T_OK(&cx, key_new(&cx, &k, &token));
    var_put(t, "key", token);
}

/* $mcp: a session of that key. */
static void mcp_put(struct api_bed *t)
{
    struct arena *a = t->b.cx.a;
    struct answer r = api_call(t, a, ANON, S("POST /mcp"), S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\"}}"),
                               api_expand(t, a, "Authorization: Bearer $key"));
    T_INT(r.status, 200);
    var_put(t, "mcp", answer_head(&r, S("Mcp-Session-Id")));
}

static struct api_bed *bed_new(void)
{
    struct api_bed *t = api_bed_make(false, false, true);
    t->still_ms = clock_ms() + 1000;
    api_prove(t, ADMIN);
    t->still_ms++;
    api_rows(t, __FILE__, things, COUNT(things));
    api_rows(t, __FILE__, foreign, COUNT(foreign));
    key_put(t);
    mcp_put(t);
    assert(!t_bad && "the firm could not be made");
    return t;
}

/* The firm of his, made anew when it has grown old. */
static struct api_bed *bed_of(enum actor who)
{
    struct api_bed **t = &beds[who == ADMIN];
    if (*t && dbase_stats((*t)->b.b).commits > COMMITS_MAX) {
        api_bed_end(*t);
        *t = NULL;
        n_last = 0;
    }
    if (!*t) *t = bed_new();
    return *t;
}

/* ---- an input as a request ---- */
static bool word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

static str expand(struct api_bed *t, struct arena *a, str s)
{
    struct buf b = buf_new(a, 4 << 20);
    for (size_t i = 0; i < s.n; i++) {
        size_t to = i + 1;
        while (s.p[i] == '$' && to < s.n && word(s.p[to])) to++;
        const str *v = to > i + 1 ? map_get(&t->vars, str_cut(s, i + 1, to)) : NULL;
        if (v) buf_add(&b, *v), i = to - 1;
        else buf_byte(&b, s.p[i]);
    }
    return buf_str(&b);
}

static bool names(str head, str field) { return str_find(head, field) >= 0; }

/* Who he is and how long the body is, between the request's line and its own headers. */
static void heads_add(struct api_bed *t, struct buf *b, char who, enum actor actor, str head, size_t body)
{
    const struct person *p = &t->who[actor];
    if (!names(head, S("\nHost:"))) buf_add(b, S("Host: kontor.test\r\n"));
    if (who == 'k') buf_fmt(b, "Authorization: Bearer %.*s\r\n", FS(var_get(t, "key")));
    else if (p->token.n && !names(head, S("\nCookie:"))) buf_fmt(b, "Cookie: kontor=%.*s\r\n", FS(p->token));
    if (who != 'k' && p->token.n && !names(head, S("\nX-CSRF"))) buf_fmt(b, "X-CSRF-Token: %.*s\r\n", FS(p->csrf));
    if (!body || names(head, S("\nContent-Length")) || names(head, S("\nTransfer-Encoding"))) return;
    buf_fmt(b, "Content-Length: %zu\r\n", body);
    if (!names(head, S("\nContent-Type"))) buf_add(b, S("Content-Type: application/json\r\n"));
}

static str dressed(struct api_bed *t, struct arena *a, char who, enum actor actor, str head, size_t body)
{
    struct buf b = buf_new(a, 4 << 20);
    str line = {0}, rest = head;
    bool first = true;
    for (bool more = head.n > 0; more; first = false) {
        more = str_split(rest, '\n', &line, &rest);
        if (line.n && line.p[line.n - 1] == '\r') line.n--;
        buf_add(&b, line);
        if (first && line.n < 9) buf_add(&b, S(" HTTP/1.1"));
        else if (first && !str_has_suffix(line, S(" HTTP/1.1"))) buf_add(&b, S(" HTTP/1.1"));
        buf_add(&b, S("\r\n"));
        if (first) heads_add(t, &b, who, actor, head, body);
    }
    buf_add(&b, S("\r\n"));
    return buf_str(&b);
}

/* What the server would have read of the bytes behind the head; false: it answers without any handler. */
static bool body_read(struct arena *a, const struct http_head *h, str in, str *ret)
{
    struct buf b = buf_new(a, 4 << 20);
    struct chunk c = {0};
    str part = {0};
    *ret = S("");
    if (!h->chunked) {
        if (h->length > (int64_t)in.n) return false;
        *ret = str_cut(in, 0, h->length < 0 ? 0 : (size_t)h->length);
        return true;
    }
    for (enum chunk_got g = CHUNK_DATA; g == CHUNK_DATA;) {
        g = http_chunk_feed(&c, &in, &part);
        if (g == CHUNK_DATA) buf_add(&b, part);
        if (g == CHUNK_BAD || g == CHUNK_MORE) return false;
    }
    *ret = buf_str(&b);
    return true;
}

/* ---- what an answer must hold ---- */
static void tell(str head, str body, const struct answer *r)
{
    fprintf(stderr, "asked:\n%.*s%.*s\nanswered: %d %.*s\n%.*s\nwhat wrote before it:\n", FS(head), FS(body), r->status, FS(r->type), FS(str_cut(r->body, 0, 2000)));
    for (size_t i = n_last > LAST ? n_last - LAST : 0; i < n_last; i++) fprintf(stderr, "%s\n", last[i % LAST]);
}

static bool is_json(struct cx *cx, str type, str body)
{
    const struct json *j = NULL;
    str line = {0};
    if (!body.n || !str_has_suffix(type, S("json"))) return true;
    if (!str_has_suffix(type, S("ndjson"))) return json_parse(cx, body, &j) == E_OK;
    while (str_split(body, '\n', &line, &body))
        if (json_parse(cx, line, &j) != E_OK) return false;
    return !body.n;
}

/* Codes that come before a request is read are the document's "default". */
static bool is_declared(struct cx *cx, const struct answer *r)
{
    static const enum err always[] = {E_LIMIT, E_URI, E_TYPE, E_EXPECT, E_HOST, E_HEADERS};
    str code = answer_value(cx, r, S("code"));
    size_t e = 0;
    while (e < E_MAX && !str_eq(err_info[e].name, code)) e++;
    if (e == E_MAX || err_info[e].http != r->status) return false;
    if (!r->route) return e == E_NOTFOUND || e == E_METHOD;
    for (size_t i = 0; i < COUNT(always); i++)
        if (e == always[i]) return true;
    return openapi_refusals(r->route, openapi_is_of_each(r->route) ? r->param : S("")) & (UINT32_C(1) << e);
}

static bool is_fine(struct cx *cx, const struct answer *r)
{
    if (!r->type.n) /* the parser's */
        return r->status == PARSE_MORE || (r->status >= 400 && r->status < 500) || r->status == 501 || r->status == 505;
    if (r->status >= 500 && r->status != 503) return false;
    if (!utf8_valid(r->type) || !is_json(cx, r->type, r->body)) return false;
    return r->status < 400 || is_declared(cx, r);
}

static bool shows_canary(struct api_bed *t, const struct answer *r)
{
    if (str_find(r->body, S(CANARY)) >= 0 || str_has_suffix(r->file, var_get(t, "ff"))) return true;
    for (size_t i = 0; i < r->n_head; i++)
        if (str_find(r->head[i].value, S(CANARY)) >= 0) return true;
    return false;
}

/* ---- the target ---- */
/* Two would ask a server of the input's choice, two need a server of ours. */
static bool is_left_out(struct api_bed *t, struct cx *cx, struct req *rq)
{
    str allow = {0};
    if (router_find(t->router, cx, rq, &allow) != E_OK) return false;
    handler_fn *fn = rq->route->fn;
    return fn == api_sso_begin || fn == api_idp_test || fn == api_events || fn == api_metrics;
}

/* False: nothing of it is for a handler of ours. What the parser refuses is refused once more, by api_raw. */
static bool is_for_us(struct api_bed *t, struct cx *cx, str head, str in, str *ret_body)
{
    static const struct http_limits l = {.header_bytes = 16384, .headers = 64, .target_bytes = 8192};
    struct http_head *h = NEW(cx->a, struct http_head);
    return http_parse_head(cx->a, &l, head, h) != PARSE_OK || (!is_left_out(t, cx, &h->rq) && body_read(cx->a, h, in, ret_body));
}

static enum actor actor_of(char who) { return who == 'a' ? ADMIN : who == 'm' ? MGRA : who == 'n' ? ANON : REPA1; }

static void ask(struct arena *a, char who, str head, str in)
{
    enum actor actor = actor_of(who);
    struct api_bed *t = bed_of(actor);
    struct cx cx = {.a = a, .lang = S("en")};
    str body = {0};
    bool raw = str_has_prefix(head, S("!")), asks_for_it = str_find(head, S(CANARY)) >= 0 || str_find(in, S(CANARY)) >= 0;
    in = expand(t, a, in);
    head = expand(t, a, raw ? str_cut(head, 1, SIZE_MAX) : head);
    if (!raw) head = dressed(t, a, who, actor, head, in.n);
    if (!is_for_us(t, &cx, head, in, &body)) return;
    int64_t commits = dbase_stats(t->b.b).commits;
    struct answer r = api_raw(t, a, head, body);
    bool fine = is_fine(&cx, &r), shown = actor != ADMIN && !asks_for_it && shows_canary(t, &r);
    if (!fine || shown) tell(head, body, &r);
    assert(fine);
    assert(!shown);
    if (r.status == 401 && actor != ANON && who != 'k') api_enter(t, actor, t->who[actor].id); /* he was let out */
    if (dbase_stats(t->b.b).commits > commits) (void)snprintf(last[n_last++ % LAST], LAST_BYTES, "%c %.*s%.*s", who, FS(head), FS(body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str in = {(const char *)data, size};
    struct arena *a = arena_new();
    if (size > 1) {
        str rest = str_cut(in, 1, size);
        ptrdiff_t at = str_find(rest, S("\n\n")), crlf = str_find(rest, S("\r\n\r\n"));
        size_t end = at >= 0 ? (size_t)at : crlf >= 0 ? (size_t)crlf : rest.n, gap = at >= 0 ? 2 : crlf >= 0 ? 4 : 0;
        if (rest.p[0] == '!' && crlf >= 0) end = (size_t)crlf + 4, gap = 0; /* the empty line is the head's */
        ask(a, in.p[0], arena_dup(a, str_cut(rest, 0, end)), arena_dup(a, str_cut(rest, end + gap, rest.n)));
    }
    arena_free(&a);
    return 0;
}

/* ---- the mutator: lines, parameters and members that the routes and the description know ---- */
static uint64_t chance;
static uint32_t roll(size_t n)
{
    chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
    return (uint32_t)((chance >> 33) % n);
}

static const char *const ids[] = {"p", "q", "c", "t", "d", "f", "j", "g", "x", "tus", "hook", "retention", "fp", "fc", "ft", "fi", "fd", "ff", "brancha", "teama", "teamb",
                                  "rolerep", "mgra", "repa1", "repa2", "repb1", "admin"};
static const struct entity *any_entity(void)
{
    const struct meta *m = beds[0] ? beds[0]->b.m : beds[1]->b.m;
    return &m->entity[roll(m->n)];
}

static void placeholder(struct buf *b, str name)
{
    if (str_eq(name, S("{entity}"))) buf_add(b, roll(3) ? S("person") : any_entity()->name);
    else if (str_eq(name, S("{system}"))) buf_add(b, S("fuzz"));
    else if (str_eq(name, S("{external}"))) buf_fmt(b, "%u", roll(3));
    else if (str_eq(name, S("{name}"))) buf_add(b, S("x_fuzz"));
    else buf_fmt(b, "$%s", ids[roll(COUNT(ids))]);
}

static void parameters(struct buf *b, str shape)
{
    str one = {0};
    char join = '?';
    while (shape.n) {
        str_split(shape, ' ', &one, &shape);
        if (!str_has_prefix(one, S("?")) || roll(2)) continue;
        buf_fmt(b, "%c%.*s=", join, FS(str_cut(one, 1, one.n)));
        join = '&';
        if (str_eq(one, S("?filter"))) buf_fmt(b, "{%%22field%%22:%%22%.*s%%22,%%22op%%22:%%22eq%%22,%%22value%%22:%%221%%22}", FS(any_entity()->f[roll(8)].name));
        else if (roll(2)) buf_fmt(b, "%u", roll(3));
        else buf_add(b, any_entity()->f[roll(6)].name);
    }
}

static void line_random(struct buf *b)
{
    const struct route *r = &api_routes[roll(api_routes_n)];
    str path = r->path, seg = {0}, doc = {0}, shape = {0};
    bool begun = false;
    buf_fmt(b, "%c%.*s ", "amsskn"[roll(6)], FS(method_name[roll(20) ? r->method : roll(METHOD_MAX)]));
    for (bool more = true; more; begun = true) {
        more = str_split(path, '/', &seg, &path);
        if (begun) buf_byte(b, '/');
        if (str_has_prefix(seg, S("{"))) placeholder(b, seg);
        else buf_add(b, seg);
    }
    str_split(r->doc, '\n', &doc, &shape);
    parameters(b, shape);
}

static void word_random(struct buf *b)
{
    static const char *const bits[] = {"{", "}", "[", "]", "null", "true", "\"me\"", "\"1\"", "-1", "9223372036854775807", "\"items\":[", "\"op\":\"create\",", "\"values\":{", "\"ids\":[\"$p\"]",
                                       "\"version\":1,", "\nIdempotency-Key: f", "\nIf-Match: \"1\"", "\nMcp-Session-Id: $mcp", "\nX-Kontor-As: $repb1", "\nContent-Type: text/csv", "\nUpload-Offset: 0", "\nRange: bytes=0-1", "%00", "%ff"};
    const struct entity *e = any_entity();
    switch (roll(4)) {
    case 0: buf_add(b, str_from(bits[roll(COUNT(bits))])); return;
    case 1: buf_fmt(b, "\"%.*s\":", FS(e->f[roll(e->n)].name)); return;
    case 2: buf_fmt(b, "\"$%s\"", ids[roll(COUNT(ids))]); return;
    default: buf_fmt(b, "{\"field\":\"%.*s\",\"op\":\"empty\"}", FS(e->f[roll(e->n)].name));
    }
}

/* Puts `b` in place of the bytes from `from` to `to`. */
static size_t put(uint8_t *data, size_t size, size_t max, size_t from, size_t to, str b)
{
    if (size - (to - from) + b.n > max) return 0;
    memmove(data + from + b.n, data + to, size - to);
    memcpy(data + from, b.p, b.n);
    return size - (to - from) + b.n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    size_t n = 0;
    chance = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    (void)bed_of(ANON);
    struct arena *a = arena_new();
    struct buf b = buf_new(a, 4096);
    uint32_t way = roll(10);
    if (way < 2) {
        const uint8_t *end = memchr(data, '\n', size);
        line_random(&b);
        n = put(data, size, max, 0, end && roll(2) ? (size_t)(end - data) : size, buf_str(&b));
    } else if (way < 5) {
        size_t at = roll(size + 1);
        word_random(&b);
        n = put(data, size, max, at, at, buf_str(&b));
    }
    arena_free(&a);
    return n ? n : LLVMFuzzerMutate(data, size, max);
}
