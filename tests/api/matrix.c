/* SPDX-License-Identifier: MIT */
/* C01: every route x role x whose record it is. A route without a row fails. */
#include "api_bed.h"
#include "auth/auth_int.h"
#include "auth/limits.h"
#include "auth/outside.h"
#include "base/time.h"
#include "os/os.h"
#include "record/log.h"

enum whose { OWN, TEAM, FOREIGN, DELETED, NEVER, WHOSE };
static const char *const whose_name[WHOSE] = {"own", "team", "foreign", "deleted", "never"};
enum thing { NOTHING, PERSON, FILE_, BOUND, JOB, BATCH, DRAFT, NOTICE, PROPOSAL, AS_OF, MAPPING, FAILED, KEY, HOOK, DELIVERY, SYNCED, UPLOAD, IDP, LOCK, HELD, BLOCK, MAIL, RULE, PASSKEY, IDENTITY, LOGIN };

/* want: one status, or five in the order above; "-" is not asked. Of a person the rep has two more: a foreign one that is
 * shared with him, to see and to change. $x is the thing, $x.seq its first change. */
static const struct cell {
    enum method method;
    const char *path, *target, *body;
    enum thing thing;
    const char *anon, *admin, *mgr, *rep;
} all[] = {
    {GET, "/healthz", "/healthz", NULL, NOTHING, "200", "200", "200", "200"},
    {GET, "/readyz", "/readyz", NULL, NOTHING, "200", "200", "200", "200"},
    {GET, "/metrics", "/metrics", NULL, NOTHING, "401", "-", "403", "403"},
    {GET, "/api/v1/setup", "/api/v1/setup", NULL, NOTHING, "200", "200", "200", "200"},
    {POST, "/api/v1/setup", "/api/v1/setup", "{'token':'x'}", NOTHING, "403", "403", "403", "403"},
    {POST, "/api/v1/session", "/api/v1/session", "{}", NOTHING, "401", "401", "401", "401"},
    {GET, "/api/v1/session", "/api/v1/session", NULL, NOTHING, "401", "200", "200", "200"},
    {PATCH, "/api/v1/session", "/api/v1/session", "{'language':'de'}", NOTHING, "401", "200", "200", "200"},
    {DELETE, "/api/v1/session", "/api/v1/session", NULL, NOTHING, "401", "204", "204", "204"},
    {GET, "/api/v1/key", "/api/v1/key", NULL, NOTHING, "401", "200", "200", "200"},
    {GET, "/api/v1/key", "/api/v1/key?all=1", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/key", "/api/v1/key", "{'name':'m','scopes':['read']}", NOTHING, "401", "403", "403", "403"},
    {PATCH, "/api/v1/key/{id}", "/api/v1/key/$x", "{'name':'m'}", KEY, "401", "200 200 200 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {DELETE, "/api/v1/key/{id}", "/api/v1/key/$x", NULL, KEY, "401", "204 204 204 404 404", "204 404 404 404 404", "204 404 404 404 404"},
    {POST, "/api/v1/session/password", "/api/v1/session/password", "{'present':'x','password':'x'}", NOTHING, "401", "422", "422", "422"},
    {POST, "/api/v1/session/factor", "/api/v1/session/factor", "{'code':'123456'}", NOTHING, "401", "412", "412", "412"},
    {GET, "/api/v1/session/factor", "/api/v1/session/factor", NULL, NOTHING, "401", "200", "200", "200"},
    {GET, "/api/v1/session/proof", "/api/v1/session/proof", NULL, NOTHING, "401", "200", "200", "200"},
    {POST, "/api/v1/session/proof/passkey", "/api/v1/session/proof/passkey", NULL, NOTHING, "401", "200", "200", "200"},
    {POST, "/api/v1/session/proof", "/api/v1/session/proof", "{'password':'x'}", NOTHING, "401", "403", "403", "403"},
    {GET, "/api/v1/factor", "/api/v1/factor", NULL, NOTHING, "401", "200", "200", "200"},
    {POST, "/api/v1/factor/totp", "/api/v1/factor/totp", NULL, NOTHING, "401", "403", "403", "403"},
    {POST, "/api/v1/factor/totp/confirm", "/api/v1/factor/totp/confirm", "{'code':'123456'}", NOTHING, "401", "412", "412", "412"},
    {POST, "/api/v1/factor/totp/end", "/api/v1/factor/totp/end", NULL, NOTHING, "401", "403", "403", "403"},
    {POST, "/api/v1/factor/recovery", "/api/v1/factor/recovery", NULL, NOTHING, "401", "403", "403", "403"},
    {POST, "/api/v1/passkey/begin", "/api/v1/passkey/begin", NULL, NOTHING, "401", "403", "403", "403"},
    {POST, "/api/v1/passkey", "/api/v1/passkey", "{'name':'m'}", NOTHING, "401", "422", "422", "422"},
    {PATCH, "/api/v1/passkey/{id}", "/api/v1/passkey/$x", "{'name':'m'}", PASSKEY, "401", "204 404 404 404 404", "204 404 404 404 404", "204 404 404 404 404"},
    {POST, "/api/v1/passkey/{id}/end", "/api/v1/passkey/$x/end", NULL, PASSKEY, "401", "204 404 404 404 404", "204 404 404 404 404", "204 404 404 404 404"},
    {POST, "/api/v1/session/passkey/begin", "/api/v1/session/passkey/begin", NULL, NOTHING, "200", "200", "200", "200"},
    {POST, "/api/v1/session/passkey", "/api/v1/session/passkey", "{}", NOTHING, "422", "422", "422", "422"},
    {GET, "/api/v1/identity", "/api/v1/identity", NULL, NOTHING, "401", "200", "200", "200"},
    {DELETE, "/api/v1/identity/{key}", "/api/v1/identity/$x.key", NULL, IDENTITY, "401", "204 404 404 404 404", "204 404 404 404 404", "204 404 404 404 404"},
    {DELETE, "/api/v1/account/{id}/identity/{key}", "/api/v1/account/$x.who/identity/$x.key", NULL, IDENTITY, "401", "204 204 204 404 404", "403", "403"},
    {DELETE, "/api/v1/account/{id}/factor", "/api/v1/account/$repb1/factor", NULL, NOTHING, "401", "204", "403", "403"},
    {GET, "/api/v1/session/list", "/api/v1/session/list", NULL, NOTHING, "401", "200", "200", "200"},
    {GET, "/api/v1/session/list", "/api/v1/session/list?all=1", NULL, NOTHING, "401", "200", "403", "403"},
    {DELETE, "/api/v1/session/list", "/api/v1/session/list", NULL, NOTHING, "401", "204", "204", "204"},
    {DELETE, "/api/v1/session/list/{key}", "/api/v1/session/list/$x.key", NULL, LOGIN, "401", "204 204 204 404 404", "204 404 404 404 404", "204 404 404 404 404"},
    {GET, "/api/v1/account/{id}", "/api/v1/account/$repb1", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/account/{id}/password", "/api/v1/account/$repb1/password", "{'password':'Erstes-Wort-1'}", NOTHING, "401", "204", "403", "403"},
    {POST, "/api/v1/account/{id}/end", "/api/v1/account/$repb1/end", NULL, NOTHING, "401", "204", "403", "403"},
    {POST, "/api/v1/account/{id}/handover", "/api/v1/account/$repb1/handover", "{'to':'$repa2'}", NOTHING, "401", "202", "403", "403"},
    {GET, "/api/v1/backup", "/api/v1/backup", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/backup", "/api/v1/backup", NULL, NOTHING, "401", "202", "403", "403"},
    {POST, "/api/v1/account/{id}/invite", "/api/v1/account/$repb1/invite", NULL, NOTHING, "401", "422", "403", "403"}, /* mail is not set up */
    {GET, "/api/v1/door", "/api/v1/door", NULL, NOTHING, "200", "200", "200", "200"},
    {POST, "/api/v1/password/forgot", "/api/v1/password/forgot", "{'mail':'maria@mueller.example'}", NOTHING, "422", "422", "422", "422"},
    {POST, "/api/v1/password/reset", "/api/v1/password/reset", "{'token':'x','password':'Moos-Laterne-9'}", NOTHING, "404", "404", "404", "404"},
    {POST, "/api/v1/link", "/api/v1/link", "{'token':'x'}", NOTHING, "404", "404", "404", "404"},
    {POST, "/api/v1/session/mail", "/api/v1/session/mail", "{'mail':'m@mueller.example'}", NOTHING, "401", "403", "403", "403"},
    {POST, "/api/v1/address", "/api/v1/address", "{'token':'x'}", NOTHING, "404", "404", "404", "404"},
    {POST, "/api/v1/signup", "/api/v1/signup", "{'name':'m','mail':'m@mueller.example'}", NOTHING, "403", "403", "403", "403"},
    {POST, "/api/v1/signup/confirm", "/api/v1/signup/confirm", "{'token':'x','password':'Moos-Laterne-9'}", NOTHING, "404", "404", "404", "404"},
    {GET, "/api/v1/signup/rules", "/api/v1/signup/rules", NULL, NOTHING, "401", "200", "403", "403"},
    {PUT, "/api/v1/signup/rules", "/api/v1/signup/rules", "{'open':false}", NOTHING, "401", "204", "403", "403"},
    {GET, "/api/v1/factor/rule", "/api/v1/factor/rule", NULL, NOTHING, "401", "200", "403", "403"},
    {PUT, "/api/v1/factor/rule", "/api/v1/factor/rule", "{'want':'none'}", NOTHING, "401", "204", "403", "403"},
    {POST, "/api/v1/unlock", "/api/v1/unlock", "{'token':'x'}", NOTHING, "404", "404", "404", "404"},
    {POST, "/api/v1/mail/test", "/api/v1/mail/test", NULL, NOTHING, "401", "422", "403", "403"},
    {GET, "/api/v1/mail/server", "/api/v1/mail/server", NULL, NOTHING, "401", "200", "403", "403"},
    {PUT, "/api/v1/mail/server", "/api/v1/mail/server", "{'host':''}", NOTHING, "401", "204", "403", "403"},
    {GET, "/api/v1/mail", "/api/v1/mail", NULL, NOTHING, "401", "200", "403", "403"},
    {GET, "/api/v1/mail/{id}", "/api/v1/mail/$x", NULL, MAIL, "401", "200 200 200 404 404", "403", "403"},
    {GET, "/api/v1/security/event", "/api/v1/security/event", NULL, NOTHING, "401", "200", "403", "403"},
    {GET, "/api/v1/security/export", "/api/v1/security/export?kind=refused", NULL, NOTHING, "401", "200", "403", "403"},
    {GET, "/api/v1/attempt", "/api/v1/attempt", NULL, NOTHING, "401", "200", "403", "403"},
    {GET, "/api/v1/lock", "/api/v1/lock", NULL, NOTHING, "401", "200", "403", "403"},
    {DELETE, "/api/v1/lock/{id}", "/api/v1/lock/$x", NULL, LOCK, "401", "204 204 204 404 404", "403", "403"},
    {GET, "/api/v1/held", "/api/v1/held", NULL, NOTHING, "401", "200", "403", "403"},
    {DELETE, "/api/v1/held/{id}", "/api/v1/held/$x", NULL, HELD, "401", "204 204 204 404 404", "403", "403"},
    {GET, "/api/v1/block", "/api/v1/block", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/block", "/api/v1/block", "{'addr':'192.0.2.1'}", NOTHING, "401", "201", "403", "403"},
    {DELETE, "/api/v1/block/{id}", "/api/v1/block/$x", NULL, BLOCK, "401", "204 204 204 404 404", "403", "403"},
    {POST, "/api/v1/sso/{id}", "/api/v1/sso/$x", NULL, IDP, "503 503 503 404 404", "503 503 503 404 404", "503 503 503 404 404", "503 503 503 404 404"},
    {GET, "/api/v1/sso/{id}/callback", "/api/v1/sso/1/callback?code=x&state=y", NULL, NOTHING, "303", "303", "303", "303"},
    {GET, "/api/v1/idp", "/api/v1/idp", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/idp", "/api/v1/idp", "{'name':'m','issuer':'https://login.example.com','client_id':'m'}", NOTHING, "401", "201", "403", "403"},
    {PATCH, "/api/v1/idp/{id}", "/api/v1/idp/$x", "{'name':'n'}", IDP, "401", "200 200 200 404 404", "403", "403"},
    {DELETE, "/api/v1/idp/{id}", "/api/v1/idp/$x", NULL, IDP, "401", "204 204 204 404 404", "403", "403"},
    {POST, "/api/v1/idp/{id}/test", "/api/v1/idp/$x/test", "{}", IDP, "401", "422 422 422 404 404", "403", "403"},
    {GET, "/api/v1/hook", "/api/v1/hook", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/hook", "/api/v1/hook", "{'name':'m','url':'https://example.com/','ops':['create']}", NOTHING, "401", "201", "403", "403"},
    {GET, "/api/v1/hook/{id}", "/api/v1/hook/$x", NULL, HOOK, "401", "200 200 200 404 404", "403", "403"},
    {PATCH, "/api/v1/hook/{id}", "/api/v1/hook/$x", "{'name':'n'}", HOOK, "401", "200 200 200 404 404", "403", "403"},
    {DELETE, "/api/v1/hook/{id}", "/api/v1/hook/$x", NULL, HOOK, "401", "204 204 204 404 404", "403", "403"},
    {POST, "/api/v1/hook/{id}/test", "/api/v1/hook/$x/test", NULL, HOOK, "401", "202 202 202 404 404", "403", "403"},
    {GET, "/api/v1/hook/{id}/delivery", "/api/v1/hook/$x/delivery", NULL, HOOK, "401", "200 200 200 404 404", "403", "403"},
    {POST, "/api/v1/hook/delivery/{id}/redeliver", "/api/v1/hook/delivery/$x/redeliver", NULL, DELIVERY, "401", "202 202 202 404 404", "403", "403"},
    {GET, "/api/v1/sync", "/api/v1/sync", NULL, NOTHING, "401", "200", "200", "200"},
    {GET, "/api/v1/sync/{system}", "/api/v1/sync/matrix$x", NULL, SYNCED, "401", "200 200 200 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {POST, "/api/v1/sync/{system}", "/api/v1/sync/shop", "{'items':[{'entity':'person','key':'1','values':{'name':'m'}}]}", NOTHING, "401", "202", "403", "202"}, /* the rep comes first: the name is his, and who manages the settings sends as anybody */
    {GET, "/api/v1/sync/{system}/batch/{id}", "/api/v1/sync/matrix$x/batch/$x", NULL, SYNCED, "401", "200 200 200 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {GET, "/api/v1/sync/{system}/item", "/api/v1/sync/matrix$x/item", NULL, SYNCED, "401", "200 200 200 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {GET, "/api/v1/sync/{system}/item/{id}", "/api/v1/sync/matrix$x/item/$x", NULL, SYNCED, "401", "200 200 200 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {PATCH, "/api/v1/sync/{system}/item/{id}", "/api/v1/sync/matrix$x/item/$x", "{'values':{'name':'n'}}", SYNCED, "401", "200 200 200 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {POST, "/api/v1/sync/{system}/release", "/api/v1/sync/matrix$x/release", "{'item':'$x'}", SYNCED, "401", "200 200 200 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {POST, "/api/v1/sync/{system}/drop", "/api/v1/sync/matrix$x/drop", "{'item':'$x'}", SYNCED, "401", "200 200 200 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {GET, "/api/v1/meta", "/api/v1/meta", NULL, NOTHING, "401", "200", "200", "200"},
    {POST, "/api/v1/meta/field", "/api/v1/meta/field", "{'entity':'person','kind':'text','label':'M'}", NOTHING, "401", "201", "403", "403"},
    {PATCH, "/api/v1/meta/field/{entity}/{name}", "/api/v1/meta/field/person/x_m", "{'label':'N'}", NOTHING, "401", "200", "403", "403"},
    {DELETE, "/api/v1/meta/field/{entity}/{name}", "/api/v1/meta/field/person/x_m", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/meta/field/{entity}/{name}/restore", "/api/v1/meta/field/person/x_m/restore", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/meta/entity", "/api/v1/meta/entity", "{'label':'Ding'}", NOTHING, "401", "201", "403", "403"},
    {PATCH, "/api/v1/meta/entity/{name}", "/api/v1/meta/entity/x_ding", "{'icon':'cog'}", NOTHING, "401", "200", "403", "403"},
    {DELETE, "/api/v1/meta/entity/{name}", "/api/v1/meta/entity/x_ding", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/meta/entity/{name}/restore", "/api/v1/meta/entity/x_ding/restore", NULL, NOTHING, "401", "200", "403", "403"},
    {GET, "/api/v1/openapi.json", "/api/v1/openapi.json", NULL, NOTHING, "401", "200", "200", "200"},
    {GET, "/api/v1/search", "/api/v1/search?q=ding", NULL, NOTHING, "401", "200", "200", "200"},
    {GET, "/api/v1/who", "/api/v1/who?number=022155501", NULL, NOTHING, "401", "200", "200", "200"},
    {GET, "/api/v1/register", "/api/v1/register?name=m", NULL, NOTHING, "401", "200", "200", "200"}, /* no register is set up */
    {POST, "/api/v1/partner", "/api/v1/partner", "{'company':{'name':'m'}}", NOTHING, "401", "201", "201", "201"},
    {GET, "/api/v1/draft", "/api/v1/draft", NULL, NOTHING, "401", "200", "200", "200"},
    {POST, "/api/v1/draft", "/api/v1/draft", "{'data':{}}", NOTHING, "401", "201", "201", "201"},
    {GET, "/api/v1/draft/{id}", "/api/v1/draft/$x", NULL, DRAFT, "401", "200 404 404 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {PUT, "/api/v1/draft/{id}", "/api/v1/draft/$x", "{'data':{}}", DRAFT, "401", "200 404 404 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {DELETE, "/api/v1/draft/{id}", "/api/v1/draft/$x", NULL, DRAFT, "401", "204 404 404 404 404", "204 404 404 404 404", "204 404 404 404 404"},
    {GET, "/api/v1/setting", "/api/v1/setting", NULL, NOTHING, "401", "200", "200", "200"},
    {PUT, "/api/v1/setting/{name}", "/api/v1/setting/m", "{'value':1}", NOTHING, "401", "204", "204", "204"},
    {GET, "/api/v1/notice", "/api/v1/notice", NULL, NOTHING, "401", "200", "200", "200"},
    {PATCH, "/api/v1/notice", "/api/v1/notice", "{'read':true}", NOTHING, "401", "204", "204", "204"},
    {PATCH, "/api/v1/notice/{id}", "/api/v1/notice/$x", "{'read':true}", NOTICE, "401", "204 404 404 404 404", "204 404 404 404 404", "204 404 404 404 404"},
    {POST, "/api/v1/proposal/{id}/take", "/api/v1/proposal/$x/take", NULL, PROPOSAL, "401", "200 200 200 404 404", "200 200 404 404 404", "200 404 404 404 404"},
    {POST, "/api/v1/proposal/{id}/refuse", "/api/v1/proposal/$x/refuse", NULL, PROPOSAL, "401", "204 204 204 404 404", "204 204 404 404 404", "204 404 404 404 404"},
    {GET, "/api/v1/{entity}/{id}/proposal", "/api/v1/person/$x/proposal", NULL, PERSON, "401", "200 200 200 404 404", "200 200 404 404 404", "200 404 404 404 404 200 200"},
    {POST, "/api/v1/{entity}/{id}/proposal", "/api/v1/person/$x/proposal", "{'source':'m','fields':{'note':'m'}}", PERSON, "401", "200 200 200 404 404", "200 200 404 404 404", "200 404 404 404 404 200 200"},
    {POST, "/mcp", "/mcp", "{'jsonrpc':'2.0','id':1,'method':'initialize','params':{'protocolVersion':'2025-06-18'}}", NOTHING, "401", "401", "401", "401"}, /* no session opens it: tests/api/mcp.c */
    {DELETE, "/mcp", "/mcp", NULL, NOTHING, "401", "401", "401", "401"},
    {POST, "/api/v1/undo", "/api/v1/undo", "{'change':'$x.seq'}", PERSON, "401", "200 200 200 409 404", "200 200 404 409 404", "200 404 404 409 404 403 403"},
    {POST, "/api/v1/undo", "/api/v1/undo", "{'batch':'$x'}", BATCH, "401", "200 200 200 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {GET, "/api/v1/batch", "/api/v1/batch", NULL, NOTHING, "401", "200", "200", "200"},
    {GET, "/api/v1/batch/{id}", "/api/v1/batch/$x", NULL, BATCH, "401", "200 200 200 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {GET, "/api/v1/events", "/api/v1/events", NULL, NOTHING, "401", "-", "-", "-"}, /* with a socket: test_api_live.c */
    {POST, "/api/v1/file", "/api/v1/file?name=m.csv", "Name\nA\n", NOTHING, "401", "201", "201", "201"},
    {GET, "/api/v1/file/{id}", "/api/v1/file/$x", NULL, FILE_, "401", "200 404 404 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {GET, "/api/v1/file/{id}", "/api/v1/file/$x", NULL, BOUND, "401", "200 200 200 200 404", "200 200 404 200 404", "200 404 404 200 404"},
    {POST, "/api/v1/upload", "/api/v1/upload", NULL, NOTHING, "401", "201", "201", "201"},
    {GET, "/api/v1/upload/{id}", "/api/v1/upload/$x", NULL, UPLOAD, "401", "200 404 404 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {PATCH, "/api/v1/upload/{id}", "/api/v1/upload/$x", "Name\n", UPLOAD, "401", "204 404 404 404 404", "204 404 404 404 404", "204 404 404 404 404"},
    {DELETE, "/api/v1/upload/{id}", "/api/v1/upload/$x", NULL, UPLOAD, "401", "204 404 404 404 404", "204 404 404 404 404", "204 404 404 404 404"},
    {POST, "/api/v1/import/plan", "/api/v1/import/plan", "{'file':'$x','entity':'person'}", FILE_, "401", "200 404 404 404 404", "200 404 404 404 404", "403 404 404 404 404"},
    {POST, "/api/v1/import/dry", "/api/v1/import/dry", "{'file':'$x','entity':'person'}", FILE_, "401", "202 404 404 404 404", "202 404 404 404 404", "403 404 404 404 404"},
    {POST, "/api/v1/import/run", "/api/v1/import/run", "{'file':'$x','entity':'person'}", FILE_, "401", "202 404 404 404 404", "202 404 404 404 404", "403 404 404 404 404"},
    {GET, "/api/v1/import/mapping", "/api/v1/import/mapping", NULL, NOTHING, "401", "200", "200", "403"},
    {POST, "/api/v1/import/mapping", "/api/v1/import/mapping", "{'name':'m','mapping':{}}", NOTHING, "401", "201", "201", "403"},
    {DELETE, "/api/v1/import/mapping/{id}", "/api/v1/import/mapping/$x", NULL, MAPPING, "401", "204 204 204 404 404", "204 204 204 404 404", "403 403 403 403 403"},
    {GET, "/api/v1/job", "/api/v1/job", NULL, NOTHING, "401", "200", "200", "200"},
    {POST, "/api/v1/job/{id}/retry", "/api/v1/job/$x/retry", "{}", JOB, "401", "404 404 404 404 404", "404 404 404 404 404", "404 404 404 404 404"},
    {POST, "/api/v1/job/{id}/retry", "/api/v1/job/$x/retry", "{}", FAILED, "401", "202 202 202 404 404", "202 404 404 404 404", "202 404 404 404 404"},
    {GET, "/api/v1/job/{id}", "/api/v1/job/$x", NULL, JOB, "401", "200 404 404 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {DELETE, "/api/v1/job/{id}", "/api/v1/job/$x", NULL, JOB, "401", "204 204 204 404 404", "204 404 404 404 404", "204 404 404 404 404"},
    {POST, "/api/v1/demo", "/api/v1/demo", "{'people':3}", NOTHING, "401", "202", "403", "403"},
    {GET, "/api/v1/trade", "/api/v1/trade", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/trade", "/api/v1/trade", "{'trade':'trade'}", NOTHING, "401", "201", "403", "403"},
    {POST, "/api/v1/as_of", "/api/v1/as_of", "{'entity':'person','at':'2026-01-01T00:00:00Z'}", NOTHING, "401", "202", "202", "202"},
    {GET, "/api/v1/as_of/{id}", "/api/v1/as_of/$x", NULL, AS_OF, "401", "200 404 404 404 404", "200 404 404 404 404", "200 404 404 404 404"},
    {GET, "/api/v1/export/{entity}", "/api/v1/export/person", NULL, NOTHING, "401", "200", "200", "403"},
    {GET, "/api/v1/count/{entity}", "/api/v1/count/person", NULL, NOTHING, "401", "200", "200", "200"},
    {GET, "/api/v1/{entity}", "/api/v1/person", NULL, NOTHING, "401", "200", "200", "200"},
    {POST, "/api/v1/{entity}", "/api/v1/person", "{'name':'m'}", NOTHING, "401", "201", "201", "201"},
    {POST, "/api/v1/{entity}", "/api/v1/role", "{'name':'m'}", NOTHING, "401", "201", "403", "403"},
    {GET, "/api/v1/retention", "/api/v1/retention", NULL, NOTHING, "401", "200", "403", "403"},
    {POST, "/api/v1/retention", "/api/v1/retention", "{'name':'m','reason':'m','entity':'person','n':1,'act':'trash'}", NOTHING, "401", "201", "403", "403"},
    {PATCH, "/api/v1/retention/{id}", "/api/v1/retention/$x", "{'name':'o'}", RULE, "401", "200 200 200 404 404", "403", "403"},
    {DELETE, "/api/v1/retention/{id}", "/api/v1/retention/$x", NULL, RULE, "401", "204 204 204 404 404", "403", "403"},
    {POST, "/api/v1/retention/{id}/rehearse", "/api/v1/retention/$x/rehearse", NULL, RULE, "401", "200 200 200 404 404", "403", "403"},
    {GET, "/api/v1/retention/{id}/run", "/api/v1/retention/$x/run", NULL, RULE, "401", "200", "403", "403"},
    {GET, "/api/v1/usage", "/api/v1/usage", NULL, NOTHING, "401", "200", "200", "200"},
    {GET, "/api/v1/usage", "/api/v1/usage?all=1", NULL, NOTHING, "401", "200", "403", "403"},
    {DELETE, "/api/v1/usage", "/api/v1/usage", NULL, NOTHING, "401", "204", "403", "403"},
    {GET, "/api/v1/usage/rules", "/api/v1/usage/rules", NULL, NOTHING, "401", "200", "200", "200"},
    {PUT, "/api/v1/usage/rules", "/api/v1/usage/rules", "{'on':true,'days':90}", NOTHING, "401", "204", "403", "403"},
    {POST, "/api/v1/markup", "/api/v1/markup", "{'texts':['*m*']}", NOTHING, "401", "200", "200", "200"},
    {POST, "/api/v1/{entity}/query", "/api/v1/person/query", "{'sort':'name'}", NOTHING, "401", "200", "200", "200"},
    {POST, "/api/v1/{entity}/duplicates", "/api/v1/person/duplicates", "{'name':'m'}", NOTHING, "401", "200", "200", "200"},
    {POST, "/api/v1/{entity}/duplicates/scan", "/api/v1/person/duplicates/scan", "{}", NOTHING, "401", "202", "202", "202"},
    {POST, "/api/v1/{entity}/duplicates/scan", "/api/v1/person/duplicates/scan", "{'merge_from':100}", NOTHING, "401", "202", "202", "403"},
    {POST, "/api/v1/{entity}/duplicates/reject", "/api/v1/person/duplicates/reject", "{'a':'$x','b':'$mine'}", PERSON, "401", "204 204 204 404 404", "204 204 404 404 404", "204 404 404 404 404 204 204"},
    {DELETE, "/api/v1/{entity}/duplicates/reject", "/api/v1/person/duplicates/reject", "{'a':'$x','b':'$mine'}", PERSON, "401", "204 204 204 404 404", "204 204 404 404 404", "204 404 404 404 404 204 204"},
    {POST, "/api/v1/{entity}/bulk", "/api/v1/person/bulk", "{'atomic':true,'items':[{'op':'change','id':'$x','values':{'note':'n'}}]}", PERSON, "401", "200 200 200 404 404", "200 200 404 404 404", "200 404 404 404 404 403 200"},
    {POST, "/api/v1/{entity}/mass", "/api/v1/person/mass", "{'act':'change','ids':['$x'],'values':{'note':'o'}}", PERSON, "401", "200 200 200 200 200", "200 200 200 200 200", "403 403 403 403 403 403 403"},
    {GET, "/api/v1/{entity}/by/{system}/{external}", "/api/v1/person/by/m/$x", NULL, PERSON, "401", "200 200 200 404 404", "200 200 404 404 404", "200 404 404 404 404 200 200"},
    {PUT, "/api/v1/{entity}/by/{system}/{external}", "/api/v1/person/by/m/one", "{'name':'m'}", NOTHING, "401", "200", "200", "201"},
    {PUT, "/api/v1/{entity}/by/{system}/{external}", "/api/v1/person/by/m/$x", "{'note':'m'}", PERSON, "401", "200 200 200 409 422", "200 200 409 409 422", "200 409 409 409 422 403 200"},
    {DELETE, "/api/v1/{entity}/by/{system}/{external}", "/api/v1/person/by/m/$x", NULL, PERSON, "401", "204 204 204 404 404", "204 204 404 404 404", "204 404 404 404 404 403 403"},
    {GET, "/api/v1/{entity}/{id}/external", "/api/v1/person/$x/external", NULL, PERSON, "401", "200 200 200 404 404", "200 200 404 404 404", "200 404 404 404 404 200 200"},
    {POST, "/api/v1/{entity}/{id}/external", "/api/v1/person/$x/external", "{'system':'m','key':'$x'}", PERSON, "401", "204 204 204 404 404", "204 204 404 404 404", "204 404 404 404 404 403 204"},
    {DELETE, "/api/v1/{entity}/{id}/external/{system}/{external}", "/api/v1/person/$x/external/m/$x", NULL, PERSON, "401", "204 204 204 404 404", "204 204 404 404 404", "204 404 404 404 404 403 204"},
    {GET, "/api/v1/{entity}/{id}", "/api/v1/person/$x", NULL, PERSON, "401", "200 200 200 404 404", "200 200 404 404 404", "200 404 404 404 404 200 200"},
    {PATCH, "/api/v1/{entity}/{id}", "/api/v1/person/$x", "{'note':'m'}", PERSON, "401", "200 200 200 404 404", "200 200 404 404 404", "200 404 404 404 404 403 200"},
    {DELETE, "/api/v1/{entity}/{id}", "/api/v1/person/$x", NULL, PERSON, "401", "204 204 204 404 404", "204 204 404 404 404", "204 404 404 404 404 403 403"},
    {POST, "/api/v1/{entity}/{id}/restore", "/api/v1/person/$x/restore", NULL, PERSON, "401", "404 404 404 200 404", "404 404 404 200 404", "404 404 404 200 404 404 404"},
    {GET, "/api/v1/erasure", "/api/v1/erasure", NULL, NOTHING, "401", "200", "403", "403"},
    {GET, "/api/v1/{entity}/{id}/archive", "/api/v1/person/$x/archive", NULL, PERSON, "401", "200 200 200 404 404", "200 200 404 404 404", "403 404 404 404 404 403 403"},
    {GET, "/api/v1/{entity}/{id}/erase", "/api/v1/person/$x/erase", NULL, PERSON, "401", "200 200 200 200 404", "403 403 404 403 404", "403 404 404 403 404 403 403"},
    {POST, "/api/v1/{entity}/{id}/erase", "/api/v1/person/$x/erase", "{'confirm':'x','ground':'duty'}", PERSON, "401", "422 422 422 422 404", "403 403 404 403 404", "403 404 404 403 404 403 403"},
    {GET, "/api/v1/{entity}/{id}/history", "/api/v1/person/$x/history", NULL, PERSON, "401", "200 200 200 200 404", "200 200 404 200 404", "200 404 404 200 404 200 200"},
    {GET, "/api/v1/{entity}/{id}/share", "/api/v1/person/$x/share", NULL, PERSON, "401", "200 200 200 200 404", "200 200 404 200 404", "200 404 404 200 404 200 200"},
    {POST, "/api/v1/{entity}/{id}/share", "/api/v1/person/$x/share", "{'to':'$teamb'}", PERSON, "401", "204 204 204 404 404", "204 204 404 404 404", "204 404 404 404 404 403 403"},
    {DELETE, "/api/v1/{entity}/{id}/share/{to}", "/api/v1/person/$x/share/$teamb", NULL, PERSON, "401", "204 204 204 404 404", "204 204 404 404 404", "204 404 404 404 404 403 403"},
    {POST, "/api/v1/{entity}/{id}/merge", "/api/v1/person/$x/merge", "{'loser':'$mine'}", PERSON, "401", "200 200 200 404 404", "200 200 404 404 404", "200 404 404 404 404 403 403"},
};

/* Where nobody is to get more than a 404, and why: any other row has to let in whom it lets in. */
static const struct nowhere {
    enum method method;
    const char *target, *why;
} nowhere[] = {
    {POST, "/api/v1/password/reset", "the token is in a mail alone: mail.c"},
    {POST, "/api/v1/link", "likewise"},
    {POST, "/api/v1/address", "likewise"},
    {POST, "/api/v1/signup/confirm", "likewise"},
    {POST, "/api/v1/unlock", "likewise"},
    {POST, "/api/v1/job/$x/retry", "what did not fail is not tried again; the row below it has one that did"},
};

static enum err trash(struct cx *cx, int64_t id)
{
    struct written w = {0};
    return record_delete(cx, ENT(cx, "person"), id, 0, &w);
}

static enum err file_row(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "INSERT INTO file (id, name, type, bytes, sha256, created_at, created_by, entity, record) VALUES ($1, 'm.csv', 'text/csv', 7, '', 1, $2, '', 0)",
                   V(*(const int64_t *)arg), V(cx->who.user));
}

static enum err part_row(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "INSERT INTO upload (id, user_id, name, total, picture, created_at) VALUES ($1, $2, 'm.csv', 7, 0, $3)",
                   V(*(const int64_t *)arg), V(cx->who.user), V(cx->now_ms));
}

/* Uploaded by one who sees nobody's records: whose the record is decides. */
static enum err bound_row(struct cx *cx, void *arg)
{
    const int64_t *to = arg; /* file, record */
    TRY(db_exec(cx, NULL, "INSERT INTO file (id, name, type, bytes, sha256, created_at, created_by, entity, record) VALUES ($1, 'm.csv', 'text/csv', 7, '', 1, 1, 'person', $2)",
                V(to[0]), V(to[1])));
    return db_exec(cx, NULL, "UPDATE person SET photo = $1 WHERE id = $2", V(to[0]), V(to[1]));
}

struct row_of { /* of a table that is no record's */
    int64_t id, record;
    enum thing thing;
};
static enum err thing_row(struct cx *cx, void *arg)
{
    const struct row_of *r = arg;
    if (r->thing == DRAFT)
        return db_exec(cx, NULL, "INSERT INTO draft (id, user_id, kind, title, json, at) VALUES ($1, $2, 'partner', '', '{}', 1)", V(r->id), V(cx->who.user));
    if (r->thing == MAPPING)
        return db_exec(cx, NULL, "INSERT INTO mapping (id, name, json, created_by, at) VALUES ($1, 'm', '{}', $2, 1)", V(r->id), V(cx->who.user));
    if (r->thing == NOTICE)
        return db_exec(cx, NULL, "INSERT INTO notice (id, user_id, kind, entity, record, data, at) VALUES ($1, $2, 'changed', 'person', 1, '{}', 1)", V(r->id), V(cx->who.user));
    return db_exec(cx, NULL, "INSERT INTO proposal (id, record, entity, field, value, source, at, state) VALUES ($1, $2, 'person', 'note', '\"m\"', 'm', 1, 'open')", V(r->id), V(r->record));
}

static enum err hook_row(struct cx *cx, void *arg)
{
    int64_t id = *(const int64_t *)arg;
    TRY(db_exec(cx, NULL, "INSERT INTO hook (id, owner, name, url, entity, ops, filter_json, secret, active, stopped, fails, paused_until, created_at, api_key)"
                          " VALUES ($1, $2, 'm', 'https://example.com/', '', 1, '', '', 1, '', 0, 0, 1, 0)",
                V(id), V(cx->who.user)));
    return db_exec(cx, NULL, "INSERT INTO hook_delivery (id, hook, seq, entity, record, op, state, tries, due_at, lease_until, status, answer, created_at, sent_at)"
                             " VALUES ($1, $1, 1, 'person', 1, 'create', 'dead', 10, 0, 0, 500, '', 1, 1)",
                   V(id));
}

static int64_t hook_make(struct cx *cx)
{
    int64_t id = id_new(cx->now_ms);
    T_OK(cx, db_write(cx, hook_row, &id));
    return id;
}

static enum err synced_row(struct cx *cx, void *arg)
{
    int64_t id = *(const int64_t *)arg;
    TRY(db_exec(cx, NULL, "INSERT INTO sync_system (id, name, created_at, lease_by, lease_until, told_at) VALUES ($1, $2, 1, '', 0, 0)", V(id),
                V(arena_fmt(cx->a, "matrix%" PRId64, id))));
    TRY(db_exec(cx, NULL, "INSERT INTO sync_sender (system, user_id) VALUES ($1, $2)", V(id), V(cx->who.user)));
    return db_exec(cx, NULL, "INSERT INTO sync_item (id, system, batch, entity, key, op, item, seq, replaces, record, state, due_at, tries, user_id, api_key, change, done_at, code, field, why, wants, value)"
                             " VALUES ($1, $1, $1, 'person', '1', 0, '', 0, 0, 0, 3, 1, 1, $2, 0, 0, 1, 'invalid', 'name', 'm', '', '{}')",
                   V(id), V(cx->who.user));
}

static int64_t synced_make(struct cx *cx)
{
    int64_t id = id_new(cx->now_ms);
    T_OK(cx, db_write(cx, synced_row, &id));
    return id;
}

static enum err done_row(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE job SET state = 'done', result = '{\"count\":0}' WHERE id = $1", V(*(const int64_t *)arg));
}

static enum err failed_row(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE job SET state = 'failed', error = 'x' WHERE id = $1", V(*(const int64_t *)arg));
}

/* There may be so many and no more. */
static enum err keys_few(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "DELETE FROM api_key WHERE id <> $1", V(*(const int64_t *)arg));
}

static int64_t key_make(struct cx *cx)
{
    struct key k = {.user = cx->who.user, .name = S("m"), .scopes = S("read")};
    str token = {0};
    T_OK(cx, key_new(cx, &k, &token));
    T_OK(cx, db_write(cx, keys_few, &k.id));
    return k.id;
}

static int64_t part_make(struct cx *cx)
{
    int64_t id = id_new(cx->now_ms);
    T_OK(cx, db_write(cx, part_row, &id));
    return id;
}

/* ---- what is the house's, or hangs on how somebody logs in ---- */
static enum err house_row(struct cx *cx, void *arg)
{
    const struct row_of *r = arg;
    int64_t id = r->id, me = cx->who.user, later = cx->now_ms + DAY_MS;
    str name = arena_fmt(cx->a, "m%" PRId64, id);
    if (r->thing == LOCK) return db_exec(cx, NULL, "INSERT INTO login_guard (id, name, device, since, until, at) VALUES ($1, $2, '', 0, $3, 1)", V(id), V(name), V(later));
    if (r->thing == BLOCK) return db_exec(cx, NULL, "INSERT INTO address_block (id, addr, why, at, by_user, until) VALUES ($1, $2, 'm', 1, $3, $4)", V(id), V(name), V(me), V(later));
    if (r->thing == MAIL)
        return db_exec(cx, NULL, "INSERT INTO mail_out (id, kind, user_id, addr, args, subject, state, tries, tries_max, created_at, created_by, due_at, lease_until, until, done_at, why)"
                                 " VALUES ($1, 'test', $2, 'm@mueller.example', '{}', 'm', 'sent', 1, 1, 1, $2, 1, 0, $3, 1, '')",
                       V(id), V(me), V(later));
    if (r->thing == RULE)
        return db_exec(cx, NULL, "INSERT INTO retention (id, name, reason, entity, filter_json, since, n, unit, act, fields, most, active, rehearsed_at, confirmed)"
                                 " VALUES ($1, 'm', 'm', 'person', '', 0, 9, 2, 0, '', 10, 0, 0, 0)",
                       V(id));
    if (r->thing == PASSKEY)
        return db_exec(cx, NULL, "INSERT INTO passkey (id, user_id, name, credential, alg, public_key, counter, created_at, used_at) VALUES ($1, $2, 'm', $3, -7, '', 0, 1, 1)",
                       V(id), V(me), V(name));
    if (r->thing == IDENTITY) return db_exec(cx, NULL, "INSERT INTO idp_link (issuer, subject, user_id, login, at) VALUES ('https://m.test', $1, $2, '', 0)", V(name), V(me));
    /* a provider that nobody answers for: there may be so many and no more */
    TRY(db_exec(cx, NULL, "DELETE FROM idp"));
    return db_exec(cx, NULL, "INSERT INTO idp (id, kind, name, active, conf, secret, created_at) VALUES ($1, 'oidc', 'm', 1, $2, '', 1)", V(id),
                       V(S("{\"kind\":\"oidc\",\"name\":\"m\",\"active\":true,\"issuer\":\"https://127.0.0.1:9\",\"client_id\":\"m\"}")));
}

/* An address that has failed too often. */
static int64_t held_make(struct api_bed *t, struct cx *cx)
{
    struct held_row v[HELD_SHOWN];
    for (int i = 0; i <= LOGIN_ADDR_BURST; i++) (void)buckets_take(&t->app->auth->buckets, S("198.51.100.77"), false, cx->now_ms);
    size_t n = buckets_held(cx, &t->app->auth->buckets, v);
    T(n == 1);
    return n ? v[0].id : 0;
}

static str login_make(struct cx *cx)
{
    struct session s = {0};
    T_OK(cx, auth_session_new(cx, cx->who.user, S("203.0.113.7"), S("m"), &s));
    return auth_session_key(cx, s.token);
}

static str identity_key(struct cx *cx, int64_t id)
{
    struct identity *v = NULL;
    size_t n = 0;
    T_OK(cx, identities_of(cx, cx->who.user, &v, &n));
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].subject, arena_fmt(cx->a, "m%" PRId64, id))) return v[i].key;
    return S("");
}

static int64_t house_make(struct api_bed *t, struct cx *cx, enum thing thing)
{
    struct row_of r = {id_new(cx->now_ms), 0, thing};
    if (thing == HELD) return held_make(t, cx);
    if (thing == LOGIN) var_put(t, "x.key", login_make(cx));
    if (thing == LOGIN) return r.id;
    T_OK(cx, db_write(cx, house_row, &r));
    if (thing == IDENTITY) var_put(t, "x.key", identity_key(cx, r.id));
    return r.id;
}

/* A record's key in another system, and whom it is shared with, for the routes that take these away. */
static enum err hung_row(struct cx *cx, void *arg)
{
    const struct row_of *r = arg;
    if (r->record) return db_exec(cx, NULL, "INSERT INTO share (record, receiver, entity, may_change, until, why, given_by, at) VALUES ($1, $2, 'person', 0, $3, '', 1, 1)", V(r->id), V(r->record), V(INT64_MAX));
    return db_exec(cx, NULL, "INSERT INTO external_id (system, entity, key, record, at) VALUES ('m', 'person', $1, $2, 1)", V(arena_fmt(cx->a, "%" PRId64, r->id)), V(r->id));
}

static int64_t hung(struct api_bed *t, const struct cell *c, int64_t id)
{
    struct row_of r = {.id = id};
    bool shared = strstr(c->path, "/share/{to}") != NULL;
    if (c->thing != PERSON || (!shared && !strstr(c->path, "{external}"))) return id;
    if (shared) T(str_to_int(var_get(t, "teamb"), &r.record));
    T_OK(&t->b.cx, db_write(&t->b.cx, hung_row, &r));
    return id;
}

static int64_t made_whole(struct api_bed *t, struct cx *cx, enum thing thing)
{
    if (thing >= IDP) return house_make(t, cx, thing);
    if (thing == UPLOAD) return part_make(cx);
    return thing == KEY ? key_make(cx) : thing == SYNCED ? synced_make(cx) : hook_make(cx);
}

static int64_t job_make(struct cx *cx, enum thing thing)
{
    str kind = thing == AS_OF ? S("as_of") : S("import_dry");
    str args = thing == AS_OF ? S("{\"entity\":\"person\",\"at\":\"2026-01-01T00:00:00Z\"}") : S("{}");
    int64_t id = 0;
    T_OK(cx, job_add(cx, NULL, kind, args, S(""), &id));
    if (thing == AS_OF) T_OK(cx, db_write(cx, done_row, &id));
    if (thing == FAILED) T_OK(cx, db_write(cx, failed_row, &id));
    return id;
}

static void file_make(struct api_bed *t, struct cx *cx, int64_t bound_to, int64_t id)
{
    T_OK(cx, os_mkdirs(cx, arena_fmt(cx->a, "%.*s/files", FS(t->b.folder)), 0700));
    T_OK(cx, os_write_file_atomic(cx, arena_fmt(cx->a, "%.*s/files/%" PRId64, FS(t->b.folder), id), S("Name\nA\n"), 0600));
    t->proposed = bound_to;
    T_OK(cx, db_write(cx, bound_to ? bound_row : file_row, (int64_t[]){id, bound_to}));
}

static int64_t thing_make(struct api_bed *t, enum thing thing, enum actor owner)
{
    struct cx cx = t->b.cx;
    int64_t id = id_new(clock_ms());
    cx.now_ms = clock_ms();
    cx.who.user = t->who[owner].id;
    if (thing == PERSON) return api_make(t, "person", "m", owner);
    if (thing >= KEY) return made_whole(t, &cx, thing);
    if (thing == FILE_ || thing == BOUND) file_make(t, &cx, thing == BOUND ? api_make(t, "person", "m", owner) : 0, id);
    if (thing == JOB || thing == FAILED || thing == AS_OF) id = job_make(&cx, thing);
    if (thing == DRAFT || thing == NOTICE || thing == PROPOSAL || thing == MAPPING) {
        struct row_of r = {id, thing == PROPOSAL ? api_make(t, "person", "m", owner) : 0, thing};
        t->proposed = r.record;
        T_OK(&cx, db_write(&cx, thing_row, &r));
    }
    if (thing == BATCH) {
        T_OK(&cx, batch_begin(&cx, S("m"), 0, &id));
        T_OK(&cx, batch_end(&cx, id, S("done"), S("")));
    }
    return id;
}

/* Is it a record, or does it hang on one? */
static bool can_go(enum thing thing) { return thing == PERSON || thing == PROPOSAL || thing == BOUND; }

/* Is he asked to prove who he is, where something would really happen? */
static bool with_proof(const struct cell *c) { return c->thing == PASSKEY || c->thing == IDENTITY; }

static void target_make(struct api_bed *t, const struct cell *c, enum actor who, enum whose whose)
{
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    enum actor me = who == ANON ? ADMIN : who, team = who == REPA1 || who == MGRA ? REPA2 : REPA1;
    enum actor owner = whose == TEAM ? team : whose == FOREIGN ? REPB1 : me;
    int64_t id = 1234567890123;
    var_put(t, "x.key", S("0123456789abcdef"));
    var_put(t, "x.who", arena_fmt(cx->a, "%" PRId64, t->who[owner].id));
    if (whose != NEVER && (whose != DELETED || can_go(c->thing))) id = hung(t, c, thing_make(t, c->thing, owner));
    var_put(t, "x", arena_fmt(cx->a, "%" PRId64, id));
    T_OK(cx, db_query(cx, &r, "SELECT seq FROM change WHERE record = $1 ORDER BY seq LIMIT 1", V(id)));
    var_put(t, "x.seq", arena_fmt(cx->a, "%" PRId64, r.n ? db_int(&r, 0, 0) : id));
    var_put(t, "mine", arena_fmt(cx->a, "%" PRId64, api_make(t, "person", "mine", me)));
    struct cx system = *cx;
    system.now_ms = clock_ms();
    if (whose == DELETED && can_go(c->thing)) T_OK(cx, trash(&system, c->thing == PERSON ? id : t->proposed));
}

/* Of what a refused request must not touch. Everything is written through this one dbase: as long as it has committed
 * nothing more, nothing is read anew. */
static str digest(struct api_bed *t)
{
    int64_t commits = dbase_stats(t->b.b).commits;
    if (commits != t->digest_at) {
        str s = api_digest(t, S("session login_attempt login_guard security_event captcha"));
        (void)snprintf(t->digest, sizeof t->digest, "%.*s", FS(s));
        t->digest_at = commits;
    }
    return str_from(t->digest);
}

/* What a body that is no JSON is. */
static str head_of(const struct cell *c)
{
    static const struct {
        str path, head;
    } heads[] = {{S0("/api/v1/file"), S0("Content-Type: text/csv")},
                 {S0("/api/v1/upload"), S0("Upload-Length: 7")},
                 {S0("/api/v1/upload/{id}"), S0("Content-Type: application/offset+octet-stream\nUpload-Offset: 0")}};
    for (size_t i = 0; i < COUNT(heads); i++)
        if (str_eq(str_from(c->path), heads[i].path)) return heads[i].head;
    return S("");
}

static void cell_check(struct api_bed *t, const struct cell *c, enum actor who, enum whose whose, str want)
{
    struct cx *cx = &t->b.cx;
    int64_t status = 0;
    if (!str_to_int(want, &status)) return;
    if (c->thing) target_make(t, c, who, whose);
    if (who != ANON && with_proof(c)) api_prove(t, who);
    str req = api_expand(t, cx->a, arena_fmt(cx->a, "%.*s %s", FS(method_name[c->method]), c->target).p);
    str before = status >= 400 ? arena_dup(cx->a, digest(t)) : S("");
    struct answer r = api_call(t, cx->a, who, req, c->body ? api_expand(t, cx->a, c->body) : S(""), head_of(c));
    T(r.status == status);
    if (r.status != status)
        fprintf(stderr, "  matrix: %.*s as %d, %s: want %" PRId64 " got %d %.*s\n", FS(req), who, whose_name[whose], status, r.status, FS(str_cut(r.body, 0, 300)));
    if (r.status >= 400) T_STR(digest(t), before);
    if (who != ANON && c->method == DELETE && str_eq(str_from(c->path), S("/api/v1/session"))) api_enter(t, who, t->who[who].id);
    if (who != ANON && with_proof(c)) api_enter(t, who, t->who[who].id); /* the next one is not proved */
    (void)api_events_came(t);
}

/* Everybody has a password that nobody knows: who had none would prove who he is by his fresh log-in. */
static void with_passwords(struct api_bed *t)
{
    for (enum actor who = ADMIN; who < ACTORS; who++) {
        T_OK(&t->b.cx, auth_hash_set(&t->b.cx, t->who[who].id, S("$x"), EVENT_PASSWORD_SET));
        api_enter(t, who, t->who[who].id);
    }
}

static void walk(struct api_bed *t)
{
    static const enum actor actors[] = {ANON, REPA1, MGRA, ADMIN};
    with_passwords(t);
    idps_close(&t->app->idps); /* the provider of the rows is inside, where nobody listens */
    t->app->idps = idps_open(&(struct idp_env){.vault = t->st.vault, .rules = {.allow = S("127.0.0.1:9")}, .url = t->app->url});
    for (size_t i = 0; i < COUNT(all); i++)
        for (size_t k = 0; k < COUNT(actors); k++) {
            const char *w = k == 0 ? all[i].anon : k == 1 ? all[i].rep : k == 2 ? all[i].mgr : all[i].admin;
            str want = {0}, rest = str_from(w);
            bool one = str_find(rest, S(" ")) < 0;
            for (enum whose x = OWN; x < WHOSE && (x == OWN || all[i].thing); x++) {
                if (!one || x == OWN) str_split(rest, ' ', &want, &rest);
                cell_check(t, &all[i], actors[k], x, want);
            }
        }
}

/* Each route that knows a person, by a rep with whom it is shared; a colleague of his sees it no more than before. */
static void walk_shared(struct api_bed *t)
{
    static const char *const rights[] = {"see", "change"};
    struct cx *cx = &t->b.cx;
    for (size_t i = 0; i < COUNT(all); i++)
        for (int k = 0; k < 2 && all[i].thing == PERSON; k++) {
            str want = {0}, rest = str_from(all[i].rep);
            struct cell one = all[i];
            for (int n = 0; n <= WHOSE + k; n++) str_split(rest, ' ', &want, &rest);
            T(want.n == 3);
            target_make(t, &one, REPA1, FOREIGN);
            str req = api_expand(t, cx->a, "POST /api/v1/person/$x/share");
            str body = api_expand(t, cx->a, k ? "{'to':'$repa1','right':'change'}" : "{'to':'$repa1','right':'see'}");
            T_INT(api_call(t, cx->a, ADMIN, req, body, S("")).status, 204);
            one.thing = NOTHING;
            cell_check(t, &one, REPA1, FOREIGN, want);
            struct answer r = api_call(t, cx->a, REPA2, api_expand(t, cx->a, "GET /api/v1/person/$x"), S(""), S(""));
            T_INT(r.status, 404);
            if (r.status != 404) fprintf(stderr, "  matrix, shared to %s: %s %s\n", rights[k], one.path, one.body ? one.body : "");
            (void)api_events_came(t);
        }
}

/* ---- by other doors: who they are follows from the flags of the route ---- */
static const struct route *route_of(const struct cell *c)
{
    for (size_t i = 0; i < api_routes_n; i++)
        if (api_routes[i].method == c->method && str_eq(api_routes[i].path, str_from(c->path))) return &api_routes[i];
    return NULL;
}

static enum err half_row(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE session SET stage = $2 WHERE user_id = $1", V(*(const int64_t *)arg), V((int64_t)STAGE_FACTOR));
}

/* The administrator has given his password, and not yet his second factor: what is open to all, and that step. */
static int by_half(const struct route *r) { return r->flags & (R_OPEN | R_AT_FACTOR) ? 0 : 401; }

/* His key for reading: nothing that writes, and nothing of how people log in. */
static int by_key(const struct route *r) { return !(r->flags & R_OPEN) && r->flags & (R_PERSON | R_WRITE) ? 403 : 0; }

static void other_check(struct api_bed *t, const struct cell *c, const char *door, enum actor who, str head, int want)
{
    struct cx *cx = &t->b.cx;
    if (c->thing) target_make(t, c, ADMIN, OWN);
    str req = api_expand(t, cx->a, arena_fmt(cx->a, "%.*s %s", FS(method_name[c->method]), c->target).p), more = head_of(c);
    str before = want ? arena_dup(cx->a, digest(t)) : S("");
    if (head.n && more.n) head = arena_fmt(cx->a, "%.*s\n%.*s", FS(head), FS(more));
    struct answer r = api_call(t, cx->a, who, req, c->body ? api_expand(t, cx->a, c->body) : S(""), head.n ? head : more);
    bool fits = want ? r.status == want : r.status < 500 || r.status == 503;
    T(fits);
    if (!fits) fprintf(stderr, "  matrix, %s: %.*s: want %d got %d %.*s\n", door, FS(req), want, r.status, FS(str_cut(r.body, 0, 300)));
    if (want) T_STR(digest(t), before);
    (void)api_events_came(t);
}

static bool with_socket(const struct cell *c) { return str_eq(str_from(c->path), S("/api/v1/events")) || str_eq(str_from(c->path), S("/metrics")); }

static void walk_doors(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct key k = {.user = t->who[ADMIN].id, .name = S("m"), .scopes = S("read")};
    str token = {0};
    with_passwords(t);
    cx.now_ms = clock_ms();
    T_OK(&cx, key_new(&cx, &k, &token));
    str bearer = arena_fmt(cx.a, "Authorization: Bearer %.*s\nCookie: none=1", FS(token));
    T_INT(api_call(t, cx.a, ANON, S("GET /api/v1/person"), S(""), bearer).status, 200); /* when it was used is written now */
    for (size_t i = 0; i < COUNT(all); i++) {
        if (by_key(route_of(&all[i])) && all[i].thing != KEY) other_check(t, &all[i], "key", ADMIN, bearer, by_key(route_of(&all[i])));
        else if (all[i].thing == NOTHING && !with_socket(&all[i]) && all[i].method == GET) other_check(t, &all[i], "key", ADMIN, bearer, 0);
    }
    T_OK(&cx, db_write(&cx, half_row, &t->who[ADMIN].id));
    for (size_t i = 0; i < COUNT(all); i++)
        if (by_half(route_of(&all[i]))) other_check(t, &all[i], "half", ADMIN, S(""), 401);
    T_INT(api_call(t, cx.a, ADMIN, S("GET /api/v1/session/factor"), S(""), S("")).status, 200); /* that step is open */
}

/* Who may see everything and nothing else leaves no row in the log of changes, by whichever route, and is refused at each
 * that writes records or settings. */
static void walk_reader(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    with_passwords(t);
    api_prove(t, ADMIN);
    ROWS(t,
         {ADMIN, "POST /api/v1/role", "{'name':'reader','rights':{'*':{'see':'all'}}}", 201, NULL, "role.create", "reader", NULL},
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'role':'$reader'}", 200, NULL, "user.update", NULL, NULL});
    for (size_t i = 0; i < COUNT(all); i++) {
        const struct cell *c = &all[i];
        unsigned flags = route_of(c)->flags;
        if (flags & R_OPEN || !(flags & R_WRITE) || c->thing == SYNCED || c->thing == UPLOAD || c->thing == FILE_) continue;
        if (str_eq(str_from(c->path), S("/api/v1/session"))) continue; /* he may leave, and choose his language */
        if (c->thing) target_make(t, c, REPA1, OWN);
        (void)api_events_came(t);
        str req = api_expand(t, cx->a, arena_fmt(cx->a, "%.*s %s", FS(method_name[c->method]), c->target).p);
        struct answer r = api_call(t, cx->a, REPB1, req, c->body ? api_expand(t, cx->a, c->body) : S(""), head_of(c));
        str came = api_events_came(t);
        T(r.status < 500 && !came.n);
        if (r.status >= 500 || came.n) fprintf(stderr, "  matrix, reader: %.*s: %d, events <%.*s>\n", FS(req), r.status, FS(came));
        api_enter(t, REPB1, t->who[REPB1].id);
    }
}

/* Each entity, by rows that its description makes: who does not see a record is told of none, whatever he asks, and
 * nothing is changed; it is the same as one that never was. */
static void walk_entities(struct api_bed *t)
{
    static const struct {
        enum method method;
        const char *tail, *body;
    } asks[] = {{GET, "", NULL}, {PATCH, "", "{}"}, {DELETE, "", NULL}, {POST, "/restore", NULL}, {GET, "/history", NULL}, {POST, "/merge", "{\"loser\":\"1\"}"},
                {GET, "/proposal", NULL}, {GET, "/external", NULL}, {POST, "/external", "{\"system\":\"m\",\"key\":\"k\"}"}, {GET, "/share", NULL}, {GET, "/archive", NULL},
                {POST, "/share", "{\"to\":\"1\"}"}, {GET, "?at=2100-01-01T00:00:00Z", NULL}, {GET, "?fields=id_of_none", NULL}};
    struct cx *cx = &t->b.cx;
    const struct meta *m = t->b.m;
    size_t tried = 0;
    with_passwords(t);
    for (size_t i = 0; i < m->n; i++) {
        const struct entity *e = &m->entity[i];
        struct db_rows rows = {0};
        str name = arena_fmt(cx->a, "CANARY %.*s", FS(e->name)), sql = arena_fmt(cx->a, "SELECT id FROM %.*s WHERE owner = $1 LIMIT 1", FS(e->table));
        if (e->f[e->title].kind->store != ST_FOLDED && e->f[e->title].kind->store != ST_TEXT) continue;
        int64_t id = id_new(clock_ms());
        struct cx system = *cx;
        system.now_ms = clock_ms();
        struct set s[] = {{&e->f[e->title], VAL_TEXT(name)}, {&e->f[F_OWNER], VAL_INT(t->who[REPB1].id)}};
        struct written w = {0};
        bool made = record_create(&system, e, id, s, COUNT(s), &w) == E_OK; /* some need more than a title */
        const struct db_val v[] = {V(t->who[REPB1].id)};
        T_OK(cx, db_run(cx, &rows, NULL, sql, v, 1));
        if (!made || !rows.n) continue;
        struct answer seen = api_call(t, cx->a, REPA1, arena_fmt(cx->a, "GET /api/v1/%.*s/%" PRId64, FS(e->name), w.id), S(""), S(""));
        if (seen.status == 200) continue; /* everybody sees these: users, roles, groups, teams */
        tried++;
        for (size_t k = 0; k < COUNT(asks); k++) {
            str of = arena_fmt(cx->a, "%.*s /api/v1/%.*s/", FS(method_name[asks[k].method]), FS(e->name)), body = asks[k].body ? str_from(asks[k].body) : S("");
            str before = arena_dup(cx->a, digest(t));
            struct answer r = api_call(t, cx->a, REPA1, arena_fmt(cx->a, "%.*s%" PRId64 "%s", FS(of), w.id, asks[k].tail), body, S(""));
            struct answer none = api_call(t, cx->a, REPA1, arena_fmt(cx->a, "%.*s1234567890123%s", FS(of), asks[k].tail), body, S(""));
            bool fits = r.status >= 400 && r.status < 500 && r.status == none.status && str_find(r.body, S("CANARY")) < 0 && str_eq(digest(t), before);
            T(fits);
            if (!fits) fprintf(stderr, "  matrix: %.*s%" PRId64 "%s: %d, of none %d %.*s\n", FS(of), w.id, asks[k].tail, r.status, none.status, FS(str_cut(r.body, 0, 300)));
        }
    }
    T(tried >= 6);
    if (tried < 6) fprintf(stderr, "  only %zu entities\n", tried);
}

/* A route that answers 404 to those who may, too, tells nothing of who may. */
static void none_hollow(void)
{
    for (size_t i = 0; i < COUNT(all); i++) {
        const char *roles[] = {all[i].rep, all[i].mgr, all[i].admin};
        bool nothing = false, told = false;
        for (size_t k = 0; k < COUNT(roles); k++) {
            bool lets_in = strchr(roles[k], '2') == roles[k] || strstr(roles[k], " 2") || strstr(roles[k], " 3");
            nothing |= strncmp(roles[k], "404", 3) == 0 && !lets_in;
        }
        for (size_t k = 0; k < COUNT(nowhere); k++) told |= nowhere[k].method == all[i].method && strcmp(nowhere[k].target, all[i].target) == 0;
        bool fits = told || !nothing;
        T(fits);
        if (!fits) fprintf(stderr, "  matrix: nobody finds what %.*s %s asks for\n", FS(method_name[all[i].method]), all[i].target);
    }
}

static void none_missing(void)
{
    for (size_t i = 0; i < api_routes_n; i++) {
        bool has = false;
        for (size_t k = 0; k < COUNT(all); k++) has |= all[k].method == api_routes[i].method && str_eq(str_from(all[k].path), api_routes[i].path);
        if (!has) fprintf(stderr, "no row of the matrix for %.*s %.*s\n", FS(method_name[api_routes[i].method]), FS(api_routes[i].path));
        T(has);
    }
}

void matrix_tests(void)
{
    none_missing();
    none_hollow();
    api_both(walk, false, true);
    api_both(walk_shared, false, true);
    api_both(walk_doors, false, true);
    api_both(walk_reader, false, true);
    api_both(walk_entities, false, true);
}
