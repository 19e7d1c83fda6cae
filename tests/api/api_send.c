/* SPDX-License-Identifier: MIT */
#include "api_bed.h"
#include "os/os.h"
#include "http/http_int.h"
#include "ui/ui.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static _Atomic bool called[200];

void api_route_mark(const struct route *r)
{
    for (size_t i = 0; i < api_routes_n; i++)
        if (r->fn == api_routes[i].fn && r->method == api_routes[i].method) called[i] = true;
}

bool api_route_called(size_t i) { return called[i]; }

static struct http_limits limits(void)
{
    struct http_limits l = {0};
#define X(type, name, dflt, text) l.name = dflt;
#include "http/http_limits.def"
#undef X
    return l;
}

str var_get(const struct api_bed *t, const char *name)
{
    const str *v = map_get(&t->vars, str_from(name));
    return v ? *v : S("");
}

void var_put(struct api_bed *t, const char *name, str value)
{
    str *v = NEW(t->b.cx.a, str);
    *v = arena_dup(t->b.cx.a, value);
    map_put(&t->vars, arena_dup(t->b.cx.a, str_from(name)), v);
}

static bool word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

/* $name and $name.member; what is not known stays as it stands. */
str api_expand(const struct api_bed *t, struct arena *a, const char *text)
{
    struct buf b = buf_new(a, 4 << 20);
    str s = str_from(text);
    bool quotes = str_has_prefix(s, S("{'")) || str_has_prefix(s, S("['"));
    for (size_t i = 0; i < s.n; i++) {
        size_t to = i + 1;
        while (s.p[i] == '$' && to < s.n &&
               (word(s.p[to]) || (s.p[to] == '.' && to > i + 1 && to + 1 < s.n && word(s.p[to + 1]))))
            to++;
        const str *v = to > i + 1 ? map_get(&t->vars, str_cut(s, i + 1, to)) : NULL;
        if (v) {
            buf_add(&b, *v);
            i = to - 1;
        } else {
            buf_byte(&b, quotes && s.p[i] == '\'' ? '"' : s.p[i]);
        }
    }
    return buf_str(&b);
}

/* Blanks, quotes and the like of a query become %XX; ' becomes ". */
static void target_put(struct buf *b, str target)
{
    bool query = false;
    for (size_t i = 0; i < target.n; i++) {
        unsigned char c = (unsigned char)target.p[i];
        query |= c == '?';
        if (c == '\'' && query) c = '"';
        if (query && (c <= ' ' || c >= 0x7F || c == '"' || c == '<' || c == '>' || c == '{' || c == '}' || c == '|' || c == '\\' || c == '#'))
            buf_fmt(b, "%%%02X", c);
        else
            buf_byte(b, (char)c);
    }
}

static str request_text(const struct api_bed *t, struct arena *a, enum actor who, str req, str body, str head)
{
    struct buf b = buf_new(a, 1 << 20);
    const struct person *p = &t->who[who];
    str method = {0}, target = {0}, line = {0};
    bool cookie = str_find(head, S("Cookie:")) >= 0, csrf = str_find(head, S("X-CSRF-Token:")) >= 0;
    str_split(req, ' ', &method, &target);
    buf_fmt(&b, "%.*s ", FS(method));
    target_put(&b, target);
    buf_add(&b, S(" HTTP/1.1\r\nHost: kontor.test\r\nUser-Agent: kontor-test\r\n"));
    if (p->token.n && !cookie) buf_fmt(&b, "Cookie: kontor=%.*s\r\n", FS(p->token));
    if (p->token.n && !csrf) buf_fmt(&b, "X-CSRF-Token: %.*s\r\n", FS(p->csrf));
    if (body.n && str_find(head, S("Content-Type:")) < 0) buf_add(&b, S("Content-Type: application/json\r\n"));
    if (body.n) buf_fmt(&b, "Content-Length: %zu\r\n", body.n);
    while (head.n) {
        str_split(head, '\n', &line, &head);
        buf_fmt(&b, "%.*s\r\n", FS(line));
    }
    buf_add(&b, S("\r\n"));
    return buf_str(&b);
}

static void reply_copy(struct arena *a, const struct resp *rs, struct answer *ret)
{
    ret->status = rs->status ? rs->status : 200;
    ret->body = arena_dup(a, buf_str(&rs->body));
    ret->type = arena_dup(a, rs->type.n ? rs->type : S("application/json"));
    ret->file = arena_dup(a, rs->file);
    ret->n_head = rs->n_head;
    for (size_t i = 0; i < rs->n_head; i++)
        ret->head[i] = (struct header){arena_dup(a, rs->head[i].name), arena_dup(a, rs->head[i].value)};
}

