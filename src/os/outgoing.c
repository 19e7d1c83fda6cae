/* SPDX-License-Identifier: MIT */
/* os/outgoing.c - see outgoing.h. */
#include "os/outgoing.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

enum { HOST_MAX = 253, LABEL_MAX = 63, RULES_MAX = 100, PORT_USUAL = 0, PORT_ALL = -1 };

/* ---- ranges ---- */
static const struct {
    uint32_t net;
    int bits;
} inner4[] = {
    {0x00000000, 8},  {0x0A000000, 8},  {0x64400000, 10}, /* this network; private; carrier NAT */
    {0x7F000000, 8},  {0xA9FE0000, 16}, {0xAC100000, 12}, /* loopback; link-local; private */
    {0xC0000000, 24}, {0xC0000200, 24}, {0xC0586300, 24}, /* protocol; documentation; 6to4 relays */
    {0xC0A80000, 16}, {0xC6120000, 15}, {0xC6336400, 24}, /* private; benchmarks; documentation */
    {0xCB007100, 24}, {0xE0000000, 4},  {0xF0000000, 4},  /* documentation; multicast; reserved */
};
struct net {
    struct outgoing_addr a;
    int bits;
};
/* Within 2000::/3, of which alone the public ones are: protocol and Teredo, documentation, 6to4. */
static const struct net inner6[] = {
    {{true, {0x20, 0x01}}, 23},
    {{true, {0x20, 0x01, 0x0D, 0xB8}}, 32},
    {{true, {0x20, 0x02}}, 16},
    {{true, {0x3F, 0xFF}}, 20},
};

static bool net_has(const struct net *n, const struct outgoing_addr *a)
{
    if (n->a.v6 != a->v6) return false;
    for (int i = 0; i < n->bits; i++) {
        int bit = 0x80 >> i % 8;
        if ((n->a.b[i / 8] & bit) != (a->b[i / 8] & bit)) return false;
    }
    return true;
}

static bool is_public4(const unsigned char *b)
{
    uint32_t a = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    for (size_t i = 0; i < COUNT(inner4); i++)
        if (a >> (32 - inner4[i].bits) == inner4[i].net >> (32 - inner4[i].bits)) return false;
    return true;
}

static bool is_public(const struct outgoing_addr *a)
{
    if (!a->v6) return is_public4(a->b);
    if ((a->b[0] & 0xE0) != 0x20) return false;
    for (size_t i = 0; i < COUNT(inner6); i++)
        if (net_has(&inner6[i], a)) return false;
    return true;
}

/* ---- reading ---- */
static bool is_digits(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return s.n > 0;
}

static bool number(str s, int max, int *ret)
{
    int64_t v = 0;
    if (!is_digits(s) || s.n > 5 || !str_to_int(s, &v) || v > max) return false;
    *ret = (int)v;
    return true;
}

static bool addr_read(struct cx *cx, str s, struct outgoing_addr *ret)
{
    struct outgoing_addr a = {0};
    if (!s.n || s.n > INET6_ADDRSTRLEN) return false;
    const char *z = arena_z(cx->a, s);
    a.v6 = str_find(s, S(":")) >= 0;
    if (inet_pton(a.v6 ? AF_INET6 : AF_INET, z, a.b) != 1) return false;
    *ret = a;
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Would somebody take it for an IPv4 address, however it is written? Its last label is a number. */
static bool looks_numeric(str host)
{
    str last = host;
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] == '.') last = str_cut(host, i + 1, host.n);
    if (is_digits(last)) return true;
    if (last.n < 2 || last.p[0] != '0' || (last.p[1] != 'x' && last.p[1] != 'X')) return false;
    for (size_t i = 2; i < last.n; i++)
        if (!is_hex(last.p[i])) return false;
    return true;
}

static bool is_label(str s)
{
    if (!s.n || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-') return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_') return false;
    }
    return true;
}

static bool is_name(str host)
{
    str label = {0}, rest = host;
    bool more = true;
    if (!host.n || host.n > HOST_MAX || looks_numeric(host)) return false;
    while (more) {
        more = str_split(rest, '.', &label, &rest);
        if (!is_label(label)) return false;
    }
    return true;
}

