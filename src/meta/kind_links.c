/* SPDX-License-Identifier: MIT */
/* meta/kind_links.c - several records of another entity (m:n). */
#include "meta/meta_int.h"

enum { LINKS_MAX = 1000 };

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    if (j->t != JT_ARR || j->n > LINKS_MAX) return bad_value(cx, f, "this must be a list of at most 1000 ids");
    struct item *v = NEW_N(cx->a, struct item, j->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < j->n; i++) {
        struct val one = {0};
        bool twice = false;
        TRY(kind_link.from_json(cx, f, &j->v[i], &one));
        for (size_t k = 0; k < n; k++) twice |= v[k].id == one.i;
        if (!twice) v[n++] = (struct item){.id = one.i};
    }
    *ret = n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    (void)s, (void)ret;
    return bad_value(cx, f, "links cannot be read from a text");
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_arr(w);
    for (size_t i = 0; i < v->n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), v->v[i].id);
        jw_kstr(w, S("title"), v->v[i].typed);
        if (v->v[i].ext.n) {
            jw_key(w, S("hue"));
            jw_raw(w, v->v[i].ext);
        }
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    for (size_t i = 0; i < v->n; i++) {
        if (i) buf_add(out, S("; "));
        buf_add(out, v->v[i].typed);
    }
}

const struct kind kind_links = {.name = S0("links"),
                                .store = ST_LINKS,
                                .sort = false,
                                .search = false,
                                .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_IN) | OPM(OP_NOTIN) |
                                       OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                                .from_json = from_json,
                                .from_text = from_text,
                                .to_json = to_json,
                                .to_text = to_text};
