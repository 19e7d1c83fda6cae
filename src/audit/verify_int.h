/* SPDX-License-Identifier: MIT */
/* audit/verify_int.h - what the two halves of the walk share: the log of changes, and security events. */
#pragma once
#include "audit/audit_int.h"

enum { MAC_CHARS = 43, KEY_CHARS = 16, NO_KEY = VAULT_KEYS };

/* An entry, and with which key it was made. */
struct sealed {
    struct entry e;
    uint32_t key, order;
    uint32_t seal; /* its number; 0 = beyond what fits */
};
/* A mark of an erasure. */
struct marked {
    struct mark m;
    size_t key;
    bool fits; /* that key made it */
};
/* What the seals say of one log. */
struct sealed_log {
    struct sealed *v;
    size_t n, cap, at;
    struct db_pos place; /* up to where it is sealed */
};
struct checking {
    const struct vault *vault;
    const struct audit_head *kept;
    struct audit_report *out;
    audit_progress_fn *progress;
    void *arg;
    struct sealed_log log[AUDIT_LOGS];
    struct audit_keys keys[VAULT_KEYS];
    char key_name[VAULT_KEYS][KEY_CHARS];
    size_t key_chars[VAULT_KEYS], n_keys;
    char before[MAC_CHARS + 1]; /* the last seal's digest */
    int64_t next, total, read;
    LIST(struct marked) marks;  /* by row, then as they were written */
    size_t mark_at;
    bool seen_kept, has_events; /* has_events: the base knows of them */
    bool seen_ours;             /* a seal or a mark with one of our keys */
    LIST(struct audit_accepted) accepted;
    int64_t trimmed;            /* rows of event seals up to this one were let go, as our key says */
    int64_t trimmed_before;     /* ... and all were older than this */
};
/* seal: in which the row stands, 0 = in none. */
void audit_found(struct checking *c, enum audit_fault fault, enum audit_log log, int64_t seq, int64_t seal);
/* Which of c->keys; NO_KEY: it is not here. */
MUST enum err key_find(struct cx *cx, struct checking *c, str name, size_t *ret);
bool row_is_open(const struct sealed_log *l, int64_t seq, int64_t xid);
bool row_fits(struct cx *cx, const struct checking *c, const struct db_val *row, size_t key,
              const unsigned char digest[DIGEST_BYTES]);
/* ---- security events ---- */
/* Before the seals are read: up to which seal rows were let go, and which were accepted. */
MUST enum err trims_read(struct cx *cx, struct checking *c);
/* Behind the seals: each row against its entry. */
MUST enum err events_walk(struct cx *cx, struct checking *c);
