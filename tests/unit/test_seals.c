/* SPDX-License-Identifier: MIT */
/* The chain of seals where several write: two programs that seal at once, a command beside a server; and faults that were
 * looked into (kontor audit accept). */
#include "audit/audit_int.h"
#include "audit_make.h"
#include "base/time.h"
#include "db/db_int.h"
#include "os/os.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static int64_t one_int(struct bed *t, str sql)
{
    struct db_rows r = {0};
    T_OK(&t->cx, db_run(&t->cx, &r, NULL, sql, NULL, 0));
    return r.n ? db_int(&r, 0, 0) : 0;
}

static void happened(struct bed *t, int n)
{
    for (int i = 0; i < n; i++)
        T_OK(&t->cx, event_write(&t->cx, &(struct event){.kind = EVENT_LOGIN, .who = 7}, NULL));
}

/* Until all is sealed; PostgreSQL: what other databases' transactions put off comes later. */
static void seal_all(struct bed *t, const struct vault *v)
{
    for (int i = 0; i < 600; i++) {
        size_t n = 1;
        while (n) T_OK(&t->cx, audit_seal(&t->cx, v, &n));
        struct audit_report r = looked(t, v, NULL);
        if (r.open == 0) return;
        (void)usleep(50000);
    }
    T(false);
}

/* ---- two programs ---- */
enum { PROGRAMS = 3, EVENTS_EACH = 120 };
struct program {
    str url;
    const struct vault *v;
    _Atomic int *writing;
    int64_t sealed;
    bool writes, fine;
};

static str url_of(struct bed *t)
{
    if (!db_is_pg(&t->cx)) return arena_fmt(t->cx.a, "sqlite:%.*s/k.db", FS(t->folder));
    return arena_fmt(t->cx.a, "%s/%s", getenv("KONTOR_TEST_PG"), t_last_part(t->folder));
}

static bool one_turn(struct cx *cx, struct program *p, int i)
{
    size_t n = 0;
    bool fine = true;
    cx->now_ms = clock_ms() - (p->writes ? 0 : 3000); /* its clock goes after */
    if (i < EVENTS_EACH) fine = event_write(cx, &(struct event){.kind = EVENT_LOGOUT, .who = 8}, NULL) == E_OK;
    fine &= audit_seal(cx, p->v, &n) == E_OK;
    p->sealed += (int64_t)n;
    return fine;
}

/* Its own connections, as another process has; half of them are behind in time. */
static void *program(void *arg)
{
    struct program *p = arg;
    struct cx cx = {.a = arena_new(), .lang = S("en"), .way = WAY_SYSTEM};
    struct dbase *b = NULL;
    struct db_opts o = {.url = p->url, .readers = 2};
    p->fine = dbase_open(&cx, &o, &b) == E_OK;
    cx.db = p->fine ? db_get(b) : NULL;
    for (int i = 0; p->fine && i < 2 * EVENTS_EACH; i++) p->fine = one_turn(&cx, p, i);
    if (cx.db) db_put(&cx.db);
    dbase_close(&b);
    arena_free(&cx.a);
    return NULL;
}

static void at_once(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    struct program p[PROGRAMS];
    pthread_t thread[PROGRAMS];
    for (int i = 0; i < PROGRAMS; i++) {
        p[i] = (struct program){.url = url_of(t), .v = v, .writes = i % 2 == 0};
        T(pthread_create(&thread[i], NULL, program, &p[i]) == 0);
    }
    for (int i = 0; i < PROGRAMS; i++) (void)pthread_join(thread[i], NULL);
    for (int i = 0; i < PROGRAMS; i++) T(p[i].fine);
    seal_all(t, v);
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 0 && r.open == 0 && r.events == PROGRAMS * EVENTS_EACH);
    T_INT(one_int(t, S("SELECT count(*) FROM audit_seal")), one_int(t, S("SELECT max(n) FROM audit_seal")));
    T_INT(one_int(t, S("SELECT CAST(sum(rows) AS BIGINT) FROM audit_seal WHERE log = 1")), r.events); /* none twice */
    int busy = 0;
    for (int i = 0; i < PROGRAMS; i++) busy += p[i].sealed > 0;
    T(busy >= 2); /* else it was no race */
    vault_close(&v);
}

/* A command beside the server, whose numbers know nothing of the server's: its event does not come before the seal. */
static void beside(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    int64_t now = t->cx.now_ms;
    happened(t, 3);
    seal_all(t, v);
    id_forget();
    t->cx.now_ms = now - 60000;
    happened(t, 1);
    t->cx.now_ms = now;
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 0 && r.open == 1);
    seal_all(t, v);
    r = looked(t, v, NULL);
    T(r.faults == 0 && r.events == 4);
    vault_close(&v);
}