/* KONTOR_API_RECORD names a folder: what was asked and answered, a JSON line each, for tools/openapi.py. */
static void record(const struct req *rq, const struct answer *r)
{
    const char *dir = getenv("KONTOR_API_RECORD");
    static FILE *f;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    if (!dir) return;
    struct arena *a = arena_new();
    struct buf b = buf_new(a, 64 << 20);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kstr(&w, S("method"), method_name[rq->method]);
    jw_kstr(&w, S("path"), rq->path);
    jw_kstr(&w, S("route"), rq->route->path);
    jw_kint(&w, S("status"), r->status);
    jw_kstr(&w, S("type"), r->type);
    if (str_has_suffix(r->type, S("json"))) jw_kstr(&w, S("body"), r->body);
    jw_obj_end(&w);
    buf_byte(&b, '\n');
    pthread_mutex_lock(&lock);
    if (!f) f = fopen(arena_fmt(a, "%s/replies-%d.jsonl", dir, (int)getpid()).p, "w");
    if (f) (void)fwrite(b.p, 1, b.n, f);
    pthread_mutex_unlock(&lock);
    arena_free(&a);
}

enum { SENT_MAX = 16 << 20 };

struct answer api_raw(struct api_bed *t, struct arena *a, str head, str body)
{
    struct arena *mine = arena_new(); /* a request's memory ends with it: ASan sees who keeps it */
    struct arena *sent = arena_new(); /* what a stream has sent is nobody's any more */
    struct http_limits l = limits();
    struct http_head *h = NEW(mine, struct http_head);
    struct resp rs = {.body = buf_new(sent, SENT_MAX)};
    struct answer ret = {0};
    struct meta *m = app_meta_hold(t->app);
    struct cx cx = {.a = mine, .db = db_get(t->app->db), .meta = m, .app = t->app, .now_ms = (t->still_ms ? t->still_ms : clock_ms()) + t->ahead_ms,
                    .lang = S("en"), .country = app_country(mine, t->app), .req = S("req-id")};
    cx.addr = t->remote.n ? t->remote : S("203.0.113.7");
    ret.status = http_parse_head(mine, &l, arena_dup(mine, head), h);
    if (ret.status == PARSE_OK) {
        h->rq.body = arena_dup(mine, body);
        h->rq.body_bytes = (int64_t)body.n;
        h->rq.remote = t->remote.n ? t->remote : S("203.0.113.7");
        http_dispatch(&cx, t->router, api_guard, &h->rq, &rs);
        api_refused(&cx, &h->rq, &rs);
        if (h->rq.route) api_route_mark(h->rq.route);
        reply_copy(a, &rs, &ret);
        ret.route = h->rq.route;
        ret.param = h->rq.route ? arena_dup(a, h->rq.param[0]) : S("");
        if (rs.file_fd > 0) os_close_fd(&rs.file_fd); /* the server would have sent and closed it */
        if (h->rq.route) record(&h->rq, &ret);
    }
    db_put(&cx.db);
    meta_drop(&m);
    arena_free(&sent);
    arena_free(&mine);
    return ret;
}

struct answer api_call(struct api_bed *t, struct arena *a, enum actor who, str req, str body, str head)
{
    struct arena *mine = arena_new();
    struct answer ret = api_raw(t, a, request_text(t, mine, who, req, body, head), body);
    arena_free(&mine);
    return ret;
}

str answer_head(const struct answer *r, str name)
{
    for (size_t i = 0; i < r->n_head; i++)
        if (str_eq_nocase(r->head[i].name, name)) return r->head[i].value;
    return S("");
}

str answer_value(struct cx *cx, const struct answer *r, str path)
{
    const struct json *j = NULL;
    str key = {0};
    if (!r->body.n || json_parse(cx, r->body, &j) != E_OK) return S("");
    for (bool more = true; more && j;) {
        more = str_split(path, '.', &key, &path);
        int64_t at = 0;
        if (j->t == JT_ARR) j = str_to_int(key, &at) && at >= 0 && (size_t)at < j->n ? &j->v[at] : NULL;
        else j = json_get(j, key);
    }
    return j ? j->s : S("");
}

int api_dial(struct api_bed *t)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(t->app->http)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof sa) != 0) os_close_fd(&fd);
    return fd;
}

/* ---- tables ---- */
static void values_keep(struct api_bed *t, const char *save, const struct answer *r)
{
    struct cx *cx = &t->b.cx;
    const struct json *j = NULL;
    str seq = answer_head(r, S("X-Change"));
    if (seq.n) var_put(t, arena_fmt(cx->a, "%s.seq", save).p, seq);
    if (!r->body.n || json_parse(cx, r->body, &j) != E_OK) return;
    for (size_t i = 0; i < j->n; i++) {
        if (str_eq(j->v[i].key, S("id"))) var_put(t, save, j->v[i].s);
        var_put(t, arena_fmt(cx->a, "%s.%.*s", save, FS(j->v[i].key)).p, j->v[i].s);
    }
}

