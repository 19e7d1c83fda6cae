/* SPDX-License-Identifier: MIT */
/* app/alive.h - whether this process still does its work: asked by the supervisor's watchdog. */
#pragma once
#include "db/db.h"
#include "http/http.h"

struct alive {
    struct http_server *http;
    struct dbase *db;
    int64_t silent_ms; /* a loop that has not come round for so long hangs */
};
/* For os_watch: true when every loop comes round, a reader reads and the writer writes. Waits as long as they do: one
 * that hangs is no answer. An error is one, and a restart would not mend it (full disk, PostgreSQL away). */
bool alive_ask(void *alive);
