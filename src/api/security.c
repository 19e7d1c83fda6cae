/* SPDX-License-Identifier: MIT */
/* api/security.c - the security log: which refusals are counted, what an export says of itself, the log read by those
 * who may. */
#include "api/security.h"

#include "base/time.h"
#include "fmt/csv.h"
#include "privacy/retain.h"

/* ---- what is refused ---- */
/* EVENT_N: nothing to be told. A record that another was faster to change, a proof that is due: that is every day's. */
static enum event_kind kind_of(const struct cx *cx, int status)
{
    if (cx->refusal) return (enum event_kind)cx->refusal;
    if (cx->err == E_PROOF || cx->err == E_SLOW) return EVENT_N;
    switch (status) {
    case 401: return EVENT_REFUSED_LOGIN;
    case 403: return EVENT_REFUSED_RIGHTS;
    case 404: return EVENT_REFUSED_HIDDEN;
    case 429: return EVENT_REFUSED_RATE;
    case 400:
    case 405:
    case 413:
    case 414:
    case 415:
    case 421:
    case 422:
    case 431: return EVENT_REFUSED_INPUT;
    default: return EVENT_N;
    }
}

void api_refused(struct cx *cx, const struct req *rq, const struct resp *rs)
{
    str token = {0}, route = rq->route ? rq->route->path : S("");
    if (rs->status < 400 || rs->again) return;
    enum event_kind k = kind_of(cx, rs->status);
    bool stranger = k == EVENT_REFUSED_LOGIN && !who_token(cx, rq, &token); /* not logged in yet */
    if (k == EVENT_N || stranger) return;
    struct refused x = {.kind = k,
                        .way = cx->way == WAY_SYSTEM ? WAY_WEB : cx->way, /* nobody has come in */
                        .who = cx->real ? cx->real : cx->who.user,
                        .api_key = cx->who.key,
                        .subject = cx->real ? cx->who.user : 0,
                        .addr = rq->remote,
                        .key = EVENT_KEY_ROUTE,
                        .value = route};
    tally_count(cx->app->tally, &x, cx->now_ms);
}

void api_refused_unread(struct app *app, str addr, bool is_proxy, int status)
{
    struct cx none = {0};
    struct refused x = {.kind = kind_of(&none, status), .way = WAY_WEB, .addr = addr};
    if (is_proxy) x.key = EVENT_KEY_PROXY;
    if (x.kind != EVENT_N) tally_count(app->tally, &x, clock_ms());
}

/* ---- an export says what it is, not what is in it ---- */
static void fields_put(struct jw *w, const struct cond *c, int deep)
{
    if (!c || deep > 10) return;
    if (c->f) jw_str(w, c->f->name);
    for (size_t i = 0; i < c->n; i++) fields_put(w, &c->kids[i], deep + 1);
}

enum err export_told(struct cx *cx, const struct entity *e, str format, const struct cond *where, bool has_text,
                     int64_t *ret_seq)
{
    struct buf b = buf_new(cx->a, EVENT_DETAIL_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kstr(&w, S("entity"), e->name);
    jw_kstr(&w, S("format"), format);
    jw_kbool(&w, S("search"), has_text);
    jw_key(&w, S("filter"));
    jw_arr(&w);
    fields_put(&w, where, 0);
    jw_arr_end(&w);
    jw_obj_end(&w);
    str detail = b.full ? event_detail(cx, EVENT_KEY_ENTITY, e->name) : buf_str(&b);
    return event_write(cx, &(struct event){.kind = EVENT_EXPORT_BEGUN, .detail = detail}, ret_seq);
}

/* ---- reading ---- */
static enum err log_only(struct cx *cx)
{
    return acl_sys(cx, SYS_LOG) ? E_OK : fail(cx, E_DENIED, "Only those who may read the log may do that");
}

static enum err time_of(struct cx *cx, const struct req *rq, str name, int64_t *ret)
{
    str s = {0};
    if (http_query(cx, rq, name, &s) && s.n && (!time_parse(s, cx->tz_min, ret) || *ret < 0))
        return fail_at(cx, E_BAD, name, "A time is needed");
    return E_OK;
}

static enum err asked(struct cx *cx, const struct req *rq, struct event_query *q)
{
    str user = {0};
    TRY(log_only(cx));
    TRY(query_cursor(cx, rq, &q->before));
    (void)http_query(cx, rq, S("kind"), &q->kind);
    (void)http_query(cx, rq, S("addr"), &q->addr);
    q->addr = str_trim(q->addr);
    TRY(event_kind_check(cx, q->kind));
    if (http_query(cx, rq, S("user"), &user) && user.n && (!str_to_int(user, &q->who) || q->who < 1))
        return fail_at(cx, E_BAD, S("user"), "There is no such user");
    TRY(time_of(cx, rq, S("from"), &q->from));
    return time_of(cx, rq, S("until"), &q->to);
}

static void detail_json(struct jw *w, const struct json *detail)
{
    jw_key(w, S("detail"));
    if (detail) jw_json(w, detail);
    else jw_null(w);
}

static void event_json(struct cx *cx, struct jw *w, const struct event_row *v, const struct event_told *t)
{
    jw_obj(w);
    jw_kid(w, S("id"), v->seq);
    jw_kstr(w, S("at"), time_text(cx->a, v->at));
    jw_kstr(w, S("kind"), v->kind);
    jw_kstr(w, S("text"), t->text);
    titled_json(w, S("who"), v->who, t->who);
    titled_json(w, S("key"), v->api_key, t->key);
    titled_json(w, S("subject"), v->subject, t->subject);
    jw_kstr(w, S("subject_of"), v->subject ? t->of : S(""));
    jw_kstr(w, S("entity"), t->entity);
    jw_kstr(w, S("addr"), v->addr);
    jw_kstr(w, S("way"), v->way);
    jw_kint(w, S("n"), v->n);
    detail_json(w, t->detail);
    jw_kstr(w, S("told"), t->told);
    jw_obj_end(w);
}

enum err api_event_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct event_query q = {0};
    struct event_row *v = NULL;
    struct event_told *told = NULL;
    size_t n = 0;
    int64_t next = 0;
    TRY(asked(cx, rq, &q));
    TRY(event_list(cx, &q, &v, &n, &next));
    TRY(events_told(cx, v, n, &told));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) event_json(cx, &w, &v[i], &told[i]);
    jw_arr_end(&w);
    jw_kid(&w, S("next"), next);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- the same as a file ---- */
