/* SPDX-License-Identifier: MIT */
/* backup/manifest.c - what a backup holds, in a JSON file that carries the sum of its own text. */
#include "backup/backup_int.h"
#include "os/os.h"

enum { MANIFEST_MAX = 256 * 1024 * 1024, MANIFEST_FORMAT = 1, SHA_HEX = 64 };
#define HEAD "{\"sha256\":\""
#define MID  "\",\"manifest\":"

static void entry_put(struct jw *w, const struct entry *e)
{
    jw_obj(w);
    jw_kstr(w, S("name"), e->name);
    jw_kint(w, S("bytes"), e->bytes);
    jw_kstr(w, S("sha256"), e->sha);
    jw_obj_end(w);
}

static str body(struct cx *cx, const struct manifest *m)
{
    struct buf b = buf_new(cx->a, MANIFEST_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kint(&w, S("format"), MANIFEST_FORMAT);
    jw_kstr(&w, S("program"), m->program);
    jw_kstr(&w, S("engine"), m->engine);
    jw_kint(&w, S("made_ms"), m->made_ms);
    jw_kint(&w, S("schema"), m->schema);
    jw_kid(&w, S("last_seq"), m->last_seq);
    jw_kstr(&w, S("audit"), m->audit);
    jw_key(&w, S("db"));
    entry_put(&w, &m->db);
    jw_key(&w, S("tables"));
    jw_obj(&w);
    for (size_t i = 0; i < m->n_tables; i++) jw_kint(&w, m->tables[i].table, m->tables[i].rows);
    jw_obj_end(&w);
    jw_key(&w, S("files"));
    jw_arr(&w);
    for (size_t i = 0; i < m->n_files; i++) entry_put(&w, &m->files[i]);
    jw_arr_end(&w);
    jw_obj_end(&w);
    return b.full ? S("") : buf_str(&b);
}

static str sum_of(struct cx *cx, str text)
{
    unsigned char sha[32];
    os_sha256(text, sha);
    return os_hex(cx->a, sha, sizeof sha);
}

enum err manifest_write(struct cx *cx, str path, const struct manifest *m)
{
    str text = body(cx, m);
    if (!text.n) return fail(cx, E_LIMIT, "too many files for one backup");
    str all = arena_fmt(cx->a, HEAD "%.*s" MID "%.*s}\n", FS(sum_of(cx, text)), FS(text));
    return os_write_file_atomic(cx, path, all, 0600);
}

static enum err broken(struct cx *cx, str path)
{
    return fail(cx, E_INVALID, "%.*s was changed since it was written, or is no list of a backup",
                FS(path));
}

static enum err entry_read(struct cx *cx, const struct json *j, struct entry *ret)
{
    TRY(json_str_of(cx, j, S("name"), S(""), &ret->name));
    TRY(json_int_of(cx, j, S("bytes"), -1, &ret->bytes));
    TRY(json_str_of(cx, j, S("sha256"), S(""), &ret->sha));
    if (!name_is_safe(ret->name) || ret->bytes < 0 || ret->sha.n != SHA_HEX)
        return fail(cx, E_INVALID, "the list of the backup names a file that cannot be");
    return E_OK;
}

static enum err lists_read(struct cx *cx, const struct json *j, struct manifest *m)
{
    const struct json *t = json_get(j, S("tables")), *f = json_get(j, S("files"));
    size_t n_tables = t && t->t == JT_OBJ ? t->n : 0, n_files = f && f->t == JT_ARR ? f->n : 0;
    struct db_count *c = NEW_N(cx->a, struct db_count, n_tables + 1);
    struct entry *e = NEW_N(cx->a, struct entry, n_files + 1);
    for (size_t i = 0; i < n_tables; i++) {
        c[i].table = t->v[i].key;
        TRY(json_int_of(cx, t, t->v[i].key, 0, &c[i].rows));
    }
    for (size_t i = 0; i < n_files; i++) TRY(entry_read(cx, &f->v[i], &e[i]));
    m->tables = c;
    m->n_tables = n_tables;
    m->files = e;
    m->n_files = n_files;
    return E_OK;
}

static enum err manifest_parse(struct cx *cx, str text, struct manifest *ret)
{
    const struct json *j = NULL;
    struct manifest m = {0};
    int64_t format = 0, schema = 0;
    TRY(json_parse(cx, text, &j));
    TRY(json_int_of(cx, j, S("format"), 0, &format));
    if (format != MANIFEST_FORMAT)
        return fail(cx, E_PRECOND, "this backup was made by a newer version (format %" PRId64 ")",
                    format);
    TRY(json_str_of(cx, j, S("program"), S(""), &m.program));
    TRY(json_str_of(cx, j, S("engine"), S(""), &m.engine));
    TRY(json_int_of(cx, j, S("made_ms"), 0, &m.made_ms));
    TRY(json_int_of(cx, j, S("schema"), 0, &schema));
    TRY(json_id_of(cx, j, S("last_seq"), 0, &m.last_seq));
    TRY(json_str_of(cx, j, S("audit"), S(""), &m.audit));
    TRY(entry_read(cx, json_get(j, S("db")), &m.db));
    TRY(lists_read(cx, j, &m));
    m.schema = schema > 0 && schema < INT32_MAX ? (int)schema : 0;
    *ret = m;
    return E_OK;
}

enum err manifest_read(struct cx *cx, str path, struct manifest *ret)
{
    str all = {0};
    enum { BEFORE = sizeof HEAD - 1 + SHA_HEX + sizeof MID - 1 };
    TRY(os_read_file(cx, path, MANIFEST_MAX, &all));
    if (all.n < BEFORE + 4 || !str_has_prefix(all, S(HEAD)) || !str_has_suffix(all, S("}\n")))
        return broken(cx, path);
    str sum = str_cut(all, sizeof HEAD - 1, sizeof HEAD - 1 + SHA_HEX);
    str mid = str_cut(all, sizeof HEAD - 1 + SHA_HEX, BEFORE),
        text = str_cut(all, BEFORE, all.n - 2);
    if (!str_eq(mid, S(MID)) || !str_eq(sum, sum_of(cx, text))) return broken(cx, path);
    return manifest_parse(cx, text, ret);
}
