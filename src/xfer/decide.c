/* SPDX-License-Identifier: MIT */
/* xfer/decide.c - what becomes of a row: new, or a further one of somebody known; and the writes that follow. */
#include "fmt/fold.h"
#include "xfer/head.h"
#include "xfer/import_int.h"

static int64_t fresh_id(struct import *im)
{
    return im->o->dry ? --im->fake_id : id_new(im->cx->now_ms);
}

/* ---- small entities by name ---- */
static enum err names_one(struct cx *cx, void *arg, const struct record *r)
{
    struct names *n = arg;
    str key = fold_text(cx->a, record_title(r));
    if (map_has(&n->by_name, key)) return E_OK;
    int64_t *id = NEW(n->by_name.a, int64_t);
    *id = r->id;
    map_put(&n->by_name, arena_dup(n->by_name.a, key), id);
    return E_OK;
}

enum err names_load(struct import *im, str entity, struct names *ret)
{
    struct query q = {.limit = 200};
    *ret = (struct names){meta_entity(im->cx->meta, entity), map_new(im->keep)};
    if (!ret->e) return E_OK;
    return record_each(im->cx, ret->e, &q, names_one, ret);
}

static struct step *op_new(struct import *im, const struct entity *e, int64_t id, bool is_new,
                           size_t sets)
{
    struct step *step = LIST_ADD(im->cx->a, &im->slice.ops);
    *step = (struct step){.e = e, .id = id, .is_new = is_new, .outcome = im->slice.v.n - 1};
    step->s = NEW_N(im->cx->a, struct set, sets + 8);
    return step;
}

static void op_set(struct step *step, const struct field *f, struct val v)
{
    if (f && v.t != VT_NULL) step->s[step->n++] = (struct set){f, v};
}

/* The id of the record of that name, made when it is not there. `link`: a field of it with its value. */
static int64_t names_id(struct import *im, struct names *n, str name, const struct field *link,
                        int64_t to)
{
    if (!n->e || name.n == 0) return 0;
    str key = fold_text(im->cx->a, name);
    int64_t *id = map_get(&n->by_name, key);
    if (id) return *id;
    id = NEW(im->keep, int64_t);
    *id = fresh_id(im);
    map_put(&n->by_name, arena_dup(im->keep, key), id);
    struct step *step = op_new(im, n->e, *id, true, 2);
    op_set(step, &n->e->f[n->e->title], VAL_TEXT(name));
    if (to) op_set(step, link, VAL_INT(to));
    return *id;
}

static struct val groups_val(struct import *im, const struct row *r)
{
    struct item *v = NEW_N(im->cx->a, struct item, r->groups.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < r->groups.n; i++) {
        int64_t id = names_id(im, &im->groups, r->groups.v[i], NULL, 0);
        bool twice = id == 0;
        for (size_t k = 0; k < n; k++) twice |= v[k].id == id;
        if (!twice) v[n++] = (struct item){.id = id};
    }
    return n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
}

/* ---- firms ---- */
static uint32_t field_bits(const struct row *r)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < r->company.n; i++) bits |= 1u << (r->company.v[i].f->at % 32);
    return bits;
}

/* Does the row tell of its firm what no row told before? */
static bool firm_has_news(struct import *im, const struct row *r, uint32_t group, bool is_main)
{
    uint32_t bits = field_bits(r), before = joiner_seen_fields(im->joiner, group, bits);
    if ((bits & ~before) != 0) return true;
    return is_main && (r->company.n || r->history.n || r->groups.n);
}

/* The firm of a person's row. Its id, 0 when the row has none. */
static enum err firm_decide(struct import *im, const struct row *r, uint32_t firm_of, bool is_main,
                            int64_t *ret_id, uint32_t *ret_group, struct joined *ret)
{
    struct cx *cx = im->cx;
    const struct field *name = &im->company->f[im->company->title];
    struct step *step;

    *ret_id = 0;
    *ret_group = 0;
    if (r->firm.n == 0) return E_OK;
    TRY(join_firm(cx, im->joiner, r->firm, r->firm_key, r->tax, firm_of, ret));
    bool is_new = ret->why == JOIN_NEW;
    *ret_id = is_new ? fresh_id(im) : ret->id;
    *ret_group =
        joiner_put_firm(im->joiner, r->firm, r->firm_key, r->tax, ret->group, *ret_id, false);
    if (ret->why == JOIN_FILE && joiner_take_stub(im->joiner, ret->group)) ret->why = JOIN_NEW;
    bool has_news = firm_has_news(im, r, *ret_group, is_main);
    if (!is_new && !has_news) return E_OK;
    struct val groups = is_main ? groups_val(im, r) : VAL_NULL;
    step = op_new(im, im->company, *ret_id, is_new, r->company.n + 2);
    step->is_main = is_main;
    step->in_file = ret->why == JOIN_FILE;
    if (is_new) op_set(step, name, VAL_TEXT(r->firm));
    for (size_t i = 0; i < r->company.n; i++) op_set(step, r->company.v[i].f, r->company.v[i].v);
    op_set(step, FLD(im->company, "groups"), groups);
    if (is_main) step->row = r;
    return E_OK;
}

