/* SPDX-License-Identifier: MIT */
/* fmt/humandate.c - the text becomes at most three parts (numbers and a month's name); rules turn them into a day. */
#include "fmt/humandate.h"
#include "base/time.h"
#include "base/tr.h"
#include "fmt/fold.h"

enum { TYPED_MAX = 80, PARTS = 3 };
struct part {
    int v;
    int digits; /* 0 = a month's name */
};
struct parts {
    struct part v[PARTS];
    size_t n;
    char sep; /* the first separator that is not a blank */
    bool relative;
    int shift; /* days from today */
};

/* Beginnings of folded names; longer ones first where one begins another. */
static const struct {
    str start;
    int month;
} months[] = {
    {S0("jan"), 1},    {S0("sausi"), 1},  {S0("янв"), 1},   {S0("feb"), 2},  {S0("vasar"), 2},
    {S0("фев"), 2},    {S0("mar"), 3},    {S0("maer"), 3},  {S0("kov"), 3},  {S0("мар"), 3},
    {S0("apr"), 4},    {S0("baland"), 4}, {S0("апр"), 4},   {S0("may"), 5},  {S0("mai"), 5},
    {S0("geguz"), 5},  {S0("май"), 5},    {S0("мая"), 5},   {S0("jun"), 6},  {S0("birzel"), 6},
    {S0("июн"), 6},    {S0("jul"), 7},    {S0("liep"), 7},  {S0("июл"), 7},  {S0("aug"), 8},
    {S0("rugpj"), 8},  {S0("авг"), 8},    {S0("sep"), 9},   {S0("rugs"), 9}, {S0("сен"), 9},
    {S0("oct"), 10},   {S0("okt"), 10},   {S0("spal"), 10}, {S0("окт"), 10}, {S0("nov"), 11},
    {S0("lapkr"), 11}, {S0("ноя"), 11},   {S0("dec"), 12},  {S0("dez"), 12}, {S0("gruod"), 12},
    {S0("дек"), 12},
};
static const struct {
    str word;
    int shift;
} relatives[] = {
    {S0("today"), 0},       {S0("heute"), 0},       {S0("siandien"), 0},   {S0("сегодня"), 0},
    {S0("yesterday"), -1},  {S0("gestern"), -1},    {S0("vakar"), -1},     {S0("вчера"), -1},
    {S0("tomorrow"), 1},    {S0("morgen"), 1},      {S0("rytoj"), 1},      {S0("завтра"), 1},
    {S0("vorgestern"), -2}, {S0("uzvakar"), -2},    {S0("позавчера"), -2}, {S0("ubermorgen"), 2},
    {S0("poryt"), 2},       {S0("послезавтра"), 2},
};
/* Words that may stand beside a date: "g." and "d." of years and days, weekdays are dropped by their beginning. */
static const str fillers[] = {S0("г"),  S0("год"), S0("года"), S0("m"),     S0("d"),   S0("of"),
                              S0("st"), S0("nd"),  S0("rd"),   S0("th"),    S0("den"), S0("der"),
                              S0("am"), S0("on"),  S0("metu"), S0("diena"), S0("t")};
static const str weekdays[] = {
    S0("mon"),     S0("tue"),    S0("wed"),    S0("thu"),    S0("fri"),     S0("sat"),
    S0("sun"),     S0("die"),    S0("mit"),    S0("don"),    S0("fre"),     S0("sam"),
    S0("son"),     S0("пон"),    S0("вто"),    S0("сре"),    S0("чет"),     S0("пят"),
    S0("суб"),     S0("вос"),    S0("pirmad"), S0("antrad"), S0("treciad"), S0("ketvirtad"),
    S0("penktad"), S0("sestad"), S0("sekmad")};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c & 0x80) || (c >= 'a' && c <= 'z'); }

static int month_of(str w)
{
    for (size_t i = 0; i < COUNT(months); i++)
        if (str_has_prefix(w, months[i].start)) return months[i].month;
    return 0;
}

