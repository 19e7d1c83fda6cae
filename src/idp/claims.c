/* SPDX-License-Identifier: MIT */
/* idp/claims.c - the claims of OpenID Connect Core 5.1 as somebody: name, address, groups. */
#include "idp/idp_int.h"

static str text_of(const struct json *o, str key)
{
    const struct json *j = json_get(o, key);
    return j && j->t == JT_STR ? str_trim(j->s) : S("");
}

/* true, or as some providers write it: "true", "1", 1. */
static bool is_true(const struct json *o, str key)
{
    const struct json *j = json_get(o, key);
    if (!j) return false;
    if (j->t == JT_BOOL) return j->b;
    return (j->t == JT_STR || j->t == JT_NUM) && (str_eq(j->s, S("true")) || str_eq(j->s, S("1")));
}

/* The claim of this name; or, where there is none, down the names that points part. */
static const struct json *claim_at(const struct json *claims, str path)
{
    const struct json *j = json_get(claims, path);
    str head = {0}, rest = path;
    bool more = true;
    if (j || !path.n) return j;
    for (j = claims; j && more;) {
        more = str_split(rest, '.', &head, &rest);
        j = json_get(j, head);
    }
    return j;
}

/* Groups that do not fit stand elsewhere, and the token says only where (Entra ID). */
static bool are_elsewhere(const struct json *claims, str name)
{
    return json_get(json_get(claims, S("_claim_names")), name) != NULL;
}

static enum err groups_read(struct cx *cx, const struct idp *p, const struct json *claims,
                            struct outsider *ret)
{
    const struct json *g = claim_at(claims, p->groups);
    if (!p->groups.n) return E_OK;
    if (are_elsewhere(claims, p->groups) || (g && g->t == JT_ARR && g->n > OUTSIDE_GROUPS_MAX))
        return fail(
            cx, E_DENIED,
            "You are in more groups than the provider tells: please ask your administrator");
    if (!g || (g->t != JT_ARR && g->t != JT_STR)) return E_OK;
    size_t n = g->t == JT_ARR ? g->n : 1;
    str *v = NEW_N(cx->a, str, n + 1);
    ret->n_groups = 0;
    for (size_t i = 0; i < n; i++) {
        const struct json *x = g->t == JT_ARR ? &g->v[i] : g;
        if (x->t == JT_STR && x->s.n) v[ret->n_groups++] = x->s;
    }
    ret->groups = v;
    return E_OK;
}

static str name_of(struct cx *cx, const struct json *c)
{
    str name = text_of(c, S("name")), given = text_of(c, S("given_name")),
        family = text_of(c, S("family_name"));
    if (!name.n && (given.n || family.n))
        name = str_trim(arena_fmt(cx->a, "%.*s %.*s", FS(given), FS(family)));
    return name.n ? name : text_of(c, S("preferred_username"));
}

static bool factor_told(const struct idp *p, const struct json *c)
{
    const struct json *amr = json_get(c, S("amr"));
    bool told = p->acr.n && str_eq(text_of(c, S("acr")), p->acr);
    for (size_t i = 0; amr && amr->t == JT_ARR && i < amr->n; i++)
        told |= amr->v[i].t == JT_STR && str_eq(amr->v[i].s, S("mfa"));
    return told;
}

enum err claims_read(struct cx *cx, const struct idp *p, const struct json *c, struct outsider *ret)
{
    str name = name_of(cx, c), mail = text_of(c, S("email")), phone = text_of(c, S("phone_number"));
    if (name.n) ret->name = name;
    if (phone.n) ret->phone = phone;
    if (text_of(c, S("locale")).n) ret->lang = text_of(c, S("locale"));
    if (mail.n) {
        ret->mail = mail;
        ret->mail_proved = is_true(c, S("email_verified")) || is_true(c, S("xms_edov"));
    }
    if (factor_told(p, c)) ret->factored = p->factor == FACTOR_CLAIM;
    if (p->factor == FACTOR_ALWAYS) ret->factored = true;
    return groups_read(cx, p, c, ret);
}

bool claims_lack_groups(const struct idp *p, const struct json *c)
{
    return p->groups.n && !claim_at(c, p->groups) && !are_elsewhere(c, p->groups);
}

bool claims_lack(const struct idp *p, const struct json *c)
{
    return !text_of(c, S("email")).n || !json_get(c, S("name")) || claims_lack_groups(p, c);
}
