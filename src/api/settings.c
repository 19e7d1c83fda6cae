/* SPDX-License-Identifier: MIT */
/* api/settings.c - how a user has arranged his pages: small JSON values by name, for himself alone, on each device. */
#include "api/api_int.h"

enum { SETTINGS_MAX = 500, SETTING_BYTES = 4096, NAME_MAX_BYTES = 80 };

struct setting {
    str name, value; /* value: JSON, "" = forget it */
};

static bool name_fits(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '.') return false;
    }
    return s.n > 0 && s.n <= NAME_MAX_BYTES;
}

static enum err setting_of(struct cx *cx, const struct req *rq, struct setting *ret)
{
    const struct json *j = NULL;
    struct buf b = buf_new(cx->a, SETTING_BYTES);
    struct jw w = jw_new(&b);
    TRY(body_json(cx, rq, &j));
    const struct json *v = json_get(j, S("value"));
    if (!name_fits(rq->param[0]))
        return fail_at(cx, E_INVALID, S("name"), "A name is made of small letters, digits, dots and underscores");
    if (!v) return fail_at(cx, E_INVALID, S("value"), "A value is needed");
    if (v->t != JT_NULL) jw_json(&w, v);
    if (b.full) return fail_at(cx, E_LIMIT, S("value"), "A setting has at most %d bytes", SETTING_BYTES);
    *ret = (struct setting){rq->param[0], buf_str(&b)};
    return E_OK;
}

enum err api_setting_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct db_rows r = {0};
    (void)rq;
    TRY(db_query(cx, &r, "SELECT name, json FROM user_setting WHERE user_id = $1 ORDER BY name LIMIT 500",
                 V(cx->who.user)));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_obj(&w);
    for (size_t i = 0; i < r.n; i++) {
        jw_key(&w, db_str(&r, i, 0));
        jw_raw(&w, db_str(&r, i, 1));
    }
    jw_obj_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

static enum err put(struct cx *cx, void *arg)
{
    const struct setting *s = arg;
    struct db_rows r = {0};
    if (!s->value.n)
        return db_exec(cx, NULL, "DELETE FROM user_setting WHERE user_id = $1 AND name = $2", V(cx->who.user),
                       V(s->name));
    TRY(db_query(cx, &r, "SELECT count(*) FROM user_setting WHERE user_id = $1 AND name <> $2", V(cx->who.user),
                 V(s->name)));
    if (db_int(&r, 0, 0) >= SETTINGS_MAX) return fail(cx, E_LIMIT, "There are %d settings already", SETTINGS_MAX);
    return db_exec(cx, NULL,
                   "INSERT INTO user_setting (user_id, name, json, at) VALUES ($1, $2, $3, $4)"
                   " ON CONFLICT (user_id, name) DO UPDATE SET json = excluded.json, at = excluded.at",
                   V(cx->who.user), V(s->name), V(s->value), V(cx->now_ms));
}

enum err api_setting_put(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct setting s = {0};
    TRY(setting_of(cx, rq, &s));
    TRY(db_write(cx, put, &s));
    rs->status = 204;
    return E_OK;
}
