/* SPDX-License-Identifier: MIT */
/* meta/filter_sql.c - tree -> SQL condition.
 *
 * Every comparison is complete in brackets and two-valued: a column is asked for NULL before it is compared,
 * so NOT, AND and OR mean the same as in memory. An inner query's alias is its outer one's with a letter more
 * (t, tx, txx), so names never meet, whatever `seen` adds. Text columns compare bytewise on both engines
 * (BINARY; COLLATE "C"), which is the order of code points.
 */
#include "meta/filter.h"
#include "db/db.h"

struct out {
    struct cx *cx;
    struct sql *q;
    filter_seen_fn *seen;
};
static void cond_sql(const struct out *o, const struct cond *c, str alias);

static str alias_in(const struct out *o, str alias, char letter)
{
    return arena_fmt(o->cx->a, "%.*s%c", FS(alias), letter);
}

static void id_sql(const struct out *o, str alias) { sql_col(o->q, alias, S("\"id\"")); }

static struct db_val bound(const struct val *v)
{
    return v->t == VT_INT ? db_from_int(v->i) : db_from_str(v->s);
}

/* ($1,$2,...) */
static void values_sql(const struct out *o, const struct cond *c)
{
    for (size_t i = 0; i < c->n_v; i++) {
        buf_byte(&o->q->text, i ? ',' : '(');
        sql_val(o->cx, o->q, bound(&c->v[i]));
    }
    buf_byte(&o->q->text, ')');
}

static bool is_none_op(enum op op) { return op == OP_EMPTY || op == OP_NOTEMPTY; }
static bool is_not_op(enum op op) { return op == OP_EMPTY || op == OP_NE || op == OP_NOTIN; }

static void order_sql(const struct out *o, enum op op)
{
    if (op == OP_LT) sql_lit(o->q, " < ");
    else if (op == OP_LE) sql_lit(o->q, " <= ");
    else if (op == OP_GT) sql_lit(o->q, " > ");
    else sql_lit(o->q, " >= ");
}

/* Place of a literal part in a text: > 0 when it is there, bytewise. */
static void place_open(const struct out *o)
{
    if (o->cx->db && db_is_pg(o->cx)) sql_lit(o->q, "strpos(");
    else sql_lit(o->q, "instr(");
}

/* ---- columns of the record itself ---- */
/* The least text greater than all that begin with s; false when there is none. */
static bool text_after(struct arena *a, str s, str *ret)
{
    while (s.n) {
        size_t at = s.n - 1, next = 0;
        while (at && ((unsigned char)s.p[at] & 0xC0) == 0x80) at--;
        next = at;
        uint32_t cp = utf8_next(s, &next) + 1;
        if (cp == 0xD800) cp = 0xE000;
        s.n = at;
        if (cp > 0x10FFFF) continue;
        char last[4];
        size_t n = utf8_put(last, cp);
        *ret = arena_fmt(a, "%.*s%.*s", FS(s), (int)n, last);
        return true;
    }
    return false;
}

/* What begins with `from`, as a range that an index serves: for columns in bytewise order. */
static void range_sql(const struct out *o, str alias, str col, str from)
{
    str to = S("");

    sql_col(o->q, alias, col);
    sql_lit(o->q, " >= ");
    sql_val(o->cx, o->q, db_from_str(from));
    if (!text_after(o->cx->a, from, &to)) return;
    sql_lit(o->q, " AND ");
    sql_col(o->q, alias, col);
    sql_lit(o->q, " < ");
    sql_val(o->cx, o->q, db_from_str(to));
}

static void part_sql(const struct out *o, const struct cond *c, str alias, str col)
{
    if (c->f->kind->store == ST_FOLDED && c->op == OP_STARTS) {
        range_sql(o, alias, col, c->v->s);
        return;
    }
    place_open(o);
    if (c->f->kind->store == ST_TEXT) sql_lit(o->q, "lower(");
    sql_col(o->q, alias, col);
    if (c->f->kind->store == ST_TEXT) sql_lit(o->q, ")");
    sql_lit(o->q, ", ");
    sql_val(o->cx, o->q, bound(c->v));
    if (c->op == OP_STARTS) sql_lit(o->q, ") = 1");
    else sql_lit(o->q, ") > 0");
}

