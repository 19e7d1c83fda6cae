/* SPDX-License-Identifier: MIT */
/* D08, D09, D12: the second factor over the API: set up, asked for at log-in, asked for by a role, reset. */
#include "api_bed.h"
#include "soft_key.h"

#include "auth/factor.h"

static const char word[] = "Moos-Laterne-9";

static struct answer ask(struct api_bed *t, enum actor who, const char *req, str body)
{
    return api_call(t, t->b.cx.a, who, str_from(req), body, S(""));
}

static void cookie_take(struct api_bed *t, enum actor who, const struct answer *r)
{
    str c = answer_head(r, S("Set-Cookie")), name = {0}, token = {0};
    str_split(c, '=', &name, &c);
    str_split(c, ';', &token, &c);
    t->who[who].token = token;
    t->who[who].csrf = answer_value(&t->b.cx, r, S("csrf"));
}

static enum err forgotten(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "DELETE FROM login_attempt WHERE outcome = 'wrong'");
}

/* Without a captcha for what went wrong before. */
static struct answer log_in(struct api_bed *t, enum actor who, const char *mail)
{
    T_OK(&t->b.cx, db_write(&t->b.cx, forgotten, NULL));
    struct answer r = ask(t, ANON, "POST /api/v1/session", arena_fmt(t->b.cx.a, "{\"mail\":\"%s\",\"password\":\"%s\"}", mail, word));
    T_INT(r.status, 200);
    cookie_take(t, who, &r);
    return r;
}

static str code_body(struct api_bed *t, enum actor who, int off)
{
    return arena_fmt(t->b.cx.a, "{\"code\":\"%.*s\"}", FS(api_code(t, who, off)));
}

static bool has(const struct answer *r, const char *part) { return str_find(r->body, str_from(part)) >= 0; }

/* The recovery codes of a reply; the first one. */
static str recovery_of(const struct answer *r)
{
    ptrdiff_t at = str_find(r->body, S("[\""));
    return at < 0 ? S("") : str_cut(r->body, (size_t)at + 2, (size_t)at + 13);
}

