/* SPDX-License-Identifier: MIT */
/* meta/kind_date.c - a calendar day without a zone: days since 1970-01-01. */
#include "meta/meta_int.h"

#include "base/time.h"

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    int64_t day = 0;
    if (j->t != JT_STR || !day_parse(str_trim(j->s), &day))
        return bad_value(cx, f, "a date like 2026-11-22 is needed");
    *ret = VAL_INT(day);
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    int64_t day = 0;
    TRY(date_from_text(cx, f, s, &day));
    *ret = VAL_INT(day);
    return E_OK;
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_str(w, day_text(cx->a, v->i));
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_add(out, day_text(cx->a, v->i));
}

const struct kind kind_date = {.name = S0("date"),
                               .store = ST_INT,
                               .sort = true,
                               .search = false,
                               .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_LT) | OPM(OP_LE) |
                                      OPM(OP_GT) | OPM(OP_GE) | OPM(OP_IN) | OPM(OP_NOTIN) |
                                      OPM(OP_EMPTY) | OPM(OP_NOTEMPTY) | OPM(OP_WITHIN),
                               .from_json = from_json,
                               .from_text = from_text,
                               .to_json = to_json,
                               .to_text = to_text};
