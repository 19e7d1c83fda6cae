/* SPDX-License-Identifier: MIT */
/* auth/passkey.h - passkeys (WebAuthn level 2): as the second factor after the password, and instead of both where the
 * authenticator has asked its owner for PIN or finger. Challenges are 32 random bytes, good once, for CHALLENGE_MS and
 * for whom they were made. */
#pragma once
#include "auth/auth.h"
#include "auth/factor.h"

enum { PASSKEYS_MAX = 20, PASSKEY_NAME_MAX = 100, CHALLENGE_MS = 5 * 60 * 1000 };

/* Where users find us: as in the browser's address. */
struct wa_site {
    str origin, rp;  /* "https://kontor.example:8443", "kontor.example" */
};
/* From the configured address, else from a Host of this machine ("localhost:8080"). False: there are no passkeys, for
 * browsers know none at a bare IP address nor, localhost aside, without TLS; and a name that anybody may send is none
 * to be trusted. */
bool passkey_site(struct arena *a, str url, str host, struct wa_site *ret);

struct passkey {
    int64_t id, created_at, used_at; /* used_at 0: never */
    str name, credential;            /* base64url */
};
MUST enum err passkey_list(struct cx *cx, int64_t user, struct passkey **ret, size_t *ret_n);

/* ---- registering; all for cx->who, in the session whose token is `session` ---- */
MUST enum err passkey_begin(struct cx *cx, str session, str *ret_challenge);
struct passkey_answer { /* base64url, as the browser's API gives them */
    str credential, client, data, signature;
};
/* *ret_n: recovery codes in ret_codes, when this is his first second factor; then his other sessions end. */
MUST enum err passkey_add(struct cx *cx, struct auth *au, const struct wa_site *site, str session, str name,
                          const struct passkey_answer *in, int64_t *ret, str *ret_codes, size_t *ret_n);
MUST enum err passkey_rename(struct cx *cx, int64_t id, str name); /* E_NOTFOUND */
/* E_NOTFOUND; E_DENIED: his last second factor, or passkey, and one is asked for. */
MUST enum err passkey_end(struct cx *cx, int64_t id);

/* ---- coming in ---- */
/* `binder`: a secret of the browser that asks, which the answer has to show again: the token of the half session when
 * `second`, else one of a cookie. */
MUST enum err passkey_ask(struct cx *cx, str binder, bool second, str *ret_challenge);
struct passkey_login {
    const struct wa_site *site;
    const struct session *half; /* the second step of this log-in; NULL: it is the whole */
    str binder;
    struct passkey_answer answer;
};
/* As factor_login; E_INVALID at "passkey". */
MUST enum err passkey_login(struct cx *cx, struct auth *au, const struct visitor *v, const struct passkey_login *in,
                            struct login *io);
