/* SPDX-License-Identifier: MIT */
/* Set-up, log-in and out, and the guard: cookies, CSRF, Origin, media types, paths. */
#include "api_bed.h"
#include "auth/auth_int.h"
#include "auth/limits.h"

static void set_up(struct api_bed *t)
{
    ROWS(t,
         {ANON, "GET /api/v1/setup", NULL, 200, "\"needed\":true|\"ru\"|\"name\":\"trade\"|\"de\":\"Handel\"", NULL, NULL, NULL},
         {ANON, "GET /healthz", NULL, 200, "ok", NULL, NULL, NULL},
         {ANON, "GET /readyz", NULL, 200, "ok", NULL, NULL, NULL},
         {ANON, "GET /api/v1/session", NULL, 401, "\"code\":\"auth\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/setup", "{'token':'wrong','firm':'X'}", 403, "\"field\":\"token\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/setup", "{'firm':'X'}", 403, "\"field\":\"token\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/setup", "{'token':'','firm':'X'}", 403, "\"field\":\"token\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/setup", "{'token':7}", 422, "\"field\":\"token\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/setup",
          "{'token':'$token','firm':'Stein GmbH','country':'Germany','name':'Carl','mail':'c@stein.example','password':'korrekt-pferd-batterie'}", 422,
          "\"field\":\"country\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/setup",
          "{'token':'$token','firm':'Stein GmbH','country':'DE','currency':'Euro','name':'Carl','mail':'c@stein.example','password':'korrekt-pferd-batterie'}", 422,
          "\"field\":\"currency\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/setup",
          "{'token':'$token','firm':'  ','country':'DE','name':'Carl','mail':'c@stein.example','password':'korrekt-pferd-batterie'}", 422, "\"field\":\"firm\"", NULL,
          NULL, NULL},
         {ANON, "POST /api/v1/setup",
          "{'token':'$token','firm':'Stein GmbH','country':'DE','name':'Carl','mail':'c@','password':'korrekt-pferd-batterie'}", 422, "\"field\":\"mail\"", NULL, NULL,
          NULL},
         {ANON, "POST /api/v1/setup",
          "{'token':'$token','firm':'Stein GmbH','country':'DE','language':'fr','name':'Carl','mail':'c@stein.example','password':'korrekt-pferd-batterie'}", 422,
          "\"field\":\"language\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/setup",
          "{'token':'$token','firm':'Stein GmbH','country':'DE','name':'Carl','mail':'c@stein.example','password':'passwort1'}", 422, "\"field\":\"password\"|!passwort1",
          NULL, NULL, NULL},
         {ANON, "POST /api/v1/setup",
          "{'token':'$token','firm':'Stein GmbH','country':'LT','name':'Carl','mail':'c@stein.example','password':'korrekt-pferd-batterie','trade':'nosuch'}", 422,
          "\"field\":\"trade\"", NULL, NULL, NULL},
         {ANON, "POST /api/v1/setup",
          "{'token':'$token','firm':'Stein GmbH','country':'LT','name':'Carl','mail':'c@stein.example','password':'korrekt-pferd-batterie','language':'de','trade':'trade'}", 201,
          "\"csrf\"|Stein GmbH|\"country\":\"LT\"|@Set-Cookie: kontor=|@Set-Cookie: HttpOnly|@Set-Cookie: SameSite=Lax|@Set-Cookie: Path=/|!korrekt",
          "firm.create " ROLES_CREATED "user.create group.create group.create group.create", "in", NULL},
         {ANON, "POST /api/v1/setup",
          "{'token':'$token','firm':'Zwei GmbH','country':'DE','name':'Carl','mail':'d@stein.example','password':'korrekt-pferd-batterie'}", 409, NULL, NULL, NULL, NULL},
         {ANON, "GET /api/v1/setup", NULL, 200, "\"needed\":false|!trades", NULL, NULL, NULL});
    struct arena *a = t->b.cx.a;
    T_STR(app_country(a, t->app), S("LT")); /* numbers are read its way at once */
}

