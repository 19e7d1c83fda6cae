/* SPDX-License-Identifier: MIT */
/* fmt/fold_int.h - what the files of folding share. */
#pragma once
#include "fmt/fold.h"

/* As fold_text, but ä ö ü å become ae oe ue aa. */
str fold_text_ue(struct arena *a, str s);
bool fold_has_umlaut(str s);
/* The next word of a folded text from *at on (see fold_query); false when there is none. */
bool fold_word_next(str folded, size_t *at, str *word);
/* Cyrillic letters of a folded word written in Latin; way 0 is the canonical one, see fold_query.c. */
enum { LATIN_WAYS = 4 };
str fold_latin(struct arena *a, str word, int way);
bool fold_is_cyrillic(str word);
/* `ae`, `oe`, `ue` to a, o, u where they may stand for an umlaut; the word itself when there is none. */
str fold_no_ue(struct arena *a, str word);
