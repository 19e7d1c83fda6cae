/* SPDX-License-Identifier: MIT */
/* http/http_sse.c - event streams. Any thread pushes by id; only the loop touches the connection.
 *
 * An id is generation, loop and slot: an old one never reaches a new subscriber. */
#include "http/http_int.h"

#include <stdlib.h>

enum { SLOT_BITS = 24, LOOP_BITS = 7 };

/* Called with the lock. */
static size_t free_slot(struct loop *lp)
{
    for (size_t i = 0; i < lp->slots; i++)
        if (!lp->slot[i]) return i;
    size_t old = lp->slots, n = old ? old * 2 : 64;
    lp->slot = realloc(lp->slot, n * sizeof *lp->slot);
    lp->slot_gen = realloc(lp->slot_gen, n * sizeof *lp->slot_gen);
    if (!lp->slot || !lp->slot_gen) abort();
    memset(lp->slot + old, 0, (n - old) * sizeof *lp->slot);
    memset(lp->slot_gen + old, 0, (n - old) * sizeof *lp->slot_gen);
    lp->slots = n;
    return old;
}

enum err http_sse_begin(struct cx *cx, struct resp *rs, void *tag, void (*gone)(void *tag),
                        int64_t *ret_id)
{
    if (!rs->job) return fail(cx, E_BUSY, "Event streams need a socket");
    struct loop *lp = rs->job->loop;
    if (lp->s->draining || lp->s->closing) return fail(cx, E_BUSY, "The server is going down");
    struct http_sse *e = calloc(1, sizeof *e);
    if (!e) abort();
    e->post.kind = POST_SSE;
    e->loop = lp;
    e->tag = tag;
    e->gone = gone;
    pthread_mutex_lock(&lp->sse_lock);
    size_t i = free_slot(lp);
    lp->slot[i] = e;
    lp->slot_gen[i] = (lp->slot_gen[i] + 1) & 0x7fffffff;
    e->id = (int64_t)lp->slot_gen[i] << (SLOT_BITS + LOOP_BITS) | (int64_t)lp->index << SLOT_BITS |
            (int64_t)i;
    pthread_mutex_unlock(&lp->sse_lock);
    rs->sse = e;
    *ret_id = e->id;
    return E_OK;
}

static struct loop *loop_of(struct http_server *s, int64_t id)
{
    int64_t i = id >> SLOT_BITS & ((1 << LOOP_BITS) - 1);
    return id > 0 && i < s->n_loops ? &s->loop[i] : NULL;
}

/* Called with the lock. */
static struct http_sse *find(struct loop *lp, int64_t id)
{
    size_t i = (size_t)(id & ((1 << SLOT_BITS) - 1));
    struct http_sse *e = i < lp->slots ? lp->slot[i] : NULL;
    return e && e->id == id && !e->ended ? e : NULL;
}

void sse_post(struct http_sse *e)
{
    if (!atomic_exchange(&e->post.posted, true)) loop_post(e->loop, &e->post);
}

/* Called with the lock, room is there. */
static void put(struct http_sse *e, str s)
{
    if (s.n) memcpy(e->q + e->n, s.p, s.n);
    e->n += s.n;
}

static bool line_end(char c) { return c == '\n' || c == '\r' || c == 0; }

static str one_line(str s)
{
    size_t n = 0;
    while (n < s.n && !line_end(s.p[n])) n++;
    return str_cut(s, 0, n);
}

static void put_int(struct http_sse *e, int64_t v)
{
    char t[24];
    size_t at = sizeof t;
    do t[--at] = (char)('0' + v % 10);
    while (v /= 10);
    put(e, (str){t + at, sizeof t - at});
}

static void put_event(struct http_sse *e, str event, int64_t id, str data)
{
    if (id > 0) {
        put(e, S("id: "));
        put_int(e, id);
        put(e, S("\n"));
    }
    if (event.n) {
        put(e, S("event: "));
        put(e, one_line(event));
        put(e, S("\n"));
    }
    for (bool more = true; more;) { /* each line of the data is a field of its own */
        str l = one_line(data);
        put(e, S("data: "));
        put(e, l);
        put(e, S("\n"));
        more = l.n < data.n;
        size_t skip =
            more && data.p[l.n] == '\r' && l.n + 1 < data.n && data.p[l.n + 1] == '\n' ? 2 : 1;
        data = str_cut(data, l.n + skip, data.n);
    }
    put(e, S("\n"));
}

static bool room(struct http_sse *e, str event, str data, size_t max)
{
    size_t lines = 1;
    for (size_t i = 0; i < data.n; i++) lines += line_end(data.p[i]);
    size_t need = 64 + event.n + data.n + lines * 7;
    if (need > max || e->n > max - need) return false;
    if (need <= e->cap - e->n) return true;
    e->cap = e->n + need;
    e->q = realloc(e->q, e->cap);
    if (!e->q) abort();
    return true;
}

bool http_sse_send(struct http_server *s, int64_t id, str event, int64_t event_id, str data)
{
    struct loop *lp = loop_of(s, id);
    if (!lp) return false;
    pthread_mutex_lock(&lp->sse_lock);
    struct http_sse *e = find(lp, id);
    bool ok = e && room(e, event, data, s->l.sse_queue_bytes);
    if (ok) put_event(e, event, event_id, data);
    else if (e) e->ended = true; /* he does not read: cut, he comes again with Last-Event-ID */
    if (e) sse_post(e);
    pthread_mutex_unlock(&lp->sse_lock);
    return ok;
}

void http_sse_end(struct http_server *s, int64_t id)
{
    struct loop *lp = loop_of(s, id);
    if (!lp) return;
    pthread_mutex_lock(&lp->sse_lock);
    struct http_sse *e = find(lp, id);
    if (e) {
        e->ended = true;
        sse_post(e);
    }
    pthread_mutex_unlock(&lp->sse_lock);
}

void sse_pump(struct conn *c)
{
    struct http_sse *e = c->sse;
    struct wire w = {0};
    pthread_mutex_lock(&c->loop->sse_lock);
    if (!c->pend && e->n) {
        w = (struct wire){.own = e->q, .a = {e->q, e->n}};
        e->q = NULL;
        e->n = e->cap = 0;
    }
    bool ended = e->ended && (c->pend || !e->n);
    pthread_mutex_unlock(&c->loop->sse_lock);
    if (w.own) {
        timer_set(c, T_SSE);
        if (!conn_push(c, w)) c->dead = true;
    }
    if (ended) c->dead = true;
}

void sse_drop(struct http_sse *e)
{
    struct loop *lp = e->loop;
    pthread_mutex_lock(&lp->sse_lock);
    e->ended = true;
    if (e->conn) lp->sse_open--;
    e->conn = NULL;
    lp->slot[e->id & ((1 << SLOT_BITS) - 1)] = NULL;
    free(e->q);
    e->q = NULL;
    e->n = e->cap = 0;
    bool posted = atomic_load(&e->post.posted);
    e->freed = posted; /* the message on its way frees it */
    pthread_mutex_unlock(&lp->sse_lock);
    if (e->gone) e->gone(e->tag);
    if (!posted) free(e);
}
