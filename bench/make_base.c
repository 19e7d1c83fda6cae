/* SPDX-License-Identifier: MIT */
/* bench/make_base.c - fills a data base with the sample firm: usage: make_base URL LANG PEOPLE [SEED].
 * Prints people, companies, interactions, tasks, seconds, CPU seconds, peak RSS in KiB and the batch as JSON. */
#include "base/base.h"
#include "db/db.h"
#include "demo/demo.h"
#include "meta/meta.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static enum err sync_inside(struct cx *cx, void *arg) { return meta_sync(cx, arg); }

static enum err open_base(struct cx *cx, str url, struct dbase **ret_base, struct meta **ret_meta)
{
    struct db_opts o = {.url = url, .create = true, .readers = 2};
    int from = 0, to = 0;
    TRY(dbase_open(cx, &o, ret_base));
    TRY(db_migrate(cx, *ret_base, &from, &to));
    cx->db = db_get(*ret_base);
    TRY(meta_load(cx, ret_meta));
    TRY(db_write(cx, sync_inside, *ret_meta));
    cx->meta = *ret_meta;
    return E_OK;
}

static bool progress(void *arg, int64_t done, int64_t all)
{
    int64_t *shown = arg;
    if (done - *shown >= 10000 || done == all) {
        fprintf(stderr, "\r%" PRId64 " of %" PRId64, done, all);
        *shown = done;
    }
    return true;
}

static int64_t ms_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t cpu_ms(const struct rusage *u)
{
    return (int64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000 +
           (u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1000;
}

int main(int argc, char **argv)
{
    struct cx cx = {.a = arena_new(),
                    .now_ms = clock_ms(),
                    .way = WAY_CLI,
                    .country = S("DE"),
                    .lang = S("en")};
    struct dbase *b = NULL;
    struct meta *m = NULL;
    struct demo_result r = {0};
    struct demo_opt o = {.seed = 1, .slice_ms = 2000, .progress = progress, .arg = &(int64_t){0}};
    struct rusage u = {0};
    int64_t seed = 1, from = ms_now();
    if (argc < 4 || !str_to_int(str_from(argv[3]), &o.people) ||
        (argc > 4 && !str_to_int(str_from(argv[4]), &seed))) {
        fprintf(stderr, "usage: make_base URL LANG PEOPLE [SEED]\n");
        return 2;
    }
    o.lang = str_from(argv[2]);
    o.seed = (uint64_t)seed;
    if (open_base(&cx, str_from(argv[1]), &b, &m) != E_OK || demo_make(&cx, &o, &r) != E_OK ||
        db_search_tidy(&cx) != E_OK) { /* as after its first night */
        fprintf(stderr, "make_base: %.*s (%.*s)\n", FS(cx.msg), FS(cx.at));
        return 1;
    }
    db_put(&cx.db);
    dbase_close(&b);
    (void)getrusage(RUSAGE_SELF, &u);
    printf("{\"people\":%" PRId64 ",\"companies\":%" PRId64 ",\"interactions\":%" PRId64
           ",\"tasks\":%" PRId64 ",\"ms\":%" PRId64 ",\"cpu_ms\":%" PRId64
           ",\"rss_kib\":%ld,\"batch\":\"%" PRId64 "\"}\n",
           r.people, r.companies, r.interactions, r.tasks, ms_now() - from, cpu_ms(&u), u.ru_maxrss,
           r.batch);
    meta_drop(&m);
    arena_free(&cx.a);
    return 0;
}
