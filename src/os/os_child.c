/* SPDX-License-Identifier: MIT */
/* os/os_child.c - a process of our own program that does one thing for us, and hears of it by a socket alone. */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOP_MS = 3000, STEP_US = 5000, YIELD = 10, NICE_MAX = 19 };

/* Nothing of our environment goes with it, and no descriptor but the socket. */
static enum err spawn(struct cx *cx, const char *program, str arg, int sock, pid_t *ret)
{
    char *const argv[] = {(char[]){"kontor"}, (char *)(uintptr_t)arena_z(cx->a, arg), NULL}, *const env[] = {NULL};
    posix_spawn_file_actions_t f;
    posix_spawnattr_t at;
    sigset_t none;
    sigemptyset(&none);
    int bad = posix_spawn_file_actions_init(&f) | posix_spawnattr_init(&at);
    bad |= posix_spawn_file_actions_adddup2(&f, sock, STDIN_FILENO);
    bad |= posix_spawn_file_actions_addopen(&f, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    bad |= posix_spawn_file_actions_addopen(&f, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bad |= posix_spawn_file_actions_addclosefrom_np(&f, STDERR_FILENO + 1);
    bad |= posix_spawnattr_setsigmask(&at, &none) | posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK);
    int e = bad ? EINVAL : posix_spawn(ret, program, &f, &at, argv, env);
    (void)posix_spawn_file_actions_destroy(&f);
    (void)posix_spawnattr_destroy(&at);
    return e ? os_fail(cx, e, "start", str_from(program)) : E_OK;
}

enum err os_child_start(struct cx *cx, str program, str arg, struct os_child *ret)
{
    int end[2];
    pid_t pid = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, end) != 0)
        return os_fail(cx, errno, "socketpair", program);
    enum err e = spawn(cx, arena_z(cx->a, program), arg, end[1], &pid);
    os_close_fd(&end[1]);
    if (e != E_OK) {
        os_close_fd(&end[0]);
        return e;
    }
    *ret = (struct os_child){end[0], pid};
    return E_OK;
}

void os_child_stop(struct os_child *c)
{
    if (c->pid <= 0) return;
    os_close_fd(&c->sock); /* it ends by that */
    int64_t until = os_mono_ms() + STOP_MS;
    pid_t gone = 0;
    while ((gone = waitpid(c->pid, NULL, WNOHANG)) == 0 && os_mono_ms() < until) os_sleep_us(STEP_US);
    if (gone == 0) (void)kill(c->pid, SIGKILL);
    while (gone == 0 && waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) { /* once more */
    }
    c->pid = 0;
}

void os_child_begin(void)
{
    struct arena *a = arena_new();
    struct cx cx = {.a = a};
    signal(SIGTERM, SIG_IGN); /* sent to all of us at once; a child ends when the server has, by its socket */
    signal(SIGINT, SIG_IGN);
    (void)os_sandbox(&cx, &(struct os_sandbox){.read = NULL});
    arena_free(&a);
}

void os_yields(void)
{
    int to = getpriority(PRIO_PROCESS, 0) + YIELD;
    (void)setpriority(PRIO_PROCESS, 0, to < NICE_MAX ? to : NICE_MAX);
}
