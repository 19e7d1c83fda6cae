/* SPDX-License-Identifier: MIT */
/* The same for what writes: names of own things, fields that are nobody's to set, passwords, files, and many at once. */
#include "attacks.h"
#include "auth/auth.h"

#include <stdlib.h>

/* ---- A08 ---- */
static const char *const labels[] = {"x\"); drop table person--", "__proto__", "rowid", "id", "name", "select", "owner", "'; DROP TABLE \"user\"; --", "\"", "``", "\xF0\x9F\x92\xA3", ("\xE2\x80\xAE" "x"),
                                     "constructor", "x_x", "oid", "ctid", "_f", "NULL", "1", "-", "%", "../x"};

/* Each name of an own field or table is of our making. */
static void names_are_ours(struct api_bed *t)
{
    (void)api_events_came(t);
    struct answer r = api_call(t, t->b.cx.a, ADMIN, S("GET /api/v1/meta"), S(""), S(""));
    T_INT(r.status, 200);
    int own = 0;
    for (ptrdiff_t at = 0; (at = str_find(r.body, S("\"name\":\"x_"))) >= 0; own++) {
        size_t from = (size_t)at + 8, to = from;
        while (to < r.body.n && ((r.body.p[to] >= 'a' && r.body.p[to] <= 'z') || (r.body.p[to] >= '0' && r.body.p[to] <= '9') || r.body.p[to] == '_')) to++;
        T(r.body.p[to] == '"' && to - from <= 60);
        r.body = str_cut(r.body, to, r.body.n);
    }
    T(own >= 8);
    ROWS(t, {ADMIN, "GET /api/v1/person?limit=1", NULL, 200, "\"data\":[{", NULL, NULL, NULL}, {ADMIN, "GET /api/v1/user", NULL, 200, "Clara Chefin", NULL, NULL, NULL});
}

/* Own things under any label: a label, and the names of columns and tables are ours. */
static void labelled(struct api_bed *t)
{
    static const struct tried makes[] = {
        {ADMIN, "POST /api/v1/meta/field", "{\"entity\":\"person\",\"kind\":\"text\",\"label\":$json}", NULL, 201, 422},
        {ADMIN, "POST /api/v1/meta/field", "{\"entity\":\"person\",\"kind\":\"text\",\"label\":\"n\",\"name\":$json}", NULL, 422, 201},
        {ADMIN, "POST /api/v1/meta/field", "{\"entity\":\"person\",\"kind\":\"choice\",\"label\":\"c\",\"choices\":[[$json,[$json]]]}", NULL, 201, 422},
        {ADMIN, "POST /api/v1/meta/entity", "{\"label\":$json,\"plural\":$json,\"icon\":$json}", NULL, 201, 422},
        {ADMIN, "POST /api/v1/group", "{\"name\":$json}", NULL, 201, 422},
        {ADMIN, "POST /api/v1/team", "{\"name\":$json}", NULL, 201, 422},
        {ADMIN, "POST /api/v1/role", "{\"name\":$json,\"rights\":{\"person\":{\"see\":\"own\"}}}", NULL, 201, 422},
        {ADMIN, "POST /api/v1/import/mapping", "{\"name\":$json,\"mapping\":{}}", NULL, 201, 422},
        {ADMIN, "POST /api/v1/hook", "{\"name\":$json,\"url\":\"https://example.com/\",\"ops\":[\"create\"]}", NULL, 201, 422},
        {ADMIN, "POST /api/v1/retention", "{\"name\":$json,\"reason\":$json,\"entity\":\"person\",\"n\":1,\"act\":\"trash\"}", NULL, 201, 422},
        {ADMIN, "POST /api/v1/draft", "{\"title\":$json,\"data\":{}}", NULL, 201, 0},
        {ADMIN, "PUT /api/v1/setting/views", "{\"value\":{\"name\":$json}}", NULL, 204, 0},
        {ADMIN, "POST /api/v1/person", "{\"name\":\"x\",\"tags\":[$json]}", NULL, 201, 422},
    };
    struct arena *a = t->b.cx.a;
    for (size_t i = 0; i < COUNT(labels); i++) {
        (void)text_put(t, str_from(labels[i]));
        for (size_t k = 0; k < COUNT(makes); k++) {
            if (k < 4 && i % 3) continue; /* each of them changes the tables: a third is enough */
            struct answer r = sent(t, &makes[k]);
            bool fits = r.status == makes[k].status || r.status == makes[k].or_status || r.status == 409;
            T(fits);
            if (!fits) fprintf(stderr, "  %s with %s: %d %.*s\n", makes[k].body, labels[i], r.status, FS(str_cut(r.body, 0, 300)));
        }
    }
    (void)text_put(t, arena_fmt(a, "%010000d", 1));
    for (size_t k = 0; k < COUNT(makes); k++) {
        struct answer r = sent(t, &makes[k]);
        T(r.status == 422 || r.status == 413 || (r.status == 201 && r.body.n < 2000));
    }
    names_are_ours(t);
}

