/* SPDX-License-Identifier: MIT */
/* The server on loopback: real sockets, short timers. */
#include "http/http_int.h"
#include "t.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- the application under the server ---- */
struct world {
    struct router *router;
    struct http_server *s;
    str file;
    _Atomic int64_t sse_id;
    _Atomic int gone, stream_end, hold, running, threads;
};
struct thread {
    struct arena *a;
};

static enum err h_hello(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)cx, (void)rq;
    rs->type = S("text/plain");
    buf_add(&rs->body, S("hello"));
    return E_OK;
}
static enum err h_echo(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str b = rq->body;
    if (rq->body_file.n) {
        struct stat st = {0};
        if (stat(arena_z(cx->a, rq->body_file), &st) != 0 || st.st_size != rq->body_bytes)
            return fail(cx, E_INTERNAL, "spool");
        b = arena_fmt(cx->a, "spooled %" PRId64, rq->body_bytes);
    }
    buf_add(&rs->body, b);
    return E_OK;
}
static enum err h_remote(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)cx;
    buf_add(&rs->body, rq->remote);
    buf_add(&rs->body, rq->tls ? S(" tls") : S(" plain"));
    return E_OK;
}
static enum err h_file(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)rq;
    rs->type = S("application/octet-stream");
    rs->file = ((struct world *)(void *)cx->app)->file;
    return E_OK;
}
static const struct asset asset = {.type = S0("text/css"),
                                   .etag = S0("\"v1\""),
                                   .raw = S0("raw asset"),
                                   .gzip = S0("GZ"),
                                   .br = S0("B")};
static enum err h_asset(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)cx, (void)rq;
    rs->asset = &asset;
    return E_OK;
}
static enum err h_hold(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct world *w = (struct world *)(void *)cx->app;
    w->running++;
    while (w->hold) (void)usleep(1000);
    w->running--;
    return h_hello(cx, rq, rs);
}
static enum err h_stream(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct world *w = (struct world *)(void *)cx->app;
    int64_t n = 3;
    str v = S("");
    if (http_query(cx, rq, S("n"), &v) && !str_to_int(v, &n)) return fail(cx, E_BAD, "n");
    rs->type = S("text/csv");
    TRY(http_stream_begin(cx, rs));
    enum err e = E_OK;
    for (int64_t i = 0; i < n && e == E_OK; i++) {
        struct arena_mark m = arena_mark(cx->a);
        e = http_stream_write(
            cx, rs, arena_fmt(cx->a, "line %04" PRId64 "%*s\n", i, n > 100 ? 1000 : 1, ""));
        arena_back(cx->a, m);
    }
    w->stream_end = e == E_OK ? 1 : e == E_UNCERTAIN ? 2 : 3;
    if (http_query(cx, rq, S("fail"), &v)) return fail(cx, E_INTERNAL, "broke");
    return e;
}
static void sse_gone(void *tag) { ((struct world *)tag)->gone++; }
static enum err h_sse(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct world *w = (struct world *)(void *)cx->app;
    int64_t id = 0;
    str v = S("");
    TRY(http_sse_begin(cx, rs, w, sse_gone, &id));
    if (http_query(cx, rq, S("no"), &v)) return fail(cx, E_DENIED, "no");
    w->sse_id = id;
    return E_OK;
}

#define R(m, p, f, fl, max)                                                                        \
    {                                                                                              \
        .method = m, .path = S0(p), .fn = f, .flags = fl, .body_max = max                          \
    }
static const struct route routes[] = {
    R(GET, "/fast", h_hello, R_FAST, 0),
    R(GET, "/slow", h_hello, 0, 0),
    R(POST, "/fast", h_echo, R_FAST, 100000),
    R(POST, "/slow", h_echo, 0, 100000),
    R(POST, "/upload", h_echo, R_UPLOAD, 10 << 20),
    R(GET, "/file", h_file, 0, 0),
    R(GET, "/asset", h_asset, R_FAST, 0),
    R(GET, "/hold", h_hold, 0, 0),
    R(GET, "/stream", h_stream, R_STREAM, 0),
    R(GET, "/sse", h_sse, 0, 0),
    R(GET, "/sse-fast", h_sse, R_FAST, 0),
    R(GET, "/remote", h_remote, 0, 0),
};

