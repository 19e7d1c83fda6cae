/* SPDX-License-Identifier: MIT */
#include "auth/auth_int.h"
#include "auth/factor.h"
#include "auth/hash_int.h"
#include "auth/link_int.h"
#include "auth/limits.h"
#include "os/os.h"
#include "bed.h"

#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void passwords(void)
{
    struct cx cx = t_cx();
    str words[] = {S("Test GmbH"), S("boss@example.org")};
    static const str bad[] = {S0("passwort1"), S0("kurz"), S0("12345678"), S0("P@ssw0rd!"), S0("aaaaaaaa"), S0("Qwertz123"), S0("Sommer2026!"),
                              S0("йцукен12"), S0("Test GmbH 1")};
    static const str good[] = {S0("correct horse battery"), S0("Zaun-Kiesel-7"), S0("длинная фраза про кота"), S0("12345678901234567890")};
    for (size_t i = 0; i < COUNT(bad); i++)
        T(auth_password_check(&cx, bad[i], words, 2) == E_INVALID);
    for (size_t i = 0; i < COUNT(good); i++) T_OK(&cx, auth_password_check(&cx, good[i], words, 2));
    T_STR(cx.at, S("password"));
    size_t n = 0;
    for (str rest = {auth_leaked, auth_leaked_n}, one = {0}, last = {0}; rest.n; last = one, n++) {
        str_split(rest, '\n', &one, &rest);
        if (utf8_len(one) < PASSWORD_MIN || str_cmp(last, one) >= 0) T_STR(one, S("long enough, and behind the one before"));
        else if (auth_password_check(&cx, one, words, 2) != E_INVALID) T_STR(one, S("refused"));
    }
    T(n >= 3000); /* ASVS 6.2.4 */
    T(auth_password_check(&cx, S("Michelle"), words, 2) == E_INVALID);
    char most[PASSWORD_MAX + 1]; /* ASVS 6.2.9 */
    for (size_t i = 0; i < sizeof most; i++) most[i] = (char)('a' + i * 7 % 26);
    T_OK(&cx, auth_password_check(&cx, (str){most, 64}, words, 2));
    T_OK(&cx, auth_password_check(&cx, (str){most, PASSWORD_MAX}, words, 2));
    T(auth_password_check(&cx, (str){most, PASSWORD_MAX + 1}, words, 2) == E_INVALID);
    t_cx_free(&cx);
}

static void agents(void)
{
    static const char *const all[][2] = {
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Windows"},
        {"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari · iPhone"},
        {"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome · Android"},
        {"curl/7.88.1", "curl"}, {"", ""}, {" x\r\nBcc: a", "x"}, {"\xff\xfe", ""}};
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(all); i++) T_STR(agent_name(cx.a, str_from(all[i][0])), str_from(all[i][1]));
    t_cx_free(&cx);
}

static int64_t user_make(struct cx *cx, const char *mail, bool active)
{
    const struct entity *e = ENT(cx, "user");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(S("Chef"))}, {FLD(e, "mail"), VAL_TEXT(str_from(mail))}, {FLD(e, "active"), VAL_INT(active)}};
    struct written w = {0};
    T_OK(cx, record_create(cx, e, 0, s, COUNT(s), &w));
    return w.id;
}

/* One try to log in; what came of it stands in `io`. */
static struct login io;
static enum err comes(struct cx *cx, struct auth *au, const char *mail, const char *password, const char *addr)
{
    static char device[TOKEN_CHARS + 1]; /* of the browser that asks: only "10.0.0.1" has one */
    struct visitor v = {.addr = str_from(addr), .agent = S("test")};
    bool own = str_eq(v.addr, S("10.0.0.1"));
    if (own) v.device = str_from(device);
    io = (struct login){.mail = str_from(mail), .password = str_from(password), .captcha = io.captcha, .answer = io.answer};
    enum err e = auth_login(cx, au, &v, &io);
    if (e == E_OK && own) memcpy(device, io.device.p, TOKEN_CHARS);
    return e;
}

/* The letters of the captcha that was asked for last, as its table has them. */
static void solve(struct cx *cx)
{
    struct db_rows r = {0};
    io.captcha = io.next.id;
    T_OK(cx, db_query(cx, &r, "SELECT letters FROM captcha WHERE id = $1", V(io.captcha)));
    io.answer = r.n ? db_str(&r, 0, 0) : S("");
}

/* However often it is used: a session has an end (ASVS 7.3.2). */
static void session_ages(struct cx *cx, struct auth *au, int64_t user)
{
    const int64_t step = SESSION_IDLE_MS / 2, from = cx->now_ms;
    struct session s = {0}, again = {0};
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.3"), S("test"), &s));
    for (; cx->now_ms + step < from + SESSION_MAX_MS; cx->now_ms += step)
        if (!T_OK(cx, auth_session_enter(cx, au, s.token, &again))) break;
    T_OK(cx, auth_session_enter(cx, au, s.token, &again));
    cx->now_ms = from + SESSION_MAX_MS + 1;
    T(auth_session_enter(cx, au, s.token, &again) == E_AUTH);
    cx->now_ms = from;
}

