/* SPDX-License-Identifier: MIT */
/* http/http_conn.c - the life of a connection, all in its loop's thread:
 *
 *   handshake -> head -> [body] -> handler in the loop, or work in a worker or apart -> head ...
 *                                  work may turn into sse; errors end in linger
 *
 * Sockets are edge-triggered: `readable` says that there may be more. While a worker has the request
 * or the client does not take our reply nothing is read, so TCP holds a hasty client back.
 */
#include "http/http_int.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PROGRESS = 1024, LINGER_BYTES = 1 << 20, TURNS = 8 };

void conn_open(struct loop *lp, int fd, const struct addr *a)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c) abort();
    c->loop = lp;
    c->fd = fd;
    c->addr = *a;
    c->timer = T_NONE;
    c->state = C_HEAD;
    c->readable = true;
    if (lp->s->tls) {
        c->ssl = tls_conn(lp->s, fd);
        c->state = C_HANDSHAKE;
    }
    c->all_next = lp->all;
    if (lp->all) lp->all->all_prev = c;
    lp->all = c;
    timer_set(c, T_HEADER);
}

static void unlink_conn(struct conn *c)
{
    struct loop *lp = c->loop;
    if (c->all_prev) c->all_prev->all_next = c->all_next;
    else lp->all = c->all_next;
    if (c->all_next) c->all_next->all_prev = c->all_prev;
    loop_unready(c);
}

void conn_close(struct conn *c)
{
    struct loop *lp = c->loop;
    if (c->job && c->state == C_WORK) { /* a worker has it: come back when it is done */
        c->dead = true;
        timer_set(c, T_NONE);
        wires_free(c);
        atomic_store(&c->job->gone, true); /* before the look: a stream born now sees it itself */
        if (c->job->stream) stream_gone(c->job->stream);
        return;
    }
    timer_set(c, T_NONE);
    unlink_conn(c);
    if (c->sse) sse_drop(c->sse);
    job_free(&c->job);
    wires_free(c);
    free(c->in);
    if (c->ssl) tls_conn_free(c->ssl);
    (void)close(c->fd);
    (void)addr_count(&lp->s->addrs, &c->addr, -1);
    (void)atomic_fetch_sub(&lp->s->conns, 1);
    lp->open--;
    free(c);
}

/* Sends FIN and reads on for a moment: a close with unread bytes would destroy our last reply. */
static void finish(struct conn *c)
{
    if (c->eof || c->ssl) {
        c->dead = true;
        return;
    }
    (void)shutdown(c->fd, SHUT_WR);
    c->state = C_LINGER;
    c->progress = 0;
    timer_set(c, T_LINGER);
}

void refusal_tell(const struct http_server *s, str addr, bool is_proxy, int status)
{
    if (s->o.refused && status >= 400 && status < 500 && status != 408) s->o.refused(s->o.arg, addr, is_proxy, status);
}

void conn_reply_error(struct conn *c, int status) { conn_reply_busy(c, status, RETRY_AFTER_S); }

/* A proxy speaks for others: it is told as itself only where nobody knows for whom it spoke. */
static bool is_proxy(const struct conn *c, const struct addr *from)
{
    str trusted = c->loop->s->o.trusted_proxies;
    return trusted.n && addr_same(from, &c->addr) && addr_in_list(&c->addr, trusted);
}

void conn_refuse(struct conn *c, int status, str head)
{
    char text[ADDR_TEXT];
    struct http_server *s = c->loop->s;
    struct addr from = addr_forwarded(s->o.arena(c->loop->user), head, &c->addr, s->o.trusted_proxies);
    refusal_tell(s, addr_text(&from, text), is_proxy(c, &from), status);
    conn_reply_error(c, status);
}

void conn_reply_busy(struct conn *c, int status, int64_t wait_s)
{
    struct loop *lp = c->loop;
    char text[HTTP_ERROR_MAX];
    size_t n = http_error_put(status, c->ssl != NULL, wait_s, &lp->date, text);
    c->close_after = true;
    if (c->state == C_BODY) job_free(&c->job);
    c->state = C_HEAD;
    lp->bad++;
    count_status(lp, status);
    struct wire w = {.own = malloc(n)};
    if (!w.own) abort();
    memcpy(w.own, text, n);
    w.a = (str){w.own, n};
    if (!conn_push(c, w)) c->dead = true;
}

