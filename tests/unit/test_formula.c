/* SPDX-License-Identifier: MIT */
/* Formulas and roll-ups: typed at definition, filled for what is there, following what they read, on both engines. */
#include "meta/formula.h"
#include "record_make.h"

static enum err add_inside(struct cx *cx, void *arg)
{
    const struct json *j = *(const struct json **)arg;
    str name = {0}, entity = {0};
    TRY(meta_field_add(cx, j, &name));
    TRY(json_str_of(cx, j, S("entity"), S(""), &entity));
    return record_field_fill(cx, entity, name);
}

static enum err try_add(struct bed *t, const char *json)
{
    const struct json *j = parsed(&t->cx, json);
    enum err e = db_write(&t->cx, add_inside, &j);
    if (e == E_OK) bed_reload(t);
    return e;
}

static void add(struct bed *t, const char *json) { T_OK(&t->cx, try_add(t, json)); }

static void wrong(struct bed *t, const char *def, const char *at)
{
    struct cx *cx = &t->cx;
    T(try_add(t, J("{\"entity\":\"company\",\"label\":\"W\",\"kind\":\"formula\",\"def\":%s}", def)) == E_INVALID);
    T_STR(cx->at, str_from(at));
}

/* H03: what is deep or wide beyond measure is refused; what grows by being put together is cut. */
static void huge(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct buf wide = buf_new(cx->a, 1 << 20), many = buf_new(cx->a, 1 << 16), grows = buf_new(cx->a, 1 << 16);
    for (int i = 0; i < 20000; i++) buf_fmt(&wide, "%s1", i ? "," : "");
    for (int i = 0; i < 15; i++) buf_fmt(&many, "%s{\"op\":\"add\",\"of\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}", i ? "," : "");
    T(try_add(t, J("{\"entity\":\"company\",\"label\":\"W\",\"kind\":\"formula\",\"def\":{\"op\":\"add\",\"of\":[%s]}}", arena_z(cx->a, buf_str(&wide)))) == E_INVALID);
    T(try_add(t, J("{\"entity\":\"company\",\"label\":\"M\",\"kind\":\"formula\",\"def\":{\"op\":\"add\",\"of\":[%s]}}", arena_z(cx->a, buf_str(&many)))) == E_INVALID);
    T(try_add(t, "{\"entity\":\"company\",\"label\":\"R\",\"kind\":\"formula\",\"def\":{\"op\":\"repeat\",\"of\":[\"x\",1000000000]}}") == E_INVALID);
    for (int k = 0; k < 4; k++) { /* twenty times, four times over: a million and a half of letters */
        str before = k ? arena_fmt(cx->a, "x_g%d", k) : S("name");
        grows.n = 0;
        for (int i = 0; i < 20; i++) buf_fmt(&grows, "%s{\"field\":\"%.*s\"}", i ? "," : "", FS(before));
        add(t, J("{\"entity\":\"company\",\"label\":\"g%d\",\"kind\":\"formula\",\"def\":{\"op\":\"concat\",\"of\":[%s]}}", k + 1, arena_z(cx->a, buf_str(&grows))));
    }
    int64_t id = create(cx, "company", "{\"name\":\"0123456789\"}");
    T(shown(cx, "company", id).n < 5 * (FORMULA_TEXT_MAX + 200));
}

static void definitions(struct bed *t)
{
    wrong(t, "{\"op\":\"nosuch\",\"of\":[1]}", "def.op");
    wrong(t, "{\"op\":\"add\",\"of\":[1,\"a\"]}", "def.of.1");
    wrong(t, "{\"op\":\"add\",\"of\":[{\"field\":\"employees\"},{\"op\":\"mul\",\"of\":[2,{\"field\":\"nosuch\"}]}]}", "def.of.1.of.1");
    wrong(t, "{\"op\":\"sub\",\"of\":[1]}", "def.of");
    wrong(t, "{\"link\":\"name\",\"field\":\"name\"}", "def");
    wrong(t, "{\"field\":\"phones\"}", "def");
    wrong(t, "{\"op\":\"if\",\"of\":[1,2,3]}", "def.of.0");
    wrong(t, "{\"op\":\"round\",\"of\":[1.5,10]}", "def.of.1");
    wrong(t, "1e5", "def");
    wrong(t, "{\"op\":\"and\",\"of\":[true,{\"op\":\"eq\",\"of\":[1,{\"date\":\"2026-02-30\"}]}]}", "def.of.1.of.1");
    struct cx *cx = &t->cx;
    T(try_add(t, "{\"entity\":\"company\",\"label\":\"W\",\"kind\":\"formula\"}") == E_INVALID);
    T_STR(cx->at, S("def"));
    T(try_add(t, "{\"entity\":\"company\",\"label\":\"W\",\"kind\":\"formula\",\"result\":\"money\",\"def\":1}") == E_INVALID);
    T_STR(cx->at, S("result"));
    T(try_add(t, "{\"entity\":\"company\",\"label\":\"W\",\"kind\":\"formula\",\"required\":true,\"def\":1}") == E_INVALID);
}

