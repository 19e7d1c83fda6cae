/* SPDX-License-Identifier: MIT */
/* app/alive.c - asks the loops, a reader and the writer. */
#include "app/alive.h"

#include "base/log.h"

/* Takes its turn in the writer's queue and changes nothing. */
static enum err touch(struct cx *cx, void *arg)
{
    struct db_rows r = {0};
    (void)arg;
    return db_query(cx, &r, "SELECT 1");
}

bool alive_ask(void *alive)
{
    const struct alive *v = alive;
    struct db_rows r = {0};
    struct cx cx = {.a = arena_new(), .now_ms = clock_ms(), .lang = S("en"), .req = S("watch")};
    int64_t silent = http_silent_ms(v->http);
    cx.db = db_get(v->db);
    enum err e = db_query(&cx, &r, "SELECT 1");
    if (e == E_OK) e = db_write(&cx, touch, NULL);
    db_put(&cx.db);
    if (e != E_OK) log_say(&cx, LOG_WARN, S("app"), "the database answers: %.*s", FS(cx.msg));
    if (silent > v->silent_ms)
        log_say(&cx, LOG_ERROR, S("app"), "a loop hangs for %" PRId64 " ms", silent);
    arena_free(&cx.a);
    return silent <= v->silent_ms;
}
