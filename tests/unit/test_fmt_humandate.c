/* SPDX-License-Identifier: MIT */
#include "base/time.h"
#include "fmt/humandate.h"
#include "fmt/zone.h"
#include "t.h"

enum { TODAY = 20779 }; /* 2026-11-22 */

static const struct {
    str in, lang, out; /* out "" = not a date, "-" = no such day, "!" = out of range */
} day_rows[] = {
    {S0("03.04.1971"), S0("de"), S0("1971-04-03")},
    {S0("3.4.71"), S0("ru"), S0("1971-04-03")},
    {S0("03.04.1971"), S0("en"), S0("1971-04-03")},
    {S0("1984-11-23"), S0("en"), S0("1984-11-23")},
    {S0("1984.11.23"), S0("lt"), S0("1984-11-23")},
    {S0("1984/11/23"), S0("lt"), S0("1984-11-23")},
    {S0("19841123"), S0("lt"), S0("1984-11-23")},
    {S0("11/23/1984"), S0("en"), S0("1984-11-23")},
    {S0("23/11/1984"), S0("en"), S0("1984-11-23")},
    {S0("23/11/1984"), S0("de"), S0("1984-11-23")},
    {S0("11/23/1984"), S0("de"), S0("1984-11-23")},
    {S0("04/03/1984"), S0("en"), S0("1984-04-03")},
    {S0("04/03/1984"), S0("de"), S0("1984-03-04")},
    {S0("04-03-84"), S0("ru"), S0("1984-03-04")},
    {S0("23 ноября 1984"), S0("ru"), S0("1984-11-23")},
    {S0("23 Ноября 1984 г."), S0("en"), S0("1984-11-23")},
    {S0("9 мая 1945 года"), S0("ru"), S0("1945-05-09")},
    {S0("12. März 2020"), S0("de"), S0("2020-03-12")},
    {S0("12 Maerz 2020"), S0("de"), S0("2020-03-12")},
    {S0("Donnerstag, den 12. März 2020"), S0("de"), S0("2020-03-12")},
    {S0("1984 m. lapkričio 23 d."), S0("lt"), S0("1984-11-23")},
    {S0("1984 11 23"), S0("lt"), S0("1984-11-23")},
    {S0("1990 m. rugpjūčio 1 d."), S0("lt"), S0("1990-08-01")},
    {S0("1990 m. rugsėjo 1 d."), S0("lt"), S0("1990-09-01")},
    {S0("November 23, 1984"), S0("en"), S0("1984-11-23")},
    {S0("23rd of November 1984"), S0("en"), S0("1984-11-23")},
    {S0("23-Nov-84"), S0("en"), S0("1984-11-23")},
    {S0("5 мая"), S0("ru"), S0("2026-05-05")},
    {S0("29.02.2024"), S0("de"), S0("2024-02-29")},
    {S0("20.08.99"), S0("ru"), S0("1999-08-20")},
    {S0("20.08.26"), S0("ru"), S0("2026-08-20")},
    {S0("20.08.27"), S0("ru"), S0("1927-08-20")},
    {S0("вчера"), S0("ru"), S0("2026-11-21")},
    {S0("Heute"), S0("de"), S0("2026-11-22")},
    {S0("VAKAR"), S0("lt"), S0("2026-11-21")},
    {S0("šiandien"), S0("lt"), S0("2026-11-22")},
    {S0("yesterday"), S0("en"), S0("2026-11-21")},
    {S0("послезавтра"), S0("ru"), S0("2026-11-24")},
    {S0("übermorgen"), S0("de"), S0("2026-11-24")},
    {S0("22.11.2026 10:30"), S0("de"), S0("2026-11-22")},
    {S0("2026-11-22T10:30:00.000Z"), S0("de"), S0("2026-11-22")},
    {S0("2026-11-22 00:00:00"), S0("de"), S0("2026-11-22")},
    {S0("\xC2\xA0" "22.11.2026 "), S0("de"), S0("2026-11-22")},
    {S0("31.02.1980"), S0("ru"), S0("-")},
    {S0("29.02.2023"), S0("de"), S0("-")},
    {S0("12.13.2020"), S0("de"), S0("-")},
    {S0("13/13/2020"), S0("en"), S0("-")},
    {S0("00.01.2020"), S0("de"), S0("-")},
    {S0("2020-02-30"), S0("de"), S0("-")},
    {S0("31 ноября 1984"), S0("ru"), S0("-")},
    {S0("1.1.0999"), S0("de"), S0("!")},
    {S0(""), S0("de"), S0("")},
    {S0(" "), S0("de"), S0("")},
    {S0("abc"), S0("de"), S0("")},
    {S0("12"), S0("de"), S0("")},
    {S0("26207"), S0("de"), S0("")},
    {S0("12.5"), S0("de"), S0("")},
    {S0("1.2.3.4"), S0("de"), S0("")},
    {S0("1.2.345"), S0("de"), S0("")},
    {S0("1 2 2020"), S0("de"), S0("")},
    {S0("12.480,50 €"), S0("de"), S0("")},
    {S0("März 2020"), S0("de"), S0("")},
    {S0("вчера 12"), S0("ru"), S0("")},
    {S0("Max 12. März 2020"), S0("de"), S0("")},
    {S0("\xFF.\xFE"), S0("de"), S0("")},
    {S0("1\0.2.2020"), S0("de"), S0("")},
};

