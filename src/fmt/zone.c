/* SPDX-License-Identifier: MIT */
#include "fmt/zone.h"

#include <unicode/ucal.h>
#include <unicode/ustring.h>

enum { ID_MAX = 40, MINUTE_MS = 60000 };

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

int zone_min(str country, int64_t at_ms)
{
    const char *zone = NULL;
    UChar id[ID_MAX];
    UErrorCode rc = U_ZERO_ERROR;
    for (size_t i = 0; i < COUNT(zones); i++)
        if (str_eq(country, str_from(zones[i].country))) zone = zones[i].zone;
    if (!zone) return 0;
    u_uastrncpy(id, zone, ID_MAX);
    UCalendar *c = ucal_open(id, -1, "en", UCAL_GREGORIAN, &rc);
    ucal_setMillis(c, (double)at_ms, &rc);
    int ms = ucal_get(c, UCAL_ZONE_OFFSET, &rc) + ucal_get(c, UCAL_DST_OFFSET, &rc);
    ucal_close(c);
    return U_SUCCESS(rc) ? ms / MINUTE_MS : 0;
}
