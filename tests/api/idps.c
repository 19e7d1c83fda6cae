/* SPDX-License-Identifier: MIT */
/* D17, F01, D12: providers described over the API, and the whole way in by one that the test plays itself. */
#include "api_bed.h"
#include "auth/limits.h"
#include "house.h"

/* ---- described ---- */
#define GOOD "'name':'Haus','issuer':'https://login.example.com','client_id':'kontor'"

static const char *const inside[] = {"http://127.0.0.1/",   "https://127.0.0.1/", "https://127.1/",      "https://0/",        "https://0177.0.0.1/",     "https://0x7f000001/", "https://2130706433/", "https://[::1]/",
                                     "https://[::]/",        "https://[::ffff:127.0.0.1]/", "https://localhost./", "https://169.254.169.254/", "https://10.1.2.3/", "https://100.64.1.1/", "https://[fd00::1]/",
                                     "https://①②⑦.0.0.1/", "https://user@127.0.0.1/", "https://127.0.0.1%2f/", "file:///etc/passwd", "http://example.com/", "https://example.com:22/", "https://example.com/?a=b", "login.example.com", ""};

static void described(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    ROWS(t,
         {ANON, "GET /api/v1/idp", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/idp", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/idp", "{" GOOD "}", 403, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/idp", NULL, 200, "\"data\":[]|\"url\":true|\"roles\":[{\"id\":\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{'issuer':'https://login.example.com','client_id':'kontor'}", 422, "\"field\":\"name\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{'name':'x','issuer':'https://login.example.com'}", 422, "\"field\":\"client_id\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{" GOOD ",'kind':'saml'}", 422, "\"field\":\"kind\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{" GOOD ",'factor':'maybe'}", 422, "\"field\":\"factor\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{" GOOD ",'creates':true}", 422, "\"field\":\"role\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{" GOOD ",'role':'99'}", 422, "\"field\":\"role\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{" GOOD ",'map':[{'group':'a','role':'99'}]}", 422, "\"field\":\"map\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{" GOOD ",'map':[{'group':' ','role':'$rolerep'}]}", 422, "\"field\":\"map\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{" GOOD ",'map':5}", 422, "\"field\":\"map\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{" GOOD ",'scopes':'a\\nb'}", 422, "\"field\":\"scopes\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{" GOOD ",'secret':'GEHEIM-1','map':[{'group':'a','role':'$rolerep'}]}", 201,
          "\"has_secret\":true|\"back\":\"https://kontor.test/api/v1/sso/|\"factor\":\"own\"|!GEHEIM|\"map\":[{\"group\":\"a\"", "", "i", NULL},
         {ADMIN, "GET /api/v1/idp", NULL, 200, "\"id\":\"$i\"|!GEHEIM", NULL, NULL, NULL},
         {ANON, "GET /api/v1/door", NULL, 200, "\"sso\":[{\"id\":\"$i\",\"name\":\"Haus\"}]|!example.com", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/idp/$i", "{'issuer':'https://evil.example.com'}", 422, "\"field\":\"secret\"", "", NULL, NULL}, /* K03: a secret goes nowhere else */
         {ADMIN, "PATCH /api/v1/idp/$i", "{'client_id':'other'}", 422, "\"field\":\"secret\"", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/idp/$i", "{'client_id':'other','secret':'GEHEIM-2'}", 200, "\"client_id\":\"other\"|!GEHEIM", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/idp/$i", "{'logout':5}", 422, "\"field\":\"logout\"", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/idp/$i", "{'logout':true}", 200, "\"logout\":true|\"left\":\"https://kontor.test/login\"", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/idp/$i", "{'secret':''}", 200, "\"has_secret\":false", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/idp/$i", "{'active':false,'map':[]}", 200, "\"active\":false|\"map\":[]", "", NULL, NULL},
         {ANON, "GET /api/v1/door", NULL, 200, "\"sso\":[]", NULL, NULL, NULL},
         {ANON, "POST /api/v1/sso/$i", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/idp/$i", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/idp/$i", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/role", "{'name':'set','rights':{'sys':['settings']}}", 201, NULL, "role.create", "set", NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'role':'$set'}", 200, NULL, "user.update", NULL, NULL},
         {REPA2, "GET /api/v1/idp", NULL, 403, NULL, NULL, NULL, NULL}, /* who sets roles up by it must be allowed to give them */
         {REPA2, "POST /api/v1/idp", "{" GOOD "}", 403, NULL, "", NULL, NULL});
    ROWS(t,
         {ADMIN, "POST /api/v1/idp", "{'kind':'ldap','name':'D','url':'ldaps://10.1.2.3','base':'dc=x','filter':'(uid=%s)','attr_id':'entryUUID'}", 422, "\"field\":\"url\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{'kind':'ldap','name':'D','url':'ldaps://dc.example.com:443','base':'dc=x','filter':'(uid=%s)','attr_id':'entryUUID','nested':'up'}", 422, "\"field\":\"nested\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{'kind':'ldap','name':'D','active':false,'url':'ldaps://127.0.0.1:443','base':'dc=x','filter':'(uid=%s)','attr_id':'entryUUID'}", 422, "\"field\":\"url\"", "", NULL, NULL},
         {ADMIN, "POST /api/v1/idp", "{'kind':'ldap','name':'D','url':'ldaps://directory.invalid:443','base':'dc=x','filter':'(uid=%s)','attr_id':'entryUUID','secret':'GEHEIM-3'}", 201,
          "\"kind\":\"ldap\"|\"nested\":\"off\"|\"back\":\"\"|!GEHEIM|!client_id", "", "dir", NULL},
         {ANON, "GET /api/v1/door", NULL, 200, "\"sso\":[]|\"directory\":true", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/idp/$dir/test", "{'login':'ada'}", 422, "\"field\":\"password\"", "", NULL, NULL},
         {ANON, "POST /api/v1/sso/$dir", NULL, 404, NULL, "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/idp/$dir", "{'kind':'oidc'}", 422, "\"field\":\"kind\"", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/idp/$dir", "{'bind_dn':'cn=evil'}", 422, "\"field\":\"secret\"", "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/idp/$dir", NULL, 204, NULL, "", NULL, NULL});
    for (size_t i = 0; i < COUNT(inside); i++) {
        struct answer r = api_call(t, cx->a, ADMIN, S("POST /api/v1/idp"), arena_fmt(cx->a, "{\"name\":\"x\",\"client_id\":\"k\",\"issuer\":\"%s\"}", inside[i]), S(""));
        T_INT(r.status, 422);
    }
    t->ahead_ms = PROOF_MS + 1000;
    ROWS(t, {ADMIN, "POST /api/v1/idp", "{" GOOD "}", 403, "\"code\":\"proof\"", "", NULL, NULL});
    t->ahead_ms = 0;
}

