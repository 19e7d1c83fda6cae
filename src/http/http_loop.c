/* SPDX-License-Identifier: MIT */
/* http/http_loop.c - one thread: sockets, timers and messages from workers.
 *
 * A timer's list has one length of time, so appending keeps it in order: setting and firing cost the
 * same for ten connections and for ten thousand.
 */
#include "http/http_int.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { EVENTS = 256, ACCEPTS = 16, BACKLOG = 4096, TICK_MS = 1000, HASTY_US = 200, CALM_MS = 5, PAUSE_MAX_MS = 4000 };

void timer_set(struct conn *c, enum timer t)
{
    struct loop *lp = c->loop;
    if (c->timer != T_NONE) {
        struct tlist *l = &lp->timer[c->timer];
        if (c->t_prev) c->t_prev->t_next = c->t_next;
        else l->first = c->t_next;
        if (c->t_next) c->t_next->t_prev = c->t_prev;
        else l->last = c->t_prev;
    }
    c->timer = (unsigned char)t;
    c->progress = 0;
    c->t_next = c->t_prev = NULL;
    if (t == T_NONE) return;
    struct tlist *l = &lp->timer[t];
    c->due_ms = lp->now_ms + l->ms;
    c->t_prev = l->last;
    if (l->last) l->last->t_next = c;
    else l->first = c;
    l->last = c;
}

static void fire(struct loop *lp)
{
    for (int t = 0; t < T_MAX; t++)
        while (lp->timer[t].first && lp->timer[t].first->due_ms <= lp->now_ms)
            conn_timeout(lp->timer[t].first);
}

static int wait_ms(const struct loop *lp)
{
    int64_t ms = TICK_MS;
    if (lp->line[LINE_CALM].first || lp->line[LINE_HASTY].first) return 0;
    for (int t = 0; t < T_MAX; t++) {
        if (!lp->timer[t].first) continue;
        int64_t left = lp->timer[t].first->due_ms - lp->now_ms;
        if (left < ms) ms = left;
    }
    return ms < 0 ? 0 : (int)ms + 1;
}

/* Who asks again as soon as he is answered is back after the time that he stood in line. A few such questions, as a
 * page of ours has them, make nobody hasty, and nobody is calm before he was seen to be. */
static enum line line_for(struct conn *c)
{
    const struct loop *lp = c->loop;
    uint32_t pause = (uint32_t)lp->now_ms - c->queued_ms;
    if (!c->served) return LINE_HASTY;
    if (pause > PAUSE_MAX_MS) pause = PAUSE_MAX_MS;
    c->pause_ms = c->pause_ms ? (c->pause_ms * 3 + pause) / 4 : pause;
    return c->pause_ms > lp->lag_ms + lp->lag_ms / 8 + CALM_MS ? LINE_CALM : LINE_HASTY;
}

void loop_ready(struct conn *c)
{
    if (c->ready) return;
    c->ready = true;
    c->line = (unsigned char)line_for(c);
    c->queued_ms = (uint32_t)c->loop->now_ms;
    c->ready_next = NULL;
    struct line_of *l = &c->loop->line[c->line];
    if (l->last) l->last->ready_next = c;
    else l->first = c;
    l->last = c;
}

void loop_unready(struct conn *c)
{
    struct line_of *l = &c->loop->line[c->line];
    struct conn *before = NULL, *at = l->first;
    if (!c->ready) return;
    for (; at != c; at = at->ready_next) before = at;
    if (before) before->ready_next = c->ready_next;
    else l->first = c->ready_next;
    if (l->last == c) l->last = before;
    c->ready = false;
}

static bool run_one(struct loop *lp, enum line which)
{
    struct conn *c = lp->line[which].first;
    if (!c) return false;
    loop_unready(c);
    if (which == LINE_HASTY) lp->lag_ms = (uint32_t)lp->now_ms - c->queued_ms;
    conn_run(c);
    return true;
}

