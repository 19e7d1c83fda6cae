/* SPDX-License-Identifier: MIT */
/* picture/child.c - the process that draws: takes two files at a time by its socket, has a child of its own draw. */
#include "picture/picture_int.h"

#include "os/os.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { SOCKET = 0, SECONDS = 10, MEMORY = 1024 * 1024 * 1024, OUT_MAX = 64 * 1024 * 1024 };

/* ---- the fence: a list of what may be called; all else is refused ---- */
static const int parent_calls[] = {
    SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(fork),
    SCMP_SYS(vfork),   SCMP_SYS(wait4),   SCMP_SYS(waitid), SCMP_SYS(prctl), SCMP_SYS(seccomp)};
static const int drawing_calls[] = {
    SCMP_SYS(read),           SCMP_SYS(write),        SCMP_SYS(close),         SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),     SCMP_SYS(lseek),        SCMP_SYS(mmap),          SCMP_SYS(munmap),
    SCMP_SYS(mremap),         SCMP_SYS(mprotect),     SCMP_SYS(madvise),       SCMP_SYS(brk),
    SCMP_SYS(exit),           SCMP_SYS(exit_group),   SCMP_SYS(futex),         SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),   SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday), SCMP_SYS(sched_yield),   SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getpid),         SCMP_SYS(gettid),       SCMP_SYS(tgkill),        SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),           SCMP_SYS(setrlimit),    SCMP_SYS(getrlimit),     SCMP_SYS(prlimit64),
    SCMP_SYS(alarm),          SCMP_SYS(setitimer)};

static bool allow_only(bool parent)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int bad = !f;
    for (size_t i = 0; f && i < COUNT(drawing_calls); i++)
        bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, drawing_calls[i], 0);
    for (size_t i = 0; f && parent && i < COUNT(parent_calls); i++)
        bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, parent_calls[i], 0);
    bool ok = !bad && seccomp_load(f) == 0;
    seccomp_release(f);
    return ok;
}

/* ---- one picture ---- */
static bool read_whole(int fd, str *ret)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size < 1 || st.st_size > PICTURE_BYTES_MAX) return false;
    size_t n = (size_t)st.st_size, at = 0;
    char *p = mem_new(n);
    while (at < n) {
        ssize_t k = read(fd, p + at, n - at);
        if (k <= 0) break;
        at += (size_t)k;
    }
    *ret = (str){p, at};
    return at == n;
}

static bool write_whole(int fd, const unsigned char *p, size_t n)
{
    while (n) {
        ssize_t k = write(fd, p, n);
        if (k <= 0) return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static void limits(void)
{
    const struct rlimit memory = {MEMORY, MEMORY}, cpu = {SECONDS, SECONDS}, out = {OUT_MAX, OUT_MAX}, none = {0, 0};
    if (!SANITIZED) (void)setrlimit(RLIMIT_AS, &memory); /* a sanitizer's shadow is larger than any memory */
    (void)setrlimit(RLIMIT_CPU, &cpu);
    (void)setrlimit(RLIMIT_FSIZE, &out);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)alarm(SECONDS);
}

static void draw(int in, int out, struct draw_reply *ret)
{
    str bytes = {0};
    unsigned char *p = NULL;
    size_t n = 0;
    limits();
    (void)close(SOCKET);
    if (!allow_only(false)) _exit(1);
    enum drawn e = read_whole(in, &bytes) ? picture_draw(bytes, PICTURE_SIDE, ret, &p, &n) : DRAWN_LARGE;
    if (e == DRAWN_OK && !write_whole(out, p, n)) e = DRAWN_FAILED;
    ret->how = e;
    _exit(0);
}

/* ---- the process ---- */
static bool take(struct draw_ask *ret, int fd[2])
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } with = {0};
    struct iovec v = {ret, sizeof *ret};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = with.room, .msg_controllen = sizeof with.room};
    ssize_t n = 0;
    fd[0] = fd[1] = -1;
    do n = recvmsg(SOCKET, &m, 0);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof *ret) return false;
    const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(2 * sizeof(int))) return false;
    memcpy(fd, CMSG_DATA(c), 2 * sizeof(int));
    return true;
}

static void draw_one(struct draw_reply *shared, const struct draw_ask *ask, const int fd[2])
{
    int how = 0;
    *shared = (struct draw_reply){.id = ask->id, .how = DRAWN_BROKEN}; /* when it dies of the picture */
    pid_t child = fork();
    if (child == 0) draw(fd[0], fd[1], shared);
    while (child > 0 && waitpid(child, &how, 0) < 0 && errno == EINTR) { /* once more */
    }
    if (child < 0 || (WIFEXITED(how) && WEXITSTATUS(how))) shared->how = DRAWN_FAILED;
    shared->id = ask->id; /* the child could write there */
}

int picture_child(void)
{
    struct arena *a = arena_new();
    struct cx cx = {.a = a};
    struct draw_reply *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct draw_ask ask = {0};
    int fd[2];
    signal(SIGTERM, SIG_IGN); /* sent to all of us at once; we end when the server has, by its socket */
    signal(SIGINT, SIG_IGN);
    (void)os_sandbox(&cx, &(struct os_sandbox){.read = NULL});
    if (shared == MAP_FAILED || !allow_only(true)) _exit(1);
    while (take(&ask, fd)) {
        draw_one(shared, &ask, fd);
        (void)close(fd[0]);
        (void)close(fd[1]);
        if (send(SOCKET, shared, sizeof *shared, MSG_NOSIGNAL) != (ssize_t)sizeof *shared) break;
    }
    _exit(0);
}