static void log_in(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    struct session again = {0};
    int64_t boss = user_make(cx, "Boss@Example.org", true), gone = user_make(cx, "gone@example.org", false);
    T_OK(cx, auth_password_set(cx, au, boss, S("Zaun-Kiesel-7")));
    T_OK(cx, auth_password_set(cx, au, gone, S("Zaun-Kiesel-7")));
    io = (struct login){0};
    T(comes(cx, au, "boss@example.org", "wrong", "10.0.0.1") == E_AUTH);
    T(comes(cx, au, "gone@example.org", "Zaun-Kiesel-7", "10.0.0.1") == E_AUTH);
    T(comes(cx, au, "nobody@example.org", "", "10.0.0.1") == E_AUTH);
    static const char *const near[] = {"zaun-kiesel-7", "Zaun-Kiesel-7 ", "Zaun-Kiesel-"}; /* as typed: ASVS 6.2.8 */
    T_OK(cx, auth_password_set(cx, au, user_make(cx, "near@example.org", true), S("Zaun-Kiesel-7")));
    for (size_t i = 0; i < COUNT(near); i++) T(comes(cx, au, "near@example.org", near[i], "10.0.0.2") == E_AUTH);
    T_OK(cx, comes(cx, au, "near@example.org", "Zaun-Kiesel-7", "10.0.0.2"));
    struct db_rows kept = {0};
    T_OK(cx, db_query(cx, &kept, "SELECT hash FROM credential WHERE user_id = $1", V(boss)));
    T(str_has_prefix(db_str(&kept, 0, 0), S("$argon2id$v=19$m=19456,t=2,p=1$"))); /* ASVS 11.4.2 */
    T_OK(cx, comes(cx, au, " boss@EXAMPLE.org ", "Zaun-Kiesel-7", "10.0.0.1"));
    struct session s = io.s;
    T(s.token.n == TOKEN_CHARS && s.csrf.n == 32 && cx->who.user == boss && cx->acl);
    T_STR(s.mail, S("Boss@Example.org"));
    T_OK(cx, auth_session_enter(cx, au, s.token, &again));
    T_STR(again.csrf, s.csrf);
    struct cx other = *cx; /* as a thread that knows no country would: it must not be remembered for those who do */
    cx->country = S("LT");
    cx->now_ms += 1;
    T_OK(cx, auth_password_set(cx, au, gone, S("Zaun-Kiesel-7"))); /* another epoch: nothing is remembered */
    other.country = S("");
    T_OK(&other, auth_session_enter(&other, au, s.token, &again));
    T_OK(cx, auth_session_enter(cx, au, s.token, &again));
    T_INT(cx->tz_min, auth_firm_tz(cx));
    T(os_tz_min(cx->now_ms) != 0 || cx->tz_min != 0);
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM session WHERE token = $1", V(s.token)));
    T_INT(db_int(&r, 0, 0), 0); /* never in clear */
    cx->now_ms += SESSION_IDLE_MS + 1;
    T(auth_session_enter(cx, au, s.token, &again) == E_AUTH);
    cx->now_ms -= SESSION_IDLE_MS + 1;
    session_ages(cx, au, boss);
    T_OK(cx, auth_logout(cx, NULL, s.token, &(struct parting){0}));
    T(auth_session_enter(cx, au, s.token, &again) == E_AUTH);
    auth_close(&au);
}

static int64_t count(struct cx *cx, const char *outcome)
{
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM login_attempt WHERE outcome = $1", V(str_from(outcome))));
    return db_int(&r, 0, 0);
}

/* D02, D03: a captcha from the 4th failure, a lock from the 10th, and the known device gets in all the while. */
static void locked(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    int64_t user = user_make(cx, "anna@example.org", true);
    static const char right[] = "Zaun-Kiesel-7";
    T_OK(cx, auth_password_set(cx, au, user, str_from(right)));
    io = (struct login){0};
    T_OK(cx, comes(cx, au, "anna@example.org", right, "10.0.0.1"));
    for (int i = 1; i <= LOGIN_CAPTCHA_FROM; i++) {
        T(comes(cx, au, "anna@example.org", "wrong", "10.0.0.9") == E_AUTH);
        T((io.next.id.n > 0) == (i == LOGIN_CAPTCHA_FROM));
    }
    T(comes(cx, au, "anna@example.org", right, "10.0.0.9") == E_INVALID); /* no answer */
    T_STR(cx->at, S("captcha"));
    T(io.next.image.n > 1000 && str_find(io.next.question, S("plus")) > 0);
    io.captcha = io.next.id;
    io.answer = S("0");
    T(comes(cx, au, "anna@example.org", right, "10.0.0.9") == E_INVALID); /* a wrong one */
    solve(cx);
    str used = io.captcha;
    T(comes(cx, au, "anna@example.org", "wrong", "10.0.0.9") == E_AUTH);
    io.captcha = used;
    T(comes(cx, au, "anna@example.org", right, "10.0.0.9") == E_INVALID); /* twice */
    solve(cx);
    cx->now_ms += CAPTCHA_MS + 1;
    T(comes(cx, au, "anna@example.org", right, "10.0.0.9") == E_INVALID); /* too late */
    cx->now_ms -= CAPTCHA_MS + 1;
    T_INT(count(cx, "captcha"), 4);
    for (int i = LOGIN_CAPTCHA_FROM + 1; i < LOGIN_LOCK_FROM; i++) {
        solve(cx);
        T(comes(cx, au, "anna@example.org", "wrong", "10.0.0.9") == E_AUTH);
    }
    T_INT(count(cx, "wrong"), LOGIN_LOCK_FROM);
    T(comes(cx, au, "anna@example.org", right, "10.0.0.8") == E_RATE); /* whatever the address of the stranger */
    T(io.wait_ms > LOGIN_LOCK_MS - 1000 && io.wait_ms <= LOGIN_LOCK_MS);
    io = (struct login){0};
    T_OK(cx, comes(cx, au, "anna@example.org", right, "10.0.0.1")); /* his own device */
    struct lock_row *v = NULL;
    size_t n = 0;
    T_OK(cx, auth_locks(cx, &v, &n));
    T(n == 1 && v[0].user == user && !v[0].known);
    cx->now_ms += LOGIN_LOCK_MS - 1;
    T(comes(cx, au, "anna@example.org", right, "10.0.0.8") == E_RATE);
    cx->now_ms += 2;
    T_OK(cx, comes(cx, au, "anna@example.org", right, "10.0.0.8"));
    for (int i = 0; i < LOGIN_LOCK_FROM; i++) { /* the known device has a count of its own */
        T(comes(cx, au, "anna@example.org", "wrong", "10.0.0.1") == E_AUTH);
        solve(cx);
    }
    T(comes(cx, au, "anna@example.org", right, "10.0.0.1") == E_RATE);
    T_OK(cx, comes(cx, au, "anna@example.org", right, "10.0.0.7"));
    T_OK(cx, auth_locks(cx, &v, &n));
    T(n == 1 && v[0].known);
    T_OK(cx, auth_lock_free(cx, v[0].id));
    T_OK(cx, comes(cx, au, "anna@example.org", right, "10.0.0.1"));
    T(auth_lock_free(cx, 1) == E_NOTFOUND);
    auth_close(&au);
}

