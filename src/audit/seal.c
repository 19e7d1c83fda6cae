/* SPDX-License-Identifier: MIT */
/* audit/seal.c - digests and seals.
 *
 * audit_seal.body holds 27 letters a row (base64url of the row's number and 96 bits of digest). On PostgreSQL rows are
 * sealed in the order in which their transactions became final (db_changes), so numbers may go back. */
#include "audit/audit_int.h"

#include "os/os.h"

#include <sodium.h>

enum {
    ENTRY_BYTES = 8 + DIGEST_BYTES,
    BODY_MAX = AUDIT_SLICE * ENTRY_CHARS,
    B64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING
};

enum err audit_keys_of(struct cx *cx, const struct vault *v, str name, struct audit_keys *ret, str *ret_name)
{
    TRY(vault_subkey(cx, v, name, S("audit row"), ret->row, ret_name));
    TRY(vault_subkey(cx, v, name, S("audit seal"), ret->seal, ret_name));
    TRY(vault_subkey(cx, v, name, S("audit event seal"), ret->event, ret_name));
    return vault_subkey(cx, v, name, S("audit mark"), ret->mark, ret_name);
}

/* Each value with its length before it: no two rows give the same bytes. */
void row_digest(struct cx *cx, const struct audit_keys *k, const struct db_val *row, struct entry *ret)
{
    crypto_generichash_state st;
    struct arena_mark m = arena_mark(cx->a);
    ret->seq = row[0].i;
    (void)crypto_generichash_init(&st, k->row, sizeof k->row, sizeof ret->digest);
    size_t n = row[AUDIT_COLS - 1].t == DB_INT && row[AUDIT_COLS - 1].i ? AUDIT_COLS : AUDIT_COLS - 1;
    for (size_t i = 0; i < n; i++) {
        const struct db_val *v = &row[i];
        str text = v->t == DB_INT ? arena_fmt(cx->a, "%" PRId64, v->i) : v->t == DB_TEXT ? v->s : S("");
        str head = arena_fmt(cx->a, "%c%zu:", v->t == DB_NULL ? '-' : '+', text.n);
        (void)crypto_generichash_update(&st, (const unsigned char *)head.p, head.n);
        if (text.n) (void)crypto_generichash_update(&st, (const unsigned char *)text.p, text.n);
    }
    (void)crypto_generichash_final(&st, ret->digest, sizeof ret->digest);
    arena_back(cx->a, m);
}

void entry_put(struct buf *b, const struct entry *e)
{
    unsigned char raw[ENTRY_BYTES];
    char text[ENTRY_CHARS + 1];
    for (int i = 0; i < 8; i++) raw[i] = (unsigned char)((uint64_t)e->seq >> (56 - 8 * i));
    memcpy(raw + 8, e->digest, DIGEST_BYTES);
    sodium_bin2base64(text, sizeof text, raw, sizeof raw, B64);
    buf_add(b, (str){text, ENTRY_CHARS});
}

bool entry_get(str text, struct entry *ret)
{
    unsigned char raw[ENTRY_BYTES];
    size_t n = 0;
    uint64_t seq = 0;
    if (text.n != ENTRY_CHARS || sodium_base642bin(raw, sizeof raw, text.p, text.n, NULL, &n, NULL, B64) != 0 ||
        n != sizeof raw)
        return false;
    for (int i = 0; i < 8; i++) seq = seq << 8 | raw[i];
    ret->seq = (int64_t)seq;
    memcpy(ret->digest, raw + 8, DIGEST_BYTES);
    return true;
}

str seal_body_gone(struct cx *cx, str body)
{
    unsigned char sum[MAC_BYTES];
    if (body.n && body.p[0] == '=') return body;
    (void)crypto_generichash(sum, sizeof sum, (const unsigned char *)body.p, body.n, NULL, 0);
    return arena_fmt(cx->a, "=%.*s", FS(os_base64(cx->a, OS_BASE64URL, sum, sizeof sum)));
}

str seal_mac(struct cx *cx, const struct audit_keys *k, str before, const struct seal *s)
{
    unsigned char mac[MAC_BYTES];
    str body = s->log == LOG_CHANGE ? s->body : seal_body_gone(cx, s->body);
    str all = arena_fmt(cx->a, "%.*s\n%" PRId64 "\n%" PRId64 "\n%" PRId64 "\n%.*s\n%.*s", FS(before), s->n, s->at,
                        s->rows, FS(s->key), FS(body));
    const unsigned char *key = s->log == LOG_CHANGE ? k->seal : k->event;
    (void)crypto_generichash(mac, sizeof mac, (const unsigned char *)all.p, all.n, key, sizeof k->seal);
    return os_base64(cx->a, OS_BASE64URL, mac, sizeof mac);
}

