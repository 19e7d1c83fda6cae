/* SPDX-License-Identifier: MIT */
/* What is tried against the API, each with the same looks afterwards: nobody is told what he may not see, a refusal has
 * changed no table, no answer is a fault of ours or late. docs/attacks.md says which case stands where. */
#include "attacks.h"

#include <stdlib.h>

/* A01: what would be SQL in one place more gives one answer, whether its condition is true or false. */
static void conditions(struct api_bed *t)
{
    static const char *const truths[] = {"1=1", "1=2", NULL};
    static const struct tried all[] = {
        {REPA1, "GET /api/v1/person?sort=(case when $v then name else mails end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/company?sort=(case when $v then name else place end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/task?sort=(case when $v then subject else due end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/interaction?sort=(case when $v then subject else at end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/group?sort=(case when $v then name else id end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/bank_account?sort=(case when $v then account else id end)", NULL, NULL, 400, 0},
        {ADMIN, "GET /api/v1/user?sort=(case when $v then name else mail end)", NULL, NULL, 400, 0},
        {ADMIN, "GET /api/v1/role?sort=(case when $v then name else id end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/person?sort=name,(select $v)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/person?fields=name,(case when $v then name else mails end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/person?include=(case when $v then company else owner end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/person?cursor=(case when $v then 1 else 2 end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/person?limit=(case when $v then 1 else 2 end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/person?at=(case when $v then 1 else 2 end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/person?shared_with=(case when $v then 1 else 2 end)", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/person?filter={'field':'(case when $v then name else mails end)','op':'notempty'}", NULL, NULL, 422, 0},
        {REPA1, "GET /api/v1/person?filter={'field':'name','op':'eq) or ($v','value':1}", NULL, NULL, 422, 0},
        {REPA1, "GET /api/v1/count/person?filter={'field':'(select $v)','op':'notempty'}", NULL, NULL, 422, 0},
        {REPA1, "GET /api/v1/count/person?filter={'field':'rating','op':'eq','value':'(select $v)'}", NULL, NULL, 422, 400},
        {REPA1, "GET /api/v1/search?q=x&entity=(case when $v then 1 else 2 end)", NULL, NULL, 400, 0},
        {ADMIN, "GET /api/v1/export/person?format=csv&fields=(case when $v then name else mails end)", NULL, NULL, 400, 0},
        {ADMIN, "GET /api/v1/export/person?format=csv&filter={'field':'(select $v)','op':'notempty'}", NULL, NULL, 422, 0},
        {ADMIN, "GET /api/v1/export/person?format=(case when $v then csv else vcf end)", NULL, NULL, 422, 0},
        {REPA1, "POST /api/v1/person/query", "{\"sort\":[\"(case when $v then name else mails end)\"]}", NULL, 400, 0},
        {REPA1, "POST /api/v1/person/query", "{\"fields\":[\"(select $v)\"]}", NULL, 400, 0},
        {REPA1, "POST /api/v1/as_of", "{\"entity\":\"person\",\"at\":\"2026-01-01T00:00:00Z\",\"sort\":\"(case when $v then name else mails end)\"}", NULL, 400, 422},
        {REPA1, "POST /api/v1/as_of", "{\"entity\":\"(select $v)\",\"at\":\"2026-01-01T00:00:00Z\"}", NULL, 404, 422},
        {MGRA, "POST /api/v1/person/mass", "{\"act\":\"change\",\"filter\":{\"field\":\"(select $v)\",\"op\":\"notempty\"},\"values\":{\"note\":\"x\"}}", NULL, 422, 0},
        {REPA1, "GET /api/v1/(case%20when%20$v%20then%20person%20end)", NULL, NULL, 404, 0},
        {REPA1, "GET /api/v1/person/1)%20or%20($v", NULL, NULL, 404, 0},
        {REPA1, "GET /api/v1/person/by/x'%20or%20$v--/1", NULL, NULL, 404, 422},
        {ADMIN, "GET /api/v1/attempt?outcome=x' or $v--", NULL, NULL, 0, 0},
        {ADMIN, "GET /api/v1/attempt?name=' or $v--", NULL, NULL, 0, 0},
        {ADMIN, "GET /api/v1/mail?state=' or $v--", NULL, NULL, 0, 0},
        {ADMIN, "GET /api/v1/usage?all=1&from=' or $v--", NULL, NULL, 400, 422},
        {REPA1, "GET /api/v1/batch?cursor=' or $v--", NULL, NULL, 400, 0},
        {REPA1, "GET /api/v1/who?number=' or $v--", NULL, NULL, 0, 0},
        {REPA1, "GET /api/v1/sync/shop/item?entity=' or $v--", NULL, NULL, 404, 0},
    };
    api_make(t, "person", "Kunde", REPA1);
    api_make(t, "person", "CANARY", REPB1);
    alike(t, all, COUNT(all), truths);
}

/* A02, A03: by a field that one may not read nothing is sorted, filtered, counted, exported or changed: one answer for
 * every value, so that none can be guessed; nor by what stands beside it in the table or behind a link. */
static void no_oracle(struct api_bed *t)
{
    static const char *const values[] = {"CANARY", "Zzz", "", "C_", NULL};
    static const struct tried all[] = {
        {REPB1, "GET /api/v1/person?filter={\"field\":\"job_title\",\"op\":\"eq\",\"value\":\"$v\"}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/person?filter={\"field\":\"job_title\",\"op\":\"starts\",\"value\":\"$v\"}&count=1", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/person?filter={\"field\":\"job_title\",\"op\":\"gte\",\"value\":\"$v\"}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/person?filter={\"not\":{\"field\":\"job_title\",\"op\":\"contains\",\"value\":\"$v\"}}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/person?filter={\"or\":[{\"field\":\"name\",\"op\":\"eq\",\"value\":\"Nina\"},{\"field\":\"job_title\",\"op\":\"eq\",\"value\":\"$v\"}]}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/person?filter={\"field\":\"job_title_f\",\"op\":\"eq\",\"value\":\"$v\"}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/count/person?filter={\"field\":\"job_title\",\"op\":\"starts\",\"value\":\"$v\"}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/count/person?filter={\"field\":\"owner.password\",\"op\":\"starts\",\"value\":\"$v\"}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/count/person?filter={\"field\":\"company.owner.mail\",\"op\":\"starts\",\"value\":\"$v\"}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/count/company?filter={\"link\":\"person.company\",\"has\":{\"field\":\"job_title\",\"op\":\"starts\",\"value\":\"$v\"}}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/count/task?filter={\"link\":\"person\",\"has\":{\"field\":\"job_title\",\"op\":\"starts\",\"value\":\"$v\"}}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/export/person?format=csv&filter={\"field\":\"job_title\",\"op\":\"starts\",\"value\":\"$v\"}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/export/person?format=csv&fields=name,job_title&q=$v", NULL, NULL, 400, 404},
        {REPB1, "POST /api/v1/person/query", "{\"filter\":{\"field\":\"job_title\",\"op\":\"starts\",\"value\":\"$v\"},\"count\":true}", NULL, 422, 0},
        {REPB1, "POST /api/v1/as_of", "{\"entity\":\"person\",\"at\":\"2099-01-01T00:00:00Z\",\"filter\":{\"field\":\"job_title\",\"op\":\"starts\",\"value\":\"$v\"}}", NULL, 422, 0},
        {REPB1, "POST /api/v1/person/mass", "{\"act\":\"change\",\"filter\":{\"field\":\"job_title\",\"op\":\"starts\",\"value\":\"$v\"},\"values\":{\"note\":\"x\"}}", NULL, 422, 0},
        {REPB1, "GET /api/v1/user?filter={\"field\":\"password\",\"op\":\"starts\",\"value\":\"$v\"}", NULL, NULL, 422, 0},
        {REPB1, "GET /api/v1/person?q=$v&fields=job_title", NULL, NULL, 400, 0},
        {REPB1, "GET /api/v1/person?at=2099-01-01T00:00:00Z&filter={\"field\":\"job_title\",\"op\":\"eq\",\"value\":\"$v\"}", NULL, NULL, 422, 0},
    };
    ROWS(t,
         {ADMIN, "POST /api/v1/company", "{'name':'Nordwind','owner':'$repb1','team':'$teamb'}", 201, NULL, "company.create", "firm", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Nina','company':'$firm','job_title':'CANARY','owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "nina", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Arno','job_title':'Zzz','owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", NULL, NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'*':{'see':'team','create':'team','change':'team','export':'team','mass':'team'},'person':{'fields':{'job_title':'hidden'}}}}", 200, NULL,
          "role.update", NULL, NULL});
    alike(t, all, COUNT(all), values);
    REFUSED(t, {REPB1, "GET /api/v1/person?sort=job_title", NULL, NULL, 400, 0}, {REPB1, "GET /api/v1/person?sort=-job_title,name", NULL, NULL, 400, 0},
            {REPB1, "GET /api/v1/person?sort=job_title_f", NULL, NULL, 400, 0}, {REPB1, "GET /api/v1/person?sort=company.name,job_title", NULL, NULL, 400, 0},
            {REPB1, "POST /api/v1/person/query", "{'sort':'job_title'}", NULL, 400, 0}, {REPB1, "GET /api/v1/task?sort=person.job_title", NULL, NULL, 400, 0},
            {REPB1, "POST /api/v1/as_of", "{'entity':'person','at':'2099-01-01T00:00:00Z','sort':'job_title'}", NULL, 400, 422});
}

/* A06, A07: what a search engine or LIKE would read as an order is a text like any: it opens no column, and finds no more. */
static void search_words(struct api_bed *t)
{
    static const char *const words[] = {"\"", "*", "%", "_", "%a%", "salary:9", "job_title:CANARY", "title : x", "a NEAR(b", "NEAR(a b, 5)", "^a", "a AND", "NOT", "OR", "(", ")", "((((", "{title body}: x",
                                        "-title:x", "a*b*", "'", "''", "\\", "\\%", "a & b", "a | b", "!a", "a:*", "<->", "a <2> b", "'; drop table person; --", "\"a\" OR \"b", "\xE2\x80\x8B", "\xF0\x9F\x92\xA3",
                                        "$1", "?1", ":name", "[a-z]", "a\tb", "__", "%%", "K%e", "K_nde"};
    static const char *const asked[] = {"GET /api/v1/search?q=$q", "GET /api/v1/person?q=$q&count=1", "GET /api/v1/who?number=$q", "GET /api/v1/attempt?name=$q"};
    struct arena *a = t->b.cx.a;
    api_make(t, "person", "Kunde", REPA1);
    api_make(t, "person", "CANARY a b OR", REPB1);
    str before = api_digest(t, S(APART));
    for (size_t i = 0; i < COUNT(words); i++) {
        struct buf coded = buf_new(a, 1000);
        for (const char *p = words[i]; *p; p++) buf_fmt(&coded, "%%%02X", (unsigned char)*p);
        var_put(t, "q", buf_str(&coded));
        for (size_t k = 0; k < COUNT(asked); k++) {
            struct tried one = {k == 3 ? ADMIN : REPA1, asked[k], NULL, NULL, 0, 0};
            struct answer r = sent(t, &one);
            bool fits = (r.status == 200 || r.status == 400) && !holds_secret(&r) && (k > 1 || str_find(r.body, S("Kunde")) < 0);
            T(fits);
            if (!fits) fprintf(stderr, "  %s with %s: %d %.*s\n", asked[k], words[i], r.status, FS(str_cut(r.body, 0, 300)));
        }
    }
    T_STR(api_digest(t, S(APART)), before);
    static const struct {
        const char *each;
        int n, status;
    } sizes[] = {{"a", 200, 200}, {"a", 201, 400}, {" OR a", 5000, 400}, {"%a", 30000, 400}, {"\"", 5000, 400}, {"(", 5000, 400}};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct buf b = buf_new(a, 1 << 20);
        buf_add(&b, S("{\"q\":"));
        struct jw w = jw_new(&b);
        struct buf q = buf_new(a, 1 << 20);
        for (int k = 0; k < sizes[i].n; k++) buf_add(&q, str_from(sizes[i].each));
        jw_str(&w, buf_str(&q));
        buf_byte(&b, '}');
        struct answer r = api_call(t, a, REPA1, S("POST /api/v1/person/query"), buf_str(&b), S(""));
        T_INT(r.status, sizes[i].status);
    }
    T_INT(api_call(t, a, REPA1, arena_fmt(a, "GET /api/v1/search?q=%0201d", 1), S(""), S("")).status, 400);
}

/* ---- texts that would be something else elsewhere ---- */
static const char *const texts[] = {
    "'||(select group_concat(mail) from user)||'", "x\"); drop table person--", "'; DROP TABLE \"user\"; --", "{{7*7}}", "${7*7}", "<%= 7*7 %>", "{{user.password_hash}}", "{{env}}", "{{constructor}}", "%n%s%x%p",
    "%1$s", "#{7*7}", "=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", ("\xEF\xBC\x9D" "1+1"), "'=1", "</script><script>alert(1)</script>", "<!--", "]]>", ("\xE2\x80\xA8" "alert(1)" "\xE2\x80\xA9"),
    ("\xE2\x80\xAE" "gpj.exe"), "__proto__", "constructor", "rowid", "null", "true", "0", "1e999", "NaN", "\\", "\\u0000", "&amp;", "\xF0\x9F\x92\xA3", "a\xCC\x88", "a;b&$(id)`id`", "../../etc/passwd", "C:\\con\\aux",
};

/* A09, B13, H01: what was stored is the same text in every place where it comes out, and no JSON of ours ends a script. */
static void same_text(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    for (size_t i = 0; i < COUNT(texts); i++) {
        str json = text_put(t, str_from(texts[i]));
        ROWS(t,
             {REPA1, "POST /api/v1/person", "{\"name\":$json,\"note\":$json,\"job_title\":$json,\"tags\":[\"t\"]}", 201, "\"name\":$json|\"note\":$json|\"job_title\":$json|!mueller.example|!<", "person.create", "p", NULL},
             {REPA1, "GET /api/v1/person/$p", NULL, 200, "\"name\":$json|!<", NULL, NULL, "Accept: text/html"},
             {REPA1, "POST /api/v1/person/query", "{\"filter\":{\"field\":\"name\",\"op\":\"eq\",\"value\":$json},\"fields\":[\"name\"]}", 200, "$p", NULL, NULL, NULL},
             {REPA1, "POST /api/v1/person/query", "{\"filter\":{\"field\":\"job_title\",\"op\":\"contains\",\"value\":$json},\"fields\":[\"job_title\"],\"count\":true}", 200, "$p|!mueller.example", NULL, NULL, NULL},
             {REPA1, "POST /api/v1/person/duplicates", "{\"name\":$json}", 200, "!mueller.example|!<", NULL, NULL, NULL},
             {REPA1, "PATCH /api/v1/person/$p", "{\"note\":\"changed\"}", 200, NULL, "person.update", NULL, NULL},
             {REPA1, "GET /api/v1/person/$p/history", NULL, 200, "\"old\":$json|!<", NULL, NULL, NULL},
             {ADMIN, "GET /api/v1/export/person?format=jsonl&fields=name", NULL, 200, "$json", NULL, NULL, NULL});
        struct answer r = api_call(t, cx->a, ANON, S("POST /api/v1/session"), arena_fmt(cx->a, "{\"mail\":%.*s,\"password\":%.*s}", FS(json), FS(json)), S(""));
        T(r.status == 401 || r.status == 422 || r.status == 429);
        r = api_call(t, cx->a, REPA1, api_expand(t, cx->a, "GET /api/v1/person/$p"), S(""), S("Accept: text/html"));
        T(str_has_prefix(r.type, S("application/json")) && str_find(r.body, S("\xE2\x80\xA8")) < 0);
    }
}

/* G01: a table that is exported opens nothing, and what it held comes back as it was. */
static void tables_open_nothing(struct api_bed *t)
{
    static const char *const begins[] = {"=", "+1", "-1", "@", "\t", "|", "\xEF\xBC\x9D"}, *const before[] = {";", ";\"", "\n", "\n\""};
    struct cx *cx = &t->b.cx;
    for (size_t i = 0; i < COUNT(texts); i++) {
        (void)text_put(t, str_from(texts[i]));
        ROWS(t, {REPA1, "POST /api/v1/company", "{\"name\":$json,\"note\":$json}", 201, NULL, "company.create", NULL, NULL});
    }
    struct answer r = api_call(t, cx->a, ADMIN, S("GET /api/v1/export/company?format=csv&fields=name,note"), S(""), S(""));
    T_INT(r.status, 200);
    for (size_t i = 0; i < COUNT(begins); i++) {
        T(str_find(r.body, arena_fmt(cx->a, ";\"'%s", begins[i])) > 0 || strchr("\t|", begins[i][0]));
        for (size_t k = 0; k < COUNT(before); k++) T(str_find(r.body, arena_fmt(cx->a, "%s%s", before[k], begins[i])) < 0);
    }
    r = api_call(t, cx->a, ADMIN, S("GET /api/v1/export/company?format=xlsx&fields=name"), S(""), S(""));
    T(r.status == 200 && str_has_prefix(r.body, S("PK")));
    ROWS(t, {ADMIN, "POST /api/v1/file?name=firm.csv", "Name;Notiz\r\n\"'=1+1\";\"'@SUM(A1)\"\r\n", 201, NULL, NULL, "f", "Content-Type: text/csv"},
         {ADMIN, "POST /api/v1/import/plan", "{'file':'$f','entity':'company'}", 200, "\"=1+1\"|!'=1+1", NULL, NULL, NULL});
}

/* A11: what stands in headers, file names and headings of tables is text: kept and shown as it came. */
static void headings(struct api_bed *t)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct cx *cx = &t->b.cx;
        bool cuts = strpbrk(texts[i], ";|\"\n\t") != NULL;
        struct buf coded = buf_new(cx->a, 1000);
        for (const char *p = texts[i]; *p; p++) buf_fmt(&coded, "%%%02X", (unsigned char)*p);
        str csv = arena_fmt(cx->a, "Name;%s\nAnna;1\n", texts[i]);
        struct answer r = api_call(t, cx->a, ADMIN, arena_fmt(cx->a, "POST /api/v1/file?name=%.*s.csv", FS(buf_str(&coded))), csv, S("Content-Type: text/csv"));
        T_INT(r.status, 201);
        var_put(t, "f", answer_value(cx, &r, S("id")));
        struct tried plan = {ADMIN, "POST /api/v1/import/plan", "{'file':'$f','entity':'person'}", NULL, 200, 0}, get = {ADMIN, "GET /api/v1/file/$f", NULL, NULL, 200, 0};
        str json = text_put(t, str_from(texts[i]));
        r = sent(t, &plan);
        bool shown = cuts || str_find(r.body, json) >= 0 || texts[i][0] == '\'';
        T(r.status == 200 && shown && str_find(r.body, S("<script")) < 0);
        if (r.status != 200 || !shown) fprintf(stderr, "  %s: %d %.*s\n", texts[i], r.status, FS(str_cut(r.body, 0, 400)));
        r = sent(t, &get);
        str given = answer_head(&r, S("Content-Disposition"));
        T(str_has_prefix(given, S("attachment; filename*=UTF-8''")) && !memchr(given.p, '\n', given.n) && str_find(given, S("<")) < 0 && str_find(given, S("/")) < 0);
    }
}

void attacks_tests(void)
{
    static void (*const all[])(struct api_bed *) = {conditions, no_oracle, search_words, same_text, tables_open_nothing, headings};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
