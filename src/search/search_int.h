/* SPDX-License-Identifier: MIT */
/* search/search_int.h - what the files of this room share. */
#pragma once
#include "search/search.h"

/* ---- the search text: "title\nother fields\n" and tokens ----
 * Title and rest are each folded with their other spellings (fold_search). A token is one trigram that begins with a
 * control byte, which no query word holds: the entity's and the owner's, so that the index itself narrows to them. */
enum { TOKEN_ENTITY = 2, TOKEN_OWNER = 3 };
str token_entity(struct arena *a, const struct entity *e);
str token_owner(struct arena *a, int64_t owner);

/* ---- duplicate keys (table dup_key): "n:" name, "c:" name and city, "t:" tax or register number ---- */
enum { DUP_KEYS_MAX = 24 };
struct dup_keys {
    str v[DUP_KEYS_MAX];
    size_t n;
};
struct dup_keys dup_keys_of(struct cx *cx, const struct entity *e, const struct val *v);
/* Name as keys hold it: folded, without legal forms and titles, words sorted, spellings made one; "" when empty. */
str dup_name(struct arena *a, const struct entity *e, str name);
MUST enum err dup_keys_put(struct cx *cx, const struct entity *e, int64_t id, const struct val *old,
                           const struct val *v);

/* ---- titles ---- */
/* The title's column of alias as text; NULL-safe; '' when the title has no column. */
void title_sql(struct sql *q, const struct entity *e, str alias);
str title_of(struct cx *cx, const struct entity *e, const struct db_rows *r, size_t row, size_t col);
/* " WHERE/AND" part: living and seen. Complete condition without a leading AND. */
void seen_sql(struct cx *cx, const struct entity *e, str alias, struct sql *q);
/* Is there such a field, and may the asker read it? e may be NULL. */
bool field_seen(const struct cx *cx, const struct entity *e, str name);
/* The field when it is a readable link of e to the entity `to`, else NULL. */
const struct field *link_to(struct cx *cx, const struct entity *e, str name, str to);
