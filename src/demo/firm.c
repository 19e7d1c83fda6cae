/* SPDX-License-Identifier: MIT */
/* demo/firm.c - companies and their people. */
#include "demo/demo_int.h"

#include "base/time.h"

/* A company of each 25 is the head of the two next ones; each fifth has its departments as records. */
enum { HOLDING_EVERY = 25, HOLDING_PARTS = 2, ORDERED_EVERY = 5 };

/* ---- companies: a serial gives each name and legal form once ---- */

static str form_at(struct maker *m, size_t i, size_t which)
{
    struct list f = list_of(m->cx->a, arena_z(m->cx->a, m->forms.v[i % m->forms.n]), '/');
    return f.v[which < f.n ? which : f.n - 1];
}

static str surname(struct maker *m, size_t i)
{
    return list_of(m->cx->a, arena_z(m->cx->a, m->last.v[i % m->last.n]), '/').v[0];
}

/* Single names first, then with the city, then two partners, then two partners with the city. */
static str brand_of(struct maker *m, uint64_t serial, bool *ret_city, size_t *ret_trade)
{
    uint64_t t = m->trades.n, one = m->brands.n + m->last.n, two = m->last.n * (m->last.n - 1),
             c = m->n_cities;
    uint64_t x = serial;
    *ret_city = false;
    *ret_trade = (size_t)(x % t);
    x /= t;
    if (x < one * (1 + c)) {
        *ret_city = x >= one;
        x = (x * (one % 7 ? 7 : 1) + *ret_trade * 37) %
            one; /* neighbours differ, and none comes twice */
        return x < m->brands.n ? m->brands.v[x] : surname(m, (size_t)(x - m->brands.n));
    }
    x -= one * (1 + c);
    *ret_city = x >= two;
    x = (x * (two % 101 ? 101 : 1) + *ret_trade * 997) % two;
    size_t a = (size_t)(x / (m->last.n - 1)), b = (size_t)(x % (m->last.n - 1));
    return demo_fill(m->cx->a, str_from(m->w->pair), "ab",
                     (const str[]){surname(m, a), surname(m, b + (b >= a))});
}

static str name_of(struct maker *m, struct firm *f, str *ret_full)
{
    bool with_city = false;
    size_t trade = 0;
    uint64_t serial = (uint64_t)m->n_company++;
    struct arena *a = m->cx->a;
    str brand = brand_of(m, serial, &with_city, &trade);
    str industry = {0}, word = {0}, rest = {0};
    str_split(m->trades.v[trade], '/', &word, &rest);
    str_split(rest, '/', &industry, &f->trade);
    str name = demo_fill(a, str_from(m->w->named), "wb", (const str[]){word, brand});
    if (with_city) name = arena_fmt(a, "%.*s %s", FS(name), m->w->city[f->city].name);
    size_t form = rng_to(&m->r, m->forms.n);
    *ret_full = demo_fill(a, form_at(m, form, 1), "n", &name);
    str slug = demo_slug(m->cx, name, '-');
    f->host = arena_fmt(a, "%.*s.example", FS(slug));
    f->name = demo_fill(a, form_at(m, form, 0), "n", &name);
    return industry;
}

static enum err address(struct draft *d, size_t city, const char *type)
{
    struct maker *m = d->m;
    struct arena *a = m->cx->a;
    const struct field *f = entity_field(d->e, S("addresses"));
    const struct demo_city *c = &m->w->city[city];
    struct val v = VAL_NULL;
    if (!f) return E_OK;
    str house = arena_fmt(a, "%zu", 1 + rng_to(&m->r, 120));
    str line = demo_fill(a, str_from(m->w->street_line), "sh",
                         (const str[]){pick(&m->r, &m->streets), house});
    const struct json part[] = {{.t = JT_STR, .key = S("type"), .s = str_from(type)},
                                {.t = JT_STR, .key = S("street"), .s = line},
                                {.t = JT_STR, .key = S("zip"), .s = demo_digits(m, c->zip, -1)},
                                {.t = JT_STR, .key = S("city"), .s = str_from(c->name)},
                                {.t = JT_STR, .key = S("region"), .s = str_from(c->region)},
                                {.t = JT_STR, .key = S("country"), .s = str_from(m->w->country)}};
    const struct json one = {.t = JT_OBJ, .v = part, .n = COUNT(part)},
                      all = {.t = JT_ARR, .v = &one, .n = 1};
    TRY(f->kind->from_json(m->cx, f, &all, &v));
    draft_val(d, "addresses", v);
    return E_OK;
}

static struct val keys(struct maker *m, const str *k, size_t n)
{
    struct item *v = NEW_N(m->cx->a, struct item, n);
    for (size_t i = 0; i < n; i++) v[i].norm = k[i];
    return n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
}