/* ---- C12, C13 ---- */
/* A field that is hidden, or may only be read, is written by no door; nor what the program keeps itself. */
static void by_every_door(struct api_bed *t)
{
    static const char *const values[] = {"\"job_title\":\"CANARY\"", "\"mails\":[\"eve@x.example\"]", "\"created_by\":\"1\"", "\"created_at\":\"2020-01-01T00:00:00Z\"", "\"changed_by\":\"1\"", "\"deleted_at\":null",
                                         "\"is_admin\":true", "\"role\":\"1\"", "\"portal\":true", "\"balance\":1", "\"number\":\"1\"", "\"title\":\"x\"", "\"rowid\":1", "\"name_f\":\"x\"", "\"__proto__\":{}",
                                         "\"company\":{\"owner\":\"1\"}", "\"company\":{\"name\":\"x\",\"owner_id\":\"1\"}", "\"note\":\"a\",\"note\":\"b\"", "\"x_none\":1", "\"people_count\":1"};
    static const struct {
        const char *req, *body;
        bool in_answer; /* 200, and the refusal stands in it */
    } doors[] = {{"POST /api/v1/person", "{\"name\":\"n\",$pair}", false},
                 {"PATCH /api/v1/person/$nina", "{$pair}", false},
                 {"PUT /api/v1/person/by/shop/1", "{\"name\":\"n\",$pair}", false},
                 {"POST /api/v1/person/bulk", "{\"items\":[{\"op\":\"create\",\"values\":{\"name\":\"n\",$pair}}]}", true},
                 {"POST /api/v1/person/bulk", "{\"items\":[{\"op\":\"change\",\"id\":\"$nina\",\"values\":{$pair}}]}", true},
                 {"POST /api/v1/person/bulk", "{\"items\":[{\"op\":\"upsert\",\"system\":\"shop\",\"key\":\"1\",\"values\":{\"name\":\"n\",$pair}}]}", true},
                 {"POST /api/v1/person/mass", "{\"act\":\"change\",\"ids\":[\"$nina\"],\"values\":{$pair}}", true},
                 {"POST /api/v1/partner", "{\"company\":{\"name\":\"c\"},\"people\":[{\"name\":\"n\",$pair}]}", false}};
    struct cx *cx = &t->b.cx;
    ROWS(t,
         {ADMIN, "POST /api/v1/person", "{'name':'Nina','job_title':'CANARY','owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "nina", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Otto','owner':'$repb1','team':'$teamb'}", 201, NULL, "person.create", "otto", NULL},
         {ADMIN, "PATCH /api/v1/role/$roleteam", "{'rights':{'*':{'see':'team','create':'team','change':'team','delete':'team','mass':'team'},'person':{'fields':{'job_title':'hidden','mails':'read'}}}}", 200, NULL,
          "role.update", NULL, NULL});
    str before = api_digest(t, S(APART));
    for (size_t i = 0; i < COUNT(values); i++)
        for (size_t k = 0; k < COUNT(doors); k++) {
            var_put(t, "pair", str_from(values[i]));
            struct tried one = {REPB1, doors[k].req, doors[k].body, NULL, 0, 0};
            struct answer r = sent(t, &one);
            bool refused = (r.status >= 400 && r.status < 500) || (doors[k].in_answer && r.status == 200 && str_find(r.body, S("\"refused\":1")) > 0);
            bool fits = refused && str_eq(api_digest(t, S(APART)), before);
            T(fits);
            if (!fits) fprintf(stderr, "  %s %.*s: %d %.*s\n", doors[k].req, FS(api_expand(t, cx->a, doors[k].body)), r.status, FS(str_cut(r.body, 0, 300)));
            if (!fits) before = api_digest(t, S(APART));
        }
    T_STR(api_events_came(t), S(""));
    REFUSED(t, {REPB1, "POST /api/v1/person/$nina/merge", "{'loser':'$otto','take':{'mails':'loser'}}", NULL, 422, 0}, {REPB1, "POST /api/v1/person/$nina/merge", "{'loser':'$otto','take':{'job_title':'winner'}}", NULL, 422, 0},
            {REPB1, "POST /api/v1/person/$nina/merge", "{'loser':'$otto','take':{'created_by':'loser'}}", NULL, 422, 0}, {REPB1, "POST /api/v1/person/$nina/proposal", "{'source':'m','fields':{'job_title':'CANARY'}}", NULL, 422, 404},
            {REPB1, "POST /api/v1/person/$nina/proposal", "{'source':'m','fields':{'created_by':'1'}}", NULL, 422, 404});
    /* whoever changes the record may propose what he sees; nobody takes it who may not write it */
    ROWS(t, {REPB1, "POST /api/v1/person/$nina/proposal", "{'source':'m','fields':{'mails':['eve@x.example']}}", 200, "\"proposed\":1", NULL, NULL, NULL});
    struct db_rows rows = {0};
    T_OK(cx, db_query(cx, &rows, "SELECT id FROM proposal LIMIT 2"));
    T_INT((int64_t)rows.n, 1);
    var_put(t, "x", arena_fmt(cx->a, "%" PRId64, rows.n ? db_int(&rows, 0, 0) : 0));
    REFUSED(t, {REPB1, "POST /api/v1/proposal/$x/take", NULL, NULL, 403, 0}, {REPA1, "POST /api/v1/proposal/$x/take", NULL, NULL, 404, 0}, {REPA1, "POST /api/v1/proposal/$x/refuse", NULL, NULL, 404, 0});
}

