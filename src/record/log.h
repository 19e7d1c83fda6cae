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
/* state: running, done, failed, undone. */
MUST enum err batch_end(struct cx *cx, int64_t batch, str state, str info_json);
MUST enum err batch_progress(struct cx *cx, int64_t batch, int64_t done);

/* History as the API's array members, newest first, before seq `before` (0 = newest), at most n. */
MUST enum err log_history_json(struct cx *cx, const struct entity *e, int64_t id, int64_t before,
                               size_t n, struct jw *w,
                               int64_t *ret_next);
struct undo_conflict {
    const struct entity *e;
    int64_t id;
    str title;
    const struct field *const *f;
    size_t n;
};
struct undo_result {
    int64_t batch;                     /* the undo's own batch: undoing that is redo */
    int64_t undone;
    const struct undo_conflict *kept;  /* later edits that were in the way (at most 100 listed) */
    size_t n_kept, n_kept_all;
};
enum undo_mode { UNDO_ASK, UNDO_KEEP, UNDO_FORCE };
/* Undoes one change or a whole batch. UNDO_ASK with conflicts: E_CONFLICT, nothing done, ret->kept filled. */
MUST enum err undo_change(struct cx *cx, int64_t seq, enum undo_mode mode, struct undo_result *ret);
MUST enum err undo_batch(struct cx *cx, int64_t batch, enum undo_mode mode, struct undo_result *ret);
/* The record as it was at at_ms, rebuilt backwards; today's rights. E_NOTFOUND when it was not there. */
MUST enum err record_as_of(struct cx *cx, const struct entity *e, int64_t id, int64_t at_ms, struct record *ret);
/* A page of what matched `where` at at_ms, newest record first, below id `before` (0 = from the newest): those that
 * match now and have not changed since, and those changed since as they were. `where` looks at the record's own
 * fields alone. E_LIMIT when more than AS_OF_MAX records have changed since. ret->next is "" at the end. */
enum { AS_OF_MAX = 50000 };
MUST enum err record_list_as_of(struct cx *cx, const struct entity *e, const struct cond *where, int64_t at_ms,
                                int64_t before, size_t limit, struct page *ret);
