/* SPDX-License-Identifier: MIT */
/* backup/s3.c - requests of S3. libcurl signs; it must be told the payload's sum by a header of ours. */
#include "backup/s3_int.h"
#include "os/os.h"
#include "os/outgoing_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { TIMEOUT_S = 60, CONNECT_S = 15 };
const char s3_empty_sum[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

void s3_call_end(struct s3_call *c)
{
    curl_easy_cleanup(c->h);
    curl_slist_free_all(c->headers);
    if (c->up) (void)fclose(c->up);
    os_close_fd(&c->down);
}

static size_t on_body(char *p, size_t one, size_t n, void *arg)
{
    struct s3_call *c = arg;
    long status = 0;
    (void)one;
    if (c->down < 0 || curl_easy_getinfo(c->h, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
        status != 200) {
        buf_add(&c->said, str_cut((str){p, n}, 0, S3_SAID_MAX - c->said.n));
        return n;
    }
    for (size_t at = 0; at < n;) {
        ssize_t put = write(c->down, p + at, n - at);
        if (put < 0 && errno == EINTR) continue;
        c->disk = put < 0;
        if (c->disk) return 0;
        at += (size_t)put;
    }
    return n;
}

/* The value of a header line when it has this name (lower-case, with ':') and plain signs; true when so. */
static bool header_of(str line, str name, char *ret, size_t max)
{
    if (!str_eq_nocase(str_cut(line, 0, name.n), name)) return false;
    str v = str_trim(str_cut(line, name.n, line.n));
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] <= ' ' || v.p[i] > '~') return false;
    if (v.n > max) return false;
    memcpy(ret, v.p, v.n);
    ret[v.n] = 0;
    return true;
}

static size_t on_header(char *p, size_t one, size_t n, void *arg)
{
    struct s3_call *c = arg;
    str line = {p, n};
    (void)one;
    if (!header_of(line, S("etag:"), c->etag, S3_ETAG_MAX))
        (void)header_of(line, S("x-amz-meta-sha256:"), c->sha, sizeof c->sha - 1);
    return n;
}

static size_t on_send(char *p, size_t one, size_t n, void *arg)
{
    struct s3_call *c = arg;
    size_t most = one * n;
    if ((int64_t)most > c->left) most = (size_t)c->left;
    size_t got = fread(p, 1, most, c->up);
    if (got < most) return CURL_READFUNC_ABORT; /* the file became shorter, or the disk fails */
    c->left -= (int64_t)got;
    return got;
}

static bool name_ok(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '_' || c == '/' || c == '-';
        if (!plain) return false;
    }
    return s.n > 0 && str_find(s, S("..")) < 0 && s.p[0] != '/';
}

enum err s3_sealed(struct cx *cx, const struct s3 *s)
{
    if (s->plain || !outgoing_in_clear(s->endpoint)) return E_OK;
    return fail_at(cx, E_INVALID, S("s3_endpoint"),
                   "s3_endpoint: backups would go unencrypted to another machine: give an address that begins with "
                   "https://, or say plain_outgoing = yes");
}

static enum err settings_check(struct cx *cx, const struct s3 *s, str name)
{
    if (!str_has_prefix(s->endpoint, S("https://")) && !str_has_prefix(s->endpoint, S("http://")))
        return fail_at(cx, E_INVALID, S("endpoint"),
                       "the store's address begins with https:// or http://");
    TRY(s3_sealed(cx, s));
    if (!name_ok(s->bucket) || memchr(s->bucket.p, '/', s->bucket.n))
        return fail_at(cx, E_INVALID, S("bucket"),
                       "the bucket's name has letters, digits, dots and dashes");
    if (!s->key.n || !s->secret.n)
        return fail_at(cx, E_INVALID, S("key"), "the store needs a key and a secret");
    if (s->prefix.n && !name_ok(s->prefix))
        return fail_at(cx, E_INVALID, S("prefix"),
                       "the prefix has letters, digits and . _ / - alone");
    if (name.n && !name_ok(name)) return fail(cx, E_INVALID, "the store does not take this file's name");
    return E_OK;
}

