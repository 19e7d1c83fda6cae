/* SPDX-License-Identifier: MIT */
/* privacy/plan.c - what goes with a record, and what only loses its link to it.
 *
 * A record that points to one that goes, goes with it when it is nothing by itself (an internal entity's: a consent, a
 * position) or when it is data of people and hangs on nobody else (an interaction with him alone). One that hangs on
 * others too (the firm it was with, other people) stays, unless that was asked for. People and companies never go with
 * anybody. */
#include "privacy/privacy_int.h"

#include "base/log.h"
#include "base/time.h"
#include "fmt/fold.h"
#include "meta/sql.h"

#include <stdlib.h>

enum { WORDS_MAX = 400 };

static struct piece *seen(struct cx *cx, struct plan *p, int64_t id)
{
    return map_get(&p->seen, arena_fmt(cx->a, "%" PRId64, id));
}

static void put(struct cx *cx, struct plan *p, const struct entity *e, int64_t id, bool goes)
{
    struct piece *x = NEW(cx->a, struct piece);
    *x = (struct piece){e, id, goes};
    map_put(&p->seen, arena_fmt(cx->a, "%" PRId64, id), x);
    if (goes) *LIST_ADD(cx->a, &p->gone) = *x;
    else *LIST_ADD(cx->a, &p->shared) = *x;
}

static bool is_going(struct cx *cx, const struct plan *p, int64_t id)
{
    const struct piece *x = map_get(&p->seen, arena_fmt(cx->a, "%" PRId64, id));
    return x && x->goes;
}

static bool is_link(const struct field *f)
{
    enum storage st = f->kind->store;
    return f->target && !f->via.n && (st == ST_INT || st == ST_LINKS);
}

/* Does it hang on anybody else? Colleagues, teams and groups are nobody, nor is one of its own kind. */
static bool is_shared(struct cx *cx, const struct plan *p, const struct record *r)
{
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++) {
        const struct field *f = &r->e->f[i];
        const struct val *v = &r->v[i];
        if (!is_link(f) || f->trashed || !f->target->personal || f->target->at == r->e->at)
            continue;
        if (v->t == VT_INT && !is_going(cx, p, v->i)) return true;
        for (size_t k = 0; v->t == VT_LIST && k < v->n; k++)
            if (!is_going(cx, p, v->v[k].id)) return true;
    }
    return false;
}

static bool goes_along(struct cx *cx, const struct plan *p, const struct field *f,
                       const struct record *r)
{
    const struct entity *e = r->e;
    if (e->dups || e->admin || f->target->at == e->at) return false;
    if (e->internal) return true;
    return e->personal && (p->shared_too || !is_shared(cx, p, r));
}

int64_t kept_until(const struct cx *cx, const struct entity *e, int64_t created_ms)
{
    int64_t months = 12 * e->kept_years, created = time_day(created_ms, cx->tz_min);
    int64_t day = day_add_months(created, months) + 1;
    if (!months || day_add_months(time_day(cx->now_ms, cx->tz_min), -months) > created) return 0;
    while (day_add_months(day, -months) <= created) day++; /* 28 Feb of a year before a leap year */
    return day_start_ms(day, cx->tz_min);
}

static void law(struct cx *cx, struct plan *p, const struct entity *e, int64_t id, int64_t until)
{
    if (until) *LIST_ADD(cx->a, &p->kept) = (struct obstacle){e, id, until};
}

static enum err pointing_one(struct cx *cx, struct plan *p, const struct field *f, int64_t id)
{
    struct record r = {0};
    if (seen(cx, p, id)) return E_OK;
    if (p->gone.n + p->shared.n >= ERASE_PIECES)
        return fail(cx, E_LIMIT, "More than %d records hang on this one", ERASE_PIECES);
    struct arena_mark m = arena_mark(cx->a); /* there may be many */
    enum err e = record_get_deleted(cx, f->entity, id, &r);
    if (e == E_NOTFOUND) return E_OK; /* of another entity */
    TRY(e);
    int64_t until = kept_until(cx, r.e, r.v[F_CREATED_AT].i);
    bool goes = goes_along(cx, p, f, &r);
    arena_back(cx->a, m);
    law(cx, p, f->entity, id, until);
    put(cx, p, f->entity, id, goes);
    return E_OK;
}

