/* SPDX-License-Identifier: MIT */
/* Foreign records answer like such that never were, on every route; what is seen but not allowed is 403 (C01-C09, C16). */
#include "api_bed.h"

static str without_id(str body)
{
    ptrdiff_t at = str_find(body, S("\"request_id\""));
    return at < 0 ? body : str_cut(body, 0, (size_t)at);
}

/* $x in a route's text is a foreign record, then one that never was: same status, same body, nothing written. */
static void foreign_is_never(struct api_bed *t)
{
    static const struct {
        const char *req, *body;
    } all[] = {{"GET /api/v1/person/$x", NULL},
               {"GET /api/v1/person/$x?at=2100-01-01T00:00:00Z", NULL},
               {"GET /api/v1/person/$x/history", NULL},
               {"PATCH /api/v1/person/$x", "{'name':'stolen'}"},
               {"PATCH /api/v1/person/$x", "{'owner':'$repa1'}"},
               {"PATCH /api/v1/person/$x", "{'name':'stolen','version':7}"},
               {"PATCH /api/v1/person/$x", "{'nosuch':1}"},
               {"DELETE /api/v1/person/$x", NULL},
               {"POST /api/v1/person/$x/restore", NULL},
               {"POST /api/v1/person/$x/merge", "{'loser':'$mine'}"},
               {"POST /api/v1/person/$mine/merge", "{'loser':'$x'}"},
               {"POST /api/v1/undo", "{'change':'$x.seq'}"},
               {"POST /api/v1/undo", "{'change':'$x.seq','force':true}"},
               {"POST /api/v1/undo", "{'batch':'$x.batch'}"},
               {"GET /api/v1/batch/$x.batch", NULL},
               {"GET /api/v1/file/$x.file", NULL},
               {"GET /api/v1/job/$x.job", NULL},
               {"DELETE /api/v1/job/$x.job", NULL},
               {"POST /api/v1/import/plan", "{'file':'$x.file'}"},
               {"POST /api/v1/import/dry", "{'file':'$x.file'}"},
               {"POST /api/v1/import/run", "{'file':'$x.file'}"},
               {"POST /api/v1/person", "{'name':'n','company':'$x.company'}"},
               {"POST /api/v1/task", "{'subject':'n','person':'$x'}"},
               {"POST /api/v1/person", "{'name':'n','owner':'$x'}"},
               {"GET /api/v1/count/person?filter={'field':'company','op':'eq','value':'$x.company'}", NULL},
               {"GET /api/v1/task?filter={'field':'person','op':'eq','value':'$x'}", NULL},
               {"GET /api/v1/events/$x", NULL}};
    struct cx *cx = &t->b.cx;
    ROWS(t,
         {REPB1, "POST /api/v1/company", "{'name':'CANARY AG'}", 201, NULL, "company.create", "theirfirm", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'CANARY','company':'$theirfirm'}", 201, NULL, "person.create", "their", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'CANARY zwei'}", 201, NULL, "person.create", "their2", NULL},
         {REPB1, "POST /api/v1/person/$their/merge", "{'loser':'$their2'}", 200, NULL, "person.merge person.update", "merged", NULL},
         {REPB1, "GET /api/v1/batch", NULL, 200, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/file?name=a.csv", "Name\nCANARY\n", 201, NULL, NULL, "theirfile", "Content-Type: text/csv"},
         {ADMIN, "POST /api/v1/file?name=a.csv", "Name\nCANARY\n", 201, NULL, NULL, "adminfile", "Content-Type: text/csv"},
         {ADMIN, "POST /api/v1/import/dry", "{'file':'$adminfile','entity':'person'}", 202, NULL, NULL, "adminjob", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'mine'}", 201, NULL, "person.create", "mine", NULL});
    struct answer r = api_call(t, cx->a, REPB1, S("GET /api/v1/batch"), S(""), S(""));
    str batch = answer_value(cx, &r, S("data.0.id"));
    T(batch.n > 0);
    const char *names[] = {"x", "x.seq", "x.batch", "x.file", "x.job", "x.company"};
    str theirs[] = {var_get(t, "their"), var_get(t, "their.seq"), batch, var_get(t, "theirfile"), var_get(t, "adminjob.job"), var_get(t, "theirfirm")};
    str before = api_digest(t, S("session login_attempt security_event"));
    for (size_t i = 0; i < COUNT(all); i++) {
        struct answer got[2];
        for (int k = 0; k < 2; k++) {
            for (size_t n = 0; n < COUNT(names); n++) var_put(t, names[n], k ? S("1234567890123") : theirs[n]);
            got[k] = api_call(t, cx->a, REPA1, api_expand(t, cx->a, all[i].req), all[i].body ? api_expand(t, cx->a, all[i].body) : S(""), S(""));
        }
        bool same = got[0].status == got[1].status && str_eq(without_id(got[0].body), without_id(got[1].body)) && str_find(got[0].body, S("CANARY")) < 0;
        T(same);
        if (!same) fprintf(stderr, "  %s %s\n   foreign %d %.*s\n   never   %d %.*s\n", all[i].req, all[i].body ? all[i].body : "", got[0].status, FS(got[0].body), got[1].status, FS(got[1].body));
    }
    T_STR(api_digest(t, S("session login_attempt security_event")), before);
    T_STR(api_events_came(t), S(""));
    var_put(t, "x", theirs[0]);
    ROWS(t,
         {REPA1, "GET /api/v1/person/$x", NULL, 404, "\"code\":\"not_found\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$their2", NULL, 404, "!CANARY|!@Location: /api", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$their2", NULL, 301, "@Location: /api/v1/person/$their", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/person/$x", NULL, 200, "CANARY", NULL, NULL, NULL});
}

static void seen_not_allowed(struct api_bed *t)
{
    ROWS(t,
         {MGRA, "POST /api/v1/company", "{'name':'Teamfirma'}", 201, NULL, "company.create", "c", NULL},
         {REPA1, "GET /api/v1/company/$c", NULL, 200, "Teamfirma", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/company/$c", "{'name':'meine'}", 403, "\"code\":\"denied\"", NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/company/$c", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$c.seq'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/company", "{'name':'Eigene'}", 201, NULL, "company.create", "o", NULL},
         {REPA1, "DELETE /api/v1/company/$o", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/company/$o/merge", "{'loser':'$c'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/company/$c/merge", "{'loser':'$o'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/group", "{'name':'neu'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/export/person?format=csv", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/meta/field", "{'entity':'person','kind':'text','label':'x'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/meta/entity", "{'label':'x'}", 403, NULL, NULL, NULL, NULL},
         {MGRA, "DELETE /api/v1/meta/entity/person", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'1','batch':'2'}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$o/merge", "{}", 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/company/0$o", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/company/$o", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company/$o/merge", "{'loser':'$o','takes':{}}", 422, "\"field\":\"takes\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company/$o/merge", "{'loser':'$o','take':{'name':'me'}}", 422, "\"field\":\"take\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/company/$o/merge", "{'loser':'$o','take':7}", 422, "\"field\":\"take\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/meta", NULL, 200, "\"export\":false|!\"name\":\"session\"", NULL, NULL, NULL});
}

/* C17: a right taken away counts at the next request. */
static void taken_away(struct api_bed *t)
{
    ROWS(t,
         {REPA2, "POST /api/v1/person", "{'name':'meins'}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'*':{'see':'none'}}}", 200, NULL, "role.update", NULL, NULL},
         {REPA2, "GET /api/v1/person/$p", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/person", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/search?q=meins", NULL, 200, "{\"data\":[]}", NULL, NULL, NULL},
         {REPA2, "POST /api/v1/undo", "{'change':'$p.seq'}", 404, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'active':false}", 200, NULL, "user.update", NULL, NULL},
         {REPA2, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA2, "POST /api/v1/person", "{'name':'x'}", 401, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'active':true}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "DELETE /api/v1/user/$repb1", NULL, 204, NULL, "user.delete", NULL, NULL},
         {REPB1, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, NULL});
}

/* C12: a hidden field is nowhere, nor what is computed from it; one that may only be read is not written. */
static void masked_fields(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'formula','label':'Loud','def':{'op':'upper','of':[{'field':'job_title'}]}}", 201, "x_loud", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'formula','label':'Louder','def':{'op':'concat','of':[{'field':'x_loud'},'!']}}", 201, "x_louder", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'rollup','to':'person','via':'company','label':'Last','def':{'agg':'latest','field':'job_title','by':'created_at'}}", 201, "x_last", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'phones','label':'Privat'}", 201, "x_privat", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'company','kind':'rollup','to':'person','via':'company','label':'Staff','def':{'agg':'count'}}", 201, "x_staff", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Otto','x_privat':['+49307777777'],'owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", NULL, NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Nordwind','owner':'$repb1','team':'$teamb'}", 201, NULL, "company.create", "firm", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Nina','company':'$firm','job_title':'CANARY boss','phones':['+49301234567'],'mails':['nina@x.example'],'owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "nina", NULL},
         {ADMIN, "PATCH /api/v1/person/$nina", "{'job_title':'CANARY two'}", 200, NULL, "person.update", "second", NULL},
         {ADMIN, "POST /api/v1/task", "{'subject':'call','person':'$nina','owner':'$repb1','team':'$teamb'}", 201, NULL, "task.create", NULL, NULL},
         {REPB1, "GET /api/v1/person/$nina", NULL, 200, "CANARY two|x_louder|301234567", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/company/$firm?fields=x_last", NULL, 200, "CANARY", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'*':{'see':'team','create':'team','change':'team','delete':'team','export':'team'},"
          "'person':{'fields':{'job_title':'hidden','phones':'hidden','x_privat':'hidden','mails':'read'}}}}", 200, NULL, "role.update", NULL, NULL},
         {REPB1, "GET /api/v1/person/$nina", NULL, 200, "nina@x.example|!CANARY|!job_title|!x_loud|!301234567", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$nina", NULL, 200, "!CANARY|!301234567", NULL, NULL, NULL}, /* from the session kept */
         {REPB1, "GET /api/v1/company/$firm", NULL, 200, "Nordwind|!CANARY|!x_last", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person?fields=name,x_louder", NULL, 400, "!CANARY", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/task?fields=subject,person.job_title", NULL, 400, "!CANARY", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person?sort=job_title", NULL, 400, NULL, NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person?filter={'field':'job_title','op':'starts','value':'C'}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPB1, "GET /api/v1/count/person?filter={'field':'x_loud','op':'starts','value':'C'}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPB1, "GET /api/v1/task?filter={'link':'person','has':{'field':'job_title','op':'starts','value':'C'}}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPB1, "GET /api/v1/export/person?format=csv", NULL, 200, "nina@x.example|!CANARY|!301234567", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/export/person?format=vcf", NULL, 200, "Nina|!CANARY|!301234567", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/export/person?format=jsonl", NULL, 200, "Nina|!CANARY|!301234567", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/search?q=CANARY", NULL, 200, "!Nina", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/search?q=Nina", NULL, 200, "Nina|!CANARY|!301234567", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person?q=CANARY", NULL, 200, "!Nina", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/who?number=0301234567", NULL, 200, "!Nina", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/duplicates", "{'name':'Zoe','phones':['+49301234567']}", 200, "!Nina", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$nina/history", NULL, 200, "!CANARY|!job_title", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$nina?at=2100-01-01T00:00:00Z", NULL, 200, "Nina|!CANARY|!301234567", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person?at=2100-01-01T00:00:00Z&filter={'field':'job_title','op':'starts','value':'C'}", NULL, 422, NULL, NULL, NULL, NULL},
         {REPB1, "PATCH /api/v1/person/$nina", "{'job_title':'mine'}", 422, "!CANARY", NULL, NULL, NULL},
         {REPB1, "PATCH /api/v1/person/$nina", "{'mails':['eve@x.example']}", 403, "\"code\":\"denied\"", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person", "{'name':'n','mails':['eve@x.example']}", 403, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'change':'$second.seq'}", 403, "!CANARY", NULL, NULL, NULL},
         {REPB1, "PATCH /api/v1/person/$nina", "{'first_name':'Nina-Marie'}", 200, "!CANARY|!301234567", "person.update", NULL, NULL},
         {REPB1, "GET /api/v1/meta", NULL, 200, "!\"job_title\"|!\"x_last\"|!\"x_loud\"", NULL, NULL, NULL});
    ROWS(t,
         {ADMIN, "GET /api/v1/person/$nina", NULL, 200, "CANARY two|CANARY TWO!|301234567", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'*':{'see':'team'},'person':{'see':'team','fields':{'mails':'read','job_title':'write'}}}}", 200, NULL, "role.update", NULL, NULL},
         {REPB1, "GET /api/v1/person/$nina", NULL, 200, "CANARY|301234567", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/who?number=0301234567", NULL, 200, "Nina|Nordwind|\"subject\":\"call\"", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/duplicates", "{'name':'Zoe','phones':['+49307777777']}", 200, "Otto", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'*':{'see':'team'},'person':{'see':'team','fields':{'x_privat':'hidden','company':'hidden'}},'task':{'see':'team','fields':{'person':'hidden'}}}}", 200, NULL, "role.update", NULL, NULL},
         {REPB1, "POST /api/v1/person/duplicates", "{'name':'Zoe','phones':['+49307777777']}", 200, "!Otto", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/who?number=0301234567", NULL, 200, "Nina|!Nordwind|!\"subject\":\"call\"", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/company/$firm?fields=name", NULL, 200, "Nordwind", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/company/$firm?fields=x_staff", NULL, 400, "!Nordwind|!x_staff", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/company/$firm?fields=x_staff", NULL, 200, "\"x_staff\":1", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/meta", NULL, 200, "\"x_loud\"|\"job_title\"|!\"x_staff\"", NULL, NULL, NULL});
}

