/* SPDX-License-Identifier: MIT */
/* cli/cmd_doctor.c - what an administrator would look at, looked at; each finding says what to do. Reads alone. */
#include "cli/cli_int.h"

#include "api/scan.h"
#include "mail/mail.h"
#include "os/os.h"
#include "os/outgoing.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FREE_MIN_MIB = 512, YEAR_2025_S = 1735689600, FREE_TIMES_DB = 2 };
enum verdict { FINE, ODD, BAD };

struct exam {
    struct cli *c;
    struct cli_json j;
    int bad;
};

static void found(struct exam *x, enum verdict v, const char *what, const char *fmt, ...)
    PRINTF(4, 5);
static void found(struct exam *x, enum verdict v, const char *what, const char *fmt, ...)
{
    static const char *const word[] = {"ok", "warning", "bad"};
    va_list ap;
    va_start(ap, fmt);
    str text = arena_fmt_v(x->c->cx->a, fmt, ap);
    va_end(ap);
    x->bad += v == BAD;
    if (!x->c->json) {
        cli_say(x->c, "%-8s %-10s %.*s\n", word[v], what, FS(text));
        return;
    }
    jw_obj(&x->j.w);
    jw_kstr(&x->j.w, S("check"), str_from(what));
    jw_kstr(&x->j.w, S("verdict"), str_from(word[v]));
    jw_kstr(&x->j.w, S("detail"), text);
    jw_obj_end(&x->j.w);
}

/* The failed call's words. */
static void failed(struct exam *x, enum verdict v, const char *what)
{
    found(x, v, what, "%.*s", FS(x->c->cx->msg));
}

static bool look_folder(struct exam *x, str dir)
{
    struct stat st;
    const char *z = arena_z(x->c->cx->a, dir);
    if (stat(z, &st) != 0) {
        found(x, BAD, "folder", "%s is not there: kontor init --data %s", z, z);
        return false;
    }
    if (!S_ISDIR(st.st_mode)) found(x, BAD, "folder", "%s is no folder", z);
    else if (st.st_mode & 077)
        found(x, BAD, "folder", "others on this machine may look into %s: chmod 700 %s", z, z);
    else if (access(z, R_OK | W_OK | X_OK) != 0)
        found(x, BAD, "folder", "%s may not be written: run as its owner (uid %u)", z, st.st_uid);
    else if (st.st_uid != getuid() && getuid() != 0)
        found(x, ODD, "folder", "%s belongs to uid %u, you are %u", z, st.st_uid, getuid());
    else found(x, FINE, "folder", "%s, for its owner alone", z);
    return true;
}

static void look_disk(struct exam *x, str dir, str url)
{
    struct stat st;
    int64_t mib = os_free_bytes(x->c->cx, dir), db = 0;
    if (mib < 0) return;
    mib /= 1024 * 1024;
    if (str_has_prefix(url, S("sqlite:")) &&
        stat(arena_z(x->c->cx->a, str_cut(url, 7, url.n)), &st) == 0)
        db = st.st_size / (1024 * 1024);
    if (mib < FREE_MIN_MIB) found(x, BAD, "disk", "only %" PRId64 " MiB are free: make room", mib);
    else if (mib < db * FREE_TIMES_DB)
        found(x, ODD, "disk",
              "%" PRId64 " MiB are free, the database has %" PRId64
              ": an upgrade or backup needs more",
              mib, db);
    else found(x, FINE, "disk", "%" PRId64 " MiB free, the database has %" PRId64, mib, db);
}

static void look_clock(struct exam *x)
{
    struct db_rows r = {0};
    struct cx *cx = x->c->cx;
    int64_t now = os_now_ms();
    if (now / 1000 < YEAR_2025_S) {
        found(x, BAD, "clock", "it stands before 2025: set it (timedatectl)");
        return;
    }
    if (!cx->db || db_query(cx, &r, "SELECT max(at) FROM change") != E_OK || !r.n) return;
    int64_t ahead = db_int(&r, 0, 0) - now;
    if (ahead > 60000)
        found(x, ODD, "clock",
              "the newest change lies %" PRId64 " s in the future: was the clock put back?",
              ahead / 1000);
    else found(x, FINE, "clock", "agrees with the log");
}

static void look_schema(struct exam *x)
{
    int v = 0;
    if (db_schema_version(x->c->cx, &v) != E_OK) failed(x, BAD, "schema");
    else if (!v) found(x, BAD, "schema", "there is no data yet: kontor init");
    else if (v < db_schema_latest())
        found(x, ODD, "schema", "%d, this program has %d: kontor upgrade", v, db_schema_latest());
    else found(x, FINE, "schema", "%d, the newest", v);
}

static void look_meta(struct exam *x)
{
    struct cx *cx = x->c->cx;
    struct meta *m = NULL;
    if (meta_load(cx, &m) != E_OK) {
        failed(x, BAD, "meta");
        return;
    }
    size_t missing = 0;
    for (size_t i = 0; i < m->n; i++) {
        bool has = false;
        str table = str_cut(m->entity[i].table, 1, m->entity[i].table.n - 1);
        missing += !m->entity[i].trashed && (db_has_table(cx, table, &has) != E_OK || !has);
    }
    if (missing)
        found(x, ODD, "meta", "%zu entities have no table yet: the next start makes them", missing);
    else found(x, FINE, "meta", "%zu entities, all with their tables", m->n);
    meta_drop(&m);
}

static void look_users(struct exam *x)
{
    struct db_rows r = {0};
    if (db_query(x->c->cx, &r, "SELECT count(*) FROM credential") != E_OK) failed(x, BAD, "users");
    else if (!db_int(&r, 0, 0))
        found(x, ODD, "users",
              "nobody can log in: finish the set-up in the browser or kontor init");
    else found(x, FINE, "users", "%" PRId64 " can log in", db_int(&r, 0, 0));
}

