/* SPDX-License-Identifier: MIT */
/* Hostile and honest request heads: bytes, wanted verdict. Also the chunked coding. */
#include "http/http_int.h"
#include "t.h"

static const struct http_limits limits = {.header_bytes = 16384, .headers = 64, .target_bytes = 8192};
#define G  "GET / HTTP/1.1\r\n"
#define P  "POST / HTTP/1.1\r\n"
#define H  "Host: a\r\n"
#define E  "\r\n"
#define TGT(t) "GET " t " HTTP/1.1\r\n" H E
#define HST(h) "GET / HTTP/1.1\r\nHost: " h "\r\n\r\n"
#define ROW(raw, st) {S0(raw), st, __LINE__}
static const struct {
    str raw;
    int want, line;
} rows[] = {
    /* honest */
    ROW(G H E, 200), ROW(P H "Content-Length: 0\r\n" E, 200), ROW("GET / HTTP/1.0\r\n" E, 200),
    ROW("\r\n" G H E, 200), ROW("HEAD /a/b?c=d HTTP/1.1\r\n" H E, 200), ROW("OPTIONS * HTTP/1.1\r\n" H E, 200),
    ROW("PATCH / HTTP/1.1\r\n" H E, 200), ROW("DELETE / HTTP/1.1\r\n" H E, 200), ROW("PUT / HTTP/1.1\r\n" H E, 200),
    ROW(G "hOsT:a\r\n" E, 200), ROW(G H "X:\r\n" E, 200), ROW(G H "X: \t a \t \r\n" E, 200), ROW(G H "X: a\tb\r\n" E, 200),
    ROW(G H "X: \xc3\xa4\r\n" E, 200), ROW(P H "Transfer-Encoding: chunked\r\n" E, 200),
    ROW(P H "transfer-encoding: CHUNKED\r\n" E, 200), ROW(G H "!#$%&'*+-.^_`|~09azAZ: x\r\n" E, 200),
    ROW("GET http://a/b HTTP/1.1\r\n" H E, 200), ROW("GET https://a:8443?x=1 HTTP/1.1\r\n" H E, 200),
    ROW(G H "Upgrade: websocket\r\nConnection: upgrade\r\n" E, 200), ROW(P H "conTENT-Length:   42 \r\n" E, 200), ROW(P H "Content-Lengthx: 5\r\n" E, 200),
    ROW(G H "Connection: a, b, keep-alive, x\r\n" E, 200), ROW("GET /?a=b?c HTTP/1.1\r\n" H E, 200), ROW(HST("[::1]:80"), 200), ROW(HST("a.b-c.de:8080"), 200), ROW(G H "Expect: 100-continue\r\n" E, 200),
    /* not whole yet */
    ROW("", 0), ROW("G", 0), ROW("GET / HTTP/1.1", 0), ROW("GET / HTTP/1.1\r", 0), ROW(G, 0), ROW(G "Host: a", 0), ROW(G H, 0),
    ROW(G H "\r", 0), ROW("\r\n", 0),
    /* line ends */
    ROW("GET / HTTP/1.1\nHost: a\n\n", 400), ROW(G "Host: a\n\r\n", 400), ROW(G H "\n", 400), ROW(G H "X: a\nY: b\r\n" E, 400),
    ROW("\r\n\r\n" G H E, 400), ROW("\n" G H E, 400), ROW(G H "X: a\rb\r\n" E, 400), ROW(G H "X: a\r\r\n" E, 400),
    ROW("GET / HTTP/1.1\r\r\n" H E, 400), ROW(G "\rHost: a\r\n" E, 400), ROW(G H "X: a\r\nContent-Length: 5\rY: 1\r\n" E, 400),
    /* folding and spaces */
    ROW(G H "X: a\r\n b\r\n" E, 400), ROW(G H "X: a\r\n\tb\r\n" E, 400), ROW(G " Host: a\r\n" E, 400), ROW(G "Host : a\r\n" E, 400),
    ROW(G "Host\t: a\r\n" E, 400), ROW(P H "Content-Length : 5\r\n" E, 400), ROW(P H "Transfer-Encoding : chunked\r\n" E, 400),
    ROW(G H " \r\n" E, 400), ROW(G H "\t\r\n" E, 400), ROW(G H "X\r\n" E, 400), ROW(G H ": x\r\n" E, 400), ROW(G H "X y: z\r\n" E, 400),
    ROW(P H "Content-Length: 5\r\n Transfer-Encoding: chunked\r\n" E, 400), ROW(P H " Content-Length: 5\r\n" E, 400),
    ROW(P H "\x0b""Content-Length: 5\r\n" E, 400), ROW(P H "Content-Length\x0b: 5\r\n" E, 400),
    /* control bytes */
    ROW(G H "X: a\0b\r\n" E, 400), ROW(G H "X\0: a\r\n" E, 400), ROW("GET /\0 HTTP/1.1\r\n" H E, 400), ROW("G\0T / HTTP/1.1\r\n" H E, 400),
    ROW(G H "X: a\x01\r\n" E, 400), ROW(G H "X: a\x7f\r\n" E, 400), ROW(G H "X: \x1b[31m\r\n" E, 400), ROW(G H "X\xc3\xa4: a\r\n" E, 400),
    ROW("GET /\x01 HTTP/1.1\r\n" H E, 400), ROW("GET /\xc3\xa4 HTTP/1.1\r\n" H E, 400), ROW("\xef\xbb\xbfGET / HTTP/1.1\r\n" H E, 400),
    ROW("\0" G H E, 400), ROW("\x16\x03\x01\x02\x00\x01\r\n", 400),
    /* request line */
    ROW("GET  / HTTP/1.1\r\n" H E, 400), ROW("GET /  HTTP/1.1\r\n" H E, 400), ROW(" GET / HTTP/1.1\r\n" H E, 400),
    ROW("GET / HTTP/1.1 \r\n" H E, 400), ROW("GET\t/ HTTP/1.1\r\n" H E, 400), ROW("GET /\tHTTP/1.1\r\n" H E, 400), ROW("GET / \r\n" H E, 400),
    ROW("GET /\r\n" E, 400), ROW("GET\r\n" E, 400), ROW("GET /a b HTTP/1.1\r\n" H E, 400), ROW("get / HTTP/1.1\r\n" H E, 501),
    ROW("GET / http/1.1\r\n" H E, 400), ROW("GET / HTTP/1.1x\r\n" H E, 400), ROW("GET / HTTP/11\r\n" H E, 400), ROW("GET / HTTP/1.\r\n" H E, 400),
    ROW("GET / HTTP/01.1\r\n" H E, 400), ROW("GET / HTTP/1.10\r\n" H E, 400), ROW("GET / HTTP/ 1.1\r\n" H E, 400), ROW("GET / HTTP/1,1\r\n" H E, 400),
    ROW("GET / HTTPS/1.1\r\n" H E, 400), ROW("GET / JUNK/1.1\r\n" H E, 400), ROW("GET / HTTP/2.0\r\n" H E, 505), ROW("GET / HTTP/0.9\r\n" H E, 505),
    ROW("GET / HTTP/1.2\r\n" H E, 505), ROW("GET / HTTP/3.1\r\n" H E, 505), ROW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ROW("TRACE / HTTP/1.1\r\n" H E, 501), ROW("CONNECT a:443 HTTP/1.1\r\n" H E, 501), ROW("BREW / HTTP/1.1\r\n" H E, 501),
    ROW("GET / ICE/1.0\r\n" H E, 400), ROW("SOURCE /x ICE/1.0\r\n" H E, 400), ROW("GET / RTSP/1.0\r\n" H E, 400), ROW("PURGE / HTTP/1.1\r\n" H E, 501), ROW("ANNOUNCE / HTTP/1.1\r\n" H E, 501),
    ROW("GE\rT / HTTP/1.1\r\n" H E, 400), ROW("GET / HTTP/1.1\r\n" H "Foo: bar\rX: y\r\n" E, 400), ROW(P H "Transfer-Encoding: pigeons\r\n" E, 400),
    ROW(G H "Connection: a,\r\n keep-alive\r\n" E, 400), ROW(P H "Transfer-Encoding: chunked\r\n , x\r\n" E, 400), ROW(P H "Content-Length: 42\r\n\t5\r\n" E, 400),
    ROW("GE(T / HTTP/1.1\r\n" H E, 400), ROW("{} / HTTP/1.1\r\n" H E, 400), ROW("/ HTTP/1.1\r\n" H E, 400), ROW("GET HTTP/1.1\r\n" H E, 400),
    /* Host */
    ROW(G E, 400), ROW(G H H E, 400), ROW(G "Host: a\r\nhost: b\r\n" E, 400), ROW(HST(""), 400), ROW(HST("a b"), 400), ROW(HST("a/b"), 400),
    ROW(HST("a@b"), 400), ROW(HST("a, b"), 400), ROW(HST("a:x"), 400), ROW(HST("a:123456"), 400), ROW(HST("[::1"), 400), ROW(HST("[g::]"), 400),
    ROW(HST("[::1]x"), 400), ROW(HST(":80"), 400), ROW(HST("a#b"), 400), ROW(HST("a\\b"), 400), ROW(HST("a?b"), 400), ROW(HST("a<b"), 400),
    ROW(HST("a:80:81"), 400), ROW(HST("\xc3\xa4.de"), 400), ROW("GET http:///x HTTP/1.1\r\n" H E, 400), ROW("GET http://a@b/x HTTP/1.1\r\n" H E, 400),
    ROW("GET http://a/x HTTP/1.1\r\n" E, 400), ROW("GET ftp://a/x HTTP/1.1\r\n" H E, 400), ROW("GET //a/../x HTTP/1.1\r\n" H E, 400),
    /* Content-Length */
    ROW(P H "Content-Length: 5\r\nContent-Length: 5\r\n" E, 400), ROW(P H "Content-Length: 5\r\nContent-Length: 6\r\n" E, 400),
    ROW(P H "Content-Length: 5, 5\r\n" E, 400), ROW(P H "Content-Length: +5\r\n" E, 400), ROW(P H "Content-Length: -5\r\n" E, 400),
    ROW(P H "Content-Length: 0x5\r\n" E, 400), ROW(P H "Content-Length: 5 5\r\n" E, 400), ROW(P H "Content-Length: \r\n" E, 400),
    ROW(P H "Content-Length: five\r\n" E, 400), ROW(P H "Content-Length: 5.0\r\n" E, 400), ROW(P H "Content-Length: 1e3\r\n" E, 400),
    ROW(P H "Content-Length: 99999999999999999999\r\n" E, 400), ROW(P H "Content-Length: 18446744073709551617\r\n" E, 400),
    ROW(P H "Content-Length: 5\x0b\r\n" E, 400), ROW(P H "Content-Length: \"5\"\r\n" E, 400), ROW(P H "Content-Length: 5;\r\n" E, 400),
    /* Transfer-Encoding */
    ROW(P H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" E, 400), ROW(P H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" E, 400),
    ROW(P H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" E, 400), ROW(P H "Transfer-Encoding: xchunked\r\n" E, 400),
    ROW(P H "Transfer-Encoding: chunked, chunked\r\n" E, 400), ROW(P H "Transfer-Encoding: gzip, chunked\r\n" E, 501),
    ROW(P H "Transfer-Encoding: identity, chunked\r\n" E, 501), ROW(P H "Transfer-Encoding: chunked, identity\r\n" E, 400),
    ROW(P H "Transfer-Encoding: identity\r\n" E, 400), ROW(P H "Transfer-Encoding: gzip\r\n" E, 400), ROW(P H "Transfer-Encoding:\r\n" E, 400),
    ROW(P H "Transfer-Encoding: chunked;q=1\r\n" E, 400), ROW(P H "Transfer-Encoding: \"chunked\"\r\n" E, 400), ROW(P H "Transfer-Encoding: 'chunked'\r\n" E, 400),
    ROW(P H "Transfer-Encoding: chunk\r\n" E, 400), ROW(P H "Transfer-Encoding: ch\x00unked\r\n" E, 400), ROW(P H "Transfer-Encoding: chunked,\r\n" E, 400),
    ROW(P H "Transfer-Encoding: ,chunked\r\n" E, 400), ROW(P H "Transfer-Encoding: \x0b""chunked\r\n" E, 400),
    ROW(P H "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n" E, 400), ROW("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n" E, 400),
    ROW(P H "Transfer-Encoding\r\n : chunked\r\n" E, 400), ROW(P H "X: \nTransfer-Encoding: chunked\r\n" E, 400),
    /* targets */
    ROW(TGT("/%00"), 400), ROW(TGT("/%c0%ae"), 400), ROW(TGT("/..%2f"), 400), ROW(TGT("/%2e%2e/"), 400), ROW(TGT("/../x"), 400), ROW(TGT("/a/./b"), 400),
    ROW(TGT("/a/.."), 400), ROW(TGT("/."), 400), ROW(TGT("/%2E"), 400), ROW(TGT("/a%2fb"), 400), ROW(TGT("/a%5cb"), 400), ROW(TGT("/a\\b"), 400),
    ROW(TGT("/%ff"), 400), ROW(TGT("/%ed%a0%80"), 400), ROW(TGT("/%"), 400), ROW(TGT("/%4"), 400), ROW(TGT("/%zz"), 400), ROW(TGT("/%0a"), 400),
    ROW(TGT("/%7f"), 400), ROW(TGT("/%1b"), 400), ROW(TGT("/a#b"), 400), ROW(TGT("/a<b"), 400), ROW(TGT("/a\"b"), 400), ROW(TGT("/a?b#c"), 400),
    ROW(TGT("/a?%"), 400), ROW(TGT("/a?%00"), 400), ROW(TGT("/a?x=%ff"), 400), ROW(TGT("/a?x=%c0%ae"), 400), ROW(TGT("a"), 400), ROW(TGT("*"), 400),
    ROW(TGT("?a"), 400), ROW(TGT("/%c3%a4"), 200), ROW(TGT("/%41?x=%41&y=a+b&z=[1]|{}"), 200), ROW(TGT("/..."), 200), ROW(TGT("/.a"), 200), ROW(TGT("/a..b"), 200),
    ROW(TGT("/a?x=%0a"), 200), ROW(TGT("/%252e%252e/"), 200), ROW(TGT("/a;b=c"), 200),
    /* twice */
    ROW(G H "Authorization: a\r\nAuthorization: b\r\n" E, 400), ROW(G H "Content-Type: a\r\nContent-Type: b\r\n" E, 400),
    ROW(G H "Origin: a\r\nOrigin: b\r\n" E, 400), ROW(G H "Content-Encoding: gzip\r\nContent-Encoding: br\r\n" E, 400), ROW(G H "Cookie: a=1\r\nCookie: b=2\r\n" E, 200),
    ROW(G H "Expect: 200-ok\r\n" E, 417), ROW(G H "Expect: 100-continue, x\r\n" E, 417), ROW(G H "Expect:\r\n" E, 417),
};

/* Every prefix of an accepted head is incomplete or refused as the whole is; it never turns into success. */
static void check_prefixes(struct cx *cx, str raw, int want)
{
    static struct http_head h;
    for (size_t n = 0; n < raw.n; n++) {
        char *copy = arena_get(cx->a, n + 1); /* of its own size: an overrun is seen */
        memcpy(copy, raw.p, n);
        int st = http_parse_head(cx->a, &limits, (str){copy, n}, &h);
        T(st == PARSE_MORE || (st == want && (want != 200 || h.bytes <= n)));
    }
}

static void test_rows(void)
{
    static struct http_head h;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cx cx = t_cx();
        int st = http_parse_head(cx.a, &limits, rows[i].raw, &h);
        if (st != rows[i].want) fprintf(stderr, "row of line %d: %.*s\n", rows[i].line, FS(rows[i].raw));
        T_INT(st, rows[i].want);
        check_prefixes(&cx, rows[i].raw, rows[i].want);
        t_cx_free(&cx);
    }
    T(COUNT(rows) >= 200);
}

