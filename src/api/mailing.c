/* SPDX-License-Identifier: MIT */
/* api/mailing.c - for who manages the settings: the server that mail leaves by, and what became of each mail. */
#include "api/api_int.h"

#include "base/log.h"
#include "base/time.h"
#include "base/tr.h"
#include "mail/mail.h"

/* ---- the server ---- */
static void conf_json(const struct cx *cx, const struct mail_conf *c, struct jw *w)
{
    jw_obj(w);
    jw_kbool(w, S("set"), c->host.n > 0);
    jw_kstr(w, S("url"), cx->app->url);
    jw_kstr(w, S("host"), c->host);
    jw_kint(w, S("port"), c->port ? c->port : 587);
    jw_kstr(w, S("security"), mail_security_name[c->security]);
    jw_kstr(w, S("user"), c->user);
    jw_kbool(w, S("has_password"), c->password.n > 0);
    jw_kstr(w, S("from"), c->from);
    jw_kstr(w, S("name"), c->name);
    jw_kstr(w, S("ca"), c->ca);
    jw_obj_end(w);
}

enum err api_mail_server_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct mail_conf c = {0};
    (void)rq;
    TRY(settings_only(cx));
    TRY(mail_conf_get(cx, &c));
    struct jw w = reply_json(rs);
    conf_json(cx, &c, &w);
    return E_OK;
}

static enum err conf_asked(struct cx *cx, const struct json *j, struct mail_conf *c)
{
    str security = {0};
    TRY(json_str_of(cx, j, S("host"), S(""), &c->host));
    TRY(json_int_of(cx, j, S("port"), 587, &c->port));
    TRY(json_str_of(cx, j, S("security"), S("starttls"), &security));
    TRY(json_str_of(cx, j, S("user"), S(""), &c->user));
    TRY(json_str_of(cx, j, S("password"), S(""), &c->password));
    TRY(json_str_of(cx, j, S("from"), S(""), &c->from));
    TRY(json_str_of(cx, j, S("name"), S(""), &c->name));
    TRY(json_str_of(cx, j, S("ca"), S(""), &c->ca));
    c->host = str_trim(c->host);
    c->from = str_trim(c->from);
    c->ca = str_trim(c->ca);
    for (int i = 0; i < MAIL_SECURITIES; i++)
        if (str_eq(security, mail_security_name[i])) return c->security = (enum mail_security)i, E_OK;
    return fail_at(cx, E_INVALID, S("security"), "Choose starttls, tls or none");
}

enum err api_mail_server_put(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct mail_conf c = {0};
    TRY(settings_only(cx));
    TRY(body_json(cx, rq, &j));
    TRY(conf_asked(cx, j, &c));
    c.plain = cx->app->hook_env.rules.plain;
    bool keep = !json_get(j, S("password")); /* not told: it stays */
    TRY(mail_conf_set(cx, cx->app->vault, &c, keep));
    log_say(cx, LOG_INFO, S("mail"), "the mail server was %s by user %" PRId64, c.host.n ? "set" : "taken away",
            cx->who.user);
    mailer_wake(cx->app->mailer);
    rs->status = 204;
    return E_OK;
}

enum err api_mail_test(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct mail m = {.kind = S("test"), .user = cx->who.user, .once = true};
    int64_t id = 0;
    (void)rq;
    TRY(settings_only(cx));
    TRY(mail_queue(cx, &m, &id));
    if (!id) return fail(cx, E_INVALID, "Mail is not set up yet");
    mailer_wake(cx->app->mailer);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("id"), id);
    jw_obj_end(&w);
    rs->status = 202;
    return E_OK;
}

/* ---- the log ---- */
/* The object is left open. */
static void row_json(struct cx *cx, const struct mail_row *m, str title, struct jw *w)
{
    jw_obj(w);
    jw_kid(w, S("id"), m->id);
    jw_kstr(w, S("kind"), m->kind);
    jw_kstr(w, S("state"), m->state);
    jw_kstr(w, S("to"), m->addr);
    titled_json(w, S("user"), m->user, title);
    jw_kstr(w, S("subject"), m->subject);
    jw_kstr(w, S("at"), time_text(cx->a, m->at));
    time_json(cx, w, S("done_at"), m->done_at);
    time_json(cx, w, S("due_at"), str_eq(m->state, S("queued")) ? m->due_at : 0);
    jw_kint(w, S("tries"), m->tries);
    jw_kstr(w, S("why"), tr(cx->lang, m->why));
}

enum err api_mail_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct mail_row *v = NULL;
    size_t n = 0;
    int64_t before = 0, next = 0;
    str state = {0};
    TRY(settings_only(cx));
    TRY(query_cursor(cx, rq, &before));
    (void)http_query(cx, rq, S("state"), &state);
    TRY(mail_list(cx, state, before, &v, &n, &next));
    int64_t *ids = NEW_N(cx->a, int64_t, n + 1);
    str *titles = NEW_N(cx->a, str, n + 1);
    for (size_t i = 0; i < n; i++) ids[i] = v[i].user;
    TRY(record_titles(cx, ENT(cx, "user"), ids, n, titles));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        row_json(cx, &v[i], titles[i], &w);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_kid(&w, S("next"), next);
    jw_obj_end(&w);
    return E_OK;
}

enum err api_mail_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct mail_row m = {0};
    struct mail_try *v = NULL;
    size_t n = 0;
    int64_t id = 0;
    str title = {0};
    TRY(settings_only(cx));
    TRY(path_id(cx, rq, 0, &id));
    TRY(mail_get(cx, id, &m));
    TRY(mail_tries(cx, id, &v, &n));
    TRY(record_titles(cx, ENT(cx, "user"), &m.user, 1, &title));
    struct jw w = reply_json(rs);
    row_json(cx, &m, title, &w);
    jw_key(&w, S("answers"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        jw_obj(&w);
        jw_kstr(&w, S("at"), time_text(cx->a, v[i].at));
        jw_kint(&w, S("code"), v[i].code);
        jw_kstr(&w, S("outcome"), v[i].outcome);
        jw_kstr(&w, S("said"), v[i].said);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}
