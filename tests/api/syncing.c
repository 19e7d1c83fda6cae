/* SPDX-License-Identifier: MIT */
/* C18, J04: the door for other systems over the API: what is answered at once, the ledger, and who may look and decide. */
#include "api_bed.h"
#include "sync/sync.h"
#include "os/os.h"

#include <unistd.h>

#define ONE(key, more) "{'items':[{'entity':'company','key':'" key "'" more "}]}"

static void waited(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    for (int64_t end = os_mono_ms() + 20000; os_mono_ms() < end; usleep(10000)) {
        struct db_rows r = {0};
        T_OK(cx, db_query(cx, &r, "SELECT id FROM sync_item WHERE state = 0 OR (state = 1 AND due_at = 0) LIMIT 1"));
        if (r.n) continue;
        (void)api_events_came(t);
        return;
    }
    T(false); /* the queue never emptied */
}

static void walk(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "GET /api/v1/sync", NULL, 200, "\"data\":[]|!server", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/sync/shop", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/sync/shop/item", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/sync/Shop", ONE("1", ",'values':{}"), 422, "\"field\":\"system\"", "", NULL, NULL},
         {REPA1, "POST /api/v1/sync/shop", "{'items':[]}", 422, "\"field\":\"items\"", "", NULL, NULL},
         {REPA1, "POST /api/v1/sync/shop", "{'items':[1,]}", 400, "\"field\":\"items\"", "", NULL, NULL},
         {REPA1, "POST /api/v1/sync/shop", "[]", 400, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/sync/shop", "items=1", 415, NULL, "", NULL, "Content-Type: text/plain"},
         {REPA1, "POST /api/v1/sync/shop", ONE("1", ",'values':{}"), 403, NULL, "", NULL, "X-CSRF-Token: x"},
         {REPA1, "POST /api/v1/sync/shop", ONE("4711", ",'id':'i1','values':{'name':'Elektro Weber'}"), 202,
          "\"received\":1|\"duplicates\":0|\"refused\":0|\"items\":[]|@Location: /api/v1/sync/shop/item?batch=", "company.create*", "s1", NULL});
    waited(t);
    ROWS(t,
         {REPA1, "POST /api/v1/sync/shop", ONE("4711", ",'id':'i1','values':{'name':'Elektro Weber'}"), 202, "\"batch\":null|\"duplicates\":1|\"state\":\"duplicate\"|!ledger", "company.create*", NULL, NULL},
         {REPA1, "GET /api/v1/company/by/shop/4711", NULL, 200, "Elektro Weber", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/sync/shop/batch/$s1.batch", NULL, 200, "\"applied\":1|\"done\":true", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/sync/shop/item?batch=$s1.batch", NULL, 200, "\"state\":\"applied\"|\"item\":\"i1\"|\"external\":\"4711\"|\"problem\":null|\"next\":null", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/sync/shop", "{'items':[{'entity':'company','key':'5','values':{'name':'Fünf'}},{'entity':'company','key':'5','values':{'nix':1}},{'entity':'company','key':'5','values':{'note':'n'}},{'key':'6'}]}",
          202, "\"received\":3|\"refused\":1|\"at\":3|\"field\":\"entity\"", "company.create*", "s2", "Idempotency-Key: s2"},
         {REPA1, "POST /api/v1/sync/shop", "{'items':[{'entity':'company','key':'5','values':{'name':'Fünf'}},{'entity':'company','key':'5','values':{'nix':1}},{'entity':'company','key':'5','values':{'note':'n'}},{'key':'6'}]}",
          202, "\"batch\":\"$s2.batch\"", "company.create*", NULL, "Idempotency-Key: s2"});
    waited(t);
    ROWS(t,
         {REPA1, "GET /api/v1/sync/shop", NULL, 200, "\"refused\":2|\"held\":1|\"code\":\"invalid\",\"field\":\"nix\",\"items\":1", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/sync", NULL, 200, "\"system\":\"shop\"|\"exact\":true|\"server\":{\"received\":", NULL, NULL, NULL},
         {ADMIN, "GET /metrics", NULL, 200, "kontor_sync_open{system=\"shop\",state=\"refused\"} 2|kontor_sync_received_total", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/sync", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/sync/shop/item", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/sync/shop/item?state=refused&entity=company&external=5", NULL, 200, "\"field\":\"nix\"|\"status\":422", NULL, "bad", NULL},
         {REPA1, "GET /api/v1/sync/shop/item?state=nix", NULL, 400, "\"field\":\"state\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/sync/shop/item?external=5", NULL, 400, "\"field\":\"entity\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/sync/shop/item?from=gestern", NULL, 400, "\"field\":\"from\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/sync/shop/item?until=2026-01-01T00:00:00Z", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/sync/shop/item?batch=x", NULL, 400, "\"field\":\"batch\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/sync/shop/item?state=open&from=2026-01-01T00:00:00Z", NULL, 200, "\"state\":\"held\"|!\"state\":\"applied\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/sync/shop/release", "{}", 422, NULL, "company.create*", NULL, NULL},
         {REPA2, "POST /api/v1/sync/shop/release", "{'all':true}", 404, NULL, "company.create*", NULL, NULL},
         {REPA1, "POST /api/v1/sync/shop/release", "{'code':'invalid'}", 200, "\"items\":2", "company.create*", NULL, NULL});
    waited(t);
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT id FROM sync_item WHERE state = 3 AND key = '5'"));
    var_put(t, "bad", arena_fmt(cx->a, "%" PRId64, r.n ? db_int(&r, 0, 0) : 0));
    ROWS(t,
         {REPA1, "GET /api/v1/sync/shop/item/$bad", NULL, 200, "\"values\":{\"nix\":1}|\"what\":\"released\"|\"what\":\"refused\"|\"tries\":1", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/sync/shop/item/$bad", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA2, "PATCH /api/v1/sync/shop/item/$bad", "{'values':{'note':'x'}}", 404, NULL, "company.create*", NULL, NULL},
         {ADMIN, "PATCH /api/v1/sync/shop/item/$bad", "{'values':[]}", 422, "\"field\":\"values\"", "company.create*", NULL, NULL},
         {ADMIN, "PATCH /api/v1/sync/shop/item/$bad", "{'values':{'note':'x'}}", 200, "\"items\":1", "company.update*", NULL, NULL});
    waited(t);
    /* what is written without a session later is proved now: an item of users, mended by a session of yesterday */
    api_prove(t, ADMIN);
    ROWS(t, {ADMIN, "POST /api/v1/sync/leute", "{'items':[{'entity':'user','key':'9','values':{'nix':1}}]}", 202, NULL, "company.update*", NULL, NULL});
    waited(t);
    T_OK(cx, db_query(cx, &r, "SELECT id FROM sync_item WHERE state = 3 AND key = '9'"));
    T(r.n == 1);
    var_put(t, "who9", arena_fmt(cx->a, "%" PRId64, r.n ? db_int(&r, 0, 0) : 0));
    t->ahead_ms = PROOF_MS + 60000;
    ROWS(t, {ADMIN, "PATCH /api/v1/sync/leute/item/$who9", "{'values':{'name':'Neu','mail':'neu@mueller.example'}}", 403, "\"code\":\"proof\"", "company.update*", NULL, NULL});
    api_prove(t, ADMIN);
    ROWS(t, {ADMIN, "PATCH /api/v1/sync/leute/item/$who9", "{'values':{'nix':2}}", 200, "\"items\":1", "company.update*", NULL, NULL});
    t->ahead_ms = 0;
    ROWS(t,
         {REPA1, "GET /api/v1/company/by/shop/5", NULL, 200, "\"note\":\"n\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/sync/shop/drop", "{'all':true}", 200, "\"items\":1", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/sync/shop/item?state=open", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$s2.batch'}", 200, NULL, "company.update company.update company.delete", NULL, NULL},
         {REPA1, "GET /api/v1/company/by/shop/5", NULL, 404, NULL, NULL, NULL, NULL});
}