static void test_fields(void)
{
    struct cx cx = t_cx();
    struct http_head h = {0};
    str v = S("");
    str raw = S("POST /a/%c3%a4?q=1+2%26&flag HTTP/1.1\r\nHost: x:1\r\nCookie: a=1; sid=abc\r\ncookie: b=2\r\n"
                "Content-Length: 007\r\nConnection: foo, Close\r\nX-Y:  z \r\n\r\nGET");
    T_INT(http_parse_head(cx.a, &limits, raw, &h), 200);
    T_INT((int64_t)h.bytes, (int64_t)raw.n - 3);
    T(h.rq.method == POST && h.length == 7 && !h.keep && !h.chunked && !h.v10);
    T_STR(h.rq.path, S("/a/\xc3\xa4"));
    T_STR(h.rq.host, S("x:1"));
    T_STR(http_header(&h.rq, S("x-y")), S("z"));
    T_STR(http_header(&h.rq, S("none")), S(""));
    T(http_query(&cx, &h.rq, S("q"), &v));
    T_STR(v, S("1 2&"));
    T(http_query(&cx, &h.rq, S("flag"), &v) && v.n == 0);
    T(!http_query(&cx, &h.rq, S("nix"), &v));
    T(http_cookie(&h.rq, S("sid"), &v));
    T_STR(v, S("abc"));
    T(http_cookie(&h.rq, S("b"), &v) && !http_cookie(&h.rq, S("id"), &v));
    T_INT(http_parse_head(cx.a, &limits, S("GET http://B:9/p?q HTTP/1.1\r\nHost: a\r\n\r\n"), &h), 200);
    T_STR(h.rq.host, S("B:9")); /* the target's name counts */
    T_STR(h.rq.path, S("/p"));
    T_INT(http_parse_head(cx.a, &limits, S("GET http://B HTTP/1.1\r\nHost: a\r\n\r\n"), &h), 200);
    T_STR(h.rq.path, S("/"));
    t_cx_free(&cx);
}

