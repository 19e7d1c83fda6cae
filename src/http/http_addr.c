/* SPDX-License-Identifier: MIT */
/* http/http_addr.c - who speaks to us: addresses, trusted proxies, names. */
#include "http/http_int.h"

#include <arpa/inet.h>
#include <stdio.h>

static const unsigned char v4_prefix[12] = {[10] = 255, [11] = 255};
bool addr_is_v4(const struct addr *a) { return memcmp(a->ip, v4_prefix, 12) == 0; }

struct addr addr_of(const struct sockaddr_storage *sa)
{
    struct addr a = {0};
    if (sa->ss_family == AF_INET6) {
        struct sockaddr_in6 s6;
        memcpy(&s6, sa, sizeof s6);
        memcpy(a.ip, &s6.sin6_addr, 16);
    } else if (sa->ss_family == AF_INET) {
        struct sockaddr_in s4;
        memcpy(&s4, sa, sizeof s4);
        memcpy(a.ip, v4_prefix, 12);
        memcpy(a.ip + 12, &s4.sin_addr, 4);
    }
    return a;
}

static bool is_unix(const struct addr *a)
{
    static const struct addr none;
    return memcmp(a, &none, sizeof none) == 0;
}

/* Runs for each request: no formatter for IPv4. */
str addr_text(const struct addr *a, char to[ADDR_TEXT])
{
    size_t n = 0;
    if (is_unix(a)) return S("unix");
    if (!addr_is_v4(a)) return str_from(inet_ntop(AF_INET6, a->ip, to, ADDR_TEXT));
    for (size_t i = 12; i < 16; i++) {
        unsigned v = a->ip[i];
        if (i > 12) to[n++] = '.';
        if (v >= 100) to[n++] = (char)('0' + v / 100);
        if (v >= 10) to[n++] = (char)('0' + v / 10 % 10);
        to[n++] = (char)('0' + v % 10);
    }
    return (str){to, n};
}

bool addr_parse(str s, struct addr *ret)
{
    char z[ADDR_TEXT];
    if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') s = str_cut(s, 1, s.n - 1);
    if (!s.n || s.n >= sizeof z || memchr(s.p, 0, s.n)) return false;
    memcpy(z, s.p, s.n);
    z[s.n] = 0;
    if (inet_pton(AF_INET6, z, ret->ip) == 1) return true;
    memcpy(ret->ip, v4_prefix, 12);
    return inet_pton(AF_INET, z, ret->ip + 12) == 1;
}

/* "10.0.0.0/8", "::1" */
static bool net_parse(str item, struct addr *ret, int64_t *ret_bits)
{
    str host = S(""), bits_text = S("");
    bool has_bits = str_split(item, '/', &host, &bits_text);
    *ret_bits = 128;
    if (!addr_parse(host, ret)) return false;
    if (!has_bits) return true;
    if (!str_to_int(bits_text, ret_bits) || *ret_bits < 0) return false;
    if (addr_is_v4(ret)) *ret_bits += 96;
    return *ret_bits <= 128;
}

static bool in_net(const struct addr *a, str item)
{
    struct addr net = {0};
    int64_t bits = 0;
    if (str_eq(item, S("unix"))) return is_unix(a);
    if (!net_parse(item, &net, &bits)) return false;
    size_t whole = (size_t)bits / 8, rest = (size_t)bits % 8;
    if (memcmp(a->ip, net.ip, whole) != 0) return false;
    return !rest || ((a->ip[whole] ^ net.ip[whole]) >> (8 - rest)) == 0;
}

bool addr_in_list(const struct addr *a, str list)
{
    str item = S("");
    while (list.n) {
        (void)str_split(list, ',', &item, &list);
        if (in_net(a, str_trim(item))) return true;
    }
    return false;
}

bool http_addrs_ok(str list)
{
    str item = S("");
    struct addr net = {0};
    int64_t bits = 0;
    while (list.n) {
        (void)str_split(list, ',', &item, &list);
        item = str_trim(item);
        if (!str_eq(item, S("unix")) && !net_parse(item, &net, &bits)) return false;
    }
    return true;
}

