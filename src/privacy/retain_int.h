/* SPDX-License-Identifier: MIT */
/* privacy/retain_int.h - what the rules of retention (retain_rule.c: their rows; retain.c: what they mean) and their
 * runs (retain_run.c) share. */
#pragma once
#include "privacy/retain.h"

/* Whom a rule means today; lawful: without what law has kept. after: only ids above. */
MUST enum err retention_query(struct cx *cx, const struct retention *r, bool lawful, int64_t after,
                              const struct entity **ret_e, struct query *ret);
/* What was made, changed or trashed before this moment (UTC ms) is old enough for the rule. */
int64_t retention_before(const struct cx *cx, const struct retention *r);
/* The fields that a rule empties, without a value each. E_INVALID at "fields". */
MUST enum err retention_sets(struct cx *cx, const struct retention *r, const struct entity *e, struct set **ret,
                             size_t *ret_n);
/* Has somebody brought the record back since the moment from which it would be old enough? */
MUST enum err retention_brought_back(struct cx *cx, const struct retention *r, int64_t id,
                                     bool *ret);
/* Is the rule on, does it take what it took under `mark`, and this record? Inside db_write: nobody can turn it off
 * beside this transaction. */
MUST enum err retention_means(struct cx *cx, int64_t rule, str mark, int64_t id, bool *ret);
/* So many found are far more than were shown to who turned it on. */
bool retention_unseen(const struct retention *r, int64_t found);
