/* SPDX-License-Identifier: MIT */
/* R24: 64 clients at once over real sockets, every kind of route among what they ask, each with records of its own.
 * No answer is a fault of ours, each reads what it wrote, nothing is lost or there twice, nobody hears of what he may
 * not see; under the thread sanitizer (./dev san) no two threads race. KONTOR_MANY: how often each asks all of it. */
#include "api_bed.h"
#include "os/os.h"
#include "record/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 64, WAIT_MS = 120000, REPLY_MAX = 8 << 20, MINE = 8 };

/* What a client does, each in its turn; $p: its newest person, $n: its number, $i: which time. */
static const struct ask {
    const char *req, *body, *want; /* want: statuses */
    const char *head;
} asks[] = {
    {"POST /api/v1/person", "{'name':'Kunde $n Nr $i','phones':['+49 151 2$n$i'],'mails':['k$n.$i@many.example']}", "201", ""},
    {"GET /api/v1/person/$p", NULL, "200", ""},
    {"GET /api/v1/person?limit=50&sort=-created_at", NULL, "200", ""},
    {"POST /api/v1/person", "{'name':'Kunde $n Nr $i'}", "201", "Idempotency-Key: m$n-$i\r\n"},
    {"PATCH /api/v1/person/$p", "{'job_title':'Stelle $i'}", "200", ""},
    {"GET /api/v1/search?q=Kunde%20$n", NULL, "200", ""},
    {"GET /api/v1/who?number=0151%202$n$i", NULL, "200", ""},
    {"POST /api/v1/person/duplicates", "{'name':'Kunde $n Nr $i','phones':['+49 151 2$n$i']}", "200", ""},
    {"POST /api/v1/interaction", "{'kind':'call','subject':'Anruf $i','person':'$p'}", "201", ""},
    {"POST /api/v1/task", "{'subject':'Aufgabe $i','person':'$p'}", "201 422", ""},
    {"GET /api/v1/person/$p/history", NULL, "200", ""},
    {"POST /api/v1/person/query", "{'filter':{'field':'name','op':'starts','value':'Kunde $n'},'sort':'name'}", "200", ""},
    {"GET /api/v1/count/person", NULL, "200", ""},
    {"POST /api/v1/person/bulk", "{'items':[{'op':'create','values':{'name':'Kunde $n Mengen $i'}},{'op':'change','id':'$p','values':{'note':'$i'}}]}", "200 207 422", ""},
    {"PUT /api/v1/person/by/shop/m$n", "{'name':'Kunde $n Laden'}", "200 201", ""},
    {"GET /api/v1/person/by/shop/m$n", NULL, "200 404", ""},
    {"POST /api/v1/person/mass", "{'act':'change','filter':{'field':'name','op':'starts','value':'Kunde $n'},'values':{'note':'alle $i'}}", "200 202 403", ""},
    {"POST /api/v1/company", "{'name':'Firma $n Nr $i'}", "201", ""},
    {"GET /api/v1/export/person?format=csv", NULL, "200 403", ""},
    {"GET /api/v1/person/$p/archive", NULL, "200 403", ""},
    {"GET /api/v1/meta", NULL, "200 304", ""},
    {"GET /api/v1/openapi.json", NULL, "200 304", ""},
    {"POST /api/v1/meta/field", "{'entity':'group','kind':'text','label':'Feld $n $i'}", "201 403 409 422", ""},
    {"GET /api/v1/session", NULL, "200", ""},
    {"GET /api/v1/session/list", NULL, "200", ""},
    {"POST /api/v1/draft", "{'data':{'name':'Entwurf $i'}}", "201 409 422 429", ""},
    {"PUT /api/v1/setting/list.person", "{'value':['name']}", "200 204 422", ""},
    {"GET /api/v1/notice", NULL, "200", ""},
    {"GET /api/v1/job", NULL, "200", ""},
    {"GET /api/v1/batch", NULL, "200", ""},
    {"POST /api/v1/file?name=m$n.txt", "Hallo $n", "201", ""},
    {"POST /api/v1/sync/many$n", "{'items':[{'entity':'person','key':'s$n-$i','values':{'name':'Kunde $n Fremd $i'}}]}", "202 403 422", ""},
    {"GET /api/v1/sync", NULL, "200 403", ""},
    {"GET /api/v1/hook", NULL, "200 403", ""},
    {"POST /api/v1/hook", "{'name':'h$i','url':'https://hooks.example/m$n','ops':['create']}", "201 403 409 422", ""},
    {"GET /api/v1/usage", NULL, "200", ""},
    {"GET /api/v1/attempt", NULL, "200 403", ""},
    {"GET /api/v1/idp", NULL, "200 403", ""},
    {"GET /api/v1/retention", NULL, "200 403", ""},
    {"POST /api/v1/person/$p/share", "{'to':'$mgra','right':'see'}", "204 403 409 422", ""},
    {"GET /api/v1/person/$p/share", NULL, "200", ""},
    {"POST /api/v1/session", "{'mail':'niemand$n@many.example','password':'falsch'}", "401 403 429 503", ""},
    {"POST /api/v1/as_of", "{'entity':'person','at':'2026-01-01T00:00:00Z'}", "202 403 429", ""},
    {"DELETE /api/v1/person/$p", NULL, "204", ""},
    {"POST /api/v1/person/$p/restore", NULL, "200 204 404", ""},
    {"GET /api/v1/person/$p", NULL, "200", ""},
    {"GET /api/v1/person/$foreign", NULL, "200 404", ""},
    {"GET /metrics", NULL, "200 403", ""},
    {"GET /readyz", NULL, "200", ""},
    {"GET /", NULL, "200 302 303 304 404", ""},
};

