/* SPDX-License-Identifier: MIT */
/* xfer/apply.c - the writes of a slice, inside the writer; and what a row adds to a record that is there. */
#include "base/time.h"
#include "fmt/fold.h"
#include "record/log.h"
#include "register/proposal.h"
#include "xfer/import_int.h"

#include <stdlib.h>

/* ---- merging ---- */
enum { SAME_PLACE = 95 }; /* fold_compat: the same words but for spelling (Köln, Koeln) */

static bool item_same(struct cx *cx, const struct field *f, const struct item *a,
                      const struct item *b)
{
    enum storage st = f->kind->store;
    if (st == ST_LINKS) return a->id == b->id;
    if (st == ST_KEYS) return str_eq(fold_text(cx->a, a->norm), fold_text(cx->a, b->norm));
    if (str_eq(f->kind->name, S("addresses")) &&
        fold_compat(cx->a, a->typed, b->typed) >= SAME_PLACE)
        return true;
    if (a->norm.n || b->norm.n) return str_eq(a->norm, b->norm) && str_eq(a->ext, b->ext);
    return str_eq(fold_text(cx->a, a->typed), fold_text(cx->a, b->typed));
}

/* What is there, then what is new; false when nothing is. */
static bool list_union(struct cx *cx, const struct field *f, const struct val *now,
                       const struct val *more, struct val *ret)
{
    size_t n_now = now->t == VT_LIST ? now->n : 0, n = n_now;
    struct item *v = NEW_N(cx->a, struct item, n_now + more->n + 1);
    if (n_now) memcpy(v, now->v, sizeof *v * n_now);
    for (size_t i = 0; i < more->n; i++) {
        bool known = false;
        for (size_t k = 0; k < n && !known; k++) known = item_same(cx, f, &v[k], &more->v[i]);
        if (!known) v[n++] = more->v[i];
    }
    *ret = (struct val){.t = VT_LIST, .v = v, .n = n};
    return n > n_now;
}

static bool note_union(struct cx *cx, const struct val *now, const struct val *more,
                       struct val *ret)
{
    if (str_find(now->s, more->s) >= 0) return false;
    *ret = VAL_TEXT(arena_fmt(cx->a, "%.*s\n%.*s", FS(now->s), FS(more->s)));
    return true;
}

static bool amount_union(const struct val *now, const struct val *more, bool in_file,
                         struct val *ret)
{
    int64_t sum = more->i;
    if (in_file && __builtin_add_overflow(now->i, more->i, &sum)) return false;
    *ret = VAL_INT(sum);
    return sum != now->i;
}

static bool is_name_part(const struct field *f)
{
    return str_eq(f->name, S("last_name")) || str_eq(f->name, S("first_name")) ||
           str_eq(f->name, S("middle_name"));
}

static bool merge_one(struct cx *cx, const struct val *now, const struct set *s,
                      const struct step *step, const struct row_plan *rp, bool better,
                      struct val *ret)
{
    enum storage st = s->f->kind->store;
    *ret = s->v;
    if (now->t == VT_NULL) return s->v.t != VT_NULL;
    if (s->v.t == VT_LIST && (st == ST_POINTS || st == ST_LINKS || st == ST_KEYS))
        return list_union(cx, s->f, now, &s->v, ret);
    if (s->v.t == VT_INT && row_adds(rp, s->f)) return amount_union(now, &s->v, step->in_file, ret);
    if (str_eq(s->f->kind->name, S("longtext"))) return note_union(cx, now, &s->v, ret);
    if (s->f->at == step->e->title || is_name_part(s->f)) return better && !val_eq(now, &s->v);
    return false;
}

size_t merge_sets(struct cx *cx, const struct record *now, const struct step *step,
                  const struct row_plan *rp, struct set *ret)
{
    size_t n = 0;
    bool better = false;
    for (size_t i = 0; i < step->n; i++)
        if (step->s[i].f->at == step->e->title && step->in_file && step->row &&
            step->s[i].v.t == VT_TEXT)
            better = name_is_better(step->s[i].v.s, now->v[step->e->title].s);
    for (size_t i = 0; i < step->n; i++) {
        struct val v = {0};
        if (merge_one(cx, &now->v[step->s[i].f->at], &step->s[i], step, rp, better, &v))
            ret[n++] = (struct set){step->s[i].f, v};
    }
    return n;
}

/* What the file says otherwise of a record that was there before it: not written, but proposed. Names stand aside:
 * they are spelt in many ways; so do lists, amounts and notes, which only grow. */