static enum err parent_decide(struct import *im, const struct row *r, int64_t *ret)
{
    struct joined hit = {0};
    *ret = 0;
    if (r->parent.n == 0) return E_OK;
    str key = firm_key(im->cx->a, r->parent);
    if (str_eq(key, r->firm_key)) return E_OK;
    TRY(join_firm(im->cx, im->joiner, r->parent, key, S(""), 0, &hit));
    *ret = hit.why == JOIN_NEW ? fresh_id(im) : hit.id;
    joiner_put_firm(im->joiner, r->parent, key, S(""), hit.group, *ret, true);
    if (hit.why != JOIN_NEW) return E_OK;
    struct step *step = op_new(im, im->main, *ret, true, 1);
    op_set(step, &im->main->f[im->main->title], VAL_TEXT(r->parent));
    return E_OK;
}

/* ---- rows by kind of plan ---- */
static void fate_of(struct import *im, struct outcome *o, const struct joined *hit)
{
    o->unsure = hit->unsure;
    o->fate = hit->why == JOIN_NEW ? FATE_NEW : FATE_JOINED;
    o->is_main_new = hit->why == JOIN_NEW;
    o->by_write = hit->why == JOIN_BASE;
    if (hit->why == JOIN_FILE)
        o->why = hit->unsure
                     ? S(TR("The same number and mail as an earlier row; please check the name"))
                     : S(TR("Joined with an earlier row"));
    if (hit->why == JOIN_BASE) o->why = S(TR("Already in the base"));
    (void)im;
}

static enum err main_op(struct import *im, struct outcome *o, const struct joined *hit, int64_t id,
                        const struct set *more, size_t n_more)
{
    const struct row *r = &o->row;
    bool is_new = hit->why == JOIN_NEW && !(hit->group && hit->id);
    struct val groups = groups_val(im, r);
    struct step *step = op_new(im, im->main, id, is_new, r->main.n + n_more + 3);
    step->is_main = true;
    step->row = r;
    step->in_file =
        hit->why == JOIN_FILE || (hit->why == JOIN_BASE && !joiner_touch(im->joiner, id));
    op_set(step, &im->main->f[im->main->title], VAL_TEXT(r->name));
    for (size_t i = 0; i < r->main.n; i++) op_set(step, r->main.v[i].f, r->main.v[i].v);
    for (size_t i = 0; i < n_more; i++) op_set(step, more[i].f, more[i].v);
    op_set(step, FLD(im->main, "groups"), groups);
    return E_OK;
}

/* Without number and mail: by an earlier import of the same row, else by name and firm or address. */
static enum err person_without(struct import *im, const struct row *r, int64_t print, int64_t firm,
                               uint32_t firm_group, struct joined *ret)
{
    if (im->base_has_people) TRY(row_known(im->cx, print, im->again ? 0 : im->cx->batch, ret));
    return ret->why == JOIN_NEW ? join_named(im->cx, im->joiner, r, firm, firm_group, ret) : E_OK;
}

/* Remembers the row for those that follow; gives its group, 0 when nothing can lead back to it. */
static uint32_t person_put(struct import *im, const struct row *r, uint32_t group, int64_t id, uint32_t firm_group)
{
    if (!im->src.plan.join) return group;
    group = joiner_put_person(im->joiner, r, group, id, firm_group);
    return joiner_put_named(im->cx, im->joiner, r, group, id, firm_group);
}

/* A further person of the row: of the same firm. */
static enum err more_decide(struct import *im, struct outcome *o, struct row *r, int64_t firm,
                            uint32_t firm_group, int64_t beside)
{
    struct joined hit = {0};
    bool without = im->src.plan.join && r->keys.n == 0;
    int64_t print = without ? row_print(im->cx, r, beside) : 0;
    if (im->src.plan.join) TRY(join_person(im->cx, im->joiner, r, &hit));
    if (without) TRY(person_without(im, r, print, firm, firm_group, &hit));
    int64_t id = hit.why == JOIN_NEW ? fresh_id(im) : hit.id;
    (void)person_put(im, r, hit.group, id, firm_group);
    struct step *step = op_new(im, im->main, id, hit.why == JOIN_NEW, r->main.n + 2);
    step->in_file = hit.why == JOIN_FILE || (hit.why == JOIN_BASE && !joiner_touch(im->joiner, id));
    step->print = print;
    op_set(step, &im->main->f[im->main->title], VAL_TEXT(r->name));
    for (size_t i = 0; i < r->main.n; i++) op_set(step, r->main.v[i].f, r->main.v[i].v);
    op_set(step, FLD(im->main, "company"), firm ? VAL_INT(firm) : VAL_NULL);
    o->title = arena_fmt(im->cx->a, "%.*s, %.*s", FS(o->title), FS(r->name));
    return E_OK;
}

static enum err person_decide(struct import *im, struct outcome *o)
{
    struct row *r = &o->row;
    struct joined hit = {0}, firm = {0};
    int64_t firm_id = 0;
    uint32_t firm_group = 0;
    bool without = im->src.plan.join && r->keys.n == 0;
    int64_t print = without ? row_print(im->cx, r, 0) : 0;