static str long_text(struct cx *cx, str before, char fill, size_t n, str after)
{
    struct buf b = buf_new(cx->a, 1 << 20);
    buf_add(&b, before);
    for (size_t i = 0; i < n; i++) buf_byte(&b, fill);
    buf_add(&b, after);
    return buf_str(&b);
}

static void test_limits(void)
{
    struct cx cx = t_cx();
    static struct http_head h;
    T_INT(http_parse_head(cx.a, &limits, long_text(&cx, S("GET /"), 'a', 100000, S(" HTTP/1.1\r\nHost: a\r\n\r\n")), &h), 414);
    T_INT(http_parse_head(cx.a, &limits, long_text(&cx, S("GET /"), 'a', 8191, S(" HTTP/1.1\r\nHost: a\r\n\r\n")), &h), 200);
    T_INT(http_parse_head(cx.a, &limits, long_text(&cx, S("GET /"), 'a', 8192, S(" HTTP/1.1\r\nHost: a\r\n\r\n")), &h), 414);
    T_INT(http_parse_head(cx.a, &limits, long_text(&cx, S(G H "X: "), 'a', 65536, S("\r\n\r\n")), &h), 431);
    T_INT(http_parse_head(cx.a, &limits, long_text(&cx, S(G H "X: "), 'a', 16384, S("")), &h), 431);
    struct buf b = buf_new(cx.a, 1 << 20);
    buf_add(&b, S(G H));
    for (int i = 0; i < 63; i++) buf_add(&b, S("A: b\r\n"));
    str ok = arena_fmt(cx.a, "%.*s\r\n", FS(buf_str(&b))), many = arena_fmt(cx.a, "%.*sA: b\r\n\r\n", FS(buf_str(&b)));
    T_INT(http_parse_head(cx.a, &limits, ok, &h), 200);
    T_INT(http_parse_head(cx.a, &limits, many, &h), 431);
    t_cx_free(&cx);
}

