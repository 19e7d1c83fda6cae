/* SPDX-License-Identifier: MIT */
/* Several roles a user, filters in roles, teams and branches; the shipped roles by what each of them reaches. */
#include "api_bed.h"
#include "shipped.h"

/* Roles add up: in reach, in fields, in what a filter lets through. */
static void roles_add_up(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/group", "{'name':'Retail'}", 201, NULL, "group.create", "retail", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Rita Retail','groups':['$retail'],'status':'active','job_title':'CANARY buyer','phones':['+49301112223'],'owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "rr", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Willi Whole','owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "ww", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Mina Mine'}", 201, NULL, "person.create", "mm", NULL},
         {ADMIN, "POST /api/v1/role", "{'name':'retail','rights':{'person':{'see':'all','change':'all','create':'all','filter':{'field':'groups','op':'in','value':['$retail']},'fields':{'job_title':'hidden'}}}}", 201, NULL, "role.create", "retailers", NULL},
         {REPA1, "GET /api/v1/person/$rr", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'roles':['$retailers']}", 200, NULL, "user.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$rr", NULL, 200, "Rita Retail|!CANARY", NULL, NULL, NULL}, /* for her by the role that hides it */
         {REPA1, "GET /api/v1/person/$ww", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$mm", NULL, 200, "Mina", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=name", NULL, 200, "Mina|Rita|!Willi", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/count/person", NULL, 200, "2", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=Rita", NULL, 200, "Rita Retail", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/search?q=Willi", NULL, 200, "!Willi W", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/who?number=0301112223", NULL, 200, "Rita Retail", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/duplicates", "{'name':'x','phones':['+49301112223']}", 200, "Rita Retail", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$rr", "{'note':'by a filter'}", 200, NULL, "person.update", "noted", NULL},
         {REPA1, "DELETE /api/v1/person/$rr", NULL, 403, NULL, NULL, NULL, NULL}, /* only his own ones */
         {REPA1, "GET /api/v1/person/$rr/history", NULL, 200, "by a filter|note", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Nobody','owner':'$repb1'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'In Group','owner':'$repb1','groups':['$retail']}", 201, NULL, "person.create", NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$noted.seq'}", 200, NULL, "person.update", NULL, NULL});
    ROWS(t, /* a role that sees as far and without a condition opens the field, one that sees less far does not */
         {ADMIN, "POST /api/v1/role", "{'name':'open','rights':{'person':{'see':'team'}}}", 201, NULL, "role.create", "open", NULL},
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'roles':['$retailers','$open']}", 200, NULL, "user.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$rr", NULL, 200, "!CANARY", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$open", "{'rights':{'person':{'see':'all','export':'team'}}}", 200, NULL, "role.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$rr", NULL, 200, "CANARY", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$rr", "{'job_title':'mine'}", 403, NULL, NULL, NULL, NULL}, /* opened for reading */
         {REPA1, "GET /api/v1/export/person?format=csv", NULL, 200, "Mina|!Rita|!Willi", NULL, NULL, NULL}, /* of all that is seen what may be exported */
         {REPA1, "GET /api/v1/export/person?format=jsonl", NULL, 200, "Mina|!Rita|!Willi", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$mm", "{'owner':'$repb1'}", 403, NULL, NULL, NULL, NULL}, /* hers would be in nobody's reach but the group's */
         {REPA1, "GET /api/v1/person/$mm", NULL, 200, "Mina", NULL, NULL, NULL});
    ROWS(t, /* with the filtered role alone */
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'role':'$retailers','roles':[]}", 200, NULL, "user.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$rr", NULL, 200, "Rita Retail|!CANARY|!job_title", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$rr", NULL, 200, "Rita Retail|!CANARY", NULL, NULL, NULL}, /* from the session kept */
         {REPA1, "GET /api/v1/person/$mm", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/company", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Not in it'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'In it','groups':['$retail']}", 422, NULL, NULL, NULL, NULL}, /* groups are not seen */
         {ADMIN, "PATCH /api/v1/person/$rr", "{'groups':[]}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$rr", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/person/$rr", "{'groups':['$retail']}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$rr", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/role/$retailers", NULL, 204, NULL, "role.delete", NULL, NULL},
         {REPA1, "GET /api/v1/person/$rr", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/role/$retailers/restore", NULL, 200, NULL, "role.restore", NULL, NULL},
         {REPA1, "GET /api/v1/person/$rr", NULL, 200, NULL, NULL, NULL, NULL});
}