    if (o->is_same && im->above.id) hit = im->above;
    else if (im->src.plan.join) TRY(join_person(im->cx, im->joiner, r, &hit));
    TRY(firm_decide(im, r, joiner_firm_of(im->joiner, hit.group), false, &firm_id, &firm_group,
                    &firm));
    if (without && hit.why == JOIN_NEW) TRY(person_without(im, r, print, firm_id, firm_group, &hit));
    int64_t id = hit.why == JOIN_NEW ? fresh_id(im) : hit.id;
    uint32_t group = person_put(im, r, hit.group, id, firm_group);
    im->above = (struct joined){JOIN_FILE, group, id, S(""), false};
    fate_of(im, o, &hit);
    if (hit.why == JOIN_FILE && name_is_better(hit.name, r->name)) r->name = hit.name;
    struct set link = {FLD(im->main, "company"), firm_id ? VAL_INT(firm_id) : VAL_NULL};
    TRY(main_op(im, o, &hit, id, &link, 1));
    im->slice.ops.v[im->slice.ops.n - 1].firm = firm_id;
    im->slice.ops.v[im->slice.ops.n - 1].print = print;
    for (size_t i = 0; i < r->n_more; i++)
        TRY(more_decide(im, o, &r->more[i], firm_id, firm_group, print));
    return E_OK;
}

static enum err firm_only_decide(struct import *im, struct outcome *o)
{
    struct joined hit = {0};
    int64_t id = 0;
    uint32_t group = 0;
    TRY(firm_decide(im, &o->row, 0, true, &id, &group, &hit));
    o->title = o->row.firm;
    fate_of(im, o, &hit);
    o->is_main_new = false; /* counted as a company by the write */
    return E_OK;
}

static enum err company_decide(struct import *im, struct outcome *o)
{
    struct row *r = &o->row;
    struct joined hit = {0};
    int64_t parent = 0;

    TRY(parent_decide(im, r, &parent));
    TRY(join_firm(im->cx, im->joiner, r->firm, r->firm_key, r->tax, 0, &hit));
    int64_t id = hit.why == JOIN_NEW ? fresh_id(im) : hit.id;
    joiner_put_firm(im->joiner, r->firm, r->firm_key, r->tax, hit.group, id, false);
    if (hit.why == JOIN_FILE && joiner_take_stub(im->joiner, hit.group)) hit.why = JOIN_NEW;
    fate_of(im, o, &hit);
    struct set link = {FLD(im->main, "parent"), parent ? VAL_INT(parent) : VAL_NULL};
    return main_op(im, o, &hit, id, &link, 1);
}

static enum err user_decide(struct import *im, struct outcome *o)
{
    struct row *r = &o->row;
    str key = fold_text(im->cx->a, r->name);
    int64_t *known = map_get(&im->users.by_name, key);
    struct joined hit = {.why = known ? JOIN_BASE : JOIN_NEW, .id = known ? *known : 0};
    int64_t id = known ? *known : fresh_id(im);

    if (!known) {
        int64_t *p = NEW(im->keep, int64_t);
        *p = id;
        map_put(&im->users.by_name, arena_dup(im->keep, key), p);
    }
    int64_t branch = names_id(im, &im->branches, r->branch, NULL, 0);
    const struct field *of = im->teams.e ? FLD(im->teams.e, "branch") : NULL;
    str team_name = r->team.n ? r->team : r->branch;
    int64_t team = names_id(im, &im->teams, team_name, of, branch);
    fate_of(im, o, &hit);
    struct set more[] = {{FLD(im->main, "team_of"), team ? VAL_INT(team) : VAL_NULL},
                         {FLD(im->main, "active"), hit.why == JOIN_NEW ? VAL_INT(0) : VAL_NULL}};
    return main_op(im, o, &hit, id, more, COUNT(more));
}

enum err row_decide(struct import *im, struct outcome *o)
{
    struct row *r = &o->row;
    bool any_bad = false;

    o->title = r->name;
    for (size_t i = 0; i < r->problems.n; i++) any_bad |= !r->problems.v[i].kept;
    switch (r->kind) {
    case ROW_TOTAL:
        o->fate = FATE_EMPTY;
        o->why = S(TR("A total of the other rows"));
        return E_OK;
    case ROW_EMPTY:
        o->fate = any_bad ? FATE_REFUSED : FATE_EMPTY;
        o->why = any_bad ? S(TR("Nothing usable is left in this row"))
                         : S(TR("Neither a person nor a firm"));
        return E_OK;
    case ROW_HEADINGS:
        o->fate = FATE_EMPTY;
        o->why = S(TR("The headings once more"));
        return E_OK;
    case ROW_FIRM: return firm_only_decide(im, o);
    case ROW_MAIN: break;
    }
    if (im->company) return person_decide(im, o);
    if (str_eq(im->main->name, S("company"))) return company_decide(im, o);
    if (str_eq(im->main->name, S("user"))) return user_decide(im, o);
    struct joined hit = {0};
    fate_of(im, o, &hit);
    return main_op(im, o, &hit, fresh_id(im), NULL, 0);
}
