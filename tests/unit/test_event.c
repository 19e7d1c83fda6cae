/* SPDX-License-Identifier: MIT */
/* Security events: whatever is done to them behind the program's back is found (K01); a million refused requests are a
 * few rows (I07); what is old goes, and the chain holds. */
#include "audit/event.h"
#include "audit/audit_int.h"
#include "audit/out.h"
#include "audit_make.h"
#include "base/time.h"
#include "db/db_int.h"
#include "os/os.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int64_t one_int(struct bed *t, str sql)
{
    struct db_rows r = {0};
    T_OK(&t->cx, db_run(&t->cx, &r, NULL, sql, NULL, 0));
    return r.n ? db_int(&r, 0, 0) : 0;
}

/* On PostgreSQL other databases' transactions put off what is final: until every event is, or what happened at once would
 * be sealed in two. (bed_settle looks at changes.) */
static void settled(struct bed *t)
{
    for (int i = 0; db_is_pg(&t->cx) && i < 600; i++, usleep(50000)) {
        struct db_rows r = {0};
        int64_t horizon = 0;
        T_OK(&t->cx, db_horizon(&t->cx, &horizon));
        T_OK(&t->cx, db_query(&t->cx, &r, "SELECT 1 FROM security_event WHERE xid >= $1 LIMIT 1", V(horizon)));
        if (!r.n) return;
    }
}

static void seal_all(struct bed *t, const struct vault *v)
{
    settled(t);
    int64_t want = one_int(t, S("SELECT count(*) FROM security_event"));
    int64_t gone = one_int(t, S("SELECT count(*) FROM security_event s WHERE NOT EXISTS (SELECT 1 FROM follower f"
                                " WHERE f.name = 'audit_event' AND f.seq >= s.seq)"));
    for (int i = 0; i < 200 && want && gone; i++) {
        size_t n = 1;
        while (n) T_OK(&t->cx, audit_seal(&t->cx, v, &n));
        gone = one_int(t, S("SELECT count(*) FROM security_event s WHERE NOT EXISTS (SELECT 1 FROM follower f"
                            " WHERE f.name = 'audit_event' AND f.seq >= s.seq)"));
        if (gone) (void)usleep(50000);
    }
    T_INT(gone, 0);
}

static void happened(struct bed *t, int n)
{
    for (int i = 0; i < n; i++)
        T_OK(&t->cx, event_write(&t->cx, &(struct event){.kind = EVENT_LOGIN, .who = 7 + i % 3, .addr = S("203.0.113.9")}, NULL));
}

static int64_t nth(struct bed *t, int64_t i)
{
    struct db_rows r = {0};
    T_OK(&t->cx, db_query(&t->cx, &r, "SELECT seq FROM security_event ORDER BY seq LIMIT 1 OFFSET $1", V(i)));
    return db_int(&r, 0, 0);
}

static bool has_fault(const struct audit_report *r, enum audit_fault fault, int64_t seq)
{
    bool has = false;
    for (size_t i = 0; i < r->n_first; i++)
        has |= r->first[i].is_event == (fault < AUDIT_SEAL) && r->first[i].fault == fault && r->first[i].seq == seq;
    return has;
}

static void forged(struct bed *t)
{
    static const str change[] = {
        S0("UPDATE security_event SET who = 77 WHERE seq = $1"),    S0("UPDATE security_event SET at = at + 1 WHERE seq = $1"),
        S0("UPDATE security_event SET way = 'x' WHERE seq = $1"),   S0("UPDATE security_event SET kind = 'logout' WHERE seq = $1"),
        S0("UPDATE security_event SET subject = 9 WHERE seq = $1"), S0("UPDATE security_event SET addr = '' WHERE seq = $1"),
        S0("UPDATE security_event SET n = 5 WHERE seq = $1"),       S0("UPDATE security_event SET api_key = 5 WHERE seq = $1"),
        S0("UPDATE security_event SET detail = '{}' WHERE seq = $1")};
    struct vault *v = key_of(t, "secret.key");
    struct audit_head head = {0};
    happened(t, 20);
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 0 && r.events == 20 && r.open >= 20);
    seal_all(t, v);
    r = looked(t, v, NULL);
    T(r.faults == 0 && r.events == 20 && r.open == 0);
    for (size_t i = 0; i < COUNT(change); i++) {
        int64_t seq = nth(t, (int64_t)i + 5);
        behind_the_back(t, change[i], seq);
        r = looked(t, v, NULL);
        T_INT(r.faults, (int64_t)i + 1);
        T(has_fault(&r, AUDIT_CHANGED, seq));
    }
    int64_t gone = nth(t, 2), had = r.faults;
    behind_the_back(t, S("DELETE FROM security_event WHERE seq = $1"), gone);
    r = looked(t, v, NULL);
    T(r.faults == had + 1 && has_fault(&r, AUDIT_MISSING, gone));
    behind_the_back(t, S("INSERT INTO security_event (seq, at, kind, who, api_key, subject, addr, way, n, detail)"
                         " SELECT seq - 1, at, kind, who, api_key, subject, addr, way, n, detail FROM security_event WHERE seq = $1"),
                    nth(t, 0));
    if (db_is_pg(&t->cx))
        behind_the_back(t, S("UPDATE security_event SET xid = (SELECT min(xid) FROM security_event) WHERE seq = $1"), nth(t, 0));
    r = looked(t, v, NULL);
    T(r.faults == had + 2 && has_fault(&r, AUDIT_ADDED, nth(t, 0)));
    /* the tail cut off with its seal: the head that was kept tells */
    happened(t, 3);
    seal_all(t, v);
    T_OK(&t->cx, audit_head(&t->cx, &head));
    T_INT(looked(t, v, &head).faults, had + 2);
    behind_the_back(t, S("DELETE FROM audit_seal WHERE n = $1"), head.n);
    r = looked(t, v, &head);
    T(has_fault(&r, AUDIT_CUT, head.n) && r.faults > had + 2);
    vault_close(&v);
}

