/* SPDX-License-Identifier: MIT */
/* http/http_problem.c - from a request to its handler, and from an error to problem+json (RFC 9457). */
#include "base/json.h"
#include "base/tr.h"
#include "http/http_int.h"

enum { REPLY_MAX = 16 << 20 };

void http_head(struct resp *rs, str name, str value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] == '\r' || value.p[i] == '\n' || !value.p[i]) return;
    assert(rs->n_head < COUNT(rs->head));
    rs->head[rs->n_head++] = (struct header){name, value};
}

static bool has_head(const struct resp *rs, str name)
{
    bool has = false;
    for (size_t i = 0; i < rs->n_head; i++) has |= str_eq_nocase(rs->head[i].name, name);
    return has;
}

/* What a stranger may know of our own faults: nothing but the request's id. */
static str detail_of(const struct cx *cx, enum err e)
{
    str text = S("");
    if (e == E_INTERNAL) text = S(TR("Something went wrong on our side. The request's id helps to find it."));
    if (e == E_UNCERTAIN)
        text = S(TR("It is not known whether the change was kept. Please look before you repeat it."));
    if (e == E_FULL) text = S(TR("The server has no room left on its disk"));
    if (e == E_BUSY) text = S(TR("The server is busy. Please try again in a moment."));
    return text.n ? tr(cx->lang, text) : cx->msg;
}

void http_problem(struct cx *cx, enum err e, struct resp *rs)
{
    struct jw w = {0};
    if (rs->file_fd > 0) os_close_fd(&rs->file_fd);
    rs->file_fd = 0;
    rs->file = S("");
    rs->asset = NULL;
    rs->status = err_info[e].http;
    rs->type = S("application/problem+json");
    rs->body = buf_new(cx->a, 64 * 1024);
    w = jw_new(&rs->body);
    jw_obj(&w);
    jw_kstr(&w, S("type"), arena_fmt(cx->a, "urn:kontor:error:%.*s", FS(err_info[e].name)));
    jw_kstr(&w, S("title"), http_status_text(rs->status));
    jw_kint(&w, S("status"), rs->status);
    jw_kstr(&w, S("detail"), detail_of(cx, e));
    jw_kstr(&w, S("code"), err_info[e].name);
    if (cx->at.n) jw_kstr(&w, S("field"), cx->at);
    jw_kstr(&w, S("request_id"), cx->req);
    jw_obj_end(&w);
    if ((e == E_RATE || e == E_BUSY) && rs->n_head < COUNT(rs->head) && !has_head(rs, S("Retry-After")))
        http_head(rs, S("Retry-After"), arena_fmt(cx->a, "%d", http_retry_s(RETRY_AFTER_S)));
}

static enum err run(struct cx *cx, const struct router *r, guard_fn *guard, struct req *rq,
                    struct resp *rs)
{
    str allow = S("");
    if (!rq->route && str_eq(rq->path, S("*"))) return rs->status = 204, E_OK; /* OPTIONS * */
    enum err e = rq->route ? E_OK : router_find(r, cx, rq, &allow);
    if (e == E_METHOD) {
        http_head(rs, S("Allow"), allow);
        if (rq->method == OPTIONS) return rs->status = 204, E_OK;
    }
    TRY(e);
    if (guard) TRY(guard(cx, rq, rs));
    return rq->route->fn(cx, rq, rs);
}

void http_dispatch(struct cx *cx, const struct router *r, guard_fn *guard, struct req *rq,
                   struct resp *rs)
{
    if (!rs->body.a) rs->body = buf_new(cx->a, REPLY_MAX);
    http_outcome(cx, run(cx, r, guard, rq, rs), rs);
}

void http_outcome(struct cx *cx, enum err e, struct resp *rs)
{
    if (e == E_OK && rs->body.full)
        e = fail(cx, E_LIMIT, "The answer is too large: ask for less at once");
    if (e == E_OK) return;
    if (rs->stream)
        rs->stream->broken = true; /* its head is out: all we can do is to break it off */
    else http_problem(cx, e, rs);
}