/* One expression over one record: what the API shows. */
static void gives(struct bed *t, const char *def, const char *more, const char *want)
{
    static int n;
    struct cx *cx = &t->cx;
    str label = arena_fmt(cx->a, "v%d", ++n);
    int64_t id = create(cx, "company", "{\"name\":\"Ärger GmbH\",\"employees\":7,\"rating\":3,\"founded\":0}");
    add(t, J("{\"entity\":\"company\",\"label\":\"%.*s\",\"kind\":\"formula\"%s,\"def\":%s}", FS(label), more, def));
    str s = shown(cx, "company", id);
    has(s, arena_fmt(cx->a, "\"x_%.*s\":%s}", FS(label), want), __LINE__);
}

static void values(struct bed *t)
{
    gives(t, "{\"op\":\"mul\",\"of\":[{\"field\":\"employees\"},2.50]}", "", "\"17.50\"");
    gives(t, "{\"op\":\"add\",\"of\":[{\"field\":\"employees\"},{\"field\":\"rating\"},-1]}", "", "9");
    gives(t, "{\"op\":\"div\",\"of\":[1,{\"field\":\"employees\"}]}", ",\"scale\":4", "\"0.1429\"");
    gives(t, "{\"op\":\"div\",\"of\":[1,{\"field\":\"founded\"}]}", "", "null");
    gives(t, "{\"op\":\"mul\",\"of\":[9223372036854775807,{\"field\":\"employees\"}]}", "", "null");
    gives(t, "{\"op\":\"sub\",\"of\":[-9223372036854775807,{\"field\":\"employees\"}]}", "", "null");
    gives(t, "{\"op\":\"round\",\"of\":[{\"op\":\"div\",\"of\":[{\"field\":\"employees\"},2]}]}", "", "4");
    gives(t, "{\"op\":\"div\",\"of\":[{\"field\":\"rating\"},12]}", ",\"result\":\"percent\"", "\"25.00\"");
    gives(t, "{\"op\":\"concat\",\"of\":[{\"op\":\"upper\",\"of\":[{\"field\":\"name\"}]},\" / \",{\"field\":\"employees\"}]}", "", "\"ÄRGER GMBH / 7\"");
    gives(t, "{\"op\":\"length\",\"of\":[{\"field\":\"name\"}]}", "", "10");
    gives(t, "{\"op\":\"eq\",\"of\":[{\"field\":\"name\"},\"arger gmbh\"]}", "", "true");
    gives(t, "{\"op\":\"if\",\"of\":[{\"op\":\"gt\",\"of\":[{\"field\":\"employees\"},6.99]},\"big\",\"small\"]}", "", "\"big\"");
    gives(t, "{\"op\":\"and\",\"of\":[{\"op\":\"not\",\"of\":[{\"op\":\"empty\",\"of\":[{\"field\":\"name\"}]}]},{\"op\":\"empty\",\"of\":[{\"field\":\"website\"}]}]}", "", "true");
    gives(t, "{\"op\":\"min\",\"of\":[{\"field\":\"employees\"},{\"field\":\"rating\"},4.5]}", "", "\"3.00\"");
    gives(t, "{\"op\":\"coalesce\",\"of\":[{\"field\":\"industry\"},{\"field\":\"name\"}]}", "", "\"Ärger GmbH\"");
    gives(t, "{\"op\":\"mul\",\"of\":[{\"money\":{\"amount\":\"10.01\",\"currency\":\"EUR\"}},{\"field\":\"employees\"},0.5]}", "",
          "{\"amount\":\"35.04\",\"currency\":\"EUR\"}");
    gives(t, "{\"op\":\"add\",\"of\":[{\"money\":{\"amount\":\"1\",\"currency\":\"EUR\"}},{\"money\":{\"amount\":\"1\",\"currency\":\"USD\"}}]}", "", "null");
    gives(t, "{\"op\":\"div\",\"of\":[{\"money\":{\"amount\":\"1\",\"currency\":\"EUR\"}},{\"money\":{\"amount\":\"4\",\"currency\":\"EUR\"}}]}", "", "\"0.25\"");
    gives(t, "{\"op\":\"days_between\",\"of\":[{\"date\":\"2026-02-27\"},{\"date\":\"2026-03-01\"}]}", "", "2");
    gives(t, "{\"op\":\"year\",\"of\":[{\"op\":\"today\",\"of\":[]}]}", "", "2026");
    gives(t, "{\"op\":\"days_between\",\"of\":[{\"date\":\"2026-11-20\"},{\"op\":\"today\"}]}", "", "2");
}

static int64_t count(struct cx *cx, const char *entity, const char *filter)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct cond *c = NULL;
    int64_t n = 0;
    bool exact = false;
    T_OK(cx, filter_parse(cx, e, parsed(cx, filter), NULL, &c));
    T_OK(cx, record_count(cx, e, c, false, 0, &n, &exact));
    return n;
}