/* Who has the base alone takes the rows of an event seal away, and puts its true digest in their place. */
static void seal_empty(struct bed *t, int64_t n)
{
    struct db_rows r = {0};
    struct entry e = {0};
    T_OK(&t->cx, db_query(&t->cx, &r, "SELECT body FROM audit_seal WHERE n = $1", V(n)));
    str body = db_str(&r, 0, 0), gone = seal_body_gone(&t->cx, body);
    for (size_t at = 0; at < body.n; at += ENTRY_CHARS) {
        T(entry_get(str_cut(body, at, at + ENTRY_CHARS), &e));
        behind_the_back(t, S("DELETE FROM security_event WHERE seq = $1"), e.seq);
    }
    behind_the_back(t, arena_fmt(t->cx.a, "UPDATE audit_seal SET body = '%.*s' WHERE n = $1", FS(gone)), n);
}

/* A seal of events is none of changes: emptied and called one, it was taken for whole. */
static void hidden(struct bed *t)
{
    static const str change[] = {S0("UPDATE audit_seal SET log = 0 WHERE n = $1"), S0("UPDATE audit_seal SET log = 2 WHERE n = $1"),
                                 S0("UPDATE audit_seal SET log = 1, at = at - 1 WHERE n = $1"), S0("UPDATE audit_seal SET at = at + 1, rows = rows + 1 WHERE n = $1"),
                                 S0("UPDATE audit_seal SET rows = rows - 1, body = body || 'x' WHERE n = $1")};
    struct vault *v = key_of(t, "secret.key");
    struct audit_head head = {0};
    happened(t, 3);
    seal_all(t, v);
    int64_t n = one_int(t, S("SELECT max(n) FROM audit_seal WHERE log = 1"));
    happened(t, 3);
    seal_all(t, v);
    T_OK(&t->cx, audit_head(&t->cx, &head));
    T_INT(looked(t, v, &head).faults, 0);
    for (size_t i = 0; i < COUNT(change); i++) {
        behind_the_back(t, change[i], n);
        struct audit_report r = looked(t, v, &head);
        T(r.faults > 0 && has_fault(&r, AUDIT_SEAL, n));
        if (i < 2) behind_the_back(t, S("UPDATE audit_seal SET log = 1 WHERE n = $1"), n);
    }
    behind_the_back(t, S("UPDATE audit_seal SET body = substr(body, 1, 81) WHERE n = $1"), n);
    T_INT(looked(t, v, &head).faults, 0);
    seal_empty(t, n);
    for (int log = 1; log >= 0; log--) {
        behind_the_back(t, log ? S("UPDATE audit_seal SET log = 1 WHERE n = $1") : S("UPDATE audit_seal SET log = 0 WHERE n = $1"), n);
        struct audit_report r = looked(t, v, &head);
        T(r.faults == 1 && has_fault(&r, AUDIT_SEAL, n));
    }
    vault_close(&v);
}

