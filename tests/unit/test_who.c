/* SPDX-License-Identifier: MIT */
/* Who is calling? One number in twenty notations, tails, shared lines, rights. */
#include "search_make.h"

static size_t who(struct cx *cx, const char *number, struct caller **ret)
{
    str e164 = {0};
    size_t n = 0;
    *ret = NULL;
    if (!T_OK(cx, who_find(cx, str_from(number), &e164, ret, &n))) return 0;
    return n;
}

static void notations(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct caller *c = NULL;
    int64_t anna = make(cx, "user", "{\"name\":\"Anna\"}");
    int64_t firm = make(cx, "company", "{\"name\":\"Elektro Müller GmbH\"}");
    int64_t jorg = make(cx, "person", J("{\"name\":\"Jörg Müller\",\"company\":\"" ID "\",\"owner\":\"" ID "\",\"phones\":[\"0151 / 234 567 89\"]}", firm, anna));
    static const char *const same[] = {"0151 / 234 567 89", "015123456789", "+4915123456789", "+49 151 234 567 89", "0049 151 23456789", "0049-151-23456789",
                                       "+49 (0)151 23456789", "(0151) 23456789", "0151-23456789", "0151.234.567.89", "4915123456789", "sip:+4915123456789@host",
                                       "\"Jörg\" <004915123456789>", "tel:+49-151-23456789", "<sip:015123456789@10.0.0.1>", " 0151 23456789 ", "+49/151/23456789",
                                       "+49-151-234-567-89", "0151 2345 6789", "49 151 23456789"};
    for (size_t i = 0; i < COUNT(same); i++) {
        size_t n = who(cx, same[i], &c);
        if (n != 1) fprintf(stderr, "notation: %s\n", same[i]);
        T_INT((int64_t)n, 1);
        if (!n) continue;
        T(c[0].e == ENT(cx, "person") && c[0].id == jorg && c[0].company == firm && c[0].owner == anna && c[0].exact);
        T_STR(c[0].title, S("Jörg Müller"));
        T_STR(c[0].company_title, S("Elektro Müller GmbH"));
        T_STR(c[0].owner_title, S("Anna"));
    }
    T(who(cx, "3456789", &c) == 1 && c[0].id == jorg && !c[0].exact);
    T(who(cx, "0351 3456789", &c) == 1 && !c[0].exact); /* another area, the same end */
    static const char *const none[] = {"", "anonymous", "456789", "+4915123456780", "%", "' OR 1=1", "sip:@", "00000000000000000000000000"};
    for (size_t i = 0; i < COUNT(none); i++) T_INT((int64_t)who(cx, none[i], &c), 0);
    str e164 = {0};
    size_t n = 0;
    char big[5000];
    memset(big, '1', sizeof big);
    T(who_find(cx, (str){big, sizeof big}, &e164, &c, &n) == E_BAD);
    trash(cx, "person", jorg);
    T_INT((int64_t)who(cx, "015123456789", &c), 0);
}

static void lines(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct caller *c = NULL;
    int64_t firm = make(cx, "company", "{\"name\":\"Окна-Сервис\",\"phones\":[\"+7 495 123-45-67\"]}");
    int64_t olga = make(cx, "person", J("{\"name\":\"Ольга\",\"company\":\"" ID "\",\"phones\":[\"+7 495 123-45-67 доб. 12\"]}", firm));
    int64_t petr = make(cx, "person", J("{\"name\":\"Пётр\",\"company\":\"" ID "\",\"phones\":[\"+7 495 123-45-67 доб. 14\"]}", firm));
    T_INT((int64_t)who(cx, "8 495 123 45 67", &c), 0 + (int64_t)who(cx, "+7 495 123 45 67", &c));
    T(who(cx, "+7 495 1234567", &c) == 3 && c[0].id == firm && c[0].company == 0);
    T(who(cx, "+7 495 1234567 доб. 14", &c) == 3 && c[0].id == petr && c[1].id == firm && c[2].id == olga);
    int64_t vera = make(cx, "person", "{\"name\":\"Вера\"}");
    int64_t place = make(cx, "position", J("{\"person\":\"" ID "\",\"company\":\"" ID "\",\"title\":\"Бухгалтер\",\"phones\":[\"+7 495 765-43-21\"]}", vera, firm));
    T(who(cx, "+7 495 765 43 21", &c) == 1 && c[0].id == vera && c[0].company == firm);
    if (c) T_STR(c[0].company_title, S("Окна-Сервис"));
    trash(cx, "position", place);
    T_INT((int64_t)who(cx, "+7 495 765 43 21", &c), 0);
    trash(cx, "company", firm);
    T(who(cx, "+7 495 1234567", &c) == 2 && c[0].company == 0 && !c[0].company_title.n);
    for (int i = 0; i < 30; i++) make(cx, "person", J("{\"name\":\"N%d\",\"phones\":[\"030 1234567\",\"030 12345678\"]}", i));
    T_INT((int64_t)who(cx, "030 1234567", &c), 10);
}

