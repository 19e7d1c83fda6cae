/* SPDX-License-Identifier: MIT */
/* api/dups.c - duplicates of the whole base: a job that lists the pairs (and may merge the certain ones as one batch
 * that can be undone), and the word that two records are different. */
#include "api/api_int.h"

#include "record/log.h"
#include "search/search.h"

enum { LIST_MAX = 1000, SCORE_DEFAULT = 70, SCORE_MERGE_MIN = 90, RESULT_MAX = 1024 * 1024 };

struct scan {
    const struct job *job;
    const struct entity *e;
    int64_t merge_from; /* pairs of this score and above are merged; 0 = none */
    int64_t pairs, merged, refused;
    struct jw *w;
};

static void pair_json(const struct dup_pair *p, struct jw *w)
{
    jw_obj(w);
    jw_kid(w, S("a"), p->a);
    jw_kid(w, S("b"), p->b);
    jw_kstr(w, S("title_a"), p->title_a);
    jw_kstr(w, S("title_b"), p->title_b);
    jw_kint(w, S("score"), p->score);
    dup_why_json(w, p->why, false);
    jw_obj_end(w);
}

/* The older record wins: others may have noted its id. */
static enum err pair_merge(struct cx *cx, struct scan *s, const struct dup_pair *p)
{
    struct written w = {0};
    enum err e = record_merge(cx, s->e, p->a < p->b ? p->a : p->b, p->a < p->b ? p->b : p->a, 0,
                              NULL, 0, &w);
    if (e == E_OK) s->merged++;
    else if (e == E_NOTFOUND || e == E_DENIED || e == E_LIMIT)
        s->refused++; /* merged already with a third, not ours to change, or too much hangs on them */
    else return e;
    return E_OK;
}

static enum err on_pair(struct cx *cx, void *arg, const struct dup_pair *p)
{
    struct scan *s = arg;
    s->pairs++;
    if (s->merge_from && p->score >= s->merge_from) return pair_merge(cx, s, p);
    if (s->pairs - s->merged <= LIST_MAX) pair_json(p, s->w);
    return E_OK;
}

/* One slice on an arena of its own, so that a million records need no more memory than a thousand. */
static enum err scan_slice(struct cx *cx, struct scan *s, int64_t min, struct arena *scratch,
                           struct dup_pos *pos, struct buf *key)
{
    struct arena *keep = cx->a;
    cx->a = scratch;
    enum err e = dup_scan(cx, s->e, (int)min, pos, on_pair, s);
    if (e == E_OK) e = job_progress(cx, s->job, s->pairs, 0);
    cx->a = keep;
    key->n = 0;
    buf_add(key, pos->key);
    pos->key = buf_str(key);
    if (e != E_OK) e = fail_at(cx, e, cx->at, "%.*s", FS(cx->msg));
    arena_reset(scratch);
    return e;
}

static enum err scan_all(struct cx *cx, struct scan *s, int64_t min)
{
    struct dup_pos pos = {.key = S("")};
    struct buf key = buf_new(cx->a, 64 * 1024);
    struct arena *scratch OWNED(arena_free) = arena_new();
    while (pos.stage != DUP_SCANNED) TRY(scan_slice(cx, s, min, scratch, &pos, &key));
    return E_OK;
}

static enum err scan_batch(struct cx *cx, struct scan *s, int64_t min, int64_t *ret_batch)
{
    if (!s->merge_from) return scan_all(cx, s, min);
    TRY(batch_begin(cx, S("duplicates"), 0, ret_batch));
    enum err e = scan_all(cx, s, min);
    str msg = cx->msg;
    if (batch_end(cx, *ret_batch, e == E_OK ? S("done") : S("failed"), S("")) != E_OK && e == E_OK)
        return cx->err;
    cx->batch = 0;
    if (e != E_OK) cx->msg = msg;
    return e;
}

enum err dup_job(struct cx *cx, const struct job *j, str *ret)
{
    const struct json *in = NULL;
    struct buf b = buf_new(cx->a, RESULT_MAX);
    struct jw w = jw_new(&b);
    struct scan s = {.job = j, .w = &w};
    str name = {0};
    int64_t min = 0, batch = 0;
    TRY(json_parse(cx, j->args, &in));
    TRY(json_str_of(cx, in, S("entity"), S(""), &name));
    TRY(json_int_of(cx, in, S("min"), SCORE_DEFAULT, &min));
    TRY(json_int_of(cx, in, S("merge_from"), 0, &s.merge_from));
    s.e = meta_entity(cx->meta, name);
    if (!s.e) return fail(cx, E_NOTFOUND, "There is nothing of this name");
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    TRY(scan_batch(cx, &s, min, &batch));
    jw_arr_end(&w);
    jw_kint(&w, S("pairs"), s.pairs);
    jw_kint(&w, S("merged"), s.merged);
    jw_kid(&w, S("batch"), batch);
    jw_obj_end(&w);
    if (b.full)
        return fail(cx, E_LIMIT,
                    "There are more pairs than one answer can hold: look for a higher score");
    *ret = buf_str(&b);
    return E_OK;
}

static enum err ask_scan(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    const struct json *j = NULL;
    int64_t min = 0, from = 0, job = 0;
    TRY(path_entity(cx, rq, &e));
    TRY(body_json(cx, rq, &j));
    TRY(json_int_of(cx, j, S("min"), SCORE_DEFAULT, &min));
    TRY(json_int_of(cx, j, S("merge_from"), 0, &from));
    if (min < 1 || min > 100) return fail_at(cx, E_INVALID, S("min"), "A score is 1 to 100");
    if (from && (from < SCORE_MERGE_MIN || from > 100))
        return fail_at(cx, E_INVALID, S("merge_from"),
                       "Only pairs of a score from %d on may merge by themselves", SCORE_MERGE_MIN);
    if (from && !acl_may(cx, e, ACT_MASS))
        return fail(cx, E_DENIED, "You may not change many records at once");
    str args =
        arena_fmt(cx->a, "{\"entity\":\"%.*s\",\"min\":%" PRId64 ",\"merge_from\":%" PRId64 "}",
                  FS(e->name), min, from);
    TRY(job_add(cx, cx->app->jobs, S("duplicates"), args, S(""), &job));
    return reply_job(rs, job);
}

enum err api_dup_scan(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, ask_scan);
}

static enum err reject_or_not(struct cx *cx, const struct req *rq, struct resp *rs, bool back)
{
    const struct entity *e = NULL;
    const struct json *j = NULL;
    int64_t a = 0, b = 0;
    TRY(path_entity(cx, rq, &e));
    TRY(body_json(cx, rq, &j));
    TRY(json_id_of(cx, j, S("a"), 0, &a));
    TRY(json_id_of(cx, j, S("b"), 0, &b));
    if (!a || !b || a == b)
        return fail(cx, E_INVALID, "Two different records are to be named: a and b");
    TRY(dup_reject(cx, e, a, b, back));
    rs->status = 204;
    return E_OK;
}

static enum err reject(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return reject_or_not(cx, rq, rs, false);
}
static enum err unreject(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return reject_or_not(cx, rq, rs, true);
}

enum err api_dup_reject(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, reject);
}

enum err api_dup_unreject(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, unreject);
}
