/* SPDX-License-Identifier: MIT */
/* api/guard.c - before every handler: session or API key, CSRF, Origin. What a route needs stands in its row. */
#include "api/openapi.h"

#include "auth/key.h"
#include "auth/passkey.h"
#include "auth/proof.h"
#include "os/os.h"

bool session_token(struct cx *cx, const struct req *rq, str *ret)
{
    (void)cx;
    return http_cookie(rq, S("__Host-kontor"), ret) || http_cookie(rq, S("kontor"), ret);
}

/* A browser says where a request comes from; who says nothing is no browser (RFC 6454, Fetch metadata). */
static enum err foreign(struct cx *cx)
{
    cx->refusal = EVENT_REFUSED_ORIGIN;
    return fail(cx, E_DENIED, "Requests from other sites are refused");
}

static enum err origin_check(struct cx *cx, const struct req *rq)
{
    str site = http_header(rq, S("Sec-Fetch-Site")), origin = http_header(rq, S("Origin")),
        scheme = {0}, host = {0};
    if (site.n && !str_eq(site, S("same-origin")) && !str_eq(site, S("none")))
        return foreign(cx);
    if (!origin.n) return E_OK;
    ptrdiff_t at = str_find(origin, S("://"));
    if (at < 0) return foreign(cx);
    scheme = str_cut(origin, 0, (size_t)at);
    host = str_cut(origin, (size_t)at + 3, SIZE_MAX);
    if (!str_eq_nocase(host, rq->host) ||
        !(str_eq(scheme, S("http")) || str_eq(scheme, S("https"))))
        return foreign(cx);
    return E_OK;
}

/* ---- API keys ---- */
static bool bearer(const struct req *rq, str *ret)
{
    str h = http_header(rq, S("Authorization")), scheme = {0};
    if (!h.n) return false;
    bool two = str_split(h, ' ', &scheme, ret);
    *ret = two && str_eq_nocase(scheme, S("Bearer")) ? str_trim(*ret) : S("");
    return true;
}

bool who_token(struct cx *cx, const struct req *rq, str *ret)
{
    return bearer(rq, ret) || session_token(cx, rq, ret);
}

/* The entity's routes, own and built-in ones: /api/v1/{entity}, /api/v1/count/{entity}, ... */
static bool is_of_entity(const struct route *r)
{
    return str_find(r->path, S("{entity}")) >= 0 && !str_has_prefix(r->path, S("/api/v1/meta/"));
}

static enum err key_may(struct cx *cx, const struct req *rq)
{
    unsigned flags = rq->route->flags, opens = cx->acl->opens;
    bool writes = flags & R_WRITE;
    if (flags & R_PERSON) return fail(cx, E_DENIED, "This is for people who log in, not for API keys");
    if (writes && !(opens & OPENS_WRITING)) return fail(cx, E_DENIED, "This API key may only read");
    if (!(flags & R_RIGHTS) && !(opens & (writes ? OPENS_OWN_WRITING : OPENS_OWN)))
        return fail(cx, E_DENIED, "This API key is not for that");
    if (!is_of_entity(rq->route)) return E_OK;
    const struct entity *e = meta_entity(cx->meta, rq->param[0]);
    /* a key that sees all its user does is answered as he is; any other is told the same of what is not there */
    bool fits = opens & OPENS_OWN || (e && acl_may(cx, e, ACT_SEE));
    return fits ? E_OK : fail(cx, E_DENIED, "This API key is not for that");
}

static enum err key_guard(struct cx *cx, const struct req *rq, struct resp *rs, str token)
{
    enum err e = key_enter(cx, cx->app->auth, token);
    if (e == E_AUTH) http_head(rs, S("WWW-Authenticate"), S("Bearer error=\"invalid_token\""));
    TRY(e);
    return key_may(cx, rq);
}

/* A cookie that a browser sends by itself opens nothing here. */
static enum err key_needed(struct cx *cx, struct resp *rs)
{
    http_head(rs, S("WWW-Authenticate"), S("Bearer"));
    return fail(cx, E_AUTH, "An API key is needed here");
}

/* ---- as somebody else sees it ---- */
/* Whoever manages users may look through another's rights, and only look: records and settings, what stands under
 * R_RIGHTS. What is nobody's but one's own (entries, arrangements, notices) stays the asker's. */
