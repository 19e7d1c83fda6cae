/* SPDX-License-Identifier: MIT */
/* http/http_parse.c - the head of an HTTP/1.1 request, strictly (RFC 9112, RFC 3986).
 *
 * Whatever two programs could read in two ways is refused: bare LF, folded lines, space before the
 * colon, two lengths, length with chunked, two Host lines, NUL. A front server and we must see one
 * and the same message, or the second one is smuggled.
 */
#include "http/http_int.h"

const str method_name[METHOD_MAX] = {S0("GET"),   S0("HEAD"),   S0("POST"),   S0("PUT"),
                                     S0("PATCH"), S0("DELETE"), S0("OPTIONS")};

enum cls { TOKEN = 1, VALUE = 2, PATH = 4, QUERY = 8, HOST = 16 };
#define ALPHA (TOKEN | VALUE | PATH | QUERY | HOST)
/* Bytes 33 to 126 by class; letters and digits have all. Space, tab and 128 to 255 are VALUE only. */
static const unsigned char cls[256] = {
    ['\t'] = VALUE,
    [' '] = VALUE,
    ['!'] = TOKEN | VALUE | PATH | QUERY | HOST,
    ['"'] = VALUE,
    ['#'] = TOKEN | VALUE,
    ['$'] = ALPHA,
    ['%'] = ALPHA,
    ['&'] = ALPHA,
    ['\''] = ALPHA,
    ['('] = VALUE | PATH | QUERY | HOST,
    [')'] = VALUE | PATH | QUERY | HOST,
    ['*'] = ALPHA,
    ['+'] = ALPHA,
    [','] = VALUE | PATH | QUERY | HOST,
    ['-'] = ALPHA,
    ['.'] = ALPHA,
    ['/'] = VALUE | PATH | QUERY,
    ['0' ... '9'] = ALPHA,
    [':'] = VALUE | PATH | QUERY | HOST,
    [';'] = VALUE | PATH | QUERY | HOST,
    ['<'] = VALUE,
    ['='] = VALUE | PATH | QUERY | HOST,
    ['>'] = VALUE,
    ['?'] = VALUE | QUERY,
    ['@'] = VALUE | PATH | QUERY,
    ['A' ... 'Z'] = ALPHA,
    ['['] = VALUE | QUERY | HOST,
    ['\\'] = VALUE | QUERY,
    [']'] = VALUE | QUERY | HOST,
    ['^'] = TOKEN | VALUE | QUERY,
    ['_'] = ALPHA,
    ['`'] = TOKEN | VALUE | QUERY,
    ['a' ... 'z'] = ALPHA,
    ['{'] = VALUE | QUERY,
    ['|'] = TOKEN | VALUE | QUERY,
    ['}'] = VALUE | QUERY,
    ['~'] = ALPHA,
    [128 ... 255] = VALUE,
};
static bool is(unsigned c, char b) { return cls[(unsigned char)b] & c; }
static bool all(unsigned c, str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is(c, s.p[i])) return false;
    return true;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool http_decode(struct arena *a, str in, bool plus, str *ret)
{
    if (!memchr(in.p, '%', in.n) && (!plus || !memchr(in.p, '+', in.n))) return *ret = in, true;
    char *to = arena_get(a, in.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '%') {
            int hi = i + 2 < in.n ? hex(in.p[i + 1]) : -1,
                lo = i + 2 < in.n ? hex(in.p[i + 2]) : -1;
            if (hi < 0 || lo < 0) return false;
            c = (char)(hi * 16 + lo);
            i += 2;
        } else if (plus && c == '+') c = ' ';
        if (c == 0) return false;
        to[n++] = c;
    }
    str out = {to, n};
    if (!utf8_valid(out)) return false;
    *ret = out;
    return true;
}

static bool digits(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return true;
}

static size_t count(str s, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += s.p[i] == c;
    return n;
}

