/* SPDX-License-Identifier: MIT */
/* cli/cmd_admin.c - upgrade and man. */
#include "cli/cli_int.h"
#include "cli/upgrading.h"
#include "os/os.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ADMIN_READERS = 2, DIR_MODE = 0755, PAGE_MODE = 0644 };

/* ---- upgrade ---- */
static enum err upgrade_said(struct cli *c, const struct store *s, int64_t ms, bool rehearsed)
{
    struct cli_json j;
    const char *what = s->from == s->to ? "is up to date"
                       : rehearsed      ? "would go well"
                                        : "was upgraded";
    if (!c->json) {
        cli_say(c, "the data %s: schema %d to %d (%" PRId64 ".%03d s)\n", what, s->from, s->to,
                ms / 1000, (int)(ms % 1000));
        return E_OK;
    }
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    jw_kint(&j.w, S("from"), s->from);
    jw_kint(&j.w, S("to"), s->to);
    jw_kbool(&j.w, S("rehearsed"), rehearsed);
    jw_kint(&j.w, S("ms"), ms);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}

static void say(void *arg, str line)
{
    struct cli *c = arg;
    struct cx own = {.a = arena_new()}; /* the clock of the upgrade has its own thread */
    str text = arena_fmt(own.a, "%.*s\n", FS(line));
    bool told = os_write_all(&own, c->err, text) == E_OK;
    (void)told; /* nobody reads: the upgrade goes on */
    arena_free(&own.a);
}

static enum err store_upgrade(struct cli *c, struct store_opts o, struct store *ret)
{
    struct upgrading u = {.say = say, .arg = c};
    o.readers = ADMIN_READERS;
    o.how.at = upgrading_at;
    o.how.arg = &u;
    enum err e = store_open(c->cx, &o, ret);
    upgrading_end(&u);
    return e;
}

static enum err upgrade_now(struct cli *c, str dir, str db)
{
    struct store s = {.lock_fd = -1};
    struct store_opts o = {.data_dir = dir, .db = db, .plain = cli_is_yes(c, "plain_outgoing")};
    int64_t from = os_mono_ms();
    enum err e = store_upgrade(c, o, &s);
    if (is_held(c, e))
        return fail_at(c->cx, e, S("data"),
                       "%.*s: stop it (systemctl stop kontor, or kill its pid) and try again; "
                       "--check needs no stop",
                       FS(c->cx->msg));
    TRY(e);
    store_close(&s);
    return upgrade_said(c, &s, os_mono_ms() - from, false);
}

static void drop_copy(struct cx *cx, str path)
{
    static const char *const tail[] = {"", "-wal", "-shm", ".part"};
    str msg = cx->msg, at = cx->at;
    for (size_t i = 0; i < COUNT(tail); i++)
        os_unlink(cx, arena_fmt(cx->a, "%.*s%s", FS(path), tail[i]));
    cx->msg = msg;
    cx->at = at;
}

static void show(void *arg, int64_t done, int64_t total) { (void)cli_progress(arg, done, total); }

/* A copy of the file (others may go on writing), migrated; then it is thrown away. */
static enum err upgrade_check(struct cli *c, str dir, str db)
{
    struct cx *cx = c->cx;
    struct dbase *b = NULL;
    struct store s = {.lock_fd = -1};
    struct db_opts o = {.url = store_url(cx, dir, db),
                        .readers = 1,
                        .read_only = true,
                        .plain = cli_is_yes(c, "plain_outgoing")};
    str copy = arena_fmt(cx->a, "%.*s/upgrade-check-%d.db", FS(dir), (int)getpid());
    int64_t from = os_mono_ms();
    TRY(dbase_open(cx, &o, &b));
    enum err e = dbase_backup(cx, b, copy, show, c);
    dbase_close(&b);
    if (e == E_TYPE)
        return fail(
            cx, e,
            "PostgreSQL: copy the database (createdb -T) and run kontor upgrade --db on the copy");
    struct store_opts so = {.db = arena_fmt(cx->a, "sqlite:%.*s", FS(copy)), .how = {.no_copy = true}};
    if (e == E_OK) e = store_upgrade(c, so, &s);
    int schema_from = s.from, schema_to = s.to;
    store_close(&s);
    drop_copy(cx, copy);
    TRY(e);
    struct store said = {.from = schema_from, .to = schema_to};
    return upgrade_said(c, &said, os_mono_ms() - from, true);
}

enum err cmd_upgrade(struct cli *c)
{
    str dir = cli_setting(c, "data"), db = cli_setting(c, "db");
    return cli_has(c, "check") ? upgrade_check(c, dir, db) : upgrade_now(c, dir, db);
}

/* ---- man ---- */
static enum err page_to(struct cli *c, str dir, const struct command *cmd)
{
    str name = cmd ? arena_fmt(c->cx->a, "kontor-%.*s", FS(cmd->name)) : S("kontor");
    str path = arena_fmt(c->cx->a, "%.*s/%.*s.1", FS(dir), FS(name)), part = {0};
    int fd OWNED(os_close_fd) = -1;
    TRY(os_temp_file(c->cx, arena_fmt(c->cx->a, "%.*s.", FS(path)), &fd, &part));
    int out = c->out;
    c->out = fd;
    if (cmd) man_command(c, cmd);
    else man_all(c);
    enum err e = cli_flush(c);
    c->out = out;
    if (e == E_OK && fchmod(fd, PAGE_MODE) == 0 &&
        rename(arena_z(c->cx->a, part), arena_z(c->cx->a, path)) == 0)
        return E_OK;
    os_unlink(c->cx, part);
    return fail(c->cx, E_INTERNAL, "%.*s could not be written", FS(path));
}

enum err cmd_man(struct cli *c)
{
    str dir = cli_opt(c, "to");
    if (!dir.n) {
        const struct command *cmd = c->n_args ? command_find(c, c->args[0]) : NULL;
        if (c->n_args && !cmd) return cli_usage(c, "there is no command '%.*s'", FS(c->args[0]));
        if (cmd) man_command(c, cmd);
        else man_all(c);
        return E_OK;
    }
    TRY(os_mkdirs(c->cx, dir, DIR_MODE));
    TRY(page_to(c, dir, NULL));
    for (size_t i = 0; command_at(c, i); i++) TRY(page_to(c, dir, command_at(c, i)));
    return E_OK;
}
