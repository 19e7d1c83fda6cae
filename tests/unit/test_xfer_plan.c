/* SPDX-License-Identifier: MIT */
/* Headings, columns, sheets and header rows: what a file is taken for before anybody says so. */
#include "fmt/fold.h"
#include "t.h"
#include "xfer/head.h"
#include "xfer/source.h"

static str to_of(const struct plan *p, const char *heading)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(p->v[i].heading, str_from(heading))) return p->v[i].to;
    return S("(no such column)");
}

static struct plan plan_of(struct cx *cx, const char *path)
{
    struct source s = {0};
    struct source_opt o = {.path = str_from(path), .sheet = -1};
    T_OK(cx, source_open(cx, &o, &s));
    source_close(&s);
    return s.plan;
}

static struct cx bed(struct meta **m)
{
    struct cx cx = t_cx();
    T_OK(&cx, meta_load(&cx, m));
    cx.meta = *m;
    return cx;
}

static void headings(void)
{
    static const struct {
        str head, to;
    } rows[] = {
        {S0("ФИО клиента"), S0("name")},       {S0("Доп. тел."), S0("phones")},        {S0("Д.р."), S0("birthday")},
        {S0("Ansprechpartner"), S0("name")},   {S0("Kunde"), S0("customer")},          {S0("Įmonė"), S0("company.name")},
        {S0("Tel."), S0("phones")},            {S0("E-Mail privat"), S0("mails")},     {S0("PLZ"), S0("addresses.zip")},
        {S0("El. paštas"), S0("mails")},       {S0("ИНН"), S0("company.inn")},         {S0("№"), S0("skip")},
        {S0("Сумма заказов, руб."), S0("")},   {S0("Последний звонок"), S0("")},       {S0("Umsatz 2025"), S0("")},
        {S0("office_location"), S0("addresses.country")}, {S0("subsidiary_of"), S0("company.parent")},
        {S0("Vardas, pavardė"), S0("name")},   {S0("Gimimo data"), S0("birthday")},    {S0(""), S0("")},
        {S0("LinkedIn"), S0("urls")},          {S0("Личный сайт"), S0("urls")},
        {S0("USt-IdNr."), S0("company.vat_id")}, {S0("Комментарий (история)"), S0("note")},
    };
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++) T_STR(head_guess(cx.a, rows[i].head).to, rows[i].to);
    T(head_is_total(cx.a, S("ИТОГО:")));
    T(head_is_total(cx.a, S(" Summe ")));
    T(!head_is_total(cx.a, S("Summers")));
    T(head_is_total(cx.a, S("Zwischensumme")));
    T(head_is_total(cx.a, S("Zwischensumme Nord:")));
    T(head_is_total(cx.a, S("Итого по группе «Опт»:")));
    T(head_is_total(cx.a, S("Всего по складу")));
    T(head_is_total(cx.a, S("Tarpinė suma")));
    T(head_is_total(cx.a, S("Iš viso Kaune")));
    T(head_is_total(cx.a, S("Sub-total")));
    T(!head_is_total(cx.a, S("Total Energies SE")));
    T(!head_is_total(cx.a, S("Суммарный Иван")));
    T(!head_is_total(cx.a, S("Всеволод Итогов")));
    T(!head_is_total(cx.a, S("Итого Анна")));
    T(head_is_firm(cx.a, S("ООО «Окна-Сервис»")));
    T(head_is_firm(cx.a, S("Dachbau Nord KG")));
    T(head_is_firm(cx.a, S("UAB „Baltijos langai“")));
    T(!head_is_firm(cx.a, S("Jörg Müller")));
    T_STR(firm_key(cx.a, S("ООО \"ФармаТрейд-268\"")), firm_key(cx.a, S("ООО  «ФАРМАТРЕЙД 268»")));
    t_cx_free(&cx);
}

