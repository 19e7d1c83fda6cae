/* SPDX-License-Identifier: MIT */
/* K04: who is erased is nowhere any more: not in a table, the log, the search, the file, its log beside it or the next
 * backup; the log still proves itself, and a base restored from before forgets him again. */
#include "audit/audit.h"
#include "backup/backup_int.h"
#include "os/os.h"
#include "privacy/privacy_int.h"
#include "meta/sql.h"
#include "record_make.h"
#include "erasure_make.h"

#include "privacy/archive.h"

#include <ctype.h>
#include <zip.h>

static struct vault *key_of(struct bed *t)
{
    struct vault *v = NULL;
    T_OK(&t->cx, vault_open(&t->cx, arena_fmt(t->cx.a, "%.*s/secret.key", FS(t->folder)), true, &v));
    return v;
}

static void seal_all(struct bed *t, const struct vault *v)
{
    size_t n = 1;
    bed_settle(t);
    while (n) T_OK(&t->cx, audit_seal(&t->cx, v, &n));
}

static struct audit_report looked(struct bed *t, const struct vault *v)
{
    static const struct audit_head none = {0};
    struct audit_report r = {0};
    T_OK(&t->cx, audit_verify(&t->cx, v, &none, t->folder, NULL, NULL, &r));
    return r;
}

struct stroke {
    const char *const *sql;
    size_t n;
    struct db_val v;
};
static enum err strike(struct cx *cx, void *arg)
{
    const struct stroke *s = arg;
    for (size_t i = 0; i < s->n; i++) TRY(db_run(cx, NULL, NULL, str_from(s->sql[i]), &s->v, 1));
    return E_OK;
}
static void write_sql(struct bed *t, const char *sql, int64_t v)
{
    struct stroke s = {&sql, 1, V(v)};
    T_OK(&t->cx, db_write(&t->cx, strike, &s));
}

static bool has_nocase(str text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.n; i++) {
        size_t k = 0;
        while (k < n && tolower((unsigned char)text.p[i + k]) == word[k]) k++;
        if (k == n) return true;
    }
    return false;
}

/* In how many rows of all tables the word stands; each is told when none should. */
static int in_tables(struct bed *t, const char *word, bool tell)
{
    struct cx *cx = &t->cx;
    str *names = NULL;
    size_t n = 0;
    int found = 0;
    T_OK(cx, tables_list(cx, &names, &n));
    for (size_t i = 0; i < n; i++) {
        struct table tab = {0};
        struct db_rows r = {0};
        T_OK(cx, dbtable_open(cx, names[i], true, &tab));
        T_OK(cx, table_page(cx, &tab, NULL, 5000, &r));
        for (size_t k = 0; k < r.n * r.cols; k++) {
            if (r.v[k].t != DB_TEXT || !has_nocase(r.v[k].s, word)) continue;
            found++;
            if (tell) fprintf(stderr, "  %.*s.%.*s: %.*s\n", FS(names[i]), FS(tab.col[k % r.cols].name), FS(r.v[k].s));
        }
    }
    return found;
}

static bool in_file(struct cx *cx, str path, const char *word)
{
    str bytes = {0};
    return os_read_file(cx, path, 512 * 1024 * 1024, &bytes) == E_OK && has_nocase(bytes, word);
}

static const char *const beside[] = {
    "INSERT INTO draft (id, user_id, kind, title, json, at) VALUES (1, 7, 'partner', 'Kanarija Vogelsang', '{\"name\":\"Kanarija Vogelsang\"}', $1)",
    "INSERT INTO draft (id, user_id, kind, title, json, at) VALUES (2, 7, 'partner', 'another', '{}', $1)",
    "INSERT INTO idem (key, user_id, digest, at, status, body) VALUES ('k', 7, 'd', $1, 200, '{\"name\":\"Kanarija Vogelsang\"}')",
    "INSERT INTO job (id, kind, args, state, due_at, tries, result, error) VALUES (3, 'import_dry', '{\"file\":\"5\"}', 'done', $1, 1, '{\"sample\":[\"kanarija@vogelsang.example\"]}', '')",
    "INSERT INTO batch (id, at, who, way, title, state, total, done, undo_of, info) VALUES (4, $1, 7, 'web', 'Partner: Kanarija Vogelsang', 'done', 1, 1, 0, '')",
    "INSERT INTO register_answer (key, at, body) VALUES ('de:1', $1, '{\"phone\":\"+4915123456789\"}')",
    "INSERT INTO user_setting (user_id, name, json, at) VALUES (7, 'columns', '[\"kanarija@vogelsang.example\"]', $1)",
    "INSERT INTO mapping (id, name, json, created_by, at) VALUES (8, 'Kanarija Vogelsang', '{}', 7, $1)",
    "INSERT INTO mail_out (id, kind, user_id, addr, args, subject, state, tries, tries_max, created_at, created_by, due_at, lease_until, until, done_at, why) VALUES (9, 'test', 7, 'kanarija@vogelsang.example', '{}', 's', 'sent', 1, 1, $1, 7, 0, 0, 0, 0, '')",
    "INSERT INTO mail_try (mail, n, at, code, outcome, said) VALUES (9, 1, $1, 250, 'ok', 'for <kanarija@vogelsang.example>')",
    "INSERT INTO login_attempt (id, at, name, addr, agent, ok, device, outcome) VALUES (10, $1, 'kanarija@vogelsang.example', '', '', 0, '', 'wrong')",
    "INSERT INTO upload (id, user_id, name, total, picture, created_at) VALUES (21, 7, 'Kanarija Vogelsang.pdf', 9, 0, $1)",
    "INSERT INTO upload (id, user_id, name, total, picture, created_at) VALUES (22, 7, 'half.csv', 9, 0, $1)",
    "INSERT INTO upload (id, user_id, name, total, picture, created_at) VALUES (23, 7, 'other.csv', 9, 0, $1)",
    "INSERT INTO file (id, name, type, bytes, sha256, created_at, created_by, entity, record) VALUES (11, 'people.csv', 'text/csv', 9, '', $1, 7, '', 0)",
    "INSERT INTO file (id, name, type, bytes, sha256, created_at, created_by, entity, record) VALUES (12, 'other.csv', 'text/csv', 9, '', $1, 7, '', 0)"};

