/* SPDX-License-Identifier: MIT */
/* cli/remote_client.c - the client's side of cli/remote.h.
 *
 * The server is fenced into its data folder: files that a command reads are copied to DIR/tmp for it, files it writes
 * are fetched from there. */
#include "cli/cli_int.h"
#include "cli/remote.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { COPY_BYTES = 256 * 1024, STAGE_MODE = 0700 };

struct staged {
    str here, there, folder;
    bool out;
};
struct visit {
    struct cli *c;
    str dir;   /* the data folder */
    str stage; /* DIR/tmp/cli-...; "" = none yet */
    struct stat owner;
    LIST(struct staged) files;
    LIST(str) argv;
};

/* ---- files ---- */
static enum err copy_fd(struct cx *cx, int from, str from_path, int to)
{
    struct arena_mark m = arena_mark(cx->a);
    char *p = arena_get(cx->a, COPY_BYTES);
    enum err e = E_OK;
    ssize_t n = 0;
    while (e == E_OK && (n = read(from, p, COPY_BYTES)) != 0) {
        if (n < 0 && errno == EINTR) continue;
        e = n < 0 ? os_fail(cx, errno, "read", from_path)
                  : os_write_all(cx, to, (str){p, (size_t)n});
    }
    if (e == E_OK) arena_back(cx->a, m);
    return e;
}

static enum err copy_in(struct visit *v, const struct staged *s)
{
    struct cx *cx = v->c->cx;
    int from OWNED(os_close_fd) = open(arena_z(cx->a, s->here), O_RDONLY | O_CLOEXEC),
             to OWNED(os_close_fd) = -1;
    if (from < 0) return os_fail(cx, errno, "open", s->here);
    to = open(s->there.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0) return os_fail(cx, errno, "open", s->there);
    if (fchown(to, v->owner.st_uid, v->owner.st_gid) != 0 && getuid() == 0)
        return os_fail(cx, errno, "chown", s->there);
    return copy_fd(cx, from, s->here, to);
}

/* What the command wrote, to where the person wants it; nothing when it wrote nothing. */
static enum err copy_out(struct visit *v, const struct staged *s)
{
    struct cx *cx = v->c->cx;
    str part = {0};
    int from OWNED(os_close_fd) = open(s->there.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW),
             to OWNED(os_close_fd) = -1;
    if (from < 0) return E_OK;
    TRY(os_temp_file(cx, arena_fmt(cx->a, "%.*s.", FS(s->here)), &to, &part));
    enum err e = copy_fd(cx, from, s->there, to);
    if (e == E_OK && (fsync(to) != 0 || rename(arena_z(cx->a, part), arena_z(cx->a, s->here)) != 0))
        e = os_fail(cx, errno, "write", s->here);
    if (e != E_OK) (void)unlink(arena_z(cx->a, part));
    return e;
}

static enum err stage_folder(struct visit *v, str path)
{
    struct cx *cx = v->c->cx;
    TRY(os_mkdirs(cx, path, STAGE_MODE));
    if (getuid() == 0 && chown(arena_z(cx->a, path), v->owner.st_uid, v->owner.st_gid) != 0)
        return os_fail(cx, errno, "chown", path);
    return E_OK;
}

static enum err stage(struct visit *v, str path, bool out, str *ret)
{
    struct cx *cx = v->c->cx;
    unsigned char tag[8];
    size_t at = path.n;
    if (!v->stage.n) {
        os_random(tag, sizeof tag);
        TRY(stage_folder(v, arena_fmt(cx->a, "%.*s/tmp", FS(v->dir))));
        v->stage =
            arena_fmt(cx->a, "%.*s/tmp/cli-%.*s", FS(v->dir), FS(os_hex(cx->a, tag, sizeof tag)));
        TRY(stage_folder(v, v->stage));
    }
    while (at && path.p[at - 1] != '/') at--;
    str folder = arena_fmt(cx->a, "%.*s/%zu", FS(v->stage), v->files.n);
    struct staged *s = LIST_ADD(cx->a, &v->files);
    *s = (struct staged){arena_dup(cx->a, path),
                         arena_fmt(cx->a, "%.*s/%.*s", FS(folder), FS(str_cut(path, at, path.n))),
                         folder, out};
    TRY(stage_folder(v, folder));
    *ret = s->there;
    return out ? E_OK : copy_in(v, s);
}

static void stage_end(struct visit *v)
{
    for (size_t i = 0; i < v->files.n; i++) {
        (void)unlink(v->files.v[i].there.p);
        (void)rmdir(v->files.v[i].folder.p);
    }
    if (v->stage.n) (void)rmdir(v->stage.p);
}