/* What PostgreSQL lets us do beyond our own base, and who could read along on the way to it. */
static void look_account(struct exam *x)
{
    struct db_rows r = {0};
    if (!db_is_pg(x->c->cx)) return;
    if (db_query(
            x->c->cx, &r,
            "SELECT CAST(CAST(rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR "
            "rolbypassrls OR "
            "pg_has_role(current_user, 'pg_execute_server_program', 'member') OR "
            "pg_has_role(current_user, 'pg_write_server_files', 'member') AS INTEGER) AS BIGINT), "
            "CAST(CAST(coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) "
            "OR "
            "inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8' OR "
            "inet_server_addr() = '::1' "
            "AS INTEGER) AS BIGINT) FROM pg_roles WHERE rolname = current_user") != E_OK ||
        !r.n) {
        failed(x, ODD, "account");
        return;
    }
    if (db_int(&r, 0, 0))
        found(x, ODD, "account",
              "this account of PostgreSQL may do more than own its base: ALTER ROLE ... "
              "NOSUPERUSER NOCREATEROLE "
              "NOCREATEDB NOREPLICATION NOBYPASSRLS, and no role that reaches the server's files "
              "or programs");
    else found(x, FINE, "account", "no rights beyond its base, as far as roles tell");
    if (!db_int(&r, 0, 1))
        found(x, ODD, "account",
              "the way to PostgreSQL is not encrypted: add sslmode=verify-full to its URL");
}

/* Connections to other machines that are set up to go without TLS, and whether they may. */
static void look_outgoing(struct exam *x, bool has_db)
{
    struct cli *c = x->c;
    struct buf b = buf_new(c->cx->a, 512);
    struct mail_conf mail = {0};
    if (outgoing_in_clear(cli_setting(c, "s3_endpoint"))) buf_add(&b, S(" s3_endpoint"));
    if (scan_in_clear(cli_setting(c, "scan"))) buf_add(&b, S(" scan"));
    if (has_db && mail_conf_get(c->cx, &mail) == E_OK && mail.host.n && mail_in_clear(&mail)) buf_add(&b, S(" mail"));
    if (!cli_is_yes(c, "plain_outgoing") && b.n)
        found(x, BAD, "outgoing", "these would go to another machine without TLS and are refused:%.*s",
              FS(buf_str(&b)));
    else if (b.n)
        found(x, ODD, "outgoing", "plain_outgoing = yes: everybody on the way can read along:%.*s", FS(buf_str(&b)));
    else if (cli_is_yes(c, "plain_outgoing"))
        found(x, ODD, "outgoing",
              "plain_outgoing = yes: connections to other machines may go without TLS; take it back where none has to");
    else found(x, FINE, "outgoing", "to other machines by TLS alone");
}

static void look_file(struct exam *x, str url)
{
    struct db_report rep = {0};
    if (!str_has_prefix(url, S("sqlite:"))) return;
    if (dbase_check(x->c->cx, str_cut(url, 7, url.n), &rep) != E_OK) failed(x, BAD, "database");
    else if (!rep.integrity_ok)
        found(x, BAD, "database", "damaged: %.*s; stop the server and restore the last backup",
              FS(rep.problem));
    else found(x, FINE, "database", "every page is sound");
}

static void look_db(struct exam *x, str url)
{
    struct cx *cx = x->c->cx;
    struct dbase *b = NULL;
    struct db_opts o = {
        .url = url, .readers = 1, .read_only = true, .plain = cli_is_yes(x->c, "plain_outgoing")};
    if (dbase_open(cx, &o, &b) != E_OK) {
        failed(x, BAD, "database");
        look_clock(x);
        look_outgoing(x, false);
        return;
    }
    cx->db = db_get(b);
    look_schema(x);
    look_clock(x);
    look_account(x);
    int v = 0;
    if (db_schema_version(cx, &v) == E_OK && v) {
        look_meta(x);
        look_users(x);
    }
    look_outgoing(x, v > 0);
    db_put(&cx->db);
    dbase_close(&b);
    look_file(x, url);
}

static void look_server(struct exam *x, str dir)
{
    int fd OWNED(os_close_fd) = -1;
    str lock = arena_fmt(x->c->cx->a, "%.*s/lock", FS(dir));
    if (os_lock_file(x->c->cx, lock, &fd) == E_CONFLICT)
        found(x, FINE, "server", "a program (pid %" PRId64 ") works with the folder",
              os_lock_holder(x->c->cx, lock));
    else found(x, FINE, "server", "none is running: kontor serve --data %.*s", FS(dir));
}

enum err cmd_doctor(struct cli *c)
{
    struct exam x = {.c = c};
    str dir = cli_setting(c, "data"), db = cli_setting(c, "db"), url = store_url(c->cx, dir, db);
    if (cli_has(c, "limits")) {
        limits_md(c);
        return E_OK;
    }
    if (cli_has(c, "settings")) {
        settings_md(c);
        return E_OK;
    }
    cli_json_begin(c, &x.j);
    jw_arr(&x.j.w);
    bool there = look_folder(&x, dir);
    if (there) {
        look_disk(&x, dir, url);
        look_server(&x, dir);
    }
    if (there || db.n) look_db(&x, url);
    jw_arr_end(&x.j.w);
    if (c->json) TRY(cli_json_end(c, &x.j));
    return x.bad ? fail(c->cx, E_PRECOND, "%d of the checks found something to mend", x.bad) : E_OK;
}
