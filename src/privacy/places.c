/* SPDX-License-Identifier: MIT */
/* privacy/places.c - the walk through places.def: found by a reader, then cleared in short writes. */
#include "privacy/privacy_int.h"

#include "os/os.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum place_by { BY_NAME, BY_MARK };
enum { SLICE = 50, BLOCK = 4 * 1024 * 1024, OVERLAP = 64 * 1024, TEXTS_MAX = 3, KEYS = 2 };
static const struct place {
    str name;
    enum place_by by;
    size_t texts;
    str find, drop, clear;
} places[] = {
#define PLACE(name, by, texts, find, drop, clear)                                                  \
    {S0(name), by, texts, S0(find), S0(drop), S0(clear)},
#include "privacy/places.def"
#undef PLACE
};

void tally_add(struct cx *cx, struct tally *t, str name, int64_t n)
{
    if (!n) return;
    for (size_t i = 0; i < t->v.n; i++)
        if (str_eq(t->v.v[i].name, name)) {
            t->v.v[i].n += n;
            return;
        }
    *LIST_ADD(cx->a, &t->v) = (struct told){name, n};
}

struct hit {
    bool drops;
    struct db_val v[KEYS + TEXTS_MAX]; /* the row's two columns, and the texts without the words */
};
struct looking {
    const struct plan *p;
    const struct place *place;
    LIST(struct hit) hits;
};

static struct db_val kept_val(struct cx *cx, struct db_val v)
{
    if (v.t == DB_TEXT) v.s = arena_dup(cx->a, v.s);
    return v;
}

static bool holds(struct cx *cx, const struct redact *r, const struct db_val *v)
{
    if (v->t == DB_INT) return redact_is_id(r, v->i);
    return v->t == DB_TEXT && (redact_has(r, v->s) || !str_eq(redact_stored(cx, r, v->s), v->s));
}

/* The row's texts without the words; false when they are as before. */
static bool cleared(struct cx *cx, const struct place *p, const struct redact *r,
                    const struct db_val *row, struct hit *h)
{
    bool any = false;
    for (size_t i = KEYS; i < KEYS + p->texts; i++) {
        h->v[i] = kept_val(cx, row[i]);
        if (row[i].t != DB_TEXT) continue;
        h->v[i].s = redact_stored(cx, r, h->v[i].s);
        any |= !str_eq(h->v[i].s, row[i].s);
    }
    return any;
}

static bool is_hit(struct cx *cx, const struct looking *l, const struct db_val *row, size_t cols,
                   struct hit *h)
{
    const struct place *p = l->place;
    bool sure = false, named = false;
    for (size_t i = KEYS; i < cols && !sure; i++) sure = holds(cx, &l->p->sure, &row[i]);
    if (sure && p->drop.n) return h->drops = true;
    if (p->clear.n) return cleared(cx, p, p->by == BY_NAME ? &l->p->far : &l->p->sure, row, h);
    for (size_t i = KEYS; i < cols && p->by == BY_NAME && !named; i++)
        named = holds(cx, &l->p->far, &row[i]);
    return h->drops = named;
}

static enum err look(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct looking *l = arg;
    struct arena_mark m = arena_mark(cx->a);
    struct hit h = {0};
    if (!is_hit(cx, l, row, cols, &h)) {
        arena_back(cx->a, m);
        return E_OK;
    }
    for (size_t i = 0; i < KEYS; i++) h.v[i] = kept_val(cx, row[i]);
    *LIST_ADD(cx->a, &l->hits) = h;
    return E_OK;
}

struct clearing {
    const struct looking *l;
    size_t at, to;
};

static enum err clear_some(struct cx *cx, void *arg)
{
    const struct clearing *c = arg;
    const struct place *p = c->l->place;
    for (size_t i = c->at; i < c->to; i++) {
        const struct hit *h = &c->l->hits.v[i];
        TRY(db_run(cx, NULL, NULL, h->drops ? p->drop : p->clear, h->v,
                   h->drops ? KEYS : KEYS + p->texts)); /* a literal of places.def */
    }
    return E_OK;
}

static enum err clear(struct cx *cx, const struct looking *l)
{
    for (size_t at = 0; at < l->hits.n; at += SLICE) {
        struct clearing c = {l, at, at + SLICE < l->hits.n ? at + SLICE : l->hits.n};
        TRY(db_write_bulk(cx, clear_some, &c));
    }
    return E_OK;
}

static enum err walk(struct cx *cx, const struct plan *p, bool clears, struct tally *t)
{
    for (size_t i = 0; i < COUNT(places); i++) {
        struct looking l = {.p = p, .place = &places[i]};
        TRY(db_each(cx, places[i].find, NULL, 0, look, &l));
        if (clears) TRY(clear(cx, &l));
        tally_add(cx, t, places[i].name, (int64_t)l.hits.n);
    }
    return E_OK;
}

enum err places_clear(struct cx *cx, const struct plan *p, struct tally *t)
{
    return walk(cx, p, true, t);
}
enum err places_count(struct cx *cx, const struct plan *p, struct tally *t)
{
    return walk(cx, p, false, t);
}

/* ---- uploads ---- */
static str bytes_path(struct cx *cx, const struct erase_env *env, int64_t file)
{
    return arena_fmt(cx->a, "%.*s/files/%" PRId64, FS(env->data_dir), file);
}

/* Of one that is still coming in. */
static str part_path(struct cx *cx, const struct erase_env *env, int64_t upload)
{
    return arena_fmt(cx->a, "%.*s/uploads/%" PRId64, FS(env->data_dir), upload);
}