/* "host", "host:port", "[v6]", "[v6]:port"; a v6 address without brackets where `bare`. Empty `ret_port`: none. */
static bool host_split(str s, bool bare, str *ret_host, str *ret_port)
{
    ptrdiff_t end = str_find(s, S("]"));
    *ret_port = S("");
    if (s.n && s.p[0] == '[') {
        if (end < 0) return false;
        str rest = str_cut(s, (size_t)end + 1, s.n);
        *ret_host = str_cut(s, 1, (size_t)end);
        if (!rest.n) return str_find(*ret_host, S(":")) >= 0;
        *ret_port = str_cut(rest, 1, rest.n);
        return rest.p[0] == ':' && ret_port->n && str_find(*ret_host, S(":")) >= 0;
    }
    str after = {0};
    bool has = str_split(s, ':', ret_host, ret_port);
    if (has && str_split(*ret_port, ':', &after, &after)) {
        *ret_host = s;
        *ret_port = S("");
        return bare;
    }
    return !has || ret_port->n;
}

/* ---- the administrator's rules ---- */
struct rule {
    str name; /* "" = by net */
    struct net net;
    int port;
};

static bool rule_read(struct cx *cx, str s, struct rule *ret)
{
    str host = {0}, port = {0}, addr = {0}, bits = {0};
    struct rule r = {.port = PORT_USUAL};
    if (!host_split(s, true, &host, &port)) return false;
    if (str_eq(port, S("*"))) r.port = PORT_ALL;
    else if (port.n && (!number(port, 65535, &r.port) || !r.port)) return false;
    bool has_bits = str_split(host, '/', &addr, &bits);
    if (addr_read(cx, addr, &r.net.a)) {
        r.net.bits = r.net.a.v6 ? 128 : 32;
        *ret = r;
        return !has_bits || number(bits, r.net.bits, &ret->net.bits);
    }
    r.name = host;
    *ret = r;
    return is_name(host);
}

/* The next entry of a list; false at its end. */
static bool rule_next(str *rest, str *ret)
{
    while (rest->n) {
        str one = {0};
        str_split(*rest, ',', &one, rest);
        *ret = str_trim(one);
        if (ret->n) return true;
    }
    return false;
}

enum err outgoing_rules_check(struct cx *cx, const struct outgoing_rules *r)
{
    str rest = r->allow, one = {0};
    struct rule rule = {0};
    for (int n = 0; rule_next(&rest, &one); n++)
        if (n == RULES_MAX || !rule_read(cx, one, &rule))
            return fail_at(cx, E_INVALID, S("outgoing_allow"),
                           "%.*s is neither a name nor an address nor a network",
                           FS(str_cut(one, 0, 100)));
    return E_OK;
}

/* ---- this machine itself ---- */
static bool is_own(const struct outgoing_addr *a)
{
    static const unsigned char own6[16] = {[15] = 1};
    return a->v6 ? memcmp(a->b, own6, sizeof own6) == 0 : a->b[0] == 127;
}

bool outgoing_is_here(str host)
{
    char z[INET6_ADDRSTRLEN] = {0};
    struct outgoing_addr a = {.v6 = str_find(host, S(":")) >= 0};
    if (str_eq_nocase(host, S("localhost"))) return true;
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') host = str_cut(host, 1, host.n - 1);
    if (!host.n || host.n >= sizeof z) return false;
    memcpy(z, host.p, host.n);
    return inet_pton(a.v6 ? AF_INET6 : AF_INET, z, a.b) == 1 && is_own(&a);
}

bool outgoing_in_clear(str url)
{
    str host = {0}, port = {0};
    size_t end = 7;
    if (!str_eq_nocase(str_cut(url, 0, 7), S("http://"))) return false;
    while (end < url.n && url.p[end] != '/' && url.p[end] != '?') end++;
    return !host_split(str_cut(url, 7, end), false, &host, &port) || !outgoing_is_here(host);
}

