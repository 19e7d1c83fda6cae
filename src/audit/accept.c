/* SPDX-License-Identifier: MIT */
/* audit/accept.c - a fault that was seen: an event names its seal and the reason, with our key's word for it. From
 * then on the rows of that seal are let go with the others when their time is over; audit_verify goes on telling of
 * both. */
#include "audit/audit_int.h"

#include "base/json.h"
#include "os/os.h"

static str accept_mac(struct cx *cx, const struct audit_keys *k, int64_t seal, int64_t at,
                      str reason)
{
    unsigned char mac[MAC_BYTES];
    str text = arena_fmt(cx->a, "accepted\n%" PRId64 "\n%" PRId64 "\n%.*s", seal, at, FS(reason));
    (void)crypto_generichash(mac, sizeof mac, (const unsigned char *)text.p, text.n, k->mark,
                             sizeof k->mark);
    return os_base64(cx->a, OS_BASE64URL, mac, sizeof mac);
}

enum err accept_put(struct cx *cx, const struct vault *v, int64_t seal, int64_t who, str reason)
{
    struct audit_keys k;
    str key = {0};
    struct buf b = buf_new(cx->a, EVENT_DETAIL_MAX);
    struct jw w = jw_new(&b);
    TRY(audit_keys_of(cx, v, S(""), &k, &key));
    jw_obj(&w);
    jw_kstr(&w, event_keys[EVENT_KEY_REASON].name, reason);
    jw_kstr(&w, event_keys[EVENT_KEY_KEY].name, key);
    jw_kstr(&w, event_keys[EVENT_KEY_MAC].name, accept_mac(cx, &k, seal, cx->now_ms, reason));
    jw_obj_end(&w);
    sodium_memzero(&k, sizeof k);
    if (b.full) return fail_at(cx, E_INVALID, S("reason"), "this is too long");
    return event_put(
        cx, &(struct event){
                .kind = EVENT_LOG_ACCEPTED, .who = who, .subject = seal, .detail = buf_str(&b)});
}

bool accept_read(struct cx *cx, const struct db_val *row, struct audit_accepted *ret, str *ret_key,
                 str *ret_mac)
{
    const struct json *j = NULL;
    *ret =
        (struct audit_accepted){.seal = row[1].i, .at = row[0].i, .who = row[3].i, .seq = row[4].i};
    return json_parse(cx, row[2].s, &j) == E_OK &&
           json_str_of(cx, j, S("key"), S(""), ret_key) == E_OK &&
           json_str_of(cx, j, S("mac"), S(""), ret_mac) == E_OK &&
           json_str_of(cx, j, S("reason"), S(""), &ret->reason) == E_OK;
}

bool accept_fits(struct cx *cx, const struct audit_keys *k, const struct audit_accepted *x, str mac)
{
    str want = accept_mac(cx, k, x->seal, x->at, x->reason);
    return want.n == mac.n && sodium_memcmp(want.p, mac.p, mac.n) == 0;
}

enum err accept_find(struct cx *cx, const struct vault *v, int64_t seal, bool *ret)
{
    struct db_rows r = {0};
    *ret = false;
    TRY(db_query(cx, &r,
                 "SELECT " ACCEPT_COLS
                 " FROM security_event WHERE kind = 'log.accepted' AND subject = $1 ORDER BY seq"
                 " LIMIT 1000",
                 V(seal)));
    for (size_t i = 0; i < r.n && !*ret; i++) {
        struct audit_accepted x;
        struct audit_keys k;
        str key = {0}, mac = {0}, name = {0};
        if (!accept_read(cx, r.v + i * r.cols, &x, &key, &mac)) continue;
        enum err e = audit_keys_of(cx, v, key, &k, &name);
        if (e != E_OK && e != E_PRECOND) return e;
        *ret = e == E_OK && accept_fits(cx, &k, &x, mac);
        sodium_memzero(&k, sizeof k);
    }
    return E_OK;
}

struct accepting {
    const struct vault *v;
    int64_t seal;
    str reason;
};
static enum err accept_inside(struct cx *cx, void *arg)
{
    const struct accepting *x = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT n FROM audit_seal WHERE n = $1", V(x->seal)));
    if (!r.n) return fail_at(cx, E_NOTFOUND, S("seal"), "there is no seal %" PRId64, x->seal);
    return accept_put(cx, x->v, x->seal, 0, x->reason);
}

enum err audit_accept(struct cx *cx, const struct vault *v, int64_t seal, str reason)
{
    struct accepting x = {v, seal, str_trim(reason)};
    if (!x.reason.n)
        return fail_at(cx, E_INVALID, S("reason"), "why it is accepted has to be said");
    if (!utf8_valid(x.reason) || utf8_len(x.reason) > AUDIT_REASON_MAX)
        return fail_at(cx, E_INVALID, S("reason"), "at most %d characters", AUDIT_REASON_MAX);
    return db_write(cx, accept_inside, &x);
}
