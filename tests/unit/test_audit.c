/* SPDX-License-Identifier: MIT */
/* K01: whatever is done to the log behind the program's back is found, and named. */
#include "audit/audit_int.h"
#include "audit_make.h"
#include "os/os.h"
#include "record/record_int.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

static void people(struct bed *t, int n)
{
    const struct entity *e = ENT(&t->cx, "person");
    for (int i = 0; i < n; i++) {
        struct written w = {0};
        struct set s = {FLD(e, "name"), VAL_TEXT(arena_fmt(t->cx.a, "Anna %d", i))};
        T_OK(&t->cx, record_create(&t->cx, e, 0, &s, 1, &w));
    }
}

static size_t seal_all(struct bed *t, const struct vault *v)
{
    size_t all = 0, n = 1;
    bed_settle(t);
    while (n) {
        T_OK(&t->cx, audit_seal(&t->cx, v, &n));
        all += n;
    }
    return all;
}

static int64_t nth(struct bed *t, int64_t i)
{
    struct db_rows r = {0};
    T_OK(&t->cx, db_query(&t->cx, &r, "SELECT seq FROM change ORDER BY seq LIMIT 1 OFFSET $1", V(i)));
    return db_int(&r, 0, 0);
}

static void sealed(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    struct audit_report r = looked(t, v, NULL);
    struct db_rows had = {0};
    T_OK(&t->cx, db_query(&t->cx, &had, "SELECT count(*) FROM change"));
    int64_t before = db_int(&had, 0, 0);
    T(r.seals == 0 && r.rows == before && r.open == before && r.faults == 0 && r.head.n == 0);
    people(t, 3);
    T((int64_t)seal_all(t, v) == before + 3);
    T_INT((int64_t)seal_all(t, v), 0);
    people(t, 2);
    r = looked(t, v, NULL);
    T(r.rows == before + 5 && r.open == 2 && r.faults == 0 && r.foreign == 0);
    people(t, AUDIT_SLICE + 10);
    T_INT((int64_t)seal_all(t, v), AUDIT_SLICE + 12);
    r = looked(t, v, NULL);
    T(r.open == 0 && r.faults == 0 && r.seals >= 3 && r.head.n == r.seals && r.head.mac.n == 43);
    struct audit_head h = {0};
    T_OK(&t->cx, audit_head(&t->cx, &h));
    T(h.n == r.head.n);
    T_STR(h.mac, r.head.mac);
    people(t, 1);
    (void)seal_all(t, v);
    T_INT(looked(t, v, &h).faults, 0); /* an older head is still there */
    vault_close(&v);
    T(audit_seal(&t->cx, NULL, &(size_t){0}) == E_PRECOND);
}

/* The nth of `all` faults. */
static void a_fault(const struct audit_report *r, size_t i, enum audit_fault fault, int64_t seq)
{
    T(i < r->n_first && r->first[i].fault == fault);
    T_INT(i < r->n_first ? r->first[i].seq : 0, seq);
}

static void one_fault(struct bed *t, const struct vault *v, enum audit_fault fault, int64_t seq)
{
    struct audit_report r = looked(t, v, NULL);
    T_INT(r.faults, 1);
    a_fault(&r, 0, fault, seq);
}

static void changed(struct bed *t)
{
    static const str change[] = {
        S0("UPDATE change SET who = 77 WHERE seq = $1"),    S0("UPDATE change SET at = at + 1 WHERE seq = $1"),
        S0("UPDATE change SET way = 'web' WHERE seq = $1"), S0("UPDATE change SET op = 'delete' WHERE seq = $1"),
        S0("UPDATE change SET api_key = 9 WHERE seq = $1"),
        S0("UPDATE change SET version = 9 WHERE seq = $1"), S0("UPDATE change SET old = '' WHERE seq = $1"),
        S0("UPDATE change SET record = 5 WHERE seq = $1"),  S0("UPDATE change SET entity = 'x' WHERE seq = $1"),
        S0("UPDATE change SET batch = 7 WHERE seq = $1"),   S0("UPDATE change SET old = NULL, who = NULL WHERE seq = $1")};
    struct vault *v = key_of(t, "secret.key");
    people(t, 20);
    (void)seal_all(t, v);
    for (size_t i = 0; i < COUNT(change); i++) {
        int64_t seq = nth(t, (int64_t)i + 5);
        behind_the_back(t, change[i], seq);
        struct audit_report r = looked(t, v, NULL);
        T_INT(r.faults, (int64_t)i + 1);
        a_fault(&r, i, AUDIT_CHANGED, seq);
    }
    vault_close(&v);
}

