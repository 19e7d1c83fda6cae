/* SPDX-License-Identifier: MIT */
/* audit/out.h - security events leave the machine's database: a line each, as RFC 5424 has it, on standard error or to
 * the system's logger, from where whoever collects logs takes them away. Each at least once, in the order in which they
 * became final; the place stands in the table `follower`.
 */
#pragma once
#include "audit/event.h"

enum event_out { OUT_OFF, OUT_STDERR, OUT_SYSLOG };
enum { OUT_LINE_MAX = 4096, OUT_SLICE = 200 };
/* "off", "stderr" or "syslog"; E_INVALID at "security_log" else. */
MUST enum err event_out_of(struct cx *cx, str name, enum event_out *ret);
/* <PRI>1 TIME HOST kontor PID KIND [kontor@32473 seq="..." who="..." ...][detail@32473 by="..." ...], without an end of
 * line; the second element has the parameters of event.def, if there are any. PRI: facility 10
 * (authpriv), severity 4 for what failed or was refused, else 5. */
str event_line(struct cx *cx, const struct event_row *e, str host, int64_t pid);

struct event_sink; /* one per process: the socket, and who we are */
/* Before the process is fenced in. `path`: of the logger's socket; "" = /dev/log. */
MUST enum err event_sink_open(struct cx *cx, enum event_out how, str path, struct event_sink **ret);
void event_sink_close(struct event_sink **s); /* takes NULL */
/* Sends what has come since the last time, at most OUT_SLICE: *ret_n. The first time begins with what comes from now
 * on. E_BUSY: the logger does not take it; the place stays. */
MUST enum err events_out(struct cx *cx, struct event_sink *s, size_t *ret_n);
