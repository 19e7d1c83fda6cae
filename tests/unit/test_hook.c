/* SPDX-License-Identifier: MIT */
/* R16, C26, F01 to F04, F06, F09, H02, K03: webhooks against a receiver that does everything wrong. */
#include "base/time.h"
#include "hook/hook_int.h"
#include "os/os.h"
#include "record/record_int.h"
#include "search_make.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TIMEOUT_MS = 700, WAIT_MS = 20000, GOT_MAX = 4000, REQUEST_MAX = 1 << 18 };

/* ---- the receiver: the path says how it behaves ---- */
struct heard {
    char path[32], id[64], at[32], sign[128];
    str body;
};
static struct receiver {
    int fd, port;
    pthread_t thread;
    pthread_mutex_t lock;
    struct arena *a;
    struct heard got[GOT_MAX];
    size_t n;
    int flaky; /* so many more of /flaky are refused */
    bool down; /* all answer 503 */
    int held[64], n_held; /* those of /slow: never answered */
    _Atomic bool stop;
} rv;

static void head_of(str req, const char *name, char *to, size_t room)
{
    ptrdiff_t at = str_find(req, str_from(name));
    str value = {0}, rest = {0};
    if (at < 0) return;
    str_split(str_cut(req, (size_t)at + strlen(name), req.n), '\r', &value, &rest);
    (void)snprintf(to, room, "%.*s", FS(str_trim(value)));
}

/* One request up to the end of its body. */
static str request(int c, struct arena *a)
{
    struct buf b = buf_new(a, REQUEST_MAX);
    char piece[4096], length[32] = "0";
    for (;;) {
        ptrdiff_t end = str_find(buf_str(&b), S("\r\n\r\n"));
        int64_t n = 0;
        if (end >= 0) head_of(buf_str(&b), "Content-Length:", length, sizeof length);
        if (end >= 0 && str_to_int(str_from(length), &n) && b.n >= (size_t)(end + 4 + n)) return buf_str(&b);
        ssize_t got = recv(c, piece, sizeof piece, 0);
        if (got <= 0) return S("");
        buf_add(&b, (str){piece, (size_t)got});
    }
}

static void say(int c, const char *status, const char *more, const char *body)
{
    char text[512];
    int n = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n%s", status, strlen(body), more, body);
    (void)send(c, text, (size_t)n, MSG_NOSIGNAL);
}