/* Who is held is listed until the last failure is forgotten, and tries as before when he is let go. */
static void freed_by_hand(struct cx *cx, struct auth *au)
{
    struct held_row *v = NULL;
    size_t n = 0;
    (void)buckets_take(&au->buckets, S("203.0.113.6"), false, cx->now_ms); /* one failure holds nobody */
    auth_held(cx, au, &v, &n);
    T_INT((int64_t)n, 1);
    if (n != 1) return;
    T_STR(v[0].addr, S("203.0.113.5"));
    T_INT(v[0].until, cx->now_ms + (int64_t)LOGIN_ADDR_BURST * LOGIN_ADDR_EVERY_MS);
    cx->now_ms += (LOGIN_ADDR_BURST - 1) * LOGIN_ADDR_EVERY_MS; /* he may try, and is still short of tries */
    T_INT(auth_held_free(cx, au, v[0].id + 1), E_NOTFOUND);
    T_OK(cx, auth_held_free(cx, au, v[0].id));
    T_INT(auth_held_free(cx, au, v[0].id), E_NOTFOUND);
    T_INT(buckets_wait_ms(&au->buckets, S("203.0.113.5"), false, cx->now_ms), 0);
    auth_held(cx, au, &v, &n);
    T_INT((int64_t)n, 0);
    for (int i = 0; i < LOGIN_ADDR_BURST; i++) {
        T_INT(buckets_wait_ms(&au->buckets, S("203.0.113.5"), false, cx->now_ms), 0);
        (void)buckets_take(&au->buckets, S("203.0.113.5"), false, cx->now_ms);
    }
    T(buckets_wait_ms(&au->buckets, S("203.0.113.5"), false, cx->now_ms) > 0);
    cx->now_ms += LOGIN_ADDR_BURST * LOGIN_ADDR_EVERY_MS; /* full again by itself */
    auth_held(cx, au, &v, &n);
    T_INT((int64_t)n, 0);
}

/* D04: one password over 500 accounts from one address, and from 100 addresses. */
static void sprayed(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    int refused = 0, failed = 0;
    io = (struct login){0};
    for (int i = 0; i < 60; i++) {
        enum err e = comes(cx, au, arena_fmt(cx->a, "u%d@example.org", i).p, "Sommer2026", "203.0.113.5");
        refused += e == E_RATE && io.wait_ms > 0 && io.wait_ms <= LOGIN_ADDR_EVERY_MS;
        failed += e == E_AUTH;
    }
    T_INT(failed, LOGIN_ADDR_BURST);
    T_INT(refused, 60 - LOGIN_ADDR_BURST);
    T_INT(count(cx, "rate"), 1); /* told once, not for each */
    cx->now_ms += LOGIN_ADDR_EVERY_MS;
    T(comes(cx, au, "x@example.org", "Sommer2026", "203.0.113.5") == E_AUTH);
    T(comes(cx, au, "x@example.org", "Sommer2026", "203.0.113.5") == E_RATE);
    freed_by_hand(cx, au);
    auth_close(&au);
    au = auth_open(NULL);
    int64_t user = user_make(cx, "anna@example.org", true);
    T_OK(cx, auth_password_set(cx, au, user, S("Zaun-Kiesel-7")));
    T_OK(cx, comes(cx, au, "anna@example.org", "Zaun-Kiesel-7", "10.0.0.1"));
    for (int i = 0; i < LOGIN_ALL_BURST / 100; i++) /* the stock of all strangers, without the work */
        for (int k = 0; k < 100; k++) (void)buckets_take(&au->buckets, arena_fmt(cx->a, "192.0.2.%d", k), true, cx->now_ms);
    T(comes(cx, au, "anna@example.org", "Zaun-Kiesel-7", "198.51.100.1") == E_RATE);
    T(io.wait_ms <= LOGIN_ALL_EVERY_MS);
    T_OK(cx, comes(cx, au, "anna@example.org", "Zaun-Kiesel-7", "10.0.0.1"));
    auth_close(&au);
}

