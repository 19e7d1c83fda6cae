/* SPDX-License-Identifier: MIT */
#include "xfer/row.h"

#include "acl/acl.h"
#include "base/tr.h"
#include "xfer/head.h"
#include "xfer/people.h"
#include "xfer/row_int.h"

static const struct {
    str to;
    enum act act;
} acts[] = {
    {S0("skip"), A_SKIP},
    {S0("history"), A_HISTORY},
    {S0("addresses"), A_ADDRESS},
    {S0("addresses.city"), A_CITY},
    {S0("addresses.street"), A_STREET},
    {S0("addresses.zip"), A_ZIP},
    {S0("addresses.region"), A_REGION},
    {S0("addresses.country"), A_COUNTRY},
    {S0("groups"), A_GROUPS},
    {S0("phones"), A_PHONES},
    {S0("mails"), A_MAILS},
    {S0("note"), A_NOTE},
    {S0("last_name"), A_LAST},
    {S0("first_name"), A_FIRST},
    {S0("middle_name"), A_MIDDLE},
    {S0("parent"), A_PARENT},
    {S0("team.name"), A_TEAM},
    {S0("branch.name"), A_BRANCH},
    {S0("name"), A_NAME},
    {S0("inn"), A_TAX},
};

static enum act act_of(str to)
{
    for (size_t i = 0; i < COUNT(acts); i++)
        if (str_eq(acts[i].to, to)) return acts[i].act;
    return A_FIELD;
}

/* A stand-in for a field that is not there yet. */
static struct field *field_future(struct cx *cx, const struct plan_column *c)
{
    struct field *f = NEW(cx->a, struct field);
    f->name = S("new");
    f->kind = kind_find(c->kind);
    f->scale = c->scale;
    f->max = 0;
    for (int i = 0; i < LANG_MAX; i++) f->label[i] = c->label;
    f->own = true;
    return f;
}

static enum err column_new(struct cx *cx, const struct plan_column *c, struct col_act *ret)
{
    ret->act = A_FIELD;
    ret->adds = str_eq(c->kind, S("decimal"));
    ret->f = field_future(cx, c);
    if (ret->f->kind) return E_OK;
    return fail_at(cx, E_INVALID, S("kind"), "There is no kind %.*s", FS(c->kind));
}

static enum err column_plan(struct cx *cx, const struct row_plan *rp, const struct plan_column *c,
                            struct col_act *ret)
{
    str to = c->to;
    const struct entity *e = rp->main;
    ret->index = c->index;
    ret->five = c->five;
    if (str_eq(to, S("new"))) return column_new(cx, c, ret);
    if (rp->company && str_has_prefix(to, S("company."))) {
        ret->firm = true;
        e = rp->company;
        to = str_cut(to, 8, to.n);
    }
    ret->act = act_of(to);
    if (ret->firm && ret->act == A_NAME) ret->act = A_FIRM;
    if (ret->act == A_FIELD || ret->act == A_TAX) ret->f = entity_field(e, to);
    if (ret->act == A_FIELD && !ret->f)
        return fail_at(cx, E_INVALID, S("to"), "There is no field \"%.*s\"", FS(c->to));
    if (ret->act == A_FIELD && ret->f->kind->store == ST_LINKS) ret->act = A_SKIP;
    ret->birthday = ret->f && str_eq(ret->f->name, S("birthday"));
    ret->adds = ret->act == A_FIELD && ret->f->own && str_eq(ret->f->kind->name, S("decimal"));
    return E_OK;
}

