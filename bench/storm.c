/* SPDX-License-Identifier: MIT */
/* bench/storm.c - many clients in one thread, for bench/load.py: sends the requests of a file in turn and tells what came back.
 *
 * usage: storm PORT FILE SECONDS CONNS [pause MS | rate PER-MINUTE] [fresh] [from A] [wait S] [skip S]
 * FILE: for each request its length in decimal, a line end, its bytes. pause: each connection asks again so long after its answer
 * (half to one and a half times, at random; 0 = at once). rate: so many requests a minute whatever is answered; one that finds no
 * connection free is "unsent". fresh: a connection for each request. from: connections come from 127.0.A.x in turn. wait: an answer
 * that takes longer is "late". skip: the times of the first S seconds do not count. Prints one line of JSON: what was sent and answered, by status, the times of the good ones (2xx) in
 * microseconds, and of 429 and 503 how many say Retry-After, and which. A request counts as lost when its connection ended first. */
#include "base/base.h"
#include "os/os.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUF = 16384, TOOK_MAX = 8 << 20, EVENTS = 256, RETRY_MAX = 64, WAIT_S = 30, SECONDS_MAX = 4096 };
enum state { CLOSED, CONNECTING, READY, ASKED };

struct client {
    int fd;
    enum state state;
    bool old;             /* it has answered before: the server may have closed it meanwhile */
    str ask;
    size_t sent, n;       /* n: bytes of the head so far */
    int64_t body;         /* left of the answer's body; -1 = the head is not whole */
    int64_t asked_us, next_us;
    int status;
    bool ends;            /* the answer said Connection: close */
    struct client *free;  /* the next one with nothing to do */
    char in[BUF];
};

static struct {
    int ep, from, turn;
    uint16_t port;
    int64_t pause_us, rate, end_us, wait_us, start_us, skip_s;
    bool fresh;
    str *ask;
    size_t n_ask, at;
    struct client **all, *free;
    size_t conns;
    int64_t sent, answered, lost, late, unsent, bare, by[600], retry[RETRY_MAX + 1], good[SECONDS_MAX];
    uint32_t *took;
    size_t n_took;
    uint64_t rnd;
} g;

static void ask_next(struct client *c);

static void rest(struct client *c)
{
    c->state = c->fd >= 0 ? READY : CLOSED;
    c->next_us = -1;
    if (g.pause_us < 0) {
        c->free = g.free;
        g.free = c;
        return;
    }
    g.rnd = g.rnd * 6364136223846793005u + 1442695040888963407u;
    c->next_us = os_mono_us() + g.pause_us / 2 + (g.pause_us ? (int64_t)((g.rnd >> 33) % (uint64_t)g.pause_us) : 0);
}

static void hang_up(struct client *c)
{
    if (c->fd >= 0) (void)close(c->fd);
    c->fd = -1;
    c->old = false;
    c->state = CLOSED;
}

static void lose(struct client *c)
{
    bool again = c->old && c->n == 0; /* it was closed before it could hear us */
    hang_up(c);
    if (again) {
        g.sent--;
        ask_next(c);
        return;
    }
    g.lost++;
    rest(c);
}

static void push(struct client *c)
{
    while (c->sent < c->ask.n) {
        ssize_t n = send(c->fd, c->ask.p + c->sent, c->ask.n - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) return; /* an answer may be there all the same: reading tells */
        c->sent += (size_t)n;
    }
}

static bool dial(struct client *c)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(g.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, me = to;
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, .data.ptr = c};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) return false;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    me.sin_port = 0;
    me.sin_addr.s_addr = htonl(0x7f000000u | (uint32_t)g.from << 8 | (uint32_t)(g.turn++ % 200 + 1));
    if (g.from && bind(c->fd, (struct sockaddr *)&me, sizeof me) != 0) return false;
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) return false;
    return epoll_ctl(g.ep, EPOLL_CTL_ADD, c->fd, &ev) == 0;
}

static void ask_next(struct client *c)
{
    c->ask = g.ask[g.at++ % g.n_ask];
    c->sent = c->n = 0;
    c->body = -1;
    c->next_us = -1;
    c->ends = false;
    c->asked_us = os_mono_us();
    c->state = ASKED;
    g.sent++;
    if (c->fd < 0 && !dial(c)) lose(c);
    else push(c);
}

