/* SPDX-License-Identifier: MIT */
/* Requests and their answers on loopback, in the clear and under TLS: real sockets, short timers. */
#include "http_bed.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void test_keep_alive(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    int fd = dial(w);
    for (int i = 0; i < 20; i++) {
        put(fd, i % 2 ? S("GET /fast HTTP/1.1" E) : S("GET /slow HTTP/1.1" E));
        str r = get_reply(&cx, fd);
        T_INT(status_of(r), 200);
        T(str_has_suffix(r, S("\r\n\r\nhello")) && has(r, S("Cache-Control: no-store\r\n")) &&
          has(r, S("nosniff")));
    }
    put(fd, S("HEAD /fast HTTP/1.1" E
              "GET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /fast HTTP/1.1" E));
    str r = get_all(&cx, fd);
    ptrdiff_t second = str_find(str_cut(r, 8, r.n), S("HTTP/1.1 200"));
    T(second > 0 && has(r, S("Content-Length: 5\r\n")) && str_has_suffix(r, S("hello")));
    T(str_find(str_cut(r, (size_t)second + 20, r.n), S("HTTP/1.1")) < 0); /* none behind close */
    (void)close(fd);
    T_INT(status_of(ask(&cx, w, S("GET /fast HTTP/1.0\r\n\r\n"))), 200);
    T_INT(http_stats(w->s).requests, 23);
    stop(w);
    t_cx_free(&cx);
}

