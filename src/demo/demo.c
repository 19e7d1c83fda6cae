/* SPDX-License-Identifier: MIT */
/* demo/demo.c - the run: slices of planned records, each written in one transaction.
 *
 * A block is one firm with its people and their history, so that nothing made before must be remembered. Values
 * are made outside of the writer; a slice grows or shrinks towards 20 ms inside of it.
 */
#include "demo/demo_int.h"

#include "base/time.h"
#include "os/os.h"
#include "record/log.h"

enum { SLICE_MS = 20, SLICE_FIRST = 32, SLICE_MIN = 8, SLICE_MAX = 20000, PEOPLE_MAX = 8 };

static enum err slice_inside(struct cx *cx, void *arg)
{
    struct maker *m = arg;
    int64_t from = os_mono_us();
    for (size_t i = 0; i < m->plan.n; i++) {
        const struct planned *p = &m->plan.v[i];
        struct written w = {0};
        TRY(record_create(cx, p->e, p->id, p->s, p->n, &w));
    }
    m->writer_us = os_mono_us() - from;
    return E_OK;
}

static enum err slice_write(struct maker *m, int slice_ms, size_t *want)
{
    size_t us = (size_t)(slice_ms > 0 ? slice_ms : SLICE_MS) * 1000;
    if (m->plan.n == 0) return E_OK;
    TRY(db_write_bulk(m->cx, slice_inside, m));
    size_t fits = m->writer_us < 1 ? SLICE_MAX : m->plan.n * us / (size_t)m->writer_us;
    if (fits > *want * 2) fits = *want * 2;
    *want = fits < SLICE_MIN ? SLICE_MIN : fits > SLICE_MAX ? SLICE_MAX : fits;
    return E_OK;
}

/* One firm of two to eight people; every twelfth person is a private one. */
static enum err block(struct maker *m, int64_t people)
{
    int64_t left = people - m->ret->people, n = 2 + (int64_t)rng_to(&m->r, PEOPLE_MAX - 1);
    struct firm f = {0};
    TRY(demo_company(m, &f));
    for (int64_t i = 0; i < n && i < left; i++) {
        struct contact c = {0};
        TRY(demo_person(m, i && rng_of100(&m->r, 10) ? NULL : &f, &c));
        TRY(demo_history(m, &c));
    }
    return E_OK;
}

static void plan_clear(struct maker *m)
{
    m->plan.v = NULL;
    m->plan.n = m->plan.cap = 0;
}

static enum err run(struct maker *m, const struct demo_opt *o, struct arena *keep)
{
    size_t want = SLICE_FIRST;
    TRY(demo_house(m, keep));
    while (m->ret->people < o->people || m->plan.n) {
        while (m->ret->people < o->people && m->plan.n < want) TRY(block(m, o->people));
        TRY(slice_write(m, o->slice_ms, &want));
        TRY(batch_progress(m->cx, m->ret->batch, m->ret->people));
        plan_clear(m);
        arena_reset(m->cx->a);
        if (o->progress && !o->progress(o->arg, m->ret->people, o->people)) {
            m->ret->is_stopped = true;
            break;
        }
    }
    return E_OK;
}

/* ---- words ---- */
static const struct demo_words *words_of(str lang)
{
    static const struct demo_words *const all[] = {&demo_words_en, &demo_words_de, &demo_words_lt,
                                                   &demo_words_ru};
    for (size_t i = 0; i < COUNT(all); i++)
        if (str_eq(str_from(all[i]->code), lang)) return all[i];
    return NULL;
}

static void words_read(struct maker *m, struct arena *a)
{
    const struct demo_words *w = m->w;
    const struct {
        struct list *to;
        const char *text;
    } all[] = {
        {&m->male, w->male},           {&m->female, w->female}, {&m->last, w->last},
        {&m->brands, w->brands},       {&m->trades, w->trades}, {&m->forms, w->forms},
        {&m->streets, w->streets},     {&m->titles, w->titles}, {&m->departments, w->departments},
        {&m->sources, w->sources},     {&m->notes, w->notes},   {&m->tags, w->tags},
        {&m->mailhosts, w->mailhosts}, {&m->tasks, w->tasks},   {&m->mobile_kept, w->mobile_kept},
        {&m->mobile, w->mobile},       {&m->groups, w->groups}};
    for (size_t i = 0; i < COUNT(all); i++) *all[i].to = list_of(a, all[i].text, '|');
    while (m->n_cities < COUNT(w->city) && w->city[m->n_cities].name) m->n_cities++;
    while (m->n_threads < COUNT(w->thread) && w->thread[m->n_threads].subject) m->n_threads++;
}

static void arena_end(struct arena **a) { arena_free(a); }

enum err demo_make(struct cx *cx, const struct demo_opt *o, struct demo_result *ret)
{
    struct demo_result r = {0};
    struct arena *keep OWNED(arena_end) = arena_new(), *slice OWNED(arena_end) = arena_new();
    struct maker m = {.w = words_of(o->lang), .r = {o->seed}, .ret = &r};
    if (!m.w) return fail_at(cx, E_INVALID, S("lang"), "a sample firm speaks en, de, lt or ru");
    if (o->people < 1 || o->people > DEMO_PEOPLE_MAX)
        return fail_at(cx, E_INVALID, S("people"), "a sample firm has 1 to %d people",
                       DEMO_PEOPLE_MAX);
    struct cx in =
        *cx; /* its arena goes with each slice; numbers are read as that country writes them */
    m.cx = &in;
    in.way = WAY_IMPORT; /* no savepoint for each record */
    in.country = str_from(m.w->country);
    m.today = day_start_ms(time_day(cx->now_ms, cx->tz_min), cx->tz_min);
    m.person = ENT(cx, "person");
    m.company = ENT(cx, "company");
    m.department = ENT(cx, "department");
    m.interaction = ENT(cx, "interaction");
    m.task = ENT(cx, "task");
    words_read(&m, keep);
    TRY(batch_begin(&in, S("demo"), o->people, &r.batch));
    in.a = slice;
    enum err e = run(&m, o, keep);
    in.a = cx->a;
    cx->msg = arena_dup(cx->a, in.msg);
    cx->at = arena_dup(cx->a, in.at);
    cx->err = in.err;
    *ret = r;
    enum err end = batch_end(&in, r.batch, e == E_OK ? S("done") : S("failed"), S(""));
    return e == E_OK ? end : e;
}
