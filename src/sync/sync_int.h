/* SPDX-License-Identifier: MIT */
/* sync/sync_int.h - what receiving, applying and the ledger share. */
#pragma once
#include "meta/sql.h"
#include "record/record.h"
#include "sync/sync.h"

#include <stdatomic.h>

enum { SYNC_LEASE_MS = 15000, SYNC_HOUR_MS = 3600000 };

/* ---- receive.c ---- */
/* 0 = there is no such system. */
MUST enum err sync_system_find(struct cx *cx, str name, int64_t *ret);
/* The same for whom it may concern: E_NOTFOUND when it never sent, or not for `user` (0 = anybody). */
MUST enum err sync_system_of(struct cx *cx, str name, int64_t user, int64_t *ret);

/* ---- slice.c ---- */
struct sync_slice_stats {
    int64_t applied, unchanged, refused, retried, held, writer_us;
};
struct sync_server {              /* this process, as the leases know it */
    char name[33];
};
/* One slice of a system: at most so many microseconds of the writer's time. *ret_more: go on at once. careful: one item
 * alone; when that fails for a reason of ours it is put off, and the call is E_OK if that could be written. */
MUST enum err sync_slice(struct cx *cx, const struct syncer_opts *o, const struct sync_server *me, int64_t system,
                         int64_t budget_us, bool careful, struct sync_slice_stats *ret, bool *ret_more);
/* At start, SQLite: no other process holds a lease. */
MUST enum err sync_leases_end(struct cx *cx);

/* ---- apply.c ---- */
struct sync_todo {
    struct sync_row row;
    int64_t key_id;               /* the API key it came by */
    int64_t batch_change;         /* the log's batch: row.batch, 0 = none */
    bool replaces, counts;        /* counts: it had its first turn now, its batch is one nearer to its end */
    struct cx *who;               /* rights of its sender */
    enum err unfit;               /* known before the writer is entered; its words in row.code, field, why */
    const struct entity *e;
    const struct set *s;
    size_t n;
    bool has_links;               /* values with {"by":…}: read inside the writer */
    str wants;                    /* the link's record that is not there: system, entity, key */
};
/* All that needs no writing. */
void sync_prepare(struct cx *cx, struct sync_todo *t, str system);
/* Inside db_write, under t->who's rights, in a level of its own. *ret: applied or unchanged; record and change are
 * filled. */
MUST enum err sync_apply(struct cx *cx, struct sync_todo *t, str system, enum sync_state *ret);
/* system, entity and key as one text. */
str sync_wants(struct arena *a, str system, str entity, str key);

/* ---- ledger.c ---- */
MUST enum err sync_try_put(struct cx *cx, int64_t item, str what, str code, str field, str why);
/* Inside db_write: what is held of a key goes on. *ret_n (may be NULL): how many. */
MUST enum err sync_key_free(struct cx *cx, int64_t system, str entity, str key, int64_t *ret_n);

/* What is held behind nothing goes on: an erasure by law has taken the item away that held it. */
MUST enum err sync_heal(struct cx *cx);

/* ---- mails.c ---- */
/* A mail to those who manage the settings when something is refused that none has told of; one a system and hour. */
MUST enum err sync_tell(struct cx *cx, int64_t system);
