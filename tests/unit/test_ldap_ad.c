/* SPDX-License-Identifier: MIT */
/* Active Directory, as tests/ldap/ad.py plays it: the bind by user@domain, which no slapd takes, then his entry, then the groups of
 * his groups by one question. */
#include "auth/auth_int.h"
#include "auth/limits.h"
#include "auth/outside.h"
#include "bed.h"
#include "idp/ldap_int.h"
#include "outside_make.h"
#include "stub.h"

#include <signal.h>
#include <stdlib.h>

#define GUID "101112131415161718191a1b1c1d1e1f"
#define FILTER "(|(userPrincipalName=%s@firm.lan)(sAMAccountName=%s))"
#define ADA "CN=Ada Anders,OU=Staff,DC=firm,DC=lan"

struct house {
    struct cx *cx;
    struct stub s;
    struct vault *v;
    struct idps *ids;
    struct auth *au;
    struct idp p;
    struct firm f;
    str log;
    size_t seen; /* bytes of the log that were looked at */
};

static void described(struct house *h)
{
    str host = str_cut(h->s.base, sizeof "http://" - 1, SIZE_MAX);
    h->p = (struct idp){.kind = IDP_LDAP, .active = true, .creates = true, .name = S("AD"),
                        .ldap = {.url = arena_fmt(h->cx->a, "ldap://%.*s", FS(host)), .base = S("DC=firm,DC=lan"), .filter = S(FILTER), .bind_as = S("%s@firm.lan"),
                                 .nested = NESTED_AD, .mail_trusted = true, .attr_id = S("objectGUID"), .attr_name = S("displayName"), .attr_mail = S("mail"),
                                 .group_base = S("OU=Groups,DC=firm,DC=lan"), .timeout_s = LDAP_TIMEOUT_MAX_S}};
}

/* What the directory was asked since the last look, one line each. */
static str asked(struct house *h)
{
    str all = {0};
    T_OK(h->cx, os_read_file(h->cx, h->log, 1 << 20, &all));
    str fresh = str_cut(all, h->seen, all.n);
    h->seen = all.n;
    return fresh;
}

static enum err tries(struct house *h, const char *login, const char *password, struct outside_found *ret)
{
    return ldap_try(h->cx, h->ids, &h->p, str_from(login), str_from(password), ret);
}

static bool in(const struct outsider *w, const char *group)
{
    for (size_t i = 0; i < w->n_groups; i++)
        if (str_eq(w->groups[i], str_from(group))) return true;
    return false;
}

/* The bind by his UPN comes first and nothing before it; then his entry, then the bind as that very entry; then all groups at once. */
static void by_upn(struct house *h)
{
    struct outside_found o = {0};
    T_OK(h->cx, tries(h, "ada", "ada-password", &o));
    T_STR(o.who.subject, S(GUID));
    T_STR(o.who.login, S("ada"));
    T_STR(o.who.mail, S("ada@firm.example"));
    T(in(&o.who, "Sales") && in(&o.who, "Staff") && in(&o.who, "House") && !in(&o.who, "Others"));
    T_STR(asked(h), S("bind ada@firm.lan right\n"
                      "search " ADA " DC=firm,DC=lan (|(userPrincipalName=ada@firm.lan)(sAMAccountName=ada))\n"
                      "bind " ADA " right\n"
                      "search " ADA " DC=firm,DC=lan (member:1.2.840.113556.1.4.1941:=" ADA ")\n"));
    o = (struct outside_found){0};
    h->p.ldap.nested = NESTED_OFF; /* she is in one by herself */
    T_OK(h->cx, tries(h, "ada", "ada-password", &o));
    T(in(&o.who, "Sales") && !in(&o.who, "Staff") && !in(&o.who, "House"));
    h->p.ldap.nested = NESTED_WALK;
    T_OK(h->cx, tries(h, "ada", "ada-password", &o));
    T(in(&o.who, "Sales") && in(&o.who, "Staff") && in(&o.who, "House") && !in(&o.who, "Others"));
    h->p.ldap.nested = NESTED_AD;
    (void)asked(h);
}

