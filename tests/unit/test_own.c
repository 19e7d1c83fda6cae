/* SPDX-License-Identifier: MIT */
/* Names that own fields and entities are given in the tables: columns that are nobody else's, indexes that do not meet,
 * and the indexes of a base from before. On both engines. */
#include "record_make.h"

static enum err add_entity(struct cx *cx, void *arg) { return meta_entity_add(cx, ((struct own *)arg)->j, &((struct own *)arg)->name); }

static str add(struct bed *t, const char *entity, const char *kind, const char *label, const char *more)
{
    struct own f = {.j = parsed(&t->cx, arena_fmt(t->cx.a, "{\"entity\":\"%s\",\"kind\":\"%s\",\"label\":\"%s\"%s}", entity, kind, label, more).p)};
    T_OK(&t->cx, db_write(&t->cx, add_field, &f));
    bed_reload(t);
    return f.name;
}

static str entity(struct bed *t, const char *label)
{
    struct own e = {.j = parsed(&t->cx, arena_fmt(t->cx.a, "{\"label\":\"%s\"}", label).p)};
    T_OK(&t->cx, db_write(&t->cx, add_entity, &e));
    bed_reload(t);
    return e.name;
}

static void columns(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct recast rc = {0};
    T_STR(add(t, "person", "text", "A 中 p", ""), S("x_a__p"));
    T_STR(add(t, "person", "phones", "A", ""), S("x_a_2"));
    T_STR(add(t, "person", "urls", "Q", ""), S("x_q"));
    T_STR(add(t, "person", "text", "Q 中 p", ""), S("x_q__p_2"));
    T_STR(add(t, "person", "int", "B", ""), S("x_b"));
    T_STR(add(t, "person", "int", "B f", ""), S("x_b_f_2")); /* the column of x_b when it becomes a text */
    T_STR(add(t, "person", "int", "B cur", ""), S("x_b_cur_2"));
    T_STR(add(t, "person", "int", "B 中 old", ""), S("x_b__old_2"));
    T_STR(add(t, "person", "int", "C f", ""), S("x_c_f"));
    T_STR(add(t, "person", "text", "C", ""), S("x_c_2"));
    int64_t id = create(cx, "person", "{\"name\":\"Anna\",\"x_a__p\":\"text\",\"x_a_2\":[\"0221 5550123\"],\"x_b\":7,\"x_b_f_2\":8,\"x_b__old_2\":9}");
    T_OK(cx, record_field_change(cx, S("person"), S("x_b"), parsed(cx, "{\"kind\":\"text\"}"), &rc));
    bed_reload(t);
    str s = shown(cx, "person", id);
    HAS(s, "\"x_a__p\":\"text\"");
    HAS(s, "0221 5550123");
    HAS(s, "\"x_b\":\"7\"");
    HAS(s, "\"x_b_f_2\":8");
    HAS(s, "\"x_b__old_2\":9");
}

/* The names of a table's indexes, one a line. */
static str indexes(struct cx *cx, str table)
{
    struct buf b = buf_new(cx->a, 64 * 1024);
    struct db_rows r = {0};
    T_OK(cx, db_indexes(cx, table, &r));
    for (size_t i = 0; i < r.n; i++) {
        T(db_str(&r, i, 0).n <= 63);
        buf_fmt(&b, "%.*s\n", FS(db_str(&r, i, 0)));
    }
    return buf_str(&b);
}

static int64_t lines(str s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += s.p[i] == '\n';
    return n;
}

/* A second record with the same value is refused, at the field. */
static void kept_unique(struct cx *cx, str entity, str field)
{
    struct written w = {0};
    const char *e = arena_z(cx->a, entity), *j = arena_fmt(cx->a, "{\"name\":\"x\",\"%.*s\":\"1\"}", FS(field)).p;
    T_OK(cx, try_create(cx, e, j, &w));
    T(try_create(cx, e, j, &w) == E_CONFLICT);
    T_STR(cx->at, field);
}

static void names(struct bed *t)
{
    struct cx *cx = &t->cx;
    T_STR(entity(t, "A"), S("x_a"));
    T_STR(add(t, "x_a", "text", "B unique", ",\"index\":true"), S("x_b_unique"));
    T_STR(add(t, "x_a", "text", "B", ",\"unique\":true"), S("x_b"));
    kept_unique(cx, S("x_a"), S("x_b"));
    T_STR(entity(t, "A x b"), S("x_a_x_b")); /* its title's index, and a field of the other */
    T_STR(add(t, "x_a", "text", "B name", ",\"unique\":true,\"index\":true"), S("x_b_name"));
    kept_unique(cx, S("x_a"), S("x_b_name"));
    HAS(indexes(cx, S("x_a_x_b")), "by.x_a_x_b.name\n");
    str all = indexes(cx, S("x_a"));
    HAS(all, "by.x_a.x_b_unique\n");
    HAS(all, "unique.x_a.x_b\n");
    HAS(all, "by.x_a.x_b_name\n");
    HAS(all, "unique.x_a.x_b_name\n");
}

