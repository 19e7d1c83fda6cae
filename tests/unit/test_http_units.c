/* SPDX-License-Identifier: MIT */
/* Routes, dispatch, problems, ranges, encodings, addresses: no socket. */
#include "base/json.h"
#include "http/http_int.h"
#include "t.h"

#include <stdlib.h>
#include <unistd.h>

static enum err say_path(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)cx;
    buf_add(&rs->body, rq->route->path);
    for (int i = 0; i < HTTP_PARAMS_MAX && rq->param[i].n; i++) {
        buf_byte(&rs->body, ' ');
        buf_add(&rs->body, rq->param[i]);
    }
    return E_OK;
}
static enum err fails(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)rq, (void)rs;
    return fail(cx, E_INTERNAL, "SQL logic error near secret");
}
static enum err invalid(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)rq, (void)rs;
    return fail_at(cx, E_INVALID, S("name"), "The name is \"empty\".");
}
static enum err huge(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)cx, (void)rq;
    for (int i = 0; i < 1 << 15; i++)
        buf_add(&rs->body,
                S("0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789012345678901234567890123456789"));
    return E_OK;
}

#define R(m, p, f)                                                                                 \
    {                                                                                              \
        .method = m, .path = S0(p), .fn = f                                                        \
    }
static const struct route routes[] = {
    R(GET, "/", say_path),
    R(GET, "/api/{e}", say_path),
    R(POST, "/api/{e}", say_path),
    R(GET, "/api/me", say_path),
    R(GET, "/api/{e}/{id}", say_path),
    R(DELETE, "/api/{e}/{id}", say_path),
    R(GET, "/api/me/x", say_path),
    R(GET, "/api/{e}/{id}/log", say_path),
    R(GET, "/a/{rest...}", say_path),
    R(GET, "/a/b", say_path),
    R(GET, "/fails", fails),
    R(GET, "/invalid", invalid),
    R(GET, "/huge", huge),
};
static struct router *router(struct cx *cx) { return router_new(cx->a, routes, COUNT(routes)); }

/* What is refused before it is read is a problem with a code, too, as the table has it. */
static void test_unread(void)
{
    static const struct {
        int status;
        const char *code;
    } all[] = {{400, "bad_request"}, {403, "denied"}, {408, "timeout"}, {413, "limit"},  {414, "uri"},  {415, "media_type"}, {417, "expectation"},
               {421, "host"},        {429, "rate"},   {431, "headers"}, {501, "coding"}, {503, "busy"}, {505, "version"},    {507, "disk_full"}};
    struct cx cx = t_cx();
    const struct http_date d = {.text = "Sun, 22 Nov 2026 06:21:00 GMT"};
    for (size_t i = 0; i < COUNT(all); i++) {
        char text[HTTP_ERROR_MAX];
        str s = {text, http_error_put(all[i].status, true, 2, &d, text)};
        const struct json *j = NULL;
        ptrdiff_t at = str_find(s, S("\r\n\r\n"));
        str body = str_cut(s, (size_t)at + 4, s.n);
        T(at > 0 && str_find(s, arena_fmt(cx.a, "\r\nContent-Length: %zu\r\n", body.n)) > 0);
        if (!T_OK(&cx, json_parse(&cx, body, &j))) continue;
        T_STR(json_get(j, S("code"))->s, str_from(all[i].code));
        T_STR(json_get(j, S("status"))->s, arena_fmt(cx.a, "%d", all[i].status));
        T_STR(json_get(j, S("type"))->s, arena_fmt(cx.a, "urn:kontor:error:%s", all[i].code));
        T(json_get(j, S("detail"))->s.n > 0 && !json_get(j, S("request_id")));
        T((str_find(s, S("\r\nRetry-After: ")) > 0) == (all[i].status == 429 || all[i].status == 503));
    }
    t_cx_free(&cx);
}

