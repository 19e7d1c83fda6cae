/* SPDX-License-Identifier: MIT */
/* D09, D08, K03: codes of an app and recovery codes, each good once, and what a role asks for. */
#include "auth/factor_int.h"
#include "auth/limits.h"
#include "fmt/qr.h"
#include "os/os.h"
#include "bed.h"

#include <liboath/oath.h>
#include <stdlib.h>

enum { STEP_MS = TOTP_STEP_S * 1000, AT_ONCE = 20 };
static const char right[] = "Zaun-Kiesel-7";

static struct vault *vault_of(struct bed *t)
{
    struct vault *v = NULL;
    T_OK(&t->cx, vault_open(&t->cx, arena_fmt(t->cx.a, "%.*s/secret.key", FS(t->folder)), true, &v));
    return v;
}

static int64_t user_make(struct cx *cx, struct auth *au, const char *mail)
{
    const struct entity *e = ENT(cx, "user");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(S("Anna"))}, {FLD(e, "mail"), VAL_TEXT(str_from(mail))}, {FLD(e, "active"), VAL_INT(1)}};
    struct written w = {0};
    T_OK(cx, record_create(cx, e, 0, s, COUNT(s), &w));
    T_OK(cx, auth_password_set(cx, au, w.id, str_from(right)));
    return w.id;
}

/* What an app that was given `secret` shows `off` steps from now: an independent reading of RFC 6238. */
static str shown(struct cx *cx, str secret, int off)
{
    char *bin = NULL, out[TOTP_DIGITS + 1];
    size_t n = 0;
    T(oath_base32_decode(secret.p, secret.n, &bin, &n) == OATH_OK);
    T_INT((int64_t)n, TOTP_SEED_BYTES);
    T(oath_totp_generate(bin, n, (time_t)(cx->now_ms / 1000 + off * TOTP_STEP_S), TOTP_STEP_S, 0, TOTP_DIGITS, out) == OATH_OK);
    free(bin);
    return arena_dup(cx->a, str_from(out));
}

static void become(struct cx *cx, int64_t user)
{
    T_OK(cx, auth_as(cx, user));
}

static str codes[RECOVERY_CODES];
/* His second factor; the secret of it. The code of the present step is taken by this. */
static str set_up(struct cx *cx, struct auth *au, int64_t user)
{
    struct totp_new n = {0};
    become(cx, user);
    T_OK(cx, totp_begin(cx, au, S("Test: GmbH & Co"), S("anna@example.org"), &n));
    T_OK(cx, totp_confirm(cx, au, shown(cx, n.secret, 0), S(""), codes));
    cx->acl = NULL;
    return n.secret;
}

static struct login io;
static const struct visitor anna = {.addr = S0("10.0.0.1"), .agent = S0("test")};
static enum err forgotten(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "DELETE FROM login_attempt WHERE outcome = 'wrong'");
}

/* The first step, without a captcha for what went wrong before; the half session's token. */
static str half(struct cx *cx, struct auth *au, const char *mail)
{
    T_OK(cx, db_write(cx, forgotten, NULL));
    io = (struct login){.mail = str_from(mail), .password = str_from(right)};
    T_OK(cx, auth_login(cx, au, &anna, &io));
    T_INT(io.s.stage, STAGE_FACTOR);
    T_STR(io.device, S("")); /* a password alone makes no known device */
    return io.s.token;
}

static enum err step(struct cx *cx, struct auth *au, str token, str code, str recovery)
{
    struct session s = {0};
    io = (struct login){0};
    T_OK(cx, auth_session_half(cx, token, &s));
    return factor_login(cx, au, &anna, &(struct second){&s, token, code, recovery}, &io);
}

static int64_t count(struct cx *cx, const char *sql)
{
    struct db_rows r = {0};
    T_OK(cx, db_run(cx, &r, NULL, str_from(sql), NULL, 0));
    return r.n ? db_int(&r, 0, 0) : -1;
}