enum err row_plan_new(struct cx *cx, const struct plan *p, struct row_plan **ret)
{
    struct row_plan *rp = NEW(cx->a, struct row_plan);
    rp->main = meta_entity(cx->meta, p->entity);
    if (!rp->main)
        return fail_at(cx, E_INVALID, S("entity"), "There is no entity \"%.*s\"", FS(p->entity));
    rp->is_company = str_eq(p->entity, S("company"));
    rp->is_user = str_eq(p->entity, S("user"));
    if (str_eq(p->entity, S("person"))) rp->company = ENT(cx, "company");
    rp->history = p->history;
    rp->is_1904 = p->is_1904;
    rp->phones = FLD(rp->main, "phones");
    rp->mails = FLD(rp->main, "mails");
    rp->addresses = FLD(rp->main, "addresses");
    rp->note = FLD(rp->main, "note");
    rp->tax = FLD(rp->main, "inn");
    if (rp->company) {
        rp->firm_phones = FLD(rp->company, "phones");
        rp->firm_mails = FLD(rp->company, "mails");
        rp->firm_addresses = FLD(rp->company, "addresses");
        rp->firm_tax = FLD(rp->company, "inn");
        rp->firm_note = FLD(rp->company, "note");
    }
    rp->n = p->n;
    rp->v = NEW_N(cx->a, struct col_act, p->n + 1);
    rp->heads = NEW_N(cx->a, str, p->n + 1);
    for (size_t i = 0; i < p->n; i++) {
        TRY(column_plan(cx, rp, &p->v[i], &rp->v[i]));
        rp->heads[i] = p->v[i].heading;
    }
    *ret = rp;
    return E_OK;
}

/* ---- a cell to its place ---- */
static void set_add(struct row_work *w, bool firm, const struct field *f, struct val v)
{
    if (!f || (f->entity && !acl_field_write(w->cx, f))) return; /* one to be made is masked from nobody */
    struct set *s = firm ? LIST_ADD(w->cx->a, &w->r->company) : LIST_ADD(w->cx->a, &w->r->main);
    *s = (struct set){f, v};
}

static void phones_later(struct row_work *w, const struct col_act *c, const struct cell *cell,
                         str s)
{
    if (w->n_phone_cells == COUNT(w->phone_cells)) {
        problem_add(w, s, TR("Too many columns of telephone numbers"), false);
        return;
    }
    size_t i = w->n_phone_cells++;
    w->phone_cells[i] = arena_dup(w->cx->a, s);
    w->phone_columns[i] = c->index;
    w->phone_firm[i] = c->firm;
    w->phone_rounded[i] =
        cell->kind == CELL_NUMBER && (str_has_suffix(s, S("000000")) || str_find(s, S("E+")) >= 0);
}

static void groups_read(struct row_work *w, str s)
{
    struct arena *a = w->cx->a;
    size_t from = 0;
    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && !strchr(",;\n/|", s.p[i])) continue;
        str one = str_trim(str_cut(s, from, i));
        from = i + 1;
        if (str_has_prefix(one, S("* "))) one = str_trim(str_cut(one, 2, one.n)); /* Google's own */
        if (str_eq(one, S("myContacts")) || str_eq(one, S("starred"))) continue;
        if (one.n && one.n <= 100) *LIST_ADD(a, &w->r->groups) = arena_dup(a, one);
    }
}

static void history_cell(struct row_work *w, str s)
{
    str rest = {0};
    if (!w->rp->history) {
        *LIST_ADD(w->cx->a, &w->notes) = arena_dup(w->cx->a, s);
        return;
    }
    history_read(w->cx->a, s, &w->r->history, &rest);
    if (rest.n) *LIST_ADD(w->cx->a, &w->notes) = rest;
}

/* "7707083893/773601001": the KPP behind the INN. */
static str tax_kpp(struct row_work *w, const struct col_act *c, str s)
{
    str inn = {0}, kpp = {0};
    const struct field *f = FLD(c->firm ? w->rp->company : w->rp->main, "kpp");
    if (!f || !str_split(s, s.n && memchr(s.p, '/', s.n) ? '/' : '\\', &inn, &kpp)) return s;
    kpp = digits_of(w->cx->a, kpp);
    if (kpp.n == 8 || kpp.n == 9) set_add(w, c->firm, f, VAL_TEXT(kpp));
    return inn;
}

static void tax_cell(struct row_work *w, const struct col_act *c, str s)
{
    str d = nought_tax(w, tax_kpp(w, c, s));
    if (d.n < 5 || d.n > 15) {
        problem_add(w, s, TR("Not a tax number"), false);
        return;
    }
    if (c->firm || w->rp->is_company) w->r->tax = d;
    set_add(w, c->firm, c->f, VAL_TEXT(d));
}

