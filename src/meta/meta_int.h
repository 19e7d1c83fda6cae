/* SPDX-License-Identifier: MIT */
/* meta/meta_int.h - what the files of this room share. */
#pragma once
#include "meta/meta.h"
#include "meta/sql.h"

struct embedded {
    str name, text;
};
extern const struct embedded builtin_entities[];
extern const size_t builtin_entities_n;
extern const struct embedded builtin_trades[];
extern const size_t builtin_trades_n;

/* ["en","de","lt","ru"] or {"en":"...","ru":"..."}; E_INVALID when there is no text at all and `needed`. */
MUST enum err labels_read(struct cx *cx, const struct json *j, bool needed, str ret[LANG_MAX]);
/* One field's description -> *f (entity and at are the caller's). Everything lives in cx->a. */
MUST enum err field_read(struct cx *cx, const struct json *j, struct field *f);
void labels_json(struct jw *w, str key, const str *l); /* {"en":…} of those that are there */
str quoted(struct arena *a, str name);
/* A stable name for a label: transliterated, lower case, [a-z0-9_], begins with x_; "" when nothing is left. */
str name_from_label(struct arena *a, str label);
MUST enum err field_ddl_add(struct cx *cx, const struct entity *e, const struct field *f);
/* Indexes of old that now (NULL: nothing) does not have. */
MUST enum err field_indexes_drop(struct cx *cx, const struct entity *e, const struct field *old,
                                 const struct field *now);
/* Its columns get the names of field_aside. */
MUST enum err field_aside_make(struct cx *cx, const struct entity *e, const struct field *f);
/* E_INVALID at "default" or "rule" when f of e could not keep it. */
MUST enum err promises_read(struct cx *cx, const struct entity *e, const struct field *f);
/* E_CONFLICT when a rule that could be read cannot any more with f as it is to be. */
MUST enum err rules_kept(struct cx *cx, const struct entity *e, const struct field *f);
/* E_CONFLICT at "unique", with some of them, when values of f stand more than once. */
MUST enum err unique_already(struct cx *cx, const struct entity *e, const struct field *f);
MUST enum err meta_sync_entity(struct cx *cx, const struct entity *e);
/* The kind of a formula or of a roll-up's latest value: that of its result under the name of `as`; NULL when there is
 * no such result. */
const struct kind *formula_kind(struct cx *cx, const struct kind *as, str result, bool live);
/* The expressions of all formulas, their order and who depends on whom. fields[i] are those of all[i]. An expression
 * that cannot be read, or goes round in a circle, leaves its formula without value. */
void formulas_resolve(struct cx *cx, struct entity *all, struct field *const *fields, size_t n);
/* E_INVALID when what f (a formula or roll-up) reads leads back to f. */
MUST enum err formula_no_circle(struct cx *cx, const struct field *f);
/* Checks a new or changed formula and adds what follows from it ("result") to its description. */
MUST enum err formula_settle(struct cx *cx, const struct entity *e, struct field *f, str *text);
MUST enum err rollup_settle(struct cx *cx, struct field *f, str *text); /* the same for a roll-up */
/* The condition of roll-up f over records of `child` -> *ret, NULL when it has none. E_INVALID at "def.where". */
MUST enum err rollup_where(struct cx *cx, const struct field *f, const struct entity *child, const struct cond **ret);
/* Calls fn for each field the condition (NULL = none) looks at. */
void rollup_where_reads(const struct cond *c, field_fn *fn, void *arg);
/* The conditions of all roll-ups. fields[i] are those of all[i]. */
void rollup_wheres_resolve(struct cx *cx, struct field *const *fields, const struct entity *all, size_t n);
/* The index that an own roll-up's min, max or latest is read by. */
MUST enum err rollup_index(struct cx *cx, const struct field *f);
/* Towns of addresses that were written before filters asked for them, into contact_point; *ret_any: there were some.
 * Inside db_write. */
MUST enum err towns_fill(struct cx *cx, bool *ret_any);
/* Spellings of tags in a base that has tags and does not know them yet. Inside db_write. */
MUST enum err tag_words_fill(struct cx *cx, const struct meta *m);
/* Marks the description as changed (meta_version in `setting`), inside db_write. */
MUST enum err meta_touch(struct cx *cx);

/* ---- for the kinds ---- */
MUST enum err want_str(struct cx *cx, const struct field *f, const struct json *j, str *ret);
MUST enum err want_int(struct cx *cx, const struct field *f, const struct json *j, int64_t min,
                       int64_t max, int64_t *ret);
enum err bad_value(struct cx *cx, const struct field *f, const char *what); /* E_INVALID at f */
/* What mails and web addresses share: a list of texts or of {"type","value"}, empty ones passed over. */
struct items_of {
    enum err (*one)(struct cx *cx, const struct field *f, str typed, str type, struct item *ret);
    size_t max;
    const char *many, *odd; /* English: there are more than max; a member is something else */
};
MUST enum err items_from_json(struct cx *cx, const struct field *f, const struct items_of *kind,
                              const struct json *j, struct val *ret);
void items_to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w);
/* What files and pictures share. */
MUST enum err file_from_json(struct cx *cx, const struct field *f, const struct json *j, struct val *ret);
MUST enum err file_from_text(struct cx *cx, const struct field *f, str s, struct val *ret);
void file_to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w);
void file_to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out);
extern const struct kind kind_text, kind_longtext, kind_url, kind_urls, kind_int, kind_decimal, kind_percent,
kind_money, kind_date,
    kind_timestamp, kind_duration, kind_bool, kind_choice, kind_choices, kind_tags, kind_link, kind_user, kind_file,
    kind_picture, kind_rating, kind_json, kind_phones, kind_mails, kind_addresses, kind_links,
kind_lines, kind_autonumber,
    kind_rollup, kind_formula;
/* Human numbers and dates (fmt/number, fmt/humandate) for the kinds. ret_cur may be NULL. E_INVALID at f. */
MUST enum err number_from_text(struct cx *cx, const struct field *f, str s, int scale, int64_t *ret, str *ret_cur);
MUST enum err date_from_text(struct cx *cx, const struct field *f, str s, int64_t *ret_day);
str filter_fold(struct arena *a, str s); /* meta/filter.h */
