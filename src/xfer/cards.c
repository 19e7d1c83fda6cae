/* SPDX-License-Identifier: MIT */
#include "xfer/cards.h"

#include "acl/acl.h"
#include "base/time.h"
#include "base/tr.h"
#include "fmt/mailaddr.h"
#include "fmt/phone.h"
#include "xfer/head.h"

/* ---- in ---- */
struct taking {
    struct cx *cx;
    const struct entity *e; /* whose fields: person or company */
    bool firm;
    struct row *r;
};

static void put(struct taking *t, str name, struct val v)
{
    const struct field *f = entity_field(t->e, name);
    if (!f || v.t == VT_NULL || (v.t == VT_TEXT && v.s.n == 0) || (v.t == VT_LIST && v.n == 0) ||
        !acl_field_write(t->cx, f))
        return;
    struct set *s = t->firm ? LIST_ADD(t->cx->a, &t->r->company) : LIST_ADD(t->cx->a, &t->r->main);
    *s = (struct set){f, v};
}

static void put_text(struct taking *t, str name, str s)
{
    const struct field *f = entity_field(t->e, name);
    struct val v = {0};
    s = str_trim(s);
    if (!f || s.n == 0 || !acl_field_write(t->cx, f)) return;
    if (f->kind->from_text(t->cx, f, arena_dup(t->cx->a, s), &v) == E_OK) put(t, name, v);
    else
        *LIST_ADD(t->cx->a, &t->r->problems) =
            (struct problem){0, arena_dup(t->cx->a, s), S(TR("Does not fit the field")), false};
}

static str use_of(str types)
{
    static const str known[][2] = {{S0("cell"), S0("mobile")},
                                   {S0("work"), S0("work")},
                                   {S0("home"), S0("home")},
                                   {S0("fax"), S0("fax")}};
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_find(types, known[i][0]) >= 0) return known[i][1];
    return S("");
}

/* The user's own word for a number ("_$!<Mobile>!$_", "Büro"), where the card has no type. */
static str use_labelled(struct arena *a, str types, str label)
{
    static const struct {
        str use;
        const char *words;
    } known[] = {
        {S0("fax"), "fax|факс|faksas"},
        {S0("mobile"), "mobile|cell|iphone|handy|mobil|mobilus|mob|мобильный|сотовый|моб"},
        {S0("work"),
         "work|office|firma|buro|arbeit|geschaftlich|dienstlich|zentrale|darbas|darbo|biuras|"
         "рабочий|работа|офис"},
        {S0("home"),
         "home|privat|private|zuhause|zu hause|namai|namu|asmeninis|домашний|дом|личный"}};
    str use = use_of(types), head = head_norm(a, label);
    for (size_t i = 0; use.n == 0 && head.n && i < COUNT(known); i++)
        for (str e, rest = str_from(known[i].words); rest.n > 0;) {
            str_split(rest, '|', &e, &rest);
            if (str_eq(e, head) || (str_has_prefix(head, e) && head.p[e.n] == ' '))
                return known[i].use;
        }
    return use;
}

static void put_phones(struct taking *t, const struct vcard *c, str country)
{
    struct item *v = NEW_N(t->cx->a, struct item, c->tels.n + 1);
    for (size_t i = 0; i < c->tels.n; i++) {
        struct phone p = {0};
        str typed = arena_dup(t->cx->a, c->tels.v[i].value);
        bool ok = phone_parse(t->cx->a, typed, country, &p);
        v[i] = (struct item){.type = use_labelled(t->cx->a, c->tels.v[i].types, c->tels.v[i].label),
                             .typed = typed,
                             .norm = p.e164,
                             .ext = p.ext};
        if (ok && (p.ext.n == 0 || p.ext_inside))
            *LIST_ADD(t->cx->a, &t->r->keys) = (struct key){KEY_PHONE, p.e164};
    }
    put(t, S("phones"), (struct val){.t = VT_LIST, .v = v, .n = c->tels.n});
}

static void put_mails(struct taking *t, const struct vcard *c)
{
    struct item *v = NEW_N(t->cx->a, struct item, c->emails.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < c->emails.n; i++) {
        struct mailaddr m = {0};
        if (!mailaddr_parse(t->cx->a, c->emails.v[i].value, &m)) {
            str text = arena_dup(t->cx->a, str_cut(c->emails.v[i].value, 0, 200));
            *LIST_ADD(t->cx->a, &t->r->problems) =
                (struct problem){0, text, S(TR("Not a mail address")), false};
            continue;
        }
        v[n++] = (struct item){
            .type = use_labelled(t->cx->a, c->emails.v[i].types, c->emails.v[i].label),
            .typed = m.addr,
            .norm = m.addr};
        *LIST_ADD(t->cx->a, &t->r->keys) = (struct key){KEY_MAIL, m.addr};
    }
    put(t, S("mails"), (struct val){.t = VT_LIST, .v = v, .n = n});
}