/* Own fields, a link, a formula on a formula, a formula on a roll-up, a roll-up of a formula. */
static void following(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct undo_result u = {0};
    struct written w = {0};
    int64_t firm = create(cx, "company", "{\"name\":\"F\",\"employees\":10}"), other = create(cx, "company", "{\"name\":\"O\",\"employees\":1}");
    int64_t p = create(cx, "person", J("{\"name\":\"P\",\"rating\":2,\"company\":\"" ID "\"}", firm));
    add(t, "{\"entity\":\"person\",\"label\":\"weight\",\"kind\":\"formula\",\"def\":{\"op\":\"mul\",\"of\":[{\"field\":\"rating\"},{\"link\":\"company\",\"field\":\"employees\"}]}}");
    add(t, "{\"entity\":\"person\",\"label\":\"twice\",\"kind\":\"formula\",\"def\":{\"op\":\"mul\",\"of\":[2,{\"field\":\"x_weight\"}]}}");
    add(t, "{\"entity\":\"company\",\"label\":\"load\",\"kind\":\"rollup\",\"to\":\"person\",\"via\":\"company\",\"def\":{\"agg\":\"sum\",\"field\":\"rating\"}}");
    add(t, "{\"entity\":\"company\",\"label\":\"per\",\"kind\":\"formula\",\"def\":{\"op\":\"add\",\"of\":[{\"field\":\"x_load\"},{\"field\":\"people_count\"}]}}");
    HAS(shown(cx, "person", p), "\"x_weight\":20,\"x_twice\":40");
    HAS(shown(cx, "company", firm), "\"x_load\":2,\"x_per\":3");
    int64_t seq = change(cx, "person", p, "{\"rating\":3}");
    HAS(shown(cx, "person", p), "\"x_weight\":30,\"x_twice\":60");
    HAS(shown(cx, "company", firm), "\"x_load\":3,\"x_per\":4");
    change(cx, "company", firm, "{\"employees\":11}");
    HAS(shown(cx, "person", p), "\"x_weight\":33,\"x_twice\":66");
    T_OK(cx, undo_change(cx, seq, UNDO_ASK, &u));
    HAS(shown(cx, "person", p), "\"x_weight\":22,\"x_twice\":44");
    change(cx, "person", p, J("{\"company\":\"" ID "\"}", other));
    HAS(shown(cx, "person", p), "\"x_weight\":2,\"x_twice\":4");
    HAS(shown(cx, "company", firm), "\"x_load\":0,\"x_per\":0");
    HAS(shown(cx, "company", other), "\"x_load\":2,\"x_per\":3");
    T_INT(count(cx, "person", "{\"field\":\"x_twice\",\"op\":\"ge\",\"value\":4}"), 1);
    T_INT(count(cx, "person", "{\"field\":\"x_twice\",\"op\":\"gt\",\"value\":4}"), 0);
    T(record_delete(cx, ENT(cx, "person"), p, 0, &w) == E_OK);
    HAS(shown(cx, "company", other), "\"x_load\":0,\"x_per\":0");
    T_OK(cx, record_restore(cx, ENT(cx, "person"), p, &w));
    HAS(shown(cx, "company", other), "\"x_load\":2,\"x_per\":3");
    T(try_change(cx, "person", p, "{\"x_twice\":5}", &w) == E_INVALID);
    T(try_create(cx, "person", "{\"name\":\"x\",\"x_twice\":5}", &w) == E_INVALID);
    /* no link, no value */
    HAS(shown(cx, "person", create(cx, "person", "{\"name\":\"N\",\"rating\":2}")), "\"x_weight\":null");
}

struct changing {
    const char *entity, *name;
    const struct json *j;
};
static enum err change_inside(struct cx *cx, void *arg)
{
    struct changing *c = arg;
    bool recast = false;
    TRY(meta_field_change(cx, str_from(c->entity), str_from(c->name), c->j, &recast));
    return record_field_fill(cx, str_from(c->entity), str_from(c->name));
}
static enum err trash_inside(struct cx *cx, void *arg)
{
    struct changing *c = arg;
    return meta_field_trash(cx, str_from(c->entity), str_from(c->name), true);
}

static void circles(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t id = create(cx, "company", "{\"name\":\"F\",\"employees\":4}");
    add(t, "{\"entity\":\"company\",\"label\":\"plain\",\"kind\":\"int\"}");
    add(t, "{\"entity\":\"company\",\"label\":\"one\",\"kind\":\"formula\",\"def\":{\"op\":\"coalesce\",\"of\":[{\"field\":\"x_plain\"},{\"field\":\"employees\"}]}}");
    add(t, "{\"entity\":\"company\",\"label\":\"two\",\"kind\":\"formula\",\"def\":{\"link\":\"parent\",\"field\":\"x_one\"}}");
    struct changing c = {"company", "x_one", parsed(cx, "{\"def\":{\"op\":\"add\",\"of\":[1,{\"field\":\"x_two\"}]}}")};
    T(db_write(cx, change_inside, &c) == E_INVALID);
    T_STR(cx->at, S("def"));
    c.j = parsed(cx, "{\"def\":{\"op\":\"mul\",\"of\":[{\"field\":\"employees\"},{\"field\":\"employees\"}]}}");
    T_OK(cx, db_write(cx, change_inside, &c));
    bed_reload(t);
    HAS(shown(cx, "company", id), "\"x_one\":16");
    int64_t child = create(cx, "company", J("{\"name\":\"C\",\"parent\":\"" ID "\"}", id));
    HAS(shown(cx, "company", child), "\"x_two\":16");
    change(cx, "company", id, "{\"employees\":5}"); /* over two steps */
    HAS(shown(cx, "company", child), "\"x_two\":25");
    c.name = "x_one";
    T(db_write(cx, trash_inside, &c) == E_CONFLICT);
    c.name = "x_two";
    T_OK(cx, db_write(cx, trash_inside, &c));
    bed_reload(t);
    c.name = "x_one";
    T_OK(cx, db_write(cx, trash_inside, &c));
    bed_reload(t);
    T(str_find(shown(cx, "company", id), S("x_one")) < 0);
}