static void test_pipeline(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    for (int kind = 0; kind < 2; kind++) {
        int fd = dial(w), seen = 0;
        struct buf b = buf_new(cx.a, 1 << 20);
        for (int i = 0; i < 1000; i++)
            buf_add(&b, kind && i % 3 == 0
                            ? S("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
                            : S("GET /fast HTTP/1.1" E));
        put(fd, buf_str(&b));
        for (; seen < 1000; seen++)
            if (!str_has_suffix(get_reply(&cx, fd), S("hello"))) break;
        T_INT(seen, 1000);
        (void)close(fd);
    }
    stop(w);
    t_cx_free(&cx);
}

static const struct {
    str raw;
    int want;
} statuses[] = {
    {S0("GET /none HTTP/1.1" E), 404},
    {S0("DELETE /fast HTTP/1.1" E), 405},
    {S0("OPTIONS /fast HTTP/1.1" E), 204},
    {S0("OPTIONS * HTTP/1.1" E), 204},
    {S0("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n"), 413},
    {S0("GET /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"), 413},
    {S0("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\n\r\nabc"),
     415},
    {S0("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"), 404},
    {S0("GET /fast HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n"), 417},
    {S0("GET /fast HTTP/1.1\r\nHost: evil\r\n\r\n"), 421},
    {S0("GET /fast HTTP/2.0" E), 505},
    {S0("BREW /fast HTTP/1.1" E), 501},
    {S0("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), 501},
    {S0("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"), 400},
    {S0("GET / HTTP/1.1\nHost: a\n\n"), 400},
    {S0("GET http://a/fast HTTP/1.1\r\nHost: b\r\n\r\n"), 200},
    {S0("POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: u\r\n\r\n"),
     200},
    {S0("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
     200},
    {S0("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), 200},
    {S0("GET /sse?no=1 HTTP/1.1" E), 403},
    {S0("GET /sse-fast?no=1 HTTP/1.1" E), 403},
    /* one name, one place */
    {S0("GET /fast/ HTTP/1.1" E), 404},
    {S0("GET //fast HTTP/1.1" E), 404},
    {S0("GET /FAST HTTP/1.1" E), 404},
    {S0("GET /fast;x=1 HTTP/1.1" E), 404},
    {S0("GET /fast%20 HTTP/1.1" E), 404},
    {S0("GET /%66ast HTTP/1.1" E), 200},
    {S0("GET /x/..%2ffast HTTP/1.1" E), 400},
    {S0("GET /x/%2e%2e/fast HTTP/1.1" E), 400},
    {S0("GET /%c0%ae%c0%ae/fast HTTP/1.1" E), 400},
    {S0("GET /fast%00 HTTP/1.1" E), 400},
    {S0("GET /fast%ff HTTP/1.1" E), 400},
    {S0("GET /fast?a=%00 HTTP/1.1" E), 400},
    {S0("GET /fast?a=%c3%28 HTTP/1.1" E), 400},
    {S0("GET /fast?%ed%a0%80=1 HTTP/1.1" E), 400},
    /* the method is what the first line says */
    {S0("HEAD /none HTTP/1.1" E), 404},
    {S0("HEAD /fast?%ff HTTP/1.1" E), 400},
    {S0("OPTIONS /none HTTP/1.1" E), 404},
    {S0("TRACE /fast HTTP/1.1" E), 501},
    {S0("GET /fast?_method=DELETE HTTP/1.1" E), 200},
    {S0("GET /fast HTTP/1.1\r\nHost: a\r\nX-HTTP-Method-Override: DELETE\r\n\r\n"), 200},
    {S0("POST /fast HTTP/1.1\r\nHost: a\r\nX-HTTP-Method: DELETE\r\nX-Method-Override: PUT\r\n"
        "Content-Length: 0\r\n\r\n"),
     200},
    {S0("GET /fast HTTP/1.1\r\nHost: a\r\nX-Original-URL: /none\r\nX-Rewrite-URL: /none\r\n\r\n"),
     200},
};

static str repeated(struct cx *cx, str before, str each, int n, str after)
{
    struct buf b = buf_new(cx->a, 4 << 20);
    buf_add(&b, before);
    for (int i = 0; i < n; i++) buf_add(&b, each);
    buf_add(&b, after);
    return buf_str(&b);
}

/* What is refused ends the connection, and nothing behind it is served. */
static void test_refused(void)
{
    static const str next = S0("GET /fast HTTP/1.1\r\nHost: a\r\n\r\n");
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    const struct {
        str raw;
        int want;
    } rows[] = {
        {S("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: "
           "chunked\r\n\r\n0\r\n\r\nG"),
         400},
        {S("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: "
           "6\r\n\r\n0\r\n\r\nG"),
         400},
        {S("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n"),
         400},
        {S("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 400},
        {S("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\n\r\n"), 400},
        {S("GET /fast HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400},
        {S("GET /fast HTTP/1.1\r\nHost: a\r\n Content-Length: 44\r\n\r\n"), 400},
        {repeated(&cx, S("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;"),
                  S("abcdefgh"), 1 << 17, S("\r\na\r\n0\r\n\r\n")),
         400},
        {repeated(&cx, S("GET /fast HTTP/1.1\r\nHost: a\r\n"), S("X: y\r\n"), 10000, S("\r\n")),
         431},
        {repeated(&cx, S("GET /fast HTTP/1.1\r\nHost: a\r\nX: "), S("abcdefgh"), 8192,
                  S("\r\n\r\n")),
         431},
        {repeated(&cx, S("GET /fast?"), S("abcdefghij"), 10240, S(" HTTP/1.1\r\nHost: a\r\n\r\n")),
         414},
        {S("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n"), 413},
        {repeated(&cx, S("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
                  S("a\r\n0123456789\r\n"), 10001, S("0\r\n\r\n")),
         413},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int fd = dial(w);
        put(fd, rows[i].raw);
        put(fd, next);
        str r = get_all(&cx, fd);
        if (status_of(r) != rows[i].want)
            fprintf(stderr, "%.*s\n", FS(str_cut(rows[i].raw, 0, 200)));
        T_INT(status_of(r), rows[i].want);
        T(has(r, S("\r\nConnection: close\r\n")) && !has(r, S("hello")) &&
          !has(str_cut(r, 12, r.n), S("HTTP/1.1 ")));
        (void)close(fd);
    }
    wait_open(w, 0);
    T_INT(status_of(ask(&cx, w, next)), 200);
    stop(w);
    t_cx_free(&cx);
}

static void test_statuses(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){.hosts = S("x.de,a")});
    for (size_t i = 0; i < COUNT(statuses); i++) {
        str r = ask(&cx, w, statuses[i].raw);
        if (status_of(r) != statuses[i].want) fprintf(stderr, "%.*s\n", FS(statuses[i].raw));
        T_INT(status_of(r), statuses[i].want);
        if (statuses[i].want == 405) T(has(r, S("Allow: GET, HEAD, POST, OPTIONS\r\n")));
    }
    T_INT(w->gone, 2);
    T(str_has_suffix(ask(&cx, w, statuses[16].raw), S("\r\n\r\nabcde")));
    T_STR(str_cut(
              ask(&cx, w, S("GET /remote HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")),
              0, 12),
          S("HTTP/1.1 200"));
    T(str_has_suffix(
        ask(&cx, w, S("GET /remote HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")),
        S("\r\n127.0.0.1 plain")));
    int fd = dial(w); /* refused: nothing behind it is served */
    put(fd, S("GET / HTTP/1.1\r\nHost : a\r\n\r\nGET /fast HTTP/1.1" E));
    str r = get_all(&cx, fd);
    T(status_of(r) == 400 && !has(r, S("hello")) && has(r, S("Connection: close")));
    (void)close(fd);
    stop(w);
    t_cx_free(&cx);
}

static int status_for(struct cx *cx, const struct world *w, const char *from)
{
    str r =
        ask(cx, w,
            arena_fmt(cx->a, "GET /fast HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %s\r\n\r\n", from));
    if (status_of(r) == 429)
        T(has(r, S("\r\nRetry-After: ")) && has(r, S("\r\nConnection: close")));
    return status_of(r);
}

/* Behind a proxy each address has its own bucket; one that is empty fills again; loopback has none. */
static void test_rate(void)
{
    struct cx cx = t_cx();
    struct http_limits l = {.rate_per_addr = 4, .burst_per_addr = 20};
    struct world *w = start(&cx, (struct http_opts){.limit = l, .trusted_proxies = S("127.0.0.1")});
    int served = 0, refused = 0, fd = dial(w);
    for (int i = 0; i < 30; i++) {
        int st = status_for(&cx, w, "192.0.2.1");
        served += st == 200;
        refused += st == 429;
    }
    T(served >= 20 && refused > 0 && served + refused == 30);
    T_INT(status_for(&cx, w, "192.0.2.2"), 200);
    str told = ask(&cx, w, S("GET /fast HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n"));
    T(has(told, S("\r\nRateLimit-Policy: \"address\";q=20;w=5\r\nRateLimit: \"address\";r=19\r\n")));
    told = ask(&cx, w, S("GET /slow HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n"));
    T(has(told, S("\r\nRateLimit: \"address\";r=1")));
    T(!has(ask(&cx, w, S("GET /fast HTTP/1.1" E)), S("RateLimit"))); /* this machine itself has no limit */
    T_INT(status_for(&cx, w, "10.0.0.1, 192.0.2.3"), 200);
    /* on one connection, in one packet: what is over is refused and the connection ends */
    struct buf b = buf_new(cx.a, 65536);
    for (int i = 0; i < 60; i++)
        buf_add(&b, S("GET /fast HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 2001:db8::1\r\n\r\n"));
    put(fd, buf_str(&b));
    str r = get_all(&cx, fd);
    served = 0;
    for (ptrdiff_t at = 0; (at = str_find(r, S("hello"))) >= 0; served++)
        r = str_cut(r, (size_t)at + 5, r.n);
    T(served >= 20 && served < 60 && status_of(str_cut(r, 0, r.n)) == 429);
    (void)close(fd);
    T_INT(status_for(&cx, w, "2001:db8::2"), 429);     /* of the same network */
    T_INT(status_for(&cx, w, "2001:db8:0:1::2"), 200); /* of another one */
    for (int i = 0; i < 60; i++) T_INT(status_of(ask(&cx, w, S("GET /fast HTTP/1.1" E))), 200);
    (void)usleep(600000);
    T_INT(status_for(&cx, w, "192.0.2.1"), 200);
    stop(w);
    l.rate_per_addr = -1;
    w = start(&cx, (struct http_opts){.limit = l, .trusted_proxies = S("127.0.0.1")});
    for (int i = 0; i < 40; i++) T_INT(status_for(&cx, w, "192.0.2.1"), 200);
    stop(w);
    t_cx_free(&cx);
}

/* What no parser takes is told as the client's for whom the proxy spoke; else as the proxy's own, and marked. */
static struct {
    char addr[64];
    size_t n;
    bool proxy;
    int status;
} unread;
static void unread_told(void *arg, str addr, bool is_proxy, int status)
{
    (void)arg;
    unread.n = addr.n < sizeof unread.addr ? addr.n : 0;
    memcpy(unread.addr, addr.p, unread.n);
    unread.proxy = is_proxy;
    unread.status = status;
}

static void test_unread(void)
{
    static const struct {
        str trusted, req, addr;
        bool proxy;
        int status;
    } rows[] = {
        {S0("127.0.0.1"), S0("GET /fast HTTP/1.1\r\nHost: a\r\nno header\r\nX-Forwarded-For: 192.0.2.77\r\n\r\n"), S0("192.0.2.77"), false, 400},
        {S0("127.0.0.1"), S0("GET /fast HTTP/1.1\r\nHost: a\r\nno header\r\n\r\n"), S0("127.0.0.1"), true, 400},
        {S0("127.0.0.1"), S0("POST /fast HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.78\r\nContent-Length: 99999999999\r\n\r\n"), S0("192.0.2.78"), false, 0},
        {S0(""), S0("GET /fast HTTP/1.1\r\nHost: a\r\nno header\r\nX-Forwarded-For: 192.0.2.77\r\n\r\n"), S0("127.0.0.1"), false, 400},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cx cx = t_cx();
        struct world *w = start(&cx, (struct http_opts){.trusted_proxies = rows[i].trusted, .refused = unread_told});
        unread.n = 0;
        int st = status_of(ask(&cx, w, rows[i].req));
        stop(w);
        T(st >= 400 && st < 500 && unread.status == st && (!rows[i].status || st == rows[i].status));
        T_STR(((str){unread.addr, unread.n}), rows[i].addr);
        T(unread.proxy == rows[i].proxy);
        t_cx_free(&cx);
    }
}

/* All uploads on their way together have a bound, which those that ended give back; and the disk keeps its reserve. */
static void test_spool_full(void)
{
    struct cx cx = t_cx();
    const struct http_limits small = {.body_memory_bytes = 1000, .spool_total_bytes = 50000}, disk = {.body_memory_bytes = 1000, .disk_reserve_bytes = SIZE_MAX / 4};
    char *body = NEW_N(cx.a, char, 60001);
    memset(body, 'a', 60000);
    str large = arena_fmt(cx.a, "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n%s", body);
    str fits = arena_fmt(cx.a, "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n%.40000s", body);
    struct world *w = start(&cx, (struct http_opts){.limit = small});
    for (int i = 0; i < 3; i++) {
        T_INT(status_of(ask(&cx, w, large)), 503);
        T(str_has_suffix(ask(&cx, w, fits), S("spooled 40000")));
    }
    stop(w);
    w = start(&cx, (struct http_opts){.limit = disk});
    T_INT(status_of(ask(&cx, w, fits)), 507);
    stop(w);
    t_cx_free(&cx);
}

static void test_bodies(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){.limit.body_memory_bytes = 50000});
    int fd = dial(w);
    put(fd,
        S("POST /slow HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
    T_STR(get(&cx, fd, 25), S("HTTP/1.1 100 Continue\r\n\r\n"));
    put(fd, S("he"));
    (void)usleep(20000);
    put(fd, S("lloGET /fast HTTP/1.1" E));
    T(str_has_suffix(get_reply(&cx, fd), S("\r\n\r\nhello")));
    T(str_has_suffix(get_reply(&cx, fd), S("\r\n\r\nhello")));
    struct buf b = buf_new(cx.a, 1 << 21); /* byte by byte over the wire, then large */
    str small = S("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    for (size_t i = 0; i < small.n; i++) {
        put(fd, str_cut(small, i, i + 1));
        if (i % 8 == 0) (void)usleep(500);
    }
    T(str_has_suffix(get_reply(&cx, fd), S("\r\n\r\nabc")));
    buf_add(&b, S("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
    for (int i = 0; i < 10000; i++) buf_add(&b, S("0123456789"));
    put(fd, buf_str(&b));
    str r = get(&cx, fd, 100000);
    T(status_of(r) == 200 && has(r, S("Content-Length: 100000\r\n")));
    (void)close(fd);
    str up =
        arena_fmt(cx.a, "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n%.*s",
                  FS(str_cut(buf_str(&b), 100, 60100)));
    T(str_has_suffix(ask(&cx, w, up), S("spooled 60000")));
    up = arena_fmt(cx.a,
                   "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                   "chunked\r\n\r\nEA60\r\n%.*s\r\n0\r\n\r\n",
                   FS(str_cut(buf_str(&b), 100, 60100)));
    T(str_has_suffix(ask(&cx, w, up), S("spooled 60000")));
    /* chunks beyond the route's limit: refused while they come */
    fd = dial(w);
    put(fd, S("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n"));
    put(fd, str_cut(buf_str(&b), 0, 100060));
    put(fd, S("0123456789"));
    T_INT(status_of(get_reply(&cx, fd)), 413);
    (void)close(fd);
    stop(w);
    t_cx_free(&cx);
}

/* What turns out to be long in the loop is run again by a worker; those behind it on the connection wait their turn. */
static void test_again(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    T(has(ask(&cx, w, S("GET /long HTTP/1.1" E)), S("\r\n\r\nagain")));
    T(has(ask(&cx, w, S("GET /longer HTTP/1.1" E)), S("\r\n\r\nworker")));
    T(has(ask(&cx, w, S("POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")), S("\r\n\r\nagainabc")));
    T(has(ask(&cx, w, S("POST /long HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")),
          S("\r\n\r\nagainabc")));
    int fd = dial(w);
    put(fd, S("GET /fast HTTP/1.1" E "GET /long HTTP/1.1" E "GET /fast HTTP/1.1" E));
    T(has(get_reply(&cx, fd), S("hello")));
    T(has(get_reply(&cx, fd), S("again")));
    T(has(get_reply(&cx, fd), S("hello")));
    close(fd);
    stop(w);
    t_cx_free(&cx);
}

static void test_files(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    int fd = -1;
    T_OK(&cx, os_temp_file(&cx, S("/tmp/kontor-file-"), &fd, &w->file));
    char *p = arena_get(cx.a, 3000000);
    for (int i = 0; i < 3000000; i++) p[i] = (char)('a' + i % 23);
    T_OK(&cx, os_write_all(&cx, fd, (str){p, 3000000}));
    os_close_fd(&fd);
    fd = dial(w);
    put(fd, S("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    str r = get(&cx, fd, 4000000);
    (void)close(fd);
    T(has(str_cut(r, 0, 2000), S("Content-Length: 3000000\r\n")) &&
      has(str_cut(r, 0, 2000), S("Accept-Ranges: bytes")));
    T(r.n > 3000000 && memcmp(r.p + r.n - 3000000, p, 3000000) == 0);
    ptrdiff_t at = str_find(r, S("ETag: "));
    str etag = S(""), rest = S("");
    (void)str_split(str_cut(r, (size_t)at + 6, (size_t)at + 100), '\r', &etag, &rest);
    r = ask(
        &cx, w,
        arena_fmt(cx.a, "GET /file HTTP/1.1\r\nHost: a\r\nIf-None-Match: %.*s\r\n\r\n", FS(etag)));
    T(status_of(r) == 304 && has(r, S("nosniff")) && !has(r, S("Content-Length")));
    r = ask(
        &cx, w,
        arena_fmt(cx.a,
                  "GET /file HTTP/1.1\r\nHost: a\r\nRange: bytes=23-45\r\nIf-Range: %.*s\r\n\r\n",
                  FS(etag)));
    T(status_of(r) == 206 && str_has_suffix(r, S("\r\n\r\nabcdefghijklmnopqrstuvw")) &&
      has(r, S("Content-Range: bytes 23-45/3000000\r\n")));
    r = ask(&cx, w, S("GET /file HTTP/1.1\r\nHost: a\r\nRange: bytes=3000000-\r\n\r\n"));
    T(status_of(r) == 416 && has(r, S("bytes */3000000")));
    T(has(ask(&cx, w, S("HEAD /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
          S("Content-Length: 3000000\r\n")));
    (void)unlink(w->file.p);
    T_INT(status_of(ask(&cx, w, S("GET /file HTTP/1.1" E))), 404);
    r = ask(&cx, w,
            S("GET /asset HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br;q=0.1, gzip;q=0.9\r\n\r\n"));
    T(has(r, S("Content-Encoding: gzip\r\n")) && str_has_suffix(r, S("\r\n\r\nGZ")) &&
      has(r, S("ETag: \"v1-gzip\"\r\n")));
    stop(w);
    t_cx_free(&cx);
}

/* ---- TLS: a key and certificate of the moment ---- */
static void make_cert(str cert, str key, const char *name)
{
    EVP_PKEY *k = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), 0);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    (void)X509_set_pubkey(x, k);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                     (const unsigned char *)name, -1, -1, 0);
    (void)X509_set_issuer_name(x, X509_get_subject_name(x));
    T(X509_sign(x, k, EVP_sha256()) > 0);
    FILE *f = fopen(cert.p, "we");
    T(f && PEM_write_X509(f, x) == 1 && fclose(f) == 0);
    f = fopen(key.p, "we");
    T(f && PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL) == 1 && fclose(f) == 0);
    X509_free(x);
    EVP_PKEY_free(k);
}

static void test_tls(void)
{
    struct cx cx = t_cx();
    char dir[] = "/tmp/kontor-tls-XXXXXX";
    T(mkdtemp(dir) != NULL);
    str cert = arena_fmt(cx.a, "%s/c", dir), key = arena_fmt(cx.a, "%s/k", dir);
    struct http_server *none = NULL;
    struct http_opts bad = {.listen = S("127.0.0.1:0"),
                            .tls_cert = cert,
                            .tls_key = key,
                            .handle = handle,
                            .arena = arena_of,
                            .router = router_of(&cx)};
    T(http_start(&cx, &bad, &none) == E_INVALID && !none);
    make_cert(cert, key, "kontor");
    struct world *w =
        start(&cx, (struct http_opts){.tls_cert = cert, .tls_key = key, .limit.header_ms = 300});
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    int plain = dial(w), silent = dial(w);
    put(plain, S("GET /fast HTTP/1.1" E));
    for (int v = 0; v < 2; v++) {
        int fd = dial(w);
        SSL *ssl = SSL_new(ctx);
        if (v) (void)SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
        (void)SSL_set_fd(ssl, fd);
        T(SSL_connect(ssl) == 1);
        char got[65536];
        for (int i = 0; i < 3; i++) {
            str ask_for = i == 1 ? S("GET /remote HTTP/1.1" E) : S("GET /fast HTTP/1.1" E);
            T(SSL_write(ssl, ask_for.p, (int)ask_for.n) > 0);
            int n = SSL_read(ssl, got, sizeof got);
            str r = {got, n > 0 ? (size_t)n : 0};
            T(status_of(r) == 200 && has(r, S("Strict-Transport-Security: ")));
            T(str_has_suffix(r, i == 1 ? S("127.0.0.1 tls") : S("hello")));
        }
        str big = S("GET /stream?n=3000 HTTP/1.1" E);
        T(SSL_write(ssl, big.p, (int)big.n) > 0);
        size_t all = 0;
        for (int n; all < 3000 * 1000 && (n = SSL_read(ssl, got, sizeof got)) > 0;)
            all += (size_t)n;
        T(all >= 3000 * 1000);
        SSL_free(ssl);
        (void)close(fd);
    }
    T(closed(plain) && closed(silent));
    make_cert(cert, key, "renewed");
    bool renewed = false;
    for (int i = 0; i < 100 && !renewed; i++) {
        w->s->tls_checked_ms = -1000000; /* look at once, not in ten seconds */
        int fd = dial(w);
        SSL *ssl = SSL_new(ctx);
        (void)SSL_set_fd(ssl, fd);
        T(SSL_connect(ssl) == 1);
        X509 *x = SSL_get1_peer_certificate(ssl);
        char cn[64] = "";
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, cn, sizeof cn);
        renewed = str_eq(str_from(cn), S("renewed"));
        X509_free(x);
        SSL_free(ssl);
        (void)close(fd);
        (void)usleep(30000);
    }
    T(renewed);
    SSL_CTX_free(ctx);
    (void)close(plain);
    (void)close(silent);
    wait_open(w, 0);
    stop(w);
    (void)unlink(cert.p);
    (void)unlink(key.p);
    (void)rmdir(dir);
    t_cx_free(&cx);
}

static void test_listen(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    struct http_server *none = NULL;
    struct http_opts o = {.handle = handle, .arena = arena_of, .router = w->router};
    o.listen = arena_fmt(cx.a, "127.0.0.1:%d", http_port(w->s));
    T(http_start(&cx, &o, &none) != E_OK && !none); /* taken, in spite of SO_REUSEPORT */
    str junk[] = {S(""),         S("x"),
                  S("1.2.3:80"), S("127.0.0.1:99999"),
                  S("[::1:80"),  S("unix:/no/such/folder/s"),
                  S("host:80")};
    for (size_t i = 0; i < COUNT(junk); i++) {
        o.listen = junk[i];
        T(http_start(&cx, &o, &none) != E_OK && !none);
    }
    stop(w);
    char dir[] = "/tmp/kontor-un-XXXXXX";
    T(mkdtemp(dir) != NULL);
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    (void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s/s", dir);
    w = start(&cx, (struct http_opts){.listen = arena_fmt(cx.a, "unix:%s", sa.sun_path),
                                      .trusted_proxies = S("unix")});
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    T(connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    put(fd, S("GET /remote HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: "
              "https\r\n\r\n"));
    T(str_has_suffix(get_reply(&cx, fd), S("6.6.6.6 tls")));
    (void)close(fd);
    stop(w);
    T(rmdir(dir) == 0);
    t_cx_free(&cx);
}

TESTS("http_server", test_keep_alive, test_pipeline, test_statuses, test_again, test_refused, test_unread, test_rate,
      test_bodies, test_spool_full, test_files, test_tls, test_listen)
