/* SPDX-License-Identifier: MIT */
/* meta/formula_eval.c - the value of an expression. Each operand has the type that the parser gave it. */
#include "base/decimal.h"
#include "base/time.h"
#include "meta/filter.h"
#include "meta/formula.h"

#include <unicode/uchar.h>

struct fx_run {
    struct cx *cx;
    const struct val *v;
    formula_get_fn *get;
    void *arg;
};
enum { MONEY_SCALE = 2 };
static struct val eval(const struct fx_run *r, const struct expr *x);

static bool is_true(const struct val *v) { return v->t == VT_INT && v->i != 0; }
static bool is_empty(const struct val *v) { return v->t == VT_NULL || (v->t == VT_TEXT && !v->s.n); }

/* ---- numbers ---- */
/* A pointer: *v is written while `ok` is found out. */
static struct val number(bool ok, const int64_t *v) { return ok ? VAL_INT(*v) : VAL_NULL; }

static struct val scaled(struct val v, const struct expr *from, int scale)
{
    int64_t n = 0;
    if (v.t != VT_INT || from->t != FXT_NUM || from->scale == scale) return v;
    return number(dec_rescale(v.i, from->scale, scale, &n), &n);
}

static struct val field_value(const struct fx_run *r, const struct expr *x)
{
    const struct val *v = NULL;
    if (!x->link) v = &r->v[x->f->at];
    else if (r->v[x->link->at].t == VT_INT && r->get) v = r->get(r->arg, x->link, r->v[x->link->at].i, x->f);
    if (!v || (v->t != VT_INT && v->t != VT_TEXT)) return VAL_NULL;
    if (x->t == FXT_DATE && x->moment) return VAL_INT(time_day(v->i, 0));
    if (x->t == FXT_TEXT) return VAL_TEXT(v->s);
    return (struct val){.t = VT_INT, .i = v->i, .s = x->t == FXT_MONEY ? v->s : S("")};
}

static bool same_currency(const struct val *a, const struct val *b) { return str_eq(a->s, b->s); }

static struct val add(const struct expr *x, struct val a, struct val b)
{
    int64_t n = 0;
    if (a.t != VT_INT || b.t != VT_INT || (x->t == FXT_MONEY && !same_currency(&a, &b))) return VAL_NULL;
    bool over = x->op == FX_SUB ? __builtin_sub_overflow(a.i, b.i, &n) : __builtin_add_overflow(a.i, b.i, &n);
    return over ? VAL_NULL : (struct val){.t = VT_INT, .i = n, .s = a.s};
}

static struct val sum(const struct fx_run *r, const struct expr *x)
{
    struct val all = scaled(eval(r, x->kid[0]), x->kid[0], x->scale);
    for (size_t i = 1; i < x->n && all.t == VT_INT; i++)
        all = add(x, all, scaled(eval(r, x->kid[i]), x->kid[i], x->scale));
    return all;
}

/* a (scale sa) * b (scale sb) at scale s <= sa + sb */
static struct val times(struct val a, int sa, struct val b, int sb, int s)
{
    int64_t n = 0;
    if (a.t != VT_INT || b.t != VT_INT || sa + sb - s > DEC_SCALE) return VAL_NULL;
    bool ok = dec_muldiv(a.i, b.i, dec_pow10(sa + sb - s), &n);
    struct val v = number(ok, &n);
    v.s = a.s.n ? a.s : b.s;
    return v;
}

static struct val product(const struct fx_run *r, const struct expr *x)
{
    struct val all = eval(r, x->kid[0]);
    bool money = x->kid[0]->t == FXT_MONEY;
    int scale = money ? MONEY_SCALE : x->kid[0]->scale;
    for (size_t i = 1; i < x->n && all.t == VT_INT; i++) {
        const struct expr *k = x->kid[i];
        int of = k->t == FXT_MONEY ? MONEY_SCALE : k->scale, to = scale + of;
        money |= k->t == FXT_MONEY;
        if (to > FORMULA_SCALE) to = FORMULA_SCALE;
        if (i + 1 == x->n) to = money ? MONEY_SCALE : x->scale;
        all = times(all, scale, eval(r, k), of, to);
        scale = to;
    }
    if (all.t == VT_INT && x->n == 1) all = scaled(all, x->kid[0], x->scale);
    return all;
}