static enum err others_propose(struct cx *cx, const struct record *now, const struct step *step,
                               const struct import *im)
{
    struct set *s = NEW_N(cx->a, struct set, step->n + 1);
    str source = im->o->name;
    size_t n = 0, made = 0, end = 0;
    for (size_t i = 0; i < step->n; i++) {
        const struct field *f = step->s[i].f;
        const struct val *has = &now->v[f->at], *said = &step->s[i].v;
        bool name = f->at == step->e->title || is_name_part(f) || str_eq(f->kind->name, S("longtext"));
        bool plain = said->t == VT_INT || said->t == VT_TEXT;
        if (name || !plain || has->t == VT_NULL || val_eq(has, said) || row_adds(im->rp, f)) continue;
        s[n++] = step->s[i];
    }
    if (!n) return E_OK;
    while (end < source.n && utf8_len(str_cut(source, 0, end + 1)) < PROPOSAL_SOURCE_MAX) (void)utf8_next(source, &end);
    source = end ? str_cut(source, 0, end) : S("import");
    return proposal_put_sets(cx, now, source, s, n, &made);
}

/* ---- history ---- */
struct told_fields {
    const struct field *subject, *kind, *status, *at, *person, *company, *text, *participants, *all_day;
};

static struct told_fields told_fields(const struct entity *e)
{
    return (struct told_fields){FLD(e, "subject"), FLD(e, "kind"),        FLD(e, "status"),
                                FLD(e, "at"),      FLD(e, "person"),      FLD(e, "company"),
                                FLD(e, "text"),    FLD(e, "participants"), FLD(e, "all_day")};
}

enum { SUBJECT_MAX = 120, NOON_MS = 12 * 3600 * 1000, KNOWN_MAX = 200 };

static str subject_of(str text)
{
    str line = {0}, rest = {0};
    str_split(text, '\n', &line, &rest);
    size_t n = line.n > SUBJECT_MAX ? SUBJECT_MAX : line.n;
    while (n > 0 && n < line.n && ((unsigned char)line.p[n] & 0xc0) == 0x80) n--;
    return str_cut(line, 0, n);
}

static enum err known_history(struct cx *cx, const struct entity *e, const struct field *of,
                              int64_t id, struct page *ret)
{
    struct val v = VAL_INT(id);
    struct cond c = {.k = C_CMP, .e = e, .f = of, .op = OP_EQ, .v = &v, .n_v = 1};
    struct query q = {.where = &c, .limit = KNOWN_MAX, .fields = FIELDS_ALL};
    return record_list(cx, e, &q, ret);
}

static bool is_known(const struct page *p, const struct told_fields *f, int64_t at, str subject)
{
    for (size_t i = 0; i < p->n; i++)
        if (llabs(p->v[i].v[f->at->at].i - at) <= NOON_MS && str_eq(p->v[i].v[f->subject->at].s, subject))
            return true; /* that day: the clocks may have been put on between two imports */
    return false;
}

/* Whose history it can be, and what stands in it already. */
static enum err told_known(struct cx *cx, const struct step *step, struct page *ret, bool *ret_is)
{
    const struct entity *e = ENT(cx, "interaction");
    bool person = str_eq(step->e->name, S("person"));
    *ret_is = e && step->row->history.n && (person || str_eq(step->e->name, S("company")));
    if (!*ret_is || step->is_new || step->id <= 0) return E_OK;
    struct told_fields f = told_fields(e);
    return known_history(cx, e, person ? f.person : f.company, step->id, ret);
}

/* Of a rehearsal: how many would be written. */
static enum err told_count(const struct import *im, const struct step *step, int64_t *ret)
{
    struct cx *cx = im->cx;
    struct page known = {0};
    bool is = false;
    TRY(told_known(cx, step, &known, &is));
    if (!is) return E_OK;
    struct told_fields f = told_fields(ENT(cx, "interaction"));
    for (size_t i = 0; i < step->row->history.n; i++) {
        const struct told_line *t = &step->row->history.v[i];
        *ret += !is_known(&known, &f, day_start_ms(t->day, cx->tz_min) + NOON_MS, subject_of(t->text));
    }
    return E_OK;
}

static enum err told_write(struct cx *cx, struct import *im, const struct step *step)
{
    const struct entity *e = ENT(cx, "interaction");
    struct page known = {0};
    struct written w = {0};
    bool is = false, person = str_eq(step->e->name, S("person"));
    TRY(told_known(cx, step, &known, &is));
    if (!is) return E_OK;
    struct told_fields f = told_fields(e);
    for (size_t i = 0; i < step->row->history.n; i++) {
        const struct told_line *t = &step->row->history.v[i];
        int64_t at = day_start_ms(t->day, cx->tz_min) + NOON_MS;
        str subject = subject_of(t->text);
        struct set s[9];
        size_t n = 0;
        if (is_known(&known, &f, at, subject)) continue;
        s[n++] = (struct set){f.subject, VAL_TEXT(subject)};
        s[n++] = (struct set){f.kind, VAL_TEXT(t->kind)};
        s[n++] = (struct set){f.status, VAL_TEXT(S("done"))};
        s[n++] = (struct set){f.at, VAL_INT(at)};
        s[n++] = (struct set){f.all_day, VAL_INT(1)};
        if (person) s[n++] = (struct set){f.person, VAL_INT(step->id)};
        if (!person || step->firm)
            s[n++] = (struct set){f.company, VAL_INT(person ? step->firm : step->id)};
        if (subject.n < t->text.n) s[n++] = (struct set){f.text, VAL_TEXT(t->text)};
        if (t->who.n) s[n++] = (struct set){f.participants, VAL_TEXT(t->who)};
        TRY(record_create(cx, e, 0, s, n, &w));
        im->slice.interactions++;
    }
    return E_OK;
}

