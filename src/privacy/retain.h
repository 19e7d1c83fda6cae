/* SPDX-License-Identifier: MIT */
/* privacy/retain.h - what is kept how long: rules "records of this kind that match this filter and were made, changed
 * or put into the trash so long ago go into the trash, are erased, or lose these fields".
 *
 * A rule is rehearsed before it is turned on, and again after each change of what it takes; it is turned on by naming
 * the rehearsal that was seen. A run is a job, at most one a day for a rule, with the system's rights: what it finds
 * it writes in slices of RETAIN_SLICE beside people's own writes, as one batch, which can be undone (erasures cannot:
 * they are ordered one by one, and each is looked at again before it begins, privacy.h). It goes through them in the
 * order of their ids, past what is refused; when it stops at its limit, the next run goes on from there.
 * It stops before it begins, and turns the rule off, when within RETAIN_WINDOW_DAYS it would take more than `most`
 * percent of the records of the kind, unless that was confirmed; and when it would take far more than was shown to
 * who turned it on, or confirmed. Who has the right `privacy` gets a notice.
 * What law has kept (kept_years of the kind, or of a kind whose records name it) no rule takes.
 * Who made, changed, turned on, turned off and removed a rule stands in its row and among the security events.
 */
#pragma once
#include "record/record.h"

enum {
    RETENTION_MAX = 100,
    RETAIN_N_MAX = 36500,
    RETAIN_SLICE = 50,
    RETAIN_A_RUN = 20000,
    ERASE_A_RUN = 200,
    RETAIN_FEW = 10, /* so few are never too many */
    RETAIN_WINDOW_DAYS = 30,
    RETAIN_SAMPLE = 50,
    RETAIN_TEXT_MAX = 500
};
enum retain_since { SINCE_CREATED, SINCE_CHANGED, SINCE_TRASHED, SINCES };
enum retain_unit { RETAIN_DAYS, RETAIN_MONTHS, RETAIN_YEARS, RETAIN_UNITS };
enum retain_act { RETAIN_TRASH, RETAIN_ERASE, RETAIN_EMPTY, RETAIN_ACTS };
extern const str retain_since_name[SINCES], retain_unit_name[RETAIN_UNITS], retain_act_name[RETAIN_ACTS];
struct retain_by { /* 0: never, nobody */
    int64_t at, who;
};
struct retention {
    int64_t id;            /* 0: new */
    str name, reason;      /* reason: why, by which law */
    str entity, filter;    /* filter: JSON, "" = all */
    enum retain_since since;
    int64_t n;
    enum retain_unit unit;
    enum retain_act act;
    str fields;            /* RETAIN_EMPTY: "a,b" */
    int64_t most;          /* percent of the kind that may be taken within RETAIN_WINDOW_DAYS */
    bool active,
        confirmed;         /* confirmed: it may take more, once: until it came to the end of them */
    int64_t rehearsed_at;  /* 0: not since it was changed */
    int64_t rehearsal, shown;           /* the last rehearsal's number, and how many it found */
    int64_t version;                    /* of the row */
    struct retain_by made, changed, on; /* on: turned on last */
};
MUST enum err retention_list(struct cx *cx, struct retention **ret, size_t *ret_n);
MUST enum err retention_get(struct cx *cx, int64_t id, struct retention *ret); /* E_NOTFOUND */
/* E_INVALID at the member at fault; E_DENIED for who has not the right `privacy`, or may not do that with all records
 * of the kind himself. */
MUST enum err retention_check(struct cx *cx, const struct retention *r, const struct filter_opts *o);
/* Inside or outside db_write; makes it or changes it, and who did stands in r and among the security events.
 * E_CONFLICT: RETENTION_MAX are there; somebody has changed it since r was read. */
MUST enum err retention_save(struct cx *cx, struct retention *r);
MUST enum err retention_drop(struct cx *cx, int64_t id); /* E_NOTFOUND; its runs stay */
/* What the rule takes, as a digest: another one after a change of it. */
str retention_mark(struct cx *cx, const struct retention *r);

struct rehearsal {
    int64_t found, total, held; /* held: they match, but law has them kept */
    int64_t taken; /* by the rule, within RETAIN_WINDOW_DAYS, since it was last confirmed */
    bool over;     /* more than it may take unconfirmed */
    int64_t id[RETAIN_SAMPLE];  /* the first of them */
    size_t n;
};
/* What a run would take today. */
MUST enum err retention_rehearse(struct cx *cx, const struct retention *r, struct rehearsal *ret);
/* Writes down that it was, and what was found; r gets the rehearsal's number. E_CONFLICT: it is another rule by now. */
MUST enum err retention_rehearsed(struct cx *cx, struct retention *r, const struct rehearsal *h);

struct retain_env {
    /* Orders the erasure of a record, outside db_write; a refusal is counted and told. */
    enum err (*erase)(struct cx *cx, void *arg, const struct record *r,
                      const struct retention *rule);
    bool (*progress)(void *arg, int64_t done, int64_t total); /* false = stop: E_CONFLICT, it goes on later */
    void *arg;
};
/* Run `run` (the job's id) of a rule; outside db_write, cx->acl NULL. Run again it goes on. Nothing for a rule that is
 * off or gone. */
MUST enum err retention_run(struct cx *cx, int64_t rule, int64_t run, const struct retain_env *env);
/* The newest runs of a rule (0: of all) below `before` as array members; *ret_next 0 at the end. */
MUST enum err retention_runs_json(struct cx *cx, int64_t rule, int64_t before, struct jw *w, int64_t *ret_next);
