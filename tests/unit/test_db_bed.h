/* SPDX-License-Identifier: MIT */
/* tests/unit/test_db_bed.h - a database of its own for each test of db: a SQLite file and, when
 * KONTOR_TEST_PG names a server ("postgresql://postgres@127.0.0.1:5432"), a PostgreSQL database that the
 * test makes and drops. */
#pragma once
#include "db/db_int.h"
#include "t.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

struct bed {
    str url, folder;
    struct cx cx;
    struct dbase *b;
};
static const char *pg_server; /* the engine under test: NULL is SQLite */

static inline void pg_admin(const char *before, const char *name, const char *after)
{
    char sql[200];
    PGconn *c = PQconnectdb(pg_server);
    (void)snprintf(sql, sizeof sql, "%s \"%s\"%s", before, name, after);
    PGresult *r = PQexec(c, sql);
    T(PQresultStatus(r) == PGRES_COMMAND_OK);
    PQclear(r);
    PQfinish(c);
}

static inline struct bed bed_make(struct db_opts o)
{
    struct bed t = {.cx = t_cx()};
    t.folder = t_folder(t.cx.a, "db");
    if (pg_server) {
        pg_admin("CREATE DATABASE", t_last_part(t.folder), "");
        t.url = arena_fmt(t.cx.a, "%s/%s", pg_server, t_last_part(t.folder));
    } else {
        t.url = arena_fmt(t.cx.a, "sqlite:%.*s/k.db", FS(t.folder));
    }
    o.url = t.url;
    o.create = true;
    if (!o.readers) o.readers = 4;
    T_OK(&t.cx, dbase_open(&t.cx, &o, &t.b));
    t.cx.db = db_get(t.b);
    return t;
}

static inline void bed_end(struct bed *t)
{
    db_put(&t->cx.db);
    dbase_close(&t->b);
    if (pg_server) pg_admin("DROP DATABASE", t_last_part(t->folder), " WITH (FORCE)");
    char cmd[200];
    (void)snprintf(cmd, sizeof cmd, "rm -rf '%s'", t->folder.p);
    T(system(cmd) == 0);
    t_cx_free(&t->cx);
}

static inline enum err make_table(struct cx *cx, void *arg)
{
    (void)arg;
    return db_ddl(
        cx,
        S("CREATE TABLE thing(id @ID, name TEXT UNIQUE, n BIGINT NOT NULL DEFAULT 0, at TEXT)"));
}
static inline struct bed bed_things(struct db_opts o)
{
    struct bed t = bed_make(o);
    T_OK(&t.cx, db_write(&t.cx, make_table, NULL));
    return t;
}

struct thing {
    int64_t id;
    str name;
    enum err then; /* what the function says after its work */
    struct thing *inner;
    enum err inner_got;
    bool swallow;
};
static inline enum err put_thing(struct cx *cx, void *arg)
{
    struct thing *x = arg;
    TRY(db_exec(cx, NULL, "INSERT INTO thing(id, name) VALUES($1, $2)", V(x->id), V(x->name)));
    if (x->inner) {
        x->inner_got = db_write(cx, put_thing, x->inner);
        if (!x->swallow) TRY(x->inner_got);
    }
    return x->then == E_OK ? E_OK : fail(cx, x->then, "as told");
}
static inline int64_t count(struct cx *cx)
{
    struct db_rows r = {0};
    return T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM thing")) ? db_int(&r, 0, 0) : -1;
}

/* Until the thread sleeps: behind db_get, only the writer's queue lets it. */
static inline void wait_asleep(_Atomic pid_t *tid)
{
    bool asleep = false;
    for (int i = 0; i < 100000 && !asleep; i++, usleep(100)) {
        char path[64], text[256] = "";
        (void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)atomic_load(tid));
        FILE *f = atomic_load(tid) ? fopen(path, "r") : NULL;
        size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
        if (f) (void)fclose(f);
        const char *state = n ? strrchr(text, ')') : NULL;
        asleep = state && state[1] && state[2] == 'S';
    }
    T(asleep);
}
