/* SPDX-License-Identifier: MIT */
/* D16: passkeys, each vector made here by an authenticator of our own with real keys. */
#include "auth/factor_int.h"
#include "auth/passkey.h"
#include "auth/webauthn.h"
#include "os/os.h"
#include "bed.h"
#include "soft_key.h"

#define RP "kontor.test"
#define ORIGIN "https://kontor.test:8443"

/* ---- the verdicts, without a database ---- */
static const struct wa_want want = {S0(ORIGIN), S0(RP), true};

static struct wa_client made(struct cx *cx, const struct soft_key *k, const char *origin, const char *rp, int flags)
{
    return (struct wa_client){.json = soft_client(cx, "webauthn.create", S("abc"), origin), .data = soft_data(cx, k, rp, flags)};
}

static struct wa_client shown(struct cx *cx, const struct soft_key *k, const char *origin, const char *rp, int flags)
{
    struct wa_client c = {.json = soft_client(cx, "webauthn.get", S("abc"), origin), .data = soft_data(cx, k, rp, flags)};
    c.signature = soft_signed(cx, k, c.data, c.json);
    return c;
}

static bool says(struct cx *cx, enum err e, const char *why)
{
    bool ok = e == E_INVALID && str_eq(cx->at, S("passkey")) && str_find(cx->msg, str_from(why)) > 0;
    if (!ok) fprintf(stderr, "  not %s: %d %.*s\n", why, (int)e, FS(cx->msg));
    return ok;
}

static void creating(struct cx *cx, const struct soft_key *k, struct wa_key *ret)
{
    struct wa_client c = made(cx, k, ORIGIN, RP, PRESENT | VERIFIED | ATTESTED);
    T_OK(cx, wa_created(cx, &want, &c, ret));
    T(ret->alg == k->alg && str_eq(ret->id, k->id) && ret->counter == 1 && ret->verified);
    c = made(cx, k, "https://kontor.test", RP, PRESENT | VERIFIED | ATTESTED);
    T(says(cx, wa_created(cx, &want, &c, ret), "origin"));
    c = made(cx, k, ORIGIN, "evil.test", PRESENT | VERIFIED | ATTESTED);
    T(says(cx, wa_created(cx, &want, &c, ret), "rpIdHash"));
    c = made(cx, k, ORIGIN, RP, VERIFIED | ATTESTED);
    T(says(cx, wa_created(cx, &want, &c, ret), "presence"));
    c = made(cx, k, ORIGIN, RP, PRESENT | ATTESTED);
    T(says(cx, wa_created(cx, &want, &c, ret), "verification"));
    c = made(cx, k, ORIGIN, RP, PRESENT | VERIFIED);
    T(wa_created(cx, &want, &c, ret) == E_INVALID); /* no key in it */
    c = made(cx, k, ORIGIN, RP, PRESENT | VERIFIED | ATTESTED);
    for (size_t n = 0; n < c.data.n; n++) { /* cut off anywhere */
        struct wa_client cut = c;
        cut.data = str_cut(c.data, 0, n);
        T(wa_created(cx, &want, &cut, ret) == E_INVALID);
    }
    c.json = soft_client(cx, "webauthn.get", S("abc"), ORIGIN);
    T(says(cx, wa_created(cx, &want, &c, ret), "type"));
    c = made(cx, k, ORIGIN, RP, PRESENT | VERIFIED | ATTESTED);
    T_OK(cx, wa_created(cx, &want, &c, ret));
}

