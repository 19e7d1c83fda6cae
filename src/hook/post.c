/* SPDX-License-Identifier: MIT */
/* hook/post.c - one delivery by libcurl: to the addresses that were judged, no redirects, no proxy, bounded. */
#include "hook/hook_int.h"

#include <curl/curl.h>
#include <unistd.h>

enum { CONNECT_MS = 5000, GONE = 410 };

struct got {
    const struct posting *p;
    struct outgoing to;
    CURL *h;
    struct curl_slist *headers, *pin;
    struct buf b;
    size_t read;
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
    size_t room = HOOK_ANSWER_BYTES - g->b.n;
    (void)one;
    buf_add(&g->b, (str){p, n < room ? n : room});
    g->read += n;
    return g->read > HOOK_READ_BYTES ? 0 : n; /* enough: the transfer ends */
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct got *g = arg;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(g->p->stop);
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

static bool headers(struct cx *cx, struct got *g)
{
    const struct posting *p = g->p;
    bool ok = add(cx, &g->headers, S("Content-Type: application/json")) && add(cx, &g->headers, S("Expect:"));
    ok = ok && add(cx, &g->headers, arena_fmt(cx->a, "webhook-id: %.*s", FS(p->id)));
    ok = ok && add(cx, &g->headers, arena_fmt(cx->a, "webhook-timestamp: %" PRId64, p->at_s));
    ok = ok && add(cx, &g->headers, arena_fmt(cx->a, "webhook-signature: %.*s", FS(p->signature)));
    str pin = outgoing_pin(cx, &g->to);
    return ok && (!pin.n || add(cx, &g->pin, pin));
}

#define SET(opt, v) (ok = ok && curl_easy_setopt(g->h, (opt), (v)) == CURLE_OK)
static bool prepare(struct cx *cx, struct got *g)
{
    const struct posting *p = g->p;
    bool ok = headers(cx, g);
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
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(p->timeout_ms < CONNECT_MS ? p->timeout_ms : CONNECT_MS));
    SET(CURLOPT_TIMEOUT_MS, (long)p->timeout_ms);
    SET(CURLOPT_USERAGENT, "Kontor");
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, g);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, g);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->body.n);
    SET(CURLOPT_POSTFIELDS, p->body.p);
    return ok;
}

/* Of a failure only its kind is told: neither what a stranger's port said nor how. */
static str kind_of(const struct got *g, CURLcode rc)
{
    if (g->refused) return S("refused");
    switch ((int)rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT: return S("unreached");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE: return S("certificate");
    case CURLE_OPERATION_TIMEDOUT: return S("timeout");
    default: return S("broken");
    }
}

/* UTF-8 on one line, whatever came. */
static str clean(struct cx *cx, str s)
{
    struct buf b = buf_new(cx->a, 4 * HOOK_ANSWER_BYTES);
    for (size_t at = 0; at < s.n;) {
        char out[4];
        uint32_t cp = utf8_next(s, &at);
        if (cp == 0xFFFD) continue; /* no text, or cut in the middle */
        buf_add(&b, (str){out, utf8_put(out, cp < ' ' || cp == 0x7F ? ' ' : cp)});
    }
    return str_trim(buf_str(&b));
}

static void judge(struct cx *cx, struct got *g, CURLcode rc, struct sent *ret)
{
    long status = 0;
    (void)curl_easy_getinfo(g->h, CURLINFO_RESPONSE_CODE, &status);
    bool cut = rc == CURLE_WRITE_ERROR && g->read > HOOK_READ_BYTES;
    if (rc == CURLE_ABORTED_BY_CALLBACK && atomic_load(g->p->stop)) {
        *ret = (struct sent){.how = SENT_NOT, .answer = S("")};
    } else if (rc != CURLE_OK && !cut) {
        *ret = (struct sent){.how = SENT_FAILED, .answer = kind_of(g, rc)};
    } else {
        bool ok = status >= 200 && status < 300;
        *ret = (struct sent){.how = ok ? SENT_OK : status == GONE ? SENT_GONE : SENT_FAILED,
                             .status = status,
                             .answer = clean(cx, buf_str(&g->b))};
    }
}

void post_send(struct cx *cx, const struct posting *p, struct sent *ret)
{
    struct got g OWNED(got_end) = {.p = p, .b = buf_new(cx->a, HOOK_ANSWER_BYTES)};
    *ret = (struct sent){.how = SENT_FAILED, .answer = S("refused")};
    enum err e = outgoing_url(cx, p->rules, p->url, &g.to);
    if (e == E_OK) e = outgoing_resolve(cx, p->rules, &g.to);
    if (e == E_BUSY) ret->answer = S("unknown");
    if (e != E_OK) return;
    ret->answer = S("broken");
    g.h = curl_easy_init();
    if (!g.h || !prepare(cx, &g)) return;
    judge(cx, &g, curl_easy_perform(g.h), ret);
}