/* Dot segments, encoded slashes, control bytes: nobody of good will sends them. */
static bool path_ok(struct arena *a, str raw, str *ret)
{
    str out = S("");
    if (!all(PATH, raw) || !http_decode(a, raw, false, &out)) return false;
    if (count(raw, '/') != count(out, '/')) return false; /* some came out of %2f */
    for (size_t i = 0; i < out.n; i++)
        if ((unsigned char)out.p[i] < 32 || out.p[i] == 127 || out.p[i] == '\\') return false;
    str seg = S("");
    for (str rest = out; rest.n;) {
        (void)str_split(rest, '/', &seg, &rest);
        if (str_eq(seg, S(".")) || str_eq(seg, S(".."))) return false;
    }
    *ret = out;
    return true;
}

/* Bytes of the name before the port, 0 = none or bad. */
static size_t host_name(str h)
{
    size_t i = 0;
    if (h.p[0] != '[') {
        while (i < h.n && h.p[i] != ':' && h.p[i] != '[' && h.p[i] != ']') i++;
        return i;
    }
    ptrdiff_t end = str_find(h, S("]"));
    if (end < 2) return 0;
    for (i = 1; i < (size_t)end; i++)
        if (hex(h.p[i]) < 0 && h.p[i] != ':' && h.p[i] != '.') return 0;
    return (size_t)end + 1;
}

static bool host_ok(str h)
{
    if (!h.n || !all(HOST, h)) return false;
    size_t n = host_name(h);
    str port = str_cut(h, n, h.n);
    return n && (!port.n || (port.p[0] == ':' && port.n <= 6 && digits(str_cut(port, 1, port.n))));
}

/* Takes "http://host" off *t; true when it was there (then rq->host is set). */
static bool absolute(str *t, struct req *rq)
{
    size_t from = str_eq_nocase(str_cut(*t, 0, 7), S("http://"))    ? 7
                  : str_eq_nocase(str_cut(*t, 0, 8), S("https://")) ? 8
                                                                    : 0;
    size_t end = from;
    if (!from) return false;
    while (end < t->n && t->p[end] != '/' && t->p[end] != '?') end++;
    rq->host = str_cut(*t, from, end);
    *t = str_cut(*t, end, t->n);
    return true;
}

/* origin-form, absolute-form, asterisk-form (RFC 9112, 3.2) */
static int target(struct arena *a, struct req *rq)
{
    str t = rq->target;
    if (str_eq(t, S("*"))) return rq->path = t, rq->method == OPTIONS ? PARSE_OK : 400;
    bool abs = absolute(&t, rq);
    if (abs ? !host_ok(rq->host) : !t.n || t.p[0] != '/') return 400;
    str path = t, decoded = S("");
    (void)str_split(t, '?', &path, &rq->query);
    if (abs && !path.n) path = S("/");
    if (!all(QUERY, rq->query) || !http_decode(a, rq->query, true, &decoded)) return 400;
    return path_ok(a, path, &rq->path) ? PARSE_OK : 400;
}

static int version(str v, bool *ret_v10)
{
    if (v.n != 8 || memcmp(v.p, "HTTP/", 5) != 0 || v.p[6] != '.') return 400;
    if (!digits(str_cut(v, 5, 6)) || !digits(str_cut(v, 7, 8))) return 400;
    if (v.p[5] != '1' || v.p[7] > '1') return 505;
    *ret_v10 = v.p[7] == '0';
    return PARSE_OK;
}

static bool method_of(str name, enum method *ret)
{
    for (int m = 0; m < METHOD_MAX; m++)
        if (str_eq(method_name[m], name)) return *ret = (enum method)m, true;
    return false;
}