/* "me" and the day in a filter are the asker's; one whose field is gone lets nothing through. */
static void filters_of_roles(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'task','kind':'bool','label':'Open house'}", 201, "x_open_house", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/task", "{'subject':'CANARY closed','owner':'$repb1'}", 201, NULL, "task.create", "closed", NULL},
         {ADMIN, "POST /api/v1/task", "{'subject':'open one','owner':'$repb1','x_open_house':true}", 201, NULL, "task.create", "open", NULL},
         {ADMIN, "POST /api/v1/role", "{'name':'house','rights':{'task':{'see':'all','filter':{'field':'x_open_house','op':'eq','value':true}}}}", 201, NULL, "role.create", "house", NULL},
         {ADMIN, "POST /api/v1/role", "{'name':'by me','rights':{'task':{'see':'all','filter':{'field':'created_by','op':'eq','value':'me'}}}}", 201, NULL, "role.create", "byme", NULL},
         {REPA2, "POST /api/v1/task", "{'subject':'made by rita'}", 201, NULL, "task.create", "ritas", NULL},
         {ADMIN, "PATCH /api/v1/task/$ritas", "{'owner':'$repb1'}", 200, NULL, "task.update", NULL, NULL},
         {REPA2, "GET /api/v1/task/$ritas", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'roles':['$house','$byme']}", 200, NULL, "user.update", NULL, NULL},
         {REPA2, "GET /api/v1/task/$ritas", NULL, 200, "made by rita", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/task/$open", NULL, 200, "open one", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/task/$closed", NULL, 404, "!CANARY", NULL, NULL, NULL},
         {REPA2, "PATCH /api/v1/task/$open", "{'subject':'mine'}", 403, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/task", NULL, 200, "open one|made by rita|!CANARY", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/meta/field/task/x_open_house", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/task/$open", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/task/$ritas", NULL, 200, "made by rita", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field/task/x_open_house/restore", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/task/$open", NULL, 200, "open one", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$house", "{'rights':{'task':{'filter':{'field':'nosuch','op':'eq','value':1}}}}", 422, "\"field\":\"rights.task.filter\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$house", "{'rights':{'*':{'filter':{'field':'name','op':'eq','value':'x'}}}}", 422, "\"field\":\"rights.*.filter\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$house", "{'rights':{'user':{'filter':{'field':'name','op':'eq','value':'x'}}}}", 422, "\"field\":\"rights.user.filter\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$house", "{'rights':{'task':{'see':'all','filter':null}}}", 200, NULL, "role.update", NULL, NULL},
         {REPA2, "GET /api/v1/task/$closed", NULL, 200, "CANARY", NULL, NULL, NULL});
}

/* What is remembered of a session points into the description, which may be loaded anew though it stays the same. */
static void description_anew(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'person','kind':'text','label':'Shoe'}", 201, "x_shoe", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/role", "{'name':'shoes','rights':{'person':{'see':'all','filter':{'field':'x_shoe','op':'eq','value':'44'}}}}", 201, NULL, "role.create", "shoes", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Otto','x_shoe':'44'}", 201, NULL, "person.create", "otto", NULL},
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'role':'$shoes'}", 200, NULL, "user.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$otto", NULL, 200, "Otto", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/meta/field/person/x_shoe", "{'kind':'int','dry':true}", 200, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$otto", NULL, 200, "Otto", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person?sort=name", NULL, 200, "Otto", NULL, NULL, NULL});
}

