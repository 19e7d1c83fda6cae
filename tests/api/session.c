/* SPDX-License-Identifier: MIT */
/* Set-up, log-in and out, and the guard: cookies, CSRF, Origin, media types, paths. */
#include "api_bed.h"

static void set_up(struct api_bed *t)
{
    ROWS(t,
         {ANON, "GET /api/v1/setup", NULL, 200, "\"needed\":true|\"ru\"", NULL, NULL, NULL},
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
          "{'token':'$token','firm':'Stein GmbH','country':'LT','name':'Carl','mail':'c@stein.example','password':'korrekt-pferd-batterie'}", 201,
          "\"csrf\"|Stein GmbH|\"country\":\"LT\"|@Set-Cookie: kontor=|@Set-Cookie: HttpOnly|@Set-Cookie: SameSite=Lax|@Set-Cookie: Path=/|!korrekt",
          "firm.create " ROLES_CREATED "user.create", "in", NULL},
         {ANON, "POST /api/v1/setup",
          "{'token':'$token','firm':'Zwei GmbH','country':'DE','name':'Carl','mail':'d@stein.example','password':'korrekt-pferd-batterie'}", 409, NULL, NULL, NULL, NULL},
         {ANON, "GET /api/v1/setup", NULL, 200, "\"needed\":false", NULL, NULL, NULL});
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
    t->who[ADMIN] = before; /* another session of his: not ended with the first */
    ROWS(t, {ADMIN, "GET /api/v1/session", NULL, 200, "Clara", NULL, NULL, NULL});
    t->ahead_ms = SESSION_IDLE_MS + 1000;
    ROWS(t, {ADMIN, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL});
    t->ahead_ms = 0;
}

static void guess(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    int refused = 0;
    for (int i = 0; i < SESSION_TRIES + 2; i++) {
        struct answer r = api_call(t, cx->a, ANON, S("POST /api/v1/session"), S("{\"mail\":\"rita@mueller.example\",\"password\":\"geraten-geraten\"}"), S(""));
        refused += r.status == 429;
        T(r.status == 401 || (r.status == 429 && answer_head(&r, S("Retry-After")).n));
    }
    T_INT(refused, 2);
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
         {REPA1, "POST /api/v1/person", "{'name':'same origin'}", 201, NULL, "person.create", NULL, "Origin: http://kontor.test\nSec-Fetch-Site: same-origin"},
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
         {REPA1, "GET /api/v1/person/1?_method=DELETE", NULL, 404, NULL, NULL, NULL, NULL},
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

void session_tests(void)
{
    api_both(set_up, false, false);
    static void (*const all[])(struct api_bed *) = {log_in_and_out, guess, guarded, spelled};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
