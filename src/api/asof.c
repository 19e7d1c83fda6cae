/* SPDX-License-Identifier: MIT */
/* api/asof.c - lists as they were, when they are too large for one request: a job finds the ids in their order, pages
 * of records are then read from those. Kept for a day.
 */
#include "api/api_int.h"

#include "base/time.h"
#include "record/log.h"

enum { CHUNK = 1000, PAGE_DEFAULT = 50, PAGE_MAX = 200, KEPT_MS = 24 * 3600 * 1000 };

struct wanted {
    const struct entity *e;
    struct query q;
    int64_t at_ms;
};

/* The request's body, which is the job's arguments too. */
static enum err wanted_read(struct cx *cx, const struct json *j, struct wanted *ret)
{
    str entity = {0}, at = {0}, sort = {0};
    TRY(json_str_of(cx, j, S("entity"), S(""), &entity));
    TRY(json_str_of(cx, j, S("at"), S(""), &at));
    TRY(json_str_of(cx, j, S("sort"), S(""), &sort));
    *ret = (struct wanted){.e = meta_entity(cx->meta, entity), .q.cursor = S("")};
    if (!ret->e || !acl_may(cx, ret->e, ACT_SEE))
        return fail_at(cx, E_INVALID, S("entity"), "There is nothing of this name");
    TRY(at_asked(cx, at, &ret->at_ms));
    TRY(sort_asked(cx, ret->e, sort, &ret->q));
    return filter_asked(cx, ret->e, json_get(j, S("filter")), &ret->q.where);
}

static enum err ask(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct wanted w = {0};
    int64_t job = 0;
    TRY(body_json(cx, rq, &j));
    TRY(wanted_read(cx, j, &w));
    TRY(job_add(cx, cx->app->jobs, S("as_of"), rq->body, S(""), &job));
    return reply_job(rs, job);
}

enum err api_as_of_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, ask);
}

/* ---- the job ---- */
struct found {
    int64_t job;
    const int64_t *ids;
    size_t n;
};

static enum err chunk_write(struct cx *cx, const struct found *f, size_t from)
{
    struct buf b = buf_new(cx->a, CHUNK * 21);
    for (size_t i = from; i < f->n && i < from + CHUNK; i++)
        buf_fmt(&b, "%s%" PRId64, i > from ? "," : "", f->ids[i]);
    return db_exec(cx, NULL, "INSERT INTO as_of_page (job, n, at, ids) VALUES ($1, $2, $3, $4)", V(f->job),
                   V((int64_t)(from / CHUNK)), V(cx->now_ms), V(buf_str(&b)));
}

static enum err found_write(struct cx *cx, void *arg)
{
    const struct found *f = arg;
    TRY(db_exec(cx, NULL, "DELETE FROM as_of_page WHERE job = $1 OR at < $2", V(f->job),
                V(clock_aged_ms(cx->now_ms) - KEPT_MS)));
    for (size_t i = 0; i < f->n; i += CHUNK) {
        struct arena_mark m = arena_mark(cx->a);
        TRY(chunk_write(cx, f, i));
        arena_back(cx->a, m);
    }
    return E_OK;
}

enum err as_of_job(struct cx *cx, const struct job *job, str *ret)
{
    const struct json *j = NULL;
    struct wanted w = {0};
    struct job_showing s = {.cx = cx, .job = job};
    int64_t *ids = NULL;
    struct found f = {.job = job->id};
    TRY(json_parse(cx, job->args, &j));
    TRY(wanted_read(cx, j, &w));
    TRY(record_ids_as_of(cx, w.e, &w.q, w.at_ms, job_show, &s, &ids, &f.n));
    f.ids = ids;
    TRY(db_write_bulk(cx, found_write, &f));
    *ret = arena_fmt(cx->a, "{\"count\":%zu}", f.n);
    return E_OK;
}

/* ---- pages ---- */
/* Ids from place `at` on, up to the end of its chunk. */
static enum err ids_read(struct cx *cx, int64_t job, int64_t at, int64_t *ids, size_t max, size_t *ret_n)
{
    struct db_rows r = {0};
    size_t n = 0;
    *ret_n = 0;
    TRY(db_query(cx, &r, "SELECT ids FROM as_of_page WHERE job = $1 AND n = $2", V(job), V(at / CHUNK)));
    if (!r.n) return E_OK;
    str rest = db_str(&r, 0, 0), one = {0};
    for (int64_t i = 0; rest.n && n < max; i++) {
        str_split(rest, ',', &one, &rest);
        if (i >= at % CHUNK && str_to_int(one, &ids[n])) n++;
    }
    *ret_n = n;
    return E_OK;
}

/* Those that may not be seen any more, or were erased, are passed over. */
static enum err page_read(struct cx *cx, const struct wanted *w, const int64_t *ids, size_t n, struct page *ret)
{
    struct record *v = NEW_N(cx->a, struct record, n + 1);
    for (size_t i = 0; i < n; i++) {
        enum err e = record_as_of(cx, w->e, ids[i], w->at_ms, &v[ret->n]);
        if (e == E_OK) ret->n++;
        else if (e != E_NOTFOUND) return e;
    }
    ret->v = v;
    return E_OK;
}

enum err api_as_of_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct wanted w = {0};
    struct page p = {.next = S("")};
    str args = {0}, result = {0}, s = {0};
    int64_t id = 0, at = 0, limit = PAGE_DEFAULT, count = 0, ids[PAGE_MAX];
    size_t n = 0;
    TRY(path_id(cx, rq, 0, &id));
    TRY(job_done(cx, id, S("as_of"), &args, &result));
    TRY(json_parse(cx, args, &j));
    TRY(wanted_read(cx, j, &w));
    TRY(json_parse(cx, result, &j));
    TRY(json_int_of(cx, j, S("count"), 0, &count));
    if (http_query(cx, rq, S("cursor"), &s) && s.n && (!str_to_int(s, &at) || at < 0))
        return fail_at(cx, E_BAD, S("cursor"), "This cursor is not valid");
    if (http_query(cx, rq, S("limit"), &s) && (!str_to_int(s, &limit) || limit < 1 || limit > PAGE_MAX))
        return fail_at(cx, E_BAD, S("limit"), "The limit is 1 to 200");
    TRY(ids_read(cx, id, at, ids, (size_t)limit, &n));
    if (!n && at < count) return fail(cx, E_NOTFOUND, "This list is no longer kept: ask for it again");
    TRY(page_read(cx, &w, ids, n, &p));
    if (at + (int64_t)n < count) p.next = arena_fmt(cx->a, "%" PRId64, at + (int64_t)n);
    struct jw jw = reply_json(rs);
    page_json(cx, &p, &jw);
    jw_kint(&jw, S("count"), count);
    jw_obj_end(&jw);
    return E_OK;
}
