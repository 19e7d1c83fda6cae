/* SPDX-License-Identifier: MIT */
/* cli/upgrading.h - says how far an upgrade of the data is: a line as each phase begins and every few seconds, and the
 * supervisor is asked for patience each time (a start may take minutes). Knows nothing of a command line. */
#pragma once
#include "base/base.h"
#include "db/db.h"

#include <pthread.h>

struct upgrading {
    void (*say)(void *arg, str line); /* from another thread too, one call at a time */
    void *arg;
    int tick_ms;                      /* 0 = 5 s */
    /* private: under mu */
    pthread_mutex_t mu;
    pthread_cond_t ended;
    pthread_t thread;
    bool on, ticks, stop;
    enum db_phase phase;
    int64_t done, total, since_ms;
};
void upgrading_at(void *upgrading, enum db_phase phase, int64_t done, int64_t total); /* db_upgrade.at */
void upgrading_end(struct upgrading *u); /* also when it never began */
