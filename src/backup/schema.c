/* SPDX-License-Identifier: MIT */
/* backup/schema.c - a database file from outside: is it sound, is it ours, does it hold nothing that acts?
 *
 * What Kontor makes is plain: tables of named columns, indexes over columns, one search index. The words
 * of a schema are held against a short list, so a trigger, a view, a check, a default that computes or an
 * index over an expression never comes near the engine that would run it. */
#include "backup/backup_int.h"

static const str word_list[] = {
    S0("CREATE"),  S0("TABLE"), S0("IF"),     S0("NOT"),   S0("EXISTS"),  S0("UNIQUE"),
    S0("INDEX"),   S0("ON"),    S0("BIGINT"), S0("TEXT"),  S0("INTEGER"), S0("BLOB"),
    S0("PRIMARY"), S0("KEY"),   S0("NULL"),   S0("WHERE"), S0("IS"),      S0("DEFAULT"),
    S0("WITHOUT"), S0("ROWID"), S0("0"),
};
#define SEARCH "search_fts"

struct look {               /* where we stand in the text */
    str rest, last, before; /* the two words read last */
    bool bracket_before;
    int brackets;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Lower-case names are columns and tables; words of SQL stand in capitals in what we write. */
static bool word_ok(str w)
{
    bool name = true;
    for (size_t i = 0; i < w.n; i++)
        if (w.p[i] >= 'A' && w.p[i] <= 'Z') name = false;
    if (name && !(w.p[0] >= '0' && w.p[0] <= '9')) {
        static const str acts[] = {S0("check"),   S0("default"), S0("as"),    S0("generated"),
                                   S0("select"),  S0("trigger"), S0("view"),  S0("references"),
                                   S0("collate"), S0("virtual"), S0("using"), S0("and")};
        for (size_t i = 0; i < COUNT(acts); i++)
            if (str_eq(w, acts[i])) return false;
        return true;
    }
    for (size_t i = 0; i < COUNT(word_list); i++)
        if (str_eq(w, word_list[i])) return true;
    return false;
}

/* A bracket opens a list behind the table's own name or behind KEY, nowhere else: no call fits. */
static bool bracket_ok(const struct look *l)
{
    if (str_eq(l->last, S("KEY"))) return true;
    bool names_it = str_eq(l->before, S("TABLE")) || str_eq(l->before, S("ON")) ||
                    str_eq(l->before, S("EXISTS"));
    return !l->bracket_before && names_it;
}

/* A word or a quoted name; gives its length, 0 = refused. */
static size_t word_read(struct look *l)
{
    char c = l->rest.p[0];
    bool quoted = !is_word(c);
    size_t n = 1;
    while (n < l->rest.n && (quoted ? l->rest.p[n] != c : is_word(l->rest.p[n]))) n++;
    if (quoted && n++ >= l->rest.n) return 0;
    str w = str_cut(l->rest, 0, n);
    if (!quoted && !word_ok(w)) return 0;
    l->before = l->last;
    l->last = w;
    return n;
}

static size_t sign_read(struct look *l)
{
    switch (l->rest.p[0]) {
    case ' ':
    case ',': return 1;
    case '(':
        if (!bracket_ok(l)) return 0;
        l->bracket_before = true;
        l->brackets++;
        return 1;
    case ')': return l->brackets-- > 0;
    case '<': /* the conditions of our partial indexes */
        return str_has_prefix(l->rest, S("<> 0")) || str_has_prefix(l->rest, S("<> ''")) ? 2 : 0;
    default: return 0;
    }
}

static bool step(struct look *l)
{
    char c = l->rest.p[0];
    size_t n = is_word(c) || c == '"' || c == '\'' ? word_read(l) : sign_read(l);
    l->rest = str_cut(l->rest, n, l->rest.n);
    return n > 0;
}

static bool text_ok(str sql)
{
    struct look l = {.rest = sql};
    while (l.rest.n)
        if (!step(&l)) return false;
    return l.brackets == 0;
}

static bool search_ok(str name, str sql)
{
    static const str cut[] = {S0("kontor"), S0("trigram case_sensitive 1")}; /* the second before schema 13 */
    str begin = S(" USING fts5(text, content='', detail=none, columnsize=0, tokenize='"), rest = {0};
    if (!str_has_prefix(sql, S("CREATE VIRTUAL TABLE ")) || !str_has_prefix(rest = str_cut(sql, 21, sql.n), name) ||
        !str_has_prefix(rest = str_cut(rest, name.n, rest.n), begin))
        return false;
    rest = str_cut(rest, begin.n, rest.n);
    for (size_t i = 0; i < COUNT(cut); i++)
        if (str_has_prefix(rest, cut[i]) && str_eq(str_cut(rest, cut[i].n, rest.n), S("')"))) return true;
    return false;
}

static bool item_ok(str type, str name, str sql)
{
    static const str search[] = {S0(SEARCH), S0(SEARCH "_people"), S0(SEARCH "_notes")};
    for (size_t i = 0; i < COUNT(search); i++)
        if (str_eq(name, search[i])) return str_eq(type, S("table")) && search_ok(name, sql);
    if (str_has_prefix(name, S(SEARCH "_")) && !str_has_prefix(sql, S("CREATE TABLE '" SEARCH "_")))
        return false;
    if (str_eq(type, S("table"))) return str_has_prefix(sql, S("CREATE TABLE ")) && text_ok(sql);
    if (!str_eq(type, S("index"))) return false;
    if (!sql.n) return str_has_prefix(name, S("sqlite_autoindex_"));
    return (str_has_prefix(sql, S("CREATE INDEX ")) ||
            str_has_prefix(sql, S("CREATE UNIQUE INDEX "))) &&
           text_ok(sql);
}

/* A name out of a foreign file may speak to a terminal: only plain ones are shown. */
static str shown(str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!is_word(name.p[i])) return S("?");
    return str_cut(name, 0, 60);
}