/* Fresh events are made old for one night: they stay, and when the seals are put back nothing is lacking. */
static void fresh(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    happened(t, 6);
    seal_all(t, v);
    int64_t n = one_int(t, S("SELECT max(n) FROM audit_seal WHERE log = 1")), at = one_int(t, S("SELECT at FROM audit_seal WHERE log = 1"));
    behind_the_back(t, S("UPDATE audit_seal SET at = 0 WHERE n = $1"), n);
    T(event_tidy(&t->cx, v) == E_PRECOND);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event")), 6);
    behind_the_back(t, arena_fmt(t->cx.a, "UPDATE audit_seal SET at = %" PRId64 " WHERE n = $1", at), n);
    T_INT(looked(t, v, NULL).faults, 0);
    struct db_rows key = {0};
    T_OK(&t->cx, db_query(&t->cx, &key, "SELECT key FROM audit_seal WHERE n = $1", V(n)));
    /* called a lost key's they do go, but nobody signs for it */
    behind_the_back(t, S("UPDATE audit_seal SET at = 0, key = 'lost' WHERE n = $1"), n);
    for (int i = 0; i < 6; i++) behind_the_back(t, S("UPDATE security_event SET at = 0 WHERE seq = $1"), nth(t, i));
    T_OK(&t->cx, event_tidy(&t->cx, v));
    behind_the_back(t, arena_fmt(t->cx.a, "UPDATE audit_seal SET at = %" PRId64 ", key = '%.*s' WHERE n = $1", at, FS(db_str(&key, 0, 0))), n);
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 1 && has_fault(&r, AUDIT_SEAL, n));
    vault_close(&v);
}

/* Old in truth, but a row was changed: it stays to be looked at, and so does all behind it. */
static void kept(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    int64_t now = t->cx.now_ms;
    for (int i = 0; i < 3; i++) {
        t->cx.now_ms = now - INT64_C(500) * DAY_MS;
        happened(t, 2);
        seal_all(t, v);
    }
    t->cx.now_ms = now;
    int64_t seq = nth(t, 3);
    behind_the_back(t, S("UPDATE security_event SET who = 99 WHERE seq = $1"), seq);
    T(event_tidy(&t->cx, v) == E_PRECOND);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE kind = 'login'")), 4);
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 1 && has_fault(&r, AUDIT_CHANGED, seq));
    vault_close(&v);
}

/* A key that was lost, a new one, and old events that went by the new one's word: nothing is wrong with that. */
static void lost(struct bed *t)
{
    struct vault *old = key_of(t, "old.key"), *v = key_of(t, "secret.key");
    int64_t now = t->cx.now_ms;
    t->cx.now_ms = now - INT64_C(500) * DAY_MS;
    happened(t, 3);
    seal_all(t, old);
    happened(t, 3);
    seal_all(t, v);
    t->cx.now_ms = now;
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 0 && r.foreign > 0);
    T_OK(&t->cx, event_tidy(&t->cx, v));
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE kind = 'login'")), 0);
    r = looked(t, v, NULL);
    T(r.faults == 0 && r.foreign > 0);
    seal_all(t, v);
    T_INT(looked(t, v, NULL).faults, 0);
    vault_close(&old);
    vault_close(&v);
}

/* A move between engines seals some rows a second time: they go with the older seal. */
static void twice(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    int64_t now = t->cx.now_ms, old = now - INT64_C(500) * DAY_MS;
    for (int i = 0; i < 4; i++) {
        str sql = arena_fmt(t->cx.a, "INSERT INTO security_event (seq, at, kind, who, api_key, subject, addr, way, n, detail) VALUES"
                            " ($1, %" PRId64 ", 'login', 7, 0, 0, '', 'web', 1, '')", old + i);
        behind_the_back(t, sql, (old + i - INT64_C(1577836800000)) << 22);
    }
    t->cx.now_ms = old + 1000;
    seal_all(t, v);
    behind_the_back(t, S("UPDATE follower SET seq = 0, xid = 0 WHERE name = 'audit_event' AND seq > $1"), 0);
    t->cx.now_ms = now;
    seal_all(t, v);
    T_INT(one_int(t, S("SELECT count(*) FROM audit_seal WHERE log = 1")), 2);
    T_INT(looked(t, v, NULL).faults, 0);
    T_OK(&t->cx, event_tidy(&t->cx, v));
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE kind = 'login'")), 0);
    T_INT(looked(t, v, NULL).faults, 0);
    seal_all(t, v);
    T_INT(looked(t, v, NULL).faults, 0);
    vault_close(&v);
}

