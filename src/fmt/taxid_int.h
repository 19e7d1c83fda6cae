/* SPDX-License-Identifier: MIT */
/* fmt/taxid_int.h - sums over digits. */
#pragma once
#include "fmt/taxid.h"

enum taxid_why taxid_vat(str s); /* normal form in, with the country's letters */

static inline int dig(const char *s, size_t i) { return s[i] - '0'; }
bool all_digits(str s);
/* Sum of digit times weight, weights given as text: "0".."9" and 'A' = 10 and so on. */
int weighted(const char *s, const char *weights);
int digits_mod(str s, int m);   /* a long number's remainder */
bool luhn(str s);
bool iso7064_11_10(str s);
int mod97(str s);               /* letters are 10 to 35; -1 on anything else */
