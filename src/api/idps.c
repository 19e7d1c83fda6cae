/* SPDX-License-Identifier: MIT */
/* api/idps.c - log-in by others: providers described by the administrator, and coming in by one.
 *
 * Who comes in and with which roles is said here: it takes the right to the settings and the one to manage users. */
#include "api/api_int.h"

#include "base/log.h"

enum { WHY_BYTES = 40 };

/* ---- the browser's half of a log-in that was begun ---- */
static str binder_name(const struct cx *cx)
{
    return cx->app->tls ? S("__Host-kontor-sso") : S("kontor-sso");
}

static str binder_of(const struct cx *cx, const struct req *rq)
{
    str s = {0};
    return http_cookie(rq, binder_name(cx), &s) ? s : S("");
}

static void binder_cookie(struct cx *cx, struct resp *rs, str binder)
{
    http_head(rs, S("Set-Cookie"),
              arena_fmt(cx->a, "%.*s=%.*s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=%d",
                        FS(binder_name(cx)), FS(binder), cx->app->tls ? "; Secure" : "",
                        binder.n ? IDP_STATE_MS / 1000 : 0));
}

enum err sso_json(struct cx *cx, struct jw *w)
{
    struct idp *v = NULL;
    size_t n = 0;
    bool directory = false;
    TRY(idp_list(cx, &v, &n));
    jw_key(w, S("sso"));
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        directory |= v[i].active && v[i].kind == IDP_LDAP;
        if (!v[i].active || v[i].kind != IDP_OIDC) continue;
        jw_obj(w);
        jw_kid(w, S("id"), v[i].id);
        jw_kstr(w, S("name"), v[i].name);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_kbool(w, S("directory"), directory);
    return E_OK;
}

enum err api_sso_begin(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct oidc_going g = {.addr = visitor_of(rq).addr};
    const struct json *j = NULL;
    TRY(path_id(cx, rq, 0, &g.idp));
    if (rq->body.n) {
        TRY(body_json(cx, rq, &j));
        TRY(json_bool_of(cx, j, S("proof"), false, &g.proof));
    }
    TRY(oidc_begin(cx, cx->app->idps, &g));
    binder_cookie(cx, rs, g.binder);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kstr(&w, S("url"), g.url);
    jw_obj_end(&w);
    return E_OK;
}

static str asked(struct cx *cx, const struct req *rq, str key)
{
    str s = {0};
    return http_query(cx, rq, key, &s) ? s : S("");
}

/* The browser comes from another site and by an address that holds a code: it is sent on at once, within our own. */
static void send_on(struct cx *cx, struct resp *rs, str why)
{
    rs->status = 303;
    rs->type = S("text/plain");
    http_head(rs, S("Location"),
              why.n ? arena_fmt(cx->a, "/login?sso=%.*s", FS(str_cut(why, 0, WHY_BYTES))) : S("/"));
    http_head(rs, S("Cache-Control"), S("no-store"));
    http_head(rs, S("Referrer-Policy"), S("no-referrer"));
}

enum err api_sso_back(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct visitor v = visitor_of(rq);
    struct login io = {0};
    struct oidc_back b = {.binder = binder_of(cx, rq),
                          .state = asked(cx, rq, S("state")),
                          .code = asked(cx, rq, S("code")),
                          .iss = asked(cx, rq, S("iss")),
                          .error = asked(cx, rq, S("error"))};
    enum err e = path_id(cx, rq, 0, &b.idp);
    if (e == E_OK) e = oidc_end(cx, cx->app->idps, cx->app->auth, &v, &b, &io);
    if (e != E_OK && err_info[e].http == 500) return e;
    if (e != E_OK) return send_on(cx, rs, b.why.n ? b.why : S("state")), E_OK;
    session_cookie(cx, rs, io.s.token);
    if (io.device.n) device_cookie(cx, rs, io.device);
    binder_cookie(cx, rs, S(""));
    send_on(cx, rs, S(""));
    return E_OK;
}

/* ---- the administrator ---- */
static enum err idps_only(struct cx *cx)
{
    TRY(users_only(cx));
    return settings_only(cx);
}

static void one_json(struct cx *cx, const struct idp *p, struct jw *w)
{
    jw_obj(w);
    jw_kid(w, S("id"), p->id);
    idp_json(cx, p, w);
    jw_kbool(w, S("has_secret"), p->has_secret);
    jw_kstr(w, S("back"), p->kind == IDP_OIDC ? idp_back(cx, cx->app->idps, p->id) : S(""));
    jw_kstr(w, S("left"), p->kind == IDP_OIDC ? idp_left(cx, cx->app->idps) : S(""));
    jw_obj_end(w);
}

