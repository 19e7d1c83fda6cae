/* SPDX-License-Identifier: MIT */
/* record/fill.c - a computed field gets its values for the records that are there already. */
#include "record/formula_int.h"

enum { SLICE = 500 };

/* What formulas and other roll-ups make of a roll-up follows its new values. */
static enum err readers_fill(struct cx *cx, const struct field *f)
{
    int64_t after = 0;
    for (size_t n = rollup_is_read(cx, f) ? SLICE : 0; n == SLICE;) {
        struct arena_mark m = arena_mark(cx->a);
        struct sql q = sql_new(cx);
        struct db_rows r = {0};
        sql_lit(&q, "SELECT id FROM ");
        sql_name(&q, f->entity->table);
        sql_lit(&q, " WHERE id > ");
        sql_val(cx, &q, V(after));
        sql_lit(&q, " ORDER BY id LIMIT ");
        sql_val(cx, &q, V((int64_t)SLICE));
        TRY(sql_run(cx, &q, &r, NULL));
        n = r.n;
        for (size_t i = 0; i < n; i++) {
            after = db_int(&r, i, 0);
            TRY(rollup_moved(cx, f, after));
        }
        arena_back(cx->a, m);
    }
    return E_OK;
}

static enum err rollup_anew(struct cx *cx, const struct field *f)
{
    TRY(rollup_fill(cx, f));
    return readers_fill(cx, f);
}

static enum err fill(struct cx *cx, str entity, str name)
{
    const struct entity *e = meta_entity(cx->meta, entity);
    const struct field *f = e ? entity_field(e, name) : NULL;
    if (!f) return E_OK;
    if (str_eq(f->kind->name, S("rollup"))) return rollup_anew(cx, f);
    if (!f->expr || f->live) return E_OK;
    bool *force = NEW_N(cx->a, bool, e->n);
    force[f->at] = true;
    return formula_rows(cx, e, NULL, 0, force);
}

enum err record_field_fill(struct cx *cx, str entity, str name)
{
    struct meta *m = NULL;
    const struct meta *before = cx->meta;
    assert(db_is_writing(cx));
    TRY(meta_load(cx, &m)); /* with the field, as this transaction has it */
    cx->meta = m;
    enum err e = fill(cx, entity, name);
    cx->meta = before;
    meta_drop(&m);
    return e;
}
