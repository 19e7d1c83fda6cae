/* SPDX-License-Identifier: MIT */
#include "base/time.h"

/* Division that rounds down, so that days before 1970 and years before 0 need no special case. */
static int64_t div_down(int64_t a, int64_t b) { return a / b - (a % b < 0); }
static int64_t mod_down(int64_t a, int64_t b) { return a % b + (a % b < 0 ? b : 0); }

static bool is_leap(int64_t y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); }

int month_days(int64_t y, int m)
{
    static const signed char n[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    assert(m >= 1 && m <= 12);
    return n[m - 1] + (m == 2 && is_leap(y));
}

bool date_exists(int64_t y, int m, int d) { return m >= 1 && m <= 12 && d >= 1 && d <= month_days(y, m); }

/* Years are counted from 1 March, so that the leap day is the last of the year, in cycles of 400. */
int64_t day_from(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = div_down(y, 400), yoe = y - era * 400;
    int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct date day_date(int64_t day)
{
    int64_t z = day + 719468, era = div_down(z, 146097), doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int d = (int)(doy - (153 * mp + 2) / 5 + 1), m = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct date){yoe + era * 400 + (m <= 2), m, d};
}

int day_weekday(int64_t day) { return (int)mod_down(day + 3, 7) + 1; } /* 1970-01-01 was a Thursday */

int64_t day_week_start(int64_t day) { return day - day_weekday(day) + 1; }

int64_t day_month_start(int64_t day) { return day - day_date(day).d + 1; }

int64_t day_quarter_start(int64_t day)
{
    struct date t = day_date(day);
    return day_from(t.y, (t.m - 1) / 3 * 3 + 1, 1);
}

int64_t day_year_start(int64_t day) { return day_from(day_date(day).y, 1, 1); }

int day_iso_week(int64_t day, int64_t *ret_year)
{
    int64_t thursday = day_week_start(day) + 3; /* a week belongs to the year of its Thursday */
    *ret_year = day_date(thursday).y;
    return (int)((thursday - day_year_start(thursday)) / 7) + 1;
}

int64_t day_add_months(int64_t day, int64_t n)
{
    struct date t = day_date(day);
    int64_t months = t.y * 12 + t.m - 1 + n, y = div_down(months, 12);
    int m = (int)(months - y * 12) + 1, last = month_days(y, m);
    return day_from(y, m, t.d < last ? t.d : last);
}

/* Exactly n digits at *at, moved over; -1 when they are not there. */
static int digits(str s, size_t *at, size_t n)
{
    int v = 0;
    if (s.n - *at < n) return -1;
    for (size_t end = *at + n; *at < end; ++*at) {
        char c = s.p[*at];
        if (c < '0' || c > '9') return -1;
        v = v * 10 + (c - '0');
    }
    return v;
}

static bool accept(str s, size_t *at, char c)
{
    if (*at >= s.n || s.p[*at] != c) return false;
    ++*at;
    return true;
}

static bool read_day(str s, size_t *at, int64_t *ret)
{
    int y = digits(s, at, 4);
    if (y < 0 || !accept(s, at, '-')) return false;
    int m = digits(s, at, 2);
    if (m < 0 || !accept(s, at, '-')) return false;
    int d = digits(s, at, 2);
    if (!date_exists(y, m, d)) return false;
    *ret = day_from(y, m, d);
    return true;
}

bool day_parse(str s, int64_t *ret)
{
    size_t at = 0;
    int64_t day = 0;
    if (!read_day(s, &at, &day) || at != s.n) return false;
    *ret = day;
    return true;
}

/* hh:mm[:ss[.fff...]] */
static bool read_clock(str s, size_t *at, int64_t *ret)
{
    int h = digits(s, at, 2), sec = 0, ms = 0;
    if (h < 0 || h > 23 || !accept(s, at, ':')) return false;
    int min = digits(s, at, 2);
    if (min < 0 || min > 59) return false;
    if (accept(s, at, ':')) {
        sec = digits(s, at, 2);
        if (sec < 0 || sec > 59) return false;
        if (accept(s, at, '.') || accept(s, at, ',')) {
            size_t from = *at;
            for (int each = 100; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9'; ++*at, each /= 10)
                ms += (s.p[*at] - '0') * each;
            if (*at == from) return false;
        }
    }
    *ret = ((h * 60 + min) * 60 + sec) * INT64_C(1000) + ms;
    return true;
}

/* Z, +hh, +hhmm, +hh:mm or nothing */
static bool read_offset(str s, size_t *at, int *tz_min)
{
    if (*at == s.n) return true;
    if (accept(s, at, 'Z')) {
        *tz_min = 0;
        return true;
    }
    int sign = accept(s, at, '-') ? -1 : accept(s, at, '+') ? 1 : 0;
    int h = digits(s, at, 2), m = 0;
    if (!sign || h < 0 || h > 23) return false;
    if (accept(s, at, ':') || *at < s.n) m = digits(s, at, 2);
    if (m < 0 || m > 59) return false;
    *tz_min = sign * (h * 60 + m);
    return true;
}

bool time_parse(str s, int tz_min, int64_t *ret_ms)
{
    size_t at = 0;
    int64_t day = 0, clock = 0;
    if (!read_day(s, &at, &day) || (!accept(s, &at, 'T') && !accept(s, &at, ' '))) return false;
    if (!read_clock(s, &at, &clock) || !read_offset(s, &at, &tz_min) || at != s.n) return false;
    *ret_ms = day * DAY_MS + clock - tz_min * INT64_C(60000);
    return true;
}

int64_t time_day(int64_t ms, int tz_min)
{
    int64_t day = div_down(ms, DAY_MS), rest = mod_down(ms, DAY_MS); /* no overflow near INT64_MAX */
    return day + div_down(rest + tz_min * INT64_C(60000), DAY_MS);
}

int64_t day_start_ms(int64_t day, int tz_min) { return day * DAY_MS - tz_min * INT64_C(60000); }

static void put(char *p, int n, int64_t v)
{
    for (; n > 0; v /= 10) p[--n] = (char)('0' + v % 10);
}

str day_text(struct arena *a, int64_t day)
{
    struct date t = day_date(day);
    if (t.y < 0 || t.y > 9999) return arena_fmt(a, "%+05" PRId64 "-%02d-%02d", t.y, t.m, t.d);
    char *p = arena_get(a, 11);
    memcpy(p, "0000-00-00", 11);
    put(p, 4, t.y);
    put(p + 5, 2, t.m);
    put(p + 8, 2, t.d);
    return (str){p, 10};
}

str time_text(struct arena *a, int64_t ms)
{
    str day = day_text(a, div_down(ms, DAY_MS));
    int64_t c = mod_down(ms, DAY_MS);
    char *p = arena_get(a, day.n + 15);
    memcpy(p, day.p, day.n);
    memcpy(p + day.n, "T00:00:00.000Z", 15);
    put(p + day.n + 1, 2, c / 3600000);
    put(p + day.n + 4, 2, c / 60000 % 60);
    put(p + day.n + 7, 2, c / 1000 % 60);
    put(p + day.n + 10, 3, c % 1000);
    return (str){p, day.n + 14};
}
