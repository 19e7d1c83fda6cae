/* SPDX-License-Identifier: MIT */
/* idp/jwt.h - an id_token held against the keys of who is said to have signed it (RFC 7515, 7519, OpenID Connect Core).
 *
 * Header and claims are read by our own strict JSON; the key is chosen by us from the set, brought to its bare numbers
 * and given to librhonabwy, which checks the signature and looks at nothing else: keys and addresses that a token
 * brings along are refused.
 */
#pragma once
#include "base/base.h"
#include "base/json.h"

enum { JWT_MAX = 64 * 1024, JWT_SKEW_S = 60, JWT_AGE_S = 15 * 60, JWT_RSA_BITS = 2048 };
struct jwt_want {
    str issuer, client, nonce;
    int64_t now_ms;
};
/* E_OK: the claims, in cx->a. E_NOTFOUND: signed with a key that is not in the set. E_INVALID: all else, with a word
 * that says what. */
MUST enum err jwt_check(struct cx *cx, str token, const struct json *jwks, const struct jwt_want *want,
                        const struct json **ret);
/* How many keys of the set could check a token. */
size_t jwt_keys(struct cx *cx, const struct json *jwks);