static void gone(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    people(t, 5);
    (void)seal_all(t, v);
    int64_t seq = nth(t, 2), last = 0;
    behind_the_back(t, S("DELETE FROM change WHERE seq = $1"), seq);
    one_fault(t, v, AUDIT_MISSING, seq);
    last = nth(t, 2);
    behind_the_back(t, S("UPDATE change SET seq = seq + 1 WHERE seq = $1"), last); /* moved: gone here, added there */
    struct audit_report r = looked(t, v, NULL);
    T_INT(r.faults, 3);
    a_fault(&r, 1, AUDIT_MISSING, last);
    a_fault(&r, 2, AUDIT_ADDED, last + 1);
    vault_close(&v);
}

static void added(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    people(t, 5);
    (void)seal_all(t, v);
    int64_t seq = nth(t, 2);
    behind_the_back(t, S("INSERT INTO change (seq, at, who, way, batch, entity, record, op, version, old)"
                         " SELECT seq + 1, at, who, way, batch, entity, record, op, version, old FROM change WHERE seq = $1"), seq);
    if (db_is_pg(&t->cx)) /* as if it had come with the others */
        behind_the_back(t, S("UPDATE change SET xid = (SELECT min(xid) FROM change) WHERE seq = $1 + 1"), seq);
    one_fault(t, v, AUDIT_ADDED, seq + 1);
    vault_close(&v);
}

static void seals(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key"), *other = key_of(t, "other.key");
    struct audit_head h = {0};
    for (int i = 0; i < 4; i++) {
        people(t, 2);
        (void)seal_all(t, v);
    }
    T_OK(&t->cx, audit_head(&t->cx, &h));
    behind_the_back(t, S("UPDATE audit_seal SET at = at + 1 WHERE n = $1"), 2);
    one_fault(t, v, AUDIT_SEAL, 2);
    behind_the_back(t, S("UPDATE audit_seal SET at = at - 1 WHERE n = $1"), 2);
    T_INT(looked(t, v, NULL).faults, 0);
    /* a seal by another's key, in the place of ours */
    people(t, 1);
    size_t n = 0;
    bed_settle(t);
    T_OK(&t->cx, audit_seal(&t->cx, other, &n));
    T_INT((int64_t)n, 1);
    struct audit_report r = looked(t, v, NULL);
    T_INT(r.faults, 1); /* behind ours nobody else seals */
    a_fault(&r, 0, AUDIT_SEAL, h.n + 1);
    r = looked(t, other, NULL); /* to him who has lost ours it is the first of his own */
    T(r.faults == 0 && r.foreign > 0);
    behind_the_back(t, S("DELETE FROM audit_seal WHERE n = $1"), h.n + 1);
    behind_the_back(t, S("UPDATE follower SET seq = seq - 1 WHERE name = 'audit' AND seq > $1"), 0);
    /* the tail cut off, the log with it: only a head that was kept elsewhere tells */
    r = looked(t, v, &h);
    T_INT(r.faults, 0);
    behind_the_back(t, S("DELETE FROM audit_seal WHERE n = $1"), h.n);
    r = looked(t, v, &h);
    T(r.faults >= 1);
    a_fault(&r, r.n_first - 1, AUDIT_CUT, h.n);
    struct audit_head wrong = {1, S("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")};
    r = looked(t, v, &wrong);
    a_fault(&r, r.n_first - 1, AUDIT_CUT, 1);
    /* one from the middle */
    behind_the_back(t, S("DELETE FROM audit_seal WHERE n = $1"), 2);
    r = looked(t, v, NULL);
    bool named = false;
    for (size_t i = 0; i < r.n_first; i++) named |= r.first[i].fault == AUDIT_SEAL && r.first[i].seq == 2;
    T(named);
    vault_close(&v);
    vault_close(&other);
}