/* A roll-up of a roll-up. */
static void twice(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t id = create(cx, "company", "{\"name\":\"F\"}"), over = create(cx, "company", "{\"name\":\"O\"}");
    change(cx, "company", id, J("{\"parent\":\"" ID "\"}", over));
    add(t, "{\"entity\":\"company\",\"label\":\"load\",\"kind\":\"rollup\",\"to\":\"person\",\"via\":\"company\",\"def\":{\"agg\":\"sum\",\"field\":\"rating\"}}");
    add(t, "{\"entity\":\"company\",\"label\":\"all\",\"kind\":\"rollup\",\"to\":\"company\",\"via\":\"parent\",\"def\":{\"agg\":\"sum\",\"field\":\"x_load\"}}");
    (void)create(cx, "person", J("{\"name\":\"P\",\"rating\":3,\"company\":\"" ID "\"}", id));
    HAS(shown(cx, "company", id), "\"x_load\":3");
    HAS(shown(cx, "company", over), "\"x_all\":3");
    change(cx, "company", id, "{\"parent\":null}");
    HAS(shown(cx, "company", over), "\"x_all\":0");
    change(cx, "company", id, J("{\"parent\":\"" ID "\"}", over));
    (void)create(cx, "person", J("{\"name\":\"Q\",\"rating\":4,\"company\":\"" ID "\"}", id));
    HAS(shown(cx, "company", over), "\"x_all\":7");
    struct changing c = {"company", "x_load", parsed(cx, "{\"def\":{\"agg\":\"count\"}}")};
    T_OK(cx, db_write(cx, change_inside, &c));
    bed_reload(t);
    HAS(shown(cx, "company", over), "\"x_all\":2");
}

/* A roll-up that gathers something else takes along what reads it. */
static void gathered_anew(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t id = create(cx, "company", "{\"name\":\"F\"}"), over = create(cx, "company", "{\"name\":\"O\"}");
    (void)create(cx, "person", J("{\"name\":\"P\",\"rating\":3,\"company\":\"" ID "\"}", id));
    add(t, "{\"entity\":\"company\",\"label\":\"load\",\"kind\":\"rollup\",\"to\":\"person\",\"via\":\"company\",\"def\":{\"agg\":\"sum\",\"field\":\"rating\"}}");
    add(t, "{\"entity\":\"company\",\"label\":\"ten\",\"kind\":\"formula\",\"def\":{\"op\":\"mul\",\"of\":[10,{\"field\":\"x_load\"}]}}");
    add(t, "{\"entity\":\"company\",\"label\":\"above\",\"kind\":\"formula\",\"def\":{\"link\":\"parent\",\"field\":\"x_load\"}}");
    change(cx, "company", over, J("{\"parent\":\"" ID "\"}", id));
    HAS(shown(cx, "company", id), "\"x_load\":3,\"x_ten\":30");
    HAS(shown(cx, "company", over), "\"x_above\":3");
    struct changing c = {"company", "x_load", parsed(cx, "{\"def\":{\"agg\":\"count\"}}")};
    T_OK(cx, db_write(cx, change_inside, &c));
    bed_reload(t);
    HAS(shown(cx, "company", id), "\"x_load\":1,\"x_ten\":10");
    HAS(shown(cx, "company", over), "\"x_above\":1");
}