static void addresses(void)
{
    struct cx cx = t_cx();
    T_STR(auth_addr_key(cx.a, S("203.0.113.7")), S("203.0.113.7"));
    T_STR(auth_addr_key(cx.a, S("2001:db8:1:2:3:4:5:6")), S("2001:db8:1:2::/64"));
    T_STR(auth_addr_key(cx.a, S("::ffff:203.0.113.7")), S("203.0.113.7"));
    T_STR(auth_addr_key(cx.a, S("unix")), S(""));
    T_STR(auth_addr_key(cx.a, S("203.0.113.7; drop table x")), S(""));
    t_cx_free(&cx);
}

/* D12: the present password is needed, the other sessions end, this one goes on under a new token. */
static void changed(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    struct session s = {0}, other = {0}, again = {0};
    struct visitor v = {.addr = S("10.0.0.1"), .agent = S("test")};
    str words[] = {S("Test GmbH")};
    int64_t user = user_make(cx, "anna@example.org", true);
    T_OK(cx, auth_password_set(cx, au, user, S("Zaun-Kiesel-7")));
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.2"), S("other"), &other));
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.1"), S("test"), &s));
    struct session_row *list = NULL;
    size_t n = 0;
    T_OK(cx, auth_sessions(cx, user, &list, &n));
    T_INT((int64_t)n, 2);
    io = (struct login){.password = S("falsch-falsch")};
    T(auth_password_change(cx, au, &v, S("Moos-Laterne-9"), words, 1, &io) == E_INVALID);
    T_STR(cx->at, S("present"));
    io = (struct login){.password = S("Zaun-Kiesel-7")};
    T(auth_password_change(cx, au, &v, S("Zaun-Kiesel-7"), words, 1, &io) == E_INVALID);
    T(auth_password_change(cx, au, &v, S("passwort1"), words, 1, &io) == E_INVALID);
    T_STR(cx->at, S("password"));
    T_OK(cx, auth_session_enter(cx, au, other.token, &again));
    T_OK(cx, auth_password_change(cx, au, &v, S("Moos-Laterne-9"), words, 1, &io));
    T(auth_session_enter(cx, au, other.token, &again) == E_AUTH);
    T(auth_session_enter(cx, au, s.token, &again) == E_AUTH);
    T_OK(cx, auth_session_enter(cx, au, io.s.token, &again));
    io = (struct login){0};
    T(comes(cx, au, "anna@example.org", "Zaun-Kiesel-7", "10.0.0.3") == E_AUTH);
    T_OK(cx, comes(cx, au, "anna@example.org", "Moos-Laterne-9", "10.0.0.3"));
    str hash = {0};
    T_OK(cx, auth_password_hash(cx, au, S("Erstes-Wort-1"), &hash)); /* given by an administrator */
    T_OK(cx, auth_hash_first(cx, user, hash));
    T_OK(cx, comes(cx, au, "anna@example.org", "Erstes-Wort-1", "10.0.0.3"));
    T_INT(io.s.stage, STAGE_PASSWORD);
    T(auth_session_enter(cx, au, io.s.token, &again) == E_AUTH);
    T_OK(cx, auth_session_half(cx, io.s.token, &again));
    io.password = S("Erstes-Wort-1");
    T_OK(cx, auth_password_change(cx, au, &v, S("Zaun-Kiesel-7"), words, 1, &io));
    T_OK(cx, auth_session_enter(cx, au, io.s.token, &again));
    auth_close(&au);
}

static enum err attempt_old(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "UPDATE login_attempt SET at = $1", V(cx->now_ms - (int64_t)(ATTEMPT_DAYS + 1) * 86400000));
}

static void watched(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    struct attempt_row *v = NULL;
    struct block_row *b = NULL;
    size_t n = 0;
    int64_t next = 0, id = 0;
    cx->now_ms = clock_ms();
    io = (struct login){0};
    T(comes(cx, au, "a_b@example.org", "x", "10.0.0.9") == E_AUTH);
    T(comes(cx, au, "acb@example.org", "x", "10.0.0.8") == E_AUTH);
    T_OK(cx, auth_attempts(cx, &(struct attempt_query){.name = S("a_b")}, &v, &n, &next));
    T_INT((int64_t)n, 1);
    T_OK(cx, auth_attempts(cx, &(struct attempt_query){.addr = S("10.0.0.8"), .outcome = S("wrong")}, &v, &n, &next));
    T(n == 1 && !next && str_eq(v[0].name, S("acb@example.org")));
    T_OK(cx, auth_attempts(cx, &(struct attempt_query){.outcome = S("in")}, &v, &n, &next));
    T_INT((int64_t)n, 0);
    static const str refused[] = {S0("x"), S0("10.0.0.0/8"), S0("2001:db8::/32"), S0("127.0.0.1"), S0("::1"), S0("::ffff:127.0.0.2"), S0("::ffff:10.0.0.1")};
    for (size_t i = 0; i < COUNT(refused); i++)
        T(auth_block(cx, &(struct block_row){.addr = refused[i]}, S("10.0.0.1"), &id) == E_INVALID);
    T_OK(cx, auth_block(cx, &(struct block_row){.addr = S("2001:DB8::/64")}, S("10.0.0.1"), &id));
    T_OK(cx, auth_block_free(cx, id));
    T(auth_block(cx, &(struct block_row){.addr = S("10.0.0.1")}, S("10.0.0.1"), &id) == E_INVALID);
    T_OK(cx, auth_block(cx, &(struct block_row){.addr = S("10.0.0.9"), .why = S("guesses")}, S("10.0.0.1"), &id));
    T(comes(cx, au, "a@example.org", "x", "10.0.0.9") == E_DENIED);
    T_OK(cx, auth_blocks(cx, &b, &n));
    T(n == 1 && b[0].id == id && !b[0].until);
    T_OK(cx, auth_block_free(cx, id));
    T(comes(cx, au, "a@example.org", "x", "10.0.0.9") == E_AUTH);
    T_OK(cx, db_write(cx, attempt_old, NULL));
    T_OK(cx, auth_tidy(cx));
    T_OK(cx, auth_attempts(cx, &(struct attempt_query){0}, &v, &n, &next));
    T_INT((int64_t)n, 0);
    auth_close(&au);
}

