/* SPDX-License-Identifier: MIT */
/* api/jobbing.c - what can be asked for as a job, and how far a job is. */
#include "api/api_int.h"

#include "base/log.h"
#include "os/os.h"

enum { SHOW_MS = 100, JOB_PAGE = 50 };

const struct job_kind api_jobs[] = {{S0("import_dry"), import_dry_job},
                                    {S0("import_run"), import_run_job},
                                    {S0("duplicates"), dup_job},
                                    {S0("undo"), undo_job},
                                    {S0("mass"), mass_job},
                                    {S0("handover"), handover_job},
                                    {S0("backup"), backup_job},
                                    {S0("as_of"), as_of_job},
                                    {S0("demo"), demo_job},
                                    {S0("erase"), erase_job},
                                    {S0("retain"), retain_job}};
const size_t api_jobs_n = COUNT(api_jobs);

enum err reply_job(struct resp *rs, int64_t job)
{
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("job"), job);
    jw_obj_end(&w);
    rs->status = 202;
    return E_OK;
}

bool job_show(void *arg, int64_t done, int64_t total)
{
    struct job_showing *s = arg;
    struct arena_mark m = arena_mark(s->cx->a);
    if (done < total && os_mono_ms() - s->told_ms < SHOW_MS) return true;
    bool on = job_progress(s->cx, s->job, done, total) == E_OK;
    if (on) arena_back(s->cx->a, m);
    s->told_ms = os_mono_ms();
    return on;
}

enum err api_job_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(path_id(cx, rq, 0, &id));
    struct jw w = reply_json(rs);
    return job_json(cx, id, false, &w);
}

/* Who manages users can end what another began, or have it tried again (with the other's rights). */
static bool rules_jobs(const struct cx *cx) { return acl_sys(cx, SYS_USERS); }

enum err api_job_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0, by = 0;
    TRY(path_id(cx, rq, 0, &id));
    TRY(job_cancel(cx, id, rules_jobs(cx), &by));
    if (by != cx->who.user)
        log_say(cx, LOG_INFO, S("jobs"), "job %" PRId64 " of user %" PRId64 " was cancelled", id, by);
    if (cx->app->events) events_job(cx->app->events, id, by);
    rs->status = 204;
    return E_OK;
}

enum err api_job_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t before = 0, next = 0;
    TRY(query_cursor(cx, rq, &before));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    TRY(job_list_json(cx, acl_sys(cx, SYS_LOG), rules_jobs(cx), before, JOB_PAGE, &w, &next));
    jw_arr_end(&w);
    jw_kid(&w, S("next"), next);
    jw_obj_end(&w);
    return E_OK;
}

static enum err retry(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(path_id(cx, rq, 0, &id));
    TRY(job_retry(cx, cx->app->jobs, id, rules_jobs(cx)));
    return reply_job(rs, id);
}

enum err api_job_retry(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, retry);
}