static void put_addresses(struct taking *t, const struct vcard *c)
{
    struct item *v = NEW_N(t->cx->a, struct item, c->adrs.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < c->adrs.n; i++) {
        const struct vcard_adr *a = &c->adrs.v[i];
        const struct {
            str key, s;
        } parts[] = {{S("street"), a->street},
                     {S("zip"), a->zip},
                     {S("city"), a->city},
                     {S("region"), a->region},
                     {S("country"), a->country}};
        struct buf line = buf_new(t->cx->a, 1000), extra = buf_new(t->cx->a, 4000);
        struct jw w = jw_new(&extra);
        jw_obj(&w);
        for (size_t k = 0; k < COUNT(parts); k++) {
            if (parts[k].s.n == 0) continue;
            if (line.n) buf_add(&line, S(", "));
            buf_add(&line, parts[k].s);
            jw_kstr(&w, parts[k].key, parts[k].s);
        }
        jw_obj_end(&w);
        if (line.n && !line.full && !extra.full)
            v[n++] = (struct item){.type = use_labelled(t->cx->a, a->types, a->label),
                                   .typed = buf_str(&line),
                                   .extra = buf_str(&extra)};
    }
    put(t, S("addresses"), (struct val){.t = VT_LIST, .v = v, .n = n});
}

/* A firm has one web address, a person may have several. What is none is told. */
static void put_sites(struct taking *t, const struct vcard *c)
{
    const struct field *f = entity_field(t->e, S("urls"));
    struct item *v = NEW_N(t->cx->a, struct item, c->urls.n + 1);
    size_t n = 0;
    if (!f) {
        put_text(t, S("website"), c->urls.n ? c->urls.v[0].value : S(""));
        return;
    }
    for (size_t i = 0; i < c->urls.n; i++) {
        struct val one = {0};
        if (f->kind->from_text(t->cx, f, c->urls.v[i].value, &one) == E_OK && one.t == VT_LIST) {
            v[n] = one.v[0];
            v[n++].type = use_of(c->urls.v[i].types);
        } else
            *LIST_ADD(t->cx->a, &t->r->problems) =
                (struct problem){0, arena_dup(t->cx->a, str_cut(c->urls.v[i].value, 0, 200)),
                                 S(TR("Does not fit the field")), false};
    }
    put(t, S("urls"), (struct val){.t = VT_LIST, .v = v, .n = n});
}

/* A card with a firm and no name but the firm's. */
static bool is_firm_card(const struct vcard *c, str name, str org)
{
    return org.n && (name.n == 0 || str_eq(name, org)) && c->family.n == 0 && c->given.n == 0;
}

/* The name as shown, else of its parts, else the mail address or the number. */
static str person_name(struct arena *a, const struct vcard *c, str shown)
{
    if (shown.n) return shown;
    str name = str_trim(name_join(a, c->family, c->given, c->additional));
    if (name.n) return name;
    if (c->emails.n) return arena_dup(a, c->emails.v[0].value);
    return c->tels.n ? arena_dup(a, c->tels.v[0].value) : name;
}

/* Where numbers without a country code are at home. */
static str card_country(struct cx *cx, const struct vcard *c, str name)
{
    str country = c->adrs.n ? country_of(cx->a, c->adrs.v[0].country) : S("");
    if (country.n == 0) country = country_of_name(name, cx->country);
    return country.n ? country : cx->country;
}

static void put_person(struct taking *t, const struct vcard *c)
{
    int64_t day = 0;
    put_text(t, S("last_name"), c->family);
    put_text(t, S("first_name"), c->given);
    put_text(t, S("middle_name"), c->additional);
    put_text(t, S("alias"), c->nickname);
    put_text(t, S("job_title"), c->title.n ? c->title : c->role);
    put_text(t, S("department"), c->unit);
    if (day_parse(c->bday, &day)) put(t, S("birthday"), VAL_INT(day));
}

