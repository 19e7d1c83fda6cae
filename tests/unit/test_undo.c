/* SPDX-License-Identifier: MIT */
/* Large batches taken back by slices, on both engines: state equal to before after undo, redo and undo again; stopped and
 * gone on with; other people's writes in between; two at once; what cannot be taken back. */
#include "bed.h"
#include "record/log.h"
#include "record/record.h"
#include "xfer/export.h"

enum { MANY = 260 };

static const struct json *parsed(struct cx *cx, const char *text)
{
    const struct json *j = NULL;
    T_OK(cx, json_parse(cx, str_from(text), &j));
    return j;
}

static int64_t create(struct cx *cx, const char *entity, const char *json)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct set *s = NULL;
    struct written w = {0};
    size_t n = 0;
    T_OK(cx, record_sets(cx, e, parsed(cx, json), &s, &n));
    T_OK(cx, record_create(cx, e, 0, s, n, &w));
    return w.id;
}

static struct written change(struct cx *cx, const char *entity, int64_t id, const char *json)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct set *s = NULL;
    struct written w = {0};
    size_t n = 0;
    T_OK(cx, record_sets(cx, e, parsed(cx, json), &s, &n));
    T_OK(cx, record_update(cx, e, id, 0, s, n, &w));
    return w;
}

/* ---- the whole state, without who and when ---- */
static enum err piece_add(struct cx *cx, void *arg, str piece)
{
    (void)cx;
    buf_add(arg, piece);
    return E_OK;
}

static str state_of(struct cx *cx)
{
    static const char *const entities[] = {"person", "company", "interaction", "group", "task"};
    struct buf b = buf_new(cx->a, 64 << 20);
    for (size_t i = 0; i < COUNT(entities); i++) {
        const struct entity *e = meta_entity(cx->meta, str_from(entities[i]));
        struct list_column *c = NEW_N(cx->a, struct list_column, e->n);
        struct export_result r = {0};
        size_t n = 0;
        for (size_t k = F_SYSTEM_N; k < e->n; k++)
            if (!e->f[k].trashed && e->f[k].kind->store != ST_LINES) c[n++].f = &e->f[k];
        c[n++].f = &e->f[F_OWNER];
        struct export_opt o = {.entity = e->name, .format = EXPORT_CSV, .columns = c, .n_columns = n};
        T_OK(cx, xfer_export(cx, &o, piece_add, &b, &r));
    }
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT d.text FROM search_doc d ORDER BY d.record LIMIT 10000"));
    for (size_t i = 0; i < r.n; i++) buf_add(&b, db_str(&r, i, 0));
    T_OK(cx, db_query(cx, &r, "SELECT record, key FROM dup_key ORDER BY record, key LIMIT 10000"));
    for (size_t i = 0; i < r.n; i++) buf_fmt(&b, "%" PRId64 "%.*s\n", db_int(&r, i, 0), FS(db_str(&r, i, 1)));
    T_OK(cx, db_query(cx, &r, "SELECT id, winner FROM redirect ORDER BY id LIMIT 10000"));
    for (size_t i = 0; i < r.n; i++) buf_fmt(&b, "%" PRId64 "%" PRId64 "\n", db_int(&r, i, 0), db_int(&r, i, 1));
    T(!b.full);
    return buf_str(&b);
}

/* Equal? Else the first line that is not. */
static void same(str got, str want)
{
    str a = {0}, b = {0};
    T(str_eq(got, want));
    while (!str_eq(got, want)) {
        bool more = str_split(got, '\n', &a, &got), too = str_split(want, '\n', &b, &want);
        if (str_eq(a, b) && more && too) continue;
        fprintf(stderr, "  got  %.*s\n  want %.*s\n", FS(a), FS(b));
        break;
    }
}

static str state_name(struct cx *cx, int64_t batch)
{
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT state FROM batch WHERE id = $1", V(batch)));
    return r.n ? db_str(&r, 0, 0) : S("");
}

/* ---- a batch of everything ---- */
struct base {
    int64_t firm[4], person[40], batch;
};

