/* SPDX-License-Identifier: MIT */
/* cli/remote.c - the server's side: a thread that listens, a thread for each command. */
#include "cli/remote.h"

#include "base/log.h"
#include "cli/cli_int.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { STACK_BYTES = 1024 * 1024, ASK_TIMEOUT_S = 10, ACCEPT_MS = 500, WORDS_MAX = 2000 };

struct remote {
    struct arena *a;
    struct app *app;
    int fd, dir;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    int running;
    _Atomic bool stop;
};
struct client { /* lives in its own arena */
    struct remote *r;
    struct arena *a;
    int fd, given[3];
    const str *word;
    size_t n;
};

/* ---- one command ---- */
static bool client_gone(void *arg)
{
    struct client *k = arg;
    struct pollfd p = {.fd = k->fd, .events = POLLRDHUP};
    if (atomic_load(&k->r->stop)) return true;
    return poll(&p, 1, 0) > 0 && p.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* Own fields may have come in. */
static void meta_follow(struct cx *cx)
{
    struct db_rows r = {0};
    int64_t now = 0;
    struct meta *m = app_meta_hold(cx->app);
    int64_t then = m->version;
    meta_drop(&m);
    if (db_query(cx, &r, "SELECT value FROM setting WHERE key = 'meta_version'") != E_OK || !r.n)
        return;
    if (!str_to_int(db_str(&r, 0, 0), &now) || now == then) return;
    if (app_meta_reload(cx) != E_OK)
        log_say(cx, LOG_ERROR, S("cli"), "the description could not be read again");
}

static int command_here(struct client *k, struct cli *c)
{
    struct cx *cx = c->cx;
    struct store *s = NEW(cx->a, struct store);
    *s = (struct store){.db = k->r->app->db, .data_dir = k->r->app->data_dir, .lock_fd = -1};
    enum err e = E_OK;
    struct meta *m = app_meta_hold(k->r->app);
    s->meta = m;
    c->store = s;
    c->auth = k->r->app->auth;
    c->app = cx->app = k->r->app;
    e = store_enter(cx, s);
    if (e == E_OK) e = command_run(c);
    int code = command_end(c, e);
    if (cx->db) meta_follow(cx);
    store_leave(cx);
    meta_drop(&m);
    return code;
}

static int serve_words(struct client *k)
{
    struct cx cx = {
        .a = k->a, .way = WAY_CLI, .now_ms = os_now_ms(), .lang = S("en"), .req = S("cli")};
    struct cli c = {.cx = &cx,
                    .in = k->given[0],
                    .out = k->given[1],
                    .err = k->given[2],
                    .gone = client_gone,
                    .gone_arg = k};
    c.is_tty = str_eq(k->word[2], S("tty"));
    c.cmd = command_find(&c, k->word[3]);
    if (!c.cmd || !(c.cmd->flags & CMD_STORE) || c.cmd->flags & CMD_CREATE)
        return command_end(&c, cli_usage(&c, "the running server does not do this: stop it first"));
    cli_out_begin(&c);
    c.setting = NEW_N(cx.a, str, settings_n);
    for (size_t i = 0; i < settings_n; i++) c.setting[i] = settings[i].dflt;
    enum err e = args_parse(&c, k->word + 4, k->n - 4);
    return e == E_OK ? command_here(k, &c) : command_end(&c, e);
}

/* ---- the wire ---- */
static bool is_friend(int fd)
{
    struct ucred u = {0};
    socklen_t n = sizeof u;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &n) == 0 &&
           (u.uid == 0 || u.uid == geteuid());
}

static bool take_head(struct client *k, uint32_t *ret)
{
    union {
        struct cmsghdr align;
        char p[CMSG_SPACE(sizeof k->given)];
    } control = {0};
    struct iovec part = {ret, sizeof *ret};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.p,
                       .msg_controllen = sizeof control.p};
    if (recvmsg(k->fd, &m, MSG_CMSG_CLOEXEC | MSG_WAITALL) != (ssize_t)sizeof *ret) return false;
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    if (!h || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS ||
        h->cmsg_len < CMSG_LEN(sizeof(int)))
        return false;
    size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(k->given, CMSG_DATA(h), (n < 3 ? n : 3) * sizeof(int));
    return n == 3 && *ret > 0 && *ret <= REMOTE_BYTES;
}

