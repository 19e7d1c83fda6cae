/* SPDX-License-Identifier: MIT */
#include "auth/webauthn.h"

#include "base/json.h"
#include "fmt/cbor.h"
#include "os/os.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

enum {
    HASH_BYTES = 32,
    FLAG_PRESENT = 1,
    FLAG_VERIFIED = 4,
    FLAG_ATTESTED = 0x40,
    FIXED_BYTES = 37,
    AAGUID_BYTES = 16
};
const int wa_algs[3] = {COSE_ES256, COSE_EDDSA, COSE_RS256};

static enum err refused(struct cx *cx, const char *why)
{
    return fail_at(cx, E_INVALID, S("passkey"), "This passkey was not accepted (%s)", why);
}

static const unsigned char *bytes(str s) { return (const unsigned char *)s.p; }

/* ---- what the browser says ---- */
static enum err client_read(struct cx *cx, str text, const struct json **ret)
{
    if (text.n > WA_DATA_MAX || !utf8_valid(text) || json_parse(cx, text, ret) != E_OK ||
        (*ret)->t != JT_OBJ)
        return refused(cx, "clientDataJSON");
    return E_OK;
}

static bool is_text(const struct json *o, str key, str want)
{
    const struct json *j = json_get(o, key);
    return j && j->t == JT_STR && str_eq(j->s, want);
}

enum err wa_challenge(struct cx *cx, str text, str *ret)
{
    const struct json *o = NULL;
    TRY(client_read(cx, text, &o));
    const struct json *j = json_get(o, S("challenge"));
    if (!j || j->t != JT_STR || !j->s.n) return refused(cx, "challenge");
    *ret = j->s;
    return E_OK;
}

/* Section 7.1 and 7.2 of the standard: type, origin, and not from within another page. */
static enum err client_check(struct cx *cx, const struct wa_want *w, str type, str text)
{
    const struct json *o = NULL;
    TRY(client_read(cx, text, &o));
    const struct json *cross = json_get(o, S("crossOrigin"));
    if (!is_text(o, S("type"), type)) return refused(cx, "type");
    if (!is_text(o, S("origin"), w->origin)) return refused(cx, "origin");
    if ((cross && (cross->t != JT_BOOL || cross->b)) || json_get(o, S("topOrigin")))
        return refused(cx, "crossOrigin");
    return E_OK;
}

/* ---- what the authenticator says ---- */
static enum err flags_check(struct cx *cx, const struct wa_want *w, unsigned flags)
{
    if (!(flags & FLAG_PRESENT)) return refused(cx, "presence");
    return w->verified && !(flags & FLAG_VERIFIED) ? refused(cx, "verification") : E_OK;
}

/* Section 6.1: what is CBOR in it, the key and the extensions, is looked at before libcbor takes memory for it. */
static bool is_bounded(str data)
{
    size_t at = FIXED_BYTES;
    if (data.n < FIXED_BYTES) return false;
    if (data.p[HASH_BYTES] & FLAG_ATTESTED) {
        at += AAGUID_BYTES + 2;
        if (data.n < at) return false;
        at += (size_t)(unsigned char)data.p[at - 2] << 8 | (unsigned char)data.p[at - 1];
    }
    return at <= data.n && cbor_bounded(str_cut(data, at, data.n));
}

static bool is_of(str data, str rp)
{
    unsigned char sum[HASH_BYTES];
    os_sha256(rp, sum);
    return data.n > sizeof sum && data.n <= WA_DATA_MAX && os_equal(data.p, sum, sizeof sum);
}

static void cred_free(fido_cred_t **c) { fido_cred_free(c); }
static void assert_free(fido_assert_t **a) { fido_assert_free(a); }

/* Its kind is what it can be read as. */
static enum err cred_read(struct cx *cx, str data, fido_cred_t **ret, int *ret_alg)
{
    for (size_t i = 0; i < COUNT(wa_algs); i++) {
        fido_cred_t *c OWNED(cred_free) = fido_cred_new();
        if (!c) return fail(cx, E_BUSY, "The server is short of memory: please try again shortly");
        if (fido_cred_set_type(c, wa_algs[i]) != FIDO_OK) continue;
        if (fido_cred_set_authdata_raw(c, bytes(data), data.n) != FIDO_OK) continue;
        *ret_alg = wa_algs[i];
        *ret = c;
        c = NULL;
        return E_OK;
    }
    return refused(cx, "authenticatorData");
}

static str kept(struct cx *cx, const unsigned char *p, size_t n)
{
    return p ? arena_dup(cx->a, (str){(const char *)p, n}) : S("");
}