/* Old ones go by whole seals; who has the base alone cannot do the same. */
static void trimmed(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    int64_t now = t->cx.now_ms;
    t->cx.now_ms = now - INT64_C(500) * DAY_MS;
    happened(t, 4);
    seal_all(t, v);
    t->cx.now_ms = now - INT64_C(450) * DAY_MS;
    happened(t, 4);
    seal_all(t, v);
    t->cx.now_ms = now;
    happened(t, 4);
    seal_all(t, v);
    T_OK(&t->cx, event_tidy(&t->cx, v));
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE kind = 'login'")), 4);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE kind = 'log.trimmed'")), 1);
    T_INT(one_int(t, S("SELECT count(*) FROM audit_seal WHERE log = 1 AND body LIKE '=%'")), 2);
    T_INT(looked(t, v, NULL).faults, 0);
    seal_all(t, v);
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 0 && r.events == 5 && r.open == 0);
    T_OK(&t->cx, event_tidy(&t->cx, v)); /* nothing old: nothing said */
    T_INT(one_int(t, S("SELECT count(*) FROM security_event")), 5);
    /* a seal emptied by hand, its true digest in the body's place: the key's word is lacking */
    int64_t last = one_int(t, S("SELECT max(n) FROM audit_seal WHERE log = 1")) - 1;
    seal_empty(t, last);
    r = looked(t, v, NULL);
    T(r.faults == 1 && has_fault(&r, AUDIT_SEAL, last));
    /* so it is with a word copied from the true one, for another seal */
    behind_the_back(t, S("INSERT INTO security_event (seq, at, kind, who, api_key, subject, addr, way, n, detail) SELECT seq + 4194304, at,"
                         " kind, who, 0, $1, addr, way, n, detail FROM security_event WHERE kind = 'log.trimmed'"), last);
    r = looked(t, v, NULL);
    T(r.faults == 1 && has_fault(&r, AUDIT_SEAL, last));
    T(event_tidy(&t->cx, NULL) == E_OK);
    vault_close(&v);
}

/* The true digest in the place of the body, and the rows gone: only the word of the key is lacking. */
static void torn(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key"), *other = key_of(t, "other.key");
    int64_t now = t->cx.now_ms;
    t->cx.now_ms = now - INT64_C(500) * DAY_MS;
    happened(t, 4);
    seal_all(t, v);
    t->cx.now_ms = now;
    int64_t n = one_int(t, S("SELECT max(n) FROM audit_seal WHERE log = 1"));
    T_OK(&t->cx, event_tidy(&t->cx, other)); /* as who has the base can: with a key of his own */
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 1 && has_fault(&r, AUDIT_SEAL, n));
    vault_close(&v);
    vault_close(&other);
}

/* ---- counting ---- */
static void refuse(struct bed *t, struct tally *y, enum event_kind kind, int64_t who, str addr, str route)
{
    struct refused x = {.kind = kind, .way = WAY_WEB, .who = who, .addr = addr, .key = EVENT_KEY_ROUTE, .value = route};
    tally_count(y, &x, t->cx.now_ms);
}

static void counted(struct bed *t)
{
    struct tally *y = NULL;
    T_OK(&t->cx, tally_start(&t->cx, t->b, &y));
    for (int i = 0; i < 1000000; i++) refuse(t, y, EVENT_REFUSED_RIGHTS, 7, S("203.0.113.7"), S("/api/v1/{entity}"));
    refuse(t, y, EVENT_REFUSED_RATE, 0, S("203.0.113.8"), S(""));
    refuse(t, NULL, EVENT_REFUSED_RATE, 0, S("203.0.113.8"), S(""));
    T_OK(&t->cx, tally_flush(&t->cx, y));
    T_INT(one_int(t, S("SELECT count(*) FROM security_event")), 2);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE way = 'web'")), 2);
    T_INT(one_int(t, S("SELECT n FROM security_event WHERE kind = 'refused.rights' AND who = 7 AND addr = '203.0.113.7'")), 1000000);
    T_OK(&t->cx, tally_flush(&t->cx, y));
    T_INT(one_int(t, S("SELECT count(*) FROM security_event")), 2);
    /* a million addresses are TALLY_CELLS rows and one more; none is lost; who is known stands beside them all the same */
    for (int i = 0; i < 1000000; i++)
        refuse(t, y, EVENT_REFUSED_INPUT, 0, arena_fmt(t->cx.a, "198.51.%d.%d", i / 256 % 256, i % 256), S("/x"));
    refuse(t, y, EVENT_REFUSED_HIDDEN, 8, S("203.0.113.9"), S("/secret"));
    T_OK(&t->cx, tally_flush(&t->cx, y));
    T_INT(one_int(t, S("SELECT count(*) FROM security_event")), 2 + TALLY_CELLS + 2);
    T_INT(one_int(t, S("SELECT CAST(sum(n) AS BIGINT) FROM security_event WHERE kind = 'refused.input'")), 1000000);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE who = 8 AND addr = '203.0.113.9' AND detail LIKE '%/secret%'")), 1);
    /* and of a day of that, TALLY_ROWS_DAY and a row each minute; of one who is known nothing is hidden by it */
    for (int m = 0; m < 300; m++) {
        for (int i = 0; i < TALLY_CELLS; i++)
            refuse(t, y, EVENT_REFUSED_HIDDEN, 0, arena_fmt(t->cx.a, "192.0.%d.%d", m % 256, i), S("/x"));
        T_OK(&t->cx, tally_flush(&t->cx, y));
    }
    int64_t rows = one_int(t, S("SELECT count(*) FROM security_event"));
    T(rows > TALLY_ROWS_DAY && rows < TALLY_ROWS_DAY + 400);
    T_INT(one_int(t, S("SELECT CAST(sum(n) AS BIGINT) FROM security_event WHERE kind = 'refused.hidden' AND who = 0")), 300 * TALLY_CELLS);
    refuse(t, y, EVENT_REFUSED_RIGHTS, 9, S("203.0.113.7"), S("/late"));
    T_OK(&t->cx, tally_flush(&t->cx, y));
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE who = 9 AND detail LIKE '%/late%'")), 1);
    /* the next day there is room again; what is in memory at the end is written */
    t->cx.now_ms += DAY_MS;
    refuse(t, y, EVENT_REFUSED_CSRF, 9, S("203.0.113.7\n\x1b[31m\xff"), S(""));
    refuse(t, y, EVENT_REFUSED_CSRF, 0, S("203.0.113.7"), S(""));
    tally_stop(&y);
    T(y == NULL);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE kind = 'refused.csrf' AND who = 9 AND addr = '?'")), 1);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE kind = 'refused.csrf' AND addr = '203.0.113.7'")), 1);
    tally_stop(&y);
}

