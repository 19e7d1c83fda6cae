/* SPDX-License-Identifier: MIT */
/* fmt/qr.h - a QR code (ISO 18004, by libqrencode) as the path of an SVG. */
#pragma once
#include "base/base.h"

/* Dark squares of one unit in a field of *ret_size by *ret_size, without the light margin of four that belongs around
 * it. False when the text is too long for one (about 2300 bytes). */
bool qr_path(struct arena *a, str text, int *ret_size, str *ret_path);
