/* SPDX-License-Identifier: MIT */
/* idp/fetch.c - one request to a provider by libcurl: to the addresses that were judged, no redirects, bounded. */
#include "idp/idp_int.h"

#include <curl/curl.h>
#include <unistd.h>

enum { CONNECT_MS = 4000, TOTAL_MS = 8000 };

struct got {
    struct outgoing to;
    CURL *h;
    struct curl_slist *headers, *pin;
    struct buf b;
    bool refused;
};

static void got_end(struct got *g)
{
    curl_easy_cleanup(g->h);
    curl_slist_free_all(g->headers);
    curl_slist_free_all(g->pin);
}

static size_t on_body(char *p, size_t one, size_t n, void *arg)
{
    struct got *g = arg;
    (void)one;
    buf_add(&g->b, (str){p, n});
    return g->b.full ? 0 : n; /* too much: the transfer ends */
}

/* Once more, whatever has become of the name in the meantime. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct got *g = arg;
    if (purpose != CURLSOCKTYPE_IPCXN || !outgoing_fits(&g->to, &a->addr)) {
        g->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static bool add(struct cx *cx, struct curl_slist **list, str line)
{
    struct curl_slist *more = curl_slist_append(*list, arena_z(cx->a, line));
    if (more) *list = more;
    return more != NULL;
}

static bool headers(struct cx *cx, const struct idp_call *c, struct got *g)
{
    bool ok = add(cx, &g->headers, S("Accept: application/json"));
    if (c->authorization.n)
        ok = ok &&
             add(cx, &g->headers, arena_fmt(cx->a, "Authorization: %.*s", FS(c->authorization)));
    str pin = outgoing_pin(cx, &g->to);
    return ok && (!pin.n || add(cx, &g->pin, pin));
}

#define SET(opt, v) (ok = ok && curl_easy_setopt(g->h, (opt), (v)) == CURLE_OK)
static bool prepare(struct cx *cx, const struct idp_call *c, struct got *g)
{
    bool ok = headers(cx, c, g);
    SET(CURLOPT_URL, arena_z(cx->a, g->to.url));
    SET(CURLOPT_PROTOCOLS_STR, g->to.https ? "https" : "http");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    if (g->pin) SET(CURLOPT_RESOLVE, g->pin);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L); /* of this handle: what is pinned stays */
    SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(CURLOPT_OPENSOCKETDATA, g);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTPHEADER, g->headers);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    SET(CURLOPT_MAXFILESIZE, (long)IDP_ANSWER_BYTES);
    SET(CURLOPT_USERAGENT, "Kontor");
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

/* Of a failure only its kind is told: neither what a stranger's port said nor how. */
static const char *kind_of(const struct got *g, CURLcode rc)
{
    if (g->refused) return "refused";
    if (g->b.full) return "too large";
    switch ((int)rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT: return "unreached";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE: return "certificate";
    case CURLE_OPERATION_TIMEDOUT: return "timeout";
    default: return "broken";
    }
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
    if (outgoing_url(cx, rules, c->url, &g.to) != E_OK) return not_reached(cx, "refused");
    enum err e = outgoing_resolve(cx, rules, &g.to);
    if (e != E_OK) return not_reached(cx, e == E_BUSY ? "unknown name" : "refused");
    g.h = curl_easy_init();
    if (!g.h || !prepare(cx, c, &g)) return not_reached(cx, "broken");
    CURLcode rc = curl_easy_perform(g.h);
    (void)curl_easy_getinfo(g.h, CURLINFO_RESPONSE_CODE, &status);
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
