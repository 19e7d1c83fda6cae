/* SPDX-License-Identifier: MIT */
/* meta/kind_rollup.c - count, sum, min, max or latest over related records; kept up to date in their transaction. */
#include "meta/meta_int.h"

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j,
                          struct val *ret)
{
    int64_t v = 0; /* for filters; record refuses writes */
    TRY(want_int(cx, f, j, INT64_MIN, INT64_MAX, &v));
    *ret = VAL_INT(v);
    return E_OK;
}

static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    (void)s, (void)ret;
    return bad_value(cx, f, "this value is computed and cannot be changed");
}

/* min, max and latest of a date or timestamp read as such */
static const struct field *source(const struct field *f)
{
    const struct json *name = json_get(f->def, S("field"));
    return name && f->target ? entity_field(f->target, name->s) : NULL;
}

static void to_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    (void)cx, (void)f;
    const struct field *s = source(f);
    if (s && s->kind != &kind_rollup && s->kind->store == ST_INT) s->kind->to_json(cx, s, v, w);
    else jw_int(w, v->i);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    const struct field *s = source(f);
    if (s && s->kind != &kind_rollup) s->kind->to_text(cx, s, v, out);
    else buf_int(out, v->i);
}

/* ---- at definition ---- */
static const struct field *child_field(const struct json *def, const struct entity *child, str key)
{
    const struct json *name = json_get(def, key);
    return name && name->t == JT_STR ? entity_field(child, name->s) : NULL;
}

static bool is_moment(const struct field *f)
{
    return str_eq(f->kind->name, S("date")) || str_eq(f->kind->name, S("timestamp"));
}

/* Kinds that one roll-up can hold: no links, lists or points. */
static bool holds(const struct field *of, str agg)
{
    static const str never[] = {S0("link"), S0("user"), S0("file"), S0("picture"), S0("json")};
    for (size_t i = 0; i < COUNT(never); i++)
        if (str_eq(of->kind->name, never[i])) return false;
    enum storage st = of->kind->store;
    if (!str_eq(agg, S("latest"))) return st == ST_INT && !of->result.n;
    return st == ST_INT || st == ST_TEXT || st == ST_FOLDED || st == ST_MONEY;
}

static enum err agg_of(struct cx *cx, const struct field *f, str *ret)
{
    static const str known[] = {S0("count"), S0("sum"), S0("min"), S0("max"), S0("latest")};
    const struct json *agg = json_get(f->def, S("agg"));
    for (size_t i = 0; agg && i < COUNT(known); i++)
        if (str_eq(known[i], agg->s)) {
            *ret = known[i];
            return E_OK;
        }
    return fail_at(cx, E_INVALID, S("def.agg"), "A roll-up counts (count), adds up (sum) or takes the least, "
                   "greatest or latest value (min, max, latest)");
}

static str values_of(const struct field *of) { return of->result.n ? of->result : of->kind->name; }

/* A roll-up that holds latest values goes on holding values of that kind: its column is theirs. */
static enum err goes_on(struct cx *cx, const struct field *f, const struct field *latest)
{
    bool same = !f->result.n || (latest && str_eq(values_of(latest), f->result) && latest->scale == f->scale);
    return same ? E_OK : fail_at(cx, E_INVALID, S("def.agg"), "The data of this field does not fit that kind");
}

/* Its description with the kind of the values it will hold. */
static enum err hold_latest(struct cx *cx, const struct field *of, struct field *f, str *text)
{
    const struct json *j = NULL;
    struct field again = {0};
    str values = values_of(of);
    if (f->result.n) return E_OK;
    *text = arena_fmt(cx->a, "%.*s,\"result\":\"%.*s\"%s}", (int)(text->n - 1), text->p, FS(values),
                      json_get(f->def, S("scale")) ? "" : arena_fmt(cx->a, ",\"scale\":%d", of->scale).p);
    TRY(json_parse(cx, *text, &j));
    TRY(field_read(cx, j, &again));
    again.entity = f->entity;
    again.own = f->own;
    again.at = f->at;
    again.target = f->target;
    again.where = f->where;
    *f = again;
    return E_OK;
}

enum err rollup_settle(struct cx *cx, struct field *f, str *text)
{
    const struct entity *child = f->target;
    const struct field *via = child ? entity_field(child, f->via) : NULL, *of = NULL, *by = NULL;
    str agg = {0};
    TRY(agg_of(cx, f, &agg));
    if (!via || via->kind->store != ST_INT || !via->target || !str_eq(via->to, f->entity->name))
        return fail_at(cx, E_INVALID, S("via"), "This roll-up needs an entity, its link here and a field of it");
    TRY(rollup_where(cx, f, child, &f->where));
    if (str_eq(agg, S("count"))) return goes_on(cx, f, NULL);
    of = child_field(f->def, child, S("field"));
    by = child_field(f->def, child, S("by"));
    if (!of)
        return fail_at(cx, E_INVALID, S("def.field"), "This roll-up needs an entity, its link here and a field of it");
    if (!holds(of, agg))
        return fail_at(cx, E_INVALID, S("def.field"), "Values of this field cannot be rolled up that way");
    TRY(goes_on(cx, f, str_eq(agg, S("latest")) ? of : NULL));
    if (!str_eq(agg, S("latest"))) return E_OK;
    if (!by || !is_moment(by))
        return fail_at(cx, E_INVALID, S("def.by"),
                       "\"latest\" needs the date that tells which is the latest (\"by\")");
    return hold_latest(cx, of, f, text);
}

const struct kind kind_rollup = {.name = S0("rollup"),
                                 .store = ST_INT,
                                 .sort = true,
                                 .search = false,
                                 .ops = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_LT) | OPM(OP_LE) |
                                        OPM(OP_GT) | OPM(OP_GE) | OPM(OP_IN) | OPM(OP_NOTIN) |
                                        OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                                 .from_json = from_json,
                                 .from_text = from_text,
                                 .to_json = to_json,
                                 .to_text = to_text};
