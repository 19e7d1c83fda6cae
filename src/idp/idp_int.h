/* SPDX-License-Identifier: MIT */
/* idp/idp_int.h - what describing, fetching and coming in share. */
#pragma once
#include "base/json.h"
#include "idp/idp.h"

#include <pthread.h>

enum { IDP_ANSWER_BYTES = 512 * 1024, IDP_ASKING_MAX = 8, IDP_ASKING_EACH = 4, IDP_KEEP_MS = 10 * 60 * 1000 };

/* ---- fetch.c ---- */
struct idp_call {
    str url;
    str form;                  /* a POST's body; "" = GET */
    str authorization;         /* the header's value, "" = none */
};
/* A JSON object. E_BUSY: not reached, not to be called, or refused as us; E_INVALID: what was shown is not its own
 * (invalid_grant), or no such object. */
MUST enum err idp_fetch(struct cx *cx, const struct outgoing_rules *rules, const struct idp_call *c,
                        const struct json **ret);

/* ---- provider.c: discovery and keys ---- */
struct known {                 /* of an issuer */
    str issuer;
    int64_t at;                /* when it was fetched */
    str doc, keys;             /* JSON; behind this struct */
};
/* Directories are waited for where they are called: so many at once, so many in line. */
struct ldap_gate {
    pthread_mutex_t lock;
    pthread_cond_t free;
    int running, waiting;
};
struct idps {
    struct idp_env env;
    pthread_mutex_t lock;
    struct known *known[IDPS_MAX];
    int64_t asking[IDP_ASKING_MAX]; /* by `lock`: the provider of each log-in that waits for one; 0 = none */
    struct ldap_gate gate;
};
struct provider {              /* in cx->a */
    str authorize, token, userinfo, keys_url, end;
    bool says_iss;             /* it names itself with what it sends back (RFC 9207) */
    bool basic;                /* the secret goes into the header, else into the body */
    const struct json *jwks;
};
/* A discovery document: E_INVALID when it is none of this issuer. Pure. */
MUST enum err provider_read(struct cx *cx, str issuer, const struct json *doc, struct provider *ret);
/* `fresh`: not what is remembered. */
MUST enum err provider_get(struct cx *cx, struct idps *ids, str issuer, bool fresh, struct provider *ret);
/* May a browser, or we, be sent there? https, or http on this machine. */
bool provider_url_ok(str url);

/* ---- oidc.c: few wait for providers at once ---- */
/* A slow one does not take all workers, and not all places either. E_BUSY; else *ret is to be given back. */
MUST enum err asking_begin(struct cx *cx, struct idps *ids, int64_t idp, size_t *ret);
void asking_end(struct idps *ids, size_t place);

/* ---- claims.c: what a token says of somebody ---- */
/* Over what `ret` has: members that are there win. Pure; texts in cx->a. E_DENIED: his groups are too many to stand in
 * it. */
MUST enum err claims_read(struct cx *cx, const struct idp *p, const struct json *claims, struct outsider *ret);
/* Is something still missing that userinfo may know? */
bool claims_lack(const struct idp *p, const struct json *claims);
bool claims_lack_groups(const struct idp *p, const struct json *claims);

/* ---- conf.c ---- */
#define IDP_WHERE(cx, id) arena_fmt((cx)->a, "idp:%" PRId64 ":secret", (id))
MUST enum err idp_secret(struct cx *cx, const struct idps *ids, const struct idp *p, str *ret); /* "" = none */