/* The cookie of a reply belongs to `who` from here on. */
static void cookie_take(struct api_bed *t, enum actor who, const struct answer *r)
{
    str c = answer_head(r, S("Set-Cookie")), name = {0}, token = {0};
    str_split(c, '=', &name, &c);
    str_split(c, ';', &token, &c);
    t->who[who].token = token;
    t->who[who].csrf = answer_value(&t->b.cx, r, S("csrf"));
}

static const char first[] = "{\"mail\":\"Clara@mueller.example\",\"password\":\"korrekt-pferd-batterie\"}";

static void log_in_and_out(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct person before = t->who[ADMIN];
    ROWS(t,
         {ANON, "POST /api/v1/session", "{'mail':'clara@mueller.example','password':'falsch-falsch'}", 401, "\"code\":\"auth\"|!@Set-Cookie: kontor", NULL, NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':'nobody@mueller.example','password':'falsch-falsch'}", 401, "password is wrong", NULL, NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':'rolf@mueller.example','password':''}", 401, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':null,'password':{}}", 422, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/session", "{}", 401, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/session", NULL, 200, "Clara Chefin|Müller Handel|\"language\":\"de\"|!token", NULL, NULL, NULL});
    static const char *const names[] = {"clara@mueller.example", "rolf@mueller.example", "nobody@mueller.example"}; /* D01: there is one, without a password, there is none */
    struct answer same[COUNT(names)];
    for (size_t i = 0; i < COUNT(names); i++) {
        same[i] = api_call(t, cx->a, ANON, S("POST /api/v1/session"), arena_fmt(cx->a, "{\"mail\":\"%s\",\"password\":\"falsch-falsch\"}", names[i]), S(""));
        T_INT(same[i].status, 401);
        T_STR(same[i].body, same[0].body);
        T_INT((int64_t)same[i].n_head, (int64_t)same[0].n_head);
    }
    struct answer r = api_call(t, cx->a, ANON, S("POST /api/v1/session"), str_from(first), S(""));
    T_INT(r.status, 200);
    cookie_take(t, ADMIN, &r);
    T_INT((int64_t)t->who[ADMIN].token.n, TOKEN_CHARS);
    T(str_find(r.body, t->who[ADMIN].token) < 0);
    ROWS(t,
         {ADMIN, "GET /api/v1/session", NULL, 200, "Clara Chefin", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/session", "{'language':'xx'}", 422, "\"field\":\"language\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/session", "{'language':'ru'}", 200, "\"language\":\"ru\"", "user.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/session", "{'language':'lt','role':'1'}", 200, "\"language\":\"lt\"|\"role\":\"rep\"", "user.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/session", "{'language':'lt'}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/session", NULL, 204, "@Set-Cookie: Max-Age=0|@Clear-Site-Data: cache", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, NULL});
    t->ahead_ms = PROOF_MS + 1000; /* it says nothing of who comes in: asks for no proof */
    ROWS(t, {REPA1, "PATCH /api/v1/session", "{'language':'de'}", 200, "\"language\":\"de\"", "user.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/session", "{'language':'lt'}", 200, NULL, "user.update", NULL, NULL});
    t->ahead_ms = 0;
    t->who[ADMIN] = before; /* another session of his: not ended with the first */
    ROWS(t, {ADMIN, "GET /api/v1/session", NULL, 200, "Clara", NULL, NULL, NULL});
    t->ahead_ms = SESSION_IDLE_MS + 1000;
    ROWS(t, {ADMIN, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL});
    t->ahead_ms = 0;
}

