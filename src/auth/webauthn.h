/* SPDX-License-Identifier: MIT */
/* auth/webauthn.h - what a browser says that an authenticator has signed (WebAuthn level 2), looked through: bytes in,
 * a verdict out. Authenticator data, keys and signatures are read and verified by libfido2. */
#pragma once
#include "base/base.h"

enum { WA_ID_MAX = 1023, WA_KEY_MAX = 1024, WA_DATA_MAX = 8192 };
struct wa_want {
    str origin;      /* "https://kontor.example:8443", as the firm's users see it */
    str rp;          /* its name without scheme and port */
    bool verified;   /* the person must have shown who he is (PIN, finger), not only that he is there */
};
struct wa_client {   /* raw bytes */
    str json;        /* clientDataJSON */
    str data;        /* authenticatorData */
    str signature;   /* of an assertion */
};
struct wa_key {
    int alg;         /* of COSE: -7, -8, -257 */
    str id, key;     /* raw bytes; key: as libfido2 has those of this kind */
    uint32_t counter;
    bool verified;
};
extern const int wa_algs[3];
/* The challenge (base64url, as it was given out) that this answers, so that it can be looked up. E_INVALID at "passkey"
 * when there is none. */
MUST enum err wa_challenge(struct cx *cx, str json, str *ret);
/* A new key (attestation "none": nobody vouches for its make). E_INVALID at "passkey", with the reason. */
MUST enum err wa_created(struct cx *cx, const struct wa_want *w, const struct wa_client *c, struct wa_key *ret);
/* Did the key sign this? *ret_counter: what it has counted to; going back is refused, unless it counts nothing (0). */
MUST enum err wa_asserted(struct cx *cx, const struct wa_want *w, const struct wa_key *k, const struct wa_client *c,
                          uint32_t *ret_counter);
