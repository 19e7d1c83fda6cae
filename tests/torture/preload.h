/* SPDX-License-Identifier: MIT */
/* tests/torture/preload.h - what the preloaded libraries share: libc's own functions, and the word of the test.
 *
 * KONTOR_IO_CTL names a file of sizeof(struct ctl) that the test maps, too: it sets `kind` and `error`, then `left` to n;
 * when `left` has come to 0 the call fails and `hits` goes up; -1: from then on each one fails, until `left` is 0. */
#pragma once
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct ctl {
    _Atomic int32_t kind, error, left, hits;
};

/* *slot: the next function of that name. */
static inline void bind(void *slot, const char *name)
{
    void *p = dlsym(RTLD_NEXT, name);
    if (!p) abort();
    memcpy(slot, &p, sizeof p);
}

/* NULL: nobody asked for faults. */
static inline struct ctl *ctl_map(int (*open_file)(const char *, int, ...), int (*close_file)(int))
{
    const char *path = getenv("KONTOR_IO_CTL");
    int fd = path ? open_file(path, O_RDWR) : -1;
    void *p = fd >= 0 ? mmap(NULL, sizeof(struct ctl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0) close_file(fd);
    return p == MAP_FAILED ? NULL : p;
}

/* Is it this call's turn? Sets errno. */
static inline int ctl_turn(struct ctl *c, int32_t kind)
{
    if (!c || c->kind != kind) return 0;
    int32_t left = c->left;
    while (left > 0 && !atomic_compare_exchange_weak(&c->left, &left, left - 1)) {}
    if (left != 1 && left != -1) return 0;
    c->hits++;
    errno = c->error;
    return 1;
}
