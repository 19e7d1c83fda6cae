/* SPDX-License-Identifier: MIT */
/* idp/oidc.c - the authorization code flow (OpenID Connect Core 3.1) with PKCE S256 (RFC 7636), state and nonce.
 *
 * A log-in that is begun has a state, which goes to the provider, and a binder, which stays in the browser's cookie.
 * The base holds hashes of both; nonce and verifier are made of both anew when they are needed, and stand nowhere. */
#include "idp/idp_int.h"

#include "auth/limits.h"
#include "base/log.h"
#include "idp/jwt.h"
#include "os/os.h"

enum { SECRET_BYTES = 32, FORM_BYTES = 16 * 1024, CODE_MAX = 4096, HINT_MAX = 6000 };

/* ---- texts ---- */
static str hash_of(struct cx *cx, str s)
{
    unsigned char sum[32];
    os_sha256(s, sum);
    return os_hex(cx->a, sum, sizeof sum);
}

static str made_of(struct cx *cx, const char *what, str state, str binder)
{
    unsigned char sum[32];
    os_sha256(arena_fmt(cx->a, "%s:%.*s:%.*s", what, FS(state), FS(binder)), sum);
    return os_base64(cx->a, OS_BASE64URL, sum, sizeof sum);
}

static str challenge_of(struct cx *cx, str verifier)
{
    unsigned char sum[32];
    os_sha256(verifier, sum);
    return os_base64(cx->a, OS_BASE64URL, sum, sizeof sum);
}

static void escaped(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("-._~", c));
        if (plain) buf_byte(b, (char)c);
        else buf_fmt(b, "%%%02X", c);
    }
}

static void param(struct buf *b, const char *name, str value)
{
    buf_fmt(b, "%s%s=", b->n ? "&" : "", name);
    escaped(b, value);
}

/* ---- begin ---- */
struct begun {
    int64_t idp;
    str hash, binder, addr;
};

/* So many at once of an address: one that begins without end stands in nobody's way but its own. */
static enum err begun_insert(struct cx *cx, void *arg)
{
    const struct begun *x = arg;
    struct db_rows r = {0};
    TRY(db_exec(cx, NULL, "DELETE FROM idp_state WHERE until < $1", V(cx->now_ms)));
    TRY(db_query(cx, &r, "SELECT count(*) FROM idp_state WHERE addr = $1", V(x->addr)));
    if (db_int(&r, 0, 0) >= IDP_STATES_MAX)
        return fail(cx, E_BUSY, "Too many log-ins wait: please try again shortly");
    return db_exec(cx, NULL,
                   "INSERT INTO idp_state (hash, idp, binder, addr, until) VALUES ($1, $2, $3, $4, $5)",
                   V(x->hash), V(x->idp), V(x->binder), V(x->addr), V(cx->now_ms + IDP_STATE_MS));
}

static str random_text(struct cx *cx)
{
    unsigned char raw[SECRET_BYTES];
    os_random(raw, sizeof raw);
    return os_hex(cx->a, raw, sizeof raw);
}

static enum err provider_of(struct cx *cx, int64_t id, struct idp *ret)
{
    TRY(idp_get(cx, id, ret));
    return ret->active && ret->kind == IDP_OIDC ? E_OK
                                                : fail(cx, E_NOTFOUND, "There is no such provider");
}

enum err asking_begin(struct cx *cx, struct idps *ids, int64_t idp, size_t *ret)
{
    size_t place = IDP_ASKING_MAX;
    int own = 0;
    pthread_mutex_lock(&ids->lock);
    for (size_t i = 0; i < IDP_ASKING_MAX; i++) {
        if (!ids->asking[i]) place = i;
        own += ids->asking[i] == idp;
    }
    bool fits = place < IDP_ASKING_MAX && own < IDP_ASKING_EACH;
    if (fits) ids->asking[place] = idp;
    pthread_mutex_unlock(&ids->lock);
    if (!fits) return fail(cx, E_BUSY, "Too many log-ins wait: please try again shortly");
    *ret = place;
    return E_OK;
}

void asking_end(struct idps *ids, size_t place)
{
    pthread_mutex_lock(&ids->lock);
    ids->asking[place] = 0;
    pthread_mutex_unlock(&ids->lock);
}

static enum err known_get(struct cx *cx, struct idps *ids, const struct idp *p, bool fresh,
                          struct provider *ret)
{
    size_t place = 0;
    TRY(asking_begin(cx, ids, p->id, &place));
    enum err e = provider_get(cx, ids, p->issuer, fresh, ret);
    asking_end(ids, place);
    return e;
}

