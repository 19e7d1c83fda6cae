/* SPDX-License-Identifier: MIT */
/* fmt/fold.h - texts made equal for searching, sorting and joining names.
 *
 * Folded text is lower case without diacritics: e for ё, ss for ß, u for ü, z for ž; typographic blanks,
 * dashes and quotes become the plain ones, invisible characters go. й, ї and ў stay letters of their own.
 * Latin and Cyrillic go through tables of our own; ICU is asked only for characters outside of them.
 * All functions take any bytes (invalid UTF-8 counts as U+FFFD) and all results live in the arena.
 */
#pragma once
#include "base/base.h"

/* The one folding: fold_text(fold_text(s)) == fold_text(s). May return `s` itself when nothing changes. */
str fold_text(struct arena *a, str s);

/* What goes into the index: folded text, then other spellings of its words, so that a search for *parts*
 * of fold_query's keys finds it. A Cyrillic word gets Latin forms (shchegoleva, schegoleva, shegoleva),
 * ü also ue and ue also u (müller, mueller). */
str fold_search(struct arena *a, str s);

/* Words of what a user types, split at blanks and punctuation (not at . @ _ & + inside of a word). */
struct fold_word {
    str text; /* folded: for columns that hold folded text */
    str key;  /* what to look for in fold_search's texts: Cyrillic written in Latin letters */
};
struct fold_words {
    struct fold_word *v;
    size_t n;
};
enum { FOLD_WORDS = 16 }; /* more are dropped */
struct fold_words fold_query(struct arena *a, str q);

/* Sort key of a language's alphabet (ICU collation): bytewise order of keys is order of texts.
 * Hex digits, at most 2 * COLLATE_BYTES; texts equal that far sort alike. Unknown languages sort by CLDR root. */
enum { COLLATE_BYTES = 64 };
str collate_key(struct arena *a, str lang, str s);

/* Can both be names of one person? 0 = no; from COMPAT_MIN on yes:
 * 100 same words in any order, 95 same but for spelling (Müller/Mueller, Щеголева/Schegoleva) or with '?' for a
 * lost letter, 80 an initial for a word, 70 one name has further words (two or more agree in full),
 * below it: 40 only one word agrees. Titles (Dr., Herr, Mrs ...) do not count. */
enum { COMPAT_MIN = 60 };
int fold_compat(struct arena *a, str name1, str name2);

/* A folded word with all spellings of one sound made one (Müller and Mueller, Щеголева and Schegoleva): equal for
 * words that fold_compat gives 95. For keys, not for showing. */
str fold_bone(struct arena *a, str word);
bool fold_is_title(str word); /* folded: dr, herr, ms, господин ... */
