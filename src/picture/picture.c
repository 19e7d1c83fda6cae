/* SPDX-License-Identifier: MIT */
/* picture/picture.c - our end of the process that draws: starts it, hands it files, waits. */
#include "picture/picture_int.h"

#include "base/log.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TURN_S = 20, REPLY_MS = 9000, WAITING_MAX = 4, HEAD = 8 };

struct pictures {
    pthread_mutex_t lock;              /* one picture at a time */
    pthread_mutex_t queue;             /* of the next two; held for a moment */
    int64_t waiting[WAITING_MAX];      /* whose pictures are drawn or wait: nobody stands there twice */
    int n;
    struct os_child child;
    uint32_t last;
};

enum err pictures_start(struct cx *cx, str program, struct pictures **ret)
{
    struct os_child c = {0};
    TRY(os_child_start(cx, program, S(PICTURE_ARG), &c));
    struct pictures *p = mem_new(sizeof *p);
    p->child = c;
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_mutex_init(&p->queue, NULL);
    (void)setsockopt(c.sock, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = 2}, sizeof(struct timeval));
    *ret = p;
    return E_OK;
}

void pictures_stop(struct pictures **p)
{
    struct pictures *x = *p;
    if (!x) return;
    os_child_stop(&x->child);
    (void)pthread_mutex_destroy(&x->lock);
    (void)pthread_mutex_destroy(&x->queue);
    mem_free(x);
    *p = NULL;
}

static bool hand(const struct pictures *p, const struct draw_ask *ask, int in, int out)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } with = {0};
    const int fd[2] = {in, out};
    struct draw_ask copy = *ask;
    struct iovec v = {&copy, sizeof copy};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = with.room, .msg_controllen = sizeof with.room};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), fd, sizeof fd);
    return sendmsg(p->child.sock, &m, MSG_NOSIGNAL) == (ssize_t)sizeof copy;
}

/* The reply to `id`; older ones, which nobody waited for, are passed over. */
static bool hear(const struct pictures *p, uint32_t id, struct draw_reply *ret)
{
    int64_t until = os_mono_ms() + REPLY_MS;
    for (;;) {
        int64_t left = until - os_mono_ms();
        struct pollfd f = {p->child.sock, POLLIN, 0};
        int n = left > 0 ? poll(&f, 1, (int)left) : 0;
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0 || recv(p->child.sock, ret, sizeof *ret, 0) != (ssize_t)sizeof *ret) return false;
        if (ret->id == id) return true;
    }
}

/* A place in the queue, at once or not at all: no thread of the server waits behind more than a few pictures, and no
 * user takes more than one place. */
static bool stand_in(struct pictures *p, int64_t who)
{
    bool ok = false;
    pthread_mutex_lock(&p->queue);
    ok = p->n < WAITING_MAX;
    for (int i = 0; i < p->n; i++) ok &= p->waiting[i] != who;
    if (ok) p->waiting[p->n++] = who;
    pthread_mutex_unlock(&p->queue);
    return ok;
}

static void stand_out(struct pictures *p, int64_t who)
{
    pthread_mutex_lock(&p->queue);
    for (int i = 0; i < p->n; i++)
        if (p->waiting[i] == who) {
            p->waiting[i] = p->waiting[--p->n];
            break;
        }
    pthread_mutex_unlock(&p->queue);
}

static bool ask_for(struct pictures *p, int in, int out, struct draw_reply *ret)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TURN_S;
    if (pthread_mutex_timedlock(&p->lock, &until) != 0) return false;
    struct draw_ask ask = {++p->last};
    bool ok = hand(p, &ask, in, out) && hear(p, ask.id, ret);
    pthread_mutex_unlock(&p->lock);
    return ok;
}

static enum err told(struct cx *cx, const struct draw_reply *r)
{
    switch (r->how) {
    case DRAWN_OK: return E_OK;
    case DRAWN_LARGE:
        return fail(cx, E_LIMIT,
                    "This picture is too large: at most 32 MB, and 60 million pixels as JPEG, 30 as another");
    case DRAWN_FAILED: return fail(cx, E_INTERNAL, "The picture could not be drawn");
    default: return fail(cx, E_INVALID, "This is no picture in PNG, JPEG, GIF or WebP, or it is broken");
    }
}

/* What came from there is believed as far as its first bytes say the same. */
static bool is_so(int fd, uint32_t as)
{
    static const str png = S0("\x89PNG\r\n\x1A\n"), jpeg = S0("\xFF\xD8\xFF");
    char head[HEAD] = {0};
    ssize_t n = pread(fd, head, sizeof head, 0);
    return str_has_prefix((str){head, n > 0 ? (size_t)n : 0}, as == AS_PNG ? png : jpeg);
}

static enum err make(struct cx *cx, struct pictures *p, int in, int out, struct picture *ret)
{
    struct draw_reply r = {0};
    struct stat st = {0};
    if (p && !stand_in(p, cx->who.user))
        return fail(cx, E_BUSY, "Other pictures are being drawn; please try again in a moment");
    bool ok = p && ask_for(p, in, out, &r);
    if (p) stand_out(p, cx->who.user);
    if (!ok) {
        log_say(cx, LOG_WARN, S("picture"), "a picture was not drawn: %s", p ? "no reply" : "no process for it");
        return fail(cx, E_BUSY, "Pictures cannot be taken at present; please try again later");
    }
    TRY(told(cx, &r));
    if (fsync(out) != 0 || fstat(out, &st) != 0) return os_fail(cx, errno, "fsync", S("picture"));
    if (!is_so(out, r.as)) return fail(cx, E_INTERNAL, "The picture could not be drawn");
    *ret = (struct picture){r.as == AS_PNG ? S("image/png") : S("image/jpeg"), (int)r.w, (int)r.h, st.st_size};
    return E_OK;
}

enum err picture_make(struct cx *cx, struct pictures *p, str from, str to, struct picture *ret)
{
    OWNED(os_close_fd) int in = open(arena_z(cx->a, from), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0) return os_fail(cx, errno, "open", from);
    OWNED(os_close_fd) int out = open(arena_z(cx->a, to), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0) return os_fail(cx, errno, "open", to);
    enum err e = make(cx, p, in, out, ret);
    if (e != E_OK) os_unlink(cx, to);
    return e;
}
