/* SPDX-License-Identifier: MIT */
/* Possible duplicates on both engines: reasons and scores, rights, rejected pairs, the scan of all. */
#include "search_make.h"

static size_t dups(struct cx *cx, const char *entity, const char *json, int64_t self, struct dup **ret)
{
    size_t n = 0;
    *ret = NULL;
    T_OK(cx, dup_find(cx, meta_entity(cx->meta, str_from(entity)), typed(cx, entity, json), self, ret, &n));
    return n;
}

/* The one candidate with this score and reason; score 0: none. */
static void wants(struct cx *cx, const char *entity, const char *json, int64_t id, int score, unsigned why)
{
    struct dup *d = NULL;
    size_t n = dups(cx, entity, json, 0, &d);
    bool good = score ? n == 1 && d[0].id == id && d[0].score == score && d[0].why == why : n == 0;
    if (!good) fprintf(stderr, "%s: %zu, score %d, why %u\n", json, n, n ? d[0].score : 0, n ? d[0].why : 0);
    T(good);
}

static void people(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t firm = make(cx, "company", "{\"name\":\"Elektro Müller GmbH\"}");
    int64_t id = make(cx, "person", J("{\"name\":\"Jörg Müller\",\"company\":\"" ID "\",\"phones\":[\"0151 / 234 567 89\",\"+7 495 123-45-67 доб. 12\"],"
                                      "\"mails\":[\"J.Mueller@Elektro-Mueller.example\"],\"inn\":\"500100732259\",\"addresses\":[{\"city\":\"Köln\"}]}", firm));
    wants(cx, "person", "{\"name\":\"Mueller Jörg\",\"phones\":[\"+49 151 23456789\"]}", id, 96, DUP_PHONE | DUP_NAME);
    wants(cx, "person", "{\"name\":\"J. Müller\",\"mails\":[\"j.mueller@elektro-mueller.example\"]}", id, 95, DUP_MAIL);
    wants(cx, "person", "{\"name\":\"Müller, Jörg\",\"mails\":[\"j.mueller@elektro-mueller.example\"],\"phones\":[\"015123456789\"]}", id, 98,
          DUP_PHONE | DUP_MAIL | DUP_NAME);
    wants(cx, "person", "{\"name\":\"Petra Schulz\",\"phones\":[\"+49 151 23456789\"]}", id, 80, DUP_PHONE);
    wants(cx, "person", "{\"phones\":[\"+49 151 23456789\"]}", id, 80, DUP_PHONE);
    wants(cx, "person", "{\"phones\":[\"+49 151 23456789\"],\"mails\":[\"j.mueller@elektro-mueller.example\"]}", id, 85, DUP_PHONE | DUP_MAIL);
    wants(cx, "person", "{\"name\":\"Herr Jörg Müller\"}", id, 60, DUP_NAME);
    wants(cx, "person", "{\"name\":\"jorg MUELLER\",\"addresses\":[{\"city\":\"Koeln\"}]}", id, 75, DUP_NAME);
    wants(cx, "person", "{\"name\":\"Jörg Müller\",\"addresses\":[{\"city\":\"Bonn\"}]}", id, 60, DUP_NAME);
    wants(cx, "person", J("{\"name\":\"Jörg Müller\",\"company\":\"" ID "\"}", firm), id, 75, DUP_NAME);
    wants(cx, "person", "{\"name\":\"Wer Anders\",\"inn\":\"5001 0073 2259\"}", id, 98, DUP_TAX);
    wants(cx, "person", "{\"name\":\"Olga\",\"phones\":[\"+7 495 123-45-67 доб. 14\"]}", id, 0, 0);
    wants(cx, "person", "{\"name\":\"Olga\",\"phones\":[\"+7 495 123-45-67\"]}", id, 0, 0);
    wants(cx, "person", "{\"name\":\"Jörg Müller\",\"phones\":[\"+7 495 123-45-67 доб. 12\"]}", id, 96, DUP_PHONE | DUP_NAME);
    wants(cx, "person", "{\"name\":\"Jürgen Müller\"}", 0, 0, 0);
    wants(cx, "person", "{\"job_title\":\"Chef\"}", 0, 0, 0);
    wants(cx, "company", "{\"name\":\"Jörg Müller\"}", 0, 0, 0);
    struct dup *d = NULL;
    T_INT((int64_t)dups(cx, "person", "{\"name\":\"Jörg Müller\",\"phones\":[\"+49 151 23456789\"]}", id, &d), 0);
    T_INT((int64_t)dups(cx, "task", "{\"subject\":\"Jörg Müller\"}", 0, &d), 0);
    change(cx, "person", id, "{\"name\":\"Karl Otto\",\"phones\":[\"0170 5550123\"],\"inn\":null}");
    wants(cx, "person", "{\"name\":\"Jörg Müller\",\"inn\":\"500100732259\",\"phones\":[\"+49 151 23456789\"]}", 0, 0, 0);
    wants(cx, "person", "{\"name\":\"Otto Karl\"}", id, 60, DUP_NAME);
    trash(cx, "person", id);
    wants(cx, "person", "{\"name\":\"Otto Karl\",\"phones\":[\"0170 5550123\"]}", 0, 0, 0);
    struct db_rows r = {0};
    struct written w = {0};
    T_OK(cx, db_query(cx, &r, "SELECT COUNT(*) FROM dup_key WHERE record = $1", V(id)));
    T_INT(db_int(&r, 0, 0), 0);
    T_OK(cx, record_restore(cx, ENT(cx, "person"), id, &w));
    wants(cx, "person", "{\"name\":\"Otto Karl\"}", id, 60, DUP_NAME);
}

