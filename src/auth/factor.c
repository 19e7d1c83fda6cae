/* SPDX-License-Identifier: MIT */
/* auth/factor.c - which second factors there are, and the step of a log-in that asks for one. */
#include "auth/factor_int.h"

#include "os/os.h"

/* ---- what a user has ---- */
enum err factor_has(struct cx *cx, int64_t user, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT 1 FROM user_totp WHERE user_id = $1 AND since > 0"
                 " UNION ALL SELECT 1 FROM passkey WHERE user_id = $2 LIMIT 1",
                 V(user), V(user)));
    *ret = r.n > 0;
    return E_OK;
}

static enum err has_passkey(struct cx *cx, int64_t user, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT 1 FROM passkey WHERE user_id = $1 LIMIT 1", V(user)));
    *ret = r.n > 0;
    return E_OK;
}

static enum err has_wanted(struct cx *cx, int64_t user, enum factor_want want, bool *ret)
{
    return want == WANT_PASSKEY ? has_passkey(cx, user, ret) : factor_has(cx, user, ret);
}

enum err factor_stage(struct cx *cx, int64_t user, enum factor_want want, enum shown by, enum stage *io)
{
    bool has = false;
    if (want == WANT_NONE || *io != STAGE_IN || by == SHOWN_THERE) return E_OK;
    TRY(has_wanted(cx, user, want, &has));
    if (!has || (want == WANT_PASSKEY && by == SHOWN_RECOVERY)) *io = STAGE_ENROL;
    else if (want == WANT_PASSKEY && by != SHOWN_PASSKEY) *io = STAGE_FACTOR;
    return E_OK;
}

static enum err wanted(struct cx *cx, int64_t user, enum factor_want *ret)
{
    struct acl *acl = NULL;
    if (cx->acl && user == cx->acl->user) return *ret = cx->acl->factor, E_OK;
    enum err e = acl_load(cx, user, &acl);
    if (e == E_OK) *ret = acl->factor;
    return e == E_AUTH ? E_OK : e; /* who is not active is asked for nothing */
}

enum err factors_of(struct cx *cx, int64_t user, struct factors *ret)
{
    struct db_rows r = {0};
    struct factors f = {0};
    TRY(wanted(cx, user, &f.want));
    TRY(db_query(cx, &r,
                 "SELECT coalesce((SELECT t.since FROM user_totp t WHERE t.user_id = $1), 0),"
                 " (SELECT count(*) FROM recovery_code c WHERE c.user_id = $2 AND c.used_at = 0),"
                 " (SELECT count(*) FROM passkey p WHERE p.user_id = $3)",
                 V(user), V(user), V(user)));
    f.totp_since = db_int(&r, 0, 0);
    f.recovery = db_int(&r, 0, 1);
    f.passkeys = db_int(&r, 0, 2);
    *ret = f;
    return E_OK;
}

/* ---- the firm's rule ---- */
enum err factor_rule(struct cx *cx, enum factor_want *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT value FROM setting WHERE key = 'factor'"));
    *ret = r.n ? acl_factor_want(db_str(&r, 0, 0)) : WANT_NONE;
    return E_OK;
}

static enum err rule_put(struct cx *cx, void *arg)
{
    TRY(event_setting(cx, EVENT_WHAT_FACTOR, 0));
    return db_setting_put(cx, S("factor"), *(const str *)arg);
}

enum err factor_rule_set(struct cx *cx, enum factor_want want)
{
    str name = factor_want_name[want];
    TRY(acl_factor_check(cx, S("want"), want));
    return db_write(cx, rule_put, &name);
}

/* ---- the end of one, or of all ---- */
enum err factor_last(struct cx *cx, int64_t user, bool was_passkey)
{
    enum factor_want want = cx->acl ? cx->acl->factor : WANT_NONE;
    bool any = false, has = true;
    TRY(factor_has(cx, user, &any));
    if (want == WANT_FACTOR || (want == WANT_PASSKEY && was_passkey)) TRY(has_wanted(cx, user, want, &has));
    if (!has) return fail(cx, E_DENIED, "It is needed here: set another one up first");
    return any ? E_OK : db_exec(cx, NULL, "DELETE FROM recovery_code WHERE user_id = $1", V(user));
}

