/* SPDX-License-Identifier: MIT */
/* api/retaining.c - rules of what is kept how long: made, rehearsed, turned on; their job of each day. */
#include "api/api_int.h"

#include "base/time.h"
#include "os/os.h"
#include "privacy/retain.h"

enum { TEXT_BYTES = 65536, FIND_US = 30 * 1000 * 1000 };

/* ---- telling ---- */
static void fields_json(str fields, struct jw *w)
{
    str one = {0};
    jw_key(w, S("fields"));
    jw_arr(w);
    while (fields.n) {
        str_split(fields, ',', &one, &fields);
        jw_str(w, one);
    }
    jw_arr_end(w);
}

/* Who did it and when; null when nobody did. */
static void by_json(struct cx *cx, str key, const struct retain_by *by, str title, struct jw *w)
{
    jw_key(w, key);
    if (!by->at) return jw_null(w);
    jw_obj(w);
    jw_kstr(w, S("at"), time_text(cx->a, by->at));
    jw_key(w, S("by"));
    jw_obj(w);
    jw_kid(w, S("id"), by->who);
    jw_kstr(w, S("title"), title);
    jw_obj_end(w);
    jw_obj_end(w);
}

enum { BY_N = 3 }; /* made, changed, turned on */

static void rule_members(struct cx *cx, const struct retention *r, const str *who, struct jw *w)
{
    jw_obj(w);
    jw_kid(w, S("id"), r->id);
    jw_kstr(w, S("name"), r->name);
    jw_kstr(w, S("reason"), r->reason);
    jw_kstr(w, S("entity"), r->entity);
    jw_key(w, S("filter"));
    jw_raw(w, r->filter.n ? r->filter : S("null"));
    jw_kstr(w, S("since"), retain_since_name[r->since]);
    jw_kint(w, S("n"), r->n);
    jw_kstr(w, S("unit"), retain_unit_name[r->unit]);
    jw_kstr(w, S("act"), retain_act_name[r->act]);
    fields_json(r->fields, w);
    jw_kint(w, S("most"), r->most);
    jw_kbool(w, S("active"), r->active);
    jw_kbool(w, S("confirmed"), r->confirmed);
    time_json(cx, w, S("rehearsed_at"), r->rehearsed_at);
    by_json(cx, S("made"), &r->made, who[0], w);
    by_json(cx, S("changed"), &r->changed, who[1], w);
    by_json(cx, S("turned_on"), &r->on, who[2], w);
    jw_obj_end(w);
}

static enum err rules_json(struct cx *cx, const struct retention *v, size_t n, struct jw *w)
{
    int64_t *id = NEW_N(cx->a, int64_t, n * BY_N + 1);
    str *who = NEW_N(cx->a, str, n * BY_N + 1);
    for (size_t i = 0; i < n; i++) {
        id[i * BY_N] = v[i].made.who;
        id[i * BY_N + 1] = v[i].changed.who;
        id[i * BY_N + 2] = v[i].on.who;
    }
    TRY(record_titles(cx, ENT(cx, "user"), id, n * BY_N, who));
    for (size_t i = 0; i < n; i++) rule_members(cx, &v[i], who + i * BY_N, w);
    return E_OK;
}

static enum err reply_rule(struct cx *cx, const struct retention *r, struct resp *rs)
{
    struct jw w = reply_json(rs);
    return rules_json(cx, r, 1, &w);
}

static enum err privacy_only(struct cx *cx)
{
    return acl_sys(cx, SYS_PRIVACY) ? E_OK : fail(cx, E_DENIED, "You may not erase data of people");
}

