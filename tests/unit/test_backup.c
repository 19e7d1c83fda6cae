/* SPDX-License-Identifier: MIT */
/* Backups on both engines: under writes, damaged, foreign, hostile; restore, verify, rotation, the daily thread. */
#include "backup/backup_int.h"
#include "backup/daily.h"
#include "backup/restore.h"
#include "backup/verify.h"
#include "base/time.h"
#include "bed.h"
#include "os/os.h"
#include "record/record.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t create(struct cx *cx, const char *entity, str json)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct json *j = NULL;
    const struct set *s = NULL;
    struct written w = {0};
    size_t n = 0;
    T_OK(cx, json_parse(cx, json, &j));
    T_OK(cx, record_sets(cx, e, j, &s, &n));
    T_OK(cx, record_create(cx, e, 0, s, n, &w));
    return w.id;
}

static str in(struct bed *t, const char *name)
{
    return arena_fmt(t->cx.a, "%.*s/%s", FS(t->folder), name);
}

static void some(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t firm = create(cx, "company", S("{\"name\":\"Elektro Müller GmbH\"}"));
    int64_t group = create(cx, "group", S("{\"name\":\"Kunden\"}"));
    for (int i = 0; i < 20; i++)
        create(cx, "person",
               arena_fmt(cx->a,
                         "{\"name\":\"Łukasz %d\",\"company\":\"%" PRId64
                         "\",\"groups\":[\"%" PRId64 "\"],"
                         "\"phones\":[{\"value\":\"030 1234%03d\"}]}",
                         i, firm, group, i));
    T_OK(cx, os_mkdirs(cx, in(t, "files/ab"), 0700));
    T_OK(cx, os_write_file_atomic(cx, in(t, "files/ab/one"), S("first attachment"), 0600));
    T_OK(cx, os_write_file_atomic(cx, in(t, "files/two"), S(""), 0600));
}

static struct backup_opts opts(struct bed *t)
{
    return (struct backup_opts){.dir = in(t, "backups"), .files = in(t, "files")};
}

static struct backup_report taken(struct bed *t)
{
    struct backup_report r = {0};
    struct backup_opts o = opts(t);
    T_OK(&t->cx, backup_run(&t->cx, t->b, &o, &r));
    T(r.restorable);
    return r;
}

static int64_t rows_in(const struct db_count *v, size_t n, const char *table)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].table, str_from(table))) return v[i].rows;
    return -1;
}

static enum err restored(struct bed *t, str backup, const char *to, bool bare,
                         struct restore_report *r)
{
    struct restore_opts o = {.backup = backup, .data_dir = in(t, to), .without_list = bare};
    return restore_run(&t->cx, &o, r);
}

static void whole_way(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct restore_report r = {0};
    struct verify_report v = {0};
    struct backup_item *list = NULL;
    str text = {0};
    size_t n = 0;
    some(t);
    struct backup_report b = taken(t);
    T_STR(b.name, S("kontor-20261122-100000"));
    T_INT(b.files, 2);
    T_INT(rows_in(b.tables, b.n_tables, "person"), 20);
    T_OK(cx, verify_path(cx, b.path, NULL, &v));
    for (size_t i = 0; i < v.n; i++)
        fprintf(stderr, "%.*s %.*s %.*s\n", FS(v.v[i].what), FS(v.v[i].where), FS(v.v[i].text));
    T(v.ok && v.n == 0 && v.checks > 20);
    T(!file_exists(cx, arena_fmt(cx->a, "%.*s-wal", FS(b.path))) &&
      !file_exists(cx, arena_fmt(cx->a, "%.*s-shm", FS(b.path))));
    T_OK(cx, restored(t, b.path, "new/deep", false, &r));
    T_INT(r.last_seq, b.last_seq);
    T_INT(r.files, 2);
    T_OK(cx, os_read_file(cx, in(t, "new/deep/files/ab/one"), 100, &text));
    T_STR(text, S("first attachment"));
    T_OK(cx, verify_path(cx, in(t, "new/deep"), NULL, &v));
    T(v.ok && v.last_seq == b.last_seq);
    T(restored(t, b.path, "new/deep", false, &r) == E_PRECOND);
    T(str_find(cx->msg, S("not empty")) >= 0);
    T(restored(t, in(t, "nothing.db"), "other", false, &r) == E_NOTFOUND);
    (void)taken(t);
    T_OK(cx, backup_list(cx, in(t, "backups"), &list, &n));
    T_INT((int64_t)n, 2);
    T_STR(list[0].name, S("kontor-20261122-100001"));
    struct stat st = {0};
    T(stat(b.path.p, &st) == 0);
    T_INT(st.st_mode & 0777, 0600);
}

