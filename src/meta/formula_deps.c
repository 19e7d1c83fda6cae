/* SPDX-License-Identifier: MIT */
/* meta/formula_deps.c - formulas within the whole description: their kinds, their order, who depends on whom. */
#include "meta/formula.h"
#include "meta/meta_int.h"

const struct kind *formula_kind(struct cx *cx, const struct kind *as, str result, bool live)
{
    static const str results[] = {S0("text"),      S0("int"),      S0("decimal"), S0("money"), S0("date"),
                                  S0("bool"),      S0("percent"),  S0("choice"),  S0("url"),   S0("longtext"),
                                  S0("timestamp"), S0("duration"), S0("rating")};
    size_t n = as == &kind_formula ? 7 : COUNT(results);
    bool known = false;
    for (size_t i = 0; i < n; i++) known |= str_eq(results[i], result);
    if (!known) return NULL;
    struct kind *k = NEW(cx->a, struct kind);
    *k = *kind_find(result);
    k->name = as->name;
    k->from_text = as->from_text;
    k->search = false;
    if (live) {
        k->store = ST_NONE;
        k->sort = false;
        k->ops = 0;
    }
    return k;
}

static bool is_formula(const struct field *f)
{
    return f->result.n && !f->trashed && str_eq(f->kind->name, kind_formula.name);
}

/* ---- order within one entity ---- */
struct order {
    struct cx *cx;
    const struct entity *e;
    struct field *f;     /* of e, to be written */
    char *state;         /* by field.at: 0 new, 1 open, 2 placed */
    uint32_t *at;
    size_t n;
    bool circle;
};
static void place(struct order *o, size_t at);

static void place_read(void *arg, const struct expr *x)
{
    struct order *o = arg;
    if (x->link || !is_formula(x->f)) return;
    if (o->state[x->f->at] == 1) o->circle = true;
    else place(o, x->f->at);
}

/* Depth first; a formula in a circle loses its expression. */
static void place(struct order *o, size_t at)
{
    struct field *f = &o->f[at];
    if (o->state[at] || !is_formula(f) || !f->expr) return;
    o->state[at] = 1;
    formula_reads(f->expr, place_read, o);
    o->state[at] = 2;
    if (o->circle) {
        f->expr = NULL;
        o->circle = false;
        return;
    }
    if (!f->live) o->at[o->n++] = (uint32_t)at;
}

static void order_formulas(struct cx *cx, struct entity *e, struct field *f)
{
    struct order o = {.cx = cx, .e = e, .f = f};
    o.state = arena_get(cx->a, e->n + 1);
    o.at = NEW_N(cx->a, uint32_t, e->n + 1);
    for (size_t i = 0; i < e->n; i++) place(&o, i);
    e->formulas = o.at;
    e->n_formulas = o.n;
}

/* ---- who reads what ---- */
struct linking {
    struct cx *cx;
    struct entity *all;
    struct field *const *fields;
    const struct field *formula;
    LIST(struct dependant) *lists; /* by entity.at */
};

static void link_read(void *arg, const struct expr *x)
{
    struct linking *l = arg;
    const struct entity *e = x->f->entity;
    size_t at = 0;
    while (&l->all[at] != e) at++;
    l->fields[at][x->f->at].read = true;
    if (!x->link || l->formula->live) return;
    *LIST_ADD(l->cx->a, &l->lists[at]) = (struct dependant){l->formula, x->link, x->f};
}

static bool has_formulas(const struct entity *all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = F_SYSTEM_N; k < all[i].n; k++)
            if (is_formula(&all[i].f[k])) return true;
    return false;
}

/* The latest value of a choice has the choices of its field. */
static void choices_of_latest(struct field *f)
{
    const struct json *name = json_get(f->def, S("field"));
    const struct field *of = name && name->t == JT_STR ? entity_field(f->target, name->s) : NULL;
    if (!of) return;
    f->choices = of->choices;
    f->n_choices = of->n_choices;
}

static void read_all(struct cx *cx, struct entity *e, struct field *fields)
{
    for (size_t k = F_SYSTEM_N; k < e->n; k++) {
        struct cx quiet = *cx;
        struct field *f = &fields[k];
        const struct expr *x = NULL;
        if (!is_formula(f)) continue;
        if (formula_parse(&quiet, e, f->def, &x) == E_OK && formula_fits(x, f->result)) f->expr = x;
        e->live |= f->live;
    }
}

