/* SPDX-License-Identifier: MIT */
/* idp/fetch.c - one request to a provider by libcurl: to the addresses that were judged, no redirects, bounded. */
#include "idp/idp_int.h"
#include "os/outgoing_call.h"

enum { CONNECT_MS = 4000, TOTAL_MS = 8000 };

struct got {
    struct outgoing_call call;
    struct buf b;
};

static void got_end(struct got *g) { outgoing_call_end(&g->call); }

static size_t on_body(char *p, size_t one, size_t n, void *arg)
{
    struct got *g = arg;
    (void)one;
    buf_add(&g->b, (str){p, n});
    return g->b.full ? 0 : n; /* too much: the transfer ends */
}

static bool headers(struct cx *cx, const struct idp_call *c, struct got *g)
{
    return outgoing_call_head(cx, &g->call, S("Accept: application/json")) &&
           (!c->authorization.n ||
            outgoing_call_head(cx, &g->call, arena_fmt(cx->a, "Authorization: %.*s", FS(c->authorization))));
}

#define SET(opt, v) (ok = ok && curl_easy_setopt(g->call.h, (opt), (v)) == CURLE_OK)
static bool prepare(struct cx *cx, const struct idp_call *c, struct got *g)
{
    bool ok = headers(cx, c, g) && outgoing_call_open(cx, &g->call);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    SET(CURLOPT_MAXFILESIZE, (long)IDP_ANSWER_BYTES);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, g);
    if (c->form.n) {
        SET(CURLOPT_POSTFIELDSIZE, (long)c->form.n);
        SET(CURLOPT_POSTFIELDS, arena_z(cx->a, c->form));
    }
    return ok;
}

static enum err not_reached(struct cx *cx, const char *how)
{
    return fail_at(cx, E_BUSY, S("issuer"), "The provider cannot be reached (%s)", how);
}

/* An answer that was too large ended the transfer itself; a connection that was refused is told as that. */
static const char *kind_of(const struct got *g, CURLcode rc)
{
    return g->b.full && !g->call.refused ? "too large" : outgoing_call_failed(&g->call, rc);
}

/* Is it what a visitor has shown that is wrong, and not who we are, or how it goes there? (RFC 6749 5.2) */
static bool is_shown_wrong(struct cx *cx, const struct idp_call *c, long status, str body)
{
    const struct json *j = NULL;
    if (!c->form.n || status < 400 || status > 403 || json_parse(cx, body, &j) != E_OK) return false;
    const struct json *e = j->t == JT_OBJ ? json_get(j, S("error")) : NULL;
    return e && e->t == JT_STR && str_eq(e->s, S("invalid_grant"));
}

static enum err perform(struct cx *cx, const struct outgoing_rules *rules, const struct idp_call *c,
                        str *ret)
{
    struct got g OWNED(got_end) = {.b = buf_new(cx->a, IDP_ANSWER_BYTES)};
    long status = 0;
    if (outgoing_url(cx, rules, c->url, &g.call.to) != E_OK) return not_reached(cx, "refused");
    enum err e = outgoing_resolve(cx, rules, &g.call.to);
    if (e != E_OK) return not_reached(cx, e == E_BUSY ? "unknown name" : "refused");
    if (!prepare(cx, c, &g)) return not_reached(cx, "broken");
    CURLcode rc = curl_easy_perform(g.call.h);
    (void)curl_easy_getinfo(g.call.h, CURLINFO_RESPONSE_CODE, &status);
    if (rc != CURLE_OK || g.b.full) return not_reached(cx, kind_of(&g, rc));
    if (status != 200)
        return fail_at(cx, is_shown_wrong(cx, c, status, buf_str(&g.b)) ? E_INVALID : E_BUSY,
                       S("issuer"), "The provider answered with %ld", status);
    *ret = buf_str(&g.b);
    return E_OK;
}

/* No connection of the database is held while the net is waited for. */
enum err idp_fetch(struct cx *cx, const struct outgoing_rules *rules, const struct idp_call *c,
                   const struct json **ret)
{
    struct dbase *b = cx->db ? db_base(cx->db) : NULL;
    str body = {0};
    if (b) db_snapshot_end(cx);
    if (b) db_put(&cx->db);
    enum err e = perform(cx, rules, c, &body);
    if (b) cx->db = db_get(b);
    TRY(e);
    if (json_parse(cx, body, ret) != E_OK || (*ret)->t != JT_OBJ)
        return fail(cx, E_INVALID, "The provider's answer makes no sense");
    return E_OK;
}
