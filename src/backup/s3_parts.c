/* SPDX-License-Identifier: MIT */
/* backup/s3_parts.c - a large file goes to a store in parts: begun, each part sent (again, when it must be), put
 * together, and taken back when it does not become whole.
 *
 * A store may answer "put together" with 200 and an error inside, or the answer may be lost: then it is asked again,
 * and at last whether the object is there, of our size and with the sum that we gave it at the beginning. */
#include "backup/s3_int.h"
#include "base/log.h"
#include "base/time.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <time.h>
#include <unistd.h>

enum {
    TRIES = 5,
    RETRY_MS = 1000,
    BLOCK = 256 * 1024,
    ID_MAX = 2048,
    END_TIMES = 5,
    TIMEOUT_S = 60
};
enum { ONE_MAX = 400 }; /* bytes of a part's line in the list */
static const int64_t mib = 1024 * 1024, part_max = 5ll << 30, object_max = 5ll << 40;

struct parts {
    const struct s3 *s;
    str path, name, sha;
    int64_t bytes, part;
    str id;                        /* percent-encoded */
    char (*etag)[S3_ETAG_MAX + 1]; /* of each part */
    int n;
};

int64_t s3_part_size(int64_t bytes, int64_t part)
{
    int64_t least = (bytes + S3_PARTS_MAX - 1) / S3_PARTS_MAX;
    if (part <= 0) part = 64 * mib;
    if (part > part_max) part = part_max;
    if (least > part) part = (least + mib - 1) / mib * mib;
    return bytes > object_max || part > part_max ? 0 : part;
}

static str encoded(struct cx *cx, str s)
{
    struct buf b = buf_new(cx->a, (size_t)ID_MAX * 3);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) buf_byte(&b, c);
        else buf_fmt(&b, "%%%02X", (unsigned)(unsigned char)c);
    }
    return buf_str(&b);
}

/* What stands in <tag>...</tag>, "" = it is not there. */
static str inside(str all, str open, str close)
{
    ptrdiff_t from = str_find(all, open);
    str rest = from < 0 ? S("") : str_cut(all, (size_t)from + open.n, all.n);
    ptrdiff_t to = str_find(rest, close);
    return to < 0 ? S("") : str_cut(rest, 0, (size_t)to);
}

/* The n-th try failed: true after a pause, unless that was the last. */
static bool again(const struct s3 *s, int n)
{
    int64_t ms = (int64_t)(s->retry_ms > 0 ? s->retry_ms : RETRY_MS) << n;
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    if (n + 1 >= TRIES) return false;
    while (nanosleep(&t, &t) != 0 && errno == EINTR) continue;
    return true;
}

static enum err begin(struct cx *cx, struct parts *p)
{
    struct s3_call whole OWNED(s3_call_end) = {.down = -1}, *c = &whole;
    TRY(s3_call_begin(cx, p->s, p->name, S("uploads="), str_from(s3_empty_sum), c));
    TRY(s3_call_header(cx, c, arena_fmt(cx->a, "x-amz-meta-sha256: %.*s", FS(p->sha))));
    TRY(s3_call_post(cx, c, S("")));
    enum err e = s3_call_run(cx, c);
    if (e == E_NOTFOUND) return fail(cx, E_BAD, "the store has no bucket of this name");
    TRY(e);
    str id = inside(buf_str(&c->said), S("<UploadId>"), S("</UploadId>"));
    if (!id.n || id.n > ID_MAX)
        return fail(cx, E_BAD, "the store does not begin an upload in parts");
    p->id = encoded(cx, id);
    return E_OK;
}