static void set_up(struct api_bed *t, str *ret_recovery)
{
    T_OK(&t->b.cx, auth_password_set(&t->b.cx, t->app->auth, t->who[REPA1].id, str_from(word)));
    api_enter(t, REPA1, t->who[REPA1].id);
    ROWS(t,
         {REPA1, "GET /api/v1/factor", NULL, 200, "\"totp\":null|\"recovery\":0|\"required\":false", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/factor/totp", "{'password':'Moos-Laterne-9'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL}, /* just logged in: not enough */
         {REPA1, "GET /api/v1/session/proof", NULL, 200, "\"password\":true|\"passkey_alone\":false|\"second\":false|\"passkeys\":0", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/proof", "{'password':'falsch-falsch'}", 403, "\"field\":\"password\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/proof", "{}", 403, "\"field\":\"password\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/factor/totp", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL});
    t->still_ms++; /* after the log-in */
    ROWS(t,
         {REPA1, "POST /api/v1/session/proof", "{'password':'Moos-Laterne-9'}", 204, NULL, "", NULL, NULL},
         {REPA1, "POST /api/v1/factor/totp/end", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/factor/totp", NULL, 200, "otpauth://totp/M%C3%BCller%20Handel%20GmbH:|\"secret\":\"|\"qr\":{\"size\":|M0 0h7v1h-7z", "", NULL, NULL},
         {REPA1, "POST /api/v1/factor/totp/confirm", "{'code':'abcdef'}", 422, "\"field\":\"code\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/factor", NULL, 200, "\"totp\":null", NULL, NULL, NULL});
    struct answer r = ask(t, REPA1, "POST /api/v1/factor/totp/confirm", code_body(t, REPA1, 0));
    T_INT(r.status, 200);
    *ret_recovery = recovery_of(&r);
    T(ret_recovery->n == 11 && ret_recovery->p[5] == '-');
    ROWS(t,
         {REPA1, "GET /api/v1/factor", NULL, 200, "\"totp\":\"20|\"recovery\":10", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repa1", NULL, 200, "\"factor\":{\"totp\":\"20|\"recovery\":10|\"required\":false", NULL, NULL, NULL});
}

static struct answer prove(struct api_bed *t, enum actor who, const char *password, const char *name, str value)
{
    return ask(t, who, "POST /api/v1/session/proof", arena_fmt(t->b.cx.a, "{\"password\":\"%s\",\"%s\":\"%.*s\"}", password, name, FS(value)));
}

/* ASVS 7.5.1: who has a second factor shows it once more; a code is good once, and what is wrong is counted. */
static void whole_proof(struct api_bed *t)
{
    t->still_ms += 60000;
    str code = api_code(t, REPA1, 0);
    ROWS(t,
         {REPA1, "GET /api/v1/session/proof", NULL, 200, "\"password\":true|\"second\":true|\"totp\":true|\"recovery\":9", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/proof", "{'password':'Moos-Laterne-9'}", 422, "\"field\":\"code\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/proof", "{'password':'Moos-Laterne-9','code':'000000'}", 403, "\"field\":\"code\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/proof", "{'password':'Moos-Laterne-9','recovery':'00000-00000'}", 403, "\"field\":\"recovery\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/proof", "{'code':'000000'}", 403, "\"field\":\"password\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/factor/recovery", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/attempt?name=rolf&outcome=wrong", NULL, 200, "\"outcome\":\"wrong\"", NULL, NULL, NULL});
    struct answer r = prove(t, REPA1, "falsch-falsch", "code", code);
    T(r.status == 403 && has(&r, "\"field\":\"password\""));
    T_INT(prove(t, REPA1, word, "code", code).status, 204);
    r = prove(t, REPA1, word, "code", code); /* it is used up */
    T(r.status == 403 && has(&r, "\"field\":\"code\""));
}

/* Nothing but the second step opens between the two. */
static void in_two_steps(struct api_bed *t, str recovery)
{
    struct answer r = log_in(t, REPA1, "rolf@mueller.example");
    T(has(&r, "\"step\":\"factor\""));
    T_INT((int64_t)r.n_head, 1); /* no device is known by a password alone */
    str half = t->who[REPA1].token;
    ROWS(t,
         {REPA1, "GET /api/v1/session", NULL, 200, "\"step\":\"factor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/session/factor", NULL, 200, "\"totp\":true|\"recovery\":10|\"passkeys\":0", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person", NULL, 401, "second factor", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/meta", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/factor", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/factor/totp", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/factor/totp/end", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/factor/recovery", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/password", "{'present':'Moos-Laterne-9','password':'Zaun-Kiesel-7'}", 401, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/session", "{'language':'lt'}", 401, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/session/list", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/events", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/key", "{'name':'k','scopes':['read']}", 401, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/factor", "{}", 422, "\"field\":\"code\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/factor", "{'code':7}", 422, "\"field\":\"code\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/factor", "{'recovery':'00000-00000'}", 422, "\"field\":\"recovery\"", NULL, NULL, NULL});
    r = ask(t, REPA1, "POST /api/v1/session/factor", code_body(t, REPA1, 0)); /* taken by the set-up */
    T_INT(r.status, 422);
    r = ask(t, REPA1, "POST /api/v1/session/factor", code_body(t, REPA1, 1));
    T_INT(r.status, 200);
    T(has(&r, "Rolf Eins") && !has(&r, "\"step\""));
    cookie_take(t, REPA1, &r);
    T(!str_eq(half, t->who[REPA1].token));
    ROWS(t,
         {REPA1, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/session/factor", "{'code':'123456'}", 412, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/attempt?name=rolf&outcome=half", NULL, 200, "\"outcome\":\"half\"", NULL, NULL, NULL});
    (void)log_in(t, REPA1, "rolf@mueller.example");
    r = ask(t, REPA1, "POST /api/v1/session/factor", arena_fmt(t->b.cx.a, "{\"recovery\":\"%.*s\"}", FS(recovery)));
    T_INT(r.status, 200);
    cookie_take(t, REPA1, &r);
    ROWS(t,
         {REPA1, "GET /api/v1/factor", NULL, 200, "\"recovery\":9", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/factor/recovery", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL});
    whole_proof(t);
    ROWS(t,
         {REPA1, "POST /api/v1/factor/recovery", NULL, 200, "\"recovery\":[\"", "", NULL, NULL},
         {REPA1, "GET /api/v1/factor", NULL, 200, "\"recovery\":10", NULL, NULL, NULL});
}

static void enforced(struct api_bed *t)
{
    api_enter(t, ADMIN, t->who[ADMIN].id);
    api_prove(t, REPA1);
    T_OK(&t->b.cx, auth_password_set(&t->b.cx, t->app->auth, t->who[REPB1].id, str_from(word)));
    api_enter(t, REPB1, t->who[REPB1].id);
    ROWS(t,
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'person':{'see':'own'},'second_factor':'yes'}}", 422, "\"field\":\"rights.second_factor\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/role", "{'name':'strict','rights':{'person':{'see':'own'},'second_factor':true}}", 201, NULL, "role.create", "strict", NULL},
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'role':'$strict'}", 200, NULL, "user.update", NULL, NULL},
         {REPA1, "POST /api/v1/factor/totp/end", NULL, 403, "\"code\":\"denied\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/factor", NULL, 200, "\"required\":true|\"totp\":\"20", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repb1", "{'roles':['$strict']}", 200, NULL, "user.update", NULL, NULL}, /* a further role asks, too */
         {REPB1, "GET /api/v1/person", NULL, 401, "second factor", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/session", NULL, 200, "\"step\":\"enrol\"", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/factor", NULL, 200, "\"required\":true|\"totp\":null", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/session/factor", "{'code':'123456'}", 401, NULL, NULL, NULL, NULL},
         {REPB1, "POST /api/v1/session/password", "{'present':'x','password':'y'}", 401, NULL, NULL, NULL, NULL});
    t->still_ms++;
    ROWS(t,
         {REPB1, "POST /api/v1/factor/totp", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {REPB1, "GET /api/v1/session/proof", NULL, 200, "\"second\":false", NULL, NULL, NULL},
         {REPB1, "POST /api/v1/session/proof", "{'password':'Moos-Laterne-9'}", 204, NULL, "", NULL, NULL},
         {REPB1, "POST /api/v1/factor/totp", NULL, 200, NULL, "", NULL, NULL});
    T_INT(ask(t, REPB1, "POST /api/v1/factor/totp/confirm", code_body(t, REPB1, 0)).status, 200);
    ROWS(t,
         {REPB1, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA2, "DELETE /api/v1/account/$repb1/factor", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/account/1/factor", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/account/$admin/factor", NULL, 422, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/account/$repb1/factor", NULL, 204, NULL, "", NULL, "Idempotency-Key: reset"},
         {REPB1, "GET /api/v1/session", NULL, 401, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repb1", NULL, 200, "\"totp\":null|\"required\":true|\"sessions\":0", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'role':'$rolerep'}", 200, NULL, "user.update", NULL, NULL},
         {REPA1, "POST /api/v1/factor/totp/end", NULL, 204, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/factor", NULL, 200, "\"totp\":null|\"recovery\":0", NULL, NULL, NULL});
    struct answer r = log_in(t, REPA1, "rolf@mueller.example");
    T(!has(&r, "\"step\""));
}

/* ---- passkeys ---- */
static str shown(struct api_bed *t, const struct soft_key *k, const char *type, str challenge, const char *origin, int flags)
{
    struct cx *cx = &t->b.cx;
    str client = soft_client(cx, type, challenge, origin), data = soft_data(cx, k, "kontor.test", flags);
    str id = soft_coded(cx, k->id), sig = soft_coded(cx, soft_signed(cx, k, data, client)); /* another one each time */
    client = soft_coded(cx, client);
    data = soft_coded(cx, data);
    return arena_fmt(cx->a, "{\"name\":\"Laptop\",\"id\":\"%.*s\",\"client\":\"%.*s\",\"data\":\"%.*s\",\"signature\":\"%.*s\"}",
                     FS(id), FS(client), FS(data), FS(sig));
}

static str challenge_of(struct api_bed *t, const struct answer *r)
{
    T_INT(r->status, 200);
    return answer_value(&t->b.cx, r, S("challenge"));
}

/* A browser without a session asks; the cookie that its answer has to show. */
static str asked(struct api_bed *t, str *ret_cookie)
{
    struct answer r = ask(t, ANON, "POST /api/v1/session/passkey/begin", S(""));
    str cookie = {0}, rest = {0};
    T(has(&r, "\"second\":false") && has(&r, "\"rp\":\"kontor.test\""));
    str_split(answer_head(&r, S("Set-Cookie")), ';', &cookie, &rest);
    T(str_find(rest, S("HttpOnly")) > 0 && str_find(rest, S("SameSite=Strict")) > 0);
    *ret_cookie = arena_fmt(t->b.cx.a, "Cookie: %.*s", FS(cookie));
    return challenge_of(t, &r);
}

/* A passkey is a proof alone where its owner was asked for PIN or finger, else with the password; in this session, once. */
static void proved_by_passkey(struct api_bed *t, struct soft_key *k)
{
    struct cx *cx = &t->b.cx;
    static const char own[] = "https://kontor.test", with[] = "{\"password\":\"%s\",\"passkey\":%.*s}";
    t->still_ms += 1000;
    ROWS(t,
         {REPA2, "POST /api/v1/passkey/$pk/end", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/session/proof", NULL, 200, "\"password\":true|\"passkey_alone\":true|\"second\":true|\"totp\":false|\"passkeys\":1", NULL, NULL, NULL},
         {REPA2, "POST /api/v1/session/proof", "{'password':'Moos-Laterne-9'}", 422, "\"field\":\"code\"", NULL, NULL, NULL},
         {REPA2, "POST /api/v1/session/proof", "{'passkey':7}", 422, "\"field\":\"passkey\"", NULL, NULL, NULL});
    struct answer r = ask(t, REPA2, "POST /api/v1/session/proof/passkey", S(""));
    T(has(&r, "\"known\":[\"") && has(&r, "\"rp\":\"kontor.test\""));
    str challenge = challenge_of(t, &r);
    k->counter++;
    str body = shown(t, k, "webauthn.get", challenge, own, PRESENT); /* nobody was asked who he is */
    r = ask(t, REPA2, "POST /api/v1/session/proof", arena_fmt(cx->a, "{\"passkey\":%.*s}", FS(body)));
    T(r.status == 403 && has(&r, "\"field\":\"passkey\""));
    T_INT(ask(t, REPA2, "POST /api/v1/session/proof", arena_fmt(cx->a, with, "falsch-falsch", FS(body))).status, 403);
    T_INT(ask(t, REPB1, "POST /api/v1/session/proof", arena_fmt(cx->a, with, word, FS(body))).status, 403); /* another's */
    ROWS(t, {REPA2, "POST /api/v1/passkey/$pk/end", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL});
    T_INT(ask(t, REPA2, "POST /api/v1/session/proof", arena_fmt(cx->a, with, word, FS(body))).status, 204);
    k->counter++;
    body = shown(t, k, "webauthn.get", challenge, own, PRESENT | VERIFIED); /* the challenge is used up */
    T_INT(ask(t, REPA2, "POST /api/v1/session/proof", arena_fmt(cx->a, "{\"passkey\":%.*s}", FS(body))).status, 403);
    t->still_ms += PROOF_OWN_MS + 1;
    ROWS(t, {REPA2, "POST /api/v1/passkey/$pk/end", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL});
    r = ask(t, REPA2, "POST /api/v1/session/proof/passkey", S(""));
    body = shown(t, k, "webauthn.get", challenge_of(t, &r), own, PRESENT | VERIFIED);
    T_INT(ask(t, REPA2, "POST /api/v1/session/proof", arena_fmt(cx->a, "{\"passkey\":%.*s}", FS(body))).status, 204);
}

/* A new password shown with the old one is no proof of the second factor: the session that follows has none. */
static void password_alone(struct api_bed *t)
{
    t->still_ms += PROOF_MS + 60000;
    struct answer r = ask(t, REPA2, "POST /api/v1/session/password", S("{\"present\":\"Moos-Laterne-9\",\"password\":\"Zaun-Kiesel-7\"}"));
    T_INT(r.status, 200);
    cookie_take(t, REPA2, &r);
    ROWS(t, {REPA2, "DELETE /api/v1/session/list", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL});
    T_OK(&t->b.cx, auth_password_set(&t->b.cx, t->app->auth, t->who[REPA2].id, str_from(word)));
}

static void passkeys(struct api_bed *t)
{
    struct arena *a = t->b.cx.a;
    struct soft_key k = soft_key_new(ES256, "api");
    const str login = S("POST /api/v1/session/passkey");
    str cookie = {0}, none = {0};
    T_OK(&t->b.cx, auth_password_set(&t->b.cx, t->app->auth, t->who[REPA2].id, str_from(word)));
    api_enter(t, REPA2, t->who[REPA2].id);
    ROWS(t, {REPA2, "POST /api/v1/passkey/begin", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL});
    api_prove(t, REPA2);
    struct answer r = ask(t, REPA2, "POST /api/v1/passkey/begin", S(""));
    str challenge = challenge_of(t, &r), body = shown(t, &k, "webauthn.create", challenge, "https://kontor.test", PRESENT | VERIFIED | ATTESTED);
    T(has(&r, "\"rp\":\"kontor.test\"") && has(&r, "\"algs\":[-7,-8,-257]") && has(&r, "\"known\":[]"));
    T_INT(ask(t, REPA2, "POST /api/v1/passkey", shown(t, &k, "webauthn.create", challenge, "http://evil.test", PRESENT | ATTESTED)).status, 422);
    r = ask(t, REPA2, "POST /api/v1/passkey", body);
    T_INT(r.status, 201);
    T_INT((int64_t)recovery_of(&r).n, 11);
    T_INT(ask(t, REPA2, "POST /api/v1/passkey", body).status, 422); /* the challenge is used up */
    var_put(t, "pk", answer_value(&t->b.cx, &r, S("id")));
    k.counter++;
    body = shown(t, &k, "webauthn.get", asked(t, &cookie), "https://kontor.test", PRESENT | VERIFIED);
    r = api_call(t, a, ANON, login, body, S("")); /* without the cookie of the browser that asked */
    T(r.status == 422 && has(&r, "\"field\":\"passkey\""));
    r = api_call(t, a, ANON, login, body, cookie);
    T_INT(r.status, 200);
    T(has(&r, "Rita Zwei") && !has(&r, "\"step\""));
    cookie_take(t, REPA2, &r);
    T_INT(api_call(t, a, ANON, login, body, cookie).status, 422); /* replayed */
    body = shown(t, &k, "webauthn.get", asked(t, &cookie), "https://kontor.test", PRESENT | VERIFIED);
    T_INT(api_call(t, a, ANON, login, body, cookie).status, 422); /* the counter stands still */
    ROWS(t,
         {REPA2, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/factor", NULL, 200, "\"passkey_possible\":true|\"passkeys\":[{|\"name\":\"Laptop\"|\"used_at\":\"20|\"recovery\":10", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repa2", NULL, 200, "\"passkeys\":1", NULL, NULL, NULL},
         {REPB1, "PATCH /api/v1/passkey/$pk", "{'name':'x'}", 404, NULL, NULL, NULL, NULL},
         {REPA2, "PATCH /api/v1/passkey/$pk", "{'name':''}", 422, "\"field\":\"name\"", NULL, NULL, NULL},
         {REPA2, "PATCH /api/v1/passkey/$pk", "{'name':'Telefon'}", 204, NULL, "", NULL, NULL});
    password_alone(t);
    (void)log_in(t, REPA2, "rita@mueller.example");
    r = ask(t, REPA2, "POST /api/v1/session/passkey/begin", S(""));
    T(has(&r, "\"second\":true") && has(&r, "\"known\":[\""));
    k.counter++;
    body = shown(t, &k, "webauthn.get", challenge_of(t, &r), "https://kontor.test", PRESENT);
    T_INT(api_call(t, a, ANON, login, body, none).status, 422); /* of somebody else's log-in */
    r = ask(t, REPA2, "POST /api/v1/session/passkey", body);
    T_INT(r.status, 200);
    cookie_take(t, REPA2, &r);
    proved_by_passkey(t, &k);
    ROWS(t,
         {REPA2, "POST /api/v1/passkey/$pk/end", NULL, 204, NULL, "", NULL, NULL},
         {REPA2, "GET /api/v1/factor", NULL, 200, "\"passkeys\":[]|\"recovery\":0", NULL, NULL, NULL});
    soft_key_free(&k);
}

/* ---- a passkey is asked for, or something of everybody ---- */
/* An app of his, through the API. */
static void with_app(struct api_bed *t, enum actor who)
{
    api_prove(t, who);
    T_INT(ask(t, who, "POST /api/v1/factor/totp", S("")).status, 200);
    T_INT(ask(t, who, "POST /api/v1/factor/totp/confirm", code_body(t, who, 0)).status, 200);
    t->still_ms += 60000; /* that code is used up */
}

static struct answer registered(struct api_bed *t, enum actor who, const struct soft_key *k)
{
    api_prove(t, who);
    struct answer r = ask(t, who, "POST /api/v1/passkey/begin", S(""));
    return ask(t, who, "POST /api/v1/passkey", shown(t, k, "webauthn.create", challenge_of(t, &r), "https://kontor.test", PRESENT | VERIFIED | ATTESTED));
}

/* The second step of REPA2's log-in, or what her open session lacks again. */
static struct answer second_by_key(struct api_bed *t, struct soft_key *k)
{
    struct answer r = ask(t, REPA2, "POST /api/v1/session/passkey/begin", S(""));
    T(has(&r, "\"second\":true"));
    k->counter++;
    r = ask(t, REPA2, "POST /api/v1/session/passkey", shown(t, k, "webauthn.get", challenge_of(t, &r), "https://kontor.test", PRESENT));
    T_INT(r.status, 200);
    cookie_take(t, REPA2, &r);
    return r;
}

static void second_by(struct api_bed *t, const char *what, str value, const char *step)
{
    struct answer r = ask(t, REPA2, "POST /api/v1/session/factor", arena_fmt(t->b.cx.a, "{\"%s\":\"%.*s\"}", what, FS(value)));
    T_INT(r.status, 200);
    cookie_take(t, REPA2, &r);
    T(step ? has(&r, step) : !has(&r, "\"step\""));
}

/* Who has an app alone makes a passkey first; the strictest of several roles holds. */
static str needs_passkey(struct api_bed *t, struct soft_key *k)
{
    T_OK(&t->b.cx, auth_password_set(&t->b.cx, t->app->auth, t->who[REPA2].id, str_from(word)));
    api_enter(t, REPA2, t->who[REPA2].id);
    api_enter(t, ADMIN, t->who[ADMIN].id);
    with_app(t, REPA2);
    struct answer r = ask(t, REPA2, "GET /api/v1/person", S(""));
    T_INT(r.status, 200);
    ROWS(t,
         {ADMIN, "POST /api/v1/role", "{'name':'Geld','rights':{'second_factor':'any'}}", 422, "\"field\":\"rights.second_factor\"|passkey", "", NULL, NULL},
         {ADMIN, "POST /api/v1/role", "{'name':'Geld','rights':{'second_factor':'passkey'}}", 201, NULL, "role.create", "money", NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'roles':['$money','$strict']}", 200, NULL, "user.update", NULL, NULL},
         {REPA2, "GET /api/v1/session", NULL, 200, "\"step\":\"enrol\"", NULL, NULL, NULL},
         {REPA2, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/factor", NULL, 200, "\"totp\":\"20|\"required\":true|\"want\":\"passkey\"|\"passkeys\":[]", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repa2", NULL, 200, "\"want\":\"passkey\"", NULL, NULL, NULL});
    r = log_in(t, REPA2, "rita@mueller.example");
    T(has(&r, "\"step\":\"factor\""));
    second_by(t, "code", api_code(t, REPA2, 0), "\"step\":\"enrol\""); /* he has no better one yet */
    t->still_ms += 60000;
    api_prove(t, REPA2);
    r = ask(t, REPA2, "POST /api/v1/factor/recovery", S("")); /* not before */
    T_INT(r.status, 401);
    r = registered(t, REPA2, k);
    T_INT(r.status, 201);
    var_put(t, "first", answer_value(&t->b.cx, &r, S("id")));
    ROWS(t, {REPA2, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL});
    api_prove(t, REPA2);
    r = ask(t, REPA2, "POST /api/v1/factor/recovery", S(""));
    T_INT(r.status, 200);
    return recovery_of(&r);
}

static void passkey_asked_for(struct api_bed *t)
{
    struct soft_key k = soft_key_new(ES256, "first"), other = soft_key_new(EDDSA, "other");
    str recovery = needs_passkey(t, &k);
    struct answer r = log_in(t, REPA2, "rita@mueller.example");
    T(has(&r, "\"step\":\"factor\""));
    ROWS(t, {REPA2, "GET /api/v1/session/factor", NULL, 200, "\"totp\":false|\"passkeys\":1", NULL, NULL, NULL});
    r = ask(t, REPA2, "POST /api/v1/session/factor", code_body(t, REPA2, 0)); /* right, and not enough */
    T(r.status == 422 && has(&r, "\"field\":\"code\"") && has(&r, "asskey"));
    r = second_by_key(t, &k);
    T(!has(&r, "\"step\""));
    ROWS(t,
         {REPA2, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/factor", NULL, 200, "\"name\":\"Laptop\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'roles':['$strict']}", 200, NULL, "user.update", NULL, NULL});
    (void)log_in(t, REPA2, "rita@mueller.example");
    second_by(t, "code", api_code(t, REPA2, 0), NULL);
    ROWS(t,
         {REPA2, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'roles':['$money']}", 200, NULL, "user.update", NULL, NULL}, /* also who is in */
         {REPA2, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, NULL},
         {REPA2, "POST /api/v1/passkey/begin", NULL, 401, NULL, NULL, NULL, NULL}, /* shows the one she has, makes no other */
         {REPA2, "GET /api/v1/session", NULL, 200, "\"step\":\"factor\"", NULL, NULL, NULL});
    (void)second_by_key(t, &k);
    r = ask(t, REPA2, "POST /api/v1/session/password", S("{\"present\":\"Moos-Laterne-9\",\"password\":\"Zaun-Kiesel-7\"}"));
    T(r.status == 200 && !has(&r, "\"step\"")); /* what was shown stays shown */
    cookie_take(t, REPA2, &r);
    ROWS(t, {REPA2, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL});
    T_OK(&t->b.cx, auth_password_set(&t->b.cx, t->app->auth, t->who[REPA2].id, str_from(word)));
    (void)log_in(t, REPA2, "rita@mueller.example");
    second_by(t, "recovery", recovery, "\"step\":\"enrol\""); /* the passkey is lost: another one first */
    ROWS(t, {REPA2, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, NULL});
    r = registered(t, REPA2, &other);
    T_INT(r.status, 201);
    var_put(t, "other", answer_value(&t->b.cx, &r, S("id")));
    ROWS(t, {REPA2, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL});
    api_prove(t, REPA2);
    ROWS(t,
         {REPA2, "POST /api/v1/passkey/$first/end", NULL, 204, NULL, "", NULL, NULL},
         {REPA2, "POST /api/v1/passkey/$other/end", NULL, 403, "\"code\":\"denied\"", "", NULL, NULL}, /* the app is no other one */
         {REPA2, "POST /api/v1/factor/totp/end", NULL, 204, NULL, "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa2", "{'roles':[]}", 200, NULL, "user.update", NULL, NULL},
         {REPA2, "POST /api/v1/passkey/$other/end", NULL, 204, NULL, "", NULL, NULL});
    soft_key_free(&k);
    soft_key_free(&other);
}

/* ASVS 6.3.3: one switch, and nobody comes in by a password alone, whatever his roles say. */
static void everybody(struct api_bed *t)
{
    struct soft_key k = soft_key_new(ES256, "all");
    str url = t->app->url;
    T_OK(&t->b.cx, auth_password_set(&t->b.cx, t->app->auth, t->who[REPA2].id, str_from(word)));
    api_enter(t, ADMIN, t->who[ADMIN].id);
    with_app(t, ADMIN);
    ROWS(t,
         {REPA1, "GET /api/v1/factor/rule", NULL, 403, NULL, NULL, NULL, NULL},
         {REPA1, "PUT /api/v1/factor/rule", "{'want':'any'}", 403, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/factor/rule", NULL, 200, "\"want\":\"none\"|\"passkey_possible\":true", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/factor/rule", "{'want':'all'}", 422, "\"field\":\"want\"", "", NULL, NULL},
         {ADMIN, "PUT /api/v1/factor/rule", "{}", 422, "\"field\":\"want\"", "", NULL, NULL});
    struct answer r = log_in(t, REPA2, "rita@mueller.example");
    T(!has(&r, "\"step\""));
    ROWS(t,
         {REPA2, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/factor/rule", "{'want':'any'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/factor/rule", NULL, 200, "\"want\":\"any\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=setting.changed", NULL, 200, "\"detail\":{\"what\":\"factor\"}", "", NULL, NULL},
         {REPA2, "GET /api/v1/person", NULL, 401, "second factor", NULL, NULL, NULL}, /* who is in, too */
         {MGRA, "GET /api/v1/person", NULL, 401, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL});
    r = log_in(t, REPA2, "rita@mueller.example");
    T(has(&r, "\"step\":\"enrol\""));
    with_app(t, REPA2);
    api_prove(t, REPA2);
    ROWS(t,
         {REPA2, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA2, "POST /api/v1/factor/totp/end", NULL, 403, "\"code\":\"denied\"", "", NULL, NULL});
    t->app->url = S(""); /* nobody could make one */
    ROWS(t,
         {ADMIN, "GET /api/v1/factor/rule", NULL, 200, "\"passkey_possible\":false", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/factor/rule", "{'want':'passkey'}", 422, "\"field\":\"want\"", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'second_factor':'passkey'}}", 422, "\"field\":\"rights.second_factor\"", "", NULL, NULL});
    t->app->url = url;
    T_INT(registered(t, ADMIN, &k).status, 201);
    ROWS(t,
         {ADMIN, "PUT /api/v1/factor/rule", "{'want':'passkey'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA2, "GET /api/v1/session", NULL, 200, "\"step\":\"enrol\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/factor/rule", "{'want':'none'}", 204, NULL, "", NULL, NULL},
         {MGRA, "GET /api/v1/person", NULL, 200, NULL, NULL, NULL, NULL},
         {REPA2, "POST /api/v1/factor/totp/end", NULL, 204, NULL, "", NULL, NULL});
    T_OK(&t->b.cx, factors_reset(&t->b.cx, t->who[ADMIN].id));
    soft_key_free(&k);
}

/* D12: what bears on who comes in asks for the password, when the last proof is too long ago. */
static void proved(struct api_bed *t)
{
    T_OK(&t->b.cx, auth_password_set(&t->b.cx, t->app->auth, t->who[ADMIN].id, str_from(word)));
    api_enter(t, ADMIN, t->who[ADMIN].id);
    ROWS(t, {ADMIN, "PATCH /api/v1/role/$rolerep", "{'name':'rep 1'}", 200, NULL, "role.update", "before", NULL},
         {ADMIN, "POST /api/v1/file?name=u.csv", "Name;E-Mail\nEva;eva@evil.example\n", 201, NULL, NULL, "table", "Content-Type: text/csv"});
    t->still_ms += PROOF_MS + 60000;
    ROWS(t,
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'name':'rep 2'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$repa1", "{'mail':'evil@mueller.example'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/user", "{'name':'Neu'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/role/$rolerep", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repa2/password", "{'password':'Erstes-Wort-1'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repa2/end", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/session/list", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/account/$repa2/factor", NULL, 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/user/by/x/1", "{'name':'me','mail':'me@evil.example','role':'$rolerep'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/role/by/x/1", "{'name':'me'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'change':'$before.seq'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/mail/server", "{'host':''}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/signup/rules", "{'open':false}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/import/run", "{'file':'$table','entity':'user'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/user/$repa1", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Frei'}", 201, NULL, "person.create", NULL, NULL},
         {ADMIN, "POST /api/v1/session/proof", "{'password':'x'}", 403, "\"field\":\"password\"|\"code\":\"denied\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'name':'rep 2'}", 403, "\"code\":\"proof\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/session/proof", "{'password':'Moos-Laterne-9'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'name':'rep 2'}", 200, NULL, "role.update", NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'name':'rep'}", 200, NULL, "role.update", NULL, NULL});
}

static void all(struct api_bed *t)
{
    str recovery = {0};
    t->still_ms = clock_ms(); /* no step of 30 seconds ends meanwhile */
    set_up(t, &recovery);
    in_two_steps(t, recovery);
    passkeys(t);
    enforced(t);
    passkey_asked_for(t);
    everybody(t);
    proved(t);
}

void factor_tests(void) { api_both(all, false, true); }