/* The latest child tells: through changes, moves, trash, undo and merge. */
static void latest(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct undo_result u = {0};
    int64_t a = create(cx, "company", "{\"name\":\"A\"}"), b = create(cx, "company", "{\"name\":\"B\"}");
    int64_t one = create(cx, "interaction", J("{\"subject\":\"One\",\"kind\":\"call\",\"at\":\"2026-01-01T10:00:00Z\",\"company\":\"" ID "\"}", a));
    int64_t two = create(cx, "interaction", J("{\"subject\":\"Two\",\"kind\":\"meeting\",\"at\":\"2026-02-01T10:00:00Z\",\"company\":\"" ID "\"}", a));
    add(t, "{\"entity\":\"company\",\"label\":\"last\",\"kind\":\"rollup\",\"to\":\"interaction\",\"via\":\"company\",\"def\":{\"agg\":\"latest\",\"field\":\"subject\",\"by\":\"at\"}}");
    add(t, "{\"entity\":\"company\",\"label\":\"how\",\"kind\":\"rollup\",\"to\":\"interaction\",\"via\":\"company\",\"def\":{\"agg\":\"latest\",\"field\":\"kind\",\"by\":\"at\"}}");
    add(t, "{\"entity\":\"company\",\"label\":\"first\",\"kind\":\"rollup\",\"to\":\"interaction\",\"via\":\"company\",\"def\":{\"agg\":\"min\",\"field\":\"at\"}}");
    HAS(shown(cx, "company", a), "\"x_last\":\"Two\",\"x_how\":\"meeting\",\"x_first\":\"2026-01-01T10:00:00.000Z\"");
    HAS(shown(cx, "company", b), "\"x_last\":null");
    change(cx, "interaction", two, "{\"subject\":\"Zwei\"}");
    HAS(shown(cx, "company", a), "\"x_last\":\"Zwei\"");
    int64_t seq = change(cx, "interaction", one, "{\"at\":\"2026-03-01T10:00:00Z\"}");
    HAS(shown(cx, "company", a), "\"x_last\":\"One\",\"x_how\":\"call\",\"x_first\":\"2026-02-01T10:00:00.000Z\"");
    T_OK(cx, undo_change(cx, seq, UNDO_ASK, &u));
    HAS(shown(cx, "company", a), "\"x_last\":\"Zwei\"");
    change(cx, "interaction", two, J("{\"company\":\"" ID "\"}", b));
    HAS(shown(cx, "company", a), "\"x_last\":\"One\"");
    HAS(shown(cx, "company", b), "\"x_last\":\"Zwei\"");
    T_INT(count(cx, "company", "{\"field\":\"x_last\",\"op\":\"contains\",\"value\":\"zwe\"}"), 1);
    T_OK(cx, record_delete(cx, ENT(cx, "interaction"), two, 0, &w));
    HAS(shown(cx, "company", b), "\"x_last\":null,\"x_how\":null,\"x_first\":null");
    T_OK(cx, record_restore(cx, ENT(cx, "interaction"), two, &w));
    HAS(shown(cx, "company", b), "\"x_last\":\"Zwei\"");
    T_OK(cx, record_merge(cx, ENT(cx, "company"), a, b, 0, NULL, 0, &w));
    HAS(shown(cx, "company", a), "\"x_last\":\"Zwei\"");
    T(try_add(t, "{\"entity\":\"company\",\"label\":\"w\",\"kind\":\"rollup\",\"to\":\"interaction\",\"via\":\"company\",\"def\":{\"agg\":\"latest\",\"field\":\"subject\"}}") == E_INVALID);
    T_STR(cx->at, S("def.by"));
    T(try_add(t, "{\"entity\":\"company\",\"label\":\"w\",\"kind\":\"rollup\",\"to\":\"interaction\",\"via\":\"person\",\"def\":{\"agg\":\"count\"}}") == E_INVALID);
    T_STR(cx->at, S("via"));
    T(try_add(t, "{\"entity\":\"company\",\"label\":\"w\",\"kind\":\"rollup\",\"to\":\"interaction\",\"via\":\"company\",\"def\":{\"agg\":\"sum\",\"field\":\"subject\"}}") == E_INVALID);
    T_STR(cx->at, S("def.field"));
}

/* Whatever the order of random changes: a stored value is what its definition says now. */
static void always_right(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t firm[4], p[12], employees[4] = {0};
    uint64_t r = 88172645463325252u;
    add(t, "{\"entity\":\"person\",\"label\":\"f\",\"kind\":\"formula\",\"def\":{\"op\":\"add\",\"of\":[{\"op\":\"coalesce\",\"of\":[{\"field\":\"rating\"},100]},"
           "{\"op\":\"mul\",\"of\":[10,{\"op\":\"coalesce\",\"of\":[{\"link\":\"company\",\"field\":\"employees\"},{\"op\":\"sub\",\"of\":[0,1]}]}]}]}}");
    add(t, "{\"entity\":\"company\",\"label\":\"s\",\"kind\":\"rollup\",\"to\":\"person\",\"via\":\"company\",\"def\":{\"agg\":\"max\",\"field\":\"rating\"}}");
    for (int i = 0; i < 4; i++) firm[i] = create(cx, "company", "{\"name\":\"F\",\"employees\":0}");
    for (int i = 0; i < 12; i++) p[i] = create(cx, "person", "{\"name\":\"P\"}");
    for (int i = 0; i < 150; i++) {
        struct arena_mark m = arena_mark(cx->a);
        r ^= r << 13, r ^= r >> 7, r ^= r << 17;
        size_t f = r % 4, who = (r >> 8) % 12;
        if ((r >> 20) % 3 == 0) change(cx, "company", firm[f], J("{\"employees\":%d}", (int)(employees[f] = (int64_t)((r >> 30) % 50))));
        else if ((r >> 20) % 3 == 1) change(cx, "person", p[who], J("{\"rating\":%d}", (int)((r >> 30) % 5 + 1)));
        else change(cx, "person", p[who], J("{\"company\":\"" ID "\"}", firm[f]));
        arena_back(cx->a, m);
    }
    struct db_rows rows = {0};
    T_OK(cx, db_query(cx, &rows, "SELECT (SELECT count(*) FROM person p LEFT JOIN company c ON c.id = p.company WHERE p.x_f IS NULL OR p.x_f <> "
                                 "COALESCE(p.rating, 100) + 10 * COALESCE(c.employees, -1)), (SELECT count(*) FROM company c WHERE COALESCE(c.x_s, 0) <> "
                                 "COALESCE((SELECT max(p.rating) FROM person p WHERE p.company = c.id), 0))"));
    T_INT(db_int(&rows, 0, 0), 0);
    T_INT(db_int(&rows, 0, 1), 0);
}

