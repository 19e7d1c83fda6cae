/* SPDX-License-Identifier: MIT */
/* os/outgoing.h - may we connect there? For every address that a user gives and the server then calls (SSRF).
 *
 * An address is read strictly: what other programs would still take for a number (decimal, octal, hex, short forms),
 * zones, escapes, users and a dot at the end are refused. Names are looked up here, each answer is judged, and the
 * connection goes to those addresses alone (outgoing_pin, outgoing_fits): a name that answers otherwise a moment later
 * changes nothing. Public addresses on ports 80, 443, 8080 and 8443 are free by https; all else only when the rules
 * name it, and without TLS only this machine itself, unless the rules are `plain`.
 */
#pragma once
#include "base/base.h"

#include <sys/socket.h>

enum { OUTGOING_URL_MAX = 2000, OUTGOING_ADDRS = 8 };
struct outgoing_addr {
    bool v6;
    unsigned char b[16];       /* network order; IPv4 in the first four */
};
struct outgoing_rules {
    /* The administrator's, by commas: "hook.firm.lan", "10.1.0.0/16", "fd00::/8", "127.0.0.1:9000", "[::1]:*"; without
     * a port the usual ones, * = every port. A name may be that of an address inside. */
    str allow;
    str ca;                    /* certificates in PEM that are trusted beside the system's; "" = those alone */
    bool plain;                /* the administrator's plain_outgoing: http to other machines, too, where it is named */
    /* Tests: what a name answers, at most `max`; NULL = the system's resolver. */
    size_t (*lookup)(struct cx *cx, str host, struct outgoing_addr *ret, size_t max);
};
struct outgoing {
    bool https, literal;       /* literal: the host is an address */
    int port;
    str host, url;             /* url: as we send it; both in the arena of cx */
    str ca;                    /* as in the rules */
    struct outgoing_addr addr[OUTGOING_ADDRS]; /* those judged good: by outgoing_resolve */
    size_t n;
};
/* E_INVALID at "outgoing_allow" for an entry that has no sense. */
MUST enum err outgoing_rules_check(struct cx *cx, const struct outgoing_rules *r);
/* Reads an address, without any look-up or connection. E_INVALID at "url". */
MUST enum err outgoing_url(struct cx *cx, const struct outgoing_rules *r, str url, struct outgoing *ret);
/* Looks its name up. E_BUSY: no answer. E_DENIED: one of the answers may not be called. Waits for the net. */
MUST enum err outgoing_resolve(struct cx *cx, const struct outgoing_rules *r, struct outgoing *io);
/* For CURLOPT_RESOLVE: "host:port:address,..."; "" for a literal. */
str outgoing_pin(struct cx *cx, const struct outgoing *o);
/* Is it one of the addresses judged, on its port? Asked once more before the connection is made. */
bool outgoing_fits(const struct outgoing *o, const struct sockaddr *sa);
/* For every connection that leaves the house (ASVS 12.3.1): is this host this machine itself, so that nobody on the way
 * reads along? localhost, an address of 127.0.0.0/8 or ::1, also in brackets, without a port; no name that only leads
 * to it. */
bool outgoing_is_here(str host);
/* Would that address be asked in the clear by another machine: http:// and a host that is not here? */
bool outgoing_in_clear(str url);
