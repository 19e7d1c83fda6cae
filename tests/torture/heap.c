/* SPDX-License-Identifier: MIT */
/* tests/torture/heap.c - who holds how much of the heap (LD_PRELOAD).
 *
 * KONTOR_HEAP.<pid> is a file of PLACES places, which the test reads. Behind each block stands where it was asked for; the
 * bytes and blocks of that place go up and down with it. What the allocator keeps to itself is not in it: the table tells
 * of leaks, the process's own size of fragments. A process that is forked off has no table. */
#include "preload.h"

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

enum { PLACES = 8192, PLACE_BITS = 13, MARK = 0x6b6f6e74, PATH = 512 };
struct place {
    _Atomic uintptr_t at;
    _Atomic int64_t bytes, blocks;
};
struct tail { /* the last bytes of a block */
    uint32_t mark, place;
};
static struct place *table;
static size_t (*usable)(void *);
static bool begun;

/* glibc's own, under the names it keeps for those who stand before it. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

static void forked(void) { begun = false; }

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("KONTOR_HEAP");
    char own[PATH];
    bind(&usable, "malloc_usable_size");
    if (!path || snprintf(own, sizeof own, "%s.%d", path, (int)getpid()) >= (int)sizeof own) return;
    int fd = open(own, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, PLACES * sizeof *table) != 0) abort();
    table = mmap(NULL, PLACES * sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (table == MAP_FAILED || pthread_atfork(NULL, NULL, forked) != 0) abort();
    begun = true;
}

static struct tail *tail_of(void *p) { return (struct tail *)((char *)p + usable(p)) - 1; }

static uint32_t place_of(uintptr_t at)
{
    uint32_t i = (uint32_t)((at * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - PLACE_BITS));
    for (uint32_t n = 0; n < PLACES; n++, i = (i + 1) % PLACES) {
        uintptr_t is = atomic_load(&table[i].at), none = 0;
        if (is == at || (!is && (atomic_compare_exchange_strong(&table[i].at, &none, at) || none == at))) return i;
    }
    abort();
}

static void *taken(void *p, const void *at)
{
    if (!p || !begun) return p;
    struct tail *t = tail_of(p);
    *t = (struct tail){MARK, place_of((uintptr_t)at)};
    atomic_fetch_add(&table[t->place].bytes, (int64_t)usable(p));
    atomic_fetch_add(&table[t->place].blocks, 1);
    return p;
}

/* One of before the table has no mark. */
static void given(void *p)
{
    if (!p || !begun) return;
    struct tail *t = tail_of(p);
    if (t->mark != MARK || t->place >= PLACES) return;
    atomic_fetch_sub(&table[t->place].bytes, (int64_t)usable(p));
    atomic_fetch_sub(&table[t->place].blocks, 1);
    t->mark = 0;
}

/* Who asks may write up to it, and must leave the tail alone. */
size_t malloc_usable_size(void *p)
{
    if (!usable) bind(&usable, "malloc_usable_size");
    return p ? usable(p) - sizeof(struct tail) : 0;
}

#define CALLER __builtin_return_address(0)
#define MORE(n) ((n) > SIZE_MAX - sizeof(struct tail) ? (n) : (n) + sizeof(struct tail))
void *malloc(size_t n) { return taken(__libc_malloc(MORE(n)), CALLER); }
void free(void *p)
{
    int before = errno;
    given(p);
    __libc_free(p);
    errno = before;
}
void *calloc(size_t n, size_t each)
{
    size_t all = 0;
    if (__builtin_mul_overflow(n, each, &all)) all = SIZE_MAX;
    return taken(__libc_calloc(1, MORE(all)), CALLER);
}
void *realloc(void *p, size_t n)
{
    if (!n && p) {
        free(p);
        return NULL;
    }
    uint32_t place = p && begun && tail_of(p)->mark == MARK ? tail_of(p)->place : PLACES;
    given(p);
    void *to = __libc_realloc(p, MORE(n));
    if (to) return taken(to, CALLER);
    if (place < PLACES) (void)taken(p, (const void *)atomic_load(&table[place].at)); /* it stays as it was */
    return NULL;
}
void *memalign(size_t align, size_t n) { return taken(__libc_memalign(align, MORE(n)), CALLER); }
void *aligned_alloc(size_t align, size_t n) { return taken(__libc_memalign(align, MORE(n)), CALLER); }
int posix_memalign(void **ret, size_t align, size_t n)
{
    void *p = taken(__libc_memalign(align, MORE(n)), CALLER);
    if (!p) return ENOMEM;
    *ret = p;
    return 0;
}