/* Who was erased since the backup is told, and the list comes along; the newer one of the two that lie there. */
static void erasures_along(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct restore_report r = {0};
    struct backup_report b = {0};
    struct backup_opts o = opts(t);
    str before = S("{\"ref\":\"E-1\",\"at\":1,\"record\":\"5\"}\n"), text = {0},
        after = arena_fmt(cx->a, "%.*s{\"ref\":\"E-2\",\"at\":%" PRId64 ",\"record\":\"6\"}\n", FS(before), cx->now_ms + 5000);
    some(t);
    o.erasures = in(t, "erasures");
    T_OK(cx, backup_run(cx, t->b, &o, &b)); /* there is no such file yet */
    T(!file_exists(cx, in(t, "backups/erasures")));
    T_OK(cx, os_write_file_atomic(cx, o.erasures, before, 0600));
    T_OK(cx, backup_run(cx, t->b, &o, &b));
    T_OK(cx, os_read_file(cx, in(t, "backups/erasures"), 1000, &text));
    T_STR(text, before);
    T_OK(cx, restored(t, b.path, "e1", false, &r));
    T_INT(r.erased, 0);
    T_OK(cx, os_write_file_atomic(cx, o.erasures, after, 0600));
    T_OK(cx, restored(t, b.path, "e2", false, &r));
    T_INT(r.erased, 1);
    T_OK(cx, os_read_file(cx, in(t, "e2/erasures"), 1000, &text));
    T_STR(text, after);
}

/* A restored base takes writes and the restored numbers go on. */
static void lives_again(struct bed *t)
{
    struct cx *cx = &t->cx, side = *cx;
    struct restore_report r = {0};
    struct dbase *b = NULL;
    struct meta *m = NULL;
    int from = 0, to = 0;
    some(t);
    struct backup_report k = taken(t);
    T_OK(cx, restored(t, k.path, "again", false, &r));
    struct db_opts o = {.url = arena_fmt(cx->a, "sqlite:%.*s", FS(r.db)), .readers = 2};
    T_OK(cx, dbase_open(cx, &o, &b));
    side.db = db_get(b);
    T_OK(&side, db_migrate(&side, b, &from, &to));
    T_OK(&side, meta_load(&side, &m));
    side.meta = m;
    create(&side, "person", S("{\"name\":\"Nachher\"}"));
    struct db_rows n = {0};
    T_OK(&side, db_query(&side, &n, "SELECT count(*) FROM person"));
    T_INT(db_int(&n, 0, 0), 21);
    meta_drop(&m);
    db_put(&side.db);
    dbase_close(&b);
}

