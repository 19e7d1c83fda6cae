/* SPDX-License-Identifier: MIT */
/* os/os_scratch.c - large working memory in a file without a name: what is not touched for long goes to the disk
 * instead of driving others out of memory. */
#include "os/os.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, PIECES_MAX = 8200 };
struct scratch {
    str folder;
    int fd;       /* -1: not open (yet) */
    bool refused; /* the folder takes no more: plain memory from here on */
    off_t size;
    size_t n, bytes;
    struct {
        void *p;
        size_t n;
    } piece[PIECES_MAX];
};

struct scratch *scratch_new(str folder)
{
    struct scratch *s = calloc(1, sizeof *s + folder.n + 1);
    if (!s) abort();
    if (folder.n) memcpy(s + 1, folder.p, folder.n);
    s->folder = (str){(char *)(s + 1), folder.n};
    s->fd = -1;
    s->refused = folder.n == 0;
    return s;
}

void scratch_free(struct scratch **ret)
{
    struct scratch *s = *ret;
    if (!s) return;
    *ret = NULL;
    for (size_t i = 0; i < s->n; i++) (void)munmap(s->piece[i].p, s->piece[i].n);
    os_close_fd(&s->fd);
    free(s);
}

/* All of it is reserved before it is mapped: a full disk is met here and not in the midst of a store. */
static void *from_file(struct scratch *s, size_t n)
{
    if (s->refused) return MAP_FAILED;
    if (s->fd < 0) s->fd = open(s->folder.p, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    s->refused = s->fd < 0 || posix_fallocate(s->fd, s->size, (off_t)n) != 0;
    if (s->refused) return MAP_FAILED;
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, s->size);
    s->size += (off_t)n;
    return p;
}

void *scratch_get(struct scratch *s, size_t n)
{
    size_t whole = (n + PAGE - 1) / PAGE * PAGE;
    assert(n > 0 && s->n < PIECES_MAX);
    void *p = from_file(s, whole);
    if (p == MAP_FAILED)
        p = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) abort();
    s->piece[s->n].p = p;
    s->piece[s->n++].n = whole;
    s->bytes += whole;
    return p;
}

size_t scratch_bytes(const struct scratch *s) { return s->bytes; }
