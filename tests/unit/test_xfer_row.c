/* SPDX-License-Identifier: MIT */
/* Rows as values: names, countries, histories, cells that are a problem. */
#include "base/time.h"
#include "t.h"
#include "xfer/cards.h"
#include "xfer/source.h"
#include "xfer/row.h"

static void names(void)
{
    struct cx cx = t_cx();
    str aside = {0}, last = {0}, first = {0}, middle = {0};
    T_STR(name_clean(cx.a, S("  ФЁДОРОВ   МИХАИЛ ФЁДОРОВИЧ "), &aside), S("Фёдоров Михаил Фёдорович"));
    T_STR(name_clean(cx.a, S("Ayşe Yılmaz (Einkauf)"), &aside), S("Ayşe Yılmaz"));
    T_STR(aside, S("Einkauf"));
    T_STR(name_clean(cx.a, S("IBM"), &aside), S("IBM"));
    T_STR(name_clean(cx.a, S("B?HM G?NTER"), &aside), S("B?hm G?nter"));
    T_STR(name_clean(cx.a, S("(x)"), &aside), S("(x)"));
    T_STR(name_clean(cx.a, S(""), &aside), S(""));
    T(name_is_better(S("Schröder Käthe"), S("Schr?der K?the")));
    T(name_is_better(S("Фёдорова Ольга"), S("Федорова Ольга")));
    T(!name_is_better(S("ФЁДОРОВА ОЛЬГА"), S("Федорова Ольга")));
    T(!name_is_better(S("Herr Müller"), S("Jörg Müller")));
    T(name_parts(S("Попова Анна Сергеевна"), &last, &first, &middle));
    T_STR(last, S("Попова"));
    T_STR(middle, S("Сергеевна"));
    T(!name_parts(S("Köhler Jörg"), &last, &first, &middle));
    T(!name_parts(S("Anna Maria Schmidt"), &last, &first, &middle));
    static const struct {
        str name, last, first, middle;
    } short_names[] = {
        {S0("Иванов И.И."), S0("Иванов"), S0("И."), S0("И.")}, {S0("Иванов И. И."), S0("Иванов"), S0("И."), S0("И.")},
        {S0("И.И. Иванов"), S0("Иванов"), S0("И."), S0("И.")}, {S0("Иванов И.П"), S0("Иванов"), S0("И."), S0("П")},
        {S0("J. Schmidt"), S0("Schmidt"), S0("J."), S0("")},   {S0("Petraitis J."), S0("Petraitis"), S0("J."), S0("")},
    };
    for (size_t i = 0; i < COUNT(short_names); i++) {
        T(name_parts(short_names[i].name, &last, &first, &middle));
        T_STR(last, short_names[i].last);
        T_STR(first, short_names[i].first);
        T_STR(middle, short_names[i].middle);
    }
    static const str no_initials[] = {S0("Anna M. Schmidt"), S0("Dr. Schmidt"), S0("И.И."), S0("Иванов И"), S0("А. Б. В. Г.")};
    for (size_t i = 0; i < COUNT(no_initials); i++) T(!name_parts(no_initials[i], &last, &first, &middle));
    T_STR(country_of(cx.a, S("Österreich")), S("AT"));
    T_STR(country_of(cx.a, S("Литва")), S("LT"));
    T_STR(country_of(cx.a, S("Atlantis")), S(""));
    T_STR(country_of_name(S("Попова Анна"), S("DE")), S("RU"));
    T_STR(country_of_name(S("Попова Анна"), S("KZ")), S("KZ"));
    T_STR(country_of_name(S("Rūta Žukauskaitė"), S("RU")), S("LT"));
    T_STR(country_of_name(S("Köhler Jörg"), S("RU")), S("DE"));
    T_STR(country_of_name(S("John Smith"), S("RU")), S(""));
    t_cx_free(&cx);
}

