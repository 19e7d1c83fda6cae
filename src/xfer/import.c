/* SPDX-License-Identifier: MIT */
/* Rows are pushed one by one (row_take) into a slice; a full slice is written, reported and forgotten. */
#include "acl/acl.h"
#include "base/decimal.h"
#include "os/os.h"
#include "record/log.h"
#include "xfer/import_int.h"
#include "xfer/cards.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    SLICE_FIRST = 32,
    SLICE_MIN = 8,
    SLICE_MAX = 400,
    SLICE_US = 20000,
    BESIDE_US = 2000, /* somebody has written since the last slice: he waits for this one, */
    REST = 3,         /* and then has so many times as long to himself */
    ALONE_MAX = 4000, /* nobody waits: a commit's own cost falls on more rows */
    ALONE_US = 1000000
};

struct run { /* what the loop needs beside the import */
    struct import im;
    struct arena *outer;
    size_t want, most; /* rows of the next slice; of any */
    int64_t of_people; /* db_writes_of_people at the last slice */
    int64_t skip;      /* rows of an earlier run */
    int64_t total;
    const struct meta *meta_before;
    enum way way_before;
    int64_t batch_before;
};

/* ---- slices ---- */
static void slice_begin(struct run *r)
{
    struct slice *s = &r->im.slice;
    struct arena *a = s->a;
    arena_reset(a);
    int64_t done = s->done;
    *s = (struct slice){.a = a, .done = done};
    s->v.v = NEW_N(a, struct outcome, r->most);
    s->v.cap = r->most;
    r->im.cx->a = a;
}

static void count_row(struct import_result *ret, const struct outcome *o)
{
    ret->rows++;
    ret->fates[o->fate]++;
    ret->unsure += o->unsure && o->fate != FATE_REFUSED;
    for (size_t i = 0; i < o->row.problems.n; i++) ret->problems += !o->row.problems.v[i].kept;
}

/* By the time inside of the writer: the queue before it is others' work, and the sync after it costs the same
 * however many rows it makes durable. */
static void slice_learn(struct run *r)
{
    int64_t others = db_writes_of_people(r->im.cx);
    bool beside = others != r->of_people;
    size_t n = r->im.slice.v.n, us = r->im.o->alone ? ALONE_US : beside ? BESIDE_US : SLICE_US;
    r->of_people = others;
    if (beside) os_sleep_us(REST * r->im.writer_us);
    if (r->im.writer_us < 1 || n < r->want / 2) return;
    size_t want = n * us / (size_t)r->im.writer_us;
    if (want > r->want * 2) want = r->want * 2;
    r->want = want < SLICE_MIN ? SLICE_MIN : want > r->most ? r->most : want;
}

static enum err slice_inside(struct cx *cx, void *arg)
{
    struct import *im = arg;
    int64_t from = os_mono_us();
    TRY(slice_apply(cx, im));
    im->writer_us = os_mono_us() - from;
    return E_OK;
}

static enum err slice_write(struct import *im)
{
    im->careful = false;
    enum err e = db_write_bulk(im->cx, slice_inside, im);
    if (e == E_OK || !import_is_rows_fault(e)) return e;
    im->careful = true;
    return db_write_bulk(im->cx, slice_inside, im);
}

static enum err slice_flush(struct run *r)
{
    struct import *im = &r->im;
    struct slice *s = &im->slice;
    if (s->v.n == 0) return E_OK;
    for (size_t i = 0; i < s->v.n; i++)
        s->v.v[i].decided = s->v.v[i].fate, s->v.v[i].decided_why = s->v.v[i].why;
    if (im->o->dry) {
        TRY(slice_rehearse(im));
    } else {
        TRY(slice_write(im));
        slice_learn(r);
    }
    im->ret->made += s->made;
    im->ret->companies += s->companies;
    im->ret->groups += s->groups;
    im->ret->interactions += s->interactions;
    for (size_t i = 0; i < s->v.n; i++) {
        count_row(im->ret, &s->v.v[i]);
        TRY(report_row(im, &s->v.v[i]));
    }
    if (im->o->progress && !im->o->progress(im->o->arg, s->done, r->total))
        im->ret->is_stopped = true;
    slice_begin(r);
    return E_OK;
}

