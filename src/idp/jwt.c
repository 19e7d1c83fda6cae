/* SPDX-License-Identifier: MIT */
/* idp/jwt.c - see jwt.h: form, algorithm, key, signature, then what it says. */
#include "idp/jwt.h"

#include "os/os.h"

#include <pthread.h>
#include <rhonabwy.h>

enum { KEYS_MAX = 100, NUMBER_MAX = 1024, EC_BYTES = 32, KID_MAX = 500 };

static enum err not_so(struct cx *cx, const char *what)
{
    return fail_at(cx, E_INVALID, S("token"), "The provider's answer was not accepted (%s)", what);
}

/* ---- algorithms: those that have a public key, and no other ---- */
static const struct alg {
    str name, kty, crv;
    jwa_alg alg;
} algs[] = {
    {S0("RS256"), S0("RSA"), S0(""), R_JWA_ALG_RS256},
    {S0("PS256"), S0("RSA"), S0(""), R_JWA_ALG_PS256},
    {S0("ES256"), S0("EC"), S0("P-256"), R_JWA_ALG_ES256},
    {S0("EdDSA"), S0("OKP"), S0("Ed25519"), R_JWA_ALG_EDDSA},
};

static const struct alg *alg_of(str name)
{
    for (size_t i = 0; i < COUNT(algs); i++)
        if (str_eq(algs[i].name, name)) return &algs[i];
    return NULL;
}

static str text_of(const struct json *o, str key)
{
    const struct json *j = json_get(o, key);
    return j && j->t == JT_STR ? j->s : S("");
}

/* ---- form ---- */
struct parts {
    str header, claims, signature;
};

static bool part_json(struct cx *cx, str part, const struct json **ret)
{
    struct cx look = *cx; /* what it says is ours to tell */
    size_t n = 0;
    const unsigned char *p = part.n ? os_unbase64(cx->a, OS_BASE64URL, part, &n) : NULL;
    return p && json_parse(&look, (str){(const char *)p, n}, ret) == E_OK && (*ret)->t == JT_OBJ;
}

static bool split(str token, struct parts *ret)
{
    str rest = {0};
    return str_split(token, '.', &ret->header, &rest) &&
           str_split(rest, '.', &ret->claims, &ret->signature) &&
           str_find(ret->signature, S(".")) < 0 && ret->signature.n;
}

static enum err header_read(struct cx *cx, str part, const struct alg **ret_alg, str *ret_kid)
{
    static const str never[] = {S0("crit"), S0("jwk"), S0("jku"), S0("x5u"),
                                S0("b64"),  S0("enc"), S0("zip")};
    const struct json *h = NULL;
    if (!part_json(cx, part, &h)) return not_so(cx, "header");
    for (size_t i = 0; i < COUNT(never); i++)
        if (json_get(h, never[i])) return not_so(cx, "header");
    const struct json *typ = json_get(h, S("typ"));
    if (typ && (typ->t != JT_STR || !str_eq_nocase(typ->s, S("JWT")))) return not_so(cx, "typ");
    *ret_alg = alg_of(text_of(h, S("alg")));
    if (!*ret_alg) return not_so(cx, "alg");
    *ret_kid = text_of(h, S("kid"));
    return ret_kid->n <= KID_MAX ? E_OK : not_so(cx, "kid");
}

/* ---- keys ---- */
static size_t number_bytes(struct cx *cx, const struct json *k, str key)
{
    str s = text_of(k, key);
    size_t n = 0, zeros = 0;
    const unsigned char *p =
        s.n && s.n <= 2 * NUMBER_MAX ? os_unbase64(cx->a, OS_BASE64URL, s, &n) : NULL;
    while (p && zeros < n && !p[zeros]) zeros++;
    return p ? n - zeros : 0;
}

static size_t coordinate_bytes(struct cx *cx, const struct json *k, str key)
{
    size_t n = 0;
    str s = text_of(k, key);
    return s.n && os_unbase64(cx->a, OS_BASE64URL, s, &n) ? n : 0;
}

/* Is it one that can have signed by this algorithm, and strong enough? */
static bool key_fits(struct cx *cx, const struct json *k, const struct alg *a)
{
    str use = text_of(k, S("use")), alg = text_of(k, S("alg"));
    if (k->t != JT_OBJ || !str_eq(text_of(k, S("kty")), a->kty) ||
        !str_eq(text_of(k, S("crv")), a->crv))
        return false;
    if ((use.n && !str_eq(use, S("sig"))) || (alg.n && !str_eq(alg, a->name))) return false;
    if (str_eq(a->kty, S("RSA"))) {
        size_t n = number_bytes(cx, k, S("n")), e = number_bytes(cx, k, S("e"));
        return n >= JWT_RSA_BITS / 8 && n <= NUMBER_MAX && e && e <= 8;
    }
    if (coordinate_bytes(cx, k, S("x")) != EC_BYTES) return false;
    return !str_eq(a->kty, S("EC")) || coordinate_bytes(cx, k, S("y")) == EC_BYTES;
}

static const struct json *keys_of(const struct json *jwks, size_t *ret_n)
{
    const struct json *k = json_get(jwks, S("keys"));
    *ret_n = k && k->t == JT_ARR ? k->n : 0;
    if (*ret_n > KEYS_MAX) *ret_n = KEYS_MAX;
    return *ret_n ? k->v : NULL;
}

/* By its name; a token that names none is held against the only key that there is. */
static const struct json *key_find(struct cx *cx, const struct json *jwks, const struct alg *a,
                                   str kid)
{
    const struct json *found = NULL;
    size_t n = 0, fits = 0;
    const struct json *k = keys_of(jwks, &n);
    for (size_t i = 0; i < n; i++) {
        if (!key_fits(cx, &k[i], a) || (kid.n && !str_eq(text_of(&k[i], S("kid")), kid))) continue;
        found = &k[i];
        fits++;
    }
    return fits == 1 ? found : NULL;
}

