/* SPDX-License-Identifier: MIT */
/* The sample firm in four languages on both engines: counts, the same values twice, numbers that are numbers, undo. */
#include "bed.h"
#include "demo/demo.h"
#include "fmt/phone.h"
#include "fmt/taxid.h"
#include "record/log.h"
#include "record/record.h"

enum { PEOPLE = 300 };
static const struct {
    str lang, country;
} langs[] = {
    {S0("en"), S0("GB")}, {S0("de"), S0("DE")}, {S0("lt"), S0("LT")}, {S0("ru"), S0("RU")}};

/* ---- a sum over all values of an entity: ids, links and the log's times aside ---- */
struct seen {
    uint64_t sum;
    int64_t n, phones, bad_phones, mails, bad_taxes, taxes, linked, overdue, today, previous;
    str country;
};

static bool counts(const struct field *f)
{
    return f->at >= F_SYSTEM_N && !str_eq(f->kind->name, S("link")) &&
           !str_eq(f->kind->name, S("links")) && !str_eq(f->kind->name, S("user"));
}

static void look_points(struct cx *cx, struct seen *x, const struct field *f, const struct val *v)
{
    struct phone p = {0};
    for (size_t i = 0; i < v->n && str_eq(f->kind->name, S("phones")); i++) {
        x->phones++;
        if (phone_parse(cx->a, v->v[i].typed, x->country, &p) && str_eq(p.country, x->country))
            continue;
        if (x->bad_phones++ < 5)
            fprintf(stderr, "no number of %.*s: %.*s\n", FS(x->country), FS(v->v[i].typed));
    }
    if (str_eq(f->kind->name, S("mails"))) x->mails += (int64_t)v->n;
}

static void look_text(struct cx *cx, struct seen *x, const struct record *r, const struct field *f)
{
    str s = r->v[f->at].s, norm = {0};
    enum taxid_kind k = str_eq(f->name, S("inn"))      ? TAXID_INN
                        : str_eq(f->name, S("ogrn"))   ? TAXID_OGRN
                        : str_eq(f->name, S("kpp"))    ? TAXID_KPP
                        : str_eq(f->name, S("vat_id")) ? TAXID_VAT
                                                       : TAXID_NONE;
    if (k == TAXID_NONE) return;
    x->taxes++;
    if (taxid_check(cx->a, k, s, &norm) == TAXID_OK) return;
    if (x->bad_taxes++ < 5) fprintf(stderr, "no number of a firm: %.*s %.*s\n", FS(f->name), FS(s));
}

static enum err look(struct cx *cx, void *arg, const struct record *r)
{
    struct seen *x = arg;
    struct arena_mark m = arena_mark(cx->a);
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    jw_arr(&w);
    for (size_t i = 0; i < r->e->n; i++) {
        const struct field *f = &r->e->f[i];
        if (r->v[i].t == VT_NULL) continue;
        if (counts(f)) f->kind->to_json(cx, f, &r->v[i], &w);
        if (r->v[i].t == VT_LIST) look_points(cx, x, f, &r->v[i]);
        if (r->v[i].t == VT_TEXT) look_text(cx, x, r, f);
        if (str_eq(f->name, S("company")) || str_eq(f->name, S("person"))) x->linked++;
        if (str_eq(f->name, S("previous"))) x->previous++;
        if (str_eq(f->name, S("due"))) {
            x->overdue += r->v[i].i < cx->now_ms;
            x->today += r->v[i].i / 86400000 == cx->now_ms / 86400000;
        }
    }
    x->sum = x->sum * 31 + str_hash(buf_str(&b));
    x->n++;
    T(record_title(r).n > 0);
    arena_back(cx->a, m);
    return E_OK;
}

static struct seen all_of(struct bed *t, const char *entity, str country)
{
    struct seen x = {.country = country};
    struct query q = {.fields = FIELDS_ALL};
    T_OK(&t->cx, record_each(&t->cx, meta_entity(t->m, str_from(entity)), &q, look, &x));
    return x;
}

static struct seen whole(struct bed *t, str country)
{
    static const char *const all[] = {"branch",  "team",   "user",        "group",
                                      "company", "person", "interaction", "task"};
    struct seen sum = {0};
    for (size_t i = 0; i < COUNT(all); i++) {
        struct seen x = all_of(t, all[i], country);
        sum.sum = sum.sum * 1099511628211u + x.sum;
        sum.n += x.n, sum.phones += x.phones, sum.bad_phones += x.bad_phones, sum.mails += x.mails;
        sum.taxes += x.taxes, sum.bad_taxes += x.bad_taxes;
    }
    return sum;
}

