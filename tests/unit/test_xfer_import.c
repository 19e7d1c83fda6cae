/* SPDX-License-Identifier: MIT */
/* Whole files into the base and back, on both engines: the office's workbook and its CSV twin come out as their
 * truth says, the firm's first table as the flows say, and undo leaves nothing. */
#include "base/time.h"
#include "bed.h"
#include "fmt/fold.h"
#include "os/os.h"
#include "record/log.h"
#include "search/search.h"
#include "xfer/export.h"
#include "xfer/import.h"

#include <unistd.h>

static int64_t one(struct cx *cx, struct db_rows *r) { (void)cx; return r->n ? db_int(r, 0, 0) : -1; }
#define ASK(cx, sql) ({ struct db_rows r_ = {0}; T_OK(cx, db_query(cx, &r_, sql)); one(cx, &r_); })

static struct import_result import(struct bed *t, const char *path, bool dry, const char *refused)
{
    struct import_result r = {0};
    struct import_opt o = {.path = str_from(path), .name = str_from(path), .sheet = -1, .refused_path = str_from(refused)};
    if (refused) unlink(refused);
    T_OK(&t->cx, dry ? xfer_dry(&t->cx, &o, &r) : xfer_run(&t->cx, &o, &r));
    bed_reload(t);
    return r;
}

static void nothing_left(struct bed *t)
{
    struct cx *cx = &t->cx;
    T_INT(ASK(cx, "SELECT count(*) FROM person WHERE deleted_at IS NULL"), 0);
    T_INT(ASK(cx, "SELECT count(*) FROM company WHERE deleted_at IS NULL"), 0);
    T_INT(ASK(cx, "SELECT count(*) FROM interaction WHERE deleted_at IS NULL"), 0);
}

static void undo_all(struct bed *t, int64_t batch)
{
    struct undo_result u = {0};
    T_OK(&t->cx, undo_batch(&t->cx, batch, UNDO_ASK, &u));
    nothing_left(t);
    T_OK(&t->cx, undo_batch(&t->cx, u.batch, UNDO_ASK, &u)); /* redo */
}

static const char *const truth_names[][2] = {
    {"+79269089929", "Семёнова Светлана Михайловна"}, {"+4915195341387", "Köhler Jörg"}, {"+37061057105", "Stankevičius Mindaugas"}};

/* The sample shows each fate that a row met, however late in the file. */
static void each_fate_shown(const struct import_result *r)
{
    for (int f = 0; f < FATE_MAX; f++) {
        int64_t n = 0;
        for (size_t i = 0; i < r->sample.n; i++) n += r->sample.v[i].fate == (enum fate)f;
        T(n > 0 || r->fates[f] == 0);
    }
    T(r->sample.n <= IMPORT_SAMPLE);
}

static void office_truth(struct bed *t, const struct import_result *r)
{
    struct cx *cx = &t->cx;
    T_INT(r->rows, 3232);
    T_INT(r->fates[FATE_NEW], 3000);
    T_INT(r->fates[FATE_JOINED], 196);
    T_INT(r->fates[FATE_EMPTY], 36);
    T_INT(r->fates[FATE_REFUSED], 0);
    T_INT(r->made, 3000);
    T_INT(r->companies, 747);
    if (r->totals.n == 1) T_STR(r->totals.v[0].why, S("672037728.00"));
    T_INT((int64_t)r->totals.n, 1);
    each_fate_shown(r);
    if (r->is_dry) return;
    T_INT(ASK(cx, "SELECT count(*) FROM person WHERE deleted_at IS NULL"), 3000);
    T_INT(ASK(cx, "SELECT CAST(sum(x_summa_zakazov_rub) AS BIGINT) FROM person WHERE deleted_at IS NULL"), 67203772800);
    T_INT(ASK(cx, "SELECT count(*) FROM person p JOIN company c ON c.id = p.company WHERE c.inn IS NOT NULL AND p.deleted_at IS NULL"), 747);
    for (size_t i = 0; i < COUNT(truth_names); i++) {
        struct db_rows p = {0};
        T_OK(cx, db_query(cx, &p, "SELECT DISTINCT p.name FROM contact_point c JOIN person p ON p.id = c.record WHERE c.norm = $1", V(str_from(truth_names[i][0]))));
        T_INT((int64_t)p.n, 1);
    }
}

