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

enum { TURN_S = 10, REPLY_MS = 15000 };

struct pictures {
    pthread_mutex_t lock;              /* one picture at a time */
    int sock;
    pid_t pid;
    uint32_t last;
};

/* Nothing of our environment goes with it, and no descriptor but the socket and what a terminal has. */
static enum err spawn(struct cx *cx, const char *program, int sock, pid_t *ret)
{
    char *const argv[] = {(char[]){"kontor"}, (char[]){PICTURE_ARG}, NULL}, *const env[] = {NULL};
    posix_spawn_file_actions_t f;
    posix_spawnattr_t at;
    sigset_t none;
    sigemptyset(&none);
    int bad = posix_spawn_file_actions_init(&f) | posix_spawnattr_init(&at);
    bad |= posix_spawn_file_actions_adddup2(&f, sock, STDIN_FILENO);
    bad |= posix_spawn_file_actions_addclosefrom_np(&f, STDERR_FILENO + 1);
    bad |= posix_spawnattr_setsigmask(&at, &none) | posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK);
    int e = bad ? EINVAL : posix_spawn(ret, program, &f, &at, argv, env);
    (void)posix_spawn_file_actions_destroy(&f);
    (void)posix_spawnattr_destroy(&at);
    return e ? os_fail(cx, e, "start", str_from(program)) : E_OK;
}

enum err pictures_start(struct cx *cx, str program, struct pictures **ret)
{
    int end[2];
    pid_t pid = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, end) != 0)
        return os_fail(cx, errno, "socketpair", program);
    enum err e = spawn(cx, arena_z(cx->a, program), end[1], &pid);
    os_close_fd(&end[1]);
    if (e != E_OK) {
        os_close_fd(&end[0]);
        return e;
    }
    struct pictures *p = mem_new(sizeof *p);
    p->sock = end[0];
    p->pid = pid;
    (void)pthread_mutex_init(&p->lock, NULL);
    *ret = p;
    return E_OK;
}

void pictures_stop(struct pictures **p)
{
    struct pictures *x = *p;
    if (!x) return;
    os_close_fd(&x->sock); /* it ends by that */
    while (waitpid(x->pid, NULL, 0) < 0 && errno == EINTR) { /* once more */
    }
    (void)pthread_mutex_destroy(&x->lock);
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
    return sendmsg(p->sock, &m, MSG_NOSIGNAL) == (ssize_t)sizeof copy;
}

/* The reply to `id`; older ones, which nobody waited for, are passed over. */
static bool hear(const struct pictures *p, uint32_t id, struct draw_reply *ret)
{
    int64_t until = os_mono_ms() + REPLY_MS;
    for (;;) {
        int64_t left = until - os_mono_ms();
        struct pollfd f = {p->sock, POLLIN, 0};
        int n = left > 0 ? poll(&f, 1, (int)left) : 0;
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0 || recv(p->sock, ret, sizeof *ret, 0) != (ssize_t)sizeof *ret) return false;
        if (ret->id == id) return true;
    }
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
        return fail(cx, E_LIMIT, "This picture is too large: at most 32 MB and 60 million pixels");
    case DRAWN_FAILED: return fail(cx, E_INTERNAL, "The picture could not be drawn");
    default: return fail(cx, E_INVALID, "This is no picture in PNG, JPEG, GIF or WebP, or it is broken");
    }
}

static enum err make(struct cx *cx, struct pictures *p, int in, int out, struct picture *ret)
{
    struct draw_reply r = {0};
    struct stat st = {0};
    if (!p || !ask_for(p, in, out, &r)) {
        log_say(cx, LOG_WARN, S("picture"), "a picture was not drawn: %s", p ? "no reply" : "no process for it");
        return fail(cx, E_BUSY, "Pictures cannot be taken at present; please try again later");
    }
    TRY(told(cx, &r));
    if (fsync(out) != 0 || fstat(out, &st) != 0) return os_fail(cx, errno, "fsync", S("picture"));
    *ret = (struct picture){r.as == AS_PNG ? S("image/png") : S("image/jpeg"), (int)r.w, (int)r.h, st.st_size};
    return E_OK;
}

enum err picture_make(struct cx *cx, struct pictures *p, str from, str to, struct picture *ret)
{
    OWNED(os_close_fd) int in = open(arena_z(cx->a, from), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0) return os_fail(cx, errno, "open", from);
    OWNED(os_close_fd) int out = open(arena_z(cx->a, to), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0) return os_fail(cx, errno, "open", to);
    enum err e = make(cx, p, in, out, ret);
    if (e != E_OK) os_unlink(cx, to);
    return e;
}
