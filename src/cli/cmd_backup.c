/* SPDX-License-Identifier: MIT */
/* cli/cmd_backup.c - backup, restore, move, verify: each ends with what was proved. They read the base beside a running
 * server; none of them writes to it but an event into the security log. */
#include "backup/backup.h"
#include "backup/daily.h"
#include "backup/move.h"
#include "backup/restore.h"
#include "backup/verify.h"
#include "cli/cli_int.h"
#include "os/os.h"

#include <unistd.h>

enum { CA_FILE_MAX = 256 * 1024 };
enum {
    BACKUP_READERS = 2,
    PG_TIMEOUT_MS = 24 * 3600 * 1000,
    TEXT_MAX = 4 * 1024 * 1024,
    KEEP_MAX = 1000,
    PART_MIN = 5, /* of S3 itself, in MiB */
    PART_MAX = 5 * 1024
};

static void show(void *arg, int64_t done, int64_t total) { (void)cli_progress(arg, done, total); }

static enum err base_open(struct cli *c, str url, struct dbase **ret)
{
    struct db_opts o = {.url = url,
                        .readers = BACKUP_READERS,
                        .read_only = true,
                        .plain = cli_is_yes(c, "plain_outgoing"),
                        .statement_timeout_ms = PG_TIMEOUT_MS};
    return dbase_open(c->cx, &o, ret);
}

static str own_url(struct cli *c)
{
    return store_url(c->cx, cli_setting(c, "data"), cli_setting(c, "db"));
}
static str in_data(struct cli *c, const char *name)
{
    return arena_fmt(c->cx->a, "%.*s/%s", FS(cli_setting(c, "data")), name);
}

static void seconds(struct cli *c, int64_t ms)
{
    cli_say(c, "%" PRId64 ".%03d s", ms / 1000, (int)(ms % 1000));
}

/* ---- backup ---- */
static enum err keep_read(struct cli *c, struct backup_keep *ret)
{
    int64_t n[3] = {0};
    str one = {0}, rest = cli_setting(c, "backup_keep");
    for (size_t i = 0; i < COUNT(n); i++) {
        bool more = str_split(rest, ',', &one, &rest);
        if (more != (i + 1 < COUNT(n)) || !str_to_int(str_trim(one), &n[i]) || n[i] < 0 ||
            n[i] > KEEP_MAX)
            return cli_usage(c, "backup_keep takes three numbers like 7,4,6");
    }
    *ret = (struct backup_keep){(int)n[0], (int)n[1], (int)n[2]};
    return E_OK;
}

static enum err part_read(struct cli *c, int64_t *ret)
{
    int64_t n = 0;
    str s = str_trim(cli_setting(c, "s3_part"));
    if (!str_to_int(s, &n) || n < PART_MIN || n > PART_MAX)
        return cli_usage(c, "s3_part: a number of MiB from %d to %d", PART_MIN, PART_MAX);
    *ret = n * 1024 * 1024;
    return E_OK;
}

enum err cli_outgoing_ca(struct cli *c, str *ret)
{
    str path = cli_setting(c, "outgoing_ca");
    *ret = S("");
    if (!path.n) return E_OK;
    TRY(os_read_file(c->cx, path, CA_FILE_MAX, ret));
    return str_find(*ret, S("-----BEGIN CERTIFICATE-----")) >= 0
               ? E_OK
               : cli_usage(c, "outgoing_ca: there is no certificate (PEM) in %.*s", FS(path));
}

enum err cli_backup_opts(struct cli *c, struct s3 *ret_s3, struct backup_opts *ret)
{
    *ret_s3 = (struct s3){.endpoint = cli_setting(c, "s3_endpoint"),
                          .bucket = cli_setting(c, "s3_bucket"),
                          .region = cli_setting(c, "s3_region"),
                          .key = cli_setting(c, "s3_key"),
                          .secret = cli_setting(c, "s3_secret"),
                          .prefix = cli_setting(c, "s3_prefix"),
                          .plain = cli_is_yes(c, "plain_outgoing")};
    str dir = cli_setting(c, "backup_dir");
    *ret = (struct backup_opts){.dir = dir.n ? dir : in_data(c, "backups"),
                                .files = in_data(c, "files"),
                                .erasures = in_data(c, "erasures"),
                                .s3 = ret_s3->endpoint.n ? ret_s3 : NULL};
    if (ret->s3 && (!ret_s3->bucket.n || !ret_s3->key.n || !ret_s3->secret.n))
        return cli_usage(c, "s3_endpoint needs s3_bucket, s3_key and s3_secret too");
    if (ret->s3) TRY(s3_sealed(c->cx, ret_s3));
    TRY(cli_outgoing_ca(c, &ret_s3->ca));
    TRY(part_read(c, &ret_s3->part_bytes));
    return keep_read(c, &ret->keep);
}

