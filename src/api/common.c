/* SPDX-License-Identifier: MIT */
/* api/common.c - the route table and what handlers share. */
#include "api/api_int.h"

#include "base/time.h"
#include "search/search.h"

#define ROUTE(m, path, fn, flags, body, doc, ...) {m, S0(path), fn, flags, 0, body, S0(doc "\n" __VA_ARGS__)},
const struct route api_routes[] = {
#include "api/routes.def"
};
#undef ROUTE
const size_t api_routes_n = COUNT(api_routes);

struct jw reply_json(struct resp *rs) { return jw_new(&rs->body); }

struct jw problem_json(struct cx *cx, struct resp *rs, enum err e)
{
    struct jw w = reply_json(rs);
    rs->status = err_info[e].http;
    rs->type = S("application/problem+json");
    jw_obj(&w);
    jw_kstr(&w, S("type"), arena_fmt(cx->a, "urn:kontor:error:%.*s", FS(err_info[e].name)));
    jw_kstr(&w, S("title"), e == E_CONFLICT ? S("Conflict") : err_info[e].name);
    jw_kint(&w, S("status"), rs->status);
    jw_kstr(&w, S("code"), err_info[e].name);
    jw_kstr(&w, S("detail"), cx->msg);
    if (cx->at.n) jw_kstr(&w, S("field"), cx->at);
    jw_kstr(&w, S("request_id"), cx->req);
    return w;
}

struct jw conflict_json(struct cx *cx, struct resp *rs)
{
    cx->at = S("");
    return problem_json(cx, rs, E_CONFLICT);
}

enum err path_entity(struct cx *cx, const struct req *rq, const struct entity **ret)
{
    const struct entity *e = meta_entity(cx->meta, rq->param[0]);
    if (!e || !acl_may(cx, e, ACT_SEE))
        return fail(cx, E_NOTFOUND, "There is nothing of this name");
    *ret = e;
    return E_OK;
}

enum err path_id(struct cx *cx, const struct req *rq, size_t param, int64_t *ret)
{
    str id = rq->param[param];
    bool one_way = id.n && id.p[0] != '0'; /* a record has one address: 012 is none of 12's */
    if (!one_way || !str_to_int(id, ret) || *ret <= 0)
        return fail(cx, E_NOTFOUND, "There is no such record");
    return E_OK;
}

static bool is_json(str type)
{
    str name = {0}, rest = {0};
    str_split(type, ';', &name, &rest);
    return str_eq_nocase(str_trim(name), S("application/json"));
}

enum err body_is_json(struct cx *cx, const struct req *rq)
{
    if (!rq->body.n || is_json(http_header(rq, S("Content-Type")))) return E_OK;
    return fail(cx, E_TYPE, "The body must be application/json");
}

enum err body_json(struct cx *cx, const struct req *rq, const struct json **ret)
{
    TRY(body_is_json(cx, rq));
    TRY(json_parse(cx, rq->body.n ? rq->body : S("{}"), ret));
    return (*ret)->t == JT_OBJ ? E_OK : fail(cx, E_BAD, "The body must be an object");
}

static bool may_read(const struct cx *cx, const struct field *f) { return acl_field_read(cx, f); }
static bool may_see(const struct cx *cx, const struct entity *e) { return acl_may(cx, e, ACT_SEE); }

enum err filter_asked(struct cx *cx, const struct entity *e, const struct json *j,
                      const struct cond **ret)
{
    static const struct filter_opts opts = {may_read, may_see};
    return filter_parse(cx, e, j, &opts, ret);
}

enum err query_filter(struct cx *cx, const struct req *rq, const struct entity *e,
                      const struct cond **ret)
{
    const struct json *j = NULL;
    str text = {0};
    *ret = NULL;
    if (!http_query(cx, rq, S("filter"), &text) || !text.n) return E_OK;
    TRY(json_parse(cx, text, &j));
    return filter_asked(cx, e, j, ret);
}

enum err query_columns(struct cx *cx, const struct req *rq, const struct entity *e, const struct list_column **ret,
                       size_t *ret_n)
{
    str text = {0};
    if (!http_query(cx, rq, S("fields"), &text) || !text.n) return E_OK;
    return record_columns(cx, e, text, ret, ret_n);
}

void reply_written(struct cx *cx, struct resp *rs, const struct written *w)
{
    http_head(rs, S("ETag"), arena_fmt(cx->a, "\"%" PRId64 "\"", w->version));
    if (w->seq) http_head(rs, S("X-Change"), arena_fmt(cx->a, "%" PRId64, w->seq));
}

enum err if_match(struct cx *cx, const struct req *rq, int64_t *ret)
{
    str h = http_header(rq, S("If-Match"));
    *ret = 0;
    if (!h.n || str_eq(h, S("*"))) return E_OK;
    if (h.n < 3 || h.p[0] != '"' || !str_to_int(str_cut(h, 1, h.n - 1), ret))
        return fail(cx, E_BAD, "If-Match takes the version in quotes");
    return E_OK;
}

enum err query_text(struct cx *cx, const struct req *rq, const struct entity *e, bool walk,
                    str *ret_text, const struct sql **ret)
{
    str text = {0};
    if (!http_query(cx, rq, S("q"), &text) || !str_trim(text).n) return E_OK;
    struct sql *s = NEW(cx->a, struct sql);
    *s = sql_new(cx);
    TRY(search_where(cx, text, e, walk, s));
    *ret_text = text;
    *ret = s;
    return E_OK;
}

enum err query_shared(struct cx *cx, const struct req *rq, bool *ret)
{
    str s = {0};
    if (!http_query(cx, rq, S("shared_with"), &s) || !s.n) return E_OK;
    *ret = str_eq(s, S("me"));
    return *ret ? E_OK : fail_at(cx, E_BAD, S("shared_with"), "Possible here: %.*s", FS(S("me")));
}

void dup_why_json(struct jw *w, unsigned why, bool black)
{
    static const str names[] = {S0("phone"), S0("mail"), S0("tax"), S0("name")};
    jw_key(w, S("why"));
    jw_arr(w);
    for (size_t i = 0; i < COUNT(names); i++)
        if (why & 1u << i) jw_str(w, names[i]);
    if (black) jw_str(w, S("blacklist"));
    jw_arr_end(w);
}

void titled_json(struct jw *w, str key, int64_t id, str title)
{
    jw_key(w, key);
    if (!id) {
        jw_null(w);
        return;
    }
    jw_obj(w);
    jw_kid(w, S("id"), id);
    jw_kstr(w, S("title"), title);
    jw_obj_end(w);
}

void time_json(struct cx *cx, struct jw *w, str key, int64_t ms)
{
    jw_key(w, key);
    if (ms) jw_str(w, time_text(cx->a, ms));
    else jw_null(w);
}

enum err query_cursor(struct cx *cx, const struct req *rq, int64_t *ret)
{
    str s = {0};
    if (http_query(cx, rq, S("cursor"), &s) && s.n && (!str_to_int(s, ret) || *ret < 1))
        return fail_at(cx, E_BAD, S("cursor"), "This cursor is not valid");
    return E_OK;
}
