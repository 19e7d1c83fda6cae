/* SPDX-License-Identifier: MIT */
/* app/serve.c - `kontor serve`: opens the data, starts the server, waits for a signal, drains, closes. */
#include "app/alive.h"
#include "app/app.h"
#include "app/wiring.h"

#include "api/scan.h"
#include "audit/out.h"
#include "backup/daily.h"
#include "base/log.h"
#include "cli/remote.h"
#include "cli/upgrading.h"
#include "os/os.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    DRAIN_MS = 10000,
    READERS = 160,
    SILENT_MS = 15000,
    NUMBER_MAX = 4096,
    RATE_MAX = 1000000,
    DAY_MB_MAX = 10000000,
    TIDY_HOUR = 3
};

static enum err number_to(struct cli *c, const char *name, int max, int *ret)
{
    int64_t v = 0;
    str s = cli_setting(c, name);
    if (s.n && (!str_to_int(s, &v) || v < 0 || v > max))
        return cli_usage(c, "%s: a number from 0 to %d", name, max);
    *ret = (int)v;
    return E_OK;
}

static enum err registers(struct cli *c, struct register_conf *r)
{
    *r = (struct register_conf){.providers = cli_setting(c, "registers"),
                                .vies_url = cli_setting(c, "register_vies"),
                                .gleif_url = cli_setting(c, "register_gleif"),
                                .dadata_url = cli_setting(c, "register_dadata"),
                                .dadata_key = cli_setting(c, "dadata_key")};
    return register_conf_check(c->cx, r);
}

static enum err number(struct cli *c, const char *name, int *ret)
{
    return number_to(c, name, NUMBER_MAX, ret);
}

static enum err intake(struct cli *c, struct intake_conf *ret)
{
    int mb = 0;
    TRY(number_to(c, "upload_day", DAY_MB_MAX, &mb));
    *ret = (struct intake_conf){.scan = cli_setting(c, "scan"), .day_bytes = INT64_C(1000000) * mb};
    return scan_check(c->cx, ret->scan, cli_is_yes(c, "plain_outgoing"));
}

static enum err rate_options(struct cli *c, struct http_limits *l)
{
    TRY(number_to(c, "rate", RATE_MAX, &l->rate_per_addr));
    TRY(number_to(c, "rate_burst", RATE_MAX, &l->burst_per_addr));
    if (!l->rate_per_addr) l->rate_per_addr = -1;
    return E_OK;
}

/* The names that requests may be for; "" = any. Who has another name lead here reads nothing by it. */
static str hosts(struct cli *c, str url)
{
    str more = cli_setting(c, "hosts"), host = url;
    if (!url.n && !more.n) return S("");
    ptrdiff_t at = str_find(url, S("://"));
    if (at >= 0) host = str_cut(url, (size_t)at + 3, url.n);
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] == '/' || (host.p[i] == ':' && host.p[0] != '[')) host = str_cut(host, 0, i);
    return arena_fmt(c->cx->a, "%.*s,%.*s,localhost", FS(host), FS(more));
}

static enum err options(struct cli *c, struct wired_opts *o, struct store_opts *so)
{
    o->http.listen = cli_setting(c, "listen");
    o->http.tls_cert = cli_setting(c, "tls_cert");
    o->http.tls_key = cli_setting(c, "tls_key");
    o->http.trusted_proxies = cli_setting(c, "trusted_proxies");
    o->url = cli_setting(c, "url");
    while (str_has_suffix(o->url, S("/"))) o->url = str_cut(o->url, 0, o->url.n - 1);
    o->http.hosts = hosts(c, o->url);
    o->outgoing_allow = cli_setting(c, "outgoing_allow");
    TRY(outgoing_rules_check(c->cx, &(struct outgoing_rules){.allow = o->outgoing_allow}));
    TRY(cli_outgoing_ca(c, &o->outgoing_ca));
    o->plain_outgoing = so->plain = cli_is_yes(c, "plain_outgoing");
    TRY(registers(c, &o->registers));
    o->registers.ca = o->outgoing_ca;
    TRY(intake(c, &o->intake));
    TRY(number_to(c, "sync_waiting", SYNC_WAITING_MAX, &o->sync_waiting));
    TRY(number(c, "threads", &o->http.limit.loops));
    TRY(number(c, "workers", &o->http.limit.workers));
    TRY(number(c, "readers", &so->readers));
    TRY(rate_options(c, &o->http.limit));
    if (!so->readers) so->readers = READERS;
    so->data_dir = cli_setting(c, "data");
    so->db = cli_setting(c, "db");
    so->create = true;
    return E_OK;
}

