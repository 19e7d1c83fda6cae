/* SPDX-License-Identifier: MIT */
/* search/search_index.c - the writing half: what of a record can be found. */
#include "search/search_int.h"

#include "fmt/fold.h"

enum { SEARCH_TEXT_MAX = 64 * 1024 };

struct words {
    str title, rest;
    int64_t owner;
};

str token_entity(struct arena *a, const struct entity *e)
{
    uint64_t h = str_hash(e->name);
    return arena_fmt(a, "%c%c%c", TOKEN_ENTITY, (char)('!' + h % 94), (char)('!' + h / 94 % 94));
}

str token_owner(struct arena *a, int64_t owner)
{
    char out[9] = {TOKEN_OWNER};
    uint64_t h = (uint64_t)owner * 0x9E3779B97F4A7C15u;
    size_t n = 1;
    n += utf8_put(out + n, 0x4E00 + (uint32_t)(h >> 50));
    n += utf8_put(out + n, 0x4E00 + (uint32_t)(h >> 36 & 0x3FFF));
    return arena_dup(a, (str){out, n});
}

static void add_field(struct cx *cx, const struct field *f, const struct val *v, struct buf *b)
{
    if (!f->search || f->trashed || v->t == VT_NULL) return;
    if (b->n) buf_byte(b, '\n');
    if (f->kind->to_search) f->kind->to_search(cx, f, v, b);
    else f->kind->to_text(cx, f, v, b);
}

static struct words words_of(struct cx *cx, const struct entity *e, const struct val *v)
{
    struct buf title = buf_new(cx->a, SEARCH_TEXT_MAX), rest = buf_new(cx->a, SEARCH_TEXT_MAX);
    if (!v) return (struct words){0};
    for (size_t i = F_SYSTEM_N; i < e->n; i++)
        add_field(cx, &e->f[i], &v[i], i == e->title ? &title : &rest);
    return (struct words){buf_str(&title), buf_str(&rest),
                          v[F_OWNER].t == VT_INT ? v[F_OWNER].i : 0}; /* cut at 64 KiB */
}

static str text_of(struct cx *cx, const struct entity *e, const struct words *w)
{
    struct buf b = buf_new(cx->a, SIZE_MAX / 2);
    if (!w->title.n && !w->rest.n) return S("");
    buf_add(&b, fold_search(cx->a, w->title));
    buf_byte(&b, '\n');
    buf_add(&b, fold_search(cx->a, w->rest));
    buf_byte(&b, '\n');
    buf_add(&b, token_entity(cx->a, e));
    if (w->owner) buf_add(&b, token_owner(cx->a, w->owner));
    return buf_str(&b);
}

static enum err text_put(struct cx *cx, const struct entity *e, int64_t id, const struct val *old,
                         const struct val *v)
{
    struct words was = words_of(cx, e, old), now = words_of(cx, e, v);
    if (old && v && was.owner == now.owner && str_eq(was.title, now.title) &&
        str_eq(was.rest, now.rest))
        return E_OK;
    return db_search_put(cx, e->name, id, S(""), text_of(cx, e, &now));
}

enum err search_again(struct cx *cx, const struct entity *e, int64_t id, const struct val *v)
{
    return text_put(cx, e, id, NULL, v);
}

enum err search_put(struct cx *cx, const struct entity *e, int64_t id, const struct val *old,
                    const struct val *v)
{
    if (e->search) TRY(text_put(cx, e, id, old, v));
    return e->dups ? dup_keys_put(cx, e, id, old, v) : E_OK;
}
