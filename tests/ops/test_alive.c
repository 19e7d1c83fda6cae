/* SPDX-License-Identifier: MIT */
/* The watchdog is pinged while loops, readers and the writer work, and not while one of them hangs; both engines. */
#include "app/alive.h"
#include "bed.h"
#include "os/os.h"
#include "../unit/http_bed.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SILENT_MS = 2000, PATIENCE_MS = 10000, QUIET_MS = 600 };

static bool always(void *arg, const struct req *rq)
{
    (void)arg, (void)rq;
    return true; /* every handler runs in the loop, also the one that waits */
}

/* The supervisor's end of its socket. */
static int supervisor(const struct bed *t)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    (void)snprintf(sa.sun_path, sizeof sa.sun_path, "%.*s/notify", FS(t->folder));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    T(bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    T(setenv("NOTIFY_SOCKET", sa.sun_path, 1) == 0);
    T(setenv("WATCHDOG_USEC", "100000", 1) == 0);
    (void)unsetenv("WATCHDOG_PID");
    return fd;
}

/* The next ping within ms. */
static bool pinged(int fd, int ms)
{
    char got[32];
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    ssize_t n = recv(fd, got, sizeof got, 0);
    return n == 10 && memcmp(got, "WATCHDOG=1", 10) == 0;
}

/* Pings that were under way are let through; then there is silence. */
static bool falls_silent(int fd)
{
    int64_t until = os_mono_ms() + PATIENCE_MS;
    while (os_mono_ms() < until)
        if (!pinged(fd, QUIET_MS)) return true;
    return false;
}

struct busy {
    struct dbase *b;
    _Atomic int hold, in;
};
static enum err hang(struct cx *cx, void *arg)
{
    struct busy *x = arg;
    (void)cx;
    x->in = 1;
    while (x->hold) (void)usleep(1000);
    return E_OK;
}
static void *writer_main(void *arg)
{
    struct busy *x = arg;
    struct cx cx = t_cx();
    cx.db = db_get(x->b);
    T_OK(&cx, db_write(&cx, hang, x));
    db_put(&cx.db);
    t_cx_free(&cx);
    return NULL;
}

/* One writer is SQLite's; on PostgreSQL each has his own connection, and one that hangs is not the others' affair. */
static void writer_hangs(struct bed *t, int fd)
{
    struct busy x = {.b = t->b, .hold = 1};
    pthread_t th;
    T(pthread_create(&th, NULL, writer_main, &x) == 0);
    wait_for(&x.in, 1);
    if (dbase_is_pg(t->b)) T(pinged(fd, PATIENCE_MS) && pinged(fd, PATIENCE_MS));
    else T(falls_silent(fd));
    x.hold = 0;
    T(pthread_join(th, NULL) == 0);
    T(pinged(fd, PATIENCE_MS));
}

static void readers_hang(struct bed *t, int fd)
{
    struct db *all[3] = {0}; /* the bed has the fourth */
    for (size_t i = 0; i < COUNT(all); i++) all[i] = db_get(t->b);
    T(falls_silent(fd));
    for (size_t i = 0; i < COUNT(all); i++) db_put(&all[i]);
    T(pinged(fd, PATIENCE_MS));
}

static void loop_hangs(struct cx *cx, struct world *w, int fd)
{
    int client = dial(w);
    w->hold = 1;
    put(client, S("GET /hold HTTP/1.1" E));
    wait_for(&w->running, 1);
    (void)usleep(SILENT_MS * 1000);
    T(falls_silent(fd));
    T(http_silent_ms(w->s) >= SILENT_MS);
    w->hold = 0;
    T_INT(status_of(get_reply(cx, client)), 200);
    (void)close(client);
    T(pinged(fd, PATIENCE_MS));
}

static void watched(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct http_opts o = {.limit.loops = 2, .is_fast = always};
    struct world *w = start(cx, o);
    struct alive v = {.http = w->s, .db = t->b, .silent_ms = SILENT_MS};
    struct os_watch *watch = NULL;
    int fd = supervisor(t);
    T_OK(cx, os_watch_start(cx, alive_ask, &v, &watch));
    T(watch != NULL);
    for (int i = 0; i < 5; i++) T(pinged(fd, PATIENCE_MS));
    writer_hangs(t, fd);
    readers_hang(t, fd);
    loop_hangs(cx, w, fd);
    os_watch_leave(watch); /* from now on nothing is asked: the server may go */
    stop(w);
    v.http = NULL;
    while (pinged(fd, 1)) {}
    T(pinged(fd, PATIENCE_MS) && pinged(fd, PATIENCE_MS));
    os_watch_stop(&watch);
    T(watch == NULL);
    T(falls_silent(fd));
    (void)close(fd);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
}

static void test_watched(void) { bed_both(watched); }

static bool never(void *arg) { return *(bool *)arg = false; }

static void test_nobody_asks(void)
{
    struct cx cx = t_cx();
    struct os_watch *w = NULL;
    bool asked = true;
    const char *const usec[] = {NULL, "", "0", "-5", "x"};
    for (size_t i = 0; i < COUNT(usec); i++) {
        if (usec[i]) T(setenv("WATCHDOG_USEC", usec[i], 1) == 0);
        T_OK(&cx, os_watch_start(&cx, never, &asked, &w));
        T(w == NULL);
    }
    T(setenv("WATCHDOG_USEC", "100000", 1) == 0 &&
      setenv("WATCHDOG_PID", "1", 1) == 0); /* another's */
    T_OK(&cx, os_watch_start(&cx, never, &asked, &w));
    T(w == NULL && asked);
    os_watch_leave(w);
    os_watch_stop(&w);
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    t_cx_free(&cx);
}

TESTS("alive", test_watched, test_nobody_asks)
