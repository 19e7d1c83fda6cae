/* SPDX-License-Identifier: MIT */
/* Pictures of strangers are drawn anew, by a process that can do nothing else. */
#include "picture/picture_int.h"

#include "os/os.h"
#include "t.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT "tests/fixtures/pictures/"
enum { RED, BLUE, LIME, NOTHING, OTHER };

static char folder[] = "/tmp/kontor-picture-XXXXXX";

static int colour(const unsigned char *q)
{
    if (q[3] < 8) return NOTHING;
    if (q[3] < 250) return OTHER;
    if (q[0] > 200 && q[1] < 60 && q[2] < 60) return RED;
    if (q[0] < 60 && q[1] < 60 && q[2] > 200) return BLUE;
    return q[0] < 60 && q[1] > 200 && q[2] < 60 ? LIME : OTHER;
}

static int at(const struct pixels *p, size_t x, size_t y) { return colour(p->p + (y * p->w + x) * 4); }

static str bytes_of(struct cx *cx, str path)
{
    str s = {0};
    T_OK(cx, os_read_file(cx, path, 8 << 20, &s));
    return s;
}

/* ---- by the process: what comes out, read again ---- */
static void one(struct cx *cx, struct pictures *p, const char *name, const char *type, size_t w, size_t h, int first, int last)
{
    str to = arena_fmt(cx->a, "%s/out", folder);
    struct picture got = {0};
    struct pixels px = {0};
    enum drawn_as as = AS_PNG;
    int bad = t_bad;
    T_OK(cx, picture_make(cx, p, arena_fmt(cx->a, AT "%s", name), to, &got));
    T_STR(got.type, str_from(type));
    T_INT(got.w, (int64_t)w);
    T_INT(got.h, (int64_t)h);
    str out = bytes_of(cx, to);
    T_INT(got.bytes, (int64_t)out.n);
    T(str_find(out, S("script")) < 0 && str_find(out, S("SECRET")) < 0 && str_find(out, S("Exif")) < 0);
    T(picture_read(out, PICTURE_SIDE, &px, &as) == DRAWN_OK);
    T(px.w == w && px.h == h);
    T_INT(at(&px, 2, 2), first);
    T_INT(at(&px, px.w - 3, px.h - 3), last);
    pixels_free(&px);
    os_unlink(cx, to);
    if (t_bad > bad) fprintf(stderr, "  in %s\n", name);
}

static void refused(struct cx *cx, struct pictures *p, const char *name, enum err want)
{
    str to = arena_fmt(cx->a, "%s/out", folder);
    struct picture got = {0};
    T_INT(picture_make(cx, p, arena_fmt(cx->a, "%s", name), to, &got), want);
    T(access(arena_z(cx->a, to), F_OK) != 0);
}

static void draws(struct cx *cx, struct pictures *p)
{
    one(cx, p, "plain.jpg", "image/jpeg", 40, 20, RED, BLUE);
    one(cx, p, "turned.jpg", "image/jpeg", 20, 40, RED, BLUE); /* stands: its camera lay on the side */
    one(cx, p, "cmyk.jpg", "image/jpeg", 40, 20, RED, BLUE);
    one(cx, p, "clear.png", "image/png", 40, 20, RED, OTHER);
    one(cx, p, "clear.gif", "image/png", 40, 20, RED, NOTHING);
    one(cx, p, "moving.gif", "image/png", 40, 20, RED, BLUE);
    one(cx, p, "plain.webp", "image/jpeg", 40, 20, RED, BLUE);
    one(cx, p, "moving.webp", "image/jpeg", 40, 20, RED, BLUE);
    one(cx, p, "wide.png", "image/png", 1600, 25, RED, BLUE);
}