/* ---- rows ---- */
static void sums_sheet(struct import *im)
{
    str sheet = source_sheet(&im->src);
    if (str_eq(sheet, im->sums_of)) return;
    im->sums_of = sheet;
    memset(im->sums, 0, sizeof im->sums);
    memset(im->total_at, 0, sizeof im->total_at);
}

static str total_name(struct import *im, str heading)
{
    return im->sums_of.n ? arena_fmt(im->out, "%.*s: %.*s", FS(im->sums_of), FS(heading))
                         : arena_dup(im->out, heading);
}

static void sums_add(struct import *im, const struct row *row)
{
    if (im->src.table) sums_sheet(im);
    if (row->kind == ROW_EMPTY || row->kind == ROW_HEADINGS) return;
    for (size_t i = 0; i < im->src.plan.n && i < PLAN_COLUMNS_MAX; i++) {
        const struct field *f = row_adding_field(im->rp, i);
        const struct val *v = f ? row_value(row, f) : NULL;
        int64_t sum = 0;
        if (!v || v->t != VT_INT) continue;
        if (row->kind != ROW_TOTAL) {
            if (!__builtin_add_overflow(im->sums[i], v->i, &sum)) im->sums[i] = sum;
            continue;
        }
        if (!im->total_at[i]) { /* subtotals first: the last row speaks for all */
            (void)LIST_ADD(im->out, &im->ret->totals);
            im->total_at[i] = im->ret->totals.n;
        }
        struct fate_cell *t = &im->ret->totals.v[im->total_at[i] - 1];
        *t = (struct fate_cell){total_name(im, im->src.plan.v[i].heading),
                                dec_fixed(im->out, v->i, f->scale),
                                dec_fixed(im->out, im->sums[i], f->scale)};
    }
}

static enum err row_take(struct run *r, struct outcome *o)
{
    struct import *im = &r->im;
    sums_add(im, &o->row);
    im->again = im->slice.done < r->skip;
    TRY(row_decide(im, o));
    im->slice.done++;
    if (im->slice.done <= r->skip) { /* written by the run before: only remembered */
        if (im->slice.done == r->skip || im->slice.v.n == r->most) slice_begin(r);
        return E_OK;
    }
    return im->slice.v.n >= r->want || im->slice.v.n == r->most ? slice_flush(r) : E_OK;
}

static void texts_keep(struct import *im, const struct cell_row *cells, struct outcome *o)
{
    if (im->o->refused_path.n == 0) return;
    o->texts = NEW_N(im->cx->a, str, cells->n + 1);
    o->n_texts = cells->n;
    for (size_t i = 0; i < cells->n; i++) o->texts[i] = arena_dup(im->cx->a, cells->cell[i].text);
}

static enum err table_take(struct run *r)
{
    struct import *im = &r->im;
    struct cell_row cells = {0};
    bool more = true;
    while (!im->ret->is_stopped) {
        TRY(source_next(im->cx, &im->src, &cells, &more));
        if (!more) break;
        struct outcome *o = LIST_ADD(im->cx->a, &im->slice.v);
        *o = (struct outcome){0};
        o->sheet = source_sheet(&im->src);
        o->is_same = im->src.is_same;
        texts_keep(im, &cells, o);
        TRY(row_read(im->cx, im->rp, &cells, &o->row));
        TRY(row_take(r, o));
    }
    return slice_flush(r);
}

