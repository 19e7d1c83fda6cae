/* SPDX-License-Identifier: MIT */
/* auth/link.c - tokens of links, and what is done by them. */
#include "auth/link_int.h"

#include "auth/auth_int.h"
#include "auth/limits.h"
#include "base/json.h"
#include "base/log.h"
#include "fmt/mailaddr.h"
#include "os/os.h"

const str link_name[LINK_KINDS] = {S0("reset"), S0("invite"), S0("unlock"), S0("address"), S0("signup")};

/* ---- tokens ---- */
enum err link_end(struct cx *cx, enum link_kind k, int64_t user)
{
    return db_exec(cx, NULL, "DELETE FROM mail_token WHERE user_id = $1 AND kind = $2", V(user), V(link_name[k]));
}

enum err link_new(struct cx *cx, enum link_kind k, int64_t user, str addr, str data, int64_t ms, str *ret_token)
{
    unsigned char raw[32];
    os_random(raw, sizeof raw);
    str token = os_hex(cx->a, raw, sizeof raw), folded = filter_fold(cx->a, addr);
    TRY(db_exec(cx, NULL, "DELETE FROM mail_token WHERE user_id = $1 AND kind = $2 AND ($1 <> 0 OR addr = $3)", V(user),
                V(link_name[k]), V(folded)));
    TRY(db_exec(cx, NULL,
                "INSERT INTO mail_token (hash, kind, user_id, addr, data, created_at, until)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                V(token_hash(cx, token)), V(link_name[k]), V(user), V(folded), V(data), V(cx->now_ms),
                V(cx->now_ms + ms)));
    *ret_token = token;
    return E_OK;
}

enum err link_none(struct cx *cx)
{
    return fail(cx, E_NOTFOUND, "This link is no longer valid: please ask for a new one");
}

/* What is told of somebody who is no user yet. */
static enum err newcomer(struct cx *cx, struct link *l)
{
    const struct json *j = NULL;
    TRY(json_parse(cx, l->data, &j));
    TRY(json_str_of(cx, j, S("name"), S(""), &l->name));
    TRY(json_str_of(cx, j, S("mail"), S(""), &l->mail));
    return json_str_of(cx, j, S("language"), S(""), &l->lang);
}

enum err link_find(struct cx *cx, str token, struct link *ret)
{
    struct db_rows r = {0};
    if (token.n != TOKEN_CHARS) return link_none(cx);
    TRY(db_query(
        cx, &r,
        "SELECT t.kind, t.user_id, u.name, u.mail, u.language, t.data FROM mail_token t"
        " LEFT JOIN \"user\" u ON u.id = t.user_id AND u.mail_f = t.addr AND u.deleted_at IS NULL AND u.active = 1"
        " WHERE t.hash = $1 AND t.until >= $2 AND (u.id IS NOT NULL OR t.user_id = 0)",
        V(token_hash(cx, token)), V(cx->now_ms)));
    if (!r.n) return link_none(cx);
    *ret = (struct link){LINK_KINDS,       db_int(&r, 0, 1), db_str(&r, 0, 2),
                         db_str(&r, 0, 3), db_str(&r, 0, 4), db_str(&r, 0, 5)};
    for (int k = 0; k < LINK_KINDS; k++)
        if (str_eq(db_str(&r, 0, 0), link_name[k])) ret->kind = (enum link_kind)k;
    if (ret->kind == LINK_KINDS) return link_none(cx);
    return ret->user ? E_OK : newcomer(cx, ret);
}

enum err link_take(struct cx *cx, str token, enum link_kind k, struct link *ret)
{
    int64_t n = 0;
    TRY(link_find(cx, token, ret));
    if (ret->kind != k) return link_none(cx);
    TRY(db_exec(cx, &n, "DELETE FROM mail_token WHERE hash = $1", V(token_hash(cx, token))));
    return n == 1 ? E_OK : link_none(cx);
}

