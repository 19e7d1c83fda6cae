/* SPDX-License-Identifier: MIT */
/* idp/ldap.c - a directory asked for somebody: search then bind, or bind by a pattern; his entry and his groups.
 *
 * libldap waits where it is called, so few may at once (gate). The socket is ours: it goes to the addresses that were
 * judged, with time-outs of its own; referrals are not followed. Whatever was typed gets into a filter or a name
 * escaped, and an empty password goes nowhere: servers take it for nobody's and say yes. */
#include "idp/idp_int.h"

#include "base/log.h"
#include "idp/ldap_int.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { END_MS = 200, RUNNING_MAX = 4, WAITING_MAX = 8, LOGIN_BYTES = 254, PASSWORD_BYTES = 4096 };

/* ---- few at once ---- */
static enum err gate_enter(struct cx *cx, struct ldap_gate *g, int64_t until_ms)
{
    struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
    pthread_mutex_lock(&g->lock);
    bool full = g->waiting >= WAITING_MAX;
    if (!full) {
        g->waiting++;
        while (g->running >= RUNNING_MAX && !full)
            full = pthread_cond_timedwait(&g->free, &g->lock, &until) == ETIMEDOUT && g->running >= RUNNING_MAX;
        g->waiting--;
        g->running += !full;
    }
    pthread_mutex_unlock(&g->lock);
    return full ? fail(cx, E_BUSY, "Too many log-ins wait: please try again shortly") : E_OK;
}

static void gate_leave(struct ldap_gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->running--;
    pthread_cond_signal(&g->free);
    pthread_mutex_unlock(&g->lock);
}

/* ---- a connection ---- */
enum err ldap_down(struct cx *cx, const char *how)
{
    return fail_at(cx, E_BUSY, S("url"), "The directory cannot be reached (%s)", how);
}

static socklen_t sockaddr_of(const struct outgoing *o, size_t i, struct sockaddr_storage *ret)
{
    union {
        struct sockaddr_storage *any;
        struct sockaddr_in *v4;
        struct sockaddr_in6 *v6;
    } u = {.any = ret};
    *ret = (struct sockaddr_storage){.ss_family = o->addr[i].v6 ? AF_INET6 : AF_INET};
    if (!o->addr[i].v6) {
        memcpy(&u.v4->sin_addr, o->addr[i].b, 4);
        u.v4->sin_port = htons((uint16_t)o->port);
        return sizeof *u.v4;
    }
    memcpy(&u.v6->sin6_addr, o->addr[i].b, 16);
    u.v6->sin6_port = htons((uint16_t)o->port);
    return sizeof *u.v6;
}

static bool is_open(int fd, const struct sockaddr_storage *sa, socklen_t n, int64_t wait_ms)
{
    const struct sockaddr *a = (const struct sockaddr *)(const void *)sa;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int bad = 0;
    socklen_t len = sizeof bad;
    if (connect(fd, a, n) == 0) return true;
    if (errno != EINPROGRESS || poll(&p, 1, (int)wait_ms) != 1) return false;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &bad, &len) == 0 && !bad;
}

/* Of several addresses each gets its share of the time that is left. */
static int connected(const struct outgoing *o, int64_t until_ms)
{
    for (size_t i = 0; i < o->n; i++) {
        int64_t left = (until_ms - os_mono_ms()) / (int64_t)(o->n - i);
        struct sockaddr_storage sa;
        socklen_t n = sockaddr_of(o, i, &sa);
        int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && left > 0 && outgoing_fits(o, (const struct sockaddr *)(const void *)&sa) &&
            is_open(fd, &sa, n, left)) {
            (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
            return fd;
        }
        if (fd >= 0) (void)close(fd);
    }
    return -1;
}

bool ldap_url_split(str url, bool *ret_tls, str *ret_rest)
{
    *ret_tls = str_has_prefix(url, S("ldaps://"));
    *ret_rest = str_cut(url, *ret_tls ? 8 : 7, url.n);
    return (*ret_tls || str_has_prefix(url, S("ldap://"))) && ret_rest->n;
}