static unsigned draw(unsigned *seed, unsigned n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

static void base_make(struct cx *cx, struct base *b)
{
    for (int i = 0; i < 4; i++) b->firm[i] = create(cx, "company", arena_fmt(cx->a, "{\"name\":\"Firma %d GmbH\"}", i).p);
    for (int i = 0; i < 40; i++)
        b->person[i] = create(cx, "person", arena_fmt(cx->a, "{\"name\":\"Person %d\",\"company\":\"%" PRId64 "\",\"phones\":[\"+49151123450%02d\"],\"tags\":[\"alt\"]}",
                              i, b->firm[i % 4], i).p);
}

static void one_random(struct cx *cx, struct base *b, unsigned *seed, int i)
{
    int64_t id = b->person[draw(seed, 40)];
    struct record r = {0};
    struct written w = {0};
    bool there = record_get(cx, ENT(cx, "person"), id, &r) == E_OK;
    unsigned what = draw(seed, 10);
    if (what < 5 || !there) {
        create(cx, "person", arena_fmt(cx->a, "{\"name\":\"Neu %d\",\"company\":\"%" PRId64 "\",\"mails\":[\"n%d@a.example\"]}", i, b->firm[i % 4], i).p);
    } else if (what == 5) {
        T_OK(cx, record_delete(cx, ENT(cx, "person"), id, 0, &w));
    } else if (what == 6) {
        create(cx, "interaction", arena_fmt(cx->a, "{\"subject\":\"Anruf %d\",\"person\":\"%" PRId64 "\",\"company\":\"%" PRId64 "\",\"at\":\"2026-11-01T10:00:00Z\"}", i, id, b->firm[i % 4]).p);
    } else if (what == 7) {
        change(cx, "person", id, arena_fmt(cx->a, "{\"company\":\"%" PRId64 "\",\"phones\":[\"+49221555%04d\"]}", b->firm[draw(seed, 4)], i).p);
    } else if (what == 8) {
        change(cx, "person", id, arena_fmt(cx->a, "{\"name\":\"Anders %d\",\"tags\":[\"neu\",\"t%d\"],\"birthday\":null}", i, i % 7).p);
    } else {
        int64_t loser = create(cx, "person", arena_fmt(cx->a, "{\"name\":\"Doppelt %d\",\"phones\":[\"+49301234%04d\"],\"job_title\":\"Chef\"}", i, i).p);
        T_OK(cx, record_merge(cx, ENT(cx, "person"), id, loser, 0, NULL, 0, &w));
    }
}

static void random_batch(struct cx *cx, struct base *b, unsigned *seed, int n)
{
    T_OK(cx, batch_begin(cx, S("random"), n, &b->batch));
    for (int i = 0; i < n; i++) one_random(cx, b, seed, i);
    T_OK(cx, batch_end(cx, b->batch, S("done"), S("")));
    cx->batch = 0;
}

static void there_and_back(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct base b = {0};
    base_make(cx, &b);
    for (unsigned seed = 1; seed <= 4; seed++) {
        struct arena_mark m = arena_mark(cx->a);
        struct undo_result u = {0};
        unsigned s = seed;
        str before = state_of(cx);
        random_batch(cx, &b, &s, seed % 2 ? 40 : 180);
        str after = state_of(cx);
        T(!str_eq(before, after));
        T_OK(cx, undo_batch(cx, b.batch, UNDO_ASK, &u));
        same(state_of(cx), before);
        T(u.n_left == 0 && u.n_kept == 0 && u.undone == u.total);
        T_OK(cx, undo_batch(cx, u.batch, UNDO_ASK, &u)); /* redo */
        same(state_of(cx), after);
        T_STR(state_name(cx, b.batch), S("done"));
        T_OK(cx, undo_batch(cx, seed == 2 ? b.batch : u.batch, UNDO_ASK, &u)); /* the batch or its redo: the same */
        same(state_of(cx), before);
        arena_back(cx->a, m);
    }
}

/* ---- large ---- */
static int64_t many(struct cx *cx, int64_t *ids)
{
    int64_t batch = 0;
    T_OK(cx, batch_begin(cx, S("import"), MANY, &batch));
    for (int i = 0; i < MANY; i++) ids[i] = create(cx, "person", arena_fmt(cx->a, "{\"name\":\"Imported %d\"}", i).p);
    T_OK(cx, batch_end(cx, batch, S("done"), S("")));
    cx->batch = 0;
    return batch;
}

static int64_t living(struct cx *cx)
{
    int64_t n = 0;
    bool exact = false;
    T_OK(cx, record_count(cx, ENT(cx, "person"), NULL, false, 0, &n, &exact));
    return n;
}

struct stop {
    struct cx *cx;
    int64_t target, ids[MANY];
    int left; /* slices to go before it stops */
    bool edits, again;
    int64_t seen;
};

static bool stops(void *arg, int64_t done, int64_t total)
{
    struct stop *s = arg;
    struct cx mine = *s->cx;
    struct undo_result u = {0};
    mine.batch = 0;
    mine.way = WAY_WEB;
    T_INT(total, MANY);
    T(done > s->seen); /* always on */
    s->seen = done;
    if (s->edits) change(&mine, "person", s->ids[3], "{\"job_title\":\"by hand\"}");
    if (s->again) T(undo_open(&mine, s->target, UNDO_ASK, NULL, NULL, &u) == E_CONFLICT);
    s->edits = s->again = false;
    return s->left-- > 0;
}

static enum err as_killed(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE batch SET state = 'running' WHERE id = $1", V(*(int64_t *)arg));
}

static void goes_on(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct undo_result u = {0}, w = {0};
    struct stop s = {.cx = cx, .left = 1, .edits = true, .again = true};
    s.target = many(cx, s.ids);
    T_OK(cx, undo_open(cx, s.target, UNDO_ASK, NULL, NULL, &u));
    T(u.running && u.total == MANY);
    T_STR(state_name(cx, s.target), S("undoing"));
    T_INT(undo_run(cx, u.batch, stops, &s, &w), E_CONFLICT);
    T_STR(state_name(cx, u.batch), S("failed"));
    T(living(cx) > 0 && living(cx) < MANY);
    int64_t half = living(cx);
    T_OK(cx, undo_open(cx, s.target, UNDO_ASK, NULL, NULL, &w)); /* asked for again: the same undo */
    T_INT(w.batch, u.batch);
    T_INT(living(cx), half);
    s.left = 1;
    T_INT(undo_run(cx, u.batch, stops, &s, &w), E_CONFLICT);
    T(living(cx) < half);
    T_OK(cx, db_write(cx, as_killed, &u.batch)); /* as if the process had died: nobody wrote "failed" */
    s.left = MANY;
    T_OK(cx, undo_run(cx, u.batch, stops, &s, &w));
    T_INT(living(cx), 1);
    T(w.undone == MANY - 1 && w.n_kept == 1 && w.kept[0].id == s.ids[3]);
    T_STR(w.kept[0].title, S("Imported 3"));
    T_STR(state_name(cx, s.target), S("undone"));
    T_STR(state_name(cx, u.batch), S("done"));
    T_OK(cx, undo_run(cx, u.batch, stops, &s, &w)); /* a job that is run once more */
    T(w.undone == MANY - 1 && w.n_kept == 1);
    T(undo_open(cx, s.target, UNDO_ASK, NULL, NULL, &w) == E_CONFLICT);
    T_OK(cx, undo_batch(cx, u.batch, UNDO_ASK, &w)); /* redo */
    T_INT(living(cx), MANY);
    T_STR(state_name(cx, s.target), S("done"));
}

/* Half-way, the undo itself can be taken back. */
static void half_way_back(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct undo_result u = {0}, w = {0};
    struct stop s = {.cx = cx, .left = 2};
    s.target = many(cx, s.ids);
    T_OK(cx, undo_open(cx, s.target, UNDO_ASK, NULL, NULL, &u));
    T_INT(undo_run(cx, u.batch, stops, &s, &w), E_CONFLICT);
    T_OK(cx, undo_batch(cx, u.batch, UNDO_ASK, &w));
    T_INT(living(cx), MANY);
    T_STR(state_name(cx, s.target), S("done"));
    T_STR(state_name(cx, u.batch), S("undone"));
    T_OK(cx, undo_batch(cx, s.target, UNDO_KEEP, &w));
}

/* Each database call fails once: what was done stays counted, and going on ends it. */
static void faults(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct undo_result u = {0}, w = {0};
    struct stop s = {.cx = cx, .left = MANY};
    s.target = many(cx, s.ids);
    int64_t nth = 1, opened = 0, failed = 0;
    for (;; nth++) {
        db_fault_at(t->b, nth);
        enum err e = undo_open(cx, s.target, UNDO_ASK, NULL, NULL, &u);
        db_fault_at(t->b, 0);
        if (e == E_OK) break;
        T_STR(state_name(cx, s.target), S("done"));
        opened++;
    }
    T(opened > 3);
    for (nth = 1; nth < 20000; nth += 1 + nth / 16) {
        db_fault_at(t->b, nth);
        enum err e = undo_run(cx, u.batch, NULL, NULL, &w);
        db_fault_at(t->b, 0);
        if (e == E_OK) break;
        failed++;
        struct db_rows r = {0};
        T_OK(cx, db_query(cx, &r, "SELECT done FROM batch WHERE id = $1", V(u.batch)));
        T_INT(living(cx), MANY - db_int(&r, 0, 0)); /* the position says what was done */
    }
    T(failed > 20);
    T_INT(living(cx), 0);
    T_INT(w.undone, MANY);
}

/* ---- what cannot be taken back ---- */
struct own {
    const struct json *j;
    str name;
};
static enum err field_add(struct cx *cx, void *arg) { return meta_field_add(cx, ((struct own *)arg)->j, &((struct own *)arg)->name); }
static enum err field_trash(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE meta_field SET state = 'trash' WHERE entity = 'person' AND name = $1", V(((struct own *)arg)->name));
}
static enum err purge(struct cx *cx, void *arg) { return db_exec(cx, NULL, "DELETE FROM person WHERE id = $1", V(*(int64_t *)arg)); }

static void field_gone(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct undo_result u = {0};
    struct own o = {parsed(cx, "{\"entity\":\"person\",\"kind\":\"text\",\"label\":{\"en\":\"Size\"},\"unique\":false}"), S("")};
    T_OK(cx, db_write(cx, field_add, &o));
    bed_reload(t);
    int64_t batch = 0, id = create(cx, "person", "{\"name\":\"Alt\",\"x_size\":\"L\"}");
    T_OK(cx, batch_begin(cx, S("mass"), 1, &batch));
    change(cx, "person", id, "{\"name\":\"Neu\",\"x_size\":\"M\"}");
    T_OK(cx, batch_end(cx, batch, S("done"), S("")));
    cx->batch = 0;
    T_OK(cx, db_write(cx, field_trash, &o));
    bed_reload(t);
    T_OK(cx, undo_batch(cx, batch, UNDO_ASK, &u));
    T(u.undone == 1 && u.n_left == 1 && u.left[0].n == 1 && u.left[0].why.n > 0);
    if (u.n_left) T_STR(u.left[0].field[0], S("x_size"));
    struct record r = {0};
    T_OK(cx, record_get(cx, ENT(cx, "person"), id, &r));
    T_STR(record_title(&r), S("Alt"));
}

static void gone(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct undo_result u = {0};
    struct written w = {0};
    int64_t id = create(cx, "person", "{\"name\":\"Weg\"}");
    T_OK(cx, record_delete(cx, ENT(cx, "person"), id, 0, &w));
    T_OK(cx, db_write(cx, purge, &id));
    T_INT(undo_change(cx, w.seq, UNDO_ASK, &u), E_NOTFOUND);
    T(str_find(cx->msg, S("for good")) >= 0);
    int64_t a = create(cx, "person", "{\"name\":\"A\"}"), b = create(cx, "person", "{\"name\":\"B\"}");
    T_OK(cx, record_merge(cx, ENT(cx, "person"), a, b, 0, NULL, 0, &w));
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT id FROM batch ORDER BY id DESC LIMIT 1"));
    T_OK(cx, db_write(cx, purge, &b));
    T_INT(undo_batch(cx, db_int(&r, 0, 0), UNDO_ASK, &u), E_NOTFOUND);
    T(str_find(cx->msg, S("for good")) >= 0);
    T_STR(state_name(cx, db_int(&r, 0, 0)), S("done"));
    T_OK(cx, undo_batch(cx, db_int(&r, 0, 0), UNDO_KEEP, &u));
    T(u.n_left == 1 && u.left[0].id == b);
}

static void parent_in_trash(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct undo_result u = {0};
    struct written w = {0}, line = {0}, firm = {0};
    int64_t c = create(cx, "company", "{\"name\":\"Firma\"}");
    int64_t acc = create(cx, "bank_account", arena_fmt(cx->a, "{\"company\":\"%" PRId64 "\",\"account\":\"DE89370400440532013000\"}", c).p);
    T_OK(cx, record_delete(cx, ENT(cx, "bank_account"), acc, 0, &line));
    T_OK(cx, record_delete(cx, ENT(cx, "company"), c, 0, &firm));
    T_INT(undo_change(cx, line.seq, UNDO_ASK, &u), E_CONFLICT);
    T(u.n_kept == 0 && str_find(cx->msg, S("in the trash")) >= 0);
    T_STR(cx->at, S("company"));
    T_OK(cx, undo_change(cx, firm.seq, UNDO_ASK, &u));
    T_OK(cx, undo_change(cx, line.seq, UNDO_ASK, &u));
    int64_t batch = 0; /* both in one batch, the firm first: they come back together */
    T_OK(cx, batch_begin(cx, S("mass"), 2, &batch));
    T_OK(cx, record_delete(cx, ENT(cx, "company"), c, 0, &w));
    T_OK(cx, record_delete(cx, ENT(cx, "bank_account"), acc, 0, &w));
    T_OK(cx, batch_end(cx, batch, S("done"), S("")));
    cx->batch = 0;
    T_OK(cx, undo_batch(cx, batch, UNDO_ASK, &u));
    T_INT(u.undone, 2);
}

/* In a large one, the fault of one change leaves it and takes the others back. */
static void one_left(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct undo_result u = {0};
    struct own o = {parsed(cx, "{\"entity\":\"person\",\"kind\":\"text\",\"label\":{\"en\":\"Pass\"},\"unique\":true}"), S("")};
    T_OK(cx, db_write(cx, field_add, &o));
    bed_reload(t);
    int64_t batch = 0, ids[MANY], id = create(cx, "person", "{\"name\":\"Inhaber\",\"x_pass\":\"77\"}");
    T_OK(cx, batch_begin(cx, S("mass"), MANY, &batch));
    for (int i = 0; i < MANY; i++) ids[i] = create(cx, "person", arena_fmt(cx->a, "{\"name\":\"N %d\"}", i).p);
    change(cx, "person", id, "{\"x_pass\":\"78\"}");
    T_OK(cx, batch_end(cx, batch, S("done"), S("")));
    cx->batch = 0;
    create(cx, "person", "{\"name\":\"Erbe\",\"x_pass\":\"77\"}"); /* the old value is in use now */
    T_OK(cx, undo_batch(cx, batch, UNDO_ASK, &u));
    T(u.undone == MANY && u.n_left == 1 && u.left[0].id == id);
    if (u.n_left == 1) T_STR(u.left[0].field[0], S("x_pass"));
    T_INT(living(cx), 2);
    T(ids[0] != 0);
}

int main(void)
{
    static void (*const all[])(struct bed *) = {there_and_back, goes_on, half_way_back, faults, field_gone, gone, parent_in_trash, one_left};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
    return t_end("undo");
}