static str folder_of(str path)
{
    size_t n = path.n;
    while (n && path.p[n - 1] != '/') n--;
    return n ? str_cut(path, 0, n) : S(".");
}

/* Where a file lies, and where it lies in truth when it is a link (a renewal changes both): 0 to 2 folders. */
static size_t folders_of(struct cx *cx, str path, str ret[2])
{
    char real[PATH_MAX];
    if (!path.n) return 0;
    ret[0] = folder_of(path);
    if (!realpath(arena_z(cx->a, path), real)) return 1;
    ret[1] = arena_dup(cx->a, folder_of(str_from(real)));
    return 2;
}

/* What this process may still touch from here on. */
static void fence(struct cli *c, const struct store *st)
{
    str backups = cli_setting(c, "backup_dir");
    str write[] = {st->data_dir, backups},
        read[12] = {S("/etc"), S("/usr/share"), S("/usr/lib"), S("/lib"), S("/proc/self"), S("/run")};
    size_t n = 6;
    if (!cli_is_yes(c, "sandbox")) return;
    n += folders_of(c->cx, cli_setting(c, "tls_cert"), read + n);
    n += folders_of(c->cx, cli_setting(c, "tls_key"), read + n);
    n += folders_of(c->cx, cli_setting(c, "outgoing_ca"), read + n);
    struct os_sandbox s = {.read = read, .n_read = n, .write = write, .n_write = backups.n ? 2 : 1};
    unsigned got = os_sandbox(c->cx, &s);
    if ((got & (OS_LANDLOCK | OS_SECCOMP)) != (OS_LANDLOCK | OS_SECCOMP))
        log_say(c->cx, LOG_WARN, S("app"), "this kernel has no %s: the process is fenced in less",
                got & OS_LANDLOCK ? "seccomp" : "Landlock");
}

/* Nobody but this machine can come: every place that we listen at is on loopback. */
static bool only_here(str listen)
{
    str one = {0};
    bool here = true;
    while (listen.n) {
        str_split(listen, ',', &one, &listen);
        one = str_trim(one);
        here &= str_has_prefix(one, S("127.")) || str_has_prefix(one, S("[::1]")) ||
                str_has_prefix(one, S("localhost:")) || str_has_prefix(one, S("unix:"));
    }
    return here;
}

/* Passwords and customers go in the clear over no network by oversight: there is TLS, or a proxy that has it, or
 * somebody has said that it shall be so. */
static enum err in_the_clear(struct cli *c, struct wired_opts *o)
{
    str proxies = o->http.trusted_proxies;
    if (!http_addrs_ok(proxies))
        return fail_at(c->cx, E_INVALID, S("trusted_proxies"),
                       "%.*s: each is an address, a network, or unix", FS(proxies));
    if (o->http.tls_cert.n || only_here(o->http.listen) || cli_is_yes(c, "plain_http"))
        return E_OK;
    o->http.proxies_only = proxies.n > 0;
    if (proxies.n) return E_OK;
    return fail_at(
        c->cx, E_INVALID, S("listen"),
        "%.*s would be served without TLS, and everybody on the way could read along: give "
        "tls_cert and "
        "tls_key, or name the proxy that has them in trusted_proxies, or say plain_http = yes",
        FS(o->http.listen));
}