/* Two things in one cell. */
static void parted(void)
{
    static const struct {
        str cell, firm, person, form;
        bool needs_form;
    } rows[] = {
        {S0("Müller GmbH, Herr Jürgen Schmidt"), S0("Müller GmbH"), S0("Jürgen Schmidt"), S0("Herr"), true},
        {S0("Weiß & Söhne KG / Anna Groß"), S0("Weiß & Söhne KG"), S0("Anna Groß"), S0(""), false},
        {S0("Иванов И.И., ООО «Вектор»"), S0("ООО «Вектор»"), S0("Иванов И.И."), S0(""), false},
        {S0("UAB „Žalgiris“; ponia Rūta Šimkutė"), S0("UAB „Žalgiris“"), S0("Rūta Šimkutė"), S0("ponia"), true},
        {S0("Weiß, Groß & Söhne KG, Fr. Lang"), S0("Weiß, Groß & Söhne KG"), S0("Lang"), S0("Fr."), true},
        {S0("Müller GmbH, Jürgen Schmidt"), S0(""), S0(""), S0(""), true},
        {S0("Müller GmbH, München"), S0(""), S0(""), S0(""), false},
        {S0("Müller GmbH, 80331 Bad Homburg"), S0(""), S0(""), S0(""), false},
        {S0("Otto Lang, Ida Lang"), S0(""), S0(""), S0(""), false},
        {S0("Müller GmbH, Schmidt Bau AG"), S0(""), S0(""), S0(""), false},
    };
    static const struct {
        str cell, zip, town;
    } towns[] = {
        {S0("80331 München"), S0("80331"), S0("München")},         {S0("D-61348 Bad Homburg"), S0("D-61348"), S0("Bad Homburg")},
        {S0("Kaunas, LT-44123"), S0("LT-44123"), S0("Kaunas")},    {S0("101000, г. Москва"), S0("101000"), S0("г. Москва")},
        {S0("00-950 Warszawa"), S0("00-950"), S0("Warszawa")},     {S0("80331"), S0(""), S0("")},
        {S0("München"), S0(""), S0("")},                           {S0("1012 AB Amsterdam"), S0(""), S0("")},
        {S0("80331 München, Marienplatz 1"), S0(""), S0("")},      {S0(""), S0(""), S0("")},
    };
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mixed m = {0};
        T(name_mixed(cx.a, rows[i].cell, rows[i].needs_form, &m) == (rows[i].firm.n > 0));
        T_STR(m.firm, rows[i].firm);
        T_STR(m.person, rows[i].person);
        T_STR(m.form, rows[i].form);
    }
    for (size_t i = 0; i < COUNT(towns); i++) {
        str zip = {0}, town = {0};
        T(zip_town(towns[i].cell, &zip, &town) == (towns[i].zip.n > 0));
        T_STR(zip, towns[i].zip);
        T_STR(town, towns[i].town);
    }
    t_cx_free(&cx);
}

static void histories(void)
{
    struct cx cx = t_cx();
    told_lines l = {0};
    str rest = {0};
    history_read(cx.a, S("постоянный клиент\n12.03.2020 звонил, просил КП (Мария)\nи ещё строка\n2021-04-05: Treffen im Büro\n31.02.2021 kein Tag"), &l, &rest);
    T_INT((int64_t)l.n, 2);
    T_STR(rest, S("постоянный клиент"));
    T_STR(l.v[0].text, S("звонил, просил КП (Мария)\nи ещё строка"));
    T_STR(l.v[0].kind, S("call"));
    T_STR(l.v[1].kind, S("meeting"));
    T_STR(l.v[1].text, S("Treffen im Büro\n31.02.2021 kein Tag"));
    l.n = 0;
    history_read(cx.a, S("22.08.20 отправили счёт (Роман)"), &l, &rest);
    T_STR(l.v[0].who, S("Роман"));
    T_STR(l.v[0].text, S("отправили счёт"));
    T_INT(l.v[0].day, 18496);
    l.n = 0;
    history_read(cx.a, S("01.02.2021 встреча; обсудили цену; 03.04.2021 звонок|2021-05-06 Brief"), &l, &rest);
    T_INT((int64_t)l.n, 3);
    T_STR(l.v[0].text, S("встреча; обсудили цену"));
    T_STR(l.v[0].kind, S("meeting"));
    T_STR(l.v[1].text, S("звонок"));
    T_STR(l.v[2].kind, S("letter"));
    l.n = 0;
    history_read(cx.a, S("no date here"), &l, &rest);
    T_INT((int64_t)l.n, 0);
    T_STR(rest, S("no date here"));
    history_read(cx.a, S(""), &l, &rest);
    T_INT((int64_t)l.n, 0);
    t_cx_free(&cx);
}

