/* SPDX-License-Identifier: MIT */
/* Every database call of every writing route fails once: the answer says so, nothing has changed, the next try works. */
#include "api_bed.h"
#include "os/os.h"
#include "auth/auth_int.h"
#include "auth/limits.h"
#include "auth/passkey.h"
#include "house.h"
#include "record/log.h"
#include "soft_key.h"

#include <stdlib.h>

#define TOKEN_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TOKEN_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define TOKEN_D "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
#define TOKEN_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#define MCP(method, params) "{'jsonrpc':'2.0','id':1,'method':'" method "','params':" params "}"
#define IN_MCP "Authorization: Bearer $mcp.key\nMcp-Session-Id: $mcp"

/* `before` makes what the call needs (it may be used up by each call that goes through). */
static const struct torture {
    const char *req, *body, *head;
    enum actor who;
    const char *but;      /* tables that may differ: what was tried is written down */
} all[] = {
    {"POST /api/v1/person", "{'name':'f','company':'$c','phones':['+4915112345678'],'mails':['a@b.example'],'tags':['x'],'groups':['$g']}", NULL, ADMIN, ""},
    {"POST /api/v1/person", "{'name':'f','company':'$c'}", "Idempotency-Key: fault", ADMIN, ""},
    {"PATCH /api/v1/person/$p", "{'name':'g','phones':['+4915112345679'],'company':'$c'}", NULL, REPA1, ""},
    {"PATCH /api/v1/person/$p", "{'name':'h'}", "Idempotency-Key: fault2", REPA1, ""},
    {"POST /api/v1/person/bulk", "{'items':[{'op':'create','values':{'name':'b'}},{'op':'change','id':'$p','values':{'note':'b'}},{'op':'upsert','system':'s','key':'1','values':{'name':'c'}}]}",
     "Idempotency-Key: fault-bulk", REPA1, ""},
    {"POST /api/v1/person/mass", "{'act':'change','ids':['$p'],'values':{'note':'mass'}}", "Idempotency-Key: fault-mass", ADMIN, ""},
    {"PUT /api/v1/company/by/s/1", "{'name':'d'}", "Idempotency-Key: fault-by", REPA1, ""},
    {"POST /api/v1/person/$p/external", "{'system':'s','key':'2'}", NULL, REPA1, ""},
    {"DELETE /api/v1/person/$p/external/s/2", NULL, NULL, REPA1, ""},
    {"POST /api/v1/person/$p/share", "{'to':'$repb1','right':'change','why':'f'}", "Idempotency-Key: fault-share", REPA1, ""},
    {"DELETE /api/v1/person/$p/share/$repb1", NULL, NULL, REPA1, ""},
    {"DELETE /api/v1/company/by/s/1", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/undo", "{'change':'$u.seq'}", NULL, REPA1, ""},
    {"POST /api/v1/undo", "{'change':'$v.seq'}", "Idempotency-Key: fault3", REPA1, ""},
    {"POST /api/v1/undo", "{'batch':'$large'}", "Idempotency-Key: fault-large", ADMIN, ""},
    {"POST /mcp", MCP("initialize", "{'protocolVersion':'2025-06-18'}"), "Authorization: Bearer $mcp.key", ANON, ""},
    {"POST /mcp", MCP("tools/call", "{'name':'create','arguments':{'entity':'company','values':{'name':'m'},'dry_run':true}}"), IN_MCP, ANON, ""},
    {"POST /mcp", MCP("tools/call", "{'name':'create','arguments':{'entity':'company','values':{'name':'m'}}}"), IN_MCP, ANON, ""},
    {"POST /mcp", MCP("tools/call", "{'name':'change','arguments':{'entity':'company','id':'$mc','version':1,'values':{'note':'m'}}}"), IN_MCP, ANON, ""},
    {"POST /mcp", MCP("tools/call", "{'name':'get','arguments':{'entity':'company','id':'$mc','history':true}}"), IN_MCP, ANON, ""},
    {"POST /mcp", MCP("tools/call", "{'name':'undo_session','arguments':{}}"), IN_MCP, ANON, ""},
    {"DELETE /mcp", NULL, IN_MCP, ANON, ""},
    {"POST /api/v1/person/$q/erase", "{'confirm':'q','ground':'duty'}", "Idempotency-Key: fault-erase", ADMIN, ""},
    {"DELETE /api/v1/person/$p", NULL, NULL, REPA1, ""},
    {"POST /api/v1/person/$p/restore", NULL, NULL, REPA1, ""},
    {"POST /api/v1/person/$p/merge", "{'loser':'$l','take':{'name':'loser'}}", NULL, REPA1, ""},
    {"POST /api/v1/person/duplicates/reject", "{'a':'$p','b':'$q'}", "Idempotency-Key: fault-reject", REPA1, ""},
    {"DELETE /api/v1/person/duplicates/reject", "{'a':'$p','b':'$q'}", "Idempotency-Key: fault-unreject", REPA1, ""},
    {"POST /api/v1/person/duplicates/scan", "{}", NULL, ADMIN, ""},
    {"POST /api/v1/as_of", "{'entity':'person','at':'2026-01-01T00:00:00Z'}", NULL, ADMIN, ""},
    {"POST /api/v1/person/duplicates", "{'name':'g'}", NULL, ADMIN, ""},
    {"POST /api/v1/import/plan", "{'file':'$f','entity':'person'}", NULL, ADMIN, ""},
    {"POST /api/v1/import/dry", "{'file':'$f','entity':'person'}", NULL, ADMIN, ""},
    {"POST /api/v1/import/run", "{'file':'$f','entity':'person'}", "Idempotency-Key: fault4", ADMIN, ""},
    {"POST /api/v1/import/mapping", "{'name':'f','mapping':{'columns':[]}}", NULL, ADMIN, ""},
    {"DELETE /api/v1/import/mapping/$map", NULL, NULL, ADMIN, ""},
    {"DELETE /api/v1/job/$j.job", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/job/$failed/retry", NULL, "Idempotency-Key: fault-retry", ADMIN, ""},
    {"POST /api/v1/file?name=f.csv", "Name\nA\n", "Content-Type: text/csv", ADMIN, ""},
    {"POST /api/v1/file?name=f.csv", "Name\nA\n", "Content-Type: text/csv\nIdempotency-Key: fault-file", ADMIN, ""},
    {"POST /api/v1/file?name=f.png&as=picture", "@picture:plain.jpg", "Content-Type: image/jpeg", ADMIN, ""},
    {"POST /api/v1/upload", NULL, "Upload-Length: 7", ADMIN, ""},
    {"POST /api/v1/upload", NULL, "Upload-Length: 7\nIdempotency-Key: fault-tus", ADMIN, ""},
    {"PATCH /api/v1/upload/$tus", "Name\nA", "Content-Type: application/offset+octet-stream\nUpload-Offset: 0", ADMIN, ""},
    {"PATCH /api/v1/upload/$tus3", NULL, "Content-Type: application/offset+octet-stream\nUpload-Offset: 7", ADMIN, ""},
    {"DELETE /api/v1/upload/$tus2", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/meta/field", "{'entity':'person','kind':'money','label':'Fault'}", NULL, ADMIN, ""},
    {"PATCH /api/v1/meta/field/person/x_fault", "{'label':'Fehler'}", NULL, ADMIN, ""},
    {"PATCH /api/v1/meta/field/person/x_fault", "{'pos':0,'section':'main','default':{'amount':'1.00','currency':'EUR'}}", NULL, ADMIN, ""},
    {"DELETE /api/v1/meta/field/person/x_fault", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/meta/field/person/x_fault/restore", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/meta/entity", "{'label':'Ding'}", NULL, ADMIN, ""},
    {"PATCH /api/v1/meta/entity/x_ding", "{'icon':'cog'}", NULL, ADMIN, ""},
    {"DELETE /api/v1/meta/entity/x_ding", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/meta/entity/x_ding/restore", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/partner", "{'company':{'name':'f'},'accounts':[{'account':'DE89370400440532013000'}],'people':[{'name':'f'}],'note':'f'}", "Idempotency-Key: fault5", ADMIN, ""},
    {"POST /api/v1/draft", "{'data':{'a':1}}", "Idempotency-Key: fault6", ADMIN, ""},
    {"PUT /api/v1/draft/$d", "{'data':{'b':2}}", NULL, ADMIN, ""},
    {"POST /api/v1/trade", "{'trade':'workshop'}", "Idempotency-Key: fault-trade", ADMIN, ""},
    {"POST /api/v1/demo", "{'people':10}", "Idempotency-Key: fault-demo", ADMIN, ""},
    {"PUT /api/v1/setting/m", "{'value':[1]}", NULL, ADMIN, ""},
    {"DELETE /api/v1/draft/$d", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/company/$c/proposal", "{'source':'f','fields':{'full_name':'f','reg_no':'1'}}", NULL, REPA1, ""},
    {"POST /api/v1/proposal/$pr1/take", NULL, NULL, REPA1, ""},
    {"POST /api/v1/proposal/$pr2/refuse", NULL, NULL, REPA1, ""},
    {"PATCH /api/v1/person/$q", "{'job_title':'3'}", NULL, ADMIN, ""},
    {"PATCH /api/v1/notice/$n", "{'read':true}", NULL, REPA1, ""},
    {"PATCH /api/v1/notice", "{'read':true}", NULL, REPA1, ""},
    {"POST /api/v1/key", "{'name':'f','scopes':['read'],'role':'$rolerep'}", NULL, ADMIN, ""},
    {"PATCH /api/v1/key/$key", "{'name':'g'}", "Idempotency-Key: fault-key", ADMIN, ""},
    {"DELETE /api/v1/key/$key", NULL, "Idempotency-Key: fault-key-end", ADMIN, ""},
    {"POST /api/v1/idp", "{'name':'f','issuer':'$issuer','client_id':'f','secret':'s','map':[{'group':'g','role':'$rolerep'}]}", NULL, ADMIN, ""},
    {"PATCH /api/v1/idp/$idp", "{'name':'g','secret':'t'}", NULL, ADMIN, ""},
    {"POST /api/v1/idp/$idp/test", "{}", NULL, ADMIN, ""},
    {"POST /api/v1/sso/$idp", NULL, NULL, ANON, ""},
    {"DELETE /api/v1/idp/$idp", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/hook", "{'name':'f','url':'https://example.com/','entity':'person','ops':['create'],'filter':{'field':'name','op':'eq','value':'x'}}", NULL, ADMIN, ""},
    {"PATCH /api/v1/hook/$hook", "{'name':'g','active':false}", "Idempotency-Key: fault-hook", ADMIN, ""},
    {"PATCH /api/v1/hook/$hook", "{'active':true,'renew_secret':true}", NULL, ADMIN, ""},
    {"POST /api/v1/hook/$hook/test", NULL, "Idempotency-Key: fault-hook-test", ADMIN, ""},
    {"POST /api/v1/hook/delivery/88/redeliver", NULL, "Idempotency-Key: fault-hook-again", ADMIN, ""},
    {"DELETE /api/v1/hook/$hook", NULL, "Idempotency-Key: fault-hook-end", ADMIN, ""},
    {"POST /api/v1/sync/fault", "{'items':[{'id':'1','entity':'person','key':'1','values':{'name':'f'}},{'entity':'person','key':'1'}]}", "Idempotency-Key: fault-sync", REPA1, ""},
    {"PATCH /api/v1/sync/fault/item/$item", "{'values':{'name':'g'}}", NULL, REPA1, ""},
    {"POST /api/v1/sync/fault/release", "{'item':'$item'}", "Idempotency-Key: fault-release", ADMIN, ""},
    {"POST /api/v1/sync/fault/drop", "{'code':'invalid'}", NULL, ADMIN, ""},
    {"POST /api/v1/retention", "{'name':'f','reason':'f','entity':'person','n':1,'act':'trash'}", "Idempotency-Key: fault-retention", ADMIN, ""},
    {"PATCH /api/v1/retention/$retention", "{'n':2}", "Idempotency-Key: fault-retention2", ADMIN, ""},
    {"POST /api/v1/retention/$retention/rehearse", NULL, NULL, ADMIN, ""},
    {"DELETE /api/v1/retention/$retention", NULL, "Idempotency-Key: fault-retention3", ADMIN, ""},
    {"PATCH /api/v1/session", "{'language':'ru'}", NULL, ADMIN, ""},
    {"POST /api/v1/session", "{'mail':'clara@mueller.example','password':'korrekt-pferd-batterie'}", NULL, ANON, "login_attempt login_guard security_event session device"},
    {"DELETE /api/v1/session/list", NULL, NULL, REPA1, ""},
    {"DELETE /api/v1/session/list/$skey", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/account/$repa2/password", "{'password':'Erstes-Wort-1'}", NULL, ADMIN, ""},
    {"POST /api/v1/account/$repa2/end", NULL, "Idempotency-Key: fault-end", ADMIN, ""},
    {"POST /api/v1/backup", NULL, "Idempotency-Key: fault-backup", ADMIN, ""},
    {"POST /api/v1/account/$repa2/handover", "{'to':'$repb1','end':true}", "Idempotency-Key: fault-handover", ADMIN, ""},
    {"POST /api/v1/block", "{'addr':'192.0.2.1','why':'f'}", NULL, ADMIN, ""},
    {"DELETE /api/v1/block/$block", NULL, NULL, ADMIN, ""},
    {"DELETE /api/v1/lock/$lock", NULL, NULL, ADMIN, ""},
    {"DELETE /api/v1/held/$held", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/session/proof/passkey", NULL, NULL, MGRA, ""},
    {"POST /api/v1/session/proof", "{'password':'korrekt-pferd-batterie'}", NULL, MGRA, "login_attempt login_guard security_event"},
    {"POST /api/v1/factor/totp", "{}", NULL, MGRA, ""},
    {"POST /api/v1/factor/totp/confirm", "{'code':'$code'}", NULL, MGRA, ""},
    {"POST /api/v1/factor/recovery", "{}", NULL, MGRA, ""},
    {"POST /api/v1/factor/totp/end", "{}", NULL, MGRA, ""},
    {"DELETE /api/v1/identity/73a511961f7f771e", NULL, NULL, MGRA, ""},
    {"DELETE /api/v1/account/$repb1/identity/1e0a76c6a6f92ef5", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/session/factor", "{'code':'$half'}", NULL, REPB1, "login_attempt login_guard security_event"},
    {"POST /api/v1/passkey/begin", "{}", NULL, MGRA, ""},
    {"POST /api/v1/passkey", "{'name':'f','id':'$pk.id','client':'$pknew.client','data':'$pk.data'}", NULL, MGRA, ""},
    {"PATCH /api/v1/passkey/$pk", "{'name':'g'}", NULL, MGRA, ""},
    {"POST /api/v1/session/passkey/begin", NULL, NULL, ANON, ""},
    {"POST /api/v1/session/passkey", "{'id':'$pk.id','client':'$pkin.client','data':'$pk.data','signature':'$pk.sig'}", "Cookie: kontor-ask=fault", ANON, "login_attempt login_guard security_event"},
    {"POST /api/v1/passkey/$pk/end", "{}", NULL, MGRA, ""},
    {"DELETE /api/v1/account/$repb1/factor", NULL, "Idempotency-Key: fault-factor", ADMIN, ""},
    {"POST /api/v1/session/password", "{'present':'korrekt-pferd-batterie','password':'Moos-Laterne-9'}", NULL, MGRA, "login_attempt login_guard security_event"},
    {"PUT /api/v1/mail/server", "{'host':'127.0.0.1','port':25,'security':'none','user':'u','password':'p','from':'f@mueller.example'}", NULL, ADMIN, ""},
    {"POST /api/v1/mail/test", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/account/$repb1/invite", NULL, NULL, ADMIN, ""},
    {"POST /api/v1/password/forgot", "{'mail':'bernd@mueller.example'}", NULL, ANON, ""},
    {"POST /api/v1/link", "{'token':'" TOKEN_A "'}", NULL, ANON, ""},
    {"POST /api/v1/password/reset", "{'token':'" TOKEN_A "','password':'Moos-Laterne-9'}", NULL, ANON, ""},
    {"POST /api/v1/unlock", "{'token':'" TOKEN_B "'}", NULL, ANON, ""},
    {"POST /api/v1/session/mail", "{'mail':'clara.neu@mueller.example'}", NULL, ADMIN, ""},
    {"POST /api/v1/address", "{'token':'" TOKEN_C "'}", NULL, ANON, ""},
    {"PUT /api/v1/usage/rules", "{'on':true,'days':90}", NULL, ADMIN, ""},
    {"DELETE /api/v1/usage", NULL, NULL, ADMIN, ""},
    {"PUT /api/v1/signup/rules", "{'open':true,'role':'$rolerep'}", NULL, ADMIN, ""},
    {"PUT /api/v1/factor/rule", "{'want':'none'}", NULL, ADMIN, ""},
    {"POST /api/v1/signup", "{'name':'f','mail':'neu@mueller.example'}", NULL, ANON, ""},
    {"POST /api/v1/signup/confirm", "{'token':'" TOKEN_D "','password':'Moos-Laterne-9'}", NULL, ANON, ""},
    {"DELETE /api/v1/session", NULL, NULL, ADMIN, ""},
};
enum { NTH_MAX = 20000 };

static enum err seed_row(struct cx *cx, void *arg)
{
    const struct api_bed *t = arg;
    int64_t id = t->who[REPB1].id;
    str sealed = {0}, place = arena_fmt(cx->a, "user_totp:%" PRId64 ":seed", id);
    TRY(vault_seal(cx, t->app->vault, place, S("00112233445566778899aabbccddeeff00112233"), &sealed));
    TRY(db_exec(cx, NULL, "INSERT INTO user_totp (user_id, seed, pending, pending_at, since, step) VALUES ($1, $2, '', 0, 1, 0)", V(id), V(sealed)));
    return db_exec(cx, NULL, "UPDATE session SET stage = 2 WHERE user_id = $1", V(id));
}

static const char rp[] = "kontor.test";
static struct soft_key key;

/* What an authenticator answers, for the row that registers it and the one that comes in by it. */
static void passkey_make(struct api_bed *t, bool is_new)
{
    struct cx cx = t->b.cx;
    str challenge = {0};
    cx.now_ms = t->still_ms;
    cx.who.user = t->who[MGRA].id;
    if (is_new) {
        soft_key_free(&key);
        key = soft_key_new(ES256, "fault");
        T_OK(&cx, passkey_begin(&cx, t->who[MGRA].token, &challenge));
    } else {
        key.counter++;
        T_OK(&cx, passkey_ask(&cx, S("fault"), false, &challenge));
    }
    str client = soft_client(&cx, is_new ? "webauthn.create" : "webauthn.get", challenge, "https://kontor.test");
    str data = soft_data(&cx, &key, rp, PRESENT | VERIFIED | (is_new ? ATTESTED : 0));
    var_put(t, "pk.id", soft_coded(&cx, key.id));
    var_put(t, is_new ? "pknew.client" : "pkin.client", soft_coded(&cx, client));
    var_put(t, "pk.data", soft_coded(&cx, data));
    var_put(t, "pk.sig", soft_coded(&cx, soft_signed(&cx, &key, data, client)));
}

static void id_put(struct api_bed *t, const char *var, str sql)
{
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    T_OK(cx, db_run(cx, &r, NULL, sql, NULL, 0));
    var_put(t, var, arena_fmt(cx->a, "%" PRId64, r.n ? db_int(&r, 0, 0) : 0));
}

/* Codes of the app and answers of the passkey as they are when their row comes. */
static void code_make(struct api_bed *t, const char *req, const char *body)
{
    if (strstr(req, "$item") || (body && strstr(body, "$item"))) id_put(t, "item", S("SELECT id FROM sync_item WHERE state IN (1, 3) ORDER BY id DESC LIMIT 1"));
    if (strstr(req, "$idp")) id_put(t, "idp", S("SELECT id FROM idp ORDER BY id DESC LIMIT 1"));
    if (strstr(req, "$pk")) id_put(t, "pk", S("SELECT id FROM passkey"));
    if (!body) return;
    if (strstr(body, "$pknew.") || strstr(body, "$pkin.")) passkey_make(t, strstr(body, "$pknew.") != NULL);
    if (strstr(body, "$code")) var_put(t, "code", api_code(t, MGRA, 0));
    if (!strstr(body, "$half")) return;
    api_enter(t, REPB1, t->who[REPB1].id);
    T_OK(&t->b.cx, db_write(&t->b.cx, seed_row, t));
    var_put(t, "half", api_code(t, REPB1, 0));
}

/* ---- security events ---- */
/* Deeds that have one: the first try that went through wrote it (its failed ones wrote none, as the digest shows, in which
 * the events are but for those whose `but` names them: there failed tries are told of, too). */
static const struct deed {
    const char *req, *kind;
} deeds[] = {{"POST /api/v1/key", "key.made"}, {"DELETE /api/v1/key/$key", "key.ended"}, {"POST /api/v1/idp", "setting.changed"},
             {"PATCH /api/v1/idp/$idp", "setting.changed"}, {"DELETE /api/v1/idp/$idp", "setting.changed"}, {"POST /api/v1/hook", "setting.changed"},
             {"DELETE /api/v1/hook/$hook", "setting.changed"}, {"PUT /api/v1/mail/server", "setting.changed"}, {"PUT /api/v1/signup/rules", "setting.changed"}, {"PUT /api/v1/factor/rule", "setting.changed"},
             {"POST /api/v1/session", "login"}, {"DELETE /api/v1/session", "logout"}, {"POST /api/v1/account/$repa2/password", "password.set"},
             {"POST /api/v1/account/$repa2/end", "user.ended"}, {"POST /api/v1/block", "address.blocked"}, {"DELETE /api/v1/block/$block", "address.freed"},
             {"DELETE /api/v1/held/$held", "address.freed"}, {"DELETE /api/v1/lock/$lock", "lock.freed"}, {"POST /api/v1/factor/totp/confirm", "factor.set"}, {"POST /api/v1/factor/recovery", "recovery.made"},
             {"POST /api/v1/factor/totp/end", "factor.removed"}, {"POST /api/v1/passkey", "passkey.added"}, {"POST /api/v1/passkey/$pk/end", "passkey.removed"},
             {"POST /api/v1/session/password", "password.changed"}, {"POST /api/v1/password/reset", "password.link"}};

static int64_t events_of(struct api_bed *t)
{
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT coalesce(max(seq), 0) FROM security_event"));
    return db_int(&r, 0, 0);
}

static void told_of(struct api_bed *t, const struct torture *x, int64_t had)
{
    for (size_t i = 0; i < COUNT(deeds); i++) {
        struct db_rows r = {0};
        if (strcmp(deeds[i].req, x->req) != 0) continue;
        T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT count(*) FROM security_event WHERE seq > $1 AND kind = $2", V(had), V(str_from(deeds[i].kind))));
        bool fits = strstr(x->but, "security_event") ? db_int(&r, 0, 0) >= 1 : db_int(&r, 0, 0) == 1; /* in, and then no answer */
        T(fits);
        if (!fits) fprintf(stderr, "  %s: %" PRId64 " times %s\n", x->req, db_int(&r, 0, 0), deeds[i].kind);
    }
}

static void one(struct api_bed *t, const struct torture *x)
{
    struct cx *cx = &t->b.cx;
    code_make(t, x->req, x->body);
    str req = api_expand(t, cx->a, x->req), body = x->body ? api_body(t, x->body) : S(""), head = x->head ? api_expand(t, cx->a, x->head) : S("");
    int64_t nth = 1, had = events_of(t);
    str before = api_digest(t, str_from(x->but));
    for (; nth < NTH_MAX; nth += 1 + nth / 32) { /* far in, not each one */
        db_fault_at(t->b.b, nth);
        struct answer r = api_call(t, cx->a, x->who, req, body, head);
        db_fault_at(t->b.b, 0);
        if (r.status < 300) break;
        bool told = r.status >= 500 && str_find(r.body, S("SELECT")) < 0 && str_find(r.body, S("sqlite")) < 0;
        str after = api_digest(t, str_from(x->but));
        T(told);
        T(str_eq(after, before));
        if (!told || !str_eq(after, before))
            fprintf(stderr, "  fault %" PRId64 " of %s: %d %.*s%s\n", nth, x->req, r.status, FS(str_cut(r.body, 0, 300)), str_eq(after, before) ? "" : " CHANGED");
        before = after;
    }
    told_of(t, x, had);
    T(nth > 1 && nth < NTH_MAX);
    if (nth == NTH_MAX) fprintf(stderr, "  %s never went through\n", x->req);
}

static void found_make(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/draft", "{'data':{}}", 201, NULL, "", "d", NULL},
         {REPA1, "POST /api/v1/company/$c/proposal", "{'source':'x','fields':{'name':'Andere','employees':5}}", 200, NULL, "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/person/$q", "{'job_title':'1'}", 200, NULL, "person.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/person/$q", "{'job_title':'2'}", 200, NULL, "person.update", NULL, NULL});
    id_put(t, "pr1", S("SELECT id FROM proposal ORDER BY id LIMIT 1"));
    id_put(t, "pr2", S("SELECT id FROM proposal ORDER BY id DESC LIMIT 1"));
    id_put(t, "n", S("SELECT id FROM notice ORDER BY id LIMIT 1"));
}

static enum err job_fails(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE job SET state = 'failed', error = 'x' WHERE id = $1", V(*(int64_t *)arg));
}

static void failed_make(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    int64_t id = 0;
    cx.who.user = t->who[ADMIN].id;
    T_OK(&cx, job_add(&cx, NULL, S("duplicates"), S("{}"), S(""), &id));
    T_OK(&cx, db_write(&cx, job_fails, &id));
    var_put(t, "failed", arena_fmt(cx.a, "%" PRId64, id));
}

/* A key of the administrator's, a session by it, and a company that it will change. */
static void mcp_make(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct key k = {.user = t->who[ADMIN].id, .name = S("mcp"), .scopes = S("read write")};
    str token = {0};
    cx.now_ms = t->still_ms ? t->still_ms : clock_ms();
    T_OK(&cx, key_new(&cx, &k, &token));
    var_put(t, "mcp.key", token);
    struct answer r = api_call(t, cx.a, ANON, S("POST /mcp"), api_body(t, MCP("initialize", "{'protocolVersion':'2025-06-18'}")), api_expand(t, cx.a, "Authorization: Bearer $mcp.key"));
    T_INT(r.status, 200);
    var_put(t, "mcp", answer_head(&r, S("Mcp-Session-Id")));
    ROWS(t, {ADMIN, "POST /api/v1/company", "{'name':'mcp'}", 201, NULL, "company.create", "mc", NULL});
}

/* A batch of so many changes that a job takes it back. */
static void large_make(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct written w = {0};
    struct set s = {FLD(ENT(cx, "person"), "name"), VAL_TEXT(S("g"))};
    int64_t batch = 0;
    T_OK(cx, batch_begin(cx, S("import"), 0, &batch));
    for (int i = 0; i <= UNDO_SMALL; i++) T_OK(cx, record_create(cx, ENT(cx, "person"), 0, &s, 1, &w));
    T_OK(cx, batch_end(cx, batch, S("done"), S("")));
    cx->batch = 0;
    var_put(t, "large", arena_fmt(cx->a, "%" PRId64, batch));
    (void)api_events_came(t);
}

/* By whom two of them are known: the keys of these stand in the rows above. */
static enum err links_row(struct cx *cx, void *arg)
{
    struct api_bed *t = arg;
    TRY(db_exec(cx, NULL, "INSERT INTO idp_link (issuer, subject, user_id, login, at) VALUES ('https://f.test', 's', $1, '', 0)", V(t->who[REPB1].id)));
    return db_exec(cx, NULL, "INSERT INTO idp_link (issuer, subject, user_id, login, at) VALUES ('https://f.test', 't', $1, '', 0)", V(t->who[MGRA].id));
}

static enum err lock_row(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "INSERT INTO login_guard (id, name, device, since, until, at) VALUES (77, 'f', '', 0, $1, 0)", V(cx->now_ms + 1000000));
}

static enum err delivery_row(struct cx *cx, void *arg)
{
    const int64_t *hook = arg;
    return db_exec(cx, NULL, "INSERT INTO hook_delivery (id, hook, seq, entity, record, op, state, tries, due_at, lease_until, status, answer, created_at, sent_at)"
                             " VALUES (88, $1, 1, 'person', 1, 'create', 'dead', 10, 0, 0, 500, '', 1, 1)",
                   V(*hook));
}

static void hook_make(struct api_bed *t)
{
    int64_t id = 0;
    ROWS(t, {ADMIN, "POST /api/v1/retention", "{'name':'g','reason':'g','entity':'person','n':1,'act':'trash'}", 201, NULL, "", "retention", NULL});
    ROWS(t, {ADMIN, "POST /api/v1/hook", "{'name':'f','url':'https://example.com/','ops':['create','merge']}", 201, NULL, "", "hook", NULL});
    T(str_to_int(var_get(t, "hook"), &id));
    T_OK(&t->b.cx, db_write(&t->b.cx, delivery_row, &id));
}

static enum err all_came(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "UPDATE upload SET have = total WHERE total = 7");
}

/* One begun, one to end, one whose last piece has come and that is no file yet. */
static void upload_make(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    str dir = arena_fmt(cx->a, "%.*s/uploads", FS(t->app->data_dir));
    ROWS(t,
         {ADMIN, "POST /api/v1/upload", NULL, 201, NULL, "", "tus", "Upload-Length: 9"},
         {ADMIN, "POST /api/v1/upload", NULL, 201, NULL, "", "tus2", "Upload-Length: 9"},
         {ADMIN, "POST /api/v1/upload", NULL, 201, NULL, "", "tus3", "Upload-Length: 7"});
    T_OK(cx, os_mkdirs(cx, dir, 0700));
    T_OK(cx, os_write_file_atomic(cx, arena_fmt(cx->a, "%.*s/%.*s", FS(dir), FS(var_get(t, "tus3"))), S("Name\nA\n"), 0600));
    T_OK(cx, db_write(cx, all_came, NULL));
}

/* A password for one, a session of another, a locked account, a blocked address. */
static void login_make(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    T_OK(cx, auth_password_set(cx, t->app->auth, t->who[MGRA].id, S("korrekt-pferd-batterie")));
    api_enter(t, MGRA, t->who[MGRA].id);
    var_put(t, "skey", auth_session_key(cx, t->who[REPA2].token));
    T_OK(cx, db_write(cx, lock_row, NULL));
    T_OK(cx, db_write(cx, links_row, t));
    var_put(t, "lock", S("77"));
    struct held_row *held = NULL;
    size_t n = 0;
    for (int i = 0; i < LOGIN_ADDR_BURST; i++) (void)buckets_take(&t->app->auth->buckets, S("192.0.2.8"), false, cx->now_ms);
    auth_held(cx, t->app->auth, &held, &n);
    T_INT((int64_t)n, 1);
    var_put(t, "held", n ? arena_fmt(cx->a, "%" PRId64, held[0].id) : S("0"));
    ROWS(t, {ADMIN, "POST /api/v1/block", "{'addr':'192.0.2.9'}", 201, NULL, "", "block", NULL});
}

static enum err link_rows(struct cx *cx, void *arg)
{
    const struct person *who = arg;
    const struct person *whose[] = {&who[REPA1], &who[REPA1], &who[REPB1], NULL};
    const str addr[] = {S("rolf@mueller.example"), S("rolf@mueller.example"), S("bernd@mueller.example"), S("n@mueller.example")};
    const str token[] = {S(TOKEN_A), S(TOKEN_B), S(TOKEN_C), S(TOKEN_D)}, kind[] = {S("reset"), S("unlock"), S("address"), S("signup")};
    const str data[] = {S(""), S(""), S("bernd.neu@mueller.example"), S("{\"name\":\"N\",\"mail\":\"n@mueller.example\",\"language\":\"de\"}")};
    for (size_t i = 0; i < COUNT(token); i++) {
        unsigned char sum[32];
        os_sha256(token[i], sum);
        TRY(db_exec(cx, NULL, "INSERT INTO mail_token (hash, kind, user_id, addr, data, created_at, until) VALUES ($1, $2, $3, $6, $5, 1, $4)",
                    V(os_hex(cx->a, sum, sizeof sum)), V(kind[i]), V(whose[i] ? whose[i]->id : 0), V(cx->now_ms + 3600000), V(data[i]), V(addr[i])));
    }
    return E_OK;
}

static void walk(struct api_bed *t)
{
    t->still_ms = clock_ms(); /* no session is due to be marked as seen, however long it takes */
    api_prove(t, ADMIN);
    ROWS(t,
         {ADMIN, "POST /api/v1/company", "{'name':'Firma'}", 201, NULL, "company.create", "c", NULL},
         {ADMIN, "POST /api/v1/group", "{'name':'Gruppe'}", 201, NULL, "group.create", "g", NULL},
         {REPA1, "POST /api/v1/company", "{'name':'Eigene Firma'}", 201, NULL, "company.create", "c", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'p'}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'l','phones':['0221 5550']}", 201, NULL, "person.create", "l", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'q'}", 201, NULL, "person.create", "q", NULL},
         {REPA1, "POST /api/v1/task", "{'subject':'t','person':'$l'}", 201, NULL, "task.create", NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$q", "{'note':'1'}", 200, NULL, "person.update", "u", NULL},
         {REPA1, "PATCH /api/v1/person/$l", "{'note':'1'}", 200, NULL, "person.update", "v", NULL},
         {ADMIN, "POST /api/v1/file?name=k.csv", "Name;Telefon\nAnna;0221 5551\n", 201, NULL, NULL, "f", "Content-Type: text/csv"},
         {ADMIN, "POST /api/v1/key", "{'name':'f','scopes':['read']}", 201, NULL, NULL, "key", NULL},
         {ADMIN, "POST /api/v1/import/mapping", "{'name':'m','mapping':{}}", 201, NULL, NULL, "map", NULL},
         {ADMIN, "POST /api/v1/import/dry", "{'file':'$f','entity':'person'}", 202, NULL, NULL, "j", NULL});
    upload_make(t);
    found_make(t);
    large_make(t);
    mcp_make(t);
    failed_make(t);
    login_make(t);
    T_OK(&t->b.cx, db_write(&t->b.cx, link_rows, t->who));
    hook_make(t);
    struct house *h = house_open();
    house_allow(t, h->port);
    t->still_ms++; /* a proof counts after the log-in */
    for (size_t i = 0; i < COUNT(all); i++) one(t, &all[i]);
    house_close(h);
    for (size_t i = 0; i < api_routes_n; i++) {
        bool writes = api_routes[i].flags & R_WRITE && !str_eq(api_routes[i].path, S("/api/v1/setup"));
        if (writes && !api_route_called(i)) fprintf(stderr, "no fault row for %.*s %.*s\n", FS(method_name[api_routes[i].method]), FS(api_routes[i].path));
        T(!writes || api_route_called(i));
    }
}

/* The first set-up fails at each call in turn: it can be done again, as if nothing had been. */
static void set_up(struct api_bed *t)
{
    static const struct torture x = {
        "POST /api/v1/setup",
        "{'token':'$token','firm':'Stein GmbH','country':'DE','name':'Carl','mail':'c@stein.example','password':'korrekt-pferd-batterie'}", NULL, ANON, ""};
    one(t, &x);
    (void)api_events_came(t);
    ROWS(t, {ANON, "POST /api/v1/session", "{'mail':'c@stein.example','password':'korrekt-pferd-batterie'}", 200, NULL, NULL, NULL, NULL});
}

int main(void)
{
    api_both(set_up, false, false);
    api_both(walk, false, true);
    soft_key_free(&key);
    return t_end("api_fault");
}