/* ---- the way in ---- */
struct trip {
    str state, nonce, challenge, binder;
};

static str param_of(struct cx *cx, str url, const char *name)
{
    str key = arena_fmt(cx->a, "&%s=", name), rest = {0}, value = {0};
    ptrdiff_t at = str_find(url, key);
    if (at < 0) return S("");
    rest = str_cut(url, (size_t)at + key.n, url.n);
    str_split(rest, '&', &value, &rest);
    return arena_dup(cx->a, value);
}

static str cookie_of(struct cx *cx, const struct answer *r, const char *name)
{
    str key = arena_fmt(cx->a, "%s=", name), value = {0}, rest = {0};
    for (size_t i = 0; i < r->n_head; i++) {
        if (!str_eq(r->head[i].name, S("Set-Cookie")) || !str_has_prefix(r->head[i].value, key)) continue;
        str_split(str_cut(r->head[i].value, key.n, r->head[i].value.n), ';', &value, &rest);
        return arena_dup(cx->a, value);
    }
    return S("");
}

static struct trip begun(struct api_bed *t, struct house *h)
{
    struct cx *cx = &t->b.cx;
    struct answer r = api_call(t, cx->a, ANON, api_expand(t, cx->a, "POST /api/v1/sso/$idp"), S(""), S(""));
    T_INT(r.status, 200);
    str url = answer_value(cx, &r, S("url"));
    struct trip p = {param_of(cx, url, "state"), param_of(cx, url, "nonce"), param_of(cx, url, "code_challenge"), cookie_of(cx, &r, "kontor-sso")};
    T(p.state.n == 64 && p.nonce.n == 43 && p.challenge.n == 43 && p.binder.n == 64);
    T(str_find(url, arena_fmt(cx->a, "http://127.0.0.1:%d/go?x=1&response_type=code&client_id=kontor&redirect_uri=https%%3A%%2F%%2Fkontor.test%%2Fapi%%2Fv1%%2Fsso%%2F", h->port)) == 0);
    T(str_find(url, S("&scope=openid%20email&")) > 0 && str_find(url, S("&code_challenge_method=S256")) > 0);
    (void)snprintf(h->nonce, sizeof h->nonce, "%.*s", FS(p.nonce));
    return p;
}