/* Several seal at once: every row once. */
struct crowd {
    struct cx cx; /* as it was before anybody began */
    struct dbase *b;
    const struct vault *v;
};
static void *sealing(void *arg)
{
    const struct crowd *c = arg;
    struct cx cx = c->cx;
    cx.a = arena_new();
    cx.db = db_get(c->b);
    for (int i = 0; i < 30; i++) {
        size_t n = 0;
        enum err e = audit_seal(&cx, c->v, &n);
        T(e == E_OK || e == E_BUSY);
    }
    db_put(&cx.db);
    arena_free(&cx.a);
    return NULL;
}

static void together(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    pthread_t th[4];
    people(t, 50);
    struct crowd c = {t->cx, t->b, v};
    for (size_t i = 0; i < COUNT(th); i++) T_OK(&t->cx, os_thread(&t->cx, "seal", 0, sealing, &c, &th[i]));
    people(t, 50);
    for (size_t i = 0; i < COUNT(th); i++) T(pthread_join(th[i], NULL) == 0);
    (void)seal_all(t, v);
    struct db_rows r = {0};
    T_OK(&t->cx, db_query(&t->cx, &r, "SELECT CAST(sum(rows) AS BIGINT), (SELECT count(*) FROM change) FROM audit_seal"));
    T_INT(db_int(&r, 0, 0), db_int(&r, 0, 1));
    T_INT(looked(t, v, NULL).faults, 0);
    vault_close(&v);
}

/* The thread does it by itself. */
static void by_itself(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    struct sealer *s = NULL;
    struct audit_report r = {0};
    T_OK(&t->cx, sealer_start(&t->cx, t->b, v, NULL, S(""), &s));
    people(t, 5);
    for (int i = 0; i < 100 && (i == 0 || r.open); i++) {
        (void)usleep(100000);
        r = looked(t, v, NULL);
    }
    T(r.open == 0 && r.faults == 0 && r.head.n > 0);
    sealer_stop(&s);
    T(s == NULL);
    vault_close(&v);
}

/* ---- the head in the system log ---- */

/* It is told once an hour, and only a newer one; the thread does so by itself. */
static void told_hourly(struct bed *t)
{
    enum { HOUR = 3600 * 1000, BEGIN = 5000 };
    static const struct {
        int64_t at;
        bool more, told;
    } looks[] = {{BEGIN, true, true},           {BEGIN + 1, true, false},    {BEGIN + HOUR - 1, true, false}, {BEGIN + HOUR, false, true},
                 {BEGIN + 2 * HOUR, false, false}, {BEGIN + 3 * HOUR, true, true}, {BEGIN + 4 * HOUR - 1, true, false}};
    struct cx *cx = &t->cx;
    struct vault *v = key_of(t, "secret.key");
    struct head_told told = {0};
    struct sealer *s = NULL;
    int was = 0;
    int64_t all = 0;
    const char *log = t_log_away(t->cx.a, t->folder, &was);
    for (size_t i = 0; i < COUNT(looks); i++) {
        struct audit_head h = {0};
        if (looks[i].more) people(t, 1);
        (void)seal_all(t, v);
        head_tell(cx, &told, looks[i].at);
        T_OK(cx, audit_head(cx, &h));
        all += looks[i].told;
        T_INT(t_times_in(log, S("room=audit")), all);
        if (looks[i].told) T_INT(t_times_in(log, arena_fmt(cx->a, "head %" PRId64 ":%.*s", h.n, FS(h.mac))), 1);
    }
    T_OK(cx, sealer_start(cx, t->b, v, NULL, S(""), &s));
    people(t, 1);
    bed_settle(t);
    sealer_stop(&s);
    t_log_back(was);
    T_INT(t_times_in(log, S("head ")), all + 1);
    vault_close(&v);
}