/* `line` without its CR LF. */
static int request_line(struct arena *a, const struct http_limits *l, str line, struct http_head *h)
{
    size_t m = 0;
    while (m < line.n && is(TOKEN, line.p[m])) m++;
    if (!m || m == line.n || line.p[m] != ' ') return 400;
    size_t t = m + 1;
    while (t < line.n && (unsigned char)line.p[t] > 32) t++;
    if (t == m + 1 || t == line.n || line.p[t] != ' ') return 400;
    h->rq.target = str_cut(line, m + 1, t);
    int st = version(str_cut(line, t + 1, line.n), &h->v10);
    if (st != PARSE_OK) return st;
    if (h->rq.target.n > l->target_bytes) return 414;
    return method_of(str_cut(line, 0, m), &h->rq.method) ? target(a, &h->rq) : 501;
}

static int content_length(str v, struct http_head *h)
{
    if (h->length >= 0 || !v.n || v.n > 18) return 400;
    int64_t n = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9') return 400;
        n = n * 10 + (v.p[i] - '0');
    }
    h->length = n;
    return PARSE_OK;
}

/* "chunked" alone is ours; a list that ends with it is a coding we lack; the rest has no end. */
static int transfer_encoding(str v, struct http_head *h)
{
    if (h->chunked || h->v10) return 400;
    h->chunked = true;
    if (str_eq_nocase(v, S("chunked"))) return PARSE_OK;
    if (str_has_suffix(v, S(","))) return 400;
    str part = S(""), last = S("");
    for (str rest = v; rest.n;) {
        (void)str_split(rest, ',', &part, &rest);
        last = str_trim(part);
        if (!last.n || !all(TOKEN, last)) return 400;
        if (rest.n && str_eq_nocase(last, S("chunked"))) return 400;
    }
    return str_eq_nocase(last, S("chunked")) ? 501 : 400;
}

static void connection(str v, struct http_head *h)
{
    str part = S("");
    for (str rest = v; rest.n;) {
        (void)str_split(rest, ',', &part, &rest);
        if (str_eq_nocase(str_trim(part), S("close"))) h->keep = false;
    }
}

enum seen { SEEN_HOST = 1, SEEN_TYPE = 2, SEEN_AUTH = 4, SEEN_ENCODING = 8, SEEN_ORIGIN = 16 };
static int once(unsigned *seen, enum seen bit)
{
    if (*seen & bit) return 400;
    *seen |= bit;
    return PARSE_OK;
}

static int host_header(const struct header *hd, struct http_head *h, unsigned *seen)
{
    if (!host_ok(hd->value)) return 400;
    if (!h->rq.host.n) h->rq.host = hd->value; /* absolute-form named one already: it counts */
    return once(seen, SEEN_HOST);
}
static int length_header(const struct header *hd, struct http_head *h, unsigned *seen)
{
    (void)seen;
    return content_length(hd->value, h);
}
static int coding_header(const struct header *hd, struct http_head *h, unsigned *seen)
{
    (void)seen;
    return transfer_encoding(hd->value, h);
}
static int connection_header(const struct header *hd, struct http_head *h, unsigned *seen)
{
    (void)seen;
    connection(hd->value, h);
    return PARSE_OK;
}
static int expect_header(const struct header *hd, struct http_head *h, unsigned *seen)
{
    (void)seen;
    if (h->v10) return PARSE_OK;
    h->expect = str_eq_nocase(hd->value, S("100-continue"));
    return h->expect ? PARSE_OK : 417;
}
static int encoding_header(const struct header *hd, struct http_head *h, unsigned *seen)
{
    h->encoded = hd->value.n && !str_eq_nocase(hd->value, S("identity"));
    return once(seen, SEEN_ENCODING);
}
static int type_header(const struct header *hd, struct http_head *h, unsigned *seen)
{
    (void)hd, (void)h;
    return once(seen, SEEN_TYPE);
}
static int auth_header(const struct header *hd, struct http_head *h, unsigned *seen)
{
    (void)hd, (void)h;
    return once(seen, SEEN_AUTH);
}
static int origin_header(const struct header *hd, struct http_head *h, unsigned *seen)
{
    (void)hd, (void)h;
    return once(seen, SEEN_ORIGIN);
}