static bool part_fits(const struct answer *r, str part)
{
    bool not = str_has_prefix(part, S("!"));
    str name = {0}, value = {0};
    if (not) part = str_cut(part, 1, part.n);
    if (!str_has_prefix(part, S("@"))) return (str_find(r->body, part) >= 0) != not;
    str_split(str_cut(part, 1, part.n), ':', &name, &value);
    str h = answer_head(r, name);
    return (h.n && str_find(h, str_trim(value)) >= 0) != not;
}

str api_events_came(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    struct buf b = buf_new(cx->a, 1 << 20);
    T_OK(cx, db_query(cx, &r, "SELECT seq, entity, op FROM change WHERE seq > $1 ORDER BY seq LIMIT 1000", V(t->seen)));
    for (size_t i = 0; i < r.n; i++) {
        if (i) buf_byte(&b, ' ');
        buf_fmt(&b, "%.*s.%.*s", FS(db_str(&r, i, 1)), FS(db_str(&r, i, 2)));
        t->seen = db_int(&r, i, 0);
    }
    return buf_str(&b);
}

static bool parts_fit(struct api_bed *t, const struct row *w, const struct answer *r)
{
    struct cx *cx = &t->b.cx;
    str part = {0}, rest = w->part ? str_from(w->part) : S("");
    bool fit = true;
    while (rest.n) {
        str_split(rest, '|', &part, &rest);
        fit &= part_fits(r, api_expand(t, cx->a, arena_z(cx->a, part)));
    }
    return fit;
}

str api_body(struct api_bed *t, const char *text)
{
    static const str picture = S0("@picture:");
    struct cx *cx = &t->b.cx;
    str all = str_from(text), bytes = {0};
    if (!str_has_prefix(all, picture)) return api_expand(t, cx->a, text);
    str path = arena_fmt(cx->a, "tests/fixtures/pictures/%.*s", FS(str_cut(all, picture.n, all.n)));
    T_OK(cx, os_read_file(cx, path, 1 << 20, &bytes));
    return bytes;
}

static void row_tell(struct api_bed *t, const char *file, const struct row *w, str asked, const struct answer *r, str came)
{
    fprintf(stderr, "  %s%s [%d] %.*s\n  want %d %s events <%s>\n  got  %d events <%.*s> %.*s\n", file,
            dbase_is_pg(t->app->db) ? " (pg)" : "", w->who, FS(asked), w->status, w->part ? w->part : "",
            w->events ? w->events : "", r->status, FS(came), FS(str_cut(r->body, 0, 600)));
    for (size_t i = 0; i < r->n_head; i++)
        fprintf(stderr, "    %.*s: %.*s\n", FS(r->head[i].name), FS(r->head[i].value));
}

static bool is_among(str one, str all)
{
    str word = {0};
    while (all.n) {
        str_split(all, ' ', &word, &all);
        if (str_eq(one, word)) return true;
    }
    return false;
}

/* "person.create company.create*": what a job has done by now, any number of these and no other. */
static bool events_fit(str came, str want)
{
    str one = {0};
    if (!want.n || want.p[want.n - 1] != '*') return str_eq(came, want);
    while (came.n) {
        str_split(came, ' ', &one, &came);
        if (!is_among(one, str_cut(want, 0, want.n - 1))) return false;
    }
    return true;
}

/* What a create answers is what the record then is. */
static void made_is_read(struct api_bed *t, const struct row *w, str req, const struct answer *r)
{
    static const str post = S0("POST /api/v1/");
    struct cx *cx = &t->b.cx;
    str entity = str_cut(req, post.n, req.n), id = answer_value(cx, r, S("id"));
    if (r->status != 201 || !str_has_prefix(req, post) || memchr(entity.p, '/', entity.n) ||
        !meta_entity(t->app->meta, entity) || !id.n)
        return;
    struct answer now = api_call(t, cx->a, w->who, arena_fmt(cx->a, "GET /api/v1/%.*s/%.*s", FS(entity), FS(id)), S(""), S(""));
    if (now.status == 200) T_STR(r->body, now.body);
}

static void row_run(struct api_bed *t, const char *file, const struct row *w)
{
    struct cx *cx = &t->b.cx;
    str req = api_expand(t, cx->a, w->req), body = w->body ? api_body(t, w->body) : S("");
    struct answer r = api_call(t, cx->a, w->who, req, body, w->head ? api_expand(t, cx->a, w->head) : S(""));
    str came = api_events_came(t), want = w->events ? str_from(w->events) : S("");
    bool fits = r.status == w->status && events_fit(came, want) && parts_fit(t, w, &r);
    if (w->save) values_keep(t, w->save, &r);
    made_is_read(t, w, req, &r);
    T(fits);
    if (!fits) row_tell(t, file, w, arena_fmt(cx->a, "%.*s %.*s", FS(req), FS(str_cut(body, 0, 300))), &r, came);
}

void api_rows(struct api_bed *t, const char *file, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) row_run(t, file, &rows[i]);
}