static void links_of(struct linking *l, const struct entity *e, const struct field *fields)
{
    for (size_t k = F_SYSTEM_N; k < e->n; k++) {
        l->formula = &fields[k];
        if (l->formula->expr) formula_reads(l->formula->expr, link_read, l);
    }
}

void formulas_resolve(struct cx *cx, struct entity *all, struct field *const *fields, size_t n)
{
    struct linking l = {.cx = cx, .all = all, .fields = fields};
    for (size_t i = 0; i < n; i++)
        for (size_t k = F_SYSTEM_N; k < all[i].n; k++)
            if (fields[i][k].result.n && fields[i][k].target) choices_of_latest(&fields[i][k]);
    if (!has_formulas(all, n)) return;
    for (size_t i = 0; i < n; i++) read_all(cx, &all[i], fields[i]);
    for (size_t i = 0; i < n; i++) order_formulas(cx, &all[i], fields[i]);
    l.lists = arena_get(cx->a, sizeof *l.lists * (n + 1));
    for (size_t i = 0; i < n; i++) links_of(&l, &all[i], fields[i]);
    for (size_t i = 0; i < n; i++) {
        all[i].dependants = l.lists[i].v;
        all[i].n_dependants = l.lists[i].n;
    }
}

/* ---- circles over entities: formulas and roll-ups are the nodes ---- */
struct walk {
    const struct field *goal;
    LIST(const struct field *) seen;
    struct cx *cx;
    bool found;
};
static void walk_from(struct walk *w, const struct field *f);

static bool same_field(const struct field *a, const struct field *b)
{
    return str_eq(a->name, b->name) && str_eq(a->entity->name, b->entity->name);
}

struct sources {
    field_fn *fn;
    void *arg;
};

static void source_of(void *arg, const struct expr *x)
{
    struct sources *s = arg;
    if (x->link) s->fn(s->arg, x->link);
    s->fn(s->arg, x->f);
}

void field_sources(const struct field *f, field_fn *fn, void *arg)
{
    if (f->expr) formula_reads(f->expr, source_of, &(struct sources){fn, arg});
    if (!str_eq(f->kind->name, S("rollup")) || !f->target) return;
    rollup_where_reads(f->where, fn, arg);
    const struct field *via = entity_field(f->target, f->via);
    if (via) fn(arg, via);
    static const str named[] = {S0("field"), S0("by")};
    for (size_t i = 0; i < COUNT(named); i++) {
        const struct json *name = json_get(f->def, named[i]);
        const struct field *of = name && name->t == JT_STR ? entity_field(f->target, name->s) : NULL;
        if (of) fn(arg, of);
    }
}

static void walk_source(void *arg, const struct field *f) { walk_from(arg, f); }

static void walk_from(struct walk *w, const struct field *f)
{
    if (same_field(f, w->goal)) w->found = true;
    for (size_t i = 0; i < w->seen.n; i++)
        if (w->seen.v[i] == f) return;
    *LIST_ADD(w->cx->a, &w->seen) = f;
    field_sources(f, walk_source, w);
}

enum err formula_no_circle(struct cx *cx, const struct field *f)
{
    struct walk w = {.goal = f, .cx = cx};
    field_sources(f, walk_source, &w);
    return w.found ? fail_at(cx, E_INVALID, S("def"), "Formula: this goes round in a circle") : E_OK;
}

/* ---- at definition ---- */
enum err formula_settle(struct cx *cx, const struct entity *e, struct field *f, str *text)
{
    const struct expr *x = NULL;
    const struct json *j = NULL;
    TRY(formula_parse(cx, e, f->def, &x));
    f->expr = x;
    if (f->required || f->unique)
        return fail_at(cx, E_INVALID, f->required ? S("required") : S("unique"),
                       "A computed value can be neither required nor unique");
    if (f->result.n)
        return formula_fits(x, f->result)
                   ? E_OK
                   : fail_at(cx, E_INVALID, S("result"), "A formula cannot give values of that kind");
    struct field again = {0};
    *text = arena_fmt(cx->a, "%.*s,\"result\":\"%.*s\"}", (int)(text->n - 1), text->p, FS(formula_result(x)));
    TRY(json_parse(cx, *text, &j));
    TRY(field_read(cx, j, &again));
    again.entity = f->entity;
    again.own = f->own;
    again.at = f->at;
    again.expr = x;
    *f = again;
    return E_OK;
}
