/* SPDX-License-Identifier: MIT */
/* register/fetch.c - one request to a register by libcurl: bounded in time, size and where it may go. */
#include "register/register_int.h"

#include "os/outgoing_call.h"

#include <curl/curl.h>

enum { CONNECT_MS = 3000 };

bool reg_url_ok(str url)
{
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= ' ' || url.p[i] == '@' || url.p[i] == '\\' || url.p[i] == 0x7F)
            return false;
    if (str_has_prefix(url, S("https://"))) return url.n > 8;
    return str_has_prefix(url, S("http://")) && !outgoing_in_clear(url);
}

struct got {
    CURL *h;
    struct curl_slist *headers;
    struct buf b;
};

static void got_end(struct got *g)
{
    curl_easy_cleanup(g->h);
    curl_slist_free_all(g->headers);
}

static size_t on_body(char *p, size_t one, size_t n, void *arg)
{
    struct got *g = arg;
    (void)one;
    buf_add(&g->b, (str){p, n});
    return g->b.full ? 0 : n; /* too much: the transfer ends */
}

static bool header_add(struct cx *cx, struct got *g, str line)
{
    struct curl_slist *more = curl_slist_append(g->headers, arena_z(cx->a, line));
    if (more) g->headers = more;
    return more != NULL;
}

#define SET(opt, v) (ok = ok && curl_easy_setopt(g->h, (opt), (v)) == CURLE_OK)
static bool call_set(struct cx *cx, const struct reg_call *c, int timeout_ms, struct got *g)
{
    bool https = str_has_prefix(c->url, S("https://")), ok = header_add(cx, g, S("Accept: application/json"));
    if (c->header.n) ok = ok && header_add(cx, g, c->header);
    if (c->post.n) ok = ok && header_add(cx, g, S("Content-Type: application/json"));
    SET(CURLOPT_URL, arena_z(cx->a, c->url));
    SET(CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
    if (!https) SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_HTTPHEADER, g->headers);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(timeout_ms < CONNECT_MS ? timeout_ms : CONNECT_MS));
    SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    SET(CURLOPT_MAXFILESIZE, (long)REG_ANSWER_BYTES);
    SET(CURLOPT_USERAGENT, "Kontor");
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, g);
    if (c->post.n) {
        SET(CURLOPT_POSTFIELDSIZE, (long)c->post.n);
        SET(CURLOPT_POSTFIELDS, arena_z(cx->a, c->post));
    }
    return ok;
}

enum err reg_fetch(struct cx *cx, const struct reg_call *c, str ca, int timeout_ms, str *ret)
{
    struct got g OWNED(got_end) = {.h = curl_easy_init(), .b = buf_new(cx->a, REG_ANSWER_BYTES)};
    long status = 0;
    if (!reg_url_ok(c->url)) return fail(cx, E_BUSY, "The register cannot be reached");
    if (!g.h || !outgoing_ca_set(g.h, ca) || !call_set(cx, c, timeout_ms, &g))
        return fail(cx, E_BUSY, "The register cannot be reached");
    CURLcode rc = curl_easy_perform(g.h);
    (void)curl_easy_getinfo(g.h, CURLINFO_RESPONSE_CODE, &status);
    if (rc != CURLE_OK || status != 200 || g.b.full) return fail(cx, E_BUSY, "The register cannot be reached");
    *ret = buf_str(&g.b);
    return E_OK;
}
