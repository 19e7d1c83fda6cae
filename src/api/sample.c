/* SPDX-License-Identifier: MIT */
/* api/sample.c - a sample firm to try things out on: one batch, which one undo takes away. */
#include "api/api_int.h"

#include "demo/demo.h"

enum { PEOPLE_DEFAULT = 200, PEOPLE_MAX = 10000 };

static enum err none_running(struct cx *cx)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id FROM job WHERE kind = 'demo' AND state IN ('waiting', 'running') LIMIT 1"));
    return r.n ? fail(cx, E_CONFLICT, "Sample data are being made already") : E_OK;
}

static enum err ask(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    int64_t people = 0, job = 0;
    str lang = {0};
    TRY(body_json(cx, rq, &j));
    TRY(json_int_of(cx, j, S("people"), PEOPLE_DEFAULT, &people));
    TRY(json_str_of(cx, j, S("lang"), cx->lang, &lang));
    if (!acl_sys(cx, SYS_SETTINGS) || !acl_sys(cx, SYS_USERS)) /* it makes branches, teams and users, too */
        return fail(cx, E_DENIED, "Only those who manage the settings may do that");
    if (people < 1 || people > PEOPLE_MAX)
        return fail_at(cx, E_INVALID, S("people"), "Sample data have 1 to %d people", PEOPLE_MAX);
    if (!str_eq(lang_code[lang_of(lang)], lang))
        return fail_at(cx, E_INVALID, S("lang"), "The language is en, de, lt or ru");
    TRY(none_running(cx));
    TRY(job_add(cx, cx->app->jobs, S("demo"),
                arena_fmt(cx->a, "{\"people\":%" PRId64 ",\"lang\":\"%.*s\"}", people, FS(lang)), S(""), &job));
    return reply_job(rs, job);
}

enum err api_demo(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, ask); }

/* A job that died in the midst is run again: what it has made by then is a batch of its own, to be taken back first. */
static enum err begun_before(struct cx *cx, const struct job *job)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id FROM batch WHERE title = 'demo' AND id > $1 AND state <> 'undone' LIMIT 1",
                 V(job->id)));
    return r.n ? fail(cx, E_CONFLICT, "Making the sample data was broken off: undo it in the log and try again") : E_OK;
}

enum err demo_job(struct cx *cx, const struct job *job, str *ret)
{
    const struct json *j = NULL;
    struct demo_result r = {0};
    struct job_showing s = {.cx = cx, .job = job};
    struct demo_opt o = {.seed = 1, .progress = job_show, .arg = &s};
    TRY(begun_before(cx, job));
    TRY(json_parse(cx, job->args, &j));
    TRY(json_int_of(cx, j, S("people"), PEOPLE_DEFAULT, &o.people));
    TRY(json_str_of(cx, j, S("lang"), S("en"), &o.lang));
    TRY(demo_make(cx, &o, &r));
    *ret = arena_fmt(cx->a,
                     "{\"batch\":\"%" PRId64 "\",\"people\":%" PRId64 ",\"companies\":%" PRId64
                     ",\"interactions\":%" PRId64 ",\"tasks\":%" PRId64 ",\"stopped\":%s}",
                     r.batch, r.people, r.companies, r.interactions, r.tasks, r.is_stopped ? "true" : "false");
    return E_OK;
}
