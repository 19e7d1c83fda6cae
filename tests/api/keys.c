/* SPDX-License-Identifier: MIT */
/* C24, D12, K03: API keys do what their user may and their scopes say, and nothing after they ended. */
#include "api_bed.h"
#include "auth/limits.h"

#define PW "'password':'korrekt-pferd-batterie'"
#define BEARER(k) "Authorization: Bearer $" k ".key"

static void made(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    ROWS(t,
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':['read']}", 403, "\"code\":\"proof\"", NULL, NULL, NULL});
    t->ahead_ms = PROOF_MS + 1000; /* who has no password proves it by his log-in, for so long */
    ROWS(t, {REPA1, "POST /api/v1/key", "{'name':'n','scopes':['read']}", 403, "\"code\":\"proof\"", NULL, NULL, NULL});
    t->ahead_ms = 0;
    api_prove(t, ADMIN);
    ROWS(t,
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':['read']}", 403, NULL, NULL, NULL, "X-CSRF-Token: x"},
         {ADMIN, "POST /api/v1/key", "{'name':' ','scopes':['read']}", 422, "\"field\":\"name\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n'}", 422, "\"field\":\"scopes\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':[]}", 422, "\"field\":\"scopes\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':'read'}", 422, "\"field\":\"scopes\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':['read write']}", 422, "\"field\":\"scopes\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':['root']}", 422, "root", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':['users:person']}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':['read:']}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':['read:nosuch']}", 422, "nosuch", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':['read'],'role':'1'}", 422, "\"field\":\"role\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':['read'],'expires_at':'2020-01-01T00:00:00Z'}", 422, "\"field\":\"expires_at\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'n','scopes':['read'],'expires_at':'soon'}", 422, "\"field\":\"expires_at\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':' Buchhaltung ','scopes':['read','write:person'],'role':'$rolemgr','expires_at':'2099-01-01T00:00:00Z'}", 201,
          "\"key\":\"kontor_|\"name\":\"Buchhaltung\"|\"scopes\":[\"read\",\"write:person\"]|2099-01-01", "", "k", "Idempotency-Key: k"},
         {ADMIN, "GET /api/v1/key", NULL, 200, "\"id\":\"$k\"|Buchhaltung|\"title\":\"mgr\"|Clara Chefin|\"used_at\":null|\"next\":null|!kontor_|!hash", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/key", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/key?all=1", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/key/$k", "{'name':'meins'}", 404, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/key/$k", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/key/$k", "{'name':''}", 422, "\"field\":\"name\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/key/$k", "{'name':' DATEV '}", 200, "\"name\":\"DATEV\"", "", NULL, NULL},
         {ANON, "GET /api/v1/person", NULL, 200, "\"data\"", NULL, NULL, BEARER("k")},
         {ADMIN, "GET /api/v1/key?all=1", NULL, 200, "DATEV|!\"used_at\":null", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/key/$k", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/key/$k", NULL, 404, NULL, NULL, NULL, NULL},
         {ANON, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, BEARER("k")});
    api_key_make(t, "k", REPA1, "read", 0);
    str token = var_get(t, "k.key"), secret = str_cut(token, token.n - 64, token.n);
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT hash FROM api_key LIMIT 2"));
    T(r.n == 1 && str_find(db_str(&r, 0, 0), secret) < 0);
    T_OK(cx, db_query(cx, &r, "SELECT body FROM idem WHERE body LIKE '%kontor_%' LIMIT 1"));
    T_INT((int64_t)r.n, 0);
    ROWS(t,
         {ADMIN, "GET /api/v1/key?all=1", NULL, 200, "Rolf Eins", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/key", NULL, 200, "!Rolf Eins", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/key/$k", NULL, 204, NULL, "", NULL, NULL},
         {ANON, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, BEARER("k")});
}