static enum err shown_as(struct cx *cx, const struct req *rq)
{
    str as = http_header(rq, S("X-Kontor-As")), lang = cx->lang;
    int64_t id = 0;
    if (!as.n) return E_OK;
    if (!acl_sys(cx, SYS_USERS)) return fail(cx, E_DENIED, "Only who manages users may look as somebody else");
    if (rq->route->flags & R_WRITE)
        return fail(cx, E_DENIED, "You are looking as somebody else: nothing can be changed");
    if (!(rq->route->flags & R_RIGHTS)) return E_OK;
    int64_t self = cx->who.user;
    enum err e = str_to_int(as, &id) && id > 0 ? auth_as(cx, id) : E_AUTH;
    if (e == E_OK) cx->real = self;
    struct refused x = {.kind = EVENT_SHOWN_AS, .way = cx->way, .who = self, .subject = id, .addr = rq->remote};
    if (e == E_OK) tally_count(cx->app->tally, &x, cx->now_ms);
    if (e == E_AUTH) return fail(cx, E_NOTFOUND, "There is no such user");
    cx->lang = lang;
    return e;
}

/* ---- sessions ---- */
/* A session that lacks a step of its log-in opens the routes of that step alone. */
static enum err session_enter(struct cx *cx, unsigned flags, str token, struct session *ret)
{
    static const unsigned opens[] = {[STAGE_IN] = R_HALF,
                                     [STAGE_PASSWORD] = R_AT_PASSWORD,
                                     [STAGE_FACTOR] = R_AT_FACTOR,
                                     [STAGE_ENROL] = R_AT_ENROL};
    if (!(flags & R_HALF)) return auth_session_enter(cx, cx->app->auth, token, ret);
    TRY(auth_session_half(cx, token, ret));
    return flags & opens[ret->stage] ? E_OK : auth_lacks(cx, ret->stage);
}

/* ---- recent log-in ---- */
/* Users and roles are records; theirs are the routes of any. */
bool guard_proves(const struct route *r, str entity)
{
    static handler_fn *const of_records[] = {api_create,  api_patch, api_delete, api_restore,
                                             api_merge, api_bulk,  api_mass};
    if (r->flags & (R_PROOF | R_PROOF_OWN)) return true;
    for (size_t i = 0; i < COUNT(of_records); i++)
        if (r->fn == of_records[i]) return record_lets_in(entity);
    return false;
}

/* ---- parameters ---- */
/* What the route does not know is told, not passed over: a slip of the pen would change what is found. */
static enum err query_check(struct cx *cx, const struct req *rq)
{
    str one = {0}, name = {0}, value = {0};
    for (str rest = rq->query; rest.n;) {
        str_split(rest, '&', &one, &rest);
        str_split(one, '=', &name, &value);
        if (one.n && !openapi_takes(cx, rq->route, one))
            return fail_at(cx, E_BAD, name, "This address does not know this parameter");
    }
    return E_OK;
}

static enum err entered(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct session s = {0};
    str token = {0};
    unsigned flags = rq->route->flags;
    if (rq->query.n && key_is_within(rq->query))
        return fail(cx, E_BAD, "An API key belongs into the header Authorization, never into an address");
    if ((flags & (R_WRITE | R_BEARER)) || rq->route->fn == api_events) TRY(origin_check(cx, rq));
    if (flags & R_OPEN) return E_OK;
    if (bearer(rq, &token)) return key_guard(cx, rq, rs, token);
    if (flags & R_BEARER) return key_needed(cx, rs);
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(session_enter(cx, flags, token, &s));
    cx->way = WAY_WEB;
    str csrf = http_header(rq, S("X-CSRF-Token"));
    bool fits = csrf.n == s.csrf.n && os_equal(csrf.p, s.csrf.p, csrf.n);
    if ((flags & R_WRITE) && !fits) {
        cx->refusal = EVENT_REFUSED_CSRF;
        return fail(cx, E_DENIED, "Please load the page again: its security token is missing or no longer valid");
    }
    cx->unproved = s.proved_at + PROOF_MS < cx->now_ms;
    if (guard_proves(rq->route, rq->param[0])) TRY(auth_proved(cx, &s, flags & R_PROOF_OWN ? PROOF_OWN : PROOF_RECENT));
    return shown_as(cx, rq);
}

/* Where browsers know no passkeys nobody is to be told to need one. */
static void passkeys_told(struct cx *cx, const struct req *rq)
{
    struct wa_site site = {0};
    if (rq->route->flags & R_WRITE) cx->no_passkeys = !passkey_site(cx->a, cx->app->url, rq->host, &site);
}

enum err api_guard(struct cx *cx, struct req *rq, struct resp *rs)
{
    cx->way = WAY_API;
    TRY(entered(cx, rq, rs));
    passkeys_told(cx, rq);
    return query_check(cx, rq);
}
