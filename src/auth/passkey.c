/* SPDX-License-Identifier: MIT */
/* auth/passkey.c - passkeys in the database, and coming in by one. */
#include "auth/passkey.h"

#include "auth/factor_int.h"
#include "auth/outside.h"
#include "auth/webauthn.h"
#include "base/log.h"
#include "os/os.h"

#include <sodium.h>

enum purpose { FOR_NEW, FOR_LOGIN, FOR_SECOND, FOR_PROOF };
enum { CHALLENGE_BYTES = 32, SCHEME_HTTPS = sizeof "https://" - 1, SCHEME_HTTP = sizeof "http://" - 1 };

/* ---- the address ---- */
static bool is_name(str host)
{
    bool letter = false;
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        letter |= c >= 'a' && c <= 'z';
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.') return false;
    }
    return letter;
}

bool passkey_site(struct arena *a, str url, str host, struct wa_site *ret)
{
    str head = {0}, rest = {0}, name = {0}, port = {0};
    bool secure = str_has_prefix(url, S("https://"));
    if (!url.n) str_split(host, ':', &name, &port);
    if (!url.n && !str_eq(name, S("localhost"))) return false;
    if (!url.n) url = arena_fmt(a, "http://%.*s", FS(host));
    if (!secure && !str_has_prefix(url, S("http://"))) return false;
    str_split(str_cut(url, secure ? SCHEME_HTTPS : SCHEME_HTTP, url.n), '/', &head, &rest);
    str_split(head, ':', &name, &port);
    if (!is_name(name) || (!secure && !str_eq(name, S("localhost")))) return false;
    bool usual = str_eq(port, secure ? S("443") : S("80"));
    *ret = (struct wa_site){arena_fmt(a, "%s://%.*s", secure ? "https" : "http", FS(usual ? name : head)), name};
    return true;
}

/* ---- base64url ---- */
static str coded(struct cx *cx, str raw) { return os_base64(cx->a, OS_BASE64URL, raw.p, raw.n); }

static enum err decoded(struct cx *cx, str text, str *ret)
{
    size_t n = 0;
    const unsigned char *p = text.n > 2 * WA_DATA_MAX ? NULL : os_unbase64(cx->a, OS_BASE64URL, text, &n);
    if (!p) return fail_at(cx, E_INVALID, S("passkey"), "This passkey was not accepted (%s)", "base64url");
    *ret = (str){(const char *)p, n};
    return E_OK;
}

static enum err client_of(struct cx *cx, const struct passkey_answer *in, struct wa_client *ret)
{
    TRY(decoded(cx, in->client, &ret->json));
    TRY(decoded(cx, in->data, &ret->data));
    return decoded(cx, in->signature, &ret->signature);
}

/* ---- challenges ---- */
struct challenge {
    str hash, binder; /* both hashes */
    int64_t user;
    enum purpose purpose;
};

static enum err challenge_insert(struct cx *cx, void *arg)
{
    const struct challenge *c = arg;
    TRY(db_exec(cx, NULL, "DELETE FROM passkey_challenge WHERE until < $1", V(cx->now_ms)));
    return db_exec(cx, NULL,
                   "INSERT INTO passkey_challenge (hash, binder, user_id, purpose, until) VALUES ($1, $2, $3, $4, $5)",
                   V(c->hash), V(c->binder), V(c->user), V((int)c->purpose), V(cx->now_ms + CHALLENGE_MS));
}

static enum err challenge_make(struct cx *cx, enum purpose purpose, str binder, int64_t user, str *ret)
{
    unsigned char raw[CHALLENGE_BYTES];
    os_random(raw, sizeof raw);
    str text = coded(cx, (str){(const char *)raw, sizeof raw});
    struct challenge c = {token_hash(cx, text), token_hash(cx, binder), user, purpose};
    TRY(db_write(cx, challenge_insert, &c));
    *ret = text;
    return E_OK;
}

/* Used up by this. Inside db_write. */
static enum err challenge_spend(struct cx *cx, const struct challenge *c)
{
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "DELETE FROM passkey_challenge WHERE hash = $1 AND binder = $2 AND user_id = $3 AND purpose = $4"
                " AND until >= $5",
                V(c->hash), V(c->binder), V(c->user), V((int)c->purpose), V(cx->now_ms)));
    return n ? E_OK : fail_at(cx, E_AUTH, S("passkey"), "This passkey was not accepted (%s)", "challenge");
}

