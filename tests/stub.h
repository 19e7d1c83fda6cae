/* SPDX-License-Identifier: MIT */
/* A server of the tests in Python on a free port of loopback. It prints the port first and ends when its input does. */
#pragma once
#include "t.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct stub {
    pid_t pid;
    int in;
    str base; /* http://127.0.0.1:PORT */
};

static inline struct stub stub_start(struct cx *cx, const char *script)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    char port[16] = {0};
    size_t n = 0; /* the port's digits may come in pieces: up to the end of the line */
    T(pipe(in) == 0 && pipe(out) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)close(in[1]);
        (void)close(out[0]);
        (void)execlp("python3", "python3", script, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    while (n < sizeof port - 1 && !memchr(port, '\n', n) && read(out[0], port + n, 1) == 1) n++;
    (void)close(out[0]);
    T(n > 1);
    str base = arena_fmt(cx->a, "http://127.0.0.1:%.*s", FS(str_trim(str_from(port))));
    return (struct stub){.pid = pid, .in = in[1], .base = base};
}

static inline void stub_stop(struct stub *t)
{
    int status = 0;
    (void)close(t->in);
    T(waitpid(t->pid, &status, 0) == t->pid);
}
