/* SPDX-License-Identifier: MIT */
/* meta/kind_file.c - one stored file. */
#include "meta/meta_int.h"

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    int64_t id = 0;
    const struct json *k = j->t == JT_OBJ ? json_get(j, S("id")) : j;
    if (!k || (k->t != JT_STR && k->t != JT_NUM) || !str_to_int(k->s, &id) || id <= 0)
        return bad_value(cx, f, "an id is needed");
    *ret = VAL_INT(id);
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    struct json j = {.t = JT_STR, .s = s};
    return from_json(cx, f, &j, ret);
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_obj(w);
    jw_kid(w, S("id"), v->i);
    jw_kstr(w, S("title"), v->s);
    jw_obj_end(w);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_add(out, v->s);
}

const struct kind kind_file = {.name = S0("file"),
                               .store = ST_INT,
                               .sort = false,
                               .search = false,
                               .ops = OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                               .from_json = from_json,
                               .from_text = from_text,
                               .to_json = to_json,
                               .to_text = to_text};
