/* SPDX-License-Identifier: MIT */
/* C03: many records at one stroke. Each has its own fate, nobody touches what he may not, one undo takes all back. */
#include "api_bed.h"

static void each_its_fate(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'Eins'}", 201, NULL, "person.create", "a", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Zwei'}", 201, NULL, "person.create", "b", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'CANARY fremd'}", 201, NULL, "person.create", "far", NULL},
         {REPA1, "POST /api/v1/person/bulk",
          "{'items':[{'op':'create','values':{'name':'Drei','mails':['drei@b.example']}},{'op':'change','id':'$a','version':1,'values':{'job_title':'Chef'}},"
          "{'op':'change','id':'$a','values':{'job_title':'Chef'}},{'op':'change','id':'$a','version':1,'values':{'job_title':'Koch'}},{'op':'delete','id':'$b'},"
          "{'op':'restore','id':'$b'},{'op':'change','id':'$far','values':{'note':'x'}},{'op':'delete','id':'$far'},{'op':'change','id':'$a','values':{'birthday':'gestern nicht'}},"
          "{'op':'change','id':'$a','values':{'nosuch':1}},{'op':'change','values':{'note':'x'}},{'op':'explode'},5,{'op':'create'},{'op':'create','values':{}}]}",
          200, "{\"outcome\":\"created\"|\"version\":2|{\"outcome\":\"unchanged\"|\"code\":\"conflict\"|{\"outcome\":\"deleted\"|{\"outcome\":\"restored\"|\"status\":404|"
               "\"field\":\"birthday\"|\"field\":\"nosuch\"|\"field\":\"id\"|\"field\":\"op\"|\"field\":\"values\"|"
               "\"counts\":{\"refused\":10,\"created\":1,\"changed\":1,\"unchanged\":1,\"deleted\":1,\"restored\":1}|!CANARY",
          "person.create person.update person.delete person.restore", "bulk", NULL},
         {REPA1, "GET /api/v1/person/$a", NULL, 200, "Chef", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$far", NULL, 200, "\"version\":1|\"note\":null", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/batch/$bulk.batch", NULL, 200, "\"title\":\"bulk\"|\"state\":\"done\"|\"update\":1", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$bulk.batch'}", 200, "\"undone\":4", "person.delete person.restore person.update person.delete", NULL, NULL},
         {REPA1, "GET /api/v1/person/$a", NULL, 200, "\"job_title\":null", NULL, NULL, NULL});
}

static void all_or_nothing(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'Eins'}", 201, NULL, "person.create", "a", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'fremd'}", 201, NULL, "person.create", "far", NULL},
         {REPA1, "POST /api/v1/person/bulk", "{'atomic':true,'items':[{'op':'create','values':{'name':'Drei'}},{'op':'change','id':'$a','values':{'birthday':'x'}}]}", 422,
          "\"field\":\"items.1.birthday\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/bulk", "{'atomic':true,'items':[{'op':'create','values':{'name':'Drei'}},{'op':'delete','id':'$far'}]}", 404, "\"field\":\"items.1\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/bulk", "{'atomic':true,'items':[{'op':'create','values':{'name':'Drei'}},{'op':'delete','id':'$a'}]}", 200, NULL, "person.create person.delete", NULL, NULL},
         {REPA1, "POST /api/v1/person/bulk", "{'items':[{'op':'delete','id':'$a'}]}", 200, "\"batch\":null|\"refused\":1", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/bulk", "{'items':[]}", 422, "\"field\":\"items\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/bulk", "{'items':{}}", 422, "\"field\":\"items\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/bulk", "{}", 422, "\"field\":\"items\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/role/bulk", "{'items':[{'op':'create','values':{'name':'x'}}]}", 200, "\"refused\":1|\"code\":\"denied\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/nosuch/bulk", "{'items':[{'op':'create','values':{'name':'x'}}]}", 404, NULL, NULL, NULL, NULL},
         /* J04: once for ever by its key */
         {REPA1, "POST /api/v1/person/bulk", "{'items':[{'op':'create','values':{'name':'Vier'}}]}", 200, "\"created\":1", "person.create", NULL, "Idempotency-Key: bulk"},
         {REPA1, "POST /api/v1/person/bulk", "{'items':[{'op':'create','values':{'name':'Vier'}}]}", 200, "\"created\":1", NULL, NULL, "Idempotency-Key: bulk"},
         {REPA1, "POST /api/v1/person/bulk", "{'items':[{'op':'create','values':{'name':'Fünf'}}]}", 422, NULL, NULL, NULL, "Idempotency-Key: bulk"},
         {REPA1, "GET /api/v1/person?q=Vier&count=1", NULL, 200, "\"value\":1", NULL, NULL, NULL});
    struct buf b = buf_new(t->b.cx.a, 1 << 16);
    buf_add(&b, S("{\"items\":["));
    for (int i = 0; i < 201; i++) buf_fmt(&b, "%s{\"op\":\"delete\",\"id\":\"1\"}", i ? "," : "");
    buf_add(&b, S("]}"));
    T_INT(api_call(t, t->b.cx.a, REPA1, S("POST /api/v1/person/bulk"), buf_str(&b), S("")).status, 422);
}

