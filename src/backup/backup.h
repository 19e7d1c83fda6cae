/* SPDX-License-Identifier: MIT */
/* backup/backup.h - copies that were opened, checked and counted before anybody calls them good.
 *
 * A backup is kontor-YYYYMMDD-HHMMSS.db (UTC; one SQLite file on either engine: PostgreSQL is moved into
 * it), beside it .json, the manifest (schema, rows per table, head of the log, SHA-256 of every file),
 * and the folder .files with the attachments. The manifest is written last: without one there is
 * no backup. Everything is readable by its owner alone.
 */
#pragma once
#include "backup/s3.h"
#include "base/json.h"
#include "db/db.h"

struct backup_keep {
    int daily, weekly, monthly; /* the newest of so many days, weeks, months; all 0 = 7, 4, 6 */
};
struct backup_opts {
    str dir;                 /* where backups live; made when absent */
    str files;               /* folder of attachments, "" = none */
    str erasures;            /* the file of erasures (privacy/privacy.h), copied beside the backups; "" = none */
    struct backup_keep keep;
    const struct s3 *s3;     /* NULL = stays here */
    void (*progress)(void *arg, int64_t done, int64_t total); /* may be NULL; pages or rows */
    void *arg;
};
struct backup_report {
    str name, path, engine;  /* "kontor-20261122-030000"; of the .db file; "sqlite" | "postgresql" */
    str audit;               /* the log's last seal (audit/audit.h), "" = none */
    int64_t made_ms, bytes, files, files_bytes, last_seq;
    int64_t ms, copy_ms, check_ms;
    int schema;
    const struct db_count *tables;
    size_t n_tables, removed; /* removed: older backups that the rules let go */
    bool restorable, uploaded;
    str remote_problem;      /* why the store did not take it; the backup here is good all the same */
};
/* Copies while others write, checks the copy, writes the manifest, lets old ones go, uploads. cx needs an arena and
 * now_ms. E_CONFLICT: another backup is running. E_FULL. Nothing half-made stays behind. A store that fails
 * is no error: see remote_problem. */
MUST enum err backup_run(struct cx *cx, struct dbase *b, const struct backup_opts *o, struct backup_report *ret);
void backup_json(const struct backup_report *r, struct jw *w);

struct backup_item {
    str name, path;          /* as in the report */
    int64_t made_ms, bytes;
};
/* Backups with a manifest, newest first; a missing folder is empty. */
MUST enum err backup_list(struct cx *cx, str dir, struct backup_item **ret, size_t *ret_n);
void backup_list_json(const struct backup_item *v, size_t n, struct jw *w);
/* Which of the items (newest first) the rules keep; the newest always, and all of the day before it. */
void backup_keep_mark(const struct backup_item *v, size_t n, struct backup_keep k, bool *ret);