/* All of the calm ones that stand there now, then the others for a moment: after that comes a look at who is new. */
static void run_ready(struct loop *lp)
{
    const struct conn *last = lp->line[LINE_CALM].last;
    for (bool more = last; more;) {
        more = lp->line[LINE_CALM].first != last;
        more = run_one(lp, LINE_CALM) && more;
    }
    if (!lp->line[LINE_HASTY].first) return;
    int64_t until = os_mono_us() + HASTY_US;
    while (run_one(lp, LINE_HASTY) && os_mono_us() < until) continue;
}

void count_status(struct loop *lp, int status)
{
    int k = status / 100;
    if (k >= 1 && k <= 5) lp->by_status[k]++;
}

static void wake(struct loop *lp)
{
    uint64_t one = 1;
    if (write(lp->wake_fd, &one, sizeof one) < 0) return; /* full: it is awake already */
}

void loop_post(struct loop *lp, struct post *p)
{
    struct post *first = atomic_load(&lp->posts);
    do p->next = first;
    while (!atomic_compare_exchange_weak(&lp->posts, &first, p));
    if (!first) wake(lp);
}

static void take_stream(struct http_stream *st)
{
    struct conn *c = st->job->conn;
    atomic_store(&st->post.posted, false);
    if (!c->dead) conn_run(c);
}

static void take_sse(struct http_sse *e)
{
    atomic_store(&e->post.posted, false);
    if (e->freed) {
        free(e);
        return;
    }
    pthread_mutex_lock(&e->loop->sse_lock);
    struct conn *c = e->conn;
    pthread_mutex_unlock(&e->loop->sse_lock);
    if (c && c->sse == e) conn_run(c);
}

static void take_posts(struct loop *lp)
{
    struct post *p = atomic_exchange(&lp->posts, NULL), *in_order = NULL;
    while (p) {
        struct post *next = p->next;
        p->next = in_order;
        in_order = p;
        p = next;
    }
    while ((p = in_order)) {
        in_order = p->next;
        char *base = (char *)p;
        switch (p->kind) {
        case POST_JOB:
            conn_job_done((struct http_job *)(void *)(base - offsetof(struct http_job, post)));
            break;
        case POST_STREAM:
            take_stream((struct http_stream *)(void *)(base - offsetof(struct http_stream, post)));
            break;
        case POST_SSE:
            take_sse((struct http_sse *)(void *)(base - offsetof(struct http_sse, post)));
            break;
        }
    }
}

/* Too many: says so, if the socket takes it at once, and hangs up. */
static void refuse(struct loop *lp, int fd, int status, const struct addr *from)
{
    char text[HTTP_ERROR_MAX], addr[ADDR_TEXT];
    if (from) refusal_tell(lp->s, addr_text(from, addr), false, status);
    if (!lp->s->tls) {
        size_t n = http_error_put(status, false, RETRY_AFTER_S, &lp->date, text);
        if (send(fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) (void)shutdown(fd, SHUT_WR);
        (void)recv(fd, lp->rbuf, RBUF, MSG_DONTWAIT);
    }
    lp->bad++;
    count_status(lp, status);
    (void)close(fd);
}

static void welcome(struct loop *lp, int fd, const struct sockaddr_storage *sa)
{
    struct http_server *s = lp->s;
    struct addr a = addr_of(sa);
    int one = 1, all = atomic_fetch_add(&s->conns, 1) + 1;
    uint32_t mine = addr_count(&s->addrs, &a, 1);
    bool exempt = sa->ss_family == AF_UNIX || addr_in_list(&a, s->o.trusted_proxies);
    int status = all > s->l.conns ? 503 : !exempt && mine > (uint32_t)s->l.conns_per_addr ? 429 : 0;
    if (s->o.proxies_only && !addr_may_come(&a, s->o.trusted_proxies)) status = 403;
    lp->conns++;
    if (status) {
        (void)addr_count(&s->addrs, &a, -1);
        (void)atomic_fetch_sub(&s->conns, 1);
        refuse(lp, fd, status, &a);
        return;
    }
    if (sa->ss_family != AF_UNIX) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        /* a reply that fits the socket's buffer is out for us: that its reader takes nothing, the kernel alone sees */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &s->l.write_idle_ms, sizeof s->l.write_idle_ms);
    }
    lp->open++;
    conn_open(lp, fd, &a);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                             .data.ptr = lp->all};
    if (epoll_ctl(lp->ep, EPOLL_CTL_ADD, fd, &ev) != 0) conn_close(lp->all);
}