static enum err card_take(struct cx *cx, void *arg, const struct vcard *card)
{
    struct run *r = arg;
    if (r->im.ret->is_stopped) return E_OK;
    cx->a = r->im.slice.a;
    struct outcome *o = LIST_ADD(cx->a, &r->im.slice.v);
    *o = (struct outcome){0};
    TRY(card_row(cx, r->im.main, r->im.company, card, &o->row));
    TRY(row_take(r, o));
    cx->a = r->im.keep; /* the reader's own */
    return E_OK;
}

/* ---- own fields for new columns ---- */
static const struct field *own_by_label(struct cx *cx, const struct entity *e,
                                        const struct plan_column *c)
{
    str label = filter_fold(cx->a, c->label);
    for (size_t i = 0; i < e->n; i++) {
        const struct field *f = &e->f[i];
        if (!f->own || f->trashed || !str_eq(f->kind->name, c->kind)) continue;
        for (int l = 0; l < LANG_MAX; l++)
            if (f->label[l].n && str_eq(filter_fold(cx->a, f->label[l]), label)) return f;
    }
    return NULL;
}

static enum err field_add(struct cx *cx, str entity, struct plan_column *c)
{
    struct buf b = buf_new(cx->a, 8192);
    struct jw w = jw_new(&b);
    const struct json *j = NULL;
    jw_obj(&w);
    jw_kstr(&w, S("entity"), entity);
    jw_kstr(&w, S("kind"), c->kind);
    jw_key(&w, S("label"));
    jw_obj(&w);
    jw_kstr(&w, lang_code[lang_of(cx->lang)], c->label);
    jw_obj_end(&w);
    if (str_eq(c->kind, S("decimal"))) jw_kint(&w, S("scale"), c->scale);
    jw_obj_end(&w);
    TRY(json_parse(cx, buf_str(&b), &j));
    return meta_field_add(cx, j, &c->to);
}

static enum err fields_add(struct cx *cx, void *arg)
{
    struct plan *p = arg;
    const struct entity *e = meta_entity(cx->meta, p->entity);
    for (size_t i = 0; i < p->n; i++) {
        if (!str_eq(p->v[i].to, S("new")) || own_by_label(cx, e, &p->v[i])) continue;
        struct plan_column c = p->v[i]; /* may run twice: the plan stays as it is */
        TRY(field_add(cx, p->entity, &c));
    }
    return E_OK;
}

static void fields_find(struct run *r, int64_t *ret_missing)
{
    struct plan *p = &r->im.src.plan;
    const struct entity *e = meta_entity(r->im.cx->meta, p->entity);
    *ret_missing = 0;
    for (size_t i = 0; e && i < p->n; i++) {
        if (!str_eq(p->v[i].to, S("new"))) continue;
        const struct field *f = own_by_label(r->im.cx, e, &p->v[i]);
        if (f) p->v[i].to = acl_field_write(r->im.cx, f) ? f->name : S("skip");
        else ++*ret_missing;
    }
}

static enum err fields_settle(struct run *r, struct meta **ret_fresh)
{
    struct cx *cx = r->im.cx;
    int64_t missing = 0;
    fields_find(r, &missing);
    r->im.ret->fields = missing;
    if (missing == 0 || r->im.o->dry) return E_OK;
    if (!acl_sys(cx, SYS_SETTINGS))
        return fail(cx, E_DENIED,
                    "New fields need the right to change settings: map the columns to others or "
                    "leave them out");
    TRY(db_write(cx, fields_add, &r->im.src.plan));
    TRY(meta_load(cx, ret_fresh));
    cx->meta = *ret_fresh;
    fields_find(r, &missing);
    return missing ? fail(cx, E_INTERNAL, "New fields are missing") : E_OK;
}

/* ---- the run ---- */
static enum err has_any(struct cx *cx, const struct entity *e, bool *ret)
{
    int64_t n = 0;
    bool exact = false;
    *ret = false;
    if (!e) return E_OK;
    TRY(record_count(cx, e, NULL, false, 1, &n, &exact));
    *ret = n > 0;
    return E_OK;
}

