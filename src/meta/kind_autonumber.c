/* SPDX-License-Identifier: MIT */
/* meta/kind_autonumber.c - a number without gaps, given at create under the lock of its counter row. */
#include "meta/meta_int.h"

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    int64_t v = 0; /* for filters; record refuses writes */
    TRY(want_int(cx, f, j, 0, INT64_MAX, &v));
    *ret = VAL_INT(v);
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    (void)s, (void)ret;
    return bad_value(cx, f, "this value is computed and cannot be changed");
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

const struct kind kind_autonumber = {.name = S0("autonumber"),
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