void conn_timeout(struct conn *c)
{
    bool began = c->in && c->in->n;
    if (c->timer == T_SSE) {
        static const char ping[] = ":\n\n";
        timer_set(c, T_SSE);
        if (!c->pend && !conn_push(c, (struct wire){.b = {ping, sizeof ping - 1}})) conn_close(c);
        else if (c->pend) timer_set(c, T_WRITE);
        return;
    }
    if (c->timer == T_BODY || (c->timer == T_HEADER && began && c->state == C_HEAD)) {
        conn_reply_error(c, 408);
        conn_run(c);
        return;
    }
    conn_close(c);
}

static void keep_rest(struct conn *c, str rest)
{
    if (!rest.n) {
        free(c->in);
        c->in = NULL;
        return;
    }
    if (!c->in || c->in->cap < rest.n || c->in->cap > rest.n * 8 + 4096) {
        size_t cap = (rest.n + 511) & ~(size_t)511;
        free(c->in);
        c->in = malloc(sizeof *c->in + cap);
        if (!c->in) abort();
        c->in->cap = cap;
    }
    memcpy(c->in->p, rest.p, rest.n);
    c->in->n = rest.n;
}

/* Asks for the client's body, unless a part of it is here already. */
static void say_continue(struct conn *c)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!conn_push(c, (struct wire){.b = {go_on, sizeof go_on - 1}})) c->dead = true;
}

static void submit(struct conn *c, struct http_job *j)
{
    c->job = j;
    c->state = C_WORK;
    timer_set(c, T_NONE);
    if (j->apart && apart_serve(c, j)) return;
    if (worker_submit(c->loop->s, j)) return;
    c->state = C_BODY; /* so that the job goes too */
    conn_reply_error(c, 503);
}

/* Puts the handler's reply into the loop's buffer, or sends it when it is large. */
static void reply_here(struct conn *c, struct cx *cx, struct req *rq, struct resp *rs)
{
    struct loop *lp = c->loop;
    struct reply r = {.close = c->last, .tls = rq->tls, .csp = lp->s->o.csp,
                      .rate_left = c->rate_left, .rate_policy = lp->s->rate_policy};
    http_plan(cx, rq, rs, &r);
    size_t max = http_head_max(&r), copy = r.is_asset ? 0 : r.body.n;
    count_status(lp, r.status);
    if (max + r.body.n <= OBUF - lp->obuf_n && r.fd <= 0) {
        char *to = lp->obuf + lp->obuf_n;
        size_t n = http_head_put(&r, &lp->date, to);
        if (r.body.n) memcpy(to + n, r.body.p, r.body.n);
        lp->obuf_n += n + r.body.n;
        return;
    }
    struct wire w = {
        .own = malloc(max + copy), .fd = r.fd, .off = r.off, .left = r.fd > 0 ? r.length : 0};
    if (!w.own) abort();
    w.a = (str){w.own, http_head_put(&r, &lp->date, w.own)};
    if (copy) memcpy(w.own + w.a.n, r.body.p, copy);
    if (r.is_asset) w.b = r.body;
    else w.a.n += copy;
    if (!conn_push(c, w)) c->dead = true;
}

/* False: it takes a worker after all. */
static bool serve_here(struct conn *c, struct req *rq)
{
    struct loop *lp = c->loop;
    struct http_server *s = lp->s;
    struct arena *a = s->o.arena(lp->user);
    struct cx cx = {.a = a};
    struct resp rs = {.body = buf_new(a, s->l.reply_bytes), .job = &lp->here};
    lp->here.loop = lp;
    lp->here.conn = c;
    lp->here.in_loop = true;
    s->o.handle(s->o.arg, lp->user, rq, &rs);
    if (rs.again) return false;
    if (rs.sse && (rs.status == 0 || rs.status == 200)) conn_go_sse(c, rs.sse);
    else {
        if (rs.sse) sse_drop(rs.sse);
        reply_here(c, &cx, rq, &rs);
        if (c->last) c->close_after = true;
    }
    return true;
}

void conn_go_sse(struct conn *c, struct http_sse *e)
{
    struct resp rs = {0};
    struct reply r = {.rs = &rs,
                      .status = 200,
                      .type = S("text/event-stream; charset=utf-8"),
                      .close = true,
                      .no_length = true,
                      .tls = c->ssl != NULL};
    http_head(&rs, S("X-Accel-Buffering"), S("no"));
    size_t max = http_head_max(&r);
    struct wire w = {.own = malloc(max)};
    if (!w.own) abort();
    w.a = (str){w.own, http_head_put(&r, &c->loop->date, w.own)};
    count_status(c->loop, 200);
    c->state = C_SSE;
    c->sse = e;
    free(c->in);
    c->in = NULL;
    pthread_mutex_lock(&c->loop->sse_lock);
    e->conn = c;
    pthread_mutex_unlock(&c->loop->sse_lock);
    c->loop->sse_open++;
    timer_set(c, T_SSE);
    if (!conn_push(c, w)) c->dead = true;
}

