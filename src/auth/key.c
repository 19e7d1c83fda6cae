/* SPDX-License-Identifier: MIT */
/* auth/key.c - see key.h. A key that was read is remembered as sessions are (keep.c). */
#include "auth/key.h"

#include "auth/auth_int.h"
#include "fmt/zone.h"
#include "os/os.h"

enum { SECRET_BYTES = 32, USED_EVERY_MS = 5 * 60 * 1000 };
static const str prefix = S0("kontor_");

/* ---- what it looks like ---- */
static bool is_hex(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f')) return false;
    return true;
}

/* At the beginning of a text; its id. */
static bool begins(str s, int64_t *ret_id)
{
    str id = {0}, secret = {0};
    if (!str_has_prefix(s, prefix)) return false;
    if (!str_split(str_cut(s, prefix.n, s.n), '_', &id, &secret)) return false;
    return secret.n >= 2 * SECRET_BYTES && is_hex(str_cut(secret, 0, 2 * SECRET_BYTES)) && str_to_int(id, ret_id) &&
           *ret_id > 0;
}

static bool key_id(str token, int64_t *ret)
{
    return token.n <= KEY_CHARS_MAX && begins(token, ret) && token.n > 2 * SECRET_BYTES &&
           token.p[token.n - 2 * SECRET_BYTES - 1] == '_';
}

bool key_is(str token)
{
    int64_t id = 0;
    return key_id(token, &id);
}

bool key_is_within(str text)
{
    int64_t id = 0;
    for (ptrdiff_t at = 0; (at = str_find(text, prefix)) >= 0; text = str_cut(text, (size_t)at + 1, text.n))
        if (begins(str_cut(text, (size_t)at, text.n), &id)) return true;
    return false;
}

static str hash_of(struct cx *cx, str token)
{
    unsigned char sum[32];
    os_sha256(token, sum);
    return os_hex(cx->a, sum, sizeof sum);
}

/* ---- keeping them ---- */
struct keying {
    struct key *k;
    str hash;
    bool all;
};

static enum err name_check(struct cx *cx, str *name)
{
    *name = str_trim(*name);
    if (!name->n) return fail_at(cx, E_INVALID, S("name"), "Please give the key a name: what is it for?");
    if (utf8_len(*name) > KEY_NAME_MAX)
        return fail_at(cx, E_INVALID, S("name"), "A name has at most %d characters", KEY_NAME_MAX);
    return E_OK;
}

/* For the security log: whose it is stands nowhere else once the key is ended. */
static str owner_of(struct cx *cx, int64_t user)
{
    return event_detail(cx, EVENT_KEY_OF, arena_fmt(cx->a, "%" PRId64, user));
}

static enum err insert(struct cx *cx, void *arg)
{
    const struct keying *x = arg;
    const struct key *k = x->k;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT count(*) FROM api_key WHERE user_id = $1", V(k->user)));
    if (db_int(&r, 0, 0) >= KEYS_OF_USER)
        return fail(cx, E_LIMIT, "There are %d keys already: end some that nobody uses", KEYS_OF_USER);
    TRY(event_put(cx, &(struct event){.kind = EVENT_KEY_MADE, .subject = k->id, .detail = owner_of(cx, k->user)}));
    return db_exec(cx, NULL,
                   "INSERT INTO api_key (id, user_id, name, hash, role, scopes, created_at, expires_at, used_at)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
                   V(k->id), V(k->user), V(k->name), V(x->hash), k->role ? V(k->role) : DB_NONE, V(k->scopes),
                   V(cx->now_ms), k->expires_at ? V(k->expires_at) : DB_NONE);
}

static enum err role_check(struct cx *cx, int64_t role)
{
    struct db_rows r = {0};
    if (!role) return E_OK;
    TRY(db_query(cx, &r, "SELECT 1 FROM \"role\" WHERE id = $1 AND deleted_at IS NULL", V(role)));
    return r.n ? E_OK : fail_at(cx, E_INVALID, S("role"), "There is no such role");
}

