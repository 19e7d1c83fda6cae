/* SPDX-License-Identifier: MIT */
/* idp/conf.c - providers as rows: read, checked, written; the secret sealed. */
#include "idp/ldap_int.h"

#include "audit/event.h"

#include <stddef.h>

enum { GROUP_MAX = 400 };
const str idp_kind_name[IDP_KINDS] = {S0("oidc"), S0("ldap")};
const str ldap_nested_name[LDAP_NESTEDS] = {S0("off"), S0("walk"), S0("ad")};
const str idp_factor_name[IDP_FACTORS] = {S0("own"), S0("claim"), S0("always")};

/* ---- the texts of a provider ---- */
static const struct text {
    str name;
    size_t at;
    enum idp_kind kind;
} texts[] = {
    {S0("issuer"), offsetof(struct idp, issuer), IDP_OIDC},
    {S0("client_id"), offsetof(struct idp, client_id), IDP_OIDC},
    {S0("scopes"), offsetof(struct idp, scopes), IDP_OIDC},
    {S0("groups"), offsetof(struct idp, groups), IDP_OIDC},
    {S0("acr"), offsetof(struct idp, acr), IDP_OIDC},
    {S0("url"), offsetof(struct idp, ldap.url), IDP_LDAP},
    {S0("bind_dn"), offsetof(struct idp, ldap.bind_dn), IDP_LDAP},
    {S0("base"), offsetof(struct idp, ldap.base), IDP_LDAP},
    {S0("filter"), offsetof(struct idp, ldap.filter), IDP_LDAP},
    {S0("group_base"), offsetof(struct idp, ldap.group_base), IDP_LDAP},
    {S0("bind_as"), offsetof(struct idp, ldap.bind_as), IDP_LDAP},
    {S0("attr_id"), offsetof(struct idp, ldap.attr_id), IDP_LDAP},
    {S0("attr_name"), offsetof(struct idp, ldap.attr_name), IDP_LDAP},
    {S0("attr_mail"), offsetof(struct idp, ldap.attr_mail), IDP_LDAP},
    {S0("attr_phone"), offsetof(struct idp, ldap.attr_phone), IDP_LDAP},
    {S0("attr_lang"), offsetof(struct idp, ldap.attr_lang), IDP_LDAP},
};

static str *text_in(struct idp *p, const struct text *t)
{
    return (str *)(void *)((char *)p + t->at);
}

static str text_at(const struct idp *p, const struct text *t)
{
    return *(const str *)(const void *)((const char *)p + t->at);
}

static bool word_at(const str *names, size_t n, str s, size_t *ret)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], s)) return *ret = i, true;
    return false;
}

/* ---- reading ---- */
static enum err map_read(struct cx *cx, const struct json *a, struct idp *io)
{
    if (!a) return E_OK;
    if (a->t != JT_ARR) return fail_at(cx, E_INVALID, S("map"), "This must be a list");
    if (a->n > IDP_MAP_MAX) return fail_at(cx, E_LIMIT, S("map"), "At most %d groups", IDP_MAP_MAX);
    struct outside_role *v = NEW_N(cx->a, struct outside_role, a->n + 1);
    for (size_t i = 0; i < a->n; i++) {
        TRY(json_str_of(cx, &a->v[i], S("group"), S(""), &v[i].group));
        TRY(json_id_of(cx, &a->v[i], S("role"), 0, &v[i].role));
        v[i].group = str_trim(v[i].group);
    }
    io->map = v;
    io->n_map = a->n;
    return E_OK;
}

static enum err words_read(struct cx *cx, const struct json *j, struct idp *io)
{
    str kind = idp_kind_name[io->kind], factor = idp_factor_name[io->factor];
    size_t k = 0, f = 0;
    TRY(json_str_of(cx, j, S("kind"), kind, &kind));
    TRY(json_str_of(cx, j, S("factor"), factor, &factor));
    if (!word_at(idp_kind_name, IDP_KINDS, kind, &k) || (io->id && k != io->kind))
        return fail_at(cx, E_INVALID, S("kind"), "The kind of a provider cannot be this");
    if (!word_at(idp_factor_name, IDP_FACTORS, factor, &f))
        return fail_at(cx, E_INVALID, S("factor"), "Choose own, claim or always");
    io->kind = (enum idp_kind)k;
    io->factor = (enum idp_factor)f;
    return E_OK;
}