static struct val quotient(const struct fx_run *r, const struct expr *x)
{
    struct val a = eval(r, x->kid[0]), b = eval(r, x->kid[1]);
    bool money = x->t == FXT_MONEY, both = !money && x->kid[0]->t == FXT_MONEY;
    int sa = x->kid[0]->t == FXT_MONEY ? MONEY_SCALE : x->kid[0]->scale,
        sb = both ? MONEY_SCALE : x->kid[1]->scale, up = sb + (money ? MONEY_SCALE : x->scale) - sa;
    int64_t n = 0, by = 0;
    if (a.t != VT_INT || b.t != VT_INT || !b.i || (both && !same_currency(&a, &b))) return VAL_NULL;
    if (up >= 0) {
        struct val v = number(up <= DEC_SCALE && dec_muldiv(a.i, dec_pow10(up), b.i, &n), &n);
        v.s = money ? a.s : S("");
        return v;
    }
    if (__builtin_mul_overflow(b.i, dec_pow10(-up), &by)) return VAL_NULL;
    return number(dec_div_round(a.i, by, &n), &n);
}

static struct val absolute(struct val v)
{
    if (v.t != VT_INT || v.i >= 0) return v;
    if (v.i == INT64_MIN) return VAL_NULL;
    v.i = -v.i;
    return v;
}

/* ---- comparing ---- */
/* False when they cannot be compared: one has no value, or the currencies differ. */
static bool compare(struct cx *cx, const struct expr *a, struct val va, const struct expr *b, struct val vb,
                    int *ret)
{
    if (va.t == VT_NULL || vb.t == VT_NULL) return false;
    if (a->t == FXT_TEXT) {
        *ret = str_cmp(filter_fold(cx->a, va.s), filter_fold(cx->a, vb.s));
        return true;
    }
    if (a->t == FXT_MONEY && !same_currency(&va, &vb)) return false;
    __int128 x = va.i, y = vb.i;
    if (a->t == FXT_NUM && a->scale < b->scale) x *= dec_pow10(b->scale - a->scale);
    if (a->t == FXT_NUM && a->scale > b->scale) y *= dec_pow10(a->scale - b->scale);
    *ret = (x > y) - (x < y);
    return true;
}

static struct val comparison(const struct fx_run *r, const struct expr *x)
{
    struct val a = eval(r, x->kid[0]), b = eval(r, x->kid[1]);
    int sign = 0;
    if (!compare(r->cx, x->kid[0], a, x->kid[1], b, &sign)) return VAL_INT(x->op == FX_NE);
    bool is = x->op == FX_EQ   ? sign == 0
              : x->op == FX_NE ? sign != 0
              : x->op == FX_LT ? sign < 0
              : x->op == FX_LE ? sign <= 0
              : x->op == FX_GT ? sign > 0
                               : sign >= 0;
    return VAL_INT(is);
}

/* The least or greatest of those that have a value. */
static struct val extreme(const struct fx_run *r, const struct expr *x)
{
    struct val best = VAL_NULL;
    for (size_t i = 0; i < x->n; i++) {
        struct val v = scaled(eval(r, x->kid[i]), x->kid[i], x->scale);
        int sign = 0;
        if (v.t == VT_NULL) continue;
        if (best.t == VT_NULL) {
            best = v;
            continue;
        }
        if (!compare(r->cx, x, v, x, best, &sign)) return VAL_NULL;
        if (x->op == FX_MIN ? sign < 0 : sign > 0) best = v;
    }
    return best;
}

static struct val logic(const struct fx_run *r, const struct expr *x)
{
    bool all = x->op == FX_AND;
    for (size_t i = 0; i < x->n; i++) {
        struct val v = eval(r, x->kid[i]);
        if (is_true(&v) != all) return VAL_INT(!all);
    }
    return VAL_INT(all);
}

static struct val choice(const struct fx_run *r, const struct expr *x)
{
    struct val is = eval(r, x->kid[0]);
    const struct expr *k = is_true(&is) ? x->kid[1] : x->kid[2];
    return scaled(eval(r, k), k, x->scale);
}

static struct val first(const struct fx_run *r, const struct expr *x)
{
    for (size_t i = 0; i < x->n; i++) {
        struct val v = eval(r, x->kid[i]);
        if (!is_empty(&v)) return scaled(v, x->kid[i], x->scale);
    }
    return VAL_NULL;
}

/* ---- texts and days ---- */
static void text_add(struct cx *cx, struct buf *b, const struct expr *x, const struct val *v)
{
    if (v->t == VT_NULL) return;
    switch (x->t) {
    case FXT_TEXT: buf_add(b, v->s); return;
    case FXT_BOOL: buf_add(b, v->i ? S("1") : S("0")); return;
    case FXT_NUM: buf_add(b, dec_text(cx->a, v->i, x->scale)); return;
    case FXT_DATE: buf_add(b, day_text(cx->a, v->i)); return;
    case FXT_MONEY: buf_fmt(b, "%.*s %.*s", FS(dec_fixed(cx->a, v->i, MONEY_SCALE)), FS(v->s)); return;
    }
}

