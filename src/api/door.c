/* SPDX-License-Identifier: MIT */
/* api/door.c - for who is not in yet and reads his mail: a forgotten password, an invitation, a locked account. */
#include "api/api_int.h"

#include "auth/link.h"
#include "base/log.h"

static enum err links_can_be_sent(struct cx *cx, bool *ret)
{
    TRY(mail_is_set(cx, ret));
    *ret = *ret && cx->app->url.n;
    return E_OK;
}

enum err api_door_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    bool can = false;
    struct signup_rules rules = {0};
    (void)rq;
    TRY(links_can_be_sent(cx, &can));
    TRY(auth_signup_rules(cx, &rules));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kbool(&w, S("reset"), can);
    jw_kbool(&w, S("signup"), can && rules.is_open);
    TRY(sso_json(cx, &w));
    jw_obj_end(&w);
    return E_OK;
}

enum err api_password_forgot(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct visitor v = visitor_of(rq);
    struct login io = {0};
    bool can = false;
    str mail = {0};
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("mail"), S(""), &mail));
    TRY(links_can_be_sent(cx, &can));
    if (!can) return fail(cx, E_INVALID, "This Kontor sends no mail: please ask your administrator for a new password");
    enum err e = auth_forgot(cx, cx->app->auth, &v, mail, &io.wait_ms);
    if (e != E_OK) return login_refused(cx, rs, e, &io);
    rs->status = 204; /* nobody wakes the mailer: it would tell by its time whom it knows */
    return E_OK;
}

static enum err token_asked(struct cx *cx, const struct req *rq, const struct json **ret_j, str *ret)
{
    TRY(body_json(cx, rq, ret_j));
    return json_str_of(cx, *ret_j, S("token"), S(""), ret);
}

enum err api_link_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct link l = {0};
    struct firm f = {0};
    str token = {0};
    TRY(token_asked(cx, rq, &j, &token));
    TRY(link_find(cx, token, &l));
    TRY(app_firm(cx, &f));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kstr(&w, S("kind"), link_name[l.kind]);
    jw_kstr(&w, S("name"), l.name);
    jw_kstr(&w, S("mail"), l.kind == LINK_ADDRESS ? l.data : l.mail);
    jw_kstr(&w, S("language"), l.lang);
    jw_kstr(&w, S("firm"), f.name);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_password_reset(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct link l = {0};
    struct firm f = {0};
    str token = {0}, fresh = {0};
    TRY(token_asked(cx, rq, &j, &token));
    TRY(json_str_of(cx, j, S("password"), S(""), &fresh));
    TRY(link_find(cx, token, &l));
    TRY(app_firm(cx, &f));
    str words[] = {f.name, l.name, l.mail};
    TRY(auth_link_password(cx, cx->app->auth, token, fresh, words, COUNT(words)));
    rs->status = 204;
    return E_OK;
}

enum err api_unlock_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    str token = {0};
    TRY(token_asked(cx, rq, &j, &token));
    TRY(auth_link_unlock(cx, token));
    rs->status = 204;
    return E_OK;
}

/* ---- another address ---- */
enum err api_session_mail(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    bool can = false;
    str mail = {0};
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("mail"), S(""), &mail));
    TRY(links_can_be_sent(cx, &can));
    if (!can) return fail(cx, E_INVALID, "Mail is not set up yet");
    TRY(auth_address_ask(cx, mail));
    mailer_wake(cx->app->mailer);
    rs->status = 202;
    return E_OK;
}

enum err api_address_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    str token = {0};
    TRY(token_asked(cx, rq, &j, &token));
    TRY(auth_link_address(cx, token));
    rs->status = 204;
    return E_OK;
}

/* ---- registration ---- */
enum err api_signup_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct visitor v = visitor_of(rq);
    struct login io = {0};
    bool can = false;
    str name = {0}, mail = {0};
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("name"), S(""), &name));
    TRY(json_str_of(cx, j, S("mail"), S(""), &mail));
    TRY(links_can_be_sent(cx, &can));
    if (!can) return fail(cx, E_DENIED, "Nobody can register here: please ask your administrator");
    enum err e = auth_signup(cx, cx->app->auth, &v, name, mail, &io.wait_ms);
    if (e != E_OK) return login_refused(cx, rs, e, &io);
    rs->status = 204;
    return E_OK;
}

enum err api_signup_confirm(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct link l = {0};
    struct firm f = {0};
    str token = {0}, password = {0};
    TRY(token_asked(cx, rq, &j, &token));
    TRY(json_str_of(cx, j, S("password"), S(""), &password));
    TRY(link_find(cx, token, &l));
    TRY(app_firm(cx, &f));
    str words[] = {f.name, l.name, l.mail};
    TRY(auth_link_signup(cx, cx->app->auth, token, password, words, COUNT(words)));
    rs->status = 204;
    return E_OK;
}

enum err api_signup_rules_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct signup_rules r = {0};
    str title = {0};
    bool can = false;
    (void)rq;
    TRY(users_only(cx));
    TRY(auth_signup_rules(cx, &r));
    TRY(links_can_be_sent(cx, &can));
    TRY(record_titles(cx, ENT(cx, "role"), &r.role, 1, &title));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kbool(&w, S("open"), r.is_open);
    jw_kbool(&w, S("mail"), can);
    jw_kstr(&w, S("domains"), r.domains);
    titled_json(&w, S("role"), r.role, title);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_signup_rules_put(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct signup_rules r = {0};
    TRY(users_only(cx));
    TRY(body_json(cx, rq, &j));
    TRY(json_bool_of(cx, j, S("open"), false, &r.is_open));
    TRY(json_str_of(cx, j, S("domains"), S(""), &r.domains));
    TRY(json_id_of(cx, j, S("role"), 0, &r.role));
    r.domains = str_trim(r.domains);
    TRY(auth_signup_rules_set(cx, &r));
    log_say(cx, LOG_INFO, S("auth"), "registration was %s by user %" PRId64, r.is_open ? "opened" : "closed",
            cx->who.user);
    rs->status = 204;
    return E_OK;
}

/* ---- an invitation, by who manages users ---- */
enum err api_account_invite(struct cx *cx, const struct req *rq, struct resp *rs)
{
    bool can = false;
    int64_t id = 0;
    TRY(users_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(links_can_be_sent(cx, &can));
    if (!can) return fail(cx, E_INVALID, "Mail is not set up yet");
    TRY(auth_invite(cx, id));
    mailer_wake(cx->app->mailer);
    log_say(cx, LOG_INFO, S("auth"), "user %" PRId64 " was invited by user %" PRId64, id, cx->who.user);
    rs->status = 202;
    return E_OK;
}