/* ---- a user's own ---- */
enum err passkey_list(struct cx *cx, int64_t user, struct passkey **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id, name, credential, created_at, used_at FROM passkey WHERE user_id = $1"
                 " ORDER BY id LIMIT 100",
                 V(user)));
    struct passkey *p = NEW_N(cx->a, struct passkey, r.n + 1);
    for (size_t i = 0; i < r.n; i++)
        p[i] = (struct passkey){.id = db_int(&r, i, 0),
                                .name = db_str(&r, i, 1),
                                .credential = db_str(&r, i, 2),
                                .created_at = db_int(&r, i, 3),
                                .used_at = db_int(&r, i, 4)};
    *ret = p;
    *ret_n = r.n;
    return E_OK;
}

enum err passkey_begin(struct cx *cx, str session, str *ret_challenge)
{
    return challenge_make(cx, FOR_NEW, session, cx->who.user, ret_challenge);
}

static enum err name_check(struct cx *cx, str *name)
{
    *name = str_trim(*name);
    if (!name->n) return fail_at(cx, E_INVALID, S("name"), "Please give the passkey a name: where is it?");
    if (utf8_len(*name) > PASSKEY_NAME_MAX)
        return fail_at(cx, E_INVALID, S("name"), "A name has at most %d characters", PASSKEY_NAME_MAX);
    return E_OK;
}

struct adding {
    struct challenge c;
    int64_t id;
    str name, credential, key, session;
    int alg;
    uint32_t counter;
    const struct recovery *codes; /* NULL: he has had another second factor before */
};

static enum err add(struct cx *cx, void *arg)
{
    const struct adding *x = arg;
    struct db_rows r = {0};
    TRY(challenge_spend(cx, &x->c));
    TRY(db_query(cx, &r, "SELECT 1 FROM passkey WHERE credential = $1", V(x->credential)));
    if (r.n) return fail(cx, E_CONFLICT, "This passkey is known already");
    TRY(db_query(cx, &r, "SELECT count(*) FROM passkey WHERE user_id = $1", V(x->c.user)));
    if (db_int(&r, 0, 0) >= PASSKEYS_MAX) return fail(cx, E_LIMIT, "There are %d passkeys already", PASSKEYS_MAX);
    TRY(db_exec(cx, NULL,
                "INSERT INTO passkey (id, user_id, name, credential, alg, public_key, counter, created_at, used_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
                V(x->id), V(x->c.user), V(x->name), V(x->credential), V(x->alg), V(x->key), V((int64_t)x->counter),
                V(cx->now_ms)));
    TRY(event_put(cx, &(struct event){.kind = EVENT_PASSKEY_ADDED, .subject = x->id}));
    TRY(db_exec(cx, NULL, "UPDATE session SET factored = $2 WHERE token = $1 AND factored <> $3", V(x->c.binder),
                V((int)SHOWN_PASSKEY), V((int)SHOWN_THERE)));
    if (!x->codes) return E_OK;
    TRY(recovery_write(cx, x->codes));
    return auth_sessions_end(cx, x->c.user, x->session);
}

enum err passkey_add(struct cx *cx, struct auth *au, const struct wa_site *site, str session, str name,
                     const struct passkey_answer *in, int64_t *ret, str *ret_codes, size_t *ret_n)
{
    struct wa_client client = {0};
    struct wa_key k = {0};
    struct recovery codes = {0};
    str challenge = {0};
    bool has = false;
    TRY(name_check(cx, &name));
    TRY(client_of(cx, in, &client));
    TRY(wa_challenge(cx, client.json, &challenge));
    TRY(wa_created(cx, &(struct wa_want){site->origin, site->rp, false}, &client, &k));
    TRY(factor_has(cx, cx->who.user, &has));
    struct adding x = {.c = {token_hash(cx, challenge), token_hash(cx, session), cx->who.user, FOR_NEW},
                       .id = id_new(cx->now_ms),
                       .name = name,
                       .credential = coded(cx, k.id),
                       .key = coded(cx, k.key),
                       .session = auth_session_key(cx, session),
                       .alg = k.alg,
                       .counter = k.counter,
                       .codes = has ? NULL : &codes};
    if (!has) TRY(recovery_make(cx, au, cx->who.user, ret_codes, &codes));
    enum err e = db_write(cx, add, &x);
    if (e == E_AUTH) return fail_at(cx, E_INVALID, S("passkey"), "This passkey was not accepted (%s)", "challenge");
    TRY(e);
    *ret = x.id;
    *ret_n = has ? 0 : RECOVERY_CODES;
    return E_OK;
}

