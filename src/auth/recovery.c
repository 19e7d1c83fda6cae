/* SPDX-License-Identifier: MIT */
/* auth/recovery.c - ten codes on paper for who has lost his telephone: 50 random bits each, in letters and digits that
 * nobody takes for another (Crockford's). */
#include "auth/factor_int.h"

#include "os/os.h"

static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

static str salt_new(struct cx *cx)
{
    unsigned char raw[16];
    os_random(raw, sizeof raw);
    return os_hex(cx->a, raw, sizeof raw);
}

static str code_new(struct cx *cx)
{
    unsigned char raw[RECOVERY_CHARS];
    struct buf b = buf_new(cx->a, RECOVERY_CHARS + 1);
    os_random(raw, sizeof raw);
    for (size_t i = 0; i < RECOVERY_CHARS; i++) {
        if (i == RECOVERY_CHARS / 2) buf_byte(&b, '-');
        buf_byte(&b, letters[raw[i] % (sizeof letters - 1)]);
    }
    return buf_str(&b);
}

/* As it was made, however it is typed; "" when it cannot be one. */
static str normal(struct cx *cx, str typed)
{
    struct buf b = buf_new(cx->a, RECOVERY_CHARS);
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if (c == 'o') c = '0';
        if (c == 'i' || c == 'l') c = '1';
        if (c != '-' && c != ' ') buf_byte(&b, c);
    }
    return b.full ? S("") : buf_str(&b);
}

enum err recovery_make(struct cx *cx, struct auth *au, int64_t user, str *ret_codes, struct recovery *ret)
{
    struct recovery r = {.user = user, .salt = salt_new(cx)};
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        ret_codes[i] = code_new(cx);
        TRY(hash_salted(cx, &au->hashes, normal(cx, ret_codes[i]), r.salt, &r.hash[i]));
    }
    *ret = r;
    return E_OK;
}

enum err recovery_write(struct cx *cx, const struct recovery *r)
{
    TRY(db_exec(cx, NULL, "DELETE FROM recovery_code WHERE user_id = $1", V(r->user)));
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        TRY(db_exec(cx, NULL, "INSERT INTO recovery_code (user_id, hash, salt, used_at) VALUES ($1, $2, $3, 0)",
                    V(r->user), V(r->hash[i]), V(r->salt)));
    return E_OK;
}

static enum err renew(struct cx *cx, void *arg)
{
    const struct recovery *r = arg;
    bool has = false;
    TRY(factor_has(cx, r->user, &has));
    if (has) TRY(event_put(cx, &(struct event){.kind = EVENT_RECOVERY_MADE}));
    return has ? recovery_write(cx, r) : fail(cx, E_PRECOND, "Please set up a second factor first");
}

enum err recovery_renew(struct cx *cx, struct auth *au, str *ret_codes)
{
    struct recovery r = {0};
    TRY(recovery_make(cx, au, cx->who.user, ret_codes, &r));
    return db_write(cx, renew, &r);
}

enum err recovery_hash(struct cx *cx, struct auth *au, int64_t user, str code, str *ret)
{
    struct db_rows r = {0};
    str typed = normal(cx, code);
    *ret = S("");
    TRY(db_query(cx, &r, "SELECT salt FROM recovery_code WHERE user_id = $1 LIMIT 1", V(user)));
    return r.n && typed.n == RECOVERY_CHARS ? hash_salted(cx, &au->hashes, typed, db_str(&r, 0, 0), ret) : E_OK;
}

enum err recovery_spend(struct cx *cx, int64_t user, str hash, int64_t *ret)
{
    return db_exec(cx, ret, "UPDATE recovery_code SET used_at = $3 WHERE user_id = $1 AND hash = $2 AND used_at = 0",
                   V(user), V(hash), V(cx->now_ms));
}