static void *thread_start(void *arg)
{
    ((struct world *)arg)->threads++;
    struct thread *t = calloc(1, sizeof *t);
    if (t) t->a = arena_new();
    return t;
}
static void thread_end(void *arg, void *thread)
{
    struct thread *t = thread;
    ((struct world *)arg)->threads--;
    arena_free(&t->a);
    free(t);
}
static struct arena *arena_of(void *thread) { return ((struct thread *)thread)->a; }
static void handle(void *arg, void *thread, struct req *rq, struct resp *rs)
{
    struct world *w = arg;
    struct cx cx = {.a = ((struct thread *)thread)->a, .app = (struct app *)arg, .req = S("r1")};
    http_dispatch(&cx, w->router, NULL, rq, rs);
}

static struct world *start(struct cx *cx, struct http_opts o)
{
    struct world *w = calloc(1, sizeof *w);
    assert(w);
    w->router = router_new(cx->a, routes, COUNT(routes));
    if (!o.listen.n) o.listen = S("127.0.0.1:0");
    o.arg = w;
    o.thread_start = thread_start;
    o.thread_end = thread_end;
    o.handle = handle;
    o.arena = arena_of;
    o.router = w->router;
    o.spool_dir = S("/tmp");
    if (!o.limit.worker_stack_bytes)
        o.limit.worker_stack_bytes = 1 << 20; /* the sanitizers need more */
    T_OK(cx, http_start(cx, &o, &w->s));
    return w;
}
static void stop(struct world *w)
{
    http_stop(&w->s);
    T(w->s == NULL);
    T_INT(w->threads, 0);
    free(w);
}

/* ---- a client ---- */
static int dial(const struct world *w)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port(w->s)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval tv = {.tv_sec = 5};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    assert(connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    return fd;
}
static void put(int fd, str s)
{
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n <= 0) return;
        s = str_cut(s, (size_t)n, s.n);
    }
}
/* Reads until `n` bytes, the end, or 5 s. */
static str get(struct cx *cx, int fd, size_t n)
{
    char *p = arena_get(cx->a, n + 1);
    size_t at = 0;
    while (at < n) {
        ssize_t got = recv(fd, p + at, n - at, 0);
        if (got <= 0) break;
        at += (size_t)got;
    }
    return (str){p, at};
}
static str get_all(struct cx *cx, int fd) { return get(cx, fd, 1 << 20); }
/* One reply with Content-Length. */
static str get_reply(struct cx *cx, int fd)
{
    char *p = arena_get(cx->a, 65536);
    size_t n = 0;
    int64_t want = -1;
    while (n < 65535 && (want < 0 || (int64_t)n < want)) {
        ssize_t got = recv(fd, p + n, want < 0 ? 1 : (size_t)(want - (int64_t)n), 0);
        if (got <= 0) break;
        n += (size_t)got;
        if (want >= 0 || n < 4 || memcmp(p + n - 4, "\r\n\r\n", 4) != 0) continue;
        ptrdiff_t at = str_find((str){p, n}, S("Content-Length: "));
        str num = S(""), rest = S("");
        int64_t len = 0;
        if (at > 0) (void)str_split(str_cut((str){p, n}, (size_t)at + 16, n), '\r', &num, &rest);
        (void)str_to_int(num, &len);
        want = (int64_t)n + len < 65535 ? (int64_t)n + len : 65535;
    }
    return (str){p, n};
}
static int status_of(str reply)
{
    int64_t st = 0;
    return str_to_int(str_cut(reply, 9, 12), &st) ? (int)st : 0;
}
static str ask(struct cx *cx, const struct world *w, str request)
{
    int fd = dial(w);
    put(fd, request);
    str r = get_reply(cx, fd);
    (void)close(fd);
    return r;
}
static bool has(str s, str part) { return str_find(s, part) >= 0; }
static bool closed(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}
#define E "\r\nHost: a\r\n\r\n"

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
};

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

