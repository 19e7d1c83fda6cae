/* SPDX-License-Identifier: MIT */
/* api/uploading.c - uploads in pieces that go on after the line broke: the tus protocol, version 1.0.0 (tus.io), with
 * its extensions creation, expiration and termination. The bytes so far are DATA/uploads/<id>; how many of them are
 * safely on the disk stands in the row, and what lies behind is cut off. The whole one becomes the file of that id. */
#include "api/api_int.h"

#include "base/time.h"
#include "os/os.h"
#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEEP_DAYS = 7, OPEN_MAX = 20, BLOCK = 256 * 1024, META_MAX = 2000, NAME_BYTES_MAX = 1000, TIDY_PAGE = 200 };
static const int64_t TOTAL_MAX = INT64_C(1) << 30;
static const str VERSION = S0("1.0.0"), PIECE_TYPE = S0("application/offset+octet-stream");

struct part {
    int64_t id, total, at; /* bytes: of the whole, and here already */
    int64_t made_ms;
    str name;
    bool picture, placed;  /* placed: its bytes lie where the file's will be */
    bool whole;            /* it is a file already */
    struct stored file;    /* then */
};

static str part_path(struct cx *cx, int64_t id)
{
    return arena_fmt(cx->a, "%.*s/uploads/%" PRId64, FS(cx->app->data_dir), id);
}

static int64_t bytes_at(struct cx *cx, str path)
{
    struct stat st;
    return stat(arena_z(cx->a, path), &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
}

/* One's own: under way, or whole. What is a file without a row yet (we died in between) has all its bytes; of what lies
 * in `uploads` as many as the row tells, or fewer when they are gone. */
static enum err part_find(struct cx *cx, int64_t id, struct part *ret)
{
    struct db_rows r = {0};
    *ret = (struct part){.id = id};
    TRY(db_query(cx, &r,
                 "SELECT name, total, picture, created_at, have FROM upload WHERE id = $1 AND user_id = $2", V(id),
                 V(cx->who.user)));
    if (!r.n) {
        TRY(stored_own(cx, id, &ret->file));
        ret->whole = true;
        ret->at = ret->total = ret->file.bytes;
        return E_OK;
    }
    ret->name = db_str(&r, 0, 0);
    ret->total = db_int(&r, 0, 1);
    ret->picture = db_int(&r, 0, 2) != 0;
    ret->made_ms = db_int(&r, 0, 3);
    int64_t have = bytes_at(cx, part_path(cx, id)), safe = db_int(&r, 0, 4);
    ret->at = have < 0 ? 0 : have < safe ? have : safe;
    ret->placed = bytes_at(cx, file_path(cx, id)) >= 0;
    if (ret->placed) ret->at = ret->total;
    return E_OK;
}

/* ---- answers ---- */
static void heads(struct cx *cx, struct resp *rs, const struct part *p)
{
    http_head(rs, S("Tus-Resumable"), VERSION);
    http_head(rs, S("Upload-Offset"), arena_fmt(cx->a, "%" PRId64, p->at));
    http_head(rs, S("Upload-Length"), arena_fmt(cx->a, "%" PRId64, p->total));
    http_head(rs, S("Cache-Control"), S("no-store"));
    if (!p->whole) http_head(rs, S("Upload-Expires"), http_day(cx->a, p->made_ms + KEEP_DAYS * DAY_MS));
}

static void part_json(struct resp *rs, const struct part *p)
{
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("id"), p->id);
    jw_kint(&w, S("offset"), p->at);
    jw_kint(&w, S("length"), p->total);
    jw_key(&w, S("file"));
    if (p->whole) stored_json(&w, &p->file);
    else jw_null(&w);
    jw_obj_end(&w);
}

static enum err version_fits(struct cx *cx, const struct req *rq, struct resp *rs)
{
    str v = http_header(rq, S("Tus-Resumable"));
    if (!v.n || str_eq(v, VERSION)) return E_OK;
    http_head(rs, S("Tus-Version"), VERSION);
    return fail_at(cx, E_PRECOND, S("Tus-Resumable"), "Version %.*s of the protocol is spoken here", FS(VERSION));
}

static enum err number_head(struct cx *cx, const struct req *rq, str name, int64_t *ret)
{
    str s = http_header(rq, name);
    return str_to_int(s, ret) && *ret >= 0 && s.p[0] != '+' && s.p[0] != '-'
               ? E_OK
               : fail_at(cx, E_BAD, name, "%.*s: a number of bytes is needed", FS(name));
}

