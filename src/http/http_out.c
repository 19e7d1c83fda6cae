/* SPDX-License-Identifier: MIT */
/* http/http_out.c - the head of a reply. No formatter, no allocation: it is written for each request. */
#include "http/http_int.h"

#include <stdio.h>

enum { LINE_MAX_BYTES = 512 };

/* The three that start every reply are written by code; the rest is the table of http_headers.def. */
struct fixed {
    str name, line;
    bool tls;
};
#define X(name, value, tls) {S0(name), S0(name ": " value "\r\n"), tls},
static const struct fixed fixed[] = {
#include "http/http_headers.def"
};
#undef X
#define X(name, value, tls) +sizeof(name ": " value "\r\n")
enum {
    FIXED_MAX = 0
#include "http/http_headers.def"
};
#undef X

#define X(name, value, tls) name ": " value "\r\n"
static const char block[] =
#include "http/http_headers.def"
    ;
#undef X
#define X(name, value, tls) +(tls ? 0 : sizeof(name ": " value "\r\n") - 1)
enum {
    BLOCK_PLAIN = 0
#include "http/http_headers.def"
};
#undef X

static const struct {
    int status;
    str text;
} texts[] = {
    {200, S0("OK")},
    {201, S0("Created")},
    {202, S0("Accepted")},
    {204, S0("No Content")},
    {206, S0("Partial Content")},
    {207, S0("Multi-Status")},
    {301, S0("Moved Permanently")},
    {302, S0("Found")},
    {303, S0("See Other")},
    {304, S0("Not Modified")},
    {307, S0("Temporary Redirect")},
    {308, S0("Permanent Redirect")},
    {400, S0("Bad Request")},
    {401, S0("Unauthorized")},
    {403, S0("Forbidden")},
    {404, S0("Not Found")},
    {405, S0("Method Not Allowed")},
    {406, S0("Not Acceptable")},
    {408, S0("Request Timeout")},
    {409, S0("Conflict")},
    {410, S0("Gone")},
    {411, S0("Length Required")},
    {412, S0("Precondition Failed")},
    {413, S0("Content Too Large")},
    {414, S0("URI Too Long")},
    {415, S0("Unsupported Media Type")},
    {416, S0("Range Not Satisfiable")},
    {417, S0("Expectation Failed")},
    {421, S0("Misdirected Request")},
    {422, S0("Unprocessable Content")},
    {423, S0("Locked")},
    {424, S0("Failed Dependency")},
    {428, S0("Precondition Required")},
    {429, S0("Too Many Requests")},
    {431, S0("Request Header Fields Too Large")},
    {500, S0("Internal Server Error")},
    {501, S0("Not Implemented")},
    {503, S0("Service Unavailable")},
    {504, S0("Gateway Timeout")},
    {505, S0("HTTP Version Not Supported")},
    {507, S0("Insufficient Storage")},
};

str http_status_text(int status)
{
    for (size_t i = 0; i < COUNT(texts); i++)
        if (texts[i].status == status) return texts[i].text;
    return S("Status");
}

static char *two(char *p, int64_t v)
{
    p[0] = (char)('0' + v / 10);
    p[1] = (char)('0' + v % 10);
    return p + 2;
}

static char *put(char *p, str s)
{
    if (s.n) memcpy(p, s.p, s.n);
    return p + s.n;
}

static char *put_int(char *p, int64_t v)
{
    char t[24];
    size_t at = sizeof t;
    do t[--at] = (char)('0' + v % 10);
    while (v /= 10);
    return put(p, (str){t + at, sizeof t - at});
}

