/* SPDX-License-Identifier: MIT */
/* meta/formula.c - JSON -> typed expression; errors name the place. */
#include "meta/formula.h"

#include "base/decimal.h"
#include "base/time.h"
#include "base/tr.h"
#include "meta/meta_int.h"

#define X(e, name, min, max) [e] = {S0(name), min, max},
static const struct {
    str name;
    size_t min, max;
} ops[FX_OPS] = {FX_LIST(X)};
#undef X

struct reading_fx {
    struct cx *cx;
    const struct entity *e;
    size_t nodes;
};
static enum err read_node(struct reading_fx *r, const struct json *j, str at, int depth, const struct expr **ret);

static enum err bad(struct reading_fx *r, str at, const char *why)
{
    return fail_at(r->cx, E_INVALID, at, "Formula: %s", tr_format(r->cx->lang, why));
}

bool formula_is_live(const struct json *j)
{
    const struct json *op = j ? json_get(j, S("op")) : NULL;
    if (op && op->t == JT_STR && str_eq(op->s, S("today"))) return true;
    for (size_t i = 0; j && i < j->n; i++)
        if ((j->v[i].t == JT_OBJ || j->v[i].t == JT_ARR) && formula_is_live(&j->v[i])) return true;
    return false;
}

str formula_result(const struct expr *x)
{
    switch (x->t) {
    case FXT_BOOL: return S("bool");
    case FXT_NUM: return x->scale ? S("decimal") : S("int");
    case FXT_MONEY: return S("money");
    case FXT_TEXT: return S("text");
    case FXT_DATE: break;
    }
    return S("date");
}

bool formula_fits(const struct expr *x, str result)
{
    bool is_number = str_eq(result, S("int")) || str_eq(result, S("decimal")) || str_eq(result, S("percent"));
    return x->t == FXT_NUM ? is_number : str_eq(result, formula_result(x));
}

/* ---- leaves ---- */
static enum err const_number(struct reading_fx *r, const struct json *j, str at, struct expr *x)
{
    long point = str_find(j->s, S("."));
    x->t = FXT_NUM;
    x->scale = point < 0 ? 0 : (int)(j->s.n - (size_t)point - 1);
    x->k.t = VT_INT;
    if (x->scale > FORMULA_SCALE || !dec_parse(j->s, x->scale, &x->k.i))
        return bad(r, at, TR("a number has at most 9 decimal places and no exponent"));
    return E_OK;
}

static enum err const_money(struct reading_fx *r, const struct json *j, str at, struct expr *x)
{
    const struct field any = {.name = S("money"), .label = {S("money")}, .kind = &kind_money};
    x->t = FXT_MONEY;
    return j->t == JT_OBJ && kind_money.from_json(r->cx, &any, j, &x->k) == E_OK
               ? E_OK
               : bad(r, at, TR("an amount like {\"amount\":\"12.50\",\"currency\":\"EUR\"} is needed"));
}

static enum err const_date(struct reading_fx *r, const struct json *j, str at, struct expr *x)
{
    x->t = FXT_DATE;
    x->k.t = VT_INT;
    return j->t == JT_STR && day_parse(j->s, &x->k.i) ? E_OK
                                                      : bad(r, at, TR("a date like 2026-01-31 is needed"));
}