static enum err roles_json(struct cx *cx, struct jw *w)
{
    struct db_rows r = {0};
    TRY(db_query(
        cx, &r,
        "SELECT id, name FROM \"role\" WHERE deleted_at IS NULL ORDER BY name_f, id LIMIT 1000"));
    jw_key(w, S("roles"));
    jw_arr(w);
    for (size_t i = 0; i < r.n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), db_int(&r, i, 0));
        jw_kstr(w, S("title"), db_str(&r, i, 1));
        jw_obj_end(w);
    }
    jw_arr_end(w);
    return E_OK;
}

enum err api_idp_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct idp *v = NULL;
    size_t n = 0;
    (void)rq;
    TRY(idps_only(cx));
    TRY(idp_list(cx, &v, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) one_json(cx, &v[i], &w);
    jw_arr_end(&w);
    jw_kbool(&w, S("url"), cx->app->url.n > 0);
    TRY(roles_json(cx, &w));
    jw_obj_end(&w);
    return E_OK;
}

struct edit {
    const struct json *j;
    str secret;
};

/* The body over what there is; *ret_secret NULL: none is said. */
static enum err edited(struct cx *cx, void *arg, struct idp *io, const str **ret_secret)
{
    struct edit *x = arg;
    TRY(idp_read(cx, x->j, io));
    if (!json_get(x->j, S("secret"))) return E_OK;
    TRY(json_str_of(cx, x->j, S("secret"), S(""), &x->secret));
    *ret_secret = &x->secret;
    return E_OK;
}

static void told(struct cx *cx, int64_t id, const char *what)
{
    log_say(cx, LOG_INFO, S("idp"), "provider %" PRId64 " was %s by user %" PRId64, id, what,
            cx->who.user);
}

static enum err post_once(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct idp p = {.active = true};
    struct edit x = {0};
    const str *given = NULL;
    TRY(idps_only(cx));
    TRY(body_json(cx, rq, &x.j));
    TRY(edited(cx, &x, &p, &given));
    TRY(idp_new(cx, cx->app->idps, &p, given));
    told(cx, p.id, "added");
    rs->status = 201;
    struct jw w = reply_json(rs);
    one_json(cx, &p, &w);
    return E_OK;
}

enum err api_idp_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, post_once);
}

static enum err patch_once(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct idp p = {0};
    struct edit x = {0};
    int64_t id = 0;
    TRY(idps_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(body_json(cx, rq, &x.j));
    TRY(idp_change(cx, cx->app->idps, id, edited, &x, &p));
    told(cx, id, "changed");
    struct jw w = reply_json(rs);
    one_json(cx, &p, &w);
    return E_OK;
}

enum err api_idp_patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, patch_once);
}

static enum err delete_once(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    TRY(idps_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(idp_end(cx, id));
    told(cx, id, "ended");
    rs->status = 204;
    return E_OK;
}

enum err api_idp_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, delete_once);
}

static enum err idp_of(struct cx *cx, const struct req *rq, struct idp *ret)
{
    int64_t id = 0;
    TRY(idps_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    return idp_get(cx, id, ret);
}

/* To the administrator it is told what is wrong, also when it lies with the other side: that has a place. */
static enum err tried(struct cx *cx, enum err e)
{
    return e == E_BUSY && cx->at.n ? cx->err = E_INVALID : e;
}

static void found_json(struct jw *w, const struct outside_found *f)
{
    jw_kstr(w, S("subject"), f->who.subject);
    jw_kstr(w, S("name"), f->who.name);
    jw_kstr(w, S("mail"), f->who.mail);
    jw_kstr(w, S("phone"), f->who.phone);
    jw_kstr(w, S("language"), f->who.lang);
    jw_key(w, S("groups"));
    jw_arr(w);
    for (size_t i = 0; i < f->who.n_groups; i++)
        if (f->who.groups[i].n) jw_str(w, f->who.groups[i]);
    jw_arr_end(w);
}

/* Without a login: can it be reached and searched? With one: what would come of it. */
static enum err directory_test(struct cx *cx, const struct req *rq, const struct idp *p,
                               struct resp *rs)
{
    const struct json *j = NULL;
    struct outside_found f = {0};
    str login = {0}, password = {0};
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("login"), S(""), &login));
    TRY(json_str_of(cx, j, S("password"), S(""), &password));
    enum err e = ldap_try(cx, cx->app->idps, p, login, password, &f);
    if (e == E_AUTH)
        return fail_at(cx, E_INVALID, S("password"), "The directory does not let him in");
    TRY(tried(cx, e));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    if (login.n) found_json(&w, &f);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_idp_test(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct idp p = {0};
    size_t keys = 0;
    TRY(idp_of(cx, rq, &p));
    if (p.kind == IDP_LDAP) return directory_test(cx, rq, &p, rs);
    TRY(tried(cx, oidc_try(cx, cx->app->idps, &p, &keys)));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kint(&w, S("keys"), (int64_t)keys);
    jw_obj_end(&w);
    return E_OK;
}