static void setting_up(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = vault_of(t);
    struct auth *au = auth_open(v);
    struct totp_new n = {0};
    struct factors f = {0};
    struct session s = {0}, other = {0};
    bool has = true;
    int64_t user = user_make(cx, au, "anna@example.org");
    become(cx, user);
    T(totp_confirm(cx, au, S("123456"), S(""), codes) == E_PRECOND);
    T(totp_end(cx) == E_NOTFOUND);
    T(recovery_renew(cx, au, codes) == E_PRECOND);
    T_OK(cx, totp_begin(cx, au, S("Test: GmbH & Co"), S("anna@example.org"), &n));
    T_STR(n.uri, arena_fmt(cx->a, "otpauth://totp/Test:anna%%40example.org?secret=%.*s&issuer=Test&digits=6&period=30", FS(n.secret)));
    T_OK(cx, factor_has(cx, user, &has));
    T(!has); /* not before it is confirmed */
    T(totp_confirm(cx, au, S("12345"), S(""), codes) == E_INVALID);
    T(totp_confirm(cx, au, shown(cx, n.secret, 2), S(""), codes) == E_INVALID);
    T_STR(cx->at, S("code"));
    cx->now_ms += TOTP_PENDING_MS + 1;
    T(totp_confirm(cx, au, shown(cx, n.secret, 0), S(""), codes) == E_PRECOND);
    cx->now_ms -= TOTP_PENDING_MS + 1;
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.2"), S("other"), &other));
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.1"), S("test"), &s));
    str code = shown(cx, n.secret, -1);
    T_OK(cx, totp_confirm(cx, au, arena_fmt(cx->a, "%.3s %.3s ", code.p, code.p + 3), auth_session_key(cx, s.token), codes));
    T_OK(cx, auth_session_enter(cx, au, s.token, &(struct session){0}));
    T(auth_session_enter(cx, au, other.token, &(struct session){0}) == E_AUTH);
    T_OK(cx, factors_of(cx, user, &f));
    T(f.totp_since == cx->now_ms && f.recovery == RECOVERY_CODES && !f.want);
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        for (size_t k = 0; k < i; k++) T(!str_eq(codes[i], codes[k]) && codes[i].n == RECOVERY_CHARS + 1);
    T_INT(count(cx, "SELECT count(*) FROM user_totp WHERE seed LIKE 'v1.%' AND pending = ''"), 1); /* K03 */
    T_OK(cx, totp_end(cx));
    T_OK(cx, factors_of(cx, user, &f));
    T(!f.totp_since && !f.recovery);
    auth_close(&au);
    vault_close(&v);
}

static_assert(TOTP_STEP_S == 30 && TOTP_WINDOW == 1, "ASVS 6.5.5");
static void stepping(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = vault_of(t);
    struct auth *au = auth_open(v);
    struct session s = {0};
    int64_t user = user_make(cx, au, "anna@example.org");
    str secret = set_up(cx, au, user), token = half(cx, au, "anna@example.org");
    T(auth_session_enter(cx, au, token, &s) == E_AUTH);
    T(step(cx, au, token, S(""), S("")) == E_INVALID);
    T(step(cx, au, token, shown(cx, secret, 0), S("")) == E_INVALID); /* it was taken by the set-up */
    T_STR(cx->at, S("code"));
    T(step(cx, au, token, shown(cx, secret, 2), S("")) == E_INVALID);
    cx->now_ms += 2 * STEP_MS;
    T(step(cx, au, token, shown(cx, secret, -2), S("")) == E_INVALID);
    str now = shown(cx, secret, 0), late = shown(cx, secret, -1);
    T_OK(cx, step(cx, au, token, now, S("")));
    struct login in = io;
    T(in.s.token.n == TOKEN_CHARS && !str_eq(in.s.token, token) && in.device.n == TOKEN_CHARS);
    T_OK(cx, auth_session_enter(cx, au, in.s.token, &s));
    T(auth_session_half(cx, token, &s) == E_AUTH); /* renewed */
    token = half(cx, au, "anna@example.org");
    T(step(cx, au, token, now, S("")) == E_INVALID);  /* once */
    T(step(cx, au, token, late, S("")) == E_INVALID); /* nor an earlier one */
    T_OK(cx, step(cx, au, token, shown(cx, secret, 1), S("")));
    token = half(cx, au, "anna@example.org");
    T(step(cx, au, token, S(""), S("00000-00000")) == E_INVALID);
    T_STR(cx->at, S("recovery"));
    T_OK(cx, step(cx, au, token, S(""), arena_fmt(cx->a, " %.*s", FS(codes[3]))));
    token = half(cx, au, "anna@example.org");
    T(step(cx, au, token, S(""), codes[3]) == E_INVALID);
    struct factors f = {0};
    T_OK(cx, factors_of(cx, user, &f));
    T_INT(f.recovery, RECOVERY_CODES - 1);
    str old = codes[4];
    become(cx, user);
    T_OK(cx, recovery_renew(cx, au, codes));
    T(step(cx, au, token, S(""), old) == E_INVALID);
    T_OK(cx, step(cx, au, token, S(""), codes[0]));
    T_INT(count(cx, "SELECT count(*) FROM login_attempt WHERE outcome = 'half'"), 4);
    auth_close(&au);
    vault_close(&v);
}

