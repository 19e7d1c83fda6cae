/* SPDX-License-Identifier: MIT */
/* api/query.c - POST /{entity}/query: the list of GET /{entity}, asked for by a body, for filters that are too long for
 * an address. It is read into the query of a request for that list: there is one list. */
#include "api/api_int.h"

void query_encoded(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_';
        if (plain) buf_byte(b, c);
        else buf_fmt(b, "%%%02X", (unsigned char)c);
    }
}

/* "a" or ["a","b"] as "a,b" */
static bool names_text(struct cx *cx, const struct json *v, str *ret)
{
    struct buf b = buf_new(cx->a, BODY_RECORD);
    *ret = v->s;
    if (v->t == JT_STR) return true;
    if (v->t != JT_ARR) return false;
    for (size_t i = 0; i < v->n; i++) {
        if (v->v[i].t != JT_STR) return false;
        if (i) buf_byte(&b, ',');
        buf_add(&b, v->v[i].s);
    }
    *ret = buf_str(&b);
    return !b.full;
}

static bool tree_text(struct cx *cx, const struct json *v, str *ret)
{
    struct buf b = buf_new(cx->a, BODY_RECORD * 2);
    struct jw w = jw_new(&b);
    jw_json(&w, v);
    *ret = buf_str(&b);
    return v->t == JT_OBJ && !b.full;
}

static bool plain_text(struct cx *cx, const struct json *v, str *ret)
{
    (void)cx;
    *ret = v->s;
    return v->t == JT_STR || v->t == JT_NUM;
}

static bool yes_text(struct cx *cx, const struct json *v, str *ret)
{
    (void)cx;
    *ret = v->b ? S("1") : S("");
    return v->t == JT_BOOL;
}

static const struct {
    str name;
    bool (*text)(struct cx *cx, const struct json *v, str *ret);
} members[] = {{S0("filter"), tree_text},   {S0("sort"), names_text}, {S0("fields"), names_text},
               {S0("include"), names_text}, {S0("q"), plain_text},    {S0("cursor"), plain_text},
               {S0("limit"), plain_text},   {S0("at"), plain_text},   {S0("count"), yes_text},
               {S0("deleted"), yes_text},   {S0("shared_with"), plain_text}};

static enum err member_add(struct cx *cx, const struct json *v, struct buf *b)
{
    size_t i = 0;
    str text = {0};
    while (i < COUNT(members) && !str_eq(members[i].name, v->key)) i++;
    if (i == COUNT(members))
        return fail_at(cx, E_INVALID, v->key, "A list cannot be asked for this");
    if (v->t == JT_NULL) return E_OK;
    if (!members[i].text(cx, v, &text))
        return fail_at(cx, E_INVALID, v->key, "This value is not of the right kind");
    buf_fmt(b, "&%.*s=", FS(v->key));
    query_encoded(b, text);
    return E_OK;
}

enum err api_query(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct req same = *rq;
    struct buf b = buf_new(cx->a, BODY_RECORD * 8);
    TRY(body_json(cx, rq, &j));
    for (size_t i = 0; i < j->n; i++) TRY(member_add(cx, &j->v[i], &b));
    if (b.full)
        return fail(cx, E_LIMIT,
                    "This request is too large for the database: use fewer conditions or values");
    same.query = buf_str(&b);
    return api_list(cx, &same, rs);
}