static void office(void)
{
    struct meta *m = NULL;
    struct cx cx = bed(&m);
    static const char *const files[] = {"tests/fixtures/office/clients.xlsx", "tests/fixtures/office/clients-windows-1251.csv"};
    for (size_t i = 0; i < COUNT(files); i++) {
        struct plan p = plan_of(&cx, files[i]);
        T_STR(p.entity, S("person"));
        T_INT(p.header_row, i ? 1 : 3);
        T_INT(p.sheets[p.sheet].rows, 3232);
        T_STR(p.encoding, i ? S("windows-1251") : S(""));
        T_INT((int64_t)p.n, 13);
        T_STR(to_of(&p, "№"), S("skip"));
        T_STR(to_of(&p, "ФИО клиента"), S("name"));
        T_STR(to_of(&p, "Телефон"), S("phones"));
        T_STR(to_of(&p, "Доп. тел."), S("phones"));
        T_STR(to_of(&p, "E-mail"), S("mails"));
        T_STR(to_of(&p, "Организация"), S("company.name"));
        T_STR(to_of(&p, "ИНН"), S("company.inn"));
        T_STR(to_of(&p, "Адрес"), S("addresses"));
        T_STR(to_of(&p, "Группа"), S("groups"));
        T_STR(to_of(&p, "Последний звонок"), S("new"));
        T_STR(to_of(&p, "Сумма заказов, руб."), S("new"));
        T_STR(p.v[10].kind, S("decimal"));
        T_STR(p.v[9].kind, S("date"));
        T_STR(to_of(&p, "Д.р."), S("birthday"));
        T_STR(to_of(&p, "Комментарий (история)"), S("history"));
    }
    meta_drop(&m);
    t_cx_free(&cx);
}

static void kunden(void)
{
    struct meta *m = NULL;
    struct cx cx = bed(&m);
    struct plan p = plan_of(&cx, "tests/fixtures/kunden.xlsx");
    T_INT(p.header_row, 3);
    T_STR(p.entity, S("person"));
    T_STR(to_of(&p, "Kunde"), S("company.name"));
    T_STR(to_of(&p, "Ansprechpartner"), S("name"));
    T_STR(to_of(&p, "Ort"), S("addresses.city"));
    T_STR(to_of(&p, "Gruppe"), S("groups"));
    T_STR(to_of(&p, "Umsatz 2025"), S("new"));
    T_STR(p.v[6].kind, S("decimal"));
    T_STR(to_of(&p, "Geburtstag"), S("birthday"));
    T_STR(to_of(&p, "Notiz"), S("note"));
    meta_drop(&m);
    t_cx_free(&cx);
}

static void sales(void)
{
    struct meta *m = NULL;
    struct cx cx = bed(&m);
    struct plan p = plan_of(&cx, "tests/fixtures/crm/accounts.csv");
    T_STR(p.entity, S("company"));
    T_STR(to_of(&p, "account"), S("name"));
    T_STR(to_of(&p, "sector"), S("industry"));
    T_STR(to_of(&p, "year_established"), S("founded"));
    T_STR(to_of(&p, "revenue"), S("new"));
    T_STR(to_of(&p, "employees"), S("employees"));
    T_STR(to_of(&p, "office_location"), S("addresses.country"));
    T_STR(to_of(&p, "subsidiary_of"), S("parent"));
    p = plan_of(&cx, "tests/fixtures/crm/sales_teams.csv");
    T_STR(p.entity, S("user"));
    T_STR(to_of(&p, "sales_agent"), S("name"));
    T_STR(to_of(&p, "manager"), S("team.name"));
    T_STR(to_of(&p, "regional_office"), S("branch.name"));
    meta_drop(&m);
    t_cx_free(&cx);
}

/* A price list and a description of tables: no column says who a row is about, until the user says so. */
static void nobody(void)
{
    static const char *const files[] = {"tests/fixtures/crm/products.csv", "tests/fixtures/crm/data_dictionary.csv"};
    static const char *const who[] = {"tests/fixtures/crm/accounts.csv", "tests/fixtures/crm/sales_teams.csv",
                                      "tests/fixtures/office/clients.xlsx", "tests/fixtures/kunden.xlsx"};
    struct meta *m = NULL;
    struct cx cx = bed(&m);
    const struct json *j = NULL;
    T_OK(&cx, json_parse(&cx, S("{\"columns\":[{\"index\":0,\"to\":\"name\"}]}"), &j));
    for (size_t i = 0; i < COUNT(files); i++) {
        struct plan p = plan_of(&cx, files[i]);
        T(p.nobody);
        for (size_t c = 0; c < p.n; c++) T_STR(p.v[c].to, S("skip"));
        struct source s = {0};
        struct source_opt o = {.path = str_from(files[i]), .sheet = -1, .mapping = j};
        T_OK(&cx, source_open(&cx, &o, &s));
        T(!s.plan.nobody);
        T_STR(s.plan.v[0].to, S("name"));
        source_close(&s);
    }
    for (size_t i = 0; i < COUNT(who); i++) T(!plan_of(&cx, who[i]).nobody);
    meta_drop(&m);
    t_cx_free(&cx);
}