#define DONE "{\"field\":\"status\",\"op\":\"eq\",\"value\":\"done\"}"
#define GATHER(label, agg, where)                                                                                      \
    "{\"entity\":\"company\",\"label\":\"" label "\",\"kind\":\"rollup\",\"to\":\"interaction\",\"via\":\"company\",\"def\":" \
    "{" agg ",\"where\":" where "}}"

/* A record begins and ceases to meet the condition by its own changes, moves, trash, undo and merge. */
static void with_condition(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct undo_result u = {0};
    int64_t a = create(cx, "company", "{\"name\":\"A\"}"), b = create(cx, "company", "{\"name\":\"B\"}");
    int64_t one = create(cx, "interaction", J("{\"subject\":\"One\",\"status\":\"done\",\"duration\":10,\"at\":\"2026-01-01T10:00:00Z\",\"company\":\"" ID "\"}", a));
    int64_t two = create(cx, "interaction", J("{\"subject\":\"Two\",\"status\":\"planned\",\"duration\":5,\"at\":\"2026-02-01T10:00:00Z\",\"company\":\"" ID "\"}", a));
    add(t, GATHER("n", "\"agg\":\"count\"", DONE));
    add(t, GATHER("sum", "\"agg\":\"sum\",\"field\":\"duration\"", DONE));
    add(t, GATHER("last", "\"agg\":\"latest\",\"field\":\"subject\",\"by\":\"at\"", DONE));
    HAS(shown(cx, "company", a), "\"x_n\":1,\"x_sum\":10,\"x_last\":\"One\"");
    int64_t seq = change(cx, "interaction", two, "{\"status\":\"done\"}");
    HAS(shown(cx, "company", a), "\"x_n\":2,\"x_sum\":15,\"x_last\":\"Two\"");
    T_OK(cx, undo_change(cx, seq, UNDO_ASK, &u));
    HAS(shown(cx, "company", a), "\"x_n\":1,\"x_sum\":10,\"x_last\":\"One\"");
    change(cx, "interaction", two, J("{\"status\":\"done\",\"duration\":7,\"company\":\"" ID "\"}", b));
    HAS(shown(cx, "company", b), "\"x_n\":1,\"x_sum\":7,\"x_last\":\"Two\"");
    change(cx, "interaction", one, J("{\"status\":\"cancelled\",\"company\":\"" ID "\"}", b));
    HAS(shown(cx, "company", a), "\"x_n\":0,\"x_sum\":0,\"x_last\":null");
    HAS(shown(cx, "company", b), "\"x_n\":1,\"x_sum\":7,\"x_last\":\"Two\"");
    T_OK(cx, record_delete(cx, ENT(cx, "interaction"), one, 0, &w)); /* not counted before either */
    HAS(shown(cx, "company", b), "\"x_n\":1,\"x_sum\":7");
    T_OK(cx, record_delete(cx, ENT(cx, "interaction"), two, 0, &w));
    HAS(shown(cx, "company", b), "\"x_n\":0,\"x_sum\":0,\"x_last\":null");
    T_OK(cx, record_restore(cx, ENT(cx, "interaction"), two, &w));
    T_OK(cx, record_restore(cx, ENT(cx, "interaction"), one, &w));
    T_OK(cx, record_merge(cx, ENT(cx, "company"), a, b, 0, NULL, 0, &w));
    HAS(shown(cx, "company", a), "\"x_n\":1,\"x_sum\":7,\"x_last\":\"Two\"");
    struct changing c = {"company", "x_n", parsed(cx, "{\"def\":{\"agg\":\"count\",\"where\":{\"field\":\"status\",\"op\":\"ne\",\"value\":\"done\"}}}")};
    T_OK(cx, db_write(cx, change_inside, &c));
    bed_reload(t);
    HAS(shown(cx, "company", a), "\"x_n\":1,\"x_sum\":7");
    change(cx, "interaction", two, "{\"status\":\"planned\"}");
    HAS(shown(cx, "company", a), "\"x_n\":2,\"x_sum\":0");
    c.j = parsed(cx, "{\"def\":{\"agg\":\"count\"}}");
    change(cx, "interaction", two, "{\"status\":\"done\"}");
    T_OK(cx, db_write(cx, change_inside, &c));
    bed_reload(t);
    HAS(shown(cx, "company", a), "\"x_n\":2,\"x_sum\":7");
}

