/* SPDX-License-Identifier: MIT */
/* search/find_int.h - what asking, scoring and showing share. */
#pragma once
#include "search/search_int.h"

#include "fmt/fold.h"

enum { ASK_VARIANTS = 4, SHORT_LETTERS = 3, QUERY_CHARS = 200 };
/* One way to read what was typed. */
struct ask {
    struct fold_word w[FOLD_WORDS];
    size_t n;
    bool all_short;      /* no word has three letters: the index of trigrams cannot help */
};
/* What was typed, best reading first: a telephone number has several. */
struct asks {
    struct ask v[ASK_VARIANTS];
    size_t n;
    str whole;           /* folded and trimmed */
};
struct asks asks_of(struct cx *cx, str q);
bool is_short(const struct fold_word *w);
/* Few Latin letters may be the beginning of a Cyrillic name; "" = not. */
str cyrillic_start(struct arena *a, str w);
/* A field behind the search text may not be read: titles alone are looked at. */
bool hides_something(const struct cx *cx, const struct entity *e);

struct hit {
    int64_t id;
    str title, rest;     /* folded, with other spellings */
    int score;
    bool in_title;       /* all words */
};
struct hits {
    struct hit *v;
    size_t n, cap;
};
/* False when a word of the question is missing. Sets score and in_title. */
bool hit_score(const struct ask *q, str whole, struct hit *h);
/* The piece of the text that the first word outside of the title fits. */
str hit_piece(struct cx *cx, const struct ask *q, const struct hit *h);