/* The captcha that a reply asks for, answered as its table says. */
static str answered(struct api_bed *t, const struct answer *r)
{
    struct cx *cx = &t->b.cx;
    struct db_rows rows = {0};
    str id = answer_value(cx, r, S("captcha.id"));
    if (!id.n) return S("null");
    T(str_has_prefix(answer_value(cx, r, S("captcha.image")), S("data:image/bmp;base64,Qk")));
    T_OK(cx, db_query(cx, &rows, "SELECT total FROM captcha WHERE id = $1", V(id)));
    return arena_fmt(cx->a, "{\"id\":\"%.*s\",\"answer\":\" %" PRId64 " \"}", FS(id), rows.n ? db_int(&rows, 0, 0) : -1);
}

static struct answer try_rita(struct api_bed *t, const char *password, str captcha, str cookie)
{
    struct cx *cx = &t->b.cx;
    str body = arena_fmt(cx->a, "{\"mail\":\"rita@mueller.example\",\"password\":\"%s\",\"captcha\":%.*s}", password, FS(captcha));
    str head = cookie.n ? arena_fmt(cx->a, "Cookie: kontor-device=%.*s", FS(cookie)) : S("");
    return api_call(t, cx->a, ANON, S("POST /api/v1/session"), body, head);
}

/* The value of the second cookie of a log-in. */
static str device_of(const struct answer *r)
{
    str v = S("");
    for (size_t i = 0; i < r->n_head; i++)
        if (str_eq(r->head[i].name, S("Set-Cookie")) && str_has_prefix(r->head[i].value, S("kontor-device="))) v = r->head[i].value;
    T(str_find(v, S("HttpOnly")) > 0 && str_find(v, S("SameSite=Lax")) > 0);
    return str_cut(v, 14, 14 + TOKEN_CHARS);
}

