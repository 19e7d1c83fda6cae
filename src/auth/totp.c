/* SPDX-License-Identifier: MIT */
/* auth/totp.c - codes of an app: RFC 6238 by liboath, 30 seconds, six digits, one step to either side. */
#include "auth/factor_int.h"

#include "base/log.h"
#include "os/os.h"

#include <liboath/oath.h>
#include <sodium.h>

enum { STEP_MS = TOTP_STEP_S * 1000, URI_MAX = 2048 };

/* ---- seeds: 20 random bytes, in hex where they are sealed ---- */
static str place(struct cx *cx, int64_t user, const char *column)
{
    return arena_fmt(cx->a, "user_totp:%" PRId64 ":%s", user, column);
}

static str base32(struct arena *a, const unsigned char *p, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    struct buf b = buf_new(a, n * 2);
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < n; i++) {
        held = (held << 8 | p[i]) & 0xFFF;
        for (bits += 8; bits >= 5; bits -= 5) buf_byte(&b, digits[held >> (bits - 5) & 31]);
    }
    assert(!bits); /* a whole number of letters */
    return buf_str(&b);
}

static void escaped(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (plain) buf_byte(b, (char)c);
        else buf_fmt(b, "%%%02X", c);
    }
}

/* As apps read it; ':' parts firm and name, so the firm has none. */
static str uri_of(struct cx *cx, str secret, str firm, str name)
{
    struct buf issuer = buf_new(cx->a, URI_MAX), b = buf_new(cx->a, URI_MAX);
    str head = {0}, tail = {0};
    str_split(str_cut(firm, 0, 100), ':', &head, &tail);
    while (!utf8_valid(head)) head.n--;
    escaped(&issuer, head.n ? head : S("Kontor"));
    buf_fmt(&b, "otpauth://totp/%.*s:", FS(buf_str(&issuer)));
    escaped(&b, name);
    buf_fmt(&b, "?secret=%.*s&issuer=%.*s&digits=%d&period=%d", FS(secret), FS(buf_str(&issuer)), TOTP_DIGITS,
            TOTP_STEP_S);
    return buf_str(&b);
}

/* Blanks between the digits are the app's. */
static str digits_of(struct cx *cx, str code)
{
    struct buf b = buf_new(cx->a, TOTP_DIGITS + 1);
    for (size_t i = 0; i < code.n; i++)
        if (code.p[i] != ' ') buf_byte(&b, code.p[i]);
    return buf_str(&b);
}

/* The step within the window that the code stands for; 0 = none later than `after`. */
static int64_t step_of(struct cx *cx, str hex, str typed, int64_t after)
{
    unsigned char seed[TOTP_SEED_BYTES];
    char want[TOTP_DIGITS + 1];
    size_t n = 0;
    int64_t now = cx->now_ms / STEP_MS, found = 0;
    str code = digits_of(cx, typed);
    bool good = sodium_hex2bin(seed, sizeof seed, hex.p, hex.n, NULL, &n, NULL) == 0 && n == sizeof seed;
    for (int64_t s = now - TOTP_WINDOW; good && code.n == TOTP_DIGITS && s <= now + TOTP_WINDOW; s++) {
        int rc = oath_hotp_generate((const char *)seed, n, (uint64_t)s, TOTP_DIGITS, false,
                                    OATH_HOTP_DYNAMIC_TRUNCATION, want);
        if (rc == OATH_OK && s > after && os_equal(want, code.p, TOTP_DIGITS)) found = s;
    }
    sodium_memzero(seed, sizeof seed);
    return found;
}

/* ---- setting up ---- */
struct seed {
    int64_t user, step;
    str sealed, was, session; /* was: the pending one */
    const struct recovery *codes;
};

static enum err begin(struct cx *cx, void *arg)
{
    const struct seed *s = arg;
    return db_exec(cx, NULL,
                   "INSERT INTO user_totp (user_id, seed, pending, pending_at, since, step)"
                   " VALUES ($1, '', $2, $3, 0, 0)"
                   " ON CONFLICT (user_id) DO UPDATE SET pending = excluded.pending, pending_at = excluded.pending_at",
                   V(s->user), V(s->sealed), V(cx->now_ms));
}

enum err totp_begin(struct cx *cx, struct auth *au, str firm, str name, struct totp_new *ret)
{
    unsigned char raw[TOTP_SEED_BYTES];
    struct seed s = {.user = cx->who.user};
    os_random(raw, sizeof raw);
    TRY(vault_seal(cx, au->vault, place(cx, s.user, "pending"), os_hex(cx->a, raw, sizeof raw), &s.sealed));
    TRY(db_write(cx, begin, &s));
    ret->secret = base32(cx->a, raw, sizeof raw);
    ret->uri = uri_of(cx, ret->secret, firm, name);
    sodium_memzero(raw, sizeof raw);
    return E_OK;
}