static void some_tags(struct draft *d, unsigned percent)
{
    struct maker *m = d->m;
    if (!rng_of100(&m->r, percent)) return;
    size_t at = rng_to(&m->r, m->tags.n);
    const str two[] = {m->tags.v[at],
                       m->tags.v[(at + 1 + rng_to(&m->r, m->tags.n - 1)) % m->tags.n]};
    draft_val(d, "tags", keys(m, two, 1 + rng_of100(&m->r, 25)));
}

static void some_groups(struct draft *d, unsigned percent)
{
    struct maker *m = d->m;
    if (!rng_of100(&m->r, percent) || !m->n_groups) return;
    struct item *v = NEW_N(m->cx->a, struct item, 2);
    size_t at = rng_to(&m->r, m->n_groups), n = 1 + rng_of100(&m->r, 20);
    v[0].id = m->group_ids[at];
    v[1].id = m->group_ids[(at + 1) % m->n_groups];
    draft_val(d, "groups", (struct val){.t = VT_LIST, .v = v, .n = n < m->n_groups ? n : 1});
}

static void some_owner(struct draft *d, const struct owner *o)
{
    if (o->user) draft_int(d, "owner", o->user);
    if (o->team) draft_int(d, "team", o->team);
}

enum err demo_company(struct maker *m, struct firm *ret)
{
    static const str roles[] = {S0("customer"),   S0("customer"), S0("customer"),
                                S0("customer"),   S0("supplier"), S0("partner"),
                                S0("competitor"), S0("carrier"),  S0("dealer")};
    struct draft d = draft_new(m, m->company);
    struct firm f = {.city = rng_to(&m->r, m->n_cities),
                     .owner = m->owners[rng_to(&m->r, m->n_owners)]};
    str full = {0}, kind[2] = {roles[rng_to(&m->r, COUNT(roles))], S("supplier")};
    str industry = name_of(m, &f, &full);
    draft_text(&d, "name", f.name);
    draft_text(&d, "full_name", full);
    draft_val(&d, "kinds",
              keys(m, kind, str_eq(kind[0], S("customer")) && rng_of100(&m->r, 8) ? 2 : 1));
    TRY(draft_parse(&d, "phones", demo_fixed(m, f.city)));
    TRY(draft_parse(&d, "mails", arena_fmt(m->cx->a, "info@%.*s", FS(f.host))));
    TRY(draft_parse(&d, "website", arena_fmt(m->cx->a, "https://www.%.*s", FS(f.host))));
    TRY(address(&d, f.city, "work"));
    some_groups(&d, 25);
    some_tags(&d, 20);
    demo_numbers(&d, m);
    draft_text(&d, "industry", industry);
    draft_int(&d, "employees", 1 + (int64_t)(rng_to(&m->r, 20) * rng_to(&m->r, 20)));
    draft_int(&d, "founded", 1950 + (int64_t)rng_to(&m->r, 74));
    draft_text(&d, "source", pick(&m->r, &m->sources));
    if (rng_of100(&m->r, 40)) draft_int(&d, "rating", 1 + (int64_t)rng_to(&m->r, 5));
    some_owner(&d, &f.owner);
    if (m->ret->companies % HOLDING_EVERY && m->ret->companies % HOLDING_EVERY <= HOLDING_PARTS)
        draft_int(&d, "parent", m->holding);
    f.id = draft_plan(&d);
    if (m->ret->companies % HOLDING_EVERY == 0) m->holding = f.id;
    f.ordered = m->ret->companies % ORDERED_EVERY == 0;
    m->ret->companies++;
    *ret = f;
    return E_OK;
}

/* ---- people ---- */
/* The firm's department of this name as a record, under its first one; 0 when the firm has none. */
static int64_t unit_of(struct maker *m, struct firm *f, size_t at)
{
    if (!f->ordered || at >= DEMO_UNITS) return 0;
    if (f->unit[at]) return f->unit[at];
    struct draft d = draft_new(m, m->department);
    draft_text(&d, "name", m->departments.v[at]);
    draft_int(&d, "company", f->id);
    if (f->first_unit) draft_int(&d, "parent", f->first_unit);
    some_owner(&d, &f->owner);
    f->unit[at] = draft_plan(&d);
    if (!f->first_unit) f->first_unit = f->unit[at];
    return f->unit[at];
}

struct naming_of {
    str first, middle, last, name;
    bool woman;
};