/* Nobody takes the last right to give rights away. */
static void still_ruled(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct answer in = api_call(t, cx->a, ADMIN, S("GET /api/v1/session"), S(""), S(""));
    var_put(t, "me", answer_value(cx, &in, S("user.id")));
    struct answer me = api_call(t, cx->a, ADMIN, api_expand(t, cx->a, "GET /api/v1/user/$me"), S(""), S(""));
    var_put(t, "ruling", answer_value(cx, &me, S("role.id")));
    ROWS(t,
         {ADMIN, "PATCH /api/v1/role/$ruling", "{'rights':{'*':{'see':'all'}}}", 403, "\"code\":\"denied\"", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/role/$ruling", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$me", "{'active':false}", 403, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$me", "{'role':null}", 403, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/user/$me", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$mgra", "{'roles':['$ruling']}", 200, NULL, "user.update", "given", NULL},
         {ADMIN, "PATCH /api/v1/user/$me", "{'role':null}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$me", "{'role':'$ruling'}", 403, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/undo", "{'change':'$given.seq'}", 403, NULL, NULL, NULL, NULL},
         {MGRA, "PATCH /api/v1/user/$me", "{'role':'$ruling'}", 200, NULL, "user.update", NULL, NULL});
}

/* Whose teams: a second one counts like the first, and a branch has those below it. */
static void teams_and_branches(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/branch", "{'name':'Klaipėda','parent':'$branchb'}", 201, NULL, "branch.create", "below", NULL},
         {ADMIN, "POST /api/v1/team", "{'name':'Port','branch':'$below'}", 201, NULL, "team.create", "port", NULL},
         {ADMIN, "POST /api/v1/company", "{'name':'Hafen AG','team':'$port'}", 201, NULL, "company.create", "c", NULL},
         {ADMIN, "POST /api/v1/role", "{'name':'wide','rights':{'company':{'see':'branch','change':'team'}}}", 201, NULL, "role.create", "wide", NULL},
         {REPB1, "GET /api/v1/company/$c", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'roles':['$wide']}", 200, NULL, "user.update", NULL, NULL},
         {REPB1, "GET /api/v1/company/$c", NULL, 200, "Hafen", NULL, NULL, NULL}, /* Vilnius has Klaipėda */
         {REPB1, "PATCH /api/v1/company/$c", "{'name':'Port AG'}", 403, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'teams':['$port']}", 200, NULL, "user.update", NULL, NULL},
         {REPB1, "PATCH /api/v1/company/$c", "{'name':'Port AG'}", 200, NULL, "company.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'teams':[]}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/branch/$below", "{'parent':null}", 200, NULL, "branch.update", NULL, NULL},
         {REPB1, "GET /api/v1/company/$c", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/branch/$below", "{'parent':'$branchb'}", 200, NULL, "branch.update", NULL, NULL},
         {REPB1, "GET /api/v1/company?sort=name", NULL, 200, "Port AG", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'team_of':'$teama','teams':['$teamb']}", 200, NULL, "user.update", NULL, NULL},
         {REPB1, "GET /api/v1/company/$c", NULL, 200, "Port AG", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'teams':[]}", 200, NULL, "user.update", NULL, NULL},
         {REPB1, "GET /api/v1/company/$c", NULL, 404, NULL, NULL, NULL, NULL});
}

/* What another sees, and nothing but that: no write, and for nobody who could not give himself his rights. */
static void shown_as(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/person", "{'name':'CANARY other','owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "other", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Anna own'}", 201, NULL, "person.create", "own", NULL},
         {ADMIN, "GET /api/v1/person", NULL, 200, "Anna own|CANARY", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/person", NULL, 200, "Anna own|!CANARY", NULL, NULL, "X-Kontor-As: $repa1"},
         {ADMIN, "GET /api/v1/person/$other", NULL, 404, "!CANARY", NULL, NULL, "X-Kontor-As: $repa1"},
         {ADMIN, "GET /api/v1/search?q=CANARY", NULL, 200, "!CANARY other", NULL, NULL, "X-Kontor-As: $repa1"},
         {ADMIN, "GET /api/v1/export/person?format=csv", NULL, 403, NULL, NULL, NULL, "X-Kontor-As: $repa1"},
         {ADMIN, "GET /api/v1/meta", NULL, 200, "\"export\":false", NULL, NULL, "X-Kontor-As: $repa1"},
         {ADMIN, "GET /api/v1/session", NULL, 200, "Clara Chefin", NULL, NULL, "X-Kontor-As: $repa1"}, /* he is who he is */
         {ADMIN, "PATCH /api/v1/person/$own", "{'note':'x'}", 403, "\"code\":\"denied\"", NULL, NULL, "X-Kontor-As: $repa1"},
         {ADMIN, "POST /api/v1/person", "{'name':'n'}", 403, NULL, NULL, NULL, "X-Kontor-As: $repa1"},
         {ADMIN, "GET /api/v1/person", NULL, 404, NULL, NULL, NULL, "X-Kontor-As: 17"},
         {ADMIN, "GET /api/v1/person", NULL, 404, NULL, NULL, NULL, "X-Kontor-As: x"},
         {MGRA, "GET /api/v1/person", NULL, 403, "!Anna", NULL, NULL, "X-Kontor-As: $repa1"},
         {ANON, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, "X-Kontor-As: $repa1"},
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'active':false}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "GET /api/v1/person", NULL, 404, NULL, NULL, NULL, "X-Kontor-As: $repa1"});
}

