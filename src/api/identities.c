/* SPDX-License-Identifier: MIT */
/* api/identities.c - by which providers and directories somebody is known: one's own, and others' for who manages
 * users. */
#include "api/api_int.h"

#include "auth/outside.h"
#include "base/time.h"

/* Whose issuer it is; one that is gone is told by that. */
static struct outside_rules rules_of(struct cx *cx, const struct idp *v, size_t n, str issuer, str *ret_kind)
{
    *ret_kind = S("");
    for (size_t i = 0; i < n; i++) {
        struct outside_rules r = idp_rules(cx, &v[i]);
        if (!str_eq(r.issuer, issuer)) continue;
        *ret_kind = idp_kind_name[v[i].kind];
        return r;
    }
    return (struct outside_rules){.name = issuer, .issuer = issuer};
}

enum err identities_json(struct cx *cx, struct jw *w, int64_t user)
{
    struct identity *v = NULL;
    struct idp *p = NULL;
    size_t n = 0, n_p = 0;
    TRY(identities_of(cx, user, &v, &n));
    TRY(idp_list(cx, &p, &n_p));
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        str kind = {0};
        struct outside_rules r = rules_of(cx, p, n_p, v[i].issuer, &kind);
        jw_obj(w);
        jw_kstr(w, S("key"), v[i].key);
        jw_kid(w, S("provider"), r.id);
        jw_kstr(w, S("name"), r.name);
        jw_kstr(w, S("kind"), kind);
        jw_kstr(w, S("subject"), v[i].subject);
        jw_kstr(w, S("login"), v[i].login);
        jw_kstr(w, S("at"), time_text(cx->a, v[i].at));
        jw_obj_end(w);
    }
    jw_arr_end(w);
    return E_OK;
}

enum err api_identity_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    (void)rq;
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    TRY(identities_json(cx, &w, cx->who.user));
    jw_obj_end(&w);
    return E_OK;
}

static enum err end_of(struct cx *cx, int64_t user, str key, str but, bool own)
{
    struct identity *v = NULL;
    struct idp *p = NULL;
    size_t n = 0, n_p = 0, at = 0;
    str kind = {0};
    TRY(identities_of(cx, user, &v, &n));
    TRY(idp_list(cx, &p, &n_p));
    while (at < n && !str_eq(v[at].key, key)) at++;
    if (at == n) return fail(cx, E_NOTFOUND, "There is no such record");
    struct outside_rules r = rules_of(cx, p, n_p, v[at].issuer, &kind);
    return identity_end(cx, &(struct identity_end){.user = user, .of = v[at], .r = &r, .but = but, .own = own});
}

/* The session that one is in goes on: one sees what one has done. */
enum err api_identity_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str token = {0};
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(end_of(cx, cx->who.user, rq->param[0], auth_session_key(cx, token), true));
    rs->status = 204;
    return E_OK;
}

enum err api_account_identity(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct account a = {0};
    TRY(account_of(cx, rq, &a));
    TRY(end_of(cx, a.id, rq->param[1], S(""), false));
    rs->status = 204;
    return E_OK;
}
