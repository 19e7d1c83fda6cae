/* SPDX-License-Identifier: MIT */
/* http/http_tls.c - TLS 1.2 and 1.3 by OpenSSL; a new certificate is taken while running. */
#include "http/http_int.h"

#include "base/log.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

enum { LOOK_MS = 10000, EXPIRES_SOON_DAYS = 14 };

static int64_t mtime_of(struct arena *a, str path)
{
    struct stat st;
    if (stat(arena_z(a, path), &st) != 0) return 0;
    return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

static int only_http1(SSL *ssl, const unsigned char **out, unsigned char *n,
                      const unsigned char *in, unsigned in_n, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl, (void)arg;
    unsigned char *hit = NULL;
    if (SSL_select_next_proto(&hit, n, ours, sizeof ours - 1, in, in_n) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* no other protocol is spoken here (ALPACA) */
    *out = hit;
    return SSL_TLSEXT_ERR_OK;
}

/* Of both files: a renewal may write them one after the other. */
static int64_t pair_mtime(struct arena *a, const struct http_server *s)
{
    int64_t cert = mtime_of(a, s->o.tls_cert), key = mtime_of(a, s->o.tls_key);
    return cert && key ? cert ^ (key << 1) : 0;
}

static void expiry_tell(const struct cx *cx, SSL_CTX *ctx)
{
    int days = 0, seconds = 0;
    if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(SSL_CTX_get0_certificate(ctx)))) return;
    bool late = days < 0 || seconds < 0;
    log_say(cx, days < EXPIRES_SOON_DAYS ? LOG_WARN : LOG_INFO, S("http"),
            late ? "the certificate expired %d days ago" : "the certificate is good for %d days", late ? -days : days);
}

enum err tls_load(struct cx *cx, struct http_server *s)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx) return fail(cx, E_INTERNAL, "TLS cannot start");
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_alpn_select_cb(ctx, only_http1, NULL);
    int64_t mtime = pair_mtime(cx->a, s);
    if (SSL_CTX_use_certificate_chain_file(ctx, arena_z(cx->a, s->o.tls_cert)) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, arena_z(cx->a, s->o.tls_key), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1) {
        SSL_CTX_free(ctx);
        ERR_clear_error();
        return fail(cx, E_INVALID,
                    "Certificate and key do not load or do not belong together: %.*s, %.*s",
                    FS(s->o.tls_cert), FS(s->o.tls_key));
    }
    expiry_tell(cx, ctx);
    pthread_mutex_lock(&s->tls_lock);
    SSL_CTX *old = s->tls;
    s->tls = ctx;
    s->tls_mtime = mtime;
    pthread_mutex_unlock(&s->tls_lock);
    if (old) SSL_CTX_free(old); /* connections hold their own reference */
    return E_OK;
}

void tls_reload(struct http_server *s)
{
    int64_t now = s->loop[0].now_ms;
    if (!s->tls || now - s->tls_checked_ms < LOOK_MS) return;
    s->tls_checked_ms = now;
    struct cx cx = {.a = arena_new()};
    int64_t mtime = pair_mtime(cx.a, s);
    /* a half-written pair does not load: the old one stays, and the next look at another tries again */
    if (mtime && mtime != s->tls_mtime && mtime != s->tls_bad_mtime && tls_load(&cx, s) != E_OK) {
        s->tls_bad_mtime = mtime;
        log_say(&cx, LOG_WARN, S("http"), "the new certificate is not taken, the old one stays: %.*s", FS(cx.msg));
    }
    arena_free(&cx.a);
}

void tls_unload(struct http_server *s)
{
    SSL_CTX_free(s->tls);
    s->tls = NULL;
}

void *tls_conn(struct http_server *s, int fd)
{
    pthread_mutex_lock(&s->tls_lock);
    SSL *ssl = SSL_new(s->tls);
    pthread_mutex_unlock(&s->tls_lock);
    if (!ssl || SSL_set_fd(ssl, fd) != 1) abort();
    SSL_set_accept_state(ssl);
    return ssl;
}

void tls_conn_free(void *ssl)
{
    if (SSL_is_init_finished(ssl)) (void)SSL_shutdown(ssl);
    ERR_clear_error();
    SSL_free(ssl);
}

static int again(SSL *ssl, int r)
{
    int e = SSL_get_error(ssl, r);
    ERR_clear_error();
    if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) return IO_AGAIN;
    return e == SSL_ERROR_ZERO_RETURN ? IO_EOF : IO_BAD;
}

int tls_handshake(void *ssl)
{
    int r = SSL_accept(ssl);
    if (r == 1) return 1;
    r = again(ssl, r);
    return r == IO_EOF ? IO_BAD : r;
}

ssize_t tls_read(void *ssl, char *to, size_t n)
{
    int r = SSL_read(ssl, to, n > INT32_MAX ? INT32_MAX : (int)n);
    return r > 0 ? r : again(ssl, r);
}

ssize_t tls_write(void *ssl, const char *p, size_t n)
{
    int r = SSL_write(ssl, p, n > INT32_MAX ? INT32_MAX : (int)n);
    if (r > 0) return r;
    r = again(ssl, r);
    return r == IO_EOF ? IO_BAD : r;
}
