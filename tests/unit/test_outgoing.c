/* SPDX-License-Identifier: MIT */
/* F01, F02, F04: whatever a user writes, nothing inside is called that the administrator has not named. */
#include "os/outgoing.h"
#include "t.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const char *const refused[] = {
    /* F01: loopback and what is inside, in every notation */
    "http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://0/", "http://0.0.0.0/", "http://0177.0.0.1/", "http://0x7f000001/", "http://0x7f.0.0.1/",
    "http://0X7F.1/", "http://2130706433/", "http://017700000001/", "http://127.0.0.1.", "http://127.0.0.1./", "http://1.1.1.0x", "http://1.2.3.4.5/", "http://256.1.1.1/",
    "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[0:0:0:0:0:ffff:10.0.0.1]/",
    "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/", "http://[2001::1]/", "http://[2001:db8::1]/", "http://[3fff::1]/", "http://[5f00::1]/",
    "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[fec0::1]/", "http://[fd00::1]/", "http://[fc00::1]/", "http://[ff02::1]/", "http://[100::1]/",
    "http://localhost/", "http://localhost./", "http://LOCALHOST/", "http://a.localhost/", "http://intranet/", "http://example.com./",
    "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://100.64.0.1/", "http://100.127.255.255/", "http://172.16.0.1/", "http://172.31.255.255/",
    "http://192.168.1.1/", "http://192.0.0.1/", "http://192.0.2.1/", "http://192.88.99.1/", "http://198.18.0.1/", "http://198.19.255.255/", "http://198.51.100.1/", "http://203.0.113.1/",
    "http://224.0.0.1/", "http://239.255.255.255/", "http://240.0.0.1/", "http://255.255.255.255/",
    "http://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1/", "http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/", "http://127。0.0.1/", "http://m\xC3\xBCller.example/",
    "http://user@127.0.0.1/", "http://example.com@127.0.0.1/", "http://example.com:80@127.0.0.1/", "http://user:pw@example.com/", "http://127.0.0.1%2f", "http://127.0.0.1%2f@example.com/",
    "http://example.com%00.evil/", "http://%65xample.com/", "http://example.com\\@127.0.0.1/", "http://127.0.0.1\\example.com/", "http://example.com#@127.0.0.1/",
    "http:///127.0.0.1/", "http:127.0.0.1", "http://", "https://", "http://:80/", "//127.0.0.1/", "http://exa mple.com/", "http://example.com/ x", "http://example.com/\r\nX: y", "http://example.com/\x01",
    "http://-a.example/", "http://a-.example/", "http://a..example/", "http://.example/", "http://[::1", "http://::1/", "http://1:2:3/", "http://[1.2.3.4]/", "http://[::1]x/", "http://[]/",
    /* F04: other schemes and ports */
    "", "x", "file:///etc/passwd", "gopher://example.com/", "dict://example.com/", "ftp://example.com/", "ws://example.com/", "javascript:alert(1)", " http://example.com/",
    "http://example.com:22/", "http://example.com:25/", "http://example.com:6379/", "http://example.com:5432/", "http://example.com:0/", "http://example.com:65536/", "http://example.com:",
    "http://example.com:080x/", "http://example.com:+80/", "http://example.com:8080:80/", "http://example.com:-1/", "http://example.com:000000000000080/", "http://93.184.215.14:81/",
};

