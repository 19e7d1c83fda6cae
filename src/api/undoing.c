/* SPDX-License-Identifier: MIT */
/* api/undoing.c - batches, and taking things back. */
#include "api/api_int.h"

#include "base/time.h"
#include "record/log.h"

enum { BATCH_PAGE = 50, RESULT_MAX = 4 * 1024 * 1024 };

static enum err ask_first(struct cx *cx, const struct undo_result *u, struct resp *rs)
{
    struct jw w = conflict_json(cx, rs);
    undo_conflicts_json(&w, S("conflicts"), u);
    jw_obj_end(&w);
    return E_OK;
}

static void result_json(const struct undo_result *u, struct jw *w)
{
    jw_obj(w);
    jw_kid(w, S("batch"), u->batch);
    jw_kint(w, S("undone"), u->undone);
    undo_notes_json(w, u);
    jw_obj_end(w);
}

struct asked {
    int64_t change, batch;
    enum undo_mode mode;
    str key; /* of the job */
    int64_t job;
};

static enum err asked_read(struct cx *cx, const struct req *rq, struct asked *ret)
{
    const struct json *j = NULL;
    bool force = false, keep = false;
    TRY(body_json(cx, rq, &j));
    TRY(json_id_of(cx, j, S("change"), 0, &ret->change));
    TRY(json_id_of(cx, j, S("batch"), 0, &ret->batch));
    TRY(json_bool_of(cx, j, S("force"), false, &force));
    TRY(json_bool_of(cx, j, S("keep"), false, &keep));
    ret->mode = force ? UNDO_FORCE : keep ? UNDO_KEEP : UNDO_ASK;
    if (ret->change && !ret->batch) {
        TRY(undo_merge_of(cx, ret->change, &ret->batch));
        if (ret->batch) ret->change = 0;
    }
    return !ret->change == !ret->batch ? fail(cx, E_INVALID, "Name either a change or a batch")
                                       : E_OK;
}

/* In the transaction that opens the undo: neither is there without the other. */
static enum err undo_job_add(struct cx *cx, void *arg, int64_t undo)
{
    struct asked *a = arg;
    return job_add(cx, cx->app->jobs, S("undo"), arena_fmt(cx->a, "{\"undo\":\"%" PRId64 "\"}", undo),
                   a->key, &a->job);
}

static enum err undo_now(struct cx *cx, struct asked *a, struct resp *rs)
{
    struct undo_result u = {0};
    enum err e = a->change ? undo_change(cx, a->change, a->mode, &u)
                           : undo_open(cx, a->batch, a->mode, undo_job_add, a, &u);
    if (e == E_CONFLICT && u.n_kept) return ask_first(cx, &u, rs);
    TRY(e);
    if (u.running) return reply_job(rs, a->job);
    struct jw w = reply_json(rs);
    result_json(&u, &w);
    return E_OK;
}

static enum err undo(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct asked a = {0};
    TRY(asked_read(cx, rq, &a));
    return undo_now(cx, &a, rs);
}

/* A large batch: looking for conflicts may take a while and must not keep the writer, so once() is not used: the
 * request's key is the job's, and asking again finds that job. */
static enum err undo_large(struct cx *cx, struct asked *a, str key, struct resp *rs)
{
    if (key.n) {
        a->key = arena_fmt(cx->a, "undo %" PRId64 " %" PRId64 " %.*s", cx->who.user, a->batch, FS(key));
        TRY(job_find(cx, a->key, &a->job));
        if (a->job) return reply_job(rs, a->job);
    }
    return undo_now(cx, a, rs);
}

enum err api_undo(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct asked a = {0};
    int64_t n = 0;
    str key = {0};
    TRY(asked_read(cx, rq, &a));
    if (a.batch) TRY(undo_size(cx, a.batch, &n));
    if (n <= UNDO_SMALL) return once(cx, rq, rs, undo);
    TRY(once_key(cx, rq, &key));
    return undo_large(cx, &a, key, rs);
}

