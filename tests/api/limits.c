/* SPDX-License-Identifier: MIT */
/* Each limit that has a name, at every route it holds for: one more than it allows is refused by a code that the route
 * declares, nothing is changed, and the next request is fine. What is just allowed is taken. */
#include "api/openapi.h"
#include "api_bed.h"
#include "idp/idp.h"
#include "meta/filter.h"
#include "record/external.h"
#include "record/share.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define UNTOUCHED S("session login_attempt login_guard security_event captcha user_hour job counter audit_seal follower")
#define BIT(e) (UINT32_C(1) << (e))

/* ---- what a refusal must hold ---- */
/* Before a request is read every route may say these: the document's "default". */
static bool is_declared(struct cx *cx, const struct route *r, str entity, const struct answer *got)
{
    static const uint32_t unread = BIT(E_DENIED) | BIT(E_LIMIT) | BIT(E_URI) | BIT(E_TYPE) | BIT(E_HEADERS);
    str code = answer_value(cx, got, S("code"));
    uint32_t set = openapi_refusals(r, entity) | unread;
    for (size_t i = 0; i < E_MAX; i++)
        if (str_eq(err_info[i].name, code)) return err_info[i].http == got->status && set & BIT(i);
    return false;
}

static const struct route *route_of(enum method method, const char *path)
{
    for (size_t i = 0; i < api_routes_n; i++)
        if (api_routes[i].method == method && str_eq(api_routes[i].path, str_from(path))) return &api_routes[i];
    return NULL;
}

static str filled(struct arena *a, str path)
{
    struct buf b = buf_new(a, 1000);
    str seg = {0};
    bool more = str_split(str_cut(path, 1, path.n), '/', &seg, &path);
    for (;; more = str_split(path, '/', &seg, &path)) {
        if (!str_has_prefix(seg, S("{"))) buf_fmt(&b, "/%.*s", FS(seg));
        else buf_add(&b, str_eq(seg, S("{entity}")) ? S("/person") : str_eq(seg, S("{name}")) || str_eq(seg, S("{system}")) ? S("/x_m") : S("/1"));
        if (!more) return buf_str(&b);
    }
}

/* ---- on the wire: bodies, heads, addresses ---- */
static void told(struct api_bed *t, str text, struct answer *ret)
{
    struct cx *cx = &t->b.cx;
    struct buf b = buf_new(cx->a, 1 << 16);
    struct timeval tv = {.tv_sec = 10};
    int fd = api_dial(t);
    char piece[4096];
    str line = {0}, status = {0}, rest = {0};
    T(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) == 0);
    T(send(fd, text.p, text.n, MSG_NOSIGNAL) == (ssize_t)text.n);
    T(shutdown(fd, SHUT_WR) == 0);
    for (ssize_t n = 1; n > 0;) {
        n = recv(fd, piece, sizeof piece, 0);
        if (n > 0) buf_add(&b, (str){piece, (size_t)n});
    }
    close(fd);
    ptrdiff_t at = str_find(buf_str(&b), S("\r\n\r\n"));
    str_split(buf_str(&b), ' ', &line, &rest);
    str_split(rest, ' ', &status, &rest);
    int64_t n = 0;
    (void)str_to_int(status, &n);
    *ret = (struct answer){.status = (int)n, .body = at < 0 ? S("") : str_cut(buf_str(&b), (size_t)at + 4, SIZE_MAX)};
}

static str repeated(struct arena *a, const char *unit, size_t n)
{
    struct buf b = buf_new(a, 4 << 20);
    for (size_t i = 0; i < n; i++) buf_add(&b, str_from(unit));
    return buf_str(&b);
}

