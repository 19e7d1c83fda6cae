/* SPDX-License-Identifier: MIT */
#include "bed.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

static void pg_admin(const char *before, const char *name, const char *after)
{
    char sql[200];
    PGconn *c = PQconnectdb(getenv("KONTOR_TEST_PG"));
    (void)snprintf(sql, sizeof sql, "%s \"%s\"%s", before, name, after);
    PGresult *r = PQexec(c, sql);
    T(PQresultStatus(r) == PGRES_COMMAND_OK);
    PQclear(r);
    PQfinish(c);
}

static enum err sync_inside(struct cx *cx, void *arg) { return meta_sync(cx, arg); }

struct bed bed_make(bool pg)
{
    struct bed t = {.cx = t_cx()};
    int from = 0, to = 0;
    t.folder = t_folder(t.cx.a, "bed");
    str url = arena_fmt(t.cx.a, "sqlite:%.*s/k.db", FS(t.folder));
    if (pg) {
        pg_admin("CREATE DATABASE", t_last_part(t.folder), "");
        url = arena_fmt(t.cx.a, "%s/%s", getenv("KONTOR_TEST_PG"), t_last_part(t.folder));
    }
    struct db_opts o = {.url = url, .create = true, .readers = 4};
    T_OK(&t.cx, dbase_open(&t.cx, &o, &t.b));
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    t.cx.db = db_get(t.b);
    T_OK(&t.cx, meta_load(&t.cx, &t.m));
    T_OK(&t.cx, db_write(&t.cx, sync_inside, t.m));
    t.cx.meta = t.m;
    return t;
}

void bed_reload(struct bed *t)
{
    meta_drop(&t->m);
    T_OK(&t->cx, meta_load(&t->cx, &t->m));
    t->cx.meta = t->m;
}

void bed_end(struct bed *t)
{
    bool pg = db_is_pg(&t->cx);
    db_put(&t->cx.db);
    dbase_close(&t->b);
    meta_drop(&t->m);
    if (pg) pg_admin("DROP DATABASE", t_last_part(t->folder), " WITH (FORCE)");
    char cmd[200];
    (void)snprintf(cmd, sizeof cmd, "rm -rf '%s'", t->folder.p);
    T(system(cmd) == 0);
    t_cx_free(&t->cx);
}

void bed_settle(struct bed *t)
{
    struct cx *cx = &t->cx;
    for (int i = 0; db_is_pg(cx) && i < 600; i++, usleep(50000)) {
        struct db_rows r = {0};
        int64_t horizon = 0;
        T_OK(cx, db_horizon(cx, &horizon));
        T_OK(cx, db_query(cx, &r, "SELECT 1 FROM change WHERE xid >= $1 LIMIT 1", V(horizon)));
        if (!r.n) return;
    }
}

void bed_both(void (*fn)(struct bed *t))
{
    for (int pg = 0; pg < (getenv("KONTOR_TEST_PG") ? 2 : 1); pg++) {
        struct bed t = bed_make(pg);
        fn(&t);
        bed_end(&t);
    }
}