enum err ldap_where(struct cx *cx, const struct outgoing_rules *rules, str url,
                    struct outgoing *ret)
{
    bool tls = false;
    str rest = {0}, host = {0}, path = {0}, tail = {0};
    if (!ldap_url_split(url, &tls, &rest) || (str_split(rest, '/', &host, &path) && path.n) ||
        !host.n)
        return fail_at(cx, E_INVALID, S("url"), "An address like ldaps://dc.firm.lan is needed");
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] == ':' || host.p[i] == ']') tail = str_cut(host, i, host.n);
    bool port = tail.n > 1 && tail.p[0] == ':';
    struct outgoing_rules where = *rules;
    where.plain = true; /* StartTLS begins in the clear; that it has to come is asked by ldap_fits */
    str as_web = arena_fmt(cx->a, "%s://%.*s%s/", tls ? "https" : "http", FS(host), port ? "" : tls ? ":636" : ":389");
    if (outgoing_url(cx, &where, as_web, ret) != E_OK)
        return fail_at(cx, E_INVALID, S("url"),
                       "This address may not be called from here: the setting outgoing_allow would "
                       "have to name it");
    return E_OK;
}

/* A file that only we have, for a library that takes nothing else. */
static int ca_file(struct cx *cx, str pem)
{
    int fd = memfd_create("ca", MFD_CLOEXEC);
    if (fd >= 0 && os_write_all(cx, fd, pem) == E_OK) return fd;
    if (fd >= 0) (void)close(fd);
    return -1;
}