/* ---- beginning ---- */
/* Upload-Metadata: "filename d29y,as cGljdHVyZQ==": names and values in base64. */
static enum err metadata(struct cx *cx, const struct req *rq, struct part *p)
{
    str all = http_header(rq, S("Upload-Metadata")), one = {0}, name = {0}, as = {0};
    enum err e = E_OK;
    p->name = S("file");
    if (all.n > META_MAX) return fail_at(cx, E_BAD, S("Upload-Metadata"), "This header is too long");
    while (all.n) {
        str_split(all, ',', &one, &all);
        str text = {0};
        size_t n = 0;
        str_split(str_trim(one), ' ', &name, &text);
        const unsigned char *v = os_unbase64(cx->a, OS_BASE64, text, &n);
        str value = {(const char *)v, v ? n : 0};
        if (!v || n > NAME_BYTES_MAX || !utf8_valid(value))
            return fail_at(cx, E_BAD, S("Upload-Metadata"), "Upload-Metadata: names and values in base64 are needed");
        if (str_eq(name, S("filename")) || str_eq(name, S("name"))) p->name = value;
        if (str_eq(name, S("as"))) as = value;
    }
    p->picture = intake_as_picture(cx, as, &e);
    return e;
}

static enum err row_made(struct cx *cx, void *arg)
{
    const struct part *p = arg;
    return db_exec(cx, NULL,
                   "INSERT INTO upload (id, user_id, name, total, picture, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
                   V(p->id), V(cx->who.user), V(p->name), V(p->total), V((int64_t)p->picture), V(cx->now_ms));
}

enum err uploads_under_way(struct cx *cx, int64_t *ret_n, int64_t *ret_bytes)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT COUNT(*), CAST(COALESCE(SUM(total), 0) AS BIGINT) FROM upload WHERE user_id = $1",
                 V(cx->who.user)));
    if (ret_n) *ret_n = db_int(&r, 0, 0);
    *ret_bytes = db_int(&r, 0, 1);
    return E_OK;
}

static enum err begin_written(struct cx *cx, const struct req *rq, struct resp *rs, void *arg)
{
    struct part *p = arg;
    int64_t n = 0, bytes = 0;
    (void)rq;
    TRY(uploads_under_way(cx, &n, &bytes));
    if (n >= OPEN_MAX) return fail(cx, E_LIMIT, "%d uploads are under way already: finish or end one", OPEN_MAX);
    TRY(intake_allowed(cx, p->total));
    TRY(intake_disk(cx, bytes + p->total));
    TRY(db_write(cx, row_made, p));
    http_head(rs, S("Location"), arena_fmt(cx->a, "/api/v1/upload/%" PRId64, p->id));
    heads(cx, rs, p);
    part_json(rs, p);
    rs->status = 201;
    return E_OK;
}

enum err api_upload_post(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct part p = {.id = id_new(cx->now_ms), .made_ms = cx->now_ms};
    bool repeated = false;
    TRY(version_fits(cx, rq, rs));
    TRY(number_head(cx, rq, S("Upload-Length"), &p.total));
    if (!p.total) return fail(cx, E_INVALID, "The file is empty");
    if (p.total > TOTAL_MAX)
        return fail_at(cx, E_LIMIT, S("Upload-Length"), "A file has at most %d MB", (int)(TOTAL_MAX / 1000000));
    TRY(metadata(cx, rq, &p));
    str asked = arena_fmt(cx->a, "%" PRId64 "\n%.*s", p.total, FS(http_header(rq, S("Upload-Metadata"))));
    return once_with(cx, rq, rs, asked, begin_written, &p, &repeated);
}

enum err api_upload_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    struct part p = {0};
    TRY(version_fits(cx, rq, rs));
    TRY(path_id(cx, rq, 0, &id));
    TRY(part_find(cx, id, &p));
    heads(cx, rs, &p);
    part_json(rs, &p);
    return E_OK;
}

