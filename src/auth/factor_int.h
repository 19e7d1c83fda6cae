/* SPDX-License-Identifier: MIT */
/* auth/factor_int.h - what the files of the second factor share. */
#pragma once
#include "auth/auth_int.h"
#include "auth/factor.h"
#include "auth/passkey.h"

/* The step that this code stands for, later than the one taken last; 0 = it is wrong. E_PRECOND: the seed cannot be
 * opened here. */
MUST enum err totp_fits(struct cx *cx, struct auth *au, int64_t user, str code, int64_t *ret);
/* Inside db_write; *ret 0: that step or a later one has been taken. */
MUST enum err totp_spend(struct cx *cx, int64_t user, int64_t step, int64_t *ret);

/* "" when he has none. */
MUST enum err recovery_hash(struct cx *cx, struct auth *au, int64_t user, str code, str *ret);
/* Inside db_write; *ret 0: there is none, or it has been used. */
MUST enum err recovery_spend(struct cx *cx, int64_t user, str hash, int64_t *ret);
struct recovery {
    int64_t user;
    str salt, hash[RECOVERY_CODES];
};
/* New codes and their hashes (slow, outside of db_write), then inside: the old ones are ended. */
MUST enum err recovery_make(struct cx *cx, struct auth *au, int64_t user, str *ret_codes, struct recovery *ret);
MUST enum err recovery_write(struct cx *cx, const struct recovery *r);

/* A passkey as the second half of a proof, or all of it. */
struct passkey_used;
MUST enum err passkey_ask_proof(struct cx *cx, str session, str *ret_challenge);
/* Does this answer show a passkey of cx->who? *ret NULL: no. `verified`: its owner must have been asked who he is. */
MUST enum err passkey_shown(struct cx *cx, const struct wa_site *site, str session, const struct passkey_answer *in,
                            bool verified, struct passkey_used **ret);
/* Inside db_write; E_AUTH: it has been used before. */
MUST enum err passkey_use(struct cx *cx, struct passkey_used *x);

/* Inside db_write, when one was ended: E_DENIED when it was the last one of those that are asked for; recovery codes
 * end with the last of all. */
MUST enum err factor_last(struct cx *cx, int64_t user, bool was_passkey);
/* The session that follows, when the second factor was right; E_AUTH when not, or when c->first says so. */
MUST enum err factor_open(struct cx *cx, struct auth *au, struct try *t, bool right, struct coming *c,
                          struct login *io);
