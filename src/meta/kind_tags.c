/* SPDX-License-Identifier: MIT */
/* meta/kind_tags.c - free words put on a record; compared folded, stored as first typed. */
#include "meta/meta_int.h"

enum { KEYS_MAX = 100, KEY_BYTES_MAX = 100 };

static enum err add(struct cx *cx, const struct field *f, str s, struct item *v, size_t *n)
{
    s = str_trim(s);
    if (!s.n) return E_OK;
    if (s.n > KEY_BYTES_MAX || str_find(s, S("|")) >= 0)
        return bad_value(cx, f, "a tag has at most 100 bytes and no |");
    for (size_t i = 0; i < *n; i++)
        if (str_eq(filter_fold(cx->a, v[i].norm), filter_fold(cx->a, s))) return E_OK;
    v[(*n)++] = (struct item){.norm = s};
    return E_OK;
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    if (j->t != JT_ARR || j->n > KEYS_MAX) return bad_value(cx, f, "this must be a list of at most 100 tags");
    struct item *v = NEW_N(cx->a, struct item, j->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < j->n; i++) {
        if (j->v[i].t != JT_STR) return bad_value(cx, f, "a tag is a text");
        TRY(add(cx, f, j->v[i].s, v, &n));
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
        TRY(add(cx, f, part, v, &n));
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

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    for (size_t i = 0; i < v->n; i++) {
        if (i) buf_add(out, S("; "));
        buf_add(out, v->v[i].norm);
    }
}

const struct kind kind_tags = {.name = S0("tags"),
                               .store = ST_KEYS,
                               .sort = false,
                               .search = true,
                               .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_IN) | OPM(OP_NOTIN) |
                                      OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                               .from_json = from_json,
                               .from_text = from_text,
                               .to_json = to_json,
                               .to_text = to_text};