/* What could not be kept up to date is refused when it is told; what a condition looks at stays as it reads it. */
static void conditions_refused(struct bed *t)
{
    struct cx *cx = &t->cx;
    static const char *const no[] = {
        "{\"field\":\"at\",\"op\":\"within\",\"value\":{\"last_days\":30}}", "{\"not\":{\"field\":\"at\",\"op\":\"within\",\"value\":\"this_month\"}}",
        "{\"field\":\"owner\",\"op\":\"eq\",\"value\":\"me\"}", ("{\"or\":[{\"field\":\"owner\",\"op\":\"in\",\"value\":[\"me\"]}," DONE "]}"),
        "{\"field\":\"team\",\"op\":\"eq\",\"value\":\"my_team\"}", "{\"field\":\"owner\",\"op\":\"ne\",\"value\":\"my_team\"}",
        "{\"link\":\"person\",\"has\":{}}", "{\"any\":\"interaction.previous\",\"has\":{}}", "{\"field\":\"people\",\"op\":\"empty\"}",
        "{\"field\":\"x_roll\",\"op\":\"gt\",\"value\":1}", "{\"field\":\"x_words\",\"op\":\"eq\",\"value\":\"vip\"}", "{\"field\":\"x_live\",\"op\":\"eq\",\"value\":1}",
        "{\"field\":\"nosuch\",\"op\":\"empty\"}", "{\"field\":\"status\",\"op\":\"eq\",\"value\":\"nosuch\"}", "7"};
    add(t, "{\"entity\":\"interaction\",\"label\":\"roll\",\"kind\":\"rollup\",\"to\":\"interaction\",\"via\":\"previous\",\"def\":{\"agg\":\"count\"}}");
    add(t, "{\"entity\":\"interaction\",\"label\":\"words\",\"kind\":\"tags\"}");
    add(t, "{\"entity\":\"interaction\",\"label\":\"live\",\"kind\":\"formula\",\"def\":{\"op\":\"year\",\"of\":[{\"op\":\"today\"}]}}");
    add(t, "{\"entity\":\"interaction\",\"label\":\"art\",\"kind\":\"choice\",\"choices\":[[\"a\",\"A\"],[\"b\",\"B\"]]}");
    for (size_t i = 0; i < COUNT(no); i++) {
        const char *json = J("{\"entity\":\"company\",\"label\":\"W\",\"kind\":\"rollup\",\"to\":\"interaction\",\"via\":\"company\",\"def\":{\"agg\":\"count\",\"where\":%s}}", no[i]);
        T_INT(try_add(t, json), E_INVALID);
        T_STR(cx->at, S("def.where"));
    }
    add(t, GATHER("arts", "\"agg\":\"count\"", "{\"field\":\"x_art\",\"op\":\"eq\",\"value\":\"a\"}"));
    struct changing c = {"interaction", "x_art", parsed(cx, "{\"choices\":[[\"b\",\"B\"]]}")};
    T_INT(db_write(cx, change_inside, &c), E_CONFLICT);
    T_INT(db_write(cx, trash_inside, &c), E_CONFLICT);
    c.j = parsed(cx, "{\"choices\":[[\"a\",\"A\"],[\"c\",\"C\"]]}");
    T_OK(cx, db_write(cx, change_inside, &c));
    bed_reload(t);
    /* round in a circle: company.x_arts2 <- interaction.x_f <- company.x_arts2 */
    add(t, "{\"entity\":\"interaction\",\"label\":\"f\",\"kind\":\"formula\",\"def\":{\"link\":\"company\",\"field\":\"x_arts\"}}");
    struct changing round = {"company", "x_arts", parsed(cx, "{\"def\":{\"agg\":\"count\",\"where\":{\"field\":\"x_f\",\"op\":\"gt\",\"value\":1}}}")};
    T_INT(db_write(cx, change_inside, &round), E_INVALID);
    T_STR(cx->at, S("def"));
}

static enum err where_put(struct cx *cx, void *arg)
{
    const str *where = arg;
    str json = arena_fmt(cx->a,
                         "{\"name\":\"x_n\",\"kind\":\"rollup\",\"label\":{\"en\":\"n\"},\"to\":\"interaction\",\"via\":\"company\","
                         "\"def\":{\"agg\":\"count\",\"where\":%.*s}}", FS(*where));
    return db_exec(cx, NULL, "UPDATE meta_field SET json = $1 WHERE entity = 'company' AND name = 'x_n'", V(json));
}

/* A description that names other records there, as no interface takes it: the house starts all the same. */
static void where_foreign(struct bed *t)
{
    static const char *const foreign[] = {"{\"any\":\"interaction\",\"has\":{}}", "{\"link\":\"owner\",\"has\":{}}", "{\"all\":\"tasks\",\"has\":{}}",
                                          "{\"field\":\"owner\",\"op\":\"eq\",\"value\":\"my_team\"}"};
    struct cx *cx = &t->cx;
    add(t, GATHER("n", "\"agg\":\"count\"", "{\"field\":\"status\",\"op\":\"eq\",\"value\":\"done\"}"));
    for (size_t i = 0; i < COUNT(foreign); i++) {
        const struct meta *was = cx->meta;
        struct meta *m = NULL;
        T_OK(cx, db_write(cx, where_put, &(str){foreign[i], strlen(foreign[i])}));
        cx->meta = NULL;
        T_OK(cx, meta_load(cx, &m));
        cx->meta = was;
        const struct field *f = m ? entity_field(meta_entity(m, S("company")), S("x_n")) : NULL;
        T(f && !f->where);
        meta_drop(&m);
    }
}