/* Ten wrong ones lock, and nobody gets more tries by beginning anew as another device. */
static void guessing(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = vault_of(t);
    struct auth *au = auth_open(v);
    int64_t user = user_make(cx, au, "anna@example.org");
    str secret = set_up(cx, au, user), token = half(cx, au, "anna@example.org");
    cx->now_ms += STEP_MS;
    for (int i = 0; i < LOGIN_LOCK_FROM; i++) T(step(cx, au, token, S("000000"), S("")) == E_INVALID);
    T(step(cx, au, token, shown(cx, secret, 0), S("")) == E_RATE);
    T(io.wait_ms > 0);
    T(step(cx, au, token, S(""), codes[0]) == E_RATE);
    io = (struct login){.mail = S("anna@example.org"), .password = str_from(right)};
    T(auth_login(cx, au, &anna, &io) == E_RATE);
    cx->now_ms += LOGIN_LOCK_MS + 1;
    T_OK(cx, step(cx, au, token, shown(cx, secret, 0), S("")));
    auth_close(&au);
    vault_close(&v);
}

/* ---- 20 at once with one code ---- */
struct racer {
    struct bed *t;
    struct auth *au;
    int64_t user;
    str token, code, recovery;
    enum err e;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct cx cx = t_cx();
    struct login in = {0};
    struct session s = {.user = r->user, .stage = STAGE_FACTOR};
    struct visitor v = {.addr = S("10.0.0.1"), .agent = S("test")};
    cx.db = db_get(r->t->b);
    cx.meta = r->t->cx.meta;
    cx.now_ms = r->t->cx.now_ms;
    cx.who.user = r->user;
    r->e = factor_login(&cx, r->au, &v, &(struct second){&s, r->token, r->code, r->recovery}, &in);
    db_put(&cx.db);
    t_cx_free(&cx);
    return NULL;
}

static int raced(struct bed *t, struct auth *au, int64_t user, str code, str recovery)
{
    struct racer r[AT_ONCE] = {0};
    pthread_t th[AT_ONCE];
    int in = 0;
    for (int i = 0; i < AT_ONCE; i++)
        r[i] = (struct racer){.t = t, .au = au, .user = user, .code = code, .recovery = recovery, .token = half(&t->cx, au, "anna@example.org")};
    for (int i = 0; i < AT_ONCE; i++) T_OK(&t->cx, os_thread(&t->cx, "race", 1024 * 1024, race, &r[i], &th[i]));
    for (int i = 0; i < AT_ONCE; i++) {
        pthread_join(th[i], NULL);
        in += r[i].e == E_OK;
        T(r[i].e == E_OK || r[i].e == E_INVALID || r[i].e == E_RATE);
    }
    return in;
}

static void racing(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = vault_of(t);
    struct auth *au = auth_open(v);
    int64_t user = user_make(cx, au, "anna@example.org");
    str secret = set_up(cx, au, user);
    cx->now_ms += STEP_MS;
    int in = raced(t, au, user, shown(cx, secret, 0), S(""));
    T(in <= 1);
    T(count(cx, "SELECT count(*) FROM session WHERE stage = 0") == in);
    cx->now_ms += LOGIN_LOCK_MS + 1;
    T(raced(t, au, user, S(""), codes[0]) <= 1);
    auth_close(&au);
    vault_close(&v);
}

static void role_give(struct cx *cx, int64_t user, const char *rights)
{
    const struct entity *e = ENT(cx, "role"), *u = ENT(cx, "user");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(S("Sales"))}, {FLD(e, "rights"), VAL_TEXT(str_from(rights))}};
    struct written w = {0};
    cx->acl = NULL;
    T_OK(cx, record_create(cx, e, 0, s, COUNT(s), &w));
    struct set of = {FLD(u, "role"), VAL_INT(w.id)};
    T_OK(cx, record_update(cx, u, user, 0, &of, 1, &w));
}