/* Of each route: a body of one byte too many, told and in chunks; a head too large, too many lines, an address too long. */
static void wire_route(struct api_bed *t, const struct route *r)
{
    enum { SENT_MAX = 20000 };
    struct cx *cx = &t->b.cx;
    str m = method_name[r->method], path = filled(cx->a, r->path);
    str who = arena_fmt(cx->a, "Host: kontor.test\r\nCookie: kontor=%.*s\r\nX-CSRF-Token: %.*s\r\nContent-Type: application/json\r\n", FS(t->who[ADMIN].token), FS(t->who[ADMIN].csrf));
    str chunks = arena_fmt(cx->a, "%zx\r\n%.*s\r\n0\r\n\r\n", r->body_max + 1, r->body_max < SENT_MAX ? (int)r->body_max + 1 : 0, repeated(cx->a, "x", SENT_MAX).p);
    const struct {
        str text, code;
        int status;
    } all[] = {
        {arena_fmt(cx->a, "%.*s %.*s HTTP/1.1\r\n%.*sContent-Length: %zu\r\n\r\n", FS(m), FS(path), FS(who), r->body_max + 1), S("limit"), 413},
        {arena_fmt(cx->a, "%.*s %.*s HTTP/1.1\r\n%.*sTransfer-Encoding: chunked\r\n\r\n%.*s", FS(m), FS(path), FS(who), FS(chunks)), S("limit"), 413},
        {arena_fmt(cx->a, "%.*s %.*s HTTP/1.1\r\n%.*sX: %.*s\r\n\r\n", FS(m), FS(path), FS(who), FS(repeated(cx->a, "x", 16384))), S("headers"), 431},
        {arena_fmt(cx->a, "%.*s %.*s HTTP/1.1\r\n%.*s%.*s\r\n", FS(m), FS(path), FS(who), FS(repeated(cx->a, "X: x\r\n", 64))), S("headers"), 431},
        {arena_fmt(cx->a, "%.*s %.*s?q=%.*s HTTP/1.1\r\n%.*s\r\n", FS(m), FS(path), FS(repeated(cx->a, "x", 8192)), FS(who)), S("uri"), 414},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct answer got = {0};
        if (i == 1 && r->body_max >= SENT_MAX) continue; /* the rest of a chunk that is announced is waited for */
        told(t, all[i].text, &got);
        bool fits = got.status == all[i].status && str_eq(answer_value(cx, &got, S("code")), all[i].code) && is_declared(cx, r, S(""), &got);
        T(fits);
        if (!fits) fprintf(stderr, "  limit %zu of %.*s %.*s: want %d got %d %.*s\n", i, FS(m), FS(path), all[i].status, got.status, FS(got.body));
    }
}

static void on_the_wire(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    str before = arena_dup(cx->a, api_digest(t, UNTOUCHED));
    for (size_t i = 0; i < api_routes_n; i++) {
        struct arena_mark mark = arena_mark(cx->a);
        wire_route(t, &api_routes[i]);
        arena_back(cx->a, mark);
    }
    struct answer got = {0};
    told(t, S("GET /api/v1/setup HTTP/1.1\r\nHost: kontor.test\r\nConnection: close\r\n\r\n"), &got);
    T_INT(got.status, 200);
    T_STR(api_digest(t, UNTOUCHED), before);
}

/* ---- JSON ---- */
static bool takes_json(const struct route *r)
{
    return str_find(r->doc, S("<")) >= 0 && str_find(r->doc, S("<bytes")) < 0;
}

