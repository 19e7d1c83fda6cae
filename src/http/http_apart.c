/* SPDX-License-Identifier: MIT */
/* http/http_apart.c - requests that wait without a thread (R_LATER): each has memory of its own, is begun in the loop,
 * handed to whoever does what takes long (the database's writer), and answered in the loop when http_later_done was
 * called. A worker that sleeps for each of them would cost more than the work itself. */
#include "http/http_int.h"

#include <stddef.h>
#include <unistd.h>

enum { APART_MAX = 256, STEP_US = 1000 };

void http_later_done(struct resp *rs) { loop_post(rs->job->loop, &rs->job->post); }

static struct arena *spare_take(struct loop *lp)
{
    return lp->spares ? lp->spare[--lp->spares] : arena_new();
}

static void spare_put(struct loop *lp, struct arena *a)
{
    if (lp->spares == SPARES) {
        arena_free(&a);
        return;
    }
    arena_reset(a);
    lp->spare[lp->spares++] = a;
}

bool apart_serve(struct conn *c, struct http_job *j)
{
    struct loop *lp = c->loop;
    struct http_server *s = lp->s;
    if (atomic_fetch_add(&s->apart, 1) >= APART_MAX || s->closing) { /* counted before the look: see apart_wait */
        (void)atomic_fetch_sub(&s->apart, 1);
        return false;
    }
    struct arena *a = j->a = spare_take(lp), *held = s->o.lend(lp->user, a);
    struct req *rq = j->rq = job_request(j, a);
    struct resp *rs = j->rs = NEW(a, struct resp);
    *rs = (struct resp){.body = buf_new(a, s->l.reply_bytes), .job = j, .may_wait = true};
    s->o.handle(s->o.arg, lp->user, rq, rs);
    (void)s->o.lend(lp->user, held);
    if (rs->later.start) rs->later.start(rs->later.arg);
    else http_later_done(rs); /* answered already: yet not here, the connection is in the midst of its input */
    return true;
}

void apart_end(struct http_job *j)
{
    struct loop *lp = j->loop;
    struct cx cx = {.a = j->a};
    if (j->rs->later.finish) j->rs->later.finish(j->rs->later.arg);
    job_build(j, &cx, &lp->date, j->rq, j->rs);
    spare_put(lp, j->a);
    j->a = NULL;
    j->rq = NULL;
    j->rs = NULL;
    (void)atomic_fetch_sub(&lp->s->apart, 1);
}

void apart_wait(struct http_server *s)
{
    while (atomic_load(&s->apart) > 0) (void)usleep(STEP_US);
}