/* C13: nobody gives himself a role, by whatever member of whatever body. */
static void himself(struct api_bed *t)
{
    REFUSED(t, {REPA1, "PATCH /api/v1/user/$repa1", "{'role':'$rolemgr'}", NULL, 403, 0}, {REPA1, "PATCH /api/v1/user/$repa1", "{'roles':['$rolemgr']}", NULL, 403, 0},
            {REPA1, "PATCH /api/v1/user/$repa1", "{'team_of':'$teamb'}", NULL, 403, 0}, {REPA1, "PATCH /api/v1/user/$repa1", "{'is_admin':true}", NULL, 403, 422},
            {REPA1, "PUT /api/v1/user/by/x/1", "{'name':'Eve','mail':'eve@mueller.example','role':'$rolemgr'}", NULL, 403, 0},
            {REPA1, "POST /api/v1/role", "{'name':'Eve','rights':{'*':{'see':'all'}}}", NULL, 403, 0}, {REPA1, "DELETE /api/v1/user/$admin", NULL, NULL, 403, 0},
            {REPA1, "POST /api/v1/user/$repa1/merge", "{'loser':'$admin'}", NULL, 403, 404}, {MGRA, "POST /api/v1/user/mass", "{'act':'change','ids':['$mgra'],'values':{'role':'1'}}", NULL, 403, 0},
            {MGRA, "POST /api/v1/role/mass", "{'act':'delete','filter':{}}", NULL, 403, 404}, {REPA1, "PUT /api/v1/signup/rules", "{'open':true,'role':'$rolemgr'}", NULL, 403, 0},
            {REPA1, "PUT /api/v1/usage/rules", "{'on':false}", NULL, 403, 0}, {REPA1, "PUT /api/v1/mail/server", "{'host':'evil.example'}", NULL, 403, 0},
            {REPA1, "POST /api/v1/idp", "{'name':'x','issuer':'https://evil.example','client_id':'x'}", NULL, 403, 0});
    ROWS(t, {REPA1, "PATCH /api/v1/session", "{'language':'de','role':'$rolemgr','is_admin':true,'user':'$admin'}", 200, "\"role\":\"rep\"", "user.update*", NULL, NULL},
         {REPA1, "GET /api/v1/user/$repa1", NULL, 200, "\"title\":\"rep\"", NULL, NULL, NULL});
}