static enum err ldap_read(struct cx *cx, const struct json *j, struct ldap_conf *io)
{
    str nested = ldap_nested_name[io->nested];
    size_t k = 0;
    TRY(json_bool_of(cx, j, S("starttls"), io->starttls, &io->starttls));
    TRY(json_bool_of(cx, j, S("mail_trusted"), io->mail_trusted, &io->mail_trusted));
    TRY(json_str_of(cx, j, S("ca"), io->ca, &io->ca));
    TRY(json_str_of(cx, j, S("nested"), nested, &nested));
    if (!word_at(ldap_nested_name, LDAP_NESTEDS, nested, &k))
        return fail_at(cx, E_INVALID, S("nested"), "Choose off, walk or ad");
    io->nested = (enum ldap_nested)k;
    io->ca = str_trim(io->ca);
    return json_int_of(cx, j, S("timeout"), io->timeout_s ? io->timeout_s : LDAP_TIMEOUT_S, &io->timeout_s);
}

enum err idp_read(struct cx *cx, const struct json *j, struct idp *io)
{
    struct idp p = *io;
    TRY(words_read(cx, j, &p));
    TRY(json_str_of(cx, j, S("name"), p.name, &p.name));
    TRY(json_bool_of(cx, j, S("active"), p.active, &p.active));
    TRY(json_bool_of(cx, j, S("creates"), p.creates, &p.creates));
    TRY(json_bool_of(cx, j, S("links"), p.links, &p.links));
    TRY(json_bool_of(cx, j, S("logout"), p.logout, &p.logout));
    TRY(json_id_of(cx, j, S("role"), p.role, &p.role));
    TRY(map_read(cx, json_get(j, S("map")), &p));
    if (p.kind == IDP_LDAP) TRY(ldap_read(cx, j, &p.ldap));
    for (size_t i = 0; i < COUNT(texts); i++) {
        str *s = text_in(&p, &texts[i]);
        if (texts[i].kind != p.kind) continue;
        TRY(json_str_of(cx, j, texts[i].name, *s, s));
        *s = str_trim(*s);
    }
    p.name = str_trim(p.name);
    *io = p;
    return E_OK;
}