/* The type of a field's values; false when a formula cannot read it. */
static bool type_of(const struct field *f, struct expr *x)
{
    static const struct {
        str kind;
        enum fx_type t;
    } types[] = {{S0("text"), FXT_TEXT},    {S0("longtext"), FXT_TEXT},  {S0("url"), FXT_TEXT},
                 {S0("choice"), FXT_TEXT},  {S0("int"), FXT_NUM},        {S0("decimal"), FXT_NUM},
                 {S0("percent"), FXT_NUM},  {S0("rating"), FXT_NUM},     {S0("duration"), FXT_NUM},
                 {S0("money"), FXT_MONEY},  {S0("date"), FXT_DATE},      {S0("timestamp"), FXT_DATE},
                 {S0("bool"), FXT_BOOL},    {S0("autonumber"), FXT_NUM}, {S0("rollup"), FXT_NUM}};
    str kind = f->result.n ? f->result : f->kind->name;
    const struct json *of = json_get(f->def, S("field"));
    if (str_eq(kind, S("rollup")) && of && f->target) { /* of numbers or of days */
        const struct field *source = of->t == JT_STR ? entity_field(f->target, of->s) : NULL;
        return source && source != f && type_of(source, x);
    }
    for (size_t i = 0; i < COUNT(types); i++) {
        if (!str_eq(types[i].kind, kind)) continue;
        x->t = types[i].t;
        x->moment = str_eq(kind, S("timestamp"));
        if (str_eq(kind, S("decimal"))) x->scale = f->scale;
        if (str_eq(kind, S("percent"))) x->scale = f->scale + 2;
        return true;
    }
    return false;
}

static enum err read_field(struct reading_fx *r, const struct json *j, str at, struct expr *x)
{
    const struct json *link = json_get(j, S("link")), *name = json_get(j, S("field"));
    const struct entity *e = r->e;
    if (link) {
        x->link = link->t == JT_STR ? entity_field(e, link->s) : NULL;
        if (!x->link || x->link->kind->store != ST_INT || !x->link->target || x->link->via.n)
            return bad(r, at, TR("there is no link of this name"));
        e = x->link->target;
    }
    x->f = name->t == JT_STR ? entity_field(e, name->s) : NULL;
    if (!x->f || x->f->hidden) return bad(r, at, TR("there is no field of this name"));
    if (x->f->live) return bad(r, at, TR("that field is computed when it is read, so nothing can be built on it"));
    return type_of(x->f, x) ? E_OK : bad(r, at, TR("a field of this kind cannot be read by a formula"));
}

static enum err read_object(struct reading_fx *r, const struct json *j, str at, struct expr *x)
{
    const struct json *date = json_get(j, S("date")), *money = json_get(j, S("money"));
    if (json_get(j, S("field"))) {
        x->op = FX_FIELD;
        return read_field(r, j, at, x);
    }
    if (money) return const_money(r, money, at, x);
    if (date) return const_date(r, date, at, x);
    return bad(r, at, TR("a value, a field or an \"op\" is needed"));
}

static enum err read_leaf(struct reading_fx *r, const struct json *j, str at, struct expr *x)
{
    switch (j->t) {
    case JT_NUM: return const_number(r, j, at, x);
    case JT_STR:
        x->t = FXT_TEXT;
        x->k = VAL_TEXT(j->s);
        return j->s.n <= FORMULA_TEXT_MAX ? E_OK : bad(r, at, TR("a text in a formula has at most 2000 bytes"));
    case JT_BOOL:
        x->t = FXT_BOOL;
        x->k = VAL_INT(j->b);
        return E_OK;
    case JT_OBJ: return read_object(r, j, at, x);
    case JT_NULL:
    case JT_ARR: break;
    }
    return bad(r, at, TR("a value, a field or an \"op\" is needed"));
}

/* ---- types ---- */
static enum err all_are(struct reading_fx *r, const struct expr *x, str at, enum fx_type t)
{
    static const char *const needed[] = {TR("yes or no is needed here"), TR("a number is needed here"),
                                         TR("an amount is needed here"), TR("a text is needed here"),
                                         TR("a date is needed here")};
    for (size_t i = 0; i < x->n; i++)
        if (x->kid[i]->t != t) return bad(r, arena_fmt(r->cx->a, "%.*s.of.%zu", FS(at), i), needed[t]);
    return E_OK;
}