struct want {
    int64_t max;
    bool body, fast, apart, upload; /* apart: fast, but for the end (R_LATER) */
};
static struct want want_of(const struct http_server *s, const struct http_head *h, const struct req *rq)
{
    unsigned flags = rq->route ? rq->route->flags : 0;
    bool fast = s->o.is_fast ? s->o.is_fast(s->o.arg, rq) : !rq->route || (flags & R_FAST);
    return (struct want){.max = rq->route ? (int64_t)rq->route->body_max : 0,
                         .body = h->chunked || h->length > 0,
                         .fast = fast,
                         .apart = fast && (flags & R_LATER) && s->o.lend,
                         .upload = flags & R_UPLOAD};
}

/* 200 or the refusal that needs no body. */
static int admit(struct conn *c, struct req *rq, struct want *w)
{
    struct loop *lp = c->loop;
    struct http_server *s = lp->s;
    struct http_head *h = &lp->head;
    struct cx cx = {.a = s->o.arena(lp->user)};
    str allow = S("");
    if (!host_known(rq->host, s->o.hosts)) return 421;
    if (router_find(s->o.router, &cx, rq, &allow) != E_OK) rq->route = NULL;
    *w = want_of(s, h, rq);
    if (w->body &&
        !rq->route) { /* answered without its body, so the next request cannot be found */
        w->body = false;
        c->last = true;
        return PARSE_OK;
    }
    if (w->body && h->encoded) return 415;
    if (h->length > w->max || (h->chunked && !w->max)) return 413;
    return PARSE_OK;
}

/* The request is all there: in the loop when that is short, else by a worker, from a copy. */
static void serve_whole(struct conn *c, struct req *rq, str head, const struct want *w)
{
    if (w->fast && !w->apart && serve_here(c, rq)) return;
    struct http_job *j = job_new(c, head, rq->body);
    j->v10 = c->loop->head.v10;
    j->apart = w->apart;
    j->again = w->fast && !w->apart;
    submit(c, j);
}

/* The rest of the body is still on its way; `have` bytes of it are here. */
static void body_begin(struct conn *c, str head, const struct want *w, size_t have)
{
    const struct http_head *h = &c->loop->head;
    struct http_job *j = c->job = job_new(c, head, S(""));
    j->want = h->chunked ? -1 : h->length;
    j->max = w->max;
    j->upload = w->upload;
    j->fast = w->fast;
    j->apart = w->apart;
    j->v10 = h->v10;
    c->state = C_BODY;
    timer_set(c, T_BODY);
    if (h->expect && !have) say_continue(c);
}

/* Seconds that this address has to wait, 0 = none. This machine itself is no stranger: a proxy that was not named as
 * trusted would else be everybody at once. */
static int64_t must_wait_s(struct conn *c, const struct addr *from)
{
    struct http_server *s = c->loop->s;
    c->rate_left = 0;
    if (s->l.rate_per_addr < 0 || addr_is_local(from)) return 0;
    int64_t ms = addr_rate(&s->addrs, from, os_mono_us(), s->l.rate_per_addr, s->l.burst_per_addr, &c->rate_left);
    c->rate_left++;
    return (ms + 999) / 1000;
}

/* One request whose head is whole; gives the bytes used. */
static size_t request(struct conn *c, str in)
{
    struct loop *lp = c->loop;
    struct http_head *h = &lp->head;
    struct req *rq = &h->rq;
    struct want w = {0};
    struct addr from = req_from_conn(lp->s, lp->s->o.arena(lp->user), c, rq);
    int64_t wait_s = must_wait_s(c, &from);
    lp->requests++;
    c->served = true;
    if (!h->keep || lp->s->draining) c->last = true;
    int st = wait_s ? 429 : admit(c, rq, &w);
    if (st != PARSE_OK) {
        refusal_tell(lp->s, rq->remote, is_proxy(c, &from), st);
        conn_reply_busy(c, st, wait_s ? wait_s : RETRY_AFTER_S);
        return in.n;
    }
    size_t have = in.n - h->bytes, body = w.body && !h->chunked ? (size_t)h->length : 0;
    str head = str_cut(in, 0, h->bytes);
    bool too_big = w.upload && body > lp->s->l.body_memory_bytes;
    if (w.body && (h->chunked || have < body || too_big)) {
        body_begin(c, head, &w, have);
        return h->bytes;
    }
    rq->body = str_cut(in, h->bytes, h->bytes + body);
    rq->body_bytes = (int64_t)body;
    serve_whole(c, rq, head, &w);
    return h->bytes + body;
}

