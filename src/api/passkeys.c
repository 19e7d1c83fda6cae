/* SPDX-License-Identifier: MIT */
/* api/passkeys.c - passkeys: one's own, and coming in by one. Bytes go as base64url. */
#include "api/api_int.h"

#include "auth/passkey.h"
#include "auth/webauthn.h"
#include "base/log.h"
#include "os/os.h"

static bool site_of(struct cx *cx, const struct req *rq, struct wa_site *ret)
{
    return passkey_site(cx->a, cx->app->url, rq->host, ret);
}

enum err site_need(struct cx *cx, const struct req *rq, struct wa_site *ret)
{
    return site_of(cx, rq, ret)
               ? E_OK
               : fail(cx, E_PRECOND, "Passkeys need the address of this server to be told to it: the setting url");
}

enum err passkeys_json(struct cx *cx, const struct req *rq, struct jw *w, int64_t user)
{
    struct passkey *p = NULL;
    struct wa_site site = {0};
    size_t n = 0;
    TRY(passkey_list(cx, user, &p, &n));
    jw_kbool(w, S("passkey_possible"), site_of(cx, rq, &site));
    jw_key(w, S("passkeys"));
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), p[i].id);
        jw_kstr(w, S("name"), p[i].name);
        time_json(cx, w, S("created_at"), p[i].created_at);
        time_json(cx, w, S("used_at"), p[i].used_at);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    return E_OK;
}

/* What a browser needs to ask an authenticator for one of these; without them for any that it has for us. */
static void ids_json(struct jw *w, str key, const struct passkey *p, size_t n)
{
    jw_key(w, key);
    jw_arr(w);
    for (size_t i = 0; i < n; i++) jw_str(w, p[i].credential);
    jw_arr_end(w);
}

/* ---- one's own ---- */
static void new_reply(struct cx *cx, struct resp *rs, const struct wa_site *site, str challenge, str firm,
                      const struct session *s, const struct passkey *p, size_t n)
{
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kstr(&w, S("challenge"), challenge);
    jw_kstr(&w, S("rp"), site->rp);
    jw_kstr(&w, S("firm"), firm);
    jw_kstr(&w, S("user"), arena_fmt(cx->a, "%" PRId64, s->user));
    jw_kstr(&w, S("mail"), s->mail);
    jw_kstr(&w, S("name"), s->name);
    jw_key(&w, S("algs"));
    jw_arr(&w);
    for (size_t i = 0; i < COUNT(wa_algs); i++) jw_int(&w, wa_algs[i]);
    jw_arr_end(&w);
    ids_json(&w, S("known"), p, n);
    jw_obj_end(&w);
}

enum err api_passkey_begin(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct wa_site site = {0};
    struct session s = {0};
    struct firm f = {0};
    struct passkey *p = NULL;
    size_t n = 0;
    str token = {0}, challenge = {0};
    TRY(site_need(cx, rq, &site));
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(auth_session_half(cx, token, &s));
    TRY(app_firm(cx, &f));
    TRY(passkey_list(cx, s.user, &p, &n));
    TRY(passkey_begin(cx, token, &challenge));
    new_reply(cx, rs, &site, challenge, f.name, &s, p, n);
    return E_OK;
}

enum err answer_given(struct cx *cx, const struct json *j, struct passkey_answer *ret)
{
    TRY(json_str_of(cx, j, S("id"), S(""), &ret->credential));
    TRY(json_str_of(cx, j, S("client"), S(""), &ret->client));
    TRY(json_str_of(cx, j, S("data"), S(""), &ret->data));
    return json_str_of(cx, j, S("signature"), S(""), &ret->signature);
}