/* What the browser is sent on to; *ret_token: its session, "" = none. */
static str back(struct api_bed *t, const char *query, str state, str binder, str *ret_token)
{
    struct cx *cx = &t->b.cx;
    str head = binder.n ? arena_fmt(cx->a, "Cookie: kontor-sso=%.*s", FS(binder)) : S("");
    struct answer r = api_call(t, cx->a, ANON, arena_fmt(cx->a, "GET /api/v1/sso/%.*s/callback?state=%.*s%s", FS(var_get(t, "idp")), FS(state), query), S(""), head);
    T_INT(r.status, 303);
    *ret_token = cookie_of(cx, &r, "kontor");
    T(str_eq(answer_head(&r, S("Cache-Control")), S("no-store")));
    return answer_head(&r, S("Location"));
}

static bool lands(struct api_bed *t, const char *query, str state, str binder, const char *where)
{
    str token = {0}, at = back(t, query, state, binder, &token);
    bool ok = str_eq(at, str_from(where)) && (token.n == TOKEN_CHARS) == (strcmp(where, "/") == 0);
    if (!ok) fprintf(stderr, "  not %s but %.*s\n", where, FS(at));
    return ok;
}

static int64_t count(struct api_bed *t, str sql)
{
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_run(&t->b.cx, &r, NULL, sql, NULL, 0));
    return db_int(&r, 0, 0);
}

