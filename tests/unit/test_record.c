/* SPDX-License-Identifier: MIT */
/* The one door on both engines: create, read, update, trash, lists, log, undo, merge, as-of, own fields, rights,
 * and each database call failing in turn. */
#include "bed.h"
#include "record/log.h"
#include "record/record.h"
#include "search/search.h"

static const struct json *parsed(struct cx *cx, const char *text)
{
    const struct json *j = NULL;
    T_OK(cx, json_parse(cx, str_from(text), &j));
    return j;
}

static enum err try_create(struct cx *cx, const char *entity, const char *json, struct written *w)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct set *s = NULL;
    size_t n = 0;
    TRY(record_sets(cx, e, parsed(cx, json), &s, &n));
    return record_create(cx, e, 0, s, n, w);
}

static int64_t create(struct cx *cx, const char *entity, const char *json)
{
    struct written w = {0};
    T_OK(cx, try_create(cx, entity, json, &w));
    return w.id;
}

static enum err change(struct cx *cx, const char *entity, int64_t id, int64_t version, const char *json, struct written *w)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct set *s = NULL;
    size_t n = 0;
    TRY(record_sets(cx, e, parsed(cx, json), &s, &n));
    return record_update(cx, e, id, version, s, n, w);
}

static str text_of(struct cx *cx, const struct record *r)
{
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    record_json(cx, r, &w);
    return buf_str(&b);
}

static str shown(struct cx *cx, const char *entity, int64_t id)
{
    struct record r = {0};
    if (!T_OK(cx, record_get(cx, meta_entity(cx->meta, str_from(entity)), id, &r))) return S("");
    return text_of(cx, &r);
}
#define HAS(text, part) T(str_find((text), S(part)) >= 0)

static void write_and_read(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    int64_t firm = create(cx, "company", "{\"name\":\"Elektro Müller GmbH\",\"kinds\":[\"customer\",\"supplier\"]}");
    int64_t id = create(cx, "person", arena_fmt(cx->a, "{\"name\":\"Jörg Müller\",\"company\":\"%" PRId64 "\","
                        "\"phones\":[{\"type\":\"mobile\",\"value\":\"0151 / 234 567 89\"},\"0221 55501-12\"],"
                        "\"mails\":[\"J.Mueller@Elektro-Mueller.example\"],\"birthday\":\"1971-04-03\",\"tags\":[\"vip\",\"VIP\",\"neu\"],"
                        "\"addresses\":[{\"city\":\"Köln\",\"zip\":\"50667\"}]}", firm).p);
    str s = shown(cx, "person", id);
    HAS(s, "\"version\":1");
    HAS(s, "\"title\":\"Jörg Müller\"");
    HAS(s, "\"e164\":\"+4915123456789\"");
    HAS(s, "\"title\":\"Elektro Müller GmbH\"");
    HAS(s, "\"birthday\":\"1971-04-03\"");
    HAS(s, "\"tags\":[\"vip\",\"neu\"]");
    HAS(s, "\"city\":\"Köln\"");
    HAS(shown(cx, "company", firm), "\"people_count\":1");
    T_OK(cx, change(cx, "person", id, 1, "{\"job_title\":\"Einkauf\",\"company\":null}", &w));
    T_INT(w.version, 2);
    HAS(shown(cx, "company", firm), "\"people_count\":0");
    T(change(cx, "person", id, 1, "{\"job_title\":\"x\"}", &w) == E_CONFLICT);
    T_OK(cx, change(cx, "person", id, 2, "{\"job_title\":\"Einkauf\"}", &w));
    T(w.seq == 0 && w.version == 2); /* nothing changed: nothing logged */
    T(try_create(cx, "person", "{\"job_title\":\"nameless\"}", &w) == E_INVALID);
    T_STR(cx->at, S("name"));
    T(try_create(cx, "person", "{\"name\":\"x\",\"mails\":[\"max@\"]}", &w) == E_INVALID);
    T_STR(cx->at, S("mails"));
    T(try_create(cx, "person", "{\"name\":\"x\",\"nosuch\":1}", &w) == E_INVALID);
    T(try_create(cx, "person", "{\"name\":\"x\",\"created_at\":\"2020-01-01T00:00:00Z\"}", &w) == E_INVALID);
    T(try_create(cx, "person", "{\"name\":\"x\",\"company\":\"12345\"}", &w) == E_INVALID);
    T_OK(cx, record_delete(cx, ENT(cx, "person"), id, 0, &w));
    struct record r = {0};
    T(record_get(cx, ENT(cx, "person"), id, &r) == E_NOTFOUND);
    T_OK(cx, record_restore(cx, ENT(cx, "person"), id, &w));
    HAS(shown(cx, "person", id), "Einkauf");
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw jw = jw_new(&b);
    int64_t next = 0;
    jw_arr(&jw);
    T_OK(cx, log_history_json(cx, ENT(cx, "person"), id, 0, 50, &jw, &next));
    HAS(buf_str(&b), "\"field\":\"job_title\",\"old\":null,\"new\":\"Einkauf\"");
    HAS(buf_str(&b), "\"op\":\"create\"");
}

static void unique_and_lines(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    create(cx, "user", "{\"name\":\"Anna\",\"mail\":\"anna@example.org\"}");
    T(try_create(cx, "user", "{\"name\":\"Other\",\"mail\":\"Anna@example.org\"}", &w) == E_CONFLICT);
    int64_t firm = create(cx, "company", "{\"name\":\"UAB Langai\",\"bank_accounts\":[{\"account\":\"LT121000011101001000\"},{\"account\":\"LT607044060007788991\",\"bank\":\"SEB\"}]}");
    str s = shown(cx, "company", firm);
    HAS(s, "\"account\":\"LT121000011101001000\"");
    HAS(s, "\"account\":\"LT607044060007788991\"");
    T_OK(cx, change(cx, "company", firm, 0, "{\"bank_accounts\":[{\"account\":\"DE89370400440532013000\"}]}", &w));
    s = shown(cx, "company", firm);
    HAS(s, "DE89370400440532013000");
    T(str_find(s, S("LT121000011101001000")) < 0);
}