static void form_set(struct row_work *w, str form)
{
    const struct field *f = entity_field(w->rp->main, S("salutation"));
    struct val v = {0};
    if (!f || form.n == 0) return;
    if (f->kind->from_text(w->cx, f, form, &v) == E_OK) set_add(w, false, f, v);
    else w->cx->err = E_OK; /* "г-н": not one of the choices, and no loss */
}

/* A firm and a person in one cell, in a person's plan. A column of its own for either is better. */
static bool mixed_cell(struct row_work *w, str s, bool needs_form)
{
    struct arena *a = w->cx->a;
    struct mixed m = {0};
    str aside = {0};
    if (!w->rp->company || !name_mixed(a, s, needs_form, &m)) return false;
    if (w->r->firm.n == 0 || needs_form) w->r->firm = m.firm;
    if (w->r->name.n == 0 || !needs_form) w->r->name = name_clean(a, m.person, &aside);
    form_set(w, m.form);
    return true;
}

static void name_cell(struct row_work *w, enum act act, str s)
{
    if (act == A_NAME && mixed_cell(w, s, false)) return;
    if (act == A_NAME && w->rp->company && people_cell(w, s)) return;
    str aside = {0}, name = name_clean(w->cx->a, s, &aside);
    if (act == A_LAST) w->last = name;
    else if (act == A_FIRST) w->first = name;
    else if (act == A_MIDDLE) w->middle = name;
    else if (w->rp->company || w->rp->is_user) w->r->name = name, w->title = aside;
    else w->r->name = str_trim(arena_dup(w->cx->a, s));
}

/* " ::: " stands between several in one cell of Google's. */
static str colons_part(struct arena *a, enum act act, str s)
{
    if (act != A_PHONES && act != A_MAILS && act != A_GROUPS) return s;
    if (str_find(s, S(":::")) < 0) return s;
    struct buf b = buf_new(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        bool colons = i + 3 <= s.n && memcmp(s.p + i, ":::", 3) == 0;
        buf_byte(&b, colons ? ';' : s.p[i]);
        if (colons) i += 2;
    }
    return buf_str(&b);
}

static void cell_read(struct row_work *w, const struct col_act *c, const struct cell *cell)
{
    struct arena *a = w->cx->a;
    str s = str_trim(cell->text);
    struct val v = {0};

    w->column = c->index;
    if (c->act == A_SKIP || !cell_usable(w, cell)) return;
    while (s.n >= 2 && memcmp(s.p + s.n - 2, "\xc2\xa0", 2) == 0)
        s = str_trim(str_cut(s, 0, s.n - 2));
    s = colons_part(a, c->act, s);
    switch (c->act) {
    case A_NAME:
    case A_LAST:
    case A_FIRST:
    case A_MIDDLE: name_cell(w, c->act, s); break;
    case A_FIRM:
        if (!mixed_cell(w, s, true)) w->r->firm = arena_dup(a, s);
        break;
    case A_PHONES: phones_later(w, c, cell, s); break;
    case A_MAILS: cell_mails(w, arena_dup(a, s), c->firm); break;
    case A_ADDRESS:
        *LIST_ADD(a, &w->addresses) = (struct item){.typed = arena_dup(a, str_cut(s, 0, 1000))};
        break;
    case A_COUNTRY:
        w->country = country_of(a, s);
        w->part[A_COUNTRY] = arena_dup(a, s);
        break;
    case A_ZIP:
        w->zip_number = cell->kind == CELL_NUMBER;
        w->zip_five = c->five;
        w->part[A_ZIP] = arena_dup(a, s);
        break;
    case A_CITY:
    case A_STREET:
    case A_REGION: w->part[c->act] = arena_dup(a, s); break;
    case A_GROUPS: groups_read(w, s); break;
    case A_NOTE: *LIST_ADD(a, &w->notes) = arena_dup(a, s); break;
    case A_HISTORY: history_cell(w, s); break;
    case A_PARENT: w->r->parent = arena_dup(a, s); break;
    case A_TEAM: w->r->team = arena_dup(a, s); break;
    case A_BRANCH: w->r->branch = arena_dup(a, s); break;
    case A_TAX: tax_cell(w, c, s); break;
    case A_FIELD:
        if (!cell_value(w, c, cell, &v)) break;
        set_add(w, c->firm, c->f, v);
        w->has_amount |= c->adds && v.t == VT_INT;
        break;
    case A_SKIP:
    case A_MAX: break;
    }
}