struct house {
    int64_t company, person, other, alone, shared, former, consent, loser, photo;
};

static void put_in(struct bed *t, const char *folder, int64_t id, str bytes)
{
    T_OK(&t->cx, os_mkdirs(&t->cx, arena_fmt(t->cx.a, "%.*s/%s", FS(t->folder), folder), 0700));
    T_OK(&t->cx, os_write_file_atomic(&t->cx, arena_fmt(t->cx.a, "%.*s/%s/%" PRId64, FS(t->folder), folder, id), bytes, 0600));
}

static void file_put(struct bed *t, int64_t id, str bytes) { put_in(t, "files", id, bytes); }

static bool there_in(struct bed *t, const char *folder, int64_t id)
{
    return file_exists(&t->cx, arena_fmt(t->cx.a, "%.*s/%s/%" PRId64, FS(t->folder), folder, id));
}

static bool file_there(struct bed *t, int64_t id) { return there_in(t, "files", id); }

static struct house furnish(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct house h = {.photo = 20};
    struct written w = {0};
    struct stored photo = {.id = 20, .bytes = 5, .name = S("Kanarija Vogelsang.png"), .type = S("image/png"), .picture = true};
    h.company = create(cx, "company", "{\"name\":\"Vogelhaus GmbH\",\"phones\":[\"+49 30 1234567\"]}");
    h.person = create(cx, "person", J("{\"name\":\"Kanarija Altname\",\"first_name\":\"Kanarija\",\"last_name\":\"Vogelsang\",\"company\":\"" ID "\",\"tags\":[\"kanarija-tag\"],"
                                      "\"note\":\"secret of kanarija\",\"mails\":[\"Kanarija@Vogelsang.example\"],\"phones\":[\"+49 151 23456789\",\"+49 30 1234567\"]}", h.company));
    h.other = create(cx, "person", J("{\"name\":\"Otto Bleibt\",\"company\":\"" ID "\"}", h.company));
    h.loser = create(cx, "person", "{\"name\":\"Kanarija V.\",\"note\":\"kanarija twice\"}");
    change(cx, "person", h.person, "{\"name\":\"Kanarija Vogelsang\",\"note\":\"new secret of kanarija\"}");
    h.alone = create(cx, "interaction", J("{\"subject\":\"Kanarija Vogelsang rang\",\"text\":\"kanarija said much\",\"person\":\"" ID "\"}", h.person));
    h.shared = create(cx, "interaction", J("{\"subject\":\"Lunch with Kanarija Vogelsang\",\"text\":\"KANARIJA VOGELSANG, +4915123456789 and Otto\",\"person\":\"" ID "\",\"company\":\"" ID
                                           "\",\"people\":[\"" ID "\",\"" ID "\"]}", h.person, h.company, h.person, h.other));
    change(cx, "interaction", h.shared, "{\"text\":\"Kanarija Vogelsang ate fish\"}");
    h.former = create(cx, "interaction", J("{\"subject\":\"Call\",\"text\":\"x\",\"person\":\"" ID "\",\"company\":\"" ID "\"}", h.person, h.company));
    change(cx, "interaction", h.former, J("{\"person\":\"" ID "\"}", h.other));
    h.consent = create(cx, "consent", J("{\"purpose\":\"Newsletter\",\"person\":\"" ID "\",\"proof\":\"kanarija signed\"}", h.person));
    T_OK(cx, stored_add(cx, &photo));
    file_put(t, 20, S("photo"));
    change(cx, "person", h.person, "{\"photo\":\"20\"}");
    T_OK(cx, record_merge(cx, ENT(cx, "person"), h.person, h.loser, 0, NULL, 0, &w));
    struct stroke s = {beside, COUNT(beside), V(cx->now_ms)};
    T_OK(cx, db_write(cx, strike, &s));
    write_sql(t, "INSERT INTO external_id (system, entity, key, record, at) VALUES ('shop', 'person', 'kanarija-1', $1, 0)", h.person);
    write_sql(t, "INSERT INTO proposal (id, record, entity, field, value, source, at, state, created_by) VALUES (1, $1, 'person', 'note', '\"kanarija\"', 's', 0, 'open', 0)", h.person);
    write_sql(t, "INSERT INTO notice (id, user_id, kind, entity, record, data, at) VALUES (1, 7, 'changed', 'person', $1, '{}', 0)", h.person);
    file_put(t, 11, S("Name;Mail\nKanarija Vogelsang;kanarija@vogelsang.example\n"));
    file_put(t, 12, S("Name\nSomebody\n"));
    put_in(t, "uploads", 21, S("%PDF"));
    put_in(t, "uploads", 22, S("Mail\nkanarija@vogelsang.example"));
    put_in(t, "uploads", 23, S("Name\nSomebody"));
    return h;
}

static int64_t opened(struct bed *t, const char *entity, int64_t id)
{
    struct cx *cx = &t->cx;
    struct record r = {0};
    int64_t erasure = 0;
    str ref = {0};
    T_OK(cx, erasure_may(cx, meta_entity(cx->meta, str_from(entity)), id, &r));
    T_OK(cx, erasure_open(cx, &r, &(struct erasure_ask){.ground = S("objection")}, &erasure, &ref));
    T(str_has_prefix(ref, S("E-")) && ref.n == 12);
    return erasure;
}

struct opening {
    struct bed *t;
    const char *entity;
    int64_t id, ret;
};
static enum err open_inside(struct cx *cx, void *arg)
{
    struct opening *o = arg;
    (void)cx;
    o->ret = opened(o->t, o->entity, o->id);
    return E_OK;
}
static int64_t open_for(struct bed *t, const char *entity, int64_t id)
{
    struct opening o = {t, entity, id, 0};
    T_OK(&t->cx, db_write(&t->cx, open_inside, &o));
    return o.ret;
}