/* State: missing, made up, another browser's, another provider's, used before, too old. */
static_assert(IDP_STATE_MS <= 10 * 60 * 1000, "ASVS 6.5.5");
static void states(struct api_bed *t, struct house *h)
{
    struct trip a = begun(t, h), b = begun(t, h);
    T(!str_eq(a.state, b.state) && !str_eq(a.nonce, b.nonce) && !str_eq(a.binder, b.binder));
    T(lands(t, "&code=c", S(""), a.binder, "/login?sso=state"));
    T(lands(t, "&code=c", S("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), a.binder, "/login?sso=state"));
    T(lands(t, "&code=c", a.state, S(""), "/login?sso=state"));
    T(lands(t, "&code=c", a.state, b.binder, "/login?sso=state"));
    str kept = var_get(t, "idp");
    var_put(t, "idp", S("1"));
    T(lands(t, "&code=c", a.state, a.binder, "/login?sso=state"));
    var_put(t, "idp", kept);
    T_INT(h->tokens, 0);
    T(lands(t, "&error=access_denied", b.state, b.binder, "/login?sso=refused"));
    T(lands(t, "&code=c", b.state, b.binder, "/login?sso=state"));
    t->ahead_ms = IDP_STATE_MS + 1000;
    T(lands(t, "&code=c", a.state, a.binder, "/login?sso=state"));
    t->ahead_ms = 0;
    T_INT(h->tokens, 0);
    T_INT(count(t, S("SELECT count(*) FROM idp_link")), 0);
}

static bool twisted(struct api_bed *t, struct house *h, enum twist how, const char *query, const char *where)
{
    struct trip p = begun(t, h);
    h->twist = how;
    bool ok = lands(t, query, p.state, p.binder, where);
    h->twist = HONEST;
    return ok && lands(t, query, p.state, p.binder, "/login?sso=state"); /* whatever came of it: once */
}

static void verifies(struct api_bed *t, const struct house *h, const struct trip *p)
{
    struct cx *cx = &t->b.cx;
    unsigned char sum[32];
    T(strstr(h->asked, "\r\n\r\n") != NULL);
    if (!strstr(h->asked, "\r\n\r\n")) return;
    str body = arena_fmt(cx->a, "&%s&", strstr(h->asked, "\r\n\r\n") + 4), verifier = param_of(cx, body, "code_verifier");
    os_sha256(verifier, sum);
    T(verifier.n == 43 && str_eq(os_base64(cx->a, OS_BASE64URL, sum, sizeof sum), p->challenge));
    T(str_eq(param_of(cx, body, "grant_type"), S("authorization_code")) && str_eq(param_of(cx, body, "code"), S("c%2F1")));
    T(str_eq(param_of(cx, body, "redirect_uri"), arena_fmt(cx->a, "https%%3A%%2F%%2Fkontor.test%%2Fapi%%2Fv1%%2Fsso%%2F%.*s%%2Fcallback", FS(var_get(t, "idp")))));
    T(strstr(h->asked, "Authorization: Basic a29udG9yOkdFSEVJTQ==") && !strstr(h->asked, "GEHEIM") && !strstr(h->asked, "client_secret"));
}

static void comes_in(struct api_bed *t, struct house *h)
{
    struct trip p = begun(t, h);
    (void)snprintf(h->groups, sizeof h->groups, "\"sales\"");
    T(lands(t, "&code=c%2F1", p.state, p.binder, "/"));
    verifies(t, h, &p);
    T(str_eq(api_events_came(t), S("user.create user.update")));
    T_INT(count(t, S("SELECT count(*) FROM \"user\" u JOIN idp_link l ON l.user_id = u.id JOIN link k ON k.a = u.id AND k.field = 'roles' WHERE u.name = 'Ada' AND u.mail = 'ada@x.test'")), 1);
    T_INT(count(t, S("SELECT count(*) FROM login_attempt WHERE name = 'ada@x.test' AND outcome = 'in'")), 1);
    T(lands(t, "&code=c%2F1", p.state, p.binder, "/login?sso=state")); /* the code twice */
    h->groups[0] = 0;
    p = begun(t, h);
    T(lands(t, "&code=c", p.state, p.binder, "/"));
    T_INT(count(t, S("SELECT count(*) FROM \"user\" u JOIN link k ON k.a = u.id AND k.field = 'roles' WHERE u.name = 'Ada'")), 0);
    T(str_eq(api_events_came(t), S("user.update")));
    ROWS(t, {ADMIN, "PATCH /api/v1/idp/$idp", "{'creates':false}", 200, NULL, "", NULL, NULL});
    p = begun(t, h);
    T(lands(t, "&code=c", p.state, p.binder, "/")); /* he is known */
}

/* What lies with the provider, or with how it was described to us, is nobody's failure and takes no role. */
static void downs(struct api_bed *t, struct house *h)
{
    static const int answers[] = {302, 400, 401, 403, 404, 429, 500};
    str ada = S("SELECT count(*) FROM \"user\" u JOIN link k ON k.a = u.id AND k.field = 'roles' WHERE u.name = 'Ada'");
    struct trip p = begun(t, h);
    (void)snprintf(h->groups, sizeof h->groups, "\"sales\"");
    T(lands(t, "&code=c", p.state, p.binder, "/"));
    T_INT(count(t, ada), 1);
    T(twisted(t, h, NO_INFO, "&code=c", "/login?sso=down"));
    T_INT(count(t, ada), 1);
    for (size_t i = 0; i < COUNT(answers); i++) {
        h->status = answers[i];
        T(twisted(t, h, REFUSED, "&code=c", "/login?sso=down"));
    }
    T_INT(count(t, S("SELECT count(*) FROM login_attempt WHERE name = '[Haus]' AND outcome = 'wrong'")), 0);
    T_INT(count(t, S("SELECT count(*) FROM session WHERE user_id IN (SELECT user_id FROM idp_link)")), 4);
    h->groups[0] = 0;
    p = begun(t, h);
    T(lands(t, "&code=c", p.state, p.binder, "/")); /* userinfo was read: he is in none any more */
    T_INT(count(t, ada), 0);
    (void)api_events_came(t);
}

static void twists(struct api_bed *t, struct house *h)
{
    T(twisted(t, h, WRONG_NONCE, "&code=c", "/login?sso=token"));
    T(twisted(t, h, WRONG_AUDIENCE, "&code=c", "/login?sso=token"));
    T(twisted(t, h, OLD, "&code=c", "/login?sso=token"));
    T(twisted(t, h, UNSIGNED, "&code=c", "/login?sso=token"));
    T(twisted(t, h, BENT, "&code=c", "/login?sso=token"));
    T(twisted(t, h, NO_TOKEN, "&code=c", "/login?sso=token"));
    T(twisted(t, h, TEXTS, "&code=c", "/login?sso=token"));
    T(twisted(t, h, HONEST, "&code=c&iss=https%3A%2F%2Fevil.test", "/login?sso=token"));
    T(twisted(t, h, HONEST, "", "/login?sso=refused"));
    T(twisted(t, h, BAD_CODE, "&code=c", "/login?sso=token"));
    T_INT(count(t, S("SELECT count(*) FROM login_attempt WHERE name = '[Haus]' AND outcome = 'wrong'")), 9);
    T_INT(count(t, S("SELECT count(*) FROM session WHERE user_id IN (SELECT user_id FROM idp_link)")), 5);
}

/* The provider changes its keys: they are looked for once more, and remembered. */
static void rotation(struct api_bed *t, struct house *h)
{
    int before = h->described;
    struct trip p = begun(t, h);
    token_key_free(&h->key);
    h->key = token_key_new(R_KEY_TYPE_RSA, 2048, "RS256", "two");
    T(lands(t, "&code=c", p.state, p.binder, "/"));
    T_INT(h->described, before + 1);
    p = begun(t, h);
    T(lands(t, "&code=c", p.state, p.binder, "/"));
    T_INT(h->described, before + 1);
}

/* Who has no password here sets up a second factor while his log-in by the provider is fresh. */
static void own_factor(struct api_bed *t, struct house *h)
{
    struct trip p = begun(t, h);
    str token = {0};
    T(str_eq(back(t, "&code=c", p.state, p.binder, &token), S("/")));
    str head = arena_fmt(t->b.cx.a, "Cookie: kontor=%.*s", FS(token));
    struct answer r = api_call(t, t->b.cx.a, ANON, S("GET /api/v1/session"), S(""), head);
    T_INT(r.status, 200);
    struct person was = t->who[REPA1];
    t->who[REPA1].token = token;
    t->who[REPA1].csrf = answer_value(&t->b.cx, &r, S("csrf"));
    ROWS(t, {REPA1, "GET /api/v1/factor", NULL, 200, "\"password\":false", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/factor/totp", NULL, 200, "\"secret\":\"", NULL, NULL, NULL});
    t->ahead_ms = PROOF_MS + 1000;
    ROWS(t, {REPA1, "POST /api/v1/factor/totp", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/session/proof", NULL, 200, "\"password\":false|\"passkey_alone\":false", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/proof", "{'password':''}", 403, "\"field\":\"password\"|log out and in", NULL, NULL, NULL});
    t->ahead_ms = 0;
    t->who[REPA1] = was;
}

/* An address begins so many log-ins at once; others go on, and what is over goes at night. */
static void too_many(struct api_bed *t)
{
    int last = 0;
    str path = api_expand(t, t->b.cx.a, "POST /api/v1/sso/$idp");
    t->remote = S("198.51.100.77");
    for (int i = 0; i <= IDP_STATES_MAX && last != 503; i++) last = api_call(t, t->b.cx.a, ANON, path, S(""), S("")).status;
    T_INT(last, 503);
    T_INT(count(t, S("SELECT count(*) FROM idp_state s WHERE 199 < (SELECT count(*) FROM idp_state o WHERE o.addr = s.addr)")), IDP_STATES_MAX);
    t->remote = S("");
    T_INT(api_call(t, t->b.cx.a, ANON, path, S(""), S("")).status, 200);
    t->b.cx.now_ms += IDP_STATE_MS + 1000;
    T_OK(&t->b.cx, auth_tidy(&t->b.cx));
    t->b.cx.now_ms -= IDP_STATE_MS + 1000;
}

static void who_may_not(struct api_bed *t, struct house *h)
{
    ROWS(t, {ADMIN, "POST /api/v1/idp/$idp/test", NULL, 200, "\"keys\":1", "", NULL, NULL},
         {ADMIN, "POST /api/v1/account/$ada/end", NULL, 204, NULL, "user.update", NULL, NULL});
    struct trip p = begun(t, h);
    T(lands(t, "&code=c", p.state, p.binder, "/login?sso=ended"));
    p = begun(t, h);
    ROWS(t, {ADMIN, "POST /api/v1/block", "{'addr':'198.51.100.9'}", 201, NULL, "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$ada", "{'active':true}", 200, NULL, "user.update", NULL, NULL});
    t->remote = S("198.51.100.9");
    T(lands(t, "&code=c", p.state, p.binder, "/login?sso=blocked"));
    t->remote = S("");
}

/* A7: a log-in there is a proof here as far as it is told when he showed who he is: a provider lets in who was in. */
static void proved_there(struct api_bed *t, struct house *h)
{
    static const struct {
        int ago_s, status;
    } all[] = {{-1, 403}, {3600, 403}, {600, 200}, {-1000, 403}, {0, 200}};
    struct person was = t->who[REPA1];
    for (size_t i = 0; i < COUNT(all); i++) {
        struct trip p = begun(t, h);
        h->ago_s = all[i].ago_s;
        T(str_eq(back(t, "&code=c", p.state, p.binder, &t->who[REPA1].token), S("/")));
        struct answer r = api_call(t, t->b.cx.a, REPA1, S("GET /api/v1/session"), S(""), S(""));
        t->who[REPA1].csrf = answer_value(&t->b.cx, &r, S("csrf"));
        ROWS(t, {REPA1, "GET /api/v1/session/proof", NULL, 200, "\"password\":false|\"sso\":\"$idp\"", NULL, NULL, NULL});
        int got = api_call(t, t->b.cx.a, REPA1, S("POST /api/v1/factor/totp"), S(""), S("")).status;
        if (got != all[i].status) fprintf(stderr, "  auth_time %d s ago\n", all[i].ago_s);
        T_INT(got, all[i].status);
    }
    h->ago_s = 0;
    t->who[REPA1] = was;
    struct answer r = api_call(t, t->b.cx.a, ANON, api_expand(t, t->b.cx.a, "POST /api/v1/sso/$idp"), S("{\"proof\":true}"), S(""));
    T(r.status == 200 && str_find(r.body, S("&prompt=login&max_age=0")) > 0);
}

/* A18: the browser's half is another one each time, none that somebody else may have put there; and gone at the end. */
static void binders(struct api_bed *t, struct house *h)
{
    struct cx *cx = &t->b.cx;
    struct trip p = begun(t, h);
    str planted = arena_fmt(cx->a, "Cookie: kontor-sso=%.*s", FS(p.binder));
    struct answer r = api_call(t, cx->a, ANON, api_expand(t, cx->a, "POST /api/v1/sso/$idp"), S(""), planted);
    str fresh = cookie_of(cx, &r, "kontor-sso");
    T(fresh.n == 64 && !str_eq(fresh, p.binder));
    p = begun(t, h);
    r = api_call(t, cx->a, ANON, arena_fmt(cx->a, "GET /api/v1/sso/%.*s/callback?state=%.*s&code=c", FS(var_get(t, "idp")), FS(p.state)), S(""),
                 arena_fmt(cx->a, "Cookie: kontor-sso=%.*s", FS(p.binder)));
    bool gone = false;
    for (size_t i = 0; i < r.n_head; i++) gone |= str_has_prefix(r.head[i].value, S("kontor-sso=;")) && str_find(r.head[i].value, S("Max-Age=0")) > 0;
    T(r.status == 303 && gone);
}

/* A19: who promises to name itself with what it sends back (RFC 9207) does. */
static void named(struct api_bed *t, struct house *h)
{
    char named[100];
    (void)snprintf(named, sizeof named, "&code=c&iss=http%%3A%%2F%%2F127.0.0.1%%3A%d", h->port);
    h->says_iss = true;
    ROWS(t, {ADMIN, "POST /api/v1/idp/$idp/test", NULL, 200, "\"keys\":1", "", NULL, NULL}); /* read anew */
    T(twisted(t, h, HONEST, "&code=c", "/login?sso=token"));
    struct trip p = begun(t, h);
    T(lands(t, named, p.state, p.binder, "/"));
    h->says_iss = false;
    ROWS(t, {ADMIN, "POST /api/v1/idp/$idp/test", NULL, 200, "\"keys\":1", "", NULL, NULL});
}

/* A12: whom a provider, or we, do not let in stands in the log of attempts, and is nobody's failure. */
static void turned_away(struct api_bed *t, struct house *h)
{
    static const str refused = S0("SELECT count(*) FROM login_attempt WHERE name = '[Haus]' AND outcome = 'refused' AND ok = 0");
    int64_t before = count(t, refused);
    T(twisted(t, h, HONEST, "&error=access_denied", "/login?sso=refused"));
    T_INT(count(t, refused), before + 1);
    ROWS(t, {ADMIN, "PATCH /api/v1/user/$ada", "{'active':false}", 200, NULL, "user.update", NULL, NULL});
    T(twisted(t, h, HONEST, "&code=c", "/login?sso=ended"));
    T_INT(count(t, refused), before + 2);
    ROWS(t, {ADMIN, "PATCH /api/v1/user/$ada", "{'active':true}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "GET /api/v1/attempt?outcome=refused", NULL, 200, "[Haus]|\"outcome\":\"refused\"", NULL, NULL, NULL});
}

static int64_t roles_of_ada(struct api_bed *t)
{
    return count(t, S("SELECT count(*) FROM \"user\" u JOIN link k ON k.a = u.id AND k.field = 'roles' WHERE u.name = 'Ada'"));
}

/* Ada comes in with the group that gives a role; the header of her session. */
static str comes(struct api_bed *t, struct house *h)
{
    struct trip p = begun(t, h);
    str token = {0};
    T(str_eq(back(t, "&code=c", p.state, p.binder, &token), S("/")));
    T_INT(roles_of_ada(t), 1);
    (void)api_events_came(t);
    return arena_fmt(t->b.cx.a, "Cookie: kontor=%.*s", FS(token));
}

static int is_in(struct api_bed *t, str head) { return api_call(t, t->b.cx.a, ANON, S("GET /api/v1/session"), S(""), head).status; }

/* A provider that is turned off or becomes another one: who came by it is out; of another, what groups gave is gone. */
static str becomes_another(struct api_bed *t, struct house *h)
{
    (void)snprintf(h->groups, sizeof h->groups, "\"sales\"");
    str head = comes(t, h);
    T_INT(is_in(t, head), 200);
    ROWS(t, {ADMIN, "PATCH /api/v1/idp/$idp", "{'active':true}", 200, NULL, "", NULL, NULL});
    T_INT(is_in(t, head), 200);
    ROWS(t, {ADMIN, "PATCH /api/v1/idp/$idp", "{'active':false}", 200, NULL, "", NULL, NULL});
    T_INT(is_in(t, head), 401);
    T_INT(roles_of_ada(t), 1); /* it may be turned on again */
    ROWS(t, {ADMIN, "PATCH /api/v1/idp/$idp", "{'active':true}", 200, NULL, "", NULL, NULL});
    head = comes(t, h);
    ROWS(t, {ADMIN, "PATCH /api/v1/idp/$idp", "{'issuer':'https://other.example.com','secret':'x'}", 200, NULL, "user.update", NULL, NULL});
    T_INT(is_in(t, head), 401);
    T_INT(roles_of_ada(t), 0);
    T_INT(count(t, S("SELECT count(*) FROM idp_role")), 0);
    ROWS(t, {ADMIN, "PATCH /api/v1/idp/$idp", "{'issuer':'$issuer','secret':'GEHEIM'}", 200, NULL, "", NULL, NULL});
    return comes(t, h);
}

static void ended(struct api_bed *t, str head)
{
    T_INT(is_in(t, head), 200);
    ROWS(t, {ADMIN, "PATCH /api/v1/user/$ada", "{'roles':['$rolemgr','$set']}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "DELETE /api/v1/idp/$idp", NULL, 204, NULL, "user.update", NULL, "Idempotency-Key: end"},
         {ADMIN, "DELETE /api/v1/idp/$idp", NULL, 204, NULL, "", NULL, "Idempotency-Key: end"},
         {ADMIN, "GET /api/v1/user/$ada?fields=roles", NULL, 200, "$set|!$rolemgr", NULL, NULL, NULL}); /* what was given by hand stays */
    T_INT(is_in(t, head), 401);
    ROWS(t, {ADMIN, "POST /api/v1/idp", "{" GOOD "}", 201, NULL, "", "again", "Idempotency-Key: new"},
         {ADMIN, "POST /api/v1/idp", "{" GOOD "}", 201, "\"id\":\"$again\"", "", NULL, "Idempotency-Key: new"},
         {ADMIN, "DELETE /api/v1/idp/$again", NULL, 204, NULL, "", NULL, NULL});
}

/* A13: who is known by whom is shown to himself and to who manages users, and can be ended by both. */
static void linked(struct api_bed *t, struct house *h)
{
    struct cx *cx = &t->b.cx;
    struct person was = t->who[REPA1];
    struct trip p = begun(t, h);
    T(str_eq(back(t, "&code=c", p.state, p.binder, &t->who[REPA1].token), S("/")));
    struct answer r = api_call(t, cx->a, REPA1, S("GET /api/v1/session"), S(""), S(""));
    t->who[REPA1].csrf = answer_value(cx, &r, S("csrf"));
    r = api_call(t, cx->a, REPA1, S("GET /api/v1/identity"), S(""), S(""));
    ptrdiff_t at = str_find(r.body, S("\"key\":\""));
    T(r.status == 200 && at > 0 && str_find(r.body, S("\"name\":\"Haus\"")) > 0 && str_find(r.body, S("\"subject\":\"ada\"")) > 0);
    if (at < 0) return;
    var_put(t, "ikey", arena_dup(cx->a, str_cut(r.body, (size_t)at + 7, (size_t)at + 23)));
    ROWS(t, {REPA1, "DELETE /api/v1/identity/0123456789abcdef", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/identity/$ikey", NULL, 412, "another way in", NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/account/$ada/identity/$ikey", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/identity", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$ada", NULL, 200, "\"identities\":[{\"key\":\"$ikey\"", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/account/$ada/identity/$ikey", NULL, 204, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/account/$ada/identity/$ikey", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=identity", NULL, 200, "identity.linked|identity.ended", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/idp/$idp", "{'links':true}", 200, NULL, NULL, NULL, NULL});
    t->who[REPA1] = was;
    p = begun(t, h);
    T(lands(t, "&code=c", p.state, p.binder, "/")); /* by his address, anew */
    ROWS(t, {ADMIN, "PATCH /api/v1/idp/$idp", "{'links':false}", 200, NULL, NULL, NULL, NULL});
    (void)api_events_came(t);
}

static void walk(struct api_bed *t)
{
    described(t);
    struct house *h = house_open();
    house_allow(t, h->port);
    ROWS(t, {ADMIN, "POST /api/v1/idp",
             "{'name':'Haus','issuer':'$issuer','client_id':'kontor','secret':'GEHEIM','scopes':'email','groups':'groups','creates':true,'role':'$rolerep','map':[{'group':'sales','role':'$rolemgr'}]}", 201,
             NULL, "", "idp", NULL},
         {ANON, "POST /api/v1/sso/$idp", NULL, 403, NULL, "", NULL, "Sec-Fetch-Site: cross-site"});
    states(t, h);
    comes_in(t, h);
    downs(t, h);
    twists(t, h);
    rotation(t, h);
    var_put(t, "ada", arena_fmt(t->b.cx.a, "%" PRId64, count(t, S("SELECT user_id FROM idp_link LIMIT 1"))));
    linked(t, h);
    own_factor(t, h);
    proved_there(t, h);
    binders(t, h);
    named(t, h);
    turned_away(t, h);
    too_many(t);
    who_may_not(t, h);
    str head = becomes_another(t, h);
    house_close(h);
    ROWS(t, {ADMIN, "POST /api/v1/idp/$idp/test", NULL, 422, "unreached", "", NULL, NULL});
    ended(t, head);
}

void idps_tests(void) { api_both(walk, false, true); }
