/* SPDX-License-Identifier: MIT */
/* bench/search_probe.c - what finding costs inside the program: search, who, duplicates over N made-up people.
 * Fills a new database straight through the tables and search_put, then prints the median and the 99th of each
 * hundred in microseconds of processor time. usage: search_probe FOLDER [PEOPLE 200000] [pg-URL] */
#include "acl/acl.h"
#include "fmt/fold.h"
#include "os/os.h"
#include "search/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SLICE = 2000, ROUNDS = 60, PER_FIRM = 5, OWNERS = 50 };

static const char *const given[] = {"Иван", "Пётр", "Алёна", "Ольга", "Jörg", "Anna", "Ayşe", "Rūta", "Jonas", "Светлана", "Dieter", "Karl", "Мария", "Екатерина", "Vytautas", "John"};
static const char *const family[] = {"Иванов", "Щеголев", "Кузнецов", "Müller", "Schröder", "Schneider", "Žukauskas", "Petraitis", "Соколов", "Лебедев", "Weiß",
                                     "Köhler", "Васильев", "Smith", "Орлов", "Fischer", "Becker", "Yılmaz", "Kazlauskas", "Семёнов"};
static const char *const firms[] = {"Окна", "Dachbau", "Elektro", "Baltijos langai", "Стройсервис", "Kabel", "Licht", "Metall", "Мебель", "Stogas"};

struct job {
    int64_t from, n;
};

static uint64_t mix(int64_t i) { return (uint64_t)i * 0x9E3779B97F4A7C15u >> 20; }

static enum err firm_put(struct cx *cx, int64_t id, int64_t i)
{
    const struct entity *e = ENT(cx, "company");
    struct val *v = NEW_N(cx->a, struct val, e->n);
    str name = arena_fmt(cx->a, "%s %s %d", firms[mix(i) % COUNT(firms)], family[mix(i + 7) % COUNT(family)], (int)(mix(i) / 16 % 9000));
    v[FLD(e, "name")->at] = VAL_TEXT(name);
    v[F_OWNER] = VAL_INT(1 + (int64_t)(mix(i) % OWNERS));
    TRY(db_exec(cx, NULL, "INSERT INTO company (id, version, name, name_f, owner) VALUES ($1, 1, $2, $3, $4)", V(id), V(name),
                V(fold_text(cx->a, name)), V(v[F_OWNER].i)));
    return search_put(cx, e, id, NULL, v);
}

static enum err point_put(struct cx *cx, int64_t record, const struct field *f, const struct item *it, str tail)
{
    return db_exec(cx, NULL,
                   "INSERT INTO contact_point (entity, record, field, pos, kind, type, typed, norm, tail, ext, extra)"
                   " VALUES ('person', $1, $2, 0, $3, '', $4, $5, $6, '', '')",
                   V(record), V(f->name), V(f->kind->name), V(it->typed), V(it->norm), tail.n ? V(tail) : DB_NONE);
}

static enum err person_put(struct cx *cx, int64_t i, int64_t firm)
{
    const struct entity *e = ENT(cx, "person");
    struct val *v = NEW_N(cx->a, struct val, e->n);
    int64_t id = id_new(cx->now_ms);
    uint64_t r = mix(i);
    str name = arena_fmt(cx->a, "%s %s", given[r % COUNT(given)], family[r / 64 % COUNT(family)]);
    str phone = arena_fmt(cx->a, "+79%09d", (int)(r / 32 % 1000000000)), mail = arena_fmt(cx->a, "n%" PRId64 "@firma%d.example", i, (int)(r % 40000));
    struct item p = {.typed = phone, .norm = phone}, m = {.typed = mail, .norm = mail};
    v[FLD(e, "name")->at] = VAL_TEXT(name);
    v[FLD(e, "company")->at] = VAL_INT(firm);
    v[FLD(e, "phones")->at] = (struct val){.t = VT_LIST, .v = &p, .n = 1};
    v[FLD(e, "mails")->at] = (struct val){.t = VT_LIST, .v = &m, .n = 1};
    v[F_OWNER] = VAL_INT(1 + (int64_t)(r % OWNERS));
    TRY(db_exec(cx, NULL, "INSERT INTO person (id, version, name, name_f, company, owner) VALUES ($1, 1, $2, $3, $4, $5)", V(id), V(name),
                V(fold_text(cx->a, name)), V(firm), V(v[F_OWNER].i)));
    TRY(point_put(cx, id, FLD(e, "phones"), &p, str_cut(phone, phone.n - 7, phone.n)));
    TRY(point_put(cx, id, FLD(e, "mails"), &m, S("")));
    return search_put(cx, e, id, NULL, v);
}