static str header(str head, str name)
{
    for (size_t i = 0; i + name.n < head.n; i++)
        if (head.p[i] == '\n' && str_eq_nocase(str_cut(head, i + 1, i + 1 + name.n), name)) {
            size_t to = i + 1 + name.n;
            while (to < head.n && head.p[to] != '\r') to++;
            return str_trim(str_cut(head, i + 1 + name.n, to));
        }
    return S("");
}

static void look(struct client *c, str head)
{
    int64_t v = 0, n = 0;
    if (str_to_int(str_cut(head, 9, 12), &v) && v >= 100 && v < 600) c->status = (int)v;
    c->ends = str_eq_nocase(header(head, S("Connection:")), S("close"));
    c->body = str_to_int(header(head, S("Content-Length:")), &n) ? n : 0;
    if (c->status != 429 && c->status != 503) return;
    if (!str_to_int(header(head, S("Retry-After:")), &v)) g.bare++;
    else g.retry[v < 0 ? 0 : v > RETRY_MAX ? RETRY_MAX : v]++;
}

static void answered(struct client *c)
{
    int64_t now = os_mono_us(), us = now - c->asked_us, s = (now - g.start_us) / 1000000;
    bool good = c->status >= 200 && c->status < 300;
    g.answered++;
    g.by[c->status]++;
    if (good && s < SECONDS_MAX) g.good[s]++;
    if (good && s >= g.skip_s && g.n_took < TOOK_MAX) g.took[g.n_took++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
    c->old = true;
    c->n = 0;
    if (c->ends || g.fresh) hang_up(c);
    rest(c);
    if (g.pause_us == 0 && c->next_us >= 0 && now < g.end_us) ask_next(c);
}

/* One read's worth; false when there is no more. */
static bool take(struct client *c)
{
    ssize_t n = recv(c->fd, c->in + c->n, c->body < 0 ? BUF - c->n : BUF, 0);
    if (n < 0 && errno == EAGAIN) return false;
    if (c->state != ASKED) {
        if (n <= 0) hang_up(c);
        return n > 0;
    }
    if (n <= 0) {
        lose(c);
        return false;
    }
    if (c->body >= 0) c->body -= n;
    else c->n += (size_t)n;
    for (size_t i = 3; c->body < 0 && i < c->n; i++)
        if (memcmp(c->in + i - 3, "\r\n\r\n", 4) == 0) {
            look(c, (str){c->in, i + 1});
            c->body -= (int64_t)(c->n - i - 1);
            if (c->body < 0) c->body = 0;
            break;
        }
    if (c->body >= 0) c->n = 0; /* the body is thrown away */
    if (c->body == 0) answered(c);
    else if (c->n == BUF) lose(c);
    return c->fd >= 0;
}

static void event(struct client *c, unsigned what)
{
    if (c->fd < 0) return;
    if (c->state == ASKED && (what & EPOLLOUT)) push(c);
    if (!(what & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP))) return;
    int fd = c->fd;
    while (c->fd == fd && take(c)) continue;
}

static void due(int64_t now)
{
    static int64_t made, looked;
    for (size_t i = 0; g.pause_us >= 0 && i < g.conns; i++)
        if (g.all[i]->next_us >= 0 && g.all[i]->next_us <= now) ask_next(g.all[i]);
    for (; g.pause_us < 0 && made < (now - g.start_us) * g.rate / 60000000; made++) {
        struct client *c = g.free;
        if (!c) {
            g.unsent++;
            continue;
        }
        g.free = c->free;
        ask_next(c);
    }
    if (now - looked < 200000) return;
    looked = now;
    for (size_t i = 0; i < g.conns; i++)
        if (g.all[i]->state == ASKED && now - g.all[i]->asked_us > g.wait_us) {
            g.late++;
            hang_up(g.all[i]);
            rest(g.all[i]);
        }
}

