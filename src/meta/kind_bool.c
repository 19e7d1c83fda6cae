/* SPDX-License-Identifier: MIT */
/* meta/kind_bool.c - yes or no. */
#include "meta/meta_int.h"

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    if (j->t != JT_BOOL) return bad_value(cx, f, "this must be true or false");
    *ret = VAL_INT(j->b);
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    static const str yes[] = {S0("1"),    S0("x"),  S0("+"),    S0("yes"),
                              S0("true"), S0("ja"), S0("taip"), S0("да")};
    static const str no[] = {S0("0"),    S0("-"),  S0("no"), S0("false"),
                             S0("nein"), S0("ne"), S0("нет")};
    str t = filter_fold(cx->a, s);
    for (size_t i = 0; i < COUNT(yes); i++)
        if (str_eq(t, yes[i])) {
            *ret = VAL_INT(1);
            return E_OK;
        }
    for (size_t i = 0; i < COUNT(no); i++)
        if (str_eq(t, no[i])) {
            *ret = VAL_INT(0);
            return E_OK;
        }
    return bad_value(cx, f, "this must be yes or no");
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_bool(w, v->i != 0);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_add(out, v->i ? S("1") : S("0"));
}

const struct kind kind_bool = {.name = S0("bool"),
                               .store = ST_INT,
                               .sort = true,
                               .search = false,
                               .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                               .from_json = from_json,
                               .from_text = from_text,
                               .to_json = to_json,
                               .to_text = to_text};