static struct naming_of person_name(struct maker *m)
{
    struct arena *a = m->cx->a;
    struct naming_of p = {.woman = rng_of100(&m->r, 48)};
    struct list given = list_of(a, arena_z(a, pick(&m->r, p.woman ? &m->female : &m->male)), '/');
    struct list father = list_of(a, arena_z(a, pick(&m->r, &m->male)), '/');
    struct list last = list_of(a, arena_z(a, pick(&m->r, &m->last)), '/');
    p.first = given.v[0];
    if (father.n == 3) p.middle = father.v[p.woman ? 2 : 1];
    p.last = last.v[p.woman && last.n > 1 ? 1 + rng_to(&m->r, last.n - 1) : 0];
    if (last.n == 1 && !p.middle.n && rng_of100(&m->r, 7)) {
        str second = pick(&m->r, &m->last);
        p.last = arena_fmt(a, "%.*s-%.*s", FS(p.last), FS(second));
    }
    p.name = str_trim(
        demo_fill(a, str_from(m->w->order), "fml", (const str[]){p.first, p.middle, p.last}));
    return p;
}

static str title_of(struct maker *m, bool woman)
{
    struct list t = list_of(m->cx->a, arena_z(m->cx->a, pick(&m->r, &m->titles)), '/');
    return t.v[woman && t.n > 1 ? 1 : 0];
}

/* Mobile, and often a number at work; mail at the firm or at a provider. */
static enum err ways(struct draft *d, const struct naming_of *p, const struct firm *f, size_t city)
{
    struct maker *m = d->m;
    struct arena *a = m->cx->a;
    bool mobile = rng_of100(&m->r, 85), fixed = !mobile || rng_of100(&m->r, f ? 30 : 10);
    str one = mobile ? demo_mobile(m) : S(""), two = fixed ? demo_fixed(m, city) : S("");
    TRY(draft_parse(d, "phones",
                    mobile && fixed ? arena_fmt(a, "%.*s; %.*s", FS(one), FS(two))
                    : mobile        ? one
                                    : two));
    if (!rng_of100(&m->r, f ? 80 : 60)) return E_OK;
    str box = demo_slug(m->cx, arena_fmt(a, "%.*s %.*s", FS(p->first), FS(p->last)), '.');
    if (f) return draft_parse(d, "mails", arena_fmt(a, "%.*s@%.*s", FS(box), FS(f->host)));
    str host = pick(&m->r, &m->mailhosts);
    return draft_parse(d, "mails",
                       arena_fmt(a, "%.*s%zu@%.*s", FS(box), 50 + rng_to(&m->r, 50), FS(host)));
}

static void life(struct draft *d, size_t city)
{
    static const str states[] = {S0("active"), S0("active"),  S0("active"),
                                 S0("new"),    S0("dormant"), S0("lost")};
    struct maker *m = d->m;
    draft_text(d, "status", states[rng_to(&m->r, COUNT(states))]);
    if (rng_of100(&m->r, 60))
        draft_int(d, "birthday", day_from(1948, 1, 1) + (int64_t)rng_to(&m->r, 57 * 365));
    draft_text(d, "language", str_from(m->w->code));
    draft_text(d, "timezone", str_from(m->w->city[city].timezone));
    if (rng_of100(&m->r, 70)) draft_text(d, "source", pick(&m->r, &m->sources));
    if (rng_of100(&m->r, 25)) draft_int(d, "rating", 1 + (int64_t)rng_to(&m->r, 5));
    if (rng_of100(&m->r, 15)) draft_text(d, "note", pick(&m->r, &m->notes));
}

enum err demo_person(struct maker *m, struct firm *f, struct contact *ret)
{
    struct draft d = draft_new(m, m->person);
    struct naming_of p = person_name(m);
    size_t city = f ? f->city : rng_to(&m->r, m->n_cities);
    struct owner owner =
        f && rng_of100(&m->r, 85) ? f->owner : m->owners[rng_to(&m->r, m->n_owners)];
    draft_text(&d, "name", p.name);
    draft_text(&d, "last_name", p.last);
    draft_text(&d, "first_name", p.first);
    draft_text(&d, "middle_name", p.middle);
    draft_text(&d, "salutation", p.woman ? S("ms") : S("mr"));
    if (f) {
        draft_int(&d, "company", f->id);
        draft_text(&d, "job_title", title_of(m, p.woman));
        size_t at = rng_of100(&m->r, 50) ? rng_to(&m->r, m->departments.n) : m->departments.n;
        if (at < m->departments.n) {
            int64_t unit = unit_of(m, f, at);
            draft_text(&d, "department", m->departments.v[at]);
            if (unit) draft_int(&d, "unit", unit);
        }
    }
    TRY(ways(&d, &p, f, city));
    if (!f || rng_of100(&m->r, 10)) TRY(address(&d, city, f ? "work" : "home"));
    some_groups(&d, 30);
    some_tags(&d, 25);
    life(&d, city);
    some_owner(&d, &owner);
    *ret = (struct contact){
        .id = draft_plan(&d), .name = p.name, .first = p.first, .firm = f, .owner = owner};
    m->ret->people++;
    return E_OK;
}