enum err key_new(struct cx *cx, struct key *k, str *ret_token)
{
    unsigned char raw[SECRET_BYTES];
    TRY(name_check(cx, &k->name));
    if (k->scopes.n > KEY_SCOPES_MAX) return fail_at(cx, E_LIMIT, S("scopes"), "These are too many scopes");
    TRY(acl_scopes_check(cx, k->scopes));
    TRY(role_check(cx, k->role));
    if (k->expires_at && k->expires_at <= cx->now_ms)
        return fail_at(cx, E_INVALID, S("expires_at"), "A time to come is needed");
    os_random(raw, sizeof raw);
    k->id = id_new(cx->now_ms);
    str token = arena_fmt(cx->a, "%.*s%" PRId64 "_%.*s", FS(prefix), k->id, FS(os_hex(cx->a, raw, sizeof raw)));
    struct keying x = {.k = k, .hash = hash_of(cx, token)};
    TRY(db_write(cx, insert, &x));
    k->created_at = cx->now_ms;
    *ret_token = token;
    return E_OK;
}

#define KEYS                                                                                                         \
    "SELECT k.id, k.user_id, k.name, k.role, k.scopes, k.created_at, k.expires_at, k.used_at, u.name, r.name"        \
    " FROM api_key k LEFT JOIN \"user\" u ON u.id = k.user_id LEFT JOIN \"role\" r ON r.id = k.role"

static struct key key_of(const struct db_rows *r, size_t i)
{
    return (struct key){.id = db_int(r, i, 0),
                        .user = db_int(r, i, 1),
                        .name = db_str(r, i, 2),
                        .role = db_int(r, i, 3),
                        .scopes = db_str(r, i, 4),
                        .created_at = db_int(r, i, 5),
                        .expires_at = db_int(r, i, 6),
                        .used_at = db_int(r, i, 7),
                        .user_name = db_str(r, i, 8),
                        .role_name = db_str(r, i, 9)};
}

enum err key_list(struct cx *cx, bool all, int64_t before, size_t n, struct key **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 KEYS " WHERE k.id < $1 AND (k.user_id = $2 OR $3 = 1) ORDER BY k.id DESC LIMIT $4",
                 V(before ? before : INT64_MAX), V(cx->who.user), V(all), V((int64_t)n)));
    struct key *k = NEW_N(cx->a, struct key, r.n + 1);
    for (size_t i = 0; i < r.n; i++) k[i] = key_of(&r, i);
    *ret = k;
    *ret_n = r.n;
    return E_OK;
}

enum err key_get(struct cx *cx, int64_t id, bool all, struct key *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 KEYS " WHERE k.id = $1 AND (k.user_id = $2 OR $3 = 1)",
                 V(id), V(cx->who.user), V(all)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such key");
    *ret = key_of(&r, 0);
    return E_OK;
}

static bool is_twice(const int64_t *ids, size_t i, const str *names, str *ret)
{
    for (size_t k = 0; k < i; k++)
        if (ids[k] == ids[i]) return *ret = names[k], true;
    return false;
}

enum err key_names(struct cx *cx, const int64_t *ids, size_t n, bool all, str *ret)
{
    for (size_t i = 0; i < n; i++) {
        struct db_rows r = {0};
        ret[i] = S("");
        if (!ids[i] || is_twice(ids, i, ret, &ret[i])) continue;
        TRY(db_query(cx, &r, "SELECT name FROM api_key WHERE id = $1 AND (user_id = $2 OR $3 = 1)", V(ids[i]),
                     V(cx->who.user), V(all)));
        if (r.n) ret[i] = db_str(&r, 0, 0);
    }
    return E_OK;
}

static enum err rename_inside(struct cx *cx, void *arg)
{
    const struct keying *x = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "UPDATE api_key SET name = $2 WHERE id = $1 AND (user_id = $3 OR $4 = 1)", V(x->k->id),
                V(x->k->name), V(cx->who.user), V(x->all)));
    return n ? E_OK : fail(cx, E_NOTFOUND, "There is no such key");
}

enum err key_rename(struct cx *cx, int64_t id, bool all, str name)
{
    struct key k = {.id = id, .name = name};
    struct keying x = {.k = &k, .all = all};
    TRY(name_check(cx, &k.name));
    return db_write(cx, rename_inside, &x);
}

static enum err end_inside(struct cx *cx, void *arg)
{
    const struct keying *x = arg;
    struct db_rows r = {0};
    int64_t n = 0;
    TRY(db_query(cx, &r, "SELECT user_id FROM api_key WHERE id = $1 AND (user_id = $2 OR $3 = 1)", V(x->k->id),
                 V(cx->who.user), V(x->all)));
    if (r.n) TRY(db_exec(cx, &n, "DELETE FROM api_key WHERE id = $1", V(x->k->id)));
    if (!n) return fail(cx, E_NOTFOUND, "There is no such key");
    struct event told = {.kind = EVENT_KEY_ENDED, .subject = x->k->id, .detail = owner_of(cx, db_int(&r, 0, 0))};
    return event_put(cx, &told);
}

