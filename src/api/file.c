/* SPDX-License-Identifier: MIT */
/* api/file.c - uploads and downloads: bytes in DATA/files under the file's id, everything else is record_files.c's. */
#include "api/api_int.h"

#include "os/os.h"
#include "record/record.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 200, LOOK_BYTES = 16 };

str file_path(struct cx *cx, int64_t id)
{
    return arena_fmt(cx->a, "%.*s/files/%" PRId64, FS(cx->app->data_dir), id);
}

/* The pictures that a browser is given to show are known by their first bytes alone. */
static str picture_type(str head)
{
    if (str_has_prefix(head, S("\x89PNG\r\n\x1A\n"))) return S("image/png");
    if (str_has_prefix(head, S("\xFF\xD8\xFF"))) return S("image/jpeg");
    if (str_has_prefix(head, S("GIF87a")) || str_has_prefix(head, S("GIF89a"))) return S("image/gif");
    if (str_has_prefix(head, S("RIFF")) && str_eq(str_cut(head, 8, 12), S("WEBP"))) return S("image/webp");
    return S("");
}

static str head_of(struct cx *cx, str path)
{
    char *p = NEW_N(cx->a, char, LOOK_BYTES);
    int fd = open(arena_z(cx->a, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? 0 : read(fd, p, LOOK_BYTES);
    os_close_fd(&fd);
    return (str){p, n > 0 ? (size_t)n : 0};
}

/* What we call it when it is downloaded; what the client says of it is never believed. */
static str type_of(str name, str head)
{
    str picture = picture_type(head);
    if (picture.n) return picture;
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

static struct stored stored_of(struct cx *cx, str name, int64_t bytes, int64_t id)
{
    return (struct stored){id, bytes, plain_name(cx, name), type_of(name, head_of(cx, file_path(cx, id)))};
}

enum err file_keep(struct cx *cx, str name, int64_t bytes, int64_t id)
{
    struct stored f = stored_of(cx, name, bytes, id);
    return stored_add(cx, &f);
}

static enum err upload_written(struct cx *cx, const struct req *rq, struct resp *rs, void *arg)
{
    const struct stored *f = arg;
    (void)rq;
    TRY(stored_add(cx, f));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("id"), f->id);
    jw_kstr(&w, S("name"), f->name);
    jw_kstr(&w, S("type"), f->type);
    jw_kint(&w, S("bytes"), f->bytes);
    jw_obj_end(&w);
    rs->status = 201;
    return E_OK;
}

/* What an Idempotency-Key was used for: the name and the bytes. */
static enum err upload_digest(struct cx *cx, const struct req *rq, const struct stored *f, str *ret)
{
    unsigned char sum[32] = {0};
    str key = {0};
    TRY(once_key(cx, rq, &key));
    if (key.n) TRY(os_sha256_file(cx, file_path(cx, f->id), sum));
    *ret = arena_fmt(cx->a, "%.*s\n%.*s", FS(f->name), FS(os_hex(cx->a, sum, sizeof sum)));
    return E_OK;
}

enum err api_file_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str name = S("file"), digest = {0};
    int64_t id = id_new(cx->now_ms);
    bool repeated = false;
    (void)http_query(cx, rq, S("name"), &name);
    if (!rq->body_bytes) return fail(cx, E_INVALID, "The file is empty");
    TRY(os_mkdirs(cx, arena_fmt(cx->a, "%.*s/files", FS(cx->app->data_dir)), 0700));
    TRY(spool_move(cx, rq, file_path(cx, id)));
    struct stored f = stored_of(cx, name, rq->body_bytes, id);
    enum err e = upload_digest(cx, rq, &f, &digest);
    if (e == E_OK) e = once_with(cx, rq, rs, digest, upload_written, &f, &repeated);
    if (repeated || (e != E_OK && e != E_UNCERTAIN)) (void)unlink(file_path(cx, id).p);
    return e;
}

enum err file_find(struct cx *cx, int64_t id, str *ret_name)
{
    struct stored f = {0};
    TRY(stored_own(cx, id, &f));
    *ret_name = f.name;
    return E_OK;
}

enum err api_file_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    struct stored f = {0};
    TRY(path_id(cx, rq, 0, &id));
    TRY(stored_seen(cx, id, &f));
    bool picture = str_has_prefix(f.type, S("image/"));
    struct buf b = buf_new(cx->a, 4096); /* RFC 6266 and 8187 */
    buf_add(&b, picture ? S("inline; filename*=UTF-8''") : S("attachment; filename*=UTF-8''"));
    for (size_t i = 0; i < f.name.n; i++) {
        unsigned char c = (unsigned char)f.name.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-' || c == '_';
        if (plain) buf_byte(&b, (char)c);
        else buf_fmt(&b, "%%%02X", c);
    }
    rs->type = f.type;
    http_head(rs, S("Content-Disposition"), buf_str(&b));
    http_head(rs, S("Content-Security-Policy"), S("sandbox; default-src 'none'; frame-ancestors 'none'"));
    if (picture) http_head(rs, S("Cache-Control"), S("private, no-cache")); /* asked for again by its ETag each time */
    rs->file = file_path(cx, id);
    return E_OK;
}
