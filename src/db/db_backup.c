/* SPDX-License-Identifier: MIT */
/* db/db_backup.c - a consistent copy of a SQLite database under load, and the proof that a file is sound.
 *
 * The copying connection holds one snapshot from first page to last, so writers neither wait for it nor
 * make it begin again (the log grows meanwhile). */
#include "base/tr.h"
#include "db/db_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SLICE_PAGES = 256, TABLES_MAX = 2000, CLONE_WAIT_MS = 1000, CLEAR_WAIT_MS = 2000, CLEAR_TRIES = 10 };

static void h_close(sqlite3 **h) { sqlite3_close(*h); }
static void st_free(sqlite3_stmt **st) { sqlite3_finalize(*st); }
static void backup_free(sqlite3_backup **k) { sqlite3_backup_finish(*k); }
static void db_shut(struct db **db)
{
    if (*db) (*db)->ops->close(*db);
}

static enum err broken(struct cx *cx, sqlite3 *h, int rc)
{
    enum err e = sq_err(h, rc, false);
    return fail(cx, e, "%s", e == E_FULL ? "the disk is full" : "the copy failed");
}

static enum err copy_pages(struct cx *cx, sqlite3 *from, const char *to,
                           void (*progress)(void *, int64_t, int64_t), void *arg)
{
    sqlite3 *h OWNED(h_close) = NULL;
    sqlite3_backup *k OWNED(backup_free) = NULL;
    const struct timespec pause = {0, 1000000};
    int rc = sqlite3_open_v2(
        to, &h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(h, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL);
    if (rc != SQLITE_OK) return broken(cx, h, rc);
    k = sqlite3_backup_init(h, "main", from, "main");
    if (!k) return broken(cx, h, sqlite3_extended_errcode(h));
    while ((rc = sqlite3_backup_step(k, SLICE_PAGES)) == SQLITE_OK || rc == SQLITE_BUSY ||
           rc == SQLITE_LOCKED) {
        int64_t all = sqlite3_backup_pagecount(k);
        if (progress) progress(arg, all - sqlite3_backup_remaining(k), all);
        nanosleep(&pause, NULL);
    }
    if (rc != SQLITE_DONE) return broken(cx, h, rc);
    if (progress) progress(arg, sqlite3_backup_pagecount(k), sqlite3_backup_pagecount(k));
    return E_OK;
}

static bool sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    bool ok = fsync(fd) == 0;
    close(fd);
    return ok;
}

static str folder_of(struct cx *cx, str path)
{
    size_t n = path.n;
    while (n && path.p[n - 1] != '/') n--;
    return n ? arena_dup(cx->a, str_cut(path, 0, n)) : S(".");
}

