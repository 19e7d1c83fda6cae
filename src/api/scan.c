/* SPDX-License-Identifier: MIT */
/* api/scan.c - clamd's INSTREAM: length and bytes, length and bytes, a nought, and a line that says what was found. */
#include "api/scan.h"

#include "base/log.h"
#include "os/os.h"
#include "os/outgoing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, ANSWER_MAX = 4096, WAIT_S = 10, ALL_MS = 120000, AT_ONCE = 4, PORT_MAX = 65535 };
static const str unix_prefix = S0("unix:");

static bool host_port(str at, str *host, str *port)
{
    ptrdiff_t colon = -1;
    int64_t n = 0;
    for (size_t i = 0; i < at.n; i++)
        if (at.p[i] == ':') colon = (ptrdiff_t)i;
    if (colon < 1) return false;
    *host = str_cut(at, 0, (size_t)colon);
    *port = str_cut(at, (size_t)colon + 1, at.n);
    if (host->n > 2 && host->p[0] == '[' && host->p[host->n - 1] == ']') *host = str_cut(*host, 1, host->n - 1);
    return str_to_int(*port, &n) && n > 0 && n <= PORT_MAX;
}

bool scan_in_clear(str at)
{
    str host = {0}, port = {0};
    return at.n && !str_has_prefix(at, unix_prefix) && !(host_port(at, &host, &port) && outgoing_is_here(host));
}

enum err scan_check(struct cx *cx, str at, bool plain)
{
    str host = {0}, port = {0};
    struct sockaddr_un u;
    bool ok = str_has_prefix(at, unix_prefix) ? at.n > unix_prefix.n + 1 && at.n - unix_prefix.n < sizeof u.sun_path
                                              : !at.n || host_port(at, &host, &port);
    if (!ok) return fail_at(cx, E_INVALID, S("scan"), "scan: unix:/path or host:port is needed");
    if (plain || !scan_in_clear(at)) return E_OK;
    return fail_at(cx, E_INVALID, S("scan"),
                   "scan: files would go unencrypted to another machine: take a scanner on this one, or say "
                   "plain_outgoing = yes");
}

/* Of each step: connecting, sending, hearing. */
static void patience(int fd, int seconds)
{
    const struct timeval t = {.tv_sec = seconds};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

static int to_unix(str path)
{
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(u.sun_path, path.p, path.n < sizeof u.sun_path ? path.n : sizeof u.sun_path - 1);
    if (fd >= 0) patience(fd, WAIT_S);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&u, sizeof u) != 0) os_close_fd(&fd);
    return fd;
}

static int to_host(struct cx *cx, str at)
{
    str host = {0}, port = {0};
    struct addrinfo want = {.ai_socktype = SOCK_STREAM}, *all = NULL;
    int fd = -1;
    if (!host_port(at, &host, &port)) return -1;
    if (getaddrinfo(arena_z(cx->a, host), arena_z(cx->a, port), &want, &all) != 0) return -1;
    for (const struct addrinfo *x = all; x && fd < 0; x = x->ai_next) {
        fd = socket(x->ai_family, x->ai_socktype | SOCK_CLOEXEC, x->ai_protocol);
        if (fd >= 0) patience(fd, WAIT_S);
        if (fd >= 0 && connect(fd, x->ai_addr, x->ai_addrlen) != 0) os_close_fd(&fd);
    }
    freeaddrinfo(all);
    return fd;
}

static bool tell(int fd, const void *p, size_t n)
{
    const char *q = p;
    while (n) {
        ssize_t k = send(fd, q, n, MSG_NOSIGNAL);
        if (k <= 0) return false;
        q += k;
        n -= (size_t)k;
    }
    return true;
}

static bool tell_file(struct cx *cx, int fd, int file, int64_t until)
{
    char *p = NEW_N(cx->a, char, PIECE);
    ssize_t n = 0;
    if (!tell(fd, "zINSTREAM", sizeof "zINSTREAM")) return false;
    while ((n = read(file, p, PIECE)) > 0) {
        if (os_mono_ms() > until) return false;
        uint32_t head = htonl((uint32_t)n);
        if (!tell(fd, &head, sizeof head) || !tell(fd, p, (size_t)n)) return false;
    }
    uint32_t end = 0;
    return n == 0 && tell(fd, &end, sizeof end);
}

/* "stream: OK" or "stream: Name FOUND"; a scanner that has enough says so before we have told it all. */
static str answer(struct cx *cx, int fd, int64_t until)
{
    char *p = NEW_N(cx->a, char, ANSWER_MAX);
    size_t n = 0;
    int64_t left = (until - os_mono_ms()) / 1000; /* it thinks when it has all */
    patience(fd, left > WAIT_S ? (int)left : WAIT_S);
    while (n < ANSWER_MAX && os_mono_ms() <= until + WAIT_S * 1000) {
        ssize_t k = recv(fd, p + n, ANSWER_MAX - n, 0);
        if (k <= 0) break;
        n += (size_t)k;
        if (p[n - 1] == '\0' || p[n - 1] == '\n') break;
    }
    while (n && (p[n - 1] == '\0' || p[n - 1] == '\n')) n--;
    return utf8_valid((str){p, n}) ? (str){p, n} : S("");
}

static str asked(struct cx *cx, str at, int file, bool *whole)
{
    bool local = str_has_prefix(at, unix_prefix);
    int64_t until = os_mono_ms() + ALL_MS;
    OWNED(os_close_fd) int fd = local ? to_unix(str_cut(at, unix_prefix.n, at.n)) : to_host(cx, at);
    if (fd < 0) return S("");
    *whole = tell_file(cx, fd, file, until);
    return answer(cx, fd, until);
}

enum err scan_file(struct cx *cx, str at, str path)
{
    static const str found = S0(" FOUND"), before = S0("stream: ");
    static _Atomic int with_it;
    bool whole = false;
    if (!at.n) return E_OK;
    OWNED(os_close_fd) int file = open(arena_z(cx->a, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return fail(cx, E_INTERNAL, "The upload could not be read");
    str said = {0};
    if (atomic_fetch_add(&with_it, 1) < AT_ONCE) said = asked(cx, at, file, &whole);
    atomic_fetch_sub(&with_it, 1);
    if (str_has_prefix(said, before) && str_has_suffix(said, found)) {
        str name = str_cut(said, before.n, said.n - found.n);
        log_say(cx, LOG_WARN, S("scan"), "an upload was refused: %.*s", FS(name));
        return fail(cx, E_INVALID, "The scanner found something in this file: %.*s", FS(str_cut(name, 0, 100)));
    }
    if (whole && str_eq(said, S("stream: OK"))) return E_OK;
    log_say(cx, LOG_WARN, S("scan"), "no file is taken: the scanner at %.*s said \"%.*s\"", FS(at), FS(said));
    return fail(cx, E_BUSY, "The file could not be looked through; please try again later");
}