/* ---- C14, I09, K02 ---- */
/* Other spellings of a method or a path reach nothing that the plain one does not, and no path looks like a file. */
static void other_ways(struct api_bed *t)
{
    api_make(t, "person", "CANARY", REPB1);
    ROWS(t, {REPA1, "POST /api/v1/person", "{'name':'Anna'}", 201, NULL, "person.create", "p", NULL});
    REFUSED(t, {REPA1, "PUT /api/v1/person/$p", "{'name':'x'}", NULL, 405, 0}, {REPA1, "POST /api/v1/person/$p", "{'name':'x'}", "X-HTTP-Method-Override: PATCH", 405, 0},
            {REPA1, "POST /api/v1/person/$p?_method=DELETE", NULL, "X-HTTP-Method: DELETE", 405, 0}, {REPA1, "POST /api/v1/person/$p", "{'_method':'DELETE'}", "X-Method-Override: DELETE", 405, 0},
            {REPA1, "PATCH /api/v1/person", "{'name':'x'}", NULL, 405, 0}, {REPA1, "DELETE /api/v1/person", NULL, NULL, 405, 0}, {REPA1, "DELETE /api/v1/person/$p/", NULL, NULL, 404, 405},
            {REPA1, "DELETE /api/v1//person/$p", NULL, NULL, 404, 405}, {REPA1, "DELETE /API/v1/person/$p", NULL, NULL, 404, 405}, {REPA1, "DELETE /api/V1/person/$p", NULL, NULL, 404, 405},
            {REPA1, "DELETE /api/v1/Person/$p", NULL, NULL, 404, 0}, {REPA1, "DELETE /api/v1/person/$p.json", NULL, NULL, 404, 0}, {REPA1, "DELETE /api/v1/person/$p;x=1", NULL, NULL, 404, 0},
            {REPA1, "DELETE /api/v1/person/%2e/$p", NULL, NULL, 400, 0}, {REPA1, "DELETE /api/v1/person%2f$p", NULL, NULL, 400, 0},
            {REPA1, "DELETE /api/v1/person/+$p", NULL, NULL, 404, 0}, {REPA1, "DELETE /api/v1/person/%20$p", NULL, NULL, 404, 0}, {REPA1, "DELETE /api/v1/person/$p%00", NULL, NULL, 400, 0},
            {ANON, "HEAD /api/v1/person", NULL, NULL, 401, 0}, {ANON, "HEAD /api/v1/person/$p", NULL, NULL, 401, 0}, {REPA1, "GET /api/v1/person/$p/x.css", NULL, NULL, 404, 0},
            {REPA1, "GET /api/v1/person/$p.css", NULL, NULL, 404, 0}, {REPA1, "GET /api/v1/person/$p;x.css", NULL, NULL, 404, 0}, {REPA1, "GET /api/v1/person/$p%0ax.css", NULL, NULL, 400, 0},
            {REPA1, "GET /api/v1/person/$p%23x.css", NULL, NULL, 404, 0}, {REPA1, "GET /api/v1/person/$p%3fx.css", NULL, NULL, 404, 0}, {REPA1, "GET /api/v1/session/x.css", NULL, NULL, 404, 0});
    /* the log: nobody changes it or takes of it, and it is no list */
    REFUSED(t, {ADMIN, "GET /api/v1/change", NULL, NULL, 404, 0}, {ADMIN, "PATCH /api/v1/change/1", "{'op':'x'}", NULL, 404, 405}, {ADMIN, "DELETE /api/v1/change/1", NULL, NULL, 404, 405},
            {ADMIN, "POST /api/v1/change", "{'op':'x'}", NULL, 404, 405}, {ADMIN, "PATCH /api/v1/audit/1", "{'op':'x'}", NULL, 404, 405}, {ADMIN, "DELETE /api/v1/audit_seal/1", NULL, NULL, 404, 405},
            {ADMIN, "PATCH /api/v1/attempt", "{'ok':true}", NULL, 405, 0}, {ADMIN, "DELETE /api/v1/attempt", NULL, NULL, 405, 0}, {ADMIN, "DELETE /api/v1/attempt/1", NULL, NULL, 404, 405},
            {ADMIN, "PATCH /api/v1/batch", "{'title':'x'}", NULL, 405, 0}, {ADMIN, "DELETE /api/v1/batch/1", NULL, NULL, 404, 405}, {ADMIN, "PATCH /api/v1/batch/1", "{'title':'x'}", NULL, 404, 405},
            {ADMIN, "DELETE /api/v1/erasure", NULL, NULL, 405, 0}, {ADMIN, "PATCH /api/v1/erasure/1", "{'name':'x'}", NULL, 404, 405}, {ADMIN, "DELETE /api/v1/mail", NULL, NULL, 405, 0},
            {ADMIN, "DELETE /api/v1/person/$p/history", NULL, NULL, 404, 405}, {ADMIN, "PATCH /api/v1/person/$p/history", "{'old':'x'}", NULL, 404, 405},
            {ADMIN, "POST /api/v1/person/$p/history", "{'op':'x'}", NULL, 404, 405}, {ADMIN, "POST /api/v1/change/mass", "{'act':'delete','filter':{}}", NULL, 404, 0},
            {ADMIN, "POST /api/v1/change/bulk", "{'items':[{'op':'delete','id':'1'}]}", NULL, 404, 0});
    ROWS(t, {REPA1, "GET /api/v1/person/$p", NULL, 200, "Anna|\"version\":1", NULL, NULL, NULL});
}

