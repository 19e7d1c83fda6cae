/* SPDX-License-Identifier: MIT */
/* os/outgoing_call.h - one HTTP request by libcurl to where outgoing.h has let it go: to the addresses that were
 * judged, no redirects, no proxy. What is sent, how long it may take and what is read are the caller's to set.
 */
#pragma once
#include "os/outgoing.h"

#include <curl/curl.h>

struct outgoing_call {         /* empty at first; stays where it is until its end */
    struct outgoing to;        /* judged: outgoing_url, outgoing_resolve */
    CURL *h;                   /* for further options */
    struct curl_slist *headers, *pin;
    bool refused;              /* the connection would have gone elsewhere */
};
/* Opens the handle and fences it in; `headers` are set by then. Texts live in the arena of cx. false: no memory. */
bool outgoing_call_open(struct cx *cx, struct outgoing_call *c);
/* Adds a header, "Name: value"; false: no memory. */
bool outgoing_call_head(struct cx *cx, struct outgoing_call *c, str line);
/* Certificates (PEM) trusted beside the system's; "" = those alone. For every handle that goes out of the house. */
bool outgoing_ca_set(CURL *h, str ca);
/* Of a failure only its kind is told, in a word: neither what a stranger's port said nor how. */
const char *outgoing_call_failed(const struct outgoing_call *c, CURLcode rc);
void outgoing_call_end(struct outgoing_call *c); /* for OWNED too */
