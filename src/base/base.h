/* SPDX-License-Identifier: MIT */
/* base/base.h - what every room may use: slices, arenas, capped buffers, errors, the context.
 *
 * Knows no other room. Four lifetimes exist: the program (`app`), a connection, a request or job
 * (`cx->a`) and scratch (`arena_mark`/`arena_back`). Memory of an arena never outlives its arena.
 */
#pragma once
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST         __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define OWNED(free)  __attribute__((cleanup(free)))
#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))

/* ---- text: bytes, UTF-8 checked at the door, not NUL-ended, never owned ---- */
typedef struct str {
    const char *p;
    size_t n;
} str;
#define S(lit) ((str){"" lit "", sizeof(lit) - 1}) /* string literals only */
#define S0(lit) {"" lit "", sizeof(lit) - 1}       /* the same inside a static initialiser */
#define FS(s)  (int)(s).n, (s).p                   /* for "%.*s" */

bool str_eq(str a, str b);
bool str_eq_nocase(str a, str b);              /* ASCII letters only */
bool str_has_prefix(str s, str prefix);
bool str_has_suffix(str s, str suffix);
int str_cmp(str a, str b);                     /* bytewise, like memcmp; shorter first */
str str_trim(str s);                           /* cuts ASCII white space at both ends */
str str_from(const char *z);                   /* NUL-ended to slice; NULL gives "" */
str str_cut(str s, size_t from, size_t to);    /* [from, to), both clamped */
/* Splits at the first `sep`: *head is before it, *tail behind it. False (and *head = s, *tail = "")
 * when there is none. */
bool str_split(str s, char sep, str *head, str *tail);
ptrdiff_t str_find(str hay, str needle);       /* byte offset, -1 when absent; "" is found at 0 */
uint64_t str_hash(str s);                      /* FNV-1a, the same for good; not for secrets */
/* Whole text is a decimal number of int64 (optional '-'), else false and *ret untouched. */
bool str_to_int(str s, int64_t *ret);
bool str_has_control(str s);                   /* a byte below the blank, or DEL: no line of text */
/* At most max bytes of s, without a character cut in two; of text that is none what is valid up to there. */
str utf8_cut(str s, size_t max);
bool utf8_valid(str s);                        /* RFC 3629: no surrogates, no overlong, no NUL check */
/* Decodes one code point at *at and moves it on; invalid bytes give U+FFFD one at a time. */
uint32_t utf8_next(str s, size_t *at);
size_t utf8_put(char out[4], uint32_t cp);     /* returns the bytes written; cp must be a scalar value */
size_t utf8_len(str s);                        /* code points */

