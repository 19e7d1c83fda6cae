/* SPDX-License-Identifier: MIT */
/* db/search_sum.h - are the texts to be searched what was written? Each has a number of its own beside it. */
#pragma once
#include "db/db.h"

struct db_search_bad {
    int64_t n, first; /* texts that are not what was written; the first one's record */
};
/* All of them, one at a time. Texts of older versions have no number and count as good. */
MUST enum err db_search_verify(struct cx *cx, struct db_search_bad *ret);