/* Holdings and chains of interactions have an end. */
static void circles(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    int64_t a = create(cx, "company", "{\"name\":\"A\"}");
    int64_t b = create(cx, "company", arena_fmt(cx->a, "{\"name\":\"B\",\"parent\":\"%" PRId64 "\"}", a).p);
    int64_t c = create(cx, "company", arena_fmt(cx->a, "{\"name\":\"C\",\"parent\":\"%" PRId64 "\"}", b).p);
    T(change(cx, "company", a, 0, arena_fmt(cx->a, "{\"parent\":\"%" PRId64 "\"}", c).p, &w) == E_INVALID);
    T_STR(cx->at, S("parent"));
    T(change(cx, "company", a, 0, arena_fmt(cx->a, "{\"parent\":\"%" PRId64 "\"}", a).p, &w) == E_INVALID);
    T_OK(cx, change(cx, "company", c, 0, arena_fmt(cx->a, "{\"parent\":\"%" PRId64 "\"}", a).p, &w));
    T_OK(cx, change(cx, "company", b, 0, arena_fmt(cx->a, "{\"parent\":\"%" PRId64 "\"}", c).p, &w));
}

static void undo(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct undo_result u = {0};
    int64_t batch = 0, ids[5];
    T_OK(cx, batch_begin(cx, S("import"), 5, &batch));
    for (int i = 0; i < 5; i++) ids[i] = create(cx, "person", arena_fmt(cx->a, "{\"name\":\"Imported %d\",\"phones\":[\"+4915112345%02d\"]}", i, i).p);
    T_OK(cx, change(cx, "person", ids[0], 0, "{\"job_title\":\"Chef\"}", &w));
    T_OK(cx, batch_end(cx, batch, S("done"), S("")));
    cx->batch = 0;
    T_OK(cx, change(cx, "person", ids[3], 0, "{\"job_title\":\"by hand\"}", &w));
    T(undo_batch(cx, batch, UNDO_ASK, &u) == E_CONFLICT);
    T(u.n_kept == 1 && u.kept[0].id == ids[3]);
    T_STR(u.kept[0].title, S("Imported 3"));
    T_OK(cx, undo_batch(cx, batch, UNDO_KEEP, &u));
    int64_t n = 0;
    bool exact = false;
    T_OK(cx, record_count(cx, ENT(cx, "person"), NULL, false, 0, &n, &exact));
    T_INT(n, 1);
    T(undo_batch(cx, batch, UNDO_KEEP, &u) == E_CONFLICT); /* once is enough */
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT id FROM batch WHERE undo_of = $1", V(batch)));
    T_OK(cx, undo_batch(cx, db_int(&r, 0, 0), UNDO_ASK, &u)); /* redo */
    T_OK(cx, record_count(cx, ENT(cx, "person"), NULL, false, 0, &n, &exact));
    T_INT(n, 5);
    HAS(shown(cx, "person", ids[0]), "Chef");
    int64_t id = create(cx, "person", "{\"name\":\"One\",\"birthday\":\"1980-01-01\"}");
    T_OK(cx, change(cx, "person", id, 0, "{\"name\":\"Two\",\"birthday\":null}", &w));
    T_OK(cx, undo_change(cx, w.seq, UNDO_ASK, &u));
    HAS(shown(cx, "person", id), "1980-01-01");
    HAS(shown(cx, "person", id), "\"One\"");
}

static void as_of(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct record r = {0};
    int64_t start = cx->now_ms, id = create(cx, "person", "{\"name\":\"Early\",\"phones\":[\"+4915112345678\"]}");
    cx->now_ms = start + 10000;
    T_OK(cx, change(cx, "person", id, 0, "{\"name\":\"Late\",\"phones\":[]}", &w));
    cx->now_ms = start + 20000;
    T_OK(cx, record_delete(cx, ENT(cx, "person"), id, 0, &w));
    T_OK(cx, record_as_of(cx, ENT(cx, "person"), id, start + 5000, &r));
    HAS(text_of(cx, &r), "Early");
    HAS(text_of(cx, &r), "+4915112345678");
    T_OK(cx, record_as_of(cx, ENT(cx, "person"), id, start + 15000, &r));
    HAS(text_of(cx, &r), "Late");
    T(record_as_of(cx, ENT(cx, "person"), id, start - 1, &r) == E_NOTFOUND);
    T(record_as_of(cx, ENT(cx, "person"), id, start + 25000, &r) == E_NOTFOUND);
}

/* Every page of the list as it was, and its whole as a job finds it, hold `want` in this order. */
static void is_list(struct cx *cx, const struct query *in, int64_t at, const int64_t *want, size_t n_want)
{
    const struct entity *e = ENT(cx, "person");
    struct query q = *in;
    int64_t *ids = NULL;
    size_t n = 0, n_ids = 0;
    q.limit = 4;
    q.cursor = S("");
    for (bool more = true; more && n <= n_want;) {
        struct page p = {0};
        T_OK(cx, record_list_as_of(cx, e, &q, at, &p));
        for (size_t i = 0; i < p.n && n < n_want; i++, n++) T_INT(p.v[i].id, want[n]);
        q.cursor = p.next;
        more = p.next.n > 0;
    }
    T_INT((int64_t)n, (int64_t)n_want);
    T_OK(cx, record_ids_as_of(cx, e, in, at, NULL, NULL, &ids, &n_ids));
    T_INT((int64_t)n_ids, (int64_t)n_want);
    for (size_t i = 0; i < n_ids && i < n_want; i++) T_INT(ids[i], want[i]);
}