static str scopes_of(struct cx *cx, const struct idp *p)
{
    return p->scopes.n ? arena_fmt(cx->a, "openid %.*s", FS(p->scopes)) : S("openid");
}

static str going_url(struct cx *cx, const struct idps *ids, const struct idp *p,
                     const struct provider *at, str state, const struct oidc_going *g)
{
    str binder = g->binder;
    struct buf q = buf_new(cx->a, FORM_BYTES);
    param(&q, "response_type", S("code"));
    param(&q, "client_id", p->client_id);
    param(&q, "redirect_uri", idp_back(cx, ids, p->id));
    param(&q, "scope", scopes_of(cx, p));
    param(&q, "state", state);
    param(&q, "nonce", made_of(cx, "nonce", state, binder));
    param(&q, "code_challenge", challenge_of(cx, made_of(cx, "verifier", state, binder)));
    param(&q, "code_challenge_method", S("S256"));
    if (p->acr.n) param(&q, "acr_values", p->acr);
    if (g->proof) param(&q, "prompt", S("login"));
    if (g->proof) param(&q, "max_age", S("0"));
    bool more = str_find(at->authorize, S("?")) >= 0;
    return arena_fmt(cx->a, "%.*s%c%.*s", FS(at->authorize), more ? '&' : '?', FS(buf_str(&q)));
}

enum err oidc_begin(struct cx *cx, struct idps *ids, struct oidc_going *io)
{
    struct idp p = {0};
    struct provider at = {0};
    TRY(provider_of(cx, io->idp, &p));
    if (!ids->env.url.n)
        return fail(cx, E_PRECOND,
                    "Kontor does not know its own address: the setting url is needed");
    TRY(known_get(cx, ids, &p, false, &at));
    str state = random_text(cx);
    io->binder = random_text(cx); /* another each time: none that somebody else may have put there */
    struct begun x = {p.id, hash_of(cx, state), hash_of(cx, io->binder),
                      hash_of(cx, auth_addr_key(cx->a, io->addr))};
    TRY(db_write(cx, begun_insert, &x));
    io->url = going_url(cx, ids, &p, &at, state, io);
    return E_OK;
}

enum err oidc_try(struct cx *cx, struct idps *ids, const struct idp *p, size_t *ret_keys)
{
    struct provider at = {0};
    TRY(known_get(cx, ids, p, true, &at));
    *ret_keys = jwt_keys(cx, at.jwks);
    return E_OK;
}

/* ---- back again ---- */
static enum err state_spend(struct cx *cx, void *arg)
{
    const struct begun *x = arg;
    int64_t n = 0;
    TRY(db_exec(
        cx, &n,
        "DELETE FROM idp_state WHERE hash = $1 AND idp = $2 AND binder = $3 AND until >= $4",
        V(x->hash), V(x->idp), V(x->binder), V(cx->now_ms)));
    return n ? E_OK
             : fail(cx, E_DENIED,
                    "This log-in was begun elsewhere, or too long ago: please begin again");
}

static enum err state_check(struct cx *cx, const struct oidc_back *b)
{
    struct begun x = {b->idp, hash_of(cx, b->state), hash_of(cx, b->binder), S("")};
    if (b->state.n != TOKEN_CHARS || b->binder.n != TOKEN_CHARS)
        return fail(cx, E_DENIED,
                    "This log-in was begun elsewhere, or too long ago: please begin again");
    return db_write(cx, state_spend, &x);
}

/* RFC 6749 2.3.1: both parts escaped, then base64. */
static str basic_of(struct cx *cx, str client, str secret)
{
    struct buf b = buf_new(cx->a, FORM_BYTES);
    escaped(&b, client);
    buf_byte(&b, ':');
    escaped(&b, secret);
    str s = buf_str(&b);
    return arena_fmt(cx->a, "Basic %.*s", FS(os_base64(cx->a, OS_BASE64, s.p, s.n)));
}

static enum err token_get(struct cx *cx, struct idps *ids, const struct idp *p,
                          const struct provider *at, const struct oidc_back *b,
                          const struct json **ret)
{
    struct buf form = buf_new(cx->a, FORM_BYTES);
    struct idp_call c = {.url = at->token};
    str secret = {0};
    TRY(idp_secret(cx, ids, p, &secret));
    param(&form, "grant_type", S("authorization_code"));
    param(&form, "code", b->code);
    param(&form, "redirect_uri", idp_back(cx, ids, p->id));
    param(&form, "code_verifier", made_of(cx, "verifier", b->state, b->binder));
    if (!secret.n || !at->basic) param(&form, "client_id", p->client_id);
    if (secret.n && !at->basic) param(&form, "client_secret", secret);
    if (secret.n && at->basic) c.authorization = basic_of(cx, p->client_id, secret);
    c.form = buf_str(&form);
    if (form.full) return fail(cx, E_INVALID, "The provider's answer makes no sense");
    return idp_fetch(cx, &ids->env.rules, &c, ret);
}