static void to_server(struct bed *t)
{
    struct cx *cx = &t->cx;
    const char *server = getenv("KONTOR_TEST_PG");
    struct restore_report r = {0};
    if (!server) return;
    some(t);
    struct backup_report k = taken(t);
    PGconn *c = PQconnectdb(server);
    str name = arena_fmt(cx->a, "%.*s-back", FS(str_cut(t->folder, 5, t->folder.n)));
    PQclear(PQexec(c, arena_fmt(cx->a, "CREATE DATABASE \"%.*s\"", FS(name)).p));
    struct restore_opts o = {.backup = k.path,
                             .to_url = arena_fmt(cx->a, "%s/%.*s", server, FS(name))};
    T(restore_run(cx, &o, &r) == E_INVALID); /* the attachments need a folder */
    o.data_dir = in(t, "attachments");
    T_OK(cx, restore_run(cx, &o, &r));
    T(r.to_pg && r.files == 2);
    T(file_exists(cx, in(t, "attachments/files/ab/one")) &&
      !file_exists(cx, in(t, "attachments/kontor.db")));
    o.data_dir = in(t, "attachments2");
    T(restore_run(cx, &o, &r) == E_PRECOND); /* not empty any more */
    T(!file_exists(cx, in(t, "attachments2/files")));
    PQclear(PQexec(c, arena_fmt(cx->a, "DROP DATABASE \"%.*s\" WITH (FORCE)", FS(name)).p));
    PQfinish(c);
}

/* ---- while others write ---- */

enum { WRITERS = 2 }; /* the bed has four connections: ours, these, and the one that copies */
struct load {
    struct bed *t;
    _Atomic bool stop;
    _Atomic int64_t acked;
};
static enum err one_write(struct cx *cx, void *arg)
{
    int64_t n = *(const int64_t *)arg;
    TRY(db_exec(cx, NULL,
                "INSERT INTO counter(name, value) VALUES('sum', $1)"
                " ON CONFLICT(name) DO UPDATE SET value = counter.value + excluded.value",
                V(n)));
    return db_exec(cx, NULL, "INSERT INTO mapping(id, at) VALUES($1, $2)", V(id_new(cx->now_ms)),
                   V(n));
}
static void *writer(void *arg)
{
    struct load *l = arg;
    struct cx cx = t_cx();
    cx.db = db_get(l->t->b);
    for (int64_t i = 1; !l->stop; i++)
        if (db_write(&cx, one_write, &i) == E_OK) l->acked++;
    db_put(&cx.db);
    t_cx_free(&cx);
    return NULL;
}

static void check_prefix(struct bed *t, const struct backup_report *b, int64_t before,
                         int64_t after)
{
    struct cx *cx = &t->cx, side = *cx;
    struct dbase *d = NULL;
    struct db_rows r = {0};
    struct db_opts o = {
        .url = arena_fmt(cx->a, "sqlite:%.*s", FS(b->path)), .read_only = true, .readers = 1};
    if (!T_OK(cx, dbase_open(cx, &o, &d))) return;
    side.db = db_get(d);
    T_OK(&side, db_query(&side, &r,
                         "SELECT count(*), COALESCE(sum(at), 0), COALESCE((SELECT value FROM "
                         "counter WHERE name = 'sum'), 0)"
                         " FROM mapping"));
    T_INT(db_int(&r, 0, 1), db_int(&r, 0, 2));
    T(db_int(&r, 0, 0) >= before && db_int(&r, 0, 0) <= after + WRITERS);
    T_INT(db_int(&r, 0, 0), rows_in(b->tables, b->n_tables, "mapping"));
    db_put(&side.db);
    dbase_close(&d);
}

static void under_writes(struct bed *t)
{
    struct load l = {.t = t};
    pthread_t th[WRITERS];
    some(t);
    t->cx.now_ms = os_now_ms();
    for (int i = 0; i < WRITERS; i++) T(pthread_create(&th[i], NULL, writer, &l) == 0);
    int64_t last = 0;
    for (int i = 0; i < 4; i++) {
        while (l.acked < last + 20) usleep(1000);
        int64_t before = l.acked;
        struct backup_report b = taken(t);
        last = l.acked;
        check_prefix(t, &b, before, last);
    }
    l.stop = true;
    for (int i = 0; i < WRITERS; i++) (void)pthread_join(th[i], NULL);
}

/* ---- damage ---- */

static void flip(struct cx *cx, str path, int64_t at, unsigned char mask)
{
    unsigned char c = 0;
    int fd = open(arena_z(cx->a, path), O_RDWR | O_CLOEXEC);
    T(fd >= 0 && pread(fd, &c, 1, at) == 1);
    c ^= mask;
    T(pwrite(fd, &c, 1, at) == 1);
    (void)close(fd);
}

