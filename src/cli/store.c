/* SPDX-License-Identifier: MIT */
/* cli/store.c - opening goes: folder, lock, database, migration, description, its tables. */
#include "cli/store.h"

#include "auth/auth.h"
#include "os/os.h"

#include <unistd.h>

enum { DIGEST_MAX = 16 * 1024 * 1024 };

str store_url(struct cx *cx, str data_dir, str db)
{
    return db.n ? db : arena_fmt(cx->a, "sqlite:%.*s/kontor.db", FS(data_dir));
}

enum err store_setting(struct cx *cx, str key, str *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT value FROM setting WHERE key = $1", V(key)));
    *ret = r.n ? db_str(&r, 0, 0) : S("");
    return E_OK;
}

/* ---- tables of the description ---- */
static void digest_field(struct buf *b, const struct field *f)
{
    buf_fmt(b, " %.*s:%.*s:%.*s:%.*s:%d%d\n", FS(f->name), FS(f->kind->name), FS(f->col),
            FS(f->col2), f->unique, f->index);
}

/* What meta_sync looks at, and who looked. */
static str digest(struct cx *cx, const struct meta *m)
{
    unsigned char sum[32];
    struct buf b = buf_new(cx->a, DIGEST_MAX);
    buf_fmt(&b, "%s %d sums\n", KONTOR_VERSION, db_schema_latest()); /* sums: record/sums.h, within version 23 */
    for (size_t i = 0; i < m->n; i++) {
        const struct entity *e = &m->entity[i];
        buf_fmt(&b, "%.*s %.*s %" PRIu32 "\n", FS(e->name), FS(e->table), e->title);
        for (size_t k = 0; k < e->n; k++) digest_field(&b, &e->f[k]);
    }
    os_sha256(buf_str(&b), sum);
    return b.full ? S("") : os_hex(cx->a, sum, sizeof sum);
}

struct syncing {
    const struct meta *m;
    str digest;
};
/* Consents of before there was a field that says what they come to. */
static enum err consents_fill(struct cx *cx, const struct meta *m)
{
    const struct meta *before = cx->meta;
    cx->meta = m;
    enum err e = record_consents_fill(cx);
    cx->meta = before;
    return e;
}

static enum err sync_write(struct cx *cx, void *arg)
{
    const struct syncing *s = arg;
    bool had_person = false, had_consents = false;
    TRY(db_has_table(cx, S("person"), &had_person));
    TRY(db_has_column(cx, S("person"), S("consents"), &had_consents));
    TRY(meta_sync(cx, s->m));
    if (had_person && !had_consents) TRY(consents_fill(cx, s->m));
    return db_setting_put(cx, S("meta_digest"), s->digest);
}

static enum err tables_sync(struct cx *cx, const struct meta *m, const struct db_upgrade *how)
{
    str then = {0};
    struct syncing s = {m, digest(cx, m)};
    TRY(store_setting(cx, S("meta_digest"), &then));
    if (s.digest.n && str_eq(then, s.digest)) return E_OK;
    if (then.n && how->at) how->at(how->arg, DB_TABLES, 0, 0);
    return db_write(cx, sync_write, &s);
}

enum err store_sync(struct cx *cx, const struct meta *m) { return tables_sync(cx, m, &(struct db_upgrade){0}); }

/* ---- opening ---- */
static enum err schema_ready(struct cx *cx, const struct store_opts *o, struct store *s)
{
    if (!o->read_only) {
        enum err e = db_migrate_how(cx, s->db, &o->how, &s->from, &s->to);
        if (e == E_OK) cx->db = db_get(s->db);
        return e;
    }
    cx->db = db_get(s->db);
    TRY(db_schema_version(cx, &s->from));
    s->to = s->from;
    if (s->from == db_schema_latest()) return E_OK;
    return fail(cx, E_PRECOND,
                s->from ? "the data has an older form: run kontor upgrade first"
                        : "there is no data yet: kontor init");
}

static enum err open_db(struct cx *cx, const struct store_opts *o, struct store *s)
{
    struct db_opts d = {
        .url = s->url, .readers = o->readers, .read_only = o->read_only, .create = o->create, .plain = o->plain};
    TRY(dbase_open(cx, &d, &s->db));
    struct db *held = cx->db;
    enum err e = schema_ready(cx, o, s);
    if (e == E_OK) e = meta_load(cx, &s->meta);
    if (e == E_OK && !o->read_only) e = tables_sync(cx, s->meta, &o->how);
    if (cx->db != held) db_put(&cx->db);
    cx->db = held;
    return e;
}

static enum err folder_lock(struct cx *cx, const struct store_opts *o, struct store *s)
{
    if (!o->data_dir.n || o->read_only) return E_OK;
    if (o->create) TRY(os_mkdirs(cx, o->data_dir, 0700));
    str dir = arena_dup(cx->a, o->data_dir);
    if (access(dir.p, X_OK) != 0)
        return fail_at(cx, E_NOTFOUND, S("data"),
                       "there is no data folder %s: kontor init makes one", dir.p);
    enum err e = os_lock_file(cx, arena_fmt(cx->a, "%s/lock", dir.p), &s->lock_fd);
    if (e != E_CONFLICT) return e;
    int64_t pid = os_lock_holder(cx, arena_fmt(cx->a, "%s/lock", dir.p));
    return pid ? fail_at(cx, e, S("data"), "another program (pid %" PRId64 ") works with %s", pid, dir.p)
               : fail_at(cx, e, S("data"), "another program works with %s", dir.p);
}

enum err store_open(struct cx *cx, const struct store_opts *o, struct store *ret)
{
    struct store s = {.lock_fd = -1, .data_dir = arena_dup(cx->a, o->data_dir)};
    s.url = arena_dup(cx->a, store_url(cx, o->data_dir, o->db));
    enum err e = folder_lock(cx, o, &s);
    if (e == E_OK && !o->create && !o->db.n && access(s.url.p + sizeof "sqlite:" - 1, F_OK) != 0)
        e = fail_at(cx, E_NOTFOUND, S("data"), "there is no data in %.*s yet: kontor init makes it",
                    FS(s.data_dir));
    if (e == E_OK) e = open_db(cx, o, &s);
    if (e == E_OK) e = vault_open(cx, arena_fmt(cx->a, "%.*s/secret.key", FS(s.data_dir)), !o->read_only, &s.vault);
    if (e != E_OK) store_close(&s);
    else *ret = s;
    return e;
}

void store_close(struct store *s)
{
    if (s->meta) meta_drop(&s->meta);
    dbase_close(&s->db);
    vault_close(&s->vault);
    if (s->lock_fd > 0) os_close_fd(&s->lock_fd);
    s->lock_fd = -1;
}

enum err store_enter(struct cx *cx, const struct store *s)
{
    str country = {0}, lang = {0};
    cx->db = db_get(s->db);
    cx->meta = s->meta;
    enum err e = store_setting(cx, S("firm_country"), &country);
    if (e == E_OK) e = store_setting(cx, S("firm_language"), &lang);
    if (country.n) cx->country = country;
    cx->tz_min = auth_firm_tz(cx);
    if (lang.n) cx->lang = lang;
    if (e != E_OK) store_leave(cx);
    return e;
}

void store_leave(struct cx *cx)
{
    if (cx->db) db_put(&cx->db);
    cx->meta = NULL;
}