/* ---- D13 ---- */
/* Rita has `present` and would have `next`: what is answered. */
static int change_to(struct api_bed *t, str present, str next)
{
    struct cx *cx = &t->b.cx;
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    T_OK(cx, auth_password_set(cx, t->app->auth, t->who[REPA2].id, present));
    api_enter(t, REPA2, t->who[REPA2].id);
    jw_obj(&w);
    jw_kstr(&w, S("present"), present);
    jw_kstr(&w, S("password"), next);
    jw_obj_end(&w);
    struct answer r = api_call(t, cx->a, REPA2, S("POST /api/v1/session/password"), buf_str(&b), S(""));
    T(str_find(r.body, next.n > 7 ? next : S("\"password\":")) < 0); /* it is told nobody */
    return r.status;
}

static int comes_in(struct api_bed *t, str password)
{
    struct cx *cx = &t->b.cx;
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kstr(&w, S("mail"), S("rita@mueller.example"));
    jw_kstr(&w, S("password"), password);
    jw_obj_end(&w);
    return api_call(t, cx->a, ANON, S("POST /api/v1/session"), buf_str(&b), S("")).status;
}

static void words(struct api_bed *t)
{
    static const str old = S0("Moos-Laterne-9");
    struct arena *a = t->b.cx.a;
    struct buf long_one = buf_new(a, 1 << 16);
    for (int i = 0; i < PASSWORD_MAX + 1; i++) buf_byte(&long_one, (char)('!' + i * 7 % 90));
    str most = str_cut(buf_str(&long_one), 0, PASSWORD_MAX);
    const struct {
        str next;
        int status;
    } all[] = {{S("Qx7-zjW"), 422}, {S("Qx7-zjWk"), 200}, {str_cut(most, 0, 64), 200}, {most, 200}, {buf_str(&long_one), 422}, {S("  Zaun Kiesel  "), 200},
               {S("\xF0\x9F\x90\xA2\xF0\x9F\x8C\xB5\xF0\x9F\x9A\xB2\xF0\x9F\x8E\xBB\xF0\x9F\xA7\xAD\xF0\x9F\x8E\x88\xF0\x9F\x90\xB3\xF0\x9F\x8C\x8B"), 200}, {S("Password1"), 422}, {S("Müller Handel GmbH"), 422}, {S("rita@mueller.example"), 422},
               {S("Rita Zwei 1"), 422}, {S("aaaaaaaaaaaa"), 422}, {old, 422}};
    for (size_t i = 0; i < COUNT(all); i++) {
        int status = change_to(t, old, all[i].next);
        T_INT(status, all[i].status);
        if (status != all[i].status) fprintf(stderr, "  %.*s\n", FS(str_cut(all[i].next, 0, 80)));
        if (status != 200) continue;
        T_INT(comes_in(t, all[i].next), 200);
        T_INT(comes_in(t, arena_fmt(a, "%.*s ", FS(all[i].next))), 401); /* exactly as it was typed, to its end */
        t->ahead_ms += 3600000; /* the failures are not what is looked at here */
    }
    t->ahead_ms = 0;
    api_enter(t, REPA2, t->who[REPA2].id);
    ROWS(t, {REPA2, "POST /api/v1/session/password", "{\"present\":\"Moos-Laterne-9\",\"password\":\"Zaun\\u0000Kiesel-7\"}", 400, NULL, NULL, NULL, NULL},
         {ANON, "POST /api/v1/session", "{\"mail\":\"rita@mueller.example\",\"password\":\"Moos-Laterne-9\\u0000x\"}", 400, NULL, NULL, NULL, NULL});
}

