/* SPDX-License-Identifier: MIT */
/* Lists: filter, sort, fields, pages, counts, search, callers, duplicates; and what is tried with them (A01-A07, A09). */
#include "api_bed.h"
#include "base/time.h"

#include <stdlib.h>

static void pages(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    for (int i = 0; i < 7; i++) api_make(t, "person", arena_fmt(cx->a, "Kunde %d", i).p, REPA1);
    api_make(t, "person", "Fremd Geheim", REPB1);
    ROWS(t,
         {REPA1, "GET /api/v1/person?limit=3&count=1", NULL, 200, "\"count\":{\"value\":7,\"exact\":true}|!Geheim", NULL, "p", NULL},
         {REPA1, "GET /api/v1/person?limit=3&cursor=$p.next", NULL, 200, "!\"next\":null", NULL, "q", NULL},
         {REPA1, "GET /api/v1/person?limit=3&cursor=$q.next", NULL, 200, "\"next\":null", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?limit=3&sort=-name&cursor=$p.next", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?limit=3&cursor=x.y.z.w", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company?cursor=$p.next", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?limit=0", NULL, 400, "\"field\":\"limit\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?limit=201", NULL, 400, "\"field\":\"limit\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?limit=-1", NULL, 400, "\"field\":\"limit\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?limit=1e3", NULL, 400, "\"field\":\"limit\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?limit=200", NULL, 200, "Kunde 0", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=name&limit=1", NULL, 200, "Kunde 0", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=-name&limit=1", NULL, 200, "Kunde 6", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?fields=name&limit=1", NULL, 200, "\"name\":\"Kunde|!\"phones\"|!\"birthday\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person", NULL, 200, "{\"value\":7,\"exact\":true}", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":8", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person?filter={'field':'name','op':'eq','value':'KUNDE 3'}", NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'field':'owner','op':'eq','value':'me'}&count=1", NULL, 200, "\"value\":7", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'or':[{'field':'name','op':'eq','value':'Kunde 1'},{'not':{'field':'name','op':'starts','value':'kunde'}}]}&count=1", NULL, 200,
          "\"value\":1", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={}&q=", NULL, 200, "Kunde", NULL, NULL, NULL});
}

/* B09: long texts for who shows them. */
static void marked_up(struct api_bed *t)
{
    ROWS(t,
         {ANON, "POST /api/v1/markup", "{'texts':['x']}", 401, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/markup", "{'texts':['**a** <b onclick=x>b</b>','[x](javascript:alert(1))','','<script>alert(1)</script>']}", 200,
          "{\"html\":[\"\\u003cp>\\u003cstrong>a\\u003c/strong> \\u003cb>b\\u003c/b>\\u003c/p>\",\"\\u003cp>x\\u003c/p>\",\"\",\"\\n\"]}", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/markup", "{'texts':[]}", 200, "{\"html\":[]}", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/markup", "{'texts':'x'}", 422, "\"field\":\"texts\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/markup", "{'texts':['x',1]}", 422, "\"field\":\"texts\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/markup", "{}", 422, "\"field\":\"texts\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/markup", "{'texts':", 400, NULL, NULL, NULL, NULL});
    struct buf b = buf_new(t->b.cx.a, 1 << 21);
    buf_add(&b, S("{\"texts\":["));
    for (int i = 0; i < 101; i++) buf_fmt(&b, "%s\"x\"", i ? "," : "");
    buf_add(&b, S("]}"));
    T_INT(api_call(t, t->b.cx.a, REPA1, S("POST /api/v1/markup"), buf_str(&b), S("")).status, 422);
    struct buf deep = buf_new(t->b.cx.a, 1 << 21);
    buf_add(&deep, S("{\"texts\":[\""));
    for (int i = 0; i < 10000; i++) buf_add(&deep, S("> "));
    buf_add(&deep, S("tief\"]}"));
    struct answer r = api_call(t, t->b.cx.a, REPA1, S("POST /api/v1/markup"), buf_str(&deep), S(""));
    T(r.status == 200 && str_find(r.body, S("tief")) > 0);
}

/* By several fields; and the same by a body. */
static void sorted(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{\"name\":\"Berg\",\"job_title\":\"Chef\"}", 201, NULL, "person.create", NULL, NULL},
         {REPA1, "POST /api/v1/person", "{\"name\":\"Adam\",\"job_title\":\"Chef\"}", 201, NULL, "person.create", NULL, NULL},
         {REPA1, "POST /api/v1/person", "{\"name\":\"Adam\",\"job_title\":\"Amt\"}", 201, NULL, "person.create", NULL, NULL},
         {REPA1, "POST /api/v1/person", "{\"name\":\"Cohn\"}", 201, NULL, "person.create", NULL, NULL});
    api_make(t, "person", "CANARY", REPB1);
#define FIRST(name, job) "\"job_title\":" job "|\"name\":\"" name "\"|!CANARY"
    ROWS(t,
         {REPA1, "GET /api/v1/person?sort=name,job_title&limit=1&fields=job_title,name", NULL, 200, FIRST("Adam", "\"Amt\""), NULL, "p", NULL},
         {REPA1, "GET /api/v1/person?sort=name,job_title&limit=1&fields=job_title,name&cursor=$p.next", NULL, 200, FIRST("Adam", "\"Chef\""), NULL, "p", NULL},
         {REPA1, "GET /api/v1/person?sort=name,job_title&limit=1&fields=job_title,name&cursor=$p.next", NULL, 200, FIRST("Berg", "\"Chef\""), NULL, "p", NULL},
         {REPA1, "GET /api/v1/person?sort=name,job_title&limit=1&fields=job_title,name&cursor=$p.next", NULL, 200, FIRST("Cohn", "null") "|\"next\":null", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=name,-job_title&limit=1&fields=job_title,name", NULL, 200, FIRST("Adam", "\"Chef\""), NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=-job_title,-name&limit=1&fields=job_title,name", NULL, 200, FIRST("Berg", "\"Chef\""), NULL, "p", NULL},
         {REPA1, "GET /api/v1/person?sort=-job_title,name&limit=1&cursor=$p.next", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=-job_title&limit=1&cursor=$p.next", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=name,-name", NULL, 400, "\"field\":\"sort\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=name,,job_title", NULL, 400, "\"field\":\"sort\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=name,job_title,birthday,changed_at,created_at", NULL, 400, "\"field\":\"sort\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{}", 200, "Cohn|!CANARY", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{\"sort\":[\"name\",\"job_title\"],\"fields\":[\"job_title\",\"name\"],\"limit\":1,\"count\":true,\"filter\":{\"field\":\"name\",\"op\":\"ne\",\"value\":\"Söhne & Co=?%\"},\"q\":null}", 200, FIRST("Adam", "\"Amt\"") "|\"count\":{\"value\":4", NULL, "p", NULL},
         {REPA1, "POST /api/v1/person/query", "{\"sort\":\"name,job_title\",\"fields\":\"job_title,name\",\"limit\":1,\"filter\":{\"field\":\"name\",\"op\":\"ne\",\"value\":\"x\"},\"cursor\":\"$p.next\"}", 200, FIRST("Adam", "\"Chef\""), NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{\"q\":\"cohn\",\"include\":[\"owner\"]}", 200, "Cohn|!Berg|\"included\":{\"owner\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{\"filter\":{\"field\":\"name\",\"op\":\"eq\",\"value\":\"CANARY\"}}", 200, "\"data\":[]", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{\"filter\":\"{}\"}", 422, "\"field\":\"filter\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{\"sort\":[1]}", 422, "\"field\":\"sort\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{\"sort\":[\"name&deleted=1\"]}", 400, "\"field\":\"sort\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{\"limit\":\"1e3\"}", 400, "\"field\":\"limit\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{\"count\":1}", 422, "\"field\":\"count\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{\"order\":\"name\"}", 422, "\"field\":\"order\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query?limit=1", "{}", 400, "\"field\":\"limit\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/nosuch/query", "{}", 404, NULL, NULL, NULL, NULL});
#undef FIRST
}

/* Each is refused alike, whatever its content would mean to an engine. */
static void abused(struct api_bed *t)
{
    api_make(t, "person", "Kunde", REPA1);
    api_make(t, "person", "CANARY", REPB1);
    ROWS(t,
         {REPA1, "GET /api/v1/person?sort=(case when 1=1 then name else mails end)", NULL, 400, "\"field\":\"sort\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=id", NULL, 400, "\"field\":\"sort\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=name_f", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=name,name", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=--name", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=phones", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=-", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?fields=id,(select password from credential)", NULL, 400, "\"field\":\"fields\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?fields=owner.sessions", NULL, 400, "\"field\":\"fields\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?fields=name,name,name", NULL, 200, "Kunde", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?fields=,", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'field':'password_hash','op':'starts','value':'a'}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'field':'owner.mail','op':'starts','value':'a'}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'field':'name','op':'like','value':'%25'}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'field':'name','op':'eq'}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'field':'name','op':'eq','value':{'$ne':1}}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'xor':[]}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter=[]", NULL, 422, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'field'", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter=name=1", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person?filter={'field':'nosuch','op':'eq','value':1}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/nosuch", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person?filter={'field':'name','op':'contains','value':'%25'}", NULL, 200, "\"value\":0", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person?filter={'field':'name','op':'contains','value':'_'}", NULL, 200, "\"value\":0", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person?filter={'field':'name','op':'eq','value':'x%27 OR 1=1 --'}", NULL, 200, "\"value\":0", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person?filter={'not':{'field':'name','op':'eq','value':'x'}}", NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person?filter={'or':[{'field':'name','op':'notempty'},{'field':'name','op':'empty'}]}", NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?at=nonsense", NULL, 400, "\"field\":\"at\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?limit=%zz", NULL, 400, NULL, NULL, NULL, NULL});
    struct cx *cx = &t->b.cx;
    static const char *const pair[] = {"GET /api/v1/person?sort=(case when 1=1 then name else changed_at end)", "GET /api/v1/person?sort=(case when 1=2 then name else changed_at end)"};
    struct answer a = api_call(t, cx->a, REPA1, str_from(pair[0]), S(""), S("")), b = api_call(t, cx->a, REPA1, str_from(pair[1]), S(""), S(""));
    T_INT(a.status, b.status);
    T_STR(a.body, b.body);
}

/* What one may not see of a linked record is no value, and what is no field of it is told at once. */
static void linked(struct api_bed *t)
{
    ROWS(t,
         {REPB1, "POST /api/v1/company", "{'name':'CANARY AG'}", 201, NULL, "company.create", "theirs", NULL},
         {REPA1, "POST /api/v1/company", "{'name':'Unsere AG','vat_id':'DE136695976'}", 201, NULL, "company.create", "ours", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Fremd','company':'$theirs','owner':'$repa1'}", 201, NULL, "person.create", NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Eigen','company':'$ours'}", 201, NULL, "person.create", NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=name&fields=name,company.name,company.vat_id,company.owner", NULL, 200,
          "\"company.name\":\"Unsere AG\"|\"company.vat_id\":\"DE136695976\"|\"company.owner\":{\"id\":\"$repa1\"|\"company.name\":null|!CANARY|!phones", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?q=Eigen&fields=company.name", NULL, 200, "\"company.name\":\"Unsere AG\"|!Fremd", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/person?filter={'field':'name','op':'eq','value':'Fremd'}&fields=company.name", NULL, 200, "\"company.name\":\"CANARY AG\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?fields=company.nosuch", NULL, 400, "\"field\":\"fields\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?fields=company.parent.name", NULL, 400, "\"field\":\"fields\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?fields=owner.mail", NULL, 400, "\"field\":\"fields\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?fields=company.name&at=2100-01-01T00:00:00Z", NULL, 400, "\"field\":\"fields\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?format=csv&fields=company.vat_id,name,company.name", NULL, 200, "Firma: |DE136695976;Eigen;Unsere AG|;Fremd;CANARY AG", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/export/person?format=csv&fields=name,company.name", NULL, 403, NULL, NULL, NULL, NULL});
}

static void huge(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct buf deep = buf_new(cx->a, 1 << 16), wide = buf_new(cx->a, 1 << 16);
    for (int i = 0; i < 40; i++) buf_add(&deep, S("{\"not\":"));
    buf_add(&deep, S("{}"));
    for (int i = 0; i < 40; i++) buf_byte(&deep, '}');
    buf_add(&wide, S("{\"or\":["));
    for (int i = 0; i < 220; i++) buf_fmt(&wide, "%s{\"field\":\"name\",\"op\":\"empty\"}", i ? "," : "");
    buf_add(&wide, S("]}"));
    struct answer r = api_call(t, cx->a, REPA1, arena_fmt(cx->a, "GET /api/v1/person?filter=%.*s", FS(buf_str(&deep))), S(""), S(""));
    T(r.status == 400 || r.status == 422);
    r = api_call(t, cx->a, REPA1, arena_fmt(cx->a, "GET /api/v1/person?filter=%.*s", FS(buf_str(&wide))), S(""), S(""));
    T(r.status == 400 || r.status == 414 || r.status == 422);
    r = api_call(t, cx->a, REPA1, arena_fmt(cx->a, "GET /api/v1/person?q=%03000d", 1), S(""), S(""));
    T_INT(r.status, 400);
    r = api_call(t, cx->a, REPA1, arena_fmt(cx->a, "GET /api/v1/search?q=%03000d", 1), S(""), S(""));
    T_INT(r.status, 400);
    r = api_call(t, cx->a, REPA1, arena_fmt(cx->a, "GET /api/v1/who?number=%03000d", 1), S(""), S(""));
    T_INT(r.status, 400);
    r = api_call(t, cx->a, REPA1, S("POST /api/v1/person"), arena_fmt(cx->a, "{\"name\":\"%010000d\"}", 1), S(""));
    T_INT(r.status, 422);
}

static void found(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/company", "{'name':'Dachbau Lehmann GmbH','phones':['0221 444555']}", 201, NULL, "company.create", "c", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Ülo Übermann','company':'$c','phones':['0151 23456789'],'mails':['ulo@lehmann.example']}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "POST /api/v1/task", "{'subject':'Angebot','person':'$p'}", 201, "\"status\":\"open\"", "task.create", "t", NULL},
         {REPA1, "POST /api/v1/interaction", "{'subject':'Anruf','person':'$p'}", 201, NULL, "interaction.create", NULL, NULL},
         {REPB1, "POST /api/v1/person", "{'name':'Übermann CANARY','phones':['0151 23456789'],'mails':['ulo@lehmann.example']}", 201, NULL, "person.create", "x", NULL},
         {REPA1, "GET /api/v1/search?q=ubermann", NULL, 200, "\"entity\":\"person\"|Ülo|!CANARY", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/group", "{'name':'Stamm','colour':155}", 201, NULL, "group.create", "g", NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'version':1,'groups':['$g']}", 200, "\"title\":\"Stamm\",\"hue\":155", "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/person?q=ubermann", NULL, 200, "\"groups\":[{\"id\":\"$g\",\"title\":\"Stamm\",\"hue\":155}]", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=ubermann", NULL, 200, "\"groups\":[{\"id\":\"$g\",\"title\":\"Stamm\",\"hue\":155}]", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/who?number=%2b4915123456789", NULL, 200, "\"groups\":[{\"id\":\"$g\",\"title\":\"Stamm\",\"hue\":155}]", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=ubermann&entity=company", NULL, 200, "!Ülo", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=ubermann&entity=nosuch", NULL, 400, "\"field\":\"entity\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=ubermann&entity=credential", NULL, 400, "\"field\":\"entity\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search", NULL, 200, "{\"data\":[]}", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=%2a", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=%22", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=salary:9 OR a NEAR(b", NULL, 200, "{\"data\":[]}", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=CANARY", NULL, 200, "{\"data\":[]}", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?q=ubermann", NULL, 200, "Ülo|!CANARY", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?q=ubermann&count=1", NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?q=nichtsdergleichen&count=1", NULL, 200, "\"data\":[]|\"value\":0", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/who?number=%2b4915123456789", NULL, 200, "\"number\":\"+4915123456789\"|Ülo|Lehmann|Angebot|Anruf|!CANARY", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/who?number=015123456789", NULL, 200, "CANARY|!Ülo|!Angebot", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/who", NULL, 400, "\"field\":\"number\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/who?number=%27%3b--", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/duplicates", "{'name':'Ulo Uebermann','phones':['+49 151 23456789']}", 200, "\"id\":\"$p\"|\"phone\"|!CANARY", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/duplicates", "{'id':'$p','name':'Ulo Uebermann','phones':['+49 151 23456789']}", 200, "!\"id\":\"$p\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/duplicates", "{'nosuch':1}", 200, "\"data\":[]", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/duplicates", "{}", 200, "\"data\":[]", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/nosuch/duplicates", "{}", 404, NULL, NULL, NULL, NULL});
}

/* A09: what was stored is text wherever it comes out again. */
static void second_order(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{\"name\":\"'||(select group_concat(mail) from user)||'\",\"tags\":[\"x') OR 1=1--\"]}", 201, "group_concat", "person.create", "p",
          NULL},
         {REPA1, "GET /api/v1/person?sort=name&limit=1", NULL, 200, "!mueller.example", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=group_concat", NULL, 200, "group_concat|!mueller.example", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/duplicates", "{\"name\":\"'||(select group_concat(mail) from user)||'\"}", 200, "!mueller.example", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{\"name\":\"</script><script>alert(1)</script>\"}", 201, "!</script>", "person.create", NULL, NULL},
         {REPA1, "GET /api/v1/person?fields=name", NULL, 200, "!<script>", NULL, NULL, NULL});
}

/* All pages of a list: how many records came, each once; `first` of them on the first page. */
static int64_t walked(struct api_bed *t, enum actor who, const char *req)
{
    struct cx *cx = &t->b.cx;
    struct map seen = map_new(cx->a);
    str cursor = S("");
    int64_t n = 0;
    static int once;
    for (int pages = 0; pages < 50; pages++) {
        const struct json *j = NULL, *data = NULL;
        struct answer r = api_call(t, cx->a, who, arena_fmt(cx->a, "%s&cursor=%.*s", req, FS(cursor)), S(""), S(""));
        T(r.status == 200);
        T_OK(cx, json_parse(cx, r.body, &j));
        data = json_get(j, S("data"));
        for (size_t i = 0; data && i < data->n; i++, n++) {
            str id = json_get(&data->v[i], S("id"))->s;
            T(map_get(&seen, id) == NULL);
            map_put(&seen, id, &once);
        }
        const struct json *next = json_get(j, S("next"));
        if (!next || next->t != JT_STR) break;
        cursor = next->s;
    }
    return n;
}

/* A search text in a list or an export gives all that fit, not the best fifty. */
static void all_hits(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    for (int i = 0; i < 130; i++) api_make(t, "person", arena_fmt(cx->a, "%s Lagerhaus %d", i % 2 ? "Nord" : "Süd", i).p, REPA1);
    for (int i = 0; i < 10; i++) api_make(t, "person", "Fremdes Lagerhaus", REPB1);
    api_make(t, "person", "Lagerhaus", REPA1);
    T_INT(walked(t, REPA1, "GET /api/v1/person?q=lagerhaus&limit=20"), 131);
    T_INT(walked(t, REPA1, "GET /api/v1/person?q=lagerhaus&limit=50"), 131);
    T_INT(walked(t, REPA1, "GET /api/v1/person?q=lagerhaus&limit=200"), 131);
    T_INT(walked(t, REPA1, "GET /api/v1/person?q=lagerhaus&limit=7&sort=-name"), 131);
    T_INT(walked(t, REPA1, "GET /api/v1/person?q=nord+lager&limit=33"), 65);
    T_INT(walked(t, REPA1, "GET /api/v1/person?q=la&limit=33"), 131);
    T_INT(walked(t, REPA1, "GET /api/v1/person?limit=20&q=lagerhaus&filter=%7B%22field%22%3A%22name%22%2C%22op%22%3A%22starts%22%2C%22value%22%3A%22nord%22%7D"), 65);
    T_INT(walked(t, ADMIN, "GET /api/v1/person?q=lagerhaus&limit=60"), 141);
    struct answer r = api_call(t, cx->a, ADMIN, S("GET /api/v1/export/person?format=csv&q=lagerhaus"), S(""), S(""));
    int64_t lines = 0;
    for (size_t i = 0; i < r.body.n; i++) lines += r.body.p[i] == '\n';
    T_INT(lines, 142); /* and the headings */
    ROWS(t,
         {REPA1, "GET /api/v1/person?q=lagerhaus&limit=1", NULL, 200, "\"title\":\"Lagerhaus\"|\"next\":\"q1\"", NULL, NULL, NULL}, /* the best first */
         {REPA1, "GET /api/v1/person?q=lagerhaus&limit=1&count=1", NULL, 200, "\"count\":{\"value\":131,\"exact\":true}", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?q=lagerhaus&cursor=q0", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?q=lagerhaus&cursor=rx.1.n", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?q=lagerhaus&sort=name&limit=1", NULL, 200, "Lagerhaus", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/export/person?q=nichtsdergleichen", NULL, 404, NULL, NULL, NULL, NULL});
}

/* A day is the asker's own: by his zone, else by the firm's. */
static void clocks(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    int64_t now = clock_ms(), start = day_start_ms(time_day(now, 840), 840);
    setenv("TZ", "UTC", 1); /* as servers run; the firm is in Germany */
    tzset();
    var_put(t, "first", time_text(cx->a, start));
    var_put(t, "last", time_text(cx->a, start - 1));
    ROWS(t,
         {ADMIN, "POST /api/v1/interaction", "{'subject':'Late','at':'2026-03-10T23:30:00Z'}", 201, NULL, "interaction.create", NULL, NULL},
         {ADMIN, "GET /api/v1/count/interaction?filter={'field':'at','op':'eq','value':'2026-03-11'}", NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$admin", "{'timezone':'UTC'}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "GET /api/v1/count/interaction?filter={'field':'at','op':'eq','value':'2026-03-10'}", NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$admin", "{'timezone':'nowhere'}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "GET /api/v1/count/interaction?filter={'field':'at','op':'eq','value':'2026-03-11'}", NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$admin", "{'timezone':'Pacific/Kiritimati'}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "POST /api/v1/task", "{'subject':'First','due':'$first'}", 201, NULL, "task.create", NULL, NULL},
         {ADMIN, "POST /api/v1/task", "{'subject':'Last','due':'$last'}", 201, NULL, "task.create", NULL, NULL},
         {ADMIN, "GET /api/v1/task?filter={'field':'due','op':'within','value':'today'}", NULL, 200, "First|!Last", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/task?filter={'field':'due','op':'within','value':'yesterday'}", NULL, 200, "Last|!First", NULL, NULL, NULL});
}

/* A04, C12: what may not be read is not included either. */
static void included(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/company", "{'name':'Alpha GmbH','owner':'$repa1'}", 201, NULL, "company.create", "a", NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'CANARY GmbH','owner':'$repb1','team':'$teamb'}", 201, NULL, "company.create", "b", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Anna','company':'$a','owner':'$repa1'}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Bert','company':'$b','owner':'$repa1'}", 201, NULL, "person.create", "q", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Carl','company':'$a','owner':'$repa1'}", 201, NULL, "person.create", "r", NULL},
         {REPA1, "POST /api/v1/task", "{'subject':'Ruf an','person':'$p'}", 201, NULL, "task.create", "task", NULL},
         {ADMIN, "GET /api/v1/person?include=company,owner", NULL, 200, "\"included\":{\"company\":{\"data\":[{|Alpha GmbH|CANARY GmbH|},\"owner\":{\"data\":[{|Rolf Eins", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?include=company", NULL, 200, "\"included\":{\"company\":{\"data\":[{\"id\":\"$a\"|Alpha GmbH|!CANARY", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?include=company,task.person", NULL, 200, "Anna|Alpha GmbH|\"task.person\":{\"data\":[{\"id\":\"$task\"|Ruf an|@ETag: ", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$q?include=company", NULL, 200, "\"included\":{\"company\":{\"data\":[]|!CANARY", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company/$a?include=person.company", NULL, 200, "Anna|Carl|!Bert", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?include=task.person", NULL, 400, "\"field\":\"include\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?include=owner.sessions", NULL, 400, "\"field\":\"include\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?include=role.name", NULL, 400, "\"field\":\"include\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?include=name", NULL, 400, "\"field\":\"include\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?include=company,(select%201)", NULL, 400, "\"field\":\"include\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?include=company&at=2099-01-01T00:00:00Z", NULL, 400, "\"field\":\"include\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'*':{'see':'own','create':'own','change':'own'},'person':{'fields':{'company':'hidden'}}}}", 200, NULL, "role.update", NULL, NULL},
         {REPA1, "GET /api/v1/person?include=company", NULL, 400, "\"field\":\"include\"|!Alpha", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company/$a?include=person.company", NULL, 400, "\"field\":\"include\"", NULL, NULL, NULL});
}

/* One record by the fields that were asked for, today and then, with the records around it as they were. */
static void one_asked(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    ROWS(t,
         {REPA1, "POST /api/v1/company", "{'name':'Alpha GmbH'}", 201, NULL, "company.create", "a", NULL},
         {REPA1, "POST /api/v1/company", "{'name':'Beta GmbH'}", 201, NULL, "company.create", "b", NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'CANARY GmbH','owner':'$repb1','team':'$teamb'}", 201, NULL, "company.create", "c", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Anna','job_title':'Chefin','mails':['a@b.example'],'company':'$a','owner':'$repa1'}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Bert','company':'$c','owner':'$repa1'}", 201, NULL, "person.create", "q", NULL},
         {REPA1, "POST /api/v1/task", "{'subject':'Ruf an','person':'$p'}", 201, NULL, "task.create", "task", NULL});
    var_put(t, "then", time_text(cx->a, clock_ms() + 1000));
    t->ahead_ms = 5000;
    ROWS(t,
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'Leiterin','company':'$b'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/company/$a", "{'name':'Gamma GmbH'}", 200, NULL, "company.update", NULL, NULL},
         {REPA1, "DELETE /api/v1/task/$task", NULL, 204, NULL, "task.delete", NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?fields=job_title", NULL, 200, "\"id\":\"$p\"|\"version\":2|\"title\":\"Anna\"|Leiterin|@ETag: \"2\"|!a@b.example|!Beta", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?fields=name,company.name", NULL, 200, "\"company.name\":\"Beta GmbH\"|!Leiterin", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$q?fields=name,company.name", NULL, 200, "\"company.name\":null|!CANARY", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?fields=job_title&include=company", NULL, 200, "Leiterin|\"included\":{\"company\":{\"data\":[{\"id\":\"$b\"|!a@b.example", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?fields=nosuch", NULL, 400, "\"field\":\"fields\"|!Anna", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$p?fields=name", NULL, 404, "!Anna", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?at=$then&fields=job_title", NULL, 200, "\"title\":\"Anna\"|Chefin|!a@b.example|!Alpha|!@ETag: ", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?at=$then", NULL, 200, "Chefin|a@b.example", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?at=$then&fields=company.name", NULL, 400, "\"field\":\"fields\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?at=$then&include=company,task.person", NULL, 200,
          "Chefin|\"included\":{\"company\":{\"data\":[{\"id\":\"$a\",\"version\":1,\"title\":\"Alpha GmbH\"|\"task.person\":{\"data\":[{\"id\":\"$task\"|Ruf an|!Beta", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$q?at=$then&include=company", NULL, 200, "Bert|\"company\":{\"data\":[]|!CANARY", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?at=$then&include=name", NULL, 400, "\"field\":\"include\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$p?include=task.person", NULL, 200, "\"task.person\":{\"data\":[]", NULL, NULL, NULL});
    t->ahead_ms = 0;
}

void lists_tests(void)
{
    static void (*const all[])(struct api_bed *) = {pages, sorted, abused, linked, huge, found, second_order, all_hits, clocks, included, one_asked, marked_up};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
