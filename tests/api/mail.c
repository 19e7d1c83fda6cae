/* SPDX-License-Identifier: MIT */
/* The mail server's setting and log; what mails lead to: a forgotten password (D06, D07, D08), an invitation, a locked
 * account (D02), a new device; J02: of many who use a link at once one succeeds. */
#include "api_bed.h"
#include "auth/limits.h"
#include "auth/link.h"
#include "mail/mail_int.h"
#include "os/os.h"
#include "smtp_stub.h"

#include <pthread.h>
#include <stdatomic.h>

#define SERVER "{'host':'127.0.0.1','port':25,'security':'none','from':'crm@mueller.example','name':'Kontor'}"

static void set_up(struct api_bed *t)
{
    ROWS(t, {ADMIN, "PUT /api/v1/mail/server", SERVER, 204, NULL, "", NULL, NULL});
}

/* What would be sent next, as the thread that sends makes it; .addr "" = nothing. It counts as sent. */
static struct letter next(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct mailer_opts o = {.db = t->b.b, .url = S("https://kontor.test/"), .kinds = auth_mails, .n = auth_mails_n};
    struct claim c = {.o = &o};
    struct smtp_answer a = {.end = SMTP_SENT, .code = 250, .said = S("250 ok"), .why = S("250 ok")};
    cx.now_ms = clock_ms() + t->ahead_ms;
    cx.who = (struct who){0};
    cx.lang = S("de");
    do T_OK(&cx, db_write(&cx, outbox_claim, &c));
    while (c.more && !c.got);
    if (!c.got) return (struct letter){0};
    T_OK(&cx, outbox_done(&cx, &c.row, &a));
    return c.letter;
}

/* The token of the link in a letter, kept as $token. */
static void token_take(struct api_bed *t, const struct letter *l, const char *page)
{
    str link = arena_fmt(t->b.cx.a, "https://kontor.test/%s#", page);
    ptrdiff_t at = str_find(l->text, link);
    T(at > 0);
    str token = at > 0 ? str_cut(l->text, (size_t)at + link.n, (size_t)at + link.n + TOKEN_CHARS) : S("");
    T_INT((int64_t)token.n, TOKEN_CHARS);
    var_put(t, "token", token);
}

static void ask(struct api_bed *t, const char *mail)
{
    var_put(t, "mail", str_from(mail));
    ROWS(t, {ANON, "POST /api/v1/password/forgot", "{'mail':'$mail'}", 204, NULL, "", NULL, NULL});
}

/* A link for Rita, as she would find it in her mail. */
static void link_for_rita(struct api_bed *t)
{
    t->ahead_ms += 120000; /* one a minute */
    ask(t, "rita@mueller.example");
    struct letter l = next(t);
    T_STR(l.addr, S("rita@mueller.example"));
    token_take(t, &l, "password");
}

static int64_t rows_of(struct api_bed *t, str sql)
{
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_run(&t->b.cx, &r, NULL, sql, NULL, 0));
    return r.n ? db_int(&r, 0, 0) : -1;
}