void idp_json(struct cx *cx, const struct idp *p, struct jw *w)
{
    (void)cx;
    jw_kstr(w, S("kind"), idp_kind_name[p->kind]);
    jw_kstr(w, S("name"), p->name);
    jw_kbool(w, S("active"), p->active);
    jw_kbool(w, S("creates"), p->creates);
    jw_kbool(w, S("links"), p->links);
    if (p->kind == IDP_OIDC) jw_kbool(w, S("logout"), p->logout);
    jw_kid(w, S("role"), p->role);
    jw_kstr(w, S("factor"), idp_factor_name[p->factor]);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (texts[i].kind == p->kind) jw_kstr(w, texts[i].name, text_at(p, &texts[i]));
    if (p->kind == IDP_LDAP) {
        jw_kbool(w, S("starttls"), p->ldap.starttls);
        jw_kbool(w, S("mail_trusted"), p->ldap.mail_trusted);
        jw_kstr(w, S("ca"), p->ldap.ca);
        jw_kstr(w, S("nested"), ldap_nested_name[p->ldap.nested]);
        jw_kint(w, S("timeout"), p->ldap.timeout_s);
    }
    jw_key(w, S("map"));
    jw_arr(w);
    for (size_t i = 0; i < p->n_map; i++) {
        jw_obj(w);
        jw_kstr(w, S("group"), p->map[i].group);
        jw_kid(w, S("role"), p->map[i].role);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static enum err row_read(struct cx *cx, const struct db_rows *r, size_t i, struct idp *ret)
{
    struct idp p = {.id = 0};
    const struct json *j = NULL;
    TRY(json_parse(cx, db_str(r, i, 1), &j));
    TRY(idp_read(cx, j, &p));
    p.id = db_int(r, i, 0);
    p.sealed = db_str(r, i, 2);
    p.has_secret = p.sealed.n > 0;
    *ret = p;
    return E_OK;
}

enum err idp_list(struct cx *cx, struct idp **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id, conf, secret FROM idp ORDER BY name, id LIMIT 100"));
    struct idp *v = NEW_N(cx->a, struct idp, r.n + 1);
    for (size_t i = 0; i < r.n; i++) TRY(row_read(cx, &r, i, &v[i]));
    *ret = v;
    *ret_n = r.n;
    return E_OK;
}

static enum err none(struct cx *cx) { return fail(cx, E_NOTFOUND, "There is no such provider"); }

enum err idp_get(struct cx *cx, int64_t id, struct idp *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id, conf, secret FROM idp WHERE id = $1", V(id)));
    return r.n ? row_read(cx, &r, 0, ret) : none(cx);
}

enum err idp_secret(struct cx *cx, const struct idps *ids, const struct idp *p, str *ret)
{
    *ret = S("");
    if (!p->sealed.n) return E_OK;
    return vault_unseal(cx, ids->env.vault, IDP_WHERE(cx, p->id), p->sealed, ret);
}

/* A group's whole name is compared as the directory's are. */
static const struct outside_role *map_plain(struct cx *cx, const struct idp *p)
{
    struct outside_role *v = NEW_N(cx->a, struct outside_role, p->n_map + 1);
    for (size_t i = 0; i < p->n_map; i++) {
        v[i] = p->map[i];
        if (str_find(v[i].group, S("=")) >= 0) v[i].group = ldap_dn_plain(cx, v[i].group);
    }
    return v;
}

struct outside_rules idp_rules(struct cx *cx, const struct idp *p)
{
    bool dir = p->kind == IDP_LDAP;
    return (struct outside_rules){
        .id = p->id,
        .name = p->name,
        .issuer = dir ? arena_fmt(cx->a, OUTSIDE_DIRECTORY "%" PRId64, p->id) : p->issuer,
        .creates = p->creates,
        .role = p->role,
        .links = p->links,
        .follows = dir,
        .map = dir ? map_plain(cx, p) : p->map,
        .n_map = p->n_map,
        .any_case = dir};
}

str idp_back(struct cx *cx, const struct idps *ids, int64_t id)
{
    str url = ids->env.url;
    while (str_has_suffix(url, S("/"))) url.n--;
    return url.n ? arena_fmt(cx->a, "%.*s/api/v1/sso/%" PRId64 "/callback", FS(url), id) : S("");
}

str idp_left(struct cx *cx, const struct idps *ids)
{
    str url = ids->env.url;
    while (str_has_suffix(url, S("/"))) url.n--;
    return url.n ? arena_fmt(cx->a, "%.*s/login", FS(url)) : S("");
}

/* ---- what may be set ---- */
static enum err texts_fit(struct cx *cx, const struct idp *p)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        str s = text_at(p, &texts[i]);
        if (s.n > IDP_TEXT_MAX)
            return fail_at(cx, E_INVALID, texts[i].name, "At most %d characters", IDP_TEXT_MAX);
        if (str_has_control(s))
            return fail_at(cx, E_INVALID, texts[i].name, "This must be one line of text");
    }
    if (!p->name.n) return fail_at(cx, E_INVALID, S("name"), "Please give the provider a name");
    if (utf8_len(p->name) > IDP_NAME_MAX || str_has_control(p->name))
        return fail_at(cx, E_INVALID, S("name"), "A name has at most %d characters", IDP_NAME_MAX);
    return E_OK;
}

static enum err role_fits(struct cx *cx, str at, int64_t role)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT 1 FROM \"role\" WHERE id = $1 AND deleted_at IS NULL", V(role)));
    return r.n ? E_OK : fail_at(cx, E_INVALID, at, "There is no such role");
}

