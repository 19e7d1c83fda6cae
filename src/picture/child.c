/* SPDX-License-Identifier: MIT */
/* picture/child.c - the process that draws: takes two files at a time by its socket, has a child of its own draw. */
#include "picture/picture_int.h"

#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
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

enum { SOCKET = 0, SECONDS = 4, WAIT_S = 6, MEMORY = 1024 * 1024 * 1024, OUT_MAX = 64 * 1024 * 1024 };

/* ---- the fence: a list of what may be called; all else is refused ---- */
static const int parent_calls[] = {
    SCMP_SYS(recvmsg),      SCMP_SYS(sendmsg),      SCMP_SYS(sendto),          SCMP_SYS(clone),
    SCMP_SYS(clone3),       SCMP_SYS(fork),         SCMP_SYS(vfork),           SCMP_SYS(wait4),
    SCMP_SYS(waitid),       SCMP_SYS(prctl),        SCMP_SYS(seccomp),         SCMP_SYS(kill),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigtimedwait), SCMP_SYS(setrlimit),
    SCMP_SYS(getrlimit),    SCMP_SYS(prlimit64),    SCMP_SYS(alarm),           SCMP_SYS(setitimer),
    SCMP_SYS(tgkill),       SCMP_SYS(getppid)};
/* Who draws has his limits by then, and may signal himself alone. */
static const int drawing_calls[] = {
    SCMP_SYS(read),           SCMP_SYS(write),        SCMP_SYS(close),         SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),     SCMP_SYS(lseek),        SCMP_SYS(mmap),          SCMP_SYS(munmap),
    SCMP_SYS(mremap),         SCMP_SYS(mprotect),     SCMP_SYS(madvise),       SCMP_SYS(brk),
    SCMP_SYS(exit),           SCMP_SYS(exit_group),   SCMP_SYS(futex),         SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),   SCMP_SYS(getrandom),    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(sched_yield),    SCMP_SYS(getpid),       SCMP_SYS(gettid),        SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),           SCMP_SYS(sigaltstack),  SCMP_SYS(sched_getaffinity)};

bool picture_fence(bool parent)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int bad = !f;
    for (size_t i = 0; f && i < COUNT(drawing_calls); i++)
        bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, drawing_calls[i], 0);
    for (size_t i = 0; f && parent && i < COUNT(parent_calls); i++)
        bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, parent_calls[i], 0);
    const struct scmp_arg_cmp me = {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)getpid(), .datum_b = 0};
    if (f && !parent) bad |= seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &me);
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
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (!picture_fence(false)) _exit(1);
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

/* Waits for who draws, and no longer: a broken library may have put all his own limits off. SIGCHLD is blocked. */
static int wait_for(pid_t child)
{
    const struct timespec most = {.tv_sec = WAIT_S};
    sigset_t ends;
    int how = 0;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    pid_t got = waitpid(child, &how, WNOHANG);
    for (int i = 0; got == 0 && i < 2; i++) { /* the first may be the word of one who is gone already */
        (void)sigtimedwait(&ends, NULL, &most);
        got = waitpid(child, &how, WNOHANG);
    }
    if (got != 0) return how;
    (void)kill(child, SIGKILL);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) { /* once more */
    }
    return how;
}

/* What became of a picture that killed who drew it. */
static enum drawn died_of(int how)
{
    int sig = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    bool bounds = sig == SIGALRM || sig == SIGXCPU || sig == SIGXFSZ || sig == SIGKILL || sig == SIGABRT;
    return bounds ? DRAWN_LARGE : DRAWN_BROKEN;
}

static void draw_one(struct draw_reply *shared, const struct draw_ask *ask, const int fd[2])
{
    *shared = (struct draw_reply){.id = ask->id};
    pid_t child = fork();
    if (child == 0) draw(fd[0], fd[1], shared);
    int how = child > 0 ? wait_for(child) : 0;
    if (child < 0 || (WIFEXITED(how) && WEXITSTATUS(how))) shared->how = DRAWN_FAILED;
    else if (!WIFEXITED(how)) shared->how = died_of(how);
    shared->id = ask->id; /* the child could write there */
}

/* When memory is short the kernel is to take who draws, not the server. */
static void first_to_go(void)
{
    OWNED(os_close_fd) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) (void)!write(fd, "1000", 4);
}

int picture_child(void)
{
    struct draw_reply *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct draw_ask ask = {0};
    int fd[2];
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &ends, NULL);
    first_to_go();
    os_child_begin();
    if (shared == MAP_FAILED || !picture_fence(true)) _exit(1);
    while (take(&ask, fd)) {
        draw_one(shared, &ask, fd);
        (void)close(fd[0]);
        (void)close(fd[1]);
        if (send(SOCKET, shared, sizeof *shared, MSG_NOSIGNAL) != (ssize_t)sizeof *shared) break;
    }
    _exit(0);
}
