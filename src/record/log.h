/* SPDX-License-Identifier: MIT */
/* record/log.h - the change log: history, batches, undo, as-of.
 *
 * A row of `change` holds old values only: {"field":old,...} in the API's JSON form; the new value is the
 * old one of the next change of that field, or the record's.
 */
#pragma once
#include "record/record.h"

enum { UNDO_MAX = 2000000 };
/* Opens a batch that later writes of this cx belong to (cx->batch). */
MUST enum err batch_begin(struct cx *cx, str title, int64_t total, int64_t *ret);
/* state: running, done, failed, undoing, undone. */
MUST enum err batch_end(struct cx *cx, int64_t batch, str state, str info_json);
/* A failed one is running again; E_CONFLICT when it was taken back meanwhile. */
MUST enum err batch_go_on(struct cx *cx, int64_t batch);
MUST enum err batch_progress(struct cx *cx, int64_t batch, int64_t done);
/* For a batch that is written bit by bit, inside db_write: opened under an id of the caller's, cx->batch stays as it
 * is; `done` of it count already. batch_count: so many more; with the last one it is done. */
MUST enum err batch_open_as(struct cx *cx, int64_t id, str title, int64_t total, int64_t done, str info_json);
MUST enum err batch_count(struct cx *cx, int64_t batch, int64_t n);
/* What it holds now; false and "" when there is none. */
MUST enum err batch_look(struct cx *cx, int64_t batch, bool *ret, str *ret_state, str *ret_info);

/* History as the API's array members, newest first, before seq `before` (0 = newest), at most n. */
MUST enum err log_history_json(struct cx *cx, const struct entity *e, int64_t id, int64_t before,
                               size_t n, struct jw *w,
                               int64_t *ret_next);
/* The first n merges of a batch: [{"entity","winner":{"id","title"},"loser":{…},"fields":[…]}], the fields that the
 * winner took from the loser; the title is "" for who may not see the record. */
MUST enum err log_merges_json(struct cx *cx, int64_t batch, size_t n, struct jw *w);
struct undo_note {                     /* a record that was not, or not wholly, taken back */
    const struct entity *e;
    int64_t id;
    str title;
    const str *field;                  /* names; none = the record as a whole */
    size_t n;
    str why;                           /* "" = edited later */
};
struct undo_result {
    int64_t batch;                     /* the undo's own batch: undoing that is redo */
    int64_t undone, total;             /* total: changes to take back */
    bool running;                      /* only begun: undo_run goes on */
    const struct undo_note *kept;      /* later edits that were in the way (at most 100 listed) */
    const struct undo_note *left;      /* what could not be taken back, and why (likewise) */
    size_t n_kept, n_kept_all, n_left, n_left_all;
};
enum undo_mode { UNDO_ASK, UNDO_KEEP, UNDO_FORCE };
/* Undoes one change. UNDO_ASK with conflicts: E_CONFLICT, nothing done, ret->kept filled. */
MUST enum err undo_change(struct cx *cx, int64_t seq, enum undo_mode mode, struct undo_result *ret);
/* A merge is taken back as a whole: its batch when the change is a half of one, else 0. */
MUST enum err undo_merge_of(struct cx *cx, int64_t seq, int64_t *ret);
/* A batch: asks as undo_change does. Up to UNDO_SMALL changes are taken back at once, in one transaction. More: the
 * undo's batch is opened and ret->running set; undo_run does the work, and `opened` (may be NULL) runs in the same
 * transaction. A batch whose undo stopped half-way is taken up again by its old undo; E_CONFLICT when that is still at
 * work, or the batch is undone already. */
enum { UNDO_SMALL = 200 };
typedef enum err undo_opened_fn(struct cx *cx, void *arg, int64_t undo);
MUST enum err undo_open(struct cx *cx, int64_t batch, enum undo_mode mode, undo_opened_fn *opened, void *arg,
                        struct undo_result *ret);
/* The slices of an opened undo, some milliseconds of the writer each, with the position in the same transaction:
 * killed at any moment, the next call goes on where it was. progress (may be NULL) false = stop: E_CONFLICT, to be
 * gone on with. What cannot be taken back (no right, a value in use, a field that is gone) is noted in ret->left. */
typedef bool undo_progress_fn(void *arg, int64_t done, int64_t total);
MUST enum err undo_run(struct cx *cx, int64_t undo, undo_progress_fn *progress, void *arg, struct undo_result *ret);
/* Both in one call. */
MUST enum err undo_batch(struct cx *cx, int64_t batch, enum undo_mode mode, struct undo_result *ret);
/* How many changes a batch has; 0 also when there is none. */
MUST enum err undo_size(struct cx *cx, int64_t batch, int64_t *ret);
/* "kept" and "left" as members of the object in hand. */
void undo_notes_json(struct jw *w, const struct undo_result *u);
/* The kept ones alone, as `key`. */
void undo_conflicts_json(struct jw *w, str key, const struct undo_result *u);
/* The record as it was at at_ms, rebuilt backwards; today's rights. E_NOTFOUND when it was not there. */
MUST enum err record_as_of(struct cx *cx, const struct entity *e, int64_t id, int64_t at_ms, struct record *ret);
/* Lists as they were: what matches now and has not changed since, and what has changed since as it was. Sorted,
 * filtered and paged like record_list (q->where, sort, desc, cursor, limit, fields); conditions on related records look
 * at those as they are today. E_LIMIT when more than AS_OF_MAX records have changed since (AS_OF_SORTED with a sort):
 * such a list is work for a job, record_ids_as_of. */
enum { AS_OF_MAX = 50000, AS_OF_SORTED = 2000, AS_OF_IDS_MAX = 5000000 };
MUST enum err record_list_as_of(struct cx *cx, const struct entity *e, const struct query *q, int64_t at_ms,
                                struct page *ret);
/* The ids of the whole list in its order, in cx->a. E_LIMIT over AS_OF_IDS_MAX; progress (may be NULL) false = stop:
 * E_CONFLICT. Outside db_write. */
typedef bool as_of_progress_fn(void *arg, int64_t done, int64_t total);
MUST enum err record_ids_as_of(struct cx *cx, const struct entity *e, const struct query *q, int64_t at_ms,
                               as_of_progress_fn *progress, void *arg, int64_t **ret, size_t *ret_n);