static bool is_filler(str w)
{
    for (size_t i = 0; i < COUNT(fillers); i++)
        if (str_eq(w, fillers[i])) return true;
    for (size_t i = 0; i < COUNT(weekdays); i++)
        if (str_has_prefix(w, weekdays[i])) return true;
    return false;
}

static bool take_word(struct parts *p, str w)
{
    for (size_t i = 0; i < COUNT(relatives); i++)
        if (str_eq(w, relatives[i].word)) {
            p->shift = relatives[i].shift;
            return p->relative = p->n == 0 && !p->relative;
        }
    int month = month_of(w);
    if (!month) return is_filler(w);
    if (p->n == PARTS) return false;
    p->v[p->n++] = (struct part){month, 0};
    return true;
}

static bool take_number(struct parts *p, str w)
{
    int v = 0;
    if (p->n == PARTS || w.n > 4) return false;
    for (size_t i = 0; i < w.n; i++) v = v * 10 + (w.p[i] - '0');
    p->v[p->n++] = (struct part){v, (int)w.n};
    return true;
}

/* "12:30", "12:30:05.000", "T10:00Z": what follows a whole date and is a time of day. */
static bool is_clock(str s)
{
    size_t i = 0, digits = 0;
    if (i < s.n && s.p[i] == 't') i++;
    while (i < s.n && is_digit(s.p[i])) i++, digits++;
    if (!digits || digits > 2 || i >= s.n || s.p[i] != ':') return false;
    for (; i < s.n; i++)
        if (!is_digit(s.p[i]) && !strchr(":.+-zapm ", s.p[i])) return false;
    return true;
}

/* One number, word or separator at *i, moved over. */
static bool take_one(str s, size_t *i, struct parts *p)
{
    size_t from = *i;
    if (is_digit(s.p[*i])) {
        while (*i < s.n && is_digit(s.p[*i])) ++*i;
        return take_number(p, str_cut(s, from, *i));
    }
    if (is_letter(s.p[*i])) {
        while (*i < s.n && is_letter(s.p[*i])) ++*i;
        return take_word(p, str_cut(s, from, *i));
    }
    char c = s.p[(*i)++];
    if (!p->sep && c != ' ' && p->n) p->sep = c;
    return c && strchr(" ./-,", c);
}

/* False: there is something that belongs to no date. */
static bool take_apart(str s, struct parts *p)
{
    for (size_t i = 0; i < s.n;) {
        if ((p->n == PARTS || p->relative) && is_clock(str_trim(str_cut(s, i, s.n)))) return true;
        if (!take_one(s, &i, p)) return false;
    }
    return true;
}

static int64_t full_year(struct part y, const struct date_style *st)
{
    if (y.digits > 2) return y.v;
    int64_t last = day_date(st->today).y + st->window, year = last - last % 100 + y.v;
    return year > last ? year - 100 : year;
}

static enum date_why made(int64_t y, int m, int d, int64_t *ret)
{
    if (!date_exists(y, m, d)) return DATE_NO_SUCH;
    if (y < 1000 || y > 9999) return DATE_RANGE;
    *ret = day_from(y, m, d);
    return DATE_OK;
}

static bool month_first(const struct parts *p, const struct date_style *st)
{
    return p->sep != '.' && str_eq(st->lang, S("en")) &&
           (!st->country.n || str_eq(st->country, S("US")));
}

static enum date_why from_numbers(const struct parts *p, const struct date_style *st, int64_t *ret)
{
    const struct part *v = p->v;
    if (v[0].digits == 4) return made(v[0].v, v[1].v, v[2].v, ret);
    if (v[0].digits > 2 || v[1].digits > 2 || (v[2].digits != 2 && v[2].digits != 4))
        return DATE_UNREAD;
    int64_t y = full_year(v[2], st);
    int d = month_first(p, st) ? v[1].v : v[0].v, m = month_first(p, st) ? v[0].v : v[1].v;
    enum date_why why = made(y, m, d, ret);
    if (why == DATE_NO_SUCH && p->sep != '.' && d <= 12 && m > 12) why = made(y, d, m, ret);
    return why;
}

