/* SPDX-License-Identifier: MIT */
/* meta/filter_value.c - the value of a comparison: JSON -> the form in which both evaluators compare.
 *
 * One comparison's values afterwards: ST_INT and ST_LINKS numbers; ST_TEXT text; ST_FOLDED folded text;
 * ST_MONEY amount and currency ("" = any); ST_KEYS the key; ST_POINTS the normal form to look for.
 */
#include "base/decimal.h"
#include "base/time.h"
#include "meta/filter_int.h"

/* ---- relative dates ---- */
enum unit { DAYS, WEEKS, MONTHS, QUARTERS, YEARS };
static const struct period {
    str name;
    enum unit unit;
    int off;
} periods[] = {
    {S0("today"), DAYS, 0},           {S0("yesterday"), DAYS, -1},     {S0("tomorrow"), DAYS, 1},
    {S0("this_week"), WEEKS, 0},      {S0("last_week"), WEEKS, -1},    {S0("this_month"), MONTHS, 0},
    {S0("last_month"), MONTHS, -1},   {S0("this_quarter"), QUARTERS, 0}, {S0("last_quarter"), QUARTERS, -1},
    {S0("this_year"), YEARS, 0},      {S0("last_year"), YEARS, -1},
};

/* First day of the unit that holds `day`, `off` units on. */
static int64_t unit_start(int64_t day, enum unit u, int off)
{
    switch (u) {
    case DAYS: return day + off;
    case WEEKS: return day_week_start(day) + 7 * (int64_t)off;
    case MONTHS: return day_add_months(day_month_start(day), off);
    case QUARTERS: return day_add_months(day_quarter_start(day), 3 * (int64_t)off);
    case YEARS: break;
    }
    return day_add_months(day_year_start(day), 12 * (int64_t)off);
}

bool filter_period(int64_t today, const struct json *j, int64_t *ret_from, int64_t *ret_to)
{
    int64_t n = 0;

    if (j->t == JT_STR) {
        for (size_t i = 0; i < COUNT(periods); i++) {
            if (!str_eq(periods[i].name, j->s)) continue;
            *ret_from = unit_start(today, periods[i].unit, periods[i].off);
            *ret_to = unit_start(today, periods[i].unit, periods[i].off + 1);
            return true;
        }
        return false;
    }
    if (j->t != JT_OBJ || j->n != 1 || j->v[0].t != JT_NUM) return false;
    if (!str_to_int(j->v[0].s, &n) || n < 1 || n > FILTER_DAYS_MAX) return false;
    bool last = str_eq(j->v[0].key, S("last_days"));
    if (!last && !str_eq(j->v[0].key, S("next_days"))) return false;
    *ret_from = last ? today - n + 1 : today;
    *ret_to = *ret_from + n;
    return true;
}

const struct field *filter_measure(const struct field *f)
{
    const struct json *child = json_get(f->def, S("field"));
    const struct field *of = NULL;

    if (f->kind->store != ST_INT || !f->target || !child || child->t != JT_STR) return f;
    of = entity_field(f->target, child->s);
    return of && of->kind->store == ST_INT ? of : f;
}

static enum err period_value(struct cx *cx, const struct json *j, struct cond *c)
{
    struct val *v = NEW_N(cx->a, struct val, 2);
    int64_t from = 0, to = 0;

    if (!filter_period(time_day(cx->now_ms, cx->tz_min), j, &from, &to))
        return fail_at(cx, E_INVALID, c->f->name,
                       "This takes a period such as \"this_month\" or {\"last_days\":30} (1 to %d days)",
                       FILTER_DAYS_MAX);
    if (str_eq(filter_measure(c->f)->kind->name, S("timestamp"))) {
        from = day_start_ms(from, cx->tz_min);
        to = day_start_ms(to, cx->tz_min);
    }
    v[0] = VAL_INT(from);
    v[1] = VAL_INT(to);
    c->v = v;
    c->n_v = 2;
    return E_OK;
}

/* ---- single values ---- */
str filter_shown(str name)
{
    size_t n = name.n > FIELD_NAME_MAX ? FIELD_NAME_MAX : name.n;

    while (n < name.n && n && ((unsigned char)name.p[n] & 0xC0) == 0x80) n--;
    return str_cut(name, 0, n);
}

bool filter_is_user(const struct field *f)
{
    return str_eq(f->kind->name, S("user")) || (f->target && str_eq(f->target->name, S("user")));
}