/* ---- B04 ---- */
/* What a browser would run is a download that runs nothing, whatever it is called. */
static void scripts_as_files(struct api_bed *t)
{
    static const struct {
        const char *name, *bytes, *type;
    } all[] = {{"a.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"},
               {"a.svg.png", "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/png"},
               {"a.png", "<svg xmlns='http://www.w3.org/2000/svg'><foreignObject><body xmlns='http://www.w3.org/1999/xhtml' onload='alert(1)'/></foreignObject></svg>", "image/png"},
               {"a.html", "<!doctype html><script>alert(1)</script>", "text/html"},
               {"a.xhtml", "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>", "application/xhtml+xml"},
               {"a.xml", "<?xml version='1.0'?><?xml-stylesheet type='text/xsl' href='#x'?><x><script xmlns='http://www.w3.org/1999/xhtml'>alert(1)</script></x>", "text/xml"},
               {"a.mht", "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n", "message/rfc822"},
               {"a.gif", "GIF89a/*\x01\x01*/=1;alert(1)//<script>alert(1)</script>", "image/gif"},
               {"a.pdf", "%PDF-1.7 <script>alert(1)</script>", "application/pdf"},
               {"a.js", "alert(1)", "text/javascript"},
               {"a.csv.html", "Name\n<script>alert(1)</script>\n", "text/html"}};
    int taken = 0;
    ROWS(t, {REPA1, "POST /api/v1/person", "{'name':'A'}", 201, NULL, "person.create", "p", NULL});
    for (size_t i = 0; i < COUNT(all); i++) {
        struct arena *a = t->b.cx.a;
        struct answer r = api_call(t, a, REPA1, arena_fmt(a, "POST /api/v1/file?name=%s", all[i].name), str_from(all[i].bytes), arena_fmt(a, "Content-Type: %s", all[i].type));
        T((r.status == 201 || r.status == 422 || r.status == 415) && str_find(r.body, S("\"type\":\"text/html\"")) < 0 && str_find(r.body, S("svg+xml")) < 0 && str_find(r.body, S("\"type\":\"text/xml\"")) < 0);
        taken += r.status == 201;
        var_put(t, "f", answer_value(&t->b.cx, &r, S("id")));
        if (r.status == 201) ROWS(t, {REPA1, "GET /api/v1/file/$f", NULL, 200, "@Content-Disposition: attachment|@Content-Security-Policy: sandbox; default-src 'none'", NULL, NULL, NULL},
             {REPA1, "PATCH /api/v1/person/$p", "{'photo':'$f'}", 422, "\"field\":\"photo\"", NULL, NULL, NULL});
        r = api_call(t, a, REPA1, arena_fmt(a, "POST /api/v1/file?as=picture&name=%s", all[i].name), str_from(all[i].bytes), arena_fmt(a, "Content-Type: %s", all[i].type));
        T_INT(r.status, 422);
    }
    T(taken >= 6); /* those whose name does not say that they are something else */
}