static enum err range_sha(struct cx *cx, str path, int64_t from, int64_t bytes, str *ret)
{
    OWNED(os_close_fd) int fd = open(arena_z(cx->a, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    crypto_hash_sha256_state h;
    unsigned char sha[32];
    unsigned char *block = arena_get(cx->a, BLOCK);
    if (fd < 0) return os_fail(cx, errno, "open", path);
    (void)crypto_hash_sha256_init(&h);
    while (bytes > 0) {
        ssize_t got = pread(fd, block, bytes < BLOCK ? (size_t)bytes : BLOCK, from);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_fail(cx, errno, "read", path);
        if (got == 0) return fail(cx, E_INTERNAL, "%.*s became shorter", FS(path));
        (void)crypto_hash_sha256_update(&h, block, (unsigned long long)got);
        from += got;
        bytes -= got;
    }
    (void)crypto_hash_sha256_final(&h, sha);
    *ret = os_hex(cx->a, sha, sizeof sha);
    return E_OK;
}

/* Part i, counted from 0. */
static enum err part_once(struct cx *cx, struct parts *p, int i)
{
    struct s3_call whole OWNED(s3_call_end) = {.down = -1}, *c = &whole;
    int64_t from = i * p->part, bytes = p->bytes - from < p->part ? p->bytes - from : p->part;
    str sum = {0};
    TRY(range_sha(cx, p->path, from, bytes, &sum));
    str query = arena_fmt(cx->a, "partNumber=%d&uploadId=%.*s", i + 1, FS(p->id));
    TRY(s3_call_begin(cx, p->s, p->name, query, sum, c));
    TRY(s3_call_file(cx, c, p->path, from, bytes));
    TRY(s3_call_run(cx, c));
    if (!c->etag[0]) return fail(cx, E_BAD, "the store gives no mark for a part");
    memcpy(p->etag[i], c->etag, sizeof c->etag);
    return E_OK;
}

/* E_BAD too is tried again: so a store refuses a part that the wire damaged. */
static enum err part_send(struct cx *cx, struct parts *p, int i)
{
    for (int n = 0;; n++) {
        struct arena_mark m = arena_mark(cx->a);
        enum err e = part_once(cx, p, i);
        if (e != E_OK && ((e != E_BUSY && e != E_BAD) || !again(p->s, n))) return e;
        arena_back(cx->a, m);
        if (e == E_OK) return E_OK;
        log_say(cx, LOG_WARN, S("backup"), "part %d of %d goes to the store again", i + 1, p->n);
    }
}

static str parts_list(struct cx *cx, const struct parts *p)
{
    struct buf b = buf_new(cx->a, (size_t)p->n * (ONE_MAX + S3_ETAG_MAX * 6) + ONE_MAX);
    buf_add(&b, S("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"));
    for (int i = 0; i < p->n; i++) {
        buf_fmt(&b, "<Part><PartNumber>%d</PartNumber><ETag>", i + 1);
        for (const char *c = p->etag[i]; *c; c++) {
            if (*c == '"') buf_add(&b, S("&quot;"));
            else if (*c == '&') buf_add(&b, S("&amp;"));
            else if (*c == '<') buf_add(&b, S("&lt;"));
            else buf_byte(&b, *c);
        }
        buf_add(&b, S("</ETag></Part>"));
    }
    buf_add(&b, S("</CompleteMultipartUpload>"));
    return buf_str(&b);
}

static enum err complete_once(struct cx *cx, const struct parts *p, str list)
{
    struct s3_call whole OWNED(s3_call_end) = {.down = -1}, *c = &whole;
    unsigned char sha[32];
    struct s3 s = *p->s; /* putting much together takes its time */
    s.timeout_s = (s.timeout_s > 0 ? s.timeout_s : TIMEOUT_S) * END_TIMES;
    os_sha256(list, sha);
    TRY(s3_call_begin(cx, &s, p->name, arena_fmt(cx->a, "uploadId=%.*s", FS(p->id)),
                      os_hex(cx->a, sha, sizeof sha), c));
    TRY(s3_call_post(cx, c, list));
    TRY(s3_call_run(cx, c));
    str said = buf_str(&c->said);
    if (str_find(said, S("<CompleteMultipartUploadResult")) >= 0) return E_OK;
    if (str_find(said, S("<Error")) >= 0) return s3_call_refused(cx, c, 200);
    return fail(cx, E_BUSY, "the store does not say that it has the whole");
}

/* The object of this name is what we sent. */
static bool is_there(struct cx *cx, const struct parts *p)
{
    struct s3_call whole OWNED(s3_call_end) = {.down = -1}, *c = &whole;
    int64_t bytes = -1;
    return s3_head_call(cx, p->s, p->name, c, &bytes) == E_OK && bytes == p->bytes &&
           str_eq(str_from(c->sha), p->sha);
}

static enum err complete(struct cx *cx, const struct parts *p)
{
    str list = parts_list(cx, p);
    for (int n = 0;; n++) {
        enum err e = complete_once(cx, p, list);
        if (e == E_OK) return E_OK;
        str why = cx->msg;
        /* no such upload: put together before, and we did not hear of it */
        if ((e == E_BUSY || e == E_NOTFOUND) && is_there(cx, p)) return E_OK;
        if (e == E_BUSY && again(p->s, n)) continue;
        return fail(cx, e == E_NOTFOUND ? E_BAD : e, "%.*s", FS(why));
    }
}

/* Parts that nobody puts together would stay, and cost. */
static void take_back(struct cx *cx, const struct parts *p)
{
    struct s3_call whole OWNED(s3_call_end) = {.down = -1}, *c = &whole;
    str query = arena_fmt(cx->a, "uploadId=%.*s", FS(p->id)), why = cx->msg;
    enum err e = s3_call_begin(cx, p->s, p->name, query, str_from(s3_empty_sum), c);
    if (e == E_OK) e = s3_call_delete(cx, c);
    if (e != E_OK && e != E_NOTFOUND)
        log_say(cx, LOG_WARN, S("backup"), "parts of an upload stay in the store: %.*s",
                FS(cx->msg));
    cx->msg = why;
}

enum err s3_put_parts(struct cx *cx, const struct s3 *s, str path, int64_t bytes, str sha, str name)
{
    struct parts p = {.s = s, .path = path, .name = name, .sha = sha, .bytes = bytes};
    enum err e = E_OK;
    p.part = s3_part_size(bytes, s->part_bytes);
    if (!p.part)
        return fail(cx, E_LIMIT, "%.*s is larger than the 5 TB that a store takes", FS(name));
    p.n = (int)((bytes + p.part - 1) / p.part);
    p.etag = arena_get(cx->a, mul_size(sizeof *p.etag, (size_t)p.n));
    TRY(begin(cx, &p));
    for (int i = 0; e == E_OK && i < p.n; i++) e = part_send(cx, &p, i);
    if (e == E_OK) e = complete(cx, &p);
    if (e != E_OK) take_back(cx, &p);
    return e;
}

/* ---- what a killed program left ---- */
enum { PAGE_UPLOADS = 40, PAGES_MAX = 500 }; /* a page fits into what is read of an answer */

struct page_of {
    str key, id; /* behind these; "" = from the first */
};

static enum err leftovers_list(struct cx *cx, const struct s3 *s, const struct page_of *p, str *ret)
{
    struct s3_call whole OWNED(s3_call_end) = {.down = -1}, *c = &whole;
    str query = arena_fmt(cx->a, "max-uploads=%d&prefix=%.*s", PAGE_UPLOADS, FS(encoded(cx, s->prefix)));
    if (p->key.n)
        query = arena_fmt(cx->a, "key-marker=%.*s&%.*s&upload-id-marker=%.*s", FS(encoded(cx, p->key)), FS(query),
                          FS(encoded(cx, p->id)));
    TRY(s3_call_begin(cx, s, S(""), arena_fmt(cx->a, "%.*s&uploads=", FS(query)), str_from(s3_empty_sum), c));
    TRY(s3_call_run(cx, c));
    *ret = buf_str(&c->said);
    return E_OK;
}

static void leftovers_drop(struct cx *cx, const struct s3 *s, str all, bool (*is_ours)(str name), int64_t before_ms)
{
    static const str open = S0("<Upload>"), close = S0("</Upload>");
    str one = {0};
    while ((one = inside(all, open, close)).n) {
        str key = inside(one, S("<Key>"), S("</Key>")), id = inside(one, S("<UploadId>"), S("</UploadId>"));
        all = str_cut(all, (size_t)(one.p - all.p) + one.n, all.n);
        if (!str_has_prefix(key, s->prefix) || !id.n || id.n > ID_MAX) continue;
        struct parts p = {.s = s, .name = str_cut(key, s->prefix.n, key.n), .id = encoded(cx, id)};
        int64_t begun_ms = 0;
        bool known = time_parse(inside(one, S("<Initiated>"), S("</Initiated>")), 0, &begun_ms);
        if (known && begun_ms < before_ms && is_ours(p.name)) take_back(cx, &p);
    }
}

void s3_leftovers(struct cx *cx, const struct s3 *s, bool (*is_ours)(str name), int64_t before_ms)
{
    struct page_of p = {.key = S("")};
    for (int i = 0; i < PAGES_MAX; i++) {
        str all = {0};
        if (leftovers_list(cx, s, &p, &all) != E_OK) {
            log_say(cx, LOG_INFO, S("backup"), "uploads left in the store are not looked for: %.*s", FS(cx->msg));
            return;
        }
        leftovers_drop(cx, s, all, is_ours, before_ms);
        str next = inside(all, S("<NextKeyMarker>"), S("</NextKeyMarker>"));
        if (!str_eq(inside(all, S("<IsTruncated>"), S("</IsTruncated>")), S("true")) || !next.n) return;
        p = (struct page_of){next, inside(all, S("<NextUploadIdMarker>"), S("</NextUploadIdMarker>"))};
    }
}