static const struct {
    enum method m;
    str path;
    int status;
    str body;
} finds[] = {
    {GET, S0("/"), 200, S0("/")},
    {HEAD, S0("/"), 200, S0("/")},
    {GET, S0("/api/me"), 200, S0("/api/me")},
    {GET, S0("/api/you"), 200, S0("/api/{e} you")},
    {POST, S0("/api/me"), 405, S0("")},
    {GET, S0("/api/c/7"), 200, S0("/api/{e}/{id} c 7")},
    {DELETE, S0("/api/c/7"), 200, S0("/api/{e}/{id} c 7")},
    {GET, S0("/api/me/x"), 200, S0("/api/me/x")},
    {GET, S0("/api/me/7"), 200, S0("/api/{e}/{id} me 7")},
    {GET, S0("/api/me/x/log"), 200, S0("/api/{e}/{id}/log me x")},
    {PUT, S0("/api/c/7"), 405, S0("")},
    {OPTIONS, S0("/api/c/7"), 204, S0("")},
    {OPTIONS, S0("*"), 204, S0("")},
    {GET, S0("/api"), 404, S0("")},
    {GET, S0("/api/"), 404, S0("")},
    {GET, S0("//"), 404, S0("")},
    {GET, S0("/api//7"), 404, S0("")},
    {GET, S0("/api/c/7/"), 404, S0("")},
    {GET, S0("/a/b"), 200, S0("/a/b")},
    {GET, S0("/a/b/c"), 200, S0("/a/{rest...} b/c")},
    {GET, S0("/a/"), 404, S0("")},
    {GET, S0("/API/me"), 404, S0("")},
    {GET, S0("/contacts/1/x.css"), 404, S0("")},
};

static void test_routes(void)
{
    struct cx cx = t_cx();
    struct router *r = router(&cx);
    for (size_t i = 0; i < COUNT(finds); i++) {
        struct req rq = {.method = finds[i].m, .path = finds[i].path};
        struct resp rs = {0};
        http_dispatch(&cx, r, NULL, &rq, &rs);
        T_INT(rs.status ? rs.status : 200, finds[i].status);
        if (finds[i].status == 200) T_STR(buf_str(&rs.body), finds[i].body);
        if (finds[i].status == 405) T(rs.n_head == 1 && str_eq(rs.head[0].name, S("Allow")));
    }
    struct req rq = {.method = PUT, .path = S("/api/c/7")};
    str allow = S("");
    T(router_find(r, &cx, &rq, &allow) == E_METHOD);
    T_STR(allow, S("GET, HEAD, DELETE, OPTIONS"));
    t_cx_free(&cx);
}

static enum err no_entry(struct cx *cx, struct req *rq, struct resp *rs)
{
    (void)rs;
    return str_eq(rq->path, S("/")) ? E_OK : fail(cx, E_RATE, "Too often.");
}

static void test_problem(void)
{
    struct cx cx = t_cx();
    struct router *r = router(&cx);
    struct req rq = {.path = S("/fails")};
    struct resp rs = {0};
    http_dispatch(&cx, r, NULL, &rq, &rs);
    T_INT(rs.status, 500);
    T(str_find(buf_str(&rs.body), S("secret")) < 0 &&
      str_find(buf_str(&rs.body), S("\"request_id\":\"test\"")) > 0);
    rq = (struct req){.path = S("/invalid")};
    rs = (struct resp){0};
    http_dispatch(&cx, r, NULL, &rq, &rs);
    T_STR(buf_str(&rs.body),
          S("{\"type\":\"urn:kontor:error:invalid\",\"title\":\"Unprocessable "
            "Content\",\"status\":422,"
            "\"detail\":\"The name is "
            "\\\"empty\\\".\",\"code\":\"invalid\",\"field\":\"name\",\"request_id\":\"test\"}"));
    rq = (struct req){.path = S("/huge")};
    rs = (struct resp){0};
    http_dispatch(&cx, r, NULL, &rq, &rs);
    T_INT(rs.status, 413);
    rq = (struct req){.path = S("/api/me")};
    rs = (struct resp){0};
    http_dispatch(&cx, r, no_entry, &rq, &rs);
    T_INT(rs.status, 429);
    T(rs.n_head == 1 && str_eq(rs.head[0].name, S("Retry-After")));
    rs = (struct resp){0};
    http_head(&rs, S("X"), S("a\r\nSet-Cookie: b"));
    T_INT((int64_t)rs.n_head, 0);
    t_cx_free(&cx);
}

