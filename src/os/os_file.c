/* SPDX-License-Identifier: MIT */
/* os/os_file.c - files that survive a power cut, locks, folders. */
#include "os/os.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { SUM_BLOCK = 64 * 1024 };

enum err os_fail(struct cx *cx, int en, const char *what, str path)
{
    char text[128];
    enum err e = E_INTERNAL;
    if (en == ENOENT || en == ENOTDIR) e = E_NOTFOUND;
    if (en == EACCES || en == EPERM || en == EROFS) e = E_DENIED;
    if (en == ENOSPC || en == EDQUOT || en == EFBIG) e = E_FULL;
    if (en == EWOULDBLOCK) e = E_CONFLICT;
    return fail(cx, e, "%s %.*s: %s", what, FS(path), strerror_r(en, text, sizeof text));
}

void os_close_fd(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

static enum err path_z(struct cx *cx, str path, const char **ret)
{
    if (!path.n || memchr(path.p, 0, path.n)) return fail(cx, E_BAD, "bad path");
    *ret = arena_z(cx->a, path);
    return E_OK;
}

enum err os_read_file(struct cx *cx, str path, size_t max_bytes, str *ret)
{
    const char *z = NULL;
    struct stat st;
    TRY(path_z(cx, path, &z));
    OWNED(os_close_fd) int fd = open(z, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) return os_fail(cx, errno, "open", path);
    if (S_ISDIR(st.st_mode)) return os_fail(cx, EISDIR, "open", path);
    size_t cap = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size + 1 : 4096, n = 0;
    if (cap > max_bytes + 1) cap = max_bytes + 1; /* one more than allowed shows the overrun */
    char *p = arena_get(cx->a, cap + 1);
    for (;;) {
        ssize_t got = read(fd, p + n, cap - n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_fail(cx, errno, "read", path);
        if (got == 0) break;
        n += (size_t)got;
        if (n > max_bytes)
            return fail(cx, E_LIMIT, "%.*s is larger than %zu bytes", FS(path), max_bytes);
        if (n < cap) continue;
        size_t more = cap > max_bytes / 2 ? max_bytes + 1 : cap * 2; /* /proc and growing files */
        char *q = arena_get(cx->a, more + 1);
        memcpy(q, p, n);
        p = q;
        cap = more;
    }
    p[n] = 0;
    *ret = (str){p, n};
    return E_OK;
}

enum err os_sha256_file(struct cx *cx, str path, unsigned char ret[32])
{
    const char *z = NULL;
    crypto_hash_sha256_state h;
    unsigned char *block = arena_get(cx->a, SUM_BLOCK);
    TRY(path_z(cx, path, &z));
    OWNED(os_close_fd) int fd = open(z, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return os_fail(cx, errno, "open", path);
    (void)crypto_hash_sha256_init(&h);
    for (;;) {
        ssize_t got = read(fd, block, SUM_BLOCK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_fail(cx, errno, "read", path);
        if (got == 0) break;
        (void)crypto_hash_sha256_update(&h, block, (unsigned long long)got);
    }
    (void)crypto_hash_sha256_final(&h, ret);
    return E_OK;
}

enum err os_write_all(struct cx *cx, int fd, str bytes)
{
    while (bytes.n) {
        ssize_t put = write(fd, bytes.p, bytes.n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return os_fail(cx, errno, "write", S("file"));
        bytes = str_cut(bytes, (size_t)put, bytes.n);
    }
    return E_OK;
}

static str folder_of(str path)
{
    size_t n = path.n;
    while (n && path.p[n - 1] != '/') n--;
    if (!n) return S(".");
    return n == 1 ? S("/") : str_cut(path, 0, n - 1);
}

enum err os_fsync_dir(struct cx *cx, str path)
{
    const char *z = NULL;
    TRY(path_z(cx, path, &z));
    OWNED(os_close_fd) int fd = open(z, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return os_fail(cx, errno, "open", path);
    if (fsync(fd) != 0) return os_fail(cx, errno, "fsync", path);
    return E_OK;
}

enum err os_temp_file(struct cx *cx, str prefix, int *ret_fd, str *ret_path)
{
    const char *z = NULL;
    TRY(path_z(cx, prefix, &z));
    str name = arena_fmt(cx->a, "%sXXXXXX", z);
    char *p = arena_get(cx->a, name.n + 1);
    memcpy(p, name.p, name.n);
    int fd = mkostemp(p, O_CLOEXEC);
    if (fd < 0) return os_fail(cx, errno, "create", name);
    *ret_fd = fd;
    *ret_path = (str){p, name.n};
    return E_OK;
}

static enum err fill(struct cx *cx, int fd, str path, str bytes, unsigned mode)
{
    TRY(os_write_all(cx, fd, bytes));
    if (fchmod(fd, (mode_t)mode) != 0) return os_fail(cx, errno, "fchmod", path);
    if (fsync(fd) != 0) return os_fail(cx, errno, "fsync", path);
    return E_OK;
}

enum err os_write_file_atomic(struct cx *cx, str path, str bytes, unsigned mode)
{
    const char *z = NULL;
    OWNED(os_close_fd) int fd = -1;
    str tmp = S("");
    TRY(path_z(cx, path, &z));
    TRY(os_temp_file(cx, arena_fmt(cx->a, "%s.tmp-", z), &fd, &tmp));
    enum err e = fill(cx, fd, path, bytes, mode);
    if (e == E_OK && rename(tmp.p, z) != 0) e = os_fail(cx, errno, "rename", path);
    if (e != E_OK) {
        (void)unlink(tmp.p);
        return e;
    }
    return os_fsync_dir(cx, folder_of(path));
}

/* The name of what was made in the folder is kept; where we may not read it, or its file system knows no such syncing,
 * nobody can, and a folder is made all the same. */
static enum err sync_names(struct cx *cx, str folder)
{
    OWNED(os_close_fd) int fd = open(arena_z(cx->a, folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno == EACCES ? E_OK : os_fail(cx, errno, "open", folder);
    return fsync(fd) == 0 || errno == EINVAL || errno == EROFS ? E_OK : os_fail(cx, errno, "fsync", folder);
}

/* One at a time: who finds the folder there may rely on its name, which another thread may just have made. */
static enum err mkdir_safe(struct cx *cx, str path, unsigned mode)
{
    static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
    const char *z = arena_z(cx->a, path);
    pthread_mutex_lock(&mu);
    int error = mkdir(z, (mode_t)mode) == 0 ? 0 : errno;
    enum err e = error ? E_OK : sync_names(cx, folder_of(path));
    if (e != E_OK) (void)rmdir(z); /* to be made, and synced, by who asks again */
    pthread_mutex_unlock(&mu);
    return error && error != EEXIST ? os_fail(cx, error, "mkdir", path) : e;
}

enum err os_mkdirs(struct cx *cx, str path, unsigned mode)
{
    const char *z = NULL;
    struct stat st;
    TRY(path_z(cx, path, &z));
    for (size_t i = 1; i <= path.n; i++) {
        if (i < path.n && path.p[i] != '/') continue;
        TRY(mkdir_safe(cx, str_cut(path, 0, i), mode));
    }
    if (stat(z, &st) != 0) return os_fail(cx, errno, "stat", path);
    if (!S_ISDIR(st.st_mode)) return os_fail(cx, ENOTDIR, "mkdir", path);
    return E_OK;
}

enum err os_lock_file(struct cx *cx, str path, int *ret_fd)
{
    const char *z = NULL;
    TRY(path_z(cx, path, &z));
    int fd = open(z, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return os_fail(cx, errno, "open", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int en = errno;
        (void)close(fd);
        return os_fail(cx, en, "lock", path);
    }
    char pid[24];
    int n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    /* a full disk: the lock holds without a name */
    bool named = ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)n, 0) == n;
    if (!named) log_say(cx, LOG_WARN, S("os"), "no pid in the lock file");
    *ret_fd = fd;
    return E_OK;
}

int64_t os_lock_holder(struct cx *cx, str path)
{
    str text = {0}, msg = cx->msg;
    int64_t pid = 0;
    enum err e = os_read_file(cx, path, 64, &text);
    cx->msg = msg;
    return e == E_OK && str_to_int(str_trim(text), &pid) && pid > 0 ? pid : 0;
}

void os_unlink(struct cx *cx, str path)
{
    const char *z = NULL;
    if (path_z(cx, path, &z) == E_OK) (void)unlink(z);
}

int64_t os_free_bytes(struct cx *cx, str path)
{
    const char *z = NULL;
    struct statvfs v;
    if (path_z(cx, path, &z) != E_OK || statvfs(z, &v) != 0) return -1;
    return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}
