/* SPDX-License-Identifier: MIT */
/* fmt/zone.h - what time it is in a country or a zone. */
#pragma once
#include "base/base.h"

/* Minutes ahead of UTC at that moment, in the zone of the country's capital or, where that is not where most people
 * are, of its largest city; 0 for a country that is not known here. */
int zone_min(str country, int64_t at_ms);
/* The same in a zone as people write it: "Europe/Vilnius", "UTC+3", "+05:30". False and *ret untouched when no clock
 * knows it. */
bool zone_named_min(str zone, int64_t at_ms, int *ret);