static void as_of_list(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct entity *e = ENT(cx, "person");
    struct written w = {0};
    struct query q = {.cursor = S(""), .fields = FIELDS_ALL};
    int64_t ids[30], want[30], start = cx->now_ms;
    for (int i = 0; i < 30; i++) ids[i] = create(cx, "person", i % 2 ? "{\"name\":\"A\",\"job_title\":\"Chef\"}" : "{\"name\":\"B\"}");
    cx->now_ms = start + 60000;
    T_OK(cx, change(cx, "person", ids[1], 0, "{\"job_title\":null}", &w));
    T_OK(cx, change(cx, "person", ids[2], 0, "{\"job_title\":\"Chef\"}", &w));
    T_OK(cx, record_delete(cx, e, ids[3], 0, &w));
    create(cx, "person", "{\"name\":\"later\",\"job_title\":\"Chef\"}");
    T_OK(cx, filter_parse(cx, e, parsed(cx, "{\"field\":\"job_title\",\"op\":\"eq\",\"value\":\"chef\"}"), NULL, &q.where));
    for (int i = 0; i < 15; i++) want[i] = ids[29 - 2 * i];
    is_list(cx, &q, start + 1000, want, 15);
}

/* Sorted by a text and by a date, both ways: values from then, rows without one last; and a link's condition. */
static void as_of_sorted(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct entity *e = ENT(cx, "person");
    struct written w = {0};
    int64_t start = cx->now_ms, firm = create(cx, "company", "{\"name\":\"Nord\"}"), ids[9];
    static const char *const name[9] = {"ivo", "Änne", "bert", "Cara", "dora", "emil", "Fritz", "gerd", "Hans"};
    for (int i = 0; i < 9; i++)
        ids[i] = create(cx, "person", arena_fmt(cx->a, "{\"name\":\"%s\"%s%s}", name[i], i % 3 ? arena_fmt(cx->a, ",\"birthday\":\"19%d0-05-01\"", i + 1).p : "",
                                                i < 5 ? arena_fmt(cx->a, ",\"company\":\"%" PRId64 "\"", firm).p : "").p);
    cx->now_ms = start + 60000;
    T_OK(cx, change(cx, "person", ids[1], 0, "{\"name\":\"Zoe\",\"birthday\":null}", &w));
    T_OK(cx, change(cx, "person", ids[7], 0, "{\"name\":\"Aaron\",\"birthday\":\"1990-01-01\"}", &w));
    T_OK(cx, change(cx, "person", ids[3], 0, "{\"birthday\":\"1991-01-01\"}", &w));
    T_OK(cx, record_delete(cx, e, ids[4], 0, &w));
    create(cx, "person", "{\"name\":\"Bodo\"}");
    const struct field *by[] = {FLD(e, "name"), FLD(e, "birthday")};
    static const int order[4][9] = {{1, 2, 3, 4, 5, 6, 7, 8, 0}, {0, 8, 7, 6, 5, 4, 3, 2, 1}, {1, 2, 4, 5, 7, 8, 0, 3, 6}, {8, 7, 5, 4, 2, 1, 6, 3, 0}};
    for (int k = 0; k < 4; k++) {
        int64_t want[9];
        struct query q = {.sort = {{by[k / 2], k % 2}}, .n_sort = 1, .cursor = S(""), .fields = FIELDS_ALL};
        for (int i = 0; i < 9; i++) want[i] = ids[order[k][i]];
        is_list(cx, &q, start + 1000, want, 9);
    }
    static const int both[2][9] = {{1, 2, 4, 5, 7, 8, 0, 6, 3}, {8, 7, 5, 4, 2, 1, 3, 6, 0}};
    for (int k = 0; k < 2; k++) {
        int64_t want[9];
        struct query q = {.sort = {{by[1], k}, {by[0], !k}}, .n_sort = 2, .cursor = S(""), .fields = FIELDS_ALL};
        for (int i = 0; i < 9; i++) want[i] = ids[both[k][i]];
        is_list(cx, &q, start + 1000, want, 9);
    }
    struct query q = {.sort = {{by[0], false}}, .n_sort = 1, .cursor = S("")};
    T_OK(cx, filter_parse(cx, e, parsed(cx, "{\"link\":\"company\",\"has\":{\"field\":\"name\",\"op\":\"eq\",\"value\":\"nord\"}}"), NULL, &q.where));
    const int64_t want[] = {ids[1], ids[2], ids[3], ids[4], ids[0]};
    is_list(cx, &q, start + 1000, want, 5);
}

static enum err many_changes(struct cx *cx, void *arg)
{
    for (int64_t i = 1, n = *(const int64_t *)arg; i <= n; i++)
        TRY(db_exec(cx, NULL, "INSERT INTO change (seq, at, who, way, batch, entity, record, op, version) VALUES ($1, $2, 1, 'api', 0, 'person', $1, 'update', 2)", V(i), V(cx->now_ms)));
    return E_OK;
}

