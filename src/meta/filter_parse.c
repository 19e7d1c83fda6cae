/* SPDX-License-Identifier: MIT */
/* meta/filter_parse.c - JSON -> tree, checked against the description and what the asker may name. */
#include "base/time.h"
#include "meta/filter_int.h"

static enum err node(struct cx *cx, struct filter_parse *p, const struct entity *e, const struct json *j, int depth,
                     struct cond *ret);

/* ---- names ---- */
static bool may_name(const struct cx *cx, const struct filter_parse *p, const struct field *f)
{
    if (!p->opts) return true;
    return !f->hidden && (!p->opts->may_read || p->opts->may_read(cx, f));
}

static bool may_see(const struct cx *cx, const struct filter_parse *p, const struct entity *e)
{
    return !p->opts || !p->opts->may_see || p->opts->may_see(cx, e);
}

static enum err unknown(struct cx *cx, str name)
{
    str shown = filter_shown(name);

    return fail_at(cx, E_INVALID, shown, "There is no field \"%.*s\" to filter by", FS(shown));
}

static enum err find_field(struct cx *cx, const struct filter_parse *p, const struct entity *e, str name,
                           const struct field **ret)
{
    const struct field *f = entity_field(e, name);

    if (!f || !may_name(cx, p, f)) return unknown(cx, name);
    *ret = f;
    return E_OK;
}

/* A field, or the towns of one with addresses: "addresses.city". */
static enum err find_compared(struct cx *cx, const struct filter_parse *p, str name, struct cond *ret)
{
    str first = {0}, part = {0};

    if (!str_split(name, '.', &first, &part)) return find_field(cx, p, ret->e, name, &ret->f);
    ret->f = entity_field(ret->e, first);
    ret->town = ret->f && may_name(cx, p, ret->f) && str_eq(ret->f->kind->name, S("addresses")) &&
                str_eq(part, S("city"));
    return ret->town ? E_OK : unknown(cx, name);
}

static enum err find_op(struct cx *cx, str name, struct cond *ret)
{
    const struct field *f = ret->f;
    const unsigned town = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_IN) | OPM(OP_NOTIN) | OPM(OP_CONTAINS) | OPM(OP_STARTS) |
                          OPM(OP_EMPTY) | OPM(OP_NOTEMPTY);
    unsigned can = ret->town ? town : filter_ops(f);
    str shown = filter_shown(name);

    for (enum op op = 0; op < OP_MAX; op++)
        if (str_eq(op_name[op], name) && (can & OPM(op))) {
            ret->op = op;
            return E_OK;
        }
    return fail_at(cx, E_INVALID, f->name, "The field \"%.*s\" has no operator \"%.*s\"", FS(f->name), FS(shown));
}

/* ---- relations ---- */
static bool is_link(const struct field *f)
{
    return f->kind->store == ST_INT || f->kind->store == ST_LINKS;
}

/* Users are the target of every field of kind user, though its description names none. */
const struct entity *link_target(const struct cx *cx, const struct field *f)
{
    if (!is_link(f)) return NULL;
    return !f->target && filter_is_user(f) && cx->meta ? meta_entity(cx->meta, S("user")) : f->target;
}

/* An entity by its name or its English plural. While the description itself is loaded none is known. */
static const struct entity *find_entity(struct cx *cx, str name)
{
    if (!cx->meta) return NULL;
    const struct entity *e = meta_entity(cx->meta, name);

    if (e || !str_has_suffix(name, S("s"))) return e;
    e = meta_entity(cx->meta, str_cut(name, 0, name.n - 1));
    if (e || !str_has_suffix(name, S("ies"))) return e;
    return meta_entity(cx->meta, arena_fmt(cx->a, "%.*sy", FS(str_cut(name, 0, name.n - 3))));
}

static enum err only_link(struct cx *cx, const struct filter_parse *p, const struct entity *rel,
                          const struct entity *to, str name, const struct field **ret)
{
    const struct field *back = NULL;

    for (size_t i = F_SYSTEM_N; i < rel->n; i++) {
        const struct field *f = &rel->f[i];
        if (f->trashed || link_target(cx, f) != to || !may_name(cx, p, f)) continue;
        if (back)
            return fail_at(cx, E_INVALID, filter_shown(name), "Say by which field: \"%.*s.%.*s\" or \"%.*s.%.*s\"",
                           FS(rel->name), FS(back->name), FS(rel->name), FS(f->name));
        back = f;
    }
    if (!back) return unknown(cx, name);
    *ret = back;
    return E_OK;
}

