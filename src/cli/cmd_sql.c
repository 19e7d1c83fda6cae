/* SPDX-License-Identifier: MIT */
/* cli/cmd_sql.c - a question to the database itself, on a connection that cannot write. */
#include "cli/cli_int.h"

enum { SQL_BYTES = 1024 * 1024, LIMIT_DEFAULT = 1000, LIMIT_MAX = 10000000, TIMEOUT_MS = 600000 };

struct asking {
    struct cli *c;
    const str *name;
    size_t cols;
    int64_t rows, limit;
    bool more;
};

static enum err take_head(struct cx *cx, void *arg, const str *name, size_t cols)
{
    struct asking *q = arg;
    str *v = NEW_N(cx->a, str, cols + 1);
    q->name = v;
    q->cols = cols;
    for (size_t i = 0; i < cols; i++) { /* a JSON object has each key once */
        v[i] = arena_dup(cx->a, name[i]);
        for (size_t k = 0; k < i; k++)
            if (str_eq(v[k], v[i]))
                v[i] = arena_fmt(cx->a, "%.*s_%zu", FS(name[i]), i + 1), k = (size_t)-1;
    }
    if (q->c->json) return E_OK;
    for (size_t i = 0; i < cols; i++) cli_say(q->c, "%s%.*s", i ? "\t" : "", FS(name[i]));
    cli_put(q->c, S("\n"));
    return E_OK;
}

static void text_cell(struct cli *c, const struct db_val *v)
{
    if (v->t == DB_INT) cli_say(c, "%" PRId64, v->i);
    if (v->t != DB_TEXT) return;
    for (size_t i = 0; i < v->s.n; i++) { /* one row is one line, one column one tab */
        bool bad = (unsigned char)v->s.p[i] < ' ';
        cli_put(c, bad ? S(" ") : str_cut(v->s, i, i + 1));
    }
}

/* Bytes that are no text. */
static str hex_of(struct cx *cx, str s)
{
    static const char digit[] = "0123456789abcdef";
    char *p = NEW_N(cx->a, char, mul_size(s.n, 2) + 1);
    for (size_t i = 0; i < s.n; i++) {
        p[2 * i] = digit[(unsigned char)s.p[i] >> 4];
        p[2 * i + 1] = digit[(unsigned char)s.p[i] & 15];
    }
    return (str){p, 2 * s.n};
}

static void json_row(struct asking *q, struct cx *cx, const struct db_val *row)
{
    struct buf b = buf_new(cx->a, CLI_JSON_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    for (size_t i = 0; i < q->cols; i++) {
        jw_key(&w, q->name[i]);
        if (row[i].t == DB_INT) jw_int(&w, row[i].i);
        else if (row[i].t == DB_NULL) jw_null(&w);
        else if (utf8_valid(row[i].s)) jw_str(&w, row[i].s);
        else jw_str(&w, hex_of(cx, row[i].s));
    }
    jw_obj_end(&w);
    cli_put(q->c, q->rows ? S(",\n ") : S("["));
    cli_put(q->c, buf_str(&b));
}

static enum err take_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct asking *q = arg;
    if (q->rows == q->limit) {
        q->more = true;
        return E_LIMIT; /* ends the walk */
    }
    struct arena_mark m = arena_mark(cx->a);
    if (q->c->json) json_row(q, cx, row);
    else {
        for (size_t i = 0; i < cols; i++) {
            if (i) cli_put(q->c, S("\t"));
            text_cell(q->c, &row[i]);
        }
        cli_put(q->c, S("\n"));
    }
    arena_back(cx->a, m);
    q->rows++;
    return q->c->is_broken ? E_INTERNAL : E_OK;
}

static enum err check(struct cli *c, str *sql)
{
    static const str first[] = {S0("select"), S0("with"), S0("values")};
    *sql = str_trim(*sql);
    while (str_has_suffix(*sql, S(";"))) *sql = str_trim(str_cut(*sql, 0, sql->n - 1));
    if (sql->n > SQL_BYTES) return fail(c->cx, E_LIMIT, "a statement of more than 1 MiB");
    if (!utf8_valid(*sql)) return fail(c->cx, E_BAD, "the statement is not UTF-8");
    for (size_t i = 0; i < COUNT(first); i++) {
        size_t n = first[i].n;
        if (sql->n > n && str_eq_nocase(str_cut(*sql, 0, n), first[i]) &&
            !((sql->p[n] | 32) >= 'a' && (sql->p[n] | 32) <= 'z'))
            return E_OK;
    }
    return fail(c->cx, E_DENIED, "only SELECT, WITH and VALUES: this command never writes");
}

static enum err ask(struct cli *c, str sql)
{
    struct asking q = {.c = c};
    TRY(cli_int(c, "limit", LIMIT_DEFAULT, 0, LIMIT_MAX, &q.limit));
    enum err e = db_each_named(c->cx, sql, take_head, take_row, &q);
    if (e != E_OK && !q.more) return e;
    if (c->json) cli_put(c, q.rows ? S("]\n") : S("[]\n"));
    TRY(cli_flush(c));
    if (q.more)
        cli_note(c, "kontor: more than %" PRId64 " rows: the rest was left out (--limit)\n",
                 q.limit);
    return E_OK;
}

enum err cmd_sql(struct cli *c)
{
    str sql = c->args[0];
    TRY(check(c, &sql));
    struct dbase *b = NULL;
    struct db_opts o = {.url = store_url(c->cx, cli_setting(c, "data"), cli_setting(c, "db")),
                        .readers = 1,
                        .read_only = true,
                        .plain = cli_is_yes(c, "plain_outgoing"),
                        .statement_timeout_ms = TIMEOUT_MS};
    TRY(dbase_open(c->cx, &o, &b));
    c->cx->db = db_get(b);
    enum err e = ask(c, sql);
    db_put(&c->cx->db);
    dbase_close(&b);
    return e;
}
