/* SPDX-License-Identifier: MIT */
/* db/db_log_file.c - the writer's own way to SQLite's write-ahead log: SQLite writes each page as two pieces (24 bytes
 * of head, 4,096 of page), some sixty calls for a record; here what follows on one another is kept until the fdatasync
 * of the commit and handed over in one call. A log that grows does so by a megabyte of zeros at a time: an fdatasync
 * that has to write the file's new length as well takes twice as long. (Zeros are no frame: recovery ends before them.)
 *
 * Only for the writer under synchronous=FULL: there others learn of a frame from the index after its fdatasync, never
 * before, so nobody reads what is still kept here. The writer itself may (pages that did not fit into its cache): then
 * what is kept goes out first. Everything else is the engine's own "unix" file system (https://sqlite.org/vfs.html). */
#include "db/db_int.h"

#include <sqlite3.h>
#include <stdlib.h>

enum {
    KEEP_BYTES = 512 * 1024,
    GROW_BYTES = 1024 * 1024,
    PIECE =
        124 *
        1024 /* the engine writes 128 KiB less one byte at a time: whole 128 KiB count as a full disk */
};
struct log_file {
    sqlite3_file head; /* first: SQLite knows only this */
    sqlite3_file *real;
    sqlite3_int64 at;   /* where in the file what is kept belongs */
    sqlite3_int64 size; /* of the file */
    int n;
    char *kept;
};
static sqlite3_vfs vfs;
static sqlite3_vfs *unix_vfs;

static struct log_file *log_of(sqlite3_file *f) { return (struct log_file *)f; }

/* bytes NULL: zeros */
static int put(struct log_file *l, const char *bytes, int n, sqlite3_int64 at)
{
    static const char zeros[PIECE];
    int rc = SQLITE_OK;
    for (int done = 0, step; done < n && rc == SQLITE_OK; done += step) {
        step = n - done < PIECE ? n - done : PIECE;
        rc = l->real->pMethods->xWrite(l->real, bytes ? bytes + done : zeros, step, at + done);
        if (rc == SQLITE_OK && at + done + step > l->size) l->size = at + done + step;
    }
    return rc;
}

static int hand_over(struct log_file *l)
{
    int n = l->n;
    bool grows = l->at + n > l->size;
    l->n = 0; /* SQLite takes a commit back whose write failed: nothing of it is tried again */
    int rc = put(l, l->kept, n, l->at);
    if (n && rc == SQLITE_OK && grows && put(l, NULL, GROW_BYTES, l->size) != SQLITE_OK)
        return SQLITE_OK; /* no room for what comes later: it will be told then */
    return rc;
}

static int log_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct log_file *l = log_of(f);
    if (l->n && (at != l->at + l->n || n > KEEP_BYTES - l->n)) {
        int rc = hand_over(l);
        if (rc != SQLITE_OK) return rc;
    }
    if (n > KEEP_BYTES) return put(l, p, n, at);
    if (!l->n) l->at = at;
    memcpy(l->kept + l->n, p, (size_t)n);
    l->n += n;
    return SQLITE_OK;
}

static int log_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    struct log_file *l = log_of(f);
    int kept = l->n, rc = hand_over(l);
    if (rc == SQLITE_OK) return l->real->pMethods->xRead(l->real, p, n, at);
    l->n = kept; /* a read that fails need not end the transaction: what was written before belongs to it still */
    return rc;
}

static int log_sync(sqlite3_file *f, int flags)
{
    int rc = hand_over(log_of(f));
    return rc == SQLITE_OK ? log_of(f)->real->pMethods->xSync(log_of(f)->real, flags) : rc;
}

static int log_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct log_file *l = log_of(f);
    int rc = hand_over(l);
    if (rc == SQLITE_OK) rc = l->real->pMethods->xTruncate(l->real, size);
    if (rc == SQLITE_OK) l->size = size;
    return rc;
}

static int log_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    int rc = hand_over(log_of(f));
    return rc == SQLITE_OK ? log_of(f)->real->pMethods->xFileSize(log_of(f)->real, ret) : rc;
}

static int log_close(sqlite3_file *f)
{
    struct log_file *l = log_of(f);
    int rc = hand_over(l), closed = l->real->pMethods->xClose(l->real);
    free(l->kept);
    return rc == SQLITE_OK ? closed : rc;
}

/* A log is neither locked nor shared by its own file: that is the index's part. */
static int log_lock(sqlite3_file *f, int level)
{
    return log_of(f)->real->pMethods->xLock(log_of(f)->real, level);
}

static int log_unlock(sqlite3_file *f, int level)
{
    return log_of(f)->real->pMethods->xUnlock(log_of(f)->real, level);
}

static int log_reserved(sqlite3_file *f, int *ret)
{
    return log_of(f)->real->pMethods->xCheckReservedLock(log_of(f)->real, ret);
}

static int log_control(sqlite3_file *f, int op, void *arg)
{
    return log_of(f)->real->pMethods->xFileControl(log_of(f)->real, op, arg);
}

static int log_sector(sqlite3_file *f)
{
    return log_of(f)->real->pMethods->xSectorSize(log_of(f)->real);
}

static int log_device(sqlite3_file *f)
{
    return log_of(f)->real->pMethods->xDeviceCharacteristics(log_of(f)->real);
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_reserved,
    .xFileControl = log_control,
    .xSectorSize = log_sector,
    .xDeviceCharacteristics = log_device,
};

static int open_file(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    struct log_file *l = log_of(f);
    (void)v;
    if (!(flags & SQLITE_OPEN_WAL)) return unix_vfs->xOpen(unix_vfs, name, f, flags, ret_flags);
    *l = (struct log_file){.real = (sqlite3_file *)(l + 1)};
    int rc = unix_vfs->xOpen(unix_vfs, name, l->real, flags, ret_flags);
    if (rc != SQLITE_OK) return rc;
    if (!(l->kept = malloc(KEEP_BYTES))) abort();
    if (l->real->pMethods->xFileSize(l->real, &l->size) != SQLITE_OK) l->size = 0;
    l->head.pMethods = &methods;
    return rc;
}

static void make(void)
{
    unix_vfs = sqlite3_vfs_find(NULL);
    vfs = *unix_vfs;
    vfs.pNext = NULL;
    vfs.zName = "kontor-writer";
    vfs.szOsFile += (int)sizeof(struct log_file);
    vfs.xOpen = open_file;
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) abort();
}

const char *sq_writer_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (pthread_once(&once, make) != 0) abort();
    return vfs.zName;
}
