/* SPDX-License-Identifier: MIT */
/* backup/table.c - any of our tables, read in pages, written in batches, summed without regard to order. */
#include "backup/backup_int.h"

#include <sodium.h>
#include <stdlib.h>

enum { PARAMS = 500, COLUMNS_MAX = 2048, ROWS_A_STATEMENT = 100 };

static bool is_plain(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
              s.p[i] == '_'))
            return false;
    return s.n > 0 && s.n <= 200;
}

static str quote(struct cx *cx, str plain) { return arena_fmt(cx->a, "\"%.*s\"", FS(plain)); }

enum err tables_list(struct cx *cx, str **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    if (db_is_pg(cx))
        TRY(db_query(cx, &r,
                     "SELECT table_name::text FROM information_schema.tables WHERE table_schema = "
                     "current_schema()"
                     " AND table_type = 'BASE TABLE' ORDER BY table_name"));
    else
        TRY(db_query(cx, &r,
                     "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                     "'sqlite\\_%' ESCAPE '\\'"
                     " AND name NOT LIKE 'search\\_fts%' ESCAPE '\\' AND name <> 'search_upto' ORDER BY name"));
    str *v = NEW_N(cx->a, str, r.n + 1);
    for (size_t i = 0; i < r.n; i++) {
        v[i] = db_str(&r, i, 0);
        if (!is_plain(v[i]))
            return fail(cx, E_PRECOND, "a table called \"%.*s\" is not one of Kontor's", FS(v[i]));
    }
    *ret = v;
    *ret_n = r.n;
    return E_OK;
}

bool table_is_left(str name) { return str_eq(name, S("migration")) || str_eq(name, S("session")); }

static enum err columns_read(struct cx *cx, str table, struct db_rows *ret)
{
    if (db_is_pg(cx))
        return db_query(
            cx, ret,
            "SELECT c.column_name::text, COALESCE((SELECT k.ordinal_position::bigint"
            " FROM information_schema.table_constraints t JOIN information_schema.key_column_usage "
            "k"
            " ON k.constraint_name = t.constraint_name AND k.table_schema = t.table_schema"
            " AND k.table_name = t.table_name"
            " WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = c.table_schema"
            " AND t.table_name = c.table_name AND k.column_name = c.column_name), 0)"
            " FROM information_schema.columns c WHERE c.table_schema = current_schema()"
            " AND c.table_name = $1",
            V(table));
    return db_query(cx, ret, "SELECT name, pk FROM pragma_table_info($1)", V(table));
}

struct sorted {
    str name;
    int64_t key; /* its place in the primary key, 0 = none */
};

static int by_place(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    int64_t kx = x->key ? x->key : INT64_MAX, ky = y->key ? y->key : INT64_MAX;
    if (kx != ky) return kx < ky ? -1 : 1;
    bool vx = str_eq(x->name, S("version")), vy = str_eq(y->name, S("version"));
    if (vx != vy) return vx ? -1 : 1;
    return str_cmp(x->name, y->name);
}

/* PostgreSQL follows a log by (xid, seq), SQLite by seq: what stands before the first unread row. Two followers read
 * the security events (audit/seal.c, audit/out.c), all others the changes. */
static str follower_seq(void)
{
    return S("CASE WHEN follower.name IN ('audit_event', 'audit_out') THEN COALESCE("
             "(SELECT min(c.seq) - 1 FROM security_event c WHERE (c.xid, c.seq) > (follower.xid, follower.seq)),"
             " (SELECT max(c.seq) FROM security_event c), follower.seq)"
             " ELSE COALESCE((SELECT min(c.seq) - 1 FROM change c WHERE (c.xid, c.seq) > (follower.xid, "
             "follower.seq)),"
             " (SELECT max(c.seq) FROM change c), follower.seq) END");
}

/* With a column that only PostgreSQL has: which transaction wrote the row. */
static bool has_xid(str name)
{
    return str_eq(name, S("change")) || str_eq(name, S("follower")) || str_eq(name, S("security_event"));
}

