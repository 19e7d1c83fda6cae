/* SPDX-License-Identifier: MIT */
/* Undo, redo, conflicts, batches; merging with its way back. */
#include "api_bed.h"

static void one_change(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'Eins','birthday':'1980-01-01'}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'name':'Zwei','birthday':null}", 200, NULL, "person.update", "c", NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$c.seq'}", 200, "\"undone\":1|\"kept\":[]", "person.update", "u", NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "1980-01-01|Eins", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$u.batch'}", 200, "\"undone\":1", "person.update", "redo", NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "Zwei|\"birthday\":null", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$u.batch'}", 409, "!conflicts", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'name':'Drei'}", 200, NULL, "person.update", "d", NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'name':'Vier','job_title':'Chef'}", 200, NULL, "person.update", "e", NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$d.seq'}", 409, "\"conflicts\":[{|\"fields\":[\"name\"]|\"title\":\"Vier\"|\"code\":\"conflict\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$d.seq','keep':true}", 200, "\"undone\":0", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$d.seq','force':true}", 200, "\"undone\":1", "person.update", NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "Zwei|Chef", NULL, NULL, NULL},
         {REPA1, "DELETE /api/v1/person/$p", NULL, 204, NULL, "person.delete", "f", NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$f.seq'}", 200, "\"undone\":1", "person.restore", NULL, NULL},
         {REPA1, "GET /api/v1/person/$p", NULL, 200, "Chef", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Irrtum'}", 201, NULL, "person.create", "q", NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$q.seq'}", 200, "\"undone\":1", "person.delete", NULL, NULL},
         {REPA1, "GET /api/v1/person/$q", NULL, 404, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'x'}", 422, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'-1'}", 422, NULL, NULL, NULL, NULL});
}

