/* SPDX-License-Identifier: MIT */
/* A directory of the tests: a slapd of our own on loopback, with the people of firm.ldif. */
#pragma once
#include "os/os.h"
#include "t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct slapd {
    pid_t pid;
    int port, tls;
    str folder, ca; /* ca: PEM */
};

static inline int slapd_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    T(bind(fd, (struct sockaddr *)&a, n) == 0 && getsockname(fd, (struct sockaddr *)&a, &n) == 0);
    (void)close(fd);
    return ntohs(a.sin_port);
}

/* A tool of ldap-utils as the directory's own administrator; `text`: LDIF for its input, "" = none. */
static inline bool slapd_tool(struct cx *cx, const struct slapd *s, const char *tool, const char *text)
{
    str in = arena_fmt(cx->a, "%.*s/in.ldif", FS(s->folder));
    T_OK(cx, os_write_file_atomic(cx, in, str_from(text), 0600));
    str cmd = arena_fmt(cx->a, "%s -x -H ldap://127.0.0.1:%d -D cn=root,dc=firm,dc=lan -w root-password -f %.*s >/dev/null 2>&1", tool, s->port, FS(in));
    return system(cmd.p) == 0;
}

static inline void slapd_begin(struct cx *cx, struct slapd *s)
{
    str a = arena_fmt(cx->a, "%d", s->port), b = arena_fmt(cx->a, "%d", s->tls);
    s->pid = fork();
    if (s->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that dies leaves nothing behind */
        (void)execlp("sh", "sh", "tests/ldap/slapd.sh", s->folder.p, a.p, b.p, (char *)NULL);
        _exit(127);
    }
}

static inline struct slapd slapd_start(struct cx *cx)
{
    char folder[] = "/tmp/kontor-slapd-XXXXXX";
    struct slapd s = {.port = slapd_port(), .tls = slapd_port()};
    str people = {0};
    bool up = false;
    T(mkdtemp(folder) != NULL);
    s.folder = arena_dup(cx->a, str_from(folder));
    slapd_begin(cx, &s);
    T_OK(cx, os_read_file(cx, S("tests/ldap/firm.ldif"), 65536, &people));
    for (int i = 0; i < 300 && !up; i++) {
        up = slapd_tool(cx, &s, "ldapadd", people.p);
        if (!up) (void)usleep(100000);
    }
    T(up);
    T_OK(cx, os_read_file(cx, arena_fmt(cx->a, "%.*s/ca.pem", FS(s.folder)), 65536, &s.ca));
    return s;
}

static inline void slapd_stop(struct slapd *s)
{
    int status = 0;
    if (s->pid <= 0) return;
    (void)kill(s->pid, SIGTERM);
    T(waitpid(s->pid, &status, 0) == s->pid);
    s->pid = 0;
}

static inline void slapd_end(struct cx *cx, struct slapd *s)
{
    slapd_stop(s);
    T(system(arena_fmt(cx->a, "rm -rf '%.*s'", FS(s->folder)).p) == 0);
}
