/* SPDX-License-Identifier: MIT */
/* Registers, proposals, notices, drafts, and a new partner at one stroke. */
#include "api_bed.h"
#include "register/register_stub.h"

#include <stdlib.h>

static void registers(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "GET /api/v1/register?number=LT100001919017&country=LT", NULL, 200,
          "\"source\":\"vies\"|\"state\":\"active\"|\"name\":\"UAB Baltijos prekyba\"|\"vat_id\":\"LT100001919017\"|\"warnings\":[]|\"known\":[]|\"how\":\"found\"|\"cached\":false", "", NULL, NULL},
         {ADMIN, "GET /api/v1/register?number=LT100001919017&country=LT&name=Baltijos%20prekyba", NULL, 200, "\"cached\":true|\"warnings\":[]", "", NULL, NULL},
         {ADMIN, "GET /api/v1/register?number=LT100001919017&name=Nordwind%20GmbH", NULL, 200, "\"code\":\"name\"|anderem Namen", "", NULL, NULL},
         {ADMIN, "GET /api/v1/register?name=K%C3%B6ln&country=DE", NULL, 200, "\"state\":\"closed\"|\"code\":\"closed\"|\"code\":\"insolvent\"|\"code\":\"closing\"|erloschen", "", NULL, NULL},
         {ADMIN, "GET /api/v1/register?number=ATU13585627", NULL, 200, "\"data\":[]|\"how\":\"down\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/register?number=EE100931558", NULL, 200, "\"data\":[]|\"how\":\"nothing\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/register", NULL, 422, "\"field\":\"number\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/register?name=x&country=Deutschland", NULL, 422, "\"field\":\"country\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Ромашка','inn':'7707083893','blacklisted':true,'blacklist_reason':'zahlt nie'}", 201, NULL, "company.create", "black", NULL},
         {ADMIN, "POST /api/v1/company/duplicates", "{'name':'Ромашка'}", 200, "\"id\":\"$black\"|\"blacklist\"", "", NULL, NULL},
         {REPB1, "POST /api/v1/company/duplicates", "{'name':'Ромашка'}", 200, "!blacklist", "", NULL, NULL},
         {ADMIN, "GET /api/v1/register?number=7707083893&country=RU", NULL, 200, "\"source\":\"dadata\"|\"code\":\"blacklist\"|\"reason\":\"zahlt nie\"|\"id\":\"$black\"|\"known\":[{\"id\":\"$black\"", "", NULL, NULL},
         {REPB1, "GET /api/v1/register?number=7707083893&country=RU", NULL, 200, "\"source\":\"dadata\"|!blacklist|\"known\":[]", "", NULL, NULL});
    T_INT(t->app->asking, 0);
    t->app->asking = 4; /* as many as may wait at once */
    ROWS(t, {ADMIN, "GET /api/v1/register?number=LT100001919017", NULL, 503, NULL, "", NULL, NULL});
    T_INT(t->app->asking, 4);
    t->app->asking = 0;
}

static void proposals(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/company", "{'name':'Alt GmbH'}", 201, NULL, "company.create", "c", NULL},
         {REPA1, "POST /api/v1/company/$c/proposal", "{'source':'gleif','fields':{'name':'Neu GmbH','reg_no':'HRB 9'}}", 200, "\"proposed\":2", "", NULL, "Idempotency-Key: p1"},
         {REPA1, "POST /api/v1/company/$c/proposal", "{'source':'gleif','fields':{'name':'Neu GmbH','reg_no':'HRB 9'}}", 200, "\"proposed\":2", "", NULL, "Idempotency-Key: p1"},
         {REPA1, "POST /api/v1/company/$c/proposal", "{'source':'gleif','fields':{'nosuch':1}}", 422, "\"field\":\"nosuch\"", "", NULL, NULL},
         {REPA1, "POST /api/v1/company/$c/proposal", "{'fields':{}}", 422, "\"field\":\"source\"", "", NULL, NULL},
         {REPA1, "POST /api/v1/company/$c/proposal", "{'source':'x'}", 422, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/company/$c/proposal", NULL, 200, "\"field\":\"name\"|\"value\":\"Neu GmbH\"|\"old\":\"Alt GmbH\"|\"source\":\"gleif\"|\"at\":\"20", "", NULL, NULL},
         {REPB1, "GET /api/v1/company/$c/proposal", NULL, 404, NULL, "", NULL, NULL});
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT id FROM proposal WHERE state = 'open' ORDER BY field"));
    T_INT((int64_t)r.n, 2);
    var_put(t, "name", arena_fmt(cx->a, "%" PRId64, db_int(&r, 0, 0)));
    var_put(t, "reg", arena_fmt(cx->a, "%" PRId64, db_int(&r, 1, 0)));
    ROWS(t,
         {REPB1, "POST /api/v1/proposal/$name/take", NULL, 404, NULL, "", NULL, NULL},
         {REPA2, "POST /api/v1/proposal/$name/take", NULL, 403, NULL, "", NULL, NULL}, /* the team's company: seen, not his */
         {REPA2, "POST /api/v1/proposal/$reg/refuse", NULL, 403, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/proposal/$name/take", NULL, 200, "\"name\":\"Neu GmbH\"|\"version\":2", "company.update", "took", NULL},
         {REPA1, "POST /api/v1/proposal/$name/take", NULL, 404, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/proposal/$reg/refuse", NULL, 204, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/company/$c/proposal", NULL, 200, "\"data\":[]", "", NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$took.seq'}", 200, "\"undone\":1", "company.update", NULL, NULL},
         {REPA1, "GET /api/v1/company/$c", NULL, 200, "\"name\":\"Alt GmbH\"", "", NULL, NULL});
}