/* The related entity's link back here: of a lines field, an entity, or "entity.field". */
static enum err find_back(struct cx *cx, const struct filter_parse *p, const struct entity *e, str name,
                          const struct field **ret)
{
    const struct field *lines = entity_field(e, name);
    str ent = S(""), field = S("");

    if (lines && lines->kind->store == ST_LINES && lines->target && may_name(cx, p, lines) &&
        may_see(cx, p, lines->target)) {
        TRY(find_field(cx, p, lines->target, lines->via, ret));
        return E_OK;
    }
    bool dot = str_split(name, '.', &ent, &field);
    const struct entity *rel = find_entity(cx, ent);
    if (!rel || !may_see(cx, p, rel)) return unknown(cx, name);
    if (!dot) return only_link(cx, p, rel, e, name, ret);
    const struct field *f = entity_field(rel, field);
    if (!f || link_target(cx, f) != e || !may_name(cx, p, f)) return unknown(cx, name);
    *ret = f;
    return E_OK;
}

/* ---- nodes ---- */
static enum err too_many(struct cx *cx)
{
    return fail_at(cx, E_INVALID, S("filter"), "A filter has at most %d conditions", FILTER_NODES);
}

static enum err malformed(struct cx *cx)
{
    return fail_at(cx, E_INVALID, S("filter"),
                   "A condition is {\"and\":[...]}, {\"or\":[...]}, {\"not\":{...}}, {\"field\",\"op\",\"value\"}, "
                   "{\"link\",\"has\"}, {\"any\",\"has\"} or {\"all\",\"has\"}");
}

static enum err kids_node(struct cx *cx, struct filter_parse *p, const struct entity *e, const struct json *j,
                          int depth, struct cond *ret)
{
    if (j->t != JT_ARR) return malformed(cx);
    if (j->n > FILTER_NODES) return too_many(cx);
    if (!j->n && ret->k == C_OR) return fail_at(cx, E_INVALID, S("filter"), "\"or\" needs at least one condition");
    struct cond *kids = NEW_N(cx->a, struct cond, j->n + 1);
    for (size_t i = 0; i < j->n; i++) TRY(node(cx, p, e, &j->v[i], depth + 1, &kids[i]));
    ret->kids = kids;
    ret->n = j->n;
    return E_OK;
}

static enum err kid_node(struct cx *cx, struct filter_parse *p, const struct entity *e, const struct json *j, int depth,
                         struct cond *ret)
{
    struct cond *kid = NEW(cx->a, struct cond);

    kid->e = e;
    if (ret->k == C_NOT || j->t != JT_OBJ || j->n) TRY(node(cx, p, e, j, depth + 1, kid)); /* "has":{} = any at all */
    ret->kids = kid;
    ret->n = 1;
    return E_OK;
}

/* {"link"|"any"|"all": name, "has": {...}} */
static enum err has_node(struct cx *cx, struct filter_parse *p, const struct json *j, int depth, struct cond *ret)
{
    const struct json *name = &j->v[str_eq(j->v[0].key, S("has"))], *has = json_get(j, S("has"));

    if (j->n != 2 || !has || name->t != JT_STR) return malformed(cx);
    if (str_eq(name->key, S("link"))) {
        ret->k = C_HAS;
        TRY(find_field(cx, p, ret->e, name->s, &ret->f));
        const struct entity *to = link_target(cx, ret->f);
        if (!to || !may_see(cx, p, to)) return unknown(cx, name->s);
        return kid_node(cx, p, to, has, depth, ret);
    }
    ret->k = str_eq(name->key, S("any")) ? C_ANY : C_ALL;
    if (ret->k == C_ALL && !str_eq(name->key, S("all"))) return malformed(cx);
    TRY(find_back(cx, p, ret->e, name->s, &ret->f));
    return kid_node(cx, p, ret->f->entity, has, depth, ret);
}

/* A user's "my_team": his record's team is mine. `ne` turns it round. */
static bool my_team_node(struct cx *cx, const struct json *j, struct cond *ret)
{
    const struct field *f = ret->f, *team = NULL;
    const struct entity *users = filter_is_user(f) ? link_target(cx, f) : NULL;

    if (!j || j->t != JT_STR || !str_eq(j->s, S("my_team")) || (ret->op != OP_EQ && ret->op != OP_NE)) return false;
    if (!users || !(team = entity_field(users, S("team")))) return false;
    struct val *v = NEW(cx->a, struct val);
    struct cond *kid = NEW(cx->a, struct cond);
    *v = VAL_INT(cx->who.team);
    *kid = (struct cond){.k = C_CMP, .e = users, .f = team, .op = OP_EQ, .v = v, .n_v = 1};
    struct cond has = {.k = C_HAS, .e = ret->e, .f = f, .kids = kid, .n = 1};
    if (ret->op == OP_EQ) {
        *ret = has;
        return true;
    }
    struct cond *inner = NEW(cx->a, struct cond);
    *inner = has;
    *ret = (struct cond){.k = C_NOT, .e = ret->e, .kids = inner, .n = 1};
    return true;
}

