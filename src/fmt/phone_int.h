/* SPDX-License-Identifier: MIT */
/* fmt/phone_int.h - the inside of phone numbers: the scanner, the fast way, the library. */
#pragma once
#include "fmt/phone.h"

enum { PHONE_DIGITS = 15, PHONE_EXT = 8 }; /* E.164; longer is no number */

/* libphonenumber: digits (with '+' when international) for a country, both NUL-ended. 1 valid, 0 not, -1 cannot be
 * read. e164 takes 24 bytes, country 4, *type is PhoneNumberUtil::PhoneNumberType. Costs some 60 us. */
int phone_lib(const char *digits, const char *country, char *e164, char *country_out, int *type);

/* Valid for certain, known without the library: international digits without '+'. False: ask the library. */
bool phone_fast(str intl, str *ret_country, enum phone_kind *ret_kind);

/* ---- words around a number ---- */
enum word_use { WORD_OTHER, WORD_EXT, WORD_AND, WORD_LABEL };
/* What a word (letters only, any case) means; *ret_use only for WORD_LABEL. */
enum word_use phone_word(struct arena *a, str word, enum phone_use *ret_use);
/* Bytes of the word that starts at s.p[at]: letters of any alphabet; 0 when none starts there. */
size_t phone_word_len(str s, size_t at);
/* "4,91512E+11": what a spreadsheet leaves of a number. */
bool phone_is_rounded(str s);
