/* SPDX-License-Identifier: MIT */
/* api/file.c - uploads and downloads: bytes in DATA/files under the file's id, everything else is record_files.c's. */
#include "api/api_int.h"
#include "api/scan.h"

#include "base/time.h"
#include "os/os.h"
#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 200, LOOK_BYTES = 1024, MB = 1000 * 1000, RESERVE = 256 * MB };

str file_path(struct cx *cx, int64_t id)
{
    return arena_fmt(cx->a, "%.*s/files/%" PRId64, FS(cx->app->data_dir), id);
}

/* What a picture is called when it is downloaded; to be shown it must have been drawn by us. */
static str picture_type(str head)
{
    if (str_has_prefix(head, S("\x89PNG\r\n\x1A\n"))) return S("image/png");
    if (str_has_prefix(head, S("\xFF\xD8\xFF"))) return S("image/jpeg");
    if (str_has_prefix(head, S("GIF87a")) || str_has_prefix(head, S("GIF89a")))
        return S("image/gif");
    if (str_has_prefix(head, S("RIFF")) && str_eq(str_cut(head, 8, 12), S("WEBP")))
        return S("image/webp");
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

static bool ends_like(str name, str ends)
{
    str one = {0};
    while (ends.n) {
        str_split(ends, ' ', &one, &ends);
        if (name.n > one.n && str_eq_nocase(str_cut(name, name.n - one.n, name.n), one))
            return true;
    }
    return false;
}

/* Where the name says picture, PDF or document, the bytes are one: who opens a file by its name gets what it says.
 * Messengers call pictures of one kind by the name of another; a document with a password is no ZIP; readers look for
 * a PDF's beginning in the first 1,024 bytes. (Not what imports take: exports call all kinds of tables .xls.) */
static bool name_agrees(str name, str head)
{
    while (name.n && (name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' '))
        name.n--; /* Windows leaves them out */
    if (ends_like(name, S(".png .jpg .jpeg .gif .webp"))) return picture_type(head).n > 0;
    if (ends_like(name, S(".pdf"))) return str_find(head, S("%PDF-")) >= 0;
    if (ends_like(name, S(".docx .pptx .odt .zip")))
        return str_has_prefix(head, S("PK")) || str_has_prefix(head, S("\xD0\xCF\x11\xE0"));
    return true;
}

/* A drawn picture is called after what it is. */
static str name_for(struct cx *cx, str name, str type)
{
    str end = str_eq(type, S("image/png")) ? S(".png") : S(".jpg");
    size_t dot = name.n;
    while (dot && name.p[dot - 1] != '.') dot--;
    str base = dot > 1 ? str_cut(name, 0, dot - 1) : name;
    if (str_has_suffix(name, end) || str_eq_nocase(str_cut(name, base.n, name.n), S(".jpeg")))
        return name;
    return arena_fmt(cx->a, "%.*s%.*s", FS(utf8_cut(base, NAME_MAX_BYTES - end.n)), FS(end));
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

static struct stored stored_of(struct cx *cx, str name, int64_t bytes, int64_t id, str path)
{
    return (struct stored){.id = id,
                           .bytes = bytes,
                           .name = plain_name(cx, name),
                           .type = type_of(name, head_of(cx, path))};
}

enum err file_keep(struct cx *cx, str name, int64_t bytes, int64_t id)
{
    struct stored f = stored_of(cx, name, bytes, id, file_path(cx, id));
    return stored_add(cx, &f);
}

/* ---- taking in ---- */
/* A user's day has an end, and so has the disk: what is refused here costs nobody his next save. */
enum err intake_disk(struct cx *cx, int64_t bytes)
{
    int64_t free_bytes = os_free_bytes(cx, cx->app->data_dir);
    return free_bytes < 0 || free_bytes >= bytes + RESERVE
               ? E_OK
               : fail(cx, E_FULL, "The server's disk is full: no file can be taken at present");
}

static enum err room_for(struct cx *cx, int64_t bytes)
{
    int64_t most = cx->app->intake.day_bytes, had = 0, under_way = 0;
    TRY(intake_disk(cx, bytes));
    if (!most || !cx->who.user) return E_OK;
    TRY(stored_since(cx, cx->now_ms - DAY_MS, &had));
    TRY(uploads_under_way(cx, NULL, &under_way));
    had += under_way;
    if (had + bytes <= most) return E_OK;
    return fail(cx, E_LIMIT,
                "You have uploaded %" PRId64 " MB within a day; more than %" PRId64
                " MB is not taken",
                had / MB, most / MB);
}

enum err intake_allowed(struct cx *cx, int64_t bytes)
{
    TRY(room_for(cx, bytes));
    return os_mkdirs(cx, arena_fmt(cx->a, "%.*s/files", FS(cx->app->data_dir)), 0700);
}

/* Drawn beside its place, so that a name in `files` never has half a picture. */
static enum err picture_keep(struct cx *cx, str from, struct stored *f)
{
    struct picture p = {0};
    str to = file_path(cx, f->id), new_ = arena_fmt(cx->a, "%.*s.new", FS(from));
    TRY(picture_make(cx, cx->app->pictures, from, new_, &p));
    if (rename(arena_z(cx->a, new_), arena_z(cx->a, to)) != 0) {
        os_unlink(cx, new_);
        return fail(cx, E_INTERNAL, "The upload could not be kept");
    }
    f->type = p.type;
    f->name = name_for(cx, f->name, p.type);
    f->bytes = p.bytes;
    return E_OK;
}

static enum err plain_keep(struct cx *cx, str from, const struct stored *f)
{
    OWNED(os_close_fd) int fd = open(arena_z(cx->a, from), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fsync(fd) != 0) return os_fail(cx, errno, "fsync", from);
    if (rename(arena_z(cx->a, from), arena_z(cx->a, file_path(cx, f->id))) != 0)
        return fail(cx, E_INTERNAL, "The upload could not be kept");
    return E_OK;
}

enum err intake_keep(struct cx *cx, str from, str name, bool picture, struct stored *f)
{
    *f = stored_of(cx, name, f->bytes, f->id, from);
    f->picture = picture;
    if (!picture && !name_agrees(f->name, head_of(cx, from)))
        return fail_at(cx, E_TYPE, S("name"), "What %.*s holds is not what its name says",
                       FS(f->name));
    TRY(scan_file(cx, cx->app->intake.scan, from));
    TRY(picture ? picture_keep(cx, from, f) : plain_keep(cx, from, f));
    return os_fsync_dir(cx, arena_fmt(cx->a, "%.*s/files", FS(cx->app->data_dir)));
}

void stored_json(struct jw *w, const struct stored *f)
{
    jw_obj(w);
    jw_kid(w, S("id"), f->id);
    jw_kstr(w, S("name"), f->name);
    jw_kstr(w, S("type"), f->type);
    jw_kint(w, S("bytes"), f->bytes);
    jw_obj_end(w);
}

static enum err upload_written(struct cx *cx, const struct req *rq, struct resp *rs, void *arg)
{
    const struct stored *f = arg;
    (void)rq;
    TRY(stored_add(cx, f));
    struct jw w = reply_json(rs);
    stored_json(&w, f);
    rs->status = 201;
    return E_OK;
}

/* What an Idempotency-Key was used for: the name, how, and the bytes. */
static enum err upload_digest(struct cx *cx, const struct req *rq, str name, bool picture, str path,
                              str *ret)
{
    unsigned char sum[32] = {0};
    str key = {0};
    TRY(once_key(cx, rq, &key));
    if (key.n) TRY(os_sha256_file(cx, path, sum));
    *ret = arena_fmt(cx->a, "%.*s\n%s%.*s", FS(name), picture ? "picture\n" : "",
                     FS(os_hex(cx->a, sum, sizeof sum)));
    return E_OK;
}

/* The bytes as a file, where they were not too many to be held. */
static enum err body_path(struct cx *cx, const struct req *rq, int64_t id, str *ret)
{
    *ret = rq->body_file;
    if (ret->n) return E_OK;
    *ret = arena_fmt(cx->a, "%.*s.in", FS(file_path(cx, id)));
    return os_write_file_atomic(cx, *ret, rq->body, 0600);
}

bool intake_as_picture(struct cx *cx, str as, enum err *e)
{
    if (as.n && !str_eq(as, S("picture")))
        *e = fail_at(cx, E_BAD, S("as"), "\"as\" is \"picture\" or left out");
    return str_eq(as, S("picture"));
}

enum err api_file_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str name = S("file"), as = {0}, digest = {0}, from = {0};
    struct stored f = {.id = id_new(cx->now_ms), .bytes = rq->body_bytes};
    bool repeated = false;
    enum err e = E_OK;
    (void)http_query(cx, rq, S("name"), &name);
    (void)http_query(cx, rq, S("as"), &as);
    bool picture = intake_as_picture(cx, as, &e);
    if (e != E_OK) return e;
    if (!rq->body_bytes) return fail(cx, E_INVALID, "The file is empty");
    TRY(intake_allowed(cx, rq->body_bytes));
    TRY(body_path(cx, rq, f.id, &from));
    e = upload_digest(cx, rq, plain_name(cx, name), picture, from, &digest);
    if (e == E_OK) e = intake_keep(cx, from, name, picture, &f);
    if (e == E_OK) e = once_with(cx, rq, rs, digest, upload_written, &f, &repeated);
    if (repeated || (e != E_OK && e != E_UNCERTAIN)) (void)unlink(file_path(cx, f.id).p);
    if (!rq->body_file.n) os_unlink(cx, from);
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
    struct buf b = buf_new(cx->a, 4096); /* RFC 6266 and 8187 */
    buf_add(&b, f.picture ? S("inline; filename*=UTF-8''") : S("attachment; filename*=UTF-8''"));
    for (size_t i = 0; i < f.name.n; i++) {
        unsigned char c = (unsigned char)f.name.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-' || c == '_';
        if (plain) buf_byte(&b, (char)c);
        else buf_fmt(&b, "%%%02X", c);
    }
    rs->type = f.type;
    http_head(rs, S("Content-Disposition"), buf_str(&b));
    http_head(rs, S("Content-Security-Policy"),
              S("sandbox; default-src 'none'; frame-ancestors 'none'"));
    if (f.picture)
        http_head(rs, S("Cache-Control"), S("private, no-cache")); /* asked again by its ETag */
    rs->file = file_path(cx, id);
    return E_OK;
}
