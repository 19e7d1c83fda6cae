/* SPDX-License-Identifier: MIT */
/* tests/torture/plsim.c - a recorder of what a disk would hold when the power goes (LD_PRELOAD).
 *
 * Every write below KONTOR_PL_DIR is also noted in KONTOR_PL_SHADOW/<name>.pend; fsync of a file moves its
 * notes into KONTOR_PL_SHADOW/<name>. After kill -9 of the program the shadow folder is the disk: what is
 * still pending was never synced and is dropped, or torn, by the test. Works for writes through libc; a
 * note that the kill cut short belongs to a sync that never returned. Unlinking is taken as durable. */
#undef _FILE_OFFSET_BITS /* open and open64 are two names here, each to be caught */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>

#include "plsim.h"
#include "preload.h"

enum { FDS = 4096, NAME = 64, PATH = 512, CHUNK = 1 << 17 };
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static char names[FDS][NAME]; /* "" = not ours */
static const char *dir, *shadow;
static char chunk[CHUNK]; /* one note's bytes: SQLite writes pages, far less than this */

static struct {
    int (*open)(const char *, int, ...);
    int (*close)(int);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    int (*fsync)(int), (*fdatasync)(int), (*unlink)(const char *);
    int (*ftruncate)(int, off_t);
} libc;

__attribute__((constructor)) static void start(void)
{
    bind(&libc.open, "open64");
    bind(&libc.close, "close");
    bind(&libc.write, "write");
    bind(&libc.pwrite, "pwrite64");
    bind(&libc.fsync, "fsync");
    bind(&libc.fdatasync, "fdatasync");
    bind(&libc.unlink, "unlink");
    bind(&libc.ftruncate, "ftruncate64");
    dir = getenv("KONTOR_PL_DIR");
    shadow = getenv("KONTOR_PL_SHADOW");
    if (!shadow) dir = NULL;
}

static int is_ours(int fd) { return dir && fd >= 0 && fd < FDS && names[fd][0]; }

static void track(int fd, const char *path)
{
    const char *base = strrchr(path, '/');
    if (!dir || fd < 0 || fd >= FDS || !base || strncmp(path, dir, strlen(dir)) != 0 ||
        strstr(path, "-shm"))
        return;
    (void)snprintf(names[fd], NAME, "%s", base + 1);
}

static void shadow_path(char *ret, int fd, const char *tail)
{
    (void)snprintf(ret, PATH, "%s/%s%s", shadow, names[fd], tail);
}

static void note(int fd, uint32_t op, int64_t off, const void *p, size_t n)
{
    char path[PATH];
    struct pl_note h = {op, (uint32_t)n, off};
    if (n > CHUNK) abort();
    shadow_path(path, fd, ".pend");
    pthread_mutex_lock(&mu);
    int f = libc.open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    struct iovec v[2] = {{&h, sizeof h}, {(void *)(uintptr_t)p, n}};
    if (f < 0 || writev(f, v, 2) != (ssize_t)(sizeof h + n)) abort();
    libc.close(f);
    pthread_mutex_unlock(&mu);
}

static void flush(int fd)
{
    char from[PATH], to[PATH];
    struct pl_note h;
    shadow_path(from, fd, ".pend");
    shadow_path(to, fd, "");
    pthread_mutex_lock(&mu);
    int f = libc.open(from, O_RDONLY), g = libc.open(to, O_WRONLY | O_CREAT, 0600);
    while (f >= 0 && g >= 0 && read(f, &h, sizeof h) == (ssize_t)sizeof h) {
        if (h.op == PL_TRUNCATE) {
            if (libc.ftruncate(g, h.off) != 0) abort();
        } else if (read(f, chunk, h.n) != (ssize_t)h.n ||
                   libc.pwrite(g, chunk, h.n, h.off) != (ssize_t)h.n) {
            abort();
        }
    }
    if (f >= 0) libc.close(f);
    if (g >= 0) libc.close(g);
    libc.unlink(from);
    pthread_mutex_unlock(&mu);
}

static int opened(const char *path, int flags, va_list ap)
{
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, int) : 0;
    int fd = libc.open(path, flags, mode);
    track(fd, path);
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    int fd = opened(path, flags, ap);
    va_end(ap);
    return fd;
}
int open64(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    int fd = opened(path, flags, ap);
    va_end(ap);
    return fd;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t off)
{
    ssize_t r = libc.pwrite(fd, p, n, off);
    if (r > 0 && is_ours(fd)) note(fd, PL_WRITE, off, p, (size_t)r);
    return r;
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t off) { return pwrite64(fd, p, n, off); }

ssize_t write(int fd, const void *p, size_t n)
{
    off_t off = is_ours(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t r = libc.write(fd, p, n);
    if (r > 0 && is_ours(fd)) note(fd, PL_WRITE, off, p, (size_t)r);
    return r;
}

int ftruncate64(int fd, off64_t off)
{
    int r = libc.ftruncate(fd, off);
    if (r == 0 && is_ours(fd)) note(fd, PL_TRUNCATE, off, NULL, 0);
    return r;
}
int ftruncate(int fd, off_t off) { return ftruncate64(fd, off); }

int fsync(int fd)
{
    int r = libc.fsync(fd);
    if (r == 0 && is_ours(fd)) flush(fd);
    return r;
}
int fdatasync(int fd)
{
    int r = libc.fdatasync(fd);
    if (r == 0 && is_ours(fd)) flush(fd);
    return r;
}

int close(int fd)
{
    if (is_ours(fd)) names[fd][0] = 0;
    return libc.close(fd);
}

int unlink(const char *path)
{
    char gone[PATH];
    const char *base = strrchr(path, '/');
    int r = libc.unlink(path);
    if (r != 0 || !dir || !base || strncmp(path, dir, strlen(dir)) != 0) return r;
    (void)snprintf(gone, sizeof gone, "%s/%s", shadow, base + 1);
    libc.unlink(gone);
    (void)snprintf(gone, sizeof gone, "%s/%s.pend", shadow, base + 1);
    libc.unlink(gone);
    return r;
}