static void server(struct api_bed *t)
{
    ROWS(t,
         {MGRA, "GET /api/v1/mail/server", NULL, 403, NULL, NULL, NULL, NULL},
         {MGRA, "PUT /api/v1/mail/server", SERVER, 403, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/mail/test", NULL, 403, NULL, NULL, NULL, NULL},
         {MGRA, "GET /api/v1/mail", NULL, 403, NULL, NULL, NULL, NULL},
         {MGRA, "GET /api/v1/mail/1", NULL, 403, NULL, NULL, NULL, NULL},
         {ANON, "GET /api/v1/door", NULL, 200, "\"reset\":false", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/mail/server", NULL, 200, "\"set\":false|\"url\":\"https://kontor.test\"|\"port\":587", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/mail/test", NULL, 422, "nicht eingerichtet", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/mail/server", "{'host':'a b','port':25,'from':'a@b.de'}", 422, "\"field\":\"host\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/mail/server", "{'host':'mail.example.org','port':'x','from':'a@b.de'}", 422, "\"field\":\"port\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/mail/server", "{'host':'mail.example.org','security':'ssl','from':'a@b.de'}", 422, "\"field\":\"security\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/mail/server", "{'host':' mail.example.org ','security':'tls','port':465,'user':'crm','password':'geheim-geheim','from':'crm@mueller.example'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/mail/server", NULL, 200, "\"set\":true|\"host\":\"mail.example.org\"|\"security\":\"tls\"|\"has_password\":true|!geheim", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/mail/server", "{'host':'mail.example.org','security':'tls','port':465,'user':'crm','from':'info@mueller.example'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/mail/server", NULL, 200, "info@mueller.example|\"has_password\":true", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/mail/server", "{'host':'mail.evil.example','security':'tls','port':465,'user':'crm','from':'info@mueller.example'}", 422, "\"field\":\"password\"", NULL, NULL, NULL},
         {ANON, "GET /api/v1/door", NULL, 200, "\"reset\":true", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/mail/test", NULL, 202, NULL, "", "test", NULL},
         {ADMIN, "GET /api/v1/mail", NULL, 200, "\"id\":\"$test\"|\"kind\":\"test\"|\"state\":\"queued\"|Clara Chefin|\"next\":null", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/mail?state=sent", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/mail?cursor=x", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/mail/$test", NULL, 200, "\"answers\":[]|\"tries\":0", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/mail/1", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/mail/server", "{'host':''}", 204, NULL, "", NULL, NULL},
         {ANON, "GET /api/v1/door", NULL, 200, "\"reset\":false", NULL, NULL, NULL});
}

static void forgot(struct api_bed *t)
{
    ROWS(t, {ANON, "POST /api/v1/password/forgot", "{'mail':'rita@mueller.example'}", 422, "administrator", NULL, NULL, NULL});
    set_up(t);
    ROWS(t,
         {ANON, "POST /api/v1/password/forgot", "{'mail':'rita'}", 422, "\"field\":\"mail\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/forgot", "{'mail':'rita@mueller.example\\r\\nBcc: x@evil.example'}", 422, "\"field\":\"mail\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/forgot", "{'mail':'rita@mueller.example'}", 403, NULL, NULL, NULL, "Origin: https://evil.example"},
         {ANON, "POST /api/v1/password/forgot", "{'mail':'nobody@mueller.example'}", 204, NULL, "", NULL, NULL},
         {ANON, "POST /api/v1/password/forgot", "{'mail':' RITA@Mueller.Example '}", 204, NULL, "", NULL, "X-Forwarded-Host: evil.example\nForwarded: host=evil.example"});
    struct letter l = next(t); /* nobody's goes without a trace */
    T_STR(l.addr, S("rita@mueller.example"));
    T_STR(l.lang, S("de"));
    T(str_find(l.subject, S("Müller Handel")) > 0 && str_find(l.text, S("60 Minuten")) > 0 && str_find(l.text, S("evil")) < 0);
    token_take(t, &l, "password");
    T_INT(rows_of(t, S("SELECT count(*) FROM mail_out")), 1);
    ask(t, "rita@mueller.example"); /* within the same minute: her mailbox is not filled */
    T(!next(t).addr.n);
    ROWS(t,
         {ADMIN, "GET /api/v1/mail", NULL, 200, "\"kind\":\"reset\"|\"to\":\"rita@mueller.example\"|Rita Zwei|\"state\":\"sent\"|!$token", NULL, NULL, NULL},
         {ANON, "POST /api/v1/link", "{'token':'$token'}", 200, "\"kind\":\"reset\"|\"mail\":\"rita@mueller.example\"|Müller Handel", NULL, NULL, NULL},
         {ANON, "POST /api/v1/link", "{'token':'x'}", 404, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/unlock", "{'token':'$token'}", 404, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/reset", "{'token':'0000000000000000000000000000000000000000000000000000000000000000','password':'Moos-Laterne-9'}", 404, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'passwort1'}", 422, "\"field\":\"password\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Rita Zwei 1'}", 422, "\"field\":\"password\"", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/session", NULL, 200, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Moos-Laterne-9'}", 204, "!@Set-Cookie: kontor=", "", NULL, NULL},
         {REPA2, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Moos-Laterne-8'}", 404, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':'rita@mueller.example','password':'Moos-Laterne-9'}", 200, NULL, NULL, NULL, NULL});
    l = next(t);
    T(str_find(l.subject, S("geändert")) > 0 && str_eq(l.addr, S("rita@mueller.example")));
}

static enum err moved(struct cx *cx, void *arg)
{
    const struct entity *e = ENT(cx, "user");
    struct set s = {FLD(e, "mail"), VAL_TEXT(S("rita.neu@mueller.example"))};
    struct written w = {0};
    return record_update(cx, e, *(const int64_t *)arg, 0, &s, 1, &w);
}

/* D07, C21: what ends a link. */
static void over(struct api_bed *t)
{
    set_up(t);
    int64_t rita = t->who[REPA2].id;
    link_for_rita(t);
    t->ahead_ms += RESET_MS + 1000;
    ROWS(t, {ANON, "POST /api/v1/link", "{'token':'$token'}", 404, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Moos-Laterne-9'}", 404, NULL, NULL, NULL, NULL});
    link_for_rita(t);
    var_put(t, "first", var_get(t, "token"));
    link_for_rita(t);
    ROWS(t, {ANON, "POST /api/v1/link", "{'token':'$first'}", 404, NULL, NULL, NULL, NULL}, {ANON, "POST /api/v1/link", "{'token':'$token'}", 200, NULL, NULL, NULL, NULL});
    T_OK(&t->b.cx, auth_password_set(&t->b.cx, t->app->auth, rita, S("Moos-Laterne-9")));
    ROWS(t, {ANON, "POST /api/v1/link", "{'token':'$token'}", 404, NULL, NULL, NULL, NULL});
    t->ahead_ms += 3600000;
    link_for_rita(t);
    T_OK(&t->b.cx, db_write(&t->b.cx, moved, &rita));
    (void)api_events_came(t);
    ROWS(t, {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Moos-Laterne-8'}", 404, NULL, NULL, NULL, NULL});
    ask(t, "rita@mueller.example"); /* her old address is nobody's */
    T(!next(t).addr.n);
    T_INT(rows_of(t, S("SELECT count(*) FROM mail_token WHERE length(hash) <> 64")), 0);
    t->ahead_ms = 0;
}

/* J02 */
enum { MANY = 50 };
struct many {
    struct api_bed *t;
    str body;
    _Atomic int done, gone, other;
};
static void *use(void *arg)
{
    struct many *m = arg;
    struct arena *a = arena_new();
    int status = api_call(m->t, a, ANON, S("POST /api/v1/password/reset"), m->body, S("")).status;
    if (status == 204) m->done++;
    else if (status == 404) m->gone++;
    else m->other++;
    arena_free(&a);
    return NULL;
}

static void at_once(struct api_bed *t)
{
    pthread_t thread[MANY];
    set_up(t);
    link_for_rita(t);
    struct many m = {.t = t, .body = api_expand(t, t->b.cx.a, "{'token':'$token','password':'Moos-Laterne-9'}")};
    for (int i = 0; i < MANY; i++) T(pthread_create(&thread[i], NULL, use, &m) == 0);
    for (int i = 0; i < MANY; i++) pthread_join(thread[i], NULL);
    T_INT(m.done, 1);
    T_INT(m.gone, MANY - 1);
    T_INT(m.other, 0);
    t->ahead_ms = 0;
}

/* The same answer for all, and no more of them than a log-in has failures. */
static void limited(struct api_bed *t)
{
    set_up(t);
    t->still_ms = clock_ms();
    for (int i = 0; i < LOGIN_ADDR_BURST; i++) ask(t, i % 2 ? "rita@mueller.example" : "nobody@mueller.example");
    ROWS(t, {ANON, "POST /api/v1/password/forgot", "{'mail':'rita@mueller.example'}", 429, "@Retry-After: ", NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/forgot", "{'mail':'nobody@mueller.example'}", 429, "@Retry-After: ", NULL, NULL, NULL});
    t->remote = S("198.51.100.4");
    ROWS(t, {ADMIN, "POST /api/v1/block", "{'addr':'198.51.100.4'}", 422, NULL, NULL, NULL, NULL});
    t->remote = S("");
    ROWS(t, {ADMIN, "POST /api/v1/block", "{'addr':'198.51.100.4'}", 201, NULL, "", NULL, NULL});
    t->remote = S("198.51.100.4");
    ROWS(t, {ANON, "POST /api/v1/password/forgot", "{'mail':'rita@mueller.example'}", 403, NULL, NULL, NULL, NULL});
    t->remote = S("");
    t->still_ms = 0;
}

static void invited(struct api_bed *t)
{
    ROWS(t, {ADMIN, "POST /api/v1/account/$repa2/invite", NULL, 422, "nicht eingerichtet", NULL, NULL, NULL});
    set_up(t);
    ROWS(t,
         {MGRA, "POST /api/v1/account/$repa2/invite", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/1/invite", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$admin/invite", NULL, 422, "schon ein Passwort", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repa2", NULL, 200, "\"can_invite\":true|\"invited\":null", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repa2/invite", NULL, 202, NULL, "", NULL, NULL});
    struct letter l = next(t);
    T(str_find(l.subject, S("lädt Sie")) > 0 && str_find(l.text, S("rita@mueller.example")) > 0);
    token_take(t, &l, "password");
    var_put(t, "first", var_get(t, "token"));
    ROWS(t,
         {ADMIN, "GET /api/v1/account/$repa2", NULL, 200, "\"invited\":{|\"state\":\"sent\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/link", "{'token':'$first'}", 200, "\"kind\":\"invite\"|Rita Zwei", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repa2/invite", NULL, 202, NULL, "", NULL, NULL},
         {ANON, "POST /api/v1/link", "{'token':'$first'}", 404, NULL, NULL, NULL, NULL}); /* at once, not when the next is sent */
    l = next(t);
    token_take(t, &l, "password");
    t->ahead_ms = INVITE_MS - 60000;
    ROWS(t,
         {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Moos-Laterne-9'}", 204, NULL, "", NULL, NULL},
         {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Moos-Laterne-9'}", 404, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':'rita@mueller.example','password':'Moos-Laterne-9'}", 200, "Rita Zwei|!\"step\"", NULL, NULL, NULL});
    t->ahead_ms = 0;
    ROWS(t, {ADMIN, "GET /api/v1/account/$repa2", NULL, 200, "\"can_invite\":false|\"password\":true", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repa2/invite", NULL, 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repb1/invite", NULL, 202, NULL, "", NULL, NULL});
    l = next(t);
    token_take(t, &l, "password");
    t->ahead_ms = INVITE_MS + 1000;
    ROWS(t, {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Moos-Laterne-9'}", 404, NULL, NULL, NULL, NULL});
    t->ahead_ms = 0;
}

static struct answer logs_in(struct api_bed *t, const char *mail, const char *password)
{
    struct cx *cx = &t->b.cx;
    str body = arena_fmt(cx->a, "{\"mail\":\"%s\",\"password\":\"%s\"}", mail, password);
    return api_call(t, cx->a, ANON, S("POST /api/v1/session"), body, S(""));
}

static enum err lock_put(struct cx *cx, void *arg)
{
    int64_t *now = arg; /* nine failures: the tenth locks */
    for (int i = 0; i < LOGIN_LOCK_FROM - 1; i++)
        TRY(db_exec(cx, NULL, "INSERT INTO login_attempt (id, at, name, addr, agent, ok, user_id, device, outcome)"
                    " VALUES ($1, $2, $3, '', '', 0, 0, '', 'wrong')", V(id_new(*now)), V(*now - 1000),
                    V(now[1] ? S("rita@mueller.example") : S("nobody@mueller.example"))));
    return E_OK;
}

/* The tenth failure of strangers. */
static void locks(struct api_bed *t, const char *mail, bool known)
{
    int64_t now[2] = {clock_ms() + t->ahead_ms, known};
    struct db_rows r = {0};
    struct cx *cx = &t->b.cx;
    T_OK(cx, db_write(cx, lock_put, now));
    T_INT(logs_in(t, mail, "falsch-falsch").status, 422); /* a captcha is asked for */
    T_OK(cx, db_query(cx, &r, "SELECT id, total FROM captcha ORDER BY until DESC, id LIMIT 1"));
    str body = arena_fmt(cx->a, "{\"mail\":\"%s\",\"password\":\"falsch-falsch\",\"captcha\":{\"id\":\"%.*s\",\"answer\":\"%" PRId64 "\"}}", mail,
                         FS(db_str(&r, 0, 0)), db_int(&r, 0, 1));
    T_INT(api_call(t, cx->a, ANON, S("POST /api/v1/session"), body, S("")).status, 401);
    T_OK(cx, db_query(cx, &r, "SELECT 1 FROM login_guard WHERE name = $1 AND until > $2", V(str_from(mail)), V(now[0])));
    T_INT((int64_t)r.n, 1);
}

static void unlocked(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    set_up(t);
    T_OK(cx, auth_password_set(cx, t->app->auth, t->who[REPA2].id, S("Moos-Laterne-9")));
    locks(t, "nobody@mueller.example", false);
    T_INT(rows_of(t, S("SELECT count(*) FROM mail_out WHERE kind = 'locked'")), 1); /* the same work for unknown names */
    T(!next(t).addr.n);
    locks(t, "rita@mueller.example", true);
    T_INT(logs_in(t, "rita@mueller.example", "Moos-Laterne-9").status, 429);
    struct letter l = next(t);
    T(str_eq(l.addr, S("rita@mueller.example")) && str_find(l.text, S("30 Minuten")) > 0);
    token_take(t, &l, "unlock");
    ROWS(t,
         {ANON, "POST /api/v1/link", "{'token':'$token'}", 200, "\"kind\":\"unlock\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Moos-Laterne-8'}", 404, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/unlock", "{'token':'$token'}", 204, NULL, "", NULL, NULL},
         {ANON, "POST /api/v1/unlock", "{'token':'$token'}", 404, NULL, NULL, NULL, NULL});
    T_INT(logs_in(t, "rita@mueller.example", "Moos-Laterne-9").status, 200);
    t->ahead_ms = LOGIN_LOCK_MS + 60000; /* again within the hour: locked, but not told */
    locks(t, "rita@mueller.example", true);
    T(!next(t).addr.n);
    t->ahead_ms = 0;
}

static void new_device(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    set_up(t);
    T_OK(cx, auth_password_set(cx, t->app->auth, t->who[REPA2].id, S("Moos-Laterne-9")));
    struct answer r = logs_in(t, "rita@mueller.example", "Moos-Laterne-9");
    T_INT(r.status, 200);
    T(!next(t).addr.n); /* the first one of all */
    str device = S("");
    for (size_t i = 0; i < r.n_head; i++)
        if (str_has_prefix(r.head[i].value, S("kontor-device="))) device = str_cut(r.head[i].value, 14, 14 + TOKEN_CHARS);
    str known = arena_fmt(cx->a, "Cookie: kontor-device=%.*s", FS(device));
    r = api_call(t, cx->a, ANON, S("POST /api/v1/session"), S("{\"mail\":\"rita@mueller.example\",\"password\":\"Moos-Laterne-9\"}"), known);
    T_INT(r.status, 200);
    T(!next(t).addr.n);
    T_INT(logs_in(t, "rita@mueller.example", "falsch-falsch").status, 401);
    T(!next(t).addr.n);
    T_INT(logs_in(t, "rita@mueller.example", "Moos-Laterne-9").status, 200);
    struct letter l = next(t);
    T(str_eq(l.addr, S("rita@mueller.example")) && str_find(l.text, S("\nkontor-test\n")) > 0 && str_find(l.text, S("\n203.0.113.7")) > 0);
    T(str_find(l.text, S("https://kontor.test/settings/account")) > 0 && str_find(l.text, S("(UTC")) > 0);
    T(!next(t).addr.n);
}

/* The new address counts when the link that goes there is followed; the old one is told. */
static void readdressed(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    T_OK(cx, auth_password_set(cx, t->app->auth, t->who[REPA2].id, S("Moos-Laterne-9")));
    api_enter(t, REPA2, t->who[REPA2].id);
    ROWS(t, {REPA2, "POST /api/v1/session/mail", "{'mail':'rita.neu@mueller.example'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL});
    api_prove(t, REPA2);
    ROWS(t, {REPA2, "POST /api/v1/session/mail", "{'mail':'rita.neu@mueller.example'}", 422, "not set up", NULL, NULL, NULL});
    set_up(t);
    ROWS(t,
         {REPA2, "POST /api/v1/session/mail", "{'mail':'rita'}", 422, "\"field\":\"mail\"", NULL, NULL, NULL},
         {REPA2, "POST /api/v1/session/mail", "{'mail':'Clara@mueller.example'}", 422, "\"field\":\"mail\"", NULL, NULL, NULL},
         {REPA2, "POST /api/v1/session/mail", "{'mail':'Rita.Neu@mueller.example'}", 202, NULL, "", NULL, NULL});
    struct letter l = next(t);
    T_STR(l.addr, S("rita.neu@mueller.example"));
    token_take(t, &l, "address");
    ROWS(t,
         {ANON, "POST /api/v1/link", "{'token':'$token'}", 200, "\"kind\":\"address\"|\"mail\":\"rita.neu@mueller.example\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Moos-Laterne-8'}", 404, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/session", NULL, 200, "rita@mueller.example", NULL, NULL, NULL},
         {ANON, "POST /api/v1/address", "{'token':'$token'}", 204, NULL, "user.update", NULL, NULL},
         {ANON, "POST /api/v1/address", "{'token':'$token'}", 404, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/session", NULL, 200, "rita.neu@mueller.example", NULL, NULL, NULL});
    l = next(t);
    T_STR(l.addr, S("rita@mueller.example"));
    T(str_find(l.text, S("rita.neu")) < 0);
    T_INT(logs_in(t, "rita.neu@mueller.example", "Moos-Laterne-9").status, 200);
    T_INT(logs_in(t, "rita@mueller.example", "Moos-Laterne-9").status, 401);
    /* two want the same: the second comes too late */
    ROWS(t, {REPA2, "POST /api/v1/session/mail", "{'mail':'frei@mueller.example'}", 202, NULL, "", NULL, NULL});
    l = next(t);
    token_take(t, &l, "address");
    ROWS(t,
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'mail':'frei@mueller.example'}", 200, NULL, "user.update", NULL, NULL},
         {ANON, "POST /api/v1/address", "{'token':'$token'}", 409, NULL, "", NULL, NULL});
}

static void registered(struct api_bed *t)
{
    set_up(t);
    ROWS(t,
         {ANON, "POST /api/v1/signup", "{'name':'Nora Neu','mail':'nora@mueller.example'}", 403, NULL, NULL, NULL, NULL},
         {MGRA, "GET /api/v1/signup/rules", NULL, 403, NULL, NULL, NULL, NULL},
         {MGRA, "PUT /api/v1/signup/rules", "{'open':true,'role':'$rolerep'}", 403, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/signup/rules", NULL, 200, "\"open\":false|\"role\":null", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/signup/rules", "{'open':true}", 422, "\"field\":\"role\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/signup/rules", "{'open':true,'role':'1'}", 422, "\"field\":\"role\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/signup/rules", "{'open':true,'role':'$rolerep','domains':'mueller'}", 422, "\"field\":\"domains\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/signup/rules", "{'open':true,'role':'$rolerep','domains':' mueller.example  other.example '}", 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/signup/rules", NULL, 200, "\"open\":true|\"title\":\"rep\"|other.example", NULL, NULL, NULL},
         {ANON, "GET /api/v1/door", NULL, 200, "\"signup\":true", NULL, NULL, NULL},
         {ANON, "POST /api/v1/signup", "{'name':'Nora Neu','mail':'nora@evil.example'}", 422, "\"field\":\"mail\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/signup", "{'name':'Nora Neu','mail':'nora@sub.mueller.example'}", 422, "\"field\":\"mail\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/signup", "{'name':' ','mail':'nora@mueller.example'}", 422, "\"field\":\"name\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/signup", "{'name':'http://evil.example','mail':'Rita@mueller.example'}", 204, NULL, "", NULL, NULL},
         {ANON, "POST /api/v1/signup", "{'name':'Nora Neu','mail':'Nora@mueller.example','role':'$rolemgr','is_admin':true,'active':true,'owner':'$admin'}", 204, NULL, "", NULL, NULL}); /* C23 */
    struct letter l = next(t); /* who has an account is told so, and nothing of what the stranger wrote */
    T_STR(l.addr, S("rita@mueller.example"));
    T(str_find(l.text, S("evil")) < 0 && str_find(l.text, S("#")) < 0);
    l = next(t);
    T(str_eq(l.addr, S("nora@mueller.example")) && str_eq(l.lang, S("en")) && str_find(l.text, S("Nora")) < 0);
    token_take(t, &l, "welcome");
    ROWS(t,
         {ADMIN, "GET /api/v1/user?q=nora", NULL, 200, "!Nora", NULL, NULL, NULL},
         {ANON, "POST /api/v1/link", "{'token':'$token'}", 200, "\"kind\":\"signup\"|Nora Neu|nora@mueller.example", NULL, NULL, NULL},
         {ANON, "POST /api/v1/password/reset", "{'token':'$token','password':'Moos-Laterne-9'}", 404, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/signup/confirm", "{'token':'$token','password':'Nora Neu 1'}", 422, "\"field\":\"password\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/signup/rules", "{'open':false}", 204, NULL, "", NULL, NULL},
         {ANON, "POST /api/v1/signup/confirm", "{'token':'$token','password':'Moos-Laterne-9'}", 403, NULL, "", NULL, NULL},
         {ADMIN, "PUT /api/v1/signup/rules", "{'open':true,'role':'$rolerep'}", 204, NULL, "", NULL, NULL},
         {ANON, "POST /api/v1/signup/confirm", "{'token':'$token','password':'Moos-Laterne-9','role':'$rolemgr','mail':'eve@evil.example'}", 204, NULL, "user.create", NULL, NULL},
         {ANON, "POST /api/v1/signup/confirm", "{'token':'$token','password':'Moos-Laterne-9'}", 404, NULL, "", NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':'nora@mueller.example','password':'Moos-Laterne-9'}", 200, "Nora Neu|\"role\":\"rep\"|\"language\":\"en\"", NULL, NULL, NULL});
}

/* While a mail server says nothing, everybody else goes on writing; when it speaks, its answer is there. */
static void sending(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct smtp_stub s;
    struct answer r = {0};
    smtp_stub_start(&s);
    s.says = SAYS_NOTHING;
    var_put(t, "port", arena_fmt(cx->a, "%d", s.port));
    ROWS(t,
         {ADMIN, "PUT /api/v1/mail/server", "{'host':'127.0.0.1','port':$port,'security':'none','from':'crm@mueller.example'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/mail/test", NULL, 202, NULL, "", "test", NULL});
    for (int i = 0; i < 500 && !s.came; i++) os_sleep_us(20000);
    int64_t start = os_mono_ms();
    ROWS(t,
         {ADMIN, "GET /api/v1/mail/$test", NULL, 200, "\"state\":\"sending\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Inzwischen'}", 201, NULL, "person.create", NULL, NULL});
    T(os_mono_ms() - start < 3000);
    s.says = SAYS_OK;
    for (int i = 0; i < 500; i++) {
        r = api_call(t, cx->a, ADMIN, api_expand(t, cx->a, "GET /api/v1/mail/$test"), S(""), S(""));
        if (str_eq(answer_value(cx, &r, S("state")), S("sent"))) break;
        os_sleep_us(20000);
    }
    T(str_find(r.body, S("250 2.0.0 queued as STUB1")) > 0 && str_find(r.body, S("\"code\":250")) > 0);
    T(str_find(smtp_stub_got(&s, cx->a), S("RCPT TO:<clara@mueller.example>")) > 0);
    smtp_stub_stop(&s);
}

void mail_tests(void)
{
    static void (*const all[])(struct api_bed *) = {server, forgot, over, at_once, limited, invited, unlocked, new_device, readdressed, registered};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
    api_both(sending, true, true);
}