/* What its thread keeps outside of the base tells of an end that was cut off with its seals, and is left then. */
static void kept_beside(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = key_of(t, "secret.key");
    str path = arena_fmt(cx->a, "%.*s/" AUDIT_KEPT, FS(t->folder));
    struct audit_head first = {0}, last = {0};
    bool has = false;
    T_OK(cx, audit_kept_read(cx, path, &first));
    T_INT(first.n, 0);
    for (int turn = 0; turn < 2; turn++) {
        struct sealer *s = NULL;
        T_OK(cx, sealer_start(cx, t->b, v, NULL, path, &s));
        people(t, 5);
        bed_settle(t);
        sealer_stop(&s);
        T_OK(cx, audit_kept_read(cx, path, turn ? &last : &first));
    }
    T(first.n > 0 && last.n > first.n);
    T_OK(cx, audit_has(cx, &last, &has));
    T(has);
    T_INT(looked(t, v, &last).faults, 0);
    T_OK(cx, audit_kept_write(cx, path, &(struct audit_head){last.n, first.mac})); /* of another log */
    T_OK(cx, audit_has(cx, &(struct audit_head){last.n, first.mac}, &has));
    T(!has);
    struct sealer *s = NULL;
    T_OK(cx, sealer_start(cx, t->b, v, NULL, path, &s));
    people(t, 5);
    bed_settle(t);
    sealer_stop(&s);
    T_OK(cx, audit_kept_read(cx, path, &last));
    T_STR(last.mac, first.mac); /* not written over */
    T_INT(looked(t, v, &last).faults, 1);
    T_OK(cx, os_write_file_atomic(cx, path, S("no head\n"), 0600));
    T(audit_kept_read(cx, path, &last) == E_BAD);
    vault_close(&v);
}

/* ---- marks of erasures ---- */
struct leave {
    const struct vault *v;
    int64_t erasure, seq;
    str old;
};
static enum err leave_inside(struct cx *cx, void *arg)
{
    const struct leave *l = arg;
    TRY(db_exec(cx, NULL, "UPDATE change SET old = $2 WHERE seq = $1", V(l->seq), V(l->old)));
    return audit_mark(cx, l->v, l->erasure, &l->seq, 1);
}
static void leave(struct bed *t, const struct vault *v, int64_t erasure, int64_t seq, str old)
{
    struct leave l = {v, erasure, seq, old};
    T_OK(&t->cx, db_write(&t->cx, leave_inside, &l));
}

static enum err end_inside(struct cx *cx, void *arg)
{
    const int64_t *erasure = arg;
    int64_t seq = 0;
    str told = {0};
    TRY(audit_marks_told(cx, *erasure, &told));
    return log_write(cx, ENT(cx, "person"), 5, S("erase"), 2, told, &seq);
}
static void end(struct bed *t, const struct vault *v, int64_t erasure)
{
    T_OK(&t->cx, db_write(&t->cx, end_inside, &erasure));
    (void)seal_all(t, v);
}

static int64_t faults(struct bed *t, const struct vault *v, enum audit_fault fault, int64_t seq)
{
    struct audit_report r = looked(t, v, NULL);
    int64_t n = 0;
    for (size_t i = 0; i < r.n_first; i++) n += r.first[i].fault == fault && r.first[i].seq == seq;
    return n;
}

struct several {
    const str *sql;
    size_t n;
};
static enum err several_inside(struct cx *cx, void *arg)
{
    const struct several *s = arg;
    for (size_t i = 0; i < s->n; i++)
        if (str_has_prefix(s->sql[i], S("CREATE "))) TRY(db_ddl(cx, s->sql[i]));
        else TRY(db_run(cx, NULL, NULL, s->sql[i], NULL, 0));
    return E_OK;
}
static void all_of(struct bed *t, const str *sql, size_t n)
{
    struct several s = {sql, n};
    T_OK(&t->cx, db_write(&t->cx, several_inside, &s));
}

