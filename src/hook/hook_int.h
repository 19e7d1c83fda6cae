/* SPDX-License-Identifier: MIT */
/* hook/hook_int.h - what following, queueing and sending share. */
#pragma once
#include "hook/hook.h"
#include "record/log.h"

#include <stdatomic.h>

enum { HOOK_BODY_MAX = 2 * 1024 * 1024, HOOK_LEASE_MS = 60000, HOOK_SLICE = 200 };
/* An erasure is told so long after it: what was on its way then has arrived, or never will. */
enum { HOOK_ERASED_MS = 2 * HOOK_TIMEOUT_MS };

/* What is to be sent, with what of its hook that needs. */
struct sending {
    int64_t id, hook, owner, key, seq, record, tries, fails;
    str entity, op, url, secret, name; /* secret: sealed */
};
enum outcome { SENT_OK, SENT_FAILED, SENT_GONE, SENT_UNSEEN, SENT_DEAD, SENT_NOT, SENT_NO_OWNER, SENT_NO_SECRET };
struct sent {
    enum outcome how;          /* NOT: we stop; the try does not count */
    int64_t status;
    str answer;
};
/* ---- queue.c ---- */
/* Is there anything active? Anything due? */
MUST enum err queue_active(struct cx *cx, bool *ret);
MUST enum err queue_due(struct cx *cx, bool *ret);
/* The next one that is due, with a lease; *ret_got. */
MUST enum err queue_take(struct cx *cx, struct sending *ret, bool *ret_got);
MUST enum err queue_done(struct cx *cx, const struct sending *s, const struct sent *how);
/* At start, SQLite: what was being sent when this process died is due at once. */
MUST enum err queue_orphans(struct cx *cx);
MUST enum err queue_stop(struct cx *cx, int64_t hook, str why); /* inside db_write: not active any more */
/* The position from now on; inside db_write. */
MUST enum err queue_from_now(struct cx *cx, void *none);
/* ---- follow.c: one slice; *ret_more: there may be more. ---- */
MUST enum err follow_slice(struct cx *cx, const struct hooks_opts *o, bool *ret_more);
/* It is turned on: who was erased meanwhile is told as well. Inside db_write. */
MUST enum err follow_erased(struct cx *cx, int64_t hook);
/* ---- body.c ---- */
/* Under the rights of cx. E_NOTFOUND: not to be seen. E_LIMIT: too large. */
MUST enum err body_make(struct cx *cx, const struct sending *s, str *ret);
/* "v1,<base64>" of id.at.body; secret: "whsec_<base64>". */
str body_sign(struct cx *cx, str secret, str id, int64_t at_s, str body);
/* ---- post.c ---- */
struct posting {
    const struct outgoing_rules *rules;
    str url, id, signature, body;
    int64_t at_s;
    int timeout_ms;
    const _Atomic bool *stop;
};
/* Waits for the net; no connection of the database may be held. */
void post_send(struct cx *cx, const struct posting *p, struct sent *ret);
/* Do texts of the filter and the entity make sense for cx? E_INVALID at "entity" or "filter". */
MUST enum err hook_condition(struct cx *cx, const struct hook *h, const struct entity **ret_e, const struct cond **ret);
#define HOOK_WHERE(cx, id) arena_fmt((cx)->a, "hook:%" PRId64 ":secret", (id))
