/* SPDX-License-Identifier: MIT */
/* C05: what each shipped role must never be told. For each kind there are four records, his own, his team's, his branch's and
 * a stranger's, each with a word of its own; by every door that words can come out of, the word of one that he may not see
 * does not, and what he may not change stays as it is. Where he may see, it has to come: else the door proves nothing. */
#include "shipped.h"
#include "base/time.h"
#include "os/os.h"

#include <unistd.h>

enum { WHOSE = 4, WAIT_MS = 30000, KINDS = 6, TABLE_MAX = 1024 };

/* ---- the records ---- */
static const struct canary {
    const char *entity, *title; /* title: the field with the word, changed once */
    bool found;                 /* by that */
} canaries[KINDS] = {{"person", "name", true},  {"company", "name", true}, {"interaction", "subject", true},
                     {"task", "subject", true}, {"group", "name", true},   {"bank_account", "bank", false}};

struct trial { /* one role's records of one kind */
    const struct reached *x;
    const struct canary *k;
    int role;           /* tells the words of a role from those of the others */
    int64_t version[WHOSE];
};

static const struct canary *canary_of(const char *entity)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(canaries[i].entity, entity) == 0) return &canaries[i];
    T(false); /* no such kind */
    return &canaries[0];
}

static str word_of(struct api_bed *t, const struct trial *y, int w) { return arena_fmt(t->b.cx.a, "%sq%dw%d", y->k->entity, y->role, w); }

static struct answer ask(struct api_bed *t, enum actor who, const char *req, const char *body)
{
    struct arena *a = t->b.cx.a;
    return api_call(t, a, who, api_expand(t, a, req), body ? api_expand(t, a, body) : S(""), S(""));
}

static int64_t number(struct api_bed *t, str sql, int64_t id)
{
    const struct db_val v[] = {V(id)};
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_run(&t->b.cx, &r, NULL, sql, v, 1));
    return r.n ? db_int(&r, 0, 0) : 0;
}

static void var_int(struct api_bed *t, const char *name, int w, int64_t n)
{
    struct arena *a = t->b.cx.a;
    var_put(t, arena_z(a, arena_fmt(a, "%s%d", name, w)), arena_fmt(a, "%" PRId64, n));
}

static int64_t id_of(struct api_bed *t, int w)
{
    int64_t id = 0;
    T(str_to_int(var_get(t, arena_z(t->b.cx.a, arena_fmt(t->b.cx.a, "id%d", w))), &id));
    return id;
}

static int64_t version_of(struct api_bed *t, const struct trial *y, int w)
{
    str sql = arena_fmt(t->b.cx.a, "SELECT version FROM %.*s WHERE id = $1 AND deleted_at IS NULL", FS(meta_entity(t->app->meta, str_from(y->k->entity))->table));
    return number(t, sql, id_of(t, w));
}

/* A file that hangs on a person. */
static enum err photo_row(struct cx *cx, void *arg)
{
    const int64_t *x = arg; /* file, person */
    TRY(db_exec(cx, NULL, "INSERT INTO file (id, name, type, bytes, sha256, created_at, created_by, entity, record) VALUES ($1, 'm.csv', 'text/csv', 4, '', 1, 1, 'person', $2)", V(x[0]), V(x[1])));
    return db_exec(cx, NULL, "UPDATE person SET photo = $1 WHERE id = $2", V(x[0]), V(x[1]));
}

static void photo_make(struct api_bed *t, int w)
{
    struct cx *cx = &t->b.cx;
    int64_t x[] = {id_new(clock_ms()), id_of(t, w)};
    T_OK(cx, os_mkdirs(cx, arena_fmt(cx->a, "%.*s/files", FS(t->b.folder)), 0700));
    T_OK(cx, os_write_file_atomic(cx, arena_fmt(cx->a, "%.*s/files/%" PRId64, FS(t->b.folder), x[0]), S("word"), 0600));
    T_OK(cx, db_write(cx, photo_row, x));
    var_int(t, "file", w, x[0]);
}

