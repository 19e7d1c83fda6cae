/* SPDX-License-Identifier: MIT */
/* db/db_pg_way.c - does an address of PostgreSQL lead where nobody on the way reads along?
 *
 * What libpq would do is asked of libpq: the address, and behind it the environment, the service file and its own
 * defaults. Its sslmode is "prefer" unless somebody says more: then whoever stands between only has to say that the
 * server knows no TLS, and gets everything to read.
 */
#include "db/db_int.h"
#include "os/outgoing.h"

#include <libpq-fe.h>

static void options_free(PQconninfoOption **o)
{
    if (*o) PQconninfoFree(*o);
}

static str value_of(const PQconninfoOption *o, const char *key)
{
    for (; o && o->keyword; o++)
        if (strcmp(o->keyword, key) == 0) return str_from(o->val);
    return S("");
}

/* As the address says it, else as it would be without. */
static str wanted(const PQconninfoOption *said, const PQconninfoOption *else_, const char *key)
{
    str s = value_of(said, key);
    return s.n ? s : value_of(else_, key);
}

/* Is every place of the list on this machine: a socket's folder, an abstract socket, loopback? Empty: the usual socket;
 * *ret_gap: there was such a one. */
static bool all_here(str list, bool *ret_gap)
{
    str one = {0};
    bool more = true, here = true;
    *ret_gap = false;
    while (more) {
        more = str_split(list, ',', &one, &list);
        *ret_gap |= !one.n;
        here &= !one.n || one.p[0] == '/' || one.p[0] == '@' || outgoing_is_here(one);
    }
    return here;
}

/* Where hostaddr says a place, its host is but a name; where it says none, the host is looked up. A service that the
 * address names is read by the connection alone: its host may be anywhere. */
static bool stays_here(const PQconninfoOption *said, const PQconninfoOption *else_)
{
    str addr = wanted(said, else_, "hostaddr"), host = wanted(said, else_, "host");
    bool gap = false, host_gap = false;
    if (value_of(said, "service").n && !value_of(said, "host").n && !value_of(said, "hostaddr").n)
        return false;
    bool here = all_here(addr, &gap);
    return here && (!gap || all_here(host, &host_gap));
}

static bool is_encrypted(const PQconninfoOption *said, const PQconninfoOption *else_)
{
    static const str modes[] = {S0("verify-full"), S0("verify-ca"), S0("require")};
    str mode = value_of(said, "sslmode");
    /* a service's word would go before that of the environment and is not known here */
    if (!mode.n && !value_of(said, "service").n) mode = value_of(else_, "sslmode");
    for (size_t i = 0; i < COUNT(modes); i++)
        if (str_eq(mode, modes[i])) return true;
    return str_eq(wanted(said, else_, "gssencmode"), S("require"));
}

enum err pg_way_check(struct cx *cx, str url)
{
    char *why = NULL;
    PQconninfoOption *said OWNED(options_free) = PQconninfoParse(arena_z(cx->a, url), &why);
    PQconninfoOption *else_ OWNED(options_free) = PQconndefaults();
    if (why) PQfreemem(why);
    if (!said)
        return fail_at(cx, E_INVALID, S("db"), "db: this address of PostgreSQL cannot be read");
    if (stays_here(said, else_) || is_encrypted(said, else_)) return E_OK;
    return fail_at(
        cx, E_INVALID, S("db"),
        "db: the way to PostgreSQL on another machine has to be encrypted: its address needs "
        "sslmode=verify-full (verify-ca and require check less), or say plain_outgoing = yes");
}
