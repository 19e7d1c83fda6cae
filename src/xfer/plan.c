/* SPDX-License-Identifier: MIT */
/* Guessing goes in four steps: each column alone (heading, then content), then what only all of them
 * together can tell (is "Kunde" a firm?), then the entity, then one column per target. */
#include "xfer/plan.h"

#include "xfer/head.h"

static bool to_is(const struct plan_column *c, str to) { return str_eq(c->to, to); }

static struct plan_column *col_of(struct plan *p, str to)
{
    for (size_t i = 0; i < p->n; i++)
        if (to_is(&p->v[i], to)) return &p->v[i];
    return NULL;
}

static void set_to(struct plan_column *c, str to, int guess)
{
    c->to = to;
    c->guess = guess;
}

bool plan_target_many(str to)
{
    static const str many[] = {S0("phones"),         S0("mails"),         S0("addresses"),
                               S0("groups"),         S0("tags"),          S0("note"),
                               S0("history"),        S0("skip"),          S0("new"),
                               S0("company.phones"), S0("company.mails"), S0("urls")};
    for (size_t i = 0; i < COUNT(many); i++)
        if (str_eq(to, many[i])) return true;
    return false;
}

static void guess_kind(const struct look *l, struct plan_column *c)
{
    c->kind = S("text");
    if (l->n == 0) return;
    if (look_mostly(l, l->date, 95)) c->kind = S("date");
    else if (look_mostly(l, l->number, 90)) {
        c->kind = S("decimal");
        c->scale = l->decimals > 2 ? l->decimals : 2;
    }
}

static void guess_content(const struct look *l, struct plan_column *c)
{
    if (l->n == 0) set_to(c, S("skip"), 500);
    else if (l->n > 3 && look_mostly(l, l->serial, 95)) set_to(c, S("skip"), 700);
    else if (look_mostly(l, l->mail, 60)) set_to(c, S("mails"), 800);
    else if (look_mostly(l, l->history, 60)) set_to(c, S("history"), 800);
    else if (c->heading.n == 0 && look_mostly(l, l->phone, 70)) set_to(c, S("phones"), 650);
    else if (c->heading.n == 0 && look_mostly(l, l->firm, 50)) set_to(c, S("company.name"), 500);
    else if (c->heading.n == 0 && look_mostly(l, l->person, 80)) set_to(c, S("name"), 400);
    else set_to(c, S("new"), 300);
}

/* Not one cell, or as good as none, is what the heading says. */
static bool is_refuted(const struct look *l, const struct plan_column *c)
{
    if (to_is(c, S("mails"))) return l->mail == 0;
    if (to_is(c, S("phones"))) return l->phone == 0;
    return to_is(c, S("birthday")) && look_mostly(l, l->phone, 90) && l->date == 0;
}

/* A list of headings, as a description of tables has it, names nobody. */
static bool names_columns(const struct look *l, const struct plan_column *c)
{
    static const str names[] = {S0("name"), S0("customer"), S0("company.name"), S0("last_name"), S0("first_name")};
    bool is_name = false;
    for (size_t i = 0; i < COUNT(names); i++) is_name |= to_is(c, names[i]);
    return is_name && l->heading > 2 && look_mostly(l, l->heading, 40);
}

/* Where the content speaks against the heading, the content is right. */
static void weigh_content(const struct look *l, struct plan_column *c)
{
    if (to_is(c, S("tags")) && c->n_samples && str_has_prefix(c->samples[0], S("* ")))
        set_to(c, S("groups"), 700); /* an address book's own labels */
    if (l->n < 2) return;
    if ((to_is(c, S("phones")) || to_is(c, S("company.website"))) && look_mostly(l, l->mail, 60))
        set_to(c, S("mails"), 700);
    else if (to_is(c, S("name")) && look_mostly(l, l->firm, 60)) set_to(c, S("company.name"), 700);
    else if (to_is(c, S("note")) && look_mostly(l, l->history, 50)) set_to(c, S("history"), 900);
    else if (names_columns(l, c)) set_to(c, S("new"), 300);
    else if (is_refuted(l, c)) guess_content(l, c);
}

static void guess_alone(struct arena *a, const struct grid *g, int head, size_t index,
                        struct plan_column *c, struct look *l)
{
    size_t from = head < 0 ? 0 : (size_t)head + 1;
    c->index = index;
    if (head >= 0 && index < g->row[head].n) c->heading = str_trim(g->row[head].cell[index].text);
    for (size_t r = from; r < g->n && c->n_samples < PLAN_SAMPLES; r++) {
        if (index >= g->row[r].n) continue;
        str s = str_trim(g->row[r].cell[index].text);
        if (s.n) c->samples[c->n_samples++] = s;
    }
    *l = look_column(a, g, from, index);
    c->five = l->five * 2 > l->n;
    c->label = c->heading;
    guess_kind(l, c);
    struct head_hit hit = head_guess(a, c->heading);
    if (hit.score) {
        set_to(c, hit.to, hit.score);
        weigh_content(l, c);
    } else {
        guess_content(l, c);
    }
    if (l->n == 0 && !to_is(c, S("skip"))) c->guess /= 2; /* a filled one goes first */
}

