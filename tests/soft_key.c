/* SPDX-License-Identifier: MIT */
#include "soft_key.h"

#include "os/os.h"
#include "t.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>

struct soft_key soft_key_new(enum soft_kind kind, const char *id)
{
    static const int alg[SOFT_KINDS] = {-7, -8, -257};
    struct soft_key k = {.alg = alg[kind], .id = str_from(id), .counter = 1};
    if (kind == ES256) k.pk = EVP_EC_gen("P-256");
    if (kind == EDDSA) k.pk = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (kind == RS256) k.pk = EVP_RSA_gen(2048);
    T(k.pk != NULL);
    return k;
}

static void put(struct buf *b, const void *p, size_t n) { buf_add(b, (str){p, n}); }

static void cose(struct buf *b, const struct soft_key *k)
{
    unsigned char raw[300];
    size_t n = sizeof raw;
    BIGNUM *m = NULL;
    if (k->alg == -7) {
        T(EVP_PKEY_get_octet_string_param(k->pk, "pub", raw, sizeof raw, &n) == 1 && n == 65);
        put(b, "\xA5\x01\x02\x03\x26\x20\x01\x21\x58\x20", 10);
        put(b, raw + 1, 32);
        put(b, "\x22\x58\x20", 3);
        put(b, raw + 33, 32);
    } else if (k->alg == -8) {
        T(EVP_PKEY_get_raw_public_key(k->pk, raw, &n) == 1 && n == 32);
        put(b, "\xA4\x01\x01\x03\x27\x20\x06\x21\x58\x20", 10);
        put(b, raw, n);
    } else {
        T(EVP_PKEY_get_bn_param(k->pk, "n", &m) == 1 && BN_bn2binpad(m, raw, 256) == 256);
        put(b, "\xA4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00", 11);
        put(b, raw, 256);
        put(b, "\x21\x43\x01\x00\x01", 5);
        BN_free(m);
    }
}

str soft_data(struct cx *cx, const struct soft_key *k, const char *rp, int flags)
{
    struct buf b = buf_new(cx->a, 4096);
    unsigned char sum[32];
    os_sha256(str_from(rp), sum);
    put(&b, sum, sizeof sum);
    buf_byte(&b, (char)flags);
    for (int shift = 24; shift >= 0; shift -= 8) buf_byte(&b, (char)(k->counter >> shift));
    if (!(flags & ATTESTED)) return buf_str(&b);
    put(&b, "0123456789abcdef", 16);
    buf_byte(&b, 0);
    buf_byte(&b, (char)k->id.n);
    buf_add(&b, k->id);
    cose(&b, k);
    return buf_str(&b);
}

str soft_signed(struct cx *cx, const struct soft_key *k, str data, str client)
{
    struct buf b = buf_new(cx->a, 16384);
    unsigned char sum[32], *sig = arena_get(cx->a, 512);
    size_t n = 512;
    EVP_MD_CTX *m = EVP_MD_CTX_new();
    os_sha256(client, sum);
    buf_add(&b, data);
    put(&b, sum, sizeof sum);
    T(EVP_DigestSignInit(m, NULL, k->alg == -8 ? NULL : EVP_sha256(), NULL, k->pk) == 1);
    T(EVP_DigestSign(m, sig, &n, (const unsigned char *)buf_str(&b).p, b.n) == 1);
    EVP_MD_CTX_free(m);
    return (str){(const char *)sig, n};
}

str soft_client(struct cx *cx, const char *type, str challenge, const char *origin)
{
    return arena_fmt(cx->a, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%s\",\"crossOrigin\":false}", type, FS(challenge), origin);
}

str soft_coded(struct cx *cx, str raw)
{
    size_t room = sodium_base64_ENCODED_LEN(raw.n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *p = arena_get(cx->a, room);
    return str_from(sodium_bin2base64(p, room, (const unsigned char *)raw.p, raw.n, sodium_base64_VARIANT_URLSAFE_NO_PADDING));
}

void soft_key_free(struct soft_key *k)
{
    EVP_PKEY_free(k->pk);
    k->pk = NULL;
}