/* Two erasures left rows a (both), b and c; whoever has the base alone makes nothing of it. */
static void forged(struct bed *t)
{
    static const str keep[] = {S0("CREATE TABLE was AS SELECT * FROM audit_erased"),
                               S0("CREATE TABLE log_was AS SELECT seq, who, old FROM change")};
    static const str back[] = {
        S0("DELETE FROM audit_erased"), S0("INSERT INTO audit_erased SELECT * FROM was"),
        S0("UPDATE change SET who = (SELECT w.who FROM log_was w WHERE w.seq = change.seq),"
           " old = (SELECT w.old FROM log_was w WHERE w.seq = change.seq)")};
    struct vault *v = key_of(t, "secret.key");
    people(t, 9);
    (void)seal_all(t, v);
    int64_t a = nth(t, 2), b = nth(t, 3), c = nth(t, 4), free = nth(t, 5), last = 0;
    leave(t, v, 70, a, S("{\"note\":\"70\"}"));
    leave(t, v, 70, b, S("{}"));
    end(t, v, 70);
    leave(t, v, 80, a, S("{}"));
    leave(t, v, 80, c, S("{}"));
    end(t, v, 80);
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 0 && r.erased == 3);
    last = nth(t, r.rows - 1);
    struct { str sql[4]; int64_t n[4]; enum audit_fault fault; int64_t seq; } s[] = {
        /* the old value again (its seal fits), its mark stands at a row that is not there */
        {{S("UPDATE change SET old = NULL WHERE seq = $1"), S("DELETE FROM audit_erased WHERE seq = $1"),
          S("INSERT INTO audit_erased VALUES ($1, 80, 1, '', 'x')")}, {c, c, last + 1000}, AUDIT_ERASURE, last},
        {{S("INSERT INTO audit_erased VALUES ($1, 90, 1, '', 'x')")}, {last + 1000}, AUDIT_ERASURE, last + 1000},
        {{S("INSERT INTO audit_erased VALUES ($1, 90, 1, '', 'x')")}, {-1000}, AUDIT_ERASURE, -1000},
        /* or below the newer one of another */
        {{S("UPDATE change SET old = NULL WHERE seq = $1"), S("DELETE FROM audit_erased WHERE seq = $1"),
          S("INSERT INTO audit_erased SELECT $1, 80, 0, key, mac FROM was WHERE erasure = 70 ORDER BY seq LIMIT 1")},
         {c, c, b}, AUDIT_ERASURE, last},
        {{S("INSERT INTO audit_erased SELECT $1, 90, 0, key, mac FROM was WHERE n = 1 LIMIT 1")}, {a}, AUDIT_ERASURE, a},
        /* any row, with a mark of nobody's key */
        {{S("UPDATE change SET who = 77 WHERE seq = $1"), S("INSERT INTO audit_erased VALUES ($1, 90, 1, '', '')")},
         {free, free}, AUDIT_CHANGED, free},
        {{S("INSERT INTO audit_erased VALUES ($1, 90, 1, '', '')")}, {free}, AUDIT_ERASURE, free},
        {{S("UPDATE change SET who = 77 WHERE seq = $1"), S("INSERT INTO audit_erased VALUES ($1, 90, 5, 'x', 'y')")},
         {b, b}, AUDIT_CHANGED, b},
        /* as the first erasure left it: the newer mark gone, or renumbered */
        {{S("UPDATE change SET old = '{\"note\":\"70\"}' WHERE seq = $1"), S("DELETE FROM audit_erased WHERE seq = $1 AND erasure = 80")},
         {a, a}, AUDIT_ERASURE, last},
        {{S("UPDATE change SET old = '{\"note\":\"70\"}' WHERE seq = $1"), S("UPDATE audit_erased SET n = 3 WHERE seq = $1 AND erasure = 70")},
         {a, a}, AUDIT_ERASURE, a},
        {{S("UPDATE change SET old = NULL WHERE seq = $1")}, {b}, AUDIT_CHANGED, b},
    };
    all_of(t, keep, COUNT(keep));
    for (size_t i = 0; i < COUNT(s); i++) {
        for (size_t k = 0; k < 4 && s[i].sql[k].n; k++) behind_the_back(t, s[i].sql[k], s[i].n[k]);
        T_INT(faults(t, v, s[i].fault, s[i].seq), 1);
        all_of(t, back, COUNT(back));
        T_INT(looked(t, v, NULL).faults, 0);
    }
    vault_close(&v);
}

