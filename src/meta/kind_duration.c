/* SPDX-License-Identifier: MIT */
/* meta/kind_duration.c - a length of time in whole seconds; people write h:mm or h:mm:ss. */
#include "meta/meta_int.h"

static const int64_t duration_most = INT64_C(86400) * 36525; /* a century */

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    str part = {0}, rest = s;
    int64_t v = 0, n = 0;
    int parts = 0;
    while (rest.n) {
        bool more = str_split(rest, ':', &part, &rest);
        if (!str_to_int(str_trim(part), &n) || n < 0 || n > 1000000 || (parts && n > 59) ||
            parts > 2)
            return bad_value(cx, f, "a duration like 1:30 is needed");
        v = v * 60 + n;
        parts++;
        if (!more) break;
    }
    if (parts == 2) v *= 60; /* h:mm; a bare number is seconds */
    *ret = VAL_INT(v);
    return v <= duration_most ? E_OK : bad_value(cx, f, "the duration is too long");
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    int64_t v = 0;
    if (j->t == JT_STR) return from_text(cx, f, str_trim(j->s), ret);
    TRY(want_int(cx, f, j, 0, duration_most, &v));
    *ret = VAL_INT(v);
    return E_OK;
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_int(w, v->i);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_fmt(out, "%" PRId64 ":%02d:%02d", v->i / 3600, (int)(v->i / 60 % 60), (int)(v->i % 60));
}

const struct kind kind_duration = {.name = S0("duration"),
                                   .store = ST_INT,
                                   .sort = true,
                                   .search = false,
                                   .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_LT) | OPM(OP_LE) |
                                          OPM(OP_GT) | OPM(OP_GE) | OPM(OP_IN) | OPM(OP_NOTIN) |
                                          OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                                   .from_json = from_json,
                                   .from_text = from_text,
                                   .to_json = to_json,
                                   .to_text = to_text};
