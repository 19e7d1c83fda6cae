/* SPDX-License-Identifier: MIT */
/* Rules of retention: rehearsed before they are on, held by law and by a share of the kind, undone like any batch. */
#include "api/api_int.h"
#include "api_bed.h"
#include "base/time.h"
#include "privacy/privacy.h"
#include "privacy/retain.h"
#include "record/log.h"

enum { YEAR_MS_DAYS = 366 };
static int erased, asked, refuse_first; /* by `order`: how often it was asked, how many it refuses */

static enum err order(struct cx *cx, void *arg, const struct record *r, const struct retention *rule)
{
    (void)arg, (void)r, (void)rule;
    if (refuse_first && ++asked <= refuse_first) return fail(cx, E_CONFLICT, "kept");
    return ++erased == 2 && !refuse_first ? fail(cx, E_CONFLICT, "kept") : E_OK;
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
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":0|\"total\":0|\"over\":false", "", "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, "\"active\":true", NULL, NULL, NULL},
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
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":0", NULL, "h", NULL});
    ROWS(t, {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
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
    return db_exec(cx, NULL, "UPDATE person SET created_at = created_at - $1, changed_at = changed_at - $1", V(*(const int64_t *)arg));
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
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
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
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":0", NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9002, 31);
    run_in(t, "r", 9003, 32);
    ROWS(t,
         {ADMIN, "GET /api/v1/person/$a", NULL, 200, "\"birthday\":null|keep", "person.update", NULL, NULL},
         {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"found\":0|\"found\":1", NULL, NULL, NULL});
}

/* More than the share stops the run, turns the rule off and is told; confirmed it goes, once. */
static void too_many(struct api_bed *t)
{
    int64_t days = INT64_C(40) * DAY_MS;
    for (int i = 0; i < 12; i++) (void)api_make(t, "person", "many", ADMIN);
    (void)api_events_came(t);
    ROWS(t,
         {ADMIN, "POST /api/v1/retention", "{'name':'all of them','reason':'test','entity':'person','n':1,'unit':'months','act':'erase','most':20}", 201, NULL, NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"over\":false", NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9004, 40);
    T_INT(erased, 0);
    ROWS(t,
         {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"state\":\"stopped\"|\"found\":12|\"done\":0|12 of 12", "", NULL, NULL},
         {ADMIN, "GET /api/v1/retention", NULL, 200, "\"active\":false", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=retention.off", NULL, 200, "retention.off", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/notice", NULL, 200, "\"kind\":\"retention\"|all of them", NULL, NULL, NULL});
    T_OK(&t->b.cx, db_write(&t->b.cx, aged, &days));
    ROWS(t,
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"over\":true|\"found\":12", NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'confirmed':true}", 422, "\"field\":\"rehearsal\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'confirmed':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9005, 1);
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
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9006, 5 * YEAR_MS_DAYS);
    ROWS(t, {ADMIN, "GET /api/v1/x_rechnung/$i", NULL, 200, NULL, "", NULL, NULL});
    run_in(t, "r", 9007, 11 * YEAR_MS_DAYS);
    ROWS(t, {ADMIN, "GET /api/v1/x_rechnung/$i", NULL, 404, NULL, "x_rechnung.delete", NULL, NULL});
}

static enum err ordered(struct cx *cx, void *arg, const struct record *r, const struct retention *rule)
{
    (void)arg;
    return erase_order(cx, r, rule->id, retention_mark(cx, rule));
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
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
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
    T_OK(&night, db_query(&night, &r, "SELECT e.ground FROM erasure e JOIN job j ON j.id = e.job WHERE e.state = 'waiting' AND e.who = 0 AND j.kind = 'erase' AND j.prio = 1 AND e.rule <> 0"));
    T_INT((int64_t)r.n, 1);
    if (r.n) T_STR(db_str(&r, 0, 0), S("purpose"));
    meta_drop(&m);
    ROWS(t, {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"state\":\"done\"|\"found\":1|\"done\":1", "", NULL, NULL});
}

