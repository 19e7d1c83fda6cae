/* SPDX-License-Identifier: MIT */
/* O4: what bears on security stands in the security log, without the secrets; a refusal is counted, not told one by one
 * (I07); only who may read the log reads it. */
#include "api_bed.h"
#include "audit/audit.h"
#include "backup/daily.h"
#include "base/time.h"

#include <unistd.h>

static int64_t events(struct api_bed *t, const char *kind)
{
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM security_event WHERE kind = $1", V(str_from(kind))));
    return db_int(&r, 0, 0);
}

static int64_t rows_of(struct api_bed *t)
{
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT count(*) FROM security_event"));
    return db_int(&r, 0, 0);
}

static void flush(struct api_bed *t) { T_OK(&t->b.cx, tally_flush(&t->b.cx, t->app->tally)); }

#define PW "korrekt-pferd-batterie"
static void doors(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/user", "{'name':'Svea Neu','mail':'svea@mueller.example','role':'$rolerep'}", 201, NULL, "user.create", "svea", NULL},
         {ADMIN, "POST /api/v1/account/$svea/password", "{'password':'Erstes-Wort-1'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=password.set", NULL, 200, "password.set|Svea|203.0.113.7|!Erstes", "", NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':'svea@mueller.example','password':'geraten-7'}", 401, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=login.failed", NULL, 200, "login.failed|\"by\":\"password\"|Svea|!geraten", "", NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':'niemand@mueller.example','password':'geraten-7'}", 401, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=login.failed", NULL, 200, "\"who\":null|!niemand|!geraten", "", NULL, NULL},
         {ANON, "POST /api/v1/session", "{'mail':'clara@mueller.example','password':'" PW "'}", 200, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=login", NULL, 200, "\"kind\":\"login\"|Clara", "", NULL, NULL},
         {ADMIN, "POST /api/v1/session/proof", "{'password':'" PW "'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/key", "{'name':'Geheimer Name','scopes':['read'],'role':'$rolerep'}", 201, NULL, "", "k", NULL},
         {ADMIN, "DELETE /api/v1/key/$k", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=key", NULL, 200, "key.made|key.ended|!Geheimer|!kontor_", "", NULL, NULL},
         {ADMIN, "POST /api/v1/block", "{'addr':'192.0.2.1','why':'Frau Meier war es'}", 201, NULL, "", "b", NULL},
         {ADMIN, "DELETE /api/v1/block/$b", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=address", NULL, 200, "address.blocked|192.0.2.1|address.freed|!Meier", "", NULL, NULL},
         {ADMIN, "PUT /api/v1/signup/rules", "{'open':false}", 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=setting.changed", NULL, 200, "\"detail\":{\"what\":\"signup\"}|\"text\":\"Einstellung geändert\"|\"told\":\"welche: Registrierung\"", "", NULL, NULL},
         {REPB1, "DELETE /api/v1/session", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=logout&user=$repb1", NULL, 200, "\"kind\":\"logout\"", "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/account/$svea/factor", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?user=$svea&kind=factor", NULL, 200, "factor.reset|Svea", "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/session/list", NULL, 204, NULL, "", NULL, NULL});
    T(events(t, "session.ended") >= 1);
}

static int64_t one(struct api_bed *t, str sql)
{
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_run(&t->b.cx, &r, NULL, sql, NULL, 0));
    return r.n ? db_int(&r, 0, 0) : -1;
}

static void taken_out(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/person", "{'name':'Zora Kanarienvogel','mails':['zora@kanarie.example']}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "GET /api/v1/export/person?format=csv&filter={'field':'name','op':'contains','value':'Kanarien'}", NULL, 200, "Zora", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=export", NULL, 200, "export.begun|export.done|\"format\":\"csv\"|\"filter\":[\"name\"]|\"entity\":\"person\"|\"n\":1|!Kanarien|!Zora", "", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$p/archive", NULL, 200, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=archive.made", NULL, 200, "archive.made|\"detail\":{\"entity\":\"person\"}|\"title\":\"Zora Kanarienvogel\"|\"subject_of\":\"record\"", "", NULL, NULL},
         {REPA1, "GET /api/v1/export/company", NULL, 403, NULL, "", NULL, NULL});
    T_INT(one(t, S("SELECT count(*) FROM security_event WHERE detail LIKE '%Zora%' OR detail LIKE '%Kanarien%'")), 0); /* titles are looked up */
    T_INT(events(t, "export.begun"), 1); /* what is refused is none */
    T_INT(events(t, "archive.made"), 1);
}

