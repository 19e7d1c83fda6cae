/* SPDX-License-Identifier: MIT */
/* bench/fsync.c - how many durable writes a second a folder's disk takes: 4 KiB, then fdatasync, over a file that
 * has its size already. usage: fsync FOLDER [MS 2000]; prints writes a second and the median in microseconds. */
#include "base/base.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, BLOCKS = 2048, SAMPLES = 100000 };

static int64_t ns_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool fill(int fd, const char *block)
{
    for (int i = 0; i < BLOCKS; i++)
        if (pwrite(fd, block, BLOCK, (off_t)i * BLOCK) != BLOCK) return false;
    return fsync(fd) == 0;
}

int main(int argc, char **argv)
{
    static int64_t took[SAMPLES];
    static char block[BLOCK];
    char path[512];
    int64_t ms = 2000;
    size_t n = 0;
    if (argc < 2 || (argc > 2 && !str_to_int(str_from(argv[2]), &ms))) return 2;
    (void)snprintf(path, sizeof path, "%s/fsync.XXXXXX", argv[1]);
    int fd = mkstemp(path);
    if (fd < 0 || !fill(fd, block)) {
        perror(path);
        return 1;
    }
    int64_t from = ns_now(), end = from + ms * 1000000, at = from;
    while (at < end && n < SAMPLES) {
        block[0]++;
        if (pwrite(fd, block, BLOCK, (off_t)(n % BLOCKS) * BLOCK) != BLOCK || fdatasync(fd))
            return 1;
        int64_t now = ns_now();
        took[n++] = now - at;
        at = now;
    }
    (void)unlink(path);
    qsort(took, n, sizeof *took, by_size);
    printf("%" PRId64 " %" PRId64 "\n", (int64_t)n * 1000000000 / (at - from), took[n / 2] / 1000);
    return 0;
}
