/* SPDX-License-Identifier: MIT */
/* meta/kind_text.c - one line of text. Stored as typed (trimmed), with its folded twin for filters and sorting. */
#include "meta/meta_int.h"

enum { TEXT_MAX = 2000 };

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    s = str_trim(s);
    int64_t max = f->max ? f->max : TEXT_MAX;
    if ((int64_t)utf8_len(s) > max)
        return fail_at(cx, E_INVALID, f->name, "%.*s: at most %" PRId64 " characters",
                       FS(label_of(f->label, cx->lang)), max);
    if (str_has_control(s)) return bad_value(cx, f, "one line without control characters is needed");
    *ret = s.n ? VAL_TEXT(s) : VAL_NULL;
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

const struct kind kind_text = {.name = S0("text"),
                               .store = ST_FOLDED,
                               .sort = true,
                               .search = true,
                               .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_IN) | OPM(OP_NOTIN) |
                                      OPM(OP_CONTAINS) | OPM(OP_STARTS) | OPM(OP_EMPTY) |
                                      OPM(OP_NOTEMPTY),
                               .from_json = from_json,
                               .from_text = from_text,
                               .to_json = to_json,
                               .to_text = to_text};
