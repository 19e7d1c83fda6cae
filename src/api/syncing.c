/* SPDX-License-Identifier: MIT */
/* api/syncing.c - the door for other systems (sync/sync.h).
 *
 * Whoever manages the settings sees all that was sent; a sender what he sent himself.
 */
#include "api/api_int.h"

#include "base/time.h"
#include "record/external.h"

enum { TOLD_MAX = 100, FULL_RETRY_S = 60 };

static int64_t whose(const struct cx *cx) { return acl_sys(cx, SYS_SETTINGS) ? 0 : cx->who.user; }

/* ---- handing over ---- */
static void misfit_json(const struct sync_item *it, size_t at, struct jw *w)
{
    jw_obj(w);
    jw_kint(w, S("at"), (int64_t)at);
    jw_kid(w, S("id"), it->id);
    jw_kstr(w, S("state"), it->id ? sync_state_name[SYNC_REFUSED] : S("duplicate"));
    if (it->id) {
        jw_kstr(w, S("code"), it->code);
        if (it->field.n) jw_kstr(w, S("field"), it->field);
        jw_kstr(w, S("detail"), it->why);
    }
    jw_obj_end(w);
}

/* Those that are not simply received, as far as they are few. */
static void misfits_json(const struct sync_batch *b, struct jw *w)
{
    size_t told = 0;
    jw_key(w, S("items"));
    jw_arr(w);
    for (size_t i = 0; i < b->n && told < TOLD_MAX; i++) {
        if (b->item[i].id && !b->item[i].code.n) continue;
        misfit_json(&b->item[i], i, w);
        told++;
    }
    jw_arr_end(w);
}

static enum err received(struct cx *cx, void *arg, struct resp *rs)
{
    const struct sync_batch *b = arg;
    bool any = b->received + b->refused > 0;
    str ledger = arena_fmt(cx->a, "/api/v1/sync/%.*s/item?batch=%" PRId64, FS(b->system), b->id);
    syncer_received(cx->app->syncer, b->received);
    rs->status = 202;
    if (any) http_head(rs, S("Location"), ledger);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("batch"), any ? b->id : 0);
    jw_kint(&w, S("received"), b->received);
    jw_kint(&w, S("duplicates"), b->duplicates);
    jw_kint(&w, S("refused"), b->refused);
    if (any) jw_kstr(&w, S("ledger"), ledger);
    misfits_json(b, &w);
    jw_obj_end(&w);
    return E_OK;
}

static enum err too_much(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t ms = syncer_wait_ms(cx->app->syncer, &cx->who);
    if (ms) {
        http_head(rs, S("Retry-After"), arena_fmt(cx->a, "%" PRId64, ms / 1000 + 1));
        return fail(cx, E_RATE, "These are more than %d requests a minute: please send more items at once",
                    SYNC_RATE_MIN);
    }
    if (!syncer_is_full(cx->app->syncer, rq->param[0])) return E_OK;
    http_head(rs, S("Retry-After"), arena_fmt(cx->a, "%d", FULL_RETRY_S));
    return fail(cx, E_BUSY, "More than %d items of this system wait already", syncer_waiting_max(cx->app->syncer));
}

static enum err hand_over(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct sync_batch *b = NEW(cx->a, struct sync_batch);
    b->system = rq->param[0];
    TRY(external_check(cx, b->system, S("x")));
    TRY(body_is_json(cx, rq));
    TRY(sync_items_read(cx, rq->body, &b->item, &b->n));
    return write_then(cx, rq, rs, sync_receive, b, received);
}

enum err api_sync_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    TRY(too_much(cx, rq, rs));
    return once(cx, rq, rs, hand_over);
}

/* ---- systems ---- */
static void count_json(struct cx *cx, const struct sync_count *c, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("system"), c->system);
    time_json(cx, w, S("since"), c->created_at);
    jw_key(w, S("open"));
    jw_obj(w);
    for (int i = 0; i < SYNC_APPLIED; i++) jw_kint(w, sync_state_name[i], c->open[i]);
    jw_obj_end(w);
    jw_kbool(w, S("exact"), c->exact);
    time_json(cx, w, S("oldest_at"), c->oldest_ms);
}