/* ---- accepted ---- */
static int64_t old_seal(struct bed *t, const struct vault *v, int days, int n)
{
    int64_t now = t->cx.now_ms;
    t->cx.now_ms = now - (int64_t)days * DAY_MS + one_int(t, S("SELECT count(*) FROM audit_seal")) * 60000;
    id_forget(); /* their numbers are of that time, too */
    happened(t, n);
    seal_all(t, v);
    t->cx.now_ms = now;
    return one_int(t, S("SELECT max(n) FROM audit_seal WHERE log = 1"));
}

static int64_t log_ins(struct bed *t) { return one_int(t, S("SELECT count(*) FROM security_event WHERE kind = 'login'")); }

/* A row was changed: nothing old goes until somebody says that he has seen it, and all is told of for good. */
static void accepted(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    int64_t seal = old_seal(t, v, 1000, 3);
    (void)old_seal(t, v, 1000, 3);
    behind_the_back(t, S("UPDATE security_event SET who = 99 WHERE seq = (SELECT min(seq) FROM security_event) AND who = $1"), 7);
    int64_t now = t->cx.now_ms;
    t->cx.now_ms = now - INT64_C(450) * DAY_MS;
    T(event_tidy(&t->cx, v) == E_PRECOND);
    T(audit_accept(&t->cx, v, seal, S(" ")) == E_INVALID && audit_accept(&t->cx, v, 9999, S("why")) == E_NOTFOUND);
    T(audit_accept(&t->cx, NULL, seal, S("why")) == E_PRECOND);
    T_INT(one_int(t, S("SELECT count(*) FROM security_event WHERE kind = 'log.accepted'")), 0);
    T_OK(&t->cx, audit_accept(&t->cx, v, seal, S("Platte \"defekt\", Zeile war falsch")));
    seal_all(t, v);
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 1 && r.faults_accepted == 1 && r.n_accepted == 1 && r.first[0].accepted && r.first[0].seal == seal);
    T_STR(r.accepted[0].reason, S("Platte \"defekt\", Zeile war falsch"));
    T_OK(&t->cx, event_tidy(&t->cx, v));
    T_INT(log_ins(t), 0);
    seal_all(t, v);
    r = looked(t, v, NULL);
    T(r.faults == 0 && r.n_accepted == 1 && r.accepted[0].seal == seal);
    /* when its own time is over it is said anew */
    t->cx.now_ms = now;
    T_OK(&t->cx, event_tidy(&t->cx, v));
    seal_all(t, v);
    r = looked(t, v, NULL);
    T(r.faults == 0 && r.n_accepted == 1 && r.accepted[0].at == t->cx.now_ms);
    T_STR(r.accepted[0].reason, S("Platte \"defekt\", Zeile war falsch"));
    vault_close(&v);
}

/* So it is with a seal that was changed itself: that is a fault for good. What is fresh stays, whatever was accepted. */
static void accepted_seal(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    int64_t seal = old_seal(t, v, 500, 2);
    happened(t, 2);
    seal_all(t, v);
    int64_t young = one_int(t, S("SELECT max(n) FROM audit_seal WHERE log = 1"));
    behind_the_back(t, S("UPDATE audit_seal SET at = at - 1 WHERE n = $1"), seal);
    behind_the_back(t, S("UPDATE audit_seal SET at = 0 WHERE n = $1"), young);
    T(event_tidy(&t->cx, v) == E_PRECOND);
    T_OK(&t->cx, audit_accept(&t->cx, v, seal, S("seen")));
    T_OK(&t->cx, audit_accept(&t->cx, v, young, S("seen")));
    T(event_tidy(&t->cx, v) == E_PRECOND);
    T_INT(log_ins(t), 2);
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 2 && r.faults_accepted == 2 && r.n_accepted == 2);
    vault_close(&v);
}

/* Who has the base alone accepts nothing: neither with a word of his own nor with a true one for another seal. */
static void forged(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key"), *other = key_of(t, "other.key");
    int64_t seal = old_seal(t, v, 500, 2), next = old_seal(t, v, 500, 2);
    behind_the_back(t, S("UPDATE security_event SET who = 99 WHERE seq = (SELECT min(seq) FROM security_event) AND who = $1"), 7);
    T_OK(&t->cx, audit_accept(&t->cx, other, seal, S("mine")));
    T_OK(&t->cx, audit_accept(&t->cx, v, next, S("true")));
    behind_the_back(t, S("UPDATE security_event SET subject = subject - 1 WHERE kind = 'log.accepted' AND subject = $1"), next);
    T(event_tidy(&t->cx, v) == E_PRECOND);
    T_INT(log_ins(t), 4);
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 1 && r.faults_accepted == 0 && r.n_accepted == 0);
    vault_close(&v);
    vault_close(&other);
}

static void both(void)
{
    static void (*const all[])(struct bed *) = {at_once, beside, accepted, accepted_seal, forged};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
}

TESTS("seals", both)
