/* SPDX-License-Identifier: MIT */
#include "auth/auth.h"
#include "bed.h"

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

static void log_in(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open();
    struct session s = {0}, again = {0};
    int64_t boss = user_make(cx, "Boss@Example.org", true), gone = user_make(cx, "gone@example.org", false);
    T_OK(cx, auth_password_set(cx, au, boss, S("Zaun-Kiesel-7")));
    T_OK(cx, auth_password_set(cx, au, gone, S("Zaun-Kiesel-7")));
    T(auth_login(cx, au, S("boss@example.org"), S("wrong"), S("10.0.0.1"), S("test"), &s) == E_AUTH);
    T(auth_login(cx, au, S("gone@example.org"), S("Zaun-Kiesel-7"), S("10.0.0.1"), S("test"), &s) == E_AUTH);
    T(auth_login(cx, au, S("nobody@example.org"), S(""), S("10.0.0.1"), S("test"), &s) == E_AUTH);
    T_OK(cx, auth_login(cx, au, S(" boss@EXAMPLE.org "), S("Zaun-Kiesel-7"), S("10.0.0.1"), S("test"), &s));
    T(s.token.n == TOKEN_CHARS && s.csrf.n == 32 && cx->who.user == boss && cx->acl);
    T_STR(s.mail, S("Boss@Example.org"));
    T_OK(cx, auth_session_enter(cx, s.token, &again));
    T_STR(again.csrf, s.csrf);
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM session WHERE token = $1", V(s.token)));
    T_INT(db_int(&r, 0, 0), 0); /* never in clear */
    cx->now_ms += SESSION_IDLE_MS + 1;
    T(auth_session_enter(cx, s.token, &again) == E_AUTH);
    cx->now_ms -= SESSION_IDLE_MS + 1;
    T_OK(cx, auth_logout(cx, s.token));
    T(auth_session_enter(cx, s.token, &again) == E_AUTH);
    for (int i = 0; i < SESSION_TRIES; i++) (void)!auth_login(cx, au, S("boss@example.org"), S("wrong"), S("10.0.0.9"), S(""), &s);
    T(auth_login(cx, au, S("boss@example.org"), S("Zaun-Kiesel-7"), S("10.0.0.9"), S(""), &s) == E_RATE);
    T_OK(cx, auth_login(cx, au, S("boss@example.org"), S("Zaun-Kiesel-7"), S("10.0.0.1"), S(""), &s)); /* not locked elsewhere */
    cx->now_ms += SESSION_BAN_MS + 1;
    T_OK(cx, auth_login(cx, au, S("boss@example.org"), S("Zaun-Kiesel-7"), S("10.0.0.9"), S(""), &s));
    auth_close(&au);
}

static void both(void) { bed_both(log_in); }

TESTS("auth", passwords, both)