/* True: the connection stays open. */
static bool behave(int c, const char *path)
{
    static char flood[65536];
    const struct linger hard = {1, 0};
    char location[64];
    bool flaky = strcmp(path, "/flaky") == 0 && rv.flaky-- > 0;
    if (rv.down || flaky) say(c, "503 No", "", "");
    else if (strcmp(path, "/500") == 0) say(c, "500 No", "", "oops \x01\xff<b>");
    else if (strcmp(path, "/410") == 0) say(c, "410 Gone", "", "");
    else if (strcmp(path, "/slow") == 0 && rv.n_held < 64) return (rv.held[rv.n_held++] = c) >= 0;
    else if (strcmp(path, "/reset") == 0) (void)setsockopt(c, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    else if (strcmp(path, "/redirect") == 0) {
        (void)snprintf(location, sizeof location, "Location: http://127.0.0.1:%d/secret\r\n", rv.port);
        say(c, "302 Found", location, "");
    } else if (strcmp(path, "/big") == 0) {
        (void)send(c, "HTTP/1.1 200 OK\r\n\r\n", 19, MSG_NOSIGNAL);
        for (int i = 0; i < 100 && send(c, memset(flood, 'x', sizeof flood), sizeof flood, MSG_NOSIGNAL) > 0; i++) continue;
    } else say(c, "200 OK", "", "thanks");
    return false;
}

static void *serve(void *arg)
{
    (void)arg;
    while (!atomic_load(&rv.stop)) {
        struct pollfd p = {.fd = rv.fd, .events = POLLIN};
        if (poll(&p, 1, 50) <= 0) continue;
        int c = accept(rv.fd, NULL, NULL);
        struct arena *a = arena_new();
        str req = request(c, a), method = {0}, path = {0}, rest = {0};
        str_split(req, ' ', &method, &rest);
        str_split(rest, ' ', &path, &rest);
        pthread_mutex_lock(&rv.lock);
        struct heard *h = &rv.got[rv.n < GOT_MAX - 1 ? rv.n++ : rv.n];
        (void)snprintf(h->path, sizeof h->path, "%.*s", FS(path));
        head_of(req, "webhook-id:", h->id, sizeof h->id);
        head_of(req, "webhook-timestamp:", h->at, sizeof h->at);
        head_of(req, "webhook-signature:", h->sign, sizeof h->sign);
        ptrdiff_t end = str_find(req, S("\r\n\r\n"));
        h->body = arena_dup(rv.a, end < 0 ? S("") : str_cut(req, (size_t)end + 4, req.n));
        pthread_mutex_unlock(&rv.lock);
        if (!behave(c, h->path)) (void)close(c);
        arena_free(&a);
    }
    return NULL;
}

static void receiver_start(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof sa;
    rv.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    T(bind(rv.fd, (struct sockaddr *)&sa, n) == 0 && listen(rv.fd, 64) == 0 && getsockname(rv.fd, (struct sockaddr *)&sa, &n) == 0);
    rv.port = ntohs(sa.sin_port);
    rv.a = arena_new();
    rv.n = 0;
    rv.down = false;
    atomic_store(&rv.stop, false);
    pthread_mutex_init(&rv.lock, NULL);
    T(pthread_create(&rv.thread, NULL, serve, NULL) == 0);
}

static void receiver_end(void)
{
    atomic_store(&rv.stop, true);
    (void)pthread_join(rv.thread, NULL);
    (void)close(rv.fd);
    while (rv.n_held) (void)close(rv.held[--rv.n_held]);
    arena_free(&rv.a);
}

/* Those of a path that have come. */
static size_t heard(const char *path, struct heard **ret)
{
    static struct heard all[GOT_MAX];
    size_t n = 0;
    pthread_mutex_lock(&rv.lock);
    for (size_t i = 0; i < rv.n; i++)
        if (strcmp(rv.got[i].path, path) == 0) all[n++] = rv.got[i];
    pthread_mutex_unlock(&rv.lock);
    if (ret) *ret = all;
    return n;
}

/* ---- the house ---- */
struct world {
    struct bed *b;
    struct vault *vault;
    struct hooks_opts o;
    struct hooks *h;
    int64_t chief; /* sees all */
};

static enum err enter(void *arg, struct cx *cx, int64_t user, int64_t key)
{
    const struct world *w = arg;
    (void)key;
    cx->meta = w->b->m;
    cx->country = S("DE");
    return user ? auth_as(cx, user) : E_OK;
}

static void leave(void *arg, struct cx *cx) { (void)arg, (void)cx; }

static struct cx *now(struct world *w)
{
    w->b->cx.now_ms = clock_ms();
    return &w->b->cx;
}

static struct world world_make(struct bed *b)
{
    struct world w = {.b = b};
    struct cx *cx = &b->cx;
    receiver_start();
    T_OK(cx, vault_open(cx, arena_fmt(cx->a, "%.*s/secret.key", FS(b->folder)), true, &w.vault));
    w.o = (struct hooks_opts){.db = b->b, .env = {w.vault, {.allow = arena_fmt(cx->a, "127.0.0.1:%d", rv.port)}}, .cx_begin = enter, .cx_end = leave, .timeout_ms = TIMEOUT_MS};
    cx->now_ms = clock_ms();
    w.chief = make_user(cx, "Chef", "all", 0);
    return w;
}

static void world_end(struct world *w)
{
    hooks_stop(&w->h);
    vault_close(&w->vault);
    receiver_end();
}

static void start(struct world *w)
{
    w->o.arg = w;
    T_OK(now(w), hooks_start(&w->b->cx, &w->o, &w->h));
}

static int64_t subscribe(struct world *w, int64_t owner, const char *path, const char *entity, unsigned ops, const char *filter, str *ret_secret)
{
    struct cx *cx = now(w);
    struct hook h = {.owner = owner, .name = S("h"), .url = arena_fmt(cx->a, "http://127.0.0.1:%d%s", rv.port, path), .entity = str_from(entity), .ops = ops, .filter = str_from(filter), .active = true};
    str secret = {0};
    T_OK(cx, hook_new(cx, &w->o.env, &h, &secret));
    if (ret_secret) *ret_secret = secret;
    return h.id;
}

static int64_t count(struct world *w, str sql, int64_t id)
{
    struct db_rows r = {0};
    struct db_val v = V(id);
    T_OK(now(w), db_run(&w->b->cx, &r, NULL, sql, &v, 1));
    return r.n ? db_int(&r, 0, 0) : -1;
}

static enum err due_inside(struct cx *cx, void *arg)
{
    (void)arg;
    TRY(db_exec(cx, NULL, "UPDATE hook_delivery SET due_at = 0 WHERE state = 'waiting'"));
    return db_exec(cx, NULL, "UPDATE hook SET paused_until = 0");
}

/* Until so many of the path have come; what waits for its next try is made due. */
static bool wait_heard(struct world *w, const char *path, size_t n, bool hurry)
{
    for (int64_t end = os_mono_ms() + WAIT_MS; os_mono_ms() < end; usleep(20000)) {
        if (heard(path, NULL) >= n) return true;
        if (hurry) T_OK(now(w), db_write(&w->b->cx, due_inside, NULL));
        if (w->h) hooks_wake(w->h);
    }
    fprintf(stderr, "  %s: %zu of %zu\n", path, heard(path, NULL), n);
    return false;
}

static bool wait_count(struct world *w, str sql, int64_t id, int64_t want)
{
    int64_t got = 0;
    for (int64_t end = os_mono_ms() + WAIT_MS; os_mono_ms() < end; usleep(20000)) {
        struct arena_mark m = arena_mark(w->b->cx.a);
        got = count(w, sql, id);
        arena_back(w->b->cx.a, m);
        if (got == want) return true;
    }
    fprintf(stderr, "  %.*s: %" PRId64 "\n", FS(sql), got);
    return false;
}
#define STATE(s) S("SELECT count(*) FROM hook_delivery WHERE state = '" s "' AND hook = $1")

/* F09: by other code than ours. */
static bool is_signed(struct cx *cx, const struct heard *h, str secret)
{
    unsigned char key[64], sum[EVP_MAX_MD_SIZE], text[64];
    unsigned n = 0;
    str s = str_cut(secret, 6, secret.n);
    if (!str_has_prefix(secret, S("whsec_")) || s.n != 44 || EVP_DecodeBlock(key, (const unsigned char *)s.p, (int)s.n) != 33) return false;
    str all = arena_fmt(cx->a, "%s.%s.%.*s", h->id, h->at, FS(h->body));
    (void)HMAC(EVP_sha256(), key, 32, (const unsigned char *)all.p, all.n, sum, &n);
    (void)EVP_EncodeBlock(text, sum, (int)n);
    return strcmp(arena_fmt(cx->a, "v1,%s", (const char *)text).p, h->sign) == 0;
}

/* ---- the tests ---- */
static void told(struct bed *b)
{
    struct world w = world_make(b);
    struct cx *cx = &b->cx;
    struct heard *got = NULL;
    str secret = {0};
    int64_t before = make(cx, "person", "{\"name\":\"Vorher\"}");
    int64_t hook = subscribe(&w, w.chief, "/ok", "person", HOOK_OPS, "", &secret);
    start(&w);
    usleep(5000);
    (void)now(&w);
    int64_t p = make(cx, "person", "{\"name\":\"Anna\"}");
    change(cx, "person", p, "{\"note\":\"neu\"}");
    (void)make(cx, "company", "{\"name\":\"Andere\"}");
    trash(cx, "person", p);
    T(wait_heard(&w, "/ok", 3, false));
    T_INT((int64_t)heard("/ok", &got), 3);
    static const char *const type[] = {"\"type\":\"person.created\"", "\"type\":\"person.updated\"", "\"type\":\"person.deleted\""};
    for (int i = 0; i < 3; i++) {
        T(str_find(got[i].body, str_from(type[i])) >= 0 && is_signed(cx, &got[i], secret));
        T(str_find(got[i].body, arena_fmt(cx->a, "\"data\":{\"id\":\"" ID "\"", p)) >= 0 && str_find(got[i].body, S("\"name\":\"Anna\"")) >= 0);
        const struct json *j = NULL;
        T_OK(cx, json_parse(cx, got[i].body, &j));
    }
    T(str_find(got[1].body, S("\"changes\":[{\"field\":\"note\",\"old\":null,\"new\":\"neu\"}]")) >= 0);
    got[0].body.n--;
    T(!is_signed(cx, &got[0], secret));
    T(wait_count(&w, STATE("delivered"), hook, 3) && count(&w, S("SELECT count(*) FROM hook_delivery WHERE record = $1"), before) == 0);
    T_INT(count(&w, S("SELECT count(*) FROM hook WHERE secret LIKE '%whsec%' AND id = $1"), hook), 0); /* K03 */
    int64_t test = 0;
    T_OK(now(&w), hook_test(cx, hook, &test));
    T(wait_heard(&w, "/ok", 4, false) && heard("/ok", &got) == 4 && str_find(got[3].body, S("hook.test")) >= 0 && is_signed(cx, &got[3], secret));
    T(wait_count(&w, STATE("delivered"), hook, 4));
    T_OK(now(&w), hook_again(cx, test)); /* the same id once more */
    T(wait_heard(&w, "/ok", 5, false) && heard("/ok", &got) == 5 && strcmp(got[3].id, got[4].id) == 0);
    world_end(&w);
}

static void trouble(struct bed *b)
{
    static const struct {
        const char *path, *answer;
        int64_t status;
    } all[] = {{"/500", "oops  <b>", 500}, {"/slow", "timeout", 0}, {"/reset", "broken", 0}, {"/redirect", "", 302}};
    struct world w = world_make(b);
    struct cx *cx = &b->cx;
    int64_t hook[COUNT(all)], big = subscribe(&w, w.chief, "/big", "person", HOOK_CREATE, "", NULL), gone = subscribe(&w, w.chief, "/410", "person", HOOK_CREATE, "", NULL),
                              flaky = subscribe(&w, w.chief, "/flaky", "person", HOOK_OPS, "", NULL);
    rv.flaky = 2;
    for (size_t i = 0; i < COUNT(all); i++) hook[i] = subscribe(&w, w.chief, all[i].path, "person", HOOK_CREATE, "", NULL);
    start(&w);
    (void)now(&w);
    int64_t p = make(cx, "person", "{\"name\":\"Anna\"}");
    change(cx, "person", p, "{\"note\":\"1\"}");
    for (size_t i = 0; i < COUNT(all); i++) {
        struct hook_delivery *d = NULL;
        size_t n = 0;
        T(wait_count(&w, S("SELECT tries FROM hook_delivery WHERE hook = $1"), hook[i], 1));
        T_OK(cx, hook_log(cx, hook[i], 0, 10, &d, &n));
        T(n == 1 && str_eq(d[0].state, S("waiting")) && d[0].status == all[i].status && d[0].due_at > clock_ms() + 7000 && d[0].due_at < clock_ms() + 12000);
        if (n) T_STR(d[0].answer, str_from(all[i].answer));
    }
    T(wait_count(&w, STATE("delivered"), big, 1));
    T(wait_count(&w, STATE("dead"), gone, 1) && count(&w, S("SELECT active FROM hook WHERE stopped = 'gone' AND id = $1"), gone) == 0);
    /* in order, and the same id each time: the update waits for the create */
    struct heard *got = NULL;
    T(wait_heard(&w, "/flaky", 4, true) && heard("/flaky", &got) == 4);
    T(strcmp(got[0].id, got[1].id) == 0 && strcmp(got[1].id, got[2].id) == 0 && strcmp(got[2].id, got[3].id) != 0);
    T(str_find(got[2].body, S("person.created")) >= 0 && str_find(got[3].body, S("person.updated")) >= 0);
    T(wait_count(&w, STATE("delivered"), flaky, 2));
    T(wait_heard(&w, "/500", HOOK_TRIES, true)); /* given up after ten */
    T(wait_count(&w, STATE("dead"), hook[0], 1));
    T_INT((int64_t)heard("/500", NULL), HOOK_TRIES);
    T_INT((int64_t)heard("/secret", NULL), 0); /* F03 */
    world_end(&w);
}

/* Down for long: after some failures it rests and is probed by one, then all comes, in the records' order. */
static void breaker(struct bed *b)
{
    struct world w = world_make(b);
    struct cx *cx = &b->cx;
    struct heard *got = NULL;
    int64_t hook = subscribe(&w, w.chief, "/ok", "person", HOOK_CREATE, "", NULL), p[12], begun = clock_ms();
    rv.down = true;
    start(&w);
    (void)now(&w);
    for (int i = 0; i < 12; i++) p[i] = make(cx, "person", "{\"name\":\"Anna\"}");
    T(wait_count(&w, S("SELECT count(*) FROM hook WHERE fails >= 5 AND id = $1"), hook, 1));
    usleep(300000);
    size_t n = heard("/ok", &got);
    T(n >= HOOK_BREAKER && n <= HOOK_BREAKER + 1); /* one was under way beside it */
    T(count(&w, S("SELECT paused_until FROM hook WHERE id = $1"), hook) > begun + 50000);
    rv.down = false;
    T(wait_heard(&w, "/ok", n + 12, true));
    T(wait_count(&w, STATE("delivered"), hook, 12) && count(&w, S("SELECT fails FROM hook WHERE id = $1"), hook) == 0);
    n = heard("/ok", &got);
    for (int i = 0; i < 12; i++) {
        bool came = false;
        for (size_t k = 0; k < n; k++) came |= str_find(got[k].body, arena_fmt(cx->a, "\"id\":\"" ID "\"", p[i])) >= 0;
        T(came);
    }
    world_end(&w);
}

/* C26: of a rep's hook what he does not see never leaves, at whatever moment he ceases to see it. */
static void rights(struct bed *b)
{
    struct world w = world_make(b);
    struct cx *cx = &b->cx;
    struct heard *got = NULL;
    int64_t role = make(cx, "role", "{\"name\":\"rep\",\"rights\":{\"person\":{\"see\":\"own\",\"fields\":{\"note\":\"hidden\"}}}}");
    int64_t rep = make(cx, "user", J("{\"name\":\"Rep\",\"role\":\"" ID "\"}", role));
    int64_t hook = subscribe(&w, rep, "/rep", "", HOOK_OPS, "", NULL), only = subscribe(&w, w.chief, "/only", "person", HOOK_OPS, "{\"field\":\"name\",\"op\":\"starts\",\"value\":\"Zora\"}", NULL);
    start(&w);
    (void)now(&w);
    (void)make(cx, "company", "{\"name\":\"Fremd\"}");
    (void)make(cx, "person", "{\"name\":\"Fremd\",\"note\":\"geheim\"}");
    int64_t own = make(cx, "person", J("{\"name\":\"Eigen\",\"note\":\"geheim\",\"owner\":\"" ID "\"}", rep));
    change(cx, "person", own, "{\"note\":\"noch geheimer\",\"name\":\"Zora\"}");
    T(wait_heard(&w, "/rep", 2, false) && wait_heard(&w, "/only", 1, false));
    change(cx, "person", own, J("{\"owner\":\"" ID "\",\"name\":\"Weg\"}", w.chief));
    T(wait_count(&w, STATE("delivered"), only, heard("/only", NULL) > 1 ? 2 : 1));
    usleep(300000);
    T_INT((int64_t)heard("/rep", &got), 2);
    for (size_t i = 0; i < 2; i++) T(str_find(got[i].body, S("geheim")) < 0 && str_find(got[i].body, S("Fremd")) < 0 && str_find(got[i].body, S("\"note\"")) < 0);
    T_INT(count(&w, S("SELECT count(*) FROM hook_delivery WHERE hook = $1"), hook), 2);
    /* it failed, then the record became another's: the next try tells nothing */
    struct hook_delivery *d = NULL;
    size_t n = 0;
    T_OK(now(&w), hook_log(cx, hook, 0, 10, &d, &n));
    T_OK(cx, hook_again(cx, d[0].id));
    T(wait_count(&w, STATE("unseen"), hook, 1));
    T_INT((int64_t)heard("/rep", NULL), 2);
    change(cx, "user", rep, "{\"active\":false}");
    (void)make(cx, "person", J("{\"name\":\"Eigen 2\",\"owner\":\"" ID "\"}", rep));
    T(wait_count(&w, S("SELECT count(*) FROM hook WHERE active = 0 AND stopped = 'owner' AND id = $1"), hook, 1));
    T_INT((int64_t)heard("/rep", NULL), 2);
    world_end(&w);
}

/* F01, F02, F06: a socket that listens sees nobody, and only the kind of the failure is told. */
static void inside(struct bed *b)
{
    struct world w = world_make(b);
    struct cx *cx = &b->cx;
    _Atomic bool stop = false;
    static const char *const host[] = {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "[::ffff:127.0.0.1]", "[::1]", "[::]", "localhost", "localhost.", "x@127.0.0.1"};
    for (size_t i = 0; i < COUNT(host); i++) {
        struct outgoing_rules none = {0};
        struct hook_env env = {w.vault, none};
        struct hook h = {.owner = w.chief, .name = S("h"), .url = arena_fmt(cx->a, "http://%s:%d/", host[i], rv.port), .ops = HOOK_OPS, .active = true};
        struct posting p = {.rules = &none, .url = h.url, .id = S("x"), .body = S("{}"), .timeout_ms = TIMEOUT_MS, .stop = &stop};
        struct sent s = {0};
        str secret = {0};
        T(hook_new(cx, &env, &h, &secret) == E_INVALID && str_eq(cx->at, S("url")));
        post_send(cx, &p, &s);
        T(s.how == SENT_FAILED && str_eq(s.answer, S("refused")));
    }
    usleep(100000);
    T_INT((int64_t)rv.n, 0);
    struct posting p = {.rules = &w.o.env.rules, .url = arena_fmt(cx->a, "http://127.0.0.1:%d/ok", rv.port), .id = S("x"), .body = S("{}"), .timeout_ms = TIMEOUT_MS, .stop = &stop};
    struct sent s = {0};
    T(setenv("http_proxy", "http://127.0.0.1:9/", 1) == 0 && setenv("all_proxy", "http://127.0.0.1:9/", 1) == 0);
    post_send(cx, &p, &s); /* no proxy of the environment */
    T(s.how == SENT_OK && s.status == 200);
    T_STR(s.answer, S("thanks"));
    T(unsetenv("http_proxy") == 0 && unsetenv("all_proxy") == 0);
    world_end(&w);
}

static size_t moving(struct cx *cx, str host, struct outgoing_addr *ret, size_t max)
{
    (void)cx, (void)host, (void)max;
    *ret = (struct outgoing_addr){false, {127, 0, 0, 1}};
    return 1;
}

/* A name that leads inside is looked up at each delivery, and the connection goes where it was judged. */
static void pinned(struct bed *b)
{
    struct world w = world_make(b);
    struct cx *cx = &b->cx;
    _Atomic bool stop = false;
    struct outgoing_rules no = {.allow = arena_fmt(cx->a, "192.0.2.1:%d", rv.port), .plain = true, .lookup = moving}, yes = {.allow = arena_fmt(cx->a, "hook.example:%d", rv.port), .lookup = moving};
    struct posting p = {.rules = &no, .url = arena_fmt(cx->a, "http://hook.example:%d/ok", rv.port), .id = S("x"), .body = S("{}"), .timeout_ms = TIMEOUT_MS, .stop = &stop};
    struct sent s = {0};
    post_send(cx, &p, &s);
    T(s.how == SENT_FAILED && str_eq(s.answer, S("refused")) && rv.n == 0);
    p.rules = &yes;
    post_send(cx, &p, &s);
    T(s.how == SENT_FAILED && str_eq(s.answer, S("refused")) && rv.n == 0); /* by http to a name: not without plain_outgoing */
    yes.plain = true;
    post_send(cx, &p, &s); /* no name server knows it: it is where the look-up said */
    T(s.how == SENT_OK && heard("/ok", NULL) == 1);
    world_end(&w);
}

/* Dies after the answer and before it is written down: told again, under the same id; and what was never told is. */
static void dies(struct bed *b)
{
    struct world w = world_make(b);
    struct cx *cx = &b->cx;
    struct heard *got = NULL;
    int64_t hook = subscribe(&w, w.chief, "/ok", "person", HOOK_CREATE, "", NULL);
    struct sending s = {0};
    bool is = false, more = false;
    (void)make(cx, "person", "{\"name\":\"A\"}");
    (void)make(cx, "person", "{\"name\":\"B\"}");
    w.o.arg = &w;
    bed_settle(b);
    T_OK(now(&w), follow_slice(cx, &w.o, &more));
    T_OK(cx, follow_slice(cx, &w.o, &more)); /* nothing twice */
    T_INT(count(&w, STATE("waiting"), hook), 2);
    T_OK(cx, queue_take(cx, &s, &is));
    T(is && count(&w, STATE("sending"), hook) == 1);
    (void)make(cx, "person", "{\"name\":\"C\"}"); /* not followed yet */
    start(&w);
    if (db_is_pg(cx)) { /* another node may be at it: only its lease tells */
        T(wait_heard(&w, "/ok", 2, false) && wait_count(&w, STATE("delivered"), hook, 2));
        T_INT(count(&w, STATE("sending"), hook), 1);
    } else {
        T(wait_heard(&w, "/ok", 3, false) && wait_count(&w, STATE("delivered"), hook, 3));
        T_INT((int64_t)heard("/ok", &got), 3);
    }
    world_end(&w);
}

static enum err many_inside(struct cx *cx, void *arg)
{
    const int64_t *x = arg; /* hook, record */
    for (int i = 0; i < HOOK_RECORD_HOUR; i++)
        TRY(db_exec(cx, NULL, "INSERT INTO hook_delivery (id, hook, seq, entity, record, op, state, tries, due_at, lease_until, status, answer, created_at, sent_at)"
                              " VALUES ($1, $2, 0, 'person', $3, 'update', 'delivered', 1, 0, 0, 200, '', $4, 0)",
                    V(id_new(cx->now_ms)), V(x[0]), V(x[1]), V(cx->now_ms)));
    return E_OK;
}

/* The newest of the hook is so many days old: its id says when it was made. */
static enum err aged_inside(struct cx *cx, void *arg)
{
    const int64_t *x = arg; /* hook, days */
    int64_t made = clock_ms() - x[1] * DAY_MS - INT64_C(1577836800000);
    return db_exec(cx, NULL, "UPDATE hook_delivery SET id = $2 WHERE id = (SELECT max(id) FROM hook_delivery WHERE hook = $1 AND state = 'delivered')", V(x[0]), V(made << 22));
}

/* H02: what comes back to itself is stopped. And what is old is let go. */
static void circle(struct bed *b)
{
    struct world w = world_make(b);
    struct cx *cx = &b->cx;
    int64_t p = make(cx, "person", "{\"name\":\"A\"}"), hook = subscribe(&w, w.chief, "/ok", "person", HOOK_OPS, "", NULL);
    bool more = false;
    w.o.arg = &w;
    T_OK(now(&w), db_write(cx, many_inside, (int64_t[]){hook, p}));
    (void)make(cx, "person", "{\"name\":\"B\"}");
    bed_settle(b);
    T_OK(now(&w), follow_slice(cx, &w.o, &more));
    T_INT(count(&w, S("SELECT active FROM hook WHERE id = $1"), hook), 1);
    change(cx, "person", p, "{\"note\":\"x\"}");
    bed_settle(b);
    T_OK(now(&w), follow_slice(cx, &w.o, &more));
    T_INT(count(&w, S("SELECT count(*) FROM hook WHERE active = 0 AND stopped = 'loop' AND id = $1"), hook), 1);
    T_INT(count(&w, STATE("stopped"), hook), 1);
    T_OK(now(&w), hook_tidy(cx));
    T_INT(count(&w, STATE("delivered"), hook), HOOK_RECORD_HOUR);
    for (int64_t days = 29; days <= 31; days += 2) /* two of them are older than that */
        T_OK(now(&w), db_write(cx, aged_inside, (int64_t[]){hook, days}));
    T_OK(now(&w), hook_tidy(cx));
    T_INT(count(&w, STATE("delivered"), hook), HOOK_RECORD_HOUR - 1);
    world_end(&w);
}

static enum err erase_row(struct cx *cx, void *arg)
{
    int64_t seq = 0, id = *(const int64_t *)arg;
    TRY(db_exec(cx, NULL, "DELETE FROM hook_delivery WHERE record = $1", V(id)));
    return log_write(cx, ENT(cx, "person"), id, S("erase"), 9, S("{}"), &seq);
}

/* Who was ever sent a record is told of its erasure: its id alone, whatever it asked for, and nobody else is. */
static void erased(struct bed *b)
{
    struct world w = world_make(b);
    struct cx *cx = &b->cx;
    struct heard *got = NULL;
    int64_t hook = subscribe(&w, w.chief, "/ok", "person", HOOK_CREATE, "", NULL);
    int64_t other = subscribe(&w, w.chief, "/ok", "company", HOOK_OPS, "", NULL);
    start(&w);
    usleep(5000);
    (void)now(&w);
    int64_t p = make(cx, "person", "{\"name\":\"Zora\"}");
    (void)make(cx, "company", "{\"name\":\"Haus\"}");
    T(wait_heard(&w, "/ok", 2, false));
    T(wait_count(&w, STATE("delivered"), hook, 1) && wait_count(&w, STATE("delivered"), other, 1));
    T_INT(count(&w, S("SELECT count(*) FROM hook_told WHERE hook = $1"), hook), 1);
    T_OK(now(&w), db_write(cx, erase_row, &p));
    bool all = wait_heard(&w, "/ok", 3, true) && heard("/ok", &got) == 3;
    T(all);
    if (!all || !got) {
        world_end(&w);
        return;
    }
    T(wait_count(&w, STATE("delivered"), hook, 1));
    const struct json *j = NULL, *data = NULL;
    T_OK(cx, json_parse(cx, got[2].body, &j));
    data = json_get(j, S("data"));
    T(str_find(got[2].body, S("\"type\":\"person.erased\"")) >= 0 && data && data->n == 1);
    T(str_find(got[2].body, arena_fmt(cx->a, "{\"id\":\"" ID "\"}", p)) >= 0 && str_find(got[2].body, S("Zora")) < 0);
    T_INT(count(&w, S("SELECT count(*) FROM hook_told WHERE hook = $1"), hook), 0);
    T_INT(count(&w, S("SELECT count(*) FROM hook_told WHERE hook = $1"), other), 1);
    T_INT(count(&w, S("SELECT count(*) FROM hook_delivery WHERE answer <> '' AND op = 'erase' AND hook = $1"), hook), 0);
    T_OK(now(&w), hook_end(cx, other));
    T_INT(count(&w, S("SELECT count(*) FROM hook_told WHERE hook = $1"), other), 0);
    world_end(&w);
}

/* Also when it was off at that time, or was turned off before it was told. */
static void erased_while_off(struct bed *b)
{
    struct world w = world_make(b);
    struct cx *cx = &b->cx;
    struct heard *got = NULL;
    str secret = {0};
    int64_t id = subscribe(&w, w.chief, "/ok", "person", HOOK_CREATE, "", NULL);
    struct hook h = {.id = id, .owner = w.chief, .name = S("h"), .url = arena_fmt(cx->a, "http://127.0.0.1:%d/ok", rv.port), .entity = S("person"), .ops = HOOK_CREATE};
    start(&w);
    usleep(5000);
    (void)now(&w);
    int64_t p = make(cx, "person", "{\"name\":\"Zora\"}"), q = make(cx, "person", "{\"name\":\"Yves\"}");
    T(wait_heard(&w, "/ok", 2, false) && wait_count(&w, STATE("delivered"), id, 2));
    T_OK(now(&w), db_write(cx, erase_row, &p));
    T(wait_count(&w, STATE("waiting"), id, 1));
    T_OK(now(&w), hook_change(cx, &w.o.env, &h, false, &secret)); /* off, before it was told */
    T_INT(count(&w, STATE("waiting"), id), 1);
    T_OK(now(&w), db_write(cx, erase_row, &q));
    bed_settle(b);
    usleep(300000);
    T_INT((int64_t)heard("/ok", &got), 2);
    h.active = true;
    T_OK(now(&w), hook_change(cx, &w.o.env, &h, false, &secret));
    bool all = wait_heard(&w, "/ok", 4, true) && heard("/ok", &got) == 4;
    T(all);
    if (all && got) T(str_find(got[2].body, S("person.erased")) >= 0 && str_find(got[3].body, S("person.erased")) >= 0);
    T(wait_count(&w, S("SELECT count(*) FROM hook_told WHERE hook = $1"), id, 0));
    usleep(300000);
    T_INT((int64_t)heard("/ok", &got), 4); /* once each */
    world_end(&w);
}

/* ---- when it is tried again ---- */
struct again { /* a delivery that failed so often, of a hook that failed so often in a row */
    int64_t hook, id, tries, fails;
};
static enum err again_row(struct cx *cx, void *arg)
{
    const struct again *x = arg;
    TRY(db_exec(cx, NULL, "UPDATE hook SET paused_until = 0 WHERE id = $1", V(x->hook)));
    return db_exec(cx, NULL, "INSERT INTO hook_delivery (id, hook, seq, entity, record, op, state, tries, due_at, lease_until, status, answer, created_at, sent_at)"
                             " VALUES ($1, $2, 0, 'person', 1, 'update', 'sending', $3, 0, 0, 0, '', 1, 0)",
                   V(x->id), V(x->hook), V(x->tries));
}

/* One that fails now: when it is due again, and until when its hook rests, from now. */
static void fail_once(struct world *w, struct again *x, int64_t *ret_due, int64_t *ret_rest)
{
    struct cx *cx = now(w);
    struct sending s = {.hook = x->hook, .tries = x->tries, .fails = x->fails, .op = S("update")};
    static const struct sent failed = {.how = SENT_FAILED, .status = 500};
    struct db_rows r = {0};
    s.id = x->id = id_new(cx->now_ms);
    T_OK(cx, db_write(cx, again_row, x));
    T_OK(cx, queue_done(cx, &s, &failed));
    T_OK(cx, db_query(cx, &r, "SELECT d.due_at, h.paused_until FROM hook_delivery d JOIN hook h ON h.id = d.hook WHERE d.id = $1", V(x->id)));
    T_INT((int64_t)r.n, 1);
    *ret_due = r.n ? db_int(&r, 0, 0) - cx->now_ms : 0;
    *ret_rest = r.n ? db_int(&r, 0, 1) - cx->now_ms : 0;
}

struct spread {
    int64_t low, high;
};
static void spread_add(struct spread *s, int64_t ms)
{
    if (!s->high || ms < s->low) s->low = ms;
    if (ms > s->high) s->high = ms;
}

/* Within a tenth of what is promised, on both sides of it: what failed together does not come back together. */
static bool spread_fits(const struct spread *s, int64_t ms)
{
    bool fits = s->low >= ms * 9 / 10 && s->low < ms && s->high > ms && s->high <= ms * 11 / 10;
    if (!fits) fprintf(stderr, "  of %" PRId64 " ms: from %" PRId64 " to %" PRId64 "\n", ms, s->low, s->high);
    return fits;
}

static void jitter(struct bed *b)
{
    enum { TIMES = 40 };
    struct world w = world_make(b);
    struct again x = {.hook = subscribe(&w, w.chief, "/500", "person", HOOK_OPS, "", NULL)};
    int64_t due = 0, rest = 0;
    for (x.tries = 0; x.tries < HOOK_TRIES - 1; x.tries++) {
        struct spread s = {0};
        for (int i = 0; i < TIMES; i++) fail_once(&w, &x, &due, &rest), spread_add(&s, due);
        T(spread_fits(&s, hook_delay_ms(x.tries + 1)));
        T(rest < 0); /* a hook that did not fail in a row does not rest */
    }
    x.tries = 0;
    for (int over = 0; over < 8; over++) { /* a minute, then twice as long each time, up to about an hour */
        struct spread s = {0};
        x.fails = HOOK_BREAKER - 1 + over;
        for (int i = 0; i < TIMES; i++) fail_once(&w, &x, &due, &rest), spread_add(&s, rest);
        T(spread_fits(&s, INT64_C(60000) << (over < 6 ? over : 6)));
    }
    world_end(&w);
}

static void jitter_(void) { bed_both(jitter); }
static void erased_(void) { bed_both(erased); }
static void erased_while_off_(void) { bed_both(erased_while_off); }
static void told_(void) { bed_both(told); }
static void trouble_(void) { bed_both(trouble); }
static void breaker_(void) { bed_both(breaker); }
static void rights_(void) { bed_both(rights); }
static void inside_(void) { bed_both(inside); }
static void pinned_(void) { bed_both(pinned); }
static void dies_(void) { bed_both(dies); }
static void circle_(void) { bed_both(circle); }

static void delays(void)
{
    int64_t sum = 0;
    for (int i = 1; i < HOOK_TRIES; i++) {
        T(i == 1 || hook_delay_ms(i) > hook_delay_ms(i - 1));
        sum += hook_delay_ms(i);
    }
    T(sum > INT64_C(46) * 3600000 && sum <= INT64_C(48) * 3600000);
}

TESTS("hook", delays, jitter_, told_, trouble_, breaker_, rights_, inside_, pinned_, dies_, circle_, erased_, erased_while_off_)
