/* SPDX-License-Identifier: MIT */
/* cli/run.c - from a command line to a command: help, settings, the data folder or its server, the exit code. */
#include "base/log.h"
#include "cli/cli_int.h"
#include "os/os.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 20000, LOCK_STEP_MS = 50, CLI_READERS = 3 };

enum err cli_usage(struct cli *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    str msg = arena_fmt_v(c->cx->a, fmt, ap);
    va_end(ap);
    c->is_usage = true;
    return fail(c->cx, E_BAD, "%.*s", FS(msg));
}

static void json_error(struct cli *c, enum err e)
{
    struct buf b = buf_new(c->cx->a, CLI_FILE_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_key(&w, S("error"));
    jw_obj(&w);
    jw_kstr(&w, S("code"), c->is_usage ? S("usage") : err_info[e].name);
    jw_kstr(&w, S("detail"), c->cx->msg);
    if (c->cx->at.n) jw_kstr(&w, S("field"), c->cx->at);
    jw_obj_end(&w);
    jw_obj_end(&w);
    cli_note(c, "%.*s\n", FS(buf_str(&b)));
}

int command_end(struct cli *c, enum err e)
{
    enum err f = cli_flush(c);
    if (e == E_OK) e = f;
    if (e == E_OK) return EXIT_DONE;
    const struct cx *cx = c->cx;
    if (c->json) json_error(c, e);
    else
        cli_note(c, "kontor: %.*s%s%.*s\n", FS(cx->at), cx->at.n ? ": " : "",
                 FS(cx->msg.n ? cx->msg : err_info[e].name));
    return c->is_usage ? EXIT_USAGE : EXIT_FAILED;
}

enum err command_run(struct cli *c)
{
    int64_t user = 0;
    str as = cli_opt(c, "as");
    if (as.n) {
        if (auth_user_by_mail(c->cx, as, &user) != E_OK)
            return fail_at(c->cx, E_NOTFOUND, S("as"), "there is no active user %.*s", FS(as));
        TRY(auth_as(c->cx, user));
    }
    return c->cmd->fn(c);
}

/* ---- with the data ---- */
static enum err run_here(struct cli *c, struct store *s)
{
    c->store = s;
    c->auth = auth_open(s->vault);
    enum err e = store_enter(c->cx, s);
    if (e == E_OK) e = command_run(c);
    store_leave(c->cx);
    auth_close(&c->auth);
    c->store = NULL;
    return e;
}

bool is_held(const struct cli *c, enum err e)
{
    return e == E_CONFLICT && str_eq(c->cx->at, S("data"));
}

/* `init` where another is at work. */
static enum err init_late(struct cli *c, struct store_opts o)
{
    struct store s = {.lock_fd = -1};
    str msg = c->cx->msg;
    bool needed = true;
    o.create = false;
    o.read_only = true;
    if (store_open(c->cx, &o, &s) == E_OK) {
        enum err e = store_enter(c->cx, &s);
        if (e == E_OK) e = setup_needed(c->cx, &needed);
        store_leave(c->cx);
        needed = needed || e != E_OK;
    }
    store_close(&s);
    if (!needed)
        return fail_at(c->cx, E_CONFLICT, S("data"), "%.*s is set up already; %.*s",
                       FS(o.data_dir), FS(msg));
    return fail_at(c->cx, E_CONFLICT, S("data"),
                   "%.*s: set it up in the browser, at the address with the token that the server "
                   "printed, or stop it and try again",
                   FS(msg));
}

/* Opens the folder; while another holds it asks the server there, or waits for a command that will end soon. */
static enum err run_store(struct cli *c, int *ret_code, bool *ret_remote)
{
    struct store s = {.lock_fd = -1};
    struct store_opts o = {.data_dir = cli_setting(c, "data"),
                           .db = cli_setting(c, "db"),
                           .readers = CLI_READERS,
                           .plain = cli_is_yes(c, "plain_outgoing"),
                           .create = c->cmd->flags & CMD_CREATE};
    if (o.db.n && !o.create && access(arena_z(c->cx->a, o.data_dir), X_OK) != 0)
        o.data_dir = S(""); /* a database alone */
    int64_t until = os_mono_ms() + LOCK_WAIT_MS;
    enum err e = E_OK;
    for (;;) {
        if (c->cmd->flags & CMD_STOPS) signals_take(c);
        e = store_open(c->cx, &o, &s);
        if (!is_held(c, e)) break;
        signals_give(c); /* a server sees by itself that its client is gone */
        str msg = c->cx->msg;
        if (o.create) return init_late(c, o);
        enum err r = remote_run(c, ret_code);
        *ret_remote = r == E_OK;
        if (r != E_NOTFOUND) return r;
        if (os_mono_ms() >= until) return fail_at(c->cx, E_CONFLICT, S("data"), "%.*s", FS(msg));
        (void)usleep(LOCK_STEP_MS * 1000);
    }
    TRY(e);
    e = run_here(c, &s);
    store_close(&s);
    return e;
}

/* ---- the command line ---- */
static int run_command(struct cli *c, const str *argv, size_t n)
{
    int code = EXIT_DONE;
    bool remote = false;
    cli_out_begin(c);
    for (size_t i = 0; i < n; i++)
        c->json |= str_eq(argv[i], S("--json")); /* an error of the parser is told as wished too */
    enum err e = args_parse(c, argv, n);
    if (e == E_OK && cli_has(c, "help")) {
        help_command(c, c->cmd);
        return command_end(c, E_OK);
    }
    if (e == E_OK) e = config_load(c);
    if (e == E_OK) e = c->cmd->flags & CMD_STORE ? run_store(c, &code, &remote) : c->cmd->fn(c);
    return remote && e == E_OK ? code : command_end(c, e);
}

static int run_first(struct cli *c, const str *argv, size_t n)
{
    str first = n ? argv[0] : S("");
    if (str_eq(first, S("--version"))) cli_put(c, S("kontor " KONTOR_VERSION "\n"));
    else if (n == 0 || str_eq(first, S("--help")) || str_eq(first, S("-h")) ||
             (str_eq(first, S("help")) && n == 1))
        help_all(c);
    else {
        bool help = str_eq(first, S("help"));
        c->cmd = command_find(c, argv[help]);
        if (c->cmd && help) help_command(c, c->cmd);
        else if (c->cmd) return run_command(c, argv + 1, n - 1);
        else {
            str names[64], near = {0};
            size_t k = 0;
            for (; k < COUNT(names) && command_at(c, k); k++) names[k] = command_at(c, k)->name;
            near = nearest(c->cx, argv[help], names, k);
            enum err e = near.n
                             ? cli_usage(c, "there is no command '%.*s': did you mean %.*s?",
                                         FS(argv[help]), FS(near))
                             : cli_usage(c, "there is no command '%.*s' (kontor --help lists them)",
                                         FS(argv[help]));
            return command_end(c, e);
        }
    }
    int code = command_end(c, E_OK);
    return n ? code : EXIT_USAGE;
}

int cli_main(int argc, char **argv, const struct command *extra, size_t n_extra)
{
    struct cx cx = {
        .a = arena_new(), .way = WAY_CLI, .now_ms = os_now_ms(), .lang = S("en"), .req = S("cli")};
    struct cli c = {.cx = &cx,
                    .in = STDIN_FILENO,
                    .out = STDOUT_FILENO,
                    .err = STDERR_FILENO,
                    .extra = extra,
                    .n_extra = n_extra};
    size_t n = argc > 1 ? (size_t)argc - 1 : 0;
    str *args = NEW_N(cx.a, str, n + 1);
    for (size_t i = 0; i < n; i++) args[i] = str_from(argv[i + 1]);
    (void)signal(SIGPIPE, SIG_IGN);
    cx.tz_min = os_tz_min(cx.now_ms);
    c.is_tty = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    log_level_set(LOG_WARN);
    int code = run_first(&c, args, n);
    arena_free(&cx.a);
    return code;
}
