/* SPDX-License-Identifier: MIT */
/* os/outgoing_call.c - see outgoing_call.h: the options of libcurl that keep a request where it was let go. */
#include "os/outgoing_call.h"

#include <unistd.h>

void outgoing_call_end(struct outgoing_call *c)
{
    curl_easy_cleanup(c->h);
    curl_slist_free_all(c->headers);
    curl_slist_free_all(c->pin);
}

/* Once more, whatever has become of the name in the meantime. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct outgoing_call *c = arg;
    if (purpose != CURLSOCKTYPE_IPCXN || !outgoing_fits(&c->to, &a->addr)) {
        c->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static bool add(struct cx *cx, struct curl_slist **list, str line)
{
    struct curl_slist *more = curl_slist_append(*list, arena_z(cx->a, line));
    if (more) *list = more;
    return more != NULL;
}

bool outgoing_call_head(struct cx *cx, struct outgoing_call *c, str line) { return add(cx, &c->headers, line); }

/* The blob stands for the system's file; the system's folder of certificates stays. */
bool outgoing_ca_set(CURL *h, str ca)
{
    union {
        const char *in;
        void *out;
    } text = {.in = ca.p}; /* it is copied */
    struct curl_blob blob = {.data = text.out, .len = ca.n, .flags = CURL_BLOB_COPY};
    bool ok = curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
              curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
              curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    return ok && (!ca.n || (curl_easy_setopt(h, CURLOPT_CAPATH, "/etc/ssl/certs") == CURLE_OK &&
                            curl_easy_setopt(h, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK));
}

#define SET(opt, v) (ok = ok && curl_easy_setopt(c->h, (opt), (v)) == CURLE_OK)
bool outgoing_call_open(struct cx *cx, struct outgoing_call *c)
{
    str pin = outgoing_pin(cx, &c->to);
    c->h = curl_easy_init();
    bool ok = c->h && (!pin.n || add(cx, &c->pin, pin)) && outgoing_ca_set(c->h, c->to.ca);
    SET(CURLOPT_URL, arena_z(cx->a, c->to.url));
    SET(CURLOPT_PROTOCOLS_STR, c->to.https ? "https" : "http");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    if (c->pin) SET(CURLOPT_RESOLVE, c->pin);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L); /* of this handle: what is pinned stays */
    SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(CURLOPT_OPENSOCKETDATA, c);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTPHEADER, c->headers);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_USERAGENT, "Kontor");
    return ok;
}
#undef SET

const char *outgoing_call_failed(const struct outgoing_call *c, CURLcode rc)
{
    if (c->refused) return "refused";
    switch ((int)rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT: return "unreached";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE: return "certificate";
    case CURLE_OPERATION_TIMEDOUT: return "timeout";
    default: return "broken";
    }
}