static enum err backup_listed(struct cli *c, str dir)
{
    struct backup_item *v = NULL;
    size_t n = 0;
    struct cli_json j;
    TRY(backup_list(c->cx, dir, &v, &n));
    if (!c->json) {
        for (size_t i = 0; i < n; i++)
            cli_say(c, "%14" PRId64 "  %.*s\n", v[i].bytes, FS(v[i].path));
        if (!n) cli_note(c, "no backups in %.*s yet\n", FS(dir));
        return E_OK;
    }
    cli_json_begin(c, &j);
    backup_list_json(v, n, &j.w);
    return cli_json_end(c, &j);
}

static enum err backup_said(struct cli *c, const struct backup_report *r)
{
    struct cli_json j;
    if (c->json) {
        cli_json_begin(c, &j);
        backup_json(r, &j.w);
        return cli_json_end(c, &j);
    }
    cli_say(c, "%.*s: %" PRId64 " bytes and %" PRId64 " attachments, %s after ", FS(r->path),
            r->bytes, r->files,
            r->restorable ? "opened, checked, counted: restorable" : "NOT restorable");
    seconds(c, r->ms);
    if (r->uploaded) cli_put(c, S(", also in the store"));
    if (r->removed) cli_say(c, "; %zu older ones let go", r->removed);
    cli_put(c, S("\n"));
    return E_OK;
}

/* A base that is still to be upgraded has no such log, or another one. */
static enum err backup_told(struct cli *c, const struct backup_report *r)
{
    struct event e = {.kind = EVENT_BACKUP_MADE, .detail = event_detail(c->cx, EVENT_KEY_NAME, r->name)};
    enum err err = r->schema == db_schema_latest() ? cli_event(c, own_url(c), &e) : E_OK;
    return err == E_OK ? E_OK
                       : fail(c->cx, err, "the backup is good, but the security log does not tell of it: %.*s",
                              FS(c->cx->msg));
}

enum err cmd_backup(struct cli *c)
{
    struct backup_opts o = {0};
    struct backup_report r = {0};
    struct s3 s3 = {0};
    struct dbase *b = NULL;
    TRY(cli_backup_opts(c, &s3, &o));
    if (cli_has(c, "list")) return backup_listed(c, o.dir);
    o.progress = show;
    o.arg = c;
    if (access(arena_z(c->cx->a, o.files), F_OK) != 0) o.files = S("");
    TRY(base_open(c, own_url(c), &b));
    enum err e = backup_run(c->cx, b, &o, &r);
    dbase_close(&b);
    TRY(e);
    TRY(backup_said(c, &r));
    TRY(backup_told(c, &r));
    if (r.remote_problem.n)
        return fail(c->cx, E_BUSY, "the backup is good, but the store did not take it: %.*s",
                    FS(r.remote_problem));
    return E_OK;
}

/* ---- restore ---- */
/* An older base is upgraded at its first start, and has no such log before. */
static enum err restore_told(struct cli *c, const struct restore_opts *o, const struct restore_report *r)
{
    str name = o->backup, url = r->to_pg ? o->to_url : arena_fmt(c->cx->a, "sqlite:%.*s", FS(r->db));
    while (str_find(name, S("/")) >= 0) name = str_cut(name, (size_t)str_find(name, S("/")) + 1, SIZE_MAX);
    struct event e = {.kind = EVENT_BASE_RESTORED, .detail = event_detail(c->cx, EVENT_KEY_NAME, name)};
    return r->schema == db_schema_latest() ? cli_event(c, url, &e) : E_OK;
}

enum err cmd_restore(struct cli *c)
{
    struct restore_report r = {0};
    struct cli_json j;
    struct restore_opts o = {.backup = c->args[0],
                             .data_dir = cli_setting(c, "data"),
                             .to_url = cli_setting(c, "db"),
                             .plain = cli_is_yes(c, "plain_outgoing"),
                             .without_list = cli_has(c, "without-list")};
    if (!cli_has(c, "data") && !o.to_url.n) return cli_usage(c, "--data names the new folder");
    TRY(restore_run(c->cx, &o, &r));
    TRY(restore_told(c, &o, &r));
    if (c->json) {
        cli_json_begin(c, &j);
        restore_json(&r, &j.w);
        return cli_json_end(c, &j);
    }
    cli_say(
        c, "restored to %.*s: %" PRId64 " bytes, %" PRId64 " attachments, every table counted, in ",
        FS(r.to_pg ? o.to_url : r.db), r.bytes, r.files);
    seconds(c, r.ms);
    cli_put(c, S("\n"));
    if (r.erased && o.data_dir.n)
        cli_say(c, "%" PRId64 " erasures by law came after this backup: the first start does them again\n", r.erased);
    else if (r.erased)
        cli_say(c, "%" PRId64 " erasures by law came after this backup: put %.*s into the data folder, then the first "
                   "start does them again\n",
                r.erased, FS(r.erasures));
    return E_OK;
}

