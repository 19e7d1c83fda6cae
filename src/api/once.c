/* SPDX-License-Identifier: MIT */
/* api/once.c - Idempotency-Key: the first answer is kept for 72 hours in the transaction of its effect. */
#include "api/api_int.h"

#include "os/os.h"

enum { KEY_MAX = 255, KEEP_HOURS = 72 };

struct once {
    const struct req *rq;
    struct resp *rs;
    once_fn *fn;
    void *arg;
    str key, digest;
    bool repeated;
};

static enum err answer_again(struct cx *cx, struct once *o, const struct db_rows *r)
{
    o->repeated = true;
    if (!str_eq(db_str(r, 0, 0), o->digest))
        return fail_at(cx, E_INVALID, S("Idempotency-Key"),
                       "This key was used for another request");
    str body = db_str(r, 0, 2), head = {0};
    o->rs->status = (int)db_int(r, 0, 1);
    while (body.n && body.p[0] != '{' &&
           str_split(body, '\n', &head, &body)) { /* kept headers, one a line */
        str name = {0}, value = {0};
        if (str_split(head, ':', &name, &value)) http_head(o->rs, name, value);
    }
    o->rs->body.n = 0;
    buf_add(&o->rs->body, body);
    return E_OK;
}

static str answer_text(struct cx *cx, const struct resp *rs)
{
    struct buf b = buf_new(cx->a, 32 << 20);
    for (size_t i = 0; i < rs->n_head; i++) {
        buf_add(&b, rs->head[i].name);
        buf_byte(&b, ':');
        buf_add(&b, rs->head[i].value);
        buf_byte(&b, '\n');
    }
    buf_add(&b, buf_str(&rs->body));
    return buf_str(&b);
}

static enum err once_inside(struct cx *cx, void *arg)
{
    struct once *o = arg;
    struct db_rows r = {0};
    int64_t now = clock_aged_ms(INT64_MAX); /* also of the row: it must not age by a jump of the clock */
    int64_t oldest = now - INT64_C(3600000) * KEEP_HOURS;
    TRY(db_exec(cx, NULL, "DELETE FROM idem WHERE at < $1", V(oldest)));
    TRY(db_query(cx, &r, "SELECT digest, status, body FROM idem WHERE key = $1 AND user_id = $2",
                 V(o->key), V(cx->who.user)));
    if (r.n) return answer_again(cx, o, &r);
    o->rs->n_head = 0; /* a retried transaction starts its answer again */
    o->rs->body.n = 0;
    TRY(o->fn(cx, o->rq, o->rs, o->arg));
    return db_exec(
        cx, NULL,
        "INSERT INTO idem (key, user_id, digest, at, status, body) VALUES ($1, $2, $3, $4, $5, $6)",
        V(o->key), V(cx->who.user), V(o->digest), V(now),
        V(o->rs->status ? o->rs->status : 200), V(answer_text(cx, o->rs)));
}

enum err once_key(struct cx *cx, const struct req *rq, str *ret)
{
    str key = http_header(rq, S("Idempotency-Key"));
    if (key.n > KEY_MAX || !utf8_valid(key))
        return fail_at(cx, E_BAD, S("Idempotency-Key"), "A key has at most %d characters", KEY_MAX);
    *ret = key;
    return E_OK;
}

struct plain {
    handler_fn *fn;
};
static enum err plain_call(struct cx *cx, const struct req *rq, struct resp *rs, void *arg)
{
    return ((const struct plain *)arg)->fn(cx, rq, rs);
}

enum err once(struct cx *cx, const struct req *rq, struct resp *rs, handler_fn *fn)
{
    struct plain p = {fn};
    bool repeated = false;
    return once_with(cx, rq, rs, rq->body, plain_call, &p, &repeated);
}

enum err once_with(struct cx *cx, const struct req *rq, struct resp *rs, str body, once_fn *fn, void *arg,
                   bool *ret_repeated)
{
    struct once o = {.rq = rq, .rs = rs, .fn = fn, .arg = arg};
    unsigned char sum[32];
    TRY(once_key(cx, rq, &o.key));
    if (!o.key.n) return fn(cx, rq, rs, arg);
    os_sha256(arena_fmt(cx->a, "%.*s %.*s\n%.*s", FS(method_name[rq->method]), FS(rq->path), FS(body)), sum);
    o.digest = os_hex(cx->a, sum, sizeof sum);
    enum err e = db_write(cx, once_inside, &o);
    if (e == E_CONFLICT && !o.repeated && str_find(cx->at, S("idem")) >= 0)
        e = db_write(cx, once_inside, &o); /* its twin was faster */
    *ret_repeated = o.repeated;
    return e;
}
