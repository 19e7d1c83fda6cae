/* SPDX-License-Identifier: MIT */
/* Rules of retention: rehearsed before they are on, held by law and by a share of the kind, undone like any batch. */
#include "api/api_int.h"
#include "api_bed.h"
#include "base/time.h"
#include "privacy/retain.h"
#include "record/log.h"

enum { YEAR_MS_DAYS = 366 };
static int erased;

static enum err order(struct cx *cx, void *arg, const struct record *r)
{
    (void)arg, (void)r;
    return ++erased == 2 ? fail(cx, E_CONFLICT, "kept") : E_OK;
}

static bool go_on(void *arg, int64_t done, int64_t total)
{
    (void)arg, (void)done, (void)total;
    return true;
}

/* A run so many days from now, as the job makes it. */
static void run_in(struct api_bed *t, const char *rule, int64_t run, int64_t days)
{
    static const struct retain_env env = {.erase = order, .progress = go_on};
    struct cx cx = t->b.cx;
    int64_t id = 0;
    T(str_to_int(var_get(t, rule), &id));
    cx.now_ms = clock_ms() + days * DAY_MS;
    cx.acl = NULL;
    cx.who = (struct who){0};
    struct meta *m = app_meta_hold(t->app);
    cx.meta = m;
    T_OK(&cx, retention_run(&cx, id, run, &env));
    T_OK(&cx, retention_run(&cx, id, run, &env)); /* the same job once more finds nothing new */
    t->b.cx.db = cx.db;
    meta_drop(&m);
}

#define RULE "{'name':'old leads','reason':'Art. 5','entity':'person','filter':{'field':'job_title','op':'eq','value':'lead'},'n':1,'unit':'years','act':'trash','most':60}"

static void defined(struct api_bed *t)
{
    ROWS(t,
         {MGRA, "GET /api/v1/retention", NULL, 403, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/retention", RULE, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','entity':'person','n':1,'act':'trash'}", 422, "\"field\":\"reason\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'nix','n':1}", 422, "\"field\":\"entity\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'user','n':1}", 422, "\"field\":\"entity\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'consent','n':1}", 422, "\"field\":\"entity\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'person','n':0}", 422, "\"field\":\"n\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'person','n':1,'since':'ever'}", 422, "\"field\":\"since\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'person','n':1,'since':'trashed'}", 422, "\"field\":\"act\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'person','n':1,'act':'empty','fields':['name']}", 422, "\"field\":\"fields\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'person','n':1,'act':'empty'}", 422, "\"field\":\"fields\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'person','n':1,'filter':{'field':'nix','op':'eq','value':1}}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'consent','n':1,'act':'erase'}", 422, "\"field\":\"entity\"", NULL, NULL, NULL}, /* a withdrawal holds for good */
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'person','n':1,'filter':{'not':{'field':'owner','op':'eq','value':'me'}}}", 422, "\"field\":\"filter\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'person','n':1,'filter':{'or':[]}}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'x','reason':'y','entity':'group','n':1,'act':'erase'}", 422, "\"field\":\"act\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention", RULE, 201, "\"active\":false|\"rehearsed_at\":null", "", "r", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true}", 422, "\"field\":\"active\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention/1/rehearse", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":0|\"total\":0|\"over\":false", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true}", 200, "\"active\":true", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'name':'older leads'}", 200, "\"active\":true|older leads", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'n':2}", 200, "\"active\":false|\"rehearsed_at\":null", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'n':1}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/retention", NULL, 200, "older leads|\"unit\":\"years\"", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/retention/1", NULL, 404, NULL, NULL, NULL, NULL});
}