struct bed {
    struct cx cx;
    struct meta *m;
    struct source s;
    struct row_plan *rp;
};

static struct bed open_file(const char *path, const char *country)
{
    struct bed b = {.cx = t_cx()};
    b.cx.country = str_from(country);
    T_OK(&b.cx, meta_load(&b.cx, &b.m));
    b.cx.meta = b.m;
    struct source_opt o = {.path = str_from(path), .sheet = -1};
    T_OK(&b.cx, source_open(&b.cx, &o, &b.s));
    T_OK(&b.cx, row_plan_new(&b.cx, &b.s.plan, &b.rp));
    return b;
}

static void close_file(struct bed *b)
{
    source_close(&b->s);
    meta_drop(&b->m);
    t_cx_free(&b->cx);
}

static struct row next(struct bed *b)
{
    struct cell_row cells = {0};
    struct row r = {0};
    bool more = false;
    T_OK(&b->cx, source_next(&b->cx, &b->s, &cells, &more));
    T(more);
    T_OK(&b->cx, row_read(&b->cx, b->rp, &cells, &r));
    return r;
}

static size_t bad_cells(const struct row *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->problems.n; i++) n += !r->problems.v[i].kept;
    return n;
}

/* The eight rows of the firm's first table, as a new user has it. */
static void kunden(void)
{
    struct bed b = open_file("tests/fixtures/kunden.xlsx", "DE");
    struct cx *cx = &b.cx;
    const struct entity *person = ENT(cx, "person");
    struct row r = next(&b);
    T_STR(r.name, S("Jörg Müller"));
    T_STR(r.firm, S("Elektro Müller GmbH"));
    T_STR(r.keys.v[0].norm, S("j.mueller@elektro-mueller.example"));
    T_STR(r.keys.v[1].norm, S("+4915123456789"));
    T_INT(row_value(&r, FLD(person, "birthday"))->i, 457);
    r = next(&b);
    T_STR(r.keys.v[1].norm, S("+4915123456789"));
    r = next(&b);
    T_STR(r.name, S("Ayşe Yılmaz"));
    T_STR(row_value(&r, FLD(person, "department"))->s, S("Einkauf"));
    T_INT((int64_t)row_value(&r, FLD(person, "phones"))->n, 2);
    T_INT((int64_t)row_value(&r, FLD(person, "mails"))->n, 2);
    T_INT(row_value(&r, FLD(person, "birthday"))->i, 638);
    r = next(&b);
    T_STR(row_value(&r, FLD(person, "phones"))->v[0].norm, S("+37061234567"));
    r = next(&b);
    T_STR(row_value(&r, FLD(person, "phones"))->v[0].norm, S("+79123456789"));
    T_STR(row_value(&r, FLD(person, "mails"))->v[0].norm, S("info@okna-servis.example"));
    r = next(&b);
    T_STR(r.name, S("Max Mustermann"));
    T_INT((int64_t)bad_cells(&r), 3);
    T(row_value(&r, FLD(person, "phones")) == NULL);
    r = next(&b);
    T_INT(r.kind, ROW_EMPTY);
    T_INT((int64_t)bad_cells(&r), 1);
    r = next(&b);
    T_INT(r.kind, ROW_FIRM);
    T_STR(r.firm, S("Dachbau Nord KG"));
    T(r.company.n >= 3);
    close_file(&b);
}