/* $id0..3, $seq0..3: their last change, $batch0..3: what it was done by, $file0..3: of people. */
static void records_make(struct api_bed *t, struct trial *y)
{
    static const char *const owner[] = {"$repa1", "$repa2", "$repb1", "$repb1"}, *const team[] = {"$teama", "$teama", "$teamc", "$teamb"};
    struct arena *a = t->b.cx.a;
    const char *e = y->k->entity;
    bool person = strcmp(e, "person") == 0, bank = strcmp(e, "bank_account") == 0;
    for (int w = 0; w < WHOSE; w++) {
        str mails = person ? arena_fmt(a, ",'mails':['m%dw%d@canario.example']", y->role, w) : bank ? S(",'account':'DE89370400440532013000'") : S("");
        str body = arena_fmt(a, "{'%s':'Canario%d %.*s','owner':'%s','team':'%s'%.*s}", y->k->title, y->role, FS(word_of(t, y, w)), owner[w], team[w], FS(mails));
        struct answer made = ask(t, ADMIN, arena_z(a, arena_fmt(a, "POST /api/v1/%s", e)), arena_z(a, body));
        T_INT(made.status, 201);
        var_put(t, arena_z(a, arena_fmt(a, "id%d", w)), answer_value(&t->b.cx, &made, S("id")));
        body = arena_fmt(a, "{'act':'change','ids':['$id%d'],'values':{'%s':'Canario%d %.*s zwei'}}", w, y->k->title, y->role, FS(word_of(t, y, w)));
        struct answer mass = ask(t, ADMIN, arena_z(a, arena_fmt(a, "POST /api/v1/%s/mass", e)), arena_z(a, body));
        T_INT(mass.status, 200);
        if (person) photo_make(t, w);
        var_int(t, "seq", w, number(t, S("SELECT max(seq) FROM change WHERE record = $1"), id_of(t, w)));
        var_int(t, "batch", w, number(t, S("SELECT max(batch) FROM change WHERE record = $1"), id_of(t, w)));
        y->version[w] = version_of(t, y, w);
        T(y->version[w] > 0);
    }
    (void)api_events_came(t);
}

/* ---- what was answered ---- */
static void judged(struct api_bed *t, const struct trial *y, const char *door, const struct answer *r, int w, bool may, bool comes)
{
    bool told = str_find(r->body, word_of(t, y, w)) >= 0, fits = may ? r->status < 400 && (told || !comes) : !told;
    T(fits && r->status < 500);
    if (!fits || r->status >= 500)
        fprintf(stderr, "  %s, %s: %s of whose %d: %s, got %d %.*s\n", y->x->role, y->k->entity, door, w, may ? "may" : "may not", r->status, FS(str_cut(r->body, 0, 400)));
}

/* A job's answer is what it gave in the end. */
static struct answer waited(struct api_bed *t, struct answer r, const char *pages)
{
    struct cx *cx = &t->b.cx;
    str job = answer_value(cx, &r, S("job"));
    if (r.status != 202 || !job.n) return r;
    for (int64_t end = os_mono_ms() + WAIT_MS; os_mono_ms() < end; (void)usleep(5000)) {
        struct answer now = api_call(t, cx->a, REPA1, arena_fmt(cx->a, "GET /api/v1/job/%.*s", FS(job)), S(""), S(""));
        str state = answer_value(cx, &now, S("state"));
        if (str_eq(state, S("failed")) || (str_eq(state, S("done")) && !pages)) return now;
        if (str_eq(state, S("done"))) return api_call(t, cx->a, REPA1, arena_fmt(cx->a, "GET %s/%.*s?limit=200", pages, FS(job)), S(""), S(""));
    }
    T(false);
    return r;
}

