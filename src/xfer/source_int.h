/* SPDX-License-Identifier: MIT */
/* xfer/source_int.h - what source.c and sheets.c share. */
#pragma once
#include "xfer/source.h"

struct source_told {           /* what the mapping says about reading */
    int64_t sheet, header_row; /* -1 = find */
    str encoding, separator, entity;
};
/* Plans the table: s->plan and s->parts. Reads all sheets once. */
MUST enum err sheets_find(struct cx *cx, struct source *s, const struct source_told *told);
