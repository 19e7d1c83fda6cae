/* SPDX-License-Identifier: MIT */
/* db/db_schema.c - migrations: numbered, recorded in `migration`, forward only; and reading the log. */
#include "db/db_int.h"

#define BOTH(n, sql)   {n, STEP_BOTH, S0(sql)},
#define SQLITE(n, sql) {n, STEP_SQLITE, S0(sql)},
#define PG(n, sql)     {n, STEP_PG, S0(sql)},
#define PG_MAY(n, sql) {n, STEP_PG_MAY, S0(sql)},
static const struct db_step steps[] = {
#include "db/schema.def"
};
#undef BOTH
#undef SQLITE
#undef PG
#undef PG_MAY
enum { SQL_MAX = 64 * 1024, PG_TRIES = 3 };

static const struct {
    str token, text[2]; /* SQLite, PostgreSQL */
} tokens[] = {
    {S0("@ID"), {S0("INTEGER PRIMARY KEY"), S0("BIGINT PRIMARY KEY")}},
    {S0("@XID"),
     {S0(""), S0(", xid BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)")}},
    {S0("@CLUSTERED"), {S0(" WITHOUT ROWID"), S0("")}},
};

static str expand(struct cx *cx, str sql)
{
    struct buf b = buf_new(cx->a, SQL_MAX);
    bool pg = db_is_pg(cx);
    for (size_t i = 0; i < sql.n;) {
        str rest = str_cut(sql, i, sql.n);
        size_t k = 0;
        while (k < COUNT(tokens) && !str_has_prefix(rest, tokens[k].token)) k++;
        if (k < COUNT(tokens)) {
            buf_add(&b, tokens[k].text[pg]);
            i += tokens[k].token.n;
        } else {
            buf_byte(&b, sql.p[i++]);
        }
    }
    return b.full ? S("") : buf_str(&b);
}

enum err db_ddl(struct cx *cx, str sql)
{
    assert(db_is_writing(cx));
    str text = expand(cx, sql);
    if (!text.n) return fail(cx, E_LIMIT, "This is too large");
    TRY(db_fault(cx, cx->db));
    return cx->db->ops->ddl(cx, cx->db, text);
}

enum err db_has_table(struct cx *cx, str table, bool *ret)
{
    struct db_rows r = {0};
    if (db_is_pg(cx))
        TRY(db_query(cx, &r,
                     "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema()"
                     " AND table_name = $1",
                     V(table)));
    else
        TRY(db_query(cx, &r, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1",
                     V(table)));
    *ret = r.n > 0;
    return E_OK;
}

enum err db_has_column(struct cx *cx, str table, str column, bool *ret)
{
    struct db_rows r = {0};
    if (db_is_pg(cx))
        TRY(db_query(
            cx, &r,
            "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema()"
            " AND table_name = $1 AND column_name = $2",
            V(table), V(column)));
    else
        TRY(db_query(cx, &r, "SELECT 1 FROM pragma_table_info($1) WHERE name = $2", V(table),
                     V(column)));
    *ret = r.n > 0;
    return E_OK;
}

enum err db_indexes(struct cx *cx, str table, struct db_rows *ret)
{
    if (db_is_pg(cx))
        return db_query(cx, ret,
                        "SELECT CAST(c.relname AS TEXT) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                        " JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace"
                        " WHERE t.relname = CAST($1 AS TEXT) AND n.nspname = current_schema() AND NOT i.indisprimary"
                        " ORDER BY 1",
                        V(table));
    return db_query(cx, ret,
                    "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL"
                    " ORDER BY 1",
                    V(table));
}

enum err db_schema_version(struct cx *cx, int *ret)
{
    bool known = false;
    struct db_rows r = {0};
    TRY(db_has_table(cx, S("migration"), &known));
    if (known) TRY(db_query(cx, &r, "SELECT coalesce(max(n), 0) FROM migration"));
    int64_t n = known ? db_int(&r, 0, 0) : 0;
    if (n < 0 || n > INT32_MAX)
        return fail(cx, E_PRECOND, "The database's schema number makes no sense");
    *ret = (int)n;
    return E_OK;
}

int db_schema_latest(void) { return steps[COUNT(steps) - 1].n; }

/* ---- migrating ---- */

struct run {
    const struct db_step *step;
    size_t n_steps;
    int from, to;
    struct db_upgrade how;
};

static void tell(const struct db_upgrade *how, enum db_phase phase, int64_t done, int64_t total)
{
    if (how->at) how->at(how->arg, phase, done, total);
}

static enum err ensure_table(struct cx *cx, void *arg)
{
    (void)arg;
    return db_ddl(cx, S("CREATE TABLE IF NOT EXISTS migration(n @ID, name TEXT, at BIGINT)"));
}

static enum err may_fail(struct cx *cx, void *arg) { return db_ddl(cx, *(const str *)arg); }

static bool step_is_for(const struct db_step *s, bool pg)
{
    return pg ? s->on != STEP_SQLITE : s->on == STEP_BOTH || s->on == STEP_SQLITE;
}

static enum err step_run(struct cx *cx, const struct db_step *s)
{
    if (s->on != STEP_PG_MAY) return db_ddl(cx, s->sql);
    str sql = s->sql;
    enum err e = db_write(cx, may_fail, &sql);
    if (e == E_BUSY || e == E_UNCERTAIN) return e;
    if (e != E_OK)
        db_log("warn", "schema step %d goes without, search will be slower: %.*s", s->n, FS(sql));
    return E_OK;
}

