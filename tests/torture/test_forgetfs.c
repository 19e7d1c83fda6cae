/* SPDX-License-Identifier: MIT */
/* The file system that forgets does forget, and keeps what it owes: without this its rounds would prove nothing.
 *
 *   test_forgetfs FORGETFS
 */
#include "forget.h"
#include "../t.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, SECTOR = 512, SECTORS = 256, PATH = 512 };
static char folder[64];

static const char *at(const char *name)
{
    static char path[4][PATH];
    static int i;
    char *p = path[i++ % 4];
    (void)snprintf(p, PATH, "%s/%s", folder, name);
    return p;
}

static void sync_at(const char *name)
{
    int fd = open(at(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    T(fd >= 0 && fsync(fd) == 0 && close(fd) == 0);
}

/* Puts text at the beginning of a file, made if need be. */
static void write_file(const char *name, const char *text, bool synced)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    T(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    T(!synced || fdatasync(fd) == 0);
    T(close(fd) == 0);
}

/* "-": there is no such file */
static bool holds(const char *name, const char *want)
{
    char got[64] = "-";
    int fd = open(at(name), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 1 : read(fd, got, sizeof got - 1);
    got[n < 0 ? 0 : n] = 0;
    if (fd >= 0) close(fd);
    if (strcmp(got, want) != 0) fprintf(stderr, "%s holds '%s', not '%s'\n", name, got, want);
    return strcmp(got, want) == 0;
}

static int entries(void)
{
    int n = 0;
    DIR *d = opendir(folder);
    while (d && readdir(d)) n++;
    if (d) closedir(d);
    return n - 2 * (n > 1); /* as some tell . and .. */
}

static void data(void)
{
    write_file("a", "old", true);
    sync_at(".");
    write_file("a", "new and longer", false);
    T(holds("a", "new and longer"));
    T(forget_power(folder, false, 0));
    T(holds("a", "old"));
    write_file("a", "new", true);
    T(truncate(at("a"), 1) == 0 && holds("a", "n"));
    T(forget_power(folder, false, 0));
    T(holds("a", "new"));
    int fd = open(at("a"), O_WRONLY | O_TRUNC | O_CLOEXEC);
    T(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && holds("a", "x")); /* nothing of the old one behind it */
    T(forget_power(folder, false, 0));
    T(holds("a", "new"));
    write_file("b", "made, its name synced", false);
    sync_at(".");
    T(forget_power(folder, false, 0));
    T(holds("b", ""));
}

static void names(void)
{
    T(unlink(at("a")) == 0 && unlink(at("b")) == 0);
    write_file("a", "a", true);
    write_file("b", "b", true);
    sync_at(".");
    write_file("c", "c", true); /* whose name is not */
    T(rename(at("a"), at("b")) == 0 && holds("a", "-") && holds("b", "a"));
    T(forget_power(folder, false, 0));
    T(holds("a", "a") && holds("b", "b") && holds("c", "-"));
    T(unlink(at("a")) == 0 && holds("a", "-"));
    T(forget_power(folder, false, 0));
    T(holds("a", "a"));
    T(rename(at("a"), at("b")) == 0);
    sync_at(".");
    T(forget_power(folder, false, 0));
    T(holds("a", "-") && holds("b", "a"));
    T(unlink(at("b")) == 0);
    sync_at(".");
    T(forget_power(folder, false, 0));
    T(entries() == 0);
}

/* What has two names is one file; a move from folder to folder is on the disk when both are. */
static void linked(void)
{
    struct stat s = {0};
    T(mkdir(at("d"), 0700) == 0);
    write_file("l", "l", true);
    sync_at(".");
    T(rename(at("l"), at("d/l")) == 0 && holds("l", "-") && holds("d/l", "l"));
    sync_at("d");
    T(forget_power(folder, false, 0));
    T(holds("l", "l") && holds("d/l", "l") && stat(at("l"), &s) == 0 && s.st_nlink == 2);
    write_file("d/l", "L", true);
    T(unlink(at("l")) == 0 && link(at("d/l"), at("k")) == 0 && link(at("d/l"), at("k")) != 0);
    sync_at(".");
    T(forget_power(folder, false, 0));
    T(holds("l", "-") && holds("k", "L") && holds("d/l", "L"));
    T(unlink(at("k")) == 0 && unlink(at("d/l")) == 0 && rmdir(at("d")) == 0);
    sync_at(".");
}

/* A folder in the folder: its own names, in its own time. */
static void nested(void)
{
    T(mkdir(at("d"), 0700) == 0);
    write_file("d/x", "x", true);
    T(rmdir(at("d")) != 0 && errno == ENOTEMPTY);
    sync_at(".");
    T(forget_power(folder, false, 0));
    T(access(at("d"), X_OK) == 0 && holds("d/x", "-"));
    T(rmdir(at("d")) == 0);
    sync_at(".");
}

/* As SQLite's index is used: written through one mapping, read through another and by read(). */
static void mapped(void)
{
    write_file("m", "0", true);
    int fd = open(at("m"), O_RDWR | O_CLOEXEC), other = open(at("m"), O_RDWR | O_CLOEXEC);
    T(ftruncate(fd, PAGE) == 0 && fsync(fd) == 0);
    sync_at(".");
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, other, 0);
    T(p != MAP_FAILED && q != MAP_FAILED);
    p[0] = '1';
    T(q[0] == '1' && pwrite(other, "2", 1, 1) == 1 && p[1] == '2' && holds("m", "12"));
    T(fdatasync(other) == 0); /* what another mapped is the file's as well */
    p[0] = '3';
    T(munmap(p, PAGE) == 0 && holds("m", "32"));
    T(forget_power(folder, false, 0));
    T(holds("m", "12"));
    T(pwrite(fd, "4", 1, 0) < 0 && errno == EIO); /* a file of the time before */
    T(munmap(q, PAGE) == 0 && close(other) == 0);
    close(fd);
}

/* How many sectors of a file that was written anew got to the disk; -1: one of them in parts. */
static int torn(uint32_t seed, char ret[SECTORS * SECTOR])
{
    static const char zeros[SECTOR];
    static char ones[SECTORS * SECTOR];
    int n = 0, fd = open(at("t"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    T(ftruncate(fd, 0) == 0 && ftruncate(fd, SECTORS * SECTOR) == 0 && fsync(fd) == 0);
    sync_at(".");
    memset(ones, 1, sizeof ones);
    T(pwrite(fd, ones, sizeof ones, 0) == (ssize_t)sizeof ones);
    close(fd);
    T(forget_power(folder, true, seed));
    fd = open(at("t"), O_RDONLY | O_CLOEXEC);
    T(pread(fd, ret, SECTORS * SECTOR, 0) == SECTORS * SECTOR);
    close(fd);
    for (int i = 0; i < SECTORS; i++) {
        const char *s = ret + (ptrdiff_t)i * SECTOR;
        bool there = memcmp(s, ones, SECTOR) == 0;
        if (!there && memcmp(s, zeros, SECTOR) != 0) return -1;
        n += there;
    }
    return n;
}

static void half(void)
{
    static char first[SECTORS * SECTOR], second[SECTORS * SECTOR];
    int kept = 0;
    T_INT(torn(7, first), torn(7, second));
    T(memcmp(first, second, sizeof first) == 0);
    for (uint32_t seed = 1; seed <= 8; seed++) {
        int n = torn(seed, second);
        T(n > SECTORS / 4 && n < SECTORS / 4 * 3);
        T(memcmp(first, second, sizeof first) != 0 || seed == 7);
    }
    for (uint32_t seed = 1; seed <= 32; seed++) { /* names: the first so many */
        write_file("1", "", false);
        write_file("2", "", false);
        T(forget_power(folder, true, seed));
        bool one = access(at("1"), F_OK) == 0, two = access(at("2"), F_OK) == 0;
        T(one || !two);
        kept += one + two;
        unlink(at("1"));
        unlink(at("2"));
        sync_at(".");
    }
    T(kept > 8 && kept < 56);
}

int main(int argc, char **argv)
{
    static void (*const all[])(void) = {data, names, linked, nested, mapped, half};
    const char *refused = forget_refused();
    if (argc != 2) return 2;
    if (refused) {
        T(refused != NULL);
        printf("not possible here: %s; not tried\n", refused);
        return t_end("forgetfs: not possible here");
    }
    (void)snprintf(folder, sizeof folder, "%s/kontor-forget-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder)) return 2;
    pid_t pid = forget_mount(argv[1], folder);
    T(pid > 0);
    for (size_t i = 0; pid > 0 && i < COUNT(all); i++) all[i]();
    T(pid > 0 && forget_end(pid, folder));
    T(rmdir(folder) == 0);
    return t_end("forgetfs");
}