static enum err base_look(struct run *r)
{
    struct import *im = &r->im;
    bool people = false, firms = false;
    TRY(has_any(im->cx, ENT(im->cx, "person"), &people));
    TRY(has_any(im->cx, ENT(im->cx, "company"), &firms));
    im->base_has_people = people || r->skip;
    joiner_ask_base(im->joiner, (people || r->skip) && im->src.plan.join,
                    (firms || r->skip) && im->src.plan.join);
    TRY(names_load(im, S("group"), &im->groups));
    if (!str_eq(im->main->name, S("user"))) return E_OK;
    TRY(names_load(im, S("team"), &im->teams));
    TRY(names_load(im, S("branch"), &im->branches));
    return names_load(im, S("user"), &im->users);
}

static enum err batch_open(struct run *r)
{
    struct cx *cx = r->im.cx;
    const struct import_opt *o = r->im.o;
    struct db_rows rows = {0};
    if (o->dry) return E_OK;
    if (o->batch == 0) {
        TRY(batch_begin(cx, o->name.n ? o->name : S("import"), r->total, &r->im.ret->batch));
        cx->batch = r->im.ret->batch;
        return E_OK;
    }
    TRY(db_query(cx, &rows, "SELECT done, state FROM batch WHERE id = $1 AND way = 'import'",
                 V(o->batch)));
    if (rows.n == 0) return fail(cx, E_NOTFOUND, "There is no such import");
    str state = db_str(&rows, 0, 1);
    if (str_eq(state, S("done")) || str_eq(state, S("undone")))
        return fail(cx, E_CONFLICT, "This import is finished");
    r->skip = db_int(&rows, 0, 0);
    cx->batch = r->im.ret->batch = o->batch;
    return E_OK;
}

static bool is_card_file(str head)
{
    return str_has_prefix(head, S("BEGIN:VCARD")) || str_has_prefix(head, S("\xef\xbb\xbf"
                                                                            "BEGIN:VCARD"));
}