/* D02, D03: a first password is given and must be changed; strangers guess; her own device gets in. */
static void guess(struct api_bed *t)
{
    static const char right[] = "Moos-Laterne-9";
    ROWS(t,
         {REPA1, "POST /api/v1/account/$repa2/password", "{'password':'Erstes-Wort-1'}", 403, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repa2", NULL, 200, "\"password\":false|\"active\":true|\"sessions\":1", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repa2/password", "{'password':'passwort1'}", 422, "\"field\":\"password\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repa2/password", "{'password':'Erstes-Wort-1'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/account/$admin/password", "{'password':'Erstes-Wort-1'}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/1/password", "{'password':'Erstes-Wort-1'}", 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repa2", NULL, 200, "\"must_change\":true|\"sessions\":0", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL});
    struct answer r = try_rita(t, "Erstes-Wort-1", S("null"), S(""));
    T_INT(r.status, 200);
    T(str_find(r.body, S("\"step\":\"password\"")) > 0);
    cookie_take(t, REPA2, &r);
    ROWS(t,
         {REPA2, "GET /api/v1/session", NULL, 200, "\"step\":\"password\"", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/person", NULL, 401, "password of your own", NULL, NULL, NULL},
         {REPA2, "PATCH /api/v1/session", "{'language':'lt'}", 401, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/session/list", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/events", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA2, "POST /api/v1/session/password", "{'present':'falsch-falsch','password':'Moos-Laterne-9'}", 422, "\"field\":\"present\"", NULL, NULL, NULL},
         {REPA2, "POST /api/v1/session/password", "{'present':'Erstes-Wort-1','password':'Rita Zwei 1'}", 422, "\"field\":\"password\"", NULL, NULL, NULL});
    r = api_call(t, t->b.cx.a, REPA2, S("POST /api/v1/session/password"), S("{\"present\":\"Erstes-Wort-1\",\"password\":\"Moos-Laterne-9\"}"), S(""));
    T_INT(r.status, 200);
    cookie_take(t, REPA2, &r);
    str device = device_of(&r);
    ROWS(t, {REPA2, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL});
    r.body = S("");
    for (int i = 1; i < LOGIN_LOCK_FROM; i++) { /* her own wrong word above was the first of this device's strangers */
        r = try_rita(t, "geraten-geraten", answered(t, &r), S(""));
        T_INT(r.status, 401);
        T((answer_value(&t->b.cx, &r, S("captcha.id")).n > 0) == (i + 1 >= LOGIN_CAPTCHA_FROM && i + 1 < LOGIN_LOCK_FROM));
    }
    r = try_rita(t, right, S("null"), S(""));
    T_INT(r.status, 429);
    int64_t wait = 0;
    T(str_to_int(answer_head(&r, S("Retry-After")), &wait) && wait > 1700 && wait <= 1801);
    T_INT(try_rita(t, right, S("null"), device).status, 200);
    T_INT(try_rita(t, right, S("null"), S("0000000000000000000000000000000000000000000000000000000000000000")).status, 429);
    ROWS(t,
         {ADMIN, "GET /api/v1/lock", NULL, 200, "rita@mueller.example|\"known\":false", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/attempt?name=rita&outcome=locked", NULL, 200, "203.0.113.7|kontor-test|\"outcome\":\"locked\"|Rita Zwei|!geraten", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/attempt?name=ri%25a", NULL, 200, "!rita", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/attempt?cursor=x", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL});
    struct db_rows rows = {0};
    T_OK(&t->b.cx, db_query(&t->b.cx, &rows, "SELECT id FROM login_guard WHERE until > 0"));
    var_put(t, "lock", arena_fmt(t->b.cx.a, "%" PRId64, rows.n ? db_int(&rows, 0, 0) : 0));
    ROWS(t, {ADMIN, "DELETE /api/v1/lock/$lock", NULL, 204, NULL, "", NULL, NULL}, {ADMIN, "GET /api/v1/lock", NULL, 200, "!rita", NULL, NULL, NULL});
    T_INT(try_rita(t, right, S("null"), S("")).status, 200);
}

/* Own sessions, those of all, and a user who is ended at once; an address that is blocked. */
/* ASVS 6.4.1: what an administrator gives as a first password opens for a week. */
static void first_password(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/account/$repa2/password", "{'password':'Erstes-Wort-1'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repa2", NULL, 200, "\"must_change\":true|\"first_until\":\"20", NULL, NULL, NULL});
    t->ahead_ms = FIRST_PASSWORD_MS + 60000;
    struct answer r = try_rita(t, "Erstes-Wort-1", S("null"), S(""));
    T_INT(r.status, 401);
    T(str_find(r.body, S("not used in time")) > 0 && !answer_head(&r, S("Set-Cookie")).n);
    r = try_rita(t, "Erstes-Wort-2", S("null"), S(""));
    T(r.status == 401 && str_find(r.body, S("not used in time")) < 0); /* who does not know it learns nothing */
    t->ahead_ms = FIRST_PASSWORD_MS - 60000;
    r = try_rita(t, "Erstes-Wort-1", S("null"), S(""));
    T(r.status == 200 && str_find(r.body, S("\"step\":\"password\"")) > 0);
    t->ahead_ms = 0;
    T_OK(&t->b.cx, auth_password_set(&t->b.cx, t->app->auth, t->who[REPA2].id, S("Moos-Laterne-9")));
    ROWS(t, {ADMIN, "GET /api/v1/account/$repa2", NULL, 200, "\"must_change\":false|\"first_until\":null", NULL, NULL, NULL});
    t->ahead_ms = FIRST_PASSWORD_MS + 60000;
    T_INT(try_rita(t, "Moos-Laterne-9", S("null"), S("")).status, 200); /* one's own stays */
    t->ahead_ms = 0;
}