static void rights(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct caller *c = NULL;
    int64_t anna = make_user(cx, "Anna", "own", 0), ben = make_user(cx, "Ben", "own", 0), nil = make_user(cx, "Nil", "none", 0);
    become(cx, anna);
    int64_t firm = make(cx, "company", "{\"name\":\"Canary Ltd\",\"phones\":[\"0221 5550199\"]}");
    for (int i = 0; i < 120; i++) make(cx, "person", "{\"name\":\"Canary\",\"phones\":[\"0170 7770123\"]}");
    become(cx, ben);
    static const char *const q[] = {"0170 7770123", "7770123", "0221 5550199", "5550199"};
    for (size_t i = 0; i < COUNT(q); i++) T_INT((int64_t)who(cx, q[i], &c), 0);
    become(cx, 0);
    int64_t bens = make(cx, "person", J("{\"name\":\"Ben's\",\"owner\":\"" ID "\",\"company\":\"" ID "\",\"phones\":[\"0170 7770123\"]}", ben, firm));
    become(cx, ben);
    T(who(cx, "0170 7770123", &c) == 1 && c[0].id == bens && c[0].company == 0 && !c[0].company_title.n);
    become(cx, nil);
    T_INT((int64_t)who(cx, "0170 7770123", &c), 0);
    become(cx, 0);
}

struct own {
    const struct json *j;
    str name;
};
static enum err add_entity(struct cx *cx, void *arg) { return meta_entity_add(cx, ((struct own *)arg)->j, &((struct own *)arg)->name); }
static enum err add_field(struct cx *cx, void *arg) { return meta_field_add(cx, ((struct own *)arg)->j, &((struct own *)arg)->name); }

static void machine(struct bed *t, str *ret_entity, str *ret_field)
{
    struct cx *cx = &t->cx;
    struct own e = {0}, sim = {0};
    T_OK(cx, json_parse(cx, S("{\"label\":{\"en\":\"Machine\"}}"), &e.j));
    T_OK(cx, db_write(cx, add_entity, &e));
    bed_reload(t);
    T_OK(cx, json_parse(cx, arena_fmt(cx->a, "{\"entity\":\"%.*s\",\"kind\":\"phones\",\"label\":\"SIM\"}", FS(e.name)), &sim.j));
    T_OK(cx, db_write(cx, add_field, &sim));
    bed_reload(t);
    *ret_entity = arena_dup(cx->a, e.name); /* with a nought behind it */
    *ret_field = arena_dup(cx->a, sim.name);
}

static int64_t found_by(struct cx *cx, const char *q)
{
    struct found_group *g = NULL;
    size_t n = 0;
    T_OK(cx, search_find(cx, str_from(q), NULL, 8, &g, &n));
    return n == 1 && g[0].n == 1 ? g[0].v[0].id : 0;
}

/* An own entity with telephones, whatever its fields are called. */
static void own(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct caller *c = NULL;
    str ent = {0}, field = {0};
    machine(t, &ent, &field);
    int64_t anna = make_user(cx, "Anna", "own", 0), ben = make_user(cx, "Ben", "own", 0);
    become(cx, anna);
    int64_t crane = make(cx, ent.p, J("{\"name\":\"Kran 7\",\"%.*s\":[\"0171 9990001\"]}", FS(field)));
    T(who(cx, "+49 171 9990001", &c) == 1 && c[0].id == crane && str_eq(c[0].e->name, ent) && c[0].exact && c[0].owner == anna && !c[0].company);
    if (c) T_STR(c[0].title, S("Kran 7"));
    T(who(cx, "9990001", &c) == 1 && c[0].id == crane && !c[0].exact);
    const struct field *f = phones_of(cx, meta_entity(cx->meta, ent));
    T(f && str_eq(f->name, field) && !phones_of(cx, ENT(cx, "tag")));
    T_INT(found_by(cx, "0171 999 00 01"), crane);
    int64_t driver = make(cx, "person", "{\"name\":\"Fahrer\",\"phones\":[\"0171 9990001\"]}");
    T(who(cx, "0171 9990001", &c) == 2 && c[0].id == driver && c[1].id == crane);
    become(cx, ben);
    T_INT((int64_t)who(cx, "0171 9990001", &c), 0);
    T_INT((int64_t)who(cx, "9990001", &c), 0);
    become(cx, anna);
    trash(cx, ent.p, crane);
    T(who(cx, "0171 9990001", &c) == 1 && c[0].id == driver);
    become(cx, 0);
}

static void all(struct bed *t)
{
    notations(t);
    lines(t);
    rights(t);
    own(t);
}
static void both(void) { bed_both(all); }

TESTS("who", both)
