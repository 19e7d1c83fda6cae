/* SPDX-License-Identifier: MIT */
/* meta/points.h - phones, mails and addresses a second time, as one text in the record's own row (field.col2).
 *
 * contact_point is what numbers are looked up in; a record is read from its row alone, without a descent into that
 * table for each. The text is, of each item in turn, type, typed, norm, ext and extra, each as "<bytes>:<text>".
 * NULL = there are none. */
#pragma once
#include "meta/meta.h"
#include "meta/sql.h"

/* The text of v's items, in the arena; "" when there are none. */
str points_text(struct arena *a, const struct val *v);
/* Items that point into s, up to where it stops being such a text; VAL_NULL when there are none. */
struct val points_read(struct arena *a, str s);
/* The same text out of contact_point, for a row of f's table under its own name: NULL when there are none. */
void points_sql(struct sql *q, const struct field *f);
