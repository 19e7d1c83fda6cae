/* SPDX-License-Identifier: MIT */
/* C26, F01, F04, K03: webhooks over the API: who may make and turn them, and where none can be pointed. */
#include "api_bed.h"

#define GOOD "'name':'h','url':'https://example.com/in','ops':['create','update']"

static void made(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/hook", "{" GOOD "}", 403, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{" GOOD "}", 403, NULL, "", NULL, "X-CSRF-Token: x"},
         {ADMIN, "POST /api/v1/hook", "{'url':'https://example.com/','ops':['create']}", 422, "\"field\":\"name\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{'name':'h','ops':['create']}", 422, "\"field\":\"url\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{'name':'h','url':'https://example.com/'}", 422, "\"field\":\"ops\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{'name':'h','url':'https://example.com/','ops':[]}", 422, "\"field\":\"ops\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{'name':'h','url':'https://example.com/','ops':['drop']}", 422, "\"field\":\"ops\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{" GOOD ",'entity':'nothing'}", 422, "\"field\":\"entity\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{" GOOD ",'filter':{'field':'name','op':'eq','value':'x'}}", 422, "\"field\":\"filter\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{" GOOD ",'entity':'person','filter':{'field':'nothing','op':'eq','value':'x'}}", 422, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{" GOOD ",'entity':'person','filter':[]}", 422, "\"field\":\"filter\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{" GOOD ",'owner':'$repa1'}", 422, "\"field\":\"owner\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/hook", "{" GOOD ",'entity':'person','filter':{'field':'name','op':'eq','value':'x'}}", 201,
          "\"secret\":\"whsec_|\"active\":true|\"ops\":[\"create\",\"update\"]|\"filter\":{\"field\":\"name\"|\"title\":\"Clara Chefin\"|\"may\":true", "", "h", NULL},
         {ADMIN, "GET /api/v1/hook", NULL, 200, "\"id\":\"$h\"|!whsec|\"waiting\":0", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/hook/$h", NULL, 200, "\"entity\":\"person\"|!whsec", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/hook/$h", "{'url':'http://127.0.0.1/'}", 422, "\"field\":\"url\"", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/hook/$h", "{'name':'anders','entity':null,'filter':null}", 200, "\"name\":\"anders\"|\"entity\":null|\"filter\":null|!whsec", "", NULL, "Idempotency-Key: h1"},
         {ADMIN, "PATCH /api/v1/hook/$h", "{'renew_secret':true}", 200, "\"secret\":\"whsec_", "", NULL, "Idempotency-Key: h2"},
         {ADMIN, "POST /api/v1/hook/$h/test", NULL, 202, "\"delivery\":\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/hook/$h/delivery", NULL, 200, "\"type\":\"hook.test\"|\"state\":\"waiting\"|\"next\":null", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/hook/$h", NULL, 200, "\"waiting\":1", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/hook/$h", "{'active':false}", 200, "\"active\":false|\"waiting\":0", "", NULL, NULL},
         {ADMIN, "GET /api/v1/hook/$h/delivery", NULL, 200, "\"state\":\"stopped\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/hook/$h/test", NULL, 412, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/hook/$h/delivery?cursor=x", NULL, 400, NULL, NULL, NULL, NULL});
}

static const char *const inside[] = {"https://127.0.0.1/",   "https://127.1/",      "https://0/",        "https://0177.0.0.1/",     "https://0x7f000001/",       "https://2130706433/",   "https://[::1]/",
                                     "https://[::]/",        "https://[::ffff:127.0.0.1]/", "https://localhost./", "https://169.254.169.254/", "https://10.1.2.3/",     "https://100.64.1.1/",   "https://[fd00::1]/",
                                     "https://①②⑦.0.0.1/", "https://user@127.0.0.1/", "https://127.0.0.1%2f/", "file:///etc/passwd", "gopher://example.com/",      "dict://example.com/", "ftp://example.com/",
                                     "https://example.com:22/", "https://example.com:25/", "https://example.com:6379/", "https://example.com:5432/",
                                     "http://example.com/"};

static void nowhere(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    for (size_t i = 0; i < COUNT(inside); i++) {
        struct answer r = api_call(t, cx->a, ADMIN, S("POST /api/v1/hook"), arena_fmt(cx->a, "{\"name\":\"x\",\"ops\":[\"create\"],\"url\":\"%s\"}", inside[i]), S(""));
        T_INT(r.status, 422);
    }
}

/* Who manages the settings alone cannot let somebody else's webhook speak to him; a key not its user's. */
static void others(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/role", "{'name':'set','rights':{'person':{'see':'own'},'sys':['settings']}}", 201, NULL, "role.create", "set", NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'role':'$set'}", 200, NULL, "user.update", NULL, NULL},
         {REPA2, "GET /api/v1/hook/$h", NULL, 200, "\"may\":false", NULL, NULL, NULL},
         {REPA2, "PATCH /api/v1/hook/$h", "{'url':'https://evil.example/'}", 403, NULL, "", NULL, NULL},
         {REPA2, "POST /api/v1/hook", "{" GOOD ",'owner':'$admin'}", 422, NULL, "", NULL, NULL},
         {REPA2, "POST /api/v1/hook", "{" GOOD ",'entity':'company'}", 422, NULL, "", NULL, NULL},
         {REPA2, "POST /api/v1/hook", "{" GOOD ",'entity':'person'}", 201, "\"title\":\"Rita Zwei\"", "", "own", NULL},
         {REPA2, "PATCH /api/v1/hook/$own", "{'name':'x'}", 200, NULL, "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/hook/$own", "{'name':'y'}", 200, NULL, "", NULL, NULL});
    struct cx cx = t->b.cx;
    struct key k = {.user = t->who[ADMIN].id, .name = S("k"), .scopes = S("settings read:person")};
    str token = {0};
    cx.now_ms = clock_ms();
    T_OK(&cx, key_new(&cx, &k, &token));
    var_put(t, "key", token);
    ROWS(t,
         {ANON, "PATCH /api/v1/hook/$h", "{'url':'https://evil.example/'}", 403, NULL, "", NULL, "Authorization: Bearer $key"},
         {ANON, "DELETE /api/v1/hook/$h", NULL, 403, NULL, "", NULL, "Authorization: Bearer $key"},
         {ANON, "POST /api/v1/hook", "{" GOOD "}", 201, NULL, "", "bykey", "Authorization: Bearer $key"},
         {ANON, "PATCH /api/v1/hook/$bykey", "{'name':'z'}", 200, NULL, "", NULL, "Authorization: Bearer $key"},
         {ANON, "DELETE /api/v1/hook/$bykey", NULL, 204, NULL, "", NULL, "Authorization: Bearer $key"},
         {ADMIN, "DELETE /api/v1/hook/$h", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/hook/$h", NULL, 404, NULL, NULL, NULL, NULL});
}

static void walk(struct api_bed *t)
{
    made(t);
    nowhere(t);
    others(t);
}

void hooks_tests(void) { api_both(walk, false, true); }