static void stats_json(struct cx *cx, struct jw *w)
{
    if (!cx->app->syncer) return;
    struct sync_stats s = syncer_stats(cx->app->syncer);
    jw_key(w, S("server"));
    jw_obj(w);
    jw_kint(w, S("received"), s.received);
    jw_kint(w, S("applied"), s.applied);
    jw_kint(w, S("unchanged"), s.unchanged);
    jw_kint(w, S("refused"), s.refused);
    jw_kint(w, S("retried"), s.retried);
    jw_kint(w, S("minute"), s.applied_minute);
    jw_obj_end(w);
}

enum err api_sync_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct sync_count *c = NULL;
    size_t n = 0;
    (void)rq;
    TRY(sync_counts(cx, S(""), whose(cx), &c, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        count_json(cx, &c[i], &w);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    if (!whose(cx)) stats_json(cx, &w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_sync_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct sync_count *c = NULL;
    struct sync_reason *v = NULL;
    size_t n = 0;
    TRY(sync_counts(cx, rq->param[0], whose(cx), &c, &n));
    TRY(sync_reasons(cx, rq->param[0], whose(cx), &v, &n));
    struct jw w = reply_json(rs);
    count_json(cx, c, &w);
    jw_key(&w, S("reasons"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(&w);
        jw_kstr(&w, S("code"), v[i].code);
        jw_kstr(&w, S("field"), v[i].field);
        jw_kint(&w, S("items"), v[i].n);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_sync_batch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0, n[SYNC_STATES] = {0};
    TRY(path_id(cx, rq, 1, &id));
    TRY(sync_batch_counts(cx, rq->param[0], whose(cx), id, n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("batch"), id);
    jw_key(&w, S("counts"));
    jw_obj(&w);
    for (int i = 0; i < SYNC_STATES; i++) jw_kint(&w, sync_state_name[i], n[i]);
    jw_obj_end(&w);
    jw_kbool(&w, S("done"), !(n[SYNC_RECEIVED] + n[SYNC_RETRY] + n[SYNC_HELD] + n[SYNC_REFUSED]));
    jw_obj_end(&w);
    return E_OK;
}

/* ---- items ---- */
static int status_of(str code)
{
    for (int i = 0; i < E_MAX; i++)
        if (str_eq(err_info[i].name, code)) return err_info[i].http;
    return err_info[E_CONFLICT].http;
}

/* What one may not see of records is not seen here either: without the reach to all of them, only what one sent. */
static bool sees_values(const struct cx *cx, const struct sync_row *r)
{
    const struct entity *e = meta_entity(cx->meta, r->entity);
    return e && (acl_all(cx, e, ACT_SEE) || (r->user == cx->who.user && acl_may(cx, e, ACT_SEE)));
}

/* The words of a refusal may quote the value. */
static bool sees_words(const struct cx *cx, const struct sync_row *r, str field)
{
    const struct entity *e = meta_entity(cx->meta, r->entity);
    const struct field *f = e ? entity_field(e, field) : NULL;
    return r->user == cx->who.user || (sees_values(cx, r) && (!f || acl_field_read(cx, f)));
}

static void problem_of(const struct cx *cx, const struct sync_row *r, struct jw *w)
{
    jw_key(w, S("problem"));
    if (!r->code.n) {
        jw_null(w);
        return;
    }
    jw_obj(w);
    jw_kstr(w, S("type"), S("about:blank"));
    jw_kint(w, S("status"), status_of(r->code));
    jw_kstr(w, S("code"), r->code);
    if (r->field.n) jw_kstr(w, S("field"), r->field);
    if (r->why.n && sees_words(cx, r, r->field)) jw_kstr(w, S("detail"), r->why);
    jw_obj_end(w);
}

/* The object is left open. */
static void row_json(struct cx *cx, const struct sync_row *r, struct jw *w)
{
    const struct entity *e = meta_entity(cx->meta, r->entity);
    bool seen = e && acl_may(cx, e, ACT_SEE);
    jw_obj(w);
    jw_kid(w, S("id"), r->id);
    jw_kid(w, S("batch"), r->batch);
    jw_kstr(w, S("entity"), r->entity);
    jw_kstr(w, S("external"), r->key);
    jw_kstr(w, S("item"), r->item);
    jw_kstr(w, S("op"), sync_op_name[r->op]);
    if (r->seq) jw_kint(w, S("seq"), r->seq);
    jw_kstr(w, S("state"), sync_state_name[r->state]);
    time_json(cx, w, S("at"), r->at);
    time_json(cx, w, S("done_at"), r->done_at);
    time_json(cx, w, S("next_at"), r->state == SYNC_RETRY ? (r->due_at ? r->due_at : cx->now_ms) : 0);
    jw_kint(w, S("tries"), r->tries);
    jw_kid(w, S("record"), seen ? r->record : 0);
    jw_kid(w, S("change"), seen ? r->change : 0);
    titled_json(w, S("sender"), r->user, r->user_name);
    problem_of(cx, r, w);
}

static enum err values_json(struct cx *cx, const struct sync_row *r, struct jw *w)
{
    const struct entity *e = meta_entity(cx->meta, r->entity);
    const struct json *j = NULL;
    jw_key(w, S("values"));
    if (!sees_values(cx, r) || !r->values.n) {
        jw_null(w);
        return E_OK;
    }
    TRY(json_parse(cx, r->values, &j));
    jw_obj(w);
    for (size_t i = 0; i < j->n; i++) {
        const struct field *f = entity_field(e, j->v[i].key);
        if (f && !acl_field_read(cx, f)) continue;
        jw_key(w, j->v[i].key);
        jw_json(w, &j->v[i]);
    }
    jw_obj_end(w);
    return E_OK;
}

static enum err state_of(struct cx *cx, str name, int *ret)
{
    if (str_eq(name, S("open"))) return *ret = SYNC_STATES, E_OK;
    for (int i = 0; i < SYNC_STATES; i++)
        if (str_eq(name, sync_state_name[i])) return *ret = i, E_OK;
    return fail_at(cx, E_BAD, S("state"), "There is no such state");
}

static enum err number_of(struct cx *cx, const struct req *rq, str name, int64_t *ret)
{
    str s = {0};
    if (http_query(cx, rq, name, &s) && s.n && (!str_to_int(s, ret) || *ret < 1))
        return fail_at(cx, E_BAD, name, "A number above nought is needed");
    return E_OK;
}

static enum err time_of(struct cx *cx, const struct req *rq, str name, int64_t *ret)
{
    str s = {0};
    if (!http_query(cx, rq, name, &s) || !s.n) return E_OK;
    enum err e = at_asked(cx, s, ret);
    if (e != E_OK) cx->at = name;
    return e;
}

static enum err query_of(struct cx *cx, const struct req *rq, struct sync_query *q)
{
    str s = {0};
    *q = (struct sync_query){.system = rq->param[0], .user = whose(cx), .state = -1};
    if (http_query(cx, rq, S("state"), &s) && s.n) TRY(state_of(cx, s, &q->state));
    if (!http_query(cx, rq, S("entity"), &q->entity)) q->entity = S("");
    if (!http_query(cx, rq, S("external"), &q->key)) q->key = S("");
    if (!http_query(cx, rq, S("code"), &q->code)) q->code = S("");
    if (q->key.n && !q->entity.n) return fail_at(cx, E_BAD, S("entity"), "A key needs its entity");
    TRY(number_of(cx, rq, S("batch"), &q->batch));
    TRY(time_of(cx, rq, S("from"), &q->from_ms));
    TRY(time_of(cx, rq, S("until"), &q->until_ms));
    return query_cursor(cx, rq, &q->before);
}

enum err api_sync_items(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct sync_query q = {0};
    struct sync_row *v = NULL;
    size_t n = 0;
    int64_t next = 0;
    TRY(query_of(cx, rq, &q));
    TRY(sync_list(cx, &q, &v, &n, &next));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        row_json(cx, &v[i], &w);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_kid(&w, S("next"), next);
    jw_obj_end(&w);
    return E_OK;
}

static void tries_json(struct cx *cx, const struct sync_row *r, const struct sync_try *t, size_t n, struct jw *w)
{
    jw_key(w, S("history"));
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(w);
        time_json(cx, w, S("at"), t[i].at);
        jw_kstr(w, S("what"), t[i].what);
        titled_json(w, S("by"), t[i].by, t[i].by_name);
        jw_kstr(w, S("code"), t[i].code);
        jw_kstr(w, S("field"), t[i].field);
        jw_kstr(w, S("detail"), sees_words(cx, r, t[i].field) ? t[i].why : S(""));
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

enum err api_sync_item(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct sync_row r = {0};
    struct sync_try *t = NULL;
    int64_t id = 0;
    size_t n = 0;
    TRY(path_id(cx, rq, 1, &id));
    TRY(sync_get(cx, rq->param[0], whose(cx), id, &r));
    TRY(sync_tries(cx, id, &t, &n));
    struct jw w = reply_json(rs);
    row_json(cx, &r, &w);
    TRY(values_json(cx, &r, &w));
    tries_json(cx, &r, t, n, &w);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- what is stuck ---- */
static void chosen(struct cx *cx, struct resp *rs, int64_t n)
{
    syncer_wake(cx->app->syncer);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kint(&w, S("items"), n);
    jw_kbool(&w, S("more"), n == SYNC_CHOICE_MAX);
    jw_obj_end(&w);
}

/* Whoever may not read all of an item would lose what he does not see. */
static enum err reads_all(struct cx *cx, const struct sync_row *r)
{
    const struct entity *e = meta_entity(cx->meta, r->entity);
    const struct json *j = NULL;
    bool may = sees_values(cx, r);
    TRY(json_parse(cx, r->values.n ? r->values : S("{}"), &j));
    for (size_t i = 0; may && i < j->n; i++) {
        const struct field *f = entity_field(e, j->v[i].key);
        may = !f || acl_field_read(cx, f);
    }
    return may ? E_OK
               : fail(cx, E_DENIED, "This item holds values that you may not see: only its sender can change it");
}

static enum err patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL, *v = NULL;
    struct sync_row r = {0};
    int64_t id = 0;
    TRY(path_id(cx, rq, 1, &id));
    TRY(body_json(cx, rq, &j));
    v = json_get(j, S("values"));
    if (!v || v->t != JT_OBJ) return fail_at(cx, E_INVALID, S("values"), "The values must be an object");
    struct buf b = buf_new(cx->a, SYNC_VALUES_BYTES);
    struct jw w = jw_new(&b);
    jw_json(&w, v);
    if (b.full) return fail_at(cx, E_LIMIT, S("values"), "This is too large");
    TRY(sync_get(cx, rq->param[0], whose(cx), id, &r));
    TRY(reads_all(cx, &r));
    TRY(sync_change(cx, rq->param[0], whose(cx), id, buf_str(&b)));
    chosen(cx, rs, 1);
    return E_OK;
}

enum err api_sync_patch(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, patch); }

static enum err choice_of(struct cx *cx, const struct req *rq, struct sync_choice *c)
{
    const struct json *j = NULL;
    *c = (struct sync_choice){.system = rq->param[0], .user = whose(cx)};
    TRY(body_json(cx, rq, &j));
    TRY(json_id_of(cx, j, S("item"), 0, &c->item));
    TRY(json_str_of(cx, j, S("entity"), S(""), &c->entity));
    TRY(json_str_of(cx, j, S("external"), S(""), &c->key));
    TRY(json_str_of(cx, j, S("code"), S(""), &c->code));
    return json_bool_of(cx, j, S("all"), false, &c->all);
}

static enum err release(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct sync_choice c = {0};
    int64_t n = 0;
    TRY(choice_of(cx, rq, &c));
    TRY(sync_release(cx, &c, &n));
    chosen(cx, rs, n);
    return E_OK;
}

enum err api_sync_release(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, release); }

static enum err drop(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct sync_choice c = {0};
    int64_t n = 0;
    TRY(choice_of(cx, rq, &c));
    TRY(sync_drop(cx, &c, &n));
    chosen(cx, rs, n);
    return E_OK;
}

enum err api_sync_drop(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, drop); }
