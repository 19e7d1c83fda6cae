/* SPDX-License-Identifier: MIT */
/* meta/sql.h - the one builder of SQL that is not a literal.
 *
 * Text comes from literals and from names that the description made (already quoted); values are
 * bound. Nothing from a request ever becomes text.
 */
#pragma once
#include "meta/meta.h"

enum { SQL_MAX = 256 * 1024 };
struct sql {
    struct buf text;
    LIST(struct db_val) v;
};
struct sql sql_new(struct cx *cx);
#define sql_lit(q, lit) buf_add(&(q)->text, S(lit))
void sql_name(struct sql *q, str quoted);               /* entity.table, field.col, field.col2 */
void sql_col(struct sql *q, str alias, str quoted);     /* alias.col; alias is a literal of ours */
void sql_val(struct cx *cx, struct sql *q, struct db_val v); /* $n */
void sql_ids(struct cx *cx, struct sql *q, const int64_t *ids, size_t n); /* ($1,$2,...); n > 0 */
void sql_append(struct cx *cx, struct sql *q, const struct sql *part);    /* renumbers part's $n */
MUST enum err sql_run(struct cx *cx, const struct sql *q, struct db_rows *ret, int64_t *ret_changed);