/* ---- going on ---- */
static enum err copy_in(struct cx *cx, int to, str from)
{
    char *p = NEW_N(cx->a, char, BLOCK);
    OWNED(os_close_fd) int fd = open(arena_z(cx->a, from), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : 0;
    while (fd >= 0 && (n = read(fd, p, BLOCK)) > 0) TRY(os_write_all(cx, to, (str){p, (size_t)n}));
    return n < 0 ? os_fail(cx, errno, "read", from) : E_OK;
}

static enum err safe_written(struct cx *cx, void *arg)
{
    const struct part *p = arg;
    return db_exec(cx, NULL, "UPDATE upload SET have = $2 WHERE id = $1", V(p->id), V(p->at));
}

static enum err append(struct cx *cx, const struct req *rq, int fd, struct part *p)
{
    TRY(intake_disk(cx, rq->body_bytes));
    if (ftruncate(fd, p->at) != 0 || lseek(fd, p->at, SEEK_SET) < 0) return os_fail(cx, errno, "seek", S("upload"));
    enum err e = rq->body_file.n ? copy_in(cx, fd, rq->body_file) : os_write_all(cx, fd, rq->body);
    TRY(e);
    if (fsync(fd) != 0) return os_fail(cx, errno, "fsync", S("upload"));
    if (!p->at) TRY(os_fsync_dir(cx, arena_fmt(cx->a, "%.*s/uploads", FS(cx->app->data_dir))));
    p->at += rq->body_bytes;
    return db_write(cx, safe_written, p);
}

static enum err becomes_file(struct cx *cx, void *arg)
{
    const struct part *p = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM upload WHERE id = $1", V(p->id)));
    if (!n) return fail(cx, E_CONFLICT, "This upload was ended meanwhile");
    return stored_add(cx, &p->file);
}

struct ending {
    int64_t id, n;
};
static enum err row_gone(struct cx *cx, void *arg)
{
    struct ending *x = arg;
    return db_exec(cx, &x->n, "DELETE FROM upload WHERE id = $1", V(x->id));
}

/* The row first: where it still was, its bytes are no file's. */
static enum err part_end(struct cx *cx, int64_t id)
{
    struct ending x = {id, 0};
    TRY(db_write(cx, row_gone, &x));
    if (!x.n) return E_OK;
    os_unlink(cx, part_path(cx, id));
    os_unlink(cx, file_path(cx, id));
    return E_OK;
}

/* What is refused for what it is would be refused again: its bytes go. */
static enum err finish(struct cx *cx, struct part *p)
{
    str from = p->placed ? file_path(cx, p->id) : part_path(cx, p->id); /* placed: we died before it had its row */
    p->file = (struct stored){.id = p->id, .bytes = p->total};
    enum err e = intake_keep(cx, from, p->name, p->picture, &p->file);
    if (e == E_INVALID || e == E_LIMIT) {
        str why = cx->msg, at = cx->at;
        TRY(part_end(cx, p->id));
        cx->msg = why;
        cx->at = at;
        return cx->err = e;
    }
    TRY(e);
    e = db_write(cx, becomes_file, p);
    if (e == E_CONFLICT) os_unlink(cx, file_path(cx, p->id)); /* it was ended meanwhile */
    p->whole = e == E_OK;
    return e;
}

static enum err piece_fits(struct cx *cx, const struct req *rq, struct resp *rs, const struct part *p)
{
    int64_t at = 0;
    if (!str_eq(http_header(rq, S("Content-Type")), PIECE_TYPE))
        return fail_at(cx, E_TYPE, S("Content-Type"), "A piece comes as %.*s", FS(PIECE_TYPE));
    TRY(number_head(cx, rq, S("Upload-Offset"), &at));
    if (at != p->at || (p->whole && rq->body_bytes)) {
        heads(cx, rs, p);
        return fail_at(cx, E_CONFLICT, S("Upload-Offset"), "The upload stands at %" PRId64, p->at);
    }
    return rq->body_bytes <= p->total - p->at ? E_OK : fail(cx, E_LIMIT, "This is more than was told in the beginning");
}

static enum err go_on(struct cx *cx, const struct req *rq, struct resp *rs, int fd, struct part *p)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return fail(cx, E_CONFLICT, "Another piece of this upload is just coming in");
    TRY(part_find(cx, p->id, p)); /* as it is now that nobody else writes */
    TRY(piece_fits(cx, rq, rs, p));
    if (rq->body_bytes) TRY(append(cx, rq, fd, p));
    return p->at == p->total && !p->whole ? finish(cx, p) : E_OK;
}

enum err api_upload_patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    struct part p = {0};
    TRY(version_fits(cx, rq, rs));
    TRY(path_id(cx, rq, 0, &id));
    TRY(part_find(cx, id, &p));
    TRY(piece_fits(cx, rq, rs, &p));
    if (!p.whole) {
        TRY(os_mkdirs(cx, arena_fmt(cx->a, "%.*s/uploads", FS(cx->app->data_dir)), 0700));
        str path = p.placed ? file_path(cx, id) : part_path(cx, id);
        OWNED(os_close_fd) int fd = open(arena_z(cx->a, path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) return os_fail(cx, errno, "open", path);
        enum err e = go_on(cx, rq, rs, fd, &p);
        if (e == E_NOTFOUND) os_unlink(cx, part_path(cx, id)); /* it was ended meanwhile */
        TRY(e);
    }
    if (p.whole) os_unlink(cx, part_path(cx, id));
    heads(cx, rs, &p);
    rs->status = 204;
    return E_OK;
}

enum err api_upload_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    int64_t id = 0;
    struct part p = {0};
    TRY(version_fits(cx, rq, rs));
    TRY(path_id(cx, rq, 0, &id));
    TRY(part_find(cx, id, &p));
    if (p.whole) return fail(cx, E_CONFLICT, "This upload is a file already");
    TRY(part_end(cx, id));
    rs->status = 204;
    return E_OK;
}

enum err uploads_tidy(struct cx *cx)
{
    struct db_rows r = {0};
    int64_t before = clock_aged_ms(cx->now_ms) - KEEP_DAYS * DAY_MS;
    do {
        TRY(db_query(cx, &r, "SELECT id FROM upload WHERE created_at < $1 ORDER BY id LIMIT $2", V(before),
                     V((int64_t)TIDY_PAGE)));
        for (size_t i = 0; i < r.n; i++) TRY(part_end(cx, db_int(&r, i, 0)));
    } while (r.n == TIDY_PAGE);
    return E_OK;
}