static enum err roles_fit(struct cx *cx, const struct idp *p)
{
    if (p->role) TRY(role_fits(cx, S("role"), p->role));
    for (size_t i = 0; i < p->n_map; i++) {
        if (!p->map[i].group.n || p->map[i].group.n > GROUP_MAX || str_has_control(p->map[i].group))
            return fail_at(cx, E_INVALID, S("map"), "Each line needs a group and a role");
        TRY(role_fits(cx, S("map"), p->map[i].role));
    }
    return E_OK;
}

static enum err oidc_fits(struct cx *cx, const struct outgoing_rules *rules, const struct idp *p)
{
    struct outgoing o = {0};
    if (!provider_url_ok(p->issuer) || str_find(p->issuer, S("?")) >= 0)
        return fail_at(cx, E_INVALID, S("issuer"),
                       "An address like https://login.example.org is needed");
    if (outgoing_url(cx, rules, p->issuer, &o) != E_OK)
        return fail_at(cx, E_INVALID, S("issuer"),
                       "This address may not be called from here: the setting outgoing_allow would "
                       "have to name it");
    return p->client_id.n
               ? E_OK
               : fail_at(cx, E_INVALID, S("client_id"), "The provider's name for Kontor is needed");
}

/* By its short name a group is meant only below the place where groups are: elsewhere anybody may have made one. */
static enum err groups_fit(struct cx *cx, const struct idp *p)
{
    str place = p->ldap.group_base;
    if (place.n && !ldap_dn_plain(cx, place).n)
        return fail_at(cx, E_INVALID, S("group_base"), "The place to look at is needed, like dc=firm,dc=lan");
    for (size_t i = 0; i < p->n_map; i++) {
        bool whole = str_find(p->map[i].group, S("=")) >= 0;
        if (whole && !ldap_dn_plain(cx, p->map[i].group).n)
            return fail_at(cx, E_INVALID, S("map"), "This is no whole name of a group: %.*s", FS(p->map[i].group));
        if (!whole && !place.n)
            return fail_at(cx, E_INVALID, S("group_base"),
                           "The place of the groups is needed as long as one of them goes by its short name");
    }
    return E_OK;
}

static bool is_attribute(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == ';';
        if (!plain) return false;
    }
    return s.n <= 100;
}

static enum err attributes_fit(struct cx *cx, const struct idp *p)
{
    for (size_t i = 0; i < COUNT(texts); i++)
        if (str_has_prefix(texts[i].name, S("attr_")) && !is_attribute(text_at(p, &texts[i])))
            return fail_at(cx, E_INVALID, texts[i].name, "The name of an attribute is needed");
    return p->ldap.attr_id.n
               ? E_OK
               : fail_at(cx, E_INVALID, S("attr_id"), "The name of an attribute is needed");
}

/* A password goes over no line that others can read along, but for this machine's own. */
static enum err line_fits(struct cx *cx, const struct outgoing_rules *rules, const struct idp *p)
{
    const struct ldap_conf *l = &p->ldap;
    struct outgoing o = {0};
    TRY(ldap_where(cx, rules, l->url, &o));
    if (str_has_prefix(l->url, S("ldap://")) && !l->starttls && !outgoing_is_here(o.host))
        return fail_at(cx, E_INVALID, S("starttls"),
                       "A password is not sent over a line that anybody can read along");
    if (l->ca.n > LDAP_CA_MAX || (l->ca.n && str_find(l->ca, S("-----BEGIN CERTIFICATE-----")) < 0))
        return fail_at(cx, E_INVALID, S("ca"),
                       "A certificate in PEM is needed: -----BEGIN CERTIFICATE-----");
    if (l->timeout_s < LDAP_TIMEOUT_MIN_S || l->timeout_s > LDAP_TIMEOUT_MAX_S)
        return fail_at(cx, E_INVALID, S("timeout"), "A number from %d to %d is needed", LDAP_TIMEOUT_MIN_S,
                       LDAP_TIMEOUT_MAX_S);
    return E_OK;
}

