/* SPDX-License-Identifier: MIT */
/* search/search.h - finding: search text, who is calling, duplicate candidates.
 *
 * Writing half (called by `record` inside its transaction) and reading half (rights in the SQL).
 */
#pragma once
#include "acl/acl.h"
#include "meta/meta.h"

/* ---- writing half ---- */
/* Puts the record's search text (from the values of its searchable fields; n = e->n) in place of the old one;
 * old NULL at create, v NULL when it goes to the trash. Both hold all searchable fields. */
MUST enum err search_put(struct cx *cx, const struct entity *e, int64_t id, const struct val *old, const struct val *v);

/* ---- reading half ---- */
struct found {
    const struct entity *e;
    int64_t id;
    str title, subtitle, match; /* match: the piece of text that fitted, for showing */
    int score;
};
/* Words may come in any order, inside words too; at most `per_entity` (<= 50) of each entity, best first.
 * only NULL = all entities that take part. ret_more[i] belongs to the entity of the i-th group... see search_groups. */
struct found_group {
    const struct entity *e;
    const struct found *v;
    size_t n;
    bool more;
};
MUST enum err search_find(struct cx *cx, str q, const struct entity *only, size_t per_entity, struct found_group **ret, size_t *ret_n);

/* Who has this number (any notation, or its last 7 digits)? Best first, at most 10; ret_e164 as read. */
struct caller {
    const struct entity *e;
    int64_t id, company;
    str title, company_title, owner_title;
    int64_t owner;
    bool exact;              /* whole number, not only its end */
};
MUST enum err who_find(struct cx *cx, str number, str *ret_e164, struct caller **ret, size_t *ret_n);

/* Possible duplicates of values being typed (n = e->n, absent = VT_NULL), leaving out `self`. Indexed look-ups only. */
struct dup {
    int64_t id;
    str title;
    int score;               /* 0..100 */
    unsigned why;            /* DUP_* */
};
enum { DUP_PHONE = 1, DUP_MAIL = 2, DUP_TAX = 4, DUP_NAME = 8 };
MUST enum err dup_find(struct cx *cx, const struct entity *e, const struct val *v, int64_t self, struct dup **ret, size_t *ret_n);