static void asserting(struct cx *cx, const struct soft_key *k, struct wa_key known)
{
    uint32_t n = 0;
    struct soft_key next = *k, zero = *k, other = soft_key_new(ES256, "other");
    next.counter = 7;
    struct wa_client c = shown(cx, &next, ORIGIN, RP, PRESENT | VERIFIED), bent = c;
    T_OK(cx, wa_asserted(cx, &want, &known, &c, &n));
    T_INT(n, 7);
    for (size_t i = 0; i < c.signature.n; i += 7) { /* a bit of the signature, of the data, of what the browser said */
        char *sig = arena_get(cx->a, c.signature.n);
        memcpy(sig, c.signature.p, c.signature.n);
        sig[i] ^= 4;
        bent.signature = (str){sig, c.signature.n};
        T(wa_asserted(cx, &want, &known, &bent, &n) == E_INVALID);
    }
    bent = c;
    bent.data = soft_data(cx, &(struct soft_key){.counter = 8}, RP, PRESENT | VERIFIED);
    T(says(cx, wa_asserted(cx, &want, &known, &bent, &n), "signature"));
    bent = c;
    bent.json = soft_client(cx, "webauthn.get", S("abd"), ORIGIN);
    T(says(cx, wa_asserted(cx, &want, &known, &bent, &n), "signature"));
    bent.json = arena_fmt(cx->a, "{\"type\":\"webauthn.get\",\"challenge\":\"abc\",\"origin\":\"%s\",\"crossOrigin\":true}", ORIGIN);
    T(says(cx, wa_asserted(cx, &want, &known, &bent, &n), "crossOrigin"));
    bent.json = S("{\"type\":\"webauthn.get\",");
    T(says(cx, wa_asserted(cx, &want, &known, &bent, &n), "clientDataJSON"));
    c = shown(cx, &next, "https://kontor.test.evil.test:8443", RP, PRESENT | VERIFIED);
    T(says(cx, wa_asserted(cx, &want, &known, &c, &n), "origin"));
    c = shown(cx, &next, ORIGIN, "evil.test", PRESENT | VERIFIED);
    T(says(cx, wa_asserted(cx, &want, &known, &c, &n), "rpIdHash"));
    c = shown(cx, &next, ORIGIN, RP, VERIFIED);
    T(wa_asserted(cx, &want, &known, &c, &n) == E_INVALID);
    c = shown(cx, &next, ORIGIN, RP, PRESENT);
    T(wa_asserted(cx, &want, &known, &c, &n) == E_INVALID);
    T_OK(cx, wa_asserted(cx, &(struct wa_want){want.origin, want.rp, false}, &known, &c, &n));
    known.counter = 7; /* back, or the same again */
    c = shown(cx, &next, ORIGIN, RP, PRESENT | VERIFIED);
    T(says(cx, wa_asserted(cx, &want, &known, &c, &n), "counter"));
    zero.counter = 0;
    c = shown(cx, &zero, ORIGIN, RP, PRESENT | VERIFIED);
    T(says(cx, wa_asserted(cx, &want, &known, &c, &n), "counter"));
    known.counter = 0; /* one that does not count */
    T_OK(cx, wa_asserted(cx, &want, &known, &c, &n));
    other.counter = 9;
    c = shown(cx, &other, ORIGIN, RP, PRESENT | VERIFIED);
    T(says(cx, wa_asserted(cx, &want, &known, &c, &n), "signature"));
    soft_key_free(&other);
}

static void verdicts(void)
{
    struct cx cx = t_cx();
    for (enum soft_kind i = 0; i < SOFT_KINDS; i++) {
        struct soft_key k = soft_key_new(i, "credential-of-the-test");
        struct wa_key known = {0};
        creating(&cx, &k, &known);
        asserting(&cx, &k, known);
        soft_key_free(&k);
    }
    t_cx_free(&cx);
}

static void sites(void)
{
    struct cx cx = t_cx();
    struct wa_site s = {0};
    T(passkey_site(cx.a, S("https://kontor.example/"), S("evil.test"), &s));
    T_STR(s.origin, S("https://kontor.example"));
    T_STR(s.rp, S("kontor.example"));
    T(passkey_site(cx.a, S("https://kontor.example:8443"), S(""), &s));
    T_STR(s.origin, S("https://kontor.example:8443"));
    T(passkey_site(cx.a, S("https://kontor.example:443/x"), S(""), &s));
    T_STR(s.origin, S("https://kontor.example"));
    T(passkey_site(cx.a, S(""), S("localhost:8080"), &s));
    T_STR(s.origin, S("http://localhost:8080"));
    T(!passkey_site(cx.a, S(""), S("kontor.example"), &s)); /* a Host is nobody's word */
    T(!passkey_site(cx.a, S(""), S("127.0.0.1:8080"), &s));
    T(!passkey_site(cx.a, S("https://192.0.2.1"), S(""), &s));
    T(!passkey_site(cx.a, S("http://kontor.lan"), S(""), &s)); /* browsers want TLS */
    T(passkey_site(cx.a, S("http://localhost:8080"), S(""), &s));
    T(!passkey_site(cx.a, S("ftp://kontor.example"), S(""), &s));
    t_cx_free(&cx);
}

/* ---- with users ---- */
static const struct wa_site site = {S0(ORIGIN), S0(RP)};
static const struct visitor anna_at = {.addr = S0("10.0.0.1"), .agent = S0("test")};
static struct login io;
static str codes[RECOVERY_CODES];