/* From kid `from` on all are of one type, which becomes the node's. */
static enum err one_type(struct reading_fx *r, struct expr *x, str at, size_t from)
{
    x->t = x->kid[from]->t;
    for (size_t i = from; i < x->n; i++) {
        if (x->kid[i]->t != x->t)
            return bad(r, arena_fmt(r->cx->a, "%.*s.of.%zu", FS(at), i), TR("these are values of different kinds"));
        if (x->kid[i]->scale > x->scale) x->scale = x->kid[i]->scale;
    }
    return E_OK;
}

static enum err type_sum(struct reading_fx *r, struct expr *x, str at)
{
    TRY(one_type(r, x, at, 0));
    return x->t == FXT_MONEY ? E_OK : all_are(r, x, at, FXT_NUM);
}

static enum err type_product(struct reading_fx *r, struct expr *x, str at)
{
    size_t amounts = 0;
    for (size_t i = 0; i < x->n; i++) {
        str place = arena_fmt(r->cx->a, "%.*s.of.%zu", FS(at), i);
        if (x->kid[i]->t != FXT_NUM && x->kid[i]->t != FXT_MONEY) return bad(r, place, TR("a number is needed here"));
        amounts += x->kid[i]->t == FXT_MONEY;
        if (amounts > 1) return bad(r, place, TR("amounts cannot be multiplied by each other"));
        x->scale += x->kid[i]->scale;
    }
    if (x->scale > FORMULA_SCALE) x->scale = FORMULA_SCALE;
    x->t = amounts ? FXT_MONEY : FXT_NUM;
    if (amounts) x->scale = 0;
    return E_OK;
}

static enum err type_quotient(struct reading_fx *r, struct expr *x, str at)
{
    bool money = x->kid[0]->t == FXT_MONEY, by_money = x->kid[1]->t == FXT_MONEY;
    if (money && by_money) x->t = FXT_NUM;
    else if (money) x->t = FXT_MONEY;
    else TRY(all_are(r, x, at, FXT_NUM));
    if (money && !by_money && x->kid[1]->t != FXT_NUM)
        return bad(r, arena_fmt(r->cx->a, "%.*s.of.1", FS(at)), TR("a number is needed here"));
    if (!money) x->t = FXT_NUM;
    x->scale = x->t == FXT_NUM ? FORMULA_SCALE : 0;
    return E_OK;
}

static enum err type_round(struct reading_fx *r, struct expr *x, str at)
{
    const struct expr *places = x->n > 1 ? x->kid[1] : NULL;
    x->t = FXT_NUM;
    if (x->kid[0]->t != FXT_NUM)
        return bad(r, arena_fmt(r->cx->a, "%.*s.of.0", FS(at)), TR("a number is needed here"));
    if (!places) return E_OK;
    if (places->op != FX_CONST || places->t != FXT_NUM || places->scale || places->k.i < 0 ||
        places->k.i > FORMULA_SCALE)
        return bad(r, arena_fmt(r->cx->a, "%.*s.of.1", FS(at)), TR("the number of decimal places is 0 to 9"));
    x->scale = (int)places->k.i;
    return E_OK;
}

static enum err type_if(struct reading_fx *r, struct expr *x, str at)
{
    if (x->kid[0]->t != FXT_BOOL)
        return bad(r, arena_fmt(r->cx->a, "%.*s.of.0", FS(at)), TR("yes or no is needed here"));
    return one_type(r, x, at, 1);
}

static enum err type_compare(struct reading_fx *r, struct expr *x, str at, bool order)
{
    TRY(one_type(r, x, at, 0));
    if (order && x->t == FXT_BOOL) return bad(r, at, TR("yes and no have no order"));
    x->t = FXT_BOOL;
    x->scale = 0;
    return E_OK;
}

static enum err typed(struct reading_fx *r, struct expr *x, str at, enum fx_type kids, enum fx_type is)
{
    TRY(all_are(r, x, at, kids));
    x->t = is;
    return E_OK;
}