static enum err fill(struct cx *cx, void *arg)
{
    const struct job *j = arg;
    int64_t firm = 0;
    for (int64_t i = j->from; i < j->from + j->n; i++) {
        struct arena_mark m = arena_mark(cx->a);
        if (i % PER_FIRM == 0 || !firm) TRY(firm_put(cx, firm = id_new(cx->now_ms), i));
        TRY(person_put(cx, i, firm));
        arena_back(cx->a, m);
    }
    return E_OK;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Processor time: other work on the machine does not count (on PostgreSQL: our part of it alone). */
static int64_t cpu_us(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

typedef enum err probe_fn(struct cx *cx, const char *q, size_t *ret_n);

static enum err probe_search(struct cx *cx, const char *q, size_t *ret_n)
{
    struct found_group *g = NULL;
    size_t n = 0;
    TRY(search_find(cx, str_from(q), NULL, 8, &g, &n));
    for (size_t i = 0; i < n; i++) *ret_n += g[i].n;
    return E_OK;
}

static enum err probe_who(struct cx *cx, const char *q, size_t *ret_n)
{
    struct caller *c = NULL;
    str e164 = {0};
    return who_find(cx, str_from(q), &e164, &c, ret_n);
}

static enum err probe_dup(struct cx *cx, const char *q, size_t *ret_n)
{
    const struct entity *e = ENT(cx, "person");
    struct val *v = NEW_N(cx->a, struct val, e->n);
    struct item p = {.typed = S("+79123456789"), .norm = S("+79123456789")};
    struct dup *d = NULL;
    v[FLD(e, "name")->at] = VAL_TEXT(str_from(q));
    v[FLD(e, "phones")->at] = (struct val){.t = VT_LIST, .v = &p, .n = 1};
    return dup_find(cx, e, v, 0, &d, ret_n);
}

static void measure(struct cx *cx, const char *what, probe_fn *fn, const char *q)
{
    int64_t us[ROUNDS];
    size_t n = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct arena_mark m = arena_mark(cx->a);
        int64_t from = cpu_us();
        n = 0;
        if (fn(cx, q, &n) != E_OK) printf("error: %.*s\n", FS(cx->msg));
        us[i] = cpu_us() - from;
        arena_back(cx->a, m);
    }
    qsort(us, ROUNDS, sizeof *us, by_value);
    printf("%-8s %-24s %3zu found  p50 %6" PRId64 " us  p99 %6" PRId64 " us\n", what, q, n, us[ROUNDS / 2], us[ROUNDS * 99 / 100]);
}

static void measure_all(struct cx *cx, const char *as)
{
    static const char *const q[] = {"iv", "ив", "иван", "ivan 555", "mueller", "müll", "щегол", "jorg schr", "79123", "8 912 345", "firma77.example",
                                    "elektro kohler", "zukausk", "xyzxyz", "a"};
    for (size_t i = 0; i < COUNT(q); i++) measure(cx, as, probe_search, q[i]);
}

int main(int argc, char **argv)
{
    struct cx cx = {.a = arena_new(), .lang = S("ru"), .country = S("RU"), .now_ms = clock_ms()};
    struct dbase *b = NULL;
    struct meta *m = NULL;
    int from = 0, to = 0;
    int64_t people = 200000, start = os_mono_ms();
    if (argc < 2 || (argc > 2 && !str_to_int(str_from(argv[2]), &people))) return 2;
    struct db_opts o = {.url = argc > 3 ? str_from(argv[3]) : arena_fmt(cx.a, "sqlite:%s/probe.db", argv[1]), .create = true, .readers = 2};
    if (dbase_open(&cx, &o, &b) != E_OK || db_migrate(&cx, b, &from, &to) != E_OK) return 1;
    cx.db = db_get(b);
    if (meta_load(&cx, &m) != E_OK) return 1;
    cx.meta = m;
    if (!from && db_write(&cx, (db_write_fn *)(void *)meta_sync, m) != E_OK) return 1;
    for (int64_t i = 0; !from && i < people; i += SLICE) {
        struct job j = {i, SLICE};
        cx.now_ms += 60;
        if (db_write(&cx, fill, &j) != E_OK) return printf("%.*s\n", FS(cx.msg)), 1;
    }
    printf("%" PRId64 " people, filled in %" PRId64 " ms\n", people, os_mono_ms() - start);
    measure_all(&cx, "all");
    measure(&cx, "who", probe_who, "+79123456789");
    measure(&cx, "who", probe_who, "3456789");
    measure(&cx, "dup", probe_dup, "Anna Smithson");
    measure(&cx, "dup", probe_dup, "Иванов Иван");
    struct acl *acl = NEW(cx.a, struct acl);
    acl->user = 7;
    for (size_t i = 0; i < m->n; i++) acl->reach[i][ACT_SEE] = REACH_OWN;
    cx.acl = acl;
    measure_all(&cx, "own");
    for (size_t i = 0; i < m->n; i++) acl->reach[i][ACT_SEE] = REACH_TEAM;
    acl->team = 3;
    measure_all(&cx, "team");
    db_put(&cx.db);
    dbase_close(&b);
    meta_drop(&m);
    arena_free(&cx.a);
    return 0;
}