/* ---- one write ---- */
static enum err op_create(struct cx *cx, struct import *im, const struct step *step)
{
    struct written w = {0};
    TRY(record_create(cx, step->e, step->id, step->s, step->n, &w));
    if (step->e == im->main) im->slice.made++;
    else if (step->e == im->company) im->slice.companies++;
    else if (step->e == im->groups.e) im->slice.groups++;
    return E_OK;
}

static enum err op_write(struct cx *cx, struct import *im, const struct step *step,
                         struct outcome *o)
{
    struct record now = {0};
    struct written w = {0};
    if (!step->is_new) {
        enum err e = record_get(cx, step->e, step->id, &now);
        if (e == E_NOTFOUND) { /* the row that should have made it was refused */
            TRY(op_create(cx, im, step));
        } else {
            TRY(e);
            struct set *s = NEW_N(cx->a, struct set, step->n + 1);
            size_t n = merge_sets(cx, &now, step, im->rp, s);
            if (n) TRY(record_update(cx, step->e, step->id, 0, s, n, &w));
            if (!step->in_file) TRY(others_propose(cx, &now, step, im));
            if (step->is_main && o->by_write && w.seq) o->fate = FATE_CHANGED;
        }
    } else {
        TRY(op_create(cx, im, step));
    }
    if (step->print) TRY(row_remember(cx, step->print, step->id));
    return step->is_main && step->row ? told_write(cx, im, step) : E_OK;
}

bool import_is_rows_fault(enum err e)
{
    return e == E_INVALID || e == E_CONFLICT || e == E_DENIED || e == E_NOTFOUND || e == E_LIMIT;
}

struct op_call {
    struct import *im;
    const struct step *step;
    struct outcome *o;
};

static enum err op_inside(struct cx *cx, void *arg)
{
    struct op_call *c = arg;
    return op_write(cx, c->im, c->step, c->o);
}

enum err slice_apply(struct cx *cx, void *arg)
{
    struct import *im = arg;
    struct slice *s = &im->slice;
    s->made = s->companies = s->groups = s->interactions = 0;
    for (size_t i = 0; i < s->v.n; i++)
        s->v.v[i].fate = s->v.v[i].decided, s->v.v[i].why = s->v.v[i].decided_why;
    for (size_t i = 0; i < s->ops.n; i++) {
        struct step *step = &s->ops.v[i];
        struct outcome *o = &s->v.v[step->outcome];
        struct op_call call = {im, step, o};
        struct slice before = *s;
        struct arena_mark m = arena_mark(cx->a);
        enum err e = im->careful ? db_write(cx, op_inside, &call) : op_inside(cx, &call);
        if (e == E_OK) { /* nothing it made is asked for again: a slice keeps its rows and no more */
            cx->msg = cx->at = S("");
            arena_back(cx->a, m);
            continue;
        }
        if (!im->careful || !import_is_rows_fault(e)) return e;
        s->made = before.made, s->companies = before.companies,
        s->interactions = before.interactions;
        if (step->is_main) o->fate = FATE_REFUSED;
        o->why = arena_dup(s->a, cx->msg);
        cx->err = E_OK;
    }
    return batch_progress(cx, cx->batch, s->done);
}

enum err slice_rehearse(struct import *im)
{
    struct cx *cx = im->cx;
    struct slice *s = &im->slice;
    s->made = s->companies = s->groups = s->interactions = 0;
    for (size_t i = 0; i < s->ops.n; i++) {
        const struct step *step = &s->ops.v[i];
        struct outcome *o = &s->v.v[step->outcome];
        s->made += step->is_new && step->e == im->main;
        s->companies += step->is_new && step->e == im->company;
        s->groups += step->is_new && step->e == im->groups.e;
        if (step->is_main && step->row) TRY(told_count(im, step, &s->interactions));
        if (!step->is_main || !o->by_write || step->id <= 0) continue;
        struct record now = {0};
        enum err e = record_get(cx, step->e, step->id, &now);
        if (e == E_NOTFOUND) continue;
        TRY(e);
        struct set *sets = NEW_N(cx->a, struct set, step->n + 1);
        if (merge_sets(cx, &now, step, im->rp, sets)) o->fate = FATE_CHANGED;
    }
    return E_OK;
}
