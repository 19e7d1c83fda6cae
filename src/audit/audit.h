/* SPDX-License-Identifier: MIT */
/* audit/audit.h - the change log, and security events (event.h), sealed: who changes, deletes or adds a row of them
 * behind the program's back is found.
 *
 * A thread follows the log and writes seals: each holds a keyed digest (BLAKE2b, libsodium) of up to AUDIT_SLICE rows
 * and the digest of the seal before it. The key comes from the vault, which lies beside the database: who has the
 * database alone can forge none. The last seal's digest, kept elsewhere (system log, backups), shows a tail cut off.
 *
 * An erasure by law (privacy/privacy.h) takes old values out of rows, sealed or not. It leaves a mark for each: a
 * keyed digest of the row as it was left, written in the same transaction and numbered. A row with a mark that fits
 * by its key is held against its newest one and no longer against its seal, so nobody without the key can change a
 * row, or put a value back, and call it an erasure; nor does it matter whether the row was sealed before, after or
 * just then. One digest over all marks of an erasure stands in its own row of the log ("erase"), which is sealed like
 * any other: marks taken away, exchanged or made up are found, too, and so are those of rows that are not there. (An
 * erasure that has not come to its end has no such row yet.)
 *
 * Security events stand in the same chain, in seals of their own. They are kept for EVENT_DAYS; then whole seals lose
 * their rows and their body, of which the digest stays (the chain's links hold it), and an event with a word of the
 * key says up to which seal: without that word a seal without its rows is a fault. A row or seal that was changed
 * stops that, until somebody at the command line accepts the seal (audit_accept). */
#pragma once
#include "base/base.h"
#include "db/db.h"
#include "os/vault.h"

enum { AUDIT_SLICE = 500, AUDIT_TOLD = 100, AUDIT_REASON_MAX = 200, AUDIT_ACCEPTED_MAX = 1000 };
struct audit_head {
    int64_t n;  /* of the last seal, 0 = there is none */
    str mac;    /* 43 letters */
};
MUST enum err audit_head(struct cx *cx, struct audit_head *ret);
/* "12:k3J...", as heads are told everywhere; ret->mac points into text. */
bool audit_head_parse(str text, struct audit_head *ret);
/* The file in which the server keeps the head it has seen last (in its data folder, AUDIT_KEPT). read: n 0 = there is
 * no such file; E_BAD: it holds something else. has: is this head one of the base's? */
#define AUDIT_KEPT "audit.head"
MUST enum err audit_kept_read(struct cx *cx, str path, struct audit_head *ret);
MUST enum err audit_kept_write(struct cx *cx, str path, const struct audit_head *h);
MUST enum err audit_has(struct cx *cx, const struct audit_head *h, bool *ret);
/* Seals what has been committed, at most AUDIT_SLICE rows, changes before events: *ret_n. Outside db_write. Somebody
 * else did so at the same time: E_OK and 0. E_PRECOND: the vault has no key. */
MUST enum err audit_seal(struct cx *cx, const struct vault *v, size_t *ret_n);

/* Inside db_write, after the erasure has changed these n rows: their marks. v NULL (nothing is sealed there): none. */
MUST enum err audit_mark(struct cx *cx, const struct vault *v, int64_t erasure, const int64_t *seq, size_t n);
/* What an erasure says of itself in its row of the log (`old`), in the transaction that writes its last mark: nothing
 * is marked for it afterwards. */
MUST enum err audit_marks_told(struct cx *cx, int64_t erasure, str *ret);

/* The thread, about a second behind the log. `v` outlives it. sink (may be NULL, outlives it, too): to where security
 * events are sent (out.h). `kept` ("" = none): the file for the head, about ten seconds behind and written
 * last when the thread ends. While it names a head that the base does not have nothing is written over it. */
struct sealer;
struct event_sink;
MUST enum err sealer_start(struct cx *cx, struct dbase *b, const struct vault *v, struct event_sink *sink,
                           str kept, struct sealer **ret);
void sealer_stop(struct sealer **s); /* takes NULL */

/* A fault of this seal was looked at, and the reason is known: an event says so, with our key's word. Its events are
 * let go like others when their time is over; faults there are told on. E_NOTFOUND at "seal"; E_INVALID at "reason";
 * E_PRECOND: the vault has no key. Outside db_write. */
MUST enum err audit_accept(struct cx *cx, const struct vault *v, int64_t seal, str reason);

/* ---- looking ---- */
enum audit_fault {
    AUDIT_CHANGED, /* a row is not what it was */
    AUDIT_MISSING, /* a row is gone */
    AUDIT_ADDED,   /* a row among the sealed ones that was not there when they were */
    AUDIT_SEAL,    /* a seal is gone, changed, or stands elsewhere; seq: its number */
    AUDIT_CUT,     /* the head that was kept elsewhere is not here */
    AUDIT_ERASURE  /* a mark at this row is no erasure's; or this row is an erasure's own and tells of other marks */
};
extern const str audit_fault_name[];
struct audit_found {
    enum audit_fault fault;
    bool is_event; /* a security event; else a row of the log of changes, or a seal */
    bool accepted; /* in a seal that was accepted */
    int64_t seq;   /* the row's number there */
    int64_t seal;  /* in which it is; 0 = in none */
};
/* A seal that was accepted: when, by whom (0 = at the command line), why; seq: the event's. */
struct audit_accepted {
    int64_t seal, at, who, seq;
    str reason;
};
struct audit_report {
    int64_t seals, rows; /* looked at */
    int64_t events;      /* security events looked at */
    int64_t open;        /* rows not sealed yet */
    int64_t erased;      /* rows that an erasure took values out of, as it left them */
    int64_t foreign;     /* rows sealed, or marked and not sealed, with a key that is not here: not looked at */
    int64_t faults;
    int64_t faults_accepted; /* of these: in seals that were accepted */
    const struct audit_accepted *accepted; /* in the log's order; those of a key that is here */
    size_t n_accepted;
    struct audit_found first[AUDIT_TOLD]; /* in the log's order */
    size_t n_first;
    struct audit_head head;
};
/* `kept` (n 0 = none): a head from elsewhere. `folder` ("" = memory) takes large working memory. progress (may be NULL)
 * is told how many rows were read. All of one moment (db_snapshot). Faults are no error. */
typedef void audit_progress_fn(void *arg, int64_t done, int64_t total);
MUST enum err audit_verify(struct cx *cx, const struct vault *v, const struct audit_head *kept, str folder,
                           audit_progress_fn *progress, void *arg, struct audit_report *ret);