/* (col IS NOT NULL AND col ...), or the contrary (col IS NULL OR col <> ...) */
static void column_sql(const struct out *o, const struct cond *c, str alias, str col)
{
    struct sql *q = o->q;

    sql_lit(q, "(");
    sql_col(q, alias, col);
    if (is_not_op(c->op)) sql_lit(q, " IS NULL OR ");
    else sql_lit(q, " IS NOT NULL AND ");
    if (c->op == OP_CONTAINS || c->op == OP_STARTS) {
        part_sql(o, c, alias, col);
        sql_lit(q, ")");
        return;
    }
    sql_col(q, alias, col);
    switch (c->op) {
    case OP_EQ: sql_lit(q, " = "); sql_val(o->cx, q, bound(c->v)); break;
    case OP_NE: sql_lit(q, " <> "); sql_val(o->cx, q, bound(c->v)); break;
    case OP_IN: sql_lit(q, " IN "); values_sql(o, c); break;
    case OP_NOTIN: sql_lit(q, " NOT IN "); values_sql(o, c); break;
    case OP_EMPTY: sql_lit(q, " = ''"); break;
    case OP_NOTEMPTY: sql_lit(q, " <> ''"); break;
    case OP_WITHIN:
        sql_lit(q, " >= ");
        sql_val(o->cx, q, bound(&c->v[0]));
        sql_lit(q, " AND ");
        sql_col(q, alias, col);
        sql_lit(q, " < ");
        sql_val(o->cx, q, bound(&c->v[1]));
        break;
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        order_sql(o, c->op);
        sql_val(o->cx, q, bound(c->v));
        break;
    case OP_CONTAINS:
    case OP_STARTS:
    case OP_MAX: assert(false && "not an operator of a column");
    }
    sql_lit(q, ")");
}

static void null_sql(const struct out *o, const struct cond *c, str alias)
{
    sql_lit(o->q, "(");
    sql_col(o->q, alias, c->f->col);
    if (c->op == OP_EMPTY) sql_lit(o->q, " IS NULL)");
    else sql_lit(o->q, " IS NOT NULL)");
}

/* NOT, when the operator is a denial, and an opening bracket for the list of what it denies. */
static void denial_open(const struct out *o, enum op op)
{
    if (is_not_op(op)) sql_lit(o->q, "(NOT (");
    else sql_lit(o->q, "((");
}

static void money_sql(const struct out *o, const struct cond *c, str alias)
{
    struct sql *q = o->q;

    denial_open(o, c->op);
    for (size_t i = 0; i < c->n_v; i++) {
        if (i) sql_lit(q, " OR ");
        sql_lit(q, "(");
        sql_col(q, alias, c->f->col);
        sql_lit(q, " IS NOT NULL AND ");
        sql_col(q, alias, c->f->col);
        if (c->op == OP_LT || c->op == OP_LE || c->op == OP_GT || c->op == OP_GE) order_sql(o, c->op);
        else sql_lit(q, " = ");
        sql_val(o->cx, q, db_from_int(c->v[i].i));
        if (c->v[i].s.n) {
            sql_lit(q, " AND ");
            sql_col(q, alias, c->f->col2);
            sql_lit(q, " IS NOT NULL AND ");
            sql_col(q, alias, c->f->col2);
            sql_lit(q, " = ");
            sql_val(o->cx, q, db_from_str(c->v[i].s));
        }
        sql_lit(q, ")");
    }
    sql_lit(q, "))");
}

static void keys_sql(const struct out *o, const struct cond *c, str alias)
{
    struct sql *q = o->q;

    if (is_none_op(c->op)) {
        column_sql(o, c, alias, c->f->col);
        return;
    }
    denial_open(o, c->op);
    sql_col(q, alias, c->f->col);
    sql_lit(q, " IS NOT NULL AND (");
    for (size_t i = 0; i < c->n_v; i++) {
        if (i) sql_lit(q, " OR ");
        place_open(o);
        sql_col(q, alias, c->f->col);
        sql_lit(q, ", ");
        sql_val(o->cx, q, db_from_str(arena_fmt(o->cx->a, "|%.*s|", FS(c->v[i].s))));
        sql_lit(q, ") > 0");
    }
    sql_lit(q, ")))");
}

