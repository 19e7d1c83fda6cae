/* SPDX-License-Identifier: MIT */
/* Sharing: exactly that record, for exactly that receiver, to see or to change, until its end; and nothing beside. */
#include "acl/acl.h"
#include "api_bed.h"
#include "backup/verify.h"
#include "base/time.h"

/* What `kontor verify` says: shares stand in the log without a version of their own. */
static void in_order(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct verify_report v = {0};
    T_OK(cx, verify_base(cx, t->b.b, NULL, &v));
    T(v.ok);
    for (size_t i = 0; i < v.n; i++) fprintf(stderr, "verify: %.*s %.*s: %.*s\n", FS(v.v[i].what), FS(v.v[i].where), FS(v.v[i].text));
}

/* REPA1 has his own alone; REPB1's team is another. */
static void firm_of_b(struct api_bed *t)
{
    ROWS(t,
         {REPB1, "POST /api/v1/person", "{'name':'CANARY Lena','job_title':'Chefin','phones':['+49301111111'],'owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "x", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'CANARY other','owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "y", NULL},
         {REPB1, "POST /api/v1/task", "{'subject':'CANARY call','person':'$x','owner':'$repb1','team':'$teamb'}", 201, NULL, "task.create", "task", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'mine'}", 201, NULL, "person.create", "mine", NULL});
}

static void to_see(struct api_bed *t)
{
    firm_of_b(t);
    ROWS(t,
         {REPA1, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x/share", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$x/share", "{'to':'$repa1','right':'change'}", 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repb1'}", 422, "\"field\":\"to\"", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$x'}", 422, "\"field\":\"to\"", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','right':'delete'}", 422, "\"field\":\"right\"", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','until':'2020-01-01T00:00:00Z'}", 422, "\"field\":\"until\"", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/user/$repa1/share", "{'to':'$repa2'}", 403, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','why':'holiday'}", 204, "@X-Change: ", "person.share", "s", NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','why':'holiday'}", 204, "!@X-Change: ", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$x/share", NULL, 200, "\"may\":true|Rolf Eins|\"right\":\"see\"|\"until\":null|holiday|Bernd Drei|\"kind\":\"user\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x/share", NULL, 200, "\"may\":false|Rolf Eins", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 200, "CANARY Lena|\"version\":1", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$y", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/task/$task", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/task", NULL, 200, "!CANARY", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x?include=task.person", NULL, 200, "!CANARY call", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?count=1", NULL, 200, "CANARY Lena|mine|!other|\"value\":2", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?shared_with=me&count=1", NULL, 200, "CANARY Lena|!mine|!other|\"value\":1", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?shared_with=me&q=canary", NULL, 200, "CANARY Lena|!mine|!other", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/query", "{'shared_with':'me'}", 200, "CANARY Lena|!mine|!other", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?shared_with=all", NULL, 400, "\"field\":\"shared_with\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person", NULL, 200, "\"value\":2", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=canary", NULL, 200, "CANARY Lena|!other|!call", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=le", NULL, 200, "CANARY Lena|!other", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/who?number=%2B49301111111", NULL, 200, "CANARY Lena", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/duplicates", "{'name':'x','phones':['+49301111111']}", 200, "CANARY Lena", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x/history", NULL, 200, "\"op\":\"share\"|\"share\":{\"to\":|Rolf Eins|\"new\":{\"right\":\"see\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x?at=2100-01-01T00:00:00Z", NULL, 200, "CANARY Lena|\"version\":1", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?at=2100-01-01T00:00:00Z", NULL, 200, "CANARY Lena|!other", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/notice", NULL, 200, "\"kind\":\"shared\"|CANARY Lena|\"right\":\"see\"|Bernd Drei", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/task", "{'subject':'n','person':'$x'}", 201, NULL, "task.create", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'note':'n'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$x", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$x/share", "{'to':'$repa2'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$x/share/$repa1", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/search?q=canary", NULL, 200, "{\"data\":[]}", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "DELETE /api/v1/person/$x/share/$repa2", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "DELETE /api/v1/person/$x/share/$repa1", NULL, 204, "@X-Change: ", "person.share", "gone", NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person", NULL, 200, "!CANARY", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=canary", NULL, 200, "{\"data\":[]}", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/notice", NULL, 200, "!CANARY", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$gone.seq'}", 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'change':'$gone.seq'}", 200, "\"undone\":1", "person.share", NULL, NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 200, "CANARY Lena", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'change':'$s.seq'}", 200, "\"undone\":1", "person.share", "u", NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'batch':'$u.batch'}", 200, "\"undone\":1", "person.share", NULL, NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 200, "CANARY Lena", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','right':'change'}", 204, NULL, "person.share", NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'change':'$s.seq'}", 409, "conflicts", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'change':'$s.seq','force':true}", 200, "\"undone\":1", "person.share", NULL, NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL});
    in_order(t);
}

