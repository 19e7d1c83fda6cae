/* SPDX-License-Identifier: MIT */
/* ui/ui_int.h - the table that tools/assets.py makes of web/dist. */
#pragma once
#include "http/http.h"

extern const struct asset ui_assets[]; /* sorted by path */
extern const size_t ui_assets_n;
