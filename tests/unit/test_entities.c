/* SPDX-License-Identifier: MIT */
/* What the entities of the house hold beside plain fields, on both engines: operators of numbers, several web
 * addresses (and those from when there was one), departments with their people, colours of groups. */
#include "record_make.h"

static void operators(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    int64_t id = create(cx, "person", "{\"name\":\"Иван Петров\",\"phones\":[{\"value\":\"8 916 123-45-67\",\"operator\":\" МТС \"},"
                                      "{\"value\":\"8 495 123-45-67\",\"type\":\"work\"}]}");
    str s = shown(cx, "person", id);
    HAS(s, "\"e164\":\"+79161234567\",\"operator\":\"МТС\"");
    HAS(s, "\"type\":\"work\",\"value\":\"8 495 123-45-67\",\"e164\":\"+74951234567\"}");
    T(change(cx, "person", id, "{\"phones\":[{\"value\":\"8 916 123-45-67\",\"operator\":\"Билайн\"}]}") != 0);
    HAS(shown(cx, "person", id), "\"operator\":\"Билайн\"");
    T(try_create(cx, "person",
                 "{\"name\":\"x\",\"phones\":[{\"value\":\"1234567\",\"operator\":\"0123456789012345678901234567890123456789012345678901234567890\"}]}",
                 &w) == E_INVALID);
    T_STR(cx->at, S("phones"));
}

static void sites(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    int64_t id = create(cx, "person", "{\"name\":\"Anna\",\"urls\":[{\"type\":\"blog\",\"value\":\"anna.example\"},\"https://shop.example/a\"]}");
    str s = shown(cx, "person", id);
    HAS(s, "\"urls\":[{\"type\":\"blog\",\"value\":\"https://anna.example\"},{\"type\":\"\",\"value\":\"https://shop.example/a\"}]");
    change(cx, "person", id, "{\"urls\":\"one.example; two.example,\\n http://three.example\"}");
    s = shown(cx, "person", id);
    HAS(s, "\"https://one.example\"");
    HAS(s, "\"https://two.example\"");
    HAS(s, "\"http://three.example\"");
    T(try_create(cx, "person", "{\"name\":\"x\",\"urls\":[\"javascript:alert(1)\"]}", &w) == E_INVALID);
    T_STR(cx->at, S("urls"));
    struct page p = {0};
    const struct cond *c = NULL;
    T_OK(cx, filter_parse(cx, ENT(cx, "person"), parsed(cx, "{\"field\":\"urls\",\"op\":\"contains\",\"value\":\"TWO.ex\"}"), NULL, &c));
    struct query q = {.where = c, .limit = 10};
    T_OK(cx, record_list(cx, ENT(cx, "person"), &q, &p));
    T_INT((int64_t)p.n, 1);
}

static enum err old_column(struct cx *cx, void *arg)
{
    TRY(db_ddl(cx, S("ALTER TABLE \"person\" ADD COLUMN \"urls\" TEXT")));
    TRY(db_ddl(cx, S("ALTER TABLE \"person\" ADD COLUMN \"urls_f\" TEXT")));
    return db_exec(cx, NULL, "UPDATE person SET urls = 'https://Old.example', urls_f = 'https old example' WHERE id = $1",
                   V(*(const int64_t *)arg));
}

static enum err sync_again(struct cx *cx, void *arg) { return meta_sync(cx, arg); }

/* A base from when a person had one web address. */
static void one_site_before(struct bed *t)
{
    struct cx *cx = &t->cx;
    bool there = true;
    int64_t id = create(cx, "person", "{\"name\":\"Otto\"}"), other = create(cx, "person", "{\"name\":\"Uwe\"}");
    T_OK(cx, db_write(cx, old_column, &id));
    for (int i = 0; i < 2; i++) {
        T_OK(cx, db_write(cx, sync_again, t->m));
        HAS(shown(cx, "person", id), "\"urls\":[{\"type\":\"\",\"value\":\"https://Old.example\"}]");
        T(str_find(shown(cx, "person", other), S("Old.example")) < 0);
        T_OK(cx, db_has_column(cx, S("person"), S("urls"), &there));
        T(!there);
    }
    change(cx, "person", id, "{\"urls\":[\"new.example\"]}");
    HAS(shown(cx, "person", id), "https://new.example");
}

static void departments(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    int64_t firm = create(cx, "company", "{\"name\":\"Nordwind GmbH\"}");
    int64_t top = create(cx, "department", J("{\"name\":\"Leitung\",\"company\":\"" ID "\"}", firm));
    int64_t sub = create(cx, "department", J("{\"name\":\"Einkauf\",\"company\":\"" ID "\",\"parent\":\"" ID "\"}", firm, top));
    int64_t id = create(cx, "person", J("{\"name\":\"Kurt\",\"company\":\"" ID "\",\"unit\":\"" ID "\"}", firm, sub));
    change(cx, "department", sub, J("{\"head\":\"" ID "\"}", id));
    str s = shown(cx, "department", sub);
    HAS(s, "\"people_count\":1");
    HAS(s, "\"title\":\"Kurt\"");
    HAS(shown(cx, "person", id), "\"title\":\"Einkauf\"");
    T(try_create(cx, "department", "{\"name\":\"Ohne Firma\"}", &w) == E_INVALID);
    T(try_change(cx, "department", top, J("{\"parent\":\"" ID "\"}", sub), &w) == E_INVALID);
    T_STR(cx->at, S("parent"));
    int64_t place = create(cx, "position", J("{\"person\":\"" ID "\",\"company\":\"" ID "\",\"unit\":\"" ID "\"}", id, firm, top));
    HAS(shown(cx, "position", place), "\"title\":\"Leitung\"");
    change(cx, "person", id, "{\"unit\":null}");
    HAS(shown(cx, "department", sub), "\"people_count\":0");
}

static void colours(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t red = create(cx, "group", "{\"name\":\"Stamm\",\"colour\":25}"), none = create(cx, "group", "{\"name\":\"Ohne\"}");
    int64_t id = create(cx, "person", J("{\"name\":\"Eva\",\"groups\":[\"" ID "\",\"" ID "\"]}", red, none));
    str s = shown(cx, "person", id);
    HAS(s, "\"title\":\"Stamm\",\"hue\":25}");
    HAS(s, "\"title\":\"Ohne\"}");
}

/* Participants are a text; whoever is found in it later is linked beside it. */
static void participants(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct page p = {0};
    const struct cond *c = NULL;
    int64_t eva = create(cx, "person", "{\"name\":\"Eva Klein\"}");
    int64_t id = create(cx, "interaction", "{\"subject\":\"Baustelle\",\"participants\":\"Eva, Herr Niemand\"}");
    change(cx, "interaction", id, J("{\"people\":[\"" ID "\"]}", eva));
    str s = shown(cx, "interaction", id);
    HAS(s, "\"participants\":\"Eva, Herr Niemand\"");
    HAS(s, "\"title\":\"Eva Klein\"");
    T_OK(cx, filter_parse(cx, ENT(cx, "interaction"), parsed(cx, J("{\"field\":\"people\",\"op\":\"eq\",\"value\":\"" ID "\"}", eva)), NULL, &c));
    struct query q = {.where = c, .limit = 10};
    T_OK(cx, record_list(cx, ENT(cx, "interaction"), &q, &p));
    T(p.n == 1 && p.v[0].id == id);
}

static void all(struct bed *t)
{
    operators(t);
    sites(t);
    one_site_before(t);
    departments(t);
    colours(t);
    participants(t);
}

static void both(void) { bed_both(all); }

TESTS("entities", both)