/* What is lent is not given away, nor taken: not by an owner, a merge, an undo, nor by a key. */
static void to_change(struct api_bed *t)
{
    firm_of_b(t);
    ROWS(t,
         {ADMIN, "POST /api/v1/person", "{'name':'was mine','owner':'$repa1','team':'$teama'}", 201, NULL, "person.create", "w", NULL},
         {ADMIN, "PATCH /api/v1/person/$w", "{'owner':'$repb1','team':'$teamb'}", 200, NULL, "person.update", "given", NULL},
         {REPB1, "POST /api/v1/person/$w/share", "{'to':'$repa1','right':'change'}", 204, NULL, "person.share", NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$given.seq'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$w", "{'owner':'$repa1'}", 403, "\"field\":\"owner\"", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$w", "{'team':'$teama'}", 403, "\"field\":\"owner\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$w/merge", "{'loser':'$mine','take':{'owner':'loser'}}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$mine/merge", "{'loser':'$w'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$w", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$w/share", "{'to':'$repa2'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$w", "{'note':'from a'}", 200, "from a", "person.update", "note", NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$note.seq'}", 200, "\"undone\":1", "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$y", "{'note':'from a'}", 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$w/share", "{'to':'$repa1','right':'see'}", 204, NULL, "person.share", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$w", "{'note':'again'}", 403, NULL, NULL, NULL, NULL});
}

static void until_a_day(struct api_bed *t)
{
    firm_of_b(t);
    str end = time_text(t->b.cx.a, clock_ms() + 3600000);
    var_put(t, "end", end);
    ROWS(t,
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','until':'$end'}", 204, NULL, "person.share", NULL, NULL},
         {REPB1, "POST /api/v1/task/$task/share", "{'to':'$repa1'}", 204, NULL, "task.share", NULL, NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 200, NULL, NULL, NULL, NULL});
    t->ahead_ms = 3600001;
    ROWS(t,
         {REPA1, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person", NULL, 200, "!CANARY", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?shared_with=me", NULL, 200, "{\"data\":[],\"next\":null}", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=canary", NULL, 200, "CANARY call|!Lena", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/task/$task", NULL, 200, "!Lena", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$x/share", NULL, 200, "\"data\":[]", NULL, NULL, NULL});
    t->ahead_ms = 0;
}

