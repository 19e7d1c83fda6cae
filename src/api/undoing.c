/* SPDX-License-Identifier: MIT */
/* api/undoing.c - batches, and taking things back. */
#include "api/api_int.h"

#include "base/time.h"
#include "record/log.h"

enum { BATCH_PAGE = 50 };

static void kept_json(struct jw *w, str key, const struct undo_result *u)
{
    jw_key(w, key);
    jw_arr(w);
    for (size_t i = 0; i < u->n_kept; i++) {
        const struct undo_conflict *c = &u->kept[i];
        jw_obj(w);
        jw_kstr(w, S("entity"), c->e->name);
        jw_kid(w, S("id"), c->id);
        jw_kstr(w, S("title"), c->title);
        jw_key(w, S("fields"));
        jw_arr(w);
        for (size_t k = 0; k < c->n; k++) jw_str(w, c->f[k]->name);
        jw_arr_end(w);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static enum err ask_first(struct cx *cx, const struct undo_result *u, struct resp *rs)
{
    struct jw w = reply_json(rs);
    rs->status = 409;
    rs->type = S("application/problem+json");
    jw_obj(&w);
    jw_kstr(&w, S("type"), S("urn:kontor:error:conflict"));
    jw_kstr(&w, S("title"), S("Conflict"));
    jw_kint(&w, S("status"), 409);
    jw_kstr(&w, S("code"), S("conflict"));
    jw_kstr(&w, S("detail"), cx->msg);
    jw_kstr(&w, S("request_id"), cx->req);
    kept_json(&w, S("conflicts"), u);
    jw_obj_end(&w);
    return E_OK;
}

static enum err undo(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    int64_t change = 0, batch = 0;
    bool force = false, keep = false;
    struct undo_result u = {0};
    TRY(body_json(cx, rq, &j));
    TRY(json_id_of(cx, j, S("change"), 0, &change));
    TRY(json_id_of(cx, j, S("batch"), 0, &batch));
    TRY(json_bool_of(cx, j, S("force"), false, &force));
    TRY(json_bool_of(cx, j, S("keep"), false, &keep));
    if (!change == !batch) return fail(cx, E_INVALID, "Name either a change or a batch");
    enum undo_mode mode = force ? UNDO_FORCE : keep ? UNDO_KEEP : UNDO_ASK;
    enum err e = change ? undo_change(cx, change, mode, &u) : undo_batch(cx, batch, mode, &u);
    if (e == E_CONFLICT && u.n_kept) return ask_first(cx, &u, rs);
    TRY(e);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("batch"), u.batch);
    jw_kint(&w, S("undone"), u.undone);
    kept_json(&w, S("kept"), &u);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_undo(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, undo);
}

static enum err counts_json(struct cx *cx, int64_t batch, struct jw *w)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT op, count(*) FROM change WHERE batch = $1 AND batch <> 0 GROUP BY op "
                 "ORDER BY op LIMIT 20",
                 V(batch)));
    jw_key(w, S("counts"));
    jw_obj(w);
    for (size_t i = 0; i < r.n; i++) jw_kint(w, db_str(&r, i, 0), db_int(&r, i, 1));
    jw_obj_end(w);
    return E_OK;
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
                 "= $2 OR $3 = 1) ORDER BY id DESC LIMIT 50",
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
