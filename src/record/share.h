/* SPDX-License-Identifier: MIT */
/* record/share.h - a record shared with a colleague or a team: to see or to change, perhaps until a day.
 *
 * It is given by who may change the record and reaches it by his own roles: nobody passes on what he was only lent.
 * It opens that record and nothing else (acl/acl.h, acl_shared); masks of fields hold, and nobody deletes, exports or
 * gives away by it. Each giving, changing and taking away is a row of the record's log (op "share"), without a new
 * version of the record, and can be undone like any other.
 */
#pragma once
#include "record/record.h"

enum { SHARES_MAX = 200, SHARE_WHY_MAX = 200 };
#define SHARE_OPEN INT64_MAX
struct share {
    int64_t receiver;  /* a user's or a team's id */
    bool change;
    int64_t until_ms;  /* SHARE_OPEN: without an end */
    str why;
    int64_t by, at_ms; /* who gave it, and when: set by share_put */
};
/* Gives it, or changes what the receiver has. E_NOTFOUND, E_DENIED as for a change; E_INVALID at "to", "until", "why";
 * E_LIMIT: SHARES_MAX. Nothing changed: ret->seq = 0. The receiver, or who is in the team, gets a notice. */
MUST enum err share_put(struct cx *cx, const struct entity *e, int64_t id, const struct share *s, struct written *ret);
/* E_NOTFOUND also when he has none. */
MUST enum err share_drop(struct cx *cx, const struct entity *e, int64_t id, int64_t receiver, struct written *ret);
/* Those that are not over, the oldest first; for who may share the record (*ret_may) all, for others what they and
 * their teams have. E_NOTFOUND when it is not to be seen. */
MUST enum err share_list(struct cx *cx, const struct entity *e, int64_t id, const struct share **ret, size_t *ret_n,
                         bool *ret_may);
/* Those that are over out of the base: they have opened nothing since. The log keeps them. */
MUST enum err shares_tidy(struct cx *cx);
/* Notices of a share that was given have this kind; data: {"right","by","way"}. */
#define SHARE_NOTICE "shared"
