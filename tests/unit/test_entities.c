/* SPDX-License-Identifier: MIT */
/* What the entities of the house hold beside plain fields, on both engines: operators of numbers, several web
 * addresses (and those from when there was one), departments with their people, colours of groups, spellings of
 * tags, towns of addresses. */
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
    static const char *const never[] = {"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\\nscript:alert(1)", "java\\tscript:alert(1)", "data:text/html,<script>alert(1)</script>",
                                        "vbscript:msgbox(1)", "file:///etc/passwd", "ftp://a.example/", "javascript://a.example/%0aalert(1)", "https:evil", "//evil.example"};
    for (size_t i = 0; i < COUNT(never); i++) { /* B08 */
        enum err e = try_create(cx, "person", J("{\"name\":\"x\",\"urls\":[\"%s\"]}", never[i]), &w);
        str got = e == E_OK ? shown(cx, "person", w.id) : S("\"urls\":[{\"type\":\"\",\"value\":\"https://");
        bool safe = str_find(got, S("\"urls\":[{\"type\":\"\",\"value\":\"https://")) >= 0 || str_find(got, S("\"value\":\"http://")) >= 0;
        T(safe);
        if (!safe) fprintf(stderr, "  %s: %.*s\n", never[i], FS(got));
    }
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

/* How many fit, by both evaluators. */
static int64_t fitting(struct cx *cx, const char *json)
{
    const struct entity *e = ENT(cx, "person");
    struct query all = {.limit = 200, .cursor = S(""), .fields = FIELDS_ALL};
    struct page p = {0};
    const struct cond *c = NULL;
    int64_t n = 0, same = 0;
    bool exact = false, fits = false;
    T_OK(cx, filter_parse(cx, e, parsed(cx, json), NULL, &c));
    T_OK(cx, record_count(cx, e, c, false, 0, &n, &exact));
    T_OK(cx, record_list(cx, e, &all, &p));
    for (size_t i = 0; i < p.n; i++) {
        T_OK(cx, filter_eval(cx, c, p.v[i].id, p.v[i].v, NULL, &fits));
        same += fits;
    }
    T_INT(same, n);
    return n;
}

static int64_t tagged(struct cx *cx, const char *op, const char *value)
{
    return fitting(cx, J("{\"field\":\"tags\",\"op\":\"%s\",\"value\":%s}", op, value));
}

static int64_t in_town(struct cx *cx, const char *op, const char *value)
{
    return fitting(cx, J("{\"field\":\"addresses.city\",\"op\":\"%s\"%s}", op, value));
}

static enum err sync_here(struct cx *cx, void *arg)
{
    (void)arg;
    return meta_sync(cx, cx->meta);
}

static enum err towns_forget(struct cx *cx, void *arg)
{
    (void)arg;
    TRY(db_exec(cx, NULL, "UPDATE contact_point SET ext = '' WHERE kind = 'addresses'"));
    return db_exec(cx, NULL, "UPDATE person SET addresses__p = replace(replace(addresses__p, '4:koln', '0:'), '4:bonn4:bonn', '4:bonn0:')");
}

static enum err words_forget(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "DELETE FROM tag_word");
}

/* "VIP" and "vip" are one tag, in the spelling that came first; who alone has it may spell it anew. */
static void tags_are_one(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t a = create(cx, "person", "{\"name\":\"Anna\",\"tags\":[\"VIP\",\"Žalias\"]}");
    int64_t b = create(cx, "person", "{\"name\":\"Ben\",\"tags\":[\"vip\",\"zalias\",\"neu\"]}");
    HAS(shown(cx, "person", b), "\"tags\":[\"VIP\",\"Žalias\",\"neu\"]");
    T_INT(tagged(cx, "eq", "\"vIp\""), 2);
    T_INT(tagged(cx, "in", "[\"nix\",\"NEU\"]"), 1);
    T_INT(tagged(cx, "ne", "\"neu\""), 1);
    T_INT(tagged(cx, "eq", "\"nix\""), 0);
    change(cx, "person", b, "{\"tags\":[\"Vip\",\"ŽALIAS\",\"NEU\"]}");
    HAS(shown(cx, "person", b), "\"tags\":[\"VIP\",\"Žalias\",\"NEU\"]");
    T(change(cx, "person", b, "{\"tags\":[\"vip\",\"žalias\",\"NEU\"]}") == 0); /* the same tags: nothing changed */
    T_INT(tagged(cx, "eq", "\"neu\""), 1);
    change(cx, "person", a, "{\"tags\":null}");
    T_INT(tagged(cx, "eq", "\"VIP\""), 1);
    T_OK(cx, db_write(cx, words_forget, NULL)); /* a base from before */
    T_INT(tagged(cx, "eq", "\"zalias\""), 0);
    T_OK(cx, db_write(cx, sync_here, NULL));
    T_INT(tagged(cx, "eq", "\"zalias\""), 1);
}

/* The towns of addresses are asked for as if they were a field. */
static void towns(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct cond *c = NULL;
    int64_t id = create(cx, "person", "{\"name\":\"Anna\",\"addresses\":[{\"street\":\"Bonner Str. 1\",\"zip\":\"50667\",\"city\":\"Köln\"},{\"city\":\"Bonn\"}]}");
    create(cx, "person", "{\"name\":\"Ben\",\"addresses\":[\"Bonner Str. 2\"]}");
    create(cx, "person", "{\"name\":\"Carl\"}");
    HAS(shown(cx, "person", id), "\"text\":\"Bonner Str. 1, 50667 Köln\"");
    T_INT(in_town(cx, "eq", ",\"value\":\"koln\""), 1);
    T_INT(in_town(cx, "ne", ",\"value\":\"Bonn\""), 2);
    T_INT(in_town(cx, "starts", ",\"value\":\"bon\""), 1);
    T_INT(in_town(cx, "contains", ",\"value\":\"ÖL\""), 1);
    T_INT(in_town(cx, "in", ",\"value\":[\"Ulm\",\"Bonn\"]"), 1);
    T_INT(in_town(cx, "notin", ",\"value\":[\"Ulm\",\"Bonn\"]"), 2);
    T_INT(in_town(cx, "empty", ""), 2);
    T_INT(in_town(cx, "notempty", ""), 1);
    T(filter_parse(cx, ENT(cx, "person"), parsed(cx, "{\"field\":\"addresses.zip\",\"op\":\"empty\"}"), NULL, &c) == E_INVALID);
    T(filter_parse(cx, ENT(cx, "person"), parsed(cx, "{\"field\":\"addresses.city\",\"op\":\"lt\",\"value\":\"a\"}"), NULL, &c) == E_INVALID);
    T_OK(cx, db_write(cx, towns_forget, NULL)); /* a base from before */
    T_OK(cx, db_write(cx, sync_here, NULL));
    T_INT(in_town(cx, "notempty", ""), 1);
}

static void both(void)
{
    bed_both(all);
    bed_both(tags_are_one);
    bed_both(towns);
}

TESTS("entities", both)
