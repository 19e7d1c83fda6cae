/* SPDX-License-Identifier: MIT */
/* audit/mark.c - the marks of an erasure: what it left of the rows that it took values out of. */
#include "audit/audit_int.h"

#include "os/os.h"

#include <sodium.h>

void row_mark(struct cx *cx, const struct audit_keys *k, const struct db_val *row, int64_t erasure,
              unsigned char ret[MARK_BYTES])
{
    crypto_generichash_state st;
    struct entry e = {0};
    row_digest(cx, k, row, &e);
    const int64_t of[2] = {e.seq, erasure};
    (void)crypto_generichash_init(&st, k->mark, sizeof k->mark, MARK_BYTES);
    for (int i = 0; i < 16; i++) {
        unsigned char byte = (unsigned char)((uint64_t)of[i / 8] >> (56 - 8 * (i % 8)));
        (void)crypto_generichash_update(&st, &byte, 1);
    }
    (void)crypto_generichash_update(&st, e.digest, sizeof e.digest);
    (void)crypto_generichash_final(&st, ret, MARK_BYTES);
}

static enum err mark_one(struct cx *cx, const struct audit_keys *k, str key, int64_t erasure,
                         int64_t seq)
{
    struct db_rows r = {0};
    unsigned char mark[MARK_BYTES];
    TRY(db_query(cx, &r,
                 "SELECT seq, at, who, way, batch, entity, record, op, version, old FROM change "
                 "WHERE seq = $1",
                 V(seq)));
    if (!r.n) return E_OK;
    row_mark(cx, k, r.v, erasure, mark);
    return db_exec(
        cx, NULL,
        "INSERT INTO audit_erased (seq, erasure, key, mac) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (seq, erasure) DO UPDATE SET key = excluded.key, mac = excluded.mac",
        V(seq), V(erasure), V(key), V(os_base64(cx->a, OS_BASE64URL, mark, sizeof mark)));
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

enum err audit_marks_told(struct cx *cx, int64_t erasure, str *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT count(*) FROM audit_erased WHERE erasure = $1", V(erasure)));
    *ret = arena_fmt(cx->a, "{\"@erasure\":\"%" PRId64 "\",\"@marks\":%" PRId64 "}", erasure,
                     db_int(&r, 0, 0));
    return E_OK;
}
