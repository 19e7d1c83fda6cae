/* SPDX-License-Identifier: MIT */
/* meta/kind_choices.c - several of the field's choices, stored by their keys. */
#include "meta/meta_int.h"

enum { KEYS_MAX = 100, KEY_BYTES_MAX = 100 };

static bool has(const struct item *v, size_t n, str key)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].norm, key)) return true;
    return false;
}

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

static enum err add(struct cx *cx, const struct field *f, str s, bool keys_only, struct item *v,
                    size_t *n)
{
    const struct choice *c = choice_by(cx, f, s);
    if (!c || (keys_only && !str_eq(c->key, s))) return bad_value(cx, f, "this is not one of the choices");
    if (!has(v, *n, c->key)) v[(*n)++] = (struct item){.norm = c->key};
    return E_OK;
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    if (j->t != JT_ARR || j->n > KEYS_MAX) return bad_value(cx, f, "this must be a list of choices");
    struct item *v = NEW_N(cx->a, struct item, j->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < j->n; i++) {
        if (j->v[i].t != JT_STR) return bad_value(cx, f, "a choice is a text");
        TRY(add(cx, f, j->v[i].s, true, v, &n));
    }
    *ret = n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    struct item *v = NEW_N(cx->a, struct item, KEYS_MAX);
    size_t n = 0;
    str part = {0};
    for (bool more = true; more && n < KEYS_MAX;) {
        more = str_split(s, str_find(s, S(";")) >= 0 ? ';' : ',', &part, &s);
        if (str_trim(part).n) TRY(add(cx, f, str_trim(part), false, v, &n));
    }
    *ret = n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
    return E_OK;
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_arr(w);
    for (size_t i = 0; i < v->n; i++) jw_str(w, v->v[i].norm);
    jw_arr_end(w);
}

static str label(struct cx *cx, const struct field *f, str key)
{
    for (size_t i = 0; i < f->n_choices; i++)
        if (str_eq(f->choices[i].key, key)) return label_of(f->choices[i].label, cx->lang);
    return key;
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    for (size_t i = 0; i < v->n; i++) {
        if (i) buf_add(out, S("; "));
        buf_add(out, label(cx, f, v->v[i].norm));
    }
}

const struct kind kind_choices = {.name = S0("choices"),
                                  .store = ST_KEYS,
                                  .sort = false,
                                  .search = false,
                                  .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_IN) | OPM(OP_NOTIN) |
                                         OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                                  .from_json = from_json,
                                  .from_text = from_text,
                                  .to_json = to_json,
                                  .to_text = to_text};