/* ---- doors of one record: $e, $id, $seq, $batch, $file, $title ---- */
enum { COMES = 1, PERSONS = 2, FIRMS = 4 }; /* the word has to come where he may see; of people alone; of people and companies */
static const struct door {
    const char *req, *body;
    unsigned flags;
} reads[] = {{"GET /api/v1/$e/$id", NULL, COMES},
             {"GET /api/v1/$e/$id/history", NULL, COMES},
             {"GET /api/v1/$e/$id?at=$now", NULL, COMES},
             {"GET /api/v1/$e/$id?fields=$title", NULL, COMES},
             {"GET /api/v1/$e/$id/share", NULL, 0},
             {"GET /api/v1/$e/$id/external", NULL, 0},
             {"GET /api/v1/$e/$id/proposal", NULL, 0},
             {"GET /api/v1/file/$file", NULL, PERSONS}},
  /* who may not see is answered as if there were none: 404, or nothing done */
  writes[] = {{"PATCH /api/v1/$e/$id", "{'$title':'Neu'}", 0},
              {"POST /api/v1/$e/bulk", "{'items':[{'op':'change','id':'$id','values':{'$title':'Neu'}},{'op':'delete','id':'$id'}]}", 0},
              {"POST /api/v1/$e/mass", "{'act':'change','ids':['$id'],'values':{'$title':'Neu'}}", 0},
              {"POST /api/v1/$e/mass", "{'act':'delete','ids':['$id']}", 0},
              {"POST /api/v1/undo", "{'change':'$seq','force':true}", 0},
              {"POST /api/v1/undo", "{'batch':'$batch','force':true}", 0},
              {"POST /api/v1/undo", "{'batch':'$batch','keep':true}", 0},
              {"GET /api/v1/batch/$batch", NULL, 0},
              {"POST /api/v1/$e/$id/merge", "{'loser':'$mine'}", FIRMS},
              {"POST /api/v1/$e/$mine/merge", "{'loser':'$id'}", FIRMS},
              {"POST /api/v1/$e/$id/share", "{'to':'$repa1','right':'change'}", 0},
              {"POST /api/v1/$e/$id/external", "{'system':'m','key':'m$id'}", 0},
              {"POST /api/v1/$e/$id/proposal", "{'source':'m','fields':{'$title':'Neu'}}", 0},
              {"DELETE /api/v1/$e/$id", NULL, 0},
              {"POST /api/v1/$e/$id/restore", NULL, 0}};

static bool is_for(const struct door *d, const struct trial *y)
{
    bool person = strcmp(y->k->entity, "person") == 0, firm = person || strcmp(y->k->entity, "company") == 0;
    return (!(d->flags & PERSONS) || person) && (!(d->flags & FIRMS) || firm);
}

static void target(struct api_bed *t, int w)
{
    static const char *const names[] = {"id", "seq", "batch", "file"};
    struct arena *a = t->b.cx.a;
    for (size_t i = 0; i < COUNT(names); i++) var_put(t, names[i], var_get(t, arena_z(a, arena_fmt(a, "%s%d", names[i], w))));
}

static void reads_try(struct api_bed *t, const struct trial *y)
{
    for (int w = 0; w < WHOSE; w++) {
        target(t, w);
        for (size_t i = 0; i < COUNT(reads); i++) {
            struct answer r = {0};
            if (!is_for(&reads[i], y)) continue;
            r = ask(t, REPA1, reads[i].req, reads[i].body);
            bool may = within(y->x->reach[SEE], w);
            judged(t, y, reads[i].req, &r, w, may, reads[i].flags & COMES);
            T(may || r.status == 404);
        }
    }
}

static void writes_try(struct api_bed *t, const struct trial *y)
{
    for (int w = WHOSE - 1; w >= 0; w--) {
        bool sees = within(y->x->reach[SEE], w), may = within(y->x->reach[CHANGE], w) || within(y->x->reach[DELETE_], w);
        target(t, w);
        for (size_t i = 0; i < COUNT(writes); i++) {
            if (!is_for(&writes[i], y) || (may && strstr(writes[i].req, "/merge"))) continue; /* $mine is needed again */
            struct answer r = ask(t, REPA1, writes[i].req, writes[i].body);
            if (!sees) judged(t, y, writes[i].req, &r, w, false, false);
            int64_t now = version_of(t, y, w);
            bool fits = may || now == y->version[w];
            T(fits);
            if (!fits) fprintf(stderr, "  %s, %s: %s of whose %d wrote: %d, version %" PRId64 " and not %" PRId64 "\n", y->x->role, y->k->entity, writes[i].req, w, r.status, now, y->version[w]);
        }
    }
}