#define SET(opt, v) (ok = ok && ldap_set_option(c->ld, (opt), (v)) == LDAP_OPT_SUCCESS)
static bool options_set(struct cx *cx, const struct ldap_conf *conf, struct ldap_conn *c)
{
    int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, fresh = 0,
        least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
    const char *file = "/etc/ssl/certs/ca-certificates.crt";
    bool ok = true;
    if (conf->ca.n) {
        c->ca = ca_file(cx, conf->ca);
        if (c->ca < 0) return false;
        file = arena_fmt(cx->a, "/proc/self/fd/%d", c->ca).p;
    }
    SET(LDAP_OPT_PROTOCOL_VERSION, &version);
    SET(LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    SET(LDAP_OPT_RESTART, LDAP_OPT_OFF);
    SET(LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
    SET(LDAP_OPT_X_TLS_PROTOCOL_MIN, &least);
    SET(LDAP_OPT_X_TLS_CACERTFILE, file);
    SET(LDAP_OPT_X_TLS_NEWCTX, &fresh);
    return ok;
}

enum err ldap_conn_hurry(struct cx *cx, struct ldap_conn *c, struct timeval *ret)
{
    int64_t left = c->until_ms - os_mono_ms();
    if (left <= 0) return ldap_down(cx, "too slow");
    const struct timeval wait = {left / 1000, left % 1000 * 1000};
    (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    (void)setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (ldap_set_option(c->ld, LDAP_OPT_NETWORK_TIMEOUT, &wait) != LDAP_OPT_SUCCESS ||
        ldap_set_option(c->ld, LDAP_OPT_TIMEOUT, &wait) != LDAP_OPT_SUCCESS)
        return ldap_down(cx, "broken");
    if (ret) *ret = wait;
    return E_OK;
}

/* A farewell that nobody takes is none to wait for. */
void ldap_conn_end(struct ldap_conn *c)
{
    const struct timeval wait = {.tv_usec = END_MS * 1000};
    if (c->fd >= 0) (void)setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (c->fd >= 0) (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (c->ld) (void)ldap_unbind_ext_s(c->ld, NULL, NULL);
    if (c->ca >= 0) (void)close(c->ca);
    *c = (struct ldap_conn)LDAP_CONN(0);
}

/* libldap begins TLS anew for ever while the other side says nothing: at its time the line is cut. */
struct cutter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    pthread_t thread;
    struct ldap_conn *c;
    bool is_over;
};

static void *cuts(void *arg)
{
    struct cutter *x = arg;
    struct timespec until = {x->c->until_ms / 1000, x->c->until_ms % 1000 * 1000000};
    int rc = 0;
    pthread_mutex_lock(&x->lock);
    while (!x->is_over && rc != ETIMEDOUT) rc = pthread_cond_timedwait(&x->done, &x->lock, &until);
    if (!x->is_over) (void)shutdown(x->c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

static enum err cutter_begin(struct cx *cx, struct cutter *x)
{
    pthread_condattr_t by;
    pthread_condattr_init(&by);
    pthread_condattr_setclock(&by, CLOCK_MONOTONIC);
    pthread_cond_init(&x->done, &by);
    pthread_condattr_destroy(&by);
    pthread_mutex_init(&x->lock, NULL);
    return os_thread(cx, "ldap", 0, cuts, x, &x->thread);
}

static void cutter_end(struct cutter *x)
{
    pthread_mutex_lock(&x->lock);
    x->is_over = true;
    pthread_cond_signal(&x->done);
    pthread_mutex_unlock(&x->lock);
    (void)pthread_join(x->thread, NULL);
    pthread_cond_destroy(&x->done);
    pthread_mutex_destroy(&x->lock);
}

static enum err tls_begin(struct cx *cx, const struct ldap_conf *conf, bool tls,
                          struct ldap_conn *c)
{
    struct cutter x = {.c = c};
    int rc = LDAP_SUCCESS;
    if (!tls && !conf->starttls) return E_OK;
    TRY(ldap_conn_hurry(cx, c, NULL));
    (void)ldap_set_option(c->ld, LDAP_OPT_NETWORK_TIMEOUT, NULL); /* with one it would ask without a pause */
    TRY(cutter_begin(cx, &x));
    if (tls) rc = ldap_install_tls(c->ld);
    else rc = ldap_start_tls_s(c->ld, NULL, NULL);
    cutter_end(&x);
    if (rc == LDAP_SUCCESS) return E_OK;
    if (os_mono_ms() >= c->until_ms) return ldap_down(cx, "too slow");
    return ldap_down(cx, rc == LDAP_CONNECT_ERROR || rc == LDAP_LOCAL_ERROR ? "certificate"
                                                                            : "StartTLS");
}

enum err ldap_conn_open(struct cx *cx, const struct outgoing_rules *rules,
                        const struct ldap_conf *conf, struct ldap_conn *ret)
{
    struct outgoing to = {0};
    bool tls = false;
    str rest = {0};
    TRY(ldap_where(cx, rules, conf->url, &to));
    (void)ldap_url_split(conf->url, &tls, &rest);
    struct outgoing_rules where = *rules;
    where.plain = true; /* as ldap_where */
    if (outgoing_resolve(cx, &where, &to) != E_OK)
        return ldap_down(cx, to.n ? "refused" : "unknown name");
    int fd = connected(&to, ret->until_ms);
    if (fd < 0) return ldap_down(cx, "unreached");
    str url = arena_fmt(cx->a, to.literal && to.addr[0].v6 ? "ldap://[%.*s]:%d" : "ldap://%.*s:%d",
                        FS(to.host), to.port);
    if (ldap_init_fd(fd, LDAP_PROTO_TCP, arena_z(cx->a, url), &ret->ld) != LDAP_SUCCESS) {
        (void)close(fd);
        return ldap_down(cx, "broken");
    }
    ret->fd = fd;
    if (!options_set(cx, conf, ret)) return ldap_down(cx, "TLS");
    return tls_begin(cx, conf, tls, ret);
}

/* ---- binding ---- */
enum err ldap_conn_bind(struct cx *cx, struct ldap_conn *c, str dn, str password)
{
    char *secret = arena_get(cx->a, password.n + 1);
    if (!password.n) return fail(cx, E_AUTH, "The name or the password is wrong");
    memcpy(secret, password.p, password.n);
    TRY(ldap_conn_hurry(cx, c, NULL));
    struct berval cred = {.bv_len = password.n, .bv_val = secret};
    int rc = ldap_sasl_bind_s(c->ld, arena_z(cx->a, dn), LDAP_SASL_SIMPLE, &cred, NULL, NULL, NULL);
    switch (rc) {
    case LDAP_SUCCESS: return E_OK;
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_CONSTRAINT_VIOLATION:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_UNWILLING_TO_PERFORM: return fail(cx, E_AUTH, "The name or the password is wrong");
    default: return ldap_down(cx, ldap_err2string(rc));
    }
}

/* ---- texts within a filter, a name ---- */
str ldap_in_filter(struct cx *cx, str s)
{
    struct buf b = buf_new(cx->a, 3 * s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = c >= ' ' && c < 0x7F && !strchr("*()\\&|!=<>~/", c);
        if (plain) buf_byte(&b, s.p[i]);
        else buf_fmt(&b, "\\%02x", c);
    }
    return buf_str(&b);
}

str ldap_in_name(struct cx *cx, str s)
{
    struct buf b = buf_new(cx->a, 3 * s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("._@-", c));
        if (plain) buf_byte(&b, s.p[i]);
        else buf_fmt(&b, "\\%02x", c);
    }
    return buf_str(&b);
}

str ldap_filled(struct cx *cx, str pattern, str value)
{
    struct buf b = buf_new(cx->a, pattern.n + (pattern.n / 2 + 1) * value.n + 1);
    for (size_t i = 0; i < pattern.n; i++) {
        bool here = pattern.p[i] == '%' && i + 1 < pattern.n && pattern.p[i + 1] == 's';
        if (here) buf_add(&b, value);
        else buf_byte(&b, pattern.p[i]);
        i += here;
    }
    return buf_str(&b);
}

/* A UPN is no DN: nothing is escaped in it, so nothing that would have to be may stand in it. */
static bool bound_as(struct cx *cx, str pattern, str login, str *ret)
{
    bool is_dn = str_find(pattern, S("=")) >= 0;
    str value = ldap_in_name(cx, login);
    if (!is_dn && !str_eq(value, login)) return false;
    *ret = ldap_filled(cx, pattern, value);
    return true;
}

/* ---- somebody ---- */
struct asking {
    struct cx *cx;
    const struct outgoing_rules *rules;
    const struct idp *p;
    str secret, login, password;
    int64_t until_ms;
    bool looks; /* nobody's password is to be held against it: only how far we get */
};

/* By who may look people up, then by his own password. */
static enum err search_then_bind(const struct asking *q, struct ldap_conn *c,
                                 struct ldap_entry *ret)
{
    struct cx *cx = q->cx;
    struct ldap_conn own OWNED(ldap_conn_end) = LDAP_CONN(q->until_ms);
    if (q->p->ldap.bind_dn.n) {
        enum err e = ldap_conn_bind(cx, c, q->p->ldap.bind_dn, q->secret);
        if (e == E_AUTH)
            return fail_at(cx, E_BUSY, S("bind_dn"),
                           "The directory does not let Kontor look people up");
        TRY(e);
    }
    if (q->looks && !q->login.n) return ldap_base_check(cx, c, &q->p->ldap);
    TRY(ldap_entry_find(cx, c, &q->p->ldap, q->login, ret));
    if (q->looks) return fail(cx, E_AUTH, "The name or the password is wrong");
    TRY(ldap_conn_open(cx, q->rules, &q->p->ldap, &own));
    return ldap_conn_bind(cx, &own, ret->dn, q->password);
}

static enum err bind_then_search(const struct asking *q, struct ldap_conn *c,
                                 struct ldap_entry *ret)
{
    str as = {0};
    if (q->looks)
        return q->login.n ? fail(q->cx, E_AUTH, "The name or the password is wrong") : E_OK;
    if (!bound_as(q->cx, q->p->ldap.bind_as, q->login, &as))
        return fail(q->cx, E_AUTH, "The name or the password is wrong");
    TRY(ldap_conn_bind(q->cx, c, as, q->password));
    TRY(ldap_entry_find(q->cx, c, &q->p->ldap, q->login, ret));
    return ldap_conn_bind(q->cx, c, ret->dn, q->password); /* who was let in is who was found */
}

static enum err ask_one(const struct asking *q, struct outside_found *ret)
{
    struct cx *cx = q->cx;
    struct ldap_conn c OWNED(ldap_conn_end) = LDAP_CONN(q->until_ms);
    struct ldap_entry e = {0};
    TRY(ldap_conn_open(cx, q->rules, &q->p->ldap, &c));
    TRY(q->p->ldap.bind_as.n ? bind_then_search(q, &c, &e) : search_then_bind(q, &c, &e));
    if (q->looks) return E_OK;
    TRY(ldap_groups_find(cx, &c, &q->p->ldap, &e));
    ret->who = e.who;
    ret->rules = idp_rules(cx, q->p);
    return E_OK;
}

static bool is_line(str s, size_t max)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F) return false;
    return s.n && s.n <= max && utf8_valid(s);
}

static enum err one(struct cx *cx, struct idps *ids, const struct idp *p, int64_t until_ms,
                    const struct outside_question *q, bool looks, struct outside_found *ret)
{
    struct asking a = {
        .cx = cx, .rules = &ids->env.rules, .p = p, .login = q->login, .password = q->password};
    a.looks = looks;
    a.until_ms = until_ms;
    TRY(idp_secret(cx, ids, p, &a.secret));
    TRY(gate_enter(cx, &ids->gate, until_ms));
    enum err e = ask_one(&a, ret);
    gate_leave(&ids->gate);
    if (e == E_BUSY || e == E_INVALID)
        log_say(cx, LOG_ERROR, S("idp"), "directory %" PRId64 ": %.*s", p->id, FS(cx->msg));
    return e == E_INVALID ? cx->err = E_BUSY : e;
}

enum err ldap_try(struct cx *cx, struct idps *ids, const struct idp *p, str login, str password,
                  struct outside_found *ret)
{
    struct outside_question q = {str_trim(login), password, false};
    struct dbase *b = db_base(cx->db);
    if (login.n && !is_line(q.login, LOGIN_BYTES))
        return fail_at(cx, E_INVALID, S("login"), "This must be one line of text");
    if (login.n && (!password.n || password.n > PASSWORD_BYTES))
        return fail_at(cx, E_INVALID, S("password"), "The password is needed, too");
    db_snapshot_end(cx);
    db_put(&cx->db);
    enum err e = one(cx, ids, p, os_mono_ms() + p->ldap.timeout_s * 1000, &q, !login.n, ret);
    cx->db = db_get(b);
    return e;
}

/* One time for all of them together: each has its share, so that one that hangs leaves some to the next. */
static enum err each(struct cx *cx, struct idps *ids, const struct idp *v, size_t n,
                     const struct outside_question *q, struct outside_found *ret)
{
    bool down = false;
    int64_t all_ms = 0;
    for (size_t i = 0; i < n; i++) all_ms = v[i].ldap.timeout_s * 1000 > all_ms ? v[i].ldap.timeout_s * 1000 : all_ms;
    all_ms += os_mono_ms();
    for (size_t i = 0; i < n; i++) {
        bool looks = q->is_local && !(v[i].links && v[i].ldap.mail_trusted);
        int64_t now = os_mono_ms(), own = v[i].ldap.timeout_s * 1000, share = (all_ms - now) / (int64_t)(n - i);
        enum err e = one(cx, ids, &v[i], now + (own < share ? own : share), q, looks, ret);
        if (e == E_OK && !looks) return E_OK;
        if (e != E_AUTH && e != E_OK && e != E_BUSY) return e;
        down |= e == E_BUSY;
    }
    if (down) return fail(cx, E_BUSY, "The directory cannot be reached: please try again shortly");
    return fail(cx, E_AUTH, "The name or the password is wrong");
}

/* Somebody who is not known to the first may be to the next; a directory that is down is told when none knows him. */
enum err ldap_ask(struct cx *cx, void *arg, const struct outside_question *q,
                  struct outside_found *ret)
{
    struct idps *ids = arg;
    struct idp *v = NULL;
    size_t n = 0, dirs = 0;
    TRY(idp_list(cx, &v, &n));
    for (size_t i = 0; i < n; i++)
        if (v[i].active && v[i].kind == IDP_LDAP) v[dirs++] = v[i];
    if (!dirs) return fail(cx, E_NOTFOUND, "There is no such provider");
    if (!is_line(q->login, LOGIN_BYTES) || !q->password.n || q->password.n > PASSWORD_BYTES)
        return fail(cx, E_AUTH, "The name or the password is wrong");
    struct dbase *b = db_base(cx->db);
    db_snapshot_end(cx);
    db_put(&cx->db);
    enum err e = each(cx, ids, v, dirs, q, ret);
    cx->db = db_get(b);
    return e;
}
