/* SPDX-License-Identifier: MIT */
/* record/sums.h - is a record what the program wrote? Two numbers in each row tell, and which field is not.
 *
 * The log holds old values, so nothing else in the base says what a present one has to be. With h(f) a hash of what the
 * columns of field f hold (0: nothing) and w(f) one of its name, both below the prime P = 2^61 - 1, a row's numbers are
 *
 *   sum1 = h(id) + all h(f)      sum2 = w(id) h(id) + all w(f) h(f)      modulo P
 *
 * A write puts in what it writes and leaves what else differs as it was: damage is not covered up by a change of
 * another field, and is over when its own field is written. When one field differs, the second difference is w(f) times
 * the first: so the walk names it. Against chance and bugs, not against forgers: that is audit/audit.h.
 *
 * Roll-ups and formulas are not in it (a recount tells), nor what stands beside the row: contact points are held
 * against the row's text, links have a number each. Rows without numbers are of older versions: sums_fill.
 */
#pragma once
#include "record/record.h"

struct sums_watch {
    /* f NULL: the id, or more than one field. Allocates nothing in cx->a. */
    void (*found)(void *arg, const struct entity *e, const struct field *f, int64_t id);
    void (*progress)(void *arg, int64_t rows); /* may be NULL */
    void *arg;
    int64_t rows, bare; /* looked at; without numbers: added to */
};
/* All records of e by id, and the links of its fields; memory does not grow with them. Within one snapshot when the
 * caller has one. */
MUST enum err sums_walk(struct cx *cx, const struct entity *e, struct sums_watch *w);
/* Gives numbers to rows of e that have none, in short writes, at most `max` rows: *ret of them. Outside db_write. */
MUST enum err sums_fill(struct cx *cx, const struct entity *e, int64_t max, int64_t *ret);