/* ---- asking for a mail ---- */
enum err link_asked(struct cx *cx, struct auth *au, const struct visitor *v, str *mail, int64_t *ret_wait_ms)
{
    struct db_rows r = {0};
    struct mailaddr m = {0};
    str addr = auth_addr_key(cx->a, v->addr);
    if (!mailaddr_parse(cx->a, str_cut(*mail, 0, 2 * NAME_BYTES), &m))
        return fail_at(cx, E_INVALID, S("mail"), "This is not an e-mail address");
    *mail = m.addr;
    *ret_wait_ms = buckets_wait_ms(&au->buckets, addr, true, cx->now_ms);
    if (*ret_wait_ms) return fail(cx, E_RATE, "Too many failed log-ins: please wait a little");
    TRY(db_query(cx, &r, "SELECT 1 FROM address_block WHERE addr = $1 AND (until = 0 OR until > $2)", V(addr),
                 V(cx->now_ms)));
    if (r.n) return fail(cx, E_DENIED, "Nobody may log in from this address: please ask your administrator");
    (void)buckets_take(&au->buckets, addr, true, cx->now_ms);
    return E_OK;
}

/* ---- a forgotten password ---- */
enum err auth_forgot(struct cx *cx, struct auth *au, const struct visitor *v, str mail, int64_t *ret_wait_ms)
{
    struct mail m = {.kind = S("reset"), .addr = mail, .until_ms = cx->now_ms + RESET_MS};
    TRY(link_asked(cx, au, v, &m.addr, ret_wait_ms));
    return mail_queue(cx, &m, NULL);
}

struct fresh {
    str token, hash;
    struct link l;
};

static enum err strangers_freed(struct cx *cx, str mail)
{
    return db_exec(cx, NULL, "UPDATE login_guard SET until = 0, since = $2 WHERE name = $1 AND device = ''",
                   V(filter_fold(cx->a, mail)), V(cx->now_ms));
}

static enum err set(struct cx *cx, void *arg)
{
    struct fresh *s = arg;
    TRY(link_take(cx, s->token, s->l.kind, &s->l));
    TRY(auth_hash_set(cx, s->l.user, s->hash, EVENT_PASSWORD_LINK));
    TRY(strangers_freed(cx, s->l.mail));
    struct mail m = {.kind = S("changed"), .user = s->l.user};
    return s->l.kind == LINK_RESET ? mail_queue(cx, &m, NULL) : E_OK;
}

enum err auth_link_password(struct cx *cx, struct auth *au, str token, str fresh, const str *words, size_t n_words)
{
    struct fresh s = {.token = token};
    TRY(link_find(cx, token, &s.l));
    if (s.l.kind != LINK_RESET && s.l.kind != LINK_INVITE) return link_none(cx);
    TRY(auth_password_check(cx, fresh, words, n_words));
    TRY(auth_password_hash(cx, au, fresh, &s.hash));
    TRY(db_write(cx, set, &s));
    log_say(cx, LOG_INFO, S("auth"), "user %" PRId64 " has set a password by a link (%.*s)", s.l.user,
            FS(link_name[s.l.kind]));
    return E_OK;
}

/* ---- an invitation ---- */
static enum err invite(struct cx *cx, void *arg)
{
    struct mail m = {.kind = S("invite"), .user = *(const int64_t *)arg};
    struct db_rows r = {0};
    int64_t id = 0;
    TRY(db_query(cx, &r,
                 "SELECT u.mail, u.active, c.user_id, c.must_change FROM \"user\" u"
                 " LEFT JOIN credential c ON c.user_id = u.id WHERE u.id = $1 AND u.deleted_at IS NULL",
                 V(m.user)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such record");
    if (!db_str(&r, 0, 0).n) return fail(cx, E_INVALID, "This user has no e-mail address to log in with");
    if (!db_int(&r, 0, 1)) return fail(cx, E_INVALID, "This user is not active");
    if (!db_is_null(&r, 0, 2) && !db_int(&r, 0, 3)) return fail(cx, E_INVALID, "This user has a password already");
    TRY(link_end(cx, LINK_INVITE, m.user));
    TRY(mail_queue(cx, &m, &id));
    return id ? E_OK : fail(cx, E_INVALID, "Mail is not set up yet");
}

enum err auth_invite(struct cx *cx, int64_t user) { return db_write(cx, invite, &user); }

/* ---- an account locked for strangers ---- */
static enum err unlock(struct cx *cx, void *arg)
{
    struct link l = {0};
    TRY(link_take(cx, *(const str *)arg, LINK_UNLOCK, &l));
    TRY(event_put(cx, &(struct event){.kind = EVENT_LOCK_FREED, .who = l.user, .subject = l.user}));
    return strangers_freed(cx, l.mail);
}

enum err auth_link_unlock(struct cx *cx, str token) { return db_write(cx, unlock, &token); }
