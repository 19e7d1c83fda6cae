/* SPDX-License-Identifier: MIT */
/* Registers: who is asked what, what is made of an answer, hostile and missing answers, what is kept; proposals. */
#include "register/register_int.h"

#include "os/os.h"
#include "record/log.h"
#include "register/proposal.h"
#include "register/register_stub.h"
#include "search_make.h"
#include "xfer/import.h"

static struct reg_answer ask(struct cx *cx, const struct register_conf *c, const char *country, const char *number, const char *name)
{
    struct reg_query q = {str_from(country), str_from(number), str_from(name)};
    struct reg_answer a = {0};
    T_OK(cx, register_find(cx, c, &q, &a));
    return a;
}

static enum reg_how how(const struct reg_answer *a, const char *source)
{
    for (size_t i = 0; i < a->n_asked; i++)
        if (str_eq(a->asked[i].source, str_from(source))) return a->asked[i].how;
    return (enum reg_how)99;
}

static str fields(struct cx *cx, const struct reg_firm *f)
{
    struct buf b = buf_new(cx->a, 65536);
    struct jw w = jw_new(&b);
    reg_fields_json(f, &w);
    return buf_str(&b);
}

static void vies(struct cx *cx, struct reg_stub *s)
{
    struct reg_answer a = ask(cx, &s->conf, "LT", "LT100001919017", "");
    T(a.n == 1 && a.n_asked == 1 && how(&a, "vies") == REG_FOUND && a.v[0].state == REG_ACTIVE && !a.asked[0].cached);
    T_STR(fields(cx, &a.v[0]), S("{\"name\":\"UAB Baltijos prekyba\",\"vat_id\":\"LT100001919017\",\"addresses\":[{\"type\":\"office\",\"text\":\"Gedimino pr. 1, Vilnius\",\"country\":\"LT\"}]}"));
    a = ask(cx, &s->conf, "LT", "1000 0191 9017", ""); /* the same number, the country told apart */
    T(a.n == 1 && a.asked[0].cached);
    a = ask(cx, &s->conf, "DE", "DE136695976", ""); /* name withheld */
    T(a.n == 1 && !a.v[0].name.n && !a.v[0].address.n);
    T_STR(a.v[0].vat_id, S("DE136695976"));
    a = ask(cx, &s->conf, "", "EE100931558", "");
    T(a.n == 0 && how(&a, "vies") == REG_NOTHING);
}

static void gleif(struct cx *cx, struct reg_stub *s)
{
    struct reg_answer a = ask(cx, &s->conf, "DE", "", "Köln");
    T(a.n == 4 && a.n_asked == 1 && how(&a, "gleif") == REG_FOUND);
    T(a.v[0].state == REG_ACTIVE && a.v[1].state == REG_CLOSED && a.v[2].state == REG_INSOLVENT && a.v[3].state == REG_CLOSING);
    T_STR(fields(cx, &a.v[0]), S("{\"name\":\"Kölner Handel GmbH\",\"reg_no\":\"HRB 4711\",\"addresses\":[{\"type\":\"office\",\"street\":\"Hauptstr. 1, Hof\",\"zip\":\"50667\",\"city\":\"Köln\",\"country\":\"DE\"}]}"));
    a = ask(cx, &s->conf, "DE", "HRB 4711", "");
    T(a.n == 1 && str_eq(a.v[0].source, S("gleif")));
    a = ask(cx, &s->conf, "", "", "Deutsche Bank");
    T_INT((int64_t)a.n, REG_FIRMS_MAX);
}

static void dadata(struct cx *cx, struct reg_stub *s)
{
    struct reg_answer a = ask(cx, &s->conf, "RU", "7707083893", "");
    T(how(&a, "dadata") == REG_FOUND && how(&a, "gleif") == REG_NOTHING && a.n == 1 && a.v[0].state == REG_ACTIVE);
    T_STR(a.v[0].full_name, S("Общество с ограниченной ответственностью «Ромашка»"));
    T_STR(a.v[0].kpp, S("773601001"));
    a = ask(cx, &s->conf, "RU", "", "Ромашка");
    T(a.n == 2 && a.v[1].state == REG_INSOLVENT);
}