enum err card_row(struct cx *cx, const struct entity *person, const struct entity *company,
                  const struct vcard *c, struct row *ret)
{
    struct arena *a = cx->a;
    str aside = {0}, org = str_trim(c->org);
    *ret = (struct row){.number = c->line};
    str name = name_clean(a, c->fn, &aside);
    bool firm = is_firm_card(c, name, org);
    struct taking t = {cx, firm ? company : person, firm, ret};
    if (!firm) name = person_name(a, c, name);
    ret->firm = arena_dup(a, org);
    ret->firm_key = org.n ? firm_key(a, org) : S("");
    if (!firm) ret->name = name;
    ret->kind = firm ? ROW_FIRM : ret->name.n ? ROW_MAIN : ROW_EMPTY;
    if (ret->kind == ROW_EMPTY) return E_OK;
    put_phones(&t, c, card_country(cx, c, name));
    put_mails(&t, c);
    put_addresses(&t, c);
    put_text(&t, S("note"), c->note);
    put_sites(&t, c);
    for (size_t i = 0; i < c->categories.n; i++)
        *LIST_ADD(a, &ret->groups) = arena_dup(a, c->categories.v[i]);
    if (!firm) put_person(&t, c);
    return E_OK;
}

/* ---- out ---- */
static const struct val *value(const struct record *r, str name)
{
    static const struct val none = {0};
    const struct field *f = entity_field(r->e, name);
    return f && r->has[f->at] ? &r->v[f->at] : &none;
}

static str text(const struct record *r, str name) { return value(r, name)->s; }

static str type_of(str use) { return str_eq(use, S("mobile")) ? S("cell") : use; }

static void items_out(struct cx *cx, const struct record *r, str field, bool phones,
                      struct vcard *ret)
{
    const struct val *v = value(r, field);
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++) {
        struct vcard_item *it =
            phones ? LIST_ADD(cx->a, &ret->tels) : LIST_ADD(cx->a, &ret->emails);
        *it = (struct vcard_item){
            .value = v->v[i].typed, .types = type_of(v->v[i].type), .is_pref = i == 0};
        if (phones && v->v[i].norm.n && v->v[i].ext.n == 0) it->value = v->v[i].norm;
    }
}

static void addresses_out(struct cx *cx, const struct record *r, struct vcard *ret)
{
    const struct val *v = value(r, S("addresses"));
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++) {
        struct vcard_adr *a = LIST_ADD(cx->a, &ret->adrs);
        const struct json *j = NULL;
        *a = (struct vcard_adr){.types = type_of(v->v[i].type)};
        if (v->v[i].extra.n == 0 || json_parse(cx, v->v[i].extra, &j) != E_OK) {
            a->street = v->v[i].typed;
            continue;
        }
        for (size_t k = 0; k < j->n; k++) {
            str key = j->v[k].key, s = j->v[k].s;
            if (str_eq(key, S("street"))) a->street = s;
            if (str_eq(key, S("zip"))) a->zip = s;
            if (str_eq(key, S("city"))) a->city = s;
            if (str_eq(key, S("region"))) a->region = s;
            if (str_eq(key, S("country"))) a->country = s;
        }
    }
}

void card_of(struct cx *cx, const struct record *r, struct vcard *ret)
{
    bool firm = str_eq(r->e->name, S("company"));
    *ret = (struct vcard){.version = 30,
                          .fn = record_title(r),
                          .note = text(r, S("note")),
                          .nickname = text(r, S("alias")),
                          .family = text(r, S("last_name")),
                          .given = text(r, S("first_name")),
                          .additional = text(r, S("middle_name")),
                          .title = text(r, S("job_title")),
                          .unit = text(r, S("department")),
                          .uid = arena_fmt(cx->a, "kontor-%" PRId64, r->id)};
    ret->org = firm ? ret->fn : value(r, S("company"))->s;
    items_out(cx, r, S("phones"), true, ret);
    items_out(cx, r, S("mails"), false, ret);
    addresses_out(cx, r, ret);
    const struct val *sites = value(r, S("urls"));
    for (size_t i = 0; sites->t == VT_LIST && i < sites->n; i++)
        *LIST_ADD(cx->a, &ret->urls) =
            (struct vcard_item){.value = sites->v[i].typed, .types = type_of(sites->v[i].type)};
    str url = text(r, S("website"));
    if (url.n) *LIST_ADD(cx->a, &ret->urls) = (struct vcard_item){.value = url};
    const struct val *groups = value(r, S("groups")), *bday = value(r, S("birthday"));
    for (size_t i = 0; groups->t == VT_LIST && i < groups->n; i++)
        *LIST_ADD(cx->a, &ret->categories) = groups->v[i].typed;
    if (bday->t == VT_INT) ret->bday = day_text(cx->a, bday->i);
}
