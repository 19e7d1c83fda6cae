/* SPDX-License-Identifier: MIT */
/* api/factoring.c - the second factor: the second step of a log-in, one's own set-up, another's reset. */
#include "api/api_int.h"

#include "auth/factor.h"
#include "auth/passkey.h"
#include "base/log.h"
#include "fmt/qr.h"

void factors_json(struct cx *cx, struct jw *w, const struct factors *f)
{
    time_json(cx, w, S("totp"), f->totp_since);
    jw_kint(w, S("recovery"), f->recovery);
    jw_kbool(w, S("required"), f->want != WANT_NONE);
    jw_kstr(w, S("want"), factor_want_name[f->want]);
}

/* ---- log-in ---- */
enum err api_factor_login(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct second in = {0};
    struct login io = {0};
    struct session s = {0};
    struct firm f = {0};
    struct visitor v = visitor_of(rq);
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("code"), S(""), &in.code));
    TRY(json_str_of(cx, j, S("recovery"), S(""), &in.recovery));
    if (!session_token(cx, rq, &in.token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(auth_session_half(cx, in.token, &s));
    if (s.stage != STAGE_FACTOR) return fail(cx, E_PRECOND, "You are logged in already");
    TRY(app_firm(cx, &f)); /* all that is answered is read before anything is written */
    in.half = &s;
    enum err e = factor_login(cx, cx->app->auth, &v, &in, &io);
    if (e != E_OK) return login_refused(cx, rs, e, &io);
    session_cookie(cx, rs, io.s.token);
    device_cookie(cx, rs, io.device);
    session_reply(cx, rs, &io.s, &f);
    return E_OK;
}

enum err api_factor_ways(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct factors f = {0};
    (void)rq;
    TRY(factors_of(cx, cx->who.user, &f));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kbool(&w, S("totp"), f.totp_since != 0 && !(f.want == WANT_PASSKEY && f.passkeys));
    jw_kint(&w, S("recovery"), f.recovery);
    jw_kint(&w, S("passkeys"), f.passkeys);
    jw_obj_end(&w);
    return E_OK;
}

/* ---- one's own ---- */
enum err api_factor_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct factors f = {0};
    bool has = false;
    TRY(auth_has_password(cx, cx->who.user, &has));
    TRY(factors_of(cx, cx->who.user, &f));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    factors_json(cx, &w, &f);
    jw_kbool(&w, S("password"), has);
    TRY(passkeys_json(cx, rq, &w, cx->who.user));
    jw_obj_end(&w);
    return E_OK;
}

static void qr_json(struct cx *cx, struct jw *w, str text)
{
    int size = 0;
    str path = {0};
    if (!qr_path(cx->a, text, &size, &path)) return;
    jw_key(w, S("qr"));
    jw_obj(w);
    jw_kint(w, S("size"), size);
    jw_kstr(w, S("path"), path);
    jw_obj_end(w);
}

/* Its answer holds a secret: it is not kept for an Idempotency-Key. */
enum err api_totp_begin(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct totp_new t = {0};
    struct session s = {0};
    struct firm f = {0};
    str token = {0};
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(auth_session_half(cx, token, &s));
    TRY(app_firm(cx, &f));
    TRY(totp_begin(cx, cx->app->auth, f.name, s.mail.n ? s.mail : s.name, &t));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kstr(&w, S("secret"), t.secret);
    jw_kstr(&w, S("uri"), t.uri);
    qr_json(cx, &w, t.uri);
    jw_obj_end(&w);
    return E_OK;
}

static void codes_reply(struct resp *rs, const str *codes)
{
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("recovery"));
    jw_arr(&w);
    for (size_t i = 0; i < RECOVERY_CODES; i++) jw_str(&w, codes[i]);
    jw_arr_end(&w);
    jw_obj_end(&w);
}

enum err api_totp_confirm(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    str code = {0}, token = {0}, codes[RECOVERY_CODES];
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("code"), S(""), &code));
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(totp_confirm(cx, cx->app->auth, code, auth_session_key(cx, token), codes));
    log_say(cx, LOG_INFO, S("auth"), "user %" PRId64 " has set up a second factor", cx->who.user);
    codes_reply(rs, codes);
    return E_OK;
}

enum err api_totp_end(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)rq;
    TRY(totp_end(cx));
    log_say(cx, LOG_INFO, S("auth"), "user %" PRId64 " has turned his second factor off", cx->who.user);
    rs->status = 204;
    return E_OK;
}

enum err api_recovery_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str codes[RECOVERY_CODES];
    (void)rq;
    TRY(recovery_renew(cx, cx->app->auth, codes));
    codes_reply(rs, codes);
    return E_OK;
}

/* ---- everybody's ---- */
enum err api_factor_rule_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    enum factor_want want = WANT_NONE;
    struct wa_site site = {0};
    TRY(users_only(cx));
    TRY(factor_rule(cx, &want));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kstr(&w, S("want"), factor_want_name[want]);
    jw_kbool(&w, S("passkey_possible"), passkey_site(cx->a, cx->app->url, rq->host, &site));
    jw_obj_end(&w);
    return E_OK;
}

enum err api_factor_rule_put(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    str want = {0};
    TRY(users_only(cx));
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("want"), S(""), &want));
    enum factor_want w = acl_factor_want(want);
    if (!str_eq(want, factor_want_name[w]))
        return fail_at(cx, E_INVALID, S("want"), "Possible here: %.*s", FS(S("none, any, passkey")));
    TRY(factor_rule_set(cx, w));
    log_say(cx, LOG_INFO, S("auth"), "the second factor of all was set to %.*s by user %" PRId64, FS(want),
            cx->who.user);
    rs->status = 204;
    return E_OK;
}

/* ---- another's ---- */
static enum err reset_once(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct account a = {0};
    TRY(account_of(cx, rq, &a));
    if (a.id == cx->who.user) return fail(cx, E_INVALID, "Your own second factor is turned off on your own page");
    TRY(factors_reset(cx, a.id));
    log_say(cx, LOG_INFO, S("auth"), "the second factor of user %" PRId64 " was reset by user %" PRId64, a.id,
            cx->who.user);
    rs->status = 204;
    return E_OK;
}

enum err api_account_factor(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, reset_once);
}
