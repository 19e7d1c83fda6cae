/* SPDX-License-Identifier: MIT */
/* meta/kind_url.c - a web address. Only http and https become links; everything with another scheme is refused
 * (javascript:, data:, vbscript: also with blanks or control characters inside). */
#include "meta/meta_int.h"

enum { URL_BYTES_MAX = 2000 };

static bool has_bad_byte(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 0x20 || memchr("\"<>\\", s.p[i], 4)) return true;
    return false;
}

/* "example.org/a", "example.org:8080": a host with a point in it, and no scheme of another kind. */
static bool bare_host(str s)
{
    ptrdiff_t colon = str_find(s, S(":")), slash = str_find(s, S("/"));
    char behind = colon >= 0 && colon + 1 < (ptrdiff_t)s.n ? s.p[colon + 1] : 0;
    bool port = behind >= '0' && behind <= '9';
    if (colon >= 0 && !port && (slash < 0 || colon < slash)) return false;
    return s.p[0] != '/' && str_find(s, S(".")) >= 1;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    s = str_trim(s);
    bool full = str_has_prefix(s, S("https://")) || str_has_prefix(s, S("http://"));
    if (!s.n) {
        *ret = VAL_NULL;
        return E_OK;
    }
    if (s.n > URL_BYTES_MAX) return bad_value(cx, f, "a web address has at most 2000 bytes");
    if (has_bad_byte(s)) return bad_value(cx, f, "this is not a web address");
    if (!full && !bare_host(s)) return bad_value(cx, f, "a web address begins with http:// or https://");
    *ret = VAL_TEXT(full ? s : arena_fmt(cx->a, "https://%.*s", FS(s)));
    return E_OK;
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    str s = {0};
    TRY(want_str(cx, f, j, &s));
    return from_text(cx, f, s, ret);
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_str(w, v->s);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_add(out, v->s);
}

const struct kind kind_url = {.name = S0("url"),
                              .store = ST_FOLDED,
                              .sort = true,
                              .search = true,
                              .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_CONTAINS) | OPM(OP_STARTS) |
                                     OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                              .from_json = from_json,
                              .from_text = from_text,
                              .to_json = to_json,
                              .to_text = to_text};