/* One asker, however many routes and addresses of his net he takes, leaves the others their room. */
static void one_of_many(struct bed *t)
{
    static char routes[2000][8];
    struct tally *y = NULL;
    for (int i = 0; i < 2000; i++) (void)snprintf(routes[i], sizeof routes[i], "/%d", i);
    T_OK(&t->cx, tally_start(&t->cx, t->b, &y));
    for (int i = 0; i < 2000; i++) {
        refuse(t, y, EVENT_REFUSED_INPUT, 0, arena_fmt(t->cx.a, "2001:db8:1:2::%x", i), str_from(routes[i]));
        refuse(t, y, EVENT_REFUSED_INPUT, 7, arena_fmt(t->cx.a, "198.51.100.%d", i % 256), str_from(routes[i]));
    }
    refuse(t, y, EVENT_REFUSED_INPUT, 0, S("203.0.113.1"), S("/seen"));
    refuse(t, y, EVENT_REFUSED_INPUT, 8, S("203.0.113.2"), S("/seen"));
    T_OK(&t->cx, tally_flush(&t->cx, y));
    T_INT(one_int(t, S("SELECT count(*) FROM security_event")), 2 * (TALLY_OWN + 1) + 2);
    T_INT(one_int(t, S("SELECT n FROM security_event WHERE addr = '2001:db8:1:2::/64' AND detail = ''")), 2000 - TALLY_OWN);
    T_INT(one_int(t, S("SELECT n FROM security_event WHERE who = 7 AND addr = '' AND detail = ''")), 2000 - TALLY_OWN);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE detail LIKE '%/seen%'")), 2);
    /* ... nor does he take the day */
    for (int m = 0; m < 2 * TALLY_OWN_DAY / TALLY_OWN; m++) {
        for (int i = 0; i < 2 * TALLY_OWN; i++) refuse(t, y, EVENT_REFUSED_INPUT, 0, S("2001:db8:1:2::1"), str_from(routes[i]));
        T_OK(&t->cx, tally_flush(&t->cx, y));
    }
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE addr LIKE '2001:db8:1:2:%'")), TALLY_OWN_DAY);
    refuse(t, y, EVENT_REFUSED_RATE, 0, S("203.0.113.3"), S("/seen"));
    /* a control character in an address of valid UTF-8 is none of ours */
    refuse(t, y, EVENT_REFUSED_RATE, 0, S("203.0.113.7\n\x1b[31m"), S("/seen"));
    T_OK(&t->cx, tally_flush(&t->cx, y));
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE addr = '203.0.113.3' AND detail LIKE '%/seen%'")), 1);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE addr = '?' AND kind = 'refused.rate'")), 1);
    tally_stop(&y);
}

/* A flush that fails at any call loses no count, and writes none twice; nor does it lose whose they are. */
static void faults(struct bed *t)
{
    struct tally *y = NULL;
    int nth_call = 1, n = 0;
    T_OK(&t->cx, tally_start(&t->cx, t->b, &y));
    for (; nth_call < 50; nth_call++) {
        refuse(t, y, EVENT_REFUSED_RIGHTS, 7, S("a"), S("b"));
        n++;
        db_fault_at(t->b, nth_call);
        enum err e = tally_flush(&t->cx, y);
        db_fault_at(t->b, 0);
        if (e == E_OK) break;
    }
    T(nth_call > 2 && nth_call < 50);
    T_INT(one_int(t, S("SELECT CAST(sum(n) AS BIGINT) FROM security_event")), n);
    T_INT(one_int(t, S("SELECT n FROM security_event WHERE who = 7 AND addr = 'a' AND detail LIKE '%\"b\"%'")), n);
    tally_stop(&y);
}