/* How the provider was described to us is nobody's failure who comes in by it. */
static enum err ours(struct cx *cx, enum err e) { return e == E_INVALID ? cx->err = E_BUSY : e; }

/* A key that is not known is looked for once more: providers change theirs. */
static enum err token_check(struct cx *cx, struct idps *ids, struct provider *at, str token,
                            const struct jwt_want *want, const struct json **ret)
{
    enum err e = jwt_check(cx, token, at->jwks, want, ret);
    if (e != E_NOTFOUND) return e;
    TRY(ours(cx, provider_get(cx, ids, want->issuer, true, at)));
    e = jwt_check(cx, token, at->jwks, want, ret);
    return e == E_NOTFOUND ? E_INVALID : e;
}

static str text_of(const struct json *o, str key)
{
    const struct json *j = json_get(o, key);
    return j && j->t == JT_STR ? j->s : S("");
}

static bool is_plain(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7F) return false;
    return s.n > 0 && s.n <= FORM_BYTES;
}

/* What he has would be taken from him by silence: who cannot be asked for groups has not said that there are none. */
static enum err untold(struct cx *cx, const struct idp *p, const struct json *claims)
{
    if (!claims_lack_groups(p, claims)) return E_OK;
    return fail(cx, E_BUSY, "The provider cannot be reached (%s)", "groups");
}

/* What the token does not say of him: asked for with the token that came along, taken when it is of the same one. */
static enum err more_of(struct cx *cx, struct idps *ids, const struct idp *p,
                        const struct provider *at, const struct json *answer,
                        const struct json *claims, struct outsider *ret)
{
    const struct json *info = NULL;
    str access = text_of(answer, S("access_token"));
    if (!at->userinfo.n || !is_plain(access)) return untold(cx, p, claims);
    struct idp_call c = {.url = at->userinfo,
                         .authorization = arena_fmt(cx->a, "Bearer %.*s", FS(access))};
    if (idp_fetch(cx, &ids->env.rules, &c, &info) != E_OK) {
        log_say(cx, LOG_WARN, S("idp"), "provider %" PRId64 " tells nothing more of somebody: %.*s",
                p->id, FS(cx->msg));
        return untold(cx, p, claims);
    }
    if (!str_eq(text_of(info, S("sub")), ret->subject))
        return fail(cx, E_INVALID, "The provider's answer makes no sense");
    return claims_read(cx, p, info, ret);
}

/* When he showed there who he is; 0 = that is not told, and may be long ago. */
static int64_t proved_at(const struct cx *cx, const struct json *claims)
{
    const struct json *j = json_get(claims, S("auth_time"));
    int64_t s = 0;
    if (!j || j->t != JT_NUM || !str_to_int(j->s, &s) || s <= 0 || s > cx->now_ms / 1000 + 60) return 0;
    return s * 1000 < cx->now_ms ? s * 1000 : cx->now_ms;
}

/* Address and token, a line each; a token too long for an address stays away. */
static str parting_of(struct cx *cx, const struct provider *at, str token)
{
    return at->end.n ? arena_fmt(cx->a, "%.*s\n%.*s", FS(at->end), FS(token.n <= HINT_MAX ? token : S(""))) : S("");
}

static enum err who_is(struct cx *cx, struct idps *ids, const struct idp *p,
                       const struct oidc_back *b, struct outsider *ret)
{
    struct provider at = {0};
    const struct json *answer = NULL, *claims = NULL;
    struct jwt_want want = {p->issuer, p->client_id, made_of(cx, "nonce", b->state, b->binder),
                            cx->now_ms};
    TRY(ours(cx, provider_get(cx, ids, p->issuer, false, &at)));
    if (at.says_iss && !b->iss.n) return fail(cx, E_INVALID, "The provider's answer makes no sense");
    TRY(token_get(cx, ids, p, &at, b, &answer));
    TRY(token_check(cx, ids, &at, text_of(answer, S("id_token")), &want, &claims));
    ret->subject = text_of(claims, S("sub"));
    ret->proved_at = proved_at(cx, claims);
    if (claims_lack(p, claims)) TRY(more_of(cx, ids, p, &at, answer, claims, ret));
    ret->factored = false; /* that is for the signed word alone to say */
    if (p->logout) ret->parting = parting_of(cx, &at, text_of(answer, S("id_token")));
    return claims_read(cx, p, claims, ret);
}