enum err api_retention_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct retention *v = NULL;
    size_t n = 0;
    (void)rq;
    TRY(privacy_only(cx));
    TRY(retention_list(cx, &v, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    TRY(rules_json(cx, v, n, &w));
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_retention_runs(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0, before = 0, next = 0;
    TRY(privacy_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(query_cursor(cx, rq, &before));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    TRY(retention_runs_json(cx, id, before, &w, &next));
    jw_arr_end(&w);
    jw_kid(&w, S("next"), next);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- reading what is asked for ---- */
static enum err word_of(struct cx *cx, const struct json *j, str key, const str *names, int n, int *at)
{
    str s = {0};
    TRY(json_str_of(cx, j, key, names[*at], &s));
    for (int i = 0; i < n; i++)
        if (str_eq(s, names[i])) return *at = i, E_OK;
    return fail_at(cx, E_INVALID, key, "This value is not of the right kind");
}

static enum err fields_of(struct cx *cx, const struct json *j, str *ret)
{
    const struct json *list = json_get(j, S("fields"));
    struct buf b = buf_new(cx->a, TEXT_BYTES);
    if (!list) return E_OK;
    if (list->t != JT_ARR) return fail_at(cx, E_INVALID, S("fields"), "This value is not of the right kind");
    for (size_t i = 0; i < list->n; i++) {
        if (list->v[i].t != JT_STR) return fail_at(cx, E_INVALID, S("fields"), "This value is not of the right kind");
        if (i) buf_byte(&b, ',');
        buf_add(&b, list->v[i].s);
    }
    *ret = buf_str(&b);
    return E_OK;
}

static enum err filter_of(struct cx *cx, const struct json *j, str *ret)
{
    const struct json *f = json_get(j, S("filter"));
    struct buf b = buf_new(cx->a, TEXT_BYTES + 1);
    struct jw w = jw_new(&b);
    if (!f) return E_OK;
    bool none = f->t == JT_NULL || (f->t == JT_OBJ && !f->n);
    if (!none) jw_json(&w, f);
    if (b.full) return fail_at(cx, E_INVALID, S("filter"), "This condition is too long");
    *ret = none ? S("") : buf_str(&b);
    return E_OK;
}

static enum err words_of(struct cx *cx, const struct json *j, struct retention *r)
{
    int since = (int)r->since, unit = (int)r->unit, act = (int)r->act;
    TRY(word_of(cx, j, S("since"), retain_since_name, SINCES, &since));
    TRY(word_of(cx, j, S("unit"), retain_unit_name, RETAIN_UNITS, &unit));
    TRY(word_of(cx, j, S("act"), retain_act_name, RETAIN_ACTS, &act));
    r->since = (enum retain_since)since;
    r->unit = (enum retain_unit)unit;
    r->act = (enum retain_act)act;
    return E_OK;
}

static enum err members_of(struct cx *cx, const struct json *j, struct retention *r)
{
    TRY(json_str_of(cx, j, S("name"), r->name, &r->name));
    TRY(json_str_of(cx, j, S("reason"), r->reason, &r->reason));
    TRY(json_str_of(cx, j, S("entity"), r->entity, &r->entity));
    TRY(json_int_of(cx, j, S("n"), r->n, &r->n));
    TRY(json_int_of(cx, j, S("most"), r->most, &r->most));
    TRY(words_of(cx, j, r));
    TRY(filter_of(cx, j, &r->filter));
    TRY(fields_of(cx, j, &r->fields));
    r->name = str_trim(r->name);
    r->reason = str_trim(r->reason);
    return E_OK;
}

/* What a rule takes hangs on these: after a change of one it is off until it was rehearsed anew. */
static bool is_other(const struct retention *a, const struct retention *b)
{
    return !str_eq(a->entity, b->entity) || !str_eq(a->filter, b->filter) || !str_eq(a->fields, b->fields) ||
           a->since != b->since || a->n != b->n || a->unit != b->unit || a->act != b->act || b->most > a->most;
}

static bool reads(const struct cx *cx, const struct field *f) { return acl_field_read(cx, f); }
static bool sees(const struct cx *cx, const struct entity *e) { return acl_may(cx, e, ACT_SEE); }
static const struct filter_opts asker = {reads, sees};

static enum err post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct retention r = {.most = 20, .since = SINCE_CHANGED, .unit = RETAIN_YEARS};
    TRY(privacy_only(cx));
    TRY(body_json(cx, rq, &j));
    TRY(members_of(cx, j, &r));
    TRY(retention_check(cx, &r, &asker));
    TRY(retention_save(cx, &r));
    rs->status = 201;
    return reply_rule(cx, &r, rs);
}

enum err api_retention_post(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, post); }

/* Turned on, or let go beyond its share, is what was seen: the rehearsal is named, it is of today and the last one. */
static enum err seen(struct cx *cx, const struct json *j, const struct retention *r)
{
    int64_t rehearsal = 0;
    if (!r->rehearsal || r->rehearsed_at < cx->now_ms - DAY_MS ||
        r->rehearsed_at > cx->now_ms + DAY_MS)
        return fail_at(cx, E_INVALID, S("active"),
                       "Rehearse the rule first: see what it would take");
    TRY(json_id_of(cx, j, S("rehearsal"), 0, &rehearsal));
    if (!rehearsal)
        return fail_at(cx, E_INVALID, S("rehearsal"), "Name the rehearsal that you have seen");
    return rehearsal == r->rehearsal
               ? E_OK
               : fail_at(cx, E_CONFLICT, S("rehearsal"),
                         "The rule was rehearsed again since: look at that one");
}

static enum err patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct retention was = {0};
    int64_t id = 0;
    TRY(privacy_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(body_json(cx, rq, &j));
    TRY(retention_get(cx, id, &was));
    struct retention r = was;
    TRY(members_of(cx, j, &r));
    if (is_other(&was, &r))
        r.active = r.confirmed = false, r.rehearsed_at = r.rehearsal = r.shown = 0;
    TRY(json_bool_of(cx, j, S("active"), r.active, &r.active));
    TRY(json_bool_of(cx, j, S("confirmed"), r.confirmed, &r.confirmed));
    r.confirmed &= r.active; /* for what is turned on with it, not for another day */
    bool turned_on = r.active && !was.active, let_go = r.confirmed && !was.confirmed;
    if (turned_on || let_go) TRY(seen(cx, j, &r));
    bool only_off = was.active && !r.active && !is_other(&was, &r); /* that can always be done */
    if (!only_off) TRY(retention_check(cx, &r, &asker));
    TRY(retention_save(cx, &r));
    return reply_rule(cx, &r, rs);
}

enum err api_retention_patch(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, patch); }

static enum err drop(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(privacy_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(retention_drop(cx, id));
    rs->status = 204;
    return E_OK;
}

enum err api_retention_delete(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, drop); }

/* ---- the rehearsal ---- */
static void sample_json(const struct rehearsal *h, const str *titles, struct jw *w)
{
    jw_key(w, S("data"));
    jw_arr(w);
    for (size_t i = 0; i < h->n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), h->id[i]);
        jw_kstr(w, S("title"), titles[i]);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

/* Counting is no writer's work: only that it was rehearsed is written. */
enum err api_retention_rehearse(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct retention r = {0};
    struct rehearsal *h = NEW(cx->a, struct rehearsal);
    str titles[RETAIN_SAMPLE] = {{0}};
    int64_t id = 0;
    TRY(privacy_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(retention_get(cx, id, &r));
    TRY(retention_check(cx, &r, &asker));
    if (!db_is_pg(cx)) db_deadline(cx, os_mono_us() + FIND_US);
    int64_t now = cx->now_ms;
    int tz_min = cx->tz_min;
    cx->tz_min = auth_firm_tz(cx);   /* as a run: by the firm's days, wherever the asker is */
    cx->now_ms = clock_aged_ms(now); /* a clock that jumped ahead makes nothing old */
    enum err e = retention_rehearse(cx, &r, h);
    cx->now_ms = now;
    cx->tz_min = tz_min;
    if (!db_is_pg(cx)) db_deadline(cx, 0);
    TRY(e);
    TRY(record_titles(cx, meta_entity(cx->meta, r.entity), h->id, h->n, titles));
    TRY(retention_rehearsed(cx, &r, h)); /* the last that can fail */
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kint(&w, S("found"), h->found);
    jw_kint(&w, S("total"), h->total);
    jw_kint(&w, S("held"), h->held);
    jw_kint(&w, S("taken"), h->taken);
    jw_kid(&w, S("rehearsal"), r.rehearsal);
    jw_kbool(&w, S("over"), h->over);
    sample_json(h, titles, &w);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- the job ---- */
enum err retention_due(struct cx *cx)
{
    struct retention *v = NULL;
    size_t n = 0;
    TRY(retention_list(cx, &v, &n));
    for (size_t i = 0; i < n; i++) {
        int64_t job = 0;
        if (!v[i].active) continue;
        str args = arena_fmt(cx->a, "{\"rule\":\"%" PRId64 "\"}", v[i].id);
        str day = day_text(cx->a, time_day(clock_aged_ms(cx->now_ms), cx->tz_min));
        str key = arena_fmt(cx->a, "retain %" PRId64 " %.*s", v[i].id, FS(day));
        TRY(job_add_behind(cx, cx->app->jobs, S("retain"), args, key, &job));
    }
    return E_OK;
}

static enum err order(struct cx *cx, void *arg, const struct record *r,
                      const struct retention *rule)
{
    (void)arg;
    return erase_order(cx, r, rule->id, retention_mark(cx, rule));
}

/* It asks for no rights of its own: who made the rule might do as much with every record himself. */
enum err retain_job(struct cx *cx, const struct job *job, str *ret)
{
    const struct json *j = NULL;
    struct job_showing s = {.cx = cx, .job = job};
    struct retain_env env = {.erase = order, .progress = job_show, .arg = &s};
    int64_t rule = 0;
    if (job->by) return fail(cx, E_DENIED, "You may not erase data of people");
    TRY(json_parse(cx, job->args, &j));
    TRY(json_id_of(cx, j, S("rule"), 0, &rule));
    cx->acl = NULL;
    cx->now_ms = clock_aged_ms(cx->now_ms); /* a clock that jumps ahead makes nothing old */
    TRY(retention_run(cx, rule, job->id, &env));
    *ret = arena_fmt(cx->a, "{\"rule\":\"%" PRId64 "\"}", rule);
    return E_OK;
}