/* What a role cannot mean is refused, with its place. */
static void rights_of_a_role(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'persn':{'see':'all'}}}", 422, "\"field\":\"rights.persn\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'person':{'look':'all'}}}", 422, "\"field\":\"rights.person.look\"|see, create", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'person':{'see':'everything'}}}", 422, "\"field\":\"rights.person.see\"|none, own", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'person':{'see':1}}}", 422, "\"field\":\"rights.person.see\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'person':'all'}}", 422, "\"field\":\"rights.person\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'person':{'fields':['phones']}}}", 422, "\"field\":\"rights.person.fields\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'person':{'fields':{'fone':'hidden'}}}}", 422, "\"field\":\"rights.person.fields.fone\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'person':{'fields':{'owner':'hidden'}}}}", 422, "\"field\":\"rights.person.fields.owner\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'person':{'fields':{'phones':'secret'}}}}", 422, "write, read, hidden", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'person':{'fields':{'name':'hidden'}}}}", 422, "write, read\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'*':{'fields':{'phones':'hidden'}}}}", 422, "\"field\":\"rights.*.fields\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'sys':['root']}}", 422, "\"field\":\"rights.sys\"|settings, users", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':['see']}", 422, "\"field\":\"rights\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'*':{'see':'own'},'person':{'see':'team','fields':{}},'sys':['log']}}", 200, NULL, "role.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':null}", 200, NULL, "role.update", NULL, NULL});
}

void rights_tests(void)
{
    static void (*const all[])(struct api_bed *) = {foreign_is_never, seen_not_allowed, taken_away, masked_fields, rights_of_a_role};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
