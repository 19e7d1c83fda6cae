/* SPDX-License-Identifier: MIT */
/* fmt/country.h - countries by name. */
#pragma once
#include "base/base.h"

/* ISO 3166 of a country as people write it in four languages, "" when unknown. */
str country_of(struct arena *a, str text);