static struct plan_column *name_headed(struct arena *a, struct plan *p, str head)
{
    for (size_t i = 0; i < p->n; i++)
        if (to_is(&p->v[i], S("name")) && str_eq(head_norm(a, p->v[i].heading), head)) return &p->v[i];
    return NULL;
}

/* "Name" beside "Vorname" is the last name, "Имя" beside "Фамилия" the first, also where a "ФИО" stands before them. */
static void settle_names(struct arena *a, struct plan *p)
{
    struct plan_column *last = col_of(p, S("last_name")), *first = col_of(p, S("first_name"));
    struct plan_column *given = name_headed(a, p, S("имя")), *name = name_headed(a, p, S("name"));
    if (given && last && !first) set_to(given, S("first_name"), 900);
    else if (name && !!last != !!first) set_to(name, last ? S("first_name") : S("last_name"), 900);
}

/* Beside both a "Наименование" that holds names of people is theirs, not a firm's. */
static void settle_titles(struct arena *a, struct plan *p, const struct look *l)
{
    if (!col_of(p, S("last_name")) || !col_of(p, S("first_name"))) return;
    for (size_t i = 0; i < p->n; i++) {
        struct plan_column *c = &p->v[i];
        str head = head_norm(a, c->heading);
        bool general = str_eq(head, S("наименование")) || str_eq(head, S("название"));
        if (general && l[i].firm == 0 && look_mostly(&l[i], l[i].person, 60))
            set_to(c, S("name"), 700);
    }
}

/* "Address 1 - Formatted" says again what the columns beside it say. */
static void settle_addresses(struct arena *a, struct plan *p)
{
    const struct plan_column *street = col_of(p, S("addresses.street"));
    for (size_t i = 0; street && street->n_samples && i < p->n; i++)
        if (to_is(&p->v[i], S("addresses")) &&
            str_has_suffix(head_norm(a, p->v[i].heading), S(" formatted")))
            set_to(&p->v[i], S("skip"), 700);
}

/* "Customer" is a firm when another column names the person or the cells look so. */
static void settle_customer(struct plan *p, const struct look *l)
{
    bool person = col_of(p, S("name")) || col_of(p, S("last_name")),
         firm = col_of(p, S("company.name"));
    for (size_t i = 0; i < p->n; i++) {
        struct plan_column *c = &p->v[i];
        if (!to_is(c, S("customer"))) continue;
        if (firm && !person) set_to(c, S("name"), c->guess);
        else if (person || look_mostly(&l[i], l[i].firm, 25))
            set_to(c, S("company.name"), c->guess);
        else if (look_mostly(&l[i], l[i].person, 60)) set_to(c, S("name"), c->guess);
        else set_to(c, S("company.name"), c->guess / 2);
    }
}

static str settle_entity(struct plan *p, str entity)
{
    static const str person[] = {S0("name"), S0("last_name"), S0("first_name"), S0("phones"),
                                 S0("mails")};
    if (entity.n) return entity;
    bool is_person = false;
    for (size_t i = 0; i < COUNT(person); i++) is_person |= col_of(p, person[i]) != NULL;
    bool firm = col_of(p, S("company.name")) != NULL;
    if (!firm && !col_of(p, S("phones")) && col_of(p, S("user.name"))) return S("user");
    if (firm && !col_of(p, S("name")) && !col_of(p, S("last_name")) && !col_of(p, S("first_name")))
        return S("company");
    return is_person || !firm ? S("person") : S("company");
}

static void to_company(struct plan_column *c)
{
    if (str_has_prefix(c->to, S("company."))) c->to = str_cut(c->to, 8, c->to.n);
    else if (to_is(c, S("birthday")) || to_is(c, S("salutation")) || to_is(c, S("job_title")) ||
             to_is(c, S("department")) || to_is(c, S("language")) ||
             str_has_suffix(c->to, S("_name")))
        set_to(c, S("new"), 300);
}

static void to_user(struct plan_column *c)
{
    if (to_is(c, S("user.name"))) c->to = S("name");
    else if (to_is(c, S("user.team"))) c->to = S("team.name");
    else if (to_is(c, S("user.branch"))) c->to = S("branch.name");
    else if (to_is(c, S("mails"))) c->to = S("mail");
    else if (!to_is(c, S("name")) && !to_is(c, S("language"))) set_to(c, S("skip"), 300);
}

