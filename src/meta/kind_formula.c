/* SPDX-License-Identifier: MIT */
/* meta/kind_formula.c - a typed expression over own and linked fields, computed when read. */
#include "meta/meta_int.h"

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    (void)j, (void)ret;
    return bad_value(cx, f, "this value is computed and cannot be changed");
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    (void)s, (void)ret;
    return bad_value(cx, f, "this value is computed and cannot be changed");
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    if (v->t == VT_TEXT) jw_str(w, v->s);
    else jw_int(w, v->i);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    if (v->t == VT_TEXT) buf_add(out, v->s);
    else buf_int(out, v->i);
}

const struct kind kind_formula = {.name = S0("formula"),
                                  .store = ST_NONE,
                                  .sort = false,
                                  .search = false,
                                  .ops = 0,
                                  .from_json = from_json,
                                  .from_text = from_text,
                                  .to_json = to_json,
                                  .to_text = to_text};
