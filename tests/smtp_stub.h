/* SPDX-License-Identifier: MIT */
/* tests/smtp_stub.h - a mail server on a free port of loopback that answers as it is told: for what no real one does on
 * demand. One conversation after the other. */
#pragma once
#include "t.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum smtp_says {
    SAYS_OK, SAYS_GREET_CUT, SAYS_RCPT_450, SAYS_RCPT_550, SAYS_AUTH_535, SAYS_DATA_CUT, SAYS_BODY_CUT, SAYS_END_CUT, SAYS_END_451,
    SAYS_END_554, SAYS_ODD, SAYS_NOTHING
};
struct smtp_stub {
    pthread_t thread;
    int fd, port;
    _Atomic int says;
    _Atomic int came, mails; /* conversations; mails it has taken */
    _Atomic bool stop;
    pthread_mutex_t lock;
    char got[65536];         /* all lines of the last conversation */
    size_t n_got;
};

static inline void stub_say(int fd, const char *line)
{
    if (write(fd, line, strlen(line)) < 0) return;
}

static inline bool stub_line(struct smtp_stub *s, FILE *in, char *line, int max)
{
    if (!fgets(line, max, in)) return false;
    size_t n = strlen(line);
    pthread_mutex_lock(&s->lock);
    if (s->n_got + n < sizeof s->got) memcpy(s->got + s->n_got, line, n), s->n_got += n;
    pthread_mutex_unlock(&s->lock);
    return true;
}

/* Up to the dot. False: the connection is to be cut. */
static inline bool stub_data(struct smtp_stub *s, FILE *in, int fd)
{
    char line[4096];
    if (s->says == SAYS_DATA_CUT) return false;
    stub_say(fd, "354 go on\r\n");
    while (stub_line(s, in, line, sizeof line) && strcmp(line, ".\r\n") != 0)
        if (s->says == SAYS_BODY_CUT) return false;
    if (s->says == SAYS_END_CUT) return false;
    if (s->says == SAYS_END_451) return stub_say(fd, "451 4.3.0 try again\r\n"), true;
    if (s->says == SAYS_END_554) return stub_say(fd, "554 5.7.1 spam\r\n"), true;
    s->mails++;
    stub_say(fd, "250 2.0.0 queued as STUB1\r\n");
    return true;
}

static inline void stub_auth(struct smtp_stub *s, FILE *in, int fd)
{
    char line[4096];
    stub_say(fd, "334 \r\n");
    if (stub_line(s, in, line, sizeof line)) stub_say(fd, s->says == SAYS_AUTH_535 ? "535 5.7.8 no\r\n" : "235 2.7.0 yes\r\n");
}

static inline bool stub_command(struct smtp_stub *s, FILE *in, int fd, const char *line)
{
    if (strncmp(line, "EHLO", 4) == 0)
        stub_say(fd, s->says == SAYS_ODD ? "250-stub\x01\xff\r\n250-SIZE\r\n250 AUTH PLAIN\r\n" : "250-stub\r\n250 AUTH PLAIN\r\n");
    else if (strncmp(line, "AUTH", 4) == 0) stub_auth(s, in, fd);
    else if (strncmp(line, "RCPT", 4) == 0)
        stub_say(fd, s->says == SAYS_RCPT_450   ? "450 4.2.0 greylisted\r\n"
                     : s->says == SAYS_RCPT_550 ? "550 5.1.1 no such user\r\n"
                                                : "250 2.1.5 ok\r\n");
    else if (strncmp(line, "DATA", 4) == 0) return stub_data(s, in, fd);
    else if (strncmp(line, "QUIT", 4) == 0) return stub_say(fd, "221 bye\r\n"), false;
    else stub_say(fd, "250 2.1.0 ok\r\n");
    return true;
}

static inline void stub_talk(struct smtp_stub *s, int fd)
{
    char line[4096];
    FILE *in = fdopen(fd, "r");
    if (!in) return (void)close(fd);
    pthread_mutex_lock(&s->lock);
    s->n_got = 0;
    pthread_mutex_unlock(&s->lock);
    s->came++;
    if (s->says == SAYS_NOTHING)
        while (!s->stop && s->says == SAYS_NOTHING) (void)poll(NULL, 0, 20);
    if (s->says != SAYS_GREET_CUT && s->says != SAYS_NOTHING) {
        stub_say(fd, "220 stub ESMTP\r\n");
        while (stub_line(s, in, line, sizeof line) && stub_command(s, in, fd, line)) {}
    }
    (void)fclose(in);
}

static inline void *stub_serve(void *arg)
{
    struct smtp_stub *s = arg;
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    while (!s->stop) {
        if (poll(&p, 1, 50) <= 0) continue;
        int fd = accept(s->fd, NULL, NULL);
        if (fd >= 0) stub_talk(s, fd);
    }
    return NULL;
}

static inline void smtp_stub_start(struct smtp_stub *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    T(bind(s->fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(s->fd, 8) == 0);
    T(getsockname(s->fd, (struct sockaddr *)&a, &n) == 0);
    s->port = ntohs(a.sin_port);
    T(pthread_create(&s->thread, NULL, stub_serve, s) == 0);
}

static inline void smtp_stub_stop(struct smtp_stub *s)
{
    s->stop = true;
    pthread_join(s->thread, NULL);
    (void)close(s->fd);
    pthread_mutex_destroy(&s->lock);
}

/* What the last conversation brought. */
static inline str smtp_stub_got(struct smtp_stub *s, struct arena *a)
{
    pthread_mutex_lock(&s->lock);
    str got = arena_dup(a, (str){s->got, s->n_got});
    pthread_mutex_unlock(&s->lock);
    return got;
}
