/* SPDX-License-Identifier: MIT */
/* Finding on both engines: spellings, inside words, digits, order, rights, trash, hostile text. */
#include "search_make.h"

static struct found_group find(struct cx *cx, const char *q, const char *entity, size_t per)
{
    struct found_group *g = NULL;
    size_t n = 0;
    if (!T_OK(cx, search_find(cx, str_from(q), entity ? meta_entity(cx->meta, str_from(entity)) : NULL, per, &g, &n)))
        return (struct found_group){0};
    T(n <= 1);
    return n ? g[0] : (struct found_group){0};
}

/* As a condition of a list, in either form. */
static bool in_list(struct cx *cx, const struct entity *e, int64_t id, const char *q, bool walk)
{
    struct sql also = sql_new(cx);
    struct query qu = {.ids = &id, .n_ids = 1, .also = &also};
    int64_t n = 0;
    bool exact = false;
    T_OK(cx, search_where(cx, str_from(q), e, walk, &also));
    T_OK(cx, record_count_query(cx, e, &qu, 0, &n, &exact));
    return n > 0;
}

/* Is the record among the answers? Prints the question when not as wanted. */
static void wants(struct cx *cx, const char *entity, int64_t id, const char *q, bool want)
{
    struct found_group g = find(cx, q, entity, 50);
    bool there = false;
    for (size_t i = 0; i < g.n; i++) there |= g.v[i].id == id;
    if (there != want) fprintf(stderr, "\"%s\" %s\n", q, want ? "did not find it" : "found it");
    T(there == want);
    for (int walk = 0; walk < 2; walk++) {
        bool listed = in_list(cx, meta_entity(cx->meta, str_from(entity)), id, q, walk);
        if (listed != want) fprintf(stderr, "\"%s\": the list %s\n", q, want ? "lacks it" : "has it");
        T(listed == want);
    }
}

static void spellings(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t jorg = make(cx, "person", "{\"name\":\"Jörg Müller\",\"phones\":[\"0151 / 234 567 89\"],\"mails\":[\"J.Mueller@Elektro-Mueller.example\"],"
                                      "\"addresses\":[{\"street\":\"Große Straße 5\",\"city\":\"Köln\",\"zip\":\"50667\"}]}");
    int64_t alena = make(cx, "person", "{\"name\":\"Щёголева Алёна\",\"phones\":[\"+7 912 345-67-89\"],\"note\":\"перезвонить в пятницу\"}");
    int64_t ruta = make(cx, "person", "{\"name\":\"Rūta Žukauskaitė\",\"job_title\":\"Direktorė\"}");
    static const char *const jorgs[] = {"müller", "MUELLER", "muller", "ller", "jorg", "Jörg M", "müller jörg", "mü", "Jö", "0151 234", "015123456789",
                                        "+49 151 234 567 89", "0049151234", "567 89", "456", "j.mueller@elektro-mueller.example", "elektro-mueller",
                                        "köln", "koeln", "strasse", "große straße", "muller 0151", "Müller, 50667", "j m", "\"Müller\""};
    static const char *const alenas[] = {"щеголева", "Щёголева", "ЩЕГОЛ", "shchegoleva", "schegol", "алена", "alena", "голев", "пятниц", "8 (912) 345",
                                         "8912345", "79123456789", "щё", "щ", "а щего", "alena shchegoleva"};
    static const char *const rutas[] = {"zukauskaite", "Žukausk", "ruta", "RŪTA Ž", "direktore", "kausk", "ru"};
    static const char *const nobody[] = {"mullerx", "%", "_", "*", "", "   ", "m_ller", "%zz%", "zz*", "jorg%_%mull_r", "\"", "'", "\\", "Müller OR x", "x' OR '1'='1",
                                         "name:muller", "a NEAR(b", "NOT zzz", "99999999", "ющ", "\x02", "(", "{}", "muller zzz", "-", "+", "😀😀😀", "\xff\xfe\xff"};
    for (size_t i = 0; i < COUNT(jorgs); i++) wants(cx, "person", jorg, jorgs[i], true);
    for (size_t i = 0; i < COUNT(alenas); i++) wants(cx, "person", alena, alenas[i], true);
    for (size_t i = 0; i < COUNT(rutas); i++) wants(cx, "person", ruta, rutas[i], true);
    for (size_t i = 0; i < COUNT(nobody); i++) {
        T_INT((int64_t)find(cx, nobody[i], "person", 8).n, 0);
        T(!in_list(cx, ENT(cx, "person"), jorg, nobody[i], false) && !in_list(cx, ENT(cx, "person"), alena, nobody[i], true));
    }
    wants(cx, "person", alena, "muller", false);
    wants(cx, "company", jorg, "muller", false);
}