/* All twenty callers of the truth, each one person. */
static void office_callers(struct bed *t, bool exact)
{
    struct cx *cx = &t->cx;
    str text = {0};
    const struct json *truth = NULL;
    T_OK(cx, os_read_file(cx, S("tests/fixtures/office/truth.json"), 1 << 20, &text));
    T_OK(cx, json_parse(cx, text, &truth));
    const struct json *calls = json_get(truth, S("calls"));
    T_INT((int64_t)calls->n, 20);
    for (size_t i = 0; i < calls->n; i++) {
        struct db_rows p = {0};
        str number = json_get(&calls->v[i], S("number"))->s, name = json_get(&calls->v[i], S("name"))->s;
        T_OK(cx, db_query(cx, &p, "SELECT DISTINCT p.name FROM contact_point c JOIN person p ON p.id = c.record"
                          " WHERE c.norm = $1 AND p.deleted_at IS NULL", V(number)));
        T_INT((int64_t)p.n, 1);
        str got = db_str(&p, 0, 0);
        T(fold_compat(cx->a, got, name) >= 95);
        if (exact && i == 3) T_STR(got, name);
    }
}

static void office(struct bed *t, const char *path, bool workbook)
{
    t->cx.country = S("RU");
    t->cx.lang = S("ru");
    struct import_result r = import(t, path, true, NULL);
    office_truth(t, &r);
    nothing_left(t);
    r = import(t, path, false, NULL);
    fprintf(stderr, "office: %" PRId64 " ms, %" PRId64 " interactions\n", r.ms, r.interactions);
    office_truth(t, &r);
    office_callers(t, workbook);
    undo_all(t, r.batch);
    int64_t people = ASK(&t->cx, "SELECT count(*) FROM person WHERE deleted_at IS NULL");
    T_INT(people, 3000);
    /* the same file once more changes nothing and makes nobody */
    r = import(t, path, false, NULL);
    T_INT(r.made, 0);
    T_INT(r.companies, 0);
    T_INT(r.interactions, 0);
    T_INT(r.fates[FATE_NEW], 0);
    T_INT(r.fates[FATE_JOINED] + r.fates[FATE_CHANGED], 3196);
    T_INT(ASK(&t->cx, "SELECT CAST(sum(x_summa_zakazov_rub) AS BIGINT) FROM person WHERE deleted_at IS NULL"), 67203772800);
}

static void office_xlsx(struct bed *t) { office(t, "tests/fixtures/office/clients.xlsx", true); }
static void office_csv(struct bed *t) { office(t, "tests/fixtures/office/clients-windows-1251.csv", false); }

static void kunden_counts(const struct import_result *r)
{
    T_INT(r->rows, 8);
    T_INT(r->fates[FATE_NEW], 6);
    T_INT(r->fates[FATE_JOINED], 1);
    T_INT(r->fates[FATE_REFUSED], 1);
    T_INT(r->made, 5);
    T_INT(r->companies, 4);
    T_INT(r->problems, 4);
    T_INT(r->unsure, 1);
    each_fate_shown(r);
}

static void kunden(struct bed *t)
{
    struct cx *cx = &t->cx;
    const char *refused = "/tmp/kontor-test-refused.xlsx";
    t->cx.lang = S("de");
    struct import_result r = import(t, "tests/fixtures/kunden.xlsx", true, NULL);
    kunden_counts(&r);
    r = import(t, "tests/fixtures/kunden.xlsx", false, refused);
    kunden_counts(&r);
    T(r.has_refused_file);
    T_INT(ASK(cx, "SELECT count(*) FROM contact_point WHERE norm = '+4915123456789'"), 1);
    T_INT(ASK(cx, "SELECT count(*) FROM person WHERE name = 'Jörg Müller'"), 1);
    T_INT(ASK(cx, "SELECT x_umsatz_2025 FROM person WHERE name = 'Jörg Müller'"), 1248050);
    T_INT(ASK(cx, "SELECT count(*) FROM company WHERE name LIKE 'Elektro%'"), 1);
    T_INT(ASK(cx, "SELECT count(*) FROM \"group\" WHERE deleted_at IS NULL"), 3);
    T_INT(access(refused, R_OK), 0);
    unlink(refused);
    undo_all(t, r.batch);
}