enum err dbtable_open(struct cx *cx, str name, bool as_source, struct table *ret)
{
    struct db_rows r = {0};
    bool log = has_xid(name);
    TRY(columns_read(cx, name, &r));
    if (r.n > COLUMNS_MAX) return fail(cx, E_LIMIT, "%.*s has too many columns", FS(name));
    struct sorted *s = NEW_N(cx->a, struct sorted, r.n + 1);
    struct table t = {
        .name = name, .quoted = quote(cx, name), .col = NEW_N(cx->a, struct column, r.n + 1)};
    for (size_t i = 0; i < r.n; i++) s[i] = (struct sorted){db_str(&r, i, 0), db_int(&r, i, 1)};
    qsort(s, r.n, sizeof *s, by_place);
    for (size_t i = 0; i < r.n; i++) {
        if (log && str_eq(s[i].name, S("xid"))) continue;
        if (!is_plain(s[i].name))
            return fail(cx, E_PRECOND, "%.*s has a column that is not one of Kontor's", FS(name));
        struct column *c = &t.col[t.n++];
        c->name = s[i].name;
        c->quoted = c->read = quote(cx, s[i].name);
        if (s[i].key) t.n_keys = t.n;
    }
    if (!t.n_keys)
        return fail(cx, E_PRECOND, "%.*s has no primary key: it is not one of Kontor's tables",
                    FS(name));
    for (size_t i = 0; i < t.n && as_source && db_is_pg(cx) && str_eq(name, S("follower")); i++)
        if (str_eq(t.col[i].name, S("seq"))) t.col[i].read = follower_seq();
    *ret = t;
    return E_OK;
}

static void keys_put(struct sql *q, const struct table *t)
{
    for (size_t i = 0; i < t->n_keys; i++) {
        if (i) sql_lit(q, ", ");
        sql_name(q, t->col[i].quoted);
    }
}

enum err table_page(struct cx *cx, const struct table *t, const struct db_val *after, int64_t rows,
                    struct db_rows *ret)
{
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT ");
    for (size_t i = 0; i < t->n; i++) {
        if (i) sql_lit(&q, ", ");
        buf_add(&q.text, t->col[i].read);
    }
    sql_lit(&q, " FROM ");
    sql_name(&q, t->quoted);
    if (after) {
        sql_lit(&q, " WHERE (");
        keys_put(&q, t);
        sql_lit(&q, ") > (");
        for (size_t i = 0; i < t->n_keys; i++) {
            if (i) sql_lit(&q, ", ");
            sql_val(cx, &q, after[i]);
        }
        sql_lit(&q, ")");
    }
    sql_lit(&q, " ORDER BY ");
    keys_put(&q, t);
    sql_lit(&q, " LIMIT ");
    sql_val(cx, &q, V(rows));
    return sql_run(cx, &q, ret, NULL);
}

/* NULLs are left out and names stand in, so a column that one side alone has changes nothing while empty. */
void row_sum(const struct table *t, const struct db_val *row, struct table_sum *add_to)
{
    crypto_hash_sha256_state h;
    unsigned char sha[32];
    uint64_t lane[2] = {0};
    (void)crypto_hash_sha256_init(&h);
    for (size_t i = 0; i < t->n; i++) {
        const struct db_val *v = &row[i];
        int64_t head[3] = {v->t, v->t == DB_INT ? v->i : (int64_t)v->s.n,
                           (int64_t)t->col[i].name.n};
        if (v->t == DB_NULL) continue;
        (void)crypto_hash_sha256_update(&h, (const unsigned char *)head, sizeof head);
        (void)crypto_hash_sha256_update(&h, (const unsigned char *)t->col[i].name.p,
                                        t->col[i].name.n);
        if (v->t == DB_TEXT)
            (void)crypto_hash_sha256_update(&h, (const unsigned char *)v->s.p, v->s.n);
    }
    (void)crypto_hash_sha256_final(&h, sha);
    memcpy(lane, sha, sizeof lane);
    add_to->rows++;
    add_to->sum[0] += lane[0];
    add_to->sum[1] += lane[1];
}

