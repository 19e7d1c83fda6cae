/* SPDX-License-Identifier: MIT */
/* fmt/zone.h - what time it is in a country. */
#pragma once
#include "base/base.h"

/* Minutes ahead of UTC at that moment, in the zone of the country's capital or, where that is not where most people
 * are, of its largest city; 0 for a country that is not known here. */
int zone_min(str country, int64_t at_ms);