/* A key that may write sends; one that may only read does not. */
static void keys(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct key w = {.user = t->who[REPA1].id, .name = S("w"), .scopes = S("write:company")}, r = {.user = t->who[REPA1].id, .name = S("r"), .scopes = S("read")};
    str token = {0};
    cx.now_ms = clock_ms();
    T_OK(&cx, key_new(&cx, &w, &token));
    var_put(t, "w", token);
    T_OK(&cx, key_new(&cx, &r, &token));
    var_put(t, "r", token);
    ROWS(t,
         {ANON, "POST /api/v1/sync/erp", ONE("1", ",'values':{'name':'Eins'}"), 403, NULL, NULL, NULL, "Authorization: Bearer $r"},
         {ANON, "POST /api/v1/sync/erp", "{'items':[{'entity':'company','key':'1','values':{'name':'Eins'}},{'entity':'person','key':'1','values':{'name':'Nein'}}]}", 202, "\"received\":1|\"refused\":1|\"field\":\"entity\"", "company.create*", NULL, "Authorization: Bearer $w"});
    waited(t);
    ROWS(t, {ANON, "GET /api/v1/company/by/erp/1", NULL, 200, "Eins", NULL, NULL, "Authorization: Bearer $w"});
}

/* Only a flooder is told to wait, for how long, and nobody else with him. What he may send grows again by one in some
 * milliseconds: he is tried until he was quick enough. */
static void flooded(struct api_bed *t)
{
    struct cx *cx = &t->b.cx, flooder = t->b.cx;
    struct answer r = {0};
    flooder.who.user = t->who[REPA2].id;
    for (int i = 0; i < 2000 && r.status != 429; i++) {
        for (int n = 0; n < SYNC_BURST + 2000 && !syncer_wait_ms(t->app->syncer, &flooder.who); n++) continue;
        r = api_call(t, cx->a, REPA2, S("POST /api/v1/sync/flut"), api_expand(t, cx->a, ONE("1", ",'values':{'name':'Flut'}")), S(""));
    }
    T_INT(r.status, 429);
    T(str_find(r.body, S("\"code\":\"rate\"")) > 0 && answer_head(&r, S("Retry-After")).n > 0);
    (void)api_events_came(t);
    ROWS(t, {REPA1, "POST /api/v1/sync/nachbar", ONE("1", ",'values':{'name':'Flut'}"), 202, "\"received\":1", "company.create*", NULL, NULL});
    waited(t);
}

static void all(struct api_bed *t)
{
    walk(t);
    keys(t);
    flooded(t);
}

void syncing_tests(void) { api_both(all, true, true); }
