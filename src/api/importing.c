/* SPDX-License-Identifier: MIT */
/* api/importing.c - import: plan at once; rehearsal and run as jobs. */
#include "api/api_int.h"

#include "os/os.h"
#include "xfer/import.h"

#include <sys/stat.h>

enum { RESULT_MAX = 4 * 1024 * 1024 };

static enum err asked_file(struct cx *cx, const struct json *j, str *ret_path, str *ret_name)
{
    int64_t id = 0;
    TRY(json_id_of(cx, j, S("file"), 0, &id));
    TRY(file_find(cx, id, ret_name));
    *ret_path = file_path(cx, id);
    return E_OK;
}

/* Refused at once, not by a job later on. Entity "" is to be found out: any that may be imported will do. */
static enum err may_import(struct cx *cx, const struct json *j)
{
    str name = {0};
    if (j) TRY(json_str_of(cx, j, S("entity"), S(""), &name));
    const struct entity *e = name.n ? meta_entity(cx->meta, name) : NULL;
    if (name.n && (!e || !acl_may(cx, e, ACT_SEE)))
        return fail_at(cx, E_INVALID, S("entity"), "There is nothing of this name");
    bool may = e && acl_may(cx, e, ACT_IMPORT);
    for (size_t i = 0; !e && i < cx->meta->n; i++)
        may |= !cx->meta->entity[i].admin && acl_may(cx, &cx->meta->entity[i], ACT_IMPORT);
    return may ? E_OK : fail(cx, E_DENIED, "You may not import these records");
}

enum err api_import_plan(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct source_opt o = {0};
    str name = {0};
    TRY(body_json(cx, rq, &j));
    TRY(asked_file(cx, j, &o.path, &name));
    TRY(may_import(cx, j));
    TRY(json_str_of(cx, j, S("entity"), S(""), &o.entity));
    TRY(json_int_of(cx, j, S("sheet"), -1, &o.sheet));
    const struct json *m = json_get(j, S("mapping"));
    o.mapping = m && m->t == JT_OBJ ? m : NULL;
    struct jw w = reply_json(rs);
    return xfer_plan(cx, &o, &w);
}

static enum err ask_job(struct cx *cx, const struct req *rq, struct resp *rs, str kind)
{
    const struct json *j = NULL;
    str path = {0}, name = {0};
    int64_t job = 0;
    TRY(body_json(cx, rq, &j));
    TRY(asked_file(cx, j, &path, &name));
    TRY(may_import(cx, j));
    str entity = {0};
    TRY(json_str_of(cx, j, S("entity"), S(""), &entity));
    if (cx->unproved && record_lets_in(entity)) /* the job has no session */
        return fail(cx, E_PROOF, "Please prove once more who you are");
    TRY(job_add(cx, cx->app->jobs, kind, rq->body, S(""), &job));
    return reply_job(rs, job);
}

static enum err ask_dry(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return ask_job(cx, rq, rs, S("import_dry"));
}
static enum err ask_run(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return ask_job(cx, rq, rs, S("import_run"));
}
enum err api_import_dry(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, ask_dry);
}
enum err api_import_run(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, ask_run);
}

/* ---- mappings: all who may import share them ---- */
enum err api_mapping_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)rq;
    TRY(may_import(cx, NULL));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    TRY(mapping_list_json(cx, &w));
    jw_obj_end(&w);
    return E_OK;
}

static enum err mapping_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct buf b = buf_new(cx->a, 262144);
    struct jw in = jw_new(&b);
    str name = {0};
    int64_t id = 0;
    TRY(body_json(cx, rq, &j));
    TRY(may_import(cx, NULL));
    TRY(json_str_of(cx, j, S("name"), S(""), &name));
    const struct json *m = json_get(j, S("mapping"));
    if (!m || m->t != JT_OBJ) return fail_at(cx, E_INVALID, S("mapping"), "The mapping must be an object");
    jw_json(&in, m);
    TRY(mapping_save(cx, name, buf_str(&b), &id));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("id"), id);
    jw_obj_end(&w);
    rs->status = 201;
    return E_OK;
}

enum err api_mapping_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, mapping_post);
}

enum err api_mapping_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(path_id(cx, rq, 0, &id));
    TRY(may_import(cx, NULL));
    TRY(mapping_delete(cx, id));
    rs->status = 204;
    return E_OK;
}

/* ---- the jobs ---- */
static enum err refused_json(struct cx *cx, int64_t id, struct jw *w)
{
    struct stat st;
    if (stat(file_path(cx, id).p, &st) != 0) return E_OK;
    TRY(file_keep(cx, S("refused.xlsx"), st.st_size, id));
    jw_kid(w, S("refused_file"), id);
    return E_OK;
}

static enum err import_job(struct cx *cx, const struct job *job, bool dry, str *ret)
{
    const struct json *j = NULL;
    struct import_result r = {0};
    struct job_showing s = {.cx = cx, .job = job};
    struct import_opt o = {.dry = dry, .progress = job_show, .arg = &s, .tmpdir = cx->app->data_dir};
    int64_t refused = id_new(cx->now_ms);
    TRY(json_parse(cx, job->args, &j));
    TRY(asked_file(cx, j, &o.path, &o.name));
    TRY(json_str_of(cx, j, S("entity"), S(""), &o.entity));
    TRY(json_int_of(cx, j, S("sheet"), -1, &o.sheet));
    const struct json *m = json_get(j, S("mapping"));
    o.mapping = m && m->t == JT_OBJ ? m : NULL;
    if (!dry) o.refused_path = file_path(cx, refused);
    cx->way = WAY_IMPORT;
    enum err e = dry ? xfer_dry(cx, &o, &r) : xfer_run(cx, &o, &r);
    if (r.fields) TRY(app_meta_reload(cx));
    TRY(e);
    struct buf b = buf_new(cx->a, RESULT_MAX);
    struct jw w = jw_new(&b);
    import_json(&r, &w);
    str text = buf_str(&b);
    if (r.has_refused_file) { /* {...} -> {...,"refused_file":"id"} */
        b.n--;
        w.comma = true;
        TRY(refused_json(cx, refused, &w));
        jw_obj_end(&w);
        text = buf_str(&b);
    }
    *ret = b.full ? S("{}") : text;
    return E_OK;
}

enum err import_dry_job(struct cx *cx, const struct job *j, str *ret)
{
    return import_job(cx, j, true, ret);
}

enum err import_run_job(struct cx *cx, const struct job *j, str *ret)
{
    return import_job(cx, j, false, ret);
}