struct naming {
    int64_t id;
    str name;
};

static enum err rename_inside(struct cx *cx, void *arg)
{
    const struct naming *x = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "UPDATE passkey SET name = $2 WHERE id = $1 AND user_id = $3", V(x->id), V(x->name),
                V(cx->who.user)));
    return n ? E_OK : fail(cx, E_NOTFOUND, "There is no such passkey");
}

enum err passkey_rename(struct cx *cx, int64_t id, str name)
{
    struct naming x = {id, name};
    TRY(name_check(cx, &x.name));
    return db_write(cx, rename_inside, &x);
}

static enum err end_inside(struct cx *cx, void *arg)
{
    int64_t n = 0, id = *(const int64_t *)arg;
    TRY(db_exec(cx, &n, "DELETE FROM passkey WHERE id = $1 AND user_id = $2", V(id), V(cx->who.user)));
    if (n) TRY(event_put(cx, &(struct event){.kind = EVENT_PASSKEY_REMOVED, .subject = id}));
    return n ? factor_last(cx, cx->who.user, true) : fail(cx, E_NOTFOUND, "There is no such passkey");
}

enum err passkey_end(struct cx *cx, int64_t id) { return db_write(cx, end_inside, &id); }

/* ---- coming in ---- */
enum err passkey_ask(struct cx *cx, str binder, bool second, str *ret_challenge)
{
    return challenge_make(cx, second ? FOR_SECOND : FOR_LOGIN, binder, second ? cx->who.user : 0, ret_challenge);
}

struct found { /* the passkey that was shown, and whose it is */
    int64_t id;
    struct wa_key key;
    struct session whose;
};

/* id 0: nobody's, or of somebody who may not come in. */
static enum err found_read(struct cx *cx, str credential, struct found *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT p.id, p.user_id, p.alg, p.public_key, p.counter, u.name, u.mail, u.language, r.name"
                 " FROM passkey p JOIN \"user\" u ON u.id = p.user_id LEFT JOIN \"role\" r ON r.id = u.role"
                 " WHERE p.credential = $1 AND u.active = 1 AND u.deleted_at IS NULL",
                 V(credential)));
    if (!r.n) return E_OK;
    struct found f = {.id = db_int(&r, 0, 0),
                      .key = {.alg = (int)db_int(&r, 0, 2), .counter = (uint32_t)db_int(&r, 0, 4)},
                      .whose = {.user = db_int(&r, 0, 1),
                                .name = db_str(&r, 0, 5),
                                .mail = db_str(&r, 0, 6),
                                .lang = db_str(&r, 0, 7),
                                .role = db_str(&r, 0, 8)}};
    TRY(decoded(cx, db_str(&r, 0, 3), &f.key.key));
    *ret = f;
    return E_OK;
}

struct passkey_used {
    struct challenge c;
    int64_t passkey;
    uint32_t counter;
    str half; /* the half session's hash; "" = there is none */
};

static enum err spend(struct cx *cx, void *arg)
{
    const struct passkey_used *x = arg;
    int64_t n = 0;
    TRY(challenge_spend(cx, &x->c));
    TRY(db_exec(cx, &n,
                "UPDATE passkey SET counter = $2, used_at = $3 WHERE id = $1"
                " AND (counter < $2 OR (counter = 0 AND $2 = 0))",
                V(x->passkey), V((int64_t)x->counter), V(cx->now_ms)));
    if (!n) return fail_at(cx, E_AUTH, S("passkey"), "This passkey was not accepted (%s)", "counter");
    if (x->half.n) TRY(db_exec(cx, &n, "DELETE FROM session WHERE token = $1", V(x->half)));
    return n ? E_OK : fail(cx, E_AUTH, "Please log in first");
}