static const struct {
    str range, if_range, none;
    int status;
    int64_t off, len;
} ranges[] = {
    {S0(""), S0(""), S0(""), 200, 0, 1000},
    {S0("bytes=0-99"), S0(""), S0(""), 206, 0, 100},
    {S0("bytes=900-"), S0(""), S0(""), 206, 900, 100},
    {S0("bytes=-1"), S0(""), S0(""), 206, 999, 1},
    {S0("bytes=-5000"), S0(""), S0(""), 206, 0, 1000},
    {S0("bytes=999-2000"), S0(""), S0(""), 206, 999, 1},
    {S0("bytes=1000-"), S0(""), S0(""), 416, 0, 0},
    {S0("bytes=-0"), S0(""), S0(""), 416, 0, 0},
    {S0("bytes=5-4"), S0(""), S0(""), 200, 0, 1000},
    {S0("bytes=a-b"), S0(""), S0(""), 200, 0, 1000},
    {S0("bytes=--5"), S0(""), S0(""), 200, 0, 1000},
    {S0("bytes=-"), S0(""), S0(""), 200, 0, 1000},
    {S0("bytes=0-0,5-6"), S0(""), S0(""), 200, 0, 1000},
    {S0("items=0-5"), S0(""), S0(""), 200, 0, 1000},
    {S0("bytes=99999999999999999999-"), S0(""), S0(""), 200, 0, 1000},
    {S0("bytes=0-9223372036854775807"), S0(""), S0(""), 206, 0, 1000},
    {S0("bytes=0-99"), S0("\"e\""), S0(""), 206, 0, 100},
    {S0("bytes=0-99"), S0("\"old\""), S0(""), 200, 0, 1000},
    {S0("bytes=0-99"), S0("W/\"e\""), S0(""), 200, 0, 1000},
    {S0("bytes=0-99"), S0("Sun, 22 Nov 2026 06:21:00 GMT"), S0(""), 200, 0, 1000},
    {S0(""), S0(""), S0("\"e\""), 304, 0, 0},
    {S0("bytes=0-9"), S0(""), S0("\"x\", W/\"e\""), 304, 0, 0},
    {S0(""), S0(""), S0("*"), 304, 0, 0},
    {S0(""), S0(""), S0("\"x\""), 200, 0, 1000},
};

static void test_ranges(void)
{
    static char text[1000];
    const struct asset as = {.type = S("text/plain"), .etag = S("\"e\""), .raw = {text, 1000}};
    for (size_t i = 0; i < COUNT(ranges); i++) {
        struct cx cx = t_cx();
        struct header h[] = {{S("Range"), ranges[i].range},
                             {S("If-Range"), ranges[i].if_range},
                             {S("If-None-Match"), ranges[i].none}};
        struct req rq = {.method = GET, .headers = h, .n_headers = 3};
        struct resp rs = {.asset = &as};
        struct reply r = {0};
        http_plan(&cx, &rq, &rs, &r);
        T_INT(r.status, ranges[i].status);
        T_INT(r.length, ranges[i].len);
        if (r.status == 206) T(r.body.p == text + ranges[i].off && (int64_t)r.body.n == r.length);
        t_cx_free(&cx);
    }
}