static void flips(struct bed *t)
{
    struct cx *cx = &t->cx;
    some(t);
    struct backup_report b = taken(t);
    str stem = stem_of(cx, b.path);
    str path[] = {b.path, arena_fmt(cx->a, "%.*s.json", FS(stem)),
                  arena_fmt(cx->a, "%.*s.files/ab/one", FS(stem))};
    unsigned seed = 42;
    for (int i = 0; i < 120; i++) {
        struct arena_mark m = arena_mark(cx->a);
        struct restore_report r = {0};
        struct verify_report v = {0};
        struct stat st = {0};
        str at = path[i % 3];
        T(stat(at.p, &st) == 0);
        int64_t pos = rand_r(&seed) % st.st_size;
        unsigned char mask = (unsigned char)(1u << rand_r(&seed) % 8);
        flip(cx, at, pos, mask);
        T(restored(t, b.path, "flipped", false, &r) == E_INVALID);
        T(!file_exists(cx, in(t, "flipped/kontor.db")) && !file_exists(cx, in(t, "flipped/files")));
        T_OK(cx, verify_path(cx, b.path, NULL, &v));
        T(!v.ok && str_eq(v.v[0].what, S("damaged")) && v.v[0].todo.n);
        flip(cx, at, pos, mask);
        arena_back(cx->a, m);
    }
    struct restore_report r = {0};
    T(truncate(b.path.p, 8192) == 0);
    T(restored(t, b.path, "cut", false, &r) == E_INVALID);
    os_unlink(cx, path[1]);
    T(restored(t, b.path, "cut", false, &r) == E_NOTFOUND);
    T(restored(t, b.path, "cut", true, &r) == E_INVALID);
}

/* Without sums SQLite's own check must hold: never a crash, and what is restored opens. */
static void flips_without_list(struct bed *t)
{
    struct cx *cx = &t->cx;
    if (db_is_pg(cx)) return;
    some(t);
    struct backup_report b = taken(t);
    unsigned seed = 7;
    int refused = 0;
    for (int i = 0; i < 150; i++) {
        struct arena_mark m = arena_mark(cx->a);
        struct restore_report r = {0};
        int64_t pos = i < 60 ? i * 2 : rand_r(&seed) % b.bytes;
        flip(cx, b.path, pos, 0xff);
        enum err e = restored(t, b.path, "loose", true, &r);
        T(e == E_OK || e == E_INVALID || e == E_PRECOND || e == E_INTERNAL);
        refused += e != E_OK;
        tree_remove(cx, in(t, "loose"));
        flip(cx, b.path, pos, 0xff);
        arena_back(cx->a, m);
    }
    T(refused > 30);
}

/* ---- not ours ---- */

static enum err ddl(struct cx *cx, void *arg) { return db_ddl(cx, *(const str *)arg); }