/* Where the words stand decides the order; the answer says what it found them in. */
static void shown_order(struct cx *cx, int64_t inside, int64_t start)
{
    int64_t word = make(cx, "person", "{\"name\":\"Ute Nord\",\"addresses\":[{\"city\":\"Kiel\"}]}");
    int64_t noted = make(cx, "person", "{\"name\":\"Olaf Berg\",\"note\":\"kennt Nordlicht\"}");
    struct found_group g = find(cx, "nord", "person", 8);
    T_INT((int64_t)g.n, 4);
    if (g.n != 4) return;
    T(g.v[0].id == start && g.v[1].id == word && g.v[2].id == inside && g.v[3].id == noted);
    T_STR(g.v[0].subtitle, S("Elektro Nord GmbH"));
    T_STR(g.v[0].title, S("Nordmann Ute"));
    T_STR(g.v[0].match, S(""));
    T_STR(g.v[1].subtitle, S("Kiel"));
    T(str_find(g.v[3].match, S("nordlicht")) >= 0);
}

static void shown_contacts(struct cx *cx, int64_t firm, int64_t start)
{
    struct found_group g = find(cx, "ute@firma.example", "person", 8);
    T(g.n == 1 && g.v[0].id == start);
    if (g.n) T_STR(g.v[0].match, S("ute@firma.example"));
    g = find(cx, "040 765", "company", 8);
    T(g.n == 1 && g.v[0].id == firm);
    if (g.n) T_STR(g.v[0].match, S("040-7654321"));
    if (g.n) T_STR(g.v[0].subtitle, S("040-7654321"));
    g = find(cx, "nord", "person", 2);
    T(g.n == 2 && g.more && g.v[0].id == start);
    T(!find(cx, "nord", "person", 4).more);
}

static void shown_all(struct cx *cx, int64_t start)
{
    struct found_group *all = NULL;
    size_t n = 0;
    int64_t task = make(cx, "task", J("{\"subject\":\"Nordreise planen\",\"person\":\"" ID "\"}", start));
    T_OK(cx, search_find(cx, S("nord"), NULL, 8, &all, &n));
    T_INT((int64_t)n, 3); /* person, company, task */
    for (size_t i = 0; i < n; i++)
        if (all[i].e == ENT(cx, "task")) {
            T(all[i].n == 1 && all[i].v[0].id == task);
            T_STR(all[i].v[0].subtitle, S("Nordmann Ute"));
        }
    T_OK(cx, search_find(cx, S("no"), NULL, 8, &all, &n));
    T_INT((int64_t)n, 3); /* words that begin so; task has no index by title */
}

static void shown(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t firm = make(cx, "company", "{\"name\":\"Elektro Nord GmbH\",\"phones\":[\"040-7654321\"]}");
    int64_t inside = make(cx, "person", "{\"name\":\"Bernord Claas\",\"note\":\"über Nord\"}");
    int64_t start = make(cx, "person", J("{\"name\":\"Nordmann Ute\",\"company\":\"" ID "\",\"mails\":[\"ute@firma.example\"]}", firm));
    shown_order(cx, inside, start);
    shown_contacts(cx, firm, start);
    shown_all(cx, start);
    int64_t user = make(cx, "user", "{\"name\":\"Nora Kollegin\"}");
    struct found_group g = find(cx, "koll", "user", 8); /* has no search text */
    T(g.n == 1 && g.v[0].id == user);
}

static void afterwards(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct written w = {0};
    int64_t id = make(cx, "person", "{\"name\":\"Ottokar Weiß\",\"note\":\"sucht Zinnkanne\",\"phones\":[\"0170 5550123\"]}");
    wants(cx, "person", id, "zinnkanne", true);
    wants(cx, "person", id, "weiss", true);
    change(cx, "person", id, "{\"name\":\"Ottokar Schwarz\",\"note\":null,\"phones\":[\"0170 5550999\"]}");
    wants(cx, "person", id, "zinnkanne", false);
    wants(cx, "person", id, "weiss", false);
    wants(cx, "person", id, "we", false);
    wants(cx, "person", id, "5550123", false);
    wants(cx, "person", id, "5550999", true);
    wants(cx, "person", id, "schwarz", true);
    trash(cx, "person", id);
    wants(cx, "person", id, "schwarz", false);
    wants(cx, "person", id, "ot", false);
    T_OK(cx, record_restore(cx, ENT(cx, "person"), id, &w));
    wants(cx, "person", id, "schwarz", true);
    wants(cx, "person", id, "ot", true);
}

