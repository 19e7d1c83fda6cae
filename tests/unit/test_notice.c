/* SPDX-License-Identifier: MIT */
/* Notices: whom a changed firm or title is told, in the transaction of the change, and who reads them. */
#include "notice/notice.h"
#include "register/proposal.h"
#include "search_make.h"

static size_t count(struct cx *cx, int64_t user, struct notice **ret)
{
    size_t n = 0;
    become(cx, user);
    T_OK(cx, notice_list(cx, true, ret, &n));
    become(cx, 0);
    return n;
}

static void told(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct notice *v = NULL;
    int64_t anna = make_user(cx, "Anna", "own", 0), ben = make_user(cx, "Ben", "all", 0);
    int64_t a = make(cx, "company", "{\"name\":\"Alt\"}"), b = make(cx, "company", "{\"name\":\"Neu\"}");
    int64_t p = make(cx, "person", J("{\"name\":\"P\",\"owner\":\"" ID "\"}", anna));
    become(cx, ben);
    change(cx, "person", p, J("{\"company\":\"" ID "\",\"job_title\":\"Einkauf\"}", a)); /* filled in: no change */
    T_INT((int64_t)count(cx, anna, &v), 0);
    become(cx, ben);
    change(cx, "person", p, J("{\"company\":\"" ID "\",\"note\":\"x\"}", b));
    T(count(cx, anna, &v) == 1 && v[0].record == p && str_eq(v[0].kind, S("changed")) && !v[0].is_read);
    if (v) T(str_find(v[0].data, arena_fmt(cx->a, "\"field\":\"company\",\"old\":\"" ID "\",\"new\":\"" ID "\",\"by\":\"" ID "\"", a, b, ben)) >= 0);
    become(cx, ben);
    change(cx, "person", p, "{\"note\":\"y\"}");
    change(cx, "person", p, "{\"job_title\":\"Leitung\"}");
    T(count(cx, anna, &v) == 2);
    if (v) T(str_find(v[0].data, S("\"old\":\"Einkauf\",\"new\":\"Leitung\"")) >= 0);
    become(cx, ben);
    const struct entity *person = ENT(cx, "person");
    const struct json *j = NULL;
    size_t n = 0;
    T_OK(cx, json_parse(cx, S("{\"job_title\":\"Chef\"}"), &j));
    T_OK(cx, proposal_put(cx, person, p, S("sync"), j, &n));
    T(count(cx, anna, &v) == 3 && str_eq(v[0].kind, S("proposed")));
    become(cx, anna); /* what she does herself she knows */
    struct notice *first = NULL;
    T_OK(cx, notice_list(cx, true, &first, &n));
    T_OK(cx, notice_read(cx, first[0].id));
    become(cx, ben);
    T(notice_read(cx, first[1].id) == E_NOTFOUND);
    T(count(cx, ben, &v) == 0 && count(cx, anna, &v) == 2);
    become(cx, anna);
    T_OK(cx, notice_read(cx, 0));
    T(count(cx, anna, &v) == 0);
    become(cx, anna);
    T_OK(cx, notice_list(cx, false, &v, &n));
    T(n == 3 && v[0].is_read);
    become(cx, 0);
}

/* The change is refused: nobody is told of it. */
static void rolled_back(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct notice *v = NULL;
    struct written w = {0};
    int64_t anna = make_user(cx, "Anna", "own", 0);
    int64_t p = make(cx, "person", J("{\"name\":\"Q\",\"owner\":\"" ID "\",\"job_title\":\"A\"}", anna));
    const struct entity *e = ENT(cx, "person");
    struct set s = {FLD(e, "job_title"), VAL_TEXT(S("B"))};
    for (int nth = 1; nth < 60; nth++) {
        db_fault_at(t->b, nth);
        enum err err = record_update(cx, e, p, 0, &s, 1, &w);
        db_fault_at(t->b, 0);
        size_t n = count(cx, anna, &v);
        T(n == (err == E_OK));
        if (err == E_OK) return;
    }
    T(false);
}

static void all(struct bed *t)
{
    told(t);
    rolled_back(t);
}
static void both(void) { bed_both(all); }

TESTS("notice", both)
