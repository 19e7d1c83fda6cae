/* SPDX-License-Identifier: MIT */
/* audit/audit_int.h - what the files of this room share. */
#pragma once
#include "audit/audit.h"
#include "audit/event.h"

#include <sodium.h>

_Static_assert(AUDIT_SLICE == 500, "verify.c says so in SQL");
enum { AUDIT_COLS = 11, DIGEST_BYTES = 12, ENTRY_CHARS = 27, MAC_BYTES = 32, MARK_BYTES = 16 };
/* A row in a seal: its number in the log, and its digest. */
struct entry {
    int64_t seq;
    unsigned char digest[DIGEST_BYTES];
};
struct audit_keys {
    unsigned char row[32], seal[32], event[32], mark[32]; /* event: seals of events */
};
/* E_PRECOND: the vault does not have that key ("" = the first); *name: which it is. */
MUST enum err audit_keys_of(struct cx *cx, const struct vault *v, str name, struct audit_keys *ret, str *ret_name);
/* What is sealed: the log of changes, and security events. */
enum audit_log { LOG_CHANGE, LOG_EVENT, AUDIT_LOGS };
/* Of a row as db_changes gives it: seq, at, who, way, batch, entity, record, op, version, old, and by which API key;
 * of an event with EVENT_SEALED. Of a row without a key it is what it was before there were any. */
void row_digest(struct cx *cx, const struct audit_keys *k, const struct db_val *row, struct entry *ret);
void entry_put(struct buf *b, const struct entry *e);
bool entry_get(str text, struct entry *ret); /* ENTRY_CHARS of it */
#define EVENT_SEALED "seq, at, kind, who, subject, addr, way, n, detail, 'event', api_key"
struct seal {
    int64_t n, at, rows, log; /* log: enum audit_log */
    str key, body, mac;
};
/* What stays of an event seal's body when its rows have gone: '=' and its digest. */
str seal_body_gone(struct cx *cx, str body);
/* The digest of a seal behind `before`. Of events it is over the body's digest, the same when the body has gone, and
 * with a key of their own: a seal of changes whose body is such a digest has another one. */
str seal_mac(struct cx *cx, const struct audit_keys *k, str before, const struct seal *s);
/* A row of audit_erased: what an erasure left of a row of the log (e), and the key's word for it. n: the row's marks
 * in the order in which they were written, which is not that of the erasures. */
struct mark {
    struct entry e;
    int64_t erasure, n;
    unsigned char mac[MARK_BYTES];
};
#define MARK_COLS "seq, erasure, n, key, mac"
/* Of a row with MARK_COLS; false: no key fits such a text (all its bytes are 0). */
bool mark_get(struct cx *cx, const struct db_val *row, struct mark *ret);
void mark_mac(const struct audit_keys *k, const struct mark *m, unsigned char ret[MARK_BYTES]);
/* All marks of one erasure, by row: how many, and one digest, which stands in the erasure's own sealed row. It needs no
 * key: a mark has one, and so has that row's seal. */
struct marks_sum {
    crypto_generichash_state st;
    int64_t n;
};
void marks_sum_begin(struct marks_sum *s);
void marks_sum_add(struct marks_sum *s, const struct mark *m);
str marks_sum_end(struct cx *cx, struct marks_sum *s);
/* ---- accepted faults (accept.c) ---- */
#define ACCEPT_COLS "at, subject, detail, who, seq"
/* Inside db_write; who 0: whoever asks. */
MUST enum err accept_put(struct cx *cx, const struct vault *v, int64_t seal, int64_t who, str reason);
/* Of a row with ACCEPT_COLS; false: it is none. */
bool accept_read(struct cx *cx, const struct db_val *row, struct audit_accepted *ret, str *ret_key, str *ret_mac);
bool accept_fits(struct cx *cx, const struct audit_keys *k, const struct audit_accepted *x, str mac);
MUST enum err accept_find(struct cx *cx, const struct vault *v, int64_t seal, bool *ret);
/* What the system log was told of the chain's head, and when (os_mono_ms; 0 = never). */
struct head_told {
    int64_t at_ms, n;
};
/* Tells it now, unless it was told less than an hour ago or there is no newer one; a head that cannot be read is asked
 * for again after that hour. */
void head_tell(struct cx *cx, struct head_told *io, int64_t mono_ms);
/* Is that the kind itself, or of the group? */
bool event_is_of(str kind, str name);
/* One walk of event_list: its statement and values. as: the user asked for 1: did it, 2: it is about him, 0: nobody is
 * asked for. */
enum { EVENT_WALK_VALUES = 8 };
MUST enum err event_walk_of(struct cx *cx, const struct event_query *q, str kind, int64_t as, str *ret_sql,
                            struct db_val ret[EVENT_WALK_VALUES]);
/* Of the columns seq, at, who, api_key, subject, n, kind, addr, way, detail. */
struct event_row event_row_of(struct cx *cx, const struct db_val *v);
/* The key's word that, at that time, the rows of event seals up to this one were let go, all older than `before`. */
str trim_mac(struct cx *cx, const struct audit_keys *k, int64_t seal, int64_t at, int64_t before);