static enum err file_head(struct cx *cx, str path, bool *ret_cards)
{
    char b[32];
    int fd OWNED(os_close_fd) = open(arena_z(cx->a, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(cx, errno == ENOENT ? E_NOTFOUND : E_INTERNAL, "The file cannot be opened");
    ssize_t n = pread(fd, b, sizeof b, 0);
    *ret_cards = n > 0 && is_card_file((str){b, (size_t)n});
    return E_OK;
}

static enum err rows_take(struct run *r, bool cards)
{
    struct import *im = &r->im;
    str bytes = {0};
    if (!cards) return table_take(r);
    im->cx->a = im->keep;
    TRY(os_read_file(im->cx, im->o->path, VCARD_INPUT_MAX, &bytes));
    TRY(vcard_read(im->cx, bytes, im->cx->lang, card_take, r));
    im->cx->a = im->slice.a;
    return slice_flush(r);
}

/* How many rows there are, and which sheets are passed over. */
static void sheets_count(struct run *r)
{
    const struct plan *p = &r->im.src.plan;
    for (size_t i = 0; i < p->n_sheets; i++) {
        const struct plan_sheet *s = &p->sheets[i];
        if (s->used) r->total += s->rows;
        else if (s->rows > 0 && !s->hidden && !p->asked)
            *LIST_ADD(r->im.out, &r->im.ret->left_out) =
                (struct plan_sheet){.name = arena_dup(r->im.out, s->name), .rows = s->rows};
    }
}

static enum err run_inside(struct run *r, struct meta **ret_fresh)
{
    struct import *im = &r->im;
    struct cx *cx = im->cx;
    bool cards = false;

    TRY(file_head(cx, im->o->path, &cards));
    if (cards) {
        im->src.plan = (struct plan){.entity = S("person"), .history = true, .join = true};
    } else {
        struct source_opt so = {im->o->path, im->o->entity, im->o->mapping, im->o->sheet};
        TRY(source_open(cx, &so, &im->src));
        if (im->src.plan.nobody)
            return fail(cx, E_TYPE,
                        "This file does not look like people or companies: nothing in it is a name, a phone number or "
                        "a mail address. If a column is one, say so");
        sheets_count(r);
    }
    im->main = meta_entity(cx->meta, im->src.plan.entity);
    if (!im->main)
        return fail_at(cx, E_INVALID, S("entity"), "There is no entity \"%.*s\"",
                       FS(im->src.plan.entity));
    if (!acl_may(cx, im->main, ACT_IMPORT)) return fail(cx, E_DENIED, "You may not import this");
    TRY(fields_settle(r, ret_fresh));
    im->main = meta_entity(cx->meta, im->src.plan.entity);
    im->company = str_eq(im->main->name, S("person")) ? ENT(cx, "company") : NULL;
    TRY(row_plan_new(cx, &im->src.plan, &im->rp));
    TRY(batch_open(r));
    TRY(base_look(r));
    TRY(report_new(im, &im->report));
    slice_begin(r);
    TRY(rows_take(r, cards));
    return report_end(im, true);
}

static enum err batch_close(struct run *r, enum err e)
{
    struct cx *cx = r->im.cx;
    struct import_result *ret = r->im.ret;
    if (ret->batch == 0) return e;
    struct buf b = buf_new(cx->a, 64 * 1024);
    struct jw w = jw_new(&b);
    struct import_result brief = *ret;
    brief.sample.n = 0;
    import_json(&brief, &w);
    str msg = cx->msg, at = cx->at;
    enum err end = batch_end(cx, ret->batch,
                             e == E_OK && !ret->is_stopped ? S("done") : S("failed"), buf_str(&b));
    if (e == E_OK) return end;
    cx->err = e;
    cx->msg = msg;
    cx->at = at;
    return e;
}

static enum err import_all(struct cx *cx, const struct import_opt *o, struct import_result *ret)
{
    struct run r = {.im = {.cx = cx, .o = o, .ret = ret, .keep = arena_new(), .out = cx->a},
                    .outer = cx->a,
                    .want = SLICE_FIRST,
                    .most = o->alone ? ALONE_MAX : SLICE_MAX,
                    .meta_before = cx->meta,
                    .way_before = cx->way,
                    .batch_before = cx->batch};
    struct meta *fresh OWNED(meta_drop) = NULL;
    int64_t from = os_mono_ms();

    *ret = (struct import_result){.is_dry = o->dry};
    r.im.joiner = joiner_new(o->tmpdir);
    r.im.slice.a = arena_new();
    cx->way = WAY_IMPORT;
    cx->batch = 0;
    enum err e = run_inside(&r, &fresh);
    cx->a = r.outer;
    if (e != E_OK) {
        cx->msg = arena_dup(cx->a, cx->msg);
        cx->at = arena_dup(cx->a, cx->at);
        enum err closed = report_end(&r.im, false); /* drops what is not whole: cannot fail */
        assert(closed == E_OK);
    }
    ret->ms = os_mono_ms() - from;
    e = batch_close(&r, e);
    source_close(&r.im.src);
    joiner_free(&r.im.joiner);
    arena_free(&r.im.slice.a);
    arena_free(&r.im.keep);
    cx->meta = r.meta_before;
    cx->way = r.way_before;
    cx->batch = r.batch_before;
    return e;
}

enum err xfer_dry(struct cx *cx, const struct import_opt *o, struct import_result *ret)
{
    struct import_opt dry = *o;
    dry.dry = true;
    dry.batch = 0;
    return import_all(cx, &dry, ret);
}

enum err xfer_run(struct cx *cx, const struct import_opt *o, struct import_result *ret)
{
    struct import_opt wet = *o;
    wet.dry = false;
    return import_all(cx, &wet, ret);
}
