/* SPDX-License-Identifier: MIT */
/* record/record_files.c - stored files and the records they belong to: who may take one, who may see one. */
#include "record/record_int.h"

/* ---- taking ---- */
static str label(const struct cx *cx, const struct field *f) { return label_of(f->label, cx->lang); }

static enum err is_picture(struct cx *cx, const struct field *f, int64_t file)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT picture FROM file WHERE id = $1", V(file)));
    return !r.n || db_int(&r, 0, 0)
               ? E_OK
               : fail_at(cx, E_INVALID, f->name, "%.*s: a file that was uploaded as a picture is needed",
                         FS(label(cx, f)));
}

/* Check and change are one statement: of two who want the same upload at once, one gets it. */
static enum err bind_one(struct cx *cx, const struct field *f, int64_t id, int64_t loser, int64_t file)
{
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE file SET entity = $2, record = $3 WHERE id = $1"
                " AND ((record = 0 AND ($4 = 1 OR created_by = $5))"
                " OR (entity = $2 AND (record = $3 OR record = $6 OR EXISTS (SELECT 1 FROM redirect r"
                " WHERE r.id = file.record AND r.entity = $2 AND r.winner = $3))))",
                V(file), V(f->entity->name), V(id), V(cx->acl == NULL), V(cx->who.user), V(loser ? loser : id)));
    if (!n) return fail_at(cx, E_INVALID, f->name, "%.*s: there is no such file", FS(label(cx, f)));
    return f->kind->picture ? is_picture(cx, f, file) : E_OK;
}

enum err files_bind(struct cx *cx, const struct entity *e, int64_t id, int64_t loser, const struct val *v,
                    const bool *changed)
{
    for (size_t i = F_SYSTEM_N; i < e->n; i++)
        if (e->f[i].kind->file && v[i].t == VT_INT && (!changed || changed[i]))
            TRY(bind_one(cx, &e->f[i], id, loser, v[i].i));
    return E_OK;
}

enum err files_back(struct cx *cx, const struct record *r, int64_t winner)
{
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++)
        if (r->e->f[i].kind->file && r->v[i].t == VT_INT)
            TRY(db_exec(cx, NULL, "UPDATE file SET record = $1 WHERE id = $2 AND entity = $3 AND record = $4", V(r->id),
                        V(r->v[i].i), V(r->e->name), V(winner)));
    return E_OK;
}

/* ---- reading with the record ---- */
enum { FILES_AT_ONCE = 400 };

static void place(struct cx *cx, const struct reading *r, struct record *v, size_t n, const struct db_rows *rows,
                  size_t row)
{
    struct item *it = NEW(cx->a, struct item);
    *it = (struct item){.type = db_str(rows, row, 2), .id = db_int(rows, row, 3)};
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++)
        for (size_t k = 0; r->want[i] && r->e->f[i].kind->file && k < n; k++) {
            struct val *x = value_place(&v[k], &r->e->f[i]);
            if (x->t != VT_INT || x->i != db_int(rows, row, 0)) continue;
            x->s = db_str(rows, row, 1);
            x->v = it;
        }
}

static enum err fill_some(struct cx *cx, const struct reading *r, struct record *v, size_t n, const int64_t *ids,
                          size_t n_ids)
{
    struct sql q = sql_new(cx);
    struct db_rows rows = {0};
    if (!n_ids) return E_OK;
    sql_lit(&q, "SELECT id, name, type, bytes FROM file WHERE id IN ");
    sql_ids(cx, &q, ids, n_ids);
    sql_lit(&q, " LIMIT 400");
    TRY(sql_run(cx, &q, &rows, NULL));
    for (size_t i = 0; i < rows.n; i++) place(cx, r, v, n, &rows, i);
    return E_OK;
}

enum err files_fill(struct cx *cx, const struct reading *r, struct record *v, size_t n)
{
    int64_t *ids = NULL;
    size_t m = 0;
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++)
        for (size_t k = 0; r->want[i] && r->e->f[i].kind->file && k < n; k++) {
            if (v[k].v[i].t != VT_INT) continue;
            if (!ids) ids = NEW_N(cx->a, int64_t, FILES_AT_ONCE);
            ids[m++] = v[k].v[i].i;
            if (m < FILES_AT_ONCE) continue;
            TRY(fill_some(cx, r, v, n, ids, m));
            m = 0;
        }
    return fill_some(cx, r, v, n, ids, m);
}

enum err files_change(struct cx *cx, const struct record *old, int64_t loser, const struct val *v,
                      const bool *changed)
{
    struct record was = *old;
    assert(changed);
    TRY(files_bind(cx, old->e, old->id, loser, v, changed));
    return files_fill(cx, &(struct reading){.e = old->e, .want = changed}, &was, 1);
}

