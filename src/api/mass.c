/* SPDX-License-Identifier: MIT */
/* api/mass.c - one change for many records: those named, or all that a filter finds. Few are done at once, more by a
 * job in slices; one batch, so that one undo takes all of it back. */
#include "api/api_int.h"

#include "os/os.h"
#include "record/log.h"
#include "search/search.h"

enum {
    AT_ONCE = 200,
    SLICE = 50,
    IDS_MAX = 10000,
    IDS_A_QUERY = 100,
    MASS_MAX = 1000000,
    RESULT_MAX = 256 * 1024,
    FIND_US = 30 * 1000 * 1000
};
enum act { MASS_SET, MASS_TRASH, MASS_BACK, MASS_ACTS };
static const str mass_name[MASS_ACTS] = {S0("change"), S0("delete"), S0("restore")};
struct mass {
    const struct entity *e;
    enum act act;
    const struct set *s;
    size_t n_sets;
    struct query q;
    struct sql also;
    int64_t *id;           /* of the records that it means */
    size_t n, cap;
    bool many;             /* more than are done at once, ... */
    int64_t all;           /* ... so many */
    int64_t batch;
    int64_t from, of;      /* what is shown: parts before this one have done `from` of `of`; of 0: this one is all */
    struct tally {
        size_t at, done, same; /* how far it is; written; the same as before */
        struct refusal refused[MASS_TOLD_MAX];
        size_t n_refused;
    } t, before; /* before: as the slice in hand began */
    struct arena *keep;    /* of what is told of refusals */
};

/* ---- what is asked for ---- */
static enum err act_of(struct cx *cx, const struct json *j, enum act *ret)
{
    str name = {0};
    TRY(json_str_of(cx, j, S("act"), S(""), &name));
    for (int i = 0; i < MASS_ACTS; i++)
        if (str_eq(name, mass_name[i])) return *ret = (enum act)i, E_OK;
    return fail_at(cx, E_INVALID, S("act"), "What is to be done: change, delete or restore?");
}

static enum err ids_of(struct cx *cx, const struct json *list, struct mass *m)
{
    if (list->t != JT_ARR || !list->n || list->n > IDS_MAX)
        return fail_at(cx, E_INVALID, S("ids"), "This must be a list of 1 to %d items", IDS_MAX);
    int64_t *ids = NEW_N(cx->a, int64_t, list->n);
    for (size_t i = 0; i < list->n; i++)
        if (!str_to_int(list->v[i].s, &ids[i]) || ids[i] <= 0)
            return fail_at(cx, E_INVALID, S("ids"), "There is no such record");
    m->q.ids = ids;
    m->q.n_ids = list->n;
    return E_OK;
}

/* Ids, or a filter: all records are meant only by a filter that says so, {} or null. */
static enum err which(struct cx *cx, const struct json *j, struct mass *m)
{
    const struct json *ids = json_get(j, S("ids")), *filter = json_get(j, S("filter"));
    str text = {0};
    if (!ids == !filter) return fail(cx, E_INVALID, "Name either ids or a filter");
    if (ids) return ids_of(cx, ids, m);
    TRY(filter_asked(cx, m->e, filter->t == JT_NULL || (filter->t == JT_OBJ && !filter->n) ? NULL : filter,
                     &m->q.where));
    TRY(json_str_of(cx, j, S("q"), S(""), &text));
    if (!str_trim(text).n) return E_OK;
    sql_lit(&m->also, " AND ");
    return search_where(cx, text, m->e, true, &m->also);
}

static enum err may(struct cx *cx, const struct mass *m)
{
    if (!acl_may(cx, m->e, ACT_MASS) || !acl_may_by_role(cx, m->e, m->act == MASS_SET ? ACT_CHANGE : ACT_DELETE))
        return fail(cx, E_DENIED, "You may not change many records at once");
    return E_OK;
}

