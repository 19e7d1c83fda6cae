/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_http.c - request heads and chunked bodies: what is accepted holds its promises, and the
 * verdict does not depend on how the bytes were cut on their way. */
#include "http/http_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(str in, str s) { assert(!s.n || (s.p >= in.p && s.p + s.n <= in.p + in.n)); }

static void check_head(struct arena *a, const struct http_limits *l, str in,
                       const struct http_head *h)
{
    assert(h->bytes <= in.n && h->bytes <= l->header_bytes && h->rq.n_headers <= HTTP_HEADERS_MAX);
    assert(memcmp(in.p + h->bytes - 4, "\r\n\r\n", 4) == 0);
    assert(!h->chunked || h->length < 0);
    assert(utf8_valid(h->rq.path) && !memchr(h->rq.path.p, 0, h->rq.path.n));
    assert(str_find(h->rq.path, S("/../")) < 0 && !str_has_suffix(h->rq.path, S("/..")));
    inside(in, h->rq.target);
    inside(in, h->rq.query);
    for (size_t i = 0; i < h->rq.n_headers; i++) {
        inside(in, h->h[i].name);
        inside(in, h->h[i].value);
        assert(h->h[i].name.n && !memchr(h->h[i].value.p, '\n', h->h[i].value.n));
    }
    static struct http_head again;
    assert(http_parse_head(a, l, str_cut(in, 0, h->bytes), &again) == PARSE_OK &&
           again.bytes == h->bytes);
    assert(http_parse_head(a, l, str_cut(in, 0, h->bytes - 1), &again) == PARSE_MORE);
    struct cx cx = {.a = a};
    str v = S("");
    (void)http_query(&cx, &h->rq, S("q"), &v);
    (void)http_cookie(&h->rq, S("sid"), &v);
    struct addr peer = {0};
    bool tls = false;
    (void)addr_client(a, &h->rq, &peer, S("unix,10.0.0.0/8"), &tls);
    const struct asset as = {.raw = S("0123456789"),
                             .gzip = S("gz"),
                             .br = S("br"),
                             .etag = S("\"e\""),
                             .type = S("text/plain")};
    struct resp rs = {.asset = &as};
    struct reply r = {0};
    http_plan(&cx, &h->rq, &rs, &r);
    assert(r.body.n <= 10 &&
           (r.status == 200 || r.status == 206 || r.status == 304 || r.status == 416));
}

/* Bytes of the body, or a negative verdict. */
static int64_t unchunk(str in, size_t step)
{
    struct chunk c = {0};
    int64_t n = 0;
    while (in.n) {
        str part = str_cut(in, 0, step), got = S("");
        in = str_cut(in, part.n, in.n);
        enum chunk_got g = CHUNK_DATA;
        while (g == CHUNK_DATA) {
            g = http_chunk_feed(&c, &part, &got);
            if (g == CHUNK_DATA) n += (int64_t)got.n;
        }
        if (g == CHUNK_BAD) return -1;
        if (g == CHUNK_END) return n;
    }
    return -2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_limits l = {
        .header_bytes = 16384, .headers = 64, .target_bytes = 8192};
    static struct http_head h;
    char *copy = malloc(size + 1); /* of its own size: an overrun is seen */
    if (!copy) return 0;
    if (size) memcpy(copy, data, size);
    str in = {copy, size};
    struct arena *a = arena_new();
    int st = http_parse_head(a, &l, in, &h);
    assert(st == PARSE_MORE || st == PARSE_OK || (st >= 400 && st <= 505));
    if (st == PARSE_OK) {
        check_head(a, &l, in, &h);
        in = str_cut(in, h.bytes, in.n);
    }
    int64_t whole = unchunk(in, in.n + 1);
    assert(whole == unchunk(in, 1) && whole == unchunk(in, 7));
    arena_free(&a);
    free(copy);
    return 0;
}
