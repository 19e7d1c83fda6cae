/* SPDX-License-Identifier: MIT */
/* register/register_int.h - what the providers and the asking share. */
#pragma once
#include "register/register.h"

enum { REG_ANSWER_BYTES = 512 * 1024, REG_TIMEOUT_MS = 5000, REG_TEXT_MAX = 500 };
struct reg_call {
    str url;                   /* whole */
    str post, header;          /* "" = GET; header: one line, "" = none */
};
struct provider {
    str name;
    /* False: such a question is not for it (or it lacks its key). */
    bool (*call)(struct cx *cx, const struct register_conf *c, const struct reg_query *q, struct reg_call *ret);
    /* Candidates of an answer, added to `ret`. E_BAD: the answer has no sense, nothing was added. */
    enum err (*read)(struct cx *cx, const struct json *j, struct reg_answer *ret);
};
extern const struct provider reg_providers[];
extern const size_t reg_providers_n;

/* https, or http to this machine itself; no user, no blank. */
bool reg_url_ok(str url);
/* E_BUSY: not reached, in trouble, too slow, too large, any status but 200. */
MUST enum err reg_fetch(struct cx *cx, const struct reg_call *c, str ca, int timeout_ms, str *ret);