/* ---- what is remembered of a session never outlives what it was read from ---- */
static int64_t role_make(struct cx *cx, const char *rights)
{
    const struct entity *e = ENT(cx, "role");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(S("Sales"))}, {FLD(e, "rights"), VAL_TEXT(str_from(rights))}};
    struct written w = {0};
    T_OK(cx, record_create(cx, e, 0, s, COUNT(s), &w));
    return w.id;
}

static void change(struct cx *cx, const char *entity, int64_t id, const char *field, struct val v)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    struct set s = {entity_field(e, str_from(field)), v};
    struct written w = {0};
    const struct acl *acl = cx->acl;
    cx->acl = NULL;
    T_OK(cx, record_update(cx, e, id, 0, &s, 1, &w));
    cx->acl = acl;
}

/* Entered twice, so that the second time may come from memory; what he may see of people, or the error. */
static int sees(struct cx *cx, struct auth *au, str token)
{
    struct session s = {0};
    int got = -1;
    for (int i = 0; i < 2; i++) {
        cx->acl = NULL;
        enum err e = auth_session_enter(cx, au, token, &s);
        got = e == E_OK ? cx->acl->reach[ENT(cx, "person")->at][ACT_SEE] : -(int)e;
    }
    cx->acl = NULL;
    return got;
}

static enum err undone(struct cx *cx, void *arg)
{
    TRY(db_exec(cx, NULL, "UPDATE \"user\" SET active = 0 WHERE id = $1", V(*(const int64_t *)arg)));
    return fail(cx, E_BUSY, "no");
}

static void remembered(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    struct session s = {0}, again = {0};
    int64_t user = user_make(cx, "anna@example.org", true), role = role_make(cx, "{\"person\":{\"see\":\"all\"}}");
    change(cx, "user", user, "role", VAL_INT(role));
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.1"), S("test"), &s));
    T_INT(sees(cx, au, s.token), REACH_ALL);
    T_INT(sees(cx, au, S("0123456789012345678901234567890123456789012345678901234567890123")), -E_AUTH);
    change(cx, "role", role, "rights", VAL_TEXT(S("{\"person\":{\"see\":\"own\"}}")));
    T_INT(sees(cx, au, s.token), REACH_OWN);
    T(db_write(cx, undone, &user) == E_BUSY); /* what is taken back was never true */
    T_INT(sees(cx, au, s.token), REACH_OWN);
    change(cx, "user", user, "active", VAL_INT(0));
    T_INT(sees(cx, au, s.token), -E_AUTH);
    change(cx, "user", user, "active", VAL_INT(1));
    T_INT(sees(cx, au, s.token), -E_AUTH); /* it ended with him */
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.1"), S("test"), &s));
    T_INT(sees(cx, au, s.token), REACH_OWN);
    cx->now_ms += SESSION_IDLE_MS + 1;
    T_INT(sees(cx, au, s.token), -E_AUTH);
    cx->now_ms -= SESSION_IDLE_MS + 1;
    T_OK(cx, auth_session_enter(cx, au, s.token, &again));
    T_STR(again.csrf, s.csrf);
    T_STR(again.role, S("Sales"));
    T_INT(again.token.n == 0, 1);
    T_OK(cx, auth_logout(cx, NULL, s.token, &(struct parting){0}));
    T_INT(sees(cx, au, s.token), -E_AUTH);
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.1"), S("test"), &s));
    T_INT(sees(cx, au, s.token), REACH_OWN);
    T_OK(cx, auth_hash_set(cx, user, S("x"), EVENT_PASSWORD_SET)); /* a new password ends all sessions */
    T_INT(sees(cx, au, s.token), -E_AUTH);
    auth_close(&au);
}

static enum err rights_write(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE \"role\" SET rights = '{}' WHERE id = $1", V(*(const int64_t *)arg));
}