static enum err reset(struct cx *cx, void *arg)
{
    int64_t user = *(const int64_t *)arg;
    TRY(db_exec(cx, NULL, "DELETE FROM user_totp WHERE user_id = $1", V(user)));
    TRY(db_exec(cx, NULL, "DELETE FROM passkey WHERE user_id = $1", V(user)));
    TRY(db_exec(cx, NULL, "DELETE FROM recovery_code WHERE user_id = $1", V(user)));
    TRY(event_put(cx, &(struct event){.kind = EVENT_FACTOR_RESET, .subject = user}));
    return sessions_end(cx, &(struct sessions_of){.user = user}, EVENT_WHY_FACTOR);
}

enum err factors_reset(struct cx *cx, int64_t user) { return db_write(cx, reset, &user); }

/* ---- the second step of a log-in ---- */
struct spending {
    int64_t user, step; /* step: of the app's code that fits, 0 = none does */
    str hash;           /* of a recovery code */
    str half;           /* the half session's hash: it ends here */
};

static enum err spend(struct cx *cx, void *arg)
{
    const struct spending *s = arg;
    int64_t code = 0, half = 0;
    if (s->step) TRY(totp_spend(cx, s->user, s->step, &code));
    else TRY(recovery_spend(cx, s->user, s->hash, &code));
    if (!s->step && code) TRY(event_put(cx, &(struct event){.kind = EVENT_RECOVERY_USED, .who = s->user}));
    if (!code) return fail(cx, E_AUTH, "This code is wrong, or has been used before");
    TRY(db_exec(cx, &half, "DELETE FROM session WHERE token = $1", V(s->half)));
    return half ? E_OK : fail(cx, E_AUTH, "Please log in first");
}

enum err factor_open(struct cx *cx, struct auth *au, struct try *t, bool right, struct coming *c, struct login *io)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT must_change FROM credential WHERE user_id = $1", V(t->user)));
    bool must_change = r.n && db_int(&r, 0, 0);
    c->o = session_opening(cx, t->user, must_change ? STAGE_PASSWORD : STAGE_IN, t->v->addr, t->v->agent);
    c->o.idp = c->idp;
    c->o.shown = c->shown;
    c->o.parting = c->parting;
    if (c->half) c->o.proved_at = c->proved_at;
    enum stage next = c->o.stage; /* read before, as all that is answered */
    if (cx->acl) TRY(factor_stage(cx, t->user, cx->acl->factor, c->shown, &next));
    enum err e = session_open(cx, au, t, right, c, io);
    if (e == E_OK) io->s.stage = next;
    /* it was used up meanwhile: this one is wrong */
    return right && e == E_AUTH ? try_end(cx, au, t, false, NULL, NULL) : e;
}

static enum err second(struct cx *cx, struct auth *au, struct try *t, const struct second *in, struct spending *s,
                       struct login *io)
{
    struct coming c = {.first = spend,
                       .arg = s,
                       .whose = in->half,
                       .half = true,
                       .idp = in->half->idp,
                       .shown = in->recovery.n ? SHOWN_RECOVERY : SHOWN_HERE,
                       .proved_at = in->half->proved_at};
    TRY(session_parting(cx, s->half, &c.parting));
    enum err e = try_begin(cx, au, t);
    io->wait_ms = t->wait_ms;
    TRY(e);
    if (in->recovery.n) TRY(recovery_hash(cx, au, s->user, in->recovery, &s->hash));
    return factor_open(cx, au, t, s->step || s->hash.n, &c, io);
}

/* Who has the passkey that is asked for comes in by it; a code may be read off him by anybody. */
static enum err code_is_enough(struct cx *cx, int64_t user)
{
    bool has = false;
    if (!cx->acl || cx->acl->factor != WANT_PASSKEY) return E_OK;
    TRY(has_passkey(cx, user, &has));
    return has ? fail_at(cx, E_INVALID, S("code"), "A passkey is needed here: a code is not enough") : E_OK;
}

enum err factor_login(struct cx *cx, struct auth *au, const struct visitor *v, const struct second *in,
                      struct login *io)
{
    struct try t = {.v = v, .user = cx->who.user, .is_second = true};
    struct spending s = {.user = t.user, .half = token_hash(cx, in->token)};
    if (!in->code.n && !in->recovery.n) return fail_at(cx, E_INVALID, S("code"), "Please type the code");
    if (!in->recovery.n) TRY(code_is_enough(cx, s.user));
    if (!in->recovery.n) TRY(totp_fits(cx, au, s.user, in->code, &s.step));
    TRY(try_own_name(cx, &t));
    enum err e = try_forgiven(cx, &t, second(cx, au, &t, in, &s, io));
    if (e != E_AUTH) return e;
    return fail_at(cx, E_INVALID, in->recovery.n ? S("recovery") : S("code"),
                   "This code is wrong, or has been used before");
}
