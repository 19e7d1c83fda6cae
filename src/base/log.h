/* SPDX-License-Identifier: MIT */
/* base/log.h - one line per event on stderr, key=value, written by one system call.
 *
 *   time=2026-11-22T10:00:00.000Z level=warn room=db req=7f3a user=12 what="slow query" ms=812
 *
 * error = a person must act; warn = odd but handled; info = state changed; debug. Values are quoted and
 * escaped where needed (no value can forge a line or speak to a terminal) and cut at LOG_VALUE bytes.
 * Never log names, addresses, message texts, passwords or tokens.
 */
#pragma once
#include "base/base.h"

enum { LOG_LINE = 2048, LOG_VALUE = 300 };
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* What is above the level is dropped. Process state: app sets it at start (LOG_INFO before that). */
void log_level_set(enum log_level max);
bool log_is_on(enum log_level level);

/* The short way: `what` from a format. cx may be NULL; it gives req and user. */
void log_say(const struct cx *cx, enum log_level level, str room, const char *fmt, ...) PRINTF(4, 5);

/* The long way, for more keys: begin, add, end. Keys are literals. */
struct log_line {
    size_t n;
    bool off; /* level too high: everything below is free */
    char p[LOG_LINE];
};
void log_begin(struct log_line *l, const struct cx *cx, enum log_level level, str room, str what);
void log_str(struct log_line *l, str key, str v);
void log_int(struct log_line *l, str key, int64_t v);
void log_end(struct log_line *l); /* writes to stderr */