static enum err mass_read(struct cx *cx, const struct json *j, struct mass *m)
{
    static const struct json none = {.t = JT_OBJ};
    const struct json *values = json_get(j, S("values"));
    TRY(may(cx, m));
    if (m->act == MASS_SET && (!values || values->t != JT_OBJ || !values->n))
        return fail_at(cx, E_INVALID, S("values"), "The values must be an object");
    TRY(record_sets(cx, m->e, m->act == MASS_SET ? values : &none, &m->s, &m->n_sets));
    m->also = sql_new(cx);
    acl_where(cx, m->e, ACT_MASS, S("t"), &m->also);
    TRY(which(cx, j, m));
    m->q.also = &m->also;
    m->q.cursor = S("");
    m->q.deleted = m->act == MASS_BACK;
    m->q.fields = (struct fields){.bare = true};
    return E_OK;
}

static enum err entity_and_act(struct cx *cx, const struct json *j, str entity, struct mass *m)
{
    m->e = meta_entity(cx->meta, entity);
    if (!m->e || !acl_may(cx, m->e, ACT_SEE)) return fail(cx, E_NOTFOUND, "There is nothing of this name");
    TRY(act_of(cx, j, &m->act));
    return mass_read(cx, j, m);
}

/* ---- which records ---- */
static enum err take(struct cx *cx, void *arg, const struct record *r)
{
    struct mass *m = arg;
    if (m->n == m->cap) return fail(cx, E_LIMIT, "These are more than %zu records: please narrow the filter", m->cap);
    m->id[m->n++] = r->id;
    return E_OK;
}

/* At most `cap` of them; E_LIMIT when there are more. */
static enum err find(struct cx *cx, struct mass *m, size_t cap)
{
    struct query q = m->q;
    m->cap = cap;
    m->id = NEW_N(cx->a, int64_t, cap);
    if (!q.n_ids) return record_each(cx, m->e, &q, take, m);
    for (size_t i = 0; i < m->q.n_ids; i += q.n_ids) {
        q.ids = m->q.ids + i;
        q.n_ids = m->q.n_ids - i < IDS_A_QUERY ? m->q.n_ids - i : IDS_A_QUERY;
        TRY(record_each(cx, m->e, &q, take, m));
    }
    return E_OK;
}

static enum err count(struct cx *cx, const struct mass *m, int64_t *ret)
{
    bool exact = true;
    *ret = (int64_t)m->q.n_ids;
    if (*ret) return E_OK;
    TRY(record_count_query(cx, m->e, &m->q, MASS_MAX, ret, &exact));
    return exact ? E_OK
                 : fail(cx, E_LIMIT, "These are more than %zu records: please narrow the filter", (size_t)MASS_MAX);
}

/* ---- the change ---- */
/* What is only shared with him is changed one by one. */
static enum err by_roles(struct cx *cx, const struct mass *m, int64_t id)
{
    unsigned rights = 0;
    if (!acl_shared(cx, m->e, ACT_CHANGE)) return E_OK;
    TRY(acl_rights(cx, m->e, id, &rights));
    return rights & 1U << ACT_CHANGE ? E_OK : fail(cx, E_DENIED, "You may see this record, but not do that with it");
}

static enum err one(struct cx *cx, const struct mass *m, int64_t id, struct written *w)
{
    if (m->act == MASS_SET) TRY(by_roles(cx, m, id));
    switch (m->act) {
    case MASS_SET: return record_update(cx, m->e, id, 0, m->s, m->n_sets, w);
    case MASS_TRASH: return record_delete(cx, m->e, id, 0, w);
    case MASS_BACK: return record_restore(cx, m->e, id, w);
    case MASS_ACTS: break;
    }
    return E_OK;
}

static enum err refuse(struct cx *cx, struct mass *m, int64_t id)
{
    str why = cx->msg, title = S("");
    if (m->t.n_refused < MASS_TOLD_MAX) {
        TRY(record_titles(cx, m->e, &id, 1, &title));
        m->t.refused[m->t.n_refused] = (struct refusal){id, arena_dup(m->keep, title), arena_dup(m->keep, why)};
    }
    m->t.n_refused++;
    return E_OK;
}

