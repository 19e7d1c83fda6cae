/* SPDX-License-Identifier: MIT */
/* mail/conf.c - the server that mail leaves by: one setting, its password sealed. */
#include "mail/mail_int.h"

#include "audit/event.h"
#include "base/json.h"
#include "fmt/mailaddr.h"
#include "os/outgoing.h"

#include <unicode/uidna.h>

enum { CONF_BYTES = 128 * 1024, HOST_MAX = 253, PORT_MAX = 65535 };
const str mail_security_name[MAIL_SECURITIES] = {S0("starttls"), S0("tls"), S0("none")};
static const str place = S0("setting:mail:password");

static enum err security_of(struct cx *cx, str name, enum mail_security *ret)
{
    for (int i = 0; i < MAIL_SECURITIES; i++)
        if (str_eq(name, mail_security_name[i])) return *ret = (enum mail_security)i, E_OK;
    return fail_at(cx, E_INVALID, S("security"), "Choose starttls, tls or none");
}

static enum err conf_of(struct cx *cx, str text, struct mail_conf *ret)
{
    const struct json *j = NULL;
    struct mail_conf c = {0};
    str security = {0};
    TRY(json_parse(cx, text, &j));
    TRY(json_str_of(cx, j, S("host"), S(""), &c.host));
    TRY(json_int_of(cx, j, S("port"), 0, &c.port));
    TRY(json_str_of(cx, j, S("security"), S("starttls"), &security));
    TRY(security_of(cx, security, &c.security));
    TRY(json_str_of(cx, j, S("user"), S(""), &c.user));
    TRY(json_str_of(cx, j, S("password"), S(""), &c.password));
    TRY(json_str_of(cx, j, S("from"), S(""), &c.from));
    TRY(json_str_of(cx, j, S("name"), S(""), &c.name));
    TRY(json_str_of(cx, j, S("ca"), S(""), &c.ca));
    *ret = c;
    return E_OK;
}

enum err mail_conf_get(struct cx *cx, struct mail_conf *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT value FROM setting WHERE key = 'mail'"));
    *ret = (struct mail_conf){0};
    return r.n ? conf_of(cx, db_str(&r, 0, 0), ret) : E_OK;
}

enum err mail_is_set(struct cx *cx, bool *ret)
{
    struct mail_conf c = {0};
    TRY(mail_conf_get(cx, &c));
    *ret = c.host.n > 0;
    return E_OK;
}

enum err mail_conf_open(struct cx *cx, const struct vault *v, struct mail_conf *c)
{
    if (!c->password.n) return E_OK;
    return vault_unseal(cx, v, place, c->password, &c->password);
}

/* ---- what may be set ---- */
static bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/* A name, an IPv4 or, in brackets, an IPv6 address: nothing that would be another part of a URL. */
static bool is_host(str s)
{
    bool six = s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']';
    for (size_t i = six; i < s.n - six; i++)
        if (!is_alnum(s.p[i]) && (six ? s.p[i] != ':' : s.p[i] != '.' && s.p[i] != '-')) return false;
    return s.n > 0 && s.n <= HOST_MAX && s.p[0] != '-' && s.p[0] != '.';
}

bool mail_in_clear(const struct mail_conf *c) { return c->security == MAIL_NONE && !outgoing_is_here(c->host); }

enum err mail_sealed(struct cx *cx, const struct mail_conf *c, bool plain)
{
    if (plain || !mail_in_clear(c)) return E_OK;
    return fail_at(cx, E_INVALID, S("security"),
                   "Unencrypted, mail goes to this machine itself alone: choose starttls or tls, or the setting "
                   "plain_outgoing would have to say yes");
}

static enum err line_fits(struct cx *cx, str at, str s)
{
    if (s.n > MAIL_TEXT_MAX) return fail_at(cx, E_INVALID, at, "At most %d characters", MAIL_TEXT_MAX);
    return str_has_control(s) ? fail_at(cx, E_INVALID, at, "This must be one line of text") : E_OK;
}