static void wait_for(const _Atomic int *v, int want)
{
    for (int i = 0; i < 5000 && *v != want; i++) (void)usleep(1000);
    T_INT(*v, want);
}
static void wait_open(const struct world *w, int64_t want)
{
    for (int i = 0; i < 5000 && http_stats(w->s).conns_open != want; i++) (void)usleep(1000);
    T_INT(http_stats(w->s).conns_open, want);
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

static void test_slow_clients(void)
{
    struct cx cx = t_cx();
    struct http_limits l = {.header_ms = 150,
                            .body_idle_ms = 150,
                            .idle_ms = 300,
                            .write_idle_ms = 200,
                            .linger_ms = 50};
    struct world *w = start(&cx, (struct http_opts){.limit = l});
    int silent = dial(w), head = dial(w), body = dial(w), idle = dial(w), reader = dial(w),
        drip = dial(w);
    int small = 4096;
    (void)setsockopt(reader, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    put(head, S("GET /fast HTTP/1.1\r\nHo"));
    put(body, S("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"));
    put(idle, S("GET /fast HTTP/1.1" E));
    put(reader, S("GET /stream?n=20000 HTTP/1.1" E));
    for (int i = 0; i < 12; i++) { /* a byte now and then does not help */
        put(drip, str_cut(S("GET /fast HTTP/1.1\r\nX: y\r\n"), (size_t)i, (size_t)i + 1));
        (void)usleep(20000);
    }
    T_INT(status_of(get_reply(&cx, head)), 408);
    T_INT(status_of(get_reply(&cx, body)), 408);
    T_INT(status_of(get_reply(&cx, idle)), 200);
    T_INT(status_of(get_reply(&cx, drip)), 408);
    T(closed(silent));
    T(closed(idle));
    wait_for(&w->stream_end, 2); /* the worker heard that nobody reads */
    wait_open(w, 0);
    int all[] = {silent, head, body, idle, reader, drip};
    for (size_t i = 0; i < COUNT(all); i++) (void)close(all[i]);
    stop(w);
    t_cx_free(&cx);
}

static void test_streams(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    int fd = dial(w);
    put(fd, S("GET /stream HTTP/1.1" E "GET /stream HTTP/1.0\r\n\r\n"));
    str r = get_all(&cx, fd);
    T(has(r, S("Transfer-Encoding: chunked\r\n")) &&
      has(r, S("\r\n\r\nb\r\nline 0000 \n\r\nb\r\nline 0001 \n\r\nb\r\nline 0002 "
               "\n\r\n0\r\n\r\nHTTP/1.1 200")));
    T(str_has_suffix(r, S("\r\n\r\nline 0000 \nline 0001 \nline 0002 \n")));
    (void)close(fd);
    fd = dial(w);
    put(fd, S("GET /stream?n=5000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    r = get(&cx, fd, 8 << 20);
    T(has(str_cut(r, r.n - 1100, r.n), S("line 4999")) && str_has_suffix(r, S("0\r\n\r\n")) &&
      r.n > 5000 * 1000);
    (void)close(fd);
    fd = dial(w);
    put(fd, S("GET /stream?fail=1 HTTP/1.1" E));
    r = get_all(&cx, fd);
    T(has(r, S("line 0002")) || r.n == 0); /* broken off: no last chunk */
    T(!has(r, S("0\r\n\r\n")));
    (void)close(fd);
    w->stream_end = 0;
    fd = dial(w); /* goes away in the middle */
    put(fd, S("GET /stream?n=200000 HTTP/1.1" E));
    (void)get(&cx, fd, 1000);
    (void)close(fd);
    wait_for(&w->stream_end, 2);
    fd = dial(w);
    put(fd,
        S("HEAD /stream HTTP/1.1" E "GET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    r = get_all(&cx, fd);
    T(!has(r, S("line")) && str_has_suffix(r, S("hello")));
    (void)close(fd);
    stop(w);
    t_cx_free(&cx);
}

static void test_events(void)
{
    struct cx cx = t_cx();
    struct http_limits l = {.sse_queue_bytes = 8192, .sse_ping_ms = 100, .write_idle_ms = 5000};
    struct world *w = start(&cx, (struct http_opts){.limit = l});
    for (int kind = 0; kind < 2; kind++) {
        w->sse_id = 0;
        w->gone = 0;
        int fd = dial(w);
        put(fd, kind ? S("GET /sse HTTP/1.1" E) : S("GET /sse-fast HTTP/1.1" E));
        for (int i = 0; i < 3000 && !w->sse_id; i++) (void)usleep(1000);
        T(http_sse_send(w->s, w->sse_id, S("deal"), 7, S("{\"a\":1}\nx\r\ny")));
        str want = S("id: 7\nevent: deal\ndata: {\"a\":1}\ndata: x\ndata: y\n\n");
        str r = get_reply(&cx, fd);
        T(has(r, S("text/event-stream")) && has(r, S("no-store")) && !has(r, S("Content-Length")));
        T_STR(get(&cx, fd, want.n), want);
        T_STR(get(&cx, fd, 3), S(":\n\n"));
        if (kind) http_sse_end(w->s, w->sse_id);
        else (void)close(fd);
        wait_for(&w->gone, 1);
        if (kind) T(has(get_all(&cx, fd), S("")) && close(fd) == 0);
        T(!http_sse_send(w->s, w->sse_id, S("x"), 8, S("y")));
    }
    T(!http_sse_send(w->s, 0, S("x"), 8, S("y")) && !http_sse_send(w->s, -1, S("x"), 8, S("y")) &&
      !http_sse_send(w->s, INT64_MAX, S("x"), 8, S("y")));
    w->gone = 0; /* one who does not read is cut */
    w->sse_id = 0;
    int fd = dial(w), sent = 0;
    put(fd, S("GET /sse HTTP/1.1" E));
    for (int i = 0; i < 3000 && !w->sse_id; i++) (void)usleep(1000);
    str big = arena_fmt(cx.a, "%4000s", "x");
    while (sent < 100000 && http_sse_send(w->s, w->sse_id, S(""), 0, big)) sent++;
    T(sent > 1 && sent < 100000);
    wait_for(&w->gone, 1);
    (void)close(fd);
    T_INT(http_stats(w->s).sse_open, 0);
    stop(w);
    t_cx_free(&cx);
}

static void test_overload(void)
{
    struct cx cx = t_cx();
    struct world *w = start(
        &cx, (struct http_opts){
                 .limit = {.workers = 2, .worker_queue = 3, .conns_per_addr = 40, .loops = 1}});
    int fd[45], ok = 0, busy = 0;
    w->hold = 1;
    for (int i = 0; i < 2; i++) put(fd[i] = dial(w), S("GET /hold HTTP/1.1" E));
    wait_for(&w->running, 2);
    for (int i = 2; i < 10; i++) put(fd[i] = dial(w), S("GET /hold HTTP/1.1" E));
    T_INT(status_of(ask(&cx, w, S("GET /fast HTTP/1.1" E))), 200); /* the loop is free */
    (void)usleep(50000);
    w->hold = 0;
    for (int i = 0; i < 10; i++) {
        str r = get_reply(&cx, fd[i]);
        ok += status_of(r) == 200;
        busy += status_of(r) == 503 && has(r, S("Retry-After: "));
        (void)close(fd[i]);
    }
    T_INT(ok, 5);
    T_INT(busy, 5);
    wait_open(w, 0);
    for (int i = 0; i < 41; i++) fd[i] = dial(w);
    T_INT(status_of(get_reply(&cx, fd[40])), 429);
    for (int i = 0; i < 41; i++) (void)close(fd[i]);
    wait_open(w, 0);
    T_INT(status_of(ask(&cx, w, S("GET /fast HTTP/1.1" E))), 200);
    stop(w);
    w = start(&cx, (struct http_opts){.limit = {.conns = 3, .loops = 1}});
    for (int i = 0; i < 4; i++) fd[i] = dial(w);
    T_INT(status_of(get_reply(&cx, fd[3])), 503);
    for (int i = 0; i < 4; i++) (void)close(fd[i]);
    stop(w);
    t_cx_free(&cx);
}

static void test_drain(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    int idle = dial(w), busy = dial(w);
    put(idle, S("GET /fast HTTP/1.1" E));
    T_INT(status_of(get_reply(&cx, idle)), 200);
    w->hold = 1;
    put(busy, S("GET /hold HTTP/1.1" E));
    wait_for(&w->running, 1);
    http_drain(w->s, 50);
    T(closed(idle));
    T_INT(http_stats(w->s).conns_open, 1);
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port(w->s)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int late = socket(AF_INET, SOCK_STREAM, 0);
    T(connect(late, (struct sockaddr *)&sa, sizeof sa) != 0);
    w->hold = 0;
    T(str_has_suffix(get_all(&cx, busy), S("hello"))); /* served, then closed */
    (void)close(busy);
    http_drain(w->s, 3000);
    T_INT(http_stats(w->s).conns_open, 0);
    (void)close(idle);
    (void)close(late);
    stop(w);
    t_cx_free(&cx);
}

static void test_stop_in_the_middle(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    int a = dial(w), b = dial(w), c = dial(w);
    put(a, S("GET /stream?n=2000000 HTTP/1.1" E));
    put(b, S("GET /sse HTTP/1.1" E));
    put(c, S("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"));
    (void)get(&cx, a, 100);
    for (int i = 0; i < 3000 && !w->sse_id; i++) (void)usleep(1000);
    http_stop(&w->s);
    T_INT(w->gone, 1);
    T_INT(w->stream_end, 2);
    free(w);
    (void)close(a);
    (void)close(b);
    (void)close(c);
    t_cx_free(&cx);
}

enum { IDLE_CONNS = 5000 };
static void test_idle_memory(void)
{
    struct cx cx = t_cx();
    T(sizeof(struct conn) <= 240); /* with malloc's own: 256 */
    T(sizeof(struct http_sse) <= 256);
    int n = os_raise_nofile() > 2 * IDLE_CONNS + 100 ? IDLE_CONNS : 200;
    struct world *w = start(&cx, (struct http_opts){.limit = {.conns_per_addr = 20000}});
    int *fd = NEW_N(cx.a, int, (size_t)n);
    T_INT(status_of(ask(&cx, w, S("GET /slow HTTP/1.1" E))), 200);
    int64_t before = os_rss_anon_bytes();
    for (int i = 0; i < n; i++) {
        fd[i] = dial(w);
        put(fd[i], S("GET /fast HTTP/1.1" E));
        struct arena_mark m = arena_mark(cx.a);
        T_INT(status_of(get_reply(&cx, fd[i])), 200);
        arena_back(cx.a, m);
    }
    int64_t each = (os_rss_anon_bytes() - before) / n;
    fprintf(stderr, "%d idle connections: %" PRId64 " bytes each\n", n, each);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (n == IDLE_CONNS) T(each <= 320); /* 256 of ours; the rest is the noise of pages */
#endif
    T_INT(http_stats(w->s).conns_open, n);
    for (int i = 0; i < n; i++) (void)close(fd[i]);
    wait_open(w, 0);
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
                            .router = router_new(cx.a, routes, COUNT(routes))};
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

TESTS("http_server", test_keep_alive, test_pipeline, test_statuses, test_bodies, test_files,
      test_slow_clients, test_streams, test_events, test_overload, test_drain,
      test_stop_in_the_middle, test_idle_memory, test_tls, test_listen)