/* Guesses at the password stop here as at the log-in. */
static void guessed(struct api_bed *t)
{
    for (int i = 0; i < LOGIN_LOCK_FROM; i++)
        ROWS(t, {ADMIN, "POST /api/v1/session/proof", "{'password':'falsch-falsch'}", 403, NULL, NULL, NULL, NULL});
    ROWS(t, {ADMIN, "POST /api/v1/session/proof", "{" PW "}", 429, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':'clara@mueller.example'," PW "}", 429, NULL, NULL, NULL, NULL});
}

/* C24: who may only read. */
static void reads(struct api_bed *t)
{
    api_key_make(t, "k", REPA1, "read", 0);
    api_key_make(t, "c", REPA1, "read:company", 0);
    api_make(t, "person", "Rolfs Person", REPA1);
    api_make(t, "person", "Bernds Person", REPB1);
    ROWS(t,
         {REPA1, "POST /api/v1/company", "{'name':'Rolfs Firma'}", 201, NULL, "company.create", "co", NULL},
         {ANON, "GET /api/v1/person", NULL, 200, "Rolfs Person|!Bernds Person", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/meta", NULL, 200, "\"create\":false|\"see\":true|!\"create\":true", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/draft", NULL, 200, NULL, NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/user", NULL, 200, "Rolf Eins", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/role", NULL, 404, NULL, NULL, NULL, BEARER("k")},
         {ANON, "POST /api/v1/person", "{'name':'x'}", 403, "only read", NULL, NULL, BEARER("k")},
         {ANON, "PATCH /api/v1/company/$co", "{'name':'x'}", 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "DELETE /api/v1/company/$co", NULL, 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "POST /api/v1/undo", "{'change':'$co.seq'}", 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "POST /api/v1/draft", "{'data':{}}", 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "POST /api/v1/file?name=m.csv", "a\n", 403, NULL, NULL, NULL, BEARER("k") "\nContent-Type: text/csv"},
         {ANON, "PATCH /api/v1/session", "{'language':'de'}", 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/session", NULL, 403, "\"code\":\"denied\"", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/key", NULL, 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "POST /api/v1/key", "{'name':'n','scopes':['write']}", 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "DELETE /api/v1/key/$k", NULL, 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "GET /metrics", NULL, 403, NULL, NULL, NULL, BEARER("k")},
         /* one table alone */
         {ANON, "GET /api/v1/company", NULL, 200, "Rolfs Firma", NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/company/$co/history", NULL, 200, NULL, NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/count/company", NULL, 200, "\"value\":1", NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/person", NULL, 403, NULL, NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/count/person", NULL, 403, NULL, NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/export/person", NULL, 403, NULL, NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/user", NULL, 403, NULL, NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/nosuch", NULL, 403, NULL, NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/draft", NULL, 403, NULL, NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/setting", NULL, 403, NULL, NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/job", NULL, 403, NULL, NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/search?q=rolfs", NULL, 200, "Rolfs Firma|!Rolfs Person", NULL, NULL, BEARER("c")},
         {ANON, "GET /api/v1/meta", NULL, 200, "\"see\":true|!\"create\":true", NULL, NULL, BEARER("c")},
         {ANON, "PATCH /api/v1/company/$co", "{'name':'x'}", 403, NULL, NULL, NULL, BEARER("c")});
}

static void wrong(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    api_key_make(t, "k", REPA1, "read", 0);
    api_key_make(t, "o", REPA2, "read", 0);
    str key = var_get(t, "k.key"), other = var_get(t, "o.key"), none = S("kontor_1_"), bodies = S("");
    str bad[] = {S("Bearer"), S("Bearer "), S("Basic Y2xhcmE6eA=="), S("Bearer x"),
                 arena_fmt(cx->a, "Bearer %.*s", FS(str_cut(key, 0, key.n - 1))),
                 arena_fmt(cx->a, "Bearer %.*s0", FS(key)),
                 arena_fmt(cx->a, "Bearer %.*s%.*s", FS(none), FS(str_cut(key, key.n - 64, key.n))),
                 arena_fmt(cx->a, "Bearer %.*s%.*s", FS(str_cut(key, 0, key.n - 64)), FS(str_cut(other, other.n - 64, other.n)))};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct answer r = api_call(t, cx->a, ANON, S("GET /api/v1/person"), S(""), arena_fmt(cx->a, "Authorization: %.*s", FS(bad[i])));
        T_INT(r.status, 401);
        if (bodies.n) T_STR(r.body, bodies);
        T(answer_head(&r, S("WWW-Authenticate")).n > 0);
        bodies = r.body;
    }
    t->ahead_ms = 0;
    ROWS(t,
         {REPA1, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, "Authorization: Bearer x"}, /* a cookie beside it helps nothing */
         {ANON, "GET /api/v1/person?access_token=$k.key", NULL, 400, "Authorization", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?q=$k.key", NULL, 400, NULL, NULL, NULL, NULL},
         {ANON, "GET /api/v1/setup?x=y&key=a$k.key", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?q=kontor_12_abc", NULL, 200, NULL, NULL, NULL, NULL},
         {ANON, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, "authorization: bearer $k.key"},
         {ANON, "POST /api/v1/session", "{}", 401, NULL, NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, "Cookie: kontor=$k.key"});
}

static void writes(struct api_bed *t)
{
    api_key_make(t, "k", REPA1, "write", 0);
    api_key_make(t, "p", REPA1, "read write:person", 0);
    api_key_make(t, "a", ADMIN, "write", 0);
    api_key_make(t, "u", ADMIN, "users", 0);
    api_key_make(t, "s", ADMIN, "settings", 0);
    api_key_make(t, "l", ADMIN, "log", 0);
    api_key_make(t, "r", REPA1, "write settings users log", 0);
    ROWS(t,
         {ANON, "POST /api/v1/person", "{'name':'Neu'}", 201, "Rolf Eins", "person.create", "x", BEARER("k")},
         {REPA1, "GET /api/v1/person/$x/history", NULL, 200, "\"way\":\"api\"|Rolf Eins", NULL, NULL, NULL},
         {ANON, "POST /api/v1/person", "{'name':'Zwei'}", 201, NULL, "person.create", "y", BEARER("k") "\nIdempotency-Key: i1"},
         {REPA1, "POST /api/v1/person", "{'name':'Zwei'}", 201, "$y", "", NULL, "Idempotency-Key: i1"}, /* they are the user's */
         {ANON, "POST /api/v1/person", "{'name':'Zwei'}", 201, "!\"$y\"", "person.create", NULL, BEARER("a") "\nIdempotency-Key: i1"},
         {ANON, "POST /api/v1/person", "{'name':'x'}", 403, NULL, NULL, NULL, BEARER("k") "\nOrigin: https://evil.example"},
         {ANON, "POST /api/v1/draft", "{'data':{}}", 201, NULL, "", NULL, BEARER("k")},
         {ANON, "POST /api/v1/undo", "{'change':'$x.seq'}", 200, NULL, "person.delete", NULL, BEARER("k")},
         {ANON, "PATCH /api/v1/person/$y", "{'note':'n'}", 200, NULL, "person.update", NULL, BEARER("p")},
         {ANON, "POST /api/v1/company", "{'name':'x'}", 403, NULL, NULL, NULL, BEARER("p")},
         {ANON, "POST /api/v1/draft", "{'data':{}}", 403, NULL, NULL, NULL, BEARER("p")},
         {ANON, "GET /api/v1/draft", NULL, 200, NULL, NULL, NULL, BEARER("p")},
         /* users, roles and settings are scopes of their own */
         {ANON, "POST /api/v1/user", "{'name':'x','mail':'x@mueller.example'}", 403, NULL, NULL, NULL, BEARER("a")},
         {ANON, "PATCH /api/v1/user/$repa1", "{'role':'$rolemgr'}", 403, NULL, NULL, NULL, BEARER("a")},
         {ANON, "PATCH /api/v1/role/$rolerep", "{'name':'x'}", 404, NULL, NULL, NULL, BEARER("a")},
         {ANON, "POST /api/v1/meta/field", "{'entity':'person','kind':'text','label':'M'}", 403, NULL, NULL, NULL, BEARER("a")},
         {ANON, "PATCH /api/v1/role/$rolerep", "{'name':'rep'}", 200, NULL, "role.update*", NULL, BEARER("u")},
         {ANON, "POST /api/v1/person", "{'name':'x'}", 403, NULL, NULL, NULL, BEARER("u")},
         {ANON, "GET /api/v1/person", NULL, 403, NULL, NULL, NULL, BEARER("u")},
         {ANON, "POST /api/v1/meta/field", "{'entity':'person','kind':'text','label':'M'}", 201, NULL, "", NULL, BEARER("s")},
         {ANON, "DELETE /api/v1/meta/field/person/x_m", NULL, 200, NULL, "", NULL, BEARER("s")},
         {ANON, "POST /api/v1/draft", "{'data':{}}", 403, NULL, NULL, NULL, BEARER("s")},
         {ANON, "GET /api/v1/person", NULL, 403, NULL, NULL, NULL, BEARER("l")},
         {ANON, "POST /api/v1/user", "{'name':'x','mail':'x@mueller.example'}", 403, NULL, NULL, NULL, BEARER("r")}, /* never more than the user */
         {ANON, "POST /api/v1/meta/entity", "{'label':'Ding'}", 403, NULL, NULL, NULL, BEARER("r")},
         {ANON, "GET /metrics", NULL, 403, NULL, NULL, NULL, BEARER("r")});
}

/* A role beside the scopes: of both the smaller, for rows and for fields. */
static void by_role(struct api_bed *t)
{
    int64_t role = 0;
    ROWS(t,
         {ADMIN, "POST /api/v1/role", "{'name':'eng','rights':{'person':{'see':'own','change':'all','fields':{'birthday':'hidden','note':'read'}},'company':{'see':'all'},'sys':['users']}}", 201,
          NULL, "role.create", "eng", NULL},
         {MGRA, "POST /api/v1/person", "{'name':'Meine','birthday':'1980-01-01','note':'n'}", 201, NULL, "person.create", "m", NULL});
    api_make(t, "person", "Rolfs", REPA1);
    T(str_to_int(var_get(t, "eng"), &role));
    api_key_make(t, "k", MGRA, "write", role);
    api_key_make(t, "plain", MGRA, "write", 0);
    api_key_make(t, "boss", ADMIN, "write users", role);
    ROWS(t,
         {ANON, "GET /api/v1/person", NULL, 200, "Meine|!Rolfs|!1980", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/person", NULL, 200, "Meine|Rolfs", NULL, NULL, BEARER("plain")},
         {ANON, "GET /api/v1/person/$m", NULL, 200, "!birthday", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/person/$m", NULL, 200, "1980-01-01", NULL, NULL, BEARER("plain")},
         {ANON, "GET /api/v1/person?filter={'field':'birthday','op':'eq','value':'1980-01-01'}", NULL, 422, NULL, NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/person?sort=birthday", NULL, 400, NULL, NULL, NULL, BEARER("k")},
         {ANON, "PATCH /api/v1/person/$m", "{'note':'x'}", 403, "\"field\":\"note\"", NULL, NULL, BEARER("k")},
         {ANON, "PATCH /api/v1/person/$m", "{'job_title':'x'}", 200, NULL, "person.update", NULL, BEARER("k")},
         {ANON, "POST /api/v1/person", "{'name':'x'}", 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "DELETE /api/v1/person/$m", NULL, 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/task", NULL, 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/draft", NULL, 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "PATCH /api/v1/user/$repa1", "{'timezone':'Europe/Riga'}", 200, NULL, "user.update", NULL, BEARER("boss")},
         {ANON, "GET /api/v1/person", NULL, 200, "!Meine", NULL, NULL, BEARER("boss")},
         /* the next request knows */
         {ADMIN, "PATCH /api/v1/role/$eng", "{'rights':{'person':{'see':'team'}}}", 200, NULL, "role.update", NULL, NULL},
         {ANON, "GET /api/v1/person", NULL, 200, "Meine|Rolfs", NULL, NULL, BEARER("k")},
         {ADMIN, "PATCH /api/v1/role/$rolemgr", "{'rights':{'person':{'see':'own'}}}", 200, NULL, "role.update", NULL, NULL},
         {ANON, "GET /api/v1/person", NULL, 200, "Meine|!Rolfs", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/person", NULL, 200, "Meine|!Rolfs", NULL, NULL, BEARER("plain")},
         {ADMIN, "DELETE /api/v1/role/$eng", NULL, 204, NULL, "role.delete", NULL, NULL},
         {ANON, "GET /api/v1/person", NULL, 403, NULL, NULL, NULL, BEARER("k")});
}

static enum err expired_row(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE api_key SET expires_at = 1 WHERE id = $1", V(*(const int64_t *)arg));
}

static void over(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    str token = {0};
    api_key_make(t, "k", REPA1, "read", 0);
    cx.now_ms = clock_ms();
    struct key day = {.user = t->who[REPA1].id, .name = S("k"), .scopes = S("read"), .expires_at = cx.now_ms + 86400000};
    T_OK(&cx, key_new(&cx, &day, &token));
    var_put(t, "d.key", token);
    ROWS(t,
         {ANON, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, BEARER("k")},
         {ADMIN, "GET /api/v1/account/$repa1", NULL, 200, "\"active\":true|\"keys\":2", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'active':false}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repa1", NULL, 200, "\"active\":false|\"keys\":2", NULL, NULL, NULL}, /* they rest, and are told of */
         {ANON, "GET /api/v1/person", NULL, 401, "key is not valid", NULL, NULL, BEARER("k")},
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'active':true}", 200, NULL, "user.update", NULL, NULL},
         {ANON, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, BEARER("d")});
    t->ahead_ms = 86400001;
    ROWS(t,
         {ANON, "GET /api/v1/person", NULL, 401, "key is not valid", NULL, NULL, BEARER("d")},
         {ANON, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, BEARER("k")});
    t->ahead_ms = 0;
    T_OK(&cx, db_write(&cx, expired_row, &day.id));
    ROWS(t, {ADMIN, "GET /api/v1/account/$repa1", NULL, 200, "\"keys\":1", NULL, NULL, NULL}); /* it does not open again */
    for (int i = 0; i < KEYS_OF_USER; i++) api_key_make(t, "x", REPB1, "read", 0);
    struct key more = {.user = t->who[REPB1].id, .name = S("k"), .scopes = S("read")};
    T(key_new(&cx, &more, &token) == E_LIMIT);
}

/* What a route's name speaks of is for people alone, or for everybody. */
static void none_open(void)
{
    static const str words[] = {S0("session"), S0("key"), S0("password"), S0("totp"), S0("passkey"), S0("captcha"), S0("invit"), S0("login")};
    for (size_t i = 0; i < api_routes_n; i++)
        for (size_t k = 0; k < COUNT(words); k++) {
            bool speaks = str_find(api_routes[i].path, words[k]) >= 0, shut = api_routes[i].flags & (R_PERSON | R_OPEN);
            if (speaks && !shut) fprintf(stderr, "an API key reaches %.*s\n", FS(api_routes[i].path));
            T(!speaks || shut);
        }
}

/* Filters of the user's roles and of the key's: only what fits both. */
static void by_filtered_role(struct api_bed *t)
{
    int64_t role = 0;
    ROWS(t,
         {ADMIN, "POST /api/v1/role", "{'name':'vip','rights':{'person':{'see':'all','change':'all','filter':{'field':'rating','op':'ge','value':4}}}}", 201, NULL, "role.create", "vip", NULL},
         {ADMIN, "POST /api/v1/role", "{'name':'active','rights':{'person':{'see':'team','filter':{'field':'job_title','op':'eq','value':'buyer'}}}}", 201, NULL, "role.create", "buyers", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Both','rating':5,'job_title':'buyer','owner':'$repa2','team':'$teama'}", 201, NULL, "person.create", "both", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'CANARY rated','rating':5,'owner':'$repa2','team':'$teama'}", 201, NULL, "person.create", "rated", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'CANARY buyer','job_title':'buyer','owner':'$repa2','team':'$teama'}", 201, NULL, "person.create", "buyer", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'CANARY far','rating':5,'job_title':'buyer','owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "far", NULL},
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'role':'$vip'}", 200, NULL, "user.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$rated", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$far", NULL, 200, NULL, NULL, NULL, NULL});
    T(str_to_int(var_get(t, "buyers"), &role));
    api_key_make(t, "k", REPA1, "write", role);
    api_key_make(t, "r", REPA1, "read:company", 0);
    ROWS(t,
         {ANON, "GET /api/v1/person/$both", NULL, 200, "Both", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/person/$both", NULL, 200, "Both", NULL, NULL, BEARER("k")}, /* remembered */
         {ANON, "GET /api/v1/person/$rated", NULL, 404, "!CANARY", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/person/$buyer", NULL, 404, "!CANARY", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/person/$far", NULL, 404, "!CANARY", NULL, NULL, BEARER("k")}, /* not his team's */
         {ANON, "GET /api/v1/person", NULL, 200, "Both|!CANARY", NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/search?q=CANARY", NULL, 200, "!CANARY rated|!CANARY buyer|!CANARY far", NULL, NULL, BEARER("k")},
         {ANON, "PATCH /api/v1/person/$both", "{'note':'x'}", 403, NULL, NULL, NULL, BEARER("k")},
         {ANON, "GET /api/v1/person", NULL, 403, "!CANARY", NULL, NULL, BEARER("r")});
}

void keys_tests(void)
{
    static void (*const all[])(struct api_bed *) = {made, guessed, reads, wrong, writes, by_role, by_filtered_role, over};
    none_open();
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
