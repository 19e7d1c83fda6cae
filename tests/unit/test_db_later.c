/* SPDX-License-Identifier: MIT */
/* Writes that nobody waits for: told when they are durable, with what became of them; PostgreSQL has none. */
#include "test_db_bed.h"

enum { MANY = 200 };

struct later {
    struct cx cx;
    struct thing x;
    _Atomic int told;
    enum err e;
};

static void told(struct cx *cx, void *arg, enum err e)
{
    struct later *l = (struct later *)(void *)((char *)arg - offsetof(struct later, x));
    T(cx == &l->cx);
    l->e = e;
    atomic_fetch_add(&l->told, 1);
}

static void later_write(struct bed *t, struct later *l, int64_t id, str name)
{
    *l = (struct later){.cx = t_cx(), .x = {.id = id, .name = name}};
    l->cx.way = WAY_WEB;
    dbase_write_later(t->b, &l->cx, put_thing, &l->x, told);
}

static enum err later_end(struct later *l)
{
    for (int i = 0; i < 50000 && !atomic_load(&l->told); i++) (void)usleep(100);
    T_INT(l->told, 1);
    t_cx_free(&l->cx);
    return l->e;
}

static void test_told(void)
{
    struct bed t = bed_things((struct db_opts){0});
    struct later a = {0}, b = {0}, c = {0};
    later_write(&t, &a, 1, S("a"));
    T(later_end(&a) == E_OK);
    T_INT(count(&t.cx), 1);
    T_INT(db_writes_of_people(&t.cx), 1);
    later_write(&t, &b, 2, S("a")); /* the name is taken */
    for (int i = 0; i < 50000 && !atomic_load(&b.told); i++) (void)usleep(100);
    T_STR(b.cx.at, S("thing.name"));
    T(later_end(&b) == E_CONFLICT);
    later_write(&t, &c, 3, S("c"));
    T(later_end(&c) == E_OK);
    T_INT(count(&t.cx), 2);
    bed_end(&t);
}

/* Each call of it fails in turn, the commit too: told so, and nothing is there. */
static void test_faults(void)
{
    struct bed t = bed_things((struct db_opts){0});
    int nth = 0;
    for (enum err e = E_BUSY; e != E_OK && nth < 20;) {
        struct later l = {0};
        db_fault_at(t.b, ++nth);
        later_write(&t, &l, 1, S("a"));
        e = later_end(&l);
        db_fault_at(t.b, 0);
        T(e == E_BUSY || e == E_OK);
        T_INT(count(&t.cx), e == E_OK ? 1 : 0);
    }
    T_INT(nth, 3); /* the insert, the commit, and then it passes */
    bed_end(&t);
}

/* Beside writes that are waited for, and those still queued when the base is closed are written. */
static void test_many(void)
{
    struct bed t = bed_things((struct db_opts){0});
    struct later *l = NEW_N(t.cx.a, struct later, MANY);
    for (int i = 0; i < MANY; i++) {
        struct thing x = {.id = 1000 + i, .name = arena_fmt(t.cx.a, "w%d", i)};
        later_write(&t, &l[i], i + 1, arena_fmt(t.cx.a, "l%d", i));
        if (i % 10 == 0) T_OK(&t.cx, db_write(&t.cx, put_thing, &x));
    }
    db_put(&t.cx.db);
    dbase_close(&t.b);
    for (int i = 0; i < MANY; i++) {
        T_INT(l[i].told, 1); /* all before it was closed */
        T(later_end(&l[i]) == E_OK);
    }
    T_OK(&t.cx, dbase_open(&t.cx, &(struct db_opts){.url = t.url, .readers = 4}, &t.b));
    t.cx.db = db_get(t.b);
    T_INT(count(&t.cx), MANY + MANY / 10);
    bed_end(&t);
}

TESTS("db_later", test_told, test_faults, test_many)