/* ---- what a rule ordered is looked at again ---- */
#define LEADS "{'name':'leads','reason':'r','entity':'person','filter':{'field':'job_title','op':'eq','value':'lead'},'since':'created','n':10,'unit':'days','act':'erase','most':100}"

/* Somebody made long ago whose erasure a rule has ordered, and nobody has begun. */
static void order_one(struct api_bed *t, int64_t run)
{
    struct cx *cx = &t->b.cx;
    const struct retain_env env = {.erase = ordered, .progress = go_on};
    int64_t days = INT64_C(100) * DAY_MS, rule = 0;
    ROWS(t, {ADMIN, "POST /api/v1/person", "{'name':'Lena Lead','job_title':'lead'}", 201, NULL, "person.create", "p", NULL});
    T_OK(cx, db_write(cx, aged, &days));
    ROWS(t,
         {ADMIN, "POST /api/v1/retention", LEADS, 201, NULL, NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":1", NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
    T(str_to_int(var_get(t, "r"), &rule));
    struct cx night = *cx;
    struct meta *m = app_meta_hold(t->app);
    night.app = t->app;
    night.meta = m;
    night.who = (struct who){0};
    T_OK(&night, retention_run(&night, rule, run, &env));
    meta_drop(&m);
    ROWS(t, {ADMIN, "GET /api/v1/erasure", NULL, 200, "\"state\":\"waiting\"|\"title\":\"leads\"", "", NULL, NULL});
}

/* The newest erasure's job does its work; 0 = as its own. */
static void erase_now(struct api_bed *t, int64_t job)
{
    struct cx cx = t->b.cx;
    struct erase_env env = {.data_dir = t->app->data_dir};
    struct db_rows r = {0};
    struct meta *m = app_meta_hold(t->app);
    cx.meta = m;
    cx.acl = NULL;
    cx.who = (struct who){0};
    cx.now_ms = clock_ms();
    T_OK(&cx, db_query(&cx, &r, "SELECT id, job FROM erasure ORDER BY id DESC LIMIT 1"));
    T_INT((int64_t)r.n, 1);
    env.job = job ? job : db_int(&r, 0, 1);
    T(env.job != 0);
    if (r.n) T_OK(&cx, erasure_run(&cx, db_int(&r, 0, 0), false, &env));
    meta_drop(&m);
}

static void dropped_after(struct api_bed *t, int64_t run, void (*what)(struct api_bed *t))
{
    order_one(t, run);
    what(t);
    erase_now(t, 0);
    ROWS(t,
         {ADMIN, "GET /api/v1/person/$p", NULL, 200, "Lena Lead", "", NULL, NULL},
         {ADMIN, "GET /api/v1/erasure", NULL, 200, "\"state\":\"dropped\"|!waiting", "", NULL, NULL},
         {ADMIN, "DELETE /api/v1/person/$p", NULL, 204, NULL, "person.delete", NULL, NULL});
}

static void is_off(struct api_bed *t) { ROWS(t, {ADMIN, "PATCH /api/v1/retention/$r", "{'active':false}", 200, "\"active\":false", "", NULL, NULL}); }
static void is_gone(struct api_bed *t) { ROWS(t, {ADMIN, "DELETE /api/v1/retention/$r", NULL, 204, NULL, "", NULL, NULL}); }
static void is_longer(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "PATCH /api/v1/retention/$r", "{'n':20}", 200, "\"active\":false", "", NULL, NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
}
static void is_customer(struct api_bed *t) { ROWS(t, {ADMIN, "PATCH /api/v1/person/$p", "{'job_title':'customer'}", 200, NULL, "person.update", NULL, NULL}); }
static void was_back(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "DELETE /api/v1/person/$p", NULL, 204, NULL, "person.delete", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/restore", NULL, 200, NULL, "person.restore", NULL, NULL});
}

static void looked_again(struct api_bed *t)
{
    static void (*const what[])(struct api_bed *t) = {is_off, is_gone, is_longer, is_customer, was_back};
    for (size_t i = 0; i < COUNT(what); i++) {
        dropped_after(t, 9100 + (int64_t)i, what[i]);
        T_OK(&t->b.cx, db_write(&t->b.cx, off, NULL));
    }
    order_one(t, 9120);
    ROWS(t, {ADMIN, "PATCH /api/v1/retention/$r", "{'name':'old leads'}", 200, "\"active\":true", "", NULL, NULL}); /* it takes the same */
    erase_now(t, 0);
    ROWS(t,
         {ADMIN, "GET /api/v1/person/$p", NULL, 404, NULL, "person.erase", NULL, NULL}, /* what hooks follow: person.erased */
         {ADMIN, "GET /api/v1/erasure", NULL, 200, "\"state\":\"done\"|old leads|\"person\":1", "", NULL, NULL});
}

/* Who asks himself for what a rule has ordered gets it whatever becomes of the rule, on his own ground. */
static void taken_over(struct api_bed *t)
{
    struct db_rows r = {0};
    order_one(t, 9130);
    T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT job FROM erasure WHERE state = 'waiting'"));
    ROWS(t,
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Lena Lead','ground':'objection'}", 202, NULL, "", NULL, NULL},
         {ADMIN, "POST /api/v1/person/$p/erase", "{'confirm':'Lena Lead','ground':'objection'}", 409, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/erasure", NULL, 200, "\"state\":\"waiting\"|\"ground\":\"objection\"|\"rule\":null", "", NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':false}", 200, NULL, "", NULL, NULL});
    erase_now(t, r.n ? db_int(&r, 0, 0) : -1); /* the rule's job */
    ROWS(t, {ADMIN, "GET /api/v1/erasure", NULL, 200, "\"state\":\"waiting\"", "", NULL, NULL});
    erase_now(t, 0);
    ROWS(t, {ADMIN, "GET /api/v1/person/$p", NULL, 404, NULL, "person.erase", NULL, NULL});
}

/* ---- what is turned on is what was shown ---- */
static void bound(struct api_bed *t)
{
    int64_t days = INT64_C(100) * DAY_MS;
    ROWS(t,
         {ADMIN, "POST /api/v1/retention", OLD_ONES, 201, "\"made\":{\"at\":|\"turned_on\":null", NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":0|\"taken\":0", NULL, "h", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, "h2", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true}", 422, "\"field\":\"rehearsal\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 409, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'n':11,'active':true,'rehearsal':'$h2.rehearsal'}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h2.rehearsal'}", 200, "\"turned_on\":{\"at\":", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/security/event?kind=retention", NULL, 200, "retention.made|retention.on|\"title\":\"old ones\"", NULL, NULL, NULL});
    for (int i = 0; i < 12; i++) (void)api_make(t, "person", "came later", ADMIN);
    T_OK(&t->b.cx, db_write(&t->b.cx, aged, &days));
    (void)api_events_came(t);
    run_in(t, "r", 9140, 0); /* most is 100 %, but nobody was shown any */
    ROWS(t,
         {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"state\":\"stopped\"|\"done\":0|0 were shown", "", NULL, NULL},
         {ADMIN, "GET /api/v1/retention", NULL, 200, "\"active\":false", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":12", NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9141, 0);
    ROWS(t, {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"state\":\"done\"|\"done\":12", "person.delete*", NULL, NULL});
}

/* ---- whose days ---- */
struct born {
    int64_t at, id;
};
static enum err born_at(struct cx *cx, void *arg)
{
    const struct born *b = arg;
    return db_exec(cx, NULL, "UPDATE person SET created_at = $2 WHERE id = $1", V(b->id), V(b->at));
}

/* One made an hour before the day from which the rule counts, one an hour behind it: by the firm's zone, as a run has it,
 * though who asks is half a day away. */
static void firms_days(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    t->still_ms = cx.now_ms = clock_ms();
    cx.country = app_country(cx.a, t->app);
    cx.tz_min = auth_firm_tz(&cx);
    int64_t from = day_start_ms(time_day(cx.now_ms, cx.tz_min) - 10, cx.tz_min), hour = INT64_C(3600000);
    struct born b[] = {{from - hour, api_make(t, "person", "old", ADMIN)}, {from + hour, api_make(t, "person", "young", ADMIN)}};
    for (size_t i = 0; i < COUNT(b); i++) T_OK(&cx, db_write(&cx, born_at, &b[i]));
    t->b.cx.db = cx.db;
    (void)api_events_came(t);
    var_put(t, "me", arena_fmt(t->b.cx.a, "%" PRId64, t->who[ADMIN].id));
    var_put(t, "old", arena_fmt(t->b.cx.a, "%" PRId64, b[0].id));
    ROWS(t,
         {ADMIN, "POST /api/v1/retention", OLD_ONES, 201, NULL, NULL, "r", NULL},
         {ADMIN, "PATCH /api/v1/user/$me", "{'timezone':'Pacific/Kiritimati'}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":1|\"id\":\"$old\"", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/user/$me", "{'timezone':'Pacific/Pago_Pago'}", 200, NULL, "user.update", NULL, NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":1|\"id\":\"$old\"", NULL, NULL, NULL});
    t->still_ms = 0;
}

/* ---- past what is refused ---- */
static void last_run(struct api_bed *t, int64_t run, int64_t done, int64_t refused)
{
    struct db_rows r = {0};
    T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT state, done, refused FROM retention_run WHERE id = $1", V(run)));
    T_STR(r.n ? db_str(&r, 0, 0) : S(""), S("done"));
    T_INT(r.n ? db_int(&r, 0, 1) : -1, done);
    T_INT(r.n ? db_int(&r, 0, 2) : -1, refused);
}

static void past_refused(struct api_bed *t)
{
    int64_t days = INT64_C(100) * DAY_MS;
    for (int i = 0; i < ERASE_A_RUN + 30; i++) (void)api_make(t, "person", "old", ADMIN);
    T_OK(&t->b.cx, db_write(&t->b.cx, aged, &days));
    (void)api_events_came(t);
    ROWS(t,
         {ADMIN, "POST /api/v1/retention", "{'name':'old ones','reason':'test','entity':'person','since':'created','n':10,'unit':'days','act':'erase','most':100}", 201, NULL, NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":230", NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
    refuse_first = ERASE_A_RUN + 5;
    asked = erased = 0;
    run_in(t, "r", 9150, 0);
    last_run(t, 9150, 25, ERASE_A_RUN + 5);
    refuse_first = -1; /* nobody any more: a run ends at its limit, the next goes on from there */
    run_in(t, "r", 9151, 1);
    last_run(t, 9151, ERASE_A_RUN, 0);
    run_in(t, "r", 9152, 2);
    last_run(t, 9152, 30, 0);
    run_in(t, "r", 9153, 3);
    last_run(t, 9153, ERASE_A_RUN, 0);
    refuse_first = erased = 0;
}

/* ---- its share of a month ---- */
static void eight(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    int64_t days = INT64_C(100) * DAY_MS;
    (void)api_events_came(t);
    for (int i = 0; i < 8; i++)
        ROWS(t, {ADMIN, "POST /api/v1/person", "{'name':'Lead','job_title':'lead'}", 201, NULL, "person.create", NULL, NULL});
    T_OK(cx, db_write(cx, aged, &days));
    (void)api_events_came(t);
}

static void share_of_month(struct api_bed *t)
{
    for (int i = 0; i < 52; i++) (void)api_make(t, "person", "other", ADMIN);
    eight(t);
    ROWS(t,
         {ADMIN, "POST /api/v1/retention", "{'name':'l','reason':'r','entity':'person','filter':{'field':'job_title','op':'eq','value':'lead'},'since':'created','n':1,'unit':'days','act':'trash','most':20}", 201, NULL, NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":8|\"over\":false", NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9160, 0);
    last_run(t, 9160, 8, 0);
    eight(t); /* 8 of 60, and 8 of 60: each time within the share, not both */
    ROWS(t, {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, "\"found\":8|\"taken\":8|\"over\":true", NULL, NULL, NULL});
    run_in(t, "r", 9161, 10);
    ROWS(t,
         {ADMIN, "GET /api/v1/retention/$r/run", NULL, 200, "\"state\":\"stopped\"|\"found\":8|\"done\":8", "", NULL, NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
    run_in(t, "r", 9162, RETAIN_WINDOW_DAYS + 1); /* a month later it may again */
    last_run(t, 9162, 8, 0);
}

/* ---- what law keeps of others ---- */
static void held_by_related(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/meta/entity", "{'label':'Beleg','kept_years':10,'personal':true}", 201, "x_beleg", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'x_beleg','kind':'link','to':'person','label':'Kunde'}", 201, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/meta/field", "{'entity':'x_beleg','kind':'links','to':'person','label':'Zeugen'}", 201, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Karl Kunde'}", 201, NULL, "person.create", "p", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Zara Zeugin'}", 201, NULL, "person.create", "z", NULL},
         {ADMIN, "POST /api/v1/person", "{'name':'Frei'}", 201, NULL, "person.create", "f", NULL},
         {ADMIN, "POST /api/v1/x_beleg", "{'name':'B 1','x_kunde':'$p','x_zeugen':['$z']}", 201, NULL, "x_beleg.create", "b", NULL},
         {ADMIN, "DELETE /api/v1/x_beleg/$b", NULL, 204, NULL, "x_beleg.delete", NULL, NULL}, /* kept in the trash, too */
         {ADMIN, "POST /api/v1/retention", "{'name':'r','reason':'r','entity':'person','since':'created','n':1,'unit':'years','act':'trash','most':100}", 201, NULL, NULL, "r", NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, NULL, NULL, NULL, NULL});
    (void)api_events_came(t);
    run_in(t, "r", 9170, 5 * YEAR_MS_DAYS);
    ROWS(t,
         {ADMIN, "GET /api/v1/person/$p", NULL, 200, NULL, "person.delete", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$z", NULL, 200, NULL, "", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$f", NULL, 404, NULL, "", NULL, NULL});
    run_in(t, "r", 9171, 11 * YEAR_MS_DAYS);
    ROWS(t,
         {ADMIN, "GET /api/v1/person/$p", NULL, 404, NULL, "person.delete person.delete", NULL, NULL},
         {ADMIN, "GET /api/v1/person/$z", NULL, 404, NULL, "", NULL, NULL});
}

/* ---- who did it ---- */
static void who_did(struct api_bed *t)
{
    struct db_rows r = {0};
    ROWS(t,
         {ADMIN, "POST /api/v1/retention", RULE, 201, "\"made\":{\"at\":|\"changed\":null|\"turned_on\":null", NULL, "r", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'n':3}", 200, "\"changed\":{\"at\":", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/retention/$r/rehearse", NULL, 200, NULL, NULL, "h", NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true,'rehearsal':'$h.rehearsal'}", 200, "\"turned_on\":{\"at\":", NULL, NULL, NULL},
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':true}", 200, NULL, NULL, NULL, NULL}, /* it is so: nothing is told */
         {ADMIN, "PATCH /api/v1/retention/$r", "{'active':false}", 200, NULL, NULL, NULL, NULL},
         {ADMIN, "DELETE /api/v1/retention/$r", NULL, 204, NULL, NULL, NULL, NULL});
    T_OK(&t->b.cx, db_query(&t->b.cx, &r, "SELECT kind, who, subject FROM security_event WHERE kind LIKE 'retention.%' ORDER BY seq"));
    static const char *const kind[] = {"retention.made", "retention.changed", "retention.on", "retention.off", "retention.removed"};
    T_INT((int64_t)r.n, COUNT(kind));
    for (size_t i = 0; i < r.n && i < COUNT(kind); i++) {
        T_STR(db_str(&r, i, 0), str_from(kind[i]));
        T_INT(db_int(&r, i, 1), t->who[ADMIN].id);
        T_STR(arena_fmt(t->b.cx.a, "%" PRId64, db_int(&r, i, 2)), var_get(t, "r"));
    }
}

void retaining_tests(void)
{
    static void (*const all[])(struct api_bed *t) = {trashed, brought_back, turned_off_midway, emptied, too_many, held, by_night,
                                                        looked_again, taken_over, bound, firms_days, past_refused, share_of_month, held_by_related, who_did};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
