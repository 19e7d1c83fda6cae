/* SPDX-License-Identifier: MIT */
/* cli/upgrading.c - one thread with a clock beside the upgrade: a single statement may take minutes. */
#include "cli/upgrading.h"

#include "os/os.h"

#include <time.h>

enum { TICK_MS = 5000, PATIENCE_US = 60 * 1000 * 1000, LINE_MAX = 200, STACK = 512 * 1024 };

/* u->mu is held. */
static void tell(struct upgrading *u)
{
    static const char *const what[] = {[DB_COPYING] = "copying the data first",
                                       [DB_CHECKING] = "checking that copy",
                                       [DB_CHANGING] = "changing the data",
                                       [DB_TABLES] = "making new columns and indexes"};
    struct arena *a = arena_new();
    int64_t s = (os_mono_ms() - u->since_ms) / 1000;
    struct buf b = buf_new(a, LINE_MAX);
    buf_fmt(&b, "upgrade: %s", what[u->phase]);
    if (u->total > 0) buf_fmt(&b, ", %d %%", (int)(u->done * 100 / u->total));
    if (s > 0) buf_fmt(&b, ", %" PRId64 " s", s);
    u->say(u->arg, buf_str(&b));
    os_notify(arena_fmt(a, "STATUS=%.*s\nEXTEND_TIMEOUT_USEC=%d", FS(buf_str(&b)), PATIENCE_US));
    arena_free(&a);
}

static void *clock_main(void *arg)
{
    struct upgrading *u = arg;
    int64_t each = u->tick_ms > 0 ? u->tick_ms : TICK_MS;
    pthread_mutex_lock(&u->mu);
    while (!u->stop) {
        struct timespec till = {0};
        (void)clock_gettime(CLOCK_MONOTONIC, &till);
        int64_t ns = till.tv_nsec + each % 1000 * 1000000;
        till.tv_sec += each / 1000 + ns / 1000000000;
        till.tv_nsec = ns % 1000000000;
        int rc = 0;
        while (!u->stop && rc == 0) rc = pthread_cond_timedwait(&u->ended, &u->mu, &till);
        if (!u->stop) tell(u);
    }
    pthread_mutex_unlock(&u->mu);
    return NULL;
}

static void begin(struct upgrading *u)
{
    struct cx cx = {.a = arena_new()};
    pthread_condattr_t at;
    (void)pthread_mutex_init(&u->mu, NULL);
    (void)pthread_condattr_init(&at);
    (void)pthread_condattr_setclock(&at, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&u->ended, &at);
    (void)pthread_condattr_destroy(&at);
    u->on = true;
    u->ticks = os_thread(&cx, "upgrade", STACK, clock_main, u, &u->thread) == E_OK;
    arena_free(&cx.a);
}

void upgrading_at(void *upgrading, enum db_phase phase, int64_t done, int64_t total)
{
    struct upgrading *u = upgrading;
    bool first = !u->on;
    if (first) begin(u);
    pthread_mutex_lock(&u->mu);
    bool new_phase = first || u->phase != phase;
    if (new_phase) u->since_ms = os_mono_ms();
    u->phase = phase;
    u->done = done;
    u->total = total;
    if (new_phase) tell(u);
    pthread_mutex_unlock(&u->mu);
}

void upgrading_end(struct upgrading *u)
{
    if (!u->on) return;
    pthread_mutex_lock(&u->mu);
    u->stop = true;
    pthread_cond_signal(&u->ended);
    pthread_mutex_unlock(&u->mu);
    if (u->ticks) (void)pthread_join(u->thread, NULL);
    (void)pthread_mutex_destroy(&u->mu);
    (void)pthread_cond_destroy(&u->ended);
    u->on = u->stop = false;
    os_notify(S("STATUS="));
}
