/* SPDX-License-Identifier: MIT */
/* The API over a real socket: jobs of an import from plan to undo, live events for those who may see, metrics. */
#include "api_bed.h"
#include "base/time.h"
#include "os/os.h"
#include "record/log.h"
#include "usage/usage.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 20000, READ_MAX = 1 << 20, MANY = 230 };

static void ask(struct api_bed *t, int fd, enum actor who, const char *line)
{
    str s = arena_fmt(t->b.cx.a, "%s HTTP/1.1\r\nHost: kontor.test\r\nCookie: kontor=%.*s\r\n\r\n", line, FS(t->who[who].token));
    T(send(fd, s.p, s.n, MSG_NOSIGNAL) == (ssize_t)s.n);
}

struct heard {
    int fd;
    struct buf b;
    bool ended;
};

/* Reads until `want` was heard, the stream ended or ms have passed. */
static bool hear(struct heard *h, str want, int ms)
{
    char piece[4096];
    int64_t end = os_mono_ms() + ms;
    while (str_find(buf_str(&h->b), want) < 0 || !want.n) {
        struct pollfd p = {.fd = h->fd, .events = POLLIN};
        int64_t left = end - os_mono_ms();
        if (left <= 0 || h->ended || poll(&p, 1, (int)left) <= 0) return false;
        ssize_t n = recv(h->fd, piece, sizeof piece, 0);
        if (n <= 0) h->ended = true;
        else buf_add(&h->b, (str){piece, (size_t)n});
    }
    return true;
}

static struct heard listen_in(struct api_bed *t, enum actor who)
{
    struct heard h = {.fd = api_dial(t), .b = buf_new(t->b.cx.a, READ_MAX)};
    ask(t, h.fd, who, "GET /api/v1/events");
    T(hear(&h, S("text/event-stream"), WAIT_MS));
    return h;
}

static void job_wait(struct api_bed *t, const char *var, const char *state)
{
    struct cx *cx = &t->b.cx;
    str id = var_get(t, var), want = str_from(state);
    for (int64_t end = os_mono_ms() + WAIT_MS; os_mono_ms() < end; usleep(20000)) {
        struct answer r = api_call(t, cx->a, ADMIN, arena_fmt(cx->a, "GET /api/v1/job/%.*s", FS(id)), S(""), S(""));
        str s = answer_value(cx, &r, S("state"));
        if (str_eq(s, want)) return;
        if (str_eq(s, S("failed"))) {
            fprintf(stderr, "job failed: %.*s\n", FS(r.body));
            break;
        }
    }
    T(false);
    fprintf(stderr, "job %s never came to be %s\n", var, state);
}

/* What a job that is done gave: a member of it, as $name. */
static void job_gave(struct api_bed *t, const char *var, const char *member, const char *name)
{
    struct cx *cx = &t->b.cx;
    str id = var_get(t, var);
    struct answer r = api_call(t, cx->a, ADMIN, arena_fmt(cx->a, "GET /api/v1/job/%.*s", FS(id)), S(""), S(""));
    var_put(t, name, answer_value(cx, &r, str_from(member)));
}

/* What the system made for him belongs to the batch. */
static enum err all_into(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE change SET batch = $1 WHERE entity = 'person' AND op = 'create' AND batch = 0", V(*(int64_t *)arg));
}

