/* SPDX-License-Identifier: MIT */
/* fmt/vcard_line.c - from bytes to lines: unfolding, parameters, quoted-printable, encodings. */
#include "fmt/charset.h"
#include "fmt/vcard_int.h"

enum { HEAD_MAX = 16 * 1024 }; /* name and parameters of a line */

static size_t line_len(str s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] != '\n' && s.p[i] != '\r') i++;
    return i;
}

/* One line of the file without its end. */
static bool raw_line(struct vlines *w, str *ret)
{
    if (!w->rest.n) return false;
    size_t i = line_len(w->rest);
    *ret = str_cut(w->rest, 0, i);
    if (i < w->rest.n)
        i += w->rest.p[i] == '\r' && i + 1 < w->rest.n && w->rest.p[i + 1] == '\n' ? 2 : 1;
    w->rest = str_cut(w->rest, i, w->rest.n);
    w->number++;
    return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* Where the value begins: behind the first ':' outside of quotes; 0 = nowhere. */
static size_t value_at(str line)
{
    bool quoted = false;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '"') quoted = !quoted;
        if (line.p[i] == ':' && !quoted) return i + 1;
    }
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL; /* an odd quote */
    return colon ? (size_t)(colon - line.p) + 1 : 0;
}

static bool head_has(str head, str word)
{
    for (size_t i = 0; i + word.n <= head.n; i++)
        if (str_eq_nocase(str_cut(head, i, i + word.n), word)) return true;
    return false;
}

/* True when the next raw line goes on with this one; *skip = its bytes to leave out. */
static bool goes_on(const struct vlines *w, bool is_qp, bool is_b64, size_t *skip)
{
    *skip = 0;
    if (!w->rest.n) return false;
    if (is_qp) return w->buf.n && w->buf.p[w->buf.n - 1] == '=';
    *skip = 1;
    if (is_blank(w->rest.p[0])) return true;
    *skip = 0;
    if (!is_b64 || w->rest.p[0] == '\n' || w->rest.p[0] == '\r') return false;
    return !memchr(w->rest.p, ':', line_len(w->rest)); /* old phones do not indent base64 */
}

static bool unfold(struct vlines *w, struct vline *ret)
{
    str line = {0};
    size_t skip = 0;
    if (!raw_line(w, &line)) return false;
    *ret = (struct vline){.number = w->number};
    w->buf.n = 0;
    w->buf.full = false;
    buf_add(&w->buf, line);
    size_t colon = value_at(line);
    str head = str_cut(line, 0, colon);
    bool is_qp = head_has(head, S("QUOTED-PRINTABLE"));
    bool is_b64 = head_has(head, S("BASE64")) || head_has(head, S("ENCODING=B"));
    while (goes_on(w, is_qp, is_b64, &skip)) {
        if (is_qp) w->buf.n--;
        if (!raw_line(w, &line)) break;
        buf_add(&w->buf, str_cut(line, skip, line.n));
    }
    ret->too_long = w->buf.full;
    return true;
}

str vupper(struct arena *a, str s)
{
    char *p = arena_get(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 32) : s.p[i];
    return (str){p, s.n};
}