/* ---- the rows themselves ---- */
static enum err insert(struct cx *cx, void *arg)
{
    const struct stored *f = arg;
    return db_exec(cx, NULL,
                   "INSERT INTO file (id, name, type, bytes, sha256, created_at, created_by, entity, record,"
                   " picture) VALUES ($1, $2, $3, $4, '', $5, $6, '', 0, $7)",
                   V(f->id), V(f->name), V(f->type), V(f->bytes), V(cx->now_ms), V(cx->who.user),
                   V((int64_t)f->picture));
}

enum err stored_add(struct cx *cx, const struct stored *f)
{
    struct stored copy = *f;
    return db_write(cx, insert, &copy);
}

enum err stored_since(struct cx *cx, int64_t from_ms, int64_t *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM file WHERE created_by = $1 AND created_at > $2",
                 V(cx->who.user), V(from_ms)));
    *ret = r.n ? db_int(&r, 0, 0) : 0;
    return E_OK;
}

/* Does the record show the file to whoever asks? What no field holds any more (its history does) is seen by those who
 * see all fields in which it may have been. */
static enum err shown(struct cx *cx, const struct entity *e, int64_t record, int64_t file, bool *ret)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    size_t n = 0;
    bool hidden = false, held = false;
    const struct field **f = NEW_N(cx->a, const struct field *, e->n + 1);
    for (size_t i = F_SYSTEM_N; i < e->n; i++)
        if (e->f[i].kind->file && e->f[i].col.n) f[n++] = &e->f[i];
    if (!n || !acl_may(cx, e, ACT_SEE)) return E_OK;
    sql_lit(&q, "SELECT ");
    for (size_t i = 0; i < n; i++) {
        if (i) sql_lit(&q, ", ");
        sql_col(&q, S("t"), f[i]->col);
    }
    sql_lit(&q, " FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " t WHERE t.id = ");
    sql_val(cx, &q, V(record));
    sql_lit(&q, " AND ");
    acl_where(cx, e, ACT_SEE, S("t"), &q);
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; r.n && i < n; i++) {
        bool reads = !f[i]->trashed && acl_field_read(cx, f[i]), holds = db_int(&r, 0, i) == file;
        *ret |= reads && holds;
        hidden |= !reads && !f[i]->trashed;
        held |= holds;
    }
    *ret |= r.n && !held && !hidden;
    return E_OK;
}

static enum err absent(struct cx *cx) { return fail(cx, E_NOTFOUND, "There is no such file"); }

static enum err row_of(struct cx *cx, int64_t id, struct db_rows *r, struct stored *ret)
{
    TRY(db_query(cx, r, "SELECT name, type, bytes, created_by, entity, record, picture FROM file WHERE id = $1",
                 V(id)));
    if (!r->n) return absent(cx);
    *ret = (struct stored){.id = id,
                           .bytes = db_int(r, 0, 2),
                           .name = db_str(r, 0, 0),
                           .type = db_str(r, 0, 1),
                           .picture = db_int(r, 0, 6) != 0};
    return E_OK;
}

enum err stored_own(struct cx *cx, int64_t id, struct stored *ret)
{
    struct db_rows r = {0};
    struct stored f = {0};
    TRY(row_of(cx, id, &r, &f));
    if (cx->acl && db_int(&r, 0, 3) != cx->who.user) return absent(cx);
    *ret = f;
    return E_OK;
}

enum err stored_seen(struct cx *cx, int64_t id, struct stored *ret)
{
    struct db_rows r = {0};
    struct stored f = {0};
    bool ok = cx->acl == NULL;
    TRY(row_of(cx, id, &r, &f));
    int64_t record = db_int(&r, 0, 5);
    const struct entity *e = record ? meta_entity(cx->meta, db_str(&r, 0, 4)) : NULL;
    if (!ok && !record) ok = db_int(&r, 0, 3) == cx->who.user;
    if (!ok && e) TRY(shown(cx, e, record, id, &ok));
    if (!ok) return absent(cx);
    *ret = f;
    return E_OK;
}

/* ---- what nobody took ---- */
enum err stored_untaken(struct cx *cx, int64_t before_ms, int64_t after, int64_t *ids, size_t max, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id FROM file WHERE record = 0 AND created_at < $1 AND id > $2 ORDER BY id LIMIT $3",
                 V(before_ms), V(after), V((int64_t)max)));
    for (size_t i = 0; i < r.n; i++) ids[i] = db_int(&r, i, 0);
    *ret_n = r.n;
    return E_OK;
}

struct drop {
    int64_t id, n;
};
static enum err drop_inside(struct cx *cx, void *arg)
{
    struct drop *d = arg;
    return db_exec(cx, &d->n, "DELETE FROM file WHERE id = $1 AND record = 0", V(d->id));
}

enum err stored_drop(struct cx *cx, int64_t id, bool *ret)
{
    struct drop d = {.id = id};
    TRY(db_write(cx, drop_inside, &d));
    *ret = d.n == 1;
    return E_OK;
}