static void sales(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct import_result r = import(t, "tests/fixtures/crm/accounts.csv", false, NULL);
    T_INT(r.rows, 85);
    T_INT(r.fates[FATE_NEW], 85);
    T_INT(ASK(cx, "SELECT count(*) FROM company"), 85);
    T_INT(ASK(cx, "SELECT count(*) FROM company c JOIN company p ON p.id = c.parent WHERE p.name = 'Acme Corporation'"), 4);
    T_INT(ASK(cx, "SELECT count(*) FROM company WHERE parent IS NOT NULL"), 14 + 1);
    r = import(t, "tests/fixtures/crm/sales_teams.csv", false, NULL);
    T_INT(r.fates[FATE_NEW], 35);
    T_INT(ASK(cx, "SELECT count(*) FROM \"user\" WHERE active = 0"), 35);
    T_INT(ASK(cx, "SELECT count(*) FROM team"), 6);
    T_INT(ASK(cx, "SELECT count(*) FROM branch"), 3);
    r = import(t, "tests/fixtures/crm/sales_teams.csv", false, NULL);
    T_INT(r.fates[FATE_NEW], 0);
    T_INT(ASK(cx, "SELECT count(*) FROM \"user\" WHERE active = 0"), 35);
}

/* A price list is refused and leaves nothing behind; a column mapped by hand makes it one of firms. */
static void price_list(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct import_result r = {0};
    struct import_opt o = {.path = S("tests/fixtures/crm/products.csv"), .sheet = -1, .tmpdir = S("/tmp")};
    cx->lang = S("de");
    T_INT(xfer_dry(cx, &o, &r), E_TYPE);
    T(str_has_prefix(cx->msg, S("Diese Datei sieht nicht nach Personen oder Firmen aus")));
    T_INT(xfer_run(cx, &o, &r), E_TYPE);
    T_INT(r.fields, 0);
    T_INT(ASK(cx, "SELECT count(*) FROM batch"), 0);
    T_OK(cx, json_parse(cx, S("{\"entity\":\"company\",\"columns\":[{\"index\":0,\"to\":\"name\"}]}"), &o.mapping));
    T_OK(cx, xfer_run(cx, &o, &r));
    T_INT(r.fates[FATE_NEW], 7);
    T_INT(ASK(cx, "SELECT count(*) FROM company WHERE name = 'GTX Pro'"), 1);
}

/* Stopped in the middle, gone on with, as if it had never stopped. */
static bool stop_at_thousand(void *arg, int64_t done, int64_t total)
{
    (void)total;
    *(int64_t *)arg = done;
    return done < 1000;
}

static void resume(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t done = 0;
    struct import_result r = {0};
    struct import_opt o = {.path = S("tests/fixtures/office/clients.xlsx"), .sheet = -1, .progress = stop_at_thousand, .arg = &done};
    cx->country = S("RU");
    T_OK(cx, xfer_run(cx, &o, &r));
    bed_reload(t);
    T(r.is_stopped && done >= 1000 && done < 3232);
    o.progress = NULL;
    o.batch = r.batch;
    T_OK(cx, xfer_run(cx, &o, &r));
    bed_reload(t);
    T_INT(r.batch, o.batch);
    T_INT(r.rows, 3232 - done);
    T_INT(ASK(cx, "SELECT count(*) FROM person WHERE deleted_at IS NULL"), 3000);
    T_INT(ASK(cx, "SELECT count(*) FROM company WHERE deleted_at IS NULL"), 747);
    T_INT(ASK(cx, "SELECT CAST(sum(x_summa_zakazov_rub) AS BIGINT) FROM person"), 67203772800);
    T_INT(xfer_run(cx, &o, &r), E_CONFLICT); /* it is done */
    undo_all(t, o.batch);
}

