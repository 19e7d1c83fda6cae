/* SPDX-License-Identifier: MIT */
/* audit/out.c - see out.h. */
#include "audit/out.h"

#include "audit/audit_int.h"

#include "base/json.h"
#include "base/time.h"
#include "os/os.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FACILITY = 10, WARNING = 4, NOTICE = 5, HOST_MAX = 255 };
#define FIELDS "seq, at, who, api_key, subject, n, kind, addr, way, detail"
struct event_sink {
    enum event_out how;
    int fd; /* -1: not connected */
    char host[HOST_MAX + 1];
    struct sockaddr_un to;
};

enum err event_out_of(struct cx *cx, str name, enum event_out *ret)
{
    static const str names[] = {[OUT_OFF] = S0("off"), [OUT_STDERR] = S0("stderr"), [OUT_SYSLOG] = S0("syslog")};
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq(names[i], name)) return *ret = (enum event_out)i, E_OK;
    return fail_at(cx, E_INVALID, S("security_log"), "off, stderr or syslog");
}

/* ---- a line ---- */
/* PARAM-VALUE: quotes, backslashes and brackets escaped; whatever is no plain character is a question mark. */
static void param(struct buf *b, const char *name, str v)
{
    buf_fmt(b, " %s=\"", name);
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        if (c == '"' || c == '\\' || c == ']') buf_byte(b, '\\');
        buf_byte(b, (unsigned char)c < ' ' || c == 0x7F ? '?' : c);
    }
    buf_byte(b, '"');
}

static void number(struct cx *cx, struct buf *b, const char *name, int64_t v)
{
    if (v) param(b, name, arena_fmt(cx->a, "%" PRId64, v));
}

/* An element of its own, so that no name of a parameter meets one of the first; of a list each value, as RFC 5424 has
 * it. */
static void details(struct cx *cx, struct buf *b, str detail)
{
    const struct json *j = NULL;
    if (json_parse(cx, detail, &j) != E_OK || j->t != JT_OBJ || !j->n) return;
    buf_fmt(b, "[detail@32473");
    for (size_t i = 0; i < j->n; i++) {
        const struct json *v = &j->v[i], *one = v->t == JT_ARR ? v->v : v;
        const char *name = arena_z(cx->a, v->key);
        for (size_t k = 0; k < (v->t == JT_ARR ? v->n : 1); k++)
            param(b, name, one[k].t == JT_STR ? one[k].s : one[k].t == JT_BOOL && !one[k].b ? S("false") : S("true"));
    }
    buf_byte(b, ']');
}

static bool is_warning(str kind)
{
    return str_has_prefix(kind, S("refused.")) || str_eq(kind, S("login.failed")) || str_eq(kind, S("login.locked")) ||
           str_eq(kind, S("login.refused"));
}

str event_line(struct cx *cx, const struct event_row *e, str host, int64_t pid)
{
    struct buf b = buf_new(cx->a, OUT_LINE_MAX);
    str time = time_text(cx->a, e->at);
    int severity = is_warning(e->kind) ? WARNING : NOTICE;
    buf_fmt(&b, "<%d>1 %.*s %.*s kontor %" PRId64 " %.*s [kontor@32473", FACILITY * 8 + severity, FS(time),
            FS(host.n ? host : S("-")), pid, FS(e->kind));
    number(cx, &b, "seq", e->seq);
    number(cx, &b, "who", e->who);
    number(cx, &b, "key", e->api_key);
    number(cx, &b, "subject", e->subject);
    if (e->addr.n) param(&b, "addr", e->addr);
    param(&b, "way", e->way);
    number(cx, &b, "n", e->n);
    buf_byte(&b, ']');
    if (e->detail.n) details(cx, &b, e->detail);
    return buf_str(&b);
}

/* ---- where to ---- */
static void connect_to(struct event_sink *s)
{
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || connect(s->fd, (const struct sockaddr *)(const void *)&s->to, sizeof s->to) == 0) return;
    (void)close(s->fd);
    s->fd = -1;
}

