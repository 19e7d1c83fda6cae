/* SPDX-License-Identifier: MIT */
/* The registers of tests/register/stub.py on a free port of loopback. */
#pragma once
#include "register/register.h"
#include "t.h"

#include <sys/wait.h>
#include <unistd.h>

struct reg_stub {
    pid_t pid;
    int in;
    str base;
    struct register_conf conf;
};

static inline struct reg_stub reg_stub_start(struct cx *cx)
{
    int in[2], out[2];
    char port[16] = {0};
    size_t n = 0;
    T(pipe(in) == 0 && pipe(out) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)close(in[1]);
        (void)close(out[0]);
        (void)execlp("python3", "python3", "tests/register/stub.py", (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    while (n < sizeof port - 1 && !memchr(port, '\n', n) && read(out[0], port + n, 1) == 1) n++;
    (void)close(out[0]);
    T(n > 1);
    str base = arena_fmt(cx->a, "http://127.0.0.1:%.*s", FS(str_trim(str_from(port))));
    return (struct reg_stub){.pid = pid, .in = in[1], .base = base,
                             .conf = {.providers = S("vies,gleif,dadata"),
                                      .vies_url = arena_fmt(cx->a, "%.*s/vies/", FS(base)),
                                      .gleif_url = arena_fmt(cx->a, "%.*s/gleif", FS(base)),
                                      .dadata_url = arena_fmt(cx->a, "%.*s/dadata", FS(base)),
                                      .dadata_key = S("GEHEIM"),
                                      .timeout_ms = 1500}};
}

static inline void reg_stub_stop(struct reg_stub *t)
{
    int status = 0;
    (void)close(t->in);
    T(waitpid(t->pid, &status, 0) == t->pid);
}