/* ---- rows beside the record ---- */
/* alias.field = f; ids are unique over all entities, so the field's name is enough */
static void place_sql(const struct out *o, str alias, const struct field *f)
{
    sql_col(o->q, alias, S("\"field\""));
    sql_lit(o->q, " = ");
    sql_val(o->cx, o->q, db_from_str(f->name));
}

/* " AND in.col = alias.id" */
static void record_sql(const struct out *o, str in, str col, str alias)
{
    sql_lit(o->q, " AND ");
    sql_col(o->q, in, col);
    sql_lit(o->q, " = ");
    id_sql(o, alias);
}

static void points_sql(const struct out *o, const struct cond *c, str alias)
{
    str in = alias_in(o, alias, 'p'), norm = c->town ? S("\"ext\"") : S("\"norm\"");
    struct sql *q = o->q;

    if (is_not_op(c->op)) sql_lit(q, "(NOT EXISTS (SELECT 1 FROM contact_point ");
    else sql_lit(q, "(EXISTS (SELECT 1 FROM contact_point ");
    buf_add(&q->text, in);
    sql_lit(q, " WHERE ");
    place_sql(o, in, c->f);
    record_sql(o, in, S("\"record\""), alias);
    if (c->op == OP_CONTAINS || c->op == OP_STARTS) {
        sql_lit(q, " AND ");
        part_sql(o, c, in, norm);
    } else if (!is_none_op(c->op)) {
        sql_lit(q, " AND ");
        sql_col(q, in, norm);
        sql_lit(q, " IN ");
        values_sql(o, c);
    } else if (c->town) {
        sql_lit(q, " AND ");
        sql_col(q, in, norm);
        sql_lit(q, " <> ''");
    }
    sql_lit(q, "))");
}

static void links_sql(const struct out *o, const struct cond *c, str alias)
{
    str in = alias_in(o, alias, 'l');
    struct sql *q = o->q;

    if (is_not_op(c->op)) sql_lit(q, "(NOT EXISTS (SELECT 1 FROM link ");
    else sql_lit(q, "(EXISTS (SELECT 1 FROM link ");
    buf_add(&q->text, in);
    sql_lit(q, " WHERE ");
    place_sql(o, in, c->f);
    record_sql(o, in, S("\"a\""), alias);
    if (!is_none_op(c->op)) {
        sql_lit(q, " AND ");
        sql_col(q, in, S("\"b\""));
        sql_lit(q, " IN ");
        values_sql(o, c);
    }
    sql_lit(q, "))");
}

/* ---- records beside the record ---- */
static void alive_sql(const struct out *o, const struct entity *e, str in)
{
    sql_lit(o->q, " AND ");
    sql_col(o->q, in, e->f[F_DELETED_AT].col);
    sql_lit(o->q, " IS NULL");
    if (!o->seen) return;
    sql_lit(o->q, " AND ");
    o->seen(o->cx, e, o->q, in);
}

static void from_sql(const struct out *o, const struct entity *e, str in)
{
    sql_lit(o->q, "EXISTS (SELECT 1 FROM ");
    sql_name(o->q, e->table);
    buf_byte(&o->q->text, ' ');
    buf_add(&o->q->text, in);
}

/* "x JOIN link l ON l.<mine> = x.id AND place WHERE l.<theirs> = alias.id" */
static void join_sql(const struct out *o, const struct field *f, str in, str alias, str mine, str theirs)
{
    str l = alias_in(o, alias, 'l');

    sql_lit(o->q, " JOIN link ");
    buf_add(&o->q->text, l);
    sql_lit(o->q, " ON ");
    sql_col(o->q, l, mine);
    sql_lit(o->q, " = ");
    id_sql(o, in);
    sql_lit(o->q, " AND ");
    place_sql(o, l, f);
    sql_lit(o->q, " WHERE ");
    sql_col(o->q, l, theirs);
    sql_lit(o->q, " = ");
    id_sql(o, alias);
}

static void has_sql(const struct out *o, const struct cond *c, str alias)
{
    str in = alias_in(o, alias, 'x');
    const struct entity *e = c->kids->e;

    sql_lit(o->q, "(");
    from_sql(o, e, in);
    if (c->f->kind->store == ST_LINKS) join_sql(o, c->f, in, alias, S("\"b\""), S("\"a\""));
    else {
        sql_lit(o->q, " WHERE ");
        id_sql(o, in);
        sql_lit(o->q, " = ");
        sql_col(o->q, alias, c->f->col);
    }
    alive_sql(o, e, in);
    sql_lit(o->q, " AND ");
    cond_sql(o, c->kids, in);
    sql_lit(o->q, "))");
}

