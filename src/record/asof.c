/* SPDX-License-Identifier: MIT */
/* record/asof.c - a record as it was: today's values with every later change taken off, newest first. */
#include "record/record_int.h"

static enum err take_off(struct cx *cx, const struct entity *e, str old_json, struct val *v)
{
    struct set *s = NULL;
    size_t n = 0;
    TRY(log_old_sets(cx, e, old_json, &s, &n));
    for (size_t i = 0; i < n; i++) v[s[i].f->at] = s[i].v;
    return E_OK;
}

enum err record_as_of(struct cx *cx, const struct entity *e, int64_t id, int64_t at_ms,
                      struct record *ret)
{
    struct record r = {0};
    struct db_rows later = {0};
    struct reading all = {0};
    TRY(read_one(cx, e, id, ACT_SEE, EITHER, false, &r));
    struct val *v = NEW_N(cx->a, struct val, e->n);
    memcpy(v, r.v, sizeof *v * e->n);
    TRY(db_query(cx, &later,
                 "SELECT at, op, old, version FROM change WHERE record = $1 AND at > $2 ORDER BY "
                 "seq DESC LIMIT 10000",
                 V(id), V(at_ms)));
    for (size_t i = 0; i < later.n; i++) {
        str op = db_str(&later, i, 1);
        if (str_eq(op, S("create"))) return fail(cx, E_NOTFOUND, "the record was not there yet");
        if (str_eq(op, S("delete")) || str_eq(op, S("merge"))) v[F_DELETED_AT] = VAL_NULL;
        if (str_eq(op, S("restore"))) v[F_DELETED_AT] = VAL_INT(db_int(&later, i, 0));
        TRY(take_off(cx, e, db_str(&later, i, 2), v));
        r.version = db_int(&later, i, 3) - 1;
    }
    if (v[F_DELETED_AT].t != VT_NULL && v[F_DELETED_AT].i <= at_ms)
        return fail(cx, E_NOTFOUND, "the record was in the trash then");
    r.v = v;
    TRY(reading_of(cx, e, &FIELDS_ALL, &all));
    TRY(fill_titles(cx, &all, &r, 1));
    *ret = r;
    return E_OK;
}
