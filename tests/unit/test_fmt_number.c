/* SPDX-License-Identifier: MIT */
#include "fmt/number.h"
#include "t.h"

static void good(void)
{
    static const struct {
        str in, lang;
        int64_t v; /* at scale 2 */
        str currency;
        bool percent, ambiguous;
    } rows[] = {
        {S0("3200"), S0("de"), 320000, S0(""), false, false},
        {S0("0"), S0("de"), 0, S0(""), false, false},
        {S0("605 972 руб."), S0("ru"), 60597200, S0("RUB"), false, false},
        {S0("605\xC2\xA0" "972 руб."), S0("ru"), 60597200, S0("RUB"), false, false},
        {S0("815 012 р."), S0("ru"), 81501200, S0("RUB"), false, false},
        {S0("494 780,00"), S0("ru"), 49478000, S0(""), false, false},
        {S0("55\xE2\x80\xAF" "051,5"), S0("ru"), 5505150, S0(""), false, false},
        {S0("1\xE2\x80\x89" "250\xE2\x80\x89" "000 ₽"), S0("ru"), 125000000, S0("RUB"), false, false},
        {S0("12.480,50 €"), S0("de"), 1248050, S0("EUR"), false, false},
        {S0("12.480,50 €"), S0("en"), 1248050, S0("EUR"), false, false},
        {S0("1,234.56"), S0("de"), 123456, S0(""), false, false},
        {S0("$1,234,567.89"), S0("de"), 123456789, S0("USD"), false, false},
        {S0("1.234.567"), S0("en"), 123456700, S0(""), false, false},
        {S0("1'234.50 CHF"), S0("de"), 123450, S0("CHF"), false, false},
        {S0("1\xE2\x80\x99" "234.50"), S0("de"), 123450, S0(""), false, false},
        {S0("12.480"), S0("de"), 1248000, S0(""), false, true},
        {S0("12.480"), S0("ru"), 1248, S0(""), false, true},
        {S0("12.480"), S0("en"), 1248, S0(""), false, true},
        {S0("12,480"), S0("en"), 1248000, S0(""), false, true},
        {S0("12,480"), S0("de"), 1248, S0(""), false, true},
        {S0("0.480"), S0("de"), 48, S0(""), false, false},
        {S0("1234,500"), S0("en"), 123450, S0(""), false, false},
        {S0("12,5"), S0("en"), 1250, S0(""), false, false},
        {S0("12.5"), S0("de"), 1250, S0(""), false, false},
        {S0("12.50"), S0("lt"), 1250, S0(""), false, false},
        {S0(".5"), S0("en"), 50, S0(""), false, false},
        {S0("-,50"), S0("de"), -50, S0(""), false, false},
        {S0("(123)"), S0("en"), -12300, S0(""), false, false},
        {S0("(1.200,00) €"), S0("de"), -120000, S0("EUR"), false, false},
        {S0("€ (1.200,00)"), S0("de"), -120000, S0("EUR"), false, false},
        {S0("(1,234.50 $)"), S0("en"), -123450, S0("USD"), false, false},
        {S0("-123,45"), S0("de"), -12345, S0(""), false, false},
        {S0("\xE2\x88\x92" "123"), S0("de"), -12300, S0(""), false, false},
        {S0("\xE2\x80\x93 5"), S0("de"), -500, S0(""), false, false},
        {S0("123,45-"), S0("de"), -12345, S0(""), false, false},
        {S0("-$5"), S0("en"), -500, S0("USD"), false, false},
        {S0("€ -5"), S0("en"), -500, S0("EUR"), false, false},
        {S0("+7"), S0("en"), 700, S0(""), false, false},
        {S0("12,5 %"), S0("de"), 1250, S0(""), true, false},
        {S0("7%"), S0("de"), 700, S0(""), true, false},
        {S0("12,- €"), S0("de"), 1200, S0("EUR"), false, false},
        {S0("12,\xE2\x80\x93 EUR"), S0("de"), 1200, S0("EUR"), false, false},
        {S0("15 тыс. руб."), S0("ru"), 1500000, S0("RUB"), false, false},
        {S0("1,5 млн ₽"), S0("ru"), 150000000, S0("RUB"), false, false},
        {S0("1,2345 Mio. EUR"), S0("de"), 123450000, S0("EUR"), false, false},
        {S0("20k"), S0("en"), 2000000, S0(""), false, false},
        {S0("EUR 100"), S0("de"), 10000, S0("EUR"), false, false},
        {S0("100 zł"), S0("de"), 10000, S0("PLN"), false, false},
        {S0("12.500000000"), S0("en"), 1250, S0(""), false, false},
        {S0("000123"), S0("en"), 12300, S0(""), false, false},
        {S0("92233720368547758,07"), S0("de"), INT64_MAX, S0(""), false, false},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct number n = {0};
        enum number_why why = number_parse(a, rows[i].in, 2, rows[i].lang, &n);
        T_INT(why, NUM_OK);
        T_INT(n.v, rows[i].v);
        T_STR(n.currency, rows[i].currency);
        T(n.percent == rows[i].percent && n.ambiguous == rows[i].ambiguous);
        if (why || n.v != rows[i].v) fprintf(stderr, "  row %zu: %.*s\n", i, FS(rows[i].in));
    }
    arena_free(&a);
}

