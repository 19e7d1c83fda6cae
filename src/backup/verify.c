/* SPDX-License-Identifier: MIT */
/* backup/verify.c - the checks, each one statement that counts what is wrong and names one example. */
#include "backup/verify.h"

#include "backup/backup_int.h"
#include "backup/restore.h"
#include "db/search_sum.h"
#include "meta/filter.h"
#include "meta/points.h"
#include "os/os.h"
#include "record/sums.h"

struct verify {
    LIST(struct finding) l;
    int64_t checks;
    const struct meta *m;
    const struct verify_watch *watch;
    int64_t done, total;   /* records */
    struct finding *field; /* of the entity in hand: by field.at, then what is none of them alone */
};
static const str todo_restore = S0("Stop the program, keep this file aside, and restore the newest "
                                   "good backup: kontor restore BACKUP --data NEW-FOLDER.");
static const str todo_report =
    S0("Nothing is lost. Please report it, with this text, to the makers of Kontor.");

static void found(struct cx *cx, struct verify *k, const struct finding *f)
{
    *LIST_ADD(cx->a, &k->l) = *f;
}

/* What is wrong is named one by one: part is "FROM ... WHERE ...", its ids are `id`. */
static enum err ask_each(struct cx *cx, struct verify *k, const char *id, const struct sql *part, struct finding f)
{
    struct db_rows r = {0};
    struct sql all = sql_new(cx), some = sql_new(cx);
    buf_fmt(&all.text, "SELECT count(*), min(%s) ", id);
    sql_append(cx, &all, part);
    TRY(sql_run(cx, &all, &r, NULL));
    k->checks++;
    f.n = db_int(&r, 0, 0);
    f.sample = db_int(&r, 0, 1);
    if (!f.n) return E_OK;
    buf_fmt(&some.text, "SELECT %s ", id);
    sql_append(cx, &some, part);
    buf_fmt(&some.text, " ORDER BY %s LIMIT %d", id, VERIFY_IDS);
    TRY(sql_run(cx, &some, &r, NULL));
    for (; f.n_ids < r.n; f.n_ids++) f.ids[f.n_ids] = db_int(&r, f.n_ids, 0);
    found(cx, k, &f);
    return E_OK;
}

/* The statement gives a count and an example. */
static enum err ask(struct cx *cx, struct verify *k, const struct sql *q, struct finding f)
{
    struct db_rows r = {0};
    TRY(sql_run(cx, q, &r, NULL));
    k->checks++;
    f.n = db_int(&r, 0, 0);
    f.sample = db_int(&r, 0, 1);
    if (f.n) found(cx, k, &f);
    return E_OK;
}

static str place(struct cx *cx, str entity, str field)
{
    return arena_fmt(cx->a, "%.*s.%.*s", FS(entity), FS(field));
}

/* EXISTS (SELECT 1 FROM <e> e WHERE e.id = <id>[ AND e.deleted_at IS NULL]) */
static void exists(struct sql *q, const struct entity *e, const char *id, bool living)
{
    sql_lit(q, "EXISTS (SELECT 1 FROM ");
    sql_name(q, e->table);
    sql_lit(q, " e WHERE e.id = ");
    buf_add(&q->text, str_from(id));
    if (living) sql_lit(q, " AND e.deleted_at IS NULL");
    sql_lit(q, ")");
}

static enum err points_check(struct cx *cx, struct verify *k, const struct entity *e)
{
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT count(*), min(p.record) FROM contact_point p WHERE p.entity = ");
    sql_val(cx, &q, V(e->name));
    sql_lit(&q, " AND NOT ");
    exists(&q, e, "p.record", false);
    return ask(cx, k, &q,
               (struct finding){.what = S("contact_point"),
                                .where = e->name,
                                .bad = true,
                                .todo = todo_report,
                                .text = S("phones, mails or addresses of records that are gone")});
}

