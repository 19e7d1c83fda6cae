/* SPDX-License-Identifier: MIT */
/* meta/kind_json.c - any JSON up to 64 KiB, kept as it came. */
#include "meta/meta_int.h"

enum { JSON_BYTES_MAX = 64 * 1024 };

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    struct buf b = buf_new(cx->a, JSON_BYTES_MAX);
    struct jw w = jw_new(&b);
    jw_json(&w, j);
    if (b.full) return bad_value(cx, f, "at most 64 KiB are possible");
    *ret = VAL_TEXT(buf_str(&b));
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    const struct json *j = NULL;
    TRY(json_parse(cx, s, &j));
    return from_json(cx, f, j, ret);
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    jw_raw(w, v->s);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    buf_add(out, v->s);
}

const struct kind kind_json = {.name = S0("json"),
                               .store = ST_TEXT,
                               .sort = false,
                               .search = false,
                               .ops = OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                               .from_json = from_json,
                               .from_text = from_text,
                               .to_json = to_json,
                               .to_text = to_text};