static void firms(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t okna = make(cx, "company", "{\"name\":\"ООО «Окна-Сервис»\",\"inn\":\"7707083893\",\"addresses\":[{\"city\":\"Казань\"}]}");
    int64_t uab = make(cx, "company", "{\"name\":\"UAB „Baltijos langai“\",\"vat_id\":\"LT100001234510\"}");
    int64_t nord = make(cx, "company", "{\"name\":\"Dachbau Nord G.m.b.H. & Co. KG\",\"phones\":[\"040-7654321\"]}");
    wants(cx, "company", "{\"name\":\"Окна Сервис ООО\"}", okna, 60, DUP_NAME);
    wants(cx, "company", "{\"name\":\"Okna-Servis\"}", okna, 60, DUP_NAME);
    wants(cx, "company", "{\"name\":\"Окна-сервис, ЗАО\",\"addresses\":[{\"city\":\"казань\"}]}", okna, 75, DUP_NAME);
    wants(cx, "company", "{\"full_name\":\"Общество с ограниченной ответственностью «Окна-Сервис»\",\"name\":\"Окна\"}", okna, 60, DUP_NAME);
    wants(cx, "company", "{\"name\":\"Двери\",\"inn\":\"7707083893\"}", okna, 98, DUP_TAX);
    wants(cx, "company", "{\"name\":\"ООО Окна-Сервис\",\"inn\":\"7707083893\"}", okna, 100, DUP_TAX | DUP_NAME);
    wants(cx, "company", "{\"name\":\"baltijos langai, uab\"}", uab, 60, DUP_NAME);
    wants(cx, "company", "{\"name\":\"X\",\"vat_id\":\"LT 1000 0123 4510\"}", uab, 98, DUP_TAX);
    wants(cx, "company", "{\"name\":\"Dachbau Nord\"}", nord, 60, DUP_NAME);
    wants(cx, "company", "{\"name\":\"Nord Dachbau AG\",\"phones\":[\"+49 40 7654321\"]}", nord, 96, DUP_PHONE | DUP_NAME);
    wants(cx, "company", "{\"name\":\"Sauna\",\"phones\":[\"+49 40 7654321\"]}", nord, 80, DUP_PHONE);
    wants(cx, "company", "{\"name\":\"GmbH\"}", 0, 0, 0);
    wants(cx, "company", "{\"name\":\"' OR '1'='1\"}", 0, 0, 0);
}

static void rights(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct dup *d = NULL;
    int64_t anna = make_user(cx, "Anna", "own", 0), ben = make_user(cx, "Ben", "own", 0);
    become(cx, anna);
    const char *one = "{\"name\":\"Canary Bird\",\"phones\":[\"0170 7770123\"],\"mails\":[\"c@bird.example\"],\"inn\":\"500100732259\"}";
    int64_t a = make(cx, "person", one), b = make(cx, "person", one);
    for (int i = 0; i < 80; i++) make(cx, "person", one);
    T_INT((int64_t)dups(cx, "person", one, 0, &d), 10);
    become(cx, ben);
    T_INT((int64_t)dups(cx, "person", one, 0, &d), 0);
    T(dup_reject(cx, ENT(cx, "person"), a, b, false) == E_NOTFOUND);
    become(cx, 0);
    int64_t bens = make(cx, "person", J("{\"name\":\"Bird\",\"owner\":\"" ID "\",\"phones\":[\"0170 7770123\"]}", ben));
    become(cx, ben);
    T(dups(cx, "person", one, 0, &d) == 1 && d[0].id == bens);
    become(cx, 0);
}

