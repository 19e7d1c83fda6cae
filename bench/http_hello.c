/* SPDX-License-Identifier: MIT */
/* bench/http_hello.c - our server with one route and no data: what the core alone costs.
 * usage: http_hello ADDRESS:PORT LOOPS REPLY_BYTES [fast|slow]; ends with SIGTERM. */
#include "http/http.h"
#include "os/os.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct bench {
    const struct router *router;
    str body;
};

static enum err hello(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)rq;
    rs->type = S("text/html");
    buf_add(&rs->body, ((const struct bench *)(const void *)cx->app)->body);
    return E_OK;
}
static const struct route routes[] = {
    {.method = GET, .path = S0("/index.html"), .fn = hello, .flags = R_FAST | R_OPEN},
    {.method = GET, .path = S0("/slow.html"), .fn = hello, .flags = R_OPEN},
};
static void *thread_start(void *arg) { return (void)arg, arena_new(); }
static void thread_end(void *arg, void *thread)
{
    (void)arg;
    struct arena *a = thread;
    arena_free(&a);
}
static struct arena *arena_of(void *thread) { return thread; }
static void handle(void *arg, void *thread, struct req *rq, struct resp *rs)
{
    struct cx cx = {.a = thread, .app = arg};
    http_dispatch(&cx, ((const struct bench *)arg)->router, NULL, rq, rs);
}

int main(int argc, char **argv)
{
    struct cx cx = {.a = arena_new()};
    struct http_server *s = NULL;
    int64_t loops = 0, bytes = 0;
    sigset_t end;
    int sig = 0;
    if (argc < 4 || !str_to_int(str_from(argv[2]), &loops) ||
        !str_to_int(str_from(argv[3]), &bytes))
        return 2;
    struct bench b = {.router = router_new(cx.a, routes, COUNT(routes))};
    char *text = arena_get(cx.a, (size_t)bytes);
    b.body = (str){memset(text, 'x', (size_t)bytes), (size_t)bytes};
    struct http_opts o = {.listen = str_from(argv[1]),
                          .limit.loops = (int)loops,
                          .arg = &b,
                          .thread_start = thread_start,
                          .thread_end = thread_end,
                          .arena = arena_of,
                          .handle = handle,
                          .router = b.router};
    (void)sigemptyset(&end);
    (void)sigaddset(&end, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &end, NULL);
    if (http_start(&cx, &o, &s) != E_OK) {
        fprintf(stderr, "%.*s\n", FS(cx.msg));
        return 1;
    }
    (void)sigwait(&end, &sig);
    http_stop(&s);
    arena_free(&cx.a);
    return 0;
}