static void hostile(struct cx *cx, struct reg_stub *s)
{
    static const char *const down[] = {"ATU13585627", "NL004495445B01", "PL8567346215", "FI20774740", "SE556188840401", "LU15027442", "LV40003521600",
                                       "BE0136695962", "IT00743110157", "IE6433435F", "FR40303265045"};
    for (size_t i = 0; i < COUNT(down); i++) {
        int64_t start = os_mono_ms();
        struct reg_answer a = ask(cx, &s->conf, "", down[i], "");
        if (a.n || how(&a, "vies") != REG_DOWN) fprintf(stderr, "hostile: %s\n", down[i]);
        T(a.n == 0 && how(&a, "vies") == REG_DOWN);
        T(os_mono_ms() - start < 4000);
    }
    struct reg_answer a = ask(cx, &s->conf, "", "DK13585628", "");
    T(a.n == 1);
    T_STR(a.v[0].name, S("Kun <script>alert(1)</script>"));
    T_STR(a.v[0].address, S("A, B"));
    a = ask(cx, &s->conf, "RU", "7830002293", "");
    T(a.n == 0 && how(&a, "dadata") == REG_DOWN);
    struct register_conf c = s->conf;
    c.dadata_key = S("FALSCH");
    a = ask(cx, &c, "RU", "7736050003", "");
    T(how(&a, "dadata") == REG_DOWN);
    c.dadata_key = S("");
    a = ask(cx, &c, "RU", "7736050003", "");
    T(how(&a, "dadata") == (enum reg_how)99);
    c = s->conf;
    c.providers = S("off");
    a = ask(cx, &c, "LT", "LT100001919017", "Köln");
    T(a.n == 0 && a.n_asked == 0);
    c.providers = S("gleif, dadata");
    a = ask(cx, &c, "LT", "LT100001919017", "");
    T(a.n_asked == 0);
}

static void questions(struct cx *cx, struct reg_stub *s)
{
    char big[400];
    memset(big, 'x', sizeof big);
    str x = {big, sizeof big};
    const struct reg_query bad[] = {{S(""), S(" "), S("")}, {S("DEU"), S("1"), S("")}, {S("DE"), str_cut(x, 0, 41), S("")}, {S("DE"), S(""), str_cut(x, 0, 201)}};
    struct reg_answer a = {0};
    for (size_t i = 0; i < COUNT(bad); i++) T(register_find(cx, &s->conf, &bad[i], &a) == E_INVALID);
    static const char *const no[] = {"http://ec.europa.eu/x", "ftp://127.0.0.1/", "https://", "https://a b/", "https://user@host/", "http://127.0.0.1.evil.example/", "file:///etc/passwd", "http://localhost@evil/"};
    static const char *const yes[] = {"https://ec.europa.eu/x", "http://127.0.0.1:80/x", "http://[::1]/x", "http://localhost:1"};
    for (size_t i = 0; i < COUNT(no); i++) T(!reg_url_ok(str_from(no[i])));
    for (size_t i = 0; i < COUNT(yes); i++) T(reg_url_ok(str_from(yes[i])));
    struct register_conf c = s->conf;
    T_OK(cx, register_conf_check(cx, &c));
    c.providers = S("vies,nosuch");
    T(register_conf_check(cx, &c) == E_INVALID);
    c = s->conf;
    c.vies_url = S("http://ec.europa.eu/");
    T(register_conf_check(cx, &c) == E_INVALID);
    c = s->conf;
    c.dadata_key = S("a\r\nX: y");
    T(register_conf_check(cx, &c) == E_INVALID);
}

/* Kept for 30 days, also when the register is gone; then asked again. */
static void kept(struct cx *cx, struct reg_stub *s)
{
    struct register_conf c = s->conf;
    reg_stub_stop(s);
    struct reg_answer a = ask(cx, &c, "", "LT100001919017", "");
    T(a.n == 1 && a.asked[0].cached && a.asked[0].at == cx->now_ms);
    a = ask(cx, &c, "", "EE100931558", ""); /* "unknown" is not kept: tomorrow it may be known */
    T(a.n == 0 && how(&a, "vies") == REG_DOWN);
    int64_t now = cx->now_ms;
    cx->now_ms += INT64_C(86400000) * 31;
    a = ask(cx, &c, "", "LT100001919017", "");
    T(a.n == 0 && how(&a, "vies") == REG_DOWN);
    cx->now_ms = now;
}

static void registers(struct bed *t)
{
    struct reg_stub s = reg_stub_start(&t->cx);
    vies(&t->cx, &s);
    gleif(&t->cx, &s);
    dadata(&t->cx, &s);
    hostile(&t->cx, &s);
    questions(&t->cx, &s);
    kept(&t->cx, &s);
}

