/* SPDX-License-Identifier: MIT */
/* idp/provider.c - what is known of an issuer: its discovery document and its keys, remembered for ten minutes. */
#include "idp/idp_int.h"

#include "idp/jwt.h"

#include <time.h>

struct idps *idps_open(const struct idp_env *env)
{
    struct idps *ids = mem_new(sizeof *ids); /* freed by idps_close */
    ids->env = *env;
    pthread_mutex_init(&ids->lock, NULL);
    pthread_mutex_init(&ids->gate.lock, NULL);
    pthread_condattr_t by;
    pthread_condattr_init(&by);
    pthread_condattr_setclock(&by, CLOCK_MONOTONIC);
    pthread_cond_init(&ids->gate.free, &by);
    pthread_condattr_destroy(&by);
    return ids;
}

void idps_close(struct idps **ids)
{
    if (!*ids) return;
    for (size_t i = 0; i < IDPS_MAX; i++) mem_free((*ids)->known[i]);
    pthread_mutex_destroy(&(*ids)->lock);
    pthread_mutex_destroy(&(*ids)->gate.lock);
    pthread_cond_destroy(&(*ids)->gate.free);
    mem_free(*ids);
    *ids = NULL;
}

/* ---- the document ---- */
bool provider_url_ok(str url)
{
    if (url.n > OUTGOING_URL_MAX) return false;
    for (size_t i = 0; i < url.n; i++) {
        char c = url.p[i];
        if (c <= ' ' || c >= 0x7F || memchr("\\\"<>^`{|}#@", c, 11)) return false;
    }
    if (str_has_prefix(url, S("https://"))) return url.n > 8;
    return str_has_prefix(url, S("http://")) && !outgoing_in_clear(url);
}

static enum err no_sense(struct cx *cx, const char *what)
{
    return fail_at(cx, E_INVALID, S("issuer"), "The provider's description makes no sense (%s)",
                   what);
}

static enum err address(struct cx *cx, const struct json *doc, const char *key, bool needed,
                        str *ret)
{
    const struct json *j = json_get(doc, str_from(key));
    str url = j && j->t == JT_STR ? j->s : S("");
    if ((needed || url.n) && !provider_url_ok(url)) return no_sense(cx, key);
    *ret = url;
    return E_OK;
}

static bool lists(const struct json *doc, str key, str what)
{
    const struct json *j = json_get(doc, key);
    for (size_t i = 0; j && j->t == JT_ARR && i < j->n; i++)
        if (j->v[i].t == JT_STR && str_eq(j->v[i].s, what)) return true;
    return false;
}

enum err provider_read(struct cx *cx, str issuer, const struct json *doc, struct provider *ret)
{
    static const str how = S0("token_endpoint_auth_methods_supported");
    const struct json *is = json_get(doc, S("issuer"));
    struct provider p = {0};
    if (doc->t != JT_OBJ || !is || is->t != JT_STR || !str_eq(is->s, issuer))
        return no_sense(cx, "issuer");
    TRY(address(cx, doc, "authorization_endpoint", true, &p.authorize));
    TRY(address(cx, doc, "token_endpoint", true, &p.token));
    TRY(address(cx, doc, "jwks_uri", true, &p.keys_url));
    TRY(address(cx, doc, "userinfo_endpoint", false, &p.userinfo));
    TRY(address(cx, doc, "end_session_endpoint", false, &p.end));
    const struct json *named = json_get(doc, S("authorization_response_iss_parameter_supported"));
    p.says_iss = named && named->t == JT_BOOL && named->b;
    p.basic = !json_get(doc, how) || lists(doc, how, S("client_secret_basic")) ||
              !lists(doc, how, S("client_secret_post"));
    *ret = p;
    return E_OK;
}

/* ---- remembered ---- */
static str json_text(struct cx *cx, const struct json *j)
{
    struct buf b = buf_new(cx->a, 2 * IDP_ANSWER_BYTES);
    struct jw w = jw_new(&b);
    jw_json(&w, j);
    return b.full ? S("") : buf_str(&b);
}

static bool recall(struct cx *cx, struct idps *ids, str issuer, str *ret_doc, str *ret_keys)
{
    bool found = false;
    pthread_mutex_lock(&ids->lock);
    for (size_t i = 0; i < IDPS_MAX && !found; i++) {
        const struct known *k = ids->known[i];
        if (!k || !str_eq(k->issuer, issuer) || k->at + IDP_KEEP_MS < cx->now_ms ||
            k->at > cx->now_ms)
            continue;
        *ret_doc = arena_dup(cx->a, k->doc);
        *ret_keys = arena_dup(cx->a, k->keys);
        found = true;
    }
    pthread_mutex_unlock(&ids->lock);
    return found;
}

static str moved(char **to, str s)
{
    char *at = *to;
    if (s.n) memcpy(at, s.p, s.n);
    *to += s.n;
    return (str){at, s.n};
}

/* In the place that it has, or in an empty one, or in the oldest's. */
static void remember(struct cx *cx, struct idps *ids, str issuer, str doc, str keys)
{
    struct known *k = mem_new(sizeof *k + issuer.n + doc.n +
                              keys.n); /* freed by idps_close or when another comes */
    char *to = (char *)(k + 1);
    size_t place = 0;
    if (!doc.n || !keys.n) return mem_free(k);
    k->issuer = moved(&to, issuer);
    k->doc = moved(&to, doc);
    k->keys = moved(&to, keys);
    k->at = cx->now_ms;
    pthread_mutex_lock(&ids->lock);
    for (size_t i = 0; i < IDPS_MAX; i++) {
        const struct known *x = ids->known[i], *y = ids->known[place];
        if (x && str_eq(x->issuer, issuer)) {
            place = i;
            break;
        }
        if (y && (!x || x->at < y->at)) place = i;
    }
    mem_free(ids->known[place]);
    ids->known[place] = k;
    pthread_mutex_unlock(&ids->lock);
}

static enum err fetch_all(struct cx *cx, struct idps *ids, str issuer, struct provider *ret)
{
    const struct json *doc = NULL, *keys = NULL;
    struct provider p = {0};
    str base = str_has_suffix(issuer, S("/")) ? str_cut(issuer, 0, issuer.n - 1) : issuer;
    TRY(idp_fetch(cx, &ids->env.rules,
                  &(struct idp_call){
                      .url = arena_fmt(cx->a, "%.*s/.well-known/openid-configuration", FS(base))},
                  &doc));
    TRY(provider_read(cx, issuer, doc, &p));
    TRY(idp_fetch(cx, &ids->env.rules, &(struct idp_call){.url = p.keys_url}, &keys));
    if (!jwt_keys(cx, keys)) return no_sense(cx, "jwks");
    p.jwks = keys;
    remember(cx, ids, issuer, json_text(cx, doc), json_text(cx, keys));
    *ret = p;
    return E_OK;
}

enum err provider_get(struct cx *cx, struct idps *ids, str issuer, bool fresh, struct provider *ret)
{
    const struct json *doc = NULL, *keys = NULL;
    str doc_text = {0}, keys_text = {0};
    if (fresh || !recall(cx, ids, issuer, &doc_text, &keys_text))
        return fetch_all(cx, ids, issuer, ret);
    TRY(json_parse(cx, doc_text, &doc));
    TRY(json_parse(cx, keys_text, &keys));
    TRY(provider_read(cx, issuer, doc, ret));
    ret->jwks = keys;
    return E_OK;
}