static void hostile(struct bed *t)
{
    static const str evil[] = {
        S0("CREATE TRIGGER x AFTER INSERT ON person BEGIN DELETE FROM person; END"),
        S0("CREATE VIEW v AS SELECT * FROM credential"),
        S0("CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT CHECK(length(x) > 2))"),
        S0("CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT DEFAULT (hex(1)))"),
        S0("CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT GENERATED ALWAYS AS (hex(id)))"),
        S0("CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT as (hex(id)))"),
        S0("CREATE INDEX i ON person(lower(\"name\"))"),
        S0("CREATE INDEX i ON person(\"name\") WHERE \"lower\"(\"name\") IS NULL"),
        S0("CREATE VIRTUAL TABLE f USING fts5(a)"),
        S0("CREATE TABLE search_fts_x(a TEXT)"),
        S0("CREATE TABLE t(id INTEGER PRIMARY KEY, p BIGINT REFERENCES person(id) ON DELETE "
           "CASCADE)"),
    };
    struct cx *cx = &t->cx;
    if (db_is_pg(cx)) return;
    some(t);
    struct backup_report b = taken(t);
    for (size_t i = 0; i < COUNT(evil); i++) {
        struct cx side = *cx;
        struct restore_report r = {0};
        struct dbase *d = NULL;
        str path = in(t, arena_fmt(cx->a, "evil%zu.db", i).p);
        T_OK(cx, file_copy(cx, b.path, path, NULL));
        struct db_opts o = {.url = arena_fmt(cx->a, "sqlite:%.*s", FS(path)), .readers = 1};
        T_OK(cx, dbase_open(cx, &o, &d));
        side.db = db_get(d);
        str sql = evil[i];
        T_OK(&side, db_write(&side, ddl, &sql));
        db_put(&side.db);
        dbase_close(&d);
        if (restored(t, path, "evil", true, &r) != E_INVALID) T_STR(evil[i], S("refused"));
        T(str_find(cx->msg, S("refused: the file holds a")) >= 0);
        T(!file_exists(cx, in(t, "evil/kontor.db")));
    }
}

static void wrong_files(struct bed *t)
{
    struct cx *cx = &t->cx, side = *cx;
    struct restore_report r = {0};
    struct verify_report v = {0};
    struct dbase *d = NULL;
    str sql = S("CREATE TABLE orders(id INTEGER PRIMARY KEY)");
    T_OK(cx, os_write_file_atomic(cx, in(t, "text.db"),
                                  S("this is no database, but a letter to my aunt"), 0600));
    T_OK(cx, os_write_file_atomic(cx, in(t, "empty.db"), S(""), 0600));
    T_OK(cx, os_write_file_atomic(cx, in(t, "empty.json"), S(""), 0600));
    T(restored(t, in(t, "text.db"), "wrong", true, &r) == E_INVALID);
    T(str_find(cx->msg, S("damaged or no database")) >= 0);
    T(restored(t, in(t, "empty.db"), "wrong", true, &r) == E_INVALID);
    T(restored(t, in(t, "empty.db"), "wrong", false, &r) == E_INVALID);
    T(restored(t, t->folder, "wrong", true, &r) == E_INVALID); /* a folder */
    struct db_opts o = {
        .url = arena_fmt(cx->a, "sqlite:%.*s", FS(in(t, "shop.db"))), .create = true, .readers = 1};
    T_OK(cx, dbase_open(cx, &o, &d));
    side.db = db_get(d);
    T_OK(&side, db_write(&side, ddl, &sql));
    db_put(&side.db);
    dbase_close(&d);
    T(restored(t, in(t, "shop.db"), "wrong", true, &r) == E_INVALID);
    T_STR(cx->msg, S("this is a database, but not one of Kontor"));
    T(!file_exists(cx, in(t, "wrong/kontor.db")));
    T(verify_path(cx, in(t, "nowhere"), NULL, &v) == E_NOTFOUND);
    T_OK(cx, verify_path(cx, in(t, "text.db"), NULL, &v));
    T(!v.ok);
}

static void names(void)
{
    static const str bad[] = {S0(""),     S0("/etc/passwd"), S0("../x"), S0("a/../b"),
                              S0("a//b"), S0("a/"),          S0("."),    S0("a\nb")};
    static const str good[] = {S0("a"), S0("ab/cd.pdf"), S0("..a"), S0("Счёт 1.pdf")};
    for (size_t i = 0; i < COUNT(bad); i++) T(!name_is_safe(bad[i]));
    for (size_t i = 0; i < COUNT(good); i++) T(name_is_safe(good[i]));
}

/* ---- verify finds what is wrong ---- */