static void refuses(struct cx *cx, struct pictures *p)
{
    struct picture got = {0};
    refused(cx, p, AT "huge.png", E_LIMIT);
    refused(cx, p, AT "make.sh", E_INVALID);
    refused(cx, p, AT "none.png", E_NOTFOUND);
    str empty = arena_fmt(cx->a, "%s/empty", folder);
    T_OK(cx, os_write_file_atomic(cx, empty, S(""), 0600));
    refused(cx, p, arena_z(cx->a, empty), E_LIMIT);
    T_INT(picture_make(cx, NULL, S(AT "plain.jpg"), arena_fmt(cx->a, "%s/out", folder), &got), E_BUSY);
    T_INT(picture_make(cx, p, S(AT "plain.jpg"), S("/nowhere/out"), &got), E_NOTFOUND);
    one(cx, p, "plain.jpg", "image/jpeg", 40, 20, RED, BLUE);
}

/* Whatever is cut off or turned over in the middle: an answer, and the next one is drawn. */
static void mangled(struct cx *cx, struct pictures *p)
{
    static const char *const names[] = {"turned.jpg", "clear.png", "clear.gif", "moving.webp"};
    str in = arena_fmt(cx->a, "%s/in", folder), to = arena_fmt(cx->a, "%s/out", folder);
    int made = 0, refused_n = 0;
    for (size_t n = 0; n < COUNT(names); n++) {
        str whole = bytes_of(cx, arena_fmt(cx->a, AT "%s", names[n]));
        for (size_t i = 0; i < whole.n; i += 23) {
            char *q = NEW_N(cx->a, char, whole.n);
            struct picture got = {0};
            memcpy(q, whole.p, whole.n);
            q[i] = (char)~q[i];
            T_OK(cx, os_write_file_atomic(cx, in, (str){q, i % 2 ? whole.n : i + 1}, 0600));
            enum err e = picture_make(cx, p, in, to, &got);
            T(e == E_OK || e == E_INVALID || e == E_LIMIT);
            made += e == E_OK;
            refused_n += e == E_INVALID;
        }
    }
    T(made > 5 && refused_n > 20);
    one(cx, p, "plain.jpg", "image/jpeg", 40, 20, RED, BLUE);
}

/* ---- many at once, and its end ---- */
enum { USERS = 4, ASKERS = 8 };
struct asker {
    struct pictures *p;
    int i, bad, busy;
};
static void *asks(void *arg)
{
    struct asker *a = arg;
    struct cx cx = t_cx();
    cx.who.user = a->i % USERS;
    for (int k = 0; k < 5; k++) {
        struct picture got = {0};
        str to = arena_fmt(cx.a, "%s/many%d", folder, a->i);
        enum err e = picture_make(&cx, a->p, S(AT "plain.jpg"), to, &got);
        a->busy += e == E_BUSY;
        a->bad += e != E_BUSY && (e != E_OK || got.w != 40);
        os_unlink(&cx, to);
    }
    t_cx_free(&cx);
    return NULL;
}

/* Of as many users as may wait none is sent away; who asks twice at once is, and nobody else. */
static void at_once(struct pictures *p, int n)
{
    struct asker a[ASKERS];
    pthread_t t[ASKERS];
    struct cx cx = t_cx();
    int busy = 0;
    for (int i = 0; i < n; i++) {
        a[i] = (struct asker){p, i, 0, 0};
        T_OK(&cx, os_thread(&cx, "asks", 0, asks, &a[i], &t[i]));
    }
    for (int i = 0; i < n; i++) {
        (void)pthread_join(t[i], NULL);
        T_INT(a[i].bad, 0);
        busy += a[i].busy;
    }
    if (n <= USERS) T_INT(busy, 0);
    else T(busy > 0 && busy < n * 5);
    t_cx_free(&cx);
}

/* The one child of this process that draws. */
static pid_t child_pid(void)
{
    char line[256] = {0};
    int64_t pid = 0;
    str first = {0}, rest = {0};
    FILE *f = fopen("/proc/thread-self/children", "re");
    bool ok = f && fgets(line, sizeof line, f);
    if (f) (void)fclose(f);
    (void)str_split(str_from(line), ' ', &first, &rest);
    return ok && str_to_int(str_trim(first), &pid) ? (pid_t)pid : 0;
}