/* By a team: who comes into it, and who leaves it. */
static void with_a_team(struct api_bed *t)
{
    firm_of_b(t);
    ROWS(t,
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$teama','right':'change'}", 204, NULL, "person.share", NULL, NULL},
         {REPB1, "GET /api/v1/person/$x/share", NULL, 200, "\"kind\":\"team\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x/share", NULL, 200, "\"kind\":\"team\"", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'note':'a'}", 200, NULL, "person.update", NULL, NULL},
         {REPA2, "GET /api/v1/search?q=canary", NULL, 200, "CANARY Lena|!other", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/notice", NULL, 200, "\"kind\":\"shared\"", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/person", NULL, 200, "CANARY Lena|!other", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/export/person?format=csv", NULL, 200, "!CANARY", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/export/person?format=csv&shared_with=me", NULL, 404, NULL, NULL, NULL, NULL},
         {MGRA, "GET /api/v1/person/$x/archive", NULL, 403, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/person/mass", "{'act':'change','ids':['$x'],'values':{'note':'o'}}", 200, "\"changed\":0", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'team_of':'$teamb'}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/person/$x", "{'team':null,'owner':'$admin'}", 200, NULL, "person.update", NULL, NULL},
         {REPA2, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'teams':['$teama']}", 200, NULL, "user.update", NULL, NULL},
         {REPA2, "GET /api/v1/person/$x", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'team_of':'$teama','teams':null}", 200, NULL, "user.update", NULL, NULL});
}

/* A role that sees nothing of the kind: the one record is there, a hidden field stays hidden. */
static void masks_hold(struct api_bed *t)
{
    firm_of_b(t);
    ROWS(t,
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'*':{'see':'own','create':'own','change':'own'},'person':{'see':'none','create':'none','change':'none','fields':{'job_title':'hidden','phones':'read'}}}}", 200, NULL, "role.update", NULL, NULL},
         {REPA1, "GET /api/v1/person", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','right':'change'}", 204, NULL, "person.share", NULL, NULL},
         {REPA1, "GET /api/v1/person", NULL, 200, "CANARY Lena|!other|!mine|!Chefin", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 200, "301111111|!Chefin", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=chefin", NULL, 200, "{\"data\":[]}", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'job_title':'x'}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'phones':['+49302222222']}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'note':'b'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'n'}", 403, NULL, NULL, NULL, NULL},
         {REPB1, "DELETE /api/v1/person/$x/share/$repa1", NULL, 204, NULL, "person.share", NULL, NULL},
         {REPA1, "GET /api/v1/person", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL});
}

