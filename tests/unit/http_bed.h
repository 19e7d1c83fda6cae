/* SPDX-License-Identifier: MIT */
/* http_bed.h - a server on loopback with a small application, and a client, for the tests of http. */
#pragma once
#include "http/http_int.h"
#include "t.h"

/* What the handlers and the tests tell each other. */
struct world {
    struct router *router;
    struct http_server *s;
    str file;               /* what GET /file sends */
    _Atomic int64_t sse_id; /* of the last GET /sse */
    _Atomic int gone, stream_end, hold, running, threads;
    struct resp *kept[400]; /* replies of POST /later while hold is set */
    _Atomic int n_kept, finished;
};
/* Those replies can be had now. */
void release(struct world *w);

/* The routes: see the table in http_bed.c. Lives in cx->a. */
struct router *router_of(struct cx *cx);
/* For a server that a test starts itself: http_opts.handle and .arena. */
void handle(void *arg, void *thread, struct req *rq, struct resp *rs);
struct arena *arena_of(void *thread);
struct arena *lend(void *thread, struct arena *a);
/* A running server, on a free port unless o.listen says where; stop() ends and frees it. */
struct world *start(struct cx *cx, struct http_opts o);
void stop(struct world *w);

/* A socket connected to the server; reads on it give up after 5 s. */
int dial(const struct world *w);
void put(int fd, str s);
/* Reads until `n` bytes, the end, or 5 s. In cx->a, as all that is read. */
str get(struct cx *cx, int fd, size_t n);
str get_all(struct cx *cx, int fd);
/* One reply with Content-Length. */
str get_reply(struct cx *cx, int fd);
/* 0 when the reply has none. */
int status_of(str reply);
/* One request and its reply on a connection of its own. */
str ask(struct cx *cx, const struct world *w, str request);
bool has(str s, str part);
/* Has the other side closed? Waits for it. */
bool closed(int fd);
/* The rest of a plain request. */
#define E "\r\nHost: a\r\n\r\n"

/* Up to 5 s each; a failed check when it does not come. */
void wait_for(const _Atomic int *v, int want);
void wait_open(const struct world *w, int64_t want); /* connections */
