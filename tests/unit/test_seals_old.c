/* SPDX-License-Identifier: MIT */
/* A base of schema 22 with seals, as the program of that time made them (written down here once more), is upgraded: its
 * chain fits, goes on behind it, and tells of what is changed in it. */
#include "audit/audit_int.h"
#include "os/os.h"
#include "test_db_bed.h"

#define BOTH(n, sql)   {n, STEP_BOTH, S0(sql)},
#define SQLITE(n, sql) {n, STEP_SQLITE, S0(sql)},
#define PG(n, sql)     {n, STEP_PG, S0(sql)},
#define PG_MAY(n, sql) {n, STEP_PG_MAY, S0(sql)},
static const struct db_step steps[] = {
#include "db/schema.def"
};
enum { OLD = 22, ROWS = 30, OLD_COLS = 10, B64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING };
struct old {
    unsigned char row[32], seal[32];
    str key;
};

static void hash_text(crypto_generichash_state *st, char mark, const char *text)
{
    char head[32];
    (void)snprintf(head, sizeof head, "%c%zu:", mark, strlen(text));
    (void)crypto_generichash_update(st, (const unsigned char *)head, strlen(head));
    (void)crypto_generichash_update(st, (const unsigned char *)text, strlen(text));
}

/* seq, at, who, way, batch, entity, record, op, version, old */
static str entry_of(struct cx *cx, const struct old *o, const struct db_val *v)
{
    crypto_generichash_state st;
    unsigned char raw[8 + 12];
    char *text = arena_get(cx->a, 28);
    (void)crypto_generichash_init(&st, o->row, 32, 12);
    for (size_t i = 0; i < OLD_COLS; i++) {
        str s = v[i].t == DB_INT    ? arena_fmt(cx->a, "%" PRId64, v[i].i)
                : v[i].t == DB_TEXT ? v[i].s
                                    : S("");
        hash_text(&st, v[i].t == DB_NULL ? '-' : '+', arena_z(cx->a, s));
    }
    for (int i = 0; i < 8; i++) raw[i] = (unsigned char)((uint64_t)v[0].i >> (56 - 8 * i));
    (void)crypto_generichash_final(&st, raw + 8, 12);
    sodium_bin2base64(text, 28, raw, sizeof raw, B64);
    return (str){text, 27};
}

static str mac_of(struct cx *cx, const struct old *o, str before, int64_t n, int64_t at,
                  int64_t rows, str body)
{
    unsigned char mac[32];
    char *text = arena_get(cx->a, 44);
    str all = arena_fmt(cx->a, "%.*s\n%" PRId64 "\n%" PRId64 "\n%" PRId64 "\n%.*s\n%.*s",
                        FS(before), n, at, rows, FS(o->key), FS(body));
    (void)crypto_generichash(mac, 32, (const unsigned char *)all.p, all.n, o->seal, 32);
    sodium_bin2base64(text, 44, mac, sizeof mac, B64);
    return (str){text, 43};
}

static enum err rows_make(struct cx *cx, void *arg)
{
    (void)arg;
    for (int64_t i = 1; i <= ROWS; i++)
        TRY(db_exec(
            cx, NULL,
            "INSERT INTO change (seq, at, who, way, batch, entity, record, op, version, old)"
            " VALUES ($1, $2, $3, 'web', 0, 'person', 9, 'update', $4, $5)",
            V(i * 4194304), V(1700000000000 + i), V(i % 3), V(i),
            i % 2 ? V(S("{\"name\":\"alt\"}")) : DB_NONE));
    return E_OK;
}

