/* SPDX-License-Identifier: MIT */
/* api/security.c - the security log: which refusals are counted, what an export says of itself, the log read by those
 * who may. */
#include "api/api_int.h"

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
                        .subject = cx->real ? cx->who.user : 0,
                        .addr = rq->remote,
                        .key = S("route"),
                        .value = route};
    tally_count(cx->app->tally, &x, cx->now_ms);
}

void api_refused_unread(struct app *app, str addr, int status)
{
    struct cx none = {0};
    enum event_kind k = kind_of(&none, status);
    if (k != EVENT_N) tally_count(app->tally, &(struct refused){.kind = k, .way = WAY_WEB, .addr = addr}, clock_ms());
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
    str detail = b.full ? event_detail(cx, S("entity"), e->name) : buf_str(&b);
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

/* The names of rules that are there yet. */
static enum err rules_named(struct cx *cx, const struct event_row *v, size_t n, str *title)
{
    struct retention *r = NULL;
    size_t n_rules = 0;
    bool any = false;
    for (size_t i = 0; i < n; i++) any |= str_has_prefix(v[i].kind, S("retention."));
    if (any) TRY(retention_list(cx, &r, &n_rules));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_rules; k++)
            if (r[k].id == v[i].subject && str_has_prefix(v[i].kind, S("retention."))) title[i] = r[k].name;
    return E_OK;
}

static enum err titles_of(struct cx *cx, const struct event_row *v, size_t n, bool subject, str **ret)
{
    int64_t *ids = NEW_N(cx->a, int64_t, n + 1);
    *ret = NEW_N(cx->a, str, n + 1);
    for (size_t i = 0; i < n; i++) ids[i] = subject ? v[i].subject : v[i].who;
    TRY(record_titles(cx, ENT(cx, "user"), ids, n, *ret));
    return subject ? rules_named(cx, v, n, *ret) : E_OK;
}

static void detail_json(struct cx *cx, struct jw *w, str detail)
{
    const struct json *j = NULL;
    jw_key(w, S("detail"));
    if (!detail.n || json_parse(cx, detail, &j) != E_OK) jw_null(w);
    else jw_json(w, j);
}

enum err api_event_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct event_query q = {0};
    struct event_row *v = NULL;
    size_t n = 0;
    int64_t next = 0;
    str *who = NULL, *subject = NULL;
    TRY(asked(cx, rq, &q));
    TRY(event_list(cx, &q, &v, &n, &next));
    TRY(titles_of(cx, v, n, false, &who));
    TRY(titles_of(cx, v, n, true, &subject));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(&w);
        jw_kid(&w, S("id"), v[i].seq);
        jw_kstr(&w, S("at"), time_text(cx->a, v[i].at));
        jw_kstr(&w, S("kind"), v[i].kind);
        titled_json(&w, S("who"), v[i].who, who[i]);
        titled_json(&w, S("subject"), v[i].subject, subject[i]);
        jw_kstr(&w, S("addr"), v[i].addr);
        jw_kstr(&w, S("way"), v[i].way);
        jw_kint(&w, S("n"), v[i].n);
        detail_json(cx, &w, v[i].detail);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_kid(&w, S("next"), next);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- the same as a file ---- */
enum { PIECE_MAX = 256 * 1024 };
static const str columns[] = {S0("id"),   S0("at"),  S0("kind"), S0("who"), S0("who_name"),
                              S0("subject"), S0("subject_name"), S0("addr"), S0("way"), S0("n"), S0("detail")};

static str int_text(struct cx *cx, int64_t n) { return arena_fmt(cx->a, "%" PRId64, n); }
static str id_text(struct cx *cx, int64_t id) { return id ? arena_fmt(cx->a, "%" PRId64, id) : S(""); }

static enum err page_send(struct cx *cx, struct resp *rs, const struct event_row *v, size_t n)
{
    struct buf b = buf_new(cx->a, PIECE_MAX);
    str *who = NULL, *subject = NULL;
    TRY(titles_of(cx, v, n, false, &who));
    TRY(titles_of(cx, v, n, true, &subject));
    for (size_t i = 0; i < n; i++) {
        str cell[] = {id_text(cx, v[i].seq),     time_text(cx->a, v[i].at), v[i].kind, id_text(cx, v[i].who), who[i],
                      id_text(cx, v[i].subject), subject[i],                v[i].addr, v[i].way,
                      int_text(cx, v[i].n),      v[i].detail};
        static_assert(COUNT(cell) == COUNT(columns), "a cell for each heading");
        csv_put_row(&b, &csv_excel, cell, COUNT(cell));
    }
    return http_stream_write(cx, rs, buf_str(&b));
}

enum err api_event_export(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct event_query q = {0};
    struct event_row *v = NULL;
    size_t n = 0;
    struct buf head = buf_new(cx->a, PIECE_MAX);
    TRY(asked(cx, rq, &q));
    struct event told = {.kind = EVENT_LOG_EXPORTED, .detail = event_detail(cx, S("kind"), q.kind)};
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
