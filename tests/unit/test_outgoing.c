/* SPDX-License-Identifier: MIT */
/* F01, F02, F04: whatever a user writes, nothing inside is called that the administrator has not named. */
#include "os/outgoing.h"
#include "t.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const char *const refused[] = {
    /* F01: loopback and what is inside, in every notation */
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://0/", "https://0.0.0.0/", "https://0177.0.0.1/", "https://0x7f000001/", "https://0x7f.0.0.1/",
    "https://0X7F.1/", "https://2130706433/", "https://017700000001/", "https://127.0.0.1.", "https://127.0.0.1./", "https://1.1.1.0x", "https://1.2.3.4.5/", "https://256.1.1.1/",
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[0:0:0:0:0:ffff:10.0.0.1]/",
    "https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::1]/", "https://[2002:7f00:1::]/", "https://[2001::1]/", "https://[2001:db8::1]/", "https://[3fff::1]/", "https://[5f00::1]/",
    "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[fec0::1]/", "https://[fd00::1]/", "https://[fc00::1]/", "https://[ff02::1]/", "https://[100::1]/",
    "https://localhost/", "https://localhost./", "https://LOCALHOST/", "https://a.localhost/", "https://intranet/", "https://example.com./",
    "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/", "https://100.64.0.1/", "https://100.127.255.255/", "https://172.16.0.1/", "https://172.31.255.255/",
    "https://192.168.1.1/", "https://192.0.0.1/", "https://192.0.2.1/", "https://192.88.99.1/", "https://198.18.0.1/", "https://198.19.255.255/", "https://198.51.100.1/", "https://203.0.113.1/",
    "https://224.0.0.1/", "https://239.255.255.255/", "https://240.0.0.1/", "https://255.255.255.255/",
    "https://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1/", "https://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/", "https://127。0.0.1/", "https://m\xC3\xBCller.example/",
    "https://user@127.0.0.1/", "https://example.com@127.0.0.1/", "https://example.com:80@127.0.0.1/", "https://user:pw@example.com/", "https://127.0.0.1%2f", "https://127.0.0.1%2f@example.com/",
    "https://example.com%00.evil/", "https://%65xample.com/", "https://example.com\\@127.0.0.1/", "https://127.0.0.1\\example.com/", "https://example.com#@127.0.0.1/",
    "https:///127.0.0.1/", "https:127.0.0.1", "https://", "https://", "https://:80/", "//127.0.0.1/", "https://exa mple.com/", "https://example.com/ x", "https://example.com/\r\nX: y", "https://example.com/\x01",
    "https://-a.example/", "https://a-.example/", "https://a..example/", "https://.example/", "https://[::1", "https://::1/", "https://1:2:3/", "https://[1.2.3.4]/", "https://[::1]x/", "https://[]/",
    /* F04: other schemes and ports */
    "", "x", "file:///etc/passwd", "gopher://example.com/", "dict://example.com/", "ftp://example.com/", "ws://example.com/", "javascript:alert(1)", " https://example.com/",
    "https://example.com:22/", "https://example.com:25/", "https://example.com:6379/", "https://example.com:5432/", "https://example.com:0/", "https://example.com:65536/", "https://example.com:",
    "https://example.com:080x/", "https://example.com:+80/", "https://example.com:8080:80/", "https://example.com:-1/", "https://example.com:000000000000080/", "https://93.184.215.14:81/",
    "http://example.com/", "http://example.com:443/", "http://93.184.215.14/", "http://127.0.0.1/", "HTTP://example.com",
};

