/* SPDX-License-Identifier: MIT */
/* xfer/import_json.c - plans and results as JSON, and mappings kept under a name. */
#include "base/time.h"
#include "xfer/import.h"

#include <stdio.h>

enum err xfer_plan(struct cx *cx, const struct source_opt *o, struct jw *w)
{
    struct source s = {0};
    enum err e = source_open(cx, o, &s);
    if (e == E_OK) plan_json(cx, &s.plan, w);
    source_close(&s);
    return e;
}

static void put_cell(struct jw *w, const struct fate_cell *c)
{
    jw_obj(w);
    jw_kstr(w, S("column"), c->column);
    jw_kstr(w, S("text"), c->text);
    jw_kstr(w, S("why"), c->why);
    jw_obj_end(w);
}

static void put_row(struct jw *w, const struct fate_row *r)
{
    jw_obj(w);
    if (r->sheet.n) jw_kstr(w, S("sheet"), r->sheet);
    jw_kint(w, S("row"), r->row);
    jw_kstr(w, S("fate"), fate_name[r->fate]);
    jw_kstr(w, S("title"), r->title);
    jw_kstr(w, S("why"), r->why);
    if (r->unsure) jw_kbool(w, S("to_confirm"), true);
    jw_key(w, S("cells"));
    jw_arr(w);
    for (size_t i = 0; i < r->n_cells; i++) put_cell(w, &r->cells[i]);
    jw_arr_end(w);
    jw_obj_end(w);
}

static void put_counts(const struct import_result *r, struct jw *w)
{
    char seconds[32];
    jw_kint(w, S("rows"), r->rows);
    for (size_t i = 0; i < FATE_MAX; i++) jw_kint(w, fate_name[i], r->fates[i]);
    jw_kint(w, S("problems"), r->problems);
    jw_kint(w, S("to_confirm"), r->unsure);
    jw_kint(w, S("made"), r->made);
    jw_kint(w, S("companies"), r->companies);
    jw_kint(w, S("groups"), r->groups);
    jw_kint(w, S("interactions"), r->interactions);
    jw_kint(w, S("new_fields"), r->fields);
    jw_kid(w, S("batch"), r->batch);
    int n =
        snprintf(seconds, sizeof seconds, "%" PRId64 ".%03d", r->ms / 1000, (int)(r->ms % 1000));
    jw_key(w, S("seconds"));
    jw_raw(w, (str){seconds, n > 0 ? (size_t)n : 0});
    jw_kbool(w, S("dry"), r->is_dry);
    jw_kbool(w, S("stopped"), r->is_stopped);
}

void import_json(const struct import_result *r, struct jw *w)
{
    jw_obj(w);
    put_counts(r, w);
    jw_key(w, S("totals"));
    jw_arr(w);
    for (size_t i = 0; i < r->totals.n; i++) {
        jw_obj(w);
        jw_kstr(w, S("column"), r->totals.v[i].column);
        jw_kstr(w, S("file"), r->totals.v[i].text);
        jw_kstr(w, S("sum"), r->totals.v[i].why);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_key(w, S("left_out"));
    jw_arr(w);
    for (size_t i = 0; i < r->left_out.n; i++) {
        jw_obj(w);
        jw_kstr(w, S("sheet"), r->left_out.v[i].name);
        jw_kint(w, S("rows"), r->left_out.v[i].rows);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_key(w, S("sample"));
    jw_arr(w);
    for (size_t i = 0; i < r->sample.n; i++) put_row(w, &r->sample.v[i]);
    jw_arr_end(w);
    jw_obj_end(w);
}

/* ---- mappings ---- */
enum { MAPPING_MAX = 256 * 1024, MAPPINGS_LISTED = 500, MAPPING_NAME_MAX = 200 };
struct mapping {
    int64_t id;
    str name, json;
};

static enum err mapping_put(struct cx *cx, void *arg)
{
    struct mapping *m = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id FROM mapping WHERE name = $1 LIMIT 1", V(m->name)));
    if (r.n) {
        m->id = db_int(&r, 0, 0);
        return db_exec(cx, NULL, "UPDATE mapping SET json = $2, created_by = $3, at = $4 WHERE id = $1", V(m->id),
                       V(m->json), V(cx->who.user), V(cx->now_ms));
    }
    return db_exec(cx, NULL,
                   "INSERT INTO mapping(id, name, json, created_by, at) VALUES($1, $2, $3, $4, $5)",
                   V(m->id), V(m->name), V(m->json), V(cx->who.user), V(cx->now_ms));
}

enum err mapping_save(struct cx *cx, str name, str json, int64_t *ret_id)
{
    const struct json *j = NULL;
    struct mapping m = {id_new(cx->now_ms), str_trim(name), json};
    if (m.name.n == 0 || m.name.n > MAPPING_NAME_MAX)
        return fail_at(cx, E_INVALID, S("name"), "A mapping needs a name of at most 200 bytes");
    if (json.n > MAPPING_MAX) return fail_at(cx, E_LIMIT, S("mapping"), "The mapping is too long");
    TRY(json_parse(cx, json, &j));
    if (j->t != JT_OBJ)
        return fail_at(cx, E_INVALID, S("mapping"), "The mapping must be an object");
    TRY(db_write(cx, mapping_put, &m));
    *ret_id = m.id;
    return E_OK;
}

enum err mapping_find(struct cx *cx, str name, const struct json **ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT json FROM mapping WHERE name = $1 LIMIT 1", V(str_trim(name))));
    return r.n ? json_parse(cx, db_str(&r, 0, 0), ret) : fail(cx, E_NOTFOUND, "There is no such mapping");
}

enum err mapping_keep(struct cx *cx, const struct source_opt *o, str name)
{
    struct source s = {0};
    struct buf b = buf_new(cx->a, MAPPING_MAX);
    struct jw w = jw_new(&b);
    int64_t id = 0;
    enum err e = source_open(cx, o, &s);
    if (e == E_OK) plan_mapping_json(&s.plan, &w);
    source_close(&s);
    TRY(e);
    return mapping_save(cx, name, buf_str(&b), &id);
}

enum err mapping_list_json(struct cx *cx, struct jw *w)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id, name, json FROM mapping ORDER BY id DESC LIMIT $1",
                 V((int)MAPPINGS_LISTED)));
    jw_arr(w);
    for (size_t i = 0; i < r.n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), db_int(&r, i, 0));
        jw_kstr(w, S("name"), db_str(&r, i, 1));
        jw_key(w, S("mapping"));
        jw_raw(w, db_str(&r, i, 2));
        jw_obj_end(w);
    }
    jw_arr_end(w);
    return E_OK;
}

static enum err mapping_drop(struct cx *cx, void *arg)
{
    struct mapping *m = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM mapping WHERE id = $1", V(m->id)));
    return n ? E_OK : fail(cx, E_NOTFOUND, "There is no such mapping");
}

enum err mapping_delete(struct cx *cx, int64_t id)
{
    struct mapping m = {.id = id};
    return db_write(cx, mapping_drop, &m);
}
