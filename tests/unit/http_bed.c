/* SPDX-License-Identifier: MIT */
#include "http_bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the application under the server ---- */
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
/* Long in the loop: says where it ran in the end. */
static enum err h_long(struct cx *cx, const struct req *rq, struct resp *rs)
{
    static const char *const name[] = {"none", "loop", "worker", "again"};
    (void)cx;
    buf_add(&rs->body, str_from(name[http_place(rs)]));
    buf_add(&rs->body, rq->body);
    rs->again = http_place(rs) == PLACE_LOOP;
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

/* Answers later, when it may: what came, and where from. "no" is refused at once. */
struct later {
    struct world *w;
    struct resp *rs;
    str text;
};
static void later_start(void *arg)
{
    struct later *l = arg;
    struct world *w = l->w;
    if (!w->hold) {
        http_later_done(l->rs);
        return;
    }
    assert(w->n_kept < (int)COUNT(w->kept));
    w->kept[w->n_kept] = l->rs;
    w->n_kept++; /* from here on it is the test's */
}
static void later_finish(void *arg)
{
    struct later *l = arg;
    buf_add(&l->rs->body, l->text);
    l->w->finished++;
}
static enum err h_later(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct world *w = (struct world *)(void *)cx->app;
    struct later *l = NEW(cx->a, struct later);
    str how = rs->may_wait ? S("later ") : S("worker ");
    *l = (struct later){w, rs, arena_fmt(cx->a, "%.*s%.*s", FS(how), FS(rq->body))};
    if (str_eq(rq->body, S("no"))) return fail(cx, E_INVALID, "no");
    if (rs->may_wait) rs->later = (struct http_later){later_start, later_finish, l};
    else buf_add(&rs->body, l->text);
    return E_OK;
}
void release(struct world *w)
{
    int n = atomic_exchange(&w->n_kept, 0);
    w->hold = 0;
    for (int i = 0; i < n; i++) http_later_done(w->kept[i]);
}

#define R(m, p, f, fl, max)                                                                        \
    {                                                                                              \
        .method = m, .path = S0(p), .fn = f, .flags = fl, .body_max = max                          \
    }
static const struct route routes[] = {
    R(GET, "/fast", h_hello, R_FAST, 0),
    R(GET, "/slow", h_hello, 0, 0),
    R(GET, "/long", h_long, R_FAST, 0),
    R(POST, "/long", h_long, R_FAST, 1000),
    R(GET, "/longer", h_long, 0, 0),
    R(POST, "/fast", h_echo, R_FAST, 100000),
    R(POST, "/slow", h_echo, 0, 100000),
    R(POST, "/later", h_later, R_FAST | R_LATER, 1000),
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
struct arena *arena_of(void *thread) { return ((struct thread *)thread)->a; }
struct arena *lend(void *thread, struct arena *a)
{
    struct arena *was = ((struct thread *)thread)->a;
    ((struct thread *)thread)->a = a;
    return was;
}
void handle(void *arg, void *thread, struct req *rq, struct resp *rs)
{
    struct world *w = arg;
    struct cx cx = {.a = ((struct thread *)thread)->a, .app = (struct app *)arg, .req = S("r1")};
    http_dispatch(&cx, w->router, NULL, rq, rs);
}

struct router *router_of(struct cx *cx) { return router_new(cx->a, routes, COUNT(routes)); }

struct world *start(struct cx *cx, struct http_opts o)
{
    struct world *w = calloc(1, sizeof *w);
    assert(w);
    w->router = router_of(cx);
    if (!o.listen.n) o.listen = S("127.0.0.1:0");
    o.arg = w;
    o.thread_start = thread_start;
    o.thread_end = thread_end;
    o.handle = handle;
    o.arena = arena_of;
    o.lend = lend;
    o.router = w->router;
    o.spool_dir = S("/tmp");
    if (!o.limit.worker_stack_bytes)
        o.limit.worker_stack_bytes = 1 << 20; /* the sanitizers need more */
    T_OK(cx, http_start(cx, &o, &w->s));
    return w;
}
void stop(struct world *w)
{
    http_stop(&w->s);
    T(w->s == NULL);
    T_INT(w->threads, 0);
    free(w);
}

/* ---- a client ---- */
int dial(const struct world *w)
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
void put(int fd, str s)
{
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n <= 0) return;
        s = str_cut(s, (size_t)n, s.n);
    }
}
str get(struct cx *cx, int fd, size_t n)
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
str get_all(struct cx *cx, int fd) { return get(cx, fd, 1 << 20); }
str get_reply(struct cx *cx, int fd)
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
int status_of(str reply)
{
    int64_t st = 0;
    return str_to_int(str_cut(reply, 9, 12), &st) ? (int)st : 0;
}
str ask(struct cx *cx, const struct world *w, str request)
{
    int fd = dial(w);
    put(fd, request);
    str r = get_reply(cx, fd);
    (void)close(fd);
    return r;
}
bool has(str s, str part) { return str_find(s, part) >= 0; }
bool closed(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* ---- waiting ---- */
void wait_for(const _Atomic int *v, int want)
{
    for (int i = 0; i < 5000 && *v != want; i++) (void)usleep(1000);
    T_INT(*v, want);
}
void wait_open(const struct world *w, int64_t want)
{
    for (int i = 0; i < 5000 && http_stats(w->s).conns_open != want; i++) (void)usleep(1000);
    T_INT(http_stats(w->s).conns_open, want);
}
