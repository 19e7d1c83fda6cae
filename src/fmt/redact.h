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
/* Is one of the words in the text (letters of all scripts in either case, never inside of a longer word), or one of the
 * ids? Bytes as they stand: in a JSON text a word with parts that JSON escapes is found by its escaped form alone. */
bool redact_has(const struct redact *r, str text);
/* The text with each such word replaced by REDACTED; the text itself when there is none. Ids stay. */
#define REDACTED "[erased]"
str redact_text(struct arena *a, const struct redact *r, str text);
/* The same over all strings of a tree. An object whose "id" is one of the ids becomes null, in a list it goes; so does
 * a string that is such an id. Keys that begin with @ stay. */
void redact_json(struct arena *a, const struct redact *r, const struct json *j, struct jw *w);
/* redact_text for what a column holds: of a JSON text the strings alone, keys stay. The text itself when nothing is
 * changed. */
str redact_stored(struct cx *cx, const struct redact *r, str text);
bool redact_is_id(const struct redact *r, int64_t id);
/* Can this be looked for as a word? Not what is too short, or has characters that steer. */
bool redact_word(str s);
