/* SPDX-License-Identifier: MIT */
#include "fmt/zone.h"

#include <unicode/ucal.h>

enum { ID_MAX = 64, MINUTE_MS = 60000, HOURS_MAX = 14 };

static const struct {
    char country[3];
    const char *zone;
} zones[] = {
    {"AM", "Asia/Yerevan"},     {"AT", "Europe/Vienna"},    {"AZ", "Asia/Baku"},        {"BE", "Europe/Brussels"},
    {"BG", "Europe/Sofia"},     {"BY", "Europe/Minsk"},     {"CH", "Europe/Zurich"},    {"CN", "Asia/Shanghai"},
    {"CY", "Asia/Nicosia"},     {"CZ", "Europe/Prague"},    {"DE", "Europe/Berlin"},    {"DK", "Europe/Copenhagen"},
    {"EE", "Europe/Tallinn"},   {"ES", "Europe/Madrid"},    {"FI", "Europe/Helsinki"},  {"FR", "Europe/Paris"},
    {"GB", "Europe/London"},    {"GE", "Asia/Tbilisi"},     {"GR", "Europe/Athens"},    {"HR", "Europe/Zagreb"},
    {"HU", "Europe/Budapest"},  {"IE", "Europe/Dublin"},    {"IL", "Asia/Jerusalem"},   {"IN", "Asia/Kolkata"},
    {"IT", "Europe/Rome"},      {"JP", "Asia/Tokyo"},       {"KG", "Asia/Bishkek"},     {"KZ", "Asia/Almaty"},
    {"LI", "Europe/Vaduz"},     {"LT", "Europe/Vilnius"},   {"LU", "Europe/Luxembourg"},{"LV", "Europe/Riga"},
    {"MD", "Europe/Chisinau"},  {"MT", "Europe/Malta"},     {"NL", "Europe/Amsterdam"}, {"NO", "Europe/Oslo"},
    {"PL", "Europe/Warsaw"},    {"PT", "Europe/Lisbon"},    {"RO", "Europe/Bucharest"}, {"RS", "Europe/Belgrade"},
    {"RU", "Europe/Moscow"},    {"SE", "Europe/Stockholm"}, {"SI", "Europe/Ljubljana"}, {"SK", "Europe/Bratislava"},
    {"TJ", "Asia/Dushanbe"},    {"TR", "Europe/Istanbul"},  {"UA", "Europe/Kiev"},      {"US", "America/New_York"},
    {"UZ", "Asia/Tashkent"},
};

/* id: a name of the IANA list. */
static bool id_min(str id, int64_t at_ms, int *ret)
{
    UChar name[ID_MAX], known[ID_MAX];
    UErrorCode rc = U_ZERO_ERROR;
    if (!id.n || id.n >= ID_MAX) return false;
    for (size_t i = 0; i < id.n; i++) {
        if (id.p[i] <= ' ' || id.p[i] > '~') return false;
        name[i] = (UChar)id.p[i];
    }
    (void)ucal_getCanonicalTimeZoneID(name, (int32_t)id.n, known, ID_MAX, NULL, &rc);
    if (U_FAILURE(rc)) return false;
    UCalendar *c = ucal_open(name, (int32_t)id.n, "en", UCAL_GREGORIAN, &rc);
    ucal_setMillis(c, (double)at_ms, &rc);
    int ms = ucal_get(c, UCAL_ZONE_OFFSET, &rc) + ucal_get(c, UCAL_DST_OFFSET, &rc);
    ucal_close(c);
    if (U_SUCCESS(rc)) *ret = ms / MINUTE_MS;
    return U_SUCCESS(rc);
}

int zone_min(str country, int64_t at_ms)
{
    int min = 0;
    for (size_t i = 0; i < COUNT(zones); i++)
        if (str_eq(country, str_from(zones[i].country)) && !id_min(str_from(zones[i].zone), at_ms, &min)) return 0;
    return min;
}

/* One or two digits at the front of *s. */
static bool digits(str *s, int *ret)
{
    size_t n = 0;
    int v = 0;
    while (n < 2 && n < s->n && s->p[n] >= '0' && s->p[n] <= '9') v = v * 10 + (s->p[n++] - '0');
    *s = str_cut(*s, n, s->n);
    *ret = v;
    return n > 0;
}

/* "+3", "-03:30", "+0530" */
static bool offset_min(str s, int *ret)
{
    int h = 0, m = 0;
    if (!s.n || (s.p[0] != '+' && s.p[0] != '-')) return false;
    int sign = s.p[0] == '-' ? -1 : 1;
    s = str_cut(s, 1, s.n);
    if (!digits(&s, &h) || h > HOURS_MAX) return false;
    bool minutes = s.n > 0;
    if (minutes && s.p[0] == ':') s = str_cut(s, 1, s.n);
    if (minutes && (s.n != 2 || !digits(&s, &m) || s.n || m > 59)) return false;
    *ret = sign * (h * 60 + m);
    return true;
}

bool zone_named_min(str zone, int64_t at_ms, int *ret)
{
    str s = str_trim(zone), head = str_cut(s, 0, 3);
    bool utc = str_eq_nocase(head, S("utc")) || str_eq_nocase(head, S("gmt"));
    return offset_min(utc ? str_trim(str_cut(s, 3, s.n)) : s, ret) || id_min(s, at_ms, ret);
}