enum { PIECE_MAX = 2 * 1024 * 1024 };
static const str columns[] = {S0("id"),      S0("at"),   S0("kind"), S0("event"), S0("who"), S0("who_name"), S0("key"),
                              S0("key_name"), S0("subject"), S0("subject_of"), S0("subject_name"), S0("addr"),
                              S0("way"),     S0("n"),    S0("told"), S0("detail")};

static str int_text(struct cx *cx, int64_t n) { return arena_fmt(cx->a, "%" PRId64, n); }
static str id_text(struct cx *cx, int64_t id) { return id ? arena_fmt(cx->a, "%" PRId64, id) : S(""); }

static enum err page_send(struct cx *cx, struct resp *rs, const struct event_row *v, size_t n)
{
    struct buf b = buf_new(cx->a, PIECE_MAX);
    struct event_told *t = NULL;
    TRY(events_told(cx, v, n, &t));
    for (size_t i = 0; i < n; i++) {
        str cell[] = {id_text(cx, v[i].seq),     time_text(cx->a, v[i].at), v[i].kind,
                      t[i].text,                 id_text(cx, v[i].who),     t[i].who,
                      id_text(cx, v[i].api_key), t[i].key,                  id_text(cx, v[i].subject),
                      v[i].subject ? t[i].of : S(""), t[i].subject,         v[i].addr,
                      v[i].way,                  int_text(cx, v[i].n),      t[i].told,
                      v[i].detail};
        static_assert(COUNT(cell) == COUNT(columns), "a cell for each heading");
        csv_put_row(&b, &csv_excel, cell, COUNT(cell));
    }
    return b.full ? fail(cx, E_LIMIT, "The answer is too large") : http_stream_write(cx, rs, buf_str(&b));
}

enum err api_event_export(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct event_query q = {0};
    struct event_row *v = NULL;
    size_t n = 0;
    struct buf head = buf_new(cx->a, PIECE_MAX);
    TRY(asked(cx, rq, &q));
    struct event told = {.kind = EVENT_LOG_EXPORTED, .detail = event_detail(cx, EVENT_KEY_KIND, q.kind)};
    TRY(event_write(cx, &told, NULL));
    rs->type = S("text/csv; charset=utf-8");
    http_head(rs, S("Content-Disposition"), S("attachment; filename=\"security-log.csv\""));
    http_head(rs, S("Cache-Control"), S("no-store"));
    TRY(http_stream_begin(cx, rs));
    csv_put_head(&head, &csv_excel);
    csv_put_row(&head, &csv_excel, columns, COUNT(columns));
    TRY(http_stream_write(cx, rs, buf_str(&head)));
    do {
        struct arena_mark m = arena_mark(cx->a);
        TRY(event_list(cx, &q, &v, &n, &q.before));
        TRY(page_send(cx, rs, v, n));
        arena_back(cx->a, m);
    } while (q.before);
    return E_OK;
}
