/* SPDX-License-Identifier: MIT */
/* api/sharing.c - whom a record is shared with, beside the rights of roles. */
#include "api/api_int.h"

#include "base/time.h"
#include "record/share.h"

static void share_json(struct cx *cx, const struct share *s, str user, str team, str by, struct jw *w)
{
    jw_obj(w);
    titled_json(w, S("to"), s->receiver, user.n ? user : team);
    jw_kstr(w, S("kind"), user.n ? S("user") : S("team"));
    jw_kstr(w, S("right"), s->change ? S("change") : S("see"));
    time_json(cx, w, S("until"), s->until_ms == SHARE_OPEN ? 0 : s->until_ms);
    jw_kstr(w, S("why"), s->why);
    titled_json(w, S("by"), s->by, by);
    time_json(cx, w, S("at"), s->at_ms);
    jw_obj_end(w);
}

static enum err shares_json(struct cx *cx, const struct share *s, size_t n, struct jw *w)
{
    int64_t *to = NEW_N(cx->a, int64_t, n + 1), *by = NEW_N(cx->a, int64_t, n + 1);
    str *title = NEW_N(cx->a, str, 3 * n + 1);
    for (size_t i = 0; i < n; i++) to[i] = s[i].receiver, by[i] = s[i].by;
    TRY(record_titles(cx, ENT(cx, "user"), to, n, title));
    TRY(record_titles(cx, ENT(cx, "team"), to, n, title + n));
    TRY(record_titles(cx, ENT(cx, "user"), by, n, title + 2 * n));
    jw_arr(w);
    for (size_t i = 0; i < n; i++) share_json(cx, &s[i], title[i], title[n + i], title[2 * n + i], w);
    jw_arr_end(w);
    return E_OK;
}

enum err api_share_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    const struct share *s = NULL;
    int64_t id = 0;
    size_t n = 0;
    bool may = false;
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(share_list(cx, e, id, &s, &n, &may));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kbool(&w, S("may"), may);
    jw_key(&w, S("data"));
    TRY(shares_json(cx, s, n, &w));
    jw_obj_end(&w);
    return E_OK;
}

static enum err share_read(struct cx *cx, const struct json *j, struct share *ret)
{
    str right = {0}, until = {0};
    const struct json *u = json_get(j, S("until"));
    TRY(json_id_of(cx, j, S("to"), 0, &ret->receiver));
    TRY(json_str_of(cx, j, S("right"), S("see"), &right));
    TRY(json_str_of(cx, j, S("why"), S(""), &ret->why));
    ret->why = str_trim(ret->why);
    ret->change = str_eq(right, S("change"));
    if (!ret->change && !str_eq(right, S("see")))
        return fail_at(cx, E_INVALID, S("right"), "Possible here: %.*s", FS(S("see, change")));
    ret->until_ms = SHARE_OPEN;
    if (!u || u->t == JT_NULL) return E_OK;
    TRY(json_str_of(cx, j, S("until"), S(""), &until));
    return time_parse(until, cx->tz_min, &ret->until_ms)
               ? E_OK
               : fail_at(cx, E_INVALID, S("until"), "A time like 2026-11-01T00:00:00Z is needed");
}

static enum err share_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    const struct json *j = NULL;
    struct share s = {0};
    struct written w = {0};
    int64_t id = 0;
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(body_json(cx, rq, &j));
    TRY(share_read(cx, j, &s));
    TRY(share_put(cx, e, id, &s, &w));
    reply_written(cx, rs, &w);
    rs->status = 204;
    return E_OK;
}

enum err api_share_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, share_post);
}

static enum err share_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    struct written w = {0};
    int64_t id = 0, to = 0;
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(path_id(cx, rq, 2, &to));
    TRY(share_drop(cx, e, id, to, &w));
    reply_written(cx, rs, &w);
    rs->status = 204;
    return E_OK;
}

enum err api_share_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, share_delete);
}