/* Who looks as somebody else, and what has no rows. */
static void in_truth(struct bed *t)
{
    t->cx.who.user = 20;
    t->cx.real = 10;
    T_OK(&t->cx, event_write(&t->cx, &(struct event){.kind = EVENT_EXPORT_BEGUN, .detail = S("{\"entity\":\"person\"}"), .n = event_n(0)}, NULL));
    T_OK(&t->cx, event_write(&t->cx, &(struct event){.kind = EVENT_EXPORT_DONE, .n = event_n(3)}, NULL));
    t->cx.who.user = 0;
    t->cx.real = 0;
    T_INT(one_int(t, S("SELECT n FROM security_event WHERE kind = 'export.begun' AND who = 10 AND detail = '{\"as\":\"20\",\"entity\":\"person\"}'")), 0);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE kind = 'export.begun' AND who = 10 AND detail = '{\"as\":\"20\",\"entity\":\"person\"}'")), 1);
    T_INT(one_int(t, S("SELECT n FROM security_event WHERE kind = 'export.done' AND who = 10 AND detail = '{\"as\":\"20\"}'")), 3);
}

static void listed(struct bed *t)
{
    struct event_row *v = NULL;
    size_t n = 0;
    int64_t next = 0, now = t->cx.now_ms, seen = 0;
    id_forget(); /* the beds before this one were years ahead */
    happened(t, EVENT_PAGE + 20);
    T_OK(&t->cx, event_write(&t->cx, &(struct event){.kind = EVENT_LOGIN_FAILED, .addr = S("198.51.100.1")}, NULL));
    T_OK(&t->cx, event_write(&t->cx, &(struct event){.kind = EVENT_LOGOUT, .who = 7, .subject = 42}, NULL));
    struct event_query q = {0};
    do {
        T_OK(&t->cx, event_list(&t->cx, &q, &v, &n, &next));
        seen += (int64_t)n;
        q.before = next;
    } while (next);
    T_INT(seen, EVENT_PAGE + 22);
    struct { struct event_query q; size_t n; } w[] = {
        {{.kind = S("login.failed")}, 1}, {{.kind = S("logout")}, 1}, {{.addr = S("198.51.100.1")}, 1}, {{.who = 42}, 1},
        {{.kind = S("login"), .addr = S("198.51.100.1")}, 1}, {{.from = now + 1000}, 0}, {{.to = now - 1000}, 0},
        {{.from = now - 1000, .to = now + 60000, .kind = S("logout")}, 1}};
    for (size_t i = 0; i < COUNT(w); i++) {
        T_OK(&t->cx, event_list(&t->cx, &w[i].q, &v, &n, &next));
        T_INT((int64_t)n, (int64_t)w[i].n);
    }
    id_floor(id_first(now + 10 * (int64_t)DAY_MS)); /* the clock was ten days ahead, and was put back */
    T_OK(&t->cx, event_write(&t->cx, &(struct event){.kind = EVENT_LOGOUT, .who = 7}, NULL));
    T_OK(&t->cx, event_list(&t->cx, &w[COUNT(w) - 1].q, &v, &n, &next));
    T_INT((int64_t)n, 2);
    id_forget();
    T(event_kind_check(&t->cx, S("log")) == E_OK && event_kind_check(&t->cx, S("lo")) == E_INVALID && event_kind_check(&t->cx, S("")) == E_OK);
    /* whatever a detail is given, it is short, and no line breaks in it */
    str long_one = arena_fmt(t->cx.a, "a\nb\x1b[31m%*s", 5000, "x"), d = event_detail(&t->cx, EVENT_KEY_WHY, long_one);
    T(d.n < EVENT_DETAIL_MAX && str_find(d, S("\n")) < 0 && str_find(d, S("\x1b")) < 0 && str_find(d, S("a\\nb")) > 0);
}

/* ---- many ---- */
enum { MANY = 60000 };
/* KONTOR_EVENTS = 1000000: as many as the page is meant for, and how long its filters take then. */
static int64_t many(void)
{
    int64_t n = MANY;
    const char *s = getenv("KONTOR_EVENTS");
    return s && str_to_int(str_from(s), &n) ? n : MANY;
}

