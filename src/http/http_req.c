/* SPDX-License-Identifier: MIT */
/* http/http_req.c - reading a parsed request. */
#include "http/http_int.h"

str http_header(const struct req *rq, str name)
{
    for (size_t i = 0; i < rq->n_headers; i++)
        if (str_eq_nocase(rq->headers[i].name, name)) return rq->headers[i].value;
    return S("");
}

enum http_place http_place(const struct resp *rs)
{
    if (!rs->job) return PLACE_NONE;
    if (rs->job->in_loop) return PLACE_LOOP;
    return rs->job->again ? PLACE_AGAIN : PLACE_WORKER;
}

bool http_query(struct cx *cx, const struct req *rq, str key, str *ret)
{
    str part = S(""), k = S(""), v = S(""), name = S("");
    for (str rest = rq->query; rest.n;) {
        (void)str_split(rest, '&', &part, &rest);
        (void)str_split(part, '=', &k, &v);
        if (!http_decode(cx->a, k, true, &name) || !str_eq(name, key)) continue;
        return http_decode(cx->a, v, true, ret);
    }
    return false;
}

bool http_cookie(const struct req *rq, str name, str *ret)
{
    str part = S(""), k = S(""), v = S("");
    for (size_t i = 0; i < rq->n_headers; i++) {
        if (!str_eq_nocase(rq->headers[i].name, S("cookie"))) continue;
        for (str rest = rq->headers[i].value; rest.n;) {
            (void)str_split(rest, ';', &part, &rest);
            if (!str_split(str_trim(part), '=', &k, &v) || !str_eq(k, name)) continue;
            *ret = v;
            return true;
        }
    }
    return false;
}
