/* SPDX-License-Identifier: MIT */
/* base/base.c - arenas, lists, buffers, errors. Text functions are in str.c. */
#include "base/base.h"

#include "base/tr.h"

#include <stdio.h>
#include <stdlib.h>

const struct err_info err_info[E_MAX] = {
#define ERR(e, http, name, doc) [e] = {http, S0(name), S0(doc)},
#include "base/errors.def"
#undef ERR
};
const str way_name[WAY_MAX] = {S0("system"), S0("web"),  S0("api"), S0("cli"),
                               S0("import"), S0("undo"), S0("rule")};

/* ASan sees one big malloc per block: without red zones it is blind to overruns inside an arena. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
enum { REDZONE = 16, KEEP_BLOCK = 0 };
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
enum { REDZONE = 0, KEEP_BLOCK = 1 };
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

struct block {
    struct block *next;
    size_t used, cap;
    _Alignas(16) unsigned char mem[];
};
struct arena {
    struct block *head;
    size_t bytes;
};
enum { BLOCK_MIN = 16 * 1024 - 64, BLOCK_MAX = 256 * 1024 };

static struct block *block_new(struct arena *a, size_t n)
{
    size_t want = a->head ? a->head->cap * 2 : BLOCK_MIN;
    if (want > BLOCK_MAX) want = BLOCK_MAX;
    size_t cap = n > want ? n : want;
    struct block *b = malloc(sizeof *b + cap);
    if (!b) abort(); /* the supervisor restarts us; nobody can act on NULL */
    b->next = a->head;
    b->used = 0;
    b->cap = cap;
    a->bytes += cap;
    POISON(b->mem, cap);
    return b;
}

static void block_drop(struct arena *a)
{
    struct block *b = a->head;
    a->head = b->next;
    a->bytes -= b->cap;
    UNPOISON(b->mem, b->cap);
    free(b);
}

struct arena *arena_new(void)
{
    struct arena *a = calloc(1, sizeof *a);
    if (!a) abort();
    a->head = block_new(a, 0);
    return a;
}

/* What was needed once will be needed again: the largest block of the usual sizes stays. */
static void keep_one(struct arena *a)
{
    struct block *keep = a->head;
    while (keep->next && keep->cap > BLOCK_MAX) keep = keep->next;
    while (a->head != keep) block_drop(a);
    a->head = keep->next;
    keep->next = NULL;
    while (a->head) block_drop(a);
    a->head = keep;
}

void arena_reset(struct arena *a)
{
    keep_one(a);
    a->head->used = 0;
    POISON(a->head->mem, a->head->cap);
    if (KEEP_BLOCK && a->head->cap <= BLOCK_MAX) return;
    block_drop(a); /* under ASan the quarantine holds the old block: stale use is caught */
    a->head = block_new(a, 0);
}

void arena_free(struct arena **a)
{
    if (!*a) return;
    while ((*a)->head) block_drop(*a);
    free(*a);
    *a = NULL;
}

/* Not zeroed: for what is written over at once. */
static void *take(struct arena *a, size_t n)
{
    if (n > SIZE_MAX / 2) abort();
    size_t all = ((n + 15) & ~(size_t)15) + REDZONE;
    if (all > a->head->cap - a->head->used) a->head = block_new(a, all);
    void *p = a->head->mem + a->head->used;
    a->head->used += all;
    UNPOISON(p, n);
    return p;
}

void *arena_get(struct arena *a, size_t n) { return memset(take(a, n), 0, n); }

struct arena_mark arena_mark(struct arena *a)
{
    return (struct arena_mark){a->head, a->head->used};
}

void arena_back(struct arena *a, struct arena_mark m)
{
    while (a->head != m.block) {
        assert(a->head->next);
        block_drop(a);
    }
    assert(m.used <= a->head->used);
    POISON(a->head->mem + m.used, a->head->used - m.used);
    a->head->used = m.used;
}

size_t arena_bytes(const struct arena *a) { return a->bytes; }

str arena_dup(struct arena *a, str s)
{
    char *p = take(a, s.n + 1);
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return (str){p, s.n};
}

const char *arena_z(struct arena *a, str s) { return arena_dup(a, s).p; }

str arena_fmt_v(struct arena *a, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, again);
    va_end(again);
    if (n < 0) return S("");
    if ((size_t)n < sizeof small) return arena_dup(a, (str){small, (size_t)n});
    char *p = arena_get(a, (size_t)n + 1);
    (void)vsnprintf(p, (size_t)n + 1, fmt, ap);
    return (str){p, (size_t)n};
}

str arena_fmt(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    str s = arena_fmt_v(a, fmt, ap);
    va_end(ap);
    return s;
}

size_t mul_size(size_t a, size_t b)
{
    size_t r;
    if (__builtin_mul_overflow(a, b, &r)) abort();
    return r;
}

void *list_grow_(struct arena *a, void *v, size_t n, size_t *cap, size_t each)
{
    size_t want = *cap ? *cap * 2 : 8;
    size_t old = n * each, all = mul_size(want, each);
    char *p = take(a, all);
    if (old) memcpy(p, v, old);
    memset(p + old, 0, all - old);
    *cap = want;
    return p;
}

struct buf buf_new(struct arena *a, size_t max) { return (struct buf){.a = a, .max = max}; }

static bool buf_room(struct buf *b, size_t n)
{
    if (b->full || n > b->max - b->n) {
        b->full = true;
        return false;
    }
    if (n <= b->cap - b->n) return true;
    size_t cap = b->cap ? b->cap * 2 : 512;
    while (cap < b->n + n) cap *= 2;
    char *p = take(b->a, cap);
    if (b->n) memcpy(p, b->p, b->n);
    b->p = p;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, str s)
{
    if (!s.n || !buf_room(b, s.n)) return;
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}

void buf_byte(struct buf *b, char c)
{
    if (!buf_room(b, 1)) return;
    b->p[b->n++] = c;
}

void buf_int(struct buf *b, int64_t v)
{
    char t[24];
    size_t at = sizeof t;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do t[--at] = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0) t[--at] = '-';
    buf_add(b, (str){t + at, sizeof t - at});
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
    char small[256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0) return;
    if ((size_t)n < sizeof small) {
        buf_add(b, (str){small, (size_t)n});
        return;
    }
    va_start(ap, fmt);
    str s = arena_fmt_v(b->a, fmt, ap);
    va_end(ap);
    buf_add(b, s);
}

str buf_str(const struct buf *b) { return (str){b->p ? b->p : "", b->n}; }

#undef fail /* base.h gives the analyzer a macro */
enum err fail(struct cx *cx, enum err e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cx->err = e;
    cx->msg = arena_fmt_v(cx->a, tr_format(cx->lang, fmt), ap);
    cx->at = S("");
    va_end(ap);
    return e;
}

enum err fail_at(struct cx *cx, enum err e, str at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cx->err = e;
    cx->msg = arena_fmt_v(cx->a, tr_format(cx->lang, fmt), ap);
    cx->at = arena_dup(cx->a, at);
    va_end(ap);
    return e;
}

void *mem_new(size_t n)
{
    void *p = calloc(1, n);
    if (!p) abort();
    return p;
}

void mem_free(void *p) { free(p); }
