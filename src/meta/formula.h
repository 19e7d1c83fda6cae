/* SPDX-License-Identifier: MIT */
/* meta/formula.h - the typed expression of a formula field: field.def, read once with the description.
 *
 *   expression = a number | "a text" | true | false | {"date":"2026-01-31"}
 *              | {"money":{"amount":"1.50","currency":"EUR"}} | {"field":"qty"}
 *              | {"link":"company","field":"employees"} | {"op":"mul","of":[expression, ...]}
 *
 * Values are the filter's: whole numbers with a scale that the type tells, texts, days, amounts with a currency; no
 * floats. What overflows, is divided by zero or mixes currencies has no value. A percent counts as its hundredth; a
 * time stamp as its day in UTC. A formula that names today is computed when it is read (field.live) and has no column;
 * any other is stored, and follows what it reads in the same transaction (record/formula.c).
 */
#pragma once
#include "meta/meta.h"

#define FX_LIST(X) \
    X(FX_ADD, "add", 2, 20) X(FX_SUB, "sub", 2, 2) X(FX_MUL, "mul", 2, 20) X(FX_DIV, "div", 2, 2) \
    X(FX_ROUND, "round", 1, 2) X(FX_MIN, "min", 1, 20) X(FX_MAX, "max", 1, 20) X(FX_ABS, "abs", 1, 1) \
    X(FX_CONCAT, "concat", 1, 20) X(FX_IF, "if", 3, 3) X(FX_EQ, "eq", 2, 2) X(FX_NE, "ne", 2, 2) X(FX_LT, "lt", 2, 2) \
    X(FX_LE, "le", 2, 2) X(FX_GT, "gt", 2, 2) X(FX_GE, "ge", 2, 2) X(FX_AND, "and", 1, 20) X(FX_OR, "or", 1, 20) \
    X(FX_NOT, "not", 1, 1) X(FX_EMPTY, "empty", 1, 1) X(FX_COALESCE, "coalesce", 1, 20) X(FX_LENGTH, "length", 1, 1) \
    X(FX_UPPER, "upper", 1, 1) X(FX_LOWER, "lower", 1, 1) X(FX_DAYS, "days_between", 2, 2) X(FX_TODAY, "today", 0, 0) \
    X(FX_YEAR, "year", 1, 1) X(FX_MONTH, "month", 1, 1) X(FX_DAY, "day", 1, 1)
#define X(e, name, min, max) e,
enum fx { FX_CONST, FX_FIELD, FX_LIST(X) FX_OPS };
#undef X
enum fx_type { FXT_BOOL, FXT_NUM, FXT_MONEY, FXT_TEXT, FXT_DATE };
struct expr {
    enum fx op;
    enum fx_type t;
    int scale;                 /* FXT_NUM */
    const struct field *link;  /* FX_FIELD: by this link of the record, NULL = its own */
    const struct field *f;     /* FX_FIELD */
    bool moment;               /* FX_FIELD: a time stamp, taken for its day */
    struct val k;              /* FX_CONST */
    const struct expr *const *kid;
    size_t n;
};
enum { FORMULA_NODES = 200, FORMULA_DEPTH = 16, FORMULA_TEXT_MAX = 2000, FORMULA_SCALE = 9 };

/* The expression j of a field of e. E_INVALID at the place ("def.of.1"). */
MUST enum err formula_parse(struct cx *cx, const struct entity *e, const struct json *j, const struct expr **ret);
/* Does it name today anywhere? */
bool formula_is_live(const struct json *j);
/* The kind of field that holds the value: text, int, decimal, money, date, bool. */
str formula_result(const struct expr *x);
/* Can its value be kept in a field whose values are of kind `result`? */
bool formula_fits(const struct expr *x, str result);

/* A linked record's value; NULL when there is none. */
typedef const struct val *formula_get_fn(void *arg, const struct field *link, int64_t id, const struct field *f);
/* The value of formula field f (f->expr) over the values v of a record. */
struct val formula_value(struct cx *cx, const struct field *f, const struct val *v, formula_get_fn *get, void *arg);
/* Calls fn for each field the expression reads. */
void formula_reads(const struct expr *x, void (*fn)(void *arg, const struct expr *x), void *arg);