/* A tree deeper than JSON_DEPTH, alone and as a member; a body that is no object; as many members as fit. */
static void bodies(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    str deep = arena_fmt(cx->a, "%.*s1%.*s", FS(repeated(cx->a, "[", JSON_DEPTH + 1)), FS(repeated(cx->a, "]", JSON_DEPTH + 1)));
    const str all[] = {deep, arena_fmt(cx->a, "{\"name\":%.*s}", FS(deep)), S("[]"), S("1"), S("{\"a\":1,\"a\":2}"), S("{\"a\":\"\xff\"}"), S("{")};
    api_prove(t, ADMIN);
    str before = arena_dup(cx->a, api_digest(t, UNTOUCHED));
    for (size_t i = 0; i < api_routes_n; i++) {
        const struct route *r = &api_routes[i];
        if (!takes_json(r)) continue;
        str entity = openapi_is_of_each(r) ? S("person") : S("");
        for (size_t k = 0; k < COUNT(all); k++) {
            str req = arena_fmt(cx->a, "%.*s %.*s", FS(method_name[r->method]), FS(filled(cx->a, r->path)));
            struct answer got = api_call(t, cx->a, ADMIN, req, all[k], S(""));
            bool fits = got.status >= 400 && got.status < 500 && is_declared(cx, r, entity, &got);
            T(fits);
            if (!fits) fprintf(stderr, "  body %zu of %.*s: %d %.*s\n", k, FS(req), got.status, FS(str_cut(got.body, 0, 300)));
        }
    }
    T_STR(api_digest(t, UNTOUCHED), before);
    ROWS(t, {ADMIN, "POST /api/v1/person", "{'name':'danach'}", 201, NULL, "person.create", NULL, NULL});
}

/* ---- pages ---- */
static void pages(struct api_bed *t)
{
    static const char *const wrong[] = {"0", "-1", "201", "9223372036854775808", "x", "1e2"};
    struct cx *cx = &t->b.cx;
    for (size_t i = 0; i < api_routes_n; i++) {
        const struct route *r = &api_routes[i];
        if (str_find(r->doc, S("?limit")) < 0 || str_find(r->path, S("as_of")) >= 0) continue; /* that one needs its job: test_api_live.c */
        for (size_t k = 0; k < COUNT(wrong); k++) {
            str req = arena_fmt(cx->a, "GET %.*s?limit=%s", FS(filled(cx->a, r->path)), wrong[k]);
            struct answer got = api_call(t, cx->a, ADMIN, req, S(""), S(""));
            bool fits = is_declared(cx, r, openapi_is_of_each(r) ? S("person") : S(""), &got) && str_eq(answer_value(cx, &got, S("field")), S("limit"));
            T(fits);
            if (!fits) fprintf(stderr, "  %.*s: %d %.*s\n", FS(req), got.status, FS(str_cut(got.body, 0, 300)));
        }
    }
}

