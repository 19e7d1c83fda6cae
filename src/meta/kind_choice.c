/* SPDX-License-Identifier: MIT */
/* meta/kind_choice.c - one of the field's choices, stored by its key. */
#include "meta/meta_int.h"

/* By key, or by the label in any language (folded). */
static const struct choice *choice_by(struct cx *cx, const struct field *f, str s)
{
    for (size_t i = 0; i < f->n_choices; i++)
        if (str_eq(f->choices[i].key, s)) return &f->choices[i];
    str t = filter_fold(cx->a, s);
    for (size_t i = 0; i < f->n_choices; i++)
        for (enum lang l = 0; l < LANG_MAX; l++)
            if (f->choices[i].label[l].n && str_eq(filter_fold(cx->a, f->choices[i].label[l]), t))
                return &f->choices[i];
    return NULL;
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    str s = {0};
    TRY(want_str(cx, f, j, &s));
    if (!s.n) {
        *ret = VAL_NULL;
        return E_OK;
    }
    for (size_t i = 0; i < f->n_choices; i++)
        if (str_eq(f->choices[i].key, s)) {
            *ret = VAL_TEXT(s);
            return E_OK;
        }
    return bad_value(cx, f, "this is not one of the choices");
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    const struct choice *c = choice_by(cx, f, s);
    if (!c) return bad_value(cx, f, "this is not one of the choices");
    *ret = VAL_TEXT(c->key);
    return E_OK;
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_str(w, v->s);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    for (size_t i = 0; i < f->n_choices; i++)
        if (str_eq(f->choices[i].key, v->s)) {
            buf_add(out, label_of(f->choices[i].label, cx->lang));
            return;
        }
    buf_add(out, v->s);
}

const struct kind kind_choice = {.name = S0("choice"),
                                 .store = ST_TEXT,
                                 .sort = true,
                                 .search = false,
                                 .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_IN) | OPM(OP_NOTIN) |
                                        OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                                 .from_json = from_json,
                                 .from_text = from_text,
                                 .to_json = to_json,
                                 .to_text = to_text};
