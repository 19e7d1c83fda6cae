/* SPDX-License-Identifier: MIT */
/* Keys and tokens of a provider that the tests play. */
#pragma once
#include "os/os.h"
#include "t.h"

#include <rhonabwy.h>
#include <stdlib.h>
#include <string.h>

struct token_key {
    jwk_t *private_, *public_;
    const char *alg, *kid;
};

static inline struct token_key token_key_new(int kind, unsigned bits, const char *alg, const char *kid)
{
    struct token_key k = {.alg = alg, .kid = kid};
    T(r_jwk_init(&k.private_) == RHN_OK && r_jwk_init(&k.public_) == RHN_OK);
    T(r_jwk_generate_key_pair(k.private_, k.public_, kind, bits, kid) == RHN_OK);
    return k;
}

static inline void token_key_free(struct token_key *k)
{
    r_jwk_free(k->private_);
    r_jwk_free(k->public_);
}

static inline str token_key_json(struct cx *cx, const struct token_key *k)
{
    char *s = r_jwk_export_to_json_str(k->public_, 0);
    str out = arena_dup(cx->a, str_from(s));
    free(s);
    return out;
}

/* Signed by k: whatever header and claims say. */
static inline str token_signed(struct cx *cx, const struct token_key *k, const char *header, str claims)
{
    jws_t *jws = NULL;
    T(r_jws_init(&jws) == RHN_OK);
    T(r_jws_set_full_header_json_str(jws, header) == RHN_OK);
    T(r_jws_set_payload(jws, (const unsigned char *)claims.p, claims.n) == RHN_OK);
    T(r_jws_set_alg(jws, r_str_to_jwa_alg(k->alg)) == RHN_OK);
    char *s = r_jws_serialize(jws, k->private_, 0);
    T(s != NULL);
    str out = arena_dup(cx->a, str_from(s ? s : ""));
    free(s);
    r_jws_free(jws);
    return out;
}

/* Signed by nobody: three parts as they are given. */
static inline str token_bare(struct cx *cx, const char *header, str claims, str signature)
{
    return arena_fmt(cx->a, "%.*s.%.*s.%.*s", FS(os_base64(cx->a, OS_BASE64URL, header, strlen(header))),
                     FS(os_base64(cx->a, OS_BASE64URL, claims.p, claims.n)), FS(signature));
}
