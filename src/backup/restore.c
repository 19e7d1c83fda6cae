/* SPDX-License-Identifier: MIT */
/* backup/restore.c - checks first, then copies; the database gets its name as the last step. */
#include "backup/restore.h"

#include "backup/backup_int.h"
#include "os/os.h"

#include <stdio.h>

const str data_db_name = S0("kontor.db"), erasures_name = S0("erasures");
enum { PG_TIMEOUT_MS = 3600000 };

struct back { /* undoes what was begun */
    struct cx *cx;
    str dir, part;
    bool begun, whole;
};
static void back_end(struct back *b)
{
    if (b->whole || !b->begun) return;
    os_unlink(b->cx, b->part);
    tree_remove(b->cx, arena_fmt(b->cx->a, "%.*s/files", FS(b->dir)));
}

static enum err list_read(struct cx *cx, const struct restore_opts *o, struct manifest *ret)
{
    str list = arena_fmt(cx->a, "%.*s.json", FS(stem_of(cx, o->backup)));
    if (!file_exists(cx, o->backup))
        return fail(cx, E_NOTFOUND, "there is no file %.*s", FS(o->backup));
    if (o->without_list) return file_sha(cx, o->backup, &ret->db);
    if (!file_exists(cx, list))
        return fail(cx, E_NOTFOUND, "there is no list %.*s beside the backup", FS(base_name(list)));
    TRY(manifest_read(cx, list, ret));
    return backup_match(cx, o->backup, ret);
}

static enum err place_check(struct cx *cx, const struct restore_opts *o, const struct manifest *m)
{
    bool is_free = true;
    if (o->data_dir.n) TRY(folder_is_free(cx, o->data_dir, &is_free));
    if (!is_free)
        return fail(cx, E_PRECOND,
                    "%.*s is not empty: a restore goes to a new place, never over a living one",
                    FS(o->data_dir));
    if (!o->data_dir.n && (!o->to_url.n || m->n_files))
        return fail(cx, E_INVALID, "name a new folder to restore to");
    return E_OK;
}

static enum err copy_same(struct cx *cx, str from, str to, const struct entry *want)
{
    struct entry got = {0};
    TRY(file_copy(cx, from, to, &got));
    if (got.bytes == want->bytes && str_eq(got.sha, want->sha)) return E_OK;
    return fail(cx, E_INVALID, "%.*s changed while it was copied", FS(from));
}

static enum err files_copy(struct cx *cx, const struct restore_opts *o, const struct manifest *m)
{
    for (size_t i = 0; i < m->n_files; i++) {
        struct arena_mark mark = arena_mark(cx->a);
        str from =
            arena_fmt(cx->a, "%.*s.files/%.*s", FS(stem_of(cx, o->backup)), FS(m->files[i].name));
        str to = arena_fmt(cx->a, "%.*s/files/%.*s", FS(o->data_dir), FS(m->files[i].name));
        TRY(os_mkdirs(cx, str_cut(to, 0, to.n - base_name(to).n), 0700));
        TRY(copy_same(cx, from, to, &m->files[i]));
        arena_back(cx->a, mark);
    }
    return E_OK;
}

static enum err to_folder(struct cx *cx, const struct restore_opts *o, const struct manifest *m,
                          struct back *undo, struct restore_report *r)
{
    TRY(copy_same(cx, o->backup, undo->part, &m->db));
    r->db = arena_fmt(cx->a, "%.*s/%.*s", FS(o->data_dir), FS(data_db_name));
    if (rename(undo->part.p, r->db.p) != 0)
        return fail(cx, E_INTERNAL, "cannot write %.*s", FS(r->db));
    return os_fsync_dir(cx, o->data_dir);
}

static enum err to_server(struct cx *cx, const struct restore_opts *o)
{
    struct dbase *from OWNED(dbase_close) = NULL;
    struct dbase *to OWNED(dbase_close) = NULL;
    struct move_report mr = {0};
    struct db_opts of = {
        .url = arena_fmt(cx->a, "sqlite:%.*s", FS(o->backup)), .read_only = true, .readers = 2};
    struct db_opts ot = {
        .url = o->to_url, .readers = 2, .plain = o->plain, .statement_timeout_ms = PG_TIMEOUT_MS};
    TRY(dbase_open(cx, &of, &from));
    TRY(dbase_open(cx, &ot, &to));
    if (!dbase_is_pg(to))
        return fail(cx, E_INVALID, "an address to restore to begins with postgresql://");
    return move_run(cx, from, to, NULL, &mr);
}

