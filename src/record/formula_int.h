/* SPDX-License-Identifier: MIT */
/* record/formula_int.h - what formula.c and fill.c share. */
#pragma once
#include "meta/formula.h"
#include "record/record_int.h"

/* The formulas marked in `force`, and those that read them, of all records of e (link NULL) or of those whose link
 * names `to`; what depends on them follows. */
MUST enum err formula_rows(struct cx *cx, const struct entity *e, const struct field *link, int64_t to,
                           const bool *force);
