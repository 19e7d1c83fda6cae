/* SPDX-License-Identifier: MIT */
/* search/dup_int.h - what the check of one record and the scan of all share. */
#pragma once
#include "search/search_int.h"

struct cand {
    int64_t id, company;
    str title;
    unsigned why;
    int words, score; /* words of the name that agrees: 1, or 2 for more */
    bool city;
};
struct cands {
    struct cand *v;
    size_t n, cap;
};
/* Notes what a key that both have says. */
void dup_reason(str key, struct cand *x);
/* 0..100 by the reasons noted, for a record with this title and company. */
int dup_score(struct cx *cx, const struct entity *e, str title, int64_t company, const struct cand *x);
bool dup_same_line(const struct entity *e, str ext1, str ext2);