/* It holds nothing of ours: no descriptor but its socket and what a terminal has, no environment. */
static void knows_nothing(struct cx *cx)
{
    pid_t pid = child_pid();
    if (!T_OK(cx, pid > 0 ? E_OK : E_NOTFOUND)) return;
    DIR *d = opendir(arena_z(cx->a, arena_fmt(cx->a, "/proc/%d/fd", (int)pid)));
    T(d != NULL);
    for (const struct dirent *e = NULL; d && (e = readdir(d));)
        T(e->d_name[0] == '.' || (e->d_name[0] >= '0' && e->d_name[0] <= '2' && !e->d_name[1]));
    if (d) (void)closedir(d);
    str env = {0};
    T_OK(cx, os_read_file(cx, arena_fmt(cx->a, "/proc/%d/environ", (int)pid), 1 << 20, &env));
    T_INT((int64_t)env.n, 0);
    str status = {0};
    T_OK(cx, os_read_file(cx, arena_fmt(cx->a, "/proc/%d/status", (int)pid), 1 << 20, &status));
    T(str_find(status, S("Seccomp:\t2")) > 0 && str_find(status, S("NoNewPrivs:\t1")) > 0);
}

/* What a broken library might try: the first that it may do, 0 = none. In a process of its own, behind the fence. */
static int may_do(bool parent)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/tmp/.s.PGSQL.5432"};
    int spare = dup(0), got[10], n = 0;
    if (!picture_fence(parent)) return 1;
#define TRIED(call) (errno = 0, got[n++] = (call) < 0 ? errno : 0)
    TRIED(open("/etc/passwd", O_RDONLY));
    TRIED(open("/tmp/kontor-drawn", O_WRONLY | O_CREAT, 0600));
    TRIED(socket(AF_INET, SOCK_STREAM, 0));
    TRIED(socket(AF_UNIX, SOCK_STREAM, 0));
    TRIED(connect(spare, (const struct sockaddr *)&to, sizeof to));
    TRIED(execl("/bin/true", "true", (char *)NULL));
    TRIED(unlink("/tmp/kontor-drawn"));
    if (!parent) TRIED(fork());
    if (!parent) TRIED(kill(getppid(), 0));
#undef TRIED
    for (int i = 0; i < n; i++)
        if (got[i] != EPERM) return i + 2;
    return 0;
}

static void fenced(void)
{
    for (int parent = 0; parent < 2; parent++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0) _exit(may_do(parent != 0));
        T(pid > 0 && waitpid(pid, &status, 0) == pid);
        T_INT(status, 0);
    }
}

static void dead(struct cx *cx, struct pictures *p)
{
    pid_t pid = child_pid();
    struct picture got = {0};
    T(pid > 0 && kill(pid, SIGTERM) == 0); /* meant for the server: it draws on */
    one(cx, p, "plain.jpg", "image/jpeg", 40, 20, RED, BLUE);
    T(kill(pid, SIGKILL) == 0);
    T_INT(picture_make(cx, p, S(AT "plain.jpg"), arena_fmt(cx->a, "%s/out", folder), &got), E_BUSY);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], PICTURE_ARG) == 0) return picture_child();
    struct cx cx = t_cx();
    struct pictures *p = NULL;
    T(mkdtemp(folder) != NULL);
    T_INT(pictures_start(&cx, S("/nowhere/kontor"), &p), E_NOTFOUND);
    T(p == NULL);
    T_OK(&cx, pictures_start(&cx, S("/proc/self/exe"), &p));
    draws(&cx, p);
    refuses(&cx, p);
    mangled(&cx, p);
    at_once(p, USERS);
    at_once(p, ASKERS);
    knows_nothing(&cx);
    fenced();
    dead(&cx, p);
    pictures_stop(&p);
    T(p == NULL);
    for (const char *const *n = (const char *const[]){"in", "empty", "out", NULL}; *n; n++)
        os_unlink(&cx, arena_fmt(cx.a, "%s/%s", folder, *n));
    T(rmdir(folder) == 0);
    t_cx_free(&cx);
    return t_end("picture");
}
