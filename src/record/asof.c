/* SPDX-License-Identifier: MIT */
/* record/asof.c - a record as it was: today's values with every later change taken off, newest first. */
#include "record/record_int.h"

enum { LATER_PAGE = 1000 };

static enum err take_off(struct cx *cx, const struct entity *e, str old_json, struct val *v)
{
    struct set *s = NULL;
    size_t n = 0;
    TRY(log_old_sets(cx, e, old_json, &s, &n));
    for (size_t i = 0; i < n; i++) v[s[i].f->at] = s[i].v;
    return E_OK;
}

/* One page of the changes after at_ms and before *seq, taken off; *seq is 0 behind the last. */
static enum err take_off_page(struct cx *cx, const struct record *r, int64_t at_ms, struct val *v,
                              int64_t *version, int64_t *seq)
{
    struct db_rows later = {0};
    TRY(db_query(cx, &later,
                 "SELECT at, op, old, version, seq FROM change WHERE record = $1 AND seq < $3 AND at > $2 "
                 "ORDER BY seq DESC LIMIT 1000",
                 V(r->id), V(at_ms), V(*seq)));
    for (size_t i = 0; i < later.n; i++) {
        str op = db_str(&later, i, 1);
        if (str_eq(op, S("create"))) return fail(cx, E_NOTFOUND, "The record did not exist yet at that time");
        if (str_eq(op, S("delete")) || str_eq(op, S("merge"))) v[F_DELETED_AT] = VAL_NULL;
        if (str_eq(op, S("restore"))) v[F_DELETED_AT] = VAL_INT(db_int(&later, i, 0));
        TRY(take_off(cx, r->e, db_str(&later, i, 2), v));
        if (!str_eq(op, S("share"))) *version = db_int(&later, i, 3) - 1; /* a share is no version of its own */
    }
    *seq = later.n == LATER_PAGE ? db_int(&later, later.n - 1, 4) : 0;
    return E_OK;
}

enum err values_as_of(struct cx *cx, const struct entity *e, int64_t id, int64_t at_ms, struct record *ret)
{
    struct record r = {0};
    TRY(read_one(cx, e, id, ACT_SEE, EITHER, false, &r));
    struct val *v = NEW_N(cx->a, struct val, e->n);
    memcpy(v, r.v, sizeof *v * e->n);
    for (int64_t seq = INT64_MAX; seq;) TRY(take_off_page(cx, &r, at_ms, v, &r.version, &seq));
    if (v[F_DELETED_AT].t != VT_NULL && v[F_DELETED_AT].i <= at_ms)
        return fail(cx, E_NOTFOUND, "The record was in the trash at that time");
    if (e->n_formulas) TRY(formulas_fill(cx, e, v, NULL));
    r.v = v;
    *ret = r;
    return E_OK;
}

enum err record_as_of(struct cx *cx, const struct entity *e, int64_t id, int64_t at_ms,
                      struct record *ret)
{
    struct reading all = {0};
    TRY(values_as_of(cx, e, id, at_ms, ret));
    TRY(reading_of(cx, e, &FIELDS_ALL, &all));
    return fill_titles(cx, &all, ret, 1);
}