static bool is_usual(int port) { return port == 80 || port == 443 || port == 8080 || port == 8443; }

/* Free without a rule: outside, by TLS. a NULL: it is a name whose addresses are not known yet. */
static bool is_free(const struct outgoing *o, const struct outgoing_addr *a)
{
    bool dotted = str_find(o->host, S(".")) >= 0 && !str_has_suffix(o->host, S(".localhost"));
    return (a ? is_public(a) : dotted) && is_usual(o->port);
}

/* Nobody on the way reads along, or the administrator wants it so. */
static bool is_sealed(const struct outgoing_rules *rules, const struct outgoing *o, const struct outgoing_addr *a)
{
    return o->https || rules->plain || (a ? is_own(a) : outgoing_is_here(o->host));
}

/* May this be called, as far as the list goes? */
static bool is_named(struct cx *cx, const struct outgoing_rules *rules, const struct outgoing *o,
                const struct outgoing_addr *a)
{
    str rest = rules->allow, one = {0}, host = o->host;
    int port = o->port;
    bool dotted = str_find(host, S(".")) >= 0 && !str_has_suffix(host, S(".localhost"));
    if (o->https && is_free(o, a)) return true;
    while (rule_next(&rest, &one)) {
        struct rule r = {0};
        if (!rule_read(cx, one, &r)) continue;
        if (r.port != PORT_ALL && r.port != port && !(r.port == PORT_USUAL && is_usual(port)))
            continue;
        bool here = r.name.n ? str_eq_nocase(r.name, host) : a ? net_has(&r.net, a) : dotted;
        if (here) return true;
    }
    return false;
}

/* ---- an address ---- */
static bool is_plain(str url)
{
    for (size_t i = 0; i < url.n; i++) {
        char c = url.p[i];
        if (c <= ' ' || c >= 0x7F || memchr("\\\"<>^`{|}#", c, 10)) return false;
    }
    return true;
}

static enum err not_so(struct cx *cx)
{
    return fail_at(cx, E_INVALID, S("url"), "This is no address that can be called");
}

static enum err authority(struct cx *cx, str s, struct outgoing *o)
{
    str port = {0};
    if (str_find(s, S("@")) >= 0 || str_find(s, S("%")) >= 0) return not_so(cx);
    if (!host_split(s, false, &o->host, &port)) return not_so(cx);
    o->port = o->https ? 443 : 80;
    if (port.n && (!number(port, 65535, &o->port) || !o->port)) return not_so(cx);
    o->literal = addr_read(cx, o->host, &o->addr[0]);
    return o->literal || is_name(o->host) ? E_OK : not_so(cx);
}

/* The parts of an address that is short and plain enough, without judging where it leads. */
static enum err split(struct cx *cx, str url, struct outgoing *o, str *ret_path)
{
    size_t at = 0, end = 0;
    o->https = str_eq_nocase(str_cut(url, 0, 8), S("https://"));
    at = end = o->https ? 8 : 7;
    if (url.n > OUTGOING_URL_MAX)
        return fail_at(cx, E_INVALID, S("url"), "An address has at most %d characters",
                       OUTGOING_URL_MAX);
    if (!o->https && !str_eq_nocase(str_cut(url, 0, 7), S("http://")))
        return fail_at(cx, E_INVALID, S("url"), "An address begins with https:// or http://");
    if (!is_plain(url)) return not_so(cx);
    while (end < url.n && url.p[end] != '/' && url.p[end] != '?') end++;
    *ret_path = str_cut(url, end, url.n);
    return authority(cx, str_cut(url, at, end), o);
}

