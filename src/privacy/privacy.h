/* SPDX-License-Identifier: MIT */
/* privacy/privacy.h - erasure by law (GDPR Art. 17): somebody leaves the base, its log, its search, its files.
 *
 * What goes: the record, what was merged into it, and what hangs on it alone (plan.c). What else names it stays
 * without the link and the words. Then everything beside records that holds texts is walked through (places.def): a
 * row there is dropped for an id or a mark (mail, number) of who goes that nobody else has; a name alone, which may be
 * somebody else's, only leaves the text, and only if it tells: two words or more, and no record that stays has it as
 * its title or address. Keys of JSON, saved views and filters are never touched for a name.
 * Nothing of it can be taken back; what is left is the erasure's own row, which says when, who, why and how much, and
 * ids that mean nothing any more. Those are also in a file outside of the base, ERASURES_FILE: a base restored from an
 * older backup is held against it at the next start, and what it brought back is erased again.
 *
 * It is a job, and may be killed at any moment: each slice is a transaction, what was done is found done, and the
 * record itself goes last, once nothing points to it any more: what was saved meanwhile is looked for again.
 */
#pragma once
#include "os/vault.h"
#include "record/record.h"

#define ERASURES_FILE "erasures"
enum { ERASE_PIECES = 50000, ERASURES_MAX_BYTES = 64 * 1024 * 1024 };
/* Art. 17 (1) a to f, and by a rule of one's own. */
enum ground { GROUND_PURPOSE, GROUND_WITHDRAWN, GROUND_OBJECTION, GROUND_UNLAWFUL, GROUND_DUTY, GROUND_CHILD, GROUNDS };
extern const str ground_name[GROUNDS];

struct erase_env {
    const struct vault *vault; /* may be NULL */
    str data_dir;              /* files/, and the file of erasures; "" = none (tests) */
    bool (*progress)(void *arg, int64_t done, int64_t total); /* may be NULL; false = stop: E_CONFLICT, goes on later */
    void *arg;
    int64_t job; /* the job that is at it, 0 = none (tests) */
};
/* May the asker erase it? The right `privacy`, and to delete this record. E_NOTFOUND, E_DENIED; E_INVALID: the entity
 * holds no data of people; E_CONFLICT: merged into another, which is the one to erase. */
MUST enum err erasure_may(struct cx *cx, const struct entity *e, int64_t id, struct record *ret);
/* The rehearsal: what would go, what stays and without what, what law keeps, where else the name is. */
MUST enum err erasure_rehearse_json(struct cx *cx, const struct record *r, bool shared_too, struct jw *w);
/* E_CONFLICT when law has it kept, with until when. */
MUST enum err erasure_check(struct cx *cx, const struct record *r, bool shared_too);
struct erasure_ask {
    str ground;
    int64_t
        rule; /* the rule of retention that orders it, 0 = somebody; mark: what it takes (retain.h) */
    str mark;
};
/* Its row, inside db_write; the work is erasure_run's. *ret_ref: what the person is told. One that is not ended (its
 * job was cancelled) is the same again; one that a rule ordered and nobody began is his who asks now. E_CONFLICT: a
 * job is at it. */
MUST enum err erasure_open(struct cx *cx, const struct record *r, const struct erasure_ask *ask,
                           int64_t *ret, str *ret_ref);
/* Which job is at it, inside db_write: any other has nothing to do with it any more. */
MUST enum err erasure_job_set(struct cx *cx, int64_t erasure, int64_t job);
/* Is that job open yet? */
MUST enum err erasure_at_work(struct cx *cx, int64_t erasure, bool *ret);
/* Outside db_write, cx->acl NULL. Run again it goes on. What a rule ordered is looked at once more before anything
 * goes: is the rule on, the same, and does it mean this record yet; else its state is "dropped". E_CONFLICT: law has it
 * kept; it was merged into another (its state is "merged" then, and that one is to be erased); records are linked to it
 * faster than they go. */
MUST enum err erasure_run(struct cx *cx, int64_t erasure, bool shared_too, const struct erase_env *env);
/* Erasures whose file still had readers, or that were cut short there: cleans freed places. For a quiet hour. */
MUST enum err erasure_sweep(struct cx *cx);
/* Newest first, as array members; *ret_next 0 at the end. */
MUST enum err erasure_list_json(struct cx *cx, int64_t before, struct jw *w, int64_t *ret_next);
/* Erasures that the file knows and the base does not, or not as done: their rows are made, fn is told of each and sees
 * to it that a job is at it, inside db_write. Lines that cannot be read, or name what nobody could have had erased, are
 * logged and left out. */
typedef enum err erasure_again_fn(struct cx *cx, void *arg, int64_t erasure, bool shared_too);
MUST enum err erasures_again(struct cx *cx, const struct erase_env *env, erasure_again_fn *fn, void *arg);