struct sink {
    struct buf b;
};
static enum err sink_put(struct cx *cx, void *arg, str piece)
{
    struct sink *s = arg;
    (void)cx;
    buf_add(&s->b, piece);
    return E_OK;
}

static str export(struct cx *cx, const char *entity, enum export_format f, struct export_result *r)
{
    struct sink s = {buf_new(cx->a, 64 << 20)};
    struct export_opt o = {.entity = str_from(entity), .format = f};
    unsigned char sum[32];
    T_OK(cx, xfer_export(cx, &o, sink_put, &s, r));
    os_sha256(buf_str(&s.b), sum);
    T_STR(r->sha256, os_hex(cx->a, sum, 32));
    T_INT(r->bytes, (int64_t)s.b.n);
    return buf_str(&s.b);
}

/* Out in every format, and what comes out goes in again as it was. */
static void round_trip(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct export_result r = {0};
    t->cx.lang = S("de");
    (void)import(t, "tests/fixtures/kunden.xlsx", false, NULL);
    str csv = export(cx, "person", EXPORT_CSV, &r);
    T_INT(r.rows, 5);
    T(str_find(csv, S("Rūta Žukauskaitė")) > 0 && str_find(csv, S("12480.50")) > 0);
    str vcf = export(cx, "person", EXPORT_VCF, &r);
    T(str_find(vcf, S("TEL;TYPE=CELL:+4915123456789")) > 0 || str_find(vcf, S("+4915123456789")) > 0);
    str lines = export(cx, "company", EXPORT_JSONL, &r);
    T_INT(r.rows, 4);
    T(str_find(lines, S("Dachbau Nord KG")) > 0);
    str all = export(cx, "", EXPORT_JSONL, &r);
    T(r.rows >= 5 + 4 + 3);
    T(str_find(all, S("{\"entity\":\"person\",\"record\":{")) >= 0);
    str xlsx = export(cx, "person", EXPORT_XLSX, &r);
    T(str_has_prefix(xlsx, S("PK")));
    T_OK(cx, os_write_file_atomic(cx, S("/tmp/kontor-test-out.csv"), csv, 0600));
    T_OK(cx, os_write_file_atomic(cx, S("/tmp/kontor-test-out.vcf"), vcf, 0600));
    struct import_result again = import(t, "/tmp/kontor-test-out.vcf", false, NULL);
    T_INT(again.rows, 5);
    T_INT(again.made, 0); /* Max has neither number nor mail left: he is known by his name and firm */
    again = import(t, "/tmp/kontor-test-out.csv", true, NULL);
    T_INT(again.fates[FATE_REFUSED], 0);
    T_INT(again.companies, 0);
    unlink("/tmp/kontor-test-out.csv");
    unlink("/tmp/kontor-test-out.vcf");
}

/* Broken and hostile files: a clear error, and nothing done. */
static void bad_files(struct bed *t)
{
    struct cx *cx = &t->cx;
    static const struct {
        str bytes;
        enum err want;
    } rows[] = {{S0(""), E_TYPE}, {S0("PK\x03\x04 no zip"), E_INVALID}, {S0("%PDF-1.7"), E_TYPE}, {S0("a;b\n\"never closed;1\n2\n3\n"), E_INVALID},
                {S0("\x7F" "ELF"), E_TYPE}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct import_result r = {0};
        struct import_opt o = {.path = S("/tmp/kontor-test-bad"), .sheet = -1};
        T_OK(cx, os_write_file_atomic(cx, o.path, rows[i].bytes, 0600));
        enum err e = xfer_run(cx, &o, &r);
        T(e == rows[i].want || (rows[i].want == E_INVALID && e == E_TYPE));
        T(cx->msg.n > 0);
        T_INT(r.made, 0);
    }
    struct import_result r = {0};
    struct import_opt o = {.path = S("/tmp/kontor-test-none"), .sheet = -1};
    T_INT(xfer_run(cx, &o, &r), E_NOTFOUND);
    const char *csv = "name;phone;note\n=1+1;0151 23456789;x\n" "A\x01;@SUM(1);'; DROP TABLE person\n";
    T_OK(cx, os_write_file_atomic(cx, S("/tmp/kontor-test-bad"), str_from(csv), 0600));
    r = import(t, "/tmp/kontor-test-bad", false, NULL);
    T_INT(r.rows, 2);
    T_INT(ASK(cx, "SELECT count(*) FROM person WHERE deleted_at IS NULL"), r.made);
    unlink("/tmp/kontor-test-bad");
}

