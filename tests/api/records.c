/* SPDX-License-Identifier: MIT */
/* Records: create, read, change, trash, versions, mass assignment, Idempotency-Key. */
#include "api_bed.h"

static void life(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/company", "{'name':'Elektro Süd GmbH'}", 201, "\"version\":1|@Location: /api/v1/company/|@ETag: \"1\"|@X-Change: ", "company.create", "firm",
          NULL},
         {REPA1, "POST /api/v1/person",
          "{'name':'Jörg Müller','company':'$firm','phones':['0151 23456789'],'mails':[{'type':'work','value':'J.Mueller@sued.example'}],'birthday':'1971-04-03'}", 201,
          "\"e164\":\"+4915123456789\"|\"title\":\"Elektro Süd GmbH\"|\"owner\":{\"id\":\"$repa1\",\"title\":\"Rolf Eins\"}", "person.create", "p", NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "Jörg Müller|@ETag: \"1\"|\"created_by\":{\"id\":\"$repa1\"", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'Einkauf','version':1}", 200, "\"version\":2|@ETag: \"2\"|@X-Change: ", "person.update", "p", NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'Einkauf'}", 200, "\"version\":2|!@X-Change: ", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'alt','version':1}", 409, "\"code\":\"conflict\"", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'alt'}", 412, "\"code\":\"precondition\"", NULL, NULL, "If-Match: \"1\""},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'neu'}", 200, "\"version\":3", "person.update", NULL, "If-Match: \"2\""},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'y'}", 400, "If-Match", NULL, NULL, "If-Match: 3"},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'y'}", 400, NULL, NULL, NULL, "If-Match: \"x\""},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'neuer'}", 200, "\"version\":4", "person.update", NULL, "If-Match: *"},
         {REPA1, "GET /api/v1/person/$p/history", NULL, 200, "\"field\":\"job_title\"|\"old\":\"Einkauf\"|\"op\":\"create\"|Rolf Eins|\"way\":\"web\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p/history?cursor=x", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?at=2000-01-01T00:00:00Z", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?at=yesterday", NULL, 400, "\"field\":\"at\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?at=2100-01-01T00:00:00Z", NULL, 200, "neuer", NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$p", NULL, 412, NULL, NULL, NULL, "If-Match: \"1\""},
         {REPA1, "DELETE /api/v1/person/$p", NULL, 204, "@X-Change: ", "person.delete", NULL, "If-Match: \"4\""},
         {REPA1, "DELETE /api/v1/person/$p", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'y'}", 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?deleted=1", NULL, 200, "Jörg Müller", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person", NULL, 200, "!Jörg Müller|\"next\":null", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$p/restore", NULL, 200, "Jörg Müller|\"deleted_at\":null", "person.restore", NULL, NULL},
         {REPA1, "POST /api/v1/person/$p/restore", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "Jörg Müller", NULL, NULL, NULL});
}

static void refused(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{}", 422, "\"field\":\"name\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", NULL, 422, "\"field\":\"name\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':''}", 422, "\"field\":\"name\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':7}", 422, "\"field\":\"name\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','mails':['max@']}", 422, "\"field\":\"mails\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','birthday':'31.02.1970'}", 422, "\"field\":\"birthday\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','status':'nosuch'}", 422, "\"field\":\"status\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','company':'12345'}", 422, "\"field\":\"company\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','company':{'id':'-5'}}", 422, "\"field\":\"company\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/user", "{'name':'Zwilling','mail':'ROLF@mueller.example'}", 409, "\"field\":\"mail\"", NULL, NULL, NULL});
}