static const struct {
    const char *url, *sent;
} taken[] = {
    {"https://example.com/hook?x=1&y=%20", "https://example.com:443/hook?x=1&y=%20"},
    {"HTTPS://Example.com", "https://Example.com:443/"},
    {"http://example.com?x", "http://example.com:80/?x"},
    {"http://xn--mller-kva.example:8080/a//b/../c", "http://xn--mller-kva.example:8080/a//b/../c"},
    {"https://a_b.example:8443/", "https://a_b.example:8443/"},
    {"http://93.184.215.14/", "http://93.184.215.14:80/"},
    {"http://172.32.0.1/", "http://172.32.0.1:80/"},
    {"http://100.128.0.1/", "http://100.128.0.1:80/"},
    {"https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/x", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443/x"},
    {"http://127.0.0.1.example.com/", "http://127.0.0.1.example.com:80/"}, /* a name like any: what it answers is judged */
};

static void addresses(void)
{
    struct cx cx = t_cx();
    struct outgoing_rules r = {0};
    struct outgoing o = {0};
    for (size_t i = 0; i < COUNT(refused); i++) {
        enum err e = outgoing_url(&cx, &r, str_from(refused[i]), &o);
        T(e == E_INVALID && str_eq(cx.at, S("url")));
        if (e != E_INVALID) fprintf(stderr, "  taken: %s\n", refused[i]);
    }
    for (size_t i = 0; i < COUNT(taken); i++)
        if (T_OK(&cx, outgoing_url(&cx, &r, str_from(taken[i].url), &o))) T_STR(o.url, str_from(taken[i].sent));
    char big[OUTGOING_URL_MAX + 1];
    memset(big, 'a', sizeof big);
    memcpy(big, "https://example.com/", 20);
    T(outgoing_url(&cx, &r, (str){big, sizeof big}, &o) == E_INVALID);
    T_OK(&cx, outgoing_url(&cx, &r, (str){big, sizeof big - 1}, &o));
    t_cx_free(&cx);
}

static bool may(const char *allow, const char *url)
{
    struct cx cx = t_cx();
    struct outgoing_rules r = {.allow = str_from(allow)};
    struct outgoing o = {0};
    T_OK(&cx, outgoing_rules_check(&cx, &r));
    bool ok = outgoing_url(&cx, &r, str_from(url), &o) == E_OK;
    t_cx_free(&cx);
    return ok;
}

static void rules(void)
{
    struct cx cx = t_cx();
    T(may("127.0.0.1", "http://127.0.0.1/") && !may("127.0.0.1", "http://127.0.0.1:9000/") && !may("127.0.0.1", "http://127.0.0.2/"));
    T(may("127.0.0.1:9000", "http://127.0.0.1:9000/") && !may("127.0.0.1:9000", "http://127.0.0.1/"));
    T(may("127.0.0.1:*", "http://127.0.0.1:9/") && may(" x.example , 10.1.0.0/16 ", "http://10.1.255.255/") && !may("10.1.0.0/16", "http://10.2.0.0/"));
    T(may("fd00::/8", "http://[fd12::1]/") && may("[fd00::/8]:9", "http://[fd12::1]:9/") && may("[::1]:*", "http://[::1]:9/") && !may("fd00::/8", "http://[fe80::1]/"));
    T(may("hook", "http://hook/") && may("hook", "http://HOOK/") && !may("hook", "http://hook.example:9/") && may("hook.example:9", "http://hook.example:9/"));
    T(may("localhost:81", "http://localhost:81/") && !may("127.0.0.1:*", "http://localhost/"));
    T(!may("0.0.0.0/0", "http://[::ffff:127.0.0.1]/")); /* what is mapped is another family */
    static const char *const bad[] = {"http://x", "a b", "127.1", "10.0.0.0/33", "::/129", "x:0", "x:65536", "x:", "10.0.0.0/", "[::1", "*", "x/8"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct outgoing_rules r = {.allow = str_from(bad[i])};
        enum err e = outgoing_rules_check(&cx, &r);
        T(e == E_INVALID);
        if (e != E_INVALID) fprintf(stderr, "  taken: %s\n", bad[i]);
    }
    t_cx_free(&cx);
}

/* What the names of these tests answer. */
static size_t answers(struct cx *cx, str host, struct outgoing_addr *ret, size_t max)
{
    static int asked;
    static const struct outgoing_addr good = {false, {93, 184, 215, 14}}, own = {false, {127, 0, 0, 1}}, good6 = {true, {0x26, 0x06, 0x28}}, mapped = {true, {[10] = 0xFF, 0xFF, 127, 0, 0, 1}};
    (void)cx, (void)max;
    if (str_eq(host, S("none.example"))) return 0;
    ret[0] = good;
    ret[1] = good6;
    if (str_eq(host, S("inside.example"))) ret[0] = own;
    if (str_eq(host, S("half.example"))) ret[1] = own;
    if (str_eq(host, S("mapped.example"))) ret[1] = mapped;
    if (str_eq(host, S("moving.example"))) ret[0] = ret[1] = asked++ ? own : good; /* F02 */
    return 2;
}

static void names(void)
{
    struct cx cx = t_cx();
    struct outgoing_rules r = {.lookup = answers};
    struct outgoing o = {0};
    static const struct {
        const char *url;
        enum err e;
    } all[] = {{"https://none.example/", E_BUSY}, {"https://inside.example/", E_DENIED}, {"https://half.example/", E_DENIED}, {"https://mapped.example/", E_DENIED}, {"https://good.example/", E_OK}};
    for (size_t i = 0; i < COUNT(all); i++) {
        T_OK(&cx, outgoing_url(&cx, &r, str_from(all[i].url), &o));
        T(outgoing_resolve(&cx, &r, &o) == all[i].e);
        T(all[i].e == E_OK ? o.n == 2 : o.n == 0);
    }
    T_STR(outgoing_pin(&cx, &o), S("good.example:443:93.184.215.14,[2606:2800::]"));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)}, own = to, port = to;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
    T(inet_pton(AF_INET, "93.184.215.14", &to.sin_addr) == 1 && inet_pton(AF_INET, "127.0.0.1", &own.sin_addr) == 1 && inet_pton(AF_INET6, "2606:2800::", &six.sin6_addr) == 1);
    port.sin_addr = to.sin_addr;
    port.sin_port = htons(22);
    T(outgoing_fits(&o, (const struct sockaddr *)&to) && outgoing_fits(&o, (const struct sockaddr *)&six));
    T(!outgoing_fits(&o, (const struct sockaddr *)&own) && !outgoing_fits(&o, (const struct sockaddr *)&port));
    T_OK(&cx, outgoing_url(&cx, &r, S("https://moving.example/"), &o));
    T_OK(&cx, outgoing_resolve(&cx, &r, &o)); /* judged and pinned in one go; the next delivery asks and is refused */
    T_STR(outgoing_pin(&cx, &o), S("moving.example:443:93.184.215.14,93.184.215.14"));
    T(outgoing_resolve(&cx, &r, &o) == E_DENIED && !o.n);
    struct outgoing_rules named = {.allow = S("inside.example"), .lookup = answers}, net = {.allow = S("127.0.0.0/8"), .lookup = answers};
    T_OK(&cx, outgoing_url(&cx, &named, S("https://inside.example/"), &o));
    T_OK(&cx, outgoing_resolve(&cx, &named, &o));
    T_OK(&cx, outgoing_url(&cx, &net, S("https://half.example/"), &o));
    T_OK(&cx, outgoing_resolve(&cx, &net, &o));
    t_cx_free(&cx);
}

TESTS("outgoing", addresses, rules, names)