/* What is too much for a request is not for a job. */
static void as_of_large(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct entity *e = ENT(cx, "person");
    struct query q = {.sort = {{FLD(e, "name"), false}}, .n_sort = 1, .cursor = S(""), .fields = FIELDS_ALL, .limit = 10};
    struct page p = {0};
    int64_t id = create(cx, "person", "{\"name\":\"One\"}"), start = cx->now_ms, n = AS_OF_SORTED + 1, *ids = NULL;
    size_t n_ids = 0;
    cx->now_ms = start + 60000;
    T_OK(cx, db_write(cx, many_changes, &n));
    T(record_list_as_of(cx, e, &q, start + 1000, &p) == E_LIMIT);
    T_OK(cx, record_ids_as_of(cx, e, &q, start + 1000, NULL, NULL, &ids, &n_ids));
    T_INT((int64_t)n_ids, 1);
    T_INT(ids[0], id);
    q.n_sort = 0;
    T_OK(cx, record_list_as_of(cx, e, &q, start + 1000, &p));
    T_INT((int64_t)p.n, 1);
}

static void merge(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct undo_result u = {0};
    int64_t a = create(cx, "person", "{\"name\":\"Jörg Müller\",\"phones\":[\"+4915112345678\"]}");
    int64_t b = create(cx, "person", "{\"name\":\"J. Mueller\",\"phones\":[\"+4915112345678\",\"+4922155501\"],\"birthday\":\"1971-04-03\",\"job_title\":\"Chef\"}");
    int64_t call = create(cx, "interaction", arena_fmt(cx->a, "{\"subject\":\"Anruf\",\"person\":\"%" PRId64 "\"}", b).p), to = 0;
    const struct field *take[] = {FLD(ENT(cx, "person"), "name")};
    T_OK(cx, record_merge(cx, ENT(cx, "person"), a, b, 0, take, 1, &w));
    str s = shown(cx, "person", a);
    HAS(s, "J. Mueller");
    HAS(s, "+4922155501");
    HAS(s, "Chef");
    HAS(shown(cx, "interaction", call), "J. Mueller");
    T_OK(cx, record_redirect(cx, ENT(cx, "person"), b, &to));
    T_INT(to, a);
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT id FROM batch ORDER BY id DESC LIMIT 1"));
    T_OK(cx, undo_batch(cx, db_int(&r, 0, 0), UNDO_ASK, &u));
    HAS(shown(cx, "person", a), "Jörg Müller");
    HAS(shown(cx, "person", b), "J. Mueller");
    T_OK(cx, record_redirect(cx, ENT(cx, "person"), b, &to));
    T_INT(to, 0);
}

/* Two extensions of one number are two numbers, the same one in another notation is none. */
static void merge_extensions(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct val was = {0}, now = {0};
    int64_t a = create(cx, "person", "{\"name\":\"A\",\"phones\":[\"+49 221 555010 ext 12\"]}");
    int64_t b = create(cx, "person", "{\"name\":\"B\",\"phones\":[\"0221 555010 ext 34\",\"0221 555010 ext 12\"]}");
    struct record r = {0};
    T_OK(cx, record_get(cx, ENT(cx, "person"), b, &r));
    was = r.v[FLD(ENT(cx, "person"), "phones")->at];
    T_INT((int64_t)was.n, 2);
    T_OK(cx, record_merge(cx, ENT(cx, "person"), a, b, 0, NULL, 0, &w));
    T_OK(cx, record_get(cx, ENT(cx, "person"), a, &r));
    now = r.v[FLD(ENT(cx, "person"), "phones")->at];
    T_INT((int64_t)now.n, 2);
    T_STR(now.v[0].ext, S("12"));
    T_STR(now.v[1].ext, S("34"));
    T_STR(now.v[1].norm, now.v[0].norm);
}

struct own {
    const struct json *j;
    str name;
};
static enum err add_field(struct cx *cx, void *arg) { return meta_field_add(cx, ((struct own *)arg)->j, &((struct own *)arg)->name); }
static enum err add_entity(struct cx *cx, void *arg) { return meta_entity_add(cx, ((struct own *)arg)->j, &((struct own *)arg)->name); }

static void own_things(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct own f = {.j = parsed(cx, "{\"entity\":\"person\",\"kind\":\"decimal\",\"scale\":2,\"label\":{\"de\":\"Umsatz 2025\"}}")};
    struct own e = {.j = parsed(cx, "{\"label\":{\"en\":\"Machine\",\"ru\":\"Станок\"},\"plural\":{\"en\":\"Machines\"}}")};
    T_OK(cx, db_write(cx, add_field, &f));
    T_STR(f.name, S("x_umsatz_2025"));
    T_OK(cx, db_write(cx, add_entity, &e));
    T_STR(e.name, S("x_machine"));
    bed_reload(t);
    int64_t id = create(cx, "person", "{\"name\":\"Eigen\",\"x_umsatz_2025\":\"12480.50\"}");
    HAS(shown(cx, "person", id), "\"x_umsatz_2025\":\"12480.50\"");
    int64_t m = create(cx, "x_machine", "{\"name\":\"Drehbank\"}");
    HAS(shown(cx, "x_machine", m), "Drehbank");
    for (int i = 0; i < 30; i++) {
        f.j = parsed(cx, "{\"entity\":\"person\",\"kind\":\"text\",\"label\":\"Same\"}");
        T_OK(cx, db_write(cx, add_field, &f));
        bed_reload(t);
    }
    T_STR(f.name, S("x_same_30"));
    f.j = parsed(cx, "{\"entity\":\"person\",\"kind\":\"text\",\"label\":\"x\\\"); drop table person--\"}");
    T_OK(cx, db_write(cx, add_field, &f));
    T_STR(f.name, S("x_x_drop_table_person"));
}

/* ---- own fields: another kind, hundreds of them ---- */
static void own_add(struct bed *t, const char *json)
{
    struct own f = {.j = parsed(&t->cx, json)};
    T_OK(&t->cx, db_write(&t->cx, add_field, &f));
    bed_reload(t);
}