/* ---- J02 ---- */
enum { MANY = 50 };
struct many {
    struct api_bed *t;
    enum actor who;
    const char *req, *body;
    _Atomic int done, refused, other;
};
static void *asks(void *arg)
{
    struct many *m = arg;
    struct arena *a = arena_new();
    int status = 503;
    for (int i = 0; i < 20 && status == 503; i++) /* "please try again": then again */
        status = api_call(m->t, a, m->who, str_from(m->req), str_from(m->body), S("")).status;
    if (status == 200 || status == 201 || status == 204) m->done++;
    else if (status == 409 || status == 404 || status == 412) m->refused++;
    else m->other++;
    arena_free(&a);
    return NULL;
}

/* Fifty at once: one has it, the others are told. */
static void one_of_fifty(struct api_bed *t, enum actor who, const char *req, const char *body, int all_done)
{
    struct arena *a = t->b.cx.a;
    pthread_t thread[MANY];
    struct many m = {.t = t, .who = who, .req = arena_z(a, api_expand(t, a, req)), .body = arena_z(a, api_expand(t, a, body))};
    for (int i = 0; i < MANY; i++) T(pthread_create(&thread[i], NULL, asks, &m) == 0);
    for (int i = 0; i < MANY; i++) pthread_join(thread[i], NULL);
    T_INT(m.other, 0);
    T_INT(m.done, all_done ? MANY : 1);
    if (m.other || m.done + m.refused != MANY) fprintf(stderr, "  %s: %d done, %d refused, %d other\n", req, m.done, m.refused, m.other);
}

static void at_once(struct api_bed *t)
{
    ROWS(t, {REPA1, "POST /api/v1/person", "{'name':'Anna'}", 201, NULL, "person.create", "p", NULL}, {REPA1, "POST /api/v1/person", "{'name':'Berta'}", 201, NULL, "person.create", "q", NULL});
    one_of_fifty(t, ADMIN, "POST /api/v1/user", "{'name':'Neu','mail':'neu@mueller.example'}", false);
    T_STR(api_events_came(t), S("user.create"));
    one_of_fifty(t, REPA1, "PATCH /api/v1/person/$p", "{'job_title':'x','version':1}", false);
    T_STR(api_events_came(t), S("person.update"));
    one_of_fifty(t, REPA1, "PUT /api/v1/company/by/shop/4711", "{'name':'Laden'}", true); /* the same for all: made once */
    T_STR(api_events_came(t), S("company.create"));
    one_of_fifty(t, REPA1, "DELETE /api/v1/person/$q", "", false);
    T_STR(api_events_came(t), S("person.delete"));
    one_of_fifty(t, REPA1, "POST /api/v1/person/$q/restore", "", false);
    T_STR(api_events_came(t), S("person.restore"));
    ROWS(t, {ADMIN, "GET /api/v1/count/company", NULL, 200, "\"value\":1", NULL, NULL, NULL}, {REPA1, "GET /api/v1/person/$p", NULL, 200, "\"version\":2", NULL, NULL, NULL});
}

void attacks_write_tests(void)
{
    static void (*const all[])(struct api_bed *) = {labelled, by_every_door, himself, other_ways, words, scripts_as_files, at_once};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
