/* SPDX-License-Identifier: MIT */
/* api/matching.c - a list with a search text: the best hits first, then all others.
 *
 * Cursor: "q<n>" goes on behind the n-th of the best, "r<cursor>" among the others. Each page finds the best anew: a
 * record that was written between two pages may move, none is lost for the whole list is one condition in SQL. */
#include "api/api_int.h"

#include "search/search.h"

enum { BEST = 50 };

static enum err best_ids(struct cx *cx, const struct entity *e, str text, int64_t *ids, size_t *ret_n)
{
    struct found_group *g = NULL;
    size_t n = 0;
    TRY(search_find(cx, text, e, BEST, &g, &n));
    *ret_n = n ? g[0].n : 0;
    for (size_t i = 0; i < *ret_n; i++) ids[i] = g[0].v[i].id;
    return E_OK;
}

/* Those of the best that the filter lets through, by rank. */
static enum err best_read(struct cx *cx, const struct entity *e, const struct query *q,
                          const int64_t *ids, size_t n, struct record *out, size_t *ret_n)
{
    struct query best = *q;
    struct page p = {0};
    *ret_n = 0;
    if (!n) return E_OK;
    best.ids = ids;
    best.n_ids = n;
    best.also = NULL;
    best.cursor = S("");
    best.limit = BEST;
    TRY(record_list(cx, e, &best, &p));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < p.n; k++)
            if (p.v[k].id == ids[i]) out[(*ret_n)++] = p.v[k];
    return E_OK;
}

/* All that fit but the best. */
static enum err others(struct cx *cx, const struct entity *e, const struct query *q,
                       const int64_t *ids, size_t n, size_t limit, str cursor, struct page *ret)
{
    struct query rest = *q;
    struct sql also = sql_new(cx);
    sql_append(cx, &also, q->also);
    if (n) {
        sql_lit(&also, " AND t.id NOT IN ");
        sql_ids(cx, &also, ids, n);
    }
    rest.also = &also;
    rest.cursor = cursor;
    rest.limit = limit;
    return record_list(cx, e, &rest, ret);
}

static enum err place_read(struct cx *cx, str cursor, size_t *ret_at, str *ret_rest)
{
    int64_t at = 0;
    *ret_rest = S("");
    if (cursor.n && cursor.p[0] == 'r') {
        *ret_at = BEST;
        *ret_rest = str_cut(cursor, 1, cursor.n);
        return E_OK;
    }
    if (cursor.n && (cursor.p[0] != 'q' || !str_to_int(str_cut(cursor, 1, cursor.n), &at) || at < 1 ||
                     at > BEST))
        return fail_at(cx, E_BAD, S("cursor"), "This cursor does not belong to this list");
    *ret_at = (size_t)at;
    return E_OK;
}

enum err list_by_text(struct cx *cx, const struct entity *e, str text, const struct query *q,
                      struct page *ret)
{
    int64_t ids[BEST];
    struct record *v = NEW_N(cx->a, struct record, BEST + q->limit);
    struct page rest = {.next = S("")};
    size_t n_ids = 0, n = 0, at = 0, k = 0;
    str cursor = {0};
    if (q->n_sort) return record_list(cx, e, q, ret);
    TRY(place_read(cx, q->cursor, &at, &cursor));
    TRY(best_ids(cx, e, text, ids, &n_ids));
    if (at < BEST) TRY(best_read(cx, e, q, ids, n_ids, v, &n));
    if (n > at + q->limit) {
        *ret = (struct page){v + at, q->limit, arena_fmt(cx->a, "q%zu", at + q->limit)};
        return E_OK;
    }
    size_t have = n > at ? n - at : 0, want = q->limit - have;
    TRY(others(cx, e, q, ids, n_ids, want ? want : 1, cursor, &rest));
    for (; want && k < rest.n; k++) v[at + have + k] = rest.v[k];
    ret->v = v + at;
    ret->n = have + k;
    ret->next = rest.next.n && want ? arena_fmt(cx->a, "r%.*s", FS(rest.next))
                : rest.n && !want  ? S("r")
                                   : S("");
    return E_OK;
}
