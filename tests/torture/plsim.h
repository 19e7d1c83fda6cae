/* SPDX-License-Identifier: MIT */
/* tests/torture/plsim.h - a note of the power-loss recorder: this head, then n bytes. */
#pragma once
#include <stdint.h>

enum { PL_WRITE = 1, PL_TRUNCATE = 2 };
struct pl_note {
    uint32_t op, n;
    int64_t off;
};