static enum err pointing(struct cx *cx, struct plan *p, const struct piece *to)
{
    for (size_t i = 0; i < cx->meta->n; i++)
        for (size_t k = F_SYSTEM_N; k < cx->meta->entity[i].n; k++) {
            const struct field *f = &cx->meta->entity[i].f[k];
            struct db_rows r = {0};
            if (!is_link(f) || f->target->at != to->e->at) continue;
            do {
                TRY(erase_pointing(cx, f, to->id, r.n ? db_int(&r, r.n - 1, 0) : 0, &r));
                for (size_t j = 0; j < r.n; j++) TRY(pointing_one(cx, p, f, db_int(&r, j, 0)));
            } while (r.n == ERASE_POINTING);
        }
    return E_OK;
}

/* What was merged into it, and into that. */
static enum err losers(struct cx *cx, struct plan *p, const struct entity *e)
{
    for (size_t i = 0; i < p->gone.n; i++) {
        struct db_rows r = {0};
        TRY(db_query(
            cx, &r,
            "SELECT id FROM redirect WHERE winner = $1 AND entity = $2 ORDER BY id LIMIT 10000",
            V(p->gone.v[i].id), V(e->name)));
        for (size_t k = 0; k < r.n; k++)
            if (!seen(cx, p, db_int(&r, k, 0))) put(cx, p, e, db_int(&r, k, 0), true);
    }
    return E_OK;
}

/* ---- words ---- */
/* Does somebody who stays have this number or mail, or log in with it? */
static enum err is_others(struct cx *cx, const struct plan *p, str mark, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT record FROM contact_point WHERE norm = $1 OR typed = $1 LIMIT 1000",
                 V(mark)));
    for (size_t i = 0; i < r.n; i++) *ret |= !is_going(cx, p, db_int(&r, i, 0));
    TRY(db_query(cx, &r, "SELECT id FROM \"user\" WHERE mail = $1 LIMIT 1", V(mark)));
    *ret |= r.n > 0;
    return E_OK;
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static size_t words_in(str s)
{
    str one = {0};
    size_t n = 0;
    for (s = str_trim(s); s.n; s = str_trim(s), n++) (void)str_split(s, ' ', &one, &s);
    return n;
}

static enum err titled(struct cx *cx, const struct plan *p, const struct entity *e, str name,
                       bool *ret)
{
    const struct field *f = &e->f[e->title];
    struct db_rows r = {0};
    struct sql q = sql_new(cx);
    bool folded = f->kind->store == ST_FOLDED;
    if (!folded && f->kind->store != ST_TEXT) return E_OK;
    sql_lit(&q, "SELECT id FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " WHERE deleted_at IS NULL AND ");
    sql_name(&q, folded ? f->col2 : f->col);
    sql_lit(&q, " = ");
    sql_val(cx, &q, V(folded ? fold_text(cx->a, name) : name));
    sql_lit(&q, " LIMIT 1000");
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < r.n; i++) *ret |= !is_going(cx, p, db_int(&r, i, 0));
    return E_OK;
}

/* Does the name tell who it is, outside of what is linked to him? See privacy.h. */
static enum err tells(struct cx *cx, const struct plan *p, str name, bool *ret)
{
    bool others = false;
    *ret = false;
    if (words_in(name) < 2) return E_OK;
    for (size_t i = 0; i < cx->meta->n && !others; i++)
        if (!cx->meta->entity[i].trashed) TRY(titled(cx, p, &cx->meta->entity[i], name, &others));
    *ret = !others;
    return E_OK;
}

enum { MARK_MIN = 6 }; /* bytes: 110 is a number, and stands in many texts */

/* With its form in JSON texts, which are looked through as they stand. */
static void put_word(struct cx *cx, struct redact *r, str word)
{
    struct buf b = buf_new(cx->a, SIZE_MAX / 2);
    struct jw w = jw_new(&b);
    str *v = NEW_N(cx->a, str, r->n + 2);
    if (r->n) memcpy(v, r->word, sizeof *v * r->n);
    v[r->n++] = word;
    jw_str(&w, word);
    str in_json = str_cut(buf_str(&b), 1, buf_str(&b).n - 1);
    if (!str_eq(in_json, word)) v[r->n++] = in_json;
    r->word = v;
}

static enum err names_put(struct cx *cx, struct plan *p, const struct erase_words *w)
{
    for (size_t i = 0; i < w->names.n; i++) {
        bool others = false, told = false;
        str name = w->names.v[i];
        TRY(is_others(cx, p, name, &others));
        if (others) continue; /* the office they share */
        put_word(cx, &p->all, name);
        TRY(tells(cx, p, name, &told));
        if (told) put_word(cx, &p->far, name);
    }
    return E_OK;
}