/* ---- proposals ---- */
static size_t propose(struct cx *cx, const char *entity, int64_t id, const char *source, const char *json)
{
    const struct json *j = NULL;
    size_t n = 0;
    T_OK(cx, json_parse(cx, str_from(json), &j));
    T_OK(cx, proposal_put(cx, meta_entity(cx->meta, str_from(entity)), id, str_from(source), j, &n));
    return n;
}

static str listed(struct cx *cx, const char *entity, int64_t id)
{
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    T_OK(cx, proposal_list_json(cx, meta_entity(cx->meta, str_from(entity)), id, &w));
    return buf_str(&b);
}

static int64_t open_id(struct cx *cx, int64_t record, const char *field)
{
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT id FROM proposal WHERE record = $1 AND field = $2 AND state = 'open'", V(record), V(str_from(field))));
    return r.n == 1 ? db_int(&r, 0, 0) : 0;
}

static void proposals(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct entity *e = NULL;
    struct written w = {0};
    struct record r = {0};
    const struct entity *company = ENT(cx, "company");
    int64_t firm = make(cx, "company", "{\"name\":\"Alt\",\"reg_no\":\"HRB 1\",\"phones\":[\"0221 5550001\"]}");
    T_INT((int64_t)propose(cx, "company", firm, "gleif", "{\"name\":\"Neu\",\"reg_no\":\"HRB 1\"}"), 1); /* what it has is none */
    T_INT((int64_t)propose(cx, "company", firm, "gleif", "{\"name\":\"Neu\"}"), 0);
    T_INT((int64_t)propose(cx, "company", firm, "gleif", "{\"name\":\"Neuer\"}"), 1); /* in place of it */
    T_INT((int64_t)propose(cx, "company", firm, "sync", "{\"phones\":[\"0221 5550002\",\"0221 5550001\"]}"), 1);
    T(str_find(listed(cx, "company", firm), S("\"field\":\"name\",\"value\":\"Neuer\",\"old\":\"Alt\",\"source\":\"gleif\"")) >= 0);
    T(str_find(listed(cx, "company", firm), S("\"Neu\"")) < 0);
    int64_t name = open_id(cx, firm, "name"), phones = open_id(cx, firm, "phones");
    T_OK(cx, proposal_refuse(cx, name));
    T(proposal_refuse(cx, name) == E_NOTFOUND && proposal_take(cx, name, &e, &w) == E_NOTFOUND);
    T_INT((int64_t)propose(cx, "company", firm, "gleif", "{\"name\":\"Neuer\"}"), 0); /* refused stays refused */
    T_INT((int64_t)propose(cx, "company", firm, "vies", "{\"name\":\"Neuer\"}"), 1);  /* another source may say it */
    T_OK(cx, proposal_take(cx, open_id(cx, firm, "name"), &e, &w));
    T(e == company && w.id == firm && w.version == 2 && w.seq > 0);
    T_OK(cx, proposal_take(cx, phones, &e, &w));
    T_OK(cx, record_get(cx, company, firm, &r));
    T_STR(record_title(&r), S("Neuer"));
    T(r.v[FLD(company, "phones")->at].n == 2); /* lists only grow */
    T_STR(listed(cx, "company", firm), S(""));
    propose(cx, "company", firm, "vies", "{\"reg_no\":\"HRB 2\"}");
    change(cx, "company", firm, "{\"reg_no\":\"HRB 2\"}"); /* it came to have it by another way */
    T_STR(listed(cx, "company", firm), S(""));
}

static void refused(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct entity *company = ENT(cx, "company");
    int64_t firm = make(cx, "company", "{\"name\":\"Fest\"}");
    const struct json *j = NULL;
    size_t n = 0;
    static const char *const bad[] = {"{\"nosuch\":1}", "{\"created_at\":\"2026-01-01T00:00:00Z\"}", "{\"employees\":\"many\"}", "{\"people_count\":3}", "[]"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        T_OK(cx, json_parse(cx, str_from(bad[i]), &j));
        T(proposal_put(cx, company, firm, S("x"), j, &n) == E_INVALID);
    }
    T(proposal_put(cx, company, firm, S(""), j, &n) == E_INVALID && proposal_put(cx, company, 77, S("x"), j, &n) == E_NOTFOUND);
}

