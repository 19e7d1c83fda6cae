/* SPDX-License-Identifier: MIT */
/* idp/idp.h - log-in by others: providers of OpenID Connect and directories (LDAP), as they were described to us.
 *
 * What a provider answers is a stranger's text: bounded in time and size, parsed strictly, and called only where the
 * guard of outgoing addresses (os/outgoing.h) lets us. Discovery documents and keys are remembered for a while. While
 * the net is waited for, no connection of the database is held. Who it is that comes in is a matter of auth/outside.h.
 */
#pragma once
#include "auth/outside.h"
#include "os/outgoing.h"
#include "os/vault.h"

enum { IDPS_MAX = 20, IDP_NAME_MAX = 100, IDP_TEXT_MAX = 500, IDP_MAP_MAX = 200, IDP_CONF_BYTES = 256 * 1024 };
enum { IDP_STATE_MS = 10 * 60 * 1000, IDP_STATES_MAX = 200 }; /* log-ins that are begun, of an address */
enum idp_kind { IDP_OIDC, IDP_LDAP, IDP_KINDS };
extern const str idp_kind_name[IDP_KINDS];
/* Does a second factor that was asked for there count? Never; when the token says so (amr "mfa", or the acr that is
 * asked for); always. */
enum idp_factor { FACTOR_OWN, FACTOR_CLAIM, FACTOR_ALWAYS, IDP_FACTORS };
extern const str idp_factor_name[IDP_FACTORS];

/* Groups of groups: none; walked upwards; asked of Active Directory in one (its rule 1.2.840.113556.1.4.1941). */
enum ldap_nested { NESTED_OFF, NESTED_WALK, NESTED_AD, LDAP_NESTEDS };
extern const str ldap_nested_name[LDAP_NESTEDS];
enum { LDAP_CA_MAX = 64 * 1024, LDAP_TIMEOUT_S = 10, LDAP_TIMEOUT_MIN_S = 2, LDAP_TIMEOUT_MAX_S = 60 };
struct ldap_conf {
    str url;                   /* ldaps://host:636, ldap://host:389 */
    bool starttls;
    str ca;                    /* PEM; "" = those of the system */
    str bind_dn;               /* who looks people up, with the secret as his password; "" = anybody may */
    str base, filter;          /* where and how; %s is what was typed */
    str group_base;            /* a group's short name means one below this place; "" = groups go by their DNs alone */
    int64_t timeout_s;         /* of a whole log-in, from the connection to the last group */
    str bind_as;               /* "%s@firm.lan", "uid=%s,ou=people,dc=firm": he looks himself up; "" = search first */
    enum ldap_nested nested;
    bool mail_trusted;         /* nobody can write his own address there: it counts as proved */
    str attr_id, attr_name, attr_mail, attr_phone, attr_lang;
};

struct idp {
    int64_t id;
    enum idp_kind kind;
    bool active, creates, links;
    bool logout;               /* who logs out here is sent there to log out, too (RP-Initiated Logout 1.0) */
    str name;
    int64_t role;              /* of new users; 0 = those of their groups alone */
    const struct outside_role *map;
    size_t n_map;
    enum idp_factor factor;
    str issuer, client_id, scopes, acr; /* scopes: beside openid */
    struct ldap_conf ldap;
    str groups;                /* the claim with the groups, "realm_access.roles" goes deeper; "" = none */
    bool has_secret;
    str sealed;                /* the room's own */
};
struct idp_env {
    const struct vault *vault;
    struct outgoing_rules rules;
    str url;                   /* where users find us; "" = nobody can come back */
};
struct idps;                   /* what is remembered of providers; one per process */
/* The texts of `env` outlive it. */
struct idps *idps_open(const struct idp_env *env);
void idps_close(struct idps **ids);

/* ---- the administrator ---- */
MUST enum err idp_list(struct cx *cx, struct idp **ret, size_t *ret_n); /* by name */
MUST enum err idp_get(struct cx *cx, int64_t id, struct idp *ret);      /* E_NOTFOUND */
/* Members of `j` that are there, over what `io` has. E_INVALID at the member. */
MUST enum err idp_read(struct cx *cx, const struct json *j, struct idp *io);
/* All that may be seen, as members of the object that is open: "secret" is none. */
void idp_json(struct cx *cx, const struct idp *p, struct jw *w);
/* `secret` NULL = it stays (E_INVALID at "secret" when it would be sent to another place now). E_INVALID at the member
 * that does not fit; addresses inside are refused unless the rules name them. */
MUST enum err idp_new(struct cx *cx, const struct idps *ids, struct idp *io, const str *secret);
/* Makes of *io what it is to be; *ret_secret as above. May run twice. */
typedef enum err idp_edit_fn(struct cx *cx, void *arg, struct idp *io, const str **ret_secret);
/* Errors as idp_new, E_NOTFOUND, and those of `edit`. One that is turned off ends its sessions, one of another issuer
 * is another one: idp_end. */
MUST enum err idp_change(struct cx *cx, const struct idps *ids, int64_t id, idp_edit_fn *edit, void *arg,
                         struct idp *ret);
/* E_NOTFOUND; users stay, their sessions by it and the roles of its groups end (outside_ended). */
MUST enum err idp_end(struct cx *cx, int64_t id);
/* Their secrets sealed with the vault's first key. Inside db_write. */
MUST enum err idps_reseal(struct cx *cx, const struct vault *v, struct resealing *io);
/* Whom it vouches for, and what becomes of them. */
struct outside_rules idp_rules(struct cx *cx, const struct idp *p);
/* Where the provider is to send people back to; "" without an address of our own. */
str idp_back(struct cx *cx, const struct idps *ids, int64_t id);
/* The same after a log-out there. */
str idp_left(struct cx *cx, const struct idps *ids);

/* ---- coming in by OpenID Connect ---- */
/* Asks for the discovery document and the keys, and tells what is wrong. E_BUSY: not reached; E_INVALID: no sense in
 * it. *ret_keys: keys that can be used. */
MUST enum err oidc_try(struct cx *cx, struct idps *ids, const struct idp *p, size_t *ret_keys);
/* Where the browser of somebody who has logged out goes: to the end of his session there, and from there back to /login
 * of ours. "" = nowhere: the provider is gone, off, or does not want it any more. */
MUST enum err oidc_parting(struct cx *cx, struct idps *ids, const struct parting *p, str *ret_url);
/* ---- a directory ---- */
/* For outside_directory; arg: struct idps. Each active one is asked in turn, until one knows him. */
outside_ask_fn ldap_ask;
/* As ldap_ask of this one, whether active or not; without a login only whether it can be reached and searched. */
MUST enum err ldap_try(struct cx *cx, struct idps *ids, const struct idp *p, str login, str password,
                       struct outside_found *ret);

struct oidc_going {
    int64_t idp;
    str addr;                  /* who asks */
    bool proof;                /* he is to log in there anew, whether he is in or not */
    str binder;                /* out: what the cookie is to hold */
    str url;                   /* out: where the browser goes */
};
/* E_NOTFOUND, E_BUSY, E_PRECOND: we have no address to come back to. */
MUST enum err oidc_begin(struct cx *cx, struct idps *ids, struct oidc_going *io);
struct oidc_back {
    int64_t idp;
    str binder, state, code, iss, error; /* as they came; "" = not there */
    str why;                   /* out: what was wrong, a word: state, refused, token, down, unknown, mail, ended, wait,
                                * blocked */
};
/* The state is used up by this. io as auth_login. */
MUST enum err oidc_end(struct cx *cx, struct idps *ids, struct auth *au, const struct visitor *v, struct oidc_back *b,
                       struct login *io);