static enum err break_it(struct cx *cx, void *arg)
{
    (void)arg;
    TRY(db_exec(
        cx, NULL,
        "INSERT INTO contact_point(entity, record, field, pos) VALUES('person', 77, 'phones', 0)"));
    TRY(db_exec(cx, NULL, "UPDATE person SET phones__p = '0:', mails__p = '' WHERE id = (SELECT min(id) FROM person)"));
    TRY(db_exec(cx, NULL, "INSERT INTO link(a, field, pos, b) VALUES(78, 'groups', 0, 79)"));
    TRY(db_exec(cx, NULL, "UPDATE company SET people_count = 3"));
    TRY(db_exec(cx, NULL,
                "INSERT INTO search_doc(record, entity, text) VALUES(80, 'person', 'ghost')"));
    TRY(db_exec(cx, NULL, "DELETE FROM search_doc WHERE entity = 'company'"));
    return db_exec(
        cx, NULL,
        "UPDATE person SET version = 9, company = 81 WHERE id = (SELECT min(id) FROM person)");
}

static int64_t finding_n(const struct verify_report *v, const char *what, const char *where)
{
    int64_t n = 0;
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->v[i].what, str_from(what)) && str_eq(v->v[i].where, str_from(where)))
            n += v->v[i].n;
    return n;
}

static enum err rollup_add(struct cx *cx, void *arg)
{
    const struct json *j = NULL;
    TRY(json_parse(cx, S("{\"entity\":\"company\",\"label\":\"Ten\",\"kind\":\"rollup\",\"to\":\"person\",\"via\":\"company\",\"def\":{\"agg\":"
                         "\"count\",\"where\":{\"field\":\"name\",\"op\":\"contains\",\"value\":\"1\"}}}"), &j));
    TRY(meta_field_add(cx, j, arg));
    return record_field_fill(cx, S("company"), *(str *)arg);
}

static enum err rollup_break(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "UPDATE company SET x_ten = 20");
}

/* A recount asks the roll-up's condition, too. */
static void recount(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct verify_report v = {0};
    str name = {0};
    some(t);
    T_OK(cx, db_write(cx, rollup_add, &name));
    T_OK(cx, verify_base(cx, t->b, NULL, &v));
    T(v.ok && !v.n);
    T_OK(cx, db_write(cx, rollup_break, NULL));
    T_OK(cx, verify_base(cx, t->b, NULL, &v));
    T(!v.ok);
    T_INT(finding_n(&v, "rollup", "company.x_ten"), 1);
}

static void findings(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct verify_report v = {0};
    struct buf b = buf_new(cx->a, 1 << 16), text = buf_new(cx->a, 1 << 16);
    struct jw w = jw_new(&b);
    const struct json *j = NULL;
    some(t);
    T_OK(cx, verify_base(cx, t->b, NULL, &v));
    T(v.ok && !v.n && v.last_seq > 0);
    T_OK(cx, db_write(cx, break_it, NULL));
    T_OK(cx, verify_base(cx, t->b, NULL, &v));
    T(!v.ok);
    T_INT(finding_n(&v, "contact_point", "person"), 1);
    T_INT(finding_n(&v, "contact_point", "person.phones"), 1);
    T_INT(finding_n(&v, "contact_point", "person.mails"), 0);
    T_INT(finding_n(&v, "link", "person.groups"), 2);
    T_INT(finding_n(&v, "link", "person.company"), 1);
    T_INT(finding_n(&v, "rollup", "company.people_count"), 1);
    T_INT(finding_n(&v, "search", "person"), 1);
    T_INT(finding_n(&v, "search", "company"), 1);
    T_INT(finding_n(&v, "log", "person"), 1);
    verify_json(&v, &w);
    T_OK(cx, json_parse(cx, buf_str(&b), &j));
    verify_text(&v, &text);
    T(str_find(buf_str(&text), S("NOT in order")) == 0);
}

/* ---- rotation, due, daily ---- */

