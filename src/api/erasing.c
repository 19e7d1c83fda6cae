/* SPDX-License-Identifier: MIT */
/* api/erasing.c - erasing somebody by law: the rehearsal, the order, the list of what was erased. */
#include "api/api_int.h"

#include "privacy/privacy.h"

static enum err asked_record(struct cx *cx, const struct req *rq, struct record *ret)
{
    const struct entity *e = NULL;
    int64_t id = 0;
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    return erasure_may(cx, e, id, ret);
}

enum err api_erase_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct record r = {0};
    str shared = {0};
    (void)http_query(cx, rq, S("shared"), &shared);
    TRY(asked_record(cx, rq, &r));
    struct jw w = reply_json(rs);
    return erasure_rehearse_json(cx, &r, str_eq(shared, S("erase")), &w);
}

struct order {
    struct record r;
    struct erasure_ask ask;
    str ref;
    bool shared_too;
    int64_t job;
};

/* What a rule orders waits behind what people asked for. */
static enum err job_put(struct cx *cx, int64_t erasure, bool shared_too, bool behind, int64_t *ret)
{
    str args = arena_fmt(cx->a, "{\"erasure\":\"%" PRId64 "\",\"shared\":%s}", erasure,
                         shared_too ? "true" : "false");
    TRY(behind ? job_add_behind(cx, cx->app->jobs, S("erase"), args, S(""), ret)
               : job_add(cx, cx->app->jobs, S("erase"), args, S(""), ret));
    return erasure_job_set(cx, erasure, *ret);
}

static enum err order_inside(struct cx *cx, void *arg)
{
    struct order *o = arg;
    int64_t erasure = 0;
    TRY(erasure_open(cx, &o->r, &o->ask, &erasure, &o->ref));
    return job_put(cx, erasure, o->shared_too, o->ask.rule != 0, &o->job);
}

enum err erase_order(struct cx *cx, const struct record *r, int64_t rule, str mark)
{
    struct order o = {.r = *r, .ask = {ground_name[GROUND_PURPOSE], rule, mark}};
    int64_t winner = 0;
    TRY(record_redirect(cx, r->e, r->id, &winner));
    if (winner) return fail(cx, E_CONFLICT, "This record was merged into another: erase that one");
    TRY(erasure_check(cx, r, false));
    return db_write(cx, order_inside, &o);
}

static enum err order_read(struct cx *cx, const struct req *rq, struct order *o)
{
    const struct json *j = NULL;
    str confirm = {0}, shared = {0};
    TRY(asked_record(cx, rq, &o->r));
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("confirm"), S(""), &confirm));
    TRY(json_str_of(cx, j, S("ground"), S(""), &o->ask.ground));
    TRY(json_str_of(cx, j, S("shared"), S("unlink"), &shared));
    o->shared_too = str_eq(shared, S("erase"));
    if (!o->shared_too && !str_eq(shared, S("unlink")))
        return fail_at(cx, E_INVALID, S("shared"),
                       "What is shared with others is unlinked or erased");
    bool known = false;
    for (enum ground g = 0; g < GROUNDS; g++) known |= str_eq(ground_name[g], o->ask.ground);
    if (!known) return fail_at(cx, E_INVALID, S("ground"), "Name the ground that law gives for it");
    if (!str_eq(str_trim(confirm), str_trim(record_title(&o->r))))
        return fail_at(cx, E_INVALID, S("confirm"),
                       "Type the name exactly as it stands there: this cannot be taken back");
    return E_OK;
}

static enum err erase(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct order o = {0};
    TRY(order_read(cx, rq, &o));
    TRY(erasure_check(cx, &o.r, o.shared_too));
    TRY(db_write(cx, order_inside, &o));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("job"), o.job);
    jw_kstr(&w, S("ref"), o.ref);
    jw_obj_end(&w);
    rs->status = 202;
    return E_OK;
}

enum err api_erase_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, erase);
}

enum err api_erasure_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t before = 0, next = 0;
    if (!acl_sys(cx, SYS_PRIVACY)) return fail(cx, E_DENIED, "You may not erase data of people");
    TRY(query_cursor(cx, rq, &before));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    TRY(erasure_list_json(cx, before, &w, &next));
    jw_arr_end(&w);
    jw_kid(&w, S("next"), next);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- the job ---- */
static struct erase_env env_of(const struct cx *cx)
{
    return (struct erase_env){.vault = cx->app->vault, .data_dir = cx->app->data_dir};
}

enum err erase_job(struct cx *cx, const struct job *job, str *ret)
{
    const struct json *j = NULL;
    struct job_showing s = {.cx = cx, .job = job};
    struct erase_env env = env_of(cx);
    int64_t erasure = 0;
    bool shared_too = false;
    TRY(json_parse(cx, job->args, &j));
    TRY(json_id_of(cx, j, S("erasure"), 0, &erasure));
    TRY(json_bool_of(cx, j, S("shared"), false, &shared_too));
    env.progress = job_show;
    env.arg = &s;
    env.job = job->id;
    cx->now_ms =
        clock_aged_ms(cx->now_ms); /* law keeps nothing for less because a clock jumped ahead */
    cx->acl =
        NULL; /* who asked for it was allowed to; what hangs on the record goes whoever may see it */
    TRY(erasure_run(cx, erasure, shared_too, &env));
    *ret = arena_fmt(cx->a, "{\"erasure\":\"%" PRId64 "\"}", erasure);
    return E_OK;
}

/* ---- after a restore ---- */
static enum err again_one(struct cx *cx, void *arg, int64_t erasure, bool shared_too)
{
    int64_t job = 0;
    bool at_work = false;
    (void)arg;
    TRY(erasure_at_work(cx, erasure, &at_work));
    return at_work ? E_OK : job_put(cx, erasure, shared_too, false, &job);
}

static enum err again_inside(struct cx *cx, void *arg)
{
    return erasures_again(cx, arg, again_one, NULL);
}

enum err api_erase_again(struct cx *cx)
{
    struct erase_env env = env_of(cx);
    return db_write(cx, again_inside, &env);
}
