/* SPDX-License-Identifier: MIT */
/* auth/auth.c - hashes, log-in, sessions. */
#include "auth/auth_int.h"

#include "fmt/zone.h"
#include "os/os.h"

#include <sodium.h>

enum {
    HASH_OPS = 2,
    HASH_BYTES = 19 * 1024 * 1024,
    AGENT_MAX = 200,
    SEEN_EVERY_MS = 5 * 60 * 1000,
    QUARTER_MS = 15 * 60 * 1000
};

struct auth {
    pthread_mutex_t lock;
    pthread_cond_t free;
    int running;
    char dummy[crypto_pwhash_STRBYTES]; /* verified for unknown names, so that time tells nothing */
    struct keep keep;
};

static void hash_begin(struct auth *au)
{
    pthread_mutex_lock(&au->lock);
    while (au->running >= AUTH_HASHES) pthread_cond_wait(&au->free, &au->lock);
    au->running++;
    pthread_mutex_unlock(&au->lock);
}

static void hash_end(struct auth *au)
{
    pthread_mutex_lock(&au->lock);
    au->running--;
    pthread_cond_signal(&au->free);
    pthread_mutex_unlock(&au->lock);
}

struct auth *auth_open(void)
{
    struct auth *au = mem_new(sizeof *au); /* kept by app for the life of the process */
    if (sodium_init() < 0) abort();
    pthread_mutex_init(&au->lock, NULL);
    pthread_cond_init(&au->free, NULL);
    keep_open(&au->keep);
    return au;
}

void auth_close(struct auth **au)
{
    if (!*au) return;
    keep_close(&(*au)->keep);
    mem_free(*au);
    *au = NULL;
}

static enum err hash_make(struct cx *cx, struct auth *au, str password,
                          char out[crypto_pwhash_STRBYTES])
{
    hash_begin(au);
    int rc = crypto_pwhash_str(out, password.p, password.n, HASH_OPS, HASH_BYTES);
    hash_end(au);
    return rc == 0 ? E_OK : fail(cx, E_BUSY, "The server is short of memory: please try again shortly");
}

static bool hash_fits(struct cx *cx, struct auth *au, str hash, str password)
{
    hash_begin(au);
    if (!au->dummy[0] && crypto_pwhash_str(au->dummy, "dummy", 5, HASH_OPS, HASH_BYTES) != 0)
        au->dummy[0] = 0;
    bool ok = crypto_pwhash_str_verify(hash.n ? arena_z(cx->a, hash) : au->dummy, password.p,
                                       password.n) == 0;
    hash_end(au);
    return ok && hash.n;
}

/* ---- passwords ---- */
struct credential {
    int64_t user;
    str hash;
};

static enum err credential_write(struct cx *cx, void *arg)
{
    const struct credential *c = arg;
    TRY(db_exec(
        cx, NULL,
        "INSERT INTO credential (user_id, hash, changed_at, must_change) VALUES ($1, $2, $3, 0)"
        " ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = "
        "excluded.changed_at, must_change = 0",
        V(c->user), V(c->hash), V(cx->now_ms)));
    return db_exec(cx, NULL, "DELETE FROM session WHERE user_id = $1", V(c->user));
}

enum err auth_password_hash(struct cx *cx, struct auth *au, str password, str *ret)
{
    char hash[crypto_pwhash_STRBYTES] = {0};
    TRY(hash_make(cx, au, password, hash));
    *ret = arena_dup(cx->a, str_from(hash));
    return E_OK;
}

enum err auth_hash_set(struct cx *cx, int64_t user, str hash)
{
    struct credential c = {user, hash};
    return db_write(cx, credential_write, &c);
}

enum err auth_password_set(struct cx *cx, struct auth *au, int64_t user, str password)
{
    str hash = {0};
    TRY(auth_password_hash(cx, au, password, &hash));
    return auth_hash_set(cx, user, hash);
}

/* ---- sessions ---- */
static str token_hash(struct cx *cx, str token)
{
    unsigned char sum[32];
    os_sha256(token, sum);
    return os_hex(cx->a, sum, sizeof sum);
}

struct opening {
    int64_t user;
    str hash, csrf, addr, agent;
};

static enum err session_insert(struct cx *cx, void *arg)
{
    const struct opening *o = arg;
    TRY(db_exec(cx, NULL, "DELETE FROM session WHERE expires_at < $1", V(clock_aged_ms(cx->now_ms))));
    return db_exec(
        cx, NULL,
        "INSERT INTO session (token, user_id, created_at, seen_at, expires_at, addr, agent, csrf)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        V(o->hash), V(o->user), V(cx->now_ms), V(cx->now_ms), V(cx->now_ms + SESSION_MAX_MS),
        V(o->addr), V(o->agent), V(o->csrf));
}