enum err key_end(struct cx *cx, int64_t id, bool all)
{
    struct key k = {.id = id};
    struct keying x = {.k = &k, .all = all};
    return db_write(cx, end_inside, &x);
}

enum err key_count(struct cx *cx, int64_t user, int64_t *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT count(*) FROM api_key WHERE user_id = $1 AND (expires_at IS NULL OR expires_at > $2)",
                 V(user), V(cx->now_ms)));
    *ret = db_int(&r, 0, 0);
    return E_OK;
}

/* ---- showing one ---- */
static enum err not_valid(struct cx *cx)
{
    cx->at = S("");
    return fail(cx, E_AUTH, "This API key is not valid");
}

/* hash "": whatever it is. */
static enum err key_read(struct cx *cx, int64_t id, str hash, struct entered *ret)
{
    struct db_rows r = {0};
    struct acl *acl = NULL;
    TRY(db_query(cx, &r,
                 "SELECT k.user_id, k.hash, k.used_at, k.expires_at, k.scopes, k.role, r.rights, u.language, u.timezone"
                 " FROM api_key k JOIN \"user\" u ON u.id = k.user_id"
                 " LEFT JOIN \"role\" r ON r.id = k.role AND r.deleted_at IS NULL WHERE k.id = $1",
                 V(id)));
    if (!r.n) return not_valid(cx);
    str was = db_str(&r, 0, 1);
    if (hash.n && (was.n != hash.n || !os_equal(was.p, hash.p, hash.n))) return not_valid(cx);
    *ret = (struct entered){.key = id,
                            .seen_at = db_int(&r, 0, 2),
                            .expires_at = db_int(&r, 0, 3) ? db_int(&r, 0, 3) : INT64_MAX,
                            .quarter = auth_quarter(cx),
                            .s = {.user = db_int(&r, 0, 0), .token = was, .lang = db_str(&r, 0, 7)}};
    if (!zone_named_min(db_str(&r, 0, 8), cx->now_ms, &ret->tz_min)) ret->tz_min = auth_firm_tz(cx);
    cx->tz_min = ret->tz_min; /* the day that filters of roles speak of */
    enum err e = acl_load(cx, ret->s.user, &acl);
    if (e == E_AUTH) return not_valid(cx);
    TRY(e);
    TRY(acl_narrow(cx, acl, db_str(&r, 0, 4), db_int(&r, 0, 5) != 0, db_str(&r, 0, 6)));
    ret->acl = acl;
    return E_OK;
}

static enum err used_write(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE api_key SET used_at = $2 WHERE id = $1", V(*(const int64_t *)arg), V(cx->now_ms));
}

enum err key_enter(struct cx *cx, struct auth *au, str token)
{
    struct entered e = {0};
    int64_t id = 0;
    if (!key_id(token, &id)) return not_valid(cx);
    str hash = hash_of(cx, token);
    int64_t epoch = au ? db_epoch(cx) : -1; /* before what is read under it */
    if (!au || !kept_get(cx, auth_keep(au), hash, epoch, &e) || !auth_is_now(cx, &e)) {
        TRY(key_read(cx, id, hash, &e));
        if (au && cx->country.n) kept_put(cx, auth_keep(au), epoch, &e);
    }
    if (e.expires_at <= cx->now_ms) return not_valid(cx);
    auth_become(cx, e.acl, e.s.lang, e.tz_min);
    cx->who.key = id;
    if (e.seen_at + USED_EVERY_MS < cx->now_ms) TRY(db_write(cx, used_write, &id));
    return E_OK;
}

enum err key_as(struct cx *cx, int64_t user, int64_t key)
{
    struct entered e = {0};
    if (!key) return auth_as(cx, user);
    TRY(key_read(cx, key, S(""), &e));
    if (e.s.user != user || e.expires_at <= cx->now_ms) return not_valid(cx);
    auth_become(cx, e.acl, e.s.lang, e.tz_min);
    cx->who.key = key;
    return E_OK;
}
