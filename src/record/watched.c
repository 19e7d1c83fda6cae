/* SPDX-License-Identifier: MIT */
/* record/watched.c - what is written into users and roles stands in the security log, too, by whatever door it came:
 * who comes in, and what he may then. Names of fields, no values. */
#include "record/record_int.h"

#include "acl/sessions.h"

enum { WATCHED_MAX = 40 };
/* The others (his name, telephone, language) open nothing. */
static bool opens(str entity, str field)
{
    static const str of_user[] = {S0("mail"),    S0("role"),  S0("roles"),
                                  S0("team_of"), S0("teams"), S0("active")};
    if (!str_eq(entity, S("user"))) return true;
    for (size_t i = 0; i < COUNT(of_user); i++)
        if (str_eq(of_user[i], field)) return true;
    return false;
}

static enum event_kind kind_of(str entity, str op)
{
    static const struct {
        str op;
        enum event_kind user, role;
    } told[] = {{S0("create"), EVENT_USER_MADE, EVENT_ROLE_MADE},
                 {S0("delete"), EVENT_USER_DELETED, EVENT_ROLE_DELETED},
                 {S0("merge"), EVENT_USER_DELETED, EVENT_ROLE_DELETED},
                 {S0("restore"), EVENT_USER_RESTORED, EVENT_ROLE_RESTORED},
                 {S0("update"), EVENT_USER_CHANGED, EVENT_ROLE_CHANGED}};
    for (size_t i = 0; i < COUNT(told); i++)
        if (str_eq(told[i].op, op))
            return str_eq(entity, S("user")) ? told[i].user : told[i].role;
    return EVENT_N;
}

/* His sessions end with him, or they would be open again as soon as he is. */
static enum err shut_out(struct cx *cx, const struct event *told)
{
    bool ends = told->kind == EVENT_USER_ENDED || told->kind == EVENT_USER_DELETED;
    TRY(event_put(cx, told));
    return ends ? sessions_end(cx, &(struct sessions_of){.user = told->subject}, EVENT_WHY_USER) : E_OK;
}

/* Was he switched off or on? That stands by itself. */
static enum err switched(struct cx *cx, int64_t id, const struct json *was)
{
    struct event e = {.kind = was->t == JT_BOOL && !was->b ? EVENT_USER_OPENED : EVENT_USER_ENDED,
                      .subject = id};
    return shut_out(cx, &e);
}

static enum err changed(struct cx *cx, const struct entity *e, int64_t id, str old_json)
{
    const struct json *old = NULL;
    struct buf b = buf_new(cx->a, EVENT_DETAIL_MAX);
    struct jw w = jw_new(&b);
    size_t n = 0;
    if (!old_json.n) return E_OK;
    TRY(json_parse(cx, old_json, &old));
    jw_obj(&w);
    jw_key(&w, event_keys[EVENT_KEY_FIELDS].name);
    jw_arr(&w);
    for (size_t i = 0; i < old->n; i++) {
        const struct json *was = &old->v[i];
        bool is_switch = str_eq(e->name, S("user")) && str_eq(was->key, S("active"));
        if (!entity_field(e, was->key) || !opens(e->name, was->key)) continue;
        if (is_switch) TRY(switched(cx, id, was));
        else if (n++ < WATCHED_MAX) jw_str(&w, was->key);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    struct event told = {.kind = kind_of(e->name, S("update")),
                         .subject = id,
                         .detail = b.full ? S("") : buf_str(&b)};
    return n ? event_put(cx, &told) : E_OK;
}

enum err watched_write(struct cx *cx, const struct entity *e, int64_t id, str op, str old_json)
{
    struct event told = {.kind = kind_of(e->name, op), .subject = id};
    if (!record_lets_in(e->name) || told.kind == EVENT_N) return E_OK;
    return str_eq(op, S("update")) ? changed(cx, e, id, old_json) : shut_out(cx, &told);
}