static enum err recast(struct bed *t, const char *name, const char *json, struct recast *ret)
{
    *ret = (struct recast){0};
    enum err e = record_field_change(&t->cx, S("person"), str_from(name), parsed(&t->cx, json), ret);
    bed_reload(t);
    return e;
}

static void kind_changes(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct recast rc = {0};
    struct found_group *g = NULL;
    struct db_rows r = {0};
    static const char *const typed[] = {"500", "12,5", " 7 ", "viel", "1000"};
    int64_t id[5];
    size_t n = 0;
    own_add(t, "{\"entity\":\"person\",\"kind\":\"text\",\"label\":\"Menge\",\"index\":true,\"unique\":true}");
    for (int i = 0; i < 5; i++) id[i] = create(cx, "person", arena_fmt(cx->a, "{\"name\":\"P%d\",\"x_menge\":\"%s\"}", i, typed[i]).p);
    int64_t none = create(cx, "person", "{\"name\":\"Ohne\"}");
    T_OK(cx, recast(t, "x_menge", "{\"kind\":\"decimal\",\"scale\":2,\"dry\":true}", &rc));
    T(rc.needed && rc.dry && rc.fits == 4 && rc.misfits == 1 && rc.sample.n == 1);
    T(rc.sample.v[0].id == id[3]);
    T_STR(rc.sample.v[0].value, S("viel"));
    T_STR(rc.sample.v[0].title, S("P3"));
    T(rc.sample.v[0].why.n > 0);
    HAS(shown(cx, "person", id[0]), "\"x_menge\":\"500\"");
    T(recast(t, "x_menge", "{\"kind\":\"decimal\",\"scale\":2}", &rc) == E_CONFLICT);
    T_INT(rc.misfits, 1);
    HAS(shown(cx, "person", id[3]), "\"x_menge\":\"viel\"");
    T_OK(cx, recast(t, "x_menge", "{\"kind\":\"decimal\",\"scale\":2,\"force\":true}", &rc));
    HAS(shown(cx, "person", id[0]), "\"x_menge\":\"500.00\"");
    HAS(shown(cx, "person", id[1]), "\"x_menge\":\"12.50\"");
    HAS(shown(cx, "person", id[2]), "\"x_menge\":\"7.00\"");
    HAS(shown(cx, "person", id[3]), "\"x_menge\":null");
    HAS(shown(cx, "person", none), "\"x_menge\":null");
    T_OK(cx, db_query(cx, &r, "SELECT old FROM change WHERE record = $1 ORDER BY seq DESC LIMIT 1", V(id[3]))); /* nothing is lost */
    HAS(db_str(&r, 0, 0), "viel");
    struct written w = {0};
    T_OK(cx, change(cx, "person", id[0], 0, "{\"x_menge\":\"8.25\"}", &w));
    T_OK(cx, change(cx, "person", id[0], 0, "{\"x_menge\":\"500\"}", &w));
    T_OK(cx, recast(t, "x_menge", "{\"kind\":\"int\",\"index\":false,\"unique\":false,\"force\":true}", &rc)); /* 12.50 is no whole number, 500.00 is */
    T(rc.fits == 3 && rc.misfits == 1);
    HAS(shown(cx, "person", id[0]), "\"x_menge\":500}");
    T_OK(cx, recast(t, "x_menge", "{\"kind\":\"text\",\"search\":true}", &rc));
    T(rc.fits == 3 && rc.misfits == 0);
    HAS(shown(cx, "person", id[4]), "\"x_menge\":\"1000\"");
    T_OK(cx, search_find(cx, S("1000"), NULL, 5, &g, &n));
    T(n == 1 && g[0].n == 1 && g[0].v[0].id == id[4]); /* found by it at once */
    T_OK(cx, recast(t, "x_menge", "{\"search\":false}", &rc));
    T(!rc.needed);
    T_OK(cx, search_find(cx, S("1000"), NULL, 5, &g, &n));
    T_INT((int64_t)n, 0);
    T(recast(t, "x_menge", "{\"kind\":\"link\",\"to\":\"company\"}", &rc) == E_INVALID);
    T_OK(cx, recast(t, "x_menge", "{\"kind\":\"choice\",\"choices\":[[\"500\",[\"Halbes\"]],[\"t\",[\"1000\"]],[\"7\",[\"Sieben\"]]]}", &rc));
    HAS(shown(cx, "person", id[4]), "\"x_menge\":\"t\"");
    HAS(shown(cx, "person", id[2]), "\"x_menge\":\"7\"");
}

/* The column of an index that was taken away, and that of one that came. */
static void index_changes(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct recast rc = {0};
    struct db_rows r = {0};
    str ask = db_is_pg(cx) ? S("SELECT count(*) FROM pg_indexes WHERE indexname LIKE '%.person.x_nr' AND schemaname = current_schema()")
                           : S("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name LIKE '%.person.x_nr'");
    own_add(t, "{\"entity\":\"person\",\"kind\":\"text\",\"label\":\"Nr\",\"index\":true,\"unique\":true}");
    T_OK(cx, db_run(cx, &r, NULL, ask, NULL, 0));
    T_INT(db_int(&r, 0, 0), 2);
    T_OK(cx, recast(t, "x_nr", "{\"unique\":false,\"index\":false}", &rc));
    T_OK(cx, db_run(cx, &r, NULL, ask, NULL, 0));
    T_INT(db_int(&r, 0, 0), 0);
    (void)create(cx, "person", "{\"name\":\"A\",\"x_nr\":\"1\"}");
    (void)create(cx, "person", "{\"name\":\"B\",\"x_nr\":\"1\"}");
    T(recast(t, "x_nr", "{\"unique\":true}", &rc) != E_OK);
    T_OK(cx, recast(t, "x_nr", "{\"index\":true}", &rc));
    T_OK(cx, db_run(cx, &r, NULL, ask, NULL, 0));
    T_INT(db_int(&r, 0, 0), 1);
}

