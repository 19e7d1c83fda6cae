/* SPDX-License-Identifier: MIT */
/* auth/link_int.h - links and the mails that carry them. */
#pragma once
#include "auth/link.h"

/* "Firefox · Windows"; "" when it says nothing. */
str agent_name(struct arena *a, str agent);
/* Inside db_write: for `user` as long as `addr` is his, 0: for the address itself; the older ones of the kind end. */
MUST enum err link_new(struct cx *cx, enum link_kind k, int64_t user, str addr, str data, int64_t ms, str *ret_token);
/* Inside db_write: of many who come with it at once one finds it. */
MUST enum err link_take(struct cx *cx, str token, enum link_kind k, struct link *ret);
enum err link_none(struct cx *cx);
/* Counted like a log-in that failed: E_RATE (*ret_wait_ms), E_DENIED (blocked by hand). `mail`: E_INVALID, else its
 * normal form. */
MUST enum err link_asked(struct cx *cx, struct auth *au, const struct visitor *v, str *mail, int64_t *ret_wait_ms);