static void refused(void)
{
    static const struct {
        str in;
        enum number_why why;
    } rows[] = {
        {S0(""), NUM_EMPTY},          {S0(" \xC2\xA0"), NUM_EMPTY},  {S0("abc"), NUM_UNREAD},      {S0("-"), NUM_UNREAD},
        {S0("1,23,45"), NUM_UNREAD},  {S0("1.2.3"), NUM_UNREAD},     {S0("12 34"), NUM_UNREAD},    {S0("1,234.567.8"), NUM_UNREAD},
        {S0("--5"), NUM_UNREAD},      {S0("-5-"), NUM_UNREAD},       {S0("(-5)"), NUM_UNREAD},     {S0("5%%"), NUM_UNREAD},
        {S0("€5$"), NUM_UNREAD},      {S0("5 apples"), NUM_UNREAD},  {S0("5 тыс млн"), NUM_UNREAD},{S0("1e5"), NUM_UNREAD},
        {S0("03.04.1971"), NUM_UNREAD},{S0("12:30"), NUM_UNREAD},    {S0("12.345.6"), NUM_UNREAD}, {S0("1 234.567,8 9"), NUM_UNREAD},
        {S0("0,001"), NUM_PRECISE},   {S0("12,3456"), NUM_PRECISE},  {S0("92233720368547758,08"), NUM_RANGE},
        {S0("99999999999999999999999999"), NUM_RANGE},               {S0("9999999999999 млрд"), NUM_RANGE},
        {S0("5\xFF"), NUM_UNREAD},    {S0("1\0002"), NUM_UNREAD},    {S0("."), NUM_UNREAD},        {S0("5."), NUM_UNREAD},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct number n = {.v = 77};
        enum number_why why = number_parse(a, rows[i].in, 2, S("de"), &n);
        T_INT(why, rows[i].why);
        T(why == NUM_OK || n.v == 77);
        if (why != rows[i].why) fprintf(stderr, "  row %zu: %.*s\n", i, FS(rows[i].in));
    }
    char big[5000];
    struct number n = {0};
    memset(big, '9', sizeof big);
    T_INT(number_parse(a, (str){big, sizeof big}, 2, S("de"), &n), NUM_UNREAD);
    T_INT(number_parse(a, S("12.5"), 0, S("en"), &n), NUM_PRECISE);
    T_INT(number_parse(a, S("0,123456789012"), 12, S("de"), &n), NUM_OK);
    T_INT(n.v, 123456789012);
    T_STR(currency_code(a, S("Руб.")), S("RUB"));
    T_STR(currency_code(a, S("eur")), S("EUR"));
    T_STR(currency_code(a, S("xyz")), S(""));
    arena_free(&a);
}

TESTS("fmt_number", good, refused)