/* kid NULL: is there any at all */
static void related_sql(const struct out *o, const struct field *back, const struct cond *kid, bool all, str alias)
{
    str in = alias_in(o, alias, 'x');

    if (all) sql_lit(o->q, "(NOT ");
    else sql_lit(o->q, "(");
    from_sql(o, back->entity, in);
    if (back->kind->store == ST_LINKS) join_sql(o, back, in, alias, S("\"a\""), S("\"b\""));
    else {
        sql_lit(o->q, " WHERE ");
        sql_col(o->q, in, back->col);
        sql_lit(o->q, " = ");
        id_sql(o, alias);
    }
    alive_sql(o, back->entity, in);
    if (kid) {
        if (all) sql_lit(o->q, " AND NOT ");
        else sql_lit(o->q, " AND ");
        cond_sql(o, kid, in);
    }
    sql_lit(o->q, "))");
}

/* ---- the tree ---- */
static void cmp_sql(const struct out *o, const struct cond *c, str alias)
{
    const struct field *f = c->f;

    switch (f->kind->store) {
    case ST_INT:
        if (is_none_op(c->op)) null_sql(o, c, alias);
        else column_sql(o, c, alias, f->col);
        return;
    case ST_MONEY:
        if (is_none_op(c->op)) null_sql(o, c, alias);
        else money_sql(o, c, alias);
        return;
    case ST_TEXT: column_sql(o, c, alias, f->col); return;
    case ST_FOLDED: column_sql(o, c, alias, is_none_op(c->op) ? f->col : f->col2); return;
    case ST_KEYS: keys_sql(o, c, alias); return;
    case ST_POINTS: points_sql(o, c, alias); return;
    case ST_LINKS: links_sql(o, c, alias); return;
    case ST_LINES: related_sql(o, entity_field(f->target, f->via), NULL, c->op == OP_EMPTY, alias); return;
    case ST_NONE: break;
    }
    assert(false && "a field without storage");
}

/* A long chain is halved: SQLite nests each AND and OR below the one before it, and goes 200 deep at most. */
static void chain_sql(const struct out *o, const struct cond *c, size_t from, size_t to, str alias)
{
    enum { CHAIN_MAX = 16 };
    size_t step = to - from > CHAIN_MAX ? (to - from + 1) / 2 : 1;

    for (size_t i = from; i < to; i += step) {
        if (i > from && c->k == C_AND) sql_lit(o->q, " AND ");
        else if (i > from) sql_lit(o->q, " OR ");
        if (step == 1) {
            cond_sql(o, &c->kids[i], alias);
            continue;
        }
        sql_lit(o->q, "(");
        chain_sql(o, c, i, i + step < to ? i + step : to, alias);
        sql_lit(o->q, ")");
    }
}

static void kids_sql(const struct out *o, const struct cond *c, str alias)
{
    sql_lit(o->q, "(");
    chain_sql(o, c, 0, c->n, alias);
    if (!c->n && c->k == C_AND) sql_lit(o->q, "1=1");
    else if (!c->n) sql_lit(o->q, "1=0");
    sql_lit(o->q, ")");
}

static void cond_sql(const struct out *o, const struct cond *c, str alias)
{
    switch (c->k) {
    case C_TRUE: sql_lit(o->q, "(1=1)"); return;
    case C_AND:
    case C_OR: kids_sql(o, c, alias); return;
    case C_NOT:
        sql_lit(o->q, "(NOT ");
        cond_sql(o, c->kids, alias);
        sql_lit(o->q, ")");
        return;
    case C_CMP: cmp_sql(o, c, alias); return;
    case C_HAS: has_sql(o, c, alias); return;
    case C_ANY:
    case C_ALL: related_sql(o, c->f, c->kids, c->k == C_ALL, alias); return;
    }
}

void filter_sql(struct cx *cx, const struct cond *c, str alias, struct sql *q, filter_seen_fn *seen)
{
    const struct out o = {.cx = cx, .q = q, .seen = seen};

    cond_sql(&o, c, alias);
}
