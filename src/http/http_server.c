/* SPDX-License-Identifier: MIT */
/* http/http_server.c - start, drain, stop, figures. */
#include "http/http_int.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOPS_MAX = 64, DRAIN_STEP_US = 5000, LOOP_STACK = 1 << 20 };

static void limits(struct http_server *s)
{
#define X(type, name, dflt, text)                                                                  \
    if (!s->l.name) s->l.name = (type)(dflt);
#include "http/http_limits.def"
#undef X
    if (s->l.header_bytes > RBUF / 2)
        s->l.header_bytes = RBUF / 2; /* a head must fit the read buffer */
    s->n_loops = s->l.loops > 0 ? s->l.loops : os_cores();
    if (s->n_loops > LOOPS_MAX) s->n_loops = LOOPS_MAX;
    const int ms[T_MAX] = {
        [T_HEADER] = s->l.header_ms, [T_BODY] = s->l.body_idle_ms, [T_WRITE] = s->l.write_idle_ms,
        [T_IDLE] = s->l.idle_ms,     [T_LINGER] = s->l.linger_ms,  [T_SSE] = s->l.sse_ping_ms};
    s->loop = calloc((size_t)s->n_loops, sizeof *s->loop);
    if (!s->loop) abort();
    for (int i = 0; i < s->n_loops; i++)
        for (int t = 0; t < T_MAX; t++) s->loop[i].timer[t].ms = ms[t];
}

static void own_options(struct http_server *s)
{
    str *all[] = {&s->o.listen,    &s->o.tls_cert, &s->o.tls_key, &s->o.trusted_proxies,
                  &s->o.spool_dir, &s->o.hosts,    &s->o.csp};
    s->a = arena_new();
    for (size_t i = 0; i < COUNT(all); i++) *all[i] = arena_dup(s->a, *all[i]);
}

static void loop_init(struct http_server *s, int i)
{
    struct loop *lp = &s->loop[i];
    lp->s = s;
    lp->index = i;
    lp->ep = lp->listen_fd = lp->wake_fd = lp->spare_fd = -1;
    lp->rbuf = malloc(RBUF);
    lp->obuf = malloc(OBUF);
    if (!lp->rbuf || !lp->obuf) abort();
    lp->seen_ms = os_mono_ms();
    (void)pthread_mutex_init(&lp->sse_lock, NULL);
}

static void loop_free(struct loop *lp)
{
    os_close_fd(&lp->ep);
    os_close_fd(&lp->listen_fd);
    os_close_fd(&lp->wake_fd);
    os_close_fd(&lp->spare_fd);
    (void)pthread_mutex_destroy(&lp->sse_lock);
    while (lp->spares) arena_free(&lp->spare[--lp->spares]);
    free(lp->slot);
    free(lp->slot_gen);
    free(lp->rbuf);
    free(lp->obuf);
}

static enum err start(struct cx *cx, struct http_server *s)
{
    if (s->o.tls_cert.n) TRY(tls_load(cx, s));
    for (int i = 0; i < s->n_loops; i++) TRY(loop_listen(cx, &s->loop[i]));
    for (int i = 0; i < s->n_loops; i++) {
        TRY(os_thread(cx, "http", LOOP_STACK, loop_main, &s->loop[i], &s->loop[i].thread));
        s->loop[i].started = true;
    }
    return E_OK;
}

enum err http_start(struct cx *cx, const struct http_opts *o, struct http_server **ret)
{
    assert(o->handle && o->arena && o->router);
    struct http_server *s = calloc(1, sizeof *s);
    pthread_condattr_t mono;
    if (!s) abort();
    s->o = *o;
    s->l = o->limit;
    own_options(s);
    limits(s);
    if (s->l.rate_per_addr > 0)
        s->rate_policy = arena_fmt(s->a, "\"address\";q=%d;w=%d", s->l.burst_per_addr,
                                   (s->l.burst_per_addr + s->l.rate_per_addr - 1) / s->l.rate_per_addr);
    os_random(s->addrs.seed, sizeof s->addrs.seed);
    (void)pthread_mutex_init(&s->tls_lock, NULL);
    (void)pthread_mutex_init(&s->w.lock, NULL);
    (void)pthread_condattr_init(&mono);
    (void)pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->w.work, &mono);
    (void)pthread_cond_init(&s->w.ended, &mono);
    (void)pthread_condattr_destroy(&mono);
    for (int i = 0; i < s->n_loops; i++) loop_init(s, i);
    enum err e = start(cx, s);
    if (e != E_OK) http_stop(&s);
    else *ret = s;
    return e;
}

int http_port(const struct http_server *s) { return s->port; }

static void wake_all(struct http_server *s)
{
    uint64_t one = 1;
    for (int i = 0; i < s->n_loops; i++)
        if (write(s->loop[i].wake_fd, &one, sizeof one) < 0) continue;
}

void http_drain(struct http_server *s, int max_ms)
{
    int64_t till = os_mono_us() + (int64_t)max_ms * 1000;
    atomic_store(&s->draining, true);
    wake_all(s);
    while (atomic_load(&s->conns) > 0 && os_mono_us() < till) (void)usleep(DRAIN_STEP_US);
}

void http_stop(struct http_server **sp)
{
    struct http_server *s = *sp;
    if (!s) return;
    atomic_store(&s->closing, true);
    wake_all(s);
    workers_stop(s);
    apart_wait(s);
    atomic_store(&s->stop, true);
    wake_all(s);
    for (int i = 0; i < s->n_loops; i++)
        if (s->loop[i].started) (void)pthread_join(s->loop[i].thread, NULL);
    for (int i = 0; i < s->n_loops; i++) loop_free(&s->loop[i]);
    if (s->unix_path[0]) (void)unlink(s->unix_path);
    tls_unload(s);
    (void)pthread_mutex_destroy(&s->tls_lock);
    (void)pthread_mutex_destroy(&s->w.lock);
    (void)pthread_cond_destroy(&s->w.work);
    (void)pthread_cond_destroy(&s->w.ended);
    free(s->loop);
    arena_free(&s->a);
    free(s);
    *sp = NULL;
}

int64_t http_silent_ms(const struct http_server *s)
{
    int64_t now = os_mono_ms(), most = 0;
    for (int i = 0; i < s->n_loops; i++) {
        int64_t ms = now - atomic_load_explicit(&s->loop[i].seen_ms, memory_order_relaxed);
        if (ms > most) most = ms;
    }
    return most;
}

struct http_stats http_stats(const struct http_server *s)
{
    struct http_stats t = {0};
    for (int i = 0; i < s->n_loops; i++) {
        const struct loop *lp = &s->loop[i];
        t.conns += lp->conns;
        t.conns_open += lp->open;
        t.requests += lp->requests;
        t.bad += lp->bad;
        t.bytes_in += lp->bytes_in;
        t.bytes_out += lp->bytes_out;
        t.sse_open += lp->sse_open;
        for (int k = 0; k < 6; k++) t.by_status[k] += lp->by_status[k];
    }
    return t;
}