static void greet(struct cli *c, struct wired *w, const struct wired_opts *o)
{
    struct app *app = wired_app(w);
    str host = o->http.listen, port = {0};
    ptrdiff_t at = -1;
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] == ':') at = (ptrdiff_t)i;
    if (at >= 0)
        str_split(str_cut(host, (size_t)at, host.n), ':', &port, &port),
            host = str_cut(host, 0, (size_t)at);
    if (str_eq(host, S("0.0.0.0")) || !host.n) host = S("localhost");
    str url = o->url.n ? o->url
                       : arena_fmt(c->cx->a, "%s://%.*s:%d", app->tls ? "https" : "http", FS(host),
                                   http_port(app->http));
    cli_say(c, "Kontor is ready: %.*s/\n", FS(url));
    if (app->setup_token.n)
        cli_say(c, "First set-up (this token works once): %.*s/?token=%.*s\n", FS(url),
                FS(app->setup_token));
    if (!app->tls && !only_here(o->http.listen) && cli_is_yes(c, "plain_http"))
        cli_say(c, "Warning: without TLS everybody on the way can read along. Give --tls-cert and "
                   "--tls-key, or a proxy that does.\n");
}

static void signals_block(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGINT);
    pthread_sigmask(SIG_BLOCK, ret, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Until a signal comes. */
static void wait_for_end(struct cx *cx, const sigset_t *signals)
{
    int got = 0;
    os_notify(S("READY=1"));
    while (sigwait(signals, &got) != 0) { /* interrupted: wait on */
    }
    os_notify(S("STOPPING=1"));
    log_say(cx, LOG_INFO, S("app"), "stopping");
}

/* How backups are made, by themselves or when somebody asks. */
static enum err backups_of(struct cli *c, struct s3 *s3, struct backup_conf *ret)
{
    ret->daily = !str_eq(cli_setting(c, "backup_hour"), S("off"));
    enum err e = cli_backup_opts(c, s3, &ret->opts);
    if (e == E_OK || ret->daily) return e;
    ret->opts.s3 = NULL; /* none goes there by itself: what is wrong with the store hinders nobody */
    return E_OK;
}

/* A backup a day by itself, unless the setting says "off", and the housekeeping. */
static enum err daily_begin(struct cli *c, struct store *st, struct wired *w, const struct backup_conf *b,
                            struct backup_daily **ret)
{
    struct daily_opts d = {.db = st->db,
                           .backup = b->opts,
                           .tz_min = os_tz_min(clock_ms()),
                           .quiet_hour = TIDY_HOUR,
                           .no_backup = !b->daily,
                           .tidy = wired_tidy,
                           .arg = w};
    if (b->daily) TRY(number(c, "backup_hour", &d.quiet_hour));
    if (d.quiet_hour > 23) return cli_usage(c, "backup_hour: 0 to 23, or off");
    return backup_daily_start(c->cx, &d, ret);
}

struct running {
    struct wired *w;
    struct remote *r;
    struct backup_daily *daily;
    struct s3 s3;
    struct alive alive;
    struct os_watch *watch;
};

static void end_all(struct running *x)
{
    os_watch_leave(x->watch); /* draining takes its time: still alive */
    remote_stop(&x->r);
    backup_daily_stop(&x->daily);
    wired_stop(&x->w, DRAIN_MS);
    os_watch_stop(&x->watch);
}

static enum err begin_all(struct cli *c, struct store *st, const struct wired_opts *o,
                          struct running *x)
{
    struct cx *cx = c->cx;
    struct wired_opts all = *o;
    TRY(backups_of(c, &x->s3, &all.backups));
    TRY(wired_start(cx, st, &all, &x->w));
    TRY(daily_begin(c, st, x->w, &all.backups, &x->daily));
    if (remote_start(cx, wired_app(x->w), &x->r) != E_OK)
        log_say(cx, LOG_WARN, S("app"), "commands cannot reach this server: %.*s", FS(cx->msg));
    x->alive = (struct alive){.http = wired_app(x->w)->http, .db = st->db, .silent_ms = SILENT_MS};
    return os_watch_start(cx, alive_ask, &x->alive, &x->watch);
}

static enum err run(struct cli *c, struct store *st, const struct wired_opts *o,
                    const sigset_t *signals)
{
    struct running x = {0};
    TRY(store_enter(c->cx, st));
    enum err e = begin_all(c, st, o, &x);
    store_leave(c->cx);
    if (e == E_OK) {
        greet(c, x.w, o);
        if (cli_flush(c) != E_OK)
            log_say(c->cx, LOG_WARN, S("app"), "the greeting could not be written");
        wait_for_end(c->cx, signals);
    }
    end_all(&x);
    return e;
}

/* The folder, and if root started us, its owner's rights alone from here on. */
static enum err become(struct cli *c, str dir)
{
    struct cx *cx = c->cx;
    str user = cli_setting(c, "user");
    bool fresh = access(arena_z(cx->a, dir), F_OK) != 0;
    TRY(os_mkdirs(cx, dir, 0700));
    TRY(os_folder_for(cx, dir, user, fresh));
    TRY(os_drop_privileges(cx, user));
    if (access(arena_z(cx->a, dir), R_OK | W_OK | X_OK) != 0)
        return fail_at(cx, E_DENIED, S("data"),
                       "%.*s cannot be read and written by uid %u: give it the folder (chown -R) "
                       "and the way to it",
                       FS(dir), geteuid());
    if (geteuid() == 0)
        log_say(cx, LOG_WARN, S("app"), "this server runs as root: --user NAME makes it less");
    return os_mkdirs(cx, arena_fmt(cx->a, "%.*s/spool", FS(dir)), 0700);
}

static void on_upgrade(void *arg, str line)
{
    (void)arg;
    log_say(NULL, LOG_INFO, S("app"), "%.*s", FS(line));
}

/* /readyz does not answer yet: nothing listens before the data have this program's form. */
static enum err store_begin(struct cli *c, struct store_opts so, struct store *ret)
{
    struct upgrading u = {.say = on_upgrade};
    so.how.at = upgrading_at;
    so.how.arg = &u;
    enum err e = store_open(c->cx, &so, ret);
    upgrading_end(&u);
    return e;
}

/* Uploads that were cut off when the last server died; the folder is ours alone by now. */
static void spool_clear(struct cx *cx, str dir)
{
    DIR *d = opendir(arena_z(cx->a, dir));
    for (const struct dirent *e = NULL; d && (e = readdir(d));)
        (void)unlinkat(dirfd(d), e->d_name, 0); /* "." and ".." are none */
    if (d) (void)closedir(d);
}

static enum err sink_begin(struct cli *c, struct event_sink **ret)
{
    enum event_out how = OUT_OFF;
    TRY(event_out_of(c->cx, cli_setting(c, "security_log"), &how));
    return how == OUT_OFF ? E_OK : event_sink_open(c->cx, how, S(""), ret);
}

static enum err serve(struct cli *c)
{
    struct store_opts so = {0};
    struct wired_opts o = {0};
    struct store st = {.lock_fd = -1};
    sigset_t signals;
    TRY(options(c, &o, &so));
    TRY(in_the_clear(c, &o));
    signals_block(&signals);
    (void)os_raise_nofile();
    os_no_core();
    TRY(become(c, so.data_dir));
    st.data_dir = so.data_dir;
    o.http.spool_dir = arena_fmt(c->cx->a, "%.*s/spool", FS(so.data_dir));
    TRY(sink_begin(c, &o.sink));
    if (pictures_start(c->cx, S("/proc/self/exe"), &o.pictures) != E_OK) /* the fence lets nobody start programs */
        log_say(c->cx, LOG_WARN, S("app"), "no pictures are taken: %.*s", FS(c->cx->msg));
    if (os_child_start(c->cx, S("/proc/self/exe"), S(HASHER_ARG), &o.hasher) != E_OK)
        log_say(c->cx, LOG_WARN, S("app"), "passwords are hashed here: %.*s", FS(c->cx->msg));
    fence(c, &st);
    enum err e = store_begin(c, so, &st);
    if (e == E_OK) {
        spool_clear(c->cx, o.http.spool_dir);
        e = run(c, &st, &o, &signals);
        store_close(&st);
    }
    os_child_stop(&o.hasher);
    pictures_stop(&o.pictures);
    event_sink_close(&o.sink);
    return e;
}

const struct command serve_command = {
    .name = S0("serve"),
    .help = S0("run the server"),
    .flags = CMD_SETTINGS,
    .fn = serve,
    .text = S0("Opens the data folder (making it the first time), listens, and runs until SIGTERM "
               "or SIGINT; then requests that run are "
               "finished and the data is closed."),
    .examples = S0("kontor serve --data /srv/kontor --listen 127.0.0.1:8080\nkontor serve --data "
                   "/srv/kontor --db postgresql://kontor@db/kontor")};