enum err auth_session_new(struct cx *cx, int64_t user, str addr, str agent, struct session *ret)
{
    unsigned char raw[32], csrf[16];
    os_random(raw, sizeof raw);
    os_random(csrf, sizeof csrf);
    ret->token = os_hex(cx->a, raw, sizeof raw);
    struct opening o = {user, token_hash(cx, ret->token), os_hex(cx->a, csrf, sizeof csrf), addr,
                        str_cut(agent, 0, AGENT_MAX)};
    while (!utf8_valid(o.agent)) o.agent.n--;
    TRY(db_write(cx, session_insert, &o));
    str token = ret->token;
    TRY(auth_session_enter(cx, NULL, token, ret));
    ret->token = token;
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
                 "r.name, u.timezone FROM session s"
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
                                  .role = db_str(&r, 0, 7)}};
    if (is_over(cx, ret)) return fail(cx, E_AUTH, "Please log in first");
    if (!zone_named_min(db_str(&r, 0, 8), cx->now_ms, &ret->tz_min)) ret->tz_min = auth_firm_tz(cx);
    cx->tz_min = ret->tz_min; /* the day that filters of roles speak of */
    TRY(acl_load(cx, ret->s.user, &acl));
    ret->acl = acl;
    return E_OK;
}

enum err auth_session_enter(struct cx *cx, struct auth *au, str token, struct session *ret)
{
    struct entered e = {0};
    if (token.n != TOKEN_CHARS) return fail(cx, E_AUTH, "Please log in first");
    str hash = token_hash(cx, token);
    int64_t epoch = au ? db_epoch(cx) : -1; /* before what is read under it */
    if (!au || !kept_get(cx, &au->keep, hash, epoch, &e) || is_over(cx, &e) || !auth_is_now(cx, &e)) {
        TRY(session_read(cx, hash, &e));
        if (au && cx->country.n) kept_put(cx, &au->keep, epoch, &e); /* no country, no zone of the firm */
    }
    auth_become(cx, e.acl, e.s.lang, e.tz_min);
    *ret = e.s;
    ret->token = S("");
    if (e.seen_at + SEEN_EVERY_MS < cx->now_ms) TRY(db_write(cx, seen_write, &hash));
    return E_OK;
}

static enum err session_delete(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "DELETE FROM session WHERE token = $1", V(*(const str *)arg));
}

enum err auth_logout(struct cx *cx, str token)
{
    str hash = token_hash(cx, token);
    return db_write(cx, session_delete, &hash);
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

struct attempt {
    str name, addr, agent;
    int64_t user;
    bool ok;
};

static enum err attempt_insert(struct cx *cx, void *arg)
{
    const struct attempt *t = arg;
    return db_exec(cx, NULL,
                   "INSERT INTO login_attempt (id, at, name, addr, agent, ok, user_id) VALUES ($1, "
                   "$2, $3, $4, $5, $6, $7)",
                   V(id_new(cx->now_ms)), V(cx->now_ms), V(t->name), V(t->addr), V(t->agent),
                   V(t->ok), V(t->user));
}

static enum err tries_check(struct cx *cx, const struct attempt *t)
{
    struct db_rows r = {0};
    TRY(db_query(
        cx, &r,
        "SELECT count(*) FROM login_attempt WHERE name = $1 AND addr = $2 AND ok = 0 AND at > $3",
        V(t->name), V(t->addr), V(cx->now_ms - SESSION_BAN_MS)));
    return db_int(&r, 0, 0) < SESSION_TRIES
               ? E_OK
               : fail(cx, E_RATE, "Too many wrong passwords: please wait half an hour");
}

enum err auth_login(struct cx *cx, struct auth *au, str mail, str password, str addr, str agent,
                    struct session *ret)
{
    struct db_rows r = {0};
    struct attempt t = {.name = filter_fold(cx->a, str_trim(str_cut(mail, 0, 254))),
                        .addr = addr,
                        .agent = str_cut(agent, 0, AGENT_MAX)};
    if (!utf8_valid(t.agent)) t.agent = S("");
    if (!utf8_valid(t.name)) t.name = S("");
    if (password.n > 4 * PASSWORD_MAX)
        return fail(cx, E_LIMIT, "A password has at most %d characters", PASSWORD_MAX);
    TRY(tries_check(cx, &t));
    enum err e = auth_user_by_mail(cx, t.name, &t.user);
    if (e != E_OK && e != E_NOTFOUND) return e;
    TRY(db_query(cx, &r, "SELECT hash FROM credential WHERE user_id = $1", V(t.user)));
    t.ok = hash_fits(cx, au, r.n ? db_str(&r, 0, 0) : S(""), password);
    TRY(db_write(cx, attempt_insert, &t));
    if (!t.ok) return fail(cx, E_AUTH, "The name or the password is wrong");
    return auth_session_new(cx, t.user, addr, agent, ret);
}

enum err auth_present(struct cx *cx, struct auth *au, str password, str addr, str agent)
{
    struct db_rows r = {0};
    struct attempt t = {.addr = addr, .agent = str_cut(agent, 0, AGENT_MAX), .user = cx->who.user};
    if (!utf8_valid(t.agent)) t.agent = S("");
    if (password.n > 4 * PASSWORD_MAX)
        return fail(cx, E_LIMIT, "A password has at most %d characters", PASSWORD_MAX);
    TRY(db_query(cx, &r,
                 "SELECT u.mail_f, c.hash FROM \"user\" u JOIN credential c ON c.user_id = u.id WHERE u.id = $1",
                 V(t.user)));
    if (r.n) t.name = db_str(&r, 0, 0);
    TRY(tries_check(cx, &t));
    t.ok = hash_fits(cx, au, r.n ? db_str(&r, 0, 1) : S(""), password);
    if (!t.ok) TRY(db_write(cx, attempt_insert, &t));
    return t.ok ? E_OK : fail_at(cx, E_DENIED, S("password"), "Please enter your present password");
}