enum { OWN_FIELDS = 500, OWN_ENTITIES = 200 };
static enum err many_add(struct cx *cx, void *arg)
{
    static const char *const kind[] = {"text", "int", "date", "bool", "choice\",\"choices\":[[\"a\",[\"A\"]]],\"x\":\""};
    const struct meta *before = cx->meta;
    const bool *fields = arg;
    enum err e = E_OK;
    for (int i = 0; e == E_OK && i < (*fields ? OWN_FIELDS : OWN_ENTITIES); i++) {
        str name = {0};
        struct meta *m = NULL;
        TRY(meta_load(cx, &m));
        cx->meta = m;
        if (*fields) e = meta_field_add(cx, parsed(cx, arena_fmt(cx->a, "{\"entity\":\"person\",\"label\":\"Feld %d\",\"kind\":\"%s\"}", i, kind[i % 5]).p), &name);
        else e = meta_entity_add(cx, parsed(cx, arena_fmt(cx->a, "{\"label\":\"Ding %d\"}", i).p), &name);
        cx->meta = before;
        meta_drop(&m);
    }
    return e;
}

/* 500 own fields on an entity, 200 own entities: written, read, filtered, found, listed. */
static void own_many(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct buf b = buf_new(cx->a, 1 << 20);
    T_OK(cx, db_write(cx, many_add, &(bool){true}));
    T_OK(cx, db_write(cx, many_add, &(bool){false}));
    bed_reload(t);
    buf_add(&b, S("{\"name\":\"Voll\""));
    for (int i = 0; i < OWN_FIELDS; i++) {
        buf_fmt(&b, ",\"x_feld_%d\":", i);
        if (i % 5 == 0) buf_fmt(&b, "\"Wert %d\"", i);
        else if (i % 5 == 1) buf_fmt(&b, "%d", i);
        else buf_add(&b, i % 5 == 2 ? S("\"2026-11-28\"") : i % 5 == 3 ? S("true") : S("\"a\""));
    }
    buf_add(&b, S("}"));
    int64_t id = create(cx, "person", arena_z(cx->a, buf_str(&b)));
    str all = shown(cx, "person", id);
    HAS(all, "\"x_feld_0\":\"Wert 0\"");
    HAS(all, "\"x_feld_496\":496");
    HAS(all, "\"x_feld_499\":\"a\"");
    const struct entity *e = ENT(cx, "person");
    struct query q = {.limit = 5, .cursor = S(""), .sort = {{FLD(e, "x_feld_496"), false}}, .n_sort = 1, .fields = FIELDS_ALL};
    struct page p = {0};
    T_OK(cx, filter_parse(cx, e, parsed(cx, "{\"and\":[{\"field\":\"x_feld_495\",\"op\":\"contains\",\"value\":\"wert 495\"},{\"field\":\"x_feld_491\",\"op\":\"eq\",\"value\":491}]}"), NULL, &q.where));
    T_OK(cx, record_list(cx, e, &q, &p));
    T(p.n == 1 && p.v[0].id == id);
    struct found_group *g = NULL;
    size_t n = 0;
    T_OK(cx, search_find(cx, S("Wert 495"), NULL, 5, &g, &n));
    T(n == 1 && g[0].v[0].id == id);
    struct written w = {0};
    T_OK(cx, change(cx, "person", id, 0, "{\"x_feld_495\":\"anders\"}", &w));
    struct undo_result u = {0};
    T_OK(cx, undo_change(cx, w.seq, UNDO_ASK, &u));
    HAS(shown(cx, "person", id), "\"x_feld_495\":\"Wert 495\"");
    int64_t d = create(cx, "x_ding_199", "{\"name\":\"letztes\"}");
    HAS(shown(cx, "x_ding_199", d), "letztes");
}

static struct fields columns(struct cx *cx, const char *text)
{
    const struct list_column *c = NULL;
    size_t n = 0;
    T_OK(cx, record_columns(cx, ENT(cx, "person"), str_from(text), &c, &n));
    return record_fields(cx, c, n);
}

/* The people by name, as the API shows them. */
static str listed(struct cx *cx, const char *text)
{
    struct query q = {.limit = 50, .sort = {{FLD(ENT(cx, "person"), "name"), false}}, .n_sort = 1, .fields = columns(cx, text)};
    struct page p = {0};
    struct buf b = buf_new(cx->a, 1 << 20);
    T_OK(cx, record_list(cx, ENT(cx, "person"), &q, &p));
    for (size_t i = 0; i < p.n; i++) {
        buf_add(&b, text_of(cx, &p.v[i]));
        buf_byte(&b, '\n');
    }
    return buf_str(&b);
}

static bool no_columns(struct cx *cx, const char *text)
{
    const struct list_column *c = NULL;
    size_t n = 0;
    return record_columns(cx, ENT(cx, "person"), str_from(text), &c, &n) == E_BAD && str_eq(cx->at, S("fields"));
}

struct each {
    size_t n, right;
};
static enum err name_is_there(struct cx *cx, void *arg, const struct record *r)
{
    struct each *e = arg;
    (void)cx;
    const struct val *v = r->n_linked == 1 ? r->linked[0].v : NULL;
    e->n++;
    e->right += v && str_cmp(str_cut(v->s, 1, v->s.n), str_cut(record_title(r), 1, record_title(r).n)) == 0;
    return E_OK;
}

