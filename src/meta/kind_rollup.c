/* SPDX-License-Identifier: MIT */
/* meta/kind_rollup.c - count, sum, min, max or latest over related records; kept up to date in their transaction. */
#include "meta/meta_int.h"

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    int64_t v = 0; /* for filters; record refuses writes */
    TRY(want_int(cx, f, j, INT64_MIN, INT64_MAX, &v));
    *ret = VAL_INT(v);
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    (void)s, (void)ret;
    return bad_value(cx, f, "this value is computed and cannot be changed");
}

/* min, max and latest of a date or timestamp read as such */
static const struct field *source(const struct field *f)
{
    const struct json *name = json_get(f->def, S("field"));
    return name && f->target ? entity_field(f->target, name->s) : NULL;
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    const struct field *s = source(f);
    if (s && s->kind != &kind_rollup) s->kind->to_json(cx, s, v, w);
    else jw_int(w, v->i);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    const struct field *s = source(f);
    if (s && s->kind != &kind_rollup) s->kind->to_text(cx, s, v, out);
    else buf_int(out, v->i);
}

const struct kind kind_rollup = {.name = S0("rollup"),
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
