/* SPDX-License-Identifier: MIT */
/* http/http_worker.c - threads for handlers that wait (for the database's group commit).
 *
 * They start when a request finds nobody idle and go after a while without work. The queue is bounded.
 */
#include "http/http_int.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { IDLE_S = 30, KEEP = 4 };

/* remote, tls: what the parser cannot know. */
struct addr req_from_conn(struct http_server *s, struct arena *a, struct conn *c, struct req *rq)
{
    char text[ADDR_TEXT];
    rq->tls = c->ssl != NULL;
    struct addr from = addr_client(a, rq, &c->addr, s->o.trusted_proxies, &rq->tls);
    rq->remote = arena_dup(a, addr_text(&from, text));
    return from;
}

void job_build(struct http_job *j, struct cx *cx, struct http_date *date, const struct req *rq, struct resp *rs)
{
    struct http_server *s = j->loop->s;
    struct reply r = {.close = !j->keep, .tls = rq->tls, .csp = s->o.csp,
                      .rate_left = j->rate_left, .rate_policy = s->rate_policy};
    http_plan(cx, rq, rs, &r);
    http_date_at(date, os_now_ms() / 1000);
    size_t max = http_head_max(&r), copy = r.is_asset ? 0 : r.body.n;
    struct wire *w = calloc(1, sizeof *w);
    if (!w || !(w->own = malloc(max + copy))) abort();
    w->a = (str){w->own, http_head_put(&r, date, w->own)};
    if (copy) memcpy(w->own + w->a.n, r.body.p, copy);
    if (r.is_asset) w->b = r.body;
    else w->a.n += copy;
    w->fd = r.fd;
    w->off = r.off;
    w->left = r.fd > 0 ? r.length : 0;
    j->status = r.status;
    j->out = w;
}

/* The last chunk of a long reply, or nothing when it broke off. */
static void end_stream(struct http_job *j)
{
    const struct http_stream *st = j->stream;
    j->status = 200;
    if (st->broken || j->gone) return;
    j->out = calloc(1, sizeof *j->out);
    if (!j->out) abort();
    if (st->chunked && !st->mute) {
        char *end = malloc(sizeof st->trailer + 8);
        if (!end) abort();
        memcpy(end, "0\r\n", 3);
        memcpy(end + 3, st->trailer, st->n_trailer);
        memcpy(end + 3 + st->n_trailer, "\r\n", 2);
        j->out->own = end;
        j->out->a = (str){end, st->n_trailer + 5};
    }
    if (!st->chunked) j->keep = false;
}

struct req *job_request(struct http_job *j, struct arena *a)
{
    struct http_server *s = j->loop->s;
    struct cx cx = {.a = a};
    struct http_head *h = NEW(a, struct http_head);
    str allow = S("");
    int st = http_parse_head(a, &s->l, (str){j->head, j->head_n}, h);
    assert(st == PARSE_OK); /* the loop parsed the same bytes */
    struct req *rq = &h->rq;
    (void)req_from_conn(s, a, j->conn, rq);
    if (router_find(s->o.router, &cx, rq, &allow) != E_OK) rq->route = NULL;
    if (j->spool > 0) rq->body_file = str_from(j->spool_path);
    else rq->body = (str){j->body ? j->body : j->head + j->body_at, j->body_n};
    rq->body_bytes = j->got;
    return rq;
}

static void run(struct http_job *j, void *user, struct http_date *date)
{
    struct http_server *s = j->loop->s;
    struct arena *a = s->o.arena(user);
    struct cx cx = {.a = a};
    struct req *rq = job_request(j, a);
    struct resp rs = {.body = buf_new(a, s->l.reply_bytes), .job = j};
    s->o.handle(s->o.arg, user, rq, &rs);
    if (rs.sse) j->sse = rs.sse;
    if (j->stream) end_stream(j);
    else if (!rs.sse || (rs.status && rs.status != 200)) job_build(j, &cx, date, rq, &rs);
    arena_reset(a);
    loop_post(j->loop, &j->post);
}

static struct http_job *next_job(struct workers *w)
{
    struct timespec till = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &till);
    till.tv_sec += IDLE_S;
    w->idle++;
    int late = 0;
    while (!w->first && !w->stop && late == 0)
        late = pthread_cond_timedwait(&w->work, &w->lock, &till);
    w->idle--;
    struct http_job *j = w->first;
    if (!j) return NULL;
    w->first = j->next;
    if (!w->first) w->last = NULL;
    w->queued--;
    return j;
}

static void *worker_main(void *arg)
{
    struct http_server *s = arg;
    struct workers *w = &s->w;
    struct http_date date = {0};
    void *user = s->o.thread_start ? s->o.thread_start(s->o.arg) : NULL;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        struct http_job *j = next_job(w);
        if (!j && !w->stop && w->threads <= KEEP) continue;
        if (!j) break;
        pthread_mutex_unlock(&w->lock);
        run(j, user, &date);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    if (s->o.thread_end) s->o.thread_end(s->o.arg, user);
    pthread_mutex_lock(&w->lock);
    w->threads--;
    pthread_cond_signal(&w->ended);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Called with the lock. */
static void start_one(struct http_server *s)
{
    struct cx cx = {.a = arena_new()};
    pthread_t t = {0};
    s->w.threads++;
    if (os_thread(&cx, "worker", s->l.worker_stack_bytes, worker_main, s, &t) == E_OK)
        (void)pthread_detach(t);
    else s->w.threads--;
    arena_free(&cx.a);
}

bool worker_submit(struct http_server *s, struct http_job *j)
{
    struct workers *w = &s->w;
    pthread_mutex_lock(&w->lock);
    bool ok = !w->stop && w->queued < s->l.worker_queue;
    if (ok) {
        j->next = NULL;
        if (w->last) w->last->next = j;
        else w->first = j;
        w->last = j;
        w->queued++;
        if (w->idle < w->queued && w->threads < s->l.workers) start_one(s);
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return ok;
}

void workers_stop(struct http_server *s)
{
    struct workers *w = &s->w;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->work);
    while (w->threads) pthread_cond_wait(&w->ended, &w->lock);
    pthread_mutex_unlock(&w->lock);
}