/* A row that the base refuses in the middle of a slice is refused alone. */
static void refusals(struct bed *t)
{
    struct cx *cx = &t->cx;
    const char *path = "/tmp/kontor-test-users.csv", *refused = "/tmp/kontor-test-refused2.xlsx";
    const char *csv = "sales_agent;e-mail\nAnna;x@example.org\nBen;x@example.org\nCarl;c@example.org\n";
    T_OK(cx, os_write_file_atomic(cx, str_from(path), str_from(csv), 0600));
    struct import_result r = import(t, path, false, refused);
    T_INT(r.rows, 3);
    T_INT(r.fates[FATE_NEW], 2);
    T_INT(r.fates[FATE_REFUSED], 1);
    T_INT(r.made, 2);
    T(r.has_refused_file);
    T_INT(ASK(cx, "SELECT count(*) FROM \"user\" WHERE mail IS NOT NULL"), 2);
    struct buf b = buf_new(cx->a, 4096);
    buf_add(&b, S("name;phone\n"));
    for (int i = 0; i < 300; i++) buf_byte(&b, 'x');
    buf_add(&b, S(";\nOna;+37061122233\n"));
    T_OK(cx, os_write_file_atomic(cx, str_from(path), buf_str(&b), 0600));
    r = import(t, path, false, refused);
    T_INT(r.fates[FATE_REFUSED], 1);
    T_INT(r.fates[FATE_NEW], 1);
    unlink(path);
    unlink(refused);
}

/* Slices of a house that is shut are larger; what comes of the rows is the same. */
static bool widest(void *arg, int64_t done, int64_t total)
{
    int64_t *seen = arg; /* position, largest slice */
    (void)total;
    if (done - seen[0] > seen[1]) seen[1] = done - seen[0];
    seen[0] = done;
    return true;
}

static void alone(struct bed *t)
{
    enum { ROWS = 1200, SLICE = 400 };
    struct cx *cx = &t->cx;
    const char *path = "/tmp/kontor-test-alone.csv";
    struct buf b = buf_new(cx->a, 1 << 20);
    for (int round = 0; round < 2; round++) {
        int64_t seen[2] = {0};
        struct import_result r = {0};
        struct import_opt o = {.path = str_from(path), .sheet = -1, .alone = round, .progress = widest, .arg = seen};
        b = buf_new(cx->a, 1 << 20);
        buf_add(&b, S("sales_agent;e-mail\n"));
        for (int i = 0; i < ROWS; i++) buf_fmt(&b, "Agent %d-%d;a%d.%d@example.org\n", round, i, round, i == 900 ? 3 : i);
        T_OK(cx, os_write_file_atomic(cx, str_from(path), buf_str(&b), 0600));
        T_OK(cx, xfer_run(cx, &o, &r));
        bed_reload(t);
        T_INT(r.rows, ROWS);
        T_INT(r.fates[FATE_REFUSED], 1);
        T_INT(r.made, ROWS - 1);
        T_INT(seen[0], ROWS);
        T(round || seen[1] <= SLICE);
        T_INT(ASK(cx, "SELECT count(*) FROM \"user\" WHERE mail IS NOT NULL"), (round + 1) * (ROWS - 1));
        T_INT(ASK(cx, "SELECT done FROM batch ORDER BY id DESC LIMIT 1"), ROWS);
    }
    unlink(path);
}

