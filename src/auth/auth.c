/* SPDX-License-Identifier: MIT */
/* auth/auth.c - hashes, log-in, sessions. */
#include "auth/auth_int.h"
#include "auth/factor.h"
#include "auth/limits.h"

#include "fmt/zone.h"
#include "os/os.h"

#include <liboath/oath.h>
#include <sodium.h>

enum { SEEN_EVERY_MS = 5 * 60 * 1000, QUARTER_MS = 15 * 60 * 1000 };

struct auth *auth_open(const struct vault *v)
{
    struct auth *au = mem_new(sizeof *au); /* kept by app for the life of the process */
    if (sodium_init() < 0 || oath_init() != OATH_OK) abort();
    au->vault = v;
    hashes_open(&au->hashes);
    keep_open(&au->keep);
    buckets_open(&au->buckets);
    return au;
}

void auth_tally(struct auth *au, struct tally *t) { au->tally = t; }

void auth_close(struct auth **au)
{
    if (!*au) return;
    hashes_close(&(*au)->hashes);
    keep_close(&(*au)->keep);
    buckets_close(&(*au)->buckets);
    mem_free(*au);
    *au = NULL;
}

/* ---- passwords ---- */
struct credential {
    int64_t user;
    str hash;
    bool must_change;
    enum event_kind told;
};

static enum err credential_write(struct cx *cx, void *arg)
{
    const struct credential *c = arg;
    TRY(db_exec(
        cx, NULL,
        "INSERT INTO credential (user_id, hash, changed_at, must_change) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = "
        "excluded.changed_at, must_change = excluded.must_change",
        V(c->user), V(c->hash), V(cx->now_ms), V(c->must_change)));
    TRY(db_exec(cx, NULL, "DELETE FROM mail_token WHERE user_id = $1 AND kind <> 'unlock'", V(c->user)));
    TRY(event_put(cx, &(struct event){.kind = c->told, .subject = c->user}));
    return sessions_end(cx, &(struct sessions_of){.user = c->user}, EVENT_WHY_PASSWORD);
}

enum err auth_password_hash(struct cx *cx, struct auth *au, str password, str *ret)
{
    return hash_make(cx, &au->hashes, password, ret);
}

enum err auth_hash_set(struct cx *cx, int64_t user, str hash, enum event_kind told)
{
    struct credential c = {user, hash, false, told};
    return db_write(cx, credential_write, &c);
}

enum err auth_hash_first(struct cx *cx, int64_t user, str hash)
{
    struct credential c = {user, hash, true, EVENT_PASSWORD_SET};
    return db_write(cx, credential_write, &c);
}

enum err auth_password_set(struct cx *cx, struct auth *au, int64_t user, str password)
{
    str hash = {0};
    TRY(auth_password_hash(cx, au, password, &hash));
    return auth_hash_set(cx, user, hash, EVENT_PASSWORD_SET);
}

/* ---- sessions ---- */
str token_hash(struct cx *cx, str token)
{
    unsigned char sum[32];
    os_sha256(token, sum);
    return os_hex(cx->a, sum, sizeof sum);
}

struct opening session_opening(struct cx *cx, int64_t user, enum stage stage, str addr, str agent)
{
    unsigned char raw[32], csrf[16];
    os_random(raw, sizeof raw);
    os_random(csrf, sizeof csrf);
    str token = os_hex(cx->a, raw, sizeof raw);
    return (struct opening){.user = user,
                            .stage = stage,
                            .token = token,
                            .hash = token_hash(cx, token),
                            .csrf = os_hex(cx->a, csrf, sizeof csrf),
                            .addr = addr,
                            .agent = utf8_cut(agent, AGENT_BYTES),
                            .proved_at = cx->now_ms};
}

enum err session_insert(struct cx *cx, void *opening)
{
    const struct opening *o = opening;
    TRY(db_exec(cx, NULL, "DELETE FROM session WHERE expires_at < $1", V(clock_aged_ms(cx->now_ms))));
    return db_exec(
        cx, NULL,
        "INSERT INTO session (token, user_id, created_at, seen_at, expires_at, addr, agent, csrf, stage, proved_at,"
        " factored, idp, parting)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        V(o->hash), V(o->user), V(cx->now_ms), V(cx->now_ms), V(cx->now_ms + SESSION_MAX_MS),
        V(o->addr), V(o->agent), V(o->csrf), V((int)o->stage), V(o->proved_at), V((int)o->shown), V(o->idp),
        V(o->parting.n ? o->parting : S("")));
}

