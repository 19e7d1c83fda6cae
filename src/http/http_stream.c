/* SPDX-License-Identifier: MIT */
/* http/http_stream.c - long replies: the worker fills a queue, the loop empties it.
 *
 * The worker waits while the queue is full: memory stays bounded however slow the client is. */
#include "http/http_int.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUEUE_MAX = 256 * 1024 };

/* Called with the lock. */
static void queue(struct http_stream *st, str s)
{
    if (s.n > st->cap - st->n) {
        size_t cap = st->cap ? st->cap : 16 * 1024;
        while (cap < st->n + s.n) cap *= 2;
        st->q = realloc(st->q, cap);
        if (!st->q) abort();
        st->cap = cap;
    }
    if (s.n) memcpy(st->q + st->n, s.p, s.n);
    st->n += s.n;
}

enum err http_stream_begin(struct cx *cx, struct resp *rs)
{
    struct http_job *j = rs->job;
    if (!j || j->in_loop) return E_OK; /* no socket, or must not wait: into the body */
    struct http_stream *st = calloc(1, sizeof *st);
    if (!st) abort();
    st->post.kind = POST_STREAM;
    st->job = j;
    st->chunked = !j->v10;
    st->mute = j->head_n >= 5 && memcmp(j->head, "HEAD ", 5) == 0;
    (void)pthread_mutex_init(&st->lock, NULL);
    (void)pthread_cond_init(&st->room, NULL);
    struct http_date d = {0};
    http_date_at(&d, os_now_ms() / 1000);
    struct reply r = {.rs = rs,
                      .status = rs->status ? rs->status : 200,
                      .no_length = true,
                      .type = rs->type.n ? rs->type : S("application/json"),
                      .chunked = st->chunked,
                      .close = !j->keep || !st->chunked,
                      .tls = j->conn->ssl != NULL,
                      .csp = j->loop->s->o.csp,
                      .rate_left = j->rate_left,
                      .rate_policy = j->loop->s->rate_policy};
    char *head = arena_get(cx->a, http_head_max(&r));
    queue(st, (str){head, http_head_put(&r, &d, head)});
    rs->stream = st;
    atomic_store(&j->stream, st);
    return E_OK;
}

enum err http_stream_write(struct cx *cx, struct resp *rs, str bytes)
{
    struct http_stream *st = rs->stream;
    char size[24];
    if (!st) {
        buf_add(&rs->body, bytes);
        return rs->body.full ? fail(cx, E_LIMIT, "The answer is too large") : E_OK;
    }
    if (!bytes.n) return E_OK;
    int n = snprintf(size, sizeof size, "%zx\r\n", bytes.n);
    pthread_mutex_lock(&st->lock);
    while (!st->gone && !st->job->gone && st->n > QUEUE_MAX)
        pthread_cond_wait(&st->room, &st->lock);
    bool gone = st->gone || st->job->gone;
    if (!gone && !st->mute) {
        if (st->chunked) queue(st, (str){size, (size_t)n});
        queue(st, bytes);
        if (st->chunked) queue(st, S("\r\n"));
    }
    pthread_mutex_unlock(&st->lock);
    if (gone) return fail(cx, E_UNCERTAIN, "The client went away");
    if (!atomic_exchange(&st->post.posted, true)) loop_post(st->job->loop, &st->post);
    return E_OK;
}

void http_stream_trailer(struct cx *cx, struct resp *rs, str name, str value)
{
    struct http_stream *st = rs->stream;
    str line = arena_fmt(cx->a, "%.*s: %.*s\r\n", FS(name), FS(value));
    if (!st) {
        http_head(rs, name, value);
        return;
    }
    if (line.n > sizeof st->trailer - st->n_trailer) return;
    memcpy(st->trailer + st->n_trailer, line.p, line.n);
    st->n_trailer += line.n;
}

struct wire stream_take(struct http_stream *st)
{
    pthread_mutex_lock(&st->lock);
    struct wire w = {.own = st->q, .a = {st->q, st->n}};
    st->q = NULL;
    st->n = st->cap = 0;
    pthread_cond_signal(&st->room);
    pthread_mutex_unlock(&st->lock);
    return w;
}

void stream_pump(struct conn *c)
{
    while (!c->pend && !c->dead) {
        struct wire w = stream_take(c->job->stream);
        if (!w.a.n) {
            free(w.own);
            return;
        }
        if (!conn_push(c, w)) c->dead = true;
    }
}

void stream_gone(struct http_stream *st)
{
    pthread_mutex_lock(&st->lock);
    st->gone = true;
    pthread_cond_signal(&st->room);
    pthread_mutex_unlock(&st->lock);
}

void stream_free(struct http_job *j)
{
    struct http_stream *st = j->stream;
    (void)pthread_mutex_destroy(&st->lock);
    (void)pthread_cond_destroy(&st->room);
    free(st->q);
    free(st);
    j->stream = NULL;
}
