/* SPDX-License-Identifier: MIT */
/* Connections that last: slow clients, streams, events, overload, draining, and thousands that do nothing. */
#include "http_bed.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__has_feature) /* clang; older gcc has names instead */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

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

/* The whole reply lies in the socket's buffer: for the server he is idle, and takes nothing all the same. */
static void test_takes_nothing(void)
{
    struct cx cx = t_cx();
    struct http_limits l = {.idle_ms = 600000, .header_ms = 600000, .write_idle_ms = 200};
    struct world *w = start(&cx, (struct http_opts){.limit = l});
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(w->s)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 1024;
    char body[9000];
    memset(body, 'x', sizeof body);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small); /* before: it bounds the window */
    T(connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    put(fd, S("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n"));
    put(fd, (str){body, sizeof body});
    for (int i = 0; i < 5000 && http_stats(w->s).by_status[2] == 0; i++) (void)usleep(1000);
    T_INT(http_stats(w->s).by_status[2], 1);
    wait_open(w, 0);
    (void)close(fd);
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

static void wait_events(const struct world *w)
{
    for (int i = 0; i < 3000 && !w->sse_id; i++) (void)usleep(1000);
    T(w->sse_id != 0);
}

/* An event, pings, and the end from one side: the client's, or the server's. */
static void events_heard(struct cx *cx, struct world *w, str request, bool server_ends)
{
    w->sse_id = 0;
    w->gone = 0;
    int fd = dial(w);
    put(fd, request);
    wait_events(w);
    T(http_sse_send(w->s, w->sse_id, S("deal"), 7, S("{\"a\":1}\nx\r\ny")));
    str want = S("id: 7\nevent: deal\ndata: {\"a\":1}\ndata: x\ndata: y\n\n");
    str r = get_reply(cx, fd);
    T(has(r, S("text/event-stream")) && has(r, S("no-store")) && !has(r, S("Content-Length")));
    T_STR(get(cx, fd, want.n), want);
    T_STR(get(cx, fd, 3), S(":\n\n"));
    if (server_ends) http_sse_end(w->s, w->sse_id);
    else (void)close(fd);
    wait_for(&w->gone, 1);
    if (server_ends) T(has(get_all(cx, fd), S("")) && close(fd) == 0);
    T(!http_sse_send(w->s, w->sse_id, S("x"), 8, S("y")));
}

/* One who does not read is cut. */
static void events_unread(struct cx *cx, struct world *w)
{
    w->gone = 0;
    w->sse_id = 0;
    int fd = dial(w), sent = 0;
    put(fd, S("GET /sse HTTP/1.1" E));
    wait_events(w);
    str big = arena_fmt(cx->a, "%4000s", "x");
    while (sent < 100000 && http_sse_send(w->s, w->sse_id, S(""), 0, big)) sent++;
    T(sent > 1 && sent < 100000);
    wait_for(&w->gone, 1);
    (void)close(fd);
}

static void test_events(void)
{
    struct cx cx = t_cx();
    struct http_limits l = {.sse_queue_bytes = 8192, .sse_ping_ms = 100, .write_idle_ms = 5000};
    struct world *w = start(&cx, (struct http_opts){.limit = l});
    events_heard(&cx, w, S("GET /sse-fast HTTP/1.1" E), false);
    events_heard(&cx, w, S("GET /sse HTTP/1.1" E), true);
    T(!http_sse_send(w->s, 0, S("x"), 8, S("y")) && !http_sse_send(w->s, -1, S("x"), 8, S("y")) &&
      !http_sse_send(w->s, INT64_MAX, S("x"), 8, S("y")));
    events_unread(&cx, w);
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
    wait_events(w);
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
#if !defined(SANITIZED)
    if (n == IDLE_CONNS) T(each <= 320); /* 256 of ours; the rest is the noise of pages */
#endif
    T_INT(http_stats(w->s).conns_open, n);
    for (int i = 0; i < n; i++) (void)close(fd[i]);
    wait_open(w, 0);
    stop(w);
    t_cx_free(&cx);
}

/* Idle memory first: later, what others gave back would hide what it takes. */
TESTS("http_conns", test_idle_memory, test_slow_clients, test_takes_nothing, test_streams, test_events, test_overload,
      test_drain, test_stop_in_the_middle)