static const struct {
    str accept, want;
} codings[] = {
    {S0(""), S0("")},
    {S0("gzip"), S0("gzip")},
    {S0("br"), S0("br")},
    {S0("gzip, deflate, br"), S0("br")},
    {S0("br;q=0, gzip"), S0("gzip")},
    {S0("br;q=0.5, gzip;q=0.8"), S0("gzip")},
    {S0("gzip;q=0"), S0("")},
    {S0("*"), S0("br")},
    {S0("*;q=0"), S0("")},
    {S0("br;q=0, *"), S0("gzip")},
    {S0("identity"), S0("")},
    {S0("identity;q=1, br;q=0.1"), S0("")},
    {S0("BR ; q=1.000"), S0("br")},
    {S0("br;q=x"), S0("")},
    {S0("br;q=9"), S0("")},
    {S0(",,;q,"), S0("")},
};

static void test_codings(void)
{
    const struct asset as = {.type = S("text/css"),
                             .etag = S("\"e\""),
                             .raw = S("raw"),
                             .gzip = S("gz"),
                             .br = S("b"),
                             .immutable = true};
    for (size_t i = 0; i < COUNT(codings); i++) {
        struct cx cx = t_cx();
        char head[2048];
        struct http_date d = {0};
        http_date_at(&d, 1795341600);
        struct header h[] = {{S("Accept-Encoding"), codings[i].accept}};
        struct req rq = {.method = i % 2 ? HEAD : GET, .headers = h, .n_headers = 1};
        struct resp rs = {.asset = &as};
        struct reply r = {0};
        http_plan(&cx, &rq, &rs, &r);
        T_STR(r.encoding, codings[i].want);
        T(http_head_max(&r) < sizeof head);
        str text = {head, http_head_put(&r, &d, head)};
        T(text.n <= http_head_max(&r));
        T(str_find(text, S("Date: Sun, 22 Nov 2026 10:00:00 GMT\r\n")) > 0 &&
          str_find(text, S("Vary: Accept-Encoding\r\n")) > 0);
        T(str_find(text, S("Cache-Control: public, max-age=31536000, immutable\r\n")) > 0 &&
          str_find(text, S("no-store")) < 0);
        T(str_find(text, S("X-Content-Type-Options: nosniff\r\n")) > 0 &&
          str_find(text, S("Strict-Transport")) < 0);
        t_cx_free(&cx);
    }
}

static void test_dates(void)
{
    struct http_date d = {0};
    http_date_at(&d, 0);
    T_STR(str_from(d.text), S("Thu, 01 Jan 1970 00:00:00 GMT"));
    http_date_at(&d, 951782400);
    T_STR(str_from(d.text), S("Tue, 29 Feb 2000 00:00:00 GMT"));
    http_date_at(&d, 4107542399);
    T_STR(str_from(d.text), S("Sun, 28 Feb 2100 23:59:59 GMT"));
    http_date_at(&d, 1795330860);
    T_STR(str_from(d.text), S("Sun, 22 Nov 2026 07:01:00 GMT"));
}

static const struct {
    str peer, trusted, forwarded, want;
} clients[] = {
    {S0("1.2.3.4"), S0(""), S0("9.9.9.9"), S0("1.2.3.4")},
    {S0("1.2.3.4"), S0("1.2.3.5"), S0("9.9.9.9"), S0("1.2.3.4")},
    {S0("1.2.3.4"), S0("1.2.3.4"), S0("9.9.9.9"), S0("9.9.9.9")},
    {S0("1.2.3.4"), S0("1.2.0.0/16"), S0("6.6.6.6, 9.9.9.9, 1.2.9.9"), S0("9.9.9.9")},
    {S0("1.2.3.4"), S0("1.2.3.4"), S0("9.9.9.9, evil"), S0("1.2.3.4")},
    {S0("1.2.3.4"), S0("1.2.3.4"), S0(""), S0("1.2.3.4")},
    {S0("2001:db8::1"), S0("2001:db8::/32"), S0("[2001:db9::5]"), S0("2001:db9::5")},
    {S0("10.0.0.1"), S0("10.0.0.0/31, 7.7.7.7"), S0("8.8.8.8"), S0("8.8.8.8")},
    {S0("10.0.0.2"), S0("10.0.0.0/31"), S0("8.8.8.8"), S0("10.0.0.2")},
    {S0("10.0.0.2"), S0("10.0.0.0/99,junk,/,"), S0("8.8.8.8"), S0("10.0.0.2")},
};