/* ---- the command line as the server gets it ---- */
static bool is_ours(const struct opt *o)
{
    static const str name[] = {S0("data"), S0("db"), S0("config"), S0("log-level")};
    for (size_t i = 0; i < COUNT(name); i++)
        if (str_eq(o->name, name[i])) return true;
    return false;
}

static enum err argv_make(struct visit *v)
{
    struct cli *c = v->c;
    struct arena *a = c->cx->a;
    *LIST_ADD(a, &v->argv) = c->cmd->name;
    for (size_t i = 0; i < c->n_value; i++) {
        const struct opt *o = c->value[i].opt;
        str value = c->value[i].v;
        if (is_ours(o)) continue;
        bool is_file = o->kind == OPT_IN || o->kind == OPT_OUT;
        if (is_file && !str_eq(value, S("-"))) TRY(stage(v, value, o->kind == OPT_OUT, &value));
        *LIST_ADD(a, &v->argv) = o->kind == OPT_FLAG
                                     ? arena_fmt(a, "--%.*s", FS(o->name))
                                     : arena_fmt(a, "--%.*s=%.*s", FS(o->name), FS(value));
    }
    *LIST_ADD(a, &v->argv) = S("--");
    for (size_t i = 0; i < c->n_args; i++) {
        str arg = c->args[i];
        if (i == 0 && c->cmd->flags & CMD_IN_ARG) TRY(stage(v, arg, false, &arg));
        *LIST_ADD(a, &v->argv) = arg;
    }
    return E_OK;
}

/* ---- the wire ---- */
static void text(struct buf *b, str s)
{
    buf_add(b, s);
    buf_byte(b, 0);
}

static enum err ask(struct visit *v, int fd)
{
    struct cx *cx = v->c->cx;
    struct buf b = buf_new(cx->a, REMOTE_BYTES);
    int fds[3] = {v->c->in, v->c->out, v->c->err};
    text(&b, S("kontor1"));
    text(&b, S(KONTOR_VERSION));
    text(&b, v->c->is_tty ? S("tty") : S(""));
    for (size_t i = 0; i < v->argv.n; i++) text(&b, v->argv.v[i]);
    if (b.full) return fail(cx, E_LIMIT, "the command line is too long for the running server");
    uint32_t len = (uint32_t)b.n;
    struct iovec part = {&len, sizeof len};
    union {
        struct cmsghdr align;
        char p[CMSG_SPACE(sizeof fds)];
    } control = {0};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.p,
                       .msg_controllen = sizeof control.p};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(h), fds, sizeof fds);
    if (sendmsg(fd, &m, MSG_NOSIGNAL) != (ssize_t)sizeof len)
        return os_fail(cx, errno, "ask", S("the running server"));
    return os_write_all(cx, fd, buf_str(&b));
}

static enum err answer(struct visit *v, int fd, int *ret_code)
{
    char code = 0;
    ssize_t n = 0;
    do n = read(fd, &code, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1 || code < '0' || code > '9')
        return fail(
            v->c->cx, E_UNCERTAIN,
            "the server went away before it answered: what it had begun may be done or not");
    *ret_code = code - '0';
    return E_OK;
}

static enum err reach(struct visit *v, int *ret_fd)
{
    struct cx *cx = v->c->cx;
    int dir OWNED(os_close_fd) = open(arena_z(cx->a, v->dir), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || fstat(dir, &v->owner) != 0) return os_fail(cx, errno, "open", v->dir);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d/kontor.sock", dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return os_fail(cx, errno, "socket", v->dir);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) {
        *ret_fd = fd;
        return E_OK;
    }
    int en = errno;
    (void)close(fd);
    if (en == ECONNREFUSED) en = ENOENT; /* left by a server that died */
    return os_fail(cx, en, "connect", arena_fmt(cx->a, "%.*s/kontor.sock", FS(v->dir)));
}

enum err remote_run(struct cli *c, int *ret_code)
{
    struct visit v = {.c = c, .dir = cli_setting(c, "data")};
    int fd OWNED(os_close_fd) = -1;
    TRY(reach(&v, &fd));
    enum err e = argv_make(&v);
    if (e == E_NOTFOUND)
        e = fail(c->cx, E_BAD, "%.*s", FS(c->cx->msg)); /* a file, not the server */
    if (e == E_OK) e = ask(&v, fd);
    if (e == E_OK) e = answer(&v, fd, ret_code);
    for (size_t i = 0; e == E_OK && i < v.files.n; i++)
        if (v.files.v[i].out) e = copy_out(&v, &v.files.v[i]);
    stage_end(&v);
    return e;
}
