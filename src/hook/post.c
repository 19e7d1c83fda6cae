/* SPDX-License-Identifier: MIT */
/* hook/post.c - one delivery by libcurl: to the addresses that were judged, no redirects, no proxy, bounded. */
#include "hook/hook_int.h"
#include "os/outgoing_call.h"

enum { CONNECT_MS = 5000, GONE = 410 };

struct got {
    const struct posting *p;
    struct outgoing_call call;
    struct buf b;
    size_t read;
};

static void got_end(struct got *g) { outgoing_call_end(&g->call); }

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

static bool headers(struct cx *cx, struct got *g)
{
    const struct posting *p = g->p;
    const str all[] = {S("Content-Type: application/json"), S("Expect:"),
                       arena_fmt(cx->a, "webhook-id: %.*s", FS(p->id)),
                       arena_fmt(cx->a, "webhook-timestamp: %" PRId64, p->at_s),
                       arena_fmt(cx->a, "webhook-signature: %.*s", FS(p->signature))};
    bool ok = true;
    for (size_t i = 0; i < COUNT(all); i++) ok = ok && outgoing_call_head(cx, &g->call, all[i]);
    return ok;
}

#define SET(opt, v) (ok = ok && curl_easy_setopt(g->call.h, (opt), (v)) == CURLE_OK)
static bool prepare(struct cx *cx, struct got *g)
{
    const struct posting *p = g->p;
    bool ok = headers(cx, g) && outgoing_call_open(cx, &g->call);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(p->timeout_ms < CONNECT_MS ? p->timeout_ms : CONNECT_MS));
    SET(CURLOPT_TIMEOUT_MS, (long)p->timeout_ms);
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
    (void)curl_easy_getinfo(g->call.h, CURLINFO_RESPONSE_CODE, &status);
    bool cut = rc == CURLE_WRITE_ERROR && g->read > HOOK_READ_BYTES;
    if (rc == CURLE_ABORTED_BY_CALLBACK && atomic_load(g->p->stop)) {
        *ret = (struct sent){.how = SENT_NOT, .answer = S("")};
    } else if (rc != CURLE_OK && !cut) {
        *ret = (struct sent){.how = SENT_FAILED, .answer = str_from(outgoing_call_failed(&g->call, rc))};
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
    enum err e = outgoing_url(cx, p->rules, p->url, &g.call.to);
    if (e == E_OK) e = outgoing_resolve(cx, p->rules, &g.call.to);
    if (e == E_BUSY) ret->answer = S("unknown");
    if (e != E_OK) return;
    ret->answer = S("broken");
    if (!prepare(cx, &g)) return;
    judge(cx, &g, curl_easy_perform(g.call.h), ret);
}