/* Not the greater id is the newer one, but the one written later; and an erasure that goes on is the newest again. */
static void in_their_order(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    people(t, 5);
    (void)seal_all(t, v);
    int64_t a = nth(t, 2);
    leave(t, v, 80, a, S("{\"note\":\"80\"}"));
    leave(t, v, 70, a, S("{\"note\":\"70\"}"));
    T_INT(looked(t, v, NULL).faults, 0);
    leave(t, v, 80, a, S("{}"));
    T_INT(looked(t, v, NULL).faults, 0);
    end(t, v, 70);
    end(t, v, 80);
    struct audit_report r = looked(t, v, NULL);
    T(r.faults == 0 && r.erased == 1);
    vault_close(&v);
}

/* A house that lost its key: what was sealed and marked with it is not looked at, and no fault. */
static void key_lost(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key"), *other = key_of(t, "other.key");
    people(t, 5);
    (void)seal_all(t, v);
    leave(t, v, 70, nth(t, 2), S("{}"));
    end(t, v, 70);
    people(t, 2);
    (void)seal_all(t, other);
    leave(t, other, 80, nth(t, 2), S("{\"n\":1}"));
    leave(t, other, 80, nth(t, 3), S("{}"));
    end(t, other, 80);
    struct audit_report r = looked(t, other, NULL);
    T(r.faults == 0 && r.foreign > 0 && r.erased == 2);
    vault_close(&v);
    vault_close(&other);
}

/* An erasure is at work while the log is looked at. */
struct erasing_on {
    struct bed *t;
    const struct vault *v;
    int64_t seq;
    atomic_bool stop;
};
static void *erasing_on(void *arg)
{
    struct erasing_on *o = arg;
    struct cx cx = o->t->cx;
    cx.a = arena_new();
    cx.db = db_get(o->t->b);
    for (int64_t i = 0; !atomic_load(&o->stop); i++) {
        struct leave l = {o->v, 100 + i % 2, o->seq, arena_fmt(cx.a, "{\"n\":%" PRId64 "}", i)};
        enum err e = db_write(&cx, leave_inside, &l);
        T(e == E_OK || e == E_BUSY);
        arena_reset(cx.a);
    }
    db_put(&cx.db);
    arena_free(&cx.a);
    return NULL;
}

static void of_one_moment(struct bed *t)
{
    struct vault *v = key_of(t, "secret.key");
    pthread_t th;
    people(t, 50);
    (void)seal_all(t, v);
    struct erasing_on o = {.t = t, .v = v, .seq = nth(t, 40)};
    for (int64_t i = 3; i < 35; i++) leave(t, v, 90, nth(t, i), S("{}"));
    T_OK(&t->cx, os_thread(&t->cx, "erase", 0, erasing_on, &o, &th));
    int64_t all = 0;
    for (int i = 0; i < 150; i++) all += looked(t, v, NULL).faults;
    atomic_store(&o.stop, true);
    T(pthread_join(th, NULL) == 0);
    T_INT(all, 0);
    vault_close(&v);
}

int main(void)
{
    static void (*const all[])(struct bed *) = {sealed, changed, gone, added, seals, together, by_itself, told_hourly, kept_beside,
                                               forged, in_their_order, key_lost, of_one_moment};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
    return t_end("audit");
}