static int64_t user_make(struct cx *cx, struct auth *au, const char *mail)
{
    const struct entity *e = ENT(cx, "user");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(S("Anna"))}, {FLD(e, "mail"), VAL_TEXT(str_from(mail))}, {FLD(e, "active"), VAL_INT(1)}};
    struct written w = {0};
    cx->acl = NULL;
    T_OK(cx, record_create(cx, e, 0, s, COUNT(s), &w));
    T_OK(cx, auth_password_set(cx, au, w.id, S("Zaun-Kiesel-7")));
    return w.id;
}

static struct passkey_answer answer(struct cx *cx, const struct soft_key *k, const char *type, str challenge, int flags)
{
    str json = soft_client(cx, type, challenge, ORIGIN), data = soft_data(cx, k, RP, flags);
    return (struct passkey_answer){soft_coded(cx, k->id), soft_coded(cx, json), soft_coded(cx, data), soft_coded(cx, soft_signed(cx, k, data, json))};
}

static enum err add(struct cx *cx, struct auth *au, const struct soft_key *k, str token, str challenge, size_t *ret_n)
{
    struct passkey_answer a = answer(cx, k, "webauthn.create", challenge, PRESENT | VERIFIED | ATTESTED);
    int64_t id = 0;
    return passkey_add(cx, au, &site, token, S(" Laptop "), &a, &id, codes, ret_n);
}

/* A passkey of his, made in a session of his. */
static void registered(struct cx *cx, struct auth *au, int64_t user, const struct soft_key *k)
{
    struct session s = {0}, other = {0};
    str challenge = {0}, old = {0};
    size_t n = 0;
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.2"), S("other"), &other));
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.1"), S("test"), &s));
    T_OK(cx, passkey_begin(cx, s.token, &challenge));
    T(challenge.n == 43); /* 256 bits */
    T(says(cx, add(cx, au, k, other.token, challenge, &n), "challenge")); /* of another session */
    T(says(cx, add(cx, au, k, s.token, S("AAAA"), &n), "challenge"));
    T_OK(cx, passkey_begin(cx, s.token, &old));
    cx->now_ms += CHALLENGE_MS + 1;
    T(says(cx, add(cx, au, k, s.token, old, &n), "challenge"));
    cx->now_ms -= CHALLENGE_MS + 1;
    T_OK(cx, add(cx, au, k, s.token, challenge, &n));
    T_INT((int64_t)n, RECOVERY_CODES);
    T(auth_session_half(cx, other.token, &other) == E_AUTH); /* his other sessions end */
    T(says(cx, add(cx, au, k, s.token, challenge, &n), "challenge")); /* replayed */
    T_OK(cx, passkey_begin(cx, s.token, &challenge));
    T(add(cx, au, k, s.token, challenge, &n) == E_CONFLICT);
}

static enum err comes(struct cx *cx, struct auth *au, const struct session *half, str binder, const struct passkey_answer *a)
{
    io = (struct login){0};
    cx->acl = NULL;
    return passkey_login(cx, au, &anna_at, &(struct passkey_login){&site, half, binder, *a}, &io);
}

static str asked(struct cx *cx, str binder, bool second)
{
    str challenge = {0};
    T_OK(cx, passkey_ask(cx, binder, second, &challenge));
    return challenge;
}

static enum err forgotten(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "DELETE FROM login_attempt WHERE outcome = 'wrong'");
}

/* The password is right; the half session. */
static struct session half(struct cx *cx, struct auth *au, const char *mail)
{
    struct session s = {0};
    T_OK(cx, db_write(cx, forgotten, NULL));
    io = (struct login){.mail = str_from(mail), .password = S("Zaun-Kiesel-7")};
    T_OK(cx, auth_login(cx, au, &anna_at, &io));
    T_INT(io.s.stage, STAGE_FACTOR);
    str token = io.s.token;
    T_OK(cx, auth_session_half(cx, token, &s));
    s.token = token;
    return s;
}