/* On PostgreSQL another process takes a right away and no word of it reaches this one; SQLite has one process. */
static void elsewhere(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    struct session s = {0};
    struct dbase *other = NULL;
    struct db *here = cx->db;
    int64_t user = user_make(cx, "anna@example.org", true), role = role_make(cx, "{\"person\":{\"see\":\"all\"}}");
    change(cx, "user", user, "role", VAL_INT(role));
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.1"), S("test"), &s));
    T_INT(sees(cx, au, s.token), REACH_ALL);
    int64_t before = db_epoch(cx);
    if (db_is_pg(cx)) {
        struct db_opts o = {.url = arena_fmt(cx->a, "%s/%s", getenv("KONTOR_TEST_PG"), t_last_part(t->folder)), .readers = 2};
        T_OK(cx, dbase_open(cx, &o, &other));
        cx->db = db_get(other);
    }
    T_OK(cx, db_write(cx, rights_write, &role));
    if (other) db_put(&cx->db);
    cx->db = here;
    dbase_close(&other);
    T(db_is_pg(cx) ? db_epoch(cx) == -1 : db_epoch(cx) > before);
    T_INT(sees(cx, au, s.token), REACH_NONE);
    auth_close(&au);
}

/* What this thread has computed so far, in milliseconds: others on the machine change nothing. */
static double cpu_ms(void)
{
    struct timespec ts = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* D01: a name that nobody has costs the same hash as one that somebody has. */
static void costs_the_same(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    double spent[2] = {0};
    int64_t user = user_make(cx, "anna@example.org", true);
    T_OK(cx, auth_password_set(cx, au, user, S("Zaun-Kiesel-7")));
    io = (struct login){0};
    T(comes(cx, au, "zero@example.org", "wrong-wrong", "10.9.0.1") == E_AUTH); /* what is made once is made */
    for (int i = 0; i < 6; i++) {
        double start = cpu_ms();
        io = (struct login){0};
        T(comes(cx, au, i % 2 ? "anna@example.org" : arena_fmt(cx->a, "n%d@example.org", i).p, "wrong-wrong", arena_fmt(cx->a, "10.9.1.%d", i).p) == E_AUTH);
        spent[i % 2] += cpu_ms() - start;
    }
    T(spent[0] > spent[1] * 0.6 && spent[0] < spent[1] * 1.6);
    if (spent[0] <= spent[1] * 0.6 || spent[0] >= spent[1] * 1.6) fprintf(stderr, "  unknown %.1f ms, known %.1f ms\n", spent[0], spent[1]);
    auth_close(&au);
}

/* D14: however many come at once, so many hashes and no more are computed at a time, and everybody gets his answer. */
enum { CROWD = 24 };
struct crowd {
    struct auth *au;
    str hash;
    _Atomic int right, most, on;
};
static void *one_of_crowd(void *arg)
{
    struct crowd *c = arg;
    struct cx cx = t_cx();
    bool fits = false;
    if (hash_fits(&cx, &c->au->hashes, c->hash, S("Zaun-Kiesel-7"), &fits) == E_OK) c->right += fits;
    t_cx_free(&cx);
    return NULL;
}
static void *counts(void *arg)
{
    struct crowd *c = arg;
    while (c->on) {
        pthread_mutex_lock(&c->au->hashes.lock);
        if (c->au->hashes.running > c->most) c->most = c->au->hashes.running;
        pthread_mutex_unlock(&c->au->hashes.lock);
        os_sleep_us(200);
    }
    return NULL;
}
static void crowd(void)
{
    struct cx cx = t_cx();
    struct crowd c = {.au = auth_open(NULL), .on = 1};
    pthread_t thread[CROWD], watch;
    T_OK(&cx, auth_password_hash(&cx, c.au, S("Zaun-Kiesel-7"), &c.hash));
    T(pthread_create(&watch, NULL, counts, &c) == 0);
    for (int i = 0; i < CROWD; i++) T(pthread_create(&thread[i], NULL, one_of_crowd, &c) == 0);
    for (int i = 0; i < CROWD; i++) pthread_join(thread[i], NULL);
    c.on = 0;
    pthread_join(watch, NULL);
    T_INT(c.right, CROWD);
    T(c.most >= 1 && c.most <= c.au->hashes.most);
    auth_close(&c.au);
    t_cx_free(&cx);
}

/* ---- the queue of hashes ---- */
struct waiter {
    struct auth *au;
    pthread_t thread;
    _Atomic int *most, *now;
    enum err e;
};

static void *waits(void *arg)
{
    struct waiter *w = arg;
    struct arena *a OWNED(arena_free) = arena_new();
    struct cx cx = {.a = a};
    w->e = hash_begin(&cx, &w->au->hashes);
    if (w->e != E_OK) return NULL;
    int now = atomic_fetch_add(w->now, 1) + 1, most = atomic_load(w->most);
    while (now > most && !atomic_compare_exchange_weak(w->most, &most, now)) continue;
    (void)atomic_fetch_sub(w->now, 1);
    hash_end(&w->au->hashes);
    return NULL;
}

static int waiting(struct hashes *h)
{
    pthread_mutex_lock(&h->lock);
    int n = h->waiting;
    pthread_mutex_unlock(&h->lock);
    return n;
}

/* SECURITY.md D14: few hashes at once, some wait, and who comes then is told so before anything is written of him. */
static void crowded(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    static struct waiter w[AUTH_WAITING];
    _Atomic int most = 0, now = 0;
    struct db_rows r = {0};
    T(au->hashes.most >= 1 && au->hashes.most <= AUTH_HASHES);
    for (int i = 0; i < au->hashes.most; i++) T_OK(cx, hash_begin(cx, &au->hashes));
    for (int i = 0; i < AUTH_WAITING; i++) {
        w[i] = (struct waiter){.au = au, .most = &most, .now = &now};
        T_OK(cx, os_thread(cx, "waiter", 0, waits, &w[i], &w[i].thread));
    }
    while (waiting(&au->hashes) < AUTH_WAITING) os_sleep_us(1000);
    T_INT(hash_begin(cx, &au->hashes), E_BUSY);
    io = (struct login){0};
    T_INT(comes(cx, au, "anna@example.org", "Zaun-Kiesel-7", "10.0.0.1"), E_BUSY);
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM login_attempt"));
    T_INT(db_int(&r, 0, 0), 0);
    T_INT(now, 0);
    for (int i = 0; i < au->hashes.most; i++) hash_end(&au->hashes);
    for (int i = 0; i < AUTH_WAITING; i++) {
        T(pthread_join(w[i].thread, NULL) == 0);
        T_OK(cx, w[i].e);
    }
    T(most >= 1 && most <= au->hashes.most);
    T_OK(cx, hash_room(cx, &au->hashes));
    T_INT(comes(cx, au, "anna@example.org", "Zaun-Kiesel-7", "10.0.0.1"), E_AUTH);
    auth_close(&au);
}

/* A name that nobody has takes as long as all others: what is looked at for it is as dear. */
static void nobodys(void)
{
    struct cx cx = t_cx();
    struct auth *au = auth_open(NULL);
    bool fits = true;
    T_INT(crypto_pwhash_str_needs_rehash(hash_nobodys, 2, 19 * 1024 * 1024), 0);
    T_OK(&cx, hash_fits(&cx, &au->hashes, S(""), S("dummy"), &fits));
    T(!fits);
    auth_close(&au);
    t_cx_free(&cx);
}

/* By the process that hashes, and without it when it has died in the midst. */
static void hashed(void)
{
    struct cx cx = t_cx();
    struct auth *au = auth_open(NULL), *alone = auth_open(NULL);
    struct os_child c = {0};
    str hash = {0}, there = {0}, here = {0};
    bool fits = false;
    T_OK(&cx, os_child_start(&cx, S("/proc/self/exe"), S(HASHER_ARG), &c));
    T_OK(&cx, auth_hasher(&cx, au, c.sock));
    T_OK(&cx, auth_password_hash(&cx, au, S("Zaun-Kiesel-7"), &hash));
    T_OK(&cx, hash_fits(&cx, &alone->hashes, hash, S("Zaun-Kiesel-7"), &fits));
    T(fits);
    T_OK(&cx, hash_fits(&cx, &au->hashes, hash, S("Zaun-Kiesel-8"), &fits));
    T(!fits);
    T_OK(&cx, hash_salted(&cx, &au->hashes, S("7777"), S("salt"), &there));
    T_OK(&cx, hash_salted(&cx, &alone->hashes, S("7777"), S("salt"), &here));
    T_STR(there, here);
    T(!au->hashes.is_deaf);
    T(kill(c.pid, SIGKILL) == 0);
    T_OK(&cx, hash_fits(&cx, &au->hashes, hash, S("Zaun-Kiesel-7"), &fits));
    T(fits);
    T_OK(&cx, hash_salted(&cx, &au->hashes, S("7777"), S("salt"), &there));
    T_STR(there, here);
    auth_close(&au);
    auth_close(&alone);
    os_child_stop(&c);
    t_cx_free(&cx);
}

static int64_t counted(struct cx *cx, const char *outcome)
{
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM login_attempt WHERE outcome = $1", V(str_from(outcome))));
    return db_int(&r, 0, 0);
}

/* Without memory nobody has looked at the password: that is no wrong one. */
static void short_of_memory(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    struct os_child c = {0};
    struct rlimit was = {0};
    str statm = {0}, pages = {0}, rest = {0};
    int64_t size = 0;
    int64_t user = user_make(cx, "mem@example.org", true);
    T_OK(cx, auth_password_set(cx, au, user, S("Zaun-Kiesel-7")));
    T_OK(cx, os_child_start(cx, S("/proc/self/exe"), S(HASHER_ARG), &c));
    T_OK(cx, auth_hasher(cx, au, c.sock));
    io = (struct login){0};
    T_OK(cx, comes(cx, au, "mem@example.org", "Zaun-Kiesel-7", "10.0.0.9"));
    T(prlimit(c.pid, RLIMIT_AS, NULL, &was) == 0);
    T_OK(cx, os_read_file(cx, arena_fmt(cx->a, "/proc/%d/statm", (int)c.pid), 1000, &statm));
    str_split(statm, ' ', &pages, &rest);
    T(str_to_int(pages, &size)); /* it has what it has, and a little for its stacks: less than a hash takes */
    T(prlimit(c.pid, RLIMIT_AS, &(struct rlimit){(rlim_t)(size * getpagesize()) + (8 << 20), was.rlim_max}, NULL) == 0);
    T_INT(comes(cx, au, "mem@example.org", "Zaun-Kiesel-7", "10.0.0.9"), E_BUSY);
    T_INT(comes(cx, au, "mem@example.org", "wrong-wrong", "10.0.0.9"), E_BUSY);
    T_INT(comes(cx, au, "nobody@example.org", "wrong-wrong", "10.0.0.9"), E_BUSY);
    T_INT(counted(cx, "wrong") + counted(cx, "pending"), 0);
    T_INT(counted(cx, "broken"), 3);
    T(!au->hashes.is_deaf);
    T(prlimit(c.pid, RLIMIT_AS, &was, NULL) == 0);
    T_INT(comes(cx, au, "mem@example.org", "wrong-wrong", "10.0.0.9"), E_AUTH);
    T_OK(cx, comes(cx, au, "mem@example.org", "Zaun-Kiesel-7", "10.0.0.9"));
    auth_close(&au);
    os_child_stop(&c);
}

/* How many sessions the log says were ended of a user for this reason. */
static int64_t gone(struct cx *cx, int64_t user, const char *why)
{
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT coalesce(sum(n), 0) FROM security_event WHERE kind = 'session.ended' AND subject = $1 AND detail LIKE $2", V(user),
                      V(arena_fmt(cx->a, "%%\"why\":\"%s\"%%", why))));
    return db_int(&r, 0, 0);
}