static void stays_out(struct house *h)
{
    struct outside_found o = {0};
    T(tries(h, "ada", "wrong", &o) == E_AUTH && tries(h, "nobody", "ada-password", &o) == E_AUTH);
    T(tries(h, "eve", "eve-password", &o) == E_AUTH); /* closed there */
    T_STR(asked(h), S("bind ada@firm.lan wrong\nbind nobody@firm.lan wrong\nbind eve@firm.lan closed\n"));
    T(tries(h, "ada", "", &o) != E_OK); /* servers take none for nobody's and say yes */
    T(tries(h, "ada@firm.lan,x", "ada-password", &o) == E_AUTH && tries(h, "ada*", "ada-password", &o) == E_AUTH);
    T_STR(asked(h), S(""));
    h->p.ldap.filter = S("(sAMAccountName=%s)");
    h->p.ldap.bind_as = S("%s"); /* the whole UPN is typed: the entry must have it letter for letter */
    T(tries(h, "ada@firm.lan", "ada-password", &o) == E_AUTH);
    h->p.ldap.filter = S("(userPrincipalName=%s)");
    T_OK(h->cx, tries(h, "ada@firm.lan", "ada-password", &o));
    T_STR(o.who.login, S("ada@firm.lan"));
    described(h);
    h->p.ldap.bind_as = S("");
    T(tries(h, "ada", "ada-password", &o) == E_BUSY); /* unasked it shows nobody anything */
    described(h);
    (void)asked(h);
}

/* The whole log-in: a user is made, with the role of a group that she is in by two others. */
static void comes_in(struct house *h)
{
    static const struct visitor home = {.addr = S0("203.0.113.9"), .agent = S0("test")};
    struct cx *cx = h->cx;
    struct outside_role map[] = {{S("House"), h->f.plain}, {S("Others"), h->f.extra}};
    struct login io = {.mail = S("ada"), .password = S("ada-password")};
    h->p.map = map;
    h->p.n_map = COUNT(map);
    T_OK(cx, idp_new(cx, h->ids, &h->p, NULL));
    T_OK(cx, auth_login(cx, h->au, &home, &io));
    T_INT(io.s.stage, STAGE_IN);
    T_STR(io.s.name, S("Ada Anders"));
    cx->acl = NULL;
    cx->who = (struct who){0};
    T_STR(roles_of(cx, io.s.user), S("Plain"));
    int64_t ada = io.s.user;
    cx->now_ms += LOGIN_WINDOW_MS + 1;
    io = (struct login){.mail = S("ADA@firm.example"), .password = S("wrong")};
    T(auth_login(cx, h->au, &home, &io) == E_AUTH);
    cx->now_ms += LOGIN_WINDOW_MS + 1;
    io = (struct login){.mail = S("ada"), .password = S("ada-password")};
    T_OK(cx, auth_login(cx, h->au, &home, &io));
    T_INT(io.s.user, ada);
}

static void active_directory(struct bed *t)
{
    struct house h = {.cx = &t->cx, .log = arena_fmt(t->cx.a, "%.*s/ad.log", FS(t->folder))};
    struct cx *cx = h.cx;
    T(setenv("KONTOR_AD_LOG", h.log.p, 1) == 0);
    h.s = stub_start(cx, "tests/ldap/ad.py");
    T_OK(cx, vault_open(cx, arena_fmt(cx->a, "%.*s/secret.key", FS(t->folder)), true, &h.v));
    h.ids = idps_open(&(struct idp_env){.vault = h.v, .rules = {.allow = str_cut(h.s.base, sizeof "http://" - 1, SIZE_MAX)}});
    h.au = auth_open(h.v);
    outside_directory(h.au, ldap_ask, h.ids);
    h.f = firm_made(cx);
    described(&h);
    by_upn(&h);
    stays_out(&h);
    comes_in(&h);
    auth_close(&h.au);
    idps_close(&h.ids);
    vault_close(&h.v);
    stub_stop(&h.s);
}

static void active_directory_both(void)
{
    (void)signal(SIGPIPE, SIG_IGN); /* as the server does */
    bed_both(active_directory);
}

TESTS("ldap_ad", active_directory_both)