/* ---- the whole row ---- */
static void zip_part(struct row_work *w)
{
    str *zip = &w->part[A_ZIP], *town = &w->part[A_CITY];
    nought_zip(w);
    if (zip->n && town->n == 0) (void)zip_town(*zip, zip, town);
    else if (town->n && zip->n == 0) (void)zip_town(*town, zip, town);
}

static void address_join(struct row_work *w)
{
    static const struct {
        enum act act;
        str key;
    } parts[] = {{A_STREET, S0("street")},
                 {A_ZIP, S0("zip")},
                 {A_CITY, S0("city")},
                 {A_REGION, S0("region")},
                 {A_COUNTRY, S0("country")}};
    struct arena *a = w->cx->a;
    struct buf line = buf_new(a, 1000), extra = buf_new(a, 4000);
    struct jw j = jw_new(&extra);
    bool any = false;
    zip_part(w);
    jw_obj(&j);
    for (size_t i = 0; i < COUNT(parts); i++) {
        str s = w->part[parts[i].act];
        if (s.n == 0) continue;
        if (any) buf_add(&line, parts[i].act == A_CITY && w->part[A_ZIP].n ? S(" ") : S(", "));
        buf_add(&line, s);
        jw_kstr(&j, parts[i].key, s);
        any = true;
    }
    jw_obj_end(&j);
    if (any && !line.full && !extra.full)
        *LIST_ADD(a, &w->addresses) =
            (struct item){.typed = buf_str(&line), .extra = buf_str(&extra)};
}

static void name_settle(struct row_work *w)
{
    struct row *r = w->r;
    struct arena *a = w->cx->a;
    if (w->last.n || w->first.n || w->middle.n) {
        if (r->name.n == 0) r->name = name_join(a, w->last, w->first, w->middle);
    } else if (w->rp->company && !name_parts(r->name, &w->last, &w->first, &w->middle)) {
        return;
    }
    if (!w->rp->company) return;
    if (w->last.n) set_add(w, false, FLD(w->rp->main, "last_name"), VAL_TEXT(w->last));
    if (w->first.n) set_add(w, false, FLD(w->rp->main, "first_name"), VAL_TEXT(w->first));
    if (w->middle.n) set_add(w, false, FLD(w->rp->main, "middle_name"), VAL_TEXT(w->middle));
}

static bool title_is_department(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '?') return false;
    return s.n > 2 && s.n < 60;
}

static void list_set(struct row_work *w, bool firm, const struct field *f, const struct item *v,
                     size_t n)
{
    if (n) set_add(w, firm, f, (struct val){.t = VT_LIST, .v = v, .n = n});
}

static void notes_set(struct row_work *w, bool firm)
{
    struct buf b = buf_new(w->cx->a, 1 << 20);
    for (size_t i = 0; i < w->notes.n; i++) {
        if (i) buf_byte(&b, '\n');
        buf_add(&b, w->notes.v[i]);
    }
    if (b.n) set_add(w, firm, firm ? w->rp->firm_note : w->rp->note, VAL_TEXT(buf_str(&b)));
}

static void phones_settle(struct row_work *w)
{
    str country = w->country, home = w->cx->country;
    if (country.n == 0) country = country_of_name(w->r->name, home);
    if (country.n == 0) country = country_of_name(w->r->firm, home);
    if (country.n == 0) country = home;
    for (size_t i = 0; i < w->n_phone_cells; i++) cell_phones(w, i, country);
}

