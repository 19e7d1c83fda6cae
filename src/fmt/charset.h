/* SPDX-License-Identifier: MIT */
/* fmt/charset.h - which encoding a text is in, and its conversion to UTF-8 block by block.
 *
 * The guess: byte order mark; valid UTF-8; zero bytes on one parity (UTF-16 without mark); else
 * the shape of the words (Cyrillic stands in runs of high bytes, Latin letters with marks alone),
 * uchardet when there is enough text, and the language of the user when there is not.
 */
#pragma once
#include "base/base.h"
#include "fmt/src.h"

/* The encodings a user may choose from, by their iconv names. */
extern const str charset_list[];
extern const size_t charset_count;
/* The constant name equal to `name` without regard to case, or "" when we do not read it. */
str charset_known(str name);

struct charset_guess {
    str name;    /* one of charset_list */
    bool sure;   /* false: show a preview with a choice */
    size_t mark; /* bytes of the byte order mark, to be skipped */
};
/* Reads the whole source once. `lang` is the user's ("ru", "lt", "de", "en"). */
MUST enum err charset_guess(struct cx *cx, const struct src *s, str lang, struct charset_guess *ret);

struct charset;
/* `name` from charset_list, else E_INVALID. The converter lives in `a`; charset_close frees what
 * the C library holds. */
MUST enum err charset_open(struct cx *cx, struct arena *a, str name, struct charset **ret);
void charset_close(struct charset **c);
enum { CHARSET_GROWTH = 4, CHARSET_SLACK = 64 }; /* room for n bytes: n * GROWTH + SLACK */
/* Converts a block; bytes of a character cut at its end wait for the next one. `last`: nothing
 * follows, a cut character is a bad one. `out` has room for in.n * CHARSET_GROWTH + CHARSET_SLACK
 * bytes. Returns the bytes written. Bad bytes become U+FFFD and NUL becomes '?', each counted. */
size_t charset_run(struct charset *c, str in, bool last, char *out);
int64_t charset_bad(const struct charset *c);
/* A whole text at once, for short ones; *ret lives in `a`. `name` as charset_open. */
MUST enum err charset_text(struct cx *cx, struct arena *a, str name, str in, str *ret);
