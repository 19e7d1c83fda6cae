/* SPDX-License-Identifier: MIT */
/* backup/daily.h - a backup and a housekeeping a day by themselves, at a quiet hour, and as soon as the last good one
 * is older than a day.
 *
 * The outcome stands in the table `setting` under backup_last, as JSON for the administrator's page and /metrics:
 * {"at","ok","error","last_good_ms","next_ms","report":{...}}. A failure is logged as an error and tried again
 * after an hour.
 */
#pragma once
#include "backup/backup.h"

struct backup_daily;
struct daily_opts {
    struct dbase *db;
    struct backup_opts backup; /* its texts are copied */
    int quiet_hour;            /* 0 to 23, local time; 3 is a good one */
    int tz_min;                /* local time's minutes ahead of UTC */
    int tick_ms;               /* how often it looks at the clock; 0 = a minute */
    bool no_backup;            /* housekeeping alone */
    enum err (*tidy)(void *arg, struct cx *cx); /* the rooms' own housekeeping; may be NULL */
    void *arg;
};
MUST enum err backup_daily_start(struct cx *cx, const struct daily_opts *o, struct backup_daily **ret);
void backup_daily_stop(struct backup_daily **d); /* waits for a running backup; accepts NULL */
/* Is it time? last_good and last_try: UTC ms, 0 = never. */
bool backup_due(int64_t now_ms, int64_t last_good_ms, int64_t last_try_ms, int quiet_hour, int tz_min);
/* Inside or outside of db_write: the stored outcome, "" = none yet. cx->db must be set. */
MUST enum err backup_last(struct cx *cx, str *ret_json);
/* Stores the outcome of a backup; r NULL = it failed with cx->msg. For the command line's backups too. */
MUST enum err backup_last_set(struct cx *cx, const struct backup_report *r);
struct backup_made {
    enum err e;                /* E_CONFLICT: another one is being made; nothing is stored then */
    str why;                   /* it failed: cx->msg of it; memory of cx->a */
    struct backup_report r;    /* E_OK alone */
};
/* Outside of db_write: makes a backup of `db` and stores how it went; *ret is set in any case. cx->db is the same
 * connection afterwards. Errors: those of storing, whatever became of the backup. */
MUST enum err backup_make(struct cx *cx, struct dbase *db, const struct backup_opts *o, struct backup_made *ret);
