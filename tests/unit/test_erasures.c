/* SPDX-License-Identifier: MIT */
/* K04: the file of erasures beside the base (privacy/note.c): written by several at once, read whatever stands in it. */
#include "os/os.h"
#include "privacy/privacy_int.h"
#include "record_make.h"
#include "erasure_make.h"

#include <pthread.h>

struct opening {
    int64_t id, ret;
};
static enum err open_inside(struct cx *cx, void *arg)
{
    struct opening *o = arg;
    struct record r = {0};
    str ref = {0};
    TRY(erasure_may(cx, ENT(cx, "person"), o->id, &r));
    return erasure_open(cx, &r, &(struct erasure_ask){.ground = S("objection")}, &o->ret, &ref);
}
static int64_t open_for(struct bed *t, int64_t id)
{
    struct opening o = {.id = id};
    T_OK(&t->cx, db_write(&t->cx, open_inside, &o));
    return o.ret;
}

static void gone(struct bed *t, int64_t id)
{
    struct record r = {0};
    T(record_get_deleted(&t->cx, ENT(&t->cx, "person"), id, &r) == E_NOTFOUND);
}

/* Two erasures end at once: both stand in the file. */
struct noting {
    struct bed *t;
    int64_t from;
};
enum { NOTES = 15 };
static void *noting(void *arg)
{
    const struct noting *o = arg;
    struct cx cx = {.a = arena_new(), .now_ms = o->t->cx.now_ms};
    struct erase_env env = {.data_dir = o->t->folder};
    for (int64_t i = 1; i <= NOTES; i++) {
        struct erased x = {.ref = arena_fmt(cx.a, "E-%" PRId64, o->from + i), .entity = S("person"), .record = o->from + i};
        T_OK(&cx, erased_note(&cx, &env, &x));
    }
    arena_free(&cx.a);
    return NULL;
}

static void noted_together(struct bed *t)
{
    struct noting a = {t, 1000}, b = {t, 2000};
    struct erase_env env = {.data_dir = t->folder};
    struct erased *v = NULL;
    pthread_t th[2];
    size_t n = 0;
    T_OK(&t->cx, os_thread(&t->cx, "note", 0, noting, &a, &th[0]));
    T_OK(&t->cx, os_thread(&t->cx, "note", 0, noting, &b, &th[1]));
    for (size_t i = 0; i < 2; i++) T(pthread_join(th[i], NULL) == 0);
    T_OK(&t->cx, erased_read(&t->cx, &env, &v, &n));
    T_INT((int64_t)n, 2 * NOTES);
}

static void erasures_put(struct bed *t, str text)
{
    T_OK(&t->cx, os_write_file_atomic(&t->cx, arena_fmt(t->cx.a, "%.*s/erasures", FS(t->folder)), text, 0600));
}

/* One line that nobody can read takes no other with it, and hinders no new erasure. */
static void lines_unread(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct erase_env env = {.data_dir = t->folder};
    struct again a = {.env = &env};
    struct erased *v = NULL;
    size_t n = 0;
    str text = {0};
    int64_t p = create(cx, "person", "{\"name\":\"Kanarija Zeile\"}"), q = create(cx, "person", "{\"name\":\"Kanarija Zwei\"}");
    erasures_put(t, arena_fmt(cx->a, "{\"ref\":\"E-half\n\x01\xff\n{\"ref\":\"\"}\n[]\n"
                                     "{\"ref\":\"E-good\",\"at\":1,\"who\":\"0\",\"ground\":\"duty\",\"entity\":\"person\",\"record\":\"%" PRId64
                                     "\",\"shared\":false,\"records\":\"\"}\n{\"ref\":", p));
    T_OK(cx, db_write(cx, again_inside, &a));
    T(a.got > 0);
    T_OK(cx, erasure_run(cx, a.got, false, &env));
    T_OK(cx, erasure_run(cx, open_for(t, q), false, &env));
    gone(t, p);
    gone(t, q);
    T_OK(cx, erased_read(cx, &env, &v, &n));
    T(n == 2 && v[1].record == q);
    T_OK(cx, os_read_file(cx, arena_fmt(cx->a, "%.*s/erasures", FS(t->folder)), 1 << 20, &text));
    HAS(text, "E-half"); /* what a person may still read is not thrown away */
}

static str line_for(struct cx *cx, int ref, const char *entity, int64_t record, int64_t also)
{
    return arena_fmt(cx->a, "{\"ref\":\"E-%d\",\"ground\":\"duty\",\"entity\":\"%s\",\"record\":\"%" PRId64 "\",\"records\":\"%" PRId64 "\"}\n", ref, entity, record, also);
}

/* Who can write the file has nobody taken out whom an erasure could not. */
static void lines_refused(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct erase_env env = {.data_dir = t->folder};
    struct again a = {.env = &env};
    struct record r = {0};
    struct db_rows rows = {0};
    int64_t u = create(cx, "user", "{\"name\":\"Ulla Nutzer\",\"mail\":\"ulla@haus.example\"}"), g = create(cx, "group", "{\"name\":\"g\"}");
    int64_t p = create(cx, "person", "{\"name\":\"Kanarija Liste\"}");
    change(cx, "user", u, "{\"name\":\"Ulla Neu\"}");
    struct { const char *entity; int64_t id; } no[] = {{"user", u}, {"role", u}, {"group", g}, {"person", u}, {"nothing", p}, {"change", p}};
    str all = S("");
    for (size_t i = 0; i < COUNT(no); i++) all = arena_fmt(cx->a, "%.*s%.*s", FS(all), FS(line_for(cx, (int)i, no[i].entity, no[i].id, no[i].id)));
    erasures_put(t, all);
    T_OK(cx, db_write(cx, again_inside, &a));
    T_INT(a.got, 0);
    T_OK(cx, db_query(cx, &rows, "SELECT count(*) FROM erasure"));
    T_INT(db_int(&rows, 0, 0), 0);
    erasures_put(t, line_for(cx, 9, "person", p, u)); /* a user among what went with him */
    T_OK(cx, db_write(cx, again_inside, &a));
    T(a.got > 0);
    T_OK(cx, erasure_run(cx, a.got, false, &env));
    gone(t, p);
    T_OK(cx, record_get(cx, ENT(cx, "user"), u, &r));
    T_STR(record_title(&r), S("Ulla Neu"));
    T_OK(cx, db_query(cx, &rows, "SELECT count(*) FROM change WHERE record = $1 AND old IS NOT NULL", V(u)));
    T(db_int(&rows, 0, 0) > 0);
}

/* Noted in the file and not done in the base: it is gone on with. */
static void noted_not_done(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct erase_env env = {.data_dir = t->folder};
    struct again a = {.env = &env};
    struct db_rows r = {0};
    int64_t p = create(cx, "person", "{\"name\":\"Kanarija Halb\"}"), erasure = open_for(t, p);
    T_OK(cx, db_query(cx, &r, "SELECT ref FROM erasure WHERE id = $1", V(erasure)));
    struct erased x = {.ref = db_str(&r, 0, 0), .entity = S("person"), .record = p};
    T_OK(cx, erased_note(cx, &env, &x));
    T_OK(cx, db_write(cx, again_inside, &a));
    T_INT(a.got, erasure);
    T_OK(cx, erasure_run(cx, erasure, false, &env));
    T_OK(cx, db_write(cx, again_inside, &a));
    T_INT(a.got, 0);
}

int main(void)
{
    static void (*const all[])(struct bed *) = {noted_together, lines_unread, lines_refused, noted_not_done};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
    return t_end("erasures");
}
