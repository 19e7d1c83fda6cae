/* SPDX-License-Identifier: MIT */
/* api/session.c - set-up, log-in, who am I. */
#include "api/trading.h"

#include "auth/passkey.h"
#include "base/log.h"
#include "idp/idp.h"
#include "os/os.h"

void session_cookie(struct cx *cx, struct resp *rs, str token)
{
    bool secure = cx->app->tls;
    http_head(rs, S("Set-Cookie"),
              arena_fmt(cx->a, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax%s%s",
                        secure ? "__Host-kontor" : "kontor", FS(token), secure ? "; Secure" : "",
                        token.n ? "; Max-Age=2592000" : "; Max-Age=0"));
}

/* What is still to be done before anything else opens. */
static const str step_name[] = {[STAGE_PASSWORD] = S0("password"),
                                [STAGE_FACTOR] = S0("factor"),
                                [STAGE_ENROL] = S0("enrol")};

void session_reply(struct cx *cx, struct resp *rs, const struct session *s, const struct firm *f)
{
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("user"));
    jw_obj(&w);
    jw_kid(&w, S("id"), s->user);
    jw_kstr(&w, S("name"), s->name);
    jw_kstr(&w, S("mail"), s->mail);
    jw_kstr(&w, S("language"), s->lang.n ? s->lang : f->lang);
    jw_kstr(&w, S("role"), s->role);
    jw_kbool(&w, S("users"), s->stage == STAGE_IN && acl_sys(cx, SYS_USERS));
    jw_kbool(&w, S("privacy"), s->stage == STAGE_IN && acl_sys(cx, SYS_PRIVACY));
    jw_kbool(&w, S("backups"), s->stage == STAGE_IN && acl_sys(cx, SYS_BACKUP));
    jw_obj_end(&w);
    if (s->stage != STAGE_IN) jw_kstr(&w, S("step"), step_name[s->stage]);
    jw_key(&w, S("firm"));
    jw_obj(&w);
    jw_kstr(&w, S("name"), f->name);
    jw_kstr(&w, S("country"), f->country);
    jw_kstr(&w, S("currency"), f->currency);
    jw_obj_end(&w);
    jw_kstr(&w, S("csrf"), s->csrf);
    jw_obj_end(&w);
}

struct visitor visitor_of(const struct req *rq)
{
    struct visitor v = {.addr = rq->remote, .agent = http_header(rq, S("User-Agent"))};
    (void)(http_cookie(rq, S("__Host-kontor-device"), &v.device) || http_cookie(rq, S("kontor-device"), &v.device));
    return v;
}

void device_cookie(struct cx *cx, struct resp *rs, str device)
{
    bool secure = cx->app->tls;
    http_head(rs, S("Set-Cookie"),
              arena_fmt(cx->a, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=34560000",
                        secure ? "__Host-kontor-device" : "kontor-device", FS(device), secure ? "; Secure" : ""));
}

static enum err logged_in(struct cx *cx, struct resp *rs, const struct login *io)
{
    struct firm f = {0};
    TRY(app_firm(cx, &f));
    session_cookie(cx, rs, io->s.token);
    if (io->device.n) device_cookie(cx, rs, io->device);
    session_reply(cx, rs, &io->s, &f);
    return E_OK;
}

enum err login_refused(struct cx *cx, struct resp *rs, enum err e, const struct login *io)
{
    if (e == E_RATE) http_head(rs, S("Retry-After"), arena_fmt(cx->a, "%" PRId64, io->wait_ms / 1000 + 1));
    if (!io->next.id.n || (e != E_AUTH && e != E_INVALID)) return e;
    struct jw w = problem_json(cx, rs, e);
    jw_key(&w, S("captcha"));
    jw_obj(&w);
    jw_kstr(&w, S("id"), io->next.id);
    jw_kstr(&w, S("image"), arena_fmt(cx->a, "data:image/bmp;base64,%.*s", FS(io->next.image)));
    jw_kstr(&w, S("question"), io->next.question);
    jw_obj_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

static enum err captcha_given(struct cx *cx, const struct json *j, struct login *io)
{
    const struct json *c = json_get(j, S("captcha"));
    if (!c || c->t == JT_NULL) return E_OK;
    if (c->t != JT_OBJ) return fail_at(cx, E_INVALID, S("captcha"), "This must be an object");
    TRY(json_str_of(cx, c, S("id"), S(""), &io->captcha));
    return json_str_of(cx, c, S("answer"), S(""), &io->answer);
}

enum err api_session_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct login io = {0};
    struct visitor v = visitor_of(rq);
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("mail"), S(""), &io.mail));
    TRY(json_str_of(cx, j, S("password"), S(""), &io.password));
    TRY(captcha_given(cx, j, &io));
    enum err e = auth_login(cx, cx->app->auth, &v, &io);
    return e == E_OK ? logged_in(cx, rs, &io) : login_refused(cx, rs, e, &io);
}