static enum err bad_value(struct cx *cx, const struct field *f)
{
    return fail_at(cx, E_INVALID, f->name, "This value does not fit the field \"%.*s\"", FS(f->name));
}

/* "me" and "my_team" as a whole value; false when it is neither. */
static bool who_value(const struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    bool to_team = f->target && str_eq(f->target->name, S("team"));

    if (j->t != JT_STR) return false;
    if (str_eq(j->s, S("me")) && filter_is_user(f)) *ret = VAL_INT(cx->who.user);
    else if (str_eq(j->s, S("my_team")) && to_team) *ret = VAL_INT(cx->who.team);
    else return false;
    return true;
}

static enum err kind_value(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    const struct field *as = filter_measure(f);
    struct val v = VAL_NULL;

    if (as->kind->from_json) {
        TRY(as->kind->from_json(cx, as, j, &v));
    } else { /* computed numbers: nobody writes them */
        if (j->t != JT_NUM && j->t != JT_STR) return bad_value(cx, f);
        if (!dec_parse(j->s, as->scale, &v.i)) return bad_value(cx, f);
        v.t = VT_INT;
    }
    *ret = v;
    return E_OK;
}

/* One part of a list-like field: given to the kind as a list of one. */
static enum err item_value(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    const struct json list = {.t = JT_ARR, .key = j->key, .n = 1, .v = j};
    struct val v = VAL_NULL;

    TRY(kind_value(cx, f, &list, &v));
    if (v.t != VT_LIST || v.n != 1) return bad_value(cx, f);
    if (f->kind->store == ST_LINKS) {
        *ret = VAL_INT(v.v[0].id);
        return E_OK;
    }
    if (!v.v[0].norm.n) return bad_value(cx, f);
    if (f->kind->store == ST_KEYS && str_find(v.v[0].norm, S("|")) >= 0) return bad_value(cx, f);
    *ret = VAL_TEXT(v.v[0].norm);
    return E_OK;
}

static enum err scalar_value(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    enum storage st = f->kind->store;
    struct val v = VAL_NULL;

    TRY(kind_value(cx, f, j, &v));
    if (v.t != (st == ST_TEXT || st == ST_FOLDED ? VT_TEXT : VT_INT)) return bad_value(cx, f);
    if (st == ST_FOLDED) v.s = filter_fold(cx->a, v.s);
    if (st == ST_MONEY && !json_get(j, S("currency"))) v.s = S("");
    *ret = v;
    return E_OK;
}

static enum err one_value(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    if (who_value(cx, f, j, ret)) return E_OK;
    if (j->t == JT_NULL || j->t == JT_ARR) return bad_value(cx, f);
    switch (f->kind->store) {
    case ST_KEYS:
    case ST_POINTS:
    case ST_LINKS: return item_value(cx, f, j, ret);
    case ST_INT:
    case ST_TEXT:
    case ST_FOLDED:
    case ST_MONEY: return scalar_value(cx, f, j, ret);
    case ST_NONE:
    case ST_LINES: break;
    }
    return bad_value(cx, f);
}

static enum err compared_value(struct cx *cx, const struct cond *c, const struct json *j, struct val *ret)
{
    if (!c->town) return one_value(cx, c->f, j, ret);
    if (j->t != JT_STR || !str_trim(j->s).n) return bad_value(cx, c->f);
    *ret = VAL_TEXT(filter_fold(cx->a, str_trim(j->s)));
    return E_OK;
}

/* ---- parts of texts ---- */
static str lower(struct arena *a, str s)
{
    char *p = arena_get(a, s.n + 1);

    for (size_t i = 0; i < s.n; i++) p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
    return (str){p, s.n};
}

/* Part of a number as typed -> digits of its E.164 form: "0151-23" and "+4915123" hold "15123". With `start`
 * the number's beginning: "0049 151" and "+49 151" begin with "+49151". */
static str phone_part(struct arena *a, str s, bool start)
{
    struct buf b = buf_new(a, s.n + 1);
    bool digits = false;

    if (start) buf_byte(&b, '+');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || (s.p[i] == '0' && !digits)) continue;
        digits = true;
        buf_byte(&b, s.p[i]);
    }
    return digits ? buf_str(&b) : S("");
}

