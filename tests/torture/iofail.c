/* SPDX-License-Identifier: MIT */
/* tests/torture/iofail.c - the n-th call of one kind on a file below KONTOR_IO_DIR fails (LD_PRELOAD).
 * The test arms it as preload.h says. */
#undef _FILE_OFFSET_BITS /* open and open64 are two names here, each to be caught */
#include "preload.h"

#include <stdarg.h>
#include <stdio.h>

enum kind { IO_READ = 1, IO_WRITE, IO_SYNC, IO_OPEN, IO_RENAME, IO_UNLINK, IO_TRUNCATE, IO_SHORT };
enum { FDS = 4096 };
static struct ctl *ctl;
static const char *dir;
static _Atomic char ours[FDS];

static struct {
    int (*open)(const char *, int, ...), (*openat)(int, const char *, int, ...);
    int (*close)(int);
    ssize_t (*read)(int, void *, size_t), (*pread)(int, void *, size_t, off64_t);
    ssize_t (*write)(int, const void *, size_t), (*pwrite)(int, const void *, size_t, off64_t);
    int (*fsync)(int), (*fdatasync)(int), (*unlink)(const char *), (*rename)(const char *, const char *);
    int (*ftruncate)(int, off64_t);
} libc;

__attribute__((constructor)) static void start(void)
{
    bind(&libc.open, "open64");
    bind(&libc.openat, "openat64");
    bind(&libc.close, "close");
    bind(&libc.read, "read");
    bind(&libc.pread, "pread64");
    bind(&libc.write, "write");
    bind(&libc.pwrite, "pwrite64");
    bind(&libc.fsync, "fsync");
    bind(&libc.fdatasync, "fdatasync");
    bind(&libc.unlink, "unlink");
    bind(&libc.rename, "rename");
    bind(&libc.ftruncate, "ftruncate64");
    ctl = ctl_map(libc.open, libc.close);
    dir = getenv("KONTOR_IO_DIR");
}

static int fails(enum kind kind) { return ctl_turn(ctl, (int32_t)kind); }
static int is_path(const char *path) { return dir && strncmp(path, dir, strlen(dir)) == 0 && !strstr(path, "-shm"); }
static int is_fd(int fd) { return fd >= 0 && fd < FDS && ours[fd]; }

static int opened(int at, const char *path, int flags, va_list ap)
{
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, int) : 0, mine = is_path(path);
    if (mine && fails(IO_OPEN)) return -1;
    int fd = at == AT_FDCWD ? libc.open(path, flags, mode) : libc.openat(at, path, flags, mode);
    if (fd >= 0 && fd < FDS) ours[fd] = (char)mine;
    return fd;
}

#define OPEN(name)                              \
    int name(const char *path, int flags, ...)  \
    {                                           \
        va_list ap;                             \
        va_start(ap, flags);                    \
        int fd = opened(AT_FDCWD, path, flags, ap); \
        va_end(ap);                             \
        return fd;                              \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(name)                                   \
    int name(int at, const char *path, int flags, ...) \
    {                                                  \
        va_list ap;                                    \
        va_start(ap, flags);                           \
        int fd = opened(at, path, flags, ap);          \
        va_end(ap);                                    \
        return fd;                                     \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t read(int fd, void *p, size_t n) { return is_fd(fd) && fails(IO_READ) ? -1 : libc.read(fd, p, n); }
ssize_t pread64(int fd, void *p, size_t n, off64_t off)
{
    return is_fd(fd) && fails(IO_READ) ? -1 : libc.pread(fd, p, n, off);
}
ssize_t pread(int fd, void *p, size_t n, off_t off) { return pread64(fd, p, n, off); }

/* Half of it, then no room: what a full disk does. */
static size_t part(size_t n) { return n > 1 && fails(IO_SHORT) ? n / 2 : n; }

ssize_t write(int fd, const void *p, size_t n)
{
    if (!is_fd(fd)) return libc.write(fd, p, n);
    return fails(IO_WRITE) ? -1 : libc.write(fd, p, part(n));
}
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t off)
{
    if (!is_fd(fd)) return libc.pwrite(fd, p, n, off);
    return fails(IO_WRITE) ? -1 : libc.pwrite(fd, p, part(n), off);
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t off) { return pwrite64(fd, p, n, off); }

int fsync(int fd) { return is_fd(fd) && fails(IO_SYNC) ? -1 : libc.fsync(fd); }
int fdatasync(int fd) { return is_fd(fd) && fails(IO_SYNC) ? -1 : libc.fdatasync(fd); }
int ftruncate64(int fd, off64_t off) { return is_fd(fd) && fails(IO_TRUNCATE) ? -1 : libc.ftruncate(fd, off); }
int ftruncate(int fd, off_t off) { return ftruncate64(fd, off); }
int unlink(const char *path) { return is_path(path) && fails(IO_UNLINK) ? -1 : libc.unlink(path); }
int rename(const char *from, const char *to) { return is_path(to) && fails(IO_RENAME) ? -1 : libc.rename(from, to); }

int close(int fd)
{
    if (fd >= 0 && fd < FDS) ours[fd] = 0;
    return libc.close(fd);
}
