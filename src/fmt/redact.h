/* SPDX-License-Identifier: MIT */
/* fmt/redact.h - words that must leave texts: names, numbers and mails of somebody who is erased. */
#pragma once
#include "base/base.h"
#include "base/json.h"

enum { REDACT_WORD_MIN = 3 };
struct redact {
    const str *word;    /* each of at least REDACT_WORD_MIN bytes */
    size_t n;
    const int64_t *id;  /* ids of records, as JSON and addresses have them; ascending */
    size_t n_ids;
};
/* Is one of the words in the text (letters of a to z in either case, never inside of a longer word), or one of the ids?
 * Also in a JSON text: a word has no parts that JSON escapes, see redact_word. */
bool redact_has(const struct redact *r, str text);
/* The text with each such word replaced by REDACTED; the text itself when there is none. Ids stay. */
#define REDACTED "[erased]"
str redact_text(struct arena *a, const struct redact *r, str text);
/* The same over all strings of a tree. An object whose "id" is one of the ids becomes null, in a list it goes; so does
 * a string that is such an id. Keys that begin with @ stay. */
void redact_json(struct arena *a, const struct redact *r, const struct json *j, struct jw *w);
bool redact_is_id(const struct redact *r, int64_t id);
/* Can this be looked for as a word? Not what is too short, or has parts that JSON escapes. */
bool redact_word(str s);
