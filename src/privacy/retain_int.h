/* SPDX-License-Identifier: MIT */
/* privacy/retain_int.h - what the rules of retention (retain.c) and their runs (retain_run.c) share. */
#pragma once
#include "privacy/retain.h"

/* Whom a rule means today; lawful: without what law has kept. */
MUST enum err retention_query(struct cx *cx, const struct retention *r, bool lawful, const struct entity **ret_e,
                              struct query *ret);
/* What was made, changed or trashed before this moment (UTC ms) is old enough for the rule. */
int64_t retention_before(const struct cx *cx, const struct retention *r);
/* The fields that a rule empties, without a value each. E_INVALID at "fields". */
MUST enum err retention_sets(struct cx *cx, const struct retention *r, const struct entity *e, struct set **ret,
                             size_t *ret_n);
