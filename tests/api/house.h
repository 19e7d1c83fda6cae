/* SPDX-License-Identifier: MIT */
/* A provider of OpenID Connect on loopback that the test plays itself: it signs what the test wants it to say. */
#pragma once
#include "api_bed.h"
#include "os/os.h"
#include "token_make.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum twist { HONEST, WRONG_NONCE, WRONG_AUDIENCE, OLD, UNSIGNED, BENT, NO_TOKEN, TEXTS, NO_INFO, REFUSED, BAD_CODE };
struct house {
    int fd, port;
    pthread_t thread;
    struct token_key key;
    _Atomic enum twist twist;
    char nonce[100], groups[200], asked[4096]; /* asked: the last request for a token */
    int tokens, described, status; /* status: of REFUSED */
    int ago_s;              /* since he showed there who he is; -1 = that is not told */
    bool says_iss;          /* promises to name itself with the code */
};

static inline str claims_of(struct cx *cx, const struct house *h)
{
    int64_t now = clock_ms() / 1000;
    str since = h->ago_s < 0 ? S("") : arena_fmt(cx->a, ",\"auth_time\":%" PRId64, now - h->ago_s);
    return arena_fmt(cx->a, "{\"iss\":\"http://127.0.0.1:%d\",\"aud\":\"%s\",\"sub\":\"ada\",\"exp\":%" PRId64 ",\"iat\":%" PRId64 ",\"nonce\":\"%s\",\"name\":\"Ada\"%.*s}", h->port,
                     h->twist == WRONG_AUDIENCE ? "other" : "kontor", h->twist == OLD ? now - 100 : now + 300, now, h->twist == WRONG_NONCE ? "x" : h->nonce, FS(since));
}

static inline str token_of(struct cx *cx, const struct house *h)
{
    str head = arena_fmt(cx->a, "{\"alg\":\"RS256\",\"kid\":\"%s\"}", h->key.kid);
    if (h->twist == UNSIGNED) return token_bare(cx, "{\"alg\":\"none\"}", claims_of(cx, h), S("AA"));
    str t = token_signed(cx, &h->key, head.p, claims_of(cx, h));
    return h->twist == BENT ? arena_fmt(cx->a, "%.*sAAAA", FS(str_cut(t, 0, t.n - 4))) : t;
}

static inline str answer_of(struct cx *cx, struct house *h, str path)
{
    int p = h->port;
    if (str_eq(path, S("/.well-known/openid-configuration"))) {
        h->described++;
        return arena_fmt(cx->a, "{\"issuer\":\"http://127.0.0.1:%d\",\"authorization_endpoint\":\"http://127.0.0.1:%d/go?x=1\",\"token_endpoint\":\"http://127.0.0.1:%d/token\","
                                "\"jwks_uri\":\"http://127.0.0.1:%d/keys\",\"userinfo_endpoint\":\"http://127.0.0.1:%d/who\"%s}", p, p, p, p, p,
                         h->says_iss ? ",\"authorization_response_iss_parameter_supported\":true" : "");
    }
    if (str_eq(path, S("/keys"))) return arena_fmt(cx->a, "{\"keys\":[%.*s]}", FS(token_key_json(cx, &h->key)));
    if (str_eq(path, S("/who")) && h->twist == NO_INFO) return S("<html>");
    if (str_eq(path, S("/who"))) return arena_fmt(cx->a, "{\"sub\":\"ada\",\"email\":\"ada@x.test\",\"email_verified\":true,\"groups\":[%s]}", h->groups);
    h->tokens++;
    if (h->twist == REFUSED) return S("{\"error\":\"invalid_client\"}");
    if (h->twist == BAD_CODE) return S("{\"error\":\"invalid_grant\"}");
    if (h->twist == TEXTS) return S("<html>");
    if (h->twist == NO_TOKEN) return S("{\"access_token\":\"acc\"}");
    return arena_fmt(cx->a, "{\"access_token\":\"acc\",\"id_token\":\"%.*s\"}", FS(token_of(cx, h)));
}

static inline void serve_one(struct house *h, int c)
{
    struct cx cx = t_cx();
    char in[8192] = {0};
    size_t n = 0;
    ssize_t got = 0;
    while (n < sizeof in - 1 && (got = read(c, in + n, sizeof in - 1 - n)) > 0) {
        n += (size_t)got;
        const char *end = strstr(in, "\r\n\r\n"), *len = strcasestr(in, "content-length: ");
        if (end && n >= (size_t)(end + 4 - in) + (len ? strtoul(len + 16, NULL, 10) : 0)) break;
    }
    str method = {0}, rest = {0}, path = {0};
    str_split((str){in, n}, ' ', &method, &rest);
    str_split(rest, ' ', &path, &rest);
    if (str_eq(path, S("/token"))) (void)snprintf(h->asked, sizeof h->asked, "%s", in);
    str body = answer_of(&cx, h, path);
    bool token = str_eq(path, S("/token"));
    int status = token && h->twist == REFUSED ? h->status : token && h->twist == BAD_CODE ? 400 : 200;
    str all = arena_fmt(cx.a, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%.*s", status, body.n, FS(body));
    (void)!write(c, all.p, all.n);
    (void)close(c);
    t_cx_free(&cx);
}

static inline void *serve(void *arg)
{
    struct house *h = arg;
    for (int c; (c = accept(h->fd, NULL, NULL)) >= 0;) serve_one(h, c);
    return NULL;
}

static inline struct house *house_open(void)
{
    struct house *h = calloc(1, sizeof *h);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    assert(h);
    h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    T(bind(h->fd, (struct sockaddr *)&a, n) == 0 && listen(h->fd, 16) == 0 && getsockname(h->fd, (struct sockaddr *)&a, &n) == 0);
    h->port = ntohs(a.sin_port);
    T(r_global_init() == RHN_OK);
    h->key = token_key_new(R_KEY_TYPE_RSA, 2048, "RS256", "one");
    T(pthread_create(&h->thread, NULL, serve, h) == 0);
    return h;
}

static inline void house_close(struct house *h)
{
    (void)shutdown(h->fd, SHUT_RDWR);
    (void)pthread_join(h->thread, NULL);
    (void)close(h->fd);
    token_key_free(&h->key);
    free(h);
}

/* Our own idea of where we may call: the provider of the test, and nowhere else. */
static inline void house_allow(struct api_bed *t, int port)
{
    idps_close(&t->app->idps);
    str list = arena_fmt(t->b.cx.a, "127.0.0.1:%d", port);
    t->app->idps = idps_open(&(struct idp_env){.vault = t->st.vault, .rules = {.allow = list}, .url = S("https://kontor.test/")});
    var_put(t, "issuer", arena_fmt(t->b.cx.a, "http://127.0.0.1:%d", port));
}