/* Of a head that no parser took: only a whole one says for whom a proxy spoke. */
static const struct {
    str peer, head, want;
} unread[] = {
    {S0("10.0.0.1"), S0("GET / HTTP/9\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n"), S0("9.9.9.9")},
    {S0("10.0.0.1"), S0("GET / HTTP/9\nx-forwarded-for:9.9.9.9\n\nX-Forwarded-For: 6.6.6.6\n\n"), S0("9.9.9.9")},
    {S0("10.0.0.1"), S0("GET / HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6\r\nA: b\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n"), S0("9.9.9.9")},
    {S0("10.0.0.1"), S0("GET / HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6\r\nA: b"), S0("10.0.0.1")}, /* the proxy's line may be still to come */
    {S0("10.0.0.1"), S0("GET / HTTP/1.1\r\nX-Forwarded-For : 6.6.6.6\r\n\r\n"), S0("10.0.0.1")},
    {S0("10.0.0.1"), S0("\x16\x03\x01"), S0("10.0.0.1")},
    {S0("10.0.0.1"), S0(""), S0("10.0.0.1")},
    {S0("8.8.8.8"), S0("GET / HTTP/9\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n"), S0("8.8.8.8")},
};

static void test_unread_from(void)
{
    for (size_t i = 0; i < COUNT(unread); i++) {
        struct cx cx = t_cx();
        struct addr a = {0};
        char text[ADDR_TEXT];
        T(addr_parse(unread[i].peer, &a));
        struct addr from = addr_forwarded(cx.a, unread[i].head, &a, S("10.0.0.0/8"));
        T_STR(addr_text(&from, text), unread[i].want);
        t_cx_free(&cx);
    }
}

static void test_addresses(void)
{
    for (size_t i = 0; i < COUNT(clients); i++) {
        struct cx cx = t_cx();
        struct addr a = {0};
        struct header h[] = {{S("X-Forwarded-For"), clients[i].forwarded}};
        struct req rq = {.headers = h, .n_headers = 1};
        bool tls = false;
        T(addr_parse(clients[i].peer, &a));
        char text[ADDR_TEXT];
        struct addr from = addr_client(cx.a, &rq, &a, clients[i].trusted, &tls);
        T_STR(addr_text(&from, text), clients[i].want);
        t_cx_free(&cx);
    }
    T(host_known(S("A.de:80"), S("b.de, a.de")) && !host_known(S("a.de.evil"), S("a.de")) &&
      host_known(S("x"), S("")));
    T(host_known(S("[::1]:80"), S("[::1]")) && !host_known(S("aa.de"), S("a.de")) &&
      !host_known(S(""), S("a.de")));
    T(host_known(S("203.0.113.7:80"), S("a.de")) && host_known(S("[2001:db8::1]"), S("a.de"))); /* an address is no name */
    T(!host_known(S("unix"), S("a.de")) && !host_known(S("127.0.0.1.evil.example"), S("a.de")) && !host_known(S("1.evil.example"), S("a.de")));
    struct addr_counts *t = calloc(1, sizeof *t);
    struct addr a = {0}, b = {0};
    T(addr_parse(S("2001:db8:1:2::1"), &a) && addr_parse(S("2001:db8:1:2::99"), &b));
    T_INT(addr_count(t, &a, 1), 1);
    T_INT(addr_count(t, &b, 1), 2); /* one /64 */
    T(addr_parse(S("10.0.0.1"), &a) && addr_parse(S("10.0.0.2"), &b));
    T_INT(addr_count(t, &a, 1), 1);
    T_INT(addr_count(t, &b, 1), 1);
    T_INT(addr_count(t, &b, -1), 0);
    free(t);
}

