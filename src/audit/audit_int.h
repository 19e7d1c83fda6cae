/* SPDX-License-Identifier: MIT */
/* audit/audit_int.h - what the files of this room share. */
#pragma once
#include "audit/audit.h"

_Static_assert(AUDIT_SLICE == 500, "verify.c says so in SQL");
enum { AUDIT_COLS = 10, DIGEST_BYTES = 12, ENTRY_CHARS = 27, MAC_BYTES = 32, MARK_BYTES = 16 };
/* A row in a seal: its number in the log, and its digest. */
struct entry {
    int64_t seq;
    unsigned char digest[DIGEST_BYTES];
};
struct audit_keys {
    unsigned char row[32], seal[32], mark[32];
};
/* E_PRECOND: the vault does not have that key ("" = the first); *name: which it is. */
MUST enum err audit_keys_of(struct cx *cx, const struct vault *v, str name, struct audit_keys *ret, str *ret_name);
/* Of a row as db_changes gives it: seq, at, who, way, batch, entity, record, op, version, old. */
void row_digest(struct cx *cx, const struct audit_keys *k, const struct db_val *row, struct entry *ret);
void entry_put(struct buf *b, const struct entry *e);
bool entry_get(str text, struct entry *ret); /* ENTRY_CHARS of it */
struct seal {
    int64_t n, at, rows;
    str key, body, mac;
};
/* The digest of a seal behind `before`. */
str seal_mac(struct cx *cx, const struct audit_keys *k, str before, const struct seal *s);
/* The mark of a row as an erasure left it. */
void row_mark(struct cx *cx, const struct audit_keys *k, const struct db_val *row, int64_t erasure,
              unsigned char ret[MARK_BYTES]);