/* A firm alone: what was meant for the person goes into the firm's field of that name, or under its remarks. */
static void main_to_firm(struct row_work *w)
{
    struct cx *cx = w->cx;
    for (size_t i = 0; i < w->r->main.n; i++) {
        const struct set *s = &w->r->main.v[i];
        const struct field *f = entity_field(w->rp->company, s->f->name);
        if (f && f->kind == s->f->kind && f->scale == s->f->scale) {
            set_add(w, true, f, s->v);
            continue;
        }
        struct buf b = buf_new(cx->a, 4096);
        str label = label_of(s->f->label, cx->lang);
        buf_fmt(&b, "%.*s: ", FS(label));
        s->f->kind->to_text(cx, s->f, &s->v, &b);
        *LIST_ADD(cx->a, &w->notes) = buf_str(&b);
    }
    w->r->main.n = 0;
}

/* A text that is too long for the name it should be is no name. */
static void name_limit(struct row_work *w, const struct entity *e, str *name)
{
    const struct field *f = e ? &e->f[e->title] : NULL;
    if (!f || f->max <= 0 || (int64_t)utf8_len(*name) <= f->max) return;
    problem_add(w, *name, "Does not fit the field", false);
    *name = S("");
}

static bool has_contact(const struct row_work *w)
{
    return w->phones.n || w->mails.n || w->firm_phones.n || w->firm_mails.n;
}

static str contact_name(const struct row_work *w)
{
    if (w->mails.n) return w->mails.v[0].norm;
    return w->phones.n ? w->phones.v[0].typed : S("");
}

/* The row's first text: a total is told in any column, mostly in that of the numbers. */
static str first_text(const struct cell_row *cells)
{
    for (size_t i = 0; i < cells->n; i++) {
        str s = str_trim(cells->cell[i].text);
        if (cells->cell[i].kind != CELL_EMPTY && s.n) return s;
    }
    return S("");
}

/* Under "customer" a full name with a patronymic is a person, whoever stands there in the other rows. */
static void firm_is_person(struct row_work *w)
{
    str form = {0};
    struct row *r = w->r;
    if (!w->rp->company || r->name.n || !name_is_full(r->firm)) return;
    r->name = name_clean(w->cx->a, r->firm, &form);
    r->firm = S("");
}

/* The sum of the other rows. */
static bool is_total(const struct row_work *w, const struct cell_row *cells)
{
    if (has_contact(w)) return false;
    return head_is_total(w->cx->a, w->r->name) || head_is_total(w->cx->a, w->r->firm) ||
           head_is_total(w->cx->a, first_text(cells));
}

/* Nobody's row: nothing but figures and remarks, or the sum of the others. */
static bool is_nobody(struct row_work *w, const struct cell_row *cells)
{
    struct row *r = w->r;
    bool total = is_total(w, cells);
    if (!total && (r->name.n || r->firm.n)) return false;
    if (!total && w->rp->company && has_contact(w)) r->name = contact_name(w);
    if (!total && r->name.n) return false;
    r->kind = total ? ROW_TOTAL : ROW_EMPTY;
    r->keys.n = 0;
    return true;
}

static size_t column_of(const struct row_plan *rp, const struct field *f, bool firm)
{
    for (size_t i = 0; i < rp->n; i++)
        if (rp->v[i].f == f && rp->v[i].firm == firm) return rp->v[i].index;
    for (size_t i = 0; i < rp->n; i++) /* a person's field that went over to his firm */
        if (rp->v[i].f && str_eq(rp->v[i].f->name, f->name)) return rp->v[i].index;
    return 0;
}

/* False for a stand-in: it has no place among the entity's fields yet. */
static bool is_of(const struct entity *e, const struct field *f)
{
    return f->at < e->n && &e->f[f->at] == f;
}