/* ASVS 7.5.2: one's own session goes at once; all of them, and another's, after a proof. */
static void ended_unproved(struct api_bed *t)
{
    struct person before = t->who[ADMIN];
    api_enter(t, ADMIN, before.id);
    struct cx cx = t->b.cx;
    var_put(t, "own", auth_session_key(&cx, before.token));
    var_put(t, "foreign", auth_session_key(&cx, t->who[REPB1].token));
    t->ahead_ms = PROOF_MS + 60000;
    ROWS(t,
         {ADMIN, "DELETE /api/v1/session/list", NULL, 403, "\"code\":\"proof\"", "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/session/list/$foreign", NULL, 403, "\"code\":\"proof\"", "", NULL, NULL},
         {REPB1, "GET /api/v1/session", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/session/list/$own", NULL, 204, NULL, "", NULL, NULL},
         {MGRA, "DELETE /api/v1/session/list/$foreign", NULL, 404, NULL, "", NULL, NULL});
    api_prove(t, ADMIN);
    ROWS(t,
         {ADMIN, "DELETE /api/v1/session/list/$foreign", NULL, 204, NULL, "", NULL, NULL},
         {REPB1, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/session/list", NULL, 204, NULL, "", NULL, NULL});
    t->ahead_ms = 0;
}

static void ended(struct api_bed *t)
{
    struct person before = t->who[REPA1];
    str one = arena_dup(t->b.cx.a, before.token);
    api_enter(t, REPA1, before.id);
    ROWS(t,
         {REPA1, "GET /api/v1/session/list", NULL, 200, "\"this\":true|\"this\":false|203.0.113.7|\"agent\":\"bed\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/session/list?all=1", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/session/list?all=1", NULL, 200, "Rolf Eins|Rita Zwei|Clara", NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/session/list/0000000000000000", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/session/list/%25", NULL, 404, NULL, NULL, NULL, NULL});
    struct cx cx = t->b.cx;
    var_put(t, "key", auth_session_key(&cx, one));
    var_put(t, "foreign", auth_session_key(&cx, t->who[REPB1].token));
    struct person now = t->who[REPA1];
    t->who[REPA1] = before;
    ROWS(t, {REPA1, "GET /api/v1/session", NULL, 200, NULL, NULL, NULL, NULL});
    t->who[REPA1] = now;
    ROWS(t,
         {REPA1, "DELETE /api/v1/session/list/$foreign", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "GET /api/v1/session", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/session/list/$key", NULL, 204, NULL, "", NULL, NULL});
    t->who[REPA1] = before;
    ROWS(t, {REPA1, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL});
    api_enter(t, REPA1, before.id);
    before = t->who[REPA1];
    t->who[REPA1] = now;
    ROWS(t, {REPA1, "DELETE /api/v1/session/list", NULL, 204, NULL, "", NULL, NULL}, {REPA1, "GET /api/v1/session", NULL, 200, NULL, NULL, NULL, NULL});
    t->who[REPA1] = before;
    ROWS(t, {REPA1, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL});
    t->who[REPA1] = now;
    ROWS(t,
         {ADMIN, "DELETE /api/v1/session/list/$foreign", NULL, 204, NULL, "", NULL, NULL},
         {REPB1, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/account/$repa1/end", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$admin/end", NULL, 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repa1/end", NULL, 204, "@X-Change: ", "user.update", "gone", "Idempotency-Key: ended"},
         {REPA1, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repa1", NULL, 200, "\"active\":false|\"sessions\":0", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'change':'$gone.seq'}", 200, "\"undone\":1", "user.update", NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repa1", NULL, 200, "\"active\":true", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/held", NULL, 200, "{\"data\":[]}", "", NULL, NULL},
         {ADMIN, "POST /api/v1/block", "{'addr':'203.0.113.7'}", 422, "\"field\":\"addr\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/block", "{'addr':'198.51.100.4','until':'2020-01-01T00:00:00Z'}", 422, "\"field\":\"until\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/block", "{'addr':'198.51.100.4','why':'rät Passwörter'}", 201, NULL, "", "block", NULL},
         {ADMIN, "GET /api/v1/block", NULL, 200, "198.51.100.4|rät Passwörter|\"until\":null", NULL, NULL, NULL});
    t->remote = S("198.51.100.4");
    ROWS(t, {ANON, "POST /api/v1/session", "{'mail':'clara@mueller.example','password':'korrekt-pferd-batterie'}", 403, "\"code\":\"denied\"", NULL, NULL, NULL});
    t->remote = S("");
    ROWS(t,
         {ADMIN, "DELETE /api/v1/block/$block", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/block/$block", NULL, 404, NULL, NULL, NULL, NULL});
    t->remote = S("198.51.100.4");
    ROWS(t, {ANON, "POST /api/v1/session", "{'mail':'clara@mueller.example','password':'korrekt-pferd-batterie'}", 200, "\"users\":true", NULL, NULL, NULL});
    t->remote = S("");
}

static void guarded(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'x'}", 403, "\"code\":\"denied\"", NULL, NULL, "X-CSRF-Token: "},
         {REPA1, "POST /api/v1/person", "{'name':'x'}", 403, "\"code\":\"denied\"", NULL, NULL, "X-CSRF-Token: 00000000000000000000000000000000"},
         {REPA1, "POST /api/v1/person", "{'name':'x'}", 403, "\"code\":\"denied\"", NULL, NULL, "Origin: https://evil.example"},
         {REPA1, "POST /api/v1/person", "{'name':'x'}", 403, "\"code\":\"denied\"", NULL, NULL, "Origin: null"},
         {REPA1, "POST /api/v1/person", "{'name':'x'}", 403, "\"code\":\"denied\"", NULL, NULL, "Origin: https://kontor.test.evil.example"},
         {REPA1, "POST /api/v1/person", "{'name':'x'}", 403, "\"code\":\"denied\"", NULL, NULL, "Sec-Fetch-Site: cross-site"},
         {REPA1, "POST /api/v1/person", "{'name':'x'}", 403, "\"code\":\"denied\"", NULL, NULL, "Sec-Fetch-Site: same-site"},
         {REPA1, "POST /api/v1/person", "{'name':'same origin'}", 201, NULL, "person.create", NULL, "Origin: https://kontor.test\nSec-Fetch-Site: same-origin"},
         {REPA1, "GET /api/v1/events", NULL, 403, "\"code\":\"denied\"", NULL, NULL, "Origin: https://evil.example"},
         {REPA1, "GET /api/v1/events", NULL, 403, "\"code\":\"denied\"", NULL, NULL, "Sec-Fetch-Site: cross-site"},
         {ANON, "POST /api/v1/session", "{}", 403, NULL, NULL, NULL, "Origin: https://evil.example"},
         {ANON, "POST /api/v1/person", "{'name':'x'}", 401, "\"code\":\"auth\"|\"request_id\"|\"status\":401", NULL, NULL, NULL},
         {ANON, "GET /api/v1/meta", NULL, 401, NULL, NULL, NULL, NULL},
         {ANON, "GET /metrics", NULL, 401, NULL, NULL, NULL, NULL},
         {ANON, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, "Cookie: kontor=deadbeef"},
         {ANON, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL,
          "Cookie: kontor=' OR 1=1 --; kontor=0000000000000000000000000000000000000000000000000000000000000000"},
         {REPA1, "POST /api/v1/person", "{'name':'x'}", 415, "\"code\":\"media_type\"", NULL, NULL, "Content-Type: text/plain"},
         {REPA1, "POST /api/v1/person", "name=x", 415, NULL, NULL, NULL, "Content-Type: application/x-www-form-urlencoded"},
         {REPA1, "POST /api/v1/person", "{'name':'x'}", 415, NULL, NULL, NULL, "Content-Type: multipart/form-data; boundary=b"},
         {REPA1, "POST /api/v1/person", "{'name':'x'}", 415, NULL, NULL, NULL, "Content-Type: application/jsonx"},
         {REPA1, "POST /api/v1/person", "{'name':'charset'}", 201, NULL, "person.create", NULL, "Content-Type: application/json; charset=utf-8"},
         {REPA1, "POST /api/v1/person", "{'name'", 400, "\"code\":\"bad_request\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'a','name':'b'}", 400, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "[1]", 400, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{\"name\":\"\xc0\xae\"}", 400, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{\"name\":\"a\\u0000b\"}", 400, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{\"name\":\"\\ud800\"}", 400, NULL, NULL, NULL, NULL});
}

/* C14, I04: other spellings of a path or a method reach nothing that the plain one does not. */
static void spelled(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "PUT /api/v1/person/1", "{'name':'x'}", 405, "@Allow: PATCH", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/1", "{'name':'x'}", 405, NULL, NULL, NULL, "X-HTTP-Method-Override: DELETE"},
         {REPA1, "GET /api/v1/person/1?_method=DELETE", NULL, 400, "\"field\":\"_method\"", NULL, NULL, NULL},
         {ANON, "HEAD /api/v1/person", NULL, 401, NULL, NULL, NULL, NULL},
         {ANON, "OPTIONS /api/v1/person/1", NULL, 204, "@Allow: GET|!@Access-Control-Allow-Origin: *", NULL, NULL, "Origin: https://evil.example"},
         {REPA1, "GET /API/V1/person", NULL, 200, "!data", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1//person", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person.json", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person;x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person%2f1", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/%00", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/%c0%ae", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/..%2f..%2fetc/passwd", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/-1", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/0", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/99999999999999999999", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/1'%20OR%201=1", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/nosuch", NULL, 404, "\"code\":\"not_found\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/nosuch", "{}", 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/session_token", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/credential", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/credential/1", NULL, 404, NULL, NULL, NULL, NULL});
}

/* An address that had too many failures waits; an administrator sees it, and lets it go. */
static void held(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    for (int i = 0; i < LOGIN_ADDR_BURST; i++) (void)buckets_take(&t->app->auth->buckets, S("203.0.113.7"), false, clock_ms());
    ROWS(t, {ANON, "POST /api/v1/session", "{'mail':'clara@mueller.example','password':'falsch-falsch'}", 429, "@Retry-After: ", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/held", NULL, 403, NULL, NULL, NULL, NULL});
    struct answer r = api_call(t, cx->a, ADMIN, S("GET /api/v1/held"), S(""), S(""));
    T(str_find(r.body, S("\"addr\":\"203.0.113.7\"")) > 0);
    var_put(t, "held", answer_value(cx, &r, S("data.0.id")));
    ROWS(t, {REPA1, "DELETE /api/v1/held/$held", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/held/$held", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/held/$held", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/held", NULL, 200, "{\"data\":[]}", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=address.freed", NULL, 200, "\"addr\":\"203.0.113.7\"", "", NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':'clara@mueller.example','password':'falsch-falsch'}", 401, NULL, NULL, NULL, NULL});
}

/* Who is switched off, or deleted, by whatever door, and comes back, has no session from before. */
static void comes_back(struct api_bed *t)
{
    ROWS(t,
         {REPB1, "GET /api/v1/session", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'active':false}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'active':true}", 200, NULL, "user.update", NULL, NULL},
         {REPB1, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=session.ended&user=$repb1", NULL, 200, "\"why\":\"user\"|ausgeschaltet", "", NULL, NULL},
         {REPA2, "GET /api/v1/session", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/user/bulk", "{'items':[{'op':'change','id':'$repa2','values':{'active':false}}]}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'active':true}", 200, NULL, "user.update", NULL, NULL},
         {REPA2, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/session", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/user/$repa1", NULL, 204, NULL, "user.delete", NULL, NULL},
         {ADMIN, "POST /api/v1/user/$repa1/restore", NULL, 200, NULL, "user.restore", NULL, NULL},
         {REPA1, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/session", NULL, 200, NULL, NULL, NULL, NULL});
}

void session_tests(void)
{
    api_both(set_up, false, false);
    static void (*const all[])(struct api_bed *) = {log_in_and_out, guess, first_password, ended, ended_unproved, comes_back, held, guarded, spelled};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
