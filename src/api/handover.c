/* SPDX-License-Identifier: MIT */
/* api/handover.c - all that a user has becomes another's: one job, one batch, so that one undo takes all of it back,
 * his being ended with it. The records of whom it is done for are those that who asks may change many of at once. */
#include "api/api_int.h"

#include "base/log.h"
#include "record/log.h"

enum { RESULT_MAX = 64 * 1024 };
struct handover {
    int64_t from, to;
    bool ends;
    int64_t batch, job;
};

/* ---- the order ---- */
static enum err ask_read(struct cx *cx, const struct req *rq, struct handover *h)
{
    const struct json *j = NULL;
    struct account a = {0}, to = {0};
    TRY(account_of(cx, rq, &a));
    TRY(body_json(cx, rq, &j));
    TRY(json_id_of(cx, j, S("to"), 0, &h->to));
    TRY(json_bool_of(cx, j, S("end"), false, &h->ends));
    h->from = a.id;
    if (h->ends && a.id == cx->who.user) return fail(cx, E_INVALID, "You cannot end yourself");
    if (h->to == a.id) return fail_at(cx, E_INVALID, S("to"), "Somebody else is to have them");
    enum err e = account_find(cx, h->to, &to);
    if (e == E_NOTFOUND || (e == E_OK && !to.is_active))
        return fail_at(cx, E_INVALID, S("to"), "Who is to have them is no user who can come in");
    return e;
}

static enum err order_write(struct cx *cx, void *arg)
{
    struct handover *h = arg;
    struct written w = {0};
    TRY(batch_begin(cx, S("handover"), 0, &h->batch));
    enum err e = h->ends ? account_end(cx, h->from, &w) : E_OK;
    cx->batch = 0;
    TRY(e);
    TRY(batch_end(cx, h->batch, S("failed"), S(""))); /* that is what it is until the job has ended */
    str args = arena_fmt(cx->a, "{\"from\":\"%" PRId64 "\",\"to\":\"%" PRId64 "\",\"batch\":\"%" PRId64 "\"}", h->from,
                         h->to, h->batch);
    return job_add(cx, cx->app->jobs, S("handover"), args, S(""), &h->job);
}

static enum err order_once(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct handover h = {0};
    TRY(ask_read(cx, rq, &h));
    TRY(db_write(cx, order_write, &h));
    log_say(cx, LOG_INFO, S("auth"), "user %" PRId64 " hands over what user %" PRId64 " has to user %" PRId64 "%s",
            cx->who.user, h.from, h.to, h.ends ? ", who is ended" : "");
    return reply_job(rs, h.job);
}

enum err api_account_handover(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, order_once);
}

/* ---- the job ---- */
static bool goes(const struct entity *e) { return !e->trashed && !e->admin && !e->append; }

/* How many records he has, whoever asks: what is left is told as a number alone. */
static enum err has(struct cx *cx, const struct json *his, int64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < cx->meta->n; i++) {
        const struct entity *e = &cx->meta->entity[i];
        const struct cond *c = NULL;
        bool exact = true;
        int64_t n = 0;
        if (!goes(e)) continue;
        TRY(filter_asked(cx, e, his, &c));
        TRY(record_count(cx, e, c, false, 0, &n, &exact));
        *ret += n;
    }
    return E_OK;
}

static enum err has_in_all(struct cx *cx, const struct json *his, int64_t *ret)
{
    const struct acl *acl = cx->acl;
    cx->acl = NULL;
    enum err e = has(cx, his, ret);
    cx->acl = acl;
    return e;
}

static enum err entities_each(struct cx *cx, const struct job *job, const struct json *asked, struct mass_part *p)
{
    for (size_t i = 0; i < cx->meta->n; i++) {
        const struct entity *e = &cx->meta->entity[i];
        struct arena_mark mark = arena_mark(cx->a);
        if (!goes(e)) continue;
        enum err x = mass_part(cx, job, e->name, asked, p);
        if (x != E_OK && x != E_DENIED && x != E_NOTFOUND) return x; /* what he may not stays, and is counted */
        arena_back(cx->a, mark);
    }
    return E_OK;
}

static enum err work(struct cx *cx, const struct job *job, const struct json *asked, struct mass_part *p)
{
    TRY(has_in_all(cx, json_get(asked, S("filter")), &p->of));
    TRY(batch_go_on(cx, p->batch));
    return mass_end(cx, p->batch, entities_each(cx, job, asked, p));
}

static enum err told(struct cx *cx, const struct json *his, const struct mass_part *p, str *ret)
{
    int64_t left = 0, written = 0;
    TRY(has_in_all(cx, his, &left));
    TRY(undo_size(cx, p->batch, &written)); /* also by an earlier try that was cut short */
    struct buf b = buf_new(cx->a, RESULT_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kid(&w, S("batch"), written ? p->batch : 0);
    jw_kint(&w, S("changed"), p->changed);
    jw_kint(&w, S("refused"), p->refused);
    jw_kint(&w, S("left"), left);
    refusals_json(&w, p->told, p->n_told);
    jw_obj_end(&w);
    *ret = buf_str(&b);
    return E_OK;
}

/* What is to be done, as api_mass is asked for it. */
static enum err asked_of(struct cx *cx, str args, int64_t *ret_batch, const struct json **ret)
{
    const struct json *j = NULL;
    int64_t from = 0, to = 0;
    TRY(json_parse(cx, args, &j));
    TRY(json_id_of(cx, j, S("from"), 0, &from));
    TRY(json_id_of(cx, j, S("to"), 0, &to));
    TRY(json_id_of(cx, j, S("batch"), 0, ret_batch));
    str asked = arena_fmt(cx->a,
                          "{\"act\":\"change\",\"filter\":{\"field\":\"owner\",\"op\":\"eq\",\"value\":\"%" PRId64
                          "\"},\"values\":{\"owner\":\"%" PRId64 "\"}}",
                          from, to);
    return json_parse(cx, asked, ret);
}

enum err handover_job(struct cx *cx, const struct job *job, str *ret)
{
    const struct json *asked = NULL;
    struct mass_part *p = NEW(cx->a, struct mass_part);
    TRY(asked_of(cx, job->args, &p->batch, &asked));
    p->keep = arena_new();
    enum err e = work(cx, job, asked, p);
    if (e == E_OK) e = told(cx, json_get(asked, S("filter")), p, ret);
    arena_free(&p->keep);
    return e;
}