enum { SECOND = 1000000 };

/* Ten at once, then two a second; the others have their own. */
static void test_rate(void)
{
    struct addr_counts *t = calloc(1, sizeof *t);
    struct addr a = {0}, a2 = {0}, b = {0};
    int64_t now = 77 * SECOND;
    int left = 0;
    T(addr_parse(S("2001:db8:1:2::1"), &a) && addr_parse(S("2001:db8:1:2:3::9"), &a2) &&
      addr_parse(S("10.0.0.2"), &b));
    for (int i = 0; i < 10; i++) {
        T_INT(addr_rate(t, i % 2 ? &a2 : &a, now, 2, 10, &left), 0);
        T_INT(left, 9 - i);
    }
    T_INT(addr_rate(t, &a, now, 2, 10, &left), 500);
    T_INT(addr_rate(t, &a2, now, 2, 10, &left), 500); /* a refusal costs nothing */
    T_INT(left, 0);
    T_INT(addr_rate(t, &b, now, 2, 10, &left), 0);
    T_INT(left, 9);
    T_INT(addr_rate(t, &a, now + SECOND / 4, 2, 10, &left), 250);
    T_INT(addr_rate(t, &a, now + SECOND / 2, 2, 10, &left), 0);
    T_INT(addr_rate(t, &a, now + SECOND / 2, 2, 10, &left), 500);
    now += 3600 * (int64_t)SECOND; /* rest does not pile up beyond the burst */
    for (int i = 0; i < 10; i++) T_INT(addr_rate(t, &a, now, 2, 10, &left), 0);
    T_INT(addr_rate(t, &a, now, 2, 10, &left), 500);
    free(t);
}

/* A flood from a thousand addresses hits hardly anybody who is not in it. */
static void test_rate_crowd(void)
{
    struct addr_counts *t = calloc(1, sizeof *t);
    struct addr a = {0};
    int hit = 0, left = 0;
    T(addr_parse(S("10.9.0.0"), &a));
    os_random(t->seed, sizeof t->seed);
    for (int i = 0; i < 1000; i++) {
        a.ip[14] = (unsigned char)(i >> 8);
        a.ip[15] = (unsigned char)i;
        int got = 0;
        for (int k = 0; k < 12; k++) got += addr_rate(t, &a, SECOND, 1, 10, &left) == 0;
        T(got <= 10);
        hit += got < 10; /* both of its cells were emptied by others of the flood */
    }
    a.ip[13] = 200;
    for (int i = 0; i < 1000; i++) {
        a.ip[14] = (unsigned char)(i >> 8);
        a.ip[15] = (unsigned char)i;
        hit += addr_rate(t, &a, SECOND, 1, 10, &left) != 0;
    }
    T(hit < 40); /* 1000/16384 of each row: 4 in a thousand, of 2000 */
    free(t);
}

static void test_retry(void)
{
    bool seen[16] = {0};
    int kinds = 0;
    for (int i = 0; i < 500; i++) {
        int s = http_retry_s(2);
        T(s >= 2 && s < 8);
        seen[s & 15] = true;
        T(http_retry_s(100) >= 100 && http_retry_s(100) < 204);
    }
    for (size_t i = 0; i < COUNT(seen); i++) kinds += seen[i];
    T_INT(kinds, 6);
}

