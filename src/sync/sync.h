/* SPDX-License-Identifier: MIT */
/* sync/sync.h - the door for other systems (accounting, a shop): what they send is kept at once and written afterwards.
 *
 * An item is one wish for the record that a system knows by a key: make or change it, put it into the trash, tie the
 * key to a record that is there. Items are rows; what was answered with 202 is durable and is applied once, whatever
 * dies. A thread takes them in slices through `record`, with the rights that the sender has at that moment: row of the
 * ledger and record move in one transaction. Items of a key (system, entity, key) are applied in the order they came
 * in. One that is refused holds the later ones of its key until somebody releases or drops it; other keys go on. On
 * PostgreSQL, where several servers run, a lease that is renewed in the same transaction lets one of them work for a
 * system at a time.
 */
#pragma once
#include "auth/auth.h"
#include "mail/mail.h"

enum {
    SYNC_ITEMS_MAX = 10000,       /* of a request */
    SYNC_BODY_BYTES = 16 * 1024 * 1024,
    SYNC_VALUES_BYTES = 256 * 1024, /* of an item */
    SYNC_ITEM_ID_MAX = 100,
    SYNC_SYSTEMS_MAX = 200,
    SYNC_NAMES_MAX = 20,         /* of one sender */
    SYNC_WAITING_MAX = 5000000,   /* items of a system that are not done with, unless less is said; more: E_BUSY */
    SYNC_RATE_MIN = 30000,        /* requests a minute of one sender in the long run, ... */
    SYNC_BURST = 10000,           /* ... and at once; more: E_RATE */
    SYNC_TRIES = 12,              /* of what fails for a reason of ours, over about two hours; then it is refused */
    SYNC_LINK_HOURS = 24,         /* so long an item waits for the record that its link names */
    SYNC_APPLIED_DAYS = 30,
    SYNC_REFUSED_DAYS = 90,
    SYNC_PAGE = 50
};
enum sync_op { SYNC_UPSERT, SYNC_DELETE, SYNC_LINK, SYNC_OPS };
extern const str sync_op_name[SYNC_OPS];
/* As in the rows: those before SYNC_APPLIED are open, and have a due_at. */
enum sync_state {
    SYNC_RECEIVED,  /* waits for its turn */
    SYNC_RETRY,     /* again at due_at: released, failed for a reason that passes, or its link's record is not there */
    SYNC_HELD,      /* behind an earlier one of its key */
    SYNC_REFUSED,   /* holds its key */
    SYNC_APPLIED,
    SYNC_UNCHANGED, /* all was so already; or code "stale": a newer one of its key was applied before */
    SYNC_DROPPED,
    SYNC_STATES
};
extern const str sync_state_name[SYNC_STATES];

/* ---- receiving ---- */
struct sync_item {
    str entity, key, values;      /* values: JSON object, "" = none */
    str item;                     /* the sender's own id of it, "" = none: one that came before is not taken again */
    enum sync_op op;
    int64_t record;               /* SYNC_LINK: which one */
    int64_t seq;                  /* the sender's number or time; 0 = none. One lower than an applied one's is stale */
    bool replaces;                /* takes the place of all open ones of its key */
    str code, field, why;         /* code not "": refused as it came, and why */
    int64_t id;                   /* when received; 0 = a duplicate */
};
/* {"items":[...]} read without a tree of it all. *ret and all texts live in cx->a. What is no such body is E_BAD or
 * E_INVALID ("items"); what is wrong with one item stands in that item. */
MUST enum err sync_items_read(struct cx *cx, str body, struct sync_item **ret, size_t *ret_n);
struct sync_batch {
    str system;
    struct sync_item *item;
    size_t n;
    int64_t id;                   /* out: of the batch; that of its one item when n is 1 */
    int64_t received, duplicates, refused;
};
/* A db_write_fn, arg: struct sync_batch: all of it is there, or nothing. For cx->who. */
MUST enum err sync_receive(struct cx *cx, void *batch);