/* Room for a right of each field; nothing is masked until acl->mask points to it. */
static uint8_t *mask_new(struct cx *cx, struct acl *acl)
{
    for (size_t i = 0; i < cx->meta->n; i++) {
        acl->mask_at[cx->meta->entity[i].at] = (uint32_t)acl->mask_n;
        acl->mask_fields[cx->meta->entity[i].at] = (uint16_t)cx->meta->entity[i].n;
        acl->mask_n += cx->meta->entity[i].n;
    }
    return NEW_N(cx->a, uint8_t, acl->mask_n);
}

/* Columns of linked records: as a read of each would tell. */
static void linked(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct acl acl = {.user = 77};
    uint8_t *mask = mask_new(cx, &acl);
    int64_t a = create(cx, "company", "{\"name\":\"Alpha AG\",\"addresses\":[{\"city\":\"Köln\"}],\"phones\":[\"0221 444555\"]}");
    int64_t b = create(cx, "company", arena_fmt(cx->a, "{\"name\":\"Beta AG\",\"parent\":\"%" PRId64 "\"}", a).p);
    int64_t gone = create(cx, "company", "{\"name\":\"Gone AG\"}");
    const int64_t firm[] = {a, b, a, gone, 0};
    for (size_t i = 0; i < COUNT(firm); i++)
        create(cx, "person", firm[i] ? arena_fmt(cx->a, "{\"name\":\"P%zu\",\"company\":\"%" PRId64 "\"}", i, firm[i]).p : "{\"name\":\"P4\"}");
    T_OK(cx, record_delete(cx, ENT(cx, "company"), gone, 0, &w));
    str s = listed(cx, "name,company.name,company.parent,company.addresses,company.phones");
    HAS(s, "\"company.name\":\"Alpha AG\",\"company.parent\":null,\"company.addresses\":[{");
    HAS(s, "\"city\":\"Köln\"");
    HAS(s, "\"e164\":\"+49221444555\"");
    HAS(s, "\"company.name\":\"Beta AG\",\"company.parent\":{\"id\":");
    HAS(s, "\"name\":\"P3\"");
    HAS(s, "\"company.name\":null");
    T(str_find(s, S("company.name\":\"Gone")) < 0);
    T(str_find(s, S("\"job_title\"")) < 0);
    T(no_columns(cx, "company.nosuch") && no_columns(cx, "owner.mail") && no_columns(cx, "company.parent.name") && no_columns(cx, "groups.name"));
    T(no_columns(cx, ".name") && no_columns(cx, "company.") && no_columns(cx, "name.company"));
    memset(acl.reach, REACH_ALL, sizeof acl.reach);
    cx->acl = &acl;
    cx->who.user = 77;
    acl.reach[ENT(cx, "company")->at][ACT_SEE] = REACH_OWN; /* none is his */
    s = listed(cx, "name,company.name");
    HAS(s, "\"company.name\":null");
    T(str_find(s, S("Alpha")) < 0 && str_find(s, S("Beta")) < 0);
    acl.reach[ENT(cx, "company")->at][ACT_SEE] = REACH_NONE;
    T(no_columns(cx, "company.name"));
    acl.reach[ENT(cx, "company")->at][ACT_SEE] = REACH_ALL;
    struct fields want = columns(cx, "company.name");
    mask[acl.mask_at[ENT(cx, "company")->at] + FLD(ENT(cx, "company"), "name")->at] = FIELD_HIDDEN;
    acl.mask = mask;
    T(no_columns(cx, "company.name"));
    acl.mask_fields[ENT(cx, "company")->at] = 0; /* a field that came after the rights were read is nobody's secret */
    T(!no_columns(cx, "company.name"));
    acl.mask_fields[ENT(cx, "company")->at] = (uint16_t)ENT(cx, "company")->n;
    struct query q = {.limit = 50, .fields = want}; /* hidden meanwhile */
    struct page p = {0};
    T_OK(cx, record_list(cx, ENT(cx, "person"), &q, &p));
    for (size_t i = 0; i < p.n; i++) T(p.v[i].n_linked == 1 && !p.v[i].linked[0].v);
    cx->acl = NULL;
}

/* More linked records than one list holds. */
static void linked_many(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct each e = {0};
    for (int i = 0; i < 230; i++) {
        int64_t id = create(cx, "company", arena_fmt(cx->a, "{\"name\":\"F%03d\"}", i).p);
        create(cx, "person", arena_fmt(cx->a, "{\"name\":\"P%03d\",\"company\":\"%" PRId64 "\"}", i, id).p);
    }
    struct query q = {.limit = 200, .fields = columns(cx, "name,company.name")};
    T_OK(cx, record_each(cx, ENT(cx, "person"), &q, name_is_there, &e));
    T_INT((int64_t)e.n, 230);
    T_INT((int64_t)e.right, 230);
}

