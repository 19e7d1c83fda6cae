/* SPDX-License-Identifier: MIT */
/* auth/factor.h - the second factor: codes of an app (TOTP, RFC 6238) and ten one-time recovery codes.
 *
 * A seed lies in the database sealed by the vault, recovery codes as argon2id with a salt of each user's own. A code is
 * good once, also when many ask at once: the step that was taken last stands in the user's row.
 */
#pragma once
#include "auth/auth.h"

enum { TOTP_DIGITS = 6, TOTP_STEP_S = 30, TOTP_WINDOW = 1, TOTP_SEED_BYTES = 20, TOTP_PENDING_MS = 30 * 60 * 1000 };
enum { RECOVERY_CODES = 10, RECOVERY_CHARS = 10 };

struct factors {
    int64_t totp_since;  /* 0 = no app */
    int64_t recovery;    /* codes that are left */
    int64_t passkeys;
    enum factor_want want; /* what one of his roles, or the firm, asks for */
};
MUST enum err factors_of(struct cx *cx, int64_t user, struct factors *ret);
/* Has he any that is asked for at log-in? */
MUST enum err factor_has(struct cx *cx, int64_t user, bool *ret);
/* STAGE_IN becomes STAGE_ENROL for whom something is asked for that he has not, or has lost (SHOWN_RECOVERY), and
 * STAGE_FACTOR for who has the passkey that is asked for and has not shown it. What a provider vouches for counts as
 * either. */
MUST enum err factor_stage(struct cx *cx, int64_t user, enum factor_want want, enum shown by, enum stage *io);

/* What everybody is asked for, whatever his roles say: the firm's rule. In force at once, in open sessions, too.
 * E_INVALID at "want": passkeys where nobody could make one (acl_factor_check). */
MUST enum err factor_rule(struct cx *cx, enum factor_want *ret);
MUST enum err factor_rule_set(struct cx *cx, enum factor_want want);

/* ---- setting up; all for cx->who ---- */
struct totp_new {
    str secret;          /* base32 */
    str uri;             /* otpauth://totp/... */
};
/* A new seed, good for TOTP_PENDING_MS and not in force before totp_confirm; one that is in force stays meanwhile. */
MUST enum err totp_begin(struct cx *cx, struct auth *au, str firm, str name, struct totp_new *ret);
/* `code` proves that the app has it. RECOVERY_CODES new recovery codes come back, the old ones are ended, and with them
 * all other sessions. E_INVALID at "code"; E_PRECOND: nothing was begun, or too long ago. */
MUST enum err totp_confirm(struct cx *cx, struct auth *au, str code, str session, str *ret_codes);
/* E_DENIED where a second factor is asked for and this is his only one; E_NOTFOUND without one. */
MUST enum err totp_end(struct cx *cx);
/* New ones, the old ones are ended. E_PRECOND without a second factor. */
MUST enum err recovery_renew(struct cx *cx, struct auth *au, str *ret_codes);
/* Of any user: everything is gone, his sessions, too. */
MUST enum err factors_reset(struct cx *cx, int64_t user);
/* Seeds of apps sealed with the vault's first key. Inside db_write. */
MUST enum err factors_reseal(struct cx *cx, const struct vault *v, struct resealing *io);

/* ---- the second step of a log-in ---- */
struct second {
    const struct session *half; /* as it was read */
    str token;           /* its own */
    str code, recovery;  /* one of them */
};
/* E_OK: io->s, with a token of its own, and io->device. E_INVALID at "code" or "recovery": wrong or used, counted like
 * a wrong password; or a code of whose passkey is asked for, which is not looked at. E_RATE, E_DENIED as auth_login. */
MUST enum err factor_login(struct cx *cx, struct auth *au, const struct visitor *v, const struct second *in,
                           struct login *io);
