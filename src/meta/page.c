/* SPDX-License-Identifier: MIT */
/* meta/page.c - see page.h. A cursor's bytes: checksum of what it belongs to (8), kind (1: 'i' number, 't' text,
 * 'n' no value), id (8), then the number (8) or the text; integers little-endian. The checksum keeps a cursor from
 * being used elsewhere by mistake; it guards nothing, since values are bound and rights are the query's. */
#include "meta/page.h"

#include "meta/filter.h"

enum { SUM = 8, HEAD = SUM + 1 + 8 };
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* ---- bytes ---- */
static void put8(struct buf *b, uint64_t v)
{
    for (int i = 0; i < 8; i++) buf_byte(b, (char)(v >> (8 * i) & 0xFF));
}

static uint64_t get8(const char *p)
{
    uint64_t v = 0;

    for (int i = 8; i-- > 0;) v = v << 8 | (unsigned char)p[i];
    return v;
}

static str base64_out(struct arena *a, str s)
{
    struct buf b = buf_new(a, s.n * 4 / 3 + 4);
    uint32_t bits = 0;
    int have = 0;

    for (size_t i = 0; i < s.n; i++) {
        bits = (bits << 8 | (unsigned char)s.p[i]) & 0xFFFF;
        for (have += 8; have >= 6; have -= 6) buf_byte(&b, digits[bits >> (have - 6) & 63]);
    }
    if (have) buf_byte(&b, digits[bits << (6 - have) & 63]);
    return buf_str(&b);
}

static bool base64_in(struct arena *a, str s, str *ret)
{
    struct buf b = buf_new(a, s.n + 1);
    uint32_t bits = 0;
    int have = 0;

    for (size_t i = 0; i < s.n; i++) {
        const char *at = memchr(digits, s.p[i], sizeof digits - 1);
        if (!at) return false;
        bits = (bits << 6 | (uint32_t)(at - digits)) & 0x3FFF;
        have += 6;
        if (have < 8) continue;
        have -= 8;
        buf_byte(&b, (char)(bits >> have & 0xFF));
    }
    *ret = buf_str(&b);
    return have < 6 && !(bits & ((1u << have) - 1)); /* one spelling for each cursor */
}

/* ---- cursors ---- */
static uint64_t sum(struct cx *cx, const struct entity *e, const struct field *sort, bool desc)
{
    str field = sort ? sort->name : S("");

    return str_hash(arena_fmt(cx->a, "%.*s/%.*s/%d", FS(e->name), FS(field), sort && desc));
}

static bool is_text(const struct field *sort)
{
    return sort && (sort->kind->store == ST_TEXT || sort->kind->store == ST_FOLDED);
}

str page_text(struct cx *cx, const struct entity *e, const struct field *sort, bool desc, const struct cursor *c)
{
    struct buf b = buf_new(cx->a, CURSOR_MAX);

    if (!c->behind) return S("");
    put8(&b, sum(cx, e, sort, desc));
    buf_byte(&b, c->v.t == VT_INT ? 'i' : c->v.t == VT_TEXT ? 't' : 'n');
    put8(&b, (uint64_t)c->id);
    if (c->v.t == VT_INT) put8(&b, (uint64_t)c->v.i);
    if (c->v.t == VT_TEXT) buf_add(&b, c->v.s);
    assert(!b.full);
    return base64_out(cx->a, buf_str(&b));
}

/* What stands behind kind and id. */
static bool tail_read(const struct field *sort, char kind, str tail, struct val *ret)
{
    if (kind == 'n') return !tail.n;
    if (!sort || (kind == 't') != is_text(sort)) return false;
    if (kind == 'i' && tail.n == 8) *ret = VAL_INT((int64_t)get8(tail.p));
    else if (kind == 't' && utf8_valid(tail) && str_find(tail, S("\0")) < 0) *ret = VAL_TEXT(tail);
    else return false;
    return true;
}

