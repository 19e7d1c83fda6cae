/* SPDX-License-Identifier: MIT */
/* auth/proof.c - see proof.h. */
#include "auth/proof.h"

#include "auth/factor_int.h"
#include "auth/outside_int.h"

enum err proof_ways(struct cx *cx, struct proof_ways *ret)
{
    struct factors f = {0};
    bool theirs = false;
    TRY(auth_has_password(cx, cx->who.user, &ret->password));
    TRY(outside_is_theirs(cx, cx->who.user, &theirs)); /* a directory may have closed his account meanwhile */
    TRY(factors_of(cx, cx->who.user, &f));
    ret->totp = f.totp_since && !(f.want == WANT_PASSKEY && f.passkeys); /* as at the log-in: the stronger one */
    ret->recovery = f.recovery;
    ret->passkeys = f.passkeys;
    ret->passkey_alone = f.passkeys && !theirs;
    ret->second = f.totp_since || f.passkeys;
    return E_OK;
}

/* Of who has no password here: is it told that he has shown at his provider who he is? A passkey may be lost: then
 * it is enough when that was just now. And who came by a provider that tells no time, and may do nothing but set up
 * a second factor, has nothing yet that would have to be guarded. */
static enum err shown_there(struct cx *cx, const struct session *s, bool *ret)
{
    struct proof_ways w = {0};
    bool recent = s->proved_at + PROOF_MS >= cx->now_ms, now = s->idp && s->proved_at + PROOF_OWN_MS >= cx->now_ms;
    bool begins = s->stage == STAGE_ENROL && s->created_at + PROOF_MS >= cx->now_ms;
    TRY(proof_ways(cx, &w));
    *ret = !w.password && ((recent && (now || !w.passkey_alone)) || (begins && !w.second));
    return E_OK;
}

enum err auth_proved(struct cx *cx, const struct session *s, enum proof_kind kind)
{
    /* who came by a recovery code has given one; all that opens for him is to set up what he lost */
    bool begins = s->stage == STAGE_ENROL && s->shown == SHOWN_RECOVERY && s->created_at + PROOF_MS >= cx->now_ms;
    bool there = false;
    if (begins) return E_OK;
    if (kind == PROOF_RECENT && s->proved_at + PROOF_MS >= cx->now_ms) return E_OK;
    if (kind == PROOF_OWN && s->proved_at > s->created_at && s->proved_at + PROOF_OWN_MS >= cx->now_ms) return E_OK;
    if (kind == PROOF_OWN) TRY(shown_there(cx, s, &there));
    return there ? E_OK : fail(cx, E_PROOF, "Please prove once more who you are");
}

enum err proof_ask(struct cx *cx, str session, str *ret_challenge)
{
    return passkey_ask_proof(cx, session, ret_challenge);
}

/* ---- one proof ---- */
struct proving {
    const struct proof *p;
    str at;                     /* what was looked at last */
    int64_t user, step;         /* step: of the app's code */
    str recovery;               /* its hash */
    struct passkey_used *key;
};

static bool by_paper(const struct proof_ways *w, const struct proof *p)
{
    return !w->password && w->recovery && p->recovery.n && !p->password.n;
}

/* What was shown is one of the ways, as far as that can be told without looking. */
static enum err is_whole(struct cx *cx, const struct proof *p)
{
    struct proof_ways w = {0};
    TRY(proof_ways(cx, &w));
    if (p->password.n > 4 * PASSWORD_MAX)
        return fail(cx, E_LIMIT, "A password has at most %d characters", PASSWORD_MAX);
    if (by_paper(&w, p)) return E_OK;
    if (!w.password && !w.passkey_alone)
        return fail_at(cx, E_DENIED, S("password"), "Please log out and in again: that proves who you are");
    if (!p->password.n && !(p->passkey && w.passkey_alone))
        return fail_at(cx, E_DENIED, S("password"), "Please enter your present password");
    if (p->password.n && w.second && !p->code.n && !p->recovery.n && !p->passkey)
        return fail_at(cx, E_INVALID, S("code"), "Please type the code");
    return E_OK;
}

static enum err second_fits(struct cx *cx, struct auth *au, struct proving *x, bool *ret)
{
    const struct proof *p = x->p;
    if (p->passkey) {
        x->at = S("passkey");
        TRY(passkey_shown(cx, p->site, p->session, p->passkey, !p->password.n, &x->key));
        *ret = x->key != NULL;
    } else if (p->recovery.n) {
        x->at = S("recovery");
        TRY(recovery_hash(cx, au, x->user, p->recovery, &x->recovery));
        *ret = x->recovery.n > 0;
    } else if (p->code.n) {
        x->at = S("code");
        TRY(totp_fits(cx, au, x->user, p->code, &x->step));
        *ret = x->step != 0;
    }
    return E_OK;
}

/* Inside db_write: what is good once is used up, and the session has its proof. */
static enum err proof_write(struct cx *cx, void *arg)
{
    const struct proving *x = arg;
    int64_t n = 1;
    str hash = token_hash(cx, x->p->session);
    if (x->key) TRY(passkey_use(cx, x->key));
    if (x->recovery.n) TRY(recovery_spend(cx, x->user, x->recovery, &n));
    if (x->step) TRY(totp_spend(cx, x->user, x->step, &n));
    if (!n) return fail(cx, E_AUTH, "This code is wrong, or has been used before");
    if (x->recovery.n) TRY(event_put(cx, &(struct event){.kind = EVENT_RECOVERY_USED, .who = x->user}));
    return db_exec(cx, NULL, "UPDATE session SET proved_at = $2 WHERE token = $1", V(hash), V(cx->now_ms));
}

static enum err prove(struct cx *cx, struct auth *au, struct try *t, struct proving *x)
{
    bool right = true;
    x->at = S("password");
    TRY(try_begin(cx, au, t));
    if (x->p->password.n) TRY(password_is(cx, au, x->user, x->p->password, &right));
    if (right) TRY(second_fits(cx, au, x, &right));
    enum err e = try_end(cx, au, t, right, proof_write, x);
    return right && e == E_AUTH ? try_end(cx, au, t, false, NULL, NULL) : e; /* it was used up meanwhile */
}

enum err auth_prove(struct cx *cx, struct auth *au, const struct visitor *v, const struct proof *p)
{
    struct try t = {.v = v, .user = cx->who.user, .is_in = true};
    struct proving x = {.p = p, .user = cx->who.user};
    TRY(is_whole(cx, p));
    TRY(try_own_name(cx, &t));
    enum err e = try_forgiven(cx, &t, prove(cx, au, &t, &x));
    if (e != E_AUTH) return e;
    if (str_eq(x.at, S("password"))) return fail_at(cx, E_DENIED, x.at, "Please enter your present password");
    if (str_eq(x.at, S("passkey"))) return fail_at(cx, E_DENIED, x.at, "This passkey was not accepted");
    return fail_at(cx, E_DENIED, x.at, "This code is wrong, or has been used before");
}
