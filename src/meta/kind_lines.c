/* SPDX-License-Identifier: MIT */
/* meta/kind_lines.c - child records saved with their parent (1:n): each item is a child, extra holds
 * its values as JSON. */
#include "meta/meta_int.h"

enum { LINES_MAX = 500, LINE_BYTES_MAX = 64 * 1024 };

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    if (j->t != JT_ARR || j->n > LINES_MAX) return bad_value(cx, f, "this must be a list of at most 500 lines");
    struct item *v = NEW_N(cx->a, struct item, j->n + 1);
    for (size_t i = 0; i < j->n; i++) {
        struct buf b = buf_new(cx->a, LINE_BYTES_MAX);
        struct jw w = jw_new(&b);
        if (j->v[i].t != JT_OBJ) return bad_value(cx, f, "a line is an object");
        TRY(json_id_of(cx, &j->v[i], S("id"), 0, &v[i].id));
        jw_json(&w, &j->v[i]);
        if (b.full) return bad_value(cx, f, "a line has at most 64 KiB");
        v[i].extra = buf_str(&b);
    }
    *ret = j->n ? (struct val){.t = VT_LIST, .v = v, .n = j->n} : VAL_NULL;
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    (void)s, (void)ret;
    return bad_value(cx, f, "lines cannot be read from a text");
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_arr(w);
    for (size_t i = 0; i < v->n; i++) jw_raw(w, v->v[i].extra);
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

const struct kind kind_lines = {
    .name = S0("lines"), .store = ST_LINES, .sort = false, .search = false,
    .ops = OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
    .from_json = from_json, .from_text = from_text, .to_json = to_json, .to_text = to_text};