/* A word for the page, which knows what to say in each language. */
static str why_not(const struct cx *cx, enum err e)
{
    switch ((int)e) {
    case E_CONFLICT: return S("mail");
    case E_AUTH: return S("ended");
    case E_RATE: return S("wait");
    case E_DENIED: return cx->at.n ? S("unknown") : S("blocked");
    default: return S("down");
    }
}

static enum err refused(struct cx *cx, struct auth *au, const struct visitor *v,
                        const struct idp *p, enum err e)
{
    str msg = cx->msg, at = cx->at;
    log_say(cx, LOG_WARN, S("idp"), "a log-in by provider %" PRId64 " was refused: %.*s", p->id,
            FS(msg));
    if (e == E_INVALID) TRY(outside_refused(cx, au, v, p->name));
    if (e == E_DENIED) TRY(outside_turned_away(cx, v, p->name));
    cx->at = at;
    cx->msg = msg;
    return cx->err = e;
}

/* Who he is was right; that he may not come in is written down where nobody tried it before. */
static enum err not_let_in(struct cx *cx, const struct visitor *v, const struct idp *p,
                           struct oidc_back *b, enum err e)
{
    str msg = cx->msg, at = cx->at;
    b->why = why_not(cx, e);
    log_say(cx, LOG_INFO, S("idp"), "provider %" PRId64 ": somebody was not let in: %.*s", p->id,
            FS(msg));
    bool untold = e == E_CONFLICT || e == E_AUTH || (e == E_DENIED && at.n);
    if (untold) TRY(outside_turned_away(cx, v, p->name));
    cx->at = at;
    cx->msg = msg;
    return cx->err = e;
}

enum err oidc_end(struct cx *cx, struct idps *ids, struct auth *au, const struct visitor *v,
                  struct oidc_back *b, struct login *io)
{
    struct idp p = {0};
    struct outsider w = {0};
    size_t place = 0;
    b->why = S("state");
    TRY(provider_of(cx, b->idp, &p));
    TRY(state_check(cx, b));
    b->why = S("refused");
    if (b->error.n || !b->code.n || b->code.n > CODE_MAX)
        return refused(cx, au, v, &p, fail(cx, E_DENIED, "The provider did not let you in"));
    b->why = S("wait");
    TRY(outside_may_try(cx, au, v, &io->wait_ms));
    b->why = S("token");
    if (b->iss.n && !str_eq(b->iss, p.issuer))
        return refused(cx, au, v, &p, fail(cx, E_INVALID, "The provider's answer makes no sense"));
    b->why = S("down");
    TRY(asking_begin(cx, ids, p.id, &place));
    enum err e = who_is(cx, ids, &p, b, &w);
    asking_end(ids, place);
    if (e == E_INVALID) b->why = S("token");
    if (e == E_DENIED) b->why = S("unknown");
    if (e != E_OK) return refused(cx, au, v, &p, e);
    struct outside_rules r = idp_rules(cx, &p);
    e = outside_login(cx, au, v, &r, &w, io);
    return e == E_OK ? E_OK : not_let_in(cx, v, &p, b, e);
}

/* ---- going ---- */
enum err oidc_parting(struct cx *cx, struct idps *ids, const struct parting *p, str *ret_url)
{
    struct idp at = {0};
    struct buf q = buf_new(cx->a, FORM_BYTES);
    str end = {0}, token = {0};
    *ret_url = S("");
    if (!p->idp) return E_OK;
    enum err e = provider_of(cx, p->idp, &at);
    if (e == E_NOTFOUND || (e == E_OK && !at.logout)) return E_OK;
    TRY(e);
    str_split(p->words, '\n', &end, &token);
    if (token.n) param(&q, "id_token_hint", token);
    param(&q, "client_id", at.client_id);
    if (idp_left(cx, ids).n) param(&q, "post_logout_redirect_uri", idp_left(cx, ids));
    if (q.full || !provider_url_ok(end) || str_find(end, S("#")) >= 0) return E_OK;
    *ret_url = arena_fmt(cx->a, "%.*s%s%.*s", FS(end), str_find(end, S("?")) >= 0 ? "&" : "?", FS(buf_str(&q)));
    return E_OK;
}