enum err api_session_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct session s = {0};
    struct firm f = {0};
    str token = {0};
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(auth_session_half(cx, token, &s));
    TRY(app_firm(cx, &f));
    session_reply(cx, rs, &s, &f);
    return E_OK;
}

enum err api_session_patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    const struct entity *user = ENT(cx, "user");
    str lang = {0};
    struct set s = {FLD(user, "language"), VAL_NULL};
    struct written w = {0};
    struct session in = {0};
    struct firm f = {0};
    str token = {0};
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("language"), S(""), &lang));
    if (lang.n && !str_eq(lang_code[lang_of(lang)], lang))
        return fail_at(cx, E_INVALID, S("language"), "Choose en, de, lt or ru");
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    /* all that is answered is read before anything is written */
    TRY(auth_session_enter(cx, cx->app->auth, token, &in));
    TRY(app_firm(cx, &f));
    s.v = VAL_TEXT(lang);
    const struct acl *acl = cx->acl;
    bool unproved = cx->unproved;
    cx->acl = NULL; /* everybody chooses his own language, and it says nothing of who comes in */
    cx->unproved = false;
    enum err e = lang.n ? record_update(cx, user, cx->who.user, 0, &s, 1, &w) : E_OK;
    cx->acl = acl;
    cx->unproved = unproved;
    TRY(e);
    if (lang.n) in.lang = lang;
    session_reply(cx, rs, &in, &f);
    return E_OK;
}

enum err api_session_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str token = {0}, url = {0};
    struct parting p = {0};
    if (session_token(cx, rq, &token)) TRY(auth_logout(cx, cx->app->auth, token, &p));
    if (oidc_parting(cx, cx->app->idps, &p, &url) != E_OK) /* he is out, whatever is to be said elsewhere */
        log_say(cx, LOG_WARN, S("idp"), "nobody is told of a log-out: %.*s", FS(cx->msg));
    session_cookie(cx, rs, S(""));
    http_head(rs, S("Clear-Site-Data"), S("\"cache\", \"storage\""));
    rs->status = 204;
    if (!url.n) return E_OK;
    rs->status = 200;
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kstr(&w, S("url"), url);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- set-up ---- */
enum err api_setup_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    bool needed = false;
    struct wa_site site = {0};
    TRY(setup_needed(cx, &needed));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kbool(&w, S("needed"), needed);
    jw_kbool(&w, S("passkeys"), passkey_site(cx->a, cx->app->url, rq->host, &site));
    jw_key(&w, S("languages"));
    jw_arr(&w);
    for (enum lang l = 0; l < LANG_MAX; l++) jw_str(&w, lang_code[l]);
    jw_arr_end(&w);
    if (needed) {
        jw_key(&w, S("trades"));
        trades_json(cx, &w);
    }
    jw_obj_end(&w);
    return E_OK;
}

enum err api_setup_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct setup s = {0};
    struct session in = {0};
    str token = {0};
    int64_t user = 0;
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("token"), S(""), &token));
    str want = cx->app->setup_token;
    if (!want.n || token.n != want.n || !os_equal(token.p, want.p, want.n))
        return fail_at(cx, E_DENIED, S("token"),
                       "The set-up code is wrong: it was printed when Kontor started");
    TRY(json_str_of(cx, j, S("firm"), S(""), &s.firm));
    TRY(json_str_of(cx, j, S("country"), S(""), &s.country));
    TRY(json_str_of(cx, j, S("currency"), S("EUR"), &s.currency));
    TRY(json_str_of(cx, j, S("language"), S("en"), &s.lang));
    TRY(json_str_of(cx, j, S("name"), S(""), &s.name));
    TRY(json_str_of(cx, j, S("mail"), S(""), &s.mail));
    TRY(json_str_of(cx, j, S("password"), S(""), &s.password));
    TRY(json_str_of(cx, j, S("trade"), S(""), &s.trade));
    s.addr = rq->remote;
    s.agent = http_header(rq, S("User-Agent"));
    s.session = &in;
    TRY(setup_run(cx, cx->app->auth, &s, &user));
    app_country_set(cx->app, s.country);
    if (s.trade.n && app_meta_reload(cx) != E_OK) log_say(cx, LOG_ERROR, S("api"), "the new description was not read");
    struct firm f = {s.firm, s.country, s.currency, s.lang};
    rs->status = 201;
    session_cookie(cx, rs, in.token);
    session_reply(cx, rs, &in, &f);
    return E_OK;
}
