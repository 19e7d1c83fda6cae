/* SPDX-License-Identifier: MIT */
/* api/drafts.c - entries that are not finished: JSON that the web app gives and gets back, for its owner alone. */
#include "api/api_int.h"

#include "base/time.h"

enum { DRAFTS_MAX = 50, DRAFT_BYTES = 64 * 1024, TITLE_MAX = 200, KIND_MAX = 40 };

struct draft {
    int64_t id;
    str kind, title, data;
};

static enum err draft_of(struct cx *cx, const struct req *rq, struct draft *ret)
{
    const struct json *j = NULL, *data = NULL;
    struct buf b = buf_new(cx->a, DRAFT_BYTES);
    struct jw w = jw_new(&b);
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("kind"), S("partner"), &ret->kind));
    TRY(json_str_of(cx, j, S("title"), S(""), &ret->title));
    data = json_get(j, S("data"));
    if (!data || data->t != JT_OBJ) return fail_at(cx, E_INVALID, S("data"), "The data must be an object");
    if (!ret->kind.n || ret->kind.n > KIND_MAX || utf8_len(ret->title) > TITLE_MAX)
        return fail_at(cx, E_INVALID, S("title"), "A title has at most %d characters", TITLE_MAX);
    jw_json(&w, data);
    if (b.full) return fail_at(cx, E_LIMIT, S("data"), "An unfinished entry has at most 64 KiB");
    ret->data = buf_str(&b);
    return E_OK;
}

static void head_json(struct cx *cx, const struct draft *d, int64_t at, struct jw *w)
{
    jw_kid(w, S("id"), d->id);
    jw_kstr(w, S("kind"), d->kind);
    jw_kstr(w, S("title"), d->title);
    jw_kstr(w, S("at"), time_text(cx->a, at));
}

enum err api_draft_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct db_rows r = {0};
    (void)rq;
    TRY(db_query(cx, &r, "SELECT id, kind, title, at FROM draft WHERE user_id = $1 ORDER BY id DESC LIMIT 50",
                 V(cx->who.user)));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < r.n; i++) {
        const struct draft d = {db_int(&r, i, 0), db_str(&r, i, 1), db_str(&r, i, 2), S("")};
        jw_obj(&w);
        head_json(cx, &d, db_int(&r, i, 3), &w);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

static void draft_json(struct cx *cx, const struct draft *d, int64_t at, struct resp *rs)
{
    struct jw w = reply_json(rs);
    jw_obj(&w);
    head_json(cx, d, at, &w);
    jw_key(&w, S("data"));
    jw_raw(&w, d->data);
    jw_obj_end(&w);
}

enum err api_draft_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    struct db_rows r = {0};
    TRY(path_id(cx, rq, 0, &id));
    TRY(db_query(cx, &r, "SELECT kind, title, json, at FROM draft WHERE id = $1 AND user_id = $2", V(id),
                 V(cx->who.user)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such unfinished entry");
    const struct draft d = {id, db_str(&r, 0, 0), db_str(&r, 0, 1), db_str(&r, 0, 2)};
    draft_json(cx, &d, db_int(&r, 0, 3), rs);
    return E_OK;
}

static enum err insert(struct cx *cx, void *arg)
{
    const struct draft *d = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT count(*) FROM draft WHERE user_id = $1", V(cx->who.user)));
    if (db_int(&r, 0, 0) >= DRAFTS_MAX)
        return fail(cx, E_LIMIT, "There are %d unfinished entries already: finish one or throw one away", DRAFTS_MAX);
    return db_exec(cx, NULL, "INSERT INTO draft (id, user_id, kind, title, json, at) VALUES ($1, $2, $3, $4, $5, $6)",
                   V(d->id), V(cx->who.user), V(d->kind), V(d->title), V(d->data), V(cx->now_ms));
}

static enum err post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct draft d = {.id = id_new(cx->now_ms)};
    TRY(draft_of(cx, rq, &d));
    TRY(db_write(cx, insert, &d));
    rs->status = 201;
    draft_json(cx, &d, cx->now_ms, rs);
    return E_OK;
}

enum err api_draft_post(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, post); }

static enum err update(struct cx *cx, void *arg)
{
    const struct draft *d = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "UPDATE draft SET kind = $6, title = $3, json = $4, at = $5"
                " WHERE id = $1 AND user_id = $2", V(d->id),
                V(cx->who.user), V(d->title), V(d->data), V(cx->now_ms), V(d->kind)));
    return n ? E_OK : fail(cx, E_NOTFOUND, "There is no such unfinished entry");
}

enum err api_draft_put(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct draft d = {0};
    TRY(path_id(cx, rq, 0, &d.id));
    TRY(draft_of(cx, rq, &d));
    TRY(db_write(cx, update, &d));
    draft_json(cx, &d, cx->now_ms, rs);
    return E_OK;
}

enum err draft_drop(struct cx *cx, int64_t id)
{
    return db_exec(cx, NULL, "DELETE FROM draft WHERE id = $1 AND user_id = $2", V(id), V(cx->who.user));
}

static enum err drop(struct cx *cx, void *arg)
{
    const int64_t *id = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM draft WHERE id = $1 AND user_id = $2", V(*id), V(cx->who.user)));
    return n ? E_OK : fail(cx, E_NOTFOUND, "There is no such unfinished entry");
}

enum err api_draft_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(path_id(cx, rq, 0, &id));
    TRY(db_write(cx, drop, &id));
    rs->status = 204;
    return E_OK;
}
