/* SPDX-License-Identifier: MIT */
/* api/account.c - how a user logs in: own password and sessions; for who manages users, those of others. */
#include "api/api_int.h"

#include "auth/factor.h"
#include "auth/key.h"
#include "auth/proof.h"
#include "base/log.h"
#include "base/time.h"
#include "base/tr.h"
#include "mail/mail.h"

enum err users_only(struct cx *cx)
{
    return acl_sys(cx, SYS_USERS) ? E_OK : fail(cx, E_DENIED, "Only those who manage users may do that");
}

enum err settings_only(struct cx *cx)
{
    return acl_sys(cx, SYS_SETTINGS) ? E_OK : fail(cx, E_DENIED, "Only those who manage the settings may do that");
}

/* ---- own password ---- */
enum err api_password_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct login io = {0};
    struct session s = {0};
    struct firm f = {0};
    struct visitor v = visitor_of(rq);
    str token = {0}, fresh = {0};
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("present"), S(""), &io.password));
    TRY(json_str_of(cx, j, S("password"), S(""), &fresh));
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(auth_session_half(cx, token, &s));
    TRY(app_firm(cx, &f));
    s.stage = STAGE_IN;
    TRY(factor_stage(cx, s.user, cx->acl->factor, s.shown, &s.stage));
    io.s.proved_at = s.proved_at;
    io.s.shown = s.shown;
    str words[] = {f.name, s.name, s.mail};
    enum err e = auth_password_change(cx, cx->app->auth, &v, fresh, words, COUNT(words), &io);
    if (e != E_OK) return login_refused(cx, rs, e, &io);
    s.csrf = io.s.csrf; /* nothing is read any more that could fail: it is done */
    session_cookie(cx, rs, io.s.token);
    device_cookie(cx, rs, io.device);
    session_reply(cx, rs, &s, &f);
    return E_OK;
}

/* ---- sessions ---- */
static enum err titles_of(struct cx *cx, const struct session_row *v, size_t n, str *ret)
{
    int64_t *ids = NEW_N(cx->a, int64_t, n + 1);
    for (size_t i = 0; i < n; i++) ids[i] = v[i].user;
    return record_titles(cx, ENT(cx, "user"), ids, n, ret);
}

enum err api_sessions_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct session_row *v = NULL;
    size_t n = 0;
    str token = {0}, all = {0};
    bool of_all = http_query(cx, rq, S("all"), &all) && str_eq(all, S("1"));
    if (of_all) TRY(users_only(cx));
    TRY(auth_sessions(cx, of_all ? 0 : cx->who.user, &v, &n));
    str *titles = NEW_N(cx->a, str, n + 1);
    if (of_all) TRY(titles_of(cx, v, n, titles));
    str own = session_token(cx, rq, &token) ? auth_session_key(cx, token) : S("");
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(&w);
        jw_kstr(&w, S("key"), v[i].key);
        jw_kbool(&w, S("this"), str_eq(v[i].key, own));
        if (of_all) titled_json(&w, S("user"), v[i].user, titles[i]);
        jw_kstr(&w, S("addr"), v[i].addr);
        jw_kstr(&w, S("agent"), v[i].agent);
        jw_kstr(&w, S("created_at"), time_text(cx->a, v[i].created_at));
        jw_kstr(&w, S("seen_at"), time_text(cx->a, v[i].seen_at));
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_sessions_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str token = {0};
    if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
    TRY(auth_sessions_end(cx, cx->who.user, auth_session_key(cx, token)));
    rs->status = 204;
    return E_OK;
}

/* One's own goes at once: whoever sees a stranger in the list must not look for a password first, and nothing is lost
 * by it but a log-in. Another's takes a proof. */
enum err api_session_end(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct session s = {0};
    str token = {0};
    enum err e = auth_session_end(cx, cx->who.user, rq->param[0]);
    if (e == E_NOTFOUND && acl_sys(cx, SYS_USERS)) {
        if (!session_token(cx, rq, &token)) return fail(cx, E_AUTH, "Please log in first");
        TRY(auth_session_half(cx, token, &s));
        TRY(auth_proved(cx, &s, PROOF_RECENT));
        e = auth_session_end(cx, 0, rq->param[0]);
    }
    TRY(e);
    rs->status = 204;
    return E_OK;
}