static void rotation(void)
{
    enum { N = 400 };
    struct backup_item v[N] = {0};
    bool keep[N];
    int64_t now = day_from(2026, 11, 22) * DAY_MS + 3 * 3600000;
    for (int i = 0; i < N; i++) v[i].made_ms = now - i * (int64_t)DAY_MS;
    backup_keep_mark(v, N, (struct backup_keep){0}, keep);
    /* days 22..16, weeks that begin 16, 9, 2 Nov and 26 Oct, months Nov, Oct, Sep, Aug, Jul, Jun */
    static const int want[] = {0, 1, 2, 3, 4, 5, 6, 7, 14, 21, 22, 53, 83, 114, 145};
    size_t at = 0;
    for (int i = 0; i < N; i++) {
        bool w = at < COUNT(want) && want[at] == i;
        if (w != keep[i]) fprintf(stderr, "day -%d: kept %d\n", i, keep[i]);
        T(w == keep[i]);
        at += w;
    }
    backup_keep_mark(v, N, (struct backup_keep){.daily = 1}, keep);
    T(keep[0] && !keep[1]);
    for (int i = 0; i < N; i++) v[i].made_ms = now - i * 60000;
    backup_keep_mark(v, 20, (struct backup_keep){.daily = 7}, keep);
    T(keep[0] && keep[1] && keep[19]); /* of one day: several made by hand */
    backup_keep_mark(v, 0, (struct backup_keep){0}, keep);
}

static void due(void)
{
    int64_t h = 3600000, d = DAY_MS, midnight = day_from(2026, 11, 22) * d;
    static const struct {
        int now_h, good_h, try_h, tz_min; /* hours after midnight; -999 = never */
        bool want;
    } row[] = {
        {12, -999, -999, 0, true}, {12, -12, -12, 0, true},   {12, -11, -11, 0, false},
        {3, -21, -21, 0, true},    {3, 2, 2, 0, false},       {4, 3, 3, 0, false},
        {1, -20, -20, 120, true},  {3, -20, -20, 120, false}, {12, -13, 11, 0, true},
        {12, -13, 12, 0, false},   {12, 20, 20, 0, true},
    };
    for (size_t i = 0; i < COUNT(row); i++) {
        int64_t good = row[i].good_h == -999 ? 0 : midnight + row[i].good_h * h;
        int64_t tried = row[i].try_h == -999 ? 0 : midnight + row[i].try_h * h;
        bool got = backup_due(midnight + row[i].now_h * h, good, tried, 3, row[i].tz_min);
        if (got != row[i].want) fprintf(stderr, "due row %zu\n", i);
        T(got == row[i].want);
    }
}

static const struct json *last(struct bed *t)
{
    const struct json *j = NULL;
    str text = {0};
    for (int i = 0; i < 500 && !text.n; i++) {
        usleep(20000);
        T_OK(&t->cx, backup_last(&t->cx, &text));
    }
    T_OK(&t->cx, json_parse(&t->cx, text, &j));
    return j;
}

static enum err forget(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "DELETE FROM setting WHERE key = 'backup_last'");
}

static enum err tidied(void *arg, struct cx *cx)
{
    ++*(_Atomic int *)arg;
    return cx->db ? E_OK : fail(cx, E_INTERNAL, "no connection");
}

/* The rooms' own housekeeping comes once a day, also where no backup is wanted. */
static void housekeeping(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct backup_daily *d = NULL;
    _Atomic int n = 0;
    struct db_rows r = {0};
    struct daily_opts o = {.db = t->b, .backup = opts(t), .quiet_hour = 3, .tick_ms = 5, .no_backup = true, .tidy = tidied, .arg = &n};
    T_OK(cx, backup_daily_start(cx, &o, &d));
    for (int i = 0; i < 6000 && !r.n; i++) {
        (void)usleep(5000);
        T_OK(cx, db_query(cx, &r, "SELECT value FROM setting WHERE key = 'tidy_last'"));
    }
    T_INT((int64_t)r.n, 1);
    (void)usleep(100000); /* many ticks later there is still one */
    backup_daily_stop(&d);
    T_INT(n, 1);
    T_OK(cx, db_query(cx, &r, "SELECT value FROM setting WHERE key = 'backup_last'"));
    T_INT((int64_t)r.n, 0);
}