/* Sessions that go with something else are told of whom, how many and why; those that were over before are not. */
static void gone_with(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    struct session s = {0};
    int64_t a = user_make(cx, "gone@example.org", true), b = user_make(cx, "stays@example.org", true), id = 0;
    T_OK(cx, auth_session_new(cx, a, S("10.1.1.1"), S("x"), &s));
    cx->acl = NULL, cx->who = (struct who){0};
    cx->now_ms += SESSION_IDLE_MS + 1000; /* that one is over */
    for (int i = 0; i < 2; i++) T_OK(cx, auth_session_new(cx, a, S("10.1.1.1"), S("x"), &s));
    T_OK(cx, auth_session_new(cx, b, S("10.1.1.2"), S("x"), &s));
    cx->acl = NULL, cx->who = (struct who){0};
    T_OK(cx, auth_password_set(cx, au, a, S("Zaun-Kiesel-7")));
    T_INT(gone(cx, a, "password"), 2);
    T_OK(cx, auth_session_new(cx, a, S("10.1.1.1"), S("x"), &s));
    cx->acl = NULL, cx->who = (struct who){0};
    T_OK(cx, factors_reset(cx, a));
    T_INT(gone(cx, a, "factor"), 1);
    T_OK(cx, factors_reset(cx, a));
    T_INT(gone(cx, a, "factor"), 1); /* nobody was in */
    T_OK(cx, auth_session_new(cx, a, S("10.1.1.1"), S("x"), &s));
    cx->acl = NULL, cx->who = (struct who){0};
    T_OK(cx, auth_block(cx, &(struct block_row){.addr = S("10.1.1.1"), .why = S("x")}, S(""), &id));
    T_INT(gone(cx, a, "address"), 1);
    T_OK(cx, auth_session_new(cx, a, S("10.1.1.3"), S("x"), &s));
    cx->acl = NULL, cx->who = (struct who){0};
    T_OK(cx, auth_sessions_end(cx, a, S("")));
    T_INT(gone(cx, a, "hand"), 1);
    const struct entity *e = ENT(cx, "user");
    struct set off = {FLD(e, "active"), VAL_INT(0)}, on = {FLD(e, "active"), VAL_INT(1)};
    struct written w = {0};
    T_OK(cx, auth_session_new(cx, a, S("10.1.1.3"), S("x"), &s));
    cx->acl = NULL, cx->who = (struct who){0};
    T_OK(cx, record_update(cx, e, a, 0, &off, 1, &w));
    T_INT(gone(cx, a, "user"), 1);
    T_OK(cx, record_update(cx, e, a, 0, &on, 1, &w));
    T_INT(auth_session_enter(cx, au, s.token, &s), E_AUTH); /* he is back, they are not */
    T_OK(cx, auth_session_new(cx, a, S("10.1.1.3"), S("x"), &s));
    cx->acl = NULL, cx->who = (struct who){0};
    T_OK(cx, record_delete(cx, e, a, 0, &w));
    T_INT(gone(cx, a, "user"), 2);
    T_OK(cx, record_restore(cx, e, a, &w));
    T_INT(auth_session_enter(cx, au, s.token, &s), E_AUTH);
    T_INT(gone(cx, b, ""), 0);
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM security_event WHERE kind = 'session.ended' AND subject = $1", V(b)));
    T_INT(db_int(&r, 0, 0), 0);
    auth_close(&au);
}

static void both(void) { bed_both(log_in); }
static void both_short(void) { bed_both(short_of_memory); }
static void both_gone(void) { bed_both(gone_with); }
static void both_cost(void) { bed_both(costs_the_same); }
static void both_crowded(void) { bed_both(crowded); }
static void both_remembered(void) { bed_both(remembered); }
static void both_elsewhere(void) { bed_both(elsewhere); }

static void both_locked(void) { bed_both(locked); }
static void both_sprayed(void) { bed_both(sprayed); }
static void both_changed(void) { bed_both(changed); }
static void both_watched(void) { bed_both(watched); }

int main(int argc, char **argv)
{
    static void (*const all[])(void) = {passwords, agents, addresses, nobodys, hashed, crowd, both, both_cost, both_crowded, both_locked,
                                        both_sprayed, both_changed, both_watched, both_remembered, both_elsewhere, both_short, both_gone};
    if (argc == 2 && strcmp(argv[1], HASHER_ARG) == 0) return hasher_child();
    for (size_t i = 0; i < COUNT(all); i++) all[i]();
    return t_end("auth");
}