/* Without the right to import, or to make fields, nothing happens. */
static void rights(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct acl acl = {.user = 1};
    struct import_result r = {0};
    struct import_opt o = {.path = S("tests/fixtures/kunden.xlsx"), .sheet = -1};
    struct export_result x = {0};
    struct export_opt eo = {.entity = S("person"), .format = EXPORT_CSV};
    struct sink s = {buf_new(cx->a, 1 << 20)};
    cx->acl = &acl;
    T_INT(xfer_dry(cx, &o, &r), E_DENIED);
    T_INT(xfer_run(cx, &o, &r), E_DENIED);
    T_INT(xfer_export(cx, &eo, sink_put, &s, &x), E_DENIED);
    memset(acl.reach, REACH_ALL, sizeof acl.reach);
    T_OK(cx, xfer_dry(cx, &o, &r));
    T_INT(xfer_run(cx, &o, &r), E_DENIED); /* a new field needs the right to settings */
    cx->acl = NULL;
    nothing_left(t);
}

static void write_text(struct cx *cx, const char *path, const char *text)
{
    T_OK(cx, os_write_file_atomic(cx, str_from(path), str_from(text), 0600));
}

static void mask(struct cx *cx, struct acl *acl, uint8_t *all, const char *entity, const char *field, enum field_right r)
{
    const struct field *f = entity_field(meta_entity(cx->meta, str_from(entity)), str_from(field));
    T(f != NULL);
    if (f) all[acl->mask_at[f->entity->at] + f->at] = (uint8_t)r;
}

