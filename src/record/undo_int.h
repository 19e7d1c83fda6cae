/* SPDX-License-Identifier: MIT */
/* record/undo_int.h - taking one change back (undo.c), and a batch of them piece by piece (undo_batch.c). */
#pragma once
#include "record/record_int.h"

struct step { /* one change to take back */
    int64_t seq, batch, record, version;
    str entity, op, old;
};
enum { NOTES_LISTED = 100 };
struct undo_notes {
    LIST(struct undo_note) v;
    size_t all; /* told and not told */
};
struct undo_tally { /* what a slice that is rolled back must not have counted */
    int64_t undone;
    struct undo_notes kept, left;
};
struct undoing {
    enum undo_mode mode;
    bool careful;       /* a change that cannot be taken back is noted, the others go on */
    int64_t target;     /* the batch taken back, 0 = a single change */
    struct arena *keep; /* of the notes: outlives the memory of a slice */
    struct undo_tally now, before;
    const struct step *v;
    size_t n;
};

void undo_steps(struct cx *cx, const struct db_rows *r, struct undoing *u); /* columns in struct step's order */
/* Takes the steps in hand back, inside db_write; may be run again. */
MUST enum err undo_slice(struct cx *cx, struct undoing *u);
/* The fault of one change alone: the others can be taken back. */
bool undo_is_steps_fault(enum err e);
/* Later edits of others on the records of the batch, by one query: into now.kept. */
MUST enum err undo_conflicts(struct cx *cx, struct undoing *u);
MUST enum err undo_note_add(struct cx *cx, struct undoing *u, struct undo_notes *to, struct undo_note n);
void undo_tell(const struct undoing *u, struct undo_result *ret);
/* E_CONFLICT with the notes in ret. */
MUST enum err undo_asked(struct cx *cx, const struct undoing *u, struct undo_result *ret);
