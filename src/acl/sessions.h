/* SPDX-License-Identifier: MIT */
/* acl/sessions.h - sessions end: by hand and with what they were opened by (auth), and with a user who is switched off
 * or deleted (record), by whatever door. */
#pragma once
#include "audit/event.h"

enum { SESSION_IDLE_MS = 12 * 3600 * 1000 }; /* one that nobody uses for so long is over */
/* A user's sessions, of them those that came by a provider; a provider's; or those that came from an address, as they
 * keep it. 0 and "" are not asked; but: the key of one that goes on. */
struct sessions_of {
    int64_t user, idp;
    str addr, but;
};
/* Inside db_write: they end; of each user how many were open is told, with the code (EVENT_WHY_*) of why. */
MUST enum err sessions_end(struct cx *cx, const struct sessions_of *which, enum event_code why);