/* Who may change but not delete does not delete by taking a creation back. */
static void no_more_than_allowed(struct api_bed *t)
{
    ROWS(t,
         {ADMIN, "PATCH /api/v1/role/$rolerep", "{'rights':{'*':{'see':'team','create':'own','change':'team'}}}", 200, NULL, "role.update", NULL, NULL},
         {MGRA, "POST /api/v1/person", "{'name':'der Chefin'}", 201, NULL, "person.create", "p", NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$p.seq'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$p", "{'job_title':'a'}", 200, NULL, "person.update", "c", NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$c.seq'}", 200, NULL, "person.update", NULL, NULL},
         {MGRA, "DELETE /api/v1/person/$p", NULL, 204, NULL, "person.delete", "d", NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$d.seq'}", 403, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$p/restore", NULL, 403, NULL, NULL, NULL, NULL});
}

static void merged(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'Jörg Müller','phones':['+4915112345678']}", 201, NULL, "person.create", "a", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'J. Mueller','phones':['+4922155501'],'birthday':'1971-04-03'}", 201, NULL, "person.create", "b", NULL},
         {REPA1, "POST /api/v1/task", "{'subject':'Ruf an','person':'$b'}", 201, NULL, "task.create", "task", NULL},
         {REPA1, "POST /api/v1/person/$a/merge", "{'loser':'$a'}", 422, "\"field\":\"loser\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$a/merge", "{'loser':'$b','version':9}", 409, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$a/merge", "{'loser':'$b','take':{'nosuch':'loser'}}", 422, "\"field\":\"take\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$a/merge", "{'loser':'$b','take':{'created_by':'loser'}}", 422, "\"field\":\"take\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/person/$a/merge", "{'loser':'$b','version':1,'take':{'name':'loser'}}", 200, "J. Mueller|+4922155501|+4915112345678|1971-04-03|@X-Change: ",
          "person.merge person.update task.update", "m", "Idempotency-Key: merge"},
         {REPA1, "POST /api/v1/person/$a/merge", "{'loser':'$b','version':1,'take':{'name':'loser'}}", 200, "J. Mueller", NULL, NULL, "Idempotency-Key: merge"},
         {REPA1, "GET /api/v1/person/$b", NULL, 301, "@Location: /api/v1/person/$a|J. Mueller", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/task/$task", NULL, 200, "\"person\":{\"id\":\"$a\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$a/history", NULL, 200, "\"loser\":{\"id\":\"$b\",\"title\":\"J. Mueller\"}|!@loser", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$b/history", NULL, 200, "\"op\":\"merge\"|\"winner\":{\"id\":\"$a\"|!@winner", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/batch", NULL, 200, "\"title\":\"merge\"|\"state\":\"done\"", NULL, "list", NULL},
         {REPB1, "GET /api/v1/batch", NULL, 200, "\"data\":[]", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/batch?cursor=x", NULL, 400, "\"field\":\"cursor\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/batch/1", NULL, 404, NULL, NULL, NULL, NULL});
    struct cx *cx = &t->b.cx;
    struct answer r = api_call(t, cx->a, REPA1, S("GET /api/v1/batch"), S(""), S(""));
    var_put(t, "mb", answer_value(cx, &r, S("data.0.id")));
    ROWS(t,
         {REPA1, "GET /api/v1/batch/$mb", NULL, 200, "\"counts\":{\"merge\":1,\"update\":2}|Rolf Eins", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/batch/$mb", NULL, 200, "\"merged\":[{\"entity\":\"person\",\"winner\":{\"id\":\"$a\",\"title\":\"J. Mueller\"},\"loser\":{\"id\":\"$b\",\"title\":\"J. Mueller\"},\"fields\":[\"name\",\"phones\",\"birthday\"]}]", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/batch", NULL, 200, "\"merged\":[{\"entity\":\"person\"", NULL, NULL, NULL},
         {ADMIN, "GET /api/v1/batch/$mb", NULL, 200, "Rolf Eins", NULL, NULL, NULL},
         {REPA1, "PATCH /api/v1/person/$a", "{'birthday':'1999-09-09'}", 200, NULL, "person.update", NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$mb'}", 409, "\"conflicts\":[|\"birthday\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$mb','keep':true}", 200, "\"kept\":[{", "task.update person.update person.restore", "u", NULL},
         {REPA1, "GET /api/v1/person/$a", NULL, 200, "Jörg Müller|1999-09-09|!+4922155501", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/person/$b", NULL, 200, "J. Mueller|+4922155501", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/task/$task", NULL, 200, "\"person\":{\"id\":\"$b\"", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$mb','keep':true}", 409, NULL, NULL, NULL, NULL},
         {REPA1, "GET /api/v1/batch/$mb", NULL, 200, "\"state\":\"undone\"", NULL, NULL, NULL},
         {REPA1, "GET /api/v1/batch/$u.batch", NULL, 200, "\"undo_of\":\"$mb\"|\"state\":\"done\"", NULL, NULL, NULL});
}

/* The change that a merge answers with stands for the whole merge; redo brings the redirect back; and a merge that
 * gave the winner nothing is in his history all the same. */
static void merged_by_change(struct api_bed *t)
{
    ROWS(t,
         {REPA1, "POST /api/v1/person", "{'name':'Gleich'}", 201, NULL, "person.create", "a", NULL},
         {REPA1, "POST /api/v1/person", "{'name':'Gleich'}", 201, NULL, "person.create", "b", NULL},
         {REPA1, "POST /api/v1/person/$a/merge", "{'loser':'$b'}", 200, "\"version\":2|@X-Change: ", "person.merge person.update", "m", NULL},
         {REPA1, "GET /api/v1/person/$a/history", NULL, 200, "\"loser\":{\"id\":\"$b\"|\"changes\":[]", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$m.seq'}", 200, "\"undone\":1", "person.restore", "u", NULL},
         {REPA1, "GET /api/v1/person/$b", NULL, 200, "Gleich", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'change':'$m.seq'}", 409, NULL, NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$u.batch'}", 200, "\"undone\":1", "person.merge", "r", NULL},
         {REPA1, "GET /api/v1/person/$b", NULL, 301, "@Location: /api/v1/person/$a", NULL, NULL, NULL},
         {REPA1, "POST /api/v1/undo", "{'batch':'$r.batch'}", 200, "\"undone\":1", "person.restore", NULL, NULL});
}

void undo_tests(void)
{
    static void (*const all[])(struct api_bed *) = {one_change, no_more_than_allowed, merged, merged_by_change};
    for (size_t i = 0; i < COUNT(all); i++) api_both(all[i], false, true);
}