str vlower(struct arena *a, str s)
{
    char *p = arena_get(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
    return (str){p, s.n};
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static str unquote_printable(struct arena *a, str s)
{
    char *p = arena_get(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int hi = s.p[i] == '=' && i + 2 < s.n ? hex(s.p[i + 1]) : -1,
            lo = hi >= 0 ? hex(s.p[i + 2]) : -1;
        if (hi < 0 && s.p[i] == '=' && i + 1 == s.n) break; /* a soft break at the very end */
        p[n++] = lo >= 0 ? (char)(hi << 4 | lo) : s.p[i];
        if (lo >= 0) i += 2;
    }
    return (str){p, n};
}

static void cut_head(struct arena *a, str head, struct vline *ret)
{
    size_t i = 0;
    while (i < head.n && head.p[i] != ';') i++;
    str name = str_trim(str_cut(head, 0, i));
    str group = {0}, tail = {0};
    if (str_split(name, '.', &group, &tail)) {
        ret->group = arena_dup(a, group);
        name = tail;
    }
    ret->name = vupper(a, name);
    ret->params = arena_dup(a, str_cut(head, i, head.n));
}

static bool clean(str s) { return utf8_valid(s) && (!s.n || !memchr(s.p, 0, s.n)); }

/* Brings the value to UTF-8: by its CHARSET, else by the file's. */
static str to_utf8(struct cx *cx, struct arena *a, str value, str charset, str fallback)
{
    str known = charset_known(charset), out = {0};
    bool is_told = known.n && !str_eq(known, S("UTF-8"));
    if (clean(value) && !is_told) return value;
    struct cx quiet = *cx; /* its errors are no errors of the caller */
    quiet.a = a;
    bool done = charset_text(&quiet, a, is_told ? known : fallback, value, &out) == E_OK;
    return done ? out : S("");
}

bool vline_next(struct cx *cx, struct vlines *w, struct arena *a, struct vline *ret)
{
    for (;;) {
        if (!unfold(w, ret)) return false;
        str all = buf_str(&w->buf);
        size_t colon = value_at(all);
        if (!colon) continue;
        if (colon > HEAD_MAX) {
            *ret = (struct vline){.number = ret->number, .too_long = true};
            return true;
        }
        str head = str_cut(all, 0, colon - 1), value = str_cut(all, colon, all.n);
        if (!clean(head)) head = to_utf8(cx, a, head, S(""), w->fallback);
        cut_head(a, head, ret);
        if (ret->too_long) {
            ret->value = S("");
            return true;
        }
        str enc = vupper(a, vline_param_get(a, ret->params, S("ENCODING")));
        if (str_eq(enc, S("QUOTED-PRINTABLE"))) value = unquote_printable(a, value);
        bool is_told = !str_eq(enc, S("BASE64")) && !str_eq(enc, S("B"));
        ret->value =
            to_utf8(cx, a, value, is_told ? vline_param_get(a, ret->params, S("CHARSET")) : S(""),
                    w->fallback);
        return true;
    }
}

/* ---- parameters ---- */
static str unescape_param(struct arena *a, str s)
{
    char *p = arena_get(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char next = s.p[i] == '^' && i + 1 < s.n ? s.p[i + 1] : 0;
        char as = next == 'n' ? '\n' : next == '^' ? '^' : next == '\'' ? '"' : 0;
        if (as) p[n++] = as;
        else if (s.p[i] != '"') p[n++] = s.p[i];
        i += as != 0;
    }
    return (str){p, n};
}

static bool is_encoding(str word)
{
    return str_eq(word, S("QUOTED-PRINTABLE")) || str_eq(word, S("BASE64")) ||
           str_eq(word, S("8BIT")) || str_eq(word, S("7BIT"));
}

bool vline_param(struct arena *a, str params, size_t *at, str *ret_name, str *ret_value)
{
    if (*at >= params.n) return false;
    size_t from = *at + 1, i = from; /* over the ';' */
    bool quoted = false;
    for (; i < params.n && (quoted || params.p[i] != ';'); i++)
        if (params.p[i] == '"') quoted = !quoted;
    *at = i;
    str one = str_cut(params, from, i), name = {0}, value = {0};
    if (str_split(one, '=', &name, &value)) {
        *ret_name = vupper(a, str_trim(name));
        *ret_value = unescape_param(a, value);
        return true;
    }
    str word = vupper(a, str_trim(one));
    *ret_name = is_encoding(word) ? S("ENCODING") : S("TYPE");
    *ret_value = word;
    return true;
}

str vline_param_get(struct arena *a, str params, str name)
{
    str n = {0}, v = {0};
    for (size_t at = 0; vline_param(a, params, &at, &n, &v);)
        if (str_eq(n, name)) return v;
    return S("");
}

/* ---- values ---- */
str vtext(struct arena *a, str s)
{
    char *p = arena_get(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char next = s.p[i] == '\\' && i + 1 < s.n ? s.p[i + 1] : 0;
        bool is_escape = next && memchr("nN,;:\\\"", next, 7);
        p[n++] = !is_escape ? s.p[i] : next == 'n' || next == 'N' ? '\n' : next;
        i += is_escape;
    }
    return (str){p, n};
}

bool vsplit(str raw, char sep, size_t *at, str *ret)
{
    if (*at > raw.n) return false;
    size_t i = *at;
    for (; i < raw.n && raw.p[i] != sep; i++) i += raw.p[i] == '\\' && i + 1 < raw.n;
    *ret = str_cut(raw, *at, i);
    *at = i + 1;
    return true;
}

static int digit64(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

bool vbase64(struct arena *a, str s, str *ret)
{
    if (s.n / 4 > VCARD_PHOTO_MAX / 3 + 1024) return false;
    unsigned char *p = arena_get(a, s.n / 4 * 3 + 4);
    size_t n = 0, i = 0;
    uint32_t acc = 0;
    int bits = 0;
    for (; i < s.n && s.p[i] != '='; i++) {
        int d = digit64(s.p[i]);
        if (is_blank(s.p[i])) continue;
        if (d < 0) return false;
        acc = acc << 6 | (uint32_t)d;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        p[n++] = (unsigned char)(acc >> bits);
    }
    if (!n || n > VCARD_PHOTO_MAX) return false;
    *ret = (str){(const char *)p, n};
    return true;
}
