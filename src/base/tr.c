/* SPDX-License-Identifier: MIT */
/* base/tr.c - the look-up: a binary search, made only where a text is told to somebody. */
#include "base/tr.h"

#include "base/tr_int.h"

/* The table has "%ld" where the source has PRId64. */
static_assert(sizeof(long) == sizeof(int64_t) && sizeof PRId64 == sizeof "ld", "tools/messages.py counts on LP64");

static int column_of(str lang)
{
    static const str code[TR_LANGS] = {[TR_DE] = S0("de"), [TR_LT] = S0("lt"), [TR_RU] = S0("ru")};
    for (int i = 0; i < TR_LANGS; i++)
        if (str_eq(code[i], lang)) return i;
    return -1;
}

str tr(str lang, str english)
{
    size_t lo = 0, hi = tr_rows_n;
    int column = column_of(lang);
    if (column < 0) return english;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = str_cmp(english, tr_rows[mid].english);
        if (c == 0) return tr_rows[mid].to[column].n ? tr_rows[mid].to[column] : english;
        if (c < 0) hi = mid;
        else lo = mid + 1;
    }
    return english;
}

const char *tr_format(str lang, const char *english)
{
    return tr(lang, str_from(english)).p;
}
