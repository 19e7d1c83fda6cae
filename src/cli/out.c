/* SPDX-License-Identifier: MIT */
/* cli/out.c - talking with the person or script through the three descriptors. Inside a server they are the client's:
 * nothing here may wait for him longer than he is there. */
#include "cli/cli_int.h"
#include "os/os.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum { OUT_BYTES = 64 * 1024, PIECE = 4096, WAIT_MS = 250, LINE_BYTES = 4096 };
struct cli_out {
    size_t n;
    char p[OUT_BYTES];
};

static bool is_gone(const struct cli *c) { return c->gone && c->gone(c->gone_arg); }

/* Ready for `events`? Waits as long as the client is there. */
static bool ready(struct cli *c, int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    if (!c->gone) return true;
    for (;;) {
        int n = poll(&p, 1, WAIT_MS);
        if (n > 0) return true;
        if (n < 0 && errno != EINTR) return false;
        if (is_gone(c)) return false;
    }
}

static bool write_out(struct cli *c, int fd, str s)
{
    while (s.n) {
        if (!ready(c, fd, POLLOUT)) return false;
        ssize_t n = write(fd, s.p, c->gone && s.n > PIECE ? PIECE : s.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        s = str_cut(s, (size_t)n, s.n);
    }
    return true;
}

static void put_flush(struct cli *c)
{
    if (!c->put || !c->put->n) return;
    if (!c->is_broken) c->is_broken = !write_out(c, c->out, (str){c->put->p, c->put->n});
    c->put->n = 0;
}

void cli_out_begin(struct cli *c)
{
    if (!c->put) c->put = NEW(c->cx->a, struct cli_out);
}

void cli_put(struct cli *c, str s)
{
    cli_out_begin(c);
    while (s.n) {
        size_t n = sizeof c->put->p - c->put->n;
        if (n > s.n) n = s.n;
        memcpy(c->put->p + c->put->n, s.p, n);
        c->put->n += n;
        s = str_cut(s, n, s.n);
        if (c->put->n == sizeof c->put->p) put_flush(c);
    }
}

void cli_say(struct cli *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cli_out_begin(c);
    struct arena_mark m = arena_mark(c->cx->a);
    cli_put(c, arena_fmt_v(c->cx->a, fmt, ap));
    arena_back(c->cx->a, m);
    va_end(ap);
}

enum err cli_flush(struct cli *c)
{
    put_flush(c);
    return c->is_broken ? fail(c->cx, E_INTERNAL, "the output could not be written") : E_OK;
}

void cli_note(struct cli *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct arena_mark m = arena_mark(c->cx->a);
    (void)write_out(c, c->err, arena_fmt_v(c->cx->a, fmt, ap));
    arena_back(c->cx->a, m);
    va_end(ap);
}

void cli_json_begin(struct cli *c, struct cli_json *j)
{
    j->b = buf_new(c->cx->a, CLI_JSON_MAX);
    j->w = jw_new(&j->b);
}

enum err cli_json_end(struct cli *c, struct cli_json *j)
{
    if (j->b.full) return fail(c->cx, E_LIMIT, "the answer is too large");
    cli_put(c, buf_str(&j->b));
    cli_put(c, S("\n"));
    return E_OK;
}

/* ---- reading ---- */
bool cli_line(struct cli *c, str *ret)
{
    struct buf b = buf_new(c->cx->a, LINE_BYTES);
    char ch = 0;
    for (;;) {
        if (!ready(c, c->in, POLLIN)) return false;
        ssize_t n = read(c->in, &ch, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0 && b.n == 0) return false;
        if (n <= 0 || ch == '\n') break;
        buf_byte(&b, ch);
    }
    *ret = buf_str(&b);
    if (str_has_suffix(*ret, S("\r"))) ret->n--;
    return !b.full;
}

bool cli_confirm(struct cli *c, const char *text)
{
    str a = {0};
    if (!c->is_tty) return false;
    put_flush(c);
    cli_note(c, "%s [y/N] ", text);
    return cli_line(c, &a) &&
           (str_eq_nocase(str_trim(a), S("y")) || str_eq_nocase(str_trim(a), S("yes")));
}

static bool line_hidden(struct cli *c, str *ret)
{
    struct termios was, now;
    if (tcgetattr(c->in, &was) != 0) return cli_line(c, ret);
    now = was;
    now.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(c->in, TCSAFLUSH, &now);
    bool ok = cli_line(c, ret);
    (void)tcsetattr(c->in, TCSAFLUSH, &was);
    cli_note(c, "\n");
    return ok;
}

enum err cli_password(struct cli *c, str *ret)
{
    str file = cli_opt(c, "password-file"), text = {0}, again = {0};
    if (file.n && !str_eq(file, S("-"))) {
        TRY(os_read_file(c->cx, file, LINE_BYTES, &text));
        (void)str_split(text, '\n', ret, &again);
        if (str_has_suffix(*ret, S("\r"))) ret->n--;
        return ret->n ? E_OK
                      : fail_at(c->cx, E_INVALID, S("password"),
                                "the file %.*s begins with an empty line", FS(file));
    }
    if (c->is_tty) cli_note(c, "Password: ");
    if (!(c->is_tty ? line_hidden(c, &text) : cli_line(c, &text)) || !text.n)
        return fail_at(c->cx, E_INVALID, S("password"),
                       "a password is needed: --password-file FILE, or its line on the input");
    *ret = text;
    if (!c->is_tty) return E_OK;
    cli_note(c, "Once more: ");
    if (line_hidden(c, &again) && str_eq(text, again)) return E_OK;
    return fail_at(c->cx, E_INVALID, S("password"), "the two passwords differ");
}

/* ---- the person's bar ---- */
bool cli_progress(void *arg, int64_t done, int64_t total)
{
    struct cli *c = arg;
    if (is_gone(c)) return false;
    if (!c->is_tty || c->json) return true;
    int part = total > 0 ? (int)(done * 40 / (total > done ? total : done)) : 0;
    char bar[41];
    for (int i = 0; i < 40; i++) bar[i] = i < part ? '#' : '.';
    bar[40] = 0;
    if (total > 0) cli_note(c, "\r[%s] %" PRId64 " of %" PRId64 "\x1b[K", bar, done, total);
    else cli_note(c, "\r%" PRId64 "\x1b[K", done);
    if (total > 0 && done >= total) cli_note(c, "\r\x1b[K");
    return true;
}

static bool signal_seen(void *arg)
{
    const struct cli *c = arg;
    struct pollfd p = {.fd = c->signals, .events = POLLIN};
    return poll(&p, 1, 0) > 0; /* it stays readable: nobody takes the signal out */
}

static void stop_signals(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGINT);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGHUP);
}