static void days(void)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(day_rows); i++) {
        struct date_style st = {.lang = day_rows[i].lang, .country = S(""), .today = TODAY};
        int64_t d = 7;
        enum date_why why = humandate_parse(a, day_rows[i].in, &st, &d);
        str got = why == DATE_OK ? day_text(a, d) : why == DATE_NO_SUCH ? S("-") : why == DATE_RANGE ? S("!") : S("");
        T_STR(got, day_rows[i].out);
        T(why == DATE_OK || d == 7);
    }
    arena_free(&a);
}

static void styles(void)
{
    static const struct {
        str in;
        bool is_1904;
        str out;
    } rows[] = {
        {S0("26207"), false, S0("1971-10-01")}, {S0("26207"), true, S0("1975-10-02")}, {S0("1"), false, S0("1900-01-01")},
        {S0("59"), false, S0("1900-02-28")},    {S0("60"), false, S0("")},             {S0("61"), false, S0("1900-03-01")},
        {S0("0"), true, S0("1904-01-01")},      {S0("0"), false, S0("")},              {S0("26207.75"), false, S0("1971-10-01")},
        {S0("26207,5"), false, S0("1971-10-01")}, {S0("2958465"), false, S0("9999-12-31")}, {S0("2958466"), false, S0("")},
        {S0("99999999999999999999"), false, S0("")}, {S0("01.10.1971"), false, S0("1971-10-01")},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct date_style st = {.lang = S("de"), .today = TODAY, .serial = true, .serial_1904 = rows[i].is_1904};
        int64_t d = 0;
        enum date_why why = humandate_parse(a, rows[i].in, &st, &d);
        T_STR(why == DATE_OK ? day_text(a, d) : S(""), rows[i].out);
    }
    struct date_style st = {.lang = S("en"), .country = S("GB"), .today = TODAY, .window = 20};
    int64_t d = 0;
    T_INT(humandate_parse(a, S("04/03/46"), &st, &d), DATE_OK);
    T_STR(day_text(a, d), S("2046-03-04"));
    T_INT(humandate_parse(a, S("04/03/47"), &st, &d), DATE_OK);
    T_STR(day_text(a, d), S("1947-03-04"));
    for (int why = DATE_OK; why <= DATE_RANGE; why++) T(date_why_text((enum date_why)why).n > 0);
    char big[5000];
    memset(big, '1', sizeof big);
    T_INT(humandate_parse(a, (str){big, sizeof big}, &st, &d), DATE_UNREAD);
    arena_free(&a);
}

static void words(void)
{
    static const struct {
        str s;
        bool is;
    } rows[] = {{S0("Вчера"), true}, {S0(" gestern "), true}, {S0("šiandien"), true}, {S0("завтра 14:30"), true}, {S0("2026-11-22"), false},
                {S0("morgens"), false}, {S0("heute Abend"), false}, {S0("23"), false}, {S0(""), false}, {S0("am"), false}};
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) T_INT(humandate_is_word(a, rows[i].s), rows[i].is);
    arena_free(&a);
}

static void zones(void)
{
    int64_t winter = day_from(2026, 1, 15) * DAY_MS, summer = day_from(2026, 7, 15) * DAY_MS;
    T_INT(zone_min(S("DE"), winter), 60);
    T_INT(zone_min(S("DE"), summer), 120);
    T_INT(zone_min(S("LT"), winter), 120);
    T_INT(zone_min(S("LT"), summer), 180);
    T_INT(zone_min(S("RU"), summer), 180);
    T_INT(zone_min(S(""), summer), 0);
    static const struct {
        const char *zone;
        int min;
    } known[] = {{"Europe/Berlin", 60}, {" Asia/Kolkata ", 330}, {"Pacific/Kiritimati", 840}, {"Etc/GMT+12", -720}, {"UTC", 0},
                 {"utc+3", 180}, {"GMT -3", -180}, {"+05:30", 330}, {"-0330", -210}, {"+14", 840}};
    static const char *const unknown[] = {"", " ", "Berlin", "Europe/Nowhere", "+", "+15", "+3:7", "+03:99", "UTC+3h", "Москва", "a b", "+3:",
                                          "Europe/Berlin/Europe/Berlin/Europe/Berlin/Europe/Berlin/Europe/Berlin"};
    for (size_t i = 0; i < COUNT(known); i++) {
        int min = 1;
        T(zone_named_min(str_from(known[i].zone), winter, &min));
        T_INT(min, known[i].min);
    }
    for (size_t i = 0; i < COUNT(unknown); i++) {
        int min = 1;
        if (zone_named_min(str_from(unknown[i]), winter, &min) || min != 1) fprintf(stderr, "\"%s\" is a zone\n", unknown[i]);
        T(min == 1);
    }
}

TESTS("fmt_humandate", words, days, styles, zones)
