/* SPDX-License-Identifier: MIT */
/* api/markup.c - POST /markup: what stands in long texts, for who shows them. */
#include "fmt/markup.h"
#include "api/api_int.h"

enum { TEXTS_MAX = 100, BYTES_MAX = 400000 };

enum err api_markup(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    TRY(body_json(cx, rq, &j));
    const struct json *texts = json_get(j, S("texts"));
    if (!texts || texts->t != JT_ARR || texts->n > TEXTS_MAX)
        return fail_at(cx, E_INVALID, S("texts"), "This value is not of the right kind");
    size_t bytes = 0;
    for (size_t i = 0; i < texts->n; i++) {
        bytes += texts->v[i].s.n;
        if (texts->v[i].t != JT_STR) return fail_at(cx, E_INVALID, S("texts"), "This value is not of the right kind");
    }
    if (bytes > BYTES_MAX)
        return fail_at(cx, E_LIMIT, S("texts"), "These are more than %d bytes: ask for fewer texts at once", BYTES_MAX);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("html"));
    jw_arr(&w);
    for (size_t i = 0; i < texts->n; i++) {
        struct arena *a = arena_new(); /* not all of them at once */
        jw_str(&w, markup_html(a, texts->v[i].s));
        arena_free(&a);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}