/* ---- doors of many records ---- */
#define CANARIES "{'field':'$title','op':'starts','value':'Canario$n '}"
static const struct many {
    const char *req, *body, *pages; /* pages: where a job's answer is read */
    int right;
    bool comes;
} lists[] = {{"GET /api/v1/$e?limit=200", NULL, NULL, SEE, true},
             {"GET /api/v1/$e?limit=200&q=Canario$n", NULL, NULL, SEE, true},
             {"GET /api/v1/$e?limit=200&sort=$title&fields=$title&filter=" CANARIES, NULL, NULL, SEE, true},
             {"GET /api/v1/$e?limit=200&at=$now", NULL, NULL, SEE, true},
             {"GET /api/v1/$e?limit=200&deleted=1", NULL, NULL, SEE, false},
             {"POST /api/v1/$e/query", "{'filter':" CANARIES ",'limit':200}", NULL, SEE, true},
             {"POST /api/v1/as_of", "{'entity':'$e','at':'$now','filter':" CANARIES "}", "/api/v1/as_of", SEE, true},
             {"GET /api/v1/export/$e?format=csv", NULL, NULL, EXPORT, true},
             {"GET /api/v1/export/$e?format=jsonl", NULL, NULL, EXPORT, true},
             {"GET /api/v1/export/$e?format=vcf", NULL, NULL, EXPORT, false}, /* where there is such a card */
             {"GET /api/v1/search?q=Canario$n", NULL, NULL, SEE, false},
             {"GET /api/v1/search?q=canario$n&entity=$e", NULL, NULL, SEE, false},
             {"POST /api/v1/$e/duplicates", "{'$title':'Canario$n'}", NULL, SEE, false},
             {"GET /api/v1/batch", NULL, NULL, SEE, false},
             {"GET /api/v1/job", NULL, NULL, SEE, false},
             {"GET /api/v1/notice", NULL, NULL, SEE, false},
             /* the file names the stranger's by his address alone */
             {"POST /api/v1/import/plan", "{'file':'$table','entity':'$e'}", NULL, IMPORT, false},
             {"POST /api/v1/import/dry", "{'file':'$table','entity':'$e'}", NULL, IMPORT, false},
             {"POST /api/v1/import/run", "{'file':'$table','entity':'$e'}", NULL, IMPORT, false},
             {"POST /api/v1/$e/mass", "{'act':'change','filter':" CANARIES ",'values':{'$title':'Canario$n neu'}}", NULL, MASS, false},
             {"POST /api/v1/$e/mass", "{'act':'delete','filter':" CANARIES "}", NULL, MASS, false}};

static bool is_search(const struct many *d) { return strstr(d->req, "/search") != NULL; }

/* Of no kind, and so open to all: what is own there, or is seen. */
static bool of_none(const struct many *d) { return !strstr(d->req, "/$e") && !(d->body && strstr(d->body, "$e")); }

static bool list_fits(struct api_bed *t, const struct trial *y, const struct many *d, const struct answer *r, int w)
{
    bool told = str_find(r->body, word_of(t, y, w)) >= 0, sees = within(y->x->reach[SEE], w), may = sees && (d->right == SEE || within(y->x->reach[d->right], w));
    bool changes = sees && (within(y->x->reach[CHANGE], w) || within(y->x->reach[DELETE_], w));
    if (told && !(d->right == EXPORT ? may : sees)) return false;
    if (may && !told && d->comes && (y->k->found || !strstr(d->req, "q="))) return false;
    return changes || version_of(t, y, w) == y->version[w];
}

static void lists_try(struct api_bed *t, const struct trial *y)
{
    for (size_t i = 0; i < COUNT(lists); i++) {
        const struct many *d = &lists[i];
        bool shut = !of_none(d) && !is_search(d) && (y->x->reach[SEE] == 'n' || y->x->reach[d->right] == 'n');
        struct answer r = waited(t, ask(t, REPA1, d->req, d->body), d->pages);
        bool fits = r.status < 500 && (!shut || r.status >= 400);
        for (int w = 0; w < WHOSE; w++) fits &= list_fits(t, y, d, &r, w);
        T(fits);
        if (!fits) fprintf(stderr, "  %s, %s: %s %s: %d %.*s\n", y->x->role, y->k->entity, d->req, d->body ? d->body : "", r.status, FS(str_cut(r.body, 0, 600)));
    }
}