enum err api_passkey_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct wa_site site = {0};
    struct passkey_answer in = {0};
    str token = {0}, name = {0}, codes[RECOVERY_CODES];
    int64_t id = 0;
    size_t n = 0;
    TRY(site_need(cx, rq, &site));
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("name"), S(""), &name));
    TRY(answer_given(cx, j, &in));
    TRY(passkey_add(cx, cx->app->auth, &site, token, name, &in, &id, codes, &n));
    log_say(cx, LOG_INFO, S("auth"), "user %" PRId64 " has a new passkey", cx->who.user);
    rs->status = 201;
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("id"), id);
    jw_key(&w, S("recovery"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) jw_str(&w, codes[i]);
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_passkey_patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    int64_t id = 0;
    str name = {0};
    TRY(path_id(cx, rq, 0, &id));
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("name"), S(""), &name));
    TRY(passkey_rename(cx, id, name));
    rs->status = 204;
    return E_OK;
}

enum err api_passkey_end(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(path_id(cx, rq, 0, &id));
    TRY(passkey_end(cx, id));
    log_say(cx, LOG_INFO, S("auth"), "user %" PRId64 " has taken a passkey away", cx->who.user);
    rs->status = 204;
    return E_OK;
}

/* ---- coming in ---- */
/* A secret of this browser: what was asked by it is answered by it. */
static void ask_cookie(struct cx *cx, struct resp *rs, str secret)
{
    bool secure = cx->app->tls;
    http_head(rs, S("Set-Cookie"),
              arena_fmt(cx->a, "%s=%.*s; Path=/; HttpOnly; SameSite=Strict%s; Max-Age=%d",
                        secure ? "__Host-kontor-ask" : "kontor-ask", FS(secret), secure ? "; Secure" : "",
                        secret.n ? CHALLENGE_MS / 1000 : 0));
}

/* The half session of a log-in whose password was right; false when there is none. */
static bool half_of(struct cx *cx, const struct req *rq, str *ret_token, struct session *ret)
{
    return session_token(cx, rq, ret_token) && auth_session_half(cx, *ret_token, ret) == E_OK &&
           ret->stage == STAGE_FACTOR;
}

void challenge_reply(struct resp *rs, const struct wa_site *site, str challenge, bool second, const struct passkey *p,
                     size_t n)
{
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kstr(&w, S("challenge"), challenge);
    jw_kstr(&w, S("rp"), site->rp);
    jw_kbool(&w, S("second"), second);
    ids_json(&w, S("known"), p, n);
    jw_obj_end(&w);
}

enum err api_passkey_ask(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct wa_site site = {0};
    struct session s = {0};
    struct passkey *p = NULL;
    unsigned char raw[32];
    str challenge = {0}, binder = {0};
    size_t n = 0;
    TRY(site_need(cx, rq, &site));
    bool second = half_of(cx, rq, &binder, &s);
    if (second) TRY(passkey_list(cx, s.user, &p, &n));
    else {
        os_random(raw, sizeof raw);
        binder = os_hex(cx->a, raw, sizeof raw);
        ask_cookie(cx, rs, binder);
    }
    TRY(passkey_ask(cx, binder, second, &challenge));
    challenge_reply(rs, &site, challenge, second, p, n);
    return E_OK;
}

enum err api_passkey_login(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct wa_site site = {0};
    struct session half = {0};
    struct firm f = {0};
    struct login io = {0};
    struct passkey_login in = {.site = &site};
    struct visitor v = visitor_of(rq);
    TRY(site_need(cx, rq, &site));
    TRY(body_json(cx, rq, &j));
    TRY(answer_given(cx, j, &in.answer));
    TRY(app_firm(cx, &f)); /* all that is answered is read before anything is written */
    if (half_of(cx, rq, &in.binder, &half)) in.half = &half;
    else if (!http_cookie(rq, S("__Host-kontor-ask"), &in.binder) && !http_cookie(rq, S("kontor-ask"), &in.binder))
        in.binder = S("");
    enum err e = passkey_login(cx, cx->app->auth, &v, &in, &io);
    if (e != E_OK) return login_refused(cx, rs, e, &io);
    session_cookie(cx, rs, io.s.token);
    device_cookie(cx, rs, io.device);
    if (!in.half) ask_cookie(cx, rs, S(""));
    session_reply(cx, rs, &io.s, &f);
    return E_OK;
}
