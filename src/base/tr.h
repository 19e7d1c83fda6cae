/* SPDX-License-Identifier: MIT */
/* base/tr.h - texts for people in their language: English is the key, messages/<lang>.json has the others.
 *
 * fail() and fail_at() look their format up by themselves; everything else is marked TR("...") where it is
 * written and given to tr() where it is told. tools/messages.py makes the table at build time, and as a gate
 * finds the texts that nobody has translated.
 */
#pragma once
#include "base/base.h"

/* Marks a literal for tools/messages.py; changes nothing: S(TR("Row")), return TR("Too large"). */
#define TR(lit) lit

/* The text in `lang`, or `english` itself: for "en", for an unknown language, for a text without a row. */
str tr(str lang, str english);
/* The same for a printf format: it takes the same arguments in the same order or by number (%2$s). */
const char *tr_format(str lang, const char *english) __attribute__((format_arg(2)));
