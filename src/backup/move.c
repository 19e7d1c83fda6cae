/* SPDX-License-Identifier: MIT */
/* backup/move.c - copies every table of a base into another one and proves that both hold the same. */
#include "backup/move.h"

#include "backup/backup_int.h"
#include "meta/meta.h"
#include "os/os.h"

enum { PAGE_ROWS = 500, PAGE_ROWS_MAX = 8000, PAGE_BYTES = 2 * 1024 * 1024 };

struct move { /* both sides share the arena; each has its own connection */
    struct cx from, to;
    const struct move_opts *o;
    struct move_report *r;
};

static void sides_end(struct move *m)
{
    db_snapshot_end(&m->from);
    db_put(&m->from.db);
    db_snapshot_end(&m->to);
    db_put(&m->to.db);
}

/* An error of either side belongs to the caller's cx. */
static enum err blame(struct cx *cx, const struct cx *side, enum err e)
{
    return e == E_OK ? E_OK : fail_at(cx, e, side->at, "%.*s", FS(side->msg));
}

static enum err source_ready(struct cx *cx)
{
    int version = 0;
    TRY(db_schema_version(cx, &version));
    if (!version) return fail(cx, E_PRECOND, "the source holds no data of Kontor");
    if (version != db_schema_latest())
        return fail(cx, E_PRECOND,
                    "the source has schema %d, this program knows %d: upgrade it first", version,
                    db_schema_latest());
    return db_snapshot(cx);
}

static enum err target_ready(struct cx *cx)
{
    int version = 0, from = 0, to = 0;
    str *name = NULL;
    size_t n = 0;
    int64_t rows = 0;
    TRY(db_schema_version(cx, &version));
    TRY(tables_list(cx, &name, &n));
    if (!version && n)
        return fail(cx, E_PRECOND, "the target is not empty: it has a table \"%.*s\"", FS(name[0]));
    for (size_t i = 0; i < n; i++) {
        if (str_eq(name[i], S("migration"))) continue;
        TRY(table_count(cx, name[i], &rows));
        if (rows)
            return fail(cx, E_PRECOND, "the target is not empty: %.*s has %" PRId64 " rows",
                        FS(name[i]), rows);
    }
    return db_migrate(cx, db_base(cx->db), &from, &to);
}

static enum err sync_inside(struct cx *cx, void *arg) { return meta_sync(cx, arg); }

static enum err describe(struct move *m)
{
    struct meta *d = NULL;
    TRY(meta_load(&m->from, &d));
    enum err e = db_write(&m->to, sync_inside, d);
    meta_drop(&d);
    return blame(&m->from, &m->to, e);
}

struct fill {
    const struct table *t;
    const struct db_rows *rows;
};
static enum err fill_inside(struct cx *cx, void *arg)
{
    const struct fill *f = arg;
    return table_insert(cx, f->t, f->rows);
}

/* The last row's keys, which outlive their page: the arena goes back to `m`. */
static struct db_val *keys_keep(struct cx *cx, const struct table *t, const struct db_rows *r,
                                struct arena_mark m)
{
    struct arena *keep = arena_new();
    struct db_val *last = NEW_N(keep, struct db_val, t->n_keys);
    memcpy(last, &r->v[(r->n - 1) * r->cols], sizeof *last * t->n_keys);
    for (size_t i = 0; i < t->n_keys; i++)
        if (last[i].t == DB_TEXT) last[i].s = arena_dup(keep, last[i].s);
    arena_back(cx->a, m);
    struct db_val *v = NEW_N(cx->a, struct db_val, t->n_keys);
    memcpy(v, last, sizeof *last * t->n_keys);
    for (size_t i = 0; i < t->n_keys; i++)
        if (v[i].t == DB_TEXT) v[i].s = arena_dup(cx->a, v[i].s);
    arena_free(&keep);
    return v;
}

static enum err page_write(struct cx *cx, struct cx *to, const struct table *t,
                           const struct db_rows *r)
{
    struct fill f = {t, r};
    return to && r->n ? blame(cx, to, db_write_bulk(to, fill_inside, &f)) : E_OK;
}

/* Walks a table page by page: sums it and, with a target, writes it there. */
static enum err walk(struct cx *cx, struct cx *to, const struct table *t, const struct move_opts *o,
                     struct table_sum *ret)
{
    struct arena_mark begin = arena_mark(cx->a);
    struct table_sum sum = {0};
    struct db_val *after = NULL;
    size_t page = PAGE_ROWS;
    for (bool more = true; more;) {
        size_t before = arena_bytes(cx->a);
        struct db_rows r = {0};
        TRY(table_page(cx, t, after, (int64_t)page, &r));
        for (size_t i = 0; i < r.n; i++) row_sum(t, &r.v[i * r.cols], &sum);
        TRY(page_write(cx, to, t, &r));
        more = r.n == page;
        if (arena_bytes(cx->a) - before < PAGE_BYTES && page < PAGE_ROWS_MAX) page *= 2;
        if (more) after = keys_keep(cx, t, &r, begin);
        else arena_back(cx->a, begin);
        if (o && o->progress) o->progress(o->arg, t->name, sum.rows);
    }
    *ret = sum;
    return E_OK;
}

static enum err columns_there(struct cx *cx, const struct table *from, const struct table *to)
{
    if (from->n_keys != to->n_keys)
        return fail(cx, E_PRECOND, "%.*s has another key in the target", FS(from->name));
    for (size_t i = 0, k = 0; i < from->n; i++) {
        while (k < to->n && !str_eq(to->col[k].name, from->col[i].name)) k++;
        if (k == to->n)
            return fail_at(cx, E_PRECOND, from->name,
                           "the description does not know the column %.*s of %.*s",
                           FS(from->col[i].name), FS(from->name));
    }
    return E_OK;
}