/* The body is whole. A fast one of chunks or late bytes runs here, from the job's copy. */
static void body_done(struct conn *c)
{
    struct http_job *j = c->job;
    struct loop *lp = c->loop;
    if (!j->fast || j->apart || j->spool > 0) {
        submit(c, j);
        return;
    }
    struct arena *a = lp->s->o.arena(lp->user);
    struct cx cx = {.a = a};
    struct req *rq = &lp->head.rq;
    str allow = S("");
    int st = http_parse_head(a, &lp->s->l, (str){j->head, j->head_n}, &lp->head);
    assert(st == PARSE_OK);
    (void)req_from_conn(lp->s, a, c, rq);
    if (router_find(lp->s->o.router, &cx, rq, &allow) != E_OK) rq->route = NULL;
    rq->body = (str){j->body ? j->body : "", j->body_n};
    rq->body_bytes = j->got;
    c->state = C_HEAD;
    c->job = NULL;
    if (serve_here(c, rq)) {
        job_free(&j);
        return;
    }
    j->again = true;
    submit(c, j);
}

static size_t feed_body(struct conn *c, str in)
{
    str rest = in;
    int st = job_feed(c->job, &rest);
    c->progress += (unsigned)(in.n - rest.n);
    if (st == 200) body_done(c);
    else if (st) {
        conn_refuse(c, st, (str){c->job->head, c->job->head_n});
        return in.n;
    } else if (c->progress >= PROGRESS) timer_set(c, T_BODY);
    return in.n - rest.n;
}

static size_t feed_head(struct conn *c, str in)
{
    struct loop *lp = c->loop;
    int st = http_parse_head(lp->s->o.arena(lp->user), &lp->s->l, in, &lp->head);
    if (st == PARSE_MORE) return 0;
    if (st == PARSE_OK) return request(c, in);
    conn_refuse(c, st, in);
    return in.n;
}

static bool can_serve(const struct conn *c)
{
    return (c->state == C_HEAD || c->state == C_BODY) && !c->pend && !c->close_after && !c->dead;
}

/* Serves what `in` holds; gives the bytes used. c->dirty: more could be served in another turn. */
static size_t serve_input(struct conn *c, str in)
{
    size_t at = 0;
    int turn = c->loop->s->l.pipeline_turn;
    c->dirty = false;
    while (at < in.n && can_serve(c)) {
        if (turn-- == 0) {
            c->dirty = true;
            loop_ready(c);
            return at;
        }
        size_t used = c->state == C_BODY ? feed_body(c, str_cut(in, at, in.n))
                                         : feed_head(c, str_cut(in, at, in.n));
        arena_reset(c->loop->s->o.arena(c->loop->user));
        if (!used) return at;
        at += used;
    }
    c->dirty = at < in.n;
    return at;
}

/* `moved`: a request was served, so a partial one behind it has just begun. */
static void set_read_timer(struct conn *c, bool partial, bool moved)
{
    if (c->state == C_BODY || c->state == C_WORK || c->state == C_SSE) return;
    if (partial) {
        if (c->timer != T_HEADER || moved) timer_set(c, T_HEADER);
    } else timer_set(c, c->served ? T_IDLE : T_HEADER);
}

/* Fills the loop's buffer behind the `n` bytes there; gives the new length. */
static size_t fill(struct conn *c, size_t n)
{
    size_t room = RBUF - n;
    if (!c->readable || c->eof || !room) return n;
    ssize_t got = io_read(c, c->loop->rbuf + n, room);
    if (got == IO_BAD) c->dead = true;
    if (got == IO_EOF) c->eof = true;
    /* less than asked for: the socket is empty, unless the end has been announced */
    if (got == IO_AGAIN || (!c->ssl && got > 0 && (size_t)got < room && !c->hup))
        c->readable = false;
    return got > 0 ? n + (size_t)got : n;
}

/* Half a line more cannot change the verdict on a head: who drips bytes gets no parser's time. */
static bool worth_parsing(const struct conn *c, str all, str fresh)
{
    return c->dirty || c->state == C_BODY || memchr(fresh.p, '\n', fresh.n) ||
           all.n >= c->loop->s->l.header_bytes;
}