/* A heading that is the label (or the name) of a field, own ones first of all. */
static void settle_labels(struct arena *a, const struct entity *e, struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct plan_column *c = &p->v[i];
        str head = head_norm(a, c->heading);
        for (size_t k = 0; head.n && k < e->n; k++) {
            const struct field *f = &e->f[k];
            if (f->system || f->trashed || f->readonly || (!f->own && c->guess >= 560)) continue;
            bool fits = str_eq(c->heading, f->name);
            for (int lang = 0; lang < LANG_MAX && !fits; lang++)
                fits = str_eq(head_norm(a, f->label[lang]), head);
            if (fits && plan_target_ok(NULL, e->name, f->name)) set_to(c, f->name, 1000);
        }
    }
}

static void settle_perspective(struct plan *p)
{
    bool company = str_eq(p->entity, S("company")), user = str_eq(p->entity, S("user"));
    bool person = str_eq(p->entity, S("person")), firm = col_of(p, S("company.name")) != NULL;

    for (size_t i = 0; i < p->n; i++) {
        struct plan_column *c = &p->v[i];
        if (company) to_company(c);
        if (user) to_user(c);
        else if (str_has_prefix(c->to, S("user."))) set_to(c, S("new"), 300);
        if (person && !firm && to_is(c, S("company.inn"))) c->to = S("inn");
        if (person && !firm && str_has_prefix(c->to, S("company."))) set_to(c, S("new"), 300);
        if (!person && !company && !user && !to_is(c, S("skip"))) set_to(c, S("new"), 300);
    }
}

/* One column for a target with one value: the surest, then the first. */
static void settle_doubles(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct plan_column *c = &p->v[i];
        if (plan_target_many(c->to)) continue;
        for (size_t k = 0; k < p->n; k++) {
            struct plan_column *d = &p->v[k];
            if (k == i || !str_eq(c->to, d->to)) continue;
            if (d->guess > c->guess || (d->guess == c->guess && k < i)) {
                set_to(c, S("new"), 300);
                break;
            }
        }
    }
}

void plan_look_for_who(struct plan *p)
{
    static const str telling[] = {S0("name"),         S0("last_name"),         S0("first_name"),     S0("middle_name"),
                                  S0("full_name"),    S0("phones"),            S0("mails"),          S0("company.name"),
                                  S0("company.full_name"), S0("company.phones"), S0("company.mails")};
    p->nobody = str_eq(p->entity, S("person")) || str_eq(p->entity, S("company"));
    for (size_t i = 0; i < COUNT(telling); i++) p->nobody &= col_of(p, telling[i]) == NULL;
}

/* No fields are proposed for rows of nobody. */
static void settle_nobody(struct plan *p)
{
    plan_look_for_who(p);
    for (size_t i = 0; p->nobody && i < p->n; i++) set_to(&p->v[i], S("skip"), 500);
}

void plan_columns(struct arena *a, const struct meta *m, const struct grid *g, int head, str entity,
                  struct plan *p)
{
    size_t n = g->columns < PLAN_COLUMNS_MAX ? g->columns : PLAN_COLUMNS_MAX;
    struct look *l = NEW_N(a, struct look, n + 1);

    p->v = NEW_N(a, struct plan_column, n + 1);
    p->n = n;
    p->history = p->join = true;
    p->header_row = head >= 0 ? g->row[head].number : 0;
    for (size_t i = 0; i < n; i++) guess_alone(a, g, head, i, &p->v[i], &l[i]);
    settle_names(a, p);
    settle_titles(a, p, l);
    settle_addresses(a, p);
    settle_customer(p, l);
    p->entity = settle_entity(p, entity);
    settle_perspective(p);
    const struct entity *e = m ? meta_entity(m, p->entity) : NULL;
    if (e) settle_labels(a, e, p);
    settle_doubles(p);
    for (size_t i = 0; i < n; i++) {
        struct plan_column *c = &p->v[i];
        if (to_is(c, S("new")) && l[i].n == 0) set_to(c, S("skip"), 500); /* no field for nothing */
        if (to_is(c, S("new")) && c->label.n == 0)
            c->label = arena_fmt(a, "Column %zu", c->index + 1);
    }
    settle_nobody(p);
}

int64_t plan_weight(const struct plan *p, const struct grid *g)
{
    static const str telling[] = {S0("name"),  S0("company.name"), S0("phones"),
                                  S0("mails"), S0("addresses"),    S0("last_name")};
    int64_t sum = 1;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < COUNT(telling); k++)
            if (to_is(&p->v[i], telling[k])) sum += p->v[i].guess;
    return sum * (int64_t)(g->n < 100 ? g->n : 100);
}
