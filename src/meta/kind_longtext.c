/* SPDX-License-Identifier: MIT */
/* meta/kind_longtext.c - Markdown of several lines; stored as typed, shown sanitised. */
#include "meta/meta_int.h"

enum { LONGTEXT_MAX = 100000 };

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    int64_t max = f->max ? f->max : LONGTEXT_MAX;
    if ((int64_t)utf8_len(s) > max)
        return fail_at(cx, E_INVALID, f->name, "%.*s: at most %" PRId64 " characters",
                       FS(label_of(f->label, cx->lang)), max);
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t')
            return bad_value(cx, f, "control characters are not allowed, except line ends and tabs");
    *ret = str_trim(s).n ? VAL_TEXT(s) : VAL_NULL;
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

const struct kind kind_longtext = {.name = S0("longtext"),
                                   .store = ST_FOLDED,
                                   .search = true,
                                   .ops = OPM(OP_CONTAINS) | OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                                   .from_json = from_json,
                                   .from_text = from_text,
                                   .to_json = to_json,
                                   .to_text = to_text};
