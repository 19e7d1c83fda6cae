/* SPDX-License-Identifier: MIT */
/* meta/kind_decimal.c - a decimal number, exact, with the scale of its field. */
#include "meta/meta_int.h"

#include "base/decimal.h"

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    int64_t v = 0;
    if ((j->t != JT_STR && j->t != JT_NUM) || !dec_parse(str_trim(j->s), f->scale, &v))
        return bad_value(cx, f, "a number like 12.50 is needed, with no more decimal places than the field has");
    *ret = VAL_INT(v);
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    int64_t v = 0;
    TRY(number_from_text(cx, f, s, f->scale, &v, NULL));
    *ret = VAL_INT(v);
    return E_OK;
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_str(w, dec_fixed(cx->a, v->i, f->scale));
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_add(out, dec_fixed(cx->a, v->i, f->scale));
}

const struct kind kind_decimal = {.name = S0("decimal"),
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
