/* SPDX-License-Identifier: MIT */
/* audit/sealer.c - the thread that seals, and tells the system log each hour where the chain's head is. */
#include "audit/audit_int.h"

#include "audit/out.h"
#include "base/log.h"
#include "os/os.h"

#include <stdatomic.h>
#include <time.h>

enum { EVERY_S = 1, SLICES = 20, TELL_MS = 3600 * 1000, KEEP_MS = 10 * 1000, STACK = 1024 * 1024 };

struct sealer {
    struct dbase *db;
    const struct vault *vault;
    struct event_sink *sink; /* NULL: nowhere */
    bool out_fails;          /* it was told already */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    struct head_told told;
    struct arena *a;          /* of kept */
    str kept;                 /* "" = nowhere */
    int64_t kept_ms, kept_n;
    bool is_cut;              /* what is kept is not in the base: told, and left as it is */
};

static bool stopped(struct sealer *s)
{
    pthread_mutex_lock(&s->lock);
    bool is = s->stop;
    pthread_mutex_unlock(&s->lock);
    return is;
}

/* A head in the system log is out of reach of who has the database alone. */
void head_tell(struct cx *cx, struct head_told *io, int64_t mono_ms)
{
    struct audit_head h = {0};
    if (io->at_ms && mono_ms - io->at_ms < TELL_MS) return;
    io->at_ms = mono_ms;
    if (audit_head(cx, &h) != E_OK || !h.n || h.n == io->n) return;
    log_say(cx, LOG_INFO, S("audit"), "head %" PRId64 ":%.*s", h.n, FS(h.mac));
    io->n = h.n;
}

static void cut_look(struct sealer *s, struct cx *cx)
{
    struct audit_head h = {0};
    bool has = true;
    enum err e = audit_kept_read(cx, s->kept, &h);
    if (e == E_OK && h.n) e = audit_has(cx, &h, &has);
    s->is_cut = e != E_OK || !has;
    if (e != E_OK) log_say(cx, LOG_ERROR, S("audit"), "the head that was kept is not known: %.*s", FS(cx->msg));
    else if (!has)
        log_say(cx, LOG_ERROR, S("audit"),
                "seal %" PRId64 " is not in the log any more: its end was cut off, or it is an older copy. kontor "
                "verify tells more; when this was meant, remove %.*s",
                h.n, FS(s->kept));
}

/* What cannot be kept is told by the disk's own troubles. */
static void keep(struct sealer *s, struct cx *cx, bool last)
{
    struct audit_head h = {0};
    int64_t now = os_mono_ms();
    if (!s->kept.n || s->is_cut || (!last && s->kept_ms && now - s->kept_ms < KEEP_MS)) return;
    s->kept_ms = now;
    if (audit_head(cx, &h) != E_OK || !h.n || h.n == s->kept_n) return;
    if (audit_kept_write(cx, s->kept, &h) == E_OK) s->kept_n = h.n;
}

/* At most `slices` of them. */
static void seal(struct sealer *s, struct arena *a, int slices, bool last)
{
    size_t n = 1;
    for (; n && slices; slices--) {
        struct cx cx = {.a = a, .db = db_get(s->db), .now_ms = clock_ms(), .lang = S("en"), .way = WAY_SYSTEM};
        enum err e = audit_seal(&cx, s->vault, &n);
        if (e != E_OK) {
            log_say(&cx, LOG_WARN, S("audit"), "the log is not sealed: %.*s", FS(cx.msg));
            n = 0;
        }
        if (!n) head_tell(&cx, &s->told, os_mono_ms());
        if (!n) keep(s, &cx, last);
        db_put(&cx.db);
        arena_reset(a);
    }
}

/* What does not go out stays where it is, and is told once. */
static void send_out(struct sealer *s, struct arena *a)
{
    size_t n = s->sink ? 1 : 0;
    for (int turn = 0; n && turn < SLICES; turn++) {
        struct cx cx = {.a = a, .db = db_get(s->db), .now_ms = clock_ms(), .lang = S("en"), .way = WAY_SYSTEM};
        enum err e = events_out(&cx, s->sink, &n);
        if (e != E_OK && !s->out_fails)
            log_say(&cx, LOG_WARN, S("audit"), "security events are not sent on: %.*s", FS(cx.msg));
        s->out_fails = e != E_OK;
        if (e != E_OK) n = 0;
        db_put(&cx.db);
        arena_reset(a);
    }
}

static void *run(void *arg)
{
    struct sealer *s = arg;
    struct arena *a = arena_new();
    struct timespec t;
    while (!stopped(s)) {
        seal(s, a, SLICES, false);
        send_out(s, a);
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_sec += EVERY_S;
        pthread_mutex_lock(&s->lock);
        if (!s->stop) (void)pthread_cond_timedwait(&s->wake, &s->lock, &t);
        pthread_mutex_unlock(&s->lock);
    }
    seal(s, a, SLICES, true); /* nothing writes any more: what is left */
    send_out(s, a);
    arena_free(&a);
    return NULL;
}

enum err sealer_start(struct cx *cx, struct dbase *b, const struct vault *v, struct event_sink *sink,
                      str kept, struct sealer **ret)
{
    struct sealer *s = mem_new(sizeof *s); /* sealer_stop */
    pthread_condattr_t mono;
    s->a = arena_new();
    s->kept = arena_dup(s->a, kept);
    s->db = b;
    s->vault = v;
    s->sink = sink;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_condattr_init(&mono);
    (void)pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->wake, &mono);
    (void)pthread_condattr_destroy(&mono);
    if (s->kept.n) cut_look(s, cx);
    enum err e = os_thread(cx, "audit", STACK, run, s, &s->thread);
    if (e != E_OK) arena_free(&s->a), mem_free(s);
    else *ret = s;
    return e;
}

void sealer_stop(struct sealer **sp)
{
    struct sealer *s = *sp;
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->wake);
    arena_free(&s->a);
    mem_free(s);
    *sp = NULL;
}
