/* SPDX-License-Identifier: MIT */
/* record/sums_int.h - the sums of a row as it is written (record/sums.h). */
#pragma once
#include "record/record_int.h"

struct sums {
    int64_t a, b; /* sum1, sum2 */
};
/* What a row holds of its id alone. */
struct sums sums_of_id(int64_t id);
/* Field f holds c in its column (which 1: the second one). */
void sums_put(struct sums *s, const struct field *f, int which, const struct db_val *c);
/* What f's column held is gone from a row: to be added there, modulo P. */
struct sums sums_without(const struct field *f, const struct db_val *c);
/* What the row of record id is to have when the columns of the fields that are `changed` hold what stored() gives for
 * v.
 * Reads the row: inside db_write, before it is changed. */
MUST enum err sums_change(struct cx *cx, const struct entity *e, int64_t id, const struct val *v, const bool *changed,
                          struct sums *ret);
/* The row as it is, whatever it was: after columns were exchanged. Inside db_write. */
MUST enum err sums_again(struct cx *cx, const struct entity *e, int64_t id);
/* ", sum1 = $, sum2 = $" of an UPDATE. */
void sums_assign(struct cx *cx, struct sql *q, const struct sums *s);
/* " + out" on all rows that q's WHERE is to name: ", sum1 = (sum1 + $) % P, ..." */
void sums_assign_more(struct cx *cx, struct sql *q, const struct sums *more);
/* A link's own number. */
int64_t sums_link(int64_t a, str field, int64_t pos, int64_t b);
/* A column's value as the row holds it. */
struct db_val stored(struct cx *cx, const struct field *f, const struct val *v, int which);
