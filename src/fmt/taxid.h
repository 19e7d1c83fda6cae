/* SPDX-License-Identifier: MIT */
/* fmt/taxid.h - numbers of firms, banks and accounts: form and check digits, no look-up in any register.
 *
 * Blanks, points, hyphens and slashes between are dropped, letters made upper case: that is the normal form. Cyrillic
 * letters that look Latin are not accepted.
 */
#pragma once
#include "base/base.h"

enum taxid_kind {
    TAXID_INN,  /* Russia: taxpayer, 10 digits a firm, 12 a person */
    TAXID_KPP,  /* Russia: reason of registration, 9 characters, no check digit */
    TAXID_OGRN, /* Russia: 13 digits a firm, 15 a sole trader */
    TAXID_BIK,  /* Russia: bank, 9 digits from 04 */
    TAXID_IBAN, /* ISO 13616: length of the country, remainder 97 */
    TAXID_BIC,  /* ISO 9362: 8 or 11 characters */
    TAXID_LEI,  /* ISO 17442 */
    TAXID_RF,   /* ISO 11649: creditor reference */
    TAXID_VAT,  /* all states of the EU and XI, with the country's letters; EL is Greece (GR is read) */
    TAXID_NONE
};
enum taxid_why {
    TAXID_OK,
    TAXID_EMPTY,
    TAXID_CHARS,   /* characters that do not belong */
    TAXID_LENGTH,
    TAXID_COUNTRY, /* no such country, or it has no such numbers */
    TAXID_CHECK,   /* the check digit says no: mistyped */
};
/* *ret is untouched unless TAXID_OK. */
enum taxid_why taxid_check(struct arena *a, enum taxid_kind kind, str typed, str *ret);
/* The first kind that fits whose check digits prove it (so never BIK, KPP or BIC); TAXID_NONE. */
enum taxid_kind taxid_guess(struct arena *a, str typed, str *ret);
/* Does the 20-digit Russian account belong to the bank? */
bool taxid_account_fits(str bik, str account);
str taxid_why_text(enum taxid_why why); /* for the user, to be given to tr() (base/tr.h) */
