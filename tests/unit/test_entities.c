/* SPDX-License-Identifier: MIT */
/* What the entities of the house hold beside plain fields, on both engines: operators of numbers, several web
 * addresses (and those from when there was one), departments with their people, colours of groups. */
#include "record_make.h"

#include "meta/points.h"

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

static enum err rows_alone(struct cx *cx, void *arg)
{
    (void)arg;
    TRY(db_ddl(cx, S("ALTER TABLE \"person\" DROP COLUMN \"phones__p\"")));
    return db_ddl(cx, S("ALTER TABLE \"person\" DROP COLUMN \"addresses__p\""));
}

/* A base from when phones and addresses stood in contact_point alone. */
static void points_before(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t id = create(cx, "person", "{\"name\":\"Jörg\",\"phones\":[{\"value\":\"3:ü 12:x\",\"type\":\"9:\"},"
                                      "{\"value\":\"+49 221 5550123-7\",\"operator\":\"М:\"}],\"mails\":[\"j@x.example\"],"
                                      "\"addresses\":[{\"street\":\"Straße 1\\n0:\",\"city\":\"Köln\"}]}");
    int64_t other = create(cx, "person", "{\"name\":\"Uwe\"}");
    str was = shown(cx, "person", id), none = shown(cx, "person", other);
    HAS(was, "\"value\":\"3:ü 12:x\"");
    HAS(was, "\"operator\":\"М:\"");
    HAS(was, "\"street\":\"Straße 1\\n0:\"");
    HAS(none, "\"phones\":null");
    T_OK(cx, db_write(cx, rows_alone, NULL));
    for (int i = 0; i < 2; i++) {
        T_OK(cx, db_write(cx, sync_again, t->m));
        T_STR(shown(cx, "person", id), was);
        T_STR(shown(cx, "person", other), none);
    }
    change(cx, "person", id, "{\"phones\":[]}");
    HAS(shown(cx, "person", id), "\"phones\":null");
}

/* What stands in a row may be cut or not be ours: what can be read of it is, and nothing behind it. */
static void points_broken(struct bed *t)
{
    struct arena *a = t->cx.a;
    const struct item two[] = {{.type = S("work"), .typed = S("1:2"), .norm = S("+1"), .ext = S(""), .extra = S("{}")},
                               {.type = S(""), .typed = S("x"), .norm = S(""), .ext = S("12"), .extra = S("")}};
    str s = points_text(a, &(struct val){.t = VT_LIST, .v = two, .n = 2});
    T_STR(s, S("4:work3:1:22:+10:2:{}0:1:x0:2:120:"));
    struct val v = points_read(a, s);
    T_INT((int64_t)v.n, 2);
    for (size_t i = 0; i < 2; i++) {
        T_STR(v.v[i].type, two[i].type);
        T_STR(v.v[i].typed, two[i].typed);
        T_STR(v.v[i].norm, two[i].norm);
        T_STR(v.v[i].ext, two[i].ext);
        T_STR(v.v[i].extra, two[i].extra);
    }
    for (size_t n = 0; n < s.n; n++) T_INT((int64_t)points_read(a, str_cut(s, 0, n)).n, n < 21 ? 0 : 1);
    static const str bad[] = {S0("x"), S0(":"), S0("1"), S0("-1:"), S0("99999999999999999999:0:0:0:0:"), S0("0:0:0:0:7:abc")};
    for (size_t i = 0; i < COUNT(bad); i++) T(points_read(a, bad[i]).t == VT_NULL);
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
    points_before(t);
    points_broken(t);
    departments(t);
    colours(t);
    participants(t);
}

static void both(void) { bed_both(all); }

TESTS("entities", both)
