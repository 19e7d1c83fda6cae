/* SPDX-License-Identifier: MIT */
/* fmt/phone.h - telephone numbers as people type them, to E.164.
 *
 * National forms are read for the country given: 8 and 0 before Lithuanian numbers, 8 or nothing before Russian
 * ones, "(0)", 00 and 8~10, and for Germany a direct dial behind a hyphen ("0221 55501-12"). Eleven digits that
 * start with 8 and a Russian code are Russian in every country that would not dial them so. A country in brackets
 * ("8 646 17775 (LT)") beats the one given. Common Russian, Lithuanian, German and neighbours' numbers take a fast
 * way that agrees with libphonenumber; the library decides about the rest.
 */
#pragma once
#include "base/base.h"

enum phone_kind { PHONE_UNKNOWN, PHONE_MOBILE, PHONE_FIXED };
enum phone_why {
    PHONE_OK,
    PHONE_EMPTY,    /* no digits */
    PHONE_SHORT,    /* fewer than 7: a piece, or an inside number */
    PHONE_LONG,     /* more than 15 */
    PHONE_ROUNDED,  /* a spreadsheet has rounded it ("4,91512E+11"): digits are lost for good */
    PHONE_INVALID,  /* no such number in its country's plan */
};
struct phone {
    str e164;       /* "+79161234567"; "" when it could not be read. Also set for numbers that are not valid
                     * but look like one, so that both spellings of a wrong number are still equal. */
    str ext;        /* digits of the extension, "" when none */
    bool ext_inside;/* the extension is dialled as the end of e164 (German direct dial) */
    str country;    /* ISO 3166, "" when unknown */
    enum phone_kind kind;
    bool valid;
    enum phone_why why;
    str digits;     /* all digits as typed, without the extension's */
};
/* Reads one number. False (and ret->why says it) when it is not valid. ret lives in `a`. */
bool phone_parse(struct arena *a, str typed, str country, struct phone *ret);

enum phone_use { PHONE_USE_NONE, PHONE_USE_MOBILE, PHONE_USE_WORK, PHONE_USE_HOME, PHONE_USE_FAX };
struct phone_part {
    str typed;      /* the number with its words, a slice of the cell; in `a` when told by its last digits alone */
    enum phone_use use;
};
enum { PHONE_PARTS = 16 }; /* more stay in the last part */
/* Several numbers in one cell: split at line ends ; , | at / between two whole numbers, at "и", "und", "and",
 * "ir", and before a label ("моб.", "раб.", "fax") or '+' behind a whole number. Gives their count. */
size_t phone_split(struct arena *a, str cell, struct phone_part ret[PHONE_PARTS]);

/* Only the digits, for searching. */
str phone_digits(struct arena *a, str s);

/* A caller as a telephone system names him: "sip:+7916...@host", "\"Name\" <0049...>", "tel:...", or a number without
 * '+'. ret->e164 "" = hidden or not a number; ret_last7 are the last seven digits, "" when there are fewer. */
void phone_query(struct arena *a, str caller, str country, struct phone *ret, str *ret_last7);
