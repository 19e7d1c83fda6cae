/* SPDX-License-Identifier: MIT */
#include "base/time.h"
#include "t.h"

static void days(void)
{
    T_INT(day_from(1970, 1, 1), 0);
    T_INT(day_from(1969, 12, 31), -1);
    T_INT(day_from(2000, 2, 29), 11016);
    T_INT(day_from(2026, 11, 22), 20779);
    T_INT(day_from(0, 1, 1), -719528);
    T_INT(day_weekday(0), 4);
    T_INT(day_weekday(20779), 7);
    T_INT(day_weekday(-1), 3);
    int64_t want = day_from(-801, 1, 1);
    for (int64_t y = -801; y < 3000; y++) /* every day of 3801 years, one after the other */
        for (int m = 1; m <= 12; m++)
            for (int d = 1; d <= month_days(y, m); d++, want++) {
                struct date t = day_date(want);
                if (day_from(y, m, d) == want && t.y == y && t.m == m && t.d == d) continue;
                T_INT(day_from(y, m, d), want);
                return;
            }
    T_INT(want, day_from(3000, 1, 1));
    T(date_exists(2000, 2, 29) && !date_exists(1900, 2, 29) && !date_exists(2026, 2, 29));
    T(!date_exists(2026, 0, 1) && !date_exists(2026, 13, 1) && !date_exists(2026, 4, 31) && !date_exists(2026, 1, 0));
    T_INT(day_date(day_from(1000000000000, 3, 1)).y, 1000000000000);
    T_INT(day_date(day_from(-1000000000000, 2, 29)).d, 29);
}

static void starts(void)
{
    static const struct {
        str day, week, month, quarter, year;
        int iso_week;
        int64_t iso_year;
    } rows[] = {
        {S0("2026-11-22"), S0("2026-11-16"), S0("2026-11-01"), S0("2026-10-01"), S0("2026-01-01"), 47, 2026},
        {S0("2027-01-01"), S0("2026-12-28"), S0("2027-01-01"), S0("2027-01-01"), S0("2027-01-01"), 53, 2026},
        {S0("2024-12-30"), S0("2024-12-30"), S0("2024-12-01"), S0("2024-10-01"), S0("2024-01-01"), 1, 2025},
        {S0("1969-05-31"), S0("1969-05-26"), S0("1969-05-01"), S0("1969-04-01"), S0("1969-01-01"), 22, 1969},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t d = 0, y = 0;
        T(day_parse(rows[i].day, &d));
        T_STR(day_text(a, day_week_start(d)), rows[i].week);
        T_STR(day_text(a, day_month_start(d)), rows[i].month);
        T_STR(day_text(a, day_quarter_start(d)), rows[i].quarter);
        T_STR(day_text(a, day_year_start(d)), rows[i].year);
        T_INT(day_iso_week(d, &y), rows[i].iso_week);
        T_INT(y, rows[i].iso_year);
    }
    arena_free(&a);
}

static void months(void)
{
    static const struct {
        str from;
        int64_t n;
        str to;
    } rows[] = {
        {S0("2026-01-31"), 1, S0("2026-02-28")},  {S0("2024-01-31"), 1, S0("2024-02-29")},
        {S0("2026-03-31"), -1, S0("2026-02-28")}, {S0("2026-11-22"), 2, S0("2027-01-22")},
        {S0("2026-01-15"), -1, S0("2025-12-15")}, {S0("2024-02-29"), 12, S0("2025-02-28")},
        {S0("2024-02-29"), 48, S0("2028-02-29")}, {S0("2026-05-05"), 0, S0("2026-05-05")},
        {S0("2026-05-05"), -25, S0("2024-04-05")},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t d = 0;
        T(day_parse(rows[i].from, &d));
        T_STR(day_text(a, day_add_months(d, rows[i].n)), rows[i].to);
    }
    arena_free(&a);
}

static void bad_days(void)
{
    static const str rows[] = {S0(""),           S0("2026"),       S0("2026-1-1"),    S0("2026-02-30"), S0("2026-13-01"),
                               S0("2026-00-01"), S0("2026-01-00"), S0("2026-01-01 "), S0("20260101"),   S0("2026/01/01"),
                               S0("-026-01-01"), S0("2026-01-0x"), S0("2026-01-0")};
    int64_t d = 77;
    for (size_t i = 0; i < COUNT(rows); i++) T(!day_parse(rows[i], &d) && d == 77);
}

static void times(void)
{
    static const struct {
        str in;
        int tz;
        str out; /* "" = refused */
    } rows[] = {
        {S0("2026-11-22T10:00:00.000Z"), 0, S0("2026-11-22T10:00:00.000Z")},
        {S0("2026-11-22T10:00Z"), 0, S0("2026-11-22T10:00:00.000Z")},
        {S0("2026-11-22T10:00:05Z"), 60, S0("2026-11-22T10:00:05.000Z")},
        {S0("2026-11-22 10:00"), 120, S0("2026-11-22T08:00:00.000Z")},
        {S0("2026-11-22T10:00:00.1+02:00"), 0, S0("2026-11-22T08:00:00.100Z")},
        {S0("2026-11-22T00:30:00.123456789-0330"), 0, S0("2026-11-22T04:00:00.123Z")},
        {S0("2026-11-22T00:30+03"), 0, S0("2026-11-21T21:30:00.000Z")},
        {S0("1969-12-31T23:59:59.999Z"), 0, S0("1969-12-31T23:59:59.999Z")},
        {S0("0000-01-01T00:00Z"), 0, S0("0000-01-01T00:00:00.000Z")},
        {S0("9999-12-31T23:59:59,999Z"), 0, S0("9999-12-31T23:59:59.999Z")},
        {S0("2026-11-22"), 0, S0("")},
        {S0("2026-11-22T"), 0, S0("")},
        {S0("2026-11-22T10"), 0, S0("")},
        {S0("2026-11-22T24:00Z"), 0, S0("")},
        {S0("2026-11-22T10:60Z"), 0, S0("")},
        {S0("2026-11-22T10:00:60Z"), 0, S0("")},
        {S0("2026-11-22T10:00:00.Z"), 0, S0("")},
        {S0("2026-11-22T10:00:00z"), 0, S0("")},
        {S0("2026-11-22T10:00+"), 0, S0("")},
        {S0("2026-11-22T10:00+2"), 0, S0("")},
        {S0("2026-11-22T10:00+02:"), 0, S0("")},
        {S0("2026-11-22T10:00+02:60"), 0, S0("")},
        {S0("2026-11-22T10:00+24:00"), 0, S0("")},
        {S0("2026-11-22T10:00ZZ"), 0, S0("")},
        {S0("2026-02-30T10:00Z"), 0, S0("")},
        {S0(""), 0, S0("")},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t ms = 77;
        bool ok = time_parse(rows[i].in, rows[i].tz, &ms);
        T(ok == (rows[i].out.n > 0) && (ok || ms == 77));
        if (ok) T_STR(time_text(a, ms), rows[i].out);
    }
    T_STR(time_text(a, 1795341600000), S("2026-11-22T10:00:00.000Z"));
    T_INT(time_day(-1, 0), -1);
    T_INT(time_day(-1, 1), 0);
    T_INT(time_day(1795341600000, 14 * 60), 20780);
    T_INT(day_start_ms(20779, 120), 1795305600000 - 7200000);
    T(time_text(a, INT64_MAX).n > 24 && time_text(a, INT64_MIN).p[0] == '-');
    T_INT(time_day(INT64_MAX, 0), INT64_MAX / DAY_MS);
    arena_free(&a);
}

TESTS("base_time", days, starts, months, bad_days, times)
