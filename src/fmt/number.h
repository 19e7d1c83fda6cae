/* SPDX-License-Identifier: MIT */
/* fmt/number.h - numbers, percentages and money as people type them, without floats.
 *
 * Thousands may be parted by blanks of all kinds, apostrophes, points or commas in groups of three; a minus stands
 * before or behind, or brackets say it; currency signs, codes and words in four languages stand on either side;
 * "тыс.", "млн", "Tsd.", "Mio.", "tūkst.", "mln", "k" multiply; "12,-" is 12.
 * Which of '.' and ',' is the decimal mark: when both occur, the last; when one occurs twice, none; when one occurs
 * once with other than three digits behind it, or with "0" or more than three digits before it: it is. What is left,
 * "1.234" and "1,234", is decided by language (point decimal except in German; comma decimal except in English) and
 * marked `ambiguous`, so that an import can ask.
 */
#pragma once
#include "base/base.h"

struct number {
    int64_t v;      /* in units of 10^-scale; "12,5 %" at scale 2 is 1250 */
    str currency;   /* ISO 4217, "" when none was typed */
    bool percent, ambiguous;
};
enum number_why {
    NUM_OK,
    NUM_EMPTY,
    NUM_UNREAD,
    NUM_PRECISE, /* more decimals than the scale holds */
    NUM_RANGE,   /* too large */
};
/* *ret is untouched unless NUM_OK. scale 0 to 12. */
enum number_why number_parse(struct arena *a, str typed, int scale, str lang, struct number *ret);
/* ISO code of a currency's sign, code or word in any case ("руб." -> RUB); "" when unknown. */
str currency_code(struct arena *a, str typed);