/* Reads once and serves. True: something changed, look again. */
static bool input(struct conn *c)
{
    struct loop *lp = c->loop;
    size_t old = c->in ? c->in->n : 0;
    if (old) memcpy(lp->rbuf, c->in->p, old);
    size_t n = fill(c, old);
    if (c->dead) return true;
    if (n == old && !c->dirty) return c->dead = c->eof;
    str all = {lp->rbuf, n};
    size_t used = worth_parsing(c, all, str_cut(all, old, n)) ? serve_input(c, all) : 0;
    if (c->state == C_SSE || c->close_after) used = n;
    keep_rest(c, (str){lp->rbuf + used, n - used});
    if (!obuf_flush(c)) return c->dead = true;
    set_read_timer(c, n > used, used > 0);
    return !c->ready;
}

static bool discard(struct conn *c)
{
    while (c->readable) {
        ssize_t got = io_read(c, c->loop->rbuf, RBUF);
        if (got == IO_EOF || got == IO_BAD) return false;
        if (got == IO_AGAIN) c->readable = false;
        else c->progress += (unsigned)got;
        if (c->state == C_LINGER && c->progress > LINGER_BYTES) return false;
    }
    return true;
}

/* False: wait for the socket. */
static bool drain_pend(struct conn *c)
{
    unsigned before = c->progress;
    int r = conn_flush(c);
    if (r < 0) return c->dead = true;
    if (r == 0) {
        if (c->timer != T_WRITE || c->progress - before >= PROGRESS) timer_set(c, T_WRITE);
        return false;
    }
    static const enum timer after[] = {
        [C_HANDSHAKE] = T_HEADER, [C_HEAD] = T_IDLE, [C_BODY] = T_BODY,
        [C_WORK] = T_NONE,        [C_SSE] = T_SSE,   [C_LINGER] = T_LINGER};
    if (c->timer == T_WRITE) timer_set(c, after[c->state]);
    return true;
}

static bool handshake(struct conn *c)
{
    int r = tls_handshake(c->ssl);
    if (r == 1) c->state = C_HEAD;
    if (r == IO_BAD) c->dead = true;
    return r != IO_AGAIN;
}

/* One step; false: wait for an event. */
static bool step(struct conn *c)
{
    if (c->pend && !drain_pend(c)) return false;
    if (c->dead) return true;
    switch ((enum conn_state)c->state) {
    case C_HANDSHAKE: return handshake(c);
    case C_WORK:
        if (c->job->stream) stream_pump(c);
        return c->dead;
    case C_SSE:
        if (!discard(c)) return c->dead = true;
        sse_pump(c);
        return c->dead;
    case C_LINGER:
        if (!discard(c)) c->dead = true;
        return c->dead;
    case C_HEAD:
    case C_BODY: break;
    }
    if (!c->close_after) return input(c);
    finish(c);
    return true;
}

void conn_run(struct conn *c)
{
    int turns = TURNS;
    while (!c->dead && step(c))
        if (--turns == 0) { /* the others' turn */
            loop_ready(c);
            break;
        }
    if (c->dead) conn_close(c);
    else if (c->pend && c->timer != T_WRITE) timer_set(c, T_WRITE);
}

static void reply_of_job(struct conn *c, struct http_job *j)
{
    if (j->sse && !j->out) {
        conn_go_sse(c, j->sse);
        return;
    }
    count_status(c->loop, j->status);
    if (j->sse) sse_drop(j->sse); /* refused after all */
    if (!j->out) {                /* a long reply that broke off */
        c->dead = true;
        return;
    }
    struct wire w = *j->out;
    j->out->own = NULL;
    j->out->fd = 0;
    if (j->stream && !conn_push(c, stream_take(j->stream))) c->dead = true;
    if (!conn_push(c, w)) c->dead = true;
}

void conn_job_done(struct http_job *j)
{
    struct conn *c = j->conn;
    struct loop *lp = c->loop;
    if (j->a) apart_end(j);
    c->state = C_HEAD;
    if (c->dead || lp->s->closing) {
        if (j->sse) sse_drop(j->sse);
        conn_close(c); /* frees the job too */
        return;
    }
    if (!j->keep || c->last) c->close_after = true;
    c->job = NULL;
    reply_of_job(c, j);
    job_free(&j);
    if (c->state == C_HEAD) set_read_timer(c, c->in != NULL, true);
    conn_run(c);
}
