/* SPDX-License-Identifier: MIT */
/* meta/filter_eval.c - tree over a record in memory; says the same as filter_sql.c's SQL. */
#include "fmt/fold.h"
#include "meta/filter.h"

struct run {
    struct cx *cx;
    const struct filter_get *get;
};
static enum err eval(const struct run *r, const struct cond *c, int64_t id, const struct val *v, bool *ret);

str filter_fold(struct arena *a, str s) { return fold_text(a, s); }

static bool is_empty(const struct val *v)
{
    switch (v->t) {
    case VT_NULL: return true;
    case VT_TEXT: return !v->s.n;
    case VT_LIST: return !v->n;
    case VT_INT: break;
    }
    return false;
}

/* What one part of a list-like value is compared by. */
static str item_text(const struct cond *c, const struct item *it) { return c->town ? it->ext : it->norm; }

static bool item_eq(const struct cond *c, const struct item *it, const struct val *want)
{
    return c->f->kind->store == ST_LINKS ? it->id == want->i : str_eq(item_text(c, it), want->s);
}

static bool has_no_town(const struct val *v)
{
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++)
        if (v->v[i].ext.n) return false;
    return true;
}

static bool has_prefix_nocase(str s, str low)
{
    return s.n >= low.n && str_eq_nocase(str_cut(s, 0, low.n), low);
}

static bool find_nocase(str s, str low)
{
    for (size_t i = 0; i + low.n <= s.n; i++)
        if (str_eq_nocase(str_cut(s, i, i + low.n), low)) return true;
    return false;
}

static bool part_fits(enum storage st, enum op op, str s, str part)
{
    if (st == ST_TEXT) return op == OP_STARTS ? has_prefix_nocase(s, part) : find_nocase(s, part);
    return op == OP_STARTS ? str_has_prefix(s, part) : str_find(s, part) >= 0;
}

static bool list_fits(const struct cond *c, const struct val *v)
{
    enum storage st = c->f->kind->store;

    for (size_t i = 0; i < v->n; i++) {
        if (c->op == OP_CONTAINS || c->op == OP_STARTS) {
            if (part_fits(st, c->op, item_text(c, &v->v[i]), c->v->s)) return true;
            continue;
        }
        for (size_t k = 0; k < c->n_v; k++)
            if (item_eq(c, &v->v[i], &c->v[k])) return true;
    }
    return false;
}

static bool sign_fits(enum op op, int sign)
{
    switch (op) {
    case OP_LT: return sign < 0;
    case OP_LE: return sign <= 0;
    case OP_GT: return sign > 0;
    case OP_GE: return sign >= 0;
    case OP_EQ:
    case OP_NE:
    case OP_IN:
    case OP_NOTIN: return sign == 0;
    case OP_CONTAINS:
    case OP_STARTS:
    case OP_EMPTY:
    case OP_NOTEMPTY:
    case OP_WITHIN:
    case OP_MAX: break;
    }
    assert(false && "not an operator of order");
    return false;
}

/* For NE and NOTIN: whether what they deny is so. `v` is not NULL, texts of ST_FOLDED are folded. */
static bool scalar_fits(const struct cond *c, const struct val *v)
{
    if (c->op == OP_CONTAINS || c->op == OP_STARTS) return part_fits(c->f->kind->store, c->op, v->s, c->v->s);
    if (c->op == OP_WITHIN) return v->i >= c->v[0].i && v->i < c->v[1].i;
    for (size_t i = 0; i < c->n_v; i++) {
        const struct val *want = &c->v[i];
        if (c->f->kind->store == ST_MONEY && want->s.n && !str_eq(want->s, v->s)) continue;
        int sign = want->t == VT_TEXT ? str_cmp(v->s, want->s) : (v->i > want->i) - (v->i < want->i);
        if (sign_fits(c->op, sign)) return true;
    }
    return false;
}

static bool cmp_fits(struct cx *cx, const struct cond *c, const struct val *v)
{
    bool denies = c->op == OP_NE || c->op == OP_NOTIN;
    struct val folded = *v;

    if (c->op == OP_EMPTY || c->op == OP_NOTEMPTY)
        return (c->town ? has_no_town(v) : is_empty(v)) == (c->op == OP_EMPTY);
    if (v->t == VT_NULL) return denies;
    if (v->t == VT_LIST) return list_fits(c, v) != denies;
    if (c->f->kind->store == ST_FOLDED) folded.s = filter_fold(cx->a, v->s);
    return scalar_fits(c, &folded) != denies;
}

/* ---- other records ---- */
static enum err linked(const struct run *r, const struct cond *c, int64_t to, bool *ret)
{
    const struct val *v = NULL;

    TRY(r->get->link(r->cx, r->get->arg, c->kids->e, to, &v));
    *ret = false;
    if (v) TRY(eval(r, c->kids, to, v, ret));
    return E_OK;
}

static enum err eval_has(const struct run *r, const struct cond *c, const struct val *v, bool *ret)
{
    bool fits = false;

    if (v->t == VT_INT) TRY(linked(r, c, v->i, &fits));
    for (size_t i = 0; v->t == VT_LIST && i < v->n && !fits; i++) TRY(linked(r, c, v->v[i].id, &fits));
    *ret = fits;
    return E_OK;
}

static enum err eval_related(const struct run *r, const struct cond *c, int64_t id, bool *ret)
{
    const struct val *const *v = NULL;
    const int64_t *ids = NULL;
    size_t n = 0;
    bool all = c->k == C_ALL, fits = all;

    TRY(r->get->related(r->cx, r->get->arg, c->f, id, &ids, &v, &n));
    for (size_t i = 0; i < n && fits == all; i++) TRY(eval(r, c->kids, ids[i], v[i], &fits));
    *ret = fits;
    return E_OK;
}

static enum err eval_kids(const struct run *r, const struct cond *c, int64_t id, const struct val *v, bool *ret)
{
    bool all = c->k == C_AND, fits = all;

    for (size_t i = 0; i < c->n && fits == all; i++) TRY(eval(r, &c->kids[i], id, v, &fits));
    *ret = fits;
    return E_OK;
}

static enum err eval(const struct run *r, const struct cond *c, int64_t id, const struct val *v, bool *ret)
{
    bool kid = false;

    switch (c->k) {
    case C_TRUE: *ret = true; return E_OK;
    case C_AND:
    case C_OR: return eval_kids(r, c, id, v, ret);
    case C_NOT:
        TRY(eval(r, c->kids, id, v, &kid));
        *ret = !kid;
        return E_OK;
    case C_CMP: *ret = cmp_fits(r->cx, c, &v[c->f->at]); return E_OK;
    case C_HAS:
    case C_ANY:
    case C_ALL: break;
    }
    if (!r->get) return fail(r->cx, E_INTERNAL, "This condition looks at other records, which are not at hand here");
    return c->k == C_HAS ? eval_has(r, c, &v[c->f->at], ret) : eval_related(r, c, id, ret);
}

enum err filter_eval(struct cx *cx, const struct cond *c, int64_t id, const struct val *v, const struct filter_get *get,
                     bool *ret)
{
    const struct run r = {.cx = cx, .get = get};

    return eval(&r, c, id, v, ret);
}
