/* SPDX-License-Identifier: MIT */
/* K04 over the API: who may erase whom, what is asked before, and that it is gone afterwards for everybody. */
#include "api_bed.h"
#include "os/os.h"
#include "privacy/privacy_int.h"

#include <unistd.h>

/* Everything about somebody leaves by the right to export alone. */
static void archived(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/person", "{'name':'Alles Meins'}", 201, NULL, "person.create", "all", NULL},
         {ADMIN, "GET /api/v1/person/$all/archive", NULL, 200, "@Cache-Control: no-store", "", NULL, NULL},
         {REPB1, "GET /api/v1/person/$all/archive", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/person/1/archive", NULL, 404, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Meine'}", 201, NULL, "person.create", "mine", NULL},
         {REPA1, "GET /api/v1/person/$mine/archive", NULL, 403, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/person/$all", NULL, 204, NULL, "person.delete", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$all/archive", NULL, 404, NULL, "", NULL, NULL});
}

static void refused(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'Erika Weg','mails':['erika@weg.example']}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "POST /api/v1/interaction", "{'subject':'Erika Weg','person':'$p'}", 201, NULL, "interaction.create", "i", NULL},
         {ADMIN, "POST /api/v1/group", "{'name':'g'}", 201, NULL, "group.create", "g", NULL},
         {REPA1, "GET /api/v1/person/$p/erase", NULL, 403, "\"code\":\"denied\"", "", NULL, NULL},
         {REPA1, "POST /api/v1/person/$p/erase", "{'confirm':'Erika Weg','ground':'objection'}", 403, NULL, "", NULL, NULL},
         {REPB1, "GET /api/v1/person/$p/erase", NULL, 404, NULL, "", NULL, NULL},
         {REPB1, "POST /api/v1/person/$p/erase", "{'confirm':'Erika Weg','ground':'objection'}", 404, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/group/$g/erase", NULL, 422, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/user/$repa1/erase", NULL, 422, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/person/1/erase", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$p/erase", NULL, 200,
          "\"title\":\"Erika Weg\"|\"gone\":[{\"entity\":\"person\",\"count\":1|{\"entity\":\"interaction\",\"count\":1,\"sample\":[{\"id\":\"$i\"|\"kept\":[]", "", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Erika','ground':'objection'}", 422, "\"field\":\"confirm\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'ground':'objection'}", 422, "\"field\":\"confirm\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Erika Weg','ground':'because'}", 422, "\"field\":\"ground\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Erika Weg','ground':'objection','shared':'x'}", 422, "\"field\":\"shared\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/erase", "[]", 400, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/erasure", NULL, 403, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/erasure", NULL, 200, "\"data\":[]", "", NULL, NULL},
         {ADMIN, "GET /api/v1/erasure?cursor=x", NULL, 400, NULL, "", NULL, NULL});
    struct cx cx = t->b.cx;
    struct key k = {.user = t->who[ADMIN].id, .name = S("k"), .scopes = S("read write settings users")};
    str token = {0};
    cx.now_ms = clock_ms();
    T_OK(&cx, key_new(&cx, &k, &token));
    var_put(t, "key", token);
    ROWS(t,
         {ANON, "GET /api/v1/person/$p/erase", NULL, 403, NULL, "", NULL, "Authorization: Bearer $key"},
         {ANON, "POST /api/v1/person/$p/erase", "{'confirm':'Erika Weg','ground':'objection'}", 403, NULL, "", NULL, "Authorization: Bearer $key"});
}

