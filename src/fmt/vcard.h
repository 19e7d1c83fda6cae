/* SPDX-License-Identifier: MIT */
/* fmt/vcard.h - reading vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), writing 3.0 and 4.0.
 *
 * The reader takes what phones and mail programs really write: folded lines, quoted-printable with
 * CHARSET, bare parameters (TEL;CELL:), Apple's grouped labels, missing END. What it does not know
 * it keeps in `extra`, and the writer gives it back. It never fails on one bad card: what was left
 * out is counted.
 */
#pragma once
#include "base/base.h"

enum {
    VCARD_INPUT_MAX = 512 << 20, /* bytes of a whole file */
    VCARD_LINE_MAX = 12 << 20,   /* one unfolded line; a longer one is left out */
    VCARD_PHOTO_MAX = 8 << 20,   /* decoded */
    VCARD_PROPS_MAX = 1000,      /* properties of a card; more are left out */
    VCARD_CARD_MAX = 32 << 20,   /* bytes kept of one card; what goes beyond is left out */
};

struct vcard_item {  /* one TEL, EMAIL, URL, IMPP ... */
    str value;       /* "tel:" and "mailto:" are cut off */
    str types;       /* lower case, sorted as they came, joined by ',': "cell,work"; without pref */
    str label;       /* the user's own word for it (X-ABLabel), "" when none */
    bool is_pref;
};
struct vcard_adr {
    str pobox, extended, street, city, region, zip, country, types, label;
    bool is_pref;
};
struct vcard_photo {
    str bytes; /* decoded; "" when none, or when it is only a link */
    str type;  /* "image/jpeg", "" when not told */
    str uri;   /* a link, never fetched by us */
};
struct vcard_prop {
    str group, name; /* "item1", "X-SKYPE" */
    str params;      /* as in the file: ";TYPE=x" or "" */
    str value;       /* as in the file after unfolding, still escaped; quoted-printable is decoded */
};
struct vcard {
    int version; /* 21, 30, 40; 0 = not told */
    str uid, rev, kind;
    str fn, family, given, additional, prefix, suffix, nickname;
    str org, unit; /* unit: the parts of ORG behind the first, joined by ", " */
    str title, role, note;
    str bday;      /* 1971-04-03, --04-03 (no year), 1971-04, 1971; "" when it is none of these */
    str bday_text; /* as written, when it could not be read as a date */
    LIST(struct vcard_item) tels, emails, urls, impps;
    LIST(struct vcard_adr) adrs;
    LIST(str) categories, members;
    struct vcard_photo photo;
    LIST(struct vcard_prop) extra;
    size_t left_out;   /* properties dropped by a limit or because they were broken */
    bool is_unclosed;  /* END:VCARD was missing */
    int64_t line;      /* of its BEGIN, from 1 */
};

/* Called for each card; it lives until the call returns. An error of the callback ends the reading. */
typedef enum err vcard_fn(struct cx *cx, void *arg, const struct vcard *card);
/* Reads all cards of the bytes. `lang` settles the encoding of texts that are not UTF-8 and do not
 * name theirs. E_TYPE: there is no card at all. E_LIMIT: longer than VCARD_INPUT_MAX. */
MUST enum err vcard_read(struct cx *cx, str bytes, str lang, vcard_fn *each, void *arg);

/* Writes one card, version 30 or 40, lines folded at 75 octets, CRLF. An empty FN is made from the
 * name, the firm or the first address. Types "a,b" become TYPE parameters. */
void vcard_put(struct buf *b, const struct vcard *c, int version);