static void rights(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    struct record r = {0};
    struct acl *acl = NULL;
    int64_t role = create(cx, "role", "{\"name\":\"seller\",\"rights\":{\"*\":{\"see\":\"own\",\"create\":\"own\",\"change\":\"own\",\"delete\":\"none\"}}}");
    int64_t anna = create(cx, "user", arena_fmt(cx->a, "{\"name\":\"Anna\",\"role\":\"%" PRId64 "\"}", role).p);
    int64_t foreign = create(cx, "person", "{\"name\":\"CANARY\"}");
    T_OK(cx, acl_load(cx, anna, &acl));
    cx->acl = acl;
    cx->who.user = anna;
    int64_t mine = create(cx, "person", "{\"name\":\"Mine\"}");
    T(record_get(cx, ENT(cx, "person"), foreign, &r) == E_NOTFOUND);
    T(change(cx, "person", foreign, 0, "{\"name\":\"stolen\"}", &w) == E_NOTFOUND);
    T(record_delete(cx, ENT(cx, "person"), foreign, 0, &w) == E_NOTFOUND);
    T(record_delete(cx, ENT(cx, "person"), mine, 0, &w) == E_DENIED);
    T(try_create(cx, "person", arena_fmt(cx->a, "{\"name\":\"x\",\"owner\":\"%" PRId64 "\"}", role).p, &w) != E_OK);
    T(try_create(cx, "user", "{\"name\":\"Eve\"}", &w) == E_DENIED);
    struct query q = {.limit = 50};
    struct page p = {0};
    T_OK(cx, record_list(cx, ENT(cx, "person"), &q, &p));
    T(p.n == 1 && p.v[0].id == mine);
    T(try_create(cx, "interaction", arena_fmt(cx->a, "{\"subject\":\"s\",\"person\":\"%" PRId64 "\"}", foreign).p, &w) == E_INVALID);
    cx->acl = NULL;
    T_OK(cx, record_get(cx, ENT(cx, "person"), foreign, &r));
    HAS(text_of(cx, &r), "CANARY");
}

static void upload(struct cx *cx, int64_t id, const char *type)
{
    struct stored f = {.id = id, .bytes = 7, .name = S("a.png"), .type = str_from(type), .picture = str_has_prefix(str_from(type), S("image/"))};
    T_OK(cx, stored_add(cx, &f));
}

/* A file becomes its record's with the field it stands in; who may not read that field does not get the file. */
static void files(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct stored f = {0};
    struct written w = {0};
    const struct field *photo = FLD(ENT(cx, "person"), "photo");
    struct acl acl = {.user = 77};
    uint8_t *mask = mask_new(cx, &acl);
    memset(acl.reach, REACH_ALL, sizeof acl.reach);
    cx->acl = &acl;
    cx->who.user = 77;
    upload(cx, 501, "image/png");
    upload(cx, 502, "image/png");
    upload(cx, 503, "text/csv; charset=utf-8");
    T(try_create(cx, "person", "{\"name\":\"A\",\"photo\":\"503\"}", &w) == E_INVALID);
    T(try_create(cx, "person", "{\"name\":\"A\",\"photo\":\"504\"}", &w) == E_INVALID);
    T_STR(cx->at, S("photo"));
    T_OK(cx, stored_seen(cx, 503, &f)); /* refused: it is nobody's yet */
    int64_t id = create(cx, "person", "{\"name\":\"A\",\"photo\":{\"id\":\"501\"}}");
    HAS(shown(cx, "person", id), "\"photo\":{\"id\":\"501\",\"title\":\"a.png\",\"type\":\"image/png\",\"bytes\":7}");
    T_OK(cx, change(cx, "person", id, 0, "{\"photo\":\"502\"}", &w));
    cx->who.user = 78;
    T(stored_own(cx, 501, &f) == E_NOTFOUND);
    T(stored_seen(cx, 503, &f) == E_NOTFOUND);
    T_OK(cx, stored_seen(cx, 501, &f)); /* the one before */
    T_OK(cx, stored_seen(cx, 502, &f));
    T(f.bytes == 7 && str_eq(f.name, S("a.png")) && str_eq(f.type, S("image/png")));
    mask[acl.mask_at[photo->entity->at] + photo->at] = FIELD_HIDDEN;
    acl.mask = mask;
    T(stored_seen(cx, 502, &f) == E_NOTFOUND);
    T(stored_seen(cx, 501, &f) == E_NOTFOUND); /* it may have stood in the hidden field */
    acl.mask = NULL;
    acl.reach[ENT(cx, "person")->at][ACT_SEE] = REACH_NONE;
    T(stored_seen(cx, 502, &f) == E_NOTFOUND);
    cx->acl = NULL;
    T_OK(cx, stored_seen(cx, 503, &f));
}

/* Every database call of a write fails once: nothing has changed, the next try works. */
static void faults(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t firm = create(cx, "company", "{\"name\":\"F\"}"), n = 0, nth = 1;
    struct written w = {0};
    const char *json = arena_fmt(cx->a, "{\"name\":\"Fault\",\"company\":\"%" PRId64 "\",\"phones\":[\"+4915112345678\"],\"groups\":[]}", firm).p;
    bool exact = false;
    struct db_rows r = {0};
    for (; nth < 200; nth++) {
        db_fault_at(t->b, nth);
        enum err e = try_create(cx, "person", json, &w);
        db_fault_at(t->b, 0);
        if (e == E_OK) break;
        T(e == E_BUSY || e == E_INTERNAL || e == E_UNCERTAIN);
        T_OK(cx, record_count(cx, ENT(cx, "person"), NULL, false, 0, &n, &exact));
        T_INT(n, 0);
        T_OK(cx, db_query(cx, &r, "SELECT (SELECT count(*) FROM contact_point), (SELECT count(*) FROM change WHERE entity = 'person')"));
        T(db_int(&r, 0, 0) == 0 && db_int(&r, 0, 1) == 0);
    }
    T(nth > 5 && nth < 200);
    HAS(shown(cx, "company", firm), "\"people_count\":1");
}

static void both(void)
{
    static void (*const all[])(struct bed *) = {write_and_read, unique_and_lines, circles, undo, as_of, as_of_list, as_of_sorted, as_of_large, merge, merge_extensions, own_things, kind_changes, index_changes, own_many, linked, linked_many, rights, files, faults};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
}

TESTS("record", both)
