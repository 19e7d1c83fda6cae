/* SPDX-License-Identifier: MIT */
/* meta/sql.c - see sql.h. `$` followed by a digit is a parameter wherever it stands: neither our
 * literals nor names of the description hold one otherwise. */
#include "meta/sql.h"

struct sql sql_new(struct cx *cx)
{
    return (struct sql){.text = buf_new(cx->a, SQL_MAX)};
}

void sql_name(struct sql *q, str quoted)
{
    assert(quoted.n > 2 && quoted.p[0] == '"' && quoted.p[quoted.n - 1] == '"');
    buf_add(&q->text, quoted);
}

void sql_col(struct sql *q, str alias, str quoted)
{
    assert(alias.n);
    buf_add(&q->text, alias);
    buf_byte(&q->text, '.');
    sql_name(q, quoted);
}

static void param(struct sql *q, size_t at)
{
    buf_byte(&q->text, '$');
    buf_int(&q->text, (int64_t)at);
}

void sql_val(struct cx *cx, struct sql *q, struct db_val v)
{
    *LIST_ADD(cx->a, &q->v) = v;
    param(q, q->v.n);
}

void sql_ids(struct cx *cx, struct sql *q, const int64_t *ids, size_t n)
{
    assert(n);
    for (size_t i = 0; i < n; i++) {
        buf_byte(&q->text, i ? ',' : '(');
        sql_val(cx, q, db_from_int(ids[i]));
    }
    buf_byte(&q->text, ')');
}

void sql_append(struct cx *cx, struct sql *q, const struct sql *part)
{
    str t = buf_str(&part->text);
    size_t base = q->v.n, from = 0;

    if (part->text.full) q->text.full = true;
    for (size_t i = 0; i < t.n; i++) {
        size_t end = i + 1, no = 0;
        if (t.p[i] != '$') continue;
        while (end < t.n && t.p[end] >= '0' && t.p[end] <= '9' && no <= SQL_MAX)
            no = no * 10 + (size_t)(t.p[end++] - '0');
        if (!no) continue;
        assert(no <= part->v.n);
        buf_add(&q->text, str_cut(t, from, i));
        param(q, base + no);
        from = end;
        i = end - 1;
    }
    buf_add(&q->text, str_cut(t, from, t.n));
    for (size_t i = 0; i < part->v.n; i++) *LIST_ADD(cx->a, &q->v) = part->v.v[i];
}

enum err sql_run(struct cx *cx, const struct sql *q, struct db_rows *ret, int64_t *ret_changed)
{
    if (q->text.full || q->v.n > DB_PARAMS_MAX)
        return fail(cx, E_LIMIT, "This request is too large for the database: use fewer conditions or values");
    return db_run(cx, ret, ret_changed, buf_str(&q->text), q->v.v, q->v.n);
}
