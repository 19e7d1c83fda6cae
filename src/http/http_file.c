/* SPDX-License-Identifier: MIT */
/* http/http_file.c - what of the reply is sent: encoding of assets, 304, ranges (RFC 9110, 12 to 14).
 *
 * One range is served; several are answered with the whole, so nobody gets more than one file's worth.
 */
#include "http/http_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* q of `name` in an Accept-Encoding, in thousandths; -1 when it is not named. */
static int quality(str accept, str name)
{
    str part = S(""), coding = S(""), args = S("");
    for (str rest = accept; rest.n;) {
        (void)str_split(rest, ',', &part, &rest);
        (void)str_split(part, ';', &coding, &args);
        if (!str_eq_nocase(str_trim(coding), name)) continue;
        str q = str_trim(args);
        if (!str_has_prefix(q, S("q=")) && !str_has_prefix(q, S("Q="))) return 1000;
        int v = 0, scale = 1000;
        for (size_t i = 2; i < q.n && i < 7; i++) {
            if (q.p[i] == '.') continue;
            if (q.p[i] < '0' || q.p[i] > '9') return 0;
            v += (q.p[i] - '0') * scale;
            scale /= 10;
        }
        return v > 1000 ? 0 : v;
    }
    return -1;
}

static int quality_or_any(str accept, str name)
{
    int q = quality(accept, name);
    return q >= 0 ? q : quality(accept, S("*")) > 0 ? 1 : 0;
}

static void plan_asset(struct cx *cx, const struct req *rq, const struct asset *as, struct reply *r)
{
    str accept = http_header(rq, S("accept-encoding"));
    int br = as->br.n ? quality_or_any(accept, S("br")) : 0;
    int gz = as->gzip.n ? quality_or_any(accept, S("gzip")) : 0;
    int raw = quality(accept, S("identity")) >= 0 ? quality(accept, S("identity")) : 1;
    r->is_asset = true;
    r->immutable = as->immutable;
    r->type = as->type;
    r->vary = as->br.n || as->gzip.n;
    r->body = as->raw;
    if (br && br >= gz && br >= raw) {
        r->body = as->br;
        r->encoding = S("br");
    } else if (gz && gz >= raw) {
        r->body = as->gzip;
        r->encoding = S("gzip");
    }
    /* each encoding is a representation of its own and has its own tag */
    str inner = str_cut(as->etag, 0, as->etag.n);
    if (r->encoding.n && inner.n > 2)
        r->etag =
            arena_fmt(cx->a, "%.*s-%.*s\"", FS(str_cut(inner, 0, inner.n - 1)), FS(r->encoding));
    else r->etag = inner;
    r->length = (int64_t)r->body.n;
}

static enum err plan_file(struct cx *cx, struct resp *rs, struct reply *r)
{
    struct stat st;
    int fd = rs->file_fd > 0
                 ? rs->file_fd
                 : open(arena_z(cx->a, rs->file), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    rs->file_fd = 0;
    if (fd < 0)
        return fail(cx, errno == ENOENT ? E_NOTFOUND : E_INTERNAL, "The file is not there");
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        os_close_fd(&fd);
        return fail(cx, E_NOTFOUND, "The file is not there");
    }
    r->fd = fd;
    r->length = st.st_size;
    r->etag = arena_fmt(cx->a, "\"%llx-%llx-%llx\"", (unsigned long long)st.st_ino,
                        (unsigned long long)st.st_size,
                        (unsigned long long)st.st_mtim.tv_sec * 1000000000ULL +
                            (unsigned long long)st.st_mtim.tv_nsec);
    return E_OK;
}

/* Weak comparison, as If-None-Match asks for. */
static bool etag_in(str list, str etag)
{
    str part = S("");
    if (str_eq(str_trim(list), S("*"))) return true;
    for (str rest = list; rest.n;) {
        (void)str_split(rest, ',', &part, &rest);
        part = str_trim(part);
        if (str_has_prefix(part, S("W/"))) part = str_cut(part, 2, part.n);
        if (str_eq(part, etag)) return true;
    }
    return false;
}

/* Digits only; "" is left at 0. */
static bool number(str s, int64_t *ret)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return !s.n || str_to_int(s, ret);
}

/* "bytes=a-b", "a-" or "-n" of `size`. False: ignore the header. *ret_len < 0: not satisfiable. */
static bool range_of(str v, int64_t size, int64_t *ret_from, int64_t *ret_len)
{
    str from = S(""), to = S("");
    int64_t a = 0, b = 0;
    if (!str_eq_nocase(str_cut(v, 0, 6), S("bytes="))) return false;
    v = str_trim(str_cut(v, 6, v.n));
    if (!str_split(v, '-', &from, &to) || v.n < 2) return false;
    if (!number(from, &a) || !number(to, &b)) return false; /* also several ranges */
    if (!from.n) {                                          /* the last b bytes */
        if (b > size) b = size;
        *ret_from = size - b;
        *ret_len = b ? b : -1;
        return true;
    }
    if (to.n && b < a) return false;
    if (!to.n || b >= size) b = size - 1;
    *ret_from = a;
    *ret_len = a < size ? b - a + 1 : -1;
    return true;
}

static void plan_range(struct cx *cx, const struct req *rq, struct reply *r)
{
    str v = http_header(rq, S("range")), cond = http_header(rq, S("if-range"));
    int64_t from = 0, len = 0;
    if (!v.n || rq->method != GET || r->status != 200) return;
    if (cond.n && !str_eq(cond, r->etag)) return; /* strong comparison; dates never match */
    if (!range_of(v, r->length, &from, &len)) return;
    if (len < 0) {
        r->status = 416;
        r->range = arena_fmt(cx->a, "bytes */%" PRId64, r->length);
        r->body = S("");
        os_close_fd(&r->fd);
        r->fd = 0;
        r->length = 0;
        return;
    }
    r->status = 206;
    r->range =
        arena_fmt(cx->a, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, from, from + len - 1, r->length);
    if (r->fd > 0) r->off = from;
    else r->body = str_cut(r->body, (size_t)from, (size_t)(from + len));
    r->length = len;
}

static void drop_body(struct reply *r)
{
    r->body = S("");
    if (r->fd > 0) os_close_fd(&r->fd);
    r->fd = 0;
}

static void plan_conditions(struct cx *cx, const struct req *rq, struct reply *r)
{
    if (rq->method != GET && rq->method != HEAD) return;
    str tags = http_header(rq, S("if-none-match"));
    if (r->status == 200 && tags.n && etag_in(tags, r->etag)) r->status = 304;
    plan_range(cx, rq, r);
}

void http_plan(struct cx *cx, const struct req *rq, struct resp *rs, struct reply *r)
{
    r->rs = rs;
    if ((rs->file.n || rs->file_fd > 0) && plan_file(cx, rs, r) != E_OK)
        http_problem(cx, cx->err, rs);
    r->status = rs->status ? rs->status : 200;
    r->type = rs->type.n ? rs->type : S("application/json");
    if (r->fd <= 0 && rs->asset) plan_asset(cx, rq, rs->asset, r);
    else if (r->fd <= 0) {
        r->body = buf_str(&rs->body);
        r->length = (int64_t)r->body.n;
    }
    if (r->etag.n) plan_conditions(cx, rq, r);
    bool none = r->status == 304 || r->status == 204;
    if (none) r->length = 0;
    if (none || rq->method == HEAD) drop_body(r);
}