static enum err schema_look(struct cx *cx)
{
    static const str must[] = {S0("migration"), S0("setting"), S0("change"), S0("meta_entity"),
                               S0("meta_field")};
    struct db_rows r = {0};
    bool there = false;
    for (size_t i = 0; i < COUNT(must); i++) {
        TRY(db_has_table(cx, must[i], &there));
        if (!there) return fail(cx, E_INVALID, "this is a database, but not one of Kontor");
    }
    TRY(db_query(cx, &r,
                 "SELECT type, name, COALESCE(sql, '') FROM sqlite_schema ORDER BY type, name"));
    for (size_t i = 0; i < r.n; i++)
        if (!item_ok(db_str(&r, i, 0), db_str(&r, i, 1), db_str(&r, i, 2)))
            return fail(cx, E_INVALID,
                        "refused: the file holds a %.*s \"%.*s\" that Kontor does not make",
                        FS(shown(db_str(&r, i, 0))), FS(shown(db_str(&r, i, 1))));
    return E_OK;
}

enum err schema_check(struct cx *cx, str path)
{
    struct dbase *b OWNED(dbase_close) = NULL;
    struct db_opts o = {.url = arena_fmt(cx->a, "sqlite:%.*s", FS(path)),
                        .read_only = true,
                        .readers = 1,
                        .no_mmap = true};
    struct db *held = cx->db;
    TRY(dbase_open(cx, &o, &b));
    cx->db = db_get(b);
    enum err e = schema_look(cx);
    db_put(&cx->db);
    cx->db = held;
    return e;
}

static enum err counts_match(struct cx *cx, const struct manifest *m, const struct db_report *r)
{
    if (m->schema != r->schema || m->last_seq != r->last_seq || m->n_tables != r->n_tables)
        return fail(cx, E_INVALID, "the file is not the one its list describes");
    for (size_t i = 0; i < r->n_tables; i++)
        if (!str_eq(m->tables[i].table, r->tables[i].table) ||
            m->tables[i].rows != r->tables[i].rows)
            return fail(cx, E_INVALID, "%.*s has %" PRId64 " rows, the list says otherwise",
                        FS(r->tables[i].table), r->tables[i].rows);
    return E_OK;
}

enum err copy_check(struct cx *cx, str path, const struct manifest *m, struct db_report *ret)
{
    TRY(dbase_check(cx, path, ret));
    if (!ret->integrity_ok)
        return fail(cx, E_INVALID, "the file is damaged or no database: %.*s", FS(ret->problem));
    TRY(schema_check(cx, path));
    if (!ret->schema) return fail(cx, E_INVALID, "this is a database, but not one of Kontor");
    return m ? counts_match(cx, m, ret) : E_OK;
}

enum err backup_match(struct cx *cx, str db_path, const struct manifest *m)
{
    struct entry now = {0};
    str files = arena_fmt(cx->a, "%.*s.files", FS(stem_of(cx, db_path)));
    TRY(file_sha(cx, db_path, &now));
    if (now.bytes != m->db.bytes || !str_eq(now.sha, m->db.sha))
        return fail(cx, E_INVALID, "%.*s is damaged: its checksum is not the one its list names",
                    FS(base_name(db_path)));
    for (size_t i = 0; i < m->n_files; i++) {
        struct arena_mark mark = arena_mark(cx->a);
        enum err e =
            file_sha(cx, arena_fmt(cx->a, "%.*s/%.*s", FS(files), FS(m->files[i].name)), &now);
        if (e == E_NOTFOUND)
            return fail(cx, E_INVALID, "the attachment %.*s is missing", FS(m->files[i].name));
        TRY(e);
        if (now.bytes != m->files[i].bytes || !str_eq(now.sha, m->files[i].sha))
            return fail(cx, E_INVALID, "the attachment %.*s is damaged", FS(m->files[i].name));
        arena_back(cx->a, mark);
    }
    return E_OK;
}