enum err event_sink_open(struct cx *cx, enum event_out how, str path, struct event_sink **ret)
{
    struct event_sink *s = mem_new(sizeof *s); /* event_sink_close */
    if (!path.n) path = S("/dev/log");
    s->how = how;
    s->fd = -1;
    s->to.sun_family = AF_UNIX;
    if (gethostname(s->host, HOST_MAX) != 0) s->host[0] = 0;
    if (path.n < sizeof s->to.sun_path) memcpy(s->to.sun_path, path.p, path.n);
    if (how == OUT_SYSLOG) connect_to(s);
    *ret = s;
    if (how != OUT_SYSLOG || s->fd >= 0) return E_OK;
    event_sink_close(ret);
    return fail_at(cx, E_INVALID, S("security_log"), "there is no logger at %.*s", FS(path));
}

void event_sink_close(struct event_sink **s)
{
    if (*s && (*s)->fd >= 0) (void)close((*s)->fd);
    mem_free(*s);
    *s = NULL;
}

/* A logger that was restarted has another socket of the same name. */
static enum err send_line(struct cx *cx, struct event_sink *s, str line)
{
    if (s->how == OUT_STDERR) {
        str whole = arena_fmt(cx->a, "%.*s\n", FS(line));
        return write(STDERR_FILENO, whole.p, whole.n) == (ssize_t)whole.n ? E_OK
                                                                         : fail(cx, E_BUSY, "standard error is closed");
    }
    for (int turn = 0; turn < 2; turn++) {
        if (s->fd < 0) connect_to(s);
        if (s->fd >= 0 && send(s->fd, line.p, line.n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)line.n) return E_OK;
        if (s->fd >= 0) (void)close(s->fd);
        s->fd = -1;
    }
    return fail(cx, E_BUSY, "the system's logger does not take it");
}

/* ---- following ---- */
static enum err from_now(struct cx *cx, void *arg)
{
    struct db_rows r = {0};
    struct db_pos p = {0};
    (void)arg;
    TRY(db_query(cx, &r, "SELECT coalesce(max(seq), 0) FROM security_event"));
    p.seq = db_int(&r, 0, 0);
    if (db_is_pg(cx)) {
        TRY(db_horizon(cx, &p.xid));
        p = (struct db_pos){p.xid - 1, INT64_MAX};
    }
    return db_exec(cx, NULL,
                   "INSERT INTO follower (name, seq, xid) VALUES ('audit_out', $1, $2) ON CONFLICT (name) DO NOTHING",
                   V(p.seq), V(p.xid));
}

static enum err place_put(struct cx *cx, void *arg)
{
    const struct db_pos *p = arg;
    return db_exec(cx, NULL, "UPDATE follower SET seq = $1, xid = $2 WHERE name = 'audit_out'", V(p->seq), V(p->xid));
}

static enum err behind(struct cx *cx, const struct db_pos *p, struct db_rows *ret)
{
    if (!db_is_pg(cx))
        return db_query(cx, ret, "SELECT " FIELDS ", 0 FROM security_event WHERE seq > $1 ORDER BY seq LIMIT $2",
                        V(p->seq), V(OUT_SLICE));
    return db_query(cx, ret,
                    "SELECT " FIELDS ", xid FROM security_event WHERE (xid, seq) > ($1, $2) AND xid <"
                    " CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT) ORDER BY xid, seq LIMIT $3",
                    V(p->xid), V(p->seq), V(OUT_SLICE));
}

enum err events_out(struct cx *cx, struct event_sink *s, size_t *ret_n)
{
    struct db_rows r = {0};
    enum err e = E_OK;
    size_t sent = 0;
    *ret_n = 0;
    TRY(db_query(cx, &r, "SELECT seq, xid FROM follower WHERE name = 'audit_out'"));
    if (!r.n) return db_write(cx, from_now, NULL);
    struct db_pos p = {.seq = db_int(&r, 0, 0), .xid = db_int(&r, 0, 1)};
    TRY(behind(cx, &p, &r));
    for (; sent < r.n; sent++) {
        struct event_row row = event_row_of(cx, r.v + sent * r.cols);
        e = send_line(cx, s, event_line(cx, &row, str_from(s->host), (int64_t)getpid()));
        if (e != E_OK) break;
        p = (struct db_pos){.seq = row.seq, .xid = db_int(&r, sent, 10)};
    }
    if (sent) TRY(db_write_bulk(cx, place_put, &p));
    *ret_n = sent;
    return e;
}
