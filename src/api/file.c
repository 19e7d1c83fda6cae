/* SPDX-License-Identifier: MIT */
/* api/file.c - uploads and downloads: bytes in DATA/files under the file's id, everything else in `file`. */
#include "api/api_int.h"

#include "os/os.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 200, COPY_BYTES = 64 * 1024 };

struct filing {
    int64_t id, bytes;
    str name, type;
};

static enum err file_insert(struct cx *cx, void *arg)
{
    const struct filing *f = arg;
    return db_exec(
        cx, NULL,
        "INSERT INTO file (id, name, type, bytes, sha256, created_at, created_by, entity, record)"
        " VALUES ($1, $2, $3, $4, '', $5, $6, '', 0)",
        V(f->id), V(f->name), V(f->type), V(f->bytes), V(cx->now_ms), V(cx->who.user));
}

str file_path(struct cx *cx, int64_t id)
{
    return arena_fmt(cx->a, "%.*s/files/%" PRId64, FS(cx->app->data_dir), id);
}

/* What we call it when it is downloaded; what the client says of it is never believed. */
static str type_of(str name)
{
    static const struct {
        str end, type;
    } types[] = {
        {S0(".csv"), S0("text/csv; charset=utf-8")},
        {S0(".vcf"), S0("text/vcard; charset=utf-8")},
        {S0(".xlsx"), S0("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")}};
    for (size_t i = 0; i < COUNT(types); i++)
        if (name.n > types[i].end.n &&
            str_eq_nocase(str_cut(name, name.n - types[i].end.n, name.n), types[i].end))
            return types[i].type;
    return S("application/octet-stream");
}

static str plain_name(struct cx *cx, str s)
{
    struct buf b = buf_new(cx->a, NAME_MAX_BYTES);
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x20 && s.p[i] != '/' && s.p[i] != '\\' && s.p[i] != '"' &&
            s.p[i] != 0x7F)
            buf_byte(&b, s.p[i]);
    str t = buf_str(&b);
    while (t.n && !utf8_valid(t)) t.n--;
    return t.n ? t : S("file");
}

static enum err spool_move(struct cx *cx, const struct req *rq, str to)
{
    if (!rq->body_file.n) return os_write_file_atomic(cx, to, rq->body, 0600);
    if (rename(arena_z(cx->a, rq->body_file), arena_z(cx->a, to)) != 0)
        return fail(cx, E_INTERNAL, "The upload could not be kept");
    return os_fsync_dir(cx, arena_fmt(cx->a, "%.*s/files", FS(cx->app->data_dir)));
}

enum err file_keep(struct cx *cx, str name, int64_t bytes, int64_t id)
{
    struct filing f = {id, bytes, plain_name(cx, name), type_of(name)};
    return db_write(cx, file_insert, &f);
}

enum err api_file_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str name = S("file");
    int64_t id = id_new(cx->now_ms);
    (void)http_query(cx, rq, S("name"), &name);
    if (!rq->body_bytes) return fail(cx, E_INVALID, "The file is empty");
    TRY(os_mkdirs(cx, arena_fmt(cx->a, "%.*s/files", FS(cx->app->data_dir)), 0700));
    TRY(spool_move(cx, rq, file_path(cx, id)));
    enum err e = file_keep(cx, name, rq->body_bytes, id);
    if (e != E_OK && e != E_UNCERTAIN) (void)unlink(file_path(cx, id).p);
    TRY(e);
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("id"), id);
    jw_kstr(&w, S("name"), plain_name(cx, name));
    jw_kstr(&w, S("type"), type_of(name));
    jw_kint(&w, S("bytes"), rq->body_bytes);
    jw_obj_end(&w);
    rs->status = 201;
    return E_OK;
}

enum err file_find(struct cx *cx, int64_t id, str *ret_name, str *ret_type)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT name, type, created_by FROM file WHERE id = $1", V(id)));
    if (!r.n || (cx->acl && db_int(&r, 0, 2) != cx->who.user))
        return fail(cx, E_NOTFOUND, "There is no such file");
    *ret_name = db_str(&r, 0, 0);
    *ret_type = db_str(&r, 0, 1);
    return E_OK;
}

enum err api_file_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    str name = {0};
    TRY(path_id(cx, rq, 0, &id));
    TRY(file_find(cx, id, &name, &rs->type));
    struct buf b = buf_new(cx->a, 4096); /* RFC 6266 and 8187 */
    buf_add(&b, S("attachment; filename*=UTF-8''"));
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-' || c == '_';
        if (plain) buf_byte(&b, (char)c);
        else buf_fmt(&b, "%%%02X", c);
    }
    http_head(rs, S("Content-Disposition"), buf_str(&b));
    rs->file = file_path(cx, id);
    return E_OK;
}