/* The last proof is too old: asked once more. */
static void unproved(struct api_bed *t)
{
    t->ahead_ms = INT64_C(3600000);
    ROWS(t, {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Erika Weg','ground':'objection'}", 403, "\"code\":\"proof\"", "", NULL, NULL});
    t->ahead_ms = 0;
}

static void run(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct erase_env env = {.data_dir = t->app->data_dir};
    struct db_rows r = {0};
    T_OK(&cx, db_query(&cx, &r, "SELECT id FROM erasure WHERE state = 'waiting'"));
    T_INT((int64_t)r.n, 1);
    if (r.n) T_OK(&cx, erasure_run(&cx, db_int(&r, 0, 0), false, &env));
}

static void erased(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':' Erika Weg ','ground':'objection'}", 202, "\"job\":\"|\"ref\":\"E-", "", "e", "Idempotency-Key: er1"},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':' Erika Weg ','ground':'objection'}", 202, "\"ref\":\"$e.ref\"", "", NULL, "Idempotency-Key: er1"},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Erika Weg','ground':'objection'}", 409, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/job/$e.job", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Erika Weg','ground':'objection'}", 202, "\"ref\":\"$e.ref\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/erasure", NULL, 200, "\"ref\":\"$e.ref\"|\"state\":\"waiting\"|\"ground\":\"objection\"|!Erika", "", NULL, NULL});
    run(t);
    ROWS(t,
         {ADMIN, "GET /api/v1/person/$p", NULL, 404, NULL, "interaction.erase person.erase", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$p/history", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$p?at=2100-01-01T00:00:00Z", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/interaction/$i", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/restore", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'change':'$p.seq'}", 404, "!Erika", "", NULL, NULL},
         {ADMIN, "GET /api/v1/search?q=Erika", NULL, 200, "\"data\":[]", "", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Erika Weg','ground':'objection'}", 404, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/erasure", NULL, 200, "\"state\":\"done\"|\"swept\":true|\"person\":1|\"interaction\":1|!Erika", "", NULL, NULL});
}

/* The trash is erased, too; of a merge the winner alone. */
static void trash_and_merged(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/person", "{'name':'Weg Zwei'}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Weg Drei'}", 201, NULL, "person.create", "l", NULL},
         {ADMIN, "POST /api/v1/person/$p/merge", "{'loser':'$l'}", 200, NULL, "person.merge person.update", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$l/erase", "{'confirm':'Weg Drei','ground':'duty'}", 409, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/person/$p", NULL, 204, NULL, "person.delete", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Weg Zwei','ground':'duty'}", 202, NULL, "", NULL, NULL});
    run(t);
    ROWS(t,
         {ADMIN, "GET /api/v1/person/$l", NULL, 404, NULL, "person.erase person.erase", NULL, NULL},
         {ADMIN, "GET /api/v1/person?deleted=1", NULL, 200, "!Weg", "", NULL, NULL});
}

static int64_t at_work(struct api_bed *t)
{
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT count(*) FROM job WHERE kind = 'erase' AND state = 'waiting'"));
    return db_int(&r, 0, 0);
}

/* The file of erasures is looked through at each start: what it has and the base has not done gets one job. */
static void at_the_start(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/person", "{'name':'Weg Vier'}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Weg Vier','ground':'duty'}", 202, NULL, "", "e", NULL});
    struct cx cx = t->b.cx;
    struct erase_env env = {.data_dir = t->app->data_dir};
    struct db_rows r = {0};
    cx.app = t->app;
    int64_t before = at_work(t);
    T_OK(&cx, db_query(&cx, &r, "SELECT ref, record FROM erasure WHERE state = 'waiting'"));
    struct erased x = {.ref = db_str(&r, 0, 0), .entity = S("person"), .record = db_int(&r, 0, 1)};
    T_OK(&cx, erased_note(&cx, &env, &x));
    T_OK(&cx, api_erase_again(&cx));
    T_INT(at_work(t), before);
    ROWS(t, {ADMIN, "DELETE /api/v1/job/$e.job", NULL, 204, NULL, "", NULL, NULL});
    T_INT(at_work(t), before - 1);
    T_OK(&cx, api_erase_again(&cx));
    T_OK(&cx, api_erase_again(&cx));
    T_INT(at_work(t), before);
    run(t);
    T_OK(&cx, api_erase_again(&cx));
    T_INT(at_work(t), before);
    ROWS(t, {ADMIN, "GET /api/v1/person/$p", NULL, 404, NULL, "person.erase", NULL, NULL});
}

/* K06 over the API: given and withdrawn are two entries, neither is changed by anybody. */
static void consented(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'Klara'}", 201, NULL, "person.create", "k", NULL},
         {REPA1, "POST /api/v1/consent", "{'person':'$k','purpose':'Newsletter','basis':'consent','way':'paper','text':'Ja'}", 201, NULL, "consent.create", "c", NULL},
         {REPA1, "GET /api/v1/person/$k", NULL, 200, "\"consents\":[\"Newsletter\"]", "", NULL, NULL},
         {REPA1, "PATCH /api/v1/consent/$c", "{'text':'Nein'}", 403, NULL, "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/consent/$c", "{'given':null}", 403, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/consent/$c", NULL, 403, NULL, "", NULL, NULL},
         {REPB1, "POST /api/v1/consent", "{'person':'$k','purpose':'Newsletter'}", 422, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/consent", "{'person':'$k','purpose':'Newsletter','basis':'nothing'}", 422, "\"field\":\"basis\"", "", NULL, NULL},
         {REPA1, "POST /api/v1/consent", "{'person':'$k','purpose':'Newsletter','withdrawn':'2100-01-01T00:00:00Z'}", 201, NULL, "consent.create", NULL, NULL},
         {REPA1, "GET /api/v1/person/$k", NULL, 200, "!Newsletter", "", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$k", "{'consents':['x']}", 422, NULL, "", NULL, NULL});
}

static void walk(struct api_bed *t)
{
    consented(t);
    archived(t);
    refused(t);
    unproved(t);
    erased(t);
    trash_and_merged(t);
    at_the_start(t);
}

void privacy_tests(void) { api_both(walk, false, true); }