#define SET(opt, v) (ok = ok && curl_easy_setopt(c->h, (opt), (v)) == CURLE_OK)
static enum err not_started(struct cx *cx)
{
    return fail(cx, E_INTERNAL, "libcurl does not start");
}

enum err s3_call_header(struct cx *cx, struct s3_call *c, str line)
{
    struct curl_slist *more = curl_slist_append(c->headers, arena_z(cx->a, line));
    bool ok = more != NULL;
    if (ok) c->headers = more;
    SET(CURLOPT_HTTPHEADER, c->headers);
    return ok ? E_OK : not_started(cx);
}

enum err s3_call_begin(struct cx *cx, const struct s3 *s, str name, str query, str sum,
                       struct s3_call *c)
{
    bool ok = true;
    TRY(settings_check(cx, s, name));
    c->h = curl_easy_init();
    c->said = buf_new(cx->a, S3_SAID_MAX + 1);
    if (!c->h || !outgoing_ca_set(c->h, s->ca)) return not_started(cx);
    str end = s->endpoint, region = s->region.n ? s->region : S("us-east-1");
    while (str_has_suffix(end, S("/"))) end.n--;
    TRY(s3_call_header(cx, c, arena_fmt(cx->a, "x-amz-content-sha256: %.*s", FS(sum))));
    SET(CURLOPT_URL, arena_fmt(cx->a, "%.*s/%.*s/%.*s%.*s%s%.*s", FS(end), FS(s->bucket),
                               FS(name.n ? s->prefix : name), FS(name), query.n ? "?" : "", FS(query))
                         .p);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_AWS_SIGV4, arena_fmt(cx->a, "aws:amz:%.*s:s3", FS(region)).p);
    SET(CURLOPT_USERNAME, arena_z(cx->a, s->key));
    SET(CURLOPT_PASSWORD, arena_z(cx->a, s->secret));
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(CURLOPT_LOW_SPEED_TIME, (long)(s->timeout_s > 0 ? s->timeout_s : TIMEOUT_S));
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, c);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, c);
    return ok ? E_OK : fail(cx, E_INTERNAL, "this libcurl cannot sign requests to a store");
}

enum err s3_call_file(struct cx *cx, struct s3_call *c, str path, int64_t from, int64_t bytes)
{
    bool ok = true;
    c->up = fopen(arena_z(cx->a, path), "rbe");
    if (!c->up || fseeko(c->up, from, SEEK_SET) != 0) return os_fail(cx, errno, "open", path);
    c->left = bytes;
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, on_send);
    SET(CURLOPT_READDATA, c);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)bytes);
    return ok ? E_OK : not_started(cx);
}

enum err s3_call_post(struct cx *cx, struct s3_call *c, str body)
{
    bool ok = true;
    TRY(s3_call_header(cx, c, S("content-type: application/xml")));
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDS, body.p);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    return ok ? E_OK : not_started(cx);
}

/* "SignatureDoesNotMatch" out of <Code>...</Code>; plain letters or nothing. */
static str code_said(const struct s3_call *c)
{
    str all = buf_str(&c->said);
    ptrdiff_t from = str_find(all, S("<Code>"));
    str code = from < 0 ? S("") : str_cut(all, (size_t)from + 6, all.n);
    size_t n = 0;
    while (n < code.n && n < 60 &&
           (((code.p[n] | 32) >= 'a' && (code.p[n] | 32) <= 'z') ||
            (code.p[n] >= '0' && code.p[n] <= '9')))
        n++;
    return n ? str_cut(code, 0, n) : S("no reason given");
}

/* Refused for now: the same request may do in a moment. */
static bool is_passing(str code)
{
    static const str passing[] = {S0("InternalError"), S0("SlowDown"), S0("ServiceUnavailable"),
                                  S0("RequestTimeout"), S0("OperationAborted")};
    for (size_t i = 0; i < COUNT(passing); i++)
        if (str_eq(code, passing[i])) return true;
    return false;
}

