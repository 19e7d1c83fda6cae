/* SPDX-License-Identifier: MIT */
/* tests/soft_key.h - an authenticator of our own with real keys: what a browser would hand on for it (WebAuthn). */
#pragma once
#include "base/base.h"

enum { PRESENT = 1, VERIFIED = 4, ATTESTED = 64 }; /* flags of its data */
enum soft_kind { ES256, EDDSA, RS256, SOFT_KINDS };
struct soft_key {
    struct evp_pkey_st *pk;
    int alg;
    str id;
    uint32_t counter;
};
struct soft_key soft_key_new(enum soft_kind kind, const char *id);
void soft_key_free(struct soft_key *k);
/* authenticatorData; with ATTESTED the new key in it. */
str soft_data(struct cx *cx, const struct soft_key *k, const char *rp, int flags);
str soft_client(struct cx *cx, const char *type, str challenge, const char *origin); /* clientDataJSON */
str soft_signed(struct cx *cx, const struct soft_key *k, str data, str client);
str soft_coded(struct cx *cx, str raw); /* base64url */