/* SECURITY.md R10: who asks without a pause waits behind who lets some time pass, whatever the crowd makes of the rest. */
static void test_lines(void)
{
    struct loop lp = {.now_ms = 100000};
    struct conn c[6] = {0};
    for (size_t i = 0; i < COUNT(c); i++)
        c[i] = (struct conn){.loop = &lp, .served = i > 0, .queued_ms = 99000, .pause_ms = 1000};
    loop_ready(&c[0]); /* nobody knows him yet */
    T(lp.line[LINE_HASTY].first == &c[0] && !lp.line[LINE_CALM].first);
    c[1].queued_ms = 99999; /* he always is back at once */
    c[1].pause_ms = 1;
    loop_ready(&c[1]);
    T(lp.line[LINE_HASTY].last == &c[1] && c[1].queued_ms == 100000);
    loop_ready(&c[2]);
    T(lp.line[LINE_CALM].first == &c[2]);
    lp.lag_ms = 900; /* such a crowd that a second is what everybody waits */
    loop_ready(&c[3]);
    T(lp.line[LINE_HASTY].last == &c[3]);
    c[4].queued_ms = 97000;
    loop_ready(&c[4]);
    loop_ready(&c[4]); /* once */
    T(lp.line[LINE_CALM].first == &c[2] && lp.line[LINE_CALM].last == &c[4] && !c[4].ready_next);
    lp.lag_ms = 50;
    for (int i = 0; i < 20; i++) { /* a page that asks for ten things, and then at the crowd's pace for ever */
        c[5].queued_ms = (uint32_t)lp.now_ms - 50;
        loop_ready(&c[5]);
        if (i < 9) T(c[5].line == LINE_CALM);
        loop_unready(&c[5]);
    }
    T(c[5].line == LINE_HASTY && lp.line[LINE_CALM].last == &c[4]);
    c[5].queued_ms = 0; /* however long he slept: it is soon used up */
    loop_ready(&c[5]);
    T(c[5].line == LINE_CALM && c[5].pause_ms < 1100);
    loop_unready(&c[5]);
    loop_unready(&c[1]); /* out of the midst, the end, the beginning */
    T(lp.line[LINE_HASTY].first == &c[0] && c[0].ready_next == &c[3] && !c[1].ready);
    loop_unready(&c[3]);
    T(lp.line[LINE_HASTY].last == &c[0] && !c[0].ready_next);
    loop_unready(&c[0]);
    T(!lp.line[LINE_HASTY].first && !lp.line[LINE_HASTY].last);
    loop_unready(&c[0]);
    loop_ready(&c[0]);
    T(lp.line[LINE_HASTY].first == &c[0] && lp.line[LINE_HASTY].last == &c[0]);
}

static void test_without_socket(void)
{
    struct cx cx = t_cx();
    struct resp rs = {.body = buf_new(cx.a, 10)};
    int64_t id = 0;
    T_OK(&cx, http_stream_begin(&cx, &rs));
    T_OK(&cx, http_stream_write(&cx, &rs, S("12345")));
    T(http_stream_write(&cx, &rs, S("678901")) == E_LIMIT);
    T(http_sse_begin(&cx, &rs, NULL, NULL, &id) == E_BUSY);
    t_cx_free(&cx);
}

/* Who may connect where nothing but a proxy protects the way. */
static void proxies(void)
{
    static const struct {
        str peer;
        bool may;
    } all[] = {{S0("127.0.0.1"), true},  {S0("127.9.9.9"), true}, {S0("::1"), true},      {S0("10.1.2.3"), true},
               {S0("10.2.0.1"), false},  {S0("192.0.2.7"), true}, {S0("192.0.2.8"), false}, {S0("2001:db8::1"), false}};
    for (size_t i = 0; i < COUNT(all); i++) {
        struct addr a = {0};
        T(addr_parse(all[i].peer, &a) && addr_may_come(&a, S("10.1.0.0/16, 192.0.2.7")) == all[i].may);
    }
    T(http_addrs_ok(S("")) && http_addrs_ok(S("10.0.0.1, 10.0.0.0/8,unix,::1,fd00::/8,[::1]")));
    T(!http_addrs_ok(S("junk")) && !http_addrs_ok(S("10.0.0.0/33")) && !http_addrs_ok(S("10.0.0.1,proxy.lan")) && !http_addrs_ok(S("10.0.0.0/x")));
}

TESTS("http_units", proxies, test_routes, test_problem, test_unread, test_ranges, test_codings, test_dates,
      test_addresses, test_unread_from, test_rate, test_rate_crowd, test_retry, test_lines, test_without_socket)