static_assert(CHALLENGE_MS <= 10 * 60 * 1000, "ASVS 6.5.5");
static void alone(struct cx *cx, struct auth *au, struct soft_key *k)
{
    str binder = S("browser-secret"), challenge = asked(cx, binder, false);
    struct session s = {0};
    k->counter++;
    struct passkey_answer a = answer(cx, k, "webauthn.get", challenge, PRESENT | VERIFIED);
    T(comes(cx, au, NULL, S("another-browser"), &a) == E_INVALID);
    T_OK(cx, comes(cx, au, NULL, binder, &a)); /* a challenge that another showed is still good here */
    T_INT(io.s.stage, STAGE_IN);
    T_OK(cx, auth_session_enter(cx, au, io.s.token, &s));
    T_STR(s.mail, S("anna@example.org"));
    T(io.device.n == TOKEN_CHARS);
    T(comes(cx, au, NULL, binder, &a) == E_INVALID); /* replayed */
    a = answer(cx, k, "webauthn.get", asked(cx, binder, false), PRESENT | VERIFIED);
    T(comes(cx, au, NULL, binder, &a) == E_INVALID); /* the counter stands still */
    k->counter += 5;
    a = answer(cx, k, "webauthn.get", asked(cx, binder, false), PRESENT);
    T(comes(cx, au, NULL, binder, &a) == E_INVALID); /* nobody was verified: it is no log-in */
    challenge = asked(cx, binder, false);
    cx->now_ms += CHALLENGE_MS + 1;
    a = answer(cx, k, "webauthn.get", challenge, PRESENT | VERIFIED);
    T(comes(cx, au, NULL, binder, &a) == E_INVALID); /* too late */
    cx->now_ms -= CHALLENGE_MS + 1;
    a.credential = S("bm9uZQ");
    T(comes(cx, au, NULL, binder, &a) == E_INVALID); /* nobody's */
    a.client = S("***");
    T(comes(cx, au, NULL, binder, &a) == E_INVALID);
}

static void second(struct cx *cx, struct auth *au, struct soft_key *k, struct soft_key *other)
{
    struct session h = half(cx, au, "anna@example.org"), s = {0};
    str challenge = asked(cx, h.token, true);
    struct passkey_answer a = answer(cx, other, "webauthn.get", challenge, PRESENT | VERIFIED);
    T(comes(cx, au, &h, h.token, &a) == E_INVALID); /* another user's credential */
    k->counter++;
    a = answer(cx, k, "webauthn.get", asked(cx, S("browser-secret"), false), PRESENT);
    T(comes(cx, au, &h, h.token, &a) == E_INVALID); /* a challenge of another purpose */
    a = answer(cx, k, "webauthn.get", challenge, PRESENT);
    T_OK(cx, comes(cx, au, &h, h.token, &a));
    T(!str_eq(io.s.token, h.token));
    T_OK(cx, auth_session_enter(cx, au, io.s.token, &s));
    T(auth_session_half(cx, h.token, &s) == E_AUTH);
    h = half(cx, au, "anna@example.org");
    T_OK(cx, factor_login(cx, au, &anna_at, &(struct second){&h, h.token, S(""), codes[1]}, &io)); /* recovery codes, too */
}

static void coming(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = NULL;
    struct passkey *list = NULL;
    struct factors f = {0};
    size_t n = 0;
    T_OK(cx, vault_open(cx, arena_fmt(cx->a, "%.*s/secret.key", FS(t->folder)), true, &v));
    struct auth *au = auth_open(v);
    int64_t anna = user_make(cx, au, "anna@example.org"), bert = user_make(cx, au, "bert@example.org");
    struct soft_key a = soft_key_new(ES256, "anna's"), b = soft_key_new(EDDSA, "bert's");
    registered(cx, au, bert, &b);
    registered(cx, au, anna, &a);
    T_OK(cx, passkey_list(cx, anna, &list, &n));
    T(n == 1 && str_eq(list[0].name, S("Laptop")) && !list[0].used_at);
    alone(cx, au, &a);
    second(cx, au, &a, &b);
    T_OK(cx, auth_as(cx, bert));
    T(passkey_rename(cx, list[0].id, S("x")) == E_NOTFOUND);
    T(passkey_end(cx, list[0].id) == E_NOTFOUND);
    T_OK(cx, auth_as(cx, anna));
    T(passkey_rename(cx, list[0].id, S("  ")) == E_INVALID);
    T_OK(cx, passkey_rename(cx, list[0].id, S("Telefon")));
    T_OK(cx, factors_of(cx, anna, &f));
    T(f.passkeys == 1 && f.recovery == RECOVERY_CODES - 1 && !f.totp_since);
    T_OK(cx, passkey_list(cx, anna, &list, &n));
    T(str_eq(list[0].name, S("Telefon")) && list[0].used_at == cx->now_ms);
    T_OK(cx, passkey_end(cx, list[0].id));
    T_OK(cx, factors_of(cx, anna, &f));
    T(!f.passkeys && !f.recovery); /* with the last one */
    a.counter++;
    struct passkey_answer gone = answer(cx, &a, "webauthn.get", asked(cx, S("b"), false), PRESENT | VERIFIED);
    T(comes(cx, au, NULL, S("b"), &gone) == E_INVALID);
    soft_key_free(&a);
    soft_key_free(&b);
    auth_close(&au);
    vault_close(&v);
}

static void both_coming(void) { bed_both(coming); }

TESTS("passkey", verdicts, sites, both_coming)
