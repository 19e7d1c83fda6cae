/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_outgoing.c - an address, whatever it is: refused, or one host of plain letters that libcurl reads as we do.
 * Up to the first line break it is the administrator's list. */
#include "os/outgoing.h"

#include <curl/curl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inside(struct cx *cx, str host, struct outgoing_addr *ret, size_t max)
{
    (void)cx, (void)host, (void)max;
    *ret = (struct outgoing_addr){.b = {127, 0, 0, 1}};
    return 1;
}

/* The second reader agrees about scheme, host and port: no address means one thing here and another there. */
static void agree(struct cx *cx, const struct outgoing *o)
{
    CURLU *u = curl_url();
    char *host = NULL, *scheme = NULL, *port = NULL;
    assert(u && curl_url_set(u, CURLUPART_URL, arena_z(cx->a, o->url), CURLU_PATH_AS_IS) == CURLUE_OK);
    CURLUcode a = curl_url_get(u, CURLUPART_HOST, &host, 0), b = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0), c = curl_url_get(u, CURLUPART_PORT, &port, 0);
    assert(a == CURLUE_OK && b == CURLUE_OK && c == CURLUE_OK);
    str h = str_from(host);
    if (o->literal && o->addr[0].v6) assert(h.n > 2 && h.p[0] == '[');
    else assert(str_eq_nocase(h, o->host));
    assert(str_eq(str_from(scheme), o->https ? S("https") : S("http")));
    assert(str_eq(str_from(port), arena_fmt(cx->a, "%d", o->port)));
    curl_free(host);
    curl_free(scheme);
    curl_free(port);
    curl_url_cleanup(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx cx = {.a = arena_new(), .lang = S("en")};
    struct outgoing_rules r = {.lookup = inside};
    struct outgoing o = {0};
    str url = {0}, all = {(const char *)data, size};
    str_split(all, '\n', &r.allow, &url);
    if (size && outgoing_rules_check(&cx, &r) == E_OK && outgoing_url(&cx, &r, url, &o) == E_OK) {
        assert(o.host.n && o.host.n <= 253 && o.port > 0 && o.port < 65536);
        for (size_t i = 0; i < o.url.n; i++) assert(o.url.p[i] > ' ' && o.url.p[i] < 0x7F);
        agree(&cx, &o);
        if (!r.allow.n && !o.literal) assert(outgoing_resolve(&cx, &r, &o) == E_DENIED);
        assert(outgoing_pin(&cx, &o).n < 4096);
    }
    arena_free(&cx.a);
    return 0;
}