static void by_foreign_keys(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "GET /api/v1/company/by/shop/4711", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "PUT /api/v1/company/by/shop/4711", "{'name':'Laden'}", 412, NULL, NULL, NULL, "If-Match: \"1\""},
         {REPA1, "PUT /api/v1/company/by/shop/4711", "{'name':'Laden'}", 201, "Laden|\"version\":1|@Location: /api/v1/company/", "company.create", "c", NULL},
         {REPA1, "PUT /api/v1/company/by/shop/4711", "{'name':'Laden'}", 200, "\"version\":1", NULL, NULL, NULL},
         {REPA1, "PUT /api/v1/company/by/shop/4711", "{'name':'Kaufhaus'}", 200, "Kaufhaus|\"id\":\"$c\"|\"version\":2", "company.update", NULL, NULL},
         {REPA1, "PUT /api/v1/company/by/shop/4711", "{'name':'alt'}", 412, NULL, NULL, NULL, "If-Match: \"1\""},
         {REPA1, "PUT /api/v1/company/by/shop/4711", "{'name':'alt','version':1}", 409, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company/by/shop/4711", NULL, 200, "Kaufhaus|@ETag: \"2\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company/by/datev/4711", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/by/shop/4711", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "PUT /api/v1/company/by/Shop!/4711", "{'name':'x'}", 422, "\"field\":\"system\"", NULL, NULL, NULL},
         {REPA1, "PUT /api/v1/company/by/shop/a%2Fb", "{'name':'x'}", 400, NULL, NULL, NULL, NULL}, /* such a key goes by bulk */
         {REPA1, "POST /api/v1/company/bulk", "{'items':[{'op':'upsert','system':'shop','key':'a/b','values':{'name':'Schräg'}},{'op':'upsert','system':'shop','key':'a\\u0001b','values':{'name':'x'}}]}", 200,
          "\"created\":1|\"refused\":1|\"field\":\"key\"", "company.create", NULL, NULL},
         {REPA1, "PUT /api/v1/company/by/shop/" "%D0%9A%D0%BB%D1%8E%D1%87%201", "{'name':'Kyrillisch'}", 201, "Kyrillisch", "company.create", NULL, NULL},
         {REPA1, "PUT /api/v1/company/by/shop/x", "{'nosuch':'x'}", 422, "nosuch", NULL, NULL, NULL},
         /* another's: neither read nor changed nor made twice */
         {REPB1, "GET /api/v1/company/by/shop/4711", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "PUT /api/v1/company/by/shop/4711", "{'name':'geklaut'}", 409, "\"field\":\"key\"|!Kaufhaus", NULL, NULL, NULL},
         {REPB1, "DELETE /api/v1/company/by/shop/4711", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "GET /api/v1/company/$c/external", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/company/$c/external", "{'system':'shop','key':'9'}", 404, NULL, NULL, NULL, NULL},
         {REPB1, "DELETE /api/v1/company/$c/external/shop/4711", NULL, 404, NULL, NULL, NULL, NULL},
         /* several names */
         {REPA1, "POST /api/v1/company/$c/external", "{'system':'datev','key':'70001'}", 204, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/company/$c/external", "{'system':'datev','key':'70001'}", 204, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company/$c/external", NULL, 200, "{\"system\":\"datev\",\"key\":\"70001\"},{\"system\":\"shop\",\"key\":\"4711\"}", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/company", "{'name':'Zweite'}", 201, NULL, "company.create", "d", NULL},
         {REPA1, "POST /api/v1/company/$d/external", "{'system':'datev','key':'70001'}", 409, "\"field\":\"key\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/company/$d/external", "{'system':'','key':'70001'}", 422, "\"field\":\"system\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/company/$d/external", "{'system':'datev'}", 422, "\"field\":\"key\"", NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/company/$d/external/datev/70001", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/company/$c/external/datev/70001", NULL, 204, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/company/$d/external", "{'system':'datev','key':'70001'}", 204, NULL, NULL, NULL, NULL},
         /* the name goes on to the winner of a merge */
         {MGRA, "POST /api/v1/company/$c/merge", "{'loser':'$d'}", 200, NULL, "company.merge company.update", NULL, NULL},
         {REPA1, "GET /api/v1/company/by/datev/70001", NULL, 200, "\"id\":\"$c\"", NULL, NULL, NULL},
         {REPA1, "PUT /api/v1/company/by/datev/70001", "{'name':'Vereint'}", 200, "\"id\":\"$c\"|Vereint", "company.update", NULL, NULL},
         {MGRA, "DELETE /api/v1/company/by/shop/4711", NULL, 204, NULL, "company.delete", NULL, NULL},
         {REPA1, "PUT /api/v1/company/by/shop/4711", "{'name':'aus dem Papierkorb'}", 409, "trash", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company/by/shop/4711", NULL, 404, NULL, NULL, NULL, NULL});
}

static void upserts(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/company/bulk",
          "{'items':[{'op':'upsert','system':'shop','key':'1','values':{'name':'Eins'}},{'op':'upsert','system':'shop','key':'1','values':{'name':'Eins','note':'x'}},"
          "{'op':'upsert','system':'shop','key':'1','values':{'note':'x'}},{'op':'upsert','system':'shop','values':{'name':'x'}},{'op':'upsert','system':'shop','key':'2','values':{}}]}",
          200, "\"created\":1,\"changed\":1,\"unchanged\":1|\"refused\":2|\"field\":\"key\"|\"field\":\"name\"", "company.create company.update", "bulk", NULL},
         {REPA1, "GET /api/v1/company/by/shop/1", NULL, 200, "Eins", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company/by/shop/2", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/company/bulk", "{'items':[{'op':'upsert','system':'shop','key':'1','values':{'name':'geklaut'}}]}", 200, "\"refused\":1|\"field\":\"key\"", NULL, NULL, NULL});
}

static void at_once(struct api_bed *t)
{
    ROWS(t,
         {MGRA, "POST /api/v1/person", "{'name':'Anna','job_title':'Koch'}", 201, NULL, "person.create", "a", NULL},
         {MGRA, "POST /api/v1/person", "{'name':'Bert','job_title':'Koch'}", 201, NULL, "person.create", "b", NULL},
         {MGRA, "POST /api/v1/person", "{'name':'Carl','job_title':'Chef'}", 201, NULL, "person.create", "c", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'CANARY','job_title':'Koch'}", 201, NULL, "person.create", "far", NULL},
         {REPA1, "POST /api/v1/person/mass", "{'act':'change','ids':['$a'],'values':{'note':'x'}}", 403, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'ids':['$a'],'values':{'note':'x'}}", 422, "\"field\":\"act\"", NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','ids':['$a']}", 422, "\"field\":\"values\"", NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','ids':['$a'],'values':{}}", 422, "\"field\":\"values\"", NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','ids':['$a'],'values':{'created_by':'1'}}", 422, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','values':{'note':'x'}}", 422, "filter", NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','ids':['$a'],'filter':{},'values':{'note':'x'}}", 422, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','ids':['x'],'values':{'note':'x'}}", 422, "\"field\":\"ids\"", NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','filter':{'field':'nosuch','op':'eq','value':1},'values':{'note':'x'}}", 422, "nosuch", NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','filter':{'field':'job_title','op':'eq','value':'Koch'},'values':{'job_title':'Köchin'}}", 200,
          "\"changed\":2,\"unchanged\":0,\"refused\":0|!CANARY", "person.update person.update", "m", NULL},
         {REPB1, "GET /api/v1/person/$far", NULL, 200, "\"job_title\":\"Koch\"|\"version\":1", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/person/$c", NULL, 200, "Chef", NULL, NULL, NULL},
         {MGRA, "POST /api/v1/undo", "{'batch':'$m.batch'}", 200, "\"undone\":2", "person.update person.update", NULL, NULL},
         {MGRA, "GET /api/v1/person/$a", NULL, 200, "Koch", NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'delete','ids':['$a','$far','$b','1']}", 200, "\"changed\":2|\"reasons\":[]", "person.delete person.delete", "d", NULL},
         {REPB1, "GET /api/v1/person/$far", NULL, 200, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'delete','ids':['$a','$far']}", 200, "\"changed\":0|\"batch\":null", NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'restore','ids':['$a','$b']}", 200, "\"changed\":2", "person.restore person.restore", NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','filter':{},'q':'Carl','values':{'job_title':'Direktor'}}", 200, "\"changed\":1", "person.update", NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','filter':null,'values':{'mails':['gleich@b.example']}}", 200, "\"refused\":0|\"changed\":3", "person.update person.update person.update", NULL,
          "Idempotency-Key: mass"},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','filter':null,'values':{'mails':['gleich@b.example']}}", 200, "\"changed\":3", NULL, NULL, "Idempotency-Key: mass"});
}

void bulk_tests(void)
{
    static void (*const all[])(struct api_bed *) = {each_its_fate, all_or_nothing, by_foreign_keys, upserts, at_once};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
