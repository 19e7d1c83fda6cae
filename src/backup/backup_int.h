/* SPDX-License-Identifier: MIT */
/* backup/backup_int.h - what the files of this room share: files and trees, the manifest, tables. */
#pragma once
#include "backup/backup.h"
#include "backup/move.h"
#include "meta/sql.h"

/* ---- files.c: regular files alone; links are never followed ---- */
struct entry {
    str name; /* relative, '/' between parts */
    int64_t bytes;
    str sha;  /* 64 hex digits, "" = not computed */
};
enum { PATH_DEPTH = 8, TREE_MAX = 2000000 };
MUST enum err file_sha(struct cx *cx, str path, struct entry *ret);
/* A new file of mode 600, synced. E_CONFLICT when there is one; a copy that failed is removed. */
MUST enum err file_copy(struct cx *cx, str from, str to, struct entry *ret);
/* A second name for the same bytes, or a copy where the file system cannot. */
MUST enum err file_link(struct cx *cx, str from, str to);
bool file_exists(struct cx *cx, str path);
/* No file, no folder of that name, or an empty folder. */
MUST enum err folder_is_free(struct cx *cx, str path, bool *ret);
/* Names of all regular files in root (deep: and below), sorted; a missing root is empty. */
MUST enum err tree_list(struct cx *cx, str root, bool deep, struct entry **ret, size_t *ret_n);
/* Removes the folder and what is in it; silent. Follows no link. */
void tree_remove(struct cx *cx, str root);
/* As the large files of a backup are named in a store: a database, an attachment. */
bool name_is_sent(str name);
bool name_is_safe(str name); /* relative, no "..", no empty part, no control character */
str base_name(str path);
str stem_of(struct cx *cx, str db_path); /* without ".db" */

/* The file of erasures, in a data folder and beside backups. */
extern const str erasures_name;
enum { ERASURES_BYTES = 64 * 1024 * 1024 };

/* ---- manifest.c ---- */
struct manifest {
    int64_t made_ms, last_seq;
    int schema;
    str program, engine, audit;
    struct entry db;
    const struct db_count *tables;
    size_t n_tables;
    const struct entry *files;
    size_t n_files;
};
MUST enum err manifest_write(struct cx *cx, str path, const struct manifest *m);
/* E_NOTFOUND; E_INVALID: changed since it was written, or no manifest. */
MUST enum err manifest_read(struct cx *cx, str path, struct manifest *ret);

/* ---- schema.c ---- */
/* E_INVALID when the file's schema holds anything Kontor does not make: a trigger, a view, a foreign virtual
 * table, a check, a default or an index that computes. Opens for reading alone. */
MUST enum err schema_check(struct cx *cx, str path);
/* The file is sound, has our schema and (m not NULL) the counts and the log's head of the manifest.
 * E_INVALID says what is wrong. */
MUST enum err copy_check(struct cx *cx, str path, const struct manifest *m, struct db_report *ret);
/* Sums of the database file and of every file beside it against the manifest. */
MUST enum err backup_match(struct cx *cx, str db_path, const struct manifest *m);

/* ---- table.c: any of our tables, on any engine ---- */
struct column {
    str name, quoted, read; /* read: what stands in the SELECT */
};
struct table {
    str name, quoted;
    struct column *col; /* keys first, then "version", then by name */
    size_t n, n_keys;
};
/* Tables of this base but for engines' own, by name. */
MUST enum err tables_list(struct cx *cx, str **ret, size_t *ret_n);
bool table_is_left(str name); /* not moved */
/* as_source: positions of followers come as SQLite holds them. */
MUST enum err dbtable_open(struct cx *cx, str name, bool as_source, struct table *ret);
/* Pages of rows in key order; `after` NULL = from the beginning, else values of the keys. */
MUST enum err table_page(struct cx *cx, const struct table *t, const struct db_val *after, int64_t rows,
                         struct db_rows *ret);
void row_sum(const struct table *t, const struct db_val *row, struct table_sum *add_to);
/* Inside db_write. */
MUST enum err table_insert(struct cx *cx, const struct table *t, const struct db_rows *r);
MUST enum err table_count(struct cx *cx, str name, int64_t *ret);
