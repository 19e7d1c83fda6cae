/* SPDX-License-Identifier: MIT */
/* api/security.h - rows of the security log, as people read them. */
#pragma once
#include "api/api_int.h"

/* Texts in cx->lang; titles "" for who may not see them, and for what has none. Lives in cx->a. */
struct event_told {
    str who, key, subject;
    str of;     /* what the subject is: "user", "role", "key", "record", ...; "" = there is none */
    str entity; /* of a record that may be seen */
    str text;   /* the kind */
    str told;   /* the parameters: "with: password; device: known device" */
    const struct json *detail; /* NULL = none */
};
MUST enum err events_told(struct cx *cx, const struct event_row *v, size_t n,
                          struct event_told **ret);
str event_subject_name(enum event_subject of);
