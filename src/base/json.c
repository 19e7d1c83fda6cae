/* SPDX-License-Identifier: MIT */
/* base/json.c - the reader is a recursive descent of at most JSON_DEPTH levels. Members of all open
 * arrays and objects lie on one stack; closing one copies its part of the stack to its own place.
 */
#include "base/json.h"
#include "base/map.h"

/* ---- reading ---- */
struct reader {
    struct cx *cx;
    str s;
    size_t at;
    struct {
        struct json *v;
        size_t n, cap;
    } stack; /* a LIST */
};

enum { LINEAR_KEYS = 16 }; /* up to here comparing all pairs is cheaper than a table */

static enum err bad(struct reader *r, const char *what)
{
    return fail(r->cx, E_BAD, "not JSON at byte %zu: %s", r->at, what);
}

/* The byte at hand, or 0 at the end (a NUL is no token of JSON). */
static char peek(const struct reader *r) { return r->at < r->s.n ? r->s.p[r->at] : 0; }

static char skip_space(struct reader *r)
{
    char c = peek(r);
    while (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        r->at++;
        c = peek(r);
    }
    return c;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool digits(struct reader *r)
{
    size_t from = r->at;
    while (is_digit(peek(r))) r->at++;
    return r->at > from;
}

static enum err read_number(struct reader *r, struct json *ret)
{
    size_t from = r->at;
    if (peek(r) == '-') r->at++;
    if (peek(r) == '0') r->at++;
    else if (!digits(r)) return bad(r, "digit expected");
    if (peek(r) == '.') {
        r->at++;
        if (!digits(r)) return bad(r, "digit expected");
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        if (peek(r) == '+' || peek(r) == '-') r->at++;
        if (!digits(r)) return bad(r, "digit expected");
    }
    *ret = (struct json){.t = JT_NUM, .s = str_cut(r->s, from, r->at)};
    return E_OK;
}

static int hex_value(char c)
{
    if (is_digit(c)) return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at r->at, moved over; -1 when they are not there. */
static int32_t hex4(struct reader *r)
{
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        int d = hex_value(peek(r));
        if (d < 0) return -1;
        v = v * 16 + d;
        r->at++;
    }
    return v;
}

static enum err read_u(struct reader *r, uint32_t *ret)
{
    int32_t hi = hex4(r), lo;
    if (hi < 0) return bad(r, "four hex digits expected");
    if (hi == 0) return bad(r, "NUL in a string");
    if (hi >= 0xDC00 && hi < 0xE000) return bad(r, "lone surrogate");
    if (hi >= 0xD800 && hi < 0xDC00) {
        if (!str_has_prefix(str_cut(r->s, r->at, r->s.n), S("\\u"))) return bad(r, "lone surrogate");
        r->at += 2;
        lo = hex4(r);
        if (lo < 0xDC00 || lo >= 0xE000) return bad(r, "lone surrogate");
        hi = 0x10000 + (hi - 0xD800) * 0x400 + (lo - 0xDC00);
    }
    *ret = (uint32_t)hi;
    return E_OK;
}

/* What stands after the backslash; writes at most as many bytes as it read. */
static enum err read_escape(struct reader *r, char *out, size_t *n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = peek(r);
    const char *at = c ? strchr(from, c) : NULL;
    uint32_t cp = 0;
    if (at) {
        r->at++;
        out[(*n)++] = to[at - from];
        return E_OK;
    }
    if (c != 'u') return bad(r, "unknown escape");
    r->at++;
    TRY(read_u(r, &cp));
    *n += utf8_put(out + *n, cp);
    return E_OK;
}

/* Moves to the closing quote; *escaped when a backslash was met on the way. */
static enum err find_quote(struct reader *r, bool *escaped)
{
    for (; r->at < r->s.n; r->at++) {
        unsigned char c = (unsigned char)r->s.p[r->at];
        if (c == '"') return E_OK;
        if (c < 0x20) return bad(r, "control character in a string");
        if (c == '\\') {
            *escaped = true;
            r->at++;
        }
    }
    r->at = r->s.n;
    return bad(r, "string without end");
}

static enum err read_string(struct reader *r, str *ret)
{
    size_t from = ++r->at, n = 0;
    bool escaped = false;
    TRY(find_quote(r, &escaped));
    size_t end = r->at++;
    if (!escaped) {
        *ret = str_cut(r->s, from, end);
        return E_OK;
    }
    char *out = arena_get(r->cx->a, end - from);
    for (r->at = from; r->at < end;) {
        char c = r->s.p[r->at++];
        if (c != '\\') out[n++] = c;
        else TRY(read_escape(r, out, &n));
    }
    r->at = end + 1;
    *ret = (str){out, n};
    return E_OK;
}

static enum err read_word(struct reader *r, str word, struct json j, struct json *ret)
{
    if (!str_has_prefix(str_cut(r->s, r->at, r->s.n), word)) return bad(r, "value expected");
    r->at += word.n;
    *ret = j;
    return E_OK;
}

static enum err unique_keys(struct reader *r, const struct json *v, size_t n)
{
    struct map m = map_new(r->cx->a);
    for (size_t i = 0; i < n; i++) {
        bool twice = false;
        if (n > LINEAR_KEYS) {
            void **place = map_at(&m, v[i].key);
            twice = *place != NULL;
            *place = r;
        }
        for (size_t k = 0; n <= LINEAR_KEYS && k < i && !twice; k++) twice = str_eq(v[i].key, v[k].key);
        if (twice) return bad(r, "the object before has a key twice");
    }
    return E_OK;
}

static enum err read_value(struct reader *r, int depth, struct json *ret);

static enum err read_key(struct reader *r, str *ret)
{
    if (skip_space(r) != '"') return bad(r, "key expected");
    TRY(read_string(r, ret));
    if (skip_space(r) != ':') return bad(r, "colon expected");
    r->at++;
    return E_OK;
}

/* An array or object, from its opening bracket. */
static enum err read_many(struct reader *r, int depth, struct json *ret)
{
    bool obj = peek(r) == '{';
    char end = obj ? '}' : ']';
    size_t base = r->stack.n;
    if (depth == JSON_DEPTH) return bad(r, "nested too deep");
    r->at++;
    if (skip_space(r) == end) r->at++;
    else
        for (;;) {
            struct json j = {0};
            str key = S("");
            if (obj) TRY(read_key(r, &key));
            TRY(read_value(r, depth + 1, &j));
            j.key = key;
            *LIST_ADD(r->cx->a, &r->stack) = j;
            char c = skip_space(r);
            if (c != ',' && c != end) return bad(r, obj ? "',' or '}' expected" : "',' or ']' expected");
            r->at++;
            if (c == end) break;
        }
    size_t n = r->stack.n - base;
    struct json *v = n ? NEW_N(r->cx->a, struct json, n) : NULL;
    if (n) memcpy(v, r->stack.v + base, n * sizeof *v);
    r->stack.n = base;
    if (obj) TRY(unique_keys(r, v, n));
    *ret = (struct json){.t = obj ? JT_OBJ : JT_ARR, .n = n, .v = v};
    return E_OK;
}

static enum err read_value(struct reader *r, int depth, struct json *ret)
{
    char c = skip_space(r);
    switch (c) {
    case '{':
    case '[': return read_many(r, depth, ret);
    case '"': ret->t = JT_STR; return read_string(r, &ret->s);
    case 't': return read_word(r, S("true"), (struct json){.t = JT_BOOL, .b = true}, ret);
    case 'f': return read_word(r, S("false"), (struct json){.t = JT_BOOL}, ret);
    case 'n': return read_word(r, S("null"), (struct json){.t = JT_NULL}, ret);
    default: break;
    }
    if (c == '-' || is_digit(c)) return read_number(r, ret);
    return bad(r, "value expected");
}

enum err json_parse(struct cx *cx, str text, const struct json **ret)
{
    struct reader r = {.cx = cx, .s = text};
    struct json *j = NEW(cx->a, struct json);
    if (!utf8_valid(text)) {
        for (uint32_t cp = 0; cp != 0xFFFD && r.at < text.n;) cp = utf8_next(text, &r.at);
        return bad(&r, "not UTF-8");
    }
    TRY(read_value(&r, 0, j));
    (void)skip_space(&r);
    if (r.at != text.n) return bad(&r, "text behind the value");
    *ret = j;
    return E_OK;
}

/* ---- looking up ---- */
const struct json *json_get(const struct json *o, str key)
{
    if (!o || o->t != JT_OBJ) return NULL;
    for (size_t i = 0; i < o->n; i++)
        if (str_eq(o->v[i].key, key)) return &o->v[i];
    return NULL;
}

enum err json_str_of(struct cx *cx, const struct json *o, str key, str dflt, str *ret)
{
    const struct json *j = json_get(o, key);
    if (j && j->t != JT_STR) return fail_at(cx, E_INVALID, key, "%.*s must be a text", FS(key));
    *ret = j ? j->s : dflt;
    return E_OK;
}

enum err json_int_of(struct cx *cx, const struct json *o, str key, int64_t dflt, int64_t *ret)
{
    const struct json *j = json_get(o, key);
    int64_t v = dflt;
    if (j && (j->t != JT_NUM || !str_to_int(j->s, &v)))
        return fail_at(cx, E_INVALID, key, "%.*s must be a whole number", FS(key));
    *ret = v;
    return E_OK;
}

enum err json_bool_of(struct cx *cx, const struct json *o, str key, bool dflt, bool *ret)
{
    const struct json *j = json_get(o, key);
    if (j && j->t != JT_BOOL)
        return fail_at(cx, E_INVALID, key, "%.*s must be true or false", FS(key));
    *ret = j ? j->b : dflt;
    return E_OK;
}

enum err json_id_of(struct cx *cx, const struct json *o, str key, int64_t dflt, int64_t *ret)
{
    const struct json *j = json_get(o, key);
    int64_t v = dflt;
    if (j && j->t == JT_NULL) v = 0;
    else if (j && ((j->t != JT_NUM && j->t != JT_STR) || !str_to_int(j->s, &v) || v < 0))
        return fail_at(cx, E_INVALID, key, "%.*s must be an id", FS(key));
    *ret = v;
    return E_OK;
}

/* ---- writing ---- */
enum { ESCAPE_MAX = 6 };

/* 0 = as it is; 'u' = \u00xx; 'L' = the first byte of U+2028 and U+2029; else \ and this letter. */
static const char esc[256] = {
    [0 ... 7] = 'u', [0xB] = 'u', [0xE ... 0x1F] = 'u', ['<'] = 'u',  [0xE2] = 'L', ['"'] = '"',
    ['\\'] = '\\',  ['\b'] = 'b', ['\f'] = 'f',        ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
};

/* Writes the byte at s.p[*i] that `esc` marks and moves on; gives the bytes written. */
static size_t escape(char *out, str s, size_t *i)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char c = (unsigned char)s.p[(*i)++];
    char e = esc[c];
    if (e == 'L') {
        if (s.n - *i < 2 || s.p[*i] != '\x80' || (s.p[*i + 1] & 0xFE) != 0xA8) {
            out[0] = (char)c;
            return 1;
        }
        memcpy(out, s.p[*i + 1] == '\xA8' ? "\\u2028" : "\\u2029", 6);
        *i += 2;
        return 6;
    }
    out[0] = '\\';
    out[1] = e;
    if (e != 'u') return 2;
    out[2] = out[3] = '0';
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

/* Sixteen bytes at once, where the compiler makes one vector of them. */
typedef unsigned char lane __attribute__((vector_size(16)));

/* None of the sixteen is marked in `esc`. */
static bool is_plain(lane v)
{
    union {
        lane v;
        uint64_t w[2];
    } hit = {.v = (lane)((v < 0x20) | (v == '"') | (v == '\\') | (v == '<') | (v == 0xE2))};
    return !(hit.w[0] | hit.w[1]);
}

/* The worst case fits into what the buffer holds already: one pass, no checks. */
static char *quote_fast(char *o, str s)
{
    size_t i = 0;
    *o++ = '"';
    while (i < s.n) {
        lane v;
        if (s.n - i >= sizeof v) {
            memcpy(&v, s.p + i, sizeof v);
            if (is_plain(v)) {
                memcpy(o, &v, sizeof v);
                o += sizeof v;
                i += sizeof v;
                continue;
            }
        }
        size_t end = s.n - i < sizeof v ? s.n : i + sizeof v;
        while (i < end) {
            char c = s.p[i];
            if (!esc[(unsigned char)c]) {
                *o++ = c;
                i++;
            } else o += escape(o, s, &i);
        }
    }
    *o++ = '"';
    return o;
}

enum { AROUND = 4 }; /* quotes, comma, colon */

/* What the buffer holds already takes `s` at its longest, and what stands around it. */
static bool fits(const struct buf *b, str s)
{
    size_t room = (b->cap < b->max ? b->cap : b->max) - b->n;
    return !b->full && s.n < room / ESCAPE_MAX && s.n * ESCAPE_MAX + AROUND <= room;
}

static void quote(struct buf *b, str s)
{
    if (fits(b, s)) {
        b->n = (size_t)(quote_fast(b->p + b->n, s) - b->p);
        return;
    }
    buf_byte(b, '"');
    for (size_t i = 0; i < s.n;) {
        char out[ESCAPE_MAX];
        size_t run = i;
        while (i < s.n && !esc[(unsigned char)s.p[i]]) i++;
        buf_add(b, (str){s.p + run, i - run});
        if (i < s.n) buf_add(b, (str){out, escape(out, s, &i)});
    }
    buf_byte(b, '"');
}

static void part(struct jw *w)
{
    if (w->comma) buf_byte(w->b, ',');
    w->comma = true;
}

struct jw jw_new(struct buf *b) { return (struct jw){.b = b}; }

static void open(struct jw *w, char c)
{
    part(w);
    buf_byte(w->b, c);
    w->comma = false;
}

static void close(struct jw *w, char c)
{
    buf_byte(w->b, c);
    w->comma = true;
}

void jw_obj(struct jw *w) { open(w, '{'); }
void jw_obj_end(struct jw *w) { close(w, '}'); }
void jw_arr(struct jw *w) { open(w, '['); }
void jw_arr_end(struct jw *w) { close(w, ']'); }

/* A text with its comma before and, as a key, its colon behind. */
static void text(struct jw *w, str s, bool key)
{
    struct buf *b = w->b;
    if (fits(b, s)) {
        char *o = b->p + b->n;
        if (w->comma) *o++ = ',';
        o = quote_fast(o, s);
        if (key) *o++ = ':';
        b->n = (size_t)(o - b->p);
    } else {
        part(w);
        quote(b, s);
        if (key) buf_byte(b, ':');
    }
    w->comma = !key;
}

void jw_key(struct jw *w, str key) { text(w, key, true); }
void jw_str(struct jw *w, str s) { text(w, s, false); }

void jw_int(struct jw *w, int64_t v)
{
    part(w);
    buf_int(w->b, v);
}

void jw_raw(struct jw *w, str json)
{
    part(w);
    buf_add(w->b, json);
}

enum { ID_CHARS = 20 }; /* with a sign */

void jw_id(struct jw *w, int64_t id)
{
    if (!id) {
        jw_null(w);
        return;
    }
    char t[ID_CHARS + 2];
    size_t at = sizeof t;
    uint64_t u = id < 0 ? 0 - (uint64_t)id : (uint64_t)id;
    t[--at] = '"';
    do t[--at] = (char)('0' + u % 10);
    while (u /= 10);
    if (id < 0) t[--at] = '-';
    t[--at] = '"';
    part(w);
    buf_add(w->b, (str){t + at, sizeof t - at});
}

void jw_bool(struct jw *w, bool v) { jw_raw(w, v ? S("true") : S("false")); }
void jw_null(struct jw *w) { jw_raw(w, S("null")); }

void jw_json(struct jw *w, const struct json *j)
{
    switch (j->t) {
    case JT_NULL: jw_null(w); return;
    case JT_BOOL: jw_bool(w, j->b); return;
    case JT_NUM: jw_raw(w, j->s); return;
    case JT_STR: jw_str(w, j->s); return;
    case JT_ARR:
    case JT_OBJ: break;
    }
    bool obj = j->t == JT_OBJ;
    open(w, obj ? '{' : '[');
    for (size_t i = 0; i < j->n; i++) {
        if (obj) jw_key(w, j->v[i].key);
        jw_json(w, &j->v[i]);
    }
    close(w, obj ? '}' : ']');
}

void jw_kstr(struct jw *w, str key, str s)
{
    jw_key(w, key);
    jw_str(w, s);
}

void jw_kint(struct jw *w, str key, int64_t v)
{
    jw_key(w, key);
    jw_int(w, v);
}

void jw_kid(struct jw *w, str key, int64_t id)
{
    jw_key(w, key);
    jw_id(w, id);
}

void jw_kbool(struct jw *w, str key, bool v)
{
    jw_key(w, key);
    jw_bool(w, v);
}