static enum err move_table(struct move *m, struct move_table *mt)
{
    struct table from = {0}, to = {0};
    bool there = false;
    enum err e = db_has_table(&m->to, mt->table, &there);
    if (e == E_OK && there) e = dbtable_open(&m->to, mt->table, false, &to);
    if (e != E_OK) return blame(&m->from, &m->to, e);
    if (!there)
        return fail_at(&m->from, E_PRECOND, mt->table,
                       "the description does not know the table %.*s", FS(mt->table));
    TRY(dbtable_open(&m->from, mt->table, true, &from));
    TRY(columns_there(&m->from, &from, &to));
    return walk(&m->from, &m->to, &from, m->o, &mt->from);
}

/* Followers go on where they stood: behind the last change they have seen. */
static enum err followers_place(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL,
                   "UPDATE follower SET xid = CASE WHEN name IN ('audit_event', 'audit_out') THEN"
                   " COALESCE((SELECT max(c.xid) FROM security_event c WHERE c.seq <= follower.seq), 0)"
                   " ELSE COALESCE((SELECT max(c.xid) FROM change c WHERE c.seq <= follower.seq), 0) END");
}

static enum err move_all(struct move *m, struct move_table *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        TRY(move_table(m, &t[i]));
        m->r->rows += t[i].from.rows;
    }
    struct db_rows r = {0};
    TRY(db_query(&m->from, &r, "SELECT max(seq) FROM change"));
    m->r->last_seq = db_int(&r, 0, 0);
    return m->r->to_pg ? blame(&m->from, &m->to, db_write(&m->to, followers_place, NULL)) : E_OK;
}

static enum err prove(struct move *m, struct move_table *t, size_t n)
{
    TRY(db_snapshot(&m->to));
    m->r->equal = true;
    for (size_t i = 0; i < n; i++) {
        struct table to = {0};
        TRY(dbtable_open(&m->to, t[i].table, false, &to));
        TRY(walk(&m->to, NULL, &to, NULL, &t[i].to));
        if (memcmp(&t[i].from, &t[i].to, sizeof t[i].to) == 0) continue;
        if (m->r->equal) m->r->unlike = t[i].table;
        m->r->equal = false;
    }
    db_snapshot_end(&m->to);
    return E_OK;
}

static enum err both_ready(struct cx *cx, struct move *m, struct move_table **ret, size_t *ret_n)
{
    str *name = NULL;
    size_t n = 0, k = 0;
    enum err e = source_ready(&m->from);
    if (e == E_OK) e = tables_list(&m->from, &name, &n);
    if (e != E_OK) return blame(cx, &m->from, e);
    e = target_ready(&m->to);
    if (e != E_OK) return blame(cx, &m->to, e);
    TRY(blame(cx, &m->from, describe(m)));
    struct move_table *t = NEW_N(cx->a, struct move_table, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!table_is_left(name[i])) t[k++].table = name[i];
    *ret = t;
    *ret_n = k;
    return E_OK;
}

enum err move_run(struct cx *cx, struct dbase *from, struct dbase *to, const struct move_opts *o,
                  struct move_report *ret)
{
    struct move_report r = {.from_pg = dbase_is_pg(from), .to_pg = dbase_is_pg(to)};
    struct move m OWNED(sides_end) = {.from = *cx, .to = *cx, .o = o, .r = &r};
    struct move_table *t = NULL;
    size_t n = 0;
    int64_t began = os_mono_us();
    if (from == to) return fail(cx, E_PRECOND, "source and target are the same database");
    m.from.db = db_get(from);
    m.to.db = db_get(to);
    TRY(both_ready(cx, &m, &t, &n));
    TRY(blame(cx, &m.from, move_all(&m, t, n)));
    TRY(blame(cx, &m.to, prove(&m, t, n)));
    r.tables = t;
    r.n_tables = n;
    r.ms = (os_mono_us() - began) / 1000;
    *ret = r;
    if (!r.equal)
        return fail(cx, E_INTERNAL, "the copy differs from its source in %.*s: do not use it",
                    FS(r.unlike));
    return E_OK;
}

static void sum_json(struct cx *cx, struct jw *w, str key, const struct table_sum *s)
{
    jw_kstr(w, key, arena_fmt(cx->a, "%016" PRIx64 "%016" PRIx64, s->sum[0], s->sum[1]));
}

void move_json(struct cx *cx, const struct move_report *r, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("from"), r->from_pg ? S("postgresql") : S("sqlite"));
    jw_kstr(w, S("to"), r->to_pg ? S("postgresql") : S("sqlite"));
    jw_kbool(w, S("equal"), r->equal);
    jw_kstr(w, S("unlike"), r->unlike);
    jw_kint(w, S("rows"), r->rows);
    jw_kid(w, S("last_seq"), r->last_seq);
    jw_kint(w, S("ms"), r->ms);
    jw_key(w, S("tables"));
    jw_arr(w);
    for (size_t i = 0; i < r->n_tables; i++) {
        jw_obj(w);
        jw_kstr(w, S("table"), r->tables[i].table);
        jw_kint(w, S("rows_from"), r->tables[i].from.rows);
        jw_kint(w, S("rows_to"), r->tables[i].to.rows);
        sum_json(cx, w, S("sum_from"), &r->tables[i].from);
        sum_json(cx, w, S("sum_to"), &r->tables[i].to);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_obj_end(w);
}