/* A merge hands shares on to the winner, and its undo takes them back; the trash keeps them; who is gone has none. */
static void with_the_record(struct api_bed *t)
{
    firm_of_b(t);
    ROWS(t,
         {REPB1, "POST /api/v1/person/$y/share", "{'to':'$repa1','right':'change','why':'old'}", 204, NULL, "person.share", NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','why':'kept'}", 204, NULL, "person.share", NULL, NULL},
         {REPB1, "POST /api/v1/person/$y/share", "{'to':'$repa2'}", 204, NULL, "person.share", NULL, NULL},
         {REPA2, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/merge", "{'loser':'$y'}", 200, NULL, "person.merge person.update person.share person.share", "m", NULL},
         {REPA2, "GET /api/v1/person/$x", NULL, 200, "CANARY Lena", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/person/$y", NULL, 301, NULL, NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$x/share", NULL, 200, "\"right\":\"change\"|kept|Rita Zwei", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'change':'$m.seq'}", 200, "\"undone\":3", "person.share person.share person.restore", "back", NULL},
         {REPA2, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/person/$y", NULL, 200, NULL, NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$x/share", NULL, 200, "\"right\":\"see\"|kept|!Rita Zwei", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'batch':'$back.batch'}", 200, NULL, "person.merge person.share person.share", "again", NULL},
         {REPA2, "GET /api/v1/person/$x", NULL, 200, NULL, NULL, NULL, NULL},
         {REPB1, "DELETE /api/v1/person/$x", NULL, 204, NULL, "person.delete", NULL, NULL},
         {REPA2, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/person", NULL, 200, "!CANARY", NULL, NULL, NULL},
         {REPA2, "POST /api/v1/person/$x/restore", NULL, 403, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$teama'}", 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/restore", NULL, 200, NULL, "person.restore", NULL, NULL},
         {REPA2, "GET /api/v1/person/$x", NULL, 200, NULL, NULL, NULL, NULL});
    in_order(t);
}

/* Own entities as built-in ones; and a key of the receiver opens no more than it says. */
static void own_entities_and_keys(struct api_bed *t)
{
    struct key k = {.name = S("k"), .scopes = S("read:company")}, p = {.name = S("p"), .scopes = S("read:person write:task")};
    str company = {0}, person = {0};
    struct cx *cx = &t->b.cx;
    firm_of_b(t);
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/entity", "{'label':'Maschine'}", 201, "x_maschine", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/x_maschine", "{'name':'CANARY press'}", 201, NULL, "x_maschine.create", "press", NULL},
         {ADMIN, "POST /api/v1/x_maschine", "{'name':'CANARY drill'}", 201, NULL, "x_maschine.create", "drill", NULL},
         {REPA1, "GET /api/v1/x_maschine/$press", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/x_maschine/$press/share", "{'to':'$repa1'}", 204, NULL, "x_maschine.share", NULL, NULL},
         {REPA1, "GET /api/v1/x_maschine", NULL, 200, "press|!drill", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','right':'change'}", 204, NULL, "person.share", NULL, NULL});
    k.user = p.user = t->who[REPA1].id;
    T_OK(cx, key_new(cx, &k, &company));
    T_OK(cx, key_new(cx, &p, &person));
    str get = arena_fmt(cx->a, "GET /api/v1/person/%.*s", FS(var_get(t, "x"))), patch = arena_fmt(cx->a, "PATCH /api/v1/person/%.*s", FS(var_get(t, "x")));
    str by_company = arena_fmt(cx->a, "Authorization: Bearer %.*s", FS(company)), by_person = arena_fmt(cx->a, "Authorization: Bearer %.*s", FS(person));
    T_INT(api_call(t, cx->a, ANON, get, S(""), by_company).status, 403);
    T_INT(api_call(t, cx->a, ANON, get, S(""), by_person).status, 200);
    T_INT(api_call(t, cx->a, ANON, patch, S("{\"note\":\"k\"}"), by_person).status, 403);
}

/* Peeking: all firms are seen, of those people, interactions and tasks only what is his; and, where a role says so, of all
 * firms the name and the place alone. */
static void peek(struct api_bed *t)
{
    ROWS(t,
         {REPB1, "POST /api/v1/company", "{'name':'Nordwind','note':'CANARY note','addresses':[{'city':'Kiel'}],'mails':['canary@nordwind.example'],'owner':'$repb1','team':'$teamb'}", 201, NULL, "company.create", "c", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'CANARY Lena','company':'$c','owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "x", NULL},
         {REPB1, "POST /api/v1/interaction", "{'subject':'CANARY call','company':'$c','person':'$x','owner':'$repb1','team':'$teamb'}", 201, NULL, "interaction.create", "i", NULL},
         {REPA1, "GET /api/v1/company/$c", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'*':{'see':'own','create':'own','change':'own','delete':'own'},'company':{'see':'all'}}}", 200, NULL, "role.update", NULL, NULL},
         {REPA1, "GET /api/v1/company/$c?include=person.company,interaction.company", NULL, 200, "Nordwind|Kiel|CANARY note|!CANARY Lena|!CANARY call", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/company/$c", "{'note':'mine'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?filter={'field':'company','op':'eq','value':'$c'}", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/interaction?filter={'field':'company','op':'eq','value':'$c'}", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=canary", NULL, 200, "!Lena|!call", NULL, NULL, NULL});
    struct cx *cx = &t->b.cx;
    struct buf b = buf_new(cx->a, 65536);
    const struct entity *e = ENT(cx, "company");
    for (size_t i = F_SYSTEM_N; i < e->n; i++) {
        const struct field *f = &e->f[i];
        if (i == e->title || str_eq(f->name, S("addresses")) || f->hidden || f->trashed) continue;
        buf_fmt(&b, "%s\"%.*s\":\"hidden\"", b.n ? "," : "", FS(f->name));
    }
    var_put(t, "hidden", buf_str(&b));
    ROWS(t,
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'*':{'see':'own','create':'own','change':'own','delete':'own'},'company':{'see':'all','fields':{$hidden}}}}", 200, NULL, "role.update", NULL, NULL},
         {REPA1, "GET /api/v1/company/$c", NULL, 200, "Nordwind|Kiel|!CANARY|!canary", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company?fields=name,note", NULL, 400, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company/$c/history", NULL, 200, "!CANARY|!canary", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=canary", NULL, 200, "{\"data\":[]}", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=nordwind", NULL, 200, "Nordwind|!canary", NULL, NULL, NULL});
}

/* ---- beside roles ---- */
#define OWN_BUT(person) "{'rights':{'*':{'see':'own','create':'own','change':'own','delete':'own'},'person':{" person "}}}"

/* What is lent does not become his by a change that makes it fit his role. */
static void role_with_a_condition(struct api_bed *t)
{
    firm_of_b(t);
    ROWS(t,
         {ADMIN, "PATCH /api/v1/role/$rolerep", OWN_BUT("'see':'all','create':'all','change':'all','delete':'all','export':'all','filter':{'field':'status','op':'eq','value':'lost'}"), 200, NULL, "role.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/person/$x", "{'status':'lost'}", 200, NULL, "person.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/person/$x", "{'status':'active','note':'n'}", 200, NULL, "person.update", "was", NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','right':'change'}", 204, NULL, "person.share", NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$was.seq'}", 403, NULL, "", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'status':'lost'}", 403, NULL, "", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'status':'dormant','note':'o'}", 200, "\"dormant\"", "person.update", NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$x", NULL, 403, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/person/$x/share", "{'to':'$repa2'}", 403, NULL, "", NULL, NULL},
         {REPB1, "PATCH /api/v1/person/$x", "{'status':'lost'}", 200, NULL, "person.update", NULL, NULL}, /* another lets him */
         {REPA1, "PATCH /api/v1/person/$x", "{'note':'p'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'status':'active'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'status':'lost'}", 403, NULL, "", NULL, NULL},
         {REPB1, "PATCH /api/v1/person/$x", "{'status':'lost'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$x", NULL, 204, NULL, "person.delete", NULL, NULL});
}

/* A share to see opens nothing of a role that does more than it sees. */
static void role_does_more_than_it_sees(struct api_bed *t)
{
    firm_of_b(t);
    ROWS(t,
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'*':{'see':'own','create':'own','change':'own','export':'all'},'person':{'change':'all','delete':'all','export':'all','mass':'all'},'sys':['privacy']}}", 200, NULL, "role.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1'}", 204, NULL, "person.share", NULL, NULL},
         {REPA1, "GET /api/v1/person/$x", NULL, 200, "CANARY Lena", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'note':'n'}", 403, NULL, "", NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$x", NULL, 403, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/person/$x/share", "{'to':'$repa2'}", 403, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/person/$mine/merge", "{'loser':'$x'}", 403, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/person/$x/erase", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x/archive", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/export/person?format=csv", NULL, 200, "mine|!CANARY", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/export/task?format=csv&fields=subject,person.name", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/mass", "{'act':'change','ids':['$x'],'values':{'note':'o'}}", 200, "\"changed\":0", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/mass", "{'act':'delete','ids':['$x']}", 200, "\"changed\":0", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','right':'change'}", 204, NULL, "person.share", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'note':'n'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'owner':'$repa1'}", 403, NULL, "", NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$x", NULL, 403, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/person/$x/share", "{'to':'$repa2'}", 403, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/export/person?format=csv", NULL, 200, "mine|!CANARY", NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$mine", NULL, 204, NULL, "person.delete", NULL, NULL});
}

/* Neither many records at once, nor words on others, by one that may be changed. */
static void role_that_changes_nothing(struct api_bed *t)
{
    firm_of_b(t);
    ROWS(t,
         {ADMIN, "PATCH /api/v1/role/$rolerep", OWN_BUT("'see':'all','create':'none','change':'none','delete':'none','mass':'all'"), 200, NULL, "role.update", NULL, NULL},
         {REPA1, "POST /api/v1/person/duplicates/reject", "{'a':'$x','b':'$y'}", 403, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','right':'change'}", 204, NULL, "person.share", NULL, NULL},
         {REPA1, "POST /api/v1/person/duplicates/reject", "{'a':'$mine','b':'$y'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/person/duplicates/reject", "{'a':'$mine','b':'$y'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/duplicates/reject", "{'a':'$x','b':'$y'}", 204, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/mass", "{'act':'change','ids':['$x'],'values':{'note':'o'}}", 403, NULL, "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$rolerep", OWN_BUT("'see':'all','create':'own','change':'own','mass':'all'"), 200, NULL, "role.update", NULL, NULL},
         {REPA1, "POST /api/v1/person/mass", "{'act':'change','ids':['$x','$mine'],'values':{'note':'o'}}", 200, "\"changed\":1|\"refused\":1|not do that with it", "person.update", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$x", "{'note':'o'}", 200, NULL, "person.update", NULL, NULL});
}

/* The history tells a receiver of his own shares alone, as the list of them does. */
static void history_of_shares(struct api_bed *t)
{
    firm_of_b(t);
    ROWS(t,
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','why':'SECRET why'}", 204, NULL, "person.share", NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$teama','why':'for the team'}", 204, NULL, "person.share", NULL, NULL},
         {REPA2, "GET /api/v1/person/$x/share", NULL, 200, "for the team|!SECRET|!Rolf", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/person/$x/history", NULL, 200, "for the team|!SECRET|!Rolf", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$x/history", NULL, 200, "for the team|SECRET|Rolf", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/person/$x/history", NULL, 200, "for the team|SECRET|Rolf", NULL, NULL, NULL});
}

/* ---- what holds for giving holds for giving back ---- */
static enum err crowd_in(struct cx *cx, void *arg)
{
    const struct api_bed *t = arg;
    for (int i = 0; i < 200; i++)
        TRY(db_exec(cx, NULL,
                    "INSERT INTO share (record, receiver, entity, may_change, until, why, given_by, at)"
                    " VALUES (CAST($1 AS BIGINT), $2, 'person', 0, $3, '', 0, 0)",
                    V(var_get(t, "y")), V(1000 + i), V(INT64_MAX)));
    return E_OK;
}

static void giving_back(struct api_bed *t)
{
    firm_of_b(t);
    ROWS(t,
         {REPB1, "POST /api/v1/person/$y/share", "{'to':'$repa2'}", 204, NULL, "person.share", NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/merge", "{'loser':'$y'}", 200, NULL, "person.merge person.update person.share", "m", NULL},
         {REPB1, "POST /api/v1/undo", "{'change':'$m.seq'}", 200, "\"undone\":2", "person.share person.restore", "back", NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'active':false}", 200, NULL, "user.update", NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'batch':'$back.batch'}", 200, "\"undone\":1|no such colleague", "person.merge", "again", NULL}, /* the rest comes again */
         {REPB1, "GET /api/v1/person/$x/share", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'batch':'$again.batch'}", 200, "\"undone\":1", "person.restore", NULL, NULL},
         {REPB1, "DELETE /api/v1/person/$y/share/$repa2", NULL, 204, NULL, "person.share", "gone", NULL},
         {REPB1, "POST /api/v1/undo", "{'change':'$gone.seq'}", 422, "\"field\":\"to\"|no such colleague", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'active':true}", 200, NULL, "user.update", NULL, NULL});
    T_OK(&t->b.cx, db_write(&t->b.cx, crowd_in, t));
    ROWS(t,
         {REPB1, "POST /api/v1/undo", "{'change':'$gone.seq'}", 413, "at most 200", "", NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$teama'}", 204, NULL, "person.share", NULL, NULL},
         {REPB1, "POST /api/v1/person/$x/merge", "{'loser':'$y'}", 413, "at most 200", "", NULL, NULL},
         {REPB1, "GET /api/v1/person/$y", NULL, 200, NULL, NULL, NULL, NULL});
}

static int64_t shares_kept(struct api_bed *t)
{
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT count(*) FROM share"));
    return db_int(&r, 0, 0);
}

static enum err end_one(struct cx *cx, void *arg)
{
    const struct api_bed *t = arg;
    return db_exec(cx, NULL, "UPDATE share SET until = $1 WHERE receiver = $2", V(cx->now_ms - 1), V(t->who[REPA1].id));
}

/* What is over is taken out of the base once a day, and nobody is asked whether he has changed it since. */
static void over_and_gone(struct api_bed *t)
{
    firm_of_b(t);
    var_put(t, "end", time_text(t->b.cx.a, clock_ms() + 3600000));
    ROWS(t,
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1','until':'$end'}", 204, NULL, "person.share", "s", NULL},
         {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa2'}", 204, NULL, "person.share", NULL, NULL});
    struct cx cx = t->b.cx;
    cx.app = t->app;
    cx.now_ms = clock_ms();
    T_OK(&cx, api_tidy(&cx));
    T_INT(shares_kept(t), 2);
    T_OK(&cx, db_write(&cx, end_one, t));
    T_OK(&cx, api_tidy(&cx));
    T_INT(shares_kept(t), 1);
    t->ahead_ms = 3600001;
    ROWS(t,
         {REPA2, "GET /api/v1/person/$x", NULL, 200, NULL, NULL, NULL, NULL},
         {REPB1, "DELETE /api/v1/person/$x/share/$repa1", NULL, 404, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/undo", "{'change':'$s.seq'}", 200, "\"undone\":0", "", NULL, NULL},
         {REPB1, "GET /api/v1/person/$x/history", NULL, 200, "Rolf Eins", NULL, NULL, NULL});
    t->ahead_ms = 0;
}

/* ---- how it is found ---- */
/* Without a walk over all rows wherever there is another way: the plan hangs on no statistics then. */
static enum err plan_maker(struct cx *cx, void *arg)
{
    (void)arg;
    return db_ddl(cx, S("CREATE FUNCTION plan_of(q text) RETURNS SETOF text LANGUAGE plpgsql AS $$BEGIN"
                        " PERFORM set_config('enable_seqscan', 'off', true);"
                        " RETURN QUERY EXECUTE 'EXPLAIN ' || q; END$$"));
}

/* The text with its values in it. */
static str spelled(struct cx *cx, const struct sql *q)
{
    str text = buf_str(&q->text);
    struct buf b = buf_new(cx->a, 65536);
    for (size_t i = 0; i < text.n; i++) {
        size_t at = 0;
        if (text.p[i] != '$') {
            buf_byte(&b, text.p[i]);
            continue;
        }
        while (i + 1 < text.n && text.p[i + 1] >= '0' && text.p[i + 1] <= '9') at = at * 10 + (size_t)(text.p[++i] - '0');
        const struct db_val *v = &q->v.v[at - 1];
        if (v->t == DB_INT) buf_fmt(&b, "%" PRId64, v->i);
        else buf_fmt(&b, "'%.*s'", FS(v->s));
    }
    return buf_str(&b);
}

/* PostgreSQL takes the owner's index and the shares' records together. */
static void by_index(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct acl *acl = NULL;
    firm_of_b(t);
    ROWS(t, {REPB1, "POST /api/v1/person/$x/share", "{'to':'$repa1'}", 204, NULL, "person.share", NULL, NULL});
    if (!db_is_pg(&cx)) return;
    cx.now_ms = clock_ms();
    T_OK(&cx, acl_load(&cx, t->who[REPA1].id, &acl));
    cx.acl = acl;
    struct sql q = sql_new(&cx);
    struct db_rows r = {0};
    sql_lit(&q, "SELECT t.note FROM person t WHERE ");
    acl_where(&cx, ENT(&cx, "person"), ACT_SEE, S("t"), &q);
    T_OK(&cx, db_write(&cx, plan_maker, NULL));
    T_OK(&cx, db_query(&cx, &r, "SELECT plan_of($1)", V(spelled(&cx, &q))));
    struct buf plan = buf_new(cx.a, 65536);
    for (size_t i = 0; i < r.n; i++) buf_fmt(&plan, "%.*s\n", FS(db_str(&r, i, 0)));
    bool good = str_find(buf_str(&plan), S("BitmapOr")) >= 0 && str_find(buf_str(&plan), S("SubPlan")) < 0;
    T(good);
    if (!good) fprintf(stderr, "%.*s", FS(buf_str(&plan)));
}

void sharing_tests(void)
{
    static void (*const all[])(struct api_bed *t) = {to_see, to_change, until_a_day, with_a_team, with_the_record, own_entities_and_keys, masks_hold, peek,
                                                     role_with_a_condition, role_does_more_than_it_sees, role_that_changes_nothing, history_of_shares,
                                                     giving_back, over_and_gone, by_index};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