enum err auth_session_new(struct cx *cx, int64_t user, str addr, str agent, struct session *ret)
{
    struct opening o = session_opening(cx, user, STAGE_IN, addr, agent);
    TRY(db_write(cx, session_insert, &o));
    TRY(auth_session_enter(cx, NULL, o.token, ret));
    ret->token = o.token;
    return E_OK;
}

static enum err seen_write(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE session SET seen_at = $2 WHERE token = $1",
                   V(*(const str *)arg), V(cx->now_ms));
}

int auth_firm_tz(const struct cx *cx)
{
    int min = os_tz_min(cx->now_ms);
    return min ? min : zone_min(cx->country, cx->now_ms);
}

void auth_become(struct cx *cx, const struct acl *acl, str lang, int tz_min)
{
    cx->tz_min = tz_min;
    cx->who = (struct who){.user = acl->user, .team = acl->team, .branch = acl->branch};
    cx->acl = acl;
    if (lang.n) cx->lang = lang;
}

enum err auth_as(struct cx *cx, int64_t user)
{
    struct db_rows r = {0};
    struct acl *acl = NULL;
    int tz_min = cx->tz_min;
    TRY(db_query(cx, &r, "SELECT language, timezone FROM \"user\" WHERE id = $1", V(user)));
    if (r.n) (void)zone_named_min(db_str(&r, 0, 1), cx->now_ms, &tz_min);
    cx->tz_min = tz_min; /* the day that filters of roles speak of */
    TRY(acl_load(cx, user, &acl));
    auth_become(cx, acl, r.n ? db_str(&r, 0, 0) : S(""), tz_min);
    return E_OK;
}

static bool is_over(const struct cx *cx, const struct entered *e)
{
    return e->expires_at < cx->now_ms || e->seen_at + SESSION_IDLE_MS < cx->now_ms;
}

int64_t auth_quarter(const struct cx *cx) { return cx->now_ms / QUARTER_MS; }
bool auth_is_now(const struct cx *cx, const struct entered *e) { return e->quarter == auth_quarter(cx); }
struct keep *auth_keep(struct auth *au) { return &au->keep; }

static enum err session_read(struct cx *cx, str hash, struct entered *ret)
{
    struct db_rows r = {0};
    struct acl *acl = NULL;
    TRY(db_query(cx, &r,
                 "SELECT s.user_id, s.seen_at, s.expires_at, s.csrf, u.name, u.mail, u.language, "
                 "r.name, u.timezone, s.stage, s.proved_at, s.factored, s.created_at, s.idp FROM session s"
                 " JOIN \"user\" u ON u.id = s.user_id LEFT JOIN \"role\" r ON r.id = u.role WHERE "
                 "s.token = $1",
                 V(hash)));
    if (!r.n) return fail(cx, E_AUTH, "Please log in first");
    *ret = (struct entered){.seen_at = db_int(&r, 0, 1),
                            .expires_at = db_int(&r, 0, 2),
                            .quarter = auth_quarter(cx),
                            .s = {.user = db_int(&r, 0, 0),
                                  .token = hash,
                                  .csrf = db_str(&r, 0, 3),
                                  .name = db_str(&r, 0, 4),
                                  .mail = db_str(&r, 0, 5),
                                  .lang = db_str(&r, 0, 6),
                                  .role = db_str(&r, 0, 7),
                                  .stage = (enum stage)db_int(&r, 0, 9),
                                  .shown = (enum shown)db_int(&r, 0, 11),
                                  .proved_at = db_int(&r, 0, 10),
                                  .created_at = db_int(&r, 0, 12),
                                  .idp = db_int(&r, 0, 13)}};
    if (is_over(cx, ret)) return fail(cx, E_AUTH, "Please log in first");
    if (!zone_named_min(db_str(&r, 0, 8), cx->now_ms, &ret->tz_min)) ret->tz_min = auth_firm_tz(cx);
    cx->tz_min = ret->tz_min; /* the day that filters of roles speak of */
    TRY(acl_load(cx, ret->s.user, &acl));
    ret->acl = acl;
    return factor_stage(cx, ret->s.user, acl->factor, ret->s.shown, &ret->s.stage);
}

/* A session of whatever stage. */
static enum err session_find(struct cx *cx, struct auth *au, str token, struct entered *ret)
{
    struct entered e = {0};
    if (token.n != TOKEN_CHARS) return fail(cx, E_AUTH, "Please log in first");
    str hash = token_hash(cx, token);
    int64_t epoch = au ? db_epoch(cx) : -1; /* before what is read under it */
    if (!au || !kept_get(cx, &au->keep, hash, epoch, &e) || is_over(cx, &e) || !auth_is_now(cx, &e)) {
        TRY(session_read(cx, hash, &e));
        if (au && cx->country.n) kept_put(cx, &au->keep, epoch, &e); /* no country, no zone of the firm */
    }
    *ret = e;
    return E_OK;
}