/* ---- the ledger ---- */
struct sync_row {
    int64_t id, batch, seq, at, due_at, done_at, tries, record, change, user; /* done_at: also of a refusal */
    str entity, key, item, values, code, field, why, user_name;
    enum sync_op op;
    enum sync_state state;
};
struct sync_query {
    str system;                   /* E_NOTFOUND when it never sent, or not for this user */
    int64_t user;                 /* only what this one sent; 0 = all */
    int state;                    /* -1 = any; SYNC_STATES: any open one */
    str entity, key, code;        /* "" = any; a key needs its entity */
    int64_t batch, from_ms, until_ms; /* 0 = any; received in [from, until) */
    int64_t before;               /* cursor: ids below; 0 = from the newest */
};
/* At most SYNC_PAGE, newest first; *ret_next: the next cursor, 0 = no more. */
MUST enum err sync_list(struct cx *cx, const struct sync_query *q, struct sync_row **ret, size_t *ret_n,
                        int64_t *ret_next);
MUST enum err sync_get(struct cx *cx, str system, int64_t user, int64_t id, struct sync_row *ret); /* E_NOTFOUND */
struct sync_try {
    int64_t at, by;               /* by: who released, changed or dropped it; 0 = the door itself */
    str what, code, field, why, by_name; /* what: refused, again, released, changed, dropped */
};
/* What happened to it on its way, oldest first; nothing when it went through at once. */
MUST enum err sync_tries(struct cx *cx, int64_t item, struct sync_try **ret, size_t *ret_n);
struct sync_count {
    int64_t id;
    str system;
    int64_t created_at, open[SYNC_APPLIED], oldest_ms; /* when the oldest open one was received, 0 = none */
    bool exact;                   /* else open[] are lower bounds */
};
/* By name; system "" = all. user: as in sync_query. */
MUST enum err sync_counts(struct cx *cx, str system, int64_t user, struct sync_count **ret, size_t *ret_n);
struct sync_reason {
    str code, field;
    int64_t n;
};
/* Why items are refused or wait, the most frequent first, at most 20. */
MUST enum err sync_reasons(struct cx *cx, str system, int64_t user, struct sync_reason **ret, size_t *ret_n);
/* How many of a batch are in each state. E_NOTFOUND. */
MUST enum err sync_batch_counts(struct cx *cx, str system, int64_t user, int64_t batch, int64_t ret[SYNC_STATES]);

/* ---- what an administrator does ---- */
struct sync_choice {              /* what is refused, held or waits: one item, those of a key, with a reason, all */
    str system;
    int64_t user, item;
    str entity, key, code;
    bool all;
};
/* Back into the queue, with what is held behind it: at most SYNC_CHOICE_MAX at once. E_INVALID when nothing is chosen,
 * E_PRECOND: an item not open. *ret: how many. */
enum { SYNC_CHOICE_MAX = 2000 };
MUST enum err sync_release(struct cx *cx, const struct sync_choice *c, int64_t *ret);
/* Never to be applied; what is held behind it goes on. */
MUST enum err sync_drop(struct cx *cx, const struct sync_choice *c, int64_t *ret);
/* Other values for a refused or waiting item, and back into the queue: with the rights of cx->who from now on. */
MUST enum err sync_change(struct cx *cx, str system, int64_t user, int64_t id, str values);
/* What is old enough goes; refused ones are dropped first. */
MUST enum err sync_tidy(struct cx *cx);
extern const struct mail_kind sync_mails[];
extern const size_t sync_mails_n;

/* ---- the thread ---- */
struct syncer;
struct syncer_opts {
    struct dbase *db;
    void *arg;
    int waiting_max;              /* 0 = SYNC_WAITING_MAX */
    /* As in jobs.h: rights, description; end gives back what it holds. user 0: the system. */
    enum err (*cx_begin)(void *arg, struct cx *cx, int64_t user, int64_t key);
    void (*cx_end)(void *arg, struct cx *cx);
};
MUST enum err syncer_start(struct cx *cx, const struct syncer_opts *o, struct syncer **ret);
void syncer_wake(struct syncer *s);  /* something was received or released; NULL does nothing */
void syncer_stop(struct syncer **s); /* takes NULL; ends after the slice at hand */
/* May this sender (key, else user) send now? Milliseconds until then; 0 = yes, and it is counted. NULL: always. */
int64_t syncer_wait_ms(struct syncer *s, const struct who *w);
/* Does the system have too many open items, as of the thread's last look? */
bool syncer_is_full(struct syncer *s, str system);
int syncer_waiting_max(const struct syncer *s); /* how many are not too many yet; not NULL */
struct sync_stats {               /* since this process started */
    int64_t received, applied, unchanged, refused, retried, slices, failed_slices;
    int64_t applied_minute;       /* in the last full minute */
};
struct sync_stats syncer_stats(struct syncer *s);
void syncer_received(struct syncer *s, int64_t n);