static str rehearsed(struct bed *t, int64_t id, bool shared_too)
{
    struct cx *cx = &t->cx;
    struct record r = {0};
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    T_OK(cx, erasure_may(cx, ENT(cx, "person"), id, &r));
    T_OK(cx, erasure_rehearse_json(cx, &r, shared_too, &w));
    return buf_str(&b);
}

static void nowhere(struct bed *t)
{
    struct cx *cx = &t->cx;
    static const char *const words[] = {"kanarija", "4915123456789", "23456789"};
    for (size_t i = 0; i < COUNT(words); i++) {
        T_INT(in_tables(t, words[i], true), 0);
        if (db_is_pg(cx)) continue;
        T(!in_file(cx, arena_fmt(cx->a, "%.*s/k.db", FS(t->folder)), words[i]));
        T(!in_file(cx, arena_fmt(cx->a, "%.*s/k.db-wal", FS(t->folder)), words[i]));
    }
    struct backup_opts o = {.dir = arena_fmt(cx->a, "%.*s/backups", FS(t->folder)), .files = arena_fmt(cx->a, "%.*s/files", FS(t->folder))};
    struct backup_report r = {0};
    T_OK(cx, backup_run(cx, t->b, &o, &r));
    T(r.restorable && !in_file(cx, r.path, "kanarija") && !in_file(cx, r.path, "23456789"));
    struct entry *f = NULL;
    size_t n = 0;
    T_OK(cx, tree_list(cx, t->folder, true, &f, &n));
    for (size_t i = 0; i < n; i++) T(!in_file(cx, arena_fmt(cx->a, "%.*s/%.*s", FS(t->folder), FS(f[i].name)), "kanarija"));
}

static void stays(struct bed *t, const struct house *h)
{
    struct cx *cx = &t->cx;
    struct record r = {0};
    struct db_rows n = {0};
    T_OK(cx, record_get(cx, ENT(cx, "interaction"), h->shared, &r));
    T_STR(record_title(&r), S("Lunch with [erased]"));
    T_STR(r.v[FLD(r.e, "text")->at].s, S("[erased] ate fish"));
    T(r.v[FLD(r.e, "person")->at].t == VT_NULL && r.v[FLD(r.e, "company")->at].i == h->company);
    const struct val *people = &r.v[FLD(r.e, "people")->at];
    T(people->n == 1 && people->v[0].id == h->other);
    T_OK(cx, record_as_of(cx, r.e, h->shared, cx->now_ms, &r));
    T(record_get(cx, ENT(cx, "interaction"), h->alone, &r) == E_NOTFOUND);
    T(record_get_deleted(cx, ENT(cx, "person"), h->person, &r) == E_NOTFOUND);
    T(record_get_deleted(cx, ENT(cx, "person"), h->loser, &r) == E_NOTFOUND);
    T(record_get_deleted(cx, ENT(cx, "consent"), h->consent, &r) == E_NOTFOUND);
    T(record_as_of(cx, ENT(cx, "person"), h->person, cx->now_ms, &r) == E_NOTFOUND);
    T_OK(cx, record_get(cx, ENT(cx, "company"), h->company, &r));
    T_INT(r.v[FLD(r.e, "people_count")->at].i, 1);
    T_OK(cx, record_get(cx, ENT(cx, "interaction"), h->former, &r));
    T(r.v[FLD(r.e, "person")->at].i == h->other);
    T_OK(cx, db_query(cx, &n, "SELECT id, title, json FROM draft ORDER BY id"));
    T(n.n == 2 && db_int(&n, 1, 0) == 2); /* one that has nothing but his name is somebody's */
    T_STR(db_str(&n, 0, 1), S("[erased]"));
    T_STR(db_str(&n, 0, 2), S("{\"name\":\"[erased]\"}"));
    T(!file_there(t, h->photo) && !file_there(t, 11) && file_there(t, 12));
    T(there_in(t, "uploads", 21) && !there_in(t, "uploads", 22) && there_in(t, "uploads", 23));
    T_OK(cx, db_query(cx, &n, "SELECT name FROM upload WHERE id = 21"));
    T(n.n == 1 && str_eq(db_str(&n, 0, 0), S("[erased].pdf")));
}

/* Neither the merge's batch nor a single change brings anything back. */
static void not_undone(struct bed *t, const struct house *h)
{
    struct cx *cx = &t->cx;
    struct db_rows r = {0};
    struct undo_result u = {0};
    T_OK(cx, db_query(cx, &r, "SELECT DISTINCT batch FROM change WHERE record = $1 AND batch <> 0", V(h->loser)));
    T_INT((int64_t)r.n, 1);
    T_OK(cx, undo_batch(cx, db_int(&r, 0, 0), UNDO_FORCE, &u));
    T_OK(cx, db_query(cx, &r, "SELECT seq FROM change WHERE record = $1 ORDER BY seq", V(h->person)));
    T(r.n > 3);
    for (size_t i = 0; i < r.n; i++) T(undo_change(cx, db_int(&r, i, 0), UNDO_FORCE, &u) == E_NOTFOUND);
    T_OK(cx, db_query(cx, &r, "SELECT seq FROM change WHERE record = $1 ORDER BY seq", V(h->shared)));
    for (size_t i = 1; i < r.n; i++) T_OK(cx, undo_change(cx, db_int(&r, i, 0), UNDO_FORCE, &u));
}