static void refused(struct api_bed *t)
{
    struct arena *a = arena_new();
    T_OK(&t->b.cx, tally_start(&t->b.cx, t->b.b, &t->app->tally));
    flush(t);
    int64_t before = rows_of(t);
    for (int i = 0; i < 500; i++) {
        T_INT(api_call(t, a, REPA1, S("GET /api/v1/idp"), S(""), S("")).status, 403);
        T_INT(api_call(t, a, REPA1, S("GET /api/v1/person/999"), S(""), S("")).status, 404);
        T_INT(api_call(t, a, REPA1, S("GET /api/v1/person?sort=geheim"), S(""), S("")).status, 400);
        arena_reset(a);
    }
    T_INT(api_call(t, a, ADMIN, S("PUT /api/v1/signup/rules"), S("{}"), S("Origin: https://evil.example")).status, 403);
    T_INT(api_call(t, a, ADMIN, S("PUT /api/v1/signup/rules"), S("{}"), S("X-CSRF-Token: x")).status, 403);
    T_INT(api_call(t, a, ANON, S("GET /api/v1/person"), S(""), S("")).status, 401); /* not logged in: nothing to tell */
    T_INT(api_call(t, a, ANON, S("GET /api/v1/person"), S(""), S("Authorization: Bearer kontor_1_x")).status, 401);
    str as = arena_fmt(a, "X-Kontor-As: %" PRId64, t->who[REPB1].id);
    for (int i = 0; i < 3; i++) T_INT(api_call(t, a, ADMIN, S("GET /api/v1/person"), S(""), as).status, 200);
    T_INT(rows_of(t), before);
    flush(t);
    T_INT(rows_of(t), before + 7);
    T_INT(events(t, "refused.rights"), 500);
    T_INT(events(t, "refused.hidden"), 500);
    T_INT(events(t, "refused.input"), 500);
    T_INT(events(t, "refused.origin"), 1);
    T_INT(events(t, "refused.csrf"), 1);
    T_INT(events(t, "refused.login"), 1);
    T_INT(events(t, "shown.as"), 3);
    ROWS(t,
         {ADMIN, "GET /api/v1/security/event?kind=refused&addr=203.0.113.7", NULL, 200, "\"route\":\"/api/v1/idp\"|\"n\":500|!geheim|!evil|!kontor_1", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=shown&user=$repb1", NULL, 200, "shown.as|\"n\":3", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?addr=192.0.2.77", NULL, 200, "\"data\":[]", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?from=2100-01-01T00:00:00Z", NULL, 200, "\"data\":[]", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?until=2001-01-01T00:00:00Z", NULL, 200, "\"data\":[]", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=nothing", NULL, 422, "\"field\":\"kind\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?user=x", NULL, 400, "\"field\":\"user\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?from=x", NULL, 400, "\"field\":\"from\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/export?kind=refused", NULL, 200, "who_name|/api/v1/idp|refused.csrf|!login.failed", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=log.exported", NULL, 200, "\"kind\":\"refused\"", "", NULL, NULL},
         {REPA1, "GET /api/v1/security/event", NULL, 403, NULL, "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/security/event", "{}", 405, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/security/event", NULL, 405, NULL, "", NULL, NULL});
    tally_stop(&t->app->tally);
    arena_free(&a);
}

/* Who looks as somebody else does what he does himself, in the log as well. */
static void as_another(struct api_bed *t)
{
    struct arena *a = arena_new();
    T_OK(&t->b.cx, tally_start(&t->b.cx, t->b.b, &t->app->tally));
    str mga = arena_fmt(a, "X-Kontor-As: %" PRId64, t->who[MGRA].id), rep = arena_fmt(a, "X-Kontor-As: %" PRId64, t->who[REPA1].id);
    T_INT(api_call(t, a, ADMIN, S("GET /api/v1/export/person?format=csv&filter={\"field\":\"name\",\"op\":\"eq\",\"value\":\"nobody\"}"), S(""), mga).status, 200);
    T_INT(api_call(t, a, ADMIN, S("GET /api/v1/export/person?format=csv"), S(""), rep).status, 403);
    flush(t);
    str of = arena_fmt(a, " AND who = %" PRId64, t->who[ADMIN].id);
    T_INT(one(t, arena_fmt(a, "SELECT count(*) FROM security_event WHERE kind = 'export.begun'%.*s AND detail LIKE '{\"as\":\"%" PRId64 "\",\"entity\":\"person\",%%'", FS(of), t->who[MGRA].id)), 1);
    T_INT(one(t, arena_fmt(a, "SELECT n FROM security_event WHERE kind = 'export.done'%.*s", FS(of))), 0);
    T_INT(one(t, arena_fmt(a, "SELECT n FROM security_event WHERE kind = 'refused.rights'%.*s AND subject = %" PRId64, FS(of), t->who[REPA1].id)), 1);
    T_INT(one(t, arena_fmt(a, "SELECT count(*) FROM security_event WHERE who IN (%" PRId64 ", %" PRId64 ") AND kind <> 'login'", t->who[MGRA].id, t->who[REPA1].id)), 0);
    tally_stop(&t->app->tally);
    arena_free(&a);
}

/* A log-in that is not looked at is counted: whoever is blocked could fill the log with it. */
static void kept_out(struct api_bed *t)
{
    struct arena *a = arena_new();
    T_OK(&t->b.cx, tally_start(&t->b.cx, t->b.b, &t->app->tally));
    auth_tally(t->app->auth, t->app->tally);
    ROWS(t, {ADMIN, "POST /api/v1/block", "{'addr':'198.51.100.9'}", 201, NULL, "", NULL, NULL});
    str had = t->remote;
    t->remote = S("198.51.100.9");
    for (int i = 0; i < 3; i++)
        T_INT(api_call(t, a, ANON, S("POST /api/v1/session"), S("{\"mail\":\"clara@mueller.example\",\"password\":\"" PW "\"}"), S("")).status, 403);
    t->remote = had;
    flush(t);
    T_INT(one(t, S("SELECT n FROM security_event WHERE kind = 'login.refused' AND addr = '198.51.100.9' AND detail = '{\"why\":\"blocked\"}' AND subject <> 0")), 3);
    T_INT(one(t, S("SELECT count(*) FROM security_event WHERE kind = 'login.refused'")), 1);
    auth_tally(t->app->auth, NULL);
    tally_stop(&t->app->tally);
    arena_free(&a);
}

/* Who reads the log and may not see a record sees its number alone; texts are in his language, and in the file, too. */
static void read_by(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/role", "{'name':'revision','rights':{'sys':['log']}}", 201, NULL, "role.create", "rev", NULL},
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'role':'$rev','language':'lt'}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Zora Kanarienvogel'}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "GET /api/v1/person/$p/archive", NULL, 200, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=user.changed&user=$repb1", NULL, 200, "\"detail\":{\"fields\":[\"role\"]}|\"told\":\"Felder: Rolle\"|\"subject_of\":\"user\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=role", NULL, 200, "role.made|\"title\":\"revision\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=archive", NULL, 200, "Zora|Clara", "", NULL, NULL},
         {REPB1, "GET /api/v1/security/event?kind=archive", NULL, 200, "\"kind\":\"archive.made\"|\"text\":\"paimtas archyvas\"|\"id\":\"$p\"|\"entity\":\"\"|!Zora", "", NULL, NULL},
         {REPB1, "GET /api/v1/security/export?kind=archive", NULL, 200, "archive.made;paimtas archyvas|!Zora", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/export?kind=archive", NULL, 200, "subject_name|archive.made;Archiv entnommen|Zora|Einträge: Person", "", NULL, NULL});
}

/* By which API key: in the events, in the history, in what was refused; its name is for those who may know it. */
static void by_key(struct api_bed *t)
{
    struct arena *a = arena_new();
    struct cx cx = t->b.cx;
    struct key k = {.user = t->who[MGRA].id, .name = S("Webladen"), .scopes = S("read write")};
    str token = {0};
    cx.now_ms = clock_ms();
    T_OK(&cx, tally_start(&t->b.cx, t->b.b, &t->app->tally));
    T_OK(&cx, key_new(&cx, &k, &token));
    var_put(t, "k", arena_fmt(cx.a, "%" PRId64, k.id));
    str head = arena_fmt(a, "Authorization: Bearer %.*s", FS(token));
    struct answer r = api_call(t, a, ANON, S("POST /api/v1/person"), arena_fmt(a, "{\"name\":\"Per Schnittstelle\",\"owner\":\"%" PRId64 "\"}", t->who[REPA1].id), head);
    T_INT(r.status, 201);
    var_put(t, "p", answer_value(&t->b.cx, &r, S("id")));
    (void)api_events_came(t);
    T_INT(api_call(t, a, ANON, S("GET /api/v1/export/person?format=csv"), S(""), head).status, 200);
    T_INT(api_call(t, a, ANON, S("GET /api/v1/idp"), S(""), head).status, 403);
    flush(t);
    T_INT(one(t, arena_fmt(a, "SELECT count(*) FROM change WHERE api_key = %" PRId64, k.id)), 1);
    T_INT(one(t, arena_fmt(a, "SELECT count(*) FROM security_event WHERE kind = 'refused.rights' AND api_key = %" PRId64, k.id)), 1);
    ROWS(t,
         {ADMIN, "GET /api/v1/security/event?kind=export.begun", NULL, 200, "\"key\":{\"id\":\"$k\",\"title\":\"Webladen\"}", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=key.made", NULL, 200, "\"subject_of\":\"key\"|Webladen|gehört: ", "", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$p/history", NULL, 200, "\"key\":{\"id\":\"$k\",\"title\":\"Webladen\"}", "", NULL, NULL},
         {REPA1, "GET /api/v1/person/$p/history", NULL, 200, "\"key\":{\"id\":\"$k\",\"title\":\"\"}|!Webladen", "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/key/$k", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=key.ended", NULL, 200, "\"of\":\"$mgra\"|!Webladen", "", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$p/history", NULL, 200, "\"key\":{\"id\":\"$k\",\"title\":\"\"}", "", NULL, NULL});
    tally_stop(&t->app->tally);
    arena_free(&a);
}

/* Of a base that is new: rows of long ago, sealed then, go. */
static void aged_out(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    int64_t now = cx->now_ms, left = 0;
    size_t n = 0;
    cx->now_ms = now - INT64_C(500) * DAY_MS;
    T_OK(cx, event_write(cx, &(struct event){.kind = EVENT_LOGIN, .detail = event_coded(cx, EVENT_BY_PASSKEY)}, NULL));
    for (int i = 0; i < 600 && (i == 0 || left); i++) {
        T_OK(cx, audit_seal(cx, t->app->vault, &n));
        left = one(t, S("SELECT count(*) FROM security_event WHERE NOT EXISTS (SELECT 1 FROM audit_seal WHERE log = 1)"));
        if (left) (void)usleep(50000); /* PostgreSQL: not final yet */
    }
    cx->now_ms = now;
    T_OK(cx, event_tidy(cx, t->app->vault));
    T_INT(events(t, "login"), 0);
    T_INT(events(t, "log.trimmed"), 1);
}

/* Users and roles, by the door of records as by any other; and what no scenario of another group does. */
static void the_rest(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    T_OK(cx, tally_start(cx, t->b.b, &t->app->tally));
    ROWS(t,
         {ADMIN, "POST /api/v1/user", "{'name':'Udo','mail':'udo@mueller.example','role':'$rolerep'}", 201, NULL, "user.create", "u", NULL},
         {ADMIN, "PATCH /api/v1/user/$u", "{'phone':'1'}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$u", "{'active':false}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$u", "{'active':true,'mail':'u@mueller.example'}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "DELETE /api/v1/user/$u", NULL, 204, NULL, "user.delete", NULL, NULL},
         {ADMIN, "POST /api/v1/user/$u/restore", NULL, 200, NULL, "user.restore", NULL, NULL},
         {ADMIN, "POST /api/v1/role", "{'name':'r','rights':{}}", 201, NULL, "role.create", "r", NULL},
         {ADMIN, "PATCH /api/v1/role/$r", "{'rights':{'person':{'see':'own'}}}", 200, NULL, "role.update", NULL, NULL},
         {ADMIN, "DELETE /api/v1/role/$r", NULL, 204, NULL, "role.delete", NULL, NULL},
         {ADMIN, "POST /api/v1/role/$r/restore", NULL, 200, NULL, "role.restore", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=user&user=$u", NULL, 200, "user.restored|user.deleted|user.opened|user.changed|\"fields\":[\"mail\"]|user.ended|user.made|!phone", "", NULL, NULL});
    T_INT(events(t, "user.changed"), 1); /* a telephone opens nothing */
    T_INT(events(t, "user.ended"), 1);
    api_refused_unread(t->app, S("203.0.113.50"), true, 429);
    api_refused_unread(t->app, S("203.0.113.51"), false, 400);
    flush(t);
    T_INT(one(t, S("SELECT count(*) FROM security_event WHERE kind = 'refused.rate' AND addr = '203.0.113.50' AND detail = '{\"proxy\":true}'")), 1);
    T_INT(one(t, S("SELECT count(*) FROM security_event WHERE kind = 'refused.input' AND addr = '203.0.113.51' AND detail = ''")), 1);
    T_OK(cx, backup_last_set(cx, &(struct backup_report){.name = S("kontor-1"), .restorable = true}));
    ROWS(t, {ADMIN, "GET /api/v1/security/event?kind=backup", NULL, 200, "backup.made|\"told\":\"Datei: kontor-1\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?addr=203.0.113.50", NULL, 200, "Adresse des Proxys", "", NULL, NULL});
    tally_stop(&t->app->tally);
}

void security_tests(void)
{
    static void (*const all[])(struct api_bed *t) = {doors, taken_out, refused, as_another, kept_out, read_by, by_key, the_rest};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
    api_both(aged_out, false, false);
}