/* ---- whom the living base has forgotten since ---- */
/* Beside the backup, or in the data folder that its folder lies in: the longer one is the newer. */
static enum err erasures_find(struct cx *cx, str backup, str *ret_path, str *ret_text)
{
    str dir = str_cut(backup, 0, backup.n - base_name(backup).n);
    str at[] = {arena_fmt(cx->a, "%.*s%.*s", FS(dir), FS(erasures_name)),
                arena_fmt(cx->a, "%.*s../%.*s", FS(dir), FS(erasures_name))};
    for (size_t i = 0; i < COUNT(at); i++) {
        str text = {0};
        enum err e = os_read_file(cx, at[i], ERASURES_BYTES, &text);
        if (e == E_NOTFOUND) continue;
        TRY(e);
        if (text.n <= ret_text->n) continue;
        *ret_text = text;
        *ret_path = at[i];
    }
    return E_OK;
}

static enum err erasures_take(struct cx *cx, const struct restore_opts *o, struct restore_report *r)
{
    str text = {0}, line = {0};
    TRY(erasures_find(cx, o->backup, &r->erasures, &text));
    if (!text.n) return E_OK;
    if (o->data_dir.n)
        TRY(os_write_file_atomic(cx, arena_fmt(cx->a, "%.*s/%.*s", FS(o->data_dir), FS(erasures_name)), text, 0600));
    while (text.n) {
        const struct json *j = NULL;
        int64_t at = 0;
        (void)str_split(text, '\n', &line, &text);
        bool reads = line.n && json_parse(cx, line, &j) == E_OK && json_int_of(cx, j, S("at"), 0, &at) == E_OK;
        r->erased += reads && at > r->made_ms;
    }
    return E_OK;
}

enum err restore_run(struct cx *cx, const struct restore_opts *o, struct restore_report *ret)
{
    struct manifest m = {0};
    struct db_report d = {0};
    struct back undo OWNED(back_end) = {.cx = cx, .dir = o->data_dir};
    struct restore_report r = {.listed = !o->without_list, .to_pg = o->to_url.n > 0};
    int64_t began = os_mono_us();
    TRY(place_check(cx, o, &m));
    TRY(list_read(cx, o, &m));
    TRY(place_check(cx, o, &m));
    TRY(copy_check(cx, o->backup, o->without_list ? NULL : &m, &d));
    if (o->data_dir.n) TRY(os_mkdirs(cx, o->data_dir, 0700));
    undo.part = arena_fmt(cx->a, "%.*s/%.*s.part", FS(o->data_dir), FS(data_db_name));
    undo.begun = o->data_dir.n > 0;
    TRY(files_copy(cx, o, &m));
    TRY(r.to_pg ? to_server(cx, o) : to_folder(cx, o, &m, &undo, &r));
    r.made_ms = m.made_ms;
    TRY(erasures_take(cx, o, &r));
    undo.whole = true;
    r.schema = d.schema;
    r.last_seq = d.last_seq;
    r.tables = d.tables;
    r.n_tables = d.n_tables;
    r.bytes = m.db.bytes;
    r.files = (int64_t)m.n_files;
    r.ms = (os_mono_us() - began) / 1000;
    *ret = r;
    return E_OK;
}

void restore_json(const struct restore_report *r, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("db"), r->db);
    jw_kstr(w, S("engine"), r->to_pg ? S("postgresql") : S("sqlite"));
    jw_kbool(w, S("listed"), r->listed);
    jw_kint(w, S("schema"), r->schema);
    jw_kid(w, S("last_seq"), r->last_seq);
    jw_kint(w, S("made_ms"), r->made_ms);
    jw_kint(w, S("bytes"), r->bytes);
    jw_kint(w, S("files"), r->files);
    jw_kint(w, S("ms"), r->ms);
    jw_kint(w, S("erased_since"), r->erased);
    jw_key(w, S("tables"));
    jw_obj(w);
    for (size_t i = 0; i < r->n_tables; i++) jw_kint(w, r->tables[i].table, r->tables[i].rows);
    jw_obj_end(w);
    jw_obj_end(w);
}