/* A random change of one of the records. */
static void stir(struct cx *cx, uint64_t r, const int64_t firm[3], const int64_t v[9], bool away[9])
{
    static const char *const status[] = {"planned", "relevant", "done", "cancelled"};
    struct written w = {0};
    size_t who = (r >> 8) % 9, what = (r >> 20) % 6;
    if (what == 0) change(cx, "company", firm[r % 3], J("{\"employees\":%d}", (int)((r >> 30) % 50)));
    else if (what == 1 && away[who]) T_OK(cx, record_restore(cx, ENT(cx, "interaction"), v[who], &w));
    else if (what == 1) T_OK(cx, record_delete(cx, ENT(cx, "interaction"), v[who], 0, &w));
    else if (away[who]) return;
    else if (what == 2) change(cx, "interaction", v[who], J("{\"status\":\"%s\"}", status[(r >> 30) % 4]));
    else if (what == 3) change(cx, "interaction", v[who], J("{\"subject\":\"%s\",\"duration\":%d}", (r >> 30) & 1 ? "Xäbc" : "P", (int)((r >> 32) % 20)));
    else if (what == 4) change(cx, "interaction", v[who], J("{\"at\":\"2026-01-1%dT00:00:00Z\"}", (int)((r >> 30) % 10)));
    else change(cx, "interaction", v[who], J("{\"company\":\"" ID "\"}", firm[r % 3]));
    if (what == 1) away[who] = !away[who];
}

/* Whatever the order of random changes: what is gathered is what the condition says now, of a formula's value, too. */
static void conditions_right(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t firm[3], v[9];
    bool away[9] = {0};
    uint64_t r = 88172645463325252u;
    add(t, "{\"entity\":\"interaction\",\"label\":\"size\",\"kind\":\"formula\",\"def\":{\"link\":\"company\",\"field\":\"employees\"}}");
    add(t, GATHER("n", "\"agg\":\"count\"", "{\"and\":[{\"not\":" DONE "},{\"field\":\"x_size\",\"op\":\"gt\",\"value\":25}]}"));
    add(t, GATHER("s", "\"agg\":\"sum\",\"field\":\"duration\"", "{\"field\":\"status\",\"op\":\"in\",\"value\":[\"done\",\"planned\"]}"));
    add(t, GATHER("m", "\"agg\":\"max\",\"field\":\"duration\"", "{\"field\":\"subject\",\"op\":\"contains\",\"value\":\"ÄB\"}"));
    add(t, GATHER("l", "\"agg\":\"latest\",\"field\":\"duration\",\"by\":\"at\"", "{\"field\":\"at\",\"op\":\"ge\",\"value\":\"2026-01-15\"}"));
    for (int i = 0; i < 3; i++) firm[i] = create(cx, "company", "{\"name\":\"F\",\"employees\":0}");
    for (int i = 0; i < 9; i++) v[i] = create(cx, "interaction", J("{\"subject\":\"P\",\"at\":\"2026-01-1%dT00:00:00Z\",\"duration\":%d}", i, i));
    for (int i = 0; i < 260; i++) {
        struct arena_mark m = arena_mark(cx->a);
        r ^= r << 13, r ^= r >> 7, r ^= r << 17;
        stir(cx, r, firm, v, away);
        arena_back(cx->a, m);
    }
    for (int i = 0; i < 3; i++) change(cx, "company", firm[i], J("{\"employees\":%d}", 20 + 10 * i));
    struct db_rows rows = {0};
#define OF " FROM interaction i WHERE i.deleted_at IS NULL AND i.company = c.id AND "
    T_OK(cx, db_query(cx, &rows, "SELECT count(*), max(c.x_n), max(c.x_s), max(c.x_m), max(c.x_l) FROM company c WHERE"
                                 " COALESCE(c.x_n, 0) <> (SELECT count(*)" OF "i.status <> 'done' AND c.employees > 25)"
                                 " OR COALESCE(c.x_s, 0) <> (SELECT COALESCE(sum(i.duration), 0)" OF "i.status IN ('done', 'planned'))"
                                 " OR COALESCE(c.x_m, 0) <> COALESCE((SELECT max(i.duration)" OF "i.subject_f LIKE '%ab%'), 0)"
                                 " OR COALESCE(c.x_l, -1) <> COALESCE((SELECT i.duration" OF "i.at >= 1768435200000 ORDER BY i.at DESC, i.id DESC LIMIT 1), -1)"));
    T_INT(db_int(&rows, 0, 0), 0);
    T_OK(cx, db_query(cx, &rows, "SELECT max(x_n), max(x_s), max(x_m), max(x_l) FROM company"));
    for (size_t i = 0; i < 4; i++) T(db_int(&rows, 0, i) > 0); /* it was not all about nothing */
}

static void both(void)
{
    static void (*const all[])(struct bed *) = {definitions, huge, values, following, circles, twice, gathered_anew, latest, always_right,
                                                with_condition, conditions_refused, conditions_right, where_foreign};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
}

TESTS("formula", both)