static void proposal_rights(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct entity *e = NULL;
    struct written w = {0};
    int64_t anna = make_user(cx, "Anna", "own", 0), ben = make_user(cx, "Ben", "own", 0);
    become(cx, anna);
    int64_t firm = make(cx, "company", "{\"name\":\"Geheim\"}"), p = make(cx, "person", J("{\"name\":\"P\",\"company\":\"" ID "\"}", firm));
    become(cx, 0);
    propose(cx, "company", firm, "vies", "{\"name\":\"Neu\"}");
    int64_t other = make(cx, "company", J("{\"name\":\"Bens Firma\",\"owner\":\"" ID "\"}", ben));
    propose(cx, "person", p, "sync", J("{\"company\":\"" ID "\"}", other));
    int64_t id = open_id(cx, firm, "name");
    become(cx, ben);
    struct buf b = buf_new(cx->a, 1000);
    struct jw jw = jw_new(&b);
    T(proposal_list_json(cx, ENT(cx, "company"), firm, &jw) == E_NOTFOUND);
    T(proposal_take(cx, id, &e, &w) == E_NOTFOUND && proposal_refuse(cx, id) == E_NOTFOUND);
    become(cx, anna);
    T_STR(listed(cx, "person", p), S("")); /* it names a firm that she may not see */
    T_OK(cx, proposal_take(cx, id, &e, &w));
    become(cx, 0);
}

/* An import writes nothing over what is there: what its file says otherwise is proposed. */
static void imported(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t anna = make_user(cx, "Anna", "all", 0);
    int64_t a = make(cx, "company", "{\"name\":\"Nordlicht GmbH\"}");
    int64_t p = make(cx, "person", J("{\"name\":\"Jonas Petersen\",\"job_title\":\"Einkauf\",\"mails\":[\"jonas@nord.example\"],\"company\":\"" ID "\",\"owner\":\"" ID "\"}", a, anna));
    str csv = S("Name;E-Mail;Position;Firma\nPetersen, Jonas;jonas@nord.example;Leitung;Südwind AG\nNeu Gemacht;neu@nord.example;Chef;Südwind AG\n");
    str path = arena_fmt(cx->a, "%.*s/messe.csv", FS(t->folder));
    T_OK(cx, os_write_file_atomic(cx, path, csv, 0600));
    struct import_result r = {0};
    int64_t batch = 0;
    for (int round = 0; round < 2; round++) { /* the same file again says nothing new */
        struct import_opt o = {.path = path, .name = S("messe.csv"), .entity = S("person"), .sheet = -1};
        T_OK(cx, xfer_run(cx, &o, &r));
        bed_reload(t);
        if (round == 0) batch = r.batch;
        struct db_rows n = {0};
        T_OK(cx, db_query(cx, &n, "SELECT field FROM proposal WHERE source = 'messe.csv' AND state = 'open' ORDER BY field"));
        T_INT((int64_t)n.n, 2);
        if (n.n == 2) T(str_eq(db_str(&n, 0, 0), S("company")) && str_eq(db_str(&n, 1, 0), S("job_title")));
    }
    T(str_find(listed(cx, "person", p), S("\"value\":\"Leitung\",\"old\":\"Einkauf\",\"source\":\"messe.csv\"")) >= 0);
    T(str_find(listed(cx, "person", p), S("Südwind AG")) >= 0);
    struct record rec = {0};
    T_OK(cx, record_get(cx, ENT(cx, "person"), p, &rec));
    T_STR(rec.v[FLD(rec.e, "job_title")->at].s, S("Einkauf"));
    struct db_rows told = {0};
    T_OK(cx, db_query(cx, &told, "SELECT count(*) FROM notice WHERE kind = 'proposed' AND record = $1 AND user_id = $2", V(p), V(anna)));
    T_INT(db_int(&told, 0, 0), 2);
    for (int round = 0; round < 4; round++) { /* undone, redone, undone, redone */
        struct undo_result u = {0};
        T_OK(cx, undo_batch(cx, batch, UNDO_FORCE, &u));
        batch = u.batch;
        T_INT(str_find(listed(cx, "person", p), S("Leitung")) >= 0, round % 2);
    }
}

static void all(struct bed *t)
{
    registers(t);
    proposals(t);
    refused(t);
    proposal_rights(t);
    imported(t);
}
static void both(void) { bed_both(all); }

TESTS("register", both)