static void daily(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct backup_daily *d = NULL;
    struct daily_opts o = {.db = t->b, .backup = opts(t), .quiet_hour = 3, .tick_ms = 20};
    struct backup_item *list = NULL;
    size_t n = 0;
    some(t);
    T_OK(cx, backup_daily_start(cx, &o, &d));
    const struct json *j = last(t);
    T(json_get(j, S("ok"))->b && json_get(json_get(j, S("report")), S("restorable"))->b);
    usleep(200000); /* many ticks later there is still one */
    backup_daily_stop(&d);
    T(!d);
    T_OK(cx, backup_list(cx, o.backup.dir, &list, &n));
    T_INT((int64_t)n, 1);
    struct db_rows told = {0};
    T_OK(cx, db_query(cx, &told, "SELECT detail FROM security_event WHERE kind = 'backup.made'"));
    T(told.n == 1 && str_find(db_str(&told, 0, 0), S("\"name\"")) >= 0);
    T_OK(cx, db_write(cx, forget, NULL));
    o.backup.dir = in(t, "files/two"); /* a file: no backup can be made there */
    T_OK(cx, backup_daily_start(cx, &o, &d));
    j = last(t);
    T(!json_get(j, S("ok"))->b && json_get(j, S("error"))->s.n);
    backup_daily_stop(&d);
    backup_daily_stop(&d);
}

/* ---- faults: nothing half-made stays ---- */

static void torture(struct bed *t)
{
    struct cx *cx = &t->cx;
    bool through = false;
    some(t);
    for (int64_t nth = 1; nth < 4000 && !through; nth += db_is_pg(cx) ? 97 : 1) {
        struct backup_report r = {0};
        struct backup_opts o = opts(t);
        struct entry *f = NULL;
        size_t n = 0;
        db_fault_at(t->b, nth);
        enum err e = backup_run(cx, t->b, &o, &r);
        db_fault_at(t->b, 0);
        T_OK(cx, tree_list(cx, o.dir, true, &f, &n));
        T_INT((int64_t)n, e == E_OK ? 5 : 1); /* .lock, and .db, .json, two attachments */
        through = e == E_OK;
    }
    T(through);
    int fd = -1;
    struct backup_report r = {0};
    struct backup_opts o = opts(t);
    T_OK(cx, os_write_file_atomic(cx, in(t, "backups/kontor-20260101-000000.db.part"), S("x"), 0600));
    cx->now_ms += 60000;
    T_OK(cx, backup_run(cx, t->b, &o, &r));
    T(!file_exists(cx, in(t, "backups/kontor-20260101-000000.db.part")));
    T_OK(cx, os_lock_file(cx, in(t, "backups/.lock"), &fd));
    T(backup_run(cx, t->b, &o, &r) == E_CONFLICT);
    os_close_fd(&fd);
}

static void let_go(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct backup_item *list = NULL;
    size_t n = 0;
    struct backup_report r = {0};
    struct backup_opts o = opts(t);
    if (db_is_pg(cx)) return;
    some(t);
    o.keep = (struct backup_keep){.daily = 2};
    for (int i = 0; i < 4; i++, cx->now_ms += DAY_MS) T_OK(cx, backup_run(cx, t->b, &o, &r));
    T_INT((int64_t)r.removed, 1);
    T_OK(cx, backup_list(cx, o.dir, &list, &n));
    T_INT((int64_t)n, 2);
    struct entry *f = NULL;
    T_OK(cx, tree_list(cx, o.dir, true, &f, &n));
    T_INT((int64_t)n, 9);
    T(file_exists(cx, in(t, "files/ab/one")));
}

static void both(void)
{
    static void (*const all[])(struct bed * t) = {
        whole_way, erasures_along, lives_again, to_server, under_writes, flips,   flips_without_list,
        hostile,   wrong_files, findings,  recount, housekeeping, daily,        torture, let_go};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
}

TESTS("backup", names, rotation, due, both)