/* Result: the body, or "!" when refused, "?" when not at its end. */
static str unchunk(struct cx *cx, str in, size_t step)
{
    struct chunk c = {0};
    struct buf b = buf_new(cx->a, 1 << 20);
    while (in.n) {
        str part = str_cut(in, 0, step), data = S("");
        in = str_cut(in, part.n, in.n);
        for (enum chunk_got g = CHUNK_DATA; g == CHUNK_DATA;) {
            g = http_chunk_feed(&c, &part, &data);
            if (g == CHUNK_BAD) return S("!");
            if (g == CHUNK_END) return part.n + in.n ? S("rest") : buf_str(&b);
            if (g == CHUNK_DATA) buf_add(&b, data);
        }
    }
    return S("?");
}

static const struct {
    str in, want;
} chunks[] = {
    {S0("0\r\n\r\n"), S0("")}, {S0("5\r\nhello\r\n0\r\n\r\n"), S0("hello")}, {S0("1\r\na\r\n00A\r\n0123456789\r\n000\r\n\r\n"), S0("a0123456789")},
    {S0("3;x=y;z=\"q\"\r\nabc\r\n0;a\r\n\r\n"), S0("abc")}, {S0("0\r\nX: y\r\nZ:\r\n\r\n"), S0("")}, {S0("0\r\n\r\nGET"), S0("rest")},
    {S0("5\r\nhell"), S0("?")}, {S0("0\r\n"), S0("?")}, {S0("0\n\r\n"), S0("!")}, {S0("0\r\n\n"), S0("!")}, {S0("5\nhello\r\n0\r\n\r\n"), S0("!")},
    {S0("5\r\nhello0\r\n\r\n"), S0("!")}, {S0("5\r\nhello\n0\r\n\r\n"), S0("!")}, {S0("5\r\nhello!\r\n"), S0("!")}, {S0("\r\n"), S0("!")}, {S0(" 5\r\n"), S0("!")},
    {S0("5 \r\nhello\r\n"), S0("!")}, {S0("+5\r\n"), S0("!")}, {S0("-1\r\n"), S0("!")}, {S0("0x5\r\n"), S0("!")}, {S0("g\r\n"), S0("!")}, {S0(";\r\n"), S0("!")},
    {S0("fffffffffffffffff\r\n"), S0("!")}, {S0("0000000000000001\r\n"), S0("!")}, {S0("5;a\nb\r\n"), S0("!")}, {S0("5;\0\r\n"), S0("!")}, {S0("5;a\rb\r\n"), S0("!")},
    {S0("5\r\r\nhello"), S0("!")}, {S0("5;\r\nhello\r\n0\r\n\r\n"), S0("hello")}, {S0("5;a=\r\nhello\r\n0\r\n\r\n"), S0("hello")}, {S0("5;a\x01\r\n"), S0("!")}, {S0("A B\r\n"), S0("!")},
    {S0("0\r\nX: y\r\n z\r\n\r\n"), S0("!")}, {S0("5\thello\r\n"), S0("!")}, {S0("0\r\nX y: z\r\n\r\n"), S0("!")}, {S0("0\r\n: z\r\n\r\n"), S0("!")}, {S0("0\r\nX\r\n\r\n"), S0("!")}, {S0("0\r\n X: y\r\n\r\n"), S0("!")},
    {S0("0\r\nX: \0\r\n\r\n"), S0("!")}, {S0("0\r\nX: y\n\r\n"), S0("!")}, {S0("0\r\nX: y\rz\r\n\r\n"), S0("!")},
};

static void test_chunks(void)
{
    for (size_t i = 0; i < COUNT(chunks); i++)
        for (size_t step = 1; step <= chunks[i].in.n; step += step == 1 ? chunks[i].in.n - 1 : 1) {
            struct cx cx = t_cx();
            str got = unchunk(&cx, chunks[i].in, step);
            if (!str_eq(got, chunks[i].want)) fprintf(stderr, "chunk row %zu step %zu\n", i, step);
            T_STR(got, chunks[i].want);
            t_cx_free(&cx);
            if (chunks[i].in.n == 1) break;
        }
    struct cx cx = t_cx();
    T_STR(unchunk(&cx, long_text(&cx, S("5;"), 'a', 1 << 20 >> 1, S("\r\nhello\r\n0\r\n\r\n")), 4096), S("!"));
    T_STR(unchunk(&cx, long_text(&cx, S("5;"), 'a', 4000, S("\r\nhello\r\n0\r\n\r\n")), 4096), S("hello"));
    T_STR(unchunk(&cx, long_text(&cx, S("0\r\nX: "), 'a', 9000, S("\r\n\r\n")), 4096), S("!"));
    t_cx_free(&cx);
}

TESTS("http_parse", test_rows, test_fields, test_limits, test_chunks)
