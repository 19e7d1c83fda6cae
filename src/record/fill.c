/* SPDX-License-Identifier: MIT */
/* record/fill.c - a computed field gets its values for the records that are there already. */
#include "record/formula_int.h"

static enum err fill(struct cx *cx, str entity, str name)
{
    const struct entity *e = meta_entity(cx->meta, entity);
    const struct field *f = e ? entity_field(e, name) : NULL;
    if (!f) return E_OK;
    if (str_eq(f->kind->name, S("rollup"))) return rollup_fill(cx, f);
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
