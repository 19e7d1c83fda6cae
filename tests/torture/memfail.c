/* SPDX-License-Identifier: MIT */
/* tests/torture/memfail.c - the n-th allocation that a library makes is refused (LD_PRELOAD; preload.h).
 *
 * Kind MEM_LIBRARY: calls out of shared objects, and out of those parts of the program that KONTOR_MEM_FOREIGN names
 * ("from-to,..." in hexadecimal, from where the program is loaded): SQLite is linked into it. MEM_OWN: the program's own
 * calls, which end it by intent. Where it was is written to KONTOR_MEM_LOG, a line each. KONTOR_MEM_COUNT names a file of
 * eight bytes in which those parts of the program have how many bytes they hold. */
#include "preload.h"

#include <link.h>
#include <malloc.h>
#include <stdio.h>

enum kind { MEM_LIBRARY = 1, MEM_OWN };
enum { PARTS = 64, LINE = 512 };
struct part {
    uintptr_t from, to;
};
static struct ctl *ctl;
static struct part program, foreign[PARTS];
static size_t n_foreign;
static int log_fd = -1;
static _Atomic int64_t *count;
static __thread int inside;

/* glibc's own, under the names it keeps for those who stand before it. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

static int first_object(struct dl_phdr_info *o, size_t size, void *arg)
{
    (void)size, (void)arg;
    program.from = o->dlpi_addr;
    for (int i = 0; i < o->dlpi_phnum; i++)
        if (o->dlpi_phdr[i].p_type == PT_LOAD) program.to = o->dlpi_addr + o->dlpi_phdr[i].p_vaddr + o->dlpi_phdr[i].p_memsz;
    return 1;
}

__attribute__((constructor)) static void start(void)
{
    (void)dl_iterate_phdr(first_object, NULL);
    const char *s = getenv("KONTOR_MEM_FOREIGN"), *path = getenv("KONTOR_MEM_LOG");
    for (char *end = NULL; s && *s && n_foreign < PARTS; s = *end == ',' ? end + 1 : end) {
        struct part *p = &foreign[n_foreign++];
        p->from = program.from + strtoul(s, &end, 16);
        if (*end != '-') abort();
        p->to = program.from + strtoul(end + 1, &end, 16);
    }
    const char *counted = getenv("KONTOR_MEM_COUNT");
    int fd = counted ? open(counted, O_RDWR | O_CLOEXEC) : -1;
    void *p = fd >= 0 ? mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (p != MAP_FAILED) count = p;
    if (fd >= 0) (void)close(fd);
    if (path) log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ctl = ctl_map(open, close);
}

static int is_part(uintptr_t at)
{
    for (size_t i = 0; i < n_foreign; i++)
        if (at >= foreign[i].from && at < foreign[i].to) return 1;
    return 0;
}

static int is_foreign(uintptr_t at) { return at < program.from || at >= program.to || is_part(at); }

/* What a part frees it has asked for itself. */
static void *counting(const void *at, void *p, int64_t before)
{
    if (count && is_part((uintptr_t)at)) atomic_fetch_add(count, (int64_t)malloc_usable_size(p) - before);
    return p;
}

static void tell(const void *at, size_t n)
{
    char line[LINE];
    Dl_info o = {0};
    int known = dladdr(at, &o) && o.dli_fname;
    const char *name = known ? strrchr(o.dli_fname, '/') : NULL;
    int m = snprintf(line, sizeof line, "%s+%#zx %s %zu bytes\n", name ? name + 1 : "?",
                     known ? (size_t)((const char *)at - (const char *)o.dli_fbase) : 0, o.dli_sname ? o.dli_sname : "?", n);
    if (m > 0 && log_fd >= 0 && write(log_fd, line, (size_t)m < sizeof line ? (size_t)m : sizeof line - 1) < 0) return;
}

static int refused(const void *at, size_t n)
{
    if (!ctl || ctl->left == 0 || inside) return 0;
    int32_t kind = is_foreign((uintptr_t)at) ? MEM_LIBRARY : MEM_OWN;
    if (!ctl_turn(ctl, kind)) return 0;
    inside = 1; /* dladdr may want memory */
    tell(at, n);
    inside = 0;
    errno = ENOMEM;
    return 1;
}

#define CALLER __builtin_return_address(0)
void *malloc(size_t n) { return refused(CALLER, n) ? NULL : counting(CALLER, __libc_malloc(n), 0); }
void *calloc(size_t n, size_t each) { return refused(CALLER, n * each) ? NULL : __libc_calloc(n, each); }
void *realloc(void *p, size_t n)
{
    int64_t before = count ? (int64_t)malloc_usable_size(p) : 0;
    return n && refused(CALLER, n) ? NULL : counting(CALLER, __libc_realloc(p, n), before);
}
void free(void *p)
{
    (void)counting(CALLER, NULL, p && count ? (int64_t)malloc_usable_size(p) : 0);
    __libc_free(p);
}
void *memalign(size_t align, size_t n) { return refused(CALLER, n) ? NULL : __libc_memalign(align, n); }
void *aligned_alloc(size_t align, size_t n) { return refused(CALLER, n) ? NULL : __libc_memalign(align, n); }
int posix_memalign(void **ret, size_t align, size_t n)
{
    void *p = refused(CALLER, n) ? NULL : __libc_memalign(align, n);
    if (!p) return ENOMEM;
    *ret = p;
    return 0;
}
