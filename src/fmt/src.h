/* SPDX-License-Identifier: MIT */
/* fmt/src.h - bytes that can be read at any place: what the table readers read from.
 *
 * Random access lets a reader look at the whole file before it decides on an encoding, and still
 * hold no more than a block of it.
 */
#pragma once
#include "base/base.h"

struct src {
    /* Reads up to `cap` bytes at `at`; *ret < cap only at the end, 0 behind it. */
    enum err (*read)(struct cx *cx, const void *arg, uint64_t at, char *buf, size_t cap, size_t *ret);
    const void *arg; /* the caller keeps it alive as long as the reader */
};

struct src src_bytes(const str *s);  /* reads the slice *s, which is not copied */
struct src src_fd(const int *fd);    /* reads a file by pread: the file's own position is not moved */