size_t jwt_keys(struct cx *cx, const struct json *jwks)
{
    size_t n = 0, good = 0;
    const struct json *k = keys_of(jwks, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t x = 0; x < COUNT(algs); x++)
            if (key_fits(cx, &k[i], &algs[x])) {
                good++;
                break;
            }
    return good;
}

/* ---- the signature ---- */
struct rhn {
    jwk_t *jwk;
    jws_t *jws;
};

static void rhn_end(struct rhn *r)
{
    r_jwk_free(r->jwk);
    r_jws_free(r->jws);
}

static void rhn_start(void)
{
    if (r_global_init() != RHN_OK) abort();
}

/* The bare numbers: nothing else of a stranger's key gets to the library. */
static const char *bare_key(struct cx *cx, const struct json *k)
{
    static const str names[] = {S0("kty"), S0("crv"), S0("n"), S0("e"), S0("x"), S0("y")};
    struct buf b = buf_new(cx->a, 16 * 1024);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    for (size_t i = 0; i < COUNT(names); i++)
        if (text_of(k, names[i]).n) jw_kstr(&w, names[i], text_of(k, names[i]));
    jw_obj_end(&w);
    return b.full ? "{}" : arena_z(cx->a, buf_str(&b));
}

static bool is_signed(struct cx *cx, str token, const struct json *key, const struct alg *a)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct rhn r OWNED(rhn_end) = {0};
    (void)pthread_once(&once, rhn_start);
    if (r_jwk_init(&r.jwk) != RHN_OK || r_jws_init(&r.jws) != RHN_OK) return false;
    if (r_jwk_import_from_json_str(r.jwk, bare_key(cx, key)) != RHN_OK) return false;
    if (r_jws_advanced_compact_parsen(r.jws, token.p, token.n, R_PARSE_NONE,
                                      R_FLAG_IGNORE_REMOTE) != RHN_OK)
        return false;
    if (r_jws_get_alg(r.jws) != a->alg) return false;
    return r_jws_verify_signature(r.jws, r.jwk, R_FLAG_IGNORE_REMOTE) == RHN_OK;
}

/* ---- what it says ---- */
/* Seconds since 1970; what stands behind a point is dropped. */
static bool time_of(const struct json *claims, str key, int64_t *ret)
{
    const struct json *j = json_get(claims, key);
    str whole = {0}, rest = {0};
    if (!j || j->t != JT_NUM) return false;
    str_split(j->s, '.', &whole, &rest);
    return str_to_int(whole, ret) && *ret > 0 && *ret < INT64_C(100000000000);
}

static enum err times_fit(struct cx *cx, const struct json *c, int64_t now)
{
    int64_t exp = 0, iat = 0, nbf = 0;
    if (!time_of(c, S("exp"), &exp) || exp <= now - JWT_SKEW_S) return not_so(cx, "exp");
    if (!time_of(c, S("iat"), &iat) || iat > now + JWT_SKEW_S || iat < now - JWT_AGE_S)
        return not_so(cx, "iat");
    if (json_get(c, S("nbf")) && (!time_of(c, S("nbf"), &nbf) || nbf > now + JWT_SKEW_S))
        return not_so(cx, "nbf");
    return E_OK;
}

/* For us, and when for others too, asked for by us. */
static enum err audience_fits(struct cx *cx, const struct json *c, str client)
{
    const struct json *aud = json_get(c, S("aud")), *azp = json_get(c, S("azp"));
    bool ours = aud && aud->t == JT_STR && str_eq(aud->s, client);
    size_t n = aud && aud->t == JT_ARR ? aud->n : 0;
    for (size_t i = 0; i < n; i++) ours |= aud->v[i].t == JT_STR && str_eq(aud->v[i].s, client);
    if (!ours) return not_so(cx, "aud");
    bool asked = azp && azp->t == JT_STR && str_eq(azp->s, client);
    return asked || (!azp && n <= 1) ? E_OK : not_so(cx, "azp");
}

static enum err claims_fit(struct cx *cx, const struct json *c, const struct jwt_want *w)
{
    str nonce = text_of(c, S("nonce"));
    if (!str_eq(text_of(c, S("iss")), w->issuer)) return not_so(cx, "iss");
    TRY(audience_fits(cx, c, w->client));
    TRY(times_fit(cx, c, w->now_ms / 1000));
    if (!w->nonce.n || nonce.n != w->nonce.n || !os_equal(nonce.p, w->nonce.p, nonce.n))
        return not_so(cx, "nonce");
    return text_of(c, S("sub")).n ? E_OK : not_so(cx, "sub");
}

enum err jwt_check(struct cx *cx, str token, const struct json *jwks, const struct jwt_want *want,
                   const struct json **ret)
{
    struct parts p = {0};
    const struct alg *a = NULL;
    const struct json *claims = NULL;
    str kid = {0};
    if (token.n > JWT_MAX || !split(token, &p)) return not_so(cx, "form");
    TRY(header_read(cx, p.header, &a, &kid));
    assert(a);
    if (!part_json(cx, p.claims, &claims)) return not_so(cx, "claims");
    const struct json *key = key_find(cx, jwks, a, kid);
    if (!key)
        return fail_at(cx, E_NOTFOUND, S("token"), "The provider's answer was not accepted (%s)",
                       "kid");
    if (!is_signed(cx, token, key, a)) return not_so(cx, "signature");
    TRY(claims_fit(cx, claims, want));
    *ret = claims;
    return E_OK;
}