static enum err marks_put(struct cx *cx, struct plan *p, const struct erase_words *w)
{
    for (size_t i = 0; i < w->marks.n; i++) {
        bool others = false;
        str mark = w->marks.v[i];
        TRY(is_others(cx, p, mark, &others));
        if (others) continue; /* the firm's switchboard says nothing about him */
        put_word(cx, &p->all, mark);
        if (mark.n < MARK_MIN) continue;
        put_word(cx, &p->far, mark);
        put_word(cx, &p->sure, mark);
    }
    return E_OK;
}

/* The first n_people of those that go are who it is about. */
static enum err words(struct cx *cx, struct plan *p, size_t n_people, const struct plan *before)
{
    struct erase_words w = before ? before->words : (struct erase_words){0};
    size_t had = before ? before->all.n_ids : 0;
    for (size_t i = 0; i < n_people; i++) {
        struct record r = {0};
        enum err e = record_get_deleted(cx, p->gone.v[i].e, p->gone.v[i].id, &r);
        if (e == E_NOTFOUND) continue;
        TRY(e);
        TRY(erase_words(cx, &r, &w));
    }
    if (w.names.n + w.marks.n > WORDS_MAX)
        return fail(cx, E_LIMIT, "This record had more than %d names and numbers", WORDS_MAX);
    int64_t *id = NEW_N(cx->a, int64_t, had + p->gone.n);
    if (had) memcpy(id, before->all.id, sizeof *id * had);
    for (size_t i = 0; i < p->gone.n; i++) id[had + i] = p->gone.v[i].id;
    qsort(id, had + p->gone.n, sizeof *id, by_number);
    p->all = p->far = p->sure = (struct redact){.id = id, .n_ids = had + p->gone.n};
    p->words = w;
    TRY(names_put(cx, p, &w));
    return marks_put(cx, p, &w);
}

static enum err files(struct cx *cx, struct plan *p)
{
    for (size_t i = 0; i < p->gone.n; i++) {
        struct db_rows r = {0};
        if (!p->gone.v[i].e->files) continue;
        TRY(erase_files(cx, p->gone.v[i].e, p->gone.v[i].id, &r));
        for (size_t k = 0; k < r.n; k++) *LIST_ADD(cx->a, &p->files) = db_int(&r, k, 0);
    }
    return E_OK;
}

/* Of an older base: what had been merged or linked since is found by its id alone. */
static enum err also_put(struct cx *cx, struct plan *p, str ids)
{
    str one = {0};
    while (ids.n) {
        struct db_rows r = {0};
        int64_t id = 0;
        (void)str_split(ids, ',', &one, &ids);
        if (!str_to_int(one, &id) || seen(cx, p, id)) continue;
        TRY(db_query(cx, &r, "SELECT entity FROM change WHERE record = $1 LIMIT 1", V(id)));
        const struct entity *e = r.n ? meta_entity(cx->meta, db_str(&r, 0, 0)) : NULL;
        if (!e) continue;
        if (!e->admin && (e->personal || e->internal)) put(cx, p, e, id, true);
        else /* never goes with anybody: somebody wrote it there */
            log_say(cx, LOG_ERROR, S("privacy"), "an erasure names a record of %.*s: it stays",
                    FS(e->name));
    }
    return E_OK;
}

static enum err gather(struct cx *cx, const struct plan_ask *ask, struct plan *p)
{
    size_t people = 0;
    TRY(also_put(cx, p, ask->also));
    TRY(losers(cx, p, ask->e));
    while (people < p->gone.n && p->gone.v[people].e == ask->e) people++;
    for (size_t i = 0; i < p->gone.n; i++) {
        struct piece to = p->gone.v[i];
        TRY(pointing(cx, p, &to));
    }
    TRY(files(cx, p));
    return ask->words ? words(cx, p, people, ask->before) : E_OK;
}

enum err plan_make(struct cx *cx, const struct plan_ask *ask, struct plan *ret)
{
    struct cx all = *cx;
    struct plan p = {.shared_too = ask->shared_too, .seen = map_new(cx->a)};
    all.acl = NULL;
    enum err err = record_get_deleted(&all, ask->e, ask->id, &p.main);
    if (err == E_NOTFOUND)
        p.main = (struct record){.e = ask->e, .id = ask->id}; /* gone already: it goes on */
    else if (err != E_OK) return fail(cx, err, "%.*s", FS(all.msg));
    if (p.main.v)
        law(&all, &p, ask->e, ask->id, kept_until(&all, ask->e, p.main.v[F_CREATED_AT].i));
    put(cx, &p, ask->e, ask->id, true);
    err = gather(&all, ask, &p);
    if (err != E_OK) return fail(cx, err, "%.*s", FS(all.msg));
    *ret = p;
    return E_OK;
}