/* An erasure is told from what somebody did to the log. */
static void proven(struct bed *t, const struct vault *v, const struct house *h)
{
    struct cx *cx = &t->cx;
    struct db_rows r = {0};
    struct audit_report a = looked(t, v);
    T_INT(a.faults, 0);
    T(a.erased > 4);
    T_OK(cx, db_query(cx, &r, "SELECT seq, version FROM change WHERE record = $1 AND op = 'update' ORDER BY seq LIMIT 1", V(h->person)));
    int64_t seq = db_int(&r, 0, 0);
    write_sql(t, "UPDATE change SET old = '{\"note\":\"x\"}' WHERE seq = $1", seq);
    a = looked(t, v);
    T(a.faults == 1 && a.first[0].fault == AUDIT_CHANGED && a.first[0].seq == seq);
    write_sql(t, "UPDATE change SET old = NULL WHERE seq = $1", seq);
    T_INT(looked(t, v).faults, 0);
    T_OK(cx, db_query(cx, &r, "SELECT seq FROM change WHERE record = $1 AND op = 'create' AND old IS NULL LIMIT 1", V(h->other)));
    seq = db_int(&r, 0, 0); /* somebody calls a change of his own an erasure, with a mark that he made up */
    write_sql(t, "UPDATE change SET who = 99 WHERE seq = $1", seq);
    write_sql(t, "INSERT INTO audit_erased (seq, erasure, n, key, mac) SELECT $1, erasure, n, key, mac FROM audit_erased ORDER BY seq LIMIT 1", seq);
    a = looked(t, v);
    T(a.faults >= 2); /* the row, and one mark too many */
    write_sql(t, "DELETE FROM audit_erased WHERE seq = $1", seq);
    write_sql(t, "UPDATE change SET who = 0 WHERE seq = $1", seq);
    T_INT(looked(t, v).faults, 0);
    T_OK(cx, db_query(cx, &r, "SELECT seq, erasure, key, mac FROM audit_erased ORDER BY seq LIMIT 1"));
    write_sql(t, "DELETE FROM audit_erased WHERE seq = $1", db_int(&r, 0, 0));
    a = looked(t, v);
    T(a.faults >= 1); /* a mark gone: what it stood for is missed */
}

static void erased_whole(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct house h = furnish(t);
    struct vault *v = key_of(t);
    struct erase_env env = {.vault = v, .data_dir = t->folder};
    struct db_rows r = {0};
    seal_all(t, v);
    change(cx, "person", h.person, "{\"note\":\"kanarija, not sealed yet\"}");
    T(in_tables(t, "kanarija", false) > 10);
    str plan = rehearsed(t, h.person, false);
    HAS(plan, "{\"entity\":\"interaction\",\"count\":1,");
    HAS(plan, "\"entity\":\"person\",\"count\":2");
    HAS(plan, "\"shared\":[{\"entity\":\"interaction\",\"count\":1,");
    HAS(plan, "\"drafts\":1");
    HAS(plan, "\"kept\":[]");
    HAS(rehearsed(t, h.person, true), "{\"entity\":\"interaction\",\"count\":2,");
    int64_t erasure = open_for(t, "person", h.person);
    T_OK(cx, erasure_run(cx, erasure, false, &env));
    nowhere(t);
    stays(t, &h);
    seal_all(t, v);
    not_undone(t, &h);
    nowhere(t);
    seal_all(t, v);
    proven(t, v, &h);
    T_OK(cx, db_query(cx, &r, "SELECT state, told, swept_at, records FROM erasure WHERE id = $1", V(erasure)));
    T_STR(db_str(&r, 0, 0), S("done"));
    HAS(db_str(&r, 0, 1), "\"person\":2");
    HAS(db_str(&r, 0, 1), "\"drafts\":1");
    HAS(db_str(&r, 0, 1), "\"uploads\":3");
    T(db_int(&r, 0, 2) > 0);
    T_OK(cx, erasure_run(cx, erasure, false, &env)); /* once is as good as twice */
    vault_close(&v);
}

/* Stopped at each call to the base: what is left is gone on with, and the log still proves itself. */
static void at_each_fault(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct vault *v = key_of(t);
    struct erase_env env = {.vault = v, .data_dir = t->folder};
    enum err e = E_BUSY;
    int64_t at = 1;
    for (; e != E_OK && at < 2000; at += db_is_pg(cx) ? 9 : at < 40 ? 1 : 7) {
        int64_t p = create(cx, "person", "{\"name\":\"Kanarija Bruch\",\"mails\":[\"kanarija@bruch.example\"]}");
        create(cx, "interaction", J("{\"subject\":\"Kanarija Bruch\",\"person\":\"" ID "\"}", p));
        change(cx, "person", p, "{\"note\":\"kanarija\"}");
        int64_t erasure = open_for(t, "person", p);
        db_fault_at(t->b, at);
        e = erasure_run(cx, erasure, false, &env);
        db_fault_at(t->b, 0);
        T_OK(cx, erasure_run(cx, erasure, false, &env));
        T_INT(in_tables(t, "kanarija", true), 0);
    }
    T(e == E_OK && at > 40);
    seal_all(t, v);
    T_INT(looked(t, v).faults, 0);
    vault_close(&v);
}

/* A copy from before the erasure, opened again. */
static void after_a_restore(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct erase_env env = {.data_dir = t->folder};
    struct dbase *old = NULL, *now = t->b;
    struct again a = {.env = &env};
    if (db_is_pg(cx)) return; /* PostgreSQL's own tools copy it: the same file, the same start */
    int64_t p = create(cx, "person", "{\"name\":\"Kanarija Zurück\",\"note\":\"kanarija\"}");
    int64_t l = create(cx, "person", "{\"name\":\"Kanarija Zuvor\"}");
    str path = arena_fmt(cx->a, "%.*s/old.db", FS(t->folder));
    T_OK(cx, dbase_backup(cx, t->b, path, NULL, NULL));
    struct written w = {0};
    T_OK(cx, record_merge(cx, ENT(cx, "person"), p, l, 0, NULL, 0, &w)); /* of which the copy knows nothing */
    T_OK(cx, erasure_run(cx, open_for(t, "person", p), false, &env));
    T_OK(cx, db_write(cx, again_inside, &a));
    T_INT(a.got, 0); /* this base knows of it */
    struct db_opts o = {.url = arena_fmt(cx->a, "sqlite:%.*s", FS(path)), .readers = 2};
    T_OK(cx, dbase_open(cx, &o, &old));
    db_put(&cx->db);
    t->b = old;
    cx->db = db_get(old);
    T(in_tables(t, "kanarija", false) > 0);
    T_OK(cx, db_write(cx, again_inside, &a));
    T(a.got > 0);
    T_OK(cx, erasure_run(cx, a.got, false, &env));
    T_INT(in_tables(t, "kanarija", true), 0);
    T_OK(cx, db_write(cx, again_inside, &a));
    T_INT(a.got, 0);
    db_put(&cx->db);
    dbase_close(&old);
    t->b = now;
    cx->db = db_get(now);
}

