/* SPDX-License-Identifier: MIT */
/* fmt/mailaddr.h - mail addresses as people type them.
 *
 * An address is dot-atom@domain (RFC 5321 4.1.2, UTF-8 allowed by RFC 6531), at most 64 bytes before the @ and 254 in
 * all; the domain has two labels or more. Quoted local parts and address literals are refused: nobody has them, and
 * attackers do. The normal form is lower case; international domains stay in Unicode.
 */
#pragma once
#include "base/base.h"

struct mailaddr {
    str addr; /* normal form, "" when not valid */
    str name; /* of "Name <a@b>", without quotes, "" when none */
};
/* One address: "a@b", "<a@b>", "Name <a@b>", "mailto:a@b", blanks and a last dot or comma around. False: invalid. */
bool mailaddr_parse(struct arena *a, str typed, struct mailaddr *ret);
enum { MAILADDR_PARTS = 32 };
/* Several in one cell, separated by ; , / | blanks or line ends (not inside quotes or names before <>); a blank
 * beside an @ that should not be there goes. Pieces that are
 * not valid come too (addr ""), with name = the piece, so that nothing is lost silently. Gives their count. */
size_t mailaddr_split(struct arena *a, str cell, struct mailaddr ret[MAILADDR_PARTS]);
