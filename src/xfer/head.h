/* SPDX-License-Identifier: MIT */
/* xfer/head.h - what the words of a table say: a dictionary of headings in four languages, and the
 * words that name a total, a firm or a form of address. Pure: looks at text alone.
 */
#pragma once
#include "base/base.h"

/* A target is written from a person's point of view: "name", "phones", "company.inn", "addresses.city",
 * "customer" (a person or a firm: the content tells), "note", "skip"; "" = unknown. */
struct head_hit {
    str to;    /* constant */
    int score; /* 0..1000 */
};
/* Folded, punctuation as blanks: "E-Mail (privat)" is "e mail privat". */
str head_norm(struct arena *a, str heading);
struct head_hit head_guess(struct arena *a, str heading);
/* "ИТОГО:", "Summe", "Zwischensumme Nord": the row adds up others. */
bool head_is_total(struct arena *a, str cell);
/* A legal form stands at either end: "UAB Stogas", "Müller GmbH", "ООО «Окна»". */
bool head_is_firm(struct arena *a, str cell);
/* A firm's name for comparing: folded, without quotes and punctuation, the legal form in its short
 * form at the end ("ооо", "gmbh"). */
str firm_key(struct arena *a, str name);