static enum err entity_inside(struct cx *cx, void *arg)
{
    str name = {0};
    return meta_entity_add(cx, arg, &name);
}
static enum err field_inside(struct cx *cx, void *arg)
{
    str name = {0};
    return meta_field_add(cx, arg, &name);
}

/* Law has an own entity's records kept: who they name cannot be erased before. */
static void kept(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct record r = {0};
    T(db_write(cx, entity_inside, (void *)(intptr_t)parsed(cx, "{\"label\":\"Rechnung\",\"personal\":true,\"kept_years\":101}")) == E_INVALID);
    T_OK(cx, db_write(cx, entity_inside, (void *)(intptr_t)parsed(cx, "{\"label\":\"Rechnung\",\"personal\":true,\"kept_years\":10}")));
    bed_reload(t);
    T_OK(cx, db_write(cx, field_inside, (void *)(intptr_t)parsed(cx, "{\"entity\":\"x_rechnung\",\"kind\":\"link\",\"to\":\"person\",\"label\":\"Kunde\"}")));
    bed_reload(t);
    int64_t p = create(cx, "person", "{\"name\":\"Karla Kundin\"}");
    int64_t bill = create(cx, "x_rechnung", J("{\"name\":\"R-1\",\"x_kunde\":\"" ID "\"}", p));
    T_OK(cx, erasure_may(cx, ENT(cx, "person"), p, &r));
    T(erasure_check(cx, &r, false) == E_CONFLICT);
    HAS(rehearsed(t, p, false), "\"kept\":[{\"entity\":\"x_rechnung\"");
    struct erase_env env = {.data_dir = t->folder};
    int64_t erasure = open_for(t, "person", p);
    T(erasure_run(cx, erasure, false, &env) == E_CONFLICT);
    T_OK(cx, record_get(cx, ENT(cx, "person"), p, &r));
    cx->now_ms += INT64_C(11) * 366 * 86400000;
    T_OK(cx, erasure_run(cx, erasure, false, &env));
    T(record_get(cx, ENT(cx, "person"), p, &r) == E_NOTFOUND);
    T(record_get(cx, ENT(cx, "x_rechnung"), bill, &r) == E_NOTFOUND);
    T(erasure_may(cx, ENT(cx, "group"), create(cx, "group", "{\"name\":\"g\"}"), &r) == E_INVALID);
}

static const char *const of_others[] = {
    "INSERT INTO draft (id, user_id, kind, title, json, at) VALUES (31, 7, 'partner', 'Name', '{\"name\":\"Berlin\",\"x\":\"Anna Berg\"}', $1)",
    "INSERT INTO user_setting (user_id, name, json, at) VALUES (8, 'mails', '{\"name\":true,\"list\":[\"Name\",\"Orla Kessel\"]}', $1)",
    "INSERT INTO job (id, kind, args, state, due_at, tries, result, error) VALUES (32, 'x', '{\"Name\":\"1\"}', 'done', $1, 1, '{\"Orla Kessel\":\"by Orla Kessel\"}', '')",
    "INSERT INTO idem (key, user_id, digest, at, status, body) VALUES ('o', 8, 'd', $1, 200, '{\"name\":\"x\"}')",
    "INSERT INTO file (id, name, type, bytes, sha256, created_at, created_by, entity, record) VALUES (33, 'Orla Kessel, Name.csv', 'text/csv', 9, '', $1, 7, '', 0)",
    "INSERT INTO sync_item (id, system, batch, entity, key, op, item, seq, replaces, record, state, due_at, tries, user_id, api_key, change, done_at, code, field, why, wants, value)"
    " VALUES (34, 1, 1, 'person', 'k1', 1, '', 0, 0, 0, 1, $1, 0, 7, 0, 0, 0, '', '', '', '', '{\"name\":\"Orla Kessel\",\"mails\":[\"o@kessel.example\"]}')",
    "INSERT INTO sync_item (id, system, batch, entity, key, op, item, seq, replaces, record, state, due_at, tries, user_id, api_key, change, done_at, code, field, why, wants, value)"
    " VALUES (35, 1, 1, 'person', 'k2', 1, '', 0, 0, 0, 4, NULL, 0, 7, 0, 0, $1, '', '', '', '', '{\"name\":\"Somebody\"}')",
    "INSERT INTO sync_item (id, system, batch, entity, key, op, item, seq, replaces, record, state, due_at, tries, user_id, api_key, change, done_at, code, field, why, wants, value)"
    " VALUES (37, 91, 1, 'person', 'k9', 1, '', 0, 0, 0, 1, $1, 0, 7, 0, 0, 0, '', '', '', '', '{\"name\":\"O.\"}')",
    "INSERT INTO sync_try (item, n, at, what, by_user, code, field, why) VALUES (37, 1, $1, 'x', 0, '', '', 'O.')",
    "INSERT INTO sync_system (id, name, created_at, lease_by, lease_until, told_at) VALUES (91, 'o-shop', $1, '', 0, 0)",
    "INSERT INTO sync_item (id, system, batch, entity, key, op, item, seq, replaces, record, state, due_at, tries, user_id, api_key, change, done_at, code, field, why, wants, value)"
    " VALUES (36, 1, 1, 'person', 'k3', 1, '', 0, 0, 0, 4, NULL, 0, 7, 0, 0, $1, '', '', '', '', '{\"name\":\"o@kessel.example\"}')"};

static void holds_text(struct bed *t, const char *sql, const char *want)
{
    struct db_rows r = {0};
    struct sql q = sql_new(&t->cx);
    buf_add(&q.text, str_from(sql));
    T_OK(&t->cx, sql_run(&t->cx, &q, &r, NULL));
    T_INT((int64_t)r.n, want ? 1 : 0);
    if (want && r.n) T_STR(db_str(&r, 0, 0), str_from(want));
}

