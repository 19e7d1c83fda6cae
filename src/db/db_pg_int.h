/* SPDX-License-Identifier: MIT */
/* db/db_pg_int.h - a connection to PostgreSQL that keeps nobody waiting without end. Of db_pg*.c alone. */
#pragma once
#include "db/db_int.h"

#include <libpq-fe.h>

struct pg_link {
    PGconn *c;
    struct dbase *base;
    int64_t era;      /* the base's when it was made: an older one leads to a server that fell silent */
    int64_t limit_us; /* how long an answer may take; 0 = as long as the server lives */
    bool gone;        /* not reached or silent: to try again at once is of no use */
};

/* Makes it anew. E_BUSY: not reached, or a standby; why stands in the log. Bounded by connect_timeout of the URL for
 * each of its hosts; at once when another has just found that nobody answers. */
MUST enum err pg_link_open(struct cx *cx, struct pg_link *l);
/* The last result of what PQsend... has sent (its return is `sent`), as PQexec gives it; NULL when nothing could be
 * sent. The caller's, for PQclear. A server that falls silent breaks the connection: the result has no SQLSTATE then,
 * and `gone` is true. */
PGresult *pg_link_wait(struct pg_link *l, int sent);
/* The same for plain text. */
PGresult *pg_link_exec(struct pg_link *l, const char *sql);