/* ---- numbers and lengths: `n` units are taken (`fits`; 0 = not tried), one more is refused ---- */
static const struct most {
    enum method method;
    const char *path, *target, *before, *unit, *after;
    size_t n;
    int fits, refused;
    const char *field;
} mosts[] = {
    {POST, "/api/v1/{entity}/bulk", "/api/v1/person/bulk", "{\"items\":[{\"op\":\"delete\",\"id\":\"1\"}", ",{\"op\":\"delete\",\"id\":\"1\"}", "]}", 199, 200, 422, "items"},
    {POST, "/api/v1/sync/{system}", "/api/v1/sync/x", "{\"items\":[{\"entity\":\"person\",\"key\":\"1\"}", ",{\"entity\":\"person\",\"key\":\"1\"}", "]}", SYNC_ITEMS_MAX - 1, 0, 422, "items"},
    {POST, "/api/v1/markup", "/api/v1/markup", "{\"texts\":[\"m\"", ",\"m\"", "]}", 99, 200, 422, "texts"},
    {GET, "/api/v1/{entity}", "/api/v1/person?include=company", NULL, ",company", "", 9, 200, 400, "include"},
    {GET, "/api/v1/{entity}", "/api/v1/person?sort=name", NULL, ",-created_at", "", 1, 200, 400, "sort"},
    {GET, "/api/v1/search", "/api/v1/search?q=a", NULL, "a", "", 199, 200, 400, ""},
    {POST, "/api/v1/{entity}/query", "/api/v1/person/query", "{\"filter\":{\"field\":\"owner\",\"op\":\"in\",\"value\":[\"1\"", ",\"1\"", "]}}", FILTER_IN_MAX - 1, 200, 422, "owner"},
    {POST, "/api/v1/{entity}/query", "/api/v1/person/query", "{\"filter\":{\"and\":[{\"field\":\"name\",\"op\":\"empty\"}", ",{\"field\":\"name\",\"op\":\"empty\"}", "]}}", FILTER_NODES - 2, 200, 422, "filter"},
    {POST, "/api/v1/draft", "/api/v1/draft", "{\"data\":{},\"title\":\"", "t", "\"}", 200, 201, 422, "title"},
    {PUT, "/api/v1/setting/{name}", "/api/v1/setting/m", "{\"value\":\"", "v", "\"}", 4094, 204, 413, "value"},
    {POST, "/api/v1/key", "/api/v1/key", "{\"scopes\":[\"read\"],\"name\":\"", "k", "\"}", KEY_NAME_MAX, 201, 422, "name"},
    {POST, "/api/v1/hook", "/api/v1/hook", "{\"url\":\"https://example.com/\",\"ops\":[\"create\"],\"name\":\"", "h", "\"}", 100, 201, 422, "name"},
    {POST, "/api/v1/hook", "/api/v1/hook", "{\"name\":\"h\",\"ops\":[\"create\"],\"url\":\"https://example.com/", "u", "\"}", OUTGOING_URL_MAX - 20, 201, 422, "url"},
    {POST, "/api/v1/block", "/api/v1/block", "{\"addr\":\"192.0.2.1\",\"why\":\"", "w", "\"}", 200, 201, 422, "why"},
    {POST, "/api/v1/idp", "/api/v1/idp", "{\"issuer\":\"https://login.example.com\",\"client_id\":\"m\",\"name\":\"", "n", "\"}", IDP_NAME_MAX, 201, 422, "name"},
    {POST, "/api/v1/{entity}/{id}/share", "/api/v1/person/$p/share", "{\"to\":\"$teamb\",\"why\":\"", "w", "\"}", SHARE_WHY_MAX, 204, 422, "why"},
    {POST, "/api/v1/{entity}/{id}/external", "/api/v1/person/$p/external", "{\"system\":\"m\",\"key\":\"", "k", "\"}", EXTERNAL_KEY_MAX, 204, 422, "key"},
    {POST, "/api/v1/{entity}/{id}/external", "/api/v1/person/$p/external", "{\"key\":\"k\",\"system\":\"", "s", "\"}", EXTERNAL_SYSTEM_MAX, 204, 422, "system"},
    {POST, "/api/v1/session/password", "/api/v1/session/password", "{\"present\":\"x\",\"password\":\"", "p", "\"}", 1024, 0, 422, "password"},
    {POST, "/api/v1/partner", "/api/v1/partner", "{\"company\":{\"name\":\"m\"},\"people\":[{\"name\":\"p\"}", ",{\"name\":\"p\"}", "]}", 19, 201, 422, "people"},
};

static str most_body(struct api_bed *t, const struct most *m, size_t n)
{
    struct cx *cx = &t->b.cx;
    str s = arena_fmt(cx->a, "%s%.*s%s", m->before, FS(repeated(cx->a, m->unit, n)), m->after);
    return api_expand(t, cx->a, s.p);
}

static struct answer most_ask(struct api_bed *t, const struct most *m, size_t n)
{
    struct cx *cx = &t->b.cx;
    str target = api_expand(t, cx->a, m->target), req = arena_fmt(cx->a, "%.*s %.*s", FS(method_name[m->method]), FS(target));
    if (!m->before) req = arena_fmt(cx->a, "%.*s%.*s", FS(req), FS(repeated(cx->a, m->unit, n)));
    return api_call(t, cx->a, ADMIN, req, m->before ? most_body(t, m, n) : S(""), S(""));
}

