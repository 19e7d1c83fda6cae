/* SPDX-License-Identifier: MIT */
/* api/later.c - writes that nobody waits for: the request goes to the writer with all that belongs to it, the thread to
 * the next one, and the reply is written in the loop when the commit is durable. */
#include "api/api_int.h"

#include "base/log.h"
#include "os/os.h"

enum { LOOP_BODY_MAX = 32768 };
struct later {
    struct cx cx; /* the handler's, in the request's own memory */
    const struct req *rq;
    struct resp *rs;
    db_write_fn *write;
    reply_fn *reply;
    void *arg;
    int64_t start_us;
    enum err e;
};

/* What failed is told, and whom something was refused; the others at level debug. */
void api_log(const struct cx *cx, const struct req *rq, const struct resp *rs, int64_t us)
{
    bool bad = rs->status >= 500, refused = rs->status == 403 || rs->status == 429;
    enum log_level level = bad ? LOG_ERROR : refused ? LOG_INFO : LOG_DEBUG;
    struct log_line l;
    if (!log_is_on(level)) return;
    log_begin(&l, cx, level, S("http"), S("request"));
    log_str(&l, S("method"), method_name[rq->method]);
    log_str(&l, S("path"), rq->path);
    log_int(&l, S("status"), rs->status ? rs->status : 200);
    log_int(&l, S("us"), us);
    if (refused) log_str(&l, S("addr"), rq->remote);
    if (bad || refused) log_str(&l, S("error"), cx->msg);
    log_end(&l);
}

/* An answer that is kept under a key is written in the same transaction: that one waits. So does a body that takes long
 * to read. */
bool api_may_wait(const struct app *app, const struct req *rq)
{
    int64_t bytes = 0;
    if (!(rq->route->flags & R_LATER) || dbase_is_pg(app->db) || http_header(rq, S("Idempotency-Key")).n) return false;
    if (rq->route->body_max <= BODY_RECORD) return true;
    return str_to_int(http_header(rq, S("Content-Length")), &bytes) && bytes <= LOOP_BODY_MAX;
}

static void written(struct cx *cx, void *arg, enum err e)
{
    struct later *l = (struct later *)(void *)cx; /* its first member */
    (void)arg;
    l->e = e;
    http_later_done(l->rs);
}

static void start(void *arg)
{
    struct later *l = arg;
    dbase_write_later(l->cx.app->db, &l->cx, l->write, l->arg, written);
}

static void finish(void *arg)
{
    struct later *l = arg;
    union {
        const struct meta *in;
        struct meta *out;
    } held = {.in = l->cx.meta};
    if (l->e == E_OK) l->e = l->reply(&l->cx, l->arg, l->rs);
    http_outcome(&l->cx, l->e, l->rs);
    api_log(&l->cx, l->rq, l->rs, os_mono_us() - l->start_us);
    api_refused(&l->cx, l->rq, l->rs);
    api_use(&l->cx, l->rq, l->rs);
    meta_drop(&held.out);
}

enum err write_then(struct cx *cx, const struct req *rq, struct resp *rs, db_write_fn *write, void *arg,
                    reply_fn *reply)
{
    if (!rs->may_wait || db_is_writing(cx)) {
        TRY(db_write(cx, write, arg));
        return reply(cx, arg, rs);
    }
    struct later *l = NEW(cx->a, struct later);
    *l = (struct later){*cx, rq, rs, write, reply, arg, os_mono_us(), E_OK};
    l->cx.db = NULL; /* the reader goes back to the others */
    union {
        const struct meta *in;
        struct meta *out;
    } held = {.in = cx->meta};
    meta_hold(held.out);
    rs->later = (struct http_later){start, finish, l};
    return E_OK;
}