/* One part is a month's name: the year is the number that cannot be a day. */
static enum date_why from_name(const struct parts *p, const struct date_style *st, int64_t *ret)
{
    struct part num[2] = {{0, 0}, {0, 0}};
    size_t n = 0;
    int month = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].digits) {
            if (n == 2) return DATE_UNREAD;
            num[n++] = p->v[i];
        } else if (month) return DATE_UNREAD;
        else month = p->v[i].v;
    }
    if (n == 1 && num[0].digits <= 2) return made(day_date(st->today).y, month, num[0].v, ret);
    if (n != 2) return DATE_UNREAD;
    bool first = num[0].digits == 4;
    struct part y = first ? num[0] : num[1], d = first ? num[1] : num[0];
    if (d.digits > 2 || y.digits == 3 || y.digits == 1) return DATE_UNREAD;
    return made(full_year(y, st), month, d.v, ret);
}

/* A spreadsheet believes in 1900-02-29 (serial 60), so days from March 1900 on are one further. A part
 * of a day is cut. */
static enum date_why from_serial(str s, bool from_1904, int64_t *ret)
{
    str whole, rest;
    int64_t v = 0, n = 0;
    (void)str_split(s, s.n && str_find(s, S(",")) >= 0 ? ',' : '.', &whole, &rest);
    if (whole.n > 8 || !str_to_int(whole, &v) || (rest.n && !str_to_int(str_cut(rest, 0, 15), &n)))
        return DATE_UNREAD;
    int64_t day = from_1904 ? v + day_from(1904, 1, 1) : v + day_from(1899, 12, 30) + (v < 60);
    if (v < (from_1904 ? 0 : 1) || day > day_from(9999, 12, 31)) return DATE_RANGE;
    if (!from_1904 && v == 60) return DATE_NO_SUCH;
    *ret = day;
    return DATE_OK;
}

static bool is_number(str s)
{
    bool point = false;
    for (size_t i = 0; i < s.n; i++) {
        if (is_digit(s.p[i])) continue;
        if (point || i == 0 || (s.p[i] != '.' && s.p[i] != ',')) return false;
        point = true;
    }
    return s.n > 0;
}

static bool is_eight_digits(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i])) return false;
    return s.n == 8;
}

static enum date_why from_parts(const struct parts *p, const struct date_style *st, int64_t *ret)
{
    if (p->relative && p->n) return DATE_UNREAD;
    if (p->relative) {
        *ret = st->today + p->shift;
        return DATE_OK;
    }
    for (size_t i = 0; i < p->n; i++)
        if (!p->v[i].digits) return from_name(p, st, ret);
    bool blanks = p->v[0].digits == 4 && p->v[1].digits == 2 && p->v[2].digits == 2; /* 1971 10 01 */
    return p->n == PARTS && (p->sep || blanks) ? from_numbers(p, st, ret) : DATE_UNREAD;
}

enum date_why humandate_parse(struct arena *a, str typed, const struct date_style *st, int64_t *ret)
{
    struct parts p = {0};
    if (typed.n > TYPED_MAX) return DATE_UNREAD;
    str s = str_trim(fold_text(a, typed));
    if (!s.n) return DATE_EMPTY;
    if (st->serial && is_number(s)) return from_serial(s, st->serial_1904, ret);
    if (is_eight_digits(s)) { /* 20261122 */
        (void)take_number(&p, str_cut(s, 0, 4));
        (void)take_number(&p, str_cut(s, 4, 6));
        (void)take_number(&p, str_cut(s, 6, 8));
        p.sep = '-';
    } else if (!take_apart(s, &p)) return DATE_UNREAD;
    return from_parts(&p, st, ret);
}

bool humandate_is_word(struct arena *a, str typed)
{
    struct parts p = {0};
    if (typed.n > TYPED_MAX) return false;
    str s = str_trim(fold_text(a, typed));
    return s.n && is_letter(s.p[0]) && take_apart(s, &p) && p.relative;
}

str date_why_text(enum date_why why)
{
    static const str t[] = {S0("ok"), S0(TR("this is empty")), S0(TR("this is not a date")),
                            S0(TR("there is no such day")), S0(TR("the year is out of range"))};
    return t[why];
}