static enum err finding_fits(struct cx *cx, const struct idp *p)
{
    const struct ldap_conf *l = &p->ldap;
    if (!l->base.n)
        return fail_at(cx, E_INVALID, S("base"),
                       "The place to look at is needed, like dc=firm,dc=lan");
    struct ldap_named by[LDAP_NAMES_MAX];
    if (!ldap_filter_names(l->filter, by) || l->filter.p[0] != '(' ||
        l->filter.p[l->filter.n - 1] != ')')
        return fail_at(cx, E_INVALID, S("filter"),
                       "A filter like (uid=%%s) is needed: %%s is what was typed");
    if (l->bind_as.n && str_find(l->bind_as, S("%s")) < 0)
        return fail_at(cx, E_INVALID, S("bind_as"),
                       "A pattern like %%s@firm.lan is needed: %%s is what was typed");
    TRY(groups_fit(cx, p));
    return attributes_fit(cx, p);
}

/* Without a password a server lets anybody in as nobody, and says yes. */
static enum err reader_fits(struct cx *cx, const struct idp *p, bool secret)
{
    if (p->kind != IDP_LDAP || !p->ldap.bind_dn.n || secret) return E_OK;
    return fail_at(cx, E_INVALID, S("secret"), "The password is needed, too");
}

static str conf_text(struct cx *cx, const struct idp *p)
{
    struct buf b = buf_new(cx->a, IDP_CONF_BYTES);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    idp_json(cx, p, &w);
    jw_obj_end(&w);
    return b.full ? S("") : buf_str(&b);
}

static enum err fits(struct cx *cx, const struct idps *ids, const struct idp *p, const str *secret,
                     str *ret_conf)
{
    TRY(texts_fit(cx, p));
    TRY(p->kind == IDP_LDAP ? line_fits(cx, &ids->env.rules, p)
                            : oidc_fits(cx, &ids->env.rules, p));
    if (p->kind == IDP_LDAP) TRY(finding_fits(cx, p));
    TRY(roles_fit(cx, p));
    if (p->creates && !p->role && !p->n_map)
        return fail_at(cx, E_INVALID, S("role"),
                       "Choose the role that new users get, or which groups give one");
    if (secret && (secret->n > IDP_TEXT_MAX || str_has_control(*secret)))
        return fail_at(cx, E_INVALID, S("secret"), "At most %d characters", IDP_TEXT_MAX);
    *ret_conf = conf_text(cx, p);
    return ret_conf->n ? E_OK : fail_at(cx, E_LIMIT, S("map"), "This is too large");
}

/* ---- writing ---- */
struct changing {
    const struct idp *p;
    str conf, sealed;
};

static enum err insert(struct cx *cx, void *arg)
{
    const struct changing *x = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT count(*) FROM idp"));
    if (db_int(&r, 0, 0) >= IDPS_MAX)
        return fail(cx, E_LIMIT, "There are %d providers already", IDPS_MAX);
    TRY(event_setting(cx, EVENT_WHAT_IDP_MADE, x->p->id));
    return db_exec(cx, NULL,
                   "INSERT INTO idp (id, kind, name, active, conf, secret, created_at) VALUES ($1, "
                   "$2, $3, $4, $5, $6, $7)",
                   V(x->p->id), V(idp_kind_name[x->p->kind]), V(x->p->name), V(x->p->active),
                   V(x->conf), V(x->sealed), V(cx->now_ms));
}

static enum err seal(struct cx *cx, const struct idps *ids, struct idp *p, str secret)
{
    p->sealed = S("");
    if (secret.n) TRY(vault_seal(cx, ids->env.vault, IDP_WHERE(cx, p->id), secret, &p->sealed));
    p->has_secret = secret.n > 0;
    return E_OK;
}

enum err idp_new(struct cx *cx, const struct idps *ids, struct idp *io, const str *secret)
{
    struct changing x = {.p = io};
    io->id = 0;
    TRY(fits(cx, ids, io, secret, &x.conf));
    TRY(reader_fits(cx, io, secret && secret->n));
    io->id = id_new(cx->now_ms);
    TRY(seal(cx, ids, io, secret ? *secret : S("")));
    x.sealed = io->sealed;
    return db_write(cx, insert, &x);
}

