/* SPDX-License-Identifier: MIT */
/* audit/mark.c - the marks of an erasure: what it left of the rows that it took values out of.
 *
 * audit_erased.mac is base64url of the row's digest as the erasure left it and the key's word for that digest, the row,
 * the erasure and the mark's number: so each mark can be looked at by itself, also when a newer one has followed. */
#include "audit/audit_int.h"

#include "os/os.h"

enum { TEXT_BYTES = DIGEST_BYTES + MARK_BYTES };

static void numbers_add(crypto_generichash_state *st, const struct mark *m)
{
    const int64_t of[3] = {m->e.seq, m->erasure, m->n};
    for (int i = 0; i < 24; i++) {
        unsigned char byte = (unsigned char)((uint64_t)of[i / 8] >> (56 - 8 * (i % 8)));
        (void)crypto_generichash_update(st, &byte, 1);
    }
    (void)crypto_generichash_update(st, m->e.digest, sizeof m->e.digest);
}

void mark_mac(const struct audit_keys *k, const struct mark *m, unsigned char ret[MARK_BYTES])
{
    crypto_generichash_state st;
    (void)crypto_generichash_init(&st, k->mark, sizeof k->mark, MARK_BYTES);
    numbers_add(&st, m);
    (void)crypto_generichash_final(&st, ret, MARK_BYTES);
}

static str mark_text(struct cx *cx, const struct mark *m)
{
    unsigned char raw[TEXT_BYTES];
    memcpy(raw, m->e.digest, DIGEST_BYTES);
    memcpy(raw + DIGEST_BYTES, m->mac, MARK_BYTES);
    return os_base64(cx->a, OS_BASE64URL, raw, sizeof raw);
}

bool mark_get(struct cx *cx, const struct db_val *row, struct mark *ret)
{
    size_t n = 0;
    *ret = (struct mark){.e.seq = row[0].i, .erasure = row[1].i, .n = row[2].i};
    const unsigned char *raw = row[4].t == DB_TEXT ? os_unbase64(cx->a, OS_BASE64URL, row[4].s, &n) : NULL;
    if (!raw || n != TEXT_BYTES) return false;
    memcpy(ret->e.digest, raw, DIGEST_BYTES);
    memcpy(ret->mac, raw + DIGEST_BYTES, MARK_BYTES);
    return true;
}

void marks_sum_begin(struct marks_sum *s)
{
    s->n = 0;
    (void)crypto_generichash_init(&s->st, NULL, 0, MAC_BYTES);
}

void marks_sum_add(struct marks_sum *s, const struct mark *m)
{
    s->n++;
    numbers_add(&s->st, m);
    (void)crypto_generichash_update(&s->st, m->mac, MARK_BYTES);
}

str marks_sum_end(struct cx *cx, struct marks_sum *s)
{
    unsigned char all[MAC_BYTES];
    (void)crypto_generichash_final(&s->st, all, sizeof all);
    return os_base64(cx->a, OS_BASE64URL, all, sizeof all);
}

static enum err mark_one(struct cx *cx, const struct audit_keys *k, str key, int64_t erasure, int64_t seq)
{
    struct db_rows r = {0}, last = {0};
    struct mark m = {.erasure = erasure};
    TRY(db_query(cx, &r,
                 "SELECT seq, at, who, way, batch, entity, record, op, version, old, api_key FROM change "
                 "WHERE seq = $1",
                 V(seq)));
    if (!r.n) return E_OK;
    TRY(db_query(cx, &last, "SELECT coalesce(max(n), 0) FROM audit_erased WHERE seq = $1", V(seq)));
    m.n = db_int(&last, 0, 0) + 1;
    row_digest(cx, k, r.v, &m.e);
    mark_mac(k, &m, m.mac);
    return db_exec(cx, NULL,
                   "INSERT INTO audit_erased (seq, erasure, n, key, mac) VALUES ($1, $2, $3, $4, $5)"
                   " ON CONFLICT (seq, erasure) DO UPDATE SET n = excluded.n, key = excluded.key, mac = excluded.mac",
                   V(seq), V(erasure), V(m.n), V(key), V(mark_text(cx, &m)));
}

enum err audit_mark(struct cx *cx, const struct vault *v, int64_t erasure, const int64_t *seq,
                    size_t n)
{
    struct audit_keys k;
    str key = {0};
    enum err e = E_OK;
    if (!v || !n) return E_OK;
    TRY(audit_keys_of(cx, v, S(""), &k, &key));
    for (size_t i = 0; e == E_OK && i < n; i++) {
        struct arena_mark m = arena_mark(cx->a);
        e = mark_one(cx, &k, key, erasure, seq[i]);
        if (e == E_OK) arena_back(cx->a, m);
    }
    sodium_memzero(&k, sizeof k);
    return e;
}

static enum err told_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct arena_mark back = arena_mark(cx->a);
    struct mark m;
    if (cols != 5) return E_INTERNAL;
    (void)mark_get(cx, row, &m); /* one that is none is summed as it stands: audit_verify names it */
    marks_sum_add(arg, &m);
    arena_back(cx->a, back);
    return E_OK;
}

enum err audit_marks_told(struct cx *cx, int64_t erasure, str *ret)
{
    struct marks_sum s;
    struct db_val of = V(erasure);
    marks_sum_begin(&s);
    TRY(db_each(cx, S("SELECT " MARK_COLS " FROM audit_erased WHERE erasure = $1 ORDER BY seq"), &of, 1, told_row, &s));
    str all = marks_sum_end(cx, &s);
    *ret = arena_fmt(cx->a, "{\"@erasure\":\"%" PRId64 "\",\"@marks\":%" PRId64 ",\"@digest\":\"%.*s\"}", erasure, s.n,
                     FS(all));
    return E_OK;
}