/* Row for row the same from the workbook and from its Windows-1251 twin. */
static void office(void)
{
    struct bed x = open_file("tests/fixtures/office/clients.xlsx", "RU"), c = open_file("tests/fixtures/office/clients-windows-1251.csv", "RU");
    int64_t people = 0, empty = 0, taxes = 0, differ = 0, bad = 0;
    for (int i = 0; i < 3232; i++) {
        struct arena_mark m = arena_mark(x.cx.a), n = arena_mark(c.cx.a);
        struct row a = next(&x), b = next(&c);
        people += a.kind == ROW_MAIN;
        empty += a.kind == ROW_EMPTY || a.kind == ROW_TOTAL;
        taxes += a.tax.n > 0;
        bad += (int64_t)bad_cells(&a);
        bool same = a.kind == b.kind && a.keys.n == b.keys.n && a.history.n == b.history.n && str_eq(a.tax, b.tax);
        for (size_t k = 0; same && k < a.keys.n; k++) same = str_eq(a.keys.v[k].norm, b.keys.v[k].norm);
        differ += !same;
        if (!same) fprintf(stderr, "row %d: %.*s %zu/%zu keys\n", i, FS(a.name), a.keys.n, b.keys.n);
        arena_back(x.cx.a, m);
        arena_back(c.cx.a, n);
    }
    T_INT(people, 3196);
    T_INT(empty, 36);
    T_INT(taxes, 806);
    T_INT(differ, 0);
    T_INT(bad, 0);
    close_file(&x);
    close_file(&c);
}

/* A mistyped tax number is a problem of its cell: it names nobody, the rest of the row comes in. */
static void tax_numbers(void)
{
    struct bed b = open_file("tests/fixtures/taxes.csv", "RU");
    struct row r = next(&b);
    T_INT((int64_t)bad_cells(&r), 0);
    T_STR(r.tax, S("7707083893"));
    r = next(&b);
    T_INT((int64_t)bad_cells(&r), 1);
    T_INT((int64_t)r.problems.v[0].column, 2);
    T(str_find(r.problems.v[0].why, S("check digit")) >= 0);
    T_STR(r.problems.v[0].text, S("7707083894"));
    T_STR(r.firm, S("ООО Двери"));
    T(r.tax.n == 0 && r.kind == ROW_MAIN && r.keys.n == 1);
    for (size_t i = 0; i < r.company.n; i++) T(!str_eq(r.company.v[i].f->name, S("inn")));
    close_file(&b);
    b = open_file("tests/fixtures/taxes.csv", "DE"); /* no rule known: nothing to refuse */
    (void)next(&b);
    r = next(&b);
    T_INT((int64_t)bad_cells(&r), 0);
    close_file(&b);
}

/* A column of days in words: it is one of dates, and they count from the day of the import. */
static void days_in_words(void)
{
    static const int64_t want[] = {-1, -1, -1, -1, 0, 0, 0, 0, 1, 1, -2};
    struct bed b = open_file("tests/fixtures/days.csv", "DE");
    struct cx *cx = &b.cx;
    cx->now_ms = 1795341600000; /* 2026-11-22 10:00 UTC */
    T_STR(b.s.plan.v[2].to, S("new"));
    T_STR(b.s.plan.v[2].kind, S("date"));
    for (size_t i = 0; i < COUNT(want); i++) {
        struct row r = next(&b);
        T_INT((int64_t)bad_cells(&r), 0);
        bool found = false;
        for (size_t k = 0; k < r.main.n; k++) {
            if (!str_eq(r.main.v[k].f->name, S("new"))) continue;
            found = true;
            T_INT(r.main.v[k].v.i, time_day(cx->now_ms, 0) + want[i]);
        }
        T(found);
    }
    close_file(&b);
}