static enum err insert_some(struct cx *cx, const struct table *t, const struct db_rows *r,
                            size_t from, size_t rows, size_t cols)
{
    struct sql q = sql_new(cx);
    sql_lit(&q, "INSERT INTO ");
    sql_name(&q, t->quoted);
    for (size_t i = 0; i < cols; i++) {
        buf_add(&q.text, i ? S(", ") : S(" ("));
        sql_name(&q, t->col[i].quoted);
    }
    sql_lit(&q, ") VALUES ");
    for (size_t k = 0; k < rows; k++) {
        if (k) sql_lit(&q, ", ");
        for (size_t i = 0; i < cols; i++) {
            buf_byte(&q.text, i ? ',' : '(');
            sql_val(cx, &q, r->v[(from + k) * r->cols + i]);
        }
        sql_lit(&q, ")");
    }
    return sql_run(cx, &q, NULL, NULL);
}

/* Columns beyond one statement's parameters. */
static enum err update_rest(struct cx *cx, const struct table *t, const struct db_val *row,
                            size_t from, size_t to)
{
    struct sql q = sql_new(cx);
    sql_lit(&q, "UPDATE ");
    sql_name(&q, t->quoted);
    for (size_t i = from; i < to; i++) {
        buf_add(&q.text, i > from ? S(", ") : S(" SET "));
        sql_name(&q, t->col[i].quoted);
        sql_lit(&q, " = ");
        sql_val(cx, &q, row[i]);
    }
    for (size_t i = 0; i < t->n_keys; i++) {
        buf_add(&q.text, i ? S(" AND ") : S(" WHERE "));
        sql_name(&q, t->col[i].quoted);
        sql_lit(&q, " = ");
        sql_val(cx, &q, row[i]);
    }
    return sql_run(cx, &q, NULL, NULL);
}

static enum err insert_docs(struct cx *cx, const struct table *t, const struct db_rows *r)
{
    size_t entity = 0, text = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (str_eq(t->col[i].name, S("entity"))) entity = i;
        if (str_eq(t->col[i].name, S("text"))) text = i;
    }
    for (size_t i = 0; i < r->n; i++)
        TRY(db_search_put(cx, db_str(r, i, entity), db_int(r, i, 0), S(""), db_str(r, i, text)));
    return E_OK;
}

enum err table_insert(struct cx *cx, const struct table *t, const struct db_rows *r)
{
    size_t cols = t->n < PARAMS ? t->n : PARAMS, most = PARAMS / cols;
    assert(r->cols == t->n);
    if (str_eq(t->name, S("search_doc"))) return insert_docs(cx, t, r);
    if (most > ROWS_A_STATEMENT) most = ROWS_A_STATEMENT;
    for (size_t at = 0; at < r->n;) {
        struct arena_mark m = arena_mark(cx->a);
        size_t rows = r->n - at < most ? r->n - at : most;
        TRY(insert_some(cx, t, r, at, rows, cols));
        for (size_t from = cols; from < t->n; from += PARAMS - t->n_keys) {
            size_t to = from + PARAMS - t->n_keys;
            for (size_t k = 0; k < rows; k++)
                TRY(update_rest(cx, t, &r->v[(at + k) * r->cols], from, to < t->n ? to : t->n));
        }
        at += rows;
        arena_back(cx->a, m);
    }
    return E_OK;
}

enum err table_count(struct cx *cx, str name, int64_t *ret)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    sql_lit(&q, "SELECT count(*) FROM ");
    sql_name(&q, quote(cx, name));
    TRY(sql_run(cx, &q, &r, NULL));
    *ret = db_int(&r, 0, 0);
    return E_OK;
}