static void most_check(struct api_bed *t, const struct most *m)
{
    struct cx *cx = &t->b.cx;
    const struct route *r = route_of(m->method, m->path);
    T(r != NULL);
    if (m->refused && r) {
        str before = arena_dup(cx->a, api_digest(t, UNTOUCHED));
        struct answer got = most_ask(t, m, m->n + 1);
        bool fits = got.status == m->refused && is_declared(cx, r, openapi_is_of_each(r) ? S("person") : S(""), &got) && str_eq(answer_value(cx, &got, S("field")), str_from(m->field));
        T(fits);
        T_STR(api_digest(t, UNTOUCHED), before);
        if (!fits) fprintf(stderr, "  %zu and one at %s: want %d got %d %.*s\n", m->n, m->target, m->refused, got.status, FS(str_cut(got.body, 0, 300)));
    }
    if (!m->fits) return;
    struct answer got = most_ask(t, m, m->n);
    T_INT(got.status, m->fits);
    if (got.status != m->fits) fprintf(stderr, "  %zu at %s: %.*s\n", m->n, m->target, FS(str_cut(got.body, 0, 300)));
}

static void numbers(struct api_bed *t)
{
    api_prove(t, ADMIN);
    ROWS(t, {ADMIN, "POST /api/v1/person", "{'name':'p'}", 201, NULL, "person.create", "p", NULL});
    for (size_t i = 0; i < COUNT(mosts); i++) most_check(t, &mosts[i]);
    (void)api_events_came(t);
}

/* ---- each field of each entity ---- */
/* One more than its kind takes; "" = a kind without such a bound. */
static str too_much(struct arena *a, const struct field *f)
{
    static const struct {
        str kind;
        const char *unit;
        size_t n;
    } lists[] = {{S0("choices"), "\"x\"", 101}, {S0("tags"), "\"x\"", 101}, {S0("phones"), "\"0221 5550\"", 51}, {S0("mails"), "\"a@b.example\"", 51}, {S0("links"), "\"1\"", 1001}};
    str kind = f->kind->name;
    if (str_eq(kind, S("text"))) return arena_fmt(a, "\"%.*s\"", FS(repeated(a, "x", (size_t)(f->max ? f->max : 2000) + 1)));
    if (str_eq(kind, S("longtext"))) return arena_fmt(a, "\"%.*s\"", FS(repeated(a, "x", (size_t)(f->max ? f->max : 100000) + 1)));
    if (str_eq(kind, S("int")) || str_eq(kind, S("rating"))) return f->max ? arena_fmt(a, "%" PRId64, f->max + 1) : S("9223372036854775808");
    for (size_t i = 0; i < COUNT(lists); i++) {
        if (!str_eq(kind, lists[i].kind)) continue;
        str more = repeated(a, arena_fmt(a, ",%s", lists[i].unit).p, lists[i].n - 1);
        return arena_fmt(a, "[%s%.*s]", lists[i].unit, FS(more));
    }
    return S("");
}

static void fields(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    const struct meta *m = t->b.m;
    size_t tried = 0;
    api_prove(t, ADMIN);
    for (size_t i = 0; i < m->n; i++) {
        const struct entity *e = &m->entity[i];
        for (size_t k = 0; k < e->n; k++) {
            const struct field *f = &e->f[k];
            str value = f->readonly || f->hidden || f->system ? S("") : too_much(cx->a, f);
            if (!value.n) continue;
            struct answer got = api_call(t, cx->a, ADMIN, arena_fmt(cx->a, "POST /api/v1/%.*s", FS(e->name)), arena_fmt(cx->a, "{\"%.*s\":%.*s}", FS(f->name), FS(value)), S(""));
            bool fits = got.status == 422 && str_eq(answer_value(cx, &got, S("field")), f->name);
            T(fits);
            tried++;
            if (!fits) fprintf(stderr, "  %.*s.%.*s (%.*s): %d %.*s\n", FS(e->name), FS(f->name), FS(f->kind->name), got.status, FS(str_cut(got.body, 0, 300)));
        }
    }
    T(tried > 80);
    if (tried <= 80) fprintf(stderr, "  %zu fields\n", tried);
    T_STR(api_events_came(t), S(""));
}

void limits_tests(void)
{
    api_both(on_the_wire, true, true);
    static void (*const all[])(struct api_bed *) = {bodies, pages, numbers, fields};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