/* Of kinds, users and addresses most rows are of a few; of each there is one that is rare. */
static enum err many_make(struct cx *cx, void *arg)
{
    int64_t n = *(int64_t *)arg, first = id_first(cx->now_ms - INT64_C(300) * DAY_MS);
    return db_exec(cx, NULL,
                   "INSERT INTO security_event (seq, at, kind, who, api_key, subject, addr, way, n, detail)"
                   " WITH RECURSIVE c(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM c WHERE i < $1)"
                   " SELECT $2 + i * 4194304 * 20000, $3 + i * 20000,"
                   " CASE WHEN i % 20000 = 7 THEN 'key.made' WHEN i % 10 < 6 THEN 'refused.hidden' WHEN i % 10 = 6 THEN 'refused.rights'"
                   " ELSE 'login' END, 100 + i % 7, 0, CASE WHEN i % 30000 = 1 THEN 555 ELSE 0 END,"
                   " CASE WHEN i % 15000 = 3 THEN '198.51.100.7' ELSE '203.0.113.9' END, 'web', 1, '' FROM c",
                   V(n), V(first), V(id_time_ms(first)));
}

static enum err analyzed(struct cx *cx, void *arg)
{
    (void)arg;
    return db_ddl(cx, S("ANALYZE security_event"));
}

static void pg_said(const struct db_rows *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_find(db_str(r, i, 0), S(" Time:")) > 0 || str_find(db_str(r, i, 0), S(" Scan")) > 0)
            fprintf(stderr, "    %.*s\n", FS(db_str(r, i, 0)));
}

static void line_is_good(str line, bool by_number)
{
    bool good = str_has_prefix(line, S("SEARCH")) && str_find(line, S("TEMP B-TREE")) < 0;
    bool named = str_find(line, by_number ? S("PRIMARY KEY") : S("security_event_")) > 0;
    T(good && named);
    if (!good || !named) fprintf(stderr, "  %.*s\n", FS(line));
}

/* By an index that leads in the rows' order: nothing is sorted, and the table is never read through. */
static void plan_is_good(struct bed *t, const struct event_query *q, str kind, int64_t as)
{
    struct db_val v[EVENT_WALK_VALUES];
    struct db_rows r = {0};
    str sql = {0};
    if (db_is_pg(&t->cx) && !getenv("KONTOR_EVENTS")) return; /* its planner knows what is there; the time tells */
    T_OK(&t->cx, event_walk_of(&t->cx, q, kind, as, &sql, v));
    const char *explain = db_is_pg(&t->cx) ? "EXPLAIN ANALYZE" : "EXPLAIN QUERY PLAN";
    T_OK(&t->cx, db_run(&t->cx, &r, NULL, arena_fmt(t->cx.a, "%s %.*s", explain, FS(sql)), v, COUNT(v)));
    if (db_is_pg(&t->cx)) return pg_said(&r);
    for (size_t i = 0; i < r.n; i++) line_is_good(db_str(&r, i, r.cols - 1), !kind.n && !as && !q->addr.n);
    T(r.n > 0);
}

static void of_many(struct bed *t)
{
    int64_t n = many(), now = t->cx.now_ms;
    T_OK(&t->cx, db_write_bulk(&t->cx, many_make, &n));
    if (db_is_pg(&t->cx)) T_OK(&t->cx, db_write(&t->cx, analyzed, NULL));
    const struct event_query q[] = {
        {0}, {.kind = S("login")}, {.kind = S("key.made")}, {.kind = S("refused")}, {.who = 103}, {.who = 555}, {.who = 9},
        {.addr = S("203.0.113.9")}, {.addr = S("198.51.100.7")}, {.addr = S("none")}, {.kind = S("key"), .who = 101},
        {.kind = S("login"), .who = 555}, {.kind = S("refused"), .addr = S("198.51.100.7")}, {.kind = S("key.made"), .addr = S("203.0.113.9")},
        {.from = now - INT64_C(299) * DAY_MS, .to = now - INT64_C(298) * DAY_MS}, {.who = 103, .to = now - INT64_C(299) * DAY_MS},
        {.kind = S("logout")}, {.who = 103, .addr = S("203.0.113.9")}};
    for (size_t i = 0; i < COUNT(q); i++) {
        struct event_row *v = NULL;
        size_t got = 0;
        int64_t next = 0, best = INT64_MAX;
        for (int turn = 0; turn < 3; turn++) {
            int64_t from = os_mono_us();
            T_OK(&t->cx, event_list(&t->cx, &q[i], &v, &got, &next));
            int64_t us = os_mono_us() - from;
            if (us < best) best = us;
        }
        if (getenv("KONTOR_EVENTS")) fprintf(stderr, "  %s %2zu: %" PRId64 " us, %zu rows\n", db_is_pg(&t->cx) ? "pg" : "sqlite", i, best, got);
        for (size_t k = 1; k < got; k++) T(v[k].seq < v[k - 1].seq);
        str kind = q[i].kind;
        for (size_t k = 0; k < EVENT_N; k++)
            if (kind.n && event_is_of(kind, event_kinds[k].name)) plan_is_good(t, &q[i], event_kinds[k].name, q[i].who ? 1 : 0);
        if (!kind.n) plan_is_good(t, &q[i], S(""), q[i].who ? 2 : 0);
    }
}