/* How many statements lie between two versions. */
static int64_t steps_between(const struct run *r, int from, int to, bool pg)
{
    int64_t n = 0;
    for (size_t i = 0; i < r->n_steps; i++)
        n += r->step[i].n > from && r->step[i].n <= to && step_is_for(&r->step[i], pg);
    return n;
}

/* One number in one transaction; another node may have been faster, then there is nothing to do. */
static enum err migrate_one(struct cx *cx, void *arg)
{
    const struct run *r = arg;
    int now = 0;
    bool pg = db_is_pg(cx);
    int64_t done = steps_between(r, r->from, r->to - 1, pg),
            all = steps_between(r, r->from, r->step[r->n_steps - 1].n, pg);
    if (pg) TRY(db_ddl(cx, S("LOCK TABLE migration IN ACCESS EXCLUSIVE MODE")));
    TRY(db_schema_version(cx, &now));
    if (now >= r->to) return E_OK;
    for (size_t i = 0; i < r->n_steps; i++) {
        if (r->step[i].n != r->to || !step_is_for(&r->step[i], pg)) continue;
        tell(&r->how, DB_CHANGING, done++, all);
        TRY(step_run(cx, &r->step[i]));
    }
    return db_exec(cx, NULL, "INSERT INTO migration(n, name, at) VALUES($1, $2, $3)", V(r->to),
                   V(S("kontor " KONTOR_VERSION)), V(cx->now_ms ? cx->now_ms : clock_ms()));
}

/* A copy beside the file that was opened and checked: the way back when a migration goes wrong. */
static void on_pages(void *arg, int64_t done, int64_t total) { tell(arg, DB_COPYING, done, total); }

static enum err keep_copy(struct cx *cx, struct dbase *b, int from, struct db_upgrade *how)
{
    str to = arena_fmt(cx->a, "%s.before-%d", b->path, from + 1);
    struct db_report was = {0};
    tell(how, DB_COPYING, 0, 0);
    if (!db_clone(cx, b, to)) TRY(dbase_backup(cx, b, to, on_pages, how));
    tell(how, DB_CHECKING, 0, 0);
    TRY(dbase_check(cx, to, &was));
    if (!was.integrity_ok || was.schema != from)
        return fail(cx, E_INTERNAL, "The copy before the migration is not sound: %.*s",
                    FS(was.problem));
    return E_OK;
}

static enum err migrate(struct cx *cx, struct dbase *b, struct run *r, int *ret_from, int *ret_to)
{
    int from = 0, latest = r->step[r->n_steps - 1].n;
    TRY(db_schema_version(cx, &from));
    if (from > latest)
        return fail(cx, E_PRECOND, "The database has schema %d, this program knows %d", from,
                    latest);
    if (from < latest && from > 0 && !dbase_is_pg(b) && !r->how.no_copy)
        TRY(keep_copy(cx, b, from, &r->how));
    r->from = from;
    if (from == 0) r->how.at = NULL;
    enum err e = from < latest ? E_BUSY : E_OK;
    for (int i = 0; i < PG_TRIES && e != E_OK; i++) /* two nodes may create it in the same moment */
        e = db_write(cx, ensure_table, NULL);
    if (e != E_OK) return e;
    for (r->to = from + 1; r->to <= latest; r->to++) TRY(db_write(cx, migrate_one, r));
    *ret_from = from;
    *ret_to = latest;
    return E_OK;
}

enum err db_migrate_with(struct cx *cx, struct dbase *b, const struct db_step *step, size_t n_steps,
                         const struct db_upgrade *how, int *ret_from, int *ret_to)
{
    struct db *held = cx->db;
    struct run r = {.step = step, .n_steps = n_steps};
    if (how) r.how = *how;
    if (!held) cx->db = db_get(b);
    enum err e = migrate(cx, b, &r, ret_from, ret_to);
    if (!held) db_put(&cx->db);
    cx->db = held;
    return e;
}

enum err db_migrate(struct cx *cx, struct dbase *b, int *ret_from, int *ret_to)
{
    return db_migrate_how(cx, b, NULL, ret_from, ret_to);
}

enum err db_migrate_how(struct cx *cx, struct dbase *b, const struct db_upgrade *how, int *ret_from,
                        int *ret_to)
{
    return db_migrate_with(cx, b, steps, COUNT(steps), how, ret_from, ret_to);
}

/* ---- following the log ---- */

enum err db_horizon(struct cx *cx, int64_t *ret)
{
    struct db_rows r = {0};
    if (!db_is_pg(cx)) {
        *ret = INT64_MAX;
        return E_OK;
    }
    TRY(db_query(cx, &r,
                 "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"));
    *ret = db_int(&r, 0, 0);
    return E_OK;
}

enum err db_changes(struct cx *cx, struct db_pos *pos, size_t max, struct db_rows *ret)
{
    struct db_rows r = {0};
    int64_t limit = max < DB_ROWS_MAX ? (int64_t)max : DB_ROWS_MAX;
    if (db_is_pg(cx))
        TRY(db_query(
            cx, &r,
            "SELECT seq, at, who, way, batch, entity, record, op, version, old, api_key, xid FROM change"
            " WHERE (xid, seq) > ($1, $2) AND xid <"
            " CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"
            " ORDER BY xid, seq LIMIT $3",
            V(pos->xid), V(pos->seq), V(limit)));
    else
        TRY(db_query(
            cx, &r,
            "SELECT seq, at, who, way, batch, entity, record, op, version, old, api_key, 0 FROM change"
            " WHERE seq > $1 ORDER BY seq LIMIT $2",
            V(pos->seq), V(limit)));
    if (r.n) *pos = (struct db_pos){db_int(&r, r.n - 1, 11), db_int(&r, r.n - 1, 0)};
    *ret = r;
    return E_OK;
}