/* Some of them, inside db_write. What one is refused for leaves the others alone; who is gone is passed over. */
static enum err some(struct cx *cx, struct mass *m, size_t to)
{
    for (; m->t.at < to; m->t.at++) {
        struct written w = {0};
        enum err e = one(cx, m, m->id[m->t.at], &w);
        if (err_info[e].http >= 500) return e;
        if (e == E_OK) (*(w.seq ? &m->t.done : &m->t.same))++;
        else if (e != E_NOTFOUND) TRY(refuse(cx, m, m->id[m->t.at]));
    }
    return E_OK;
}

/* Of so many refusals it is told why. */
static size_t n_told(const struct mass *m)
{
    return m->t.n_refused < MASS_TOLD_MAX ? m->t.n_refused : MASS_TOLD_MAX;
}

static void result_json(const struct mass *m, struct jw *w)
{
    jw_obj(w);
    jw_kid(w, S("batch"), m->t.done ? m->batch : 0);
    jw_kint(w, S("changed"), (int64_t)m->t.done);
    jw_kint(w, S("unchanged"), (int64_t)m->t.same);
    jw_kint(w, S("refused"), (int64_t)m->t.n_refused);
    refusals_json(w, m->t.refused, n_told(m));
    jw_obj_end(w);
}

/* ---- at once ---- */
static enum err all_write(struct cx *cx, void *arg)
{
    struct mass *m = arg;
    m->t = (struct tally){0};
    TRY(batch_begin(cx, S("mass"), (int64_t)m->n, &m->batch));
    enum err e = some(cx, m, m->n);
    cx->batch = 0;
    TRY(e);
    return m->t.done ? batch_end(cx, m->batch, S("done"), S("")) : fail(cx, E_INVALID, "Nothing was to be written");
}

static enum err at_once(struct cx *cx, struct mass *m, struct resp *rs)
{
    enum err e = db_write(cx, all_write, m);
    if (e != E_INVALID || m->t.done) TRY(e);
    struct jw w = reply_json(rs);
    result_json(m, &w);
    return E_OK;
}

/* ---- by a job ---- */
static enum err job_begin(struct cx *cx, const struct req *rq, struct mass *m, struct resp *rs)
{
    int64_t job = 0;
    enum err e = batch_begin(cx, S("mass"), m->all, &m->batch);
    cx->batch = 0;
    TRY(e);
    TRY(batch_end(cx, m->batch, S("failed"), S(""))); /* that is what it is until the job has ended */
    str args = arena_fmt(cx->a, "{\"entity\":\"%.*s\",\"batch\":\"%" PRId64 "\",\"asked\":%.*s}", FS(m->e->name),
                         m->batch, FS(rq->body));
    TRY(job_add(cx, cx->app->jobs, S("mass"), args, S(""), &job));
    return reply_job(rs, job);
}

static enum err write_all(struct cx *cx, const struct req *rq, struct resp *rs, void *arg)
{
    struct mass *m = arg;
    return m->many ? job_begin(cx, rq, m, rs) : at_once(cx, m, rs);
}

/* Whom it means is looked for before the writer is taken, and not for ever: it may be a walk over everything. */
enum err api_mass(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct mass *m = NEW(cx->a, struct mass);
    const struct json *j = NULL;
    bool repeated = false;
    m->keep = cx->a;
    TRY(body_json(cx, rq, &j));
    TRY(entity_and_act(cx, j, rq->param[0], m));
    if (!db_is_pg(cx)) db_deadline(cx, os_mono_us() + FIND_US);
    enum err e = find(cx, m, AT_ONCE);
    m->many = e == E_LIMIT;
    if (m->many) e = count(cx, m, &m->all);
    if (!db_is_pg(cx)) db_deadline(cx, 0);
    TRY(e);
    return once_with(cx, rq, rs, rq->body, write_all, m, &repeated);
}