enum err outgoing_url(struct cx *cx, const struct outgoing_rules *r, str url, struct outgoing *ret)
{
    struct outgoing o = {0};
    str path = {0};
    TRY(split(cx, url, &o, &path));
    const struct outgoing_addr *a = o.literal ? &o.addr[0] : NULL;
    bool can = is_named(cx, r, &o, a);
    if (!can && is_free(&o, a))
        return fail_at(
            cx, E_INVALID, S("url"),
            "Outside, an address begins with https://: what is told must not be read on the way");
    if (!can)
        return fail_at(cx, E_INVALID, S("url"),
                       "This address may not be called from here: the setting outgoing_allow would "
                       "have to name it");
    if (!is_sealed(r, &o, a))
        return fail_at(cx, E_INVALID, S("url"),
                       "Without TLS only this machine itself is called: the address would have to begin with https://, "
                       "or the setting plain_outgoing to say yes");
    bool v6 = o.literal && o.addr[0].v6, root = !path.n || path.p[0] == '?';
    o.n = o.literal;
    o.url = arena_fmt(cx->a, "%s://%s%.*s%s:%d%s%.*s", o.https ? "https" : "http", v6 ? "[" : "",
                      FS(o.host), v6 ? "]" : "", o.port, root ? "/" : "", FS(path));
    o.ca = r->ca;
    *ret = o;
    return E_OK;
}

/* ---- names ---- */
static bool addr_of(const struct sockaddr *sa, struct outgoing_addr *ret, int *ret_port)
{
    union {
        const struct sockaddr *any;
        const struct sockaddr_in *v4;
        const struct sockaddr_in6 *v6;
    } u = {.any = sa};
    *ret = (struct outgoing_addr){.v6 = sa->sa_family == AF_INET6};
    if (sa->sa_family == AF_INET) {
        memcpy(ret->b, &u.v4->sin_addr, 4);
        *ret_port = ntohs(u.v4->sin_port);
        return true;
    }
    if (sa->sa_family != AF_INET6) return false;
    memcpy(ret->b, &u.v6->sin6_addr, 16);
    *ret_port = ntohs(u.v6->sin6_port);
    return true;
}

static size_t system_lookup(struct cx *cx, str host, struct outgoing_addr *ret, size_t max)
{
    const struct addrinfo want = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *got = NULL;
    size_t n = 0;
    int port = 0;
    if (getaddrinfo(arena_z(cx->a, host), NULL, &want, &got) != 0) return 0;
    for (const struct addrinfo *x = got; x && n < max; x = x->ai_next)
        n += addr_of(x->ai_addr, &ret[n], &port);
    freeaddrinfo(got);
    return n;
}

enum err outgoing_resolve(struct cx *cx, const struct outgoing_rules *r, struct outgoing *io)
{
    if (!io->literal)
        io->n = (r->lookup ? r->lookup : system_lookup)(cx, io->host, io->addr, OUTGOING_ADDRS);
    if (!io->n) return fail(cx, E_BUSY, "The name is not known");
    for (size_t i = 0; i < io->n; i++)
        if (!is_named(cx, r, io, &io->addr[i]) || !is_sealed(r, io, &io->addr[i])) {
            io->n = 0;
            return fail(cx, E_DENIED, "This address may not be called from here");
        }
    return E_OK;
}

static str addr_text(struct cx *cx, const struct outgoing_addr *a)
{
    char z[INET6_ADDRSTRLEN] = {0};
    if (!inet_ntop(a->v6 ? AF_INET6 : AF_INET, a->b, z, sizeof z)) return S("");
    return arena_fmt(cx->a, a->v6 ? "[%s]" : "%s", z);
}

str outgoing_pin(struct cx *cx, const struct outgoing *o)
{
    struct buf b = buf_new(cx->a, 4096);
    if (o->literal) return S("");
    buf_fmt(&b, "%.*s:%d:", FS(o->host), o->port);
    for (size_t i = 0; i < o->n; i++)
        buf_fmt(&b, "%s%.*s", i ? "," : "", FS(addr_text(cx, &o->addr[i])));
    return buf_str(&b);
}

bool outgoing_fits(const struct outgoing *o, const struct sockaddr *sa)
{
    struct outgoing_addr a = {0};
    int port = 0;
    if (!addr_of(sa, &a, &port) || port != o->port) return false;
    for (size_t i = 0; i < o->n; i++)
        if (a.v6 == o->addr[i].v6 && memcmp(a.b, o->addr[i].b, sizeof a.b) == 0) return true;
    return false;
}
