/* SPDX-License-Identifier: MIT */
#include "auth/auth.h"
#include "os/os.h"
#include "bed.h"

#include <stdlib.h>

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
    T_OK(cx, auth_logout(cx, s.token));
    T(auth_session_enter(cx, au, s.token, &again) == E_AUTH);
    for (int i = 0; i < SESSION_TRIES; i++) (void)!auth_login(cx, au, S("boss@example.org"), S("wrong"), S("10.0.0.9"), S(""), &s);
    T(auth_login(cx, au, S("boss@example.org"), S("Zaun-Kiesel-7"), S("10.0.0.9"), S(""), &s) == E_RATE);
    T_OK(cx, auth_login(cx, au, S("boss@example.org"), S("Zaun-Kiesel-7"), S("10.0.0.1"), S(""), &s)); /* not locked elsewhere */
    cx->now_ms += SESSION_BAN_MS + 1;
    T_OK(cx, auth_login(cx, au, S("boss@example.org"), S("Zaun-Kiesel-7"), S("10.0.0.9"), S(""), &s));
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
    struct auth *au = auth_open();
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
    T_INT(sees(cx, au, s.token), REACH_OWN);
    cx->now_ms += SESSION_IDLE_MS + 1;
    T_INT(sees(cx, au, s.token), -E_AUTH);
    cx->now_ms -= SESSION_IDLE_MS + 1;
    T_OK(cx, auth_session_enter(cx, au, s.token, &again));
    T_STR(again.csrf, s.csrf);
    T_STR(again.role, S("Sales"));
    T_INT(again.token.n == 0, 1);
    T_OK(cx, auth_logout(cx, s.token));
    T_INT(sees(cx, au, s.token), -E_AUTH);
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.1"), S("test"), &s));
    T_INT(sees(cx, au, s.token), REACH_OWN);
    T_OK(cx, auth_hash_set(cx, user, S("x"))); /* a new password ends all sessions */
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
    struct auth *au = auth_open();
    struct session s = {0};
    struct dbase *other = NULL;
    struct db *here = cx->db;
    int64_t user = user_make(cx, "anna@example.org", true), role = role_make(cx, "{\"person\":{\"see\":\"all\"}}");
    change(cx, "user", user, "role", VAL_INT(role));
    T_OK(cx, auth_session_new(cx, user, S("10.0.0.1"), S("test"), &s));
    T_INT(sees(cx, au, s.token), REACH_ALL);
    int64_t before = db_epoch(cx);
    if (db_is_pg(cx)) {
        struct db_opts o = {.url = arena_fmt(cx->a, "%s/%s", getenv("KONTOR_TEST_PG"), t->folder.p + 5), .readers = 2};
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

static void both(void) { bed_both(log_in); }
static void both_remembered(void) { bed_both(remembered); }
static void both_elsewhere(void) { bed_both(elsewhere); }

TESTS("auth", passwords, both, both_remembered, both_elsewhere)
