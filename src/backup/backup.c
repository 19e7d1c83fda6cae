/* SPDX-License-Identifier: MIT */
/* backup/backup.c - one backup from begin to end. */
#include "backup/backup_int.h"
#include "base/log.h"
#include "base/time.h"
#include "os/os.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { WAL_BYTE = 18, NAME_TRIES = 3600 };

struct making {
    const struct backup_opts *o;
    struct backup_report *r;
    struct manifest m;
    str stem; /* DIR/kontor-... */
    bool whole;
    struct cx *cx;
};

/* What was begun and did not become whole leaves nothing. */
static void making_end(struct making *k)
{
    static const char *const part[] = {".json", ".db", ".db.part", ".db.part-wal", ".db.part-shm"};
    if (k->whole || !k->stem.n) return;
    for (size_t i = 0; i < COUNT(part); i++)
        os_unlink(k->cx, arena_fmt(k->cx->a, "%.*s%s", FS(k->stem), part[i]));
    tree_remove(k->cx, arena_fmt(k->cx->a, "%.*s.files", FS(k->stem)));
}

static enum err name_free(struct cx *cx, struct making *k)
{
    int64_t ms = cx->now_ms > 0 ? cx->now_ms : os_now_ms();
    for (int i = 0; i < NAME_TRIES; i++, ms += 1000) {
        struct date d = day_date(time_day(ms, 0));
        int64_t s = (ms - day_start_ms(time_day(ms, 0), 0)) / 1000;
        str name = arena_fmt(cx->a, "kontor-%04" PRId64 "%02d%02d-%02d%02d%02d", d.y, d.m, d.d,
                             (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
        str stem = arena_fmt(cx->a, "%.*s/%.*s", FS(k->o->dir), FS(name));
        if (file_exists(cx, arena_fmt(cx->a, "%.*s.db", FS(stem)))) continue;
        k->stem = stem;
        k->r->name = name;
        k->r->path = arena_fmt(cx->a, "%.*s.db", FS(stem));
        k->r->made_ms = k->m.made_ms = ms / 1000 * 1000;
        return E_OK;
    }
    return fail(cx, E_CONFLICT, "too many backups of one hour");
}

struct rows_so_far {
    const struct backup_opts *o;
    int64_t done;
};
static void on_rows(void *arg, str table, int64_t rows)
{
    struct rows_so_far *p = arg;
    (void)table;
    if (p->o->progress) p->o->progress(p->o->arg, rows, 0);
}

/* PostgreSQL: moved into a SQLite file, so that a backup is one thing wherever it came from. */
static enum err copy_pg(struct cx *cx, struct making *k, struct dbase *b)
{
    struct rows_so_far p = {.o = k->o};
    struct move_opts mo = {.progress = on_rows, .arg = &p};
    struct move_report mr = {0};
    struct dbase *to = NULL;
    str part = arena_fmt(cx->a, "%.*s.db.part", FS(k->stem));
    struct db_opts o = {
        .url = arena_fmt(cx->a, "sqlite:%.*s", FS(part)), .create = true, .readers = 2};
    TRY(dbase_open(cx, &o, &to));
    enum err e = move_run(cx, b, to, &mo, &mr);
    dbase_close(&to);
    TRY(e);
    if (file_exists(cx, arena_fmt(cx->a, "%.*s-wal", FS(part))))
        return fail(cx, E_INTERNAL, "the copy is not closed");
    if (rename(part.p, k->r->path.p) != 0) return fail(cx, E_INTERNAL, "the copy cannot be named");
    return E_OK;
}

/* The copy is at rest and has no log beside it: its header says so (bytes 18 and 19 of the file format), so
 * opening it, also from a medium that cannot be written, makes no files. */
static enum err settle(struct cx *cx, str path)
{
    static const char at_rest[2] = {1, 1};
    OWNED(os_close_fd) int fd = open(path.p, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || pwrite(fd, at_rest, sizeof at_rest, WAL_BYTE) != (ssize_t)sizeof at_rest ||
        fsync(fd) != 0)
        return fail(cx, E_INTERNAL, "the copy did not reach the disk");
    return E_OK;
}

static str folder_of(struct cx *cx, str path)
{
    size_t n = path.n - base_name(path).n;
    return n ? arena_dup(cx->a, str_cut(path, 0, n)) : S(".");
}

/* Attachments are never changed, only added and removed: a second name for the same bytes is a copy. */
static enum err files_take(struct cx *cx, struct making *k)
{
    struct entry *f = NULL;
    size_t n = 0, kept = 0;
    str to = arena_fmt(cx->a, "%.*s.files", FS(k->stem));
    if (!k->o->files.n) return E_OK;
    TRY(tree_list(cx, k->o->files, true, &f, &n));
    for (size_t i = 0; i < n; i++) {
        str from = arena_fmt(cx->a, "%.*s/%.*s", FS(k->o->files), FS(f[i].name));
        str path = arena_fmt(cx->a, "%.*s/%.*s", FS(to), FS(f[i].name));
        if (!name_is_safe(f[i].name))
            return fail(cx, E_INVALID, "an attachment has a name that cannot be restored");
        TRY(os_mkdirs(cx, folder_of(cx, path), 0700));
        enum err e = file_link(cx, from, path);
        if (e == E_NOTFOUND) continue; /* removed since the folder was read */
        TRY(e);
        TRY(file_sha(cx, path, &f[i]));
        k->r->files_bytes += f[i].bytes;
        f[kept++] = f[i];
    }
    k->m.files = f;
    k->m.n_files = kept;
    k->r->files = (int64_t)kept;
    return n ? os_fsync_dir(cx, to) : E_OK;
}

static enum err copy(struct cx *cx, struct making *k, struct dbase *b)
{
    int64_t began = os_mono_us();
    bool pg = dbase_is_pg(b);
    k->r->engine = k->m.engine = pg ? S("postgresql") : S("sqlite");
    TRY(pg ? copy_pg(cx, k, b) : dbase_backup(cx, b, k->r->path, k->o->progress, k->o->arg));
    TRY(settle(cx, k->r->path));
    TRY(files_take(cx, k));
    k->r->copy_ms = (os_mono_us() - began) / 1000;
    return E_OK;
}

static enum err check(struct cx *cx, struct making *k)
{
    struct db_report d = {0};
    int64_t began = os_mono_us();
    enum err e = copy_check(cx, k->r->path, NULL, &d);
    if (e == E_INVALID) return fail(cx, E_INTERNAL, "the copy is not good: %.*s", FS(cx->msg));
    TRY(e);
    k->m.db.name = base_name(k->r->path);
    TRY(file_sha(cx, k->r->path, &k->m.db));
    k->m.program = S("kontor " KONTOR_VERSION);
    k->m.schema = k->r->schema = d.schema;
    k->m.last_seq = k->r->last_seq = d.last_seq;
    k->m.audit = k->r->audit = d.audit;
    k->m.tables = k->r->tables = d.tables;
    k->m.n_tables = k->r->n_tables = d.n_tables;
    k->r->bytes = k->m.db.bytes;
    TRY(manifest_write(cx, arena_fmt(cx->a, "%.*s.json", FS(k->stem)), &k->m));
    k->r->check_ms = (os_mono_us() - began) / 1000;
    k->r->restorable = k->whole = true;
    return os_fsync_dir(cx, k->o->dir);
}

/* ---- afterwards: the store, then the old ones ---- */

static enum err upload_one(struct cx *cx, const struct s3 *s, str path, const struct entry *f,
                           str name)
{
    int64_t there = -1;
    enum err e = s3_head(cx, s, name, &there);
    if (e == E_OK && there == f->bytes && f->name.n) return E_OK;
    if (e != E_OK && e != E_NOTFOUND) return e;
    return s3_put(cx, s, path, f->bytes, f->sha, name);
}

/* Attachments are kept once for all backups of a store, under their sum. */
static enum err upload(struct cx *cx, const struct making *k)
{
    const struct s3 *s = k->o->s3;
    struct entry list = {0};
    str json = arena_fmt(cx->a, "%.*s.json", FS(k->stem));
    s3_leftovers(cx, s, name_is_sent, k->r->made_ms - DAY_MS); /* more than any takes that is still on its way */
    for (size_t i = 0; i < k->m.n_files; i++) {
        struct arena_mark m = arena_mark(cx->a);
        const struct entry *f = &k->m.files[i];
        TRY(upload_one(cx, s, arena_fmt(cx->a, "%.*s.files/%.*s", FS(k->stem), FS(f->name)), f,
                       arena_fmt(cx->a, "files/%.*s", FS(f->sha))));
        arena_back(cx->a, m);
    }
    TRY(s3_put(cx, s, k->r->path, k->m.db.bytes, k->m.db.sha, k->m.db.name));
    TRY(file_sha(cx, json, &list));
    return s3_put(cx, s, json, list.bytes, list.sha, base_name(json));
}

/* Always the newest, beside all backups: an older one is held against it when it is restored. */
static enum err erasures_copy(struct cx *cx, const struct backup_opts *o)
{
    str text = {0};
    if (!o->erasures.n) return E_OK;
    enum err e = os_read_file(cx, o->erasures, ERASURES_BYTES, &text);
    if (e == E_NOTFOUND) return E_OK;
    TRY(e);
    return os_write_file_atomic(cx, arena_fmt(cx->a, "%.*s/%.*s", FS(o->dir), FS(erasures_name)), text, 0600);
}

static enum err erasures_upload(struct cx *cx, const struct backup_opts *o)
{
    struct entry f = {0};
    str path = arena_fmt(cx->a, "%.*s/%.*s", FS(o->dir), FS(erasures_name));
    if (!file_exists(cx, path)) return E_OK;
    TRY(file_sha(cx, path, &f));
    return s3_put(cx, o->s3, path, f.bytes, f.sha, erasures_name);
}

static void let_go(struct cx *cx, const struct making *k, const struct backup_item *it)
{
    str stem = stem_of(cx, it->path);
    os_unlink(cx,
              arena_fmt(cx->a, "%.*s.json", FS(stem))); /* first: without it there is no backup */
    os_unlink(cx, it->path);
    tree_remove(cx, arena_fmt(cx->a, "%.*s.files", FS(stem)));
    k->r->removed++;
    if (!k->r->uploaded) return;
    enum err e = s3_delete(cx, k->o->s3, arena_fmt(cx->a, "%.*s.json", FS(it->name)));
    if (e == E_OK) e = s3_delete(cx, k->o->s3, arena_fmt(cx->a, "%.*s.db", FS(it->name)));
    if (e != E_OK)
        log_say(cx, LOG_WARN, S("backup"), "an old backup stays in the store: %.*s", FS(cx->msg));
}

/* What a run that was killed left: the lock is ours, so nobody works on it. */
static enum err remnants_remove(struct cx *cx, str dir)
{
    struct entry *f = NULL;
    size_t n = 0;
    TRY(tree_list(cx, dir, false, &f, &n));
    for (size_t i = 0; i < n; i++)
        if (str_has_prefix(f[i].name, S("kontor-")) && str_find(f[i].name, S(".db.part")) > 0)
            os_unlink(cx, arena_fmt(cx->a, "%.*s/%.*s", FS(dir), FS(f[i].name)));
    return E_OK;
}

static enum err rotate(struct cx *cx, const struct making *k)
{
    struct backup_item *v = NULL;
    size_t n = 0;
    TRY(backup_list(cx, k->o->dir, &v, &n));
    bool *keep = NEW_N(cx->a, bool, n + 1);
    backup_keep_mark(v, n, k->o->keep, keep);
    for (size_t i = 0; i < n; i++)
        if (!keep[i] && !str_eq(v[i].name, k->r->name)) let_go(cx, k, &v[i]);
    return E_OK;
}

enum err backup_run(struct cx *cx, struct dbase *b, const struct backup_opts *o,
                    struct backup_report *ret)
{
    struct backup_report r = {0};
    struct making k OWNED(making_end) = {.o = o, .r = &r, .cx = cx};
    OWNED(os_close_fd) int lock = -1;
    int64_t began = os_mono_us();
    TRY(os_mkdirs(cx, o->dir, 0700));
    enum err e = os_lock_file(cx, arena_fmt(cx->a, "%.*s/.lock", FS(o->dir)), &lock);
    if (e == E_CONFLICT) return fail(cx, E_CONFLICT, "another backup is running");
    TRY(e);
    TRY(remnants_remove(cx, o->dir));
    TRY(name_free(cx, &k));
    TRY(copy(cx, &k, b));
    TRY(check(cx, &k));
    r.ms = (os_mono_us() - began) / 1000;
    TRY(erasures_copy(cx, o));
    e = o->s3 ? upload(cx, &k) : E_OK;
    if (o->s3 && e == E_OK) e = erasures_upload(cx, o);
    r.uploaded = o->s3 && e == E_OK;
    if (e != E_OK) r.remote_problem = cx->msg;
    TRY(rotate(cx, &k));
    *ret = r;
    return E_OK;
}

void backup_json(const struct backup_report *r, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("name"), r->name);
    jw_kstr(w, S("path"), r->path);
    jw_kstr(w, S("engine"), r->engine);
    jw_kbool(w, S("restorable"), r->restorable);
    jw_kint(w, S("made_ms"), r->made_ms);
    jw_kint(w, S("bytes"), r->bytes);
    jw_kint(w, S("files"), r->files);
    jw_kint(w, S("files_bytes"), r->files_bytes);
    jw_kint(w, S("schema"), r->schema);
    jw_kid(w, S("last_seq"), r->last_seq);
    jw_kstr(w, S("audit"), r->audit);
    jw_kint(w, S("ms"), r->ms);
    jw_kint(w, S("copy_ms"), r->copy_ms);
    jw_kint(w, S("check_ms"), r->check_ms);
    jw_kint(w, S("removed"), (int64_t)r->removed);
    jw_kbool(w, S("uploaded"), r->uploaded);
    jw_kstr(w, S("remote_problem"), r->remote_problem);
    jw_key(w, S("tables"));
    jw_obj(w);
    for (size_t i = 0; i < r->n_tables; i++) jw_kint(w, r->tables[i].table, r->tables[i].rows);
    jw_obj_end(w);
    jw_obj_end(w);
}