/* ---- out of the machine ---- */
static int logger(struct bed *t, str path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const struct timeval wait = {.tv_usec = 200000};
    memcpy(to.sun_path, path.p, path.n);
    (void)unlink(to.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    T(fd >= 0 && bind(fd, (const struct sockaddr *)(const void *)&to, sizeof to) == 0);
    T(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
    (void)t;
    return fd;
}

static size_t sent_on(struct bed *t, struct event_sink *s, size_t want)
{
    size_t all = 0, n = 0;
    for (int i = 0; i < 100 && all < want; i++) {
        T_OK(&t->cx, events_out(&t->cx, s, &n));
        all += n;
        if (!n) (void)usleep(50000); /* PostgreSQL: not final yet */
    }
    return all;
}

static str line_of(struct bed *t, int fd)
{
    char *to = arena_get(t->cx.a, OUT_LINE_MAX);
    ssize_t n = recv(fd, to, OUT_LINE_MAX, 0);
    return n > 0 ? (str){to, (size_t)n} : S("");
}

/* Each event once, in order, from when it was turned on; while the logger is away, none is lost. */
static void sent(struct bed *t)
{
    struct event_sink *s = NULL;
    enum event_out how = OUT_OFF;
    size_t n = 0;
    str path = arena_fmt(t->cx.a, "%.*s/log", FS(t->folder));
    T(event_out_of(&t->cx, S("there"), &how) == E_INVALID && event_out_of(&t->cx, S("syslog"), &how) == E_OK && how == OUT_SYSLOG);
    T(event_sink_open(&t->cx, OUT_SYSLOG, path, &s) == E_INVALID && s == NULL);
    int fd = logger(t, path);
    happened(t, 3);
    settled(t); /* what is not final yet is not from before */
    T_OK(&t->cx, event_sink_open(&t->cx, OUT_SYSLOG, path, &s));
    T_OK(&t->cx, events_out(&t->cx, s, &n)); /* from now on */
    for (int i = 0; i < 10; i++, usleep(20000)) T_OK(&t->cx, events_out(&t->cx, s, &n));
    while (line_of(t, fd).n) continue;
    happened(t, 1);
    T_OK(&t->cx, event_write(&t->cx, &(struct event){.kind = EVENT_LOGIN_FAILED, .api_key = 5, .addr = S("a\"]\n\\b"), .detail = S("{\"by\":\"sso\",\"filter\":[\"a\",\"b]\"],\"search\":true}")}, NULL));
    T_INT((int64_t)sent_on(t, s, 2), 2);
    str a = line_of(t, fd), b = line_of(t, fd);
    T(str_has_prefix(a, S("<85>1 20")) && str_find(a, S(" kontor ")) > 0 && str_find(a, S(" login [kontor@32473 seq=\"")) > 0 && str_find(a, S("who=\"7\"")) > 0);
    T(str_has_prefix(b, S("<84>1 20")) && str_find(b, S("addr=\"a\\\"\\]?\\\\b\"")) > 0 && str_find(b, S(" key=\"5\" ")) > 0 && str_has_suffix(b, S(" n=\"1\"][detail@32473 by=\"sso\" filter=\"a\" filter=\"b\\]\" search=\"true\"]")) && str_find(b, S("\n")) < 0);
    T_INT((int64_t)line_of(t, fd).n, 0);
    (void)close(fd);
    event_sink_close(&s);
    T(s == NULL);
    event_sink_close(&s);
}

/* The logger goes away, and comes back. */
static void away(struct bed *t)
{
    struct event_sink *s = NULL;
    size_t n = 0;
    str path = arena_fmt(t->cx.a, "%.*s/log", FS(t->folder));
    int fd = logger(t, path);
    T_OK(&t->cx, event_sink_open(&t->cx, OUT_SYSLOG, path, &s));
    T_OK(&t->cx, events_out(&t->cx, s, &n));
    (void)close(fd);
    happened(t, 2);
    enum err e = E_OK;
    for (int i = 0; i < 100 && e == E_OK; i++, usleep(20000)) e = events_out(&t->cx, s, &n);
    T(e == E_BUSY);
    fd = logger(t, path);
    T_INT((int64_t)sent_on(t, s, 2), 2);
    T(line_of(t, fd).n > 0 && line_of(t, fd).n > 0 && line_of(t, fd).n == 0);
    (void)close(fd);
    event_sink_close(&s);
}

static void both(void)
{
    if (getenv("KONTOR_EVENTS")) return bed_both(of_many);
    static void (*const all[])(struct bed *) = {forged, hidden, trimmed, torn, fresh, kept, lost, twice, counted, one_of_many, faults, in_truth, listed, of_many, sent, away};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
}

TESTS("event", both)