static bool take_words(struct client *k, uint32_t len)
{
    char *p = arena_get(k->a, len);
    for (size_t got = 0; got < len;) {
        ssize_t n = recv(k->fd, p + got, len - got, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        got += (size_t)n;
    }
    if (p[len - 1] != 0) return false;
    str *word = NEW_N(k->a, str, WORDS_MAX), rest = {p, len};
    while (rest.n && k->n < WORDS_MAX) (void)str_split(rest, 0, &word[k->n++], &rest);
    k->word = word;
    return !rest.n && k->n >= 4 && str_eq(word[0], S("kontor1"));
}

static int serve_client(struct client *k)
{
    uint32_t len = 0;
    const struct timeval patience = {.tv_sec = ASK_TIMEOUT_S};
    (void)setsockopt(k->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (!is_friend(k->fd) || !take_head(k, &len) || !take_words(k, len)) return EXIT_FAILED;
    if (str_eq(k->word[1], S(KONTOR_VERSION))) return serve_words(k);
    (void)dprintf(k->given[2],
                  "kontor: the running server is version %s, you called %.*s: restart it\n",
                  KONTOR_VERSION, FS(k->word[1]));
    return EXIT_FAILED;
}

static void *client_main(void *arg)
{
    struct client *k = arg;
    struct remote *r = k->r;
    struct arena *a = k->a;
    char code = (char)('0' + serve_client(k));
    for (size_t i = 0; i < COUNT(k->given); i++) os_close_fd(&k->given[i]);
    if (send(k->fd, &code, 1, MSG_NOSIGNAL) != 1)
        log_say(NULL, LOG_DEBUG, S("cli"), "a client did not wait");
    os_close_fd(&k->fd);
    arena_free(&a);
    pthread_mutex_lock(&r->lock);
    r->running--;
    pthread_cond_signal(&r->ended);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static void client_start(struct remote *r, int fd)
{
    struct arena *a = arena_new();
    struct client *k = NEW(a, struct client);
    struct cx cx = {.a = a};
    pthread_t t;
    *k = (struct client){.r = r, .a = a, .fd = fd, .given = {-1, -1, -1}};
    pthread_mutex_lock(&r->lock);
    bool room = r->running < REMOTE_MAX;
    r->running += room;
    pthread_mutex_unlock(&r->lock);
    if (room && os_thread(&cx, "kontor-cli", STACK_BYTES, client_main, k, &t) == E_OK) {
        (void)pthread_detach(t);
        return;
    }
    pthread_mutex_lock(&r->lock);
    r->running -= room;
    pthread_mutex_unlock(&r->lock);
    os_close_fd(&k->fd);
    arena_free(&a);
}

static void *listen_main(void *arg)
{
    struct remote *r = arg;
    while (!atomic_load(&r->stop)) {
        struct pollfd p = {.fd = r->fd, .events = POLLIN};
        if (poll(&p, 1, ACCEPT_MS) <= 0) continue;
        int fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) client_start(r, fd);
    }
    return NULL;
}

/* ---- begin and end ---- */
static enum err listen_at(struct cx *cx, struct remote *r)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    r->dir = open(arena_z(cx->a, r->app->data_dir), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (r->dir < 0) return os_fail(cx, errno, "open", r->app->data_dir);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "/proc/self/fd/%d/kontor.sock", r->dir);
    (void)unlinkat(r->dir, "kontor.sock", 0); /* left by one that died: we hold the folder's lock */
    r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (r->fd < 0) return os_fail(cx, errno, "socket", r->app->data_dir);
    if (bind(r->fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        fchmodat(r->dir, "kontor.sock", 0600, 0) != 0 || listen(r->fd, REMOTE_MAX) != 0)
        return os_fail(cx, errno, "listen at",
                       arena_fmt(cx->a, "%.*s/kontor.sock", FS(r->app->data_dir)));
    return E_OK;
}

static void remote_free(struct remote *r)
{
    if (r->dir >= 0) (void)unlinkat(r->dir, "kontor.sock", 0);
    os_close_fd(&r->fd);
    os_close_fd(&r->dir);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->ended);
    struct arena *a = r->a;
    arena_free(&a);
}

enum err remote_start(struct cx *cx, struct app *app, struct remote **ret)
{
    struct arena *a = arena_new();
    struct remote *r = NEW(a, struct remote);
    *r = (struct remote){.a = a, .app = app, .fd = -1, .dir = -1};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->ended, NULL);
    enum err e = listen_at(cx, r);
    if (e == E_OK) e = os_thread(cx, "kontor-socket", 0, listen_main, r, &r->thread);
    if (e != E_OK) remote_free(r);
    else *ret = r;
    return e;
}

void remote_stop(struct remote **ret)
{
    struct remote *r = *ret;
    if (!r) return;
    *ret = NULL;
    atomic_store(&r->stop, true);
    pthread_join(r->thread, NULL);
    pthread_mutex_lock(&r->lock);
    while (r->running) pthread_cond_wait(&r->ended, &r->lock);
    pthread_mutex_unlock(&r->lock);
    remote_free(r);
}
