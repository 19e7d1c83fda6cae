/* SPDX-License-Identifier: MIT */
/* base/time.h - calendar days and instants, without zones' rules and without the C library's clock.
 *
 * A day is the number of days since 1970-01-01 in the proleptic Gregorian calendar, an instant is UTC
 * milliseconds since its midnight, both int64_t. Years may be negative (astronomical: 0 = 1 BC) and
 * reach +-10^12; texts know the years 0000 to 9999.
 */
#pragma once
#include "base/base.h"

enum { DAY_MS = 86400000 };
struct date {
    int64_t y;
    int m, d; /* 1-12, 1-31 */
};

/* The day must exist: see date_exists. */
int64_t day_from(int64_t y, int m, int d);
struct date day_date(int64_t day);
bool date_exists(int64_t y, int m, int d);
int month_days(int64_t y, int m);            /* 28 to 31; m 1-12 */
int day_weekday(int64_t day);                /* ISO: Monday 1 to Sunday 7 */
int64_t day_week_start(int64_t day);         /* Monday */
int64_t day_month_start(int64_t day);
int64_t day_quarter_start(int64_t day);
int64_t day_year_start(int64_t day);
int day_iso_week(int64_t day, int64_t *ret_year); /* ISO 8601 week 1-53 and the year it belongs to */
/* The same day n months on or back; a day the month lacks becomes its last: 31 Jan + 1 = 28 Feb. */
int64_t day_add_months(int64_t day, int64_t n);

/* "2026-11-22" and nothing else; false leaves *ret alone. */
bool day_parse(str s, int64_t *ret);
str day_text(struct arena *a, int64_t day);

/* The calendar day of an instant for someone tz_min minutes ahead of UTC, and that day's start. */
int64_t time_day(int64_t ms, int tz_min);
int64_t day_start_ms(int64_t day, int tz_min);
/* ISO 8601: date, 'T' or one space, hh:mm, optionally :ss, optionally a fraction (cut to ms), optionally
 * 'Z' or +hh:mm, +hhmm, +hh. Without an offset the text is the local time of tz_min. Leap seconds and
 * 24:00 are refused. */
bool time_parse(str s, int tz_min, int64_t *ret_ms);
str time_text(struct arena *a, int64_t ms);  /* "2026-11-22T10:00:00.000Z" */
