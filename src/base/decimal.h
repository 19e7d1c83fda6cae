/* SPDX-License-Identifier: MIT */
/* base/decimal.h - exact decimal numbers: an int64_t that counts units of 10^-scale.
 *
 * 12.50 at scale 2 is 1250. The scale is known from the field (money: the currency's minor unit) and
 * is 0 to DEC_SCALE. Nothing here rounds except where a name says so; rounding is half away from zero.
 */
#pragma once
#include "base/base.h"

enum { DEC_SCALE = 18 };

/* "-12.50": optional minus, digits, optionally a point and digits. More digits than the scale must be
 * zeros. False on anything else and on overflow; *ret is untouched then. */
bool dec_parse(str s, int scale, int64_t *ret);
str dec_text(struct arena *a, int64_t v, int scale);  /* shortest: 1250 at 2 is "12.5", 1200 is "12" */
str dec_fixed(struct arena *a, int64_t v, int scale); /* all places: "12.50", "12.00" */
/* a * b / c rounded half away from zero, without overflow on the way. False: c is 0 or too large. */
bool dec_muldiv(int64_t a, int64_t b, int64_t c, int64_t *ret);
bool dec_div_round(int64_t a, int64_t b, int64_t *ret);
bool dec_rescale(int64_t v, int from, int to, int64_t *ret); /* rounds when `to` is smaller */
int64_t dec_pow10(int n);                                    /* n 0 to DEC_SCALE */
