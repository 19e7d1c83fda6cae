/* SPDX-License-Identifier: MIT */
/* fmt/vcard_int.h - lines (vcard_line.c), their meaning (vcard.c), writing (vcard_put.c). */
#pragma once
#include "fmt/vcard.h"

struct vline {
    str group, name; /* name in capitals */
    str params;      /* raw, with the leading ';' */
    str value;       /* raw; quoted-printable and foreign encodings already undone */
    int64_t number;
    bool too_long;
};
struct vlines { /* a walk over the unfolded lines of a file */
    str rest, fallback; /* fallback: encoding of bytes that are not UTF-8 */
    int64_t number;
    struct buf buf; /* the line being unfolded */
};
/* The next line with a ':' in it; false at the end. Its texts live in `a` or in w->buf, until the
 * next call. */
bool vline_next(struct cx *cx, struct vlines *w, struct arena *a, struct vline *ret);
/* One after the other: *at is moved on; false at the end. Name in capitals ("TYPE" for a bare
 * word that is no encoding); value without quotes and ^ escapes. */
bool vline_param(struct arena *a, str params, size_t *at, str *ret_name, str *ret_value);
str vline_param_get(struct arena *a, str params, str name);
str vtext(struct arena *a, str raw); /* \n \, \; \\ undone */
/* The next part up to an unescaped `sep`; false when there is none left. Start with *at = 0. */
bool vsplit(str raw, char sep, size_t *at, str *ret);
str vupper(struct arena *a, str s);
str vlower(struct arena *a, str s);
/* False when it is no base64 at all, or longer than VCARD_PHOTO_MAX decoded. Spaces are skipped. */
bool vbase64(struct arena *a, str s, str *ret);