/* What may not be written is left out of the plan and of the rows, however it is named; the rows go in without it. */
static void masked(struct bed *t)
{
    static const char table[] = "/tmp/kontor-test-masked.csv", cards[] = "/tmp/kontor-test-masked.vcf";
    static const char *const maps[] = {
        NULL,
        "{\"columns\":[{\"index\":0,\"to\":\"name\"},{\"index\":2,\"to\":\"birthday\"},{\"index\":3,\"to\":\"new\",\"kind\":\"decimal\",\"label\":\"Umsatz\"},"
        "{\"index\":4,\"to\":\"company.name\"},{\"index\":5,\"to\":\"company.inn\"}]}"};
    struct cx *cx = &t->cx;
    struct acl acl = {.user = 1};
    struct import_result r = {0};
    write_text(cx, table, "Name;Umsatz\nErna Erste;5,00\nEgon Erster;7,50\n");
    r = import(t, table, false, NULL);
    T(entity_field(ENT(cx, "person"), S("x_umsatz")) != NULL);
    memset(acl.reach, REACH_ALL, sizeof acl.reach);
    for (size_t i = 0; i < cx->meta->n; i++) {
        acl.mask_at[cx->meta->entity[i].at] = (uint32_t)acl.mask_n;
        acl.mask_fields[cx->meta->entity[i].at] = (uint16_t)cx->meta->entity[i].n;
        acl.mask_n += cx->meta->entity[i].n;
    }
    uint8_t *all = NEW_N(cx->a, uint8_t, acl.mask_n);
    mask(cx, &acl, all, "person", "birthday", FIELD_HIDDEN);
    mask(cx, &acl, all, "person", "last_name", FIELD_HIDDEN);
    mask(cx, &acl, all, "person", "x_umsatz", FIELD_READ);
    mask(cx, &acl, all, "company", "inn", FIELD_READ);
    acl.mask = all;
    cx->acl = &acl;
    for (size_t i = 0; i < COUNT(maps); i++) {
        write_text(cx, table, arena_fmt(cx->a,
                   "Name;Telefon;Geburtstag;Umsatz;Firma;INN\nMarkus%zu Adler;0221 55580%zu;03.04.1971;5,00;Adler%zu GmbH;7707083893\n"
                   "Anna%zu Bauer;0221 55590%zu;05.06.1982;7,50;Bauer%zu GmbH;7736050003\n", i, i, i, i, i, i).p);
        struct import_opt o = {.path = str_from(table), .sheet = -1};
        if (maps[i]) T_OK(cx, json_parse(cx, str_from(maps[i]), &o.mapping));
        struct source_opt so = {o.path, S(""), o.mapping, -1};
        struct buf b = buf_new(cx->a, 1 << 20);
        struct jw w = jw_new(&b);
        T_OK(cx, xfer_plan(cx, &so, &w));
        T(!b.full && str_find(buf_str(&b), S("\"birthday\"")) < 0 && str_find(buf_str(&b), S("\"x_umsatz\"")) < 0);
        T(str_find(buf_str(&b), S("\"company.inn\"")) < 0 && str_find(buf_str(&b), S("\"company.name\"")) > 0);
        T_OK(cx, xfer_dry(cx, &o, &r));
        T_INT(r.fates[FATE_NEW], 2);
        T_OK(cx, xfer_run(cx, &o, &r));
        T_INT(r.fates[FATE_NEW], 2);
        T_INT(r.fates[FATE_REFUSED], 0);
    }
    write_text(cx, cards, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Karte;Karla;;;\r\nFN:Karla Karte\r\nTEL:+4922155577\r\nBDAY:1990-01-02\r\nEND:VCARD\r\n");
    struct import_opt o = {.path = str_from(cards), .sheet = -1};
    T_OK(cx, xfer_run(cx, &o, &r));
    T_INT(r.fates[FATE_NEW], 1);
    cx->acl = NULL;
    T_INT(ASK(cx, "SELECT count(*) FROM person"), 7);
    T_INT(ASK(cx, "SELECT count(*) FROM person WHERE birthday IS NOT NULL"), 0);
    T_INT(ASK(cx, "SELECT count(*) FROM person WHERE x_umsatz IS NOT NULL"), 2); /* those before */
    T_INT(ASK(cx, "SELECT count(*) FROM company WHERE inn IS NOT NULL"), 0);
    unlink(table);
    unlink(cards);
}

/* One table in a sheet for each year: all are read, wherever their columns stand; a merged cell is both rows' firm. What
 * is no part of it is named; a sheet that is asked for is read alone. */
static void sheets(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct import_result r = import(t, "tests/fixtures/years.xlsx", true, NULL);
    T_INT(r.rows, 6);
    T_INT(r.fates[FATE_NEW], 4);
    r = import(t, "tests/fixtures/years.xlsx", false, NULL);
    T_INT(r.rows, 6);
    T_INT(r.fates[FATE_NEW], 4);
    T_INT(r.fates[FATE_JOINED], 1);
    T_INT(r.fates[FATE_EMPTY], 1);
    T_INT(r.companies, 3);
    T_INT((int64_t)r.left_out.n, 1);
    T_STR(r.left_out.v[0].name, S("Preise"));
    T_INT(r.left_out.v[0].rows, 2);
    T_STR(r.sample.v[r.sample.n - 1].sheet, S("2024"));
    T_INT(r.sample.v[r.sample.n - 1].row, 4);
    T_INT(ASK(cx, "SELECT count(*) FROM person WHERE deleted_at IS NULL"), 4);
    T_INT(ASK(cx, "SELECT x_umsatz FROM person WHERE name = 'Anna Weber'"), 15000);
    T_INT(ASK(cx, "SELECT count(*) FROM person p JOIN company c ON c.id = p.company WHERE c.name = 'Gamma KG'"), 2);
    undo_all(t, r.batch);
    struct import_opt o = {.path = S("tests/fixtures/years.xlsx"), .sheet = 3, .dry = true};
    T_OK(cx, xfer_dry(cx, &o, &r));
    T_INT(r.rows, 1);
    T_INT((int64_t)r.left_out.n, 0);
    T_STR(r.sample.v[0].sheet, S(""));
}

/* Broken off behind the last row and gone on with: the rows of both sheets are known, none comes twice. */
static bool stop_at_three(void *arg, int64_t done, int64_t total)
{
    (void)arg;
    T_INT(total, 6);
    return done < 3;
}

static void sheets_resumed(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct import_result r = {0};
    struct import_opt o = {.path = S("tests/fixtures/years.xlsx"), .sheet = -1, .progress = stop_at_three};
    T_OK(cx, xfer_run(cx, &o, &r));
    bed_reload(t);
    o.batch = r.batch;
    o.progress = NULL;
    if (r.is_stopped) T_OK(cx, xfer_run(cx, &o, &r));
    T_INT(ASK(cx, "SELECT count(*) FROM person WHERE deleted_at IS NULL"), 4);
    T_INT(ASK(cx, "SELECT sum(x_umsatz) FROM person"), 35700);
}

static void mappings(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t id = 0;
    struct buf b = buf_new(cx->a, 4096);
    struct jw w = jw_new(&b);
    T_OK(cx, mapping_save(cx, S(" Office "), S("{\"columns\":[]}"), &id));
    T_INT(mapping_save(cx, S(""), S("{}"), &id), E_INVALID);
    T_INT(mapping_save(cx, S("x"), S("[1"), &id), E_BAD);
    T_OK(cx, mapping_list_json(cx, &w));
    T(str_find(buf_str(&b), S("\"name\":\"Office\"")) > 0);
    int64_t again = 0;
    T_OK(cx, mapping_save(cx, S("Office"), S("{\"columns\":[],\"join\":false}"), &again));
    T_INT(again, id); /* over the one of this name */
    T_OK(cx, mapping_delete(cx, id));
    T_INT(mapping_delete(cx, id), E_NOTFOUND);
    /* What was kept of one file fits another whose columns stand elsewhere: by heading. */
    const struct json *m = NULL;
    struct source_opt o = {.path = S("tests/fixtures/years.xlsx"), .entity = S("person"), .sheet = 0};
    T_OK(cx, json_parse(cx, S("{\"columns\":[{\"index\":1,\"to\":\"name\"},{\"index\":2,\"to\":\"phones\"},{\"index\":0,\"to\":\"note\"}]}"), &o.mapping));
    T_OK(cx, mapping_keep(cx, &o, S("Jahre")));
    T_OK(cx, mapping_find(cx, S("Jahre"), &m));
    T_INT(mapping_find(cx, S("nosuch"), &m), E_NOTFOUND);
    struct import_result r = {0};
    struct import_opt io = {.path = S("tests/fixtures/years.xlsx"), .sheet = 1, .mapping = m};
    T_OK(cx, xfer_run(cx, &io, &r));
    bed_reload(t);
    T_INT(ASK(cx, "SELECT count(*) FROM person p JOIN contact_point c ON c.record = p.id AND c.field = 'phones' WHERE p.name = 'Carla Roth' AND p.note = 'Gamma KG' AND p.company IS NULL AND c.norm = '+4922155503'"), 1);
}

static void t_office_xlsx(void) { bed_both(office_xlsx); }
static void t_office_csv(void) { bed_both(office_csv); }
static void t_kunden(void) { bed_both(kunden); }
static void t_sales(void) { bed_both(sales); }
static void t_price_list(void) { bed_both(price_list); }
static void t_resume(void) { bed_both(resume); }
static void t_round(void) { bed_both(round_trip); }
static void t_broken(void) { bed_both(bad_files); }
static void t_refusals(void) { bed_both(refusals); }
static void t_alone(void) { bed_both(alone); }
static void t_rights(void) { bed_both(rights); }
static void t_masked(void) { bed_both(masked); }
static void t_mappings(void) { bed_both(mappings); }
static void t_sheets(void) { bed_both(sheets); }
static void t_sheets_resumed(void) { bed_both(sheets_resumed); }
TESTS("xfer_import", t_mappings, t_sheets, t_sheets_resumed, t_refusals, t_alone, t_rights, t_masked, t_kunden, t_sales, t_price_list, t_broken, t_round, t_office_xlsx, t_office_csv, t_resume)