static void counts_try(struct api_bed *t, const struct trial *y)
{
    struct answer r = ask(t, REPA1, "GET /api/v1/count/$e?filter=" CANARIES, NULL);
    int64_t n = 0, want = 0;
    for (int w = 0; w < WHOSE; w++) want += within(y->x->reach[SEE], w);
    if (y->x->reach[SEE] == 'n') {
        T_INT(r.status, 404);
        return;
    }
    const struct json *j = NULL;
    T(r.status == 200 && json_parse(&t->b.cx, r.body, &j) == E_OK && json_int_of(&t->b.cx, j, S("value"), -1, &n) == E_OK);
    T_INT(n, want);
    if (n != want) fprintf(stderr, "  %s, %s: counts %" PRId64 "\n", y->x->role, y->k->entity, n);
}

/* ---- one role, one kind ---- */
static void table_make(struct api_bed *t, const struct trial *y)
{
    struct cx *cx = &t->b.cx;
    struct buf b = buf_new(cx->a, TABLE_MAX);
    buf_fmt(&b, "Name;E-Mail\n");
    for (int w = 0; w < WHOSE; w++) buf_fmt(&b, "Fremd %d;m%dw%d@canario.example\n", w, y->role, w);
    struct answer r = api_call(t, cx->a, REPA1, S("POST /api/v1/file?name=m.csv"), buf_str(&b), S("Content-Type: text/csv"));
    T_INT(r.status, 201);
    var_put(t, "table", answer_value(cx, &r, S("id")));
}

static void tried(struct api_bed *t, const struct reached *x, int role, bool first)
{
    (void)first;
    struct trial y = {.x = x, .k = canary_of(x->entity), .role = role};
    assert(y.k); /* the table has one for each entity that is tried */
    struct arena *a = t->b.cx.a;
    var_put(t, "e", str_from(x->entity));
    var_put(t, "title", str_from(y.k->title));
    records_make(t, &y);
    bool bank = strcmp(x->entity, "bank_account") == 0;
    struct answer mine = ask(t, ADMIN, "POST /api/v1/$e", bank ? "{'account':'DE89370400440532013000','owner':'$repa1','team':'$teama'}" : "{'$title':'Meines','owner':'$repa1','team':'$teama'}");
    T_INT(mine.status, 201);
    var_put(t, "mine", answer_value(&t->b.cx, &mine, S("id")));
    (void)usleep(2000);
    var_put(t, "now", time_text(a, clock_ms()));
    table_make(t, &y);
    reads_try(t, &y);
    counts_try(t, &y);
    lists_try(t, &y);
    for (int w = 0; w < WHOSE; w++) y.version[w] = version_of(t, &y, w);
    writes_try(t, &y);
    (void)api_events_came(t);
}

/* ---- the house: rights that are of no kind ---- */
/* need: s(ettings), u(sers), l(og), b(ackups), p(rivacy), all of them. What the administrator has put there says CANARY. */
static const struct house_door {
    const char *req, *body, *need;
    bool comes;
} house[] = {{"GET /api/v1/mail/server", NULL, "s", true},
             {"GET /api/v1/mail", NULL, "u", false},
             {"GET /api/v1/signup/rules", NULL, "u", false},
             {"PUT /api/v1/signup/rules", "{'open':false}", "u", false},
             {"POST /api/v1/meta/field", "{'entity':'person','kind':'text','label':'Feld $n'}", "s", false},
             {"POST /api/v1/meta/entity", "{'label':'Ding $n'}", "s", false},
             {"GET /api/v1/idp", NULL, "su", false},
             {"GET /api/v1/usage?all=1", NULL, "u", false},
             {"PUT /api/v1/usage/rules", "{'on':true,'days':90}", "s", false},
             {"GET /api/v1/account/$repb1", NULL, "u", false},
             {"POST /api/v1/account/$repa2/password", "{'password':'Erstes-Wort-1'}", "u", false},
             {"GET /api/v1/key?all=1", NULL, "u", true},
             {"GET /api/v1/session/list?all=1", NULL, "u", false},
             {"GET /api/v1/attempt", NULL, "u", false},
             {"GET /api/v1/lock", NULL, "u", false},
             {"GET /api/v1/held", NULL, "u", false},
             {"GET /api/v1/block", NULL, "u", true},
             {"POST /api/v1/role", "{'name':'Rolle $n'}", "u", false},
             {"POST /api/v1/user", "{'name':'Neu $n','mail':'neu$n@mueller.example'}", "u", false},
             {"PATCH /api/v1/user/$repa2", "{'name':'Rita $n'}", "u", false},
             {"GET /api/v1/security/event", NULL, "l", false},
             {"GET /api/v1/security/export", NULL, "l", false},
             {"GET /api/v1/backup", NULL, "b", false},
             {"POST /api/v1/backup", NULL, "b", false},
             {"GET /api/v1/erasure", NULL, "p", false},
             {"GET /api/v1/retention", NULL, "p", true}};