/* PostgreSQL cuts names: the same beginning, and yet another index. */
static void long_names(struct bed *t)
{
    struct cx *cx = &t->cx;
    str e = entity(t, "Vertragsgegenstandsverzeichnisseintragsnummernkreis");
    const char *of = arena_z(cx->a, e);
    int64_t before = lines(indexes(cx, e));
    str a = add(t, of, "text", "Vertragsgegenstandsverzeichnisseintragsnummer A", ",\"index\":true,\"unique\":true");
    str b = add(t, of, "text", "Vertragsgegenstandsverzeichnisseintragsnummer B", ",\"index\":true,\"unique\":true");
    T(e.n > 40 && a.n > 40 && b.n > 40);
    T_INT(lines(indexes(cx, e)) - before, 4);
    kept_unique(cx, e, a);
    kept_unique(cx, e, b);
    struct recast rc = {0};
    T_OK(cx, record_field_change(cx, e, a, parsed(cx, "{\"unique\":false,\"index\":false}"), &rc));
    bed_reload(t);
    struct written w = {0};
    T(try_create(cx, of, arena_fmt(cx->a, "{\"name\":\"y\",\"%.*s\":\"1\"}", FS(b)).p, &w) == E_CONFLICT);
    T_OK(cx, try_create(cx, of, arena_fmt(cx->a, "{\"name\":\"y\",\"%.*s\":\"1\"}", FS(a)).p, &w));
}

static enum err older(struct cx *cx, void *arg)
{
    static const char *const sql[] = {
        "DROP INDEX \"by.person.x_nr\"", "DROP INDEX \"unique.person.x_nr\"", "DROP INDEX \"link.person.x_firm\"",
        "DROP INDEX \"by.x_ding.name\"", "DROP INDEX \"owner.x_ding.name\"", "DROP INDEX \"roll.interaction.company.at\"",
        "DROP INDEX \"unique.x_ding.x_nr\"",
        "CREATE INDEX \"person_x_nr\" ON \"person\" (x_nr_f, id)", "CREATE UNIQUE INDEX \"person_x_nr_unique\" ON \"person\" (x_nr_f)",
        "CREATE INDEX \"person_x_firm\" ON \"person\" (x_firm, id)", "CREATE INDEX \"x_ding_name\" ON \"x_ding\" (name_f, id)",
        "CREATE INDEX \"x_ding_owner_name\" ON \"x_ding\" (owner, name_f, id)",
        "CREATE INDEX \"interaction_company_at_roll\" ON \"interaction\" (company, at, id)"};
    (void)arg;
    for (size_t i = 0; i < COUNT(sql); i++) TRY(db_ddl(cx, str_from(sql[i])));
    return E_OK;
}
static enum err sync_again(struct cx *cx, void *arg) { return meta_sync(cx, arg); }

/* As docs/admin.md says it: the values are mended, then "unique" is set off and on. */
static void off_and_on(struct bed *t, int64_t twice)
{
    struct cx *cx = &t->cx;
    struct recast rc = {0};
    struct written w = {0};
    const struct json *off = parsed(cx, "{\"unique\":false}"), *on = parsed(cx, "{\"unique\":true}");
    T_OK(cx, record_field_change(cx, S("x_ding"), S("x_nr"), off, &rc));
    bed_reload(t);
    T(record_field_change(cx, S("x_ding"), S("x_nr"), on, &rc) == E_CONFLICT);
    T_STR(cx->msg, S("Values stand more than once: 1"));
    change(cx, "x_ding", twice, "{\"x_nr\":\"2\"}");
    T_OK(cx, record_field_change(cx, S("x_ding"), S("x_nr"), on, &rc));
    bed_reload(t);
    HAS(indexes(cx, S("x_ding")), "unique.x_ding.x_nr\n");
    T(try_create(cx, "x_ding", "{\"name\":\"x\",\"x_nr\":\"2\"}", &w) == E_CONFLICT);
    T_STR(cx->at, S("x_nr"));
}

static void from_before(struct bed *t)
{
    struct cx *cx = &t->cx;
    entity(t, "Ding");
    add(t, "x_ding", "text", "Nr", ",\"unique\":true");
    add(t, "person", "text", "Nr", ",\"unique\":true,\"index\":true");
    add(t, "person", "link", "Firm", ",\"to\":\"company\",\"index\":true");
    add(t, "company", "rollup", "Last", ",\"to\":\"interaction\",\"via\":\"company\",\"def\":{\"agg\":\"max\",\"field\":\"at\"}");
    static const str tables[] = {S0("person"), S0("x_ding"), S0("interaction"), S0("company")};
    str was[COUNT(tables)] = {{0}};
    for (size_t i = 0; i < COUNT(tables); i++) was[i] = indexes(cx, tables[i]);
    HAS(was[0], "link.person.x_firm\n");
    HAS(was[2], "roll.interaction.company.at\n");
    T_OK(cx, db_write(cx, older, NULL));
    T_OK(cx, db_write(cx, sync_again, t->m));
    for (size_t i = 0; i < COUNT(tables); i++) T_STR(indexes(cx, tables[i]), was[i]);
    kept_unique(cx, S("person"), S("x_nr"));
    kept_unique(cx, S("x_ding"), S("x_nr"));
    T_OK(cx, db_write(cx, older, NULL)); /* values that came in twice while there was no index: the base opens all the same */
    int64_t twice = create(cx, "x_ding", "{\"name\":\"Twice\",\"x_nr\":\"1\"}");
    T_OK(cx, db_write(cx, sync_again, t->m));
    T(str_find(indexes(cx, S("x_ding")), S("unique.x_ding.x_nr")) < 0);
    off_and_on(t, twice);
}

static void both(void)
{
    bed_both(columns);
    bed_both(names);
    bed_both(long_names);
    bed_both(from_before);
}

TESTS("own", both)