static enum err session_taken(struct cx *cx, struct entered *e, struct session *ret)
{
    auth_become(cx, e->acl, e->s.lang, e->tz_min);
    str hash = e->s.token;
    *ret = e->s;
    ret->token = S("");
    if (e->seen_at + SEEN_EVERY_MS < cx->now_ms) TRY(db_write(cx, seen_write, &hash));
    return E_OK;
}

enum err auth_lacks(struct cx *cx, enum stage s)
{
    switch (s) {
    case STAGE_IN: return E_OK;
    case STAGE_PASSWORD: return fail(cx, E_AUTH, "Please choose a password of your own first");
    case STAGE_FACTOR: return fail(cx, E_AUTH, "Please finish the log-in with your second factor first");
    case STAGE_ENROL: return fail(cx, E_AUTH, "A second factor is needed here: please set it up first");
    }
    return fail(cx, E_AUTH, "Please log in first");
}

enum err auth_session_enter(struct cx *cx, struct auth *au, str token, struct session *ret)
{
    struct entered e = {0};
    TRY(session_find(cx, au, token, &e));
    TRY(auth_lacks(cx, e.s.stage));
    return session_taken(cx, &e, ret);
}

enum err auth_session_half(struct cx *cx, str token, struct session *ret)
{
    struct entered e = {0};
    TRY(session_find(cx, NULL, token, &e));
    return session_taken(cx, &e, ret);
}

static enum err session_delete(struct cx *cx, void *arg)
{
    int64_t n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM session WHERE token = $1", V(*(const str *)arg)));
    return n ? event_put(cx, &(struct event){.kind = EVENT_LOGOUT}) : E_OK;
}

/* A key that is gone is no reason to stay in. */
static enum err parting_read(struct cx *cx, struct auth *au, str hash, struct parting *ret)
{
    struct db_rows r = {0};
    struct parting p = {0};
    TRY(db_query(cx, &r, "SELECT user_id, idp, parting FROM session WHERE token = $1 AND parting <> ''", V(hash)));
    if (!r.n || !au || !au->vault) return E_OK;
    p.idp = db_int(&r, 0, 1);
    if (vault_unseal(cx, au->vault, PARTING_WHERE(cx, db_int(&r, 0, 0)), db_str(&r, 0, 2), &p.words) == E_OK) *ret = p;
    return E_OK;
}

enum err auth_logout(struct cx *cx, struct auth *au, str token, struct parting *ret)
{
    str hash = token_hash(cx, token);
    *ret = (struct parting){0};
    TRY(parting_read(cx, au, hash, ret));
    return db_write(cx, session_delete, &hash);
}

enum err session_parting(struct cx *cx, str hash, str *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT parting FROM session WHERE token = $1", V(hash)));
    *ret = r.n ? db_str(&r, 0, 0) : S("");
    return E_OK;
}

static enum err parting_reseal(struct cx *cx, const struct vault *v, const struct db_rows *r, size_t i,
                               struct resealing *io)
{
    str fresh = {0};
    TRY(vault_reseal(cx, v, PARTING_WHERE(cx, db_int(r, i, 1)), db_str(r, i, 2), io, &fresh));
    if (!fresh.n) return E_OK;
    return db_exec(cx, NULL, "UPDATE session SET parting = $2 WHERE token = $1", V(db_str(r, i, 0)), V(fresh));
}

enum err partings_reseal(struct cx *cx, const struct vault *v, struct resealing *io)
{
    struct db_rows r = {0};
    str after = S("");
    do {
        TRY(db_query(cx, &r,
                     "SELECT token, user_id, parting FROM session WHERE parting <> '' AND token > $1"
                     " ORDER BY token LIMIT 500",
                     V(after)));
        for (size_t i = 0; i < r.n; i++) TRY(parting_reseal(cx, v, &r, i, io));
        if (r.n) after = db_str(&r, r.n - 1, 0);
    } while (r.n == 500);
    return E_OK;
}

/* ---- log-in ---- */
enum err auth_user_by_mail(struct cx *cx, str mail, int64_t *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id FROM \"user\" WHERE mail_f = $1 AND deleted_at IS NULL AND active = 1",
                 V(filter_fold(cx->a, str_trim(mail)))));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such user");
    *ret = db_int(&r, 0, 0);
    return E_OK;
}