static void rights(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t team = make(cx, "team", "{\"name\":\"Süd\"}");
    int64_t anna = make_user(cx, "Anna", "own", 0), ben = make_user(cx, "Ben", "own", 0), tom = make_user(cx, "Tom", "team", team);
    int64_t nil = make_user(cx, "Nil", "none", 0), tim = make_user(cx, "Tim", "team", team);
    become(cx, anna);
    int64_t firm = make(cx, "company", "{\"name\":\"Canary Ltd\"}"), firsts[300];
    int64_t secret = make(cx, "person", J("{\"name\":\"Canary Secret\",\"company\":\"" ID "\",\"phones\":[\"0170 5550123\"]}", firm));
    for (int i = 0; i < 300; i++) firsts[i] = make(cx, "person", J("{\"name\":\"Canary %03d\"}", i));
    become(cx, ben);
    static const char *const q[] = {"canary", "ca", "c", "5550123", "0170 555", "secret", "Canary Secret", "anar"};
    for (size_t i = 0; i < COUNT(q); i++) T_INT((int64_t)find(cx, q[i], "person", 8).n, 0);
    int64_t mine = make(cx, "person", "{\"name\":\"Canary Ben\"}");
    struct found_group g = find(cx, "canary", "person", 8);
    T(g.n == 1 && !g.more && g.v[0].id == mine);
    T(find(cx, "ca", "person", 8).n == 1);
    T_INT((int64_t)find(cx, "canary", "company", 8).n, 0);
    become(cx, tom);
    int64_t toms = make(cx, "person", J("{\"name\":\"Canary Tom\",\"team\":\"" ID "\"}", team));
    T(find(cx, "canary", "person", 8).n == 1);
    become(cx, tim);
    g = find(cx, "canary", "person", 8);
    T(g.n == 1 && g.v[0].id == toms);
    become(cx, nil);
    T_INT((int64_t)find(cx, "canary", "person", 8).n, 0);
    become(cx, anna);
    g = find(cx, "canary", "person", 50);
    T(g.n == 50 && g.more);
    T_INT((int64_t)find(cx, "canary 007", "person", 50).n, 1);
    become(cx, 0);
    change(cx, "person", firsts[7], J("{\"owner\":\"" ID "\"}", ben));
    become(cx, anna);
    wants(cx, "person", firsts[7], "canary 007", false);
    become(cx, ben);
    wants(cx, "person", firsts[7], "canary 007", true);
    wants(cx, "person", firsts[8], "canary", false);
    become(cx, 0); /* the company of a person one sees may itself be unseen */
    change(cx, "person", secret, J("{\"owner\":\"" ID "\"}", ben));
    become(cx, ben);
    g = find(cx, "canary secret", "person", 8);
    T(g.n == 1);
    if (g.n) T_STR(g.v[0].subtitle, S("0170 5550123"));
    become(cx, 0);
}

/* The newest that fit are not his to see: what is his stands behind them. */
static void behind_others(struct bed *t)
{
    struct cx *cx = &t->cx;
    int64_t team = make(cx, "team", "{\"name\":\"Nord\"}");
    int64_t ole = make_user(cx, "Ole", "own", 0), ida = make_user(cx, "Ida", "team", team);
    int64_t role = make(cx, "role", "{\"name\":\"Talks\",\"rights\":{\"interaction\":{\"see\":\"all\"}}}");
    int64_t uwe = make(cx, "user", J("{\"name\":\"Uwe\",\"role\":\"" ID "\"}", role));
    int64_t hers = make(cx, "interaction", J("{\"subject\":\"Behindword first\",\"team\":\"" ID "\"}", team));
    become(cx, ole);
    for (int i = 0; i < 40; i++) make(cx, "task", J("{\"subject\":\"Behindword %03d\"}", i));
    become(cx, ida);
    struct found_group g = find(cx, "behindword", NULL, 8);
    T(g.n == 1 && g.v[0].id == hers);
    become(cx, uwe);
    g = find(cx, "behindword", NULL, 8);
    T(g.n == 1 && g.v[0].id == hers);
    become(cx, 0);
}

static void limits(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct found_group *g = NULL;
    size_t n = 0;
    char big[60000];
    memset(big, 'a', sizeof big);
    T(search_find(cx, (str){big, 201}, NULL, 8, &g, &n) == E_BAD);
    T(search_find(cx, (str){big, sizeof big}, NULL, 8, &g, &n) == E_BAD);
    T_OK(cx, search_find(cx, (str){big, 200}, NULL, 8, &g, &n));
    T_INT((int64_t)n, 0);
    str many = S("щщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщ");
    T_OK(cx, search_find(cx, many, NULL, 8, &g, &n));
    T_OK(cx, search_find(cx, S("OR a OR b OR c OR d OR e OR f OR g OR hhh OR iii OR jjj OR kkk OR lll OR mmm OR nnn OR ooo OR ppp OR qqq"), NULL, 8, &g, &n));
    T_OK(cx, search_find(cx, S("nu\0ll"), NULL, 8, &g, &n));
    T_OK(cx, search_find(cx, S("ьъь"), NULL, 0, &g, &n));
    T_OK(cx, search_find(cx, S("abc"), NULL, 100000, &g, &n));
    int64_t long_name = make(cx, "person", J("{\"name\":\"%.*s\"}", 180, big));
    wants(cx, "person", long_name, J("%.*s", 180, big), true);
    wants(cx, "person", long_name, J("%.*sb", 180, big), false);
}

static void all(struct bed *t)
{
    limits(t);
    spellings(t);
    shown(t);
    afterwards(t);
    rights(t);
    behind_others(t);
}
static void both(void) { bed_both(all); }

TESTS("search", both)