/* A name that may be somebody else's, or is a heading, takes nothing of others away. */
static void names_of_others(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct erase_env env = {.data_dir = t->folder};
    int64_t p = create(cx, "person", "{\"name\":\"Name\",\"mails\":[\"o@kessel.example\"],\"phones\":[\"110\"],\"addresses\":[\"Berlin\"]}");
    create(cx, "person", "{\"name\":\"anna berg\"}");
    change(cx, "person", p, "{\"name\":\"Anna Berg\"}");
    change(cx, "person", p, "{\"name\":\"Orla Kessel\"}");
    write_sql(t, "INSERT INTO external_id (system, entity, key, record, at) VALUES ('o-shop', 'person', 'k9', $1, 0)", p);
    struct stroke s = {of_others, COUNT(of_others), V(cx->now_ms)};
    T_OK(cx, db_write(cx, strike, &s));
    T_OK(cx, erasure_run(cx, open_for(t, "person", p), false, &env));
    holds_text(t, "SELECT title FROM draft WHERE id = 31", "Name");
    holds_text(t, "SELECT json FROM draft WHERE id = 31", "{\"name\":\"Berlin\",\"x\":\"Anna Berg\"}");
    holds_text(t, "SELECT json FROM user_setting WHERE user_id = 8", "{\"name\":true,\"list\":[\"Name\",\"Orla Kessel\"]}");
    holds_text(t, "SELECT args FROM job WHERE id = 32", "{\"Name\":\"1\"}");
    holds_text(t, "SELECT result FROM job WHERE id = 32", "{\"Orla Kessel\":\"by [erased]\"}");
    holds_text(t, "SELECT body FROM idem WHERE key = 'o'", "{\"name\":\"x\"}");
    holds_text(t, "SELECT name FROM file WHERE id = 33", "Orla Kessel, Name.csv");
    holds_text(t, "SELECT value FROM sync_item WHERE id = 34", "{\"name\":\"Orla Kessel\",\"mails\":[\"o@kessel.example\"]}");
    holds_text(t, "SELECT value FROM sync_item WHERE id = 35", "{\"name\":\"Somebody\"}");
    holds_text(t, "SELECT value FROM sync_item WHERE id = 36", NULL);
    holds_text(t, "SELECT value FROM sync_item WHERE id = 37", NULL); /* it waited to make him anew */
    holds_text(t, "SELECT why FROM sync_try WHERE item = 37", NULL);
}

/* Who is erased cannot become another; what became another before its turn is not called done. */
static void merged(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct erase_env env = {.data_dir = t->folder};
    struct written w = {0};
    struct record r = {0};
    int64_t p = create(cx, "person", "{\"name\":\"Paula Moving\",\"note\":\"hers\"}"), q = create(cx, "person", "{\"name\":\"Quentin\"}");
    int64_t erasure = open_for(t, "person", p);
    T(record_merge(cx, ENT(cx, "person"), q, p, 0, NULL, 0, &w) == E_CONFLICT);
    T(record_merge(cx, ENT(cx, "person"), p, q, 0, NULL, 0, &w) == E_CONFLICT);
    write_sql(t, "UPDATE erasure SET state = 'done' WHERE id = $1", erasure);
    T_OK(cx, record_merge(cx, ENT(cx, "person"), q, p, 0, NULL, 0, &w));
    write_sql(t, "UPDATE erasure SET state = 'waiting' WHERE id = $1", erasure);
    T(erasure_run(cx, erasure, false, &env) == E_CONFLICT);
    HAS(cx->msg, "merged into another");
    T_OK(cx, record_get_deleted(cx, ENT(cx, "person"), p, &r));
    holds_text(t, arena_fmt(cx->a, "SELECT state FROM erasure WHERE id = %" PRId64, erasure).p, "merged");
    T_OK(cx, erasure_run(cx, open_for(t, "person", q), false, &env));
    T(record_get_deleted(cx, ENT(cx, "person"), p, &r) == E_NOTFOUND);
}

struct meanwhile {
    struct bed *t;
    int64_t person, made, merges_into;
    int calls;
};
static bool goes_on(void *arg, int64_t done, int64_t total)
{
    struct meanwhile *m = arg;
    struct cx *cx = &m->t->cx;
    struct written w = {0};
    (void)done, (void)total;
    if (m->calls++) return true;
    if (!m->merges_into) m->made = create(cx, "interaction", J("{\"subject\":\"Petra Later rang again\",\"person\":\"" ID "\"}", m->person));
    else {
        write_sql(m->t, "UPDATE erasure SET state = 'done' WHERE record = $1", m->person);
        T_OK(cx, record_merge(cx, ENT(cx, "person"), m->merges_into, m->person, 0, NULL, 0, &w));
        write_sql(m->t, "UPDATE erasure SET state = 'waiting' WHERE record = $1", m->person);
    }
    return true;
}

/* What is saved while it runs goes as well. */
static void meanwhile(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct record r = {0};
    struct meanwhile m = {.t = t, .person = create(cx, "person", "{\"name\":\"Petra Later\"}")};
    struct erase_env env = {.data_dir = t->folder, .progress = goes_on, .arg = &m};
    create(cx, "interaction", J("{\"subject\":\"x\",\"person\":\"" ID "\"}", m.person));
    int64_t erasure = open_for(t, "person", m.person);
    T_OK(cx, erasure_run(cx, erasure, false, &env));
    T(m.made && record_get_deleted(cx, ENT(cx, "interaction"), m.made, &r) == E_NOTFOUND);
    T_INT(in_tables(t, "petra later", true), 0);
    holds_text(t, arena_fmt(cx->a, "SELECT state FROM erasure WHERE id = %" PRId64, erasure).p, "done");
    m = (struct meanwhile){.t = t, .person = create(cx, "person", "{\"name\":\"Pia Moving\"}"), .merges_into = create(cx, "person", "{\"name\":\"Quirina\"}")};
    create(cx, "interaction", J("{\"subject\":\"x\",\"person\":\"" ID "\"}", m.person));
    T(erasure_run(cx, open_for(t, "person", m.person), false, &env) == E_CONFLICT);
    T_OK(cx, record_get_deleted(cx, ENT(cx, "person"), m.person, &r));
}