/* Days to civil date after Howard Hinnant's public algorithm. */
void http_date_at(struct http_date *d, int64_t sec)
{
    static const char day[] = "ThuFriSatSunMonTueWed",
                      mon[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (d->sec == sec && d->text[0]) return;
    int64_t days = sec / 86400, s = sec % 86400, z = days + 719468, era = z / 146097,
            doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365,
            doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153, m = mp < 10 ? mp + 3 : mp - 9, y = yoe + era * 400 + (m <= 2);
    char *p = d->text;
    d->sec = sec;
    p = put(p, (str){day + days % 7 * 3, 3});
    p = two(put(p, S(", ")), doy - (153 * mp + 2) / 5 + 1);
    p = put(put(p, S(" ")), (str){mon + (m - 1) * 3, 3});
    p = two(two(put(p, S(" ")), y / 100), y % 100);
    p = two(put(p, S(" ")), s / 3600);
    p = two(put(p, S(":")), s / 60 % 60);
    p = two(put(p, S(":")), s % 60);
    *put(p, S(" GMT")) = 0;
}

str http_day(struct arena *a, int64_t ms)
{
    struct http_date d = {0};
    http_date_at(&d, ms / 1000);
    return arena_dup(a, str_from(d.text));
}

size_t http_head_max(const struct reply *r)
{
    size_t n =
        LINE_MAX_BYTES + FIXED_MAX + r->type.n + r->etag.n + r->csp.n + r->range.n + r->encoding.n;
    for (size_t i = 0; i < r->rs->n_head; i++)
        n += r->rs->head[i].name.n + r->rs->head[i].value.n + 4;
    return n;
}

static char *line(char *p, str name, str value)
{
    return put(put(put(put(p, name), S(": ")), value), S("\r\n"));
}

static bool is_set(const struct resp *rs, str name)
{
    for (size_t i = 0; i < rs->n_head; i++)
        if (str_eq_nocase(rs->head[i].name, name)) return true;
    return false;
}

static char *status_line(char *p, int status)
{
    if (status == 200) return put(p, S("HTTP/1.1 200 OK\r\n"));
    p = put_int(put(p, S("HTTP/1.1 ")), status);
    return put(put(put(p, S(" ")), http_status_text(status)), S("\r\n"));
}

static char *security(char *p, const struct reply *r)
{
    bool html = r->csp.n && str_has_prefix(r->type, S("text/html"));
    if (!html && !r->rs->n_head && !r->is_asset) /* nothing to leave out or to change */
        return put(p, (str){block, r->tls ? sizeof block - 1 : BLOCK_PLAIN});
    str keep = r->immutable ? S("public, max-age=31536000, immutable") : S("no-cache");
    for (size_t i = 0; i < COUNT(fixed); i++) {
        str name = fixed[i].name;
        if ((fixed[i].tls && !r->tls) || is_set(r->rs, name)) continue;
        if (html && str_eq(name, S("Content-Security-Policy"))) p = line(p, name, r->csp);
        else if (r->is_asset && str_eq(name, S("Cache-Control"))) p = line(p, name, keep);
        else p = put(p, fixed[i].line);
    }
    return p;
}

static char *frame(char *p, const struct reply *r)
{
    if (r->chunked) p = put(p, S("Transfer-Encoding: chunked\r\n"));
    else if (!r->no_length && r->status != 204 && r->status != 304)
        p = put(put_int(put(p, S("Content-Length: ")), r->length), S("\r\n"));
    if (r->close) p = put(p, S("Connection: close\r\n"));
    return p;
}

size_t http_head_put(const struct reply *r, const struct http_date *d, char *to)
{
    char *p = status_line(to, r->status);
    p = line(p, S("Date"), (str){d->text, 29});
    if (r->type.n && r->status != 204 && r->status != 304) p = line(p, S("Content-Type"), r->type);
    p = frame(p, r);
    if (r->encoding.n) p = line(p, S("Content-Encoding"), r->encoding);
    if (r->vary) p = put(p, S("Vary: Accept-Encoding\r\n"));
    if (r->etag.n) p = line(p, S("ETag"), r->etag);
    if (r->range.n) p = line(p, S("Content-Range"), r->range);
    if (r->fd > 0 || r->is_asset) p = put(p, S("Accept-Ranges: bytes\r\n"));
    p = security(p, r);
    if (r->rate_left) { /* draft-ietf-httpapi-ratelimit-headers */
        p = line(p, S("RateLimit-Policy"), r->rate_policy);
        p = put(put_int(put(p, S("RateLimit: \"address\";r=")), r->rate_left - 1), S("\r\n"));
    }
    for (size_t i = 0; i < r->rs->n_head; i++)
        p = line(p, r->rs->head[i].name, r->rs->head[i].value);
    p = put(p, S("\r\n"));
    return (size_t)(p - to);
}

/* The first of the table that has this status. */
static const struct err_info *info_of(int status)
{
    for (size_t i = 0; i < E_MAX; i++)
        if (err_info[i].http == status) return &err_info[i];
    return &err_info[E_INTERNAL];
}

size_t http_error_put(int status, bool tls, int64_t wait_s, const struct http_date *d, char *to)
{
    char body[HTTP_ERROR_BODY], wait[16];
    struct resp rs = {0};
    const struct err_info *e = info_of(status);
    int n = snprintf(body, sizeof body,
                     "{\"type\":\"urn:kontor:error:%.*s\",\"title\":\"%.*s\",\"status\":%d,"
                     "\"detail\":\"%.*s\",\"code\":\"%.*s\"}",
                     FS(e->name), FS(http_status_text(status)), status, FS(e->doc), FS(e->name));
    struct reply r = {.rs = &rs,
                      .status = status,
                      .type = S("application/problem+json"),
                      .close = true,
                      .tls = tls,
                      .length = n};
    if (status == 429 || status == 503) {
        (void)snprintf(wait, sizeof wait, "%d", http_retry_s(wait_s));
        rs.head[0] = (struct header){S("Retry-After"), str_from(wait)};
        rs.n_head = 1;
    }
    assert(n > 0 && n < (int)sizeof body && http_head_max(&r) + sizeof body <= HTTP_ERROR_MAX);
    size_t head = http_head_put(&r, d, to);
    memcpy(to + head, body, (size_t)n);
    return head + (size_t)n;
}