struct pairs {
    struct dup_pair v[100];
    size_t n, calls;
};

static enum err note(struct cx *cx, void *arg, const struct dup_pair *p)
{
    struct pairs *s = arg;
    (void)cx;
    T(p->a < p->b);
    s->calls++;
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].a == p->a && s->v[i].b == p->b) {
            T_INT(s->v[i].score, p->score);
            return E_OK;
        }
    if (s->n < COUNT(s->v)) s->v[s->n++] = *p;
    return E_OK;
}

static size_t scanned(struct cx *cx, int min, struct pairs *s)
{
    struct dup_pos pos = {0};
    int calls = 0;
    *s = (struct pairs){0};
    while (pos.stage != DUP_SCANNED && calls++ < 100)
        if (!T_OK(cx, dup_scan(cx, ENT(cx, "person"), min, &pos, note, s))) break;
    T(calls < 100);
    return s->n;
}

static void scan(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct pairs s;
    int64_t a = make(cx, "person", "{\"name\":\"Rūta Žukauskaitė\",\"phones\":[\"+370 612 34567\"]}");
    for (int i = 0; i < 900; i++) make(cx, "person", J("{\"name\":\"Person N%d\",\"phones\":[\"0170 55%05d\"]}", i, i));
    for (int i = 0; i < 25; i++) make(cx, "person", J("{\"name\":\"Info%d\",\"mails\":[\"info@firma.example\"]}", i));
    int64_t b = make(cx, "person", "{\"name\":\"Zukauskaite Ruta\",\"phones\":[\"8 612 34567 (LT)\",\"0170 5500007\"]}");
    int64_t gone = make(cx, "person", "{\"name\":\"Rūta Žukauskaitė\",\"phones\":[\"+370 612 34567\"]}");
    int64_t firm = make(cx, "company", "{\"name\":\"Rūta Žukauskaitė\",\"phones\":[\"+370 612 34567\"]}");
    trash(cx, "person", gone);
    T_INT((int64_t)scanned(cx, 1, &s), 2);
    T_INT((int64_t)scanned(cx, 90, &s), 1);
    T(s.v[0].a == a && s.v[0].b == b && s.v[0].score == 96 && s.v[0].why == (DUP_PHONE | DUP_NAME));
    T_INT((int64_t)s.calls, 1); /* shared are number and name: told once */
    T(dup_reject(cx, ENT(cx, "person"), a, firm, false) == E_NOTFOUND);
    T(dup_reject(cx, ENT(cx, "person"), a, gone, false) == E_NOTFOUND);
    T(dup_reject(cx, ENT(cx, "person"), a, a, false) == E_INVALID);
    T_OK(cx, dup_reject(cx, ENT(cx, "person"), b, a, false));
    T_OK(cx, dup_reject(cx, ENT(cx, "person"), a, b, false)); /* twice is once */
    T_INT((int64_t)scanned(cx, 90, &s), 0);
    T(dup_reject(cx, ENT(cx, "person"), a, gone, true) == E_NOTFOUND);
    T_OK(cx, dup_reject(cx, ENT(cx, "person"), b, a, true));
    T_OK(cx, dup_reject(cx, ENT(cx, "person"), a, b, true)); /* twice is once */
    T_INT((int64_t)scanned(cx, 90, &s), 1);
    T_OK(cx, dup_reject(cx, ENT(cx, "person"), a, b, false));
    struct dup *d = NULL;
    T_INT((int64_t)dups(cx, "person", "{\"name\":\"Rūta Žukauskaitė\",\"phones\":[\"+370 612 34567\"]}", a, &d), 0);
    T(dups(cx, "person", "{\"name\":\"Rūta Žukauskaitė\",\"phones\":[\"+370 612 34567\"]}", 0, &d) == 2);
}

static void all(struct bed *t)
{
    people(t);
    firms(t);
    rights(t);
}
static void both(void) { bed_both(all); }
static void scans(void) { bed_both(scan); }

TESTS("dup", both, scans)