static void accept_some(struct loop *lp)
{
    for (int i = 0; i < ACCEPTS; i++) {
        struct sockaddr_storage sa = {0};
        socklen_t n = sizeof sa;
        int fd = accept4(lp->listen_fd, (struct sockaddr *)&sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(lp, fd, &sa);
            continue;
        }
        if ((errno != EMFILE && errno != ENFILE) || lp->spare_fd < 0) return;
        /* no descriptor left: take the caller off the queue with our spare one, or it wakes us for ever */
        (void)close(lp->spare_fd);
        fd = accept(lp->listen_fd, NULL, NULL);
        if (fd >= 0) refuse(lp, fd, 503, NULL);
        lp->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
}

static void event(struct loop *lp, const struct epoll_event *ev)
{
    uint64_t n = 0;
    if (ev->data.ptr == lp) accept_some(lp);
    else if (ev->data.ptr == &lp->posts) {
        if (read(lp->wake_fd, &n, sizeof n) < 0) return;
    } else {
        struct conn *c = ev->data.ptr;
        if (ev->events & (EPOLLIN | EPOLLRDHUP)) c->readable = true;
        if (ev->events & EPOLLRDHUP) c->hup = true;
        if (ev->events & (EPOLLERR | EPOLLHUP)) c->dead = true;
        loop_ready(c);
    }
}

static void close_listener(struct loop *lp)
{
    if (lp->listen_fd < 0) return;
    (void)epoll_ctl(lp->ep, EPOLL_CTL_DEL, lp->listen_fd, NULL);
    os_close_fd(&lp->listen_fd);
}

/* Draining: nobody new; who waits for nothing goes. Closing: everybody goes, also streams. */
static void leave(struct loop *lp)
{
    bool force = lp->s->closing;
    struct conn *next = NULL;
    if (!lp->drained) close_listener(lp);
    lp->drained = true;
    for (struct conn *c = lp->all; c; c = next) {
        next = c->all_next;
        bool idle = c->state == C_SSE || c->state == C_LINGER ||
                    (c->state == C_HEAD && !c->pend && !c->in && c->served);
        if ((force || idle) && !(c->dead && c->state == C_WORK)) conn_close(c);
    }
}

static void turn(struct loop *lp, struct epoll_event *evs)
{
    int n = epoll_wait(lp->ep, evs, EVENTS, wait_ms(lp));
    lp->now_ms = os_mono_ms();
    atomic_store_explicit(&lp->seen_ms, lp->now_ms, memory_order_relaxed);
    http_date_at(&lp->date, os_now_ms() / 1000);
    for (int i = 0; i < n; i++) event(lp, &evs[i]);
    take_posts(lp);
    run_ready(lp);
    fire(lp);
    if (lp->index == 0) tls_reload(lp->s);
    if (lp->s->draining || lp->s->closing) leave(lp);
}

void *loop_main(void *arg)
{
    struct loop *lp = arg;
    struct http_server *s = lp->s;
    struct epoll_event evs[EVENTS];
    lp->user = s->o.thread_start ? s->o.thread_start(s->o.arg) : NULL;
    lp->now_ms = os_mono_ms();
    while (!s->stop) turn(lp, evs);
    take_posts(lp);
    while (lp->all) conn_close(lp->all);
    take_posts(lp);
    if (s->o.thread_end) s->o.thread_end(s->o.arg, lp->user);
    return NULL;
}

static enum err unix_listen(struct cx *cx, struct loop *lp, str path)
{
    struct http_server *s = lp->s;
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    if (lp->index > 0) { /* one socket, waited for by all loops */
        lp->listen_fd = fcntl(s->loop[0].listen_fd, F_DUPFD_CLOEXEC, 3);
        return lp->listen_fd < 0 ? os_fail(cx, errno, "dup", path) : E_OK;
    }
    if (path.n >= sizeof sa.sun_path) return fail(cx, E_BAD, "The socket's path is too long");
    memcpy(sa.sun_path, path.p, path.n);
    lp->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(lp->listen_fd, (struct sockaddr *)&sa, sizeof sa) == 0)
        return os_fail(cx, EADDRINUSE, "listen", path);
    os_close_fd(&lp->listen_fd);
    lp->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)unlink(sa.sun_path);
    if (bind(lp->listen_fd, (struct sockaddr *)&sa, sizeof sa) != 0)
        return os_fail(cx, errno, "bind", path);
    memcpy(s->unix_path, sa.sun_path, sizeof s->unix_path);
    if (listen(lp->listen_fd, BACKLOG) != 0) return os_fail(cx, errno, "listen", path);
    return E_OK;
}