static enum err seals_make(struct cx *cx, void *arg)
{
    const struct old *o = arg;
    str before = S("");
    for (int64_t n = 1; n <= 3; n++) {
        struct db_rows r = {0};
        struct buf b = buf_new(cx->a, 4096);
        TRY(db_query(cx, &r,
                     "SELECT seq, at, who, way, batch, entity, record, op, version, old FROM "
                     "change ORDER BY seq LIMIT 10 OFFSET $1",
                     V((n - 1) * 10)));
        for (size_t i = 0; i < r.n; i++) buf_add(&b, entry_of(cx, o, r.v + i * r.cols));
        str body = buf_str(&b), mac = mac_of(cx, o, before, n, 1700000001000 + n, 10, body);
        TRY(db_exec(
            cx, NULL,
            "INSERT INTO audit_seal (n, at, rows, key, body, mac) VALUES ($1, $2, 10, $3, $4, $5)",
            V(n), V(1700000001000 + n), V(o->key), V(body), V(mac)));
        before = mac;
    }
    if (!db_is_pg(cx))
        return db_exec(cx, NULL, "INSERT INTO follower (name, seq, xid) VALUES ('audit', $1, 0)",
                       V(ROWS * 4194304));
    return db_exec(
        cx, NULL,
        "INSERT INTO follower (name, seq, xid) SELECT 'audit', max(seq), max(xid) FROM change");
}

static enum err one_changed(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "UPDATE change SET api_key = 5 WHERE seq = $1", V(7 * 4194304));
}

static struct audit_report looked(struct bed *t, const struct vault *v)
{
    static const struct audit_head none = {0};
    struct audit_report r = {0};
    T_OK(&t->cx, audit_verify(&t->cx, v, &none, t->folder, NULL, NULL, &r));
    return r;
}

static void old_is_whole(struct bed *t, const struct vault *v)
{
    struct audit_report r = looked(t, v);
    T(r.faults == 0 && r.seals == 3 && r.rows == ROWS && r.open == 0);
}

static void test_upgrade(void)
{
    struct bed t = bed_make((struct db_opts){0});
    struct vault *v = NULL;
    struct old o;
    int from = 0, to = 0;
    size_t n = 0, sealed = 0;
    while (n < COUNT(steps) && steps[n].n <= OLD) n++;
    T_OK(&t.cx, db_migrate_with(&t.cx, t.b, steps, n, NULL, &from, &to));
    T_INT(to, OLD);
    T_OK(&t.cx, vault_open(&t.cx, arena_fmt(t.cx.a, "%.*s/secret.key", FS(t.folder)), true, &v));
    T_OK(&t.cx, vault_subkey(&t.cx, v, S(""), S("audit row"), o.row, &o.key));
    T_OK(&t.cx, vault_subkey(&t.cx, v, S(""), S("audit seal"), o.seal, &o.key));
    T_OK(&t.cx, db_write(&t.cx, rows_make, NULL));
    T_OK(&t.cx, db_write(&t.cx, seals_make, &o));
    old_is_whole(&t, v); /* this program looks at a base that is still to be upgraded */
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    T(from == OLD && to == db_schema_latest());
    old_is_whole(&t, v);
    T_OK(&t.cx, event_write(&t.cx, &(struct event){.kind = EVENT_LOGIN, .who = 7}, NULL));
    for (int i = 0; i < 600 && !sealed; i++) {
        T_OK(&t.cx, audit_seal(&t.cx, v, &sealed));
        if (!sealed) (void)usleep(50000); /* PostgreSQL: not final yet */
    }
    struct audit_report r = looked(&t, v);
    T(r.faults == 0 && r.seals == 4 && r.events == 1 && r.open == 0);
    T_OK(&t.cx, db_write(&t.cx, one_changed, NULL)); /* a column that the old seals did not know */
    r = looked(&t, v);
    T(r.faults == 1 && r.first[0].fault == AUDIT_CHANGED && r.first[0].seq == 7 * 4194304 &&
      r.first[0].seal == 1);
    vault_close(&v);
    bed_end(&t);
}

static void both(void)
{
    pg_server = NULL;
    test_upgrade();
    pg_server = getenv("KONTOR_TEST_PG");
    if (pg_server) test_upgrade();
}

TESTS("seals_old", both)
