/* SPDX-License-Identifier: MIT */
/* auth/proof.h - proving once more, in a session, who one is: before what bears on who comes in (ASVS 7.5.1).
 *
 * A proof is all that a log-in would ask for: the password and, where there is one, the second factor; or a passkey
 * alone whose owner was asked for PIN or finger. Who has no password comes by somebody else's log-in: a recovery code
 * alone is his proof, too, for his passkey may be lost; and so is a log-in there that is told to be fresh.
 */
#pragma once
#include "auth/passkey.h"

struct proof_ways {      /* what cx->who can prove it by */
    bool password;       /* here or in a directory */
    bool passkey_alone;  /* a passkey is enough */
    bool second;         /* a password is not: a code, a recovery code or a passkey comes with it */
    bool totp;
    int64_t recovery, passkeys;
};
MUST enum err proof_ways(struct cx *cx, struct proof_ways *ret);

enum proof_kind {
    PROOF_RECENT,        /* since PROOF_MS, by a log-in too: what bears on others */
    PROOF_OWN            /* since PROOF_OWN_MS and after the log-in: what bears on how he himself comes in */
};
/* E_PROOF when it is too long ago. PROOF_OWN of who has no password: a log-in at his provider since PROOF_OWN_MS; of
 * who has no passkey either, any log-in since PROOF_MS. */
MUST enum err auth_proved(struct cx *cx, const struct session *s, enum proof_kind kind);

struct proof {           /* as shown; what is not stays empty */
    str session;         /* its token */
    str password, code, recovery;
    const struct passkey_answer *passkey; /* to proof_ask */
    const struct wa_site *site;
};
/* A challenge for a passkey, good once and in this session. */
MUST enum err proof_ask(struct cx *cx, str session, str *ret_challenge);
/* E_OK: the session is proved. E_DENIED at "password", "code", "recovery" or "passkey": that is wrong, and counted like
 * a log-in. E_INVALID at "code": the second factor is missing. E_RATE as auth_login. */
MUST enum err auth_prove(struct cx *cx, struct auth *au, const struct visitor *v, const struct proof *p);