static enum err update(struct cx *cx, void *arg)
{
    const struct changing *x = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE idp SET name = $2, active = $3, conf = $4, secret = $5 WHERE id = $1",
                V(x->p->id), V(x->p->name), V(x->p->active), V(x->conf), V(x->sealed)));
    return n ? event_setting(cx, EVENT_WHAT_IDP_CHANGED, x->p->id) : none(cx);
}

/* A secret goes to the place it was given for, and to no other. */
static bool same_place(const struct idp *a, const struct idp *b)
{
    const struct ldap_conf *x = &a->ldap, *y = &b->ldap;
    bool oidc = str_eq(a->issuer, b->issuer) && str_eq(a->client_id, b->client_id);
    return oidc && str_eq(x->url, y->url) && x->starttls == y->starttls && str_eq(x->ca, y->ca) &&
           str_eq(x->bind_dn, y->bind_dn);
}

struct patching {
    const struct idps *ids;
    idp_edit_fn *edit;
    void *arg;
    int64_t id;
    struct idp p;
};

/* Whom it vouched for by another name is nobody we know any more; what is turned off has let nobody in. */
static enum err became(struct cx *cx, const struct idp *was, const struct idp *p)
{
    struct outside_rules old = idp_rules(cx, was), now = idp_rules(cx, p);
    bool gone = !str_eq(old.issuer, now.issuer);
    return gone || (was->active && !p->active) ? outside_ended(cx, &old, gone) : E_OK;
}

/* Read, edited and written at once: of two that change it together, the second sees what the first has made of it. */
static enum err patch(struct cx *cx, void *arg)
{
    struct patching *io = arg;
    struct changing x = {.p = &io->p};
    struct idp was = {0};
    const str *secret = NULL;
    TRY(idp_get(cx, io->id, &was));
    io->p = was;
    TRY(io->edit(cx, io->arg, &io->p, &secret));
    TRY(fits(cx, io->ids, &io->p, secret, &x.conf));
    if (!secret && was.has_secret && !same_place(&was, &io->p))
        return fail_at(cx, E_INVALID, S("secret"),
                       "The secret must be given anew for another provider");
    TRY(reader_fits(cx, &io->p, secret ? secret->n > 0 : was.has_secret));
    if (secret) TRY(seal(cx, io->ids, &io->p, *secret));
    x.sealed = io->p.sealed;
    TRY(became(cx, &was, &io->p));
    return update(cx, &x);
}

enum err idp_change(struct cx *cx, const struct idps *ids, int64_t id, idp_edit_fn *edit, void *arg,
                    struct idp *ret)
{
    struct patching x = {.ids = ids, .edit = edit, .arg = arg, .id = id};
    TRY(db_write(cx, patch, &x));
    *ret = x.p;
    return E_OK;
}

static enum err end(struct cx *cx, void *arg)
{
    const struct idp *p = arg;
    struct outside_rules r = idp_rules(cx, p);
    int64_t n = 0;
    TRY(db_exec(cx, NULL, "DELETE FROM idp_state WHERE idp = $1", V(p->id)));
    TRY(db_exec(cx, &n, "DELETE FROM idp WHERE id = $1", V(p->id)));
    if (!n) return none(cx);
    TRY(outside_ended(cx, &r, true));
    return event_setting(cx, EVENT_WHAT_IDP_ENDED, p->id);
}

enum err idp_end(struct cx *cx, int64_t id)
{
    struct idp p = {0};
    TRY(idp_get(cx, id, &p));
    return db_write(cx, end, &p);
}

enum err idps_reseal(struct cx *cx, const struct vault *v, struct resealing *io)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id, secret FROM idp ORDER BY id LIMIT 1000"));
    static_assert(IDPS_MAX <= 1000, "all of them");
    for (size_t i = 0; i < r.n; i++) {
        str fresh = {0};
        TRY(vault_reseal(cx, v, IDP_WHERE(cx, db_int(&r, i, 0)), db_str(&r, i, 1), io, &fresh));
        if (fresh.n) TRY(db_exec(cx, NULL, "UPDATE idp SET secret = $2 WHERE id = $1", V(db_int(&r, i, 0)), V(fresh)));
    }
    return E_OK;
}