static struct val text_end(const struct buf *b)
{
    return b->full || !b->n ? VAL_NULL : VAL_TEXT(buf_str(b));
}

static struct val joined(const struct fx_run *r, const struct expr *x)
{
    struct buf b = buf_new(r->cx->a, FORMULA_TEXT_MAX);
    for (size_t i = 0; i < x->n; i++) {
        struct val v = eval(r, x->kid[i]);
        text_add(r->cx, &b, x->kid[i], &v);
    }
    return text_end(&b);
}

static struct val cased(struct cx *cx, struct val v, bool upper)
{
    struct buf b = buf_new(cx->a, 2 * FORMULA_TEXT_MAX);
    for (size_t at = 0; v.t == VT_TEXT && at < v.s.n;) {
        char out[4];
        UChar32 c = (UChar32)utf8_next(v.s, &at);
        buf_add(&b, (str){out, utf8_put(out, (uint32_t)(upper ? u_toupper(c) : u_tolower(c)))});
    }
    return text_end(&b);
}

static struct val days(struct val from, struct val to)
{
    int64_t n = 0;
    if (from.t != VT_INT || to.t != VT_INT) return VAL_NULL;
    return number(!__builtin_sub_overflow(to.i, from.i, &n), &n);
}

static struct val date_part(struct val v, enum fx op)
{
    if (v.t != VT_INT) return VAL_NULL;
    struct date d = day_date(v.i);
    return VAL_INT(op == FX_YEAR ? d.y : op == FX_MONTH ? d.m : d.d);
}

static struct val one(const struct fx_run *r, const struct expr *x)
{
    struct val v = eval(r, x->kid[0]);
    if (x->op == FX_ABS) return absolute(v);
    if (x->op == FX_ROUND) return scaled(v, x->kid[0], x->scale);
    if (x->op == FX_NOT) return VAL_INT(!is_true(&v));
    if (x->op == FX_EMPTY) return VAL_INT(is_empty(&v));
    if (x->op == FX_LENGTH) return v.t == VT_TEXT ? VAL_INT((int64_t)utf8_len(v.s)) : VAL_NULL;
    if (x->op == FX_UPPER || x->op == FX_LOWER) return cased(r->cx, v, x->op == FX_UPPER);
    return date_part(v, x->op);
}

static struct val eval(const struct fx_run *r, const struct expr *x)
{
    switch (x->op) {
    case FX_CONST: return x->k;
    case FX_FIELD: return field_value(r, x);
    case FX_ADD:
    case FX_SUB: return sum(r, x);
    case FX_MUL: return product(r, x);
    case FX_DIV: return quotient(r, x);
    case FX_MIN:
    case FX_MAX: return extreme(r, x);
    case FX_CONCAT: return joined(r, x);
    case FX_IF: return choice(r, x);
    case FX_EQ:
    case FX_NE:
    case FX_LT:
    case FX_LE:
    case FX_GT:
    case FX_GE: return comparison(r, x);
    case FX_AND:
    case FX_OR: return logic(r, x);
    case FX_COALESCE: return first(r, x);
    case FX_DAYS: return days(eval(r, x->kid[0]), eval(r, x->kid[1]));
    case FX_TODAY: return VAL_INT(time_day(r->cx->now_ms, r->cx->tz_min));
    case FX_ROUND:
    case FX_ABS:
    case FX_NOT:
    case FX_EMPTY:
    case FX_LENGTH:
    case FX_UPPER:
    case FX_LOWER:
    case FX_YEAR:
    case FX_MONTH:
    case FX_DAY: return one(r, x);
    case FX_OPS: break;
    }
    return VAL_NULL;
}

struct val formula_value(struct cx *cx, const struct field *f, const struct val *v, formula_get_fn *get, void *arg)
{
    struct fx_run r = {cx, v, get, arg};
    if (!f->expr) return VAL_NULL;
    struct val is = eval(&r, f->expr);
    int64_t n = 0;
    if (f->expr->t == FXT_TEXT && is.t == VT_TEXT && is.s.n > 4 * (size_t)FORMULA_TEXT_MAX) return VAL_NULL;
    if (f->expr->t == FXT_TEXT && is_empty(&is)) return VAL_NULL;
    if (f->expr->t == FXT_MONEY && is.t == VT_INT && !is.s.n) return VAL_NULL;
    if (f->expr->t != FXT_NUM || is.t != VT_INT) return is;
    int places = str_eq(f->result, S("int")) ? 0 : f->scale + (str_eq(f->result, S("percent")) ? 2 : 0);
    return number(dec_rescale(is.i, f->expr->scale, places, &n), &n);
}
