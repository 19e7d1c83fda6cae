/* SPDX-License-Identifier: MIT */
/* base/json.h - strict JSON (RFC 8259) in and out, without floats.
 *
 * Reading gives a tree in the arena. Numbers keep their text (12.50 stays "12.50"), strings are
 * decoded and valid UTF-8; duplicate keys, depth over JSON_DEPTH, trailing bytes, NUL in strings and
 * lone surrogates are refused. Writing escapes by itself: callers never do.
 */
#pragma once
#include "base/base.h"

enum { JSON_DEPTH = 32 };
enum jt { JT_NULL, JT_BOOL, JT_NUM, JT_STR, JT_ARR, JT_OBJ };
struct json {
    enum jt t;
    str key;              /* "" outside of objects */
    str s;                /* string, or the number's text */
    bool b;
    size_t n;             /* children of arrays and objects */
    const struct json *v; /* in the document's order */
};

/* E_BAD with the byte offset in cx->msg. *ret lives in cx->a and may point into `text`. */
MUST enum err json_parse(struct cx *cx, str text, const struct json **ret);
/* NULL when absent (or `o` is NULL or no object). */
const struct json *json_get(const struct json *o, str key);
/* Typed members. A missing member gives the default; a member of another type is E_INVALID naming it. */
MUST enum err json_str_of(struct cx *cx, const struct json *o, str key, str dflt, str *ret);
MUST enum err json_int_of(struct cx *cx, const struct json *o, str key, int64_t dflt, int64_t *ret);
MUST enum err json_bool_of(struct cx *cx, const struct json *o, str key, bool dflt, bool *ret);
/* Ids are strings in JSON ("123"); numbers are taken too, null is 0, negative ones are E_INVALID. */
MUST enum err json_id_of(struct cx *cx, const struct json *o, str key, int64_t dflt, int64_t *ret);

/* ---- writer: values separate themselves; `k` writes the key inside an object ---- */
struct jw {
    struct buf *b;
    bool comma;
};
struct jw jw_new(struct buf *b);
void jw_obj(struct jw *w);             /* { */
void jw_obj_end(struct jw *w);         /* } */
void jw_arr(struct jw *w);             /* [ */
void jw_arr_end(struct jw *w);         /* ] */
void jw_key(struct jw *w, str key);
void jw_str(struct jw *w, str s);      /* also escapes <, U+2028 and U+2029: safe inside a page */
void jw_int(struct jw *w, int64_t v);
void jw_id(struct jw *w, int64_t id);  /* as a string; 0 is null */
void jw_bool(struct jw *w, bool v);
void jw_null(struct jw *w);
void jw_raw(struct jw *w, str json);   /* already JSON, or a number's text */
void jw_json(struct jw *w, const struct json *j); /* a tree as it was read */
/* key and value in one */
void jw_kstr(struct jw *w, str key, str s);
void jw_kint(struct jw *w, str key, int64_t v);
void jw_kid(struct jw *w, str key, int64_t id);
void jw_kbool(struct jw *w, str key, bool v);
