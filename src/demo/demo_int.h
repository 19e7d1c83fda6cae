/* SPDX-License-Identifier: MIT */
/* demo/demo_int.h - the words of a language and the state of one run. */
#pragma once
#include "demo/demo.h"

#include "meta/meta.h"
#include "record/record.h"

/* ---- words: lists are one text, entries split at '|', forms of an entry at '/' ---- */
struct demo_city {
    const char *name, *zip, *region, *timezone; /* '#' in zip and numbers is a digit */
    const char *kept, *real;                    /* numbers kept for examples (NULL = none), and others */
};
struct demo_step {
    char kind;               /* n note, c call, m meeting, l letter; 0 ends the thread */
    uint8_t days;            /* at most so many after the step before */
    const char *text;
};
enum { DEMO_STEPS = 5, DEMO_THREADS = 10 };
struct demo_thread {
    const char *subject, *plan; /* plan: what is to be done when the next step lies ahead */
    struct demo_step step[DEMO_STEPS];
};
struct demo_words {
    const char *code, *country;
    const char *male, *female;  /* first names; Russian male ones with both patronymics behind them */
    const char *last;           /* his / hers / hers unmarried */
    const char *order;          /* a full name: %f first, %m middle, %l last */
    const char *brands, *trades;/* trade: word in the firm's name / industry / products... */
    const char *named, *pair;   /* %w trade, %b brand, %c city; two surnames %a %b */
    const char *forms;          /* legal forms: short / full, %n is the name */
    const char *streets, *mobile_kept, *mobile;
    const char *street_line;    /* %s street, %h house */
    const char *titles, *departments, *sources, *notes; /* titles: his / hers */
    const char *groups, *tags, *branches, *teams, *mailhosts, *tasks;
    const char *money;          /* %m is the number */
    struct demo_city city[24];
    struct demo_thread thread[DEMO_THREADS];
};
extern const struct demo_words demo_words_en, demo_words_de, demo_words_lt, demo_words_ru;

struct list {
    const str *v;
    size_t n;
};
struct list list_of(struct arena *a, const char *text, char sep);

/* ---- random: splitmix64, the same on every machine ---- */
struct rng {
    uint64_t s;
};
uint64_t rng_next(struct rng *r);
static inline size_t rng_to(struct rng *r, size_t n) { return n ? (size_t)(rng_next(r) % n) : 0; }
static inline bool rng_of100(struct rng *r, unsigned p) { return rng_next(r) % 100 < p; }
static inline str pick(struct rng *r, const struct list *l) { return l->n ? l->v[rng_to(r, l->n)] : S(""); }

/* ---- one run ---- */
struct planned {             /* a record to write: values made before the writer is entered */
    const struct entity *e;
    int64_t id;
    const struct set *s;
    size_t n;
};
struct owner {
    int64_t user, team;
};
struct maker {
    struct cx *cx;
    const struct demo_words *w;
    struct rng r;
    struct list male, female, last, brands, trades, forms, streets, titles, departments, sources, notes;
    struct list tags, mailhosts, tasks, mobile_kept, mobile, groups;
    size_t n_cities, n_threads;
    int64_t n_mobile, n_fixed[24], n_company;
    const struct entity *person, *company, *department, *interaction, *task;
    const int64_t *group_ids;
    const struct owner *owners;
    size_t n_groups, n_owners;
    int64_t holding;         /* the company that the next ones may belong to */
    int64_t today;           /* start of cx's day, UTC ms */
    LIST(struct planned) plan; /* of the slice, in its arena */
    int64_t writer_us;         /* what the slice before took inside of the writer */
    struct demo_result *ret;
};
enum { DEMO_UNITS = 8 };
struct firm {                /* what its people and their history need to know */
    int64_t id;
    str name, host, trade;   /* trade: products behind '/' */
    size_t city;
    struct owner owner;
    bool ordered;            /* has departments as records, those that people were found for so far: */
    int64_t unit[DEMO_UNITS], first_unit;
};
struct contact {
    int64_t id;
    str name, first;
    struct firm *firm;       /* NULL: a private person */
    struct owner owner;
};

/* A record being put together: sets in the slice's arena. */
struct draft {
    struct maker *m;
    const struct entity *e;
    struct set *s;
    size_t n;
};
struct draft draft_new(struct maker *m, const struct entity *e);
void draft_val(struct draft *d, const char *field, struct val v);
void draft_text(struct draft *d, const char *field, str s); /* "" is left out */
void draft_int(struct draft *d, const char *field, int64_t v);
MUST enum err draft_parse(struct draft *d, const char *field, str text);   /* phones, mails: as typed */
int64_t draft_plan(struct draft *d);                                       /* gives its id */

/* Puts values for %x into a pattern: keys "pdm" go with three values. */
str demo_fill(struct arena *a, str pattern, const char *keys, const str *v);
/* Latin words of a name with '-' or '.' between them. */
str demo_slug(struct cx *cx, str name, char between);
str demo_digits(struct maker *m, const char *pattern, int64_t serial);   /* serial < 0: any digits */
str demo_mobile(struct maker *m);
str demo_fixed(struct maker *m, size_t city);

/* Branches, teams, users, groups; the lists of them live in `keep`. */
MUST enum err demo_house(struct maker *m, struct arena *keep);
MUST enum err demo_company(struct maker *m, struct firm *ret);
MUST enum err demo_person(struct maker *m, struct firm *f, struct contact *ret);
MUST enum err demo_history(struct maker *m, const struct contact *c);     /* interactions and tasks */
void demo_numbers(struct draft *d, struct maker *m);                      /* tax and register numbers of a firm */
