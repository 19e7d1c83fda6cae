/* SPDX-License-Identifier: MIT */
/* record/record_parts.c - what stands beside the row: contact points and m:n links. */
#include "record/record_int.h"
#include "record/sums_int.h"

enum { TAIL_DIGITS = 7 };

static str tail_of(str e164)
{
    size_t digits = e164.n ? e164.n - 1 : 0;
    return digits >= TAIL_DIGITS ? str_cut(e164, e164.n - TAIL_DIGITS, e164.n) : S("");
}

enum err points_write(struct cx *cx, const struct entity *e, int64_t id, const struct field *f,
                      const struct val *v, bool replace)
{
    str kind = f->kind->name; /* phones, mails, addresses */
    if (replace)
        TRY(db_exec(cx, NULL, "DELETE FROM contact_point WHERE record = $1 AND field = $2", V(id),
                    V(f->name)));
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++) {
        const struct item *p = &v->v[i];
        str tail = str_eq(kind, S("phones")) ? tail_of(p->norm) : S("");
        TRY(db_exec(cx, NULL,
                    "INSERT INTO contact_point (entity, record, field, pos, kind, type, typed, "
                    "norm, tail, ext, extra)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                    V(e->name), V(id), V(f->name), V((int64_t)i), V(kind), V(p->type), V(p->typed),
                    V(p->norm), tail.n ? V(tail) : DB_NONE, V(p->ext), V(p->extra)));
    }
    return E_OK;
}

enum err links_write(struct cx *cx, int64_t id, const struct field *f, const struct val *v,
                     bool replace)
{
    if (replace)
        TRY(db_exec(cx, NULL, "DELETE FROM link WHERE a = $1 AND field = $2", V(id), V(f->name)));
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++)
        TRY(db_exec(cx, NULL, "INSERT INTO link (a, field, b, pos, mark) VALUES ($1, $2, $3, $4, $5)", V(id),
                    V(f->name), V(v->v[i].id), V((int64_t)i), V(sums_link(id, f->name, (int64_t)i, v->v[i].id))));
    return E_OK;
}
