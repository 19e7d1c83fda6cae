/* SPDX-License-Identifier: MIT */
/* os/os_super.c - giving root away, and the supervisor's watchdog. */
#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PW_BYTES = 4096, WATCH_STACK = 512 * 1024 };

static enum err account(struct cx *cx, str user, char mem[PW_BYTES], struct passwd *pw)
{
    struct passwd *got = NULL;
    if (getpwnam_r(arena_z(cx->a, user), pw, mem, PW_BYTES, &got) != 0 || !got)
        return fail(cx, E_NOTFOUND, "no such system user: %.*s", FS(user));
    return E_OK;
}

enum err os_drop_privileges(struct cx *cx, str user)
{
    char mem[PW_BYTES];
    struct passwd pw = {0};
    if (!user.n || geteuid() != 0) return E_OK;
    TRY(account(cx, user, mem, &pw));
    if (initgroups(pw.pw_name, pw.pw_gid) != 0) return os_fail(cx, errno, "initgroups", user);
    if (setresgid(pw.pw_gid, pw.pw_gid, pw.pw_gid) != 0)
        return os_fail(cx, errno, "setresgid", user);
    if (setresuid(pw.pw_uid, pw.pw_uid, pw.pw_uid) != 0)
        return os_fail(cx, errno, "setresuid", user);
    if (pw.pw_uid != 0 && setuid(0) == 0) abort(); /* the way back must be shut */
    return E_OK;
}

static enum err his(struct cx *cx, int dir, const char *name, str path, const struct passwd *pw)
{
    struct stat st = {0};
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? E_OK : os_fail(cx, errno, "look at", path);
    if (st.st_uid == pw->pw_uid) return E_OK;
    return fail_at(cx, E_DENIED, S("data"),
                   "%.*s/%s belongs to uid %u, but the server is to run as %s: chown -R %s: %.*s",
                   FS(path), name, st.st_uid, pw->pw_name, pw->pw_name, FS(path));
}

enum err os_folder_for(struct cx *cx, str path, str user, bool fresh)
{
    char mem[PW_BYTES];
    struct passwd pw = {0};
    enum err e = E_OK;
    if (!user.n || geteuid() != 0) return E_OK;
    TRY(account(cx, user, mem, &pw));
    int fd = open(arena_z(cx->a, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return os_fail(cx, errno, "open", path);
    if (fresh && fchown(fd, pw.pw_uid, pw.pw_gid) != 0) e = os_fail(cx, errno, "chown", path);
    if (e == E_OK) e = his(cx, fd, ".", path, &pw);
    DIR *d = e == E_OK ? fdopendir(fd) : NULL;
    if (!d) os_close_fd(&fd);
    for (struct dirent *in; d && e == E_OK && (in = readdir(d));)
        if (strcmp(in->d_name, "..") != 0) e = his(cx, fd, in->d_name, path, &pw);
    if (d) (void)closedir(d);
    return e;
}

/* ---- the watchdog ---- */
struct os_watch {
    bool (*alive)(void *arg);
    void *arg;
    int64_t each_ms;
    bool leaving; /* under asking, which is held while alive() runs */
    bool stop;    /* under lock */
    pthread_mutex_t asking, lock;
    pthread_cond_t ended;
    pthread_t thread;
};

/* False: stop. */
static bool pause_ms(struct os_watch *w, int64_t ms)
{
    struct timespec till = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &till);
    int64_t ns = till.tv_nsec + ms % 1000 * 1000000;
    till.tv_sec += ms / 1000 + ns / 1000000000;
    till.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&w->lock);
    while (!w->stop && pthread_cond_timedwait(&w->ended, &w->lock, &till) == 0) {}
    bool go_on = !w->stop;
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

static void *watch_main(void *arg)
{
    struct os_watch *w = arg;
    do {
        pthread_mutex_lock(&w->asking);
        bool well = w->leaving || w->alive(w->arg);
        pthread_mutex_unlock(&w->asking);
        if (well) os_notify(S("WATCHDOG=1"));
    } while (pause_ms(w, w->each_ms));
    return NULL;
}

/* Milliseconds between two pings; 0 = nobody asks, or not us. */
static int64_t wanted_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t us = 0, who = 0;
    if (!usec || !str_to_int(str_from(usec), &us) || us <= 0) return 0;
    if (pid && (!str_to_int(str_from(pid), &who) || who != getpid())) return 0;
    return us / 2000 > 0 ? us / 2000 : 1;
}

enum err os_watch_start(struct cx *cx, bool (*alive)(void *arg), void *arg, struct os_watch **ret)
{
    int64_t each_ms = wanted_ms();
    pthread_condattr_t mono;
    if (!each_ms) return E_OK;
    struct os_watch *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->alive = alive;
    w->arg = arg;
    w->each_ms = each_ms;
    (void)pthread_mutex_init(&w->asking, NULL);
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_condattr_init(&mono);
    (void)pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->ended, &mono);
    (void)pthread_condattr_destroy(&mono);
    enum err e = os_thread(cx, "watch", WATCH_STACK, watch_main, w, &w->thread);
    if (e == E_OK) *ret = w;
    else free(w);
    return e;
}

void os_watch_leave(struct os_watch *w)
{
    if (!w) return;
    pthread_mutex_lock(&w->asking);
    w->leaving = true;
    pthread_mutex_unlock(&w->asking);
}

void os_watch_stop(struct os_watch **wp)
{
    struct os_watch *w = *wp;
    if (!w) return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    (void)pthread_cond_signal(&w->ended);
    pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    (void)pthread_mutex_destroy(&w->asking);
    (void)pthread_mutex_destroy(&w->lock);
    (void)pthread_cond_destroy(&w->ended);
    free(w);
    *wp = NULL;
}