enum err s3_call_refused(struct cx *cx, const struct s3_call *c, long status)
{
    str code = code_said(c);
    if (status == 401 || status == 403)
        return fail(
            cx, E_AUTH,
            "the store refuses key or secret, or the key has no right to the bucket (%ld, %.*s)",
            status, FS(code));
    if (status == 404)
        return fail(cx, E_NOTFOUND, "the store does not have it (404, %.*s)", FS(code));
    if (status == 429 || status >= 500 || is_passing(code))
        return fail(cx, E_BUSY, "the store is in trouble (%ld, %.*s)", status, FS(code));
    return fail(cx, E_BAD, "the store refuses the request (%ld, %.*s)", status, FS(code));
}

enum err s3_call_run(struct cx *cx, struct s3_call *c)
{
    long status = 0;
    CURLcode rc = curl_easy_perform(c->h);
    (void)curl_easy_getinfo(c->h, CURLINFO_RESPONSE_CODE, &status);
    if (c->disk) return fail(cx, E_FULL, "the disk is full");
    if (rc != CURLE_OK && status < 300)
        return fail(cx, E_BUSY, "the store is not reached: %s", curl_easy_strerror(rc));
    if (status >= 200 && status < 300) return E_OK;
    return s3_call_refused(cx, c, status);
}

enum err s3_put(struct cx *cx, const struct s3 *s, str path, int64_t bytes, str sha, str name)
{
    struct s3_call whole OWNED(s3_call_end) = {.down = -1}, *c = &whole;
    int64_t part = s3_part_size(bytes, s->part_bytes);
    if (bytes > part) return s3_put_parts(cx, s, path, bytes, sha, name);
    TRY(s3_call_begin(cx, s, name, S(""), sha, c));
    TRY(s3_call_file(cx, c, path, 0, bytes));
    enum err e = s3_call_run(cx, c);
    return e == E_NOTFOUND ? fail(cx, E_BAD, "the store has no bucket of this name") : e;
}

enum err s3_head_call(struct cx *cx, const struct s3 *s, str name, struct s3_call *c,
                      int64_t *ret_bytes)
{
    curl_off_t bytes = -1;
    bool ok = true;
    TRY(s3_call_begin(cx, s, name, S(""), str_from(s3_empty_sum), c));
    SET(CURLOPT_NOBODY, 1L);
    if (!ok) return not_started(cx);
    TRY(s3_call_run(cx, c));
    (void)curl_easy_getinfo(c->h, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &bytes);
    *ret_bytes = bytes;
    return E_OK;
}

enum err s3_head(struct cx *cx, const struct s3 *s, str name, int64_t *ret_bytes)
{
    struct s3_call whole OWNED(s3_call_end) = {.down = -1};
    return s3_head_call(cx, s, name, &whole, ret_bytes);
}

enum err s3_get(struct cx *cx, const struct s3 *s, str name, str to_path)
{
    struct s3_call whole OWNED(s3_call_end) = {.down = -1}, *c = &whole;
    TRY(s3_call_begin(cx, s, name, S(""), str_from(s3_empty_sum), c));
    c->down =
        open(arena_z(cx->a, to_path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (c->down < 0) return os_fail(cx, errno, "create", to_path);
    enum err e = s3_call_run(cx, c);
    if (e == E_OK && fsync(c->down) != 0) e = os_fail(cx, errno, "fsync", to_path);
    if (e != E_OK) os_unlink(cx, to_path);
    return e;
}

enum err s3_call_delete(struct cx *cx, struct s3_call *c)
{
    bool ok = true;
    SET(CURLOPT_CUSTOMREQUEST, "DELETE");
    return ok ? s3_call_run(cx, c) : not_started(cx);
}

enum err s3_delete(struct cx *cx, const struct s3 *s, str name)
{
    struct s3_call whole OWNED(s3_call_end) = {.down = -1}, *c = &whole;
    TRY(s3_call_begin(cx, s, name, S(""), str_from(s3_empty_sum), c));
    enum err e = s3_call_delete(cx, c);
    return e == E_NOTFOUND ? E_OK : e;
}