enum err undo_job(struct cx *cx, const struct job *job, str *ret)
{
    const struct json *j = NULL;
    struct undo_result u = {0};
    struct job_showing s = {.cx = cx, .job = job};
    int64_t undo = 0;
    TRY(json_parse(cx, job->args, &j));
    TRY(json_id_of(cx, j, S("undo"), 0, &undo));
    TRY(undo_run(cx, undo, job_show, &s, &u));
    struct buf b = buf_new(cx->a, RESULT_MAX);
    struct jw w = jw_new(&b);
    result_json(&u, &w);
    *ret = buf_str(&b);
    return E_OK;
}

enum { MERGES_TOLD = 5 };

/* How many changes of each kind, and what was merged. */
static enum err counts_json(struct cx *cx, int64_t batch, struct jw *w)
{
    bool merges = false;
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT op, count(*) FROM change WHERE batch = $1 AND batch <> 0 GROUP BY op "
                 "ORDER BY op LIMIT 20",
                 V(batch)));
    jw_key(w, S("counts"));
    jw_obj(w);
    for (size_t i = 0; i < r.n; i++) {
        jw_kint(w, db_str(&r, i, 0), db_int(&r, i, 1));
        merges |= str_eq(db_str(&r, i, 0), S("merge"));
    }
    jw_obj_end(w);
    if (!merges) return E_OK;
    jw_key(w, S("merged"));
    return log_merges_json(cx, batch, MERGES_TOLD, w);
}

static enum err batch_json(struct cx *cx, const struct db_rows *r, size_t i, struct jw *w)
{
    const struct entity *user = ENT(cx, "user");
    int64_t who = db_int(r, i, 2);
    str title = S("");
    TRY(record_titles(cx, user, &who, 1, &title));
    jw_obj(w);
    jw_kid(w, S("id"), db_int(r, i, 0));
    jw_kstr(w, S("at"), time_text(cx->a, db_int(r, i, 1)));
    jw_key(w, S("who"));
    jw_obj(w);
    jw_kid(w, S("id"), who);
    jw_kstr(w, S("title"), title);
    jw_obj_end(w);
    jw_kstr(w, S("way"), db_str(r, i, 3));
    jw_kstr(w, S("title"), db_str(r, i, 4));
    jw_kstr(w, S("state"), db_str(r, i, 5));
    jw_kid(w, S("undo_of"), db_int(r, i, 6));
    TRY(counts_json(cx, db_int(r, i, 0), w));
    jw_obj_end(w);
    return E_OK;
}

/* Own batches; all for those who may read the log. */
enum err api_batch_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct db_rows r = {0};
    str s = {0};
    int64_t before = INT64_MAX, all = acl_sys(cx, SYS_LOG);
    if (http_query(cx, rq, S("cursor"), &s) && s.n && !str_to_int(s, &before))
        return fail_at(cx, E_BAD, S("cursor"), "This cursor is not valid");
    TRY(db_query(cx, &r,
                 "SELECT id, at, who, way, title, state, undo_of FROM batch WHERE id < $1 AND (who "
                 "= $2 OR $3 = 1) AND NOT (title = '" MCP_TITLE "' AND total = 0 AND done = 0)"
                 " ORDER BY id DESC LIMIT 50",
                 V(before), V(cx->who.user), V(all)));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < r.n; i++) TRY(batch_json(cx, &r, i, &w));
    jw_arr_end(&w);
    jw_kid(&w, S("next"), r.n == BATCH_PAGE ? db_int(&r, r.n - 1, 0) : 0);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_batch_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct db_rows r = {0};
    int64_t id = 0, all = acl_sys(cx, SYS_LOG);
    TRY(path_id(cx, rq, 0, &id));
    TRY(db_query(cx, &r,
                 "SELECT id, at, who, way, title, state, undo_of FROM batch WHERE id = $1 AND (who "
                 "= $2 OR $3 = 1)",
                 V(id), V(cx->who.user), V(all)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such batch");
    struct jw w = reply_json(rs);
    return batch_json(cx, &r, 0, &w);
}