enum err wa_created(struct cx *cx, const struct wa_want *w, const struct wa_client *c,
                    struct wa_key *ret)
{
    fido_cred_t *cred OWNED(cred_free) = NULL;
    struct wa_key k = {0};
    TRY(client_check(cx, w, S("webauthn.create"), c->json));
    if (!is_of(c->data, w->rp)) return refused(cx, "rpIdHash");
    if (!is_bounded(c->data)) return refused(cx, "authenticatorData");
    TRY(cred_read(cx, c->data, &cred, &k.alg));
    TRY(flags_check(cx, w, fido_cred_flags(cred)));
    k.id = kept(cx, fido_cred_id_ptr(cred), fido_cred_id_len(cred));
    k.key = kept(cx, fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred));
    k.counter = fido_cred_sigcount(cred);
    k.verified = fido_cred_flags(cred) & FLAG_VERIFIED;
    if (!k.id.n || k.id.n > WA_ID_MAX || !k.key.n || k.key.n > WA_KEY_MAX)
        return refused(cx, "credential");
    *ret = k;
    return E_OK;
}

/* ---- signatures ---- */
static int verify_es256(const fido_assert_t *a, str key)
{
    es256_pk_t *pk = es256_pk_new();
    int rc = pk ? es256_pk_from_ptr(pk, key.p, key.n) : FIDO_ERR_INTERNAL;
    if (rc == FIDO_OK) rc = fido_assert_verify(a, 0, COSE_ES256, pk);
    es256_pk_free(&pk);
    return rc;
}

static int verify_eddsa(const fido_assert_t *a, str key)
{
    eddsa_pk_t *pk = eddsa_pk_new();
    int rc = pk ? eddsa_pk_from_ptr(pk, key.p, key.n) : FIDO_ERR_INTERNAL;
    if (rc == FIDO_OK) rc = fido_assert_verify(a, 0, COSE_EDDSA, pk);
    eddsa_pk_free(&pk);
    return rc;
}

static int verify_rs256(const fido_assert_t *a, str key)
{
    rs256_pk_t *pk = rs256_pk_new();
    int rc = pk ? rs256_pk_from_ptr(pk, key.p, key.n) : FIDO_ERR_INTERNAL;
    if (rc == FIDO_OK) rc = fido_assert_verify(a, 0, COSE_RS256, pk);
    rs256_pk_free(&pk);
    return rc;
}

static bool is_signed(const fido_assert_t *a, const struct wa_key *k)
{
    switch (k->alg) {
    case COSE_ES256: return verify_es256(a, k->key) == FIDO_OK;
    case COSE_EDDSA: return verify_eddsa(a, k->key) == FIDO_OK;
    case COSE_RS256: return verify_rs256(a, k->key) == FIDO_OK;
    default: return false;
    }
}

static bool assert_fill(fido_assert_t *a, const struct wa_want *w, const struct wa_client *c,
                        const char *rp)
{
    unsigned char sum[HASH_BYTES];
    os_sha256(c->json, sum);
    return fido_assert_set_rp(a, rp) == FIDO_OK &&
           fido_assert_set_clientdata_hash(a, sum, sizeof sum) == FIDO_OK &&
           fido_assert_set_count(a, 1) == FIDO_OK &&
           fido_assert_set_authdata_raw(a, 0, bytes(c->data), c->data.n) == FIDO_OK &&
           fido_assert_set_sig(a, 0, bytes(c->signature), c->signature.n) == FIDO_OK &&
           fido_assert_set_up(a, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_uv(a, w->verified ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) == FIDO_OK;
}

enum err wa_asserted(struct cx *cx, const struct wa_want *w, const struct wa_key *k,
                     const struct wa_client *c, uint32_t *ret_counter)
{
    fido_assert_t *a OWNED(assert_free) = fido_assert_new();
    if (!a) return fail(cx, E_BUSY, "The server is short of memory: please try again shortly");
    TRY(client_check(cx, w, S("webauthn.get"), c->json));
    if (!is_of(c->data, w->rp)) return refused(cx, "rpIdHash");
    if (!is_bounded(c->data)) return refused(cx, "authenticatorData");
    if (!c->signature.n || c->signature.n > WA_KEY_MAX ||
        !assert_fill(a, w, c, arena_z(cx->a, w->rp)))
        return refused(cx, "authenticatorData");
    TRY(flags_check(cx, w, fido_assert_flags(a, 0)));
    if (!is_signed(a, k)) return refused(cx, "signature");
    uint32_t n = fido_assert_sigcount(a, 0);
    if ((n || k->counter) && n <= k->counter) return refused(cx, "counter");
    *ret_counter = n;
    return E_OK;
}
