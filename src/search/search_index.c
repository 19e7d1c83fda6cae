/* SPDX-License-Identifier: MIT */
/* search/search_index.c - the writing half: what of a record can be found. */
#include "search/search.h"

#include "fmt/fold.h"

enum { SEARCH_TEXT_MAX = 64 * 1024 };

static str text_of(struct cx *cx, const struct entity *e, const struct val *v)
{
    struct buf b = buf_new(cx->a, SEARCH_TEXT_MAX);
    for (size_t i = F_SYSTEM_N; i < e->n; i++) {
        const struct field *f = &e->f[i];
        if (!f->search || f->trashed || v[i].t == VT_NULL) continue;
        if (b.n) buf_byte(&b, '\n');
        if (f->kind->to_search) f->kind->to_search(cx, f, &v[i], &b);
        else f->kind->to_text(cx, f, &v[i], &b);
    }
    return buf_str(&b); /* what is too long is found by its first 64 KiB */
}

enum err search_put(struct cx *cx, const struct entity *e, int64_t id, const struct val *old, const struct val *v)
{
    str was = old ? text_of(cx, e, old) : S(""), now = v ? text_of(cx, e, v) : S("");
    if (!e->search || (old && v && str_eq(was, now))) return E_OK;
    return db_search_put(cx, e->name, id, S(""), fold_search(cx->a, now));
}