/* More than one reading of what points to it. */
static void many(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct erase_env env = {.data_dir = t->folder};
    int64_t p = create(cx, "person", "{\"name\":\"Magda Many\"}"), last = 0;
    struct record r = {0};
    for (int i = 0; i <= ERASE_POINTING; i++) last = create(cx, "consent", J("{\"purpose\":\"x\",\"person\":\"" ID "\"}", p));
    T_OK(cx, erasure_run(cx, open_for(t, "person", p), false, &env));
    T(record_get_deleted(cx, ENT(cx, "consent"), last, &r) == E_NOTFOUND);
}

static enum err trash_inside(struct cx *cx, void *arg)
{
    (void)arg;
    return meta_field_trash(cx, S("x_akte"), S("x_kunde"), true);
}

/* A link by a field in the trash holds nothing up. */
static void trashed_field(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct erase_env env = {.data_dir = t->folder};
    struct record r = {0};
    T_OK(cx, db_write(cx, entity_inside, (void *)(intptr_t)parsed(cx, "{\"label\":\"Akte\"}")));
    bed_reload(t);
    T_OK(cx, db_write(cx, field_inside, (void *)(intptr_t)parsed(cx, "{\"entity\":\"x_akte\",\"kind\":\"link\",\"to\":\"person\",\"label\":\"Kunde\"}")));
    bed_reload(t);
    int64_t p = create(cx, "person", "{\"name\":\"Tilda Trash\"}");
    int64_t f = create(cx, "x_akte", J("{\"name\":\"A-1\",\"x_kunde\":\"" ID "\"}", p));
    T_OK(cx, db_write(cx, trash_inside, NULL));
    bed_reload(t);
    T_OK(cx, erasure_run(cx, open_for(t, "person", p), false, &env));
    T(record_get_deleted(cx, ENT(cx, "person"), p, &r) == E_NOTFOUND);
    T_OK(cx, record_get(cx, ENT(cx, "x_akte"), f, &r));
}

/* Every table is looked through, or is known to hold nobody. */
static void every_table(struct bed *t)
{
    static const char all[] =
#define PLACE(name, by, texts, find, drop, clear) find " "
#include "privacy/places.def"
#undef PLACE
        " " NO_PLACE " ";
    struct cx *cx = &t->cx;
    str *names = NULL;
    size_t n = 0;
    T_OK(cx, tables_list(cx, &names, &n));
    for (size_t i = 0; i < n; i++) {
        bool known = meta_entity(cx->meta, names[i]) || str_find(str_from(all), arena_fmt(cx->a, " %.*s ", FS(names[i]))) >= 0;
        T(known);
        if (!known) fprintf(stderr, "  the table %.*s is neither a PLACE nor in NO_PLACE (privacy/places.def)\n", FS(names[i]));
    }
}

static str entry_of(struct cx *cx, str path, const char *name)
{
    int code = 0;
    zip_stat_t st;
    zip_t *z = zip_open(path.p, ZIP_RDONLY, &code);
    str s = {0};
    T(z != NULL);
    if (z && zip_stat(z, name, 0, &st) == 0) {
        char *p = arena_get(cx->a, (size_t)st.size + 1);
        zip_file_t *f = zip_fopen(z, name, 0);
        T(f && zip_fread(f, p, st.size) == (zip_int64_t)st.size);
        if (f) (void)zip_fclose(f);
        s = (str){p, (size_t)st.size};
    }
    if (z) zip_discard(z);
    return s;
}