void bytes_drop(struct cx *cx, const struct erase_env *env, int64_t file)
{
    if (env->data_dir.n) os_unlink(cx, bytes_path(cx, env, file));
}

/* The batches of imports that wrote one of the records that go. */
static enum err import_batches(struct cx *cx, const struct plan *p, struct redact *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT DISTINCT batch FROM change WHERE record = $1 AND way = 'import' AND batch "
                 "<> 0 ORDER BY batch"
                 " LIMIT 1000",
                 V(p->gone.v[0].id)));
    int64_t *id = NEW_N(cx->a, int64_t, r.n + 1);
    for (size_t i = 0; i < r.n; i++) id[i] = db_int(&r, i, 0);
    *ret = (struct redact){.id = id, .n_ids = r.n};
    return E_OK;
}

struct sheets {
    const struct redact *batches;
    LIST(int64_t) files;
};

/* row: args, result of an import's job */
static enum err sheet_of(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct sheets *s = arg;
    const struct json *j = NULL;
    (void)cols;
    if (!redact_has(s->batches, row[0].s) && !redact_has(s->batches, row[1].s)) return E_OK;
    for (int i = 0; i < 2; i++) {
        int64_t id = 0;
        if (json_parse(cx, arena_dup(cx->a, row[i].s), &j) != E_OK) continue;
        if (json_id_of(cx, j, i ? S("refused_file") : S("file"), 0, &id) == E_OK && id)
            *LIST_ADD(cx->a, &s->files) = id;
    }
    return E_OK;
}

static bool is_in(const struct sheets *s, int64_t id)
{
    for (size_t i = 0; i < s->files.n; i++)
        if (s->files.v[i] == id) return true;
    return false;
}

static enum err upload_drop(struct cx *cx, void *arg)
{
    const int64_t *id = arg;
    return db_exec(cx, NULL, "DELETE FROM file WHERE id = $1 AND record = 0", V(*id));
}

/* Block by block, each with the end of the one before it: no word lies over an edge unseen. */
static bool bytes_hold(struct cx *cx, const struct redact *r, str path)
{
    char *p = NEW_N(cx->a, char, BLOCK + OVERLAP);
    size_t have = 0;
    ssize_t n = 0;
    bool yes = false;
    OWNED(os_close_fd) int fd = open(arena_z(cx->a, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    while (fd >= 0 && !yes && (n = read(fd, p + have, BLOCK + OVERLAP - have)) > 0) {
        have += (size_t)n;
        if (have < BLOCK + OVERLAP) continue; /* more may come */
        struct arena_mark m = arena_mark(cx->a);
        yes = redact_has(r, (str){p, have});
        arena_back(cx->a, m);
        memmove(p, p + BLOCK, OVERLAP);
        have = OVERLAP;
    }
    return yes || (have && redact_has(r, (str){p, have}));
}

/* What cannot be read (another process took it away) holds nothing. */
static bool upload_holds(struct cx *cx, const struct redact *r, const struct erase_env *env, str path,
                         str name)
{
    struct arena_mark m = arena_mark(cx->a);
    bool yes = redact_has(r, name);
    if (!yes && env->data_dir.n) yes = bytes_hold(cx, r, path);
    arena_back(cx->a, m);
    return yes;
}

struct part_gone {
    int64_t id, n;
};
static enum err part_drop(struct cx *cx, void *arg)
{
    struct part_gone *x = arg;
    return db_exec(cx, &x->n, "DELETE FROM upload WHERE id = $1", V(x->id));
}

/* Those that come in pieces and are not whole yet. */
static enum err parts_clear(struct cx *cx, const struct plan *p, const struct erase_env *env, int64_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id, name FROM upload ORDER BY id LIMIT 10000"));
    for (size_t i = 0; i < r.n; i++) {
        int64_t id = db_int(&r, i, 0);
        str path = part_path(cx, env, id), placed = bytes_path(cx, env, id);
        if (!upload_holds(cx, &p->sure, env, path, db_str(&r, i, 1)) &&
            !upload_holds(cx, &p->sure, env, placed, S("")))
            continue;
        struct part_gone x = {id, 0};
        TRY(db_write_bulk(cx, part_drop, &x));
        if (!x.n) continue; /* it is a file by now, which is looked at as one */
        if (env->data_dir.n) os_unlink(cx, path);
        bytes_drop(cx, env, id);
        ++*ret_n;
    }
    return E_OK;
}

enum err uploads_clear(struct cx *cx, const struct plan *p, const struct erase_env *env,
                       int64_t *ret_n)
{
    struct redact batches = {0};
    struct sheets s = {.batches = &batches};
    struct db_rows r = {0};
    TRY(parts_clear(cx, p, env, ret_n)); /* before and after: one may become a file meanwhile */
    TRY(import_batches(cx, p, &batches));
    if (batches.n_ids)
        TRY(db_each(cx,
                    S("SELECT args, result FROM job WHERE kind IN ('import_dry', 'import_run')"),
                    NULL, 0, sheet_of, &s));
    TRY(db_query(cx, &r, "SELECT id, name FROM file WHERE record = 0 ORDER BY id LIMIT 10000"));
    for (size_t i = 0; i < r.n; i++) {
        int64_t id = db_int(&r, i, 0);
        if (!is_in(&s, id) && !upload_holds(cx, &p->sure, env, bytes_path(cx, env, id), db_str(&r, i, 1)))
            continue;
        TRY(db_write_bulk(cx, upload_drop,
                          &id)); /* the row first: from then on no record can take it */
        bytes_drop(cx, env, id);
        ++*ret_n;
    }
    return parts_clear(cx, p, env, ret_n);
}