/* Tax and bank numbers that cannot be right are set aside, told, and join nothing. */
static void numbers_settle(struct row_work *w, const struct entity *e, bool firm)
{
    struct set *s = firm ? w->r->company.v : w->r->main.v;
    size_t n = firm ? w->r->company.n : w->r->main.n, kept = 0;
    if (!e || !e->checks) return;
    nought_kpp(w, e, s, n);
    struct val *v = NEW_N(w->cx->a, struct val, e->n);
    for (size_t i = 0; i < n; i++)
        if (is_of(e, s[i].f)) v[s[i].f->at] = s[i].v;
    for (size_t i = 0; i < n; i++) {
        str why = {0};
        bool is_tax = str_eq(s[i].f->name, S("inn")) && (firm || w->rp->is_company);
        if (!is_of(e, s[i].f)) {
            s[kept++] = s[i];
            continue;
        }
        if (record_id_fits(w->cx, e, v, s[i].f, &why)) {
            s[kept] = s[i];
            s[kept++].v = v[s[i].f->at];
            continue;
        }
        w->column = column_of(w->rp, s[i].f, firm);
        problem_add(w, s[i].v.s, why.p, false);
        if (is_tax) w->r->tax = S("");
    }
    if (firm) w->r->company.n = kept;
    else w->r->main.n = kept;
}

static void cells_read(struct row_work *w, const struct cell_row *cells)
{
    for (size_t i = 0; i < w->rp->n; i++) {
        size_t at = w->rp->v[i].index;
        if (at < cells->n) cell_read(w, &w->rp->v[i], &cells->cell[at]);
    }
}

/* The headings once more, as on each page of a printed list. */
static bool is_headings(const struct row_plan *rp, const struct cell_row *cells)
{
    size_t same = 0;
    for (size_t i = 0; i < rp->n; i++) {
        size_t at = rp->v[i].index;
        str head = rp->heads[i], s = at < cells->n ? str_trim(cells->cell[at].text) : S("");
        if (!str_eq(head, s)) return false;
        same += s.n > 0;
    }
    return same > 1;
}

enum err row_read(struct cx *cx, const struct row_plan *rp, const struct cell_row *cells,
                  struct row *ret)
{
    struct row_work w = {.cx = cx, .rp = rp, .r = ret};
    *ret = (struct row){.number = cells->number};
    if (is_headings(rp, cells)) {
        ret->kind = ROW_HEADINGS;
        return E_OK;
    }
    cells_read(&w, cells);
    firm_is_person(&w);
    name_settle(&w);
    name_limit(&w, rp->main, &ret->name);
    name_limit(&w, rp->company, &ret->firm);
    phones_settle(&w);
    address_join(&w);
    if (is_nobody(&w, cells)) return E_OK;
    people_settle(&w);
    bool firm_only = rp->company && ret->name.n == 0;
    ret->kind = firm_only ? ROW_FIRM : ROW_MAIN;
    if (rp->is_company) ret->firm = ret->name;
    if (firm_only) main_to_firm(&w);
    if (ret->firm.n) ret->firm_key = firm_key(cx->a, ret->firm);
    if (w.title.n && title_is_department(w.title))
        set_add(&w, false, FLD(rp->main, "department"), VAL_TEXT(w.title));
    list_set(&w, firm_only, firm_only ? rp->firm_phones : rp->phones, w.phones.v, w.phones.n);
    list_set(&w, firm_only, firm_only ? rp->firm_mails : rp->mails, w.mails.v, w.mails.n);
    list_set(&w, firm_only, firm_only ? rp->firm_addresses : rp->addresses, w.addresses.v,
             w.addresses.n);
    if (!firm_only) {
        list_set(&w, true, rp->firm_phones, w.firm_phones.v, w.firm_phones.n);
        list_set(&w, true, rp->firm_mails, w.firm_mails.v, w.firm_mails.n);
    }
    notes_set(&w, firm_only);
    numbers_settle(&w, rp->main, false);
    numbers_settle(&w, rp->company, true);
    return E_OK;
}

struct val *row_value(const struct row *r, const struct field *f)
{
    for (size_t i = 0; i < r->main.n; i++)
        if (r->main.v[i].f == f) return &r->main.v[i].v;
    return NULL;
}

bool row_adds(const struct row_plan *rp, const struct field *f)
{
    for (size_t i = 0; i < rp->n; i++)
        if (rp->v[i].f == f) return rp->v[i].adds;
    return false;
}

const struct field *row_adding_field(const struct row_plan *rp, size_t i)
{
    return i < rp->n && rp->v[i].adds ? rp->v[i].f : NULL;
}