/* ---- move ---- */
static void show_table(void *arg, str table, int64_t rows)
{
    struct cli *c = arg;
    if (c->is_tty && !c->json) cli_note(c, "\r%.*s %" PRId64 "\x1b[K", FS(table), rows);
}

static enum err move_said(struct cli *c, const struct move_report *r)
{
    struct cli_json j;
    if (c->json) {
        cli_json_begin(c, &j);
        move_json(c->cx, r, &j.w);
        return cli_json_end(c, &j);
    }
    if (c->is_tty) cli_note(c, "\r\x1b[K");
    for (size_t i = 0; i < r->n_tables; i++)
        cli_say(c, "%12" PRId64 "  %.*s  %016" PRIx64 "%016" PRIx64 "\n", r->tables[i].to.rows,
                FS(r->tables[i].table), r->tables[i].to.sum[0], r->tables[i].to.sum[1]);
    cli_say(c, "%" PRId64 " rows in %zu tables, %s, in ", r->rows, r->n_tables,
            r->equal ? "counts and checksums equal on both sides" : "NOT EQUAL");
    seconds(c, r->ms);
    cli_put(c, S("\n"));
    return E_OK;
}

static enum err move_between(struct cli *c, str from_url, str to_url)
{
    struct dbase *from = NULL, *to = NULL;
    struct move_report r = {0};
    struct move_opts o = {.progress = show_table, .arg = c};
    struct db_opts ot = {.url = to_url,
                         .readers = BACKUP_READERS,
                         .create = true,
                         .plain = cli_is_yes(c, "plain_outgoing"),
                         .statement_timeout_ms = PG_TIMEOUT_MS};
    TRY(base_open(c, from_url, &from));
    enum err e = dbase_open(c->cx, &ot, &to);
    if (e == E_OK) e = move_run(c->cx, from, to, &o, &r);
    dbase_close(&from);
    dbase_close(&to);
    if (e == E_OK) e = cli_event(c, to_url, &(struct event){.kind = EVENT_BASE_MOVED,
                                                            .n = event_n(r.rows),
                                                            .detail = event_coded(c->cx, r.to_pg ? EVENT_TO_POSTGRESQL
                                                                                                 : EVENT_TO_SQLITE)});
    if (e != E_OK && !r.n_tables) return e;
    str msg = c->cx->msg;
    TRY(move_said(c, &r));
    c->cx->msg = msg;
    return e;
}

enum err cmd_move(struct cli *c)
{
    int lock OWNED(os_close_fd) = -1;
    str from = own_url(c), to = cli_opt(c, "to"), dir = cli_setting(c, "data");
    if (!to.n) return cli_usage(c, "--to URL is missing");
    if (str_eq(from, to)) return cli_usage(c, "--to is where the data are already");
    if (access(arena_z(c->cx->a, dir), X_OK) == 0) {
        enum err e = os_lock_file(c->cx, in_data(c, "lock"), &lock);
        if (e == E_CONFLICT)
            return fail_at(c->cx, e, S("data"),
                           "a program (pid %" PRId64 ") works with %.*s: stop it first",
                           os_lock_holder(c->cx, in_data(c, "lock")), FS(dir));
        TRY(e);
    }
    return move_between(c, from, to);
}

/* ---- verify ---- */
static enum err verify_here(struct cli *c, str url, struct verify_report *r)
{
    struct dbase *b = NULL;
    TRY(base_open(c, url, &b));
    enum err e = verify_base(c->cx, b, &(struct verify_watch){show, c}, r);
    dbase_close(&b);
    return e;
}

/* What cannot be opened at all is told already. */
static enum err log_look(struct cli *c, str data, str url, struct verify_report *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->v[i].what, S("damaged")) || str_eq(r->v[i].what, S("schema"))) return E_OK;
    return audit_into(c, data, url, r);
}

static enum err base_verify(struct cli *c, str folder, str url, struct verify_report *r)
{
    if (url.n) TRY(verify_here(c, url, r));
    else TRY(verify_path(c->cx, folder, &(struct verify_watch){show, c}, r));
    bool sealed = access(arena_fmt(c->cx->a, "%.*s/secret.key", FS(folder)).p, F_OK) == 0;
    return sealed ? log_look(c, folder, url.n ? url : store_url(c->cx, folder, S("")), r) : E_OK;
}

enum err cmd_verify(struct cli *c)
{
    struct verify_report r = {0};
    struct cli_json j;
    struct buf b = buf_new(c->cx->a, TEXT_MAX);
    if (c->n_args) TRY(base_verify(c, c->args[0], S(""), &r));
    else TRY(base_verify(c, cli_setting(c, "data"), cli_setting(c, "db"), &r));
    if (c->json) {
        cli_json_begin(c, &j);
        verify_json(&r, &j.w);
        TRY(cli_json_end(c, &j));
    } else {
        verify_text(&r, &b);
        cli_put(c, buf_str(&b));
    }
    return r.ok ? E_OK : fail(c->cx, E_PRECOND, "something is wrong: see the findings");
}
