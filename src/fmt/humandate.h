/* SPDX-License-Identifier: MIT */
/* fmt/humandate.h - calendar days as people type them, in English, German, Lithuanian and Russian.
 *
 * Read: 2026-11-22, 22.11.2026, 22.11.26, 22/11/2026, 22. März 2020, 23 ноября 1984 г., November 23, 1984,
 * 1984 m. lapkričio 23 d., today/heute/šiandien/сегодня and its neighbours, a time behind a date (ignored), and
 * a spreadsheet's serial number.
 * Order of numbers: with a year first year-month-day; with dots always day.month; with slashes or hyphens day first,
 * but month first for English outside of Great Britain and its like (country US, or empty). When that order gives no
 * day and the other does (23/11/1984 typed in the US), the other is taken: it can mean nothing else.
 * Two-digit years fall into the hundred years that end `window` years after `today`.
 */
#pragma once
#include "base/base.h"

struct date_style {
    str lang, country;
    int64_t today;    /* day since 1970 (base/time.h): for "yesterday", missing years and two-digit years */
    int window;       /* 0 suits birthdays and the past, 20 dates of plans */
    bool serial;      /* plain numbers are serials of a spreadsheet */
    bool serial_1904; /* its days count from 1904-01-01 */
};
enum date_why {
    DATE_OK,
    DATE_EMPTY,
    DATE_UNREAD,    /* no date at all */
    DATE_NO_SUCH,   /* 31.02.1980: looks like a date, but there is no such day */
    DATE_RANGE,     /* year before 1000 or after 9999, serial outside of 1900 to 9999 */
};
/* *ret is the day since 1970-01-01, untouched unless DATE_OK. */
enum date_why humandate_parse(struct arena *a, str typed, const struct date_style *style, int64_t *ret);
/* A word that counts from today: "gestern", "вчера". */
bool humandate_is_word(struct arena *a, str typed);
/* For the user, to be given to tr() (base/tr.h). */
str date_why_text(enum date_why why);
