/* SPDX-License-Identifier: MIT */
/* api/proving.c - proving once more, in a session, who one is (auth/proof.h). */
#include "api/api_int.h"

#include "auth/proof.h"

static enum err own_token(struct cx *cx, const struct req *rq, str *ret)
{
    return session_token(cx, rq, ret) ? E_OK : fail(cx, E_AUTH, "Please log in first");
}

enum err api_proof_ways(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct proof_ways p = {0};
    struct wa_site site = {0};
    struct session s = {0};
    struct idp by = {0};
    str token = {0};
    TRY(own_token(cx, rq, &token));
    TRY(auth_session_half(cx, token, &s));
    TRY(proof_ways(cx, &p));
    enum err e = s.idp ? idp_get(cx, s.idp, &by) : E_NOTFOUND;
    if (e != E_OK && e != E_NOTFOUND) return e;
    bool sso = e == E_OK && by.active && by.kind == IDP_OIDC;
    bool here = passkey_site(cx->a, cx->app->url, rq->host, &site);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kbool(&w, S("password"), p.password);
    jw_kbool(&w, S("passkey_alone"), p.passkey_alone && here);
    jw_kbool(&w, S("second"), p.second);
    jw_kbool(&w, S("totp"), p.totp);
    jw_kint(&w, S("recovery"), p.recovery);
    jw_kint(&w, S("passkeys"), here ? p.passkeys : 0);
    jw_kid(&w, S("sso"), sso ? by.id : 0);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_proof_ask(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct wa_site site = {0};
    struct passkey *p = NULL;
    size_t n = 0;
    str token = {0}, challenge = {0};
    TRY(site_need(cx, rq, &site));
    TRY(own_token(cx, rq, &token));
    TRY(passkey_list(cx, cx->who.user, &p, &n)); /* all that is answered is read before anything is written */
    TRY(proof_ask(cx, token, &challenge));
    challenge_reply(rs, &site, challenge, true, p, n);
    return E_OK;
}

enum err api_session_proof(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct visitor v = visitor_of(rq);
    struct proof p = {0};
    struct passkey_answer answer = {0};
    struct wa_site site = {0};
    TRY(body_json(cx, rq, &j));
    TRY(own_token(cx, rq, &p.session));
    TRY(json_str_of(cx, j, S("password"), S(""), &p.password));
    TRY(json_str_of(cx, j, S("code"), S(""), &p.code));
    TRY(json_str_of(cx, j, S("recovery"), S(""), &p.recovery));
    const struct json *key = json_get(j, S("passkey"));
    if (key && key->t != JT_NULL) {
        if (key->t != JT_OBJ) return fail_at(cx, E_INVALID, S("passkey"), "This must be an object");
        TRY(site_need(cx, rq, &site));
        TRY(answer_given(cx, key, &answer));
        p.passkey = &answer;
        p.site = &site;
    }
    TRY(auth_prove(cx, cx->app->auth, &v, &p));
    rs->status = 204;
    return E_OK;
}