static enum err conf_fits(struct cx *cx, const struct mail_conf *c)
{
    str wire = {0};
    if (!is_host(c->host))
        return fail_at(cx, E_INVALID, S("host"), "The name of a server like mail.example.org is needed");
    if (c->port < 1 || c->port > PORT_MAX) return fail_at(cx, E_INVALID, S("port"), "A port from 1 to 65535 is needed");
    TRY(line_fits(cx, S("user"), c->user));
    TRY(line_fits(cx, S("password"), c->password));
    TRY(line_fits(cx, S("name"), c->name));
    if (mail_addr_wire(cx, c->from, &wire) != E_OK)
        return fail_at(cx, E_INVALID, S("from"), "An e-mail address that others can answer to is needed");
    if (mail_in_clear(c) && (c->password.n || c->user.n))
        return fail_at(cx, E_INVALID, S("security"), "A password is not sent over a line that anybody can read along");
    TRY(mail_sealed(cx, c, c->plain));
    if (c->ca.n > MAIL_CA_MAX || (c->ca.n && str_find(c->ca, S("-----BEGIN CERTIFICATE-----")) < 0))
        return fail_at(cx, E_INVALID, S("ca"), "A certificate in PEM is needed: -----BEGIN CERTIFICATE-----");
    return E_OK;
}

static str conf_json(struct cx *cx, const struct mail_conf *c)
{
    struct buf b = buf_new(cx->a, CONF_BYTES);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kstr(&w, S("host"), c->host);
    jw_kint(&w, S("port"), c->port);
    jw_kstr(&w, S("security"), mail_security_name[c->security]);
    jw_kstr(&w, S("user"), c->user);
    jw_kstr(&w, S("password"), c->password);
    jw_kstr(&w, S("from"), c->from);
    jw_kstr(&w, S("name"), c->name);
    jw_kstr(&w, S("ca"), c->ca);
    jw_obj_end(&w);
    assert(!b.full);
    return buf_str(&b);
}

static enum err row_put(struct cx *cx, str text)
{
    return db_setting_put(cx, S("mail"), text);
}

static enum err put(struct cx *cx, void *arg)
{
    TRY(event_setting(cx, EVENT_WHAT_MAIL, 0));
    return row_put(cx, *(const str *)arg);
}

enum err mail_conf_reseal(struct cx *cx, const struct vault *v, struct resealing *io)
{
    struct mail_conf c = {0};
    str fresh = {0};
    TRY(mail_conf_get(cx, &c));
    TRY(vault_reseal(cx, v, place, c.password, io, &fresh));
    if (!fresh.n) return E_OK;
    c.password = fresh;
    return row_put(cx, conf_json(cx, &c));
}

/* A password goes to the server it was given for, and to no other. */
static enum err password_kept(struct cx *cx, struct mail_conf *c)
{
    struct mail_conf was = {0};
    TRY(mail_conf_get(cx, &was));
    bool same =
        str_eq(was.host, c->host) && was.port == c->port && was.security == c->security && str_eq(was.user, c->user);
    if (was.password.n && !same)
        return fail_at(cx, E_INVALID, S("password"), "The password must be given anew for another server or account");
    c->password = was.password;
    return E_OK;
}

enum err mail_conf_set(struct cx *cx, const struct vault *v, const struct mail_conf *c, bool keep)
{
    struct mail_conf set = *c;
    if (c->host.n) TRY(conf_fits(cx, c));
    else set = (struct mail_conf){0};
    if (set.host.n && keep) TRY(password_kept(cx, &set));
    else if (set.password.n) TRY(vault_seal(cx, v, place, set.password, &set.password));
    str text = conf_json(cx, &set);
    return db_write(cx, put, &text);
}

/* ---- addresses ---- */
static bool is_ascii(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80) return false;
    return true;
}

static enum err domain_wire(struct cx *cx, str domain, str *ret)
{
    UErrorCode rc = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    char out[HOST_MAX + 3] = {0};
    if (is_ascii(domain)) return *ret = domain, E_OK;
    UIDNA *idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI, &rc);
    int32_t n =
        U_SUCCESS(rc) ? uidna_nameToASCII_UTF8(idna, domain.p, (int32_t)domain.n, out, HOST_MAX, &info, &rc) : 0;
    uidna_close(idna);
    if (U_FAILURE(rc) || info.errors || n <= 0 || n >= HOST_MAX)
        return fail(cx, E_INVALID, "This is not an e-mail address");
    *ret = arena_dup(cx->a, (str){out, (size_t)n});
    return E_OK;
}

enum err mail_addr_wire(struct cx *cx, str addr, str *ret)
{
    struct mailaddr m = {0};
    str local = {0}, domain = {0};
    if (!mailaddr_parse(cx->a, addr, &m)) return fail(cx, E_INVALID, "This is not an e-mail address");
    (void)str_split(m.addr, '@', &local, &domain);
    if (!is_ascii(local)) return fail(cx, E_INVALID, "Mail servers take Latin letters alone before the @");
    TRY(domain_wire(cx, domain, &domain));
    *ret = arena_fmt(cx->a, "%.*s@%.*s", FS(local), FS(domain));
    return E_OK;
}