/* ---- arenas: one per request or job ---- */
struct arena;
struct arena_mark {
    void *block;
    size_t used;
};
struct arena *arena_new(void);
void arena_free(struct arena **a);
void arena_reset(struct arena *a);
/* Never NULL, zeroed, aligned to 16. True out-of-memory aborts: check user-chosen sizes before. */
void *arena_get(struct arena *a, size_t n) __attribute__((malloc, alloc_size(2), returns_nonnull));
str arena_dup(struct arena *a, str s);         /* the copy is also NUL-ended */
const char *arena_z(struct arena *a, str s);   /* NUL-ended copy for a foreign library */
str arena_fmt(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
str arena_fmt_v(struct arena *a, const char *fmt, va_list ap) PRINTF(2, 0);
struct arena_mark arena_mark(struct arena *a);
void arena_back(struct arena *a, struct arena_mark m); /* frees all that was got since the mark */
size_t arena_bytes(const struct arena *a);             /* held at present, for limits and metrics */
size_t mul_size(size_t a, size_t b);                   /* aborts on overflow */
#define NEW(a, T)      ((T *)arena_get((a), sizeof(T)))
#define NEW_N(a, T, n) ((T *)arena_get((a), mul_size(sizeof(T), (n))))

/* ---- growing lists in an arena: LIST(T) has v, n, cap ---- */
#define LIST(T)        \
    struct {           \
        T *v;          \
        size_t n, cap; \
    }
#define LIST_ADD(a, l)                                                                            \
    (((l)->n == (l)->cap                                                                          \
          ? (void)((l)->v = list_grow_((a), (l)->v, (l)->n, &(l)->cap, sizeof *(l)->v))           \
          : (void)0),                                                                             \
     &(l)->v[(l)->n++])
void *list_grow_(struct arena *a, void *v, size_t n, size_t *cap, size_t each);

/* ---- output that is born with a maximum and remembers overflow: check `full` once at the end ---- */
struct buf {
    struct arena *a;
    char *p;
    size_t n, cap, max;
    bool full;
};
struct buf buf_new(struct arena *a, size_t max);
void buf_add(struct buf *b, str s);
void buf_byte(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_int(struct buf *b, int64_t v);        /* decimal; much faster than buf_fmt */
str buf_str(const struct buf *b);              /* what was written so far; lives in the arena */

/* ---- errors: one list with HTTP status and the stable name that users and the API see (errors.def) ---- */
enum err {
#define ERR(e, http, name, doc) e,
#include "base/errors.def"
#undef ERR
    E_MAX
};
struct err_info {
    int http;
    str name, doc;               /* doc: an English sentence for people */
};
extern const struct err_info err_info[E_MAX];

/* ---- the context: everything one request or job may touch; passed first, never stored ---- */
enum way { /* by which way a write came; stored in the log as text */
    WAY_SYSTEM, WAY_WEB, WAY_API, WAY_CLI, WAY_IMPORT, WAY_UNDO, WAY_RULE, WAY_MAX
};
extern const str way_name[WAY_MAX];
struct who {
    int64_t user;   /* 0 = the system itself */
    int64_t team, branch, role, session;
    int64_t key;    /* the API key that he came by, 0 = none */
};
struct db;   /* db/db.h: the connection in use */
struct meta; /* meta/meta.h: the description, an immutable snapshot */
struct acl;  /* acl/acl.h: what `who` may do; NULL = the system, everything */
struct app;  /* app/app.h: process state, known to app alone */
struct cx {
    struct arena *a;
    struct db *db;
    const struct meta *meta;
    const struct acl *acl;
    struct app *app;
    struct who who;
    enum way way;
    int64_t now_ms;  /* one clock reading per request: tests set it */
    int64_t batch;   /* 0, or the batch this write belongs to */
    bool unproved;   /* a session that has not lately proved who it is: writes no users and no roles (record/log.c) */
    bool no_passkeys; /* asked at an address where browsers know none: nobody is to need one (acl_check) */
    int tz_min;      /* user's offset from UTC in minutes at now_ms */
    str lang;        /* "en", "de", "lt", "ru" */
    str country;     /* ISO 3166 of the firm, for phone numbers and dates */
    str req;         /* request id */
    str addr;        /* where the request came from; "" = from nowhere: a job, the command line */
    int64_t real;    /* who asks in truth, when `who` is another as whom he looks; 0 = it is himself */
    int refusal;     /* why it is refused: an event_kind of audit/event.h; 0: as its code says */
    enum err err;
    str msg;         /* for the user, in `lang`; the API carries also err_info.name */
    str at;          /* field or place at fault, "" when none */
};
/* Sets code and text (arena of cx) and returns the code, so that `return fail(...)` reads well. The format is
 * looked up in base/tr.h. A text begins with a capital and has no full stop at its end, for it stands under a
 * field; one behind "Label: " begins small. */
MUST enum err fail(struct cx *cx, enum err e, const char *fmt, ...) PRINTF(3, 4);
#ifdef __clang_analyzer__ /* it cannot see into base.c: without this it follows a fail() that gave E_OK */
#define fail(cx, e, ...) ((void)fail((cx), (e), __VA_ARGS__), (e))
#endif
/* The same, naming the field or place at fault. */
MUST enum err fail_at(struct cx *cx, enum err e, str at, const char *fmt, ...) PRINTF(4, 5);
#define TRY(call)                        \
    do {                                 \
        enum err try_ = (call);          \
        if (try_ != E_OK) return try_;   \
    } while (0)

/* ---- long-lived objects of an x_open / x_close pair; everything else lives in an arena ---- */
void *mem_new(size_t n) __attribute__((malloc, alloc_size(1), returns_nonnull)); /* zeroed; aborts when there is none */
void mem_free(void *p);                                                          /* accepts NULL */
