/* SPDX-License-Identifier: MIT */
/* search/search.h - finding: search text, who is calling, duplicate candidates.
 *
 * Writing half (called by `record` inside its transaction) and reading half (rights in the SQL). Results live in cx->a.
 */
#pragma once
#include "acl/acl.h"
#include "meta/meta.h"

/* ---- writing half ---- */
/* Puts the record's search text (from the values of its searchable fields, its title and its owner) and its duplicate
 * keys in place of the old ones (n = e->n); old NULL at create and at the way back from the trash, v NULL when it goes
 * there. Both hold all fields. */
MUST enum err search_put(struct cx *cx, const struct entity *e, int64_t id, const struct val *old, const struct val *v);

/* The search text alone, from all fields of a living record, whatever was there. */
MUST enum err search_again(struct cx *cx, const struct entity *e, int64_t id, const struct val *v);

/* ---- reading half ---- */
struct found {
    const struct entity *e;
    int64_t id;
    str title;
    str subtitle; /* company (or person) it belongs to, else first phone, mail or address; "" = none */
    str match;    /* the piece of text that fitted when the title alone did not, else "" */
    int score;    /* only for comparing */
};
struct found_group {
    const struct entity *e;
    const struct found *v;
    size_t n;
    bool more;    /* there are others that may be seen */
};
/* Words may come in any order, inside words too (of 1 and 2 letters: beginnings of words; alone: of titles), in any of
 * fold_search's spellings; a telephone number in any notation. No character has a meaning of its own. At most
 * `per_entity` (1..50) of each entity, best first, newest first among equals; entities in the
 * description's order, those
 * without a hit left out. only NULL = all entities that take part. E_BAD: over 200 characters. */
MUST enum err search_find(struct cx *cx, str q, const struct entity *only, size_t per_entity,
                          struct found_group **ret, size_t *ret_n);

/* The same words as a condition on the rows of alias t, for lists and exports: all that match, in no order. walk: for
 * one walk over the table in order of ids, else for a look at few. Rights on rows are the caller's. */
MUST enum err search_where(struct cx *cx, str q, const struct entity *e, bool walk, struct sql *ret);

/* Who has this number (any notation; when nobody has the whole, its last 7 digits)? People (also by the number of their
 * place in a company), companies, and records of any other entity with phones, best first, at most 10: the one with the
 * caller's extension, those whose own number it is, the company of a shared line, the others on it. ret_e164 as read,
 * "" = none. */
struct caller {
    const struct entity *e;
    int64_t id, company;     /* company: 0 for a company itself, none or unseen */
    str title, company_title, owner_title;
    int64_t owner;
    bool exact;              /* whole number, not only its end */
};
/* The first field of e that holds phones and may be read; NULL = none. */
const struct field *phones_of(const struct cx *cx, const struct entity *e);
MUST enum err who_find(struct cx *cx, str number, str *ret_e164, struct caller **ret, size_t *ret_n);

/* Possible duplicates of values being typed (n = e->n, absent = VT_NULL), leaving out `self` (0 = none)
 * and pairs with it
 * that were rejected; at most 10, best first, only what may be seen. Indexed look-ups only: numbers and mails, tax and
 * register numbers, then the name without legal form, order of words and spelling.
 * 98 to 100 tax number, 95 to 98 number or mail and a name that can be the same, 80 or 85 number or mail alone, 75 name
 * and city or company, 60 name, 50 name of one word. A shared line with different extensions says nothing of people. */
struct dup {
    int64_t id;
    str title;
    int score;               /* 0..100 */
    unsigned why;            /* DUP_* */
};
enum { DUP_PHONE = 1, DUP_MAIL = 2, DUP_TAX = 4, DUP_NAME = 8 };
MUST enum err dup_find(struct cx *cx, const struct entity *e, const struct val *v, int64_t self,
                       struct dup **ret, size_t *ret_n);

/* Can both be names of one record of e? Without legal forms, order of words and spelling: all words of the shorter one
 * stand in the other. True when one says nothing. */
bool dup_name_fits(struct cx *cx, const struct entity *e, str a, str b);

/* The whole base in slices of some milliseconds, for a job: pairs that share a key and reach min_score, a < b. A pair
 * comes once, with all its reasons; keys that more than 20 share are passed over.
 * *pos begins zeroed, moves on with each call (store stage and key; key lives in cx->a) and ends at DUP_SCANNED. */
struct dup_pair {
    int64_t a, b;
    str title_a, title_b;
    int score;
    unsigned why;
};
enum { DUP_SCANNED = 2 };
struct dup_pos {
    int stage;
    str key;
};
typedef enum err dup_pair_fn(struct cx *cx, void *arg, const struct dup_pair *p);
MUST enum err dup_scan(struct cx *cx, const struct entity *e, int min_score, struct dup_pos *pos,
                       dup_pair_fn *fn, void *arg);
/* These two are different: never reported again, by nobody; `back` takes that word back (once is as good as twice).
 * E_NOTFOUND: one of them is unseen. Opens db_write. */
MUST enum err dup_reject(struct cx *cx, const struct entity *e, int64_t a, int64_t b, bool back);
