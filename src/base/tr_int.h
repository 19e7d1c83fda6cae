/* SPDX-License-Identifier: MIT */
/* base/tr_int.h - the table that tools/messages.py makes: sorted by the bytes of the English text. */
#pragma once
#include "base/base.h"

enum { TR_DE, TR_LT, TR_RU, TR_LANGS };
struct tr_row {
    str english;
    str to[TR_LANGS]; /* NUL-ended; "" where there is none */
};
extern const struct tr_row tr_rows[];
extern const size_t tr_rows_n;
