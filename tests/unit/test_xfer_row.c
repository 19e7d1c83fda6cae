/* SPDX-License-Identifier: MIT */
/* Rows as values: names, countries, histories, cells that are a problem. */
#include "t.h"
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

TESTS("xfer_row", names, histories, kunden, office, tax_numbers)