/* x->c.user: whose it must be, 0 = anybody's. */
static enum err checked(struct cx *cx, const struct wa_site *site, const struct passkey_answer *in, bool verified,
                        const struct found *f, struct passkey_used *x)
{
    struct wa_want want = {site->origin, site->rp, verified};
    struct wa_client client = {0};
    str challenge = {0};
    TRY(client_of(cx, in, &client));
    TRY(wa_challenge(cx, client.json, &challenge));
    x->c.hash = token_hash(cx, challenge);
    if (!f->id || (x->c.user && x->c.user != f->whose.user))
        return fail_at(cx, E_INVALID, S("passkey"), "This passkey was not accepted (%s)", "credential");
    return wa_asserted(cx, &want, &f->key, &client, &x->counter);
}

static enum err came(struct cx *cx, struct auth *au, struct try *t, const struct passkey_login *in,
                     const struct found *f, struct login *io)
{
    struct passkey_used x = {.c = {.binder = token_hash(cx, in->binder),
                                   .user = in->half ? in->half->user : 0,
                                   .purpose = in->half ? FOR_SECOND : FOR_LOGIN},
                             .passkey = f->id};
    struct coming c = {.first = spend, .arg = &x, .whose = &f->whose, .half = in->half != NULL,
                       .shown = SHOWN_PASSKEY};
    if (in->half) c.idp = in->half->idp;
    if (in->half) c.proved_at = in->half->proved_at;
    if (in->half) TRY(session_parting(cx, x.c.binder, &c.parting));
    enum err e = try_begin(cx, au, t);
    io->wait_ms = t->wait_ms;
    TRY(e);
    e = checked(cx, in->site, &in->answer, !in->half, f, &x);
    if (e != E_OK && e != E_INVALID) return e;
    if (e != E_OK) log_say(cx, LOG_WARN, S("auth"), "user %" PRId64 ": %.*s", t->user, FS(cx->msg));
    if (in->half) x.half = x.c.binder;
    return factor_open(cx, au, t, e == E_OK, &c, io);
}

enum err passkey_login(struct cx *cx, struct auth *au, const struct visitor *v, const struct passkey_login *in,
                       struct login *io)
{
    struct try t = {.v = v, .is_second = true, .is_other = true, .by = EVENT_BY_PASSKEY};
    struct found f = {0};
    bool theirs = false;
    TRY(found_read(cx, in->answer.credential, &f));
    if (f.id && !in->half) TRY(outside_is_theirs(cx, f.whose.user, &theirs));
    if (theirs) f.id = 0; /* a directory may have closed his account: he shows its password first */
    t.user = in->half ? in->half->user : f.whose.user;
    TRY(try_own_name(cx, &t));
    if (f.id && !in->half) TRY(auth_as(cx, f.whose.user));
    enum err e = try_forgiven(cx, &t, came(cx, au, &t, in, &f, io));
    return e == E_AUTH ? fail_at(cx, E_INVALID, S("passkey"), "This passkey was not accepted") : e;
}

/* ---- proving once more who one is ---- */
enum err passkey_ask_proof(struct cx *cx, str session, str *ret_challenge)
{
    return challenge_make(cx, FOR_PROOF, session, cx->who.user, ret_challenge);
}

enum err passkey_shown(struct cx *cx, const struct wa_site *site, str session, const struct passkey_answer *in,
                       bool verified, struct passkey_used **ret)
{
    struct passkey_used *x = NEW(cx->a, struct passkey_used);
    struct found f = {0};
    TRY(found_read(cx, in->credential, &f));
    x->c = (struct challenge){.binder = token_hash(cx, session), .user = cx->who.user, .purpose = FOR_PROOF};
    x->passkey = f.id;
    enum err e = checked(cx, site, in, verified, &f, x);
    if (e == E_INVALID) log_say(cx, LOG_WARN, S("auth"), "user %" PRId64 ": %.*s", cx->who.user, FS(cx->msg));
    if (e == E_OK) *ret = x;
    return e == E_INVALID ? E_OK : e;
}

enum err passkey_use(struct cx *cx, struct passkey_used *x) { return spend(cx, x); }