static bool read_file(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n = 0, max = 1 << 20;
    g.ask = arena_get(a, max * sizeof *g.ask);
    for (; f && g.n_ask < max && fscanf(f, "%zu", &n) == 1 && fgetc(f) == '\n'; g.n_ask++) {
        char *p = arena_get(a, n + 1);
        if (fread(p, 1, n, f) != n) return false;
        g.ask[g.n_ask] = (str){p, n};
    }
    return f && fclose(f) == 0 && g.n_ask;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t at_share(size_t per_mille) { return g.n_took ? g.took[(g.n_took - 1) * per_mille / 1000] : 0; }

static void counts(const char *name, const int64_t *of, size_t n, bool all)
{
    const char *sep = "";
    printf(", \"%s\": %s", name, all ? "[" : "{");
    for (size_t i = 0; i < n; i++) {
        if (!all && !of[i]) continue;
        if (all) printf("%s%" PRId64, sep, of[i]);
        else printf("%s\"%zu\": %" PRId64, sep, i, of[i]);
        sep = ", ";
    }
    printf("%s", all ? "]" : "}");
}

static void tell(int64_t us)
{
    qsort(g.took, g.n_took, sizeof *g.took, by_size);
    printf("{\"us\": %" PRId64 ", \"sent\": %" PRId64 ", \"answered\": %" PRId64 ", \"lost\": %" PRId64 ", \"late\": %" PRId64
           ", \"unsent\": %" PRId64 ", \"bare\": %" PRId64 ", \"good\": %zu, \"p50\": %u, \"p90\": %u, \"p99\": %u, \"max\": %u",
           us, g.sent, g.answered, g.lost, g.late, g.unsent, g.bare, g.n_took, at_share(500), at_share(900), at_share(990),
           at_share(1000));
    counts("status", g.by, COUNT(g.by), false);
    counts("retry", g.retry, COUNT(g.retry), false);
    int64_t s = us / 1000000 + 1;
    counts("per_second", g.good, s < SECONDS_MAX ? (size_t)s : SECONDS_MAX, true);
    printf("}\n");
}

static bool options(int argc, char **argv)
{
    int64_t port = 0, seconds = 0, conns = 0, v = 0;
    if (argc < 5 || !str_to_int(str_from(argv[1]), &port) || !str_to_int(str_from(argv[3]), &seconds) ||
        !str_to_int(str_from(argv[4]), &conns))
        return false;
    g.port = (uint16_t)port;
    g.conns = (size_t)conns;
    g.wait_us = WAIT_S * INT64_C(1000000);
    for (int i = 5; i < argc; i++) {
        str o = str_from(argv[i]);
        if (str_eq(o, S("fresh"))) {
            g.fresh = true;
            continue;
        }
        if (++i == argc || !str_to_int(str_from(argv[i]), &v)) return false;
        if (str_eq(o, S("pause"))) g.pause_us = v * 1000;
        else if (str_eq(o, S("rate"))) g.rate = v, g.pause_us = -1;
        else if (str_eq(o, S("from"))) g.from = (int)v;
        else if (str_eq(o, S("wait"))) g.wait_us = v * 1000000;
        else if (str_eq(o, S("skip"))) g.skip_s = v;
        else return false;
    }
    g.end_us = seconds * 1000000;
    return true;
}

static bool anything_open(void)
{
    for (size_t i = 0; i < g.conns; i++)
        if (g.all[i]->state == ASKED) return true;
    return false;
}

int main(int argc, char **argv)
{
    struct arena *a OWNED(arena_free) = arena_new();
    struct epoll_event evs[EVENTS];
    if (!options(argc, argv) || !read_file(a, argv[2])) {
        (void)fprintf(stderr, "usage: storm PORT FILE SECONDS CONNS [pause MS | rate PER-MINUTE] [fresh] [from A] [wait S] [skip S]\n");
        return 2;
    }
    (void)os_raise_nofile();
    g.took = mem_new(TOOK_MAX * sizeof *g.took);
    g.ep = epoll_create1(EPOLL_CLOEXEC);
    g.all = arena_get(a, g.conns * sizeof *g.all);
    g.start_us = os_mono_us();
    g.end_us += g.start_us;
    for (size_t i = 0; i < g.conns; i++) {
        struct client *c = g.all[i] = arena_get(a, sizeof *c);
        c->fd = -1;
        rest(c);
        if (g.pause_us == 0) c->next_us = g.start_us;
    }
    for (int64_t now = g.start_us; now < g.end_us || (anything_open() && now < g.end_us + g.wait_us); now = os_mono_us()) {
        if (now < g.end_us) due(now);
        int n = epoll_wait(g.ep, evs, EVENTS, 1);
        for (int i = 0; i < n; i++) event(evs[i].data.ptr, evs[i].events);
    }
    tell(g.end_us - g.start_us);
    mem_free(g.took);
    return 0;
}