/* Those that fit go into the trash, whoever's they are; what was touched stays; an undo brings them back. */
static void trashed(struct api_bed *t)
{
    defined(t);
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'Old One','job_title':'lead'}", 201, NULL, "person.create", "a", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'Old Two','job_title':'lead'}", 201, NULL, "person.create", "b", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'Customer','job_title':'other'}", 201, NULL, "person.create", "c", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":0", NULL, NULL, NULL});
    ROWS(t, {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9001, YEAR_MS_DAYS);
    ROWS(t,
         {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"state\":\"done\"|\"found\":2|\"done\":2|\"refused\":0|\"next\":null", "person.delete person.delete", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$a", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/person/$c", NULL, 200, NULL, NULL, NULL, NULL});
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT batch FROM retention_run WHERE id = 9001"));
    var_put(t, "batch", arena_fmt(t->b.cx.a, "%" PRId64, r.n ? db_int(&r, 0, 0) : 0));
    ROWS(t,
         {ADMIN, "POST /api/v1/undo", "{'batch':'$batch'}", 200, "\"undone\":2", "person.restore person.restore", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$a", NULL, 200, "Old One", NULL, NULL, NULL});
}

static enum err aged(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE person SET created_at = created_at - $1", V(*(const int64_t *)arg));
}

#define OLD_ONES "{'name':'old ones','reason':'test','entity':'person','since':'created','n':10,'unit':'days','act':'trash','most':100}"

/* A rule over people who were made long ago, rehearsed and on. */
static void old_ones(struct api_bed *t, int n)
{
    int64_t days = INT64_C(100) * DAY_MS;
    for (int i = 0; i < n; i++) var_put(t, "p", arena_fmt(t->b.cx.a, "%" PRId64, api_make(t, "person", "old", ADMIN)));
    T_OK(&t->b.cx, db_write(&t->b.cx, aged, &days));
    (void)api_events_came(t);
    ROWS(t,
         {ADMIN, "POST /api/v1/retention", OLD_ONES, 201, NULL, NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true}", 200, NULL, NULL, NULL, NULL});
}

static void batch_of(struct api_bed *t, int64_t run)
{
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT batch FROM retention_run WHERE id = $1", V(run)));
    var_put(t, "batch", arena_fmt(t->b.cx.a, "%" PRId64, r.n ? db_int(&r, 0, 0) : 0));
}

/* What somebody has brought back is not taken away again the next night. */
static void brought_back(struct api_bed *t)
{
    old_ones(t, 1);
    run_in(t, "r", 9010, 0);
    ROWS(t, {ADMIN, "GET /api/v1/person/$p", NULL, 404, NULL, "person.delete", NULL, NULL});
    batch_of(t, 9010);
    ROWS(t, {ADMIN, "POST /api/v1/undo", "{'batch':'$batch'}", 200, "\"undone\":1", "person.restore", NULL, NULL});
    run_in(t, "r", 9011, 1);
    ROWS(t,
         {ADMIN, "GET /api/v1/person/$p", NULL, 200, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"refused\":1|brought", NULL, NULL, NULL});
    run_in(t, "r", 9012, 20);
    ROWS(t, {ADMIN, "GET /api/v1/person/$p", NULL, 404, NULL, "person.delete", NULL, NULL});
}

static enum err off(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "UPDATE retention SET active = 0");
}

static bool turned_off(void *arg, int64_t done, int64_t total)
{
    (void)done, (void)total;
    T_OK((struct cx *)arg, db_write(arg, off, NULL));
    return true;
}

/* Turned off in the midst of a run the rule stops at once, and what it did can be undone. */
static void turned_off_midway(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    struct db_rows r = {0};
    int64_t id = 0;
    old_ones(t, RETAIN_SLICE + 10);
    T(str_to_int(var_get(t, "r"), &id));
    struct meta *m = app_meta_hold(t->app);
    cx.now_ms = clock_ms();
    cx.acl = NULL;
    cx.who = (struct who){0};
    cx.meta = m;
    const struct retain_env env = {.erase = order, .progress = turned_off, .arg = &cx};
    T_INT(retention_run(&cx, id, 9020, &env), E_CONFLICT);
    T_OK(&cx, retention_run(&cx, id, 9020, &env));
    T_OK(&cx, db_query(&cx, &r, "SELECT count(*) FROM person WHERE deleted_at IS NOT NULL"));
    T_INT(db_int(&r, 0, 0), RETAIN_SLICE);
    t->b.cx.db = cx.db;
    meta_drop(&m);
    (void)api_events_came(t);
    batch_of(t, 9020);
    ROWS(t,
         {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"state\":\"stopped\"|\"done\":50", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$batch'}", 200, "\"undone\":50", "person.restore*", NULL, NULL});
}

/* Fields are emptied, and once they are the record is not met again. */
static void emptied(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/person", "{'name':'Anna','birthday':'1990-01-01','note':'keep'}", 201, NULL, "person.create", "a", NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'birthdays','reason':'not needed','entity':'person','since':'created','n':30,'unit':'days','act':'empty','fields':['birthday'],'most':100}",
          201, NULL, NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":0", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9002, 31);
    run_in(t, "r", 9003, 32);
    ROWS(t,
         {ADMIN, "GET /api/v1/person/$a", NULL, 200, "\"birthday\":null|keep", "person.update", NULL, NULL},
         {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"found\":0|\"found\":1", NULL, NULL, NULL});
}

/* More than the share stops the run, turns the rule off and is told; confirmed it goes, once. */
static void too_many(struct api_bed *t)
{
    for (int i = 0; i < 12; i++) (void)api_make(t, "person", "many", ADMIN);
    (void)api_events_came(t);
    ROWS(t,
         {ADMIN, "POST /api/v1/retention", "{'name':'all of them','reason':'test','entity':'person','n':1,'unit':'months','act':'erase','most':20}", 201, NULL, NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"over\":false", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9004, 40);
    T_INT(erased, 0);
    ROWS(t,
         {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"state\":\"stopped\"|\"found\":12|\"done\":0", "", NULL, NULL},
         {ADMIN, "GET /api/v1/notice", NULL, 200, "\"kind\":\"retention\"|all of them", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'confirmed':true}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9005, 41);
    T(erased >= 12);
    ROWS(t, {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"refused\":1|kept|\"state\":\"stopped\"", "", NULL, NULL},
         {ADMIN, "GET /api/v1/retention", NULL, 200, "\"confirmed\":false", NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/retention/$r", NULL, 204, NULL, NULL, NULL, NULL});
    erased = 0;
}

/* What law has kept is told in the rehearsal, and no rule takes it. */
static void held(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/entity", "{'label':'Rechnung','kept_years':10,'personal':true}", 201, "x_rechnung", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/x_rechnung", "{'name':'R 1'}", 201, NULL, "x_rechnung.create", "i", NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'r','reason':'r','entity':'x_rechnung','n':1,'unit':'years','act':'trash','most':100}", 201, NULL, NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9006, 5 * YEAR_MS_DAYS);
    ROWS(t, {ADMIN, "GET /api/v1/x_rechnung/$i", NULL, 200, NULL, "", NULL, NULL});
    run_in(t, "r", 9007, 11 * YEAR_MS_DAYS);
    ROWS(t, {ADMIN, "GET /api/v1/x_rechnung/$i", NULL, 404, NULL, "x_rechnung.delete", NULL, NULL});
}

static enum err ordered(struct cx *cx, void *arg, const struct record *r)
{
    (void)arg;
    return erase_order(cx, r);
}

/* The night gives each rule that is on its job, once a day; a run orders erasures, each with a job of its own. */
static void by_night(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    ROWS(t,
         {ADMIN, "POST /api/v1/person", "{'name':'Gone Soon'}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'r','reason':'r','entity':'person','since':'created','n':1,'unit':'months','act':'erase'}", 201, NULL, NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention", "{'name':'off','reason':'r','entity':'person','n':1,'act':'trash'}", 201, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true}", 200, NULL, NULL, NULL, NULL});
    struct cx night = *cx;
    struct meta *m = app_meta_hold(t->app);
    night.app = t->app;
    night.meta = m;
    night.now_ms = clock_ms() + 40 * (int64_t)DAY_MS;
    night.who = (struct who){0};
    T_OK(&night, retention_due(&night));
    T_OK(&night, retention_due(&night));
    T_OK(&night, db_query(&night, &r, "SELECT id FROM job WHERE kind = 'retain' AND coalesce(created_by, 0) = 0"));
    T_INT((int64_t)r.n, 1);
    const struct retain_env env = {.erase = ordered, .progress = go_on};
    int64_t rule = 0;
    T(str_to_int(var_get(t, "r"), &rule));
    if (r.n == 1) T_OK(&night, retention_run(&night, rule, db_int(&r, 0, 0), &env));
    T_OK(&night, db_query(&night, &r, "SELECT e.ground FROM erasure e JOIN job j ON j.kind = 'erase' WHERE e.state = 'waiting' AND e.who = 0"));
    T_INT((int64_t)r.n, 1);
    if (r.n) T_STR(db_str(&r, 0, 0), S("purpose"));
    meta_drop(&m);
    ROWS(t, {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"state\":\"done\"|\"found\":1|\"done\":1", "", NULL, NULL});
}

void retaining_tests(void)
{
    static void (*const all[])(struct api_bed *t) = {trashed, brought_back, turned_off_midway, emptied, too_many, held, by_night};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
