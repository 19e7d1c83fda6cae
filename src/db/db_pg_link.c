/* SPDX-License-Identifier: MIT */
/* db/db_pg_link.c - reaching a server of PostgreSQL, and waiting for it no longer than it lives.
 *
 * A server that was stopped, a cable that was pulled out: nothing comes, not even an error. Who waits for an answer
 * asks every few seconds by a fresh connection whether anybody is there. Nobody: the connection is broken off, and so
 * are all others to that server (era). While none can be reached, one caller at a time knocks; the others are told at
 * once.
 */
#include "base/tr.h"
#include "db/db_pg_int.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { TICK_MS = 500, SILENT_US = 5000000, REST_US = 300000 };
#define CONNECT_S  "5"
#define ASK_S      "3"
#define UNACKED_MS "10000"

/* ---- reaching ---- */

/* With several hosts the one that takes writes is meant, unless the URL says otherwise. */
static bool many_hosts(const char *url)
{
    bool many = false;
    PQconninfoOption *all = PQconninfoParse(url, NULL);
    for (PQconninfoOption *o = all; o && o->keyword; o++)
        many |= (strcmp(o->keyword, "host") == 0 || strcmp(o->keyword, "hostaddr") == 0) &&
                o->val && strchr(o->val, ',');
    PQconninfoFree(all);
    return many;
}

/* Others have just found that nobody answers, or one of them is finding out. */
static bool is_down(struct dbase *b, bool *ret_knocking)
{
    int64_t until = atomic_load(&b->down_until_us);
    if (!until) return false;
    if (db_mono_us() < until || atomic_exchange(&b->knocking, true)) return true;
    *ret_knocking = true;
    return false;
}

static PGconn *dial(const struct dbase *b)
{
    /* what stands before dbname is overridden by it */
    const char *who = b->o.read_only || !many_hosts(b->path) ? "any" : "primary";
    const char *key[] = {"connect_timeout",
                         "tcp_user_timeout",
                         "fallback_application_name",
                         "target_session_attrs",
                         "dbname",
                         "client_encoding",
                         NULL};
    const char *val[] = {CONNECT_S, UNACKED_MS, "kontor", who, b->path, "UTF8", NULL};
    return PQconnectdbParams(key, val, 1);
}

static enum err unreached(struct cx *cx)
{
    return fail(cx, E_BUSY, "The database cannot be reached");
}

/* A standby would take no write. */
static enum err serves_us(struct cx *cx, const struct pg_link *l)
{
    const char *standby = PQparameterStatus(l->c, "in_hot_standby");
    if (PQstatus(l->c) != CONNECTION_OK || PQsetnonblocking(l->c, 1) != 0) {
        db_log("warn", "postgres=08000 %s", PQerrorMessage(l->c));
        return unreached(cx);
    }
    if (l->base->o.read_only || !standby || strcmp(standby, "on") != 0) return E_OK;
    db_log("error", "postgres=25006 the server at %s:%s is a standby: it takes no writes",
           PQhost(l->c), PQport(l->c));
    return fail(cx, E_BUSY, "The database takes no writes: its server is a standby");
}

enum err pg_link_open(struct cx *cx, struct pg_link *l)
{
    struct dbase *b = l->base;
    bool knocking = false;
    PQfinish(l->c);
    l->c = NULL;
    l->gone = true;
    if (is_down(b, &knocking)) return unreached(cx);
    l->era = atomic_load(&b->era);
    l->c = dial(b);
    enum err e = serves_us(cx, l);
    atomic_store(&b->down_until_us, e == E_OK ? 0 : db_mono_us() + REST_US);
    if (knocking) atomic_store(&b->knocking, false);
    l->gone = e != E_OK;
    if (l->gone) {
        PQfinish(l->c);
        l->c = NULL;
    }
    return e;
}

/* ---- waiting ---- */

static bool anybody_there(const struct pg_link *l)
{
    const char *key[] = {
        "dbname", "host", "hostaddr", "port", "connect_timeout", "target_session_attrs", NULL};
    const char *val[] = {l->base->path, PQhost(l->c), PQhostaddr(l->c), PQport(l->c), ASK_S,
                         "any",         NULL};
    return PQpingParams(key, val, 1) != PQPING_NO_RESPONSE;
}

/* One at a time asks; the era tells the others what it found. */
static bool is_silent(struct pg_link *l, int64_t begun, int64_t *asked)
{
    struct dbase *b = l->base;
    int64_t now = db_mono_us();
    if (atomic_load(&b->era) != l->era) return true;
    if (l->limit_us && now - begun > l->limit_us) return true;
    if (now - *asked < SILENT_US || atomic_exchange(&b->asking, true)) return false;
    bool there = anybody_there(l);
    if (!there) {
        db_log("warn", "postgres=08000 the server at %s:%s has fallen silent", PQhost(l->c),
               PQport(l->c));
        atomic_fetch_add(&b->era, 1);
    }
    atomic_store(&b->asking, false);
    *asked = db_mono_us();
    return !there;
}

/* Until a result can be taken without waiting, or the connection is known to be broken. False: silence. */
static bool settled(struct pg_link *l)
{
    int64_t begun = db_mono_us(), asked = begun;
    while (PQstatus(l->c) == CONNECTION_OK) { /* else its end has been noticed: the result tells of it */
        int more = PQflush(l->c);
        if (more < 0) return false;
        if (!more && !PQisBusy(l->c)) return true;
        struct pollfd p = {PQsocket(l->c), (short)(POLLIN | (more ? POLLOUT : 0)), 0};
        int n = poll(&p, 1, TICK_MS);
        if (n > 0 && !PQconsumeInput(l->c)) return true;
        if (n < 0 && errno != EINTR) return false;
        if (n == 0 && is_silent(l, begun, &asked)) return false;
    }
    return true;
}

PGresult *pg_link_wait(struct pg_link *l, int sent)
{
    PGresult *last = NULL, *r = NULL;
    bool cut = false;
    if (!sent) return NULL;
    do {
        if (!cut && !settled(l)) {
            cut = l->gone = true;
            (void)shutdown(PQsocket(l->c), SHUT_RDWR); /* what is asked from here on ends at once */
        }
        r = PQgetResult(l->c);
        if (r) PQclear(last);
        if (r) last = r;
    } while (r);
    return last;
}

PGresult *pg_link_exec(struct pg_link *l, const char *sql)
{
    return pg_link_wait(l, PQsendQuery(l->c, sql));
}