struct client {
    struct api_bed *t;
    struct arena *a;
    pthread_t thread;
    enum actor who;
    int n, fd;
    char person[24];
    int made;              /* persons by this client that were answered with 201 */
    int asked, faults;
    char last[600];        /* the first fault */
};

/* ---- one request, over this client's own connection ---- */
static bool more(struct client *c, struct buf *b)
{
    char piece[16384];
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    if (poll(&p, 1, WAIT_MS) <= 0) return false;
    ssize_t n = recv(c->fd, piece, sizeof piece, 0);
    if (n <= 0) return false;
    buf_add(b, (str){piece, (size_t)n});
    return true;
}

static str header(str head, str name)
{
    ptrdiff_t at = str_find(head, name);
    if (at < 0) return S("");
    str rest = str_cut(head, (size_t)at + name.n, head.n), line = {0};
    str_split(rest, '\n', &line, &rest);
    return str_trim(line);
}

/* Status of the reply that is read, 0 = none came; *body: what of it stands in *b. */
static int reply(struct client *c, struct buf *b, str *body)
{
    ptrdiff_t at = -1;
    int64_t status = 0, n = 0;
    while ((at = str_find(buf_str(b), S("\r\n\r\n"))) < 0)
        if (!more(c, b)) return 0;
    str head = str_cut(buf_str(b), 0, (size_t)at + 2);
    if (!str_to_int(str_cut(head, 9, 12), &status)) return 0;
    bool chunked = header(head, S("Transfer-Encoding:")).n > 0;
    (void)!str_to_int(header(head, S("Content-Length:")), &n);
    size_t from = (size_t)at + 4;
    while (chunked ? !str_has_suffix(buf_str(b), S("\r\n\r\n")) || str_find(str_cut(buf_str(b), from, b->n), S("0\r\n")) < 0 : b->n < from + (size_t)n)
        if (!more(c, b)) return 0;
    *body = str_cut(buf_str(b), from, b->n);
    return (int)status;
}

/* Connections end when the server says so, or after its own number of requests. */
static int send_and_hear(struct client *c, str text, struct buf *b, str *body)
{
    for (int i = 0; i < 2; i++) {
        bool fresh = c->fd < 0;
        if (fresh) c->fd = api_dial(c->t);
        if (c->fd < 0) return 0;
        *b = buf_new(c->a, REPLY_MAX);
        int status = send(c->fd, text.p, text.n, MSG_NOSIGNAL) == (ssize_t)text.n ? reply(c, b, body) : 0;
        if (!status || str_find(buf_str(b), S("Connection: close")) >= 0) os_close_fd(&c->fd);
        if (status || fresh) return status;
    }
    return 0;
}

static str filled(struct client *c, int i, const char *text)
{
    struct buf b = buf_new(c->a, 1 << 16);
    str s = str_from(text);
    bool quotes = str_has_prefix(s, S("{'"));
    const struct { str name, value; } vars[] = {{S("$foreign"), var_get(c->t, "foreign")},
                                                {S("$mgra"), var_get(c->t, "mgra")},
                                                {S("$p"), str_from(c->person)},
                                                {S("$n"), arena_fmt(c->a, "%03d", c->n)},
                                                {S("$i"), arena_fmt(c->a, "%04d", i)}};
    for (size_t k = 0; k < s.n; k++) {
        size_t v = 0;
        while (v < COUNT(vars) && !str_has_prefix(str_cut(s, k, s.n), vars[v].name)) v++;
        if (v < COUNT(vars)) {
            buf_add(&b, vars[v].value);
            k += vars[v].name.n - 1;
        } else {
            buf_byte(&b, quotes && s.p[k] == '\'' ? '"' : s.p[k]);
        }
    }
    return buf_str(&b);
}