/* ---- another's account ---- */
enum err account_find(struct cx *cx, int64_t id, struct account *ret)
{
    struct db_rows r = {0};
    ret->id = id;
    TRY(db_query(cx, &r,
                 "SELECT u.name, u.mail, u.active, c.user_id, c.must_change, c.changed_at FROM \"user\" u"
                 " LEFT JOIN credential c ON c.user_id = u.id WHERE u.id = $1 AND u.deleted_at IS NULL",
                 V(ret->id)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such record");
    ret->name = db_str(&r, 0, 0);
    ret->mail = db_str(&r, 0, 1);
    ret->is_active = db_int(&r, 0, 2) != 0;
    ret->has_password = !db_is_null(&r, 0, 3);
    ret->must_change = db_int(&r, 0, 4) != 0;
    ret->first_until = ret->must_change ? db_int(&r, 0, 5) + FIRST_PASSWORD_MS : 0;
    return E_OK;
}

enum err account_of(struct cx *cx, const struct req *rq, struct account *ret)
{
    int64_t id = 0;
    TRY(users_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    return account_find(cx, id, ret);
}

/* The newest invitation and what became of its mail. */
static void invited_json(struct cx *cx, const struct mail_row *m, struct jw *w)
{
    jw_key(w, S("invited"));
    if (!m->id) {
        jw_null(w);
        return;
    }
    jw_obj(w);
    jw_kstr(w, S("at"), time_text(cx->a, m->at));
    jw_kstr(w, S("state"), m->state);
    jw_kstr(w, S("why"), tr(cx->lang, m->why));
    jw_obj_end(w);
}

enum err api_account_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct account a = {0};
    struct mail_row m = {0};
    bool can_mail = false;
    struct session_row *v = NULL;
    struct factors f = {0};
    size_t n = 0;
    int64_t keys = 0;
    TRY(account_of(cx, rq, &a));
    TRY(factors_of(cx, a.id, &f));
    TRY(auth_sessions(cx, a.id, &v, &n));
    TRY(key_count(cx, a.id, &keys));
    TRY(mail_is_set(cx, &can_mail));
    TRY(mail_last(cx, S("invite"), a.id, &m));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("id"), a.id);
    bool needs = a.is_active && a.mail.n && (!a.has_password || a.must_change);
    jw_kbool(&w, S("can_invite"), needs && can_mail && cx->app->url.n);
    invited_json(cx, &m, &w);
    jw_kbool(&w, S("active"), a.is_active);
    jw_kbool(&w, S("password"), a.has_password);
    jw_kbool(&w, S("must_change"), a.must_change);
    time_json(cx, &w, S("first_until"), a.first_until);
    jw_kint(&w, S("sessions"), (int64_t)n);
    jw_kint(&w, S("keys"), keys);
    jw_key(&w, S("factor"));
    jw_obj(&w);
    factors_json(cx, &w, &f);
    jw_kint(&w, S("passkeys"), f.passkeys);
    jw_obj_end(&w);
    jw_key(&w, S("identities"));
    TRY(identities_json(cx, &w, a.id));
    jw_obj_end(&w);
    return E_OK;
}

enum err api_account_password(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct account a = {0};
    struct firm f = {0};
    str password = {0}, hash = {0};
    TRY(account_of(cx, rq, &a));
    TRY(body_json(cx, rq, &j));
    TRY(json_str_of(cx, j, S("password"), S(""), &password));
    if (a.id == cx->who.user) return fail(cx, E_INVALID, "Your own password is changed on your own page");
    if (!a.mail.n) return fail(cx, E_INVALID, "This user has no e-mail address to log in with");
    TRY(app_firm(cx, &f));
    str words[] = {f.name, a.name, a.mail};
    TRY(auth_password_check(cx, password, words, COUNT(words)));
    TRY(auth_password_hash(cx, cx->app->auth, password, &hash));
    TRY(auth_hash_first(cx, a.id, hash));
    log_say(cx, LOG_INFO, S("auth"), "user %" PRId64 " was given a password by user %" PRId64, a.id, cx->who.user);
    rs->status = 204;
    return E_OK;
}

enum err account_end(struct cx *cx, int64_t id, struct written *ret)
{
    struct set s = {FLD(ENT(cx, "user"), "active"), VAL_INT(0)};
    return record_update(cx, ENT(cx, "user"), id, 0, &s, 1, ret); /* his sessions end with that */
}

static enum err end_once(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct account a = {0};
    struct written w = {0};
    TRY(account_of(cx, rq, &a));
    if (a.id == cx->who.user) return fail(cx, E_INVALID, "You cannot end yourself");
    TRY(account_end(cx, a.id, &w));
    log_say(cx, LOG_INFO, S("auth"), "user %" PRId64 " was ended by user %" PRId64, a.id, cx->who.user);
    reply_written(cx, rs, &w);
    rs->status = 204;
    return E_OK;
}

enum err api_account_end(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, end_once); }
