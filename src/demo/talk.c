/* SPDX-License-Identifier: MIT */
/* demo/talk.c - what was said and written to a person, in chains, and what is still to do. */
#include "demo/demo_int.h"

#include "base/time.h"

enum { QUARTER_MS = 15 * 60 * 1000, PAST_DAYS = 540, DAY_HOURS = 9, DAY_FROM = 8 };
static const char keys[] = "pdqmfn";

struct words { /* what %p %d %q %m %f %n stand for in one chain */
    str v[6];
};

static struct words words_of(struct maker *m, const struct contact *c)
{
    struct arena *a = m->cx->a;
    struct list products = {0};
    if (c->firm) {
        products = list_of(a, arena_z(a, c->firm->trade), '/');
    } else {
        struct list t = list_of(a, arena_z(a, pick(&m->r, &m->trades)), '/');
        products = (struct list){t.v + 2, t.n - 2};
    }
    static const int64_t packs[] = {5,  10, 12,  20,  24,  25,  40,  50,
                                    60, 80, 100, 120, 150, 200, 250, 500};
    int64_t q = packs[rng_to(&m->r, COUNT(packs))];
    str sum = arena_fmt(a, "%" PRId64, 120 + q * (int64_t)(3 + rng_to(&m->r, 90)));
    return (struct words){
        {pick(&m->r, &products), arena_fmt(a, "%zu", 10200 + rng_to(&m->r, 89000)),
         arena_fmt(a, "%" PRId64, q), demo_fill(a, str_from(m->w->money), "m", &sum), c->first,
         c->firm ? c->firm->name : c->name}};
}

static str kind_of(char k)
{
    return k == 'c' ? S("call") : k == 'm' ? S("meeting") : k == 'l' ? S("letter") : S("note");
}

/* A quarter of an hour in the day's work. */
static int64_t office_hour(struct maker *m)
{
    return (DAY_FROM * 4 + (int64_t)rng_to(&m->r, DAY_HOURS * 4)) * QUARTER_MS;
}

static void about(struct draft *d, const struct contact *c)
{
    draft_int(d, "person", c->id);
    if (c->firm) draft_int(d, "company", c->firm->id);
    if (c->owner.user) draft_int(d, "owner", c->owner.user);
    if (c->owner.team) draft_int(d, "team", c->owner.team);
}

/* At most `max` steps of one chain; gives how many. What lies ahead of now is planned, and is the last. */
static size_t chain(struct maker *m, const struct contact *c, size_t max)
{
    const struct demo_thread *t = &m->w->thread[rng_to(&m->r, m->n_threads)];
    struct arena *a = m->cx->a;
    struct words w = words_of(m, c);
    str subject = demo_fill(a, str_from(t->subject), keys, w.v);
    /* most of it lately: the square of an even spread */
    int64_t x = (int64_t)rng_to(&m->r, 1000), day = 6 - x * x * PAST_DAYS / 1000000, previous = 0;
    size_t n = 0;
    for (bool ahead = false; n < max && n < DEMO_STEPS && t->step[n].kind && !ahead; n++) {
        const struct demo_step *s = &t->step[n];
        struct draft d = draft_new(m, m->interaction);
        if (n) day += 1 + (int64_t)rng_to(&m->r, s->days);
        int64_t at = m->today + day * DAY_MS + office_hour(m);
        ahead = at > m->cx->now_ms;
        draft_text(&d, "subject", subject);
        draft_text(&d, "kind", kind_of(s->kind));
        draft_text(&d, "status",
                   ahead                 ? S("planned")
                   : rng_of100(&m->r, 3) ? S("cancelled")
                   : n + 1 == max        ? S("relevant")
                                         : S("done"));
        draft_int(&d, "at", at);
        if (s->kind != 'n' && s->kind != 'l')
            draft_int(&d, "duration",
                      (s->kind == 'm' ? 4 : 1) * (int64_t)(1 + rng_to(&m->r, 4)) * 300);
        about(&d, c);
        if (s->kind == 'm') draft_text(&d, "participants", c->name);
        if (ahead) draft_text(&d, "plan", demo_fill(a, str_from(t->plan), keys, w.v));
        else draft_text(&d, "text", demo_fill(a, str_from(s->text), keys, w.v));
        if (previous) draft_int(&d, "previous", previous);
        previous = draft_plan(&d);
        m->ret->interactions++;
    }
    return n;
}

/* Open ones are due from a week ago (overdue) to three weeks from now, a sixth of them today. */
static void task(struct maker *m, const struct contact *c)
{
    static const str rank[] = {S0("low"), S0("normal"), S0("normal"), S0("normal"), S0("high")};
    struct draft d = draft_new(m, m->task);
    struct words w = words_of(m, c);
    bool done = rng_of100(&m->r, 50);
    int64_t day = done                   ? -(int64_t)rng_to(&m->r, 200)
                  : rng_of100(&m->r, 16) ? 0
                                         : (int64_t)rng_to(&m->r, 28) - 7;
    draft_text(&d, "subject", demo_fill(m->cx->a, pick(&m->r, &m->tasks), keys, w.v));
    draft_text(&d, "status",
               done                   ? rng_of100(&m->r, 8) ? S("cancelled") : S("done")
                                 : rng_of100(&m->r, 25) ? S("doing")
                                      : S("open"));
    draft_int(&d, "due", m->today + day * DAY_MS + office_hour(m));
    draft_text(&d, "priority", rank[rng_to(&m->r, COUNT(rank))]);
    about(&d, c);
    draft_plan(&d);
    m->ret->tasks++;
}

enum err demo_history(struct maker *m, const struct contact *c)
{
    static const size_t spread[] = {0, 1, 1, 2, 2, 3,
                                    3, 3, 4, 5, 5, 7}; /* three each, on average */
    size_t left = spread[rng_to(&m->r, COUNT(spread))];
    while (left > 0) left -= chain(m, c, left);
    if (rng_of100(&m->r, 25)) task(m, c);
    return E_OK;
}
