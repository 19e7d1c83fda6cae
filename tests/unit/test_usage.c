/* SPDX-License-Identifier: MIT */
/* Counts of what people do: added up, written, kept as long as the rules say, thrown away; by many threads; with each
 * database call failing in turn. */
#include "usage/usage.h"

#include "bed.h"
#include "base/time.h"

#include <pthread.h>

enum { HOUR = 3600 * 1000, THREADS = 4, EACH = 5000 };

static int64_t sum_of(struct cx *cx, const char *column)
{
    struct db_rows r = {0};
    T_OK(cx, db_run(cx, &r, NULL, arena_fmt(cx->a, "SELECT CAST(coalesce(sum(%s), 0) AS BIGINT) FROM user_hour", column), NULL, 0));
    return db_int(&r, 0, 0);
}

static void counted(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct usage *u = NULL;
    struct usage_row *v = NULL;
    size_t n = 0;
    int64_t at = cx->now_ms, hour = at / HOUR, ids[4];
    T_OK(cx, usage_start(cx, t->b, &u));
    for (int i = 0; i < 3; i++) usage_count(u, 11, at, S("person"), false);
    usage_count(u, 11, at, S("person"), true);
    usage_count(u, 11, at, S("search"), false);
    usage_count(u, 11, at + HOUR, S("person"), false);
    usage_count(u, 12, at, S("person"), true);
    usage_count(u, 0, at, S("person"), true);
    usage_count(u, 12, at, S(""), true);
    usage_count(NULL, 12, at, S("person"), true);
    T_OK(cx, usage_flush(cx, u));
    usage_count(u, 11, at, S("person"), false);
    T_OK(cx, usage_flush(cx, u));
    T_OK(cx, usage_flush(cx, u)); /* nothing new: nothing more */
    T_OK(cx, usage_rows(cx, hour, hour + 2, 11, 12, &v, &n));
    T_INT((int64_t)n, 4);
    T(n == 4 && v[0].user == 11 && v[0].hour == hour && v[0].pages == 4 && v[0].actions == 1);
    T(n == 4 && v[1].pages == 1 && v[2].hour == hour + 1 && v[3].user == 12 && v[3].actions == 1);
    if (n == 4) T_STR(v[1].area, S("search"));
    T_OK(cx, usage_rows(cx, hour + 1, hour + 2, 11, 11, &v, &n));
    T_INT((int64_t)n, 1);
    T_OK(cx, usage_users(cx, hour, hour + 1, 0, ids, 4, &n));
    T(n == 2 && ids[0] == 11 && ids[1] == 12);
    T_OK(cx, usage_users(cx, hour, hour + 1, 11, ids, 4, &n));
    T(n == 1 && ids[0] == 12);
    T_OK(cx, usage_users(cx, hour + 1, hour + 2, 0, ids, 4, &n));
    T(n == 1 && ids[0] == 11);
    usage_count(u, 13, at, S("a word that is longer than any that this program has for an area, by far"), false);
    usage_stop(&u); /* and what is left is written */
    T_INT(sum_of(cx, "pages"), 4 + 1 + 1 + 1);
    T(u == NULL);
    usage_stop(&u);
}

static void ruled(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct usage *u = NULL;
    struct usage_rules r = {0};
    T_OK(cx, usage_start(cx, t->b, &u));
    T_OK(cx, usage_rules_get(cx, &r));
    T(r.on && r.days == USAGE_DAYS);
    static const int bad[] = {0, -1, USAGE_DAYS_MAX + 1};
    for (size_t i = 0; i < COUNT(bad); i++) T(usage_rules_set(cx, u, &(struct usage_rules){true, bad[i]}) == E_INVALID && str_eq(cx->at, S("days")));
    usage_count(u, 11, cx->now_ms, S("person"), false);
    T_OK(cx, usage_rules_set(cx, u, &(struct usage_rules){false, 30}));
    usage_count(u, 11, cx->now_ms, S("person"), false);
    T_OK(cx, usage_flush(cx, u)); /* what waited when it was turned off is not written any more */
    T_INT(sum_of(cx, "pages"), 0);
    T_OK(cx, usage_rules_get(cx, &r));
    T(!r.on && r.days == 30);
    T_OK(cx, usage_rules_set(cx, NULL, &(struct usage_rules){true, 30})); /* by another server */
    usage_count(u, 11, cx->now_ms, S("person"), false);
    T_OK(cx, usage_flush(cx, u));
    T_INT(sum_of(cx, "pages"), 0);
    usage_count(u, 11, cx->now_ms - INT64_C(31) * DAY_MS, S("person"), false);
    usage_count(u, 11, cx->now_ms - INT64_C(29) * DAY_MS, S("person"), true);
    T_OK(cx, usage_flush(cx, u));
    T_INT(sum_of(cx, "pages + actions"), 2);
    T_OK(cx, usage_tidy(cx));
    T_INT(sum_of(cx, "pages"), 0);
    T_INT(sum_of(cx, "actions"), 1);
    usage_count(u, 11, cx->now_ms, S("person"), false);
    T_OK(cx, usage_forget(cx, u));
    T_OK(cx, usage_flush(cx, u));
    T_INT(sum_of(cx, "pages + actions"), 0);
    usage_stop(&u);
}

static void *counts(void *arg)
{
    char area[8];
    for (int i = 0; i < EACH; i++) {
        (void)snprintf(area, sizeof area, "a%d", i % 7);
        usage_count(arg, 1 + i % 50, INT64_C(3600000) * (i % 3 + 1), str_from(area), i % 2);
    }
    return NULL;
}

/* None is lost between counting and writing at once; and what does not fit is left out, not written over. */
static void together(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct usage *u = NULL;
    pthread_t thread[THREADS];
    char area[8];
    T_OK(cx, usage_start(cx, t->b, &u));
    for (int i = 0; i < THREADS; i++) T(pthread_create(&thread[i], NULL, counts, u) == 0);
    for (int i = 0; i < 20; i++) T_OK(cx, usage_flush(cx, u));
    for (int i = 0; i < THREADS; i++) T(pthread_join(thread[i], NULL) == 0);
    T_OK(cx, usage_flush(cx, u));
    T_INT(sum_of(cx, "pages + actions"), THREADS * EACH);
    T_OK(cx, usage_forget(cx, u));
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(area, sizeof area, "b%d", i % 10);
        usage_count(u, 100 + i / 10, cx->now_ms, str_from(area), false);
    }
    usage_stop(&u);
    int64_t n = sum_of(cx, "pages");
    T(n >= 6000 && n <= 20000);
    T_INT(sum_of(cx, "1"), n);
}

static void faults(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct usage *u = NULL;
    int nth = 1;
    T_OK(cx, usage_start(cx, t->b, &u));
    for (; nth < 50; nth++) {
        usage_count(u, 11, cx->now_ms, S("person"), false);
        db_fault_at(t->b, nth);
        enum err e = usage_flush(cx, u);
        db_fault_at(t->b, 0);
        if (e == E_OK) break;
        T(sum_of(cx, "pages") == 0);
    }
    T(nth > 2 && nth < 50);
    T(sum_of(cx, "pages") >= 1);
    usage_stop(&u);
}

static void both(void)
{
    static void (*const all[])(struct bed *) = {counted, ruled, together, faults};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
}

TESTS("usage", both)
