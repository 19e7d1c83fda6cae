/* SPDX-License-Identifier: MIT */
/* cli/store.h - the data folder opened: lock, database, schema, description. Knows nothing of a command line, so that
 * the server opens its data by the same door.
 *
 * One process holds the folder (DIR/lock). SQLite's file is DIR/kontor.db; with a PostgreSQL address the folder holds
 * everything else.
 */
#pragma once
#include "base/base.h"
#include "db/db.h"
#include "meta/meta.h"
#include "os/vault.h"

struct store_opts {
    str data_dir;    /* made when absent and `create` */
    str db;          /* "" = the file in data_dir; else a URL of dbase_open */
    int readers;
    bool create;     /* a database that is not there is made; else E_NOTFOUND */
    bool plain;      /* as in db_opts */
    bool read_only;  /* takes no lock, migrates nothing */
    struct db_upgrade how; /* who is told how far an upgrade is; {0} = nobody */
};
struct store {
    struct dbase *db;
    struct meta *meta;
    struct vault *vault; /* DIR/secret.key, made with the data; read_only: what is there */
    str data_dir, url;   /* in the arena of the cx that opened it */
    int lock_fd;
    int from, to;        /* schema before and after */
};
/* The URL of a data folder, or `db` itself. */
str store_url(struct cx *cx, str data_dir, str db);
/* E_CONFLICT: another process holds the folder. E_NOTFOUND: nothing there. E_PRECOND: made by a newer version, or
 * (read_only) the schema is an older one. Tables of the description are made only when it or the program changed. */
MUST enum err store_open(struct cx *cx, const struct store_opts *o, struct store *ret);
void store_close(struct store *s);          /* safe on {0} whose lock_fd is -1 or 0 */
/* Takes a connection, the description and the firm's country and language into cx; leave gives them back. */
MUST enum err store_enter(struct cx *cx, const struct store *s);
void store_leave(struct cx *cx);
/* A setting of the installation ("firm_country"); "" when unset. */
MUST enum err store_setting(struct cx *cx, str key, str *ret);
/* Tables of m where they are missing; nothing when the same program did so before with the same description. */
MUST enum err store_sync(struct cx *cx, const struct meta *m);
