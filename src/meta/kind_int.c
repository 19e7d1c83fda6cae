/* SPDX-License-Identifier: MIT */
/* meta/kind_int.c - a whole number; field.max bounds it upwards. Bounds keep it exact in every JSON reader. */
#include "meta/meta_int.h"

enum { PLACES_NONE = 0 };
static const int64_t int_most = INT64_C(9007199254740991);

static enum err bounded(struct cx *cx, const struct field *f, int64_t v, struct val *ret)
{
    if (v < -int_most || v > (f->max ? f->max : int_most))
        return bad_value(cx, f, "the number is too large");
    *ret = VAL_INT(v);
    return E_OK;
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    int64_t v = 0;
    TRY(want_int(cx, f, j, -int_most, int_most, &v));
    return bounded(cx, f, v, ret);
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    int64_t v = 0;
    TRY(number_from_text(cx, f, s, PLACES_NONE, &v, NULL));
    return bounded(cx, f, v, ret);
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_int(w, v->i);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_int(out, v->i);
}

const struct kind kind_int = {.name = S0("int"),
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