/* Art. 15: everything, escaped, in the asker's language; names of files cannot lead out of the archive. */
static void archived(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct house h = furnish(t);
    struct record r = {0};
    struct zip_put *z = NULL;
    str path = arena_fmt(cx->a, "%.*s/all.zip", FS(t->folder));
    write_sql(t, "UPDATE file SET name = '../../<evil>.png' WHERE id = $1", h.photo);
    change(cx, "person", h.person, "{\"note\":\"<script>alert('x')</script> & more\"}");
    cx->lang = S("de");
    T_OK(cx, archive_may(cx, ENT(cx, "person"), h.person, &r));
    T_OK(cx, zip_put_new(cx, path, &z));
    T_OK(cx, archive_put(cx, &r, t->folder, z));
    T_OK(cx, zip_put_end(cx, &z));
    str page = entry_of(cx, path, "index.html"), data = entry_of(cx, path, "data.json");
    HAS(page, "<html lang=\"de\">");
    HAS(page, "<h1>Kanarija Vogelsang</h1>");
    HAS(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; more");
    T(str_find(page, S("<script")) < 0);
    HAS(page, "Notiz: new secret of kanarija → ");
    HAS(page, "Kanarija Vogelsang rang");
    HAS(page, "Einwilligungen (1)");
    HAS(page, "shop: kanarija-1");
    HAS(page, "kanarija@vogelsang.example");
    HAS(data, "\"entity\":\"consent\"");
    HAS(data, "\"external\":[{\"system\":\"shop\",\"key\":\"kanarija-1\"}]");
    HAS(data, "\"path\":\"files/20-_._.._");
    T(entry_of(cx, path, arena_fmt(cx->a, "files/20-%.*s", FS(zip_safe_name(cx->a, S("../../<evil>.png")))).p).n == 5);
    (void)parsed(cx, arena_z(cx->a, data));
    T_STR(zip_safe_name(cx->a, S("")), S("file"));
    T_STR(zip_safe_name(cx->a, S("..\\a/b\n\xE2\x80\xAE.png")), S("_._a_b__.png"));
    cx->lang = S("en");
}

static str in_force(struct bed *t, int64_t person)
{
    struct cx *cx = &t->cx;
    struct record r = {0};
    struct buf b = buf_new(cx->a, 4096);
    T_OK(cx, record_get(cx, ENT(cx, "person"), person, &r));
    const struct field *f = FLD(r.e, "consents");
    if (r.v[f->at].t != VT_NULL) f->kind->to_text(cx, f, &r.v[f->at], &b);
    return buf_str(&b);
}

/* K06: who, when, which text, which source; a withdrawal is a new record, and lists are filtered by what holds. */
static void consents(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct undo_result u = {0};
    bool exact = false;
    int64_t n = 0, p = create(cx, "person", "{\"name\":\"Klara Konsens\"}"), q = create(cx, "person", "{\"name\":\"Quirin\"}");
    int64_t given = create(cx, "consent", J("{\"person\":\"" ID "\",\"purpose\":\"Newsletter\",\"basis\":\"consent\",\"given\":\"2026-01-05T10:00:00Z\",\"way\":\"form\",\"text\":\"Yes, write to me\",\"source\":\"web\"}", p));
    create(cx, "consent", J("{\"person\":\"" ID "\",\"purpose\":\"Calls\",\"channel\":\"phone\"}", p));
    T_STR(in_force(t, p), S("Newsletter; Calls"));
    T_STR(in_force(t, q), S(""));
    const struct cond *c = NULL;
    T_OK(cx, filter_parse(cx, ENT(cx, "person"), parsed(cx, "{\"field\":\"consents\",\"op\":\"in\",\"value\":[\"Newsletter\"]}"), NULL, &c));
    T_OK(cx, record_count(cx, ENT(cx, "person"), c, false, 0, &n, &exact));
    T_INT(n, 1);
    /* one of before, told later, changes nothing; one of the same moment does */
    create(cx, "consent", J("{\"person\":\"" ID "\",\"purpose\":\"Newsletter\",\"withdrawn\":\"2025-12-01T10:00:00Z\"}", p));
    T_STR(in_force(t, p), S("Newsletter; Calls"));
    create(cx, "consent", J("{\"person\":\"" ID "\",\"purpose\":\"Calls\",\"channel\":\"mail\",\"withdrawn\":\"2030-01-01T00:00:00Z\"}", p));
    T_STR(in_force(t, p), S("Newsletter; Calls"));
    int64_t gone = create(cx, "consent", J("{\"person\":\"" ID "\",\"purpose\":\"newsletter\",\"withdrawn\":\"2026-01-05T10:00:00Z\"}", p));
    T_STR(in_force(t, p), S("Calls"));
    T_OK(cx, record_count(cx, ENT(cx, "person"), c, false, 0, &n, &exact));
    T_INT(n, 0);
    /* taken back, brought back, moved by a merge */
    T_OK(cx, record_delete(cx, ENT(cx, "consent"), gone, 0, &w)); /* the system alone may */
    T_STR(in_force(t, p), S("Newsletter; Calls"));
    T_OK(cx, undo_change(cx, w.seq, UNDO_ASK, &u));
    T_STR(in_force(t, p), S("Calls"));
    T_OK(cx, record_merge(cx, ENT(cx, "person"), q, p, 0, NULL, 0, &w));
    T_STR(in_force(t, q), S("Calls"));
    T(try_change(cx, "person", q, "{\"consents\":[\"x\"]}", &w) == E_INVALID);
    struct record r = {0};
    T_OK(cx, record_get(cx, ENT(cx, "consent"), given, &r));
    T_STR(r.v[FLD(r.e, "text")->at].s, S("Yes, write to me"));
}

static void words(void)
{
    struct cx cx = t_cx();
    static const str w[] = {S0("Anna Berg"), S0("anna@x.example"), S0("+49151")};
    static const int64_t id[] = {7, 123456789012};
    struct redact r = {w, COUNT(w), id, COUNT(id)};
    T_STR(redact_text(cx.a, &r, S("ANNA berg, Anna Berger, xAnna Berg and anna@x.example")), S("[erased], Anna Berger, xAnna Berg and [erased]"));
    T_STR(redact_text(cx.a, &r, S("")), S(""));
    T(redact_has(&r, S("{\"id\":\"123456789012\"}")) && !redact_has(&r, S("1234567890123")) && !redact_has(&r, S("anna")));
    T(!redact_word(S("ab")) && !redact_word(S("a\nbc")) && redact_word(S("a\"b c")) && redact_word(S("abc")));
    static const str w2[] = {S0("M\xC3\xBCller"), S0("\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2"), S0("UAB \"Vogelis\""), S0("name")};
    struct redact r2 = {.word = w2, .n = COUNT(w2)};
    T_STR(redact_text(cx.a, &r2, S("M\xC3\x9CLLER, \xE2\x80\x9Em\xC3\xBCller\xE2\x80\x9C, M\xC3\xBCllers, \xC3\xBCm\xC3\xBCller")), S("[erased], \xE2\x80\x9E[erased]\xE2\x80\x9C, M\xC3\xBCllers, \xC3\xBCm\xC3\xBCller"));
    T_STR(redact_text(cx.a, &r2, S("\xD0\x98\xD0\x92\xD0\x90\xD0\x9D\xD0\x9E\xD0\x92!")), S("[erased]!"));
    T_STR(redact_stored(&cx, &r2, S("{\"name\":\"uab \\\"vogelis\\\" x\",\"n\":1.50}")), S("{\"name\":\"[erased] x\",\"n\":1.50}"));
    T_STR(redact_stored(&cx, &r2, S("{ \"name\": \"x\" }")), S("{ \"name\": \"x\" }"));
    T_STR(redact_stored(&cx, &r2, S("{ name")), S("{ [erased]"));
    struct buf b = buf_new(cx.a, 4096);
    struct jw jw = jw_new(&b);
    const struct json *j = NULL;
    T_OK(&cx, json_parse(&cx, S("{\"a\":\"by Anna Berg\",\"p\":{\"id\":\"123456789012\",\"title\":\"Anna\"},\"l\":[{\"id\":\"7\"},{\"id\":\"8\"}],\"@winner\":\"7\",\"n\":1,\"x\":null}"), &j));
    redact_json(cx.a, &r, j, &jw);
    T_STR(buf_str(&b), S("{\"a\":\"by [erased]\",\"p\":null,\"l\":[{\"id\":\"8\"}],\"@winner\":\"7\",\"n\":1,\"x\":null}"));
    t_cx_free(&cx);
}

int main(void)
{
    static void (*const all[])(struct bed *) = {every_table, erased_whole, at_each_fault, after_a_restore, kept, names_of_others, merged, meanwhile, many, trashed_field, archived, consents};
    words();
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
    return t_end("privacy");
}