static void house_make(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct key k = {.user = t->who[REPB1].id, .name = S("CANARY key"), .scopes = S("read")};
    str token = {0};
    cx.now_ms = clock_ms();
    T_OK(&cx, key_new(&cx, &k, &token));
    ROWS(t,
         {ADMIN, "PUT /api/v1/mail/server", "{'host':'127.0.0.1','port':9,'tls':'none','from':'kontor@canary.example','name':'CANARY firm'}", 204, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/block", "{'addr':'198.51.100.99','why':'CANARY block'}", 201, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'CANARY rule','reason':'m','entity':'person','n':9,'unit':'years','act':'trash'}", 201, NULL, "", NULL, NULL});
}

static const char *sys_of_role(const char *role)
{
    return strcmp(role, "Administrator") == 0 ? "sulbp" : strcmp(role, "Vertriebsleitung") == 0 ? "l" : "";
}

static void house_try(struct api_bed *t, const struct reached *x, int role, bool first)
{
    const char *has = sys_of_role(x->role);
    (void)role;
    str but = S("session login_attempt login_guard security_event captcha usage");
    for (size_t i = 0; first && i < COUNT(house); i++) {
        bool may = true;
        for (const char *p = house[i].need; *p; p++) may &= strchr(has, *p) != NULL;
        str before = may ? S("") : arena_dup(t->b.cx.a, api_digest(t, but));
        struct answer r = ask(t, REPA1, house[i].req, house[i].body);
        bool told = str_find(r.body, S("CANARY")) >= 0;
        bool fits = may ? r.status < 300 && (told || !house[i].comes) : r.status == 403 && !told && str_eq(api_digest(t, but), before);
        T(fits);
        if (!fits) fprintf(stderr, "  %s: %s: %s, got %d %.*s\n", x->role, house[i].req, may ? "may" : "may not", r.status, FS(str_cut(r.body, 0, 400)));
    }
    (void)api_events_came(t);
}

/* Each role once; fn is told which one it is. */
static void each_role(struct api_bed *t, void (*fn)(struct api_bed *t, const struct reached *x, int role, bool first))
{
    int role = 0;
    ROWS(t, {ADMIN, "POST /api/v1/team", "{'name':'C','branch':'$brancha'}", 201, NULL, "team.create", "teamc", NULL});
    for (size_t i = 0; i < COUNT(shipped); i++) {
        bool first = !i || strcmp(shipped[i - 1].role, shipped[i].role) != 0;
        if (first) {
            var_put(t, "n", arena_fmt(t->b.cx.a, "%d", ++role));
            shipped_give(t, shipped[i].role);
            (void)api_events_came(t);
        }
        fn(t, &shipped[i], role, first);
    }
    T_INT(role, SHIPPED_ROLES);
}

static void of_records(struct api_bed *t) { each_role(t, tried); }

static void of_house(struct api_bed *t)
{
    house_make(t);
    each_role(t, house_try);
}

void shipped_tests(void)
{
    api_both(of_records, true, true);
    api_both(of_house, false, true); /* nothing writes there by itself: what is refused leaves every table as it was */
}