/* A time stamp compared with a mere day ("2026-11-29"), as a person says it: "is" is any time of it, "after" is after
 * its end. */
static bool day_node(struct cx *cx, const struct json *j, struct cond *ret)
{
    int64_t day = 0;
    enum op op = ret->op;

    if (!j || j->t != JT_STR || op > OP_GE || !str_eq(filter_measure(ret->f)->kind->name, S("timestamp"))) return false;
    if (!day_parse(str_trim(j->s), &day)) return false;
    int64_t from = day_start_ms(day, cx->tz_min), to = day_start_ms(day + 1, cx->tz_min);
    struct val *v = NEW_N(cx->a, struct val, 2);
    v[0] = VAL_INT(op == OP_LE || op == OP_GT ? to : from);
    v[1] = VAL_INT(to);
    ret->v = v;
    ret->n_v = 1;
    if (op == OP_LE) ret->op = OP_LT;
    if (op == OP_GT) ret->op = OP_GE;
    if (op != OP_EQ && op != OP_NE) return true;
    ret->op = OP_WITHIN;
    ret->n_v = 2;
    if (op == OP_EQ) return true;
    struct cond *inner = NEW(cx->a, struct cond);
    *inner = *ret;
    *ret = (struct cond){.k = C_NOT, .e = inner->e, .kids = inner, .n = 1};
    return true;
}

static enum err cmp_node(struct cx *cx, struct filter_parse *p, const struct json *j, struct cond *ret)
{
    const struct json *field = json_get(j, S("field")), *op = json_get(j, S("op")), *value = json_get(j, S("value"));

    if (!field || field->t != JT_STR || !op || op->t != JT_STR || j->n != 2 + (value ? 1u : 0u)) return malformed(cx);
    ret->k = C_CMP;
    TRY(find_compared(cx, p, field->s, ret));
    TRY(find_op(cx, op->s, ret));
    if (my_team_node(cx, value, ret) || day_node(cx, value, ret)) return E_OK;
    return filter_value(cx, p, value, ret);
}

static enum err node(struct cx *cx, struct filter_parse *p, const struct entity *e, const struct json *j, int depth,
                     struct cond *ret)
{
    ret->e = e;
    if (depth > FILTER_DEPTH)
        return fail_at(cx, E_INVALID, S("filter"), "A filter is nested at most %d deep", FILTER_DEPTH);
    if (++p->nodes > FILTER_NODES) return too_many(cx);
    if (j->t != JT_OBJ || !j->n) return malformed(cx);
    if (json_get(j, S("has"))) return has_node(cx, p, j, depth, ret);
    if (j->n > 1) return cmp_node(cx, p, j, ret);
    str key = j->v[0].key;
    ret->k = str_eq(key, S("and")) ? C_AND : str_eq(key, S("or")) ? C_OR : C_NOT;
    if (ret->k != C_NOT) return kids_node(cx, p, e, &j->v[0], depth, ret);
    if (!str_eq(key, S("not"))) return malformed(cx);
    return kid_node(cx, p, e, &j->v[0], depth, ret);
}

unsigned filter_ops(const struct field *f)
{
    const unsigned same = OPM(OP_EQ) | OPM(OP_NE) | OPM(OP_IN) | OPM(OP_NOTIN), none = OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                   order = OPM(OP_LT) | OPM(OP_LE) | OPM(OP_GT) | OPM(OP_GE), part = OPM(OP_CONTAINS) | OPM(OP_STARTS);
    unsigned can = 0;

    switch (f->kind->store) {
    case ST_NONE: break;
    case ST_LINES: can = none; break;
    case ST_KEYS:
    case ST_LINKS: can = same | none; break;
    case ST_POINTS: can = same | part | none; break;
    case ST_TEXT:
    case ST_FOLDED: can = same | order | part | none; break;
    case ST_MONEY: can = same | order | none; break;
    case ST_INT: can = same | order | none; break;
    }
    const struct kind *k = filter_measure(f)->kind;
    if (str_eq(k->name, S("date")) || str_eq(k->name, S("timestamp"))) can |= OPM(OP_WITHIN);
    return (f->kind->ops | k->ops) & can;
}

enum err filter_parse(struct cx *cx, const struct entity *e, const struct json *j, const struct filter_opts *o,
                      const struct cond **ret)
{
    struct filter_parse p = {.opts = o};
    struct cond *c = NEW(cx->a, struct cond);

    c->e = e;
    if (j && j->t != JT_NULL && !(j->t == JT_OBJ && !j->n)) TRY(node(cx, &p, e, j, 1, c));
    *ret = c;
    return E_OK;
}