static void one_language(struct bed *t, size_t l)
{
    struct cx *cx = &t->cx;
    struct demo_opt o = {.lang = langs[l].lang, .people = PEOPLE, .seed = 7};
    struct demo_result r = {0};
    if (!T_OK(cx, demo_make(cx, &o, &r))) return;
    T_INT(r.people, PEOPLE);
    T_INT(all_of(t, "person", langs[l].country).n, r.people);
    T_INT(all_of(t, "company", langs[l].country).n, r.companies);
    struct seen talk = all_of(t, "interaction", langs[l].country),
                todo = all_of(t, "task", langs[l].country);
    T_INT(talk.n, r.interactions);
    T_INT(todo.n, r.tasks);
    T(r.companies >= PEOPLE / 7 && r.companies <= PEOPLE / 4);
    T(r.interactions > PEOPLE * 5 / 2 && r.interactions < PEOPLE * 7 / 2);
    T(talk.previous > talk.n / 4 && talk.linked > talk.n && todo.overdue > 0 && todo.today > 0);
    T(r.users >= 15 && r.teams >= 4 && r.branches == 3 && r.groups == 8);
    struct seen w = whole(t, langs[l].country);
    T(w.phones > PEOPLE && w.mails > PEOPLE / 2);
    T_INT(w.bad_phones, 0);
    T_INT(w.bad_taxes, 0);
    T(w.taxes > 0 || l == 0);
}

static void languages(struct bed *t)
{
    for (size_t l = 0; l < COUNT(langs); l++) {
        struct bed b = bed_make(db_is_pg(&t->cx));
        one_language(&b, l);
        bed_end(&b);
    }
}

static uint64_t sum_of(bool pg, uint64_t seed)
{
    struct bed b = bed_make(pg);
    struct demo_opt o = {.lang = S("ru"), .people = PEOPLE, .seed = seed};
    struct demo_result r = {0};
    T_OK(&b.cx, demo_make(&b.cx, &o, &r));
    uint64_t sum = whole(&b, S("RU")).sum;
    bed_end(&b);
    return sum;
}

static void same_twice(struct bed *t)
{
    bool pg = db_is_pg(&t->cx);
    uint64_t one = sum_of(pg, 1);
    T(one == sum_of(pg, 1));
    T(one != sum_of(pg, 2));
}

static bool stop(void *arg, int64_t done, int64_t all)
{
    T(done <= all);
    return --*(int *)arg > 0;
}

static void undo_and_limits(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct demo_opt o = {.lang = S("lt"), .people = 60, .seed = 3};
    struct demo_result r = {0}, again = {0};
    struct undo_result u = {0};
    T_OK(cx, demo_make(cx, &o, &r));
    T_OK(cx, demo_make(cx, &o, &again)); /* the house is there already */
    T(again.people == 60 && again.users == 0 && again.groups == 0 && again.teams == 0 &&
      again.branches == 0);
    T_OK(cx, undo_batch(cx, again.batch, UNDO_ASK, &u));
    T_INT(all_of(t, "person", S("LT")).n, 60);
    T_OK(cx, undo_batch(cx, r.batch, UNDO_ASK, &u));
    T_INT(all_of(t, "person", S("LT")).n, 0);
    T_INT(all_of(t, "interaction", S("LT")).n, 0);
    int left = 2;
    o = (struct demo_opt){
        .lang = S("en"), .people = 100000, .seed = 3, .progress = stop, .arg = &left};
    T_OK(cx, demo_make(cx, &o, &r));
    T(r.is_stopped && r.people < 1000);
    o = (struct demo_opt){.lang = S("fr"), .people = 5};
    T(demo_make(cx, &o, &r) == E_INVALID);
    T_STR(cx->at, S("lang"));
    o = (struct demo_opt){.lang = S("en"), .people = 0};
    T(demo_make(cx, &o, &r) == E_INVALID);
    o.people = DEMO_PEOPLE_MAX + 1;
    T(demo_make(cx, &o, &r) == E_INVALID);
    T_STR(cx->at, S("people"));
    o.people = 1;
    T_OK(cx, demo_make(cx, &o, &r));
    T(r.people == 1 && r.companies == 1);
}

static void on_both(struct bed *t)
{
    languages(t);
    same_twice(t);
    undo_and_limits(t);
}

static void both_engines(void) { bed_both(on_both); }

TESTS("demo", both_engines)
