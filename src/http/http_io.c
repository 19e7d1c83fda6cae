/* SPDX-License-Identifier: MIT */
/* http/http_io.c - bytes in and out of a connection; what the socket does not take waits as wires. */
#include "http/http_int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILE_PART = 64 * 1024, SENDFILE_PART = 1 << 20 };

ssize_t io_read(struct conn *c, char *to, size_t n)
{
    ssize_t got = c->ssl ? tls_read(c->ssl, to, n) : read(c->fd, to, n);
    if (got < 0 && !c->ssl) got = errno == EAGAIN || errno == EINTR ? IO_AGAIN : IO_BAD;
    if (got > 0) c->loop->bytes_in += got;
    return got;
}

static ssize_t wrote(struct conn *c, ssize_t n)
{
    if (n < 0) return errno == EAGAIN || errno == EINTR ? IO_AGAIN : IO_BAD;
    c->loop->bytes_out += n;
    return n;
}

ssize_t io_write(struct conn *c, const char *p, size_t n)
{
    if (!c->ssl) return wrote(c, write(c->fd, p, n));
    ssize_t put = tls_write(c->ssl, p, n);
    if (put > 0) c->loop->bytes_out += put;
    return put;
}

void wire_free(struct wire *w)
{
    if (w->fd > 0) (void)close(w->fd);
    w->fd = 0;
    free(w->own);
    w->own = NULL;
}

void wires_free(struct conn *c)
{
    while (c->pend) {
        struct wire *w = c->pend;
        c->pend = w->next;
        wire_free(w);
        free(w);
    }
    c->pend_last = NULL;
}

static void eat(struct conn *c, struct wire *w, size_t n)
{
    size_t a = n < w->a.n ? n : w->a.n;
    w->a = str_cut(w->a, a, w->a.n);
    w->b = str_cut(w->b, n - a, w->b.n);
    c->progress += (unsigned)(n < 1 << 20 ? n : 1 << 20);
}

static ssize_t send_memory(struct conn *c, const struct wire *w)
{
    if (c->ssl || !w->b.n)
        return w->a.n ? io_write(c, w->a.p, w->a.n) : io_write(c, w->b.p, w->b.n);
    struct iovec v[2] = {{(void *)(uintptr_t)w->a.p, w->a.n}, {(void *)(uintptr_t)w->b.p, w->b.n}};
    return wrote(c, writev(c->fd, v, 2));
}

static ssize_t send_part_of_file(struct conn *c, struct wire *w)
{
    if (!c->ssl) {
        off_t off = w->off;
        ssize_t n = sendfile(c->fd, w->fd, &off,
                             (size_t)(w->left < SENDFILE_PART ? w->left : SENDFILE_PART));
        return n == 0 ? IO_BAD : wrote(c, n); /* 0: the file was cut meanwhile */
    }
    char part[FILE_PART / 4];
    size_t want = w->left < (int64_t)sizeof part ? (size_t)w->left : sizeof part;
    ssize_t got = pread(w->fd, part, want, w->off);
    return got <= 0 ? IO_BAD : io_write(c, part, (size_t)got);
}

/* 1 all gone, 0 the socket is full, -1 broken */
static int wire_send(struct conn *c, struct wire *w)
{
    while (w->a.n || w->b.n) {
        ssize_t n = send_memory(c, w);
        if (n == IO_AGAIN) return 0;
        if (n <= 0) return -1;
        eat(c, w, (size_t)n);
    }
    while (w->left) {
        ssize_t n = send_part_of_file(c, w);
        if (n == IO_AGAIN) return 0;
        if (n <= 0) return -1;
        w->off += n;
        w->left -= n;
        c->progress += (unsigned)n;
    }
    return 1;
}

int conn_flush(struct conn *c)
{
    while (c->pend) {
        struct wire *w = c->pend;
        int r = wire_send(c, w);
        if (r <= 0) return r;
        c->pend = w->next;
        wire_free(w);
        free(w);
    }
    c->pend_last = NULL;
    return 1;
}

static void keep(struct conn *c, struct wire w)
{
    struct wire *p = malloc(sizeof *p);
    if (!p) abort();
    if (!w.own && w.a.n) { /* it lies in the loop's buffer, which the next connection needs */
        w.own = malloc(w.a.n);
        if (!w.own) abort();
        memcpy(w.own, w.a.p, w.a.n);
        w.a.p = w.own;
    }
    *p = w;
    p->next = NULL;
    if (c->pend) c->pend_last->next = p;
    else c->pend = p;
    c->pend_last = p;
}

bool obuf_flush(struct conn *c)
{
    struct loop *lp = c->loop;
    size_t n = lp->obuf_n;
    lp->obuf_n = 0;
    return !n || conn_push(c, (struct wire){.a = {lp->obuf, n}});
}

bool conn_push(struct conn *c, struct wire w)
{
    int r = 0;
    if (c->loop->obuf_n && w.a.p != c->loop->obuf && !obuf_flush(c)) r = -1;
    else if (!c->pend) r = wire_send(c, &w);
    if (r == 0) keep(c, w);
    else wire_free(&w);
    return r >= 0;
}