static void mapping(void)
{
    struct meta *m = NULL;
    struct cx cx = bed(&m);
    struct plan p = plan_of(&cx, "tests/fixtures/kunden.xlsx");
    const struct json *j = NULL;
    struct buf b = buf_new(cx.a, 1 << 20);
    struct jw w = jw_new(&b);
    plan_mapping_json(&p, &w);
    T_OK(&cx, json_parse(&cx, buf_str(&b), &j));
    struct plan q = plan_of(&cx, "tests/fixtures/kunden.xlsx");
    T_OK(&cx, plan_map(&cx, j, &q));
    for (size_t i = 0; i < p.n; i++) T_STR(q.v[i].to, p.v[i].to);
    static const char *const bad[] = {
        "{\"columns\":[{\"index\":99,\"to\":\"name\"}]}", "{\"columns\":[{\"index\":0,\"to\":\"created_at\"}]}",
        "{\"columns\":[{\"index\":0,\"to\":\"company.people_count\"}]}", "{\"columns\":[{\"index\":0,\"to\":\"new\",\"kind\":\"link\"}]}",
        "{\"columns\":{}}", "[]", "{\"columns\":[{\"index\":0,\"to\":\"id\"}]}", "{\"columns\":[{\"index\":0,\"to\":\"addresses.planet\"}]}"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        T_OK(&cx, json_parse(&cx, str_from(bad[i]), &j));
        T_INT(plan_map(&cx, j, &q), E_INVALID);
    }
    struct buf out = buf_new(cx.a, 1 << 20);
    struct jw w2 = jw_new(&out);
    plan_json(&cx, &p, &w2);
    T(!out.full);
    T_OK(&cx, json_parse(&cx, buf_str(&out), &j));
    T_STR(json_get(j, S("header_row"))->s, S("3"));
    T(json_get(j, S("targets"))->n > 30);
    meta_drop(&m);
    t_cx_free(&cx);
}

static struct plan plan_text(struct cx *cx, const char *text, int *ret_head)
{
    struct table_opt o = {.lang = S("lt")};
    struct table *t = NULL;
    struct grid g = {0};
    struct plan p = {0};
    struct cell_row row = {0}, *rows = NEW_N(cx->a, struct cell_row, 8);
    bool more = true;
    int score = 0;
    T_OK(cx, table_open_bytes(cx, str_from(text), &o, &t));
    while (table_next(cx, t, &row, &more) == E_OK && more) {
        struct cell *c = NEW_N(cx->a, struct cell, row.n);
        for (size_t k = 0; k < row.n; k++) c[k] = row.cell[k], c[k].text = arena_dup(cx->a, row.cell[k].text);
        rows[g.n++] = (struct cell_row){row.number, c, row.n};
        g.columns = row.n;
    }
    g.row = rows;
    *ret_head = look_header(cx->a, &g, &score);
    plan_columns(cx->a, NULL, &g, *ret_head, S(""), &p);
    table_close(&t);
    return p;
}

/* A full name beside its parts takes none of them away, as in our own export. */
static void names(void)
{
    struct cx cx = t_cx();
    int head = 0;
    struct plan p = plan_text(&cx, "ФИО;Фамилия;Имя;Отчество;Телефон\nПавлов Егор Сергеевич;Павлов;Егор;Сергеевич;903-805-67-47\n"
                                   "Попов Андрей Иванович;Попов;Андрей;Иванович;+7(812)1192750\n", &head);
    static const char *const to[] = {"name", "last_name", "first_name", "middle_name", "phones"};
    T_INT(head, 0);
    for (size_t i = 0; i < COUNT(to); i++) T_STR(p.v[i].to, str_from(to[i]));
    p = plan_text(&cx, "Имя;Телефон\nПавлов Егор Сергеевич;903-805-67-47\nПопов Андрей;+7(812)1192750\n", &head);
    T_STR(p.v[0].to, S("name"));
    t_cx_free(&cx);
}

/* A table without headings, with one column, with nothing. */
static void odd(void)
{
    static const char *const text[] = {"Jonas Petraitis;+37061234567;jonas@example.lt\nOna Kazlauskienė;+37061122233;ona@example.lt\n",
                                       "Telefon\n0151 23456789\n"};
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(text); i++) {
        int head = 0;
        struct plan p = plan_text(&cx, text[i], &head);
        T_INT(head, i ? 0 : -1);
        T_STR(p.entity, S("person"));
        T_STR(p.v[0].to, i ? S("phones") : S("name"));
        if (!i) T_STR(p.v[1].to, S("phones"));
        if (!i) T_STR(p.v[2].to, S("mails"));
    }
    struct grid none = {0};
    struct plan p = {0};
    int score = 0;
    T_INT(look_header(cx.a, &none, &score), -1);
    plan_columns(cx.a, NULL, &none, -1, S(""), &p);
    T_INT((int64_t)p.n, 0);
    t_cx_free(&cx);
}

TESTS("xfer_plan", headings, office, kunden, sales, nobody, mapping, names, odd)
