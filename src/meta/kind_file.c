/* SPDX-License-Identifier: MIT */
/* meta/kind_file.c - one stored file, or picture. That it exists and may be taken is checked by `record`. */
#include "meta/meta_int.h"

enum err file_from_json(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    int64_t id = 0;
    const struct json *k = j->t == JT_OBJ ? json_get(j, S("id")) : j;
    if (!k || (k->t != JT_STR && k->t != JT_NUM) || !str_to_int(k->s, &id) || id <= 0)
        return bad_value(cx, f, "an id is needed");
    *ret = VAL_INT(id);
    return E_OK;
}

enum err file_from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    struct json j = {.t = JT_STR, .s = s};
    return file_from_json(cx, f, &j, ret);
}

void file_to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_obj(w);
    jw_kid(w, S("id"), v->i);
    jw_kstr(w, S("title"), v->s);
    if (v->v) { /* read with titles: record/record_files.c */
        jw_kstr(w, S("type"), v->v->type);
        jw_kint(w, S("bytes"), v->v->id);
    }
    jw_obj_end(w);
}

void file_to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_add(out, v->s);
}

const struct kind kind_file = {.name = S0("file"),
                               .store = ST_INT,
                               .file = true,
                               .sort = false,
                               .search = false,
                               .ops = OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                               .from_json = file_from_json,
                               .from_text = file_from_text,
                               .to_json = file_to_json,
                               .to_text = file_to_text};