/* C13 */
static void mass_assignment(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'mine'}", 201, NULL, "person.create", "m", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','is_admin':true}", 422, "\"field\":\"is_admin\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','created_by':'$admin'}", 422, "\"field\":\"created_by\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','created_at':'2020-01-01T00:00:00Z'}", 422, "\"field\":\"created_at\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','changed_by':'$admin'}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','deleted_at':null}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','title':'y'}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','__proto__':{}}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','rowid':1}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','name_f':'y'}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{\"name\":\"x\",\"name\\\"=1--\":1}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','owner':'$repa2'}", 403, "\"field\":\"owner\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','id':'1'}", 422, "\"field\":\"id\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','id':'-3'}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','id':'9223372036854775807'}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'x','id':'$m'}", 409, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$m", "{'owner':'$repa2'}", 403, "\"field\":\"owner\"", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$m", "{'owner':null}", 403, "\"field\":\"owner\"", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$m", "{'id':'77','job_title':'same'}", 200, "\"id\":\"$m\"", "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$m", "{'version':-1,'job_title':'neg'}", 409, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$m", "{'version':'2','job_title':'text'}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$m", "{'version':99,'job_title':'far'}", 409, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/company", "{'name':'f','people_count':5}", 422, "\"field\":\"people_count\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/user", "{'name':'Eve','role':'$rolemgr'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/user/$repa1", "{'role':'$rolemgr'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/role/$rolerep", "{'rights':{'*':{'see':'all'}}}", 403, NULL, NULL, NULL, NULL},
         {MGRA, "PATCH /api/v1/person/$m", "{'owner':'$repa2'}", 200, "\"title\":\"Rita Zwei\"", "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$m", NULL, 404, NULL, NULL, NULL, NULL});
}

/* ---- Idempotency-Key ---- */
static enum err keys_age(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "UPDATE idem SET at = at - $1", V(INT64_C(73) * 3600000));
}

static void once_only(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'einmal'}", 201, NULL, "person.create", "one", "Idempotency-Key: k1"},
         {REPA1, "POST /api/v1/person", "{'name':'einmal'}", 201, "\"id\":\"$one\"|@ETag: \"1\"|@Location: $one|@X-Change: $one.seq", NULL, NULL, "Idempotency-Key: k1"},
         {REPA1, "POST /api/v1/person", "{'name':'anders'}", 422, "Idempotency-Key", NULL, NULL, "Idempotency-Key: k1"},
         {REPA1, "POST /api/v1/company", "{'name':'einmal'}", 422, NULL, NULL, NULL, "Idempotency-Key: k1"},
         {REPA2, "POST /api/v1/person", "{'name':'einmal'}", 201, "!\"id\":\"$one\"", "person.create", NULL, "Idempotency-Key: k1"},
         {REPA1, "POST /api/v1/person", "{'name':''}", 422, NULL, NULL, NULL, "Idempotency-Key: k2"},
         {REPA1, "POST /api/v1/person", "{'name':'nach Fehler'}", 201, NULL, "person.create", NULL, "Idempotency-Key: k2"},
         {REPA1, "PATCH /api/v1/person/$one", "{'job_title':'a'}", 200, "\"version\":2", "person.update", NULL, "Idempotency-Key: k3"},
         {REPA1, "PATCH /api/v1/person/$one", "{'job_title':'b'}", 200, "\"version\":3", "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$one", "{'job_title':'a'}", 200, "\"version\":2", NULL, NULL, "Idempotency-Key: k3"},
         {REPA1, "DELETE /api/v1/person/$one", NULL, 204, NULL, "person.delete", NULL, "Idempotency-Key: k4"},
         {REPA1, "DELETE /api/v1/person/$one", NULL, 204, "@X-Change: ", NULL, NULL, "Idempotency-Key: k4"},
         {REPA1, "POST /api/v1/person/$one/restore", NULL, 200, NULL, "person.restore", NULL, "Idempotency-Key: k5"},
         {REPA1, "POST /api/v1/person/$one/restore", NULL, 200, NULL, NULL, NULL, "Idempotency-Key: k5"},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'text','label':'Idem'}", 201, "x_idem", NULL, NULL, "Idempotency-Key: k6"},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'text','label':'Idem'}", 201, "\"x_idem\"", NULL, NULL, "Idempotency-Key: k6"},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"x_idem\"|!x_idem_2", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$one", "{'job_title':'c'}", 200, NULL, "person.update", "c", NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$c.seq'}", 200, "\"undone\":1", "person.update", "u", "Idempotency-Key: k7"},
         {REPA1, "POST /api/v1/undo", "{'change':'$c.seq'}", 200, "\"batch\":\"$u.batch\"", NULL, NULL, "Idempotency-Key: k7"},
         {REPA1, "PATCH /api/v1/person/$one", "{'job_title':'d'}", 200, NULL, "person.update", NULL, "Idempotency-Key: k8"});
    T_OK(cx, db_write(cx, keys_age, NULL));
    ROWS(t, {REPA1, "PATCH /api/v1/person/$one", "{'job_title':'e'}", 200, NULL, "person.update", NULL, "Idempotency-Key: k8"});
    str long_key = arena_fmt(cx->a, "Idempotency-Key: %0256d", 1);
    struct answer r = api_call(t, cx->a, REPA1, S("POST /api/v1/person"), S("{\"name\":\"x\"}"), long_key);
    T_INT(r.status, 400);
    T_STR(api_events_came(t), S(""));
}