/* ---- the shipped roles ---- */
static str body_of(struct api_bed *t, const char *entity, const char *more)
{
    struct arena *a = t->b.cx.a;
    bool talk = strcmp(entity, "interaction") == 0 || strcmp(entity, "task") == 0, bank = strcmp(entity, "bank_account") == 0;
    return api_expand(t, a, arena_z(a, arena_fmt(a, "{'%s':'DE89370400440532013000'%s}", talk ? "subject" : bank ? "account" : "name", more)));
}

static int status_of(struct api_bed *t, enum actor who, str req, str body)
{
    return api_call(t, t->b.cx.a, who, req, body, S("")).status;
}

static void one_reached(struct api_bed *t, const struct reached *x)
{
    struct cx *cx = &t->b.cx;
    static const char *const owner[] = {"$repa1", "$repa2", "$repb1", "$repb1"}, *const team[] = {"$teama", "$teama", "$teamc", "$teamb"};
    bool seen = x->reach[SEE] != 'n';
    for (int w = 0; w < 4; w++) {
        const char *more = arena_z(cx->a, arena_fmt(cx->a, ",'owner':'%s','team':'%s'", owner[w], team[w]));
        struct answer made = api_call(t, cx->a, ADMIN, arena_fmt(cx->a, "POST /api/v1/%s", x->entity), body_of(t, x->entity, more), S(""));
        str id = answer_value(cx, &made, S("id"));
        T_INT(made.status, 201);
        str at = arena_fmt(cx->a, "/api/v1/%s/%.*s", x->entity, FS(id));
        bool sees = within(x->reach[SEE], w);
        int get = status_of(t, REPA1, arena_fmt(cx->a, "GET %.*s", FS(at)), S(""));
        int patch = status_of(t, REPA1, arena_fmt(cx->a, "PATCH %.*s", FS(at)), body_of(t, x->entity, ""));
        int gone = status_of(t, REPA1, arena_fmt(cx->a, "DELETE %.*s", FS(at)), S(""));
        bool ok = get == (sees ? 200 : 404) && patch == (!sees ? 404 : within(x->reach[CHANGE], w) ? 200 : 403) &&
                  gone == (!sees ? 404 : within(x->reach[DELETE_], w) ? 204 : 403);
        T(ok);
        if (!ok) fprintf(stderr, "  %s %s whose %d: GET %d PATCH %d DELETE %d\n", x->role, x->entity, w, get, patch, gone);
    }
    T_INT(status_of(t, REPA1, arena_fmt(cx->a, "POST /api/v1/%s", x->entity), body_of(t, x->entity, "")), !seen ? 404 : x->reach[CREATE] == 'n' ? 403 : 201);
    T_INT(status_of(t, REPA1, arena_fmt(cx->a, "GET /api/v1/export/%s?format=csv", x->entity), S("")), !seen ? 404 : x->reach[EXPORT] == 'n' ? 403 : 200);
}

static void shipped_roles(struct api_bed *t)
{
    ROWS(t, {ADMIN, "POST /api/v1/team", "{'name':'C','branch':'$brancha'}", 201, NULL, "team.create", "teamc", NULL});
    for (size_t i = 0; i < COUNT(shipped); i++) {
        if (!i || strcmp(shipped[i - 1].role, shipped[i].role) != 0) shipped_give(t, shipped[i].role);
        one_reached(t, &shipped[i]);
    }
    (void)api_events_came(t);
}

void roles_tests(void)
{
    static void (*const all[])(struct api_bed *) = {roles_add_up, filters_of_roles, description_anew, still_ruled, shown_as, teams_and_branches, shipped_roles};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