bool addr_may_come(const struct addr *a, str trusted) { return addr_is_local(a) || addr_in_list(a, trusted); }

static bool last_item(str *list, str *ret)
{
    if (!list->n) return false;
    size_t i = list->n;
    while (i && list->p[i - 1] != ',') i--;
    *ret = str_trim(str_cut(*list, i, list->n));
    *list = str_cut(*list, 0, i ? i - 1 : 0);
    return true;
}

bool addr_is_local(const struct addr *a)
{
    static const unsigned char one[16] = {[15] = 1};
    return is_unix(a) || (addr_is_v4(a) ? a->ip[12] == 127 : memcmp(a->ip, one, sizeof one) == 0);
}

struct addr addr_client(struct arena *a, const struct req *rq, const struct addr *peer, str trusted,
                        bool *tls)
{
    struct addr at = *peer, next = {0};
    str list = S(""), item = S("");
    if (trusted.n && addr_in_list(peer, trusted)) {
        if (str_eq_nocase(http_header(rq, S("x-forwarded-proto")), S("https"))) *tls = true;
        for (size_t i = 0; i < rq->n_headers; i++) /* several lines are one list (RFC 9110, 5.3) */
            if (str_eq_nocase(rq->headers[i].name, S("x-forwarded-for")))
                list = list.n ? arena_fmt(a, "%.*s,%.*s", FS(list), FS(rq->headers[i].value))
                              : rq->headers[i].value;
        while (addr_in_list(&at, trusted) && last_item(&list, &item) && addr_parse(item, &next))
            at = next;
    }
    return at;
}

bool addr_same(const struct addr *a, const struct addr *b) { return memcmp(a->ip, b->ip, sizeof a->ip) == 0; }

/* Behind an empty line; 0 = there is none yet. */
static size_t head_end(str in)
{
    ptrdiff_t at = str_find(in, S("\r\n\r\n")), bare = str_find(in, S("\n\n"));
    if (at < 0 || (bare >= 0 && bare < at)) at = bare;
    return at < 0 ? 0 : (size_t)at;
}

struct addr addr_forwarded(struct arena *a, str head, const struct addr *peer, str trusted)
{
    struct header *h = NEW_N(a, struct header, HTTP_HEADERS_MAX);
    struct req rq = {.headers = h};
    str line = {0}, rest = str_cut(head, 0, head_end(head));
    bool tls = false;
    while (rest.n && rq.n_headers < HTTP_HEADERS_MAX) {
        (void)str_split(rest, '\n', &line, &rest);
        struct header *x = &h[rq.n_headers];
        if (str_split(line, ':', &x->name, &x->value) && str_eq_nocase(x->name, S("x-forwarded-for"))) {
            x->value = str_trim(x->value);
            rq.n_headers++;
        }
    }
    return rest.n ? *peer : addr_client(a, &rq, peer, trusted, &tls);
}

static str without_port(str host)
{
    if (host.n && host.p[0] == '[')
        return host; /* names with [::1] in the list are given with brackets */
    str name = host, port = S("");
    (void)str_split(host, ':', &name, &port);
    return name;
}

bool host_known(str host, str list)
{
    str item = S(""), name = without_port(host);
    if (!list.n) return true;
    if (name.n && name.p[0] == '[') {
        ptrdiff_t end = str_find(name, S("]"));
        name = str_cut(name, 0, (size_t)(end + 1));
    }
    struct addr a = {0}; /* an address is nobody else's name: health checks come by it, and no page of others does */
    if (name.n && (name.p[0] == '[' || (name.p[0] >= '0' && name.p[0] <= '9' && addr_parse(name, &a)))) return true;
    while (list.n) {
        (void)str_split(list, ',', &item, &list);
        if (str_eq_nocase(str_trim(item), name)) return true;
    }
    return false;
}