static void imported(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "POST /api/v1/company", "{'name':'Beispiel GmbH'}", 201, NULL, "company.create", NULL, NULL},
         {ADMIN, "POST /api/v1/file?name=k.csv", "Name;Telefon;Firma\nAnna Beispiel;0151 23456789;Beispiel GmbH\nBert Muster;0221 5550123;Muster AG\n;;\n", 201, NULL, NULL, "f",
          "Content-Type: text/csv"},
         {ADMIN, "POST /api/v1/import/plan", "{'file':'$f','entity':'person'}", 200, "\"heading\":\"Telefon\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/import/dry", "{'file':'$f','entity':'person'}", 202, NULL, NULL, "dry", NULL});
    job_wait(t, "dry.job", "done");
    ROWS(t,
         {ADMIN, "GET /api/v1/job/$dry.job", NULL, 200, "\"new\":2|Anna Beispiel|\"rows\":", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/job", NULL, 200, "\"id\":\"$dry.job\"|\"file\":\"k.csv\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":0", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/import/run", "{'file':'$f','entity':'person'}", 202, NULL, "person.create company.create*", "run", "Idempotency-Key: once"},
         {ADMIN, "POST /api/v1/import/run", "{'file':'$f','entity':'person'}", 202, "\"job\":\"$run.job\"", "person.create company.create*", NULL, "Idempotency-Key: once"});
    job_wait(t, "run.job", "done");
    (void)api_events_came(t);
    job_gave(t, "run.job", "result.batch", "batch");
    ROWS(t,
         {ADMIN, "GET /api/v1/person?sort=name", NULL, 200, "Anna Beispiel|Bert Muster|+4915123456789|Muster AG", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/batch/$batch", NULL, 200, "\"state\":\"done\"|\"create\":", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$batch'}", 200, "\"undone\":3|\"kept\":[]", "person.delete company.delete person.delete", NULL, NULL},
         {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":0", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/person/duplicates/scan", "{}", 202, NULL, NULL, "scan", NULL});
    job_wait(t, "scan.job", "done");
}

static enum err job_fails(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE job SET state = 'failed', error = 'x' WHERE id = $1", V(*(int64_t *)arg));
}

/* A job that failed is run once more when it is asked for. */
static void retried(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    int64_t id = 0;
    cx.who.user = t->who[ADMIN].id;
    cx.now_ms = clock_ms();
    T_OK(&cx, job_add(&cx, NULL, S("duplicates"), S("{\"entity\":\"nosuch\"}"), S(""), &id));
    T_OK(&cx, db_write(&cx, job_fails, &id));
    var_put(t, "dead", arena_fmt(cx.a, "%" PRId64, id));
    ROWS(t,
         {ADMIN, "GET /api/v1/job", NULL, 200, "\"error\":\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/job/$dead/retry", NULL, 404, NULL, NULL, NULL, NULL},
         {MGRA, "POST /api/v1/job/$dead/retry", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/job", NULL, 200, "\"may\":true|!\"may\":false", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/job/$dead/retry", NULL, 202, "\"job\":\"$dead\"", NULL, NULL, NULL});
    for (int i = 0; i < 500; i++, usleep(20000)) {
        struct answer r = api_call(t, cx.a, ADMIN, api_expand(t, cx.a, "GET /api/v1/job/$dead"), S(""), S(""));
        str error = answer_value(&cx, &r, S("error"));
        if (error.n > 1) { /* its own fault now */
            T_STR(answer_value(&cx, &r, S("state")), S("failed"));
            return;
        }
    }
    T(false);
}

static enum err job_worn_out(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "UPDATE job SET state = 'waiting', due_at = 0, error = '', tries = $2 WHERE id = $1", V(*(int64_t *)arg), V(JOB_TRIES));
}

/* One that was tried too often is given up, and its reason is told in the reader's language. */
static void given_up(struct api_bed *t)
{
    struct cx cx = t->b.cx;
    int64_t id = 0;
    cx.who.user = t->who[ADMIN].id;
    cx.now_ms = clock_ms();
    T_OK(&cx, job_add(&cx, NULL, S("import_dry"), S("{\"name\":\"kunden.csv\"}"), S(""), &id));
    T_OK(&cx, db_write(&cx, job_worn_out, &id));
    var_put(t, "worn", arena_fmt(cx.a, "%" PRId64, id));
    for (int i = 0; i < 500; i++, usleep(20000)) {
        struct answer r = api_call(t, cx.a, ADMIN, api_expand(t, cx.a, "GET /api/v1/job/$worn"), S(""), S(""));
        if (!str_eq(answer_value(&cx, &r, S("state")), S("failed"))) continue;
        T_STR(answer_value(&cx, &r, S("asked.name")), S("kunden.csv"));
        if (str_eq(answer_value(&cx, &r, S("error")), S("Nach zu vielen Versuchen aufgegeben"))) return;
    }
    T(false);
}

/* A list as it was, made by a job, in its order, page by page; nobody else's, and not of another kind of job. */
static void as_of(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    cx->now_ms = clock_ms();
    api_make(t, "person", "Berta", ADMIN);
    api_make(t, "person", "Anton", ADMIN);
    int64_t c = api_make(t, "person", "Cäsar", ADMIN);
    poll(NULL, 0, 5);
    var_put(t, "then", time_text(cx->a, clock_ms()));
    poll(NULL, 0, 5);
    var_put(t, "c", arena_fmt(cx->a, "%" PRId64, c));
    ROWS(t,
         {ADMIN, "PATCH /api/v1/person/$c", "{'name':'Aaron'}", 200, NULL, "person.update", NULL, NULL},
         {ADMIN, "POST /api/v1/as_of", "{'entity':'person','at':'$then','sort':'name','filter':{'field':'name','op':'in','value':['Anton','Berta','Cäsar']}}", 202, "\"job\":\"", NULL, "list", NULL},
         {ADMIN, "POST /api/v1/as_of", "{'entity':'person','at':'gestern'}", 400, "\"field\":\"at\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/as_of", "{'entity':'nosuch','at':'$then'}", 422, "\"field\":\"entity\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/as_of", "{'entity':'person','at':'$then','sort':'phones'}", 400, "\"field\":\"sort\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/as_of", "{'entity':'person','at':'$then','filter':{'field':'x','op':'eq','value':1}}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/person?at=$then&q=Anton", NULL, 400, "\"field\":\"q\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/person?at=$then&sort=name&limit=1&filter={'field':'name','op':'starts','value':'Cä'}", NULL, 200, "Cäsar|!Aaron", NULL, NULL, NULL});
    job_wait(t, "list.job", "done");
    ROWS(t,
         {ADMIN, "GET /api/v1/as_of/$list.job?limit=2", NULL, 200, "Anton|Berta|!Cäsar|\"next\":\"2\"|\"count\":3", NULL, "p", NULL},
         {ADMIN, "GET /api/v1/as_of/$list.job?limit=2&cursor=$p.next", NULL, 200, "Cäsar|!Aaron|!Anton|\"next\":null", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/as_of/$list.job?cursor=3", NULL, 200, "{\"data\":[],\"next\":null,\"count\":3}", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/as_of/$list.job?cursor=-1", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/as_of/$list.job?limit=0", NULL, 400, "\"field\":\"limit\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/as_of/$list.job", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/as_of/1", NULL, 404, NULL, NULL, NULL, NULL});
}

/* A sample firm by a job, taken away by one undo. */
static void sample(struct api_bed *t)
{
    static const char made[] = "person.create company.create interaction.create task.create group.create user.create team.create branch.create "
                               "position.create tag.create department.create company.update person.update*";
    static const char gone[] = "person.delete company.delete interaction.delete task.delete group.delete user.delete team.delete branch.delete "
                               "position.delete tag.delete department.delete company.update person.update*";
    ROWS(t,
         {ADMIN, "POST /api/v1/demo", "{'people':0}", 422, "\"field\":\"people\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/demo", "{'lang':'fr'}", 422, "\"field\":\"lang\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/demo", "{'people':12,'lang':'lt'}", 202, "\"job\":\"", made, "demo", "Idempotency-Key: demo"});
    job_wait(t, "demo.job", "done");
    (void)api_events_came(t);
    job_gave(t, "demo.job", "result.batch", "sample");
    ROWS(t,
         {ADMIN, "GET /api/v1/job/$demo.job", NULL, 200, "\"people\":12,", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":12", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$sample'}", 200, "\"kept\":[]", gone, NULL, NULL},
         {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":0", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/count/company", NULL, 200, "\"value\":0", NULL, NULL, NULL});
}

/* A large import is taken back by a job: once, whoever asks how often; and brought back by another. */
/* More than are done at once. */
static void changed_by_job(struct api_bed *t)
{
    for (int i = 0; i < MANY; i++) api_make(t, "person", "viele", ADMIN);
    api_make(t, "person", "andere", REPB1);
    (void)api_events_came(t);
    ROWS(t,
         {ADMIN, "POST /api/v1/person/mass", "{'act':'change','filter':{'field':'name','op':'eq','value':'viele'},'values':{'job_title':'Koch'}}", 202, NULL, "person.update*", "mass", "Idempotency-Key: mass"},
         {ADMIN, "POST /api/v1/person/mass", "{'act':'change','filter':{'field':'name','op':'eq','value':'viele'},'values':{'job_title':'Koch'}}", 202, "\"job\":\"$mass.job\"", "person.update*", NULL,
          "Idempotency-Key: mass"});
    job_wait(t, "mass.job", "done");
    (void)api_events_came(t);
    job_gave(t, "mass.job", "result.batch", "massed");
    ROWS(t,
         {ADMIN, "GET /api/v1/job/$mass.job", NULL, 200, "\"changed\":230|\"unchanged\":0|\"refused\":0|\"total\":230", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/batch/$massed", NULL, 200, "\"title\":\"mass\"|\"state\":\"done\"|\"update\":230", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/count/person?filter={'field':'job_title','op':'eq','value':'Koch'}", NULL, 200, "\"value\":230", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$massed'}", 202, NULL, "person.update*", "undo", NULL});
    job_wait(t, "undo.job", "done");
    (void)api_events_came(t);
    ROWS(t,
         {ADMIN, "GET /api/v1/count/person?filter={'field':'job_title','op':'eq','value':'Koch'}", NULL, 200, "\"value\":0", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/person/mass", "{'act':'delete','filter':{}}", 202, NULL, "person.delete*", "trash", NULL});
    job_wait(t, "trash.job", "done");
    (void)api_events_came(t);
    ROWS(t, {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":0", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/person/mass", "{'act':'restore','filter':{}}", 202, NULL, "person.restore*", "back", NULL});
    job_wait(t, "back.job", "done");
    (void)api_events_came(t);
    ROWS(t, {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":231", NULL, NULL, NULL});
}

/* A backup by hand: its job tells what it made, the list has it, and whoever may not look after backups sees none. */
static void backed_up(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "GET /api/v1/backup", NULL, 200, "\"last\":null,\"data\":[]|\"daily\":false|\"store\":false", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/backup", NULL, 403, "\"code\":\"denied\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/backup", NULL, 403, "\"code\":\"denied\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/backup", NULL, 202, NULL, "", "copy", "Idempotency-Key: copy"},
         {ADMIN, "POST /api/v1/backup", NULL, 202, "\"job\":\"$copy.job\"", "", NULL, "Idempotency-Key: copy"});
    job_wait(t, "copy.job", "done");
    job_gave(t, "copy.job", "result.name", "made");
    ROWS(t,
         {ADMIN, "GET /api/v1/job/$copy.job", NULL, 200, "\"restorable\":true|\"remote_problem\":\"\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/backup", NULL, 200, "{\"name\":\"$made\",\"made_at\":\"20|\"ok\":true,\"error\":\"\"|\"report\":{\"name\":\"$made\"|\"person\":", NULL, NULL, NULL},
         {MGRA, "GET /api/v1/session", NULL, 200, "\"backups\":false", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/session", NULL, 200, "\"backups\":true", NULL, NULL, NULL});
}

/* Who leaves hands all over, of every entity; what is refused stays his, and one undo takes it all back. */
static void handed_over(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    for (int i = 0; i < 60; i++) api_make(t, "person", "viele", REPB1);
    api_make(t, "company", "Bernds Firma", REPB1);
    (void)api_events_came(t);
#define HIS(entity) "GET /api/v1/count/" entity "?filter={'field':'owner','op':'eq','value':'$repb1'}"
#define HERS(entity) "GET /api/v1/count/" entity "?filter={'field':'owner','op':'eq','value':'$repa2'}"
    struct answer had = api_call(t, cx->a, ADMIN, api_expand(t, cx->a, HERS("person")), S(""), S(""));
    var_put(t, "had", answer_value(cx, &had, S("value")));
    ROWS(t,
         {MGRA, "POST /api/v1/account/$repb1/handover", "{'to':'$repa2'}", 403, "\"code\":\"denied\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repb1/handover", "{}", 422, "\"field\":\"to\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repb1/handover", "{'to':'$repb1'}", 422, "\"field\":\"to\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repb1/handover", "{'to':'123'}", 422, "\"field\":\"to\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$admin/handover", "{'to':'$repa2','end':true}", 422, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/99/handover", "{'to':'$repa2'}", 404, NULL, NULL, NULL, NULL},
         {ADMIN, HIS("company"), NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repb1/handover", "{'to':'$repa2','end':true}", 202, NULL, "user.update company.update person.update*", "hand", "Idempotency-Key: hand"},
         {ADMIN, "POST /api/v1/account/$repb1/handover", "{'to':'$repa2','end':true}", 202, "\"job\":\"$hand.job\"", "user.update company.update person.update*", NULL, "Idempotency-Key: hand"},
         {REPB1, "GET /api/v1/session", NULL, 401, NULL, "user.update company.update person.update*", NULL, NULL});
    job_wait(t, "hand.job", "done");
    (void)api_events_came(t);
    job_gave(t, "hand.job", "result.batch", "handed");
    ROWS(t,
         {ADMIN, "GET /api/v1/job/$hand.job", NULL, 200, "\"refused\":0,\"left\":0,\"reasons\":[]", NULL, NULL, NULL},
         {ADMIN, HIS("person"), NULL, 200, "\"value\":0", NULL, NULL, NULL},
         {ADMIN, HERS("company"), NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/batch/$handed", NULL, 200, "\"title\":\"handover\"|\"state\":\"done\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repb1", NULL, 200, "\"active\":false|\"sessions\":0", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/account/$repa2/handover", "{'to':'$repb1'}", 422, "\"field\":\"to\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$handed'}", 200, "\"undone\":62,\"kept\":[]", "user.update company.update person.update*", NULL, NULL});
    (void)api_events_came(t);
    ROWS(t,
         {ADMIN, HIS("company"), NULL, 200, "\"value\":1", NULL, NULL, NULL},
         {ADMIN, HERS("person"), NULL, 200, "\"value\":$had", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/account/$repb1", NULL, 200, "\"active\":true|\"sessions\":0", NULL, NULL, NULL});
#undef HIS
#undef HERS
}

static void undone_by_job(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    int64_t batch = 0;
    cx->now_ms = clock_ms();
    cx->who.user = t->who[ADMIN].id;
    T_OK(cx, batch_begin(cx, S("import"), MANY, &batch));
    for (int i = 0; i < MANY; i++) api_make(t, "person", "viele", ADMIN);
    T_OK(cx, db_write(cx, all_into, &batch));
    T_OK(cx, batch_end(cx, batch, S("done"), S("")));
    cx->batch = cx->who.user = 0;
    (void)api_events_came(t);
    var_put(t, "many", arena_fmt(cx->a, "%" PRId64, batch));
    ROWS(t,
         {REPA1, "POST /api/v1/undo", "{'batch':'$many'}", 404, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$many'}", 202, "\"job\":\"", "person.delete*", "undo", "Idempotency-Key: many"},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$many'}", 202, "\"job\":\"$undo.job\"", "person.delete*", NULL, "Idempotency-Key: many"},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$many'}", 409, "!conflicts", "person.delete*", NULL, NULL});
    job_wait(t, "undo.job", "done");
    (void)api_events_came(t);
    job_gave(t, "undo.job", "result.batch", "undone");
    ROWS(t,
         {ADMIN, "GET /api/v1/job/$undo.job", NULL, 200, "\"undone\":230|\"kept\":[]|\"left\":[]|\"done\":230|\"total\":230", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/job", NULL, 200, "\"id\":\"$undo.job\",\"kind\":\"undo\",\"state\":\"done\",\"done\":230|!\"result\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/job", NULL, 200, "{\"data\":[],\"next\":null}", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/job?cursor=x", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/job/$undo.job/retry", NULL, 404, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":0", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/batch/$many", NULL, 200, "\"state\":\"undone\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/batch/$undone", NULL, 200, "\"state\":\"done\"|\"undo_of\":\"$many\"", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$many'}", 409, NULL, NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$undone'}", 202, NULL, "person.restore*", "redo", NULL});
    job_wait(t, "redo.job", "done");
    (void)api_events_came(t);
    ROWS(t,
         {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":230", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/batch/$many", NULL, 200, "\"state\":\"done\"", NULL, NULL, NULL});
    struct answer r = api_call(t, cx->a, ADMIN, S("GET /api/v1/person?limit=1"), S(""), S(""));
    var_put(t, "one", answer_value(cx, &r, S("data.0.id")));
    ROWS(t,
         {ADMIN, "PATCH /api/v1/person/$one", "{'note':'von Hand'}", 200, NULL, "person.update", NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$many'}", 409, "\"conflicts\":[{", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":230", NULL, NULL, NULL},
         {ADMIN, "POST /api/v1/undo", "{'batch':'$many','keep':true}", 202, NULL, "person.delete*", "kept", NULL});
    job_wait(t, "kept.job", "done");
    (void)api_events_came(t);
    ROWS(t,
         {ADMIN, "GET /api/v1/job/$kept.job", NULL, 200, "\"undone\":229|\"kept\":[{|$one", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/count/person", NULL, 200, "\"value\":1", NULL, NULL, NULL});
}

/* A stream by an API key hears what the key sees, and ends with it. */
static void events_by_key(struct api_bed *t)
{
    struct cx *cx = &t->b.cx, mine = *cx;
    struct key k = {.user = t->who[REPA1].id, .name = S("k"), .scopes = S("read:company")};
    str token = {0};
    mine.now_ms = clock_ms();
    T_OK(&mine, key_new(&mine, &k, &token));
    struct heard h = {.fd = api_dial(t), .b = buf_new(cx->a, READ_MAX)};
    str s = arena_fmt(cx->a, "GET /api/v1/events HTTP/1.1\r\nHost: kontor.test\r\nAuthorization: Bearer %.*s\r\n\r\n", FS(token));
    T(send(h.fd, s.p, s.n, MSG_NOSIGNAL) == (ssize_t)s.n);
    T(hear(&h, S("text/event-stream"), WAIT_MS));
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'p'}", 201, NULL, "person.create", "kp", NULL},
         {REPA1, "POST /api/v1/company", "{'name':'c'}", 201, NULL, "company.create", "kc", NULL});
    T(hear(&h, arena_fmt(cx->a, "\"id\":\"%.*s\"", FS(var_get(t, "kc"))), WAIT_MS));
    T(str_find(buf_str(&h.b), arena_fmt(cx->a, "\"id\":\"%.*s\"", FS(var_get(t, "kp")))) < 0);
    int64_t start = os_mono_ms();
    T_OK(&mine, key_end(&mine, k.id, true));
    (void)hear(&h, S(""), 6000);
    T(h.ended && os_mono_ms() - start <= 5000);
    close(h.fd);
}

static void events(struct api_bed *t)
{
    struct heard a1 = listen_in(t, REPA1), b1 = listen_in(t, REPB1);
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'nur A'}", 201, NULL, "person.create", "pa", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'nur B'}", 201, NULL, "person.create", "pb", NULL});
    struct cx *cx = &t->b.cx;
    str pa = arena_fmt(cx->a, "\"id\":\"%.*s\"", FS(var_get(t, "pa"))), pb = arena_fmt(cx->a, "\"id\":\"%.*s\"", FS(var_get(t, "pb")));
    T(hear(&a1, pa, WAIT_MS));
    T(hear(&b1, pb, WAIT_MS));
    T(str_find(buf_str(&a1.b), S("event: change")) >= 0);
    T(str_find(buf_str(&a1.b), S("\"op\":\"create\"")) >= 0);
    T(str_find(buf_str(&a1.b), S("nur A")) < 0); /* that something changed, not what */
    ROWS(t, {REPA1, "DELETE /api/v1/person/$pa", NULL, 204, NULL, "person.delete", NULL, NULL});
    T(hear(&a1, S("\"op\":\"delete\""), WAIT_MS));
    (void)hear(&b1, S("\"op\":\"delete\""), 300);
    T(str_find(buf_str(&a1.b), pb) < 0);
    T(str_find(buf_str(&b1.b), pa) < 0);
    int64_t start = os_mono_ms();
    ROWS(t, {REPA1, "DELETE /api/v1/session", NULL, 204, NULL, NULL, NULL, NULL});
    (void)hear(&a1, S(""), 6000);
    T(a1.ended && os_mono_ms() - start <= 5000);
    ROWS(t, {ADMIN, "PATCH /api/v1/user/$repb1", "{'active':false}", 200, NULL, "user.update", NULL, NULL});
    start = os_mono_ms();
    (void)hear(&b1, S(""), 6000);
    T(b1.ended && os_mono_ms() - start <= 5000);
    close(a1.fd);
    close(b1.fd);
}

/* The id of the last event that was heard, as a browser keeps it. */
static str last_id(const struct heard *h)
{
    str s = buf_str(&h->b), id = {0};
    for (ptrdiff_t at; (at = str_find(s, S("id: "))) >= 0;) {
        s = str_cut(s, (size_t)at + 4, s.n);
        str rest = s;
        str_split(rest, '\n', &id, &s);
    }
    return id;
}

static struct heard listen_again(struct api_bed *t, enum actor who, str after)
{
    struct heard h = {.fd = api_dial(t), .b = buf_new(t->b.cx.a, READ_MAX)};
    str s = arena_fmt(t->b.cx.a,
                      "GET /api/v1/events HTTP/1.1\r\nHost: kontor.test\r\nCookie: kontor=%.*s\r\nLast-Event-ID: %.*s\r\n\r\n",
                      FS(t->who[who].token), FS(after));
    T(send(h.fd, s.p, s.n, MSG_NOSIGNAL) == (ssize_t)s.n);
    T(hear(&h, S("event: hello"), WAIT_MS));
    T(hear(&h, S("\"resumed\":"), WAIT_MS));
    (void)hear(&h, S("}\n"), WAIT_MS);
    return h;
}

/* A broken stream goes on where it was: what was missed is told, of it what one may see, and nothing twice over a quiet
 * time; who asks for a place that this log does not have is sent to read anew. */
static void events_resumed(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct heard one = listen_in(t, REPA1);
    T(hear(&one, S("\"resumed\":false"), WAIT_MS));
    T(last_id(&one).n > 0);
    ROWS(t, {REPA1, "POST /api/v1/person", "{'name':'heard'}", 201, NULL, "person.create", "p1", NULL});
    T(hear(&one, arena_fmt(cx->a, "\"id\":\"%.*s\"", FS(var_get(t, "p1"))), WAIT_MS));
    (void)hear(&one, S("}\n\n\n"), 50);
    str at = last_id(&one);
    close(one.fd);
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'missed'}", 201, NULL, "person.create", "p2", NULL},
         {REPB1, "POST /api/v1/person", "{'name':'not his'}", 201, NULL, "person.create", "p3", NULL},
         {REPA1, "DELETE /api/v1/person/$p1", NULL, 204, NULL, "person.delete", NULL, NULL});
    struct heard two = listen_again(t, REPA1, at);
    str said = buf_str(&two.b), p2 = arena_fmt(cx->a, "\"id\":\"%.*s\"", FS(var_get(t, "p2")));
    ptrdiff_t missed = str_find(said, p2), hello = str_find(said, S("event: hello"));
    T(missed >= 0 && missed < hello);
    T(str_find(said, S("\"op\":\"delete\"")) >= 0);
    T(str_find(said, S("\"resumed\":true")) >= 0);
    T(str_find(said, arena_fmt(cx->a, "\"id\":\"%.*s\"", FS(var_get(t, "p3")))) < 0);
    at = last_id(&two);
    close(two.fd);
    struct heard three = listen_again(t, REPA1, at);
    T(str_find(buf_str(&three.b), S("\"resumed\":true")) >= 0);
    T(str_find(buf_str(&three.b), p2) < 0);
    ROWS(t, {REPA1, "POST /api/v1/person", "{'name':'live'}", 201, NULL, "person.create", "p4", NULL});
    T(hear(&three, arena_fmt(cx->a, "\"id\":\"%.*s\"", FS(var_get(t, "p4"))), WAIT_MS));
    close(three.fd);
    static const char *const nowhere[] = {"9223372036854775807", "99999999999999999999", "x", "-5", ""};
    for (size_t i = 0; i < COUNT(nowhere); i++) {
        struct heard h = listen_again(t, REPA1, str_from(nowhere[i]));
        T(str_find(buf_str(&h.b), S("\"resumed\":false")) >= 0);
        T(str_find(buf_str(&h.b), S("event: change")) < 0);
        close(h.fd);
    }
}

/* More than are told one by one: read anew. And many of one batch say so to those alone who see such records. */
static void events_missed_many(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct heard one = listen_in(t, REPA1);
    T(hear(&one, S("\"resumed\":false"), WAIT_MS));
    str at = last_id(&one);
    close(one.fd);
    for (int k = 0; k < 3; k++) {
        struct buf b = buf_new(cx->a, READ_MAX);
        buf_add(&b, S("{\"items\":["));
        for (int i = 0; i < 170; i++)
            buf_fmt(&b, "%s{\"op\":\"create\",\"values\":{\"name\":\"n%d\"}}", i ? "," : "", i);
        buf_add(&b, S("]}"));
        T(api_call(t, cx->a, REPA1, S("POST /api/v1/person/bulk"), buf_str(&b), S("")).status == 200);
    }
    struct heard two = listen_again(t, REPA1, at);
    T(str_find(buf_str(&two.b), S("\"resumed\":false")) >= 0);
    close(two.fd);
}

static void over_the_wire(struct api_bed *t)
{
    static const struct {
        enum actor who;
        const char *line;
        const char *want[3];
    } all[] = {{ADMIN, "GET /metrics", {" 200 ", "kontor_http_requests_total", "nosniff"}},
               {REPA1, "GET /metrics", {" 403 ", "problem+json", "no-store"}},
               {ADMIN, "GET /api/v1/person", {" 200 ", "{\"data\":[", "Cache-Control"}},
               {ADMIN, "GET /api/v1/export/person?format=csv", {" 200 ", "attachment", "\r\n0\r\nX-Row-Count: "}},
               {ADMIN, "GET /api/v1/export/person?format=xlsx", {" 200 ", "Trailer: X-Row-Count, X-Checksum", "X-Checksum: sha256="}},
               {ADMIN, "HEAD /api/v1/person", {" 200 ", "Content-Type: application/json", ""}},
               {ADMIN, "GET /api/v1/person/..%2f1", {" 400 ", "", ""}},
               {REPA1, "GET /api/v1/events?x=%zz", {" 400 ", "", ""}}};
    for (size_t i = 0; i < COUNT(all); i++) {
        struct heard h = {.fd = api_dial(t), .b = buf_new(t->b.cx.a, READ_MAX)};
        ask(t, h.fd, all[i].who, all[i].line);
        for (int k = 0; k < 3; k++)
            if (!hear(&h, str_from(all[i].want[k]), all[i].want[k][0] ? WAIT_MS / 4 : 0) && all[i].want[k][0]) {
                T(false);
                fprintf(stderr, "  %s: no '%s' in %.*s\n", all[i].line, all[i].want[k], FS(str_cut(buf_str(&h.b), 0, 800)));
            }
        close(h.fd);
    }
}

static str posted(struct api_bed *t, enum actor who, const char *body, const char *head)
{
    struct heard h = {.fd = api_dial(t), .b = buf_new(t->b.cx.a, READ_MAX)};
    const struct person *p = &t->who[who];
    str s = arena_fmt(t->b.cx.a,
                      "POST /api/v1/person HTTP/1.1\r\nHost: kontor.test\r\nCookie: kontor=%.*s\r\nX-CSRF-Token: %.*s\r\n"
                      "Content-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n%s",
                      FS(p->token), FS(p->csrf), strlen(body), head, body);
    T(send(h.fd, s.p, s.n, MSG_NOSIGNAL) == (ssize_t)s.n);
    (void)hear(&h, S("\r\n\r\n\r\n"), WAIT_MS); /* never comes: until the end */
    T(h.ended);
    close(h.fd);
    return buf_str(&h.b);
}

/* A create waits without a thread on SQLite: the same answers as by any other way, and each call of it may fail. */
static void created(struct api_bed *t)
{
    wired_still(t->w); /* at once: what is written at its end wakes those who follow */
    str r = posted(t, REPA1, "{\"name\":\"Lise Spät\",\"phones\":[\"0221 5550199\"],\"tags\":[\"neu\"]}", "");
    static const char *const parts[] = {"HTTP/1.1 201 ", "\r\nLocation: /api/v1/person/", "\r\nETag: \"1\"", "\r\nX-Change: ",
                                        "\"name\":\"Lise Spät\"", "+492215550199", "\"created_by\":{"};
    for (size_t i = 0; i < COUNT(parts); i++) T(str_find(r, str_from(parts[i])) >= 0);
    ROWS(t, {REPA1, "GET /api/v1/person?q=Lise", NULL, 200, "Lise Spät", "person.create", NULL, NULL});
    T(str_find(posted(t, REPA1, "{\"name\":\"\"}", ""), S("HTTP/1.1 422 ")) >= 0);
    T(str_find(posted(t, REPA1, "{\"name\":\"x\",\"company\":\"4\"}", ""), S("\"field\":\"company\"")) >= 0);
    T(str_find(posted(t, ANON, "{\"name\":\"x\"}", ""), S("HTTP/1.1 401 ")) >= 0);
    T(str_find(posted(t, REPA1, "{", ""), S("HTTP/1.1 400 ")) >= 0);
    for (int i = 0; i < 2; i++)
        T(str_find(posted(t, REPA1, "{\"name\":\"Einmal\"}", "Idempotency-Key: later\r\n"), S("\"name\":\"Einmal\"")) >= 0);
    ROWS(t, {REPA1, "GET /api/v1/count/person", NULL, 200, "\"value\":2", "person.create", NULL, NULL});
    int refused = 0, people = 2, through = 0;
    for (int nth = 1; nth < 60 && through < 3; nth++) {
        db_fault_at(t->app->db, nth);
        str got = posted(t, REPA1, "{\"name\":\"Fehler\",\"mails\":[\"f@b.example\"]}", "");
        db_fault_at(t->app->db, 0);
        if (str_find(got, S("HTTP/1.1 201 ")) >= 0) {
            people++;
            through++; /* those who follow may have met it: the same once more */
            nth--;
            continue;
        }
        through = 0;
        T(str_find(got, S("HTTP/1.1 503 ")) >= 0 && str_find(got, S("Retry-After: ")) >= 0);
        refused++;
        struct answer n = api_call(t, t->b.cx.a, REPA1, S("GET /api/v1/count/person"), S(""), S(""));
        T_STR(answer_value(&t->b.cx, &n, S("value")), arena_fmt(t->b.cx.a, "%d", people));
    }
    T(refused >= 5 && refused < 40);
    struct answer n = api_call(t, t->b.cx.a, REPA1, S("GET /api/v1/count/person"), S(""), S(""));
    T_STR(answer_value(&t->b.cx, &n, S("value")), arena_fmt(t->b.cx.a, "%d", people));
    (void)api_events_came(t);
}

/* Asked and answered: until the end of the head. */
static void looked(struct api_bed *t, enum actor who, const char *line, const char *status)
{
    struct heard h = {.fd = api_dial(t), .b = buf_new(t->b.cx.a, READ_MAX)};
    ask(t, h.fd, who, line);
    T(hear(&h, S("\r\n\r\n"), WAIT_MS) && str_find(buf_str(&h.b), str_from(status)) >= 0);
    close(h.fd);
}

/* Who works when and where: what counts, whose counts one sees, and that it can be turned off. */
static void used(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    T(str_find(posted(t, REPA1, "{\"name\":\"Gezählt\"}", ""), S("HTTP/1.1 201 ")) >= 0);
    T(str_find(posted(t, REPA1, "{\"name\":\"\"}", ""), S("HTTP/1.1 422 ")) >= 0); /* refused: no action */
    looked(t, REPA1, "GET /api/v1/person", " 200 ");
    looked(t, REPA1, "GET /api/v1/person?limit=1&cursor=x", " 400 ");
    looked(t, REPA1, "GET /api/v1/search?q=Gez", " 200 ");
    looked(t, REPA1, "GET /api/v1/notice", " 200 "); /* neither page nor action */
    looked(t, REPA1, "GET /api/v1/nosuch", " 404 ");
    looked(t, REPB1, "GET /api/v1/company", " 200 ");
    T_OK(cx, usage_flush(cx, t->app->usage));
#define MINE "\"pages\":2,\"actions\":1,\"hours\":[[167,2,1]],\"areas\":[{\"area\":\"person\",\"pages\":1,\"actions\":1},{\"area\":\"search\",\"pages\":1,\"actions\":0}]"
    ROWS(t, {REPA1, "GET /api/v1/usage", NULL, 200, MINE "|\"next\":null|!company", "person.create", NULL, NULL},
         {MGRA, "GET /api/v1/usage", NULL, 200, "\"pages\":0,\"actions\":0,\"hours\":[],\"areas\":[]", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/usage?all=1", NULL, 403, NULL, NULL, NULL, NULL}, {MGRA, "GET /api/v1/usage?all=1", NULL, 403, NULL, NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/usage?all=1", NULL, 200, MINE "|\"area\":\"company\"|\"next\":null", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/usage?all=1&limit=1", NULL, 200, MINE "|!company|!\"next\":null", NULL, "u", NULL},
         {ADMIN, "GET /api/v1/usage?all=1&limit=1&cursor=$u.next", NULL, 200, "company|\"next\":null", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/usage?all=1&from=2020-01-01T00:00:00Z", NULL, 200, "\"from\":\"2020-01-01T00:00:00.000Z\"|\"data\":[]", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/usage?from=gestern", NULL, 400, "\"field\":\"from\"", NULL, NULL, NULL}, {ADMIN, "GET /api/v1/usage?days=32", NULL, 400, "\"field\":\"days\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/usage?limit=51", NULL, 400, "\"field\":\"limit\"", NULL, NULL, NULL}, {ADMIN, "GET /api/v1/usage?cursor=x", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/usage/rules", NULL, 200, "{\"on\":true,\"days\":400}", NULL, NULL, NULL}, {REPA1, "PUT /api/v1/usage/rules", "{'on':false}", 403, NULL, NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/usage/rules", "{'on':'no'}", 422, "\"field\":\"on\"", NULL, NULL, NULL}, {ADMIN, "PUT /api/v1/usage/rules", "{'days':0}", 422, "\"field\":\"days\"", NULL, NULL, NULL},
         {ADMIN, "PUT /api/v1/usage/rules", "{'days':4294967297}", 422, "\"field\":\"days\"", NULL, NULL, NULL}, {ADMIN, "PUT /api/v1/usage/rules", "{'on':false,'days':90}", 204, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/usage/rules", NULL, 200, "{\"on\":false,\"days\":90}", NULL, NULL, NULL});
#undef MINE
    looked(t, REPA1, "GET /api/v1/person", " 200 ");
    T_OK(cx, usage_flush(cx, t->app->usage));
    ROWS(t, {REPA1, "GET /api/v1/usage", NULL, 200, "\"pages\":2,", NULL, NULL, NULL}, {REPA1, "DELETE /api/v1/usage", NULL, 403, NULL, NULL, NULL, NULL}, {ADMIN, "DELETE /api/v1/usage", NULL, 204, NULL, "", NULL, NULL},
         {REPA1, "GET /api/v1/usage", NULL, 200, "\"pages\":0,", NULL, NULL, NULL});
}

int main(void)
{
    static void (*const all[])(struct api_bed *) = {imported, changed_by_job, handed_over, backed_up, undone_by_job, as_of, sample, retried, given_up, events_by_key, events, events_resumed, events_missed_many, over_the_wire, created, used};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], true, true);
    return t_end("api_live");
}