static enum err type_node(struct reading_fx *r, struct expr *x, str at)
{
    switch (x->op) {
    case FX_ADD:
    case FX_SUB:
    case FX_ABS: return type_sum(r, x, at);
    case FX_MUL: return type_product(r, x, at);
    case FX_DIV: return type_quotient(r, x, at);
    case FX_ROUND: return type_round(r, x, at);
    case FX_MIN:
    case FX_MAX:
    case FX_COALESCE: return one_type(r, x, at, 0);
    case FX_CONCAT: x->t = FXT_TEXT; return E_OK;
    case FX_IF: return type_if(r, x, at);
    case FX_EQ:
    case FX_NE: return type_compare(r, x, at, false);
    case FX_LT:
    case FX_LE:
    case FX_GT:
    case FX_GE: return type_compare(r, x, at, true);
    case FX_AND:
    case FX_OR:
    case FX_NOT: return typed(r, x, at, FXT_BOOL, FXT_BOOL);
    case FX_LENGTH: return typed(r, x, at, FXT_TEXT, FXT_NUM);
    case FX_UPPER:
    case FX_LOWER: return typed(r, x, at, FXT_TEXT, FXT_TEXT);
    case FX_DAYS:
    case FX_YEAR:
    case FX_MONTH:
    case FX_DAY: return typed(r, x, at, FXT_DATE, FXT_NUM);
    case FX_TODAY: x->t = FXT_DATE; return E_OK;
    case FX_EMPTY: x->t = FXT_BOOL; return E_OK;
    case FX_CONST:
    case FX_FIELD:
    case FX_OPS: break;
    }
    return bad(r, at, TR("there is no such function"));
}

/* ---- the tree ---- */
static enum err read_op(struct reading_fx *r, const struct json *j, str at, int depth, struct expr *x)
{
    const struct json *op = json_get(j, S("op")), *of = json_get(j, S("of"));
    size_t n = of && of->t == JT_ARR ? of->n : 0;
    x->op = FX_OPS;
    for (enum fx o = FX_ADD; o < FX_OPS; o++)
        if (op->t == JT_STR && str_eq(ops[o].name, op->s)) x->op = o;
    if (x->op == FX_OPS) return bad(r, arena_fmt(r->cx->a, "%.*s.op", FS(at)), "there is no such function");
    if (n < ops[x->op].min || n > ops[x->op].max)
        return fail_at(r->cx, E_INVALID, arena_fmt(r->cx->a, "%.*s.of", FS(at)),
                       "Formula: \"%.*s\" takes %zu to %zu values", FS(op->s), ops[x->op].min, ops[x->op].max);
    const struct expr **kid = NEW_N(r->cx->a, const struct expr *, n + 1);
    for (size_t i = 0; i < n; i++)
        TRY(read_node(r, &of->v[i], arena_fmt(r->cx->a, "%.*s.of.%zu", FS(at), i), depth + 1, &kid[i]));
    x->kid = kid;
    x->n = n;
    return type_node(r, x, at);
}

static enum err read_node(struct reading_fx *r, const struct json *j, str at, int depth, const struct expr **ret)
{
    struct expr *x = NEW(r->cx->a, struct expr);
    if (++r->nodes > FORMULA_NODES || depth > FORMULA_DEPTH) return bad(r, at, TR("it is too large"));
    if (j->t == JT_OBJ && json_get(j, S("op"))) TRY(read_op(r, j, at, depth, x));
    else TRY(read_leaf(r, j, at, x));
    *ret = x;
    return E_OK;
}

enum err formula_parse(struct cx *cx, const struct entity *e, const struct json *j, const struct expr **ret)
{
    struct reading_fx r = {.cx = cx, .e = e};
    if (!j) return bad(&r, S("def"), TR("an expression is needed"));
    return read_node(&r, j, S("def"), 0, ret);
}

void formula_reads(const struct expr *x, void (*fn)(void *arg, const struct expr *x), void *arg)
{
    if (x->op == FX_FIELD) fn(arg, x);
    for (size_t i = 0; i < x->n; i++) formula_reads(x->kid[i], fn, arg);
}
