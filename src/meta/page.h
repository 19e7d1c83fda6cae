/* SPDX-License-Identifier: MIT */
/* meta/page.h - walking a sorted list page by page by key, never by OFFSET.
 *
 * The order is total and equal on both engines: the sort column, then the id, both in the one direction;
 * records without a value come last in either. An index on (column, id) serves each step, so a walk has two
 * stretches: the records with a value, then those without. One page:
 *
 *     TRY(page_parse(cx, e, sort, desc, text, &c));
 *     do {  "SELECT ... WHERE ... AND " page_sql() page_order() " LIMIT what is missing"
 *     } while (too few rows && page_rest(sort, &c));
 *     next = page_text(cx, e, sort, desc, page_behind(cx, sort, last value, last id))
 *
 * sort NULL is newest first, by id; `desc` is then without meaning.
 */
#pragma once
#include "meta/meta.h"
#include "meta/sql.h"

enum { CURSOR_MAX = 64 * 1024 };
struct cursor {
    bool rest;      /* in the stretch of records without a value */
    bool behind;    /* begins behind (v, id); else at the stretch's start */
    struct val v;   /* VT_INT or VT_TEXT (folded where the column is); VT_NULL in the rest or without sort */
    int64_t id;
};
/* "" is the start. E_INVALID: no cursor of this entity, sort and direction. */
MUST enum err page_parse(struct cx *cx, const struct entity *e, const struct field *sort, bool desc, str text,
                         struct cursor *ret);
/* base64url, made to be handed back as it is; lives in cx->a. */
str page_text(struct cx *cx, const struct entity *e, const struct field *sort, bool desc, const struct cursor *c);
/* Behind the record `id` with this value of `sort` (not read without sort). */
struct cursor page_behind(struct cx *cx, const struct field *sort, const struct val *v, int64_t id);
/* A complete condition in brackets on `alias`; and " ORDER BY ..." for it. */
void page_sql(struct cx *cx, const struct field *sort, bool desc, const struct cursor *c, str alias, struct sql *q);
void page_order(const struct field *sort, bool desc, const struct cursor *c, str alias, struct sql *q);
/* Moves to the start of the records without a value; false when the walk ends. */
bool page_rest(const struct field *sort, struct cursor *c);
