/* SPDX-License-Identifier: MIT */
/* api/usage.c - who works when and where: which requests count is a matter of their rows (R_PAGE, R_ACT). Everybody
 * sees his own counts, who manages users everybody's. */
#include "api/api_int.h"

#include "base/log.h"
#include "base/map.h"
#include "base/time.h"
#include "usage/usage.h"

enum { HOUR_MS = 3600 * 1000, USERS_MAX = 50, DAYS_MAX = 31, DAYS_DEFAULT = 7 };

/* ---- counting ---- */
/* The entity, else the first word behind /api/v1/. */
static str area_of(const struct req *rq)
{
    static const str root = S0("/api/v1/");
    str area = {0}, rest = {0};
    if (str_find(rq->route->path, S("{entity}")) >= 0) return rq->param[0];
    str_split(str_cut(rq->route->path, root.n, SIZE_MAX), '/', &area, &rest);
    return area;
}

void api_use(const struct cx *cx, const struct req *rq, const struct resp *rs)
{
    unsigned flags = rq->route ? rq->route->flags : 0;
    if (!(flags & (R_PAGE | R_ACT)) || cx->way != WAY_WEB || rs->status >= 400 || rs->again) return;
    if ((flags & R_PAGE) && str_find(rq->query, S("cursor=")) >= 0)
        return; /* the list goes on: one page */
    usage_count(cx->app->usage, cx->who.user, cx->now_ms, area_of(rq), flags & R_ACT);
}

/* ---- reading ---- */
struct asked {
    int64_t from, to, after; /* hours; users behind this one */
    size_t limit;
    bool all;
};

static enum err number_asked(struct cx *cx, const struct req *rq, str name, int64_t max,
                             int64_t *ret)
{
    str s = {0};
    if (http_query(cx, rq, name, &s) && s.n && (!str_to_int(s, ret) || *ret < 1 || *ret > max))
        return fail_at(cx, E_BAD, name, "A number from %d to %d is needed", 1, (int)max);
    return E_OK;
}

static enum err asked_of(struct cx *cx, const struct req *rq, struct asked *ret)
{
    int64_t days = DAYS_DEFAULT, limit = USERS_MAX, from_ms = 0;
    str s = {0};
    TRY(number_asked(cx, rq, S("days"), DAYS_MAX, &days));
    TRY(number_asked(cx, rq, S("limit"), USERS_MAX, &limit));
    TRY(query_cursor(cx, rq, &ret->after));
    from_ms = cx->now_ms - days * DAY_MS + HOUR_MS;
    if (http_query(cx, rq, S("from"), &s) && s.n && !time_parse(s, cx->tz_min, &from_ms))
        return fail_at(cx, E_BAD, S("from"), "A time like 2026-11-01T00:00:00Z is needed");
    ret->all = http_query(cx, rq, S("all"), &s) && str_eq(s, S("1"));
    if (ret->all) TRY(users_only(cx));
    ret->from = from_ms / HOUR_MS;
    ret->to = ret->from + days * 24;
    ret->limit = (size_t)limit;
    return E_OK;
}

struct area {
    str name;
    int64_t pages, actions;
};

static void counts_json(struct jw *w, int64_t pages, int64_t actions)
{
    jw_kint(w, S("pages"), pages);
    jw_kint(w, S("actions"), actions);
}

/* [[hour behind from, pages, actions],...] of the rows of one user, and his areas on the way. */
static void hours_json(struct cx *cx, const struct asked *q, const struct usage_row *v, size_t n,
                       struct map *areas, struct jw *w)
{
    jw_key(w, S("hours"));
    jw_arr(w);
    for (size_t i = 0; i < n;) {
        int64_t hour = v[i].hour, pages = 0, actions = 0;
        for (; i < n && v[i].hour == hour; i++) {
            struct area *a = map_get(areas, v[i].area);
            if (!a) {
                a = NEW(cx->a, struct area);
                a->name = v[i].area;
                map_put(areas, a->name, a);
            }
            a->pages += v[i].pages, pages += v[i].pages;
            a->actions += v[i].actions, actions += v[i].actions;
        }
        jw_arr(w);
        jw_int(w, hour - q->from);
        jw_int(w, pages);
        jw_int(w, actions);
        jw_arr_end(w);
    }
    jw_arr_end(w);
}

