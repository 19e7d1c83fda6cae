/* SPDX-License-Identifier: MIT */
/* demo/demo.h - a believable sample firm: branches, users, groups, companies, people, what was said to them, tasks.
 *
 * Everything goes through `record` in slices of about 20 ms of the writer's time and belongs to one batch titled
 * "demo", so that one undo takes it back. The same language, size and seed give the same values (ids and the
 * log's times aside; dates are relative to the day of cx->now_ms). Numbers come from ranges kept for films and
 * examples where the country has such, mail addresses end in .example.
 */
#pragma once
#include "base/base.h"

enum { DEMO_PEOPLE_MAX = 1000000 };
struct demo_opt {
    str lang;               /* "en", "de", "lt", "ru": also names, cities, numbers of that country */
    int64_t people;         /* 1 to DEMO_PEOPLE_MAX; a company for every five, three interactions each */
    uint64_t seed;
    int slice_ms;           /* of the writer's time; 0 = 20, so that others can work; more is faster */
    /* After each slice, done and all counted in people; false stops there (E_OK, ret->is_stopped). May be NULL. */
    bool (*progress)(void *arg, int64_t done, int64_t all);
    void *arg;
};
struct demo_result {
    int64_t batch;
    int64_t branches, teams, users, groups; /* new ones: what has the same name already is taken */
    int64_t companies, people, interactions, tasks;
    bool is_stopped;
};
/* E_INVALID at "lang" or "people". cx->acl must allow it (the system may). Uses arenas of its own for the slices.
 * After a later error the batch stands as failed and can be undone; ret holds what was written. */
MUST enum err demo_make(struct cx *cx, const struct demo_opt *o, struct demo_result *ret);