/* What a record shows of the field is what numbers and mails are looked up in. */
static enum err beside_check(struct cx *cx, struct verify *k, const struct entity *e, const struct field *f)
{
    struct sql q = sql_new(cx);
    sql_lit(&q, "FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " WHERE COALESCE(");
    sql_name(&q, f->col2);
    sql_lit(&q, ", '') <> COALESCE(");
    points_sql(&q, f);
    sql_lit(&q, ", '')");
    return ask_each(cx, k, "id", &q,
               (struct finding){.what = S("contact_point"),
                                .where = place(cx, e->name, f->name),
                                .bad = true,
                                .todo = S("Change and save this field of the record named here."),
                                .text = S("records that show other phones, mails or addresses than are looked up")});
}

/* The m:n links of all fields of one name: both ends must be there. */
static enum err links_check(struct cx *cx, struct verify *k, const struct field *f)
{
    for (int end = 0; end < 2; end++) {
        struct sql q = sql_new(cx);
        sql_lit(&q, "SELECT count(*), min(l.a) FROM link l WHERE l.field = ");
        sql_val(cx, &q, V(f->name));
        for (size_t i = 0; i < k->m->n; i++)
            for (size_t j = 0; j < k->m->entity[i].n; j++) {
                const struct field *g = &k->m->entity[i].f[j];
                const struct entity *at = end ? g->target : &k->m->entity[i];
                if (g->kind->store != ST_LINKS || !str_eq(g->name, f->name) || !at) continue;
                sql_lit(&q, " AND NOT ");
                exists(&q, at, end ? "l.b" : "l.a", false);
            }
        TRY(ask(cx, k, &q,
                (struct finding){.what = S("link"),
                                 .where = place(cx, f->entity->name, f->name),
                                 .bad = true,
                                 .todo = todo_report,
                                 .text = S("links from or to records that are gone")}));
    }
    return E_OK;
}

static enum err link_check(struct cx *cx, struct verify *k, const struct entity *e,
                           const struct field *f)
{
    struct sql q = sql_new(cx);
    const char *col = arena_fmt(cx->a, "p.%.*s", FS(f->col)).p;
    sql_lit(&q, "SELECT count(*), min(p.id) FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " p WHERE p.deleted_at IS NULL AND ");
    buf_add(&q.text, str_from(col));
    sql_lit(&q, " <> 0 AND NOT ");
    exists(&q, f->target, col, false);
    return ask(cx, k, &q,
               (struct finding){.what = S("link"),
                                .where = place(cx, e->name, f->name),
                                .bad = true,
                                .todo = S("Open the record named here and choose the link anew."),
                                .text = S("links to records that are gone")});
}

/* ---- search ---- */

static enum err search_check(struct cx *cx, struct verify *k, const struct entity *e)
{
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT count(*), min(d.record) FROM search_doc d WHERE d.entity = ");
    sql_val(cx, &q, V(e->name));
    sql_lit(&q, " AND NOT ");
    exists(&q, e, "d.record", true);
    TRY(ask(cx, k, &q,
            (struct finding){.what = S("search"),
                             .where = e->name,
                             .bad = true,
                             .todo = todo_report,
                             .text = S("search finds records that are in the trash or gone")}));
    const struct field *t = &e->f[e->title];
    if (!e->search || e->trashed || !t->search || !t->col.n || t->kind->store == ST_INT)
        return E_OK;
    struct sql p = sql_new(cx);
    sql_lit(&p, "SELECT count(*), min(p.id) FROM ");
    sql_name(&p, e->table);
    sql_lit(&p, " p WHERE p.deleted_at IS NULL AND ");
    sql_col(&p, S("p"), t->col2.n && t->kind->store == ST_FOLDED ? t->col2 : t->col);
    sql_lit(&p, " <> '' AND NOT EXISTS (SELECT 1 FROM search_doc d WHERE d.record = p.id)");
    return ask(
        cx, k, &p,
        (struct finding){.what = S("search"),
                         .where = e->name,
                         .bad = true,
                         .todo = S("Change and save such a record to bring it back into search."),
                         .text = S("living records that search does not find")});
}

/* ---- roll-ups ---- */

static void rollup_count(struct cx *cx, struct sql *q, const struct cond *where, const struct field *via,
                         const struct field *of, str agg)
{
    if (str_eq(agg, S("count"))) sql_lit(q, "(SELECT count(*)");
    else if (str_eq(agg, S("sum"))) sql_lit(q, "(SELECT COALESCE(sum(");
    else if (str_eq(agg, S("min"))) sql_lit(q, "(SELECT COALESCE(min(");
    else sql_lit(q, "(SELECT COALESCE(max(");
    if (!str_eq(agg, S("count"))) {
        sql_col(q, S("c"), of->col);
        sql_lit(q, "), 0)");
    }
    sql_lit(q, " FROM ");
    sql_name(q, via->entity->table);
    sql_lit(q, " c WHERE c.deleted_at IS NULL AND ");
    sql_col(q, S("c"), via->col);
    sql_lit(q, " = p.id");
    if (where) {
        sql_lit(q, " AND ");
        filter_sql(cx, where, S("c"), q, NULL);
    }
    sql_lit(q, ")");
}

static enum err rollup_check(struct cx *cx, struct verify *k, const struct entity *e,
                             const struct field *f)
{
    const struct json *agg = json_get(f->def, S("agg")), *name = json_get(f->def, S("field"));
    const struct field *via = entity_field(f->target, f->via),
                       *of = name ? entity_field(f->target, name->s) : NULL;
    if (!agg || str_eq(agg->s, S("latest")) || (!f->where && rollup_has_where(f))) return E_OK;
    if (!via || !via->col.n || (!of && !str_eq(agg->s, S("count"))) || (of && !of->col.n))
        return E_OK;
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT count(*), min(p.id) FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " p WHERE p.deleted_at IS NULL AND COALESCE(");
    sql_col(&q, S("p"), f->col);
    sql_lit(&q, ", 0) <> ");
    rollup_count(cx, &q, f->where, via, of, agg->s);
    return ask(cx, k, &q,
               (struct finding){.what = S("rollup"),
                                .where = place(cx, e->name, f->name),
                                .bad = true,
                                .todo = todo_report,
                                .text = S("counted or summed fields that a recount contradicts")});
}

/* ---- the log ---- */

static enum err versions_check(struct cx *cx, struct verify *k, const struct entity *e)
{
    struct sql q = sql_new(cx), p = sql_new(cx);
    sql_lit(&q, "FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " e WHERE e.version <> COALESCE((SELECT max(c.version) FROM change c WHERE c.record = e.id "
                "AND c.entity = ");
    sql_val(cx, &q, V(e->name));
    sql_lit(&q, "), 0)");
    TRY(ask_each(cx, k, "e.id", &q,
            (struct finding){.what = S("log"),
                             .where = e->name,
                             .bad = true,
                             .todo = todo_restore,
                             .text = S("records whose version is not the one the log ends with")}));
    sql_lit(&p,
            "SELECT count(*), min(x.record) FROM (SELECT c.record AS record, c.version AS version,"
            " lag(c.version) OVER (PARTITION BY c.record ORDER BY c.seq) AS was FROM change c "
            "WHERE c.entity = ");
    sql_val(cx, &p, V(e->name));
    sql_lit(&p, " AND c.op <> 'share') x WHERE x.was >= x.version"); /* that makes no version of its own */
    return ask(cx, k, &p,
               (struct finding){.what = S("log"),
                                .where = e->name,
                                .bad = true,
                                .todo = todo_restore,
                                .text = S("histories that do not run forward")});
}

static enum err log_check(struct cx *cx, struct verify *k, int64_t *ret_last)
{
    enum { DAY = 86400000 };
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT max(seq), COALESCE(min(seq), 1) FROM change"));
    k->checks++;
    *ret_last = db_int(&r, 0, 0);
    bool future =
        *ret_last && id_time_ms(*ret_last) > (cx->now_ms ? cx->now_ms : os_now_ms()) + DAY;
    if (future || db_int(&r, 0, 1) <= 0)
        found(cx, k,
              &(struct finding){
                  .what = S("log"),
                  .where = S("change"),
                  .n = 1,
                  .sample = *ret_last,
                  .text = S("the log's numbers lie in the future or before the beginning"),
                  .todo = S("Compare the clock of this machine with the time.")});
    return E_OK;
}

/* ---- what was written ---- */
static void value_bad(void *arg, const struct entity *e, const struct field *f, int64_t id)
{
    struct verify *k = arg;
    struct finding *x = &k->field[f ? f->at : e->n];
    if (!x->n++) x->sample = id;
    if (x->n_ids < VERIFY_IDS) x->ids[x->n_ids++] = id;
}

static void walked(void *arg, int64_t rows)
{
    struct verify *k = arg;
    if (k->watch && k->watch->progress) k->watch->progress(k->watch->arg, k->done + rows, k->total);
}

static enum err values_check(struct cx *cx, struct verify *k, const struct entity *e)
{
    struct sums_watch w = {.found = value_bad, .progress = walked, .arg = k};
    k->field = NEW_N(cx->a, struct finding, e->n + 1);
    TRY(sums_walk(cx, e, &w));
    k->checks++;
    k->done += w.rows;
    for (size_t i = 0; i <= e->n; i++) {
        struct finding *x = &k->field[i];
        x->what = S("values");
        x->where = i < e->n ? place(cx, e->name, e->f[i].name) : e->name;
        x->bad = true;
        x->todo = todo_restore;
        x->text = i < e->n ? S("records that hold something else in this field than was written")
                           : S("records that hold something else in several fields than was written");
        if (x->n) found(cx, k, x);
    }
    if (w.bare)
        found(cx, k,
              &(struct finding){.what = S("values"),
                                .where = e->name,
                                .n = w.bare,
                                .text = S("records of an older version, of which nothing tells what was written"),
                                .todo = S("Let Kontor run over a night: it writes down what they hold.")});
    return E_OK;
}

static enum err search_texts_check(struct cx *cx, struct verify *k)
{
    struct db_search_bad bad = {0};
    TRY(db_search_verify(cx, &bad));
    k->checks++;
    if (bad.n)
        found(cx, k,
              &(struct finding){.what = S("search"),
                                .where = S("search_doc"),
                                .n = bad.n,
                                .sample = bad.first,
                                .bad = true,
                                .text = S("texts to be searched that are not what was written; the records are whole"),
                                .todo = S("Nothing is lost. Change and save such a record: its text is made anew.")});
    return E_OK;
}

/* A number's last digits, and which field a point belongs to. */
static enum err points_all_check(struct cx *cx, struct verify *k)
{
    struct sql q = sql_new(cx), p = sql_new(cx);
    sql_lit(&q, "FROM contact_point p WHERE p.tail <> substr(p.norm, length(p.norm) - 6)");
    TRY(ask_each(cx, k, "p.record", &q,
                 (struct finding){.what = S("contact_point"),
                                  .where = S("tail"),
                                  .bad = true,
                                  .todo = S("Change and save the numbers of the record named here."),
                                  .text = S("numbers that end otherwise than is looked up")}));
    sql_lit(&p, "FROM contact_point p WHERE NOT (1 = 0");
    for (size_t i = 0; i < k->m->n; i++)
        for (size_t j = 0; j < k->m->entity[i].n; j++) {
            const struct field *f = &k->m->entity[i].f[j];
            if (f->kind->store != ST_POINTS) continue;
            sql_lit(&p, " OR (p.entity = ");
            sql_val(cx, &p, V(f->entity->name));
            sql_lit(&p, " AND p.field = ");
            sql_val(cx, &p, V(f->name));
            sql_lit(&p, " AND p.kind = ");
            sql_val(cx, &p, V(f->kind->name));
            sql_lit(&p, ")");
        }
    sql_lit(&p, ")");
    return ask_each(cx, k, "p.record", &p,
                    (struct finding){.what = S("contact_point"),
                                     .where = S("field"),
                                     .bad = true,
                                     .todo = S("Change and save such a field of the record named here."),
                                     .text = S("phones, mails or addresses of a field that there is not")});
}

static enum err records_count(struct cx *cx, struct verify *k)
{
    if (!k->watch) return E_OK;
    for (size_t i = 0; i < k->m->n; i++) {
        struct sql q = sql_new(cx);
        struct db_rows r = {0};
        bool there = false;
        TRY(db_has_table(cx, k->m->entity[i].name, &there));
        if (!there) continue;
        sql_lit(&q, "SELECT count(*) FROM ");
        sql_name(&q, k->m->entity[i].table);
        TRY(sql_run(cx, &q, &r, NULL));
        k->total += db_int(&r, 0, 0);
    }
    return E_OK;
}

/* ---- all of it ---- */

static enum err entity_check(struct cx *cx, struct verify *k, const struct entity *e)
{
    bool there = false;
    TRY(db_has_table(cx, e->name, &there));
    if (!there) {
        found(cx, k,
              &(struct finding){.what = S("schema"),
                                .where = e->name,
                                .n = 1,
                                .bad = true,
                                .todo = todo_restore,
                                .text = S("the table of this entity is missing")});
        return E_OK;
    }
    TRY(points_check(cx, k, e));
    TRY(search_check(cx, k, e));
    TRY(versions_check(cx, k, e));
    TRY(values_check(cx, k, e));
    for (size_t i = 0; i < e->n; i++) {
        struct arena_mark mark = arena_mark(cx->a);
        size_t before = k->l.n;
        const struct field *f = &e->f[i];
        if (f->kind->store == ST_LINKS) TRY(links_check(cx, k, f));
        else if (f->kind->store == ST_POINTS) TRY(beside_check(cx, k, e, f));
        else if (str_eq(f->kind->name, S("rollup")) && f->target && f->col.n)
            TRY(rollup_check(cx, k, e, f));
        else if (str_eq(f->kind->name, S("link")) && f->target && f->col.n)
            TRY(link_check(cx, k, e, f));
        if (k->l.n == before) arena_back(cx->a, mark);
    }
    return E_OK;
}

static enum err tables_check(struct cx *cx, struct verify *k)
{
    str *name = NULL;
    size_t n = 0;
    enum err e = tables_list(cx, &name, &n);
    if (e != E_PRECOND) return e;
    found(cx, k,
          &(struct finding){.what = S("schema"),
                            .n = 1,
                            .text = S("a table that Kontor did not make"),
                            .todo = S("Find out who put it there; Kontor does not need it.")});
    return E_OK;
}

static enum err base_look(struct cx *cx, struct verify *k, struct verify_report *r)
{
    struct meta *m = NULL;
    TRY(db_snapshot(cx));
    TRY(db_schema_version(cx, &r->schema));
    if (r->schema != db_schema_latest()) {
        found(cx, k,
              &(struct finding){
                  .what = S("schema"),
                  .n = 1,
                  .text = S("the schema is not the one of this program"),
                  .todo = S("Start this version of Kontor once, or run: kontor upgrade.")});
        return E_OK;
    }
    TRY(tables_check(cx, k));
    TRY(log_check(cx, k, &r->last_seq));
    TRY(meta_load(cx, &m));
    k->m = m;
    enum err e = records_count(cx, k);
    if (e == E_OK) e = points_all_check(cx, k);
    if (e == E_OK) e = search_texts_check(cx, k);
    for (size_t i = 0; i < m->n && e == E_OK; i++) e = entity_check(cx, k, &m->entity[i]);
    k->m = NULL;
    for (size_t i = 0; i < k->l.n; i++)
        k->l.v[i].where = arena_dup(cx->a, k->l.v[i].where); /* names lived in m */
    meta_drop(&m);
    return e;
}

static void finish(struct verify *k, struct verify_report *r, int64_t began)
{
    r->v = k->l.v;
    r->n = k->l.n;
    r->checks = k->checks;
    r->ok = true;
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].bad) r->ok = false;
    r->ms = (os_mono_us() - began) / 1000;
}

static enum err base_check(struct cx *cx, struct dbase *b, struct verify *k,
                           struct verify_report *r)
{
    struct db *held = cx->db;
    r->engine = dbase_is_pg(b) ? S("postgresql") : S("sqlite");
    cx->db = db_get(b);
    enum err e = base_look(cx, k, r);
    db_snapshot_end(cx);
    db_put(&cx->db);
    cx->db = held;
    return e;
}

enum err verify_base(struct cx *cx, struct dbase *b, const struct verify_watch *watch, struct verify_report *ret)
{
    struct verify k = {.watch = watch};
    struct verify_report r = {0};
    int64_t began = os_mono_us();
    TRY(base_check(cx, b, &k, &r));
    finish(&k, &r, began);
    *ret = r;
    return E_OK;
}

/* Damage of the files: E_INVALID becomes a finding. */
static enum err files_look(struct cx *cx, str db, bool is_backup, struct db_report *d)
{
    struct manifest m = {0};
    str list = arena_fmt(cx->a, "%.*s.json", FS(stem_of(cx, db)));
    bool listed = is_backup && file_exists(cx, list);
    if (listed) {
        TRY(manifest_read(cx, list, &m));
        TRY(backup_match(cx, db, &m));
    }
    return copy_check(cx, db, listed ? &m : NULL, d);
}

enum err verify_path(struct cx *cx, str path, const struct verify_watch *watch, struct verify_report *ret)
{
    struct verify k = {.watch = watch};
    struct verify_report r = {.engine = S("sqlite")};
    struct db_report d = {0};
    struct dbase *b OWNED(dbase_close) = NULL;
    int64_t began = os_mono_us();
    str in = arena_fmt(cx->a, "%.*s/%.*s", FS(path), FS(data_db_name));
    bool folder = file_exists(cx, in);
    str db = folder ? in : arena_dup(cx->a, path);
    if (!file_exists(cx, db))
        return fail(cx, E_NOTFOUND, "there is neither a backup nor a data folder at %.*s",
                    FS(path));
    enum err e = files_look(cx, db, !folder, &d);
    k.checks++;
    r.schema = d.schema;
    r.last_seq = d.last_seq;
    if (e == E_INVALID)
        found(cx, &k,
              &(struct finding){.what = S("damaged"),
                                .where = base_name(db),
                                .n = 1,
                                .bad = true,
                                .text = cx->msg,
                                .todo = folder ? todo_restore
                                               : S("Take another backup; keep this one aside.")});
    else TRY(e);
    struct db_opts o = {
        .url = arena_fmt(cx->a, "sqlite:%.*s", FS(db)), .read_only = true, .readers = 1};
    if (e == E_OK) TRY(dbase_open(cx, &o, &b));
    if (e == E_OK) TRY(base_check(cx, b, &k, &r));
    finish(&k, &r, began);
    *ret = r;
    return E_OK;
}

void verify_add(struct cx *cx, struct verify_report *r, const struct finding *f)
{
    struct finding *v = NEW_N(cx->a, struct finding, r->n + 1);
    if (r->n) memcpy(v, r->v, sizeof *v * r->n);
    v[r->n++] = *f;
    r->v = v;
    r->ok = r->ok && !f->bad;
}

void verify_json(const struct verify_report *r, struct jw *w)
{
    jw_obj(w);
    jw_kbool(w, S("ok"), r->ok);
    jw_kstr(w, S("engine"), r->engine);
    jw_kint(w, S("schema"), r->schema);
    jw_kid(w, S("last_seq"), r->last_seq);
    jw_kint(w, S("checks"), r->checks);
    jw_kint(w, S("ms"), r->ms);
    jw_key(w, S("findings"));
    jw_arr(w);
    for (size_t i = 0; i < r->n; i++) {
        jw_obj(w);
        jw_kstr(w, S("what"), r->v[i].what);
        jw_kstr(w, S("where"), r->v[i].where);
        jw_kbool(w, S("bad"), r->v[i].bad);
        jw_kint(w, S("n"), r->v[i].n);
        jw_kid(w, S("sample"), r->v[i].sample);
        jw_key(w, S("ids"));
        jw_arr(w);
        for (size_t n = 0; n < r->v[i].n_ids; n++) jw_id(w, r->v[i].ids[n]);
        jw_arr_end(w);
        jw_kstr(w, S("text"), r->v[i].text);
        jw_kstr(w, S("todo"), r->v[i].todo);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_obj_end(w);
}

void verify_text(const struct verify_report *r, struct buf *b)
{
    buf_fmt(b, "%s: %" PRId64 " checks in %" PRId64 " ms, %zu findings\n",
            r->ok ? "In order" : "NOT in order", r->checks, r->ms, r->n);
    for (size_t i = 0; i < r->n; i++) {
        const struct finding *f = &r->v[i];
        buf_fmt(b, "%s %.*s (%.*s): %.*s: %" PRId64, f->bad ? "BAD " : "note", FS(f->what),
                FS(f->where), FS(f->text), f->n);
        for (size_t n = 0; n < f->n_ids; n++) buf_fmt(b, "%s%" PRId64, n ? ", " : ", namely ", f->ids[n]);
        if (f->n > (int64_t)f->n_ids && f->n_ids) buf_fmt(b, " and others");
        if (f->sample && !f->n_ids) buf_fmt(b, ", for one %" PRId64, f->sample);
        buf_fmt(b, "\n     %.*s\n", FS(f->todo));
    }
}