enum err page_parse(struct cx *cx, const struct entity *e, const struct field *sort, bool desc, str text,
                    struct cursor *ret)
{
    struct cursor c = {.behind = true};
    str s = S("");

    if (!text.n) {
        *ret = (struct cursor){0};
        return E_OK;
    }
    if (text.n > CURSOR_MAX || !base64_in(cx->a, text, &s) || s.n < HEAD || get8(s.p) != sum(cx, e, sort, desc) ||
        !tail_read(sort, s.p[SUM], str_cut(s, HEAD, s.n), &c.v))
        return fail_at(cx, E_INVALID, S("cursor"), "This cursor belongs to another list; begin at the first page");
    c.id = (int64_t)get8(s.p + SUM + 1);
    c.rest = sort && c.v.t == VT_NULL;
    *ret = c;
    return E_OK;
}

struct cursor page_behind(struct cx *cx, const struct field *sort, const struct val *v, int64_t id)
{
    struct cursor c = {.behind = true, .id = id};

    if (!sort) return c;
    c.rest = v->t == VT_NULL;
    if (is_text(sort) && !c.rest) c.v = VAL_TEXT(sort->kind->store == ST_FOLDED ? filter_fold(cx->a, v->s) : v->s);
    else if (!c.rest) c.v = VAL_INT(v->i);
    return c;
}

/* ---- SQL ---- */
static str sort_col(const struct field *sort)
{
    return sort->kind->store == ST_FOLDED ? sort->col2 : sort->col;
}

static void id_sql(str alias, struct sql *q) { sql_col(q, alias, S("\"id\"")); }

/* The door writes these with every record. */
static bool is_never_null(const struct field *sort)
{
    return sort->at == F_CREATED_AT || sort->at == F_CHANGED_AT;
}

static void value_sql(struct cx *cx, const struct field *sort, bool desc, const struct cursor *c, str alias,
                      struct sql *q)
{
    sql_lit(q, "(");
    sql_col(q, alias, sort_col(sort));
    sql_lit(q, " IS NOT NULL");
    if (c->behind) {
        sql_lit(q, " AND (");
        sql_col(q, alias, sort_col(sort));
        sql_lit(q, ", ");
        id_sql(alias, q);
        if (desc) sql_lit(q, ") < (");
        else sql_lit(q, ") > (");
        sql_val(cx, q, c->v.t == VT_INT ? db_from_int(c->v.i) : db_from_str(c->v.s));
        sql_lit(q, ", ");
        sql_val(cx, q, db_from_int(c->id));
        sql_lit(q, ")");
    }
    sql_lit(q, ")");
}

void page_sql(struct cx *cx, const struct field *sort, bool desc, const struct cursor *c, str alias, struct sql *q)
{
    if (sort && !c->rest) {
        value_sql(cx, sort, desc, c, alias, q);
        return;
    }
    sql_lit(q, "(");
    if (sort) {
        sql_col(q, alias, sort_col(sort));
        sql_lit(q, " IS NULL");
    }
    if (sort && c->behind) sql_lit(q, " AND ");
    if (c->behind) {
        id_sql(alias, q);
        if (desc || !sort) sql_lit(q, " < ");
        else sql_lit(q, " > ");
        sql_val(cx, q, db_from_int(c->id));
    } else if (!sort) sql_lit(q, "1=1");
    sql_lit(q, ")");
}

void page_order(const struct field *sort, bool desc, const struct cursor *c, str alias, struct sql *q)
{
    sql_lit(q, " ORDER BY ");
    if (sort && !c->rest) {
        sql_col(q, alias, sort_col(sort));
        if (desc) sql_lit(q, " DESC");
        sql_lit(q, ", ");
    }
    id_sql(alias, q);
    if (desc || !sort) sql_lit(q, " DESC");
}

bool page_rest(const struct field *sort, struct cursor *c)
{
    if (!sort || c->rest || is_never_null(sort)) return false;
    *c = (struct cursor){.rest = true};
    return true;
}