static str request(struct client *c, int i, const struct ask *q)
{
    const struct person *p = &c->t->who[c->who];
    str req = filled(c, i, q->req), body = q->body ? filled(c, i, q->body) : S(""), head = filled(c, i, q->head);
    return arena_fmt(c->a, "%.*s HTTP/1.1\r\nHost: kontor.test\r\nCookie: kontor=%.*s\r\nX-CSRF-Token: %.*s\r\n%s%.*s%s\r\n%.*s", FS(req), FS(p->token), FS(p->csrf),
                     body.n ? (body.p[0] == '{' ? "Content-Type: application/json\r\n" : "Content-Type: text/plain\r\n") : "", FS(head),
                     arena_fmt(c->a, "Content-Length: %zu\r\n", body.n).p, FS(body));
}

static _Atomic bool went[COUNT(asks)]; /* each goes through for somebody */

static void fault(struct client *c, str asked, int status, str body, const char *why)
{
    if (c->faults++) return;
    (void)snprintf(c->last, sizeof c->last, "%s: client %d as %d: %.*s: %d %.*s", why, c->n, c->who, FS(str_cut(asked, 0, 120)), status, FS(str_cut(body, 0, 300)));
}

static void ask_one(struct client *c, int i, const struct ask *q)
{
    static const str create = S0("POST /api/v1/person");
    struct buf b = {0};
    str body = {0}, req = str_from(q->req);
    int status = send_and_hear(c, request(c, i, q), &b, &body);
    c->asked++;
    if (!status || str_find(str_from(q->want), arena_fmt(c->a, "%d", status)) < 0) fault(c, req, status, body, "status");
    if (status >= 200 && status < 300 && q >= asks && q < asks + COUNT(asks)) went[q - asks] = true;
    if (str_eq(req, create) && status == 201) {
        str id = str_cut(header(body, S("\"id\":\"")), 0, 20);
        str rest = {0};
        str_split(id, '"', &id, &rest);
        (void)snprintf(c->person, sizeof c->person, "%.*s", FS(id));
        c->made++;
    }
    if (str_has_prefix(req, S("GET /api/v1/person/$p")) && req.n == 21 && str_find(body, arena_fmt(c->a, "Kunde %03d ", c->n)) < 0) fault(c, req, status, body, "another one's");
    if (c->who == REPB1 && str_find(body, S("KANARIE")) >= 0) fault(c, req, status, body, "unseen");
}

static void *run(void *arg)
{
    static const struct ask back = {"POST /api/v1/person/$p/restore", NULL, "200 204 404", ""};
    struct client *c = arg;
    const char *often = getenv("KONTOR_MANY");
    int64_t rounds = 1;
    if (often) T(str_to_int(str_from(often), &rounds));
    ask_one(c, 0, &asks[0]);
    for (int r = 0; r < (int)rounds; r++)
        for (size_t k = 0; k < COUNT(asks); k++) {
            struct arena_mark m = arena_mark(c->a);
            size_t at = (k + (size_t)c->n * 7) % COUNT(asks); /* everybody elsewhere in the list */
            ask_one(c, r * (int)COUNT(asks) + (int)k + 1, &asks[at]);
            arena_back(c->a, m);
        }
    ask_one(c, 0, &back); /* who began just behind his deleting has it last */
    if (c->fd >= 0) os_close_fd(&c->fd);
    return NULL;
}

/* ---- what is there afterwards ---- */
static void held_to_account(struct client *c)
{
    struct cx *cx = &c->t->b.cx;
    T(c->faults == 0);
    if (c->faults) fprintf(stderr, "  %s (%d faults of %d)\n", c->last, c->faults, c->asked);
    str count = arena_fmt(cx->a, "GET /api/v1/count/person?filter={'field':'name','op':'starts','value':'Kunde %03d Nr'}", c->n);
    struct answer r = api_call(c->t, cx->a, ADMIN, count, S(""), S(""));
    T_STR(answer_value(cx, &r, S("value")), arena_fmt(cx->a, "%d", c->made));
}

static void many(struct api_bed *t)
{
    static struct client all[CLIENTS];
    static const enum actor actors[] = {ADMIN, MGRA, REPA1, REPA2, REPB1};
    var_put(t, "foreign", arena_fmt(t->b.cx.a, "%" PRId64, api_make(t, "person", "KANARIE", ADMIN)));
    for (int i = 0; i < CLIENTS; i++) {
        all[i] = (struct client){.t = t, .a = arena_new(), .who = actors[i % (int)COUNT(actors)], .n = i, .fd = -1};
        T(pthread_create(&all[i].thread, NULL, run, &all[i]) == 0);
    }
    for (int i = 0; i < CLIENTS; i++) T(pthread_join(all[i].thread, NULL) == 0);
    for (size_t i = 0; i < COUNT(asks); i++) {
        T(went[i] || asks[i].want[0] != '2');
        if (!went[i] && asks[i].want[0] == '2') fprintf(stderr, "  never went through: %s\n", asks[i].req);
        went[i] = false;
    }
    for (int i = 0; i < CLIENTS; i++) {
        T(all[i].asked > (int)COUNT(asks));
        held_to_account(&all[i]);
        arena_free(&all[i].a);
    }
}

int main(void)
{
    api_both(many, true, true);
    return t_end("api_many");
}