static enum err confirm(struct cx *cx, void *arg)
{
    const struct seed *s = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE user_totp SET seed = $2, since = $3, step = $4, pending = ''"
                " WHERE user_id = $1 AND pending = $5",
                V(s->user), V(s->sealed), V(cx->now_ms), V(s->step), V(s->was)));
    if (!n) return fail(cx, E_PRECOND, "Please begin anew");
    TRY(recovery_write(cx, s->codes));
    TRY(event_put(cx, &(struct event){.kind = EVENT_FACTOR_SET}));
    return auth_sessions_end(cx, s->user, s->session);
}

enum err totp_confirm(struct cx *cx, struct auth *au, str code, str session, str *ret_codes)
{
    struct db_rows r = {0};
    struct recovery codes = {0};
    struct seed s = {.user = cx->who.user, .session = session, .codes = &codes};
    str hex = {0};
    TRY(db_query(cx, &r, "SELECT pending, pending_at FROM user_totp WHERE user_id = $1", V(s.user)));
    if (!r.n || !db_str(&r, 0, 0).n || db_int(&r, 0, 1) + TOTP_PENDING_MS < cx->now_ms)
        return fail(cx, E_PRECOND, "Please begin anew");
    s.was = db_str(&r, 0, 0);
    TRY(vault_unseal(cx, au->vault, place(cx, s.user, "pending"), s.was, &hex));
    s.step = step_of(cx, hex, code, 0);
    if (!s.step)
        return fail_at(cx, E_INVALID, S("code"),
                       "This code does not fit: is the clock of your telephone set to the automatic time?");
    TRY(vault_seal(cx, au->vault, place(cx, s.user, "seed"), hex, &s.sealed));
    TRY(recovery_make(cx, au, s.user, ret_codes, &codes));
    return db_write(cx, confirm, &s);
}

static enum err end(struct cx *cx, void *arg)
{
    int64_t user = *(const int64_t *)arg, n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM user_totp WHERE user_id = $1 AND since > 0", V(user)));
    if (n) TRY(event_put(cx, &(struct event){.kind = EVENT_FACTOR_REMOVED}));
    return n ? factor_last(cx, user, false) : fail(cx, E_NOTFOUND, "There is no second factor to be turned off");
}

enum err totp_end(struct cx *cx)
{
    int64_t user = cx->who.user;
    return db_write(cx, end, &user);
}

/* ---- at log-in ---- */
enum err totp_fits(struct cx *cx, struct auth *au, int64_t user, str code, int64_t *ret)
{
    struct db_rows r = {0};
    str hex = {0};
    TRY(db_query(cx, &r, "SELECT seed, step FROM user_totp WHERE user_id = $1 AND since > 0", V(user)));
    if (!r.n) return E_OK;
    enum err e = vault_unseal(cx, au->vault, place(cx, user, "seed"), db_str(&r, 0, 0), &hex);
    if (e == E_PRECOND) {
        log_say(cx, LOG_ERROR, S("auth"), "the second factor of user %" PRId64 " was sealed with another key", user);
        return fail(cx, e, "The server cannot check codes of apps at present: please use a recovery code");
    }
    TRY(e);
    *ret = step_of(cx, hex, code, db_int(&r, 0, 1));
    return E_OK;
}

enum err totp_spend(struct cx *cx, int64_t user, int64_t step, int64_t *ret)
{
    return db_exec(cx, ret, "UPDATE user_totp SET step = $2 WHERE user_id = $1 AND step < $3 AND since > 0", V(user),
                   V(step), V(step));
}

/* ---- a new key of the vault ---- */
static enum err reseal_one(struct cx *cx, const struct vault *v, const struct db_rows *r, size_t i,
                           struct resealing *io)
{
    int64_t user = db_int(r, i, 0);
    str seed = {0}, pending = {0};
    TRY(vault_reseal(cx, v, place(cx, user, "seed"), db_str(r, i, 1), io, &seed));
    TRY(vault_reseal(cx, v, place(cx, user, "pending"), db_str(r, i, 2), io, &pending));
    if (seed.n) TRY(db_exec(cx, NULL, "UPDATE user_totp SET seed = $2 WHERE user_id = $1", V(user), V(seed)));
    if (pending.n) TRY(db_exec(cx, NULL, "UPDATE user_totp SET pending = $2 WHERE user_id = $1", V(user), V(pending)));
    return E_OK;
}

enum err factors_reseal(struct cx *cx, const struct vault *v, struct resealing *io)
{
    struct db_rows r = {0};
    int64_t after = 0;
    do {
        TRY(db_query(cx, &r,
                     "SELECT user_id, seed, pending FROM user_totp WHERE user_id > $1 ORDER BY user_id LIMIT 500",
                     V(after)));
        for (size_t i = 0; i < r.n; i++) TRY(reseal_one(cx, v, &r, i, io));
        if (r.n) after = db_int(&r, r.n - 1, 0);
    } while (r.n == 500);
    return E_OK;
}