enum err audit_head(struct cx *cx, struct audit_head *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT n, mac FROM audit_seal ORDER BY n DESC LIMIT 1"));
    *ret = (struct audit_head){r.n ? db_int(&r, 0, 0) : 0, r.n ? db_str(&r, 0, 1) : S("")};
    return E_OK;
}

struct sealing {
    struct seal s;
    struct db_pos pos;
};

static const str follower[AUDIT_LOGS] = {S0("audit"), S0("audit_event")};

static enum err seal_write(struct cx *cx, void *arg)
{
    const struct sealing *g = arg;
    TRY(db_exec(cx, NULL,
                "INSERT INTO audit_seal (n, at, rows, key, body, mac, log) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                V(g->s.n), V(g->s.at), V(g->s.rows), V(g->s.key), V(g->s.body), V(g->s.mac), V(g->s.log)));
    return db_exec(cx, NULL,
                   "INSERT INTO follower (name, seq, xid) VALUES ($1, $2, $3)"
                   " ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, xid = excluded.xid",
                   V(follower[g->s.log]), V(g->pos.seq), V(g->pos.xid));
}

static enum err place(struct cx *cx, enum audit_log log, struct db_pos *ret)
{
    struct db_rows r = {0};
    *ret = (struct db_pos){0};
    TRY(db_query(cx, &r, "SELECT seq, xid FROM follower WHERE name = $1", V(follower[log])));
    if (r.n) *ret = (struct db_pos){.seq = db_int(&r, 0, 0), .xid = db_int(&r, 0, 1)};
    return E_OK;
}

/* As db_changes. */
static enum err events_behind(struct cx *cx, struct db_pos *pos, struct db_rows *ret)
{
    struct db_rows r = {0};
    if (db_is_pg(cx))
        TRY(db_query(cx, &r,
                     "SELECT " EVENT_SEALED ", xid FROM security_event WHERE (xid, seq) > ($1, $2) AND xid <"
                     " CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"
                     " ORDER BY xid, seq LIMIT $3",
                     V(pos->xid), V(pos->seq), V(AUDIT_SLICE)));
    else
        TRY(db_query(cx, &r, "SELECT " EVENT_SEALED ", 0 FROM security_event WHERE seq > $1 ORDER BY seq LIMIT $2",
                     V(pos->seq), V(AUDIT_SLICE)));
    if (r.n) *pos = (struct db_pos){db_int(&r, r.n - 1, AUDIT_COLS), db_int(&r, r.n - 1, 0)};
    *ret = r;
    return E_OK;
}

/* What is to be sealed next: changes first. */
static enum err unsealed(struct cx *cx, struct sealing *g, struct db_rows *ret)
{
    g->s.log = LOG_CHANGE;
    TRY(place(cx, LOG_CHANGE, &g->pos));
    TRY(db_changes(cx, &g->pos, AUDIT_SLICE, ret));
    if (ret->n) return E_OK;
    g->s.log = LOG_EVENT;
    TRY(place(cx, LOG_EVENT, &g->pos));
    return events_behind(cx, &g->pos, ret);
}

enum err audit_seal(struct cx *cx, const struct vault *v, size_t *ret_n)
{
    struct audit_keys k;
    struct audit_head head = {0};
    struct sealing g = {.s.at = cx->now_ms};
    struct db_rows r = {0};
    *ret_n = 0;
    TRY(audit_keys_of(cx, v, S(""), &k, &g.s.key));
    TRY(audit_head(cx, &head)); /* before the place: who is late loses by the number, never seals twice */
    TRY(unsealed(cx, &g, &r));
    if (!r.n) return E_OK;
    struct buf b = buf_new(cx->a, BODY_MAX);
    for (size_t i = 0; i < r.n; i++) {
        struct entry e = {0};
        row_digest(cx, &k, r.v + i * r.cols, &e);
        entry_put(&b, &e);
    }
    g.s.n = head.n + 1;
    g.s.rows = (int64_t)r.n;
    g.s.body = buf_str(&b);
    g.s.mac = seal_mac(cx, &k, head.mac, &g.s);
    enum err e = db_write_bulk(cx, seal_write, &g);
    sodium_memzero(&k, sizeof k);
    if (e == E_CONFLICT) return E_OK;
    TRY(e);
    *ret_n = r.n;
    return E_OK;
}
