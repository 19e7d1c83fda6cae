/* SPDX-License-Identifier: MIT */
/* api/backups.c - copies of everything: which are kept, how the last one went, one more now. */
#include "api/api_int.h"

#include "backup/daily.h"
#include "base/tr.h"

enum { RESULT_MAX = 16 * 1024 };

static enum err backups_only(struct cx *cx)
{
    return acl_sys(cx, SYS_BACKUP) ? E_OK : fail(cx, E_DENIED, "Only those who look after backups may do that");
}

/* ---- what is there ---- */
static enum err time_member(struct cx *cx, struct jw *w, str name, const struct json *j, str from)
{
    int64_t ms = 0;
    TRY(json_int_of(cx, j, from, 0, &ms));
    time_json(cx, w, name, ms);
    return E_OK;
}

/* The proof of the last good one, without where it lies. */
static void report_json(struct jw *w, const struct json *r)
{
    static const str kept[] = {S0("name"),        S0("engine"),   S0("restorable"),     S0("bytes"),
                               S0("files"),       S0("schema"),   S0("files_bytes"),    S0("ms"),
                               S0("check_ms"),    S0("uploaded"), S0("remote_problem"), S0("tables")};
    jw_key(w, S("report"));
    if (!r || r->t != JT_OBJ) {
        jw_null(w);
        return;
    }
    jw_obj(w);
    for (size_t i = 0; i < COUNT(kept); i++) {
        const struct json *x = json_get(r, kept[i]);
        if (!x) continue;
        jw_key(w, kept[i]);
        jw_json(w, x);
    }
    jw_obj_end(w);
}

static enum err last_json(struct cx *cx, struct jw *w)
{
    const struct json *j = NULL;
    str text = {0}, why = {0};
    bool ok = false;
    TRY(backup_last(cx, &text));
    jw_key(w, S("last"));
    if (!text.n || json_parse(cx, text, &j) != E_OK) {
        jw_null(w);
        return E_OK;
    }
    TRY(json_bool_of(cx, j, S("ok"), false, &ok));
    TRY(json_str_of(cx, j, S("error"), S(""), &why));
    jw_obj(w);
    TRY(time_member(cx, w, S("at"), j, S("at")));
    jw_kbool(w, S("ok"), ok);
    jw_kstr(w, S("error"), tr(cx->lang, why));
    TRY(time_member(cx, w, S("good_at"), j, S("last_good_ms")));
    report_json(w, json_get(j, S("report")));
    jw_obj_end(w);
    return E_OK;
}

enum err api_backup_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct backup_conf *c = &cx->app->backups;
    struct backup_item *v = NULL;
    size_t n = 0;
    (void)rq;
    TRY(backups_only(cx));
    TRY(backup_list(cx, c->opts.dir, &v, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kbool(&w, S("daily"), c->daily);
    jw_kbool(&w, S("store"), c->opts.s3 != NULL);
    TRY(last_json(cx, &w));
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(&w);
        jw_kstr(&w, S("name"), v[i].name);
        time_json(cx, &w, S("made_at"), v[i].made_ms);
        jw_kint(&w, S("bytes"), v[i].bytes);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- one more ---- */
static enum err order_write(struct cx *cx, void *arg)
{
    return job_add(cx, cx->app->jobs, S("backup"), S("{}"), S(""), arg);
}

static enum err order_once(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t job = 0;
    (void)rq;
    TRY(backups_only(cx));
    TRY(db_write(cx, order_write, &job));
    return reply_job(rs, job);
}

enum err api_backup_post(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, order_once); }

static void shown(void *arg, int64_t done, int64_t total) { (void)job_show(arg, done, total); }

static enum err made(struct cx *cx, const struct job *job, struct backup_report *r)
{
    struct job_showing s = {.cx = cx, .job = job};
    struct backup_opts o = cx->app->backups.opts;
    struct backup_made m = {0};
    o.progress = shown;
    o.arg = &s;
    TRY(backup_make(cx, cx->app->db, &o, &m));
    if (m.e == E_CONFLICT) return fail(cx, E_CONFLICT, "Another backup is being made already");
    *r = m.r;
    if (m.e != E_OK) cx->msg = m.why;
    return cx->err = m.e;
}

enum err backup_job(struct cx *cx, const struct job *job, str *ret)
{
    struct backup_report r = {0};
    TRY(backups_only(cx)); /* he may have lost the right since */
    TRY(made(cx, job, &r));
    struct buf b = buf_new(cx->a, RESULT_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kstr(&w, S("name"), r.name);
    jw_kint(&w, S("bytes"), r.bytes);
    jw_kint(&w, S("ms"), r.ms);
    jw_kbool(&w, S("restorable"), r.restorable);
    jw_kbool(&w, S("uploaded"), r.uploaded);
    jw_kstr(&w, S("remote_problem"), r.remote_problem);
    jw_obj_end(&w);
    *ret = buf_str(&b);
    return E_OK;
}
