/* SPDX-License-Identifier: MIT */
/* backup/restore.h - a backup back to life, in a new place: never over a living base.
 *
 * Only for the command line: a backup is a database file, and one from a stranger is an attack. Everything
 * is checked before the first byte is written: the list's own sum, the sums of all files, every page, what
 * the schema holds, rows per table, the head of the log.
 */
#pragma once
#include "base/json.h"
#include "db/db.h"

struct restore_opts {
    str backup;        /* the .db file */
    str data_dir;      /* new or empty; gets kontor.db and files/. "" with to_url when there are no attachments */
    bool plain;        /* to_url: as in db_opts */
    str to_url;        /* "" = SQLite in data_dir, else an empty PostgreSQL database */
    bool without_list; /* a database file that has no manifest (a copy made before an upgrade) */
};
struct restore_report {
    str db;            /* the new file, "" when it went to PostgreSQL */
    bool to_pg, listed;
    int schema;
    int64_t made_ms, bytes, files, last_seq, ms;
    str erasures;      /* the file of erasures that was found beside the backup or above it, "" = none */
    int64_t erased;    /* how many of them came after this backup: the first start does them again, when the file lies
                        * in its data folder, where it is now unless there is none */
    const struct db_count *tables;
    size_t n_tables;
};
extern const str data_db_name; /* "kontor.db" */
/* E_PRECOND: the place is not empty. E_INVALID: the backup is damaged, foreign or hostile; cx->msg says what.
 * E_NOTFOUND: no backup there, or no list beside it. A restore that fails leaves no database behind. */
MUST enum err restore_run(struct cx *cx, const struct restore_opts *o, struct restore_report *ret);
void restore_json(const struct restore_report *r, struct jw *w);
