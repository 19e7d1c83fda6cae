/* SPDX-License-Identifier: MIT */
/* api/guard.c - before every handler: session, CSRF, Origin. What a route needs stands in its row. */
#include "api/api_int.h"

#include "os/os.h"

bool session_token(struct cx *cx, const struct req *rq, str *ret)
{
    (void)cx;
    return http_cookie(rq, S("__Host-kontor"), ret) || http_cookie(rq, S("kontor"), ret);
}

/* A browser says where a request comes from; who says nothing is no browser (RFC 6454, Fetch metadata). */
static enum err origin_check(struct cx *cx, const struct req *rq)
{
    str site = http_header(rq, S("Sec-Fetch-Site")), origin = http_header(rq, S("Origin")),
        scheme = {0}, host = {0};
    if (site.n && !str_eq(site, S("same-origin")) && !str_eq(site, S("none")))
        return fail(cx, E_DENIED, "Requests from other sites are refused");
    if (!origin.n) return E_OK;
    ptrdiff_t at = str_find(origin, S("://"));
    if (at < 0) return fail(cx, E_DENIED, "Requests from other sites are refused");
    scheme = str_cut(origin, 0, (size_t)at);
    host = str_cut(origin, (size_t)at + 3, SIZE_MAX);
    if (!str_eq_nocase(host, rq->host) ||
        !(str_eq(scheme, S("http")) || str_eq(scheme, S("https"))))
        return fail(cx, E_DENIED, "Requests from other sites are refused");
    return E_OK;
}

enum err api_guard(struct cx *cx, struct req *rq, struct resp *rs)
{
    struct session s = {0};
    str token = {0};
    unsigned flags = rq->route->flags;
    (void)rs;
    cx->way = WAY_API;
    if ((flags & R_WRITE) || rq->route->fn == api_events) TRY(origin_check(cx, rq));
    if (flags & R_OPEN) return E_OK;
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(auth_session_enter(cx, cx->app->auth, token, &s));
    cx->way = WAY_WEB;
    str csrf = http_header(rq, S("X-CSRF-Token"));
    if ((flags & R_WRITE) && (csrf.n != s.csrf.n || !os_equal(csrf.p, s.csrf.p, csrf.n)))
        return fail(cx, E_DENIED, "Please load the page again: its security token is missing or no longer valid");
    return E_OK;
}
