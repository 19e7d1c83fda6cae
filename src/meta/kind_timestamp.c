/* SPDX-License-Identifier: MIT */
/* meta/kind_timestamp.c - an instant: UTC milliseconds. Texts without an offset are the user's local time. */
#include "meta/meta_int.h"

#include "base/time.h"

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    int64_t ms = 0;
    if (j->t != JT_STR || !time_parse(str_trim(j->s), cx->tz_min, &ms))
        return bad_value(cx, f, "a time like 2026-11-22T10:00:00Z is needed");
    *ret = VAL_INT(ms);
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    int64_t ms = 0, day = 0;
    if (!time_parse(str_trim(s), cx->tz_min, &ms)) {
        TRY(date_from_text(cx, f, s, &day));
        ms = day_start_ms(day, cx->tz_min);
    }
    *ret = VAL_INT(ms);
    return E_OK;
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_str(w, time_text(cx->a, v->i));
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_add(out, time_text(cx->a, v->i));
}

const struct kind kind_timestamp = {.name = S0("timestamp"),
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