static void notices(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/company", "{'name':'Erste'}", 201, NULL, "company.create", "c1", NULL},
         {REPA1, "POST /api/v1/company", "{'name':'Zweite'}", 201, NULL, "company.create", "c2", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Wechsler','company':'$c1','job_title':'Einkauf'}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "GET /api/v1/notice", NULL, 200, "\"data\":[]|\"unread\":0", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/person/$p", "{'company':'$c2','job_title':'Leitung'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/notice?unread=1", NULL, 200,
          "\"unread\":2|\"kind\":\"changed\"|\"title\":\"Wechsler\"|\"old\":{\"id\":\"$c1\",\"title\":\"Erste\"}|\"title\":\"Zweite\"|\"old\":\"Einkauf\",\"new\":\"Leitung\"|Clara Chefin", "", NULL, NULL},
         {REPA2, "GET /api/v1/notice", NULL, 200, "\"data\":[]|\"unread\":0", "", NULL, NULL});
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT id FROM notice ORDER BY id LIMIT 1"));
    var_put(t, "n", arena_fmt(cx->a, "%" PRId64, r.n ? db_int(&r, 0, 0) : 0));
    ROWS(t,
         {REPA2, "PATCH /api/v1/notice/$n", "{'read':true}", 404, NULL, "", NULL, NULL},
         {REPA1, "PATCH /api/v1/notice/$n", "{'read':false}", 422, "\"field\":\"read\"", "", NULL, NULL},
         {REPA1, "PATCH /api/v1/notice/$n", "{'read':true}", 204, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/notice", NULL, 200, "\"unread\":1|\"read\":true|\"read\":false", "", NULL, NULL},
         {REPA1, "PATCH /api/v1/notice", "{'read':true}", 204, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/notice", NULL, 200, "\"unread\":0", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/person/$p", "{'company':'$c1'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/notice", NULL, 200, "\"unread\":1", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/person/$p", "{'owner':'$repa2'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/notice", NULL, 200, "\"data\":[]|\"unread\":0|!Wechsler", "", NULL, NULL}); /* no longer his to see */
}

static void settings(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    ROWS(t, {REPA1, "GET /api/v1/setting", NULL, 200, "\"data\":{}", "", NULL, NULL},
         {REPA1, "PUT /api/v1/setting/columns.person", "{'value':['name','phones']}", 204, NULL, "", NULL, NULL},
         {REPA1, "PUT /api/v1/setting/columns.person", "{'value':['name','mails']}", 204, NULL, "", NULL, NULL},
         {REPA1, "PUT /api/v1/setting/other", "{'value':{'a':null}}", 204, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/setting", NULL, 200, "\"columns.person\":[\"name\",\"mails\"]|\"other\":{\"a\":null}|!phones", "", NULL, NULL},
         {REPB1, "GET /api/v1/setting", NULL, 200, "\"data\":{}", "", NULL, NULL},
         {REPB1, "PUT /api/v1/setting/columns.person", "{'value':null}", 204, NULL, "", NULL, NULL},
         {REPA1, "PUT /api/v1/setting/other", "{'value':null}", 204, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/setting", NULL, 200, "\"columns.person\":[\"name\",\"mails\"]|!other", "", NULL, NULL},
         {REPA1, "PUT /api/v1/setting/Wrong", "{'value':1}", 422, "\"field\":\"name\"", "", NULL, NULL},
         {REPA1, "PUT /api/v1/setting/none", "{}", 422, "\"field\":\"value\"", "", NULL, NULL});
    char big[5000];
    memset(big, 'a', sizeof big);
    struct answer r = api_call(t, cx->a, REPA1, S("PUT /api/v1/setting/big"), arena_fmt(cx->a, "{\"value\":\"%.*s\"}", (int)sizeof big, big), S(""));
    T_INT(r.status, 413);
    for (int i = 0; i < 501; i++)
        r = api_call(t, cx->a, REPA1, arena_fmt(cx->a, "PUT /api/v1/setting/n%d", i), S("{\"value\":1}"), S(""));
    T_INT(r.status, 413);
}

static void drafts(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    ROWS(t,
         {REPA1, "POST /api/v1/draft", "{'title':'Nordwind','data':{'step':2,'company':{'name':'Nordwind'}}}", 201, "\"kind\":\"partner\"|\"data\":{\"step\":2", "", "d", "Idempotency-Key: d1"},
         {REPA1, "GET /api/v1/draft", NULL, 200, "\"id\":\"$d\"|Nordwind|!step", "", NULL, NULL},
         {REPA1, "GET /api/v1/draft/$d", NULL, 200, "\"company\":{\"name\":\"Nordwind\"}", "", NULL, NULL},
         {REPA1, "PUT /api/v1/draft/$d", "{'title':'Nordwind AG','data':{'step':3}}", 200, "Nordwind AG|\"step\":3|!company", "", NULL, NULL},
         {ADMIN, "GET /api/v1/draft", NULL, 200, "\"data\":[]", "", NULL, NULL},
         {ADMIN, "GET /api/v1/draft/$d", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "PUT /api/v1/draft/$d", "{'data':{}}", 404, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/draft/$d", NULL, 404, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/draft", "{'data':[]}", 422, "\"field\":\"data\"", "", NULL, NULL},
         {REPA1, "POST /api/v1/draft", "{'kind':'','data':{}}", 422, NULL, "", NULL, NULL},
         {REPA1, "DELETE /api/v1/draft/$d", NULL, 204, NULL, "", NULL, NULL},
         {REPA1, "DELETE /api/v1/draft/$d", NULL, 404, NULL, "", NULL, NULL});
    char *big = arena_get(cx->a, 70000);
    memset(big, 'x', 70000);
    struct answer r = api_call(t, cx->a, REPA1, S("POST /api/v1/draft"), arena_fmt(cx->a, "{\"data\":{\"a\":\"%.*s\"}}", 70000, big), S(""));
    T_INT(r.status, 413);
    for (int i = 0; i < 51; i++) r = api_call(t, cx->a, REPA1, S("POST /api/v1/draft"), S("{\"data\":{}}"), S(""));
    T_INT(r.status, 413);
}

static void partner(struct api_bed *t)
{
    ROWS(t,
         {REPB1, "POST /api/v1/draft", "{'data':{}}", 201, NULL, "", "d", NULL},
         {REPB1, "POST /api/v1/partner",
          "{'company':{'name':'Nordwind GmbH'},'accounts':[{'account':'DE89370400440532013000','bank':'Bank'}],'people':[{'name':'Anna'},{'name':'Bert','company':'1'}],"
          "'note':'Lernten wir auf der Messe kennen.\\nRuft im Mai an.','draft':'$d'}",
          201, "\"batch\":|\"title\":\"Nordwind GmbH\"|@Location: /api/v1/company/", "company.create bank_account.create person.create person.create interaction.create", "m", "Idempotency-Key: m1"},
         {REPB1, "GET /api/v1/draft", NULL, 200, "\"data\":[]", "", NULL, NULL},
         {REPB1, "GET /api/v1/person?sort=name", NULL, 200, "Anna|Bert|Nordwind GmbH", "", NULL, NULL},
         {REPB1, "GET /api/v1/interaction", NULL, 200, "\"subject\":\"Lernten wir auf der Messe kennen.\"", "", NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'batch':'$m.batch'}", 200, "\"undone\":5", "interaction.delete person.delete person.delete bank_account.delete company.delete", "u", NULL},
         {REPB1, "GET /api/v1/count/person", NULL, 200, "\"value\":0", "", NULL, NULL},
         {REPB1, "POST /api/v1/partner", "{'company':{'name':'X'},'people':[{'name':'A'},{'name':'B','birthday':'gestern vielleicht'}]}", 422, "\"field\":\"people.1.birthday\"", "", NULL, NULL},
         {REPB1, "POST /api/v1/partner", "{'company':{}}", 422, "\"field\":\"company.0.name\"", "", NULL, NULL},
         {REPB1, "POST /api/v1/partner", "{'company':{'name':'X'},'people':'A'}", 422, "\"field\":\"people\"", "", NULL, NULL},
         {REPB1, "GET /api/v1/company", NULL, 200, "\"data\":[]", "", NULL, NULL}, /* nothing half done */
         {REPB1, "POST /api/v1/person", "{'name':'danach'}", 201, NULL, "person.create", "p", NULL},
         {REPB1, "GET /api/v1/person/$p/history", NULL, 200, "\"batch\":null", "", NULL, NULL});
}

void finding_tests(void)
{
    static void (*const all[])(struct api_bed *) = {proposals, notices, drafts, settings, partner};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
    for (int pg = 0; pg < (getenv("KONTOR_TEST_PG") ? 2 : 1); pg++) {
        struct api_bed *t = api_bed_make(pg, false, true);
        struct reg_stub s = reg_stub_start(&t->b.cx);
        t->app->registers = s.conf;
        registers(t);
        reg_stub_stop(&s);
        api_bed_end(t);
    }
}