static void user_json(struct cx *cx, const struct asked *q, int64_t id, str title,
                      const struct usage_row *v, size_t n, struct jw *w)
{
    struct map areas = map_new(cx->a);
    int64_t pages = 0, actions = 0;
    for (size_t i = 0; i < n; i++) pages += v[i].pages, actions += v[i].actions;
    jw_obj(w);
    titled_json(w, S("user"), id, title);
    counts_json(w, pages, actions);
    hours_json(cx, q, v, n, &areas, w);
    jw_key(w, S("areas"));
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        struct area *a = map_get(&areas, v[i].area);
        if (a->name.p != v[i].area.p) continue; /* told at its first row */
        jw_obj(w);
        jw_kstr(w, S("area"), a->name);
        counts_json(w, a->pages, a->actions);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_obj_end(w);
}

static enum err users_of(struct cx *cx, const struct asked *q, int64_t *ids, size_t *ret_n)
{
    if (q->all) return usage_users(cx, q->from, q->to, q->after, ids, q->limit + 1, ret_n);
    ids[0] = cx->who.user;
    *ret_n = 1;
    return E_OK;
}

enum err api_usage_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct asked q = {0};
    int64_t ids[USERS_MAX + 1] = {0};
    str titles[USERS_MAX + 1];
    struct usage_row *v = NULL;
    size_t n_ids = 0, n = 0, at = 0;
    TRY(asked_of(cx, rq, &q));
    TRY(users_of(cx, &q, ids, &n_ids));
    bool more = n_ids > q.limit;
    if (more) n_ids = q.limit;
    if (n_ids) TRY(record_titles(cx, ENT(cx, "user"), ids, n_ids, titles));
    if (n_ids) TRY(usage_rows(cx, q.from, q.to, ids[0], ids[n_ids - 1], &v, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    time_json(cx, &w, S("from"), q.from * HOUR_MS);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n_ids; i++) {
        size_t first = at;
        while (at < n && v[at].user == ids[i]) at++;
        user_json(cx, &q, ids[i], titles[i], v + first, at - first, &w);
    }
    jw_arr_end(&w);
    jw_kid(&w, S("next"), more ? ids[n_ids - 1] : 0);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- rules ---- */
enum err api_usage_rules_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct usage_rules r = {0};
    (void)rq;
    TRY(usage_rules_get(cx, &r));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kbool(&w, S("on"), r.on);
    jw_kint(&w, S("days"), r.days);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_usage_rules_put(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct usage_rules r = {0};
    int64_t days = 0;
    TRY(settings_only(cx));
    TRY(body_json(cx, rq, &j));
    TRY(usage_rules_get(cx, &r));
    TRY(json_bool_of(cx, j, S("on"), r.on, &r.on));
    TRY(json_int_of(cx, j, S("days"), r.days, &days));
    r.days = days < 0 || days > USAGE_DAYS_MAX ? 0 : (int)days;
    TRY(usage_rules_set(cx, cx->app->usage, &r));
    log_say(cx, LOG_INFO, S("usage"),
            "counting was turned %s by user %" PRId64 ", kept for %d days", r.on ? "on" : "off",
            cx->who.user, r.days);
    rs->status = 204;
    return E_OK;
}

enum err api_usage_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)rq;
    TRY(settings_only(cx));
    TRY(usage_forget(cx, cx->app->usage));
    log_say(cx, LOG_INFO, S("usage"), "all counts were thrown away by user %" PRId64, cx->who.user);
    rs->status = 204;
    return E_OK;
}