static enum err slice_write(struct cx *cx, void *arg)
{
    struct mass *m = arg;
    m->t = m->before; /* it may run again */
    TRY(some(cx, m, m->t.at + SLICE < m->n ? m->t.at + SLICE : m->n));
    return batch_progress(cx, m->batch, m->from + (int64_t)m->t.at);
}

/* Killed in the middle, it begins anew: what is written already is the same as before, or gone. */
static enum err slices(struct cx *cx, const struct job *job, struct mass *m)
{
    struct job_showing s = {.cx = cx, .job = job};
    while (m->t.at < m->n) {
        struct arena_mark mark = arena_mark(cx->a);
        m->before = m->t;
        TRY(db_write_bulk(cx, slice_write, m));
        arena_back(cx->a, mark);
        if (!job_show(&s, m->from + (int64_t)m->t.at, m->of ? m->of : (int64_t)m->n)) return cx->err;
    }
    return E_OK;
}

static enum err job_work(struct cx *cx, const struct job *job, struct mass *m, const struct json *asked, str entity)
{
    int64_t n = 0;
    TRY(entity_and_act(cx, asked, entity, m));
    TRY(count(cx, m, &n));
    TRY(find(cx, m, (size_t)n + AT_ONCE)); /* some may have come meanwhile */
    cx->batch = m->batch;
    enum err e = slices(cx, job, m);
    cx->batch = 0;
    return e;
}

enum err mass_end(struct cx *cx, int64_t batch, enum err e)
{
    str msg = cx->msg, at = cx->at;
    enum err ended = batch_end(cx, batch, e == E_OK ? S("done") : S("failed"), S(""));
    if (e == E_OK || ended != E_OK) return ended;
    cx->msg = msg;
    cx->at = at;
    return cx->err = e;
}

static enum err job_run(struct cx *cx, const struct job *job, struct mass *m, str *ret)
{
    const struct json *j = NULL;
    str entity = {0};
    int64_t written = 0;
    TRY(json_parse(cx, job->args, &j));
    TRY(json_str_of(cx, j, S("entity"), S(""), &entity));
    TRY(json_id_of(cx, j, S("batch"), 0, &m->batch));
    TRY(batch_go_on(cx, m->batch));
    TRY(mass_end(cx, m->batch, job_work(cx, job, m, json_get(j, S("asked")), entity)));
    TRY(undo_size(cx, m->batch, &written)); /* also by an earlier try that was cut short */
    m->t.done = (size_t)written;
    struct buf b = buf_new(cx->a, RESULT_MAX);
    struct jw w = jw_new(&b);
    result_json(m, &w);
    *ret = buf_str(&b);
    return E_OK;
}

enum err mass_job(struct cx *cx, const struct job *job, str *ret)
{
    struct mass *m = NEW(cx->a, struct mass);
    m->keep = arena_new();
    enum err e = job_run(cx, job, m, ret);
    arena_free(&m->keep);
    return e;
}

enum err mass_part(struct cx *cx, const struct job *job, str entity, const struct json *asked, struct mass_part *p)
{
    struct mass m = {.keep = p->keep, .batch = p->batch, .from = p->done, .of = p->of};
    TRY(job_work(cx, job, &m, asked, entity));
    p->done += (int64_t)m.t.at;
    p->changed += (int64_t)m.t.done;
    p->refused += (int64_t)m.t.n_refused;
    for (size_t i = 0; i < n_told(&m) && p->n_told < COUNT(p->told); i++)
        p->told[p->n_told++] = m.t.refused[i];
    return E_OK;
}

void refusals_json(struct jw *w, const struct refusal *v, size_t n)
{
    jw_key(w, S("reasons"));
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), v[i].id);
        jw_kstr(w, S("title"), v[i].title);
        jw_kstr(w, S("why"), v[i].why);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}
