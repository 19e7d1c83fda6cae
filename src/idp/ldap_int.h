/* SPDX-License-Identifier: MIT */
/* idp/ldap_int.h - what connecting to a directory and reading its entries share. */
#pragma once
#include "idp/idp_int.h"

#include <ldap.h>
#include <openldap.h>

enum { LDAP_GROUPS_MAX = 500, LDAP_DEPTH_MAX = 8, LDAP_VALUE_MAX = 4096, LDAP_NAMES_MAX = 20 };
struct ldap_conn {
    LDAP *ld;
    int fd;                    /* its socket, -1 = none */
    int ca;                    /* the file of its authorities, -1 = none */
    int64_t until_ms;          /* of os_mono_ms: from then on nobody waits for it any more */
};
#define LDAP_CONN(until) {.fd = -1, .ca = -1, .until_ms = (until)}
struct ldap_entry {
    str dn;
    struct outsider who;
    const str *of;             /* groups that the entry itself names (memberOf) */
    size_t n_of;
};

/* ---- ldap.c ---- */
MUST enum err ldap_down(struct cx *cx, const char *how); /* E_BUSY */
bool ldap_url_split(str url, bool *ret_tls, str *ret_rest);
/* The address as the guard sees it. E_INVALID at "url". */
MUST enum err ldap_where(struct cx *cx, const struct outgoing_rules *rules, str url, struct outgoing *ret);
/* Whatever is done next waits no longer than is left, which *ret (may be NULL) tells. E_BUSY: nothing is. */
MUST enum err ldap_conn_hurry(struct cx *cx, struct ldap_conn *c, struct timeval *ret);
/* *ret as LDAP_CONN before. E_BUSY, E_INVALID at "url"; ldap_conn_end in any case. */
MUST enum err ldap_conn_open(struct cx *cx, const struct outgoing_rules *rules, const struct ldap_conf *conf,
                             struct ldap_conn *ret);
void ldap_conn_end(struct ldap_conn *c);
/* E_AUTH: not with this password, and never with none: servers take that for nobody's and say yes. */
MUST enum err ldap_conn_bind(struct cx *cx, struct ldap_conn *c, str dn, str password);
/* RFC 4515, RFC 4514: what was typed means itself, whatever it is. */
str ldap_in_filter(struct cx *cx, str s);
str ldap_in_name(struct cx *cx, str s);
/* Each %s of the pattern is the value. */
str ldap_filled(struct cx *cx, str pattern, str value);

/* ---- ldap_entry.c ---- */
/* Is this all there is, or all that was asked for? Roles would go by what a server left out. Pure. */
bool ldap_is_whole(int rc, int found, int max);
/* E_INVALID at "base": there is nothing there that we may see. */
MUST enum err ldap_base_check(struct cx *cx, struct ldap_conn *c, const struct ldap_conf *conf);
/* The one that the filter finds. E_AUTH: none, or several. E_INVALID at "attr_id": it cannot be told from others. */
MUST enum err ldap_entry_find(struct cx *cx, struct ldap_conn *c, const struct ldap_conf *conf, str login,
                              struct ldap_entry *ret);
/* The parts of a filter that hold what was typed, (uid=%s), as attribute and pattern; at most LDAP_NAMES_MAX. What has
 * a star, or a rule of its own, tells no name. Pure. */
struct ldap_named {
    str attr, pattern;
};
size_t ldap_filter_names(str filter, struct ldap_named *ret);
/* A DN as it is compared: written in one way, in small letters of ASCII. "" = it is none. */
str ldap_dn_plain(struct cx *cx, str dn);
/* Does it lie below that place? "" as the place: nothing does. */
bool ldap_is_below(struct cx *cx, str dn, str place);
/* The groups he is in, each by its DN (ldap_dn_plain), those below group_base by their first name, too: as
 * e->who.groups. No short name has a "=", each DN does: neither is taken for the other. */
MUST enum err ldap_groups_find(struct cx *cx, struct ldap_conn *c, const struct ldap_conf *conf, struct ldap_entry *e);