/* "127.0.0.1:8080", "[::1]:8080", ":8080" (everybody) */
static bool listen_addr(str text, struct sockaddr_storage *sa, socklen_t *len)
{
    size_t i = text.n;
    int64_t port = -1;
    struct addr a = {0};
    while (i && text.p[i - 1] != ':') i--;
    if (!i || !str_to_int(str_cut(text, i, text.n), &port) || port < 0 || port > 65535)
        return false;
    str host = str_cut(text, 0, i - 1);
    bool v6 = host.n && host.p[0] == '[';
    if (!addr_parse(host.n ? host : S("0.0.0.0"), &a)) return false;
    if (v6) {
        struct sockaddr_in6 s6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        memcpy(&s6.sin6_addr, a.ip, 16);
        memcpy(sa, &s6, sizeof s6);
        *len = sizeof s6;
    } else {
        struct sockaddr_in s4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        memcpy(&s4.sin_addr, a.ip + 12, 4);
        memcpy(sa, &s4, sizeof s4);
        *len = sizeof s4;
    }
    return true;
}

/* SO_REUSEPORT would let a second server of ours share the port silently: look first without it. */
static enum err probe(struct cx *cx, const struct sockaddr_storage *sa, socklen_t len, str text)
{
    int one = 1;
    OWNED(os_close_fd) int fd = socket(sa->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return os_fail(cx, errno, "socket", text);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)sa, len) != 0)
        return os_fail(cx, errno, "listen on", text);
    return E_OK;
}

static enum err tcp_listen(struct cx *cx, struct loop *lp, str text)
{
    struct http_server *s = lp->s;
    struct sockaddr_storage sa = {0};
    socklen_t len = 0;
    int one = 1;
    if (!listen_addr(text, &sa, &len))
        return fail(cx, E_BAD, "Bad address to listen on: %.*s", FS(text));
    if (lp->index == 0) TRY(probe(cx, &sa, len, text));
    else
        ((struct sockaddr_in *)(void *)&sa)->sin_port =
            htons((uint16_t)s->port); /* same place in IPv6 */
    int fd = lp->listen_fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return os_fail(cx, errno, "socket", text);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&sa, len) != 0) return os_fail(cx, errno, "bind", text);
    if (listen(fd, BACKLOG) != 0) return os_fail(cx, errno, "listen on", text);
    if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
        return os_fail(cx, errno, "getsockname", text);
    s->port = ntohs(((struct sockaddr_in *)(void *)&sa)->sin_port);
    return E_OK;
}

enum err loop_listen(struct cx *cx, struct loop *lp)
{
    str text = lp->s->o.listen;
    if (str_has_prefix(text, S("unix:"))) TRY(unix_listen(cx, lp, str_cut(text, 5, text.n)));
    else TRY(tcp_listen(cx, lp, text));
    lp->ep = epoll_create1(EPOLL_CLOEXEC);
    lp->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    lp->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (lp->ep < 0 || lp->wake_fd < 0) return os_fail(cx, errno, "epoll", text);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = lp};
    struct epoll_event wk = {.events = EPOLLIN, .data.ptr = &lp->posts};
    if (epoll_ctl(lp->ep, EPOLL_CTL_ADD, lp->listen_fd, &ev) != 0 ||
        epoll_ctl(lp->ep, EPOLL_CTL_ADD, lp->wake_fd, &wk) != 0)
        return os_fail(cx, errno, "epoll_ctl", text);
    return E_OK;
}