static void enforced(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = vault_of(t);
    struct auth *au = auth_open(v);
    struct session s = {0}, in = {0};
    int64_t user = user_make(cx, au, "anna@example.org");
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.1"), S("test"), &in));
    T_OK(cx, auth_session_enter(cx, au, in.token, &s));
    cx->acl = NULL;
    T(acl_check(cx, S("{\"second_factor\":1}")) == E_INVALID);
    T_OK(cx, acl_check(cx, S("{\"second_factor\":true}")));
    role_give(cx, user, "{\"*\":{\"see\":\"all\"},\"second_factor\":true}");
    T(auth_session_enter(cx, au, in.token, &s) == E_AUTH); /* at once, also who is in */
    T_OK(cx, auth_session_half(cx, in.token, &s));
    T_INT(s.stage, STAGE_ENROL);
    struct totp_new n = {0};
    T_OK(cx, totp_begin(cx, au, S("Test"), S("anna@example.org"), &n));
    T(auth_session_enter(cx, au, in.token, &s) == E_AUTH);
    T_OK(cx, totp_confirm(cx, au, shown(cx, n.secret, 0), auth_session_key(cx, in.token), codes));
    T_OK(cx, auth_session_enter(cx, au, in.token, &s));
    T_INT(s.stage, STAGE_IN);
    T(totp_end(cx) == E_DENIED); /* asked for by the role */
    T_OK(cx, auth_session_enter(cx, au, in.token, &s));
    T_OK(cx, factors_reset(cx, user));
    T(auth_session_half(cx, in.token, &s) == E_AUTH);
    struct factors f = {0};
    T_OK(cx, factors_of(cx, user, &f));
    T(!f.totp_since && !f.recovery && f.want == WANT_FACTOR);
    io = (struct login){.mail = S("anna@example.org"), .password = str_from(right)};
    T_OK(cx, auth_login(cx, au, &anna, &io));
    T_INT(io.s.stage, STAGE_ENROL);
    auth_close(&au);
    vault_close(&v);
}

/* D08: somebody else gives a password: the second factor is asked first, the own password then. */
static void given(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = vault_of(t);
    struct auth *au = auth_open(v);
    int64_t user = user_make(cx, au, "anna@example.org");
    str secret = set_up(cx, au, user), hash = {0};
    T_OK(cx, auth_password_hash(cx, au, str_from(right), &hash));
    T_OK(cx, auth_hash_first(cx, user, hash));
    cx->now_ms += STEP_MS;
    str token = half(cx, au, "anna@example.org");
    T_OK(cx, step(cx, au, token, shown(cx, secret, 0), S("")));
    T_INT(io.s.stage, STAGE_PASSWORD);
    struct vault *other = NULL; /* restored without its key: recovery codes still open */
    T_OK(cx, vault_open(cx, arena_fmt(cx->a, "%.*s/other.key", FS(t->folder)), true, &other));
    auth_close(&au);
    au = auth_open(other);
    token = half(cx, au, "anna@example.org");
    cx->now_ms += STEP_MS;
    T(step(cx, au, token, shown(cx, secret, 0), S("")) == E_PRECOND);
    T_OK(cx, step(cx, au, token, S(""), codes[9]));
    auth_close(&au);
    vault_close(&other);
    vault_close(&v);
}

static void pictured(void)
{
    struct cx cx = t_cx();
    int size = 0;
    str path = {0};
    T(qr_path(cx.a, S("otpauth://totp/x"), &size, &path));
    T(size == 25 && str_has_prefix(path, S("M0 0h7v1h-7z"))); /* the finder in the corner */
    char *long_one = arena_get(cx.a, 4000);
    memset(long_one, 'x', 4000);
    T(!qr_path(cx.a, (str){long_one, 4000}, &size, &path));
    t_cx_free(&cx);
}

static void both_setting_up(void) { bed_both(setting_up); }
static void both_stepping(void) { bed_both(stepping); }
static void both_guessing(void) { bed_both(guessing); }
static void both_racing(void) { bed_both(racing); }
static void both_enforced(void) { bed_both(enforced); }
static void both_given(void) { bed_both(given); }

TESTS("factor", pictured, both_setting_up, both_stepping, both_guessing, both_racing, both_enforced, both_given)