/* What the message's frame depends on, and what must not come twice. */
static int special(const struct header *hd, struct http_head *h, unsigned *seen)
{
    static const struct {
        str name;
        int (*fn)(const struct header *hd, struct http_head *h, unsigned *seen);
    } all_special[] = {
        {S0("host"), host_header},
        {S0("connection"), connection_header},
        {S0("content-length"), length_header},
        {S0("transfer-encoding"), coding_header},
        {S0("expect"), expect_header},
        {S0("content-type"), type_header},
        {S0("content-encoding"), encoding_header},
        {S0("authorization"), auth_header},
        {S0("origin"), origin_header},
    };
    for (size_t i = 0; i < COUNT(all_special); i++)
        if (all_special[i].name.n == hd->name.n && str_eq_nocase(all_special[i].name, hd->name))
            return all_special[i].fn(hd, h, seen);
    return PARSE_OK;
}

static int header_line(str line, struct header *ret)
{
    size_t i = 0;
    while (i < line.n && is(TOKEN, line.p[i])) i++;
    if (!i || i == line.n || line.p[i] != ':')
        return 400; /* also obs-fold and space before the colon */
    size_t from = i + 1, to = line.n;
    while (from < to && (line.p[from] == ' ' || line.p[from] == '\t')) from++;
    while (to > from && (line.p[to - 1] == ' ' || line.p[to - 1] == '\t')) to--;
    ret->name = (str){line.p, i};
    ret->value = (str){line.p + from, to - from};
    return all(VALUE, ret->value) ? PARSE_OK : 400;
}

/* The line at *at without CR LF; PARSE_MORE when its end is not there yet. */
static int next_line(str in, size_t *at, str *ret)
{
    const char *lf = memchr(in.p + *at, '\n', in.n - *at);
    if (!lf) return PARSE_MORE;
    size_t end = (size_t)(lf - in.p);
    if (end == *at || in.p[end - 1] != '\r') return 400;
    *ret = str_cut(in, *at, end - 1);
    *at = end + 1;
    return PARSE_OK;
}

static int frame(struct http_head *h, unsigned seen)
{
    if (h->chunked && h->length >= 0) return 400;
    if (!(seen & SEEN_HOST) && !h->v10) return 400;
    return PARSE_OK;
}

static int head_lines(struct arena *a, const struct http_limits *l, str in, struct http_head *h)
{
    size_t at = 0;
    unsigned seen = 0;
    str line = S("");
    if (in.n >= 2 && in.p[0] == '\r' && in.p[1] == '\n')
        at = 2; /* one empty line before: RFC 9112, 2.2 */
    int st = next_line(in, &at, &line);
    if (st != PARSE_OK) return st;
    st = request_line(a, l, line, h);
    if (st != PARSE_OK) return st;
    h->keep = !h->v10;
    size_t max = l->headers < HTTP_HEADERS_MAX ? l->headers : HTTP_HEADERS_MAX;
    for (;;) {
        st = next_line(in, &at, &line);
        if (st != PARSE_OK) return st;
        if (!line.n) break;
        if (h->rq.n_headers == max) return 431;
        struct header *hd = &h->h[h->rq.n_headers++];
        st = header_line(line, hd);
        if (st == PARSE_OK) st = special(hd, h, &seen);
        if (st != PARSE_OK) return st;
    }
    h->bytes = at;
    return frame(h, seen);
}

int http_parse_head(struct arena *a, const struct http_limits *l, str in, struct http_head *h)
{
    h->rq = (struct req){.headers = h->h};
    h->bytes = 0;
    h->length = -1;
    h->chunked = h->keep = h->expect = h->v10 = h->encoded = false;
    str head = in.n > l->header_bytes ? str_cut(in, 0, l->header_bytes) : in;
    int st = head_lines(a, l, head, h);
    if (st == PARSE_MORE && head.n == l->header_bytes) return h->rq.target.n ? 431 : 414;
    return st;
}