void signals_take(struct cli *c)
{
    sigset_t s;
    stop_signals(&s);
    int fd = signalfd(-1, &s, SFD_CLOEXEC);
    if (fd < 0 || pthread_sigmask(SIG_BLOCK, &s, NULL) != 0) return;
    c->signals = fd;
    c->gone = signal_seen;
    c->gone_arg = c;
}

void signals_give(struct cli *c)
{
    sigset_t s;
    if (!c->signals) return;
    stop_signals(&s);
    os_close_fd(&c->signals);
    c->signals = 0;
    c->gone = NULL;
    (void)pthread_sigmask(SIG_UNBLOCK, &s, NULL);
}

/* ---- things that several commands take ---- */
enum err cli_entity(struct cli *c, str name, const struct entity **ret)
{
    const struct meta *m = c->cx->meta;
    const struct entity *e = meta_entity(m, name);
    if (e && acl_may(c->cx, e, ACT_SEE)) {
        *ret = e;
        return E_OK;
    }
    str *names = NEW_N(c->cx->a, str, m->n + 1);
    for (size_t i = 0; i < m->n; i++) names[i] = m->entity[i].name;
    str near = nearest(c->cx, name, names, m->n);
    if (near.n)
        return fail_at(c->cx, E_NOTFOUND, S("entity"),
                       "there is no entity '%.*s': did you mean %.*s?", FS(name), FS(near));
    return fail_at(c->cx, E_NOTFOUND, S("entity"), "there is no entity '%.*s'", FS(name));
}

static bool may_read(const struct cx *cx, const struct field *f) { return acl_field_read(cx, f); }
static bool may_see(const struct cx *cx, const struct entity *e) { return acl_may(cx, e, ACT_SEE); }

enum err cli_filter(struct cli *c, const struct entity *e, const struct cond **ret)
{
    static const struct filter_opts opts = {may_read, may_see};
    const struct json *j = NULL;
    str text = cli_opt(c, "filter");
    *ret = NULL;
    if (!text.n) return E_OK;
    if (!utf8_valid(text)) return fail_at(c->cx, E_BAD, S("filter"), "the filter is not UTF-8");
    enum err e2 = json_parse(c->cx, text, &j);
    if (e2 != E_OK) return fail_at(c->cx, e2, S("filter"), "%.*s", FS(c->cx->msg));
    return filter_parse(c->cx, e, j, &opts, ret);
}
