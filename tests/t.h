/* SPDX-License-Identifier: MIT */
/* tests/t.h - the whole harness: T() checks and counts, a test is a void function, TESTS() is main. */
#pragma once
#include "base/base.h"

#include <stdio.h>

extern _Atomic int t_bad, t_all; /* threads check, too */
#define T(cond)                                                                \
    do {                                                                       \
        t_all++;                                                               \
        if (!(cond)) {                                                         \
            t_bad++;                                                           \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #cond); \
        }                                                                      \
    } while (0)
/* Text equal, else prints both. */
#define T_STR(got, want) t_str(__FILE__, __LINE__, (got), (want))
#define T_INT(got, want) t_int(__FILE__, __LINE__, (got), (want))
/* Call gives E_OK, else prints the message of cx. */
#define T_OK(cx, call) t_ok(__FILE__, __LINE__, (cx), (call))
void t_str(const char *file, int line, str got, str want);
void t_int(const char *file, int line, int64_t got, int64_t want);
bool t_ok(const char *file, int line, struct cx *cx, enum err e);
/* A context on a fresh arena: lang en, country DE, clock 2026-11-22T10:00:00Z. Free with t_cx_free. */
struct cx t_cx(void);
void t_cx_free(struct cx *cx);
/* A new folder "kontor-KIND-XXXXXX" where TMPDIR says (a file system in memory makes syncing free, see tools/test.sh),
 * NUL-ended, in a. Whoever makes it removes it. */
str t_folder(struct arena *a, const char *kind);
/* The last part of such a path: names the folder's database on PostgreSQL, too. */
const char *t_last_part(str path);
/* A file ("log" in the folder, its path in a) takes what goes to stderr, until t_log_back with what is given here. */
const char *t_log_away(struct arena *a, str folder, int *ret_was);
void t_log_back(int was);
/* How often `what` stands in the first MiB of the file. */
int64_t t_times_in(const char *file, str what);
/* Prints "name: N passed, N failed" and gives main's result. */
int t_end(const char *name);

#define TESTS(name, ...)                                                           \
    int main(void)                                                                 \
    {                                                                              \
        void (*const all[])(void) = {__VA_ARGS__};                                 \
        for (size_t t_i = 0; t_i < COUNT(all); t_i++) all[t_i]();                  \
        return t_end(name);                                                        \
    }
