/* SPDX-License-Identifier: MIT */
/* meta/rollup_where.c - the condition that a related record must meet for a roll-up to gather it ("where").
 *
 * It is asked when the record is written, of the values before and after: so it may look at the record's own columns
 * alone, and must say the same whoever asks and whenever. Times without an offset are UTC.
 */
#include "meta/filter.h"
#include "meta/meta_int.h"

static bool is_column(const struct field *f)
{
    enum storage s = f->kind->store;
    bool column = s == ST_INT || s == ST_TEXT || s == ST_FOLDED || s == ST_MONEY || s == ST_KEYS;
    return column && !str_eq(f->kind->name, S("rollup")) && f->kind != &kind_tags; /* a tag gets more spellings */
}

static bool is_lasting(const struct cond *c)
{
    if (c->k == C_HAS || c->k == C_ANY || c->k == C_ALL || c->moves) return false;
    if (c->k == C_CMP) return is_column(c->f) && !c->town;
    for (size_t i = 0; c->k != C_TRUE && i < c->n; i++)
        if (!is_lasting(&c->kids[i])) return false;
    return true;
}

bool rollup_has_where(const struct field *f)
{
    const struct json *j = json_get(f->def, S("where"));
    return j && j->t != JT_NULL;
}

enum err rollup_where(struct cx *cx, const struct field *f, const struct entity *child, const struct cond **ret)
{
    static const struct filter_opts told = {0}; /* no hidden fields */
    const struct cond *c = NULL;
    int tz = cx->tz_min;
    *ret = NULL;
    if (!rollup_has_where(f)) return E_OK;
    cx->tz_min = 0;
    enum err e = filter_parse(cx, child, json_get(f->def, S("where")), &told, &c);
    cx->tz_min = tz;
    if (e != E_OK) return fail_at(cx, E_INVALID, S("def.where"), "%.*s", FS(cx->msg));
    if (!is_lasting(c))
        return fail_at(cx, E_INVALID, S("def.where"),
                       "The condition of a roll-up looks at the values of the record itself: nothing that depends on "
                       "today, on who asks, on tags or on other records");
    *ret = c;
    return E_OK;
}

void rollup_where_reads(const struct cond *c, void (*fn)(void *arg, const struct field *f), void *arg)
{
    if (c && c->k == C_CMP) fn(arg, c->f);
    for (size_t i = 0; c && c->k != C_CMP && i < c->n; i++) rollup_where_reads(&c->kids[i], fn, arg);
}

void rollup_wheres_resolve(struct cx *cx, struct field *const *fields, const struct entity *all, size_t n)
{
    struct cx quiet = *cx;
    for (size_t i = 0; i < n; i++)
        for (size_t k = F_SYSTEM_N; k < all[i].n; k++) {
            struct field *f = &fields[i][k];
            const struct cond *c = NULL;
            bool rolls = f->kind && str_eq(f->kind->name, S("rollup")) && f->target;
            if (rolls && rollup_where(&quiet, f, f->target, &c) == E_OK) f->where = c;
        }
}
