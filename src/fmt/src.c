/* SPDX-License-Identifier: MIT */
/* fmt/src.c - the two usual sources: a slice and a file descriptor. */
#include "fmt/src.h"

#include <errno.h>
#include <unistd.h>

static enum err read_bytes(struct cx *cx, const void *arg, uint64_t at, char *buf, size_t cap,
                           size_t *ret)
{
    const str *s = arg;
    (void)cx;
    size_t n = at >= s->n ? 0 : s->n - (size_t)at;
    if (n > cap) n = cap;
    if (n) memcpy(buf, s->p + at, n);
    *ret = n;
    return E_OK;
}

static enum err read_fd(struct cx *cx, const void *arg, uint64_t at, char *buf, size_t cap,
                        size_t *ret)
{
    const int *fd = arg;
    size_t n = 0;
    if (at > INT64_MAX - cap) return fail(cx, E_LIMIT, "The file is too long");
    while (n < cap) {
        ssize_t r = pread(*fd, buf + n, cap - n, (off_t)(at + n));
        if (r < 0 && errno == EINTR) continue;
        if (r < 0 && errno == EISDIR) return fail(cx, E_TYPE, "This is a folder, not a file");
        if (r < 0) return fail(cx, E_INTERNAL, "The file cannot be read");
        if (r == 0) break;
        n += (size_t)r;
    }
    *ret = n;
    return E_OK;
}

struct src src_bytes(const str *s) { return (struct src){read_bytes, s}; }
struct src src_fd(const int *fd) { return (struct src){read_fd, fd}; }