static enum err part_value(struct cx *cx, const struct json *j, const struct cond *c, struct val *ret)
{
    const struct kind *k = c->f->kind;

    if (j->t != JT_STR || !j->s.n) return bad_value(cx, c->f);
    if (k->store == ST_FOLDED) *ret = VAL_TEXT(filter_fold(cx->a, j->s));
    else if (k->store == ST_TEXT) *ret = VAL_TEXT(lower(cx->a, j->s));
    else if (str_eq(k->name, S("phones"))) *ret = VAL_TEXT(phone_part(cx->a, j->s, c->op == OP_STARTS));
    else if (str_eq(k->name, S("mails"))) *ret = VAL_TEXT(lower(cx->a, str_trim(j->s)));
    else *ret = VAL_TEXT(filter_fold(cx->a, j->s));
    if (k->store == ST_POINTS && !ret->s.n) return bad_value(cx, c->f);
    return E_OK;
}

/* Texts are put in order by what was typed; a kind's own checks would refuse a mere beginning. */
static enum err order_value(struct cx *cx, const struct json *j, const struct cond *c, struct val *ret)
{
    enum storage st = c->f->kind->store;

    if (st != ST_TEXT && st != ST_FOLDED) return one_value(cx, c->f, j, ret);
    if (j->t != JT_STR) return bad_value(cx, c->f);
    *ret = VAL_TEXT(st == ST_FOLDED ? filter_fold(cx->a, j->s) : j->s);
    return E_OK;
}

static enum err list_value(struct cx *cx, const struct json *j, struct cond *c)
{
    if (j->t != JT_ARR || !j->n || j->n > FILTER_IN_MAX)
        return fail_at(cx, E_INVALID, c->f->name, "\"%.*s\" takes a list of 1 to %d values", FS(op_name[c->op]),
                       FILTER_IN_MAX);
    LIST(struct val) v = {0};
    for (size_t i = 0; i < j->n; i++) {
        struct val one[TAG_SPELLINGS_MAX] = {0};
        size_t n = 1;
        TRY(compared_value(cx, c, &j->v[i], one));
        TRY(tag_spellings(cx, c->f, one, &n));
        for (size_t k = 0; k < n; k++) *LIST_ADD(cx->a, &v) = one[k];
    }
    c->v = v.v;
    c->n_v = v.n;
    return E_OK;
}

static enum err single_value(struct cx *cx, const struct json *j, struct cond *c)
{
    struct val *v = NEW_N(cx->a, struct val, TAG_SPELLINGS_MAX);

    c->n_v = 1;
    if (c->op == OP_CONTAINS || c->op == OP_STARTS) TRY(part_value(cx, j, c, v));
    else if (c->op == OP_EQ || c->op == OP_NE) TRY(compared_value(cx, c, j, v));
    else TRY(order_value(cx, j, c, v));
    c->v = v;
    return tag_spellings(cx, c->f, v, &c->n_v);
}

/* "me" and "my_team", alone or among others. */
static bool says_who(const struct cx *cx, const struct field *f, const struct json *j)
{
    struct val v = VAL_NULL;
    bool who = who_value(cx, f, j, &v);
    for (size_t i = 0; j->t == JT_ARR && i < j->n; i++) who |= who_value(cx, f, &j->v[i], &v);
    return who;
}

enum err filter_value(struct cx *cx, struct filter_parse *p, const struct json *j, struct cond *c)
{
    if (c->op == OP_EMPTY || c->op == OP_NOTEMPTY) {
        if (!j || j->t == JT_NULL) return E_OK;
        return fail_at(cx, E_INVALID, c->f->name, "\"%.*s\" takes no value", FS(op_name[c->op]));
    }
    if (!j || j->t == JT_NULL)
        return fail_at(cx, E_INVALID, c->f->name, "\"%.*s\" needs a value; for no value there is \"empty\"",
                       FS(op_name[c->op]));
    c->moves = c->op == OP_WITHIN || says_who(cx, c->f, j);
    if (c->op == OP_WITHIN) TRY(period_value(cx, j, c));
    else if (c->op == OP_IN || c->op == OP_NOTIN) TRY(list_value(cx, j, c));
    else TRY(single_value(cx, j, c));
    p->values += c->n_v;
    if (p->values > FILTER_IN_MAX)
        return fail_at(cx, E_INVALID, c->f->name, "This filter holds more than %d values", FILTER_IN_MAX);
    return E_OK;
}