static const struct {
    const char *url, *sent;
} taken[] = {
    {"https://example.com/hook?x=1&y=%20", "https://example.com:443/hook?x=1&y=%20"},
    {"HTTPS://Example.com", "https://Example.com:443/"},
    {"https://example.com?x", "https://example.com:443/?x"},
    {"https://xn--mller-kva.example:8080/a//b/../c", "https://xn--mller-kva.example:8080/a//b/../c"},
    {"https://a_b.example:8443/", "https://a_b.example:8443/"},
    {"https://93.184.215.14:80/", "https://93.184.215.14:80/"},
    {"https://172.32.0.1/", "https://172.32.0.1:443/"},
    {"https://100.128.0.1/", "https://100.128.0.1:443/"},
    {"https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/x", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443/x"},
    {"https://127.0.0.1.example.com/", "https://127.0.0.1.example.com:443/"}, /* a name like any: what it answers is judged */
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

static bool taken_by(const char *allow, bool plain, const char *url)
{
    struct cx cx = t_cx();
    struct outgoing_rules r = {.allow = str_from(allow), .plain = plain};
    struct outgoing o = {0};
    T_OK(&cx, outgoing_rules_check(&cx, &r));
    bool ok = outgoing_url(&cx, &r, str_from(url), &o) == E_OK;
    if (!ok && !plain && taken_by(allow, true, url)) T(str_eq(cx.at, S("url")) && str_find(cx.msg, S("plain_outgoing")) > 0);
    t_cx_free(&cx);
    return ok;
}

/* The list alone: whatever else it takes to go without TLS is there. */
static bool may(const char *allow, const char *url) { return taken_by(allow, true, url); }

/* Without TLS only what is named, and of that only this machine itself, unless plain_outgoing says more. */
static void in_the_clear(void)
{
    static const struct {
        const char *allow, *url;
    } away[] = {{"example.com", "http://example.com/"}, {"10.1.0.0/16", "http://10.1.2.3/"}, {"[fd00::/8]:9", "http://[fd12::1]:9/"}, {"hook.lan:9", "http://hook.lan:9/"}, {"0.0.0.0", "http://0.0.0.0/"},
                {"x.localhost", "http://x.localhost/"}, {"::ffff:127.0.0.1", "http://[::ffff:127.0.0.1]/"}},
      here[] = {{"127.0.0.1", "http://127.0.0.1/"}, {"127.0.0.0/8:9", "http://127.9.9.9:9/"}, {"[::1]:9", "http://[::1]:9/"}, {"localhost:81", "http://LOCALHOST:81/"}};
    T(may("example.com", "http://example.com/") && may("example.com:*", "http://example.com:81/"));
    T(!may("example.com:81", "http://example.com/") && !may("", "http://example.com/"));
    for (size_t i = 0; i < COUNT(away); i++) T(taken_by(away[i].allow, true, away[i].url) && !taken_by(away[i].allow, false, away[i].url));
    for (size_t i = 0; i < COUNT(here); i++) T(taken_by(here[i].allow, false, here[i].url));
    T(taken_by("10.1.2.3", false, "https://10.1.2.3/"));
}

/* A host that says it is this machine is it; a name that looks so, or that leads there, is not taken for it. */
static void here(void)
{
    static const char *const yes[] = {"localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "::1", "[::1]", "[0:0:0:0:0:0:0:1]"};
    static const char *const no[] = {"", "127.evil.example", "127.1", "127.0.0.1.", "localhost.example", "x.localhost", "::", "[::]", "[::ffff:127.0.0.1]", "10.0.0.1", "128.0.0.1", "0.0.0.0", "2130706433", "[", "[]", "localhost:80",
                                     "127.0.0.1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    static const char *const clear[] = {"http://10.0.0.1/", "HTTP://a.example", "http://user@localhost/", "http://127.evil.example/", "http://localhost.example", "http://", "http://[::1/", "http://localhost@evil.example/"};
    static const char *const sealed[] = {"https://10.0.0.1/", "http://localhost:9/x", "http://[::1]:9", "http://127.0.0.1?x", "", "unix:/x", "HTTPS://a.example"};
    for (size_t i = 0; i < COUNT(yes); i++) T(outgoing_is_here(str_from(yes[i])));
    for (size_t i = 0; i < COUNT(no); i++) T(!outgoing_is_here(str_from(no[i])));
    for (size_t i = 0; i < COUNT(clear); i++) T(outgoing_in_clear(str_from(clear[i])));
    for (size_t i = 0; i < COUNT(sealed); i++) T(!outgoing_in_clear(str_from(sealed[i])));
}

static void rules(void)
{
    struct cx cx = t_cx();
    T(may("127.0.0.1", "http://127.0.0.1/") && !may("127.0.0.1", "http://127.0.0.1:9000/") && !may("127.0.0.1", "http://127.0.0.2/"));
    T(may("127.0.0.1:9000", "http://127.0.0.1:9000/") && !may("127.0.0.1:9000", "http://127.0.0.1/"));
    T(may("127.0.0.1:*", "http://127.0.0.1:9/") && may(" x.example , 10.1.0.0/16 ", "http://10.1.255.255/") && !may("10.1.0.0/16", "http://10.2.0.0/"));
    T(may("fd00::/8", "http://[fd12::1]/") && may("[fd00::/8]:9", "http://[fd12::1]:9/") && may("[::1]:*", "http://[::1]:9/") && !may("fd00::/8", "http://[fe80::1]/"));
    T(!may("[::1]:*", "http://[::1]:0/"));
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
    /* localhost that leads away is not asked without TLS, as little as anybody else */
    struct outgoing_rules away = {.allow = S("localhost"), .lookup = answers};
    T_OK(&cx, outgoing_url(&cx, &away, S("http://localhost/"), &o));
    T(outgoing_resolve(&cx, &away, &o) == E_DENIED && !o.n);
    away.plain = true;
    T_OK(&cx, outgoing_resolve(&cx, &away, &o));
    t_cx_free(&cx);
}

TESTS("outgoing", addresses, rules, in_the_clear, here, names)
