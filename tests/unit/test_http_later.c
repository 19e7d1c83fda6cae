/* SPDX-License-Identifier: MIT */
/* Requests that wait without a thread: answers, order, clients who leave, more than there may be, a stop in the midst. */
#include "http_bed.h"

#include <pthread.h>
#include <unistd.h>

enum { MANY = 300, APART = 256 };
#define POST(n) "POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: " #n "\r\n\r\n"

static void test_answers(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    int fd = dial(w);
    for (int i = 0; i < 100; i++) { /* the memory of one serves the next */
        put(fd, S(POST(2) "ab"));
        T(str_has_suffix(get_reply(&cx, fd), S("\r\n\r\nlater ab")));
    }
    put(fd, S(POST(2) "a")); /* the rest comes later */
    (void)usleep(20000);
    put(fd, S("b"));
    T(str_has_suffix(get_reply(&cx, fd), S("later ab")));
    put(fd, S("POST /later HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"));
    T(str_has_suffix(get_reply(&cx, fd), S("later abc")));
    put(fd, S(POST(2) "no")); /* answered before anything was left for later */
    str r = get_reply(&cx, fd);
    T(status_of(r) == 422 && has(r, S("problem+json")));
    put(fd, S(POST(1) "1" "GET /fast HTTP/1.1" E POST(2) "no" POST(1) "2"));
    T(str_has_suffix(get_reply(&cx, fd), S("later 1")));
    T(str_has_suffix(get_reply(&cx, fd), S("hello")));
    T_INT(status_of(get_reply(&cx, fd)), 422);
    T(str_has_suffix(get_reply(&cx, fd), S("later 2")));
    put(fd, S("POST /later HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"));
    r = get_all(&cx, fd);
    T(has(r, S("Connection: close")) && str_has_suffix(r, S("later x")));
    (void)close(fd);
    T_INT(w->s->apart, 0);
    stop(w);
    t_cx_free(&cx);
}

/* While one waits its loop serves the others; who has gone meanwhile is let go when his answer comes. */
static void test_gone(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){.limit.loops = 1});
    int stays = dial(w), goes = dial(w);
    w->hold = 1;
    put(goes, S(POST(1) "g"));
    wait_for(&w->n_kept, 1);
    put(stays, S(POST(1) "s"));
    wait_for(&w->n_kept, 2);
    T_INT(status_of(ask(&cx, w, S("GET /fast HTTP/1.1" E))), 200);
    (void)close(goes);
    (void)usleep(20000);
    release(w);
    T(str_has_suffix(get_reply(&cx, stays), S("later s")));
    wait_for(&w->finished, 2);
    wait_open(w, 1);
    (void)close(stays);
    wait_open(w, 0);
    stop(w);
    t_cx_free(&cx);
}

static void test_many(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){.limit.loops = 1});
    int fd[MANY], later = 0, worker = 0;
    w->hold = 1;
    for (int i = 0; i < MANY; i++) {
        fd[i] = dial(w);
        put(fd[i], S(POST(1) "m"));
    }
    wait_for(&w->n_kept, APART);
    for (int i = APART; i < MANY; i++) worker += has(get_reply(&cx, fd[i]), S("worker m"));
    T_INT(worker, MANY - APART);
    release(w);
    for (int i = 0; i < APART; i++) later += has(get_reply(&cx, fd[i]), S("later m"));
    T_INT(later, APART);
    for (int i = 0; i < MANY; i++) (void)close(fd[i]);
    stop(w);
    t_cx_free(&cx);
}

static void *release_soon(void *arg)
{
    (void)usleep(100000);
    release(arg);
    return NULL;
}

/* What was begun is ended first: its memory belongs to somebody else until then. */
static void test_stop(void)
{
    struct cx cx = t_cx();
    struct world *w = start(&cx, (struct http_opts){0});
    int fd = dial(w);
    pthread_t th;
    w->hold = 1;
    put(fd, S(POST(1) "s"));
    wait_for(&w->n_kept, 1);
    T(pthread_create(&th, NULL, release_soon, w) == 0);
    http_stop(&w->s);
    T_INT(w->finished, 1);
    pthread_join(th, NULL);
    T(closed(fd));
    (void)close(fd);
    stop(w);
    t_cx_free(&cx);
}

TESTS("http_later", test_answers, test_gone, test_many, test_stop)