struct racer {
    struct api_bed *t;
    struct arena *a;
    pthread_t thread;
    struct answer r;
};

static void *race(void *arg)
{
    struct racer *x = arg;
    x->r = api_call(x->t, x->a, REPA1, S("POST /api/v1/person"), S("{\"name\":\"Wettlauf\",\"phones\":[\"0221 5550\"]}"), S("Idempotency-Key: race"));
    return NULL;
}

static void twenty_at_once(struct api_bed *t)
{
    struct racer v[20] = {0};
    struct cx *cx = &t->b.cx;
    for (size_t i = 0; i < COUNT(v); i++) {
        v[i] = (struct racer){.t = t, .a = arena_new()};
        T(pthread_create(&v[i].thread, NULL, race, &v[i]) == 0);
    }
    int made = 0;
    str id = S("");
    for (size_t i = 0; i < COUNT(v); i++) {
        pthread_join(v[i].thread, NULL);
        T(v[i].r.status == 201 || v[i].r.status == 409 || v[i].r.status == 503);
        if (v[i].r.status != 201) continue;
        made++;
        str mine = arena_dup(cx->a, answer_value(cx, &v[i].r, S("id")));
        if (id.n) T_STR(mine, id);
        id = mine;
    }
    T(made > 0);
    T_STR(api_events_came(t), S("person.create"));
    for (size_t i = 0; i < COUNT(v); i++) arena_free(&v[i].a);
}

static enum err idem_ages(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE idem SET at = at - $1", V(*(const int64_t *)arg));
}

/* A key of idempotency is honoured for 72 hours, and then forgotten. */
static void remembered(struct api_bed *t)
{
    static const int64_t hour = 3600000;
    struct cx cx = t->b.cx;
    struct key k = {.user = t->who[REPA1].id, .name = S("m"), .scopes = S("read write")};
    str token = {0}, id[3] = {{0}}, req = S("POST /api/v1/person"), body = S("{\"name\":\"einmal\"}");
    int64_t older[] = {0, 71 * hour, 2 * hour}; /* than the time before */
    cx.now_ms = clock_ms();
    T_OK(&cx, key_new(&cx, &k, &token));
    str head = arena_fmt(cx.a, "Authorization: Bearer %.*s\nCookie: none=1\nIdempotency-Key: three-days", FS(token));
    for (size_t i = 0; i < COUNT(older); i++) {
        T_OK(&cx, db_write(&cx, idem_ages, &older[i]));
        struct answer r = api_call(t, cx.a, ANON, req, body, head);
        T_INT(r.status, 201);
        id[i] = answer_value(&cx, &r, S("id"));
    }
    T(id[0].n && id[2].n && !str_eq(id[2], id[0]));
    T_STR(id[1], id[0]);
    (void)api_events_came(t);
}

void records_tests(void)
{
    static void (*const all[])(struct api_bed *) = {life, refused, mass_assignment, once_only, twenty_at_once, remembered};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