/* A table of an office in one: firm and person in a cell, sums between, brackets for a minus. */
static void mixed(void)
{
    struct bed b = open_file("tests/fixtures/mixed.csv", "DE");
    struct cx *cx = &b.cx;
    const struct entity *person = ENT(cx, "person");
    struct row r = next(&b);
    T_STR(r.name, S("Jürgen Schmidt"));
    T_STR(r.firm, S("Müller GmbH"));
    T_STR(row_value(&r, FLD(person, "salutation"))->s, S("mr"));
    T_STR(row_value(&r, FLD(person, "addresses"))->v[0].extra, S("{\"zip\":\"80331\",\"city\":\"München\"}"));
    T_STR(row_value(&r, FLD(person, "mails"))->v[0].norm, S("j.schmidt@mueller.example"));
    r = next(&b);
    T_STR(r.name, S("Anna Groß"));
    T_STR(row_value(&r, FLD(person, "salutation"))->s, S("ms"));
    r = next(&b);
    T_INT(r.kind, ROW_TOTAL);
    r = next(&b);
    const struct field *sum = row_adding_field(b.rp, 5);
    T(sum != NULL);
    if (sum) T_INT(row_value(&r, sum)->i, -120000);
    r = next(&b);
    T_INT(r.kind, ROW_TOTAL);
    close_file(&b);
}

/* Two rows of headings, a firm merged over its people, errors and dashes among sums, a longer hidden sheet. */
static void merged(void)
{
    static const struct {
        str name, firm;
        int64_t sum;
    } rows[] = {{S0("Anna Groß"), S0("Müller GmbH"), 1250}, {S0("Jörg Kühn"), S0("Müller GmbH"), 100000},
                {S0("Ida Lang"), S0("Weiß KG"), 0},         {S0("Otto Lang"), S0("Weiß KG"), 0},
                {S0("Eva Klein"), S0(""), 0}};
    struct bed b = open_file("tests/fixtures/merged.xlsx", "DE");
    T_INT((int64_t)b.s.plan.sheet, 0);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT(rows); i++) {
            struct arena_mark m = arena_mark(b.cx.a);
            struct row r = next(&b);
            const struct field *f = row_adding_field(b.rp, 3);
            T_STR(r.name, rows[i].name);
            T_STR(r.firm, rows[i].firm);
            T(f != NULL);
            const struct val *v = f ? row_value(&r, f) : NULL;
            T_INT(v ? v->i : 0, rows[i].sum);
            arena_back(b.cx.a, m);
        }
        T_OK(&b.cx, source_rewind(&b.cx, &b.s));
    }
    close_file(&b);
}

/* A card's web addresses: all that are such come in, and go out again. */
static void sites(void)
{
    struct bed b = open_file("tests/fixtures/mixed.csv", "DE");
    struct cx *cx = &b.cx;
    const struct entity *person = ENT(cx, "person");
    const struct field *urls = FLD(person, "urls");
    struct vcard card = {.fn = S("Anna Groß")}, out = {0};
    struct row r = {0};
    *LIST_ADD(cx->a, &card.urls) = (struct vcard_item){.value = S("anna.example"), .types = S("home")};
    *LIST_ADD(cx->a, &card.urls) = (struct vcard_item){.value = S("javascript:alert(1)")};
    *LIST_ADD(cx->a, &card.urls) = (struct vcard_item){.value = S("https://shop.example/a"), .types = S("work")};
    T_OK(cx, card_row(cx, person, ENT(cx, "company"), &card, &r));
    T_INT((int64_t)r.problems.n, 1);
    const struct val *v = row_value(&r, urls);
    T_INT((int64_t)v->n, 2);
    T_STR(v->v[0].typed, S("https://anna.example"));
    T_STR(v->v[0].type, S("home"));
    T_STR(v->v[1].typed, S("https://shop.example/a"));
    struct val *all = NEW_N(cx->a, struct val, person->n);
    bool *has = NEW_N(cx->a, bool, person->n);
    all[urls->at] = *v;
    has[urls->at] = true;
    card_of(cx, &(struct record){.e = person, .id = 1, .v = all, .has = has}, &out);
    T_INT((int64_t)out.urls.n, 2);
    T_STR(out.urls.v[1].value, S("https://shop.example/a"));
    close_file(&b);
}

TESTS("xfer_row", sites, names, parted, mixed, days_in_words, merged, histories, kunden, office, tax_numbers)