enum err dbase_backup(struct cx *cx, struct dbase *b, str to_path,
                      void (*progress)(void *arg, int64_t done, int64_t total), void *arg)
{
    struct db *from OWNED(db_shut) = NULL;
    if (dbase_is_pg(b)) return fail(cx, E_TYPE, "PostgreSQL is copied by its own tools");
    const char *to = arena_z(cx->a, to_path), *part = arena_fmt(cx->a, "%.*s.part", FS(to_path)).p;
    unlink(part); /* left by a copy that was cut off */
    int fd = open(part, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return fail(cx, E_NOTFOUND, "Cannot write %s", part);
    close(fd);
    TRY(sq_open(cx, b, SQ_READER, &from));
    from->ops = b->ops;
    TRY(b->ops->ctl(cx, from, DB_SNAP));
    enum err e = copy_pages(cx, sq_handle(from), part, progress, arg);
    if (e == E_OK &&
        (!sync_path(part) || rename(part, to) != 0 || !sync_path(folder_of(cx, to_path).p)))
        e = fail(cx, E_INTERNAL, "The copy did not reach the disk");
    if (e != E_OK) unlink(part);
    TRY(b->ops->ctl(cx, from, DB_SNAP_END));
    return e;
}

/* ---- a copy that shares its blocks ---- */

static bool one_int(sqlite3 *h, const char *sql, int64_t *ret)
{
    sqlite3_stmt *st OWNED(st_free) = NULL;
    if (sqlite3_prepare_v2(h, sql, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
        return false;
    *ret = sqlite3_column_int64(st, 0);
    return true;
}

static str one_text(struct cx *cx, sqlite3 *h, const char *sql)
{
    sqlite3_stmt *st OWNED(st_free) = NULL;
    if (sqlite3_prepare_v2(h, sql, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW) return S("");
    const char *t = (const char *)sqlite3_column_text(st, 0);
    return t ? arena_dup(cx->a, str_from(t)) : S("");
}

/* Nothing is left in the log, and from here on nobody else writes: the file alone is the whole. */
static bool at_rest(struct cx *cx, sqlite3 *h, const char *path)
{
    struct stat st = {0};
    int64_t busy = 1;
    const char *log = arena_fmt(cx->a, "%s-wal", path).p;
    sqlite3_busy_timeout(h, CLONE_WAIT_MS);
    return one_int(h, "PRAGMA wal_checkpoint(TRUNCATE)", &busy) && !busy &&
           sqlite3_exec(h, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
           (stat(log, &st) == 0 ? st.st_size == 0 : errno == ENOENT);
}

static bool clone_to(struct cx *cx, struct dbase *b, const char *part)
{
    sqlite3 *h OWNED(h_close) = NULL;
    if (b->clone_from < 0) b->clone_from = open(b->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (b->clone_from < 0) return false;
    if (sqlite3_open_v2(b->path, &h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        !at_rest(cx, h, b->path))
        return false;
    int fd = open(part, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return false;
    bool ok = ioctl(fd, FICLONE, b->clone_from) == 0 && fsync(fd) == 0;
    (void)close(fd);
    (void)sqlite3_exec(h, "ROLLBACK", NULL, NULL, NULL);
    return ok;
}

bool db_clone(struct cx *cx, struct dbase *b, str to_path)
{
    const char *to = arena_z(cx->a, to_path), *part = arena_fmt(cx->a, "%.*s.part", FS(to_path)).p;
    (void)unlink(part);
    bool ok = !dbase_is_pg(b) && clone_to(cx, b, part) && rename(part, to) == 0 &&
              sync_path(folder_of(cx, to_path).p);
    if (!ok) (void)unlink(part);
    return ok;
}

/* ---- clearing the log ---- */
enum err db_log_clear(struct cx *cx)
{
    struct dbase *b = cx->db->base;
    struct db *own OWNED(db_shut) = NULL;
    if (dbase_is_pg(b)) return E_OK;
    TRY(sq_open(cx, b, SQ_CHECKPOINT, &own)); /* the checkpoint thread's own is at work */
    own->ops = b->ops;
    sqlite3 *h = sq_handle(own);
    sqlite3_busy_timeout(h, CLEAR_WAIT_MS);
    int rc = SQLITE_BUSY;
    for (int i = 0; i < CLEAR_TRIES && (rc & 0xff) == SQLITE_BUSY; i++)
        rc = sqlite3_wal_checkpoint_v2(h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if ((rc & 0xff) == SQLITE_BUSY) return fail(cx, E_BUSY, "%s", tr_format(cx->lang, TR("The database is busy")));
    return rc == SQLITE_OK ? E_OK : broken(cx, h, rc);
}

/* ---- checking ---- */

/* A copy at rest is opened immutable, or SQLite would leave files beside it; one with a log is not. */
static const char *uri(struct cx *cx, str path)
{
    struct buf b = buf_new(cx->a, path.n * 3 + 64);
    buf_add(&b, S("file:"));
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     strchr("/._-", c);
        if (plain) buf_byte(&b, (char)c);
        else buf_fmt(&b, "%%%02X", c);
    }
    bool has_log = access(arena_fmt(cx->a, "%.*s-wal", FS(path)).p, F_OK) == 0;
    buf_add(&b, has_log ? S("?mode=ro") : S("?mode=ro&immutable=1"));
    return arena_z(cx->a, buf_str(&b));
}

static bool is_sound(struct cx *cx, sqlite3 *h, str *ret_problem)
{
    sqlite3_stmt *st OWNED(st_free) = NULL;
    if (sqlite3_prepare_v2(h, "PRAGMA integrity_check(1)", -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        *ret_problem = arena_dup(cx->a, str_from(sqlite3_errmsg(h)));
        return false;
    }
    str said = str_from((const char *)sqlite3_column_text(st, 0));
    if (str_eq(said, S("ok"))) return true;
    *ret_problem = arena_dup(cx->a, said);
    return false;
}

static bool count_all(struct cx *cx, sqlite3 *h, struct db_report *r)
{
    sqlite3_stmt *st OWNED(st_free) = NULL;
    const char *list =
        "SELECT name, printf('SELECT count(*) FROM \"%w\"', name) FROM sqlite_schema WHERE type = "
        "'table'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'search\\_fts%' ESCAPE '\\'"
        " ORDER BY name";
    if (sqlite3_prepare_v2(h, list, -1, &st, NULL) != SQLITE_OK) return false;
    r->tables = NEW_N(cx->a, struct db_count, TABLES_MAX);
    int rc = 0;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW && r->n_tables < TABLES_MAX) {
        struct db_count *c = &r->tables[r->n_tables++];
        c->table = arena_dup(cx->a, str_from((const char *)sqlite3_column_text(st, 0)));
        if (!one_int(h, (const char *)sqlite3_column_text(st, 1), &c->rows)) return false;
    }
    return rc == SQLITE_DONE;
}

enum err dbase_check(struct cx *cx, str path, struct db_report *ret)
{
    sqlite3 *h OWNED(h_close) = NULL;
    struct db_report r = {0};
    int64_t schema = 0;
    if (!path.n || access(arena_z(cx->a, path), R_OK) != 0)
        return fail(cx, E_NOTFOUND, "There is no such file");
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(uri(cx, path), &h, flags, NULL) == SQLITE_OK) {
        sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_busy_timeout(h, 1000);
        r.integrity_ok = sq_terms(h) == SQLITE_OK && is_sound(cx, h, &r.problem) && count_all(cx, h, &r);
    }
    if (!r.integrity_ok && !r.problem.n) r.problem = arena_dup(cx->a, str_from(sqlite3_errmsg(h)));
    if (r.integrity_ok && one_int(h, "SELECT max(n) FROM migration", &schema))
        r.schema = (int)schema;
    if (r.integrity_ok && r.schema && !one_int(h, "SELECT max(seq) FROM change", &r.last_seq))
        r.last_seq = 0;
    if (r.integrity_ok && r.schema)
        r.audit = one_text(cx, h, "SELECT n || ':' || mac FROM audit_seal ORDER BY n DESC LIMIT 1");
    *ret = r;
    return E_OK;
}
